"""Documents that are nearly the same, and the clusters they form.

Idea:   two documents are near-duplicates if they share most of their shingles (character n-grams, n
        >= 5; Jaccard index of the sets). MinHash estimates the index from short signatures, and
        banding finds the pairs worth checking without trying all; every reported pair was checked
        exactly.
Source: Broder, "On the resemblance and containment of documents", 1997; banding: Leskovec,
        Rajaraman & Ullman, "Mining of Massive Datasets", section 3.4. Signatures by `rensa`.
Run:    python -m synthdata explain data.jsonl
Omits:  paraphrases that share few shingles.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthdata.diversity.hill import hill
from synthdata.text.ngrams import by_document, grams
from synthdata.text.tokens import Tokens, check_texts, encode

SHINGLE = 5
"""Fewest characters of a shingle; long documents and small alphabets take more (`shingle`)."""
SPARE = 20
"""Ratio of possible shingles to those of the second longest document, at least."""
NUMBERS = re.compile(r"[0-9a-fA-F-]{8,}|\d+")
"""Pattern to mask: digits, and runs of hexadecimal ones as in a UUID."""
THRESHOLD = 0.7
BANDS, ROWS = 50, 5
NEIGHBOURS = 8
"""In a bucket each document is checked with this many that follow it, in an order drawn by seed."""


def miss_probability(
    similarity: float, bands: int = BANDS, rows: int = ROWS, *, crowd: int = 2
) -> float:
    """Chance that a pair of this Jaccard index is never checked.

    A band of r values agrees with probability s^r, and then both are in one bucket. If it holds
    `crowd` documents in all, up to nine, every pair in it is checked; with m > 9, the 8 m - 36
    pairs at most eight apart in an order shuffled for each band: a share c of m (m - 1) / 2. All b
    bands fail with (1 - c s^r)^b. A pair that is not checked is still found, as a cluster, if other
    documents join it.

    >>> round(miss_probability(0.7), 5), round(miss_probability(0.7, crowd=100), 2)
    (0.0001, 0.27)
    """
    m, reach = crowd, NEIGHBOURS
    checked = 1.0
    if m > reach + 1:
        checked = (reach * m - reach * (reach + 1) / 2) / (m * (m - 1) / 2)
    return (1 - checked * similarity**rows) ** bands


def masked(text: str) -> str:
    """The text with `#` for every number and every run of hexadecimal digits.

    Copies of a sentence that differ in a number share too few shingles to be near-duplicates,
    unless the sentence is long. Numbers may be what a text is about, so this is not part of
    `near_duplicates`.

    >>> masked("user 12345 at 2024-05-01T09:14, 3f0c9a1e-77b2-4d1f-9a55-0c1d2e3f4a5b")
    'user # at #T#:#, #'
    """
    return NUMBERS.sub("#", text)


def shingle(tokens: Tokens) -> int:
    """Number of characters of a shingle, for these different texts as characters.

    It is large enough for chance to fill a small part of the possible shingles: effective
    characters (one over the chance that two agree) to this power are `SPARE` times the length of
    the second longest text, since sharing takes two. English prose reaches 6 beyond some 27,000
    characters; four letters take 8 for 2,000. Source: Leskovec, Rajaraman & Ullman, section 3.2.2.

    >>> [shingle(encode(two, "character")) for two in (["a joke", "one more"], ["ACGT" * 500] * 2)]
    [5, 8]
    """
    if tokens.documents < 2 or not (length := int(np.sort(tokens.lengths)[-2])):
        return SHINGLE
    # at least two, or a single repeated letter would never be enough
    effective = max(2.0, hill(np.bincount(tokens.ids), 2))
    return max(SHINGLE, math.ceil(math.log(SPARE * length) / math.log(effective)))


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Documents joined by near-duplicate pairs (any two need not be near-duplicates)."""

    documents: tuple[int, ...]
    """Their numbers, in the collection's order."""
    distinct: int
    """Number of different texts among them."""


@dataclass(frozen=True, kw_only=True)
class NearDuplicates:
    """Clusters of a collection."""

    label: np.ndarray
    """[n] the number of each document's cluster: that of its first document."""
    clusters: tuple[Cluster, ...]
    """Clusters of two documents or more, largest first."""
    threshold: float
    """Smallest Jaccard index of a pair."""
    method: str
    """Method, with the chance to miss a pair."""

    @property
    def share(self) -> float:
        """Share of documents with a near-duplicate, 0 to 1; nan for no documents."""
        if not len(self.label):
            return float("nan")
        return sum(len(c.documents) for c in self.clusters) / len(self.label)

    def top_share(self, k: int) -> float:
        """Share of documents in the k largest clusters; a document alone is a cluster of one."""
        if not len(self.label):
            return float("nan")
        sizes = np.sort(np.bincount(self.label))[::-1]
        return float(sizes[:k].sum() / len(self.label))


def near_duplicates(
    texts: Sequence[str],
    *,
    threshold: float = THRESHOLD,
    seed: int = 0,
    characters: Tokens | None = None,
) -> NearDuplicates:
    """Find near-duplicates; normalise the texts first. `characters` are these texts so encoded.

    Texts shorter than a shingle are near-duplicates only if they are equal. ValueError unless 0.5
    <= threshold <= 1: below, banding would miss too many.

    >>> near_duplicates(["a first joke, told", "A first joke, told", "another one"]).share
    0.6666666666666666
    """
    check_texts(texts)
    if not 0.5 <= threshold <= 1:
        raise ValueError(f"threshold is a Jaccard index between 0.5 and 1, got {threshold}")
    number: dict[str, int] = {}
    which = np.array([number.setdefault(text, len(number)) for text in texts], dtype=np.int64)
    distinct = sorted(number)  # the result must not depend on the order of documents
    rank = np.empty(len(number), dtype=np.int64)
    rank[[number[text] for text in distinct]] = np.arange(len(number))
    if characters is None:
        tokens = encode(distinct, "character")
    else:
        first = np.unique(which, return_index=True)[1]
        tokens = characters.select(first[[number[text] for text in distinct]])
    size = shingle(tokens)
    text_label = _clusters(tokens, threshold, seed, size)[rank[which]] if len(texts) else which
    label = _first_of_each(text_label)
    order = np.argsort(label, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(label[order])) + 1) if len(order) else []
    clusters = [
        Cluster(documents=tuple(m.tolist()), distinct=len(set(which[m].tolist())))
        for m in members
        if len(m) > 1
    ]
    # largest first; ties in alphabetical order, not in that of the documents
    clusters.sort(key=lambda c: (-len(c.documents), int(rank[which[list(c.documents)]].min())))
    missed = miss_probability(threshold)
    return NearDuplicates(
        label=label,
        clusters=tuple(clusters),
        threshold=threshold,
        method=(
            f"Jaccard index of character {size}-gram sets >= {threshold:g}, MinHash "
            f"{BANDS * ROWS}, {BANDS} bands, seed {seed}, checked exactly; a pair at the threshold "
            f"is missed with probability {missed:.1g}, more often among over "
            f"{NEIGHBOURS + 1} that share a band"
        ),
    )


def _clusters(tokens: Tokens, threshold: float, seed: int, size: int) -> np.ndarray:
    """The cluster of each of these different texts: the smallest number among its members."""
    parent = np.arange(tokens.documents, dtype=np.int64)
    key, document, _ = by_document(grams(tokens, size))
    if not len(key):
        return parent
    width = np.int64(key.max() + 1)
    member = np.sort(document * width + key)  # the sets, as one sorted list
    sizes = np.bincount(document, minlength=tokens.documents)
    starts = np.concatenate(([0], np.cumsum(sizes)))
    signatures = _signatures(member % width, starts, seed)
    signatures[sizes == 0] = 0
    has_set = np.flatnonzero(sizes)
    rng = np.random.default_rng(seed)
    for band in range(BANDS):
        rows = np.ascontiguousarray(signatures[has_set, band * ROWS : (band + 1) * ROWS])
        bucket = np.unique(rows.view([("", rows.dtype)] * ROWS).ravel(), return_inverse=True)[1]
        pair = has_set[_neighbours(bucket, rng)]
        # Joined already: skip. So a thousand copies do not cost a million checks.
        pair = pair[:, parent[pair[0]] != parent[pair[1]]]
        pair = pair[:, _jaccard(pair, member, starts, sizes, width) >= threshold]
        parent = _join(parent, pair)
    return parent


def _neighbours(bucket: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pairs [2, pairs] of documents that are close in a random order of their bucket."""
    order = np.lexsort((rng.permutation(len(bucket)), bucket))
    ordered = bucket[order]
    pairs = []
    for step in range(1, NEIGHBOURS + 1):
        near = np.flatnonzero(ordered[step:] == ordered[:-step])
        pairs.append(np.stack((order[near], order[near + step])))
    return np.concatenate(pairs, axis=1)


def _signatures(shingles: np.ndarray, starts: np.ndarray, seed: int) -> np.ndarray:
    """MinHash signatures [texts, BANDS * ROWS]."""
    from rensa import RMinHash

    mixed = shingles.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(32)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(
        mixed, starts.astype(np.uint64), BANDS * ROWS, seed
    )
    return np.array(matrix.to_rows(), dtype=np.uint32)


def _jaccard(
    pair: np.ndarray, member: np.ndarray, starts: np.ndarray, sizes: np.ndarray, width: np.int64
) -> np.ndarray:
    """Exact Jaccard index of each pair [2, pairs]: look each shingle of one up in the other."""
    result = np.zeros(pair.shape[1])
    block = max(1, 4_000_000 // max(1, int(sizes.max())))
    for begin in range(0, pair.shape[1], block):
        a, b = pair[:, begin : begin + block]
        swap = sizes[a] > sizes[b]
        small, large = np.where(swap, b, a), np.where(swap, a, b)
        lengths = sizes[small]
        ends = np.cumsum(lengths)
        which = np.repeat(np.arange(len(a)), lengths)
        where = np.arange(int(ends[-1])) + np.repeat(starts[small] - (ends - lengths), lengths)
        wanted = member[where] % width + large[which] * width
        found = member[np.minimum(np.searchsorted(member, wanted), len(member) - 1)] == wanted
        shared = np.bincount(which, found, minlength=len(a))
        result[begin : begin + block] = shared / (sizes[a] + sizes[b] - shared)
    return result


def _join(parent: np.ndarray, pair: np.ndarray) -> np.ndarray:
    """Union-find on arrays: the smaller root wins until every pair agrees."""
    parent = parent.copy()
    while True:
        a, b = parent[pair[0]], parent[pair[1]]
        if np.array_equal(a, b):
            return parent
        np.minimum.at(parent, np.maximum(a, b), np.minimum(a, b))
        while not np.array_equal(parent, parent[parent]):
            parent = parent[parent]


def _first_of_each(label: np.ndarray) -> np.ndarray:
    """The same groups, each named by its first position."""
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    return first[inverse]

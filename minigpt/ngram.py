"""Counting as a language model: interpolated modified Kneser-Ney.

Idea:   the next character is predicted from the counts of what followed the last `order - 1`
        characters. Each count gives up a little (the discount), and the mass given up goes to the
        prediction from one character less, down to the uniform distribution. Below the highest
        order, different left neighbours are counted instead of occurrences: after "San",
        "Francisco" is frequent, yet it follows almost nothing else.
Source: S. F. Chen & J. Goodman, "An empirical study of smoothing techniques for language modeling",
        Computer Speech & Language 13 (1999), 359-394, section 3; R. Kneser & H. Ney, ICASSP 1995.
Run:    python -m tests.benchmarks.bench_ngram
Omits:  pruning, a file format (fitting a million characters takes about a second), gradients. One
        count, one cell: no hashing tricks, nothing is approximated.

Legend: B batch, T time, V vocabulary, N rows. A gram is a node of a trie: its id is its place in
the sorted list of (id of the gram without its last character) * V + last character. The grams that
extend a context are therefore adjacent, and one binary search finds the next character.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from minigpt.tokenizer import CharTokenizer

DEFAULT_ORDER = 7
NGRAM_LIMIT = 5_000_000  # characters that are counted in a few seconds
FALLBACK_DISCOUNTS = np.array([0.5, 1.0, 1.5])
_CHUNK = 1 << 22  # keys sorted at once while fitting
_CELLS = 1 << 20  # cells of [N, V] held at once while predicting
_FEW = 8  # contexts up to which a loop over them is faster than a dozen NumPy calls a level


@dataclass
class NGramState:
    """The position of each stream: row k holds the id of its last k characters as a gram, or -1."""

    nodes: np.ndarray
    """Gram ids [order, B]; row 0 is the empty context, always 0."""

    def rows(self, rows: np.ndarray) -> NGramState:
        """A copy of the streams in `rows` [k]."""
        return NGramState(self.nodes[:, rows])


@dataclass(frozen=True)
class _Level:
    """All grams of one length k, their probability mass, and the contexts they extend."""

    keys: np.ndarray
    """Sorted: (id of the first k - 1 characters) * V + last character, [grams] int64."""
    kept: np.ndarray
    """The gram's discounted count over its context's total, [grams]."""
    handed_down: np.ndarray
    """Share of each context's mass (of a gram of length k - 1) left to the shorter one,
    [contexts].
    """
    seen: np.ndarray
    """Sum of the counts of what followed each context, [contexts]: how well it is known."""
    first: np.ndarray
    """First child of each context c; its children are first[c] to first[c + 1], [contexts + 1].
    """


def fingerprint(ids: np.ndarray, tokenizer: CharTokenizer, order: int) -> str:
    """Fingerprint of the n-gram that counts ids [T], without counting them."""
    seen = hashlib.sha256(f"{min(order, len(ids))} {tokenizer.vocab_hash} ".encode())
    seen.update(ids.astype("<u2").tobytes())
    return seen.hexdigest()


class NGram:
    """A character n-gram model with modified Kneser-Ney smoothing; implements `NextChar`.

    `order` counts the predicted character, so order 7 looks six characters back. `discounts` are
    D1, D2 and D3+ of each order, lowest first. `fingerprint` is a SHA-256 of everything that
    determines the model: the text, the alphabet and the order.
    """

    precision = "fp64"  # precision and threads that compute probabilities: a coder must
    threads = 1  # repeat both exactly

    def __init__(
        self,
        tokenizer: CharTokenizer,
        levels: list[_Level],
        discounts: list[np.ndarray],
        fingerprint: str,
    ) -> None:
        self.tokenizer = tokenizer
        self.order = len(levels)
        self.discounts = discounts
        self.fingerprint = fingerprint
        self._levels = levels
        # the same as in the levels, one after the other: contexts of length k begin at first[k]
        self._seen = np.concatenate([level.seen for level in levels])
        self._first = _before(np.array([len(level.seen) for level in levels]))

    @classmethod
    def fit(
        cls,
        text: str | np.ndarray,
        tokenizer: CharTokenizer | None = None,
        order: int = DEFAULT_ORDER,
    ) -> NGram:
        """Count `text` (a string, or ids [T] of `tokenizer`) once.

        A text shorter than `order` is counted up to its own length. ValueError for an empty text,
        an order below 1, ids without a tokenizer, and characters or ids outside the alphabet.

        >>> model = NGram.fit("abracadabra", order=3)
        >>> after_b = np.exp(model.logprobs(model.tokenizer.encode("ab")[None])[0, -1])
        >>> model.tokenizer.decode(after_b.argmax(keepdims=True))
        'r'
        """
        if order < 1:
            raise ValueError(f"order counts the predicted character, so it is >= 1, got {order}")
        if isinstance(text, str):
            tokenizer = tokenizer or CharTokenizer.from_text(text or "\n")
            ids = tokenizer.encode(text)
        elif tokenizer is None:
            raise ValueError("ids need the tokenizer they belong to; pass tokenizer=")
        else:
            ids = _checked(text, tokenizer, 1)
        if not ids.size:
            raise ValueError("an n-gram needs at least one character to count, got an empty text")
        order = min(order, len(ids))
        keys, occurrences = _trie(ids, len(tokenizer), order)
        counts = [*_left_neighbours(keys, ids, len(tokenizer)), occurrences]
        contexts = [1, *(len(k) for k in keys[:-1])]
        discounts = [estimate_discounts(c) for c in counts]
        levels = [
            _smooth(k, c, d, n, len(tokenizer))
            for k, c, d, n in zip(keys, counts, discounts, contexts)
        ]
        return cls(tokenizer, levels, discounts, fingerprint(ids, tokenizer, order))

    @property
    def context(self) -> int | None:
        """None: contexts may have any length, of which the last `order - 1` characters count.

        A number would make readers cut the text into windows of that length and deprive the model
        of context at the start of each.
        """
        return None

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        """Contexts [B, T] -> log-probabilities [B, T, V] of the next character, nats, float32."""
        ids = _checked(ids, self.tokenizer, 2)
        batch, time = ids.shape
        nodes = np.stack([self._walk(row) for row in ids], axis=1) if batch else self._root(0)
        out = np.empty((batch * time, len(self.tokenizer)), dtype=np.float32)
        nodes = nodes.reshape(self.order, batch * time)
        rows = max(1, _CELLS // len(self.tokenizer))
        for i in range(0, batch * time, rows):
            out[i : i + rows] = self._distribution(nodes[:, i : i + rows])
        return out.reshape(batch, time, len(self.tokenizer))

    def unconditional(self) -> np.ndarray:
        """Log-probabilities [V] of a character without any context."""
        return self._distribution(self._root(1))[0]

    def logprob_of(self, ids: np.ndarray) -> np.ndarray:
        """ids [T] -> [T] float64: log-probability of each given all before it, in nats.

        The same numbers as in `logprobs`, without the V - 1 others: for measuring a long text. The
        first is predicted from the empty context.
        """
        ids = _checked(ids, self.tokenizer, 1)
        p = np.full(len(ids), 1 / len(self.tokenizer))
        gram = np.zeros(len(ids), dtype=np.int64)  # gram of the k characters from each position on
        for k, level in enumerate(self._levels[: len(ids)]):
            context, gram = gram[: len(ids) - k], self._child(k, gram[: len(ids) - k], ids[k:])
            seen = np.flatnonzero(context >= 0)
            p[k + seen] *= level.handed_down[context[seen]]
            seen = np.flatnonzero(gram >= 0)
            p[k + seen] += level.kept[gram[seen]]
        return np.log(p)

    def start(self, ids: np.ndarray) -> tuple[NGramState, np.ndarray]:
        """Read ids [B, T], T >= 1: (state, log-probabilities [B, V] of the next character)."""
        ids = _checked(ids, self.tokenizer, 2)
        if not ids.shape[1]:
            raise ValueError(f"start reads ids [B, T] with T >= 1, got shape {ids.shape}")
        state = NGramState(self._root(len(ids)))
        for column in ids[:, -self.order :].T:
            self._advance(state, column)
        return state, self._distribution(state.nodes)

    def step(self, state: NGramState, ids: np.ndarray) -> np.ndarray:
        """Read one more character of each stream, ids [B]; log-probabilities [B, V] of the next."""
        self._advance(state, _checked(ids, self.tokenizer, 1))
        return self._distribution(state.nodes)

    def matched(self, ids: np.ndarray) -> np.ndarray:
        """How well the context is known at each position of ids [B, T]: [B, T, 2], float32.

        The length of the longest counted context (0 to order - 1), and ln(1 + its count): its
        occurrences at the highest order, below it its continuations' left neighbours.
        """
        ids = _checked(ids, self.tokenizer, 2)
        return np.stack([self._match(self._walk(row)) for row in ids])

    def matched_at(self, state: NGramState) -> np.ndarray:
        """`matched` for the characters that each stream has read: [B, 2]."""
        return self._match(state.nodes)

    def _match(self, nodes: np.ndarray) -> np.ndarray:
        length = (nodes >= 0).sum(0) - 1
        count = self._seen[self._first[length] + nodes[length, np.arange(len(length))]]
        return np.stack((length, np.log1p(count)), axis=1).astype(np.float32)

    def _root(self, batch: int) -> np.ndarray:
        nodes = np.full((self.order, batch), -1, dtype=np.int64)
        nodes[0] = 0
        return nodes

    def _advance(self, state: NGramState, ids: np.ndarray) -> None:
        for k in range(self.order - 1, 0, -1):  # longest first: each needs the old shorter one
            shorter = state.nodes[k - 1]
            known = (shorter >= 0).any()  # mostly no stream is in a context of the greatest lengths
            state.nodes[k] = self._child(k - 1, shorter, ids) if known else -1

    def _walk(self, ids: np.ndarray) -> np.ndarray:
        """Gram ids [order, T] of the last 0, 1, ... characters, ending at each position."""
        nodes = self._root(len(ids))
        for k in range(1, min(self.order, len(ids) + 1)):
            shorter = nodes[k - 1, k - 2 : -1] if k > 1 else nodes[0]
            nodes[k, k - 1 :] = self._child(k - 1, shorter, ids[k - 1 :])
        return nodes

    def _child(self, k: int, nodes: np.ndarray, ids: np.ndarray) -> np.ndarray:
        """Ids of the grams that extend grams of length k by one character; -1 if unseen."""
        keys = self._levels[k].keys
        wanted = nodes * len(self.tokenizer) + ids
        place = keys.searchsorted(wanted)
        # an unseen gram (-1) asks for a negative key, which does not exist
        place[keys.take(place, mode="clip") != wanted] = -1
        return place

    def _distribution(self, nodes: np.ndarray) -> np.ndarray:
        """Log-probabilities [N, V] after contexts [order, N], from the shortest to the longest."""
        v = len(self.tokenizer)
        p = np.full((nodes.shape[1], v), 1 / v)
        if len(p) <= _FEW:
            for row, path in zip(p, nodes.T.tolist()):
                self._add_up(row, path)
            return np.log(p).astype(np.float32)
        for level, context in zip(self._levels, nodes):
            rows = np.flatnonzero(context >= 0)
            if not rows.size:
                break  # a longer context was not seen either
            context = context[rows]
            p[rows] *= level.handed_down[context, None]
            first = level.first[context]
            children = level.first[context + 1] - first
            # one entry for each child of each row: its row, and its place among all grams
            grams = np.arange(children.sum()) + np.repeat(first - _before(children), children)
            p[np.repeat(rows, children), level.keys[grams] % v] += level.kept[grams]
        return np.log(p).astype(np.float32)

    def _add_up(self, p: np.ndarray, path: list[int]) -> None:
        """`_distribution` of one context, the gram ids of its ends: p [V] is changed in place."""
        for level, gram in zip(self._levels, path):
            if gram < 0:
                return
            children = slice(*level.first[gram : gram + 2].tolist())
            p *= level.handed_down[gram]
            p[level.keys[children] % len(p)] += level.kept[children]


def estimate_discounts(counts: np.ndarray) -> np.ndarray:
    """D1, D2, D3+: the discounts of a count of one, two, three or more, [3].

    Estimated from how many grams have the counts 1 to 4 (Chen & Goodman 1999, equation 26). If that
    is undefined or not positive, as in tiny texts and among single characters, they are 0.5, 1 and
    1.5, KenLM's fallback.

    >>> estimate_discounts(np.array([1] * 8 + [2] * 4 + [3] * 2 + [4])).tolist()
    [0.5, 1.25, 2.0]
    """
    n1, n2, n3, n4 = (float(n) for n in np.bincount(np.minimum(counts, 5), minlength=6)[1:5])
    if min(n1, n2, n3, n4) > 0:
        y = n1 / (n1 + 2 * n2)
        d = np.array([1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])
        if (d > 0).all():
            return d
    return FALLBACK_DISCOUNTS


def _checked(ids: np.ndarray, tokenizer: CharTokenizer, dimensions: int) -> np.ndarray:
    """`ids` as an array; ValueError if its shape or an id would silently mean another gram."""
    ids = np.asarray(ids)
    if ids.ndim != dimensions:
        raise ValueError(f"ids need {dimensions} dimension(s), got shape {ids.shape}")
    if ids.size and not (ids.min() >= 0 and ids.max() < len(tokenizer)):
        raise ValueError(f"ids run from 0 to {len(tokenizer) - 1}, got {ids.min()}..{ids.max()}")
    return ids


def _trie(ids: np.ndarray, v: int, order: int) -> tuple[list[np.ndarray], np.ndarray]:
    """Sorted keys of all grams of length 1 to `order`, and how often the longest occur."""
    keys: list[np.ndarray] = []
    gram = np.zeros(len(ids), dtype=np.int32)  # id of the gram of the current length at each place
    for k in range(order):
        n = len(ids) - k
        parts = []
        for i in range(0, n, _CHUNK):
            parent = gram[i : min(i + _CHUNK, n)].astype(np.int64)
            chunk = parent * v + ids[i + k : i + k + _CHUNK]
            unique, place, count = np.unique(chunk, return_inverse=True, return_counts=True)
            gram[i : i + len(chunk)] = place
            parts.append((unique, count))
        merged = np.unique(np.concatenate([u for u, _ in parts]))
        occurrences = np.zeros(len(merged), dtype=np.int64)
        for i, (unique, count) in zip(range(0, n, _CHUNK), parts):
            place = np.searchsorted(merged, unique)
            occurrences[place] += count
            gram[i : min(i + _CHUNK, n)] = place[gram[i : min(i + _CHUNK, n)]]
        keys.append(merged)
    return keys, occurrences


def _left_neighbours(keys: list[np.ndarray], ids: np.ndarray, v: int) -> list[np.ndarray]:
    """Number of different characters found before each gram, for all lengths but the longest.

    The start of the text counts as one, so every gram has at least one.
    """
    counts = []
    suffix = np.zeros(len(keys[0]), dtype=np.int64)  # a gram without its first character, as an id
    opening = 0
    for k in range(len(keys) - 1):
        parent, last = np.divmod(keys[k + 1], v)
        # without its first character, (parent, last) is (parent without its first, last)
        suffix = np.searchsorted(keys[k], suffix[parent] * v + last)
        count = np.bincount(suffix, minlength=len(keys[k]))
        opening = int(np.searchsorted(keys[k], opening * v + int(ids[k])))
        count[opening] += 1
        counts.append(count)
    return counts


def _smooth(
    keys: np.ndarray, counts: np.ndarray, discounts: np.ndarray, contexts: int, v: int
) -> _Level:
    """Discount the counts of one length and share each context's mass among its grams."""
    first = np.searchsorted(keys, np.arange(contexts + 1) * v)
    parent = keys // v
    discount = np.minimum(discounts[np.minimum(counts, 3) - 1], counts)
    total = np.bincount(parent, counts, minlength=contexts)
    given_up = np.bincount(parent, discount, minlength=contexts)
    # a context seen only at the very end of the text has no children: all goes to the shorter one
    handed_down = np.divide(given_up, total, out=np.ones(contexts), where=total > 0)
    return _Level(keys, (counts - discount) / total[parent], handed_down, total, first)


def _before(counts: np.ndarray) -> np.ndarray:
    """Exclusive running sum: the total of all counts before each."""
    return np.cumsum(counts) - counts

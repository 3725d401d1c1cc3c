"""Counting as a language model: interpolated modified Kneser-Ney.

Idea:   the next character is predicted from the counts of what followed the last `order - 1`
        characters. Each count gives up a little (the discount), and the mass given up goes to the
        prediction from one character less, down to the uniform distribution. Below the highest
        order, different left neighbours are counted instead of occurrences: after "San",
        "Francisco" is frequent, yet it follows almost nothing else.
Source: S. F. Chen & J. Goodman, "An empirical study of smoothing techniques for language modeling",
        Computer Speech & Language 13 (1999), 359-394, section 3; R. Kneser & H. Ney, ICASSP 1995.
Run:    python -m tests.benchmarks.bench_ngram
Omits:  pruning, gradients, hashing tricks, a file format (100 MB at order 10; the text has 1 MB).

Legend: B batch, T time, V vocabulary, N rows. A gram is a node of a trie: its id is its place in
the sorted list of (id of the gram without its last character) * V + last character. The grams that
extend a context are therefore adjacent, and one binary search finds the next character.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from minigpt.tokenizer import CharTokenizer

DEFAULT_ORDER = 7
NGRAM_LIMIT = 5_000_000  # characters that are counted in a few seconds
FALLBACK_DISCOUNTS = np.array([0.5, 1.0, 1.5])
_CHUNK = 1 << 22  # keys sorted at once while fitting
_CELLS = 1 << 20  # cells of [N, V] held at once while predicting
_FEW = 8  # contexts up to which a loop over them is faster than a dozen NumPy calls a level
_SPARSE = 4  # grams a context up to which it is faster to look through them than to search all


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
    last: np.ndarray
    """The last character of each, [grams]."""
    kept: np.ndarray
    """The gram's discounted count over its context's total, [grams]."""
    handed_down: np.ndarray
    """Share of each context's mass (a gram of length k - 1) left to the shorter, [contexts]."""
    seen: np.ndarray
    """Sum of the counts of what followed each context, [contexts]: how well it is known."""
    first: np.ndarray
    """First child of each context c; its children end before first[c + 1], [contexts + 1]."""


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
        self, tokenizer: CharTokenizer, levels: list[_Level], discounts: list[np.ndarray], sha: str
    ) -> None:
        self.tokenizer, self.order, self._levels = tokenizer, len(levels), levels
        self.discounts, self.fingerprint = discounts, sha
        # the same as in the levels, one after the other: contexts of length k begin at first[k]
        self._seen = np.concatenate([level.seen for level in levels])
        sizes = np.array([len(level.seen) for level in levels])
        self._first = sizes.cumsum() - sizes
        self._begun = max(1, int((sizes.cumsum() * len(tokenizer) <= _CELLS).sum()))

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
        v = len(tokenizer)
        keys, occurrences = _trie(ids, v, order)
        counts = [*_left_neighbours(keys, ids, v), occurrences]
        contexts = [1, *(len(k) for k in keys[:-1])]
        discounts = [estimate_discounts(c) for c in counts]
        levels = [_smooth(*level, v) for level in zip(keys, counts, discounts, contexts)]
        return cls(tokenizer, levels, discounts, fingerprint(ids, tokenizer, order))

    @property
    def context(self) -> int | None:
        """None: contexts may have any length, of which the last `order - 1` characters count.

        A number would make readers cut the text into windows that begin without context.
        """
        return None

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        """Contexts [B, T] -> log-probabilities [B, T, V] of the next character, nats, float32."""
        ids = _checked(ids, self.tokenizer, 2)
        batch, time = ids.shape
        nodes = np.concatenate([self._root(0), *map(self._walk, ids)], axis=1)
        out = np.empty((batch * time, len(self.tokenizer)), dtype=np.float32)
        rows = max(1, _CELLS // len(self.tokenizer))
        for i in range(0, batch * time, rows):
            out[i : i + rows] = self._distribution(nodes[:, i : i + rows])
        return out.reshape(batch, time, len(self.tokenizer))

    def unconditional(self) -> np.ndarray:
        """Log-probabilities [V] of a character without any context."""
        return self._distribution(self._root(1))[0]

    def logprob_of(self, ids: np.ndarray) -> np.ndarray:
        """ids [T] -> [T] float64: log-probability of each given all before it, in nats.

        The same numbers as in `logprobs`, without the V - 1 others; the first from no context.
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
        return np.stack([self.matched_at(NGramState(self._walk(row))) for row in ids])

    def matched_at(self, state: NGramState) -> np.ndarray:
        """`matched` for the characters that each stream has read: [B, 2]."""
        length = (state.nodes >= 0).sum(0) - 1
        count = self._seen[self._first[length] + state.nodes[length, np.arange(len(length))]]
        return np.stack((length, np.log1p(count)), axis=1).astype(np.float32)

    def _root(self, batch: int) -> np.ndarray:
        nodes = np.full((self.order, batch), -1, dtype=np.int64)
        nodes[0] = 0
        return nodes

    def _advance(self, state: NGramState, ids: np.ndarray) -> None:
        if len(ids) <= _FEW:
            for s, (path, id_) in enumerate(zip(state.nodes.T.tolist(), ids.tolist())):
                pairs = zip(self._levels, path[:-1])
                state.nodes[1:, s] = [_one_child(*pair, id_) for pair in pairs]
            return
        for k in range(self.order - 1, 0, -1):  # longest first: each needs the old shorter one
            state.nodes[k] = self._child(k - 1, state.nodes[k - 1], ids)

    def _walk(self, ids: np.ndarray) -> np.ndarray:
        """Gram ids [order, T] of the last 0, 1, ... characters, ending at each position."""
        nodes = self._root(len(ids))
        for k in range(1, min(self.order, len(ids) + 1)):
            shorter = nodes[k - 1, k - 2 : -1] if k > 1 else nodes[0]
            nodes[k, k - 1 :] = self._child(k - 1, shorter, ids[k - 1 :])
        return nodes

    def _child(self, k: int, nodes: np.ndarray, ids: np.ndarray) -> np.ndarray:
        """Ids of the grams that extend grams of length k by one character; -1 if unseen."""
        level = self._levels[k]
        if len(level.keys) <= _SPARSE * len(level.seen):
            place, known = np.full(len(nodes), -1), np.flatnonzero(nodes >= 0)
            count, grams = _children(level, nodes[known])
            came = np.flatnonzero(level.last[grams] == np.repeat(ids[known], count))
            place[np.repeat(known, count)[came]] = grams[came]
            return place
        wanted = nodes * len(self.tokenizer) + ids
        place = level.keys.searchsorted(wanted)
        # an unseen gram (-1) asks for a negative key, which does not exist
        place[level.keys.take(place, mode="clip") != wanted] = -1
        return place

    def _distribution(self, nodes: np.ndarray) -> np.ndarray:
        """Log-probabilities [N, V] after contexts [order, N], from the shortest to the longest."""
        if 0 < nodes.shape[1] <= _FEW:
            return np.log([self._after(path) for path in nodes.T.tolist()]).astype(np.float32)
        length = (nodes[1 : self._begun] >= 0).sum(0)
        p = self._short[self._first[length] + nodes[length, np.arange(len(length))]]
        flat = p.reshape(-1)
        for level, context in zip(self._levels[self._begun :], nodes[self._begun :]):
            rows = np.flatnonzero(context >= 0)
            if not rows.size:
                break  # a longer context was not seen either
            context = context[rows]
            p[rows] *= level.handed_down[context, None]
            count, grams = _children(level, context)
            flat[np.repeat(rows * p.shape[1], count) + level.last[grams]] += level.kept[grams]
        return np.log(p).astype(np.float32)

    def _after(self, path: list[int]) -> np.ndarray:
        """Probabilities [V] after one context, from the gram ids of its ends, -1 if unseen."""
        known = path.index(-1) if -1 in path else len(path)
        k = min(known, self._begun)
        p = self._short[self._first[k - 1] + path[k - 1]]
        for level, gram in zip(self._levels[k:known], path[k:known]):
            children = slice(*level.first[gram : gram + 2].tolist())
            p = p * level.handed_down[gram]
            p[level.last[children]] += level.kept[children]
        return p

    @cached_property
    def _short(self) -> np.ndarray:
        """Probabilities after all contexts shorter than `_begun`, shortest first, [contexts, V]."""
        v = len(self.tokenizer)
        p, shorter, found = np.full((1, v), 1 / v), np.zeros(1, np.int64), []
        for k, level in enumerate(self._levels[: self._begun]):
            p = p[shorter] * level.handed_down[:, None]
            context = level.keys // v
            p[context, level.last] += level.kept
            found.append(p)
            # a gram without its first character is its context without that, and its last one
            shorter = self._child(k - 1, shorter[context], level.last) if k else context
        return np.concatenate(found)


def estimate_discounts(counts: np.ndarray) -> np.ndarray:
    """D1, D2, D3+: the discounts of a count of one, two, three or more, [3].

    Estimated from how many grams have the counts 1 to 4 (Chen & Goodman 1999, equation 26). If that
    is undefined or not positive, as in tiny texts, they are 0.5, 1 and 1.5, KenLM's fallback.

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
        gram, parts = gram[: len(ids) - k], []
        for i in range(0, len(gram), _CHUNK):
            parent = gram[i : i + _CHUNK].astype(np.int64)
            chunk = parent * v + ids[i + k : i + k + _CHUNK]
            unique, place, count = np.unique(chunk, return_inverse=True, return_counts=True)
            gram[i : i + len(chunk)] = place
            parts.append((unique, count))
        merged = np.unique(np.concatenate([u for u, _ in parts]))
        occurrences = np.zeros(len(merged), dtype=np.int64)
        for i, (unique, count) in zip(range(0, len(gram), _CHUNK), parts):
            place = np.searchsorted(merged, unique)
            occurrences[place] += count
            gram[i : i + _CHUNK] = place[gram[i : i + _CHUNK]]
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


def _smooth(keys: np.ndarray, counts: np.ndarray, discounts: np.ndarray, n: int, v: int) -> _Level:
    """Discount the counts of one length and share each of n contexts' mass among its grams."""
    first = np.searchsorted(keys, np.arange(n + 1) * v)
    parent = keys // v
    discount = np.minimum(discounts[np.minimum(counts, 3) - 1], counts)
    total = np.bincount(parent, counts, minlength=n)
    given_up = np.bincount(parent, discount, minlength=n)
    # a context seen only at the very end of the text has no children: all goes to the shorter one
    handed_down = np.divide(given_up, total, out=np.ones(n), where=total > 0)
    last = (keys % v).astype(np.min_scalar_type(v))
    return _Level(keys, last, (counts - discount) / total[parent], handed_down, total, first)


def _children(level: _Level, context: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many grams extend each of these contexts [N], and their ids, context by context."""
    first = level.first[context]
    count = level.first[context + 1] - first
    return count, np.arange(count.sum()) + np.repeat(first + count - count.cumsum(), count)


def _one_child(level: _Level, gram: int, symbol: int) -> int:
    """Id of the gram that extends `gram` by `symbol`; -1 if it is unseen, or `gram` is -1."""
    first, end = level.first[gram : gram + 2].tolist() if gram >= 0 else (0, 0)
    among = level.last[first:end].tolist()
    return first + among.index(symbol) if symbol in among else -1

"""The measures of one collection that have intervals by subsampling: documents and their words.

Idea:   every measure is taken by a method of `Sheet`; subsamples are shared, so that intervals of
        many measures cost one set of draws. They are drawn from the documents in sorted order, so
        that nothing depends on the order in which the documents came.
Source: the modules it calls name theirs.
Omits:  measures taken once, on everything (`synthdata.whole`); their choice (`synthdata.panel`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from synthdata import estimate, intervals, neardup, overlap
from synthdata.counts import Grams, Table, by_document, count, grams
from synthdata.measures import Direction, Measure
from synthdata.ordering import by_content, text_ranks
from synthdata.tokens import Tokens

SPREAD_DOCUMENTS = 2_000
"""Intervals of words are worked out on so many documents at most; more would make them narrower."""
DRAWS = 60
_BLEU_ORDER = 4
_UNSTEADY = "no interval: undefined in some of the draws"


class Sheet:
    """Measures of one collection as they are worked out."""

    def __init__(
        self,
        texts: list[str],
        tokens: Tokens,
        policy: str,
        seed: int,
        groups: np.ndarray | None,
        ties: np.ndarray | None = None,
    ) -> None:
        """`ties` [n] tells documents of one text apart, where anything does."""
        self.texts, self.tokens, self.policy, self.seed = texts, tokens, policy, seed
        self.n = len(texts)
        self.measures: dict[str, Measure] = {}
        self.tally = Counter(texts)
        self.text = text_ranks(texts)
        self.order = np.lexsort((self.text if ties is None else ties, self.text))
        """[n] documents sorted by text, from which everything random draws."""
        self.groups = None if groups is None else by_content(groups, self.text, ties)
        self.document_counts = np.bincount(self.text) if self.n else np.empty(0, np.int64)
        self.word_counts = count(tokens, 1)
        self.how_words = f"{tokens.tokeniser} tokens, {policy}"

    @cached_property
    def near(self) -> neardup.NearDuplicates:
        """Clusters of near-duplicates."""
        return neardup.near_duplicates(self.texts, seed=self.seed)

    def rng(self, part: int) -> np.random.Generator:
        """The generator of a part: what it draws must not hang on which other parts are wanted."""
        return np.random.default_rng([self.seed, part])

    def add(self, made: Measure, *, name: str = "") -> None:
        """Put a measure on the sheet, under another name where one is given."""
        if name:
            fields = {key: getattr(made, key) for key in made.__dataclass_fields__}
            made = Measure(**{**fields, "name": name})
        self.measures[made.name] = made

    def put(
        self,
        name: str,
        value: float,
        unit: str,
        direction: Direction,
        method: str,
        *,
        low: float = math.nan,
        high: float = math.nan,
        coverage: float = math.nan,
        warnings: Sequence[str] = (),
        no_interval: str = "",
        n: int | None = None,
    ) -> None:
        """Add a value, or why it is undefined; where it has no interval, why it has none."""
        notes = [w for w in warnings if w]
        if math.isnan(value) and not notes:
            notes = ["there is nothing to measure" if self.n else "no documents"]
        if math.isnan(value) or math.isnan(low) or math.isnan(high):
            low = high = math.nan
            if not math.isnan(value):
                notes.append(no_interval or _UNSTEADY)
        self.measures[name] = Measure(
            name=name,
            value=value,
            low=low,
            high=high,
            n=self.n if n is None else n,
            coverage=coverage,
            method=method,
            unit=unit,
            direction=direction,
            warnings=tuple(notes),
        )

    def as_grams(self, order: np.ndarray | None = None) -> Grams:
        """Whole documents as the only n-gram of each, in another order where one is given."""
        keys = self.text if order is None else self.text[order]
        return Grams(keys=keys, owner=np.arange(self.n), documents=self.n)

    def draw(self, documents: int, rng: np.random.Generator) -> np.ndarray:
        """Numbers of so many documents, the same texts whatever order they came in."""
        return self.order[np.sort(rng.permutation(self.n)[:documents])]

    def subsample(
        self, statistic: intervals.Statistic, rng: np.random.Generator
    ) -> intervals.Spread:
        """Intervals from all documents; those of a group are left out together."""
        groups = None if self.groups is None else self.groups[self.order]
        return intervals.subsample(
            lambda chosen: statistic(self.order[chosen]),
            self.n,
            rng=rng,
            groups=groups,
            draws=DRAWS,
        )

    def spread(
        self,
        prepare: Callable[[np.ndarray], intervals.Statistic],
        rng: np.random.Generator,
        *,
        relative: bool = True,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
        """Values of the whole collection, and ends of their intervals.

        `prepare` gives the statistic of parts of some documents, named in the order in which it
        got them; so what all parts share is worked out once.

        Beyond 2,000 documents the relative error is that of 2,000 (the absolute one, where a value
        may be negative): too wide for means and for numbers of words. Whole documents are not
        measured so: most copies lie outside the part.
        """
        if self.n <= SPREAD_DOCUMENTS or self.groups is not None:
            found = self.subsample(prepare(self.order), rng)
            return found.value, found.low, found.high, found.reason
        value = np.atleast_1d(prepare(self.order)(self.order))
        some = self.draw(SPREAD_DOCUMENTS, rng)
        statistic = prepare(some)
        found = intervals.subsample(
            lambda chosen: statistic(some[chosen]), SPREAD_DOCUMENTS, rng=rng, draws=DRAWS
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            scale = np.where(found.value != 0, value / found.value, 1.0)
            scale = np.where(np.isfinite(scale) & relative, scale, 1.0)
        low = value - (found.value - found.low) * scale
        return value, low, value + (found.high - found.value) * scale, found.reason

    def documents(self, rng: np.random.Generator) -> None:
        """Effective number of different documents, near-duplicates, the largest clusters."""

        def statistic(chosen: np.ndarray) -> np.ndarray:
            tally = np.bincount(self.text[chosen])
            hills = [estimate.hill(tally, q) for q in (0, 1, 2)]
            sizes = np.sort(np.bincount(self.near.label[chosen]))[::-1]
            shares = (sizes[sizes > 1].sum() / len(chosen), sizes[:3].sum() / len(chosen))
            return np.array([*hills, *shares])

        value = low = high = np.full(5, math.nan)
        reason = "no documents"
        if self.n:  # on all documents: counting them again is cheap, and copies are rare in a part
            found = self.subsample(statistic, rng)
            value, low, high, reason = found.value, found.low, found.high, found.reason
        covered = estimate.coverage(self.document_counts)
        note = ""
        if self.n and covered < 0.5:
            note = "most documents were seen once: the sample's size sets this number"
        units = None if self.groups is None else len(np.unique(self.groups))
        of = units or self.n
        for q in (0, 1, 2):
            least = intervals.unmoved_hill(self.document_counts, q, units)
            ends = _at_least((low[q], high[q]), least)
            self.put(
                f"documents_hill{q}",
                value[q],
                "effective documents",
                "higher is more varied",
                f"Hill number of order {q} of whole documents, {self.policy}",
                low=_clip(ends[0], 1.0, math.inf),
                high=ends[1],
                coverage=covered,
                warnings=(note,),
                no_interval=reason,
            )
        self.put(
            "documents_chao1",
            estimate.chao1(self.document_counts),
            "documents",
            "higher is more varied",
            "Chao1: different documents the source holds at least",
            coverage=covered,
            no_interval="no interval: it is itself a lower bound of what the source holds",
        )
        for place, name, what in (
            (3, "near_duplicates", "share of documents in a near-duplicate pair; "),
            (4, "top3_clusters", "share of documents in the three largest clusters; "),
        ):
            ends = low[place], high[place]
            if self.n:
                least = intervals.share_interval(round(value[place] * of), of)
                ends = _at_least(ends, least)
            self.put(
                name,
                value[place],
                "share",
                "lower is more varied",
                what + self.near.method,
                low=_clip(ends[0], 0.0, 1.0),
                high=_clip(ends[1], 0.0, 1.0),
                no_interval=reason,
            )

    def words(self, rng: np.random.Generator) -> None:
        """Effective number of words, share of different bigrams, self-BLEU, mean cosine."""
        tokens, policy = self.tokens, self.how_words

        def prepare(documents: np.ndarray) -> intervals.Statistic:
            some = tokens.select(documents)
            tables = [by_document(grams(some, size)) for size in range(1, _BLEU_ORDER + 1)]
            place = np.empty(self.n, dtype=np.int64)
            place[documents] = np.arange(len(documents))

            def statistic(chosen: np.ndarray) -> np.ndarray:
                kept = np.zeros(len(documents), dtype=bool)
                kept[place[chosen]] = True
                return _of_words([table.part(kept) for table in tables], some.lengths[kept])

            return statistic

        value = low = high = np.full(6, math.nan)
        reason = "no documents"
        if self.n:
            value, low, high, reason = self.spread(prepare, rng)
            units = self.n if self.groups is None else len(np.unique(self.groups))
            bleu = 4  # its place; copies that happen not to be there move no subsample
            least = intervals.unmoved_mean(value[bleu], units)
            low[bleu], high[bleu] = _at_least((low[bleu], high[bleu]), least)
        covered = estimate.coverage(self.word_counts)
        empty = "" if len(self.word_counts) or not self.n else "no document has a word"
        two = "" if self.n > 1 else "it takes two documents"
        for place, (name, unit, direction, method, note, ends) in enumerate(
            [
                *(
                    (
                        f"hill{q}",
                        "effective words",
                        "higher is more varied",
                        f"Hill number of order {q} of {tokens.tokeniser} 1-grams, {policy}",
                        "",
                        (1.0, math.inf),
                    )
                    for q in (0, 1, 2)
                ),
                (
                    "distinct2",
                    "share",
                    "higher is more varied",
                    f"different 2-grams over all 2-grams, falls as n grows, {policy}",
                    "",
                    (0.0, 1.0),
                ),
                (
                    "self_bleu",
                    "BLEU",
                    "lower is more varied",
                    f"mean BLEU-4 against all others, NLTK smoothing 1, rises with n, {policy}",
                    two,
                    (0.0, 1.0),
                ),
                (
                    "cosine",
                    "cosine",
                    "lower is more varied",
                    f"mean over all pairs, 1-gram counts, {policy}",
                    two,
                    (0.0, 1.0),
                ),
            ]
        ):
            self.put(
                name,
                value[place],
                unit,
                direction,  # type: ignore[arg-type]
                method,
                low=_clip(low[place], *ends),
                high=_clip(high[place], *ends),
                coverage=covered if name.startswith("hill") else math.nan,
                warnings=(empty, note),
                no_interval=reason,
            )


def _of_words(tables: Sequence[Table], lengths: np.ndarray) -> np.ndarray:
    """Hill numbers of words, share of different 2-grams, self-BLEU, mean cosine, [6]."""
    one, two = tables[0].totals(), tables[1].totals()
    bleu = math.nan
    if len(lengths) > 1 and len(one):
        bleu = float(overlap.self_bleu_of(tables, lengths).mean())
    return np.array(
        [
            *(estimate.hill(one, q) for q in (0, 1, 2)),
            len(two) / two.sum() if len(two) else math.nan,
            bleu,
            overlap.mean_cosine_of_table(tables[0]),
        ]
    )


def _clip(value: float, low: float, high: float) -> float:
    """`value` moved into [low, high]; nan stays nan, which `max` would swallow."""
    return float(np.clip(value, low, high))


def _at_least(ends: tuple[float, float], least: tuple[float, float]) -> tuple[float, float]:
    """The interval, made as wide as the `least`; one of nan stays so."""
    if math.isnan(ends[0]) or math.isnan(ends[1]):
        return ends
    return min(ends[0], least[0]), max(ends[1], least[1])

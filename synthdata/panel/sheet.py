"""The measures of one collection that have intervals by subsampling: documents and their words.

Idea:   every measure is a method of `Sheet`; subsamples are shared, so that intervals of many
        measures cost one set of draws. They are drawn from the sorted documents, so that nothing
        depends on the order of the input.
Source: the modules it calls name theirs.
Omits:  measures of the whole sample (`synthdata.panel.whole_sample`); their choice
        (`synthdata.panel.panel`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np

from synthdata.diversity import coverage as covered
from synthdata.diversity import hill, intervals
from synthdata.diversity.abundance import Abundance
from synthdata.diversity.bounds import UNMOVED, at_least, unmoved
from synthdata.diversity.measure import Measure
from synthdata.diversity.quantities import REGISTRY
from synthdata.similarity import cosine, near_duplicates, self_bleu
from synthdata.similarity.boilerplate import Boilerplate
from synthdata.similarity.evidence import Frames
from synthdata.similarity.repeats import Repeats
from synthdata.text.ngrams import Grams, Table, by_document, count, grams
from synthdata.text.ordering import by_content, text_ranks
from synthdata.text.tokens import Tokens

SPREAD_DOCUMENTS = 2_000
"""Most documents used for intervals of words; more would make them narrower."""
DRAWS = 60
FEW_DRAWS = 20
"""Draws of words with clusters as units: enough to detect a different width."""
FEWEST_UNEVEN, EVEN = 50, 2 / 3
"""The share of different pairs has no interval with fewer units of uneven length, that is if Kish's
effective number is below two thirds of them: with 30 documents of log-normal length (sigma 1.2) .88
of 150 intervals contained the mean, with 60 such documents .94 of 100."""
WORDS = ("hill0", "hill1", "hill2", "distinct2", "self_bleu", "cosine")
"""Measures of words with intervals by subsampling."""
NO_ENDS = (math.nan, math.nan)
_BLEU_ORDER = 4
_UNSTEADY = "no interval: undefined in some of the draws"


class Sheet:
    """Measures of one collection, as they are computed."""

    def __init__(
        self,
        texts: list[str],
        tokens: Tokens,
        policy: str,
        seed: int,
        groups: np.ndarray | None,
        ties: np.ndarray | None = None,
    ) -> None:
        """`ties` [n] orders documents with the same text, if anything does."""
        self.texts, self.tokens, self.policy, self.seed = texts, tokens, policy, seed
        self.n = len(texts)
        self.measures: dict[str, Measure] = {}
        self.tally = Counter(texts)
        self.text = text_ranks(texts)
        self.order = np.lexsort((self.text if ties is None else ties, self.text))
        """[n] documents sorted by text, the order for all random draws."""
        alone = groups is not None and len(np.unique(groups)) == self.n  # declared independent
        self.groups = None if groups is None or alone else by_content(groups, self.text, ties)
        self.searched: tuple[list[str], str] | None = None
        self.frames: Frames | None = None
        self.passages: Repeats | None = None
        self.boilerplate: Boilerplate | None = None
        self.asks_clusters = groups is None
        """Whether no groups were named, so that clusters may be events."""
        self.document_counts = np.bincount(self.text) if self.n else np.empty(0, np.int64)
        self.counts = {
            "words": Abundance.of(count(tokens, 1)),
            "documents": Abundance.of(self.document_counts),
        }
        self.how_words = f"{tokens.tokeniser} tokens, {policy}"

    @cached_property
    def near(self) -> near_duplicates.NearDuplicates:
        """Clusters of near-duplicates."""
        return near_duplicates.near_duplicates(self.texts, seed=self.seed)

    @cached_property
    def near_masked(self) -> near_duplicates.NearDuplicates:
        """Clusters of near-duplicates once digits and hex runs are masked."""
        texts = [near_duplicates.masked(text) for text in self.texts]
        return (
            self.near
            if texts == self.texts
            else near_duplicates.near_duplicates(texts, seed=self.seed)
        )

    @property
    def clusters(self) -> np.ndarray | None:
        """[n] clusters that may be one event told several times; None if groups were named.

        They are near-duplicates, or verbatim copies if near-duplicates are not sought.
        """
        if not self.asks_clusters:
            return None
        label = self.near.label if "near" in self.__dict__ else self.text
        return by_content(label, self.text) if len(np.unique(label)) < self.n else None

    @property
    def units(self) -> int:
        """Number of independent documents, or of groups of dependent ones."""
        return self.n if self.groups is None else len(np.unique(self.groups))

    @cached_property
    def word_table(self) -> Table:
        """Counts of each word in each document."""
        return by_document(grams(self.tokens, 1))

    @cached_property
    def document_table(self) -> Table:
        """The same for whole documents: each is one occurrence of its text."""
        return by_document(self.as_grams())

    def coverage(self, table: Table) -> float:
        """Share of the source that was seen, by leaving out documents, or groups of them."""
        return covered.coverage(*covered.by_unit(table, self.groups, self.n))

    def rng(self, part: int) -> np.random.Generator:
        """The generator of a part: its draws must not depend on which other parts are wanted."""
        return np.random.default_rng([self.seed, part])

    def add(self, made: Measure, *, name: str = "") -> None:
        """Put a measure on the sheet, under another name if one is given."""
        if name:
            fields = {key: getattr(made, key) for key in made.__dataclass_fields__}
            made = Measure(**{**fields, "name": name})
        self.measures[made.name] = made

    def put(
        self,
        key: str,
        value: float,
        *settings: object,
        ends: tuple[float, float] = NO_ENDS,
        by_cluster: tuple[float, float] = NO_ENDS,
        coverage: float = math.nan,
        warnings: Sequence[str] = (),
        no_interval: str = "",
        n: int | None = None,
    ) -> None:
        """Add a quantity's value, or why it is undefined; if it has no interval, why it has none.

        `settings` complete its method. Ends outside the quantity's range are moved into it.
        """
        quantity = REGISTRY[key].of(self.tokens.tokeniser)
        low, high = quantity.clip(ends)
        by_cluster = quantity.clip(by_cluster)
        notes = [w for w in warnings if w]
        if math.isnan(value) and not notes:
            notes = ["there is nothing to measure" if self.n else "no documents"]
        if unmoved(low, high):
            low, no_interval = math.nan, UNMOVED
        if math.isnan(value) or math.isnan(low) or math.isnan(high):
            low, high = by_cluster = NO_ENDS
            if not math.isnan(value):
                notes.append(no_interval or _UNSTEADY)
        self.measures[key] = quantity.measured(
            value,
            *settings,
            low=low,
            high=high,
            low_by_cluster=by_cluster[0],
            high_by_cluster=by_cluster[1],
            n=self.n if n is None else n,
            coverage=coverage,
            warnings=tuple(notes),
        )

    def as_grams(self, order: np.ndarray | None = None) -> Grams:
        """Whole documents as their only n-gram, in another order if one is given."""
        keys = self.text if order is None else self.text[order]
        return Grams(keys=keys, owner=np.arange(self.n), documents=self.n)

    def draw(self, documents: int, rng: np.random.Generator) -> np.ndarray:
        """Numbers of `documents` random documents: the same texts for any order of the input."""
        return self.order[np.sort(rng.permutation(self.n)[:documents])]

    def subsample(
        self,
        statistic: intervals.Statistic,
        rng: np.random.Generator,
        *,
        groups: np.ndarray | None = None,
        weights: np.ndarray | None = None,
        draws: int = DRAWS,
    ) -> intervals.Spread:
        """Intervals from all documents; those of a group are left out together."""
        groups = self.groups if groups is None else groups
        return intervals.subsample(
            lambda chosen: statistic(self.order[chosen]),
            self.n,
            rng=rng,
            groups=None if groups is None else groups[self.order],
            weights=None if weights is None else weights[self.order],
            draws=draws,
        )

    def spread(
        self,
        prepare: Callable[[np.ndarray], intervals.Statistic],
        rng: np.random.Generator,
        weights: np.ndarray | None = None,
        *,
        relative: bool = True,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
        """Values of the whole collection, and ends of their intervals.

        `prepare` takes documents and returns the statistic of parts of them, given by position; so
        what all parts share is computed once.

        Beyond 2,000 documents the relative error is that of 2,000 (the absolute one, if a value may
        be negative): too wide for means and for numbers of words. Whole documents are not measured
        so: most copies would be outside the part.
        """
        if self.n <= SPREAD_DOCUMENTS or self.groups is not None:
            found = self.subsample(prepare(self.order), rng, weights=weights)
            return found.value, found.low, found.high, found.reason
        value = np.atleast_1d(prepare(self.order)(self.order))
        some = self.draw(SPREAD_DOCUMENTS, rng)
        statistic = prepare(some)
        found = intervals.subsample(
            lambda chosen: statistic(some[chosen]),
            SPREAD_DOCUMENTS,
            rng=rng,
            weights=None if weights is None else weights[some],
            draws=DRAWS,
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            scale = np.where(found.value != 0, value / found.value, 1.0)
            scale = np.where(np.isfinite(scale) & relative, scale, 1.0)
        low = value - (found.value - found.low) * scale
        return value, low, value + (found.high - found.value) * scale, found.reason

    def words(self, rng: np.random.Generator) -> None:
        """Effective number of words, share of different bigrams, self-BLEU, mean cosine."""
        tokens = self.tokens

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
        reason, other = "no documents", nothing(6)
        if self.n:
            value, low, high, reason = self.spread(prepare, rng, tokens.lengths)
            units = self.units
            bleu = WORDS.index("self_bleu")  # copies that are absent by chance change no subsample
            least = intervals.unmoved_mean(value[bleu], units)
            low[bleu], high[bleu] = at_least((low[bleu], high[bleu]), least)
            if self.clusters is not None:
                draws = FEW_DRAWS if self.n <= SPREAD_DOCUMENTS else FEW_DRAWS // 2
                statistic, again = prepare(self.order), self.rng(6)
                other = self.subsample(
                    statistic, again, groups=self.clusters, weights=tokens.lengths, draws=draws
                )
                clusters = len(np.unique(self.clusters))
                least = intervals.unmoved_mean(value[bleu], clusters)
                other.low[bleu], other.high[bleu] = at_least(other.ends(bleu), least)
        seen = self.coverage(self.word_table)
        empty = "" if self.counts["words"].n or not self.n else "no document has a word"
        two = "" if self.n > 1 else "it takes two documents"
        few = self._few_hold_most()
        for place, key in enumerate(WORDS):
            of = (tokens.tokeniser, self.how_words) if key.startswith("hill") else (self.how_words,)
            withheld = few if key == "distinct2" else ""  # it depends on the number of words
            self.put(
                key,
                value[place],
                *of,
                ends=NO_ENDS if withheld else (low[place], high[place]),
                by_cluster=other.ends(place),
                coverage=seen if key.startswith("hill") else math.nan,
                warnings=(empty, two if key in ("self_bleu", "cosine") else ""),
                no_interval=reason or withheld,
            )

    def _few_hold_most(self) -> str:
        """Reason if a few units hold most of the words; empty if none does."""
        held = self.tokens.lengths
        if self.groups is not None:
            held = np.bincount(self.groups, held)
        equal = 2 * (intervals.degrees(held) + 1)  # Kish's effective number
        if len(held) >= FEWEST_UNEVEN or equal >= EVEN * len(held):
            return ""
        units = "documents" if self.groups is None else "groups"
        return (
            f"no interval: it falls as words grow, and the lengths of {len(held)} {units} are so "
            f"uneven that chance decides how many words there are (at least {FEWEST_UNEVEN})"
        )


def nothing(width: int, reason: str = "not asked for") -> intervals.Spread:
    """No values and no intervals, [width]."""
    value, error, low, high = np.full((4, width), math.nan)
    return intervals.Spread(value=value, error=error, low=low, high=high, method="", reason=reason)


def _of_words(tables: Sequence[Table], lengths: np.ndarray) -> np.ndarray:
    """Hill numbers of words, share of different 2-grams, self-BLEU, mean cosine, [6]."""
    one, two = tables[0].totals(), tables[1].totals()
    bleu = math.nan
    if len(lengths) > 1 and len(one):
        bleu = float(self_bleu.self_bleu_of(tables, lengths).mean())
    words = Abundance.of(one)
    return np.array(
        [
            *(hill.hill(words, q) for q in (0, 1, 2)),
            len(two) / two.sum() if len(two) else math.nan,
            bleu,
            cosine.mean_cosine_of_table(tables[0]),
        ]
    )

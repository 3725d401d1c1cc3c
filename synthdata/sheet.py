"""The measures of one collection, one after the other, with the warnings each deserves.

Idea:   every measure is taken by a method of `Sheet`; subsamples are shared, so that intervals of
        many measures cost one set of draws.
Source: the modules it calls name theirs.
Omits:  the order and choice of measures (`synthdata.panel`).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from functools import cached_property

import numpy as np

from synthdata import estimate, intervals, neardup, overlap, rarefy, repeats
from synthdata.counts import Grams, count, grams
from synthdata.measures import Direction, Measure
from synthdata.tokens import Tokens, encode

SPREAD_DOCUMENTS = 2_000
"""Intervals of words are worked out on so many documents at most; more would make them narrower."""
REPEAT_BYTES = 32_000_000
"""Passages and xz read so much text at most (whole documents, drawn by seed)."""
VENDI_DOCUMENTS = 2_048
"""The Vendi score is exact on so many documents (drawn by seed)."""
DRAWS = 60
ENTROPIES = ("documents", "words", "words2", "characters", "characters5")
"""What entropies are taken of."""


class Sheet:
    """Measures of one collection as they are worked out."""

    def __init__(
        self, texts: list[str], tokens: Tokens, policy: str, seed: int, groups: np.ndarray | None
    ) -> None:
        self.texts, self.tokens, self.policy, self.seed = texts, tokens, policy, seed
        self.groups = groups
        self.n = len(texts)
        self.measures: dict[str, Measure] = {}
        self.tally = Counter(texts)
        number = {text: i for i, text in enumerate(sorted(self.tally))}
        self.text = np.array([number[text] for text in texts], dtype=np.int64)
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
        n: int | None = None,
    ) -> None:
        """Add a value, or that it is undefined and why."""
        notes = [w for w in warnings if w]
        if math.isnan(value) and not notes:
            notes = ["there is nothing to measure" if self.n else "no documents"]
        if math.isnan(value) or math.isnan(low) or math.isnan(high):
            low = high = math.nan
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

    def as_grams(self) -> Grams:
        """Whole documents as the only n-gram of each."""
        return Grams(keys=self.text, owner=np.arange(self.n), documents=self.n)

    def spread(
        self, statistic: intervals.Statistic, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, str]:
        """Values of the whole collection, and ends of their intervals.

        Beyond 2,000 documents the relative error is that of 2,000: too wide for means and for
        numbers of words. Whole documents are not measured so: most copies lie outside the part.
        """
        value = np.atleast_1d(statistic(np.arange(self.n)))
        if self.n <= SPREAD_DOCUMENTS or self.groups is not None:
            found = intervals.subsample(statistic, self.n, rng=rng, groups=self.groups, draws=DRAWS)
            return value, found.low, found.high, found.reason
        some = np.sort(rng.permutation(self.n)[:SPREAD_DOCUMENTS])
        found = intervals.subsample(
            lambda chosen: statistic(some[chosen]), SPREAD_DOCUMENTS, rng=rng, draws=DRAWS
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            scale = np.where(found.value != 0, value / found.value, 1.0)
            scale = np.where(np.isfinite(scale), scale, 1.0)
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
            found = intervals.subsample(statistic, self.n, rng=rng, groups=self.groups, draws=DRAWS)
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
                warnings=(note, reason),
            )
        self.put(
            "documents_chao1",
            estimate.chao1(self.document_counts),
            "documents",
            "higher is more varied",
            "Chao1: different documents the source holds at least",
            coverage=covered,
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
                warnings=(reason,),
            )

    def words(self, rng: np.random.Generator) -> None:
        """Effective number of words, share of different bigrams, self-BLEU, mean cosine."""
        tokens, policy = self.tokens, self.how_words

        def statistic(chosen: np.ndarray) -> np.ndarray:
            some = tokens if len(chosen) == self.n else tokens.select(chosen)
            one, two = count(some, 1), count(some, 2)
            return np.array(
                [
                    *(estimate.hill(one, q) for q in (0, 1, 2)),
                    len(two) / two.sum() if len(two) else math.nan,
                    overlap.mean_self_bleu(some),
                    overlap.mean_cosine(some),
                ]
            )

        value = low = high = np.full(6, math.nan)
        reason = "no documents"
        if self.n:
            value, low, high, reason = self.spread(statistic, rng)
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
                warnings=(empty, note, reason),
            )

    @cached_property
    def _characters(self) -> Tokens:
        return encode(self.texts, "character")

    def entropies(self, wanted: Collection[str] = ENTROPIES) -> None:
        """Plug-in entropy of the sample and Chao-Wang-Jost entropy of the source."""
        for name, unit, made in (
            ("documents", "bits/document", self.as_grams),
            ("words", f"bits/{self.tokens.tokeniser}", lambda: grams(self.tokens, 1)),
            ("words2", "bits/2-gram", lambda: grams(self.tokens, 2)),
            ("characters", "bits/character", lambda: grams(self._characters, 1)),
            ("characters5", "bits/5-gram", lambda: grams(self._characters, 5)),
        ):
            if name not in wanted:
                continue
            found = made()
            totals = np.bincount(found.keys) if len(found.keys) else np.empty(0, np.int64)
            source = intervals.source_entropy(found, self.groups)
            what = {"words2": "word 2-grams", "characters5": "character 5-grams"}.get(name, name)
            self.put(
                f"{name}_entropy",
                estimate.plug_in(totals),
                unit,
                "higher is more varied",
                f"plug-in entropy of the sample's {what}, {self.policy}",
                coverage=source.coverage,
            )
            self.put(
                f"{name}_entropy_source",
                source.value,
                unit,
                "higher is more varied",
                f"Chao-Wang-Jost entropy of the source's {what}, {self.policy}",
                low=source.low,
                high=source.high,
                coverage=source.coverage,
                warnings=(source.warning if source.warning != "empty" else "",),
            )

    def vendi(self, rng: np.random.Generator, embeddings: np.ndarray | None) -> None:
        """Vendi scores of word counts, and of the user's vectors."""
        tokens, some = self.tokens, self.n
        if self.n > VENDI_DOCUMENTS:
            some = VENDI_DOCUMENTS
            tokens = tokens.select(np.sort(rng.permutation(self.n)[:some]))
        value, how = overlap.vendi_ngrams(tokens)
        self.put(
            "vendi",
            value,
            "effective documents",
            "higher is more varied",
            f"Vendi score, order 1, cosine of 1-gram counts, {how}, rises with n, {self.how_words}",
            n=some,
            warnings=(
                "" if not math.isnan(value) else how,
                f"on {some:,} of {self.n:,} documents" if some < self.n else "",
            ),
        )
        if embeddings is not None and self.n:
            self.put(
                "vendi_embeddings",
                overlap.vendi(embeddings),
                "effective documents",
                "higher is more varied",
                f"Vendi score, order 1, cosine of the given vectors of width {embeddings.shape[1]}",
            )

    def passages(self, rng: np.random.Generator) -> repeats.Repeats:
        """Repeated passages and the xz ratio."""
        texts, note = self.texts, ""
        sizes = np.array([len(text) for text in texts], dtype=np.int64)
        if sizes.sum() > REPEAT_BYTES:
            order = rng.permutation(self.n)
            order = order[np.cumsum(sizes[order]) <= REPEAT_BYTES]
            texts = [texts[i] for i in np.sort(order)]
            note = f"on {len(texts):,} of {self.n:,} documents"
        found = repeats.repeats(texts)
        how = f"passages of {found.min_length} UTF-8 bytes or more, suffix array, {self.policy}"
        for name, value, what in (
            ("repeated", found.share, "share of text also found in another document; "),
            ("repeated_within", found.share_within, "share of text that its document repeats; "),
        ):
            self.put(
                name,
                value,
                "share",
                "lower is more varied",
                what + how,
                n=len(texts),
                warnings=(note,),
            )
        self.put(
            "xz_ratio",
            repeats.xz_ratio(texts, seed=self.seed),
            "times",
            "lower is more varied",
            "size over compressed size, xz with a window over all text, rises with n, order by "
            f"seed {self.seed}",
            n=len(texts),
            warnings=(note,),
        )
        return found

    def curves(self) -> dict[str, list[tuple[int, float, float]]]:
        """Rarefaction curves of order 1."""
        return {
            "words": rarefy.curve(self.word_counts, 1),
            "documents": rarefy.curve(self.document_counts, 1),
        }

    def profile(self) -> dict[str, list[tuple[float, float]]]:
        """Hill numbers of the sample over the order."""
        orders = [round(0.1 * i, 1) for i in range(31)]
        return {
            name: [(q, estimate.hill(counts, q)) for q in orders] if len(counts) else []
            for name, counts in (("words", self.word_counts), ("documents", self.document_counts))
        }


def _clip(value: float, low: float, high: float) -> float:
    """`value` moved into [low, high]; nan stays nan, which `max` would swallow."""
    return float(np.clip(value, low, high))


def _at_least(ends: tuple[float, float], least: tuple[float, float]) -> tuple[float, float]:
    """The interval, made as wide as the `least`; one of nan stays so."""
    if math.isnan(ends[0]) or math.isnan(ends[1]):
        return ends
    return min(ends[0], least[0]), max(ends[1], least[1])

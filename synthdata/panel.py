"""Which measures run, in one place: the command, the report and a notebook all call `measure`.

Idea:   a list of texts in, every measure with its interval out, and beside the numbers the evidence
        they rest on: the clusters, the passages, the commonest documents.
Run:    python -m synthdata measure data.jsonl
Omits:  collections larger than memory (`synthdata.meter`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from synthdata import neardup, repeats, strata
from synthdata.counts import grams
from synthdata.measures import Measure
from synthdata.sheet import Sheet
from synthdata.tokens import (
    DEFAULT_POLICY,
    Policy,
    Tokenise,
    check_texts,
    default_tokeniser,
    encode,
)


@dataclass(frozen=True, kw_only=True)
class Panel(Mapping[str, Measure]):
    """All measures of a collection by name, in reading order, and what they rest on."""

    measures: dict[str, Measure]
    """The measures."""
    documents: int
    """How many documents."""
    policy: Policy
    """How they were normalised."""
    tokeniser: str
    """What a word is."""
    seed: int
    """Seed of everything drawn."""
    near: neardup.NearDuplicates
    """Clusters of near-duplicates."""
    passages: repeats.Repeats
    """Passages that come back."""
    commonest: tuple[tuple[str, int], ...]
    """The commonest whole documents and how often each occurs, those that occur twice or more."""
    curves: dict[str, list[tuple[int, float, float]]]
    """Rarefaction curves ("words", "documents"): size, effective number of order 1, coverage."""
    profile: dict[str, list[tuple[float, float]]]
    """Hill profiles of the sample ("words", "documents"): order and effective number."""
    budget: strata.Budget | None
    """Entropy of words by field, where one was given."""
    documents_budget: strata.Budget | None
    """Entropy of whole documents by field, where one was given."""

    def __getitem__(self, name: str) -> Measure:
        return self.measures[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.measures)

    def __len__(self) -> int:
        return len(self.measures)

    def __str__(self) -> str:
        return "\n".join(map(str, self.measures.values()))


def measure(
    texts: Sequence[str],
    *,
    by: Sequence[Hashable] | None = None,
    groups: Sequence[Hashable] | None = None,
    tokeniser: str | Tokenise | None = None,
    policy: Policy = DEFAULT_POLICY,
    embeddings: np.ndarray | None = None,
    seed: int = 0,
) -> Panel:
    """Measure a collection: a list of strings in, Measures out.

    `by` holds a field's value for each document (persona, prompt, model) and adds its entropy
    budget. `groups` says which documents depend on each other; they are left out together when
    intervals are made. `embeddings` [n, width] adds their Vendi score. ValueError where the lengths
    differ or a document is not text. What an empty collection leaves undefined is nan.

    >>> print(measure(["ha", "ha", "ho"])["documents_hill2"])
    documents_hill2 1.8 effective documents, n=3, coverage 83.3% (3 documents are too few for an \
interval (at least 20))
    """
    check_texts(texts)
    for name, given in (("by", by), ("groups", groups), ("embeddings", embeddings)):
        if given is not None and len(given) != len(texts):
            raise ValueError(
                f"{name} has {len(given)} values for {len(texts)} documents; give one for each"
            )
    clean = [policy(text) for text in texts]
    tokens = encode(clean, tokeniser or default_tokeniser(clean))
    rng = np.random.default_rng(seed)
    sheet = Sheet(clean, tokens, str(policy), seed, None if groups is None else _numbers(groups))
    sheet.documents(rng)
    sheet.words(rng)
    sheet.entropies()
    sheet.vendi(rng, embeddings)
    passages = sheet.passages(rng)
    budgets: list[strata.Budget | None] = [None, None]
    if by is not None:
        for place, (what, found) in enumerate(
            (("words", grams(tokens, 1)), ("documents", sheet.as_grams()))
        ):
            split = strata.budget(found, by, seed=seed, what=what)
            budgets[place] = split
            for part in (split.information, split.within):
                sheet.add(part, name=f"{what}_{part.name}")
    return Panel(
        measures=sheet.measures,
        documents=len(clean),
        policy=policy,
        tokeniser=tokens.tokeniser,
        seed=seed,
        near=sheet.near,
        passages=passages,
        commonest=tuple((t, c) for t, c in sheet.tally.most_common(10) if c > 1),
        curves=sheet.curves(),
        profile=sheet.profile(),
        budget=budgets[0],
        documents_budget=budgets[1],
    )


<<<<<<< HEAD
class _Sheet:
    """Measures of one collection as they are worked out."""

    def __init__(
        self, texts: list[str], tokens: Tokens, policy: str, seed: int, groups: np.ndarray | None
    ) -> None:
        self.texts, self.tokens, self.policy, self.seed = texts, tokens, policy, seed
        self.groups = groups
        self.n = len(texts)
        self.measures: dict[str, Measure] = {}
        self.tally = Counter(texts)
        self.near = neardup.near_duplicates(texts, seed=seed)
        number = {text: i for i, text in enumerate(sorted(self.tally))}
        self.text = np.array([number[text] for text in texts], dtype=np.int64)
        self.document_counts = np.bincount(self.text) if self.n else np.empty(0, np.int64)
        self.word_counts = count(tokens, 1)
        self.how_words = f"{tokens.tokeniser} tokens, {policy}"

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

        Beyond 2,000 documents the relative error is that of 2,000: too wide, never too narrow.
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
        if self.n:
            value, low, high, reason = self.spread(statistic, rng)
        covered = estimate.coverage(self.document_counts)
        note = ""
        if self.n and covered < 0.5:
            note = "most documents were seen once: the sample's size sets this number"
        for q in (0, 1, 2):
            self.put(
                f"documents_hill{q}",
                value[q],
                "effective documents",
                "higher is more varied",
                f"Hill number of order {q} of whole documents, {self.policy}",
                low=_clip(low[q], 1.0, math.inf),
                high=high[q],
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
                wilson = intervals.share_interval(round(value[place] * self.n), self.n)
                ends = tuple(
                    pick(a, b) if not math.isnan(a) else a
                    for pick, a, b in zip((min, max), ends, wilson)
                )
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
                    overlap.self_bleu(some).mean() if some.documents > 1 else math.nan,
                    overlap.mean_cosine(some),
                ]
            )

        value = low = high = np.full(6, math.nan)
        reason = "no documents"
        if self.n:
            value, low, high, reason = self.spread(statistic, rng)
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

    def entropies(self) -> None:
        """Plug-in entropy of the sample and Chao-Wang-Jost entropy of the source."""
        characters = encode(self.texts, "character")
        for name, unit, found in (
            ("documents", "bits/document", self.as_grams()),
            ("words", f"bits/{self.tokens.tokeniser}", grams(self.tokens, 1)),
            ("characters", "bits/character", grams(characters, 1)),
            ("characters5", "bits/5-gram", grams(characters, 5)),
        ):
            totals = np.bincount(found.keys) if len(found.keys) else np.empty(0, np.int64)
            source = intervals.source_entropy(found, self.groups)
            what = {"characters5": "character 5-grams"}.get(name, name)
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
            "size over compressed size, xz with a window over all text, rises with n, order by seed "
            f"{self.seed}",
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


=======
>>>>>>> scale
def _numbers(groups: Sequence[Hashable]) -> np.ndarray:
    number: dict[Hashable, int] = {}
    return np.array([number.setdefault(g, len(number)) for g in groups], dtype=np.int64)

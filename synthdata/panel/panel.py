"""The choice of measures: the command, the report and a notebook all call `measure`.

Idea:   a list of texts in, every measure with its interval out, and the evidence behind the
        numbers: the clusters, the passages, the commonest documents.
Run:    python -m synthdata measure data.jsonl
Omits:  collections larger than memory (`synthdata.streaming.meter`).
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from synthdata.comparison.two_sample import number_groups
from synthdata.diversity import coverage, rarefaction
from synthdata.diversity.abundance import Abundance
from synthdata.diversity.measure import Measure
from synthdata.panel import copies, whole_sample
from synthdata.panel import curves as sizes
from synthdata.panel.sheet import Sheet
from synthdata.similarity import near_duplicates, repeats
from synthdata.similarity.boilerplate import Boilerplate
from synthdata.similarity.evidence import Evidence, Frames, repeated_texts, views
from synthdata.text.ngrams import grams
from synthdata.text.ordering import by_content, row_ranks
from synthdata.text.tokens import (
    DEFAULT_POLICY,
    DEFAULT_TOKENISER,
    Policy,
    Tokenise,
    check_texts,
    encode,
)

if TYPE_CHECKING:  # a gate starts without them
    from synthdata.panel.budget import Budget

MASKED = "near_duplicates_masked"


@dataclass(frozen=True, kw_only=True)
class Panel(Mapping[str, Measure]):
    """All measures of a collection by name, in reading order, and the evidence behind them."""

    measures: dict[str, Measure]
    """The measures, by name."""
    documents: int
    """Number of documents."""
    units: int
    """Number of groups of dependent documents; without groups each document is one."""
    policy: Policy
    """Normalisation of the texts."""
    tokeniser: str
    """Kind of token."""
    mixture: dict[str, float]
    """Share of the words that are single characters, by script without spaces."""
    seed: int
    """Seed of everything drawn."""
    near: near_duplicates.NearDuplicates
    """Clusters of near-duplicates."""
    passages: repeats.Repeats
    """Repeated passages."""
    frames: Frames
    """Templates."""
    boilerplate: Boilerplate
    """Passages found in nearly every document."""
    evidence: tuple[Evidence, ...]
    """Repeated texts, in four views with three examples each."""
    commonest: tuple[tuple[str, int], ...]
    """The commonest whole documents and how often each occurs, those that occur twice or more."""
    counts: dict[str, Abundance]
    """Counts of each word and each text ("words", "documents")."""
    sizes: tuple[sizes.AtSize, ...]
    """Expected values at smaller and larger sizes, for words and for documents."""
    budget: Budget | None
    """Entropy of words by field, if one was given."""
    documents_budget: Budget | None
    """Entropy of whole documents by field, if one was given."""

    @cached_property
    def curves(self) -> dict[str, list[tuple[int, float, float]]]:
        """Rarefaction curves ("words", "documents"): size, effective number of order 1 and coverage
        for draws one by one."""
        return {name: rarefaction.curve(seen, 1) for name, seen in self.counts.items()}

    @cached_property
    def profile(self) -> dict[str, list[tuple[float, float]]]:
        """Hill profiles of the sample ("words", "documents"): order and effective number."""
        return {name: sizes.profile(seen) for name, seen in self.counts.items()}

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
    budget. `groups` says which documents depend on each other; they are left out together for
    intervals, and shuffled together for the budget. One group per document says that none does;
    without `groups` there is a second interval, with near-duplicates as groups. `embeddings` [n,
    width] adds their Vendi scores and mean cosine. Values undefined for an empty collection are
    nan. ValueError if the lengths differ or a document is not text.

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
    vectors = None if embeddings is None else np.asarray(embeddings)
    ties = None if vectors is None or vectors.ndim != 2 else row_ranks(vectors)
    sheet = _sheet(texts, groups, tokeniser, policy, seed, ties)
    some, note = whole_sample.text_to_search(sheet)
    with ThreadPoolExecutor(1) as beside:  # half the work on long texts, on a core that may be idle
        ratio = beside.submit(repeats.xz_ratio, some, seed=seed)
        copies.documents(sheet, sheet.rng(0))
        frames = whole_sample.templates(sheet)
        sheet.words(sheet.rng(1))
        whole_sample.entropies(sheet)
        whole_sample.vendi(sheet, sheet.rng(2))
        if vectors is not None:
            whole_sample.of_vectors(sheet, vectors, sheet.rng(4))
        passages = whole_sample.passages(sheet, some, note)
        whole_sample.compression(sheet, ratio.result(), some, note)
    budgets: list[Budget | None] = [None, None]
    if by is not None:
        from synthdata.panel.budget import budget

        order, values, units = _sorted(sheet, by)
        for place, (what, found) in enumerate(
            (("words", grams(sheet.tokens.select(order), 1)), ("documents", sheet.as_grams(order)))
        ):
            split = budget(found, values, seed=seed, what=what, groups=units).in_range()
            budgets[place] = split
            for part in (split.information, split.within):
                sheet.add(part, name=f"{what}_{part.name}")
    return Panel(
        measures=sheet.measures,
        documents=sheet.n,
        units=sheet.units,
        policy=policy,
        tokeniser=sheet.tokens.tokeniser,
        mixture=sheet.tokens.mixture,
        seed=seed,
        near=sheet.near,
        passages=passages,
        frames=frames,
        boilerplate=whole_sample.fixed_passages(sheet),
        evidence=tuple(views(sheet.texts, near=sheet.near, repeated=passages, frames=frames)),
        commonest=tuple(repeated_texts(sheet.tally, 10)),
        counts=sheet.counts,
        sizes=_sizes(sheet),
        budget=budgets[0],
        documents_budget=budgets[1],
    )


def _sizes(sheet: Sheet) -> tuple[sizes.AtSize, ...]:
    """Rows for words, then for documents, with the coverage of the measures."""
    by = "documents" if sheet.groups is None else "groups"
    found: list[sizes.AtSize] = []
    for name, table in (("words", sheet.word_table), ("documents", sheet.document_table)):
        known = coverage.at_sizes(*coverage.by_unit(table, sheet.groups, sheet.n))
        found += sizes.rows(sheet.counts[name], name, known, by)
    return tuple(found)


def only(
    texts: Sequence[str],
    names: Collection[str],
    *,
    groups: Sequence[Hashable] | None = None,
    tokeniser: str | Tokenise | None = None,
    policy: Policy = DEFAULT_POLICY,
    seed: int = 0,
) -> Sheet:
    """These measures, and those computed with them: the same numbers as from `measure`.

    It is for `gate` and `explain`, which need few. ValueError if `groups` has another length.
    """
    sheet = _sheet(texts, groups, tokeniser, policy, seed)
    if {"near_duplicates", MASKED, "top3_clusters", "documents_hill1"} & set(names):
        copies.documents(sheet, sheet.rng(0), masked=MASKED in names)
    if "templates" in names:
        whole_sample.templates(sheet)
    if "repeated" in names:
        whole_sample.passages(sheet, *whole_sample.text_to_search(sheet))
        whole_sample.fixed_passages(sheet)
    if "self_bleu" in names:
        sheet.words(sheet.rng(1))
    if "words_entropy_source" in names:
        whole_sample.entropies(sheet, ["words"])
    return sheet


def _sheet(
    texts: Sequence[str],
    groups: Sequence[Hashable] | None,
    tokeniser: str | Tokenise | None,
    policy: Policy,
    seed: int,
    ties: np.ndarray | None = None,
) -> Sheet:
    """An empty sheet."""
    check_texts(texts)
    number = None if groups is None else number_groups(groups, None, (len(texts), 0))
    clean = [policy(text) for text in texts]
    tokens = encode(clean, tokeniser or DEFAULT_TOKENISER)
    return Sheet(clean, tokens, str(policy), seed, number, ties)


def _sorted(
    sheet: Sheet, by: Sequence[Hashable]
) -> tuple[np.ndarray, list[Hashable], np.ndarray | None]:
    """Documents sorted by text, then value, then group; shuffles do not depend on their order."""
    rank = np.unique([str(value) for value in by], return_inverse=True)[1]
    groups = np.zeros(sheet.n, np.int64)
    if sheet.groups is not None:
        groups = by_content(sheet.groups, sheet.text, rank)
    order = np.lexsort((groups, rank, sheet.text))
    return order, [by[i] for i in order], None if sheet.groups is None else groups[order]

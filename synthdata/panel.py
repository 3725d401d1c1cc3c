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
    intervals are made, and shuffled together for the budget. `embeddings` [n, width] adds their
    Vendi score. ValueError where the lengths differ or a document is not text. What an empty
    collection leaves undefined is nan.

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
    sheet = Sheet(clean, tokens, str(policy), seed, None if groups is None else _numbers(groups))
    sheet.documents(sheet.rng(0))
    sheet.words(sheet.rng(1))
    sheet.entropies()
    sheet.vendi(sheet.rng(2), embeddings)
    passages = sheet.passages(sheet.rng(3))
    budgets: list[strata.Budget | None] = [None, None]
    if by is not None:
        for place, (what, found) in enumerate(
            (("words", grams(tokens, 1)), ("documents", sheet.as_grams()))
        ):
            split = strata.budget(found, by, seed=seed, what=what, groups=sheet.groups)
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


def _numbers(groups: Sequence[Hashable]) -> np.ndarray:
    number: dict[Hashable, int] = {}
    return np.array([number.setdefault(g, len(number)) for g in groups], dtype=np.int64)

"""Verdicts of the commands, with what the command line has changed about the texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from synthdata.diversity.measure import Measure
from synthdata.io.dataset import Loaded

if TYPE_CHECKING:
    from synthdata.comparison.compare import Comparison
    from synthdata.similarity.boilerplate import Boilerplate
    from synthdata.verdicts.verdict import Verdict

SHARES = ("near_duplicates_masked", "templates", "repeated")
"""Shares that the verdict considers besides near-duplicates."""


def verdict(
    n: int,
    found: Mapping[str, Measure],
    boilerplate: Boilerplate | None,
    units: int | None = None,
) -> Verdict:
    """The verdict on n documents, in `units` groups, from their shares of repetition."""
    from synthdata.verdicts.verdict import of_collection

    return of_collection(
        n,
        found["near_duplicates"],
        found["top3_clusters"].value,
        "in a cluster of near-duplicates",
        units=units,
        others=(
            (found["templates"], "of documents fill a template"),
            (found["repeated"], "of the text stands in passages that other documents have too"),
        ),
        masked=found["near_duplicates_masked"],
        boilerplate=boilerplate,
    )


def unless_wordless(verdict: Verdict, compared: Comparison) -> Verdict:
    """A comparison's verdict; no all-clear if a side has no word to compare."""
    if min(compared.lengths) > 0 or verdict.tone == "bad":
        return verdict
    side = "collection" if compared.lengths[0] == 0 else "reference"
    return replace(
        verdict,
        text=f"Cannot tell: the {side} has no words.",
        confidence="none",
        because=f"Its documents are empty, or hold punctuation only. {verdict.because}",
        tone="neutral",
    )


def of_rest(found: Verdict, loaded: Loaded) -> Verdict:
    """The verdict, and the part of the text that it is about if --strip removed the rest.

    If that was most of the text, no all-clear is of high confidence: if the passage is what the
    documents say, they all repeat it.
    """
    if not loaded.taken:
        return found
    left = sum(map(len, loaded.texts)) / max(1, len(loaded.rows))
    most = loaded.taken >= 0.5 and found.tone != "bad" and found.confidence == "high"
    return replace(
        found,
        text=f"Of the {1 - loaded.taken:.0%} of the text that --strip left: {found.text}",
        confidence="medium" if most else found.confidence,
        because=f"{found.because} It left {left:.0f} characters a document on average. Whether "
        "what it took out is a heading, or what the documents say, was not seen.",
    )

"""A comparison's verdict: less varied, as varied or more varied than the reference, with caveats.

Idea:   differences other than in variety are named in the verdict and lower its confidence; an
        all-clear is given only if there are none.
Run:    python -m synthdata compare synthetic.jsonl --ref human.jsonl
Omits:  a single collection, and the gate (`synthdata.verdicts.verdict`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from synthdata.comparison.unlike import unlike_scripts
from synthdata.diversity.intervals import FEWEST
from synthdata.diversity.quantities import REGISTRY
from synthdata.verdicts.verdict import MANY, MANY_COPIES, Confidence, Verdict, ends

if TYPE_CHECKING:
    from synthdata.comparison.compare import Comparison, Difference
    from synthdata.diversity.measure import Measure
    from synthdata.similarity.boilerplate import Boilerplate

_ALPHA = 0.05


def of_comparison(compared: Comparison) -> Verdict:
    """Less varied, as varied, or more varied than the reference, and by which numbers."""
    tested = [d for d in compared.differences.values() if not math.isnan(d.p_holm)]
    few = min(compared.units)
    if few < FEWEST or not tested:
        grouped = compared.units != compared.documents
        what = "groups of documents that depend on each other" if grouped else "documents"
        return Verdict(
            text="Too few documents to compare.",
            confidence="none",
            because=f"The smaller side has {few:,} {what}; at least {FEWEST} are needed.",
        )
    counted = sum(d.testable for d in tested)
    if counted / (compared.permutations + 1) >= _ALPHA:  # Holm's smallest p
        return Verdict(
            text="Too few permutations to find a difference.",
            confidence="none",
            because=f"With {compared.permutations:,} and {counted} quantities no corrected p "
            f"can be below {_ALPHA}; take {math.ceil(counted / _ALPHA):,} or more.",
        )
    small = [d for d in tested if d.p_holm < _ALPHA]
    sure = [d for d in small if not _holds_none(d.ratio)]
    worse = [d for d in sure if _loss(d) > 0]
    better = [d for d in sure if _loss(d) < 0]
    at = f"At {compared.matched}"
    firm: Confidence = "high" if few >= MANY else "medium"
    unlike = [unlike_lengths(compared), scripts_said(compared)]
    besides = "".join(f" {said}" for said in (*unlike, _inside(compared)) if said)
    if any(unlike):
        firm = "low"
    named = "" if not unlike[1] else "; but the scripts differ, so that is not of variety alone"
    if worse and not better:
        return Verdict(
            text=f"Less varied than the reference: {_said(worse[0])}{named}.",
            confidence="low" if _undone(worse) else firm,
            because=f"{at}: {_list(worse)}.{_events(compared, worse)}{besides}",
            tone="bad",
        )
    if better and not worse:
        return Verdict(
            text=f"More varied than the reference: {_said(better[0])}{named}.",
            confidence="low" if _undone(better) else firm,
            because=f"{at}: {_list(better)}. More varied is not better: noise is very varied."
            f"{_events(compared, better)}{besides}",
        )
    if worse:
        return Verdict(
            text=f"Less varied in one way, {_said(worse[0])}; more in another, {_said(better[0])}"
            f"{named}.",
            confidence="low" if any(unlike) or _undone(sure) else "medium",
            because=f"{at}, less: {_list(worse)}; more: {_list(better)}."
            f"{_events(compared, sure)}{besides}",
            tone="bad",
        )
    return _none_found(compared, tested, small, besides)


def _none_found(
    compared: Comparison, tested: Sequence[Difference], small: Sequence[Difference], besides: str
) -> Verdict:
    """The verdict if no difference is certain; an all-clear if the data could show a loss."""
    needed = [d for d in tested if d.name == "hill1" and math.isfinite(d.needed)]
    have = min(compared.documents)
    enough = bool(needed) and have >= needed[0].needed and not small
    found = "no difference is larger than chance makes"
    if small:  # p and interval disagree about the same gap
        found = (
            f"the intervals of what seems to differ hold no difference ({_list(small)}): the two "
            "do not agree, and more documents would settle it"
        )
    signed = enough and not unsigned(compared)
    power = f" {_power(needed[0], have, signed)}" if needed and not small else ""
    copies = compared.measures["copied"].value
    copied = ""
    if copies >= MANY_COPIES:
        copied = f" But {copies:.0%} of the documents stand word for word in the reference."
    text = "No loss of variety against the reference was found"
    inside = compared.inside
    if inside is not None and inside.unseen:
        text += " between groups; within them it was not compared"
    if scripts_said(compared):
        text += "; but the scripts differ, so variety cannot be told"
    return Verdict(
        text=f"{text}.",
        confidence="high" if signed else "low",
        because=f"At {compared.matched}, {found}.{power}{_events(compared, ())}{besides}{copied}",
        tone="good" if signed and not copied else "neutral",
    )


def _power(hill1: Difference, have: int, signed: bool) -> str:
    """Documents that would show a loss; not named if below the minimum of a comparison."""
    if hill1.needed_high < FEWEST:
        return f"To see a loss of 10 %, the {FEWEST} documents a side that any comparison needs do."
    return (
        f"To see a loss of 10 %, about {hill1.needed:,.0f} documents a side are needed "
        f"({hill1.needed_low:,.0f} to {hill1.needed_high:,.0f}); "
        + ("these are enough." if signed else f"there are {have:,}.")
    )


# -- differences other than in variety -------------------------------------------------------------


def unsigned(compared: Comparison, *, of_words: bool = True) -> str:
    """Why there is no all-clear: differences other than in variety; empty if there are none.

    Scripts matter only for quantities of words, not for those of whole documents.
    """
    inside = compared.inside
    parts = (
        unlike_lengths(compared),
        scripts_said(compared) if of_words else "",
        str(inside) if inside is not None and inside.large else "",
    )
    return " ".join(filter(None, parts))


def unlike_lengths(compared: Comparison) -> str:
    """A sentence if the sides' documents differ in length; empty if they do not."""
    if not compared.unlike_lengths:
        return ""
    one, two = compared.lengths
    return (
        f"Documents of {one:.3g} {compared.tokeniser}s on average stand beside documents of "
        f"{two:.3g}, and that alone changes these numbers: compare a common window (--match "
        "window)."
    )


def scripts_said(compared: Comparison) -> str:
    """A sentence if the sides are in different scripts; empty if they are not."""
    found = unlike_scripts(compared.scripts)
    if not found:
        return ""
    return (
        f"The sides are not written in the same scripts ({found}), which alone changes numbers of "
        "words, so variety cannot be told from them: compare each language by itself."
    )


def _inside(compared: Comparison) -> str:
    return "" if compared.inside is None else str(compared.inside)


def with_fixed(verdict: Verdict, fixed: Boilerplate) -> Verdict:
    """A comparison's verdict, without an all-clear if a fixed passage may hide a loss."""
    if verdict.tone == "bad" or not fixed.passages:
        return verdict
    return replace(
        verdict,
        confidence="none" if verdict.confidence == "none" else "low",
        tone="neutral",
        because=f"{verdict.because} But {fixed_said(fixed)}",
    )


def fixed_said(fixed: Boilerplate) -> str:
    """A sentence on what a passage in nearly every document may hide."""
    return (
        f"one passage stands in {fixed.stands_in:.0%} of the documents, and such passages are "
        f"{fixed.share:.0%} of the text, behind which the rest may have lost some: --strip takes "
        "them out."
    )


def _events(compared: Comparison, sure: Sequence[Difference]) -> str:
    """A sentence on the gaps if clusters are events; for near-duplicates, only if it matters."""
    if undone := _if_events(sure):
        return undone
    found = compared.differences.get("near_duplicates")
    if found is None or found.ratio.by_cluster is None or not found.ratio.hangs_on_clusters:
        return ""
    low, high = found.ratio.by_cluster
    return (
        " If each cluster of near-duplicates is one event, told several times, the difference in "
        f"their share is {low:.1%} to {high:.1%}; --group says what belongs together."
    )


def _undone(named: Sequence[Difference]) -> list[Difference]:
    """Gaps that vanish if clusters of near-duplicates are events.

    A verdict is as certain as the weakest gap it names: intervals by cluster are for single gaps,
    so of two or more made by chance one survives more often than one time in twenty.
    """
    found = []
    for difference in named:
        ratio = difference.ratio
        same = 1.0 if ratio.name.endswith("_ratio") else 0.0
        if ratio.by_cluster is not None and ratio.by_cluster[0] <= same <= ratio.by_cluster[1]:
            found.append(difference)
    return found


def _if_events(named: Sequence[Difference]) -> str:
    """A sentence naming the gaps that vanish if clusters of near-duplicates are events."""
    undone = _undone(named)
    if not undone:
        return ""
    which = "such a gap"
    if len(undone) < len(named):
        which = f"the gap in {'; '.join(map(_plain, undone))}"
    return (
        " But if each cluster of near-duplicates is one event (a prompt asked again, a file pasted "
        f"in), chance makes {which}; --group says what belongs together."
    )


# -- a difference in words -------------------------------------------------------------------------


def _loss(difference: Difference) -> float:
    """Positive if the synthetic collection is less varied."""
    ratio = difference.ratio
    if ratio.name.endswith("_ratio"):
        return 1 - ratio.value
    return ratio.value if ratio.direction == "lower is more varied" else -ratio.value


def _holds_none(ratio: Measure) -> bool:
    """Whether the interval contains no difference; without an interval p alone decides."""
    none = 1.0 if ratio.name.endswith("_ratio") else 0.0
    return ratio.has_interval and ratio.low <= none <= ratio.high


def _plain(difference: Difference) -> str:
    quantity = REGISTRY[difference.name]
    return quantity.noun or quantity.name


def _said(difference: Difference) -> str:
    name = _plain(difference)
    if difference.ratio.name.endswith("_ratio"):
        return f"{name} at {difference.ratio.value:.0%} of the reference's"
    return f"{name} {difference.synthetic:.2f} where it has {difference.reference:.2f}"


def _list(differences: Sequence[Difference]) -> str:
    of = {True: "", False: "difference "}  # the two values are beside it, and it is of neither
    return "; ".join(
        f"{_said(d)}{ends(d.ratio, of[d.ratio.name.endswith('_ratio')])}, "
        f"p = {d.p_holm:.2g} after Holm"
        for d in differences
    )

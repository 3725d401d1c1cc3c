"""From numbers to a sentence: the verdict, its confidence, and the reason.

Idea:   a sentence is only as good as the interval behind it. If the whole interval is on one side
        of a line, the sentence is firm; if it straddles the line, the sentence says so.
Omits:  opinions on quality; two collections side by side (`synthdata.verdicts.against`).

The lines: a tenth of the documents in near-duplicate clusters, or filling a template, or a tenth of
the text in passages that other documents have, is repetitive, half is collapsed; the worst of the
three decides. Below 20 documents there is no verdict (they can still decide a gate's rule:
confidence is low); confidence is high from 200 on. If documents depend on each other, their groups
are counted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from synthdata.diversity.intervals import FEWEST, share_interval
from synthdata.diversity.measure import Measure

if TYPE_CHECKING:
    from synthdata.similarity.boilerplate import Boilerplate

Tone = Literal["good", "bad", "neutral"]
Confidence = Literal["high", "medium", "low", "none"]

REPETITIVE, COLLAPSED = 0.1, 0.5
MANY = 200
MANY_COPIES = 0.1
"""The share of copied documents from which an all-clear mentions them."""
LEVELS: tuple[Confidence, ...] = ("high", "medium", "low", "none")
_NO_REFERENCE = (
    "Without a reference, a loss of variety that leaves no copies behind stays unseen: "
    "compare with texts you trust (python -m synthdata compare)."
)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One sentence and the evidence behind it."""

    text: str
    """The sentence, in plain words."""
    confidence: Confidence
    """Confidence that the numbers allow."""
    because: str
    """The numbers behind it."""
    tone: Tone = "neutral"
    """Whether the verdict is good news."""


def of_collection(
    n: int,
    repeated: Measure,
    top_share: float,
    kind: str,
    *,
    units: int | None = None,
    others: Sequence[tuple[Measure, str]] = (),
    masked: Measure | None = None,
    boilerplate: Boilerplate | None = None,
) -> Verdict:
    """The verdict on n documents from their shares of repetition: the worst decides, and is named.

    `units` is the number of their groups, if they depend on each other; otherwise each is its own.
    `repeated` is a share with its interval, `kind` names it ("near-duplicates"); `top_share` is the
    share of the three largest clusters, nan if unknown. `others` are more shares, with their
    wording ("of documents fill a template"); one without an interval has Wilson's, of units.
    `masked` are the near-duplicates once numbers are masked: numbers may be what a text is about,
    so this can only prevent an all-clear. `boilerplate` is in nearly every document.
    """
    grouped, units = units is not None and units < n, units or n
    if units < FEWEST:
        return _too_few(n, units if grouped else None)
    if math.isnan(repeated.value):
        return Verdict(
            text="Nothing to measure.", confidence="none", because="; ".join(repeated.warnings)
        )
    signs = [(repeated, f"of documents are {kind}")]
    signs += [(measure, said) for measure, said in others if not math.isnan(measure.value)]
    because = _shares(n, kind, signs, top_share)
    firm: Confidence = "high" if units >= MANY else "medium"
    levels = [_level(measure, units) for measure, _ in signs]
    worst = levels.index(max(levels))
    measure, said = signs[worst]
    named = f"{measure.value:.1%} {said}"
    if boilerplate is not None and boilerplate.passages:
        because += (
            f" One passage stands in {boilerplate.stands_in:.0%} of the documents and is "
            f"{boilerplate.share:.0%} of the text: --strip takes it out, if it is not content."
        )
        if levels[worst] >= 1 and boilerplate.varied:
            return Verdict(
                text="Cannot tell: one passage in nearly every document hides the rest, which "
                "varies.",
                confidence="low",
                because=because,
            )
    if levels[worst] >= 1:
        text, line = "Repetitive: a good part of it has been said before", REPETITIVE
        if levels[worst] >= 2:
            text, line = "Collapsed: most of it says the same few things again", COLLAPSED
        if measure.by_cluster and measure.by_cluster[0] < line:
            firm = "low"
        return Verdict(text=f"{text} ({named}).", confidence=firm, because=because, tone="bad")
    undecided = [m for (m, _), level in zip(signs, levels) if level > 0]
    if undecided and not any(m.value for m in undecided):
        return Verdict(
            text="Too few documents to say: none repeats another, which chance may do.",
            confidence="low",
            because=f"{because} Of {n:,}, up to {_reach(undecided[0], units)[1]:.0%} might. "
            f"{_NO_REFERENCE}",
        )
    if undecided:
        return Verdict(
            text=f"Perhaps repetitive: this many {'groups of ' if grouped else ''}documents do not "
            f"decide it ({named}).",
            confidence="low",
            because=because,
        )
    if masked is not None and _level(masked, units) >= 1:
        return Verdict(
            text=f"Perhaps repetitive: but for their numbers, {masked.value:.1%} of documents are "
            f"{kind}.",
            confidence="low",
            because=f"{because} Whether numbers are what they say, one must look.",
        )
    more = ", fill a template or share passages" if others else ""
    return Verdict(
        text=f"No collapse to be seen: few documents repeat another{more}. The same said in other "
        "words would not be seen.",
        confidence=firm,
        because=f"{because} {_NO_REFERENCE}",
        tone="good",
    )


def _too_few(n: int, groups: int | None) -> Verdict:
    """The verdict on fewer than 20 documents, or groups of them."""
    there, what = f"There are {n:,}", "documents"
    if groups is not None:
        plural = "" if groups == 1 else "s"
        there += f", in {groups:,} group{plural} of documents that hang together"
        what = "groups of documents"
    return Verdict(
        text=f"Too few {what} to say.",
        confidence="none",
        because=f"{there}; below {FEWEST} chance decides. {_NO_REFERENCE}",
    )


def _shares(n: int, kind: str, signs: Sequence[tuple[Measure, str]], top_share: float) -> str:
    """The shares behind a verdict, in sentences; the first is that of repeated documents."""
    repeated = signs[0][0]
    share = "None" if repeated.value == 0 else f"{repeated.value:.1%}"
    said = f"{share} of {n:,} documents are {kind}{ends(repeated)}"
    if top_share > 0 and repeated.value > 0:
        said += f"; the three largest clusters hold {top_share:.1%} of everything"
    said += "".join(f"; {measure.value:.1%} {what}" for measure, what in signs[1:]) + "."
    if repeated.by_cluster and repeated.hangs_on_clusters:
        low, high = repeated.by_cluster
        said += f" If each cluster is one event, told several times, {low:.1%} to {high:.1%} are."
    return said


def _reach(share: Measure, units: int) -> tuple[float, float]:
    """Both ends of a share's interval, Wilson's if it has none of its own."""
    if share.has_interval:
        return share.low, share.high
    return share_interval(round(share.value * units), units)


def _level(share: Measure, units: int) -> float:
    """Level: 2 surely half or more, 1 surely a tenth or more, 0.5 perhaps, 0 surely less."""
    low, high = _reach(share, units)
    if low >= COLLAPSED:
        return 2
    if low >= REPETITIVE:
        return 1
    return 0.5 if high >= REPETITIVE else 0


def cluster_note(found: Iterable[Measure]) -> tuple[str, ...]:
    """A note for the reader if intervals depend on what a cluster of near-duplicates is."""
    wide = [measure for measure in found if measure.hangs_on_clusters]
    if not wide:
        return ()
    shown = [
        f"{m.name}: {m.low_by_cluster:.3g} to {m.high_by_cluster:.3g}, not {m.low:.3g} to "
        f"{m.high:.3g}"
        for m in wide
    ]
    return (
        "documents were taken for independent; if each cluster of near-duplicates is one event "
        "(a prompt asked again, a file pasted in), intervals are wider. One file cannot tell: "
        "--group FIELD says what belongs together, --group none that nothing does",
        *(
            "if each cluster is one event, " + "; ".join(shown[i : i + 4])
            for i in range(0, len(shown), 4)
        ),
    )


def of_stream(n: int, types: Measure) -> Verdict:
    """The verdict of one pass: the number of documents that repeat another verbatim.

    A small number is not an all-clear: one pass does not detect near-duplicates.
    """
    share = Measure(
        name="repeated",
        value=max(0.0, 1 - types.value / n) if n else math.nan,
        low=max(0.0, 1 - types.high / n) if types.has_interval else math.nan,
        high=min(1.0, 1 - types.low / n) if types.has_interval else math.nan,
        n=n,
        method=types.method,
        unit="share",
        direction="lower is more varied",
        warnings=() if n else ("there are no documents",),
    )
    verdict = of_collection(n, share, math.nan, "repeated word for word")
    if verdict.tone != "good":
        return verdict
    return replace(
        verdict,
        text="Few documents repeat another word for word; one pass sees no other repetition.",
        because=f"{verdict.because} Near-duplicates show without --stream, on a --sample if need "
        "be.",
        tone="neutral",
    )


def ends(measure: Measure, of: str = "") -> str:
    """The interval in brackets, and `of` what it is; empty if there is none."""
    if not measure.has_interval:
        return ""
    if measure.unit in ("share", "times"):
        return f" ({of}95 %: {measure.low:.1%} to {measure.high:.1%})"
    return f" ({of}95 %: {measure.low:.3g} to {measure.high:.3g})"

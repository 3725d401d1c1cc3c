"""What a rule of the gate misses, although it holds.

Idea:   a rule is judged as written, and its author may have meant more. A rule about copies misses
        a sentence whose number changes; one about words misses synonyms; one about the reference is
        no evidence if the sides differ in more than variety. So each judgement is checked again:
        what is missed is measured, reported with it, and lowers its confidence; if `compare` would
        give no all-clear, the outcome is "cannot tell".
Run:    python -m synthdata gate data.jsonl --rule 'near_duplicates<=0.02'
Omits:  paraphrases of whole sentences: no number here detects them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import replace

from synthdata.comparison.compare import Comparison
from synthdata.diversity.intervals import share_interval
from synthdata.panel import whole_sample
from synthdata.panel.panel import MASKED
from synthdata.panel.sheet import Sheet
from synthdata.verdicts import against
from synthdata.verdicts.rules import RULES, Judgement
from synthdata.verdicts.verdict import REPETITIVE

COPIES = ("near_duplicates", MASKED, "top3_clusters")
"""Quantities raised by one passage in every document (a prompt, a header), whatever the rest."""
OF_COPIES = ("near_duplicates", "top3_clusters", "near_duplicates_difference")
"""Quantities from which a changing number hides copies."""
OF_DOCUMENTS = ("documents_hill1_ratio", "near_duplicates_difference")
"""Rules that compare whole documents, for which scripts do not matter."""
OF_WORDS = ("hill1_ratio", "hill2_ratio")
"""Rules that synonyms help to pass."""


def of_collection(
    judged: Judgement, sheet: Sheet, reference: Callable[[], Sheet], asked: Collection[str]
) -> Judgement:
    """The judgement with the copies that its rule misses.

    `asked` are the names of all rules; none of these needs to be recommended as one that detects
    more. `reference` makes the other side's sheet, if a rule is about a difference.
    """
    name, outcome = judged.rule.name, judged.outcome
    if outcome != "pass":
        return _unless_fixed(judged, sheet) if name in COPIES else judged
    if name not in OF_COPIES or judged.rule.sign != "<=":
        return judged
    most = judged.rule.threshold
    shares = _hidden(sheet, top3=name == "top3_clusters")
    more = {what: share for what, share in shares.items() if _surely(share, sheet.units, most)}
    if more and name == "near_duplicates_difference":
        other = _hidden(reference(), top3=False)
        more = {w: share for w, share in more.items() if share - other[w] >= max(most, REPETITIVE)}
    if MASKED in asked or sheet.near_masked is sheet.near:  # no number to mask
        more.pop(MASKED, None)
    if not more:
        return judged
    parts = []
    if MASKED in more:
        of = "the three largest clusters hold" if name == "top3_clusters" else f"{MASKED} is"
        parts.append(
            f"{of} {shares[MASKED]:.1%} once numbers are masked: but for their numbers these are "
            f"copies, and the rule {MASKED}<={most:g} sees them"
        )
    said = {
        "templates": f"{shares['templates']:.1%} of the documents fill a template",
        "repeated": f"{shares['repeated']:.1%} of the text stands in passages that other documents "
        "have too",
    }
    if rest := [said[what] for what in said if what in more]:
        parts.append(f"{' and '.join(rest)} (measure shows them; no rule is about that)")
    return replace(judged, at_most="low", reason=f"{judged.reason}; but {'; '.join(parts)}")


def of_reference(
    judged: Judgement, comparison: Comparison, sheet: Sheet, asked: Collection[str]
) -> Judgement:
    """The judgement with the sides' differences other than in variety."""
    name = judged.rule.name
    if not RULES[name].needs_reference or name == "copied" or judged.outcome == "cannot tell":
        return judged
    inside = comparison.inside
    why = against.unsigned(comparison, of_words=name not in OF_DOCUMENTS)
    if judged.outcome == "pass" and name == "near_duplicates_difference" and not why:
        undecided = inside is not None and inside.unseen and inside.high > judged.rule.threshold
        why = str(inside) if undecided else ""
    if judged.outcome == "pass" and not why:
        fixed = whole_sample.fixed_passages(sheet)
        why = against.fixed_said(fixed) if fixed.passages else ""
    if why:
        if inside is not None and inside.unseen and str(inside) in why:
            why = f"{why} The rule near_duplicates looks into them."
        outcome = "cannot tell" if judged.outcome == "pass" else judged.outcome
        reason = f"{judged.reason}; but {why[0].lower()}{why[1:].rstrip('.')}"
        return replace(judged, outcome=outcome, at_most="low", reason=reason)
    bleu = comparison.differences.get("self_bleu")
    unasked = bleu is not None and name in OF_WORDS and "self_bleu_difference" not in asked
    if judged.outcome == "pass" and bleu is not None and unasked and bleu.ratio.low > 0:
        reason = (
            f"{judged.reason}; but documents are more like each other (self-BLEU "
            f"{bleu.synthetic:.2f} where the reference has {bleu.reference:.2f}, difference 95 % "
            f"{bleu.ratio.low:.2g} to {bleu.ratio.high:.2g}), as where the same is said in other "
            "words: the rule self_bleu_difference sees that"
        )
        return replace(judged, at_most="medium", reason=reason)
    return judged


def _unless_fixed(judged: Judgement, sheet: Sheet) -> Judgement:
    """The judgement; a rule is not broken if a fixed passage hides a rest that varies."""
    fixed = whole_sample.fixed_passages(sheet)
    if not (fixed.passages and fixed.varied):
        return judged
    reason = (
        f"{judged.reason}; but one passage stands in {fixed.stands_in:.0%} of the documents and is "
        f"{fixed.share:.0%} of the text, and the rest varies; --strip takes it out"
    )
    return replace(judged, outcome="cannot tell", reason=reason)


def _hidden(sheet: Sheet, *, top3: bool) -> dict[str, float]:
    """Shares of repetition that near-duplicates miss, 0 to 1; nan if undefined."""
    near = sheet.near_masked
    frames = whole_sample.frames_of(sheet)
    filled, looked = frames.filled, frames.documents
    return {
        MASKED: near.top_share(3) if top3 else near.share,
        "templates": filled / looked if looked else math.nan,
        "repeated": whole_sample.passages_of(sheet).share,
    }


def _surely(share: float, units: int, most: float) -> bool:
    """Whether a share's whole interval (Wilson's) is above the threshold, and above a tenth."""
    if math.isnan(share):
        return False
    return share_interval(round(share * units), units)[0] > max(most, REPETITIVE)

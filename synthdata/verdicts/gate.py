"""Yes, no, or not enough data: rules for a continuous-integration gate.

Idea:   a rule compares one quantity with a threshold. It passes where the whole 95 % interval meets
        the threshold, fails where the whole interval misses it, and otherwise nobody can tell from
        these data, which is an answer of its own. So it is where documents as units say one thing
        and clusters of near-duplicates another (`Measure.by_cluster`).
Run:    python -m synthdata gate synthetic.jsonl --ref human.jsonl --rule 'hill1_ratio>=0.8'
Omits:  one verdict from many numbers. Every rule is judged on its own; the worst decides. What a
        rule of the reference may not see although it holds: `synthdata.verdicts.unseen`.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass

from synthdata.comparison.compare import Comparison, compare
from synthdata.comparison.equal_terms import Match
from synthdata.comparison.pool import QUANTITIES
from synthdata.diversity.intervals import FEWEST
from synthdata.diversity.measure import Measure
from synthdata.panel.panel import only
from synthdata.panel.sheet import Sheet
from synthdata.similarity import boilerplate
from synthdata.text.tokens import DEFAULT_POLICY, Policy, Tokenise, check_texts
from synthdata.verdicts import unseen
from synthdata.verdicts.rules import RULES, Judgement, Outcome, Rule, judge, parse, rules_help
from synthdata.verdicts.verdict import LEVELS, MANY, Confidence, Tone, Verdict

__all__ = ["RULES", "Gate", "Judgement", "Rule", "gate", "judge", "parse", "rules_help"]

EXIT_CODES: dict[Outcome, int] = {"pass": 0, "fail": 1, "cannot tell": 2}
"""What the command returns; 3 is for usage and input errors."""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """All rules judged."""

    judgements: tuple[Judgement, ...]
    """One for each rule, in their order."""
    notes: tuple[str, ...] = ()
    """What makes the two sides unlike, beside their variety."""
    mixture: tuple[dict[str, float], ...] = ()
    """Of each side's words, the share that are single characters; empty without a comparison."""

    @property
    def outcome(self) -> Outcome:
        """Fail if any rule fails, else cannot tell if any cannot be told, else pass."""
        outcomes = [judgement.outcome for judgement in self.judgements]
        if "fail" in outcomes:
            return "fail"
        return "cannot tell" if "cannot tell" in outcomes else "pass"

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 2 cannot tell."""
        return EXIT_CODES[self.outcome]

    def __str__(self) -> str:
        return "\n".join(map(str, self.judgements))


def gate(
    texts: Sequence[str],
    rules: Sequence[str | Rule],
    *,
    reference: Sequence[str] | None = None,
    groups: Sequence[Hashable] | None = None,
    reference_groups: Sequence[Hashable] | None = None,
    match: Match = "tokens",
    tokeniser: str | Tokenise | None = None,
    policy: Policy = DEFAULT_POLICY,
    permutations: int = 0,
    seed: int = 0,
) -> Gate:
    """Judge a collection by rules.

    Only what the rules are about is measured, and what comes with it (a comparison also has support
    and copies), with the numbers that `measure` and `compare` give. `groups` and `reference_groups`
    say which documents depend on each other (one prompt, one author); they are left out together.
    Nothing is said of a side without documents, or with none but empty ones.

    A rule holds as it is written; what it does not see is said with it, and takes its confidence.
    Where `compare` would sign no all-clear (documents of other lengths, other scripts, groups cut
    to one document, a passage in nearly every document) a rule of the reference that holds cannot
    be told, and one that is broken has low confidence.

    Where nobody has said (`groups` is None) and the interval with clusters of near-duplicates as
    units does not give the same answer, nobody can tell either; nor where documents are
    near-duplicates only by one passage that nearly all of them have.

    With the threshold at the true value a rule fails, wrongly, about one time in forty, and passes
    as often: the price of a 95 % interval, and one in fourteen at the worst that was measured
    (tests/benchmarks/bench_synthdata_intervals.py). Rules are not corrected for their number.

    ValueError for a rule that cannot be read, for no rule, or for a rule that needs a reference
    where none is given.

    >>> gate(["ha", "ha"], ["near_duplicates<=0.02"]).outcome
    'cannot tell'
    """
    asked = [rule if isinstance(rule, Rule) else parse(rule) for rule in rules]
    if not asked:
        raise ValueError("a gate needs a rule, such as 'near_duplicates<=0.02'")
    missing = [rule.name for rule in asked if RULES[rule.name].needs_reference]
    if missing and reference is None:
        raise ValueError(f"{missing[0]} compares with a reference; name one with --ref")
    alone: dict[str, Measure] = {}
    comparison: Comparison | None = None
    check_texts(texts)
    empty = _empty(texts, "collection", policy)
    one_empty = empty or _empty(() if reference is None else reference, "reference", policy)
    sheet: Sheet | None = None
    if not empty:
        names = {r.name for r in asked if not RULES[r.name].needs_reference}
        sheet = only(texts, names, groups=groups, tokeniser=tokeniser, policy=policy, seed=seed)
        alone = sheet.measures
    if missing and reference is not None and not one_empty:
        needed = {name.rsplit("_", 1)[0] for name in missing} & set(QUANTITIES)
        if needed:  # clusters of them may be events, which widen every interval
            needed.add("near_duplicates")

        other_side: Sequence[str] = reference

        def beside(quantities: Collection[str]) -> Comparison:
            return compare(
                texts,
                other_side,
                groups=groups,
                reference_groups=reference_groups,
                match=match,
                tokeniser=tokeniser,
                policy=policy,
                quantities=[name for name in QUANTITIES if name in quantities],
                permutations=permutations,
                seed=seed,
            )

        comparison = beside(needed)
        if comparison.alike and needed & {"hill1", "hill2"}:  # synonyms make many words
            comparison = beside(needed | {"self_bleu"})
    own = len(texts) if groups is None else len(set(groups))
    names_asked = {rule.name for rule in asked}

    def other() -> Sheet:
        return only(
            reference or (),
            (),
            groups=reference_groups,
            tokeniser=tokeniser,
            policy=policy,
            seed=seed,
        )

    judgements = []
    for rule in asked:
        quantity, units = RULES[rule.name], own
        if quantity.needs_reference and comparison is not None:
            found = comparison.measure(quantity.key)
            if quantity.key != "copied":  # of which the reference is no sample
                units = min(comparison.units)
        elif quantity.key in alone:
            found = alone[quantity.key]
        else:
            found = Measure.undefined(quantity.key, one_empty, n=len(texts))
        judged = judge(rule, found, units)
        if sheet is not None:
            judged = unseen.of_collection(judged, sheet, other, names_asked)
        if sheet is not None and comparison is not None:
            judged = unseen.of_reference(judged, comparison, sheet, names_asked)
        judgements.append(judged)
    if comparison is None or sheet is None:
        return Gate(judgements=tuple(judgements))
    fixed = () if sheet.boilerplate is None else boilerplate.note(sheet.boilerplate)
    return Gate(
        judgements=tuple(judgements),
        notes=comparison.notes + fixed,
        mixture=comparison.mixture,
    )


def _empty(texts: Sequence[str], what: str, policy: Policy) -> str:
    """Why nothing can be said about these texts; empty if one of them says something."""
    if not len(texts):
        return f"the {what} has no documents"
    if not any(policy(text).strip() for text in texts):
        return f"every document of the {what} is empty"
    return ""


def of_gate(found: Gate) -> Verdict:
    """Pass, fail or cannot tell, the rules that decided, and how sure that is.

    Sure by the number of documents; of those that depend on each other, by that of their groups.
    """
    outcome = found.outcome
    deciding = [j for j in found.judgements if j.outcome == outcome]
    texts = {
        "pass": "Pass: every rule holds.",
        "fail": f"Fail: {len(deciding)} of {len(found.judgements)} rules broken.",
        "cannot tell": "Cannot tell: these data do not decide every rule.",
    }
    tones: dict[str, Tone] = {"pass": "good", "fail": "bad", "cannot tell": "neutral"}
    n = min((j.units for j in deciding), default=0)
    confidence: Confidence = "high" if n >= MANY else "medium"
    if outcome == "cannot tell" or n < FEWEST:
        confidence = "low"
    for judged in deciding:
        confidence = max(confidence, judged.at_most, key=LEVELS.index)
    return Verdict(
        text=texts[outcome],
        confidence=confidence,
        because="; ".join(f"{j.rule}: {j.reason}" for j in deciding) + ".",
        tone=tones[outcome],
    )

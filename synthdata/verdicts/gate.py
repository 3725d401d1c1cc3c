"""Yes, no, or not enough data: rules for a continuous-integration gate.

Idea:   a rule compares one quantity with a threshold. It passes if the whole 95 % interval meets
        the threshold, fails if the whole interval misses it, and otherwise the answer is "cannot
        tell". That is also the answer if documents as units say one thing and clusters of
        near-duplicates another (`Measure.by_cluster`).
Run:    python -m synthdata gate synthetic.jsonl --ref human.jsonl --rule 'hill1_ratio>=0.8'
Omits:  one verdict from many numbers. Every rule is judged on its own; the worst decides. What a
        rule about the reference may miss although it holds: `synthdata.verdicts.unseen`.
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
"""Exit code by outcome; 3 is for usage and input errors."""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """All rules judged."""

    judgements: tuple[Judgement, ...]
    """Judgement of each rule, in their order."""
    notes: tuple[str, ...] = ()
    """Differences between the sides other than in variety."""
    mixture: tuple[dict[str, float], ...] = ()
    """Share of each side's words that are single characters; empty without a comparison."""

    @property
    def outcome(self) -> Outcome:
        """Fail if any rule fails, else cannot tell if any rule cannot be judged, else pass."""
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

    Only the rules' quantities are measured, with what comes along (a comparison also has support
    and copies); the numbers are those of `measure` and `compare`. `groups` and `reference_groups`
    say which documents depend on each other (one prompt, one author); they are left out together. A
    side without documents, or with only empty ones, cannot be judged.

    A rule is judged as written; what it misses is reported with it, and lowers its confidence. If
    `compare` would give no all-clear (documents of other lengths, other scripts, groups cut to one
    document, a passage in nearly every document) a rule about the reference that holds becomes
    "cannot tell", and a broken one has low confidence.

    The outcome is also "cannot tell" if no groups were named (`groups` is None) and the interval
    with clusters of near-duplicates as units does not give the same answer, and if documents are
    near-duplicates only by one passage that nearly all of them have.

    With the threshold at the true value a rule wrongly fails about one time in forty, and passes as
    often: the price of a 95 % interval. The worst measured rate was one in fourteen
    (tests/benchmarks/bench_synthdata_intervals.py). Rules are not corrected for their number.

    ValueError for a rule that cannot be read, for no rule, or for a rule that needs a reference if
    none is given.

    >>> gate(["ha", "ha"], ["near_duplicates<=0.02"]).outcome
    'cannot tell'
    """
    asked = [rule if isinstance(rule, Rule) else parse(rule) for rule in rules]
    if not asked:
        raise ValueError("a gate needs a rule, such as 'near_duplicates<=0.02'")
    missing = [rule.name for rule in asked if RULES[rule.name].needs_reference]
    if missing and reference is None:
        raise ValueError(f"{missing[0]} compares with a reference; name one with --ref")
    check_texts(texts)
    empty = _empty(texts, "collection", policy)
    one_empty = empty or _empty(() if reference is None else reference, "reference", policy)
    sides = _Sides(
        texts=texts,
        reference=() if reference is None else reference,
        groups=groups,
        reference_groups=reference_groups,
        match=match,
        tokeniser=tokeniser,
        policy=policy,
        permutations=permutations,
        seed=seed,
    )
    sheet: Sheet | None = None
    if not empty:
        sheet = sides.sheet({r.name for r in asked if not RULES[r.name].needs_reference})
    comparison: Comparison | None = None
    if missing and not one_empty:
        comparison = sides.compared({name.rsplit("_", 1)[0] for name in missing})
    names = {rule.name for rule in asked}
    judgements = tuple(_judged(rule, sides, sheet, comparison, names, one_empty) for rule in asked)
    if comparison is None or sheet is None:
        return Gate(judgements=judgements)
    fixed = () if sheet.boilerplate is None else boilerplate.note(sheet.boilerplate)
    return Gate(
        judgements=judgements,
        notes=comparison.notes + fixed,
        mixture=comparison.mixture,
    )


@dataclass(frozen=True, kw_only=True)
class _Sides:
    """Both collections, and how they are measured."""

    texts: Sequence[str]
    reference: Sequence[str]
    groups: Sequence[Hashable] | None
    reference_groups: Sequence[Hashable] | None
    match: Match
    tokeniser: str | Tokenise | None
    policy: Policy
    permutations: int
    seed: int

    @property
    def units(self) -> int:
        """Number of the collection's groups; without groups, of its documents."""
        return len(self.texts) if self.groups is None else len(set(self.groups))

    def sheet(self, names: Collection[str]) -> Sheet:
        """The collection's own measures of these names."""
        return self._sheet(self.texts, names, self.groups)

    def other(self) -> Sheet:
        """The reference, of which nothing is measured yet."""
        return self._sheet(self.reference, (), self.reference_groups)

    def _sheet(
        self, texts: Sequence[str], names: Collection[str], groups: Sequence[Hashable] | None
    ) -> Sheet:
        return only(
            texts,
            names,
            groups=groups,
            tokeniser=self.tokeniser,
            policy=self.policy,
            seed=self.seed,
        )

    def compared(self, names: Collection[str]) -> Comparison:
        """The comparison in those of the names that are tested, and in what a reader of them needs.

        Clusters of near-duplicates may be events, which widen every interval, and synonyms make
        many words: then likeness (self-BLEU) decides.
        """
        needed = set(names) & set(QUANTITIES)
        if needed:
            needed.add("near_duplicates")
        comparison = self._beside(needed)
        if comparison.alike and needed & {"hill1", "hill2"}:
            comparison = self._beside(needed | {"self_bleu"})
        return comparison

    def _beside(self, quantities: Collection[str]) -> Comparison:
        return compare(
            self.texts,
            self.reference,
            groups=self.groups,
            reference_groups=self.reference_groups,
            match=self.match,
            tokeniser=self.tokeniser,
            policy=self.policy,
            quantities=[name for name in QUANTITIES if name in quantities],
            permutations=self.permutations,
            seed=self.seed,
        )


def _judged(
    rule: Rule,
    sides: _Sides,
    sheet: Sheet | None,
    comparison: Comparison | None,
    asked: Collection[str],
    nothing: str,
) -> Judgement:
    """One rule judged by its measure; `nothing` says why there is none. `asked` are all rules."""
    quantity, units = RULES[rule.name], sides.units
    if quantity.needs_reference and comparison is not None:
        found = comparison.measure(quantity.key)
        if quantity.key != "copied":  # the reference is not a sample of copies
            units = min(comparison.units)
    elif sheet is not None and quantity.key in sheet.measures:
        found = sheet.measures[quantity.key]
    else:
        found = Measure.undefined(quantity.key, nothing, n=len(sides.texts))
    judged = judge(rule, found, units)
    if sheet is None:
        return judged
    judged = unseen.of_collection(judged, sheet, sides.other, asked)
    return judged if comparison is None else unseen.of_reference(judged, comparison, sheet, asked)


def _empty(texts: Sequence[str], what: str, policy: Policy) -> str:
    """Why these texts cannot be judged; empty if one of them has content."""
    if not len(texts):
        return f"the {what} has no documents"
    if not any(policy(text).strip() for text in texts):
        return f"every document of the {what} is empty"
    return ""


def of_gate(found: Gate) -> Verdict:
    """The verdict: pass, fail or cannot tell, the rules that decided, and the confidence.

    Confidence depends on the number of documents; if they depend on each other, of groups.
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

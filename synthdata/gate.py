"""Yes, no, or not enough data: rules for a continuous-integration gate.

Idea:   a rule compares one quantity with a threshold. It passes where the whole 95 % interval meets
        the threshold, fails where the whole interval misses it, and otherwise nobody can tell from
        these data, which is an answer of its own. So it is where documents as units say one thing
        and clusters of near-duplicates another (`Measure.by_cluster`).
Run:    python -m synthdata gate synthetic.jsonl --ref human.jsonl --rule 'hill1_ratio>=0.8'
Omits:  one verdict from many numbers. Every rule is judged on its own; the worst decides.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from synthdata.compare import Comparison, compare
from synthdata.matched import QUANTITIES, Match
from synthdata.measures import Measure
from synthdata.panel import fixed_passages, only
from synthdata.sheet import Sheet
from synthdata.tokens import DEFAULT_POLICY, Policy, Tokenise, check_texts

Outcome = Literal["pass", "fail", "cannot tell"]

EXIT_CODES: dict[Outcome, int] = {"pass": 0, "fail": 1, "cannot tell": 2}
"""What the command returns; 3 is for usage and input errors."""


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """Something a rule may be about."""

    definition: str
    """What it is, as `--help` shows it."""
    needs_reference: bool
    """Whether it compares with a reference collection."""
    measure: str
    """Name of its measure in the panel or the comparison."""
    minimum_coverage: float = 0.0
    """Below this coverage nobody can tell."""


RULES: dict[str, Quantity] = {
    "hill1_ratio": Quantity(
        definition="Hill number of order 1 of word unigrams, synthetic over reference, at equal "
        "terms (--match, tokens unless said); cannot tell below 50 % coverage",
        needs_reference=True,
        measure="hill1_ratio",
        minimum_coverage=0.5,
    ),
    "hill2_ratio": Quantity(
        definition="Hill number of order 2 of word unigrams, synthetic over reference, at equal "
        "terms (--match, tokens unless said); cannot tell below 50 % coverage",
        needs_reference=True,
        measure="hill2_ratio",
        minimum_coverage=0.5,
    ),
    "documents_hill1_ratio": Quantity(
        definition="Hill number of order 1 of whole documents, synthetic over reference, at an "
        "equal number of documents; cannot tell where the synthetic documents cover less than 50 % "
        "of their source, as when each is different",
        needs_reference=True,
        measure="documents_hill1_ratio",
        minimum_coverage=0.5,
    ),
    "self_bleu_difference": Quantity(
        definition="self-BLEU of the synthetic collection minus that of the reference, at an equal "
        "number of documents (300 a side at most)",
        needs_reference=True,
        measure="self_bleu_difference",
    ),
    "near_duplicates_difference": Quantity(
        definition="near_duplicates of the synthetic collection minus that of the reference, at an "
        "equal number of documents",
        needs_reference=True,
        measure="near_duplicates_difference",
    ),
    "copied": Quantity(
        definition="share of synthetic documents that stand word for word in the reference",
        needs_reference=True,
        measure="copied",
    ),
    "support_recall": Quantity(
        definition="share of the reference's word 2-grams that the synthetic collection has too, "
        "at an equal number of documents",
        needs_reference=True,
        measure="support_recall",
    ),
    "near_duplicates": Quantity(
        definition="share of documents in a near-duplicate pair",
        needs_reference=False,
        measure="near_duplicates",
    ),
    "near_duplicates_masked": Quantity(
        definition="share of documents in a near-duplicate pair once digits and hex runs are "
        "masked",
        needs_reference=False,
        measure="near_duplicates_masked",
    ),
    "top3_clusters": Quantity(
        definition="share of documents in the three largest clusters of near-duplicates",
        needs_reference=False,
        measure="top3_clusters",
    ),
    "documents_hill1": Quantity(
        definition="effective number of different documents (Hill number of order 1); cannot tell "
        "below 50 % coverage",
        needs_reference=False,
        measure="documents_hill1",
        minimum_coverage=0.5,
    ),
    "self_bleu": Quantity(
        definition="mean BLEU-4 of each document against all others; depends on n",
        needs_reference=False,
        measure="self_bleu",
    ),
    "words_entropy_source": Quantity(
        definition="entropy of the words of the source in bits (Chao-Wang-Jost estimate), not of "
        "the sample (words_entropy); cannot tell below 95 % coverage",
        needs_reference=False,
        measure="words_entropy_source",
        minimum_coverage=0.95,
    ),
}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A quantity, a direction and a threshold."""

    name: str
    """Which quantity (a key of `RULES`)."""
    sign: Literal[">=", "<="]
    """On which side of the threshold the rule is met."""
    threshold: float
    """The number."""

    def __post_init__(self) -> None:
        if self.name not in RULES:
            raise ValueError(f"no rule is about {self.name!r}; choose one of {', '.join(RULES)}")
        if not math.isfinite(self.threshold):
            raise ValueError(f"a threshold is a finite number, got {self.threshold}")

    def __str__(self) -> str:
        return f"{self.name}{self.sign}{self.threshold:g}"


def parse(text: str) -> Rule:
    """A rule from `name>=number` or `name<=number`; ValueError where it is not one.

    >>> parse("near_duplicates <= 0.02").threshold
    0.02
    """
    match = re.fullmatch(r"\s*(\w+)\s*(>=|<=)\s*(\S+)\s*", text)
    if not match:
        raise ValueError(f"a rule reads name>=number or name<=number, got {text!r}")
    name, sign, number = match.groups()
    try:
        threshold = float(number)
    except ValueError:
        raise ValueError(f"the threshold of {text!r} is not a number: {number!r}") from None
    return Rule(name=name, sign=">=" if sign == ">=" else "<=", threshold=threshold)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A rule and what the data say about it."""

    rule: Rule
    """The rule."""
    outcome: Outcome
    """Whether it is met."""
    measure: Measure
    """What was measured."""
    reason: str
    """Why, in a sentence."""
    units: int
    """On how many documents it rests; where they depend on each other, on how many groups of them,
    of the side that has fewer."""

    def __str__(self) -> str:
        return f"{self.outcome}: {self.rule} ({self.reason})"


@dataclass(frozen=True, kw_only=True)
class Gate:
    """All rules judged."""

    judgements: tuple[Judgement, ...]
    """One for each rule, in their order."""
    notes: tuple[str, ...] = ()
    """What makes the two sides unlike, beside their variety."""

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


def judge(rule: Rule, measured: Measure, units: int | None = None) -> Judgement:
    """Judge one rule by its measure's interval, which rests on `units` (or on its n) documents."""
    needed = RULES[rule.name].minimum_coverage
    rests_on = measured.n if units is None else min(units, measured.n)

    def answer(outcome: Outcome, reason: str) -> Judgement:
        return Judgement(
            rule=rule, outcome=outcome, measure=measured, reason=reason, units=rests_on
        )

    if math.isnan(measured.value):
        return answer("cannot tell", f"{rule.name} is undefined: {'; '.join(measured.warnings)}")
    if needed and not measured.coverage >= needed:
        return answer(
            "cannot tell",
            f"{rule.name} {measured.value:.4g}, but coverage {measured.coverage:.1%} is below the "
            f"{needed:.0%} it takes; give more data",
        )
    if not measured.has_interval:
        return answer(
            "cannot tell",
            f"{rule.name} {measured.value:.4g} has no interval: {'; '.join(measured.warnings)}",
        )
    shown = f"{rule.name} {measured.value:.4g}, 95 % {measured.low:.4g} to {measured.high:.4g}"
    outcome = _side(rule, measured.low, measured.high)
    if outcome == "cannot tell":
        return answer(outcome, f"{shown}: the interval holds the threshold; give more data")
    if measured.by_cluster and _side(rule, *measured.by_cluster) != outcome:
        low, high = measured.by_cluster
        return answer(
            "cannot tell",
            f"{shown}, but {low:.4g} to {high:.4g} if each cluster of near-duplicates is one event "
            "told again; --group FIELD says what belongs together, --group none that nothing does",
        )
    return answer(outcome, shown)


def _side(rule: Rule, low: float, high: float) -> Outcome:
    """On which side of the threshold the whole interval lies."""
    sign = 1 if rule.sign == ">=" else -1
    worst, best = sorted((sign * low, sign * high))
    if worst >= sign * rule.threshold:
        return "pass"
    return "fail" if best < sign * rule.threshold else "cannot tell"


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

    Where nobody has said (`groups` is None) and the interval with clusters of near-duplicates as
    units does not give the same answer, nobody can tell either; nor where documents are
    near-duplicates only by one passage that nearly all of them have. Of a comparison, clusters are
    near-duplicates where a rule is about near_duplicates_difference, else copies word for word.

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
        comparison = compare(
            texts,
            reference,
            groups=groups,
            reference_groups=reference_groups,
            match=match,
            tokeniser=tokeniser,
            policy=policy,
            quantities=[name for name in QUANTITIES if name in needed],
            permutations=permutations,
            seed=seed,
        )
    own = len(texts) if groups is None else len(set(groups))
    judgements = []
    for rule in asked:
        quantity, units = RULES[rule.name], own
        if quantity.needs_reference and comparison is not None:
            found = comparison.measure(quantity.measure)
            if quantity.measure != "copied":  # of which the reference is no sample
                units = min(comparison.units)
        elif quantity.measure in alone:
            found = alone[quantity.measure]
        else:
            found = Measure.undefined(quantity.measure, one_empty, n=len(texts))
        judged = judge(rule, found, units)
        judgements.append(_unless_fixed(judged, sheet) if judged.measure.name in COPIES else judged)
    notes = () if comparison is None else comparison.notes
    return Gate(judgements=tuple(judgements), notes=notes)


COPIES = ("near_duplicates", "near_duplicates_masked", "top3_clusters")
"""What one passage in every document, a prompt or a header, raises whatever else they say."""


def _unless_fixed(judged: Judgement, sheet: Sheet | None) -> Judgement:
    """The judgement; not that a rule is broken where a fixed passage hides a rest that varies."""
    if judged.outcome == "pass" or sheet is None:
        return judged
    fixed = fixed_passages(sheet)
    if not (fixed.passages and fixed.varied):
        return judged
    reason = (
        f"{judged.reason}; but one passage stands in {fixed.stands_in:.0%} of the documents and is "
        f"{fixed.share:.0%} of the text, and the rest varies; --strip takes it out"
    )
    return replace(judged, outcome="cannot tell", reason=reason)


def _empty(texts: Sequence[str], what: str, policy: Policy) -> str:
    """Why nothing can be said about these texts; empty where one of them says something."""
    if not len(texts):
        return f"the {what} has no documents"
    if not any(policy(text).strip() for text in texts):
        return f"every document of the {what} is empty"
    return ""


def rules_help() -> str:
    """Every rule's name and definition, a line each."""
    width = max(map(len, RULES))
    return "\n".join(
        f"{name:<{width}}  {quantity.definition}"
        + (" (needs --ref)" if quantity.needs_reference else "")
        for name, quantity in RULES.items()
    )

"""Every lesson's experiment under the ci profile, and the contract they all follow."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from labkit import figures, freshness
from labkit.experiment import BEST_FIRST, Criterion, Finding
from lessons.engine import catalogue
from lessons.engine.experiment import TOO_FEW, Experiment, find, overall, profile_wanted
from lessons.engine.groups import grouped
from lessons.engine.ledger import printed, records

LESSONS = [lesson.name for lesson in catalogue.lessons(having="experiment.py")]
SEEDS = (0, 1, 2)
AT_THE_FLOOR = {"one_look_memory", "optimisation_was_the_bottleneck"}
"""Lessons whose ci profile learns nothing: what is judged is at its floor for every seed."""


Measured = Callable[[str], list[dict[str, Any]]]


@pytest.mark.parametrize("lesson", LESSONS)
def test_an_experiment_runs_and_is_judged(lesson: str, evidence_of: Measured) -> None:
    found = evidence_of(lesson)
    rows = find(lesson).judge(found)
    assert len(rows) == len(find(lesson).criteria)
    for row in rows:
        assert row.verdict in BEST_FIRST
        assert len(row.values) == 3
        assert row.measured.low <= row.measured.value <= row.measured.high


MEASURED = [name for name in LESSONS if records.published(name)]


@pytest.mark.parametrize("lesson", MEASURED)
def test_what_measured_the_ledgers_rows_still_does_the_same(
    lesson: str, evidence_of: Measured
) -> None:
    """A row that is stale by behaviour has to be measured again: python -m lessons ledger."""
    full = find(lesson).sizes["full"]
    now = freshness.fingerprint(evidence_of(lesson)[0], full)
    state, where = records.state(catalogue.find(lesson).folder, now)
    assert state != "stale by behaviour", where


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_seed_decides_everything(lesson: str, evidence_of: Measured) -> None:
    assert find(lesson).run("ci", 0) == evidence_of(lesson)[0]
    values = [tuple(find(lesson).values(one)) for one in evidence_of(lesson)]
    if lesson in AT_THE_FLOOR:  # then all that was measured tells the seeds apart
        values = [(json.dumps({**one, "seed": 0}),) for one in evidence_of(lesson)]
    assert len(set(values)) == len(SEEDS)


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_figure_carries_claim_verdict_and_alternative_text(
    lesson: str, evidence_of: Measured
) -> None:
    experiment = find(lesson)
    picture = experiment.figure(evidence_of(lesson))
    caption = picture.figure.get_supxlabel()
    assert picture.figure.get_suptitle() == f"Claim: {experiment.title}"
    rows = experiment.judge(evidence_of(lesson))
    for group in grouped(rows):
        assert " ".join(str(group).split()) in " ".join(caption.split())
    assert all(row.said in " ".join(caption.split()) for row in rows)
    assert len(picture.alt) > 80
    assert "nan" not in picture.alt
    for ax in picture.figure.axes:
        assert ax.get_xlabel()
    assert figures.png(picture.figure, alt=picture.alt).startswith(b"\x89PNG")
    (title,) = (text for text in picture.figure.texts if text.get_text().startswith("Claim:"))
    assert title.get_window_extent().x1 <= picture.figure.bbox.x1  # none of it is cut off


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_claim_names_its_talk_and_can_fail(lesson: str) -> None:
    """A lesson made by `lessons new` has a claim of its class's own, which is from no talk."""
    experiment = find(lesson)
    own = experiment.source and catalogue.find(lesson).number >= catalogue.FIRST
    assert own or any(talk in experiment.source for talk in printed.TALKS)
    assert records.minutes(experiment) <= 4
    for criterion in experiment.criteria:
        assert math.isfinite(criterion.threshold)


# The contract, on an experiment whose outcome is planted.


def planted(outcome: Any, threshold: float = 1.0) -> Experiment:
    def draw(found: Any) -> Any:
        figure, ax = figures.new()
        figures.seeds(ax, [0, 1], [[0.0, one["gain"]] for one in found], name="gain")
        return figure, "A line that goes up."

    return Experiment(
        id="planted",
        title="It goes up",
        claim="It goes up.",
        source="JH23",
        criteria=(Criterion(quantity="gain (points)", threshold=threshold),),
        minutes=0.1,
        measure=lambda profile, seed: {"gain": outcome(seed)},
        values=lambda found: [found["gain"]],
        draw=draw,
    )


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (lambda seed: 2.0 + 0.1 * seed, "reproduced"),
        (lambda seed: -2.0 - 0.1 * seed, "contradicted"),
        (lambda seed: 0.5 * seed, "undecided"),
        (lambda seed: 0.5 + 0.001 * seed, "falls short"),
    ],
)
def test_the_verdict_follows_from_the_measured_values(outcome: Any, verdict: str) -> None:
    experiment = planted(outcome)
    found = [experiment.run("ci", seed) for seed in SEEDS]
    (row,) = experiment.judge(found)
    assert row.measured.value == pytest.approx(sum(outcome(s) for s in SEEDS) / 3)
    assert row.verdict == verdict
    picture = experiment.figure(found)
    assert verdict in picture.figure.get_supxlabel()
    assert picture.alt.endswith(f"Verdict: {verdict}.")


def test_fewer_than_three_seeds_earn_no_verdict() -> None:
    experiment = planted(lambda seed: 2.0)
    rows = experiment.judge([experiment.run("ci", seed) for seed in (0, 1)])
    assert rows[0].verdict is None
    assert overall(rows) == TOO_FEW
    assert "inf" not in str(experiment.judge([experiment.run("ci", 0)])[0])


def test_a_claim_is_as_good_as_its_worst_criterion() -> None:
    values = {
        "reproduced": (1.5, 1.5, 1.5),
        "undecided": (0.5, 1.0, 1.5),
        "falls short": (0.5, 0.5, 0.5),
        "contradicted": (-0.5, -0.5, -0.5),
    }
    criterion = Criterion(quantity="gain", threshold=1.0)
    found = [Finding(criterion=criterion, values=values[word]) for word in BEST_FIRST]
    assert [finding.verdict for finding in found] == list(BEST_FIRST)
    for worst in range(4):
        assert overall(found[: worst + 1]) == BEST_FIRST[worst]
        assert overall(found[worst::-1]) == BEST_FIRST[worst]


def asked(quantity: str, values: tuple[float, ...], threshold: float = 0.0) -> Finding:
    return Finding(criterion=Criterion(quantity=quantity, threshold=threshold), values=values)


def test_what_is_asked_of_several_things_is_one_group() -> None:
    rows = [
        asked("bags, slope (bits)", (1, 1, 1)),
        asked("texts, slope (bits/char)", (2, -2, 0)),
        asked("texts, slope (bits/char)", (3, 3, 3), threshold=0.5),
        asked("texts, height (bits)", (4, 4, 4)),
    ]
    several, other, last = grouped(rows)
    assert list(several.rows) == ["bags (bits)", "texts (bits/char)"]
    assert (several.quantity, several.needs) == ("slope", ">= 0")
    assert str(several) == (
        "slope >= 0: bags (bits) 1 [1, 1], texts (bits/char) 0 [-4.97, 4.97], n=3: "
        "reproduced for bags (bits); undecided for texts (bits/char)"
    )
    assert [str(other), str(last)] == [str(rows[2]), str(rows[3])]
    assert [row for group in grouped(rows) for row in group.rows.values()] == rows


@pytest.mark.parametrize("lesson", LESSONS)
def test_no_figure_has_a_wall_of_verdicts(lesson: str, evidence_of: Measured) -> None:
    assert len(grouped(find(lesson).judge(evidence_of(lesson)))) <= 5


def test_unusable_runs_and_evidence_are_refused() -> None:
    experiment = planted(lambda seed: 1.0)
    with pytest.raises(ValueError, match="profile is one of full, ci; got 'fast'"):
        experiment.run("fast", 0)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="seed"):
        experiment.run("ci", -1)
    with pytest.raises(ValueError, match="planted, seed 0"):
        planted(lambda seed: math.nan).run("ci", 0)
    one = experiment.run("ci", 0)
    with pytest.raises(ValueError, match="no evidence"):
        experiment.judge([])
    with pytest.raises(ValueError, match="a seed counts once"):
        experiment.judge([one, one, one])
    with pytest.raises(ValueError, match="do not mix"):
        experiment.judge([one, experiment.run("full", 1)])
    with pytest.raises(ValueError, match="1 criteria, 2 values"):
        replace(experiment, values=lambda found: [1.0, 2.0]).judge([one])
    with pytest.raises(ValueError, match="no criterion"):
        replace(experiment, criteria=())


def test_lessons_are_found_by_number_and_name() -> None:
    folders = {catalogue.find(word).folder.name for word in (1, "01", "next-character")}
    assert folders == {"l01_next_character"}
    with pytest.raises(ValueError, match="next_character"):
        find("next_charcter")
    assert find("why_it_trains").id == "why_it_trains"


def test_the_profile_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COGNITIVE_CORE_PROFILE", raising=False)
    assert profile_wanted() == "full"
    monkeypatch.setenv("COGNITIVE_CORE_PROFILE", "ci")
    assert profile_wanted() == "ci"
    monkeypatch.setenv("COGNITIVE_CORE_PROFILE", "quick")
    with pytest.raises(ValueError, match="'quick'"):
        profile_wanted()


def test_evidence_is_what_a_file_would_hold() -> None:
    found = planted(lambda seed: 1.0).run("ci", 0)
    assert json.loads(json.dumps(found)) == found
    assert (found["seed"], found["profile"]) == (0, "ci")

"""The ledger: kept seed by seed, judged from evidence, and never edited by hand."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labkit import files
from labkit.verdict import MINIMUM_SEEDS, Criterion
from lessons.engine import catalogue, ledger
from lessons.engine.experiment import Experiment, find

ROOT = catalogue.FOLDER.parent
CODE = '"""Words."""\n# a comment\nfrom x import y\n\n\ndef draw(e):\n    return 1\n\n\nA = 1\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "l01_planted"
    path.mkdir()
    (path / "experiment.py").write_text(CODE, encoding="utf-8")
    return path


class Planted:
    """An experiment that remembers which seeds it was asked for, and may be stopped at one."""

    def __init__(self, stop_at: int | None = None, gain: float = 2.0) -> None:
        self.asked: list[int] = []
        self.stop_at, self.gain = stop_at, gain

    def measure(self, profile: str, seed: int) -> dict[str, Any]:
        self.asked.append(seed)
        if seed == self.stop_at:
            raise KeyboardInterrupt
        return {"gain": self.gain + 0.1 * seed}

    def experiment(self) -> Experiment:
        return Experiment(
            id="planted",
            title="It goes up",
            claim="It goes up.",
            source="JH23",
            criteria=(Criterion(quantity="gain", threshold=1.0),),
            minutes=1.0,
            measure=self.measure,
            values=lambda found: [found["gain"]],
            draw=lambda found: (None, ""),  # type: ignore[arg-type, return-value]
        )


def run(planted: Planted, folder: Path, **options: Any) -> list[dict[str, Any]]:
    ledger.measure(planted.experiment(), folder, 3, say=False, **options)
    return ledger.read(folder.parent / ledger.LEDGER)


def test_a_stopped_run_goes_on_where_it_was(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(Planted(stop_at=2), folder)
    assert not (folder.parent / ledger.LEDGER).exists()  # no verdict from an unfinished run
    planted = Planted()
    (row,) = run(planted, folder)
    assert planted.asked == [2]
    assert row["verdict"] == row["claim_verdict"] == "reproduced"
    assert row["seeds"] == 3
    assert row["value"] == pytest.approx(2.1)
    assert row["low"] < 2.1 < row["high"]


def test_codes_and_marks_are_explained_where_they_occur(folder: Path) -> None:
    (row,) = run(Planted(), folder)
    said = ledger.render([row])
    assert said.splitlines()[-1].startswith("JH23: Ilya Sutskever")
    assert "RB22" not in said
    read_into = ledger.render([row | {"claim": "It goes up. *It goes up for ever."}])
    assert read_into.splitlines()[-1].startswith("*: ")


def test_nothing_is_measured_twice_unless_asked(folder: Path) -> None:
    run(Planted(), folder)
    planted = Planted(gain=-5.0)
    (row,) = run(planted, folder)
    assert (planted.asked, row["verdict"]) == ([], "reproduced")
    (row,) = run(planted, folder, again=True)
    assert (planted.asked, row["verdict"]) == ([0, 1, 2], "contradicted")


def test_evidence_of_other_code_is_never_mixed_in(folder: Path) -> None:
    run(Planted(), folder)
    path = folder / "experiment.py"
    for change, counts in (
        (CODE.replace("# a comment", "# another, and longer"), False),
        (CODE.replace("Words", "Other words"), False),
        (CODE.replace("return 1", "return 2"), False),  # inside draw
        (CODE.replace("A = 1", "A = 2"), True),
        (CODE.replace("from x import y", "from x import z"), True),
    ):
        path.write_text(change, encoding="utf-8")
        planted = Planted()
        run(planted, folder)
        assert (planted.asked == [0, 1, 2]) == counts, change
        path.write_text(CODE, encoding="utf-8")
        run(Planted(), folder)


def test_rows_of_one_lesson_leave_the_others_alone(folder: Path) -> None:
    path = folder.parent / ledger.LEDGER
    files.write_json(path, [{"id": "elsewhere", "verdict": "reproduced"}])
    assert [row["id"] for row in run(Planted(), folder)] == ["elsewhere", "planted"]
    assert [row["id"] for row in run(Planted(), folder, again=True)] == ["elsewhere", "planted"]


def test_an_unfinished_run_leaves_evidence_and_no_row(folder: Path) -> None:
    for seeds in (1, 2):
        ledger.measure(Planted().experiment(), folder, seeds, say=False)
        assert len(files.read_json(folder / ledger.EVIDENCE)) == seeds
        assert ledger.read(folder.parent / ledger.LEDGER) == []


def test_stated_minutes_are_the_measured_ones_where_there_are_any(folder: Path) -> None:
    path, experiment = folder.parent / ledger.LEDGER, Planted().experiment()
    assert ledger.minutes(experiment, path) == 1.0  # as the experiment states
    files.write_json(path, [{"id": "planted", "seconds": 215.0}])
    assert ledger.minutes(experiment, path) == 3.6


def test_one_seed_has_no_interval_and_no_verdict() -> None:
    experiment = Planted().experiment()
    (row,) = ledger.as_rows(experiment, [experiment.run("ci", 0)], ledger._about(1.0))
    assert (row["low"], row["high"], row["verdict"]) == (None, None, "too few seeds to judge")


# What is committed.


def published() -> list[str]:
    names = [lesson.name for lesson in catalogue.lessons(having="experiment.py")]
    return [name for name in names if len(ledger.published(name)) >= MINIMUM_SEEDS]


@pytest.mark.parametrize("lesson", published())
def test_every_row_follows_from_its_evidence(lesson: str) -> None:
    experiment = find(lesson)
    rows = [row for row in ledger.read() if row["id"] == experiment.id]
    again = ledger.as_rows(experiment, ledger.published(lesson), rows[0])
    assert rows == again
    assert len(rows) == len(experiment.criteria)
    assert all(row["seeds"] >= 3 and row["profile"] == "full" for row in rows)


@pytest.mark.parametrize("lesson", published())
def test_no_published_row_is_stale(lesson: str) -> None:
    assert not ledger.is_stale(lesson)


def test_every_row_has_evidence() -> None:
    assert {row["id"] for row in ledger.read()} == set(published())


def test_the_readmes_table_is_the_ledgers() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    _, rest = text.split(ledger.BEGIN)
    table, _ = rest.split(ledger.END)
    assert table.strip() == ledger.markdown(ledger.read())


def test_rows_say_nothing_about_whose_machine_it_was() -> None:
    text = (catalogue.FOLDER / ledger.LEDGER).read_text(encoding="utf-8")
    assert not re.search(r"/(home|root|tmp|Users|work)/|\\\\", text)
    for row in ledger.read():
        assert re.fullmatch(r"\w+ [\w.]+, \d+ cores", row["machine"])
        assert {"python", "torch", "numpy"} <= set(row["versions"])


def test_the_table_goes_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(
        f"before\n{ledger.BEGIN}\nwhat stood here\n{ledger.END}\nafter\n", encoding="utf-8"
    )
    ledger.write_readme(page, ledger.read())
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "what stood here" not in text
    assert ledger.markdown(ledger.read()) in text
    page.write_text("no marks", encoding="utf-8")
    with pytest.raises(ValueError, match="must have one line"):
        ledger.write_readme(page, ledger.read())


# The command.


def command(*args: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lessons.engine.ledger", *args],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
    )


def test_the_command_prints_claim_criterion_and_verdict(
    command_environment: dict[str, str],
) -> None:
    done = command("next_character", environment=command_environment)
    assert done.returncode == 0, done.stderr
    for row in ledger.read():
        assert (row["criterion"] in done.stdout) == (row["id"] == "next_character")


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (("next_charcter",), "next_character"),
        (("--profile", "ci"), "add --run"),
        (("--seeds", "0"), "seeds must be at least 1"),
        (("--again",), "add --run"),
    ],
)
def test_mistakes_are_one_line(
    args: tuple[str, ...], complaint: str, command_environment: dict[str, str]
) -> None:
    done = command(*args, environment=command_environment)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_ci_profile_is_printed_and_not_kept(capsys: pytest.CaptureFixture[str]) -> None:
    before = (catalogue.FOLDER / ledger.LEDGER).read_bytes()
    ledger.main(ledger.LedgerConfig(lessons=("4",), run=True, profile="ci", seeds=2))
    assert "too few seeds to judge" in capsys.readouterr().out
    assert (catalogue.FOLDER / ledger.LEDGER).read_bytes() == before


def test_settings_check_themselves() -> None:
    with pytest.raises(ValueError, match="--profile full"):
        ledger.LedgerConfig(readme=Path("README.md"), profile="ci")
    assert replace(ledger.LedgerConfig(), seeds=5).seeds == 5

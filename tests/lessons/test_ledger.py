"""The ledger: kept seed by seed, judged from evidence, and never edited by hand."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labkit import files, freshness
from labkit.experiment import MINIMUM_SEEDS, Counted, Criterion
from lessons.engine import catalogue
from lessons.engine.experiment import TOO_FEW, Experiment, find
from lessons.engine.ledger import command as ledger
from lessons.engine.ledger import printed, records

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

    def __init__(
        self,
        stop_at: int | None = None,
        gain: float = 2.0,
        does: float = 1.0,
        seeds: int = 3,
        first: int = 0,
    ) -> None:
        self.asked: list[int] = []
        self.stop_at, self.gain, self.does = stop_at, gain, does
        self.seeds, self.first = seeds, first

    def measure(self, profile: str, seed: int) -> dict[str, Any]:
        if profile == "ci":  # the fingerprint
            return {"does": self.does}
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
            seeds=self.seeds,
            first_seed=self.first,
            minutes=1.0,
            measure=self.measure,
            values=lambda found: [found["gain"]],
            draw=lambda found: (None, ""),  # type: ignore[arg-type, return-value]
        )


def run(planted: Planted, folder: Path, **options: Any) -> list[dict[str, Any]]:
    ledger.measure(planted.experiment(), folder, say=False, **options)
    return records.read(folder.parent / records.LEDGER)


def test_what_is_counted_is_printed_as_k_of_n(folder: Path) -> None:
    share = Counted(quantity="share found", threshold=0.5, cases=4)
    measured = replace(
        Planted().experiment(),
        criteria=(share,),
        measure=lambda profile, seed: {"found": 0.75 if seed == 1 else 1.0},
        values=lambda one: [one["found"]],
    )
    ledger.measure(measured, folder, say=False)
    rows = records.read(folder.parent / records.LEDGER)
    assert rows[0]["cases"] == 4
    assert "share found >= 0.5: 11 of 12 [0.615, 0.998]: reproduced" in printed.render(rows)
    assert "| share found >= 0.5 | 11 of 12 [0.615, 0.998] | reproduced |" in printed.markdown(rows)
    assert records.follows(measured, folder)
    one = records.as_rows(measured, [measured.run("full", 0)], rows[0])
    assert "share found >= 0.5: 4 of 4: no verdict" in printed.render(one)


def test_a_stopped_run_goes_on_where_it_was(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(Planted(stop_at=2), folder)
    assert not (folder.parent / records.LEDGER).exists()  # no verdict from an unfinished run
    planted = Planted()
    (row,) = run(planted, folder)
    assert planted.asked == [2]
    assert row["verdict"] == row["claim_verdict"] == "reproduced"
    assert row["seeds"] == 3
    assert row["value"] == pytest.approx(2.1)
    assert row["low"] < 2.1 < row["high"]


def test_codes_and_marks_are_explained_where_they_occur(folder: Path) -> None:
    (row,) = run(Planted(), folder)
    said = printed.render([row])
    assert said.splitlines()[-1].startswith("JH23: Ilya Sutskever")
    assert "RB22" not in said
    read_into = printed.render([row | {"claim": "It goes up. *It goes up for ever."}])
    assert read_into.splitlines()[-1].startswith("*: ")


def test_nothing_is_measured_twice_unless_asked(folder: Path) -> None:
    run(Planted(), folder)
    planted = Planted(gain=-5.0)
    (row,) = run(planted, folder)
    assert (planted.asked, row["verdict"]) == ([], "reproduced")
    (row,) = run(planted, folder, again=True)
    assert (planted.asked, row["verdict"]) == ([0, 1, 2], "contradicted")


def test_code_that_does_the_same_keeps_its_evidence_and_is_marked(folder: Path) -> None:
    run(Planted(), folder)
    path = folder / "experiment.py"
    for change, marked in (
        (CODE.replace("# a comment", "# another, and longer"), False),
        (CODE.replace("Words", "Other words"), False),
        (CODE.replace("return 1", "return 2"), False),  # inside draw
        (CODE.replace("from x import y", "from z import y"), False),  # y has moved
        (CODE.replace("A = 1", "A = 2"), True),
    ):
        path.write_text(change, encoding="utf-8")
        planted = Planted()
        now = ledger.small(planted.experiment())
        assert records.state(folder, now) == ("code changed" if marked else "fresh", "")
        run(planted, folder)
        assert planted.asked == [], change


def test_evidence_of_code_that_does_something_else_is_never_mixed_in(folder: Path) -> None:
    run(Planted(), folder)
    planted = Planted(gain=-5.0, does=2.0)
    state, where = records.state(folder, ledger.small(planted.experiment()))
    assert state == "stale by behaviour"
    assert "evidence.does: 2.0, before 1.0" in where
    (row,) = run(planted, folder)
    assert planted.asked == [0, 1, 2]
    assert row["verdict"] == "contradicted"
    (old,) = records.load(folder.parent / records.LEDGER)["history"]
    assert (old["verdict"], old["replaced"]) == ("reproduced", records.today())
    assert "planted" in printed.render_history([old])


def test_the_ledger_names_rows_whose_code_has_changed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(Planted(), folder)
    monkeypatch.setattr(catalogue, "FOLDER", folder.parent)
    monkeypatch.setattr(ledger, "find", lambda _: Planted().experiment())
    rows = records.read(folder.parent / records.LEDGER)
    monkeypatch.setattr(records, "read", lambda: rows)
    ledger.main(ledger.LedgerConfig(lessons=("planted",)))
    assert "code changed" not in capsys.readouterr().out
    (folder / "experiment.py").write_text(CODE.replace("A = 1", "A = 2"), encoding="utf-8")
    ledger.main(ledger.LedgerConfig(lessons=("planted",)))
    assert "code changed since it measured: planted; " in capsys.readouterr().out


@pytest.mark.parametrize("does", [1.0, 2.0])
def test_notebooks_show_edited_code_again_only_if_it_does_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch, does: float
) -> None:
    run(Planted(), folder)
    changed = Planted(does=does).experiment()
    monkeypatch.setattr(catalogue, "FOLDER", folder.parent)
    monkeypatch.setattr(ledger, "find", lambda _: changed)
    monkeypatch.setattr(records, "follows", lambda *_: True)
    monkeypatch.setattr(ledger, "_made_apart", lambda _: lambda: ledger.small(changed))
    (folder / "experiment.py").write_text(CODE.replace("A = 1", "A = 2"), encoding="utf-8")
    for renew in (False, True):
        code = ledger.main(ledger.LedgerConfig(lessons=("planted",), check=True, renew=renew))
        assert code == (does != 1.0)
        assert records.may_be_shown(folder, changed) == (renew and does == 1.0)
    assert ledger.code_changed([catalogue.find("planted")]) == ["planted"]


def test_a_missing_extra_is_not_taken_for_another_behaviour(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--run --again` would measure without it, and replace the better row."""
    code = CODE + "\n\ndef f():\n    import pyppmd\n    import pyppmd.sub, zstandard\n"
    (folder / "experiment.py").write_text(code, encoding="utf-8")
    run(Planted(), folder)
    other = Planted(does=2.0).experiment()
    lesson = catalogue.Lesson(number=1, name="planted", folder=folder)
    monkeypatch.setattr(ledger, "find", lambda _: Planted().experiment())
    monkeypatch.setattr(ledger, "_made_apart", lambda _: lambda: ledger.small(other))
    for here, said in ((True, "stale by behaviour"), (False, "cannot tell: pyppmd not installed")):
        seen = lambda name, here=here: None if name == "pyppmd" and not here else name  # noqa: E731
        monkeypatch.setattr(freshness, "find_spec", seen)
        assert ledger.check([lesson]) == 1
        out = capsys.readouterr().out
        assert said in out
        assert ("--run --again" in out) == here
        assert ('pip install -e ".[scale]"' in out) != here


def test_optional_packages_are_those_of_the_extra() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [re.split("[>=]", one)[0] for one in project["optional-dependencies"]["scale"]]
    assert sorted(named) == sorted(freshness.OPTIONAL)


@pytest.mark.parametrize("stop_at", [0, 1])
def test_a_run_that_is_stopped_leaves_no_old_evidence_to_be_mixed_in(
    folder: Path, stop_at: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(Planted(), folder)
    changed = {"gain": -5.0, "does": 2.0}
    with pytest.raises(KeyboardInterrupt):
        run(Planted(stop_at=stop_at, **changed), folder)  # type: ignore[arg-type]
    planted = Planted(**changed)  # type: ignore[arg-type]
    lesson = catalogue.Lesson(number=1, name="planted", folder=folder)
    monkeypatch.setattr(ledger, "find", lambda _: planted.experiment())
    monkeypatch.setattr(ledger, "_made_apart", lambda _: lambda: ledger.small(planted.experiment()))
    assert ledger.check([lesson]) == 1  # the row is still that of the old code
    said = "stale by behaviour" if stop_at == 0 else "does not follow from its evidence"
    assert said in capsys.readouterr().out
    (row,) = run(planted, folder)
    assert planted.asked == list(range(stop_at, 3))
    assert row["verdict"] == "contradicted"
    assert ledger.check([lesson]) == 0


def test_seeds_that_were_not_fixed_are_not_judged(folder: Path) -> None:
    run(Planted(seeds=5), folder)
    (row,) = run(Planted(seeds=3), folder)
    assert (row["seeds"], row["value"]) == (3, pytest.approx(2.1))
    path = folder / records.EVIDENCE
    kept = files.read_json(path)
    kept[2]["evidence"]["seed"] = ledger.PILOT
    files.write_json(path, kept)
    planted = Planted()
    (row,) = run(planted, folder)
    assert (planted.asked, row["seeds"]) == ([2], 3)


def test_a_changed_experiment_judges_fresh_seeds(folder: Path) -> None:
    run(Planted(), folder)
    planted = Planted(first=10, stop_at=12)
    with pytest.raises(KeyboardInterrupt):
        run(planted, folder)
    assert planted.asked == [10, 11, 12]
    lesson = [entry["evidence"]["seed"] for entry in records.entries(folder)]
    assert lesson == [10, 11]  # the old ones are dropped, never mixed in
    (row,) = records.read(folder.parent / records.LEDGER)
    assert row["value"] == pytest.approx(2.1)  # the old row stands until there is a new one
    (row,) = run(Planted(first=10), folder)
    assert (row["seeds"], row["value"]) == (3, pytest.approx(3.1))
    assert records.follows(Planted(first=10).experiment(), folder)
    assert not records.follows(Planted(first=9).experiment(), folder)  # as many, and others


def test_evidence_of_other_seeds_enters_nothing(folder: Path) -> None:
    run(Planted(), folder)
    path = folder.parent / records.LEDGER
    before = path.read_text(encoding="utf-8")
    records.enter(Planted(first=1).experiment(), records.entries(folder), path)
    assert path.read_text(encoding="utf-8") == before


@pytest.mark.parametrize("first", [-1, 88, ledger.PILOT])
def test_no_pilot_seed_is_judged(first: int) -> None:
    with pytest.raises(ValueError, match=f"first_seed is 0 to 87, .* got {first}"):
        Planted(first=first).experiment()
    assert Planted(first=87).experiment().judged == range(87, ledger.PILOT)


def test_a_row_names_every_machine_and_version_that_measured_it(folder: Path) -> None:
    run(Planted(), folder)
    path = folder / records.EVIDENCE
    kept = files.read_json(path)
    kept[0] |= {
        "machine": "Linux arm64, 8 cores",
        "versions": {**kept[0]["versions"], "torch": "1"},
    }
    files.write_json(path, kept)
    (row,) = run(Planted(), folder)
    assert row["machine"] == f"Linux arm64, 8 cores; {kept[1]['machine']}"
    assert row["versions"]["torch"] == f"1; {kept[1]['versions']['torch']}"
    assert row["versions"]["numpy"] == kept[1]["versions"]["numpy"]


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("ledger.json", "[]", "is a dictionary, got"),
        ("ledger.json", '{"rows": 3}', "rows is a list, got 3"),
        ("ledger.json", '{"rows": [{}]}', "a row has no id"),
        ("ledger.json", '{"rows": [{"id": "planted"}]}', "row of planted has no claim_verdict"),
        ("ledger.json", '{"registered": []}', "registered is a dict"),
        ("ledger.json", '{"registered": {"planted": {}}}', "registration has no criteria"),
        ("ledger.json", '{"measured": [1]}', "measured is a dict"),
        ("ledger.json", '{"measured": {"planted": 1}}', "measured has no planted"),
        ("l01_planted/evidence.json", "{}", "is a list, got"),
        ("l01_planted/evidence.json", "[3]", "entry is a dictionary, got 3"),
        ("l01_planted/evidence.json", '[{"evidence": 1}]', "entry has no evidence"),
        ("l01_planted/fingerprint.json", "[]", "is a dictionary, got"),
        ("l01_planted/fingerprint.json", "{}", "has no processor"),
    ],
)
def test_a_file_edited_to_nonsense_is_one_line(
    folder: Path, file: str, text: str, says: str
) -> None:
    run(Planted(), folder)
    (folder.parent / file).write_text(text, encoding="utf-8")

    def used() -> None:
        records.whole(records.read(folder.parent / records.LEDGER))
        run(Planted(), folder)

    with pytest.raises(ValueError, match=says) as told:
        used()
    assert "\n" not in str(told.value)


def test_as_many_seeds_as_were_fixed_and_no_verdict_before(folder: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(Planted(stop_at=4, seeds=5), folder)
    assert records.read(folder.parent / records.LEDGER) == []
    planted = Planted(seeds=5)
    (row,) = run(planted, folder)
    assert (planted.asked, row["seeds"]) == ([4], 5)
    with pytest.raises(ValueError, match="seeds are 3 to 20, got 2"):
        Planted(seeds=2).experiment()


def test_a_row_says_whether_its_criterion_was_there_before(folder: Path) -> None:
    path = folder.parent / records.LEDGER

    def row(planted: Planted) -> str:
        (found,) = run(planted, folder, again=True)
        return str(found["registered"])

    fixed = records.registration(Planted().experiment(), folder)
    assert row(Planted()) == "not registered before the run"
    files.write_json(path, {**records.load(path), "registered": {"planted": fixed}})
    assert row(Planted()) == f"registered before, on {fixed['date']}"
    assert row(Planted(seeds=4)).endswith("changed since: the number of seeds")
    assert row(Planted(first=10)).endswith("changed since: which seeds")
    (folder / "experiment.py").write_text(CODE + "B = 3\n", encoding="utf-8")
    assert row(Planted()).endswith("changed since: the code that measures")
    late = {**fixed, "date": "9999-01-01"}
    files.write_json(path, {**records.load(path), "registered": {"planted": late}})
    assert "after some of it was measured" in row(Planted())
    fixed = records.registration(Planted().experiment(), folder)
    del fixed["used"]  # as registrations were before they named seeds
    (folder / "experiment.py").write_text(CODE, encoding="utf-8")
    run(Planted(), folder)
    seen = {**fixed, "seen": [records.code_hash(folder)]}
    files.write_json(path, {**records.load(path), "registered": {"planted": seen}})
    assert "after some of it was measured" in row(Planted())


def test_seeds_that_were_measured_before_are_not_registered(folder: Path) -> None:
    """Another threshold after a look at the results, and `--again` on the same seeds."""
    path = folder.parent / records.LEDGER
    run(Planted(), folder)
    (folder / "experiment.py").write_text(CODE.replace("A = 1", "A = 2"), encoding="utf-8")
    fixed = records.registration(Planted().experiment(), folder)
    assert fixed["used"] == [0, 1, 2]
    files.write_json(path, {**records.load(path), "registered": {"planted": fixed}})
    (row,) = run(Planted(), folder, again=True)
    assert row["registered"] == "not registered: seed 0 had been measured before"


@pytest.mark.parametrize("how", ["again", "does something else", "other seeds", "unfinished"])
def test_a_seed_stays_known_when_its_evidence_is_dropped(folder: Path, how: str) -> None:
    if how == "unfinished":
        with pytest.raises(KeyboardInterrupt):
            run(Planted(stop_at=1), folder)
    else:
        run(Planted(), folder)
    known = {0} if how == "unfinished" else {0, 1, 2}
    assert records.ever_measured("planted", folder) == known
    with pytest.raises(KeyboardInterrupt):
        run(
            Planted(stop_at=10 if how == "other seeds" else 0, first=10 * (how == "other seeds"))
            if how != "does something else"
            else Planted(stop_at=0, does=2.0),
            folder,
            again=True,
        )
    assert records.ever_measured("planted", folder) >= known
    (folder / records.EVIDENCE).write_text("[]", encoding="utf-8")
    assert records.ever_measured("planted", folder) >= known
    assert records.ever_measured("another", folder) == set()


def test_preregister_writes_before_the_run_and_refuses_after(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(catalogue, "FOLDER", folder.parent)
    monkeypatch.setattr(ledger, "find", lambda _: Planted().experiment())
    ledger.preregister(ledger.Preregister(lesson="planted"))
    said = capsys.readouterr().out
    assert "gain >= 1" in said
    assert "seeds 0 to 2, code" in said
    fixed = records.load(folder.parent / records.LEDGER)["registered"]["planted"]
    assert fixed["code"] == records.code_hash(folder)
    (row,) = run(Planted(), folder)
    assert row["registered"] == f"registered before, on {fixed['date']}"
    with pytest.raises(ValueError, match="measured with this very code"):
        ledger.preregister(ledger.Preregister(lesson="planted"))
    (folder / "experiment.py").write_text(CODE + "B = 3\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"seed 0 has been measured .* 3 to 5: .*first_seed=3"):
        ledger.preregister(ledger.Preregister(lesson="planted"))  # having seen the result
    monkeypatch.setattr(ledger, "find", lambda _: Planted(first=3).experiment())
    ledger.preregister(ledger.Preregister(lesson="planted"))
    (row,) = run(Planted(first=3), folder)
    assert row["registered"] == f"registered before, on {fixed['date']}"
    (folder / "experiment.py").write_text(CODE + "C = 3\n", encoding="utf-8")
    monkeypatch.setattr(ledger, "find", lambda _: Planted(first=5, seeds=4).experiment())
    with pytest.raises(ValueError, match=r"seed 5 has been measured before.* 6 to 9: "):
        ledger.preregister(ledger.Preregister(lesson="planted"))
    files.write_json(
        folder.parent / records.LEDGER, {"measured": {"planted": list(range(0, ledger.PILOT, 2))}}
    )
    monkeypatch.setattr(ledger, "find", lambda _: Planted(first=0).experiment())
    with pytest.raises(ValueError, match="no 3 seeds in a row below 90 are fresh"):
        ledger.preregister(ledger.Preregister(lesson="planted"))


def test_a_pilot_is_never_judged_and_says_how_many_seeds_decide(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    planted = Planted(gain=-7.9)  # 1.1 with seed 90, 1.2 with 91, ...
    monkeypatch.setattr(ledger, "find", lambda _: planted.experiment())
    ledger.pilot(ledger.Pilot(lesson="planted"))
    assert planted.asked == [90, 91, 92, 93]
    said = capsys.readouterr().out
    assert "1.1, 1.2, 1.3, 1.4" in said
    assert "Experiment.seeds = 6 (it says 3)" in said
    assert not (folder / records.EVIDENCE).exists()
    with pytest.raises(ValueError, match="at least 2 pilots"):
        ledger.Pilot(lesson="planted", seeds=1)


def test_rows_of_one_lesson_leave_the_others_alone(folder: Path) -> None:
    path = folder.parent / records.LEDGER
    files.write_json(path, {"rows": [{"id": "elsewhere", "verdict": "reproduced"}]})
    assert [row["id"] for row in run(Planted(), folder)] == ["elsewhere", "planted"]
    assert [row["id"] for row in run(Planted(), folder, again=True)] == ["elsewhere", "planted"]


def test_an_unfinished_run_leaves_evidence_and_no_row(folder: Path) -> None:
    for seeds in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            run(Planted(stop_at=seeds), folder)
        assert len(files.read_json(folder / records.EVIDENCE)) == seeds
        assert records.read(folder.parent / records.LEDGER) == []


def test_stated_minutes_are_the_measured_ones_where_there_are_any(folder: Path) -> None:
    path, experiment = folder.parent / records.LEDGER, Planted().experiment()
    assert records.minutes(experiment, path) == 1.0  # as the experiment states
    files.write_json(path, {"rows": [{"id": "planted", "seconds": 215.0}]})
    assert records.minutes(experiment, path) == 3.6


def test_one_seed_has_no_interval_and_no_verdict() -> None:
    experiment = Planted().experiment()
    (row,) = records.as_rows(experiment, [experiment.run("full", 0)], records.about(1.0))
    assert (row["low"], row["high"], row["verdict"]) == (None, None, TOO_FEW)


# What is committed.


def published() -> list[str]:
    names = [lesson.name for lesson in catalogue.lessons(having="experiment.py")]
    return [name for name in names if len(records.published(name)) >= MINIMUM_SEEDS]


@pytest.mark.parametrize("lesson", published())
def test_every_row_follows_from_its_evidence(lesson: str) -> None:
    experiment = find(lesson)
    rows = [row for row in records.read() if row["id"] == experiment.id]
    registered = rows[0]["registered"]
    again = records.as_rows(experiment, records.published(lesson), rows[0], registered)
    assert rows == again
    assert len(rows) == len(experiment.criteria)
    assert all(row["seeds"] == experiment.seeds and row["profile"] == "full" for row in rows)


def test_every_row_has_evidence() -> None:
    assert {row["id"] for row in records.read()} == set(published())


@pytest.mark.parametrize(
    ("page", "table"), [("README.md", "verdicts"), ("lessons/LEDGER.md", "ledger")]
)
def test_the_tables_are_the_ledgers(page: str, table: str, tmp_path: Path) -> None:
    """Rows of a class's own lessons are in them once somebody has written them there."""
    text = (ROOT / page).read_text(encoding="utf-8")
    assert f"python -m lessons ledger --readme {page} -->" in text
    rows = records.read()
    own = {lesson.name for lesson in catalogue.lessons() if lesson.number >= catalogue.FIRST}
    if not any(f"\n| {name} |" in text for name in own):
        rows = [row for row in rows if row["id"] not in own]
    assert f"\n{printed.TABLES[table](rows)}\n<!-- /{table} -->" in text
    again = tmp_path / "page.md"
    again.write_text(text, encoding="utf-8")
    printed.write(again, rows)
    assert again.read_text(encoding="utf-8") == text


def test_the_page_says_how_many_verdicts_it_has() -> None:
    text = (ROOT / "lessons" / "LEDGER.md").read_text(encoding="utf-8")
    (said,) = re.findall(r"These are (\d+) verdicts", text)
    _, marked, table = text.partition("<!-- ledger: ")
    rows = table.split("<!-- /ledger -->")[0].strip().split("\n")[3:]
    assert marked
    assert int(said) == len(rows)


def test_rows_say_nothing_about_whose_machine_it_was() -> None:
    text = (catalogue.FOLDER / records.LEDGER).read_text(encoding="utf-8")
    assert not re.search(r"/(home|root|tmp|Users|work)/|\\\\", text)
    for row in records.read():
        assert re.fullmatch(r"\w+ [\w.]+, \d+ cores", row["machine"])
        assert {"python", "torch", "numpy"} <= set(row["versions"])


def test_the_table_goes_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(
        "before\n<!-- ledger: x -->\nwhat stood here\n<!-- /ledger -->\nafter\n", encoding="utf-8"
    )
    printed.write(page, records.read())
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n<!-- ledger: x -->\n| lesson |")
    assert text.endswith("|\n<!-- /ledger -->\nafter\n")
    assert "what stood here" not in text
    assert printed.markdown(records.read()) in text
    page.write_text("no marks", encoding="utf-8")
    with pytest.raises(ValueError, match="has no marks"):
        printed.write(page, records.read())


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
    for row in records.read():
        assert (row["criterion"] in done.stdout) == (row["id"] == "next_character")


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (("next_charcter",), "next_character"),
        (("--profile", "ci"), "add --run"),
        (("--seeds", "0"), "seeds must be at least 1"),
        (("--seeds", "5"), "fixed with the criterion"),
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
    before = (catalogue.FOLDER / records.LEDGER).read_bytes()
    ledger.main(ledger.LedgerConfig(lessons=("4",), run=True, profile="ci", seeds=2))
    assert TOO_FEW in capsys.readouterr().out
    assert (catalogue.FOLDER / records.LEDGER).read_bytes() == before


def test_settings_check_themselves() -> None:
    with pytest.raises(ValueError, match="--profile full"):
        ledger.LedgerConfig(readme=Path("README.md"), profile="ci")
    with pytest.raises(ValueError, match="add --check"):
        ledger.LedgerConfig(renew=True)
    assert replace(ledger.LedgerConfig(profile="ci"), seeds=5).seeds == 5

"""A class: one bad file never stops it, nothing handed in is trusted, and nothing is lost."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from lessons.engine.answers import form
from lessons.engine.checking import learner
from lessons.engine.checking.supervisor import Sandbox
from lessons.engine.grading import grade, gradebook, hidden, similar, submissions
from lessons.engine.grading.grade import Grade
from lessons.engine.grading.submissions import Student

RIGHT = "def rms_norm(x):\n    return x / x.square().mean(-1, keepdim=True).sqrt()\n"
WRONG = "def rms_norm(x):\n    return x / x.square().mean(-1, keepdim=True)\n"
LONG = """def relu_squared(x):
    out = x.clone()
    for i in range(x.numel()):
        value = out.view(-1)[i]
        if value < 0:
            out.view(-1)[i] = 0
        else:
            out.view(-1)[i] = value * value
    return out
"""


def _notebook(*cells: str) -> str:
    return json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]})


def _zip(path: Path, files: dict[str, str | bytes], **attributes: int) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for key, value in attributes.items():
                setattr(info, key, value)
            archive.writestr(info, data)


@pytest.fixture
def klass(tmp_path: Path, desk: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A roster of ten and what they handed in; one sandbox serves all jobs, to save time."""
    monkeypatch.setattr(grade, "Sandbox", lambda: contextlib.nullcontext(sandbox))
    (tmp_path / "roster.csv").write_text(
        "Student;Name\nada;Ada Lovelace\n李雷;李雷\nzoë;=Zoë()\nnone;Nobody\nevil;Evil\n"
        "loop;Loop\nlate;Late\ntwin;Twin\nsyntax;Syn Tax\ntext;Text\n",
        encoding="utf-8-sig",
    )
    handed = tmp_path / "handed"
    for name in ("ada", "loop", "late", "syntax", "twin"):
        (handed / name).mkdir(parents=True)
    (handed / "ada" / "90_sample.ipynb").write_text(_notebook(RIGHT, LONG))
    _zip(handed / "李雷.zip", {"李雷/work/90.py": WRONG, "__MACOSX/90.py": "x"})
    _zip(handed / "zoë.zip", {"renamed by me.py": RIGHT + "\nx = '=1+1'\n"})  # e and diaeresis
    _zip(handed / "evil.zip", {"../../90.py": RIGHT})
    (handed / "loop" / "90.py").write_text("def rms_norm(x):\n    while True: pass\n")
    (handed / "late" / "90.ipynb").write_text("{")
    (handed / "syntax" / "90.py").write_text("def rms_norm(x:\n    return =cmd()\n")
    twin = LONG.replace("value", "number").replace("out", "result")
    (handed / "twin" / "90_sample.py").write_text(twin)
    (handed / "text.docx").write_text("my answer")
    (handed / "stranger").mkdir()
    return tmp_path


def _settings(folder: Path, **changes: Any) -> Grade:
    given = {
        "submissions": folder / "handed",
        "roster": folder / "roster.csv",
        "out": folder / "out" / "grades.csv",
        "lessons": ("90",),
        **changes,
    }
    return Grade(**given)


def _rows(path: Path) -> dict[tuple[str, str], dict[str, str]]:
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")  # Excel needs it
    found = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))
    return {(row["student"], row["exercise"]): row for row in found}


def test_a_class(klass: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grade, "Sandbox", Sandbox)  # two, as in life
    said: list[str] = []
    grade.main(_settings(klass), said.append)
    rows = _rows(klass / "out" / "grades.csv")
    assert len(rows) == 10 * 2
    status = {student: (row["status"]) for (student, e), row in rows.items() if e == "90.1"}
    assert status == {
        "ada": "pass", "李雷": "fail", "zoë": "pass", "none": "missing", "evil": "crash",
        "loop": "timeout", "late": "crash", "twin": "missing", "syntax": "crash",
        "text": "crash",
    }  # fmt: skip
    assert {row["points"] for row in rows.values() if row["status"] != "pass"} == {"0.0"}
    assert rows["ada", "90.2"]["points"] == "2.0"
    diagnosis = {s: rows[s, "90.1"]["diagnosis"] for s in status}
    assert "the square root is missing" in diagnosis["李雷"]
    assert "leads out of the zip" in diagnosis["evil"]
    assert "is not a notebook" in diagnosis["late"]
    assert "line 1" in diagnosis["syntax"]
    assert "neither a zip nor a notebook" in diagnosis["text"]
    assert "nothing was handed in" in diagnosis["none"]
    assert rows["zoë", "90.1"]["name"] == "'=Zoë()"
    assert all(row["version"].count("+") == 1 for row in rows.values())
    assert len(rows["ada", "90.1"]["source_hash"]) == 16
    assert any("stranger belongs to nobody" in line for line in said)
    assert not (klass.parent / "90.py").exists()
    texts = {p.name: p.read_text(encoding="utf-8") for p in (klass / "out" / "feedback").iterdir()}
    assert set(texts) == {f"{s}.txt" for s in status}
    assert "李雷: 0 points" in texts["李雷.txt"]
    assert "90.2 relu_squared: pass" in texts["ada.txt"]
    with (klass / "out" / "grades.similar.csv").open(encoding="utf-8-sig") as file:
        pairs = list(csv.DictReader(file))
    assert [(p["exercise"], p["student"], p["other"]) for p in pairs] == [("90.2", "ada", "twin")]


def test_a_stopped_run_goes_on_and_grades_nothing_twice(
    klass: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graded: list[str] = []
    real = grade.check_source

    def counting(exercise: Any, *args: Any, **kwargs: Any) -> Any:
        if len(graded) == stop_after:
            raise KeyboardInterrupt
        graded.append(exercise.id)
        return real(exercise, *args, **kwargs)

    monkeypatch.setattr(grade, "check_source", counting)
    settings = _settings(klass, jobs=1)
    stop_after, journal = 2, klass / "out" / "grades.csv.journal.jsonl"
    marker = _marker(klass, journal)
    marker.mark(Student(id="ada"), klass / "handed" / "ada")
    with pytest.raises(KeyboardInterrupt):
        marker.mark(Student(id="loop"), klass / "handed" / "loop")
    marker.journal.close()
    with journal.open("a") as file:
        file.write('{"key": "half a li')  # what a power cut leaves
    assert len(graded) == 2
    stop_after = -1
    grade.main(settings, lambda _: None)
    first = _rows(settings.out)
    assert len(graded) == 2 + 4  # 李雷, zoë, loop, twin: the two of ada were known
    grade.main(settings, lambda _: None)
    assert len(graded) == 6
    assert _rows(settings.out) == first
    (klass / "handed" / "ada" / "90_sample.ipynb").write_text(_notebook(WRONG, LONG))
    grade.main(settings, lambda _: None)
    assert len(graded) == 7  # what was handed in anew
    assert _rows(settings.out)["ada", "90.1"]["status"] == "fail"
    grade.main(_settings(klass, jobs=1, again=True), lambda _: None)
    assert len(graded) == 7 + 6


def _marker(klass: Path, journal: Path) -> grade.Marker:
    from lessons.engine import catalogue
    from lessons.engine.checking import supervisor

    journal.parent.mkdir()
    lesson = catalogue.find("90")
    tasks, secret = hidden.tasks([lesson], None)
    return grade.Marker(
        [lesson], tasks, secret, supervisor.sandbox(), gradebook.Journal(journal, False), False
    )


def test_a_failure_of_the_grader_is_a_row_for_a_teacher(
    klass: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("of our own")

    monkeypatch.setattr(grade, "check_source", fails)
    grade.main(_settings(klass), lambda _: None)
    row = _rows(klass / "out" / "grades.csv")["ada", "90.1"]
    assert (row["status"], row["points"]) == ("crash", "0.0")
    assert "please grade by hand (RuntimeError: of our own)" in row["diagnosis"]


HIDDEN = """
from lessons.engine.inputs import tensor
from lessons.engine.exercise import Call, Probe
from minigpt.ops import rms_norm
PROBES = {"90.1": (Probe(property="a hidden one", make=lambda rng: Call(tensor(rng, 2, 4) * 0),
                         expect=rms_norm),)}
"""


def test_hidden_checks_count_and_are_not_told(klass: Path) -> None:
    folder = klass / "hidden"
    folder.mkdir()
    (folder / "seed.txt").write_text("spring 2027")
    (folder / "more.py").write_text(HIDDEN)
    leak = "def rms_norm(x):\n    raise ValueError(repr(x))\n"
    (klass / "handed" / "loop" / "90.py").write_text(leak)
    grade.main(_settings(klass), lambda _: None)
    without = _rows(klass / "out" / "grades.csv")["ada", "90.1"]
    grade.main(_settings(klass, hidden=folder), lambda _: None)
    rows = _rows(klass / "out" / "grades.csv")
    assert rows["ada", "90.1"]["status"] == "fail"  # 0 / 0, where the package has a floor
    assert "a hidden one" in rows["ada", "90.1"]["diagnosis"]
    assert rows["ada", "90.1"]["version"] != without["version"]
    assert rows["ada", "90.2"]["status"] == "pass"
    assert rows["loop", "90.1"]["status"] == "fail"
    text = (klass / "out" / "feedback" / "loop.txt").read_text()
    assert "ValueError" in text
    assert "tensor(" not in text.replace("float32 tensor", "")
    (folder / "more.py").write_text("PROBES = {'90.9': ()}")
    with pytest.raises(ValueError, match=r"there is no exercise '90.9'"):
        grade.main(_settings(klass, hidden=folder), lambda _: None)
    (folder / "more.py").write_text("1 / 0")
    with pytest.raises(ValueError, match="does not run: ZeroDivisionError"):
        grade.main(_settings(klass, hidden=folder), lambda _: None)
    with pytest.raises(ValueError, match="is not a folder"):
        grade.main(_settings(klass, hidden=klass / "nowhere"), lambda _: None)


OWN = """
from lessons.engine.exercise import Call, Exercise, Probe, Variant, Wrong
twice = "def twice(x):\\n    return 2 * x\\n"
EXERCISES = (Exercise(
    id="90.9", name="twice", task="Twice x.", solution="secret:twice",
    probes=(Probe(property="twice x", make=lambda rng: Call(float(rng.random())),
                  judge=lambda y, x: None if y == 2 * x else "not twice x"),),
    variants=(Variant(name="a", source=twice), Variant(name="b", source=twice + "# b")),
    wrong=tuple(Wrong(name=str(n), source=twice.replace("2", str(n)), diagnosis=f"{n} times")
                for n in (3, 4, 5)),
    hints=("a", "b", "c"), next_step="On."),)
"""


def test_a_teachers_own_exercise_needs_no_published_solution(klass: Path) -> None:
    folder = klass / "hidden"
    folder.mkdir()
    (folder / "own.py").write_text(OWN)
    (klass / "handed" / "ada" / "90_more.py").write_text("def twice(x):\n    return x + x\n")
    (klass / "handed" / "loop" / "90.py").write_text("def twice(x):\n    return 3 * x\n")
    grade.main(_settings(klass, hidden=folder), lambda _: None)
    rows = _rows(klass / "out" / "grades.csv")
    assert rows["ada", "90.9"]["status"] == "pass"
    assert "3 times" in rows["loop", "90.9"]["diagnosis"]
    (folder / "own.py").write_text(OWN.replace("90.9", "77.1"))
    with pytest.raises(ValueError, match="lesson 77, which there is not"):
        grade.main(_settings(klass, hidden=folder), lambda _: None)
    assert [path.name for path in folder.iterdir()] == ["own.py"]  # no bytecode beside it


def test_a_class_named_after_the_inputs_tells_nothing(klass: Path) -> None:
    folder = klass / "hidden"
    folder.mkdir()
    own = "type('X' + str(x.tolist()), (Exception,), {})"
    bodies = {"ada": f"raise {own}()", "loop": f"return {own}()", "syntax": f"{own}.f()"}
    for name, body in bodies.items():
        (klass / "handed" / name / "90.py").write_text(f"def rms_norm(x):\n    {body}\n")
    (klass / "handed" / "ada" / "90_sample.ipynb").unlink()
    grade.main(_settings(klass, hidden=folder), lambda _: None)
    for name in bodies:
        text = (klass / "out" / "feedback" / f"{name}.txt").read_text()
        assert "90.1 rms_norm: fail" in text
        assert "X[" not in text


def test_code_without_end_is_left_out_and_the_rest_is_read(
    klass: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learner, "MAX_CODE", len(RIGHT) + 100)
    (klass / "handed" / "ada" / "90_sample.ipynb").write_text(_notebook(RIGHT))
    (klass / "handed" / "ada" / "much more of it.py").write_text("x = 1\n" * 20)
    (klass / "handed" / "loop" / "90.py").write_text("x = 1\n" * 100)
    submission = submissions.read(klass / "handed" / "ada")
    found = grade._parsed(submission)
    assert isinstance(found["90_sample.ipynb"], learner.Written)
    assert "of code in all" in str(found["much more of it.py"])
    grade.main(_settings(klass), lambda _: None)
    rows = _rows(klass / "out" / "grades.csv")
    assert rows["ada", "90.1"]["status"] == "pass"
    assert "of code" in rows["loop", "90.1"]["diagnosis"]


def test_a_table_that_cannot_be_written_is_said_before_the_work(klass: Path) -> None:
    (klass / "out" / "grades.csv").mkdir(parents=True)
    said: list[str] = []
    with pytest.raises(IsADirectoryError):
        grade.main(_settings(klass), said.append)
    assert not [line for line in said if " pass" in line]


def test_numbers_differ_between_students(klass: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds: list[str] = []
    real = grade.check_source

    def seen(*args: Any, seed: str, **kwargs: Any) -> Any:
        seeds.append(seed)
        return real(*args, seed=seed, **kwargs)

    monkeypatch.setattr(grade, "check_source", seen)
    grade.main(_settings(klass), lambda _: None)
    assert "class|ada" in seeds
    assert len(set(seeds)) == 5


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"student,name\nada,A\nbob,B\nAda,C\n", "'Ada' twice, in lines 2 and 4"),
        (b"name,mark\nA,1\n", "needs a column named student \\(its columns: name, mark\\)"),
        (b"student\n\n", "lists no students"),
        (b"", "needs a column"),
        ("student\nJosé\n".encode("latin-1"), "is not UTF-8 .* 'CSV UTF-8'"),
        ("student\nJose\u0301\nJos\u00e9\n".encode(), "twice"),
    ],
)
def test_rosters_that_cannot_be_used(tmp_path: Path, text: bytes, says: str) -> None:
    (tmp_path / "r.csv").write_bytes(text)
    with pytest.raises(ValueError, match=says):
        submissions.read_roster(tmp_path / "r.csv")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("column", ["student", "ID", " Email "])
def test_rosters_of_other_programs(tmp_path: Path, delimiter: str, column: str) -> None:
    text = f"{column}{delimiter}Name\r\na@b.c{delimiter}Åsa\r\n"
    (tmp_path / "r.csv").write_text(text, encoding="utf-8-sig")
    assert submissions.read_roster(tmp_path / "r.csv") == [Student(id="a@b.c", name="Åsa")]


BAD_ZIPS: list[tuple[dict[str, str | bytes], dict[str, int], str]] = [
    ({"../x.py": "x"}, {}, "leads out of the zip"),
    ({"a/../../x.py": "x"}, {}, "leads out of the zip"),
    ({"/etc/x.py": "x"}, {}, "leads out of the zip"),
    ({"..\\x.py": "x"}, {}, "leads out of the zip"),
    ({"C:/x.py": "x"}, {}, "leads out of the zip"),
    ({"90.py": "/etc/passwd"}, {"external_attr": 0o120777 << 16}, "is a link"),
    ({"90.py": "x"}, {"external_attr": 0o010666 << 16}, "special file"),
    ({f"{i}.py": "x" for i in range(2001)}, {}, "more than 2000 files"),
]


@pytest.mark.parametrize(("files", "attributes", "says"), BAD_ZIPS, ids=range(len(BAD_ZIPS)))
def test_zips_that_are_refused(
    tmp_path: Path, files: dict[str, str | bytes], attributes: dict[str, int], says: str
) -> None:
    path = tmp_path / "a.zip"
    _zip(path, files, **attributes)
    assert says in submissions.read(path).refused
    good = {"90.py": "x = 1", "deep/er/90.ipynb": "{}", "data.bin": "x", ".hidden/90.py": "x"}
    _zip(path, good)
    assert set(submissions.read(path).files) == {"90.py", "deep/er/90.ipynb"}


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learner, "MAX_FILE", 1000)
    _zip(tmp_path / "a.zip", {"90.py": b"0" * 10_000_000})
    assert "larger than" in submissions.read(tmp_path / "a.zip").refused
    monkeypatch.setattr(submissions, "MAX_TOTAL", 1500)
    _zip(tmp_path / "a.zip", {"1.py": b"0" * 900, "2.py": b"0" * 900})
    assert "of notebooks" in submissions.read(tmp_path / "a.zip").refused
    _zip(tmp_path / "a.zip", {"90.py": b"0", "data.bin": os.urandom(2000)})
    assert "is larger than" in submissions.read(tmp_path / "a.zip").refused
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "90.py").write_bytes(b"0" * 2000)
    assert "larger than" in submissions.read(tmp_path / "b").refused


def test_damaged_and_encrypted_zips_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    _zip(path, {"90.py": os.urandom(5000)})
    data = bytearray(path.read_bytes())
    data[100:2000] = bytes(1900)
    path.write_bytes(data)
    assert submissions.read(path).refused
    _zip(path, {"90.py": "x"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1  # the flag of an encrypted member
    path.write_bytes(data)
    assert "encrypted" in submissions.read(path).refused
    path.write_bytes(b"PK\x03\x04 and no more")
    assert "neither a zip" in submissions.read(path).refused


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_what_learning_platforms_export(tmp_path: Path) -> None:
    """A folder by the student's name with a number, and in it the student's own zip."""
    students = [Student(id="s1", name="Zoë Ünal"), Student(id="s2", name="Jo Li")]
    students += [Student(id="s3", name="Jo Li")]
    inside = tmp_path / "Zoe\u0308 U\u0308nal_4711_assignsubmission_file_"
    inside.mkdir()
    (tmp_path / "Jo Li_4712_assignsubmission_file_").mkdir()
    found, remarks = submissions.find(tmp_path, students)
    assert found == {"s1": inside}
    assert remarks == ["Jo Li_4712_assignsubmission_file_ may be s2 or s3; call it as one of them"]
    _zip(inside / "my answers.zip", {"a folder/90.py": RIGHT})
    assert submissions.read(inside).files == {"my answers.zip/a folder/90.py": RIGHT.encode()}
    _zip(inside / "another.zip", {"../90.py": RIGHT})
    assert "leads out" in submissions.read(inside).refused
    (inside / "90.py").write_text(WRONG)  # a copy beside what counts
    assert submissions.read(inside).files == {"90.py": WRONG.encode()}


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("x")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "90.py").symlink_to(tmp_path / "secret.py")
    assert "is a link" in submissions.read(tmp_path / "a").refused
    (tmp_path / "b").symlink_to(tmp_path)
    assert "is a link" in submissions.read(tmp_path / "b").refused
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "sub").symlink_to("/etc")
    assert "is a link" in submissions.read(tmp_path / "c").refused
    os.mkfifo(tmp_path / "d.py")  # reading it would wait for ever
    assert "no ordinary file" in submissions.read(tmp_path / "d.py").refused


def test_the_journal_keeps_rows_with_any_line_separator(tmp_path: Path) -> None:
    row = gradebook.Row(
        student="a", name="A\u2028B\x85C", exercise="90.1", status="pass", points=1.0,
        diagnosis="", seconds=0.1, source_hash="", version="", flags="", text="one\ntwo", form="",
    )  # fmt: skip
    journal = gradebook.Journal(tmp_path / "j", again=False)
    journal.add("key", row)
    journal.close()
    again = gradebook.Journal(tmp_path / "j", again=False)
    again.close()
    assert again.get("key") == row


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", " =1", "\t=1", "\rx", "＝1", "\n=1"])
def test_a_spreadsheet_computes_nothing(text: str) -> None:
    assert gradebook.safe_cell(text) == f"'{text}"
    assert gradebook.safe_cell("Zoë = 1") == "Zoë = 1"


def test_near_identical_is_found_through_new_names_and_not_among_short_answers() -> None:
    other = LONG.replace("value", "v").replace("clone()", "detach().clone()")
    different = LONG.replace("for i in range(x.numel())", "i = -1\n    while (i := i + 1) < 9")
    short = form.shape_of(RIGHT)
    answers = [("1", "a", form.shape_of(LONG)), ("1", "b", form.shape_of(other))]
    answers += [("1", "c", form.shape_of(different.replace("0", "1").replace("<", ">")))]
    answers += [("2", "a", short), ("2", "b", short), ("2", "c", "")]
    found = [(p.exercise, p.student, p.other) for p in similar.pairs(answers)]
    assert found == [("1", "a", "b")]


def test_more_than_two_jobs_and_none() -> None:
    with pytest.raises(ValueError, match="at least 1, got 0"):
        _settings(Path(), jobs=0)


def test_an_archive_within_is_told(klass: Path, tmp_path: Path) -> None:
    """Nobody unpacks a zip in a zip; who handed one in hears of it, and so does the teacher."""
    handed = klass / "handed"
    _zip(tmp_path / "inner.zip", {"90.py": RIGHT})
    _zip(handed / "none.zip", {"all/inner.zip": (tmp_path / "inner.zip").read_bytes()})
    (handed / "late" / "90.ipynb").write_text(_notebook("x = 1"))
    (handed / "late" / "more.7z").write_bytes(b"7z")
    (handed / "twin" / "old.zip").write_bytes((tmp_path / "inner.zip").read_bytes())
    grade.main(_settings(klass), lambda line: None)
    with (klass / "out" / "grades.csv").open(encoding="utf-8-sig") as file:
        rows = {(row["student"], row["exercise"]): row for row in csv.DictReader(file)}
    words = "no file of lesson 90 has rms_norm; not opened: {}; hand in the notebooks, or one zip"
    assert rows["none", "90.1"]["status"] == "missing"
    for student, name in (("none", "all/inner.zip"), ("late", "more.7z"), ("twin", "old.zip")):
        assert words.format(name) in rows[student, "90.1"]["diagnosis"], student
    assert rows["twin", "90.2"]["diagnosis"] == ""  # nothing is missing there
    told = (klass / "out" / "feedback" / "none.txt").read_text(encoding="utf-8")
    assert "not opened: all/inner.zip" in told


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are text")
def test_a_name_in_another_encoding_does_not_end_the_class(klass: Path, tmp_path: Path) -> None:
    (tmp_path / "in" / "ada").mkdir(parents=True)
    (tmp_path / "roster.csv").write_text("student\nada\n", encoding="utf-8")
    for name, text in (
        (b"90_\xfcbung.py", "def rms_norm(:"),
        (b"\xfc.rar", ""),
        (b"../\xfc.zip", ""),
    ):
        path = os.path.join(os.fsencode(tmp_path / "in" / "ada"), name)
        Path(os.fsdecode(path)).write_text(text, encoding="utf-8")
    out = tmp_path / "grades.csv"
    said: list[str] = []
    settings = _settings(tmp_path, submissions=tmp_path / "in", out=out)
    assert grade.main(settings, said.append) == 0
    assert any("belongs to nobody" in line for line in said)
    told = (tmp_path / "feedback" / "ada.txt").read_text(encoding="utf-8")
    assert "90_?bung.py: line 1: " in told
    assert "not opened: ?.rar" in told


def test_many_archives_within_are_told_in_one_line(tmp_path: Path) -> None:
    _zip(tmp_path / "a.zip", {f"{'x' * 200}{n}.tar.gz": b"" for n in range(9)})
    remark = submissions.read(tmp_path / "a.zip").remark
    assert "and 6 more" in remark
    assert len(remark) < 300

"""How the command starts: without what is slow, with its help, and when a package is missing."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labkit import progress
from synthdata import __main__ as command

ROOT = Path(__file__).parents[2]
TEXTS = [f"tale {i} of a fox and {i % 7} hens" for i in range(30)]


def test_measure_starts_without_what_is_slow(tmp_path: Path) -> None:
    """No torch ever; SciPy's statistics, Matplotlib and the rest only where they are used."""
    (tmp_path / "a.txt").write_text("\n".join(TEXTS))
    script = (
        "import sys, synthdata.__main__ as m\n"
        "try: m.main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print([n for n in ('torch', 'scipy.stats', 'matplotlib', 'ray', 'pyarrow', 'fsspec') "
        "if n in sys.modules])"
    )
    for args in (["measure", "--help"], ["measure", str(tmp_path / "a.txt")], ["gate", "--help"]):
        done = subprocess.run(
            [sys.executable, "-c", script, *args],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=True,
        )
        assert done.stdout.splitlines()[-1] == "[]", args


def test_gate_starts_without_scipy(tmp_path: Path) -> None:
    """Importing scipy.special would take a sixth of its time."""
    paths = [tmp_path / name for name in ("a.txt", "b.txt")]
    for path, animal in zip(paths, ("hens", "ducks")):
        path.write_text("\n".join(text.replace("hens", animal) for text in TEXTS))
    script = (
        "import sys, synthdata.__main__ as m\n"
        "try: m.main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print([n for n in sys.modules if n.startswith('scipy')])"
    )
    rules = [f"--rule={rule}" for rule in ("near_duplicates<=0.5", "hill1_ratio>=0.8")]
    args = ["gate", str(paths[0]), "--ref", str(paths[1]), *rules]
    done = subprocess.run(
        [sys.executable, "-c", script, *args], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert "hill1_ratio" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("missing", ["tyro", "numpy", "labkit", "rensa"])
@pytest.mark.parametrize(("name", "code"), [("gate", 3), ("measure", 2)])
def test_a_missing_package_is_an_error_not_an_answer(
    missing: str, name: str, code: int, tmp_path: Path
) -> None:
    """Python's own exit code for it is 1, which `gate` promises to keep for "fail"."""
    (tmp_path / "a.txt").write_text("\n".join(TEXTS))
    script = (
        f"import sys; sys.modules[{missing!r}] = None; import runpy\n"
        "runpy.run_module('synthdata', run_name='__main__')"
    )
    rule = ["--rule", "near_duplicates<=0.5"] if name == "gate" else []
    done = subprocess.run(
        [sys.executable, "-c", script, name, str(tmp_path / "a.txt"), *rule],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == code, done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert missing in done.stderr


def help_of(name: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as stop:
        command.main([name, "--help"])
    assert stop.value.code == 0
    return " ".join(capsys.readouterr().out.replace("│", " ").split())


def test_help_says_what_streams_and_what_rules_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "Streams: documents, words" in help_of("measure", capsys)
    from synthdata.verdicts.rules import RULES

    said = help_of("gate", capsys)
    for name, rule in RULES.items():
        assert f"{name}: {rule.definition}" in said


def test_progress_is_silent_where_nobody_looks(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "DELAY", 0.0)
    with progress.ticking("working"), progress.bytes_bar("reading", 10) as bar:
        bar.update(5)
    assert capsys.readouterr().err == ""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    with progress.ticking("working"):
        time.sleep(0.1)
    assert "working" in screen.getvalue()

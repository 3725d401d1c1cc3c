"""The rules of the house: who may import whom, what stands at the top, what the README promises."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = [
    p for p in ("labkit", "minigpt", "distill", "synthdata", "lessons") if (ROOT / p).exists()
]
MAY_IMPORT = {
    "labkit": {"labkit"},
    "minigpt": {"minigpt", "labkit"},
    "distill": {"distill", "minigpt", "labkit"},
    "synthdata": {"synthdata", "labkit"},
    "lessons": {"lessons", "distill", "synthdata", "minigpt", "labkit"},
}
EXPERIMENTS = {"collapse", "personas", "three_jokes"}  # rooms of synthdata that train models
MOST_DOORS = 15  # modules in one folder
LONGEST = 375
WITHIN_LESSONS = {  # part of lessons -> the parts it may import; a lesson: these three and itself
    "engine": {"engine"},
    "lab": {"lab"},
    "shared": {"shared", "engine"},
}
TORCH_FREE = ["labkit", "minigpt.corpora", "minigpt.ngram", "minigpt.storyland", "minigpt.nextchar"]
TORCH_FREE += ["synthdata"] if "synthdata" in PACKAGES else []
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "TEACHING.md", ROOT / "lessons" / "LEDGER.md"]
PAGES += [page for package in PACKAGES if (page := ROOT / package / "README.md").exists()]


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Top-level names that a file imports anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_go_one_way(package: str) -> None:
    for path in modules(package):
        allowed = set(MAY_IMPORT[package])
        if package == "synthdata" and EXPERIMENTS & set(path.parts):
            allowed.add("minigpt")
        wrong = imported(path) & set(MAY_IMPORT) - allowed
        assert not wrong, f"{path.relative_to(ROOT)} imports {wrong}"


def test_apparatus_knows_no_lesson_and_no_engine() -> None:
    for path in (ROOT / "lessons" / "lab").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                ours = (node.module or "").split(".")
                assert ours[0] != "lessons" or ours[:2] == ["lessons", "lab"], path


def arrows(package: str) -> dict[str, set[str]]:
    """Module -> the modules of its package that it imports, anywhere in it."""
    names = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in modules(package)
    }
    found: dict[str, set[str]] = {name: set() for name in names}
    for name, path in names.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found[name] |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                inner = {f"{node.module}.{alias.name}" for alias in node.names}
                found[name] |= inner & set(names)
                if inner - set(names):  # a name of the module, not one of its modules
                    found[name].add(node.module)
        found[name] = (found[name] & set(names)) - {name}
    return found


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Modules that reach themselves, those of one circle together."""
    reach = {name: set(there) for name, there in graph.items()}
    for middle in graph:
        for name in graph:
            if middle in reach[name]:
                reach[name] |= reach[middle]
    within = {name: {n for n in reach[name] if name in reach[n]} for name in graph}
    return sorted(
        {tuple(sorted(those)): sorted(those) for those in within.values() if those}.values()
    )


def test_circles_are_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [["b", "c"]]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_imports_itself_in_the_end(package: str) -> None:
    assert not circles(arrows(package))


def rooms(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """The same arrows between rooms: the modules of a folder without folders are one."""
    parents = {name.rpartition(".")[0] for name in graph}
    halls = {parent.rpartition(".")[0] for parent in parents}  # folders with folders in them

    def room(name: str) -> str:
        inner = name if name in parents else name.rpartition(".")[0]
        return name if inner in halls else inner

    found: dict[str, set[str]] = {}
    for name, there in graph.items():
        found.setdefault(room(name), set()).update({room(n) for n in there} - {room(name)})
    return found


def test_rooms_are_told_from_modules() -> None:
    graph = {"p": set(), "p.a": {"p.r.x"}, "p.r": set(), "p.r.x": {"p.r.y"}, "p.r.y": {"p.a"}}
    assert rooms(graph) == {"p": set(), "p.a": {"p.r"}, "p.r": {"p.a"}}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_room_imports_itself_in_the_end(package: str) -> None:
    assert not circles(rooms(arrows(package)))


@pytest.mark.parametrize("package", PACKAGES)
def test_no_file_is_long(package: str) -> None:
    for path in modules(package):
        if path.name == "lesson.py":  # a story, whose length is stated in minutes
            continue
        name, lines = path.relative_to(ROOT).as_posix(), len(path.read_bytes().splitlines())
        assert lines <= LONGEST, f"{name}: {lines} lines"


@pytest.mark.parametrize("package", PACKAGES)
def test_no_room_has_many_doors(package: str) -> None:
    doors = Counter(p.parent for p in modules(package) if p.stem not in ("__init__", "__main__"))
    for folder, count in doors.items():
        name = folder.relative_to(ROOT).as_posix()
        assert count <= MOST_DOORS, f"{name}: {count} modules"
        assert (folder / "__init__.py").exists(), f"{name} is not a package"


# Lessons: what their parts may import, and what each of them has.


def test_no_lesson_imports_a_lesson_and_nothing_shared_does() -> None:
    for name, there in arrows("lessons").items():
        for part in {n.split(".")[1] for n in there if "." in n}:
            mine = name.split(".")[1] if "." in name else ""
            allowed = WITHIN_LESSONS.get(mine, {mine, *WITHIN_LESSONS})
            assert part in allowed, f"{name} imports lessons.{part}"


def test_a_lessons_author_imports_what_is_flat() -> None:
    """No lesson, and no lesson that `new` makes, reaches into a room of the engine."""
    pages = [p for folder in (ROOT / "lessons").glob("l[0-9]*_*") for p in folder.glob("*.py")]
    pages += (ROOT / "lessons" / "engine" / "building" / "template").glob("*.txt")
    flat = {path.stem for path in (ROOT / "lessons" / "engine").glob("*.py")}
    found = set()
    for page in pages:
        text = page.read_text(encoding="utf-8")
        names = set(re.findall(r"lessons\.engine\.(\w+)", text))
        for row in re.findall(r"from lessons\.engine import ([\w, ]+)", text):
            names |= {part.split()[0] for part in row.split(",")}
        assert names <= flat, f"{page}: {names - flat}"
        found |= names
    assert {"exercise", "experiment", "notebook", "judges"} <= found


def test_exercises_have_names_of_their_own() -> None:
    from lessons.engine import catalogue

    exercises = [exercise for lesson in catalogue.lessons() for exercise in lesson.exercises()]
    assert exercises
    for words in ([e.name for e in exercises], [e.id for e in exercises]):
        assert len(set(words)) == len(words), sorted(words)


def test_every_lesson_has_a_fingerprint() -> None:
    folders = list((ROOT / "lessons").glob("l[0-9]*_*"))
    assert folders
    for folder in folders:
        assert (folder / "experiment.py").exists(), folder
        assert (folder / "fingerprint.json").exists(), folder


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_says_what_it_is_for(package: str) -> None:
    for path in modules(package):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path


def test_importing_prints_nothing_and_brings_no_torch() -> None:
    code = f"import sys, {', '.join(TORCH_FREE)}; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "False\n", "")


def test_importing_the_rest_prints_and_seeds_nothing() -> None:
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for package in ("minigpt", "distill", "lessons")
        for path in modules(package)
        if path.name not in ("__init__.py", "__main__.py", "lesson.py")  # a notebook's source
    ]
    code = (
        "import torch, numpy; before = torch.initial_seed(), str(numpy.random.get_state());\n"
        f"import {', '.join(names)}\n"
        "assert before == (torch.initial_seed(), str(numpy.random.get_state()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("package", PACKAGES)
def test_no_progress_bar_is_drawn_into_a_pipe(package: str) -> None:
    """Every bar says when it hides, and none says never: `disable=None` is tqdm's "no terminal"."""
    for path in modules(package):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("tqdm"):
                given = {word.arg: ast.unparse(word.value) for word in node.keywords}
                assert "disable" in given, f"{path}:{node.lineno}"
                assert given["disable"] != "False", f"{path}:{node.lineno}"


def test_the_top_level_is_the_house() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    top = {name.split("/")[0] for name in tracked if name}
    house = {*MAY_IMPORT, "notebooks", "tests", "pyproject.toml", ".ci", ".gitignore"}
    house |= {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "CITATION.cff", "LICENSE"}
    house |= {
        "package.json",
        "package-lock.json",
        "biome.json",
        "tsconfig.json",
        "tsconfig.report.json",
    }  # of the scripts
    assert top <= house | {"TEACHING.md"}


def test_ci_runs_the_readmes_test_command() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    install = 'python -m pip install -e ".[test]"'
    assert install in README
    assert install.replace("install", "install --quiet") in ci
    assert "python -m pytest -n 2" in README
    assert "python -m pytest -n 2" in ci


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_in_a_readme_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    commands = set(re.findall(r"python -m ((?:minigpt|distill|synthdata|lessons)[\w.]*)", text))
    assert commands
    for name in commands:
        path = ROOT / Path(*name.rstrip(".").split("."))
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), name


def test_every_flag_in_a_readme_exists() -> None:
    """Each `--flag` on a line with a command stands in that command's help."""
    wanted: dict[str, set[str]] = {}
    for page in PAGES:
        for line in page.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
            match = re.search(r"python -m (minigpt[\w.]*)(.*)", line)
            if match:
                wanted.setdefault(match[1], set()).update(re.findall(r"(--[a-z][a-z-]+)", match[2]))
    for name, flags in wanted.items():
        if not flags:
            continue
        done = subprocess.run(
            [sys.executable, "-m", name, "--help"], capture_output=True, text=True, cwd=ROOT
        )
        assert done.returncode == 0, done.stderr
        for flag in flags:
            assert flag in done.stdout, f"{name} has no {flag}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_in_a_readme_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 130


@pytest.mark.parametrize(
    "path",
    [p for p in modules("distill") if re.search("^PROG = ", p.read_text(encoding="utf-8"), re.M)]
    + [ROOT / "minigpt" / room / "__main__.py" for room in ("evaluate", "sample")],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_ctrl_c_is_one_line_while_torch_loads(path: Path) -> None:
    """`stoppable` is the first that such a command does, with the name that its errors have."""
    told = ast.parse(path.read_text(encoding="utf-8")).body
    first = next(s for s in told if not isinstance(s, ast.Expr | ast.ImportFrom))
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__main__")
    assert ast.unparse(first).splitlines() == [
        "if __name__ == '__main__':",
        "    from labkit import command",
        f"    command.stoppable('{name}')",
    ]
    before = [s for s in told[: told.index(first)] if isinstance(s, ast.ImportFrom)]
    assert [s.module for s in before] == ["__future__"]

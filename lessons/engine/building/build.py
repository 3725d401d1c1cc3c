"""Notebooks from lessons: one source, two notebooks, outputs that cannot go stale unnoticed.

Idea:   `lesson.py` is the notebook's source (percent.py has the format). `build` makes two
        notebooks from it: the learner's, with stubs for exercises, and one with solutions, the
        packages' own functions. It runs both from top to bottom and keeps their outputs. The hashes
        of their sources go into the metadata. `build --check` makes the cells again, runs nothing,
        and reports differences.
Source: the percent format is jupytext's; cell ids are those of nbformat 4.5.
Run:    python -m lessons build [NAMES] [--check]
Omits:  Jupyter Book, slides, translations.

How to write a lesson.py
- It begins with a docstring (not a cell), then cells: `# %% [markdown]` for prose, in which
  each line begins with "# ", and `# %%` for code. The first heading is the lesson's title.
- Paragraphs with the same words in every lesson are added (fixed.py): what the lesson has and how
  to get a copy, hints and that an exercise may wait, how to see the verdict without computing.
- The first code cell imports all that the notebook needs. `check` and `hint` are among it.
- `# %% exercise="01.1"` marks where a learner solves an exercise of checks.py; nothing is needed
  below it, since the stub (or the solution) and its check are added. The story after it uses the
  package's function, by its module's name (`evaluate.surprise`): an exercise left alone stops
  nothing, and the learner's own function keeps its name.
- A cell defines nothing that a package has. It imports it, and `source(function)` shows it.
- Figures: `with picture(x=..., y=..., title=..., caption=...) as ax:` and what draws on ax. The
  alternative text is made from what was drawn. An image without one, an error, anything on
  standard error, an address (0x7f...) or a path of this machine in an output is refused.
- `predict(lesson, ...)` comes before anything that gives the answer away, `experiment(lesson)`
  late. Under COGNITIVE_CORE_PROFILE=ci the whole notebook takes at most 10 s beyond start-up.
- No cell fetches anything: texts come from minigpt.corpora, `load_default` if there may be none.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import platform
import re
import shutil
import tempfile
import types
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from tyro.conf import Positional

from labkit import files
from lessons.engine.building import percent
from lessons.engine.building.execute import execute
from lessons.engine.building.fixed import complete
from lessons.engine.catalogue import Lesson, find, lessons
from lessons.engine.checking import learner
from lessons.engine.exercise import Exercise
from lessons.engine.ledger.evidence import bring_published, experiment_hash
from lessons.engine.work import ROOT, from_here

if TYPE_CHECKING:
    from nbformat import NotebookNode

Kind = Literal["student", "solution"]
KINDS: tuple[Kind, ...] = ("student", "solution")
NOTEBOOKS = ROOT / "notebooks"
LARGEST = 400_000  # bytes
VERSIONS = ("numpy", "torch", "matplotlib", "scipy", "nbclient")
_ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,}")


def path_of(lesson: Lesson, kind: Kind, folder: Path = NOTEBOOKS) -> Path:
    """Path of a notebook: notebooks/01_name.ipynb, or notebooks/solutions/01_name.ipynb."""
    return (folder if kind == "student" else folder / "solutions") / f"{lesson.slug}.ipynb"


def compose(lesson: Lesson, kind: Kind) -> NotebookNode:
    """The notebook's cells and the hashes of their sources, without outputs.

    ValueError if lesson.py is malformed, leaves an exercise of checks.py out, has one twice, or
    names one that is not there.
    """
    import nbformat

    text = (lesson.folder / "lesson.py").read_text(encoding="utf-8")
    exercises = {exercise.id: exercise for exercise in lesson.exercises()}
    source = percent.parse(text, f"lessons/{lesson.folder.name}/lesson.py")
    _same_exercises(lesson, [c.exercise for c in source if c.exercise], list(exercises))
    cells = [_cell(part, exercises, kind) for part in complete(source, lesson)]
    seen: Counter[str] = Counter()
    for cell in cells:
        words = f"{lesson.name}\0{cell.cell_type}\0{cell.source}"
        seen[words] += 1  # equal cells are told apart by their order
        cell["id"] = hashlib.sha256(f"{words}\0{seen[words]}".encode()).hexdigest()[:16]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
            "cognitive_core": {
                "lesson": lesson.slug,
                "kind": kind,
                "source": files.sha256(text),
                "checks": lesson.checks_hash(),
                "experiment": experiment_hash(lesson.name),
            },
        }
    )
    return notebook


def _same_exercises(lesson: Lesson, shown: list[str], known: list[str]) -> None:
    if sorted(shown) != sorted(known):
        raise ValueError(
            f"{lesson.slug}: lesson.py has the exercises {', '.join(shown) or 'none'}, checks.py "
            f"has {', '.join(known) or 'none'}; each stands in both, once"
        )


def _cell(part: percent.Cell, exercises: dict[str, Exercise], kind: Kind) -> NotebookNode:
    from nbformat import v4

    if part.kind == "markdown":
        cell = v4.new_markdown_cell(part.source)
    elif not part.exercise:
        cell = v4.new_code_cell(part.source)
    else:
        exercise = exercises[part.exercise]
        body = learner.stub(exercise).rstrip() if kind == "student" else solution(exercise)
        call = f'check("{exercise.id}", {exercise.name})'
        cell = v4.new_code_cell("\n\n\n".join(filter(None, [part.source, body, call])))
        cell.metadata["cognitive_core"] = {"exercise": exercise.id}
        cell.metadata["nbgrader"] = {  # as nbgrader marks a cell that holds an answer
            "grade": False,
            "grade_id": f"exercise-{exercise.id.replace('.', '-')}",
            "locked": False,
            "schema_version": 3,
            "solution": True,
            "task": False,
        }
    tags = [*part.tags, *(["exercise"] if part.exercise else [])]
    if tags:
        cell.metadata["tags"] = tags
    return cell


# Solutions: the packages' own functions.


def solution(exercise: Exercise) -> str:
    """The package's own function as written there, with the imports that it needs."""
    module_name, _, name = exercise.solution.partition(":")
    module = importlib.import_module(module_name)
    function = inspect.unwrap(getattr(module, name))
    lines = ["from __future__ import annotations", ""]
    lines += _imports(function, module)
    lines += ["", "", f"# {exercise.solution.replace(':', ', ')}"]
    lines.append(inspect.getsource(function).rstrip())
    if exercise.name != name:
        lines += ["", "", f"{exercise.name} = {name}"]
    return re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines))


def _imports(function: Callable[..., Any], module: types.ModuleType) -> list[str]:
    """Import lines for what a function takes from its module."""
    lines = []
    for name in sorted(_names(function.__code__)):
        value = vars(module).get(name)
        if value is None or name == function.__name__:
            continue
        if isinstance(value, types.ModuleType):
            whole = value.__name__
            lines.append(f"import {whole}" if whole == name else f"import {whole} as {name}")
        else:
            lines.append(f"from {module.__name__} import {name}")
    return sorted(lines, key=lambda line: (line.startswith("from"), line))


def _names(code: types.CodeType) -> set[str]:
    """Global names a function's code uses, functions inside it included."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names(constant)
    return names


# Building.


def make(lesson: Lesson, kind: Kind, *, profile: str, evidence: Path) -> NotebookNode:
    """Compose a notebook, run it, and record profile and versions.

    Evidence that the ledger has from this code, or that is in the folder `evidence`, is not
    measured again; new evidence is added to that folder. ValueError if a cell fails, or has an
    output that a published notebook must not have.
    """
    notebook = compose(lesson, kind)
    with tempfile.TemporaryDirectory(prefix="lessons-work-") as folder:
        work = Path(folder)
        if evidence.exists():
            shutil.copytree(evidence, work / "evidence")
        bring_published(lesson.name, work / "evidence")
        execute(notebook, profile=profile, work=work)
        if (work / "evidence").exists():
            shutil.copytree(work / "evidence", evidence, dirs_exist_ok=True)
    about = notebook.metadata["cognitive_core"]
    about["profile"] = profile
    about["versions"] = {"python": platform.python_version()}
    about["versions"] |= {name: version(name).partition("+")[0] for name in VERSIONS}
    faults = list(output_faults(notebook))
    if faults:
        raise ValueError(f"{lesson.slug} ({kind}): {'; '.join(faults)}")
    return notebook


def output_faults(notebook: NotebookNode) -> Iterator[str]:
    """Faults in a published notebook's outputs."""
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type != "code":
            continue
        where = f"cell {number}"
        if cell.execution_count is None:
            yield f"{where} was not run"
        for output in cell.outputs:
            if output.output_type == "error":
                yield f"{where} ends in {output.ename}"
            if output.get("name") == "stderr":
                yield f"{where} writes to standard error: {output.text.strip()[:80]!r}"
            data = output.get("data", {})
            alt = output.get("metadata", {}).get("image/png", {}).get("alt", "")
            if "image/png" in data and not alt.strip():
                yield f"{where} has an image without alternative text; use picture(...)"
            words = output.get("text", "") + str(data.get("text/plain", ""))
            words += str(data.get("text/markdown", ""))
            if _ADDRESS.search(words):
                yield f"{where} prints an address in memory, which is never twice the same"
            if any(str(place) in words for place in (ROOT, Path.home()) if str(place) != "/"):
                yield f"{where} prints a path of this machine"


def stale(lesson: Lesson, kind: Kind, folder: Path = NOTEBOOKS) -> list[str]:
    """Faults of a notebook in its folder; none if it is up to date."""
    import nbformat

    path = path_of(lesson, kind, folder)
    name = path.relative_to(folder.parent) if path.is_relative_to(folder.parent) else path
    if not path.exists():
        return [f"{name} is not there"]
    try:
        found = nbformat.read(path, as_version=4)
        nbformat.validate(found)
    except Exception as error:  # any error of nbformat on a file that is not a notebook
        return [f"{name} is no notebook: {' '.join(str(error).split())[:120]}"]
    wanted = compose(lesson, kind)
    problems = []
    about = found.metadata.get("cognitive_core", {})
    for key, value in wanted.metadata["cognitive_core"].items():
        if about.get(key) != value:
            problems.append(f"{key} has changed since it was built")
    if about.get("profile") != "full":
        problems.append(f"built with profile {about.get('profile')!r}, published ones are full")
    if len(found.cells) != len(wanted.cells):
        problems.append(f"{len(found.cells)} cells where the source makes {len(wanted.cells)}")
    for number, (a, b) in enumerate(zip(found.cells, wanted.cells), 1):
        for what in ("id", "cell_type", "source", "metadata"):
            if a.get(what) != b.get(what):
                problems.append(f"cell {number}: another {what.replace('_', ' ')}")
    problems += output_faults(found)
    if path.stat().st_size > LARGEST:
        problems.append(f"{path.stat().st_size:,} bytes, more than {LARGEST:,}")
    return [f"{name}: {problem}" for problem in problems]


# The command.


@dataclass(frozen=True, kw_only=True)
class Build:
    """Make the notebooks of lessons from their sources, or check that they agree."""

    names: Annotated[tuple[str, ...], Positional] = ()
    """Lessons by number or name; all of them if none is named."""
    check: bool = False
    """Run nothing and write nothing; say which notebooks are stale."""
    profile: Literal["full", "ci"] = "full"
    """ci is a quick look; --check takes only full."""
    out: Path | None = None
    """Folder instead of notebooks/, for a quick look."""

    def __post_init__(self) -> None:
        if self.profile == "ci" and self.out is None and not self.check:
            raise ValueError(
                "published notebooks are built at full profile; name a folder for this one: "
                "--out FOLDER"
            )


def main(settings: Build, say: Callable[[str], None] = print) -> int:
    """Run the command; returns 1 if --check finds something."""
    folder = settings.out or NOTEBOOKS
    chosen = [find(name) for name in settings.names] or with_source()
    if settings.check:
        problems = [p for lesson in chosen for kind in KINDS for p in stale(lesson, kind, folder)]
        problems += _strangers(folder) if not settings.names else []
        for problem in problems:
            say(problem)
        if problems:
            say("mend with: python -m lessons build " + " ".join(settings.names))
            return 1
        say(f"{len(KINDS) * len(chosen)} notebooks are up to date")
        return 0
    for lesson in chosen:
        for kind in KINDS:
            path = path_of(lesson, kind, folder)
            size = build(lesson, kind, path, profile=settings.profile)
            say(f"{from_here(path)}: {size:,} bytes")
    return 0


def build(lesson: Lesson, kind: Kind, path: Path, *, profile: str = "full") -> int:
    """Make a notebook and write it atomically; its size in bytes."""
    import nbformat

    notebook = make(lesson, kind, profile=profile, evidence=ROOT / "work" / "evidence")
    text = nbformat.writes(notebook) + "\n"
    size = len(text.encode())
    if size > LARGEST:
        raise ValueError(
            f"{path.name} would have {size:,} bytes; at most {LARGEST:,}: fewer or smaller figures"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write_text(path, text)
    return size


def with_source() -> list[Lesson]:
    """The lessons that have a lesson.py."""
    return lessons(having="lesson.py")


def _strangers(folder: Path) -> list[str]:
    """Notebooks that belong to no lesson."""
    ours = {path_of(lesson, kind, folder) for lesson in with_source() for kind in KINDS}
    found = [*folder.glob("*.ipynb"), *folder.glob("solutions/*.ipynb")]
    return [f"{path.name}: no lesson makes it; delete it" for path in sorted(set(found) - ours)]

"""check, hint and solution, in a notebook and on the command line alike.

Idea:   one checker for both: it finds the learner's source (in the running notebook, or in work/),
        has it judged in the sandbox, and keeps the record.
Run:    in a notebook: check("03.1", causal_attention); in a shell: python -m lessons check 03.1
Omits:  showing; the functions return text.
"""

from __future__ import annotations

import inspect
import linecache
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from lessons.engine import catalogue
from lessons.engine.answers import slicing
from lessons.engine.answers import source as sources
from lessons.engine.checking import learner, supervisor
from lessons.engine.checking.check import check_source
from lessons.engine.checking.feedback import feedback
from lessons.engine.exercise import Exercise, Result
from lessons.engine.practice import progress
from lessons.engine.work import work_folder


def check(exercise: str, function: Callable[..., Any]) -> None:
    """Check your function, and print the findings. Errors in it are never raised.

    `exercise` is an id such as "03.1".
    """
    wanted = catalogue.find_exercise(exercise)
    caller = sys._getframe(1).f_globals  # has the names that the learner has given
    try:
        source = source_of(function, wanted.name, caller)
    except slicing.Unreadable as error:
        print(f"{wanted.id} {wanted.name}: the cell with {wanted.name}: {error}")
        return
    except ValueError as error:
        print(f"{wanted.id} {wanted.name}: {error}")
        return
    result = attempt(wanted, source)
    print(feedback(result, wanted.name))


def attempt(exercise: Exercise, source: str, *, today: date | None = None) -> Result:
    """Judge a source, and record the attempt in work/progress.json."""
    result = check_source(exercise, source, supervisor.sandbox(), seed="practice")
    if result.status == "missing":
        return result
    folder = work_folder()
    records = progress.load(folder)
    before = records.get(exercise.id, progress.Record())
    records[exercise.id] = progress.after_check(before, result, source, today or date.today())
    progress.save(folder, records)
    return result


def check_file(exercise: Exercise, path: Path | None = None) -> tuple[Result, list[str]]:
    """Check the answer in work/ (or in `path`); the result and remarks on the file."""
    lesson = catalogue.find(exercise.lesson)
    written = learner.read(path or learner.file_of(lesson, work_folder()))
    remarks = []
    if written.path.suffix == ".ipynb" and not written.has_check(exercise.id):
        remarks.append(
            f'{written.path.name}: the cell with check("{exercise.id}", {exercise.name}) is gone; '
            "the function is checked all the same"
        )
    return attempt(exercise, learner.answer(written, exercise)), remarks


def source_of(function: Callable[..., Any], name: str, caller: dict[str, Any]) -> str:
    """The source of a function just defined, with its dependencies, as `name`.

    In a notebook it comes from the cells that were run, in that order, in a file from the file. A
    function not made by `def` alone (a lambda, a partial, the result of a decorator or another
    function) is found by its name among the `caller`'s, as in a checked file. ValueError if there
    is no source, as for a function of a library.
    """
    made, cells = _as_defined(function) or _by_name(function, name, caller)
    found = slicing.needed(made, cells)
    if found is None:
        raise ValueError(f"the source of {made} is not to be found; run its cell again")
    return found if made == name else f"{found}\n{name} = {made}\n"


def _as_defined(function: Any) -> tuple[str, list[str]] | None:
    """The name of a function written with `def`, and its cells; None for anything else."""
    if not inspect.isfunction(function) or hasattr(function, "__wrapped__"):
        return None
    if "<" in function.__qualname__:  # <lambda>, or <locals> that it may need
        return None
    made = function.__name__
    try:
        own = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError, SyntaxError):
        raise ValueError(
            f"the source of {made} is not to be found; define it in a cell, or in a file"
        ) from None
    return made, [*_cells_before(function.__module__, function.__code__.co_filename), own]


def _by_name(function: Any, name: str, caller: dict[str, Any]) -> tuple[str, list[str]]:
    """The name of a lambda, a partial or another callable object, and its cells."""
    for names in (caller, getattr(function, "__globals__", {})):
        known = [n for n, value in list(names.items()) if value is function and n[:1] != "_"]
        if known:
            made = name if name in known else known[0]
            return made, _cells_before(names.get("__name__", ""), names.get("__file__", ""))
    kind = "lambda" if getattr(function, "__name__", "") == "<lambda>" else type(function).__name__
    raise ValueError(
        f"a function written in Python is wanted, got a {kind} without a name of yours; write "
        f"{name} = ..., run that, and check {name}"
    )


def _cells_before(module: str, file: str) -> list[str]:
    """The notebook's cells as they were run; outside a notebook, the file of the function."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell is not None else None
    if running is not None and module == "__main__":
        return [str(cell) for cell in running.history_manager.input_hist_raw]
    return ["".join(linecache.getlines(file))]


def hint(exercise: str) -> None:
    """Print the next of the three hints: a question, the concept, pseudocode."""
    wanted = catalogue.find_exercise(exercise)
    print(next_hint(wanted))


def next_hint(exercise: Exercise) -> str:
    """The next hint, which is recorded as given; after the third, all three."""
    folder = work_folder()
    records = progress.load(folder)
    record = records.get(exercise.id, progress.Record())
    shown = min(record.hints + 1, len(exercise.hints))
    records[exercise.id] = replace(record, hints=shown)
    progress.save(folder, records)
    kinds = ("a question", "the concept", "pseudocode")
    if record.hints >= len(exercise.hints):
        rows = [f"{k}: {h}" for k, h in zip(kinds, exercise.hints)]
        return f"{exercise.id}: all three hints\n" + "\n".join(rows)
    return f"{exercise.id}, hint {shown} of 3, {kinds[shown - 1]}:\n{exercise.hints[shown - 1]}"


def solution(exercise: str, *, now: bool = False) -> None:
    """Print the solution: after a pass, after three tries, or with now=True."""
    print(show_solution(catalogue.find_exercise(exercise), now=now))


def show_solution(exercise: Exercise, *, now: bool) -> str:
    """The package's own function; before a pass or three tries, how to see it."""
    record = progress.load(work_folder()).get(exercise.id, progress.Record())
    if not (now or progress.may_see_solution(record)):
        return (
            f"{exercise.id}: {record.tries} of {progress.TRIES_FOR_SOLUTION} tries so far. A hint "
            f"may be better: python -m lessons hint {exercise.id}. The solution all the same: "
            f"python -m lessons solution {exercise.id} --now"
        )
    where = exercise.solution.replace(":", ".")
    return f"# {where}\n{sources.solution_itself(exercise.solution).rstrip()}"

"""The command: python -m lessons VERB.

Run:    python -m lessons --help
Omits:  anything but the table; each verb lives in its own module of lessons.engine.
"""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Sequence
from typing import NoReturn

from labkit import command

PROG = "lessons"

# verb: (module of lessons.engine, settings, function, what it does)
VERBS = {
    "list": ("practice.studying", "List", "list_lessons", "which lessons there are"),
    "start": ("practice.start", "Start", "main", "put your own copy of a lesson in work/"),
    "check": ("practice.studying", "Check", "check", "is my answer right, and if not, why?"),
    "hint": ("practice.studying", "Hint", "hint", "a question, the concept, pseudocode"),
    "solution": ("practice.studying", "Solution", "solution", "the package's own function"),
    "status": ("practice.studying", "Status", "status", "what is done"),
    "next": ("practice.studying", "Next", "next_step", "what to do now"),
    "review": ("practice.reviewing", "Review", "main", "again, after 1, 3 and 7 days"),
    "ledger": ("ledger.command", "LedgerConfig", "main", "every claim and its verdict"),
    "new": ("building.new", "New", "main", "make a lesson of your own, in which all runs"),
    "preregister": (
        "ledger.command",
        "Preregister",
        "preregister",
        "write down what must hold, before it is measured",
    ),
    "pilot": ("ledger.command", "Pilot", "pilot", "how many seeds would decide?"),
    "audit": ("building.audit", "Audit", "main", "do the checks catch what they should?"),
    "doctor": ("practice.doctor", "Doctor", "main", "is this machine ready, how fast is it?"),
    "build": ("building.build", "Build", "main", "make the notebooks"),
    "book": ("book.command", "Book", "main", "make a site of the lessons"),
    "grade": ("grading.grade", "Grade", "main", "check a class's submissions"),
}


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Find the verb, load its module only, and run it; exit 0, or 1 for "no", or 2 for an error."""
    words = list(sys.argv[1:] if args is None else args)
    if not words or words[0] in ("-h", "--help"):
        command.guard(_help, prog=PROG)
    verb = words[0]
    if verb not in VERBS:
        near = difflib.get_close_matches(verb, VERBS, n=1)
        meant = f"did you mean {near[0]}? " if near else ""
        command.fail(f"there is no {verb!r}; {meant}verbs: {', '.join(VERBS)}", prog=PROG)
    module_name, settings, function, _ = VERBS[verb]
    command.stoppable(f"{PROG} {verb}")
    module = importlib.import_module(f"lessons.engine.{module_name}")
    command.run(
        getattr(module, function), getattr(module, settings), prog=f"{PROG} {verb}", args=words[1:]
    )


def _help() -> None:
    print("usage: python -m lessons VERB ...\n")
    for verb, (*_, what) in VERBS.items():
        print(f"  {verb:<11} {what}")
    print("\npython -m lessons VERB --help says more about one.")


if __name__ == "__main__":
    main()

"""The command: python -m synthdata {measure, compare, gate, explain, curate, personas,
three-jokes, collapse}.

Run:    python -m synthdata --help

Everything, the option parser included, is imported inside `main`: if a package is missing, that too
is one line and the exit code of an error, and for `gate` not the 1 that means "fail".
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

ERROR = 2
GATE_ERROR = 3  # 2 means "cannot tell" there


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Parse, run, exit: 0, for `gate` also 1 and 2; errors 2, for `gate` 3."""
    words = list(sys.argv[1:] if args is None else args)
    is_gate = words[:1] == ["gate"]
    code = GATE_ERROR if is_gate else ERROR
    try:
        from labkit import command

        command.stoppable("synthdata")
        from synthdata.cli.run import run as obey

        settings = _settings(with_rules=is_gate)
    except ImportError as error:
        sys.stderr.write(f"synthdata: error: {_mend(error)}\n")
        sys.exit(code)

    def run(options: Any) -> int:
        try:
            return obey(options)
        except ImportError as error:  # raised by an import on first use
            raise ValueError(_mend(error)) from error

    command.run(run, settings, prog="synthdata", args=words, error_code=code)


def _mend(error: ImportError) -> str:
    """One line about a package that is missing or broken."""
    return f"{' '.join(str(error).split())}; mend the installation: pip install cognitive-core"


def _settings(*, with_rules: bool) -> Any:
    """The commands' options as one type; `gate --help` lists its rules, the others need none."""
    from tyro.conf import FlagCreatePairsOff, subcommand

    from synthdata.cli import options
    from synthdata.collapse.options import CollapseOptions
    from synthdata.personas.options import PersonasOptions
    from synthdata.three_jokes.options import ThreeJokesOptions

    rules = None
    if with_rules:
        from synthdata.verdicts.rules import rules_help

        listed = "\n\n".join(
            ": ".join(re.split("  +", r, maxsplit=1)) for r in rules_help().split("\n")
        )
        rules = f"{options.GateOptions.__doc__}\n\nRules\n\n{listed}"
    commands = FlagCreatePairsOff[
        Annotated[options.MeasureOptions, subcommand(name="measure")]
        | Annotated[options.CompareOptions, subcommand(name="compare")]
        | Annotated[options.GateOptions, subcommand(name="gate", description=rules)]
        | Annotated[options.ExplainOptions, subcommand(name="explain")]
        | Annotated[options.CurateOptions, subcommand(name="curate")]
        | Annotated[PersonasOptions, subcommand(name="personas")]
        | Annotated[ThreeJokesOptions, subcommand(name="three-jokes")]
        | Annotated[CollapseOptions, subcommand(name="collapse")]
    ]
    return commands


if __name__ == "__main__":
    main()

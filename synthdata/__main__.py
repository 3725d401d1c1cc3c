"""The command: python -m synthdata {measure, compare, gate, explain, curate, collapse,
personas}.

Run:    python -m synthdata --help
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

from labkit import command
from synthdata import options

GATE_ERROR = 3  # 2 means "cannot tell" there


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Parse, run, exit: 0, for `gate` also 1 and 2; errors 2, for `gate` 3."""
    from tyro.conf import FlagCreatePairsOff, subcommand

    from synthdata import commands

    words = list(sys.argv[1:] if args is None else args)
    is_gate = words[:1] == ["gate"]
    rules = None
    if is_gate:
        from synthdata.gate import rules_help

        listed = "\n\n".join(
            ": ".join(re.split("  +", r, maxsplit=1)) for r in rules_help().split("\n")
        )
        rules = f"{options.GateOptions.__doc__}\n\nRules\n\n{listed}"
    settings = FlagCreatePairsOff[
        Annotated[options.MeasureOptions, subcommand(name="measure")]
        | Annotated[options.CompareOptions, subcommand(name="compare")]
        | Annotated[options.GateOptions, subcommand(name="gate", description=rules)]
        | Annotated[options.ExplainOptions, subcommand(name="explain")]
        | Annotated[options.CurateOptions, subcommand(name="curate")]
        | Annotated[options.PersonasOptions, subcommand(name="personas")]
        | Annotated[options.CollapseOptions, subcommand(name="collapse")]
    ]
    command.run(
        commands.run,
        settings,
        prog="synthdata",
        args=words,
        error_code=GATE_ERROR if is_gate else command.USAGE_ERROR,
    )


if __name__ == "__main__":
    main()

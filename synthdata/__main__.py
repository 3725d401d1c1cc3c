"""The command: python -m synthdata {measure, compare, gate, explain, curate}.

Run:    python -m synthdata --help
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

from labkit import command
from synthdata import options

GATE_ERROR = 3  # 2 means "cannot tell" there


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Parse, run, exit: 0, for `gate` also 1 and 2; errors 2, for `gate` 3."""
    import tyro
    from tyro.conf import FlagCreatePairsOff, subcommand

    from synthdata import commands

    RULES: dict[str, str] = {}

    words = list(sys.argv[1:] if args is None else args)
    is_gate = words[:1] == ["gate"]
    rules = "\n".join(f"{name}: {rule}" for name, rule in RULES.items()) if is_gate else ""
    gate_help = f"{options.GateOptions.__doc__}\n\nRules:\n\n{rules}" if is_gate else None
    settings = FlagCreatePairsOff[
        Annotated[options.MeasureOptions, subcommand(name="measure")]
        | Annotated[options.CompareOptions, subcommand(name="compare")]
        | Annotated[options.GateOptions, subcommand(name="gate", description=gate_help)]
        | Annotated[options.ExplainOptions, subcommand(name="explain")]
        | Annotated[options.CurateOptions, subcommand(name="curate")]
    ]
    assert tyro
    command.run(
        commands.run,
        settings,
        prog="synthdata",
        args=words,
        error_code=GATE_ERROR if is_gate else command.USAGE_ERROR,
    )


if __name__ == "__main__":
    main()

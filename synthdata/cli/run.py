"""Check the outputs and run the verb that the parsed options name.

Run:    python -m synthdata --help
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any

from synthdata.cli import options
from synthdata.collapse.options import CollapseOptions
from synthdata.io import writer
from synthdata.personas.options import PersonasOptions
from synthdata.three_jokes.options import ThreeJokesOptions

VERBS: dict[type, tuple[str, str]] = {
    options.MeasureOptions: ("cli.measure", "measure"),
    options.CompareOptions: ("cli.compare", "compare"),
    options.GateOptions: ("cli.gate", "gate"),
    options.ExplainOptions: ("cli.explain", "explain"),
    options.CurateOptions: ("cli.curate", "curate"),
    PersonasOptions: ("personas.report", "personas"),
    ThreeJokesOptions: ("three_jokes.report", "three_jokes"),
    CollapseOptions: ("collapse.command", "run"),
}
"""Options -> the module and the function that obey them; experiments import minigpt, and torch for
a GPT, so each module loads only when needed."""


def run(settings: Any) -> int:
    """Run the parsed options; the exit code."""
    outputs = {
        name: path
        for name in ("html", "out", "reasons", "meter", "png", "csv")
        if (path := getattr(settings, name, None)) is not None
    }
    writer.check_places(outputs)  # not after an hour of work
    data = getattr(settings, "data", None) or ()  # experiments make their own
    if isinstance(data, str):  # the name of a corpus, or a file
        data = [data] if os.path.isfile(data) else []
    more = [getattr(settings, name, None) for name in ("ref", "embeddings")]
    for name, path in outputs.items():
        if name != "meter":  # a meter is read, and then written
            option = "-o" if name == "out" else f"--{name}"
            writer.spare_inputs(option, path, [*data, *filter(None, more)])
    module, verb = VERBS[type(settings)]
    do: Callable[[Any], int] = getattr(import_module(f"synthdata.{module}"), verb)
    return do(settings)

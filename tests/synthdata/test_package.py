"""The four names a notebook uses stay functions, whatever was imported before them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    "first",
    [
        "import synthdata.comparison.compare, synthdata.verdicts.gate, synthdata.cli.curate",
        "from synthdata.verdicts.gate import RULES",
        "from synthdata import gate",
        "import synthdata.panel.panel",
    ],
)
def test_functions_are_not_hidden_by_their_modules(first: str) -> None:
    script = (
        f"{first}\nimport synthdata\n"
        "for name in ('measure', 'compare', 'gate', 'curate'):\n"
        "    assert type(getattr(synthdata, name)).__name__ == 'function', name\n"
        "from synthdata.comparison.compare import Comparison\n"
        "assert synthdata.curate(['one two three']).kept == (0,)\n"
        "assert set(synthdata.__all__) <= set(dir(synthdata))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr


def test_an_unknown_name_is_an_attribute_error() -> None:
    import synthdata

    with pytest.raises(AttributeError, match="no attribute 'variety'"):
        _ = synthdata.variety

"""Measure the variety of a collection of texts, and how it dies out.

    import synthdata
    synthdata.measure(["a joke", "another joke", "a joke"])

Importing this costs milliseconds: slow modules load on first use, and only the laboratory of
collapse and the experiments need torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synthdata.comparison.compare import compare
    from synthdata.diversity.measure import Measure
    from synthdata.panel.panel import measure
    from synthdata.similarity.curation import curate
    from synthdata.verdicts.gate import gate

__all__ = ["Measure", "compare", "curate", "gate", "measure"]

_HOME = {
    "Measure": "synthdata.diversity.measure",
    "compare": "synthdata.comparison.compare",
    "curate": "synthdata.similarity.curation",
    "gate": "synthdata.verdicts.gate",
    "measure": "synthdata.panel.panel",
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use (PEP 562), as `labkit.lazy` does for the rooms.

    Nothing is imported here: if a package is missing, the command says so in one line.
    """
    if name not in _HOME:
        raise AttributeError(f"module 'synthdata' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

"""How much variety a collection of texts has, and how it dies out.

    import synthdata
    synthdata.measure(["a joke", "another joke", "a joke"])

Importing this costs milliseconds: what is slow loads where it is used, and nothing here but the
laboratory of collapse needs torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synthdata.compare import compare
    from synthdata.curate import curate
    from synthdata.gate import gate
    from synthdata.measures import Measure
    from synthdata.panel import measure

__all__ = ["Measure", "compare", "curate", "gate", "measure"]

_HOME = {
    "Measure": "synthdata.measures",
    "compare": "synthdata.compare",
    "curate": "synthdata.curate",
    "gate": "synthdata.gate",
    "measure": "synthdata.panel",
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module 'synthdata' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

"""How much variety a collection of texts has, and how it dies out.

    import synthdata
    synthdata.measure(["a joke", "another joke", "a joke"])

Importing this costs milliseconds: what is slow loads where it is used, and nothing here but the
laboratory of collapse needs torch. `compare`, `curate` and `gate` are functions here; the modules
they live in are reached by `from synthdata.compare import ...`.
"""

from __future__ import annotations

import sys
from types import ModuleType
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


class _Package(ModuleType):
    """Keeps `synthdata.compare` a function when its module of the same name is imported.

    Importing a submodule binds it to its name in the package, which would hide the function.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _HOME and isinstance(value, ModuleType):
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

"""How much variety a collection of texts has, and how it dies out.

    import synthdata
    synthdata.measure(["a joke", "another joke", "a joke"])

Importing this costs milliseconds: what is slow loads where it is used, and nothing here but the
laboratory of collapse and the experiments needs torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.lazy import attributes

if TYPE_CHECKING:
    from synthdata.comparison.compare import compare
    from synthdata.diversity.measure import Measure
    from synthdata.panel.panel import measure
    from synthdata.similarity.curation import curate
    from synthdata.verdicts.gate import gate

__all__ = ["Measure", "compare", "curate", "gate", "measure"]

__getattr__, __dir__ = attributes(
    __name__,
    {
        "Measure": "synthdata.diversity.measure",
        "compare": "synthdata.comparison.compare",
        "curate": "synthdata.similarity.curation",
        "gate": "synthdata.verdicts.gate",
        "measure": "synthdata.panel.panel",
    },
)

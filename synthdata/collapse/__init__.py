"""The laboratory of collapse: fit, sample, fit again on the samples, and watch what is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labkit.lazy import attributes

if TYPE_CHECKING:
    from synthdata.collapse.generations import Generation as Generation
    from synthdata.collapse.generations import Predicted as Predicted
    from synthdata.collapse.generations import Source as Source
    from synthdata.collapse.generations import chain as chain
    from synthdata.collapse.generations import collapse as collapse
    from synthdata.collapse.generations import generation_zero as generation_zero
    from synthdata.collapse.regimes import REGIMES as REGIMES
    from synthdata.collapse.regimes import Regime as Regime
    from synthdata.collapse.regimes import Sampler as Sampler
    from synthdata.collapse.regimes import regime as regime
    from synthdata.collapse.table import Expected as Expected
    from synthdata.collapse.table import Row as Row
    from synthdata.collapse.table import Table as Table

__getattr__, __dir__ = attributes(
    __name__,
    {
        "Generation": "synthdata.collapse.generations",
        "Predicted": "synthdata.collapse.generations",
        "Source": "synthdata.collapse.generations",
        "chain": "synthdata.collapse.generations",
        "collapse": "synthdata.collapse.generations",
        "generation_zero": "synthdata.collapse.generations",
        "REGIMES": "synthdata.collapse.regimes",
        "Regime": "synthdata.collapse.regimes",
        "Sampler": "synthdata.collapse.regimes",
        "regime": "synthdata.collapse.regimes",
        "Expected": "synthdata.collapse.table",
        "Row": "synthdata.collapse.table",
        "Table": "synthdata.collapse.table",
    },
)

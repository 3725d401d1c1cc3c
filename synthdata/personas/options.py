"""Options of `python -m synthdata personas`; `--help` is made from what is written here."""

from __future__ import annotations

from dataclasses import dataclass

from synthdata.report.options import Experiment, between


@dataclass(frozen=True, kw_only=True)
class PersonasOptions(Experiment):
    """Test whether personas in prompts restore what a collapsed model has lost (trains models)."""

    n: int | None = None
    """Outputs per arm; by default 2000, or 200 with --profile ci."""

    def __post_init__(self) -> None:
        super().__post_init__()
        between("n", self.n, 100, 1_000_000)

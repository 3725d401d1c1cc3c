"""Options of `python -m synthdata three-jokes`; `--help` is made from what is written here."""

from __future__ import annotations

from dataclasses import dataclass

from synthdata.report.options import Experiment, between


@dataclass(frozen=True, kw_only=True)
class ThreeJokesOptions(Experiment):
    """Test whether one text or only many show that their generator collapsed (trains models)."""

    n: int | None = None
    """Texts per collection; by default 200, or 60 with --profile ci."""

    def __post_init__(self) -> None:
        super().__post_init__()
        between("n", self.n, 20, 100_000)

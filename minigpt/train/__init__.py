"""Training: a step (`loop`), what is kept of a run, and the command.

Names are imported when they are asked for, so that the command can be stopped before torch loads.
"""

from importlib import import_module
from typing import Any

_HOME = dict.fromkeys(
    ("Batch", "Loss", "Progress", "TrainResult", "next_char_loss"), "minigpt.train.interface"
) | {"TrainConfig": "minigpt.settings", "train": "minigpt.train.loop"}
__all__ = ["Batch", "Loss", "Progress", "TrainConfig", "TrainResult", "next_char_loss", "train"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

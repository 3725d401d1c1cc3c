"""Training: a step (`loop`), the mixture it ends with, and the command.

Names are imported when they are asked for, so that the command can be stopped before torch loads.
"""

from typing import TYPE_CHECKING

from labkit.lazy import attributes

if TYPE_CHECKING:
    from minigpt.settings import TrainConfig
    from minigpt.train.interface import Batch, Loss, Progress, TrainResult, next_char_loss
    from minigpt.train.loop import train

__all__ = ["Batch", "Loss", "Progress", "TrainConfig", "TrainResult", "next_char_loss", "train"]

__getattr__, __dir__ = attributes(
    __name__,
    dict.fromkeys(
        ("Batch", "Loss", "Progress", "TrainResult", "next_char_loss"), "minigpt.train.interface"
    )
    | {"TrainConfig": "minigpt.settings", "train": "minigpt.train.loop"},
)

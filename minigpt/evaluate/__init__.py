"""Evaluation: the loss of a model on a text (`loss`), and the command.

Names are imported when they are asked for, so that the command can be stopped while it loads.
"""

from typing import TYPE_CHECKING

from labkit.lazy import attributes

if TYPE_CHECKING:
    from minigpt.evaluate.loss import Score, copied, score, surprisal, surprise

__all__ = ["Score", "copied", "score", "surprisal", "surprise"]

__getattr__, __dir__ = attributes(__name__, dict.fromkeys(__all__, "minigpt.evaluate.loss"))

"""Writing: characters drawn from a model's predictions (`streams`), and the command.

Names are imported when they are asked for, so that the command can be stopped while it loads.
"""

from typing import TYPE_CHECKING

from labkit.lazy import attributes

if TYPE_CHECKING:
    from minigpt.sample.streams import check, draw, generate, shape, stream

__all__ = ["check", "draw", "generate", "shape", "stream"]

__getattr__, __dir__ = attributes(__name__, dict.fromkeys(__all__, "minigpt.sample.streams"))

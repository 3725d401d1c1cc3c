"""A mixture that learns while it reads: counts, and whom to believe, follow the text.

`growing` is the n-gram whose counts grow, `contexts` are further ways to look back, `questions`
mixes what they and any other members say, and `adaptive` is the predictor. Numba compiles the loops
at the first call; names are imported when they are asked for, so that nothing else waits for it.
"""

from typing import TYPE_CHECKING

from labkit.lazy import attributes

if TYPE_CHECKING:
    from minigpt.adaptive.adaptive import Adaptive
    from minigpt.adaptive.growing import GrowingNGram

__all__ = ["Adaptive", "GrowingNGram"]

__getattr__, __dir__ = attributes(
    __name__,
    {"Adaptive": "minigpt.adaptive.adaptive", "GrowingNGram": "minigpt.adaptive.growing"},
)

"""One-line stories from a small grammar that is fully known: `minigpt.storyland.stories`."""

from minigpt.storyland.rules import MARK
from minigpt.storyland.stories import (
    THEMES,
    StorylandModel,
    annotate,
    entropy_per_char,
    generate,
    grammar,
    grammatical,
    logprob,
)

__all__ = [
    "MARK",
    "THEMES",
    "StorylandModel",
    "annotate",
    "entropy_per_char",
    "generate",
    "grammar",
    "grammatical",
    "logprob",
]

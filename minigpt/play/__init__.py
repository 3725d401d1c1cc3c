"""A run as a page to play on: one file that opens from a double click, without a network.

`document` makes the page, `pack` the model inside it, `material` finds a run's texts; `engine/` and
`parts/` are its scripts. Names are imported when they are asked for, so that the command can be
stopped before torch loads.
"""

from typing import TYPE_CHECKING

from labkit.lazy import attributes

if TYPE_CHECKING:
    from minigpt.play.document import Shown, page

__all__ = ["Shown", "page"]

__getattr__, __dir__ = attributes(
    __name__, dict.fromkeys(("Shown", "page"), "minigpt.play.document")
)

"""How many steps fit into a time budget, from steps that were waited for.

Idea:   on CUDA a step is only queued, which takes no time; its duration shows when the loop waits
        for a result. So seconds are taken from one step that was waited for to the next, and
        divided by the number of steps between. On a CPU every step is waited for.
Run:    python -m minigpt.train --minutes 5
Omits:  correcting the length along the way: the learning-rate schedule has to know it early.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import median

from minigpt.saved.state import TIMED_STEPS


class Stopwatch:
    """The steps that were waited for, with the seconds of training until then."""

    def __init__(self, step: int, seconds: float) -> None:
        self.points = [(step, seconds)]

    def waited(self, step: int, seconds: float) -> None:
        """Record that `step` was finished after `seconds` of training."""
        self.points.append((step, seconds))

    def seconds_a_step(self) -> float | None:
        """Median seconds per step over the later half; None until enough steps were timed.

        >>> watch = Stopwatch(0, 0.0)
        >>> for step, seconds in ((10, 9.0), (20, 11.0)):
        ...     watch.waited(step, seconds)
        >>> watch.seconds_a_step()
        0.2
        """
        first, last = self.points[0][0], self.points[-1][0]
        late = [point for point in self.points if point[0] >= (first + last) // 2]
        if last < TIMED_STEPS or last - first < TIMED_STEPS // 2 or len(late) < 2:
            return None
        return median((then - now) / (m - n) for (n, now), (m, then) in pairwise(late))

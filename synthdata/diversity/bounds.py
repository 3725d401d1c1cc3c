"""Possible interval ends of a quantity: inside its range, wide enough, and not of zero width.

Idea:   an interval by subsampling ignores the range of its quantity, and that a value constant here
        may differ in the next sample. A share ends at 1, and a collection of 40 documents has at
        most 40 different ones; if leaving documents out changes nothing, a width of zero only says
        that this sample cannot tell.
Omits:  the least width of an interval (`synthdata.diversity.intervals`).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from synthdata.diversity.measure import Measure

UNMOVED = (
    "no interval: whichever documents are left out it stays the same, so this sample says nothing "
    "of how far it may move"
)
"""Why an interval of zero width is withheld."""
_ROUNDING = 1e-9


def clip(value: float, low: float, high: float) -> float:
    """`value` moved into [low, high]; nan stays nan, which `max` would swallow."""
    return float(np.clip(value, low, high))


def clip_ends(ends: tuple[float, float], low: float, high: float) -> tuple[float, float]:
    """Both ends of an interval moved into [low, high].

    >>> clip_ends((0.43, 1.17), -1, 1)
    (0.43, 1.0)
    """
    return clip(ends[0], low, high), clip(ends[1], low, high)


def at_least(ends: tuple[float, float], least: tuple[float, float]) -> tuple[float, float]:
    """The interval, widened to include the `least`; nan stays nan."""
    if math.isnan(ends[0]) or math.isnan(ends[1]):
        return ends
    return min(ends[0], least[0]), max(ends[1], least[1])


def unmoved(low: float, high: float) -> bool:
    """Whether an interval has zero width up to rounding; false for nan.

    >>> unmoved(3.789, 3.789), unmoved(0.0, 0.1), unmoved(math.nan, math.nan)
    (True, False, False)
    """
    return high - low <= _ROUNDING * max(1.0, abs(low))


def in_range(measure: Measure, most: float) -> Measure:
    """The measure with a value from 0 to `most`; a warning says if the estimate was outside.

    A bias-corrected estimate can be outside the range of its quantity. Its interval begins at 0 or
    above; its upper end is not clipped to `most`, which is an estimate too. Coverage is a share
    despite rounding.
    """
    if math.isnan(measure.value):
        return measure
    value = clip(measure.value, 0.0, most)
    ends = clip_ends((measure.low, measure.high), 0.0, math.inf)
    said: tuple[str, ...] = ()
    if abs(value - measure.value) > _ROUNDING:
        said = (f"the estimate is {measure.value:.3g}, which it cannot be",)
    return replace(
        measure,
        value=value,
        low=min(ends[0], value),
        high=max(ends[1], value),
        coverage=clip(measure.coverage, 0.0, 1.0),
        warnings=(*measure.warnings, *said),
    )

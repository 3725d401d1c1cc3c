"""What a figure shows is said with the names and numbers that are in it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from labkit import figures
from labkit.in_words import in_words


@pytest.fixture
def ax() -> Any:
    return figures.new()[1]


def test_lines_are_named_by_the_legend_and_seeds_left_out(ax: Any) -> None:
    figures.seeds(ax, [1, 2], [[0.5, 0.25], [0.7, 0.35]], name="GPT")
    ax.axhline(6.02, gid="knows nothing")
    ax.axvline(3, label="the end")
    figures.label(ax, x="steps", y="loss (bits)", title="It falls")
    assert in_words(ax.figure) == (
        "It falls. Loss (bits) by steps: GPT (n=2) 0.6 at 1, 0.3 at 2; knows nothing 6.02 "
        "throughout; the end at 3."
    )


def test_lines_without_names_are_said_if_there_are_no_others(ax: Any) -> None:
    ax.plot([1, 2], [np.nan, 1234.5])
    assert in_words(ax.figure) == "1,234 at 2."


def test_of_a_long_line_the_ends_and_what_lies_beyond_them(ax: Any) -> None:
    ax.plot(range(100), np.concatenate([[5.0], np.linspace(4, 1, 98), [2.0]]), label="one")
    ax.plot(range(100), np.sin(np.arange(100)) / 100, label="two")  # hardly moves
    ax.plot(range(9), [1, 1, 1, 9, 1, 1, 1, 1, 2], label="three")
    assert in_words(ax.figure) == (
        "one from 5 at 0 to 2 at 99, lowest 1 at 98; two from 0 at 0 to -0.00999 at 99; "
        "three from 1 at 0 to 2 at 8, highest 9 at 3."
    )


def test_places_have_the_words_on_the_axis(ax: Any) -> None:
    ax.plot([0, 1], [2.0, 3.0], "o", label="healthy")
    ax.set_xticks([0, 1], ["cook,\nat sea", "spy"])
    assert in_words(ax.figure) == "healthy 2 at cook, at sea, 3 at spy."


@pytest.mark.parametrize("scale", ["log", "linear"])
def test_powers_are_plain_numbers(ax: Any, scale: str) -> None:
    ax.plot([1, 10, 100_000], [1, 2, 3])
    ax.set_xscale(scale)
    ax.set_xlabel("weights")
    axis = "weights, logarithmic" if scale == "log" else "weights"
    assert in_words(ax.figure) == f"{axis}: 1 at 1, 2 at 10, 3 at 100,000."


def test_bars_upright_and_lying(ax: Any) -> None:
    ax.bar(["a", "b"], [0.5, 0.25])
    ax.plot([0, 0, 1, 1], [0.4, 0.6, 0.2, 0.3], "k.")  # seeds
    assert in_words(ax.figure) == "a 0.5, b 0.25."
    other = figures.new()[1]
    other.barh(["gzip", "PPMd"], [3.2, 2.1])
    figures.label(other, x="size (bits)", y="", title="Which is smaller?")
    assert in_words(other.figure) == "Which is smaller? Size (bits): gzip 3.2, PPMd 2.1."


def test_several_axes_one_after_the_other_and_nothing_of_what_is_empty() -> None:
    figure, (left, middle, right) = figures.new("wide", 1, 3)
    left.plot([1], [2])
    left.set_title("One")
    middle.imshow(np.zeros((2, 2)))
    right.bar([0], [3])
    assert in_words(figure) == "One. 2 at 1. 0 3."

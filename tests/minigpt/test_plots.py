"""Plots: what is drawn is the data, with units, and words that say the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from labkit import figures
from minigpt import plots

METRICS: list[dict[str, Any]] = [
    {
        "seconds": 1.0 * i,
        "train_loss": 4.0 / i,
        "choose_loss": 5.0 / i if i % 3 == 0 else None,
        "val_loss": None,  # only the last line of a finished run has it
    }
    for i in range(1, 10)
]


def axes() -> Any:
    """New axes."""
    return figures.new()[1]


def test_loss_curve() -> None:
    ax = axes()
    assert plots.loss_curve(METRICS, ax, ngram=1.5) is ax
    training, held_out, ngram = ax.lines
    assert list(training.get_ydata()) == [line["train_loss"] for line in METRICS]
    assert list(held_out.get_xdata()) == [3, 6, 9]
    assert set(ngram.get_ydata()) == {1.5}
    assert ax.get_xlabel() == "training time (seconds)"
    assert ax.get_ylabel() == "loss (nats/char)"
    low, high = ax.get_ylim()
    assert low < min(4 / 9, 1.5) < high
    words = plots.loss_alt(METRICS, 1.5)
    for number in ("4.00", "0.44", "9 seconds", "0.56", "1.50"):
        assert number in words


@pytest.mark.parametrize("n", [0, 1, 2, 4])
def test_short_runs_can_be_drawn(n: int) -> None:
    figure, ax = figures.new()
    plots.loss_curve(METRICS[:n], ax)
    assert figures.png(figure, alt=plots.loss_alt(METRICS[:n], None))


def test_overlay() -> None:
    figure, ax = figures.new()
    named = [("a", METRICS), ("b", METRICS[:2]), ("c", [])]
    plots.overlay(named, ax)
    assert [line.get_label() for line in ax.lines] == ["a", "b", "c"]
    alt = plots.overlay_alt(named)
    assert "a 0.56" in alt
    assert "b (no validation yet)" in alt
    assert figures.png(figure, alt=alt)


def test_next_character_bars() -> None:
    ax = axes()
    p = np.array([0.1, 0.6, 0.05, 0.25])
    plots.next_character_bars(np.log(p), "a\n x", ax, top=3)
    assert [bar.get_height() for bar in ax.patches] == pytest.approx([0.6, 0.25, 0.1])
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["\\n", "x", "a"]


def test_surprise_text() -> None:
    figure, ax = figures.new()
    plots.surprise_text("ab\nc", np.array([0.0, 6.0, 1.0, 99.0]), ax, columns=8)
    shades = [patch.get_facecolor()[0] for patch in ax.patches]
    assert shades[0] == 1  # white: no surprise
    assert shades[1] == shades[3] == pytest.approx(0.25)  # 6 nats or more: darkest
    assert [patch.get_xy() for patch in ax.patches][3] == (0, -1.5)  # after the line's end
    assert figures.png(figure, alt="x")
    with pytest.raises(ValueError, match="4 characters but 2 surprises"):
        plots.surprise_text("ab\nc", np.zeros(2), ax)


def test_attention_map() -> None:
    ax = axes()
    weights = np.tril(np.ones((3, 3))) / np.arange(1, 4)[:, None]
    plots.attention_map(weights, "a b", ax)
    assert np.array_equal(ax.images[0].get_array(), weights)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["a", "␣", "b"]
    with pytest.raises(ValueError, match="do not fit"):
        plots.attention_map(weights, "ab", ax)

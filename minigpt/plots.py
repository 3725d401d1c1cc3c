"""Figures of a model at work: loss curves, predictions, surprise, attention.

Idea:   each function takes data and axes and returns the axes; the curves have a companion that
        says the same in words, for readers who cannot see the figure.
Run:    python -m minigpt.train writes loss.png; python -m minigpt.runs overlays several
Omits:  windows. Nothing here calls show().
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from labkit import figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Metrics = Sequence[dict[str, Any]]


def loss_curve(
    metrics: Metrics, ax: Axes, *, ngram: float | None = None, best: float | None = None
) -> Axes:
    """Training loss, and loss on the choosing half, over seconds; the n-gram's is to be beaten.

    `best` is the held-out loss in the title, by default the lowest on the curve.
    """
    seconds = [line["seconds"] for line in metrics]
    ax.plot(seconds, [line["train_loss"] for line in metrics], lw=1, label="training")
    looked = _looks(metrics)
    ax.plot(
        [line["seconds"] for line in looked],
        [line["choose_loss"] for line in looked],
        marker="o",
        label="held out, the half that chooses",
    )
    if ngram is not None:
        ax.axhline(ngram, color="#555555", ls=":", lw=1.5, label="counting alone (n-gram)")
    top = max((line["train_loss"] for line in metrics[3:]), default=None)
    if top is not None and looked:
        ax.set_ylim(min(*(line["train_loss"] for line in metrics), ngram or 9) - 0.1, top + 0.1)
    ax.legend()
    if best is None:
        best = min((line["choose_loss"] for line in looked), default=None)
    title = f"Held-out loss falls to {best:.2f} nats/char" if best is not None else "Loss"
    return figures.label(ax, x="training time (seconds)", y="loss (nats/char)", title=title)


def loss_alt(metrics: Metrics, ngram: float | None) -> str:
    """`loss_curve` in words."""
    if not metrics:
        return "Loss curve without points: the run ended before its first line."
    looked = [line["choose_loss"] for line in _looks(metrics)]
    words = (
        f"Loss over training time: the training loss falls from {metrics[0]['train_loss']:.2f} "
        f"to {metrics[-1]['train_loss']:.2f} nats per character "
        f"in {metrics[-1]['seconds']:.0f} seconds"
    )
    if looked:
        words += f"; on the held-out half that chooses it ends at {looked[-1]:.2f}"
    return words + (f"; the n-gram's loss is {ngram:.2f}." if ngram is not None else ".")


def overlay(named: Sequence[tuple[str, Metrics]], ax: Axes) -> Axes:
    """Loss on the choosing half of several runs, over seconds of training."""
    for name, metrics in named:
        looked = _looks(metrics)
        ax.plot(
            [line["seconds"] for line in looked],
            [line["choose_loss"] for line in looked],
            marker="o",
            ms=3,
            label=name,
        )
    ax.set_xscale("log")
    ax.legend(fontsize=8)
    return figures.label(
        ax,
        x="training time (seconds, logarithmic)",
        y="loss on the half that chooses (nats/char)",
        title="Runs; only those on one text compare",
    )


def overlay_alt(named: Sequence[tuple[str, Metrics]]) -> str:
    """`overlay` in words."""
    parts = []
    for name, metrics in named:
        looked = [line["choose_loss"] for line in _looks(metrics)]
        parts.append(f"{name} {looked[-1]:.2f}" if looked else f"{name} (no validation yet)")
    half = "Loss on the held-out half that chooses, in nats per character at the end of each run: "
    return half + ", ".join(parts) + "."


def _looks(metrics: Metrics) -> list[dict[str, Any]]:
    return [line for line in metrics if line["choose_loss"] is not None]


def next_character_bars(logprobs: np.ndarray, characters: str, ax: Axes, *, top: int = 12) -> Axes:
    """Probabilities of the likeliest next characters; logprobs [V] in nats."""
    order = np.argsort(-logprobs)[:top]
    ax.bar(range(len(order)), np.exp(logprobs[order]), color=figures.COLOURS[1])
    ax.set_xticks(range(len(order)), [_visible(characters[i]) for i in order])
    return figures.label(ax, x="next character", y="probability")


def surprise_text(text: str, nats: np.ndarray, ax: Axes, *, columns: int = 64) -> Axes:
    """The text, each character on a background as dark as it was surprising; nats [len(text)]."""
    from matplotlib.patches import Rectangle

    if len(text) != len(nats):
        raise ValueError(f"{len(text)} characters but {len(nats)} surprises")
    row = column = 0
    for character, surprise in zip(text, nats):
        shade = 1 - min(float(surprise), 6.0) / 6.0 * 0.75
        ax.add_patch(Rectangle((column, -row - 0.5), 1, 1, color=(shade, shade, 1.0), lw=0))
        ax.text(
            column + 0.5,
            -row,
            _visible(character) if character == "\n" else character,
            ha="center",
            va="center",
            family="monospace",
            fontsize=9,
        )
        column += 1
        if character == "\n" or column == columns:
            row, column = row + 1, 0
    ax.set_xlim(0, columns)
    ax.set_ylim(-row - 0.6, 0.6)
    ax.axis("off")
    ax.set_title("the darker, the more surprising (white 0, darkest 6 nats or more)", fontsize=10)
    return ax


def attention_map(weights: np.ndarray, text: str, ax: Axes) -> Axes:
    """One head's attention [T, T] over the characters of `text`: row t looks at columns <= t."""
    if weights.shape != (len(text), len(text)):
        raise ValueError(f"weights {weights.shape} do not fit a text of {len(text)} characters")
    ax.imshow(weights, cmap="Greys", vmin=0, vmax=1)
    ticks = [_visible(c) for c in text]
    ax.set_xticks(range(len(text)), ticks, fontsize=7, family="monospace")
    ax.set_yticks(range(len(text)), ticks, fontsize=7, family="monospace")
    ax.grid(False)
    return figures.label(ax, x="looked at", y="looking")


def _visible(character: str) -> str:
    return {"\n": "\\n", " ": "␣", "\t": "\\t"}.get(character, character)

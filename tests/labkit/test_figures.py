"""Figures: alternative text inside, colours that survive grey printing, settings left alone."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import pytest
from PIL import Image

from labkit import figures


def drawn() -> mpl.figure.Figure:
    """A small figure."""
    figure, ax = figures.new("square")
    ax.plot([1, 2], [3, 4])
    figures.label(ax, x="seconds", y="nats/char", title="It falls")
    return figure


def test_alt_text_is_required_and_inside_the_file(tmp_path: Path) -> None:
    alt = "The loss falls from 3 to 4 – see <i>the text</i>"
    with figures.style():
        figures.save(drawn(), tmp_path / "a.png", alt=alt)
    with Image.open(tmp_path / "a.png") as image:
        assert image.text["Description"] == alt  # type: ignore[attr-defined]
        assert image.size == (600, 552)  # 5 x 4.6 inches at 120 dots
    for empty in ("", "  \n"):
        with pytest.raises(ValueError, match="alternative text"):
            figures.png(drawn(), alt=empty)
    assert not (tmp_path / "b.png").exists()


def test_same_figure_same_bytes() -> None:
    assert figures.png(drawn(), alt="x") == figures.png(drawn(), alt="x")


def test_html_holds_the_picture_and_escapes_the_text() -> None:
    page = figures.html(drawn(), alt='a "b" <c> & d')
    assert page.startswith('<img alt="a &quot;b&quot; &lt;c&gt; &amp; d" src="data:image/png')
    found = re.search(r"base64,([^\"]+)", page)
    assert found is not None
    with Image.open(io.BytesIO(base64.b64decode(found[1]))) as image:
        assert image.format == "PNG"


def test_style_ends_with_its_block() -> None:
    before = dict(mpl.rcParams)
    with figures.style():
        assert mpl.rcParams["font.size"] == 11.0
        looks = list(mpl.rcParams["axes.prop_cycle"])
    assert dict(mpl.rcParams) == before
    assert [look["color"] for look in looks] == list(figures.COLOURS)
    # Neighbours in the cycle differ in dash too, so that colour is never the only difference.
    assert all(a["linestyle"] != b["linestyle"] for a, b in pairwise(looks))


def lightness(colour: str) -> float:
    """Relative luminance (WCAG 2.1) of #rrggbb."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_first_colours_differ_in_grey() -> None:
    first = [lightness(c) for c in figures.COLOURS[:3]]
    assert first == sorted(first)
    assert all(b - a > 0.05 for a, b in pairwise(first))


def test_seeds_draws_mean_and_every_seed() -> None:
    _, ax = figures.new()
    figures.seeds(ax, [1, 2], [[0.0, 2.0], [2.0, 4.0]], name="GPT")
    assert [list(line.get_ydata()) for line in ax.lines] == [[1, 3], [0, 2], [2, 4]]
    assert ax.lines[0].get_label() == "GPT (n=2)"
    assert len({line.get_color() for line in ax.lines}) == 1


def test_logarithmic_axes_show_plain_numbers() -> None:
    with figures.style():
        figure, (left, right) = figures.new("wide", 1, 2)
        left.plot([11, 2e6], [1e-4, 1])
        left.set_xscale("log")
        left.set_yscale("log")
        right.plot([8, 64], [1, 2])
        right.set_xscale("log", base=2)
        right.set_yscale("log")
        right.yaxis.set_major_formatter("{x} of its own")
    figures.png(figure, alt="numbers")

    def shown(axis: mpl.axis.Axis) -> list[str]:
        ticks = [*axis.get_ticklabels(), *axis.get_ticklabels(minor=True)]
        return [tick.get_text() for tick in ticks if tick.get_text()]

    for axis, some in ((left.xaxis, "1,000,000"), (left.yaxis, "0.01"), (right.xaxis, "32")):
        assert some in shown(axis)
        assert [
            float(text.replace(",", "")) for text in shown(axis)
        ]  # each is a number, none is markup
    assert any("of its own" in text for text in shown(right.yaxis))


def test_sizes_captions_and_several_axes() -> None:
    figure, axes = figures.new("tall", rows=2)
    assert len(axes) == 2
    figures.caption(figure, "n = 3, seeds 0 to 2")
    assert figure.get_supxlabel() == "n = 3, seeds 0 to 2"


def test_labkit_brings_neither_torch_nor_matplotlib_nor_pyplot() -> None:
    program = (
        "import sys, labkit.command, labkit.files, labkit.figures, labkit.experiment\n"
        "print([m for m in ('torch', 'matplotlib', 'scipy') if m in sys.modules])\n"
        "f, a = labkit.figures.new(); labkit.figures.png(f, alt='x')\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert done.stdout.split("\n")[:2] == ["[]", "False"]

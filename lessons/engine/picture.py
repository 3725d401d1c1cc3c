"""A figure in a cell: drawn in a block, shown below it with a caption and its words.

Idea:   the words are made from what was drawn (labkit.in_words), so that a reader who cannot see
        the picture gets the same numbers as one who can.
Run:    in a notebook: with picture(x="steps", y="loss (bits)", title="It falls") as ax: ...
Omits:  widgets. A notebook is also read on paper and by screen readers.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from labkit import figures
from labkit.in_words import in_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@contextmanager
def picture(
    *,
    x: str = "",
    y: str = "",
    title: str = "",
    caption: str = "",
    alt: str = "",
    size: str = "wide",
    columns: int = 1,
) -> Iterator[Any]:
    """Axes to draw on (an array if there are several columns); at the end the figure is shown.

    `x` and `y` name the axes with their units, `title` the finding. Named lines get a legend if the
    block has made none. `alt` says what the drawing cannot say of itself; the numbers of lines and
    bars follow it. ValueError if there are no words at all.
    """
    with figures.style():
        figure, axes = figures.new(size, 1, columns)
        yield axes
        if columns == 1:
            axes.set(**{f"{name}label": words for name, words in (("x", x), ("y", y)) if words})
            if title:
                axes.set_title(title)
            if axes.get_legend() is None and axes.get_legend_handles_labels()[1]:
                axes.legend()
        words = in_words(figure)
    show(figure, alt=f"{alt} {words}".strip(), caption=caption)


def show(figure: Figure, *, alt: str, caption: str = "") -> None:
    """Show a figure below the cell, then the caption and the alternative text in words.

    The text is in the image's metadata too, where some viewers look for it; others (including
    nbconvert's pages) drop it, so all readers get it as text.
    """
    from IPython.display import display

    data = base64.b64encode(_with_palette(figures.png(figure, alt=alt), alt)).decode()
    bundle = {"image/png": data, "text/plain": alt}
    display(bundle, raw=True, metadata={"image/png": {"alt": alt}})
    say(f"*{caption}* In words: {alt}" if caption else f"In words: {alt}")


def _with_palette(png: bytes, alt: str) -> bytes:
    """The picture in 256 colours, a third of the bytes: a notebook is limited to 400 kB."""
    from PIL import Image, PngImagePlugin

    about = PngImagePlugin.PngInfo()
    about.add_text("Description", alt)
    few = Image.open(io.BytesIO(png)).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    out = io.BytesIO()
    few.save(out, "png", optimize=True, pnginfo=about)
    return out.getvalue()


def say(text: str) -> None:
    """Show text below the cell, as Markdown."""
    from IPython.display import display

    display(markdown(text), raw=True)


def markdown(text: str) -> dict[str, str]:
    """The data of a display of Markdown."""
    return {"text/markdown": text, "text/plain": text}

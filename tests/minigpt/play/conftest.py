"""JavaScript inside pytest, models with random weights, and their pages in a browser."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from minigpt.layers import GPTConfig
from minigpt.mixture import Gate
from minigpt.model import GPT
from minigpt.play.document import ENGINE
from minigpt.play.pack import pack
from minigpt.tokenizer import CharTokenizer

PLAY = Path(__file__).resolve().parents[3] / "minigpt" / "play"
PLAIN = "(_, v) => (ArrayBuffer.isView(v) ? Array.from(v) : v)"


class Scripts:
    """V8 with scripts of the page in it, as the worker has them."""

    def __init__(self, context: Any) -> None:
        self.context = context

    def run(self, code: str) -> None:
        """Run statements."""
        self.context.eval(f"{code}\n;0")

    def __call__(self, expression: str) -> Any:
        """The value of an expression that JSON can hold; typed arrays become lists."""
        return json.loads(self.context.eval(f"JSON.stringify({expression}, {PLAIN})"))

    def wait(self, expression: str) -> Any:
        """The value that a promise comes to, which waits for nothing but other promises.

        (mini-racer's own way of waiting refuses to work beside playwright.)
        """
        self.run(
            f"found = null; ({expression}).then((x) => {{ found = {{ x }}; }}, "
            "(error) => { found = { error: String(error) }; })"
        )
        found = self("found")
        assert found is not None
        assert "error" not in found, found
        return found["x"]

    def load(
        self,
        model: GPT,
        weights: str = "fp16",
        counted: np.ndarray | None = None,
        gate: Gate | None = None,
        order: int = 7,
    ) -> None:
        """Make `players` of a packed model, counting done."""
        header, blob = pack(model, weights, counted=counted, gate=gate, order=order)  # type: ignore[arg-type]
        data = json.dumps(gzip.decompress(blob).decode("latin-1"), ensure_ascii=False)
        self.run(f"players = new Players({json.dumps(header)}, bytesOf({data}))")
        if counted is not None:
            self.wait("players.count(async () => {}).then(() => 1)")


@pytest.fixture(scope="session")
def scripts() -> Iterator[Scripts]:
    """The engine, and those functions of the parts that touch no page."""
    mini_racer = pytest.importorskip("py_mini_racer", reason="mini-racer is part of [test]")
    context = mini_racer.MiniRacer()
    code = [(PLAY / "engine" / f"{name}.js").read_text(encoding="utf-8") for name in ENGINE]
    code += [
        (PLAY / "parts" / f"{name}.js").read_text(encoding="utf-8") for name in ("shannon", "vary")
    ]
    found = Scripts(context)
    found.run("\n".join(code))
    found.run("pause = async () => {}; let players; let found;")
    found.run(
        "function bytesOf(text) { const bytes = new Uint8Array(text.length); "
        "for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i); return bytes; }"
    )
    yield found
    context.close()


@pytest.fixture
def visit(visit_file: Callable[..., Any]) -> Callable[..., Any]:
    """Opens a page (HTML) from a file; `ready` False does not wait for its parts."""

    def open_(html: str, *, ready: bool = True, **set_: Any) -> Any:
        return visit_file(html, ready="body[data-counted]" if ready else "", **set_)

    return open_


@pytest.fixture(scope="session")
def random_model() -> Callable[..., GPT]:
    """Makes a model of a shape, for an alphabet of some size, with drawn weights."""
    return _random_model


def _random_model(config: GPTConfig, size: int = 17, seed: int = 0) -> GPT:
    """A model whose weights are all drawn: a fresh one predicts every character alike."""
    model = GPT(config, CharTokenizer("".join(map(chr, range(97, 97 + size)))))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            mean = 1.0 if parameter.dim() == 1 and not name.endswith("bias") else 0.0
            spread = 0.8 * parameter.shape[-1] ** -0.5 if parameter.dim() > 1 else 0.2
            parameter.copy_(mean + spread * torch.randn(parameter.shape, generator=generator))
        model.head.weight.mul_(2.0)  # likely and unlikely characters
    return model.eval()

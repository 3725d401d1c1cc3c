"""What the derivatives written by hand in minigpt/ops.py save in a training step.

Run:  python tests/benchmarks/bench_ops.py
"""

from __future__ import annotations

import statistics
import time
from unittest import mock

import torch
import torch.nn.functional as F

from minigpt import model as model_module
from minigpt import ops
from minigpt.device import choose
from minigpt.model import GPT
from minigpt.settings import PRESETS
from minigpt.tokenizer import CharTokenizer

STEPS, ROUNDS = 10, 7


def main() -> None:
    """Time forward and backward both ways in turn; print medians and their ratio."""
    runtime = choose()
    runtime.apply()
    settings = PRESETS["default"]
    tokenizer = CharTokenizer("".join(map(chr, range(33, 98))))
    model = GPT(settings.model, tokenizer, torch.Generator().manual_seed(0))
    ids = torch.randint(0, 65, (settings.batch_size, settings.model.context))

    def steps() -> float:
        start = time.perf_counter()
        for _ in range(STEPS):
            bf16 = runtime.precision == "bf16"
            with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                logits = model(ids)
            F.cross_entropy(logits.float().flatten(0, 1), ids.flatten()).backward()
        return (time.perf_counter() - start) / STEPS

    plain = {
        "rms_norm": lambda x: F.rms_norm(x, x.shape[-1:], eps=1e-6),
        "relu_squared": lambda x: F.relu(x).square(),
        "rotate": lambda x, table: ops._turn(x, table.to(x.dtype)),
    }
    by_hand, by_autograd = [], []
    steps()
    for _ in range(ROUNDS):
        by_hand.append(steps())
        with mock.patch.multiple(model_module, **plain):
            by_autograd.append(steps())
    hand, auto = statistics.median(by_hand), statistics.median(by_autograd)
    print(f"{runtime}; forward and backward of the default preset, median of {ROUNDS}")
    print(f"derivatives by hand  {1000 * hand:6.1f} ms\nby autograd          {1000 * auto:6.1f} ms")
    print(f"ratio                {hand / auto:6.2f}")


if __name__ == "__main__":
    main()

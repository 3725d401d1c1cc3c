"""How long torch's threads should spin: steps on a quiet machine and beside a busy process.

Run:  python tests/benchmarks/bench_spin.py

GOMP_SPINCOUNT is read when torch is loaded, so each setting is a process of its own; the settings
are tried in turn, several times. `unset` is torch's own way, and what minigpt leaves it at.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

SPINS = ("unset", "0", "2000", "10000", "20000", "50000", "200000")
ROUNDS = 2
STEP = """
import time, torch, torch.nn.functional as F
from minigpt.model import GPT
from minigpt.settings import PRESETS
from minigpt.saved.state import make_optimizers
from minigpt.tokenizer import CharTokenizer
torch.set_num_threads(2)
s = PRESETS["default"]
m = GPT(s.model, CharTokenizer("".join(map(chr, range(33, 98)))), torch.Generator().manual_seed(0))
o = make_optimizers(s, m)
x = torch.randint(0, 65, (s.batch_size, s.model.context))
times = []
for i in range(40):
    t = time.perf_counter()
    with torch.autocast("cpu", torch.bfloat16):
        logits = m(x)
    F.cross_entropy(logits.float().flatten(0, 1), x.flatten()).backward()
    [p.step() for p in o]
    times.append(time.perf_counter() - t)
print(sorted(times[5:])[len(times[5:]) // 2])
"""


def step_seconds(spin: str) -> float:
    """Median seconds of a training step of the default preset under one setting."""
    env = {k: v for k, v in os.environ.items() if k not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    if spin != "unset":
        env["GOMP_SPINCOUNT"] = spin
    done = subprocess.run(
        [sys.executable, "-c", STEP], env=env, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def main() -> None:
    """Print milliseconds a step, quiet and busy, for each setting."""
    quiet: dict[str, list[float]] = {spin: [] for spin in SPINS}
    busy: dict[str, list[float]] = {spin: [] for spin in SPINS}
    for _ in range(ROUNDS):
        for spin in SPINS:
            quiet[spin].append(step_seconds(spin))
            other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            try:
                busy[spin].append(step_seconds(spin))
            finally:
                other.kill()
                other.wait()
    print("spin      quiet ms   busy ms   busy / quiet   (medians of", ROUNDS, "rounds)")
    for spin in SPINS:
        q, b = 1000 * statistics.median(quiet[spin]), 1000 * statistics.median(busy[spin])
        print(f"{spin:8} {q:9.1f} {b:9.1f} {b / q:14.2f}")


if __name__ == "__main__":
    main()

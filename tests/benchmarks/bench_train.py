"""How long each preset takes and what loss it reaches, alternating, as medians and ratios.

Run:  python tests/benchmarks/bench_train.py [--presets classic,quick,default] [--repeats 3]
      [--threads 2]

Each run is a whole `python -m minigpt.train --json` in a folder of its own: the network's loss on
all that is held out and on the judging half, and both of the mixture of network and counting.
Seconds are those of training steps alone; "to the first step" is from the start of the process.
Nothing else may run beside it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from typing import Any


def once(preset: str, seed: int, threads: str) -> dict[str, Any]:
    """Train `preset` once; the figures it printed."""
    command = [sys.executable, "-m", "minigpt.train", "--preset", preset, "--seed", str(seed)]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [*command, "--threads", threads, "--json"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Run the presets in turn and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presets", default="classic,quick,default")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", default="auto", help="auto asks how busy the machine is")
    asked = parser.parse_args()
    presets = asked.presets.split(",")
    found: dict[str, list[dict[str, Any]]] = {preset: [] for preset in presets}
    for seed in range(asked.repeats):
        for preset in presets:
            run = once(preset, seed, asked.threads)
            found[preset].append(run)
            print(
                f"{preset:8} seed {seed}  {run['val_loss']:.4f} nats/char, judging half "
                f"{run['judge_loss']:.4f}; with counting {run['mixture_val_loss']:.4f}, "
                f"{run['mixture_judge_loss']:.4f}  "
                f"{run['train_seconds']:7.1f} s  {run['tokens_per_second']:9,.0f} chars/s  "
                f"{run['peak_memory_mb']:5.0f} MB  {run['precision']}, {run['threads']} threads",
                flush=True,
            )

    def median(preset: str, key: str) -> float:
        return statistics.median(run[key] for run in found[preset])

    def spread(preset: str, key: str) -> str:
        values = [run[key] for run in found[preset]]
        return f"{median(preset, key):.4f} ({min(values):.4f} to {max(values):.4f})"

    first = presets[0]
    print(f"\nmedians of {asked.repeats}; ratio: seconds of {first} over seconds of the preset")
    for preset in presets:
        ratio = median(first, "train_seconds") / median(preset, "train_seconds")
        print(
            f"{preset:8} {spread(preset, 'val_loss')} nats/char, judging half "
            f"{spread(preset, 'judge_loss')}; with counting {spread(preset, 'mixture_val_loss')}, "
            f"{spread(preset, 'mixture_judge_loss')}  "
            f"{median(preset, 'train_seconds'):7.1f} s of training  "
            f"{median(preset, 'wall_seconds'):7.1f} s in all  "
            f"{median(preset, 'start_seconds'):4.1f} s to the first step  "
            f"{median(preset, 'peak_memory_mb'):5.0f} MB  ratio {ratio:.2f}"
        )


if __name__ == "__main__":
    main()

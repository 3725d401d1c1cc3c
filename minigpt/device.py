"""Which device, precision and number of threads: measured, not guessed.

Idea:   bfloat16 halves the memory traffic and is up to twice as fast on a CPU that has instructions
        for it, and slower than float32 on one that has not; two threads beat one unless another
        process holds the other core. A few training steps of a small model decide, in under two
        seconds.
Run:    python -m minigpt.device
Omits:  choosing among several GPUs. torchrun gives each process its own.
"""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import psutil
import torch
import torch.nn.functional as F

from labkit import command, files
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.tokenizer import CharTokenizer

Device = Literal["auto", "cpu", "cuda", "mps"]
Precision = Literal["auto", "fp32", "bf16"]

Times = dict[tuple[Literal["fp32", "bf16"], int], float]

BUDGET = 1.8  # seconds, for all candidates together
MAX_THREADS = 1024  # OpenMP ends the process when the system has no more threads to give


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """Where and how a model computes."""

    device: Literal["cpu", "cuda", "mps"]
    """The device."""
    precision: Literal["fp32", "bf16"]
    """Precision of activations and matrix products; weights are always float32."""
    threads: int
    """Number of torch's threads on the CPU."""
    why: str = "asked for"
    """Why these were chosen, in words."""

    def __str__(self) -> str:
        unit = "thread" if self.threads == 1 else "threads"
        return f"{self.device}, {self.precision}, {self.threads} {unit} ({self.why})"

    def apply(self) -> torch.device:
        """Set torch's thread count for this process and return the device."""
        torch.set_num_threads(self.threads)
        if self.device == "cuda":
            return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        return torch.device(self.device)

    @contextmanager
    def applied(self) -> Iterator[torch.device]:
        """Like `apply`, for a `with` block, after which torch's thread count is restored."""
        before = torch.get_num_threads()
        try:
            yield self.apply()
        finally:
            torch.set_num_threads(before)


def cores() -> int:
    """Physical cores that this process may use; under torchrun, its share of them."""
    physical = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else physical
    return max(1, min(physical, allowed) // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))


def check_threads(threads: int) -> None:
    """ValueError if `threads` is not a sensible number of threads."""
    if not 1 <= threads <= MAX_THREADS:
        raise ValueError(f"threads must be from 1 to {MAX_THREADS}, got {threads}")


def check_memory(model: GPTConfig, batch_size: int, vocabulary: int) -> None:
    """ValueError if training cannot fit into this machine's memory, free or not.

    The estimate is a lower bound: float32 weights, gradients, momentum and best weights; bfloat16
    activations.
    """
    width, layers = model.n_embd, model.n_layer
    weights = 12 * layers * width**2 + 2 * vocabulary * width
    activations = batch_size * model.context * (12 * layers * width + vocabulary)
    needed, there = 16 * weights + 2 * activations, psutil.virtual_memory().total
    if needed > there:
        raise ValueError(
            f"{layers} layers of width {width} with batches of {batch_size} x {model.context} need "
            f"{needed / 1e9:,.0f} GB of memory at least, and this machine has {there / 1e9:,.0f}; "
            "use a smaller model or batch"
        )


def choose(
    device: Device = "auto", precision: Precision = "auto", threads: int | None = None
) -> Runtime:
    """The runtime to use; what is not asked for is measured, once per machine.

    ValueError if CUDA or MPS is asked for and not available.
    """
    if threads is not None:
        check_threads(threads)
    where = _device(device)
    if where != "cpu":
        known = precision if precision != "auto" else ("bf16" if _gpu_bf16(where) else "fp32")
        return Runtime(device=where, precision=known, threads=threads or cores())
    if precision != "auto" and threads is not None:
        return Runtime(device="cpu", precision=precision, threads=threads)
    times, why = _cached_times()
    fits = {
        key: seconds
        for key, seconds in times.items()
        if precision in ("auto", key[0]) and (threads is None or key[1] == threads)
    }
    if not fits:  # this number of threads was not among the candidates
        fits = {key: s for key, s in times.items() if precision in ("auto", key[0])}
    best = min(fits, key=lambda key: fits[key])
    if threads is None and (free := free_cores()) < best[1]:
        threads, why = free, f"{why}; other processes hold the rest of {cores()} cores now"
    return Runtime(device="cpu", precision=best[0], threads=threads or best[1], why=why)


def _device(device: Device) -> Literal["cpu", "cuda", "mps"]:
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if device == "auto":
        return "cuda" if cuda else "cpu"  # at these sizes a laptop's CPU beats its MPS
    if device == "cuda" and not cuda:
        raise ValueError("CUDA was asked for, and torch finds no CUDA device; use --device cpu")
    if device == "mps" and not mps:
        raise ValueError("MPS was asked for, and torch finds no MPS device; use --device cpu")
    return device


def _gpu_bf16(device: str) -> bool:
    return device == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)


def _cached_times() -> tuple[Times, str]:
    from minigpt.corpora import cache_folder

    path = Path(cache_folder()) / "device.json"
    machine = {
        "cpu": f"{platform.machine()} {platform.processor()} {_cpu_name()}",
        "cores": cores(),
        "torch": torch.__version__,
    }
    try:
        record = files.read_json(path)
        if record["machine"] == machine and record["seconds"]:
            return {(p, t): s for p, t, s in record["seconds"]}, "measured before on this machine"
    except (OSError, ValueError, KeyError, TypeError):
        pass  # never measured here, or unreadable: measure
    quiet = free_cores() == cores()
    times = measure()
    if quiet:  # a busy moment says little about other moments
        _remember(path, machine, times)
    return times, "measured now"


def _remember(path: Path, machine: dict[str, Any], times: Times) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [[precision, threads, seconds] for (precision, threads), seconds in times.items()]
        files.write_json(path, {"machine": machine, "seconds": rows})
    except OSError:
        pass  # without the cache the next run measures again, for two seconds


def free_cores(seconds: float = 0.2) -> int:
    """Number of our cores that other processes leave free at this moment, at least 1.

    A thread that has to share its core delays all the others, which spin while they wait: with two
    threads beside one busy process a step takes 2.5 to 5 times as long, with one thread less than
    twice. Limiting the spinning (GOMP_SPINCOUNT) makes both cases slower (bench_spin.py).
    """
    before = psutil.cpu_times()
    time.sleep(seconds)
    after = psutil.cpu_times()
    working = ("user", "nice", "system")
    spent = sum(getattr(after, k, 0.0) - getattr(before, k, 0.0) for k in working)
    everywhere = psutil.cpu_count() or 1
    return max(1, min(cores(), round(everywhere - spent / seconds)))


def free_threads() -> int:
    """torch's own number of threads, but no more than `free_cores`."""
    own = torch.get_num_threads()
    return min(own, free_cores()) if own > 1 else own


def measure(budget: float = BUDGET) -> Times:
    """Seconds per training step of a small model, for each (precision, threads)."""
    before = torch.get_num_threads()
    tokenizer = CharTokenizer("".join(map(chr, range(33, 97))))
    model = GPT(GPTConfig(n_layer=1), tokenizer, torch.Generator().manual_seed(0))
    ids = torch.randint(0, 64, (16, 64), generator=torch.Generator().manual_seed(0))
    counts = sorted({1, cores()})
    candidates = [(p, t) for t in counts for p in ("bf16", "fp32")]
    times = {}
    try:
        for precision, threads in candidates:
            torch.set_num_threads(threads)
            end = time.perf_counter() + budget / len(candidates)
            best = float("inf")
            while True:
                start = time.perf_counter()
                with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
                    logits = model(ids)
                F.cross_entropy(logits.float().flatten(0, 1), ids.flatten()).backward()
                now = time.perf_counter()
                best = min(best, now - start)
                if now > end:
                    break
            times[precision, threads] = best
    finally:
        torch.set_num_threads(before)
    return times  # type: ignore[return-value]


def _cpu_name() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            names = [
                line.split(":", 1)[1].strip() for line in file if line.startswith("model name")
            ]
        return names[0] if names else ""
    except OSError:
        return ""  # macOS and Windows: platform.processor() has the name


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Measure a training step in each precision and number of threads, and print the choice."""


def main(settings: Settings) -> None:
    """Forget earlier measurements, measure again, print one line per candidate and the choice."""
    from minigpt.corpora import cache_folder

    (Path(cache_folder()) / "device.json").unlink(missing_ok=True)
    for (precision, threads), seconds in _cached_times()[0].items():
        print(f"{precision}  {threads} threads  {1000 * seconds:7.2f} ms a step")
    print(json.dumps(asdict(choose())))


if __name__ == "__main__":
    command.run(main, Settings, prog="minigpt.device")

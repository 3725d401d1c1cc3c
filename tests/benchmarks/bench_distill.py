"""What distilling costs, as ratios: a step with a live teacher, with a cache; building a cache.

The last row is lesson 5's: a step of its taught student over one on labels alone, one thread in
float32, which the lesson writes down as the length of labels alone in equal seconds.

Run:    python -m tests.benchmarks.bench_distill

Medians over alternating repeats. Asked for: live <= 1.15 of the student's step and the teacher's
forward pass together; dense cache <= 1.15 of a plain step; building >= 0.8 of evaluation speed; at
V = 65 at most 140 bytes/char dense and 30 sampled.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from distill import cache as caching
from distill.distillation import Distillation
from distill.settings import DistillConfig
from distill.teachers import ModelTeacher
from lessons.l05_dark_knowledge.experiment import SIZES
from minigpt import corpora
from minigpt.evaluate import surprisal
from minigpt.model import GPT
from minigpt.saved.state import State
from minigpt.settings import PRESETS
from minigpt.tokenizer import CharTokenizer
from minigpt.train.loop import draw_windows


def medians(jobs: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Seconds of each job; all are run once before, then in turns."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for i in range(repeats + 1):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            if i:
                times[name].append(time.perf_counter() - start)
    return {name: float(np.median(some)) for name, some in times.items()}


def main(repeats: int = 15) -> None:
    """Print the ratios."""
    corpus, _ = corpora.load_default()  # Tiny Shakespeare where it is here or can be fetched
    tokenizer = CharTokenizer.from_text(corpus.text)
    ids = tokenizer.encode(corpus.train[:100_000])
    config, shape = PRESETS["quick"], PRESETS["default"].model
    teacher = ModelTeacher(GPT(shape, tokenizer, torch.Generator().manual_seed(1)))
    student = GPT(config.model, tokenizer, torch.Generator().manual_seed(0))
    state = State(config, student)
    batch = draw_windows(
        torch.from_numpy(ids), config.model.context, config.batch_size, torch.Generator()
    )
    with tempfile.TemporaryDirectory() as folder:
        settings = caching.CacheConfig(context=config.model.context)
        built, evaluated = [], []
        for i in range(4):  # in turns; the first of each does not count
            start = time.perf_counter()
            cache = caching.build(f"{folder}/{i}", teacher, ids, settings)
            built.append(time.perf_counter() - start)
            start = time.perf_counter()
            surprisal(teacher, ids, context=settings.context)
            evaluated.append(time.perf_counter() - start)
        sampled = caching.build(f"{folder}/s", teacher, ids, replace(settings, kind="sampled"))
        plain = DistillConfig(alpha=0.0)
        losses = {
            "plain": Distillation(None, ids, tokenizer, plain),
            "live": Distillation(teacher, ids, tokenizer, replace(plain, alpha=0.9)),
            "dense": Distillation(None, ids, tokenizer, replace(plain, alpha=0.9), cache=cache),
        }

        def step(name: str) -> None:
            losses[name](student, batch).backward()
            for optimizer in state.optimizers:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)

        windows = batch.ids.numpy()
        jobs: dict[str, Callable[[], object]] = {
            "plain": lambda: step("plain"),
            "live": lambda: step("live"),
            "dense": lambda: step("dense"),
            "teacher": lambda: teacher.logprobs(windows),
        }
        found = medians(jobs, repeats)
        sizes = cache.bytes_per_char, sampled.bytes_per_char
    print(f"live / (plain + teacher)   {found['live'] / (found['plain'] + found['teacher']):.3f}")
    print(f"dense cache / plain        {found['dense'] / found['plain']:.3f}")
    speed = float(np.median(evaluated[1:]) / np.median(built[1:]))
    print(f"building / evaluating      {speed:.3f}")
    print(f"dense, bytes/char          {sizes[0]:.1f} at V = {len(tokenizer)}")
    print(f"sampled, bytes/char        {sizes[1]:.1f}, {settings.k} draws")
    print(f"lesson 5: taught / plain   {lesson_5(repeats):.3f}")


def lesson_5(repeats: int) -> float:
    """Seconds of a step of the lesson's taught student over those of one on labels alone."""
    size = SIZES["full"]
    corpus, _ = corpora.load_default()
    tokenizer = CharTokenizer.from_text(corpus.text)
    ids = tokenizer.encode(corpus.train[:100_000])
    teacher = ModelTeacher(GPT(size.teacher, tokenizer, torch.Generator().manual_seed(1)))
    state = State(size.student, GPT(size.student.model, tokenizer, torch.Generator()))
    losses = {
        "plain": Distillation(None, ids, tokenizer, DistillConfig(alpha=0.0)),
        "taught": Distillation(teacher, ids, tokenizer, DistillConfig()),
    }
    context, windows = size.student.model.context, torch.Generator()

    def step(name: str) -> None:
        batch = draw_windows(torch.from_numpy(ids), context, size.student.batch_size, windows)
        losses[name](state.model, batch).backward()
        for optimizer in state.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        found = medians(
            {"plain": lambda: step("plain"), "taught": lambda: step("taught")}, 10 * repeats
        )
    finally:
        torch.set_num_threads(before)
    return found["taught"] / found["plain"]


if __name__ == "__main__":
    main()

"""What a run reports: a forecast, a record at its beginning, figures and a picture at its end.

Idea:   a figure means something only beside its baseline, so the n-gram's loss on the same text is
        beside the model's, in words and in the picture, and so is that of both together.
Run:    python -m minigpt.train
"""

from __future__ import annotations

import dataclasses
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch

from labkit import figures, files
from labkit.versions import PROJECT, machine, processor, versions
from minigpt.corpora import Corpus
from minigpt.load import too_long
from minigpt.model import GPT
from minigpt.ngram import DEFAULT_ORDER
from minigpt.sample import generate
from minigpt.saved.runs import Run
from minigpt.settings import TrainConfig
from minigpt.train import mixing
from minigpt.train.loop import TrainResult, train


def finish(
    run: Run,
    config: TrainConfig,
    corpus: Corpus,
    result: TrainResult,
    began: float,
    start_seconds: float | None,
    watch: mixing.Watch,
) -> list[str]:
    """Write gate.json, sample.txt, loss.png and result.json; return the lines to print.

    `began` is the command's start by the monotonic clock; `start_seconds` is the time from the
    start of the process to the first step; `watch` has measured the model.
    """
    together = mixing.measure(run, corpus, result.model, watch)
    text = generate(result.model, length=600, rng=np.random.default_rng(config.seed))[0]
    files.write_text(run.folder / "sample.txt", text)
    draw(run, result, together["ngram_val_loss"])
    record: dict[str, Any] = {
        "val_loss": result.val_loss,
        "bits_per_char": result.val_loss / math.log(2),
        "judge_loss": result.judge_loss,
        **together,
        "best_step": best_step(result),
        "train_seconds": result.train_seconds,
        "wall_seconds": result.earlier_seconds + time.monotonic() - began,
        "start_seconds": start_seconds,
        "steps": result.steps,
        "tokens": result.tokens,
        "tokens_per_second": result.tokens / max(result.train_seconds, 1e-9),
        "peak_memory_mb": peak_memory_mb(),
        "parameters": result.model.size,
        "corpus": corpus.name,
        "corpus_sha256": corpus.sha256,
        "device": result.runtime.device,
        "precision": result.runtime.precision,
        "threads": result.runtime.threads,
        "seed": config.seed,
        "run": str(run.folder),
    }
    files.write_json(run.folder / "result.json", record)
    lines = [f"\nIt writes:\n\n{text[:400].strip()}\n", summary(record)]
    if record["best_step"] < result.steps:
        lines.append(f"that is the model of step {record['best_step']:,}, the best by validation")
    lines += in_words(together, corpus)
    lines.append(f"curve: {run.folder / 'loss.png'}   more: python -m minigpt.sample {run.folder}")
    return lines


def summary(record: dict[str, Any]) -> str:
    """One line with what was reached, and at what cost."""
    return (
        "{val_loss:.4f} nats/char ({bits_per_char:.3f} bits) on held-out text, {judge_loss:.4f} on "
        "the half that chose nothing, after {steps:,} steps in {train_seconds:.1f} s of training, "
        "{parameters:,} parameters".format(**record)
    )


def best_step(result: TrainResult) -> int:
    """The step whose model was kept: the one with the lowest loss on the choosing half."""
    looked = [line for line in result.metrics if line["choose_loss"] is not None]
    best = min(looked, key=lambda line: line["choose_loss"], default={"step": result.steps})
    return int(best["step"])


def in_words(together: dict[str, float | None], corpus: Corpus) -> list[str]:
    """Two lines: what counting reaches, and both together; or one that says why there is none."""
    if together["mixture_val_loss"] is None:
        return [f"no n-gram and no mixture: {too_long(corpus)}"]
    return [
        line.format(**together)
        for line in (
            f"{{ngram_val_loss:.4f}} by counting alone (Kneser-Ney, order {DEFAULT_ORDER}), "
            "{ngram_judge_loss:.4f} on that half",
            "{mixture_val_loss:.4f} by both together, {mixture_judge_loss:.4f} on that half, mixed "
            "by a gate that was fitted on the other ({mixture_seconds:.1f} s)",
        )
    ]


def draw(run: Run, result: TrainResult, ngram: float | None) -> None:
    """Draw loss.png in the run's folder; `ngram` is the n-gram's loss on the same text."""
    from minigpt import plots

    with figures.style():
        figure, ax = figures.new("wide")
        plots.loss_curve(result.metrics, ax, ngram=ngram, best=result.val_loss)
        figures.caption(
            figure,
            f"{run.folder.name}: one run. The first half of the last tenth of the text chose the "
            f"model of step {best_step(result):,}: {result.val_loss:.3f} nats/char on that tenth, "
            f"{result.judge_loss:.3f} on its other half.",
        )
    alt = plots.loss_alt(result.metrics, ngram)
    figures.save(figure, run.folder / "loss.png", alt=alt)


def describe(
    config: TrainConfig, corpus: Corpus, origin: Path | None, init: GPT | None
) -> dict[str, Any]:
    """The content of config.json, from resolved settings: everything needed to repeat the run.

    `init` is the model it begins with, and `origin` where that came from. Its alphabet is kept, so
    that the run can be resumed if that model is gone.
    """
    return {
        "train": dataclasses.asdict(config),
        "preset": config.preset,
        "init": None if origin is None else str(origin),
        "init_characters": None if init is None else init.tokenizer.characters,
        "init_fingerprint": None if init is None else init.fingerprint,
        "corpus": corpus.name,
        "corpus_sha256": corpus.sha256,
        **made_with(config.device),
    }


def made_with(device: str) -> dict[str, Any]:
    """Versions and hardware, on which the last bits of a run depend besides its settings."""
    chip = torch.cuda.get_device_name() if device == "cuda" else processor()
    return {
        "versions": versions(PROJECT, "torch", "numpy"),
        "machine": machine(),
        "processor": chip,
    }


def made_otherwise(recorded: dict[str, Any], device: str) -> str:
    """A line that names what has changed since the run began; empty if nothing has."""
    now = made_with(device)
    was, is_now = recorded.get("versions"), now["versions"]
    was = was if isinstance(was, dict) else {}
    differ = [
        f"{k} {was[k]} then, {is_now[k]} now" for k in is_now if was.get(k, is_now[k]) != is_now[k]
    ]
    for name in ("machine", "processor"):
        if recorded.get(name, now[name]) != now[name]:
            differ.append(f"{name} {recorded[name]} then, {now[name]} now")
    if not differ:
        return ""
    return (
        f"not as it began ({'; '.join(differ)}): the run goes on, but need not end in the same "
        "weights to the last bit"
    )


def forecast(config: TrainConfig, corpus: Corpus, init: GPT | None = None) -> str:
    """Minutes, memory and parameters of a run, from a few real steps that are then discarded."""
    model = init or GPT.fresh(config.model, corpus.text, config.seed)
    few = dataclasses.replace(config, steps=6, minutes=None, eval_every=6)
    seconds: list[float] = []
    short = dataclasses.replace(corpus, text=corpus.text[: max(20_000, 20 * config.model.context)])
    train(few, short, on_step=lambda now: seconds.append(now.seconds), init=model)
    typical = float(np.median(np.diff(seconds)))
    minutes = config.minutes or typical * config.steps / 60
    steps = config.steps if config.minutes is None else int(60 * config.minutes / typical)
    return (
        f"{minutes:.1f} minutes of training for {steps:,} steps on this machine as busy as it is "
        f"now, {peak_memory_mb():.0f} MB of memory, {model.size:,} parameters"
    )


def peak_memory_mb() -> float:
    """The most memory this process has held so far, in 10^6 bytes."""
    if sys.platform == "win32":
        return psutil.Process().memory_info().peak_wset / 1e6
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6

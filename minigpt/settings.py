"""Settings of a training run, which check themselves, and the presets.

Idea:   everything that decides the outcome is one frozen record; a preset is such a record, and a
        command-line flag replaces one of its fields. So each default exists once.
Source: `classic` is nanoGPT's documented recipe for a CPU (Karpathy, nanoGPT README), with its
        fields and rates; the others were tuned here (CONTRIBUTING.md has what did not pay).
Run:    python -m minigpt.train --help
Omits:  configuration files. A run's own config.json records its settings.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

import tyro

from labkit.typed import typed
from minigpt.device import Device, Precision, check_threads
from minigpt.layers import GPTConfig

Preset = Literal["quick", "default", "long", "classic", "gpu"]


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Settings of a training run; together with the text they determine the outcome."""

    preset: Preset = "default"
    """Defaults for all other settings: quick (seconds), default (a minute or two), long (ten
    minutes or so), classic (GPT-2 style, for comparison), gpu (for a graphics card)."""
    data: str = "shakespeare"
    """A corpus (python -m minigpt.corpora lists them) or the path of a UTF-8 text file."""
    steps: int = 1050
    """Optimiser steps."""
    minutes: float | None = None
    """A time budget, which fixes the number of steps after a short, timed warm-up."""
    batch_size: int = 16
    """Windows of text per step."""
    accumulate: int = 1
    """Split each batch into this many parts, processed in turn, to save memory."""
    optimizer: Literal["muon", "adamw"] = "muon"
    """Muon for matrices and AdamW for the rest, or AdamW for all."""
    muon_lr: float = 0.02
    """Peak learning rate of Muon."""
    adamw_lr: float = 3e-3
    """Peak learning rate of AdamW."""
    bigram_lr_factor: float = 1.0
    """AdamW's rate for the table of pairs of characters, as a multiple of its rate for the rest."""
    momentum: float = 0.95
    """Momentum of Muon."""
    newton_schulz: int = 5
    """Newton-Schulz iterations in each of Muon's updates."""
    beta2: float = 0.95
    """Decay of AdamW's running mean of squared gradients."""
    weight_decay: float = 0.0
    """Decoupled weight decay: each step multiplies matrices by 1 - (learning rate) x (this)."""
    schedule: Literal["trapezoid", "cosine"] = "trapezoid"
    """Warm-up, constant, linear cool-down to 0; or warm-up, then a cosine down to a tenth."""
    warmup: int = 20
    """Steps from 0 to the peak learning rate."""
    cooldown: float = 0.5
    """Share of the steps in which the trapezoid falls to 0."""
    grad_clip: float = 0.0
    """Largest joint norm of the gradients that AdamW takes; 0 for no limit. Muon needs none: the
    size of its updates does not depend on the size of the gradients."""
    eval_every: int = 0
    """Steps between evaluations on the choosing half of the held-out text; 0 for three to eight per
    run, of which more than three take at most 3 % of its time."""
    save_seconds: float = 30.0
    """Seconds between checkpoints for --resume, besides those at evaluations."""
    sample_every: int = 0
    """Steps between samples printed during training; 0 for none."""
    seed: int = 0
    """Seed of the initial weights, of the windows drawn and of dropout."""
    device: Device = "auto"
    """Device to compute on."""
    precision: Precision = "auto"
    """Floating-point format; auto measures whether bf16 is faster here."""
    threads: int | Literal["auto"] = "auto"
    """Processor threads; auto measures how many are fastest."""
    model: Annotated[GPTConfig, tyro.conf.arg(name="")] = field(default_factory=GPTConfig)
    """The shape of the model."""

    def __post_init__(self) -> None:
        at_least_one = ("steps", "batch_size", "accumulate", "newton_schulz")
        for name in at_least_one:
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        rates = ("warmup", "weight_decay", "grad_clip")
        not_negative = (*rates, "eval_every", "sample_every", "save_seconds", "seed")
        for name in not_negative:
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must not be negative, got {getattr(self, name)}")
        if self.newton_schulz > 100:
            raise ValueError(
                f"newton_schulz must be at most 100, got {self.newton_schulz}; 5 are enough"
            )
        if self.weight_decay > 1:
            raise ValueError(f"weight_decay must be at most 1, got {self.weight_decay}")
        for name in ("muon_lr", "adamw_lr"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name} must be above 0 and at most 1, got {getattr(self, name)}")
        if not 0 < self.bigram_lr_factor <= 1000:
            raise ValueError(
                f"bigram_lr_factor must be above 0 and at most 1000, got {self.bigram_lr_factor}"
            )
        for name in ("momentum", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be from 0 to below 1, got {getattr(self, name)}")
        if not 0 <= self.cooldown <= 1:
            raise ValueError(f"cooldown is a share from 0 to 1, got {self.cooldown}")
        if self.minutes is not None and not 0 < self.minutes <= 10_000:
            raise ValueError(f"minutes must be above 0 and at most 10,000, got {self.minutes}")
        if self.threads != "auto":
            check_threads(self.threads)
        if self.seed > 2**62:
            raise ValueError(f"seed must be at most 2^62, got {self.seed}")
        if self.batch_size % self.accumulate:
            raise ValueError(
                f"batch_size ({self.batch_size}) must be a multiple of accumulate "
                f"({self.accumulate})"
            )

    @property
    def thread_count(self) -> int | None:
        """Number of threads; None for auto."""
        return None if self.threads == "auto" else self.threads


def recorded_settings(stored: Any) -> TrainConfig:
    """The settings that a run recorded; `stored` is what `dataclasses.asdict` made of them.

    KeyError or TypeError if one is missing, unknown or not of its declared type, ValueError if it
    makes no sense.
    """
    shape = GPTConfig(**typed(GPTConfig, stored["model"]))
    return TrainConfig(**typed(TrainConfig, {**stored, "model": shape}))


_DEFAULT = TrainConfig(
    model=GPTConfig(n_layer=6, n_head=3, n_embd=96, context=128, attention_scale=2.0)
)

PRESETS: dict[Preset, TrainConfig] = {
    "quick": replace(
        _DEFAULT,
        preset="quick",
        steps=240,
        batch_size=24,
        muon_lr=0.04,
        adamw_lr=6e-3,
        model=GPTConfig(n_layer=3, n_head=4, n_embd=128, context=64, attention_scale=2.0),
    ),
    "default": _DEFAULT,
    "long": replace(
        _DEFAULT,
        preset="long",
        steps=5000,
        model=GPTConfig(
            n_layer=5, n_head=6, n_embd=192, context=128, dropout=0.1, attention_scale=2.0
        ),
    ),
    "classic": replace(
        _DEFAULT,
        preset="classic",
        precision="fp32",
        steps=2000,
        batch_size=12,
        optimizer="adamw",
        adamw_lr=1e-3,
        beta2=0.99,
        weight_decay=0.1,
        schedule="cosine",
        warmup=100,
        grad_clip=1.0,
        model=GPTConfig(
            n_layer=4,
            n_head=4,
            n_embd=128,
            context=64,
            position="learned",
            norm="layer",
            qk_norm=False,
            activation="gelu",
            zero_init=False,
            tie_embeddings=True,
            bigram=False,
        ),
    ),
    "gpu": replace(
        _DEFAULT,
        preset="gpu",
        steps=2000,
        batch_size=64,
        weight_decay=0.1,
        model=GPTConfig(
            n_layer=6, n_head=6, n_embd=384, context=256, dropout=0.2, attention_scale=2.0
        ),
    ),
}

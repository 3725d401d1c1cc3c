"""Costs of training and predicting, in floating-point operations.

Idea:   a fair comparison gives both sides the same compute. A matrix product [m, k] x [k, n] is
        2 m k n operations; the backward pass does two such products for each of the forward pass;
        Muon does some for each matrix and step; the teacher's forward passes count as well.
Source: Kaplan et al. 2020, arXiv:2001.08361, section 2.1; checked against torch's own counter.
Run:    python -m distill.compare
Omits:  everything that is not a matrix product (norms, softmax, look-ups): a few per cent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from distill.teachers import EnsembleTeacher, Teacher
from minigpt.layers import GPTConfig
from minigpt.mixture import Mixture
from minigpt.ngram import NGram

if TYPE_CHECKING:
    from minigpt.settings import TrainConfig


def window_flops(layers: int, width: int, vocabulary: int, time: int) -> int:
    """Forward operations for one window of `time` characters in a transformer of this shape.

    A weight of a matrix takes part in one multiplication and one addition for each character.
    Attention adds, for each character and layer, its products with all `time` characters and the
    weighted sum over them (masked ones are computed as well). Looking up embeddings is free.

    >>> window_flops(0, 8, 10, 1)  # the head alone: 2 * 8 * 10
    160
    """
    matrices = 12 * width * width  # query, key, value, projection: 4 E^2; MLP: 2 * 4 E^2
    looking = 2 * time * width  # scores, and the sum they weight
    return 2 * time * (layers * (matrices + looking) + width * vocabulary)


def forward_flops(config: GPTConfig, vocabulary: int, time: int) -> int:
    """Forward operations for one window of `time` characters in a GPT."""
    flops = window_flops(config.n_layer, config.n_embd, vocabulary, time)
    if config.attention == "convolution":  # as many weights, but no attention
        flops -= 4 * time * time * config.n_layer * config.n_embd
    return flops


def muon_flops(config: TrainConfig) -> int:
    """Operations of one update of all matrices in the blocks; 0 for AdamW."""
    if config.optimizer != "muon":
        return 0
    width = config.model.n_embd
    square, wide = 4, 2  # matrices [E, E] (q, k, v, projection; or four taps) and [4E, E]

    def one(small: int, large: int) -> int:
        # gram = x x^T; gram gram; (b gram + c gram gram) x
        return config.newton_schulz * (4 * small * small * large + 2 * small**3)

    return config.model.n_layer * (square * one(width, width) + wide * one(width, 4 * width))


def step_flops(config: TrainConfig, vocabulary: int) -> int:
    """Operations of one training step on labels alone: forward, backward, update."""
    window = forward_flops(config.model, vocabulary, config.model.context)
    return 3 * config.batch_size * window + muon_flops(config)


def teacher_flops(teacher: Any, time: int) -> int:
    """Operations of a teacher's predictions for one window of `time` characters."""
    if isinstance(teacher, Teacher):
        return teacher_flops(teacher.model, time)
    if isinstance(teacher, EnsembleTeacher):
        return sum(teacher_flops(member, time) for member in teacher.members)
    if isinstance(teacher, Mixture):  # the gate, a few operations for each, counts as free
        return sum(teacher_flops(member, time) for member in teacher.models)
    vocabulary = len(teacher.tokenizer)
    if isinstance(teacher, NGram):  # a multiplication and an addition for each order
        return 2 * teacher.order * vocabulary * time
    if hasattr(teacher, "config"):
        width = teacher.config.context
        if time <= width:
            return forward_flops(teacher.config, vocabulary, time)
        more = -(-(time - width) // max(1, width // 2))  # overlapping windows
        return (1 + more) * forward_flops(teacher.config, vocabulary, width)
    return 0  # a cache has been paid for; a grammar counts as free


def taught_flops(
    config: TrainConfig,
    teacher: Any,
    vocabulary: int,
    *,
    on_policy: float = 0.0,
    windows: int | None = None,
) -> int:
    """Operations of all `config.steps` steps of a student with a teacher.

    The teacher is asked about every window of every step, or, if a cache was built, about its
    `windows` once. Text that the student writes itself (a share `on_policy`) costs it an additional
    forward pass.
    """
    time = config.model.context
    own = round(on_policy * config.batch_size) * forward_flops(config.model, vocabulary, time)
    asked = config.steps * config.batch_size if windows is None else windows
    step = step_flops(config, vocabulary) + own
    return config.steps * step + asked * teacher_flops(teacher, time)


def equal_compute_steps(config: TrainConfig, teacher: Any, vocabulary: int, **how: Any) -> int:
    """Steps on labels alone that cost as much as `config.steps` steps with the teacher.

    `how` is as in `taught_flops`.
    """
    taught = taught_flops(config, teacher, vocabulary, **how)
    return round(taught / step_flops(config, vocabulary))

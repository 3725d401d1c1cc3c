"""A museum of bugs: ways in which distillation goes wrong in real code, each runnable.

Idea:   none of these raises an error. The loss falls, a student comes out, and it is worse, or the
        number beside it means something else. Seeing the two curves side by side is the lesson.
Source: TRL #3043 (weights swapped), #4105 (denominators), #6780 (ends of the JSD); verl #7855
        (below zero); Hinton et al. 2015, section 2 (T^2); torch's documentation of kl_div.
Run:    python -m distill.museum [--bug NAME]
Omits:  use elsewhere: the wrong versions are in this file alone.
"""

from __future__ import annotations

if __name__ == "__main__":
    from labkit import command

    command.stoppable("distill.museum")

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from distill import losses
from distill.cache import CacheConfig, CachedTeacher, build
from distill.teachers import EnsembleTeacher
from labkit import command, figures
from minigpt.nextchar import NextChar
from minigpt.tokenizer import CharTokenizer

PROG = "distill.museum"
LOSSES, TEACHERS = "tests/distill/test_losses.py", "tests/distill/test_teachers.py"


@dataclass(frozen=True, kw_only=True)
class Bug:
    """One exhibit of the museum."""

    name: str
    what: str
    """What goes wrong, in a sentence."""
    wrong: Any
    """The wrong implementation, in place of the right one."""
    test: str
    """The test that catches it: file::name."""
    settings: dict[str, Any]
    """Settings in which it shows, for the curves; empty if it is not a loss."""


def _forward(student: Tensor, teacher: Tensor) -> Tensor:
    return F.kl_div(student.log_softmax(-1), teacher, log_target=True, reduction="none").sum(-1)


def mean_over_vocabulary(student: Tensor, teacher: Tensor, **_: Any) -> Tensor:
    """reduction="mean" divides by N * V: the teacher's weight is V times too small."""
    return F.kl_div(student.log_softmax(-1), teacher, log_target=True, reduction="none").mean()


def batchmean_on_windows(student: Tensor, teacher: Tensor, **_: Any) -> Tensor:
    """reduction="batchmean" on [B, T, V] divides by B alone: T times too much (here, B = 2)."""
    return _forward(student, teacher).sum() / 2


def no_t_squared(student: Tensor, teacher: Tensor, **settings: Any) -> Tensor:
    """Gradients shrink as 1 / T^2."""
    return losses.kd(student, teacher, **settings) / settings.get("temperature", 1.0) ** 2


def swapped_direction(student: Tensor, teacher: Tensor, **settings: Any) -> Tensor:
    """forward computes the reverse KL, and reverse the forward one."""
    other = {"forward": "reverse", "reverse": "forward", "jsd": "jsd"}
    settings["direction"] = other[settings.get("direction", "forward")]
    return losses.kd(student, teacher, **settings)


def jsd_weights_swapped(student: Tensor, teacher: Tensor, **settings: Any) -> Tensor:
    """beta and 1 - beta are swapped in the mixture, but not outside (TRL #3043)."""
    if settings.get("direction") != "jsd":
        return losses.kd(student, teacher, **settings)
    beta = settings.get("beta", 0.5)
    p, q = teacher.log_softmax(-1), student.log_softmax(-1)
    m = torch.log((1 - beta) * p.exp() + beta * q.exp())
    from_p, from_q = (p.exp() * (p - m)).sum(-1), (q.exp() * (q - m)).sum(-1)
    return (beta * from_p + (1 - beta) * from_q).mean() / max(beta * (1 - beta), 1e-9)


def wrong_denominator(student: Tensor, teacher: Tensor, **settings: Any) -> Tensor:
    """A part of a batch is divided by its own length, even if it is masked (TRL #4105)."""
    mask = settings.pop("mask", None)
    settings.pop("count", None)
    each = torch.stack([losses.kd(s[None], t[None], **settings) for s, t in zip(student, teacher)])
    return each.mean() if mask is None else (each * mask).mean()


def soft_cross_entropy(student: Tensor, teacher: Tensor, **settings: Any) -> Tensor:
    """The same gradient, but at a match the loss is the teacher's entropy instead of 0."""
    heat = settings.get("temperature", 1.0)
    p = (teacher / heat).softmax(-1)
    return -(heat**2) * (p * (student / heat).log_softmax(-1)).sum(-1).mean()


def top_k_renormalised(student: Tensor, ids: Tensor, weights: Tensor, *_: Any) -> Tensor:
    """The probability cut off goes to the characters kept: the student learns to be too sure."""
    return losses.sparse_kd(student, ids, weights, "renormalise")


def truncated(student: Tensor, ids: Tensor, weights: Tensor, *_: Any) -> Tensor:
    """A sum over the top k alone: below zero for a student that gives the rest nothing."""
    kept = student.log_softmax(-1).gather(-1, ids)
    return (weights * (weights.log() - kept)).sum(-1).mean()


def in_bfloat16(student: Tensor, teacher: Tensor, **_: Any) -> Tensor:
    """Eight bits of precision: near a match only rounding is left, below zero as often as above."""
    q = student.bfloat16().log_softmax(-1)
    return (teacher.bfloat16().exp() * (teacher.bfloat16() - q)).sum(-1).mean().float()


def reverse_in_probabilities(student: Tensor, teacher: Tensor, **settings: Any) -> Tensor:
    """p log(p / q) from probabilities: 0 * log 0 is nan, and so is its gradient."""
    heat = settings.get("temperature", 1.0)
    p, q = (student / heat).softmax(-1), (teacher / heat).softmax(-1)
    return heat**2 * (p * torch.log(p / q)).sum(-1).mean()


class AnyCrop(CachedTeacher):
    """Predictions of the first cached window, whatever window was asked for."""

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        return self.cache.read(np.zeros(len(ids), dtype=int))["logprobs"]


class MeanOfLogits(EnsembleTeacher):
    """Log-probabilities are averaged and called the average of probabilities."""

    def _average(self, said: Any) -> np.ndarray:
        mixed = np.stack(said).mean(0)
        return mixed - np.log(np.exp(mixed).sum(-1, keepdims=True))


def _bug(name: str, wrong: Any, test: str, **settings: Any) -> Bug:
    what = " ".join((wrong.__doc__ or "").split())
    return Bug(name=name, what=what, wrong=wrong, test=test, settings=settings)


BUGS = {
    bug.name: bug
    for bug in (
        _bug(
            "mean-over-vocabulary",
            mean_over_vocabulary,
            f"{LOSSES}::test_forward_is_the_mean_over_positions",
        ),
        _bug(
            "batchmean",
            batchmean_on_windows,
            f"{LOSSES}::test_a_batch_counts_positions_not_rows",
        ),
        _bug(
            "no-t-squared",
            no_t_squared,
            f"{LOSSES}::test_gradients_keep_their_size_as_temperature_grows",
            temperature=4.0,
        ),
        _bug("swapped-direction", swapped_direction, f"{LOSSES}::test_directions"),
        _bug(
            "jsd-weights-swapped",
            jsd_weights_swapped,
            f"{LOSSES}::test_jsd_is_its_definition",
            direction="jsd",
            beta=0.1,
        ),
        _bug("wrong-denominator", wrong_denominator, f"{LOSSES}::test_parts_add_up_to_the_whole"),
        _bug("soft-cross-entropy", soft_cross_entropy, f"{LOSSES}::test_zero_at_a_match"),
        _bug(
            "top-k-renormalised",
            top_k_renormalised,
            f"{LOSSES}::test_sparse_targets_leave_the_teacher_where_it_is",
            k=2,
        ),
        _bug(
            "truncated",
            truncated,
            f"{LOSSES}::test_bucket_does_not_fall_below_zero_when_the_student_knows_only_the_top",
            k=2,
        ),
        _bug(
            "bfloat16", in_bfloat16, f"{LOSSES}::test_near_a_match_it_is_small_and_not_below_zero"
        ),
        _bug(
            "reverse-nan",
            reverse_in_probabilities,
            f"{LOSSES}::test_finite_gradients_at_low_temperature",
            direction="reverse",
        ),
        _bug("another-crop", AnyCrop, f"{TEACHERS}::test_another_crop_is_not_found"),
        _bug("mean-of-logits", MeanOfLogits, f"{TEACHERS}::test_average_of_probabilities"),
    )
}


def curves(bug: Bug, *, steps: int = 120, seed: int = 0) -> dict[str, list[float]]:
    """KL(teacher || student) over steps of gradient descent, `right` and `wrong`; and the values
    of the two losses meanwhile, `right says` and `wrong says`: some bugs show only there.

    The smallest possible student: logits for 32 contexts of 12 characters, SGD at one rate; in the
    first two contexts the teacher is certain. If the bug is in the teacher, the loss is right, and
    the distance is that to the right teacher.
    """
    truth = _teacher(seed)
    teachers = {"right": truth, "wrong": truth}
    if bug.name == "mean-of-logits":
        members = [_Table(truth), _Table(_teacher(seed + 1))]
        teachers = {
            "right": _ask(EnsembleTeacher(members)),
            "wrong": _ask(bug.wrong(members)),
        }
    elif bug.name == "another-crop":
        with tempfile.TemporaryDirectory() as folder:
            text = np.arange(33, dtype=np.uint8)  # two windows of 16, and what follows
            cache = build(folder, _Table(truth), text, CacheConfig(context=16))
            teachers = {
                name: _ask(reader(cache, text), windows=2)
                for name, reader in (("right", CachedTeacher), ("wrong", bug.wrong))
            }
            del cache  # the folder is removed; Windows keeps mapped files
    found = {}
    for name, taught in teachers.items():
        logits = torch.zeros_like(truth, requires_grad=True)
        distance, says = [], []
        for _ in range(steps):
            with torch.no_grad():
                distance.append(losses.kd(logits, teachers["right"]).item())
            wrong = name == "wrong" and not isinstance(bug.wrong, type)
            value = _value(bug, wrong, logits, taught)
            says.append(value.item())
            (pull,) = torch.autograd.grad(value, logits)
            with torch.no_grad():
                logits -= 8.0 * pull
        found[name], found[f"{name} says"] = distance, says
    return found


class _Table:
    """A hand-made teacher: its predictions depend only on the last id, which names a context."""

    tokenizer, context = CharTokenizer("abcdefghijkl"), None

    def __init__(self, rows: Tensor) -> None:
        self.rows = rows.numpy()

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        return self.rows[ids % len(self.rows)]

    def start(self, ids: np.ndarray) -> tuple[None, np.ndarray]:
        return None, self.logprobs(ids)[:, -1]

    def step(self, state: None, ids: np.ndarray) -> np.ndarray:
        return self.logprobs(ids)


def _ask(teacher: NextChar, windows: int = 1) -> Tensor:
    """A teacher's log-probabilities in the 32 contexts, [32, 12]."""
    return torch.from_numpy(teacher.logprobs(np.arange(32).reshape(windows, -1))).flatten(0, 1)


def _teacher(seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    teacher = 2 * torch.randn(32, 12, generator=generator)
    teacher[:2, 1:] = -torch.inf
    return teacher.log_softmax(-1)


def _value(bug: Bug, wrong: bool, logits: Tensor, teacher: Tensor) -> Tensor:
    settings = dict(bug.settings)
    if "k" in settings:
        weights, ids = teacher.exp().topk(settings["k"], -1)
        keep: Callable[..., Tensor] = bug.wrong if wrong else losses.sparse_kd
        return keep(logits, ids, weights.clamp(min=1e-12), "bucket")
    loss: Callable[..., Tensor] = bug.wrong if wrong else losses.kd
    if bug.name == "wrong-denominator":  # three positions of four do not count
        mask = torch.arange(len(logits)) % 4 == 0
        return loss(logits, teacher, mask=mask, **settings)
    if bug.name in ("bfloat16", "soft-cross-entropy", "mean-over-vocabulary", "batchmean"):
        teacher = teacher.clamp(min=-30)
    return loss(logits, teacher, **settings)


def draw(bug: Bug, path: Path) -> dict[str, list[float]]:
    """Draw the distance to the teacher, and the loss, as two panels."""
    found = curves(bug)
    with figures.style():
        figure, axes = figures.new("wide", 1, 2)
        for ax, kind, title in zip(axes, ("", " says"), ("KL(teacher || student)", "the loss")):
            for name in ("right", "wrong"):
                ax.plot(found[name + kind], label=name)
            figures.label(ax, x="step", y="nats", title=title)
            ax.legend()
        figures.caption(figure, f"{bug.name}: {bug.what} Caught by {bug.test}")
    alt = f"{bug.name}: divergence ends at {found['right'][-1]:.3f} nats with the right loss and "
    figures.save(figure, path, alt=f"{alt}{found['wrong'][-1]:.3f} with the wrong one")
    return found


@dataclass(frozen=True, kw_only=True)
class Command:
    """Show what a bug does to distillation, and which test catches it."""

    bug: str | None = None
    """Name of a bug; by default all, one after the other."""
    out: Path | None = None
    """Where to draw the curves of --bug."""

    def __post_init__(self) -> None:
        if self.bug is not None and self.bug not in BUGS:
            raise ValueError(f"no bug {self.bug!r}; there are {', '.join(BUGS)}")
        if self.out is not None and self.bug is None:
            raise ValueError("--out draws one bug; name it with --bug")


def main(asked: Command) -> None:
    """Print what each bug is, what it does and which test catches it."""
    if asked.out is not None:
        figures.check_place(asked.out)
    for bug in [BUGS[asked.bug]] if asked.bug else BUGS.values():
        print(f"{bug.name}: {bug.what}")
        found = draw(bug, asked.out) if asked.out else curves(bug)
        print(
            f"  KL(teacher || student) after {len(found['right'])} steps: "
            f"{found['right'][-1]:.4f} right, {found['wrong'][-1]:.4f} wrong; the loss says "
            f"{found['right says'][-1]:.4f} and {found['wrong says'][-1]:.4f}"
        )
        print(f"  caught by {bug.test}")


if __name__ == "__main__":
    command.run(main, Command, prog=PROG)

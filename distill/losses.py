"""Losses that compare a student's distribution with a teacher's.

Idea:   a label says which character came; a teacher says how likely each one was. Matching the
        whole distribution teaches about every character at every position, not just one.
Source: temperature and its T^2: Hinton et al. 2015, arXiv:1503.02531, section 2; the generalised
        Jensen-Shannon divergence: Agarwal et al. 2023, arXiv:2306.13649; targets drawn from the
        teacher: Anshumann et al. 2025, arXiv:2503.16870.
Run:    python -m distill.train --help
Omits:  matching of hidden features; temperature for sparse targets, whose tail has no softmax.

Legend: N positions (B * T flattened), V vocabulary, K kept characters. Everything is computed in
float32 from logarithms; losses are means over positions, in nats (times T^2).
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

Direction = Literal["forward", "reverse", "jsd"]
Tail = Literal["bucket", "renormalise", "sampled"]

FLOOR = -1e4
"""Used as the logarithm of 0, so that 0 * log 0 is 0 and gradients stay finite."""


def kd(
    student_logits: Float[Tensor, "N V"],
    teacher_logprobs: Float[Tensor, "N V"],
    *,
    direction: Direction = "forward",
    beta: float = 0.5,
    temperature: float = 1.0,
    mask: Bool[Tensor, " N"] | None = None,
    count: float | None = None,
) -> Float[Tensor, ""]:
    """T^2 times the divergence of the student from the teacher, both softened by T; mean, nats.

    forward is KL(teacher || student): the student must cover everything the teacher does. reverse
    is KL(student || teacher): it must not do what the teacher would not. jsd, with M = beta *
    teacher + (1 - beta) * student, is [beta KL(teacher || M) + (1 - beta) KL(student || M)] divided
    by beta (1 - beta), so that it tends to forward as beta goes to 0 and to reverse as beta goes to
    1 (unscaled, it would go to zero at both ends). All three are exactly 0 if the two agree.

    T^2 keeps the size of the gradients about the same at every temperature. `mask` says which
    positions count. `count` is the divisor of the sum, by default the number of positions that
    count. A batch that is computed in parts passes the whole batch's number with every part; the
    parts then add up to the loss of the whole. Characters that the teacher rules out may have
    log-probability -inf. ValueError if a setting makes no sense.

    >>> p = torch.tensor([[0.5, 0.25, 0.25]]).log()
    >>> kd(p, p).item()
    0.0
    """
    check_loss(direction=direction, beta=beta, temperature=temperature)
    log_q = _floored(student_logits.float() / temperature)  # student
    log_p = _floored(teacher_logprobs.float().clamp(min=FLOOR) / temperature)  # teacher
    if direction == "jsd" and 0 < beta < 1:
        each = _jsd(log_p, log_q, beta)
    elif direction == "forward" or (direction == "jsd" and beta == 0):
        each = _kl(log_p, log_q)
    else:
        each = _kl(log_q, log_p)
    return temperature**2 * mean(each, mask, count)


def sparse_kd(
    student_logits: Float[Tensor, "N V"],
    ids: Int[Tensor, "N K"],
    weights: Float[Tensor, "N K"],
    tail: Tail = "bucket",
    *,
    entropy: Float[Tensor, " N"] | None = None,
    mask: Bool[Tensor, " N"] | None = None,
    count: float | None = None,
) -> Float[Tensor, ""]:
    """Forward KL when only K characters of the teacher are known; mean over positions, nats.

    bucket: `weights` are the teacher's probabilities of `ids`; all other characters are one
    outcome, for teacher and student alike. It is a true divergence (0 at a match, never below) and
    a lower bound of the whole one; how the student divides the tail is not taught.

    renormalise: as if the teacher gave the others nothing. Biased: at its minimum the student gives
    them nothing either. It is here because it is common, and as a control.

    sampled: `weights` are counts of draws from the teacher (or any multiple of them). The mean over
    draws is the cross-entropy of the teacher's whole distribution, without bias, and so are its
    gradients. It is a cross-entropy: at a match it is the teacher's entropy, not 0. With `entropy`
    [N], the teacher's own, that is subtracted, and the expected value is the KL.

    A padding id has weight 0; otherwise the ids in a row must differ for `bucket`. `mask` and
    `count` as in `kd`.
    """
    if tail not in ("bucket", "renormalise", "sampled"):
        raise ValueError(f"tail must be bucket, renormalise or sampled, got {tail!r}")
    log_q = student_logits.float().log_softmax(-1)
    kept_q = log_q.gather(-1, ids)  # [N, K]
    weights = weights.float()
    if tail == "sampled":
        share = weights / weights.sum(-1, keepdim=True)
        each = -(share * kept_q).sum(-1)
        return mean(each if entropy is None else each - entropy, mask, count)
    if tail == "renormalise":
        share = weights / weights.sum(-1, keepdim=True)
        return mean((torch.xlogy(share, share) - share * kept_q).sum(-1), mask, count)
    known = torch.zeros_like(log_q).scatter_reduce(-1, ids, (weights > 0).float(), "amax")
    rest_q = log_q.masked_fill(known > 0, FLOOR).logsumexp(-1)  # [N]
    rest_p = (1 - weights.sum(-1)).clamp(min=0)
    kept = (torch.xlogy(weights, weights) - weights * kept_q).sum(-1)
    return mean(kept + torch.xlogy(rest_p, rest_p) - rest_p * rest_q, mask, count)


def label_loss(
    student_logits: Float[Tensor, "N V"], labels: Int[Tensor, " N"], *, noise: float = 0.0
) -> Float[Tensor, " N"]:
    """-log of the probability that the student gives each label, nats; each position separately.

    If a share `noise` of the labels is known to be drawn evenly from all V characters, the student
    is judged by the probability of such a label under its prediction, (1 - noise) q + noise / V:
    the forward correction of Patrini et al. 2017, arXiv:1609.03683. Its minimum is the clean
    source.

    >>> even = torch.zeros(1, 4)  # whatever the noise, an even student loses ln 4
    >>> round(label_loss(even, torch.tensor([2]), noise=0.3).item(), 4)
    1.3863
    """
    if not 0 <= noise < 1:
        raise ValueError(f"noise is a share from 0 to below 1, got {noise}")
    log_q = student_logits.float().log_softmax(-1).gather(-1, labels[:, None]).squeeze(-1)
    if noise == 0:
        return -log_q
    even = torch.full_like(log_q, math.log(noise / student_logits.size(-1)))
    return -torch.logaddexp(log_q + math.log1p(-noise), even)


def mix(cross_entropy: Tensor, kd: Tensor, alpha: float) -> Tensor:
    """(1 - alpha) * cross_entropy + alpha * kd: alpha is the weight of the teacher."""
    check_loss(alpha=alpha)
    return (1 - alpha) * cross_entropy + alpha * kd


def mean(
    each: Float[Tensor, " N"], mask: Bool[Tensor, " N"] | None = None, count: float | None = None
) -> Float[Tensor, ""]:
    """Sum over the positions that count, divided by their number (or by `count`); 0 for none."""
    if mask is None:
        return each.sum() / (each.numel() if count is None else count)
    total = each.masked_fill(~mask, 0).sum()
    return total / (mask.sum().clamp(min=1) if count is None else count)


def check_loss(
    *,
    direction: str = "forward",
    beta: float = 0.5,
    temperature: float = 1.0,
    alpha: float = 0.5,
) -> None:
    """ValueError if a setting of the losses makes no sense."""
    if direction not in ("forward", "reverse", "jsd"):
        raise ValueError(f"direction must be forward, reverse or jsd, got {direction!r}")
    if not 0 <= beta <= 1:
        raise ValueError(f"beta is a share from 0 to 1, got {beta}")
    if not (temperature > 0 and math.isfinite(temperature)):
        raise ValueError(f"temperature must be a finite number above 0, got {temperature}")
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha is the teacher's share, from 0 to 1, got {alpha}")


def _floored(logits: Float[Tensor, "N V"]) -> Float[Tensor, "N V"]:
    return logits.log_softmax(-1).clamp(min=FLOOR)


def _kl(log_a: Float[Tensor, "N V"], log_b: Float[Tensor, "N V"]) -> Float[Tensor, " N"]:
    """KL(a || b) = sum of a (log a - log b), plus sum of b - a, which is 0.

    With that term no summand is below 0, and near a match rounding does not drown the small
    difference.
    """
    a, b, difference = log_a.exp(), log_b.exp(), log_b - log_a
    near = a * (torch.expm1(difference.clamp(max=60)) - difference)
    return torch.where(difference < 60, near, b - a - a * difference).sum(-1)


def _jsd(
    log_p: Float[Tensor, "N V"], log_q: Float[Tensor, "N V"], beta: float
) -> Float[Tensor, " N"]:
    ratio = log_p - log_q
    to_mean_p = -_log_mix(1 - beta, -ratio)  # log p - log m
    to_mean_q = -_log_mix(beta, ratio)  # log q - log m
    from_p = (log_p.exp() * to_mean_p).sum(-1)
    from_q = (log_q.exp() * to_mean_q).sum(-1)
    return from_p / (1 - beta) + from_q / beta


def _log_mix(share: float, ratio: Tensor) -> Tensor:
    """log(1 - share + share * exp(ratio)), accurate near ratio 0 even if share is tiny."""
    near = torch.log1p(share * torch.expm1(ratio.clamp(max=60)))
    far = ratio + math.log(share)
    return torch.where(ratio < 60, near, far)

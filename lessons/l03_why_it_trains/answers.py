"""Answers to the exercises of lesson 3 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 03
"""

from __future__ import annotations

from lessons.engine.exercise import Variant, Wrong

# 03.1  Who listens to whom.


_ATTENTION = """
import torch

def attention_weights(q, k):
    scores = q @ k.mT / q.shape[-1] ** 0.5
    t, s = scores.shape[-2:]
    hidden = torch.ones(t, s, dtype=torch.bool).triu(s - t + 1)
    return scores.masked_fill(hidden, float("-inf")).softmax(-1)
"""
"""Right. Some mistakes are this with a line changed."""

NOTHING_SEEN = (
    "a whole row is hidden, and a softmax over nothing but minus infinity is NaN; each position "
    "sees at least itself"
)

ATTENTION_VARIANTS = (
    Variant(
        name="einsum and a mask",
        source="""
import torch

def attention_weights(q, k):
    scores = torch.einsum("bhtd,bhsd->bhts", q, k) / q.shape[-1] ** 0.5
    t, s = scores.shape[-2:]
    seen = torch.ones(t, s, dtype=torch.bool).tril(s - t)
    return scores.masked_fill(~seen, float("-inf")).softmax(-1)
""",
    ),
    Variant(
        name="row by row",
        source="""
import torch

def attention_weights(q, k):
    t, s = q.shape[2], k.shape[2]
    out = torch.zeros(*q.shape[:3], s)
    for i in range(t):
        upto = s - t + i + 1
        scores = (k[:, :, :upto] * q[:, :, i : i + 1]).sum(-1) / q.shape[-1] ** 0.5
        out[:, :, i, :upto] = scores.softmax(-1)
    return out
""",
    ),
    Variant(
        name="exponentials, zeroed and shared out",
        source="""
import torch

def attention_weights(q, k):
    scores = q @ k.mT / q.shape[-1] ** 0.5
    t, s = scores.shape[-2:]
    raw = torch.exp(scores - scores.amax(-1, keepdim=True)).tril(s - t)
    return raw / raw.sum(-1, keepdim=True)
""",
    ),
)

ATTENTION_WRONG = (
    Wrong(
        name="no scale",
        source=_ATTENTION.replace(" / q.shape[-1] ** 0.5", ""),
        diagnosis="the scores are not divided by sqrt(D)",
    ),
    Wrong(
        name="scale by D",
        source=_ATTENTION.replace(" ** 0.5", ""),
        diagnosis="the scores are divided by D; its square root is wanted",
    ),
    Wrong(
        name="scale by time",
        source=_ATTENTION.replace("q.shape[-1]", "k.shape[-2]"),
        diagnosis="this matches dividing by the square root of the number of positions, S; the "
        "width D of a head is meant",
    ),
    Wrong(
        name="no mask",
        source="""
def attention_weights(q, k):
    return (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)
""",
        diagnosis="nothing hides the future: every position sees what it is to predict",
    ),
    Wrong(
        name="mask after the softmax",
        source="""
def attention_weights(q, k):
    weights = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1)
    return weights.tril(weights.shape[-1] - weights.shape[-2])
""",
        diagnosis="the future is cut off after the softmax, so that rows no longer sum to 1; "
        "set its scores to minus infinity before",
    ),
    Wrong(
        name="wrong axis",
        source=_ATTENTION.replace("softmax(-1)", "softmax(-2)"),
        diagnosis="the softmax runs over those who ask; it is over those who are listened to, "
        "the last axis",
    ),
    Wrong(
        name="rows of the first positions",
        source="""
import torch

def attention_weights(q, k):
    scores = q @ k.mT / q.shape[-1] ** 0.5
    hidden = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
    return scores.masked_fill(hidden, float("-inf")).softmax(-1)
""",
        diagnosis="with T < S the mask treats the rows as the first T positions; they are the "
        "last T, so it starts S - T further right",
    ),
    Wrong(
        name="hides itself too",
        source="""
import torch

def attention_weights(q, k):
    scores = q @ k.mT / q.shape[-1] ** 0.5
    t, s = scores.shape[-2:]
    hidden = torch.ones(t, s, dtype=torch.bool).triu(s - t)
    return scores.masked_fill(hidden, float("-inf")).softmax(-1)
""",
        diagnosis="each position hides itself as well; only later ones are hidden",
    ),
    Wrong(
        name="hides the past",
        source="""
import torch

def attention_weights(q, k):
    scores = q @ k.mT / q.shape[-1] ** 0.5
    t, s = scores.shape[-2:]
    hidden = torch.ones(t, s, dtype=torch.bool).tril(s - t - 1)
    return scores.masked_fill(hidden, float("-inf")).softmax(-1)
""",
        diagnosis="the mask is the wrong way round: it hides the past and shows the future",
    ),
    Wrong(
        name="zeros before the softmax",
        source="""
import torch

def attention_weights(q, k):
    scores = q @ k.mT / q.shape[-1] ** 0.5
    t, s = scores.shape[-2:]
    return scores.tril(s - t).softmax(-1)
""",
        diagnosis="a score of 0 hides nothing, for e^0 is 1; a hidden score is minus infinity",
    ),
    Wrong(
        name="exponentials not shared out",
        source="""
import torch

def attention_weights(q, k):
    scores = q @ k.mT / q.shape[-1] ** 0.5
    t, s = scores.shape[-2:]
    return scores.exp().tril(s - t)
""",
        diagnosis="these are exponentials of the scores; each row still has to be divided by "
        "its sum",
    ),
    Wrong(
        name="multiplied",
        source="""
import torch

def attention_weights(q, k):
    scores = q @ k.mT * q.shape[-1] ** 0.5
    t, s = scores.shape[-2:]
    hidden = torch.ones(t, s, dtype=torch.bool).triu(s - t + 1)
    return scores.masked_fill(hidden, float("-inf")).softmax(-1)
""",
        diagnosis="the scores are multiplied by sqrt(D); they are divided by it",
    ),
    Wrong(
        name="the next one seen",
        source=_ATTENTION.replace("s - t + 1", "s - t + 2"),
        diagnosis="the mask begins one position too late: each position sees the next one, "
        "which it is to predict",
    ),
)

# 03.2  Vectors of one length.


RMS_VARIANTS = (
    Variant(
        name="the formula",
        source="""
def rms_norm(x):
    return x / x.square().mean(-1, keepdim=True).sqrt().clamp(min=1e-3)
""",
    ),
    Variant(
        name="by the length of the vector",
        source="""
import torch

def rms_norm(x):
    rms = torch.linalg.norm(x, dim=-1, keepdim=True) / x.shape[-1] ** 0.5
    return x / torch.where(rms < 1e-3, torch.full_like(rms, 1e-3), rms)
""",
    ),
)

RMS_WRONG = (
    Wrong(
        name="LayerNorm",
        source="""
def rms_norm(x):
    x = x - x.mean(-1, keepdim=True)
    return x / x.square().mean(-1, keepdim=True).sqrt().clamp(min=1e-3)
""",
        diagnosis="the mean is taken off first: that is LayerNorm; RMSNorm only divides",
    ),
    Wrong(
        name="length",
        source="""
def rms_norm(x):
    return x / x.norm(dim=-1, keepdim=True).clamp(min=1e-3)
""",
        diagnosis="this divides by the vector's length; the root *mean* square is smaller by "
        "sqrt(E)",
    ),
    Wrong(
        name="whole tensor",
        source="""
def rms_norm(x):
    return x / x.square().mean().sqrt().clamp(min=1e-3)
""",
        diagnosis="one number divides everything; each vector (last axis) has its own",
    ),
    Wrong(
        name="no root",
        source="""
def rms_norm(x):
    return x / x.square().mean(-1, keepdim=True).clamp(min=1e-3)
""",
        diagnosis="this divides by the mean square; the root is missing",
    ),
    Wrong(
        name="mean of absolute values",
        source="""
def rms_norm(x):
    return x / x.abs().mean(-1, keepdim=True).clamp(min=1e-3)
""",
        diagnosis="this is the mean of the absolute values, not the root of the mean square",
    ),
    Wrong(
        name="divides by zero",
        source="""
def rms_norm(x):
    return x / x.square().mean(-1, keepdim=True).sqrt()
""",
        diagnosis="nothing keeps the divisor from being too small, or 0: divide by 0.001 at least",
    ),
    Wrong(
        name="a little added",
        source="""
def rms_norm(x):
    return x / (x.square().mean(-1, keepdim=True) + 1e-6).sqrt()
""",
        diagnosis="a small number is added under the root, as many libraries do; here the root "
        "is kept from falling below 0.001",
    ),
    Wrong(
        name="standard deviation",
        source="""
def rms_norm(x):
    return x / x.std(-1, keepdim=True).clamp(min=1e-3)
""",
        diagnosis="this divides by the standard deviation, which takes the mean off before it "
        "squares; here the squares of the numbers themselves are averaged",
    ),
    Wrong(
        name="mean square kept from falling",
        source="""
def rms_norm(x):
    return x / x.square().mean(-1, keepdim=True).clamp(min=1e-3).sqrt()
""",
        diagnosis="it is the mean square that is kept from falling below 0.001 here; its root "
        "is meant",
    ),
    Wrong(
        name="0.001 added to the root",
        source="""
def rms_norm(x):
    return x / (x.square().mean(-1, keepdim=True).sqrt() + 1e-3)
""",
        diagnosis="0.001 is added to every root; it only takes the place of a smaller one",
    ),
    Wrong(
        name="along the first axis",
        source="""
def rms_norm(x):
    return x / x.square().mean(0, keepdim=True).sqrt().clamp(min=1e-3)
""",
        diagnosis="the mean runs along the first axis, from vector to vector; the numbers of a "
        "vector lie along the last",
    ),
)

# 03.3  How large the steps are.


TRAPEZOID_VARIANTS = (
    Variant(
        name="smallest of three",
        source="""
def trapezoid(step, steps, *, warmup, cooldown):
    ways = [1.0, (step + 1) / (warmup + 1)]
    if cooldown:
        ways.append((steps - step) / (cooldown * steps))
    return min(ways)
""",
    ),
    Variant(
        name="case by case",
        source="""
def trapezoid(step, steps, *, warmup, cooldown):
    up = (step + 1) / (warmup + 1) if step < warmup else 1.0
    left, falling = steps - step, cooldown * steps
    down = left / falling if left < falling else 1.0
    return up if up < down else down
""",
    ),
)

TRAPEZOID_WRONG = (
    Wrong(
        name="starts at zero",
        source="""
def trapezoid(step, steps, *, warmup, cooldown):
    up = step / warmup if warmup else 1.0
    down = (steps - step) / (cooldown * steps) if cooldown else 1.0
    return min(1.0, up, down)
""",
        diagnosis="the first step has rate 0 and is wasted; s + 1 over warmup + 1 is wanted",
    ),
    Wrong(
        name="no warm-up",
        source="""
def trapezoid(step, steps, *, warmup, cooldown):
    return min(1.0, (steps - step) / (cooldown * steps)) if cooldown else 1.0
""",
        diagnosis="the way up is missing, or does not count where it is the smallest",
    ),
    Wrong(
        name="no cool-down",
        source="""
def trapezoid(step, steps, *, warmup, cooldown):
    return min(1.0, (step + 1) / (warmup + 1))
""",
        diagnosis="the way down is missing, the rate stays at 1 to the end (cooldown is a "
        "share: the last cooldown * steps steps go down)",
    ),
    Wrong(
        name="down from the start",
        source="""
def trapezoid(step, steps, *, warmup, cooldown):
    up = (step + 1) / (warmup + 1)
    return min(1.0, up, (steps - step) / steps if cooldown else 1.0)
""",
        diagnosis="it falls from the first step on; only the last share of the steps goes down",
    ),
    Wrong(
        name="ends one step early",
        source="""
def trapezoid(step, steps, *, warmup, cooldown):
    up = (step + 1) / (warmup + 1)
    down = (steps - step - 1) / (cooldown * steps) if cooldown else 1.0
    return min(1.0, up, down)
""",
        diagnosis="the last step has rate 0 and is wasted: it is itself one of those left",
    ),
    Wrong(
        name="multiplied",
        source="""
def trapezoid(step, steps, *, warmup, cooldown):
    up = min(1.0, (step + 1) / (warmup + 1))
    down = min(1.0, (steps - step) / (cooldown * steps)) if cooldown else 1.0
    return up * down
""",
        diagnosis="the two ways are multiplied where they meet; the smaller one counts",
    ),
    Wrong(
        name="s + 1 over warmup",
        source="""
def trapezoid(step, steps, *, warmup, cooldown):
    up = (step + 1) / warmup if warmup else 1.0
    down = (steps - step) / (cooldown * steps) if cooldown else 1.0
    return min(up, 1.0, down)
""",
        diagnosis="the way up is divided by warmup, so that its last step is at 1 already; "
        "warmup + 1 is wanted",
    ),
    Wrong(
        name="the way up goes first",
        source="""
def trapezoid(step, steps, *, warmup, cooldown):
    if step < warmup:
        return (step + 1) / (warmup + 1)
    down = (steps - step) / (cooldown * steps) if cooldown else 1.0
    return min(1.0, down)
""",
        diagnosis="where both ways meet, this takes the way up even where the way down is lower",
    ),
)

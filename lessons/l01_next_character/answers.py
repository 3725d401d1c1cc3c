"""Answers to the exercises of lesson 1 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 01
"""

from __future__ import annotations

from lessons.engine.exercise import Variant, Wrong

# 01.1  How surprising was what came?


THROUGH = (
    "going back to probabilities loses what is below 1e-308; stay with the logarithms you were "
    "given"
)

SURPRISE_VARIANTS = (
    Variant(
        name="a loop",
        source="""
import numpy as np

def surprise(logprobs, targets):
    out = np.empty(targets.shape)
    for place in np.ndindex(*targets.shape):
        out[place] = -logprobs[place][targets[place]]
    return out
""",
    ),
    Variant(
        name="one-hot",
        source="""
import numpy as np

def surprise(logprobs, targets):
    return -(np.eye(logprobs.shape[-1])[targets] * logprobs).sum(-1)
""",
    ),
    Variant(
        name="rows by number",
        source="""
import numpy as np

def surprise(logprobs, targets):
    flat = logprobs.reshape(-1, logprobs.shape[-1])
    return -flat[np.arange(len(flat)), targets.ravel()].reshape(targets.shape)
""",
    ),
)

SURPRISE_WRONG = (
    Wrong(
        name="no minus",
        source="""
import numpy as np

def surprise(logprobs, targets):
    return np.take_along_axis(logprobs, targets[..., None], -1)[..., 0]
""",
        diagnosis="these are the log-probabilities themselves: the minus sign is missing",
    ),
    Wrong(
        name="bits",
        source="""
import numpy as np

def surprise(logprobs, targets):
    return -np.take_along_axis(logprobs, targets[..., None], -1)[..., 0] / np.log(2)
""",
        diagnosis="these are bits: nats are wanted here, without the division by ln 2",
    ),
    Wrong(
        name="probabilities",
        source="""
import numpy as np

def surprise(logprobs, targets):
    return 1 - np.exp(np.take_along_axis(logprobs, targets[..., None], -1)[..., 0])
""",
        diagnosis="this is 1 - p, the chance of being wrong; the surprise is -ln p",
    ),
    Wrong(
        name="the likeliest",
        source="""
def surprise(logprobs, targets):
    return -logprobs.max(-1)
""",
        diagnosis="this is the surprise of the likeliest character, whatever came; "
        "look up the one that `targets` names",
    ),
    Wrong(
        name="mean",
        source="""
import numpy as np

def surprise(logprobs, targets):
    return -np.take_along_axis(logprobs, targets[..., None], -1).mean()
""",
        diagnosis="this is the mean over all characters; one number for each is wanted",
    ),
    Wrong(
        name="every pair",
        source="""
def surprise(logprobs, targets):
    return -logprobs[..., targets]
""",
        diagnosis="logprobs[..., targets] pairs every place with every target; each place "
        "has its own",
    ),
    Wrong(
        name="through probabilities",
        source="""
import numpy as np

def surprise(logprobs, targets):
    p = np.exp(np.take_along_axis(logprobs, targets[..., None], -1)[..., 0].astype(float))
    return -np.log(np.maximum(p, 1e-300))
""",
        diagnosis=THROUGH,
    ),
    Wrong(
        name="an axis too many",
        source="""
import numpy as np

def surprise(logprobs, targets):
    return -np.take_along_axis(logprobs, targets[..., None], -1)
""",
        diagnosis="an axis of length 1 is left at the end; [..., 0] takes it away",
    ),
    Wrong(
        name="rows only",
        source="""
import numpy as np

def surprise(logprobs, targets):
    return -logprobs[np.arange(len(targets)), targets]
""",
        diagnosis="this picks from rows [T, V] alone; np.take_along_axis picks along the last "
        "axis, however many stand before it",
    ),
    Wrong(
        name="a logarithm too many",
        source="""
import numpy as np

def surprise(logprobs, targets):
    with np.errstate(invalid="ignore"):
        return -np.log(np.take_along_axis(logprobs, targets[..., None], -1)[..., 0])
""",
        diagnosis="these are logarithms already; the logarithm of a number below 0 is NaN",
    ),
    Wrong(
        name="the probability",
        source="""
import numpy as np

def surprise(logprobs, targets):
    return np.exp(np.take_along_axis(logprobs, targets[..., None], -1)[..., 0])
""",
        diagnosis="this is p, the probability of what came; the surprise is -ln p",
    ),
    Wrong(
        name="sum",
        source="""
import numpy as np

def surprise(logprobs, targets):
    return -np.take_along_axis(logprobs, targets[..., None], -1).sum()
""",
        diagnosis="this is the sum over all characters; one number for each is wanted",
    ),
)

# 01.2  What does a network learn from?

KEPT_SMALL = (
    "the ids are still in the small type that the text is stored in; a table of vectors is "
    "looked up with int64: .long()"
)

FRACTIONS_OF_WINDOWS = (
    "the ids are floating-point numbers; places in a table of vectors are whole numbers: .long()"
)

WINDOWS_VARIANTS = (
    Variant(
        name="places by addition",
        source="""
import torch

def cut_windows(ids, starts, context):
    places = starts[:, None] + torch.arange(context)
    return ids[places].long(), ids[places + 1].long()
""",
    ),
    Variant(
        name="a loop over windows",
        source="""
import torch

def cut_windows(ids, starts, context):
    inputs = [ids[s : s + context] for s in starts.tolist()]
    targets = [ids[s + 1 : s + context + 1] for s in starts.tolist()]
    return torch.stack(inputs).long(), torch.stack(targets).long()
""",
    ),
)

WINDOWS_WRONG = (
    Wrong(
        name="no shift",
        source="""
import torch

def cut_windows(ids, starts, context):
    windows = ids[starts[:, None] + torch.arange(context)].long()
    return windows, windows
""",
        diagnosis="the targets are the inputs themselves: the network would be asked for the "
        "character it has just read, and learn to copy",
    ),
    Wrong(
        name="two ahead",
        source="""
import torch

def cut_windows(ids, starts, context):
    places = starts[:, None] + torch.arange(context)
    return ids[places].long(), ids[(places + 2).clamp(max=len(ids) - 1)].long()
""",
        diagnosis="the targets are two characters ahead; the next one is one ahead",
    ),
    Wrong(
        name="the one before",
        source="""
import torch

def cut_windows(ids, starts, context):
    places = starts[:, None] + torch.arange(context)
    return ids[places + 1].long(), ids[places].long()
""",
        diagnosis="inputs and targets are exchanged: this network would predict the past",
    ),
    Wrong(
        name="one short",
        source="""
import torch

def cut_windows(ids, starts, context):
    windows = ids[starts[:, None] + torch.arange(context)].long()
    return windows[:, :-1], windows[:, 1:]
""",
        diagnosis="T characters were cut and then shifted, which leaves T - 1; cut T + 1",
    ),
    Wrong(
        name="only the end",
        source="""
import torch

def cut_windows(ids, starts, context):
    places = starts[:, None] + torch.arange(context)
    return ids[places].long(), ids[starts + context].long()
""",
        diagnosis="only the character after each window is asked for; every position predicts "
        "its own next character, so there are T targets",
    ),
    Wrong(
        name="counted in windows",
        source="""
import torch

def cut_windows(ids, starts, context):
    places = starts[:, None] * context + torch.arange(context)
    places = places.clamp(max=len(ids) - 2)
    return ids[places].long(), ids[places + 1].long()
""",
        diagnosis="`starts` counts characters, and is used here as the number of a window",
    ),
    Wrong(
        name="small type",
        source="""
import torch

def cut_windows(ids, starts, context):
    places = starts[:, None] + torch.arange(context)
    return ids[places], ids[places + 1]
""",
        diagnosis=KEPT_SMALL,
    ),
    Wrong(
        name="fractions",
        source="""
import torch

def cut_windows(ids, starts, context):
    places = starts[:, None] + torch.arange(context)
    return ids[places].float(), ids[places + 1].float()
""",
        diagnosis=FRACTIONS_OF_WINDOWS,
    ),
)

# 01.3  How does it write?

FIRST_ROW = "the first row's probabilities are used for every row"
UNUSED = "all characters come equally often: the probabilities are not used"
ONE_NUMBER = "one random number serves all rows, so that equal rows get equal characters"
OWN_RANDOMNESS = (
    "the random numbers come from somewhere else than `rng`; nobody can repeat what was written"
)

OWN_SEED = "a generator of its own draws the same numbers each time; `rng` is not used"

FRACTIONS = (
    "the ids are floating-point numbers (3.0 for 3); an id is a place in a table, a whole number: "
    ".astype(int)"
)

DRAW_VARIANTS = (
    Variant(
        name="NumPy's choice, row by row",
        source="""
import numpy as np

def draw(p, rng):
    return np.array([rng.choice(p.shape[1], p=row) for row in p])
""",
    ),
    Variant(
        name="a ladder and bisection",
        source="""
import numpy as np

def draw(p, rng):
    out = []
    for row in p:
        ladder = np.cumsum(row)
        out.append(np.searchsorted(ladder, rng.random() * ladder[-1], side="right"))
    return np.array(out)
""",
    ),
    Variant(
        name="Gumbel's trick",
        source="""
import numpy as np

def draw(p, rng):
    with np.errstate(divide="ignore"):
        return (np.log(p) + rng.gumbel(size=p.shape)).argmax(1)
""",
    ),
)

DRAW_WRONG = (
    Wrong(
        name="the likeliest",
        source="""
def draw(p, rng):
    return p.argmax(1)
""",
        diagnosis="this always takes the likeliest character; written text would soon go "
        "round in a circle",
    ),
    Wrong(
        name="ignores p",
        source="""
def draw(p, rng):
    return rng.integers(0, p.shape[1], len(p))
""",
        diagnosis=UNUSED,
    ),
    Wrong(
        name="one number",
        source="""
def draw(p, rng):
    return (p.cumsum(1) < rng.random()).sum(1)
""",
        diagnosis=ONE_NUMBER,
    ),
    Wrong(
        name="first row for all",
        source="""
def draw(p, rng):
    return (p[0].cumsum() < rng.random((len(p), 1))).sum(1)
""",
        diagnosis=FIRST_ROW,
    ),
    Wrong(
        name="softmax again",
        source="""
import numpy as np

def draw(p, rng):
    q = np.exp(p) / np.exp(p).sum(1, keepdims=True)
    return (q.cumsum(1) < rng.random((len(p), 1))).sum(1)
""",
        diagnosis="the probabilities went through a softmax, which makes them nearly equal; "
        "they are probabilities already",
    ),
    Wrong(
        name="own randomness",
        source="""
import numpy as np

def draw(p, rng):
    return (p.cumsum(1) < np.random.default_rng().random((len(p), 1))).sum(1)
""",
        diagnosis=OWN_RANDOMNESS,
    ),
    Wrong(
        name="a seed of its own",
        source="""
import numpy as np

def draw(p, rng):
    return (p.cumsum(1) < np.random.default_rng(0).random((len(p), 1))).sum(1)
""",
        diagnosis=OWN_SEED,
    ),
    Wrong(
        name="fractions",
        source="""
import numpy as np

def draw(p, rng):
    out = np.zeros(len(p))
    for i, row in enumerate(p):
        out[i] = (row.cumsum() < rng.random()).sum()
    return out
""",
        diagnosis=FRACTIONS,
    ),
    Wrong(
        name="counted from one",
        source="""
def draw(p, rng):
    return (p.cumsum(1) < rng.random((len(p), 1))).sum(1) + 1
""",
        diagnosis="these ids are one too large: the first character has id 0",
    ),
)

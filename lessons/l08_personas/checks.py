"""Exercises of lesson 8: the effective number, where entropy comes from, a fair control.

Idea:   count what is there, say how much of it the prompt explains, compare at equal quality.
Run:    python -m lessons check 08.1
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lessons.engine.exercise import Call, Cause, Exercise, Probe, Variant, Wrong
from synthdata.estimate import hill
from synthdata.persona_evidence import most_varied
from synthdata.persona_text import entropy_split

# 08.1  How many different ones, effectively?


def _uneven(rng: np.random.Generator, q: float) -> Call:
    return Call(rng.permutation([90, 40, 21, 13, 8, 5, 3, 2, 1, 1]) + rng.integers(0, 3, 10), q)


def _unseen(rng: np.random.Generator, q: float) -> Call:
    counts = np.concatenate([rng.integers(1, 60, 7), np.zeros(4, dtype=np.int64)])
    return Call(rng.permutation(counts), q)


_AT_ONE = (
    "at q = 1 the exponent 1 / (1 - q) divides by 0; the limit there is 2 to the entropy in bits"
)
_UNSEEN = (
    "what was never seen counts here as a kind of its own (0 to the power 0 is 1); leave it out"
)

HILL = Exercise(
    id="08.1",
    name="hill",
    task="""Effective number of distinct things in a sample, of order q (Hill number).

    counts: a NumPy array of whole numbers, how often each thing was seen; some may be 0.
    q: the order, a number from 0 up.
    With the share p = count / total of each thing that was seen, returns
    (sum of p^q)^(1 / (1 - q)); at q = 1 its limit, 2 to the entropy in bits.""",
    solution="synthdata.estimate:hill",
    signature="(counts, q)",
    probes=(
        Probe(
            property="things that are all equally common: there are as many as there are (q = 2)",
            make=lambda rng: Call(np.full(int(rng.integers(5, 30)), int(rng.integers(2, 40))), 2.0),
            expect=hill,
        ),
        Probe(
            property="uneven counts at q = 3",
            make=lambda rng: _uneven(rng, 3.0),
            expect=hill,
        ),
        Probe(
            property="uneven counts at q = 1: 2 to the entropy in bits",
            make=lambda rng: _uneven(rng, 1.0),
            expect=hill,
            causes=(Cause(text=_AT_ONE, when=lambda answer, *_: not 1 < answer < 100),),
        ),
        Probe(
            property="things that were never seen change nothing (q = 0)",
            make=lambda rng: _unseen(rng, 0.0),
            expect=hill,
            causes=(Cause(text=_UNSEEN, when=lambda answer, counts, q: answer == len(counts)),),
        ),
        Probe(
            property="things that were never seen change nothing (q = 1)",
            make=lambda rng: _unseen(rng, 1.0),
            expect=hill,
        ),
    ),
    variants=(
        Variant(
            name="shares and a branch",
            source="""
import numpy as np

def hill(counts, q):
    p = counts[counts > 0] / counts.sum()
    if q == 1:
        return 2 ** -(p * np.log2(p)).sum()
    return (p**q).sum() ** (1 / (1 - q))
""",
        ),
        Variant(
            name="a loop, and nats",
            source="""
import math

def hill(counts, q):
    total = sum(int(c) for c in counts)
    shares = [int(c) / total for c in counts if c]
    if q == 1:
        return math.exp(-sum(p * math.log(p) for p in shares))
    return sum(p**q for p in shares) ** (1 / (1 - q))
""",
        ),
        Variant(
            name="a mean of rarity",
            source="""
import numpy as np

def hill(counts, q):
    p = counts[counts > 0] / counts.sum()
    if q == 1:
        return np.exp(p @ np.log(1 / p))
    order = 1 - q
    return (p @ (1 / p) ** order) ** (1 / order)
""",
        ),
    ),
    wrong=(
        Wrong(
            name="counts for shares",
            source="""
import numpy as np

def hill(counts, q):
    c = counts[counts > 0].astype(float)
    if q == 1:
        return 2 ** -(c * np.log2(c)).sum()
    return (c**q).sum() ** (1 / (1 - q))
""",
            diagnosis="these are powers of the counts; divide by their sum first, so that the "
            "shares add up to 1",
        ),
        Wrong(
            name="no outer power",
            source="""
import numpy as np

def hill(counts, q):
    p = counts[counts > 0] / counts.sum()
    if q == 1:
        return -(p * np.log2(p)).sum()
    return (p**q).sum()
""",
            diagnosis="this is the sum of p^q itself; to the power 1 / (1 - q) it becomes a number "
            "of things",
        ),
        Wrong(
            name="sign of the power",
            source="""
import numpy as np

def hill(counts, q):
    p = counts[counts > 0] / counts.sum()
    if q == 1:
        return 2 ** (p * np.log2(p)).sum()
    return (p**q).sum() ** (1 / (q - 1))
""",
            diagnosis="the power is 1 / (q - 1) here and must be 1 / (1 - q): this is one over the "
            "effective number",
        ),
        Wrong(
            name="order 2 always",
            source="""
def hill(counts, q):
    p = counts / counts.sum()
    return 1 / (p**2).sum()
""",
            diagnosis="this is the number of order 2 whatever q is",
        ),
        Wrong(
            name="number of kinds",
            source="""
def hill(counts, q):
    return float((counts > 0).sum())
""",
            diagnosis="this counts the kinds, rare and common alike: the number of order 0",
        ),
        Wrong(
            name="divides by zero",
            source="""
import numpy as np

def hill(counts, q):
    p = counts[counts > 0] / counts.sum()
    with np.errstate(all="ignore"):
        return (p**q).sum() ** np.divide(1.0, 1 - q)
""",
            diagnosis=_AT_ONE,
        ),
        Wrong(
            name="entropy, not a number",
            source="""
import numpy as np

def hill(counts, q):
    p = counts[counts > 0] / counts.sum()
    if q == 1:
        return -(p * np.log2(p)).sum()
    return (p**q).sum() ** (1 / (1 - q))
""",
            diagnosis="at q = 1 this is the entropy in bits; 2 to that power is the number",
        ),
        Wrong(
            name="2 to the nats",
            source="""
import numpy as np

def hill(counts, q):
    p = counts[counts > 0] / counts.sum()
    if q == 1:
        return 2 ** -(p * np.log(p)).sum()
    return (p**q).sum() ** (1 / (1 - q))
""",
            diagnosis="the entropy is in nats and the base is 2; bits go with 2, nats with e",
        ),
        Wrong(
            name="counts the unseen",
            source="""
import numpy as np

def hill(counts, q):
    p = counts / counts.sum()
    if q == 1:
        return 2 ** -(p * np.log2(np.maximum(p, 1e-300))).sum()
    return (p**q).sum() ** (1 / (1 - q))
""",
            diagnosis=_UNSEEN,
        ),
    ),
    hints=(
        "Ten jokes are told, each as often as the next: the answer is 10. And if one of them is "
        "told nearly always?",
        "Shares first, and only of what was seen. Order 0 counts kinds; the larger q, the less the "
        "rare ones matter. Order 1 is a case of its own: e to the entropy in nats.",
        "p = counts above 0, over their sum\nif q is 1: 2 to the power of minus the sum of "
        "p log2 p\nelse: the sum of p^q, to the power 1 / (1 - q)",
    ),
    next_step="The lesson's criterion is a ratio of two such numbers of order 1.",
    drill="Four answers come with shares 1/2, 1/4, 1/8, 1/8. What is the number of order 1?",
)


# 08.2  Whose variety is it?


def _weights(rng: np.random.Generator, k: int) -> np.ndarray:
    """Uneven chances of k personas."""
    weight = rng.permutation(np.arange(1, k + 1) ** 2.0) + rng.random(k)
    return weight / weight.sum()


def _answers(rng: np.random.Generator, k: int, n: int) -> np.ndarray:
    """Chances [k, n] of n answers, some personas far more settled than others."""
    sharp = np.linspace(0.3, 3.0, k)[:, None]
    scores = np.exp(sharp * rng.standard_normal((k, n)))
    return scores / scores.sum(1, keepdims=True)


def _all_alike(rng: np.random.Generator) -> Call:
    return Call(_weights(rng, 4), np.tile(_answers(rng, 1, 6), (4, 1)))


def _each_its_own(rng: np.random.Generator) -> Call:
    """No answer is given by two personas, so most chances are 0."""
    given = np.zeros((3, 9))
    for k, row in enumerate(_answers(rng, 3, 3)):
        given[k, 3 * k : 3 * k + 3] = row
    return Call(_weights(rng, 3), given)


def _never_more_within(answer: Any, share: np.ndarray, given: np.ndarray) -> str | None:
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        return "something else than two numbers (total, within)"
    total, within = map(float, answer)
    if within > total + 1e-9:
        return f"total {total:.3g} below within {within:.3g}: more disorder in the parts"
    return None


SPLIT = Exercise(
    id="08.2",
    name="entropy_split",
    task="""Entropy of all outputs together, and of a persona's own on average, in bits.

    share [K]: the chance of each of K personas; they sum to 1.
    given [K, L]: given[k, j] is the chance that persona k gives output j; rows sum to 1.
    Returns (total, within): total = H(out), the entropy of the mixture of all personas;
    within = H(out | persona), the mean of their own entropies, weighted by share.
    A chance of 0 adds nothing to an entropy.""",
    solution="synthdata.persona_text:entropy_split",
    signature="(share, given)",
    probes=(
        Probe(
            property="two numbers, total and within, and total is never the smaller one",
            make=lambda rng: Call(_weights(rng, 5), _answers(rng, 5, 7)),
            judge=_never_more_within,
        ),
        Probe(
            property="personas who all answer alike: both are the entropy of one of them",
            make=_all_alike,
            expect=entropy_split,
        ),
        Probe(
            property="personas of unequal chances who answer differently",
            make=lambda rng: Call(_weights(rng, 5), _answers(rng, 5, 7)),
            expect=entropy_split,
        ),
        Probe(
            property="answers that a persona never gives (chance 0) add nothing",
            make=_each_its_own,
            expect=entropy_split,
        ),
    ),
    variants=(
        Variant(
            name="two loops",
            source="""
import math

def entropy_split(share, given):
    def entropy(p):
        return -sum(x * math.log2(x) for x in p if x > 0)

    mixed = [sum(w * row[j] for w, row in zip(share, given)) for j in range(len(given[0]))]
    return entropy(mixed), sum(w * entropy(row) for w, row in zip(share, given))
""",
        ),
        Variant(
            name="by the joint table",
            source="""
from scipy.special import entr
import numpy as np

def entropy_split(share, given):
    joint = share[:, None] * given
    both, who, what = (entr(p).sum() / np.log(2) for p in (joint, share, joint.sum(0)))
    return what, both - who
""",
        ),
        Variant(
            name="masked logarithms",
            source="""
import numpy as np

def entropy_split(share, given):
    def entropy(p):
        return -(p * np.log2(np.where(p > 0, p, 1))).sum(-1)

    return float(entropy(share @ given)), float(share @ entropy(given))
""",
        ),
    ),
    wrong=(
        Wrong(
            name="exchanged",
            source="""
import numpy as np

def entropy_split(share, given):
    def entropy(p):
        return -(p * np.log2(np.where(p > 0, p, 1))).sum(-1)

    return float(share @ entropy(given)), float(entropy(share @ given))
""",
            diagnosis="total and within are exchanged; the mixture's entropy comes first",
        ),
        Wrong(
            name="nats",
            source="""
import numpy as np

def entropy_split(share, given):
    def entropy(p):
        return -(p * np.log(np.where(p > 0, p, 1))).sum(-1)

    return float(entropy(share @ given)), float(share @ entropy(given))
""",
            diagnosis="these are nats (natural logarithm); bits take log2",
        ),
        Wrong(
            name="entropy of who asks",
            source="""
import numpy as np

def entropy_split(share, given):
    def entropy(p):
        return -(p * np.log2(np.where(p > 0, p, 1))).sum(-1)

    within = float(share @ entropy(given))
    return float(entropy(share)) + within, within
""",
            diagnosis="the total is the entropy of persona and output together; personas that "
            "answer alike add nothing to the outputs. Mix the rows first, then take the entropy",
        ),
        Wrong(
            name="equal weights within",
            source="""
import numpy as np

def entropy_split(share, given):
    def entropy(p):
        return -(p * np.log2(np.where(p > 0, p, 1))).sum(-1)

    return float(entropy(share @ given)), float(entropy(given).mean())
""",
            diagnosis="within is a plain mean over personas; a persona counts by its share",
        ),
        Wrong(
            name="equal weights in the mixture",
            source="""
import numpy as np

def entropy_split(share, given):
    def entropy(p):
        return -(p * np.log2(np.where(p > 0, p, 1))).sum(-1)

    return float(entropy(given.mean(0))), float(share @ entropy(given))
""",
            diagnosis="the mixture takes every persona as equally likely; weigh the rows by share",
        ),
        Wrong(
            name="information for total",
            source="""
import numpy as np

def entropy_split(share, given):
    def entropy(p):
        return -(p * np.log2(np.where(p > 0, p, 1))).sum(-1)

    within = float(share @ entropy(given))
    return float(entropy(share @ given)) - within, within
""",
            diagnosis="the first number is the difference, I(persona; out); the total is wanted, "
            "from which within has not been taken",
        ),
        Wrong(
            name="zero times log of zero",
            source="""
import numpy as np

def entropy_split(share, given):
    def entropy(p):
        with np.errstate(all="ignore"):
            return -(p * np.log2(p)).sum(-1)

    return float(entropy(share @ given)), float(share @ entropy(given))
""",
            diagnosis="0 times log2(0) is NaN to a computer; leave out what has no chance",
        ),
    ),
    hints=(
        "A cook only ever fries, a spy only ever steals, and both are asked equally often. How "
        "many bits are there in one's answers? And in all of them together?",
        "share @ given is one row: the chance of each output when nobody knows who is asked. Its "
        "entropy is the total. Each row of given has an entropy too.",
        "entropy(p) = - sum of p log2 p over p above 0\ntotal = entropy of share @ given\n"
        "within = sum over k of share[k] times entropy of given[k]\nreturn total, within",
    ),
    next_step="total - within is I(persona; out): the bits of variety that come from the prompt.",
    drill="Two personas, equally likely, each with two answers of its own, all equally likely. "
    "H(out), H(out | persona) and I(persona; out) in bits?",
)


# 08.3  A control at its best.


def _settings(rng: np.random.Generator, needed: list[float], good: list[list[bool]]) -> Call:
    """Settings of which each measure is good enough, or not, as `good` [S][Q] says."""
    least = np.array(needed)
    off = rng.uniform(0.02, 0.2, (len(good), len(needed)))
    quality = least + np.where(good, off, -off)
    return Call(np.sort(rng.uniform(2, 90, len(good))), quality, least)


def _both(rng: np.random.Generator) -> Call:
    """The most varied fail on one measure each; the third most varied is good in both."""
    good = [[True, True], [False, True], [True, True], [True, False], [False, True]]
    return _settings(rng, [0.9, -8.0], good)


def _all_good(rng: np.random.Generator) -> Call:
    call = _settings(rng, [0.9], [[True]] * 6)
    order = rng.permutation(6)
    return Call(call.args[0][order], call.args[1], call.args[2])


def _exactly(rng: np.random.Generator) -> Call:
    effective, quality, needed = _settings(rng, [0.75], [[True], [True], [True], [False]]).args
    quality[2] = needed
    return Call(effective, quality, needed)


MOST_VARIED = Exercise(
    id="08.3",
    name="most_varied",
    task="""Which setting is the most varied of those that are good enough.

    effective [S]: the effective number of distinct outputs of S settings.
    quality [S, Q]: each setting's quality by Q measures; higher is better.
    needed [Q]: what is needed of each measure; exactly that much is enough.
    Returns the setting's place from 0 to S - 1, or None where no setting is good enough.""",
    solution="synthdata.persona_evidence:most_varied",
    signature="(effective, quality, needed)",
    probes=(
        Probe(
            property="where all are good enough it is the most varied one",
            make=_all_good,
            expect=most_varied,
        ),
        Probe(
            property="a setting that is not good enough does not count, however varied",
            make=lambda rng: _settings(rng, [0.9], [[False], [True], [True], [False], [False]]),
            expect=most_varied,
        ),
        Probe(
            property="a setting is good enough only if it is by every measure",
            make=_both,
            expect=most_varied,
        ),
        Probe(
            property="what is exactly as good as needed is good enough",
            make=_exactly,
            expect=most_varied,
        ),
        Probe(
            property="None where nothing is good enough",
            make=lambda rng: _settings(rng, [0.9], [[False]] * 4),
            expect=most_varied,
        ),
    ),
    variants=(
        Variant(
            name="a loop",
            source="""
def most_varied(effective, quality, needed):
    best = None
    for s in range(len(effective)):
        if all(have >= least for have, least in zip(quality[s], needed)):
            if best is None or effective[s] > effective[best]:
                best = s
    return best
""",
        ),
        Variant(
            name="minus infinity",
            source="""
import numpy as np

def most_varied(effective, quality, needed):
    good = (quality >= needed).all(1)
    if not good.any():
        return None
    return int(np.where(good, effective, -np.inf).argmax())
""",
        ),
        Variant(
            name="max with a key",
            source="""
def most_varied(effective, quality, needed):
    good = [s for s, row in enumerate(quality) if (row >= needed).all()]
    return max(good, key=lambda s: effective[s], default=None)
""",
        ),
    ),
    wrong=(
        Wrong(
            name="quality forgotten",
            source="""
def most_varied(effective, quality, needed):
    return int(effective.argmax())
""",
            diagnosis="quality is not looked at: noise is always the most varied",
        ),
        Wrong(
            name="the best written",
            source="""
def most_varied(effective, quality, needed):
    return int(quality.sum(1).argmax())
""",
            diagnosis="this is the best written setting; among the good ones the most varied is "
            "wanted",
        ),
        Wrong(
            name="the first good one",
            source="""
def most_varied(effective, quality, needed):
    good = (quality >= needed).all(1)
    return int(good.argmax()) if good.any() else None
""",
            diagnosis="this is the first setting that is good enough, not the most varied of them",
        ),
        Wrong(
            name="place among the good",
            source="""
def most_varied(effective, quality, needed):
    good = (quality >= needed).all(1)
    return int(effective[good].argmax()) if good.any() else None
""",
            diagnosis="this is the place in the list of good settings; wanted is the place among "
            "all of them",
        ),
        Wrong(
            name="one measure is enough",
            source="""
import numpy as np

def most_varied(effective, quality, needed):
    good = (quality >= needed).any(1)
    return int(np.where(good, effective, -np.inf).argmax()) if good.any() else None
""",
            diagnosis="here one good measure is enough; it has to be good by every one",
        ),
        Wrong(
            name="more than needed",
            source="""
import numpy as np

def most_varied(effective, quality, needed):
    good = (quality > needed).all(1)
    return int(np.where(good, effective, -np.inf).argmax()) if good.any() else None
""",
            diagnosis="here more than needed is demanded (>); exactly as much is enough (>=)",
        ),
        Wrong(
            name="never none",
            source="""
import numpy as np

def most_varied(effective, quality, needed):
    good = (quality >= needed).all(1)
    return int(np.where(good, effective, -np.inf).argmax())
""",
            diagnosis="a setting is named although none is good enough; say None then",
        ),
    ),
    hints=(
        "At temperature 5 a model writes what nobody has written before. Does it win?",
        "quality >= needed compares every setting with the bar, a table [S, Q] of yes and no. A "
        "setting needs a yes in all of its row: .all(1).",
        "good = places of the settings with a yes in all of their row\nnone there? return None\n"
        "return the one of those places whose effective is largest",
    ),
    next_step="So each control in the experiment is taken at its best, and only there.",
    drill="Personas reach 60 at 93 % grammatical outputs. Of temperatures 1, 1.2 and 1.5 with 4, "
    "11 and 200 at 97 %, 92.5 % and 40 %, which is the fair control, if a point less is allowed?",
)

EXERCISES = (HILL, SPLIT, MOST_VARIED)

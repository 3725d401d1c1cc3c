"""Does a Transformer keep a string that it has seen once, where a state of fixed size does not?

Idea:   a network reads random letters, a bar, and then has to write the letters again; all strings
        are new. A Transformer keeps every letter in its context, a GRU mixes each into one vector.
        As for people, the span is the length at which half of the strings are repeated without an
        error. The sentence has another reading, one step of training on a string: `one_step.py`
        shows it beside, unjudged.
Source: NP24a, NP24b; Jelassi et al. 2024, arXiv:2402.01032; people: Miller 1956, Psychological
        Review 63 (81-97); Ericsson, Chase & Faloon 1980, Science 208 (1181-1182).
Run:    python -m lessons ledger one_look_memory --run
Omits:  strings longer than those in training, and networks with a longer memory of fixed size.

The control could win. 64 random letters are 301 bits; the GRU's state has 192 numbers of 32 bits,
so the string would fit twenty times, and its training has at least four times the operations of the
GPT's (matrix products forward and backward, and Muon's). In a full pilot it had 127 s of processor
time for the GPT's 46, and 3.7 times as many steps, each with four times as many strings. What is
not equal is the memory, which grows with the string in the GPT only: that is the claim. At equal
memory, a window of a few letters, a GPT forgets by construction. The GPT could also lose: one that
has not found how to copy repeats hardly four letters, as in some pilots.

Each arm has the practice that suited it in pilots (seeds 90 and 91, which are never judged). GPT,
seed 90: with all lengths from the beginning it repeated 0.28 of strings of four letters after 600
steps; with strings that grow to 64 within 300 steps (and Muon's rate 1.5 times as high) 0.24 after
1,000; with strings that grow only after success it never came beyond 14 letters, for short strings
can be kept without the trick. With growth within 300 to 600 steps at Muon's 0.02 the loss falls as
if off a cliff. Of strings of 64 it repeated 0.76 after 1,000 steps (four heads 0.62; half of the
strings from fewer letters 0.72 after 950), on seed 91 0.91 after 1,500 and 0.958 after 2,000. It
gets 2,300. GRU, seed 90, a quarter of its compute or less: at rates of 0.003, 0.005 and 0.01 its
span was 5.3, 5.2 and 4.7; Muon gave 5.5 for 3.5 times the operations; widths of 128, 192 and 256
gave 5.2, 5.2 and 4.8; strings up to 10, 12 or 16 made no difference, and up to 64 the span was
below 4. So strings grow to 16, twice the span of 7.6 that it reached with four times the compute
(seed 91).

Seeds: the ratio was 8.5 there, far from 2. The first criterion is nearer to its threshold. With
1,000 strings of 64 letters the counting error of a share of 0.965 is 0.006; if seeds scatter by as
much besides, four seeds put the ends of the interval 0.013 from the mean. One full pilot tells
nothing about the scatter between seeds: that is the risk that we take.

Counting reaches far. The longest match, of at most one, two or three letters, with what stood there
before has spans of 6, 31 and above 64, and with three letters it repeats 0.91 of strings of 64. So
the GPT has to find a known rule by itself; nothing beyond is claimed. No effect is one half for the
first criterion, where 64 would just be the span, and 1 for the ratio. The GPT's span cannot be
above 64 here, so the ratio is a lower bound.
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from distill.comparison import costs
from labkit import figures
from labkit.experiment import Criterion
from labkit.in_words import in_words
from lessons.engine.experiment import Evidence, Experiment, Profile
from lessons.l11_one_look_memory import memory, one_step
from lessons.lab import answers, problems, rows
from lessons.lab.problems import BAR, COPY, Problem
from lessons.lab.recurrent import GRU
from lessons.lab.training import BASE
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.settings import TrainConfig

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PEOPLE = {"digit span, untrained": 7, "after 230 hours of practice": 79}
"""Digits that people repeat: Miller 1956; Ericsson, Chase & Faloon 1980."""
GPT_NAME, LARGE = "GPT", "GRU, 4 times the compute"
KEYS = (1, 2, 3)
"""Letters that the rule `longest match` may compare."""


@dataclass(frozen=True, kw_only=True)
class Arm:
    """A kind of network, and how it is trained."""

    kind: type[GPT]
    config: TrainConfig
    longest: int
    """Letters of the longest string in its training."""
    growing: float
    """Share of the training during which the longest string grows to that."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the experiment is."""

    lengths: tuple[int, ...]
    """Of strings to be repeated; the last is the longest, in training as well."""
    strings: int
    """To be repeated, at each length but the longest."""
    longest: int
    """To be repeated of the longest, which is judged."""
    arms: dict[str, Arm]
    rates: tuple[float, ...]
    """Of the one step of training."""
    texts: int
    """Strings that choose the rate, and as many that judge it."""
    most: int
    """Steps on one string after which counting ends."""


def _shape(layers: int, width: int, heads: int) -> GPTConfig:
    return GPTConfig(n_layer=layers, n_head=heads, n_embd=width, context=130, attention_scale=2.0)


GPT_FULL = Arm(
    kind=GPT,
    config=replace(
        BASE, steps=2300, warmup=115, muon_lr=0.02, adamw_lr=3e-3, model=_shape(2, 64, 2)
    ),
    longest=64,
    growing=0.26,
)
GRU_FULL = Arm(
    kind=GRU,
    config=replace(
        BASE,
        steps=8400,
        warmup=420,
        batch_size=64,
        optimizer="adamw",
        adamw_lr=4e-3,
        grad_clip=1.0,
        model=_shape(1, 192, 1),
    ),
    longest=16,
    growing=0.8,
)


def _longer(arm: Arm, steps: int) -> Arm:
    """The same arm with another number of steps, a twentieth of which warm up."""
    return replace(arm, config=replace(arm.config, steps=steps, warmup=steps // 20))


SIZES: dict[Profile, Size] = {
    "full": Size(
        lengths=(2, 4, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 56, 64),
        strings=250,
        longest=1000,
        arms={GPT_NAME: GPT_FULL, LARGE: GRU_FULL},
        rates=(0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0),
        texts=8,
        most=60,
    ),
    "ci": Size(
        lengths=(2, 4, 8),
        strings=10,
        longest=10,
        arms={
            GPT_NAME: _longer(GPT_FULL, 4),
            LARGE: _longer(GRU_FULL, 4),
        },
        rates=(0.1, 1.0),
        texts=2,
        most=2,
    ),
}


def measure(profile: Profile, seed: int) -> dict[str, Any]:
    """What each network repeats at each length, and what one step of training puts in."""
    size = SIZES[profile]
    rng = np.random.default_rng(10 * seed + 1)
    asked = [COPY.draw(rng, size.strings, n) for n in size.lengths[:-1]]
    asked.append(COPY.draw(rng, size.longest, size.lengths[-1]))
    few = [_of_two_letters(rng, size.strings, n) for n in size.lengths]
    found: dict[str, Any] = {}
    nets: dict[str, GPT] = {}
    for name, arm in size.arms.items():
        config = replace(arm.config, seed=seed)
        nets[name], training = rows.learned(
            config, COPY, rows.growing(1, arm.longest, arm.growing), arm.kind
        )
        net = nets[name]
        hits = [answers.hits(net, rows.as_rows(some, COPY, net.tokenizer)) for some in asked]
        exact = [float(np.all(hit, axis=1).mean()) for hit in hits]
        found[name] = {
            "exact": exact,
            "letters": [round(float(hit.mean()), 4) for hit in hits],
            "span": answers.span(size.lengths, exact),
            "two letters": [float(answers.exact(net, some, COPY).mean()) for some in few],
            "weights": net.size,
            "operations": operations(arm, training.read),
            "losses": [round(float(np.mean(part)), 4) for part in _parts(training.losses)],
        }
    texts = problems.strings(rng, 2 * size.texts, size.lengths[-1], string.ascii_lowercase)
    untrained = GPT.fresh(size.arms[GPT_NAME].config.model, COPY.alphabet, seed)
    return {
        "networks": found,
        "match": {
            str(key): [float(memory.repeated_by_match(some, key).mean()) for some in asked]
            for key in KEYS
        },
        "one step": one_step.measured(
            {
                "all weights": (nets[GPT_NAME], False),
                "the head": (nets[GPT_NAME], True),
                "the head, untrained": (untrained, True),
            },
            texts[: size.texts],
            texts[size.texts :],
            size.rates,
            asked[len(asked) // 2][:20],
            size.most,
        ),
    }


def _of_two_letters(rng: np.random.Generator, n: int, length: int) -> list[Problem]:
    """Strings of a and b alone, in which keys of a few letters come again and again."""
    return [(text + BAR, text) for text in problems.strings(rng, n, length, "ab")]


def _parts(losses: Sequence[float]) -> list[np.ndarray]:
    """Losses of the steps in 40 parts, or of each step if there are fewer."""
    return np.array_split(np.array(losses), min(40, len(losses)))


def operations(arm: Arm, read: Mapping[int, int]) -> float:
    """Operations of the training, in matrix products: forward, backward (twice that), and Muon's.

    `read` counts the rows of each length.
    """
    shape, vocabulary = arm.config.model, len(COPY.alphabet)
    width, layers = shape.n_embd, shape.n_layer
    if arm.kind is GRU:
        each = 2 * (layers * 6 * width**2 + width * vocabulary)
        forward = sum(each * time * number for time, number in read.items())
    else:
        forward = sum(
            costs.forward_flops(shape, vocabulary, time) * number for time, number in read.items()
        )
    update = 0
    if arm.config.optimizer == "muon":
        square = arm.config.newton_schulz * 6 * width**3  # of one matrix [E, E]
        gru = layers * 6 * square
        update = gru if arm.kind is GRU else costs.muon_flops(arm.config)
    return float(3 * forward + arm.config.steps * update)


def values(evidence: Evidence) -> list[float]:
    """What the GPT repeats of the longest strings, and its span over that of the large GRU."""
    networks = evidence["networks"]
    gpt, large = networks[GPT_NAME], networks[LARGE]
    return [gpt["exact"][-1], gpt["span"] / large["span"]]


def draw(evidence: Sequence[Evidence]) -> tuple[Figure, str]:
    """Left: strings repeated by length. Right: what one step of training puts in, by its rate."""
    figure, (left, right) = figures.new("wide", 1, 2)
    size = SIZES[evidence[0]["profile"]]
    for i, name in enumerate(size.arms):
        shares = np.mean([one["networks"][name]["exact"] for one in evidence], axis=0)
        dash, colour = figures.DASHES[i], figures.COLOURS[i + 1]
        left.plot(size.lengths, shares, linestyle=dash, color=colour, label=name)
    for key, dash in zip(("1", "2"), figures.DASHES[2:]):
        shares = np.mean([one["match"][key] for one in evidence], axis=0)
        line = {"linestyle": dash, "color": "#777777", "linewidth": 1}
        left.plot(size.lengths, shares, label=f"rule, keys up to {key}", **line)
    for (name, place), side in zip(PEOPLE.items(), ("left", "right")):
        left.axvline(place, color="#000000", linewidth=1, linestyle=":")
        left.text(place, 1.05, f"{place}, {name}", ha=side, fontsize=7)
    left.set_ylim(-0.03, 1.14)
    left.legend(fontsize=8, loc="center right", bbox_to_anchor=(0.97, 0.66))
    figures.label(left, x="letters of the string", y="share repeated without an error")
    for i, part in enumerate(("all weights", "the head")):
        tried = np.mean([one["one step"][part]["tried"] for one in evidence], axis=0)
        for j, what in ((1, "letters right"), (2, "others repeated")):
            line = {"linestyle": figures.DASHES[j - 1], "color": figures.COLOURS[i + 3]}
            right.plot(size.rates, tried[:, j], label=f"{part}: {what}", **line)
    right.set_xscale("log")
    right.set_ylim(-0.03, 1.5)
    right.set_yticks(np.linspace(0, 1, 6))
    right.legend(fontsize=8, loc="upper right")
    figures.label(right, x="rate of the one step of training", y="share of letters, or of strings")
    return figure, in_words(figure)


EXPERIMENT = Experiment(
    id="one_look_memory",
    title="A small GPT repeats longer strings than a GRU",
    claim="A Transformer keeps a sequence that it has seen once in its context and can complete it,"
    " where a memory of fixed size* fails much earlier.",
    source="NP24a, NP24b; Jelassi et al. 2024, arXiv:2402.01032",
    criteria=(
        Criterion(
            quantity="share of strings of 64 random letters that the GPT repeats without an error",
            threshold=0.95,
            no_effect=0.5,
        ),
        Criterion(
            quantity="span of the GPT over that of a GRU with four times the compute",
            threshold=2.0,
            no_effect=1.0,
            scale="log2",
        ),
    ),
    seeds=4,
    minutes=3.4,
    measure=measure,
    sizes=SIZES,
    values=values,
    draw=draw,
)

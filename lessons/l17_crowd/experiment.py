"""On a short text, four strangers or one network of four times the steps?

Idea:   four networks with the same 25,000 characters, other first weights and other windows, answer
        by the mean of their probabilities. Their rival is one network of the same shape that trains
        four times as long, with dropout. What dropout gains it is the second question. Shown beside
        them: the same crowds with a table of counts (an n-gram) in them.
Source: RB22; Kim et al. 2025, arXiv:2509.14786; one larger network against several: Lobacheva et
        al. 2020, arXiv:2007.08483, Abe et al. 2022, arXiv:2202.06985.
Run:    python -m lessons ledger crowd --run
Omits:  the four distilled into one (lesson 5's way), juries of other sizes or shapes, more than
        1,200 steps in all, and dropout on longer texts, which was measured on pilots alone.

Either can win: on seed 99 a jury whose jurors have dropout 0.1 is worse than the one (2.155 against
2.117, judging half). A jury never loses to its average member (Jensen), so that comparison is not
made. Equal: text, length of windows, shape, steps in all, and so operations in training. To answer,
the jury takes four times the one's. Both have eight looks at the choosing half a network. The brief
asked for 200 s a seed at 50,000 characters and at all of the text.

Tuning on seeds 99 and, where there are two numbers, 98 (choosing half, nats/char). The one, 1,200
steps, at dropout and rate: 0.1: 0.005 2.168; 0.01 2.1475, 2.1283; 0.02 2.1479. 0.2: 0.01 2.1472,
2.1259; 0.02 2.1469, 2.1448; 0.04 2.219. 0.3: 0.02 2.178, 2.171. Weight decay 1 with 0.1: 0.01
2.1497, 0.02 2.192. Wider for as many operations: 48 wide, 594 steps, 0.1: 0.01 2.174, 0.02 2.177;
0.2: 0.02 2.170; 64 wide, 357 steps, 0.1: 0.01 2.199, 0.02 2.187, 0.04 2.204; 0.2 and 0.3 2.213 or
more. Without dropout: 300 steps at 0.01, 0.02, 0.04: 2.254, 2.203, 2.208; 600: 0.01 2.212, 0.02
2.235; 1,200: 0.01 2.242, 0.02 2.235. With weight decay 1, which helps: 300: 0.02 2.197, 2.154; 0.04
2.190, 2.164; 0.08 2.240; 600: 0.005 2.229; 0.01 2.1805, 2.155; 0.02 2.224; 1,200: 0.005 2.178, on
99 alone, too little better to be told apart. The jury, by its loss as a jury, at rate 0.02: with
nothing 2.121, 2.100; weight decay 1 2.1305, 2.110 (jurors better on average, the jury worse);
dropout 0.1 2.179 on 99. Its rate is the one that is best for a juror alone; 0.04 gave the jury
2.112 on 99.

What counting alone reaches: the n-gram of the same text pays as much as the jury (2.092, 2.093 on
seed 90), and each network alone loses to it.

Thresholds: 0.01 nats is the brief's for the jury, and now dropout's as well, for what it gains on
the short text. The brief judged that gain minus the one with all of the text: a loss on plenty of
text could meet that alone. No effect is 0. Pilots 90 and 91: the jury's lead 0.052, 0.088;
dropout's gain 0.030, 0.001; on 99 and 98, which tuned it, 0.054 and 0.028. These gains scatter by
0.022, so that 16 seeds give a mean to within 0.012, and decide with 87 % if it is 0.028; the lead
needs fewer. In the pilots (judging half) dropout of 0.1 lost 0.013 and 0.015 with 100,000
characters, at rate 0.01, and 0.046 and 0.038 with 400,000, at 0.02, by 1,200 steps with and without
it: 50 s a seed more, which 16 seeds do not repeat. The interval is one over seeds, which settle
text, weights and windows; the held-out text and the recipes are the same for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from distill.teachers import side_by_side
from labkit.experiment import Criterion
from lessons.engine.experiment import Evidence, Experiment, Profile
from lessons.l17_crowd import drawing
from lessons.l17_crowd.jury import ambiguity, mixture
from lessons.lab.pieces import text_of
from lessons.lab.training import BASE, shrunk
from minigpt import corpora
from minigpt.corpora import Corpus
from minigpt.evaluate import score, surprise
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.ngram import NGram
from minigpt.settings import TrainConfig
from minigpt.tokenizer import CharTokenizer
from minigpt.train.loop import TrainResult, train

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MEMBERS = 4
ORDERS = (4, 5, 6, 7)
"""Of the n-grams that are tried; the choosing half decides."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a network is trained; what it leaves out is as in `Size.base`."""

    steps: int
    """Optimiser steps."""
    rate: float
    """Muon's peak rate; AdamW's is 0.15 of it."""
    dropout: float = 0.0
    """Share of activations dropped."""
    decay: float = 0.0
    """Weight decay."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the experiment is."""

    text: str
    """A corpus; its last tenth is held out, one half chooses, the other judges."""
    read: int
    """Characters of either half that are read."""
    characters: int
    """Characters to learn from."""
    base: TrainConfig
    """What all networks share."""
    member: Recipe
    """Each of the four."""
    one: Recipe
    """The one network of four times the steps, with dropout."""
    bare: Recipe
    """The same without dropout, of as many steps or fewer, if that is better."""


FULL = Size(
    text="shakespeare",
    read=20_000,
    characters=25_000,
    base=replace(
        BASE,
        batch_size=16,
        model=GPTConfig(n_layer=2, n_head=2, n_embd=32, context=64, attention_scale=2.0),
    ),
    member=Recipe(steps=300, rate=0.02),
    one=Recipe(steps=1200, rate=0.01, dropout=0.2),
    bare=Recipe(steps=600, rate=0.01, decay=1.0),
)
SIZES: dict[Profile, Size] = {
    "full": FULL,
    "ci": shrunk(
        FULL,
        text="storyland:20000",
        read=400,
        characters=1000,
        base={"warmup": 2, "batch_size": 4, "model": {"n_head": 1, "n_embd": 8, "context": 16}},
        member={"steps": 4},
        one={"steps": 16},
        bare={"steps": 8},
    ),
}


def trained(size: Size, recipe: Recipe, corpus: Corpus, seed: int) -> TrainResult:
    """A network, at the best of eight looks at the choosing half."""
    config = replace(
        size.base,
        seed=seed,
        steps=recipe.steps,
        eval_every=-(-recipe.steps // 8),
        muon_lr=recipe.rate,
        adamw_lr=0.15 * recipe.rate,
        weight_decay=recipe.decay,
        model=replace(size.base.model, dropout=recipe.dropout),
    )
    return train(config, corpus, measure=lambda model, ids: score(model, ids[: size.read]).nats)


def member_seed(seed: int, member: int) -> int:
    """The seed of a member's first weights and windows; the seed's text is common to all."""
    return 1000 * (seed + 1) + member


def jury(size: Size, corpus: Corpus, seed: int) -> list[GPT]:
    """Four strangers: the same text, other first weights and other windows."""
    return [trained(size, size.member, corpus, member_seed(seed, i)).model for i in range(MEMBERS)]


def counted(corpus: Corpus, size: Size, tokenizer: CharTokenizer) -> NGram:
    """The n-gram of the training text whose order is best on the choosing half."""
    found = [NGram.fit(corpus.train, tokenizer, order) for order in ORDERS]
    choose = tokenizer.encode(corpus.choose)[: size.read]
    return min(found, key=lambda model: score(model, choose).nats)


def measure(profile: Profile, seed: int) -> dict[str, Any]:
    """Losses on the judging half, nats/char, of the jury, of the one and of mixed pairs."""
    size = SIZES[profile]
    whole = corpora.load(size.text)
    tokenizer = CharTokenizer.from_text(whole.text)
    corpus = text_of(whole, size.characters, seed)
    ids = tokenizer.encode(corpus.judge)[: size.read]

    def loss(*said: np.ndarray) -> float:
        return float(surprise(mixture(np.stack(said)), ids[1:]).mean())

    four = [side_by_side(model, ids) for model in jury(size, corpus, seed)]  # each [N, V]
    one, bare = (
        side_by_side(trained(size, recipe, corpus, seed).model, ids)
        for recipe in (size.one, size.bare)
    )
    counting = side_by_side(counted(corpus, size, tokenizer), ids)
    together = mixture(np.stack(four))
    return {
        "members": [loss(said) for said in four],
        "jury": [loss(*four[:k]) for k in range(1, MEMBERS + 1)],
        "ambiguity": ambiguity(np.stack(four), ids[1:]),
        "one": loss(one),
        "bare": loss(bare),
        "counting": loss(counting),
        "mixed": {
            "juror + table": loss(four[0], counting),
            "the one + table": loss(one, counting),
            "jury + table": loss(together, counting),
            "jury + the one": loss(together, one),
        },
    }


def values(evidence: Evidence) -> list[float]:
    """On the short text: by what the jury beats the one, and by what dropout helps the one."""
    one = evidence["one"]
    return [one - evidence["jury"][-1], evidence["bare"] - one]


def draw(evidence: Sequence[Evidence]) -> tuple[Figure, str]:
    """Left: the jury by its number, beside the one. Right: crowds with a table of counts."""
    return drawing.crowds(evidence)


EXPERIMENT = Experiment(
    id="crowd",
    title="Short text, same bill: four networks beat one, and dropout helps the one",
    claim="Larger networks are better; at the limit one can still use ensembles and dropout to get"
    " more out of it. *We read into it: when the text is short.",
    source="RB22; Kim et al. 2025, arXiv:2509.14786",
    criteria=(
        Criterion(
            quantity="with 25,000 characters, loss of one network with dropout minus that of four"
            " without it that together took as many operations, nats/char",
            threshold=0.01,
        ),
        Criterion(
            quantity="with 25,000 characters, loss of this one network without dropout, of as many"
            " steps or fewer, minus that with it, nats/char",
            threshold=0.01,
        ),
    ),
    seeds=16,
    minutes=0.6,
    measure=measure,
    sizes=SIZES,
    values=values,
    draw=draw,
)

"""Four strangers or one network of four times the operations, on a short text?

DOC
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
    amounts: tuple[int, ...]
    """Characters to learn from; the first, the shortest, is the one that is judged."""
    base: TrainConfig
    """What all networks share."""
    member: Recipe
    """Each of the four."""
    one: Recipe
    """The one network of four times the operations, with dropout."""
    bare: tuple[Recipe, ...]
    """The same without dropout, as it is best at each amount."""


FULL = Size(
    text="shakespeare",
    read=20_000,
    amounts=(25_000, 100_000, 400_000),
    base=replace(
        BASE,
        batch_size=16,
        model=GPTConfig(n_layer=2, n_head=2, n_embd=32, context=64, attention_scale=2.0),
    ),
    member=Recipe(steps=300, rate=0.02),
    one=Recipe(steps=1200, rate=0.01, dropout=0.1),
    bare=(
        Recipe(steps=300, rate=0.02, decay=1.0),
        Recipe(steps=1200, rate=0.02),
        Recipe(steps=1200, rate=0.02),
    ),
)
SIZES: dict[Profile, Size] = {
    "full": FULL,
    "ci": replace(
        shrunk(
            FULL,
            text="storyland:20000",
            read=400,
            base={"warmup": 2, "batch_size": 4, "model": {"n_head": 1, "n_embd": 8, "context": 16}},
            member={"steps": 4},
            one={"steps": 16},
        ),
        amounts=(1000, 2000, 4000),
        bare=(Recipe(steps=4, rate=0.02), *2 * (Recipe(steps=16, rate=0.02),)),
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
    texts = [text_of(whole, n, seed) for n in size.amounts]
    ids = tokenizer.encode(texts[0].judge)[: size.read]

    def loss(*said: np.ndarray) -> float:
        return float(surprise(mixture(np.stack(said)), ids[1:]).mean())

    four = [side_by_side(model, ids) for model in jury(size, texts[0], seed)]  # each [N, V]
    one = [trained(size, size.one, text, seed) for text in texts]
    bare = [trained(size, recipe, text, seed) for recipe, text in zip(size.bare, texts)]
    alone = side_by_side(one[0].model, ids)
    counting = side_by_side(counted(texts[0], size, tokenizer), ids)
    return {
        "amounts": list(size.amounts),
        "members": [loss(said) for said in four],
        "jury": [loss(*four[:k]) for k in range(1, MEMBERS + 1)],
        "ambiguity": ambiguity(np.stack(four), ids[1:]),
        "one": [result.judge_loss for result in one],
        "bare": [result.judge_loss for result in bare],
        "counting": loss(counting),
        "mixed": {
            "a member and counting": loss(four[0], counting),
            "the one and counting": loss(alone, counting),
            "the jury and counting": loss(mixture(np.stack(four)), counting),
            "the jury and the one": loss(mixture(np.stack(four)), alone),
        },
    }


def values(evidence: Evidence) -> list[float]:
    """On the short text: by what the jury beats the one, and by what dropout helps the one."""
    one = evidence["one"][0]
    return [one - evidence["jury"][-1], evidence["bare"][0] - one]


def draw(evidence: Sequence[Evidence]) -> tuple[Figure, str]:
    """Left: the jury by its number, beside the one. Right: dropout's gain by the text's length."""
    return drawing.crowds(evidence)


EXPERIMENT = Experiment(
    id="crowd",
    title="TITLE",
    claim="Larger networks are better; at the limit one can still use ensembles and dropout to get"
    ' more out of it. *We read "at the limit" as: when the text is short and one network gains no'
    " more by more computing.",
    source="RB22; Kim et al. 2025, arXiv:2509.14786",
    criteria=(
        Criterion(
            quantity="with 25,000 characters, loss of one network with dropout minus that of four"
            " without it that together took as many operations, nats/char",
            threshold=0.01,
        ),
        Criterion(
            quantity="with 25,000 characters, what dropout gains the one network, nats/char",
            threshold=0.02,
        ),
    ),
    seeds=5,
    minutes=1.5,
    measure=measure,
    sizes=SIZES,
    values=values,
    draw=draw,
)

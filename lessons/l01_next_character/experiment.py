"""One network, several texts: does what it knows come from the text it was trained on?

Idea:   the same network with the same first weights and the same number of steps is trained on
        Shakespeare, on the King James Bible, and on Shakespeare with its characters shuffled. Each
        model is measured on each text: the one that read a text should win on it, also against
        counting (an n-gram) on another text. And if what a network knows comes from its text, less
        text must leave it knowing less: so it is trained on a tenth and on a hundredth as well.
Source: Shannon 1951, "Prediction and entropy of printed English"; Chen & Goodman 1999 (the n-gram's
        smoothing: modified Kneser-Ney, fixed beforehand).
Run:    python -m lessons ledger next_character --run
Omits:  several networks: the rates are those of minigpt's preset `quick`.

Both texts are cut to the characters that occur in both, so that no model loses merely by meeting
one that it never saw. Little text wants a short run with a cool-down of its own: each amount has
the length that `tune` found best on a seed that is not judged, up to the steps that all of the text
gets. So a tenth of the text could do as well, and on storyland, whose grammar is small, it nearly
does.

Before, the first criterion was the distance from the unigram entropy on shuffled text, which no
network that trains at all can miss: it is printed as a sanity check now. In its place stands what
nine tenths of the text are worth. Its threshold, 0.2 bits, is a tenth of what such a network knows
beyond the frequencies of the characters (4.7 bits - 2.6). And the small amounts were trained as
long as the large one, with early stopping but without a cool-down before it: on storyland the
network passed counting at 34,000 to 38,000 characters, where now 25,000 to 32,000 do (pilots).

Pilots 90 to 93 gave leads over a tenth of 0.44, 0.43, 0.45 and 0.43, by which three seeds decide;
and leads over other texts' models of 0.518, 0.501, 0.526 and 0.531. That criterion, with its
threshold of 0.5, is as before, and by these pilots eight seeds decide with 94 %. So eight, from
seed 10 on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from distill.settings import portion
from labkit.experiment import Criterion
from lessons.engine.experiment import Evidence, Experiment, Profile
from lessons.l01_next_character.drawing import draw
from lessons.lab.training import BASE, TUNING_SEED, shrunk, stories, with_text
from minigpt import corpora
from minigpt.corpora import Corpus
from minigpt.evaluate import score, surprisal
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.nextchar import NextChar
from minigpt.ngram import DEFAULT_ORDER, NGram
from minigpt.settings import TrainConfig
from minigpt.tokenizer import CharTokenizer
from minigpt.train.loop import train

OWN, OTHER, SHUFFLED = "own text", "another text", "shuffled"
STORIES = "storyland"


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the experiment is."""

    texts: tuple[str, str]
    """Corpora: the text, and another."""
    characters: int
    """Of each text; the last tenth is held out, its second half judges."""
    shares: tuple[float, ...]
    """Of the training text, for the comparison with counting; the last are a tenth and all."""
    looks: int
    """Characters that the one look at the end of a training reads; nothing is chosen by it."""
    base: TrainConfig
    """Of every network."""


FULL = Size(
    texts=("shakespeare", "kjv"),
    characters=1_000_000,
    shares=(0.01, 0.1, 1.0),
    looks=20_000,
    base=replace(
        BASE,
        steps=400,
        batch_size=16,
        muon_lr=0.04,
        adamw_lr=6e-3,
        model=GPTConfig(n_layer=2, n_head=4, n_embd=96, context=64),
    ),
)
SMALL = shrunk(
    FULL,
    texts=("storyland:12000", "python-docs"),
    characters=12_000,
    shares=(0.1, 1.0),
    looks=500,
    base={
        "steps": 30,
        "warmup": 3,
        "batch_size": 8,
        "model": {"n_layer": 1, "n_head": 2, "n_embd": 16, "context": 32},
    },
)
SIZES: dict[Profile, Size] = {"full": FULL, "ci": SMALL}


def texts(size: Size, seed: int) -> dict[str, Corpus]:
    """The three texts, in the characters that the first two share."""
    first, second = (corpora.load(name) for name in size.texts)
    shared = set(first.text) & set(second.text)
    own, other = (
        "".join(c for c in corpus.text if c in shared)[: size.characters]
        for corpus in (first, second)
    )
    order = np.random.default_rng(seed).permutation(len(own))
    shuffled = "".join(own[i] for i in order)
    return {
        OWN: with_text(first, own),
        OTHER: with_text(second, other),
        SHUFFLED: with_text(first, shuffled),
    }


TUNING: dict[str, dict[float, dict[float, float]]] = {
    OWN: {
        0.01: {0.0625: 4.0102, 0.125: 3.8092, 0.25: 3.9182, 0.5: 5.1547, 1.0: 7.1364},
        0.1: {0.0625: 3.9006, 0.125: 3.5450, 0.25: 3.3288, 0.5: 3.2168, 1.0: 3.1357},
    },
    STORIES: {
        0.01: {0.0625: 3.1403, 0.125: 2.0913, 0.25: 1.5250, 0.5: 1.6694, 1.0: 2.4555},
        0.1: {0.0625: 3.1342, 0.125: 2.0812, 0.25: 1.3441, 0.5: 0.9665, 1.0: 0.8203},
    },
}
"""Text -> share of it -> share of the steps -> loss on the choosing half, bits/char, on the tuning
seed."""


def steps(size: Size, text: str, share: float) -> int:
    """How long to train on this share of a text: as was best on the tuning seed; on all of it, all
    the steps."""
    losses = TUNING[text].get(share, {1.0: 0.0})
    return max(1, round(size.base.steps * min(losses, key=losses.__getitem__)))


def fit(size: Size, corpus: Corpus, tokenizer: CharTokenizer, seed: int, steps: int) -> GPT:
    """The network after so many steps, with its own cool-down; its last weights count."""
    config = replace(size.base, seed=seed, steps=steps, eval_every=steps)
    model = GPT(config.model, tokenizer, torch.Generator().manual_seed(seed))
    return train(
        config,
        corpus,
        init=model,
        measure=lambda model, ids: score(model, ids[: size.looks]).nats,
    ).model


def tune(size: Size, lengths: Sequence[float]) -> dict[str, dict[float, dict[float, float]]]:
    """What `TUNING` holds, for every share but all; `lengths` are shares of the steps."""
    own = texts(size, TUNING_SEED)[OWN]
    found: dict[str, dict[float, dict[float, float]]] = {}
    for name, corpus in ((OWN, own), (STORIES, stories(len(own.text), TUNING_SEED))):
        tokenizer = CharTokenizer.from_text(corpus.text)
        found[name] = {}
        for share in size.shares[:-1]:
            part = portion(corpus, share)
            nets = {
                length: fit(size, part, tokenizer, TUNING_SEED, round(size.base.steps * length))
                for length in lengths
            }
            found[name][share] = {n: bits(net, corpus.choose) for n, net in nets.items()}
    return found


def bits(model: NextChar, text: str) -> float:
    """Bits per character; windows overlap by half, so that no character is read without context."""
    ids = model.tokenizer.encode(text)
    stride = None if model.context is None else model.context // 2
    return float(surprisal(model, ids, stride=stride).mean()) / np.log(2)


def compare(
    size: Size,
    text: str,
    corpus: Corpus,
    tokenizer: CharTokenizer,
    seed: int,
    whole: GPT | None = None,
) -> dict[str, Any]:
    """GPT and n-gram on a growing share of the training text, bits/char, and where they cross.

    `text` says whose lengths hold; `whole` is the GPT of the whole text, if there is one already.
    """
    found: dict[str, Any] = {"characters": [], "steps": [], "gpt": [], "ngram": []}
    for share in size.shares:
        part, many = portion(corpus, share), steps(size, text, share)
        use = whole if share == 1 else None
        net = use or fit(size, part, tokenizer, seed, many)
        counted = NGram.fit(part.train, tokenizer, DEFAULT_ORDER)
        found["characters"].append(len(part.train))
        found["steps"].append(many)
        found["gpt"].append(bits(net, corpus.judge))
        found["ngram"].append(bits(counted, corpus.judge))
    found["passes_at"] = crossing(found["characters"], found["gpt"], found["ngram"])
    return found


def crossing(amounts: Sequence[float], a: Sequence[float], b: Sequence[float]) -> float | None:
    """From which amount on `a` stays below `b` (linear in log amount); None if not at the last.

    >>> round(crossing([10, 100, 1000], [3.0, 2.0, 1.0], [2.0, 2.0, 2.0]), 6)
    100.0
    """
    lead = np.array(b) - np.array(a)  # positive where a is ahead
    if lead[-1] <= 0:
        return None
    behind = np.flatnonzero(lead <= 0)
    if not behind.size:
        return float(amounts[0])
    i = behind[-1]
    along = -lead[i] / (lead[i + 1] - lead[i])
    return float(np.exp(np.interp(along, [0, 1], np.log([amounts[i], amounts[i + 1]]))))


def measure(profile: Profile, seed: int) -> dict[str, Any]:
    """Bits per character of every model on every text, and the comparison with counting."""
    size = SIZES[profile]
    corpora_ = texts(size, seed)
    tokenizer = CharTokenizer.from_text("".join(sorted(set(corpora_[OWN].text))))
    nets = {
        name: fit(size, corpus, tokenizer, seed, size.base.steps)
        for name, corpus in corpora_.items()
    }
    counts = {name: NGram.fit(c.train, tokenizer, DEFAULT_ORDER) for name, c in corpora_.items()}
    table: dict[str, dict[str, dict[str, float]]] = {
        kind: {
            name: {test: bits(model, c.judge) for test, c in corpora_.items()}
            for name, model in models.items()
        }
        for kind, models in (("gpt", nets), ("ngram", counts))
    }
    unigram = NGram.fit(corpora_[SHUFFLED].train, tokenizer, 1)
    entropy = bits(unigram, corpora_[SHUFFLED].judge)
    land = stories(len(corpora_[OWN].text), seed)
    land_tokenizer = CharTokenizer.from_text(land.text)
    against = {
        size.texts[0]: compare(size, OWN, corpora_[OWN], tokenizer, seed, nets[OWN]),
        STORIES: compare(size, STORIES, land, land_tokenizer, seed),
    }
    return {
        "texts": list(size.texts),
        "bits": table,
        "uniform_bits": float(np.log2(len(tokenizer))),
        "unigram_bits": entropy,
        "shuffled_off_share": abs(table["gpt"][SHUFFLED][SHUFFLED] / entropy - 1),
        "margin_bits": margin(table),
        "against_counting": against,
        "lead_over_a_tenth_bits": {name: over_a_tenth(one) for name, one in against.items()},
    }


def over_a_tenth(found: dict[str, Any]) -> float:
    """By how many bits the network that had all of the text leads the one that had a tenth."""
    return float(found["gpt"][-2] - found["gpt"][-1])


def margin(table: dict[str, dict[str, dict[str, float]]]) -> float:
    """By how many bits a text's own network beats the best model, net or n-gram, of another text.

    The smallest of the margins on the three texts.
    """
    return min(
        table[kind][trained][test] - table["gpt"][test][test]
        for kind in table
        for trained in table[kind]
        for test in table[kind][trained]
        if trained != test
    )


def values(evidence: Evidence) -> list[float]:
    """What the whole of a text is worth over a tenth of it, and the smallest margin."""
    of = evidence["lead_over_a_tenth_bits"]
    return [of[evidence["texts"][0]], evidence["margin_bits"]]


EXPERIMENT = Experiment(
    id="next_character",
    title="A network trained on another text, or on less text, predicts worse",
    claim="A network starts out as a random function; everything it knows in the end comes from "
    "its data.",
    source="RB22; Shannon 1951; Chen & Goodman 1999",
    criteria=(
        Criterion(
            quantity="lead of the network that had all of its text over the same network with a "
            "tenth of it at its best length (bits/char)",
            threshold=0.2,
        ),
        Criterion(
            quantity="lead of a text's own network over the best model of another text (bits/char)",
            threshold=0.5,
        ),
    ),
    seeds=8,
    first_seed=10,
    minutes=2.0,
    measure=measure,
    sizes=SIZES,
    values=values,
    draw=draw,
)

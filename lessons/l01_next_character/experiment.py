"""One network, several texts: whatever it knows came from the text it was trained on.

Idea:   the same network with the same first weights and the same number of steps is trained on
        Shakespeare, on the King James Bible, and on Shakespeare with its characters shuffled. Each
        model is measured on each text. Shuffled text has nothing to give but how frequent each
        character is, so there the network should end at the unigram entropy; on a real text the
        model that read that text should win, also against counting (an n-gram) on another text.
Source: Shannon 1951, "Prediction and entropy of printed English" (the ladder of n-grams); Chen &
        Goodman 1999 (its smoothing: modified Kneser-Ney, fixed beforehand).
Run:    python -m lessons ledger next_character --run
Omits:  several networks: the rates are those of minigpt's preset `quick`.

Both texts are cut to the characters that occur in both, so that no model loses merely by meeting
one that it never saw. Reported beside it: from how much text on the network passes the n-gram, on
Shakespeare and on storyland, at equal steps for every amount.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from distill.train import portion
from labkit import figures
from labkit.experiment import Criterion
from lessons.engine.experiment import Evidence, Experiment, Profile
from lessons.engine.training import BASE, stories, with_text
from minigpt import corpora
from minigpt.corpora import Corpus
from minigpt.evaluate import score, surprisal
from minigpt.loop import train
from minigpt.model import GPT, GPTConfig
from minigpt.nextchar import NextChar
from minigpt.ngram import DEFAULT_ORDER, NGram
from minigpt.settings import TrainConfig
from minigpt.tokenizer import CharTokenizer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OWN, OTHER, SHUFFLED = "own text", "another text", "shuffled"


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the experiment is."""

    texts: tuple[str, str]
    """Corpora: the text, and another."""
    characters: int
    """Of each text; the last tenth is held out, its second half judges."""
    shares: tuple[float, ...]
    """Of the training text, for the comparison with counting."""
    orders: tuple[int, ...]
    """Of the n-grams."""
    looks: int
    """Characters that a look along the way reads."""
    base: TrainConfig
    """Of every network."""


SIZES: dict[Profile, Size] = {
    "full": Size(
        texts=("shakespeare", "kjv"),
        characters=1_000_000,
        shares=(0.01, 0.1, 1.0),
        orders=(1, 2, 3, 4, 5, 7),
        looks=20_000,
        base=replace(
            BASE,
            steps=400,
            batch_size=16,
            eval_every=50,
            muon_lr=0.04,
            adamw_lr=6e-3,
            model=GPTConfig(n_layer=2, n_head=4, n_embd=96, context=64),
        ),
    ),
    "ci": Size(
        texts=("storyland:12000", "python-docs"),
        characters=12_000,
        shares=(0.1, 1.0),
        orders=(1, 3),
        looks=500,
        base=replace(
            BASE,
            steps=30,
            warmup=3,
            batch_size=8,
            eval_every=15,
            muon_lr=0.04,
            adamw_lr=6e-3,
            model=GPTConfig(n_layer=1, n_head=2, n_embd=16, context=32),
        ),
    ),
}


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


def fit(size: Size, corpus: Corpus, tokenizer: CharTokenizer, seed: int) -> GPT:
    """The best of a few looks, after the same number of steps for every text."""
    config = replace(size.base, seed=seed)
    model = GPT(config.model, tokenizer, torch.Generator().manual_seed(seed))
    return train(
        config,
        corpus,
        init=model,
        measure=lambda model, ids: score(model, ids[: size.looks]).nats,
    ).model


def bits(model: NextChar, text: str) -> float:
    """Bits per character; windows overlap by half, so that no character is read without context."""
    ids = model.tokenizer.encode(text)
    stride = None if model.context is None else model.context // 2
    return float(surprisal(model, ids, stride=stride).mean()) / np.log(2)


def compare(
    size: Size, corpus: Corpus, tokenizer: CharTokenizer, seed: int, whole: GPT | None = None
) -> dict[str, Any]:
    """GPT and n-gram on a growing share of the training text, bits/char, and where they cross.

    `whole` is the GPT of the whole text, if there is one already.
    """
    found: dict[str, Any] = {"characters": [], "gpt": [], "ngram": []}
    for share in size.shares:
        part = portion(corpus, share)
        net = whole if share == 1 and whole is not None else fit(size, part, tokenizer, seed)
        counted = NGram.fit(part.train, tokenizer, DEFAULT_ORDER)
        found["characters"].append(len(part.train))
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
    nets = {name: fit(size, corpus, tokenizer, seed) for name, corpus in corpora_.items()}
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
    return {
        "texts": list(size.texts),
        "bits": table,
        "uniform_bits": float(np.log2(len(tokenizer))),
        "unigram_bits": entropy,
        "shuffled_off_share": abs(table["gpt"][SHUFFLED][SHUFFLED] / entropy - 1),
        "margin_bits": margin(table),
        "ladder_bits": {
            str(n): bits(NGram.fit(corpora_[OWN].train, tokenizer, n), corpora_[OWN].judge)
            for n in size.orders
        },
        "against_counting": {
            size.texts[0]: compare(size, corpora_[OWN], tokenizer, seed, nets[OWN]),
            "storyland": compare(size, land, land_tokenizer, seed),
        },
    }


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
    """How far from the unigram entropy on shuffled text, and the smallest margin."""
    return [evidence["shuffled_off_share"], evidence["margin_bits"]]


def draw(evidence: Sequence[Evidence]) -> tuple[Figure, str]:
    """Left: every network on every text, and over each text's own network its best rival, a network
    or an n-gram of another text. Right: network and n-gram on growing amounts of text."""
    figure, (left, right) = figures.new("wide", 1, 2)
    tests, texts_ = list(evidence[0]["bits"]["gpt"]), evidence[0]["texts"]
    names = {OWN: texts_[0], OTHER: texts_[1], SHUFFLED: f"{texts_[0]},\nshuffled"}
    said = []
    for i, trained in enumerate(tests):
        runs = np.array([[one["bits"]["gpt"][trained][test] for test in tests] for one in evidence])
        where = np.arange(len(tests)) + 0.27 * (i - 1)
        left.bar(
            where,
            runs.mean(0),
            0.25,
            label="trained on " + names[trained].replace("\n", " "),
            alpha=0.9,
        )
        for row in runs:
            left.plot(where, row, "k.", markersize=3)
        mean = ", ".join(f"{m:.2f} on {names[t]}" for m, t in zip(runs.mean(0), tests))
        said.append(f"trained on {names[trained]}: {mean}".replace("\n", " "))
    leads = []
    for i, test in enumerate(tests):  # as `margin` takes them, of the mean over seeds
        own, rival = (
            np.mean([one["bits"]["gpt"][test][test] for one in evidence]),
            np.mean(
                [
                    min(
                        one["bits"][k][t][test]
                        for k in ("gpt", "ngram")
                        for t in tests
                        if t != test
                    )
                    for one in evidence
                ]
            ),
        )
        x = 1.27 * i - 0.27  # over its own bar
        name = None if i else "best model of another text (network or n-gram)"
        left.plot([x, x], [own, rival], color="#444444", linewidth=1, linestyle="-")
        left.plot([x], [rival], marker="D", color="#CC79A7", markeredgecolor="k", ls="", label=name)
        left.annotate(
            f"{rival - own:+.2f}",
            (x, rival),
            (0, 6),
            textcoords="offset points",
            ha="center",
            fontsize=8,
        )
        leads.append(f"{rival - own:.2f} on {names[test]}".replace("\n", " "))
    said.append(f"lead of a text's own network over its best rival: {', '.join(leads)}")
    entropy = float(np.mean([one["unigram_bits"] for one in evidence]))
    left.axhline(
        entropy, color="#444444", linewidth=1, linestyle=":", label="unigram entropy, shuffled"
    )
    left.set_xticks(range(len(tests)), [names[test] for test in tests])
    figures.label(left, x="measured on", y="loss (bits/char)")
    left.legend(fontsize=8, loc="upper left")
    left.set_ylim(0, 1.6 * left.get_ylim()[1])
    for text in evidence[0]["against_counting"]:
        found = [one["against_counting"][text] for one in evidence]
        for model, label in (("gpt", "GPT"), ("ngram", "n-gram")):
            curves = [one[model] for one in found]
            figures.seeds(right, found[0]["characters"], curves, name=f"{label}, {text}")
        passes = [one["passes_at"] for one in found]
        known = [f"at {p:,.0f} characters" for p in passes if p is not None]
        if missing := len(passes) - len(known):
            known.append(f"nowhere with {missing} of {len(passes)} seeds")
        said.append(f"on {text} the GPT passes the n-gram {', '.join(known)}")
    right.set_xscale("log")
    figures.label(right, x="characters trained on", y="loss (bits/char)")
    right.legend(fontsize=8)
    return figure, f"Bits per character of each network on each text: {'; '.join(said)}."


EXPERIMENT = Experiment(
    id="next_character",
    title="A network knows what its data taught it, and nothing else",
    claim="A network starts out as a random function; what it knows in the end came from its data.",
    source="RB22; Shannon 1951; Chen & Goodman 1999",
    criteria=(
        Criterion(
            quantity="distance from the unigram entropy on shuffled text, as a share of it",
            threshold=0.01,
            direction="<=",
            no_effect=0.2,  # about where a network is that finds all characters equally likely
        ),
        Criterion(
            quantity="lead of a text's own network over the best model of another text (bits/char)",
            threshold=0.5,
        ),
    ),
    minutes=2.6,
    measure=measure,
    sizes=SIZES,
    values=values,
    draw=draw,
)

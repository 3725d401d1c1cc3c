"""As a network learns to compress storyland, can more of the story's hidden theme be read in it?

Idea:   two networks of different width are stopped at several points of their training. At each,
        two numbers: bits per character on held-out text, and how often a linear probe reads the
        theme of the story off the network's state (see probes.py). If compressing well means
        finding the structure, the two go together. Beside it, on real text: the table of coders
        (see coding.py), reported whoever wins.
Source: JH23's claim; Deletang et al. 2023, arXiv:2309.10668; Hewitt & Liang 2019,
        arXiv:1909.03368.
Run:    python -m lessons ledger prediction_is_compression --run
Omits:  what causes what: a probe shows that something can be read, not that the network uses it.

Two controls that could have won: the untrained network (random weights keep a good deal of what
they read; so the blocks must not start at zero here, or there would be nothing to read), and
labels drawn at random for each verb (a probe that knows verbs by heart does as well on those).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from labkit import figures
from labkit.experiment import Criterion
from lessons.engine.experiment import Evidence, Experiment, Profile
from lessons.engine.training import BASE, stories, with_text
from lessons.l02_prediction_is_compression import coding, probes
from minigpt import corpora, storyland
from minigpt.corpora import Corpus
from minigpt.evaluate import score
from minigpt.loop import Progress, train
from minigpt.model import GPT, GPTConfig
from minigpt.settings import TrainConfig
from minigpt.tokenizer import CharTokenizer

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the experiment is."""

    text: str
    """The corpus for the table of coders."""
    coded: int
    """Characters of its judging half that are coded."""
    learned: int
    """Characters of it that are coded while learning."""
    orders: tuple[int, ...]
    """Of the n-grams."""
    coder: TrainConfig
    """The network that codes."""
    characters: int
    """Of storyland, for the probes."""
    widths: tuple[int, ...]
    """Of the networks that are probed."""
    stops: tuple[int, ...]
    """Steps after which they are; 0 is the untrained network."""
    probed_text: int
    """Characters of storyland in which places are sought."""
    places: int
    """At most so many places that are probed, half of them to fit the probe."""
    probed: TrainConfig
    """The networks that are probed."""


SIZES: dict[Profile, Size] = {
    "full": Size(
        text="shakespeare",
        coded=50_000,
        learned=300_000,
        orders=(1, 2, 3, 4, 5, 7),
        coder=replace(
            BASE,
            steps=600,
            batch_size=16,
            muon_lr=0.04,
            adamw_lr=6e-3,
            model=GPTConfig(n_layer=2, n_head=4, n_embd=128, context=64),
        ),
        characters=600_000,
        widths=(32, 96),
        stops=(0, 20, 40, 80, 160, 320, 640),
        probed_text=150_000,
        places=3000,
        probed=replace(
            BASE,
            batch_size=16,
            muon_lr=0.02,
            adamw_lr=3e-3,
            model=GPTConfig(n_layer=2, n_head=2, context=64, bigram=False, zero_init=False),
        ),
    ),
    "ci": Size(
        text="storyland:12000",
        coded=300,
        learned=3_000,
        orders=(1, 3),
        coder=replace(
            BASE,
            steps=10,
            warmup=3,
            batch_size=8,
            model=GPTConfig(n_layer=1, n_head=2, n_embd=16, context=32),
        ),
        characters=20_000,
        widths=(8, 16),
        stops=(0, 5, 20),
        probed_text=5_000,
        places=60,
        probed=replace(
            BASE,
            batch_size=8,
            warmup=3,
            model=GPTConfig(n_layer=1, n_head=2, context=32, bigram=False, zero_init=False),
        ),
    ),
}


def along_training(size: Size, width: int, seed: int, corpus: Corpus) -> dict[str, Any]:
    """Bits per character and probe accuracies of one network at every stop."""
    config = replace(
        size.probed,
        seed=seed,
        steps=max(size.stops),
        eval_every=max(size.stops),
        model=replace(size.probed.model, n_embd=width),
    )
    found: dict[str, list[float]] = {"step": [], "bits": [], "theme": [], "control": []}
    asked: list[probes.Places] = []

    def look(model: GPT, step: int) -> None:
        ids = model.tokenizer.encode(corpus.held_out)
        if not asked:
            text = storyland.generate(size.probed_text, seed=seed + 1000)  # nobody trained on it
            window, read = config.model.context, model.tokenizer.encode(text)
            asked.append(probes.places(text, window, size.places, seed, read))
        vectors = probes.states(model, asked[0].windows)
        found["step"].append(step)
        found["bits"].append(score(model, ids[:20_000]).bits)
        found["theme"].append(probes.accuracy(vectors, asked[0].theme))
        found["control"].append(probes.accuracy(vectors, asked[0].control))

    def on_step(progress: Progress) -> None:
        if progress.step in size.stops:
            look(progress.model, progress.step)

    tokenizer = CharTokenizer.from_text(corpus.text)
    model = GPT(config.model, tokenizer, torch.Generator().manual_seed(seed))
    look(model, 0)
    train(config, corpus, init=model, on_step=on_step, measure=lambda model, ids: 0.0)
    found["places"] = [len(asked[0].theme)]
    found["commonest"] = [float(np.bincount(asked[0].theme).max() / len(asked[0].theme))]
    return found


def measure(profile: Profile, seed: int) -> dict[str, Any]:
    """The two networks along their training, and the tables of coders on real text."""
    size = SIZES[profile]
    land = stories(size.characters, seed)
    nets = {str(width): along_training(size, width, seed, land) for width in size.widths}
    corpus = corpora.load(size.text)
    coder = replace(size.coder, seed=seed)
    net = train(
        replace(coder, eval_every=max(1, coder.steps // 2)),
        corpus,
        measure=lambda model, ids: score(model, ids[:20_000]).nats,
    ).model
    text = corpus.judge[: size.coded]
    return {
        "nets": nets,
        "rank_correlation": together(nets, "theme"),
        "control_rank_correlation": together(nets, "control"),
        "lead_over_controls": lead(nets[str(max(size.widths))]),
        "text": size.text,
        "coders": coding.table(net, corpus.train, text, size.orders),
        "gpt_bits_predicted": score(net, net.tokenizer.encode(text)).bits,
        "while_learning": coding.while_learning(
            replace(coder, batch_size=8), _only(corpus, size.learned), size.learned
        ),
    }


def _only(corpus: Corpus, characters: int) -> Corpus:
    """A corpus whose training text is the first `characters` of it."""
    return with_text(corpus, corpus.train[: int(np.ceil(characters / 0.9)) + 1])


def together(nets: dict[str, Any], probe: str) -> float:
    """Spearman's rank correlation of compression (minus bits/char) and probe accuracy.

    Over all stops of both networks.
    """
    from scipy.stats import spearmanr

    bits = [b for net in nets.values() for b in net["bits"]]
    right = [a for net in nets.values() for a in net[probe]]
    return float(spearmanr([-b for b in bits], right).statistic)


def lead(net: dict[str, Any]) -> float:
    """Trained probe accuracy minus the better of the two controls."""
    return float(net["theme"][-1] - max(net["theme"][0], net["control"][-1]))


def values(evidence: Evidence) -> list[float]:
    """The rank correlation, and the lead over the controls."""
    return [evidence["rank_correlation"], evidence["lead_over_controls"]]


def draw(evidence: Sequence[Evidence]) -> tuple[Figure, str]:
    """Left: accuracy of the probes against bits/char. Right: the coders, best first."""
    figure, (left, right) = figures.new("wide", 1, 2)
    said = []
    for i, width in enumerate(evidence[0]["nets"]):
        colour = figures.COLOURS[i + 1]
        for probe, mark, dash in (("theme", "o", "-"), ("control", "x", ":")):
            for one in evidence:
                run = one["nets"][width]
                left.plot(run["bits"], run[probe], dash, color=colour, linewidth=0.7, alpha=0.6)
            bits = np.mean([one["nets"][width]["bits"] for one in evidence], axis=0)
            right_answers = np.mean([one["nets"][width][probe] for one in evidence], axis=0)
            name = "theme" if probe == "theme" else "random label per verb"
            left.plot(
                bits,
                right_answers,
                dash,
                marker=mark,
                color=colour,
                linewidth=2,
                label=f"{name}, width {width}",
            )
            said.append(
                f"{name}, width {width}: from {right_answers[0]:.2f} at {bits[0]:.2f} bits to "
                f"{right_answers[-1]:.2f} at {bits[-1]:.2f} bits"
            )
    left.invert_xaxis()
    left.set_ylim(0, 1.02)
    figures.label(left, x="loss, falling as it learns (bits/char)", y="probe's share right")
    left.legend(fontsize=8)
    mean = {
        row["coder"]: np.mean([one["coders"][i]["bits"] for one in evidence])
        for i, row in enumerate(evidence[0]["coders"])
        if row["bits"] is not None
    }
    order = sorted(mean, key=mean.__getitem__, reverse=True)
    colours = ["#D55E00" if name == "GPT" else "#999999" for name in order]
    right.barh(order, [mean[name] for name in order], color=colours)
    for i, name in enumerate(order):
        right.text(mean[name], i, f" {mean[name]:.2f}", va="center", fontsize=8)
    right.tick_params(axis="y", labelsize=8)
    right.set_xlim(0, 1.15 * max(mean.values()))
    figures.label(right, x=f"{evidence[0]['text']}, text known (bits/char)", y="")
    best = ", ".join(f"{name} {mean[name]:.2f}" for name in order[::-1])
    return figure, (
        f"Share of right answers of the probes as the loss falls: {'; '.join(said)}. "
        f"Bits per character of each coder that knows the training text: {best}."
    )


EXPERIMENT = Experiment(
    id="prediction_is_compression",
    title="Compressing well means finding the structure",
    claim="To predict the next symbol well is to compress, and to compress well a model must find "
    "the structure that made the text.",
    source="JH23; Shannon 1948; Deletang et al. 2023, arXiv:2309.10668",
    criteria=(
        Criterion(
            quantity="rank correlation of compression and probe accuracy over training",
            threshold=0.9,
        ),
        Criterion(
            quantity="probe accuracy over the better control: untrained, or random labels",
            threshold=0.1,
        ),
    ),
    minutes=2.4,
    measure=measure,
    sizes=SIZES,
    values=values,
    draw=draw,
)

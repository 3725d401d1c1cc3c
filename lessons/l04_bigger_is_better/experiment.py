"""Fit loss against size on small models; does the fit foretell a model four times as large?

Idea:   what a model loses above the text's entropy falls as a power of its number of weights N:
        L(N) = floor + a N^-slope. On storyland the floor is known, so the law is a straight line
        in logarithms with two unknowns, fitted on four sizes and tested on a fifth. The same for an
        LSTM, and for a GPT half of whose training text is spoiled.
Source: Hestness et al. 2017, arXiv:1712.00409; Kaplan et al. 2020, arXiv:2001.08361 (weights are
        counted without embeddings and head); Hoffmann et al. 2022, arXiv:2203.15556 (a law of size
        alone holds only while data and compute go along).
Run:    python -m lessons ledger bigger_is_better --run
Omits:  the best size for a given compute: all sizes get equal steps, so the large cost more.

Spoiled text: every other kilocharacter, on average, has its words shuffled among its places. Words
and line ends stay, so it still teaches spelling; what goes with what is lost. The held-out text is
clean. Equal steps, so spoiled text takes the place of good; the arm with half the steps is the
control that says what it costs merely to have less. The rates are what `tune` returned, on clean
text and a seed that is not judged.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from labkit import figures
from labkit.experiment import Criterion
from lessons.engine.experiment import Evidence, Experiment, Profile
from lessons.engine.training import BASE, TUNING_SEED, fit, stories, with_text
from lessons.l04_bigger_is_better.lstm import LSTM
from minigpt.corpora import Corpus
from minigpt.evaluate import surprisal
from minigpt.model import GPT, GPTConfig
from minigpt.settings import TrainConfig
from minigpt.storyland import StorylandModel
from minigpt.tokenizer import CharTokenizer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ARMS = {"GPT": GPT, "LSTM": LSTM}
BLOCK = 1024  # characters that are spoiled together: a window is clean or spoiled, rarely both


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the experiment is."""

    characters: int
    """Of storyland, a tenth of them held out."""
    widths: tuple[int, ...]
    """Of the models the law is fitted on."""
    target: int
    """Width of the model it must foretell; twice the width is four times the weights."""
    base: TrainConfig
    """What all models share."""


_BASE = replace(BASE, optimizer="adamw", grad_clip=1.0)
SIZES: dict[Profile, Size] = {
    "full": Size(
        characters=1_000_000,
        widths=(8, 16, 32, 64),
        target=128,
        base=replace(
            _BASE,
            steps=800,
            batch_size=16,
            model=GPTConfig(n_layer=2, context=64, bigram=False),
        ),
    ),
    "ci": Size(
        characters=12_000,
        widths=(4, 8),
        target=16,
        base=replace(
            _BASE,
            steps=20,
            warmup=3,
            batch_size=8,
            model=GPTConfig(n_layer=1, context=32, bigram=False),
        ),
    ),
}

TUNING: dict[str, dict[int, dict[float, float]]] = {
    "GPT": {
        8: {0.005: 1.8656, 0.01: 1.7524, 0.02: 1.6761, 0.04: 1.6350, 0.08: 1.6202, 0.16: 1.6648},
        32: {0.005: 0.8625, 0.01: 0.7620, 0.02: 0.7439, 0.04: 0.7300, 0.08: 0.7685},
        128: {0.0025: 0.6386, 0.005: 0.6217, 0.01: 0.6355, 0.02: 0.6512},
    },
    "LSTM": {
        8: {0.005: 1.6805, 0.01: 1.5519, 0.02: 1.4154, 0.04: 1.3861, 0.08: 1.4274},
        32: {0.005: 0.8117, 0.01: 0.7499, 0.02: 0.7053, 0.04: 0.7173},
        128: {0.0025: 0.6393, 0.005: 0.6185, 0.01: 0.6268, 0.02: 0.6447},
    },
}
"""Arm -> width -> rate -> loss on the choosing half, nats/char, on the tuning seed and clean text.
"""


def rate(arm: str, width: int) -> float:
    """The tuned rate, between tuned widths a straight line in logarithms."""
    best = {w: min(losses, key=losses.__getitem__) for w, losses in TUNING[arm].items()}
    return float(np.exp(np.interp(np.log(width), np.log(list(best)), np.log(list(best.values())))))


def shape(size: Size, width: int) -> GPTConfig:
    """Heads are 16 wide where the model is."""
    return replace(size.base.model, n_embd=width, n_head=max(1, width // 16))


def weights(model: GPT) -> int:
    """Weights of the blocks: all but embedding and head."""
    return sum(p.numel() for p in model.blocks.parameters())


def spoil(corpus: Corpus, seed: int, share: float = 0.5) -> Corpus:
    """`corpus` with this share of its training text, in blocks, turned into a salad of words."""
    rng = np.random.default_rng(seed)
    text = corpus.train
    blocks = [text[i : i + BLOCK] for i in range(0, len(text), BLOCK)]
    spoiled = "".join(_salad(b, rng) if rng.random() < share else b for b in blocks)
    return with_text(corpus, spoiled + corpus.held_out)


def _salad(block: str, rng: np.random.Generator) -> str:
    lines = [line.split(" ") for line in block.split("\n")]
    words = [word for line in lines for word in line]
    drawn = iter([words[i] for i in rng.permutation(len(words))])
    return "\n".join(" ".join(next(drawn) for _ in line) for line in lines)


def _train(
    size: Size, arm: str, width: int, lr: float, seed: int, corpus: Corpus, steps: int
) -> tuple[float, float, int]:
    """Losses on the choosing and the judging half, nats/char, and weights of the blocks."""
    config = replace(
        size.base, model=shape(size, width), adamw_lr=lr, seed=seed, steps=max(1, steps)
    )
    tokenizer = CharTokenizer.from_text(corpus.text)
    model = ARMS[arm](config.model, tokenizer, torch.Generator().manual_seed(seed))
    result = fit(config, corpus, init=model)
    return result.metrics[-1]["val_loss"], result.judge_loss, weights(model)


def tune(
    size: Size, widths: Mapping[str, Sequence[int]], rates: Sequence[float] = (5e-3, 1e-2, 2e-2)
) -> dict[str, dict[int, dict[float, float]]]:
    """What `TUNING` holds: the rates given, and further ones while the best is at an edge."""
    corpus = stories(size.characters, TUNING_SEED)
    found: dict[str, dict[int, dict[float, float]]] = {}
    for arm, wanted_widths in widths.items():
        found[arm] = {}
        for width in wanted_widths:
            losses: dict[float, float] = {}
            wanted = list(rates)
            while wanted and len(losses) < 7:
                for lr in wanted:
                    one = _train(size, arm, width, lr, TUNING_SEED, corpus, size.base.steps)
                    losses[lr] = one[0]
                best = min(losses, key=losses.__getitem__)
                edges = {min(losses): min(losses) / 2, max(losses): max(losses) * 2}
                wanted = [edges[best]] if best in edges else []
            found[arm][width] = dict(sorted(losses.items()))
    return found


def law(n: Sequence[float], excess: Sequence[float]) -> tuple[float, float]:
    """(slope, log a) of excess = a N^-slope, by least squares in logarithms.

    >>> slope, log_a = law([10, 100, 1000], [1.0, 0.1, 0.01])
    >>> round(slope, 6), round(math.exp(log_a), 6)
    (1.0, 10.0)
    """
    down, log_a = np.polyfit(np.log(n), np.log(excess), 1)
    return float(-down), float(log_a)


def measure(profile: Profile, seed: int) -> dict[str, Any]:
    """Losses of all sizes and arms, the law fitted on the small ones, and how it foretold."""
    size = SIZES[profile]
    clean = stories(size.characters, seed)
    dirty = spoil(clean, seed)
    steps, widths = size.base.steps, [*size.widths, size.target]
    truth = StorylandModel()
    judge = truth.tokenizer.encode(clean.judge)
    floor = float(surprisal(truth, judge, context=size.base.model.context).mean())
    plan: dict[str, tuple[str, Corpus, int, list[int]]] = {
        "GPT": ("GPT", clean, steps, widths),
        "GPT, half spoiled": ("GPT", dirty, steps, widths),
        "GPT, half the steps": ("GPT", clean, steps // 2, list(size.widths)),
        "LSTM": ("LSTM", clean, steps, widths),
    }
    curves: dict[str, dict[str, list[float]]] = {}
    for name, (arm, corpus, many, wide) in plan.items():
        runs = [_train(size, arm, w, rate(arm, w), seed, corpus, many) for w in wide]
        curves[name] = {"weights": [n for _, _, n in runs], "loss": [loss for _, loss, _ in runs]}
    few = len(size.widths)
    laws = {}
    for name, curve in curves.items():
        excess = [max(loss - floor, 1e-6) for loss in curve["loss"][:few]]
        laws[name] = law(curve["weights"][:few], excess)
    gpt, (slope, log_a) = curves["GPT"], laws["GPT"]
    forecast = floor + math.exp(log_a - slope * math.log(gpt["weights"][-1]))
    improvement = gpt["loss"][few - 1] - forecast
    spoiled = curves["GPT, half spoiled"]["loss"]
    half = curves["GPT, half the steps"]["loss"]
    return {
        "floor_nats": floor,
        "curves": curves,
        "slopes": {name: slope for name, (slope, _) in laws.items()},
        "forecast_nats": forecast,
        "forecast_error_share": abs(gpt["loss"][-1] - forecast) / abs(improvement),
        "spoiled_over_clean": _ratio(spoiled, gpt["loss"], floor),
        "half_over_clean": _ratio(half, gpt["loss"][:few], floor),
    }


def _ratio(loss: Sequence[float], of: Sequence[float], floor: float) -> float:
    """Mean over sizes of how many times as far above the floor."""
    return float(np.mean([(a - floor) / (b - floor) for a, b in zip(loss, of)]))


def values(evidence: Evidence) -> list[float]:
    """Error of the forecast, and the shift by spoiled text."""
    return [evidence["forecast_error_share"], evidence["spoiled_over_clean"]]


def draw(evidence: Sequence[Evidence]) -> tuple[Figure, str]:
    """Loss above the floor against weights, with the law carried on to the target."""
    figure, ax = figures.new("wide")
    said = []
    for name in evidence[0]["curves"]:
        curves = [one["curves"][name] for one in evidence]
        runs = [
            [loss - one["floor_nats"] for loss in curve["loss"]]
            for one, curve in zip(evidence, curves)
        ]
        figures.seeds(ax, curves[0]["weights"], runs, name=name)
        slope = np.mean([one["slopes"][name] for one in evidence])
        mean = np.mean(runs, axis=0)
        said.append(f"{name} from {mean[0]:.3f} to {mean[-1]:.3f}, slope {slope:.2f}")
    target = evidence[0]["curves"]["GPT"]["weights"][-1]
    forecast = np.mean([one["forecast_nats"] - one["floor_nats"] for one in evidence])
    ax.plot([target], [forecast], "k*", markersize=11, label="forecast for the largest GPT")
    ax.set_xscale("log")
    ax.set_yscale("log")
    figures.label(ax, x="weights of the blocks", y="loss above the floor (nats/char)")
    ax.legend(fontsize=9)
    return figure, (
        "Loss above the text's entropy against the number of weights, both axes logarithmic, in "
        f"nats per character: {'; '.join(said)}. Forecast for the largest GPT: {forecast:.3f}."
    )


EXPERIMENT = Experiment(
    id="bigger_is_better",
    title="Bigger is better, by an amount that can be forecast",
    claim="Scale is close to a first principle: a larger network is a better one, given good data, "
    "a good algorithm and a good set-up. *We read into it that the gain can be foretold from "
    "smaller models, and that spoiled data moves the whole curve.",
    source="RB22, SEQ24, JH23; Hestness et al. 2017, arXiv:1712.00409; Kaplan et al. 2020, "
    "arXiv:2001.08361",
    criteria=(
        Criterion(
            quantity="error of the forecast for a GPT 4x as large, as a share of the improvement "
            "it predicts",
            threshold=0.25,
            direction="<=",
            no_effect=1.0,
        ),
        Criterion(
            quantity="loss above the floor with half of the text spoiled, as a multiple of clean",
            threshold=1.1,
            no_effect=1.0,
        ),
    ),
    minutes=3.0,
    measure=measure,
    sizes=SIZES,
    values=values,
    draw=draw,
)

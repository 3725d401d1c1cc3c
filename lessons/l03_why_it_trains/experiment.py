"""Take away one part of a transformer at a time, at several depths: what does each cost?

Idea:   four arms with exactly as many weights: the whole block; without the residual stream;
        without any normalisation; with attention replaced by a causal convolution over four
        characters. The penalty of an arm is the loss it adds to the whole block of equal depth.
        Does each penalty grow with depth, as "these parts made depth trainable" says it should?
Source: He et al. 2015, arXiv:1512.03385 (residuals); Vaswani et al. 2017, arXiv:1706.03762
        (attention); Ba et al. 2016, arXiv:1607.06450, and Xiong et al. 2020, arXiv:2002.04745
        (normalisation before each half block); Zhang et al. 2019, arXiv:1901.09321 (how far a start
        at the identity goes without normalisation: the way in which this claim can fail).
Run:    python -m lessons ledger why_it_trains --run
Omits:  arms that lack two parts; Muon, which came after the parts it would now replace in part.

Every arm has the library's standard start (last matrices at zero, so that a block begins as the
identity; without residuals, where that would be nothing, all matrices at 1 / sqrt(width)), AdamW,
gradients clipped at 1, and its own rate at each depth, tuned on a seed that is not judged. (First
it was to be tuned at the greatest depth alone. There an arm turned out to learn nothing at any
rate, which would have left it a meaningless one at the others; so, before any judged run, every
depth got its own.) The table of rates is what `tune(SIZES["full"], (2, 4, 8))` returned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from labkit import figures
from labkit.experiment import Criterion
from lessons.engine.experiment import Evidence, Experiment, Profile
from lessons.engine.training import BASE, TUNING_SEED, fit, stories
from minigpt.model import GPTConfig
from minigpt.settings import TrainConfig

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WHOLE = "whole block"
ARMS: dict[str, dict[str, Any]] = {
    WHOLE: {},
    "no residual": {"residual": False},
    "no normalisation": {"norm": "none", "qk_norm": False},
    "convolution": {"attention": "convolution"},
}
"""Arm -> what it changes in GPTConfig. All have the same number of weights."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the experiment is."""

    characters: int
    """Of storyland, a tenth of them held out."""
    depths: tuple[int, ...]
    """Blocks."""
    base: TrainConfig
    """What all arms share."""


_BASE = replace(BASE, optimizer="adamw", grad_clip=1.0)
SIZES: dict[Profile, Size] = {
    "full": Size(
        characters=450_000,
        depths=(2, 4, 8),
        base=replace(
            _BASE,
            steps=400,
            batch_size=16,
            model=GPTConfig(n_head=4, n_embd=64, context=64, bigram=False),
        ),
    ),
    "ci": Size(
        characters=12_000,
        depths=(1, 2),
        base=replace(
            _BASE,
            steps=12,
            warmup=3,
            batch_size=8,
            model=GPTConfig(n_head=2, n_embd=16, context=32, bigram=False),
        ),
    ),
}

TUNING: dict[str, dict[int, dict[float, float]]] = {
    WHOLE: {
        2: {0.004: 0.8795, 0.008: 0.7901, 0.016: 0.7687, 0.032: 0.7699},
        4: {0.004: 0.7759, 0.008: 0.7377, 0.016: 0.7265, 0.032: 0.7650},
        8: {0.002: 0.8115, 0.004: 0.7240, 0.008: 0.7059, 0.016: 0.7205},
    },
    "no residual": {
        2: {0.004: 1.7429, 0.008: 1.3361, 0.016: 1.6607},
        4: {
            0.0005: 2.9064,
            0.001: 2.6415,
            0.002: 2.9074,
            0.004: 2.9075,
            0.008: 2.9077,
            0.016: 2.9079,
        },
        8: {
            0.00025: 2.9074,
            0.0005: 2.9073,
            0.001: 2.9074,
            0.002: 2.9074,
            0.004: 2.9075,
            0.008: 2.9077,
        },
    },
    "no normalisation": {
        2: {0.004: 0.7733, 0.008: 0.7298, 0.016: 0.8033},
        4: {0.004: 0.6919, 0.008: 0.6860, 0.016: 0.7786},
        8: {0.002: 0.6981, 0.004: 0.6585, 0.008: 0.6673},
    },
    "convolution": {
        2: {0.004: 0.7306, 0.008: 0.7047, 0.016: 0.7010, 0.032: 0.7273},
        4: {0.004: 0.7090, 0.008: 0.6940, 0.016: 0.6958},
        8: {0.002: 0.7367, 0.004: 0.7002, 0.008: 0.6965, 0.016: 0.7002},
    },
}
"""Arm -> depth -> rate -> loss on the choosing half, nats/char, on the tuning seed."""


def rate(arm: str, depth: int) -> float:
    """The rate that was best for the arm at this depth, or at the nearest depth that was tuned."""
    nearest = min(TUNING[arm], key=lambda tuned: abs(tuned - depth))
    losses = TUNING[arm][nearest]
    return min(losses, key=losses.__getitem__)


def config(size: Size, arm: str, depth: int, lr: float, seed: int) -> TrainConfig:
    """The settings of one training run."""
    model = replace(size.base.model, n_layer=depth, **ARMS[arm])
    return replace(size.base, model=model, adamw_lr=lr, seed=seed)


def tune(
    size: Size, depths: Sequence[int], rates: Sequence[float] = (2e-3, 4e-3, 8e-3)
) -> dict[str, dict[int, dict[float, float]]]:
    """What `TUNING` holds: the rates given, and further ones while the best is at an edge."""
    corpus = stories(size.characters, TUNING_SEED)
    found: dict[str, dict[int, dict[float, float]]] = {arm: {} for arm in ARMS}
    for arm in ARMS:
        for depth in depths:
            losses: dict[float, float] = {}
            wanted = list(rates)
            while wanted and len(losses) < 7:
                for lr in wanted:
                    losses[lr] = _loss(size, arm, depth, lr, TUNING_SEED, corpus)[0]
                best = min(losses, key=losses.__getitem__)
                edges = {min(losses): min(losses) / 2, max(losses): max(losses) * 2}
                wanted = [edges[best]] if best in edges else []
            found[arm][depth] = dict(sorted(losses.items()))
    return found


def _loss(
    size: Size, arm: str, depth: int, lr: float, seed: int, corpus: Any
) -> tuple[float, float]:
    """Losses on the choosing and on the judging half; log V for a run that blew up."""
    try:
        result = fit(config(size, arm, depth, lr, seed), corpus)
    except ValueError as error:
        if "the loss is" not in str(error) and "held-out loss is" not in str(error):
            raise
        nothing = float(np.log(len(set(corpus.text))))  # it says all characters are equally likely
        return nothing, nothing
    return result.metrics[-1]["val_loss"], result.judge_loss


def measure(profile: Profile, seed: int) -> dict[str, Any]:
    """Loss of every arm at every depth, and how each arm's penalty grows with depth."""
    size = SIZES[profile]
    corpus = stories(size.characters, seed)
    loss = {
        arm: [_loss(size, arm, d, rate(arm, d), seed, corpus)[1] for d in size.depths]
        for arm in ARMS
    }
    whole = np.array(loss[WHOLE])
    penalty = {arm: (np.array(loss[arm]) - whole).tolist() for arm in ARMS if arm != WHOLE}
    slope = {
        arm: float(np.polyfit(np.log2(size.depths), values, 1)[0])
        for arm, values in penalty.items()
    }
    return {
        "depths": list(size.depths),
        "rates": {arm: [rate(arm, d) for d in size.depths] for arm in ARMS},
        "loss_nats": loss,
        "penalty_nats": penalty,
        "slope_nats_per_doubling": slope,
    }


def values(evidence: Evidence) -> list[float]:
    """The three slopes."""
    return [evidence["slope_nats_per_doubling"][arm] for arm in ARMS if arm != WHOLE]


def draw(evidence: Sequence[Evidence]) -> tuple[Figure, str]:
    """Penalty against depth, one line an arm."""
    figure, ax = figures.new("wide")
    depths = evidence[0]["depths"]
    said = []
    for arm in ARMS:
        if arm == WHOLE:
            continue
        runs = [one["penalty_nats"][arm] for one in evidence]
        figures.seeds(ax, depths, runs, name=arm)
        mean = np.mean(runs, axis=0)
        said.append(f"{arm} from {mean[0]:+.3f} to {mean[-1]:+.3f}")
    ax.axhline(0, color="#888888", linewidth=0.8)
    ax.set_xscale("log", base=2)
    ax.set_xticks(depths, [str(d) for d in depths])
    figures.label(ax, x="depth (blocks)", y="added loss (nats/char)")
    ax.legend()
    return figure, (
        f"Loss that each missing part adds, at depths {', '.join(map(str, depths))}, in nats per "
        f"character: {'; '.join(said)}."
    )


EXPERIMENT = Experiment(
    id="why_it_trains",
    title="Residuals, attention and normalisation made depth trainable",
    claim="Residual connections, attention and normalisation together are what made the "
    "transformer trainable and scalable. *We read into it that lacking any of them costs more the "
    "deeper the network is.",
    source="NP24b; He et al. 2015, arXiv:1512.03385; Vaswani et al. 2017, arXiv:1706.03762; "
    "Ba et al. 2016, arXiv:1607.06450",
    criteria=tuple(
        Criterion(
            quantity=f"growth of the penalty, {arm} (nats/char per doubling of depth)",
            threshold=0.0,
        )
        for arm in ARMS
        if arm != WHOLE
    ),
    minutes=3.0,
    measure=measure,
    sizes=SIZES,
    values=values,
    draw=draw,
)

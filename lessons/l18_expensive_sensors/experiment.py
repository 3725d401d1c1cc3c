"""Who should label what a cheap sensor saw, if people label only a few hundred scenes?

Idea:   a scene is a line of Storyland; its label is one of six themes. The expensive sensor sees
        all of it, the cheap one half of the characters, and the cheap one is shipped. People label
        n scenes; 20,000 more were recorded by both sensors and have no label. A reader of the rich
        view learns from the n labels, labels the recordings, and from those a reader of the cheap
        view learns. How much does that close of the gap to people labelling all 20,000?
Source: NP24b; RB22; Gupta, Hoffman & Malik 2016, arXiv:1507.00448; privileged information:
        Lopez-Paz et al. 2016, arXiv:1511.03643.
Run:    python -m lessons ledger expensive_sensors --run
Omits:  what sensors and labels cost; learning from recordings without labels (pretraining,
        consistency); a rich sensor in one town only, against cheap ones in many.

PLACEHOLDER
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from labkit import figures
from labkit.experiment import Criterion
from labkit.in_words import in_words
from lessons.engine.experiment import Evidence, Experiment, Profile
from lessons.l18_expensive_sensors.sensors import (
    Reader,
    Recipe,
    Scenes,
    as_lines,
    auto_label,
    learned,
    nats,
    scenes,
    worth_in_labels,
)
from lessons.lab.training import TUNING_SEED, shrunk
from minigpt.device import Runtime
from minigpt.storyland.holes import theme_posterior

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AT = 400
"""Labels at which the claim is judged."""
LEVELS = (100, AT, 1600)
MORE = 6400
"""Labels that only the cheap reader without a teacher gets, for the curve."""

LABELS = {
    100: Recipe(steps=100, rate=0.005, hide=0.2),
    AT: Recipe(steps=400, hide=0.4),
    1600: Recipe(steps=800, hide=0.2),
    MORE: Recipe(steps=1000),
}
"""Cheap view, people's labels."""
RICH = {
    100: Recipe(steps=400, rate=0.005, hide=0.2),
    AT: Recipe(steps=800, hide=0.2),
    1600: Recipe(steps=800, hide=0.2),
}
"""Rich view, people's labels: the rich teacher."""
ANEW = Recipe(steps=1000, hide=0.3)
"""Rich view of the labelled scenes, with other holes at each step; judged on the cheap view."""
STUDENT = Recipe(steps=1000)
"""Cheap view of the recordings, labelled by people, the rich teacher, or the exact odds."""
OWN = {
    100: Recipe(steps=1000, hide=0.4),
    AT: Recipe(steps=1000, hide=0.4),
    1600: Recipe(steps=1000, hide=0.2),
}
"""The same, labelled by the cheap teacher: what it says is blurred by hiding more of its view."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the experiment is."""

    share: float
    """Of the characters, that the cheap sensor misses."""
    recordings: int
    """Scenes that both sensors saw and nobody labelled."""
    judged: int
    """New scenes, by whose cheap view all are judged."""
    steps: int
    """The most steps of any training."""
    batch: int
    """Lines a step."""
    width: int
    """Features of the network."""


_FULL = Size(share=0.5, recordings=20_000, judged=4000, steps=1000, batch=64, width=48)
SIZES: dict[Profile, Size] = {
    "full": _FULL,
    "ci": shrunk(_FULL, recordings=300, judged=100, steps=4, batch=16, width=8),
}


@dataclass(frozen=True)
class Bench:
    """A seed's scenes, and training on them."""

    size: Size
    seed: int
    pool: Scenes
    """The recordings."""
    new: Scenes
    """Those that judge."""
    labelled: Scenes
    """Those that people label, the first n of them."""

    def reader(self, rows: np.ndarray, targets: np.ndarray, recipe: Recipe) -> Reader:
        """A trained reader; all begin with the same weights."""
        recipe = replace(recipe, steps=min(recipe.steps, self.size.steps))
        return learned(rows, targets, recipe, self.size.width, self.size.batch, self.seed)

    def cheap_loss(self, reader: Reader) -> float:
        """Nats per line on the cheap view of new scenes."""
        return nats(reader(self.new.cheap), self.new.theme)

    def taught(self, teacher: Reader, seen: np.ndarray, recipe: Recipe) -> float:
        """The loss of a student of the recordings, labelled by a teacher of one of their views."""
        examples = auto_label(teacher, seen, self.pool.cheap)
        return self.cheap_loss(self.reader(*examples, recipe))


def bench(size: Size, seed: int) -> Bench:
    """New scenes of a seed."""
    n, judged = size.recordings, size.judged
    all_ = scenes(n + judged + MORE, size.share, seed)
    pool, new = all_[slice(n)], all_[slice(n, n + judged)]
    return Bench(size, seed, pool, new, all_[slice(n + judged, None)])


def measure(profile: Profile, seed: int) -> dict[str, Any]:
    """Losses of every arm, in nats per line of the cheap view."""
    with Runtime(device="cpu", precision="fp32", threads=1).applied():
        return _measured(bench(SIZES[profile], seed))


def _measured(on: Bench) -> dict[str, Any]:
    found: dict[str, Any] = {"labels": {}, "rich teacher": {}, "cheap teacher": {}, "teachers": {}}
    for n in (*LEVELS, MORE):
        some = on.labelled[slice(n)]
        cheap = on.reader(some.cheap, some.theme, LABELS[n])
        found["labels"][str(n)] = on.cheap_loss(cheap)
        if n in RICH:
            rich = on.reader(some.rich, some.theme, RICH[n])
            found["teachers"][str(n)] = nats(rich(on.new.rich), on.new.theme)
            found["rich teacher"][str(n)] = on.taught(rich, on.pool.rich, STUDENT)
            found["cheap teacher"][str(n)] = on.taught(cheap, on.pool.cheap, OWN[n])
    some = on.labelled[slice(AT)]
    found["holes anew"] = on.cheap_loss(on.reader(some.rich, some.theme, ANEW))
    found["all labels"] = on.cheap_loss(on.reader(on.pool.cheap, on.pool.theme, STUDENT))
    odds = theme_posterior(as_lines(on.pool.cheap))
    found["exact odds"] = on.cheap_loss(on.reader(on.pool.cheap, odds, STUDENT))
    found["floor"] = nats(theme_posterior(as_lines(on.new.cheap)), on.new.theme)
    shares = np.bincount(on.new.theme) / len(on.new)
    found["guess"] = float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())
    return found


def tune(arm: str, n: int, recipes: Sequence[Recipe], sure: float = 0.0) -> list[float]:
    """The loss of each recipe on the tuning seed, by which an arm's was chosen.

    "labels", "rich" (judged on the rich view), "anew", "rich teacher" and "cheap teacher" with n
    labels; "all labels".
    """
    on = bench(SIZES["full"], TUNING_SEED)
    some, pool, new = on.labelled[slice(n)], on.pool, on.new
    rows, theme, judged = {
        "rich": (some.rich, some.theme, new.rich),
        "anew": (some.rich, some.theme, new.cheap),
        "all labels": (pool.cheap, pool.theme, new.cheap),
    }.get(arm, (some.cheap, some.theme, new.cheap))
    if arm == "rich teacher":
        rows, theme = auto_label(
            on.reader(some.rich, some.theme, RICH[n]), pool.rich, pool.cheap, sure
        )
    if arm == "cheap teacher":
        teacher = on.reader(some.cheap, some.theme, LABELS[n])
        rows, theme = auto_label(teacher, pool.cheap, pool.cheap, sure)
    return [nats(on.reader(rows, theme, one)(judged), new.theme) for one in recipes]


def closed(evidence: Evidence, loss: float) -> float:
    """The share of the gap between few labels and all of them that is closed by a loss."""
    few, full = evidence["labels"][str(AT)], evidence["all labels"]
    return float((few - loss) / (few - full))


def worth(evidence: Evidence, loss: float) -> float:
    """The number of people's labels of the cheap view that lead to a loss."""
    amounts = [int(n) for n in evidence["labels"]]
    amounts.append(SIZES[evidence["profile"]].recordings)
    return worth_in_labels(amounts, [*evidence["labels"].values(), evidence["all labels"]], loss)


def values(evidence: Evidence) -> list[float]:
    """The share closed by the rich teacher's student, and its lead over the cheap teacher's."""
    rich, cheap = (
        closed(evidence, evidence[who][str(AT)]) for who in ("rich teacher", "cheap teacher")
    )
    return [rich, rich - cheap]


def draw(evidence: Sequence[Evidence]) -> tuple[Figure, str]:
    """Loss against the number of labels: by people alone, and with either teacher."""
    figure, ax = figures.new("wide")
    kinds = {"labels": "labels alone", "cheap teacher": "", "rich teacher": ""}
    for i, (key, name) in enumerate(kinds.items()):
        look = {"color": figures.COLOURS[i], "linestyle": figures.DASHES[i]}
        amounts = [int(n) for n in evidence[0][key]]
        runs = np.array([list(one[key].values()) for one in evidence])
        if key == "labels":
            amounts.append(SIZES[evidence[0]["profile"]].recordings)
            ends = [[one["all labels"]] for one in evidence]
            runs = np.concatenate([runs, ends], axis=1)
        ax.plot(amounts, runs.mean(axis=0), label=name or f"{key}'s student", marker="o", **look)
        for run in runs:
            ax.plot(amounts, run, color=look["color"], linewidth=0.5, linestyle="-")
    anew = float(np.mean([one["holes anew"] for one in evidence]))
    ax.plot([AT], [anew], "s", color=figures.COLOURS[3], label="rich view, holes anew, no teacher")
    lowest = float(np.mean([one["floor"] for one in evidence]))
    ax.axhline(lowest, color="#555555", linewidth=1, linestyle=":")
    ax.annotate("floor: exact odds of the grammar", (100, lowest + 0.02), fontsize=8)
    ax.set_xscale("log")
    ax.set_ylim(0, None)
    figures.label(
        ax,
        x="scenes that people labelled",
        y="loss on the cheap view, nats per line",
        title=f"The cheap sensor misses {SIZES['full'].share:.0%} of the characters",
    )
    ax.legend(fontsize=8)
    return figure, in_words(figure)


EXPERIMENT = Experiment(
    id="expensive_sensors",
    title="A rich sensor at training makes 400 labels do nearly what 20,000 do",
    claim="Train with expensive sensors, and ship with cheap ones. *We read it as: a model that"
    " sees the rich view labels recordings for one that sees the cheap view.",
    source="NP24b; RB22; Gupta, Hoffman & Malik 2016, arXiv:1507.00448",
    criteria=(
        Criterion(
            quantity="share of the gap from 400 labels to 20,000, cheap view, that the rich"
            " teacher's student closes",
            threshold=0.6,
            no_effect=0.0,
        ),
        Criterion(
            quantity="this share minus that of the cheap teacher's student",
            threshold=0.2,
            no_effect=0.0,
        ),
    ),
    seeds=5,
    minutes=1.3,
    measure=measure,
    sizes=SIZES,
    values=values,
    draw=draw,
)

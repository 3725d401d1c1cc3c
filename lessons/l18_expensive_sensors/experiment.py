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

Known before, and why this design. `python -m distill.experiments expensive_sensor` (the next
character, 30 % hidden): the rich teacher's student closed 1.35 [1.18, 1.52] of the gap, and that of
a teacher with the student's own view 1.20 [1.12, 1.28]; the difference, 0.029 nats/char [-0.002,
0.059], is undecided. Its teachers had as many labels as "all labels", so that a share of 0.6 proves
nothing for the sensor, and the placebo there loses by construction. A teacher that sees more is
right more often, but teaches what its student cannot see; the sensor should pay if labels are few.

Arms. "Labels": cheap view, n labels. "Rich teacher" and "cheap teacher": a reader of that view
learns from the n labels, and a student from what it says of the cheap view of 20,000 recordings.
"All labels": people label the recordings. The cheap teacher is the control: labels, recordings,
student and steps are the same, the sensor is not. It wins if most of the gain comes from soft
targets and more scenes, or if the rich teacher teaches what cannot be seen. Shown, not judged:
"holes anew" has the rich view and no teacher: the labelled scenes with other holes at each step, as
anyone could do who can simulate the cheap sensor. "Exact odds": targets that are the exact
p(theme | line with holes), what a perfect teacher with the student's own view would say. The floor
is the loss of those odds. Nothing holds by construction, but a rich teacher that makes hardly a
mistake comes close to people, so that at 400 labels much of (1) is decided by the scenes' words.

Equal: scenes, first weights, 1,000 steps of 64 lines for every student, for "all labels" and for
"holes anew". Not equal: the rich teacher's 800 steps and the cheap one's 400 come on top. "Labels"
has as many steps as are best for it; more make it worse. Counting (naive Bayes on pairs of letters
at most three places apart, smoothed as was best on the judged lines) pays 0.876 at 400 labels of
the cheap view on seed 90, less than the network's 0.965: as baseline it would move (1) by 0.01.

Recipes: nats per line on seed 99, at a rate of 0.01 unless named. A share hidden anew is a
regulariser: labels at 400 (cheap view), 400 steps, hiding 0, 0.2, 0.4: 1.575, 1.123, 0.948; 100
steps: 1.148, 1.216, 1.318; 200 and 800 at 0.4: 1.075, 1.098; rates 0.005, 0.02: 0.976, 1.078.
Rich, 400 labels, rich view, 800 steps, hiding 0, 0.2, 0.4: 0.123, 0.050, 0.083; 400 and 1,600 at
0.2: 0.076, 0.088; rates 0.005, 0.02: 0.075, 0.073. Labels at 100, 100 steps, rate 0.005, hiding
0.2: 1.399 (12 others 1.455 or more). Rich at 100: 400 steps, 0.005, 0.2: 0.321 (14 others 0.327 or
more). Labels at 1,600, 800
steps, hiding 0, 0.2, 0.4: 0.681, 0.432, 0.472; at 6,400, 1,000 steps, 0, 0.2: 0.316, 0.306. Rich at
1,600, 0, 0.2: 0.000, 0.001. Holes anew, 1,000 steps, hiding 0.2, 0.3, 0.4: 0.489, 0.466, 0.488.
Students of 400 labels: rich teacher at rates 0.005, 0.01 0.336, 0.316 (with 1,200 steps at 0.01,
0.02: 0.288, 0.321); hiding more is worse. Cheap teacher, hiding 0, 0.2, 0.4: 0.869, 0.820, 0.786
(0.5, 0.6: 0.823, 0.842); at 100, 0.2, 0.4, 0.6: 1.340, 1.324, 1.322; at 1,600, 0, 0.2, 0.4: 0.435,
0.405, 0.442. Leaving out scenes of which the teacher is less sure than 0.5 or 0.8 changed little:
cheap (hiding 0.2) 0.810, 0.824 for 0.820, rich (0.8) 0.302 for 0.316; none is left out. All labels
at 0.005, 0.01: 0.303, 0.263 (1,200 steps at 0.01, 0.02: 0.256, 0.295; hiding 0.2: 0.285). One seed,
so neighbours are hardly told apart.

Thresholds are the brief's, fixed before any run. Pilots (seeds 90 and 91) gave shares of 0.962 and
0.953, leads of 0.827 and 0.677; with standard deviations of 0.006 and 0.11 three seeds would do.
Five tell more about what is shown. No effect is a share of 0 (the same as 400 labels alone), and no
lead. The gap in the pilots is 0.70 and 0.71. The brief expects the lead to be gone at 1,600
labels; in the pilots it is not.
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
    MORE: Recipe(steps=1000, hide=0.2),
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
    """Loss against the number of labels: offers A to E, as lesson.py calls them."""
    figure, ax = figures.new("wide")
    kinds = {
        "labels": ("A: labels alone", "o"),
        "cheap teacher": ("C: cheap teacher's student", "x"),
        "rich teacher": ("B: rich teacher's student", "^"),
    }
    for i, (key, (name, mark)) in enumerate(kinds.items()):
        look = {"color": figures.COLOURS[i], "linestyle": figures.DASHES[i]}
        amounts = [int(n) for n in evidence[0][key]]
        runs = np.array([list(one[key].values()) for one in evidence])
        if key == "labels":
            amounts.append(SIZES[evidence[0]["profile"]].recordings)
            ends = [[one["all labels"]] for one in evidence]
            runs = np.concatenate([runs, ends], axis=1)
        ax.plot(amounts, runs.mean(axis=0), label=name, marker=mark, **look)
        for run in runs:
            ax.plot(amounts, run, color=look["color"], linewidth=0.5, linestyle="-")
    anew = [one["holes anew"] for one in evidence]
    look = {"color": figures.COLOURS[3], "linestyle": ""}
    ax.plot([AT], [np.mean(anew)], marker="s", label="D: rich view, holes anew, no teacher", **look)
    ax.plot([AT] * len(anew), anew, marker=".", markersize=4, **look)
    most = SIZES[evidence[0]["profile"]].recordings
    full = float(np.mean([one["all labels"] for one in evidence]))
    ax.annotate("E: all labels", (most, full + 0.1), fontsize=8, ha="right")
    lowest = float(np.mean([one["floor"] for one in evidence]))
    ax.axhline(lowest, color="#555555", linewidth=1, linestyle=":")
    ax.annotate("floor: exact odds of the grammar", (100, lowest + 0.02), fontsize=8)
    ticks = [*LEVELS, MORE, SIZES["full"].recordings]
    ax.set_xscale("log")
    ax.set_xticks(ticks, [f"{n:,}" for n in ticks])
    ax.minorticks_off()
    ax.set_ylim(0, None)
    figures.label(
        ax,
        x="scenes that people labelled",
        y="loss on the cheap view, nats per line",
        title=f"The cheap sensor misses {SIZES['full'].share:.0%} of the characters",
    )
    ax.legend(fontsize=8)
    spreads = {"D": anew, "B at 400": [one["rich teacher"][str(AT)] for one in evidence]}
    spread = "; ".join(f"{who} {min(them):.2f} to {max(them):.2f}" for who, them in spreads.items())
    odds = np.mean([one["exact odds"] for one in evidence])
    words = f"E is the last point of A. By seed: {spread}. Exact odds' student: {odds:.3f}."
    return figure, f"{in_words(figure)} {words} The floor is {lowest:.3f}."


EXPERIMENT = Experiment(
    id="expensive_sensors",
    title="With a rich teacher, 400 labels close most of the gap in loss to 20,000",
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
    minutes=1.1,
    measure=measure,
    sizes=SIZES,
    values=values,
    draw=draw,
)

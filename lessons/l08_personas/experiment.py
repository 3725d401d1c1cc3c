"""Personas against collapse: does asking as somebody bring back what a model has lost?

Idea:   a tiny GPT learns what thousands of personas do, then learns from its own answers, drawn a
        little too cold, until few of them are left. Asked as a cook, as a spy, it may still give
        others. What is cheaper has to be beaten: a higher temperature, top-p, a random code in the
        prompt, each at its best among the settings that write no worse than personas do.
Source: personas as prompts: Ge et al. 2024, arXiv:2406.20094; effective number: M. O. Hill 1973;
        top-p: Holtzman et al. 2020, arXiv:1904.09751.
Run:    python -m lessons ledger personas --run
Omits:  pretrained models, and personas that know one another.

How it is judged was changed once, openly. The ratio itself was judged before, on seeds 0, 1 and 2
(6.2, 2.3, 7.6): an interval from -1.4 to 12.1, undecided, for worlds differ by factors. Now its
logarithm is; threshold and measurement stayed. Pilots 90, 91 and 92 gave 4.8, 5.9 and 5.1, by which
three seeds would decide. But the three old ones scatter five times as much, and by them five would
with 92 %, six with 98 %. So six, from seed 10 on (5.25 [2.70, 10.2], reproduced).

The meter has since learned to estimate better what a field tells where a field has many values,
which changes the entropy budget that is shown beside the ratio and nothing that is judged. So that
all of a row is what its code prints, everything is measured once more: criterion, threshold and
number of seeds as they were, on seeds 20 to 25, worlds that nobody has looked at.

Everything is `synthdata.personas`, and so is the criterion. A healthy model is measured beside the
collapsed one: at temperature 1 it draws as its text does, with or without personas, so there is
nothing for them to widen. No criterion is about it; a gain there would mean a fault in the measure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from labkit import figures
from lessons.engine.experiment import Evidence, Experiment, Profile
from synthdata import personas
from synthdata.personas import evidence as persona_evidence
from synthdata.personas import figures as experiment_figures
from synthdata.personas.evidence import CONTROLS, CRITERION, Result, from_plain

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZES: dict[Profile, personas.Profile] = {
    "full": personas.profile("full"),
    "ci": replace(
        personas.profile("ci", n=100),
        lines=100,
        steps=10,
        n_layer=1,
        controls=personas.controls((1.5,), ()),
    ),
}


def measure(profile: Profile, seed: int) -> dict[str, Any]:
    """Every arm of one seed, its entropy budget and the two ratios."""
    found = personas.run(SIZES[profile], seed)
    return {
        **persona_evidence.plain(found),
        "ratio": found.ratio,
        "calibrated_ratio": found.calibrated_ratio,
    }


def values(evidence: Evidence) -> list[float]:
    """Personas over the best control."""
    return [evidence["ratio"]]


def compared(evidence: Evidence) -> dict[str, float]:
    """Effective number of distinct outputs of every arm that the verdict is about.

    A control is taken at its best setting that writes no worse, and left out where there is none.
    """
    found = from_plain(evidence)
    arms = {
        "healthy": found.arm("healthy", "none"),
        "healthy, personas": found.arm("healthy", "personas"),
        "collapsed": found.arm("collapsed", "none"),
        **{f"best {kind}": found.best(kind) for kind in CONTROLS},
        "personas": found.personas,
    }
    return {name: arm.effective for name, arm in arms.items() if arm is not None}


def draw(evidence: Sequence[Evidence]) -> tuple[Figure, str]:
    """Left: what each arm reaches at equal quality. Right: quality against variety."""
    figure, (left, right) = figures.new("wide", 1, 2)
    table = [compared(one) for one in evidence]
    names = ["healthy", "healthy, personas", "collapsed"]
    names += [*(f"best {kind}" for kind in CONTROLS), "personas"]
    said = []
    for place, name in enumerate(names):
        runs = [row[name] for row in table if name in row]
        if not runs:
            said.append(f"{name}: no setting writes as well")
            continue
        colour = "#bbbbbb" if name.startswith("healthy") else figures.COLOURS[1]
        colour = figures.COLOURS[2] if name == "personas" else colour
        left.barh(place, np.mean(runs), color=colour)
        left.plot(runs, [place] * len(runs), "k.", markersize=4)
        left.text(np.max(runs) * 1.15, place, f"{np.mean(runs):.3g}", va="center", fontsize=8)
        said.append(f"{name}: {np.mean(runs):.1f}")
    left.set_yticks(range(len(names)), names, fontsize=8)
    left.invert_yaxis()
    left.set_xscale("log")
    left.set_xlim(1, 3 * left.get_xlim()[1])
    figures.label(left, x="effective number of distinct outputs", y="")
    found = tuple(from_plain(one) for one in evidence)
    size = SIZES[evidence[0]["profile"]]
    experiment_figures.quality(right, Result(profile=size, evidence=found))
    right.legend(fontsize=7)
    ratios = ", ".join(f"{one['ratio']:.2f}" for one in evidence)
    healthy = ", ".join(f"{one['calibrated_ratio']:.2f}" for one in evidence)
    return figure, (
        f"Effective number of distinct outputs, means over seeds: {'; '.join(said)}. Personas over "
        f"the best control, by seed: {ratios}. Healthy model, with over without personas: "
        f"{healthy}. Right: the same number against the share of grammatical outputs."
    )


EXPERIMENT = Experiment(
    id="personas",
    title="A collapsed GPT gives more varied answers if it is asked in a persona",
    claim="Personas make output more varied: a model that gives a few answers over and over gives "
    "others when it is asked in a persona. *We read into it that this must beat cheaper ways "
    "(temperature, top-p, random codes) that write no worse.",
    source="NP24b; Ge et al. 2024, arXiv:2406.20094",
    criteria=(CRITERION,),
    seeds=6,
    first_seed=20,
    minutes=2.1,
    measure=measure,
    sizes=SIZES,
    values=values,
    draw=draw,
)

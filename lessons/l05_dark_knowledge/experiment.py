"""One small network, with a teacher and without: how much of the distance does it make up?

Idea:   a small transformer learns from 5 % of a text and from all of it: on labels alone (the
        characters that came), taught by a larger transformer that has read all of the text, and
        taught by an n-gram that has counted the student's own share. The gap is what the teacher
        is better by than the best student on labels alone. If a teacher's distributions hold what
        the labels leave out, much of the gap closes where labels are few, and little is gained
        where they are plenty.
Source: Hinton et al. 2015, arXiv:1503.02531 (sections 3 and 5: soft targets where data are few);
        the control of equal compute after MobileLLM, arXiv:2402.14905, where distilling lost.
Run:    python -m lessons ledger dark_knowledge --run
Omits:  several teachers (one, from one seed, teaches all students: the intervals do not cover what
        another would change); a rate tuned for the teacher.

Where things are not equal, and for whom. The teacher has read 20 times the text of the student at
5 %: that is the claim, and why the n-gram of the student's own text is shown beside it. Labels
alone may take any length up to the compute that a taught student and its teacher's answers cost,
and every arm keeps its best checkpoint; a taught student always trains for all its steps, which at
5 % may be longer than labels alone want to. Sizes and steps were chosen by their time alone.

`RECIPES` is what `tune()` found on a seed that is not judged, once, before any judged run. Loss on
the choosing half (nats/char) at rates 0.5, 1, 2:
- labels at 5 %, 300 steps: 2.301, 2.319, 2.361 (and, tried by hand, 2.319 at 0.25); at rate 1 no
  better with 75 (2.421), 150 (2.359) or 884 steps (2.378);
- labels at 100 %, 300 steps: 2.008, 1.939, 1.912; 884 steps: 1.767, 1.739, 1.734 (and, tried by
  hand, 1.733 at 4);
- taught by the GPT at 5 %: 2.060, 1.991, 1.964; at 100 %: 1.917, 1.859, 1.825;
- taught by the n-gram at 5 %: 2.242, 2.203, 2.213. At 100 % the tuning was cut short, and the rate
  is that of 5 %; this arm is in no criterion.
The taught may want rates above 2; that they have not got them is to their disadvantage.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from distill import costs
from distill.arms import Arms, Setting, Sweep, Trained, best_choose, setting
from distill.compare import COMPUTE, COUNTED, NGRAM, TAUGHT, TOKENS
from distill.evaluate import calibration_error, side_by_side
from distill.settings import DistillConfig
from distill.teachers import ModelTeacher, Teacher
from labkit import figures
from labkit.experiment import Criterion
from lessons.engine.experiment import Evidence, Experiment, Profile
from lessons.engine.training import BASE
from minigpt import corpora
from minigpt.evaluate import score
from minigpt.loop import train
from minigpt.model import GPTConfig
from minigpt.nextchar import NextChar
from minigpt.settings import TrainConfig

if TYPE_CHECKING:
    from matplotlib.figure import Figure

UNJUDGED = 100
"""Seed of the tuning, and of the teacher."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the experiment is."""

    text: str
    """A corpus; the last tenth is held out, its first half chooses, its second judges."""
    shares: tuple[float, float]
    """Of the training text, that the student gets: little, and all."""
    student: TrainConfig
    """Of every arm; labels alone may take fewer or more steps."""
    teacher: GPTConfig
    """Its shape."""
    teacher_steps: int
    """On all of the text."""
    sweep: Sweep
    """Of the tuning."""


SIZES: dict[Profile, Size] = {
    "full": Size(
        text="shakespeare",
        shares=(0.05, 1.0),
        student=replace(
            BASE,
            steps=300,
            eval_every=75,
            batch_size=16,
            muon_lr=0.04,
            adamw_lr=6e-3,
            model=GPTConfig(n_layer=1, n_head=2, n_embd=64, context=64),
        ),
        teacher=GPTConfig(n_layer=2, n_head=4, n_embd=128, context=64),
        teacher_steps=600,
        sweep=Sweep(rates=(0.5, 1.0, 2.0), lengths=(0.25, 0.5)),
    ),
    "ci": Size(
        text="storyland:20000",
        shares=(0.1, 1.0),
        student=replace(
            BASE,
            steps=16,
            warmup=2,
            eval_every=8,
            batch_size=8,
            muon_lr=0.04,
            adamw_lr=6e-3,
            model=GPTConfig(n_layer=1, n_head=2, n_embd=16, context=32),
        ),
        teacher=GPTConfig(n_layer=1, n_head=2, n_embd=32, context=32),
        teacher_steps=40,
        sweep=Sweep(rates=(1.0,), lengths=(0.5,)),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How an arm is trained."""

    steps: int
    """Optimiser steps."""
    rate: float
    """What the student's learning rates are multiplied by."""


RECIPES: dict[str, tuple[Recipe, Recipe]] = {
    TOKENS: (Recipe(steps=300, rate=0.5), Recipe(steps=300, rate=2.0)),
    COMPUTE: (Recipe(steps=300, rate=0.5), Recipe(steps=884, rate=4.0)),
    TAUGHT: (Recipe(steps=300, rate=2.0), Recipe(steps=300, rate=2.0)),
    COUNTED: (Recipe(steps=300, rate=1.0), Recipe(steps=300, rate=1.0)),
}
"""Arm -> its recipe with little text, and with all, as tuned at full profile."""


@functools.cache
def teacher_of(profile: Profile) -> tuple[ModelTeacher, float]:
    """The teacher, trained on all labels, and its loss on the judging half; nats/char."""
    size = SIZES[profile]
    corpus = corpora.load(size.text)
    config = replace(
        size.student, seed=UNJUDGED, steps=size.teacher_steps, eval_every=0, model=size.teacher
    )
    teacher = ModelTeacher(train(config, corpus).model)
    return teacher, score(Teacher(teacher), teacher.tokenizer.encode(corpus.judge)).nats


def settings(profile: Profile) -> list[Setting]:
    """Teacher, student and text, for each share of the text."""
    size = SIZES[profile]
    teacher, corpus = teacher_of(profile)[0], corpora.load(size.text)
    return [
        setting(teacher, size.student, corpus, DistillConfig(data_fraction=share))
        for share in size.shares
    ]


def affordable(what: Setting) -> int:
    """How many steps on labels alone cost what being taught costs, the teacher's part included."""
    return costs.equal_compute_steps(what.student, what.teacher, len(what.teacher.tokenizer))


def arms(what: Setting, train: Arms) -> dict[str, Trained]:
    """The student in four ways."""
    return {
        TOKENS: train.labels(TOKENS, what.student.steps),
        COMPUTE: train.labels(COMPUTE, affordable(what)),
        TAUGHT: train.taught(TAUGHT, what.teacher),
        COUNTED: train.taught(COUNTED, what.counted),
    }


def tune(profile: Profile = "full") -> dict[str, tuple[Recipe, ...]]:
    """Length (of labels alone), then rate, for each arm and share, by the choosing half."""
    found: dict[str, list[Recipe]] = {}
    for what in settings(profile):
        trained = arms(what, Arms(what, [UNJUDGED], SIZES[profile].sweep, print))
        for name, one in trained.items():
            found.setdefault(name, []).append(Recipe(steps=one.steps, rate=one.rate))
    return {name: tuple(recipes) for name, recipes in found.items()}


def by_recipe(what: Setting, recipes: dict[str, Recipe], seed: int) -> dict[str, Trained]:
    """The student in four ways, each as tuned; two arms of one recipe are one training."""
    done: dict[tuple[bool, str, Recipe], Trained] = {}
    found = {}
    for name, recipe in recipes.items():
        labels = name in (TOKENS, COMPUTE)
        key = (labels, "" if labels else name, recipe)
        if key not in done:
            here = replace(what, student=replace(what.student, steps=recipe.steps))
            train = Arms(here, [seed], Sweep(rates=(recipe.rate,), lengths=()))
            teacher = what.teacher if name == TAUGHT else what.counted
            done[key] = train.labels(name, recipe.steps) if labels else train.taught(name, teacher)
        found[name] = done[key]
    return found


def recipes_for(profile: Profile, what: Setting, place: int) -> dict[str, Recipe]:
    """The tuned recipes at full profile; untuned ones where only the code is tried."""
    if profile == "full":
        return {name: recipes[place] for name, recipes in RECIPES.items()}
    same = Recipe(steps=what.student.steps, rate=1.0)
    longer = Recipe(steps=affordable(what), rate=1.0)
    return {TOKENS: same, COMPUTE: longer, TAUGHT: same, COUNTED: same}


def measure(profile: Profile, seed: int) -> dict[str, Any]:
    """Losses (nats/char) and calibration errors of every arm at every share of the text."""
    teacher_loss = teacher_of(profile)[1]
    parts = [
        _part(what, recipes_for(profile, what, place), seed)
        for place, what in enumerate(settings(profile))
    ]
    gained = [part["losses"][part["baseline"]] - part["losses"][TAUGHT] for part in parts]
    few = parts[0]
    return {
        "text": SIZES[profile].text,
        "shares": list(SIZES[profile].shares),
        "teacher": teacher_loss,
        "parts": parts,
        "gained_nats": gained,
        "gap_closed": gained[0] / (few["losses"][few["baseline"]] - teacher_loss),
        "gain_left": gained[1] / gained[0],
    }


def _part(what: Setting, recipes: dict[str, Recipe], seed: int) -> dict[str, Any]:
    judge = what.teacher.tokenizer.encode(what.corpus.judge)
    trained = by_recipe(what, recipes, seed)
    results = {name: one.results[0] for name, one in trained.items()}
    models: dict[str, NextChar] = {name: result.model for name, result in results.items()}
    models[NGRAM] = what.counted
    losses = {name: result.judge_loss for name, result in results.items()}
    losses[NGRAM] = score(what.counted, judge).nats
    return {
        "characters": len(what.ids),
        "losses": losses,
        "calibration": {
            name: calibration_error(side_by_side(model, judge), judge[1:])
            for name, model in models.items()
        },
        "steps": {name: one.steps for name, one in trained.items()},
        "flops": {name: one.flops for name, one in trained.items()},
        "baseline": min((TOKENS, COMPUTE), key=lambda name: best_choose(results[name])),
    }


def values(evidence: Evidence) -> list[float]:
    """The share of the gap that is closed with little text, and what is left of the gain."""
    return [evidence["gap_closed"], evidence["gain_left"]]


NAMES = {
    TOKENS: "labels,\nequal\nsteps",
    COMPUTE: "labels,\nequal\ncompute",
    TAUGHT: "taught\nby the\nGPT",
    COUNTED: "taught\nby the\nn-gram",
    NGRAM: "the\nn-gram\nitself",
}


def draw(evidence: Sequence[Evidence]) -> tuple[Figure, str]:
    """Left: the loss of every arm. Right: what being taught gains over labels alone."""
    figure, (left, right) = figures.new("wide", 1, 2)
    said, ends = [], []
    for i, share in enumerate(evidence[0]["shares"]):
        runs = np.array([[one["parts"][i]["losses"][arm] for arm in NAMES] for one in evidence])
        where = np.arange(len(NAMES)) + 0.3 * (i - 0.5)
        left.plot(
            where,
            runs.mean(0),
            "os"[i],
            fillstyle="none",
            markersize=9,
            label=f"{share:.0%} of the text",
        )
        for row in runs:
            left.plot(where, row, "k.", markersize=3)
        each = ", ".join(
            f"{NAMES[arm]} {loss:.3f}".replace("\n", " ") for arm, loss in zip(NAMES, runs.mean(0))
        )
        said.append(f"with {share:.0%} of the text: {each}")
        ends += [runs.min(), runs.max()]
    teacher = float(np.mean([one["teacher"] for one in evidence]))
    left.axhline(teacher, color="#444444", linewidth=1, linestyle=":")
    left.text(-0.25, teacher, "the GPT that teaches", fontsize=8, va="bottom")
    low, high = min(*ends, teacher), max(ends)
    left.set_ylim(low - 0.1 * (high - low), high + 0.35 * (high - low))
    left.set_xticks(range(len(NAMES)), list(NAMES.values()), fontsize=8)
    figures.label(left, x="way of training", y="loss (nats/char)")
    left.legend(fontsize=8, loc="upper right")
    characters = [part["characters"] for part in evidence[0]["parts"]]
    for arm in (TAUGHT, COUNTED):
        curves = [
            [part["losses"][part["baseline"]] - part["losses"][arm] for part in one["parts"]]
            for one in evidence
        ]
        name = NAMES[arm].replace("\n", " ")
        figures.seeds(right, characters, curves, name=name)
        gains = ", ".join(f"{gain:+.3f}" for gain in np.mean(curves, axis=0))
        said.append(f"{name}, gain {gains} nats")
    right.axhline(0, color="#444444", linewidth=1, linestyle=":")
    right.set_xscale("log")
    right.set_xticks(characters, [f"{count:,}" for count in characters])
    right.minorticks_off()
    figures.label(right, x="characters the student reads", y="gain over labels alone (nats/char)")
    right.legend(fontsize=8)
    return figure, f"Loss in nats per character; the teacher {teacher:.3f}; {'; '.join(said)}."


EXPERIMENT = Experiment(
    id="dark_knowledge",
    title="A teacher's whole prediction is worth most where labels are few",
    claim="Much of what a large model knows can be packed into a small one by distillation; *it "
    "pays where the small one's own data are short, and little where they are plenty.",
    source="NP24a, NP24b, SEQ24; dark knowledge: Hinton et al. 2015",
    criteria=(
        Criterion(quantity="share of the gap closed at 5% of the text", threshold=0.5),
        Criterion(
            quantity="gain with all of the text over gain at 5%",
            threshold=1 / 3,
            direction="<=",
            no_effect=1.0,
        ),
    ),
    minutes=3,
    measure=measure,
    sizes=SIZES,
    values=values,
    draw=draw,
)

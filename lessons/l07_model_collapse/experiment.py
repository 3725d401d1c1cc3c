"""A chain of models, each learning from the one before: what is lost, and which data stop the loss.

Idea:   four sources (categories, a normal distribution, an n-gram on real text, a tiny GPT on
        storyland) under four regimes. replace: the next model sees only what the last one wrote.
        accumulate: all that was written so far, and the first real data. fresh: a tenth of each
        round is new and real. real: all of it is, the control that shows what chance does.
Source: Shumailov et al., Nature 631 (2024), arXiv:2305.17493; Gerstgrasser et al. 2024,
        arXiv:2404.01413; Alemohammad et al. 2023, arXiv:2307.01850; Seddik et al. 2024,
        arXiv:2404.05090 (the formula). The laboratory is synthdata.collapse, and the criteria are
        those of synthdata.collapse_verdict, written there before anything was run.
Run:    python -m lessons ledger model_collapse --run
Omits:  large models, and any reader who would notice the errors and throw the text away.

The control: with nothing to the claim, replace would do what `real` does, and its slope would lie
around 0. Sizes were chosen by time alone. Temperature is reported beside, without a criterion.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from labkit import figures
from labkit.experiment import Criterion
from lessons.engine.experiment import Evidence, Experiment, Profile
from minigpt import corpora
from minigpt.model import GPTConfig
from synthdata.collapse import Expected, Row, Sampler, Source, Table, collapse
from synthdata.collapse_expected import agreement_replace, agreement_variance
from synthdata.collapse_passages import Passages
from synthdata.collapse_sources import Gaussian, Multinomial
from synthdata.collapse_text import GPTSource, NGramSource, Stories, tiny
from synthdata.collapse_verdict import HALF, STANDARD_ERRORS, TENTH, against_theory, questions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

REGIMES = ("replace", "accumulate", "fresh", "real")
SOURCES = ("multinomial", "gaussian", "ngram", "gpt")
CHEAP = SOURCES[:3]
"""The GPT goes without fresh: each regime of it costs as much as all of theirs."""
CLAIMED = {"replace": SOURCES, "accumulate": SOURCES, "fresh": CHEAP}
WRITTEN = {"multinomial": "types", "gaussian": "variance", "ngram": "real_types"}
WRITTEN["gpt"] = "real_types"
"""What is left of the variety, beside the error."""
COLD = Sampler(temperature=0.9)


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large the experiment is."""

    chains: Mapping[str, int]
    """Chains of each source that one seed runs; their mean counts as the seed's value."""
    generations: Mapping[str, int]
    """After the first."""
    text: str
    """The corpus of the n-gram."""
    passages: int
    """Of 500 characters, in a round."""
    stories: int
    """In a round."""
    judges: int
    """Stories by which a GPT is judged; an n-gram by 20 times as many characters."""
    steps: int
    """Of training, of each GPT."""
    shape: GPTConfig
    """Of each GPT."""


SIZES: dict[Profile, Size] = {
    "full": Size(
        chains={"multinomial": 100, "gaussian": 200, "ngram": 1, "gpt": 1},
        generations={"multinomial": 20, "gaussian": 20, "ngram": 6, "gpt": 5},
        text="shakespeare",
        passages=120,
        stories=1000,
        judges=500,
        steps=120,
        shape=tiny().model,
    ),
    "ci": Size(
        chains={"multinomial": 10, "gaussian": 40, "ngram": 1, "gpt": 1},
        generations={"multinomial": 6, "gaussian": 6, "ngram": 2, "gpt": 1},
        text="storyland:12000",
        passages=6,
        stories=20,
        judges=12,
        steps=6,
        shape=GPTConfig(n_layer=1, n_head=2, n_embd=16, context=16),
    ),
}


def source(size: Size, name: str) -> Source:
    """What is fitted."""
    if name == "multinomial":
        return Multinomial()
    if name == "gaussian":
        return Gaussian()
    if name == "ngram":
        texts = Passages(corpus=corpora.load(size.text), judges=20 * size.judges)
        return NGramSource(texts, n=size.passages)
    config = replace(tiny(), steps=size.steps, model=size.shape)
    return GPTSource(Stories(judges=size.judges), n=size.stories, config=config)


def regimes(name: str) -> tuple[str, ...]:
    """Under which a source is run."""
    return tuple(r for r in REGIMES if name in CLAIMED.get(r, SOURCES))


def measure(profile: Profile, seed: int) -> dict[str, Any]:
    """Error and variety of every source under every regime, generation by generation."""
    size = SIZES[profile]
    found: dict[str, Any] = {}
    for name in SOURCES:
        count = size.chains[name]
        table = collapse(
            source(size, name),
            regimes=regimes(name),
            generations=size.generations[name],
            seeds=range(seed * count, (seed + 1) * count),
        )
        kept = [table.error, WRITTEN[name], *(["sum_p2"] if name == "multinomial" else [])]
        found[name] = {
            "source": table.source,
            "error": table.error,
            "chains": count,
            "units": {m: table.units[m] for m in kept},
            "values": {
                regime: {m: table.values(regime, m).mean(axis=0).tolist() for m in kept}
                for regime in regimes(name)
            },
        }
    return {"sources": found, "cold": _cold(size, seed)}


def _cold(size: Size, seed: int) -> dict[str, Any]:
    """Categories sampled at temperature 0.9 under replace: how many are left, and their error."""
    count, generations = size.chains["multinomial"], size.generations["multinomial"]
    table = collapse(
        Multinomial(),
        regimes=("replace",),
        sampler=COLD,
        generations=generations,
        seeds=range(seed * count, (seed + 1) * count),
    )
    mean = {m: table.values("replace", m).mean(axis=0).tolist() for m in ("kl", "types")}
    return {"temperature": COLD.temperature, **mean}


def as_table(evidence: Sequence[Evidence], name: str) -> Table:
    """One source's table, in which a seed's value is the mean over its chains.

    All that is asked of it (slopes, steps, rises) is linear, so that nothing is lost by averaging
    first; what theory says about the spread is divided by the root of the number of chains.
    """
    first = evidence[0]["sources"][name]
    rows = [
        Row(regime=regime, generation=g, seed=one["seed"], measure=m, value=value)
        for one in evidence
        for regime, measures in one["sources"][name]["values"].items()
        for m, curve in measures.items()
        for g, value in enumerate(curve)
    ]
    made = Multinomial()
    n, s0 = made.n, float(made.truth @ made.truth)
    expected = {
        ("replace", "sum_p2", g): Expected(
            mean=agreement_replace(g, n, s0),
            sd=math.sqrt(agreement_variance(g, n, made.truth) / first["chains"]),
        )
        for g in {row.generation for row in rows}
        if name == "multinomial"
    }
    return Table(
        source=first["source"],
        error=first["error"],
        units=first["units"],
        sampler="plain",
        n=n,
        rows=tuple(rows),
        expected=expected,
    )


def together(evidence: Sequence[Evidence]) -> list[list[float]]:
    """One list a seed: every source's values under replace, accumulate, fresh; then the formula.

    First steps and rises by which others are divided are means over all seeds, as in
    `collapse_verdict`. Where there is no first step, or no rise, to divide by, the value is 1:
    nothing is shown. The distance from the formula is that of all chains together, and the same
    for all seeds, since its standard error is in its unit.
    """
    tables = {name: as_table(evidence, name) for name in SOURCES}
    said = {
        (name, asked.regime): asked.values
        for name, table in tables.items()
        for asked in questions(table)
    }
    none = (1.0,) * len(evidence)
    columns = [said.get((name, r), none) for r, names in CLAIMED.items() for name in names]
    ((_, _, z),) = against_theory(tables["multinomial"])
    return [[*numbers, abs(z)] for numbers in zip(*columns)]


def values(evidence: Evidence) -> list[float]:
    """One seed's own."""
    return together([evidence])[0]


def draw(evidence: Sequence[Evidence]) -> tuple[Figure, str]:
    """The error of each source, generation by generation."""
    figure, axes = figures.new("tall", 2, 2)
    units = {
        "multinomial": "error: KL (bits)",
        "gaussian": "error: KL (bits)",
        "ngram": "error: loss on real text (bits/char)",
        "gpt": "error: loss on real text (bits/char)",
    }
    titles = {
        "multinomial": "50 categories",
        "gaussian": "normal distribution",
        "ngram": "5-gram on " + evidence[0]["sources"]["ngram"]["source"].split(" on ")[-1],
        "gpt": "tiny GPT on storyland",
    }
    said = []
    for ax, name in zip(axes.flat, SOURCES):
        error = evidence[0]["sources"][name]["error"]
        measured = [one["sources"][name]["values"] for one in evidence]
        for regime in REGIMES:
            if regime not in measured[0]:
                ax.plot([], [])  # a regime keeps its colour
                continue
            curves = [values[regime][error] for values in measured]
            figures.seeds(ax, range(len(curves[0])), curves, name=regime)
            mean = np.mean(curves, axis=0)
            said.append(f"{titles[name]} under {regime}: {mean[0]:.3g} to {mean[-1]:.3g}")
        ax.locator_params(axis="x", integer=True)
        figures.label(ax, x="generation", y=units[name], title=titles[name])
    axes.flat[0].legend(fontsize=8)
    figure.set_size_inches(8.0, 6.0)
    return figure, f"Error of each generation, first to last, in bits: {'; '.join(said)}."


_UNITS = {
    "multinomial": "bits a generation",
    "gaussian": "bits a generation",
    "ngram": "bits/char a generation",
    "gpt": "bits/char a generation",
}
NO_COLLAPSE = 56.0
"""Standard errors that 300 chains of 50 categories and 200 draws would lie from the formula after
20 generations if the agreement stayed what one sample of the truth has, by `agreement_variance`."""


EXPERIMENT = Experiment(
    id="model_collapse",
    title="Who learns from his own writing alone forgets the world",
    claim="A set of synthetic data that looks fine and has lost its variety spoils what is trained "
    "on it; over generations of models* the distribution collapses. (*: our reading.)",
    source="NP24a; Shumailov et al. 2024, arXiv:2305.17493; Gerstgrasser et al. 2024, "
    "arXiv:2404.01413; Alemohammad et al. 2023, arXiv:2307.01850; Seddik et al. 2024, "
    "arXiv:2404.05090",
    criteria=(
        *(
            Criterion(quantity=f"{name}, replace: slope of the error ({unit})", threshold=0)
            for name, unit in _UNITS.items()
        ),
        *(
            Criterion(
                quantity=f"{name}, accumulate: last step / first step",
                threshold=HALF,
                direction="<=",
                no_effect=1,
            )
            for name in SOURCES
        ),
        *(
            Criterion(
                quantity=f"{name}, fresh: rise / rise under replace",
                threshold=TENTH,
                direction="<=",
                no_effect=1,
            )
            for name in CHEAP
        ),
        Criterion(
            quantity="multinomial, replace: distance from the formula (standard errors)",
            threshold=STANDARD_ERRORS,
            direction="<=",
            no_effect=NO_COLLAPSE,
        ),
    ),
    minutes=1.7,
    measure=measure,
    sizes=SIZES,
    values=values,
    together=together,
    draw=draw,
)

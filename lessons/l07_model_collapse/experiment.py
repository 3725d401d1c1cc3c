"""A chain of models, each learning from the one before: what is lost, and which data stop the loss.

Idea:   four sources (categories, a normal distribution, an n-gram on real text, a tiny GPT on
        storyland) under four regimes. replace: the next model sees only what the last one wrote.
        accumulate: all that was written so far, and the first real data. fresh: a tenth of each
        round is new and real. real: all of it is, the control that shows what chance does.
Source: Shumailov et al., Nature 631 (2024), arXiv:2305.17493; Gerstgrasser et al. 2024,
        arXiv:2404.01413; Alemohammad et al. 2023, arXiv:2307.01850; Seddik et al. 2024,
        arXiv:2404.05090 (the formula). The laboratory is synthdata.collapse, and the criteria are
        those of synthdata.collapse.criteria.
Run:    python -m lessons ledger model_collapse --run
Omits:  large models, and any reader who would notice the errors and throw the text away.

Each seed is compared with itself. Its shares are plain ratios, for what they are divided by lies
far from 0: late rises under replace are 0.12 bits and more in all pilots, with a spread between
seeds of 0.02 to 0.05. They have no logarithm, since a rise that the claim says is about 0 may be
below it. The control: with nothing to the claim, replace would do what `real` does, its slope would
lie around 0 and its agreement NO_COLLAPSE standard errors from the formula; accumulate and fresh
would do what replace does. Temperature is reported beside, without a criterion.

Fixed on 2026-11-29 from pilot seeds 90 to 93, which are never judged, with the sizes as they are.
- accumulate was at first asked for a last step of at most half the first. Over halves, which are
  less noisy, that ratio was 0.56, 0.54, 0.34 and 0.39 for the GPT, which 20 seeds would not decide;
  and under replace it was 0.50 to 0.53 for the categories and 0.38 to 0.51 for the GPT, so that the
  control all but met it. Late rise over late rise under replace was 0.39, 0.45, 0.21 and 0.36 for
  the GPT, at most 0.14 for all others; half of replace's is asked for, as before half of the first.
- fresh was 0.17 to 0.65, z of the formula -1.1, 1.3, -0.2 and 1.2.
- 8 seeds decide the GPT's share under accumulate with 90 %; all else needs 3 or 4.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from labkit import figures
from labkit.experiment import Criterion
from lessons.engine.experiment import Evidence, Experiment, Profile
from minigpt import corpora
from minigpt.layers import GPTConfig
from synthdata.collapse import Sampler, Source, collapse
from synthdata.collapse.criteria import HALF, STANDARD_ERRORS, TENTH, early, late, rise, slopes
from synthdata.collapse.sources.distributions import Gaussian, Multinomial
from synthdata.collapse.sources.passages import Passages
from synthdata.collapse.sources.texts import GPTSource, NGramSource, Stories, tiny
from synthdata.collapse.theory import agreement_replace, agreement_variance

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
        generations={"multinomial": 6, "gaussian": 6, "ngram": 2, "gpt": 2},
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


def values(evidence: Evidence) -> list[float]:
    """Of every source its slope under replace; its late rise under accumulate over that under
    replace; its rise under fresh over that under replace; and how far the categories' chains are
    from the formula.
    """
    curves = {
        name: {r: np.array([v[found["error"]]]) for r, v in found["values"].items()}
        for name, found in evidence["sources"].items()
    }
    return [
        *(float(slopes(curves[name]["replace"])[0]) for name in SOURCES),
        *(_share(late, curves[name], "accumulate") for name in SOURCES),
        *(_share(rise, curves[name], "fresh") for name in CHEAP),
        abs(from_formula(evidence)),
    ]


def _share(
    of: Callable[[np.ndarray], np.ndarray], curves: Mapping[str, np.ndarray], regime: str
) -> float:
    """A seed's rise over its own under replace; 1, which shows nothing, where there is none."""
    under_replace = float(of(curves["replace"])[0])
    return float(of(curves[regime])[0]) / under_replace if under_replace > 0 else 1.0


def slowing(evidence: Sequence[Evidence], name: str, regime: str) -> float:
    """Late over early rise of a source's error, both means over seeds."""
    found = [one["sources"][name] for one in evidence]
    curves = np.array([source["values"][regime][source["error"]] for source in found])
    return float(late(curves).mean() / early(curves).mean())


def from_formula(evidence: Evidence) -> float:
    """z of one seed: standard errors by which the mean agreement of its own chains under replace
    lies above the formula, in the last generation."""
    found = evidence["sources"]["multinomial"]
    measured = found["values"]["replace"]["sum_p2"]
    made, g = Multinomial(), len(measured) - 1
    expected = agreement_replace(g, made.n, float(made.truth @ made.truth))
    error = math.sqrt(agreement_variance(g, made.n, made.truth) / found["chains"])
    return (measured[-1] - expected) / error


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
NO_COLLAPSE = 32.0
"""Standard errors that 100 chains of 50 categories and 200 draws would lie from the formula after
20 generations if the agreement stayed what one sample of the truth has, by `agreement_variance`."""


EXPERIMENT = Experiment(
    id="model_collapse",
    title="A model trained only on its own text forgets the world",
    claim="Synthetic data can look fine and still have lost its variety, and a model trained on "
    "such data is worse. *We read into it that over generations of models the distribution "
    "collapses.",
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
                quantity=f"{name}, accumulate: late rise / late rise under replace",
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
    seeds=8,
    first_seed=10,
    minutes=1.4,
    measure=measure,
    sizes=SIZES,
    values=values,
    draw=draw,
)

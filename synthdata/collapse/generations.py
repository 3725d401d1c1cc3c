"""The laboratory of collapse: fit, sample, fit again on the samples, and watch what is lost.

Idea:   a source (what is fitted) x a regime (what the next generation trains on) x a sampler (how
        its model is sampled), run for some generations and seeds. Each generation looks like the
        one before it; only the table of all of them shows that the tails go first.
Source: Shumailov et al., Nature 631 (2024), arXiv:2305.17493 (replace); Gerstgrasser et al. 2024,
        arXiv:2404.01413 (accumulate); Kazdan et al. 2024, arXiv:2410.16713 (accumulate-subsample).
Run:    python -m synthdata collapse multinomial --regime replace,accumulate
Omits:  the sources themselves (`collapse.sources`).

Data are a sequence of examples: an array whose rows are examples, or a list of texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from synthdata.collapse.regimes import PLAIN, REGIMES, Regime, Sampler, regime
from synthdata.collapse.table import Expected, Row, Table

__all__ = [
    "REGIMES",
    "Expected",
    "Generation",
    "Predicted",
    "Regime",
    "Row",
    "Sampler",
    "Source",
    "Table",
    "chain",
    "collapse",
    "generation_zero",
    "regime",
]

Data = Any
"""Examples: np.ndarray [n, ...] or list[str]."""


@runtime_checkable
class Source(Protocol):
    """A source: it knows the truth, how to fit a model, and how to draw from both."""

    @property
    def name(self) -> str:
        """Name for tables and titles."""
        ...

    @property
    def n(self) -> int:
        """Examples in each round."""
        ...

    @property
    def error(self) -> str:
        """The measure that says how far a model is from the truth; larger is worse."""
        ...

    @property
    def units(self) -> dict[str, str]:
        """Every measure that it may give, with its unit."""
        ...

    def real(self, n: int, rng: np.random.Generator) -> Data:
        """`n` examples of the truth."""
        ...

    def fit(self, data: Data, rng: np.random.Generator) -> Any:
        """The model fitted to `data`."""
        ...

    def sample(self, model: Any, n: int, rng: np.random.Generator, sampler: Sampler) -> Data:
        """`n` examples sampled from the model."""
        ...

    def measures(self, model: Any, written: Data) -> dict[str, float]:
        """Measures of what is left; `written` are n examples sampled from this model."""
        ...


@runtime_checkable
class Predicted(Protocol):
    """A source with theoretical values."""

    def expected(
        self, regime: Regime, measure: str, generation: int, sampler: Sampler
    ) -> Expected | None:
        """Mean of a measure; None if theory is silent."""
        ...


@dataclass(frozen=True, kw_only=True)
class Generation:
    """One round of a chain."""

    number: int
    """Its number; 0 is fitted to real data alone."""
    data: Data
    """Its training data."""
    model: Any
    """The fitted model."""
    written: Data
    """n examples sampled from the model."""
    measures: dict[str, float]
    """Measures of this model."""


def chain(
    source: Source,
    regime: Regime,
    *,
    sampler: Sampler = PLAIN,
    generations: int,
    seed: int,
    first: Generation | None = None,
) -> Iterator[Generation]:
    """Generation 0 (real data), then one generation after the other.

    `first` is a generation 0 of the same source and seed, which need not be fitted again. The draws
    of a purpose and generation are seeded by them and `seed` alone, so that regimes meet the same
    real data and the same luck. ValueError if the regime asks for texts and there are none.
    """
    last = first or generation_zero(source, sampler=sampler, seed=seed)
    yield last
    given = [last.data]
    for number in range(1, generations + 1):
        given.append(_new_data(source, regime, last, sampler, seed, number))
        data = _joined(given) if regime.keep_all else given[-1]
        if regime.constant and len(data) > source.n:
            data = _drawn(data, source.n, _rng(seed, number, "choose"))
        last = _generation(source, number, data, sampler, seed)
        yield last


def generation_zero(source: Source, *, sampler: Sampler = PLAIN, seed: int) -> Generation:
    """The model of real data with which every regime begins."""
    return _generation(source, 0, source.real(source.n, _rng(seed, 0, "real")), sampler, seed)


def collapse(
    source: Source,
    *,
    regimes: Sequence[Regime | str] = ("replace", "accumulate"),
    sampler: Sampler = PLAIN,
    generations: int = 20,
    seeds: int | Sequence[int] = 3,
    report: Callable[[int, int], None] | None = None,
) -> Table:
    """Run every regime for every seed and collect the measures in one table.

    `seeds` is a number of seeds, from 0 on, or the seeds themselves; `report` is called with the
    number of models fitted and the total. ValueError on an unknown regime, and fewer than one
    generation or seed.
    """
    chosen = [regime(r) if isinstance(r, str) else r for r in regimes]
    numbers = range(seeds) if isinstance(seeds, int) else seeds
    _check(chosen, generations, numbers)
    total, done = len(numbers) * (1 + len(chosen) * generations), 0
    rows: list[Row] = []

    def count() -> None:
        nonlocal done
        done += 1
        if report:
            report(done, total)

    for seed in numbers:
        first = generation_zero(source, sampler=sampler, seed=seed)
        count()
        for each in chosen:
            steps = chain(
                source, each, sampler=sampler, generations=generations, seed=seed, first=first
            )
            for step in steps:
                rows += [
                    Row(
                        regime=each.name,
                        generation=step.number,
                        seed=seed,
                        measure=measure,
                        value=value,
                    )
                    for measure, value in step.measures.items()
                ]
                if step.number:
                    count()
    measured = {row.measure for row in rows}
    return Table(
        source=source.name,
        error=source.error,
        units={m: unit for m, unit in source.units.items() if m in measured},
        sampler=str(sampler),
        n=source.n,
        rows=tuple(rows),
        expected=_expected(source, chosen, generations, sampler),
    )


def _expected(
    source: Source, regimes: Sequence[Regime], generations: int, sampler: Sampler
) -> dict[tuple[str, str, int], Expected]:
    """Theoretical values by (regime, measure, generation), if there are any."""
    found: dict[tuple[str, str, int], Expected] = {}
    if not isinstance(source, Predicted):
        return found
    for each in regimes:
        for measure in source.units:
            for generation in range(generations + 1):
                value = source.expected(each, measure, generation, sampler)
                if value is not None:
                    found[each.name, measure, generation] = value
    return found


def _check(regimes: Sequence[Regime], generations: int, seeds: Sequence[int]) -> None:
    if not regimes:
        raise ValueError(f"name a regime: {', '.join(REGIMES)}")
    names = [each.name for each in regimes]
    if len(set(names)) < len(names):
        raise ValueError(f"each regime once, got {', '.join(names)}")
    if not 1 <= generations <= 10_000:
        raise ValueError(f"generations run from 1 to 10,000, got {generations}")
    if not len(seeds):
        raise ValueError("seeds are at least 1, got 0")


_PURPOSES = ("real", "fit", "sample", "write", "choose")


def _rng(seed: int, generation: int, purpose: str) -> np.random.Generator:
    return np.random.default_rng([seed, generation, _PURPOSES.index(purpose)])


def _generation(source: Source, number: int, data: Data, sampler: Sampler, seed: int) -> Generation:
    model = source.fit(data, _rng(seed, number, "fit"))
    written = source.sample(model, source.n, _rng(seed, number, "write"), sampler)
    measures = source.measures(model, written)
    return Generation(number=number, data=data, model=model, written=written, measures=measures)


def _new_data(
    source: Source, regime: Regime, last: Generation, sampler: Sampler, seed: int, number: int
) -> Data:
    """New data of a round: real, the last model's, or some of both; n examples."""
    real = round(regime.real_share * source.n)
    parts = []
    if real < source.n:
        if regime.curated:
            parts.append(_curated(source, last, sampler, seed, number))
        elif real:
            rng = _rng(seed, number, "sample")
            parts.append(source.sample(last.model, source.n - real, rng, sampler))
        else:
            parts.append(last.written)
    if real:
        parts.append(source.real(real, _rng(seed, number, "real")))
    return _joined(parts)


def _curated(source: Source, last: Generation, sampler: Sampler, seed: int, number: int) -> Data:
    from synthdata.similarity.curation import curate

    if not isinstance(last.written, list):
        raise ValueError(
            f"curating chooses among texts, and {source.name} has none; use ngram, gpt"
        )
    more = source.sample(last.model, source.n, _rng(seed, number, "sample"), sampler)
    texts = [*last.written, *more]
    kept = curate(texts, drop=["near-duplicates"], budget=source.n, seed=seed).kept
    return [texts[i] for i in kept]


def _joined(parts: Sequence[Data]) -> Data:
    if len(parts) == 1:
        return parts[0]
    if isinstance(parts[0], list):
        return [text for part in parts for text in part]
    return np.concatenate(parts)


def _drawn(data: Data, n: int, rng: np.random.Generator) -> Data:
    """`n` different examples."""
    chosen = rng.choice(len(data), n, replace=False)
    return [data[i] for i in chosen] if isinstance(data, list) else data[chosen]

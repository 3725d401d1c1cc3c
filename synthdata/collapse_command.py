"""The command `collapse`: from its options to a table, a figure, a verdict and a line of JSON.

Idea:   a profile is a source with its sizes; `full` is what is published, `ci` the same code in
        seconds.
Run:    python -m synthdata collapse gpt --html collapse.html
Omits:  the experiment itself (`collapse`) and its judgement (`collapse_verdict`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from labkit import figures, files
from minigpt import corpora
from synthdata import plots, progress, record, report
from synthdata.collapse import Regime, Sampler, Source, collapse, regime
from synthdata.collapse_sources import Gaussian, Linear, Multinomial, zipf_source
from synthdata.collapse_table import Table
from synthdata.collapse_verdict import Judgement, headline, in_words, judge
from synthdata.measures import Measure
from synthdata.options import CollapseOptions
from synthdata.reading import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from synthdata.collapse_text import Texts

_SHOWN = ("real_types", "types", "sum_p2", "entropy", "variance")
_MOST_WORK = 100_000_000
"""Examples that a run fits at most; more is taken for a slip of the pen."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A source and how long it is watched."""

    make: Callable[[int | None, str | None], Source]
    """From n and the text, None for the profile's own."""
    regimes: tuple[str, ...] = ("replace", "accumulate", "fresh", "real")
    """By default."""
    generations: int
    """After the first."""
    seeds: int
    """Chains of each regime."""


def _categories(n: int | None, _: str | None) -> Source:
    return Multinomial() if n is None else Multinomial(n=n)


def _normal(n: int | None, _: str | None) -> Source:
    return Gaussian() if n is None else Gaussian(n=n)


def _line(n: int | None, _: str | None) -> Source:
    return Linear() if n is None else Linear(n=n)


def _words(n: int | None, _: str | None) -> Source:
    return zipf_source() if n is None else zipf_source(n=n)


def _ngram(stories: int, passages: int, judges: int) -> Callable[[int | None, str | None], Source]:
    def make(n: int | None, data: str | None) -> Source:
        from synthdata.collapse_text import NGramSource

        texts, size = _texts(data, stories, passages, judges)
        return NGramSource(texts, n=size if n is None else n)

    return make


def _gpt(n: int | None, data: str | None) -> Source:
    from synthdata.collapse_text import GPTSource

    texts, size = _texts(data or "storyland", 2000, 120, 1000)
    return GPTSource(texts, n=size if n is None else n)


def _tiny_gpt(n: int | None, data: str | None) -> Source:
    from minigpt.model import GPTConfig
    from synthdata.collapse_text import GPTSource, tiny

    texts, size = _texts(data or "storyland", 200, 10, 100)
    shape = GPTConfig(n_layer=1, n_head=2, n_embd=32, context=32)
    config = replace(tiny(), steps=40, model=shape)
    return GPTSource(texts, n=size if n is None else n, config=config)


def _texts(data: str | None, stories: int, passages: int, judges: int) -> tuple[Texts, int]:
    """The text, judged by so many stories (of real text, 20 characters each), and how many of its
    texts make a round."""
    from synthdata.collapse_passages import Passages
    from synthdata.collapse_text import Stories

    if data == "storyland":
        return Stories(judges=judges), stories
    if data is None:
        corpus, said = corpora.load_default()
        if said:
            print(said, file=sys.stderr)
    else:
        corpus = corpora.load(data)
    return Passages(corpus=corpus, judges=20 * judges), passages


PROFILES: dict[str, dict[str, Profile]] = {
    "full": {
        "multinomial": Profile(make=_categories, generations=20, seeds=100),
        "gaussian": Profile(make=_normal, generations=20, seeds=100),
        "linear": Profile(make=_line, generations=20, seeds=100),
        "zipf": Profile(make=_words, generations=20, seeds=20),
        "ngram": Profile(make=_ngram(2000, 120, 1000), generations=6, seeds=5),
        "gpt": Profile(
            make=_gpt, regimes=("replace", "accumulate", "real"), generations=5, seeds=3
        ),
    },
    "ci": {
        "multinomial": Profile(make=_categories, generations=6, seeds=5),
        "gaussian": Profile(make=_normal, generations=6, seeds=5),
        "linear": Profile(make=_line, generations=6, seeds=5),
        "zipf": Profile(make=_words, generations=6, seeds=3),
        "ngram": Profile(make=_ngram(300, 20, 200), generations=3, seeds=3),
        "gpt": Profile(make=_tiny_gpt, regimes=("replace", "real"), generations=2, seeds=3),
    },
}


def run(settings: CollapseOptions) -> int:
    """Do what the options say; the exit code."""
    known = PROFILES[settings.profile]
    if settings.source not in known:
        raise ValueError(f"no source {settings.source!r}; choose one of {', '.join(known)}")
    if settings.data is not None and settings.source not in ("ngram", "gpt"):
        raise ValueError(f"--data is for ngram and gpt; {settings.source} makes its own data")
    profile = known[settings.source]
    names = [name.strip() for name in settings.regime.split(",") if name.strip()]
    chosen = [regime(name) for name in names or profile.regimes]
    sampler = Sampler(temperature=settings.temperature, top_k=settings.top_k, top_p=settings.top_p)
    generations = settings.generations or profile.generations
    count = settings.seeds or profile.seeds
    seeds = range(settings.first_seed, settings.first_seed + count)
    source = profile.make(settings.n, settings.data)
    work = source.n * generations * count * len(chosen)
    if work > _MOST_WORK:
        raise ValueError(
            f"{len(chosen)} regimes x {generations:,} generations x {count:,} seeds x "
            f"{source.n:,} examples are too many; use fewer of one of them"
        )
    table = _with_bar(source, chosen, sampler, generations, seeds)
    judged = judge(table)
    made = _report(table, judged, settings)
    sys.stdout.write(report.terminal(made))
    figure = _figure(table) if settings.html or settings.png else None
    if settings.png and figure:
        figures.save(figure, settings.png, alt=_alt(table))
    if settings.html and figure:
        picture = report.Figure(
            title="Generation by generation",
            image=figures.html(figure, alt=_alt(table)),
            caption=_caption(table),
        )
        files.write_text(settings.html, report.to_html(replace(made, figures=(picture,))))
    if settings.csv:
        files.write_text(settings.csv, table.to_csv())
    for path in (settings.html, settings.png, settings.csv):
        if path:
            sys.stdout.write(f"\nwritten: {path}\n")
    if settings.json:
        sys.stdout.write(record.line(to_record(table, judged, made)) + "\n")
    return 0


def _with_bar(
    source: Source, regimes: list[Regime], sampler: Sampler, generations: int, seeds: range
) -> Table:
    from tqdm import tqdm

    with tqdm(
        desc=source.name,
        unit=" models",
        delay=progress.DELAY,
        file=sys.stderr,
        disable=None,
        leave=False,
    ) as bar:

        def tell(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return collapse(
            source,
            regimes=regimes,
            sampler=sampler,
            generations=generations,
            seeds=seeds,
            report=tell,
        )


def _report(
    table: Table, judged: tuple[Judgement, ...], settings: CollapseOptions
) -> report.Report:
    seeds = len(table.seeds)
    measured = [
        _measure(table, name, measure) for name in table.regimes for measure in shown(table)
    ]
    errors = [m for m in measured if m.name.endswith(table.error)]
    return report.Report(
        title=f"Collapse of {table.source}: {table.generations} generations, {seeds} seeds",
        verdict=Verdict(
            text=_sentence(headline(table, judged)),
            confidence="none" if not judged else "high" if seeds >= 10 else "medium",
            because=" ".join(in_words(table, judged)),
        ),
        headlines=tuple(errors[:3]),
        measures=tuple(m for m in measured if m not in errors[:3]),
        table=_by_regime(table),
        table_title=f"Means over {seeds} seeds",
        provenance={
            "source": table.source,
            "examples a round": f"{table.n:,}",
            "sampler": table.sampler,
            "generations": str(table.generations),
            "seeds": f"{table.seeds[0]} to {table.seeds[-1]}",
            "profile": settings.profile,
            "version": version("cognitive-core"),
        },
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def shown(table: Table) -> tuple[str, ...]:
    """The measures worth a picture: the error, and up to three of variety."""
    others = [m for m in _SHOWN if m in table.units and m != table.error]
    if "real_types" in others:
        others = ["real_types", "types", "entropy"]
    return (table.error, *others[:3])


def _measure(table: Table, name: str, measure: str) -> Measure:
    found = table.interval(name, measure, table.generations)
    ends = {"low": found.low, "high": found.high} if found.n > 1 else {}
    return Measure(
        name=f"{name}: {measure}",
        value=found.value,
        n=found.n,
        method=f"generation {table.generations}, Student's t over seeds",
        unit=table.units[measure],
        direction="neither",
        **ends,
    )


def _by_regime(table: Table) -> tuple[tuple[str, ...], ...]:
    last = table.generations
    columns = sorted({0, 1, last // 2, last})
    head = ("regime", "measure", *(f"g{g}" for g in columns), f"theory g{last}", "z")
    rows = []
    for name in table.regimes:
        for measure in table.units:
            theory = table.expected.get((name, measure, last))
            z = table.z(name, measure, last)
            means = table.values(name, measure).mean(axis=0)
            rows.append(
                (
                    name,
                    measure,
                    *(report.number(float(means[g])) for g in columns),
                    "" if theory is None else report.number(theory.mean),
                    "" if z != z else f"{z:+.1f}",
                )
            )
    return (head, *rows)


def _figure(table: Table) -> Figure:
    measures = shown(table)
    with figures.style():
        size, rows, columns = ("wide", 1, 1) if len(measures) == 1 else ("tall", 2, 2)
        figure, axes = figures.new(size, rows, columns)
        places = [axes] if len(measures) == 1 else list(axes.flat)
        for i, (ax, measure) in enumerate(zip(places, measures)):
            plots.generations(ax, table, measure, legend=i == 0)
        for ax in places[len(measures) :]:
            ax.remove()
        figures.caption(figure, _caption(table))
        return figure


def _caption(table: Table) -> str:
    theory = "; crosses: what theory says" if table.expected else ""
    return (
        f"{table.source}, n = {table.n:,} a round, {table.sampler}, {len(table.seeds)} seeds.\n"
        f"Shaded: 95 % interval of the mean{theory}."
    )


def _alt(table: Table) -> str:
    """What the figure shows, in numbers."""
    parts = []
    for measure in shown(table):
        for name in table.regimes:
            means = table.values(name, measure).mean(axis=0)
            parts.append(f"{measure} under {name} from {means[0]:.3g} to {means[-1]:.3g}")
    return f"{table.source} over {table.generations} generations: " + "; ".join(parts) + "."


def to_record(table: Table, judged: tuple[Judgement, ...], made: report.Report) -> dict[str, Any]:
    """The JSON object that `record` describes."""
    results = [
        {
            "regime": name,
            "generation": generation,
            "measures": [_numbers(table, name, measure, generation) for measure in table.units],
        }
        for name in table.regimes
        for generation in range(table.generations + 1)
    ]
    return {
        "schema": record.SCHEMA,
        "version": record.VERSION,
        "command": "collapse",
        "verdict": {
            "text": made.verdict.text,
            "confidence": made.verdict.confidence,
            "because": made.verdict.because,
        },
        "source": table.source,
        "n": table.n,
        "sampler": table.sampler,
        "generations": table.generations,
        "seeds": list(table.seeds),
        "results": results,
        "judgements": [
            {
                "regime": j.regime,
                "criterion": j.criterion,
                "value": record.finite(j.measured.value),
                "low": record.finite(j.measured.low),
                "high": record.finite(j.measured.high),
                "verdict": j.verdict,
                "control": j.control,
            }
            for j in judged
        ],
        "provenance": dict(made.provenance),
    }


def _numbers(table: Table, name: str, measure: str, generation: int) -> dict[str, Any]:
    found = table.interval(name, measure, generation)
    numbers: dict[str, Any] = {
        "name": measure,
        "unit": table.units[measure],
        "value": record.finite(found.value),
        "low": record.finite(found.low),
        "high": record.finite(found.high),
    }
    theory = table.expected.get((name, measure, generation))
    if theory is not None:
        numbers["expected"] = theory.mean
        numbers["z"] = record.finite(table.z(name, measure, generation))
    return numbers

"""The command `collapse`: from its options to a table, a figure, a verdict and a line of JSON.

Idea:   a profile is a source with its sizes; `full` is what is published, `ci` the same code in
        seconds.
Run:    python -m synthdata collapse gpt --html collapse.html
Omits:  the experiment itself (`collapse.generations`) and its judgement (`collapse.criteria`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from labkit import figures, files, progress
from minigpt import corpora
from synthdata.collapse import report as reporting
from synthdata.collapse.criteria import judge
from synthdata.collapse.generations import Source, collapse
from synthdata.collapse.options import CollapseOptions
from synthdata.collapse.regimes import Regime, Sampler, regime
from synthdata.collapse.sources.distributions import Gaussian, Linear, Multinomial, zipf_source
from synthdata.collapse.table import Table
from synthdata.report import publish, structure, terminal
from synthdata.report.structure import Report

if TYPE_CHECKING:
    from synthdata.collapse.sources.texts import Texts

_MOST_WORK = 100_000_000
"""Most examples that a run fits; more is taken for a typing error."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A source and the size of its run."""

    make: Callable[[int | None, str | None], Source]
    """Makes the source from n and the text, None for the profile's own."""
    regimes: tuple[str, ...] = ("replace", "accumulate", "fresh", "real")
    """Default regimes."""
    generations: int
    """Generations after the first."""
    seeds: int
    """Chains for each regime."""


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
        from synthdata.collapse.sources.texts import NGramSource

        texts, size = _texts(data, stories, passages, judges)
        return NGramSource(texts, n=size if n is None else n)

    return make


def _gpt(n: int | None, data: str | None) -> Source:
    from synthdata.collapse.sources.texts import GPTSource

    texts, size = _texts(data or "storyland", 2000, 120, 1000)
    return GPTSource(texts, n=size if n is None else n)


def _tiny_gpt(n: int | None, data: str | None) -> Source:
    from minigpt.layers import GPTConfig
    from synthdata.collapse.sources.texts import GPTSource, tiny

    texts, size = _texts(data or "storyland", 200, 10, 100)
    shape = GPTConfig(n_layer=1, n_head=2, n_embd=32, context=32)
    config = replace(tiny(), steps=40, model=shape)
    return GPTSource(texts, n=size if n is None else n, config=config)


def _texts(data: str | None, stories: int, passages: int, judges: int) -> tuple[Texts, int]:
    """The text, judged by `judges` stories (20 characters of real text each), and its texts per
    round."""
    from synthdata.collapse.sources.passages import Passages
    from synthdata.collapse.sources.texts import Stories

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
        "gaussian": Profile(make=_normal, generations=20, seeds=400),
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
    """Run the options; the exit code."""
    known = PROFILES[settings.profile]
    if settings.source not in known:
        raise ValueError(f"no source {settings.source!r}; choose one of {', '.join(known)}")
    if settings.data is not None and settings.source not in ("ngram", "gpt"):
        raise ValueError(f"--data is for ngram and gpt; {settings.source} makes its own data")
    profile = known[settings.source]
    names = [name.strip() for name in settings.regime.split(",")] if settings.regime else []
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
    made = reporting.to_report(table, judged, settings.profile)
    sys.stdout.write(terminal.terminal(made))
    if settings.html or settings.png:
        made = _drawn(table, made, settings)
    if settings.csv:
        files.write_text(settings.csv, table.to_csv())
    publish.deliver(
        settings,
        made,
        lambda: reporting.to_record(table, judged, made),
        also=(settings.png, settings.csv),
    )
    return 0


def _drawn(table: Table, made: Report, settings: CollapseOptions) -> Report:
    """The report with its picture, which is also written alone if that was asked for."""
    alt = reporting.alt(table)
    caption = "Thick lines are means over seeds; with five seeds or fewer each is a thin line."
    if "real" in table.regimes:
        caption += " What does not rise above the control, real, has not drifted."
    with figures.style():
        figure = reporting.figure(table)
        if settings.png:
            figures.save(figure, settings.png, alt=alt)
        picture = structure.Figure(
            title="Generation by generation",
            image=figures.html(figure, alt=alt),
            caption=caption,
        )
    return replace(made, figures=(picture,))


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

"""A run of the laboratory as a report, a figure and a record.

Idea:   the table holds every number; this module chooses which are shown, and how.
Run:    python -m synthdata collapse zipf --html zipf.html --json
Omits:  judging (`collapse.criteria`) and drawing (`collapse.figures`).
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from labkit import figures
from synthdata.collapse.criteria import Question, headline, in_words
from synthdata.collapse.figures import generations
from synthdata.collapse.table import Table
from synthdata.diversity.measure import Measure
from synthdata.report import record, structure
from synthdata.verdicts.verdict import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHOWN = ("real_types", "types", "sum_p2", "entropy", "variance")


def to_report(table: Table, judged: tuple[Question, ...], profile: str) -> structure.Report:
    """The verdict, the error of each regime, and all means; without a picture."""
    seeds = len(table.seeds)
    measured = [
        _measure(table, name, measure) for name in table.regimes for measure in shown(table)
    ]
    errors = [m for m in measured if m.name.endswith(table.error)]
    return structure.Report(
        title=f"Collapse of {table.source}: {table.generations} generations, {seeds} seeds",
        verdict=Verdict(
            text=_sentence(headline(table, judged)),
            confidence="none" if not judged else "high" if seeds >= 10 else "medium",
            because=" ".join(in_words(table, judged)),
        ),
        headlines=tuple(errors[:3]),
        measures=tuple(m for m in measured if m not in errors[:3]),
        tables=(structure.Table(title=f"Means over {seeds} seeds", rows=_by_regime(table)),),
        provenance={
            "source": table.source,
            "examples a round": f"{table.n:,}",
            "sampler": table.sampler,
            "generations": str(table.generations),
            "seeds": f"{table.seeds[0]} to {table.seeds[-1]}",
            "profile": profile,
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
    return Measure.over_seeds(
        f"{name}: {measure}",
        found,
        n=found.n,
        method=f"generation {table.generations}, Student's t over seeds",
        unit=table.units[measure],
    )


def _by_regime(table: Table) -> tuple[tuple[str, ...], ...]:
    last = table.generations
    columns = sorted({0, 1, last // 2, last})
    head = ("regime", "measure", *(f"g{g}" for g in columns))
    rows = []
    for name in table.regimes:
        for measure in table.units:
            means = table.values(name, measure).mean(axis=0)
            known = _theory(table, name, measure, last) if table.expected else ()
            rows.append(
                (name, measure, *(structure.number(float(means[g])) for g in columns), *known)
            )
    return ((*head, f"theory g{last}", "z") if table.expected else head, *rows)


def _theory(table: Table, name: str, measure: str, generation: int) -> tuple[str, str]:
    """Theoretical value and z; empty if there is none."""
    theory = table.expected.get((name, measure, generation))
    z = table.z(name, measure, generation)
    return "" if theory is None else structure.number(theory.mean), "" if z != z else f"{z:+.1f}"


def figure(table: Table) -> Figure:
    """The measures worth a picture over generations, a line for each regime, with a caption."""
    measures = shown(table)
    with figures.style():
        size, rows, columns = ("wide", 1, 1) if len(measures) == 1 else ("tall", 2, 2)
        figure, axes = figures.new(size, rows, columns)
        places = [axes] if len(measures) == 1 else list(axes.flat)
        for i, (ax, measure) in enumerate(zip(places, measures)):
            generations(ax, table, measure, legend=i == 0)
        for ax in places[len(measures) :]:
            ax.remove()
        figures.caption(figure, caption(table))
        return figure


def caption(table: Table) -> str:
    """Caption: source, n, sampler, seeds, and what is shaded."""
    theory = "; crosses: what theory says" if table.expected else ""
    return (
        f"{table.source}, n = {table.n:,} a round, {table.sampler}, {len(table.seeds)} seeds.\n"
        f"Shaded: 95 % interval of the mean{theory}."
    )


def alt(table: Table) -> str:
    """What the figure shows, in numbers."""
    parts = []
    for measure in shown(table):
        for name in table.regimes:
            means = table.values(name, measure).mean(axis=0)
            first, last = structure.number(float(means[0])), structure.number(float(means[-1]))
            parts.append(f"{measure} under {name} from {first} to {last}")
    return f"{table.source} over {table.generations} generations: " + "; ".join(parts) + "."


def to_record(table: Table, judged: tuple[Question, ...], made: structure.Report) -> dict[str, Any]:
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
        **record.head("collapse", made),
        "source": table.source,
        "n": table.n,
        "sampler": table.sampler,
        "generations": table.generations,
        "seeds": list(table.seeds),
        "results": results,
        "judgements": [
            {
                "regime": j.regime,
                "criterion": str(j.criterion),
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

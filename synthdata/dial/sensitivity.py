"""Which metric detects which disease, and which raises a false alarm.

Idea:   trust a metric once it has found a planted disease and stayed calm without one. The diseases
        are the dials of `synthdata.dial.corpora`.
Source: own construction; sensitivity and false alarms as in any diagnostic test.
Run:    python -m synthdata.dial --runs 20 --healthy-runs 60
Omits:  strengths in between; `--strength` turns all dials together.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from labkit import files
from synthdata.comparison.compare import compare
from synthdata.comparison.equal_terms import Match
from synthdata.comparison.pool import GAPS
from synthdata.dial.corpora import CONTROLS, DIALS, LENGTH, beside, make
from synthdata.diversity import entropy, hill
from synthdata.diversity.abundance import count_documents
from synthdata.diversity.quantities import REGISTRY
from synthdata.diversity.rarefaction import rarefied
from synthdata.similarity import cosine, near_duplicates, repeats, self_bleu, vendi
from synthdata.text.ngrams import count
from synthdata.text.tokens import Tokens, encode

Metric = Callable[[Sequence[str], Tokens], float]
"""A number about texts. Its quantity (the part of its name before a comma) tells which direction
means less variety."""


def _per_tokens(tokens: Tokens, q: int) -> float:
    return rarefied(count(tokens, 1), LENGTH * tokens.documents, q)


def _characters(texts: Sequence[str], n: int) -> float:
    return entropy.entropy(count(encode(texts, "character"), n))


METRICS: dict[str, Metric] = {
    "hill0, equal tokens": lambda _, t: _per_tokens(t, 0),
    "hill1, equal tokens": lambda _, t: _per_tokens(t, 1),
    "hill2, equal tokens": lambda _, t: _per_tokens(t, 2),
    "hill1, raw": lambda _, t: hill.hill(count(t, 1), 1),
    "chao1": lambda _, t: hill.chao1(count(t, 1)),
    "words_entropy_source": lambda _, t: entropy.entropy(count(t, 1)),
    "words2_entropy_source": lambda _, t: entropy.entropy(count(t, 2)),
    "characters5_entropy_source": lambda x, _: _characters(x, 5),
    "documents_hill1": lambda x, _: hill.hill(count_documents(x), 1),
    "documents_chao1": lambda x, _: hill.chao1(count_documents(x)),
    "distinct2": lambda _, t: len(count(t, 2)) / count(t, 2).sum(),
    "self_bleu": lambda _, t: float(self_bleu.self_bleu(t).mean()),
    "cosine": lambda _, t: cosine.mean_cosine(t),
    "vendi": lambda _, t: vendi.vendi_ngrams(t)[0],
    "near_duplicates": lambda x, _: near_duplicates.near_duplicates(x).share,
    "top3_clusters": lambda x, _: near_duplicates.near_duplicates(x).top_share(3),
    "repeated": lambda x, _: repeats.repeats(x).share,
    "xz_ratio": lambda x, _: repeats.xz_ratio(x),
}
WINDOWED = ("hill0", "hill1", "hill2", "self_bleu")
COMPARED: dict[str, tuple[Match, str]] = {
    **{gap.key: ("tokens", gap.key) for gap in GAPS.values()},
    **{f"{GAPS[name].key}, window": ("window", GAPS[name].key) for name in WINDOWED},
}
"""Measures of a comparison with a healthy collection: the quantity equalised, and the measure."""


def _losses(texts: Sequence[str], reference: Sequence[str], seed: int) -> list[bool]:
    """Whether each measure of `COMPARED` has its whole interval on the side of less variety."""
    found = {
        "tokens": compare(texts, reference, permutations=0, seed=seed),
        "window": compare(
            texts, reference, match="window", quantities=WINDOWED, permutations=0, seed=seed
        ),
    }
    measures = [found[match].measure(name) for match, name in COMPARED.values()]
    return [m.low > 0 if m.name.endswith("_difference") else m.high < 1 for m in measures]


def _less(metric: str) -> float:
    """1 if less variety makes this metric high, -1 if it makes it low."""
    quantity = REGISTRY[metric.partition(",")[0]]
    return 1.0 if quantity.direction == "lower is more varied" else -1.0


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Print which metric detects which disease."""

    documents: int = 200
    """Documents in each collection."""
    strength: float = 0.3
    """Strength of each dial, 0 to 1."""
    runs: int = 40
    """Collections for each dial."""
    healthy_runs: int = 200
    """Healthy collections, the baseline: an alarm is beyond 95 % of them."""
    seed: int = 0
    """Seed of all collections."""
    write: str | None = None
    """Write one collection of each kind into this folder, as JSON lines, and measure nothing."""

    def __post_init__(self) -> None:
        for name in ("documents", "runs", "healthy_runs"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is at least 1, got {getattr(self, name)}")
        if self.healthy_runs < 20:
            raise ValueError(f"a 95 % limit takes 20 healthy runs, got {self.healthy_runs}")
        if not 0 <= self.strength <= 1:
            raise ValueError(f"strength lies between 0 and 1, got {self.strength}")


def collections(settings: Settings) -> int:
    """Number of collections measured: healthy ones of both kinds, and those of each dial."""
    return 2 * settings.healthy_runs + settings.runs * len(DIALS)


def alarms(
    settings: Settings, report: Callable[[int, int], None] | None = None
) -> dict[str, dict[str, float]]:
    """Share of collections that raise an alarm, by metric and dial.

    In a dial's column that is the metric's sensitivity, in a control's its rate of false alarms. A
    metric raises an alarm by a value on the side of less variety that at most 5 % of healthy
    collections reach; a comparison, made with a fresh healthy collection as the reference, if its
    whole 95 % interval lies on that side (as a gate's rule `hill1_ratio>=1` would fail). Healthy
    for bursty documents are bursty ones that did not grow longer. `report` is called with the
    number of collections done and the total.
    """
    total = collections(settings)
    done = 0

    def values(texts: Sequence[str]) -> list[float]:
        nonlocal done
        tokens = encode(texts, "word")
        found = [metric(texts, tokens) for metric in METRICS.values()]
        done += 1
        if report:
            report(done, total)
        return found

    sign = np.array([_less(name) for name in METRICS])

    def limit(dial: str) -> np.ndarray:
        first = 1_000_000 + settings.seed
        runs = range(first, first + settings.healthy_runs)
        usual = [sign * values(beside(dial, settings.documents, seed)) for seed in runs]
        return np.quantile(usual, 0.95, axis=0, method="higher")

    limits = {dial: limit(dial) for dial in ("healthy", "bursty_drift")}
    rates: dict[str, dict[str, float]] = {name: {} for name in (*METRICS, *COMPARED)}
    seeds = range(settings.seed, settings.seed + settings.runs)
    for dial in DIALS:
        top = limits.get(dial, limits["healthy"])
        found = [make(dial, settings.documents, settings.strength, seed).texts for seed in seeds]
        alone = np.mean([sign * values(texts) > top for texts in found], axis=0)
        compared = [
            _losses(texts, beside(dial, settings.documents, 2_000_000 + seed), seed)
            for texts, seed in zip(found, seeds)
        ]
        for name, rate in zip(rates, (*alone, *np.mean(compared, axis=0))):
            rates[name][dial] = float(rate)
    return rates


def table(rates: dict[str, dict[str, float]]) -> str:
    """The rates as a Markdown table, in percent; controls last."""
    lines = [
        "| metric | "
        + " | ".join(d + (" (control)" if d in CONTROLS else "") for d in DIALS)
        + " |",
        "|---|" + "---|" * len(DIALS),
    ]
    for name, row in rates.items():
        lines.append(f"| {name} | " + " | ".join(f"{100 * row[d]:.0f}" for d in DIALS) + " |")
    return "\n".join(lines)


def write(settings: Settings, folder: Path) -> list[Path]:
    """Write one collection of each dial as <dial>.jsonl in `folder`, each row's text in "text".

    Compare them with `healthy`, except documents that repeat their own words, beside which any
    other source is more varied: compare those with `bursty_healthy`. ValueError if a file is there
    already.
    """
    own = settings.documents, settings.strength, settings.seed
    made = {dial: make(dial, *own).texts for dial in DIALS}
    fresh = 2_000_000 + settings.seed  # as in the table
    made["bursty_healthy"] = beside("bursty_drift", settings.documents, fresh)
    paths = [folder / f"{name}.jsonl" for name in made]
    if there := [path for path in paths if path.exists()]:
        raise ValueError(f"{there[0]} exists; name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    for path, texts in zip(paths, made.values()):
        files.write_text(path, "".join(json.dumps({"text": text}) + "\n" for text in texts))
    return paths


def main(settings: Settings) -> None:
    """Measure and print the table, or write collections to try the meter on."""
    if settings.write is not None:
        paths = write(settings, Path(settings.write))
        print(f"{settings.documents} documents each: {', '.join(map(str, paths))}")
        return
    from tqdm import tqdm

    total = collections(settings)
    with tqdm(total=total, desc="collections", disable=None, leave=False) as bar:
        rates = alarms(settings, lambda done, _: bar.update(done - bar.n))
    print(
        f"Alarms in %, {settings.runs} collections of {settings.documents} documents, dials at "
        f"{settings.strength:g}; limit: 95 % of {settings.healthy_runs} healthy collections; "
        "of ratios and differences: the 95 % interval beside a healthy reference."
    )
    print(table(rates))

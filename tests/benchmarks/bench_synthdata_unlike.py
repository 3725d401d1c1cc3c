"""False alarms of comparisons whose sides are of one source but not alike, and what is lost.

Run: python tests/benchmarks/bench_synthdata_unlike.py --pairs 120

The sources are those of tests/synthdata/zoo.py. The sides differ in length, number or groups, and
none of it is a loss of variety; the last three lines are one, of a tenth of the effective words. Of
120 pairs a rate of 5 % has a standard error of 2 points.
"""

import importlib.util
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from labkit import command
from synthdata.comparison.compare import compare

_SPEC = importlib.util.spec_from_file_location(
    "zoo", Path(__file__).parents[1] / "synthdata" / "zoo.py"
)
zoo = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(zoo)

Made = tuple[list[str], list[int] | None]
"""Documents and, where they hang together, their groups."""


def lost(rng: np.random.Generator, documents: int = 200, words: int = 40, types: int = 600) -> Made:
    """The words of `zoo.iid` with nine tenths of their effective number: a steeper Zipf."""
    wanted, low, high = zoo.bits(zoo.zipf(types)) + math.log2(0.9), 1.0, 2.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if zoo.bits(zoo.zipf(types, middle)) > wanted else (low, middle)
    rows = rng.choice(types, (documents, words), p=zoo.zipf(types, low))
    return [" ".join(f"w{i}x" for i in row) for row in rows], None


def mixed(rng: np.random.Generator, many: int, most: int) -> Made:
    """Prompts with one to `most` answers each."""
    texts, groups, _ = zoo.prompts(rng, many, most)
    kept = np.tile(np.arange(most), many) < np.repeat(rng.integers(1, most + 1, many), most)
    return [t for t, keep in zip(texts, kept) if keep], [g for g, keep in zip(groups, kept) if keep]


def of(source: Callable, *args: float) -> Callable[[np.random.Generator], Made]:
    """A source of the zoo with these arguments, without its truth."""
    return lambda rng: source(rng, *args)[:2]


@dataclass(frozen=True, kw_only=True)
class Unlike:
    """Two collections, and what is made equal."""

    synthetic: Callable[[np.random.Generator], Made]
    """Makes the one."""
    reference: Callable[[np.random.Generator], Made]
    """Makes the other."""
    match: str = "tokens"
    """What is made equal."""


SHORT, LONG = of(zoo.iid, 100, 20), of(zoo.iid, 100, 200)
TALES, NOVELS = of(zoo.bursty, 100, 20), of(zoo.bursty, 100, 60)
FIVE, ONE = of(zoo.prompts, 40, 5), of(zoo.prompts, 200, 1)
UNLIKE = {
    "20 v 200 words": Unlike(synthetic=SHORT, reference=LONG),
    "200 v 20 words": Unlike(synthetic=LONG, reference=SHORT),
    "20 v 200 words, coverage": Unlike(synthetic=SHORT, reference=LONG, match="coverage"),
    "200 v 2,000 documents": Unlike(synthetic=of(zoo.iid, 200), reference=of(zoo.iid, 2000)),
    "200 v 2,000 documents, bursty": Unlike(
        synthetic=of(zoo.bursty, 200), reference=of(zoo.bursty, 2000)
    ),
    "40 v 40 of uneven length": Unlike(synthetic=of(zoo.uneven, 40), reference=of(zoo.uneven, 40)),
    "20 v 60 words, bursty, window": Unlike(synthetic=TALES, reference=NOVELS, match="window"),
    "60 v 20 words, bursty, window": Unlike(synthetic=NOVELS, reference=TALES, match="window"),
    "40 prompts x 5 v 200 x 1": Unlike(synthetic=FIVE, reference=ONE),
    "200 prompts x 1 v 40 x 5": Unlike(synthetic=ONE, reference=FIVE),
    "40 prompts x 1 v 200 x 5": Unlike(
        synthetic=of(zoo.prompts, 40, 1), reference=of(zoo.prompts, 200, 5)
    ),
    "60 prompts x 1 to 5 v 90 x 1 to 2": Unlike(
        synthetic=lambda rng: mixed(rng, 60, 5), reference=lambda rng: mixed(rng, 90, 2)
    ),
    "a tenth lost, 200 v 200": Unlike(synthetic=lost, reference=of(zoo.iid, 200)),
    "a tenth lost, of 30 words": Unlike(
        synthetic=lambda rng: lost(rng, 200, 30), reference=of(zoo.iid, 200, 30)
    ),
    "a tenth lost, of 20 words": Unlike(
        synthetic=lambda rng: lost(rng, 200, 20), reference=of(zoo.iid, 200, 20)
    ),
}
COUNTED = ["hill0", "hill1", "hill2", "documents_hill1", "near_duplicates"]


def unlike_pairs(kind: Unlike, pairs: int, permutations: int, seed: int = 0) -> np.ndarray:
    """[pairs, 5, 3] for hill0, 1 and 2: p, smallest p after Holm, ratio, whether its interval holds
    1, and whether it lies below 1, as where a gate's rule `hill1_ratio>=1` fails."""
    rows = []
    for pair in range(pairs):
        rng = np.random.default_rng([seed, pair, 5])
        (texts, groups), (reference, others) = kind.synthetic(rng), kind.reference(rng)
        found = compare(
            texts,
            reference,
            groups=groups,
            reference_groups=others,
            match=kind.match,  # type: ignore[arg-type]
            quantities=COUNTED,
            permutations=permutations,
            seed=pair,
        ).differences
        three = [found[f"hill{q}"] for q in (0, 1, 2)]
        smallest = min(d.p_holm for d in found.values())
        ends = np.array([(d.ratio.low, d.ratio.value, d.ratio.high) for d in three]).T
        held, below = (ends[0] <= 1) & (ends[2] >= 1), ends[2] < 1
        rows.append([[d.p for d in three], [smallest] * 3, ends[1], held, below])
    return np.array(rows)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """False alarms, intervals and power of comparisons whose sides are not alike."""

    pairs: int = 120
    """Pairs of collections of each kind."""
    permutations: int = 199
    """Deals behind each p."""
    seed: int = 0
    """Seed of collections, deals and subsamples."""


def main(settings: Settings) -> None:
    """Print the table."""
    print("| pair | p <= 5 %: hill0, 1, 2 | any, after Holm | holds 1 | below 1 | mean ratio |")
    print("|---|---|---|---|---|---|")
    for name, kind in UNLIKE.items():
        found = unlike_pairs(kind, settings.pairs, settings.permutations, settings.seed)
        p, smallest = (found[:, 0] <= 0.05).mean(axis=0), found[:, 1, 0]
        ratio, held, below = found[:, 2:].mean(axis=0)
        print(
            f"| {name} | {_three(100 * p)} | {100 * (smallest <= 0.05).mean():.1f} | "
            f"{_three(100 * held)} | {_three(100 * below)} | {_three(ratio, 3)} |",
            flush=True,
        )


def _three(values: np.ndarray, digits: int = 0) -> str:
    return ", ".join(f"{value:.{digits}f}" for value in values)


if __name__ == "__main__":
    command.run(main, Settings, prog="tests.benchmarks.bench_synthdata_unlike")

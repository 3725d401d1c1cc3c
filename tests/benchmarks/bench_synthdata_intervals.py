"""How often comparisons raise a false alarm, and how often intervals hold the truth.

Run: python tests/benchmarks/bench_synthdata_intervals.py --pairs 300
     python tests/benchmarks/bench_synthdata_intervals.py --zoo --pairs 400

Each line is one quantity on one kind of text: the share of same-source pairs with p <= 5 %, the
share of 95 % intervals that hold the truth, and what a gate says of them whose threshold is the
truth itself: a verdict is then an error, on one side or the other. The truth of a ratio between
two collections of one source is 1 (of a difference 0), exactly; of copies it is what 1,000 more
documents show of the same reference; every other truth is the mean over all pairs. The last kind of
text has another source on each side, so it has no false alarms. Pairs that are not alike in length,
number or groups are those of bench_synthdata_unlike.py.
"""

import importlib.util
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from labkit import command
from synthdata.comparison.compare import compare
from synthdata.diversity.measure import Measure
from synthdata.panel.panel import only
from synthdata.verdicts.rules import RULES, Rule, judge

TYPES = 300
SHARE = 1 / np.arange(1, TYPES + 1)
SHARE /= SHARE.sum()
Made = tuple[list[str], list[int] | None]
"""Documents and, where they hang together, their groups."""


def plain(n: int, rng: np.random.Generator, temperature: float = 1.0) -> Made:
    """Independent words; one document in five is one of five jokes."""
    share = SHARE ** (1 / temperature)
    share = share / share.sum()
    jokes = [" ".join(f"joke{j}w{i}" for i in range(12)) for j in range(5)]
    return [
        jokes[rng.integers(5)]
        if rng.random() < 0.2
        else " ".join(f"w{i}" for i in rng.choice(TYPES, 12, p=share))
        for _ in range(n)
    ], None


def collapsed(n: int, rng: np.random.Generator) -> Made:
    """The same at temperature 0.7."""
    return plain(n, rng, 0.7)


def rare_copies(n: int, rng: np.random.Generator) -> Made:
    """Hardly anything twice: one document in thirty is one of ten."""
    texts, _ = bursty(n, rng)
    ten = [" ".join(f"copy{j}w{i}" for i in range(16)) for j in range(10)]
    return [ten[rng.integers(10)] if rng.random() < 1 / 30 else text for text in texts], None


def bursty(n: int, rng: np.random.Generator, topics: np.ndarray | None = None) -> Made:
    """Half of a document's words are three words of its own, said again and again."""
    texts = []
    for i in range(n):
        topic = rng.choice(2000, 3) if topics is None else topics[i]
        own = [f"t{topic[k]}" for k in rng.integers(0, 3, 8)]
        rest = [f"w{k}" for k in rng.choice(TYPES, 8, p=SHARE)]
        texts.append(" ".join([*own, *rest]))
    return texts, None


def prompted(n: int, rng: np.random.Generator, each: int = 5) -> Made:
    """So many documents to a prompt: they share their topic, and a third say the same."""
    prompts = -(-n // each)
    groups = np.repeat(np.arange(prompts), each)[:n]
    texts, _ = bursty(n, rng, rng.choice(2000, (prompts, 3))[groups])
    same: dict[int, str] = {}
    for i, group in enumerate(groups.tolist()):
        if rng.random() < 1 / 3:
            texts[i] = same.setdefault(group, texts[i])
    return texts, groups.tolist()


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of pair."""

    synthetic: Callable[[int, np.random.Generator], Made]
    """Makes the one side."""
    reference: Callable[[int, np.random.Generator], Made]
    """Makes the other."""
    sizes: tuple[int, int]
    """Documents of each."""


KINDS = {
    "independent": Kind(synthetic=plain, reference=plain, sizes=(60, 60)),
    "few": Kind(synthetic=plain, reference=plain, sizes=(22, 22)),
    "rare copies": Kind(synthetic=rare_copies, reference=rare_copies, sizes=(200, 200)),
    "independent, unequal": Kind(synthetic=plain, reference=plain, sizes=(50, 250)),
    "bursty, unequal": Kind(synthetic=bursty, reference=bursty, sizes=(50, 250)),
    "by prompt": Kind(synthetic=prompted, reference=prompted, sizes=(150, 150)),
    "by prompt, unequal": Kind(synthetic=prompted, reference=prompted, sizes=(300, 125)),
    "two sources": Kind(synthetic=collapsed, reference=plain, sizes=(60, 90)),
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """False alarms of comparisons, and coverage of their intervals, by simulation."""

    pairs: int = 300
    """Pairs of collections of each kind."""
    kinds: str = ",".join(KINDS).replace(", unequal", " unequal")
    """Which kinds, separated by commas."""
    match: str = "tokens"
    """What is made equal."""
    permutations: int = 199
    """Deals behind each p; with fewer than 120, none of six is below 5 % after Holm."""
    seed: int = 0
    """Seed of collections, deals and subsamples."""
    zoo: bool = False
    """Intervals of `measure` on the zoo of dependent sources instead, `pairs` collections each."""


def one_pair(
    kind: Kind, seed: int, settings: Settings
) -> tuple[dict[str, Measure], dict[str, float], float]:
    """All measures that gates judge, the p of what is tested, and the truth of copies."""
    rng = np.random.default_rng([settings.seed, seed])
    texts, groups = kind.synthetic(kind.sizes[0], rng)
    reference, others = kind.reference(kind.sizes[1], rng)
    found = compare(
        texts,
        reference,
        groups=groups,
        reference_groups=others,
        match=settings.match,  # type: ignore[arg-type]
        permutations=settings.permutations,
        seed=seed,
    )
    measures = {d.ratio.name: d.ratio for d in found.differences.values()} | found.measures
    names = {name for name, rule in RULES.items() if not rule.needs_reference}
    alone = only(texts, names, groups=groups, tokeniser="word", seed=seed).measures
    known = set(reference)
    more, _ = kind.synthetic(1000, rng)
    truth = float(np.mean([text in known for text in more]))
    measures |= {name: alone[name] for name in names}
    p = {d.ratio.name: d.p for d in found.differences.values()}
    p["any, after Holm"] = min(d.p_holm for d in found.differences.values())
    return measures, p, truth


def main(settings: Settings) -> None:
    """Print the table."""
    if settings.zoo:
        print_zoo(settings.pairs, settings.seed)
        return
    chosen = settings.kinds.split(",")
    wanted = [name for name in KINDS if name.replace(", unequal", " unequal") in chosen]
    print(
        "| text | quantity | p <= 5 % | interval holds truth | gate fails, passes | no interval |"
    )
    print("|---|---|---|---|---|---|")
    for name in wanted:
        kind = KINDS[name]
        same = kind.synthetic is kind.reference
        rows = [one_pair(kind, seed, settings) for seed in range(settings.pairs)]
        for quantity in rows[0][0]:
            found = [measures[quantity] for measures, _, _ in rows]
            truths = _truths(quantity, found, [truth for _, _, truth in rows], same)
            have = [(m, truth) for m, truth in zip(found, truths) if m.has_interval]
            held = [m.low <= truth + 1e-9 and truth - 1e-9 <= m.high for m, truth in have]
            alarms = [p[quantity] <= 0.05 for _, p, _ in rows if quantity in p and same]
            verdicts = ""
            if quantity in RULES and min(truths) > 0:
                said = [
                    judge(Rule(name=quantity, sign=">=", threshold=truth), m).outcome
                    for m, truth in zip(found, truths)
                ]
                verdicts = f"{_share('fail', said)}, {_share('pass', said)}"
            print(
                f"| {name} | {quantity} | {_rate(alarms)} | {_rate(held)} | {verdicts} | "
                f"{len(found) - len(have)} |",
                flush=True,
            )
        if same:
            family = [p["any, after Holm"] <= 0.05 for _, p, _ in rows]
            print(f"| {name} | any, after Holm | {_rate(family)} | | | |", flush=True)


def _truths(name: str, found: list[Measure], copies: list[float], same: bool) -> list[float]:
    """What each of these measures should hold."""
    values = np.array([m.value for m in found])
    if name == "copied":
        return copies
    if same and name.endswith(("_ratio", "_difference")):
        return [1.0 if name.endswith("_ratio") else 0.0] * len(found)
    if name.endswith("_ratio"):
        return [math.exp(np.nanmean(np.log(values)))] * len(found)
    return [float(np.nanmean(values))] * len(found)


def _share(outcome: str, said: list[str]) -> str:
    return f"{100 * said.count(outcome) / len(said):.1f}"


def _rate(flags: list[bool]) -> str:
    return f"{100 * float(np.mean(flags)):.1f} %" if flags else ""


# -- intervals of one collection, on the zoo ---------------------------------------------------


def load_zoo() -> ModuleType:
    """The sources of tests/synthdata/zoo.py."""
    path = Path(__file__).parents[1] / "synthdata" / "zoo.py"
    spec = importlib.util.spec_from_file_location("zoo", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def zoo_sources() -> dict[str, Callable[[np.random.Generator], tuple]]:
    """Each source at the size at which its intervals are judged."""
    zoo = load_zoo()
    return {
        "iid 100 x 20": lambda rng: zoo.iid(rng, 100, 20),
        "bursty 100 x 20": lambda rng: zoo.bursty(rng, 100, 20),
        "bursty 20 x 40": lambda rng: zoo.bursty(rng, 20, 40),
        "bursty 300 x 40, a = 30": lambda rng: zoo.bursty(rng, a=30),
        "heroes 100": lambda rng: zoo.heroes(rng, 100),
        "uneven 30": lambda rng: zoo.uneven(rng, 30),
        "uneven 150": zoo.uneven,
        "authors 25 x 4": lambda rng: zoo.authors(rng, 25, 4),
        "authors 40 x 10, a = 60": lambda rng: zoo.authors(rng, 40, 10, a=60),
        "events 300": zoo.events,
        "prototypes 300": zoo.prototypes,
        "prototypes uniform, 30 %": lambda rng: zoo.prototypes(rng, told=0.3, exponent=0),
        "prompts 40 x 5": zoo.prompts,
        "templates 150": lambda rng: zoo.templates(rng, 150),
        "han 60 x 20": lambda rng: zoo.han(rng, 60, 20),
    }


ZOO_MEASURES = ("near_duplicates", "self_bleu", "words_entropy_source")
"""What is asked for; all that comes with it is judged."""


def zoo_held(
    source: Callable[[np.random.Generator], tuple], collections: int, seed: int = 0
) -> dict[str, tuple[int, int, float]]:
    """Intervals of each measure: how many are given, how many hold the truth, width / 3.92 sd.

    The truth is the source's own where it is known (`Sample.truth`), else the mean over all
    collections: an interval of the value at this size is to hold that. The source's entropy and
    Chao1 have a truth beyond the sample, and are judged where that is known. Groups are given.
    """
    found: dict[str, list[Measure]] = {}
    truth: dict[str, float] = {}
    for i in range(collections):
        texts, groups, truth = source(np.random.default_rng([seed, i]))
        measured = only(texts, ZOO_MEASURES, groups=groups, seed=i)
        for name, made in measured.measures.items():
            found.setdefault(name, []).append(made)
    table = {}
    beyond = ("documents_chao1", "words_entropy_source", "words_entropy")
    for name, made in found.items():
        if name in beyond and name not in truth:
            continue
        values = np.array([m.value for m in made])
        target = truth.get(name, float(np.mean(values)))
        have = [m for m in made if m.has_interval]
        held = sum(m.low <= target + 1e-9 and target - 1e-9 <= m.high for m in have)
        wide = float(np.mean([m.high - m.low for m in have])) if have else math.nan
        sd = float(values.std(ddof=1))
        table[name] = (len(have), held, wide / (3.92 * sd) if sd > 1e-9 else math.nan)
    return table


def print_zoo(collections: int, seed: int) -> None:
    """The table of intervals on the zoo."""
    print("| source | measure | intervals | hold the truth | width / 3.92 sd |")
    print("|---|---|---|---|---|")
    for name, source in zoo_sources().items():
        for measure, (given, held, width) in zoo_held(source, collections, seed).items():
            rate = f"{100 * held / given:.1f} %" if given else ""
            print(f"| {name} | {measure} | {given} | {rate} | {width:.2f} |", flush=True)


if __name__ == "__main__":
    command.run(main, Settings, prog="tests.benchmarks.bench_synthdata_intervals")

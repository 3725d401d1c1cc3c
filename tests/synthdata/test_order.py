"""No number hangs on the order of the documents: not of `measure`, not of `compare`.

Every field of their results is looked at, whatever it is called, so that a measure that is added
later is looked at too. Numbers agree to 1e-12 of their size; everything else is equal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest

from synthdata.comparison.compare import compare
from synthdata.panel.panel import measure
from synthdata.similarity import boilerplate
from synthdata.verdicts.gate import gate
from synthdata.verdicts.rules import RULES, parse

_RNG = np.random.default_rng(0)
ENGLISH = [
    " ".join(f"{'abcdefghij'[i % 10]}word{i}" for i in _RNG.zipf(1.5, 12) % 300) for _ in range(70)
]
CHINESE = ["".join(chr(0x4E00 + i) for i in _RNG.zipf(1.3, 20) % 500) + "。" for _ in range(70)]
COPIES = ["the same joke, told again and again by everyone, to the very last of them"] * 20
TEXTS = [*ENGLISH, *CHINESE, *COPIES, ENGLISH[0], *CHINESE[:5], "", ""]
N = len(TEXTS)
BY = ["xyz"[i % 3] for i in range(N)]
GROUPS = [f"prompt {2 * i // 5}" for i in range(N)]  # of three and of two
VECTORS = _RNG.normal(size=(N, 3))  # equal texts have different ones

ORDERS: dict[str, Callable[[], list[int]]] = {
    "shuffled": lambda: np.random.default_rng(1).permutation(N).tolist(),
    "sorted": lambda: sorted(range(N), key=lambda i: TEXTS[i]),
    "reversed": lambda: list(range(N))[::-1],
    "Chinese first": lambda: [*range(70, 140), *range(70), *range(140, N)],
}


def numbers(thing: Any, path: str = "") -> dict[str, Any]:
    """Everything in a result that is a number or a text, by its path."""
    if is_dataclass(thing) and not isinstance(thing, type):
        parts = {f.name: getattr(thing, f.name) for f in fields(thing)}
        parts.pop("near", None)  # says of each document, by its place, where it belongs
        if hasattr(thing, "near"):
            parts["shares"] = (thing.near.share, thing.near.top_share(3))
            parts["frames"] = [(frame, len(who)) for frame, who in thing.frames.frames]
            parts["clusters"] = [(len(c.documents), c.distinct) for c in thing.near.clusters]
            parts |= {"curves": thing.curves, "profile": thing.profile}
    elif isinstance(thing, dict):
        parts = thing
    elif isinstance(thing, (list, tuple, np.ndarray)):
        parts = dict(enumerate(thing))
    else:
        return {path: thing}
    found = {}
    for name, part in parts.items():
        found.update(numbers(part, f"{path}.{name}"))
    return found


def same(a: Any, b: Any) -> None:
    mine, theirs = numbers(a), numbers(b)
    assert mine.keys() == theirs.keys()
    off = [
        (name, mine[name], theirs[name])
        for name in mine
        if mine[name]
        != (
            pytest.approx(theirs[name], rel=1e-12, abs=1e-12, nan_ok=True)
            if isinstance(theirs[name], float)
            else theirs[name]
        )
    ]
    assert not off, off[:20]


def limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if these were millions: all that is taken on a part is, and on equal documents, too."""
    monkeypatch.setattr("synthdata.panel.sheet.SPREAD_DOCUMENTS", 60)
    monkeypatch.setattr("synthdata.panel.whole_sample.VENDI_DOCUMENTS", 50)
    monkeypatch.setattr("synthdata.panel.whole_sample.REPEAT_BYTES", 2_000)
    monkeypatch.setattr("synthdata.similarity.vendi.EXACT_SIDE", 40)
    monkeypatch.setattr("synthdata.similarity.near_duplicates.NEIGHBOURS", 2)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("given", ["plain", "grouped", "large"])
def test_no_number_of_measure_hangs_on_the_order(
    monkeypatch: pytest.MonkeyPatch, given: str, order: str
) -> None:
    if given == "large":
        limits(monkeypatch)

    def of(which: list[int]) -> Any:
        return measure(
            [TEXTS[i] for i in which],
            by=[BY[i] for i in which],
            groups=[GROUPS[i] for i in which] if given == "grouped" else None,
            embeddings=VECTORS[which],
        )

    same(of(list(range(N))), of(ORDERS[order]()))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("match", "grouped"),
    [
        ("tokens", False),
        ("tokens", True),
        ("size", True),
        ("coverage", False),
        ("coverage", True),
        ("window", False),
        ("window", True),
    ],
)
def test_no_number_of_compare_hangs_on_the_order(match: Any, grouped: bool, order: str) -> None:
    # 80 documents against the others: the larger side is drawn from, and equal texts lie in it
    left, right = list(range(40, 120)), [*range(40), *range(120, N)]
    where = {document: place for place, document in enumerate(ORDERS[order]())}

    def of(one: list[int], two: list[int]) -> Any:
        return compare(
            [TEXTS[i] for i in one],
            [TEXTS[i] for i in two],
            groups=[GROUPS[i] for i in one] if grouped else None,
            reference_groups=[GROUPS[i] for i in two] if grouped else None,
            match=match,
            permutations=9,
        )

    same(of(left, right), of(*(sorted(side, key=where.__getitem__) for side in (left, right))))


@pytest.mark.parametrize("order", ORDERS)
def test_no_rule_of_a_gate_hangs_on_the_order(order: str) -> None:
    rules = [parse(f"{name}<=0.5") for name in RULES]
    which = ORDERS[order]()
    one, two = (
        gate([TEXTS[i] for i in part], rules, reference=CHINESE, seed=3)
        for part in (range(N), which)
    )
    same(one, two)


def test_names_of_groups_play_no_part() -> None:
    renamed = [f"{int(g.split()[1]) * 7919 % 1000}" for g in GROUPS]
    one, two = (
        compare(TEXTS[:80], TEXTS[80:], groups=g[:80], reference_groups=g[80:], permutations=9)
        for g in (GROUPS, renamed)
    )
    same(one, two)


def test_what_may_be_events_hangs_on_no_order() -> None:
    # bursts of near-duplicates, so that all intervals have a second one, and a fixed opening
    rng = np.random.default_rng(4)
    told = [rng.choice(ENGLISH).split() for _ in range(30)]
    opening = "this stands before everything that anybody says, whatever it is that is said"
    texts = [
        f"{opening} {' '.join(words[:-1])} end{rng.integers(9)}"
        for words in told
        for _ in range(rng.integers(1, 5))
    ]
    shuffled = [texts[i] for i in rng.permutation(len(texts))]
    one, two = measure(texts), measure(shuffled)
    assert one["near_duplicates"].by_cluster is not None
    same(one, two)
    assert boilerplate.strip(texts)[1] == boilerplate.strip(shuffled)[1]
    same(*(compare(t, ENGLISH, permutations=9) for t in (texts, shuffled)))
    same(*(gate(t, ["near_duplicates<=0.1", "top3_clusters<=0.01"]) for t in (texts, shuffled)))

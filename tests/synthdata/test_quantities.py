"""One registry, one abundance, one normalisation: nothing is told, checked or read twice."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synthdata.comparison.compare import compare
from synthdata.diversity import entropy, hill, rarefaction
from synthdata.diversity.abundance import Abundance
from synthdata.diversity.quantities import REGISTRY, STREAMED
from synthdata.panel.panel import measure
from synthdata.text import tokens
from synthdata.verdicts.rules import RULES, rules_help

RNG = np.random.default_rng(0)
TEXTS = [" ".join(f"w{i}" for i in RNG.zipf(1.6, 12) % 400) for _ in range(60)] + ["one joke"] * 20
OF_A_FIELD = ("words_information", "words_entropy_within") + (
    "documents_information",
    "documents_entropy_within",
)


@pytest.mark.parametrize("tokeniser", ["word", "character"])
def test_every_measure_of_a_collection_and_a_comparison_is_in_the_registry(tokeniser: str) -> None:
    by, vectors = ["a", "b"] * 40, np.random.default_rng(1).normal(size=(80, 3))
    panel = measure(TEXTS, by=by, embeddings=vectors, tokeniser=tokeniser)
    compared = compare(TEXTS, TEXTS[::2], permutations=9, tokeniser=tokeniser)
    gaps = [difference.ratio for difference in compared.differences.values()]
    found = {made.name: made for made in (*panel.values(), *gaps, *compared.measures.values())}
    for name, made in found.items():
        key = name.partition("_")[2] if name in OF_A_FIELD else name
        quantity = REGISTRY[key].of(tokeniser)
        assert (made.unit, made.direction) == (quantity.unit, quantity.direction), name
        assert quantity.least <= made.value <= quantity.most, name
        assert "{" not in made.method + made.unit, name
    assert set(RULES) <= set(found)
    for key, line in zip(RULES, rules_help().splitlines()):
        assert line.startswith(key)
        assert ("--ref" in line.rpartition("(")[2]) == RULES[key].needs_reference


def test_every_measure_of_a_stream_is_in_the_registry() -> None:
    pytest.importorskip("datasketches")
    from synthdata.streaming import measures
    from synthdata.streaming.meter import LEAST_RAM, Meter, MeterConfig

    meter = Meter(MeterConfig(ram=LEAST_RAM)).update(TEXTS)
    expected = [kind.of(channel) for channel in meter.channels for kind in STREAMED.values()]
    for made, quantity in zip(measures.measures(meter), expected, strict=True):
        assert made.name == quantity.key
        assert (made.unit, made.direction) == (quantity.unit, quantity.direction)
    # a stream that fits gives a collection's numbers, to the last digit: they are one code
    counts = np.array(list(Counter(TEXTS).values()))
    assert {m.name: m.value for m in measures.measures(meter)}["documents_entropy"] == (
        entropy.plug_in(counts)
    )


COUNTS: list[Any] = [[], [0, 0], [1], [7], [1] * 9, [3, 0, 1, 1], [46, 22, 17, 2, 2, 1, 1, 1]]


@pytest.mark.parametrize("counts", COUNTS)
def test_estimators_take_an_abundance_as_they_take_its_counts(counts: list[int]) -> None:
    seen = Abundance.of(counts)
    assert Abundance.of(seen) is seen
    assert (seen.n, seen.distinct) == (sum(counts), sum(count > 0 for count in counts))
    assert (seen.f(1), seen.f(2)) == (counts.count(1), counts.count(2))
    assert seen.values @ seen.weights == seen.n
    estimators: list[Any] = [*entropy.ENTROPIES.values(), hill.coverage, hill.chao1]
    estimators += [hill.chao1_interval, rarefaction.curve]
    estimators += [lambda c, q=q: hill.hill(c, q) for q in (0, 0.5, 1, 2, math.inf)]
    estimators += [lambda c, q=q: hill.hill_asymptotic(c, q) for q in (0, 1, 2)]
    estimators += [lambda c, m=m: rarefaction.rarefied(c, m, 1) for m in (1, 5, 200)]
    estimators += [lambda c: rarefaction.size_for_coverage(c, 0.9)]
    for estimate in estimators:
        assert repr(estimate(counts)) == repr(estimate(np.array(counts, int)))
        assert repr(estimate(counts)) == repr(estimate(seen))


def test_an_abundance_is_of_whole_numbers_from_nought_up() -> None:
    for bad in ([-1, 2], [1.5], [math.nan]):
        with pytest.raises(ValueError, match="counts are whole numbers"):
            Abundance.of(bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("verb", ["measure", "compare", "explain"])
def test_a_text_is_normalised_and_encoded_once_a_report(
    verb: str, run_here: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(json.dumps({"text": text}) + "\n" for text in TEXTS)
    (tmp_path / "data.jsonl").write_text(rows)
    (tmp_path / "ref.jsonl").write_text(rows)
    calls: list[str] = []
    normalise = tokens.Policy.__call__
    monkeypatch.setattr(
        tokens.Policy, "__call__", lambda self, text: (calls.append(text), normalise(self, text))[1]
    )
    ref = ["--ref", "ref.jsonl"] if verb == "compare" else []
    encoded: dict[str, list[str]] = {"word": [], "character": []}
    words, letters = tokens.TOKENISERS["word"], tokens._encode_characters
    monkeypatch.setitem(
        tokens.TOKENISERS, "word", lambda text: (encoded["word"].append(text), words(text))[1]
    )
    monkeypatch.setattr(
        tokens,
        "_encode_characters",
        lambda texts: (encoded["character"].extend(texts), letters(texts))[1],
    )
    done = run_here(verb, "data.jsonl", *ref, "--html", "page.html")
    assert done.code == 0
    assert len(calls) == len(TEXTS) * (2 if ref else 1)
    assert len(encoded["word"]) == len(calls)
    if ref:  # the others encode all for their entropies, and what is left beside what is fixed
        assert len(encoded["character"]) == len(calls)

"""Rates of the diversity meter on one core, and how long its command takes to start.

Run: python tests/benchmarks/bench_synthdata.py
"""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from labkit import command
from synthdata.dial.corpora import word, zipf
from synthdata.similarity import cosine, near_duplicates, repeats, self_bleu, vendi
from synthdata.text import ngrams
from synthdata.text.tokens import encode


def timed(name: str, unit: str, amount: float, work: Callable[[], object]) -> None:
    """Print the best of two runs, and the rate."""
    best = min(_seconds(work) for _ in range(2))
    print(f"{name:<52} {best:8.3f} s   {amount / best:12,.1f} {unit}")


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def corpus(n: int, rng: np.random.Generator) -> list[str]:
    """`n` Zipf texts of 200 characters."""
    names = np.array([word(rank) for rank in range(20_000)])
    drawn = rng.choice(20_000, n * 60, p=zipf(20_000)).reshape(n, 60)
    return [" ".join(names[row])[:200] for row in drawn]


LATIN = "abcdefghijklmnopqrstuvwxyz"
LETTERS = {
    "accents": str.maketrans("ae", "àé"),
    "Cyrillic": str.maketrans(LATIN, "абцдефгхийклмнопярстувшхыз"),
    "Devanagari": str.maketrans(LATIN, "\u093eबचद\u0947फगह\u093fजकलमन\u094bपखरसत\u0941वभषयझ"),
    "emoji of several code points": str.maketrans({"a": "👨\u200d👩", "e": "👍🏽"}),
}


def other_scripts(texts: list[str], rng: np.random.Generator) -> None:
    """Rates of counting where a character is not a byte; the same texts in other letters."""
    written = {name: [text.translate(table) for text in texts] for name, table in LETTERS.items()}
    for signs in (3_000, 8_000):
        drawn = rng.choice(signs, (len(texts), 100), p=zipf(signs)) + 0x4E00
        written[f"Chinese, {signs:,} signs"] = ["".join(map(chr, row)) for row in drawn.tolist()]
    for name, some in written.items():
        timed(
            f"count character 5-grams, {name}",
            "MB/s",
            sum(len(text.encode()) for text in some) / 1e6,
            lambda some=some: ngrams.count(encode(some, "character"), 5),
        )


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Print the meter's rates on one core, and how long its command takes to start."""


def main(_: Settings) -> None:
    """Print every rate."""
    for what in (["-c", "import synthdata"], ["-m", "synthdata", "measure", "--help"]):
        timed(
            f"start: python {' '.join(what)}",
            "starts/s",
            1,
            lambda what=what: subprocess.run([sys.executable, *what], capture_output=True),
        )
    rng = np.random.default_rng(0)
    texts = corpus(100_000, rng)
    size = sum(map(len, texts)) / 1e6
    print(f"{len(texts):,} texts of 200 characters, {size:.0f} MB")
    timed(
        "count character 5-grams, from text",
        "MB/s",
        size,
        lambda: ngrams.count(encode(texts, "character"), 5),
    )
    other_scripts(texts[:20_000], np.random.default_rng(1))
    for n in (1_000, 100_000):
        some = texts[:n]
        timed(
            f"self-BLEU of {n:,}, from text",
            "texts/s",
            n,
            lambda some=some: self_bleu.self_bleu(encode(some, "word")),
        )
    some = texts[:20_000]
    tokens = encode(some, "word")
    pairs = 20_000 * 19_999 / 2e6
    timed("mean cosine of 20,000", "M pairs/s", pairs, lambda: cosine.mean_cosine(tokens))
    timed(
        "Vendi of 2,000, exact",
        "texts/s",
        2_000,
        lambda: vendi.vendi_ngrams(tokens.select(np.arange(2_000))),
    )
    timed(
        "near-duplicates of 20,000",
        "texts/s",
        20_000,
        lambda: near_duplicates.near_duplicates(some),
    )
    million = texts[:5_000]
    timed("repeated passages in 1 MB", "MB/s", 1.0, lambda: repeats.repeats(million))
    timed("xz of 1 MB", "MB/s", 1.0, lambda: repeats.xz_ratio(million))


if __name__ == "__main__":
    command.run(main, Settings, prog="tests.benchmarks.bench_synthdata")

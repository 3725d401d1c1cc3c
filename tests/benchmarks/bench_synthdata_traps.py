"""What measure, compare and gate say of collections that are made to mislead a meter.

Run: python tests/benchmarks/bench_synthdata_traps.py

Prints the table of synthdata/README.md. Each trap says what is true of it: whether most of it
repeats itself, and whether it is less varied than its reference. A row is `right` where each of the
three says so, `cannot tell` where one says that it cannot, and `WRONG` where one is sure of the
opposite. An all-clear for a loss that leaves no copies counts as "cannot tell" only if it says, in
the same breath, what it does not see.
"""

import importlib.util
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from labkit import command
from synthdata.cli import wording
from synthdata.comparison.compare import compare
from synthdata.dial.corpora import sentence, word, zipf
from synthdata.panel.panel import measure
from synthdata.similarity import boilerplate
from synthdata.verdicts import against
from synthdata.verdicts.gate import gate
from synthdata.verdicts.verdict import Verdict

_SPEC = importlib.util.spec_from_file_location(
    "zoo", Path(__file__).parents[1] / "synthdata" / "zoo.py"
)
zoo = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(zoo)

Judged = Literal["right", "cannot tell", "WRONG"]
Rng = np.random.Generator
SHARE = zipf(600)
CAVEATS = {
    "that alone changes these numbers": "documents differ in length, which alone changes these",
    "the rest may have lost": "a fixed passage may hide a loss; --strip",
    "chance makes such a gap": "if clusters are events, chance makes such a gap",
    "chance makes the gap in": "if clusters are events, chance makes one of these gaps or more",
}
"""What a verdict of low confidence says beside it, and how the table says it."""
RULES = ("near_duplicates<=0.1", "hill1_ratio>=0.8", "self_bleu_difference<=0.2")


@dataclass(frozen=True, kw_only=True)
class Trap:
    """A collection, its reference, and what is true of them."""

    make: Callable[[Rng], Sequence[str]]
    """Makes the collection."""
    reference: Callable[[Rng], Sequence[str]]
    """Makes the reference."""
    repeats: bool | None
    """Whether most of it says the same again; None where that leaves no copies to see."""
    less: bool
    """Whether it is less varied than its reference."""
    groups: tuple[int, int] | None = None
    """Documents a group of either side, where they hang together and the meter is told."""
    permutations: int = 999
    """Deals behind the p-values of the comparison."""


def fresh(rng: Rng, n: int = 200, length: int = 40) -> list[str]:
    """Independent documents of independent words."""
    return [sentence(SHARE, length, rng) for _ in range(n)]


def spelled(texts: Sequence[str]) -> list[str]:
    """Documents of the zoo with words of letters: numbers are masked when copies are looked for."""
    return [re.sub(r"w(\d+)x", lambda m: word(int(m[1])), text) for text in texts]


def jokes(rng: Rng, n: int = 200, told: float = 0.6) -> list[str]:
    """Five jokes, and with probability 1 - `told` something else."""
    five, other = fresh(rng, 5), fresh(rng, n)
    return [five[rng.integers(5)] if rng.random() < told else text for text in other]


def deduplicated(rng: Rng) -> list[str]:
    """600 documents, 60 % of five jokes, of which each is kept once."""
    return list(dict.fromkeys(jokes(rng, 600)))


def with_number(line: str) -> Callable[[Rng], list[str]]:
    """One sentence with a changing id: `{id}` or three numbers."""
    return lambda rng: [
        line.format(*rng.integers(10, 60, 3), id=uuid.UUID(bytes=rng.bytes(16))) for _ in range(300)
    ]


def synonyms(rng: Rng, every: int) -> list[str]:
    """Five jokes of 40 words, each `every`-th of which is one of four synonyms."""
    kinds = rng.permutation(3000)[:800].reshape(5, 40, 4)
    chosen = rng.integers(4, size=(300, 40)) * (np.arange(40) % every == 0)
    five = rng.integers(5, size=300)
    return [
        " ".join(word(int(k)) for k in kinds[joke, np.arange(40), pick])
        for joke, pick in zip(five, chosen)
    ]


def headed(make: Callable[[Rng], list[str]], rng: Rng) -> list[str]:
    """A fixed opening of three quarters of the text."""
    opening = " ".join(word(i) for i in range(700, 746))[:186]
    return [f"{opening} {text}" for text in make(rng)]


def syllables(rng: Rng, n: int = 200) -> list[str]:
    """Thai without spaces: Zipf words of one to three of 200 syllables."""
    letters = [chr(c) for c in range(0x0E01, 0x0E2F)]
    made = np.random.default_rng(7)
    lexicon = ["".join(made.choice(letters, 2)) + "า" for _ in range(200)]
    words = ["".join(made.choice(lexicon, made.integers(1, 4))) for _ in range(2000)]
    return ["".join(words[i] for i in rng.choice(2000, 20, p=zipf(2000))) for _ in range(n)]


def genes(rng: Rng, n: int = 40) -> list[str]:
    """Random strings of four letters."""
    return ["".join(rng.choice(list("ACGT"), 2000)) for _ in range(n)]


def both_scripts(rng: Rng, chinese_first: bool) -> list[str]:
    """English-like and Chinese documents, one after the other."""
    parts = [fresh(rng, 150), list(zoo.han(rng, 150).texts)]
    return [text for part in parts[:: -1 if chinese_first else 1] for text in part]


def labels(rng: Rng, n: int = 1000) -> list[str]:
    """Texts of one Zipf word."""
    return fresh(rng, n, 1)


def answers(many: int, each: int) -> Callable[[Rng], list[str]]:
    """So many answers to each of so many prompts."""
    return lambda rng: spelled(zoo.prompts(rng, many, each).texts)


def shared(half: int) -> Callable[[Rng], list[str]]:
    """Five of ten answers to each of 40 prompts; the other half are answers to the same prompts."""

    def made(_: Rng) -> list[str]:
        texts = spelled(zoo.prompts(np.random.default_rng(11), 40, 10).texts)
        return [text for i, text in enumerate(texts) if i % 10 // 5 == half]

    return made


def loss(rng: Rng) -> list[str]:
    """A third of the words are never said."""
    share = SHARE.copy()
    share[::3] = 0
    return [sentence(share / share.sum(), 10, rng) for _ in range(200)]


def short(rng: Rng) -> list[str]:
    """What `loss` should be like."""
    return fresh(rng, 200, 10)


NOW = "{}-{}-{}T09:14:05 user logged in from the usual host of the second floor, as ever"
ID = "Your order {id} has been sent and will be with you before the end of this week."
TRAPS: dict[str, Trap] = {
    "nothing is wrong": Trap(make=fresh, reference=fresh, repeats=False, less=False),
    "six in ten are one of five jokes": Trap(make=jokes, reference=fresh, repeats=True, less=True),
    "the same, duplicates removed": Trap(
        make=deduplicated, reference=fresh, repeats=None, less=False
    ),
    "one document 10,000 times": Trap(
        make=lambda rng: fresh(rng, 1) * 10_000, reference=fresh, repeats=True, less=True
    ),
    '1,000 x "yes"': Trap(make=lambda _: ["yes"] * 1000, reference=fresh, repeats=True, less=True),
    '1,000 x "Good morning"': Trap(
        make=lambda _: ["Good morning"] * 1000, reference=fresh, repeats=True, less=True
    ),
    "1,000 labels of one word": Trap(make=labels, reference=labels, repeats=True, less=False),
    "20 documents": Trap(
        make=lambda rng: fresh(rng, 20),
        reference=lambda rng: fresh(rng, 20),
        repeats=False,
        less=False,
    ),
    "one sentence with a UUID": Trap(
        make=with_number(ID), reference=fresh, repeats=True, less=True
    ),
    "one sentence with a date": Trap(
        make=with_number(NOW), reference=fresh, repeats=True, less=True
    ),
    "a log line": Trap(
        make=with_number("2024-05-01T09:{}:{} user {} logged in from host"),
        reference=fresh,
        repeats=True,
        less=True,
    ),
    "five jokes, each word one of four synonyms": Trap(
        make=lambda rng: synonyms(rng, 1), reference=fresh, repeats=None, less=True
    ),
    "five jokes, every fourth word a synonym": Trap(
        make=lambda rng: synonyms(rng, 4), reference=fresh, repeats=None, less=True
    ),
    "a prefix of three quarters": Trap(
        make=lambda rng: headed(short, rng),
        reference=lambda rng: headed(short, rng),
        repeats=False,
        less=False,
    ),
    "the same, a third of the words lost": Trap(
        make=lambda rng: headed(loss, rng),
        reference=lambda rng: headed(short, rng),
        repeats=False,
        less=True,
    ),
    "English, then Chinese": Trap(
        make=lambda rng: both_scripts(rng, False),
        reference=lambda rng: both_scripts(rng, True),
        repeats=False,
        less=False,
    ),
    "Chinese, then English": Trap(
        make=lambda rng: both_scripts(rng, True),
        reference=lambda rng: both_scripts(rng, False),
        repeats=False,
        less=False,
    ),
    "Thai": Trap(make=syllables, reference=syllables, repeats=False, less=False),
    "20 documents of 20,000 words": Trap(
        make=lambda rng: fresh(rng, 20, 20_000),
        reference=lambda rng: fresh(rng, 20, 20_000),
        repeats=False,
        less=False,
        permutations=199,
    ),
    "40 strings of DNA": Trap(make=genes, reference=genes, repeats=False, less=False),
    "a reference ten times as large": Trap(
        make=fresh, reference=lambda rng: fresh(rng, 2000), repeats=False, less=False
    ),
    "20 words a document against 200": Trap(
        make=lambda rng: fresh(rng, 100, 20),
        reference=lambda rng: fresh(rng, 100, 200),
        repeats=False,
        less=False,
    ),
    "40 prompts x 5 against 200 x 1, groups given": Trap(
        make=answers(40, 5), reference=answers(200, 1), repeats=False, less=False, groups=(5, 1)
    ),
    "events told 2 to 50 times": Trap(
        make=lambda rng: spelled(zoo.events(rng, 300).texts),
        reference=lambda rng: spelled(zoo.events(rng, 300).texts),
        repeats=True,
        less=False,
    ),
    "the same 40 prompts x 5 on both sides, groups given": Trap(
        make=shared(0), reference=shared(1), repeats=False, less=False, groups=(5, 5)
    ),
}


def alone(trap: Trap, verdict: Verdict) -> Judged:
    """Whether `measure`'s verdict is right."""
    if verdict.tone == "neutral":
        return "cannot tell"
    if trap.repeats is None and verdict.tone == "good":
        return "cannot tell" if "would not be seen" in verdict.text else "WRONG"
    right = (verdict.tone == "bad") == (trap.repeats is not False)
    return "right" if right else "WRONG" if verdict.confidence != "low" else "cannot tell"


def beside(trap: Trap, verdict: Verdict) -> Judged:
    """Whether `compare`'s verdict is right."""
    if verdict.tone == "bad":
        return "right" if trap.less else "WRONG" if verdict.confidence != "low" else "cannot tell"
    if verdict.text.startswith("More varied"):
        return "WRONG" if verdict.confidence != "low" else "cannot tell"
    if verdict.confidence in ("low", "none") or verdict.tone == "neutral":
        return "cannot tell"
    return "WRONG" if trap.less else "right"


def gated(trap: Trap, outcome: str) -> Judged:
    """Whether `gate`'s answer is right: ill collections fail, others pass."""
    if outcome == "cannot tell":
        return "cannot tell"
    ill = trap.less or trap.repeats is True
    return "right" if (outcome == "fail") == ill else "WRONG"


def row(name: str, trap: Trap, seed: int) -> str:
    """One line of the table."""
    rng = np.random.default_rng([seed, list(TRAPS).index(name)])
    texts, reference = list(trap.make(rng)), list(trap.reference(rng))
    groups = other = None
    if trap.groups is not None:
        one, two = trap.groups
        groups = [i // one for i in range(len(texts))]
        other = [i // two for i in range(len(reference))]
    found = measure(texts, groups=groups, seed=seed)
    own = wording.verdict(len(texts), found, found.boilerplate, found.units)
    beside_it = against.of_comparison(
        compare(
            texts,
            reference,
            groups=groups,
            reference_groups=other,
            permutations=trap.permutations,
            seed=seed,
        )
    )
    compared = against.with_fixed(beside_it, boilerplate.find(texts))
    decided = gate(
        texts,
        RULES,
        reference=reference,
        groups=groups,
        reference_groups=other,
        seed=seed,
    )
    judged = alone(trap, own), beside(trap, compared), gated(trap, decided.outcome)
    why = "; ".join(str(j.rule) for j in decided.judgements if j.outcome == decided.outcome)
    answer = decided.outcome if decided.outcome == "pass" else f"{decided.outcome}: {why}"
    cells = [_said(own), _said(compared), answer.replace("|", "/")]
    marked = [f"{cell} ({mark})" for cell, mark in zip(cells, judged)]
    worst: Judged = min(judged, key=["WRONG", "cannot tell", "right"].index)
    return f"| {name} | {' | '.join(marked)} | {worst} |"


def _said(verdict: Verdict) -> str:
    why = "".join(f": {short}" for long, short in CAVEATS.items() if long in verdict.because)
    return f"{verdict.text} [{verdict.confidence}{why if verdict.confidence == 'low' else ''}]"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the meter says of the traps that it is known for, or was."""

    seed: int = 0
    """Seed of the collections, and of the meter."""


def main(settings: Settings) -> None:
    """Print the table."""
    print("| trap | measure | compare | gate | right? |")
    print("|---|---|---|---|---|")
    for name, trap in TRAPS.items():
        print(row(name, trap, settings.seed), flush=True)


if __name__ == "__main__":
    command.run(main, Settings, prog="tests.benchmarks.bench_synthdata_traps")

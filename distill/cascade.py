"""Measure models and cascades of them on a text: what to ship.

Run:    python -m distill.cascade --models ngram,RUN,RUN
Omits:  how a cascade runs (`distill.cascades.escalation`) and is tuned (`distill.cascades.ladder`).
"""

from __future__ import annotations

if __name__ == "__main__":
    from labkit import command

    command.stoppable("distill.cascade")

import json
import sys
from dataclasses import asdict, dataclass

from distill import mixture
from distill.cascades.escalation import Answer
from distill.cascades.ladder import NamedModel, ladder
from distill.cascades.pareto import cheapest_within
from distill.teachers import same_alphabet
from labkit import command
from minigpt import corpora
from minigpt.load import load_predictor
from minigpt.nextchar import NextChar

PROG = "distill.cascade"


@dataclass(frozen=True, kw_only=True)
class Command:
    """Measure models and cascades of them: loss against ms per character."""

    models: str
    """Models from cheap to expensive, separated by commas: ngram, runs' folders, or mixture:RUN, a
    run and the n-gram of its text, which costs what both cost (mixture alone: the latest run)."""
    data: str = "shakespeare"
    """The text; one of its held-out halves calibrates, the other measures."""
    within: float = 0.02
    """Name the cheapest model or cascade within this share of the best loss."""
    streams: int = 128
    """Number of passages predicted side by side."""
    repeats: int = 3
    """Number of times each is timed; the fastest counts."""
    reread: int | None = None
    """Characters that a model rereads when it is asked; by default it catches up on all of them."""
    answer: Answer = "last"
    """The prediction of the last model asked, or the mean of all that were asked."""
    json: bool = False
    """Print one line of JSON."""

    def __post_init__(self) -> None:
        if not 0 <= self.within <= 1 or self.streams < 1 or self.repeats < 1:
            raise ValueError(
                "within is a share, and streams and repeats are at least 1; "
                f"got {self.within}, {self.streams} and {self.repeats}"
            )
        if self.reread is not None and self.reread < 1:
            raise ValueError(f"reread must be at least 1 character, got {self.reread}")


def main(asked: Command) -> None:
    """Measure every model and cascade, print the table and the cheapest."""
    names = [name for name in asked.models.split(",") if name]
    if not names:
        raise ValueError("--models names at least one: ngram, a run's folder, or mixture:RUN")
    corpus = corpora.load(asked.data)
    models: list[NamedModel] = [(name, _named(name, asked.data)) for name in names]
    encode = models[0][1].tokenizer.encode
    for _, model in models[1:]:
        same_alphabet(model.tokenizer, models[0][1].tokenizer)
    found = ladder(
        models,
        encode(corpus.choose),
        encode(corpus.judge),
        count=asked.streams,
        repeats=asked.repeats,
        reread=asked.reread,
        answer=asked.answer,
        say=lambda line: print(line, file=sys.stderr, flush=True),
    )
    best = cheapest_within([(p.ms_per_char, p.nats) for p in found], asked.within)
    if asked.json:
        print(json.dumps({"points": [asdict(p) for p in found], "cheapest": found[best].name}))
        return
    width = max(len(p.name) for p in found)
    print(f"{'':<{width}}  nats/char  ms/char  gap closed  of its cost  over lot  asked")
    for p in found:
        print(
            f"{p.name:<{width}}  {p.nats:9.4f}  {p.ms_per_char:7.4f}  {_share(p.gap_closed):>10}  "
            f"{_share(p.cost_share):>11}  {'' if p.over_lot is None else f'{p.over_lot:+.4f}':>8}  "
            f"{' '.join(f'{share:.0%}' for share in p.asked)}{'  on the hull' if p.on_hull else ''}"
        )
    print(f"the cheapest within {asked.within:.0%} of the best: {found[best].name}")


def _named(name: str, data: str) -> NextChar:
    """The model that a rung's name means; an n-gram counts the training part of `data`."""
    if name == "ngram":
        return load_predictor(kind="ngram", data=data).model
    return (mixture.load(name) if mixture.is_mixture(name) else load_predictor(name)).model


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


def entry(args: list[str] | None = None) -> None:
    """Parse the arguments and run `python -m distill.cascade`."""
    command.run(main, Command, prog=PROG, args=args)


if __name__ == "__main__":
    entry()

"""The model behind the RUN of a command line.

Idea:   every command that takes RUN takes the same things: nothing (the latest run), a run's folder
        or a model file; with `--model ngram` a text that is counted now, in about a second; with
        `--model mixture` a run and the n-gram of its text, mixed by a gate.
Run:    python -m minigpt.sample --model ngram --prompt "ROMEO:"
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from labkit import files, progress
from labkit.command import describe
from minigpt import corpora
from minigpt.mixture import Mixture
from minigpt.mixture.gate import STEPS
from minigpt.mixture.mixture import GATE, ORDER
from minigpt.nextchar import NextChar
from minigpt.ngram import DEFAULT_ORDER, NGRAM_LIMIT, NGram
from minigpt.saved import runs
from minigpt.tokenizer import CharTokenizer

if TYPE_CHECKING:
    from minigpt.adaptive import Adaptive
    from minigpt.model import GPT

Kind = Literal["gpt", "ngram", "mixture"]
ADAPTIVE_LIMIT = 2_000_000  # characters whose contexts take less than half a gigabyte


class TextGone(ValueError):
    """The text that a model learned from cannot be had (`why`); the message has a remedy too."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(f"{why}; {remedy}")
        self.why = why


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """A model, its name in output, and the text it learned from."""

    model: GPT | NGram | Mixture | Adaptive
    name: str
    corpus: str
    """A corpus's name or a path, as `corpora.load` takes it; empty if unknown."""
    corpus_sha256: str = ""
    """SHA-256 of that text when the model learned from it; empty if unknown."""
    folder: Path | None = None
    """The run's folder, in which the gate of its mixture is kept; None for other models."""
    latest: bool = False
    """Whether nobody named the run: it is then the one worked on last."""
    members: tuple[Predictor, ...] = ()
    """What a mixture is made of: the run, and the n-gram of its text."""

    def learned(self) -> corpora.Corpus:
        """The text it learned from; TextGone, naming both, if it is not available."""
        try:
            return corpora.load(self.corpus)
        except (ValueError, OSError) as error:
            raise TextGone(
                f"{self.name} learned from {self.corpus or 'a text that it does not name'}, which "
                f"cannot be had: {describe(error)}",
                "bring it back, or name a text by --data",
            ) from None

    def announce(self) -> None:
        """Print on standard error which model is used, unless the user named it."""
        for member in self.members:
            member.announce()
        if self.latest:
            open_end = not (Path(self.name) / "result.json").exists()
            more = ", which is not finished (train --resume goes on with it)" if open_end else ""
            print(f"using {self.name}, the latest run{more}", file=sys.stderr, flush=True)


def load_predictor(
    run: str | None = None,
    *,
    kind: Kind | Literal["auto"] = "gpt",
    data: str | None = None,
    order: int | None = None,
    precision: Literal["fp32", "bf16"] | None = None,
    threads: int | None = None,
) -> Predictor:
    """The model of a run (None: the latest), or an n-gram of `data`; ValueError if not found.

    A mixture is of a run and the n-gram of the run's own text, whatever `data` is; "auto" is a
    mixture if that text is there, and says so if it is not. `order` is the n-gram's; None: 7 alone,
    and in a mixture that of its gate, or `mixture.ORDER`. `precision` and `threads` are those of
    a GPT; None leaves float32 and torch's own number.
    """
    if kind == "ngram":
        return count(data or corpora.DEFAULT, order or DEFAULT_ORDER)
    path = locate(run)
    import torch

    from minigpt.device import check_threads
    from minigpt.saved.checkpoint import load_model

    model, record = load_model(path)
    if precision is not None:
        model.precision = precision
    if threads is not None:
        check_threads(threads)
        torch.set_num_threads(threads)
    alone = Predictor(
        model=model,
        name=str(path.parent),
        folder=path.parent if path == runs.Run(path.parent).model else None,
        corpus=record.get("data", ""),
        corpus_sha256=record.get("corpus_sha256", ""),
        latest=run is None,
    )
    if kind == "auto":
        return mix_if_possible(alone, order)
    return mix(alone, order) if kind == "mixture" else alone


def mix_if_possible(alone: Predictor, order: int | None = None) -> Predictor:
    """`mix`, or, with a line on standard error, `alone` if its text has gone or is too long."""
    try:
        corpus = alone.learned()
        if len(corpus.train) > NGRAM_LIMIT:
            raise TextGone(too_long(corpus), "--model mixture counts all the same")
        return mix(alone, order, corpus=corpus)
    except TextGone as error:
        print(f"the network works alone: {error.why}", file=sys.stderr, flush=True)
        return alone


def too_long(corpus: corpora.Corpus) -> str:
    """Why nothing is counted of this text."""
    return (
        f"counting the {len(corpus.train):,} characters of {corpus.name} would take minutes (the "
        f"limit is {NGRAM_LIMIT:,})"
    )


def mix(
    alone: Predictor,
    order: int | None = None,
    *,
    corpus: corpora.Corpus | None = None,
    gate: bytes = b"",
) -> Predictor:
    """A run's model and the n-gram of its training text, mixed by the gate in its folder.

    Without one a gate is fitted now on the choosing half, in seconds, and kept in the folder of a
    finished run. So it is if that gate's fingerprint does not begin with `gate`. `order` None is
    that of the gate's n-gram, `corpus` the run's text if it is at hand. TextGone if it has gone or
    changed, ValueError if the gate is another run's.
    """
    corpus = corpus or alone.learned()
    _check_same(alone, corpus)
    tokenizer = alone.model.tokenizer
    path = None if alone.folder is None else alone.folder / GATE
    own = gate_order(path) if path and path.exists() else ORDER
    order = order or own
    counted = replace(count_of(corpus, order, tokenizer), corpus=alone.corpus)
    models = (alone.model, counted.model)
    if order != own:
        path = None  # the run's gate is for other counts, and stays
    mixed = Mixture.load(models, path) if path and path.exists() else None
    if mixed is None or not bytes.fromhex(mixed.gate.fingerprint).startswith(gate):
        kept, mixed = mixed, fit_gate(models, tokenizer.encode(corpus.choose))
        print(f"fitted a gate for {alone.name}", file=sys.stderr, flush=True)
        if kept is None and path and runs.Run(path.parent).finished:
            with suppress(OSError):  # a folder that cannot be written: it is fitted again next time
                mixed.save_gate(path)
    name = f"{alone.name} and the n-gram, mixed"
    return replace(alone, model=mixed, name=name, latest=False, members=(alone, counted))


def gate_order(path: Path) -> int:
    """The order of the n-gram for which a gate was fitted; one that does not say has 7.

    What is no gate counts as ORDER: reading it says what is wrong.
    """
    with suppress(ValueError, TypeError, AttributeError):
        orders = files.read_json(path).get("orders", [DEFAULT_ORDER])
        return next((k for k in orders if type(k) is int and k >= 1), ORDER)
    return ORDER


def learning(
    alone: Predictor, order: int | None = None, *, corpus: corpora.Corpus | None = None
) -> Predictor:
    """A run's model (or an n-gram's text alone) and counting, which learn while they read.

    Some five seconds. `corpus` is the run's text if it is at hand; TextGone if it has gone or
    changed, or is too long.
    """
    from minigpt.adaptive import Adaptive

    corpus = corpus or alone.learned()
    _check_same(alone, corpus)
    if len(corpus.train) > min(ADAPTIVE_LIMIT, NGRAM_LIMIT):
        raise TextGone(
            f"keeping all contexts of {len(corpus.train):,} characters would take gigabytes (the "
            f"limit is {ADAPTIVE_LIMIT:,})",
            "use --model mixture",
        )
    tokenizer = alone.model.tokenizer
    models: list[NextChar] = [] if isinstance(alone.model, NGram) else [alone.model]
    ids = tokenizer.encode(corpus.train)
    model = Adaptive(models, ids, tokenizer, order or DEFAULT_ORDER)
    name = f"{alone.name} and counting" if models else f"counting {corpus.name}"
    return replace(
        alone,
        model=model,
        name=f"{name}, learning while it reads",
        corpus=alone.corpus or corpus.name,
        latest=False,
        members=(alone,),
    )


def _check_same(alone: Predictor, corpus: corpora.Corpus) -> None:
    """TextGone if the text is not the one that the run has learned from."""
    if alone.corpus_sha256 not in ("", corpus.sha256):
        raise TextGone(
            f"{alone.corpus} has changed since {alone.name} learned from it, so its n-gram cannot "
            "be counted",
            "bring the text back, or use --model gpt",
        )


def fit_gate(models: Sequence[NextChar], choose: np.ndarray) -> Mixture:
    """`Mixture.fit` in float32 and one thread: the same gate again, to the last bit.

    On a terminal a bar shows it.
    """
    with _exactly(models[0]), progress.counting("fitting a gate", STEPS) as tell:
        return Mixture.fit(models, choose, tell=tell)


@contextmanager
def _exactly(model: Any) -> Iterator[None]:
    import torch

    threads, precision = torch.get_num_threads(), model.precision
    torch.set_num_threads(1)
    model.precision = "fp32"
    try:
        yield
    finally:
        model.precision = precision
        torch.set_num_threads(threads)


def made_with(fingerprint: bytes) -> str | None:
    """The folder of the run whose model's fingerprint begins like this; None if there is none."""
    from minigpt.saved.checkpoint import load_model

    for run in reversed(runs.find_all()):
        try:
            if bytes.fromhex(load_model(run.folder)[0].fingerprint).startswith(fingerprint):
                return str(run.folder)
        except (ValueError, OSError):
            continue  # a run without a model, or with a damaged one, is not it
    return None


def count(data: str, order: int = DEFAULT_ORDER) -> Predictor:
    """A Kneser-Ney n-gram of the training part of `data`, with the alphabet of the whole text."""
    return replace(count_of(corpora.load(data), order), corpus=data)


def count_of(
    corpus: corpora.Corpus, order: int = DEFAULT_ORDER, tokenizer: CharTokenizer | None = None
) -> Predictor:
    """`count` for a text that is already loaded; `tokenizer` may have a larger alphabet."""
    tokenizer = tokenizer or CharTokenizer.from_text(corpus.text)
    model = NGram.fit(corpus.train, tokenizer, order)
    name = f"n-gram (Kneser-Ney, order {order}) of {corpus.name}"
    return Predictor(model=model, name=name, corpus=corpus.name)


def locate(run: str | None) -> Path:
    """The model file that RUN means; ValueError if there is none."""
    if run is not None and Path(run).is_file():
        return Path(run)
    found = runs.find(None if run is None else Path(run))
    if not found.model.exists():
        raise ValueError(f"no model in {found.folder}; train one: python -m minigpt.train")
    return found.model

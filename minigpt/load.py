"""The model behind the RUN of a command line.

Idea:   every command that takes RUN takes the same things: nothing (the latest run), a run's folder
        or a model file; or, with `--model ngram`, a text that is counted now, in about a second.
Run:    python -m minigpt.sample --model ngram --prompt "ROMEO:"
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from labkit.command import describe
from minigpt import corpora
from minigpt.ngram import DEFAULT_ORDER, NGram
from minigpt.tokenizer import CharTokenizer
from minigpt.train import runs

if TYPE_CHECKING:
    from minigpt.model import GPT

Kind = Literal["gpt", "ngram"]


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """A model, its name in output, and the text it learned from."""

    model: GPT | NGram
    name: str
    corpus: str
    """A corpus's name or a path, as `corpora.load` takes it; empty if unknown."""
    corpus_sha256: str = ""
    """SHA-256 of that text when the model learned from it; empty if unknown."""
    latest: bool = False
    """Whether nobody named the run: it is then the one worked on last."""

    def learned(self) -> corpora.Corpus:
        """The text it learned from; ValueError, naming both, if it is not available."""
        try:
            return corpora.load(self.corpus)
        except (ValueError, OSError) as error:
            raise ValueError(
                f"{self.name} learned from {self.corpus or 'a text that it does not name'}, which "
                f"cannot be had: {describe(error)}; bring it back, or name a text by --data"
            ) from None

    def announce(self) -> None:
        """Print on standard error which model is used, unless the user named it."""
        if self.latest:
            open_end = not (Path(self.name) / "result.json").exists()
            more = ", which is not finished (train --resume goes on with it)" if open_end else ""
            print(f"using {self.name}, the latest run{more}", file=sys.stderr, flush=True)


def load_predictor(
    run: str | None = None,
    *,
    kind: Kind = "gpt",
    data: str | None = None,
    order: int = DEFAULT_ORDER,
    precision: Literal["fp32", "bf16"] | None = None,
    threads: int | None = None,
) -> Predictor:
    """The model of a run (None: the latest), or an n-gram of `data`; ValueError if not found.


    `precision` and `threads` are those of a GPT; None leaves float32 and torch's own number.
    """
    if kind == "ngram":
        return count(data or corpora.DEFAULT, order)
    path = locate(run)
    import torch

    from minigpt.device import check_threads
    from minigpt.train.checkpoint import load_model

    model, record = load_model(path)
    if precision is not None:
        model.precision = precision
    if threads is not None:
        check_threads(threads)
        torch.set_num_threads(threads)
    return Predictor(
        model=model,
        name=str(path.parent),
        corpus=record.get("data", ""),
        corpus_sha256=record.get("corpus_sha256", ""),
        latest=run is None,
    )


def made_with(fingerprint: bytes) -> str | None:
    """The folder of the run whose model's fingerprint begins like this; None if there is none."""
    from minigpt.train.checkpoint import load_model

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


def count_of(corpus: corpora.Corpus, order: int = DEFAULT_ORDER) -> Predictor:
    """`count` for a text that is already loaded."""
    model = NGram.fit(corpus.train, CharTokenizer.from_text(corpus.text), order)
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

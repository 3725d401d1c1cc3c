"""The model behind the RUN of a command line.

Idea:   every command that takes RUN takes the same things: nothing (the latest run), a run's folder
        or a model file; with `--model ngram` a text that is counted now, in about a second; with
        `--model mixture` a run and the n-gram of its text, mixed by a gate.
Run:    python -m minigpt.sample --model ngram --prompt "ROMEO:"
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from labkit.command import describe
from minigpt import corpora
from minigpt.mixture import Mixture
from minigpt.mixture.mixture import GATE
from minigpt.ngram import DEFAULT_ORDER, NGram
from minigpt.tokenizer import CharTokenizer
from minigpt.train import runs

if TYPE_CHECKING:
    from minigpt.model import GPT

Kind = Literal["gpt", "ngram", "mixture"]


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """A model, its name in output, and the text it learned from."""

    model: GPT | NGram | Mixture
    name: str
    corpus: str
    """A corpus's name or a path, as `corpora.load` takes it; empty if unknown."""
    corpus_sha256: str = ""
    """SHA-256 of that text when the model learned from it; empty if unknown."""
    latest: bool = False
    """Whether nobody named the run: it is then the one worked on last."""
    members: tuple[Predictor, ...] = ()
    """What a mixture is made of: the run, and the n-gram of its text."""

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
        for member in self.members:
            member.announce()
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

    A mixture is of a run and the n-gram of the run's own text, whatever `data` is. `precision` and
    `threads` are those of a GPT; None leaves float32 and torch's own number.
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
    alone = Predictor(
        model=model,
        name=str(path.parent),
        corpus=record.get("data", ""),
        corpus_sha256=record.get("corpus_sha256", ""),
        latest=run is None,
    )
    return mix(alone, order) if kind == "mixture" else alone


def mix(alone: Predictor, order: int = DEFAULT_ORDER) -> Predictor:
    """A run's model and the n-gram of its training text, mixed by the gate in its folder.

    Without one a gate is fitted now on the choosing half, in seconds. ValueError if the text has
    gone or changed, or the gate is another run's.
    """
    corpus = alone.learned()
    if alone.corpus_sha256 not in ("", corpus.sha256):
        raise ValueError(
            f"{alone.corpus} has changed since {alone.name} learned from it, so its n-gram cannot "
            "be counted; bring the text back, or use --model gpt"
        )
    tokenizer = alone.model.tokenizer
    counted = replace(count_of(corpus, order, tokenizer), corpus=alone.corpus)
    models, path = (alone.model, counted.model), Path(alone.name) / GATE
    mixed = (
        Mixture.load(models, path)
        if path.exists()
        else Mixture.fit(models, tokenizer.encode(corpus.choose))
    )
    name = f"{alone.name} and the n-gram, mixed"
    return replace(alone, model=mixed, name=name, latest=False, members=(alone, counted))


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

"""What a run's page needs beside the model: its text, its gate, its figures, a passage to guess.

Idea:   the passage is from the half of the held-out text that has chosen nothing.
Run:    used by minigpt.play
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard, cast

from labkit.command import describe
from labkit.visible import visible
from minigpt import ngram
from minigpt.corpora import TABLE, Corpus
from minigpt.load import Predictor, gate_order, load_predictor
from minigpt.mixture import Gate
from minigpt.mixture.mixture import GATE, saved_gate
from minigpt.ngram import DEFAULT_ORDER, NGRAM_LIMIT
from minigpt.play.document import Shown
from minigpt.saved.runs import Run
from minigpt.tokenizer import CharTokenizer

if TYPE_CHECKING:
    from minigpt.model import GPT

PASSAGE = 4000
"""Characters of the passage to guess."""
LEFT = 200
"""Characters of a passage below which, if the model lacks the others, there is no text to guess."""


def gather(run: str | None, *, counts: bool) -> tuple[Shown, Corpus | None]:
    """A run with all that its page shows, and its text if it can be had.

    `counts` False leaves the training text out, and with it counting and the mixture; a passage is
    compared with it all the same. A line on standard error says what is missing and why.
    """
    found = load_predictor(run)
    found.announce()
    folder = Path(found.name)
    corpus = _corpus(found)
    learned, gate, order = "", None, DEFAULT_ORDER
    if counts and corpus is not None:
        if len(corpus.train) > NGRAM_LIMIT:
            _say(f"no counting: {corpus.name} has more than {NGRAM_LIMIT:,} characters")
        else:
            learned = corpus.train
            gate, order = _gate(found, corpus)
    facts = {**_figures(folder), "corpus": ""}
    if corpus is not None:
        facts |= {
            "corpus": visible(corpus.title, 80),
            "source": visible(_source(corpus), 200),
            "licence": visible(corpus.licence, 200),
        }
    name = folder.resolve().name or "minigpt"
    return Shown(
        model=cast("GPT", found.model),
        name=name,
        learned=learned,
        seen="" if corpus is None else corpus.train,
        gate=gate,
        order=order,
        facts=facts,
    ), corpus


def passage_of(corpus: Corpus | None) -> str:
    """Text to guess, from the judging half, from the start of a line; empty without a text."""
    if corpus is None:
        return ""
    text = corpus.judge
    begin = text.find("\n") + 1
    return text[begin : begin + PASSAGE] if len(text) - begin > PASSAGE // 10 else text[:PASSAGE]


def too_short(passage: str, tokenizer: CharTokenizer) -> str:
    """What to say of a passage that the alphabet empties: of which fewer than `LEFT` characters are
    left, and fewer than nine tenths; empty for any other.

    >>> too_short("Ein Satz.", CharTokenizer("abc"))
    'no passage to guess: of its 9 characters the model knows 1'
    >>> too_short("ab", CharTokenizer("abc"))
    ''
    """
    left = sum(character in tokenizer for character in passage)
    if left >= min(LEFT, 0.9 * len(passage)):
        return ""
    return f"no passage to guess: of its {len(passage):,} characters the model knows {left:,}"


def _corpus(found: Predictor) -> Corpus | None:
    """The text that the run learned from; None, with a line that says so, if it has gone."""
    try:
        corpus = found.learned()
    except ValueError as error:
        _say(f"no counting and no passage to guess: {describe(error)}")
        return None
    if found.corpus_sha256 not in ("", corpus.sha256):
        _say(
            f"no counting and no passage to guess: {found.corpus} has changed since the run saw it"
        )
        return None
    return corpus


def _source(corpus: Corpus) -> str:
    """Where the text is from; of a file of the user's, its name without its folders."""
    return corpus.source if corpus.name in TABLE else Path(corpus.source).name


def _gate(found: Predictor, corpus: Corpus) -> tuple[Gate | None, int]:
    """The gate in the run's folder, and the order of its n-gram; None if there is no gate, or it is
    another model's."""
    path = Path(found.name) / GATE
    if not path.exists():
        return None, DEFAULT_ORDER
    order, tokenizer = gate_order(path), found.model.tokenizer
    counted = ngram.fingerprint(tokenizer.encode(corpus.train), tokenizer, order)
    try:
        return saved_gate(path, [found.model.fingerprint, counted]), order
    except ValueError as error:
        _say(f"no mixture: {describe(error)}")
        return None, DEFAULT_ORDER


def _figures(folder: Path) -> dict[str, Any]:
    """Seconds of training, and bits/char on the held-out text, as result.json has them."""
    try:
        result = Run(folder).result or {}
    except (ValueError, OSError):
        result = {}
    names = {"bits": "val_loss", "counting": "ngram_val_loss", "mixture": "mixture_val_loss"}
    figures = {key: result.get(name) for key, name in names.items()}
    known = {key: value / math.log(2) for key, value in figures.items() if _is_figure(value)}
    seconds = result.get("train_seconds")
    return {**known, "seconds": seconds} if _is_figure(seconds) else known


def _is_figure(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and 0 < value < math.inf


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)

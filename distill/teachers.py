"""Teachers: anything that predicts the next character, asked without gradients.

Idea:   a student needs nothing from its teacher but a distribution for each position of a window.
        So a teacher is a `NextChar`: a trained GPT, several of them, a table of counts, a grammar.
Source: ensembles as teachers: Hinton et al. 2015, arXiv:1503.02531, section 5; leaving out what is
        predicted: M. Stone, "Cross-validatory choice and assessment of statistical predictions",
        J. R. Statist. Soc. B 36 (1974), 111-147.
Run:    python -m distill.train --help
Omits:  teachers with another alphabet: their characters would have to be translated.

Legend: B batch, T time, V vocabulary. Log-probabilities in nats, float32.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from minigpt.nextchar import NextChar
from minigpt.ngram import DEFAULT_ORDER, NGram
from minigpt.tokenizer import CharTokenizer

if TYPE_CHECKING:
    import torch

    from minigpt.model import GPT


def same_alphabet(teacher: CharTokenizer, student: CharTokenizer) -> None:
    """ValueError, naming the first difference, if ids do not mean the same characters."""
    where = teacher.difference(student, "the teacher", "the student")
    if not where:
        return
    raise ValueError(
        f"teacher and student have different alphabets ({len(teacher)} and {len(student)} "
        f"characters): {where}; train the teacher on a text with the student's characters"
    )


def predict(model: NextChar, ids: np.ndarray) -> np.ndarray:
    """Log-probabilities [B, T, V] for ids [B, T] of any length.

    If the model's context is shorter, windows overlap by half of it: every position but the first
    ones is predicted with at least half a context before it.
    """
    width, time = model.context, ids.shape[1]
    if width is None or time <= width:
        return model.logprobs(ids)
    step = max(1, width // 2)
    found = np.empty((*ids.shape, len(model.tokenizer)), np.float32)
    found[:, :width] = model.logprobs(ids[:, :width])
    done = width
    while done < time:
        end = min(done + step, time)
        found[:, done:end] = model.logprobs(ids[:, end - width : end])[:, -(end - done) :]
        done = end
    return found


def ask(model: NextChar, ids: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Log-probabilities [B, T, V] for windows ids [B, T] that begin at `starts` [B] of the text.

    The position matters to a teacher that must not use what it has counted there; for all others
    this is the same as `logprobs`.
    """
    at = getattr(model, "logprobs_at", None)
    return model.logprobs(ids) if at is None else at(ids, starts)


def parts(teacher: Any) -> Iterator[Any]:
    """A teacher and those that it asks in turn: members of an ensemble or of a mixture, the model
    behind a view."""
    yield teacher
    inside = getattr(teacher, "members", None) or getattr(teacher, "models", None)
    for one in inside or [getattr(teacher, "model", None)]:
        if one is not None:
            yield from parts(one)


def join(teacher: Any, device: torch.device, precision: Literal["fp32", "bf16"]) -> None:
    """Let the GPTs in `teacher` compute on the student's device, in its precision.

    Otherwise every step of a student on a graphics card waits for the processor, and a teacher in
    float32 takes seconds that a student in bfloat16 does not have.
    """
    for model in _models(teacher):
        model.to(device)
        model.precision = precision


def precision_here(device: torch.device) -> Literal["fp32", "bf16"]:
    """The precision of the training step that calls this."""
    import torch

    return "bf16" if torch.is_autocast_enabled(device.type) else "fp32"


@contextmanager
def unchanged(teacher: Any) -> Iterator[None]:
    """Restore device and precision of the GPTs in `teacher` after the block."""
    before = [(model, model.head.weight.device, model.precision) for model in _models(teacher)]
    try:
        yield
    finally:
        for model, device, precision in before:
            model.to(device)
            model.precision = precision


def _models(teacher: Any) -> list[GPT]:
    from minigpt.model import GPT

    return [part for part in parts(teacher) if isinstance(part, GPT)]


FOLDS = 10
"""Folds of an n-gram that teaches on the text it has counted: it then counts nine tenths of it."""


def check_text(teacher: Any, ids: np.ndarray) -> None:
    """ValueError if a cross-fitted n-gram in `teacher` has not counted the text ids [N].

    It may have counted more of the same text, of which this is the beginning.
    """
    for part in parts(teacher):
        if not isinstance(part, NGramTeacher) or not part.folds:
            continue
        if not np.array_equal(part.text[: len(ids)], ids):
            raise ValueError(
                f"an n-gram of {len(part.text):,} characters in {part.folds} folds teaches on the "
                f"text it has counted, and this is another one ({len(ids):,} characters); fit it "
                "with folds=0"
            )


def fingerprint(model: Any) -> str:
    """Identifier of a teacher: its fingerprint, or a hash of its predictions on a fixed text."""
    if hasattr(model, "fingerprint"):
        return model.fingerprint
    size = len(model.tokenizer)
    probe = np.random.default_rng(0).integers(size, size=(4, min(64, model.context or 64)))
    said = model.logprobs(probe).astype(np.float32)
    return hashlib.sha256(model.tokenizer.vocab_hash.encode() + said.tobytes()).hexdigest()


class Teacher:
    """A `NextChar` that passes its questions on; other teachers are derived from it."""

    def __init__(self, model: NextChar) -> None:
        self.model = model

    @property
    def tokenizer(self) -> CharTokenizer:
        """The model's alphabet."""
        return self.model.tokenizer

    @property
    def context(self) -> int | None:
        """The context of one call of the model; `logprobs` takes longer windows."""
        return self.model.context

    @property
    def fingerprint(self) -> str:
        """The model's `fingerprint`."""
        return fingerprint(self.model)

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        """ids [B, T] of any length T -> log-probabilities [B, T, V]."""
        return predict(self.model, ids)

    def logprobs_at(self, ids: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """See `ask`."""
        if hasattr(self.model, "logprobs_at"):
            return self.model.logprobs_at(ids, starts)
        return self.logprobs(ids)

    def start(self, ids: np.ndarray) -> tuple[Any, np.ndarray]:
        """See `NextChar.start`."""
        return self.model.start(ids)

    def step(self, state: Any, ids: np.ndarray) -> np.ndarray:
        """See `NextChar.step`."""
        return self.model.step(state, ids)


class ModelTeacher(Teacher):
    """A trained GPT that does not learn any more: eval mode, no gradients."""

    model: GPT

    def __init__(self, model: GPT) -> None:
        super().__init__(model)
        model.eval().requires_grad_(False)


class NGramTeacher(Teacher):
    """An n-gram as a teacher: nearly free, and on little text better than a labels-only student.

    In the text that it has counted it knows the answers: half of what it says about a character
    there is the label itself, and a student taught like that learns what does not hold for other
    text. So to teach on its own text it is fitted with `folds`: the text is cut into this many
    stretches of equal length, and each character is predicted from the counts of all others
    (`logprobs_at`). For everything else (`logprobs`, `start`, `step`) it has counted the whole
    text.
    """

    model: NGram

    def __init__(self, model: NGram, text: np.ndarray, folds: int = 0) -> None:
        """`text` (ids [N]) is what `model` has counted; see `fit`."""
        super().__init__(model)
        if folds == 1 or not 0 <= folds <= len(text):
            raise ValueError(
                f"folds leave out a part each: 0 for none, or from 2 to the {len(text):,} "
                f"characters of the text, got {folds}"
            )
        self.text, self.folds = text, folds
        self._without: dict[int, NGram] = {}

    @classmethod
    def fit(
        cls, text: str, tokenizer: CharTokenizer, order: int = DEFAULT_ORDER, folds: int = 0
    ) -> NGramTeacher:
        """Count `text` once and, when it first teaches, once more without each of the `folds`.

        ValueError for an empty text, one fold, or more folds than characters.
        """
        return cls(NGram.fit(text, tokenizer, order), tokenizer.encode(text), folds)

    @property
    def fingerprint(self) -> str:
        """A hash of text, order and folds: other folds make another teacher."""
        whole = self.model.fingerprint
        return hashlib.sha256(f"{whole} {self.folds}".encode()).hexdigest() if self.folds else whole

    def logprobs_at(self, ids: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Predictions [B, T, V] for windows ids [B, T] at `starts` [B] of the counted text.

        Each comes from the counts without the stretch that contains the next character; the two
        sides of the gap are counted as if they were adjacent.
        """
        if not self.folds:
            return self.logprobs(ids)
        found = np.empty((*ids.shape, len(self.tokenizer)), np.float32)
        for model, rows, here in self._by_fold(ids, starts):
            found[here] = model.logprobs(ids[rows])[here[rows]]
        return found

    def matched_at_places(self, ids: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """`NGram.matched` [B, T, 2] of the same windows, by the same counts."""
        if not self.folds:
            return self.model.matched(ids)
        found = np.empty((*ids.shape, 2), np.float32)
        for model, rows, here in self._by_fold(ids, starts):
            found[here] = model.matched(ids[rows])[here[rows]]
        return found

    def without(self, fold: int) -> NGram:
        """The counts of all stretches but this one; they are counted when first asked for."""
        if fold not in self._without:
            number = np.arange(len(self.text)) * self.folds // len(self.text)
            rest = self.text[number != fold]
            self._without[fold] = NGram.fit(rest, self.tokenizer, self.model.order)
        return self._without[fold]

    def _by_fold(
        self, ids: np.ndarray, starts: np.ndarray
    ) -> Iterator[tuple[NGram, np.ndarray, np.ndarray]]:
        """Each n-gram that is asked, for which windows [B], and for which characters [B, T]."""
        places = np.asarray(starts)[:, None] + np.arange(
            1, ids.shape[1] + 1
        )  # of the predicted characters
        fold = np.minimum(places, len(self.text) - 1) * self.folds // len(self.text)
        for k in np.unique(fold):
            here = fold == k
            yield self.without(int(k)), here.any(axis=1), here


class EnsembleTeacher:
    """Several teachers as one.

    mean="probability" averages distributions: a character's probability if one of them is right and
    it is unknown which. mean="logit" averages log-probabilities and normalises: a product of
    experts, sharper, in which each can veto. They are not the same.
    """

    def __init__(
        self,
        members: Sequence[NextChar],
        mean: Literal["probability", "logit"] = "probability",
    ) -> None:
        if not members:
            raise ValueError("an ensemble needs at least one teacher, got none")
        if mean not in ("probability", "logit"):
            raise ValueError(f"mean must be probability or logit, got {mean!r}")
        for member in members[1:]:
            same_alphabet(member.tokenizer, members[0].tokenizer)
        self.members, self.mean = list(members), mean

    @property
    def tokenizer(self) -> CharTokenizer:
        """The alphabet, common to all members."""
        return self.members[0].tokenizer

    @property
    def context(self) -> int | None:
        """The shortest context of the members; `logprobs` takes longer windows."""
        limits = [m.context for m in self.members if m.context is not None]
        return min(limits) if limits else None

    @property
    def fingerprint(self) -> str:
        """A hash of the members and the kind of mean."""
        parts = [self.mean, *map(fingerprint, self.members)]
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        """ids [B, T] -> log-probabilities [B, T, V] of the average."""
        return self._average([predict(m, ids) for m in self.members])

    def logprobs_at(self, ids: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """See `ask`; each member is asked separately."""
        return self._average([ask(Teacher(m), ids, starts) for m in self.members])

    def start(self, ids: np.ndarray) -> tuple[Any, np.ndarray]:
        """See `NextChar.start`; the state is the members' states."""
        states, said = zip(*(m.start(ids) for m in self.members))
        return list(states), self._average(said)

    def step(self, state: Any, ids: np.ndarray) -> np.ndarray:
        """See `NextChar.step`."""
        return self._average([m.step(s, ids) for m, s in zip(self.members, state)])

    def _average(self, said: Sequence[np.ndarray]) -> np.ndarray:
        stacked = np.stack(said).astype(np.float64)
        if self.mean == "probability":
            with np.errstate(divide="ignore"):  # 0 if all members say 0
                return np.log(np.exp(stacked).mean(0)).astype(np.float32)
        mixed = stacked.mean(0)
        peak = mixed.max(-1, keepdims=True)
        total = np.log(np.exp(mixed - peak).sum(-1, keepdims=True)) + peak
        return (mixed - total).astype(np.float32)


def side_by_side(model: NextChar, ids: np.ndarray, batch: int = 64) -> np.ndarray:
    """Log-probabilities [N - 1, V] of the character after each but the last of ids [N].

    They are read in windows of the model's context that do not overlap, as for the loss of a text.
    """
    width, past = model.context or len(ids), len(ids) - 1
    found = np.empty((past, len(model.tokenizer)), np.float32)
    full = past // width
    windows = ids[: full * width].reshape(full, width).astype(np.int64)
    for i in range(0, full, batch):
        said = model.logprobs(windows[i : i + batch])
        found[i * width : (i + len(said)) * width] = said.reshape(-1, said.shape[-1])
    if full * width < past:
        found[full * width :] = model.logprobs(ids[None, full * width : past].astype(np.int64))[0]
    return found

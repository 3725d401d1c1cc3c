"""Views: what a model sees of a text, while the targets stay the same.

Idea:   a teacher may read with an expensive sensor and a student with a cheap one. A view is the
        sensor: it hides characters, garbles them, or shows only the last few. It reads each
        position of a text once and for all, so that every window, epoch and cache agrees on what
        was seen there.
Source: learning with privileged information, Vapnik & Vashist 2009; Lopez-Paz et al. 2016,
        arXiv:1511.03643 (generalised distillation).
Run:    python -m distill.experiments expensive_sensor
Omits:  sensors that add symbols: a view stays within the alphabet.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from labkit.files import sha256
from minigpt.nextchar import NextChar
from minigpt.tokenizer import CharTokenizer


@dataclass(frozen=True, kw_only=True)
class View:
    """A sensor for text; made by `full`, `masked`, `noisy`, `shortened` and `shuffled`."""

    kind: Literal["full", "masked", "noisy", "shortened", "shuffled"] = "full"
    """What the sensor does to the text."""
    share: float = 0.0
    """Share of the characters that are hidden or garbled."""
    mark: str = " "
    """Character shown in place of a hidden one."""
    length: int | None = None
    """The most characters that are seen; None for the whole window."""
    seed: int = 0
    """Seed of which characters are replaced, and by what."""

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError(f"a view hides a share from 0 to 1, got {self.share}")
        if self.length is not None and self.length < 1:
            raise ValueError(f"a shortened view shows at least 1 character, got {self.length}")
        if len(self.mark) != 1:
            raise ValueError(f"the mark of a masked view is one character, got {self.mark!r}")

    @property
    def hash(self) -> str:
        """SHA-256 of the fields: equal for views that show the same."""
        return sha256(json.dumps(asdict(self), sort_keys=True))

    def see(self, ids: np.ndarray, tokenizer: CharTokenizer, part: int = 0) -> np.ndarray:
        """The text as seen, ids [N] -> [N]; positions do not move, unless it is shuffled.

        A prefix of a text looks like the same prefix of the whole, unless it is shuffled. `part`
        distinguishes texts (training 0, held out 1), so that their characters are replaced
        independently.
        """
        if self.kind in ("full", "shortened"):
            return ids
        rng = np.random.default_rng((self.seed, part))
        if self.kind == "shuffled":
            return np.roll(ids, int(rng.integers(len(ids) // 4, 3 * len(ids) // 4 + 1)))
        luck = rng.random((len(ids), 2))  # row by row: a prefix stays a prefix
        hit = luck[:, 0] < self.share
        if self.kind == "masked":
            shown = np.full(len(ids), tokenizer.encode(self.mark)[0])
        else:
            shown = (luck[:, 1] * len(tokenizer)).astype(np.int64)
        return np.where(hit, shown, ids).astype(ids.dtype)

    def through(self, model: NextChar) -> NextChar:
        """`model`, limited to reading as far back as the view allows."""
        return model if self.length is None else _Shortened(model, self.length)


def full() -> View:
    """The view that shows everything."""
    return View()


def masked(p: float, *, mark: str = " ", seed: int = 0) -> View:
    """A view with a share `p` of the characters replaced by `mark`, which is in the alphabet."""
    return View(kind="masked", share=p, mark=mark, seed=seed)


def noisy(p: float, *, seed: int = 0) -> View:
    """A view with a share `p` of the characters replaced by random ones of the alphabet."""
    return View(kind="noisy", share=p, seed=seed)


def shuffled(*, seed: int = 0) -> View:
    """A view of another place: the text, rotated by a quarter to three quarters of its length.

    It is the placebo of a comparison: it shows what a sensor shows in general, and nothing of this
    place.
    """
    return View(kind="shuffled", seed=seed)


def shortened(k: int) -> View:
    """A view of windows cut into pieces of `k` characters; nothing before the piece is seen."""
    return View(kind="shortened", length=k)


def pieces(ids: Any, length: int | None) -> list[Any]:
    """ids [B, T] cut into windows of at most `length`: [[B, length], ..., [B, rest]]."""
    if length is None:
        return [ids]
    return [ids[:, i : i + length] for i in range(0, ids.shape[1], length)]


class _Shortened:
    """A model that does not see anything before the current piece."""

    def __init__(self, model: NextChar, length: int) -> None:
        self.model, self.length = model, length

    @property
    def tokenizer(self) -> CharTokenizer:
        return self.model.tokenizer

    @property
    def context(self) -> int | None:
        limit = self.model.context
        return self.length if limit is None else min(limit, self.length)

    @property
    def fingerprint(self) -> str:
        from distill.teachers import fingerprint

        return sha256(f"{fingerprint(self.model)} {self.length}")

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        said = [self.model.logprobs(piece) for piece in pieces(ids, self.length)]
        return np.concatenate(said, axis=1)

    def logprobs_at(self, ids: np.ndarray, starts: np.ndarray) -> np.ndarray:
        from distill.teachers import ask

        cut = enumerate(pieces(ids, self.length))
        said = [ask(self.model, piece, starts + i * self.length) for i, piece in cut]
        return np.concatenate(said, axis=1)

    def start(self, ids: np.ndarray) -> tuple[Any, np.ndarray]:
        return self._restart(ids[:, -self.length :])

    def _restart(self, view: np.ndarray) -> tuple[Any, np.ndarray]:
        return {"view": view}, self.model.logprobs(view)[:, -1]

    def step(self, state: Any, ids: np.ndarray) -> np.ndarray:
        from minigpt.nextchar import window

        state["total"] = state.get("total", state["view"].shape[1]) + 1
        view = np.concatenate((state["view"], ids[:, None]), axis=1)
        state["view"] = view[:, -window(state["total"], self.length) :]
        return self.model.logprobs(state["view"])[:, -1]

"""A mixture: several predictors of the next character as one.

Idea:   a network and a table of counts make different mistakes: where one is lost the other often
        is not. If neither is much the worse, even their plain average predicts better than both; a
        gate that sees how sure each is does better still.
Source: as `minigpt.mixture.gate`; averages of predictors: L. Breiman, "Stacked regressions",
        Machine Learning 24 (1996), 49-64.
Run:    python -m minigpt.evaluate --model mixture; python -m tests.benchmarks.bench_mixture
Omits:  members with other alphabets; counts and weights that learn from the text they read.

Tiny Shakespeare: a run of `quick`, one of `default` (seed 0 each), and the n-gram of the training
text (of order `ORDER`), in nats/char. Constants and gates are fitted on the choosing half.

                         quick: choosing  judging  held out   default: choosing  judging  held out
    network alone                 1.8030   1.8555    1.8298              1.4619   1.5927    1.5271
    counting alone                1.4577   1.5873    1.5225              1.4577   1.5873    1.5225
    arithmetic, equal             1.4762   1.5656    1.5211              1.3732   1.4860    1.4297
    arithmetic, constant          1.4373   1.5446    1.4910              1.3729   1.4856    1.4293
    arithmetic, gate              1.3956   1.5172    1.4563              1.3505   1.4720    1.4115
    geometric, equal              1.4558   1.5516    1.5037              1.3636   1.4821    1.4230
    geometric, constant           1.4194   1.5299    1.4746              1.3634   1.4818    1.4228
    geometric, gate               1.3920   1.5106    1.4512              1.3478   1.4682    1.4081

(`python -m minigpt.train --preset quick --out RUN`, `python -m tests.benchmarks.bench_mixture RUN`;
a gate is fitted in 2 to 6 s of one core.) The geometric gate, the best in every column, is the
default. No fit sees the judging half, yet features were compared on both halves of an earlier
`quick` with counting of order 7: without the divergences 1.4655 held out, with them 1.4595.

Legend: B batch, T time, V vocabulary, M members. Log-probabilities in nats, float32.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from labkit import files
from minigpt.mixture import gate as gates
from minigpt.mixture import members
from minigpt.mixture.gate import Gate, Mean
from minigpt.nextchar import NextChar
from minigpt.tokenizer import CharTokenizer

GATE = "gate.json"  # its file in a run's folder
ORDER = 10
"""Order of the n-gram beside a network. Alone, counting is best at 7; but a network knows short
contexts well, and repeated lines by heart only counting does. Chosen on the choosing half of Tiny
Shakespeare, the gate fitted on one half of it and measured on the other, both ways, for orders 7,
8, 9, 10, 11 and 13: `quick` 1.4075, 1.4004, 1.3985, 1.3980, 1.3988, 1.3997; `default` 1.3636,
1.3584, 1.3549, 1.3535, 1.3542, 1.3535 (bench_mixture.py RUN --orders 7 8 9 10 11 13)."""
CELLS = 1 << 24  # log-probabilities of one member held at once while a long text is measured
FIT_CELLS = 1 << 23  # and while a gate is fitted: 129,000 characters of 65


@dataclass
class MixtureState:
    """A mixture's state between steps: each member's own."""

    members: list[Any]

    def rows(self, rows: np.ndarray) -> MixtureState:
        """A copy of the streams in `rows` [k], if every member's state has one."""
        return MixtureState([one.rows(rows) for one in self.members])


class Mixture:
    """A `NextChar` of M >= 1 others over one alphabet; without a gate, their plain average.

    ValueError for no members, a gate of another number, and alphabets that differ.
    """

    def __init__(self, models: Sequence[NextChar], gate: Gate | None = None) -> None:
        if not models:
            raise ValueError("a mixture needs at least one member, got none")
        members.same_alphabet(models)
        self.models = list(models)
        self.names = members.names(models)
        self.gate = gate or Gate.constant([1.0] * len(models))
        if len(self.gate.bias) != len(models) or self.gate.names not in ((), self.names):
            raise ValueError(
                f"this gate is for {len(self.gate.bias)} members that know "
                f"{', '.join(self.gate.names) or 'nothing'}; these {len(models)} know "
                f"{', '.join(self.names)}: fit another"
            )

    @classmethod
    def fit(
        cls,
        models: Sequence[NextChar],
        ids: np.ndarray,
        *,
        mean: Mean = "geometric",
        hidden: int = gates.MOST_HIDDEN,
        seed: int = 0,
        tell: Callable[[], object] = lambda: None,
    ) -> Mixture:
        """The mixture whose gate suits ids [N] best: a text that no member has learned.

        For a corpus that is `tokenizer.encode(corpus.choose)`: the judging half stays unseen. Of a
        text with more than 2^23 log-probabilities the first characters count. `tell` is as in
        `gate.fit`.
        """
        if len(ids) < 2:
            raise ValueError(f"a gate is fitted on 2 characters at least, got {len(ids)}")
        plain = cls(models)
        reading = members.read(models, ids[: 2 + FIT_CELLS // len(plain.tokenizer)])
        fitted = gates.fit(reading, plain.names, mean=mean, hidden=hidden, seed=seed, tell=tell)
        return cls(models, fitted)

    @property
    def tokenizer(self) -> CharTokenizer:
        """The alphabet, common to all members."""
        return self.models[0].tokenizer

    @property
    def context(self) -> int | None:
        """The shortest context of a member, which `logprobs` must not exceed.

        `start`, `step` and `surprisal` let the others look back further.
        """
        limits = [model.context for model in self.models if model.context is not None]
        return min(limits, default=None)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the members' fingerprints and the gate."""
        parts = [*self._fingerprints(), json.dumps(self.gate.record())]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def identities(self) -> list[str]:
        """The fingerprints of the members, and the gate's: what a compressed file names."""
        return [*self._fingerprints(), self.gate.fingerprint]

    @property
    def precision(self) -> str:
        """The least precise arithmetic of a member: fp64, fp32 or bf16."""
        return min(str(getattr(model, "precision", "fp64")) for model in self.models)

    @property
    def threads(self) -> int:
        """The most threads of a member."""
        return max(int(getattr(model, "threads", 1)) for model in self.models)

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        """ids [B, T] -> log-probabilities [B, T, V] of the mixture."""
        said = [model.logprobs(ids) for model in self.models]
        own = [members.matched(m, ids) if self.gate.looks else None for m in self.models]
        return self._mix(said, own)

    def start(self, ids: np.ndarray) -> tuple[MixtureState, np.ndarray]:
        """Read ids [B, T], T >= 1: (state, log-probabilities [B, V] of the next character)."""
        states, said = zip(*(model.start(ids) for model in self.models))
        state = MixtureState(list(states))
        return state, self._mix(said, self._known(state))

    def step(self, state: MixtureState, ids: np.ndarray) -> np.ndarray:
        """Read one more character of each stream, ids [B]: log-probabilities [B, V]."""
        said = [model.step(one, ids) for model, one in zip(self.models, state.members)]
        return self._mix(said, self._known(state))

    def read(self, state: MixtureState, ids: np.ndarray) -> np.ndarray:
        """Read T >= 1 more characters of each stream at once, ids [B, T]: as T steps."""
        said = []
        for model, one in zip(self.models, state.members):
            at_once = getattr(model, "read", None)
            if at_once is not None:
                said.append(at_once(one, ids))
            else:
                said.append([model.step(one, column) for column in ids.T][-1])
        return self._mix(said, self._known(state))

    def surprisal(self, ids: np.ndarray, *, stride: int | None = None) -> np.ndarray:
        """-ln p of ids[1:], [N - 1], in nats: each member reads in windows of its own.

        So an n-gram loses nothing where a window of the GPT begins, and helps there most. A text of
        more than 2^24 log-probabilities is read in pieces, each without what came before it.
        """
        most = max(1, CELLS // len(self.tokenizer))
        pieces = [ids[i : i + most + 1] for i in range(0, len(ids) - 1, most)]
        return np.concatenate(
            [self.gate.nats(members.read(self.models, piece, stride=stride)) for piece in pieces]
        )

    def save_gate(self, path: Path) -> None:
        """Write the gate, and whose it is, as JSON."""
        record = {
            "members": self._fingerprints(),
            "orders": [getattr(model, "order", None) for model in self.models],
            "gate": self.gate.record(),
        }
        files.write_json(path, record)

    @classmethod
    def load(cls, models: Sequence[NextChar], path: Path) -> Mixture:
        """The mixture with the gate in `path`; ValueError as `saved_gate`."""
        return cls(models, saved_gate(path, cls(models)._fingerprints()))

    def _known(self, state: MixtureState) -> list[np.ndarray | None]:
        """What members know of the context beside their distributions, each [B, 2] or None."""
        if not self.gate.looks:
            return [None] * len(self.models)
        at = [getattr(model, "matched_at", None) for model in self.models]
        return [None if ask is None else ask(one) for ask, one in zip(at, state.members)]

    def _mix(self, said: Sequence[np.ndarray], own: Sequence[np.ndarray | None]) -> np.ndarray:
        """Log-probabilities [..., V] of the mixture from those of its members."""
        shape = said[0].shape
        seen = members.features(said, own) if self.gate.looks else np.zeros((*shape[:-1], 0))
        flat = [one.reshape(-1, shape[-1]) for one in said]
        return self.gate.mix(flat, seen.reshape(len(flat[0]), -1)).reshape(shape)

    def _fingerprints(self) -> list[str]:
        return [str(getattr(model, "fingerprint", repr(model))) for model in self.models]


def saved_gate(path: Path, members: Sequence[str]) -> Gate:
    """The gate in `path`; ValueError if it was fitted for members with other fingerprints."""
    record = files.read_json(path)
    if not isinstance(record, dict) or "members" not in record or "gate" not in record:
        raise ValueError(f"{path} is no gate of a mixture; delete it, and fit one anew")
    if record["members"] != list(members):
        raise ValueError(
            f"the gate in {path} was fitted for other members (another run, or other counts); "
            "delete it, and fit one anew"
        )
    return Gate.from_record(record["gate"])

"""A mixture as a teacher: a run and the n-gram of its text, weighed by a gate.

Idea:   together they predict better than each alone (`minigpt.mixture`). But a student is taught on
        text that the n-gram has counted, and there it knows the answers by heart. So it is
        cross-fitted: what it says of a character, and how well it says it knows the context, come
        from the counts without the tenth of the text that has this character.
Source: mixtures: as `minigpt.mixture.gate`; leaving out what is predicted: Stone 1974, as in
        `distill.teachers`.
Run:    python -m distill.train --teacher mixture:RUN; python -m distill.cascade --models
        ngram,mixture:RUN
Omits:  leaving out for the network, which has learned the text too: it would have to be trained ten
        times. It knows far less of it by heart than counts do.

Legend: B batch, T time, V vocabulary, M members. Log-probabilities in nats, float32.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence

import numpy as np

from distill.teachers import FOLDS, ModelTeacher, NGramTeacher, Teacher, ask, fingerprint
from minigpt.load import Predictor, load_predictor, locate
from minigpt.mixture import Gate, Mixture
from minigpt.mixture import members as known
from minigpt.nextchar import NextChar
from minigpt.ngram import NGram

NAME = "mixture"


def is_mixture(name: str) -> bool:
    """Whether a model's name on a command line means a mixture: mixture, or mixture:RUN."""
    return name.partition(":")[0] == NAME


def run_of(name: str) -> str | None:
    """The RUN of mixture:RUN; None, the latest, for mixture alone.

    >>> run_of("mixture:runs/mine"), run_of("mixture")
    ('runs/mine', None)
    """
    _, colon, run = name.partition(":")
    if colon and not run:
        raise ValueError(f"{name!r} names no run: write {NAME}:RUN, or {NAME} for the latest")
    return run or None


def named(name: str) -> str:
    """`mixture` with the run's folder, mixture:RUN: the latest may be another one later.

    Any other name is returned as it is. It says on standard error which run it is.
    """
    if name != NAME:
        return name
    run = locate(None).parent
    print(f"using {run}, the latest run", file=sys.stderr, flush=True)
    return f"{NAME}:{run}"


def load(name: str) -> Predictor:
    """The mixture of a run and the n-gram of its text; says which run it is if nobody named one."""
    found = load_predictor(run_of(name), kind="mixture")
    found.announce()
    return found


def teacher(found: Predictor, text: np.ndarray) -> MixtureTeacher:
    """A loaded mixture as the teacher of a student that gets `text` (ids [N]).

    It is cross-fitted if that is the text which its n-gram has counted, or the beginning of it.
    Parts of that text in another order are not noticed.
    """
    assert isinstance(found.model, Mixture)
    counted = found.model.tokenizer.encode(found.learned().train)
    folds = FOLDS if np.array_equal(counted[: len(text)], text) else 0
    members = [
        NGramTeacher(one, counted, folds) if isinstance(one, NGram) else ModelTeacher(one)  # type: ignore[arg-type]
        for one in found.model.models
    ]
    return MixtureTeacher(members, found.model.gate)


class MixtureTeacher(Teacher):
    """A mixture whose n-grams may be cross-fitted: an `NGramTeacher` is asked by place.

    The gate is that of the plain mixture, fitted on the choosing half with n-grams of all of their
    text. They have not counted that half, so it trusts them as far as they deserve on such text,
    which is what cross-fitting makes of the text that is taught. (A gate fitted with nine tenths of
    the counts, as those that teach have, was no better.) For a text that it does not teach
    (`logprobs`, `start`, `step`) this is the plain mixture.
    """

    model: Mixture

    def __init__(self, members: Sequence[NextChar], gate: Gate | None = None) -> None:
        """Members are networks and `NGramTeacher`s. ValueError as for a `Mixture`."""
        self.members = list(members)
        plain = [one.model if isinstance(one, NGramTeacher) else one for one in members]
        super().__init__(Mixture(plain, gate))

    @property
    def fingerprint(self) -> str:
        """A hash of members and gate: other folds make another teacher."""
        parts = [*map(fingerprint, self.members), json.dumps(self.model.gate.record())]
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()

    def logprobs_at(self, ids: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """Predictions [B, T, V] for windows ids [B, T] at `starts` [B] of the counted text."""
        said = [ask(Teacher(one), ids, starts) for one in self.members]
        own = [
            one.matched_at_places(ids, starts)
            if isinstance(one, NGramTeacher)
            else known.matched(one, ids)
            for one in self.members
        ]
        seen = known.features(said, own).reshape(ids.size, -1)
        flat = [one.reshape(ids.size, -1) for one in said]
        return self.model.gate.mix(flat, seen).reshape(said[0].shape)

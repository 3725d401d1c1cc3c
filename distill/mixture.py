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
from collections.abc import Sequence

import numpy as np

from distill.teachers import NGramTeacher, Teacher, ask, fingerprint
from minigpt.mixture import Gate, Mixture
from minigpt.mixture import members as known
from minigpt.nextchar import NextChar


class MixtureTeacher(Teacher):
    """A mixture whose n-grams may be cross-fitted: an `NGramTeacher` is asked by place.

    The gate is that of the plain mixture, fitted on the choosing half with n-grams of all of their
    text: on text that they have not counted, so it trusts them as far as they deserve there, and
    there is one gate for all uses. (Fitted with nine tenths of the counts, as those that teach
    have, it did no better with nine tenths: three runs lost 0.001 to 0.004 nats/char by it.) For a
    text that it does not teach (`logprobs`, `start`, `step`) this is the plain mixture.
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

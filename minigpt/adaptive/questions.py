"""Prediction by questions: is it the likeliest character? If not, is it the next likely one?

Idea:   the members order the characters. A question has a yes and a no, so a context's evidence is
        two counts: how often this character followed, and how often another that may still come.
        What two counts are worth is learned for each kind of context (`maps`: after one "e" and
        nothing else, how often is it e again?), and each answer is one more example. All opinions
        are log odds, which a weighted sum mixes. Its weights learn too, by the gradient of -log p;
        there are many sets of them, chosen by small facts, mixed once more by a second layer.
Source: M. Mahoney, "Adaptive weighing of context models for lossless data compression", Florida
        Tech technical report CS-2005-16 (maps, mixing of log odds, sets, correction); C. Mattern,
        "Mixing strategies in data compression", DCC 2012, 337-346; B. Knoll & N. de Freitas,
        arXiv:1108.3298, for PAQ8 seen as a mixture of experts.
Run:    used by minigpt.adaptive
Omits:  PAQ's questions, the bits of a character's code: the likeliest character takes one question
        here, and a context need not be counted apart for each bit.

Legend: S streams, T time, V vocabulary, J kinds of context, M members, A weight sets at once, Q
questions. Inputs of a question are M + J + 1: members, contexts, a constant.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minigpt.adaptive.compiled import compiled
from minigpt.adaptive.contexts import KINDS, ORDERS
from minigpt.adaptive.counts import AGES, add, clear, gather

QUESTIONS = 24  # at most; the rest is shared out as the members say
LEFT = 1e-2  # and none if less probability than this is left
LEVELS = np.array([0, 1, 2, 3, 4, 5, 6, 8, 12, 20, 36, 80, 200, 600, 2000])  # least count of each
LEVEL = np.searchsorted(LEVELS, np.arange(LEVELS[-1] + 1), side="right") - 1
STATES = len(LEVELS) ** 2 * AGES
SURE = 255  # answers after which an entry of `maps` moves by 1/256 of each error
RANKS = 6  # questions told apart
RATE, RATE_AT_FIRST = 0.008, 0.04  # of the first layer's learning
RATE_2 = 0.001  # of the second layer's
BINS, RATE_3, SHARE_3 = 24, 0.02, 0.3  # the last correction: bins of log odds, rate, its say
MOST = 12.0  # log odds
A = 7  # weight sets at once, see `_choose`


class Weights(NamedTuple):
    """All that is learned beside counts."""

    maps: np.ndarray
    """How likely yes is, [J, STATES]: from two counts and an age."""
    answers: np.ndarray
    """How often each was asked, up to SURE, [J, STATES]."""
    first: np.ndarray
    """Weight sets, [sets, M + J + 1]."""
    second: np.ndarray
    """[RANKS, A]"""
    final: np.ndarray
    """What the mixture's log odds are worth, [RANKS * V, BINS + 1]."""
    asked: np.ndarray
    """Characters learned from, [1]: the rate falls at first."""


class Desk(NamedTuple):
    """Room for one character's questions."""

    followed: np.ndarray  # [V, J]: how often
    age: np.ndarray  # [V, J]: when last
    left: np.ndarray  # [J]: how often a character followed that was not asked yet
    score: np.ndarray  # [V]: mean of the members' log-probabilities; -inf once asked
    rest: np.ndarray  # [M]
    asked: np.ndarray  # [Q]
    x: np.ndarray  # [Q, M + J + 1]
    state: np.ndarray  # [Q, J]
    sets: np.ndarray  # [Q, A]
    z: np.ndarray  # [Q, A]
    odds: np.ndarray  # [Q]
    p: np.ndarray  # [Q]


def nothing_learned(members: int, v: int) -> Weights:
    """Weights before the first answer: counts are worth about their ratio, all have equal say."""
    middle = np.append((LEVELS[:-1] + LEVELS[1:] - 1) / 2, 2.0 * LEVELS[-1])
    yes = (middle[:, None] + 0.15) / (middle[:, None] + middle + 0.6)
    first = np.zeros((_sets(v), members + KINDS + 1))
    first[:, :members] = 0.6 / members
    first[:, members:-1] = 0.5 / KINDS
    straight = 1 / (1 + np.exp(-np.linspace(-MOST, MOST, BINS + 1)))
    return Weights(
        np.tile(np.repeat(yes.ravel(), AGES), (KINDS, 1)),
        np.full((KINDS, STATES), 3.0),
        first,
        np.full((RANKS, A), 1 / A),
        np.tile(straight, (RANKS * v, 1)),
        np.zeros(1),
    )


def desk(members: int, v: int) -> Desk:
    """Room for the questions of M members over V characters."""
    return Desk(
        np.zeros((v, KINDS), np.int32),
        np.zeros((v, KINDS), np.int32),
        np.zeros(KINDS, np.int64),
        np.zeros(v),
        np.zeros(members),
        np.zeros(QUESTIONS, np.int64),
        np.zeros((QUESTIONS, members + KINDS + 1)),
        np.zeros((QUESTIONS, KINDS), np.int64),
        np.zeros((QUESTIONS, A), np.int64),
        np.zeros((QUESTIONS, A)),
        np.zeros(QUESTIONS),
        np.zeros(QUESTIONS),
    )


@compiled
def read(counts, weights, desk, keys, said, before, ids, nats):  # type: ignore[no-untyped-def]
    """Predict ids [T], learn and count each: -ln p [T].

    `keys` [T, J] and `said` [M, T, V] are the contexts and the members' log-probabilities of each
    place, `before` [T] the characters before. The places may be those of S streams at one time.
    """
    for t in range(len(ids)):
        gather(counts, desk, keys[t])
        n = _ask(weights, desk, said[:, t], before[t], ids[t])
        nats[t] = _nats(desk, n, ids[t])
        _learn(weights, desk, n, ids[t])
        clear(counts, desk, keys[t])
        add(counts, keys[t], ids[t])


@compiled
def predict(counts, weights, desk, keys, said, before, out):  # type: ignore[no-untyped-def]
    """Log-probabilities [S, V] of each stream's next character; arguments as in `read`."""
    for s in range(len(out)):
        gather(counts, desk, keys[s])
        n = _ask(weights, desk, said[:, s], before[s], -1)
        _share_out(desk, n, out[s])
        clear(counts, desk, keys[s])


@compiled
def _ask(weights, desk, said, before, came):  # type: ignore[no-untyped-def]
    """Ask until the answer is yes (`came`), or hardly anything is left; how many were asked."""
    members, v = said.shape
    last = members + KINDS
    for c in range(v):
        desk.score[c] = 0.0
        for m in range(members):
            desk.score[c] += np.float64(said[m, c]) / members
    desk.rest[:] = 1.0
    mass = 1.0
    for q in range(min(QUESTIONS, v - 1)):
        c = desk.score.argmax()
        x, rank = desk.x[q], min(q, RANKS - 1)
        for m in range(members):
            p = np.exp(np.float64(said[m, c]))
            share = min(max(p / desk.rest[m], 1e-5), 1 - 1e-5)
            x[m] = np.log(share / (1 - share))
            desk.rest[m] = max(desk.rest[m] - p, 1e-9)
        known, words = -1, -1
        for j in range(KINDS):
            x[members + j] = 0.0
            desk.state[q, j] = -1
            if desk.left[j] > 0:
                yes, no = desk.followed[c, j], desk.left[j] - desk.followed[c, j]
                cell = LEVEL[min(yes, LEVELS[-1])] * len(LEVELS) + LEVEL[min(no, LEVELS[-1])]
                cell = cell * AGES + desk.age[c, j]
                desk.state[q, j] = cell
                p = weights.maps[j, cell]
                x[members + j] = np.log(p / (1 - p))
                if j < ORDERS:
                    known = j
                else:
                    words = j - ORDERS
        x[last] = 0.3
        _choose(desk, q, rank, known, words, before, c, v)
        odds = 0.0
        for a in range(A):
            z, w = 0.0, weights.first[desk.sets[q, a]]
            for i in range(len(x)):
                z += w[i] * x[i]
            desk.z[q, a] = min(max(z, -MOST), MOST)
            odds += weights.second[rank, a] * desk.z[q, a]
        odds = min(max(odds, -MOST), MOST)
        cell = rank * v + c
        place = (odds + MOST) / (2 * MOST) * BINS
        low = min(int(place), BINS - 1)
        up = place - low
        corrected = (1 - up) * weights.final[cell, low] + up * weights.final[cell, low + 1]
        p = (1 - SHARE_3) / (1 + np.exp(-odds)) + SHARE_3 * corrected
        desk.odds[q], desk.p[q], desk.asked[q] = odds, p, c
        if c == came:
            return q + 1
        for j in range(KINDS):
            desk.left[j] -= desk.followed[c, j]
        desk.score[c] = -np.inf
        mass *= 1 - p
        if mass < LEFT:
            return q + 1
    return min(QUESTIONS, v - 1)


@compiled
def _choose(desk, q, rank, known, words, before, c, v):  # type: ignore[no-untyped-def]
    """Which weight sets answer question q."""
    x, sets = desk.x[q], desk.sets[q]
    first = int(min(max(x[0] + 4, 0), 7))
    other = int(min(max(x[len(desk.rest) - 1] + 4, 0), 7))
    sets[0] = rank * (ORDERS + 1) + known + 1
    start = RANKS * (ORDERS + 1)
    sets[1] = start + rank * 8 + first
    start += RANKS * 8
    sets[2] = start + first * 8 + other
    start += 64
    sets[3] = start + _evidence(desk, c, known)
    start += 25 * (ORDERS + 1)
    sets[4] = start + (_evidence(desk, c, ORDERS + words) - 25 * ORDERS if words >= 0 else 0)
    start += 25 * (KINDS - ORDERS + 1)
    sets[5] = start + before
    sets[6] = start + v + c


def _sets(v: int) -> int:
    """How many weight sets `_choose` chooses from."""
    return RANKS * (ORDERS + 1) + RANKS * 8 + 64 + 25 * (KINDS + 2) + 2 * v


@compiled
def _evidence(desk, c, j):  # type: ignore[no-untyped-def]
    """What context j says, in few words: 25 numbers for each."""
    if j < 0:
        return 0
    yes = min(desk.followed[c, j], 4)
    return (j + 1) * 25 + yes * 5 + min(desk.left[j] - desk.followed[c, j], 4)


@compiled
def _learn(weights, desk, n, came):  # type: ignore[no-untyped-def]
    """Learn from the answers to n questions."""
    rate = max(RATE, RATE_AT_FIRST / np.sqrt(1 + weights.asked[0] / 1000))
    weights.asked[0] += 1
    v = len(desk.score)
    for q in range(n):
        yes = 1.0 if desk.asked[q] == came else 0.0
        rank = min(q, RANKS - 1)
        error = yes - 1 / (1 + np.exp(-desk.odds[q]))
        for a in range(A):
            z = desk.z[q, a]
            weights.second[rank, a] += RATE_2 * error * z
            step = rate * (yes - 1 / (1 + np.exp(-z)))
            w = weights.first[desk.sets[q, a]]
            for i in range(len(w)):
                w[i] += step * desk.x[q, i]
        cell = rank * v + desk.asked[q]
        place = (desk.odds[q] + MOST) / (2 * MOST) * BINS
        low = min(int(place), BINS - 1)
        up = place - low
        final = weights.final[cell]
        final[low] += RATE_3 * (1 - up) * (yes - final[low])
        final[low + 1] += RATE_3 * up * (yes - final[low + 1])
        for j in range(KINDS):
            cell = desk.state[q, j]
            if cell >= 0:
                asked = weights.answers[j, cell]
                weights.maps[j, cell] += (yes - weights.maps[j, cell]) / (asked + 1.5)
                weights.answers[j, cell] = min(asked + 1, SURE)


@compiled
def _nats(desk, n, came):  # type: ignore[no-untyped-def]
    """-ln p of what came, after n questions."""
    nats = 0.0
    for q in range(n):
        if desk.asked[q] == came:
            return nats - np.log(desk.p[q])
        nats -= np.log(1 - desk.p[q])
    return nats + _log_sum(desk.score) - desk.score[came]


@compiled
def _share_out(desk, n, out):  # type: ignore[no-untyped-def]
    """Log-probabilities [V] from the answers' probabilities; the rest as the members say."""
    nats = 0.0
    for q in range(n):
        out[desk.asked[q]] = np.log(desk.p[q]) - nats
        nats -= np.log(1 - desk.p[q])
    rest = _log_sum(desk.score) + nats
    for c in range(len(out)):
        if desk.score[c] > -np.inf:
            out[c] = desk.score[c] - rest


@compiled
def _log_sum(score):  # type: ignore[no-untyped-def]
    """ln of the sum of exp(score); what was asked is -inf."""
    most, total = score.max(), 0.0
    for one in score:
        total += np.exp(one - most)
    return most + np.log(total)

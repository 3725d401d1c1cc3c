"""How much to believe whom: a small network that weighs the members of a mixture.

Idea:   the weights are a softmax of what one hidden layer makes of the members' own certainty.
        Without hidden units they are constant. They can average probabilities (arithmetic: right if
        one member is right), or log-probabilities, normalised again (geometric: members veto, and
        agreement makes sharper). Fitted by maximum likelihood on text that no member has learned.
Source: R. A. Jacobs et al., "Adaptive mixtures of local experts", Neural Computation 3 (1991),
        79-87; C. Mattern, "Linear and geometric mixtures - analysis", DCC 2013, arXiv:1302.2820;
        the optimiser is L-BFGS: J. Nocedal, Math. Comp. 35 (1980), 773-782.
Run:    used by minigpt.mixture
Omits:  weights that go on learning while a text is read.

Legend: N positions, V vocabulary, M members, F features, H hidden units. Nats.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, get_args

import numpy as np

from labkit import files
from minigpt.mixture.members import Reading

Mean = Literal["arithmetic", "geometric"]
MOST_HIDDEN = 16
FLOOR = -30.0  # a log-probability below this counts as this while fitting; -inf has no slope
PRIOR = 1.0  # nats, in all, for each 1 of the squared weights to and from hidden units: a short
# text gets a simple gate
STEPS = 100  # of L-BFGS, at most
_ROWS = 1024  # distributions held in the processor's cache at once


@dataclass(frozen=True, kw_only=True, eq=False)
class Gate:
    """Weights of M members, from F features of a position; few enough numbers to print."""

    mean: Mean
    bias: np.ndarray
    """Logits of the weights if no hidden unit says anything, [M]."""
    names: tuple[str, ...] = ()
    """What the features are, F of them; none for a constant weight."""
    shift: np.ndarray
    scale: np.ndarray
    """Mean and standard deviation of the features, [F]."""
    inner: np.ndarray
    """From standardised features to hidden units, [F, H]."""
    inner_bias: np.ndarray
    """[H]"""
    outer: np.ndarray
    """From hidden units to logits, [H, M]."""

    @classmethod
    def constant(cls, weights: Sequence[float], mean: Mean = "arithmetic") -> Gate:
        """Weights that never change; they are divided by their sum.

        >>> Gate.constant([3, 1]).weights(np.zeros((2, 0))).round(6).tolist()
        [[0.75, 0.25], [0.75, 0.25]]
        """
        w = np.asarray(weights, dtype=np.float64)
        if w.ndim != 1 or not w.size or not (np.isfinite(w).all() and w.min() >= 0 < w.sum()):
            raise ValueError(f"weights are numbers of at least 0, and not all 0; got {weights}")
        if mean not in get_args(Mean):
            raise ValueError(f"mean must be arithmetic or geometric, got {mean!r}")
        with np.errstate(divide="ignore"):
            bias = np.log(w / w.sum())
        none = np.zeros(0)
        return cls(
            mean=mean,
            bias=bias,
            shift=none,
            scale=none,
            inner=np.zeros((0, 0)),
            inner_bias=none,
            outer=np.zeros((0, len(w))),
        )

    @property
    def looks(self) -> bool:
        """Whether the weights depend on the features."""
        return len(self.outer) > 0

    def weights(self, features: np.ndarray) -> np.ndarray:
        """Features [N, F] -> weights [N, M] that sum to one; a constant gate reads only N."""
        if not self.looks:
            return np.tile(_softmax(self.bias), (len(features), 1))
        hidden = np.tanh((features - self.shift) / self.scale @ self.inner + self.inner_bias)
        return _softmax(hidden @ self.outer + self.bias)

    def mix(self, said: Sequence[np.ndarray], features: np.ndarray) -> np.ndarray:
        """Members' log-probabilities, M times [N, V] -> those of the mixture, [N, V], float32.

        ValueError if a geometric mean is left with no possible character.
        """
        w = self.weights(features)
        if len(w) <= _ROWS:
            return _mix(self.mean, said, w).astype(np.float32)
        out = np.empty(said[0].shape, np.float32)
        for i in range(0, len(out), _ROWS):
            rows = slice(i, i + _ROWS)
            out[rows] = _mix(self.mean, [one[rows] for one in said], w[rows])
        return out

    def nats(self, reading: Reading) -> np.ndarray:
        """-ln p of the characters that came, [N]."""
        mixed = self.mix(reading.said, reading.features)
        return -_chosen(mixed, reading.targets).astype(np.float64)

    def __str__(self) -> str:
        if not self.looks:
            return f"{self.mean} mean, weights {np.round(_softmax(self.bias), 4).tolist()}"
        rows = [f"{self.mean} mean, weights = softmax(bias + outer' tanh(inner' x + inner_bias))"]
        rows += [
            f"x = ({name} - {shift:.4g}) / {scale:.4g}: inner {np.round(row, 3).tolist()}"
            for name, shift, scale, row in zip(self.names, self.shift, self.scale, self.inner)
        ]
        rows += [f"inner_bias {np.round(self.inner_bias, 3).tolist()}"]
        rows += [f"outer {i + 1} {np.round(row, 3).tolist()}" for i, row in enumerate(self.outer.T)]
        return "\n".join([*rows, f"bias {np.round(self.bias, 3).tolist()}"])

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all its numbers."""
        return files.sha256(json.dumps(self.record()).encode())

    def record(self) -> dict[str, Any]:
        """As numbers and lists, for JSON; `from_record` makes the same gate of them."""
        return {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in vars(self).items()
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Gate:
        """The gate that `record` wrote; ValueError if it is none."""
        try:
            arrays = {
                name: np.array(record[name], dtype=np.float64)
                for name in ("bias", "shift", "scale", "inner_bias")
            }
            names, h, m = tuple(record["names"]), len(record["inner_bias"]), len(record["bias"])
            arrays["inner"] = np.array(record["inner"], np.float64).reshape(len(names), h)
            arrays["outer"] = np.array(record["outer"], np.float64).reshape(h, m)
            if record["mean"] not in get_args(Mean) or len(arrays["shift"]) != len(names):
                raise ValueError("a field has another kind of value")
            return cls(mean=record["mean"], names=names, **arrays)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"this is no gate of a mixture: {error}") from None


def fit(
    reading: Reading,
    names: tuple[str, ...],
    *,
    mean: Mean = "geometric",
    hidden: int = MOST_HIDDEN,
    seed: int = 0,
    tell: Callable[[], object] = lambda: None,
) -> Gate:
    """The gate under which the characters that came are likeliest; 0 hidden units: a constant.

    Equal arguments give equal gates. A million predictions of 65 characters by two members take
    seconds; `tell` is called whenever the loss has been evaluated, some `STEPS` times.
    """
    if not 0 <= hidden <= MOST_HIDDEN:
        raise ValueError(f"a gate has 0 to {MOST_HIDDEN} hidden units, got {hidden}")
    if mean not in get_args(Mean):
        raise ValueError(f"mean must be arithmetic or geometric, got {mean!r}")
    from scipy.optimize import minimize

    told = reading.features.astype(np.float64) if hidden else np.zeros((len(reading.targets), 0))
    shift, spread = told.mean(0), told.std(0)
    scale = np.where(spread > 1e-3, spread, 1.0)  # a feature that hardly varies stays small
    x, m = (told - shift) / scale, len(reading.said)
    said = np.maximum(np.stack(reading.said), np.float32(FLOOR))
    came = np.stack([_chosen(one, reading.targets) for one in said], axis=1).astype(np.float64)
    if not np.isfinite(came).all():
        raise ValueError(
            "a member predicts no probabilities (nan or inf), so no gate can be fitted; use an "
            "earlier model, or train it again"
        )
    slopes = _arithmetic if mean == "arithmetic" else partial(_geometric, said)
    shapes = [(x.shape[1], hidden), (hidden,), (hidden, m), (m,)]
    sizes = [int(np.prod(shape)) for shape in shapes]
    edges = np.cumsum(sizes)[:-1]

    def unpack(theta: np.ndarray) -> list[np.ndarray]:
        return [p.reshape(shape) for p, shape in zip(np.split(theta, edges), shapes)]

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        inner, inner_bias, outer, bias = unpack(theta)
        h = np.tanh(x @ inner + inner_bias)
        nats, slope = slopes(came, _softmax(h @ outer + bias))
        slope /= len(x)
        back = slope @ outer.T * (1 - h**2)
        parts = (x.T @ back, back.sum(0), h.T @ slope, slope.sum(0))
        gradient = np.concatenate([part.ravel() for part in parts])
        tell()
        return nats.mean() + prior @ theta**2, gradient + 2 * prior * theta

    prior = PRIOR / len(x) * np.repeat([1.0, 0.0, 1.0, 0.0], sizes)
    rng = np.random.default_rng(seed)
    inner = rng.normal(0, max(1, x.shape[1]) ** -0.5, shapes[0])
    begin = np.concatenate([inner.ravel(), np.zeros(hidden + hidden * m + m)])
    best = minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    inner, inner_bias, outer, bias = unpack(best.x)
    return Gate(
        mean=mean,
        bias=bias,
        names=names if hidden else (),
        shift=shift,
        scale=scale,
        inner=inner,
        inner_bias=inner_bias,
        outer=outer,
    )


def _mix(mean: Mean, said: Sequence[np.ndarray], w: np.ndarray) -> np.ndarray:
    """M times [N, V], weights [N, M] -> [N, V], float64; exact in log space."""
    shares = w.T[..., None]  # [M, N, 1]
    if mean == "arithmetic":
        with np.errstate(divide="ignore"):
            return np.logaddexp.reduce([one + np.log(share) for one, share in zip(said, shares)])
    if shares.all():
        total = sum(one * share for one, share in zip(said, shares))
    else:  # a member without weight has no veto: 0 * -inf counts 0
        total = sum(
            np.multiply(one, share, where=share > 0, out=np.zeros(one.shape))
            for one, share in zip(said, shares)
        )
    peak = total.max(-1, keepdims=True)
    if not np.isfinite(peak).all():
        raise ValueError(
            "the members rule out every character between them, so they have no geometric mean; "
            "use the arithmetic one"
        )
    total -= peak
    return total - np.log(np.exp(total).sum(-1, keepdims=True))


def _arithmetic(came: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """-ln p [N] of what came, and its slopes by the logits of the weights, [N, M].

    `came` are the members' log-probabilities of it, [N, M].
    """
    joint = w * np.exp(came)
    total = joint.sum(1, keepdims=True)
    return -np.log(total[:, 0]), w - joint / total


def _geometric(said: np.ndarray, came: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same for the geometric mean, which needs all log-probabilities, [M, N, V]."""
    nats, slope = np.empty(len(w)), np.empty(w.shape)
    for i in range(0, len(w), _ROWS):
        rows = slice(i, i + _ROWS)
        logits = sum(one[rows] * w[rows, k, None].astype(np.float32) for k, one in enumerate(said))
        peak = logits.max(1, keepdims=True)
        p = np.exp(logits - peak)
        total = p.sum(1, keepdims=True)
        nats[rows] = (peak + np.log(total))[:, 0] - (w[rows] * came[rows]).sum(1)
        # by a weight: what the mixture expects of that member, less what the member said
        expected = np.stack([(p * one[rows]).sum(1) for one in said], axis=1) / total
        slope[rows] = expected - came[rows]
    return nats, w * (slope - (w * slope).sum(1, keepdims=True))


def _chosen(logprobs: np.ndarray, targets: np.ndarray) -> np.ndarray:
    return np.take_along_axis(logprobs, targets[:, None], 1)[:, 0]


def _softmax(logits: np.ndarray) -> np.ndarray:
    e = np.exp(logits - logits.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)

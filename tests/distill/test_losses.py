"""The losses against closed forms, limits, and exact expectations.

Each test takes the implementation as an argument with a default, so that test_museum.py can hand it
a wrong one and see that it is caught.
"""

# ruff: noqa: PT028 - defaults are meant, see above
from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from distill import losses

Loss = Callable[..., torch.Tensor]


def random_logprobs(n: int = 6, v: int = 5, seed: int = 0, scale: float = 2.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return (scale * torch.randn(n, v, generator=generator)).log_softmax(-1)


def exact_kl(log_a: torch.Tensor, log_b: torch.Tensor) -> float:
    """By the definition, in float64."""
    a, b = log_a.double().numpy(), log_b.double().numpy()
    return float((np.exp(a) * (a - b)).sum(-1).mean())


def gradient(loss: Callable[[torch.Tensor], torch.Tensor], logits: torch.Tensor) -> torch.Tensor:
    leaf = logits.clone().requires_grad_()
    loss(leaf).backward()
    assert leaf.grad is not None
    return leaf.grad


def test_zero_at_a_match(kd: Loss = losses.kd) -> None:
    p = random_logprobs()
    for direction, temperature in itertools.product(("forward", "reverse", "jsd"), (0.5, 1.0, 4.0)):
        value = kd(p + 3.0, p, direction=direction, temperature=temperature)
        assert abs(value.item()) < 1e-6, (direction, temperature, value)


def test_forward_is_the_mean_over_positions(kd: Loss = losses.kd) -> None:
    """Not over positions times vocabulary, and not a sum."""
    p, q = random_logprobs(seed=1), random_logprobs(seed=2)
    assert kd(q, p).item() == pytest.approx(exact_kl(p, q), rel=1e-5)


def test_a_batch_counts_positions_not_rows(kd: Loss = losses.kd) -> None:
    """[B, T, V] flattened: twice the same text is no greater loss."""
    p, q = random_logprobs(12, seed=1), random_logprobs(12, seed=2)
    doubled = kd(torch.cat((q, q)), torch.cat((p, p)))
    assert doubled.item() == pytest.approx(kd(q, p).item(), rel=1e-5)
    assert kd(q, p).item() == pytest.approx(exact_kl(p, q), rel=1e-5)


def test_directions(kd: Loss = losses.kd) -> None:
    p, q = random_logprobs(seed=1), random_logprobs(seed=2)
    assert kd(q, p, direction="forward").item() == pytest.approx(exact_kl(p, q), rel=1e-5)
    assert kd(q, p, direction="reverse").item() == pytest.approx(exact_kl(q, p), rel=1e-5)


def test_jsd_ends_are_the_two_kls(kd: Loss = losses.kd) -> None:
    p, q = random_logprobs(seed=1), random_logprobs(seed=2)
    for end in (0.0, 1e-6, 1e-4):
        near_forward = kd(q, p, direction="jsd", beta=end).item()
        assert near_forward == pytest.approx(exact_kl(p, q), rel=2e-3)
    for end in (1.0, 1 - 1e-6, 1 - 1e-4):
        near_reverse = kd(q, p, direction="jsd", beta=end).item()
        assert near_reverse == pytest.approx(exact_kl(q, p), rel=2e-3)


def test_jsd_is_its_definition(kd: Loss = losses.kd) -> None:
    p, q = random_logprobs(seed=3), random_logprobs(seed=4)
    for beta in (0.1, 0.5, 0.7):
        m = torch.log(beta * p.double().exp() + (1 - beta) * q.double().exp())
        right = (beta * exact_kl(p, m) + (1 - beta) * exact_kl(q, m)) / (beta * (1 - beta))
        assert kd(q, p, direction="jsd", beta=beta).item() == pytest.approx(right, rel=1e-5)


def test_gradients_keep_their_size_as_temperature_grows(kd: Loss = losses.kd) -> None:
    p, q = random_logprobs(seed=5, scale=1.0), random_logprobs(seed=6, scale=1.0)
    norms = [
        gradient(lambda x, t=t: kd(x, p, temperature=t), q).norm().item() for t in (4.0, 8.0, 16.0)
    ]
    # Without T^2 each doubling of T would divide the norm by 4.
    assert max(norms) / min(norms) < 1.3, norms


def test_temperature_is_one_softmax_of_both(kd: Loss = losses.kd) -> None:
    p, q = random_logprobs(seed=7), random_logprobs(seed=8)
    soft_p, soft_q = (p / 3).log_softmax(-1), (q / 3).log_softmax(-1)
    assert kd(q, p, temperature=3.0).item() == pytest.approx(9 * exact_kl(soft_p, soft_q), rel=1e-4)


def test_finite_gradients_at_low_temperature(kd: Loss = losses.kd) -> None:
    p, q = random_logprobs(seed=9, scale=8.0), random_logprobs(seed=10, scale=8.0)
    p[0, 1:] = -torch.inf  # the teacher is sure
    p[0, 0] = 0.0
    for direction in ("forward", "reverse", "jsd"):
        for temperature in (0.05, 1.0):
            found = gradient(
                lambda x, d=direction, t=temperature: kd(x, p, direction=d, temperature=t), q
            )
            assert found.isfinite().all(), (direction, temperature)


def test_what_the_teacher_rules_out_costs_the_student(kd: Loss = losses.kd) -> None:
    """KL([1, 0] || [1/2, 1/2]) is ln 2."""
    p = torch.tensor([[0.0, -torch.inf]])
    assert kd(torch.zeros(1, 2), p).item() == pytest.approx(math.log(2), rel=1e-6)


def test_masked_positions_do_not_count(kd: Loss = losses.kd) -> None:
    p, q = random_logprobs(seed=11), random_logprobs(seed=12)
    mask = torch.tensor([True, False, True, True, False, False])
    alone = kd(q[mask], p[mask])
    assert kd(q, p, mask=mask).item() == pytest.approx(alone.item(), rel=1e-6)
    blind = gradient(lambda x: kd(x, p, mask=mask), q)
    assert blind[~mask].abs().max() == 0
    assert kd(q, p, mask=torch.zeros(6, dtype=torch.bool)).item() == 0


def test_parts_add_up_to_the_whole(kd: Loss = losses.kd) -> None:
    p, q = random_logprobs(seed=13), random_logprobs(seed=14)
    mask = torch.tensor([True, False, True, True, False, False])
    whole = gradient(lambda x: kd(x, p, mask=mask), q)

    def in_parts(x: torch.Tensor) -> torch.Tensor:
        halves = [slice(0, 3), slice(3, 6)]  # 2 and 1 positions count
        return sum(kd(x[h], p[h], mask=mask[h], count=3.0) for h in halves)  # type: ignore

    torch.testing.assert_close(gradient(in_parts, q), whole)


def test_near_a_match_it_is_small_and_not_below_zero(kd: Loss = losses.kd) -> None:
    """A difference of 1e-3 is half its variance: about 1e-7, drowned by lower precision."""
    p = random_logprobs(200, 65, seed=15, scale=3.0)
    q = p + 1e-3 * torch.randn(200, 65, generator=torch.Generator().manual_seed(1))
    value = kd(q, p).item()
    assert value >= 0
    assert value == pytest.approx(exact_kl(p, q.log_softmax(-1)), rel=1e-2)


@given(st.integers(0, 10_000), st.sampled_from([1.0, 10.0, 40.0]))
def test_never_below_zero(seed: int, scale: float) -> None:
    p, q = random_logprobs(seed=seed, scale=scale), random_logprobs(seed=seed + 1, scale=scale)
    for direction in ("forward", "reverse", "jsd"):
        assert losses.kd(q, p, direction=direction, beta=0.3).item() >= -1e-6  # type: ignore


# Sparse targets.


def top_k(p: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    values, ids = p.exp().topk(k, -1)
    return ids, values


def test_bucket_is_a_divergence(sparse_kd: Loss = losses.sparse_kd) -> None:
    p = random_logprobs(40, 8, seed=16, scale=3.0)
    assert abs(sparse_kd(p, *top_k(p, 3), "bucket").item()) < 1e-5
    for seed in range(20):
        q = random_logprobs(40, 8, seed=100 + seed, scale=3.0)
        assert 0 <= sparse_kd(q, *top_k(p, 3), "bucket").item() <= exact_kl(p, q) + 1e-5


def test_bucket_does_not_fall_below_zero_when_the_student_knows_only_the_top(
    sparse_kd: Loss = losses.sparse_kd,
) -> None:
    """Sum over the top alone of p log(p/q) is negative where q has more there than p."""
    p = torch.tensor([[0.4, 0.3, 0.2, 0.1]]).log()
    q = torch.tensor([[0.57, 0.41, 0.01, 0.01]]).log()
    assert sparse_kd(q, *top_k(p, 2), "bucket").item() > 0.1


def test_sparse_targets_leave_the_teacher_where_it_is(
    sparse_kd: Loss = losses.sparse_kd, tail: str = "bucket"
) -> None:
    """A student that equals the teacher feels no pull: the loss is unbiased there."""
    p = random_logprobs(10, 6, seed=17)
    pull = gradient(lambda x: sparse_kd(x, *top_k(p, 2), tail), p)
    assert pull.abs().max() < 1e-6


def test_renormalise_is_biased_by_as_much_as_it_leaves_out() -> None:
    """Its minimum is the renormalised teacher; at the teacher it is -log of the kept mass."""
    p = random_logprobs(1, 6, seed=18)
    ids, kept = top_k(p, 2)
    value = losses.sparse_kd(p, ids, kept, "renormalise").item()
    assert value == pytest.approx(-math.log(kept.sum().item()), rel=1e-5)
    with pytest.raises(AssertionError):
        test_sparse_targets_leave_the_teacher_where_it_is(tail="renormalise")


def test_sampled_is_unbiased() -> None:
    """The exact expectation over all 3^3 outcomes of three draws, loss and gradient."""
    p, q = random_logprobs(1, 3, seed=19), random_logprobs(1, 3, seed=20)
    expected_loss, expected_pull = 0.0, torch.zeros(1, 3)
    for draws in itertools.product(range(3), repeat=3):
        weight = math.exp(sum(p[0, d].item() for d in draws))
        counts = torch.bincount(torch.tensor(draws), minlength=3)[None]
        ids = torch.arange(3)[None]
        expected_loss += weight * losses.sparse_kd(q, ids, counts, "sampled").item()
        expected_pull += weight * gradient(
            lambda x, i=ids, c=counts: losses.sparse_kd(x, i, c, "sampled"), q
        )
    entropy = -(p.exp() * p).sum(-1)
    assert expected_loss == pytest.approx(exact_kl(p, q) + entropy.item(), rel=1e-5)
    torch.testing.assert_close(expected_pull, gradient(lambda x: losses.kd(x, p), q))


def test_sampled_with_entropy_is_a_kl() -> None:
    p, q = random_logprobs(1, 4, seed=21), random_logprobs(1, 4, seed=22)
    ids = torch.arange(4)[None]
    entropy = -(p.exp() * p).sum(-1)
    value = losses.sparse_kd(q, ids, 1000 * p.exp(), "sampled", entropy=entropy)
    assert value.item() == pytest.approx(exact_kl(p, q), rel=1e-4)


def test_padding_weighs_nothing() -> None:
    p, q = random_logprobs(3, 6, seed=23), random_logprobs(3, 6, seed=24)
    ids, kept = top_k(p, 2)
    zero = torch.zeros(3, 1)
    padded = torch.cat((ids, ids[:, :1]), 1), torch.cat((kept, zero), 1)
    other = torch.cat((ids, (ids[:, :1] + 1) % 6), 1), torch.cat((kept, zero), 1)
    for tail in ("renormalise", "sampled"):
        right = losses.sparse_kd(q, ids, kept, tail).item()  # type: ignore[arg-type]
        assert losses.sparse_kd(q, *padded, tail).item() == pytest.approx(right)  # type: ignore
    right = losses.sparse_kd(q, ids, kept, "bucket").item()
    assert math.isfinite(losses.sparse_kd(q, *other, "bucket").item())
    assert losses.sparse_kd(q, *padded, "bucket").item() == pytest.approx(right)


# Labels.


def test_labels_without_noise_are_the_cross_entropy() -> None:
    q, labels = random_logprobs(seed=25), torch.tensor([0, 1, 2, 3, 4, 0])
    right = torch.nn.functional.cross_entropy(q, labels, reduction="none")
    torch.testing.assert_close(losses.label_loss(q + 2.0, labels), right)


def test_the_corrected_loss_is_smallest_at_the_clean_source() -> None:
    """Exact expectation over noisy labels: its gradient is 0 where the student is the source.

    The plain loss pulls away from there, towards the noise.
    """
    p, noise, size = random_logprobs(1, 5, seed=26), 0.3, 5
    drawn = (1 - noise) * p.exp() + noise / size  # what a label is

    def expected(logits: torch.Tensor, corrected: float) -> torch.Tensor:
        each = losses.label_loss(logits.expand(size, -1), torch.arange(size), noise=corrected)
        return (drawn[0] * each).sum()

    assert gradient(lambda x: expected(x, noise), p).abs().max() < 1e-6
    assert gradient(lambda x: expected(x, 0.0), p).abs().max() > 0.01
    with pytest.raises(ValueError, match="noise is a share"):
        losses.label_loss(p, torch.tensor([0]), noise=1.0)


def test_alpha_is_the_weight_of_the_teacher() -> None:
    assert losses.mix(torch.tensor(2.0), torch.tensor(10.0), 0.75).item() == 8.0


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"direction": "sideways"}, "forward, reverse or jsd"),
        ({"beta": 1.5}, "beta"),
        ({"temperature": 0.0}, "temperature"),
        ({"temperature": math.nan}, "temperature"),
    ],
)
def test_settings_that_make_no_sense(setting: dict, words: str) -> None:
    p = random_logprobs()
    with pytest.raises(ValueError, match=words):
        losses.kd(p, p, **setting)


def test_other_settings_that_make_no_sense() -> None:
    p = random_logprobs()
    with pytest.raises(ValueError, match="alpha"):
        losses.mix(p.sum(), p.sum(), 1.5)
    with pytest.raises(ValueError, match="bucket"):
        losses.sparse_kd(p, *top_k(p, 2), "cut")  # type: ignore[arg-type]

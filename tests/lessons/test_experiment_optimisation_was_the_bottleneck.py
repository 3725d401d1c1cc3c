"""Lesson 13: the ladder by hand, momentum against torch's, starts and work against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from lessons.l13_optimisation_was_the_bottleneck import autoencoder, experiment
from lessons.l13_optimisation_was_the_bottleneck.autoencoder import BETTER, CODE, USUAL, Budget
from lessons.l13_optimisation_was_the_bottleneck.valley import Matrix, nesterov, walk
from lessons.lab.worlds import curves

SMALL = Budget(work=2000, batch=50, gradient=100, curved=20, products=3)


def test_momentum_is_torchs_seen_from_the_place_ahead() -> None:
    matrix, place = np.array([[3.0, 1.0], [1.0, 2.0]]), np.array([1.0, -2.0])
    w = torch.tensor(place, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1, momentum=0.8, nesterov=True)
    x, v = place, np.zeros(2)
    for _ in range(5):
        w.grad = torch.from_numpy(matrix) @ w.detach()
        optimizer.step()
        x, v = nesterov(x, v, Matrix(matrix), 0.1, 0.8)
        assert np.allclose(w.detach().numpy(), x + 0.8 * v)


def test_a_walk_without_momentum_shrinks_each_direction_by_its_own_factor() -> None:
    places = walk(Matrix(np.diag([1.0, 10.0])), np.array([1.0, 1.0]), 0.05, 0.0, 7)
    assert np.allclose(places[7], [0.95**7, 0.5**7])


def test_a_matrix_answers_as_often_as_it_is_told() -> None:
    asked = Matrix(np.eye(2), at_most=1)
    assert asked(np.ones(2)).tolist() == [1, 1]
    assert asked(np.ones(2)).tolist() == [0, 0]


def test_a_network_narrows_in_the_middle_and_begins_as_told() -> None:
    for start, most in ((USUAL, lambda a, b: a**-0.5), (BETTER, lambda a, b: (6 / (a + b)) ** 0.5)):
        net = autoencoder.network(7, start, 0)
        layers = [layer for layer in net if isinstance(layer, nn.Linear)]
        widths = [layer.in_features for layer in layers]
        assert widths == [curves.SIDE**2, 32, 32, 32, CODE, 32, 32, 32]
        for layer in layers:
            edge = most(layer.in_features, layer.out_features)
            assert 0.9 * edge < layer.weight.detach().abs().max().item() <= edge
        assert (start == BETTER) == all(not layer.bias.any() for layer in layers)
    assert not isinstance(net[-1], nn.Tanh)
    with pytest.raises(ValueError, match="got 4 and"):
        autoencoder.network(4, USUAL, 0)


def test_what_blows_up_knows_no_more_than_the_mean_picture() -> None:
    pictures = autoencoder.Pictures.drawn(100, 50, 1)
    net = autoencoder.network(3, USUAL, 0)
    assert autoencoder.trained(net, autoencoder.GD, 1e9, pictures, SMALL, 0) == pictures.nothing


@pytest.mark.parametrize("method", [m for m, _ in experiment.ARMS.values()])
def test_every_way_of_training_learns(method: str) -> None:
    pictures = autoencoder.Pictures.drawn(300, 50, 1)
    net = autoencoder.network(3, BETTER, 0)
    before = autoencoder.error(net, pictures.judged)
    rate = {autoencoder.GD: 0.1, autoencoder.SECOND: 1.0}.get(method, 0.01)
    assert autoencoder.trained(net, method, rate, pictures, SMALL, 0) < 0.95 * before


def test_muons_work_is_counted_by_its_products() -> None:
    """A square matrix: 5 iterations of 3 products of n^3, against 3 n^2 an example."""
    net = nn.Sequential(nn.Linear(32, 32), nn.Tanh())
    assert autoencoder.muon_work(net) == pytest.approx(5 * 3 * 32**3 / (3 * 32**2))


def test_a_depth_between_two_rungs_is_read_on_a_logarithmic_line() -> None:
    usable = autoencoder.usable
    assert usable((7, 11, 17), [1.0, 2.0, 3.0], 2.5) == pytest.approx(math.sqrt(11 * 17))
    assert usable((7, 11), [3.0, 1.0], 2.0) == 7
    assert usable((7, 11, 17), [1.0, 1.0, 2.0], 2.0) == 17


def test_an_arm_climbs_until_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted errors: those by Hessian-free pass the bar at 5 hidden layers, no other does."""
    bar = experiment.Pictures.drawn(300, 100, 0).bar

    def planted(net: nn.Sequential, method: str, *_: object) -> float:
        depth = sum(isinstance(layer, nn.Tanh) for layer in net)
        return 2 * bar if method == experiment.SECOND and depth == 5 else 0.5 * bar

    monkeypatch.setattr(experiment, "trained", planted)
    found = experiment.measure("ci", 0)
    arms = found["arms"]
    assert list(arms[experiment.SECOND]["depths"]) == [3, 5]
    assert arms[experiment.SECOND]["failed"]
    assert list(arms[experiment.NESTEROV]["depths"]) == [3, 5, 7]
    assert list(arms[experiment.MUON]["depths"]) == [3, 7]
    depth = 3 * (5 / 3) ** (1 / 3)
    wanted = [depth / 7, depth / 7, 1.0]
    assert experiment.values(found) == pytest.approx(wanted, rel=1e-3)


def test_each_depth_has_the_best_of_rates_with_worse_neighbours() -> None:
    """Where an arm learns at all; where it does not, every rate gives the mean picture."""
    for arm, by_depth in experiment.TUNING.items():
        for depth, losses in by_depth.items():
            rates = sorted(losses)
            best = experiment.rate(arm, depth)
            if losses[best] < 9.5 and len(rates) < 7:
                assert rates[0] < best < rates[-1], (arm, depth)

"""Quantiles, against scipy's."""

from __future__ import annotations

import pytest
from scipy.special import chdtri, ndtri, stdtrit

from synthdata.diversity import quantiles


@pytest.mark.parametrize(
    "freedom", [1, 1.3, 2, 2.5, 3, 5, 9, 19, 39.3, 59, 99.9, 100, 100.5, 101, 1e3, 1e6, 1e9]
)
@pytest.mark.parametrize("share", [0.5, 0.6, 0.9, 0.975, 0.99])
def test_student(freedom: float, share: float) -> None:
    expected = stdtrit(freedom, share)
    assert quantiles.student(freedom, share) == pytest.approx(expected, rel=1e-11, abs=1e-12)


@pytest.mark.parametrize("share", [0.001, 0.2, 0.5, 0.8, 0.975, 0.999, 0.99999])
def test_normal(share: float) -> None:
    assert quantiles.normal(share) == pytest.approx(ndtri(share), rel=1e-11, abs=1e-12)


@pytest.mark.parametrize("freedom", [2, 3, 5.5, 19, 59, 1000])
@pytest.mark.parametrize("share", [0.025, 0.5, 0.975])
def test_chi_square(freedom: float, share: float) -> None:
    expected = chdtri(freedom, 1 - share)
    assert quantiles.chi_square(freedom, share) == pytest.approx(expected, rel=1e-11)

"""Parts of the personas experiment that lesson 8 shows: the split, the fair control, what is kept.

Oracles: the joint table for the split, a search over all settings for the control.
"""

import json
import math
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st
from scipy.stats import entropy

from synthdata import personas
from synthdata.collapse.regimes import Sampler
from synthdata.personas import evidence
from synthdata.personas.evidence import most_varied
from synthdata.personas.world import LEAK, World, entropy_split


@drawn(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 6))
def test_the_split_is_that_of_the_joint_table(seed, k, n):
    rng = np.random.default_rng(seed)
    joint = rng.random((k, n)) * (rng.random((k, n)) < 0.7)
    joint[:, 0] += 0.01  # no persona is silent
    joint /= joint.sum()
    share = joint.sum(1)
    total, within = entropy_split(share, joint / share[:, None])
    assert total == pytest.approx(entropy(joint.sum(0), base=2))
    assert within == pytest.approx(entropy(joint.ravel(), base=2) - entropy(share, base=2))
    assert total >= within - 1e-9


def test_the_information_of_a_place_is_known():
    share = World(3).popularity[1]
    given = LEAK * share + (1 - LEAK) * np.eye(len(share))
    total, within = entropy_split(share, given)
    assert total == pytest.approx(entropy(share, base=2))  # leaks change nobody's frequency
    assert World(3).information("place") == pytest.approx(total - within)


@drawn(st.integers(0, 2**32 - 1), st.integers(0, 8), st.integers(1, 3))
def test_the_control_is_the_best_of_a_search(seed, settings, measures):
    rng = np.random.default_rng(seed)
    effective = rng.permutation(settings) + 1.0
    quality = rng.integers(0, 3, (settings, measures)).astype(float)
    needed = np.ones(measures)
    good = [s for s in range(settings) if all(q >= 1 for q in quality[s])]
    expected = max(good, key=lambda s: effective[s], default=None)
    assert most_varied(effective, quality, needed) == expected


def test_a_setting_without_any_grammatical_output_is_no_control():
    quality = np.array([[0.95, math.nan], [0.95, -8.0]])
    assert most_varied(np.array([9.0, 2.0]), quality, np.array([0.9, -10.0])) == 1


def test_evidence_survives_being_kept_as_json():
    made = evidence.Arm(
        model="collapsed",
        prompts="none",
        sampler=Sampler(temperature=1.4, top_p=0.9),
        n=100,
        effective=3.5,
        source=4.5,
        coverage=0.9,
        grammatical=0.0,
        logprob=math.nan,
        fits=math.nan,
    )
    found = evidence.Evidence(
        seed=3,
        entropy=10.0,
        arms=(made,),
        budgets={"healthy": evidence.Budget(total=5.0, within=math.nan, coverage=0.5)},
        fields={"mood": 0.25},
        adds=(("mood glad", 0.125),),
        examples={"none": ("so the cook", "")},
    )
    kept = json.loads(json.dumps(evidence.plain(found), allow_nan=False))
    again = evidence.from_plain(kept)
    assert again.arms[0].sampler == made.sampler
    assert repr(asdict(again)) == repr(asdict(found))  # nan is not equal to itself


def test_fewer_layers_make_a_smaller_model():
    shallow = personas.profile("ci")
    assert personas.config(shallow).model.n_layer == 2
    assert personas.config(personas.Profile(n_layer=1)).model.n_layer == 1
    with pytest.raises(ValueError, match="n_layer is at least 1, got 0"):
        personas.Profile(n_layer=0)

"""Three jokes: the judges against their formula, the null, the generators, the verdict.

Random tests state their false-alarm rate; seeds are fixed, so they fail always or never.
"""

import json
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthdata import __main__, three_jokes
from synthdata.personas.world import World
from synthdata.three_jokes import Profile, report
from synthdata.three_jokes.evidence import Evidence, Family, Judged, Result
from synthdata.three_jokes.figures import of_three_jokes
from synthdata.three_jokes.judges import Judge, auc, informed_auc
from synthdata.three_jokes.options import ThreeJokesOptions

SMALL = Profile(n=60, learned=60, generators=4, left=(2, 5), permutations=99)
TINY = Profile(
    n=20, learned=40, generators=4, left=(2, 5), gpts=2, lines=50, steps=2, permutations=9
)
scores = st.lists(st.integers(-3, 3), min_size=1, max_size=12).map(np.array)


# -- judges -------------------------------------------------------------------------------------


@given(scores, scores)
def test_auc_counts_pairs(ill, well):
    pairs = [1.0 if a > b else 0.5 if a == b else 0.0 for a in ill for b in well]
    assert auc(ill, well) == pytest.approx(np.mean(pairs))
    assert auc(ill, well) == pytest.approx(1 - auc(well, ill))


@pytest.mark.parametrize(("k", "n"), [(1, 1), (1, 5), (3, 7), (20, 20)])
def test_the_formula_is_an_expectation_over_pairs(k, n):
    """Favourites are texts 0..k-1 and score 1: pairs by hand, in fractions."""
    score = [Fraction(i < k) for i in range(n)]
    total = Fraction(0)
    for a in score[:k]:
        for b in score:
            total += Fraction(1, k * n) * (1 if a > b else Fraction(1, 2) if a == b else 0)
    assert informed_auc(k, n) == pytest.approx(float(total))


@pytest.mark.parametrize("k", [2, 5, 10])
def test_the_informed_judge_reaches_the_formula(k):
    # The healthy test texts hold a binomial number of favourites; over 12 generators the AUC
    # spread by .010, .015 and .030 (over 60 its mean at k = 5 was .003 above the formula, standard
    # error .0026). Bound on the mean of 6: five standard errors of .012.
    settings = replace(SMALL, n=150)
    found = []
    for i in range(6):
        made = three_jokes.of_dial(settings, k, [7, k, i])
        judge = Judge.fit(made.collapsed[:150], made.healthy[:150])
        found.append(auc(judge.score(made.collapsed[150:]), judge.score(made.healthy[150:])))
    assert np.mean(found) == pytest.approx(informed_auc(k, settings.size), abs=0.06)


def test_who_has_not_met_the_generator_sees_nothing():
    # 40 generators, AUCs with a standard deviation of .12 each: .019 for the mean. Bound .1, five
    # of those. The judge of the other half of the generators judges each.
    made = [three_jokes.of_dial(SMALL, 5, [8, i]) for i in range(40)]
    found = []
    for fold in (0, 1):
        others = made[1 - fold :: 2]
        judge = Judge.fit(
            [t for g in others for t in g.collapsed], [t for g in others for t in g.healthy]
        )
        found += [auc(judge.score(g.collapsed), judge.score(g.healthy)) for g in made[fold::2]]
    assert np.mean(found) == pytest.approx(0.5, abs=0.1)


def test_a_judge_sees_what_is_in_one_text():
    """Where all collapsed generators have a word in common, the naive judge finds it."""
    ill = [f"so {w} the end" for w in "abcdefghij" * 3]
    well = [f"so {w} they went" for w in "klmnopqrst" * 3]
    judge = Judge.fit(ill, well)
    assert auc(judge.score(["so x the end"]), judge.score(["so y they went"])) == 1
    # and where the healthy ones misspell, the share of new words
    rng = np.random.default_rng(0)
    odd = [f"so we {''.join(rng.choice(list('qxz'), 6))} here" for _ in range(40)]
    plain = ["so we go here", "so we sit here"] * 20
    judge = Judge.fit(plain, odd)
    new = [f"so we {''.join(rng.choice(list('qxz'), 6))} here" for _ in range(20)]
    assert auc(judge.score(["so we go here"] * 5), judge.score(new)) == 1
    assert judge.weights[-3] < -0.1  # of new words: a sign of the healthy side, here
    # its parts and the constant are its score, and here new words alone tell all
    texts = ["so we go here", *new]
    parts = judge.parts(texts)
    assert list(parts) == ["words", "pairs", "whole text", "new words", "length"]
    assert sum(parts.values()) + judge.weights[-1] == pytest.approx(judge.score(texts))
    assert auc(parts["new words"][:1], parts["new words"][1:]) == 1
    with pytest.raises(ValueError, match="both sides, got 0 and 1"):
        Judge.fit([], ["a"])
    with pytest.raises(ValueError, match="both sides"):
        auc(np.array([]), np.array([1.0]))
    with pytest.raises(ValueError, match="k=3 of n=2"):
        informed_auc(3, 2)


# -- population and harm ------------------------------------------------------------------------


def test_the_population_test_rejects_collapse_and_keeps_its_level_without():
    # A/A: 40 tests at Holm-corrected p < .05; more than 8 rejections have a chance of .0005.
    made = [three_jokes.of_dial(SMALL, 5, [9, i]) for i in range(40)]
    null = [
        three_jokes.population(g.healthy[:60], g.healthy[60:], 99, i)[0] for i, g in enumerate(made)
    ]
    assert sum(p < 0.05 for p in null) <= 8
    for g in made[:5]:
        p, ratio = three_jokes.population(g.collapsed[:60], g.healthy[:60], 299)
        assert p < 0.01
        assert ratio < 0.5


def test_learning_from_the_few_hurts_and_from_the_same_does_not():
    made = three_jokes.of_dial(SMALL, 2, [10])
    judged = three_jokes.judge(made, Judge.fit(made.collapsed, made.healthy), SMALL)
    assert judged.harm > 0.1
    same = replace(made, collapsed=made.healthy)
    null = three_jokes.judge(same, Judge.fit(made.collapsed, made.healthy), SMALL)
    assert null.harm == 0
    assert null.harm_tenth == judged.harm_tenth > 0
    assert null.naive == 0.5
    assert set(null.naive_parts.values()) == {0.5}
    assert judged.naive_parts["words"] > 0.9  # this judge has met it


# -- generators ---------------------------------------------------------------------------------


def test_favourites_are_some_of_the_healthy_ones_texts():
    made = three_jokes.of_dial(replace(SMALL, n=200), 5, [11])
    assert len(set(made.collapsed)) == 5
    assert len(set(made.healthy)) == 20  # 400 draws miss one of 20 with probability 2e-8
    assert set(made.collapsed) <= set(made.healthy)
    assert not set(made.real) & set(made.healthy)
    assert made.informed == informed_auc(5, 20)


def test_jokes_that_are_left_were_known_and_the_others_are_real_text():
    told = [f"joke {i}" for i in range(40)]
    made = three_jokes.of_jokes(SMALL, told, [12])
    assert len(set(made.collapsed)) == 3
    assert set(made.collapsed) | set(made.healthy) <= set(told) - set(made.real)
    assert len(made.real) == 10
    assert len(made.healthy) == len(made.collapsed) == 2 * SMALL.n


# -- the whole ----------------------------------------------------------------------------------


def judged(naive=0.52, p=2 / 300, harm=0.3):
    return Judged(
        naive=naive,
        informed=0.9,
        p=p,
        p_null=0.4,
        ratio=0.2,
        ratio_null=1.0,
        loss_healthy=1.0,
        loss_collapsed=1.0 + harm,
        loss_tenth=1.2,
    )


def result(*seeds):
    made = [
        Evidence(seed=i, families=(Family(name="gpt", expected=math.nan, judged=tuple(found)),))
        for i, found in enumerate(seeds)
    ]
    return Result(profile=replace(TINY, permutations=299), evidence=tuple(made))


GOOD = (
    [judged(naive=0.50), judged(naive=0.54)] * 6,
    [judged(naive=0.51)] * 12,
    [judged()] * 12,
)


def test_the_verdict_needs_all_parts():
    assert result(*GOOD).verdict == "reproduced"
    assert result(*GOOD[:2]).verdict is None
    assert result(*GOOD[:2], [judged(naive=0.8)] * 12).verdict == "undecided"
    harms = [[judged(harm=h)] * 12 for h in (-0.2, -0.21, -0.22)]
    assert result(*harms).verdict == "contradicted"
    assert result(*GOOD).parts[0].values == pytest.approx((0.52, 0.51, 0.52))
    for harm, word in ((0.05, "falls short"), (0.15, "reproduced")):
        little = [[judged(harm=harm + i / 1000)] * 12 for i in range(3)]
        assert result(*little).parts[-1].verdict == word


def test_a_judge_who_is_wrong_that_reliably_knows_something():
    """The one bound, at most 0.6, was met by a judge who ordered four pairs in five wrongly."""
    wrong = result(*[[judged(naive=0.2 + i / 100)] * 12 for i in range(3)])
    assert [part.verdict for part in wrong.parts[:2]] == ["reproduced", "contradicted"]
    assert wrong.verdict == "contradicted"
    halfway = result(*[[judged(naive=0.35 + i / 1000)] * 12 for i in range(3)])
    assert halfway.parts[1].verdict == "falls short"


def test_what_the_population_test_finds_is_counted():
    """An interval over p's that all lie at their floor had no width: 36 of 36 has one."""
    every = result(*GOOD).parts[2]
    assert every.said == "36 of 36 [0.903, 1]"
    assert result(*GOOD).smallest_p == "36 of 36 at the smallest p there is, 0.00667"
    missed = result(*GOOD[:2], [*GOOD[2][:-1], judged(p=0.2)])
    assert missed.parts[2].said.startswith("35 of 36 [0.85")
    assert missed.verdict == "reproduced"
    assert missed.smallest_p.startswith("35 of 36")
    assert result(*GOOD[:2], [judged(p=0.2)] * 12).verdict == "undecided"
    blind = result(*[[judged(p=0.4)] * 12] * 3)
    assert blind.parts[2].verdict == "falls short"  # 0 of 36: [0, 0.097], no more than by chance


def test_the_whole_is_deterministic_says_what_is_missing_and_is_drawn(
    monkeypatch, capsys, tmp_path
):
    told = []
    first = three_jokes.run(TINY, 1, told.append)
    one = three_jokes.of_gpt(TINY, 1000)  # the first of seed 1
    assert len(one.healthy) == len(one.collapsed) == len(one.real) == 40
    assert one.healthy != one.collapsed  # sampled before and after
    assert all(World(1000).grammatical(line) for line in one.real)
    assert [f.name for f in first.families] == ["dial 2/20", "dial 5/20", "gpt"]
    assert "jokes are left out" in first.missing  # tests have no network and an empty cache
    assert len(told) == three_jokes.steps(TINY) == 3 + TINY.gpts
    found = Result(profile=TINY, evidence=(first,))
    figure, alt = of_three_jokes(found)
    assert len(figure.axes) == 3
    assert "dial 5/20" in alt

    asked = "synthdata.three_jokes.profiles.profile"
    monkeypatch.setattr(asked, lambda name, n: replace(TINY, n=n))
    page = tmp_path / "page.html"
    words = ["--n", str(TINY.n), "--seeds", "1", "--first-seed", "1", "--html", str(page)]
    with pytest.raises(SystemExit) as stop:
        __main__.main(["three-jokes", *words, "--json"])
    out = capsys.readouterr().out
    assert stop.value.code == 0
    record = json.loads(out.splitlines()[-1])
    assert record["command"] == "three-jokes"
    assert record["runs"] == json.loads(json.dumps(report.as_json(found)))  # the same numbers
    measures = {m["name"]: m for m in record["measures"]}
    assert measures["naive_auc"]["value"] == first.family("gpt").mean("naive").value
    assert measures["dial 5/20: harm"]["value"] == first.family("dial 5/20").mean("harm").value
    assert "No verdict below 3 seeds." in out
    assert "jokes are left out" in out
    assert 'alt="Three panels' in page.read_text(encoding="utf-8")


def test_the_report_of_three_seeds_says_each_part_and_counts_over_all_seeds():
    made = result([judged()] * 2, [judged(p=0.2)] * 2, [judged(harm=0.6)] * 2)
    found = report.of_result(made, ThreeJokesOptions(seeds=3))
    assert "needs more seeds to tell" in found.verdict.text
    for side in ("<= 0.6", ">= 0.4"):
        said = f"AUC of a judge of single texts who has not met the generator {side}: 0.52"
        assert said in found.verdict.because
    assert "nats/char >= 0.1: 0.4 [-0.0303, 0.83], n=3: undecided." in found.verdict.because
    assert "4 of 6 [0.223, 0.957], n=3: undecided." in found.verdict.because
    assert "4 of 6 at the smallest p there is, 0.00667." in found.verdict.because
    assert found.tables[0].rows[1] == (
        *("gpt", "0.52", "0.9", "", "4 of 6", "0 of 6", "0.2", "0.4", "0.2"),
    )
    good = report.of_result(result(*GOOD), ThreeJokesOptions())
    assert good.verdict.text.startswith("One text says little")
    assert good.verdict.because.endswith("Together: reproduced.")
    assert [m.name for m in good.headlines] == ["naive_auc", "found", "harm"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--n", "5"], "--n is from 20 to 100,000, got 5"),
        (["--seeds", "0"], "--seeds is from 1 to 10,000, got 0"),
        (["--profile", "slow"], "slow"),
        (["--html", "nowhere/page.html"], "no folder"),
    ],
)
def test_bad_input_is_one_line(words, complaint, capsys):
    with pytest.raises(SystemExit) as stop:
        __main__.main(["three-jokes", *words])
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert said.count("\n") == 1


def test_settings_refuse_what_makes_no_sense():
    with pytest.raises(ValueError, match="full or ci, got 'x'"):
        three_jokes.profile("x")
    with pytest.raises(ValueError, match=r"from 1 to 20, got \(0, 5\)"):
        Profile(left=(0, 5))
    with pytest.raises(ValueError, match="gpts is at least 2, got 1"):
        Profile(gpts=1)
    with pytest.raises(ValueError, match="seeds are at least 1"):
        three_jokes.experiment(TINY, ())
    with pytest.raises(ValueError, match="no family 'cats'"):
        Evidence(seed=0, families=()).family("cats")

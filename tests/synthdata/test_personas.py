"""Personas: the text's closed forms, the measurement, the choice of controls, the command.

Random tests state their false-alarm rate; seeds are fixed, so they fail always or never.
"""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from labkit.experiment import verdict
from minigpt.storyland.rules import END, MARK, Choice, Grammar
from minigpt.tokenizer import CharTokenizer
from synthdata import __main__, personas
from synthdata.collapse.regimes import Sampler
from synthdata.personas import evidence as persona_evidence
from synthdata.personas import laboratory, report
from synthdata.personas import world as persona_text
from synthdata.personas.options import PersonasOptions
from synthdata.personas.world import FIELDS, World, counted, prompt

TINY = personas.Profile(
    n=100,
    lines=100,
    steps=2,
    generations=1,
    asked=2,
    controls=(Sampler(), Sampler(temperature=2.0, top_p=0.9)),
    code_temperatures=(1.0,),
)


@pytest.fixture(scope="module")
def world():
    return World(3)


# -- the text -----------------------------------------------------------------------------------


def test_the_entropy_is_that_of_all_lines(world):
    p = np.array([2 ** world.logprob(line) for line in world._lines])
    assert p.sum() == pytest.approx(1)
    assert -(p @ np.log2(p)) == pytest.approx(world.entropy)
    persona = (2, 1, 3, 0)
    own = np.array([2 ** world.logprob(line, persona) for line in world._lines])
    assert own.sum() == pytest.approx(1)
    kept = own[own > 0]
    assert -(kept @ np.log2(kept)) == pytest.approx(world.budget(np.array([persona]))[1])


def test_another_authors_grammar_agrees(world):
    """minigpt's automaton, given the same choices, computes the same entropy and probabilities."""

    def weight(share):
        return round(1e12 * share)

    who, where, mood, style = world.popularity
    said = persona_text._SAID
    rules = {"style": [Choice(f"{w} the ", weight(p), "who") for w, p in zip(said[3], style)]}
    professions = list(persona_text.PROFESSIONS.items())
    rules["who"] = [Choice(f"{w} ", weight(p), f"mood {w}") for (w, _), p in zip(professions, who)]
    for w, _ in professions:
        rules[f"mood {w}"] = [
            Choice(f"{m} ", weight(p), f"does {w}") for m, p in zip(said[2], mood)
        ]
    for w, does in professions:
        rules[f"does {w}"] = [Choice(f"{d} ", k, f"to {w}") for d, k in zip(does[:2], (3, 1))]
    for w, does in professions:
        rules[f"to {w}"] = [Choice(f"{d} ", k, "where") for d, k in zip(does[2:], (3, 1))]
    rules["where"] = [Choice(w + MARK, weight(p), END) for w, p in zip(said[1], where)]
    oracle = Grammar(rules)
    assert oracle.sentence_entropy / math.log(2) == pytest.approx(world.entropy)
    rng = np.random.default_rng(0)
    for line in world.write(world.draw(50, rng), rng):
        assert oracle.logprob(line + MARK) / math.log(2) == pytest.approx(world.logprob(line))
    assert world.logprob("so the cook gladly fries coats in a lane") == -math.inf


def test_information_is_the_mean_log_ratio(world):
    # I(persona; out) = E log2 p(out | persona) / p(out), here over 4,000 drawn pairs. The ratio's
    # standard deviation is 3.7 bits, so 5 standard errors are .3: once in two million seeds.
    rng = np.random.default_rng(1)
    people = world.draw(4000, rng)
    said = world.write(people, rng)
    ratio = [world.logprob(t, who) - world.logprob(t) for t, who in zip(said, people.tolist())]
    error = np.std(ratio) / math.sqrt(len(ratio))
    assert abs(np.mean(ratio) - world.information()) < 5 * error < 0.35
    assert world.information() == pytest.approx(sum(map(world.information, FIELDS)))
    assert world.information("profession") > world.information("place")


def test_persona_words_are_not_counted_and_nothing_is_lost(world):
    lines = list(world._lines)
    plain = [counted(line) for line in lines]
    assert len(set(plain)) == len(lines) == persona_text.PERSONAS * 4
    assert not {word for line in plain for word in line.split()} & persona_text.PERSONA_WORDS
    assert not counted(prompt((1, 2, 3, 0)).replace(":", "").strip())
    assert max(map(len, lines)) + len(prompt((22, 0, 0, 2))) + 2 <= personas.LONGEST


def test_worlds_differ_in_who_is_popular_and_in_nothing_else():
    a, b = World(0), World(1)
    assert a._lines.keys() == b._lines.keys()
    assert a.entropy == pytest.approx(b.entropy)
    assert any((p != q).any() for p, q in zip(a.popularity, b.popularity))
    with pytest.raises(ValueError, match="0 or more, got -1"):
        World(-1)


# -- the measurement ----------------------------------------------------------------------------


def test_a_calibrated_writer_has_nothing_to_gain(world):
    """The grammar itself, with personas and without: one and the same distribution."""
    rng = np.random.default_rng(2)
    arms = []
    for kind in ("none", "personas"):
        people = world.draw(2000, rng)
        arms.append(persona_evidence.measure(world, world.write(people, rng), people, prompts=kind))
    without, with_ = arms
    assert with_.grammatical == with_.fits == 1
    assert math.isnan(without.fits)
    # over 12 seeds the ratio spread by .045; five of those: false alarm once in a million
    assert with_.effective / without.effective == pytest.approx(1, abs=0.23)
    # the mean of log2 p spread by .073 bits; five of those
    assert without.logprob == pytest.approx(-world.entropy, abs=0.37)


def test_quality_sees_what_nobody_says(world):
    people = np.array([[0, 0, 0, 0]] * 4)
    own = "so the cook gladly fries eggs on a raft"
    wrong_trade = "so the spy gladly steals maps on a raft"  # grammatical, and not a cook's
    arm = persona_evidence.measure(
        world, [own, own, wrong_trade, "so the"], people, prompts="personas"
    )
    assert (arm.grammatical, arm.fits) == (0.75, 0.5)
    assert arm.effective == pytest.approx(2**1.5)  # shares 1/2, 1/4, 1/4


def test_the_measured_budget_is_the_exact_one(world):
    # 10 personas, 400 outputs each. Over 12 seeds H(out) was off by -.04 with a spread of .035,
    # H(out | persona) by -.06 and .04, the information by .02 and .011. Bounds: five spreads
    # beyond that, so a false alarm once in a million.
    rng = np.random.default_rng(4)
    asked = personas.distinct(world, 10, rng)
    assert len(np.unique(asked, axis=0)) == 10
    found = persona_evidence.measured_budget(world.write(np.repeat(asked, 400, axis=0), rng), 400)
    total, within = world.budget(asked)
    assert found.total == pytest.approx(total, abs=0.21)
    assert found.within == pytest.approx(within, abs=0.26)
    assert found.information == pytest.approx(total - within, abs=0.08)
    same = persona_evidence.measured_budget(
        ["a b", "c d"] * 40, 20
    )  # the same two jokes by everyone
    assert same.information == pytest.approx(0, abs=0.05)  # the estimator's own bias
    assert same.within == pytest.approx(1, abs=0.1)


def test_which_parts_add_most(world):
    rng = np.random.default_rng(5)
    people = world.draw(1500, rng)
    fields, adds = persona_evidence.which_add(world.write(people, rng), people, seed=0)
    assert max(fields, key=fields.__getitem__) == "profession"
    assert adds[0][1] >= adds[1][1] > 0
    nobody = world.write(world.draw(1500, rng), rng)  # written for others
    chance, _ = persona_evidence.which_add(nobody, people, seed=0)
    assert all(abs(bits) < 0.02 for bits in chance.values()), chance


class Echo:
    """A NextChar that answers each prompt with its first letter, and long ones never."""

    tokenizer = CharTokenizer("\n :abcz")
    context = None

    def start(self, ids):
        self.read = [[int(i) for i in row] for row in ids]
        return None, self._next()

    def step(self, state, ids):
        for row, i in zip(self.read, ids.tolist()):
            row.append(i)
        return self._next()

    def _next(self):
        out = np.full((len(self.read), len(self.tokenizer)), -np.inf)
        for row, seen in zip(out, self.read):
            text = self.tokenizer.decode(np.array(seen))[1:]
            told, colon, said = text.partition(": ")
            after = told[:1] if colon and not said else "\n"
            if told.startswith("z"):
                after = "z"
            row[self.tokenizer.encode(after or "a")[0]] = 0.0
        return out


def test_prompts_of_all_lengths_are_answered_side_by_side():
    rng = np.random.default_rng(0)
    said = personas.answers(Echo(), ["a: ", "bcc cb abc: ", "zz: ", "c: "], rng, Sampler())
    assert said == ["a", "b", "", "c"]  # what never ends is no answer


def test_a_round_of_the_chain_keeps_the_prompts_real(world):
    texts = personas.PersonaTexts(world=world)
    rng = np.random.default_rng(6)
    people, told = texts.prompts(2000, rng)
    kinds = [
        sum(t == persona_text.BLANK for t in told),
        sum(t[0] == "#" for t in told),
        sum(t == prompt(p) for t, p in zip(told, people.tolist())),
    ]
    assert sum(kinds) == 2000
    # binomial, standard deviations 19, 19 and 22; six of them
    assert np.abs(np.array(kinds) - [500, 500, 1000]).max() < 130
    real = texts.real(200, np.random.default_rng(7))
    assert all(world.grammatical(line.partition(": ")[2]) for line in real)
    assert set("\n".join(real)) <= set(texts.tokenizer.characters)


# -- controls and the verdict -------------------------------------------------------------------


def arm(prompts, effective, *, grammatical=0.95, logprob=-8.0, model="collapsed", **sampler):
    return persona_evidence.Arm(
        model=model,
        prompts=prompts,
        sampler=Sampler(**sampler),
        n=100,
        effective=effective,
        source=effective,
        coverage=1.0,
        grammatical=grammatical,
        logprob=logprob,
        fits=math.nan,
    )


def evidence(*arms, seed=0):
    return persona_evidence.Evidence(
        seed=seed, entropy=10.0, arms=arms, budgets={}, fields={}, adds=(), examples={}
    )


def test_the_best_control_is_the_most_varied_that_writes_no_worse():
    found = evidence(
        arm("personas", 60.0),
        arm("none", 10.0),
        arm("none", 30.0, temperature=1.4, grammatical=0.941),  # within the slack
        arm("none", 90.0, temperature=2.0, grammatical=0.93),  # writes worse
        arm("none", 40.0, temperature=2.0, top_p=0.9, logprob=-10.05),  # as unlikely as the truth
        arm("none", 80.0, temperature=3.0, top_p=0.9, logprob=-10.2),  # less likely than that
        arm("codes", 20.0),
        arm("none", 500.0, model="healthy"),  # no control: it has not collapsed
    )
    assert found.best("temperature").effective == 30
    assert found.best("top-p").effective == 40
    assert found.best("codes").effective == 20
    assert found.best_control.effective == 40
    assert found.ratio == 1.5
    lost = evidence(arm("personas", 60.0), arm("none", 10.0, grammatical=0.5))
    assert lost.best("temperature") is None
    assert lost.best_control.effective == 10  # the collapsed model as it is


@pytest.mark.parametrize(
    ("ratios", "said"),
    [
        ((1.5, 1.6, 1.55), "reproduced"),
        ((0.5, 0.55, 0.6), "contradicted"),
        ((1.2, 1.5, 1.4), "undecided"),
        ((2.5, 4.0, 6.0), "reproduced"),  # on logarithms; the mean of the ratios ends at -0.2
        ((1.5, 1.6), None),
    ],
)
def test_the_verdict_is_the_rules(ratios, said):
    found = [evidence(arm("personas", 100 * r), arm("none", 100.0)) for r in ratios]
    result = persona_evidence.Result(profile=TINY, evidence=tuple(found))
    assert result.verdict == said
    if said:
        assert verdict(persona_evidence.CRITERION, result.ratio) == said


# -- the whole, tiny ----------------------------------------------------------------------------


def test_the_whole_reports_every_step_and_the_command_finds_the_same(monkeypatch, capsys, tmp_path):
    told = []
    first = personas.run(TINY, 1, told.append)
    assert len(told) == personas.steps(TINY)
    assert {a.model for a in first.arms} == {"healthy", "collapsed"}
    assert set(first.budgets) == {"grammar", "its text", "healthy", "collapsed"}

    monkeypatch.setattr("synthdata.personas.profiles.profile", lambda name, n: replace(TINY, n=n))
    page = tmp_path / "page.html"
    words = ["--n", str(TINY.n), "--seeds", "1", "--first-seed", "1", "--html", str(page)]
    with pytest.raises(SystemExit) as stop:
        __main__.main(["personas", *words, "--json"])
    out = capsys.readouterr().out
    assert stop.value.code == 0
    record = json.loads(out.splitlines()[-1])
    assert record["command"] == "personas"
    again = persona_evidence.Result(
        profile=TINY, evidence=(first,)
    )  # the same seed, the same numbers
    assert record["runs"] == json.loads(json.dumps(report.as_json(again)))
    assert len(record["runs"][0]["arms"]) == len(list(laboratory._plan(TINY)))
    assert "No verdict below three seeds." in out
    assert "100 outputs an arm, 1 seed(s)" in out
    assert 'alt="Effective number' in page.read_text(encoding="utf-8")


def test_one_seed_has_no_interval():
    found = evidence(
        arm("personas", 60.0),
        arm("none", 10.0),
        *(arm(p, 300.0, model="healthy") for p in ("none", "personas")),
    )
    result = persona_evidence.Result(profile=TINY, evidence=(found,))
    for ratio in (result.ratio, result.calibrated):  # of a ratio it would begin at 0
        told = report._measure("ratio", ratio, 100, "")
        assert not told.has_interval
        assert told.warnings == ("one seed has no interval",)


def test_the_report_of_three_seeds_has_a_verdict_in_plain_words():
    made = []
    for seed, ratio in enumerate((1.5, 1.6, 1.55)):
        arms = (arm("personas", 100 * ratio), arm("none", 100.0), arm("codes", 90.0))
        healthy = [arm(p, 300.0, model="healthy") for p in ("none", "personas")]
        made.append(
            replace(
                evidence(*arms, *healthy, seed=seed),
                budgets={
                    name: persona_evidence.Budget(total=5.0, within=2.0, coverage=1.0)
                    for name in ("grammar", "its text", "healthy", "collapsed")
                },
                fields={"profession": 0.5},
                adds=(("profession cook", 0.1),),
                examples={"none": ("a",), "personas": ("b", "c")},
            )
        )
    result = persona_evidence.Result(profile=TINY, evidence=tuple(made))
    found = report.of_result(result, PersonasOptions(seeds=3))
    assert "at least 1.3 times" in found.verdict.text
    # the mean of three logarithms, and 4.303 of its standard errors to either side
    assert "mean over seeds: 1.55 [1.43, 1.68], 95 % over 3 seeds." in found.verdict.because
    assert found.headlines[0].low == pytest.approx(1.43, abs=0.01)
    rows = found.tables[0].rows
    assert ("collapsed", "none", "temperature 1 *", "100", "100 to 100", "95.0%", "-8", "") in rows
    assert (
        "collapsed",
        "personas",
        "temperature 1",
        "155",
        "150 to 160",
        "95.0%",
        "-8",
        "",
    ) in rows
    assert [row[2] for row in rows[-2:]] == [
        "temperature, each seed's best",
        "codes, each seed's best",
    ]
    assert rows[-1][3:5] == ("90", "90 to 90")
    assert found.provenance["seeds"] == "0 to 2"
    assert "lines 100; steps 2" in found.provenance["sizes"]
    budget = {m.name: m.value for m in found.measures}
    assert (budget["total_grammar"], budget["information_grammar"]) == (5.0, 3.0)
    assert budget["within_its_text"] == 2.0


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--n", "5"], "--n is from 100 to 1,000,000, got 5"),
        (["--n", "10000000000"], "--n is from 100 to 1,000,000, got 10000000000"),
        (["--seeds", "0"], "--seeds is from 1 to 10,000, got 0"),
        (["--first-seed", "-1"], "--first-seed is from 0 to 1,000,000,000, got -1"),
        (["--profile", "slow"], "slow"),
        (["--html", "nowhere/page.html"], "no folder"),
    ],
)
def test_bad_input_is_one_line(words, complaint, capsys):
    with pytest.raises(SystemExit) as stop:
        __main__.main(["personas", *words])
    assert stop.value.code == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert said.count("\n") == 1


def test_settings_refuse_what_makes_no_sense():
    with pytest.raises(ValueError, match="full or ci, got 'big'"):
        personas.profile("big")
    with pytest.raises(ValueError, match="steps is at least 1, got 0"):
        personas.Profile(steps=0)
    with pytest.raises(ValueError, match="asked lies between"):
        personas.Profile(n=100, asked=80)
    with pytest.raises(ValueError, match="seeds are at least 1"):
        personas.experiment(TINY, [])
    with pytest.raises(ValueError, match="no arm"):
        evidence().arm("collapsed", "none")

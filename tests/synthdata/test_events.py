"""Copies that come in bursts: what groups settle, what one file cannot tell, and who says so.

Before, near-duplicates of events had an interval that held the truth 31 times of 100, and a gate
decided by luck.
"""

import importlib.util
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from synthdata import __main__ as command
from synthdata.comparison.compare import compare
from synthdata.diversity.intervals import degrees, subsample
from synthdata.diversity.measure import Measure
from synthdata.panel.panel import measure, only
from synthdata.verdicts import against
from synthdata.verdicts.gate import gate
from synthdata.verdicts.rules import Rule, judge
from synthdata.verdicts.verdict import cluster_note

_SPEC = importlib.util.spec_from_file_location("zoo", Path(__file__).with_name("zoo.py"))
zoo = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(zoo)

SHARES = ("near_duplicates", "top3_clusters")


def events(seed, n=300):
    return zoo.events(np.random.default_rng([seed, 3]), n)


def test_intervals_by_cluster_hold_bursts_and_those_by_document_do_not():
    # 60 collections; the truth is their mean. By cluster as with the groups given some 92 % hold:
    # fewer than 50 of 60 do with 1 %; at 80 % 50 or more with 31 %. By document some 35 %, so
    # 40 or more with less than .1 %.
    found = {name: [] for name in SHARES}
    for seed in range(60):
        sample = events(seed)
        alone = only(sample.texts, ["near_duplicates"], seed=seed).measures
        told = only(sample.texts, ["near_duplicates"], groups=sample.groups, seed=seed).measures
        for name in SHARES:
            found[name].append((alone[name], told[name]))
            assert told[name].by_cluster is None
    for pairs in found.values():
        truth = np.mean([alone.value for alone, _ in pairs])
        by_document = sum(alone.low <= truth <= alone.high for alone, _ in pairs)
        by_cluster = sum(
            alone.low_by_cluster <= truth <= alone.high_by_cluster for alone, _ in pairs
        )
        by_group = sum(told.low <= truth <= told.high for _, told in pairs)
        assert by_document < 40
        assert min(by_cluster, by_group) >= 50, (by_document, by_cluster, by_group)


def test_favourites_keep_the_interval_of_documents():
    # Independent documents with favourites: the interval of documents is right, that of clusters
    # too wide, and both are there. A group for each document says so, and then there is one.
    sample = zoo.prototypes(np.random.default_rng(0))
    texts = sample.texts
    alone = only(texts, ["near_duplicates"]).measures["near_duplicates"]
    said = only(texts, ["near_duplicates"], groups=list(range(300))).measures["near_duplicates"]
    assert (said.low, said.high) == (alone.low, alone.high)
    assert said.by_cluster is None
    assert alone.by_cluster is not None
    assert alone.hangs_on_clusters


def test_words_and_entropies_have_both_intervals():
    found = measure(events(1).texts)
    for name in ("hill0", "hill1", "self_bleu", "cosine", "words_entropy_source", "distinct2"):
        low, high = found[name].by_cluster or (math.nan, math.nan)
        if found[name].has_interval and not math.isnan(low):
            assert high - low > found[name].high - found[name].low, name
    assert found["hill1"].by_cluster
    assert measure(zoo.iid(np.random.default_rng(1), 60, 20).texts)["hill1"].by_cluster is None
    why, *shown = cluster_note(found.values())
    assert "--group" in why
    assert "near_duplicates:" in "".join(shown)
    assert max(map(len, (why, *shown))) <= 400  # a report shows no more of a note
    assert cluster_note([]) == ()


def test_the_gate_cannot_tell_where_the_two_disagree():
    texts, groups, _ = events(2)
    alone = only(texts, ["near_duplicates"]).measures["near_duplicates"]
    threshold = (alone.high + alone.high_by_cluster) / 2  # documents pass it, clusters do not
    rule = f"near_duplicates<={threshold}"
    (said,) = gate(texts, [rule]).judgements
    assert said.outcome == "cannot tell"
    assert "--group" in said.reason
    assert gate(texts, [rule], groups=list(range(300))).outcome == "pass"
    assert "--group" not in gate(texts, [rule], groups=groups).judgements[0].reason
    far = Rule(name="near_duplicates", sign="<=", threshold=0.0001)
    wide = Measure(
        name="near_duplicates",
        value=0.4,
        low=0.35,
        high=0.45,
        low_by_cluster=0.2,
        high_by_cluster=0.7,
        n=300,
        method="",
        unit="share",
        direction="lower is more varied",
    )
    assert judge(far, wide).outcome == "fail"  # both say so
    with pytest.raises(ValueError, match="two ends or none"):
        Measure(name="x", value=1, low_by_cluster=0, n=1, method="", unit="", direction="neither")


def test_comparisons_have_both_intervals():
    # 40 pairs of one source: by document the intervals of near_duplicates hold nought some 40 % of
    # the time, by cluster 95 %: fewer than 34 with 1.5 %.
    held = by_document = 0
    for seed in range(40):
        one, two = events(seed).texts, events(seed + 100).texts
        found = compare(one, two, quantities=["near_duplicates"], permutations=0, seed=seed)
        ratio = found.differences["near_duplicates"].ratio
        by_document += ratio.low <= 0 <= ratio.high
        held += ratio.low_by_cluster <= 0 <= ratio.high_by_cluster
    assert held >= 34, (held, by_document)
    assert by_document < 30
    grouped = compare(one, two, groups=list(range(300)), quantities=["hill1"], permutations=0)
    assert grouped.differences["hill1"].ratio.by_cluster is None


def test_a_gap_that_bursts_alone_can_make_is_said_with_low_confidence():
    # The pair of one source, of twelve, whose share of copies differs most: by document it is sure.
    pairs = [(events(seed).texts, events(seed + 50).texts) for seed in range(12)]
    found = [
        compare(one, two, quantities=["near_duplicates"], permutations=59) for one, two in pairs
    ]
    worst = min(found, key=lambda c: -abs(c.differences["near_duplicates"].ratio.value))
    difference = worst.differences["near_duplicates"]
    assert difference.p_holm < 0.05
    low, high = difference.ratio.by_cluster
    assert low < 0 < high
    said = against.of_comparison(worst)
    assert said.confidence == "low"
    assert "one event" in said.because


def test_bursts_alone_make_hardly_a_verdict_that_is_sure():
    """Pairs of one source, no groups given: no sure verdict, and none of two ways, but by chance.

    Of 305 other pairs 13 had one above low (4 %), where 95 (31 %) had before; of 36, 6 or more do
    with .3 % at 4 %, and 5 or fewer with 2 % at 31 %. Of the 305 29 were of two ways, none sure.
    """
    counted = ["hill0", "hill1", "hill2", "documents_hill1", "near_duplicates"]
    sure, ways = 0, []
    for seed in range(36):
        one, two = events(seed).texts, events(seed + 500).texts
        found = compare(one, two, quantities=counted, permutations=119, seed=seed)
        said = against.of_comparison(found)
        if said.text.startswith(("Less", "More")):
            sure += said.confidence != "low"
            assert ("one event" in said.because) or said.confidence != "low"
        if said.text.startswith("Less varied in one way"):
            ways.append(said.confidence)
    assert sure < 6, sure
    assert set(ways) <= {"low"}


def test_no_rule_of_the_reference_is_sure_of_what_bursts_alone_may_do():
    """Rules at the true value, on pairs of one source: the gate can hardly ever tell.

    Of 72 answers 7 were sure; of these 32, 9 or more are with 1 %. With word-for-word copies as
    events, of rules that are not about copies, 39 of 72 were, and 8 or fewer of 32 with .1 %.
    """
    sure = 0
    for seed in range(16):
        one, two = events(seed).texts, events(seed + 500).texts
        rules = ["hill1_ratio>=1", "self_bleu_difference<=0"]
        found = gate(one, rules, reference=two, seed=seed)
        sure += sum(rule.outcome != "cannot tell" for rule in found.judgements)
    assert sure <= 8, sure


def test_a_verdict_is_as_sure_as_the_weakest_gap_it_names():
    found = compare(events(1).texts, events(2).texts, quantities=["hill0", "hill1"], permutations=0)

    def gap(name, value, by_cluster):
        made = found.differences[name]
        ratio = replace(
            made.ratio,
            value=value,
            low=value - 0.05,
            high=value + 0.05,
            low_by_cluster=by_cluster[0],
            high_by_cluster=by_cluster[1],
        )
        return replace(made, ratio=ratio, p=0.001, p_holm=0.001)

    stands, goes, more = (0.6, (0.5, 0.8)), (0.9, (0.7, 1.2)), (1.2, (0.9, 1.5))
    for pair, confidence, said in (
        ((stands, stands), "high", ""),
        ((stands, goes), "low", "chance makes the gap in effective number of words;"),
        ((goes, stands), "low", "chance makes the gap in different words;"),
        ((goes, goes), "low", "chance makes such a gap;"),
        ((stands, more), "low", "chance makes the gap in effective number of words;"),
        ((goes, more), "low", "chance makes such a gap;"),
        ((stands, (1.2, (1.1, 1.3))), "medium", ""),
    ):
        gaps = {name: gap(name, *side) for name, side in zip(("hill0", "hill1"), pair)}
        verdict = against.of_comparison(replace(found, differences=gaps, permutations=99))
        assert verdict.confidence == confidence, verdict
        assert said in verdict.because
        assert ("one event" in verdict.because) == bool(said)


def test_few_large_groups_have_few_degrees_of_freedom():
    assert degrees(np.ones(100)) == 49
    assert degrees(np.array([25.0, *np.ones(75)])) == pytest.approx(100**2 / 700 / 2 - 1)
    # A fresh collection of n documents has room for others where a large group is gone: the number
    # of groups in 300 documents varies, though leaving out a tenth of the groups does not vary it.
    rng = np.random.default_rng(0)

    def draw():
        sizes = np.where(rng.random(300) < 0.03, rng.integers(2, 51, 300), 1)
        return np.repeat(np.arange(300), sizes)[:300]

    kinds = [len(np.unique(draw())) for _ in range(300)]
    errors = []
    for _ in range(20):
        groups = draw()
        spread = subsample(
            lambda chosen, g=groups: np.array([len(np.unique(g[chosen]))]),
            300,
            rng=rng,
            groups=groups,
        )
        errors.append(spread.error[0])
    # the sd of 300 is known to 4 %; a standard error varies by half from one to the next
    assert np.mean(errors) == pytest.approx(np.std(kinds), rel=0.4)


# -- the commands ---------------------------------------------------------------------------------


@pytest.fixture
def run(capsys):
    def call(*args):
        with pytest.raises(SystemExit) as stop:
            command.main([str(arg) for arg in args])
        return stop.value.code, capsys.readouterr().out

    return call


def write(path, texts, **fields):
    rows = [
        json.dumps({"text": text, **{name: values[i] for name, values in fields.items()}})
        for i, text in enumerate(texts)
    ]
    path.write_text("\n".join(rows) + "\n")
    return path


def test_commands_say_what_was_taken_for_independent(run, tmp_path):
    sample = events(2)
    path = write(tmp_path / "a.jsonl", sample.texts, event=sample.groups)
    code, out = run("measure", path, "--json")
    assert code == 0
    assert "taken for independent" in out
    assert "each cluster of near-duplicates is one event" in " ".join(out.split())
    found = {m["name"]: m for m in json.loads(out.splitlines()[-1])["measures"]}
    assert found["near_duplicates"]["low_by_cluster"] < found["near_duplicates"]["low"]
    code, out = run("measure", path, "--json", "--group", "event")
    assert "one event" not in out
    found = {m["name"]: m for m in json.loads(out.splitlines()[-1])["measures"]}
    assert found["near_duplicates"]["low_by_cluster"] is None
    high = found["near_duplicates"]["high"]
    rule = f"near_duplicates<={(high + 0.99) / 2}"
    assert run("gate", path, "--rule", rule, "--group", "none")[0] == 0
    code, out = run("compare", path, "--ref", path, "--group", "none")
    assert code == 0
    assert "independent by --group none" in out


def test_rows_that_were_not_used_are_told_at_the_top(run, tmp_path):
    path = write(tmp_path / "a.jsonl", zoo.iid(np.random.default_rng(0), 30, 20).texts)
    path.write_text(path.read_text() + "not a row\n" + json.dumps({"text": 3}) + "\n")
    page = tmp_path / "a.html"
    for args in (
        ["measure", path, "--html", page, "--json"],
        ["measure", path, "--stream"],
        ["explain", path],
        ["compare", path, "--ref", path],
        ["gate", path, "--rule", "near_duplicates<=0.5"],
        ["curate", path, "-o", tmp_path / "kept.jsonl"],
    ):
        _, out = run(*args)
        bad, rows = (4, 64) if args[0] == "compare" else (2, 32)
        assert f"! {bad} of {rows} rows were not used" in "\n".join(out.splitlines()[:3]), out[:300]
        if "--json" in args:
            assert "2 of 32" in json.loads(out.splitlines()[-1])["alerts"][0]
    shown = page.read_text()
    assert shown.index("2 of 32 rows") < shown.index('aria-label="Verdict"')


def test_strip_takes_out_what_nearly_every_document_has(run, tmp_path):
    rng = np.random.default_rng(3)
    prompt = "you are a careful teller of very short stories about the sea"
    texts = [f"{prompt} {answer}" for answer in zoo.iid(rng, 60, 6).texts]
    path = write(tmp_path / "a.jsonl", texts)
    bare = write(tmp_path / "b.jsonl", [text.removeprefix(prompt + " ") for text in texts])
    _, whole = run("measure", path)
    assert "Cannot tell: one passage" in whole or "--strip takes it out" in " ".join(whole.split())
    _, out = run("measure", path, "--strip", "--json")
    _, expected = run("measure", bare, "--json")
    assert "! --strip took" in out.splitlines()[1]
    mine, other = (json.loads(text.splitlines()[-1])["measures"] for text in (out, expected))
    hill = [next(m["value"] for m in found if m["name"] == "hill0") for found in (mine, other)]
    assert hill[0] == hill[1]
    for args in (["explain", path], ["gate", path, "--rule", "hill1_ratio>=0.1", "--ref", path]):
        assert "! --strip took" in run(*args, "--strip")[1].splitlines()[1]
    code, _ = run("measure", path, "--stream", "--strip")
    assert code == 2
    nothing = run("measure", bare, "--strip")[1].splitlines()[1]
    assert "took nothing out" in nothing

"""Mixtures against their formula, against their members, and against what a gate may not see."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from minigpt import corpora
from minigpt.compress import Coder, compress, decompress
from minigpt.evaluate import score, surprisal
from minigpt.layers import GPTConfig
from minigpt.load import load_predictor
from minigpt.mixture import Gate, Mixture, Reading, fit, gate, members, read
from minigpt.model import GPT
from minigpt.nextchar import NextChar, readings
from minigpt.ngram import NGram
from minigpt.sample import generate
from minigpt.storyland import StorylandModel
from minigpt.tokenizer import CharTokenizer

ALPHABET = CharTokenizer("abcde")
MEANS: tuple[gate.Mean, ...] = ("arithmetic", "geometric")


def random_gpt(context: int = 6, seed: int = 0) -> GPT:
    """A tiny GPT with opinions."""
    config = GPTConfig(n_layer=1, n_head=2, n_embd=8, context=context)
    model = GPT(config, ALPHABET, torch.Generator().manual_seed(seed))
    generator = torch.Generator().manual_seed(seed + 1)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5, generator=generator)
    return model.eval()


def text(length: int, seed: int = 0) -> np.ndarray:
    """Ids of a text in which each character makes the next but one likely."""
    rng = np.random.default_rng(seed)
    ids = [0, 1]
    for u, other in zip(rng.random(length), rng.integers(0, 5, length)):
        ids.append(int(other) if u < 0.4 else (ids[-2] + 1) % 5)
    return np.array(ids[2:])


def counted(order: int = 4, seed: int = 5) -> NGram:
    return NGram.fit(text(800, seed), ALPHABET, order)


def some_gate(models: list[Any], mean: gate.Mean, seed: int = 0) -> Gate:
    """A gate with random numbers, whose weights therefore vary from place to place."""
    names, rng = members.names(models), np.random.default_rng(seed)
    f, m = len(names), len(models)
    return Gate(
        mean=mean,
        names=names,
        bias=rng.normal(size=m),
        shift=rng.normal(size=f),
        scale=rng.uniform(0.5, 2, f),
        inner=rng.normal(size=(f, 3)),
        inner_bias=rng.normal(size=3),
        outer=rng.normal(size=(3, m)),
    )


def trio() -> list[Any]:
    return [random_gpt(6), counted(), random_gpt(9, seed=7)]


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(MEANS),
    st.integers(1, 4),
    st.integers(2, 5),
    st.integers(0, 2**32),
    st.booleans(),
)
def test_equals_the_formula_and_sums_to_one(
    mean: gate.Mean, m: int, v: int, seed: int, sharp: bool
) -> None:
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(v, 0.05 if sharp else 1.0), size=(m, 7)).clip(1e-30)
    p /= p.sum(-1, keepdims=True)
    w = rng.dirichlet(np.ones(m))
    found = Gate.constant(w.tolist(), mean).mix([*np.log(p)], np.zeros((7, 0)))
    if mean == "arithmetic":
        expected = np.einsum("m,mnv->nv", w, p)
    else:
        expected = np.prod(p ** w[:, None, None], axis=0)
        expected /= expected.sum(-1, keepdims=True)
    np.testing.assert_allclose(np.exp(found), expected, rtol=1e-4, atol=1e-30)
    assert np.exp(found.astype(np.float64)).sum(-1) == pytest.approx(1, abs=1e-6)


def test_by_hand() -> None:
    # 1/2 and 1/2, 4/5 and 1/5: their average is 13/20; roots of products are as 2 to 1
    said = [np.log([[0.5, 0.5]]), np.log([[0.8, 0.2]])]
    for mean, first in (("arithmetic", 0.65), ("geometric", 2 / 3)):
        found = np.exp(Gate.constant([1, 1], mean).mix(said, np.zeros((1, 0))))  # type: ignore[arg-type]
        assert found[0] == pytest.approx([first, 1 - first], abs=1e-6)


@pytest.mark.parametrize("mean", MEANS)
def test_a_mixture_with_itself_is_the_model(mean: gate.Mean) -> None:
    for model in (random_gpt(), counted()):
        pair, ids = [model, model, model], text(18).reshape(3, 6)
        mixed = Mixture(pair, some_gate(pair, mean))
        np.testing.assert_allclose(mixed.logprobs(ids), model.logprobs(ids), atol=2e-6)
        np.testing.assert_allclose(
            surprisal(mixed, text(50)), surprisal(model, text(50)), atol=2e-6
        )


@pytest.mark.parametrize("mean", MEANS)
def test_a_gate_that_prefers_one_member_gives_that_member(mean: gate.Mean) -> None:
    models, ids = trio(), text(12).reshape(2, 6)
    for i, model in enumerate(models):
        weights = np.eye(3)[i].tolist()
        mixed = Mixture(models, Gate.constant(weights, mean))
        np.testing.assert_allclose(mixed.logprobs(ids), model.logprobs(ids), atol=1e-6)


def test_a_member_without_weight_has_no_veto_and_all_together_may_have_none_left() -> None:
    left, right = np.log([[1.0, 1e-300]]), np.log([[1e-300, 1.0]])
    left[0, 1] = right[0, 0] = -np.inf
    nothing = np.zeros((1, 0))
    for mean in MEANS:
        found = Gate.constant([1, 0], mean).mix([left, right], nothing)
        assert found.tolist() == [[0, -np.inf]]
    with pytest.raises(ValueError, match="use the arithmetic one"):
        Gate.constant([1, 1], "geometric").mix([left, right], nothing)
    assert np.exp(Gate.constant([1, 1]).mix([left, right], nothing)).tolist() == [[0.5, 0.5]]


@pytest.mark.parametrize("mean", MEANS)
def test_incremental_equals_whole(mean: gate.Mean) -> None:
    models, ids = trio(), text(200).reshape(10, 20)
    mixed = Mixture(models, some_gate(models, mean))
    assert isinstance(mixed, NextChar)
    assert mixed.context == 6
    whole = mixed.logprobs(ids[:, :6])
    assert whole.dtype == np.float32
    state, said = mixed.start(ids[:, :2])
    other, _ = mixed.start(ids[:, :2])
    np.testing.assert_allclose(said, whole[:, 1], atol=2e-6)
    for t in range(2, 6):
        said = mixed.step(state, ids[:, t])
        np.testing.assert_allclose(said, whole[:, t], atol=2e-6)
    np.testing.assert_allclose(mixed.read(other, ids[:, 2:6]), said, atol=2e-6)
    # beyond the shortest context each member goes by its own rule
    for t in range(6, 20):
        said = mixed.step(state, ids[:, t])
        np.testing.assert_allclose(said, mixed.start(ids[:, : t + 1])[1], atol=2e-6)
    np.testing.assert_allclose(mixed.read(other, ids[:, 6:]), said, atol=2e-6)


def test_streams_do_not_touch_each_other() -> None:
    models, ids = trio(), text(60).reshape(5, 12)
    mixed = Mixture(models, some_gate(models, "geometric"))
    state, _ = mixed.start(ids[:, :4])
    alone = [mixed.start(row[None, :4])[0] for row in ids]
    for t in range(4, 12):
        together = mixed.step(state, ids[:, t])
        each = [mixed.step(one, ids[i : i + 1, t]) for i, one in enumerate(alone)]
        np.testing.assert_allclose(together, np.concatenate(each), atol=2e-6)


def test_it_can_be_written_with() -> None:
    mixed = Mixture([random_gpt(), counted()])
    first, again = (
        generate(mixed, "ab", n=3, length=20, rng=np.random.default_rng(0)) for _ in range(2)
    )
    assert first == again
    assert {len(one) for one in first} == {20}


def test_what_is_known_does_not_depend_on_what_comes() -> None:
    models, ids = trio(), text(40)
    before = read(models, ids).features
    assert before.shape == (39, 11)
    for place in (3, 20, 39):
        other = ids.copy()
        other[place] = (other[place] + 1) % 5
        now = read(models, other).features
        np.testing.assert_array_equal(now[:place], before[:place])


def test_features_are_what_they_are_called() -> None:
    models: list[Any] = [random_gpt(), NGram.fit("abab", ALPHABET, 3)]
    first = ("entropy 1", "ln p max 1", "apart 1")
    second = ("entropy 2", "ln p max 2", "apart 2", "matched 2", "ln seen 2")
    assert members.names(models) == first + second
    ids = ALPHABET.encode("abac")
    found = read(models, ids)
    average = np.mean([np.exp(said) for said in found.said], axis=0)
    for k, said in enumerate(found.said):
        p = np.exp(said)
        entropy, top, apart = found.features[:, 3 * k : 3 * k + 3].T
        assert entropy == pytest.approx(-(p * said).sum(-1), abs=1e-5)
        assert top == pytest.approx(said.max(-1))
        assert apart == pytest.approx((p * np.log(p / average)).sum(-1), abs=1e-5)
    # after "a" came b with two left neighbours, the start and b; after "ab" a once, after "ba" b
    expected = np.array([[1, np.log(3)], [2, np.log(2)], [2, np.log(2)]])
    assert found.features[:, 6:] == pytest.approx(expected)
    never = members.matched(models[1], ALPHABET.encode("ec")[None])
    assert never is not None
    assert never[0, :, 0].tolist() == [0, 0]


def test_an_ngram_knows_the_same_step_by_step() -> None:
    model, ids = counted(), text(90, seed=2).reshape(3, 30)
    whole = model.matched(ids)
    state, _ = model.start(ids[:, :1])
    for t in range(1, 30):
        np.testing.assert_array_equal(model.matched_at(state), whole[:, t - 1])
        model.step(state, ids[:, t])
    assert set(whole[..., 0].ravel()) <= {0, 1, 2, 3}


def test_a_text_is_read_by_each_member_as_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    models, ids = trio(), text(100)
    found = read(models, ids)
    for model, said in zip(models, found.said):
        expected = surprisal(model, ids)
        np.testing.assert_allclose(-said[np.arange(99), ids[1:]], expected, atol=1e-6)
    mixed = Mixture(models, some_gate(models, "geometric"))
    nats = surprisal(mixed, ids, stride=3)
    assert nats.shape == (99,)
    assert score(mixed, ids, stride=3).nats == pytest.approx(nats.mean())
    monkeypatch.setattr("minigpt.mixture.mixture.CELLS", 5 * 40)
    pieces = [surprisal(mixed, ids[i : i + 41], stride=3) for i in (0, 40, 80)]
    np.testing.assert_allclose(surprisal(mixed, ids, stride=3), np.concatenate(pieces))


def test_readings_come_in_order_and_cover_the_text() -> None:
    model, ids = random_gpt(), text(77)
    for stride in (1, 4, 6):
        places = [place for place, _ in readings(model, ids, stride=stride, batch=3)]
        assert np.concatenate([np.arange(76)[p] for p in places]).tolist() == list(range(76))


@pytest.mark.parametrize("mean", MEANS)
def test_the_slope_is_that_of_the_loss(mean: gate.Mean) -> None:
    rng = np.random.default_rng(0)
    said = np.log(rng.dirichlet(np.ones(4), size=(3, 9)))  # M 3, N 9, V 4
    came, logits = said[:, np.arange(9), rng.integers(0, 4, 9)].T, rng.normal(size=(9, 3))

    def nats(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        w = gate._softmax(z)
        return gate._arithmetic(came, w) if mean == "arithmetic" else gate._geometric(said, came, w)

    slope = nats(logits)[1]
    for k in range(3):
        step = 1e-3 * np.eye(3)[k]
        measured = (nats(logits + step)[0] - nats(logits - step)[0]) / 2e-3
        np.testing.assert_allclose(
            slope[:, k], measured, atol=2e-3 if mean == "geometric" else 1e-6
        )


@pytest.mark.parametrize("mean", MEANS)
def test_a_fitted_gate_finds_who_knows_when(mean: gate.Mean) -> None:
    """Two members that are sure in turn, and right when they are: a gate knows which, a constant
    cannot."""
    rng = np.random.default_rng(0)
    n, came = 2000, rng.integers(0, 4, 2000)
    knows = rng.random(n) < 0.5
    sure = np.full((n, 4), 0.01)
    sure[np.arange(n), came] = 0.97
    # the other says one of four at random with 0.7: unsure, and mostly wrong
    guess = np.full((n, 4), 0.1)
    guess[np.arange(n), rng.integers(0, 4, n)] = 0.7
    said = [np.log(np.where(k[:, None], sure, guess)).astype(np.float32) for k in (knows, ~knows)]
    told = members.features(said, [None, None])
    reading = Reading(said, told, came)
    names = tuple("abcdef")
    told_of: list[None] = []
    constant, seeing = (
        fit(reading, names, mean=mean, hidden=h, tell=lambda: told_of.append(None)) for h in (0, 4)
    )
    assert 2 < len(told_of) < 3 * gate.STEPS
    assert (constant.looks, seeing.looks) == (False, True)
    equal = Gate.constant([1, 1], mean).nats(reading).mean()
    assert constant.nats(reading).mean() == pytest.approx(equal, abs=1e-3)
    assert seeing.nats(reading).mean() == pytest.approx(-np.log(0.97), abs=0.01)
    assert (seeing.weights(told)[knows, 0] > 0.9).all()
    assert (seeing.weights(told)[~knows, 1] > 0.9).all()


def test_a_constant_weight_is_the_best_there_is() -> None:
    models, ids = [random_gpt(), counted()], text(400, seed=9)
    reading = read(models, ids)
    for mean in MEANS:
        best = Mixture.fit(models, ids, mean=mean, hidden=0).gate.nats(reading).mean()
        grid = [Gate.constant([w, 1 - w], mean).nats(reading).mean() for w in np.linspace(0, 1, 51)]
        assert min(grid) - 1e-3 < best <= min(grid) + 1e-5


def test_the_gate_never_sees_the_judging_half(
    tiny_run: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    kept = json.loads((tiny_run / "gate.json").read_text())["gate"]
    tiny_run = shutil.copytree(tiny_run, tmp_path / "run")
    for name in ("gate.json", "result.json"):  # so that each time a gate is fitted, and not kept
        (tiny_run / name).unlink()
    before = load_predictor(str(tiny_run), kind="mixture", threads=1)
    assert isinstance(before.model, Mixture)
    assert before.model.gate.fingerprint == Gate.from_record(kept).fingerprint
    monkeypatch.setattr(corpora.Corpus, "judge", property(lambda self: 1 / 0))
    again = load_predictor(str(tiny_run), kind="mixture", threads=1)
    assert again.model.fingerprint == before.model.fingerprint
    corpus = before.learned()
    changed = corpora.Corpus(
        name=corpus.name,
        title="",
        text=corpus.text[: -len(corpus.text) // 20] + "e" * (len(corpus.text) // 20),
        sha256=corpus.sha256,
        source=corpus.source,
        licence="",
    )
    assert changed.choose == corpus.choose
    monkeypatch.setattr(corpora, "load", lambda name: changed)
    other = load_predictor(str(tiny_run), kind="mixture", threads=1)
    assert other.model.fingerprint == before.model.fingerprint
    monkeypatch.setattr(corpora.Corpus, "choose", property(lambda self: self.text[:1000]))
    assert load_predictor(str(tiny_run), kind="mixture", threads=1).model.fingerprint != (
        before.model.fingerprint
    )


def test_evaluate_prints_network_counting_and_both(call: Any, tiny_run: Path) -> None:
    code, out, _ = call(
        "evaluate", tiny_run, "--model", "mixture", "--json", "--sample", "0", "--threads", "1"
    )
    assert code == 0
    gpt, ngram, beside, both = json.loads(out)["models"]
    assert ("order 7" in ngram["model"], "order 10" in beside["model"]) == (True, True)
    result = json.loads((tiny_run / "result.json").read_text())
    assert gpt["nats"] == pytest.approx(result["val_loss"], abs=1e-6)
    assert ngram["nats"] == pytest.approx(result["ngram_val_loss"], abs=1e-6)
    assert both["nats"] < min(gpt["nats"], ngram["nats"])
    assert both["n"] == gpt["n"]
    assert both["judge_nats"] < gpt["judge_nats"]


def test_a_gate_is_kept_and_that_of_another_run_is_refused(tmp_path: Path) -> None:
    models, ids = [random_gpt(), counted()], text(300, seed=9)
    mixed = Mixture.fit(models, ids, hidden=3)
    mixed.save_gate(tmp_path / "gate.json")
    again = Mixture.load(models, tmp_path / "gate.json")
    assert again.fingerprint == mixed.fingerprint
    np.testing.assert_array_equal(again.logprobs(ids[None, :6]), mixed.logprobs(ids[None, :6]))
    constant = Mixture.fit(models, ids, mean="arithmetic", hidden=0).gate
    copy = Gate.from_record(json.loads(json.dumps(constant.record())))
    assert copy.record() == constant.record()
    for others in ([random_gpt(seed=3), models[1]], [models[0], counted(seed=1)], models[:1]):
        with pytest.raises(ValueError, match="fitted for other members"):
            Mixture.load(others, tmp_path / "gate.json")
    for broken in ("{}", "[1]", '{"members": [], "gate": {}}', "no"):
        (tmp_path / "gate.json").write_text(broken)
        with pytest.raises(ValueError, match="gate"):
            Mixture.load(models, tmp_path / "gate.json")
    with pytest.raises(ValueError, match="no gate of a mixture"):
        Gate.from_record({**mixed.gate.record(), "bias": ["x"]})
    with pytest.raises(ValueError, match="no gate of a mixture"):
        Gate.from_record({**mixed.gate.record(), "mean": "harmonic"})


def test_a_gate_can_be_printed() -> None:
    assert str(Gate.constant([1, 3])) == "arithmetic mean, weights [0.25, 0.75]"
    words = str(Mixture.fit([random_gpt(), counted()], text(100), hidden=2).gate)
    assert "ln seen 2" in words
    assert len(words.splitlines()) == 1 + 8 + 1 + 2 + 1


def test_other_alphabets_are_refused_in_one_line() -> None:
    grammar = StorylandModel()
    for other, words in (
        (NGram.fit("abxde"), r"id 2 is 'c' to member 1 and 'd' to member 2"),
        (NGram.fit("abcdef"), r"only member 2 has id 5, 'f'"),
        (NGram.fit("abcd"), r"only member 1 has id 4, 'e'"),
    ):
        with pytest.raises(ValueError, match=words) as error:
            Mixture([counted(), other])
        assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match="member 3"):
        Mixture([counted(), counted(), grammar])


def test_what_makes_no_sense() -> None:
    models = [random_gpt(), counted()]
    with pytest.raises(ValueError, match="at least one member"):
        Mixture([])
    with pytest.raises(ValueError, match="for 3 members"):
        Mixture(models, Gate.constant([1, 1, 1]))
    with pytest.raises(ValueError, match="fit another"):
        Mixture(models[::-1], some_gate(models, "geometric"))
    for weights in ([], [0, 0], [-1, 2], [np.nan, 1]):
        with pytest.raises(ValueError, match="not all 0"):
            Gate.constant(weights)
    with pytest.raises(ValueError, match="got 17"):
        Mixture.fit(models, text(50), hidden=17)
    with pytest.raises(ValueError, match="2 characters at least"):
        Mixture.fit(models, text(1))


def test_impossible_characters_are_no_trouble_to_features() -> None:
    """Neither `nan` nor a warning where a member, or all of them, give a probability of zero."""
    half = np.log(0.5)
    said = [np.array([[0, -np.inf, -np.inf]]), np.array([[half, half, -np.inf]])]
    with np.errstate(all="raise"):
        found = members.features(said, [None, None])[0]
    ln2, ln43 = np.log(2), np.log(4 / 3)
    assert found == pytest.approx([0, 0, ln43, ln2, -ln2, 0.5 * np.log(2 / 3) + 0.5 * ln2])


def test_it_can_be_compressed_with() -> None:
    models = [random_gpt(), counted()]
    mixed = Mixture(models, some_gate(models, "geometric"))
    assert isinstance(mixed, Coder)
    assert (mixed.precision, mixed.threads) == ("fp32", 1)
    said = ALPHABET.decode(text(60, seed=3))
    packed = compress(said, mixed, streams=3, verify=False)
    assert decompress(packed, mixed) == said.encode()
    with pytest.raises(ValueError, match="was compressed with model"):
        decompress(packed, Mixture(models))


def test_the_command_refuses_a_foreign_gate_and_a_text_that_has_gone(
    call: Any, tiny_run: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    asked = ("evaluate", tmp_path / "run", "--model", "mixture", "--sample", "0", "--threads", "1")
    shutil.copytree(tiny_run, tmp_path / "run")
    mixed = load_predictor(str(tiny_run), kind="mixture", threads=1).model
    assert isinstance(mixed, Mixture)
    mixed.save_gate(tmp_path / "run" / "gate.json")
    kept = load_predictor(str(tmp_path / "run"), kind="mixture", threads=1).model
    assert kept.fingerprint == mixed.fingerprint
    record = json.loads((tmp_path / "run" / "gate.json").read_text())
    record["members"][0] = "0" * 64
    (tmp_path / "run" / "gate.json").write_text(json.dumps(record))
    code, _, err = call(*asked)
    assert (code, err.count("\n")) == (2, 1)
    assert "fitted for other members" in err

    def gone(name: str) -> None:
        raise ValueError(f"{name} has gone")

    monkeypatch.setattr(corpora, "load", gone)
    code, _, err = call(*asked)
    assert (code, err.count("\n")) == (2, 1)
    assert "bring it back" in err


def test_a_text_that_has_changed_is_not_counted(tiny_run: Path, monkeypatch: Any) -> None:
    other = corpora.load("storyland:10000")
    monkeypatch.setattr(corpora, "load", lambda name: other)
    with pytest.raises(ValueError, match="has changed since"):
        load_predictor(str(tiny_run), kind="mixture", threads=1)

"""Sampling against the definitions: softmax, top-k, top-p, temperature; and the bad settings."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import chi2

from minigpt import model as model_module
from minigpt.device import Runtime
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.nextchar import window
from minigpt.sample import draw, generate, shape, stream
from minigpt.sample.__main__ import Settings, _runtime
from minigpt.tokenizer import CharTokenizer

ALPHABET = CharTokenizer("\nabcdefgh")
LOGITS = arrays(np.float32, (3, 6), elements=st.floats(-8, 0, width=32))


def random_model(context: int = 8, seed: int = 0) -> GPT:
    """A tiny GPT with opinions."""
    config = GPTConfig(n_layer=2, n_head=2, n_embd=16, context=context)
    model = GPT(config, ALPHABET, torch.Generator().manual_seed(seed))
    generator = torch.Generator().manual_seed(seed + 1)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3, generator=generator)
    return model.eval()


def by_brute_force(logits: np.ndarray, temperature: float, top_k: int, top_p: float) -> np.ndarray:
    """The definitions, character by character; no ties."""
    weights = {i: math.exp(float(x) / temperature) for i, x in enumerate(logits)}
    falling = sorted(weights, key=lambda i: -weights[i])
    falling = falling[: top_k or len(falling)]
    total = sum(weights[i] for i in falling)
    kept, held = [], 0.0
    for i in falling:
        if held >= top_p:
            break
        kept.append(i)
        held += weights[i] / total
    share = sum(weights[i] for i in kept)
    return np.array([weights[i] / share if i in kept else 0.0 for i in range(len(logits))])


@given(
    LOGITS,
    st.floats(0.2, 3),
    st.integers(0, 7),
    st.sampled_from([0.05, 0.3, 0.55, 0.8, 0.95, 1.0]),
)
def test_shape_follows_the_definitions(
    logits: np.ndarray, temperature: float, top_k: int, top_p: float
) -> None:
    # Ties have no order, so break them; and stay away from the edge of top_p by a hair.
    logits = logits + np.arange(6, dtype=np.float32) * np.float32(1.37e-2)
    rows = [len(set(row)) for row in logits.tolist()]
    if rows != [6, 6, 6]:
        return
    found = shape(logits, temperature=temperature, top_k=top_k, top_p=top_p)
    for row, p in zip(logits, found):
        np.testing.assert_allclose(
            p, by_brute_force(row, temperature, top_k, top_p), rtol=1e-6, atol=1e-12
        )


def test_top_k_keeps_k_where_several_are_equally_likely() -> None:
    tied = np.log(np.array([[0.2, 0.2, 0.2, 0.2, 0.2], [0.1, 0.3, 0.3, 0.2, 0.1]]))
    for k in range(1, 6):
        assert ((shape(tied, top_k=k) > 0).sum(1) == k).all()


def test_of_ties_top_k_keeps_the_first_ids_on_every_processor() -> None:
    """A partition may keep any of them, and which ones differs from processor to processor."""
    logits = np.zeros((2, 65))
    logits[1, 40] = 1.0
    kept = shape(logits, top_k=5) > 0
    assert [np.flatnonzero(row).tolist() for row in kept] == [[0, 1, 2, 3, 4], [0, 1, 2, 3, 40]]


def test_top_p_and_top_k_by_hand() -> None:
    p = np.log(np.array([[0.1, 0.5, 0.15, 0.25]]))
    np.testing.assert_allclose(shape(p), [[0.1, 0.5, 0.15, 0.25]])
    np.testing.assert_allclose(shape(p, top_k=2), [[0, 2 / 3, 0, 1 / 3]])
    np.testing.assert_allclose(shape(p, top_p=0.6), [[0, 2 / 3, 0, 1 / 3]])
    np.testing.assert_allclose(shape(p, top_p=0.4), [[0, 1, 0, 0]])
    np.testing.assert_allclose(shape(p, top_p=1e-9), [[0, 1, 0, 0]])  # always at least one
    # top-k first, then top-p of what is left: 0.5 / 0.75 = 2/3 is below 0.7, so both stay
    np.testing.assert_allclose(shape(p, top_k=2, top_p=0.7), [[0, 2 / 3, 0, 1 / 3]])
    np.testing.assert_allclose(shape(p, top_k=2, top_p=0.6), [[0, 1, 0, 0]])


def test_temperature_zero_and_almost_zero_take_the_likeliest() -> None:
    logits = np.log(np.array([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]]))
    for temperature in (0, 1e-6, 1e-320):
        assert shape(logits, temperature=temperature).tolist() == [[0, 1, 0], [1, 0, 0]]
    assert shape(logits, temperature=1e9)[0] == pytest.approx([1 / 3] * 3)


def test_draws_follow_the_softmax() -> None:
    # 50,000 draws; by chi-square such a deviation happens by chance once in a million.
    logits = np.random.default_rng(1).normal(size=7).astype(np.float32)
    expected = by_brute_force(logits, 0.7, 0, 1.0)
    n = 50_000
    drawn = draw(np.tile(shape(logits[None], temperature=0.7), (n, 1)), np.random.default_rng(2))
    counts = np.bincount(drawn, minlength=7)
    statistic = float(((counts - n * expected) ** 2 / (n * expected)).sum())
    assert statistic < chi2.isf(1e-6, df=6)
    # and it would notice another temperature
    other = by_brute_force(logits, 0.75, 0, 1.0)
    assert float(((counts - n * other) ** 2 / (n * other)).sum()) > chi2.isf(1e-6, df=6)


def test_what_has_no_probability_is_never_drawn() -> None:
    p = np.tile([[0.0, 0.5, 0.0, 0.5, 0.0]], (10_000, 1))
    assert set(draw(p, np.random.default_rng(0)).tolist()) == {1, 3}


@pytest.mark.parametrize("prompt", ["a", "abc", "abcdefghabcdefghabc"])
def test_cached_sampling_is_uncached_sampling(prompt: str) -> None:
    """Three rounds of the context; the slow way reads the window anew for each character."""
    model = random_model()
    (fast,) = generate(model, prompt, length=30, rng=np.random.default_rng(3))
    rng, slow = np.random.default_rng(3), prompt
    for _ in range(30):
        view = model.tokenizer.encode(slow)[-window(len(slow), model.context) :]
        slow += model.tokenizer.decode(draw(shape(model.logprobs(view[None])[:, -1]), rng))
    assert fast == slow[len(prompt) :]


def test_streams_do_not_see_each_other() -> None:
    model = random_model()
    prompts = np.stack([ALPHABET.encode(p) for p in ("abcd", "hgfe", "abcd")]).astype(np.int64)
    rows = stream(model, prompts, rng=np.random.default_rng(0), temperature=0)
    together = np.stack([next(rows) for _ in range(25)], axis=1)
    for prompt, found in zip(prompts, together):
        alone = stream(model, prompt[None], rng=np.random.default_rng(9), temperature=0)
        assert [int(next(alone)[0]) for _ in range(25)] == found.tolist()


@pytest.mark.parametrize(("precision", "near"), [("fp32", 1e-5), ("bf16", 0.1)])
@pytest.mark.parametrize("room", [1, 3, 8])
def test_room_for_keys_and_values_grows_without_a_trace(
    monkeypatch: pytest.MonkeyPatch, precision: Any, near: float, room: int
) -> None:
    """Step by step, several at once, and some streams alone: as read anew each time."""
    monkeypatch.setattr(model_module, "ROOM", room)
    model = random_model()
    model.precision = precision
    ids = np.random.default_rng(1).integers(0, len(ALPHABET), (3, 20))

    def anew(end: int) -> np.ndarray:
        return model.logprobs(ids[:, end - window(end, model.context) : end])[:, -1]

    state, found = model.start(ids[:, :2])
    np.testing.assert_allclose(found, anew(2), atol=near)
    for end in range(3, 21):
        if end % 7 == 5:  # two at once on a copy of two streams, which leaves the others alone
            some = np.array([2, 0])
            found = model.read(state.rows(some), ids[some, end - 1 : end + 1])
            np.testing.assert_allclose(found, anew(end + 1)[some], atol=near)
        found = model.step(state, ids[:, end - 1])
        np.testing.assert_allclose(found, anew(end), atol=near)
    model.precision = "fp32"
    assert (np.abs(found - anew(20)).max() > 1e-4) == (precision == "bf16")


def test_another_precision_between_two_steps() -> None:
    ids = np.random.default_rng(2).integers(0, len(ALPHABET), (3, 8))
    model = random_model()
    state, _ = model.start(ids[:, :4])
    for end, precision in ((5, "bf16"), (6, "fp32"), (7, "bf16")):
        model.precision = precision  # type: ignore[assignment]
        found = model.step(state, ids[:, end - 1])
        np.testing.assert_allclose(found, model.logprobs(ids[:, :end])[:, -1], atol=0.1)
    exact = random_model().double()
    state, _ = exact.start(ids[:, :4])
    np.testing.assert_allclose(
        exact.step(state, ids[:, 4]), exact.logprobs(ids[:, :5])[:, -1], atol=1e-6
    )


@pytest.mark.parametrize("shape", [(2, 1), (3, 0), (3,), (4, 2)])
def test_reading_what_does_not_fit_the_state(shape: tuple[int, ...]) -> None:
    model = random_model()
    state, _ = model.start(np.zeros((3, 2), np.int64))
    with pytest.raises(ValueError, match=r"reads ids \[3, T\] with T >= 1"):
        model.read(state, np.zeros(shape, np.int64))
    assert (state.total, state.length) == (2, 2)


def test_streams_are_read_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    model = random_model()
    ids = np.random.default_rng(0).integers(0, len(ALPHABET), (7, 20))

    def predictions() -> list[np.ndarray]:
        state, first = model.start(ids[:, :5])
        return [first, *(model.step(state, column) for column in ids[:, 5:].T)]

    at_once = predictions()
    monkeypatch.setattr(model_module, "POSITIONS", 15)  # three streams of five, then two, then one
    for a, b in zip(at_once, predictions(), strict=True):
        np.testing.assert_allclose(b, a, atol=1e-5)


def test_same_seed_same_text() -> None:
    model = random_model()
    one, two, other = (
        generate(model, "a", n=3, length=40, rng=np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert one == two != other
    assert [len(text) for text in one] == [40] * 3
    assert len(set(one)) == 3
    assert generate(model, n=2, length=0, rng=np.random.default_rng(0)) == ["", ""]


def test_without_a_prompt_it_begins_after_a_newline() -> None:
    model = random_model()
    rng = np.random.default_rng
    assert generate(model, length=20, rng=rng(0)) == generate(model, "\n", length=20, rng=rng(0))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"temperature": -0.1}, "temperature must be a finite number of at least 0, got -0.1"),
        ({"temperature": math.nan}, "temperature"),
        ({"temperature": math.inf}, "temperature"),
        ({"top_k": -1}, "top_k"),
        ({"top_p": 0.0}, "top_p"),
        ({"top_p": 1.1}, "top_p"),
        ({"top_p": math.nan}, "top_p"),
        ({"n": 0}, "n must be at least 1"),
        ({"length": -1}, "length at least 0"),
        ({"prompt": "abé"}, r"'é' \(U\+00E9\) at position 2"),
    ],
)
def test_settings_that_make_no_sense(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        generate(random_model(), rng=np.random.default_rng(0), **settings)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--prompt", "the 中"], "position 4"),
        (["--temperature", "-1"], "temperature"),
        (["--top-k", "-1"], "top_k"),
        (["--top-p", "0"], "top_p"),
        (["--n", "0"], "n must be at least 1"),
        (["--n", "100000000"], "n must be at most 10,000"),
        (["--length", "-3"], "length must be at least 0"),
        (["--seed", "-3"], "seed"),
        (["--threads", "0"], "threads"),
        (["--threads", "1000000000"], "threads"),
    ],
)
def test_bad_input_to_the_command(call: Any, tiny_run: Path, args: list[str], words: str) -> None:
    code, out, err = call("sample", tiny_run, *args)
    assert (code, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1


def test_many_texts_are_written_as_is_fastest_here(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []

    def choose(device: str, precision: str, threads: int | None) -> Runtime:
        asked.append((device, precision, threads))
        return Runtime(device="cpu", precision="bf16", threads=3)

    monkeypatch.setattr("minigpt.device.choose", choose)
    few, many = Settings(n=63), Settings(n=64)
    assert (_runtime(few), asked) == (("fp32", 1), [])
    assert _runtime(many) == ("bf16", 3)
    assert _runtime(Settings(n=64, precision="fp32", threads=2)) == ("bf16", 3)
    assert asked == [("cpu", "auto", None), ("cpu", "fp32", 2)]
    assert _runtime(Settings(precision="bf16", threads=2)) == ("bf16", 2)
    assert _runtime(Settings(n=64, model="ngram")) == ("fp32", 1)


def test_the_record_says_how_it_was_computed(call: Any, tiny_run: Path) -> None:
    code, out, _ = call("sample", tiny_run, "--length", "9", "--json", "--precision", "bf16")
    record = json.loads(out)
    assert (code, record["precision"], record["threads"]) == (0, "bf16", 1)
    assert len(record["texts"][0]) == 9


def test_the_command_writes_what_generate_returns(call: Any, tiny_run: Path) -> None:
    code, out, _ = call("sample", tiny_run, "--prompt", "the ", "--length", "30", "--seed", "4")
    assert code == 0
    assert len(out) == len("the ") + 30 + 1
    code, line, _ = call(
        *("sample", tiny_run, "--prompt", "the ", "--length", "30", "--seed", "4", "--json")
    )
    record = json.loads(line)
    assert code == 0
    assert record["prompt"] + record["texts"][0] + "\n" == out
    code, out, _ = call("sample", tiny_run, "--n", "3", "--length", "5", "--temperature", "0")
    assert (code, out.count("--- ")) == (0, 3)

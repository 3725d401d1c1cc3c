"""The page computes what Python computes: models, counting, mixture, chance, scores."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
import torch

from minigpt import storyland
from minigpt.evaluate import surprisal
from minigpt.layers import GPTConfig
from minigpt.mixture import Gate, Mixture
from minigpt.model import GPT
from minigpt.ngram import NGram
from minigpt.play.pack import pack, rounded
from minigpt.sample import shape
from minigpt.settings import PRESETS
from minigpt.tokenizer import CharTokenizer
from synthdata.text.words import words

Scripts = Any  # of conftest.py: V8 with the page's scripts
Make = Callable[..., GPT]  # likewise: a model with drawn weights
CLOSE = 1e-4  # nats; measured: below 1e-5
SMALL = GPTConfig(n_layer=2, n_head=2, n_embd=16, context=8)
SWITCHES: dict[str, list[Any]] = {
    "n_layer": [1],
    "n_head": [1],
    "n_embd": [24],
    "context": [1, 2, 5, 100],
    "dropout": [0.3],
    "position": ["learned"],
    "norm": ["layer", "none"],
    "qk_norm": [False],
    "attention_scale": [3.0],
    "activation": ["gelu"],
    "bias": [True],
    "zero_init": [False],
    "tie_embeddings": [True],
    "bigram": [False],
    "attention": ["convolution"],
    "residual": [False],
}
"""Every field of a model's shape, and what else than the small model's value it may be."""
TOGETHER = [
    {"norm": "layer", "bias": True, "qk_norm": False},
    {"position": "learned", "tie_embeddings": True, "bigram": False},
    {"attention": "convolution", "position": "learned", "context": 3},
    {"attention": "convolution", "residual": False},
]


def walk(scripts: Scripts, model: GPT, jumps: int = 1, weights: str = "fp16") -> float:
    """The largest difference of a log-probability, read through three contexts, `jumps` characters
    at a time."""
    scripts.load(model, weights)
    alike = rounded(model, weights)  # type: ignore[arg-type]
    ids = np.random.default_rng(1).integers(0, len(model.tokenizer), 3 * model.context + 2)
    state, said = alike.start(ids[None, :1])
    worst, read = 0.0, 1
    while True:
        here = scripts(f"players.next({ids[:read].tolist()})[0]")
        worst = max(worst, float(np.abs(np.array(here) - said[0]).max()))
        if read >= len(ids):
            return worst
        more = ids[read : read + jumps]
        said, read = alike.read(state, more[None]), read + len(more)


@pytest.mark.parametrize(
    "switch",
    [{name: value} for name, values in SWITCHES.items() for value in values] + TOGETHER,
    ids=lambda switch: " ".join(f"{k}={v}" for k, v in switch.items()),
)
def test_a_model_of_every_design_predicts_the_same(
    scripts: Scripts, switch: dict[str, Any], random_model: Make
) -> None:
    assert walk(scripts, random_model(replace(SMALL, **switch))) < CLOSE


def test_every_field_of_a_models_shape_is_tried_and_known() -> None:
    assert set(SWITCHES) == {f.name for f in fields(GPTConfig)}
    for name, values in SWITCHES.items():
        assert getattr(SMALL, name) not in values, name


@pytest.mark.parametrize("size", [1, 3, 1500])
def test_alphabets_of_any_size(scripts: Scripts, size: int, random_model: Make) -> None:
    """1,500 characters have more pairs than the table has rows, so pairs share them."""
    assert walk(scripts, random_model(SMALL, size)) < CLOSE


@pytest.mark.parametrize("preset", PRESETS)
def test_a_model_of_every_preset_predicts_the_same(
    scripts: Scripts, preset: Any, random_model: Make
) -> None:
    """Large ones are read 61 characters at a time, which is faster; chunks of rows are met, too."""
    jumps = 61 if preset in ("gpu", "long") else 7
    assert walk(scripts, random_model(PRESETS[preset].model, 65), jumps, "auto") < CLOSE


def test_eight_bits_predict_as_their_rounded_model(scripts: Scripts, random_model: Make) -> None:
    model = random_model(SMALL)
    assert walk(scripts, model, weights="int8") < CLOSE
    ids = np.arange(8)[None] % 17
    off = np.abs(rounded(model, "int8").logprobs(ids) - model.logprobs(ids)).max()
    assert 1e-4 < off < 0.3  # another model, though a similar one


def test_what_the_page_does_not_know_is_refused(scripts: Scripts, random_model: Make) -> None:
    config = "{...players.model.config, %s}"
    scripts.load(random_model(SMALL))
    for change in ("flux: 1", 'norm: "batch"'):
        wrong = config % change
        told = scripts(
            f"(() => {{ try {{ new Model({wrong}, 17, players.model.tensors); }} "
            "catch (error) { return error.message; } })()"
        )
        assert "does not know" in told


def test_layers_that_the_page_cannot_compute_are_refused() -> None:
    class Other(GPT):
        block = type("Other", (GPT.block,), {})

    with pytest.raises(ValueError, match="computes the layers of"):
        pack(Other(SMALL, CharTokenizer("ab")))


def test_a_weight_that_float16_cannot_hold_is_refused(random_model: Make) -> None:
    model = random_model(SMALL)
    with torch.no_grad():
        model.head.weight[0, 0] = 1e6
    with pytest.raises(ValueError, match="1e\\+06 does not fit"):
        pack(model)


def test_all_float16_numbers_are_unpacked(scripts: Scripts) -> None:
    numbers = np.arange(65536, dtype=np.uint16).view(np.float16).astype(np.float64)
    finite = np.isfinite(numbers)
    here = np.array(scripts("Array.from(HALVES)"), dtype=np.float64)
    assert (here[finite] == numbers[finite]).all()


def test_gelu_is_that_of_torch(scripts: Scripts) -> None:
    x = np.linspace(-9, 9, 401)
    here = scripts(f"{x.tolist()}.map(gelu)")
    there = torch.nn.functional.gelu(torch.from_numpy(x)).numpy()
    assert np.abs(np.array(here) - there).max() < 1e-7


def test_attention_is_that_of_the_model(scripts: Scripts, random_model: Make) -> None:
    model = random_model(replace(SMALL, n_layer=3, context=12, attention_scale=2.0))
    scripts.load(model)
    ids = np.random.default_rng(2).integers(0, 17, 12)
    found = scripts(f"look(players, {ids.tolist()})")
    maps = np.array(found["maps"]).reshape(3, 2, 12, 12)
    assert (
        np.abs(maps - rounded(model).attention(torch.from_numpy(ids[None])).numpy()[0]).max() < 1e-5
    )


# counting and mixing

TEXTS = ["a", "aaaa", "abcab", "abracadabra" * 3, storyland.generate(6000, seed=3)]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:12])
@pytest.mark.parametrize("order", [1, 3, 7])
def test_counting_is_that_of_the_ngram(scripts: Scripts, text: str, order: int) -> None:
    tokenizer = CharTokenizer.from_text(text + "xyz")
    ids = tokenizer.encode(text)
    there = NGram.fit(text, tokenizer, order)
    scripts.run(f"counts = new Counts({len(tokenizer)}, {order})")
    scripts.run(f"for (const _ of counts.learn(Uint16Array.from({ids.tolist()})));")
    rng = np.random.default_rng(0)
    asked = [rng.integers(0, len(tokenizer), n) for n in (1, 2, 5, 9)]
    asked += [
        ids[at : at + n].astype(np.int64) for n in (1, 4, 8) for at in rng.integers(0, len(ids), 9)
    ]
    for context in asked:
        nodes = f"counts.nodes({context.tolist()})"
        here = np.array(scripts(f"counts.after({nodes})"))
        state, said = there.start(context[None])
        assert np.abs(here - said[0]).max() < 1e-6
        assert np.allclose(
            scripts(f"counts.matched({nodes})"), there.matched_at(state)[0], atol=1e-6
        )


@pytest.mark.parametrize("mean", ["geometric", "arithmetic"])
@pytest.mark.parametrize("hidden", [0, 4])
def test_the_mixture_is_that_of_python(
    scripts: Scripts, mean: Any, hidden: int, random_model: Make
) -> None:
    text = storyland.generate(6000, seed=4)
    tokenizer = CharTokenizer.from_text(text)
    model = random_model(replace(SMALL, context=16), len(tokenizer))
    model.tokenizer = tokenizer
    counted = NGram.fit(text[:5000], tokenizer)
    ids = tokenizer.encode(text[5000:]).astype(np.int64)
    gate = Mixture.fit([model, counted], ids[:500], mean=mean, hidden=hidden).gate
    both = Mixture([rounded(model), counted], Gate.from_record(gate.record()))
    scripts.load(model, counted=tokenizer.encode(text[:5000]), gate=gate)
    state, said = both.start(ids[None, :1])
    for n in range(1, 50):
        here = scripts(f"players.next({ids[:n].tolist()})")
        assert len(here) == 3
        assert np.abs(np.array(here[2]) - said[0]).max() < CLOSE
        said = both.step(state, ids[n : n + 1])
    there = both.surprisal(ids[:100], stride=8)
    scripts.run(f"players.start = {ids[0]}")  # what a text without beginning follows
    found = scripts.wait(f"score(players, {ids[1:100].tolist()}, () => {{}}, () => false)")
    assert np.abs(np.array(found["nats"][2]) - there).max() < CLOSE


def test_the_score_of_a_text_is_that_of_evaluate(scripts: Scripts, random_model: Make) -> None:
    model = random_model(replace(SMALL, context=9))
    scripts.load(model)
    for length in (2, 9, 10, 11, 14, 60):
        ids = np.random.default_rng(length).integers(0, 17, length)
        ids[0] = 0  # what a text without beginning follows
        there = surprisal(rounded(model), ids, stride=5)
        found = scripts.wait(f"score(players, {ids[1:].tolist()}, () => {{}}, () => false)")
        assert np.abs(np.array(found["nats"][0]) - there).max() < CLOSE


def test_many_texts_are_written_as_one_is(scripts: Scripts, random_model: Make) -> None:
    """Side by side or alone: a text follows from what it has so far."""
    scripts.load(random_model(SMALL))
    scripts.run("shaping = { temperature: 0, topK: 0, topP: 1 }")
    asked = "{ ids: [%d], count: %d, length: 30, seed: 1, player: 0, shaping }"
    one = scripts.wait(f"write(players, {asked % (3, 1)}, () => {{}}, () => false)")["texts"][0]
    many = scripts.wait(f"write(players, {asked % (3, 70)}, () => {{}}, () => false)")["texts"]
    assert len(many) == 70
    assert all(text == one for text in many)
    state, said = (model := rounded(random_model(SMALL))).start(np.array([[3]]))
    for id_ in one:
        assert id_ == said[0].argmax()
        said = model.step(state, np.array([id_]))


# chance

ROWS = [
    [0.0, -1.0, -1.0, -2.0, -1.0],
    [-3.0, -3.0, -3.0, -3.0, -3.0],
    [-5.0, -0.1, -2.5, -9.0, -0.1],
]


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("temperature", [0.0, 0.01, 0.7, 1.0, 2.0])
@pytest.mark.parametrize(("top_k", "top_p"), [(0, 1.0), (2, 1.0), (3, 0.6), (0, 0.5), (9, 0.01)])
def test_shape_is_that_of_sample(
    scripts: Scripts, row: list[float], temperature: float, top_k: int, top_p: float
) -> None:
    there = shape(np.array([row]), temperature=temperature, top_k=top_k, top_p=top_p)[0]
    asked = f"{{ temperature: {temperature}, topK: {top_k}, topP: {top_p} }}"
    assert np.abs(np.array(scripts(f"shape({row}, {asked})")) - there).max() < 1e-12


def test_draws_are_as_frequent_as_they_are_likely(scripts: Scripts) -> None:
    """A share of 20,000 draws is off by more than 0.02 less than once in a million runs."""
    scripts.run("u = generator(1); p = Float64Array.from([0.5, 0, 0.3, 0.2])")
    drawn = np.bincount(scripts("Array.from({ length: 20000 }, () => draw(p, u()))"), minlength=4)
    assert drawn[1] == 0
    assert np.abs(drawn / 20000 - [0.5, 0, 0.3, 0.2]).max() < 0.02


# what parts 3 and 5 count


@pytest.mark.parametrize(
    "text", ["Don't panic! 42", "a b a B", "你好, 世界 x", "", "well-known o'clock"]
)
def test_words_are_those_of_synthdata(scripts: Scripts, text: str) -> None:
    assert scripts(f"wordsOf({json.dumps(text)})") == words(text)


def test_effective_words_are_the_exponential_of_the_entropy(scripts: Scripts) -> None:
    assert scripts('effective(["a", "b", "c", "d"])') == pytest.approx(4)
    p = np.array([3, 1]) / 4
    assert scripts('effective(["a", "a", "b", "a"])') == pytest.approx(math.exp(-(p @ np.log(p))))


def test_shannons_bounds(scripts: Scripts) -> None:
    """Always right at once: nothing to tell. Guesses spread evenly over two: a bit, by both."""
    assert scripts("bounds([1, 1, 1], 60)") == {"lower": 0, "upper": 0}
    assert scripts("bounds([1, 2, 1, 2], 60)") == {"lower": 1, "upper": 1}
    found = scripts("bounds([1, 1, 2, 6], 8)")  # half, a quarter, and a quarter among 8 others
    assert found["upper"] == pytest.approx(1.5 + 0.25 * 3)
    assert found["lower"] == pytest.approx(2 * 0.25)


def test_guesses_are_counted_from_the_likeliest(scripts: Scripts) -> None:
    row = "Float32Array.from([-1, -2, -2, -5, -6, -7, -8])"
    assert [scripts(f"guessesOf({row}, {id_})") for id_ in range(7)] == [1, 2, 3, 4, 5, 6, 6]

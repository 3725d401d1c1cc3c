"""Evaluation: every position once, against models whose loss is known and against brute force."""

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

from minigpt import device
from minigpt.evaluate import Score, copied, score, surprisal
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.ngram import NGram
from minigpt.tokenizer import CharTokenizer

ALPHABET = CharTokenizer("abcde")


class Known:
    """A model that gives the character it expects a probability that depends on its place alone.

    It expects that each character is the same as the one before; place t of a window holds t + 1
    characters, and the surprise there is `nats[t]`.
    """

    def __init__(self, nats: np.ndarray, context: int | None) -> None:
        self.nats, self.context, self.tokenizer = nats, context, ALPHABET

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        p = np.exp(-self.nats[: ids.shape[1]])[None, :, None]  # [1, T, 1]
        rest = np.broadcast_to((1 - p) / 4, (*ids.shape, 5)).copy()
        np.put_along_axis(rest, ids[..., None], np.broadcast_to(p, (*ids.shape, 1)), -1)
        return np.log(rest)

    def start(self, ids: np.ndarray) -> tuple[Any, np.ndarray]:
        raise NotImplementedError

    def step(self, state: Any, ids: np.ndarray) -> np.ndarray:
        raise NotImplementedError


def seen_at(i: int, context: int, stride: int, length: int) -> int:
    """How many characters stand before character i + 1 in the first window that reaches it."""
    if i < context:
        return i + 1
    windows = math.ceil((i + 1 - context) / stride)  # full windows after the first
    if windows * stride + context <= length - 1:
        return i + 1 - windows * stride
    last_full = (length - 1 - context) // stride * stride  # else the one cut off at the end
    return i + 1 - (last_full + stride)


@pytest.mark.parametrize("length", [2, 3, 7, 8, 9, 10, 16, 17, 50, 600])
@pytest.mark.parametrize("stride", [None, 1, 3, 7, 8])
def test_every_position_is_counted_once_in_the_right_window(
    length: int, stride: int | None
) -> None:
    nats = 0.1 * np.arange(1, 9)
    ids = np.zeros(length, dtype=np.int64)
    found = surprisal(Known(nats, 8), ids, stride=stride)
    expected = [nats[seen_at(i, 8, stride or 8, length) - 1] for i in range(length - 1)]
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert score(Known(nats, 8), ids, stride=stride).n == length - 1


@pytest.mark.parametrize("context", [None, 1, 4, 64])
@pytest.mark.parametrize("length", [2, 5, 63, 64, 65, 130, 1000])
def test_a_model_that_guesses_scores_ln_v(context: int | None, length: int) -> None:
    ids = np.random.default_rng(length).integers(0, 5, length)
    found = score(Known(np.full(length, math.log(5)), context), ids)
    assert found.nats == pytest.approx(math.log(5), rel=1e-12)
    assert found.bits == pytest.approx(math.log2(5), rel=1e-12)
    assert found.perplexity == pytest.approx(5, rel=1e-12)
    assert found.n == length - 1


def test_a_model_that_knows_scores_nearly_zero_and_is_not_told_the_answer() -> None:
    sure = Known(np.full(8, 1e-9), 8)
    assert score(sure, np.zeros(100, np.int64)).nats == pytest.approx(1e-9, rel=1e-3)
    # one change in a text of a hundred: one surprise of ln 4e9
    changed = np.array([0] * 60 + [1] * 40)
    assert score(sure, changed).nats == pytest.approx(math.log(4e9) / 99, rel=1e-4)


def random_gpt(context: int) -> GPT:
    """A tiny GPT with opinions."""
    config = GPTConfig(n_layer=1, n_head=2, n_embd=8, context=context)
    model = GPT(config, ALPHABET, torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(1)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5, generator=generator)
    return model.eval()


def test_strides_against_brute_force_on_a_gpt() -> None:
    model, ids = random_gpt(6), np.random.default_rng(0).integers(0, 5, 45)
    one = surprisal(model, ids, stride=1)
    for i in range(44):
        view = ids[max(0, i - 5) : i + 1]  # the last six characters, or all there are
        expected = -model.logprobs(view[None])[0, -1, ids[i + 1]]
        assert one[i] == pytest.approx(float(expected), abs=1e-5)
    side_by_side = surprisal(model, ids)
    for i in range(44):
        expected = -model.logprobs(ids[None, i // 6 * 6 : i + 1])[0, -1, ids[i + 1]]
        assert side_by_side[i] == pytest.approx(float(expected), abs=1e-5)


@pytest.mark.parametrize("batch", [1, 2, 64])
def test_batches_change_nothing(batch: int) -> None:
    model, ids = random_gpt(6), np.random.default_rng(0).integers(0, 5, 100).astype(np.uint8)
    np.testing.assert_allclose(
        surprisal(model, ids, batch=batch), surprisal(model, ids), rtol=0, atol=1e-5
    )


def test_a_model_without_limit_can_be_given_windows() -> None:
    nats, ids = 0.1 * np.arange(1, 9), np.zeros(100, np.int64)
    expected = surprisal(Known(nats, 8), ids, stride=3)
    given = surprisal(Known(nats, None), ids, stride=3, context=8)
    assert np.array_equal(given, expected)


def test_an_ngram_is_looked_up_as_it_predicts() -> None:
    rng = np.random.default_rng(0)
    model = NGram.fit("".join(rng.choice(list("abcde"), 600)), ALPHABET, 3)
    ids = rng.integers(0, 5, 200)
    expected = -model.logprobs(ids[None, :-1])[0, np.arange(199), ids[1:]]
    np.testing.assert_allclose(surprisal(model, ids), expected, rtol=1e-5, atol=1e-6)


def test_what_cannot_be_measured() -> None:
    model = random_gpt(6)
    for length in (0, 1):
        with pytest.raises(ValueError, match="nothing to predict"):
            score(model, np.zeros(length, np.int64))
    for stride in (0, 7, -1):
        with pytest.raises(ValueError, match=r"from 1 to the context \(6\)"):
            score(model, np.zeros(20, np.int64), stride=stride)


def test_units() -> None:
    assert Score(nats=math.log(2), n=1).bits == 1
    assert Score(nats=math.log(7), n=1).perplexity == pytest.approx(7)


@given(st.text("ab", min_size=3, max_size=40), st.text("ab", max_size=60))
def test_copied_against_brute_force(sample: str, training: str) -> None:
    share, longest = copied(sample, training, n=3)
    pieces = [sample[i : i + 3] for i in range(len(sample) - 2)]
    assert share == sum(piece in training for piece in pieces) / len(pieces)
    common = {
        sample[i:j]
        for i in range(len(sample))
        for j in range(i + 1, len(sample) + 1)
        if sample[i:j] in training
    }
    assert len(longest) == max(map(len, common), default=0)
    assert longest in sample
    assert longest in training


def test_copied_by_hand() -> None:
    text = "it was the best of times, it was the worst of times"
    assert copied(text[5:40], text) == (1.0, text[5:40])
    assert copied("z" * 30, text) == (0.0, "")
    with pytest.raises(ValueError, match="fewer than one piece of 20"):
        copied("short", text)


def test_the_command_prints_the_ngram_and_the_entropy(call: Any, tiny_run: Path) -> None:
    code, out, _ = call("evaluate", tiny_run, "--json", "--sample", "60")
    record = json.loads(out)
    assert code == 0
    gpt, ngram, beside, both = record["models"]
    result = json.loads((tiny_run / "result.json").read_text())
    assert gpt["nats"] == pytest.approx(result["val_loss"], abs=1e-6)
    assert ngram["nats"] == pytest.approx(result["ngram_val_loss"], abs=1e-6)
    assert gpt["judge_nats"] == pytest.approx(result["judge_loss"], abs=1e-6)
    assert both["nats"] == pytest.approx(result["mixture_val_loss"], abs=1e-6)
    assert both["judge_nats"] == pytest.approx(result["mixture_judge_loss"], abs=1e-6)
    assert ngram["judge_nats"] == pytest.approx(result["ngram_judge_loss"], abs=1e-6)
    assert gpt["n"] == ngram["n"] == beside["n"] == both["n"] == 2000 - 1
    assert 0 < record["entropy_nats"] < ngram["nats"] < gpt["nats"]
    # The grammar on the same windows pays for their beginnings, but no model pays less.
    assert record["entropy_nats"] < record["floor_nats"] < gpt["nats"]
    assert gpt["bits"] == pytest.approx(gpt["nats"] / math.log(2))
    assert gpt["perplexity"] == pytest.approx(math.exp(gpt["nats"]))
    code, out, _ = call("evaluate", tiny_run, "--split", "judge", "--stride", "4", "--sample", "0")
    assert code == 0
    for words in ("nats/char", "bits/char", "perplexity", "n-gram", "entropy"):
        assert words in out
    assert "judging half" not in out
    assert f"judging half {gpt['judge_nats']:.4f}" in call("evaluate", tiny_run, "--sample", "0")[1]
    code, _, err = call("evaluate", "--model", "ngram", "--data", "storyland:5000", "--stride", "3")
    assert (code, err.count("\n")) == (2, 1)


def test_a_run_whose_text_has_gone(call: Any, tmp_path: Path, tiny_args: Any) -> None:
    text = "the cat sat on the mat. " * 200
    for name in ("gone.txt", "copy.txt"):
        Path(name).write_text(text, encoding="utf-8")
    Path("other.txt").write_text(text[::-1], encoding="utf-8")
    assert call("train", *tiny_args, "--data", "gone.txt", "--steps", "2", "--out", "run")[0] == 0
    Path("gone.txt").unlink()
    code, _, err = call("evaluate", "run")
    assert (code, err.count("\n")) == (2, 1)
    assert "run learned from gone.txt" in err
    assert "--data" in err
    code, out, err = call("evaluate", "run", "--data", "copy.txt", "--sample", "40", "--json")
    assert (code, err) == (0, "")
    record = json.loads(out)
    assert len(record["models"]) == 4
    assert record["sample"]["characters"] == 40
    code, out, err = call("evaluate", "run", "--data", "other.txt", "--sample", "40", "--json")
    assert (code, err.count("\n")) == (0, 1)
    assert "nothing about copying" in err
    record = json.loads(out)
    assert len(record["models"]) == 1
    assert "sample" not in record


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--stride", "0"], "stride"),
        (["--stride", "17"], "stride must be from 1 to the context (16)"),
        (["--sample", "5"], "sample"),
        (["--data", "nowhere.txt"], "nowhere.txt"),
        (["--data", "{chinese}"], "unknown character"),
        (["--threads", "-1"], "threads"),
        (["--split", "middle"], "middle"),
    ],
)
def test_bad_input_to_the_command(
    call: Any, tiny_run: Path, tmp_path: Path, args: list[str], words: str
) -> None:
    chinese = tmp_path / "chinese.txt"
    chinese.write_text("天地玄黃宇宙洪荒" * 100, encoding="utf-8")
    code, _, err = call("evaluate", tiny_run, *[a.format(chinese=chinese) for a in args])
    assert code == 2
    assert words in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(("asked", "threads"), [([], 1), (["--threads", "2"], 2)])
def test_cores_that_others_hold_are_left_to_them(
    call: Any, tiny_run: Path, monkeypatch: pytest.MonkeyPatch, asked: list[str], threads: int
) -> None:
    torch.set_num_threads(2)
    monkeypatch.setattr(device, "free_cores", lambda: 1)
    code, _, err = call("evaluate", tiny_run, "--split", "judge", "--sample", "0", *asked)
    assert (code, torch.get_num_threads()) == (0, threads), err

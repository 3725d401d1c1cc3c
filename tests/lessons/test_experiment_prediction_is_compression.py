"""Lesson 2: probes that read what is there, and coders of which like is compared with like."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lessons.l02_prediction_is_compression import coding, experiment, probes
from lessons.lab.training import stories
from minigpt.compress import classical
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.ngram import NGram
from minigpt.storyland import THEMES
from minigpt.tokenizer import CharTokenizer


def test_probe_places_are_behind_the_owner_and_know_the_theme() -> None:
    text = "mia bakes her hot pie\nthe boys ride their bike\nben naps\ntom wears the cape\n" * 3
    tokenizer = CharTokenizer.from_text(text)
    found = probes.places(text, 8, 100, seed=0, tokenizer_ids=tokenizer.encode(text))
    ends = [tokenizer.decode(window) for window in found.windows]
    assert [end[-4:] for end in ends[:3]] == ["her ", "eir ", "the "]
    themes = list(THEMES)
    assert [themes[i] for i in found.theme[:3]] == ["food", "ride", "clothes"]
    assert len(ends) == 9
    assert found.control.shape == (probes.DRAWS, 9)
    assert (found.control[:, :3] == found.control[:, 3:6]).all()  # a verb keeps its label
    assert len({tuple(labels) for labels in found.control}) > 1  # and another in another draw


def test_a_probe_reads_what_is_there_and_nothing_else() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(4, size=2000)
    noise = rng.normal(size=(2000, 8))
    assert probes.accuracy(noise + 6 * np.eye(8)[labels], labels) > 0.97
    # Noise alone, as wide as half of what the probe is fitted on: 200 judged, chance 1/4, standard
    # deviation 0.031; beyond 6 of them, 1 in 10^9. Judged on what it was fitted on it gets 0.8.
    assert abs(probes.accuracy(rng.normal(size=(400, 100)), labels[:400]) - 0.25) < 0.19


def test_states_are_what_the_head_reads() -> None:
    tokenizer = CharTokenizer("ab \n")
    config = GPTConfig(n_layer=1, n_head=1, n_embd=8, context=8, zero_init=False)
    model = GPT(config, tokenizer, torch.Generator().manual_seed(0))
    windows = np.array([[0, 1, 2, 3], [3, 2, 1, 0]])
    vectors = probes.states(model, windows)
    logits = vectors @ model.head.weight.detach().numpy().T
    expected = model.logprobs(windows)[:, -1]
    assert np.allclose(logits - np.log(np.exp(logits).sum(-1, keepdims=True)), expected, atol=1e-5)


def test_coding_while_learning_books_every_character_once_in_order() -> None:
    ids = np.arange(1, 24)
    account = coding.CodeWhileLearning(ids, batch=2, context=4)
    assert account.steps == 5
    assert account.next[:, :, account.half :].flatten().tolist() == list(range(4, 24))
    assert (account.next == account.read + 1).all()  # what comes next, and no window begins cold
    for _ in range(5):  # who knows nothing pays log V for each
        account(lambda read: torch.zeros(*read.shape, 24), None)  # type: ignore[arg-type]
    assert account.nats == pytest.approx([np.log(24)] * 5)


def test_only_the_second_half_of_a_window_is_paid_for() -> None:
    account = coding.CodeWhileLearning(np.array([0, 0, 0, 1, 1]), batch=1, context=4)

    def sure_of_nought(read: torch.Tensor) -> torch.Tensor:
        return torch.tensor([9.0, 0.0]).expand(*read.shape, 2)

    loss = account(sure_of_nought, None)  # type: ignore[arg-type]
    wrong = float(np.log1p(np.exp(-9))) + 9
    assert account.nats == pytest.approx([wrong], rel=1e-5)
    assert float(loss) == pytest.approx(wrong / 2, rel=1e-3)  # it learns from the first half, too


def test_counting_on_the_way_is_counting_anew() -> None:
    corpus = stories(3000, 0)
    tokenizer = CharTokenizer.from_text(corpus.text)
    ids = tokenizer.encode(corpus.text)
    known, new = ids[:2000], ids[2000:]

    def bits(seen: np.ndarray, paid: int) -> float:
        """Cost of the next `paid` characters to an n-gram that has counted `seen`."""
        model = NGram.fit(seen, tokenizer, 3)
        whole = ids[: len(seen) + paid]
        return float(-model.logprob_of(whole)[len(seen) :].sum() / np.log(2))

    as_it_was = coding.counted(known, new, tokenizer, [0], 3)
    assert as_it_was == pytest.approx(bits(known, 1000) / 1000)
    on_the_way = coding.counted(known, new, tokenizer, [0, 400], 3)
    assert on_the_way == pytest.approx((bits(known, 400) + bits(ids[:2400], 600)) / 1000)
    nothing_known = coding.counted(ids[:0], new, tokenizer, [0, 400], 3)
    uniform = 400 * np.log2(len(tokenizer))
    assert nothing_known == pytest.approx((uniform + _of(new, 400, tokenizer)) / 1000)


def _of(ids: np.ndarray, seen: int, tokenizer: CharTokenizer) -> float:
    model = NGram.fit(ids[:seen], tokenizer, 3)
    return float(-model.logprob_of(ids)[seen:].sum() / np.log(2))


def test_a_text_is_counted_anew_when_it_has_grown_by_a_tenth() -> None:
    assert coding.grown(700) == [0, 512, 563, 619, 680]
    assert coding.grown(512) == [0]


def test_a_gpt_learns_on_the_way_and_stays_as_it_was() -> None:
    tokenizer = CharTokenizer("ab\n")
    config = GPTConfig(n_layer=1, n_head=1, n_embd=8, context=8)
    net = GPT(config, tokenizer, torch.Generator().manual_seed(0))
    before = {name: weights.clone() for name, weights in net.state_dict().items()}
    ids = tokenizer.encode("abab" * 100)
    assert coding.learned(net, ids, 0.0) == pytest.approx(np.log2(3), abs=1e-5)  # a head of zeros
    assert coding.learned(net, ids, 0.5) < 1.0
    assert all(torch.equal(weights, before[name]) for name, weights in net.state_dict().items())
    assert coding.learned(net, ids[:4], 0.5) == pytest.approx(np.log2(3))  # less than half a window


def test_ppmd_as_it_was_does_not_learn_what_it_codes() -> None:
    pytest.importorskip("pyppmd")
    training = stories(20_000, 0).text
    again = "the quick brown fox jumps over the lazy dog; " * 12
    piece = again[: coding.PIECE]
    once = coding.ppmd_as_it_was(piece, training)
    assert coding.ppmd_as_it_was(4 * piece, training) == pytest.approx(once)
    (primed,) = [
        row.primed
        for row in classical.rows((4 * piece).encode(), training.encode())
        if row.name == coding.PPMD
    ]
    assert primed is not None
    assert 8 * primed / (4 * len(piece)) < 0.5 * once  # the one that learns does


def test_only_like_is_compared_with_like() -> None:
    """Who has both columns learns on the way for fewer bits, on a text with names of its own."""
    corpus = stories(20_000, 0)
    text = "the quick brown fox jumps over the lazy dog\n" * 30
    tokenizer = CharTokenizer.from_text(corpus.text + text)
    net = GPT(experiment.SIZES["ci"].coder.model, tokenizer, torch.Generator().manual_seed(0))
    rows = {row["coder"]: row for row in coding.table(net, corpus.train, text, (1, 3))}
    both = {n: r for n, r in rows.items() if None not in (r["bits"], r["learning_bits"])}
    assert set(both) == {"GPT", "n-gram 3", coding.PPMD}
    assert all(row["learning_bits"] < row["bits"] for row in both.values())  # type: ignore[operator]
    assert rows["gzip -9"]["bits"] is rows["n-gram 1"]["learning_bits"] is None


def test_learning_pays_while_coding() -> None:
    config = experiment.SIZES["ci"].coder
    corpus = experiment._only(stories(40_000, 0), 10_000)
    rows = {row["coder"]: float(row["bits"]) for row in coding.while_learning(config, corpus, 9000)}
    uniform = np.log2(len(set(corpus.text)))
    assert rows["GPT"] < uniform - 0.3
    assert rows["n-gram 7"] < rows["GPT"]  # a few steps of a tiny network
    assert rows["bzip2 -9"] < uniform


def test_rank_correlation_has_the_sign_of_the_claim() -> None:
    good = {"a": {"bits": [4, 3, 2], "theme": [0.1, 0.5, 0.9], "control": [0.3, 0.2, 0.1]}}
    assert experiment.within(good, "theme") == pytest.approx(1)
    assert experiment.within(good, "control") == pytest.approx(-1)


def test_rank_correlation_is_within_a_network_and_beyond_the_control() -> None:
    """Two networks at different heights do not add up to a relation, nor does a probe whose
    control climbs as fast."""
    flat: dict[str, list[float]] = {
        "bits": [4, 3, 2],
        "theme": [0.3, 0.1, 0.2],
        "control": [0.1, 0.1, 0.1],
    }
    better = {"bits": [3, 2, 1], "theme": [0.8, 0.6, 0.7], "control": [0.2, 0.2, 0.2]}
    assert experiment.within({"a": flat, "b": better}, "theme") == pytest.approx(-0.5)
    verbs = {"bits": [4, 3, 2], "theme": [0.2, 0.4, 0.6], "control": [0.1, 0.3, 0.55]}
    assert experiment.within({"a": verbs}, "theme") == pytest.approx(1)
    assert experiment.within({"a": verbs}, "theme", less="control") < 0
    assert experiment.within({"a": flat}, "control") == 0  # no order at all


def test_the_lead_is_over_the_better_control() -> None:
    assert experiment.lead({"theme": [0.4, 0.9], "control": [0.1, 0.6]}) == pytest.approx(0.3)
    assert experiment.lead({"theme": [0.7, 0.9], "control": [0.1, 0.6]}) == pytest.approx(0.2)

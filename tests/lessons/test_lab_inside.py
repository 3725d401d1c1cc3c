"""Units, directions and rotations, on states in which it is known what stands where."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lessons.lab import inside
from lessons.lab.recurrent import LSTM, Remembering
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.tokenizer import CharTokenizer
from synthdata.three_jokes import judges


def planted(rng: np.random.Generator, n: int, units: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """States [n, units] of noise, in which unit 7 is lower by 3 for label 1."""
    labels = rng.integers(0, 2, n)
    states = rng.standard_normal((n, units))
    states[:, 7] -= 3 * labels
    return states, labels


def test_aucs_are_those_of_all_pairs_with_ties_at_one_half() -> None:
    rng = np.random.default_rng(0)
    states, labels = rng.integers(0, 5, (30, 4)).astype(float), rng.integers(0, 2, 30)
    gap = states[labels == 1][:, None] - states[labels == 0][None]
    expected = ((gap > 0) + 0.5 * (gap == 0)).mean(axis=(0, 1))
    found = inside.unit_aucs(states, labels)
    assert found == pytest.approx(expected)
    assert found[2] == pytest.approx(judges.auc(states[labels == 1, 2], states[labels == 0, 2]))


def test_the_best_unit_may_be_high_for_label_0_and_is_judged_with_its_sign() -> None:
    rng = np.random.default_rng(1)
    choose, judge = planted(rng, 400), planted(rng, 2000)
    assert inside.best_unit(*choose) == (7, -1)
    unit, auc = inside.judged(*choose, *judge)
    assert unit == 7
    assert abs(auc - 0.983) < 0.02  # Phi(3 / sqrt 2); standard deviation about 0.003


def test_a_sign_chosen_by_luck_is_not_turned_round_when_judged() -> None:
    values = np.array([[0.0], [1.0], [2.0], [3.0]])
    labels = np.array([0, 0, 1, 1])
    assert inside.judged(values, labels, values, 1 - labels) == (0, 0.0)


def test_a_rotation_keeps_lengths_and_directions_but_no_unit() -> None:
    rng = np.random.default_rng(2)
    turn = inside.rotation(40, rng)
    assert np.allclose(turn @ turn.T, np.eye(40))
    choose, judge = planted(rng, 2000), planted(rng, 2000)
    turned = choose[0] @ turn, choose[1], judge[0] @ turn, judge[1]
    # nothing is lost to a weighted sum of all: ridge's penalty of 1 among 2,000 texts hardly counts
    assert inside.probed(*turned) == pytest.approx(inside.probed(*choose, *judge), abs=2e-3)
    # an axis has about 1/sqrt(40) of the unit; the best of 40 about 2.5 times that
    assert 0.6 < inside.rotated(*choose, *judge, rng) < 0.9
    assert inside.judged(*choose, *judge)[1] > 0.97


def test_large_units_without_meaning_do_not_hide_the_others_from_the_rotated_axes() -> None:
    """Every axis of the state as it is would hold a little of all large units; standardised, none
    is large."""
    rng = np.random.default_rng(3)
    (choose, chosen), (judge, right) = planted(rng, 1000), planted(rng, 1000)
    for states in (choose, judge):
        states[:, 10:] *= 1000
    hidden = inside.rotated(choose, chosen, judge, right, np.random.default_rng(0))
    assert hidden > 0.6
    turn = inside.rotation(40, np.random.default_rng(0))
    assert inside.judged(choose @ turn, chosen, judge @ turn, right)[1] < 0.6


def test_ridge_is_least_squares_with_the_penalty_as_rows() -> None:
    rng = np.random.default_rng(4)
    x, labels = rng.standard_normal((50, 3)), rng.integers(0, 2, 50)
    rows = np.vstack([np.column_stack([x, np.ones(50)]), 2.0 * np.eye(4)])
    wanted = np.concatenate([labels - labels.mean(), np.zeros(4)])
    expected = np.linalg.lstsq(rows, wanted, rcond=None)[0]
    assert inside.ridge(x, labels, penalty=4.0) == pytest.approx(expected)


def test_states_at_ends_are_those_of_each_line_alone() -> None:
    tokenizer = CharTokenizer("ab\n")
    config = GPTConfig(n_layer=1, n_head=1, n_embd=8, context=16, zero_init=False)
    lines = ["ab\n", "a\n", "abba\n", "bbbbb"]
    net = LSTM(config, tokenizer, torch.Generator().manual_seed(0))
    gpt = GPT(config, tokenizer, torch.Generator().manual_seed(0))
    for read in (Remembering(net).cells, inside.stream(gpt)):
        found = inside.at_ends(read, lines, tokenizer, batch=3)
        for line, state in zip(lines, found):
            alone = read(tokenizer.encode("\n" + line.removesuffix("\n"))[None])[0, -1]
            assert np.allclose(state, alone, atol=1e-5)


def test_the_stream_is_what_the_head_reads() -> None:
    tokenizer = CharTokenizer("ab\n")
    config = GPTConfig(n_layer=1, n_head=1, n_embd=8, context=16, zero_init=False)
    gpt = GPT(config, tokenizer, torch.Generator().manual_seed(0))
    ids = tokenizer.encode("abba\nab")[None]
    logits = inside.stream(gpt)(ids) @ gpt.head.weight.detach().numpy().T
    expected = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    assert np.allclose(gpt.logprobs(ids), expected, atol=1e-5)


def test_a_state_that_is_moved_keeps_what_the_groups_do_not_tell() -> None:
    rng = np.random.default_rng(6)
    groups = rng.integers(0, 3, 300)
    states = rng.standard_normal((300, 5)) + 10 * np.eye(5)[groups]
    means = inside.group_means(states, groups, 4)
    assert means[1] == pytest.approx(states[groups == 1].mean(0))
    assert means[3] == pytest.approx(states.mean(0))  # nobody is in group 3
    then = inside.moved(states, means, groups, np.full(300, 2))
    assert then.mean(0) == pytest.approx(means[2])
    back = inside.moved(then, means, np.full(300, 2), groups)
    assert back == pytest.approx(states)


def test_kinds_are_named_by_a_weighted_sum_each() -> None:
    rng = np.random.default_rng(7)
    kinds = rng.integers(0, 4, 2000)
    states = 3 * rng.standard_normal((4, 10))[kinds] + rng.standard_normal((2000, 10))
    half = slice(0, 1000), slice(1000, 2000)
    named = [(states[some], kinds[some]) for some in half]
    assert inside.named(*named[0], *named[1]) > 0.97
    shuffled = rng.permutation(kinds[half[0]])
    assert abs(inside.named(states[half[0]], shuffled, *named[1]) - 0.25) < 0.1


@pytest.mark.parametrize("kind", [GPT, LSTM])
@pytest.mark.parametrize("layers", [0, 1, 2])
def test_an_edit_replaces_the_stream_there_and_nothing_before(kind: type[GPT], layers: int) -> None:
    tokenizer = CharTokenizer("ab\n")
    config = GPTConfig(n_layer=2, n_head=1, n_embd=8, context=16, zero_init=False)
    model = kind(config, tokenizer, torch.Generator().manual_seed(0)).eval()
    torch.nn.init.normal_(model.head.weight, generator=torch.Generator().manual_seed(1))
    ids = tokenizer.encode("abbabab")[None]
    plain, seen = model.logprobs(ids), []

    def change(stream: torch.Tensor) -> torch.Tensor:
        seen.append(stream.clone())
        stream = stream.clone()
        stream[:, 3] += 1
        return stream

    with inside.edited(model, layers, change):
        said = model.logprobs(ids)
    with torch.no_grad():
        assert torch.equal(seen[0], model.hidden(torch.from_numpy(ids).long(), layers))
    assert np.array_equal(said[:, :3], plain[:, :3])
    assert np.abs(said[:, 3] - plain[:, 3]).max() > 1e-3
    later = np.abs(said[:, 4:] - plain[:, 4:]).max()
    assert later == 0 if layers == 2 else later > 1e-5  # behind the last block nobody looks back
    assert np.array_equal(model.logprobs(ids), plain)  # and afterwards all is as it was


def test_an_edit_behind_more_blocks_than_there_are_is_refused() -> None:
    model = GPT(GPTConfig(n_layer=1, n_head=1, n_embd=8), CharTokenizer("ab"))
    refused = pytest.raises(ValueError, match="has 1 blocks, got 2")
    with refused, inside.edited(model, 2, lambda stream: stream):
        pass

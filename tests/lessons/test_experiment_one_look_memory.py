"""Lesson 11: rules and a GRU by hand, one step of training, and what the verdict is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from lessons.engine.mistakes import composed, whole
from lessons.l11_one_look_memory import answers as known
from lessons.l11_one_look_memory import experiment, game, memory, one_step
from lessons.lab.problems import BAR, COPY
from lessons.lab.recurrent import GRU
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.tokenizer import CharTokenizer


def built(source: str, name: str) -> Callable[..., Any]:
    names: dict[str, Any] = {}
    exec(composed(source, whole("as it is", source)), names)
    return names[name]


def test_the_short_answer_of_the_exercise_is_the_packages() -> None:
    short = built(known.INDUCTION_RIGHT, "induction")
    rng = np.random.default_rng(0)
    for key in (1, 2, 3):
        for n in (1, 2, 25):
            ids = rng.integers(0, 3, n)
            assert memory.induction(ids, key).tolist() == short(ids, key).tolist()


def test_a_key_of_one_letter_repeats_strings_without_a_letter_twice() -> None:
    def repeats(text: str, key: int) -> bool:
        return bool(memory.repeated_by_match([(text + BAR, text)], key)[0])

    assert repeats("horse", 1)
    assert not repeats("banana", 1)
    assert not repeats("banana", 2)
    assert repeats("banana", 4)
    assert all(repeats(answer, 65) for _, answer in COPY.draw(np.random.default_rng(0), 5, 64))


def test_a_step_is_torchs() -> None:
    cell = torch.nn.GRUCell(3, 5).double()
    torch.manual_seed(0)
    x, h = torch.randn(3).double(), torch.randn(5).double()
    weights = [p.detach().numpy() for p in cell.parameters()]
    right = cell(x[None], h[None])[0].detach().numpy()
    assert np.allclose(memory.gru_step(x.numpy(), h.numpy(), *weights), right)


def network(width: int = 32) -> GPT:
    config = GPTConfig(n_layer=1, n_head=1, n_embd=width, context=130)
    net = GPT(config, CharTokenizer(COPY.alphabet), torch.Generator().manual_seed(0))
    torch.nn.init.normal_(net.head.weight, std=0.1, generator=torch.Generator().manual_seed(1))
    return net.eval()


def test_one_step_changes_what_it_should_and_only_in_a_copy() -> None:
    net = network()
    before = {name: weight.clone() for name, weight in net.named_parameters()}
    for head in (False, True):
        after = dict(one_step.stepped(net, "hello", 0.5, head).named_parameters())
        changed = {name for name in before if not torch.equal(before[name], after[name])}
        assert "head.weight" in changed
        assert (len(changed) == 1) == head
    assert all(torch.equal(before[name], weight) for name, weight in net.named_parameters())


def test_what_is_recited_ends_at_the_first_error() -> None:
    """A network that always says e recites what is behind the given four letters: ee, then an a."""
    net = network()
    with torch.no_grad():
        net.embed.weight[:] = 1.0
        net.head.weight[:] = 0.0
        net.head.weight[net.tokenizer.encode("e")[0]] = 1.0
    assert one_step.recited(net, "abcdeeae") == (0.5, 0.75)


def test_many_steps_put_a_short_string_in() -> None:
    net, text = network(), "qwertyuiop"
    needed = one_step.steps_needed(net, text, 1.0, False, 40)
    assert 1 <= needed < 40
    assert one_step.recited(one_step.stepped(net, text, 1.0, False, 40), text)[0] == 1
    assert one_step.steps_needed(net, text, 0.0, False, 2) == 3  # more than 2


def test_a_staircase_ends_where_the_player_does() -> None:
    player = lambda shown: shown if len(shown) <= 6 else shown[:-1]  # noqa: E731
    played = game.staircase(player, np.random.default_rng(0), rounds=12)
    assert [length for length, _ in played] == [4, 5, 6, 7, 6, 7, 6, 7, 6, 7, 6, 7]
    assert game.level(played) == 6.5
    assert game.level(game.staircase(str.upper, np.random.default_rng(0), rounds=4)) == 6.5
    assert game.rule(65)("banana") == "banana"
    assert game.rule(1)("banana") != "banana"
    assert len(game.network(network())("abc")) == 3


def test_operations_are_those_of_the_products() -> None:
    """A GRU as torch's own layer has it: 6 E^2 weights, each used once for each character."""
    arm = experiment.SIZES["full"].arms[experiment.LARGE]
    width = arm.config.model.n_embd
    layer = torch.nn.GRU(width, width)
    weights = sum(p.numel() for p in layer.parameters() if p.dim() == 2)
    assert arm.kind is GRU
    each = 2 * (weights + width * len(COPY.alphabet))
    update = experiment.operations(arm, {})
    assert experiment.operations(arm, {7: 2}) - update == 3 * 14 * each


def planted(gpt: tuple[float, float], large: float) -> dict[str, Any]:
    exact, span = gpt
    return {
        "networks": {
            "GPT": {"exact": [1.0, exact], "span": span},
            experiment.LARGE: {"exact": [1.0, 0.0], "span": large},
        }
    }


def test_the_verdict_is_about_the_longest_strings_and_the_ratio_of_spans() -> None:
    assert experiment.values(planted((0.97, 64.0), 16.0)) == pytest.approx([0.97, 4.0])
    assert experiment.values(planted((0.1, 20.0), 40.0)) == pytest.approx([0.1, 0.5])

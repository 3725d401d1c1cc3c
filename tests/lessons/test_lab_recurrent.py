"""Recurrent networks that remember: one step at a time is all at once, for texts of any length."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from lessons.lab.recurrent import GRU, LSTM, Remembering
from lessons.lab.training import BASE, fit, stories
from minigpt.layers import GPTConfig
from minigpt.nextchar import NextChar
from minigpt.optim import mark_stacked
from minigpt.tokenizer import CharTokenizer

TOKENIZER = CharTokenizer("abc \n")


def network(kind: type[LSTM] | type[GRU], layers: int = 2) -> LSTM | GRU:
    config = GPTConfig(n_layer=layers, n_head=1, n_embd=8, context=6)
    model = kind(config, TOKENIZER, torch.Generator().manual_seed(0))
    torch.nn.init.normal_(model.head.weight, generator=torch.Generator().manual_seed(1))
    torch.nn.init.normal_(model.embed_pair.weight, generator=torch.Generator().manual_seed(2))
    return model.eval()


def some_ids(length: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, len(TOKENIZER), (3, length))


@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_within_a_window_remembering_changes_nothing(kind: type[LSTM] | type[GRU]) -> None:
    model = network(kind)
    assert isinstance(Remembering(model), NextChar)
    assert isinstance(model, NextChar)
    ids = some_ids(6)
    assert np.allclose(Remembering(model).logprobs(ids), model.logprobs(ids), atol=1e-5)


@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_step_by_step_is_all_at_once_beyond_the_context(kind: type[LSTM] | type[GRU]) -> None:
    reader = Remembering(network(kind))
    ids = some_ids(20)
    whole = reader.logprobs(ids)
    state, said = reader.start(ids[:, :2])
    for t in range(2, 20):
        assert np.allclose(said, whole[:, t - 1], atol=1e-5)
        said = reader.step(state, ids[:, t])
    assert np.allclose(said, whole[:, -1], atol=1e-5)
    assert np.allclose(state.cells(1).numpy(), reader.cells(ids, 1)[:, -1], atol=1e-5)


def test_it_sees_nothing_to_the_right_and_everything_to_the_left() -> None:
    reader = Remembering(network(LSTM))
    ids = some_ids(20)
    later, earlier = ids.copy(), ids.copy()
    later[:, 10] = (later[:, 10] + 1) % len(TOKENIZER)
    earlier[:, 0] = (earlier[:, 0] + 1) % len(TOKENIZER)
    assert np.array_equal(reader.logprobs(later)[:, :10], reader.logprobs(ids)[:, :10])
    assert not np.array_equal(reader.logprobs(earlier)[:, -1], reader.logprobs(ids)[:, -1])


def test_cells_are_those_of_the_equations() -> None:
    """c = forget * c + input * new, written out with the layer's own weights."""
    model = network(LSTM, layers=1)
    ids = some_ids(5)
    block = model.blocks[0]
    w = {name: p.detach() for name, p in block.layer.named_parameters()}  # type: ignore[union-attr]
    h = c = torch.zeros(3, 8)
    x = model.embeddings(torch.from_numpy(ids))
    for t in range(5):
        read = block.norm(x[:, t])  # type: ignore[operator]
        gates = read @ w["weight_ih_l0"].T + h @ w["weight_hh_l0"].T
        i, f, g, o = (gates + w["bias_ih_l0"] + w["bias_hh_l0"]).chunk(4, dim=1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        assert np.allclose(Remembering(model).cells(ids)[:, t], c.detach(), atol=1e-5)


def test_a_changed_cell_changes_what_comes_next() -> None:
    reader = Remembering(network(LSTM))
    ids = some_ids(4)
    said = []
    for value in (-3.0, 3.0):
        state, _ = reader.start(ids)
        state.cells()[:, 2] = value
        said.append(reader.step(state, ids[:, 0]))
    assert not np.allclose(said[0], said[1])


def test_first_weights_come_from_the_seed_and_units_forget_within_the_context() -> None:
    one, two = network(LSTM), network(LSTM)
    mark_stacked(one)
    for (name, a), b in zip(one.named_parameters(), two.parameters()):
        assert torch.equal(a, b)
        if name.endswith("layer.bias_ih_l0"):
            write, forget, rest = a[:8], a.detach()[8:16], a[16:]
            assert torch.equal(write, -forget)
            # sigmoid(log t) = 1 - 1 / (1 + t): a unit is forgotten within 1 + t characters
            assert 0 <= float(forget.min()) < float(forget.max()) <= np.log(5)  # context 6
            assert rest.tolist() == [0.0] * 16
        if name.endswith("layer.weight_hh_l0"):
            assert a.stacked == 4  # type: ignore[attr-defined]
    assert not network(GRU).get_parameter("blocks.0.layer.bias_ih_l0")[:8].any()  # reset gates


@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_it_learns_in_the_common_loop(kind: type[LSTM] | type[GRU]) -> None:
    corpus = stories(6000, 0)
    shape = GPTConfig(n_layer=1, n_head=1, n_embd=16, context=24)
    config = replace(BASE, steps=60, warmup=3, muon_lr=0.05, adamw_lr=1e-2, model=shape)
    found = fit(config, corpus, init=kind.fresh(shape, corpus.text, 0))
    assert found.val_loss < np.log(len(set(corpus.text))) - 0.8


@pytest.mark.parametrize("kind", [LSTM, GRU])
def test_what_is_kept_is_one_vector_and_whoever_gets_it_goes_on_alike(
    kind: type[LSTM] | type[GRU],
) -> None:
    reader, ids = Remembering(network(kind)), some_ids(9)
    memory, _ = reader.start(ids)
    vector = memory.vector().clone()
    assert vector.shape == (3, (4 if kind is LSTM else 2) * 8)
    other, _ = reader.start(np.concatenate([some_ids(4)[:, ::-1], ids[:, -1:]], axis=1))
    other.put(vector)
    assert torch.equal(other.vector(), vector)
    new = np.array([1, 2, 0])
    assert np.array_equal(reader.step(other, new), reader.step(memory, new))
    memory.put(vector + 1)
    assert torch.equal(memory.cells(1), (vector + 1)[:, -8:])

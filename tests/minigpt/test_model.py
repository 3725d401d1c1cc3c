"""The transformer: causality, parts against other people's formulas, going on step by step."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from minigpt.layers import Attention, Block, CausalConvolution, GPTConfig, attention_weights
from minigpt.model import GPT
from minigpt.nextchar import NextChar, window
from minigpt.saved.state import make_optimizers
from minigpt.settings import PRESETS, TrainConfig
from minigpt.tokenizer import CharTokenizer

ALPHABET = CharTokenizer("\n" + "".join(map(chr, range(97, 97 + 22))))

TINY = {"n_layer": 2, "n_head": 2, "n_embd": 16, "context": 12}
SWITCHES: dict[str, dict[str, Any]] = {
    "convolution": {"attention": "convolution"},
    "no residual": {"residual": False},
    "no norm": {"norm": "none"},
    "layer norm with biases": {"norm": "layer", "bias": True},
    "learned positions": {"position": "learned"},
    "no qk-norm": {"qk_norm": False},
    "sharper attention": {"attention_scale": 2.0},
    "gelu": {"activation": "gelu"},
    "tied": {"tie_embeddings": True, "zero_init": False},
    "no bigram": {"bigram": False},
    "one character": {"context": 1},
}
DESIGNS = {name: replace(config.model, **TINY) for name, config in PRESETS.items()} | {
    name: GPTConfig(**{**TINY, **changes}) for name, changes in SWITCHES.items()
}


def randomised(config: GPTConfig, seed: int = 0, tokenizer: CharTokenizer = ALPHABET) -> GPT:
    """A model whose every weight is random: output layers that start at zero would hide bugs."""
    model = GPT(config, tokenizer, torch.Generator().manual_seed(seed))
    generator = torch.Generator().manual_seed(seed + 1)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3, generator=generator)
    return model.eval()


def some_ids(*shape: int, seed: int = 0) -> np.ndarray:
    """Random characters."""
    return np.random.default_rng(seed).integers(0, len(ALPHABET), shape)


@pytest.mark.parametrize("design", DESIGNS)
def test_a_later_character_changes_nothing_before_it(design: str) -> None:
    model = randomised(DESIGNS[design])
    ids = torch.from_numpy(some_ids(3, model.context))
    with torch.no_grad():
        before = model(ids)
        for place in range(model.context):
            changed = ids.clone()
            changed[:, place] = (changed[:, place] + 1) % len(ALPHABET)
            after = model(changed)
            assert torch.equal(after[:, :place], before[:, :place])
            assert (after[:, place] != before[:, place]).any()


@pytest.mark.parametrize("design", [d for d in DESIGNS if d not in ("convolution",)])
def test_the_first_character_reaches_the_last_place(design: str) -> None:
    model = randomised(DESIGNS[design])
    ids = torch.from_numpy(some_ids(3, model.context))
    changed = ids.clone()
    changed[:, 0] = (changed[:, 0] + 1) % len(ALPHABET)
    with torch.no_grad():
        assert (model(ids)[:, -1] - model(changed)[:, -1]).abs().max() > 1e-6


@pytest.mark.parametrize("preset", PRESETS)
def test_initial_loss_is_that_of_guessing(preset: str) -> None:
    config = PRESETS[preset].model  # type: ignore[index]
    model = GPT(config, ALPHABET, torch.Generator().manual_seed(0))
    ids = torch.from_numpy(some_ids(2, 65))
    with torch.no_grad():
        loss = float(F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten()))
    # A head that starts at zero guesses exactly. GPT-2's starts with logits of standard deviation
    # 0.02 sqrt(E) (0.23 at E = 128), which costs half their variance.
    exact = config.zero_init
    expected = math.log(len(ALPHABET)) + (0 if exact else 0.5 * 0.02**2 * config.n_embd)
    assert loss == pytest.approx(expected, abs=1e-5 if exact else 0.1)


@pytest.mark.parametrize("design", [d for d in DESIGNS if d not in ("one character",)])
def test_one_batch_can_be_learned_by_heart(design: str) -> None:
    config = replace(DESIGNS[design], n_embd=32, dropout=0.0)
    settings = TrainConfig(model=config, adamw_lr=1e-2)
    model = GPT(config, ALPHABET, torch.Generator().manual_seed(0))
    optimizers = make_optimizers(settings, model)
    ids = torch.from_numpy(some_ids(4, config.context + 1))
    for _ in range(120):
        loss = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
        if loss < 0.1:
            break
        loss.backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
    assert loss < 0.1


def test_attention_written_out_is_torchs() -> None:
    generator = torch.Generator().manual_seed(0)
    q, k, v, weights = torch.randn(4, 2, 3, 7, 8, dtype=torch.float64, generator=generator)
    results = []
    for fused in (False, True):
        leaves = [x.clone().requires_grad_() for x in (q, k, v)]
        if fused:
            out = F.scaled_dot_product_attention(*leaves, is_causal=True)
        else:
            out = attention_weights(leaves[0], leaves[1]) @ leaves[2]
        (out * weights).sum().backward()
        results.append([out.detach(), *(leaf.grad for leaf in leaves)])
    torch.testing.assert_close(results[0], results[1], rtol=1e-12, atol=1e-12)


def test_scores_are_multiplied_by_the_attention_scale_everywhere() -> None:
    """Without QK-norm that is the same as a longer query: whole, from a cache, and in the map."""
    plain, scaled = (
        randomised(GPTConfig(**TINY, qk_norm=False, attention_scale=scale)) for scale in (1.0, 3.0)
    )
    ids = some_ids(2, 9)
    assert not np.allclose(plain.logprobs(ids), scaled.logprobs(ids), atol=1e-3)
    with torch.no_grad():
        for block in plain.blocks:
            block.attention.qkv.weight[:16] *= 3.0
    np.testing.assert_allclose(plain.logprobs(ids), scaled.logprobs(ids), rtol=1e-4, atol=1e-5)
    ends = []
    for model in (plain, scaled):
        state, _ = model.start(ids[:, :4])
        ends.append([model.step(state, column) for column in ids[:, 4:].T][-1])
    np.testing.assert_allclose(*ends, rtol=1e-4, atol=1e-5)
    maps = [model.attention(torch.from_numpy(ids)) for model in (plain, scaled)]
    torch.testing.assert_close(*maps, rtol=1e-4, atol=1e-5)


def test_attention_weights_are_causal_shares() -> None:
    generator = torch.Generator().manual_seed(1)
    q, k = torch.randn(1, 2, 3, 4, generator=generator), torch.randn(1, 2, 9, 4)
    found = attention_weights(q, k)  # the last 3 of 9 positions ask
    torch.testing.assert_close(found.sum(-1), torch.ones(1, 2, 3))
    assert torch.equal(found > 0, torch.ones(3, 9).tril(6).bool().expand(1, 2, 3, 9))
    mask = torch.ones(3, 9).tril(6).bool()
    v = torch.eye(9).expand(1, 2, 9, 9)
    torch.testing.assert_close(found, F.scaled_dot_product_attention(q, k, v, attn_mask=mask))


def test_convolution_is_a_sum_over_the_last_four() -> None:
    config = GPTConfig(**{**TINY, "attention": "convolution"})
    layer = CausalConvolution(config)
    generator = torch.Generator().manual_seed(0)
    torch.nn.init.normal_(layer.kernel, generator=generator)
    x = torch.randn(2, 6, 16, generator=generator)
    expected = torch.zeros(2, 6, 16)
    for b in range(2):
        for t in range(6):
            for i in range(4):
                if t - i >= 0:
                    expected[b, t] += x[b, t - i] @ layer.kernel[i].detach()
    torch.testing.assert_close(layer(x).detach(), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("design", DESIGNS)
def test_a_block_begins_as_the_identity(design: str) -> None:
    """Not without residuals, where that would let nothing through, nor with GPT-2's start."""
    config = DESIGNS[design]
    model = GPT(config, ALPHABET, torch.Generator().manual_seed(0)).eval()
    ids = torch.from_numpy(some_ids(2, config.context))
    x = model.embeddings(ids)
    rope = model.rope if config.position == "rope" else None
    same = torch.equal(model.blocks[0](x, rope), x)
    assert same == (config.residual and config.zero_init)


@pytest.mark.parametrize("width", [8, 128])
def test_convolution_has_as_many_parameters_as_attention(width: int) -> None:
    def count(module: torch.nn.Module) -> int:
        return sum(p.numel() for p in module.parameters())

    config = GPTConfig(n_embd=width)
    assert count(CausalConvolution(config)) == count(Attention(config)) == 4 * width**2


@pytest.mark.parametrize("prompt", [1, 5, 12, 13, 40])
@pytest.mark.parametrize("design", DESIGNS)
def test_going_on_step_by_step_is_reading_the_window(design: str, prompt: int) -> None:
    model = randomised(DESIGNS[design])
    ids = some_ids(2, prompt + 30, seed=prompt)  # 30 more characters: several new beginnings
    state, found = model.start(ids[:, :prompt])
    for n in range(prompt, ids.shape[1] + 1):
        view = ids[:, n - window(n, model.context) : n]
        np.testing.assert_allclose(found, model.logprobs(view)[:, -1], rtol=1e-4, atol=2e-5)
        if n < ids.shape[1]:
            found = model.step(state, ids[:, n])


class Mean(torch.nn.Module):
    """Each position takes the mean of all up to it: a mixing layer of somebody else's."""

    def forward(self, x: torch.Tensor, *_: object) -> torch.Tensor:
        return x.cumsum(1) / torch.arange(1, x.size(1) + 1).view(1, -1, 1)


class Averaging(Block):
    @staticmethod
    def mixing(config: GPTConfig) -> torch.nn.Module:
        return Mean()

    def initialise(self, generator: torch.Generator | None) -> None:
        for parameter in self.parameters():
            torch.nn.init.normal_(parameter, std=0.3, generator=generator)


class Averager(GPT):
    block = Averaging


def test_another_mixing_layer_goes_on_as_it_reads() -> None:
    model = Averager.fresh(GPTConfig(**TINY), ALPHABET.characters, seed=1)
    torch.nn.init.normal_(model.head.weight, std=0.3)
    assert not model.attends
    assert GPT.fresh(GPTConfig(**TINY), ALPHABET.characters, seed=1).attends
    drawn = model.blocks[0].mlp.narrow.weight.detach().std()
    assert 0.25 < float(drawn) < 0.35  # a GPT's begins at zero; 1,024 draws: 0.3 +- 0.007
    again = Averager.fresh(GPTConfig(**TINY), ALPHABET.characters, seed=1)
    assert torch.equal(drawn, again.blocks[0].mlp.narrow.weight.detach().std())
    ids = some_ids(2, 30)
    state, found = model.start(ids[:, :5])
    for n in range(5, 30):
        view = ids[:, n - window(n, model.context) : n]
        np.testing.assert_allclose(found, model.logprobs(view)[:, -1], rtol=1e-4, atol=2e-5)
        found = model.step(state, ids[:, n])
    with pytest.raises(ValueError, match="no attention"):
        model.attention(torch.from_numpy(ids[:, :5]))


def test_window_by_hand_and_in_general() -> None:
    assert [window(n, 8) for n in range(1, 16)] == [*range(1, 9), 4, 5, 6, 7, 8, 4, 5]
    assert [window(n, 1) for n in (1, 2, 3)] == [1, 1, 1]
    assert window(10**9, None) == 10**9
    for context in range(1, 12):
        for n in range(1, 60):
            assert min(n, max(1, context // 2)) <= window(n, context) <= min(n, context)
            grows = window(n + 1, context) == window(n, context) + 1
            assert grows or window(n, context) == context


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_predictions_are_log_probabilities(precision: Any) -> None:
    model = randomised(DESIGNS["default"])
    model.precision = precision
    assert isinstance(model, NextChar)
    found = model.logprobs(some_ids(2, 12))
    assert (found.shape, found.dtype) == ((2, 12, len(ALPHABET)), np.float32)
    np.testing.assert_allclose(np.exp(found.astype(np.float64)).sum(-1), 1, atol=1e-5)


def test_predicting_while_training_needs_no_dropout_and_leaves_all_as_it_was() -> None:
    model = randomised(replace(DESIGNS["default"], dropout=0.5)).train()
    ids = some_ids(2, 12)
    before = torch.random.get_rng_state()
    assert np.array_equal(model.logprobs(ids), model.logprobs(ids))
    assert model.training
    assert torch.equal(torch.random.get_rng_state(), before)
    batch = torch.from_numpy(ids)
    assert not torch.equal(model(batch), model(batch))  # there is dropout in training


@pytest.mark.parametrize("design", DESIGNS)
def test_weights_depend_on_the_generator_and_nothing_else(design: str) -> None:
    prints = []
    for world, seed in enumerate((5, 5, 6)):
        torch.manual_seed(world)
        model = GPT(DESIGNS[design], ALPHABET, torch.Generator().manual_seed(seed))
        prints.append(model.fingerprint)
    assert prints[0] == prints[1] != prints[2]


def test_fingerprint_names_alphabet_shape_and_weights() -> None:
    model = randomised(DESIGNS["default"])
    prints = {model.fingerprint}
    prints.add(randomised(DESIGNS["default"], seed=9).fingerprint)
    prints.add(randomised(replace(DESIGNS["default"], activation="gelu")).fingerprint)
    other = CharTokenizer(ALPHABET.characters[::-1])
    prints.add(randomised(DESIGNS["default"], tokenizer=other).fingerprint)
    with torch.no_grad():
        model.head.weight[0, 0] += 1e-3
    prints.add(model.fingerprint)
    prints.add(randomised(replace(DESIGNS["default"], attention_scale=3.0)).fingerprint)
    assert len(prints) == 6


@dataclass(frozen=True, kw_only=True)
class Later(GPTConfig):
    """A shape with two fields that today's has not."""

    n_loop: int = 1
    gate: str = "none"


def filled(config: GPTConfig) -> GPT:
    """A model whose weights are the same on every processor."""
    model = GPT(config, CharTokenizer("abc"))
    with torch.no_grad():
        for i, p in enumerate(model.parameters()):
            p.fill_(0.5 + i)
    return model


def test_a_fingerprint_outlives_new_fields() -> None:
    """The two numbers are of the code before fields could be added: files of then still decode."""
    small: dict[str, Any] = {"n_layer": 1, "n_head": 1, "n_embd": 4, "context": 4}
    unlike = {**small, "norm": "layer", "bias": True, "attention": "convolution", "dropout": 0.1}
    begins = {"5ed12801d0c28c3a": small, "2776bb1e824fdead": unlike}
    for begin, shape in begins.items():
        now, later = filled(GPTConfig(**shape)), filled(Later(**shape))
        assert now.fingerprint.startswith(begin)
        assert later.fingerprint == now.fingerprint
        others = {filled(Later(**shape, n_loop=2)).fingerprint, now.fingerprint}
        others |= {filled(Later(**shape, gate="head")).fingerprint}
        assert len(others) == 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"n_embd": 30, "n_head": 4}, r"n_embd \(30\) must be a multiple of n_head \(4\)"),
        ({"n_embd": 12, "n_head": 4}, "must be even"),
        ({"n_layer": 0}, "n_layer must be at least 1, got 0"),
        ({"context": -5}, "context must be at least 1, got -5"),
        ({"dropout": 1.0}, "dropout"),
        ({"dropout": math.nan}, "dropout"),
    ],
)
def test_shapes_that_make_no_sense(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        GPTConfig(**changes)


def test_the_remedy_in_the_message_works() -> None:
    with pytest.raises(ValueError, match="n_head 3 or n_embd 32 fits"):
        GPTConfig(n_embd=30, n_head=4, position="learned")
    GPTConfig(n_embd=30, n_head=3)
    GPTConfig(n_embd=32, n_head=4)


def test_more_than_the_context_is_refused() -> None:
    model = randomised(DESIGNS["default"])
    with pytest.raises(ValueError, match="13 characters at once; this model sees 12"):
        model.logprobs(some_ids(1, 13))
    with pytest.raises(ValueError, match="T >= 1"):
        model.start(some_ids(1, 0))


@pytest.mark.parametrize("size", [1, 3000])
def test_alphabets_of_one_and_of_thousands(size: int) -> None:
    tokenizer = CharTokenizer("".join(map(chr, range(0x4E00, 0x4E00 + size))))
    model = randomised(DESIGNS["default"], tokenizer=tokenizer)
    ids = np.random.default_rng(0).integers(0, size, (2, 12))
    found = model.logprobs(ids)
    assert found.shape == (2, 12, size)
    np.testing.assert_allclose(np.exp(found.astype(np.float64)).sum(-1), 1, atol=1e-5)


def test_config_survives_a_round_trip() -> None:
    for config in DESIGNS.values():
        assert GPTConfig(**asdict(config)) == config

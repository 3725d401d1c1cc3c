"""The runtime of tools: what is run, what is not, and many streams against one at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from lessons.lab import tools
from lessons.lab.worlds.facts import ALPHABET
from minigpt.layers import GPTConfig
from minigpt.model import GPT
from minigpt.tokenizer import CharTokenizer

FILES = {"town": {"kavel": "qd", "trap": "[town kavel]", "zorbu": ""}, "age": {"kavel": "zz"}}


class Scripted:
    """A model that writes down a script, each stream its own, whatever it reads."""

    tokenizer, context = CharTokenizer(ALPHABET), None

    def __init__(self, *scripts: str) -> None:
        self.scripts, self.read = [list(script) for script in scripts], [""] * len(scripts)
        self.own = [0] * len(scripts)

    def _next(self) -> np.ndarray:
        said = np.full((len(self.scripts), len(ALPHABET)), -9.0)
        for b, script in enumerate(self.scripts):
            said[b, ALPHABET.index(script[self.own[b]])] = 0.0
        return said

    def start(self, ids: np.ndarray) -> tuple[Any, np.ndarray]:
        return None, self._next()

    def step(self, state: Any, ids: np.ndarray) -> np.ndarray:
        for b, c in enumerate(self.tokenizer.decode(ids)):
            self.read[b] += c
            script = self.scripts[b]
            mine = self.own[b] + 1 < len(script) and not self._told(b)
            self.own[b] += mine
        return self._next()

    def _told(self, b: int) -> bool:
        """Whether the next character is a file's: the answer behind its last bracket is short."""
        own = "".join(self.scripts[b][: self.own[b] + 1])
        return len(self.read[b]) < len(tools.run_calls("", own, FILES))

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("[town kavel]=r", "[town kavel]qd=r"),
        ("[town kavel][town kavel]", "[town kavel]qd[town kavel]qd"),
        ("[town nobody]", "[town nobody]?"),
        ("[bank kavel]", "[bank kavel]?"),
        ("[age kavel]", "[age kavel]zz"),
        ("[town zorbu]", "[town zorbu]"),
        ("[town [town kavel]]", "[town [town kavel]qd]"),
        ("[town trap]=", "[town trap][town kavel]="),
        ("[town kavel", "[town kavel"),
        ("[kavel] town kavel]", "[kavel] town kavel]"),
    ],
)
def test_calls_that_the_model_wrote_are_run_once_and_nothing_else(
    written: str, wanted: str
) -> None:
    question = "what does [town kavel] say? "
    assert tools.run_calls(question, written, FILES) == question + wanted


def test_the_runtime_answers_as_soon_as_the_bracket_closes() -> None:
    """Streams that call at different times get what `run_calls` says about the whole."""
    scripts = ["[town kavel]=rx", "ab[age kavel]=r", "[town trap]abcde", "[town nobody]=b"]
    scripts += ["abcdefghijklmno", "[town kavel][town kavel]"]
    model = Scripted(*(script.ljust(40, "_") for script in scripts))
    texts = tools.write_with_tools(model, ["[town kavel]?"] * len(scripts), FILES, 20)
    for text, script in zip(texts, scripts):
        assert text == tools.run_calls("", script.ljust(40, "_"), FILES)[:20]


def test_many_streams_are_each_as_if_alone_with_a_real_network() -> None:
    config = GPTConfig(n_layer=1, n_head=1, n_embd=8, context=40, bigram=False)
    net, dice = GPT.fresh(config, ALPHABET, 0), torch.Generator().manual_seed(1)
    for weights in net.parameters():
        torch.nn.init.normal_(weights, generator=dice)
    questions = ["kavel?", "zorbu?", "nobod?", "abcde?"]
    texts = tools.write_with_tools(net, questions, FILES, 25)
    assert len(set(texts)) == 4
    for question, text in zip(questions, texts):
        assert [text] == tools.write_with_tools(net, [question], FILES, 25)
        ids = net.tokenizer.encode(question + text).astype(np.int64)  # and greedy by one look
        likeliest = net.tokenizer.decode(net.logprobs(ids[None, :-1])[0].argmax(-1))
        assert text == likeliest[len(question) - 1 :]


def test_a_shuffled_file_leads_every_key_astray() -> None:
    rng = np.random.default_rng(0)
    for n in (2, 3, 50):
        file = {f"k{i}": f"v{i}" for i in range(n)}
        led = tools.shuffled(file, rng)
        assert set(led) == set(file)
        assert sorted(led.values()) == sorted(file.values())
        assert all(led[key] != file[key] for key in file)


def test_a_file_is_read_from_lines() -> None:
    assert tools.file_of(["kavel=qd", "a=b=c"]) == {"kavel": "qd", "a": "b=c"}

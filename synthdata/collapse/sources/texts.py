"""Sources of text: an n-gram or a tiny GPT, learning from its predecessor's output.

Idea:   the same chain as with categories, now with a model that has to generalise. On Storyland the
        truth is a grammar, so the distance of a model from it is computed, not guessed.
Source: Shumailov et al., Nature 631 (2024), arXiv:2305.17493; Storyland is minigpt/storyland/.
Run:    python -m synthdata collapse gpt --generations 5 --seeds 3
Omits:  pretrained models; real corpora are in `collapse.sources.passages`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from minigpt import storyland
from minigpt.corpora import Corpus
from minigpt.nextchar import NextChar, first_ids
from minigpt.ngram import NGram
from minigpt.sample import stream
from minigpt.tokenizer import CharTokenizer
from synthdata.collapse.regimes import Sampler
from synthdata.diversity import entropy
from synthdata.text.ngrams import count
from synthdata.text.tokens import encode

if TYPE_CHECKING:
    from minigpt.settings import TrainConfig

BITS = 1 / math.log(2)


class Texts(Protocol):
    """Real texts, and how to sample such texts from a model."""

    @property
    def name(self) -> str:
        """Name for titles."""
        ...

    @property
    def tokenizer(self) -> CharTokenizer:
        """The alphabet, the same in all generations."""
        ...

    def real(self, n: int, rng: np.random.Generator) -> list[str]:
        """`n` real texts."""
        ...

    def write(
        self, model: NextChar, n: int, rng: np.random.Generator, sampler: Sampler
    ) -> list[str]:
        """`n` texts sampled from the model."""
        ...

    def joined(self, texts: list[str]) -> str:
        """The texts joined into one training text."""
        ...

    def distance(self, model: NextChar) -> dict[str, float]:
        """How far the model is from the truth."""
        ...


@runtime_checkable
class KnowsWords(Protocol):
    """Texts whose real words are known, so that their loss can be counted."""

    @property
    def words(self) -> frozenset[str]:
        """Every real word."""
        ...


class LineTexts:
    """Common parts of texts that are one line each."""

    def joined(self, texts: list[str]) -> str:
        """One text per line."""
        return "\n".join(texts) + "\n"

    def distance(self, model: NextChar) -> dict[str, float]:
        """Empty: models are compared by what they write."""
        return {"cross_entropy": math.nan, "kl": math.nan}


@dataclass(frozen=True, kw_only=True)
class Stories(LineTexts):
    """Storyland: a text is a story, one line."""

    judges: int = 1000
    """Stories by the grammar, never trained on, that judge a model."""
    streams: int = 256
    """Streams sampled at once."""
    name: str = "storyland"

    @property
    def tokenizer(self) -> CharTokenizer:
        """The grammar's alphabet."""
        return storyland.grammar().tokenizer

    @property
    def words(self) -> frozenset[str]:
        """All words of the grammar."""
        rules = storyland.grammar().rules
        return frozenset(w for choices in rules.values() for c in choices for w in c.text.split())

    def real(self, n: int, rng: np.random.Generator) -> list[str]:
        """The first `n` stories of a random seed."""
        return _stories(n, int(rng.integers(1 << 62)))

    def write(
        self, model: NextChar, n: int, rng: np.random.Generator, sampler: Sampler
    ) -> list[str]:
        """`n` stories, the same number from each stream, however long they are."""
        return write_lines(
            model, n, rng, sampler, streams=self.streams, longest=4 * storyland.grammar().longest
        )

    def distance(self, model: NextChar) -> dict[str, float]:
        """KL(grammar || model) by stories of the grammar, whose own probability is exact.

        The cross-entropy is the grammar's exact entropy plus that: the luck of the stories drawn
        cancels in the difference.
        """
        stories = _stories(self.judges, 20_261_122)
        surprise = sum(_story_nats(model, stories))
        truth = -sum(storyland.logprob(story + "\n") for story in stories)
        characters = sum(len(story) + 1 for story in stories)
        kl = BITS * (surprise - truth) / characters
        return {"cross_entropy": BITS * storyland.entropy_per_char() + kl, "kl": kl}


def _stories(n: int, seed: int) -> list[str]:
    grammar = storyland.grammar()
    length = int(1.2 * n * grammar.mean_length) + 20 * grammar.longest
    while True:
        found = grammar.generate(length, seed).split("\n")[:-1]
        if len(found) >= n:
            return found[:n]
        length *= 2


def _story_nats(model: NextChar, stories: list[str]) -> Iterator[float]:
    """-ln p of each story and its mark, after a mark; stories of one length at a time."""
    by_length: dict[int, list[str]] = {}
    for story in stories:
        by_length.setdefault(len(story), []).append(f"\n{story}\n")
    for group in by_length.values():
        ids = np.stack([model.tokenizer.encode(text) for text in group]).astype(np.int64)
        logprobs = _predictions(model, ids[:, :-1])
        yield -float(np.take_along_axis(logprobs, ids[:, 1:, None], 2).astype(np.float64).sum())


def _predictions(model: NextChar, ids: np.ndarray) -> np.ndarray:
    """[B, T, V], at once if the context is long enough, else step by step as in sampling."""
    if model.context is None or ids.shape[1] <= model.context:
        return model.logprobs(ids)
    state, first = model.start(ids[:, :1])
    return np.stack([first, *(model.step(state, column) for column in ids[:, 1:].T)], axis=1)


def write_lines(
    model: NextChar,
    n: int,
    rng: np.random.Generator,
    sampler: Sampler,
    *,
    streams: int = 256,
    longest: int,
) -> list[str]:
    """`n` lines sampled from the model, hundreds of streams at once.

    Every stream runs until all have written their share, so that no line is dropped for its length;
    a line of more than `longest` characters is cut there.
    """
    streams = min(streams, n)
    share = math.ceil(n / streams)
    lines: list[list[str]] = [[] for _ in range(streams)]
    begun: list[list[str]] = [[] for _ in range(streams)]
    characters = model.tokenizer.characters
    steps = stream(
        model,
        first_ids(model.tokenizer, streams),
        rng=rng,
        temperature=sampler.temperature,
        top_k=sampler.top_k,
        top_p=sampler.top_p,
    )
    for ids in steps:
        waiting = 0
        for i, c in enumerate(ids.tolist()):
            if len(lines[i]) < share:
                if characters[c] != "\n":
                    begun[i].append(characters[c])
                if characters[c] == "\n" or len(begun[i]) == longest:
                    lines[i].append("".join(begun[i]))
                    begun[i] = []
                waiting += len(lines[i]) < share
        if not waiting:
            break
    return [line for own in lines for line in own][:n]


class TextSource:
    """Common parts of n-gram and GPT: texts go in, texts come out, and the meter measures them."""

    error = "cross_entropy"

    def __init__(self, texts: Texts, n: int, name: str) -> None:
        if n < 2:
            raise ValueError(f"a round has at least 2 texts, got n={n}")
        self.texts, self.n, self.name = texts, n, name

    @property
    def units(self) -> dict[str, str]:
        """Measures and their units; `kl` and `real_types` only if the texts know them."""
        return {
            "cross_entropy": "bits/char on real text",
            "types": "distinct words written",
            "real_types": "distinct real words written",
            "entropy": "bits a word, as written",
            "texts": "distinct texts written",
            "kl": "bits/char above the truth",
        }

    def real(self, n: int, rng: np.random.Generator) -> list[str]:
        """`n` real texts."""
        return self.texts.real(n, rng)

    def sample(
        self, model: NextChar, n: int, rng: np.random.Generator, sampler: Sampler
    ) -> list[str]:
        """`n` texts sampled from the model."""
        return self.texts.write(model, n, rng, sampler)

    def measures(self, model: NextChar, written: list[str]) -> dict[str, float]:
        """Distance from the truth, and the variety of what was written."""
        tokens = encode(written, "word")
        found = {
            **self.texts.distance(model),
            "types": float(len(tokens.vocabulary)),
            "entropy": entropy.entropy(count(tokens, 1)),  # nan if no word was written
            "texts": float(len(set(written))),
        }
        if isinstance(self.texts, KnowsWords):
            found["real_types"] = float(len(self.texts.words.intersection(tokens.vocabulary)))
        return found


class NGramSource(TextSource):
    """Modified Kneser-Ney, counted again in every generation."""

    def __init__(self, texts: Texts, *, n: int = 120, order: int = 5) -> None:
        super().__init__(texts, n, f"{order}-gram on {texts.name}")
        if not 1 <= order <= 20:
            raise ValueError(f"order counts the predicted character: 1 to 20, got {order}")
        self.order = order

    def fit(self, data: list[str], rng: np.random.Generator) -> NextChar:
        """Count; the alphabet stays that of the first generation."""
        return NGram.fit(self.texts.joined(data), self.texts.tokenizer, order=self.order)


def tiny() -> TrainConfig:
    """The settings of the tiny GPT."""
    from minigpt.layers import GPTConfig
    from minigpt.settings import TrainConfig

    return TrainConfig(
        steps=120,
        batch_size=32,
        muon_lr=0.04,
        adamw_lr=6e-3,
        eval_every=10_000,
        precision="fp32",
        device="cpu",
        threads=1,
        model=GPTConfig(n_layer=2, n_head=2, n_embd=64, context=48),
    )


class GPTSource(TextSource):
    """A tiny GPT, trained from scratch in every generation for the same number of steps."""

    def __init__(
        self, texts: Texts | None = None, *, n: int = 2000, config: TrainConfig | None = None
    ) -> None:
        texts = texts or Stories()
        super().__init__(texts, n, f"gpt on {texts.name}")
        self.config = config or tiny()

    def fit(self, data: list[str], rng: np.random.Generator) -> NextChar:
        """Train from new random weights; the alphabet stays that of the first generation.

        `train` holds out a tenth of the data, real or not, to choose the best model. A text shorter
        than the context (curating may leave little) is repeated.
        """
        import torch

        from minigpt.model import GPT
        from minigpt.train.loop import train

        text = self.texts.joined(data)
        enough = max(31, math.ceil((self.config.model.context + 1) / 0.9))
        text *= math.ceil(enough / max(1, len(text)))
        seed = int(rng.integers(1 << 31))
        corpus = Corpus(name="round", title="", text=text, sha256="", source="", licence="")
        model = GPT(self.config.model, self.texts.tokenizer, torch.Generator().manual_seed(seed))
        return train(replace(self.config, seed=seed), corpus, init=model).model

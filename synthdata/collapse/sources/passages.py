"""Real text for the laboratory of collapse: passages of any corpus.

Idea:   the entropy of real text is unknown, so a model is judged by its loss on a part that no
        generation has seen.
Source: Shannon 1951, "Prediction and entropy of printed English".
Run:    python -m synthdata collapse ngram --data shakespeare
Omits:  cutting at sentences; a passage ends after `length` characters.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np

from minigpt.corpora import Corpus
from minigpt.evaluate import score
from minigpt.nextchar import NextChar
from minigpt.sample import generate
from minigpt.tokenizer import CharTokenizer
from synthdata.collapse.regimes import Sampler
from synthdata.text.tokens import encode

STREAMS = 256


@dataclass(frozen=True, kw_only=True)
class Passages:
    """Any corpus: a text is a passage of it that begins where a line begins."""

    corpus: Corpus
    """Its first nine tenths are sampled, the rest judges."""
    length: int = 500
    """Characters in a passage."""
    judges: int = 20_000
    """Characters of the held-out part by which a model is judged."""

    def __post_init__(self) -> None:
        if not 20 <= self.length <= 1_000_000:
            raise ValueError(f"a passage has from 20 to 1,000,000 characters, got {self.length}")
        if len(self.passages) < 2:
            # a passage may have to wait almost its own length for a line to begin
            enough = math.ceil(3 * self.length / 0.9)
            raise ValueError(
                f"{self.name} has {len(self.corpus.text):,} characters, too few for two passages "
                f"of {self.length} in its first nine tenths; use a text of at least {enough:,}"
            )

    @property
    def name(self) -> str:
        """Name of the corpus."""
        return self.corpus.name

    @cached_property
    def tokenizer(self) -> CharTokenizer:
        """All characters of the corpus, and the newline, with which passages are joined."""
        return CharTokenizer.from_text(self.corpus.text + "\n")

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word of the corpus, its held-out tenth included."""
        return frozenset(encode([self.corpus.text], "word").vocabulary)

    @cached_property
    def passages(self) -> list[str]:
        """The training part, cut into passages that do not overlap."""
        found, start, text = [], 0, self.corpus.train
        while start + self.length <= len(text):
            found.append(text[start : start + self.length])
            line = text.find("\n", start + self.length - 1, start + 2 * self.length)
            start = line + 1 if line >= 0 else start + self.length
        return found

    def real(self, n: int, rng: np.random.Generator) -> list[str]:
        """`n` different passages. ValueError if the corpus has fewer."""
        there = len(self.passages)
        if n > there:
            size = len(self.corpus.text)
            raise ValueError(
                f"{self.name} has {size:,} characters, which make {there:,} passages of "
                f"{self.length}, fewer than the {n:,} of a round; use --n {there} or less, or a "
                f"text of about {math.ceil(n * size / there):,} characters"
            )
        return [self.passages[i] for i in rng.choice(there, n, replace=False)]

    def write(
        self, model: NextChar, n: int, rng: np.random.Generator, sampler: Sampler
    ) -> list[str]:
        """`n` passages sampled from the model, `STREAMS` at a time, each after a new line."""
        shaping = asdict(sampler)
        texts: list[str] = []
        while len(texts) < n:
            some = min(STREAMS, n - len(texts))
            texts += generate(model, n=some, length=self.length, rng=rng, **shaping)
        return texts

    def joined(self, texts: list[str]) -> str:
        """One passage after the other, a new line between them."""
        return "".join(text if text.endswith("\n") else text + "\n" for text in texts)

    def distance(self, model: NextChar) -> dict[str, float]:
        """Cross-entropy on held-out text; the entropy of the truth is unknown."""
        ids = self.tokenizer.encode(self.corpus.held_out[: self.judges])
        return {"cross_entropy": score(model, ids).bits}

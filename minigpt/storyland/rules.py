"""A probabilistic grammar as a deterministic automaton: everything about it is computable.

Idea:   a rule is a list of weighted choices, each a piece of text and the rule that follows. If no
        choice of a rule is the beginning of another, the characters determine the choice: each rule
        becomes a tree of characters, the trees are linked, and a sentence has exactly one
        derivation. Then the probability of a text is a product along one path, the entropy a sum
        over states, and the next character's distribution a table row.
Source: Shannon 1948, section 7.
Run:    python -m minigpt.train --data storyland
Omits:  recursion (a rule can only be followed by a later one), so sentences have a greatest length.

Legend: T time, S states, V vocabulary. Logarithms are natural (nats).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from minigpt.tokenizer import CharTokenizer

MARK = "\n"
"""The mark that ends every sentence and occurs nowhere else."""
END = ""
"""Name of what follows the last rule of a sentence: nothing."""

_BLOCK = 4096  # sentences drawn at a time; constant, so that a short text is a prefix of a long one


@dataclass(frozen=True)
class Choice:
    """One alternative of a rule."""

    text: str
    weight: int
    """Weight relative to the other choices of the rule."""
    then: str
    """The rule that follows, or END."""
    features: tuple[tuple[str, str], ...] = ()
    """Features that this choice determines, as (feature, value), for probes."""


@dataclass(frozen=True)
class Annotation:
    """Labels [T] of the characters of a text; -1 if there is none."""

    slots: tuple[str, ...]
    """Names of the slots: the parts of a sentence."""
    slot: np.ndarray
    """[T] index into `slots`; -1 in a sentence the grammar cannot write."""
    sentence: np.ndarray
    """[T] index of the sentence, from 0."""
    values: dict[str, tuple[str, ...]]
    """Feature -> its possible values."""
    features: dict[str, np.ndarray]
    """Feature -> [T] index into its values, from the last character of the word that determines
    it to the end of the sentence; -1 before that."""


class Grammar:
    """A compiled grammar.

    `rules` maps names to choices. Sentences start with the first rule, and a choice is followed by
    a later rule or ends with MARK. ValueError otherwise, or if one choice is the beginning of
    another, which would make derivations ambiguous.

    >>> g = Grammar({"who": [Choice("a ", 1, "does"), Choice("b ", 1, "does")],
    ...              "does": [Choice("c\\n", 3, END), Choice("d\\n", 1, END)]})
    >>> sorted(text for text, _ in g.sentences())
    ['a c\\n', 'a d\\n', 'b c\\n', 'b d\\n']
    >>> round(g.entropy_per_char / math.log(2), 4)  # (1 + 0.8113) bits over four characters
    0.4528
    """

    def __init__(self, rules: Mapping[str, Sequence[Choice]]) -> None:
        self.rules = {name: tuple(choices) for name, choices in rules.items()}
        self._check()
        characters = {c for choices in self.rules.values() for x in choices for c in x.text}
        self.tokenizer = CharTokenizer("".join(sorted(characters)))
        self._compile()
        self._measure()
        self._list_choices()

    def _check(self) -> None:
        names = list(self.rules)
        for place, (name, choices) in enumerate(self.rules.items()):
            if not choices:
                raise ValueError(f"rule {name!r} has no choices")
            for choice in choices:
                if choice.weight < 1:
                    raise ValueError(f"{choice.text!r} in rule {name!r} has weight {choice.weight}")
                if choice.then != END and choice.then not in names[place + 1 :]:
                    raise ValueError(f"rule {name!r} goes on to {choice.then!r}, no later rule")
                ends = choice.then == END
                body = choice.text[:-1] if ends else choice.text
                if not choice.text or MARK in body or (ends and choice.text[-1] != MARK):
                    raise ValueError(f"{choice.text!r} in rule {name!r}: {MARK!r} ends sentences")

    def _compile(self) -> None:
        """Compile rules to trees: `next` [S, V] (-1: impossible) and `prob` [S, V]."""
        ids = {c: i for i, c in enumerate(self.tokenizer.characters)}
        next_: list[dict[int, int]] = []  # state -> character -> state
        mass: list[dict[int, int]] = []  # state -> character -> weight below it
        self._rule_of: list[str] = []
        self._choice_at: dict[tuple[int, int], Choice] = {}  # (state, character) that completes it
        roots: dict[str, int] = {}

        def state(rule: str) -> int:
            next_.append({})
            mass.append({})
            self._rule_of.append(rule)
            return len(next_) - 1

        for name, choices in self.rules.items():
            roots[name] = state(name)
            for choice in choices:
                here = roots[name]
                for place, character in enumerate(choice.text):
                    c, last = ids[character], place == len(choice.text) - 1
                    if (here, c) in self._choice_at or (last and c in mass[here]):
                        raise ValueError(
                            f"rule {name!r} is ambiguous: {choice.text!r} and another choice, one "
                            "of which is the beginning of the other"
                        )
                    mass[here][c] = mass[here].get(c, 0) + choice.weight
                    if last:
                        self._choice_at[here, c] = choice
                    else:
                        if c not in next_[here]:
                            next_[here][c] = state(name)
                        here = next_[here][c]
        for (here, c), choice in self._choice_at.items():
            next_[here][c] = roots[choice.then] if choice.then != END else 0
        self.next = np.full((len(next_), len(ids)), -1, dtype=np.int32)
        self.prob = np.zeros((len(next_), len(ids)))
        for s, (to, weights) in enumerate(zip(next_, mass)):
            total = sum(weights.values())
            for c, weight in weights.items():
                self.next[s, c], self.prob[s, c] = to[c], weight / total

    def _measure(self) -> None:
        """Compute expected visits to each state; from them length, entropy and greatest length."""
        states = len(self.next)
        self.visits = np.zeros(states)
        self.visits[0] = 1.0
        depth = np.zeros(states, dtype=np.int64)  # most characters before the state
        longest = 0
        for s in range(states):  # a state's number is smaller than its successors'
            for c in np.flatnonzero(self.next[s] >= 0):
                to = self.next[s, c]
                if to == 0:  # only the mark leads back to the start
                    longest = max(longest, int(depth[s]) + 1)
                else:
                    self.visits[to] += self.visits[s] * self.prob[s, c]
                    depth[to] = max(depth[to], depth[s] + 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            self.logprob_table = np.log(self.prob)
            surprise = -np.where(self.prob > 0, self.prob * self.logprob_table, 0.0).sum(axis=1)
        self.longest = longest
        """Length of the longest sentence in characters, its mark included."""
        self.mean_length = float(self.visits.sum())
        """Expected length of a sentence in characters, its mark included."""
        self.sentence_entropy = float(self.visits @ surprise)
        """Entropy of a sentence, in nats."""
        self.entropy_per_char = self.sentence_entropy / self.mean_length
        """Entropy of a sentence over its expected length: nats per character of an endless text."""
        self.stationary = self.visits / self.mean_length
        """[S] share of the characters of an endless text that are written from each state."""

    def _list_choices(self) -> None:
        """List all choices with running weights, so that many can be drawn at once."""
        listed = [(name, choice) for name, choices in self.rules.items() for choice in choices]
        numbers = {name: i for i, name in enumerate(self.rules)}
        self._texts = [choice.text for _, choice in listed] + [""]
        self._then = np.array([numbers.get(choice.then, -1) for _, choice in listed])
        self._running = np.cumsum([choice.weight for _, choice in listed], dtype=np.int64)
        totals = [sum(x.weight for x in choices) for choices in self.rules.values()]
        self._total = np.array(totals, dtype=np.int64)
        self._before = np.cumsum(self._total) - self._total

    def generate(self, n_characters: int, seed: int = 0) -> str:
        """The first `n_characters` of the endless text with this seed."""
        if n_characters < 0:
            raise ValueError(f"a text has 0 characters or more, got {n_characters}")
        rng = np.random.Generator(np.random.PCG64(seed))
        pieces: list[str] = []
        length = 0
        while length < n_characters:
            pieces.append(self._sentences(rng))
            length += len(pieces[-1])
        return "".join(pieces)[:n_characters]

    def _sentences(self, rng: np.random.Generator) -> str:
        """One block of sentences: the choices of all of them, rule by rule."""
        rule = np.zeros(_BLOCK, dtype=np.int64)
        written: list[np.ndarray] = []
        while (rule >= 0).any():
            # Floats only where IEEE arithmetic is exact to the last bit on every machine.
            ticket = (rng.random(_BLOCK) * self._total[rule]).astype(np.int64) + self._before[rule]
            choice = np.searchsorted(self._running, ticket, side="right")
            written.append(np.where(rule >= 0, choice, len(self._then)))
            rule = np.where(rule >= 0, self._then[choice], -1)
        return "".join([self._texts[i] for i in np.stack(written, axis=1).ravel().tolist()])

    def sentences(self) -> Iterator[tuple[str, float]]:
        """Every sentence with its probability; there may be many (see `count`)."""

        def expand(rule: str) -> Iterator[tuple[str, float]]:
            total = sum(choice.weight for choice in self.rules[rule])
            for choice in self.rules[rule]:
                share = choice.weight / total
                if choice.then == END:
                    yield choice.text, share
                else:
                    for rest, probability in expand(choice.then):
                        yield choice.text + rest, share * probability

        return expand(next(iter(self.rules)))

    def count(self) -> int:
        """Number of different sentences."""
        counts = {END: 1}
        for name, choices in reversed(self.rules.items()):
            counts[name] = sum(counts[choice.then] for choice in choices)
        return counts[next(iter(self.rules))]

    def logprob(self, text: str, *, cut: bool = False) -> float:
        """Log-probability of `text` in nats, -inf if the grammar cannot write it.

        Without `cut`, the text starts at the start of a sentence; with it, at a random character of
        an endless text: the sum over all states it can have started in. It may end anywhere.
        """
        if not all(c in self.tokenizer for c in set(text)):
            return -math.inf
        ids = self.tokenizer.encode(text).tolist()
        total, here = 0.0, 0
        if cut:
            states, weights = np.arange(len(self.next)), self.stationary
            for place, c in enumerate(ids):
                weights = weights * self.prob[states, c]
                states, weights = self.next[states, c][weights > 0], weights[weights > 0]
                if not len(states):
                    return -math.inf
                if (states == states[0]).all():  # one is left, or a mark has reset all
                    total, here = math.log(float(weights.sum())), int(states[0])
                    ids = ids[place + 1 :]
                    break
            else:  # still undecided at the end
                return math.log(float(weights.sum()))
        table, next_ = self._plain_tables()
        for c in ids:
            total += table[here][c]
            if (here := next_[here][c]) < 0:
                return -math.inf
        return total

    def choice_at(self, state: int, character: int) -> Choice | None:
        """The choice that is complete with this character (its id), if any."""
        return self._choice_at.get((state, character))

    def _plain_tables(self) -> tuple[list[list[float]], list[list[int]]]:
        """The tables as lists: single look-ups are faster in plain Python."""
        if not hasattr(self, "_lists"):
            self._lists = self.logprob_table.tolist(), self.next.tolist()
        return self._lists

    def grammatical(self, text: str) -> float:
        """Share of the complete sentences in `text` that this grammar can write; nan for none."""
        complete = text.split(MARK)[:-1]
        if not complete:
            return math.nan
        return sum(self.logprob(line + MARK) > -math.inf for line in complete) / len(complete)

    def annotate(self, text: str) -> Annotation:
        """Slot, sentence and features of every character.

        A sentence that the grammar cannot write from its beginning (the first one, if the text
        starts in the middle of it) is labelled -1; a last one that is cut is labelled as far as it
        goes.
        """
        slots = tuple(dict.fromkeys(name.split()[0] for name in self.rules))
        found: dict[str, dict[str, None]] = {}
        for choices in self.rules.values():
            for choice in choices:
                for feature, value in choice.features:
                    found.setdefault(feature, {})[value] = None
        values = {feature: tuple(known) for feature, known in found.items()}
        slot = np.full(len(text), -1, dtype=np.int16)
        sentence = np.full(len(text), -1, dtype=np.int64)
        features = {feature: np.full(len(text), -1, dtype=np.int16) for feature in values}
        begin = 0
        for number, line in enumerate(_lines(text)):
            end = begin + len(line)
            sentence[begin:end] = number
            if self.logprob(line) > -math.inf:
                here = 0
                for place, c in enumerate(self.tokenizer.encode(line).tolist(), start=begin):
                    slot[place] = slots.index(self._rule_of[here].split()[0])
                    if (here, c) in self._choice_at:
                        for feature, value in self._choice_at[here, c].features:
                            features[feature][place:end] = values[feature].index(value)
                    here = int(self.next[here, c])
            begin = end
        return Annotation(slots, slot, sentence, values, features)


def _lines(text: str) -> list[str]:
    """Split after every mark, and nowhere else (str.splitlines knows many more line ends)."""
    *whole, rest = text.split(MARK)
    return [line + MARK for line in whole] + [rest]

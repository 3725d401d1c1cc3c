"""Stories with holes: against sums over all that fit, and what a hole must not change."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from minigpt import storyland
from minigpt.storyland.holes import HOLE, read, settled, theme_of, theme_posterior
from minigpt.storyland.rules import END, MARK, Choice, Grammar

SMALL = Grammar(
    {
        "who": [Choice("a ", 3, "does"), Choice("bb ", 1, "does")],
        "does": [
            Choice("eat ", 1, "ends", (("theme", "food"),)),
            Choice("ask ", 2, "ends", (("theme", "words"),)),
            Choice(f"nap{MARK}", 1, END),
        ],
        "ends": [Choice(f"it{MARK}", 1, END), Choice(f"at{MARK}", 1, END)],
    }
)


def fits(line: str, sentence: str) -> bool:
    return len(line) == len(sentence) and all(a in (b, HOLE) for a, b in zip(line, sentence))


def test_states_and_weights_are_those_of_all_sentences_that_fit() -> None:
    """Lines of a grammar whose two ways of going on meet in one state."""
    mark = SMALL.tokenizer.encode(MARK)[0]
    for line in ("a ___ _t", "________", "a __t it", "bb n__", "_a", "a eat it"):
        _, state, weight = read(SMALL, [line])
        ends = float(weight @ SMALL.prob[state, mark])
        whole = {s[:-1]: p for s, p in SMALL.sentences()}
        told = sum(p for sentence, p in whole.items() if fits(line, sentence))
        prefixes = {s[: len(line)] for s in whole}
        seen = sum(np.exp(SMALL.logprob(start)) for start in prefixes if fits(line, start))
        assert ends == pytest.approx(told / seen if seen else 0)


def test_a_theme_is_as_probable_as_the_stories_that_fit() -> None:
    """All stories about Mia and something of her own, without the automaton."""
    lines, weights, themes = [], [], []
    for theme, (verbs, adjectives, nouns) in enumerate(storyland.THEMES.values()):
        for parts in itertools.product(*(x.split(", ") for x in (verbs, adjectives, nouns))):
            for owner in ("her", "the"):
                lines.append(f"mia {parts[0]}s {owner} {parts[1]} {parts[2]}")
                weights.append(np.exp(storyland.logprob(lines[-1] + MARK)))
                themes.append(theme)
    for shown in ("mia ___s her old ____", "mia _____ ___ ____ ____", "mia ____s her _o__ ____"):
        wanted = np.zeros(len(storyland.THEMES))
        for line, weight, theme in zip(lines, weights, themes):
            if fits(shown, line):
                wanted[theme] += weight
        assert np.count_nonzero(wanted) > 1
        assert theme_posterior([shown])[0] == pytest.approx(wanted / wanted.sum())


def test_themes_are_those_of_the_generator() -> None:
    text = storyland.generate(30_000, seed=1)
    notes = storyland.annotate(text)
    lines = text.split(MARK)[:-1]
    ends = np.cumsum([len(line) + 1 for line in lines]) - 1
    values = notes.values["theme"]
    told = [values[i] if i >= 0 else "" for i in notes.features["theme"][ends]]
    names = tuple(storyland.THEMES)
    wanted = [names.index(name) if name in names else -1 for name in told]
    assert theme_of(lines).tolist() == wanted


def test_the_odds_are_calibrated_and_a_hole_never_helps() -> None:
    """The mean loss is the mean entropy: with 2,000 lines they differ by 0.02 or less (one SD)."""
    lines = storyland.generate(120_000, seed=5).split(MARK)[:-1]
    theme = theme_of(lines)
    lines, theme = [x for x, t in zip(lines, theme) if t >= 0][:2000], theme[theme >= 0][:2000]
    rng = np.random.default_rng(1)
    losses = []
    for share in (0.0, 0.5, 0.7):
        said = theme_posterior(
            ["".join(HOLE if rng.random() < share else c for c in x) for x in lines]
        )
        assert said.sum(axis=1) == pytest.approx(1)
        losses.append(-np.log(said[np.arange(len(said)), theme]).mean())
        entropy = -np.where(said > 0, said * np.log(np.maximum(said, 1e-300)), 0).sum(axis=1).mean()
        assert abs(losses[-1] - entropy) < 0.1
    assert losses[0] == pytest.approx(0)
    assert losses[0] < losses[1] < losses[2]


def test_what_only_some_ways_settle_is_not_settled() -> None:
    found = settled(SMALL, "theme", ("food", "words"))
    start = SMALL.next[0, SMALL.tokenizer.encode("a")[0]]
    assert found[0] == found[start] == -1  # before the verb
    _, state, _ = read(SMALL, ["a eat i"])
    assert found[state].tolist() == [-1]  # "it" and "at" end all stories alike


def test_bad_lines_get_one_clear_line() -> None:
    with pytest.raises(ValueError, match="looks like 'ben naps'"):
        theme_posterior(["ben eats his cake", "ben naps"])
    with pytest.raises(ValueError, match="characters of stories and '_', got 'Ben'"):
        theme_posterior(["Ben"])
    with pytest.raises(ValueError, match="characters of stories"):
        theme_of(["ben naps\n"])

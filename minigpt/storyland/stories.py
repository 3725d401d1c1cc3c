"""Storyland: very short English stories from a small grammar whose entropy is known exactly.

Idea:   a story is one line, drawn independently of all others, so the entropy per character is the
        entropy of a line over its expected length. No model can lose less, and how far a model is
        from that floor is a number, not a guess. The grammar also gives the log-probability of any
        text, the true distribution of the next character, and labels of its own hidden state.
Source: Shannon 1948, section 7 (entropy of a source that is a finite automaton); renewal reward
        (per character = per line / characters per line). The stories are this repository's own.
Run:    python -m minigpt.train --data storyland
Omits:  anything longer than a line: lines that depended on each other would hide the floor again.

The mark that ends a story is the newline, which occurs nowhere else. What there is to learn beyond
three characters: the verb agrees with its subject (`ben rides`, `the boys ride`), the possessive
agrees with the subject across the verb (`her`, `his`, `its`, `their`), what is owned fits the verb
across possessive and adjective (one bakes a pie and rides a bike), and a mood chooses its verbs.
"""

from __future__ import annotations

from functools import cache

from minigpt.storyland.grammar_model import GrammarModel
from minigpt.storyland.rules import END, MARK, Annotation, Choice, Grammar

__all__ = [
    "MARK",
    "Annotation",
    "StorylandModel",
    "annotate",
    "entropy_per_char",
    "generate",
    "grammar",
    "grammatical",
    "logprob",
]

SUBJECTS = {
    "she": "mia, ann, eve, the hen, zoe, lily, the queen, ida, rose, the cow, the nurse, kate",
    "he": "ben, tom, the king, max, joe, hugo, the cook, sam, the monk, finn, the bull, otto",
    "it": "the fox, the owl, a cat, the frog, a robot, the wolf, a crow, the goat, a bear, the ant",
    "they": "the boys, two cats, the kids, my pals, six ants, the men, two hens, ten owls",
}
"""Person of the subject -> subjects, most frequent first; names are single words."""

THEMES = {
    "food": (
        "eat, bake, share, cook, taste, sell, slice, boil, chew, grill",
        "hot, ripe, new, cold, tiny, sour, big, raw, best, mild",
        "cake, soup, plum, pie, egg, jam, rice, fig, bean, corn, pear, nut",
    ),
    "clothes": (
        "wear, mend, fold, sew, dye, knit, iron, trim",
        "red, warm, blue, torn, wool, long, silk, grey, pink",
        "hat, coat, sock, cape, vest, gown, shoe, boot, belt, tie, robe, wig",
    ),
    "ride": (
        "ride, pull, steer, park, drive, race, rent, tow",
        "fast, old, slow, odd, tin, loud, red, huge, neat",
        "bike, cart, boat, sled, van, bus, tram, raft, jeep, ship",
    ),
    "pet": (
        "feed, pet, call, tame, groom, train, love, seek",
        "shy, wild, tiny, lazy, grey, wise, old, tame, fat",
        "dog, pony, duck, rat, lamb, crab, swan, toad, pig, mole, newt",
    ),
    "music": (
        "play, hear, tune, pluck, drop, lend, clean, dust",
        "loud, soft, deep, old, tin, fine, odd, high",
        "drum, harp, bell, horn, lute, song, gong, pipe, viol",
    ),
    "words": (
        "read, write, tell, print, quote, learn, spell, keep",
        "sad, long, odd, new, true, wise, old, dull",
        "tale, book, poem, note, joke, map, list, play, ode, plan",
    ),
}
"""What people do to things they own: verbs, adjectives, nouns; verbs take an s in the singular."""

PATHS = {
    "water": ("swim, row, sail, wade, dive", "in the, to the", "lake, sea, bay, pond, reef, fjord"),
    "height": (
        "climb, crawl, jump, creep",
        "up the, down the",
        "hill, oak, wall, mast, dune, roof",
    ),
    "land": ("run, walk, hop, trot, skip", "to the, past the", "barn, gate, mill, fair, inn, well"),
}
"""Ways to go somewhere: verbs, prepositions, places."""

MOODS = {
    "glad": ("glad, happy, merry, proud", "grins, sings, hums, beams, laughs"),
    "sad": ("sad, glum, tired, poor", "sighs, weeps, mopes, sobs, frowns"),
    "angry": ("angry, mad, cross, sour", "shouts, yells, howls, snaps, stamps"),
}
"""Adjectives before a name, and verbs for that mood (always singular)."""

INTRANSITIVE = "sing, nap, hum, nod, wink, rest, work, wait, yawn, sit, doze, grin"
TIMES = "at dawn, one day, today, at noon, at dusk, by night"
SPOTS = "gate, bed, desk, hut, fire, tent, door, pool"
OWNERS = {"she": "her", "he": "his", "it": "its", "they": "their"}


def _zipf(words: str, share: float) -> list[tuple[str, int]]:
    """(word, weight) with weights proportional to 1 / rank; `share` is in percent of the rule.

    The weights are integers (millionths of the rule), so that the grammar is exactly the same on
    every machine.
    """
    listed = words.split(", ")
    total = sum(1 / rank for rank in range(1, len(listed) + 1))
    return [(w, round(share * 10_000 / (i * total))) for i, w in enumerate(listed, start=1)]


def _subjects(then: str, share: float, persons: dict[str, float], names: bool) -> list[Choice]:
    """Subjects of these persons; `then`, with the person filled in, is the rule that follows."""
    choices = []
    for person, percent in persons.items():
        words = [w for w in SUBJECTS[person].split(", ") if not (names and " " in w)]
        for word, weight in _zipf(", ".join(words), share * percent / 100):
            features = (("person", person), ("subject", word))
            choices.append(Choice(f"{word} ", weight, then.format(person), features))
    return choices


def _verbs(person: str, words: str, share: float) -> list[tuple[str, int]]:
    """Verbs that agree with the person."""
    ending = "" if person == "they" else "s"
    return [(verb + ending, weight) for verb, weight in _zipf(words, share)]


def _themed(person: str, then: str, share: float) -> list[Choice]:
    """Verbs with an owned object; they determine the theme."""
    return [
        Choice(f"{verb} ", weight, f"{then} {person} {theme}", (("theme", theme),))
        for (theme, (verbs, _, _)), percent in zip(THEMES.items(), (28, 22, 18, 14, 10, 8))
        for verb, weight in _verbs(person, verbs, share * percent / 100)
    ]


def _last(words: str, share: float) -> list[Choice]:
    """Words that end the story."""
    return [Choice(word + MARK, weight, END) for word, weight in _zipf(words, share)]


def _rules() -> dict[str, list[Choice]]:
    """The whole grammar: rule -> its choices; the first word of a rule's name is its slot."""
    names = {"she": 50.0, "he": 50.0}
    everyone = {"she": 35.0, "he": 30.0, "it": 20.0, "they": 15.0}
    rules: dict[str, list[Choice]] = {}
    rules["start"] = [
        *_subjects("verb {}", 72, everyone, names=False),
        *[Choice(f"{time} ", weight, "name") for time, weight in _zipf(TIMES, 12)],
        *[
            Choice(f"{adjective} ", weight, f"moody {mood}", (("theme", mood),))
            for (mood, (adjectives, _)), percent in zip(MOODS.items(), (8, 5, 3))
            for adjective, weight in _zipf(adjectives, percent)
        ],
    ]
    rules["name"] = _subjects("do {}", 100, names, names=True)
    for mood, (_, verbs) in MOODS.items():
        rules[f"moody {mood}"] = _subjects(f"feel {{}} {mood}", 100, names, names=True)
        for person in names:
            rules[f"feel {person} {mood}"] = [
                *_last(verbs, 60),
                *[Choice(f"{v} by ", w, f"spot {person}") for v, w in _zipf(verbs, 40)],
            ]
    for person in everyone:
        moves = [
            Choice(f"{verb} ", weight, f"path {path}", (("theme", path),))
            for path, (verbs, _, _) in PATHS.items()
            for verb, weight in _verbs(person, verbs, 5)
        ]
        rests = _verbs(person, INTRANSITIVE, 100)
        rules[f"verb {person}"] = [
            *_themed(person, "own", 65),
            *moves,
            *[Choice(f"{verb}{MARK}", weight // 10, END) for verb, weight in rests],
            *[Choice(f"{verb} and ", weight // 10, "second") for verb, weight in rests],
        ]
        if person in names:
            rules[f"do {person}"] = [
                *_themed(person, "plain", 70),
                *_last(", ".join(verb for verb, _ in rests), 30),
            ]
    rules["second"] = _subjects("end {}", 100, names, names=True)
    for person, owner in OWNERS.items():
        for theme in THEMES:
            rules[f"own {person} {theme}"] = [
                Choice(f"{owner} ", 8, f"adjective {theme}", (("owner", owner),)),
                Choice("the ", 2, f"adjective {theme}", (("owner", "the"),)),
            ]
            if person in names:
                rules[f"plain {person} {theme}"] = [
                    Choice(f"{owner} ", 1, f"noun {theme}", (("owner", owner),))
                ]
        if person in names:
            rules[f"end {person}"] = _last(
                ", ".join(v for v, _ in _verbs(person, INTRANSITIVE, 1)), 100
            )
            rules[f"spot {person}"] = [
                Choice(f"{owner} {spot}{MARK}", weight, END, (("owner", owner),))
                for spot, weight in _zipf(SPOTS, 100)
            ]
    for theme, (_, adjectives, nouns) in THEMES.items():
        rules[f"adjective {theme}"] = [
            *_last(nouns, 40),
            *[Choice(f"{word} ", w, f"noun {theme}") for word, w in _zipf(adjectives, 60)],
        ]
        rules[f"noun {theme}"] = _last(nouns, 100)
    for path, (_, prepositions, places) in PATHS.items():
        rules[f"path {path}"] = [
            Choice(f"{word} ", w, f"place {path}") for word, w in _zipf(prepositions, 100)
        ]
        rules[f"place {path}"] = _last(places, 100)
    return rules


@cache
def grammar() -> Grammar:
    """The grammar of Storyland, compiled once."""
    return Grammar(_rules())


def generate(n_characters: int, seed: int = 0) -> str:
    """The first `n_characters` characters of an endless text; the last story may be cut.

    The same seed gives the same text on every machine, and a shorter text is a prefix of a longer.

    >>> print(generate(54, seed=7))
    the boys eat their cold jam
    happy zoe sings by her bed
    """
    return grammar().generate(n_characters, seed)


def entropy_per_char() -> float:
    """Entropy of the source, in nats per character (divide by ln 2 for bits): the least loss.

    It is the floor if the whole past is in view. Windows that begin without one cost any model more
    at their beginnings; `StorylandModel` on the same windows says how much.

    >>> round(entropy_per_char(), 4)
    0.4954
    """
    return grammar().entropy_per_char


def logprob(text: str, *, cut: bool = False) -> float:
    """Log-probability of `text` in nats; -inf if the grammar never writes it.

    The text begins where a story begins, or, with `cut=True`, at a random character of an endless
    text. It may end anywhere: all continuations are summed over.
    """
    return grammar().logprob(text, cut=cut)


def annotate(text: str) -> Annotation:
    """Labels of the generator's choices at each character of `text`; see `Annotation`."""
    return grammar().annotate(text)


def grammatical(text: str) -> float:
    """Share of the complete stories in `text` that the grammar can write; nan if there are none.

    >>> grammatical("ben rides his bike\\nben ride his bike\\nmia r")
    0.5
    """
    return grammar().grammatical(text)


class StorylandModel(GrammarModel):
    """The true distribution of the next character, as a `NextChar`."""

    def __init__(self, *, smoothing: float = 0.0) -> None:
        super().__init__(grammar(), smoothing=smoothing)

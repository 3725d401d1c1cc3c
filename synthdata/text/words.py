"""Words in any script: runs of letters, and single characters in scripts without spaces.

Idea:   Chinese, Japanese, Thai, Lao, Khmer and Burmese are written without spaces between words, so
        a run of letters is a clause and hardly recurs. In these scripts each character (grapheme)
        is a token; in all others, including Korean, a word is a run of letters. That is decided
        character by character, never for a file: no number depends on the order of texts, on a
        sample, or on the parts of a collection.
Source: Unicode Standard Annexes 24 (scripts), 14 (class SA: needs a dictionary to find words) and
        29 (grapheme clusters, by the `regex` package). tests/synthdata/test_tokens.py checks the
        table below against those properties.
Omits:  words of these scripts. Considered: the word breaks of Annex 29 (`regex`, flag WORD) leave
        Thai, similar scripts and katakana in one piece, and cut English elsewhere; ICU has
        dictionaries, but they change between releases, so that the same file has other numbers on
        another machine, and PyICU needs the C++ library and a compiler. For words, pass a
        tokeniser.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np
import regex

WITHOUT_SPACES = {
    "Han": "\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufad9"
    "\U00016fe3\U00016ff0-\U00016ff6\U00020000-\U0003ffff",
    "kana": "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9d"
    "\U0001aff0-\U0001affe\U0001b000-\U0001b168",
    "Thai": "\u0e01-\u0e3a\u0e40-\u0e4e",
    "Lao": "\u0e81-\u0ece\u0edc-\u0edf",
    "Khmer": "\u1780-\u17d3\u17d7\u17dc\u17dd",
    "Burmese": "\u1000-\u103f\u1050-\u108f\u109a-\u109d\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaa76"
    "\uaa7a-\uaa7f",
    "other Tai": "\u1950-\u1974\u1980-\u19c9\u1a20-\u1a7c\u1aa7\uaa80-\uaac2\uaadb-\uaadd"
    "\U00011700-\U0001172b\U0001173a\U0001173b\U00011740-\U00011746",
}
"""Letters and marks of scripts without spaces between words, without digits."""

MOSTLY = 0.5
"""Share of single characters from which passages and templates are those of characters."""

_ANY = "".join(WITHOUT_SPACES.values())
# marks without a script that may join such a letter: accents, voicing, variants, joiner
_HANGS_ON = "\u0300-\u036f\u3099\u309a\ufe00-\ufe0f\uff9e\uff9f\u200d\U000e0100-\U000e01ef"
_RUN = re.compile(f"([{_ANY}][{_ANY}{_HANGS_ON}]*)")
_HIGH = re.compile("[\u0e00-\U0010ffff]")  # the range of all of them: a quick no for most texts
_TIED = re.compile(
    "["
    + _HANGS_ON
    + "".join(v for k, v in WITHOUT_SPACES.items() if k not in ("Han", "kana"))
    + "]"
)
_SCRIPT = {name: re.compile(f"[{letters}]") for name, letters in WITHOUT_SPACES.items()}

# A word is a run of letters, marks and digits, with ' or - inside; a symbol such as an emoji is a
# word of its own; punctuation is not a word.
_WORD = regex.compile(
    r"[\p{L}\p{M}\p{N}_]+(?:['’\-][\p{L}\p{M}\p{N}_]+)*"
    r"|\p{Regional_Indicator}{2}|\p{So}[\p{M}\p{Sk}\u200d\p{So}]*"
)
_GRAPHEME = regex.compile(r"\X")
# If none of these occurs, every code point is a grapheme of its own (Annex 29, table 2).
JOINS = regex.compile(
    r"[\p{GCB=CR}\p{GCB=Extend}\p{GCB=ZWJ}\p{GCB=SpacingMark}\p{GCB=Prepend}"
    r"\p{GCB=Regional_Indicator}\p{GCB=L}\p{GCB=V}\p{GCB=T}]"
)


def words(text: str) -> list[str]:
    """The words of a text, without punctuation; a symbol (an emoji, say) is a word.

    >>> words("Don't panic! 42 \N{GRINNING FACE}")
    ["Don't", 'panic', '42', '😀']
    >>> words("GPT说：你好, 옛날 옛적에")
    ['GPT', '说', '你', '好', '옛날', '옛적에']
    """
    if text.isascii() or not _HIGH.search(text) or not _RUN.search(text):
        return _runs(text)
    alone = not _TIED.search(text)  # every letter of these scripts is a grapheme
    found: list[str] = []
    for place, part in enumerate(_RUN.split(text)):  # at odd places the runs without spaces
        if place % 2:
            found += part if alone else characters(part)
        elif part:
            found += _short(part) if len(part) < 4 else _runs(part)
    return found


def _runs(text: str) -> list[str]:
    found: list[str] = _WORD.findall(text)
    return found


@lru_cache(maxsize=1 << 12)
def _short(text: str) -> tuple[str, ...]:
    """The words between two clauses, cached: nearly always one of a few commas."""
    return tuple(_runs(text))


def characters(text: str) -> list[str]:
    """Characters as readers see them: extended grapheme clusters.

    >>> len(characters("e\\N{COMBINING ACUTE ACCENT}a"))
    2
    """
    if text.isascii():
        return list(text) if "\r" not in text else _GRAPHEME.findall(text)
    return _GRAPHEME.findall(text) if JOINS.search(text) else list(text)


def mixture(vocabulary: Sequence[str], counts: np.ndarray) -> dict[str, float]:
    """Share of the tokens that are single characters of each script without spaces.

    It takes each token once, with its count; scripts that do not occur are left out.

    >>> mixture(["hen", "山", "庙"], np.array([2, 1, 1]))
    {'Han': 0.5}
    """
    times: Counter[str] = Counter()
    for token, count in zip(vocabulary, counts.tolist()):
        if not token.isascii() and (name := _script(token)):
            times[name] += count
    total = int(counts.sum())
    return {name: times[name] / total for name in WITHOUT_SPACES if times[name]}


def count_scripts(texts: Sequence[str], tokens: Sequence[str]) -> Counter[str]:
    """Number of the texts' tokens that are single characters of each script without spaces."""
    text = "".join(texts)
    if text.isascii():
        return Counter()
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    letters = np.bincount(_kinds()[points], minlength=len(_KINDS)).tolist()
    found = Counter({name: n for name, n in zip(_KINDS, letters) if n and name in WITHOUT_SPACES})
    if set(found) <= {"Han", "kana"} and not (found and letters[_KINDS.index("hangs on")]):
        return found  # a letter is a token
    found = Counter()
    for token, times in Counter(tokens).items():
        if not token.isascii() and (name := _script(token)):
            found[name] += times
    return found


_KINDS = ("", *WITHOUT_SPACES, "hangs on")


@cache
def _kinds() -> np.ndarray:
    """Index in `_KINDS` of each code point."""
    table = np.zeros(0x110000, dtype=np.uint8)
    for kind, ranges in enumerate((*WITHOUT_SPACES.values(), _HANGS_ON), 1):
        for first, last in re.findall("(.)(?:-(.))?", ranges):
            table[ord(first) : ord(last or first) + 1] = kind
    return table


def _script(token: str) -> str:
    """The script without spaces of a token's first character; empty for all others."""
    if not _RUN.match(token):
        return ""
    return next(name for name, letters in _SCRIPT.items() if letters.match(token))


def mixture_note(found: dict[str, float]) -> str:
    """The mixture as a sentence; empty if every word is a run of letters."""
    if not found:
        return ""
    parts = ", ".join(f"{name} {share:.1%}" for name, share in found.items())
    return (
        f"{sum(found.values()):.1%} of the words are single characters, of scripts without spaces "
        f"between words ({parts})"
    )

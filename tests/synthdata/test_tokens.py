"""Normalisation and tokenisers: what counts as the same text, and what counts as a token."""

import re
import unicodedata

import numpy as np
import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from synthdata.text.tokens import TOKENISERS, Policy, encode, named
from synthdata.text.words import WITHOUT_SPACES, count_scripts, mixture_note, words

ARABIC = "لماذا عبرت الدجاجة الطريق"
FAMILY = "👨‍👩‍👧‍👦"
AWKWARD = [
    "",
    "a\r\nb",
    "e\u0301e\u0301",
    FAMILY + "x",
    "🇩🇪🇫🇷",
    "각",
    "नमस्ते",
    ARABIC,
    "a\0b",
    "从前有座山",
]


def decode(tokens, document):
    ids = tokens.ids[tokens.starts[document] : tokens.starts[document + 1]]
    return [tokens.vocabulary[i] for i in ids]


@pytest.mark.parametrize("tokeniser", sorted(TOKENISERS))
@given(texts=st.lists(st.one_of(st.text(), st.sampled_from(AWKWARD))))
def test_encoding_gives_back_the_tokenisers_own_tokens(tokeniser, texts):
    tokens = encode(texts, tokeniser)
    assert tokens.documents == len(texts)
    for number, text in enumerate(texts):
        assert decode(tokens, number) == list(TOKENISERS[tokeniser](text))


@given(st.one_of(st.text(), st.lists(st.sampled_from(AWKWARD)).map("".join)))
def test_characters_are_graphemes_on_the_fast_path_too(text):
    assert TOKENISERS["character"](text) == regex.findall(r"\X", text)


@given(st.lists(st.text()), st.randoms())
def test_vocabulary_does_not_depend_on_document_order(texts, random):
    shuffled = list(texts)
    random.shuffle(shuffled)
    for tokeniser in TOKENISERS:
        assert encode(texts, tokeniser).vocabulary == encode(shuffled, tokeniser).vocabulary


def test_select_takes_documents_in_the_order_asked():
    tokens = encode(["a b", "", "c d e"], "word")
    chosen = tokens.select(np.array([2, 1, 0, 2]))
    assert [decode(chosen, i) for i in range(4)] == [
        ["c", "d", "e"],
        [],
        ["a", "b"],
        ["c", "d", "e"],
    ]


def test_policy_makes_equal_what_it_says():
    assert Policy()("e\u0301  \n x ") == "é x"
    assert Policy(unicode="none")("e\u0301") == "e\u0301"
    assert Policy(case="fold")("Straße") == Policy(case="fold")("STRASSE")
    assert Policy(whitespace="keep")(" a  b ") == " a  b "
    assert Policy(unicode="NFKC")("ﬁ") == "fi"
    assert str(Policy()) == "NFC, case kept, white space collapsed"


@given(st.text(), st.sampled_from(["NFC", "NFKC"]), st.sampled_from(["keep", "fold"]))
def test_normalising_twice_changes_nothing_in_nfc(text, form, case):
    policy = Policy(unicode=form, case=case)
    once = policy(text)
    if form == "NFC" and case == "keep":
        assert policy(once) == once


def test_words():
    words = TOKENISERS["word"]
    assert words("Don't stop—well-known 3.14!") == ["Don't", "stop", "well-known", "3", "14"]
    assert words(ARABIC) == ARABIC.split()
    assert words("नमस्ते दुनिया") == ["नमस्ते", "दुनिया"]
    assert words(f"a {FAMILY}!") == ["a", FAMILY]
    assert words("?!…") == []


@pytest.mark.parametrize(
    "text",
    [
        "从前有座山",
        "昔々あるところに",
        "コーヒー",
        "กำลังใจน้ำ",
        "ພາສາລາວ",
        "ភាសាខ្មែរ",
        "မြန်မာဘာသာ",
        "か\u3099葛\U000e0100",
    ],
)
def test_scripts_without_spaces_are_taken_by_graphemes(text):
    assert words(text) == regex.findall(r"\X", text)
    assert words(f"GPT{text}，{text} end") == ["GPT", *words(text) * 2, "end"]
    assert sum(encode([text]).mixture.values()) == 1


@pytest.mark.parametrize(
    "text",
    ["옛날 옛적에", "once upon a time", ARABIC, "नमस्ते दुनिया", "", "🙂", "๒๕๖๗"],
)
def test_scripts_with_spaces_have_words(text):
    assert words(text) == text.split()
    assert encode([text]).mixture == {}


def test_the_scripts_without_spaces_are_unicodes():
    """The table of ranges holds the letters, marks and numbers of these properties, and no other.

    Not asked: letters that the Unicode version of the library does not know yet.
    """
    properties = {
        "Han": r"[\p{Han}\u3006]",
        "kana": r"[\p{Hiragana}\p{Katakana}\u30fc\uff70]",
        "Thai": r"[\p{Thai}&&\p{Line_Break=Complex_Context}]",
        "Lao": r"[\p{Lao}&&\p{Line_Break=Complex_Context}]",
        "Khmer": r"[\p{Khmer}&&\p{Line_Break=Complex_Context}]",
        "Burmese": r"[\p{Myanmar}&&\p{Line_Break=Complex_Context}]",
        "other Tai": r"[\p{Line_Break=Complex_Context}"
        r"--\p{Thai}--\p{Lao}--\p{Khmer}--\p{Myanmar}]",
    }
    assert set(properties) == set(WITHOUT_SPACES)
    every = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x110000)]))
    for name, expected in properties.items():
        wanted = set(regex.findall(rf"(?V1)[{expected}&&[\p{{L}}\p{{M}}\p{{N}}]]", every))
        found = set(re.findall(f"[{WITHOUT_SPACES[name]}]", every))
        assert wanted <= found, name
        assert {c for c in found - wanted if unicodedata.category(c)[0] in "LMN"} == set(), name


def test_a_mixture_is_told_and_does_not_depend_on_order():
    texts = ["once upon a time"] * 3 + ["从前有座山", "กำลังใจ"]
    shuffled = [texts[i] for i in (3, 0, 4, 1, 2)]
    found = encode(texts).mixture
    assert found == encode(shuffled).mixture
    assert found == {"Han": 5 / 22, "Thai": 5 / 22}
    assert mixture_note(found) == (
        "45.5% of the words are single characters, of scripts without spaces between words "
        "(Han 22.7%, Thai 22.7%)"
    )
    assert mixture_note({}) == ""
    assert encode(texts, "character").mixture == {}  # all of them are, by choice


def test_own_tokeniser_is_named():
    def syllables(text):
        return text.split("-")

    assert encode(["a-b", "b"], syllables).tokeniser == "syllables"
    assert encode(["a-b", "b"], syllables).vocabulary == ("a", "b")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: encode("one string"), "one string"),
        (lambda: encode(["a", None]), "document 1 is NoneType"),
        (lambda: named("sentence"), "no tokeniser 'sentence'"),
        (lambda: Policy(unicode="NFD"), "unicode is one of"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


JOINING = "ab \r\n\u0301\u0903\u0600\u200d👩🇩🇪👍🏽가ᄀ\u1161\u11a8क\u094dष\u093f\u0941\u093c中"


@settings(max_examples=300, deadline=None)
@given(texts=st.lists(st.text(st.sampled_from(JOINING), max_size=9), max_size=6))
def test_graphemes_are_those_of_annex_29(texts):
    """Runs are taken apart once for all documents; the oracle takes each document by itself."""
    found = encode(texts, "character")
    parts = [regex.findall(r"\X", text) for text in texts]
    assert [found.vocabulary[i] for i in found.ids] == [part for p in parts for part in p]
    assert found.starts.tolist() == [0, *np.cumsum([len(p) for p in parts]).tolist()]
    assert list(found.vocabulary) == sorted(found.vocabulary, key=lambda p: (len(p) > 1, p))


MIXED = st.lists(
    st.text(st.sampled_from("ab \u0301，。中々かガｶﾞ\u3099ก\u0e33ក\u17d2ក가'-1")), max_size=5
)


@given(MIXED)
def test_words_of_mixed_texts_are_counted_by_script_either_way(texts):
    tokens = encode(texts)
    counted = count_scripts(texts, [token for text in texts for token in words(text)])
    total = max(1, len(tokens.ids))
    assert {name: times / total for name, times in counted.items()} == tokens.mixture
    for text in texts:  # no letter is lost, none is taken twice
        assert "".join(words(text)) == "".join(regex.findall(r"[\p{L}\p{M}\p{N}'\-]", text)) or (
            set(text) & set("'-")
        )

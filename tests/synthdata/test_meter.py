"""The one-pass meter: exact parts exact in any order, kept and continued, memory kept."""

from __future__ import annotations

import builtins
import gzip
import math
import subprocess
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthdata.diversity import entropy, hill
from synthdata.panel.panel import measure
from synthdata.streaming import measures
from synthdata.streaming.meter import Meter, MeterConfig
from synthdata.streaming.sketch import Channel
from synthdata.text import chunks, hashing
from synthdata.text.words import characters, words

pytest.importorskip("datasketches")
SMALL = MeterConfig(ram=64 << 20, words="word")


def exact(texts: list[str], tokenise: Callable[[str], list[str]], order: int) -> Counter[Any]:
    """n-grams counted the slow way."""
    counted: Counter[Any] = Counter()
    for text in texts:
        tokens = tokenise(" ".join(unicodedata.normalize("NFC", text).split()))
        counted.update(tuple(tokens[i : i + order]) for i in range(len(tokens) - order + 1))
    return counted


def counts_in(channel: Channel) -> list[int]:
    assert channel.bottom.complete
    return sorted(channel.bottom.sample()[1].tolist())


TEXTS = st.lists(
    st.text(st.sampled_from("ab c\n\0é👩\u200d👧e\u0301中"), max_size=12)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    max_size=8,
)


# -- counting ---------------------------------------------


@settings(max_examples=150, deadline=None)
@given(texts=TEXTS)
def test_small_collections_are_counted_exactly(texts: list[str]) -> None:
    found = Meter(SMALL).update(texts)
    for name, tokenise, order in [
        ("words", words, 1),
        ("word pairs", words, 2),
        ("characters", characters, 1),
        ("character 5-grams", characters, 5),
    ]:
        expected = exact(texts, tokenise, order)
        assert counts_in(found.channels[name]) == sorted(expected.values()), name
        assert found.channels[name].total == expected.total()
    documents = Counter(" ".join(unicodedata.normalize("NFC", text).split()) for text in texts)
    assert counts_in(found.channels["documents"]) == sorted(documents.values())
    assert found.documents == len(texts)


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(st.sampled_from("ab \n"), min_size=20, max_size=120).filter(str.strip),
    size=st.integers(8, 40),
)
def test_a_document_longer_than_a_chunk_is_counted_as_one(text: str, size: int) -> None:
    """Pieces are cut at white space, so words and n-grams come out as if there were no cut."""
    text = " ".join(text[i : i + 5] for i in range(0, len(text), 5))  # no word longer than a piece
    whole = Meter(SMALL).update([text])
    parted = Meter(SMALL)
    number, length, _ = Cut(parted, size).count(text)
    policy = SMALL.policy(text)
    assert (number, length) == (hashing.text_hash(policy, SMALL.seed), len(policy))
    for name in SMALL.channels:
        assert counts_in(parted.channels[name]) == counts_in(whole.channels[name]), name


class Cut:
    """A meter whose pieces are `size` characters."""

    def __init__(self, parted: Meter, size: int) -> None:
        self.parted, self.size = parted, size

    def count(self, text: str) -> tuple[int, int, str]:
        class Config(MeterConfig):
            chunk = self.size  # type: ignore[assignment]

        self.parted.config = Config(ram=SMALL.ram, words=SMALL.words)
        return self.parted._count_long(text)


def test_pieces_without_white_space_are_cut_hard() -> None:
    assert list(chunks.pieces("abcdefgh", 3)) == ["abc", "def", "gh"]
    assert "".join(chunks.pieces("one two  three\nfour" * 9, 16)) == "one two  three\nfour" * 9


def test_chunks_are_bounded_both_ways() -> None:
    assert [len(c) for c in chunks.chunks(["x"] * 10_000, 1 << 20)] == [4096, 4096, 1808]
    assert [len(c) for c in chunks.chunks(["x" * 10] * 7, 25)] == [3, 3, 1]
    assert list(chunks.chunks([], 10)) == []


def test_the_order_inside_an_n_gram_counts() -> None:
    found = Meter(SMALL).update(["a b", "b a", "a b"])
    assert counts_in(found.channels["word pairs"]) == [1, 2]


# -- merge laws ---------------------------------------------


@settings(max_examples=25, deadline=None)
@given(a=TEXTS, b=TEXTS, c=TEXTS)
def test_meters_merge_in_any_order(a: list[str], b: list[str], c: list[str]) -> None:
    def of(*parts: list[str]) -> Meter:
        meters = [Meter(SMALL).update(part) for part in parts]
        for other in meters[1:]:
            meters[0].merge(other)
        return meters[0]

    at_once = Meter(SMALL).update(a + b + c)
    left = of(a, b, c)
    right = Meter(SMALL).update(a).merge(of(b, c))
    swapped = of(c, b, a)
    for other in (left, right, swapped):
        assert (other.documents, other.empty, other.characters) == (
            at_once.documents,
            at_once.empty,
            at_once.characters,
        )
        for name, channel in at_once.channels.items():
            twin = other.channels[name]
            assert twin.total == channel.total
            for mine, theirs in zip(channel.bottom.sample(), twin.bottom.sample()):
                np.testing.assert_array_equal(mine, theirs)
            assert twin.heavy_hitters() == channel.heavy_hitters()  # none dropped: exact too
            # Two things in one of 16,384 registers: HyperLogLog sees one, its HIP form two.
            assert twin.cardinality.get_estimate() == pytest.approx(
                channel.cardinality.get_estimate(), rel=0.01, abs=1.5
            )


def test_meters_of_different_settings_do_not_merge() -> None:
    with pytest.raises(ValueError, match="count different things: seed 0 and 1"):
        Meter(SMALL).merge(Meter(MeterConfig(ram=64 << 20, seed=1)))


def test_a_meter_that_has_counted_nothing_takes_over_what_was_decided() -> None:
    undecided = MeterConfig(ram=64 << 20)
    chinese = Meter(replace(undecided, words="character")).update(["山里有座庙"])
    assert Meter(undecided).merge(chinese).config.words == "character"
    assert chinese.merge(Meter(undecided)).documents == 1
    with pytest.raises(ValueError, match="tokeniser character and word"):
        chinese.merge(Meter(undecided).update(["a hen"]))


def test_what_comes_first_does_not_decide_what_a_word_is() -> None:
    texts = ["a hen crossed the road", "山里有座庙", "กำลังใจ"]
    one, two = (Meter(MeterConfig(ram=64 << 20)).update(t) for t in (texts, texts[::-1]))
    assert one.config == two.config
    assert counts_in(one.channels["words"]) == counts_in(two.channels["words"]) == [1] * 15
    assert one.mixture == two.mixture == {"Han": 5 / 15, "Thai": 5 / 15}
    again = Meter.from_bytes(one.to_bytes()).merge(two)
    assert (again.mixture, again.older_words) == (one.mixture, False)


@pytest.mark.parametrize("unit", ["word", "character"])
def test_meters_of_the_first_version_open_and_go_on(unit: str, tmp_path: Path) -> None:
    """Both were saved before words were single characters in scripts without spaces.

    word_1 holds 3 x tell me a joke, why did the hen cross the road?, don't ask, nothing, naïve
    café, 42; character_1 holds 山里有座庙 twice and 庙里有个和尚。; what is merged says so.
    """
    path = Path(__file__).parent / f"{unit}_1.meter.gz"
    data = gzip.decompress(path.read_bytes())
    old = Meter.from_bytes(data)
    assert (old.documents, old.config.words) == ((7, "word") if unit == "word" else (3, unit))
    assert old.channels["words"].total == (24 if unit == "word" else 17)
    assert old.older_words == (unit == "word")
    fresh = Meter(replace(old.config)).update(["tell me a joke", "山"])
    merged = Meter.from_bytes(fresh.merge(old).to_bytes())
    assert merged.older_words == (unit == "word")
    assert merged.documents == old.documents + 2


# -- measures ---------------------------------------------


def measured(texts: list[str]) -> dict[str, Any]:
    return {m.name: m for m in measures.measures(Meter(SMALL).update(texts))}


def test_measures_of_a_known_collection() -> None:
    found = measured(["tell a joke"] * 3 + ["sing a song"])
    assert found["documents_types"].value == 2
    assert found["words_total"].value == 12
    assert found["words_types"].value == 5
    assert found["documents_entropy"].value == pytest.approx(2 - 0.75 * math.log2(3))
    assert found["documents_total"].n == 4


@pytest.mark.parametrize("texts", [[], [""], ["", ""], ["  \n"]])
def test_nothing_to_measure_is_nan_with_a_reason(texts: list[str]) -> None:
    found = measured(texts)
    assert math.isnan(found["words_entropy"].value)
    assert "there are no words in" in found["words_entropy"].warnings[0]
    if not texts:
        assert math.isnan(found["documents_entropy"].value)


def test_one_document_and_all_equal() -> None:
    assert measured(["a b"])["documents_entropy"].value == 0
    assert math.isnan(measured(["a b"])["documents_hill2_source"].value)
    assert measured(["a b"] * 50)["documents_hill1_source"].value == 1
    assert measured(["a b"] * 50)["documents_entropy"].coverage == 1


def test_a_population_entropy_below_95_percent_coverage_is_called_a_lower_bound() -> None:
    found = measured([f"word{i}" for i in range(50)])["words_entropy_source"]
    assert "lower bound" in found.warnings[0]


def test_the_commonest_things_have_their_texts() -> None:
    found = Meter(SMALL).update(["the same joke"] * 40 + [f"story {i}" for i in range(30)])
    top = found.channels["documents"].heavy_hitters()[0]
    assert top[1] == 40
    assert found.channels["documents"].labels[top[0]] == "the same joke"
    pairs = found.channels["word pairs"]
    assert {pairs.labels[h] for h, _ in pairs.heavy_hitters()[:2]} == {"the same", "same joke"}


# -- keeping ---------------------------------------------


def test_saved_and_continued_is_as_if_never_stopped(tmp_path: Path) -> None:
    texts = [f"row {i % 37} of {i}" for i in range(500)]
    half = Meter(SMALL).update(texts[:250])
    half.save(tmp_path / "half.meter")
    again = Meter.load(tmp_path / "half.meter").update(texts[250:])
    whole = Meter(SMALL).update(texts)
    assert (again.documents, again.characters) == (whole.documents, whole.characters)
    for name, channel in whole.channels.items():
        for mine, theirs in zip(channel.bottom.sample(), again.channels[name].bottom.sample()):
            np.testing.assert_array_equal(mine, theirs)
        assert again.channels[name].heavy_hitters() == channel.heavy_hitters()


def test_bytes_are_a_function_of_what_was_counted() -> None:
    made = Meter(SMALL).update(["a b c", "中文 text"])
    assert Meter.from_bytes(made.to_bytes()).to_bytes() == made.to_bytes()


def test_damaged_and_foreign_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.meter"
    Meter(SMALL).update(["a"]).save(path)
    data = bytearray(path.read_bytes())
    data[-100] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"a\.meter is damaged"):
        Meter.load(path)
    path.write_bytes(b"something else")
    with pytest.raises(ValueError, match="not a meter file"):
        Meter.load(path)


def test_settings_check_themselves() -> None:
    with pytest.raises(ValueError, match="the least that works is 64M"):
        MeterConfig(ram=1 << 20)
    with pytest.raises(ValueError, match="no tokeniser 'bpe'"):
        MeterConfig(words="bpe")
    with pytest.raises(ValueError, match="2 to 16"):
        MeterConfig(order=1)
    with pytest.raises(ValueError, match="seed"):
        MeterConfig(seed=-1)


def test_without_datasketches_the_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def importing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "datasketches":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", importing)
    with pytest.raises(ValueError, match=r"pip install -e '\.\[scale\]'"):
        Meter()


RSS = """
import re, sys
import numpy as np, regex, scipy.special, datasketches
from synthdata.io.rows import ReadConfig
from synthdata.streaming import measures, scale
from synthdata.streaming.meter import Meter, MeterConfig
def peak():  # of this process alone; ru_maxrss also remembers what its parent had
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024
Meter(MeterConfig(ram=64 << 20)).update(["warm up"])
before = peak()
config = MeterConfig(ram=int(sys.argv[2]))
meter = scale.meter_files([sys.argv[1]], ReadConfig(max_row=config.largest_row), config)
measures.measures(meter)
print(peak() - before, meter.documents)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("kind", "ram", "rows"),
    [
        ("many rows", 64, 20_000),
        ("long rows", 64, 2),
        ("many rows", 256, 40_000),
        ("long rows", 256, 1),
    ],
)
def test_memory_stays_within_the_budget(tmp_path: Path, kind: str, ram: int, rows: int) -> None:
    """Sketches full and chunks at their largest; `ram` in MB, 256 is what the command defaults to.

    Long rows are as long as the limit allows (a sixteenth of `ram`), in characters of four bytes.
    """
    rng = np.random.default_rng(0)
    with (tmp_path / "a.txt").open("w") as file:
        if kind == "many rows":
            for _ in range(rows // 2000):
                numbers = rng.integers(0, 1 << 40, (2000, 20))
                file.writelines(" ".join(map(str, row)) + "\n" for row in numbers.tolist())
        else:
            row = " ".join(map(str, rng.integers(0, 1 << 40, ram * 5000).tolist()))
            for _ in range(rows):
                file.write(row[: (ram << 16) - 8] + "👩\n")
    assert (tmp_path / "a.txt").stat().st_size > 0.9 * rows * (
        250 if kind == "many rows" else ram << 16
    )
    done = subprocess.run(
        [sys.executable, "-c", RSS, str(tmp_path / "a.txt"), str(ram << 20)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    above, documents = map(int, done.stdout.split())
    assert documents == rows
    assert ram << 18 < above < ram << 20, above / 2**20


def test_coverage_in_one_pass_is_that_of_independent_draws_and_says_so() -> None:
    for text in ("a " * 18 + "b", "a", "a a", "a a b b c", "a b c"):
        _, counts = np.unique(text.split(), return_counts=True)
        found = measured([text])["words_types"]
        assert found.coverage == hill.coverage(counts)
        assert "as independent draws" in found.method
        assert "as independent draws" not in measured([text])["documents_types"].method


def test_one_pass_and_panel_agree_where_names_agree() -> None:
    texts = ["tell a joke about a hen"] * 3 + ["sing a song", "tell a tale of a hen"]
    stream, panel = measured(texts), measure(texts)
    shared = sorted(set(stream) & set(panel))
    assert {"words_entropy", "words_entropy_source", "documents_entropy_source"} <= set(shared)
    counts = Counter(" ".join(texts).split())
    once = entropy.chao_wang_jost(np.array(list(counts.values())))
    assert stream["words_entropy_source"].value == pytest.approx(once, abs=1e-9)
    for name in shared:
        # one pass cannot take off the bias over documents, of which single draws have none
        if not name.endswith("_source") or name.startswith("documents"):
            assert stream[name].value == pytest.approx(panel[name].value, abs=1e-9), name
        estimator = "Chao-Wang-Jost" if name.endswith("_source") else "plug-in"
        assert stream[name].method.startswith(estimator), name
        assert panel[name].method.startswith(estimator), name
    assert stream["words_entropy"].value < stream["words_entropy_source"].value - 0.01


def test_different_documents_are_not_said_to_repeat() -> None:
    """60,000 different ones, 16,384 sampled: estimates alone say so in half of all seeds."""
    for seed in range(3):
        meter = Meter(replace(SMALL, seed=seed)).update(str(i) for i in range(60_000))
        found = {m.name: m for m in measures.measures(meter)}
        types = found["documents_types"]
        assert types.value <= 60_000
        assert types.high <= 60_000
        assert found["documents_types_hyperloglog"].value <= 60_000
        assert types.coverage >= 0
        assert measures.counts_of(meter.channels["documents"]).exact is False

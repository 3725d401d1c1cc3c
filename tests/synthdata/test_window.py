"""A common window makes short and long documents alike; a note says where they are not."""

import json

import numpy as np
import pytest

from synthdata import __main__ as command
from synthdata.comparison.compare import compare
from synthdata.comparison.window import common_window, cut
from synthdata.text.tokens import encode
from synthdata.verdicts.against import of_comparison
from synthdata.verdicts.gate import gate


def words(n, length, rng, types=100):
    return [" ".join(f"w{i}" for i in rng.integers(0, types, length)) for _ in range(n)]


def test_the_window_is_a_quarters_length_of_the_shorter_side():
    texts = [" ".join("w" * n) for n in (1, 2, 3, 4, 5, 6, 7, 8, 20, 30, 40, 2)] + [""]
    window, kept = common_window(encode(texts, "word"), 8)
    assert window == 2  # of 1 to 8 a quarter is shorter than 2 or as short as it
    assert kept.tolist() == [False] + [True] * 11 + [False]
    window, kept = common_window(encode(texts, "word"), 12)
    assert kept[12]  # a side without a word keeps its documents: there is nothing to cut
    empty, kept = common_window(encode(["", ""], "word"), 1)
    assert (empty, kept.tolist()) == (1, [True, True])


def test_documents_are_cut_to_their_first_words():
    tokens = encode(["a b c d", "e", "f g h"], "word")
    short = cut(tokens, 2)
    assert [short.vocabulary[i] for i in short.ids] == ["a", "b", "e", "f", "g"]
    assert short.starts.tolist() == [0, 2, 3, 5]


def test_a_window_compares_the_same_first_words():
    # The same documents beside themselves with a tail of other words: with a window nothing
    # differs, and without it everything does.
    rng = np.random.default_rng(1)
    one = words(40, 10, rng)
    two = [text + " " + tail for text, tail in zip(one, words(40, 30, rng, 2000))]
    found = compare(one, two, match="window", permutations=19)
    assert found.matched == "first 10 words of each, 40 documents"
    for name in ("hill0", "hill1", "hill2", "self_bleu"):
        difference = found.differences[name]
        assert difference.synthetic == pytest.approx(difference.reference)
        assert difference.p == 1
    assert found.lengths == (10, 10)
    assert found.notes == ()
    assert found.measures["support_recall"].value == 1
    assert compare(one, two, match="size", permutations=0).measure("hill0_ratio").value < 0.5


def test_shorter_documents_are_left_out_with_their_groups():
    rng = np.random.default_rng(2)
    one = words(30, 12, rng) + words(6, 3, rng)
    two = words(50, 12, rng)
    groups = [i // 3 for i in range(36)]
    found = compare(one, two, match="window", groups=groups, permutations=9)
    assert found.documents == (30, 50)
    assert found.units == (10, 50)
    assert found.matched.startswith("first 12 words of each")
    assert found.measures["copied"].n == 36  # whole documents, whatever their length


@pytest.mark.parametrize(
    ("one", "two"), [([""] * 3, ["a b", "c"]), (["a"], ["b"]), (["", "x y"], [""]), (["?"], ["!"])]
)
def test_awkward_windows_have_an_answer(one, two):
    for difference in compare(one, two, match="window", permutations=9).differences.values():
        assert difference.ratio.warnings or np.isfinite(difference.ratio.value)


def test_a_note_where_mean_lengths_differ():
    rng = np.random.default_rng(3)
    short, long = words(60, 20, rng), words(60, 27, rng)
    assert compare(short, words(60, 26, rng), permutations=0).notes == ()
    found = compare(short, long, permutations=199)
    assert found.unlike_lengths
    for part in ("20 words on average", "27", "self_bleu_difference", "--match window"):
        assert part in found.notes[0]
    verdict = of_comparison(found)
    assert verdict.confidence == "low"
    assert "that alone changes these numbers" in verdict.because
    assert gate(short, ["hill1_ratio>=0.1"], reference=long).notes == found.notes
    assert gate(short, ["hill1_ratio>=0.1"], reference=long, match="window").notes == ()
    assert gate(short, ["self_bleu<=1"]).notes == ()


def test_the_commands_show_the_note_and_take_the_window(tmp_path, capsys):
    rng = np.random.default_rng(4)
    paths = []
    for name, length in (("a", 20), ("b", 60)):
        paths.append(str(tmp_path / f"{name}.jsonl"))
        rows = [json.dumps({"text": text}) for text in words(40, length, rng)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(rows))

    def run(*args):
        with pytest.raises(SystemExit) as stop:
            command.main([args[0], paths[0], "--ref", paths[1], *args[1:]])
        return stop.value.code, " ".join(capsys.readouterr().out.split())

    rule = ("--rule", "hill1_ratio>=0.5")
    for args, answer in ((("compare",), 0), (("gate", *rule), 2)):  # what is not like with like
        code, out = run(*args, "--json")
        assert code == answer
        assert out.count("20 words on average stand beside documents of 60") >= 2
        assert "documents of 60" in json.loads(out[out.index('{"schema"') :])["unlike"][0]
        code, out = run(*args, "--match", "window", "--json")
        assert code == 0
        assert "stand beside" not in out
        assert json.loads(out[out.index('{"schema"') :])["unlike"] == []
    assert "first 20 words of each" in run("compare", "--match", "window")[1]

"""What a notebook calls: predictions that stay, figures with their text, verdict beside them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from labkit import figures
from lessons.engine import notebook
from lessons.engine.experiment import find
from lessons.engine.ledger import records

Shown = list[tuple[dict[str, Any], dict[str, Any]]]


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COGNITIVE_CORE_WORK", str(tmp_path))
    monkeypatch.setenv("COGNITIVE_CORE_PROFILE", "ci")
    return tmp_path


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    """What cells display, in order: (data, metadata)."""
    found: Shown = []

    class Handle:
        def update(self, data: dict[str, Any], **_: Any) -> None:
            found.append((data, {}))

    def display(data: dict[str, Any], *, metadata: Any = None, **_: Any) -> Handle:
        found.append((data, metadata or {}))
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    return found


def words(shown: Shown) -> str:
    return "\n".join(data.get("text/markdown", "") for data, _ in shown)


def predictions(work: Path) -> Any:
    return json.loads((work / "predictions.json").read_text(encoding="utf-8"))


def test_dots_are_no_prediction(work: Path, shown: Shown) -> None:
    notebook.predict("next_character", ..., criterion=2)
    assert "No prediction yet" in words(shown)
    assert not (work / "predictions.json").exists()


def test_the_first_prediction_stays(work: Path, shown: Shown) -> None:
    for number in (1.5, 1.5, 2):
        notebook.predict("next_character", number, criterion=2)
    kept = predictions(work)["next_character"]["2"]
    assert [row["value"] for row in kept] == [1.5, 2]
    assert "Your first prediction was 1.5, and it stays" in words(shown)


@pytest.mark.parametrize("bad", ["two", True, [1], float("nan"), float("inf")])
def test_a_prediction_is_a_finite_number(work: Path, shown: Shown, bad: Any) -> None:
    with pytest.raises(ValueError, match="a prediction is"):
        notebook.predict("next_character", bad)


def test_an_unreadable_file_of_predictions_says_which(work: Path, shown: Shown) -> None:
    (work / "predictions.json").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match=r"predictions\.json is not JSON: line 1"):
        notebook.predict("next_character", 1.0)


def test_a_figure_is_shown_with_its_text(shown: Shown) -> None:
    figure, ax = figures.new()
    ax.plot([1, 2])
    notebook.show(figure, alt="a line that rises", caption="It rises.")
    (data, metadata), (caption, _) = shown
    assert metadata["image/png"]["alt"] == data["text/plain"] == "a line that rises"
    assert caption["text/markdown"] == "*It rises.* In words: a line that rises"
    picture = base64.b64decode(data["image/png"])
    assert b"a line that rises" in picture
    assert len(picture) < len(figures.png(figure, alt="a line that rises"))


def test_a_figure_without_a_text_is_refused(shown: Shown) -> None:
    with pytest.raises(ValueError, match="alternative text"):
        notebook.show(figures.new()[0], alt=" ")


def test_a_picture_is_drawn_in_a_block_and_says_what_was_drawn(shown: Shown) -> None:
    caption = "One seed."
    with notebook.picture(x="steps", y="loss", title="It falls", alt="A.", caption=caption) as ax:
        ax.plot([1, 2], [3, 2], label="GPT")
    (data, _), (below, _) = shown
    assert data["text/plain"] == "A. It falls. Loss by steps: GPT 3 at 1, 2 at 2."
    assert below["text/markdown"] == f"*One seed.* In words: {data['text/plain']}"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["GPT"]
    with notebook.picture(columns=2) as (left, right):
        left.bar(["a"], [1])
        right.plot([1], [2], label="two")
    assert shown[2][0]["text/plain"] == "a 1. two 2 at 1."


def test_a_legend_that_was_made_stays_and_an_axis_keeps_its_name(shown: Shown) -> None:
    with notebook.picture(y="loss") as ax:
        ax.set_xlabel("steps")
        ax.plot([1], [2], label="GPT")
        made = ax.legend(title="mine")
    assert ax.get_legend() is made
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("steps", "loss")


def test_a_picture_without_lines_needs_words(shown: Shown) -> None:
    with pytest.raises(ValueError, match="alternative text"), notebook.picture() as ax:
        ax.imshow([[1]])
    with pytest.raises(KeyError), notebook.picture(alt="never shown"):
        raise KeyError
    assert not shown


def test_source_shows_the_function_and_its_file(capsys: pytest.CaptureFixture[str]) -> None:
    from minigpt.sample import draw

    notebook.source(draw)
    printed = capsys.readouterr().out
    assert printed.startswith("# minigpt/sample/streams.py\ndef draw(")
    assert printed.endswith("sum(1)\n")


def test_the_verdict_stands_beside_the_prediction(
    work: Path, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With made-up evidence, of which the interval is known: mean 2, all seeds alike."""
    claim = find("next_character")
    made = {
        "measure": lambda profile, seed: {"numbers": [0.001, 2.0]},
        "values": lambda one: one["numbers"],
        "draw": lambda found: (figures.new()[0], "nothing drawn."),
    }
    for name, function in made.items():  # the settings are frozen: go around them
        monkeypatch.setitem(claim.__dict__, name, function)
    notebook.predict("next_character", 1.25, criterion=2)
    found = notebook.experiment("next_character", range(3))
    assert [one["seed"] for one in found] == [0, 1, 2]
    (row,) = [line for line in words(shown).splitlines() if "| 1.25 |" in line]
    assert row.endswith("| 1.25 | 2 [2, 2] | **reproduced** |")
    assert "its numbers prove nothing" in words(shown)
    assert [one["seed"] for one in notebook.experiment("next_character")] == [claim.first_seed]
    assert "**no verdict below 3 seeds**" in words(shown)
    monkeypatch.setitem(claim.__dict__, "first_seed", 10)
    assert [one["seed"] for one in notebook.experiment("next_character")] == [10]


def test_a_table_groups_what_is_asked_of_several_things(work: Path) -> None:
    claim = find("model_collapse")
    rows = claim.judge(records.published("model_collapse"))
    notebook.predict("model_collapse", 0.25, criterion=9)
    lines = notebook._table(claim, rows).splitlines()[2:]
    heads = [line for line in lines if line.startswith("| **")]
    assert [head.split("|")[1].split(":")[0].strip(" *") for head in heads] == [
        "replace",
        "accumulate",
        "fresh",
    ]
    assert len(lines) == len(rows) + len(heads) + 1
    (mine,) = [line for line in lines if "| 0.25 |" in line]
    assert lines.index(mine) == lines.index(heads[2]) + 1
    assert mine.startswith("| multinomial |")


def test_scaled_is_small_only_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COGNITIVE_CORE_PROFILE", "ci")
    assert notebook.scaled(300, ci=20) == 20
    monkeypatch.delenv("COGNITIVE_CORE_PROFILE")
    assert notebook.scaled(300, ci=20) == 300


def test_nothing_published_is_said_so(
    work: Path, shown: Shown, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "lessons.engine.ledger.records.own_hash", lambda _: "code nobody has measured"
    )
    with pytest.raises(ValueError, match=r"nothing is published yet .* experiment\("):
        notebook.experiment("next_character", published=True)

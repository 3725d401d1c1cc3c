"""Text sources: unbiased streams, exact distances, n-gram and GPT chains, curating."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from minigpt import corpora, storyland
from minigpt.corpora import Corpus
from minigpt.layers import GPTConfig
from minigpt.ngram import NGram
from minigpt.storyland import StorylandModel
from minigpt.tokenizer import CharTokenizer
from synthdata.collapse import Sampler, chain, collapse, regime
from synthdata.collapse.sources.passages import Passages
from synthdata.collapse.sources.texts import GPTSource, NGramSource, Stories, tiny, write_lines


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def corpus(text: str) -> Corpus:
    return Corpus(name="mine", title="", text=text, sha256="", source="", licence="")


def test_real_stories_are_whole_and_the_grammars() -> None:
    found = Stories().real(500, rng())
    assert len(found) == 500
    assert storyland.grammatical(Stories().joined(found)) == 1
    assert found != Stories().real(500, rng(1))
    assert found == Stories().real(500, rng())


def test_the_truth_writes_stories_as_long_as_its_own() -> None:
    """Streams that stopped at a fixed length would drop long stories. 3,072 stories by the true
    model; their mean length within four standard errors of the exact one (false alarm 6e-5)."""
    model = StorylandModel()
    found = write_lines(model, 3072, rng(), Sampler(), longest=200)
    assert len(found) == 3072  # 256 streams, 12 each: none stopped early
    assert storyland.grammatical("\n".join(found) + "\n") == 1
    lengths = np.array([len(story) + 1 for story in found])
    error = lengths.std(ddof=1) / math.sqrt(len(lengths))
    assert abs(lengths.mean() - storyland.grammar().mean_length) < 4 * error


def test_a_model_that_never_ends_a_line_is_cut() -> None:
    model = NGram.fit("aaaa", alphabet(), order=1)
    found = write_lines(model, 6, rng(), Sampler(temperature=0), streams=4, longest=9)
    assert found == ["aaaaaaaaa"] * 6


def alphabet() -> CharTokenizer:
    return StorylandModel().tokenizer


def test_the_truth_is_at_distance_zero_and_an_uninformed_model_where_arithmetic_says() -> None:
    found = Stories(judges=200).distance(StorylandModel())
    # beginning after a mark, the model knows where it is; float32 logarithms
    assert abs(found["kl"]) < 1e-6
    entropy = storyland.entropy_per_char() / math.log(2)
    assert math.isclose(found["cross_entropy"], entropy + found["kl"])


def test_distance_is_what_a_direct_sum_gives() -> None:
    """Story by story, character by character, with an n-gram."""
    stories = Stories(judges=50)
    model = NGram.fit(storyland.generate(5000), stories.tokenizer, order=3)
    listed = storyland.generate(50_000, 20_261_122).split("\n")[:50]
    own = true = characters = 0.0
    for story in listed:
        ids = model.tokenizer.encode(f"\n{story}\n").astype(np.int64)
        logprobs = model.logprobs(ids[None, :-1])[0]
        own -= float(logprobs[np.arange(len(ids) - 1), ids[1:]].sum())
        true -= storyland.logprob(story + "\n")
        characters += len(story) + 1
    expected = (own - true) / characters / math.log(2)
    assert stories.distance(model)["kl"] == pytest.approx(expected, abs=1e-5)


def test_a_model_with_a_short_view_is_judged_as_it_writes() -> None:
    """A story longer than the context: the same as a model that sees it all, if nothing further
    back than the context matters (order 2 looks one character back)."""

    class Short(NGram):
        context = 5  # type: ignore[assignment]

    stories = Stories(judges=20)
    text = storyland.generate(3000)
    short, full = (kind.fit(text, stories.tokenizer, order=2) for kind in (Short, NGram))
    assert stories.distance(short) == pytest.approx(stories.distance(full))


def test_passages_begin_lines_do_not_overlap_and_leave_the_held_out_tenth_alone() -> None:
    text = "".join(f"line {i} of the text\n" for i in range(2000))
    passages = Passages(corpus=corpus(text), length=100)
    found = passages.passages
    places = [corpus(text).train.find(p) for p in found]
    assert all(b - a >= 100 for a, b in pairwise(places))
    assert all(p == 0 or text[p - 1] == "\n" for p in places)
    assert all(p + 100 <= len(corpus(text).train) for p in places)
    assert len(set(passages.real(len(found), rng()))) == len(found)
    size, n = len(text), len(found)
    advice = f"make {n} passages of 100, fewer than the {n + 1} .* use --n {n} or less"
    with pytest.raises(ValueError, match=advice):
        passages.real(n + 1, rng())
    with pytest.raises(ValueError, match="a text of about") as stopped:
        passages.real(2 * n, rng())
    advised = int(re.findall(r"about ([\d,]+)", str(stopped.value))[0].replace(",", ""))
    assert 2 * size <= advised <= 2 * size + 1
    longer = Passages(corpus=corpus((text * 3)[: advised + 200]), length=100)
    assert len(longer.real(2 * n, rng())) == 2 * n


def test_a_text_too_short_for_any_round_is_told_what_would_do() -> None:
    """No smaller --n helps where there are not two passages; the length that is named is enough."""
    with pytest.raises(ValueError, match=r"^mine has 1,100 characters, too few for two") as stopped:
        Passages(corpus=corpus("x" * 1100))
    enough = int(re.findall(r"at least ([\d,]+)", str(stopped.value))[0].replace(",", ""))
    # the worst there can be: a line end as late as it is looked for
    for text in ("x" * enough, "x" * 999 + "\n" + "x" * (enough - 1000)):
        assert len(Passages(corpus=corpus(text)).passages) >= 2


def test_text_without_line_ends_is_cut_anyway() -> None:
    assert len(Passages(corpus=corpus("abc " * 500), length=100).passages) == 18


@pytest.mark.parametrize("bad", [{"length": 3}, {"corpus": corpus("x")}])
def test_passages_say_what_is_wrong(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"passage|longer text"):
        Passages(**{"corpus": corpus("abc " * 500), **bad})  # type: ignore[arg-type]


def test_an_ngram_drifts_under_replace_less_under_accumulate_and_not_on_real_text() -> None:
    """On 40 passages of Python's reference; the control is new real text in every round."""
    text = corpora.load("python-docs").text[:60_000]
    source = NGramSource(Passages(corpus=corpus(text), judges=4000), n=40, order=4)
    table = collapse(source, regimes=["replace", "accumulate", "real"], generations=3, seeds=3)
    end = {r: table.values(r, "cross_entropy")[:, -1] for r in table.regimes}
    start = table.values("replace", "cross_entropy")[:, 0]
    assert (end["replace"] > end["accumulate"]).all()
    assert (end["accumulate"] > start).all()
    assert (abs(end["real"] - start) < (end["accumulate"] - start)).all()
    # invented words push the count of types up while real ones are lost: both are reported
    assert (np.diff(table.values("replace", "real_types"), axis=1) < 0).all()
    assert (table.values("replace", "types")[:, -1] > table.values("replace", "types")[:, 0]).all()
    assert set(table.units) == {"cross_entropy", "types", "real_types", "entropy", "texts"}


def test_curating_keeps_near_duplicates_out() -> None:
    source = NGramSource(Stories(judges=20), n=120, order=12)
    cold = Sampler(temperature=0.2)
    plain, curated = (
        list(chain(source, regime(kind), sampler=cold, generations=1, seed=0))[-1].data
        for kind in ("replace", "curated")
    )
    assert len(set(curated)) == len(curated) <= 120
    assert len(set(plain)) < len(plain)


def small() -> GPTSource:
    shape = GPTConfig(n_layer=1, n_head=2, n_embd=16, context=16)
    config = replace(tiny(), steps=8, batch_size=8, model=shape)
    return GPTSource(Stories(judges=30, streams=30), n=60, config=config)


def test_a_gpt_chain_is_deterministic_and_keeps_its_alphabet() -> None:
    run = [list(chain(small(), regime("replace"), generations=2, seed=1)) for _ in range(2)]
    assert [g.measures for g in run[0]] == [g.measures for g in run[1]]
    assert run[0][2].written == run[1][2].written
    alphabets = {g.model.tokenizer.characters for g in run[0]}
    assert alphabets == {Stories().tokenizer.characters}
    assert run[0][1].data == run[0][0].written
    assert run[0][1].model.fingerprint != run[0][2].model.fingerprint


def test_a_gpt_learns_from_a_text_shorter_than_it_sees() -> None:
    """The coldest sampler leaves one text to curate; the chain goes on all the same."""
    cold = Sampler(temperature=0)
    for step in chain(small(), regime("curated"), sampler=cold, generations=2, seed=0):
        assert math.isfinite(step.measures["kl"])
    assert step.data == list(dict.fromkeys(step.data))  # nothing twice
    assert small().fit(["ab"], rng()).tokenizer.characters == Stories().tokenizer.characters


def test_a_gpt_learns_from_its_data() -> None:
    """More steps, nearer to the truth; a chain of untrained models would show nothing."""
    source = small()
    longer = GPTSource(source.texts, n=60, config=replace(source.config, steps=40))
    near, far = (
        next(chain(s, regime("replace"), generations=1, seed=0)).measures["kl"]
        for s in (longer, source)
    )
    assert near < far < math.log2(len(Stories().tokenizer))


@pytest.mark.parametrize("make", [lambda: NGramSource(Stories(), n=1), lambda: GPTSource(n=0)])
def test_a_round_of_text_has_two_texts(make: object) -> None:
    with pytest.raises(ValueError, match="at least 2 texts"):
        make()  # type: ignore[operator]


def test_orders_are_checked() -> None:
    with pytest.raises(ValueError, match="1 to 20"):
        NGramSource(Stories(), order=0)

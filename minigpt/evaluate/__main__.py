"""Measure a trained model on a text, beside counting and beside both together.

Run:    python -m minigpt.evaluate [RUN]            a network, counting, and both together
        python -m minigpt.evaluate [RUN] --adapt    and what learning while reading reaches
Idea:   loss.py has the loss itself; here are the command line and what is printed.
"""

from __future__ import annotations

if __name__ == "__main__":
    from labkit import command

    command.stoppable("minigpt.evaluate")

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import tyro

from labkit import command
from minigpt.evaluate.loss import Score, copied, score, surprisal
from minigpt.nextchar import NextChar
from minigpt.ngram import NGRAM_LIMIT, NGram

if TYPE_CHECKING:
    from minigpt.corpora import Corpus
    from minigpt.load import Predictor


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Measure a trained model on a text: nats and bits per character, perplexity, copying."""

    run: Annotated[str | None, tyro.conf.Positional, tyro.conf.arg(metavar="[RUN]")] = None
    """A run's folder or model file; by default the latest run."""
    model: Literal["auto", "gpt", "ngram", "mixture"] = "auto"
    """A trained run beside counting (gpt); an n-gram of --data, counted now; or a run, the n-gram
    of its text and both together (mixture; also auto, if that text is there)."""
    data: str | None = None
    """A corpus or a path; by default the text the model was trained on."""
    split: Literal["train", "held_out", "choose", "judge", "all"] = "held_out"
    """Which part of it: the last tenth is held out; one half of it chooses, the other judges."""
    adapt: bool = False
    """Print also what is reached by learning from the text while reading it, with counts and words.
    """
    stride: int | None = None
    """Characters between windows; fewer is slower and gives more context. Default: context.
    """
    sample: int = 5000
    """Characters to write and look up in the training text; 0 for none. The network writes them,
    or the mixture if --model says so."""
    seed: int = 0
    """Seed of that sample."""
    threads: int | None = None
    """Processor threads; by default torch's own choice, less what other processes hold now."""
    json: bool = False
    """Print one line of JSON."""

    def __post_init__(self) -> None:
        if self.stride is not None and self.stride < 1:
            raise ValueError(f"stride must be at least 1, got {self.stride}")
        if self.sample < 0 or self.seed < 0 or 0 < self.sample < 20:
            raise ValueError("sample must be 0 or at least 20, and seed at least 0")


def main(settings: Settings) -> None:
    """Print the scores of the model, of an n-gram of its text and of both, and what it copies."""
    from minigpt import corpora, storyland
    from minigpt.corpora.catalogue import TABLE

    found = _found(settings)
    corpus = corpora.load(settings.data) if settings.data else found.learned()
    text = corpus.text if settings.split == "all" else getattr(corpus, settings.split)
    if settings.stride is not None and found.model.context is None:
        raise ValueError("an n-gram reads the text in one go; --stride is for a GPT")
    learned = _learned(found, corpus, settings)
    models = _beside(found, learned, settings)
    rows = _scores(models, text, settings.stride)
    learned_on = _adapted(found, learned, corpus, text, settings) if settings.adapt else []
    judged = dict.fromkeys(rows, None)
    if settings.split == "held_out" and len(corpus.judge) >= 2:
        judged |= {k: v.nats for k, v in _scores(models, corpus.judge, settings.stride).items()}
    record: dict[str, Any] = {
        "corpus": corpus.name,
        "corpus_sha256": corpus.sha256,
        "split": settings.split,
        "stride": settings.stride or found.model.context,
        "models": [_record(name, one, judged[name]) for name, one in rows.items()],
    }
    if learned_on:
        record["adaptive"] = learned_on
    if corpus.source == TABLE["storyland"].source:
        record["entropy_nats"] = storyland.entropy_per_char()
        record["floor_nats"] = _floor(found.model, text, settings.stride)
    if settings.sample and learned is not None:
        writer = models[-1] if settings.model == "mixture" else found
        record["sample"] = _sample(writer, learned.train, settings)
    print(json.dumps(record, ensure_ascii=False) if settings.json else _in_words(record))


def _found(settings: Settings) -> Predictor:
    """The network of the run, or the n-gram, that the settings ask for."""
    from minigpt.load import load_predictor

    if settings.model == "ngram":
        found = load_predictor(settings.run, kind="ngram", data=settings.data)
    else:
        from minigpt.device import free_threads

        threads = free_threads() if settings.threads is None else settings.threads
        found = load_predictor(settings.run, data=settings.data, threads=threads)
    found.announce()
    return found


def _learned(found: Predictor, corpus: Corpus, settings: Settings) -> Corpus | None:
    """The text that the model learned from; None, said on standard error, if it cannot be had.

    ValueError then if a mixture is asked for.
    """
    another = bool(found.corpus) and settings.data not in (None, found.corpus)
    if not another or found.corpus_sha256 == corpus.sha256:
        return corpus
    try:
        return found.learned()
    except ValueError as error:
        if settings.model == "mixture":
            raise
        print(f"no n-gram, and nothing about copying: {error}", file=sys.stderr)
        return None


def _beside(found: Predictor, learned: Corpus | None, settings: Settings) -> list[Predictor]:
    """The model, and what it is compared with: counting, and both together if they can be mixed."""
    from minigpt.load import count_of, mix, too_long

    if learned is None:
        return [found]  # a mixture was refused before
    same = found.corpus_sha256 in ("", learned.sha256)
    if not same and settings.model != "mixture":
        print(f"beware: {found.corpus} has changed since the model saw it", file=sys.stderr)
    few = len(learned.train) <= NGRAM_LIMIT
    if settings.model == "mixture" or (settings.model == "auto" and same and few):
        both = mix(found, corpus=learned)
        models = [found, count_of(learned, tokenizer=found.model.tokenizer)]
        return models + [one for one in (*both.members[1:], both) if one.name != models[-1].name]
    if settings.model == "ngram":
        return [found]
    if few:
        return [found, count_of(learned)]
    print(f"no n-gram: {too_long(learned)}", file=sys.stderr)
    return [found]


def _sample(writer: Predictor, training: str, settings: Settings) -> dict[str, Any]:
    """How much of what a model writes stands in the text it learned from."""
    from minigpt.sample.streams import generate

    rng = np.random.default_rng(settings.seed)
    written = generate(writer.model, length=settings.sample, rng=rng)[0]
    share, longest = copied(written, training)
    return {
        "characters": len(written),
        "copied_share_of_20_grams": share,
        "longest_copied": longest,
    }


def _scores(models: Sequence[Predictor], text: str, stride: int | None) -> dict[str, Score]:
    """The models' scores by name; what a network predicts for itself serves its mixture too."""
    from minigpt.mixture import Mixture, Remembered

    found: dict[str, Score] = {}
    kept: dict[str, NextChar] = {}
    for one in models:
        model: NextChar = one.model
        ids = model.tokenizer.encode(text)
        if isinstance(model, Mixture):
            model = Mixture([kept[member.name] for member in one.members], model.gate)
        elif model.context is not None:
            model = Remembered(model)
        kept[one.name] = model
        found[one.name] = score(model, ids, stride=stride if model.context is not None else None)
        if not math.isfinite(found[one.name].perplexity):
            raise ValueError(
                f"{one.name} loses {found[one.name].nats:.4g} nats/char: it predicts no "
                "probabilities; use an earlier model, or train it again"
            )
    return found


def _adapted(
    found: Predictor, learned: Corpus | None, corpus: Corpus, text: str, settings: Settings
) -> list[dict[str, Any]]:
    """What learning while it reads reaches: counting alone, and the network with it.

    The judging half comes after the choosing half, from which it has learned by then.
    """
    from minigpt.load import TextGone, count_of, learning

    if learned is None:
        raise ValueError("--adapt counts the text that the model has learned from; bring it back")
    rows = []
    tokenizer = found.model.tokenizer
    counted = found if isinstance(found.model, NGram) else count_of(learned, tokenizer=tokenizer)
    for one in dict.fromkeys((counted, found)):
        try:
            model = learning(one, corpus=learned)
        except TextGone as error:
            print(f"nothing is learned while reading: {error.why}", file=sys.stderr)
            break
        stride = settings.stride if one.model.context is not None else None
        nats = surprisal(model.model, tokenizer.encode(text), stride=stride)
        all_of_it = Score(nats=float(nats.mean()), n=len(nats))
        judge = nats[-len(corpus.judge) :].mean() if settings.split == "held_out" else None
        rows.append(_record(model.name, all_of_it, None if judge is None else float(judge)))
    return rows


def _record(name: str, score: Score, judge: float | None) -> dict[str, Any]:
    return {
        "model": name,
        "nats": score.nats,
        "bits": score.bits,
        "perplexity": score.perplexity,
        "n": score.n,
        "judge_nats": judge,
    }


def _floor(model: NextChar, text: str, stride: int | None) -> float:
    """The grammar's own loss on the same windows. Each begins in the middle of a sentence, so
    even a perfect predictor loses more there than the entropy."""
    from minigpt.storyland import StorylandModel

    grammar = StorylandModel()
    ids = grammar.tokenizer.encode(text)
    return float(surprisal(grammar, ids, stride=stride, context=model.context).mean())


def _in_words(record: dict[str, Any]) -> str:
    first, adaptive = record["models"][0], record.get("adaptive", [])
    lines = [f"{record['corpus']}, {record['split']}: {first['n']:,} characters predicted"]
    width = max(len(row["model"]) for row in (*record["models"], *adaptive))
    for row in (*record["models"], *adaptive):
        if adaptive and row is adaptive[0]:
            lines.append("having learned from what was read before, unlike those above:")
        judge = row["judge_nats"]
        lines.append(
            f"  {row['model']:<{width}}  {row['nats']:.4f} nats/char  {row['bits']:.4f} bits/char  "
            f"perplexity {row['perplexity']:.3f}"
            + (f"  judging half {judge:.4f} nats/char" if judge is not None else "")
        )
    if "entropy_nats" in record:
        floor = record["floor_nats"]
        lines.append(
            f"  {'the grammar itself, same windows':<{width}}  {floor:.4f} nats/char; "
            f"{first['model']} is {first['nats'] - floor:+.4f} from it"
        )
        lines.append(
            f"  {'its entropy, no window':<{width}}  {record['entropy_nats']:.4f} nats/char"
        )
    if "sample" in record:
        sample = record["sample"]
        lines.append(
            f"of {sample['characters']:,} characters it wrote, "
            f"{sample['copied_share_of_20_grams']:.1%} of the 20-grams stand in the training text; "
            f"longest copied stretch, {len(sample['longest_copied'])}: "
            f"{sample['longest_copied']!r}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    command.run(main, Settings, prog="minigpt.evaluate")

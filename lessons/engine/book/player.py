"""The book's page to play on: a run that is given, or a tiny model trained for it in seconds.

Idea:   without a run the book holds one that it can make anywhere, from storyland, whose text is
        the project's own. It does not take the newest run by itself: a book is made to be put on a
        host, and a page carries its run's whole training text.
Run:    used by lessons.engine.book
"""

from __future__ import annotations

import math

CHARACTERS = 60_000
"""Length of the storyland text, of which the model learns nine tenths."""
STEPS = 600
NAME = "storyland"


def of_run(run: str, *, counts: bool) -> tuple[str, list[str]]:
    """The page of a run, and what its author should know before it is published.

    `counts` False leaves the training text out, and with it counting and the mixture.
    """
    from minigpt import corpora
    from minigpt.load import locate
    from minigpt.play import page
    from minigpt.play.material import gather, passage_of

    shown, corpus = gather(run, counts=counts)
    passage = passage_of(corpus)
    if passage in shown.learned:
        passage = ""  # a text that repeats itself: guessing what was learned would prove nothing
    sample = locate(run).parent / "sample.txt"
    wrote = sample.read_text(encoding="utf-8", errors="replace") if sample.exists() else ""
    remarks = []
    if corpus is not None and corpus.name not in corpora.TABLE:
        whole = "all that it learned (--no-counts leaves it out)" if shown.learned else ""
        inside = " and ".join(filter(None, [whole, "a passage to guess" if passage else ""]))
        if inside:
            remarks.append(f"beware: of your own text, {corpus.title}, the book holds {inside}")
    return page(shown, passage=passage, sample=wrote), remarks


def tiny(steps: int = STEPS, characters: int = CHARACTERS) -> tuple[str, list[str]]:
    """The page of a model of two layers, trained on storyland in some ten seconds."""
    from minigpt.corpora import load
    from minigpt.layers import GPTConfig
    from minigpt.play import Shown, page
    from minigpt.play.material import passage_of
    from minigpt.settings import TrainConfig
    from minigpt.train import train

    corpus = load(f"storyland:{characters}")
    config = TrainConfig(
        steps=steps,
        eval_every=steps,
        device="cpu",
        precision="fp32",
        threads=1,
        model=GPTConfig(n_layer=2, n_head=2, n_embd=64, context=64, attention_scale=2.0),
    )
    made = train(config, corpus)
    shown = Shown(
        model=made.model,
        name=NAME,
        learned=corpus.train,
        facts={
            "corpus": "one-line stories of a small grammar",
            "source": corpus.source,
            "licence": corpus.licence,
            "bits": made.val_loss / math.log(2),
            "seconds": made.train_seconds,
        },
    )
    return page(shown, passage=passage_of(corpus)), []

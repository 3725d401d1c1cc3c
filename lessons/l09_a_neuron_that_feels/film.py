"""Real film reviews: does a network of this size find a unit that follows their mood?

Idea:   the same network, as many characters, the same way to pick a cell, but text by people. It
        is shown and not judged: the claim was made about a network that trained for a month.
Source: IMDb (Maas et al. 2011) and Rotten Tomatoes: python -m minigpt.corpora fetch reviews
Run:    used by lesson.py beside this file
Omits:  longer reviews: each is cut after its first characters.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lessons.l09_a_neuron_that_feels import readers
from lessons.l09_a_neuron_that_feels.experiment import SIZES, Split, ends, found, with_moods
from lessons.lab import inside
from lessons.lab.hidden_cause import line_loss
from lessons.lab.recurrent import LSTM, Remembering
from lessons.lab.training import with_text
from minigpt import corpora
from minigpt.train.loop import train

CUT = 300
"""Characters that are read of each review."""


def reviews(n: int) -> tuple[str, Split] | None:
    """Reviews to learn from, without + and -, and twice `n` others with their moods.

    None if the text is not on this machine.
    """
    try:
        lines = corpora.load("reviews", offline=True).text.splitlines()
    except corpora.CorpusUnavailable:
        return None
    moods = np.array([line[0] == "+" for line in lines]).astype(np.int64)
    texts = [line[2 : 2 + CUT] + "\n" for line in lines]
    split = Split(texts[:n], moods[:n], texts[n : 2 * n], moods[n : 2 * n])
    return "".join(texts[2 * n :]), split


def searched(text: str, split: Split, *, steps: int, seed: int) -> dict[str, float]:
    """AUC of the readers of the judged reviews, and the loss in nats/char."""
    config = replace(SIZES["full"].lstm, seed=seed, steps=steps, eval_every=steps)
    # the reviews that choose and judge are the held-out end, which is not trained on
    corpus = with_text(corpora.load("storyland:1000"), text + "".join(split.choose + split.judge))
    assert corpus.train in text
    net = LSTM.fresh(config.model, corpus.text, seed)
    reader = Remembering(net)
    before = found(ends(reader.cells, net, split), seed)
    train(config, corpus, init=net, measure=lambda model, ids: 0.0)
    after = found(ends(reader.cells, net, split), seed)
    bags = {
        f"bag of {name}": inside.probed(
            *with_moods(readers.counted(readers.BAGS[name], split.choose, split.judge), split)
        )
        for name in ("characters", "words")
    }
    return {
        "loss": line_loss(reader, split.judge),
        "best cell, untrained": before["auc"],
        "best cell": after["auc"],
        "best rotated axis": after["rotated"],
        "all cells, weighted": after["probe"],
        **bags,
    }

"""The figure of lesson 1: who knows which text, and what more text is worth.

Idea:   the lead that is judged stands in the picture, beside the rival that it is over.
Run:    used by the lesson's experiment
Omits:  the sanity check on shuffled text, which the lesson prints.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from labkit import figures
from lessons.engine.experiment import Evidence

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw(evidence: Sequence[Evidence]) -> tuple[Figure, str]:
    """Left: every network on every text, and over each text's own network its best rival, a network
    or an n-gram of another text. Right: network and n-gram on growing amounts of text."""
    figure, (left, right) = figures.new("wide", 1, 2)
    tests, texts_ = list(evidence[0]["bits"]["gpt"]), evidence[0]["texts"]
    names = dict(zip(tests, [*texts_, f"{texts_[0]},\nshuffled"]))
    said = []
    for i, trained in enumerate(tests):
        runs = np.array([[one["bits"]["gpt"][trained][test] for test in tests] for one in evidence])
        where = np.arange(len(tests)) + 0.27 * (i - 1)
        left.bar(
            where,
            runs.mean(0),
            0.25,
            label="trained on " + names[trained].replace("\n", " "),
            alpha=0.9,
        )
        for row in runs:
            left.plot(where, row, "k.", markersize=3)
        mean = ", ".join(f"{m:.2f} on {names[t]}" for m, t in zip(runs.mean(0), tests))
        said.append(f"trained on {names[trained]}: {mean}".replace("\n", " "))
    leads = []
    for i, test in enumerate(tests):  # as `margin` takes them, of the mean over seeds
        own, rival = (
            np.mean([one["bits"]["gpt"][test][test] for one in evidence]),
            np.mean(
                [
                    min(
                        one["bits"][k][t][test]
                        for k in ("gpt", "ngram")
                        for t in tests
                        if t != test
                    )
                    for one in evidence
                ]
            ),
        )
        x = 1.27 * i - 0.27  # over its own bar
        name = None if i else "best model of another text (network or n-gram)"
        left.plot([x, x], [own, rival], color="#444444", linewidth=1, linestyle="-")
        left.plot([x], [rival], marker="D", color="#CC79A7", markeredgecolor="k", ls="", label=name)
        left.annotate(
            f"{rival - own:+.2f}",
            (x, rival),
            (0, 6),
            textcoords="offset points",
            ha="center",
            fontsize=8,
        )
        leads.append(f"{rival - own:.2f} on {names[test]}".replace("\n", " "))
    said.append(f"lead of a text's own network over its best rival: {', '.join(leads)}")
    entropy = float(np.mean([one["unigram_bits"] for one in evidence]))
    left.axhline(
        entropy, color="#444444", linewidth=1, linestyle=":", label="unigram entropy, shuffled"
    )
    left.set_xticks(range(len(tests)), [names[test] for test in tests])
    figures.label(left, x="measured on", y="loss (bits/char)")
    left.legend(fontsize=8, loc="upper left")
    left.set_ylim(0, 1.6 * left.get_ylim()[1])
    for text in evidence[0]["against_counting"]:
        found = [one["against_counting"][text] for one in evidence]
        for model, label in (("gpt", "GPT"), ("ngram", "n-gram")):
            curves = [one[model] for one in found]
            figures.seeds(right, found[0]["characters"], curves, name=f"{label}, {text}")
        passes = [one["passes_at"] for one in found]
        known = [f"at {p:,.0f} characters" for p in passes if p is not None]
        if missing := len(passes) - len(known):
            known.append(f"nowhere with {missing} of {len(passes)} seeds")
        said.append(f"on {text} the GPT passes the n-gram {', '.join(known)}")
    right.set_xscale("log")
    figures.label(right, x="characters trained on", y="loss (bits/char)")
    right.legend(fontsize=8)
    return figure, f"Bits per character of each network on each text: {'; '.join(said)}."

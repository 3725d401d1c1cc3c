"""What a teacher is worth where labels are few, wrong, or missing altogether.

Idea:   a label is one character; a teacher's answer is a distribution. Where labels are few the
        student overfits them and not the distribution; where they are wrong the teacher, who read
        the true text, is not; and of a character that never occurs as a label, the distribution
        still says where it might have come.
Source: few and omitted: Hinton et al. 2015, arXiv:1503.02531, sections 3 and 6; wrong: Patrini et
        al. 2017, arXiv:1609.03683 (the control, forward correction).
Run:    python -m distill.experiments few_labels
Omits:  unlabelled text for the student: it reads the same characters in every arm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from distill import arms, compare, views
from distill.evaluate import side_by_side
from distill.experiments.lab import Lab, Outcome, Profile, expect, judged, less, share
from distill.settings import DistillConfig
from minigpt.nextchar import NextChar


def few_labels(profile: Profile, shares: Sequence[float] = (0.05, 1.0)) -> Outcome:
    """A student of a growing share of the text; its teacher has read all of it.

    The arms are those of `distill.compare`: labels alone at equal steps and at equal compute, free
    to stop earlier; taught by the GPT; taught by the n-gram of the student's own text; the n-gram.
    """
    lab = Lab(profile, real=True)
    teacher = lab.larger(2)
    losses: dict[str, list[float]] = {}
    closed, gained = {}, {}
    for some in shares:
        config = DistillConfig(data_fraction=some)
        found = compare.compare(
            arms.setting(teacher, profile.student, lab.corpus, config),
            seeds=profile.judged,
            sweep=arms.Sweep(rates=profile.rates, lengths=profile.lengths),
        )
        losses |= {f"{arm.name}, {some:.0%}": arm.losses for arm in found.arms}
        labels = found.arm(found.baseline).losses
        gained[some] = less(labels, found.arm(compare.TAUGHT).losses)
        closed[some] = share(gained[some], [loss - found.teacher_loss for loss in labels])
    losses["teacher"] = [found.teacher_loss] * profile.seeds
    least, most = min(shares), max(shares)
    return Outcome(
        expected="at 5 % of the text half of the gap is closed; with all of it there is little "
        "left to gain",
        losses=losses,
        measures={
            "gap closed": {f"{some:.0%}": values for some, values in closed.items()},
            "gained, nats/char": {f"{some:.0%}": values for some, values in gained.items()},
        },
        findings=[
            expect(f"share of the gap closed at {least:.0%}", closed[least], ">=", 0.5),
            expect(
                f"gain at {most:.0%} of the text over gain at {least:.0%}",
                share(gained[most], gained[least]),
                "<=",
                1 / 3,
                no_effect=1.0,
            ),
        ],
    )


def noisy_labels(profile: Profile, wrong: float = 0.3) -> Outcome:
    """A share of the labels is wrong; the teacher read the true text.

    Control: a loss that knows how many are wrong, and by what they were replaced, and corrects
    itself for it. It needs no teacher, and could do as well.
    """
    lab = Lab(profile)
    labels = views.noisy(wrong, seed=1).see(lab.ids(), lab.tokenizer)
    plain = DistillConfig(alpha=0.0)
    losses = {
        "clean labels": lab.arm(plain),
        "noisy labels": lab.arm(plain, labels=labels),
        "noisy labels, corrected": lab.arm(replace(plain, label_noise=wrong), labels=labels),
        "taught": lab.arm(replace(plain, alpha=1.0), lab.truth, labels=labels),
    }
    clean = losses["clean labels"]
    return Outcome(
        expected="labels lose about 0.3 nats, the teacher's targets almost nothing; the corrected "
        "loss lies between, near the clean labels",
        losses=losses,
        findings=[
            expect(
                "lost by wrong labels, nats/char", less(losses["noisy labels"], clean), ">=", 0.25
            ),
            expect(
                "lost by who is taught, nats",
                less(losses["taught"], clean),
                "<=",
                0.05,
                no_effect=0.25,
            ),
        ],
    )


def omitted_character(profile: Profile, character: str = "e") -> Outcome:
    """No place where `character` comes next is trained on; one number is set afterwards.

    The student reads the character as context, but never has it as a label, nor is it told what the
    teacher says where it comes. All it can know is what the teacher says of it elsewhere. The bias
    is what is added to that one logit, so that the character is predicted as often as it occurs;
    how often it occurs is the only thing that is taken from the text. Control: labels alone, with
    the same places left out and the same fix.
    """
    lab = Lab(profile, real=True)
    teacher, wanted = lab.larger(2), int(lab.tokenizer.encode(character)[0])
    ids, judge = lab.ids(), lab.tokenizer.encode(lab.corpus.judge)
    mask, frequency = ids != wanted, float((ids == wanted).mean())

    def elsewhere(model: NextChar, held: np.ndarray) -> float:
        """Loss where something else comes: nothing else may choose the checkpoint."""
        surprise = -side_by_side(model, held)[np.arange(len(held) - 1), held[1:]]
        return float(surprise[held[1:] != wanted].mean())

    def spotted(model: NextChar, *, fixed: bool) -> tuple[float, float]:
        """Share of places where it is the first choice: where it comes, and where it does not."""
        said = side_by_side(model, judge)
        if fixed:
            choose = side_by_side(model, lab.tokenizer.encode(lab.corpus.choose))
            said[:, wanted] += bias(choose, wanted, frequency)
        first, comes = said.argmax(-1) == wanted, judge[1:] == wanted
        return float(first[comes].mean()), float(first[~comes].mean())

    runs = {
        "labels": lab.train(DistillConfig(alpha=0.0), mask=mask, measure=elsewhere),
        "taught": lab.train(DistillConfig(alpha=1.0), teacher, mask=mask, measure=elsewhere),
    }
    before = {name: [spotted(r.model, fixed=False) for r in found] for name, found in runs.items()}
    after = {name: [spotted(r.model, fixed=True) for r in found] for name, found in runs.items()}
    after["teacher"] = [spotted(teacher, fixed=False)] * profile.seeds
    beyond_chance = {name: [hit - false for hit, false in told] for name, told in after.items()}
    return Outcome(
        expected="hardly ever predicted before the fix; after it, in half of its places; labels "
        "alone, with the same fix, do not know where it belongs",
        losses={f"{name}, elsewhere": judged(found) for name, found in runs.items()},
        measures={
            "recall before the fix": _firsts(before),
            "recall after the fix": _firsts(after),
            "recall minus false alarms, after the fix": beyond_chance,
        },
        findings=[
            expect("recall after one bias fix", _firsts(after)["taught"], ">=", 0.5),
            expect(
                "recall minus false alarms, over that of labels alone",
                less(beyond_chance["taught"], beyond_chance["labels"]),
                ">=",
                0.2,
            ),
        ],
    )


def _firsts(told: dict[str, list[tuple[float, float]]]) -> dict[str, list[float]]:
    return {name: [pair[0] for pair in pairs] for name, pairs in told.items()}


def bias(said: np.ndarray, character: int, frequency: float) -> float:
    """What to add to one logit so that its mean probability over [N, V] is `frequency`.

    >>> even = np.log(np.full((5, 4), 0.25))
    >>> round(float(np.exp(bias(even, 0, 0.5))), 6)  # 3 / (3 + 1 + 1 + 1) is a half
    3.0
    """
    if not 0 < frequency < 1:
        raise ValueError(f"frequency is a share between 0 and 1, got {frequency}")
    p = np.exp(said[:, character].astype(np.float64))
    low, high = -50.0, 50.0
    for _ in range(60):  # the mean grows with the bias
        middle = (low + high) / 2
        raised = p * np.exp(middle)
        if (raised / (raised + 1 - p)).mean() < frequency:
            low = middle
        else:
            high = middle
    return (low + high) / 2

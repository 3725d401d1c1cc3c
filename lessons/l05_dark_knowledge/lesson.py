"""Lesson 5, the notebook's source. Run: python -m lessons build 05"""

# %% [markdown]
# # Dark knowledge: does a teacher help most where labels are few?
#
# **The claim.** Much of what a large model knows can be packed into a small one, if the small one
# learns from the predictions of the large one. This is called **distillation**. Andrej Karpathy
# said so on *No Priors* (NP24a, NP24b) and at Sequoia (SEQ24), in 2024; the method, and the name
# *dark knowledge* for what is passed on, are Geoffrey Hinton's. To make the claim testable, *we
# read into it* that distillation pays if the small model has little data of its own, and not much
# if it has plenty.
#
# You will measure how far one prediction is from another, write the loss with which a teacher
# teaches, teach a small network, and check whether its probabilities can be trusted.
#
# You need lesson 1 (surprise in nats, the n-gram, training). Reading and exercises take 75 to 85
# minutes. The experiment near the end runs for about two minutes a seed on one processor core; you
# may start it and read on.

# %%
from dataclasses import replace

import numpy as np
import torch

from distill import losses
from distill.comparison import metrics
from distill.distillation import distill
from distill.settings import DistillConfig, portion
from distill.teachers import NGramTeacher, side_by_side
from labkit.experiment import interval
from lessons.engine.notebook import (
    check,
    experiment,
    hint,
    picture,
    predict,
    read_text,
    scaled,
    source,
)
from minigpt import plots, sample
from minigpt.layers import GPTConfig
from minigpt.settings import TrainConfig
from minigpt.tokenizer import CharTokenizer

# %% [markdown]
# ## Predict first
#
# A small network, the student, reads 5 % of Shakespeare's plays, about 50,000 characters. It is
# trained on the characters alone, for as many steps as are best, and reaches some loss. A larger
# network that draws from *all* of the text, the teacher, has a lower loss. The distance between the
# two is **the gap**, more exactly the student's own gap. (Another gap begins at the best that can
# be made of those 50,000 characters. It comes later.)
#
# Now the small network starts again. It reads the same 5 % and nothing else, but at every position
# the larger one tells it how probable each character is. What share of the gap will it close? 0
# means that the teacher was of no use, 1 that the student is as good as its teacher.

# %%
my_prediction = ...  # share of the gap that is closed
predict("dark_knowledge", my_prediction, criterion=1)

# %% [markdown]
# ## 1. What a label leaves out
#
# A **label** is the character that came. It says nothing about what else could have come. Here is
# an n-gram (lesson 1) that has counted the whole training text, and what it expects at three
# places.

# %%
corpus = read_text()
tokenizer = CharTokenizer.from_text(corpus.text)
V = len(tokenizer)
teacher = NGramTeacher.fit(corpus.train, tokenizer, folds=10)  # folds: section 4


def expects(model, text):
    """What `model` finds probable after `text`: V natural logarithms."""
    return model.logprobs(tokenizer.encode(text).astype(np.int64)[None])[0, -1]


places = ["the q", "you w", "the "]
with picture(columns=3, caption="A label would be a single bar of height 1.") as axes:
    for ax, text in zip(axes, places):
        plots.next_character_bars(expects(teacher, text), tokenizer.characters, ax, top=8)
        ax.set_ylim(0, 1)
        ax.set_title(f"after {text!r}")

# %% [markdown]
# After "the q" one character is nearly certain, and a label says almost as much. After "the "
# dozens of words may follow. A label there is a single throw of a die with many faces: the next
# time the same words occur, another character comes, and a network with much memory and little text
# learns the throws by heart. The teacher hands over the *die* itself. The bars beyond the label are
# Hinton's **dark knowledge**: they say which mistakes would be small ones.
#
# How much is it worth? We draw n labels from the teacher at one place, estimate the probabilities
# from how often each character came, and see how far off the estimate is (half the sum of all
# absolute differences: 0 is right, 1 completely wrong).

# %%
rng = np.random.default_rng(0)
p = np.exp(expects(teacher, "the ").astype(np.float64))
p /= p.sum()
for n in (1, 10, 100, 1000):
    off = np.mean([np.abs(rng.multinomial(n, p) / n - p).sum() / 2 for _ in range(200)])
    print(f"{n:5} labels: off by {off:.2f}")

# %% [markdown]
# A single answer of the teacher is off by 0, but 0 *from the teacher*. If the teacher is wrong, so
# is what it teaches.
#
# ## 2. How far apart are two predictions?
#
# Let the teacher give the characters the probabilities p_1, ..., p_V, and the student q_1, ..., q_V
# (V is the size of the alphabet). If the characters come as the teacher says, the student's mean
# surprise is the **cross-entropy** - Σ p_i ln q_i. Even the teacher itself would pay - Σ p_i ln
# p_i, its own **entropy**. The difference is what the student pays for differing from the teacher:
#
# > KL(teacher || student) = Σ p_i (ln p_i - ln q_i), in nats
#
# It is called the **Kullback-Leibler divergence**. It is 0 if the two agree and above 0 otherwise.
# It is not a distance in the usual sense: if you exchange the two, the number changes. In the order
# used here, a student is punished for giving a low probability to what the teacher finds probable.
#
# ### Exercise 05.1: divergence

# %% exercise="05.1"

# %% [markdown]
# Our student could be an n-gram too, one that has counted 5 % of the text. Where is it furthest
# from the n-gram that has counted all of it?

# %%
part = portion(corpus, 0.05)
counted = NGramTeacher.fit(part.train, tokenizer)
judge = tokenizer.encode(corpus.judge).astype(np.int64)  # second half of what is held out
sentence = judge[: scaled(4000, ci=1000)]
far = metrics.divergence(side_by_side(teacher, sentence), side_by_side(counted, sentence))
print(f"mean KL(all of the text || 5 % of it): {far.mean():.3f} nats at each character")
for place in np.argsort(-far)[:5]:
    before = tokenizer.decode(sentence[max(0, place - 11) : place + 1])
    print(f"{far[place]:.2f} nats after {before!r}")

# %% [markdown]
# ## 3. Temperature, and Hinton's T^2
#
# A good teacher is often sure: one character gets nearly all the probability, and the others share
# a few hundredths. They count little in a loss, but they hold the dark knowledge. So we **soften**
# both predictions by a temperature T > 0: divide the logarithms by T and take a softmax again (e to
# the power of each, divided by the sum of all). T = 1 changes nothing; the larger T, the more alike
# the probabilities become.

# %%
sure = expects(teacher, "I am n")
heats = (1.0, 2.0, 4.0)
order = "What comes after 'I am n'. The order stays; the differences shrink."
with picture(columns=len(heats), caption=order) as axes:
    for ax, T in zip(axes, heats):
        soft = torch.from_numpy(sure / T).log_softmax(-1).numpy()
        plots.next_character_bars(soft, tokenizer.characters, ax, top=8)
        ax.set_ylim(0, 1)
        ax.set_title(f"T = {T:g}")

# %% [markdown]
# Softening has a side effect. Dividing by T makes the gradient that reaches the student's scores
# smaller, once because of the division and once because softened predictions differ less: by about
# 1 / T^2 when T is large. Next to the ordinary loss on labels the teacher would hardly count. So
# Hinton's loss has a factor T^2:
#
# > loss = T^2 times the mean over positions of KL(softened teacher || softened student)
#
# ### Exercise 05.2: Hinton's loss

# %% exercise="05.2"

# %% [markdown]
# Does the T^2 do what it should? Here is the gradient of the package's loss with and without it:

# %%
logprobs = torch.from_numpy(side_by_side(teacher, sentence[:513]))
start = torch.randn(logprobs.shape, generator=torch.Generator().manual_seed(0))


def gradient(T, factor):
    """Length of the gradient that reaches the student's scores."""
    scores = start.clone().requires_grad_()
    (factor * losses.kd(scores, logprobs, temperature=T)).backward()
    return scores.grad.norm().item()


print("length of the gradient at temperature T")
print(f"{'T':>4} {'with T^2':>10} {'without':>10}")
for T in (1, 2, 4, 8, 16):
    print(f"{T:4} {gradient(T, 1.0):10.4f} {gradient(T, 1 / T**2):10.4f}")

# %% [markdown]
# With the factor the teacher's influence changes by less than a factor of two; without it, each
# doubling of a large T divides it by four or a little more.
#
# For text, T = 1 is the usual choice (Busbridge et al. 2025 found nothing better): text itself has
# much entropy, so the teacher is seldom sure. This lesson uses T = 1 too.
#
# ## 4. Teaching a small student
#
# The loss of a student is a weighted sum:
#
# > (1 - alpha) times the surprise at the label + alpha times Hinton's loss
#
# With alpha = 0 the student learns from labels alone, as in lesson 1; with alpha = 0.9 it learns
# mostly from the teacher. Two students with the same initial weights read the same windows of the
# same 5 % of the text. One is taught by the n-gram above, which has read **all** of the text. That
# is the point of a teacher; it would not be true that both "had the same data".
#
# There is one trap: the teacher has counted the very windows that it comments on. At a place that
# it has counted it knows the label, and hands over the throw instead of the die. An n-gram of
# 50,000 characters pays 0.8 nats for each of them, but 1.7 if it has not counted the tenth around
# them. So the teacher is **cross-fitted**: the text is cut into ten parts, and predictions for each
# part come from the counts of the other nine. (Before we noticed this, our n-gram could see the
# answers while it taught.) This takes about twenty seconds.

# %%
shape = TrainConfig(
    model=GPTConfig(n_layer=1, n_head=2, n_embd=64, context=64),
    steps=scaled(300, ci=8),
    eval_every=scaled(30, ci=4),
    batch_size=16,
    muon_lr=0.04,
    adamw_lr=6e-3,
    device="cpu",
    precision="fp32",
    threads=1,
)
lessons = {"labels alone": (None, 0.0), "taught": (teacher, 0.9)}
students = {
    name: distill(shape, who, corpus, DistillConfig(data_fraction=0.05, alpha=alpha))
    for name, (who, alpha) in lessons.items()
}
for name, student in students.items():
    print(f"{name}: {student.judge_loss:.3f} nats/char on held-out text")

# %%
kept = "For each student the best of these checkpoints is kept."
with picture(
    x="training steps",
    y="loss on held-out text (nats/char)",
    title="The same network on the same 5 % of the text, with a teacher and without",
    caption=f"{kept} Is the distance larger at the end than at the beginning?",
) as ax:
    for name, student in students.items():
        looks = [row for row in student.metrics if row["choose_loss"] is not None]
        steps, held_out = zip(*((row["step"], row["choose_loss"]) for row in looks))
        ax.plot(steps, held_out, marker="o", label=name)

# %% [markdown]
# For the curious, this is what the package minimises:

# %%
source(losses.mix)

# %% [markdown]
# ## 5. Can its probabilities be trusted?
#
# A weather forecast that says "rain, 70 %" is good if it rains on 70 % of *those* days. A model is
# **calibrated** if it is right in 70 % of the cases in which it gives its favourite 0.7, and so on
# for every probability. Students that learn throws by heart become too sure of themselves. The
# **calibration error** is the mean difference between how sure a model is and how often it is
# right. You will write it.
#
# ### Exercise 05.3: calibration

# %% exercise="05.3"

# %%
with picture(
    size="square",
    x="how sure (probability of the favourite)",
    y="how often right (share)",
    title="Below the dotted line: too sure",
    alt="On the dotted diagonal a model is as often right as it is sure.",
    caption="Each point is a tenth of the scale that has at least 30 predictions.",
) as ax:
    for name, student in students.items():
        said = side_by_side(student.model, judge)
        sureness, right = np.exp(said.max(-1)), said.argmax(-1) == judge[1:]
        error = metrics.calibration_error(said, judge[1:])
        bins = np.minimum((sureness * 10).astype(int), 9)
        full = [b for b in range(10) if (bins == b).sum() >= 30]
        ax.plot(
            [sureness[bins == b].mean() for b in full],
            [right[bins == b].mean() for b in full],
            marker="o",
            label=f"{name}: error {error:.3f}",
        )
    ax.plot([0, 1], [0, 1], color="#777777", linestyle=":", linewidth=1)
    ax.legend(loc="upper left")

# %% [markdown]
# Both students are kept as they were at their best checkpoint, before further training could harm
# them much. Try the same plot for a student that has learned from labels ten times as long,
# measured at the end.
#
# ## 6. The experiment
#
# The teacher is a transformer with two layers of width 128. It draws its windows from all of the
# text (614,400 characters, so it has seen not quite half of it); each seed has its own teacher. The
# student has one layer of width 64. It gets 5 % of the text, and then all of it, and learns
#
# 1. from **labels alone, at equal steps**;
# 2. from **labels alone, at equal compute**: asking the teacher costs operations, so this student
#    may take more steps for the same number of operations (about three times as many);
# 3. from **labels alone, in equal seconds**: operations are not time. We measured once how much
#    longer a taught step takes, 2.7 times, and wrote it down;
# 4. **taught by the transformer**;
# 5. **taught by an n-gram** that has counted the student's own 5 % of the text and nothing else.
#
# The **n-gram itself** is compared with them. All losses are measured on the second half of the
# held-out tenth. We wrote down the following before the judged seeds were run, after four pilots.
# In these the first share was 0.55 to 0.62, the second 0.33 to 0.43 and the third 0.29 to 0.44. (So
# the second was likely to fall short and the third to stay open: even twenty seeds would decide it
# in only two cases of three.)
#
# - At 5 % of the text the student that the transformer taught must have closed at least half of its
#   own gap, which goes from the best student on labels alone to the teacher.
# - It must also have closed at least half of the gap from **the best use of the same labels**:
#   labels alone, taught by counting, or counting itself, whichever is best.
# - With all of the text its gain over labels alone at equal steps must be at most a third of what
#   it was at 5 %, because plenty of labels tell almost everything there is to tell. (At equal
#   compute and in equal seconds labels may take more steps; what is left then is printed below.)
#
# Labels alone could win: these students may stop earlier or later, whichever was better on a seed
# that is not judged, and every way of training has the best of a few learning rates. Some things
# are *not* equal. The teacher draws twice as many characters as the student, from a text twenty
# times as long as its 5 %, and the cost of training the teacher is not counted. Nor was everything
# tuned: we tuned neither the teacher's learning rate nor the weight of its predictions, alpha. And
# the taught students stop at 300 steps, so a result that falls short does so for 300 steps.
#
# **What was wrong before.** An earlier version of this experiment judged only the first of the two
# gaps (and what is left of the gain over the better of two students on labels, -0.09), and called
# it "the gap": 60 % of it was closed. But the n-gram of the same 50,000 characters was better than
# the student at which the gap began; measured from the n-gram, 41 % was closed. Its taught students
# did not have their best learning rates, its n-gram could see the answers while it taught, and one
# teacher taught all seeds, so the intervals did not cover what another teacher would do. The
# present version was then measured on eight seeds, fewer than its pilots asked for, with the same
# three verdicts; now on twenty others. `python -m lessons ledger --history` shows all results.

# %%
evidence = experiment("dark_knowledge")

# %% [markdown]
# **How to read the figure.** The left part has two marks for every way of training, one for 5 % of
# the text and one for all of it; dots are seeds, and the dotted line is the teacher. The right part
# shows how much the student that the transformer taught gains over each way of using labels alone.
# A value below zero means that the teaching was a waste of time.
#
# Now look at the last pair of marks. The n-gram costs a second of counting. If its mark is below
# the dotted line, counting is better than the teacher, and there is no gap to close.

# %%
for name in ("labels, equal steps", "labels, equal seconds", "labels, equal compute"):
    left = [one["gain_left"][name] for one in evidence]
    print(f"gain with all of the text over gain at 5 %, {name}: {interval(left)}")
called = {
    "distilled from the teacher": "taught by the GPT",
    "distilled from the n-gram": "taught by the n-gram",
    "n-gram itself": "the n-gram itself",
}
for place, share in enumerate(evidence[0]["shares"]):
    errors = {
        name: np.mean([one["parts"][place]["calibration"][name] for one in evidence])
        for name in evidence[0]["parts"][place]["calibration"]
    }
    print(f"calibration errors with {share:.0%} of the text:")
    print("\n".join(f"  {error:.3f}  {called.get(name, name)}" for name, error in errors.items()))

# %% [markdown]
# In the published runs 0.59 of the student's own gap is closed, and 0.39 of the gap from the best
# use of the same labels. The best use is always counting: the n-gram of 5 % of the text (2.13 nats)
# beats every student that had labels alone (2.30 at best). (An average of such a student and the
# n-gram, as in lesson 2, was not tried. If it is better still, the second share is smaller.) The
# n-gram knows no other text, and over labels at equal steps its teaching is worth 0.09 nats where
# the transformer's is worth 0.33. With all of the text 0.32 of the gain is left at equal steps. The
# true value may lie on either side of a third, and to decide with a probability of 90 % would take
# about 120 seeds, or more than four hours of one core. In equal seconds the taught student loses in
# all twenty seeds (the share that is left is -0.06, -0.08 to -0.04), and at equal compute as well
# (-0.08, -0.10 to -0.06). And with all of the text counting (1.58 nats) is better than the teacher
# (1.78).
#
# ## 7. Where it stops being true
#
# - **At equal compute, with much data.** The makers of MobileLLM (Liu et al. 2024) taught models of
#   125 and 350 million weights with one of 7 billion. This took 2.6 to 3.2 times as long, and the
#   result was as good as with labels alone, or worse. In OpenAI's *parameter golf* (pull request
#   #1029 there) a distilled student paid 1.153 bits per byte, and its baseline 1.140: in the same
#   minutes the baseline took more steps. If text is free and time is not, it is better to read more
#   text than to ask a teacher.
# - **When data is plentiful.** Busbridge et al. (2025) fitted a law to many sizes: a student with
#   enough tokens of its own ends at the loss that it would have reached anyway. Distillation gets
#   there sooner, but not further.
# - **When the teacher is too far ahead.** A much larger teacher can teach worse than a smaller one:
#   Mirzadeh et al. (2019) put an assistant between the two, Cho & Hariharan (2019) stopped the
#   teacher early. This is called the capacity gap, and whether it appears depends on the set-up.
# - **Agreeing is not the same as being good.** Students often end far from their teachers and still
#   do well (Stanton et al. 2021). Then they did not learn "the teacher".
# - **People who try it are often disappointed.** In torchtune, issue #2922, someone follows the
#   tutorial and gets a distilled model that is worse than the untouched student (#2094 is another
#   such thread). A usual cause: the teacher knew nothing of the task. For this reason
#   `python -m distill.compare` never prints a distilled student without its baselines, one of which
#   is counting.
#
# ## 8. Read on
#
# - G. Hinton, O. Vinyals and J. Dean, *Distilling the Knowledge in a Neural Network* (2015),
#   arXiv:1503.02531. On handwritten digits the small network makes 146 errors alone and 74 when
#   taught; the large one makes 67. In speech, with 3 % of the data, 44.5 % of frames are right with
#   labels and 57.0 % with soft targets; with all of the data it is 58.9 %.
# - Z. Liu et al., *MobileLLM* (2024), arXiv:2402.14905, section 3.5.
# - D. Busbridge et al., *Distillation Scaling Laws* (2025), arXiv:2502.08606.
# - S. Stanton et al., *Does Knowledge Distillation Really Work?* (2021), arXiv:2106.05945.
# - S. Mirzadeh et al., *Improved Knowledge Distillation via Teacher Assistant* (2019),
#   arXiv:1902.03393; J. Cho and B. Hariharan, *On the Efficacy of Knowledge Distillation* (2019),
#   arXiv:1910.01348.
# - C. Guo et al., *On Calibration of Modern Neural Networks* (2017), arXiv:1706.04599.
#
# ## An open question
#
# The student here reads a text and the teacher comments on it. The text itself could come from
# anywhere. Give the student 5 % of the text, and let the *teacher write* as much again, or twenty
# times as much. Is text that a teacher has written, with its comments, worth as much as real text?
# At which amount does it stop helping? And would an n-gram do as the author? We have not tried it.
# The cell below makes such a text. Put it between the student's own and what is held out, and
# `distill` above takes it like any other corpus.

# %%
written = sample.generate(teacher, length=300, rng=np.random.default_rng(0))[0]
held_out = corpus.text[-len(corpus.held_out) :]
mixed = replace(corpus, text=part.train + written + held_out)  # mind where its last tenth begins
print(written)

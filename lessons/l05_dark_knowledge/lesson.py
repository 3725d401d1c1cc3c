"""Lesson 5, the notebook's source.

Run:    python -m lessons build 05
"""

# %% [markdown]
# # Dark knowledge
#
# *Lesson 5. A claim, a prediction, three small exercises, one measurement.*
#
# *`python -m lessons start 05` gives you a copy of your own, without the results that follow here:
# make your prediction there.*
#
# **The claim.** Much of what a large model knows can be packed into a small one, if the small one
# learns from what the large one says: **distillation**. Andrej Karpathy said so on *No Priors*
# (NP24a, NP24b) and at Sequoia (SEQ24), in 2024; the method, and the name *dark knowledge* for what
# is passed on, are Geoffrey Hinton's. *We read into it*, so that it can be tried, that it pays
# where the small model's own data are short, and little where they are plenty.
#
# You will measure how far one prediction is from another, write the loss that a teacher teaches
# with, teach a small network, and check whether it means what it says.
#
# You need lesson 1 (surprise in nats, the n-gram, training). Reading and exercises take 75 to 85
# minutes. The experiment near the end computes for about two minutes a seed on one processor core;
# you may start it and read on.

# %%
from dataclasses import replace

import numpy as np
import torch

from distill import losses
from distill.comparison import metrics
from distill.distillation import distill
from distill.settings import DistillConfig, portion
from distill.teachers import NGramTeacher, side_by_side
from labkit import figures
from labkit.experiment import interval
from lessons.engine.notebook import (
    check,
    experiment,
    hint,
    predict,
    read_text,
    scaled,
    show,
    source,
)
from minigpt import plots, sample
from minigpt.layers import GPTConfig
from minigpt.settings import TrainConfig
from minigpt.tokenizer import CharTokenizer

# %% [markdown]
# ## Predict first
#
# A small network reads 5 % of Shakespeare's plays, some 50,000 characters. Trained on the
# characters alone, as long as does it good, it reaches some loss. A larger network that draws from
# *all* of the text is better. The distance between the two is **the gap**: the student's own one.
# (There is another, from the best that can be made of those 50,000 characters. It comes later.)
#
# Now the small network starts again. It reads the same 5 % and nothing else, but at every place
# the larger one tells it how probable it finds each character. Which share of the gap will it make
# up? 0: the teacher was of no use. 1: the student is as good as its teacher.

# %%
my_prediction = ...  # share of the gap that is closed
predict("dark_knowledge", my_prediction, criterion=1)

# %% [markdown]
# ## 1. What a label leaves out
#
# A **label** is what came: one character. It says nothing about what else could have come. Here is
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
with figures.style():
    figure, axes = figures.new("wide", 1, 3)
    for ax, text in zip(axes, places):
        plots.next_character_bars(expects(teacher, text), tokenizer.characters, ax, top=8)
        ax.set_ylim(0, 1)
        ax.set_title(f"after {text!r}")
said = []
for text in places:
    logprobs = expects(teacher, text)
    first = np.argsort(-logprobs)[:3]
    said.append(
        f"after {text!r} "
        + ", ".join(f"{tokenizer.characters[i]!r} {np.exp(logprobs[i]):.2f}" for i in first)
    )
show(
    figure,
    alt=f"The likeliest next characters at three places: {'; '.join(said)}.",
    caption="One label would be a single bar of height 1.",
)

# %% [markdown]
# After "the q" one character is nearly certain, and a label says almost as much. After "the "
# dozens of words may follow. A label there is a single throw of a die with many faces: the next
# time the same words occur, another character comes, and a network with much memory and little
# text learns the throws by heart. The teacher hands over the *die*. What lies in the bars beyond
# the label is Hinton's **dark knowledge**: which mistakes would be small ones.
#
# How much is it? Draw n labels from the teacher at one place, guess the probabilities from how
# often each character came, and see how far off the guess is (half the sum of all differences: 0
# is right, 1 completely wrong).

# %%
rng = np.random.default_rng(0)
p = np.exp(expects(teacher, "the ").astype(np.float64))
p /= p.sum()
for n in (1, 10, 100, 1000):
    off = np.mean([np.abs(rng.multinomial(n, p) / n - p).sum() / 2 for _ in range(200)])
    print(f"{n:5} labels: off by {off:.2f}")

# %% [markdown]
# A single answer of the teacher is off by 0: *from the teacher*, mind. Where the teacher is wrong,
# so is what it teaches.
#
# ## 2. How far apart are two predictions?
#
# Let the teacher find the characters probable by p_1, ..., p_V, the student by q_1, ..., q_V (V is
# the size of the alphabet). If the characters come as the teacher says, the student's mean surprise
# is the **cross-entropy** - Σ p_i ln q_i. Even the teacher itself would pay - Σ p_i ln p_i, its own
# **entropy**. The difference is what the student pays for being someone else:
#
# > KL(teacher || student) = Σ p_i (ln p_i - ln q_i), in nats
#
# It is called the **Kullback-Leibler divergence**. It is 0 where the two agree and above 0
# everywhere else. It is no distance in the usual sense: exchange the two, and the number changes.
# The way round that is used here punishes a student for finding improbable what the teacher finds
# probable.
#
# ### Exercise 05.1: divergence

# %% exercise="05.1"

# %% [markdown]
# Our student could be an n-gram too: one that has counted 5 % of the text. Where is it furthest
# from the one that has counted all?

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
# A good teacher is often sure: nearly all for one character, and the rest shares a few hundredths.
# In a loss the rest counts little, and there the dark knowledge is. So **soften** both predictions
# by a temperature T > 0: divide the logarithms by T and take a softmax again (e to the power of
# each, divided by the sum of all). T = 1 changes nothing; the larger T, the more alike all
# characters become.

# %%
sure = expects(teacher, "I am n")
heats = (1.0, 2.0, 4.0)
with figures.style():
    figure, axes = figures.new("wide", 1, len(heats))
    for ax, T in zip(axes, heats):
        soft = torch.from_numpy(sure / T).log_softmax(-1).numpy()
        plots.next_character_bars(soft, tokenizer.characters, ax, top=8)
        ax.set_ylim(0, 1)
        ax.set_title(f"T = {T:g}")
tops = [float(torch.from_numpy(sure / T).softmax(-1).max()) for T in heats]
show(
    figure,
    alt="The same prediction, softened. The likeliest character has "
    + ", ".join(f"{top:.2f} at T = {T:g}" for T, top in zip(heats, tops))
    + ".",
    caption="What comes after 'I am n'. The order stays; the differences shrink.",
)

# %% [markdown]
# It has a side effect. Dividing by T makes the gradient that reaches the student's scores smaller,
# once because of the division and once because softened predictions differ less: by about 1 / T^2
# when T is large. Next to the ordinary loss on labels the teacher would fall silent. Hence
# Hinton's loss carries T^2 in front:
#
# > loss = T^2 times the mean over places of KL(softened teacher || softened student)
#
# ### Exercise 05.2: Hinton's loss

# %% exercise="05.2"

# %% [markdown]
# Does the T^2 do what it promises? The gradient of the package's loss with and without it:

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
# With the factor the teacher's voice keeps about one strength; without it, each doubling of a
# large T divides it by four.
#
# For text one mostly stays at T = 1 (Busbridge et al. 2025 found nothing better): there the entropy
# is in the text itself and the teacher is seldom sure. So does this lesson.
#
# ## 4. Teaching a small student
#
# The loss of a student is a mixture:
#
# > (1 - alpha) times the surprise at the label + alpha times Hinton's loss
#
# alpha = 0 is a student who learns from labels alone, as in lesson 1; alpha = 0.9 is one who
# listens to the teacher, mostly. Two students with the same first weights read the same windows of
# the same 5 % of the text. One is taught by the n-gram above, which has read **all** of the text.
# That is the point of a teacher; to say that both "had the same data" would be a lie.
#
# One trap: the teacher has counted the very windows that it comments on. Asked about a place that
# it has counted it knows the label, and hands over the throw in place of the die: an n-gram of
# 50,000 characters pays 0.9 nats for each of them, and 1.7 for those that it has not counted. So
# it is **cross-fitted**: the text is cut into ten parts, and about each part speak the counts of
# the other nine. (Until we saw this, our n-gram taught with its answers open before it.) This takes
# some twenty seconds.

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
with figures.style():
    figure, ax = figures.new()
    curves = {}
    for name, student in students.items():
        looks = [row for row in student.metrics if row["choose_loss"] is not None]
        curves[name] = [row["choose_loss"] for row in looks]
        ax.plot([row["step"] for row in looks], curves[name], marker="o", label=name)
    ax.legend()
    figures.label(
        ax,
        x="training steps",
        y="loss on held-out text (nats/char)",
        title="Same network, same 5 % of the text; with a teacher and without",
    )
show(
    figure,
    alt="Held-out loss while training. "
    + "; ".join(
        f"{name}: from {curve[0]:.2f} to {curve[-1]:.2f}, at best {min(curve):.2f} nats per char"
        for name, curve in curves.items()
    )
    + ".",
    caption="Of each, the best of these looks is kept. Is the distance larger at the end than at "
    "the beginning?",
)

# %% [markdown]
# What the package minimises, for the curious:

# %%
source(losses.mix)

# %% [markdown]
# ## 5. Does it mean what it says?
#
# A weather forecast that says "rain, 70 %" is good if it rains on 70 % of *those* days. A model is
# **calibrated** if it is right in 70 % of the cases in which it gives its favourite 0.7. Students
# who learn throws by heart become too sure of themselves. The **calibration error** is the mean
# difference between how sure and how often right, and yours to write.
#
# ### Exercise 05.3: calibration

# %% exercise="05.3"

# %%
with figures.style():
    figure, ax = figures.new("square")
    errors = {}
    for name, student in students.items():
        said = side_by_side(student.model, judge)
        sureness, right = np.exp(said.max(-1)), said.argmax(-1) == judge[1:]
        errors[name] = metrics.calibration_error(said, judge[1:])
        bins = np.minimum((sureness * 10).astype(int), 9)
        full = [b for b in range(10) if (bins == b).sum() >= 30]
        ax.plot(
            [sureness[bins == b].mean() for b in full],
            [right[bins == b].mean() for b in full],
            marker="o",
            label=f"{name}: error {errors[name]:.3f}",
        )
    ax.plot([0, 1], [0, 1], color="#777777", linestyle=":", linewidth=1)
    ax.legend(loc="upper left")
    figures.label(
        ax,
        x="how sure (probability of the favourite)",
        y="how often right (share)",
        title="Below the dotted line: too sure",
    )
show(
    figure,
    alt="How often the favourite is right against how sure the model is. Calibration errors: "
    + ", ".join(f"{name} {error:.3f}" for name, error in errors.items())
    + ". A dotted diagonal is where one means what one says.",
    caption="Each point is a tenth of the scale with at least 30 predictions in it.",
)

# %% [markdown]
# Both students are kept as they were at their best look, before they could do themselves much harm.
# Try it: the same plot for one that has learned from labels ten times as long, judged at the end.
#
# ## 6. The experiment
#
# A teacher, a transformer with two layers of width 128, draws its windows from all of the text
# (614,400 characters, so that it has seen not quite half of it); each seed has a teacher of its
# own. The student has one layer of width 64. It gets 5 % of the text, and then all of it, and
# learns
#
# 1. on **labels alone, at equal steps**;
# 2. on **labels alone, at equal compute**: asking the teacher costs, so labels alone may take as
#    many more steps as those operations would have bought (about three times as many);
# 3. on **labels alone, in equal seconds**: operations are not time. How much longer a taught step
#    takes was measured once, 2.7 times, and written down;
# 4. **taught by the transformer**;
# 5. **taught by an n-gram** that has counted the student's own 5 % of the text and nothing else;
#
# and beside them stands that **n-gram itself**. All losses are those of the second half of the
# held-out tenth. What was written down before the judged seeds were run, after four pilots, in
# which the first share was 0.55 to 0.62, the second 0.33 to 0.43 and the third 0.29 to 0.44 (so
# that the second was likely to fall short, and the third to stay open: even twenty seeds would
# decide it in two cases of three only):
#
# - At 5 % of the text the student that the transformer taught must have closed at least half of
#   its own gap: from the best student on labels alone to the teacher.
# - It must also have closed at least half of the gap from **the best use of the same labels**:
#   labels alone, taught by counting, or counting itself, whichever is best.
# - With all of the text its gain over labels alone at equal steps must be at most a third of what
#   it was at 5 %. Where labels are plenty they tell almost all there is to tell. (At equal compute
#   and in equal seconds labels may take more steps; what is left then is printed below.)
#
# Labels alone could win: they may stop earlier or go on for longer, whichever was better on a seed
# that is not judged, and every way of training has the best of a few learning rates. What is *not*
# equal, and should be said: the teacher draws twice as many characters as the student, from a text
# twenty times as long as its 5 %, and what training it cost is counted nowhere. Nor was all tuned:
# not the teacher's rate, not the weight of its word; and the taught stop at 300 steps, so that what
# falls short falls short for those.
#
# **What was wrong before.** An earlier version of this experiment judged, of the two gaps, the
# first alone (and what is left of the gain over the better of two labels, -0.09), and called it
# "the gap": 60 % of it was closed. But the n-gram of the same 50,000 characters was better than the
# student that the gap began at; from the n-gram on it was 41 %. Its taught students had not been
# given the learning rates they wanted, its n-gram taught with the answers before it, and one
# teacher taught all seeds, so that the intervals did not cover what another would do. `python -m
# lessons ledger --history` shows what it came to.
#
# No time? `experiment("dark_knowledge", published=True)` shows what we have measured, and runs
# nothing.

# %%
evidence = experiment("dark_knowledge")

# %% [markdown]
# **How to read the figure.** Left: for every way of training two marks, little text and all of it;
# dots are seeds; the dotted line is the teacher. Right: what the student that the transformer
# taught gains over each way of using labels alone. Below zero the lessons were a waste of time.
#
# Now look at the last pair of marks. The n-gram costs a second of counting. Where it lies below the
# dotted line, counting all of the text is better than the teacher, and there is no gap to close.

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
# In the published runs 0.59 of the student's own gap is closed, and 0.40 of that from the best use
# of the same labels, which is always counting: the n-gram of 5 % of the text (2.13 nats) beats
# every student that had labels alone (2.29 at best). What the n-gram teaches, who knows no other
# text, is worth 0.08 nats of the transformer's 0.32. What is left of the gain with all of the text,
# 0.31 at equal steps, may lie on either side of a third: to tell with 90 %, some 90 seeds would be
# needed, three and a half hours of one core. In equal seconds none of it is seen to be left (-0.05,
# -0.13 to 0.02); at equal compute being taught loses, in all eight seeds (-0.09, -0.16 to -0.02).
# And with all of the text counting (1.58) is better than the teacher (1.79).
#
# ## 7. Where it stops being true
#
# - **At equal compute, with much data.** The makers of MobileLLM (Liu et al. 2024) taught models
#   of 125 and 350 million weights by one of 7 billion. It took 2.6 to 3.2 times as long and came
#   out as good as labels alone, or worse. In OpenAI's *parameter golf* (pull request #1029 there)
#   a student that was distilled paid 1.153 bits per byte where its baseline paid 1.140: in the
#   same minutes the baseline took more steps. Where text is free and time is not, read on instead
#   of asking.
# - **When data are plenty.** Busbridge et al. (2025) fitted a law to many sizes: a student with
#   enough tokens of its own ends where it would have ended anyway. Distillation shortens the way;
#   it does not move the goal.
# - **When the teacher is too far ahead.** A much larger teacher can teach worse than a smaller one:
#   Mirzadeh et al. (2019) put an assistant between the two, Cho & Hariharan (2019) stopped the
#   teacher early. It is called the capacity gap, and whether it appears depends on the set-up.
# - **Agreeing is not the same as being good.** Students often end far from their teachers and do
#   well all the same (Stanton et al. 2021). What was passed on is then not "the teacher".
# - **People who try it are often disappointed.** In torchtune, issue #2922, someone follows the
#   tutorial and gets a distilled model that is worse than the untouched student (#2094 is another
#   such thread). A usual cause: the teacher knew nothing of the task. `python -m distill.compare`
#   prints no distilled student without its baselines, counting among them, for this reason.
#
# ## 8. Read on
#
# - G. Hinton, O. Vinyals and J. Dean, *Distilling the Knowledge in a Neural Network* (2015),
#   arXiv:1503.02531. On handwritten digits the small network makes 146 errors alone, 74 when
#   taught; the large one makes 67. In speech, with 3 % of the data: 44.5 % of frames right with
#   labels, 57.0 % with soft targets, 58.9 % with all of the data.
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
# times as much: is text that a teacher has written, with its comments, worth as much as real text?
# At which amount does it stop helping? And does an n-gram do as an author? We have not tried it.
# The cell below makes such a text. Put it between the student's own and what is held out, and
# `distill` above takes it like any other corpus.

# %%
written = sample.generate(teacher, length=300, rng=np.random.default_rng(0))[0]
held_out = corpus.text[-len(corpus.held_out) :]
mixed = replace(corpus, text=part.train + written + held_out)  # mind where its last tenth begins
print(written)

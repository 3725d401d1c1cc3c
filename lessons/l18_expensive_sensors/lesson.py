"""Lesson 18, the notebook's source.

Run:    python -m lessons build 18
"""

# %% [markdown]
# # Who labels? A budget with one expensive sensor
#
# **The claim.** Train with expensive sensors, and ship with cheap ones: the test car carries a
# laser scanner, the car that is sold has cameras. Andrej Karpathy said so on the podcast *No
# Priors* in 2024 (NP24b), and in 2022 that many cheap sensors in many places see more of the world
# than a few rich ones (RB22). *We read into it* how the one helps the other: **a model that sees
# the rich view labels recordings, and a model that sees only the cheap view learns from them.**
#
# This lesson is a budget. You have money for 400 labels, recordings without end, and a product
# with a bad sensor. Five offers are on your desk. Which one do you sign?
#
# You need lesson 1 (a loss in nats) and lesson 5 (a teacher's probabilities as targets). Reading
# and exercises take 50 to 60 minutes. The experiment in section 5 runs for about seven minutes on
# one processor core; you may start it and read on.

# %%
import numpy as np

from lessons.engine.notebook import check, experiment, hint, picture, predict, scaled
from lessons.l18_expensive_sensors import experiment as measured
from lessons.l18_expensive_sensors import sensors
from lessons.l18_expensive_sensors.sensors import Recipe, as_lines, nats
from minigpt.storyland.holes import theme_posterior

# %% [markdown]
# ## 1. One scene, two sensors
#
# A scene is a line of Storyland, the small grammar of lesson 2. The label is what the scene is
# about: food, clothes, rides, pets, music or words. The expensive sensor sees the line. The cheap
# one misses each character with probability one half; `_` is a hole. Here are six scenes as the
# product will see them. Say aloud what each one is about before you go on.

# %%
some = sensors.scenes(scaled(2000, ci=200), share=0.5, seed=90)
for line in as_lines(some.cheap[:6]):
    print(line)

# %%
for line, theme in zip(as_lines(some.rich[:6]), some.theme):
    print(f"{line:30} {sensors.THEMES[theme]}")

# %% [markdown]
# You know English, and that the dog is fed and the pie baked. A new product knows nothing: it
# needs examples with labels.
#
# ## 2. What can be known at all
#
# Before you buy, ask what *nobody* can do better. Storyland's grammar is known, so the exact odds
# of each theme can be computed, given a line with holes. The grammar is a machine with states; each
# character moves it on. Where a character was seen, only the ways that write it are open. Where
# there is a hole, all are.
#
# ### Exercise 18.1: with_holes

# %% exercise="18.1"

# %% [markdown]
# `theme_posterior` does that with all 3,742 states of the grammar. How much does the cheap sensor
# lose, at best?

# %%
for share in (0.0, 0.3, 0.5, 0.7, 0.9):
    seen = sensors.hide(some.rich, share, np.random.default_rng(1))
    odds = theme_posterior(as_lines(seen))
    right = np.mean(odds.argmax(axis=1) == some.theme)
    print(f"{share:4.0%} hidden: {nats(odds, some.theme):.3f} nats a line, {right:4.0%} right")

# %% [markdown]
# At one half the sensor is poor and the *scene* is hardly lost: 0.05 nats a line is the floor. A
# guess by the themes' frequencies costs 1.7. So what a product loses above 0.05 is not the sensor's
# fault. It is what the product has not learned.
#
# ## 3. Five offers
#
# Labels are dear: a person has to look. Recordings are not: a car that carries both sensors records
# 20,000 scenes in an afternoon. Nobody labels those. The money is for 400 labels.
#
# - **A, labels alone.** People label 400 scenes; the product learns from their cheap view.
# - **B, rich teacher.** People label 400 scenes. A model that sees their rich view learns from them
#   and labels the 20,000; the product learns from those.
# - **C, cheap teacher.** The same, but the teacher is A's model: it sees what the product sees.
# - **D, holes anew.** People label 400 scenes, whose *rich* view was recorded. So a computer can
#   make other holes at each step, and the product learns from those. No teacher.
# - **E, all labels.** People label all 20,000, at fifty times the price.
#
# C is the control. All that is good about a teacher (soft targets, many more scenes to read) it
# has; all that it lacks is the expensive sensor. D is the rival: the expensive sensor, and no
# teacher.
#
# ### Exercise 18.2: auto_label

# %% exercise="18.2"

# %% [markdown]
# ### Predict
#
# Call the loss of A zero and that of E one. **How far does offer B come?** (The teacher of B has
# seen 400 labels, as A has.)

# %%
share = ...  # 0: no better than A; 1: as good as E
predict("expensive_sensors", share)

# %% [markdown]
# And who is the better teacher with 400 labels? The one that sees more is right more often. But it
# says "food!" of a scene in which the product can see next to nothing: it teaches things that
# cannot be seen. **By how much does B come further than C?** A negative number if C wins.

# %%
lead = ...  # B's share minus C's
predict("expensive_sensors", lead, criterion=2)

# %% [markdown]
# ## 4. A trial
#
# Before you sign, a small trial: 5,000 recordings instead of 20,000, and 300 steps. The model is a
# small convolutional network; it looks at five characters at a time, twice over, and keeps the
# strongest of what it finds on the line.

# %%
N, STEPS = scaled(5000, ci=100), scaled(300, ci=2)
recordings = sensors.scenes(N, share=0.5, seed=91)
tests = sensors.scenes(scaled(2000, ci=50), share=0.5, seed=92)
paid = sensors.scenes(400, share=0.5, seed=93)


def learned(rows, targets, hide=0.0):
    return sensors.learned(rows, targets, Recipe(steps=STEPS, hide=hide), 48, 64, seed=0)


cheap_teacher = learned(paid.cheap, paid.theme, hide=0.4)
rich_teacher = learned(paid.rich, paid.theme, hide=0.2)
offers = {
    "A labels alone": cheap_teacher,
    "B rich teacher": learned(*sensors.auto_label(rich_teacher, recordings.rich, recordings.cheap)),
    "C cheap teacher": learned(
        *sensors.auto_label(cheap_teacher, recordings.cheap, recordings.cheap)
    ),
    "D holes anew": learned(paid.rich, paid.theme, hide=0.4),
    "E all labels": learned(recordings.cheap, recordings.theme),
}
print(f"rich teacher on its own view: {nats(rich_teacher(tests.rich), tests.theme):.2f} nats")
for name, reader in offers.items():
    print(f"{name:16} {nats(reader(tests.cheap), tests.theme):.2f} nats a line, cheap view")

# %% [markdown]
# One trial is one trial: little text, few steps, one draw of the dice. The experiment has more of
# each. But first a way to put it on a bill.
#
# ### Exercise 18.3: worth_in_labels

# %% exercise="18.3"

# %% [markdown]
# ## 5. The experiment
#
# Five seeds, each with its own scenes. 100, 400 and 1,600 labels; 20,000 recordings; 1,000 steps of
# 64 lines for every student. All losses are of the cheap view of 4,000 new scenes. Each offer has
# the best recipe of those tried (steps, learning rate, how many characters to hide anew), on a seed
# that is never judged. Before the judged seeds were run we wrote down: at 400 labels B closes
# at least 0.6 of the distance from A to E, and at least 0.2 more than C.

# %%
evidence = experiment("expensive_sensors")

# %% [markdown]
# **How to read the figure.** Thick lines are means over seeds, thin ones the seeds. Each line says
# how the loss falls if people label more. All are losses on the *cheap* view.


# %%
print("labels                     100    400   1600")
for arm in ("labels", "cheap teacher", "rich teacher", "teachers"):
    name = "rich teacher, rich view" if arm == "teachers" else arm
    losses = np.mean([[one[arm][str(n)] for n in measured.LEVELS] for one in evidence], axis=0)
    print(f"{name:25}", "  ".join(f"{loss:.3f}" for loss in losses))
print()
for arm in ("labels", "rich teacher", "cheap teacher", "holes anew", "exact odds", "all labels"):
    found = [one[arm] if isinstance(one[arm], float) else one[arm]["400"] for one in evidence]
    share = np.mean([measured.closed(one, loss) for one, loss in zip(evidence, found)])
    worth = np.median([measured.worth(one, loss) for one, loss in zip(evidence, found)])
    print(
        f"{arm:14} {np.mean(found):.3f} nats, {share:5.2f} of the gap, worth {worth:7,.0f} labels"
    )
print(f"floor: {np.mean([one['floor'] for one in evidence]):.3f} nats")

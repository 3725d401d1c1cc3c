"""Lesson 18, the notebook's source.

Run:    python -m lessons build 18
"""

# %% [markdown]
# # Who labels? A budget with one expensive sensor
#
# **The claim.** Train with expensive sensors, and ship with cheap ones: the test car carries, say,
# a laser scanner, the car that is sold has cameras. Andrej Karpathy said so on the podcast *No
# Priors* in 2024 (NP24b), and in 2022 that many cheap sensors in many places see more of the world
# than a few rich ones (RB22). *We read into it* how one helps the other: **a model that sees the
# rich view labels recordings, and a model that sees only the cheap view learns from them.**
#
# This lesson is a budget. You have money for 400 labels, recordings without end, and a product
# with a bad sensor. Four offers are on your desk, and a fifth that you cannot pay, to measure them
# by. Which one do you sign?
#
# You need lesson 1 (a loss in nats) and lesson 5 (a teacher's probabilities as targets). Reading
# and exercises take 50 to 60 minutes. The experiment in section 5 runs for about six minutes on
# one processor core; you may start it and read on.

# %%
import numpy as np

from lessons.engine.notebook import check, experiment, hint, predict, scaled
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
# You know English. A new product knows nothing: it needs examples with labels.
#
# ## 2. What can be known at all
#
# Storyland's grammar is known, so the exact odds of each theme can be computed, given a line with
# holes. The grammar is a machine with states; each character moves it on. Where a character was
# seen, only the ways that write it are open. At a hole, all are.
#
# ### Exercise 18.1: with_holes

# %% exercise="18.1"

# %% [markdown]
# `theme_posterior` does that with all 3,742 states of the grammar. How much does the cheap sensor
# lose, at best?

# %%
for share in (0.3, 0.5, 0.7, 0.9):
    seen = sensors.hide(some.rich, share, np.random.default_rng(1))
    odds = theme_posterior(as_lines(seen))
    right = np.mean(odds.argmax(axis=1) == some.theme)
    clear = np.mean(odds.max(axis=1) > 0.99)
    print(
        f"{share:4.0%} hidden: {nats(odds, some.theme):.3f} nats a line, {right:4.0%} right;"
        f" {clear:4.0%} of the lines leave no doubt (p > 0.99)"
    )

# %% [markdown]
# At one half the sensor is poor and the *scene* is hardly lost: 0.05 nats a line is the floor. A
# guess by the themes' frequencies costs 1.7. What a product loses above 0.05 is not the sensor's
# fault. The product has not learned it, or its network cannot.
#
# ## 3. Five offers
#
# Labels are dear: a person has to look. Recordings are not: a car that carries both sensors records
# 20,000 scenes in an afternoon.
#
# - **A, labels alone.** People label 400 scenes; the product learns from their cheap view.
# - **B, the rich teacher's student.** People label 400 scenes. A model that sees their rich view
#   learns from them: the rich teacher. It labels the 20,000; the product learns from those.
# - **C, the cheap teacher's student.** The same, but the teacher is A's model: it sees what the
#   product sees.
# - **D, holes anew.** People label 400 scenes, whose *rich* view was recorded. So a computer can
#   make other holes at each step, and the product learns from those. No teacher.
# - **E, all labels.** People label all 20,000, at fifty times the price.
#
# C is the control: it has a teacher's soft targets and the 20,000 scenes, and only the expensive
# sensor is missing. D is the rival: the expensive sensor, and no teacher.
#
# ### Exercise 18.2: auto_label

# %% exercise="18.2"

# %% [markdown]
# ### Predict
#
# Think of the way down from A's loss to E's. **What share of it does B go?**

# %%
share = ...  # 0: no better than A; 1: as good as E
predict("expensive_sensors", share)

# %% [markdown]
# Who is the better teacher with 400 labels? The one that sees more is right more often. But it says
# "food!" of a scene in which the product sees next to nothing: it teaches what cannot be seen.
# **How much larger is B's share than C's?** A negative number if C wins.

# %%
lead = ...  # B's share minus C's
predict("expensive_sensors", lead, criterion=2)

# %% [markdown]
# ## 4. A trial
#
# First a trial of 15 seconds: 5,000 recordings instead of 20,000, and 300 steps of 64
# lines. The model is a small convolutional network with 48 features; it looks at five characters at
# a time, twice over. `hide` is the share hidden anew at each step. Few labels need
# that, lest they be learned by heart: A hides on top of its sensor's holes. What sets D apart is
# that it hides in the *rich* view.

# %%
N, STEPS = scaled(5000, ci=100), scaled(300, ci=2)
recordings = sensors.scenes(N, share=0.5, seed=91)
tests = sensors.scenes(scaled(2000, ci=50), share=0.5, seed=92)
paid = sensors.scenes(400, share=0.5, seed=93)


def learned(rows, targets, hide=0.0):
    """A network that has learned these targets; `hide` is the share hidden from it."""
    return sensors.learned(rows, targets, Recipe(steps=STEPS, hide=hide), 48, 64, seed=0)


cheap_teacher = learned(paid.cheap, paid.theme, hide=0.4)
rich_teacher = learned(paid.rich, paid.theme, hide=0.2)
offers = {
    "A labels alone": cheap_teacher,
    "B rich student": learned(*sensors.auto_label(rich_teacher, recordings.rich, recordings.cheap)),
    "C cheap student": learned(
        *sensors.auto_label(cheap_teacher, recordings.cheap, recordings.cheap)
    ),
    "D holes anew": learned(paid.rich, paid.theme, hide=0.4),
    "E all labels": learned(recordings.cheap, recordings.theme),
}
print(f"rich teacher on its own view: {nats(rich_teacher(tests.rich), tests.theme):.2f} nats")
for name, reader in offers.items():
    print(f"{name:16} {nats(reader(tests.cheap), tests.theme):.2f} nats a line, cheap view")

# %% [markdown]
# In our trial D (0.51) beat even E (0.54) and B (0.55). Is a teacher needed at all? But this is one
# draw of the dice, with few steps. First, a way to put it on a bill.
#
# ### Exercise 18.3: worth_in_labels

# %% exercise="18.3"

# %% [markdown]
# ## 5. The experiment
#
# Five seeds, each with its own scenes. 100, 400 and 1,600 labels (for A 6,400, too: with E at
# 20,000 that makes its curve); 20,000 recordings. Students, D and E have 1,000 steps; A and the
# teachers as many as are best for them. Learning rate and `hide` are the best of those tried for
# each, on a seed that is never judged. All losses are of the cheap view of 4,000 new scenes. Before
# the judged seeds were run we wrote down: at 400 labels B closes at least 0.6 of the gap from A to
# E, and at least 0.2 more than C. The whole interval over seeds must clear the mark, not only the
# mean.

# %%
evidence = experiment("expensive_sensors")

# %% [markdown]
# **How to read the figure.** Thick lines are means over seeds, thin ones and small dots the seeds.
# E is where A's line ends. The table has one more student, "exact odds": its targets are those of
# section 2, from the grammar. `inf` labels are more than E's 20,000: it is better than E on three
# seeds of five.


# %%
print("labels                     100    400   1600")
rows = {
    "labels": "A labels alone",
    "rich teacher": "B rich student",
    "cheap teacher": "C cheap student",
    "holes anew": "D holes anew",
    "all labels": "E all labels",
    "exact odds": "exact odds",
    "teachers": "B's teacher, rich view",
}
for arm in ("labels", "rich teacher", "cheap teacher", "teachers"):
    losses = np.mean([[one[arm][str(n)] for n in measured.LEVELS] for one in evidence], axis=0)
    print(f"{rows[arm]:25}", "  ".join(f"{loss:.3f}" for loss in losses))
print()
for arm in list(rows)[:-1]:
    found = [one[arm] if isinstance(one[arm], float) else one[arm]["400"] for one in evidence]
    share = np.mean([measured.closed(one, loss) for one, loss in zip(evidence, found)])
    worth = np.median([measured.worth(one, loss) for one, loss in zip(evidence, found)])
    print(
        f"{rows[arm]:15} {np.mean(found):.3f} nats, {share:5.2f} of the gap,"
        f" worth {worth:6,.0f} labels"
    )
print(f"floor: {np.mean([one['floor'] for one in evidence]):.3f} nats")

# %% [markdown]
# ## 6. What came out
#
# **The verdict on our reading, on these scenes, is "reproduced".** With 400 labels, B closes 0.95
# of the distance from A to E (interval 0.92 to 0.98; 0.6 was wanted), and 0.73 more than C (0.63
# to 0.83; 0.2 was wanted). With a fiftieth of the labels the product pays 0.30 nats a line where
# E's pays 0.26; the difference, 0.035, is above zero (0.010 to 0.060).
#
# **Why so near?** The teacher's sensor makes its task easy. With 400 labels it pays 0.07 nats on
# its own view in the mean (0.02 to 0.13 by seed), while A, with the same labels, pays 0.99 on its
# own. With 100 labels it pays 0.55 nats, and its student 0.57: still much less than A with 400.
#
# **What is the sensor worth?** By exercise 18.3, B's 400 labels do what some 9,600 would do for A:
# the median. By seed it is 4,800 to 13,100. Where A's curve is nearly flat, a small difference of
# loss is a large one of labels: B is near E in nats, and worth half its labels. C's 400 are worth
# 580 (520 to 760), D's 2,100 (1,400 to 3,100). Against A, B has the sensor, recordings and soft
# targets; for the sensor alone compare B with C: 9,600 with 580.
#
# **C does not win.** Soft targets and 20,000 scenes gain it something at 400 labels, 0.16 nats
# (0.09 to 0.23), and nothing that we can see at 100 or 1,600. We expected C to catch up at 1,600; B
# is still 0.167 nats ahead (0.149 to 0.185).
#
# **Does it hurt to be taught what cannot be seen?** The best teacher for the product would say
# the exact odds, given what is left to see. The student of those cannot be told from E, which was
# told the plain truth (its loss minus E's: 0.004, from -0.014 to 0.021). But look at section 2: at
# half the holes more than nine lines in ten leave no doubt, so odds and truth are nearly the same
# targets. This could hardly find harm. At 70 or 90 % hidden we did not run it.
#
# **D is the surprise.** It led the trial. Here B, with all its steps and recordings, passes it, but
# without teacher or recordings D closes 0.77 of the gap (0.72 to 0.82): four fifths of what B does.
# Recordings and a teacher add 0.18 (0.15 to 0.21). But D needs to simulate the cheap sensor. Ours
# is one line of code; a camera in the rain is not. D was not judged: take this as a question.
#
# **And the floor?** E is 0.21 nats above it, and the student of exact odds 0.22. More steps or a
# larger network may come nearer; we did not try.
#
# ## 7. Where it stops being true
#
# - **Where labels are plenty.** An earlier experiment
#   (`python -m distill.experiments expensive_sensor`) gave its teachers as many labels as people
#   would give the student. Of the gap there, from few labels to all, the rich view's student then
#   closed 1.35 (1.18 to 1.52), that of the poor view 1.20 (1.12 to 1.28). Above 1 is better than
#   people's hard labels. Both passed 0.6, so that says nothing about the sensor, and whether it
#   adds anything is undecided there.
# - **Where the cheap sensor lacks what decides.** At 90 % hidden the floor itself is high (section
#   2), and no teacher lowers a floor.
# - **Where the label is an action.** A teacher that sees round the corner does not slow down. A
#   student that cannot see round it ought to; if it imitates the teacher, it does not (Weihs et
#   al., below). Our label does not depend on what anybody does.
# - **Where the rich sensor saw one town.** Our recordings come from everywhere. Many cheap sensors
#   rather than a few rich ones we have not tried.
# - **On the bill.** We counted labels. Sensors, recording and computing cost money, too.
#
# ## 8. Read on
#
# - S. Gupta, J. Hoffman, J. Malik, *Cross Modal Distillation for Supervision Transfer* (2015),
#   arXiv:1507.00448. Labelled colour pictures teach depth pictures of the same rooms.
# - D. Lopez-Paz et al., *Unifying distillation and privileged information* (2015),
#   arXiv:1511.03643. When a teacher who knows more than its student helps.
# - D. Chen et al., *Learning by Cheating* (2019), arXiv:1912.12294. A driver that is shown the map
#   and all cars teaches one that has a camera.
# - L. Weihs et al., *Bridging the Imitation Gap by Adaptive Insubordination* (2020),
#   arXiv:2007.12173.
#
# ## An open question
#
# B and D can be combined: show the product what the rich teacher has labelled, with other holes
# each time. The cell tries it once, in the small. What does it bring with 20,000 recordings?

# %%
rows, targets = sensors.auto_label(rich_teacher, recordings.rich, recordings.rich)
both = learned(rows, targets, hide=0.5)
print(f"B with holes anew: {nats(both(tests.cheap), tests.theme):.2f} nats a line, cheap view")

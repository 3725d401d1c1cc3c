"""Lesson 9, the notebook's source.

Run:    python -m lessons build 09
"""

# %% [markdown]
# # A neuron that feels: does one unit of a network know a mood that nobody wrote down?
#
# **The claim.** An LSTM that predicts the next character of shop reviews well enough has one unit
# that follows their mood. So good prediction finds the secret in the data. Ilya Sutskever told it
# to Jensen Huang in 2023 (JH23); the paper is from 2017, and he is one of its authors.
#
# You need surprise and bits from lesson 1, probes from lesson 2 and the AUC from lesson 6. Reading
# and exercises take 60 to 70 minutes. The experiment near the end runs for about five minutes on
# one processor core; you may start it and read on.

# %%
import numpy as np

from lessons.engine.notebook import check, experiment, hint, picture, predict, scaled
from lessons.l09_a_neuron_that_feels import film, readers
from lessons.l09_a_neuron_that_feels.experiment import SIZES
from lessons.lab import hidden_cause, inside, moods
from lessons.lab.recurrent import LSTM, Remembering

# %% [markdown]
# ## Predict first
#
# A network with 128 units learns to predict reviews, character by character. Nobody tells it that
# half of the reviewers were glad and half were cross. Afterwards it reads new reviews, and every
# unit is questioned alone: how well does your value tell glad from cross? The measure is the AUC:
# 1 is perfect, 1/2 is guessing. There are two rivals.
#
# - **Cheap readers**: a bag of characters (how many a, b, c are in the review?), which is told the
#   moods, and the best unit of the same network *before* training. How far is the best unit above
#   the better of the two?
# - **Turned axes**: the same 128 numbers, turned by a random rotation. That loses nothing, but it
#   mixes all units. How far is the best unit above the best of 128 turned axes?

# %%
above_cheap_readers = ...  # a difference of AUCs, from -1 to 1
predict("a_neuron_that_feels", above_cheap_readers, criterion=1)
above_turned_axes = ...  # a difference of AUCs, from -1 to 1
predict("a_neuron_that_feels", above_turned_axes, criterion=2)

# %% [markdown]
# ## 1. The case
#
# Here are six witnesses. Cover the last column: who was glad?

# %%
writers = moods.reviews()
reviews, glad = writers.lines(scaled(2000, ci=200), seed=5)
for review, mood in zip(reviews[:6], glad):
    print(f"{review.strip():105} {moods.MOODS[mood]}")

# %% [markdown]
# A glad reviewer praises nine parts in ten, a cross one praises one in ten. That is the only
# difference; in seven clauses of twenty "not" turns the word round (`tea not bad` is praise).
#
# Why should a network care? Because the mood makes the next words a little less surprising. We
# wrote the two grammars behind the reviews, so we know what three predictors pay:

# %%
paid = writers.losses(reviews, glad)
print(f"works it out, the least without being told: {paid.exact:.4f} nats/char")
print(f"is told the mood before each review:        {paid.told:.4f}")
print(f"knows the rules, ignores what it read:      {paid.forgetful:.4f}")
print(f"so the mood is worth {paid.worth:.4f} nats/char, {paid.worth / paid.forgetful:.0%} of all")

# %% [markdown]
# That is all the motive there is. Spelling and the parts of a lamp are worth far more.
#
# ## 2. What can be known
#
# Two causes could have written a text. After each character, **Bayes' rule** says how likely each
# of them is: the probability before (the **prior**) times the probability that this cause writes
# what came, divided by the sum over both. Probabilities multiply from character to character, so
# their logarithms add up.
#
# ### Exercise 09.1: the running posterior
#
# Compute the probability of each cause after each character, the **posterior**.

# %% exercise="09.1"

# %%
review = next(r for r in reviews if len(r) > 90 and len(set(moods.praised(r))) == 2)
posterior = hidden_cause.running_posterior(writers.loglik(review), np.array([0.5, 0.5]))
print(review)
caption = "Each tick ends a clause. A small bump is an n that may become `neat` or `not`."
with picture(
    x="clauses read", y="probability of glad", title="Clause by clause", caption=caption
) as ax:
    ax.plot(posterior[:, 1], label="Bayes' rule")
    ends = [i for i, c in enumerate(review) if c in ":,."]
    ax.set_xticks(ends, [str(i) for i in range(len(ends))])

# %% [markdown]
# ## 3. The usual suspects
#
# In exercise 06.1 you measured one judge by its AUC: the share of pairs, one text of each kind,
# that it orders rightly. A network with 128 units has 128 judges.
#
# ### Exercise 09.2: the AUC of every unit
#
# Compute all AUCs at once. The rows of `states` are texts, the columns are units.

# %% exercise="09.2"

# %% [markdown]
# Three suspects count things: a **bag** of characters, of words, or of pairs of words. Each is told
# the moods of half of the reviews and fits a weighted sum to them (a linear probe, as in lesson 2);
# the other half judges. Bayes' rule stands beside them.

# %%
half = len(reviews) // 2
chosen, right = glad[:half], glad[half:]
for name, bag in readers.BAGS.items():
    choose, judge = readers.counted(bag, reviews[:half], reviews[half:])
    auc = inside.probed(choose, chosen, judge, right)
    print(f"bag of {name:15} {choose.shape[1]:4} counts, AUC {auc:.3f}")
exact = writers.posteriors(reviews[half:])
print(f"Bayes' rule                         AUC {inside.unit_aucs(exact, right)[1]:.3f}")

# %% [markdown]
# Letters have some idea, since "not" comes in fewer than half of the clauses. Pairs of words, such
# as `not bad`, have nearly all of it. So the mood is no deep secret to a reader that is *told the
# moods*. The network is told nothing.
#
# ## 4. The line-up
#
# Now we question an LSTM, a network that reads one character after another and keeps a vector of
# **cells**. At each character a gate decides for each cell how much of it is kept, and another how
# much is written to it. We let it read each review to its end and take its 128 cells.
#
# ### Exercise 09.3: the best unit
#
# Find the unit that tells the two kinds apart best, and its sign: it may be high for glad reviews
# or for cross ones.

# %% exercise="09.3"

# %% [markdown]
# A warning before any arrest. Pick the best of 128, and somebody will look guilty by luck. Here is
# a network that was never trained, and only 60 reviews to choose by:

# %%
untrained = LSTM.fresh(SIZES["full"].lstm.model, "".join(reviews), seed=0)
cells = inside.at_ends(Remembering(untrained).cells, reviews, untrained.tokenizer)
few = slice(0, 60)
unit, sign = inside.best_unit(cells[few], glad[few])
for where, some in (("the 60 reviews it was chosen by", few), ("others", slice(60, None))):
    auc = inside.unit_aucs(sign * cells[some, unit : unit + 1], glad[some])[0]
    print(f"cell {unit}, AUC on {where}: {auc:.2f}")

# %% [markdown]
# So in the experiment 1,000 reviews choose unit and sign, and 1,000 others judge them.
#
# ## 5. A neuron or a direction?
#
# Suppose we find a good unit. Perhaps the network spreads the mood over all cells, as a
# **direction**: some weighted sum of them. Then every axis has a share of it, and the best of 128
# looks good whatever axes we take. The control: turn the state by a random **rotation** and look
# for the best axis again. A weighted sum can read the turned state as well as before. Only the
# units are gone. Below, one world has the mood in a single unit, the other spreads it evenly.

# %%
rng = np.random.default_rng(0)
noise = rng.standard_normal((2 * half, 128))
alone, spread = np.eye(128)[3], np.full(128, 128**-0.5)
for name, direction in (("in one unit", alone), ("spread over all", spread)):
    states = noise + 3 * np.outer(glad[: 2 * half], direction)
    halves = states[:half], chosen, states[half:], right[:half]
    unit, auc = inside.judged(*halves)
    turned, every = inside.rotated(*halves, rng), inside.probed(*halves)
    print(f"{name:16} best unit {auc:.2f}, best turned axis {turned:.2f}, weighted sum {every:.2f}")

# %% [markdown]
# The weighted sum cannot tell the two worlds apart. The rotation can.
#
# ## 6. The experiment
#
# An LSTM with 128 cells reads 2.7 million characters, from 1.2 million of reviews, and predicts the
# next one, nothing else. Then its best cell is chosen and judged as above. Before the judged seeds
# were run we wrote down what must hold, after pilots on seeds that are never judged (the docstring
# of `experiment.py` has them):
#
# - The AUC of the best unit is at least 0.1 above the better of a bag of characters and the best
#   unit of the same network untrained.
# - It is at least 0.05 above the best axis after a random rotation, the mean of ten. (States are
#   turned as they are, and with all units brought to one spread; the better of the two counts.)
#
# Both rivals could win. Bayes' rule itself is only about 0.22 above the bag of characters. And if
# the network holds the mood as a direction, turned axes do as well as units.

# %%
evidence = experiment("a_neuron_that_feels")

# %% [markdown]
# **How to read the figure.** Left: one review, clause by clause. The dashed line is the chosen
# unit, stretched from 0 to 1; it follows loosely, and is no probability. Right: every reader's AUC
# on the same reviews. The claim needs the coloured bar to be clearly longer than "bag of
# characters", "best unit, untrained" and "best rotated axis". (At the end of the line the unit
# jumps: the next reviewer may be glad.)
#
# When does the unit appear? The experiment looked at the network four times. The loss is that of
# reviews read one by one, so it can be compared with the three predictors of section 1.

# %%
looks = [[one["looks"][i] for one in evidence] for i in range(4)]
print("step  loss above the least possible   best unit  turned axis  weighted sum")
for some in looks:
    above = np.mean([a["loss"] - e["losses"]["exact"] for a, e in zip(some, evidence)])
    found = [np.mean([one[name] for one in some]) for name in ("auc", "rotated", "probe")]
    print(f"{some[0]['step']:4}  {above:20.4f}" + "".join(f"{auc:13.3f}" for auc in found))
motive = np.mean([e["losses"]["forgetful"] - e["losses"]["exact"] for e in evidence])
print(f"the mood is worth {motive:.4f} nats/char")

# %% [markdown]
# First the network learns to spell. At step 165 its loss is still farther above the least possible
# than the mood is worth, and the best units are at 0.65 to 0.83. At step 330 five networks of the
# six have a unit of about 0.98. So the unit comes with the better prediction. (Such a table would
# come out for anything that learns, so it was no criterion.)
#
# Is it *one* unit, and in *every* network? Here are the AUCs of the five best cells, whichever way
# round they are, then that of all cells together, and the loss.

# %%
for one in evidence:
    end = one["looks"][-1]
    apart = np.sort(np.abs(np.array(end["aucs"]) - 0.5) + 0.5)[::-1]
    print(f"seed {one['seed']}: " + ", ".join(f"{auc:.2f}" for auc in apart[:5]), end="; ")
    print(f"weighted sum {end['probe']:.2f}, loss {end['loss']:.4f}")

# %% [markdown]
# Five networks have a unit of 0.97 to 0.99, with others not far behind. Seed 2 is the exception,
# and it tells most. Its loss is the highest of the six, though it lacks less than half of what the
# mood is worth, and a weighted sum reads the mood from it: it uses some of the mood. Its best unit
# is at 0.81; the mood is in several cells. It was late, and we did not train it longer. The
# means over six seeds meet both criteria, and "has one unit" was not true of every network after
# this training.
#
# **Does the network use the unit?** (Lesson 2 left such a question open.) Hold the cell at its mean
# value in glad reviews, character after character, and let the network write; then at its mean in
# cross ones. The control is a cell that tells nothing, held high and low.

# %%
print("share of praise in what it writes")
for name in evidence[0]["written"]:
    shares = [one["written"][name] for one in evidence]
    print(f"  {name:10} {np.mean(shares):.2f}  ({min(shares):.2f} to {max(shares):.2f})")

# %% [markdown]
# In the five networks that have a unit, holding it moves the share of praise from about a half to
# between 0.79 and 0.87, or to between 0.15 and 0.21. Our own reviewers are at 0.9 and 0.1. The idle
# cell moves it by at most 0.02. In the network of seed 2 holding its best cell does nothing either:
# what follows the mood need not steer.
#
# ## 7. Real witnesses
#
# Our reviewers are simple: one mood, ten words of opinion. What if people write? We trained the
# same network on 1.8 million characters of film reviews from the internet, and let it read the
# first 300 characters of others: 1,500 chose, 1,500 judged. One run, not judged:
#
# | reader | AUC |
# |---|---|
# | best cell (untrained 0.54) | 0.50 |
# | best rotated axis | 0.51 |
# | weighted sum of all cells | 0.57 |
# | bag of characters | 0.59 |
# | bag of words | 0.71 |
#
# No neuron feels here. The chosen cell is guessing, and a weighted sum of all cells does no better
# than counting letters. At this size and after this little text we expected no more: the loss is
# still 1.63 nats a character, and OpenAI's network, 32 times as wide, trained for a month. (To
# repeat it get the text, 33 MB, by `python -m minigpt.corpora fetch reviews`, write `again = True`
# and wait a minute or more.)

# %%
again = False
real = film.reviews(1500) if again else None
if real is not None:
    told = film.searched(*real, steps=440, seed=0)
    print(f"loss {told.pop('loss'):.2f} nats/char")
    for name, auc in told.items():
        print(f"  {name:22} AUC {auc:.2f}")

# %% [markdown]
# ## 8. Where it stops being true
#
# - **We wrote the motive.** Our reviews have one hidden cause, and it is worth 5 % of the loss. One
#   that pays less, among many others, may never be found; section 7 found none, but did not
#   measure what the mood pays there.
# - **It took a push.** With forget gates that all start at the usual value, the LSTM of a pilot had
#   learned everything but the mood after two thirds of the steps. "Predict well enough" is a
#   condition: most of what can be gained is gained without a mood.
# - **One network in six had none.** It learned later than the others; whether more steps would give
#   it a unit we did not try.
# - **A unit is not the whole story.** Donnelly and Roegiest (2019) took OpenAI's sentiment neuron
#   away: a classifier lost hardly anything, and 100 random units together did better than the
#   neuron. One unit that *suffices* is not one unit that is *needed*.
# - **It is a matter of architecture.** Gates act cell by cell, so an LSTM's axes are special; a
#   transformer's stream is only read and written by matrices. (On a pilot a small GPT had not found
#   the mood after 1.1 million characters, so we cannot compare.)
#
# ## 9. Read on
#
# - A. Radford, R. Jozefowicz and I. Sutskever, *Learning to Generate Reviews and Discovering
#   Sentiment* (2017), arXiv:1704.01444. An LSTM with 4,096 units, 82 million Amazon reviews, a
#   month on four graphics cards; one unit alone gets 92.3 % of a test's reviews right, and holding
#   it steers what is written.
# - J. Donnelly and A. Roegiest, *On Interpretability and Feature Representations: An Analysis of
#   the Sentiment Neuron* (2019), ECIR.
# - C. Szegedy et al., *Intriguing properties of neural networks* (2013), arXiv:1312.6199. Random
#   directions look as meaningful as units: the control of this lesson, in pictures.
# - A. Karpathy, J. Johnson and L. Fei-Fei, *Visualizing and Understanding Recurrent Networks*
#   (2015), arXiv:1506.02078. Cells that follow quotes and count the length of a line.
# - C. Tallec and Y. Ollivier, *Can recurrent neural networks warp time?* (2018), arXiv:1804.11188.
#   How to start an LSTM so that it can remember.
#
# ## An open question
#
# You held a unit. What if you push the state along the *weighted sum's direction* instead? Does
# more or less of what is written turn glad, for a push of the same length? The cell below makes a
# start with an untrained network; train one as `experiment.py` does. We have not tried.

# %%
weights = inside.ridge(cells, glad[: len(cells)])[:-1]
longest = np.abs(weights).argmax()
print(
    f"cell {longest} has {weights[longest] ** 2 / (weights**2).sum():.0%} of the direction's length"
)

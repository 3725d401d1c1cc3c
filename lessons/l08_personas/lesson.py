"""Lesson 8, the notebook's source. Run: python -m lessons build 08"""

# %% [markdown]
# # Personas: does asking in a persona give more varied answers?
#
# **The claim.** Personas make the output of a model more varied. A model that gives the same few
# answers over and over gives others when it is asked in a persona: as a cook, as a spy. Andrej
# Karpathy said so on the podcast *No Priors* in 2024 (NP24b), in his own words, about making
# training data with large models.
#
# Is it the *persona* that helps, or would any small disturbance do? One could simply sample at a
# higher temperature, or write a random number into the prompt. So we read more into the claim than
# was said: a persona has to beat each of these at a setting at which the model writes no worse.
#
# Lesson 6 asked how we can see that a model tells only three jokes, and lesson 7 what happens to
# models that are trained on them. This lesson asks for a cure. You need Python and school
# mathematics (probabilities, logarithms). Reading and exercises take 65 to 75 minutes. The
# experiment near the end runs for about twelve minutes on one processor core; you may start it and
# read on.

# %%
from itertools import pairwise

import numpy as np

from labkit.experiment import interval
from lessons.engine.notebook import check, experiment, hint, picture, predict, scaled, source
from minigpt import sample
from synthdata import personas
from synthdata.collapse import regimes
from synthdata.diversity import abundance
from synthdata.diversity import hill as diversity
from synthdata.personas import evidence as persona_evidence
from synthdata.personas import world as persona_text

# %% [markdown]
# ## Predict first
#
# A small GPT learns a made-up language in which every line is said by somebody. Then it learns
# twice from its own answers instead, sampled at too low a temperature. Few different answers are
# left. This **collapsed** model is asked 2,000 times in each of several ways, and we count how many
# *different* answers it gives (section 2 says how):
#
# - with **personas** in the prompt. The persona's own words are not counted, but what it makes
#   people say is ("on the pier" for `port`);
# - without a persona, at a higher **temperature**;
# - without a persona, at a high temperature, with the unlikely tail cut off (**top-p**);
# - with a **random code** such as `#4711` in place of the persona.
#
# Each of the last three is taken at its best setting among those with which the model writes no
# worse than with personas. The best of them is the **best control**.
#
# How many times as many different answers do personas give, compared with the best control? 1 would
# mean that they are no better, a number below 1 that they are worse. Write yours in place of the
# dots.

# %%
my_prediction = ...  # times as many
predict("personas", my_prediction)

# %% [markdown]
# ## 1. A language about which everything is known
#
# In our small world a **persona** is a profession, a place, a mood and a style. Each of the four
# nearly determines one part of what is said; some personas are far more common than others. Because
# we wrote the world ourselves, the probability of every line is known exactly.

# %%
world = persona_text.World(0)
rng = np.random.default_rng(0)
people = world.draw(5, rng)
for person, line in zip(people, world.write(people, rng)):
    print(f"{persona_text.prompt(person)}{line}")

# %% [markdown]
# The text before the colon is the **prompt**, the text after it the **output**. The name of the
# profession occurs in both. It would be too easy to call outputs different because each repeats its
# persona's name. So these words are removed before anything is counted:

# %%
line = "lo the cook gladly fries eggs on the pier"
print(f"{line}\n{persona_text.counted(line)}")

# %% [markdown]
# ## 2. How many different answers?
#
# "Ten jokes" may mean ten that are told equally often, or one that is told nearly always and nine
# that were told once. Counting kinds does not show the difference. Let p be the share of each kind
# among the outputs. The **effective number** of order q (Hill 1973) is
#
# > N(q) = (sum over all kinds of p^q)^(1 / (1 - q))
#
# If K kinds are equally common, N(q) = K for every q. Otherwise q says how much the rare kinds
# count: N(0) is the number of kinds; N(2) is 1 divided by the probability that two outputs are the
# same. At q = 1 the formula divides by zero. Its limit there contains a number from lesson 2:
#
# > N(1) = 2^H,  with the entropy H = - sum of p log2 p in bits
#
# One bit more of entropy means *twice* as many different outputs. This lesson compares N(1).
#
# ### Exercise 08.1: the effective number
#
# You are given `counts`, how often each kind was seen, and the order `q`. If you wrote this
# function in lesson 6, where it was called `hill`, write it again without looking. Think of two
# things: q = 1, and kinds with a count of 0.

# %% exercise="08.1"

# %% [markdown]
# Here are four imaginary comedians
# of 1,000 jokes each, and the world itself:

# %%
n = scaled(2000, ci=500)
outputs = [persona_text.counted(text) for text in world.write(world.draw(n, rng), rng)]
tallies = {
    "ten jokes, equally often": np.full(10, 100),
    "ten jokes, one nearly always": np.array([991] + [1] * 9),
    "three jokes": np.array([400, 350, 250]),
    "never the same joke": np.ones(1000, dtype=int),
    f"{n:,} lines of our world": abundance.count_documents(outputs),
}
for name, tally in tallies.items():
    numbers = ", ".join(f"N({q}) = {diversity.hill(tally, q):.1f}" for q in (0, 1, 2))
    print(f"{name}: {numbers}")

# %% [markdown]
# N counts what is in the *sample*. With n outputs it can be at most n, however rich their source.
# That is why we compare all ways of asking at the same n.
#
# ## 3. Sampling at a low temperature
#
# How does a model lose its answers? Sampling at **temperature** T replaces the probabilities p by
# p^(1/T), divided by their sum. T = 1 samples as the model predicts. Below 1, which is called cold,
# likely answers become likelier. A model that learns from such samples and is sampled cold again
# applies the power once more: after k rounds it is p^(1/T^k).
#
# We watch this for a single word: *where* something happens in our world.

# %%
cold = regimes.Sampler(temperature=0.55)
said = [np.sort(world.popularity[1])[::-1]]
for _ in range(3):
    said.append(cold.shaped(said[-1]))
for k, p in enumerate(said):
    shares = " ".join(f"{share:6.1%}" for share in p[:5])
    bits, _ = persona_text.entropy_split(np.ones(1), p[None])
    print(f"after {k} rounds: {shares} ...  N(1) = {2**bits:.2f}")

# %% [markdown]
# Each single answer is still right. What has gone is the variety of the population.
#
# ## 4. Where does the variety come from?
#
# The variety of outputs has two sources: which persona is asked, and what that persona then says.
# Write H(out) for the entropy of all outputs together, and H(out | persona) for the entropy of
# *one* persona's outputs, on average over personas. Their difference is the **information** that
# the persona holds about the output (Shannon 1948):
#
# > H(out) = I(persona; out) + H(out | persona)
#
# I is never below 0: a mixture has at least as much entropy as its parts have on average. If every
# persona answers alike, I is 0, and personas are useless. If each has one answer of its own, H(out
# | persona) is 0, and all the variety comes from the prompt.
#
# ### Exercise 08.2: split the entropy
#
# `share[k]` is the probability that persona k is asked, and `given[k, j]` the probability that
# persona k then gives output j. Compute H(out) and H(out | persona) in bits.

# %% exercise="08.2"

# %% [markdown]
# In our world the exact values are:

# %%
print(f"H(out) = {world.entropy:.2f} bits, that is N(1) = {2**world.entropy:.0f}")
print(f"I(persona; out) = {world.information():.2f} bits, of which")
for field in persona_text.FIELDS:
    print(f"    {field}: {world.information(field):.2f} bits")

# %% [markdown]
# Now we come to the idea behind personas. Cold sampling sharpens what is said **after a given
# prompt**. Without a persona it sharpens the answers of the whole crowd, until only those of its
# most popular member are left. With a persona it sharpens the answers of that persona. But we draw
# the personas, not the model, and nothing sharpens that draw.
#
# Take the places again: a persona says its own place with a probability of 80 % and anyone's place
# otherwise. We apply several cold rounds to both ways of asking:

# %%
share = world.popularity[1]
given = persona_text.LEAK * share + (1 - persona_text.LEAK) * np.eye(len(share))
crowd, rounds = share, 5
with_persona, without, within = [], [], []
for _ in range(rounds):
    total, own = persona_text.entropy_split(share, given)
    with_persona.append(2**total)
    within.append(2**own)
    without.append(2 ** persona_text.entropy_split(np.ones(1), crowd[None])[0])
    crowd = cold.shaped(crowd)
    given = np.array([cold.shaped(row) for row in given])

# %%
with picture(
    x="rounds of drawing cold (T = 0.55)",
    y="effective number of places, N(1)",
    title="Cold rounds sharpen the answers, not the draw of personas",
    caption="Exact values without a model: probabilities sharpened as by cold sampling, in a "
    "network that learned its prompts perfectly.",
) as ax:
    ax.plot(range(rounds), with_persona, marker="o", label="asked with a persona, all together")
    ax.plot(range(rounds), without, marker="s", label="asked without one")
    ax.plot(range(rounds), within, marker="^", label="one persona alone")
    ax.set_xticks(range(rounds))
    ax.set_ylim(0.8, 1.35 * max(with_persona))
    ax.legend(fontsize=9)

# %% [markdown]
# Look at round 0, before any cold sampling: where do the two upper curves begin? A healthy model
# draws a persona *by itself*, in the proportions of its text, and then answers for it. Whether we
# draw the persona or the model does makes no difference to the mixture. So **a calibrated model at
# temperature 1 has nothing to gain from personas**, and a measurement that finds a gain there is
# broken. The experiment checks this.
#
# Besides, this is arithmetic about a perfect learner. A real network that learns from its own cold
# answers also forgets rare professions, mixes personas up, and pays less attention to the prompt.
# How much of the gain survives has to be measured.
#
# ## 5. A control that could win
#
# Does a high temperature undo a low one? In the arithmetic above it does, exactly: after k rounds
# at temperature T, sample at 1 / T^k. But a network writes letter by letter, and it cannot remember
# what it was never shown. A high temperature also makes *wrong* letters more likely, and a line has
# many letters that can go wrong. **Top-p** (Holtzman et al. 2020) is the usual remedy: sample at a
# high temperature, but only among the likeliest letters that together hold a share p of the
# probability. Here is a model that is quite sure of its next letter, at several settings (the
# columns are five letters):

# %%
p = np.array([0.90, 0.06, 0.03, 0.007, 0.003])
for temperature, top_p in [(1.0, 1.0), (0.55, 1.0), (2.0, 1.0), (2.0, 0.9), (2.0, 0.7)]:
    shaped = sample.shape(np.log(p)[None], temperature=temperature, top_p=top_p)[0]
    shown = " ".join(f"{x:6.1%}" for x in shaped)
    print(f"temperature {temperature:4.2f}, top-p {top_p:.1f}: {shown}")

# %% [markdown]
# A high temperature gains variety at the cost of quality, so we have to look at both together. In
# our world quality has two measures that are not a matter of taste:
#
# - the share of outputs that are **grammatical**: some persona could say them;
# - how **likely** these are in the true world, as the mean of log2 p: a model that writes only the
#   rarest lines does not write like the world either.
#
# A setting counts as a control only if it reaches the personas' own quality in *both*, minus a
# small slack: one percentage point, and 0.1 bits. Of the settings that do, the most varied
# represents its kind. (In the judged runs below the second measure excludes nothing: with every
# setting the outputs are likely enough, and only the share of grammatical outputs decides.)
#
# ### Exercise 08.3: the best setting of a control
#
# `effective` [S] is the effective number of each of S settings, `quality` [S, Q] holds Q measures
# of each (higher is better), and `needed` [Q] is the least that is required. Find the most varied
# setting that is good enough.

# %% exercise="08.3"

# %% [markdown]
# ## 6. The experiment
#
# A GPT of two layers reads 2,500 lines of the world: half of them begin with a persona, a quarter
# with a random code, a quarter with a blank. So it knows all three kinds of prompt, and a code does
# not surprise it. Twice, a new GPT learns from lines with real prompts and its predecessor's
# answers, sampled at temperature 0.55. Then the last one, the collapsed model, is asked 2,000 times
# in each way: with personas, drawn by their popularity in the world; at 8 temperatures; at 10 pairs
# of temperature and top-p; with codes at 3 temperatures.
#
# We wrote down the following before the judged worlds were run:
#
# - personas reach **at least 1.3 times** the effective number of the best control.
#
# The controls may well win. They have 21 settings and are judged at the best of them; the personas
# have one, temperature 1. And the arithmetic of section 4 does not say that a network which has
# learned from its own answers still pays attention to its prompt.
#
# Why 1.3? It is 0.38 bits of entropy. The slack in "no worse" may be worth about 0.2 bits to a
# control (0.1 in likelihood, and about as much for twenty more outputs of 2,000 that are wrong,
# each in its own way), so a smaller difference would not count. Every seed has its own world (other
# favourites), its own initial weights and its own random numbers, and worlds differ by *factors*.
# So we take the mean over seeds, and Student's t interval, of the logarithms, and transform both
# back (the geometric mean). The claim holds only if the whole interval is above 1.3.
#
# **What was wrong before.** We judged the ratio itself, on three seeds: 6.2, 2.3 and 7.6. Each was
# above 1.3, but the verdict was *undecided*: the interval went from -1.4 to 12.1, below zero,
# although a ratio cannot be negative. A quantity that varies by factors needs its logarithm. Three
# worlds were also too few: on logarithms those three give 1.0 to 22.9, still undecided. So scale
# and number of seeds were fixed again, on seeds that are only for designing, and six new worlds
# gave 5.25 [2.7, 10.2]. Then the meter learned to estimate information better, which changes the
# split of the entropy below and nothing that is judged; still, all was measured once more, on six
# worlds that nobody had looked at. These are shown. The threshold stayed the same throughout
# (`python -m lessons ledger personas --history`).

# %%
evidence = experiment("personas")

# %% [markdown]
# **How to read the figure.** The left part has, on a logarithmic axis, the healthy model asked
# without and with personas; the collapsed model as it is; each control at its best; and personas.
# Dots are seeds. The right part shows every setting that was tried, by quality and variety. Only
# the settings in the shaded part give grammatical outputs as often as personas do (in the worst
# seed; each seed has its own limit).
#
# The figure answers three questions. Is the healthy model more varied with personas than without?
# Which control comes closest? What would you have concluded from the right part if quality had not
# been measured?
#
# Here are the seeds one by one, and examples of the collapsed model's answers to two ways of
# asking:

# %%
for one in evidence:
    print(
        f"seed {one['seed']}: personas / best control = {one['ratio']:.2f}; "
        f"healthy model, with / without personas = {one['calibrated_ratio']:.2f}"
    )
for kind, texts in evidence[0]["examples"].items():
    print(f"\nseed {evidence[0]['seed']}, collapsed, prompt: {kind}")
    for text in texts[:4]:
        print(f"    {text!r}")

# %% [markdown]
# The next cell prints the split of section 4, measured in bits on 20 personas that were each asked
# equally often, so the grammar's numbers are not those of the whole world. The row *its text* is
# measured on the same number of lines of the grammar itself, and shows what counting alone gets
# wrong. Does the healthy model have more entropy than the grammar that it learned? Errors are
# varied, too. And which lost more in the collapse, H(out | persona) or I(persona; out)?

# %%
print(f"{'':10} {'H(out)':>8} {'I':>8} {'H(out|persona)':>15}")
for name in ("grammar", "its text", "healthy", "collapsed"):
    budgets = [persona_evidence.from_plain(one).budgets[name] for one in evidence]
    row = [np.mean([getattr(b, part) for b in budgets]) for part in ("total", "information")]
    print(f"{name:10} {row[0]:8.2f} {row[1]:8.2f} {row[0] - row[1]:15.2f}")

# %% [markdown]
# Did the best control have its best setting? The 21 settings are not all there are: with top-p 0.9,
# for example, a temperature of 1.6 is good enough and 1.8 is not, and nothing between was tried. If
# variety and quality changed smoothly from one setting to the next, there would be a control with
# exactly the personas' quality. Against such a control personas give this many times as many
# answers:


# %%
def against_smooth_controls(one):
    """Personas over the best control, if a control could lie between two settings."""
    found = persona_evidence.from_plain(one)
    needed, best = found.personas.needed(found.entropy)[0], found.best_control.effective
    plain = [arm for arm in found.arms if (arm.model, arm.prompts) == ("collapsed", "none")]
    for top_p in {arm.sampler.top_p for arm in plain}:
        line = [arm for arm in plain if arm.sampler.top_p == top_p]
        line.sort(key=lambda arm: arm.sampler.temperature)
        for cool, hot in pairwise(line):
            if cool.grammatical >= needed > hot.grammatical:
                way = (cool.grammatical - needed) / (cool.grammatical - hot.grammatical)
                best = max(best, cool.effective ** (1 - way) * hot.effective**way)
    return found.personas.effective / best


print(interval([against_smooth_controls(one) for one in evidence], scale="log2"))

# %% [markdown]
# The published runs give 4.38 [2.91, 6.59] where the judged number is 6.38 [4, 10.2]: the verdict
# would be the same, but its size depends partly on how finely the controls were tried.
#
# The verdict depends on the whole interval, not on the mean. If every seed were on the same side
# and the verdict still undecided, the seeds would be too few for how different worlds are. That
# would be a fact about the measurement, and we would leave it so: a criterion that is loosened
# after the run is worth nothing.
#
# ## 7. Where it stops being true
#
# - **The variety is ours.** We drew each persona from the true world. I(persona; out) cannot be
#   more than the entropy of the prompts. Personas do not create variety from nothing; they bring it
#   in. Where do a billion personas come from? They come from the web (Ge et al. 2024), which has
#   not collapsed. A table that only translates a persona into what it always says, without any
#   model, would reach about 275, and the collapsed model with personas reaches 80 (below). So we
#   measure whether the collapsed model still translates.
# - **The world is built for personas.** Here nearly everything that is said depends on who says it.
#   If you ask a cook and a spy for the capital of France, I(persona; out) ought to be 0. How much
#   variety personas can add depends on the question.
# - **The model has met personas.** A quarter of the text had codes, which mean nothing, and half
#   had personas, which mean much. A code could never say anything. It only tests whether *any*
#   change of the prompt is enough.
# - **Wide is not right.** A collapsed model may write lines that the persona would not say: one
#   line in five is like that. The criterion asks only whether some persona could say it.
# - **Quality is lost.** "No worse" is about the controls, which must write as well as personas do.
#   The collapsed model itself writes 97.6 % of its lines grammatically, with personas 93.1 % (the
#   healthy one 88.9 %). And personas bring back only about a sixth of what they give with the
#   healthy model (80 of 495).
# - **The healthy model loses a little** with personas: 0.93 times (0.82 to 1.05) on these seeds,
#   0.86 times (0.78 to 0.94) on the six before, and 0.89 times (0.83 to 0.95) on all twelve,
#   although we expected no change. We have not found out why.
# - **Large models.** Kambhatla et al. (2025) measured texts of real models. With personas they are
#   lexically more varied than without, above all for larger models, but *finer* descriptions of the
#   persona add little; and prompts that models write are less varied than people's.
#
# The next cell computes what the table reaches, for the same number of personas as the models got:

# %%
for one in evidence:
    people = persona_text.World(one["seed"]).draw(2000, np.random.default_rng(one["seed"]))
    fields = zip(*(persona_text.names(people, field) for field in persona_text.FIELDS))
    lines = [
        (
            persona_text.STYLES[style],
            persona_text.MOODS[mood],
            persona_text.PROFESSIONS[profession][0],
            persona_text.PLACES[place],
        )
        for profession, place, mood, style in fields
    ]
    share = np.unique(lines, axis=0, return_counts=True)[1] / len(lines)
    print(f"seed {one['seed']}: {2 ** -(share @ np.log2(share)):.0f}")

# %% [markdown]
# ## 8. Read on
#
# - T. Ge et al., *Scaling Synthetic Data Creation with 1,000,000,000 Personas* (2024),
#   arXiv:2406.20094. A model of 7 billion weights, tuned on 1.07 million mathematical problems that
#   were written as personas, solves 64.9 % of the MATH benchmark.
# - G. Kambhatla, C. Shaib and V. Govindarajan, *Measuring Lexical Diversity of Synthetic Data
#   Generated through Fine-Grained Persona Prompting* (2025), arXiv:2505.17390.
# - A. Holtzman et al., *The Curious Case of Neural Text Degeneration* (2020), arXiv:1904.09751.
#   Top-p.
# - M. O. Hill, *Diversity and Evenness: A Unifying Notation and Its Consequences*, Ecology 54
#   (1973), 427-432.
# - C. Shannon, *A Mathematical Theory of Communication*, Bell System Technical Journal 27 (1948),
#   379-423. Section 6 has the entropy of two things together.
#
# ## An open question
#
# We drew the personas. Let the collapsed model write them: give it the beginning of a line and let
# it name who is asked, then ask as that one. Are its personas as collapsed as its answers? How many
# personas from outside, used again and again, are worth as much as fresh ones? We have not tried
# it. This is the function that asks a model, whatever the prompts are:

# %%
source(personas.answers)

"""Lesson 8, the notebook's source.

Run:    python -m lessons build 08
"""

# %% [markdown]
# # Personas
#
# *Lesson 8. A claim, a prediction, three small exercises, one measurement.*
#
# *`python -m lessons start 08` gives you a copy of your own, without the results that follow here:
# make your prediction there.*
#
# **The claim.** Personas widen what is generated. A model that gives the same few answers over and
# over gives others when it is asked as somebody: as a cook, as a spy. Andrej Karpathy said so on
# the podcast *No Priors* in 2024 (NP24b), in his own words, about making training data with large
# models.
#
# Is it the *persona* that helps, or would anything do that shakes the model a little? One could
# simply draw at a higher temperature, or write a random number into the prompt. So we read more
# into the claim than was said: a persona has to beat these, and without writing worse.
#
# Lesson 6 asked how one sees that a model tells only three jokes, and lesson 7 what comes of
# training on them. This one asks for the cure. You need Python and school mathematics
# (probabilities, logarithms). Reading and exercises take 65 to 75 minutes. The experiment near the
# end computes for some twelve minutes on one processor core; you may start it and read on.

# %%
from itertools import pairwise

import numpy as np

from labkit import figures
from labkit.experiment import interval
from lessons.engine.notebook import check, experiment, hint, predict, scaled, show, source
from minigpt import sample
from synthdata import personas
from synthdata.collapse import regimes
from synthdata.diversity import abundance, hill
from synthdata.personas import evidence as persona_evidence
from synthdata.personas import world as persona_text

# %% [markdown]
# ## Predict first
#
# A small GPT learns a made-up language in which every line is said by somebody. Then it learns
# from its own answers instead, twice, drawn a little too cold. Few of them are left. This
# **collapsed** model is asked 2,000 times in each of several ways, and we count how many
# *different* answers it gives (section 2 says how):
#
# - with **personas** in the prompt. The persona's own words are not counted (what it makes people
#   say, "on the pier" for `port`, is);
# - without a persona, at a higher **temperature**;
# - without a persona, hot, with the unlikely tail cut off (**top-p**);
# - with a **random code** such as `#4711` in place of the persona.
#
# Each of the last three is taken at its best setting among those that write no worse than the
# personas do. The best of them is the **best control**.
#
# Personas give how many times as many different answers as the best control? 1 would mean that
# they are no better; a number below 1 that they are worse. Write yours in place of the dots.

# %%
my_prediction = ...  # times as many
predict("personas", my_prediction)

# %% [markdown]
# ## 1. A language of which everything is known
#
# In our small world a **persona** is a profession, a place, a mood and a style. Each of the four
# nearly settles one part of what is said; some personas are far more common than others. Because we
# wrote the world ourselves, the probability of every line is known exactly.

# %%
world = persona_text.World(0)
rng = np.random.default_rng(0)
people = world.draw(5, rng)
for person, line in zip(people, world.write(people, rng)):
    print(f"{persona_text.prompt(person)}{line}")

# %% [markdown]
# What stands before the colon is the **prompt**, what stands after it the **output**. The name of
# the profession occurs in both. It would be cheap to call outputs different because each repeats
# its persona's name. So these words are struck out before anything is counted:

# %%
line = "lo the cook gladly fries eggs on the pier"
print(f"{line}\n{persona_text.counted(line)}")

# %% [markdown]
# ## 2. How many different ones?
#
# "Ten jokes" may mean ten that are told equally often, or one that is told always and nine that
# were told once. Counting kinds does not see the difference. Let p be the share of each kind among
# the outputs. The **effective number** of order q (Hill 1973) is
#
# > N(q) = (sum over all kinds of p^q)^(1 / (1 - q))
#
# If K kinds are equally common, N(q) = K for every q. Otherwise q says how much the rare ones
# count: N(0) is the number of kinds; N(2) is one over the chance that two outputs are the same. At
# q = 1 the formula divides by zero. Its limit there is a number you have met in lesson 2:
#
# > N(1) = 2^H,  with the entropy H = - sum of p log2 p in bits
#
# One bit more of entropy is *twice* as many different outputs. N(1) is what this lesson compares.
#
# ### Exercise 08.1: the effective number
#
# Given `counts`, how often each kind was seen, and the order `q`. If you wrote this function in
# lesson 6, where it was called `hill`, write it again without looking. Two things to think of:
# q = 1, and kinds with a count of 0. Stuck? `hint("08.1")` asks you a question; call it again for
# more.

# %% exercise="08.1"

# %% [markdown]
# From here on the story uses the package's own `hill.hill`. Here are four imaginary comedians
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
    numbers = ", ".join(f"N({q}) = {hill.hill(tally, q):.1f}" for q in (0, 1, 2))
    print(f"{name}: {numbers}")

# %% [markdown]
# N counts what is in the *sample*. From n outputs it can be at most n, however rich their source.
# That is why all ways of asking are compared at the same n.
#
# ## 3. Drawn too cold
#
# How does a model lose its answers? Drawing at **temperature** T replaces the probabilities p by
# p^(1/T), divided by their sum. T = 1 draws as the model predicts. Below 1, which is called cold,
# the likely becomes likelier. Whoever then learns from what was drawn, and draws cold again, takes
# the power once more: after k rounds it is p^(1/T^k).
#
# Watch it on a single word: *where* something happens in our world.

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
# Each single answer is still right. It is the population that has gone.
#
# ## 4. Whose variety is it?
#
# Two sources feed the outputs: who is asked, and what that one says then. Write H(out) for the
# entropy of all outputs together, and H(out | persona) for the entropy of *one* persona's outputs,
# on average over personas. What is left between them is the **information** that the persona holds
# about the output (Shannon 1948):
#
# > H(out) = I(persona; out) + H(out | persona)
#
# I is never below 0: a mixture has at least as much entropy as its parts have on average. If every
# persona answers alike, I is 0, and then personas are of no use. If each has one answer of its own,
# H(out | persona) is 0, and all the variety comes from the prompt.
#
# ### Exercise 08.2: split the entropy
#
# `share[k]` is the chance that persona k is asked, and `given[k, j]` the chance that persona k then
# gives output j. Compute H(out) and H(out | persona) in bits.

# %% exercise="08.2"

# %% [markdown]
# In our world, exactly:

# %%
print(f"H(out) = {world.entropy:.2f} bits, that is N(1) = {2**world.entropy:.0f}")
print(f"I(persona; out) = {world.information():.2f} bits, of which")
for field in persona_text.FIELDS:
    print(f"    {field}: {world.information(field):.2f} bits")

# %% [markdown]
# Now the idea behind personas. Cold drawing sharpens what is said **after a given prompt**. Without
# a persona it sharpens the whole crowd, and the crowd becomes its most popular member. With a
# persona it sharpens that one's answers. But the drawing of personas is ours, not the model's, and
# nobody sharpens it.
#
# Take the places again: a persona says its own place with a chance of 80 % and anyone's otherwise.
# Cool both ways of asking for several rounds:

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
with figures.style():
    figure, ax = figures.new()
    ax.plot(range(rounds), with_persona, marker="o", label="asked with a persona, all together")
    ax.plot(range(rounds), without, marker="s", label="asked without one")
    ax.plot(range(rounds), within, marker="^", label="one persona alone")
    ax.set_xticks(range(rounds))
    ax.set_ylim(0.8, 1.35 * max(with_persona))
    ax.legend(fontsize=9)
    figures.label(
        ax,
        x="rounds of drawing cold (T = 0.55)",
        y="effective number of places, N(1)",
        title="What is sharpened is the answer, not who is asked",
    )
show(
    figure,
    alt="Effective number of places after 0 to 4 cold rounds. With a persona: "
    + ", ".join(f"{x:.2f}" for x in with_persona)
    + ". Without: "
    + ", ".join(f"{x:.2f}" for x in without)
    + ". One persona alone: "
    + ", ".join(f"{x:.2f}" for x in within)
    + ".",
    caption="Exact, no model: probabilities sharpened as cold drawing would, in a network that "
    "learned its prompts perfectly.",
)

# %% [markdown]
# Look at round 0, before any cold drawing: where do the two upper curves begin? A healthy model
# draws a persona *by itself*, in the proportions of its text, and then answers for it. Whether we
# draw the persona or it does so makes no difference to the mixture. So **a calibrated model at
# temperature 1 has nothing to gain from personas**, and a measurement that finds a gain there is
# broken. The experiment looks.
#
# And this is arithmetic about a perfect learner. A real network that learns from its own cold
# answers also forgets rare professions, mixes personas up, and stops listening to the prompt. How
# much of the curve above survives has to be measured.
#
# ## 5. A control that could win
#
# Heating undoes cooling, does it not? In the arithmetic above it does, exactly: after k rounds at
# temperature T, draw at 1 / T^k. But a network writes letter by letter, and what it was never
# shown it cannot remember. Heat also makes likely what is *wrong*, and a line has many letters to
# go wrong in. **Top-p** (Holtzman et al. 2020) is the usual remedy: draw hot, but only among the
# likeliest letters that together hold a share p of the probability. A model that is quite sure of
# its next letter, at several settings (the columns are five letters):

# %%
p = np.array([0.90, 0.06, 0.03, 0.007, 0.003])
for temperature, top_p in [(1.0, 1.0), (0.55, 1.0), (2.0, 1.0), (2.0, 0.9), (2.0, 0.7)]:
    shaped = sample.shape(np.log(p)[None], temperature=temperature, top_p=top_p)[0]
    shown = " ".join(f"{x:6.1%}" for x in shaped)
    print(f"temperature {temperature:4.2f}, top-p {top_p:.1f}: {shown}")

# %% [markdown]
# Heat buys variety with quality, so the two have to be looked at together. In our world quality
# has two measures that need no taste:
#
# - the share of outputs that are **grammatical**: some persona could say them;
# - how **likely** these are in the true world, as the mean of log2 p: a model that only writes the
#   rarest of lines does not write as the world does either.
#
# A setting counts as a control only if it reaches the personas' own quality in *both*, less a small
# slack: one percentage point, and 0.1 bits. Of the settings that do, the most varied stands for its
# kind. (In the runs that are judged below the second measure excludes nothing: every setting is
# likely enough, and all is decided by the share of grammatical outputs.)
#
# ### Exercise 08.3: the control at its best
#
# `effective` [S] is the effective number of each of S settings, `quality` [S, Q] holds Q measures
# of each (higher is better), `needed` [Q] is the least that is demanded. Find the setting.

# %% exercise="08.3"

# %% [markdown]
# ## 6. The experiment
#
# A GPT of two layers reads 2,500 lines of the world: half of them begin with a persona, a quarter
# with a random code, a quarter with a blank. So it knows all three kinds of prompt, and a code is
# no surprise to it. Twice, a new GPT learns from lines of which the prompts are real and the
# answers its predecessor's, drawn at temperature 0.55. Then the last one, the collapsed model, is
# asked 2,000 times in each way: with personas, drawn by their popularity in the world; at 8
# temperatures; at 10 pairs of temperature and top-p; with codes at 3 temperatures.
#
# What was written down before anything was run:
#
# - personas reach **at least 1.3 times** the effective number of the best control.
#
# The controls may well win. They have 21 settings to choose from and are judged at the best of
# them; the personas have one, temperature 1. Nor is there anything in the arithmetic of section 4
# to say that a network which has learned from its own answers still listens to its prompt.
#
# Why 1.3? It is 0.38 bits of entropy. The slack in "no worse" may be worth some 0.2 bits to a
# control (0.1 in likelihood, and about as much for twenty more outputs of 2,000 that are wrong,
# each in its own way), so that a smaller difference would be none. Every seed has its own world
# (other favourites), its own first weights and its own dice, and worlds differ by *factors*. So the
# mean over seeds is that of the logarithms, turned back (the geometric mean), and so is the
# interval, Student's t. The claim holds only where all of it lies above 1.3.
#
# **What was wrong before.** We judged the ratio itself, on three seeds: 6.2, 2.3 and 7.6. Every one
# lay above 1.3, and the verdict was *undecided*: the interval went from -1.4 to 12.1, below zero,
# where no ratio can be. A quantity that multiplies needs its logarithm. Three worlds were too few,
# too: on logarithms those three give 1.0 to 22.9, still undecided. So scale and number of seeds
# were fixed anew, on seeds that are only for designing, and the worlds that are judged now are ones
# that nobody had looked at. The threshold stayed.
#
# No time? `experiment("personas", published=True)` shows what we have measured, and runs nothing.

# %%
evidence = experiment("personas")

# %% [markdown]
# **How to read the figure.** Left, on a logarithmic axis: the healthy model asked without and with
# personas; the collapsed model as it is; each control at its best; personas. Dots are seeds. Right:
# every setting that was tried, by quality and variety. Only what lies in the shaded part is as
# often grammatical as personas are (in the worst seed; each seed's limit is its own).
#
# Three questions to the figure. Is the healthy model more varied with personas than without? Which
# control comes closest? On the right, what would you have concluded if quality had not been
# measured?
#
# The seeds one by one, and what the two ways of asking the collapsed model gave:

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
# And the split of section 4, measured in bits on 20 personas who were each asked equally often, so
# that the grammar's numbers are not those of the whole world. The row *its text* is measured on as
# many lines of the grammar itself, and shows what counting alone gets wrong. Has the healthy model
# more entropy than the grammar that it learned? Errors are varied, too. And which did the collapse
# take more from, H(out | persona) or I(persona; out)?

# %%
print(f"{'':10} {'H(out)':>8} {'I':>8} {'H(out|persona)':>15}")
for name in ("grammar", "its text", "healthy", "collapsed"):
    budgets = [persona_evidence.from_plain(one).budgets[name] for one in evidence]
    row = [np.mean([getattr(b, part) for b in budgets]) for part in ("total", "information")]
    print(f"{name:10} {row[0]:8.2f} {row[1]:8.2f} {row[0] - row[1]:15.2f}")

# %% [markdown]
# Did the best control have its best setting? Twenty-one are not all there are: of top-p 0.9, say, a
# temperature of 1.6 is good enough and 1.8 is not, and what lies between was not tried. If variety
# and quality changed smoothly from one setting to the next, a control that stops exactly at the
# personas' quality would have this much more:


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
# The published runs give 3.89 [2.02, 7.47] where the judged number is 5.25 [2.7, 10.2]: the verdict
# would stand, its size is partly a matter of how finely the controls were tried.
#
# The verdict goes by the whole interval, not by the mean. Should every seed lie on the same side
# and the verdict still be open, then the seeds were too few for how different worlds are. That
# would be a fact about the measurement, and it would be left standing: a criterion that is loosened
# after the run is worth nothing.
#
# ## 7. Where it stops being true
#
# - **The variety is ours.** Each persona was drawn by us, from the true world. I(persona; out)
#   cannot be more than the entropy of the prompts. Personas do not bring variety out of nothing;
#   they carry it in. Where do a billion personas come from? From the web (Ge et al. 2024), which
#   has not collapsed. A table that merely translates a persona into what it always says, without
#   any model, would reach some 260, where the collapsed model has 83 with personas (below). So what
#   is measured is whether the collapsed model still translates.
# - **The world is built for it.** Here nearly everything that is said depends on who says it. Ask a
#   cook and a spy for the capital of France: I(persona; out) ought to be 0. How much personas can
#   widen is a matter of the question.
# - **The model has met personas.** A quarter of the text had codes, which mean nothing, and half
#   had personas, which mean much. A code never could say anything. What is tested is whether *some*
#   change of prompt is enough.
# - **Wide is not right.** Personas of a collapsed model may write lines that their persona would
#   not say: one in five does. The criterion asks only whether somebody could. And they bring back
#   about a sixth of the healthy model's number (83 of 486), at 3.5 points fewer grammatical outputs
#   than the collapsed model writes when left alone.
# - **The healthy model loses a little** with personas (0.86 times, 0.78 to 0.94), where we expected
#   nothing. Why, we have not found out.
# - **Large models.** Kambhatla et al. (2025) measured texts of real models: with personas they are
#   lexically more varied than without, above all those of larger models, while *finer* descriptions
#   of the persona add little; and prompts that models write remain less varied than people's.
#
# The table that translates, for as many personas as the models were asked with:

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
# it name who is asked, then ask as that one. Are its personas as collapsed as its answers? How
# many personas from outside, repeated over and over, are worth as much as fresh ones? We have not
# tried it. This is the function that asks a model, whatever the prompts are:

# %%
source(personas.answers)

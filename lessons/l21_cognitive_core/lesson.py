"""Lesson 21, the notebook's source.

Run:    python -m lessons build 21
"""

# %% [markdown]
# # The cognitive core: a small head, and a book beside it
#
# **The claim.** Large models are large because they remember so much, and most of what they
# remember does not matter: nobody has sorted what they read. The part that *thinks*, the cognitive
# core, may be very small, if it looks things up. Andrej Karpathy said so in 2024 (NP24a, NP24b; one
# write-up has a core of a billion weights, the other of some billions). This project has its name
# from there. *We read two things into it*, and try both: junk in the text costs **more than its
# share** of the memory, and **a tiny network with a book** is as good as a large one that has
# learned the book by heart.
#
# You need lesson 1 (how a network is trained) and lesson 2 (bits). Reading and exercises take 50 to
# 60 minutes. The experiment in section 7 runs for about MINUTES minutes on one processor core; you
# may start it and read on.

# %%
import numpy as np

from labkit.experiment import interval
from lessons.engine.notebook import check, experiment, hint, predict, scaled
from lessons.l21_cognitive_core import core
from lessons.l21_cognitive_core import experiment as measured
from lessons.lab import tools
from lessons.lab.worlds import facts

# %% [markdown]
# ## 1. What is a fact worth?
#
# To say how much a network remembers, one needs facts that cannot be guessed. So we draw them: a
# key of five letters, and behind `=` a value of two. Nothing in a key tells its value.

# %%
size = measured.SIZES["full" if scaled(1, ci=0) else "ci"]
for fact in facts.facts(np.random.default_rng(0), 3):
    print(fact)
print(f"a value is one of {facts.VALUES}: log2 {facts.VALUES} = {np.log2(facts.VALUES):.1f} bits")

# %% [markdown]
# A network that knows nothing about a fact gives its value a probability of 1/676 and pays 9.4 bits
# for it (lesson 2: minus log2 of the probability). One that knows it pays nearly nothing. What it
# pays less than a blind guess is what it **remembers**:
#
# ### Exercise 21.1: bits_remembered

# %% exercise="21.1"

# %% [markdown]
# ## 2. A small head is filled
#
# Here is a very small network: one layer, 16 wide. It reads 500 facts, 100 times each, in random
# order. Only the values are learned; the keys are given, as in a question. Is there room for 4,700
# bits? It has WEIGHTS weights.

# %%
memory, useful = measured.fed(size, measured.DIETS[measured.CLEAN], seed=96)
bits = core.bits(memory, useful)
print(f"{memory.size:,} weights remember {bits:,.0f} of {len(useful) * np.log2(facts.VALUES):,.0f}")
print(f"{bits / memory.size:.2f} bits a weight; it says {core.known(memory, useful):.0%} rightly")

# %% [markdown]
# Large networks can hold two bits a weight, but need some 1,000 exposures for it; after 100, about
# one (Allen-Zhu and Li 2024). Ours, far smaller, is not far from that.
#
# ## 3. Junk on top
#
# Now the same network reads the same 500 facts, again 100 times each. **On top** come 50,000 facts
# that nobody will ever ask for, each once: half of all that it reads is junk. It looks just like
# the rest. Useful facts are seen as often as before, and training takes twice as long.
#
# Before you predict, think of two readers. The *sponge* shares its room out: half of what it reads
# is useful, so half of the room is. The *sage* notices that what comes only once is not worth
# learning, and loses nothing. And perhaps there is a third one, worse than the sponge.
#
# ### Predict
#
# **Which share of the bits that it remembered without junk does it remember now?**

# %%
share = ...  # from 0 up
predict("cognitive_core", share)

# %% [markdown]
# (The answer comes in section 7, with all seeds.)
#
# ## 4. Two facts for one answer
#
# Whoever has learned facts should be able to think with them. 1,000 people live in 64 towns, and
# each town has one of eight colours. `kavel=qd` says that kavel lives in qd, `qd=r` that qd is red.
# **Which colour has kavel's town?** That takes two facts. There are three ways to answer:
#
# | way | what is written | where the town comes from |
# |---|---|---|
# | at once | `kavel?` and then `r` | it is not said |
# | aloud | `kavel=` and then `qd,qd=r` | by heart: one fact leads to the next |
# | with a book | `kavel?` and then `[town kavel]`, `qd`, `=r` | `qd` is put in by a program |
#
# How do we find out whether a network *thinks*, and does not just know answers by heart? Half of
# the people are kept for the examination: it has read where they live, but never both facts about
# them one after the other.
#
# ### Exercise 21.2: two_hop

# %% exercise="21.2"

# %% [markdown]
# ## 5. The book
#
# In the third way the network does not know a single person's town. As soon as it has written
# `[town kavel]`, a program around it, the **runtime**, looks kavel up in the file `town`, and puts
# what it finds behind the bracket. Then the network goes on. What may the runtime run?
#
# ### Exercise 21.3: run_calls

# %% exercise="21.3"

# %% [markdown]
# Now a core of 2x8, two layers, eight wide: WEIGHTS weights. It practises on people from elsewhere,
# who live in the same 64 towns, each of whom it meets once. It learns to look up and, on the way,
# the colours of the towns. Then it is asked about people whom it has never met.

# %%
people = measured.exam(size, seed=96)
rate = measured.RATES["book"][measured.CORE]
small = measured.taught(size, people, "book", measured.CORE, rate, seed=96)
questions = [who + "?" for who in people.judged[:4]]
files = {"town": people.people.towns}
length = core.LENGTH["book"]
for question, text in zip(questions, tools.write_with_tools(small, questions, files, length)):
    print(question + text, "  right:", people.people.colours[people.people.towns[question[:-1]]])
print(f"right in {people.right(people.said(small, 'book')):.3f} of {len(people.judged)}")

# %% [markdown]
# **Does it really read?** Shuffle the book: the same people, each with another one's town. A
# network that reads what it is told will be wrong, and wrong in a way that we can foretell. Before
# you run the cell: which share will be right, and which will be as the *book* says?

# %%
wrong = tools.shuffled(people.people.towns, np.random.default_rng(0))
misled = people.said(small, "book", wrong)
print(f"right {people.right(misled):.3f}; as the wrong book says {people.right(misled, wrong):.3f}")

# %% [markdown]
# ### Predict
#
# The rival is a network of 2x48, eight times as many weights. It has read where everybody lives, 50
# times, and answers aloud or at once, whichever is better. **The core's share of right answers,
# with its book, minus the rival's: how much?** (Below 0 if the rival is better.)

# %%
lead = ...
predict("cognitive_core", lead, criterion=2)

# %% [markdown]
# ## 6. The experiment
#
# SEEDS seeds, each with its own facts, people and first weights. RATES Before the judged seeds were
# run we wrote down: with half junk at most half of the bits are remembered; and the core with its
# book has at most 0.05 fewer right answers than the large one alone. PILOTS
# Other arms are shown and not judged: three quarters junk; junk that is *marked* by a sign in front
# of it; *other facts* in place of junk, as many, and all seen as often as the useful ones; and
# useful facts that are seen twice as often.

# %%
evidence = experiment("cognitive_core")

# %% [markdown]
# **How to read the figure.** Left: the bits that are remembered, by the share of what is read that
# is not useful; useful facts are seen 100 times, on the grey line 200 times. Right: each point is a
# shape, by its number of weights. Large marks are means, dots the seeds.

# %%
for name in measured.DIETS:
    bits = [one["bits"][name] for one in evidence]
    kept = interval([one["bits"][name] / one["bits"][measured.CLEAN] for one in evidence])
    said = interval([one["known"][name] for one in evidence])
    print(f"{name:27} {np.mean(bits):5,.0f} bits, over clean {kept}; values said rightly {said}")

# %% [markdown]
# ## 7. What came out: junk

# %%
for how in measured.RATES:
    for name in measured.RATES[how]:
        found = [one["answers"][how][name] for one in evidence]
        told = [f"{key} {interval([one[key] for one in found])}" for key in found[0]]
        print(f"{name:5} {how:7}" + "   ".join(told))

"""Lesson 21, the notebook's source.

Run:    python -m lessons build 21
"""

# %% [markdown]
# # The cognitive core: a small head, and a book beside it
#
# **The claim.** Large models are large because they remember so much, and most of what they
# remember does not matter: nobody has sorted what they read. The part that *thinks*, the cognitive
# core, may be very small, if it looks things up. Andrej Karpathy said so on the podcast *No Priors*
# in 2024 (two write-ups, NP24a and NP24b); this project has its name from there. *We read two
# things into it*, and try both: junk in the text takes **its share of the memory or more**, and **a
# tiny network with a book** is as good as a large one that has learned the book by heart.
#
# You need lesson 1 (how a network is trained) and lesson 2 (bits). Reading and exercises take 55 to
# 65 minutes. The experiment in section 6 runs for about eight minutes on one processor core.

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
# key of five letters, and behind `=` a value of two.

# %%
size = measured.SIZES["full" if scaled(1, ci=0) else "ci"]
for fact in facts.facts(np.random.default_rng(0), 3):
    print(fact)
print(f"a value is one of {facts.VALUES}: log2 {facts.VALUES} = {np.log2(facts.VALUES):.1f} bits")

# %% [markdown]
# A network that knows nothing about a fact gives its value a probability of 1/676 and pays 9.4 bits
# for it (lesson 2: minus log2 of the probability). One that knows it pays nearly nothing. The bits
# that a network saves against a blind guess are what it **remembers**:
#
# ### Exercise 21.1: bits_remembered

# %% exercise="21.1"

# %% [markdown]
# ## 2. A small head is filled
#
# Here is a very small network: one layer, 16 wide. It reads 500 facts, 100 times each, in random
# order. Only the values are learned; the keys are given, as in a question. Is there room for 4,700
# bits? It has 4,192 weights. (A value is **said rightly** if both of its likeliest letters are.)

# %%
memory, useful = measured.fed(size, measured.DIETS[measured.CLEAN], seed=96)
bits = core.bits(memory, useful)
print(f"{memory.size:,} weights remember {bits:,.0f} of {len(useful) * np.log2(facts.VALUES):,.0f}")
print(
    f"{bits / memory.size:.2f} bits a weight; values said rightly: {core.known(memory, useful):.0%}"
)

# %% [markdown]
# Large networks can hold two bits a weight, if they see each fact some 1,000 times; after 100 times
# about one (Allen-Zhu and Li 2024). Ours, far smaller, is not far from that.
#
# ## 3. Junk on top
#
# Now the same network, new again, reads the same 500 facts, 100 times each. **On top** come 50,000
# facts that nobody will ask for, each once: half of all that it reads is junk, and looks like the
# rest. Useful facts are seen as often as before, and training takes twice as long.
#
# Before you predict, think of two readers. The *sponge* shares its room out: half of what it reads
# is useful, so half of the room is. The *sage* notices that what comes only once is not worth
# learning, and loses nothing. Perhaps there is a third one, worse than the sponge.
#
# ### Predict
#
# **Which share of the bits that it remembered without junk does it remember now?**

# %%
share = ...  # from 0 up
predict("cognitive_core", share)

# %% [markdown]
# ## 4. Two facts for one answer
#
# Now a task for thinking. 1,000 people live in 64 towns, and each town has one of eight colours.
# `kavel=qd` says that kavel lives in qd, `qd=r` that qd is red. **Which colour has kavel's town?**
# That takes two facts. There are three ways to answer:
#
# | way | what is written | where the town comes from |
# |---|---|---|
# | at once | `kavel?` and then `r` | it is not said |
# | aloud | `kavel=` and then `qd,qd=r` | by heart: one fact leads to the next |
# | with a book | `kavel?` and then `[town kavel]`, `qd`, `=r` | `qd` is put in by a program |
#
# Half of the people are kept for the examination. A network reads where they live, but no text says
# their town's colour in the same breath, so it cannot know the answers by heart.
#
# A single fact has a tail, the colour of some other town: `kavel=qd;mt=g`. In a trial without tails
# the large network knew all towns, and said 0.6 of the colours: no rival. (Exercise 21.2 has no
# tails; they are added later.)
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
# Now a core of 2x16, two layers, 16 wide: 7,264 weights. It practises on other people in the same
# 64 towns, each of whom it meets once. It learns to look up and, on the way, the towns' colours.
# Then it is asked about people whom it has never met.

# %%
people = measured.exam(size, seed=96)
rate = measured.RATES["book"][measured.CORE]
small = measured.taught(size, people, "book", measured.CORE, rate, seed=96)
questions = [who + "?" for who in people.judged[:4]]
files, length = {"town": people.people.towns}, core.LENGTH["book"]
for question, text in zip(questions, tools.write_with_tools(small, questions, files, length)):
    print(question + text, "  right:", people.people.colours[people.people.towns[question[:-1]]])
print(f"right in {people.right(people.said(small, 'book')):.3f} of {len(people.judged)}")

# %% [markdown]
# **Does it really read?** Shuffle the book: the same people, each with another one's town. Before
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
# Six seeds, each with its own facts, people and first weights. Each **diet**, which is what the
# memory reads, and each way of answering is an **arm**, and has the best learning rate of those
# tried on a seed that is never judged. Before the judged seeds were run we wrote down: with half
# junk at most half of the bits are remembered; and the core with its book has at most 0.05 fewer
# right answers than the large one alone. Trial runs on six other seeds had given 0.46 to 0.49 for
# the first, near the mark. On three of them the core was ahead by 0.03 to 0.08, and never wrong.
#
# Other arms are shown and not judged: three quarters junk; junk that is *marked* by a sign in front
# of it; *other facts* in place of junk, as many as the useful ones and seen as often; and useful
# facts that are seen twice as often.

# %%
evidence = experiment("cognitive_core")

# %% [markdown]
# **How to read the figure.** Left: the bits that are remembered, by the share of what is read that
# is not asked for; useful facts are seen 100 times, at the grey mark 200 times; the dashed line is
# our mark of 0.5, and its like for other shares. Right: each mark is a shape, by its number of
# weights. Large marks are means, the dots beside them seeds. Square brackets, above and below, are
# 95 % intervals over seeds.

# %%
for name in measured.DIETS:
    bits = [one["bits"][name] for one in evidence]
    kept = interval([one["bits"][name] / one["bits"][measured.CLEAN] for one in evidence])
    said = interval([one["known"][name] for one in evidence])
    print(f"{name:22} {np.mean(bits):5,.0f} bits, over clean {kept}; values said rightly {said}")
print()
for how, rates in measured.RATES.items():
    for name in rates:
        found = [one["answers"][how][name] for one in evidence]
        told = (f"{key} {interval([one[key] for one in found])}" for key in found[0])
        print(f"{name} {how:6} " + "   ".join(told))
tiny = sorted(one["answers"]["book"]["2x12"]["right"] for one in evidence)
print("2x12 with a book, seed by seed:", *tiny)
exams = [measured.exam(size, one["seed"]) for one in evidence]
common = np.mean([max(exam.right([c] * len(exam.judged)) for c in facts.COLOURS) for exam in exams])
print(f"who always says the commonest colour is right in {common:.2f}")

# %% [markdown]
# ## 7. What came out
#
# **Together the verdict is "undecided"**: one half of our reading was reproduced, and for the other
# the interval holds the mark.
#
# **Junk: undecided.** With half junk the memory keeps 0.497 of its bits [0.478, 0.516]; at most 0.5
# was wanted. By our mark it costs its share, neither clearly more nor clearly less. The sage is far
# off. With three quarters junk 0.203 is left [0.185, 0.220], less than a quarter (not judged).
#
# **But our mark is not quite the sponge's.** Sharing the room with as many *other facts* leaves
# 0.60 [0.57, 0.62]: twice 2,197 bits are more than 3,678, so without junk the room was not full.
# Beside that, junk costs more than its share. Of room? By values said rightly junk is *ahead* of
# other facts on each of the six seeds, 0.26 to 0.21 (0.69 with neither). Whoever must fear that any
# key may be junk is less *sure*: at worst that halves a known value's probability, which is one bit
# a fact, 500 in all. The two arms are 370 apart. So part or all of what junk costs beyond other
# facts may be doubt, not room.
#
# **A mark helps.** With a sign in front of junk the memory keeps 0.88 [0.76, 1.00], though nobody
# told it what the sign means. In the large models of Allen-Zhu and Li the name of the source, in
# front of what is useful, did the same.
#
# **The core with its book: reproduced.** It is right in 0.999 [0.996, 1], the large one aloud in
# 0.957 [0.938, 0.977]: a difference of 0.042 [0.021, 0.063], where -0.05 was enough. It reads: with
# a wrong book it says what that book says in 1.000, and the right colour in 0.13, as by chance. The
# large one knows the towns (0.999) and, on the one trial seed where we looked, all 64 colours; so
# what it loses, it may well lose between the two. With a book it is right in 1.000, too.
#
# **How small may a core be?** 2x12, with 4,296 weights, is right in 0.53 to 0.998, by seed. By
# heart 2x16 is right in 0.37, and knows 0.33 of the towns (some colours are luck): it has read
# 6,000 bits of towns only 50 times, and hardly joins two facts (section 8). **At once**, without
# saying the town, even the large one is right in 0.16 only; the commonest colour would give 0.21.
# It knows the towns, and on the trial seed the colours, and does not join them unseen.
#
# ## 8. When is a head enough?
#
# A book costs something: a program around the network, and twelve characters for each look. Could
# the core not learn few people by heart? The cell tries 125, 250 and 500, each read so often that
# the amount of text stays about the same. **How many towns will it know, and how many colours will
# it say, aloud?** (This takes half a minute.)

# %%
for n in scaled((125, 250, 500), ci=(8,)):
    few = core.Exam(people.people.first(n))
    texts = few.texts("aloud", size.seen * size.people // n, np.random.default_rng(0))
    shape = measured.shape(measured.CORE, measured.RATES["aloud"][measured.CORE])
    net = core.learned(shape, texts, size.batch, seed=960)
    asked = [who + "=" for who in few.judged]
    written = tools.write_with_tools(net, asked, {}, core.LENGTH["aloud"])
    again = np.mean([text[:2] == text[3:5] for text in written])
    told = few.right([text[-1] for text in written])
    print(f"{n} people: knows {few.recall(net):.3f} of the towns, ", end="")
    print(f"writes the same town twice in {again:.3f}, says {told:.3f} of the colours")
for question, text in list(zip(asked, written))[:4]:
    print(question + text, "  right:", few.people.towns[question[:-1]])

# %% [markdown]
# When we ran it, the core knew 1.000, 1.000 and 0.996 of the towns, but said 0.38, 0.23 and 0.38 of
# the colours. So a head this small is enough to *know* up to 500 people, each read 100 times or
# more; a book is for the many. But it hardly goes on from one fact to the next, and the texts show
# where: it writes the right town, and then garbles the copy behind the comma. Only 0.35, 0.23 and
# 0.36 of its texts have one town twice. (One seed, at a rate chosen for 1,000 people.)
#
# ## 9. Where it stops being true
#
# - **Where one must know something to look something up.** Our question names the key. Whoever asks
#   "which disease is this?" has to know what to look for. And 64 colours the core had to know:
#   2x12 often did not learn both that and looking, in as many steps.
# - **If junk repeats or has a pattern.** Ours is the purest noise.
# - **If useful facts come more often.** Seen 200 times, half junk left 0.52 and 0.53 of the bits in
#   two trial runs (0.48 and 0.49 at 100 times).
# - **If the book is wrong**, the answer is: the core never doubts it.
# - **At other sizes.** RETRO, a large model with look-up, was comparable to models of 25 times its
#   weights. How small a core can be that speaks a language, we have not measured.
#
# ## 10. Read on
#
# - Z. Allen-Zhu and Y. Li, *Physics of Language Models: Part 3.3, Knowledge Capacity Scaling Laws*
#   (2024), arXiv:2404.05405. Bits a weight; junk, and what naming the source in front does.
# - M. Balesni et al., *Lessons from Studying Two-Hop Latent Reasoning* (2024; version 4, 2025),
#   arXiv:2411.16353. Silently, models fail to join two facts that were invented for them, and can
#   succeed if one is natural.
# - S. Borgeaud et al., *Improving language models by retrieving from trillions of tokens* (2021),
#   arXiv:2112.04426. RETRO.
# - T. Schick et al., *Toolformer* (2023), arXiv:2302.04761. Learning when to call a tool.
# - S. Houliston et al., *Provable Benefits of In-Tool Learning for Large Language Models* (2025),
#   arXiv:2508.20755. Weights hold a limited number of facts, and calls do not.
# - K. Greshake et al., *Not what you've signed up for* (2023), arXiv:2302.12173. Orders that are
#   hidden in what a model looks up: exercise 21.3 in earnest.
#
# ## An open question
#
# Some people move every day. The book is mended by a line each; what does it cost a head? The cell
# lets every tenth person of the examination move. The other side is yours: teach `net` of section 8
# the new lines. How many steps does it need, and what does it forget? We have not tried.

# %%
places = list(people.people.colours)
moving = {who: places[i % size.towns] for i, who in enumerate(people.judged[::10])}
new = dict(people.people.towns) | moving
print(f"with the new book {people.right(people.said(small, 'book', new), new):.3f} right")

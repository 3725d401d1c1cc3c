"""Lesson 22, the notebook's source.

Run:    python -m lessons build 22
"""

# %% [markdown]
# # Two libraries and a dictionary: do networks fit together?
#
# **The claim.** Code composes: whoever needs a part takes it from a library. Networks, all of whose
# parts hang together, by default do not; but one can tune a network as a whole, and so train first
# and adapt later. Andrej Karpathy said so at Sequoia in 2024 (SEQ24), in answer to a question from
# the audience. *We read into it* what can be tried: two trained networks are cut in half, one half
# of each is put together, and **tuning the whole makes up for the cut; tuning a part does not**.
#
# You need the parts of a Transformer from lesson 3 and states from lesson 10. Reading and exercises
# take 50 to 60 minutes. The experiment in section 5 runs for about seven minutes on one processor
# core; you may start it and read on.

# %%
from collections import Counter
from heapq import nlargest

import numpy as np

from labkit.experiment import interval
from lessons.engine.notebook import check, experiment, hint, predict, scaled
from lessons.l22_composability import experiment as measured
from lessons.l22_composability import stitching
from lessons.l22_composability.drawing import Tower, towers
from lessons.lab import inside
from minigpt.sample import generate

# %% [markdown]
# ## 1. Two libraries
#
# `Counter` counts things. `nlargest` finds the largest. They are parts of Python by different
# people, and neither knows of the other.

# %%
text = "the cat saw the dog and the dog saw the cat and the moon"
nlargest(2, Counter(text.split()).items(), key=lambda pair: pair[1])

# %% [markdown]
# It works at once, and nobody had to adapt anything. Why? Both keep to a **contract** about what is
# passed on at the seam: pairs of a word and a number, in this order. Is there such a contract
# between the third and the fourth layer of a network? Nobody wrote one. But nobody forbade it
# either: perhaps all networks that learn the same text come to the same one.
#
# ## 2. Two networks, cut and stitched
#
# A and B are two GPTs of one shape: four blocks, 48 wide. They have read the same plays, 600 steps
# each, and are equally good. Only dice were different: their first weights, and which passages
# they happened to read. This takes half a minute.

# %%
size = measured.SIZES["full" if scaled(1, ci=0) else "ci"]
pair = measured.Pair(size, seed=96)
for name, net in (("A", pair.a), ("B", pair.b)):
    print(f"{name} pays {pair.loss(net):.3f} nats/char")

# %% [markdown]
# Now saw both in two behind the second block, and put B's upper half on A's lower half. Which part
# goes where?
#
# ### Exercise 22.1: stitch

# %% exercise="22.1"

# %% [markdown]
# **Before you look:** A alone wavers between six letters or so at each place; a blind guess would
# waver between 65, for so many characters there are. Between how many will the stitched one waver?


# %%
def tower(name, net, lower, upper, dictionary=False):
    wrote = generate(net, "The ", length=60, rng=np.random.default_rng(3), temperature=0.5)[0]
    return Tower(
        name=name,
        lower=lower,
        upper=upper,
        dictionary=dictionary,
        says=wrote,
        loss=pair.loss(net),
    )


plain = pair.begun("A + B")
shown = [tower("A", pair.a, "A", "A"), tower("B", pair.b, "B", "B")]
shown += [tower("A + B", plain, "A", "B")]
towers(
    shown,
    "Three towers of six floors. Letters go in at the bottom, and each floor passes on to the next."
    " Each bubble is what a tower says.",
)

# %% [markdown]
# It is *worse* than a blind guess. It does not just know nothing: it is sure of wrong things. Each
# half is as good as before, and together they talk nonsense.
#
# ## 3. The same meaning on other axes
#
# So do A and B think differently? Not necessarily. What A passes on at the seam are 48 numbers for
# each letter. What if B passes on the same 48 facts, but its first number is a mixture of all
# numbers of A? Let us make such a network: A's **twin**, all of whose axes are turned by chance
# (lesson 9 turned axes, too). Every matrix that reads the stream turns it back first; every one
# that writes turns what it writes.

# %%
turn = inside.rotation(size.shape.n_embd, np.random.default_rng(0))
twin = stitching.turned(pair.a, turn)
mixed = stitching.stitched(pair.a, twin, size.cut)
for name, net in (("A", pair.a), ("its twin", twin), ("A's lower, twin's upper half", mixed)):
    print(f"{name:30} pays {pair.loss(net):.3f} nats/char")

# %% [markdown]
# The twin says what A says, to the last digit. It *is* A, told on other axes. And even these two do
# not fit together. So nonsense at the seam is no sign that two networks mean different things; it
# may be a matter of language alone. And nothing holds a network to one set of axes: with our norm
# (without weights) each turn of the stream makes a network that is exactly as good.
#
# ## 4. A dictionary
#
# If it is a matter of language, a dictionary will do. Let both networks read the same 8,192
# characters and write down what each has at the seam: two tables, a row for each character, 48
# columns. Then look for the linear map that makes A's rows into B's.
#
# ### Exercise 22.2: seam

# %% exercise="22.2"

# %%
x, y = (stitching.streams(net, pair.ids, size.cut) for net in (pair.a, twin))
found, offset = stitching.seam(x, y)
print(f"twin: the turn is found up to {np.abs(found - turn).max():.1e}")
mended = stitching.with_seam(mixed, size.cut, found, offset)
print(f"A's lower half, dictionary, twin's upper half: {pair.loss(mended):.3f} nats/char")
y = stitching.streams(pair.b, pair.ids, size.cut)
found, offset = stitching.seam(x, y)
left = ((x @ found + offset - y) ** 2).sum() / ((y - y.mean(0)) ** 2).sum()
print(f"B: the map explains {1 - left:.0%} of the variance of what B has there")

# %% [markdown]
# With the twin it is exact. B is no twin: the map misses part of what B has at the seam. Does what
# is left suffice to talk? Nothing is trained for this:

# %%
translated = pair.begun("A + dictionary + B")
shown[1:] = shown[2:]
shown += [tower("with dictionary", translated, "A", "B", dictionary=True)]
towers(
    shown,
    "A, two halves that do not know each other's language, and the same halves with a dictionary"
    " between them.",
)

# %% [markdown]
# ### Predict
#
# Now everything may be tuned, for 60 steps: a tenth of what A had. What would be a success? Two
# marks. **1** is a network that was never cut, tuned for these 60 steps, too. **0** is what you
# have without B: A's lower half under a *new* upper half that knows nothing, after 60 steps. Below
# 0, B's half is worse than none.
#
# Two numbers, please. Without a dictionary the **whole** is tuned, both halves: how much is
# recovered? And with the dictionary: the whole minus the best *part* (the dictionary alone, or the
# lower half, or the upper half)?

# %%
whole, lead = ..., ...
predict("composability", whole, criterion=1)
predict("composability", lead, criterion=2)

# %% [markdown]
# ## 5. The experiment

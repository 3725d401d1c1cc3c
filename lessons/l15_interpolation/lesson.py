"""Lesson 15, the notebook's source.

Run:    python -m lessons build 15
"""

# %% [markdown]
# # A map of all sums: where will the network be right?
#
# **The claim.** A neural network interpolates between the examples that it was given, and does
# poorly beyond them. So whoever builds one has to cover the space with examples. Andrej Karpathy
# said so on The Robot Brains podcast in 2022 (RB22). But what is *between*? That is what this
# lesson is about, and it is our question, not his.
#
# You need lesson 1 (a network that predicts the next character). Reading and exercises take
# 50 to 60 minutes. The experiment in section 5 runs for some minutes on one processor core; you may
# start it and read on.

# %%
from dataclasses import replace

import numpy as np

from lessons.engine.notebook import check, experiment, hint, predict, scaled
from lessons.l15_interpolation import drawing, gaps, plane, rivals
from lessons.l15_interpolation import experiment as measured
from lessons.lab import answers, problems

# %% [markdown]
# ## 1. The map
#
# A network learns to add two numbers of two digits. It reads a sum as text and writes the answer as
# text, **ones first**, since that is the order in which carries arise:

# %%
for question, answer in problems.addition().draw(np.random.default_rng(15), 3, 2):
    print(f"{question}{answer}   that is {question}{answer[::-1]}")

# %% [markdown]
# There are 10,000 such sums, 100 first numbers times 100 second ones. So everything that can be
# asked is on one map, and we can leave out of the training whatever we like. Here are three maps,
# for three networks. What is grey is shown to the network in training, again and again. White
# gaps with a letter are never shown:
#
# - A and B are **blocks**, ten rows high and ten wide;
# - C and D are **strips**, ten wide;
# - E and F lie beyond an **edge**, up to five beyond the last number shown. (What lies beyond both
#   edges, or where strips cross, is not asked.)
#
# The thin white dots are single sums that are left out as well.

# %%
planes = measured.planes(0)
drawing.maps(
    planes,
    alt="Three maps. The first has four blocks A and four blocks B, the second a strip C of first"
    " numbers and a strip D of second numbers, the third an edge E above first number 84 and an edge"
    " F to the right of second number 89.",
)

# %% [markdown]
# ## Predict
#
# **Take a pencil, and mark on the maps, or on paper: in which of A to F will the network be mostly
# right?** Also guess how many of the single dots will be right. Look at where the gaps begin and end
# before you do.
#
# Then a number. By the claim, the network is right in A to D, which lie between examples, and wrong
# in E and F, which lie beyond. The experiment measures the share of right answers inside minus the
# share outside. If the claim is right in full it is 1, and 0 if being inside is worth nothing.

# %%
inside_minus_outside = ...  # from -1 to 1
predict("interpolation", inside_minus_outside, criterion=1)

# %% [markdown]
# ## 2. Near or far?
#
# First reading of "between": a sum is easy if a similar one was shown. Similar means that both
# numbers are close.
#
# ### Exercise 15.1: the nearest example

# %% exercise="15.1"

# %% [markdown]
# If distance were what counts, a copy of the nearest example's answer would be a start. It is not:

# %%
for shape, kinds in planes.items():
    seen = np.argwhere(kinds == plane.SEEN)
    for parts in (plane.SHOWN, plane.NEW):
        asked = np.argwhere(kinds == f"{shape}, {parts}")
        many = np.bincount(gaps.nearest(seen, asked))[1:]
        copied = rivals.neighbour(seen, asked).mean()
        letter = drawing.LETTERS[f"{shape}, {parts}"]
        print(f"{letter} {shape:6} sums at distance 1, 2, ...: {str(many):26}", end="")
        print(f"right by the nearest example: {copied:4.0%}")

# %% [markdown]
# The two gaps of a map are alike: A and B are equally deep, C and D, E and F. What is different?
# Look at the map once more. B begins at a multiple of ten and A at a multiple of ten *plus five*.
# The same holds for D and C, F and E.
#
# ## 3. Shown or not?
#
# Nobody adds 27 and 45 as points on a map. We add 7 and 5, then 2 and 4 and the carry. The network
# reads digits as well. So a second reading of "between": a sum is easy if its **parts** were shown,
# the two ones and the two tens, in whatever sums.
#
# ### Exercise 15.2: parts that were shown

# %% exercise="15.2"

# %%
for shape, kinds in planes.items():
    seen = np.argwhere(kinds == plane.SEEN)
    for parts in (plane.SHOWN, plane.NEW):
        asked = np.argwhere(kinds == f"{shape}, {parts}")
        letter = drawing.LETTERS[f"{shape}, {parts}"]
        share = gaps.parts_seen(seen, asked).mean()
        print(f"{letter} {shape:6} sums all of whose parts were shown: {share:4.0%}")

# %% [markdown]
# That is what the shift by five does. Block B, from 20 to 29 and from 40 to 49, say, takes away all
# sums with the tens (2, 4): **that pair is new**. Its digits are not; 2 and 4 were shown with other
# partners. Block A, from 25 to 34 and from 45 to 54, leaves half of each pair of tens, so nothing is
# new. D and F take away a **digit**: no second number begins with it. C and E take nothing away.
#
# A **table of parts**, (digit, digit, carry) -> (digit, carry), filled from what was shown, is right
# in A, C, E and cannot answer in B, D, F. It knows nothing of inside and outside. It is one rival of
# the claim. Would you change your pencil marks?
#
# ## 4. A fair comparison
#
# Inside and outside must be compared at equal distance: if gaps of one kind were deeper, their share
# of right answers would tell of depth. Hospitals that take the hard cases have the same trouble.
#
# ### Exercise 15.3: at equal distance

# %% exercise="15.3"

# %% [markdown]
# ## 5. The experiment
#
# For each seed three networks, one for each map, with gaps in other places: GPTs with 2 layers,
# 64 wide, trained on 102,400 sums that are drawn from the grey ones. Before the judged seeds were run
# we wrote down, both at equal distance:
#
# 1. Blocks and strips have at least 0.5 more right answers than edges, if the same is shown. (The
#    claim as it is mostly heard.)
# 2. Gaps whose parts were shown have at least 0.5 more than gaps of the same shape with new parts.
#    (The rival reading: what has to be covered is parts.)
#
# Both can fail, and both can hold. A network that takes numbers as sizes would fill B and D, and
# the first would win. Pilots on other seeds had already given about PILOT1 and PILOT2.

# %%
evidence = experiment("interpolation")

# %% [markdown]
# **How to read the figure.** Left: the share of right answers in each kind of gap. Right: both
# differences, for the network, for a copy of the nearest example's answer, and for the table of
# parts. Dots are seeds.
#
# Now uncover the maps, those of the first seed.

# %%
drawing.maps(
    planes,
    evidence[0]["maps"] or None,
    alt="The same three maps of the first seed; in the gaps a sum is light if it was answered right"
    " and black if not.",
)
for kind in plane.KINDS:
    by = np.mean([one["by distance"][kind] for one in evidence], axis=0)
    print(f"{drawing.LETTERS[kind]} {kind:18} right at distance 1, 2, ...:", by.round(2))

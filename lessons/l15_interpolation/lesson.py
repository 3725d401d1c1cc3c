"""Lesson 15, the notebook's source.

Run:    python -m lessons build 15
"""

# %% [markdown]
# # A map of all sums: where will the network be right?
#
# **The claim.** A neural network interpolates between the examples that it was given, and does
# poorly beyond them. So whoever builds one has to cover the space with examples. Andrej Karpathy
# said so on The Robot Brains podcast in 2022 (RB22). But what is *between*? That is the question of
# this lesson; it is ours, not his.
#
# You need lesson 1 (a network that predicts the next character). Reading and exercises take
# 50 to 60 minutes. The experiment in section 5 runs for some minutes on one processor core; you
# may start it and read on.

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
# A network learns to add two numbers of two digits. It reads a sum as text and writes the answer
# as text, **ones first**, in the order in which carries arise:

# %%
for question, answer in problems.addition().draw(np.random.default_rng(15), 3, 2):
    print(f"{question}{answer}   that is {question}{answer[::-1]}")

# %% [markdown]
# There are 10,000 such sums: 100 first numbers, 100 second ones. So everything that can be asked
# fits on one map, and we can leave out of the training whatever we like. Here are three maps, for
# three networks. What is grey is shown in training, again and again. White gaps with a letter are
# never shown:
#
# - A and B are **blocks**, ten rows high and ten columns wide;
# - C and D are **strips**, ten wide;
# - E and F lie up to five beyond an **edge**, the last number that was shown. (What lies beyond
#   both edges, or where the strips cross, is not asked.)
#
# The thin white dots are single sums that are left out as well.

# %%
planes = measured.planes(0)
drawing.maps(
    planes,
    alt="Three maps. The first has four blocks A and four blocks B, the second a strip C of first"
    " numbers and a strip D of second numbers, the third an edge E above first number 84 and an"
    " edge F to the right of second number 89.",
)

# %% [markdown]
# ## Predict
#
# **Take a pencil and mark on the maps, or on paper: in which of A to F will a network be mostly
# right? And on the dots?** Look closely at where the gaps begin and end before you do.
#
# Then a number. As the claim is mostly heard, a network is right in A to D, which lie between
# examples, and wrong in E and F, which lie beyond. The experiment measures the share of right
# answers inside minus the share outside. If that is so in full, it is 1; if being inside is worth
# nothing, it is 0.

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
# Here is how deep the gaps are, and what a copy of the nearest example's answer is worth in them:

# %%
for kind, letter in drawing.LETTERS.items():
    kinds = planes[kind.split(",")[0]]
    seen, asked = np.argwhere(kinds == plane.SEEN), np.argwhere(kinds == kind)
    deep = np.bincount(gaps.nearest(seen, asked))[1:]
    copied = rivals.neighbour(seen, asked).mean()
    print(f"{letter}: {deep} sums at distance 1 to 5; copied answers right: {copied:.0%}")

# %% [markdown]
# So nearness alone answers little. And the two gaps of each map are alike: A is as deep as B,
# C as D, E as F. What, then, is different? Look at the maps once more. B begins at a multiple of
# ten, A at a multiple of ten *plus five*. The same holds for D and C, and for F and E.
#
# ## 3. Shown or new?
#
# Nobody adds 27 and 45 as a point on a map. We add 7 and 5, then 2 and 4 and the carry. The network
# reads digits, too. So a second reading of "between": a sum is easy if its **parts** were shown,
# the two ones and the two tens, in whatever sums.
#
# ### Exercise 15.2: parts that were shown

# %% exercise="15.2"

# %%
for kind, letter in drawing.LETTERS.items():
    kinds = planes[kind.split(",")[0]]
    seen, asked = np.argwhere(kinds == plane.SEEN), np.argwhere(kinds == kind)
    print(f"{letter}: all parts shown of {gaps.parts_seen(seen, asked).mean():4.0%} of the sums")

# %% [markdown]
# That is what the shift by five does:
#
# - **B takes a pair away.** A block from 20 to 29 and from 40 to 49 takes away all sums with the
#   tens (2, 4). Both digits were shown there, with other partners.
# - **D and F take a digit away.** No second number begins with it (if the seed is odd, the
#   numbers change places).
# - **A, C and E take nothing away.** A block from 25 to 34 and from 45 to 54 leaves sums with each
#   pair of tens, such as 22 + 47 with (2, 4).
#
# A **table of parts**, filled from what was shown with (digit, digit, carry) -> (digit, carry),
# is right in A, C and E and has no answer in B, D and F. It knows nothing of inside and outside.
# Would you change your pencil marks?
#
# ## 4. A fair comparison
#
# Inside and outside must be compared at equal distance: if the gaps of one kind were deeper, their
# share of right answers would tell of depth. Hospitals that take the hard cases know the trouble.
#
# ### Exercise 15.3: at equal distance

# %% exercise="15.3"

# %% [markdown]
# ## 5. The experiment
#
# For each seed there are three networks, one for each map, with blocks and strips in other places:
# GPTs with 2 layers, 64 wide, trained on 102,400 sums drawn from the grey ones. Before the judged
# seeds were run we wrote down, both at equal distance:
#
# 1. Blocks and strips have at least 0.5 more right answers than edges with parts alike. (The claim
#    as it is mostly heard.)
# 2. Gaps with shown parts have at least 0.5 more than gaps of the same shape with new parts. (The
#    rival reading.)
#
# Either can win. A network for which numbers are sizes might fill B and D, and go wrong in E as it
# does in F; then the first would hold. Pilots on other seeds had already given about 0.1 and 0.8,
# so the outcome was no surprise.

# %%
evidence = experiment("interpolation")

# %% [markdown]
# **How to read the figure.** Left: the share of right answers in each kind of gap. Right: both
# differences, for the network, for a copy of the nearest example's answer, and for the table of
# parts. Dots are seeds.
#
# Now uncover the maps. Blue is right, black wrong. These are the first seed's:

# %%
drawing.maps(
    planes,
    evidence[0]["maps"] or None,
    alt="The maps of the first seed again; a sum in a gap is light if it was answered right and"
    " black if not. A, B, C, E and the dots are light, D is black but for a few sums, F is black.",
)
for kind, letter in drawing.LETTERS.items():
    shares = np.mean([one["by distance"][kind] for one in evidence], axis=0)
    print(f"{letter}, share right at distance 1, 2, ...: {shares.round(2)}")

# %% [markdown]
# ## 6. What came out
#
# **The verdict: falls short.** Being inside is worth 0.17 (interval 0.11 to 0.24); 0.5 was wanted.
# The rival reading holds: shown parts are worth 0.77 (0.68 to 0.86), mostly in strips and edges; in
# blocks alone 0.34 (0.07 to 0.61). "Each digit shown at its place" would fit B better than pairs
# do; we had not written that down before. It is a verdict on our reading of "between". Karpathy's
# advice, cover the space, was not tested; the question is which space. One by one, as means of six
# seeds:
#
# - **A, C, E and the dots: right**, in 99.9 to 100 %. In all but two sums with all parts shown the
#   network is right, also five beyond the edge.
# - **F: 0 %, D: 3 %.** Both lack the same, a digit. D lies between examples, F does not; that
#   brings 3 points (0.1 to 5.9).
# - **B: 66 %**, and from seed to seed 22 to 100 %. Here something was filled that the table of
#   parts cannot fill. Nearly all of the 0.17 is B against F; but B lacks less than F does.
# - **In B, up to five steps, distance shows no clear effect**: it has 65 % one step from the
#   nearest example and 62 % five steps from it.
#
# Since E was right, too, the first difference could not have been more than 0.5, whatever happened
# in B, D and F: sums beyond an edge were answered, and that alone speaks against our reading.
#
# What goes on in B? Look at three more seeds:

# %%
more = (evidence * 5)[2:5]  # the ci profile has one seed
names = [f"{i}: seed {one['seed']}" for i, one in enumerate(more, 1)]
drawing.maps(
    {name: measured.planes(one["seed"])["block"] for name, one in zip(names, more)},
    {name: one["maps"]["block"] for name, one in zip(names, more)} if more[0]["maps"] else None,
    alt="The map of the blocks for three more seeds. All A are light. Of the B some are light, some"
    " are black, and some are light on one side of a diagonal and black on the other.",
)

# %% [markdown]
# Three blocks B enlarged (seeds 4, 4, 3), row by row from the top; `#` is right:

# %%
if more[0]["maps"]:  # kept at full size alone
    near = [(4, 80, 50), (4, 60, 80), (3, 70, 20)]
    found = [drawing.unpacked(evidence[seed]["maps"]["block"]) for seed, *_ in near]
    for row in range(9, -1, -1):
        cuts = (some[i + row, j : j + 10] for some, (_, i, j) in zip(found, near))
        print("     ".join("".join(".#"[int(x)] for x in cut) for cut in cuts))

# %% [markdown]
# Most blocks are filled or not; six are mixed, and these are three of them, chosen for their cut:
# on one side of it the ones have a carry, on the other they have none. Of the 24 blocks B of all
# seeds 13 are right in more than 95 %, with a carry and without, and 5 in less than 5 %. Taken
# apart by the carry, they are 48 halves: 30 are right in more than 90 %, 15 in less than 10 %, 3
# lie between. **With the carry counted in, most halves of B are filled or empty as a whole.** 36 of
# the 48 belong to blocks that are whole anyway; of the six other blocks three are cut cleanly. In D
# some pairs are filled in part. (We looked at this after the run. It was not planned, and which
# halves are filled we do not know.)
#
# So one may say that it interpolates after all, but on another map: that of the parts, ten times
# ten pairs of tens. There a pair that is missing has others in its row and in its column: each of
# its digits was shown. Of a digit that is missing a whole row is gone.
#
# So coverage is the programmer's work, and here each digit at its place has to be covered; a
# missing pair was often filled. A test on sums left out at random does not tell: the dots are all
# right on every map, on that of F as well, and F is wrong throughout.
#
# ## 7. Inside of what?
#
# As two numbers, 87 + 23 lies beyond an edge at 84. As four digits there is nothing new about it: 8
# and 2 were shown as tens, 7 and 3 as ones. The network reads digits. For it E is not outside of
# anything.
#
# And D? Its tens lie between two that were shown. A reader who knows that digits are sizes could
# take the middle. For the network a digit is a **symbol**, as a letter is, and between two letters
# there is nothing. Here is a network of a pilot seed, trained a little less. What does it say in D?

# %%
strip = measured.planes(92)["strip"]
size = replace(measured.SIZES["full"], steps=scaled(500, ci=2), width=scaled(64, ci=16))
net = measured.trained(strip == plane.SEEN, size, 92, measured.RATES["strip"])
asked = np.argwhere(strip == "strip, parts new")
said = answers.greedy(net, [f"{a:02d}+{b:02d}=" for a, b in asked], 3)
for (a, b), answer in list(zip(asked, said))[3::97]:
    print(f"{a:02d} + {b:02d} = {a + b:3}; the network says {answer[::-1]}")
near = [a + b + ten for (a, b) in asked for ten in (-10, 10)]
off = np.mean([f"{x:03d}"[::-1] == said[i // 2] for i, x in enumerate(near)]) * 2
ones = np.mean([str((a + b) % 10) == answer[0] for (a, b), answer in zip(asked, said)])
print(f"ones right: {ones:.0%}; off by just ten: {off:.0%}")

# %% [markdown]
# Most answers are far off. Hardly any has just the tens of a neighbour in D's place. Not even the
# ones are right in most of them, though all pairs of ones were shown: perhaps the strange symbol
# spoils the rest.
#
# In data of more than a hundred dimensions "inside" helps even less: there a new point is almost
# never inside the region that the examples span (Balestriero, Pesenti and LeCun 2021).
#
# ## 8. Where it stops being true
#
# - **Numbers as numbers.** Fed with sizes in place of digits, a straight line through the examples
#   is right everywhere, also beyond the edge. Plain networks of ReLU units become straight lines
#   far from their examples (Xu et al. 2020): good for sums, bad for most else.
# - **One task, small networks, one length of training.** Some networks learn a table by heart first
#   and find its rule long after (Power et al. 2022). Whether ours would fill D we have not tried.
# - **Parts were known to us.** For sums we can list them. What the parts of a street scene or of a
#   sentence are, nobody can; there a region to cover may be the best that one can say. That
#   recurrent networks fail on some new pairs of known parts was found with simple commands, too
#   (Lake and Baroni 2018).
#
# ## 9. Read on
#
# - N. Lee et al., *Teaching Arithmetic to Small Transformers* (2023), arXiv:2307.03381. Among much
#   else: answers with the ones first.
# - R. Balestriero, J. Pesenti and Y. LeCun, *Learning in High Dimension Always Amounts to
#   Extrapolation* (2021), arXiv:2110.09485.
# - K. Xu et al., *How Neural Networks Extrapolate* (2020), arXiv:2009.11848.
# - A. Power et al., *Grokking* (2022), arXiv:2201.02177.
# - B. Lake and M. Baroni, *Generalization without Systematicity* (2018), arXiv:1711.00350.
#
# ## An open question
#
# You are the programmer: cover the strip D with as few examples as you can. How many of its 900 or
# so sums have to be shown until the network is right in nearly all others, and which? Here twenty
# are shown, drawn by lot. We have tried no other choice, and only this seed.

# %%
places = np.random.default_rng(1).permutation(np.argwhere(strip == "strip, parts new"))
covered = strip.copy()
covered[tuple(places[:20].T)] = plane.SEEN
net = measured.trained(covered == plane.SEEN, size, 92, measured.RATES["strip"])
correct = measured.right(net)
for kind in ("strip, parts shown", "strip, parts new"):
    share = correct[covered == kind].mean()
    print(f"{drawing.LETTERS[kind]}: {share:.0%} of what was not shown are right")

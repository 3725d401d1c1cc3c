"""Lesson 11, the notebook's source.

Run:    python -m lessons build 11
"""

# %% [markdown]
# # One look: does a Transformer remember better than we do?
#
# **The claim.** A Transformer keeps a sequence that it has seen once and can complete it. Our own
# working memory is small. Andrej Karpathy said so on the podcast *No Priors* in 2024 (two
# write-ups, NP24a and NP24b). The sentence has two readings. In one the sequence stands in the
# **context**, the text before the cursor. In the other the network has learned it by **one step of
# training**. We judge the first one, and show the second.
#
# You need surprise from lesson 1 and attention from lesson 3. Reading and exercises take 50 to 60
# minutes. The experiment in section 6 runs for about fourteen minutes on one processor core; you
# may start it and read on.

# %%
from dataclasses import replace

import numpy as np
import torch

from lessons.engine.notebook import check, experiment, hint, predict, scaled
from lessons.l11_one_look_memory import experiment as measured
from lessons.l11_one_look_memory import game, memory
from lessons.lab import answers, rows
from lessons.lab.problems import BAR, COPY
from lessons.lab.recurrent import GRU
from minigpt.tokenizer import CharTokenizer

# %% [markdown]
# ## 1. Play first
#
# Here is a game. A string of random letters is shown for a moment. Then it is gone, and you write
# it down. If you are right, the next string is one letter longer; if not, one letter shorter. After
# a few rounds the length goes up and down around the one that you repeat half of the time.
# Psychologists call that your **span**.
#
# Write `playing = True` and run the cell. (As it is, the rule of section 3 plays for you.)

# %%
playing = False
player = game.person() if playing else game.rule(1)
played = game.staircase(player, np.random.default_rng(1), rounds=12)
print(" ".join(f"{length}{'+' if right else '-'}" for length, right in played))
print(f"level: {game.level(played):.1f} letters")

# %% [markdown]
# Most people repeat about seven digits, and somewhat fewer letters. One student practised for more
# than 230 hours, and came to 79 (section 8).
#
# ## Predict
#
# Two networks learn nothing but this game, on new random strings all the time:
#
# - a **GPT**, a Transformer with two layers, 64 wide;
# - a **GRU**, a network with a memory of fixed size, 192 numbers. It is trained with *four times*
#   as many operations.
#
# Each string is read once, then comes a bar, `|`, and then the network has to write the string
# again. How many times as long as the GRU's is the GPT's span? (No string has more than 64
# letters.)

# %%
times_as_long = ...  # 1 is equally long
predict("one_look_memory", times_as_long, criterion=2)

# %% [markdown]
# ## 2. Where could a string be kept?
#
# | place | in which network | its size | how something gets in |
# |---|---|---|---|
# | the weights | every network | fixed | training changes them, step by step |
# | a state | GRU, LSTM | fixed: one vector | each character is mixed into it |
# | the context | Transformer | grows by a vector a character | it simply stays |
#
# A random letter is log2 26 = 4.7 bits, so 7 letters are 33 bits and 64 are 301. The GRU's state is
# 192 numbers of 32 bits: two bits of each would do. The question is what training finds.
#
# ## 3. Find the last time, take what followed
#
# How can one repeat a string that stands in front of one's eyes? Put a finger on the letter that
# you wrote last, find it in the text, and write the letter behind it. That rule is called
# **induction**. Attention can do it in two layers: the first tells each place which letter stood
# before it; in the second a letter looks for places whose letter *before* is like itself, and
# copies what stands there. (Our GPT has a vector for each pair of letters as well, which does a
# part of the first layer's work.)
#
# ### Exercise 11.1: induction
#
# At each place of a text, guess the next symbol: find the latest earlier place where the last `key`
# symbols were the same, and take what followed.

# %% exercise="11.1"

# %% [markdown]
# Which key is long enough? In `banana|` one letter misleads: what follows `a`? Here keys grow: the
# longest one that occurred before is used, up to a limit. (A bar in front helps to find the first.)

# %%
rng = np.random.default_rng(2)
lengths = (2, 4, 6, 8, 12, 16, 24, 32, 48, 64)
asked = [COPY.draw(rng, scaled(200, ci=10), n) for n in lengths]
print("letters       " + "".join(f"{n:6}" for n in lengths) + "    span")
for key in (1, 2, 3, 4):
    right = [memory.repeated_by_match(some, key).mean() for some in asked]
    shares = "".join(f"{share:6.2f}" for share in right)
    print(f"keys up to {key}: {shares}  {answers.span(lengths, right):6.1f}")

# %% [markdown]
# A key of one letter has a span of about six, near the seven digits of people, for another reason:
# soon some letter comes twice. Keys of up to three reach beyond 60. So a network that finds
# this rule, and makes its keys long enough, can repeat nearly every random string that its context
# holds.
#
# ## 4. A state of fixed size
#
# A GRU has a vector, the **state**, and at each letter it decides, unit by unit, how much of it to
# keep (the **update gate** z), and how much of it to look at when it
# works out what to write instead (the **reset gate** r).
#
# ### Exercise 11.2: one step of a GRU

# %% exercise="11.2"

# %% [markdown]
# Does the experiment's network compute the same? An untrained one reads a word:

# %%
shape = measured.SIZES["full"].arms[measured.LARGE].config.model
net = GRU(shape, CharTokenizer(COPY.alphabet), torch.Generator().manual_seed(0)).eval()
block = net.blocks[0]
weights = [p.detach().double().numpy() for p in block.layer.parameters()]
word = torch.from_numpy(net.tokenizer.encode("banana" + BAR).astype(np.int64))[None]
with torch.no_grad():
    read = block.norm(net.embeddings(word))
    whole = block.layer(read)[0][0, -1].double().numpy()
state = np.zeros(192)
for x in read[0].double().numpy():
    state = memory.gru_step(x, state, *weights)
print(f"largest difference of the two states: {np.abs(state - whole).max():.1e}")

# %% [markdown]
# How long does a unit remember? With z = 0.9 it keeps 0.9 of itself at each letter: 48 % after
# seven letters, 0.1 % after 64. Units that hold a letter need a z near 1 as long as the string
# lasts, while the next letter is written to others.
#
# ## 5. How far does it reach?
#
# The share of strings that are repeated rightly falls with their length. The span is where it
# crosses one half.
#
# ### Exercise 11.3: the span

# %% exercise="11.3"

# %% [markdown]
# The span punishes errors hard, as the game does. A memory that repeats each letter rightly with
# probability 0.9 has a span of 6.6 letters; with 0.99 it is 69. So below we print letters, too.
#
# ### Your opponent
#
# Now a network plays: a GPT like the one of the experiment after less than half of the practice
# (some 20 seconds here). It begins with the strings that you had, and gets 30 rounds; whoever is
# always right ends at 33 letters.

# %%
arm = measured.SIZES["full"].arms["GPT"]
config = replace(arm.config, steps=scaled(1000, ci=4), warmup=scaled(50, ci=1))
gpt, practice = rows.learned(config, COPY, rows.growing(1, arm.longest, 0.5))
for name, player in (("a key of one letter", game.rule(1)), ("the GPT", game.network(gpt))):
    played = game.staircase(player, np.random.default_rng(1), rounds=30)
    print(f"{name:20}", " ".join(f"{n}{'+' if right else '-'}" for n, right in played))

# %% [markdown]
# ## 6. The experiment
#
# Both networks read a string, a bar and the string again, and only the letters behind the bar count
# in their loss. Strings are new at each step, so nothing can be learned by heart. Each network has
# the practice that suited it in pilots on seeds that are never judged: both begin with short
# strings; the GPT's grow to 64 letters, the GRU's to 16, because that is more than it ever masters
# here, and longer ones only cost it time. Before the judged seeds were run we wrote down:
#
# - The GPT repeats at least 95 % of strings of 64 letters.
# - Its span is at least twice that of the GRU with four times the compute.
#
# The GRU could win: its state has room for 64 letters twenty times.

# %%
evidence = experiment("one_look_memory")

# %% [markdown]
# **How to read the figure.** Left: the share of strings that are repeated without an error, by
# their length. (The GRU has practised up to 16 letters.) The dotted lines are people: seven digits,
# and 79 after practice. Right: the other reading of the sentence, section 7.
#
# Here are the spans, and the share of *letters* that are right if those before them are.

# %%
lengths = measured.SIZES[evidence[0]["profile"]].lengths
for name in evidence[0]["networks"]:
    some = [one["networks"][name] for one in evidence]
    spans = ", ".join(f"{one['span']:.1f}" for one in some)
    letters = np.mean([one["letters"] for one in some], axis=0)
    work = np.mean([one["operations"] for one in some]) / 1e12
    print(f"{name}: {some[0]['weights']:,} weights, {work:.2f} x 10^12 operations of training")
    print(f"  span {spans}")
    print("  letters right: " + ", ".join(f"{n}: {x:.2f}" for n, x in zip(lengths, letters)))

# %% [markdown]
# **The verdict is "undecided", by a hair.** The GPT repeats 96.4 % of strings of 64 letters, and
# all four networks are above 95 %; but the interval over seeds goes from 94.96 to 97.9 %, and it
# has to lie above 95 % as a whole. Seven would decide with a probability of 90 %, if mean and
# scatter stay. We had fixed four, and to add some after a look at the result would be to choose
# when to stop. The second criterion is clear: the GPT's span is at least about eight times the
# GRU's, 64 to about 8. (No span here can be above 64, so the interval is the scatter of the GRUs
# alone.)
#
# The GRU ends near the seven digits of people, by coincidence: it has practised on half a million
# strings. And **counting**: the rule of section 3
# with keys of up to three letters repeats 90 % of the longest strings, and the GPT six points more.
# But the GPT was never told the rule.
#
# The trick is not found in every practice. In a pilot whose strings grew to 64 letters in half the
# steps, with Muon's rate higher by half, it was not there after 1,000 steps; nor after 900 in one
# whose strings never became longer than 14 letters.
#
# ### Is it a memory, or the rule of section 3?
#
# Strings of only two letters tell. Everything in them comes again and again, so a key of three
# letters finds many places. A memory that holds *places* would not mind, and a state has less to
# hold: one bit a letter. What do you expect?

# %%
print("strings of a and b" + "".join(f"{n:6}" for n in lengths))
for name in evidence[0]["networks"]:
    shares = np.mean([one["networks"][name]["two letters"] for one in evidence], axis=0)
    print(f"{name[:17]:18}" + "".join(f"{share:6.2f}" for share in shares))

# %% [markdown]
# The network that repeats 96 % of strings of 64 random letters repeats 7 % of strings of twelve a's
# and b's. That fits keys, looked up as in section 3: if they do not tell places apart, the GPT is
# lost. It does not prove them: the GRU, which has no keys to look up, falls as well, at eight
# letters from 49 % of random strings to 20 %. (Neither network has practised such strings.) What
# looks here like a better memory may be a look-up in a text that is still there.
#
# ## 7. One step of training is also a look
#
# Now the other reading. Take the trained GPT and a new string of 64 letters. Follow the gradient of
# its loss on that string for **one step**: of all weights, or of the last matrix alone, the head.
# Then give the first four letters, and let the network recite the other 60.
# The rate of the step was chosen on eight strings; eight others are shown here.

# %%
print("a step on...            rates  recited  right  others repeated  steps to half")
for part in evidence[0]["one step"]:
    some = [one["one step"][part] for one in evidence]
    recited, right, others = np.mean([one["judged"] for one in some], axis=0)
    steps = np.median([one["steps"] for one in some])
    rates = "/".join(f"{rate:g}" for rate in sorted({one["rate"] for one in some}))
    print(f"{part:20} {rates:>8} {recited:8.0%} {right:6.0%} {others:16.0%} {steps:14g}")

# %% [markdown]
# *Recited* counts up to the first error; *right* counts letters whose predecessors are given;
# *others repeated* are other strings of 20 letters, still repeated from the context; *steps to
# half* are needed until half is recited (61: more than 60).
#
# One step is hardly a look. On all weights, the rate that put most in left 7 % of the letters
# right, where guessing has 4 %. One seed chose a rate of 0.3 and lost all copying; the others, with
# 0.1, kept 76 to 99 % of it. A step on
# the head got 20 to 28 % right, and none of the other strings could be repeated afterwards. It took
# 20 to 37 such steps (medians of eight strings) until half of the string was recited.
#
# The best by letters is a network that was *never trained*: 42 % right (and 1 % recited). Its
# head learns which letter follows which, a key of one letter, written into weights; and what
# follows a letter that comes twice it cannot know. Why the trained network does worse we have
# not found out. So in this small network the two readings of
# the sentence part company: the context remembers at once, and one plain step did not make the
# weights recite. (For the head, 30 was the highest rate tried. This is plain
# gradient descent; the optimiser of the training we have not tried.)
#
# ## 8. Where it stops being true
#
# - **It is paid for.** A GPT looks at all that it has read for each letter that it writes, so work
#   and memory grow with the text. The GRU's do not. Memory was not made equal
#   here: the GRU's 192 numbers would not hold one place of the GPT, which keeps 256 for each.
# - **It ends with the context.** Ours has 130 places, and lengths beyond those of the practice were
#   not tried. Large models that can read long texts use what stands in the middle of them less
#   reliably than what stands at either end (Liu et al. 2023).
# - **One GRU, trained in one way.** With a quarter of the compute its span was about 5, on one
#   pilot seed; it still grows. Other states of fixed size may hold more. That *some* length is too
#   much for any of them is certain (Jelassi et al. 2024); that it is 8 letters is a fact about our
#   training.
# - **People are another matter.** The student who came to 79 digits was a runner, and coded digits
#   as running times.
#
# ## 9. Read on
#
# - S. Jelassi, D. Brandfonbrener, S. Kakade and E. Malach, *Repeat After Me: Transformers are
#   Better than State Space Models at Copying* (2024), arXiv:2402.01032. Two layers can copy strings
#   of exponential length, a state of fixed size cannot; and pretrained models show it.
# - C. Olsson et al., *In-context Learning and Induction Heads* (2022), arXiv:2209.11895.
# - G. A. Miller, *The Magical Number Seven, Plus or Minus Two*, Psychological Review 63 (1956).
# - K. A. Ericsson, W. G. Chase and S. Faloon, *Acquisition of a Memory Skill*, Science 208 (1980).
# - N. F. Liu et al., *Lost in the Middle: How Language Models Use Long Contexts* (2023),
#   arXiv:2307.03172.
# - *Can LLMs learn from a single example?* (2023), fast.ai: the second reading, in a large model.
#
# ## An open question
#
# Half the width, twice the layers: does the trick come earlier, or not at all? Give the cell 1,000
# steps and compare with the GPT of section 5. We have not tried.

# %%
steps = 10
config = replace(arm.config, steps=steps, warmup=steps // 20, model=measured._shape(4, 32, 2))
net, practice = rows.learned(config, COPY, rows.growing(1, arm.longest, 0.5))
print(f"loss of the last step: {practice.losses[-1]:.2f} nats a letter; weights: {net.size:,}")

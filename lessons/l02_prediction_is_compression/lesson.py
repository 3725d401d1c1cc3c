"""Lesson 2, the notebook's source. Run: python -m lessons build 02"""

# %% [markdown]
# # Prediction is compression: does compressing well mean finding structure?
#
# **The claim.** A model that predicts the next symbol well can compress, and to compress really
# well it has to find the structure that made the text. Ilya Sutskever said so in a conversation
# with Jensen Huang in 2023 (JH23). The first half is a theorem, proved by Claude Shannon in 1948.
#
# You will check the first half yourself: you turn predictions into a file and get the text back
# from it. The second half is the interesting one. "Structure" sounds vague. Here the text comes
# from a grammar that we wrote ourselves, so we know what the writer had in mind and can check
# whether the network has it too.
#
# You need lesson 1 (surprise, bits per character). Reading and exercises take 73 to 83 minutes. The
# experiment near the end runs for about twenty minutes on one processor core.

# %%
from dataclasses import replace

import numpy as np

from labkit import figures
from labkit.experiment import interval
from labkit.pages import frame
from lessons.engine.notebook import (
    check,
    experiment,
    hint,
    picture,
    predict,
    read_text,
    scaled,
    source,
)
from lessons.l02_prediction_is_compression import coding, probes
from lessons.l02_prediction_is_compression.experiment import SIZES, within
from minigpt import compress, corpora, evaluate, storyland
from minigpt.compress import arithmetic, classical, escapes
from minigpt.layers import GPTConfig
from minigpt.mixture import Mixture
from minigpt.ngram import NGram
from minigpt.play import Shown, page
from minigpt.play.material import passage_of
from minigpt.settings import TrainConfig
from minigpt.tokenizer import CharTokenizer
from minigpt.train import loop
from synthdata.diversity import entropy

# %% [markdown]
# ## Predict first
#
# The experiment trains a network to predict tiny stories such as `mia bakes her hot pie`. The verb
# decides a hidden **theme** (here food; there are six), and the noun at the end has to fit it.
# Between verb and noun is `her`, which says nothing about the theme. Right after it we stop the
# network and ask a simple classifier, a **probe**, to read the theme from its inner state.
#
# Two controls could do as well. One is the same network before training: a random network also
# carries traces of what it has read. The other assigns the themes to the verbs at random, and the
# probe reads those from the trained network. A network that only remembers the verb gets these
# right, too.
#
# How much more often will the probe be right on the trained network than on the better control?
# Write a share: 0.2 means twenty more right answers in a hundred, 0 means that training adds
# nothing.

# %%
my_prediction = ...  # share of answers, from -1 to 1
predict("prediction_is_compression", my_prediction, criterion=2)

# %% [markdown]
# ## 1. A code
#
# To **compress** is to write a text in fewer bits so that it can be read again. The simplest code
# gives every character a word of the same length. With V different characters a word of log2(V)
# bits, rounded up, is long enough.

# %%
corpus = read_text()
tokenizer = CharTokenizer.from_text(corpus.text)
V = len(tokenizer)
print(f"{corpus.title}; V = {V}, so {int(np.ceil(np.log2(V)))} bits for each character")

# %% [markdown]
# Morse did better in 1838: the frequent `e` is one dot, the rare `q` four signs. Frequent things
# get short words, rare things long ones. But if words have different lengths, how does the reader
# know where one ends? Morse needed pauses. A better way is to mark the end in the words themselves.
#
# ### Exercise 02.1: varints
#
# Small numbers are frequent and large ones rare, so write small numbers in one byte and large ones
# in several. Seven bits of each byte hold the number; the eighth says whether another byte follows.

# %% exercise="02.1"

# %% [markdown]
# Here is a use for varints, with the package's version. Where are the capital letters of the text?
# We do not write down their positions but the gaps between them, which are small.

# %%
text = corpus.train[:100_000]
places = [i for i, character in enumerate(text) if character.isupper()]
gaps = np.diff([0, *places]).tolist()
print(f"{len(places):,} capitals; four bytes for each place: {4 * len(places):,} bytes")
print(f"gaps as varints: {len(escapes.varints(gaps)):,} bytes")

# %% [markdown]
# ## 2. The shortest code
#
# How short can a code become? Shannon answered: if symbols come independently, each with its
# probability p, then no code that can be decoded needs fewer bits per symbol on average than the
# **entropy**
#
# > H = sum of p * (-log2 p) over all symbols, in bits
#
# and there are codes that need hardly more. In the terms of lesson 1, H is the mean *surprise* of a
# model that knows the probabilities. So a symbol of probability p should get a word of -log2 p
# bits. A coin that shows heads in 9 of 10 cases has H = 0.47 bits: its outcomes fit into half a bit
# each.
#
# ### Exercise 02.2: entropy
#
# Compute the entropy of the observed shares, in bits, from counts. (The package calls it `plug_in`,
# because observed shares are put in place of the true ones. For small samples the result is too
# low; see the estimators beside it.)

# %% exercise="02.2"

# %%
train_ids = tokenizer.encode(corpus.train).astype(np.int64)
one = np.bincount(train_ids, minlength=V)
two = np.bincount(train_ids[:-1] * V + train_ids[1:], minlength=V * V)
print(f"single characters:        {entropy.plug_in(one):.2f} bits each")
print(f"pairs of characters:      {entropy.plug_in(two):.2f} bits, half of it for each")
print(f"second, the first known:  {entropy.plug_in(two) - entropy.plug_in(one):.2f} bits")

# %% [markdown]
# The last line is what a **prediction** is worth. A model that knows the previous character needs
# fewer bits for the next. Nothing has been compressed yet, but the number says how short the file
# could be.
#
# ## 3. From predictions to a file
#
# One problem is left: -log2 p is seldom a whole number. A character that is 99 % certain should get
# 0.014 bits, but no word is shorter than one bit. **Arithmetic coding** does not give words to
# single characters. It begins with the interval from 0 to 1, and each character narrows it to a
# share given by its probability. At the end, any number inside the interval encodes the whole text
# for a reader who knows how many characters it has. To name a number inside an interval of width w
# takes about -log2 w bits. The width is the *product* of all probabilities, so the file's length is
# the *sum* of the surprises. Prediction is compression.

# %%
alphabet, p = "abr", np.array([0.5, 0.25, 0.25])
low, width = 0.0, 1.0
for character in "abra":
    i = alphabet.index(character)
    low, width = low + width * p[:i].sum(), width * p[i]
    print(f"{character}: from {low:.6f} to {low + width:.6f}, {-np.log2(width):.0f} bits so far")

# %% [markdown]
# Fractions would soon run out of digits, and the decoder must narrow the interval *exactly* as the
# encoder did: if one last digit differs, everything after it is nonsense. So a real coder works
# with whole numbers.
#
# ### Exercise 02.3: frequencies
#
# Turn probabilities into whole numbers that sum to exactly 2^32. No number may be 0; otherwise an
# unexpected character could not be encoded.

# %% exercise="02.3"

# %% [markdown]
# Now a real model (the n-gram of lesson 1) encodes a text that it has never seen, and decodes it
# again.

# %%
model = NGram.fit(train_ids, tokenizer, 7)
unseen = corpus.held_out[: scaled(20_000, ci=1_000)]
ids = tokenizer.encode(unseen)

files, ideal_bits = arithmetic.encode_streams(ids, model, 1)
again = arithmetic.decode_streams(files, len(ids), model)
print(f"{len(unseen):,} characters became {len(files[0]):,} bytes")
print(f"sum of the surprises: {ideal_bits / 8:,.1f} bytes")
print("read back without a mistake:", tokenizer.decode(again) == unseen)

# %% [markdown]
# The file is as long as the sum of the surprises, to a byte or two. This is why losses are given in
# bits per character. It is also a test that leaves no room for argument: the better predictor has
# to produce the smaller file. Here are coders without networks; each reads the training text first
# (gzip remembers 32 kilobytes of it). The column *alone* has the bytes without the training text,
# *after text* those with it. The n-gram of order 7 (it looks six characters back) is ours.
#
# We have to keep two kinds apart. Our n-gram stays **as it was** when the training text ended. The
# others go on **learning on the way**, from what they have already coded. To compare like with
# like, the n-gram appears twice: as it was, and counting again every 5,000 characters, with
# everything coded by then. The decoder can do the same, because it has decoded that text.

# %%
piece = corpus.held_out[: scaled(30_000, ci=2_000)]
sample, sample_ids = piece.encode(), tokenizer.encode(piece)
rows = classical.rows(sample, corpus.train.encode())
as_it_was = len(compress.compress(sample, model, streams=1, verify=False))
refits = range(0, len(piece), coding.REFIT)
bits = coding.counted(train_ids, sample_ids, tokenizer, refits, order=7)
for name, size, how in (
    ("n-gram 7, as it was", as_it_was, "counted it"),
    ("n-gram 7, learning", round(bits * len(piece) / 8), "counts on as it goes"),
):
    rows.append(classical.Row(name=name, alone=None, primed=size, how=how))
print(classical.render(rows, len(piece)))

# %%
measured = {row.name: 8 * row.primed / len(sample) for row in rows if row.primed is not None}
order = sorted(measured, key=measured.__getitem__, reverse=True)
known = "Every coder has the training text: as a dictionary, as a prefix, or as counts."
on_the_way = "All but the n-gram as it was go on learning from what they code."
with picture(
    x="size (bits per byte)", title="Old coders are hard to beat", caption=f"{known} {on_the_way}"
) as ax:
    ax.barh(order, [measured[name] for name in order], color=figures.COLOURS[1])
    for i, name in enumerate(order):
        ax.text(measured[name], i, f" {measured[name]:.2f}", va="center", fontsize=9)
    ax.set_xlim(0, 1.1 * max(measured.values()))

# %% [markdown]
# PPMd is from 2002. It mixes counts of several lengths as the n-gram does, but it keeps learning
# while it writes. To the n-gram, learning is worth about half of PPMd's lead; the rest is PPMd's
# own. On one megabyte it is hard to beat: section 5 compares it with a small network that trains
# for less than two minutes. Keep that in mind when you read that a large model "compresses better
# than gzip": gzip sees only the last 32 kilobytes, and the large model's own size is not counted.
#
# It also matters how a text is cut. Coding many pieces at once is faster, but each piece begins
# without the text before it:

# %%
for streams in (1, 32):
    size = len(compress.compress(sample, model, streams=streams, verify=False))
    print(f"n-gram 7, as it was, in {streams:2} pieces: {8 * size / len(piece):.3f} bits/char")

# %% [markdown]
# ### Who wins, and what if rivals are averaged?
#
# A file is as long as the sum of the surprises, so we may compare predictors without writing files.
# The next cell trains the small network of section 5 (about a minute). Then three rivals read the
# **judging half**, the second half of the held-out text: the network alone, the n-gram alone, and
# their plain average, p = p_network / 2 + p_ngram / 2. None of them learns on the way. Which order
# do you expect? Does the average land between the two, or not? Write it down before you run the
# cells.
#
# A fourth predictor has a **gate**: instead of one half each it weighs the two anew at every
# character, by how sure each of them is. It was fitted on the other half of the held-out text, the
# choosing half.

# %%
small = replace(SIZES["full"].coder, steps=scaled(600, ci=20))
net = loop.train(replace(small, eval_every=small.steps), corpus).model
choosing, judging = tokenizer.encode(corpus.choose), tokenizer.encode(corpus.judge)
paid = {  # bits for every character
    name: evaluate.surprisal(predictor, judging, stride=net.context // 2) / np.log(2)
    for name, predictor in (
        ("network", net),
        ("n-gram 7", model),
        ("plain average", Mixture([net, model])),
        ("with a gate", Mixture.fit([net, model], choosing)),
    )
}
ahead = (paid["network"] < paid["n-gram 7"]).mean()
print(f"the network gives {ahead:.0%} of the characters a higher probability than the n-gram")

# %%
with picture(
    x="judging half (bits/char)",
    title="Averaged rivals beat both",
    caption="All stay as they were: none learns from the text that it is judged on.",
) as ax:
    for i, (name, bits) in enumerate(paid.items()):
        ax.barh([name], [bits.mean()], color=figures.COLOURS[1 + (i > 1)])
        ax.text(bits.mean(), i, f" {bits.mean():.2f}", va="center", fontsize=9)
    ax.invert_yaxis()
    ax.set_xlim(0, 1.15 * max(bits.mean() for bits in paid.values()))

# %% [markdown]
# Counting is far ahead of this network, and still their average beats both. The reason is that
# **their mistakes are different**: the network is ahead at four characters in ten. At each
# character the average gives at least half of the higher probability, so it pays at most one bit
# more than the better rival. Where the other is badly wrong it saves many. Two rivals that always
# erred together would gain nothing. The gate gains more because each rival's certainty says
# something about who is right.
#
# Compare these bars with one another, not with the files of PPMd, which learns on the way. A
# mixture can do so as well (`minigpt.adaptive`), and then belongs beside those.
#
# ## 4. What there is to find
#
# How could we *see* that a good predictor has found structure? We need a text whose structure is
# known. **Storyland** writes stories of one line from a small grammar:

# %%
story = storyland.generate(400, seed=5)
print(story)
print(f"the best possible loss: {storyland.entropy_per_char() / np.log(2):.3f} bits/char")

# %% [markdown]
# In storyland the verb decides the hidden theme: people bake food, mend clothes, ride bikes. The
# theme is never spelled out. But a model that has lost it by the time the noun begins will be
# surprised by the noun, and pay. So it has a reason to keep the theme, measured in bits. These are
# places where the experiment looks, each cut off after `her`, `his`, `its` or `their`:

# %%
long_text = storyland.generate(20_000, seed=5)
land = CharTokenizer.from_text(long_text)
asked = probes.places(long_text, 24, 8, 0, land.encode(long_text))
for window, theme in zip(asked.windows, asked.theme):
    print(f"{land.decode(window)!r:40} theme: {list(storyland.THEMES)[theme]}")

# %% [markdown]
# ### What surprises a network?
#
# Before we look inside a network, look at what it says. The next cell trains a tiny one on
# storyland (about twenty seconds) and puts it on a page with its rival, the n-gram of order 7 that
# counted the same text. The page colours every character by its surprise. Their sum is the size of
# the text; gzip's is beside it.
#
# Guess first, then press *Measure*. Where in these stories will the colours be strongest? After
# that, measure `mia bakes her hot pie` and `mia rides her hot pie`. At which character will the
# network be more surprised the second time? Will counting be (*Colours by*)?

# %%
tales = corpora.load(f"storyland:{scaled(60_000, ci=6_000)}")
config = TrainConfig(
    model=GPTConfig(n_layer=2, n_head=2, n_embd=32, context=64, bigram=False, attention_scale=2.0),
    steps=scaled(1_500, ci=20),
    muon_lr=0.04,
    adamw_lr=6e-3,
    eval_every=1_500,
    precision="fp32",
    threads=1,
)
tiny = loop.train(config, tales).model
for name, one in (("network", tiny), ("n-gram 7", NGram.fit(tales.train, tiny.tokenizer, 7))):
    bits = evaluate.score(one, tiny.tokenizer.encode(tales.held_out)).bits
    print(f"{name:8} {bits:.3f} bits/char on held-out stories")
frame(
    page(
        Shown(model=tiny, name="a tiny network", learned=tales.train),
        passage=passage_of(tales)[:300],
        parts=["surprise"],
        weights="int8",
    ),
    height=1080,
    title="What surprises it? A tiny network and counting to play with",
    instead="Above is a page to play on: any text, its characters coloured by surprise, and its "
    "size by gzip, network and counting. If you see none, this viewer shows no page inside a "
    "notebook: open the notebook in Jupyter and run the cell.",
)

# %% [markdown]
# In our run 39 of the 66 first letters of words took the network over 2 bits, and 16 of the 169
# other letters. It needed 35 bytes for these 300 characters, counting 42 and gzip, which had read
# nothing before, 189. The network paid 1.6 bits for the `h` of `hot` after `bakes` and 4.9 after
# `rides`; counting paid 3.4 both times, because the six characters that it sees are the same. So
# the verb does reach this network's prediction. But two stories are an anecdote, and a prediction
# that depends on the verb need not know a theme.
#
# Now we look inside. A **probe** is deliberately simple: for each theme it computes a weighted sum
# of the numbers in the network's state, and the largest sum wins. If such a simple classifier can
# read the theme, it is ready for use in the state; a cleverer probe might work out for itself what
# the network did not.

# %%
source(probes.accuracy)

# %% [markdown]
# But did the *network* do the work? Let the same probe read the last fourteen characters
# themselves, each as a row of zeros with a single one. The verb is among them, and nothing has been
# computed yet. We ask for the theme, and for labels assigned to the verbs at random.

# %%
probed_text = storyland.generate(scaled(150_000, ci=5_000), seed=1010)
asked = probes.places(probed_text, 64, scaled(3_000, ci=60), 0, land.encode(probed_text))
raw = np.eye(len(land))[asked.windows[:, -14:]].reshape(len(asked.theme), -1)
dealt = np.mean([probes.accuracy(raw, labels) for labels in asked.control[:4]])
print(f"from raw characters: theme {probes.accuracy(raw, asked.theme):.2f}, random {dealt:.2f}")

# %% [markdown]
# So the accuracy alone says little: a probe that has all the letters can look up the theme of the
# verb like anything else about it. What counts is how far the theme is *ahead* of random labels in
# the little that the network has kept.
#
# ## 5. The experiment
#
# Two networks of different sizes learn storyland. They are stopped seven times during training, the
# first time before they have learned anything. At each stop we measure two numbers: bits per
# character on held-out stories, and the probe's share of right answers on other stories. Before the
# judged seeds were run we wrote down (all four pilots fell short of both):
#
# - Order the stops of a network by compression, and by what the probe reads *beyond random labels*
#   (its share of right answers minus the control's). The rank correlation of the two orders, as the
#   mean of both networks, must be at least 0.5. (1 means the same order, 0 no relation, -1 the
#   opposite.)
# - At the end, the probe's share of right answers on the wide trained network must be at least 0.1
#   above the better of the two controls: the untrained network, and random themes for the verbs.
#
# Both could fail. A network can lower its loss for a long time by learning to spell, without any
# theme; then the orders would not agree. And a random network that happens to keep every letter, or
# a trained one that only keeps the verb, would do as well as one that has understood. We also
# compare all coders on real text, and show the table whatever the result. (It is the second half of
# the held-out text, so the sizes differ a little from section 3.)
#
# What was wrong before: until November 2026 the first criterion put the stops of both networks in
# one order. So it compared a wide network with a narrow one more than a good stop with a bad one;
# and within the wide network the control with random labels met it as well as the theme did. It
# could not tell finding the theme from keeping the verb. Besides, PPMd, which learns on the way,
# was in one column with coders that do not. The old rows are in
# `python -m lessons ledger 02 --history`.

# %%
evidence = experiment("prediction_is_compression")

# %% [markdown]
# **How to read the figure.** In the left part, training goes from left to right as the loss falls.
# Solid lines are the probe for the theme, dotted ones the control with random labels for the verbs.
# The claim needs solid lines that move away from their control *as* the loss falls, and end well
# above it. The right part shows the coders on real text; lower is better. All were given the
# training text (the GPT draws six tenths of it). There are two kinds: as they were, and learning on
# the way. Compare a bar only with bars of its own colour.
#
# If the verdict is not what you expected, ask the figure why. While the loss falls fastest, does
# the probe improve at all? What is the network learning there? Do the two networks lie on one line,
# as they should if only compression counted? And does the dotted line climb, too? Then a network
# that only keeps the *verb* would look as if it had found the theme, and the distance between the
# lines says how much more there is.
#
# `evidence` has two more comparisons. The first also counts what the decoder must know to read the
# file: the network's weights, or the training text itself, packed by bzip2. In the second, all
# coders start from nothing and learn while they write, so nothing has to be sent along.

# %%
first = evidence[0]
coded = SIZES[first["profile"]].coded  # characters of the text
print(f"{first['text']}, bits/char, seed {first['seed']}: as it was, learning on the way")
for row in first["coders"]:
    both = (f"{row[kind]:.3f}" if row[kind] else "-" for kind in ("bits", "learning_bits"))
    print(f"  {row['coder']:<20}", "  ".join(f"{told:>6}" for told in both))

account = {}
for row in first["coders"]:
    can = [row[kind] for kind in ("bits", "learning_bits") if row[kind]]
    if can:
        account[row["coder"]] = min(can) * coded / 8 + row["model_bytes"]
print(f"\n{coded:,} characters: each coder's smallest file, plus what the decoder must know")
for name in sorted(account, key=account.__getitem__):
    print(f"  {name:<20} {account[name]:11,.0f} bytes")

print("\ncoding while learning")
for row in sorted(first["while_learning"], key=lambda row: row["bits"]):
    print(f"  {row['coder']:<20} {row['bits']:.2f} bits/char")

# %% [markdown]
# In the published runs, what the probe reads beyond random labels is hardly related to compression
# (correlation 0.15, interval 0.00 to 0.29). The lead is 0.093, and its true value may lie on either
# side of 0.1; to decide with a probability of 90 % would take about 110 seeds, or more than three
# hours of one core. The mean correlation hides that the two networks may differ (the interval of
# their difference, -0.06 to 0.74, contains 0), and the lead hides that much of it was there before
# training. For each network, the next cell prints the correlation, and what the probe reads beyond
# random labels before and after training.

# %%
for width in first["nets"]:
    nets = [one["nets"][width] for one in evidence]
    told = {"correlation": [within({width: net}, "theme", less="control") for net in nets]}
    beyond = [np.array(net["theme"]) - np.array(net["control"]) for net in nets]
    told |= {"untrained": [one[0] for one in beyond], "trained": [one[-1] for one in beyond]}
    told["trained less untrained"] = [one[-1] - one[0] for one in beyond]
    for name, values in told.items():
        print(f"width {width}, {name}: {interval(values)}")

# %% [markdown]
# Among the coders that stay as they were, PPMd needs 2.10 bits per character and the n-gram 2.14.
# But the text was cut into 32 pieces for the n-gram, which costs it 0.02 on the text of section 3,
# about half of the difference. (PPMd begins anew every 500 characters, and learns within them: it
# cannot be stopped. What the one costs and the other gains was not measured.) Among those that
# learn on the way, PPMd needs 2.00 and the n-gram 2.05. The GPT needs 2.44 and 2.28.
#
# ## 6. Where it stops being true
#
# - **A network need not use what a probe can read.** A probe shows that the theme is in the state,
#   not that the network acts on it (for this reason Hewitt & Liang 2019 introduced control labels).
#   To know, we would have to change the state and see whether the prediction follows.
# - **The lead cannot be large.** On the wide network the probe gets 0.78 to 0.89 of the random
#   labels right: there are about a hundred verbs, and the state has nearly as many numbers. So the
#   lead over the control may shrink as both rise. And the control labels *bakes* and *bake*
#   separately, so the lead includes knowing that they are the same verb.
# - **Not everything was tuned.** Only one learning rate was tried for both probed networks, and one
#   for the GPT that learns while it codes.
# - **Compression does not need understanding.** xz finds repeated strings and PPMd counts. Both
#   compress well, and nobody would look for a theme in them. "Compressing well means finding the
#   structure" can only hold near the optimum, where nothing cheaper is left to gain.
# - **Nobody knows the optimum.** The shortest program that prints a text cannot be computed
#   (Kolmogorov 1965). On storyland we know the lowest possible loss because we wrote the grammar;
#   for English we do not.
# - **It depends on what is counted.** A model with 70 billion parameters compresses pictures and
#   speech into smaller files than PNG and FLAC, which were made for the purpose (Delétang et al.
#   2023). If its own size is counted, this pays only for enormous files, as the authors say
#   themselves.
#
# ## 7. Read on
#
# - C. Shannon, *A Mathematical Theory of Communication*, Bell System Technical Journal 27 (1948),
#   379-423 and 623-656.
# - I. Witten, R. Neal and J. Cleary, *Arithmetic coding for data compression*, Communications of
#   the ACM 30 (1987), 520-540.
# - G. Delétang et al., *Language Modeling Is Compression* (2023), arXiv:2309.10668: image patches
#   to 43.4 % of their size and speech to 16.4 % by a model trained on text.
# - L. Blier and Y. Ollivier, *The Description Length of Deep Learning Models* (2018),
#   arXiv:1802.07044. Coding while learning, a comparison that nobody can cheat.
# - G. Alain and Y. Bengio, *Understanding intermediate layers using linear classifier probes*
#   (2016), arXiv:1610.01644; J. Hewitt and P. Liang, *Designing and Interpreting Probes with
#   Control Tasks* (2019), arXiv:1909.03368.
#
# ## An open question
#
# How many bits is the theme worth? A predictor that had forgotten it would pay more for the noun.
# The class `storyland.StorylandModel` is the grammar's own prediction: compare what it pays for
# `hot pie` after `mia bakes her` with what it pays after `mia rides her`. Then find the part of a
# network's loss that is due to the theme, and see whether it falls at the same step at which the
# probe begins to succeed. We have not tried. (`inf` below means that the grammar never writes
# that.)

# %%
for beginning in ("mia bakes her ", "mia rides her "):
    costs = [
        -(storyland.logprob(beginning + end) - storyland.logprob(beginning)) / np.log(2)
        for end in ("hot pie\n", "fast bike\n")
    ]
    print(f"{beginning!r:18} hot pie: {costs[0]:.1f} bits, fast bike: {costs[1]:.1f} bits")

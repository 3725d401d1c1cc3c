"""Lesson 10, the notebook's source.

Run:    python -m lessons build 10
"""

# %% [markdown]
# # World model: a map that nobody showed to the network
#
# **The claim.** A network that learns to predict the next word accurately learns a picture of the
# world behind the text; and the better it predicts, the finer the picture. Ilya Sutskever told it
# to Jensen Huang in 2023 (JH23). That it *predicts by* the picture, so that an edit of the picture
# changes the prediction as the world would, is our reading of it.
#
# You need surprise from lesson 1, probes from lesson 2, and the LSTM from lesson 9. Reading and
# exercises take 60 to 70 minutes. The experiment near the end runs for about eight minutes on one
# processor core; you may start it and read on.

# %%
import numpy as np

from lessons.engine.experiment import profile_wanted
from lessons.engine.notebook import check, experiment, hint, picture, predict
from lessons.l10_world_model import drawing, edits, reading
from lessons.l10_world_model.experiment import SIZES, betting, trained, world
from lessons.lab import inside
from lessons.lab.recurrent import LSTM, Remembering
from lessons.lab.worlds import judging
from lessons.lab.worlds.rooms import MOVES, ROOMS, Rooms
from minigpt.ngram import NGram

# %% [markdown]
# ## 1. A logbook
#
# An explorer walks through a house of twenty-five rooms, a to y, which lie in a square, five in a
# row. Between some neighbours there is a door, between others a wall. The explorer takes any open
# door, all equally likely, and writes down N, E, S or W. After one move in six the logbook says
# where it is: `*k`. That is all that is ever written.

# %%
size = SIZES[profile_wanted()]
house = world(size, seed=95)
log = house.corpus.text
for line in range(4):
    print(log[90 * line : 90 * line + 90])

# %% [markdown]
# **Play.** Below are the last pages of five logbooks. Where is the explorer, and which doors does
# that room have? Cover the right side. You may search the log above for help.

# %%
for text, room in list(zip(*house.judge))[:5]:
    doors = "".join(m if door else "-" for m, door in zip(MOVES, house.rooms.doors[room]))
    print(f"{text[-24:]:30} in {ROOMS[room]}, doors {doors}")

# %% [markdown]
# Here is the house. The network never sees this picture. Nobody tells it that rooms lie in a
# square, or what north is.

# %%
with picture(title="The house", alt=drawing.in_doors(house.rooms), size="square") as ax:
    drawing.draw_map(ax, house.rooms)

# %% [markdown]
# You had to do two things: keep track of the room, and know its doors. The first is a sum (two
# steps north, one west), since the explorer never runs into a wall. The second takes a map.
#
# ## Predict first
#
# A network reads such a log and learns to predict the next character. Then we move it: in its
# state, and nowhere in the text, we replace "I am in c" by "I am in r", and let it read two more
# moves. Which doors does it expect: those of the room two moves on from r? The text says the
# opposite. Rivals that know less than a map try the same (section 5), and the best of them
# succeeds in about half of all cases. How much of the way from the best rival to "always" does the
# network go?

# %%
way = ...  # 1 is always, 0 is no better than the rival, below 0 is worse
predict("world_model", way)

# %% [markdown]
# ## 2. Watch where it walks
#
# Counting is the first explorer we question: what followed the last six characters? The second is
# an LSTM with 64 cells, which we train here, for some seconds.
#
# The simplest question needs no look inside: how much probability goes to moves *into walls*?
#
# ### Exercise 10.1: through open doors

# %% exercise="10.1"

# %%
explorer = trained(LSTM, size.lstm, house.corpus, seed=95, share=2 / 3, width=size.widths[-2])
counts = NGram.fit(log[:-1000])
with picture(
    x="moves since the last report (8: eight or more)",
    y="share on open doors",
    title="Who forgets where it is",
    caption="1 is a perfect map.",
) as ax:
    ax.plot(reading.doors_by_distance(explorer, house), label="LSTM")
    ax.plot(reading.doors_by_distance(counts, house), label="counting")
    blind = house.rooms.doors.sum(1) @ house.rooms.doors.mean(1) / house.rooms.doors.sum()
    ax.axhline(blind, color="grey", label="all four moves alike")

# %% [markdown]
# As long as the report is among the six characters that counting sees, it knows the doors, from two
# moves on better than the LSTM. Then it loses its place. (It does not fall to blind guessing, since
# where it came from there is a door.) The LSTM is no worse after eight moves than after three. What
# is that worth, and how does it do on the five pages that you played?

# %%
for name, model in (("counting", counts), ("LSTM", explorer)):
    print(f"{name:9} {reading.above(model, house):.3f} nats/char above a walker who has the map")
pages = house.judge.texts[:5]
nothing = np.zeros((5, 2 * size.widths[-2]), np.float32)
names = edits.reports(Remembering(explorer), pages, [""] * 5, nothing).argmax(1)
print("the LSTM says it is in", ", ".join(ROOMS[name] for name in names))

# %% [markdown]
# ## 3. Twins
#
# A mind that holds a map says the same wherever it comes from, as long as it ends in the same room,
# and something else in another room (Vafa et al. 2024 test models so).
#
# ### Exercise 10.2: told apart

# %% exercise="10.2"

# %%
ids = edits.encoded(explorer.tokenizer, house.judge.texts[:500])
moves = explorer.tokenizer.encode(MOVES)
said = judging.among_moves(explorer.logprobs(ids)[:, -1], moves)
ends = house.judge.rooms[:500]
kind = edits.patterns(house.rooms)[ends]
twins = kind == np.bincount(kind).argmax()
for name, some in (("all rooms", slice(None)), ("rooms with the same doors", twins)):
    same, different = judging.told_apart(said[some], ends[some])
    print(f"{name:26} same room {same:.2f}, different rooms {different:.2f}")

# %% [markdown]
# Different rooms are told apart, but **twins**, rooms with the same doors, hardly more than two
# logs that end in one room. They should not be, as the next move is the same in both. So this test
# cannot tell a map from a list of doors. Keep the twins in mind: the hardest rivals come from them.
#
# ## 4. Look inside, reach inside
#
# The LSTM keeps two numbers for each cell. What it knows of the text beyond the last two characters
# is there. A probe (lesson 2), fitted on other logs, names the room:

# %%
keeps = Remembering(explorer)
known, asked = (edits.kept(keeps, some.texts) for some in (house.choose, house.judge))
right = inside.named(known, house.choose.rooms, asked, house.judge.rooms)
print(f"the probe names {right:.0%} of the rooms; guessing, {1 / len(ROOMS):.0%}")

# %% [markdown]
# What is written somewhere need not be *used*. So we change what is written. For each room take the
# mean of all states behind logs that end there. A state that should go from room c to room r loses
# the mean of c and gets the mean of r; all else that it holds is kept.
#
# ### Exercise 10.3: moved

# %% exercise="10.3"

# %%
means = inside.group_means(known, house.choose.rooms, len(ROOMS))
text, was = house.some.texts[:1], house.some.was[:1]
now, then = house.some.now[:1], house.some.then[:1]
change = inside.moved(0 * known[:1], means, was, now)
print(f"the log ends in {ROOMS[was[0]]}: ...{text[0][-20:]}; edit to {ROOMS[now[0]]}")
found = {"before": edits.recurrent(keeps, text, then, 0 * change)[0]}
found["after"] = edits.recurrent(keeps, text, then, change)[0]
with picture(y="probability", title="Where to, before the edit and after it", columns=2) as axes:
    for ax, (name, said), room in zip(axes, found.items(), (was[0], now[0])):
        ax.bar(list(MOVES), judging.among_moves(said, moves)[0], label=name)
        doors = "".join(m for m, door in zip(MOVES, house.rooms.doors[room]) if door)
        ax.set(title=f"{name}: {ROOMS[room]} has doors {doors}", ylim=(0, 1), ylabel="probability")

# %% [markdown]
# ## 5. The rivals
#
# One edit proves nothing, and the *next* move proves little, however often it works: a state that
# only says "doors N and E" would do. So the experiment lets the network read two more moves after
# the edit, which both rooms allow (none there and back) and which lead to two rooms whose doors
# differ in two places or more. A success: at most a tenth is on walls of the room two moves on from
# the *new* room, and what is expected is nearer to its doors than to those on the old way. The new
# room always has a twin. Four rivals could do as well:
#
# - **Doors.** The same edit with mean states of all rooms that have these doors. If the network
#   keeps only a list of doors, this is as good.
# - **Last moves.** Means by the last three moves, for a network that is counting in disguise.
# - **Early.** The map edit in a network that trained for a tenth of the time.
# - **A walker who knows only the doors**: it has the whole map, is told the new room's doors and
#   not its name, and reasons from the two moves. It is no network. It says honestly how likely each
#   move is; one that bet on the likeliest doors would succeed more often (printed below).
#
# ## 6. The experiment
#
# Eight LSTMs for each house, with 16 to 96 cells, trained for a third of the time or all of it.
# Before the judged houses were drawn we wrote down, after pilots on others (the docstring of
# `experiment.py` tells them):
#
# - In the largest LSTM the map edit goes at least half of the way from the best rival's success to
#   1.
# - Its lead over the doors edit rises by at least 0.02 for each halving of the loss above the least
#   possible. Only cases count in which that network expects the right doors if the text really
#   leads to the new room; so a network does not lose points for what it cannot predict at all.

# %%
evidence = experiment("world_model")

# %% [markdown]
# **How to read the figure.** Left: eight kinds of LSTM, better predictors to the right. "Led there
# by the text" is no edit: a text that really ends in the new room, the most that can be hoped for.
# Right: what is left of an edit after 0, 1 and 2 moves, in the largest LSTM, for a walker who knows
# the doors of the new room and no more, and in a GPT (section 8) that is edited behind its first
# block. Here is the largest LSTM with all its rivals.

# %%
print(drawing.rivals(evidence))
bets = np.mean([betting(one["seed"]) for one in evidence])
print(f"a walker that bets on the likeliest doors, two moves on: {bets:.2f}")

# %% [markdown]
# Both criteria are met. The next move tells nothing: there the doors edit succeeds as often as the
# map edit. Two moves on the map edit succeeds in 96 of 100 cases, the doors edit in 39, and a
# walker who reasons honestly from the doors in 56. (If it bets, in 74; a reader found that after
# the run, so it was not among the rivals.) A mean state says where we are, and not what a move
# does. That came from the network.
#
# (At once the map edit succeeds in 87 of 100 cases, later in more. We do not know why.)
#
# ## 7. The finer picture
#
# The eight LSTMs, from the worst predictor to the best. "Able" are the cases in which the network
# expects the right doors if the text leads there.

# %%
print(drawing.ladder(evidence))

# %% [markdown]
# Five halvings of the loss above the least possible, from 0.37 to 0.012, and the lead among the
# able rises from 0.24 to 0.57. More than half of that rise is the doors edit failing more often;
# the map edit stays near 0.8 and rises only in the two best. The able cases also change from
# network to network, so part of the rise may be harder cases coming in. (That "map edit" and "by
# text" rise is no news: a network that predicts few doors rightly cannot follow an edit either.)
# Counting pays nearly the same as the second row, and has no state to edit.
#
# ## 8. Carry on
#
# Now look at one edit. Each map shows where the network *would report* to be. The text is the same
# all along; only the state was touched, once.

# %%
case = evidence[0]["case"]
print(f"the log ends ...{case['history'][-20:]} in {case['was']}; edit to {case['now']}")
drawing.believed(case, "lstm")
drawing.believed(case, "gpt")

# %% [markdown]
# The LSTM walks on from where we put it. To ask for a report we let each read `*`, which is already
# one character after the edit; the GPT has forgotten it by then, and reports the rooms of the text.
# Are these two cases typical? How often is the likeliest report the room of the edited walk, and
# what if a GPT is edited elsewhere?

# %%
for kind in ("lstm", "gpt"):
    shares = np.mean([one["named"][kind] for one in evidence], 0)
    print(
        f"{kind.upper():4} names the room of the edited walk: "
        + " ".join(f"{s:.2f}" for s in shares)
    )
print(drawing.attending(evidence))

# %% [markdown]
# An LSTM's state is all that it has of the past, so what we write there goes on. A GPT looks back
# at the text for each character and works the room out anew. Behind its last block the edit *must*
# be forgotten, since no later place looks there. Behind the first block the second one could look
# back at it, and the edit works at once in 55 of 100 cases; a move later in 3. This is not for want
# of prediction: its loss lies between those of the LSTMs with 64 and 32 cells, and a probe finds
# the room in 87 of 100 cases. It seems to work the room out at each place anew. We edited one
# place; an edit of all places was not tried.
#
# ## 9. Where it stops being true
#
# - **We drew a small world.** Twenty-five rooms, no noise, a walker without a goal, and reports
#   that give the room away. In Vafa et al. (2024) transformers that had read taxi rides passed
#   tests of the next turn, and the street map drawn from them was incoherent; detours broke them.
# - **A map of this house.** The network has the doors in its weights and the place in its state.
#   What it would do in another house was not asked.
# - **A difference of means is a blunt tool.** It works if the network keeps the room as a sum,
#   which it need not. An edit that fails does not show that there is no map.
# - **One kind of network was judged**, LSTMs of up to 96 cells; at a GPT of two blocks we only
#   looked.
# - **Perhaps there is another way.** Our networks that predict well have a map. That none could
#   predict well without one was not measured.
#
# ## 10. Read on
#
# - K. Li et al., *Emergent World Representations: Exploring a Sequence Model Trained on a Synthetic
#   Task* (2022), arXiv:2210.13382. A transformer reads moves of Othello; its idea of the board is
#   edited, and its next move follows.
# - N. Nanda, A. Lee and M. Wattenberg, *Emergent Linear Representations in World Models of
#   Self-Supervised Sequence Models* (2023), arXiv:2309.00941. The same board is a sum after all, if
#   one asks for "mine" and "yours"; then adding vectors is enough to edit it.
# - K. Vafa et al., *Evaluating the World Model Implicit in a Generative Model* (2024),
#   arXiv:2406.03689. Models that pass the usual tests without a coherent map.
# - W. Merrill, J. Petty and A. Sabharwal, *The Illusion of State in State-Space Models* (2024),
#   arXiv:2404.08819. Some things that every character changes can be kept by a recurrent network
#   and not by a transformer. Our walker's place is not one of them: it is a sum of moves.
#
# ## An open question
#
# Close one door, and walk on. How many failed plans, or moves around it, must the log show until
# the network leaves the closed door alone? The cell makes a start: what does the explorer expect
# where it knows a door that is not there any more? We have not tried to teach it.

# %%
closed, rng = house.rooms.to.copy(), np.random.default_rng(0)
room = int(np.argmax(house.rooms.doors.sum(1)))
move = int(np.argmax(house.rooms.doors[room]))
closed[closed[room, move], (move + 2) % 4] = closed[room, move] = -1
walks, rooms = zip(*[Rooms(closed).walk(64, rng) for _ in range(500)])
here = np.array(rooms) == room
here &= np.array([[c in MOVES for c in walk] for walk in walks])
said = judging.among_moves(explorer.logprobs(edits.encoded(explorer.tokenizer, walks))[here], moves)
print(f"{said[:, move].mean():.2f} on the closed door of {ROOMS[room]}")

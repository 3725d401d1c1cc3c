"""Answers to the exercises of lesson 12 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 12
        python -m lessons.engine.mistakes 12.1   prints them as a student would write them
"""

from __future__ import annotations

from lessons.engine.mistakes import after, body, edit, mistakes, variants, whole

# Tables: name, change, diagnosis; two or three lines a row.
# fmt: off

# 12.1  Two moves in one

COMPOSE = "lessons.l12_deep_and_large.composing:compose"

COMPOSE_VARIANTS = variants(COMPOSE,
    body("a loop", """
        both = np.zeros_like(first)
        for i in range(len(first)):
            both[i] = then[first[i]]
        return both"""),
    body("matrices", """
        k = len(first)
        one, other = np.eye(k, dtype=int)[first], np.eye(k, dtype=int)[then]
        return (one @ other).argmax(axis=1)"""),
    body("take", "return np.take(then, first)"),
)

COMPOSE_WRONG = mistakes(COMPOSE,
    edit("the other order", "then[first]", "first[then]",
         "the moves are made in the other order: what lies at i goes to first[i] first"),
    body("added", "return (first + then) % len(first)",
         "the tables are added; that is right for a dial only, whose moves commute"),
    edit("the way back", "then[first]", "np.argsort(then[first])",
         "this is the way back: for each place, where what ends there came from"),
    edit("first turned round", "then[first]", "then[np.argsort(first)]",
         "the first move is made backwards, with places looked up by where things come from"),
    edit("then turned round", "then[first]", "np.argsort(then)[first]",
         "the second move is made backwards, with places looked up by where things come from"),
    edit("the second alone", "then[first]", "then.copy()",
         "this is the second move alone; the first one has to be made before it"),
    edit("the first alone", "then[first]", "first.copy()",
         "this is the first move alone; the second one has to be made behind it"),
    edit("first twice", "then[first]", "then[first[first]]",
         "the first move is made twice"),
)

# 12.2  All beginnings in rounds

SCAN_RIGHT = """
def scan(maps):
    rounds, back = [maps], 1
    while back < len(maps):
        known = rounds[-1]
        new = known.copy()
        for t in range(back, len(maps)):
            new[t] = known[t][known[t - back]]
        rounds.append(new)
        back *= 2
    return np.array(rounds)
"""

SCAN_VARIANTS = variants(SCAN_RIGHT,
    whole("loops", SCAN_RIGHT),
    body("whole rounds at once", """
        rounds, back = [maps], 1
        while back < len(maps):
            known = rounds[-1]
            more = np.take_along_axis(known[back:], known[:-back], axis=1)
            rounds.append(np.concatenate([known[:back], more]))
            back *= 2
        return np.stack(rounds)"""),
    body("by what each place knows", """
        t_all, k = maps.shape
        rounds = [[list(map(int, row)) for row in maps]]
        for r in range((t_all - 1).bit_length()):
            old = rounds[-1]
            rounds.append([
                [old[t][old[t - 2**r][i]] for i in range(k)] if t >= 2**r else old[t]
                for t in range(t_all)
            ])
        return np.array(rounds)"""),
)

SCAN_WRONG = mistakes(SCAN_RIGHT,
    edit("the pair's order", "known[t][known[t - back]]", "known[t - back][known[t]]",
         "each pair is composed in the wrong order: what the earlier place knows comes first. "
         "With moves that commute nobody would notice"),
    edit("round the corner", "range(back, len(maps))", "range(len(maps))",
         "the first places look round the corner, at the end of the game; a place that has none "
         "so far back keeps what it knows"),
    edit("the same round", "known[t][known[t - back]]", "new[t][new[t - back]]",
         "places read what this same round has just written, so moves are counted several times; "
         "read the round before"),
    edit("a round short", "while back < len(maps):", "while 2 * back < len(maps):",
         "the last round is missing: the last place does not know all moves yet"),
    edit("a round too many", "while back < len(maps):", "while back <= len(maps):",
         "there are rounds after the last place knows everything"),
    body("one place a round", """
        rounds = [maps]
        for t in range(1, len(maps)):
            new = rounds[-1].copy()
            new[t] = new[t][new[t - 1]]
            rounds.append(new)
        return np.array(rounds)""",
         "one place is settled in each round, so there are T - 1 rounds; all places should work at "
         "once, twice as far back each time"),
    edit("always the neighbour", "known[t][known[t - back]]", "known[t][known[t - 1]]",
         "every round asks the neighbour; the distance has to double from round to round"),
    edit("one further a round", "back *= 2", "back += 1",
         "the distance grows by one from round to round; it doubles"),
    edit("the moves again", "known[t][known[t - back]]", "maps[t][known[t - back]]",
         "the place's own move is used in each round, in place of all that it knows by now"),
    edit("early places dropped", "new = known.copy()", "new = np.zeros_like(known)",
         "the first places, which have none so far back, have lost what they knew"),
)

# 12.3  How far is it followed?

REACH = "lessons.l12_deep_and_large.composing:reach"

REACH_VARIANTS = variants(REACH,
    body("NumPy", """
        parts = (np.asarray(right, dtype=float) - chance) / (1 - chance)
        return np.maximum(parts, 0).sum()"""),
    body("a loop", """
        total = 0.0
        for share in right:
            if share > chance:
                total += 1 - (1 - share) / (1 - chance)
        return total"""),
    body("interpolation", "return float(np.interp(right, [chance, 1.0], [0.0, 1.0]).sum())"),
)

TERM = "max(0.0, (share - chance) / (1 - chance))"

REACH_WRONG = mistakes(REACH,
    edit("guesses count", TERM, "share",
         "guesses count as well: the share that is right by chance has to be taken off"),
    edit("below 0", TERM, "(share - chance) / (1 - chance)",
         "places below chance take something away; none counts less than 0"),
    edit("a threshold", TERM, "float(share > 0.5)",
         "places with more than half right are counted; a place counts in proportion"),
    after("a mean", "y / len(right)",
          "this is a mean over places; the number of moves is their sum"),
    edit("not stretched", TERM, "max(0.0, share - chance)",
         "a place at which all is right counts 1 - chance; divide by that"),
    edit("divided by chance", TERM, "max(0.0, (share - chance) / chance)",
         "the lead is divided by chance, so a perfect place counts more than 1 or less"),
    edit("perfect places alone", TERM, "float(share == 1)",
         "places at which all is right are counted alone; others count in part"),
    edit("half is chance", TERM, "max(0.0, (share - 0.5) / 0.5)",
         "chance is taken for one half, whatever it is"),
)

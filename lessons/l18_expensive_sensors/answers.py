"""Answers to the exercises of lesson 18 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 18
        python -m lessons.engine.mistakes 18.1   prints them as a student would write them
"""

from __future__ import annotations

from lessons.engine.mistakes import after, body, edit, mistakes, variants

# Tables: name, change, diagnosis; two or three lines a row.
# fmt: off

# 18.1  A line with holes

HOLES = "lessons.l18_expensive_sensors.sensors:with_holes"
FIRST = "    step ="

HOLES_VARIANTS = variants(HOLES,
    body("scaled on the way", """
        belief = np.array(prior, dtype=float)
        for c in line:
            if c is None:
                belief = sum(belief @ table[:, v] for v in range(table.shape[1]))
            else:
                belief = belief @ table[:, c]
            belief = belief / belief.sum()
        return belief / belief.sum()"""),
    body("loops", """
        states, letters = len(prior), table.shape[1]
        belief = [float(p) for p in prior]
        for c in line:
            after = [0.0] * states
            for s in range(states):
                for v in range(letters) if c is None else [c]:
                    for r in range(states):
                        after[r] += belief[s] * float(table[s, v, r])
            belief = after
        return np.array(belief) / sum(belief)"""),
    edit("a mean", "table.sum(axis=1)", "table.mean(axis=1)"),
    body("einsum", """
        belief = prior
        for c in line:
            some = table if c is None else table[:, [c]]
            belief = np.einsum("s,svr->r", belief, some)
        return belief / np.sum(belief)"""),
)

HOLES_WRONG = mistakes(HOLES,
    edit("the hole skipped", FIRST, f"    if character is None:\n            continue\n    {FIRST}",
         "at a hole the state stays as it was; a character was written there, and the state moved"),
    edit("a hole is a space", "table.sum(axis=1)", "table[:, 0]",
         "the hole is taken for character 0; it may be any"),
    edit("0 is a hole", "character is None", "not character",
         "character 0 is taken for a hole, as in `if not character`; only None is one"),
    edit("the likeliest", "table.sum(axis=1)", "table.max(axis=1)",
         "only the likeliest character of a hole counts; all do, each with its probability"),
    edit("all alike", "table.sum(axis=1)", "(table.sum(axis=1) > 0)",
         "at a hole all states that may follow count alike; each has its own probability"),
    edit("a new beginning", FIRST,
         f"    if character is None:\n            belief = prior\n    {FIRST}",
         "at a hole all that was read before is forgotten"),
    edit("not scaled", " / belief.sum()", "",
         "these are joint probabilities with what was seen; divide by their sum"),
    edit("rows scaled", "belief = belief @ step",
         "step = step / np.maximum(step.sum(axis=1, keepdims=True), 1e-300)\n        "
         "belief = belief @ step",
         "each state's ways on are scaled to 1: whether it would have written what was seen no "
         "longer counts"),
    edit("the best way", "belief = belief @ step", "belief = (belief[:, None] * step).max(axis=0)",
         "of several ways to a state only the likeliest counts (Viterbi); their sum is asked for"),
    edit("backwards", "belief @ step", "step @ belief",
         "the table is applied from its last axis to its first: the line is read backwards"),
    edit("from anywhere", "belief = prior", "belief = np.ones(len(prior))",
         "the prior is not used"),
    after("one state", "np.eye(len(y))[y.argmax()]",
          "the likeliest state alone is returned; all have their probability"),
)

# 18.2  Labels from another sensor's reader

LABEL = "lessons.l18_expensive_sensors.sensors:auto_label"
RETURN = "return cheap[keep], said[keep]"

LABEL_VARIANTS = variants(LABEL,
    body("one by one", """
        rows, targets = [], []
        for seen, odds in zip(cheap, teacher(rich)):
            if max(odds) >= sure:
                rows.append(seen)
                targets.append(odds)
        empty = teacher(rich)[:0]
        return (np.array(rows), np.array(targets)) if rows else (cheap[:0], empty)"""),
    body("indices", """
        odds = np.array([teacher(rich[i : i + 1])[0] for i in range(len(rich))])
        some = np.flatnonzero(odds.max(1) >= sure)
        return cheap[some], odds[some]"""),
    body("any", """
        odds = teacher(rich)
        keep = (odds >= sure).any(axis=1)
        return np.compress(keep, cheap, axis=0), np.compress(keep, odds, axis=0)"""),
)

LABEL_WRONG = mistakes(LABEL,
    edit("the teacher sees the cheap view", "teacher(rich)", "teacher(cheap)",
         "the teacher was asked about the cheap view; its own sensor is the rich one"),
    edit("the student sees the rich view", RETURN, "return rich[keep], said[keep]",
         "the student gets the rich view, which nobody has where it is shipped"),
    edit("no doubt left", "return cheap[keep], said[keep]",
         "return cheap[keep], np.eye(said.shape[1])[said[keep].argmax(axis=1)]",
         "the targets are the likeliest theme alone; the teacher's probabilities are asked for"),
    edit("rows out of step", RETURN, "return cheap[: keep.sum()], said[keep]",
         "targets are filtered and rows are not: from the first scene left out on, a row has "
         "another scene's target"),
    edit("targets out of step", RETURN, "return cheap[keep], said[: keep.sum()]",
         "rows are filtered and targets are not: from the first scene left out on, a row has "
         "another scene's target"),
    edit("all kept", "said.max(axis=1) >= sure", "said.max(axis=1) >= 0",
         "no scene is left out"),
    edit("the doubtful kept", ">= sure", "< sure",
         "the scenes of which the teacher is sure are left out"),
    edit("no ties", ">= sure", "> sure",
         "exactly as sure as asked is sure enough"),
    edit("least sure theme", "said.max(axis=1)", "said.min(axis=1)",
         "the least probable theme is compared with `sure`; the most probable one is asked for"),
    body("sorted", """
        said = teacher(rich)
        keep = said.max(axis=1) >= sure
        order = np.argsort(-said[keep].max(axis=1), kind="stable")
        return cheap[keep][order], said[keep][order]""",
         "the scenes are sorted by how sure the teacher is; the order given is asked for"),
    edit("scaled by sureness", RETURN,
         "return cheap[keep], said[keep] / said[keep].max(axis=1, keepdims=True)",
         "the targets do not add up to 1"),
)

# 18.3  The worth of a loss

WORTH = "lessons.l18_expensive_sensors.sensors:worth_in_labels"
FOUND = "np.exp(np.interp(-reached, -np.asarray(losses), np.log(amounts)))"

WORTH_VARIANTS = variants(WORTH,
    body("a loop", """
        if reached >= losses[0]:
            return float(amounts[0])
        for i in range(1, len(losses)):
            if reached >= losses[i]:
                along = (losses[i - 1] - reached) / (losses[i - 1] - losses[i])
                return float(amounts[i - 1] * (amounts[i] / amounts[i - 1]) ** along)
        return float("inf")"""),
    body("turned round", """
        if reached < losses[-1]:
            return math.inf
        logs = np.log2(amounts)[::-1]
        return float(2 ** np.interp(reached, list(losses)[::-1], logs))"""),
)

WORTH_WRONG = mistakes(WORTH,
    edit("straight in amounts", FOUND, "np.interp(-reached, -np.asarray(losses), amounts)",
         "the loss is taken to be linear in the amount, not in its logarithm"),
    edit("rising losses", FOUND, "np.exp(np.interp(reached, losses, np.log(amounts)))",
         "np.interp wants rising positions; the losses fall"),
    edit("logarithm kept", FOUND, "np.interp(-reached, -np.asarray(losses), np.log(amounts))",
         "this is the logarithm of the amount"),
    edit("at most the last", 'float("inf")', "float(amounts[-1])",
         "a loss that no amount reached is said to be worth the last amount; nothing here says "
         "that this is enough"),
    edit("the last is infinite", "reached < losses[-1]", "reached <= losses[-1]",
         "a loss as good as the last is worth the last amount; only a better one is infinity"),
    body("the next larger", """
        for amount, loss in zip(amounts, losses):
            if loss <= reached:
                return float(amount)
        return float("inf")""",
         "this is the first amount measured that is as good; between two of them interpolate"),
    body("the nearest", """
        if reached < losses[-1]:
            return float("inf")
        return float(amounts[int(np.abs(np.asarray(losses) - reached).argmin())])""",
         "this is the measured amount whose loss is nearest; between two of them interpolate"),
    body("log of the loss", """
        if reached < losses[-1]:
            return float("inf")
        x = -np.log(losses)
        return float(np.exp(np.interp(-np.log(reached), x, np.log(amounts))))""",
         "the loss itself is linear in log(amount), not its logarithm"),
    body("beyond the first", """
        if reached < losses[-1]:
            return float("inf")
        x, y = -np.asarray(losses), np.log(amounts)
        if -reached < x[0]:
            return float(np.exp(y[0] + (-reached - x[0]) * (y[1] - y[0]) / (x[1] - x[0])))
        return float(np.exp(np.interp(-reached, x, y)))""",
         "for a loss worse than the first amount's the line is drawn on beyond it; the first "
         "amount is asked for"),
    after("times as many", "y / amounts[0]",
          "this is how many times the first amount; the number of labels is asked for"),
)

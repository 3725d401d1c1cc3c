"""Answers to the exercises of lesson 22 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 22
        python -m lessons.engine.mistakes 22.1   prints them as a student would write them
"""

from __future__ import annotations

from lessons.engine.mistakes import after, body, edit, mistakes, variants

# Tables: name, change, diagnosis; two or three lines a row.
# fmt: off

# 22.1  One network of two

STITCH = "lessons.l22_composability.stitching:stitch"

STITCH_VARIANTS = variants(STITCH,
    body("name by name", """
        made = {}
        for name in lower:
            parts = name.split(".")
            if parts[0] == "blocks":
                source = lower if int(parts[1]) < cut else upper
            else:
                source = lower if parts[0].startswith("embed") else upper
            made[name] = source[name]
        return made"""),
    body("a list of beginnings", """
        mine = ("embed", *(f"blocks.{i}." for i in range(cut)))
        return {name: (lower if name.startswith(mine) else upper)[name] for name in upper}"""),
    body("copied over", """
        made = dict(upper)
        for name, value in lower.items():
            if name.startswith("embed"):
                made[name] = value
            for i in range(cut):
                if name.startswith("blocks." + str(i) + "."):
                    made[name] = value
        return made"""),
)

NUMBER, FIRST = 'int(name.split(".")[1]) < cut', 'return name.startswith("embed")'

STITCH_WRONG = mistakes(STITCH,
    edit("one block more", NUMBER, 'int(name.split(".")[1]) <= cut',
         "one block more than `cut` is from the lower network: the first block has number 0"),
    edit("the other way round", "in lower.items() if below(name)",
         "in upper.items() if below(name)",
         "below the seam, too, the parts are the upper network's"),
    edit("lower's head", FIRST, "return True",
         "norm and head are the lower network's; they have to read the upper one's stream"),
    edit("upper's embeddings", FIRST, "return False",
         "the embeddings are the upper network's, but the lower one's blocks read them"),
    edit("embed.weight alone", FIRST, 'return name == "embed.weight"',
         "tables for positions or pairs are embeddings as well: all names that begin with embed"),
    edit("numbers as text", NUMBER, 'name.split(".")[1] < str(cut)',
         "block numbers are compared as text, in which 10 comes before 2"),
    edit("blocks that begin alike", NUMBER,
         'name.startswith(tuple(f"blocks.{i}" for i in range(cut)))',
         "`blocks.1` is also how `blocks.10` begins"),
    edit("all norms above", 'if name.startswith("blocks.")',
         'if "norm" in name:\n            return False\n        if name.startswith("blocks.")',
         "the norms within the lower blocks belong to those; only the last one is above"),
    edit("blocks alone", "return kept | ",
         "return {n: v for n, v in kept.items() if n.startswith('blocks')} | ",
         "embeddings are missing"),
    body("halves exchanged", """
        upper, lower = lower, upper
        made = dict(upper)
        for name in lower:
            block = name.startswith("blocks.") and int(name.split(".")[1]) < cut
            if block or name.startswith("embed"):
                made[name] = lower[name]
        return made""",
         "the two networks have changed places"),
)

# 22.2  A dictionary

SEAM = "lessons.l22_composability.stitching:seam"

SEAM_VARIANTS = variants(SEAM,
    body("a column of ones", """
        ones = np.column_stack([x, np.ones(len(x))])
        both = np.linalg.lstsq(ones, y, rcond=None)[0]
        return both[:-1], both[-1]"""),
    body("pseudo-inverse", """
        turn = np.linalg.pinv(x - x.mean(0)) @ (y - y.mean(0))
        return turn, (y - x @ turn).mean(0)"""),
    body("normal equations", """
        x_mean, y_mean = x.mean(0), y.mean(0)
        gram = (x - x_mean).T @ (x - x_mean)
        turn = np.linalg.pinv(gram) @ (x - x_mean).T @ (y - y_mean)
        return turn, y_mean - x_mean @ turn"""),
)

SOLVED = "np.linalg.lstsq(x - x_mean, y - y_mean, rcond=None)[0]"

SEAM_WRONG = mistakes(SEAM,
    body("no offset", """
        turn = np.linalg.lstsq(x, y, rcond=None)[0]
        return turn, np.zeros(y.shape[1])""",
         "the offset is always 0, so the map has to make up for the means"),
    edit("means not taken away", SOLVED, "np.linalg.lstsq(x, y, rcond=None)[0]",
         "the map is fitted with the means still in; take them away first"),
    edit("offset not turned", "y_mean - x_mean @ turn", "y_mean",
         "the offset is the mean of y; what the map makes of the mean of x is not taken off"),
    body("means compared", """
        turn = np.linalg.lstsq(x - x.mean(0), y - y.mean(0), rcond=None)[0]
        n = min(x.shape[1], y.shape[1])
        offset = y.mean(0).copy()
        offset[:n] -= x.mean(0)[:n]
        return turn, offset""",
         "the mean of x is taken off as it is; it has to go through the map first"),
    after("transposed", "(y[0].T, y[1])",
          "the map is transposed: rows belong to x, columns to y"),
    body("from y to x", """
        turn = np.linalg.lstsq(y - y.mean(0), x - x.mean(0), rcond=None)[0]
        return turn, x.mean(0) - y.mean(0) @ turn""",
         "this is the dictionary from y to x"),
    body("there and back", """
        back = np.linalg.lstsq(y - y.mean(0), x - x.mean(0), rcond=None)[0]
        turn = np.linalg.pinv(back)
        return turn, y.mean(0) - x.mean(0) @ turn""",
         "the map from y to x is fitted and inverted; where there is noise that is another map"),
    edit("solved", SOLVED,
         "np.linalg.solve((x - x_mean).T @ (x - x_mean), (x - x_mean).T @ (y - y_mean))",
         "a unit that never changes makes the matrix singular; `lstsq` copes with it"),
    edit("with a penalty", SOLVED,
         "np.linalg.solve((x - x_mean).T @ (x - x_mean) + np.eye(x.shape[1]), "
         "(x - x_mean).T @ (y - y_mean))",
         "a penalty on large weights pulls the map towards 0"),
    body("a rotation", """
        u, _, v = np.linalg.svd((x - x.mean(0)).T @ (y - y.mean(0)), full_matrices=False)
        turn = u @ v
        return turn, y.mean(0) - x.mean(0) @ turn""",
         "this is the best rotation; a map may stretch as well"),
    body("axis by axis", """
        turn = np.zeros((x.shape[1], y.shape[1]))
        for i in range(min(turn.shape)):
            part = x[:, i] - x[:, i].mean()
            turn[i, i] = part @ (y[:, i] - y[:, i].mean()) / (part @ part)
        return turn, y.mean(0) - x.mean(0) @ turn""",
         "each unit is compared with the one of the same number, as if the axes were the same"),
)

# 22.3  The mean of weights

AVERAGE = "lessons.l22_composability.stitching:average_weights"

AVERAGE_VARIANTS = variants(AVERAGE,
    body("shares first", """
        parts = [share / sum(shares) for share in shares]
        made = {}
        for name in states[0]:
            made[name] = 0.0
            for part, state in zip(parts, states):
                made[name] = made[name] + part * state[name]
        return made"""),
    body("np.average", """
        return {
            name: np.average([state[name] for state in states], axis=0, weights=shares)
            for name in states[0]
        }"""),
)

SUM = "sum(share * state[name] for state, share in zip(states, shares)) / total"

AVERAGE_WRONG = mistakes(AVERAGE,
    edit("no shares", SUM, "sum(state[name] for state in states) / len(states)",
         "the shares play no role"),
    edit("not divided", " / total", "",
         "the sum is not divided by the sum of the shares, which may be other than 1"),
    edit("by how many", " / total", " / len(states)",
         "the sum is divided by the number of networks, not by the sum of the shares"),
    edit("by the largest", "total = sum(shares)", "total = max(shares)",
         "the sum is divided by the largest share, not by the sum of all"),
    body("by order", """
        total, made = sum(shares), {}
        for i, name in enumerate(states[0]):
            parts = [list(state.values())[i] for state in states]
            made[name] = sum(s * part for s, part in zip(shares, parts)) / total
        return made""",
         "weights are matched by their order, not by their names"),
    edit("shares exchanged", "zip(states, shares)", "zip(states, shares[::-1])",
         "the shares belong to the networks in their order; here they come from the last one"),
    body("pair by pair", """
        made = dict(states[0])
        for state, share in zip(states[1:], shares[1:]):
            part = share / (shares[0] + share)
            made = {name: (1 - part) * made[name] + part * state[name] for name in made}
        return made""",
         "each network is mixed in as if only it and the first were there"),
    body("the largest share alone", """
        return dict(states[shares.index(max(shares))])""",
         "the network with the largest share comes back alone"),
)

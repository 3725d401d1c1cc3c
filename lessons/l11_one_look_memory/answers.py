"""Answers to the exercises of lesson 11 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 11
        python -m lessons.engine.mistakes 11.1   prints them as a student would write them
"""

from __future__ import annotations

from lessons.engine.mistakes import body, edit, mistakes, variants, whole

# Tables: name, change, diagnosis; two or three lines a row.
# fmt: off

# 11.1  Find the last time; take what followed

INDUCTION_RIGHT = """
def induction(ids, key=1):
    guesses = np.full(len(ids), -1)
    for t in range(key - 1, len(ids)):
        now = ids[t - key + 1 : t + 1]
        for s in range(t - 1, key - 2, -1):
            if (ids[s - key + 1 : s + 1] == now).all():
                guesses[t] = ids[s + 1]
                break
    return guesses
"""

INDUCTION_VARIANTS = variants(INDUCTION_RIGHT,
    whole("two loops", INDUCTION_RIGHT),
    whole("a dictionary", """
        def induction(ids, key=1):
            seen, found = {}, []
            text = [int(c) for c in ids]
            for t in range(len(text)):
                now = tuple(text[max(0, t - key + 1) : t + 1])
                found.append(seen.get(now, -1) if len(now) == key else -1)
                if len(now) == key and t + 1 < len(text):
                    seen[now] = text[t + 1]
            return np.array(found)"""),
    body("a table of all pairs of places", """
        t = len(ids)
        same = np.ones((t, t), dtype=bool)
        for back in range(key):
            moved = np.concatenate((np.full(back, -1), ids[: t - back]))
            same &= (moved[:, None] == moved[None, :]) & (moved >= 0)
        same &= np.tri(t, k=-1, dtype=bool)
        last = (same * (1 + np.arange(t))).max(axis=1)
        return np.where(last > 0, ids[np.minimum(last, t - 1)], -1)"""),
)

INDUCTION_WRONG = mistakes(INDUCTION_RIGHT,
    edit("the first time", "range(t - 1, key - 2, -1)", "range(key - 1, t)",
         "this takes what followed the first time; the latest time counts"),
    body("finds itself", """
        guesses = np.full(len(ids), -1)
        for t in range(key - 1, len(ids) - 1):
            guesses[t] = ids[t + 1]
        return guesses""",
         "the search finds the place itself, so this is the next symbol, which nobody has "
         "read yet: look at earlier places only"),
    edit("the symbol, not what followed", "guesses[t] = ids[s + 1]", "guesses[t] = ids[s]",
         "the symbol that was looked for comes back; what stood behind it is wanted"),
    edit("one too far", "ids[s + 1]\n", "ids[min(s + 2, t)]\n",
         "this is the symbol after the one that followed: the place found ends the key, "
         "and the guess stands right behind it"),
    edit("what came before", "guesses[t] = ids[s + 1]", "guesses[t] = ids[s - key]",
         "this is the symbol in front of the key, not the one behind it"),
    body("looks into the future", """
        guesses = np.full(len(ids), -1)
        for t in range(key - 1, len(ids)):
            now = ids[t - key + 1 : t + 1]
            for s in range(len(ids) - 2, key - 2, -1):
                if s != t and (ids[s - key + 1 : s + 1] == now).all():
                    guesses[t] = ids[s + 1]
                    break
        return guesses""",
         "places behind t are searched, too; a reader has not been there yet"),
    edit("the last symbol alone", "(ids[s - key + 1 : s + 1] == now).all()", "ids[s] == ids[t]",
         "only the last symbol is compared, however long the key is"),
    edit("any symbol of the key", "== now).all()", "== now).any()",
         "one symbol in common is taken for a match; all of the key must be the same"),
    edit("no overlap", "range(t - 1, key - 2, -1)", "range(t - key, key - 2, -1)",
         "earlier places that share symbols with the key are left out; in `aaa` the pair "
         "`aa` has occurred before"),
    edit("0 for nothing", "np.full(len(ids), -1)", "np.zeros(len(ids), dtype=int)",
         "0 comes back if nothing is found, and 0 is a symbol like any other; -1 is none"),
    body("the most frequent", """
        guesses = np.full(len(ids), -1)
        for t in range(key - 1, len(ids)):
            now = ids[t - key + 1 : t + 1]
            behind = [int(ids[s + 1]) for s in range(key - 1, t)
                      if (ids[s - key + 1 : s + 1] == now).all()]
            if behind:
                guesses[t] = Counter(behind).most_common(1)[0][0]
        return guesses""",
         "this is what followed most often; what followed the last time is wanted"),
)

# 11.2  One more character into a state of fixed size

STEP = "lessons.l11_one_look_memory.memory:gru_step"

STEP_VARIANTS = variants(STEP,
    body("slices", """
        e = len(h)
        one, other = w_x @ x + b_x, w_h @ h + b_h
        r = 1 / (1 + np.exp(-(one[:e] + other[:e])))
        z = 1 / (1 + np.exp(-(one[e : 2 * e] + other[e : 2 * e])))
        n = np.tanh(one[2 * e :] + r * other[2 * e :])
        return n + z * (h - n)"""),
    body("torch", """
        cell = torch.nn.GRUCell(len(x), len(h)).double()
        parts = (w_x, w_h, b_x, b_h)
        with torch.no_grad():
            for p, given in zip(cell.parameters(), parts):
                p.copy_(torch.as_tensor(given))
            return cell(torch.as_tensor(x)[None], torch.as_tensor(h)[None])[0].numpy()"""),
    body("unit by unit", """
        e, out = len(h), np.zeros(len(h))
        for i in range(e):
            pre = [w_x[k * e + i] @ x + b_x[k * e + i] for k in range(3)]
            own = [w_h[k * e + i] @ h + b_h[k * e + i] for k in range(3)]
            r, z = (1 / (1 + math.exp(-pre[k] - own[k])) for k in range(2))
            out[i] = z * h[i] + (1 - z) * math.tanh(pre[2] + r * own[2])
        return out"""),
)

STEP_WRONG = mistakes(STEP,
    edit("z turned round", "return z * h + (1 - z) * n", "return (1 - z) * h + z * n",
         "the update gate is turned round: here a unit keeps the share 1 - z of what it held"),
    edit("r on the input's side", "from_x[2] + r * from_h[2]", "r * from_x[2] + from_h[2]",
         "the reset gate holds back what comes from the input; it should hold back what "
         "comes from the state"),
    edit("r before the product", "np.tanh(from_x[2] + r * from_h[2])",
         "np.tanh(from_x[2] + w_h[2 * len(h) :] @ (r * h) + b_h[2 * len(h) :])",
         "the reset gate acts on the state before its matrix. Cho et al. wrote it so; here it "
         "acts behind matrix and offset, as in PyTorch"),
    edit("a sigmoid for the candidate", "np.tanh(from_x[2] + r * from_h[2])",
         "1 / (1 + np.exp(-from_x[2] - r * from_h[2]))",
         "the candidate goes through a sigmoid, so nothing negative can be written: tanh"),
    edit("no offset beside the state", "w_h @ h + b_h", "w_h @ h",
         "the offsets b_h are left out"),
    edit("no offset beside the input", "w_x @ x + b_x", "w_x @ x",
         "the offsets b_x are left out"),
    edit("update before reset", "r = 1 / (1 + np.exp(-from_x[0] - from_h[0]))\n    "
         "z = 1 / (1 + np.exp(-from_x[1] - from_h[1]))",
         "z = 1 / (1 + np.exp(-from_x[0] - from_h[0]))\n    "
         "r = 1 / (1 + np.exp(-from_x[1] - from_h[1]))",
         "the first third is taken for the update gate and the second for the reset gate; "
         "the order is reset, update, candidate"),
    edit("nothing is given up", "return z * h + (1 - z) * n", "return h + (1 - z) * n",
         "the old value stays whole while the candidate is added: the state would grow "
         "without bound"),
    edit("the state is replaced", "return z * h + (1 - z) * n", "return n",
         "the candidate replaces the state, so nothing is remembered from step to step: the "
         "update gate is missing"),
    edit("no reset", "r * from_h[2]", "from_h[2]",
         "the reset gate is not used"),
)

# 11.3  How much is remembered: the span

SPAN = "lessons.lab.answers:span"

SPAN_VARIANTS = variants(SPAN,
    body("a loop from the top", """
        x, y = [0.0, *sizes], [1.0, *right]
        for i in range(len(y) - 1, -1, -1):
            if y[i] >= 0.5:
                break
        if i == len(y) - 1:
            return float(x[i])
        share = (0.5 - y[i]) / (y[i + 1] - y[i])
        return float((1 - share) * x[i] + share * x[i + 1])"""),
    body("NumPy", """
        x, y = np.append(0.0, sizes), np.append(1.0, right)
        i = int(np.flatnonzero(y >= 0.5)[-1])
        if i + 1 == len(y):
            return float(x[-1])
        return float(np.interp(-0.5, -y[i : i + 2], x[i : i + 2]))"""),
)

SPAN_WRONG = mistakes(SPAN,
    edit("any success", "share >= 0.5", "share > 0",
         "this goes up to the largest size at which anything was right; half of the answers "
         "have to be right"),
    body("stops at the first miss", """
        x, y = [0.0, *map(float, sizes)], [1.0, *map(float, right)]
        last = next((i for i, share in enumerate(y) if share < 0.5), len(y)) - 1
        if last == len(y) - 1:
            return x[-1]
        return x[last] + (x[last + 1] - x[last]) * (y[last] - 0.5) / (y[last] - y[last + 1])""",
         "the search ends at the first size with fewer than half; shares scatter, and the "
         "last size at which half are right counts"),
    edit("no line between", "return x[last] + (x[last + 1] - x[last]) * (y[last] - 0.5) / "
         "(y[last] - y[last + 1])", "return x[last]",
         "this is the last size at which half were right; between it and the next one the "
         "share falls in a straight line, and the span is where it crosses one half"),
    edit("half-way", "(y[last] - 0.5) / (y[last] - y[last + 1])", "0.5",
         "the middle between two sizes is taken, whatever the shares are there"),
    edit("from the other end", "(y[last] - 0.5) / (y[last] - y[last + 1])",
         "(0.5 - y[last + 1]) / (y[last] - y[last + 1])",
         "the line is read from its other end: at the last good size the way to one half is "
         "the share there minus one half"),
    edit("more than half", "share >= 0.5", "share > 0.5",
         "exactly half counts as too few; at least half is asked for"),
    body("a mean of the sizes", """
        right = np.asarray(right, dtype=float)
        return float((np.asarray(sizes) * right).sum() / max(right.sum(), 1e-9))""",
         "this is a mean of the sizes, weighted by what was right; a perfect memory would have "
         "the mean size as its span"),
    edit("0 below the first size", "x, y = [0.0, *map(float, sizes)], [1.0, *map(float, right)]",
         "x, y = list(map(float, sizes)), list(map(float, right))\n"
         "    if max(y) < 0.5:\n        return 0.0",
         "0 comes back if the first size is too much already; the line begins at size 0, "
         "where everything is right"),
)

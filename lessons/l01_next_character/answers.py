"""Answers to the exercises of lesson 1 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 01
        python -m lessons.engine.mistakes 01.1   prints them as a student would write them
"""

from __future__ import annotations

from lessons.engine.mistakes import after, before, body, edit, mistakes, variants, whole

# Tables: name, change, diagnosis; two or three lines a row.
# fmt: off

# 01.1  How surprising was what came?

SURPRISE = "minigpt.evaluate.loss:surprise"

THROUGH = (
    "going back to probabilities loses what is below 1e-308; stay with the logarithms you were "
    "given"
)

SURPRISE_VARIANTS = variants(SURPRISE,
    body("a loop", """
        out = np.empty(targets.shape)
        for place in np.ndindex(*targets.shape):
            out[place] = -logprobs[place][targets[place]]
        return out"""),
    body("one-hot", "return -(np.eye(logprobs.shape[-1])[targets] * logprobs).sum(-1)"),
    body("rows by number", """
        flat = logprobs.reshape(-1, logprobs.shape[-1])
        return -flat[np.arange(len(flat)), targets.ravel()].reshape(targets.shape)"""),
)

SURPRISE_WRONG = mistakes(SURPRISE,
    edit("no minus", "-chosen", "chosen",
         "these are the log-probabilities themselves: the minus sign is missing"),
    after("bits", "y / np.log(2)",
          "these are bits: nats are wanted here, without the division by ln 2"),
    edit("probabilities", "-chosen.astype(np.float64)", "1 - np.exp(chosen)",
         "this is 1 - p, the chance of being wrong; the surprise is -ln p"),
    body("the likeliest", "return -logprobs.max(-1)",
         "this is the surprise of the likeliest character, whatever came; "
         "look up the one that `targets` names"),
    after("mean", "y.mean()",
          "this is the mean over all characters; one number for each is wanted"),
    body("every pair", "return -logprobs[..., targets]",
         "logprobs[..., targets] pairs every place with every target; each place has its own"),
    edit("through probabilities", "-chosen.astype(np.float64)",
         "-np.log(np.maximum(np.exp(chosen.astype(float)), 1e-300))", THROUGH),
    edit("an axis too many", "[..., 0]", "",
         "an axis of length 1 is left at the end; [..., 0] takes it away"),
    body("rows only", "return -logprobs[np.arange(len(targets)), targets]",
         "this picks from rows [T, V] alone; np.take_along_axis picks along the last "
         "axis, however many stand before it"),
    edit("a logarithm too many", "-chosen.astype(np.float64)", "-np.log(chosen)",
         "these are logarithms already; the logarithm of a number below 0 is NaN"),
    edit("the probability", "-chosen.astype(np.float64)", "np.exp(chosen)",
         "this is p, the probability of what came; the surprise is -ln p"),
    after("sum", "y.sum()", "this is the sum over all characters; one number for each is wanted"),
)

# 01.2  What does a network learn from?

WINDOWS_RIGHT = """
def cut_windows(ids, starts, context):
    places = starts[:, None] + torch.arange(context)
    return ids[places].long(), ids[places + 1].long()
"""

KEPT_SMALL = (
    "the ids are still in the small type that the text is stored in; a table of vectors is "
    "looked up with int64: .long()"
)
FRACTIONS_OF_WINDOWS = (
    "the ids are floating-point numbers; places in a table of vectors are whole numbers: .long()"
)

WINDOWS_VARIANTS = variants(WINDOWS_RIGHT,
    whole("places by addition", WINDOWS_RIGHT),
    body("a loop over windows", """
        inputs = [ids[s : s + context] for s in starts.tolist()]
        targets = [ids[s + 1 : s + context + 1] for s in starts.tolist()]
        return torch.stack(inputs).long(), torch.stack(targets).long()"""),
)

WINDOWS_WRONG = mistakes(WINDOWS_RIGHT,
    edit("no shift", "places + 1", "places",
         "the targets are the inputs themselves: the network would be asked for the "
         "character it has just read, and learn to copy"),
    edit("two ahead", "places + 1", "(places + 2).clamp(max=len(ids) - 1)",
         "the targets are two characters ahead; the next one is one ahead"),
    edit("the one before", "ids[places].long(), ids[places + 1].long()",
         "ids[places + 1].long(), ids[places].long()",
         "inputs and targets are exchanged: this network would predict the past"),
    body("one short", """
        windows = ids[starts[:, None] + torch.arange(context)].long()
        return windows[:, :-1], windows[:, 1:]""",
         "T characters were cut and then shifted, which leaves T - 1; cut T + 1"),
    edit("only the end", "places + 1", "starts + context",
         "only the character after each window is asked for; every position predicts "
         "its own next character, so there are T targets"),
    body("counted in windows", """
        places = starts[:, None] * context + torch.arange(context)
        places = places.clamp(max=len(ids) - 2)
        return ids[places].long(), ids[places + 1].long()""",
         "`starts` counts characters, and is used here as the number of a window"),
    edit("small type", "ids[places].long(), ids[places + 1].long()",
         "ids[places], ids[places + 1]", KEPT_SMALL),
    edit("fractions", "ids[places].long(), ids[places + 1].long()",
         "ids[places].float(), ids[places + 1].float()", FRACTIONS_OF_WINDOWS),
)

# 01.3  How does it write?

DRAW = "minigpt.sample.streams:draw"

FIRST_ROW = "the first row's probabilities are used for every row"
UNUSED = "all characters come equally often: the probabilities are not used"
ONE_NUMBER = "one random number serves all rows, so that equal rows get equal characters"
OWN_RANDOMNESS = (
    "the random numbers come from somewhere else than `rng`; nobody can repeat what was written"
)
OWN_SEED = "a generator of its own draws the same numbers each time; `rng` is not used"
FRACTIONS = (
    "the ids are floating-point numbers (3.0 for 3); an id is a place in a table, a whole number: "
    ".astype(int)"
)

DRAW_VARIANTS = variants(DRAW,
    body("NumPy's choice, row by row",
         "return np.array([rng.choice(p.shape[1], p=row) for row in p])"),
    body("a ladder and bisection", """
        out = []
        for row in p:
            ladder = np.cumsum(row)
            out.append(np.searchsorted(ladder, rng.random() * ladder[-1], side="right"))
        return np.array(out)"""),
    body("Gumbel's trick", """
        with np.errstate(divide="ignore"):
            return (np.log(p) + rng.gumbel(size=p.shape)).argmax(1)"""),
)

DRAW_WRONG = mistakes(DRAW,
    body("the likeliest", "return p.argmax(1)",
         "this always takes the likeliest character; written text would soon go round in a circle"),
    body("ignores p", "return rng.integers(0, p.shape[1], len(p))", UNUSED),
    edit("one number", "rng.random((len(p), 1))", "rng.random()", ONE_NUMBER),
    edit("first row for all", "p.cumsum(1)", "p[:1].cumsum(1)", FIRST_ROW),
    before("softmax again", "p = np.exp(p) / np.exp(p).sum(1, keepdims=True)",
           "the probabilities went through a softmax, which makes them nearly equal; "
           "they are probabilities already"),
    edit("own randomness", "rng.random(", "np.random.default_rng().random(", OWN_RANDOMNESS),
    edit("a seed of its own", "rng.random(", "np.random.default_rng(0).random(", OWN_SEED),
    after("fractions", "y.astype(float)", FRACTIONS),
    after("counted from one", "y + 1", "these ids are one too large: the first character has id 0"),
)

"""Answers to the exercises of lesson 2 whose verdict is known: right ones, and mistakes by name.

Run:    python -m lessons audit 02
        python -m lessons.engine.mistakes 02.1   prints them as a student would write them
"""

from __future__ import annotations

from lessons.engine.mistakes import after, body, edit, mistakes, variants, whole

# Tables: name, change, diagnosis; two or three lines a row.
# fmt: off

# 02.1  Words of different lengths.

VARINTS_RIGHT = """
def varints(numbers):
    out = []
    for number in numbers:
        while number > 127:
            out.append(number & 127 | 128)
            number >>= 7
        out.append(number)
    return bytes(out)
"""

VARINTS_VARIANTS = variants(VARINTS_RIGHT,
    body("divmod", """
        out = []
        for number in numbers:
            digits = [number % 128]
            while number := number // 128:
                digits.append(number % 128)
            out += [digit + 128 for digit in digits[:-1]] + digits[-1:]
        return bytes(out)"""),
    body("recursion", """
        def one(n):
            return bytes([n]) if n < 128 else bytes([n % 128 + 128]) + one(n // 128)

        return b"".join(one(n) for n in numbers)"""),
)

VARINTS_WRONG = mistakes(VARINTS_RIGHT,
    body("highest first", """
        out = []
        for number in numbers:
            digits = []
            while True:
                digits.append(number & 127)
                number >>= 7
                if not number:
                    break
            digits.reverse()
            out += [d | 128 for d in digits[:-1]] + digits[-1:]
        return bytes(out)""",
         "the highest seven bits come first; the lowest are wanted first"),
    edit("no mark", " | 128", "",
         "no byte says that more follows (128 added), so nobody can tell where a number ends"),
    whole("the mark at the end",
          VARINTS_RIGHT.replace(" | 128", "").replace("(number)\n", "(number | 128)\n"),
          "the mark stands on the last byte of a number; it says that more follows, so "
          "it stands on all others"),
    edit("a byte too many", "> 127", ">= 64",
         "some numbers get a byte 0 more than they need: one byte holds up to 127"),
    body("eight bits", """
        out = []
        for number in numbers:
            while number > 255:
                out.append(number & 255)
                number >>= 8
            out.append(number)
        return bytes(out)""",
         "all eight bits of a byte hold the number, and none is left for the mark"),
    edit("a list", "bytes(out)", "out",
         "a list of numbers comes back; bytes(...) makes bytes of it"),
)

# 02.2  The shortest code.

ENTROPY_RIGHT = """
def plug_in(counts):
    p = counts[counts > 0] / counts.sum()
    return float(-(p * np.log2(p)).sum())
"""

ENTROPY_VARIANTS = variants(ENTROPY_RIGHT,
    whole("a sum over shares", ENTROPY_RIGHT),
    body("a loop", """
        total = sum(int(c) for c in counts)
        return sum(c / total * math.log2(total / c) for c in map(int, counts) if c)"""),
    whole("SciPy", """
        from scipy.special import entr

        def plug_in(counts):
            return entr(counts / counts.sum()).sum() / 0.6931471805599453"""),
)

ENTROPY_WRONG = mistakes(ENTROPY_RIGHT,
    edit("nats", "log2", "log", "these are nats (natural logarithm); bits take log2"),
    edit("no minus", "-(p", "(p", "the minus sign is missing: an entropy is never below 0"),
    edit("not weighted", "(p * np.log2(p)).sum()", "np.log2(p).mean()",
         "every thing counts alike here; a frequent thing is met more often, so each "
         "surprise is weighted by its p"),
    body("number of things", "return np.log2((counts > 0).sum())",
         "this is log2 of how many things there are, the entropy if all were equally "
         "frequent; use their shares"),
    edit("zero times log of zero", "counts[counts > 0]", "counts",
         "0 times log2(0) is NaN to a computer; leave out what was never seen"),
    edit("perplexity", "-(p", "2 ** -(p",
         "this is 2 to the entropy (the perplexity), between how many things one is "
         "undecided; the entropy itself is wanted"),
    edit("counts for shares", "/ counts.sum()", "* 1.0",
         "these are counts, not shares: divide by their sum first"),
    after("Miller and Madow's correction", "y + (len(p) - 1) / (2 * counts.sum() * np.log(2))",
          "this is Miller and Madow's estimate, which adds (K - 1) / 2n for what the "
          "sample has missed; the entropy of the observed shares themselves is wanted"),
    edit("mean for sum", "np.log2(p)).sum()", "np.log2(p)).mean()",
         "this is the mean of -p log2 p over the things; the p are the weights "
         "already, so the sum is wanted"),
    edit("one added", "counts[counts > 0] / counts.sum()", "(counts + 1) / (counts + 1).sum()",
         "one is added to each count (Laplace), so that what was never seen gets a "
         "share; the observed shares are wanted"),
)

# 02.3  Whole numbers.

FREQUENCIES_RIGHT = """
def frequencies(logprobs):
    p = np.exp(logprobs)
    whole = (p / p.sum(1, keepdims=True) * (2**32 - p.shape[1])).astype(np.int64) + 1
    whole[np.arange(len(whole)), whole.argmax(1)] += 2**32 - whole.sum(1)
    return whole
"""

FREQUENCIES_VARIANTS = variants(FREQUENCIES_RIGHT,
    body("rounding running sums", """
        p = np.exp(logprobs)
        v = p.shape[1]
        ends = np.cumsum(p, axis=1)
        ends = np.rint(ends / ends[:, -1:] * (2**32 - v)).astype(np.int64)
        return np.diff(ends, axis=1, prepend=0) + 1"""),
    body("largest remainders", """
        out = []
        for row in np.exp(logprobs):
            exact = row / row.sum() * (2**32 - len(row))
            whole = [int(x) for x in exact]
            left = 2**32 - len(row) - sum(whole)
            for i in np.argsort(-(exact - np.floor(exact)))[:left]:
                whole[i] += 1
            out.append([n + 1 for n in whole])
        return np.array(out)"""),
)

FREQUENCIES_WRONG = mistakes(FREQUENCIES_RIGHT,
    body("rounded", """
        p = np.exp(logprobs)
        return np.maximum(np.rint(p / p.sum(1, keepdims=True) * 2**32), 1).astype(np.int64)""",
         "each number is rounded by itself, so that rows miss 2^32 by a little; give "
         "what is left over to one of them"),
    body("fractions", """
        p = np.exp(logprobs)
        return p / p.sum(1, keepdims=True) * 2**32""",
         "these are fractions; a coder needs whole numbers"),
    edit("zeros", "(2**32 - p.shape[1])).astype(np.int64) + 1", "2**32).astype(np.int64)",
         "unlikely characters are rounded down to 0, and could never be coded; share "
         "out 2^32 - V and add 1 to each"),
    body("not normalised", """
        whole = (np.exp(logprobs) * (2**32 - logprobs.shape[1])).astype(np.int64) + 1
        spare = np.abs(2**32 - whole.sum(1))
        whole[np.arange(len(whole)), whole.argmax(1)] += spare
        return whole""",
         "the sum can also come out too large, where the probabilities sum to more "
         "than one: divide them by their sum first"),
    body("all alike", """
        v = logprobs.shape[1]
        whole = np.full(logprobs.shape, 2**32 // v, dtype=np.int64)
        whole[:, 0] += 2**32 - whole.sum(1)
        return whole""",
         "all characters get the same share, whatever the probabilities"),
    whole("another total", FREQUENCIES_RIGHT.replace("2**32", "2**16"),
          "rows sum to 2^16; the total here is 2^32, so that large alphabets lose "
          "nothing to rounding"),
    edit("powers of 2", "np.exp(logprobs)", "2.0**logprobs",
         "2 is raised to the logarithms, which are natural ones: np.exp gives the "
         "probabilities back"),
    edit("one sum for all rows", "p.sum(1, keepdims=True)", "p.sum()",
         "the probabilities are divided by the sum of the whole table; each row has its own sum"),
)

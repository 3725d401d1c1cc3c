"""Common mistakes are told by their name, however the code that makes them is written.

A known wrong answer stands in answers.py; these make the same mistakes in other words.
"""

from __future__ import annotations

import re

import pytest

from lessons.engine import catalogue
from lessons.engine.checking.check import check_source
from lessons.engine.checking.supervisor import Sandbox

SOURCES = {
    "01.1 summed": (
        "the sum over all",
        """
import numpy as np
def surprise(logprobs, targets):
    rows = logprobs.reshape(-1, logprobs.shape[-1])
    return float(sum(-row[t] for row, t in zip(rows, targets.ravel())))
""",
    ),
    "02.2 counts not normalised": (
        "counts, not shares",
        """
import math
def plug_in(counts):
    return -sum(c * math.log2(c) for c in counts.tolist() if c)
""",
    ),
    "02.2 Miller-Madow": (
        "Miller",
        """
import numpy as np
def plug_in(counts):
    seen = counts[counts > 0]
    n = seen.sum()
    bias = (len(seen) - 1) / (2 * n)
    return (bias - sum(c / n * np.log(c / n) for c in seen)) / np.log(2)
""",
    ),
    "02.2 mean for sum": (
        "mean.*sum",
        """
import numpy as np
def plug_in(counts):
    share = counts[counts > 0] / counts.sum()
    return float(np.mean(-share * np.log2(share)))
""",
    ),
    "02.2 one added": (
        "one is added",
        """
import numpy as np
def plug_in(counts):
    share = (counts + 1) / (counts.sum() + len(counts))
    return float(np.sum(-share * np.log2(share)))
""",
    ),
    "02.3 bits for nats": (
        "natural",
        """
import numpy as np
def frequencies(logprobs):
    p = np.power(2.0, logprobs)
    p = p / p.sum(axis=1)[:, None]
    out = np.floor(p * (2**32 - p.shape[1])).astype(int) + 1
    for row in out:
        row[np.argmax(row)] += 2**32 - row.sum()
    return out
""",
    ),
    "03.1 the next one seen": (
        "one position too late",
        """
import torch
def attention_weights(q, k):
    t, s = q.shape[-2], k.shape[-2]
    scores = torch.einsum("bhtd,bhsd->bhts", q, k) / q.shape[-1] ** 0.5
    for row in range(t):
        scores[:, :, row, s - t + row + 2 :] = -torch.inf
    return torch.softmax(scores, dim=-1)
""",
    ),
    "03.2 along the first axis": (
        "first axis",
        """
import torch
def rms_norm(x):
    return x / torch.clamp(torch.sqrt(torch.mean(x**2, dim=0)), min=1e-3)
""",
    ),
    "03.3 cooldown as a number of steps": (
        "cooldown is a share",
        """
def trapezoid(step, steps, *, warmup, cooldown):
    up = (1 + step) / (1 + warmup)
    if cooldown == 0:
        return min(up, 1.0)
    return min(up, 1.0, (steps - step) / cooldown)
""",
    ),
    "04.2 in linear space": (
        "in the excess itself",
        """
import numpy as np
from scipy.optimize import curve_fit
def law(n, excess):
    n, excess = np.array(n), np.array(excess)
    (a, b), _ = curve_fit(lambda x, a, b: a * x**-b, n, excess, p0=(5, 0.5))
    return b, np.log(a)
""",
    ),
    "04.2 binary logarithms": (
        "base 2",
        """
import math
def law(n, excess):
    x, y = [math.log2(i) for i in n], [math.log2(i) for i in excess]
    mx, my = sum(x) / len(x), sum(y) / len(y)
    rise = sum((a - mx) * (b - my) for a, b in zip(x, y)) / sum((a - mx) ** 2 for a in x)
    return -rise, my - rise * mx
""",
    ),
    "05.1 summed over places": (
        "the sum over all places",
        """
import numpy as np
def divergence(teacher, student):
    p = np.exp(teacher)
    seen = p > 0
    return float((p[seen] * (teacher[seen] - student[seen])).sum())
""",
    ),
    "05.2 a temperature that multiplies": (
        "multiplied by T",
        """
import torch.nn.functional as F
def kd(student_logits, teacher_logprobs, temperature=1.0):
    q = F.log_softmax(student_logits * temperature, -1)
    p = F.softmax(teacher_logprobs * temperature, -1)
    return temperature**2 * F.kl_div(q, p, reduction="batchmean")
""",
    ),
    "05.2 bits": (
        "bits",
        """
import math
import torch.nn.functional as F
def kd(student_logits, teacher_logprobs, temperature=1.0):
    q = F.log_softmax(student_logits / temperature, -1)
    p = F.softmax(teacher_logprobs / temperature, -1)
    return temperature**2 * F.kl_div(q, p, reduction="batchmean") / math.log(2)
""",
    ),
    "05.3 powers of 2": (
        "natural",
        """
import numpy as np
def calibration_error(logprobs, targets, bins=15):
    sure, right = 2 ** logprobs.max(1), logprobs.argmax(1) == targets
    where = np.clip((sure * bins).astype(int), 0, bins - 1)
    return sum(abs((sure - right)[where == b].sum()) for b in range(bins)) / len(targets)
""",
    ),
    "05.3 not divided": (
        "divide by the number of places",
        """
import numpy as np
def calibration_error(logprobs, targets, bins=15):
    sure, right = np.exp(logprobs.max(1)), logprobs.argmax(1) == targets
    where = np.clip((sure * bins).astype(int), 0, bins - 1)
    return sum(abs((sure - right)[where == b].sum()) for b in range(bins))
""",
    ),
    "06.2 nought times its logarithm": (
        r"0 times log2\(0\)",
        """
import numpy as np
def hill(counts, q):
    share = counts / sum(counts)
    if q == np.inf:
        return 1 / max(share)
    if q == 1:
        return 2 ** -np.sum(share * np.log2(share))
    return np.sum(share**q) ** (1 / (1 - q))
""",
    ),
    "06.2 mean for sum": (
        "mean of p",
        """
import numpy as np
def hill(counts, q):
    share = counts[counts > 0] / sum(counts)
    if q == np.inf:
        return 1 / max(share)
    if q == 1:
        return 2 ** -np.sum(share * np.log2(share))
    return np.mean(share**q) ** (1 / (1 - q))
""",
    ),
    "06.3 a number": (
        "divide by n",
        """
import numpy as np
def p_values(observed, dealt):
    return [1 + int((abs(dealt[:, j]) >= abs(observed[j])).sum()) for j in range(len(observed))]
""",
    ),
    "07.3 polyfit along the other axis": (
        "rows and columns are exchanged",
        """
import numpy as np
def slopes(values):
    return np.polyfit(range(len(values)), values, 1)[0]
""",
    ),
    "07.3 polyfit without T": (
        "values.T",
        """
import numpy as np
def slopes(values):
    return np.polyfit(np.arange(values.shape[1]), values, 1)[0]
""",
    ),
    "08.1 nought times its logarithm": (
        r"0 times log2\(0\)",
        """
import numpy as np
def effective_number(counts, q):
    share = counts / sum(counts)
    if q == 1:
        return 2 ** -np.sum(share * np.log2(share))
    return np.sum(share**q) ** (1 / (1 - q))
""",
    ),
    "08.2 summed": (
        "added up",
        """
import numpy as np
def entropy_split(share, given):
    def bits(p):
        p = p[p > 0]
        return float(-(p * np.log2(p)).sum())
    return bits(share @ given), sum(bits(row) for row in given)
""",
    ),
}


@pytest.mark.parametrize("mistake", SOURCES)
def test_a_common_mistake_is_named(sandbox: Sandbox, mistake: str) -> None:
    pattern, source = SOURCES[mistake]
    result = check_source(catalogue.find_exercise(mistake.split()[0]), source, sandbox)
    assert result.status == "fail", result
    assert not result.cause.startswith("perhaps"), result
    assert re.search(pattern, result.cause), result

"""How long torch's threads wait for each other before they go to sleep.

Idea:   between two parallel regions torch's OpenMP threads spin, so as to start at once. Beside
        another busy process that is a waste: a spinning thread holds the core on which the thread
        it waits for would run, and a step takes four times as long. Going to sleep at once is slow
        on a quiet machine. A bounded spin is nearly as good as the better of the two in both.
Source: libgomp manual, GOMP_SPINCOUNT; the figures are in CONTRIBUTING.md.
Run:    python tests/benchmarks/bench_spin.py
Omits:  Windows and macOS, whose OpenMP libraries read other variables.
"""

import os

SPINS = 20_000


def bound_spinning() -> None:
    """Set the bound; commands call it before torch is imported, the library never does.

    It has no effect where torch is loaded already.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", str(SPINS))

"""Do the intervals of `measure` hold on sources whose documents hang together, told their groups?

A cheap form of `python tests/benchmarks/bench_synthdata_intervals.py --zoo`, which has all sources
and more collections. Seeds are fixed, so these tests are stable.
"""

import importlib.util
import sys
from pathlib import Path

import pytest

_HOME = Path(__file__).parents[1] / "benchmarks" / "bench_synthdata_intervals.py"
_SPEC = importlib.util.spec_from_file_location("bench_synthdata_intervals_zoo", _HOME)
bench = importlib.util.module_from_spec(_SPEC)
sys.modules[_SPEC.name] = bench
_SPEC.loader.exec_module(bench)


@pytest.mark.parametrize(
    "name", ["bursty 20 x 40", "authors 25 x 4", "events 300", "prompts 40 x 5"]
)
def test_intervals_hold_on_the_zoo(name):
    # Of 50 intervals that hold 95 % of the time fewer than 42 do with .3 %, so that of the 12
    # measures of four sources some one fails with 12 % at most were seeds drawn anew (they are
    # dependent, so less); of those that hold 75 % of the time 42 or more do with 8 %. Before, with
    # groups given, the words of events held .62.
    table = bench.zoo_held(bench.zoo_sources()[name], 50)
    assert {"hill0", "hill1", "hill2", "distinct2", "self_bleu", "cosine"} <= set(table)
    for measure, (given, held, _) in table.items():
        assert given in (0, 50), measure
        assert held >= 42 - (50 - given), (measure, given, held)

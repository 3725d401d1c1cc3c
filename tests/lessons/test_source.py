"""Cutting a function out of a notebook, with what it needs and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from lessons.engine.answers import form, slicing
from lessons.engine.answers import source as sources

CELLS = [
    "import math\nimport os.path as p\nfrom collections import Counter\n%matplotlib inline",
    "RATE = 0.5\nheavy = train_for_hours()\ntable = {}\ntable['a'] = 1\ntable['b'] = RATE",
    "def helper(x):\n    return x * RATE",
    "!pip install x\nprint('story')",
    "%%bash\nbroken here; wanted",
    "this does not parse",
    "@decorate\ndef wanted(x):\n    return helper(x) + math.pi + table['a']\n\ncheck('1', wanted)",
    "def decorate(f):\n    return f",
    "%%time\ndef helper(x):\n    return x * 2 * RATE",
    "RATE += 1",
    "async def unrelated(): ...",
]


def test_a_function_brings_what_it_needs_and_no_more() -> None:
    found = slicing.needed("wanted", CELLS)
    assert found is not None
    for part in ("import math", "table['b'] = RATE", "RATE += 1", "x * 2 * RATE", "@decorate"):
        assert part in found, part
    for part in ("heavy", "os.path", "Counter", "print", "check(", "return x * RATE", "unrelated"):
        assert part not in found, part
    assert found.index("RATE = 0.5") < found.index("table['b']")
    compile(found, "x", "exec")


def test_it_runs_as_it_did_in_the_notebook() -> None:
    cells = [c for c in CELLS if "decorate" not in c or "wanted" not in c]
    cells += ["def wanted(x):\n    return helper(x) + table['b']"]
    space: dict[str, object] = {}
    exec(slicing.needed("wanted", cells) or "", space)
    assert space["wanted"](1.0) == 2 * 1.5 + 0.5  # type: ignore[operator]


FILLED = {
    "a loop that appends": "T = []\nfor i in range(3):\n    T.append(i)",
    "a list comprehension": "T = []\n[T.append(i) for i in range(3)]",
    "a loop that assigns into": "T = [7, 7, 7]\nfor i in range(3):\n    T[i] = i",
    "a method": "T = [0]\nT.extend([1, 2])",
    "a method whose result is kept": "T = [0, 1, 2, 3]\nlast = T.pop()",
    "passed to a function of a module": "import heapq\nT = [2, 1, 0]\nheapq.heapify(T)\nT.sort()",
    "passed to one's own": "def fill(t):\n    t += [0, 1, 2]\nT = []\nfill(T)",
    "by keyword": "def fill(*, into):\n    into += [0, 1, 2]\nT = []\nfill(into=T)",
    "in a list": "def fill(t):\n    t += [0, 1, 2]\nT = []\nfill(*[T])",
    "setattr": "class C:\n    pass\nsetattr(C, 't', [0, 1, 2])\nT = C.t",
    "a walrus": "(T := [0, 1]).append(2)",
    "under a condition": "T = [0, 1]\nif True:\n    T.append(2)",
    "in a try": "T = [0, 1]\ntry:\n    T.append(2)\nexcept ValueError:\n    pass",
    "a counter": "T = []\ni = 0\nwhile i < 3:\n    T.append(i)\n    i += 1",
    "a sum in a loop": "n = 0\nfor x in 'abc':\n    n += 1\nT = list(range(n))",
    "what it was before": "T = []\nfor i in range(3):\n    T = T + [i]",
    "itself": "T = [0, 1]\nT = T + [2]",
    "an exchange": "T, x = 9, [0, 1, 2]\nT, x = x, T",
    "a function of its name": "def T():\n    return [0, 1, 2]\nT = T()",
    "one case of two": "T = [0, 1, 2]\nif not T:\n    T = 9",
    "one of two branches": "if 1 > 2:\n    T = 9\nelse:\n    T = [0, 1, 2]",
    "a pattern": "match [9, 0, 1, 2]:\n    case [_, *T]:\n        pass",
    "del": "T = [9, 0, 1, 2]\ndel T[0]",
    "several at once": "T = [0] * 3\nT[1], T[2] = 1, 2",
    "with a type": "T = [0, 9, 2]\nT[1]: int = 1",
    "a result nobody wants": "T = [2, 1, 0]\n_ = T.reverse()",
    "out=": "import numpy as np\nA = np.zeros(3, int)\nB = np.add(A, range(3), out=A)\nT = [*A]",
    "in place": "import torch\nA = torch.zeros(3)\nB = A.copy_(torch.arange(3.0))\nT = A.tolist()",
    "%time": "%time T = [0, 1, 2]",
    "a dictionary": "D = {}\nD.update(t=[0, 1, 2])\nT = D['t']",
}


@pytest.mark.parametrize("how", FILLED)
def test_what_a_module_fills_by_a_call_comes_along(how: str) -> None:
    whole = f"{FILLED[how]}\ndef f():\n    return T"
    for cells in ([whole], whole.replace("\ndef f", "\0def f").split("\0")):
        space: dict[str, object] = {}
        exec(slicing.needed("f", cells) or "", space)
        assert space["f"]() == [0, 1, 2]  # type: ignore[operator]


@pytest.mark.parametrize("body", ["n += 1", "del n", "g()"])
def test_a_global_that_is_only_counted_up_comes_along(body: str) -> None:
    cells = ["n = 0", f"def f(x):\n    global n\n    {body}\n    return x"]
    cells += ["def g():\n    def h():\n        global n\n        n += 1\n    h()"]
    source = slicing.needed("f", cells)
    assert source is not None
    space: dict[str, Any] = {}
    exec(source, space)
    assert space["f"](3) == 3
    own = slicing.needed("f", ["n = 0", "def f(x):\n    n = x\n    n += 1\n    return n"])
    assert own is not None
    assert "n = 0" not in own


def test_a_loop_elsewhere_with_the_same_variable_stays_out() -> None:
    cells = ["T = train()", "for i in range(9):\n    train(i)", "T = []"]
    cells += ["for i in range(3):\n    T.append(i)", "def f():\n    return T"]
    assert "train" not in (slicing.needed("f", cells) or "")
    whole = "if True:\n    def f(): return 1\n"
    assert slicing.needed("f", [whole]) == whole


def test_what_may_have_filled_a_name_does_no_harm_and_what_only_shows_it_stays_out() -> None:
    cells = [
        "import matplotlib.pyplot as plt\nfrom lessons.engine.practice.attempts import check",
        "T = [1]",
    ]
    cells += ["print(T)\nplt.plot(T)\nlen(T)", "display(T)", "def f():\n    return T"]
    cells += ["check('01.1', f)\nlog_it(f)", "T.missing()", "stranger(T)"]
    found = slicing.needed("f", cells)
    assert found is not None
    for part in ("print", "plt", "display", "check", "len(", "log_it"):
        assert part not in found, part
    space: dict[str, object] = {}
    exec(found, space)  # neither `stranger` nor `T.missing` is there
    assert space["f"]() == [1]  # type: ignore[operator]
    again = slicing.needed("f", ["T = []", "T.append(1)", "T = []", "def f():\n    return T"])
    assert again == "T = []\ndef f():\n    return T\n"


def test_the_last_definition_counts() -> None:
    assert slicing.needed("f", ["def f(): return 1", "def f(): return 2"]) == "def f(): return 2\n"


def test_nothing_defines_it() -> None:
    assert slicing.needed("f", ["x = 1", "f()"]) is None


def test_a_broken_cell_with_the_function_shows_its_line() -> None:
    with pytest.raises(slicing.Unreadable, match=r"line 2: .*: retrun x"):
        slicing.needed("f", ["y = 1", "def f(x):\n    retrun x"])
    assert slicing.needed("f", ["f f f", "def f(): pass"]) == "def f(): pass\n"
    half = "x = '\ud800'"  # half a character, as JSON can hold it
    assert slicing.needed("f", [half, "def f(): pass"]) == "def f(): pass\n"
    with pytest.raises(slicing.Unreadable, match="surrogates"):
        slicing.needed("f", [f"def f(): {half}"])


def test_a_long_cell_takes_no_longer_than_it_is_long() -> None:
    """Cutting statements out one by one from the whole cell would take minutes here."""
    cell = "x = 1\n" * 50_000 + "def f():\n    return x"
    assert slicing.needed("f", [cell]) == "x = 1\ndef f():\n    return x\n"
    names = ", ".join(f"a{i}" for i in range(3000))
    cell = f"{names} = range(3000)\ndef f():\n    return {names}"
    assert slicing.needed("f", [cell]) == cell + "\n"


@pytest.mark.parametrize(
    "many",
    [
        "x = 0\n" + "x += 1;" * 40_000,
        "x = []\n" + "import g\n" * 10_000 + "g(x)\n" * 20_000,
        "x = " + ", ".join(f"a{i}" for i in range(20_000)),
    ],
    ids=["one line", "calls", "names"],
)
def test_one_file_does_not_hold_up_a_class(many: str) -> None:
    """A look at each statement for each other one, or at a line for each of its spaces, would take
    minutes to hours here, and no limit holds yet."""
    names = many[4:] if many.startswith("x = a") else ""
    cell = f"{names} = x\n" * bool(names) + many + "\ndef f():\n    return x"
    assert (slicing.needed("f", [cell]) or "").endswith("return x\n")
    spaces = " " * 200_000
    assert slicing.without_magics(f"x = 1\n{spaces}(").endswith(f"{spaces}(")
    assert slicing.without_magics(f"a, b.c{spaces}= !ls").startswith("pass  # a, b.c")


def test_columns_are_counted_in_bytes_and_lines_end_in_any_way() -> None:
    cell = "a = 'é'; b = 'ü' + a; c = 3\r\ndef f():\r\n    return b"
    assert slicing.needed("f", [cell]) == "a = 'é'\nb = 'ü' + a\ndef f():\n    return b\n"
    cell = "def f():\n    return 'a\u2028b'"  # to str.splitlines the end of a line, not to Python
    assert slicing.needed("f", [cell]) == cell + "\n"


def test_what_is_nested_too_deeply_is_unreadable() -> None:
    for deep in ("+".join("x" * 150), "-" * 150 + "x", "[" * 120 + "]" * 120):
        with pytest.raises(slicing.Unreadable, match="line 2: nested more than 100 levels deep"):
            slicing.needed("f", [f"def f(x):\n    return {deep}"])
    flat = "+".join("x" * 90)
    assert slicing.needed("f", [f"def f(x):\n    return {flat}"]) is not None


@pytest.mark.parametrize(
    ("body", "untouched"),
    [
        ('"""Text."""\n    raise NotImplementedError  # yours', True),
        ("...", True),
        ("pass", True),
        ("raise NotImplementedError('x')", True),
        ('"""Only text."""', True),
        ("return None", False),
        ("raise ValueError", False),
        ("x = 1", False),
    ],
)
def test_untouched_is_seen(body: str, untouched: bool) -> None:
    assert sources.unattempted(f"def f(x):\n    {body}\n", "f") is untouched


def test_the_solution_is_the_packages_own_and_runs_alone() -> None:
    import torch

    from minigpt.ops import rms_norm

    source = sources.solution("minigpt.ops:rms_norm", "mine")
    space: dict[str, object] = {"__name__": "answer"}
    exec(compile(source, "x", "exec", dont_inherit=True), space)
    x = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(space["mine"](x), rms_norm(x))  # type: ignore[operator]
    assert "rotation_table" not in source
    assert "def rms_norm" in sources.solution_itself("minigpt.ops:rms_norm")
    with pytest.raises(ValueError, match="no function"):
        sources.solution("minigpt.ops:nothing", "mine")


def test_a_stub_has_the_solutions_parameters_without_annotations() -> None:
    made = sources.stub("minigpt.optim:trapezoid", "rate", "Up, flat, down.")
    assert made.startswith("def rate(step, steps, *, warmup, cooldown):\n")
    assert '    """Up, flat, down."""' in made
    assert sources.unattempted(made, "rate")
    assert sources.stub("minigpt.ops:rms_norm", "f", "T.", "(a, b=1)").startswith("def f(a, b=1):")


def test_answers_of_one_shape_differ_in_names_and_layout_only() -> None:
    one = "def f(x):\n    '''Doc.'''\n    y = x + 1  # note\n    return y\n"
    two = "import math\n\ndef f(v: int) -> int:\n    total = (v\n        + 1)\n    return total\n"
    assert form.shape_of(one) == form.shape_of(two)
    assert form.shape_of(one) != form.shape_of(one.replace("+", "-"))
    assert form.shape_of(one) != form.shape_of(one.replace("1", "2"))


def test_only_what_is_meant_to_be_imported_is_imported_before_the_limits() -> None:
    source = "import numpy.f2py.__main__, os\nfrom torch import _C, nn\nfrom scipy import special"
    assert sources.imported_modules(source) == ["torch", "torch.nn", "scipy", "scipy.special"]


@pytest.mark.parametrize(
    ("source", "opens"),
    [
        ("from lessons.l03_why_it_trains.checks import RMS\ndef f(x): return x", True),
        ("import lessons as l\ndef f(x): return x", True),
        ("def f(x): return __import__('lessons.l03_why_it_trains.checks')", True),
        ("def f(x): return open('lessons/l03_why_it_trains/checks.py')", True),
        ("lessons_learned = 'lessons learned'\ndef f(x): return x", False),
    ],
)
def test_a_look_into_the_checks_is_seen(source: str, opens: bool) -> None:
    assert form.opens_lessons(source) is opens


@pytest.mark.parametrize(
    ("source", "uses"),
    [
        ("from minigpt.ops import rms_norm as r\ndef f(x): return r(x)", True),
        ("import minigpt.ops\ndef f(x): return minigpt.ops.rms_norm(x)", True),
        ("import minigpt.ops as o\ndef f(x): return o.rms_norm(x)", True),
        ("from minigpt import ops\ndef f(x): return ops.rms_norm(x)", True),
        ("from minigpt import ops as q\ndef f(x): return q.rms_norm(x)", True),
        ("from minigpt.ops import *\ndef f(x): return rms_norm(x)", True),
        ("import importlib\ndef f(x): return importlib.import_module('minigpt.ops')", True),
        ("from minigpt.ops import rotate\ndef f(x): return x", False),
        ("def rms_norm(x): return x", False),
    ],
)
def test_use_of_the_librarys_own_function_is_seen(source: str, uses: bool) -> None:
    assert form.uses_library(source, "minigpt.ops:rms_norm") is uses


@pytest.mark.parametrize(
    "cell",
    [
        "!ls\ndef f(x):\n    return x",
        "files, more = !ls\ndef f(x):\n    return x",
        "%timeit 1 + 1\ndef f(x):\n    return x",
        "f?\ndef f(x):\n    return x\nf??",
        "def f(x):\n    return (x\n        % 1.5 % 7)\n",
        "def f(x):\n    return x if (1\n    != 2) else 0",
        'def f(x):\n    """\n    %matplotlib inline\n    !ls\n    what?\n    """\n    return x',
        "    def f(x):\n        return x\n    y = f(1)",
        ">>> def f(x):\n...     return x\n...\n>>> f(1)",
        "import asyncio\nawait asyncio.sleep(0)\ndef f(x):\n    return x",
        "%%time\n%matplotlib inline\ndef f(x):\n    return x",
    ],
)
def test_what_a_notebook_runs_is_read(cell: str) -> None:
    """IPython's own lines, an indented cell, prompts, `await`: the kernel takes them, and so do we.

    And what only looks like a magic (a remainder, a comparison, text) stays what it is.
    """
    space: dict[str, object] = {}
    source = sources.needed("f", [cell])
    exec(source or "", space)
    assert space["f"](1.0) == 1.0  # type: ignore[operator]
    assert ("%matplotlib" in (source or "")) == ('"""' in cell)


F_STRINGS = (
    "def tag(x):\n    return f'{\"a\u00a0b\".join(x)}'\n",  # no form without a backslash here
    "def tag(x):\n    return f'{\"\u200b\".join(x)!r:>{len(x) + 9}}'\n",
)


@pytest.mark.parametrize("helper", F_STRINGS)
def test_f_strings_that_ast_cannot_write(helper: str) -> None:
    answer = "T = []\ndef f(x):\n    return tag(x) + str(T)\n"
    filled = "for k in 'ab':\n    T.append(tag(k))\n"
    cells = [
        helper,
        f"{answer}\n{filled}",
        "@(lambda g: g)\n@staticmethod\ndef h(): return tag('')",
    ]
    source = sources.needed("f", cells) or ""
    space: dict[str, object] = {}
    exec(source, space)
    assert space["f"]("xy") == space["tag"]("xy") + str([space["tag"](k) for k in "ab"])  # type: ignore[operator]
    assert "@staticmethod" in (sources.needed("h", cells) or "")
    other = source.replace("tag", "label")
    assert form.shape_of(source) == form.shape_of(other)
    assert form.shape_of(source) != form.shape_of(source.replace("join", "index"))
    assert form.normal_form(source) != form.normal_form(other)
    assert form.alone(source, "f").startswith("def f(x):")


def test_nothing_that_python_reads_warns(recwarn: pytest.WarningsRecorder) -> None:
    code = "import re\ndef f(x):\n    return re.sub('\\d', '', x)\n"  # an escape that is none
    assert sources.needed("f", [code]) == code
    form.shape_of(code)
    assert not recwarn.list


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("def f(x):\n    return " + "+".join(["1"] * 5000), "nested more than 100 levels deep"),
        ("def f(x):\n    return " + "-" * 300 + "1", "nested more than 100 levels deep"),
        ("def f(x):\n    return '\ud800'", "line 1: .*surrogates"),
    ],
)
def test_what_is_too_deep_says_so_in_our_words(cell: str, says: str) -> None:
    with pytest.raises(slicing.Unreadable, match=says) as caught:
        sources.needed("f", [cell])
    assert "recursion" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not str(caught.value).endswith(": ")

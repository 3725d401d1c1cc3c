"""The whole panel: every input has an answer or a reason, and order does not matter."""

import json
import math
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

import synthdata
from synthdata.diversity import rarefaction
from synthdata.diversity.measure import Measure
from synthdata.panel import copies, curves
from synthdata.panel.panel import measure
from synthdata.panel.sheet import SPREAD_DOCUMENTS, Sheet
from synthdata.similarity.cosine import mean_cosine_of
from synthdata.similarity.evidence import explain
from synthdata.text.tokens import encode

RNG = np.random.default_rng(0)
TEXTS = [" ".join(f"w{i}" for i in RNG.zipf(1.6, 12) % 400) for _ in range(90)] + ["one joke"] * 30

AWKWARD = {
    "empty list": [],
    "one document": ["a lone document"],
    "all equal": ["the same joke again and again, told to everyone in the room"] * 40,
    "all empty": [""] * 30,
    "white space": [" \t", "\n"] * 15,
    "NUL": ["\0", "a\0b"] * 15,
    "Chinese": ["从前有座山", "山里有座庙"] * 15,
    "emoji": ["🙂🙃", "👨‍👩‍👧‍👦", "🇩🇪"] * 10,
    "right to left": ["لماذا عبرت الدجاجة الطريق", "למה התרנגולת חצתה את הכביש"] * 15,
    "combining marks": ["e\u0301", "é", "a\u0300\u0301\u0302"] * 10,
    "lone surrogate": ["\ud800 x", "y"] * 12,
    "punctuation": ["?!", "..."] * 15,
}


@pytest.mark.parametrize("name", AWKWARD)
def test_every_input_has_an_answer_or_a_reason(name):
    texts = AWKWARD[name]
    panel = measure(texts, by=[i % 2 for i in range(len(texts))])
    for made in panel.values():
        if math.isnan(made.value):
            assert made.warnings, made.name
        elif made.has_interval:
            assert made.low <= made.value + 1e-9, str(made)
            assert made.value <= made.high + 1e-9, str(made)
        json.dumps(made.to_json(), allow_nan=False)
        assert str(made)


def test_nothing_is_nought_or_one_without_documents():
    assert all(math.isnan(made.value) for made in measure([]).values())


def test_one_document_claims_no_coverage():
    panel = measure(["word"])
    assert panel["documents_hill1"].coverage == 0
    assert not panel["documents_hill1"].has_interval
    assert math.isnan(panel["self_bleu"].value)


def test_canonically_equal_texts_are_equal():
    assert measure(["e\u0301 x", "é  x "])["documents_hill0"].value == 1


def same(a, b):
    """Values and intervals agree to rounding."""
    for name in a:
        for part in ("value", "low", "high", "coverage"):
            mine, theirs = getattr(a[name], part), getattr(b[name], part)
            assert mine == pytest.approx(theirs, rel=1e-9, nan_ok=True), f"{name}.{part}"
        assert a[name].warnings == b[name].warnings


@pytest.mark.parametrize("large", [False, True])
def test_document_order_does_not_matter(monkeypatch, large):
    if large:  # as if these were millions: everything that is taken on a part is
        monkeypatch.setattr("synthdata.panel.sheet.SPREAD_DOCUMENTS", 60)
        monkeypatch.setattr("synthdata.panel.whole_sample.VENDI_DOCUMENTS", 50)
        monkeypatch.setattr("synthdata.panel.whole_sample.REPEAT_BYTES", 2_000)
    shuffled = np.random.default_rng(1).permutation(len(TEXTS))
    groups, by = [i // 2 for i in range(len(TEXTS))], ["xyz"[i % 3] for i in range(len(TEXTS))]
    for given in ({"by": by}, {"groups": groups, "by": by}):
        if large and "groups" in given:
            continue  # a part of the documents would break groups up
        moved = {key: [value[i] for i in shuffled] for key, value in given.items()}
        a = measure(TEXTS, **given)
        b = measure([TEXTS[i] for i in shuffled], **moved)
        same(a, b)
        assert ("on 50 of 120 documents" in a["vendi"].warnings) == large
        assert (a["repeated"].n < 120) == large
        assert a.commonest == b.commonest
        assert a.sizes == b.sizes


def test_a_mean_whose_sign_differs_in_the_part_has_an_upright_interval(monkeypatch):
    monkeypatch.setattr("synthdata.panel.sheet.SPREAD_DOCUMENTS", 60)
    for seed in range(8):  # mean cosines around 0: a part has the other sign every second time
        vectors = np.random.default_rng(seed).normal(size=(len(TEXTS), 3))
        found = measure(TEXTS, embeddings=vectors)["cosine_embeddings"]
        assert found.low < found.value < found.high


def test_evidence_does_not_depend_on_order():
    texts = [*TEXTS, *(f"tale {i} of {c}" for c in "ab" for i in range(9)), *["x y", "p q"] * 4]
    shuffled = [texts[i] for i in np.random.default_rng(3).permutation(len(texts))]
    for mine, theirs in zip(explain(texts), explain(shuffled)):
        assert mine == theirs


def test_where_there_is_no_interval_the_reason_is_given():
    for texts in (TEXTS, TEXTS[:5], ["the same"] * 40, [f"w{i}" for i in range(40)]):
        by = [i % 2 for i in range(len(texts))]
        panel = measure(texts, embeddings=np.ones((len(texts), 2)), by=by)
        for made in panel.values():
            words = "; ".join(made.warnings)
            why = ("no interval", "too few", "lower bound", "two documents", "has one value only")
            assert made.has_interval or math.isnan(made.value) or any(w in words for w in why), made
            assert not (made.has_interval and "no interval" in words), made
    for name in ("vendi", "repeated", "xz_ratio", "templates"):
        assert any("no interval: " in w for w in measure(TEXTS)[name].warnings)


def test_evidence_is_there():
    panel = measure([*TEXTS, *["why did the chicken cross the road, nobody knows"] * 4])
    assert panel.commonest[0] == ("one joke", 30)
    assert panel.near.clusters[0].documents == tuple(range(90, 120))
    assert "chicken" in panel.passages.longest[0].text
    assert panel.curves["words"][-1][0] > 0
    assert [q for q, _ in panel.profile["words"]][:3] == [0.0, 0.1, 0.2]


def test_by_adds_a_budget():
    panel = measure(TEXTS, by=["x", "y"] * 60)
    total = panel["words_information"].value + panel["words_entropy_within"].value
    assert total == pytest.approx(panel.budget.total.value, abs=1e-9)
    assert total == pytest.approx(panel["words_entropy_source"].value, rel=0.02)


def test_embeddings_add_vendi_scores_and_mean_cosine():
    # 30, 60 and 30 documents along three axes: shares 1/4, 1/2, 1/4 of the spectrum. Of all
    # 120 * 119 ordered pairs, 30 * 29 + 60 * 59 + 30 * 29 agree and the others are at right angles.
    axis = [0] * 30 + [1] * 60 + [2] * 30
    panel = measure(TEXTS, embeddings=np.eye(3)[axis] * 7)
    assert panel["vendi_embeddings_order0"].value == pytest.approx(3)
    assert panel["vendi_embeddings"].value == pytest.approx(2**1.5)
    assert panel["vendi_embeddings_order2"].value == pytest.approx(1 / (1 / 16 + 1 / 4 + 1 / 16))
    cosine = panel["cosine_embeddings"]
    assert cosine.value == pytest.approx(5280 / (120 * 119))
    assert cosine.low < cosine.value < cosine.high
    assert panel["vendi_order0"].value > panel["vendi"].value > panel["vendi_order2"].value > 1


def test_mean_cosine_of_vectors_is_that_of_all_pairs():
    vectors = np.random.default_rng(5).normal(size=(40, 6))
    unit = vectors / np.linalg.norm(vectors, axis=1)[:, None]
    pairs = [unit[i] @ unit[j] for i in range(40) for j in range(i)]
    assert mean_cosine_of(vectors) == pytest.approx(np.mean(pairs), abs=1e-12)
    assert math.isnan(mean_cosine_of(vectors[:1]))
    with pytest.raises(ValueError, match="vector 1 is all noughts"):
        mean_cosine_of(np.array([[1.0, 0.0], [0.0, 0.0]]))


def test_sizes_say_what_other_samples_would_show():
    panel = measure(TEXTS)
    rows = {(row.of, row.asked): row for row in panel.sizes}
    whole = rows["documents", "the sample"]
    assert (whole.size, whole.kind) == (120, "observed")
    assert whole.hill0 == panel["documents_hill0"].value
    assert whole.hill1 == pytest.approx(panel["documents_hill1"].value)
    assert whole.coverage == pytest.approx(panel["documents_hill1"].coverage)
    for of in ("words", "documents"):
        parts = [rows[of, name] for name in ("a quarter", "half", "the sample", "twice as much")]
        assert [r.hill0 for r in parts] == sorted(r.hill0 for r in parts)
        assert [r.kind for r in parts] == ["rarefied", "rarefied", "observed", "extrapolated"]
        for row in parts:
            assert row.size >= row.hill0 >= row.hill1 >= row.hill2 > 1
    reached = [row for row in panel.sizes if row.asked.startswith("coverage")]
    assert [row.of for row in reached] == ["words"] * len(reached) != []  # 25 % of the documents
    for row in reached:
        assert row.coverage >= float(row.asked.removeprefix("coverage ").rstrip("%")) / 100 - 1e-9


def test_groups_widen_intervals():
    # Copies in threes, left out together: the interval is about sqrt(3) times as wide.
    alone = measure(TEXTS * 3)["cosine"]
    grouped = measure(TEXTS * 3, groups=list(range(120)) * 3)["cosine"]
    assert grouped.high - grouped.low > 1.3 * (alone.high - alone.low)


def test_large_collections_keep_their_interval(monkeypatch):
    monkeypatch.setattr("synthdata.panel.sheet.SPREAD_DOCUMENTS", 60)
    panel = measure(TEXTS)
    assert SPREAD_DOCUMENTS == 2_000
    assert panel["hill1"].low < panel["hill1"].value < panel["hill1"].high


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: measure("text"), "one string"),
        (lambda: measure([1]), "document 0 is int"),
        (lambda: measure(["a"], by=[]), "by has 0 values for 1 documents"),
        (lambda: measure(["a"], tokeniser="bpe"), "no tokeniser 'bpe'"),
        (lambda: measure(["a"], embeddings=np.zeros((2, 2))), "embeddings has 2"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_measure_checks_itself():
    with pytest.raises(ValueError, match="say why"):
        Measure(name="x", value=math.nan, n=1, method="", unit="", direction="neither")
    with pytest.raises(ValueError, match="upside down"):
        Measure(name="x", value=1, low=2, high=1, n=1, method="", unit="", direction="neither")
    with pytest.raises(ValueError, match="direction is one of"):
        Measure(name="x", value=1, n=1, method="", unit="", direction="up")
    assert Measure.undefined("x", "why").to_json()["value"] is None


def test_importing_is_light():
    code = (
        "import sys, synthdata\n"
        "slow = {'torch', 'matplotlib', 'scipy.stats', 'numpy', 'ray'} & set(sys.modules)\n"
        "assert not slow, slow\n"
        "synthdata.measure\n"
        "slow = {'torch', 'matplotlib', 'scipy.stats', 'ray', 'pyarrow'} & set(sys.modules)\n"
        "assert not slow, slow\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert {"measure", "gate", "compare", "curate"} <= set(dir(synthdata))
    with pytest.raises(AttributeError, match="no attribute 'mesure'"):
        synthdata.mesure  # noqa: B018


def test_self_bleu_of_nothing_is_undefined():
    found = measure([""] * 30)["self_bleu"]
    assert math.isnan(found.value)
    assert not found.has_interval
    assert "no document has a word" in found.warnings


def test_intervals_of_documents_rest_on_all_of_them():
    # 2,000 documents, each twice. Without a tenth of the 4,000 a kind is gone with probability
    # .01, so kinds vary by sqrt(2000 * .01 * .81) = 4.0, times sqrt(.9 / .1) = 12 for the whole:
    # an interval 48 wide, give or take 4.5 (60 draws). From a part of 2,000 documents, where half
    # of the kinds lost their copy, it was twice as wide; the share in pairs had one of ten points.
    rng = np.random.default_rng(1)
    texts = [" ".join(f"w{i}" for i in row) for row in rng.integers(0, 5000, (2000, 8))] * 2
    sheet = Sheet(texts, encode(texts, "word"), "", 0, None)
    copies.documents(sheet, np.random.default_rng(2))
    kinds, pairs = sheet.measures["documents_hill0"], sheet.measures["near_duplicates"]
    assert 30 < kinds.high - kinds.low < 75
    assert pairs.value == 1
    assert pairs.low > 0.97


@pytest.mark.parametrize("kinds", [1, 60])
def test_documents_all_equal_or_all_different_have_an_interval_with_a_width(kinds):
    panel = measure([f"kind {i % kinds} of {i % kinds} tales" for i in range(60)])
    for q in (0, 1, 2):
        made = panel[f"documents_hill{q}"]
        assert made.high > 1.001 * made.low, str(made)


def test_effective_numbers_fall_with_their_order_at_every_size():
    # Two estimates made apart may not: of 100 different documents, twice as many would show
    # thousands of effective ones by entropy and 200 by concentration, among 199 kinds.
    for counts in (np.ones(100, int), np.array([1]), np.array([9, 1, 1]), np.full(50, 4)):
        known = partial(rarefaction.coverage_at, counts)
        for row in curves.rows(counts, "documents", known, "documents"):
            assert row.size >= row.hill0 - 1e-9, row
            assert row.hill0 >= row.hill1 - 1e-9, row
            assert row.hill1 >= row.hill2 - 1e-9, row


def test_the_share_of_pairs_has_no_interval_where_chance_decides_how_many_words_there_are():
    # 30 documents of log-normal length: 88 % of intervals held the mean at this n; of 60, 94 %
    rng = np.random.default_rng(0)
    for n, even, given in ((30, False, False), (60, False, True), (30, True, True)):
        lengths = np.full(n, 40) if even else np.exp(rng.normal(4, 1.2, n)).astype(int) + 3
        found = measure([" ".join(map(str, rng.zipf(1.5, k))) for k in lengths], groups=range(n))
        assert found["distinct2"].has_interval == given
        assert found["hill1"].has_interval
        if not given:
            assert "so uneven" in found["distinct2"].warnings[0]

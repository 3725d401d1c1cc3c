"""The dials do what they say, and the table tells disease from health."""

import json

import numpy as np
import pytest

from synthdata.comparison.compare import compare
from synthdata.dial.corpora import CONTROLS, DIALS, FRESH, beside, make, word, zipf
from synthdata.dial.sensitivity import COMPARED, METRICS, Settings, alarms, main, table
from synthdata.diversity import entropy
from synthdata.diversity.abundance import count_documents
from synthdata.similarity.near_duplicates import near_duplicates
from synthdata.text.ngrams import count
from synthdata.text.tokens import encode
from synthdata.verdicts.against import of_comparison


@pytest.mark.parametrize("dial", DIALS)
def test_dials_are_seeded_and_of_the_size_asked(dial):
    one, two, other = make(dial, 50, 0.5, 1), make(dial, 50, 0.5, 1), make(dial, 50, 0.5, 2)
    assert one.texts == two.texts
    assert one.texts != other.texts
    assert len(one.texts) == 50


@pytest.mark.parametrize("dial", ["healthy", "truncation", "temperature", "length_drift"])
@pytest.mark.parametrize("strength", [0.3, 0.9])
def test_word_entropies_are_known(dial, strength):
    # 60,000 words or more: coverage above 97 %, standard error about .013 bits.
    made = make(dial, 3000, strength, 0)
    assert entropy.entropy(count(encode(made.texts), 1)) == pytest.approx(
        made.word_entropy, abs=0.06
    )


def test_bursty_documents_say_their_own_words_but_in_all_the_usual_ones():
    # The twentieth words of 4,000 documents are independent draws from Zipf: of the commonest one
    # and of the commonest hundred, within four standard errors.
    last = [text.split()[-1] for text in make("bursty_drift", 4000, 0.0, 0).texts]
    for ranks in (1, 100):
        p = float(zipf()[:ranks].sum())
        share = np.isin(last, [word(rank) for rank in range(ranks)]).mean()
        assert abs(share - p) < 4 * np.sqrt(p * (1 - p) / 4000)


@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_bursty_words_agree_as_an_urns_do(strength):
    # Two words of a document are the same one with probability (1 + a s) / (1 + a), where s is
    # that of independent words: 400 documents of 190 pairs or more, within four standard errors.
    made = make("bursty_drift", 400, strength, 0)
    same = []
    for text in made.texts:
        _, many = np.unique(text.split(), return_counts=True)
        n = many.sum()
        same.append((many * (many - 1)).sum() / (n * (n - 1)))
    s = float(zipf() @ zipf())
    expected = (1 + FRESH * s) / (1 + FRESH)
    assert abs(np.mean(same) - expected) < 4 * np.std(same, ddof=1) / np.sqrt(len(same))


def test_document_entropy_of_favourites_is_known():
    # At strength 1 only the five are left, log2 5 bits; standard error below .01.
    made = make("favourites", 2000, 1.0, 0)
    assert made.document_entropy == pytest.approx(np.log2(5))
    assert entropy.entropy(count_documents(made.texts)) == pytest.approx(np.log2(5), abs=0.03)
    # Half favourites: 1 bit for which half, half of log2 5, half of log2 100,000 = 10.47 bits,
    # and a little less because a favourite may also come up by the other way.
    made = make("favourites", 10, 0.5, 0)
    assert made.document_entropy == pytest.approx(1 + np.log2(5) / 2 + np.log2(1e5) / 2, abs=0.01)


def test_strength_is_share():
    assert near_duplicates(make("favourites", 400, 0.4, 0).texts).share == pytest.approx(
        0.4, abs=0.08
    )
    assert near_duplicates(make("duplicated_shards", 400, 0.5, 0).texts).share == 0.5
    assert near_duplicates(make("healthy", 400, 1.0, 0).texts).share == 0
    lengths = [len(t.split()) for t in make("length_drift", 10, 1.0, 0).texts]
    assert lengths == [40] * 10


def test_words_are_different():
    assert len({word(rank) for rank in range(20_000)}) == 20_000


def test_the_table_tells_disease_from_health():
    settings = Settings(documents=100, runs=3, healthy_runs=20, strength=0.6)
    rates = alarms(settings)
    assert list(rates) == [*METRICS, *COMPARED]
    # Every disease is seen by some metric in every collection, and by some comparison ...
    for dial in set(DIALS) - set(CONTROLS):
        assert max(rates[name][dial] for name in METRICS) == 1.0, dial
        assert max(rates[name][dial] for name in COMPARED) == 1.0, dial
    # ... which stay calm beside a control: each interval fails so with 2.5 %, two of three or
    # more with .2 %. Not beside bursty documents that grew longer, unless a window is common.
    for name in COMPARED:
        calm = CONTROLS if "window" in name else set(CONTROLS) - {"bursty_drift"}
        assert max(rates[name][dial] for dial in calm) < 0.5, name
    assert rates["hill0_ratio"]["bursty_drift"] > 0.5
    # ... equal tokens keep the Hill number calm where documents only grow longer, which the share
    # of different 2-grams and the mean cosine do not survive; whole documents see no temperature.
    assert rates["hill1, equal tokens"]["length_drift"] <= 0.5
    assert rates["cosine"]["length_drift"] == 1.0
    assert rates["documents_hill1"]["temperature"] == 0.0
    assert rates["near_duplicates"]["healthy"] == 0.0
    printed = table(rates)
    assert printed.count("\n") == len(rates) + 1
    assert "(control)" in printed


def test_collections_are_written_as_the_meter_reads_them(tmp_path):
    settings = Settings(documents=7, write=str(tmp_path / "try"))
    main(settings)
    for dial in DIALS:
        lines = (tmp_path / "try" / f"{dial}.jsonl").read_text(encoding="utf-8").splitlines()
        assert [json.loads(line)["text"] for line in lines] == make(dial, 7, 0.3, 0).texts
    lines = (tmp_path / "try" / "bursty_healthy.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["text"] for line in lines] == beside("bursty_drift", 7, 2_000_000)
    with pytest.raises(ValueError, match=r"favourites\.jsonl exists"):
        main(settings)


def test_a_bursty_control_is_calm_beside_its_own_kind():
    # As `--write` makes them. Beside `healthy` it is at two thirds of the different words, which
    # is true of the sources. Beside its own kind, at a common window, an alarm comes by chance, in
    # one of twenty families of tests: the seed is fixed, and what is tested is that both are there.
    drift, own = make("bursty_drift", 200, 0.3, 0).texts, beside("bursty_drift", 200, 2_000_000)
    other = compare(drift, make("healthy", 200, 0.3, 0).texts, permutations=199)
    assert of_comparison(other).text.startswith("Less varied")
    calm = of_comparison(compare(drift, own, match="window", permutations=199))
    assert calm.text.startswith("No loss")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: make("boredom", 1, 0.5, 0), "no dial 'boredom'"),
        (lambda: make("healthy", 0, 0.5, 0), "n=0"),
        (lambda: make("healthy", 1, 2, 0), "between 0 and 1, got 2"),
        (lambda: Settings(healthy_runs=5), "20 healthy runs"),
        (lambda: Settings(strength=-1), "between 0 and 1"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()

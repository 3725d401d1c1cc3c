"""The registry of quantities: name, unit, direction, range and method of everything measured here.

Idea:   each quantity is described once. Panel, comparison, gate, stream, reports and `--help` look
        it up by its key, so that they cannot say different things about it.
Run:    python -m synthdata gate --help
Omits:  values and intervals (`synthdata.diversity.measure`), the choice of a command's quantities,
        and numbers of a single experiment (`personas`, `three-jokes`, `collapse`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from synthdata.diversity.bounds import clip_ends
from synthdata.diversity.measure import Direction, Measure


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A quantity as the whole package knows it; `of` and `measured` fill in the `{}`."""

    key: str
    """Name in tables, rules and JSON, and of its `Measure`."""
    unit: str
    """What the value counts; a `share` is shown in percent."""
    method: str
    """Estimator, with `{}` for tokeniser, policy and settings."""
    direction: Direction = "higher is more varied"
    """Which direction means more variety."""
    name: str = ""
    """Plain words for readers who have not met the key; the key itself if there are none."""
    noun: str = ""
    """Plain words for a sentence that goes on with the value; `name` if there are none."""
    meaning: str = ""
    """What the unit means, if that needs a sentence."""
    least: float = 0.0
    """Smallest possible value."""
    most: float = math.inf
    """Largest possible value."""
    definition: str = ""
    """Definition in `gate --help`; no rule of the gate is about a quantity without one."""
    needs_reference: bool = False
    """Whether a rule about it compares with a reference collection."""
    minimum_coverage: float = 0.0
    """Coverage below which such a rule cannot be judged, 0 to 1."""

    def of(self, thing: str) -> Quantity:
        """The same quantity of one thing: a channel of a stream, or a kind of token.

        >>> STREAMED["types"].of("word pairs").key, REGISTRY["words_entropy"].of("byte").unit
        ('word_pairs_types', 'bits/byte')
        """
        return replace(
            self,
            key=self.key.format(thing.replace(" ", "_").replace("-", "_")),
            unit=self.unit.format(thing),
            name=self.name.format(thing),
            meaning=self.meaning.format(thing),
        )

    def measured(self, value: float, *settings: object, **more: Any) -> Measure:
        """Its measure: `settings` complete the method, `more` are the other fields of `Measure`.

        >>> REGISTRY["distinct2"].measured(0.5, "case kept", n=9).method
        'different 2-grams over all 2-grams, falls as n grows, case kept'
        """
        return Measure(
            name=self.key,
            value=value,
            method=self.method.format(*settings),
            unit=self.unit,
            direction=self.direction,
            **more,
        )

    def undefined(self, reason: str, *settings: object, n: int = 0) -> Measure:
        """Its measure if it could not be taken, with the reason."""
        method = self.method.format(*settings) if settings else ""
        return Measure.undefined(self.key, reason, n=n, method=method, unit=self.unit)

    def clip(self, ends: tuple[float, float]) -> tuple[float, float]:
        """Both ends of an interval moved into the range; nan stays nan."""
        return clip_ends(ends, self.least, self.most)


def _more(key: str, unit: str, method: str, **fields: Any) -> Quantity:
    """A quantity of which more is more varied."""
    return Quantity(key=key, unit=unit, method=method, **fields)


def _less(key: str, unit: str, method: str, **fields: Any) -> Quantity:
    """A quantity of which less is more varied."""
    return Quantity(key=key, unit=unit, method=method, direction="lower is more varied", **fields)


def _ratio(key: str, definition: str = "", **fields: Any) -> Quantity:
    """Synthetic over reference."""
    rule = {"definition": definition, "needs_reference": True, "minimum_coverage": 0.5}
    return _more(f"{key}_ratio", "times", "synthetic over reference at {}", **rule, **fields)


def _difference(key: str, unit: str, definition: str, **fields: Any) -> Quantity:
    """Synthetic minus reference."""
    fields |= {"definition": definition, "needs_reference": True, "least": -1.0, "most": 1.0}
    return _less(f"{key}_difference", unit, "synthetic minus reference at {}", **fields)


def _shared(key: str, method: str, definition: str = "", **fields: Any) -> Quantity:
    """A share that both collections have in common, which says nothing of their variety."""
    fields |= {"definition": definition, "needs_reference": True, "direction": "neither"}
    return Quantity(key=key, unit="share", method=method, most=1.0, **fields)


def _repeated(key: str, method: str, **fields: Any) -> Quantity:
    """A share of documents or text that repeats."""
    return _less(key, "share", method, most=1.0, **fields)


_AT_EQUAL_TERMS = (
    "Hill number of order {} of word unigrams, synthetic over reference, at equal terms (--match, "
    "tokens unless said); cannot tell below 50 % coverage"
)
_SUPPORT = "share of {}-gram occurrences found on the other side, at {:,} documents a side, {}"
_NEAR = "share of documents in a near-duplicate pair"
_MASKED = f"{_NEAR} once digits and hex runs are masked"
_AS_WORDS = "{}, all used equally often, would be as varied"
_SAMPLE = "plug-in entropy of the sample's {}, {{}}"
_SOURCE = "Chao-Wang-Jost entropy of the source's {}, bias over {{}} taken off, {{}}"
_WITH_FIELD = (
    "Chao-Wang-Jost entropy of {0} and of {0} with the field, bias and 95 % by leaving out "
    "documents, {1} shufflings of the field"
)

_COMPARED = (
    _ratio("hill0"),
    _ratio("hill1", _AT_EQUAL_TERMS.format(1), name="effective words, synthetic / reference"),
    _ratio("hill2", _AT_EQUAL_TERMS.format(2)),
    _ratio(
        "documents_hill1",
        "Hill number of order 1 of whole documents, synthetic over reference, at an equal number "
        "of documents; cannot tell where the synthetic documents cover less than 50 % of their "
        "source, as when each is different",
        name="effective different documents, synthetic / reference",
    ),
    _difference(
        "self_bleu",
        "BLEU",
        "self-BLEU of the synthetic collection minus that of the reference, at an equal number of "
        "documents (300 a side at most)",
    ),
    _difference(
        "near_duplicates",
        "share",
        "near_duplicates of the synthetic collection minus that of the reference, at an equal "
        "number of documents",
        name="near-duplicates, synthetic minus reference",
    ),
    _shared(
        "copied",
        "whole documents equal after normalisation ({})",
        "share of synthetic documents that stand word for word in the reference",
        name="documents copied from the reference",
    ),
    _shared("support_precision", _SUPPORT),
    _shared(
        "support_recall",
        _SUPPORT,
        "share of the reference's word 2-grams that the synthetic collection has too, at an equal "
        "number of documents",
    ),
)
_OF_COPIES = (
    _repeated(
        "near_duplicates",
        f"{_NEAR}; {{}}",
        definition=_NEAR,
        name="documents with a near-duplicate",
        noun="share of near-duplicates",
    ),
    _repeated("near_duplicates_masked", f"{_MASKED}; {{}}", definition=_MASKED),
    _repeated(
        "top3_clusters",
        "share of documents in the three largest clusters; {}",
        definition="share of documents in the three largest clusters of near-duplicates",
    ),
    _repeated(
        "templates",
        "share of documents that fill a template, words in {:.0%} of the documents are its frame, "
        "{}",
    ),
    _repeated("repeated", "share of text also found in another document; {}"),
    _repeated("repeated_within", "share of text that its document repeats; {}"),
    _less(
        "xz_ratio",
        "times",
        "size over compressed size, xz with a window over all text, rises with n, order by seed {}",
    ),
)
_OF_DOCUMENTS = (
    _more(
        "documents_hill0",
        "effective documents",
        "Hill number of order 0 of whole documents, {}",
        least=1.0,
    ),
    _more(
        "documents_hill1",
        "effective documents",
        "Hill number of order 1 of whole documents, {}",
        least=1.0,
        name="effective number of different documents",
        meaning="different documents, all equally common, would be as varied",
        definition="effective number of different documents (Hill number of order 1); cannot tell "
        "below 50 % coverage",
        minimum_coverage=0.5,
    ),
    _more(
        "documents_hill2",
        "effective documents",
        "Hill number of order 2 of whole documents, {}",
        least=1.0,
    ),
    _more(
        "documents_chao1",
        "documents",
        "Chao1: different documents the source holds at least; log-normal interval",
    ),
    *(
        _more(key, "effective documents", f"Vendi score, order {q}, {method}")
        for vectors, method in (
            ("vendi", "cosine of 1-gram counts, {}, rises with n, {}"),
            ("vendi_embeddings", "{}, exact, rises with n"),
        )
        for key, q in ((vectors, 1), (f"{vectors}_order0", 0), (f"{vectors}_order2", 2))
    ),
    _less("cosine_embeddings", "cosine", "mean over all pairs, {}", least=-1.0, most=1.0),
)
_OF_WORDS = (
    *(
        _more(
            f"hill{q}",
            "effective words",
            f"Hill number of order {q} of {{}} 1-grams, {{}}",
            least=1.0,
            name=name,
            meaning=_AS_WORDS.format("words") if q == 1 else "",
        )
        for q, name in (
            (0, "different words"),
            (1, "effective number of words"),
            (2, "effective number of common words"),
        )
    ),
    _more("chao1", "words", "Chao1: different words the source holds at least"),
    _more("distinct2", "share", "different 2-grams over all 2-grams, falls as n grows, {}", most=1),
    _less(
        "self_bleu",
        "BLEU",
        "mean BLEU-4 against all others, NLTK smoothing 1, of short documents as many orders as "
        "words, no punctuation, rises with n, {}",
        most=1.0,
        noun="likeness of documents to each other (self-BLEU)",
        definition="mean BLEU-4 of each document against all others; depends on n",
    ),
    _less("cosine", "cosine", "mean over all pairs, 1-gram counts, {}", most=1.0),
)
_OF_ENTROPY = (
    _more("documents_entropy", "bits/document", _SAMPLE.format("documents")),
    _more("documents_entropy_source", "bits/document", _SOURCE.format("documents")),
    _more("words_entropy", "bits/{}", _SAMPLE.format("words"), name="entropy of words, sample"),
    _more(
        "words_entropy_source",
        "bits/{}",
        _SOURCE.format("words"),
        name="entropy of words, source",
        definition="entropy of the words of the source in bits (Chao-Wang-Jost estimate), not of "
        "the sample (words_entropy); cannot tell below 95 % coverage",
        minimum_coverage=0.95,
    ),
    _more("words2_entropy", "bits/2-gram", _SAMPLE.format("word 2-grams")),
    _more("words2_entropy_source", "bits/2-gram", _SOURCE.format("word 2-grams")),
    _more("characters_entropy", "bits/character", _SAMPLE.format("characters")),
    _more("characters_entropy_source", "bits/character", _SOURCE.format("characters")),
    _more("characters5_entropy", "bits/5-gram", _SAMPLE.format("character 5-grams")),
    _more("characters5_entropy_source", "bits/5-gram", _SOURCE.format("character 5-grams")),
    _more("entropy", "bits", _WITH_FIELD),
    Quantity(key="information", unit="bits", method=_WITH_FIELD, direction="neither"),
    _more("entropy_within", "bits", _WITH_FIELD),
)

STREAMED: dict[str, Quantity] = {
    "total": Quantity(key="{}_total", unit="{}", method="count, {}", direction="neither"),
    "types": _more("{}_types", "distinct {}", "count, {}", name="different {}"),
    "types_hyperloglog": _more(
        "{}_types_hyperloglog",
        "distinct {}",
        "HyperLogLog estimate of the sample's types (within its interval another order of the rows "
        "gives another), {}",
    ),
    "entropy": _more("{}_entropy", "bits", "plug-in entropy of the sample, {}"),
    "entropy_source": _more(
        "{}_entropy_source", "bits", "Chao-Wang-Jost estimate for the source, {}"
    ),
    "hill1_source": _more(
        "{}_hill1_source",
        "effective {}",
        "2 to the Chao-Wang-Jost estimate for the source, {}",
        name="effective number of {}, source",
        meaning=_AS_WORDS,
    ),
    "hill2_source": _more(
        "{}_hill2_source",
        "effective {}",
        "n (n-1) / sum x (x-1), unbiased for the source's concentration, {}",
    ),
}
"""Quantities of each channel of a one-pass meter, in the order of its report."""

REGISTRY: dict[str, Quantity] = {
    quantity.key: quantity
    for quantity in (
        *_COMPARED,
        *_OF_COPIES,
        *_OF_DOCUMENTS,
        *_OF_WORDS,
        *_OF_ENTROPY,
    )
}
"""Every quantity by its key; shared entropies are those of a collection in memory."""
for _channel in ("documents", "words"):
    for _kind in STREAMED.values():
        REGISTRY.setdefault(_kind.of(_channel).key, _kind.of(_channel))


def plain(key: str) -> str:
    """The name of a quantity for readers who have not met its key.

    >>> plain("documents_types"), plain("top3_clusters")
    ('different documents', 'top3 clusters')
    """
    known = REGISTRY.get(key)
    return known.name if known and known.name else key.replace("_", " ")

"""The measures of one collection computed once, on everything: entropy, Vendi, repeats.

Idea:   some numbers have an interval of their own (entropy of the source), some have none, because
        every draw would mean sorting, compressing or decomposing everything again. Each of those
        says so. Measures too large for one machine are taken on a part, drawn by seed from the
        sorted documents, so that nothing depends on their order.
Source: the modules it calls name theirs.
Omits:  measures with intervals by subsampling (`synthdata.panel.sheet`).
"""

from __future__ import annotations

import math
from collections.abc import Collection
from functools import cache

import numpy as np

from synthdata.diversity import entropy, intervals
from synthdata.panel.sheet import NO_ENDS, Sheet
from synthdata.similarity import boilerplate, cosine, evidence, repeats
from synthdata.similarity.vendi import ngram_spectrum, spectrum, vendi_from_spectrum
from synthdata.text.ngrams import by_document, grams
from synthdata.text.tokens import Tokens, encode

REPEAT_BYTES = 32_000_000
"""Most bytes of text that passages and xz read (whole documents, drawn by seed)."""
VENDI_DOCUMENTS = 2_048
"""Most documents for the Vendi score, which is exact on them (drawn by seed)."""
ENTROPIES = ("documents", "words", "words2", "characters", "characters5")
"""Things whose entropies are measured."""
VENDI_ORDERS = (1, 0, 2)
"""Order 1 first: it is the one that is simply called the Vendi score."""

_DESCRIBES = "no interval: it describes this sample; the entropy of the source is given, too"
_SPECTRUM = "no interval: every draw would need its eigenvalues anew"
_SORTED = "no interval: every draw would need its text sorted anew"
_FRAMED = "no interval: the frames are found in these very documents"
_COMPRESSED = "no interval: every draw would need its text compressed anew"


def entropies(sheet: Sheet, wanted: Collection[str] = ENTROPIES) -> None:
    """Plug-in entropy of the sample and Chao-Wang-Jost entropy of the source."""

    units = "documents" if sheet.groups is None else "groups of documents"

    @cache
    def characters() -> Tokens:
        return encode(sheet.texts, "character")

    for name, made in (
        ("documents", lambda: sheet.document_table),
        ("words", lambda: sheet.word_table),
        ("words2", lambda: by_document(grams(sheet.tokens, 2))),
        ("characters", lambda: by_document(grams(characters(), 1))),
        ("characters5", lambda: by_document(grams(characters(), 5))),
    ):
        if name not in wanted:
            continue
        table = made()
        source = intervals.source_entropy_of(table, sheet.n, sheet.groups)
        by_cluster = NO_ENDS
        if name == "words" and sheet.clusters is not None:
            other = intervals.source_entropy_of(table, sheet.n, sheet.clusters)
            by_cluster = (other.low, other.high)
        sheet.put(
            f"{name}_entropy",
            entropy.plug_in(table.totals()),
            sheet.policy,
            coverage=source.coverage,
            no_interval=_DESCRIBES,
        )
        sheet.put(
            f"{name}_entropy_source",
            source.value,
            units,
            sheet.policy,
            ends=(source.low, source.high),
            by_cluster=by_cluster,
            coverage=source.coverage,
            no_interval=source.warning,
        )


def vendi(sheet: Sheet, rng: np.random.Generator) -> None:
    """Vendi scores of word counts, orders 0 to 2."""
    tokens, some = sheet.tokens, sheet.n
    if sheet.n > VENDI_DOCUMENTS:
        some = VENDI_DOCUMENTS
        tokens = tokens.select(sheet.draw(some, rng))
    eigenvalues, how = ngram_spectrum(tokens)
    for q in VENDI_ORDERS:
        sheet.put(
            "vendi" if q == 1 else f"vendi_order{q}",
            vendi_from_spectrum(eigenvalues, q) if len(eigenvalues) else math.nan,
            how,
            sheet.how_words,
            n=some,
            warnings=(
                "" if len(eigenvalues) else how,
                f"on {some:,} of {sheet.n:,} documents" if some < sheet.n else "",
            ),
            no_interval=_SPECTRUM,
        )


def of_vectors(sheet: Sheet, vectors: np.ndarray, rng: np.random.Generator) -> None:
    """Vendi scores, orders 0 to 2, and mean cosine of the user's vectors [n, width].

    ValueError if a vector is zero or not finite.
    """
    if not sheet.n:
        return
    what = f"cosine of the given vectors of width {vectors.shape[1]}"
    eigenvalues = spectrum(vectors)
    for q in VENDI_ORDERS:
        sheet.put(
            "vendi_embeddings" if q == 1 else f"vendi_embeddings_order{q}",
            vendi_from_spectrum(eigenvalues, q),
            what,
            no_interval=_SPECTRUM,
        )
    value, low, high, reason = sheet.spread(
        lambda _: lambda chosen: np.array([cosine.mean_cosine_of(vectors[chosen])]),
        rng,
        relative=False,
    )
    sheet.put(
        "cosine_embeddings",
        float(value[0]),
        what,
        ends=(float(low[0]), float(high[0])),
        warnings=("" if sheet.n > 1 else "it takes two documents",),
        no_interval=reason,
    )


def text_to_search(sheet: Sheet) -> tuple[list[str], str]:
    """The texts in which passages are sought, and a note if they are not all."""
    if sheet.searched is not None:
        return sheet.searched
    texts, note = [sheet.texts[i] for i in sheet.order], ""
    sizes = np.array([len(text.encode("utf-8", "surrogatepass")) for text in texts], np.int64)
    if sizes.sum() > REPEAT_BYTES:
        drawn = sheet.rng(3).permutation(sheet.n)
        drawn = np.sort(drawn[np.cumsum(sizes[drawn]) <= REPEAT_BYTES])
        texts = [texts[i] for i in drawn]
        note = f"on {len(texts):,} of {sheet.n:,} documents"
    sheet.searched = texts, note
    return sheet.searched


def passages_of(sheet: Sheet) -> repeats.Repeats:
    """Repeated passages in the texts of `text_to_search`, computed on first use."""
    if sheet.passages is None:
        sheet.passages = repeats.repeats(text_to_search(sheet)[0])
    return sheet.passages


def fixed_passages(sheet: Sheet) -> boilerplate.Boilerplate:
    """Passages found in nearly every document, computed on first use."""
    if sheet.boilerplate is None:
        sheet.boilerplate = boilerplate.find(text_to_search(sheet)[0], passages_of(sheet))
    return sheet.boilerplate


def frames_of(sheet: Sheet) -> evidence.Frames:
    """Templates and the documents that fill them, computed on first use."""
    if sheet.frames is None:
        sheet.frames = evidence.find_templates(sheet.texts, sheet.tokens)
    return sheet.frames


def passages(sheet: Sheet, texts: list[str], note: str) -> repeats.Repeats:
    """Repeated passages in the texts of `text_to_search`."""
    found = passages_of(sheet)
    how = f"passages of {found.min_length} UTF-8 bytes or more, suffix array, {sheet.policy}"
    for key, value in (("repeated", found.share), ("repeated_within", found.share_within)):
        sheet.put(
            key,
            value,
            how,
            n=len(texts),
            warnings=(note,),
            no_interval=_SORTED,
        )
    return found


def templates(sheet: Sheet) -> evidence.Frames:
    """Documents that fill a template: one frame of common words, filled differently."""
    found = frames_of(sheet)
    sheet.put(
        "templates",
        found.filled / found.documents if found.documents else math.nan,
        evidence.FIXED_SHARE,
        sheet.policy,
        warnings=("" if found.documents or not sheet.n else "words are not separated",),
        no_interval=_FRAMED,
    )
    return found


def compression(sheet: Sheet, ratio: float, texts: list[str], note: str) -> None:
    """The xz ratio of the texts of `text_to_search`."""
    sheet.put(
        "xz_ratio",
        ratio,
        sheet.seed,
        n=len(texts),
        warnings=(note,),
        no_interval=_COMPRESSED,
    )

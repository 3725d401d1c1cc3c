"""Repetition of documents: different ones, near-duplicates, the largest clusters.

Idea:   copies are counted on all documents, never on a part, which would lack most copies. Each
        number has two intervals, with documents and with clusters of near-duplicates as units,
        because an apparent favourite may be one event told several times.
Source: the modules it calls name theirs.
Omits:  words (`synthdata.panel.sheet`); passages and templates (`synthdata.panel.whole_sample`).
"""

from __future__ import annotations

import math

import numpy as np

from synthdata.diversity import hill, intervals
from synthdata.diversity.abundance import Abundance
from synthdata.diversity.bounds import at_least, clip_ends
from synthdata.panel.sheet import Sheet, nothing


def documents(sheet: Sheet, rng: np.random.Generator, *, masked: bool = True) -> None:
    """Effective number of different documents, near-duplicates, the largest clusters."""
    labels = [sheet.near.label, *([sheet.near_masked.label] if masked else [])]

    def statistic(chosen: np.ndarray) -> np.ndarray:
        tally = Abundance.of(np.bincount(sheet.text[chosen]))
        hills = [hill.hill(tally, q) for q in (0, 1, 2)]
        sizes = [np.sort(np.bincount(label[chosen]))[::-1] for label in labels]
        shares = [part[part > 1].sum() / len(chosen) for part in sizes]
        return np.array([*hills, sizes[0][:3].sum() / len(chosen), *shares])

    width = 4 + len(labels)
    found = nothing(width, "no documents")
    other = nothing(width)
    if sheet.n:  # on all documents: counting again is cheap, and copies are rare in a part
        found = sheet.subsample(statistic, rng)
        if sheet.clusters is not None:
            other = sheet.subsample(statistic, sheet.rng(5), groups=sheet.clusters)
    seen = sheet.coverage(sheet.document_table)
    note = ""
    if sheet.n and seen < 0.5:
        note = "most documents were seen once: the sample's size sets this number"
    units = [sheet.n if g is None else len(np.unique(g)) for g in (sheet.groups, sheet.clusters)]
    for q in (0, 1, 2):
        least = [intervals.unmoved_hill(sheet.document_counts, q, u) for u in units]
        ends = [
            clip_ends(at_least(spread.ends(q), e), 1.0, max(1, sheet.n))
            for spread, e in zip((found, other), least)
        ]
        sheet.put(
            f"documents_hill{q}",
            found.value[q],
            sheet.policy,
            ends=ends[0],
            by_cluster=ends[1],
            coverage=seen,
            warnings=(note,),
            no_interval=found.reason,
        )
    _chao1(sheet, seen)
    shares = [(4, "near_duplicates", sheet.near), (3, "top3_clusters", sheet.near)]
    if masked:
        shares.append((5, "near_duplicates_masked", sheet.near_masked))
    for place, key, clusters in shares:
        ends = [spread.ends(place) for spread in (found, other)]
        if sheet.n:
            value = found.value[place]
            least = [intervals.share_interval(round(value * u), u) for u in units]
            ends = [at_least(*pair) for pair in zip(ends, least)]
        sheet.put(
            key,
            found.value[place],
            clusters.method,
            ends=ends[0],
            by_cluster=ends[1],
            no_interval=found.reason,
        )


def _chao1(sheet: Sheet, seen: float) -> None:
    """Lower bound on the number of different documents in the source."""
    counts = sheet.counts["documents"]
    low, high, reason = math.nan, math.nan, ""
    if sheet.groups is not None:
        reason = "no interval: it is known for independent documents only"
    elif sheet.n < intervals.FEWEST:
        reason = intervals.too_few(sheet.n)
    else:
        low, high = hill.chao1_interval(counts)
        singles, pairs = counts.f(1), counts.f(2)
        reason = "no interval: no document was seen just once, so nothing more is to be seen"
        if singles and pairs < hill.FEWEST_PAIRS:
            reason = (
                f"no interval: {pairs or 'no'} document{'s were' if pairs != 1 else ' was'} seen "
                f"just twice, and below {hill.FEWEST_PAIRS} such chance decides how many are "
                "unseen"
            )
    sheet.put(
        "documents_chao1",
        hill.chao1(counts),
        ends=(low, high),
        coverage=seen,
        no_interval=reason,
    )

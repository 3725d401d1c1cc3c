"""First step of every command: load the named files and record where they came from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from synthdata.cli import options
from synthdata.io import dataset
from synthdata.io.dataset import Loaded
from synthdata.io.reader import Tally
from synthdata.report.publish import how_many


def load(settings: options.Reading, data: tuple[str, ...], *columns: str) -> Loaded:
    """Load the rows; whole ones for curating, which writes them again."""
    if isinstance(settings, options.CurateOptions):
        config = replace(settings.read(), columns=None)
        return _stripped(
            settings,
            dataset.load(data, config, sample=settings.sample, seed=settings.seed, fields=None),
        )
    hints = dataset.GROUPERS if getattr(settings, "group", "") is None else ()
    loaded = dataset.load(
        data,
        settings.read(*columns, *hints),
        sample=settings.sample,
        seed=settings.seed,
        fields=columns,
        hints=hints,
    )
    return _stripped(settings, loaded)


def _stripped(settings: Any, loaded: Loaded) -> Loaded:
    """The rows without passages that nearly every document has, if that was asked for."""
    if not getattr(settings, "strip", False):
        return loaded
    from synthdata.similarity import boilerplate

    texts, found = boilerplate.strip([settings.policy(text) for text in loaded.texts])
    said = "no passage stands in nearly every document, so --strip took nothing out"
    if found.passages:
        said = (
            f"--strip took {found.share:.0%} of all text out, and what follows is about the rest: "
            + "; ".join(f'"{span.text}"' for span in found.passages)
        )
    rows = tuple(row._replace(text=text) for row, text in zip(loaded.rows, texts))
    return replace(loaded, rows=rows, stripped=said, taken=found.share)


def alerts(*sides: Loaded | None) -> tuple[str, ...]:
    """Lines for the top of a report: unused rows and removed text."""
    read = [side for side in sides if side is not None]
    total = Tally()
    for side in read:
        total.add(side.tally)
    return dataset.alerts(total) + tuple(side.stripped for side in read if side.stripped)


def load_both(settings: Any) -> tuple[Loaded, Loaded | None]:
    """The collection under test and its reference, whose text may be in another field.

    Both have the fields that group their documents, or may do so if no group was named.
    """
    sides: list[Loaded | None] = []
    for place, (paths, text, group) in enumerate(
        zip(
            (settings.data, None if settings.ref is None else [settings.ref]),
            (settings.text, settings.ref_text or settings.text),
            _group_fields(settings),
        )
    ):
        fields = () if group in (None, ALONE) else (group,)
        hints = dataset.GROUPERS if settings.group is None else ()
        sides.append(
            None
            if paths is None
            else _stripped(
                settings,
                dataset.load(
                    paths,
                    replace(settings.read(*fields, *hints), text=text),
                    sample=settings.sample,
                    seed=settings.seed + place,
                    fields=fields,
                    hints=hints,
                ),
            )
        )
    assert sides[0] is not None
    return sides[0], sides[1]


ALONE = "none"
"""The field named for documents that do not depend on each other."""


def own_groups(settings: Any, loaded: Loaded) -> list[Any] | None:
    """Groups of the collection; None if no group was named."""
    return _values(loaded, settings.group)


def groups(settings: Any, loaded: Loaded, reference: Loaded | None) -> dict[str, Any]:
    """Groups of both sides, as `compare` and `gate` take them."""
    own, other = _group_fields(settings)
    found: dict[str, Any] = {"groups": _values(loaded, own), "reference_groups": None}
    if other is not None and reference is not None:
        try:
            found["reference_groups"] = _values(reference, other)
        except ValueError as error:
            raise ValueError(
                f"{error}; --ref-group names the reference's field, or none where its documents "
                "are independent"
            ) from None
    return found


def _values(loaded: Loaded, field: str | None) -> list[Any] | None:
    if field is None:
        return None
    return list(range(len(loaded.rows))) if field == ALONE else loaded.groups(field)


def group_notes(settings: Any, loaded: Loaded, reference: Loaded | None = None) -> tuple[str, ...]:
    """Rows without a group if one was named; otherwise fields that look like one."""
    notes: list[str] = []
    sides = zip(("collection", "reference"), (loaded, reference), _group_fields(settings))
    for side, read, field in sides:
        if read is not None and field != ALONE:
            said = read.hints() if field is None else filter(None, [read.alone(field)])
            notes += [f"of the {side}, {what}" for what in said]
    return tuple(notes)


def group_provenance(settings: Any) -> dict[str, str]:
    """Which documents were taken to depend on each other."""
    if settings.group is None:
        return {"units": "documents, taken for independent, as no --group says what hangs together"}
    if settings.group == ALONE:
        return {"units": "documents, independent by --group none"}
    return {"groups": settings.group}


def _group_fields(settings: Any) -> tuple[str | None, str | None]:
    """The grouping field of each side; "none" for a side whose documents are independent."""
    return settings.group, getattr(settings, "ref_group", None) or settings.group


def both(loaded: Loaded, reference: Loaded) -> Tally:
    """Counts of what was read on both sides."""
    total = Tally()
    total.add(loaded.tally)
    total.add(reference.tally)
    return total


def provenance(settings: options.Reading, loaded: Loaded, *others: Loaded) -> dict[str, str]:
    """Files and settings that reproduce the numbers."""
    tally = loaded.tally
    for other in others:
        tally = both(loaded, other)
    n = "; ".join(
        f"{how_many(len(side.rows))}{what}"
        + (f" drawn from {side.tally.rows:,}" if settings.sample is not None else "")
        for side, what in zip((loaded, *others), ("", " of the reference"))
    )
    return dataset.provenance(
        tally,
        text_field=settings.text,
        n=n,
        tokeniser=f"{settings.tokens}, {settings.policy}",
        seed=settings.seed,
    )

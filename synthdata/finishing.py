"""What all commands do alike: load what was named, say where it came from, print the result.

Idea:   a command differs from the others in what it measures, and in nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from labkit import files
from labkit.experiment import Criterion
from labkit.versions import version
from labkit.visible import visible
from synthdata import loading, options, page, progress, record, report
from synthdata.io import Tally
from synthdata.loading import Loaded
from synthdata.measures import Measure
from synthdata.report import Figure, Report
from synthdata.words import mixture_note

if TYPE_CHECKING:
    from synthdata.compare import Comparison
    from synthdata.reading import Verdict
    from synthdata.stripping import Boilerplate


def load(settings: options.Reading, data: tuple[str, ...], *columns: str) -> Loaded:
    """The rows; whole ones for curating, which writes them again."""
    if isinstance(settings, options.CurateOptions):
        config = replace(settings.read(), columns=None)
        return _stripped(
            settings,
            loading.load(data, config, sample=settings.sample, seed=settings.seed, fields=None),
        )
    hints = loading.GROUPERS if getattr(settings, "group", "") is None else ()
    loaded = loading.load(
        data,
        settings.read(*columns, *hints),
        sample=settings.sample,
        seed=settings.seed,
        fields=columns,
        hints=hints,
    )
    return _stripped(settings, loaded)


def _stripped(settings: Any, loaded: Loaded) -> Loaded:
    """The rows without passages that nearly every document has, where that was asked for."""
    if not getattr(settings, "strip", False):
        return loaded
    from synthdata import stripping

    texts, found = stripping.strip([settings.policy(text) for text in loaded.texts])
    said = "no passage stands in nearly every document, so --strip took nothing out"
    if found.passages:
        said = (
            f"--strip took {found.share:.0%} of all text out, and what follows is about the rest: "
            + "; ".join(f'"{span.text}"' for span in found.passages)
        )
    rows = tuple(row._replace(text=text) for row, text in zip(loaded.rows, texts))
    return replace(loaded, rows=rows, stripped=said, taken=found.share)


def alerts(*sides: Loaded | None) -> tuple[str, ...]:
    """What stands at the top of a report: rows that were not used, text that was taken out."""
    read = [side for side in sides if side is not None]
    total = Tally()
    for side in read:
        total.add(side.tally)
    return loading.alerts(total) + tuple(side.stripped for side in read if side.stripped)


SHARES = ("near_duplicates_masked", "templates", "repeated")
"""What the verdict looks at besides near-duplicates."""


def verdict(
    n: int,
    found: Mapping[str, Measure],
    boilerplate: Boilerplate | None,
    units: int | None = None,
) -> Verdict:
    """The verdict on n documents, in `units` groups, from their shares of repetition."""
    from synthdata import reading

    return reading.of_collection(
        n,
        found["near_duplicates"],
        found["top3_clusters"].value,
        "in a cluster of near-duplicates",
        units=units,
        others=(
            (found["templates"], "of documents fill a template"),
            (found["repeated"], "of the text stands in passages that other documents have too"),
        ),
        masked=found["near_duplicates_masked"],
        boilerplate=boilerplate,
    )


def unless_wordless(verdict: Verdict, compared: Comparison) -> Verdict:
    """A comparison's verdict; no all-clear where a side has no word to compare."""
    if min(compared.lengths) > 0 or verdict.tone == "bad":
        return verdict
    side = "collection" if compared.lengths[0] == 0 else "reference"
    return replace(
        verdict,
        text=f"Cannot tell: the {side} has no words.",
        confidence="none",
        because=f"Its documents are empty, or hold punctuation only. {verdict.because}",
        tone="neutral",
    )


def of_rest(found: Verdict, loaded: Loaded) -> Verdict:
    """The verdict, and of which part of the text it is, where --strip took the rest out.

    Where that was most of the text, no all-clear is of high confidence: if the passage is what the
    documents say, they say it again and again.
    """
    if not loaded.taken:
        return found
    left = sum(map(len, loaded.texts)) / max(1, len(loaded.rows))
    most = loaded.taken >= 0.5 and found.tone != "bad" and found.confidence == "high"
    return replace(
        found,
        text=f"Of the {1 - loaded.taken:.0%} of the text that --strip left: {found.text}",
        confidence="medium" if most else found.confidence,
        because=f"{found.because} It left {left:.0f} characters a document on average. Whether "
        "what it took out is a heading, or what the documents say, was not seen.",
    )


def load_both(settings: Any) -> tuple[Loaded, Loaded | None]:
    """The collection under test, and its reference, whose text may stand in another field.

    With the fields that group their documents, or that may do so where nobody has said.
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
        hints = loading.GROUPERS if settings.group is None else ()
        sides.append(
            None
            if paths is None
            else _stripped(
                settings,
                loading.load(
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
    """Groups of the collection; None where nobody has said what hangs together."""
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
    """Rows without a group where one was named, and where none was, fields that look like one."""
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
    """What was read of either."""
    total = Tally()
    total.add(loaded.tally)
    total.add(reference.tally)
    return total


def title(what: str, data: tuple[str, ...], n: int) -> str:
    """The report's title: what, of which files, how many documents."""
    name = data[0] if len(data) == 1 else f"{data[0]} and {len(data) - 1} more"
    return f"{what} {'standard input' if name == '-' else name}: {_documents(n)}"


def _documents(n: int) -> str:
    return f"{n:,} document{'' if n == 1 else 's'}"


def mixture_notes(*sides: dict[str, float]) -> tuple[str, ...]:
    """Where words are single characters, how many are, of each side that was read."""
    of = ("", "") if len(sides) == 1 else ("synthetic: ", "reference: ")
    return tuple(f"{side}{mixture_note(found)}" for side, found in zip(of, sides) if found)


def provenance(settings: options.Reading, loaded: Loaded, *others: Loaded) -> dict[str, str]:
    """Files and settings that give the same numbers again."""
    tally = loaded.tally
    for other in others:
        tally = both(loaded, other)
    n = "; ".join(
        f"{_documents(len(side.rows))}{what}"
        + (f" drawn from {side.tally.rows:,}" if settings.sample is not None else "")
        for side, what in zip((loaded, *others), ("", " of the reference"))
    )
    return loading.provenance(
        tally,
        text_field=settings.text,
        n=n,
        tokeniser=f"{settings.tokens}, {settings.policy}",
        seed=settings.seed,
    )


def experiment_provenance(
    settings: options.Experiment, sizes: Any, criteria: Iterable[Criterion]
) -> dict[str, str]:
    """What an experiment was told; `sizes` is its profile, a dataclass."""
    return {
        "seeds": f"{settings.first_seed} to {settings.first_seed + settings.seeds - 1}",
        "profile": settings.profile,
        "sizes": "; ".join(f"{name} {_plain(value)}" for name, value in vars(sizes).items()),
        "criteria": "; ".join(map(str, criteria)) + " (whole 95 % interval over seeds)",
        "version": version(),
    }


def _plain(value: Any) -> str:
    return " / ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def figures(wanted: str | None, draw: Callable[[], Iterable[Figure]]) -> tuple[Figure, ...]:
    """The pictures, where an HTML file was asked for; Matplotlib is not loaded otherwise."""
    if not wanted:
        return ()
    with progress.ticking("drawing"):
        return tuple(draw())


def finish(command: str, settings: Any, made: Report, tally: Tally, **more: Any) -> int:
    """Print the report, write the HTML, print the JSON line."""
    sys.stdout.write(report.terminal(made))
    if getattr(settings, "html", None):
        files.write_text(settings.html, page.to_html(made))
        sys.stdout.write(f"\nwritten: {visible(settings.html)}\n")
    if settings.json:
        sys.stdout.write(record.line(record.record(command, made, tally, **more)) + "\n")
    return int(more.get("exit_code", 0))

"""Options that experiments share, and checks of options that all commands share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

LAST_SEED = 10**9
Sizes = TypeVar("Sizes")


def check_names(settings: object) -> None:
    """Raise ValueError if an option that takes a name is given an empty one."""
    fields = dict.fromkeys(("text", "by", "group", "ref_text", "ref_group"), "field")
    files = dict.fromkeys(
        ("ref", "embeddings", "meter", "out", "reasons", "html", "png", "csv", "data"), "file"
    )
    for name, what in {**fields, **files}.items():
        if getattr(settings, name, None) == "":
            raise ValueError(f"--{name.replace('_', '-')} names no {what}; it is empty")


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Options that `personas` and `three-jokes` share."""

    profile: Literal["full", "ci"] = "full"
    """full: minutes per seed; ci: seconds, too small to find anything."""
    seeds: int = 3
    """Repetitions with new worlds, models and samples. Below three there is no verdict."""
    first_seed: int = 0
    """First seed."""
    html: str | None = None
    """Write the report as one self-contained HTML file."""
    json: bool = False
    """Also print the result as JSON, on the last line (fields: synthdata/report/record.py)."""

    def __post_init__(self) -> None:
        check_names(self)
        between("seeds", self.seeds, 1, 10_000)
        between("first-seed", self.first_seed, 0, LAST_SEED)


def between(name: str, value: int | None, least: int, most: int) -> None:
    """ValueError if an option was given and is out of range."""
    if value is not None and not least <= value <= most:
        raise ValueError(f"--{name} is from {least:,} to {most:,}, got {value}")


def at_least(settings: object, fewest: Mapping[str, int]) -> None:
    """ValueError if a field of the settings is below its least value."""
    for name, least in fewest.items():
        if getattr(settings, name) < least:
            raise ValueError(f"{name} is at least {least}, got {getattr(settings, name)}")


def sizes(profiles: Mapping[str, Sizes], name: str, n: int | None) -> Sizes:
    """The sizes of an experiment's profile, `full` or `ci`, with another `n` if one is given.

    ValueError for another name.
    """
    if name not in profiles:
        raise ValueError(f"the profile is full or ci, got {name!r}")
    found: Any = profiles[name]
    return replace(found, n=n) if n else found

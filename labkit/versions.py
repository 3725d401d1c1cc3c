"""With what something was made: versions, and the kind of machine; no names, no paths.

Idea:   a figure without its versions cannot be made again; one with a user's name in it cannot be
        passed on.
Run:    what writes a record (a run, a report, an entry of the ledger) asks here
Omits:  serial numbers, host names, users.
"""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

PROJECT = "cognitive-core"


def version(package: str = PROJECT) -> str:
    """Of an installed distribution; "not installed" where there is none (a copy of the sources)."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def versions(*packages: str) -> dict[str, str]:
    """Python's, and those of `packages`, by name."""
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def machine() -> str:
    """The system, the kind of processor and how many cores, in words."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"


def processor() -> str:
    """The processor's name, by which the last bits of sums may differ; its kind where it has none.

    >>> bool(processor())
    True
    """
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()

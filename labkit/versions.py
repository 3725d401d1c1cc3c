"""Versions and machine for a record; no names, no paths.

Idea:   a figure without its versions cannot be reproduced; one with a user's name in it cannot be
        passed on.
Run:    used by whatever writes a record (a run, a report, an entry of the ledger)
Omits:  serial numbers, host names, users.
"""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

PROJECT = "cognitive-core"


def version(package: str = PROJECT) -> str:
    """Version of an installed distribution; "not installed" for a plain copy of the sources."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def versions(*packages: str) -> dict[str, str]:
    """Versions of Python and of `packages`, by name."""
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


def machine() -> str:
    """Operating system, kind of processor and number of cores, in words."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"


def processor() -> str:
    """Name of the processor, on which sums' last bits may depend; its kind if it has no name.

    >>> bool(processor())
    True
    """
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()

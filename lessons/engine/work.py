"""Where a learner's own files are: the folder work/, which git ignores.

Run:    COGNITIVE_CORE_WORK names another folder
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def work_folder() -> Path:
    """COGNITIVE_CORE_WORK, or work/ beside the packages, or here where they are installed."""
    named = os.environ.get("COGNITIVE_CORE_WORK")
    if named:
        return Path(named)
    return (ROOT if (ROOT / "pyproject.toml").exists() else Path.cwd()) / "work"


def from_here(path: Path) -> str:
    """The path as one would type it in the folder one stands in."""
    try:
        return os.path.relpath(path)
    except ValueError:  # another drive on Windows
        return str(path)

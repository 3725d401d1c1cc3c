"""The folder of a learner's own files: work/, which git ignores.

Run:    COGNITIVE_CORE_WORK names another folder
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def work_folder() -> Path:
    """COGNITIVE_CORE_WORK, or work/ beside the packages, or here if they are installed."""
    named = os.environ.get("COGNITIVE_CORE_WORK")
    if named:
        return Path(named)
    return (ROOT if (ROOT / "pyproject.toml").exists() else Path.cwd()) / "work"


def from_here(path: Path) -> str:
    """The path relative to the current folder, as typed in a command."""
    try:
        return os.path.relpath(path)
    except ValueError:  # another drive on Windows
        return str(path)

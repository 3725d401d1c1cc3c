"""A class's submissions: a roster, and a folder or zip for each student, read and never unpacked.

Idea:   a submission is an untrusted archive. Only names and bytes are read, in memory: nothing is
        written, no link followed, no path trusted, nothing larger than a notebook read.
Source: path traversal by archives ("Zip Slip", Snyk 2018); decompression bombs: Fifield, "A better
        zip bomb", WOOT 2019.
Run:    used by python -m lessons grade
Omits:  tar, rar and 7z; ask for zip.
"""

from __future__ import annotations

import csv
import io
import os
import re
import stat
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lessons.engine.checking import learner

MAX_FILES = 2000
"""Most files of any kind in a submission."""
MAX_TOTAL = 200 << 20
"""Most bytes of a zip, and of all notebooks in a submission."""
_ARCHIVES = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz")
_EXPORTED = re.compile(r"(.+)_\d+_assignsubmission_")
"""Moodle's names of folders: Ada Lovelace_1234_assignsubmission_file_"""
_ID_NAMES = ("student", "id", "student_id", "username", "login", "email")


@dataclass(frozen=True, kw_only=True)
class Student:
    """One row of the roster."""

    id: str
    """Name of the submission."""
    name: str = ""
    """Name in any script; empty if the roster has none."""


@dataclass(frozen=True, kw_only=True)
class Submission:
    """A student's submission."""

    files: dict[str, bytes]
    """Notebooks and .py files, by their path within the submission."""
    refused: str = ""
    """Why nothing was read; empty if it was."""
    unread: tuple[str, ...] = ()
    """Archives within it, which may hold missing files; they are not opened."""

    @property
    def remark(self) -> str:
        """Remark if something is missing; empty if all was read."""
        if not self.unread:
            return ""
        names = ", ".join(name[-60:] for name in self.unread[:3])
        more = f" and {len(self.unread) - 3} more" if len(self.unread) > 3 else ""
        return f"not opened: {names}{more}; hand in the notebooks, or one zip with them in it"


def read_roster(path: Path) -> list[Student]:
    """Students of a CSV with a header; columns student (or id, email, ...) and name.

    The separator is comma, semicolon or tab. ValueError, in one line, if it is not UTF-8, has no
    such column, or has a student twice.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is not UTF-8 (byte {error.start}); in Excel, save it as 'CSV UTF-8'"
        ) from None
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    columns = {(name or "").strip().lower(): name for name in reader.fieldnames or []}
    key = next((columns[name] for name in _ID_NAMES if name in columns), None)
    if key is None:
        found = ", ".join(columns) or "none"
        raise ValueError(f"{path} needs a column named student (its columns: {found})")
    students: list[Student] = []
    lines: dict[str, int] = {}
    for row in reader:
        student = normal(row[key] or "")
        if not student:
            continue
        if same(student) in lines:
            raise ValueError(
                f"{path} has {student!r} twice, in lines {lines[same(student)]} and "
                f"{reader.line_num}; remove one"
            )
        lines[same(student)] = reader.line_num
        students.append(Student(id=student, name=normal(row.get(columns.get("name", "")) or "")))
    if not students:
        raise ValueError(f"{path} lists no students")
    return students


def normal(text: str) -> str:
    """The normal form of a name that can be written in several ways (é as one character or two)."""
    return unicodedata.normalize("NFC", text).strip()


def same(text: str) -> str:
    """The common form of different spellings of a name."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def find(folder: Path, students: list[Student]) -> tuple[dict[str, Path], list[str]]:
    """{student: folder or file}, and remarks on entries that belong to nobody or occur twice."""
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder with a submission for each student")
    known = {same(student.id): student.id for student in students}
    found: dict[str, Path] = {}
    remarks = []
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith((".", "__MACOSX")):
            continue
        whole, stem = same(entry.name), same(entry.stem)
        student = known.get(whole) or known.get(stem)
        if student is None and (exported := _EXPORTED.match(whole)):
            meant = [s.id for s in students if exported[1] in (same(s.id), same(s.name))]
            if len(meant) > 1:
                remarks.append(f"{entry.name} may be {' or '.join(meant)}; call it as one of them")
                continue
            student = meant[0] if meant else None
        if student is None:
            remarks.append(f"{entry.name} belongs to nobody on the roster")
        elif student in found:
            remarks.append(f"{student} has two submissions; {found[student].name} is taken")
        else:
            found[student] = entry
    return found, remarks


def read(path: Path) -> Submission:
    """The notebooks and .py files of a folder, a zip, or a single file; or a refusal."""
    try:
        if path.is_symlink():
            return Submission(files={}, refused=f"{path.name} is a link")
        unread: list[str] = []
        if path.is_dir():
            found = dict(_in_folder(path, unread))
            return Submission(files=found, unread=tuple(unread))
        if not path.is_file():
            return Submission(files={}, refused=f"{path.name} is no ordinary file")
        if path.suffix.lower() in (".ipynb", ".py"):
            return Submission(files={path.name: _small(path)})
        if path.stat().st_size > MAX_TOTAL:
            raise ValueError(f"{path.name} is larger than {MAX_TOTAL >> 20} MB")
        if not zipfile.is_zipfile(path):
            return Submission(files={}, refused=f"{path.name} is neither a zip nor a notebook")
        found = dict(_in_zip(path, unread))
        return Submission(files=found, unread=tuple(unread))
    except (ValueError, OSError, zipfile.BadZipFile, RuntimeError, EOFError) as error:
        return Submission(files={}, refused=" ".join(str(error).split()) or type(error).__name__)
    except Exception as error:  # zlib, lzma and bz2 each have their own error
        return Submission(files={}, refused=f"a damaged zip ({type(error).__name__})")


def _visible(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return not any(part.startswith(".") or part == "__MACOSX" for part in parts)


def _wanted(name: str) -> bool:
    return _visible(name) and name.lower().endswith((".ipynb", ".py"))


def _archive(name: str) -> bool:
    return _visible(name) and name.lower().endswith(_ARCHIVES)


def _small(path: Path) -> bytes:
    if path.stat().st_size > learner.MAX_FILE:
        raise ValueError(f"{path.name} is larger than {learner.MAX_FILE >> 20} MB")
    return path.read_bytes()


def _in_folder(top: Path, unread: list[str]) -> Iterator[tuple[str, bytes]]:
    count = total = 0
    zips: list[Path] = []
    for folder, folders, names in os.walk(top, followlinks=False):
        for name in [*folders, *names]:
            mode = os.lstat(os.path.join(folder, name)).st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise ValueError(f"{name} is a link or a special file")
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            place = path.relative_to(top).as_posix()
            count += 1
            if count > MAX_FILES:
                raise ValueError(f"more than {MAX_FILES} files")
            if _wanted(place):
                data = _small(path)
                total += len(data)
                _check_total(total)
                yield place, data
            elif place.lower().endswith(".zip") and _visible(place):
                zips.append(path)
            elif _archive(place):
                unread.append(place)
    if total:
        unread += [path.relative_to(top).as_posix() for path in zips]
        return
    for path in zips:  # a learning platform puts the submitted files into a folder
        if path.stat().st_size > MAX_TOTAL:
            raise ValueError(f"{path.name} is larger than {MAX_TOTAL >> 20} MB")
        for inner, data in _in_zip(path, unread):
            total += len(data)
            _check_total(total)
            yield f"{path.relative_to(top).as_posix()}/{inner}", data


def _in_zip(path: Path, unread: list[str]) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > MAX_FILES:
            raise ValueError(f"more than {MAX_FILES} files")
        total = 0
        for member in members:
            name = member.filename.replace("\\", "/")
            pure = PurePosixPath(name)
            if pure.is_absolute() or ".." in pure.parts or ":" in name.split("/")[0]:
                raise ValueError(f"{member.filename!r} leads out of the zip")
            kind = stat.S_IFMT(member.external_attr >> 16)
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise ValueError(f"{member.filename!r} is a link or a special file")
            if not member.is_dir() and _archive(name):
                unread.append(name)
            if member.is_dir() or not _wanted(name):
                continue
            if member.flag_bits & 1:
                raise ValueError(f"{member.filename!r} is encrypted")
            with archive.open(member) as file:  # the size in the header may be wrong
                data = file.read(learner.MAX_FILE + 1)
            if len(data) > learner.MAX_FILE:
                raise ValueError(f"{name} is larger than {learner.MAX_FILE >> 20} MB")
            total += len(data)
            _check_total(total)
            yield name, data


def _check_total(total: int) -> None:
    if total > MAX_TOTAL:
        raise ValueError(f"more than {MAX_TOTAL >> 20} MB of notebooks")

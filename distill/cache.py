"""A teacher's predictions on disk: asked once, used in every epoch and every run.

Idea:   the predictions of a teacher with a limited context depend on where a window began. So they
        are kept for exact windows, those that begin every `stride` characters, and are found by a
        window's own characters: another crop of the same text is not found, rather than answered
        wrongly.
Source: offline logits: Hinton et al. 2015 (the transfer set); draws instead of the largest few:
        Anshumann et al. 2025, arXiv:2503.16870.
Run:    python -m distill.train --targets dense
Omits:  compression. Dense at V = 65 is 130 bytes/char, twelve draws 14, the top ten 30.

A cache is a folder: manifest.json (what was cached, and how many windows are done) and one raw file
for each array, mapped into memory. A build that was stopped resumes where the manifest says.

Legend: M windows, T time (window length), V vocabulary, K kept characters.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from distill.teachers import Teacher, ask, check_text, fingerprint, same_alphabet
from distill.views import View, full
from labkit import files
from labkit.typed import typed
from minigpt.nextchar import NextChar
from minigpt.tokenizer import CharTokenizer

Kind = Literal["dense", "topk", "sampled"]
FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class CacheConfig:
    """The form and the windows of cached predictions."""

    kind: Kind = "dense"
    """Form of a prediction: all log-probabilities in float16 (dense), the k largest
    probabilities (topk), or k draws (sampled)."""
    context: int = 64
    """Length of a window in characters: the student's context."""
    stride: int = 0
    """Characters from one window's start to the next; 0 for the context: side by side."""
    k: int = 12
    """Characters kept (topk) or drawn (sampled) at each position."""
    seed: int = 0
    """Seed of the draws."""

    def __post_init__(self) -> None:
        if self.kind not in ("dense", "topk", "sampled"):
            raise ValueError(f"a cache is dense, topk or sampled, got {self.kind!r}")
        if self.context < 1 or self.stride < 0 or self.k < 1 or self.seed < 0:
            raise ValueError(
                f"context and k must be at least 1, stride and seed at least 0, got {self}"
            )

    @property
    def step(self) -> int:
        """Characters from one window's start to the next, resolved."""
        return self.stride or self.context


def window_starts(length: int, config: CacheConfig) -> np.ndarray:
    """Starts of the windows of a text of `length` characters; each window has a next character."""
    return np.arange(0, length - config.context, config.step)


def build(
    folder: str | Path,
    teacher: NextChar,
    ids: np.ndarray,
    config: CacheConfig,
    *,
    view: View | None = None,
    batch: int = 64,
    stop_after: int | None = None,
) -> Cache:
    """Ask `teacher` about every window of the text `ids` [N], and keep its answers in `folder`.

    A folder that holds part of the same cache is continued; one that holds anything else is
    refused. `stop_after` interrupts the build after this many windows (for tests). ValueError also
    for a text that is too short.
    """
    folder, view = Path(folder), view or full()
    if len(ids) <= config.context:
        raise ValueError(
            f"a text of {len(ids):,} characters has no window of {config.context} and its next"
        )
    check_text(teacher, ids)
    manifest = describe(teacher, ids, config, view)
    path = folder / "manifest.json"
    if path.exists():
        _refuse_other(folder, _manifest(folder), manifest)
        manifest["done"] = _manifest(folder)["done"]
    else:
        folder.mkdir(parents=True, exist_ok=True)
        files.write_json(path, manifest)
    arrays = _open(folder, manifest, "r+")
    starts = window_starts(len(ids), config)
    seen = view.see(ids, teacher.tokenizer)
    reader = view.through(Teacher(teacher))  # both take windows of any length
    places = np.arange(config.context)
    for begin in range(manifest["done"], len(starts), batch):
        if stop_after is not None and begin >= stop_after:
            break
        some = slice(begin, min(begin + batch, len(starts)))
        windows = seen[starts[some, None] + places].astype(np.int64)
        said = ask(reader, windows, starts[some])  # [B, T, V]
        for name, values in _pack(said, config, begin).items():
            arrays[name][some] = values
            arrays[name].flush()
        manifest["done"] = some.stop  # only after these windows are on the disk
        files.write_json(path, manifest)
    return Cache(folder)


def describe(teacher: NextChar, ids: np.ndarray, config: CacheConfig, view: View) -> dict[str, Any]:
    """The manifest of a cache without any window yet."""
    return {
        "format": FORMAT,
        "teacher": fingerprint(teacher),
        "alphabet": teacher.tokenizer.characters,
        "view": view.hash,
        "text": text_hash(ids),
        "characters": len(ids),
        **asdict(config),
        "windows": len(window_starts(len(ids), config)),
        "done": 0,
    }


@dataclass(frozen=True, kw_only=True)
class _Manifest(CacheConfig):
    """The content of manifest.json, checked, because its folder may come from anyone."""

    format: int
    teacher: str
    alphabet: str
    view: str
    text: str
    characters: int
    windows: int
    done: int

    def __post_init__(self) -> None:
        super().__post_init__()
        fitting = max(0, -(-(self.characters - self.context) // self.step))
        if self.windows != fitting or not 0 <= self.done <= self.windows:
            raise ValueError(
                f"{self.done} of {self.windows} windows, where {self.characters} characters have "
                f"{fitting}"
            )


def text_hash(ids: np.ndarray) -> str:
    """SHA-256 of the ids of a text."""
    return hashlib.sha256(np.ascontiguousarray(ids, dtype="<u2").tobytes()).hexdigest()


class Cache:
    """Predictions on disk, opened by the folder's name."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.manifest = _manifest(self.folder)
        names = ("kind", "context", "stride", "k", "seed")
        self.config = CacheConfig(**{name: self.manifest[name] for name in names})
        self.tokenizer = CharTokenizer(self.manifest["alphabet"])
        self._arrays = _open(self.folder, self.manifest, "r")

    @property
    def complete(self) -> bool:
        """Whether every window has been cached."""
        return self.manifest["done"] == self.manifest["windows"]

    @property
    def bytes_per_char(self) -> float:
        """Size on disk over the characters that the windows cover."""
        size = sum(path.stat().st_size for path in self.folder.iterdir())
        return size / (self.manifest["windows"] * self.config.step)

    def check(
        self,
        *,
        teacher: NextChar | None = None,
        ids: np.ndarray | None = None,
        view: View | None = None,
    ) -> None:
        """ValueError if the cache is unfinished, or of another teacher, text or view."""
        if not self.complete:
            raise ValueError(
                f"{self.folder} has {self.manifest['done']:,} of {self.manifest['windows']:,} "
                "windows; build it again with the same settings, and it goes on"
            )
        wanted: dict[str, Any] = {}
        if teacher is not None:
            same_alphabet(self.tokenizer, teacher.tokenizer)
            wanted["teacher"] = fingerprint(teacher)
        if ids is not None:
            wanted["text"] = text_hash(ids)
        if view is not None:
            wanted["view"] = view.hash
        _refuse_other(self.folder, self.manifest, {**self.manifest, **wanted})

    def rows(self, starts: np.ndarray) -> np.ndarray:
        """Indices of windows that begin at these positions; ValueError if there is none."""
        row, rest = np.divmod(np.asarray(starts), self.config.step)
        wrong = np.flatnonzero((rest != 0) | (row < 0) | (row >= self.manifest["done"]))
        if wrong.size:
            raise ValueError(
                f"no window at {int(np.asarray(starts)[wrong[0]])}: {self.folder} has windows that "
                f"begin every {self.config.step} characters; what the teacher says of a character "
                "depends on where its window begins"
            )
        return row

    def snap(self, starts: np.ndarray) -> np.ndarray:
        """Start of the nearest cached window at or before each position."""
        return np.minimum(starts // self.config.step, self.manifest["windows"] - 1) * (
            self.config.step
        )

    def read(self, starts: np.ndarray) -> dict[str, np.ndarray]:
        """The kept predictions of windows that begin at `starts` [B].

        dense: logprobs [B, T, V]; topk: ids and weights [B, T, K]; sampled: ids, weights (all 1)
        and the teacher's entropy [B, T]. ValueError if the data are damaged.
        """
        rows = self.rows(starts)
        found = {
            name: array[rows].astype(np.int64 if name == "ids" else np.float32)
            for name, array in self._arrays.items()
        }
        for name, values in found.items():
            if name == "ids" and values.max(initial=0) >= len(self.tokenizer):
                raise ValueError(f"{self.folder} holds characters that are not in its alphabet")
            if not np.isfinite(values).all():
                raise ValueError(f"{self.folder} holds {name} that are no numbers; build it anew")
        if self.config.kind == "sampled":
            found["weights"] = np.ones(found["ids"].shape, np.float32)
        return found


class CachedTeacher:
    """A dense cache as a teacher: it knows its own windows of the text, and nothing else."""

    def __init__(self, cache: Cache, ids: np.ndarray, *, view: View | None = None) -> None:
        """`ids` is the text that was cached, before the teacher's `view` changed it."""
        if cache.config.kind != "dense":
            raise ValueError(f"a cached teacher needs a dense cache, this is {cache.config.kind}")
        cache.check(ids=ids, view=view or full())
        self.cache = cache
        starts = window_starts(len(ids), cache.config)
        windows = ids[starts[:, None] + np.arange(cache.config.context)].astype(np.int64)
        self._starts = {row.tobytes(): start for row, start in zip(windows, starts)}

    @property
    def tokenizer(self) -> CharTokenizer:
        """The teacher's alphabet."""
        return self.cache.tokenizer

    @property
    def context(self) -> int:
        """The length of its windows."""
        return self.cache.config.context

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the teacher whose predictions these are."""
        return self.cache.manifest["teacher"]

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        """Log-probabilities [B, T, V] of cached windows; ValueError for any other."""
        wanted = np.ascontiguousarray(ids, dtype=np.int64)
        starts = [self._starts.get(row.tobytes()) for row in wanted]
        if None in starts:
            raise ValueError(
                f"window {starts.index(None)} is not in {self.cache.folder}; it holds windows of "
                f"{self.context} characters that begin every {self.cache.config.step}"
            )
        return self.cache.read(np.array(starts))["logprobs"]

    def start(self, ids: np.ndarray) -> tuple[Any, np.ndarray]:
        """Not possible: ValueError."""
        raise ValueError("a cache knows the training text only; ask the teacher itself to go on")

    def step(self, state: Any, ids: np.ndarray) -> np.ndarray:
        """Not possible: ValueError."""
        raise ValueError("a cache knows the training text only; ask the teacher itself to go on")


def _pack(said: np.ndarray, config: CacheConfig, begin: int) -> dict[str, np.ndarray]:
    """The kept part of log-probabilities [B, T, V]; draws depend only on the window's number."""
    if config.kind == "dense":
        return {"logprobs": said.clip(min=np.finfo(np.float16).min)}
    p = np.exp(said.astype(np.float64))
    if config.kind == "topk":
        ids = np.argsort(-said, axis=-1, kind="stable")[..., : config.k]
        return {"ids": ids, "weights": np.take_along_axis(p, ids, -1)}
    luck = np.stack(
        [
            np.random.default_rng((config.seed, begin + i)).random((said.shape[1], config.k))
            for i in range(len(said))
        ]
    )  # [B, T, K]
    ladder = p.cumsum(-1)
    ladder /= ladder[..., -1:]
    ids = np.stack([(ladder < luck[..., i, None]).sum(-1) for i in range(config.k)], axis=-1)
    return {"ids": ids, "entropy": -(p * np.where(p > 0, said, 0)).sum(-1)}


def _layout(manifest: dict[str, Any]) -> dict[str, tuple[Any, tuple[int, ...]]]:
    places: tuple[int, ...] = (manifest["windows"], manifest["context"])
    size = len(manifest["alphabet"])
    small = np.uint8 if size <= 256 else np.uint16
    if manifest["kind"] == "dense":
        return {"logprobs": (np.float16, (*places, size))}
    kept = (*places, min(manifest["k"], size) if manifest["kind"] == "topk" else manifest["k"])
    other = {"weights": (np.float16, kept)}
    if manifest["kind"] == "sampled":
        other = {"entropy": (np.float16, places)}
    return {"ids": (small, kept), **other}


def _open(folder: Path, manifest: dict[str, Any], mode: Literal["r", "r+"]) -> dict[str, Any]:
    found = {}
    for name, (dtype, shape) in _layout(manifest).items():
        path = folder / f"{name}.bin"
        size = math.prod(shape) * np.dtype(dtype).itemsize
        if mode == "r+" and not path.exists() and manifest["done"] == 0:
            with open(path, "wb") as file:
                file.truncate(size)
        if not path.exists() or path.stat().st_size != size:
            raise ValueError(f"{path} is missing or has been cut; remove {folder} and build anew")
        found[name] = np.memmap(path, dtype=dtype, mode=mode, shape=shape)
    return found


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    if not path.exists():
        raise ValueError(f"no cache at {folder} (no manifest.json)")
    manifest = files.read_json(path)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise ValueError(f"{path} is not the manifest of a cache of this version")
    try:
        _Manifest(**typed(_Manifest, manifest))
        CharTokenizer(manifest["alphabet"])
    except (TypeError, ValueError) as error:
        raise ValueError(f"{path} does not describe a cache: {error}") from None
    return manifest


def _refuse_other(folder: Path, found: dict[str, Any], wanted: dict[str, Any]) -> None:
    for name in wanted:
        if name != "done" and found.get(name) != wanted[name]:
            there, asked = str(found.get(name))[:12], str(wanted[name])[:12]
            raise ValueError(
                f"{folder} is a cache for another {name} ({there} there, {asked} asked for); "
                "name another folder, or remove this one"
            )

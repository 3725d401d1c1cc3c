"""One meter from many files: in this process, or on a Ray cluster, with the same result.

Idea:   a file is a leaf: it is read in chunks by one meter. Leaves merge in pairs of neighbours, as
        in a knock-out tournament. Files, chunks and tree do not depend on the workers, and merging
        is a pure function of bytes, so the result is the same to the last byte. If a worker dies,
        its leaf is read again.
Source: Agarwal et al., "Mergeable summaries", PODS 2012; Moritz et al., "Ray", OSDI 2018.
Run:    python -m synthdata measure 's3://bucket/*.jsonl' --stream --engine ray
Omits:  splitting one file among workers; a gzip file cannot be.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from synthdata.io import streams
from synthdata.io.reader import read_file
from synthdata.io.rows import ReadConfig
from synthdata.streaming.meter import Meter, MeterConfig

Engine = Literal["local", "ray"]
Progress = Callable[[int], Any]
"""Called with the number of stored bytes that were read since the last call."""

_SUBTREE = 256  # leaves handed to the cluster together: a power of two, so that the tree stays
_RETRIES = 5


def meter_files(
    paths: Sequence[str],
    read: ReadConfig | None = None,
    config: MeterConfig | None = None,
    *,
    engine: Engine = "local",
    progress: Progress | None = None,
) -> Meter:
    """The meter of all rows of all files; its `tally` counts what was read.

    ValueError as `synthdata.io.reader.read`, if rows may be too large for the memory given, and if
    the engine is not installed.
    """
    read, config = read or ReadConfig(), (config or MeterConfig()).decided()
    if read.max_row > config.largest_row:
        raise ValueError(
            f"rows of {read.max_row:,} bytes may not fit into {config.ram:,} bytes of memory; "
            f"lower --max-row to {config.largest_row:,}, or raise --ram to {read.max_row * 16:,}"
        )
    if engine not in ("local", "ray"):
        raise ValueError(f"no engine {engine!r}; choose local or ray")
    found = streams.expand(paths)
    if engine == "ray":
        return Meter.from_bytes(_on_ray(found, read, config, progress or _silent))
    stack: list[tuple[int, bytes]] = []  # (height, subtree): a binary counter, so log2(files) long
    for path in found:
        leaf = meter_file(path, read, config, progress or _silent)
        stack.append((0, leaf))
        while len(stack) > 1 and stack[-1][0] == stack[-2][0]:
            (height, right), (_, left) = stack.pop(), stack.pop()
            stack.append((height + 1, merge(left, right)))
    total = stack.pop()[1]
    while stack:
        total = merge(stack.pop()[1], total)
    return Meter.from_bytes(total)


def meter_file(
    path: str, read: ReadConfig, config: MeterConfig, progress: Progress | None = None
) -> bytes:
    """A leaf: one file's meter."""
    meter = Meter(config)
    seen = 0

    def texts() -> Iterator[str]:
        nonlocal seen
        for row in read_file(path, read, meter.tally):
            now = meter.tally.files[-1].bytes
            if progress is not None and now > seen:
                progress(now - seen)
            seen, text = now, row.text
            del row
            yield text
            del text

    data = meter.update(texts()).to_bytes()
    if progress is not None and meter.tally.files[-1].bytes > seen:
        progress(meter.tally.files[-1].bytes - seen)
    return data


def merge(left: bytes, right: bytes) -> bytes:
    """An inner node of the tree."""
    return Meter.from_bytes(left).merge(Meter.from_bytes(right)).to_bytes()


def _silent(_: int) -> None:
    pass


def _on_ray(
    paths: Sequence[str], read: ReadConfig, config: MeterConfig, progress: Progress
) -> bytes:
    if streams.STDIN in paths:
        raise ValueError("a cluster cannot read this process's standard input; name files")
    ray = start_ray()
    leaf = ray.remote(max_retries=_RETRIES)(_leaf_of())
    node = ray.remote(max_retries=_RETRIES)(merge)
    try:
        subtrees: list[Any] = []
        for start in range(0, len(paths), _SUBTREE):
            part = paths[start : start + _SUBTREE]
            refs = [leaf.remote(path, read, config, os.getcwd()) for path in part]
            subtrees.append(_tree(refs, node))
            if len(subtrees) > 2:  # keeps most leaves of a large job out of the object store
                ray.wait([subtrees[-3]])
            for path in part:
                progress(_size(path))
        data: bytes = ray.get(_tree(subtrees, node))
        return data
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, ValueError | OSError):
            raise error.cause from None
        raise


def _tree(refs: list[Any], node: Any) -> Any:
    while len(refs) > 1:
        pairs = [node.remote(refs[i], refs[i + 1]) for i in range(0, len(refs) - 1, 2)]
        refs = pairs + refs[len(pairs) * 2 :]
    return refs[0]


def _leaf_of() -> Callable[..., bytes]:
    """The function that a worker runs for a leaf; tests replace it by one that dies."""
    return _leaf


def _leaf(path: str, read: ReadConfig, config: MeterConfig, folder: str) -> bytes:
    if os.path.isdir(folder):
        os.chdir(folder)  # so that relative names are those of the user's folder
    return meter_file(path, read, config)


def _size(path: str) -> int:
    return os.path.getsize(path) if os.path.isfile(path) else 0


def start_ray(**options: Any) -> Any:
    """The ray module, connected to RAY_ADDRESS or started here, its telemetry off.

    A Ray already running in this process is used unchanged.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise ValueError(f"--engine ray needs Ray: {streams.INSTALL_SCALE}") from None
    if not ray.is_initialized():
        here = str(Path(__file__).resolve().parent.parent)  # workers import what the driver does
        path = os.pathsep.join(p for p in (here, os.environ.get("PYTHONPATH")) if p)
        ray.init(
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"env_vars": {"PYTHONPATH": path}},
            **options,
        )
    return ray

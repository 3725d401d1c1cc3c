"""One process and a cluster agree to the last byte, also when a worker is killed."""

from __future__ import annotations

import builtins
import gzip
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synthdata.__main__ import main
from synthdata.io.rows import ReadConfig
from synthdata.streaming import meter as meter_module
from synthdata.streaming import scale
from synthdata.streaming.meter import Meter, MeterConfig

pytest.importorskip("datasketches")
CONFIG = MeterConfig(ram=64 << 20, words="word")
READ = ReadConfig(max_row=1 << 20)


def corpus(folder: Path, files: int, rows: int = 300) -> list[str]:
    rng = np.random.default_rng(7)
    paths = []
    for number in range(files):
        words = rng.zipf(1.3, (rows, 12)) % 5000
        lines = [json.dumps({"text": " ".join(f"w{w}" for w in row)}) for row in words.tolist()]
        data = "\n".join([*lines, "broken"]).encode()
        path = folder / f"{number:02d}.jsonl{'.gz' if number % 2 else ''}"
        path.write_bytes(gzip.compress(data) if number % 2 else data)
        paths.append(str(path))
    return paths


@pytest.mark.parametrize("files", [1, 2, 3, 5, 7])
def test_the_tree_is_the_tournament(
    tmp_path: Path, files: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The binary counter in `meter_files` builds what pairing neighbours level by level builds."""
    monkeypatch.setattr(scale, "meter_file", lambda path, *_: path.encode())
    monkeypatch.setattr(scale, "merge", lambda a, b: b"(" + a + b + b")")
    monkeypatch.setattr(meter_module.Meter, "from_bytes", staticmethod(lambda data: data))
    paths = [str(tmp_path / str(i)) for i in range(files)]
    for path in paths:
        Path(path).touch()

    class Node:
        remote = staticmethod(lambda a, b: b"(" + a + b + b")")

    tournament = scale._tree([path.encode() for path in paths], Node)
    assert scale.meter_files(paths, READ, CONFIG) == tournament


def test_files_add_up(tmp_path: Path) -> None:
    paths = corpus(tmp_path, 5)
    meter = scale.meter_files([str(tmp_path / "*")], READ, CONFIG)
    assert (meter.documents, meter.tally.rows) == (1500, 1500)
    assert meter.tally.bad == {"not JSON": 5}
    assert [record.path for record in meter.tally.files] == paths
    assert all(record.rows == 300 and len(record.sha256) == 64 for record in meter.tally.files)
    one = Meter(CONFIG).update(
        json.loads(line)["text"]
        for path in paths
        for line in (gzip.open if path.endswith("gz") else open)(path, "rt")
        if line.startswith("{")
    )
    for name, channel in meter.channels.items():
        assert channel.total == one.channels[name].total
        for mine, theirs in zip(channel.bottom.sample(), one.channels[name].bottom.sample()):
            np.testing.assert_array_equal(mine, theirs)


def test_rows_that_cannot_fit_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"lower --max-row to 4,194,304, or raise --ram"):
        scale.meter_files(corpus(tmp_path, 1), ReadConfig(), CONFIG)
    with pytest.raises(ValueError, match="choose local or ray"):
        scale.meter_files(corpus(tmp_path, 1), READ, CONFIG, engine="spark")  # type: ignore[arg-type]


def test_progress_counts_the_stored_bytes(tmp_path: Path) -> None:
    paths = corpus(tmp_path, 2)
    seen: list[int] = []
    scale.meter_files(paths, READ, CONFIG, progress=seen.append)
    assert sum(seen) == sum(os.path.getsize(path) for path in paths)


def test_without_ray_the_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def importing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "ray":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", importing)
    with pytest.raises(ValueError, match=r"pip install -e '\.\[scale\]'"):
        scale.start_ray()


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    pytest.importorskip("ray")
    module = scale.start_ray(num_cpus=2, object_store_memory=100 << 20)
    yield module
    module.shutdown()


def test_a_cluster_agrees_to_the_last_byte(
    ray: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus(tmp_path, 5)
    monkeypatch.chdir(tmp_path)  # relative names mean the same to the workers
    names = ["03.jsonl.gz", "*.jsonl"]
    here = scale.meter_files(names, READ, CONFIG)
    there = scale.meter_files(names, READ, CONFIG, engine="ray")
    assert there.to_bytes() == here.to_bytes()
    monkeypatch.setattr(scale, "_SUBTREE", 2)
    assert scale.meter_files(names, READ, CONFIG, engine="ray").to_bytes() == here.to_bytes()
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


def test_the_command_gives_the_same_with_either_engine(
    ray: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus(tmp_path, 3)
    said = []
    for engine in ("local", "ray"):
        options = ["--stream", "--ram", "64M", "--max-row", "1M", "--engine", engine, "--json"]
        with pytest.raises(SystemExit) as stop:
            main(["measure", str(tmp_path / "*"), *options])
        assert stop.value.code == 0
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]


def test_no_file_decides_what_a_word_is(ray: Any, tmp_path: Path) -> None:
    for name, text in (("a", "从前有座山，山里有座庙"), ("b", "once upon a time"), ("c", "山")):
        (tmp_path / f"{name}.txt").write_text(f"{text}\n" * 3)
    undecided = MeterConfig(ram=64 << 20)
    for first in ("a", "b"):
        names = [str(tmp_path / f"{first}.txt"), str(tmp_path / "c.txt")]
        here = scale.meter_files(names, READ, undecided)
        there = scale.meter_files(names, READ, undecided, engine="ray")
        assert here.config.words == there.config.words == "word"
        assert here.to_bytes() == there.to_bytes()


def test_a_killed_worker_loses_nothing(
    ray: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = corpus(tmp_path, 4)
    here = scale.meter_files(paths, READ, CONFIG)
    victim = tmp_path / "victim"

    def dying_leaf(path: str, read: Any, config: Any, folder: str) -> bytes:
        if path.endswith("02.jsonl") and not victim.exists():
            victim.write_text(str(os.getpid()))
            time.sleep(60)  # until it is killed
        return scale._leaf(path, read, config, folder)

    monkeypatch.setattr(scale, "_leaf_of", lambda: dying_leaf)

    def kill() -> None:
        while not (victim.exists() and victim.read_text()):
            time.sleep(0.05)
        os.kill(int(victim.read_text()), signal.SIGKILL)

    import threading

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    there = scale.meter_files(paths, READ, CONFIG, engine="ray")
    killer.join(timeout=1)
    assert not killer.is_alive()
    assert there.to_bytes() == here.to_bytes()


def test_errors_on_the_cluster_are_the_users_own(ray: Any, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("nothing of use\n")
    with pytest.raises(ValueError, match=r"a\.jsonl has no usable row: 1 x not JSON"):
        scale.meter_files([str(tmp_path / "a.jsonl")], READ, CONFIG, engine="ray")
    with pytest.raises(ValueError, match="standard input"):
        scale.meter_files(["-"], READ, CONFIG, engine="ray")

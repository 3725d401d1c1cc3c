"""Saved meters and vectors from strangers, checksums right: refused in one line, at once."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from synthdata.io import dataset
from synthdata.io.reader import Tally
from synthdata.streaming import meter
from synthdata.streaming.meter import Meter, MeterConfig

pytest.importorskip("datasketches")
SMALL = MeterConfig(ram=64 << 20, words="word")
MADE = Meter(SMALL).update(["a joke about a hen", "a song about a hen", "one more"])

Header = dict[str, Any]
Arrays = dict[str, np.ndarray]


def signed(body: bytes) -> bytes:
    """A meter file with this body and its checksum."""
    return meter._MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def forged(change: Callable[[Header, Arrays], object], *, packed: bool = False) -> bytes:
    """A meter with another header or other arrays, and a correct checksum."""
    body = MADE.to_bytes()[len(meter._MAGIC) + 65 :]
    with np.load(io.BytesIO(body)) as stored:
        arrays = {name: stored[name] for name in stored.files}
    header = json.loads(arrays.pop("header").tobytes())
    text = change(header, arrays)
    written = (text if isinstance(text, str) else json.dumps(header)).encode()
    arrays = {"header": np.frombuffer(written, np.uint8), **arrays}
    buffer = io.BytesIO()
    (np.savez_compressed if packed else np.savez)(buffer, allow_pickle=False, **arrays)
    return signed(buffer.getvalue())


def claiming(shape: str) -> bytes:
    """A meter with an array that says it is of another shape."""
    body = MADE.to_bytes()[len(meter._MAGIC) + 65 :]
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(buffer, "w") as new:
        for info in old.infolist():
            data = old.read(info)
            if info.filename == "1_hashes.npy":
                start = data.index(b"'shape': (")
                end = data.index(b"\n", start)
                data = data[:start] + f"'shape': {shape}}}".encode().ljust(end - start) + data[end:]
            new.writestr(info.filename, data)
    return signed(buffer.getvalue())


def config(**values: object) -> Callable[[Header, Arrays], object]:
    """Other settings."""
    return lambda header, _: header["config"].update(values)


def channel(**values: object) -> Callable[[Header, Arrays], object]:
    """Other numbers of the channel of words."""
    return lambda header, _: header["channels"]["words"].update(values)


def array(name: str, make: Callable[[np.ndarray], np.ndarray]) -> Callable[[Header, Arrays], Any]:
    """Another array in the channel of words."""
    return lambda _, arrays: arrays.update({f"1_{name}": make(arrays[f"1_{name}"])})


FORGERIES: dict[str, bytes] = {
    "nested": forged(lambda *_: "[" * 100_000),
    "a list": forged(lambda *_: "[1]"),
    "no channels": forged(lambda header, _: header.pop("channels")),
    "no config": forged(lambda header, _: header.pop("config")),
    "memory in words": forged(config(ram="all")),
    "a fraction": forged(config(order=2.5)),
    "an unknown setting": forged(config(flux=1)),
    "a policy in words": forged(config(policy="all")),
    "documents in words": forged(lambda header, _: header.update(documents="many")),
    "fewer than none": forged(lambda header, _: header.update(documents=-1)),
    "2^70 characters": forged(lambda header, _: header.update(characters=2**70)),
    "no tally": forged(lambda header, _: header.update(tally=None)),
    "a tally in words": forged(lambda header, _: header["tally"].update(rows="many")),
    "bad rows in words": forged(lambda header, _: header["tally"].update(bad={"x": "y"})),
    "bad rows in halves": forged(lambda header, _: header["tally"].update(bad={"x": 0.5})),
    "rows below none": forged(lambda header, _: header["tally"].update(rows=-1)),
    "examples of numbers": forged(lambda header, _: header["tally"].update(examples=["a", 7])),
    "files that are none": forged(lambda header, _: header["tally"].update(files=[{"path": 1}])),
    "a sample of 2^60": forged(channel(k=2**60)),
    "a table of 2^40": forged(channel(log2_heavy=40)),
    "a total in words": forged(channel(total="many")),
    "less than was counted": forged(channel(total=1)),
    "an error below none": forged(channel(heavy_error=-5)),
    "labels of nothing": forged(channel(labels={"zz": "x"})),
    "a label beyond 64 bits": forged(channel(labels={"1" * 17: "x"})),
    "no hashes": forged(lambda _, arrays: arrays.pop("1_hashes")),
    "hashes of floats": forged(array("hashes", lambda a: a.astype(np.float64))),
    "hashes in no order": forged(array("hashes", lambda a: a[::-1])),
    "more counts than hashes": forged(array("counts", lambda a: np.append(a, 1))),
    "counts below none": forged(array("counts", lambda a: -a)),
    "counts that overflow": forged(array("counts", lambda a: a * 0 + 2**62)),
    "no cardinality": forged(array("cardinality", lambda a: a[:0])),
    "half a cardinality": forged(array("cardinality", lambda a: a[: len(a) // 2])),
    "zeros for a cardinality": forged(array("cardinality", lambda a: a * 0)),
    "a terabyte": claiming("(137438953472,)"),
    "2^70 numbers": claiming(f"({2**70},)"),
    "a matrix": claiming("(2, 1)"),
    "a bomb": forged(lambda _, arrays: arrays.update(more=np.zeros(1 << 24)), packed=True),
    "no zip": signed(b"PK" * 50),
    "nothing": signed(b""),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_meter_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(ValueError, match=r"^x\.meter does not describe a meter") as caught:
        Meter.from_bytes(FORGERIES[name], "x.meter")
    assert len(str(caught.value)) < 500


def test_the_forger_is_not_at_fault() -> None:
    assert Meter.from_bytes(forged(lambda *_: None)).to_bytes() == MADE.to_bytes()


def test_whatever_a_cardinality_holds_is_refused_or_read() -> None:
    """A thousand altered bytes in a sketch that another library parses."""
    rng = np.random.default_rng(0)
    for _ in range(200):

        def damage(found: np.ndarray) -> np.ndarray:
            found = found.copy()
            for place in rng.integers(0, min(len(found), 48), 5):
                found[place] = rng.integers(256)
            return found

        with contextlib.suppress(ValueError):
            Meter.from_bytes(forged(array("cardinality", damage))).merge(MADE)


def test_vectors_are_no_larger_than_their_file(tmp_path: Path) -> None:
    loaded = dataset.Loaded(rows=(), tally=Tally(rows=3), positions=np.arange(3))
    for shape in ("(3, 4611686018427387904)", "(3, 100000000000)", f"(3, {2**80})"):
        buffer = io.BytesIO()
        np.lib.format.write_array(buffer, np.ones((3, 2)))
        data = buffer.getvalue()
        start, end = data.index(b"'shape'"), data.index(b"\n")
        (tmp_path / "v.npy").write_bytes(
            data[:start] + f"'shape': {shape}, }}".encode().ljust(end - start) + data[end:]
        )
        with pytest.raises(ValueError, match=r"v\.npy is not a \.npy file of numbers"):
            dataset.embeddings(str(tmp_path / "v.npy"), loaded)
    (tmp_path / "v.npy").write_bytes(b"PK\x03\x04 and no zip")
    with pytest.raises(ValueError, match=r"v\.npy is not a \.npy file of numbers"):
        dataset.embeddings(str(tmp_path / "v.npy"), loaded)
    np.save(tmp_path / "v.npy", np.ones((3, 2)))
    assert dataset.embeddings(str(tmp_path / "v.npy"), loaded).shape == (3, 2)

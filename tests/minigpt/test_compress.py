"""Compression: what goes in comes out, at the size the model promises, or an error says why."""

from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit import command
from minigpt import compress
from minigpt.compress import __main__ as command_module
from minigpt.compress import classical, container, escapes
from minigpt.compress.__main__ import CompressConfig, main
from minigpt.compress.arithmetic import (
    MAX_CELLS,
    Decoder,
    Encoder,
    choose_streams,
    decode_streams,
    encode_streams,
    frequencies,
)
from minigpt.ngram import NGram
from minigpt.tokenizer import CharTokenizer


def prose(length: int, seed: int = 0) -> str:
    """Words of a made-up language, common ones more often: about 2 bits a character."""
    rng = np.random.default_rng(seed)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = ["".join(np.random.default_rng(i).choice(letters, 1 + i % 9)) for i in range(500)]
    chosen = rng.choice(500, length // 3, p=(1 / np.arange(3, 503)) / (1 / np.arange(3, 503)).sum())
    ends = rng.choice([" ", ", ", ".\n"], length // 3, p=[0.8, 0.1, 0.1])
    return "".join(words[i] + e for i, e in zip(chosen, ends))[:length]


MODEL = NGram.fit(prose(20_000), order=4)


class Fussy:
    """Predictions that depend on the batch size and on how often it was asked, as last bits do."""

    context = None
    precision, threads = "fp32", 3
    fingerprint = "ab" * 32

    def __init__(self, characters: str = "abc", drift: int = 0) -> None:
        self.tokenizer = CharTokenizer(characters)
        self.drift = drift
        """How much later runs differ from earlier ones; 0 for a model that repeats itself."""
        self.runs = 0

    def logprobs(self, ids: np.ndarray) -> np.ndarray:
        raise NotImplementedError  # a coder goes step by step

    def start(self, ids: np.ndarray) -> tuple[Any, np.ndarray]:
        self.runs += self.drift
        state = {"steps": 0, "last": ids[:, -1]}
        return state, self._predict(state)

    def step(self, state: Any, ids: np.ndarray) -> np.ndarray:
        state["steps"] += 1
        state["last"] = ids
        return self._predict(state)

    def _predict(self, state: Any) -> np.ndarray:
        batch, size = len(state["last"]), len(self.tokenizer)
        rng = np.random.default_rng([self.runs, batch, state["steps"]])
        table = rng.dirichlet(np.full(size, 0.3), size=size).clip(1e-9)
        return np.log(table / table.sum(1, keepdims=True))[state["last"]].astype(np.float32)


# The coder.


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 6), st.integers(1, 40), st.floats(0.02, 3))
def test_coder_returns_what_it_was_given(
    seed: int, streams: int, steps: int, concentration: float
) -> None:
    rng = np.random.default_rng(seed)
    tables = rng.dirichlet(np.full(5, concentration), size=(steps, streams)).clip(1e-30)
    symbols = rng.integers(-1, 5, (steps, streams))  # likely and unlikely ones, and pauses
    encoder = Encoder(streams)
    for p, s in zip(tables, symbols):
        encoder.put(frequencies(np.log(p)), s)
    decoder = Decoder(encoder.finish())
    for p, s in zip(tables, symbols):
        np.testing.assert_array_equal(decoder.get(frequencies(np.log(p)), s >= 0), s)


@pytest.mark.parametrize(
    ("last", "digits"),
    [(0, b"\x7f" + b"\xff" * 24), (1, b"\x7f" + b"\xff" * 24), (2, b"\x80" + bytes(24))],
)
def test_coder_carries_through_many_digits(last: int, digits: bytes) -> None:
    # The middle half, again and again, closes in on one half from both sides: 0.0111... or 0.1000
    # is left open until the last symbol, and a carry must then run through 200 bits, 25 digits.
    table = frequencies(np.log([[0.25, 0.5, 0.25]]))
    symbols = [1] * 200 + [last] * 30
    encoder = Encoder(1)
    for s in symbols:
        encoder.put(table, np.array([s]))
    (coded,) = encoder.finish()
    assert coded[:25] == digits
    decoder = Decoder([coded])
    assert [int(decoder.get(table, np.array([True]))[0]) for _ in symbols] == symbols


@pytest.mark.parametrize("p", [0.999_9, 0.9, 0.5, 1e-6])
def test_coder_loses_less_than_two_bytes_whatever_the_probability(p: float) -> None:
    symbols = (np.random.default_rng(0).random(4000) > p).astype(int)
    table = np.log([[p, 1 - p]])
    encoder = Encoder(1)
    for s in symbols:
        encoder.put(frequencies(table), np.array([s]))
    ideal = -table[0, symbols].sum() / np.log(2)
    assert 8 * len(encoder.finish()[0]) <= ideal * 1.0001 + 16


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 300), st.floats(0, 40), st.integers(0, 2**32))
def test_frequencies_fill_the_whole_and_forget_nobody(size: int, spread: float, seed: int) -> None:
    logits = np.random.default_rng(seed).normal(0, spread, (3, size))
    logprobs = (logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)).astype(np.float32)
    whole = frequencies(logprobs)
    assert (whole.sum(axis=1, dtype=np.uint64) == 2**32).all()
    assert whole.min() >= 1
    np.testing.assert_allclose(whole / 2**32, np.exp(logprobs), atol=1e-6)


def test_frequencies_of_the_largest_alphabet() -> None:
    p = np.random.default_rng(0).dirichlet(np.full(65_536, 0.01), size=2).clip(1e-12)
    whole = frequencies(np.log(p / p.sum(1, keepdims=True)).astype(np.float32))
    assert (whole.sum(axis=1, dtype=np.uint64) == 2**32).all()
    # what a character costs on average, against its entropy
    with np.errstate(divide="ignore"):
        cost = -(p * np.log2(whole / 2**32)).sum(1)
    assert cost == pytest.approx(-(p * np.log2(p)).sum(1), rel=1e-3)


def test_predictions_that_are_not_numbers_are_refused() -> None:
    for bad in (np.nan, np.inf):
        with pytest.raises(ValueError, match="nan or inf"):
            frequencies(np.array([[0.0, bad]]))


# Streams.


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 50), st.integers(1, 60))
def test_streams_round_trip_with_a_model_that_minds_the_batch_size(n: int, streams: int) -> None:
    model = Fussy()
    ids = np.random.default_rng(n).integers(0, 3, n)
    coded, _ = encode_streams(ids, model, streams)
    assert len(coded) == min(n, streams)
    np.testing.assert_array_equal(decode_streams(coded, n, model), ids)


def test_ideal_is_the_models_own_loss_under_the_cut() -> None:
    ids = MODEL.tokenizer.encode(prose(3000, seed=1))
    _, ideal = encode_streams(ids, MODEL, 3)
    newline = MODEL.tokenizer.encode("\n")
    parts = [np.concatenate([newline, part]) for part in np.split(ids, 3)]
    nats = -sum(MODEL.logprob_of(part)[1:].sum() for part in parts)
    assert ideal == pytest.approx(nats / np.log(2), rel=1e-6)


@pytest.mark.parametrize("length", [60_000, 200_000])
def test_size_is_within_half_a_percent_of_the_ideal(length: int) -> None:
    text = prose(length, seed=2)
    ids = MODEL.tokenizer.encode(text)
    _, ideal = encode_streams(ids, MODEL, choose_streams(len(ids), len(MODEL.tokenizer)))
    size = 8 * len(compress.compress(text, MODEL, verify=False))
    assert ideal < size < 1.005 * ideal


def test_number_of_streams_follows_length_and_memory() -> None:
    assert choose_streams(0, 65) == choose_streams(1, 65) == 1
    assert choose_streams(10**9, 65) == 512
    assert choose_streams(10**9, 65_536) * 65_536 <= MAX_CELLS


# Files.


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.text("abc .\n", max_size=60), st.text(max_size=40)))
def test_any_text_round_trips(text: str) -> None:
    assert compress.decompress(compress.compress(text, MODEL), MODEL) == text.encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"a",
        "中".encode(),
        "四海之内皆兄弟也。" * 50,
        "naïve 👩‍👩‍👧 e\u0301 \0 \r\n\ufeff end",
        "a" * 10_000,
        bytes(range(256)) * 3,
        b"abc \xe4 a \xb8\xad",  # halves of a character apart must not grow together
    ],
    ids=["empty", "one", "one foreign", "chinese", "mixed", "long", "binary", "torn"],
)
def test_any_file_round_trips(data: bytes | str) -> None:
    blob = compress.compress(data, MODEL)
    assert compress.decompress(blob, MODEL) == (data.encode() if isinstance(data, str) else data)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_split_and_join(data: bytes) -> None:
    tokenizer = CharTokenizer("\0aé中")
    assert escapes.join(*escapes.split(data, tokenizer), tokenizer) == data


def test_foreign_text_is_no_larger_than_under_xz() -> None:
    import lzma

    text = "".join(chr(0x4E00 + i) for i in np.random.default_rng(0).geometric(0.01, 5000))
    assert len(compress.compress(text, MODEL)) < len(lzma.compress(text.encode())) + 100


def test_progress_counts_every_character_of_both_passes() -> None:
    seen: list[int] = []
    compress.compress(prose(500), MODEL, streams=7, progress=seen.append)
    assert sum(seen) == 1000
    assert min(seen) > 0


@given(st.text("abc é", max_size=60), st.integers(1, 9), st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_batches_round_trip(text: str, streams: int, batches: int) -> None:
    blob = compress.compress(text, MODEL, streams=streams, batches=batches)
    assert compress.decompress(blob, MODEL) == text.encode()
    header = compress.read_header(blob)
    assert header.batches == max(1, min(batches, len(header.streams)))


def test_progress_counts_characters_the_model_does_not_know() -> None:
    seen: list[int] = []
    compress.compress("thé né" * 20, MODEL, streams=7, progress=seen.append)
    assert sum(seen) == 240


def test_a_large_machine_starts_a_few_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minigpt.device.cores", lambda: 64)
    assert command_module._processes(CompressConfig(paths=("f",))) == command_module.CREW
    assert command_module._processes(CompressConfig(paths=("f",), model="ngram")) == 1


def test_several_processes_write_what_one_does() -> None:
    text, seen = prose(3_000), list[int]()
    one = compress.compress(text, MODEL, streams=5, batches=3)
    two = compress.compress(text, MODEL, streams=5, batches=3, processes=2, progress=seen.append)
    assert one == two
    assert sum(seen) == 6_000


BLOB = compress.compress("a tale of thé", MODEL)


def test_every_altered_byte_is_noticed() -> None:
    for place in range(len(BLOB)):
        for bit in range(8):
            bad = bytearray(BLOB)
            bad[place] ^= 1 << bit
            with pytest.raises(ValueError, match=r"altered|not made by"):
                compress.decompress(bytes(bad), MODEL)


def test_every_cut_is_noticed() -> None:
    for length in range(len(BLOB)):
        with pytest.raises(ValueError, match=r"cut|not made by"):
            compress.decompress(BLOB[:length], MODEL)
    with pytest.raises(ValueError, match="cut"):
        compress.decompress(BLOB + b"\0", MODEL)


@pytest.mark.parametrize(
    "numbers",
    [
        [9, 1, 1, 0, 0, 0, 0, 0],
        [0, 1, 1, 2, 2, 0, 0, 5, 0, 0],
        [0, 1, 1, 0, 9, 0, 0, 0],
        [0, 1, 1, 2, 1, 0, 0, 0, 0, 0],
        [0, 1, 3, 2, 9, 0, 0, 0, 0, 0],
        [0, 1, 0, 1, 9, 0, 0, 0, 0],
    ],
    ids=["precision", "lengths", "none", "more than characters", "batches", "no batch"],
)
def test_a_whole_file_that_contradicts_itself_is_refused(numbers: list[int]) -> None:
    body = BLOB[:20] + escapes.varints(numbers)
    blob = body + hashlib.sha256(body).digest()[:8]
    with pytest.raises(ValueError, match="contradicts itself"):
        compress.decompress(blob, MODEL)


def test_a_file_that_ends_within_its_header_is_refused() -> None:
    body = BLOB[:20] + b"\xff"
    with pytest.raises(ValueError, match="end within a number"):
        compress.decompress(body + hashlib.sha256(body).digest()[:8], MODEL)


def test_what_is_not_ours_is_named() -> None:
    with pytest.raises(ValueError, match="empty file"):
        compress.decompress(b"", MODEL)
    with pytest.raises(ValueError, match="not made by"):
        compress.decompress(pickle.dumps({"a": 1}), MODEL)
    with pytest.raises(ValueError, match="cut or altered"):
        compress.decompress(container.MAGIC + pickle.dumps({"a": 1}) * 9, MODEL)


def test_another_model_precision_or_thread_count_is_named() -> None:
    other = NGram.fit(prose(20_000), order=3)
    with pytest.raises(ValueError, match=other.fingerprint[:12]):
        compress.decompress(BLOB, other)
    model = Fussy()
    blob = compress.compress("abc", model)
    header = compress.read_header(blob)
    assert (header.precision, header.threads, header.characters) == ("fp32", 3, 3)
    model.threads = 2
    with pytest.raises(ValueError, match=r"3 thread\(s\).* with 2"):
        compress.decompress(blob, model)


def test_a_model_that_does_not_repeat_itself_is_caught_when_verifying() -> None:
    with pytest.raises(ValueError, match="predicts a little differently"):
        compress.compress("abcabcabc" * 20, Fussy(drift=1))
    compress.compress("abcabcabc" * 20, Fussy(drift=1), verify=False)


# The table.


def test_classical_sizes_and_what_priming_brings() -> None:
    training, data = prose(20_000).encode(), prose(8_000, seed=3).encode()
    rows = {row.name: row for row in classical.rows(data, training)}
    assert list(rows)[:4] == ["gzip -9", "bzip2 -9", "xz -9e", "zstd --ultra -22"]
    assert sum(name.startswith("PPMd") for name in rows) == 3
    for row in rows.values():
        assert 1000 < row.primed < 0.97 * row.alone < 8000, row  # it knows the words
    assert (
        classical.rows(training[5000:9000], training)[2].primed < 200
    )  # a copy costs next to nothing


def test_a_missing_package_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pyppmd", "zstandard"):
        monkeypatch.setitem(sys.modules, name, None)
    rows = classical.rows(b"abc" * 50, b"abc" * 50)
    missing = [row for row in rows if row.alone is None]
    assert len(missing) == 4
    assert all("pip install" in row.how for row in missing)
    assert classical.render(rows, 150).splitlines()[-1].endswith(missing[-1].how)


def test_table_puts_the_smallest_first() -> None:
    rows = [
        classical.Row(name="large", alone=90, primed=80, how="x"),
        classical.Row(name="none", alone=None, primed=None, how="y"),
        classical.Row(name="small", alone=None, primed=40, how="z"),
        classical.Row(name="middle", alone=95, primed=60, how="z"),
    ]
    lines = classical.render(rows, 160).splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["small", "middle", "large", "none"]
    assert lines[1].split()[3:5] == ["40", "2.000"]


def test_overlap_with_the_training_text() -> None:
    training = prose(5000).encode()
    assert classical.overlap(training[1000:3000], training) == 1.0
    assert classical.overlap(prose(3000, seed=8).encode(), training) == 0.0
    assert classical.overlap(b"", training) == 0.0


# The command.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "corpus.txt").write_text(prose(20_000), encoding="utf-8")
    (tmp_path / "letter.txt").write_text(prose(1_000, seed=4) + " – 中\n", encoding="utf-8")
    return tmp_path


def call(folder: Path, *args: str) -> int:
    arguments = ["--model", "ngram", "--data", str(folder / "corpus.txt"), *args]
    with pytest.raises(SystemExit) as stop:
        command.run(main, CompressConfig, prog="minigpt.compress", args=arguments)
    return int(stop.value.code or 0)


def refused(folder: Path, capsys: pytest.CaptureFixture[str], *args: str) -> str:
    """The one line that refuses these arguments; nothing may appear in the folder."""
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert call(folder, *args) == 2
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert len(lines) == 1
    return lines[0]


def test_command_from_end_to_end(folder: Path) -> None:
    path = os.pathsep.join([str(Path(compress.__file__).parents[2]), *sys.path])
    model = ["--model", "ngram", "--data", "corpus.txt"]

    def run(*args: str) -> subprocess.CompletedProcess[bytes]:
        argv = [sys.executable, "-m", "minigpt.compress", *model, *args]
        environment = {**os.environ, "PYTHONPATH": path}
        return subprocess.run(argv, cwd=folder, env=environment, capture_output=True, timeout=120)

    packed = run("letter.txt", "-o", "letter.mgz")
    assert packed.returncode == 0, packed.stderr
    assert b"bits/character" in packed.stdout
    assert (folder / "letter.mgz").stat().st_size < (folder / "letter.txt").stat().st_size / 2
    unpacked = run("-d", "letter.mgz", "-o", "-")
    assert unpacked.stdout == (folder / "letter.txt").read_bytes()


def test_no_bar_is_drawn_where_nobody_watches(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import tqdm

    class Impatient(tqdm.tqdm):  # type: ignore[type-arg]
        """A bar that does not wait for a second."""

        def __init__(self, *args: Any, **more: Any) -> None:
            super().__init__(*args, **{**more, "delay": 0, "mininterval": 0})

    monkeypatch.setattr(tqdm, "tqdm", Impatient)
    assert call(folder, str(folder / "letter.txt")) == 0
    assert call(folder, "-d", str(folder / "letter.txt.mgz"), "--force") == 0
    assert capsys.readouterr().err == ""


def test_default_names_and_force(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    letter = folder / "letter.txt"
    original = letter.read_bytes()
    assert call(folder, str(letter)) == 0
    letter.unlink()
    assert call(folder, "-d", str(letter) + ".mgz") == 0
    assert letter.read_bytes() == original
    capsys.readouterr()
    assert "--force" in refused(folder, capsys, str(letter))
    assert call(folder, str(letter), "--force") == 0


def test_bad_input_is_one_line_and_writes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    letter, out = str(folder / "letter.txt"), str(folder / "out")
    packed = folder / "letter.mgz"
    assert call(folder, letter, "-o", str(packed)) == 0
    blob = packed.read_bytes()
    (folder / "cut.mgz").write_bytes(blob[:-1])
    (folder / "flipped.mgz").write_bytes(blob[:50] + bytes([blob[50] ^ 4]) + blob[51:])
    (folder / "pickle.mgz").write_bytes(pickle.dumps([1, 2]))
    (folder / "empty.mgz").write_bytes(b"")
    capsys.readouterr()

    for name, says in [
        ("cut.mgz", "cut or altered"),
        ("flipped.mgz", "cut or altered"),
        ("pickle.mgz", "not made by"),
        ("empty.mgz", "empty file"),
        ("absent.mgz", "no such file"),
    ]:
        assert says in refused(folder, capsys, "-d", str(folder / name), "-o", out)
    assert "name the run" in refused(folder, capsys, "--order", "3", "-d", str(packed), "-o", out)
    assert "-o OUT" in refused(folder, capsys, "-d", letter)
    assert "folder" in refused(folder, capsys, letter, "-o", str(folder))
    assert "no folder" in refused(folder, capsys, letter, "-o", str(folder / "no" / "out"))
    assert "takes FILE" in refused(folder, capsys, letter, letter, "-o", out)
    assert "takes FILE" in refused(folder, capsys)
    assert ">= 1" in refused(folder, capsys, letter, "--order", "0")
    assert "from 1 to 4,096" in refused(folder, capsys, letter, "--streams", "-4")
    assert "-d" in refused(folder, capsys, letter, "-d", "--table")
    assert "the file itself" in refused(folder, capsys, letter, "-o", letter, "--force")
    monkeypatch.setattr(sys, "stdin", None)
    assert "no standard input" in refused(folder, capsys, "-", "-o", out)
    assert "must be a file" in refused(folder, capsys, letter, "--table", "-o", "-")


def test_command_prints_the_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(folder, "--table", "--order", "4") == 0
    out = capsys.readouterr().out
    assert "held-out tenth: 2,000 bytes, 2,000 characters" in out
    for name in ("n-gram, order 4", "gzip", "bzip2", "xz", "zstd", "PPMd order 6"):
        assert name in out
    assert "Beware" not in out
    assert call(folder, "--table", str(folder / "corpus.txt")) == 0
    assert "Beware: 90% of it occurs in the training text" in capsys.readouterr().out
    assert sorted(p.name for p in folder.iterdir()) == ["corpus.txt", "letter.txt"]

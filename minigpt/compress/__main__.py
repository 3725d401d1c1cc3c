"""Compress a file with a model, and decompress it; compare with other compressors.

Idea:   the better the predictions, the smaller the file: by default the network and counts of its
        text predict together, and learn from the file while they read it, as PPMd does.
Source: C. Shannon, Bell System Tech. J. 27 (1948) 379-423; G. Deletang et al. 2023,
        arXiv:2309.10668, for the comparison with gzip and others.
Run:    python -m minigpt.compress [RUN] FILE -o OUT        (-d to decompress, --table to compare)
Omits:  gradient steps of the network on the file.
"""

from __future__ import annotations

if __name__ == "__main__":
    from labkit import command

    command.stoppable("minigpt.compress")

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from labkit import command, files
from minigpt.compress.arithmetic import Progress
from minigpt.compress.container import MOST, Coder, Header, compress, decompress, read_header
from minigpt.load import (
    Predictor,
    TextGone,
    count_of,
    learning,
    load_predictor,
    made_with,
    mix,
    mix_if_possible,
)
from minigpt.mixture import Mixture
from minigpt.ngram import DEFAULT_ORDER, NGram

__all__ = ["Coder", "Header", "compress", "decompress", "read_header"]

SUFFIX = ".mgz"
MANY = 200_000  # bytes: a longer text is divided; with more per process, the precision is measured
CREW = 8  # processes at most: each takes a quarter of a gigabyte
TRAINED, LEARNS = "trained on it", "trained on it, and learns while it reads, as PPMd does"


@dataclass(frozen=True, kw_only=True)
class CompressConfig:
    """Compress a file with a model, losslessly; -d gets it back."""

    paths: Annotated[
        tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[RUN] FILE")
    ] = ()
    """The run, by default the latest, and the file; - is standard input."""
    out: Annotated[str | None, tyro.conf.arg(aliases=["-o"])] = None
    """Where to write; - is standard output. By default FILE.mgz, or FILE without .mgz with -d."""
    decompress: Annotated[bool, tyro.conf.arg(aliases=["-d"])] = False
    """Decompress FILE, with the model it was compressed with: the file says which, --model nothing.
    """
    model: Literal["auto", "gpt", "ngram", "mixture", "adaptive"] = "auto"
    """The predictor: a trained run (gpt), an n-gram of --data, counted now in about a second, a run
    and the n-gram of its text together (mixture), or a run and counts of its text that learn from
    the file while they read it (adaptive; also auto, if that text is there)."""
    data: str = "shakespeare"
    """The text that the n-gram counts: a corpus or a path."""
    order: int | None = None
    """Order of the n-gram; the predicted character is included. By default 7, and in a mixture that
    of its gate (10 for a run of today)."""
    streams: int | None = None
    """Number of pieces of the text coded side by side; by default chosen from the length.
    """
    verify: bool = True
    """Check the result by decompressing it before anything is written."""
    force: Annotated[bool, tyro.conf.arg(aliases=["-f"])] = False
    """Overwrite OUT if it exists."""
    table: bool = False
    """Print FILE's size under network, n-gram and mixture, gzip, bzip2, xz, zstd and PPMd;
    without FILE, that of the held-out text. Writes nothing else unless OUT is named."""

    @property
    def run(self) -> str | None:
        """The run's folder; None for the latest, or if no run is needed."""
        return self.paths[0] if len(self.paths) == 2 else None

    @property
    def file(self) -> str | None:
        """The file to read; None for the held-out text."""
        return self.paths[-1] if self.paths else None

    def __post_init__(self) -> None:
        most = 1 if self.model == "ngram" else 2
        if len(self.paths) > most or (not self.paths and not self.table):
            takes = "FILE" if most == 1 else "[RUN] FILE"
            kind = "mixture" if self.model == "auto" else self.model
            raise ValueError(f"--model {kind} takes {takes}, got {' '.join(self.paths) or 'none'}")
        if self.table and self.decompress:
            raise ValueError("--table compresses; it cannot go with -d")
        if self.table and self.out == "-":
            raise ValueError("--table prints to standard output, so OUT must be a file")
        if self.order is not None and self.order < 1:
            raise ValueError(
                f"order counts the predicted character, so it is >= 1, got {self.order}"
            )
        if self.streams is not None and not 1 <= self.streams <= MOST:
            raise ValueError(f"streams must be from 1 to {MOST:,}, got {self.streams}")


def load(config: CompressConfig, header: Header | None = None, *, size: int = 0) -> Predictor:
    """The model that `config` names for a text of `size` bytes, or that `header` names.

    "auto" is what learns while it reads, or, with a line on standard error, the best of the rest.
    """
    if header is None:
        large = config.model != "ngram" and size > MANY * _processes(config)
        kind = config.model
        learns = kind in ("auto", "adaptive")
        alone = load_predictor(
            config.run,
            kind="gpt" if kind == "auto" or kind == "adaptive" else kind,
            data=config.data,
            order=config.order,
            precision=_fastest() if large else "fp32",
            threads=1,
        )
        if not learns:
            return alone
        try:
            return learning(alone, config.order)
        except TextGone as error:
            if config.model == "adaptive" or config.table:
                raise
            found = mix_if_possible(alone, config.order)  # says so if the network works alone
            if found is not alone:
                print(f"nothing is learned while reading: {error.why}", file=sys.stderr, flush=True)
            return found
    if header.kind == "ngram":
        return load_predictor(kind="ngram", data=config.data, order=config.order)
    network = header.members[0] if header.members else header.fingerprint
    run = config.run or made_with(network)
    if run is None and header.members:
        raise ValueError(
            f"a mixture of the network {network.hex()[:12]} made this file, and no run has it; "
            "name its run"
        )
    alone = load_predictor(  # if no run fits, the latest: the error says so
        run, precision="bf16" if header.precision == "bf16" else "fp32", threads=header.threads
    )
    if not header.members:
        return alone
    if not bytes.fromhex(alone.model.fingerprint).startswith(network):
        raise ValueError(
            f"a mixture of the network {network.hex()[:12]} made this file, and {run} has "
            f"{alone.model.fingerprint[:12]}; name the run it was made with"
        )
    try:
        if header.kind == "adaptive":
            return learning(alone, config.order)
        return mix(alone, config.order, gate=header.fingerprint)
    except TextGone as error:
        raise ValueError(
            f"this file was made by a mixture, which counts a text, and {error.why}; bring it back"
        ) from None


def _fastest() -> Literal["fp32", "bf16"]:
    from minigpt.device import choose

    return choose("cpu").precision


def main(config: CompressConfig) -> None:
    """Compress, decompress or compare, as `config` says."""
    if config.table:
        _compare(config)
        if config.out is None or config.file is None:
            return
    assert config.file is not None  # checked in __post_init__
    out = _target(config)
    source = _read(config.file)
    began = time.perf_counter()
    header = read_header(source) if config.decompress else None
    found = load(config, header, size=len(source))
    found.announce()
    model = found.model
    if header is not None:
        with _bar(header.characters + header.escapes, "decompressing") as progress:
            result = text = decompress(
                source, model, processes=_processes(config, header), progress=progress
            )
    else:
        text = source
        result = _compress(config, source, model)
    if out == "-":
        sys.stdout.buffer.write(result)
    else:
        files.write_bytes(out, result)
    smaller = source if config.decompress else result
    larger = not config.decompress and len(result) > len(source)
    bits = 8 * len(smaller) / max(1, _characters(text))
    print(
        f"{config.file}: {len(source):,} -> {len(result):,} bytes, {bits:.3f} bits/character, "
        f"{time.perf_counter() - began:.1f} s"
        f"{'; larger than it was: keep the original' if larger else ''}",
        file=sys.stderr if out == "-" else sys.stdout,
    )


def _compress(config: CompressConfig, data: bytes, model: Coder) -> bytes:
    title = "compressing and checking" if config.verify else "compressing"
    processes = _processes(config)
    with _bar(_characters(data) * (1 + config.verify), title) as progress:
        return compress(
            data,
            model,
            streams=config.streams,
            batches=processes if len(data) > MANY else 1,
            processes=processes,
            verify=config.verify,
            progress=progress,
        )


def _processes(config: CompressConfig, header: Header | None = None) -> int:
    """Number of processes worth their start-up and memory; counting is fast enough in one."""
    if (config.model if header is None else header.kind) == "ngram":
        return 1
    from minigpt.device import cores

    return min(cores(), CREW)


def _compare(config: CompressConfig) -> None:
    """Print the table: the models, one by one and together, and the classical compressors."""
    from minigpt.adaptive import Adaptive
    from minigpt.compress import classical

    given = None if config.file is None else _read(config.file)
    found = load(config, size=len(given or b""))
    found.announce()
    name, corpus = found.corpus, found.learned()
    data = corpus.held_out.encode() if given is None else given
    members = found.members or (found,)
    alone = config.order or DEFAULT_ORDER
    if config.model == "gpt":
        members = (found, count_of(corpus, alone))
    elif config.model == "auto":
        both = mix(found.members[0], config.order, corpus=corpus)
        counted = count_of(corpus, alone, found.model.tokenizer)
        members = (both.members[0], counted, both)
    models: list[tuple[str, Coder]] = [
        (_title(one.model), one.model) for one in dict.fromkeys((*members, found))
    ]
    rows = [
        classical.Row(
            name=title,
            alone=None,
            primed=len(_compress(config, data, m)),
            how=LEARNS if isinstance(m, Adaptive) else TRAINED,
        )
        for title, m in models
    ]
    training = corpus.train.encode()
    rows += classical.rows(data, training)
    what = f"{name}, the held-out tenth" if config.file is None else config.file
    print(f"{what}: {len(data):,} bytes, {_characters(data):,} characters. Training text: {name}.")
    print(classical.render(rows, _characters(data)))
    known = classical.overlap(data, training)
    if known > 0.05:
        print(f"Beware: {known:.0%} of it occurs in the training text word for word.")


def _title(model: Any) -> str:
    from minigpt.adaptive import Adaptive

    if isinstance(model, NGram):
        return f"n-gram, order {model.order}"
    return {Mixture: "mixture", Adaptive: "mixture that learns"}.get(type(model), "gpt")


def _characters(data: bytes) -> int:
    return len(data.decode("utf-8", "surrogateescape"))


def _read(file: str) -> bytes:
    return command.standard_input().read() if file == "-" else Path(file).read_bytes()


def _target(config: CompressConfig) -> str:
    """Where to write the result; ValueError if that would destroy something."""
    file, out = config.file or "-", config.out
    if out is None and file != "-":
        out = file.removesuffix(SUFFIX) if config.decompress else file + SUFFIX
        if out == file:
            raise ValueError(f"{file} does not end in {SUFFIX}; name the result with -o OUT")
    if out is None or out == "-":
        return "-"
    if not Path(out).parent.is_dir():
        raise ValueError(f"no folder {str(Path(out).parent)!r} to write {Path(out).name!r} into")
    if Path(out).is_dir():
        raise ValueError(f"{out} is a folder; name a file with -o OUT")
    if file != "-" and Path(out).resolve() == Path(file).resolve():
        raise ValueError(f"{out} is the file itself; name another with -o OUT")
    if Path(out).exists() and not config.force:
        raise ValueError(f"{out} exists; --force overwrites it, -o names another")
    return out


@contextmanager
def _bar(characters: int, title: str) -> Iterator[Progress]:
    """A progress bar on standard error, shown after one second."""
    from tqdm import tqdm

    with tqdm(
        total=characters,
        desc=title,
        unit="char",
        unit_scale=True,
        delay=1,
        disable=None,  # hidden if there is no terminal
    ) as bar:
        yield bar.update


if __name__ == "__main__":
    command.run(main, CompressConfig, prog="minigpt.compress")

"""A text with a name, a hash and a fixed split; from any UTF-8 file.

Idea:   the last tenth is held out: its first half chooses, its second half judges.
Run:    used by minigpt.corpora
Omits:  shuffling; the split is by position, so that no passage is in both parts.
"""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from labkit import files


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """A text with its source and its fixed split."""

    name: str
    title: str
    text: str = field(repr=False)
    sha256: str
    """SHA-256 of the text's UTF-8."""
    source: str
    licence: str

    @property
    def train(self) -> str:
        """The first nine tenths of the characters: text[: int(0.9 n)], as in nanoGPT."""
        return self.text[: int(len(self.text) * 0.9)]

    @property
    def held_out(self) -> str:
        """The last tenth; `val_loss` is measured on all of it, once, at the end."""
        return self.text[int(len(self.text) * 0.9) :]

    @property
    def choose(self) -> str:
        """The first half of the held-out text: for early stopping and tuning."""
        return self.held_out[: len(self.held_out) // 2]

    @property
    def judge(self) -> str:
        """The second half of the held-out text: read only when everything is decided."""
        return self.held_out[len(self.held_out) // 2 :]


def from_file(path: Path) -> Corpus:
    """A corpus from a UTF-8 file; a byte-order mark is dropped, CRLF and CR become LF.

    ValueError if it is not an ordinary file, not UTF-8, or empty.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise ValueError(f"{path} is a folder; name a text file in it")
    if not stat.S_ISREG(mode):
        raise ValueError(f"{path} is not an ordinary file")
    data = path.read_bytes()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError(f"{path} is UTF-16, not UTF-8; save it as UTF-8")
    if (zero := data.find(0)) >= 0:
        raise ValueError(f"{path} is not a text: it has a zero byte at position {zero:,}")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"{path} is not UTF-8: byte 0x{data[error.start]:02x} at position {error.start:,} "
            f"(line {line:,}); save it as UTF-8"
        ) from None
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise ValueError(f"{path} is empty; there is nothing to learn from")
    return Corpus(
        name=re.sub(r"[^\w.-]+", "-", path.stem).strip("-.") or "text",
        title=path.name,
        text=text,
        sha256=files.sha256(text),
        source=str(path),
        licence="unknown",
    )

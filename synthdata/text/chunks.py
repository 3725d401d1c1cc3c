"""Texts in portions of bounded size, and a long text in pieces.

Idea:   a portion is full after CHUNK_ROWS documents or a number of characters, whichever comes
        first, so that memory is bounded for short texts and for long ones.
Run:    python -m synthdata measure big.jsonl --stream
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

CHUNK_ROWS = 4096
CHUNK_CHARACTERS = 1 << 20


def chunks(texts: Iterable[str], characters: int) -> Iterator[list[str]]:
    """Texts in chunks of CHUNK_ROWS, or of `characters` if that limit comes first."""
    chunk: list[str] = []
    size = 0
    for text in texts:
        chunk.append(text)
        size += len(text)
        del text
        if len(chunk) == CHUNK_ROWS or size >= characters:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def pieces(text: str, size: int) -> Iterator[str]:
    """A long text in pieces of at most `size`, cut before white space if there is any.

    >>> list(pieces("one two three", 8))
    ['one two', ' three']
    """
    start = 0
    while start < len(text):
        end = min(start + size, len(text))
        if end < len(text):
            cut = max(text.rfind(" ", start + 1, end), text.rfind("\n", start + 1, end))
            end = cut if cut > start else end
        yield text[start:end]
        start = end

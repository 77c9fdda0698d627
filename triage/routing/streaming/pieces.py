"""Pieces of texts on a stream, as soon as they arrive, and where each text ends."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator
from typing import IO

__all__ = ["CHUNK", "read_chunks", "split_texts"]

CHUNK = 1 << 16


def read_chunks(stream: IO[bytes]) -> Iterator[str]:
    """Yield what arrives, as soon as it does; bytes that are no UTF-8 become U+FFFD."""
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    read: Callable[[int], bytes] = stream.read1  # type: ignore[attr-defined] # as buffers have it
    while chunk := read(CHUNK):
        if text := decode(chunk):
            yield text
    if text := decode(b"", final=True):
        yield text


def split_texts(chunks: Iterable[str]) -> Iterator[str | None]:
    """Yield pieces of texts, and None where one ends: at an empty line, and with the input."""
    blank = True  # so far, the line at hand
    begun = False
    for chunk in chunks:
        for piece in chunk.splitlines(keepends=True):
            blank = blank and not piece.strip()
            if not blank or begun:
                yield piece
            begun = begun or not blank
            if piece.endswith("\n"):
                if blank and begun:
                    yield None
                    begun = False
                blank = True
    if begun:
        yield None

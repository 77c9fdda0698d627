"""Texts on a stream, one a line, as they arrive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from triage.errors import DataError
from triage.records import Document, Quarantined

__all__ = ["read_lines"]

MAX_LINE = 16 << 20
"""Bytes of one line: a text of 10 MB passes whole."""
MAX_SKIPPED = 2 << 30
"""Bytes after which a line is given up, as it may have no end."""


def read_lines(stream: IO[bytes]) -> Iterator[Document | Quarantined]:
    """Yield one document for each line of UTF-8; of a line that is too long only the beginning is held.

    Raises:
        DataError: a line of gigabytes, which is not a text.
    """
    row = 0
    while line := stream.readline(MAX_LINE + 1):
        row += 1
        if len(line) > MAX_LINE:
            _skip_rest(stream, line, row)
            yield Quarantined(row, row, f"longer than {MAX_LINE >> 20} million bytes")
            continue
        try:
            yield Document(row=row, text=line.decode("utf-8").rstrip("\r\n"))
        except UnicodeDecodeError as error:
            yield Quarantined(row, row, f"not UTF-8 at byte {error.start} of the line")


def _skip_rest(stream: IO[bytes], line: bytes, row: int) -> None:
    for _ in range(MAX_SKIPPED >> 20):
        if not line or line.endswith(b"\n"):
            return
        line = stream.readline(1 << 20)
    raise DataError(f"stdin, line {row:,}: longer than {MAX_SKIPPED >> 30} GB; this is not a text")

"""From bytes to physical lines: which encoding, where it breaks, and never a line without bound."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator

from triage.errors import BadOption, DataError
from triage.io.files import CHUNK, CSV_MARK, Input, quote_path

HEAD = 1 << 16
__all__ = ["HEAD", "LIMIT", "characters", "choose", "line_ends", "physical_lines"]

LIMIT = 16 << 20
"""Characters in one line or record: a text of 10 MB passes whole, one of a GB is quarantined unread."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAGIC = (
    (b"PK\x03\x04", "a zip archive: unpack it first, or give an Excel workbook the suffix .xlsx"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word document: save it as CSV"),
    (b"PAR1", "a Parquet file: give it the suffix .parquet"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"BZh", "packed by bzip2: unpack it first"),
    (b"\xfd7zXZ", "packed by xz: unpack it first"),
    (b"\x28\xb5\x2f\xfd", "packed by zstd: unpack it first"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "an SQLite database: export a table as CSV"),
    (b"\x1f\x8b", "packed by gzip twice: unpack it first"),
)
_CONTROLS = bytes({*range(1, 9), *range(14, 27), *range(28, 32), 127})


def choose(head: bytes, asked: str | None, path: str) -> tuple[str, str]:
    """Return the codec and its error handler for a file that begins with `head`.

    UTF-8 is assumed and UTF-16 recognised by its byte order mark; nothing else is guessed at.

    Raises:
        BadOption: `asked` is no text encoding that Python knows.
        DataError: the file is not text, or is UTF-16 without a mark or UTF-32.
    """
    if asked:
        try:
            "a".encode(asked)  # refuses what encodes no text, such as base64
            codecs.getincrementaldecoder(asked)
        except (LookupError, ValueError):
            raise BadOption(
                f"--encoding {asked!r} is not known: utf-8, utf-16, cp1252, latin-1 and shift-jis are"
            ) from None
    for magic, what in _MAGIC:
        if head.startswith(magic):
            raise DataError(f"{quote_path(path)} is not text but {what}")
    if asked:
        return asked, "strict"
    for mark, codec in _BOMS:
        if head.startswith(mark):
            # UTF-32's little-endian mark begins with UTF-16's.
            if codec == "utf-32":
                raise DataError(f"{quote_path(path)} is UTF-32: pass --encoding utf-32")
            return codec, "strict"
    if CSV_MARK.encode() in head[: head.find(b"\n") + 1]:
        # Files that triage wrote may hold controls and lone surrogates: they come back as they were.
        return "utf-8", "surrogatepass"
    _check_text(head, path)
    return "utf-8", "strict"


def _check_text(head: bytes, path: str) -> None:
    nuls = head.count(0)
    if nuls * 10 > 3 * len(head) and nuls > 1:
        odd = head[1::2].count(0)
        if max(odd, nuls - odd) > 0.9 * nuls and nuls < 0.6 * len(head):
            name = "utf-16-le" if odd > nuls - odd else "utf-16-be"
            raise DataError(f"{quote_path(path)} seems to be UTF-16 without a mark: pass --encoding {name}")
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if (nuls * 10 > 3 * len(head) and nuls > 1) or (controls > 16 and controls * 20 > len(head)):
        raise DataError(f"{quote_path(path)} is not text: a CSV, JSON Lines or Parquet file is needed")


def characters(stream: Input, codec: str, errors: str, path: str) -> Iterator[str]:
    """Yield the content of `stream` as text, in pieces, without a byte order mark.

    Raises:
        DataError: a byte that is not of this encoding; the message has its offset and the remedy.
    """
    decoder = codecs.getincrementaldecoder(codec)(errors)
    offset, line, first = 0, 1, True
    while True:
        data = stream.read1(CHUNK)
        waiting = len(decoder.getstate()[0])
        try:
            text = decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:
            at = offset - waiting + error.start
            before = error.object[: error.start].decode(codec, "replace") if error.start else ""
            raise _undecodable(
                path, codec, at, line + line_ends(before), error.object[error.start :]
            ) from None
        except UnicodeError:
            raise DataError(
                f"{quote_path(path)} is not {codec}, from its first bytes on: pass another --encoding"
            ) from None
        if not data and not text:
            return
        offset += len(data)
        line += line_ends(text)
        if first and text:
            text, first = text.removeprefix("\ufeff"), False
        if text:
            yield text
        if not data:
            return


def line_ends(text: str) -> int:
    """Return how many line ends (LF, CR or both together) `text` holds."""
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _undecodable(path: str, codec: str, offset: int, line: int, rest: bytes) -> DataError:
    where = f"byte {offset:,} of {quote_path(path)} (line {line:,})"
    if codecs.lookup(codec).name.startswith(("utf-16", "utf-32")):
        return DataError(f"{where} is not {codec}: the file is damaged or cut off")
    try:
        rest[:1000].decode("cp1252")
        guess = "cp1252"
    except UnicodeDecodeError:
        guess = "latin-1"
    if codecs.lookup(codec).name != "utf-8":
        return DataError(f"{where} is not {codec}: pass another --encoding")
    return DataError(
        f"{where} is not UTF-8: pass --encoding NAME, perhaps --encoding {guess}, or save the file as UTF-8"
    )


def physical_lines(pieces: Iterator[str]) -> Iterator[str]:
    r"""Yield the lines of the joined `pieces` with their ends: \n, \r\n or \r, and nothing else.

    Of a line far over `LIMIT` only the beginning comes, still longer than `LIMIT`: memory stays bounded.
    """
    begun: list[str] = []
    size = 0
    for piece in pieces:
        lines = io.StringIO(piece, newline="").readlines()
        if begun and begun[-1][-1] == "\r" and piece[0] != "\n":
            yield "".join(begun)
            begun, size = [], 0
        # A \r at the end of a piece may be half of a \r\n.
        unfinished = lines.pop() if lines[-1][-1] != "\n" else ""
        if lines and begun:
            lines[0] = "".join(begun) + lines[0]
            begun, size = [], 0
        yield from lines
        if unfinished:
            begun.append(unfinished if size <= LIMIT else unfinished[-1])
            size += len(unfinished)
    if begun:
        yield "".join(begun)

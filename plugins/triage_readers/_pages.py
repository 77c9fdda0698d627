"""How much the pages of a Parquet file unpack to, by its own word and before anything is unpacked.

pyarrow takes the memory that a page says it needs, and asking it for the size of a column ends the process
where a damaged footer contradicts itself. So the footer and the headers of the pages are read here. They are
Thrift structs in the compact protocol; see parquet.thrift in apache/parquet-format.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, BinaryIO

__all__ = ["NotParquet", "delta_encoded", "sizes"]

_MAGIC = b"PAR1"
_MOST_FOOTER = 16 << 20
_HEADER = 1 << 16  # bytes that are read at once for a page's header; it may hold two texts as statistics
_MOST_HEADER = 1 << 25
_DEEPEST = 16
# Fields by number: of the file, a row group, a column chunk, its metadata, and a page's header.
_ROW_GROUPS, _COLUMNS, _METADATA = 4, 1, 3
_ENCODINGS, _PATH, _PACKED, _DATA, _DICTIONARY = 2, 3, 7, 9, 11
_UNPACKED, _COMPRESSED = 2, 3
_DELTA = {5, 6, 7, 9}  # delta encodings of numbers, lengths and texts, and byte stream split


class NotParquet(Exception):
    """The bytes are not what the format says."""


def sizes(file: BinaryIO, names: Collection[str]) -> list[dict[str, int]]:
    """Return for each row group how many bytes the pages of each of these columns unpack to.

    Args:
        file: open for reading, at any place; it is left at another.
        names: of top-level columns.

    Raises:
        NotParquet: the footer or the header of a page cannot be read, or a page lies outside of the file.
    """
    found = []
    end = file.seek(0, 2)
    for chunks in _chunks(file):
        sums = dict.fromkeys(names, 0)
        for name, record in chunks:
            if name in sums:
                sums[name] += _pages(file, record, end)
        found.append(sums)
    return found


def delta_encoded(file: BinaryIO) -> set[str]:
    """Return the columns in encodings that pyarrow cannot read into dictionaries: those of the format's version 2.

    Args:
        file: open for reading, at any place; it is left at another.

    Raises:
        NotParquet: the footer cannot be read.
    """
    return {
        name
        for chunks in _chunks(file)
        for name, record in chunks
        if _DELTA & {each for each in _list(record.get(_ENCODINGS, [])) if isinstance(each, int)}
    }


def _chunks(file: BinaryIO) -> list[list[tuple[str, dict[int, Any]]]]:
    """Return the column chunks of each row group: the name of the column, and the metadata.

    Raises:
        NotParquet: the footer cannot be read.
    """
    end = file.seek(0, 2)
    file.seek(max(end - 8, 0))
    tail = file.read(8)
    length = int.from_bytes(tail[:4], "little")
    if tail[4:] != _MAGIC or length > min(_MOST_FOOTER, end - 8):
        raise NotParquet
    file.seek(end - 8 - length)
    groups = _list(_Thrift(file.read(length)).struct().get(_ROW_GROUPS, []))
    found = []
    for group in map(_struct, groups):
        chunks = []
        for column in map(_struct, _list(group.get(_COLUMNS, []))):
            record = _struct(column.get(_METADATA, {}))
            path = _list(record.get(_PATH, []))
            name = path[0].decode("utf-8", "replace") if path and isinstance(path[0], bytes) else ""
            chunks.append((name, record))
        found.append(chunks)
    return found


def _pages(file: BinaryIO, record: dict[int, Any], end: int) -> int:
    """Return how many bytes the pages of a column chunk unpack to."""
    starts = [record[field] for field in (_DICTIONARY, _DATA) if field in record]
    if not starts or not all(isinstance(each, int) for each in (*starts, record.get(_PACKED))):
        raise NotParquet
    at = min((start for start in starts if start > 0), default=-1)  # some writers have 0 for no dictionary
    last, unpacked = at + record[_PACKED], 0
    if not 0 < at <= last <= end:
        raise NotParquet
    while at < last:
        header, length = _header(file, at, last)
        size, packed = header.get(_UNPACKED), header.get(_COMPRESSED)
        if not isinstance(size, int) or not isinstance(packed, int) or size < 0 or packed < 0:
            raise NotParquet
        unpacked += size
        at += length + packed
    return unpacked


def _header(file: BinaryIO, at: int, last: int) -> tuple[dict[int, Any], int]:
    """Return a page's header and its length."""
    taken = min(_HEADER, last - at)
    while True:
        file.seek(at)
        thrift = _Thrift(file.read(taken))
        try:
            return thrift.struct(), thrift.at
        except NotParquet:
            if taken >= min(_MOST_HEADER, last - at):
                raise
            taken = min(taken * 8, last - at)


class _Thrift:
    """Reads structs, as mappings of field numbers, from bytes in the compact protocol."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def struct(self, depth: int = 0) -> dict[int, Any]:
        """Read a struct."""
        fields: dict[int, Any] = {}
        number = 0
        while kind := self._byte():
            number = number + (kind >> 4) if kind >> 4 else self._signed()
            fields[number] = kind & 15 == 1 if kind & 15 in (1, 2) else self._value(kind & 15, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if depth > _DEEPEST:
            raise NotParquet
        match kind:
            case 1 | 2 | 3:  # in a list a truth takes a byte
                return self._byte()
            case 4 | 5 | 6:
                return self._signed()
            case 7:
                return self._take(8)
            case 8:
                return self._take(self._number())
            case 9 | 10:
                head = self._byte()
                count = head >> 4 if head >> 4 < 15 else self._number()
                return [self._value(head & 15, depth + 1) for _ in range(self._some(count))]
            case 11:
                count = self._some(self._number())
                kinds = self._byte() if count else 0
                for _ in range(count):
                    self._value(kinds >> 4, depth + 1)
                    self._value(kinds & 15, depth + 1)
                return None
            case 12:
                return self.struct(depth + 1)
        raise NotParquet

    def _byte(self) -> int:
        return self._take(1)[0]

    def _take(self, count: int) -> bytes:
        taken = self.data[self.at : self.at + count]
        if len(taken) < count:
            raise NotParquet
        self.at += count
        return taken

    def _some(self, count: int) -> int:
        """A number of things, each of which takes a byte at least."""
        if count > len(self.data) - self.at:
            raise NotParquet
        return count

    def _number(self) -> int:
        number = shift = 0
        while (byte := self._byte()) & 0x80:
            number |= (byte & 0x7F) << shift
            shift += 7
            if shift > 63:
                raise NotParquet
        return number | byte << shift

    def _signed(self) -> int:
        number = self._number()
        return (number >> 1) ^ -(number & 1)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise NotParquet
    return value


def _struct(value: Any) -> dict[int, Any]:
    if not isinstance(value, dict):
        raise NotParquet
    return value

"""Which format a file is of: by its suffix, else by its first bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from triage.plugin_api import HEAD, SUFFIXES, open_input
from triage_readers._csv import CsvSource
from triage_readers._excel import ExcelSource
from triage_readers._jsonl import JsonLinesSource
from triage_readers._parquet import ParquetSource
from triage_readers._source import FileSource

__all__ = ["open_file"]


def open_file(path: str, options: Mapping[str, Any]) -> FileSource:
    """Return a source of the documents in `path`.

    Raises:
        NoInput: no such file, or nothing that may be read.
        DataError: it is of none of the formats, or its columns cannot be told.
        Unavailable: a Parquet file, and pyarrow is not installed.
    """
    name = path.casefold().removesuffix(".gz")
    if name.endswith((".csv", ".tsv", ".tab")):
        return CsvSource(path, options, delimiter="" if name.endswith(".csv") else "\t")
    if name.endswith((".jsonl", ".ndjson", ".json")):
        return JsonLinesSource(path, options)
    if name.endswith((".parquet", ".pq")):
        return ParquetSource(path, options)
    if name.endswith(SUFFIXES):
        return ExcelSource(path, options)
    with open_input(path) as stream:
        head = stream.peek(HEAD)
    if head.startswith(b"PAR1"):
        return ParquetSource(path, options)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        return JsonLinesSource(path, options)
    return CsvSource(path, options)

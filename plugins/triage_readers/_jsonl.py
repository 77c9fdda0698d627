"""JSON Lines: one object a line."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import triage
from triage.plugin_api import HEAD, LIMIT, Input, characters, choose, open_input, physical_lines, quote_path
from triage_readers._columns import check_names, resolve
from triage_readers._source import SAMPLE, FileSource, joined

__all__ = ["JsonLinesSource"]


class JsonLinesSource(FileSource):
    """The documents of a JSON Lines file.

    A row is every line that is not blank. Numbers keep the text they are written in (`1.10`, `007` is no
    number), true and false are words, null is as good as nothing. Lone surrogates (`\\ud800`) are kept.
    Rows are quarantined that are no JSON object, name a key twice, or hold an array or an object where a
    cell is needed.

    Args:
        path: the file.
        options: `text_column`, `label_column`, `date_column`, `id_column`, `encoding`.

    Raises:
        NoInput: no such file.
        DataError: not text, no rows, no objects, or the columns cannot be told.
    """

    def __init__(self, path: str, options: Mapping[str, Any]) -> None:
        super().__init__(path, options)
        self._decode = json.JSONDecoder(
            parse_float=str, parse_int=str, parse_constant=_refuse, object_pairs_hook=_unique
        ).decode
        with open_input(path) as stream:
            self._stamp = stream.stamp
            head = stream.peek(HEAD)[:HEAD]
            self._codec, self._errors = choose(head, options.get("encoding"), path)
            sample = list(itertools.islice(self._objects(stream), SAMPLE))
        found = [record for _, record in sample if not isinstance(record, str)]
        if not sample:
            raise triage.DataError(f"{quote_path(path)} is empty: no rows")
        if not found:
            array = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
            remedy = ": it is one JSON array; jq -c '.[]' makes lines of it" if array else ""
            raise triage.DataError(
                f"{quote_path(path)}: none of the first {len(sample)} lines is a JSON object{remedy}"
            )
        names = list(dict.fromkeys(name for record in found for name in record))
        check_names(names, path)
        columns = resolve(names, options, path)
        self._settle(columns, [str(record.get(columns.date) or "") for record in found])

    def _objects(self, stream: Input) -> Iterator[tuple[int, dict[str, Any] | str]]:
        """Yield for each row its physical line, and its object or why it is none."""
        lines = physical_lines(characters(stream, self._codec, self._errors, self.location))
        for number, line in enumerate(lines, start=1):
            if len(line) > LIMIT:
                yield number, f"longer than {LIMIT >> 20} million characters"
                continue
            if line.isspace():
                continue
            try:
                record = self._decode(line)
            except _Odd as error:
                yield number, str(error)
                continue
            except RecursionError:
                yield number, "nested too deeply"
                continue
            except ValueError as error:
                # The message of a JSONDecodeError names a place, never the text there.
                place = f" at character {error.colno:,}" if isinstance(error, json.JSONDecodeError) else ""
                yield number, f"not JSON{place}"
                continue
            yield number, record if isinstance(record, dict) else "not a JSON object"

    def _dates(self) -> Iterator[str]:
        with open_input(self.location, stamp=self._stamp) as stream:
            for _, record in self._objects(stream):
                value = None if isinstance(record, str) else record.get(self.columns.date)
                if isinstance(value, str):
                    yield value

    def _rows(self) -> Iterator[triage.Document | triage.Quarantined]:
        columns = self.columns
        with open_input(self.location, stamp=self._stamp) as stream:
            for row, (line, record) in enumerate(self._objects(stream), start=1):
                if isinstance(record, str):
                    yield triage.Quarantined(row=row, line=line, reason=record)
                    continue
                if not any(name in record for name in columns.text):
                    yield triage.Quarantined(
                        row=row, line=line, reason=f"no field {quote_path(columns.text[0])}"
                    )
                    continue
                try:
                    yield self._document(
                        row,
                        line,
                        joined([_cell(record, name) for name in columns.text]),
                        _cell(record, columns.label),
                        _cell(record, columns.date),
                        _cell(record, columns.id),
                    )
                except _Odd as error:
                    yield triage.Quarantined(row=row, line=line, reason=str(error))


class _Odd(Exception):
    """An object that is JSON and no row."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise _Odd("the same key twice")
    return record


def _refuse(constant: str) -> NoReturn:
    raise _Odd(f"{constant} is no JSON")


def _cell(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name) if name else None
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    raise _Odd(f"the field {quote_path(name)} holds {'an array' if isinstance(value, list) else 'an object'}")

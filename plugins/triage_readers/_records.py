r"""From physical lines to CSV records, so that a damaged record costs itself and no other.

Python's `csv` reads the records, strictly; around it stand these rules:

- A record that cannot be read (text after a closing quote, a quote that is never closed, more than
  `LIMIT` characters or `MOST_LINES` lines) is quarantined, and reading goes on at the physical line after
  the one on which it began. A stray quote thus costs its own row; a damaged row of several lines may be
  counted as several.
- A record of three lines or more that holds the right number of fields is still taken for a stray quote
  that swallowed rows where most lines between its first and its last are complete records of their own,
  with labels that were seen before, or dates where there are no labels; where that is less telling (two
  columns, or neither), its first line (without its last quote) and its last line must be such records
  too. Of two lines it cannot be told: they are what CSV says they are, one record.
- A record with the wrong number of fields is quarantined as a whole, unless its first line alone is complete
  without its last quote: then, too, reading goes on at the next line.
- Empty lines are not records, nor are rows of three cells and more that are all empty.
"""

from __future__ import annotations

import csv
import sys
from collections import deque
from collections.abc import Iterator

from triage.plugin_api import LIMIT, DateOrder, Days

__all__ = ["Records"]

MOST_LINES = 10_000
MOST_FIELDS = 1_000_000


_readable = Days(DateOrder(full="dmy", short="dmy"))


class _Runaway(Exception):
    """A record went on for too long."""


class Records:
    """The records of one file, in order.

    Args:
        lines: physical lines with their ends.
        delimiter: one character.
        line: the number of the first of these lines in the file.
        blanks: whether a blank follows each delimiter, and is not part of the cell.
    """

    def __init__(self, lines: Iterator[str], delimiter: str, *, line: int = 1, blanks: bool = False) -> None:
        self.line = line  # the physical line that comes next
        self.ended = True  # whether the last physical line has an end
        self._lines = lines
        self._delimiter = delimiter
        self._blanks = blanks
        self._again: deque[str] = deque()
        self._held: list[str] = []
        self._labels: set[str] = set()
        # The limit is the process's: raise it, never lower it.
        csv.field_size_limit(max(csv.field_size_limit(), LIMIT))

    def _feed(self) -> Iterator[str]:
        """Yield lines and keep those of the record at hand, so that reading can go back."""
        again, held, lines = self._again, self._held, self._lines
        size = 0
        while True:
            if again:
                line = again.popleft()
            else:
                try:
                    line = next(lines)
                except StopIteration:
                    return
                self.ended = line[-1:] in ("\n", "\r")
            if not held:
                size = 0
            held.append(line)
            size += len(line)
            if size > LIMIT:
                raise _Runaway(f"longer than {LIMIT >> 20} million characters: a quote may never be closed")
            if len(held) > MOST_LINES:
                raise _Runaway(f"longer than {MOST_LINES:,} lines: a quote may never be closed")
            if len(line) > MOST_FIELDS and line.count(self._delimiter) > MOST_FIELDS:
                raise _Runaway(f"more than {MOST_FIELDS:,} fields")
            yield line

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(self._feed(), delimiter=self._delimiter, skipinitialspace=self._blanks, strict=True)

    def header(self) -> tuple[int, list[str] | str]:
        """Return the first record and its line, or why it cannot be read; [] at the end of the file."""
        return next(self.rows(0, None), (self.line, []))

    def rows(
        self, width: int, label: int | None, *, date: int | None = None, extra: bool = False
    ) -> Iterator[tuple[int, list[str] | str]]:
        """Yield for each record the line on which it begins, and its fields or why it cannot be read.

        Args:
            width: how many fields each must have; 0 takes any number.
            label: which of them is the label, where there is one.
            date: which of them is the date, where there is one.
            extra: whether each record has one more field, empty: an extra delimiter at its end.
        """
        held = self._held
        labels = self._labels
        reader = self._reader()
        expected = width + 1 if extra else width
        while True:
            held.clear()
            line = self.line
            try:
                fields = next(reader)
            except StopIteration:
                return
            except (csv.Error, _Runaway) as error:
                yield line, _why(error)
                self._go_back()
                reader = self._reader()
                continue
            count = len(held)
            if not fields or (width > 2 and not any(fields)):
                self.line += count  # a blank line, or a blank row of a spreadsheet
                continue
            if width and (len(fields) != expected or (extra and fields[-1])):
                if count > 1 and self._complete(_without_last_quote(held[0]), expected, None):
                    yield line, "a quote that is not closed on its line swallows the rows after it"
                    self._go_back()
                    reader = self._reader()
                    continue
                self.line += count
                more = " and every row one more" if extra else ""
                yield line, sys.intern(f"{len(fields)} fields where the header has {width}{more}")
                continue
            if width and count > 1:
                if count > 2 and self._swallows(fields, expected, label, date):
                    yield line, "a quote that is not closed on its line swallows the rows after it"
                    self._go_back()
                    reader = self._reader()
                    continue
            elif label is not None and len(labels) < 10_000:
                labels.add(fields[label])
            self.line += count
            yield line, fields

    def _go_back(self) -> None:
        """Read on at the physical line after the one on which the record at hand began."""
        self._again.extendleft(reversed(self._held[1:]))
        self.line += 1

    def _swallows(self, fields: list[str], width: int, label: int | None, date: int | None) -> bool:
        """Whether a record of several lines looks like several records between two stray quotes."""
        held = self._held
        if label is None and date is None and width < 4:
            return False  # only many columns on each line would be telling
        own = "" if label is None else fields[label]
        between = sum(self._complete(line, width, label, date, own) for line in held[1:-1])
        if 2 * between <= len(held) - 2:
            return False
        # A line of prose may end in a comma and a label; that it has a third column too is telling.
        if width > 2 and (label is not None or date is not None):
            return True
        first = _without_last_quote(held[0])
        return all(self._complete(line, width, label, date, own) for line in (first, held[-1]))

    def _complete(
        self, line: str, width: int, label: int | None, date: int | None = None, own: str = ""
    ) -> bool:
        """Whether `line` is a record by itself, with a label that is known, or else with a date."""
        if line.count(self._delimiter) < width - 1:
            return False
        try:
            fields = next(
                csv.reader([line], delimiter=self._delimiter, skipinitialspace=self._blanks, strict=True), []
            )
        except csv.Error:
            return False
        if len(fields) != width:
            return False
        if label is not None:
            return bool(fields[label]) and (fields[label] == own or fields[label] in self._labels)
        return date is None or _readable.read(fields[date]) is not None


def _without_last_quote(line: str) -> str:
    """Return a line as it was before its last, unclosed quote got into it."""
    place = line.rfind('"')
    return line[:place] + line[place + 1 :] if place >= 0 else line


def _why(error: Exception) -> str:
    if isinstance(error, _Runaway):
        return str(error)
    if "unexpected end" in str(error):
        return "a quote is opened and never closed"
    if "expected after" in str(error):
        return "text follows a closing quote"
    return "it is not CSV"

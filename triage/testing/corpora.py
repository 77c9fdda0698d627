"""The laws of a corpus: what `triage.Corpus` and `triage.host.protocols.Source` promise, one by one."""

from __future__ import annotations

import datetime
import gc
import re
import sys
import time
import warnings
from itertools import islice
from pathlib import Path
from typing import Any

from triage.host.extensions import Cleaner
from triage.host.protocols import Source
from triage.records import Document, Quarantined
from triage.testing.laws import hold
from triage.testing.subjects import COMMON, Subject, listening, once

__all__ = ["LAWS", "SOURCE", "SUBJECT", "Reading"]

_SECONDS = 1.0
_LEAST_QUOTED = 24  # characters: so many in a row are no coincidence
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Reading(Subject):
    """A source of documents under test."""

    def open(self) -> Source:
        """Return the source, opened anew."""
        source: Source = self.make()
        return source

    @once
    def rows(self) -> list[Any]:
        """Everything that it yields, once."""
        return list(self.open())

    @property
    def documents(self) -> list[Document]:
        """The rows that could be read."""
        return [row for row in self.rows if isinstance(row, Document)]

    @property
    def quarantined(self) -> list[Quarantined]:
        """The rows that could not."""
        return [row for row in self.rows if isinstance(row, Quarantined)]


def it_has_a_name(it: Reading) -> None:
    """`name` is a text of one line: tables and run directories show it."""
    name = getattr(it.open(), "name", None)
    hold(isinstance(name, str) and name.strip() and not _CONTROL.search(name), f"the name is {name!r}")


def opening_it_is_quick(it: Reading) -> None:
    """Opening and reading the first row takes less than a second: the rest is read when it is asked for."""
    next(iter(it.open()), None)  # what is imported for the first time does not count
    started = time.process_time()
    next(iter(it.open()), None)
    seconds = time.process_time() - started
    hold(seconds < _SECONDS, f"it takes {seconds:.1f} s")


def it_yields_documents_and_quarantined_rows(it: Reading) -> None:
    """Every row is a Document or a Quarantined, and there is at least one Document."""
    strange = sorted({type(row).__name__ for row in it.rows if not isinstance(row, Document | Quarantined)})
    hold(not strange, f"it yields {', '.join(strange)}")
    hold(it.documents, "there is no document")


def rows_are_numbered_from_one(it: Reading) -> None:
    """Every row of the source comes once and in order: their numbers are 1, 2, 3, ... without a gap."""
    numbers = [row.row for row in it.rows if isinstance(row, Document | Quarantined)]
    wrong = next((i for i, number in enumerate(numbers, start=1) if number != i), 0)
    hold(not wrong, f"number {wrong} is numbered {numbers[wrong - 1]!r}" if wrong else "")


def reading_again_gives_the_same_rows(it: Reading) -> None:
    """Each iteration of one source starts at the first row again, whatever became of the last one."""
    source = it.open()
    first = list(source)
    hold(list(source) == first, "the second reading of one source gives other rows")


def opening_again_gives_the_same_rows(it: Reading) -> None:
    """Opened anew it yields what it yielded before: the same documents in the same order."""
    hold(list(it.open()) == it.rows, "opened anew it gives other rows")


def two_readings_do_not_disturb_each_other(it: Reading) -> None:
    """Two iterations at the same time yield the same rows."""
    source = it.open()
    one, other = iter(source), iter(source)
    for number, pair in enumerate(islice(zip(one, other, strict=False), 50), start=1):
        hold(pair[0] == pair[1], f"row {number} differs")


def texts_are_strings(it: Reading) -> None:
    """The text of every document is a str, and its id too."""
    for row in it.documents:
        hold(isinstance(row.text, str), f"row {row.row}: the text is {type(row.text).__name__}")
        hold(isinstance(row.id, str), f"row {row.row}: the id is {type(row.id).__name__}")


def labels_are_names(it: Reading) -> None:
    """A label is a text with something in it, or None where there is none."""
    for row in it.documents:
        good = row.label is None or (isinstance(row.label, str) and row.label.strip())
        hold(good, f"row {row.row}: the label {row.label!r}")


def there_are_two_labels_to_tell_apart(it: Reading) -> None:
    """A corpus has labels, and at least two of them: otherwise nothing can be learned from it."""
    labels = {row.label for row in it.documents} - {None}
    hold(len(labels) > 1, f"there {'is one label' if labels else 'are no labels'}")


def dates_are_dates(it: Reading) -> None:
    """The date of a document is a `datetime.date` without a time of day, or None."""
    for row in it.documents:
        hold(row.date is None or type(row.date) is datetime.date, f"row {row.row}: {type(row.date).__name__}")


def further_columns_are_strings(it: Reading) -> None:
    """`meta` maps column names to strings."""
    for row in it.documents:
        good = all(isinstance(name, str) and isinstance(value, str) for name, value in row.meta.items())
        hold(good, f"row {row.row}: a column is no text")


def quarantine_says_why_in_one_line(it: Reading) -> None:
    """A row that could not be read has a reason, on one line, and the line of the file or 0."""
    for row in it.quarantined:
        good = isinstance(row.reason, str) and row.reason.strip() and not _CONTROL.search(row.reason)
        hold(good, f"row {row.row}: the reason {row.reason!r}")
        hold(isinstance(row.line, int) and row.line >= 0, f"row {row.row}: line {row.line!r}")


def quarantine_quotes_no_text(it: Reading) -> None:
    """A reason never holds a piece of a text: it goes where texts must not."""
    pieces = (
        {
            row.text[start : start + _LEAST_QUOTED]
            for row in it.documents
            if isinstance(row.text, str)
            for start in range(len(row.text) - _LEAST_QUOTED + 1)
        }
        if it.quarantined
        else set()
    )
    for row in it.quarantined:
        reason = str(row.reason)
        starts = range(len(reason) - _LEAST_QUOTED + 1)
        quoted = any(reason[start : start + _LEAST_QUOTED] in pieces for start in starts)
        hold(not quoted, f"row {row.row}: the reason quotes a text")


def stopping_half_way_leaves_nothing_open(it: Reading) -> None:
    """Who reads one row and stops leaves no file open."""
    gc.collect()
    before = _open_files()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        reading = iter(it.open())
        next(reading, None)
        del reading
        gc.collect()
    left = _open_files() - before
    unclosed = [warning for warning in caught if issubclass(warning.category, ResourceWarning)]
    hold(not unclosed and not left, f"a file stays open: {', '.join(sorted(left))}")


def the_cleaning_it_asks_for_is_installed(it: Reading) -> None:
    """Each name in `cleaners` is that of a cleaner."""
    missing = set(getattr(it.extension, "cleaners", ())) - set(it.host.plugins.names(Cleaner))
    hold(not missing, f"there is no cleaner {', '.join(sorted(missing))}")


def it_says_nothing_while_it_reads(it: Reading) -> None:
    """It prints nothing, and what it logs quotes no text."""
    with listening() as heard:
        rows = list(it.open())
    hold(not heard.printed, "it prints")
    texts = [row.text for row in rows if isinstance(row, Document) and isinstance(row.text, str)]
    hold(not any(len(text) > 8 and text in heard.logged for text in texts), "it logs a text")


def _open_files() -> set[str]:
    """What this process holds open, where the system tells."""
    folder = Path("/proc/self/fd")
    if sys.platform != "linux" or not folder.is_dir():
        return set()
    found = set()
    for entry in folder.iterdir():
        try:
            found.add(f"{entry.name} {entry.readlink()}")
        except OSError:  # the one for listing this folder is gone already
            continue
    return {name for name in found if "/proc/" not in name}


SOURCE = (
    it_has_a_name,
    opening_it_is_quick,
    it_yields_documents_and_quarantined_rows,
    rows_are_numbered_from_one,
    reading_again_gives_the_same_rows,
    opening_again_gives_the_same_rows,
    two_readings_do_not_disturb_each_other,
    texts_are_strings,
    labels_are_names,
    dates_are_dates,
    further_columns_are_strings,
    quarantine_says_why_in_one_line,
    quarantine_quotes_no_text,
    stopping_half_way_leaves_nothing_open,
    it_says_nothing_while_it_reads,
)
"""The laws of every source: those of corpora and those that a reader opens."""

LAWS = (*COMMON, *SOURCE, there_are_two_labels_to_tell_apart, the_cleaning_it_asks_for_is_installed)
"""In the order in which they are checked."""

SUBJECT = Reading
"""What the laws are about."""

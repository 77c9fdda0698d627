"""The laws of a reader: what the hook `triage_open_corpus` promises, one by one."""

from __future__ import annotations

import inspect
import tempfile
from pathlib import Path
from typing import Any

from triage.errors import TriageError
from triage.host.protocols import Source
from triage.records import Document, Quarantined
from triage.testing.corpora import SOURCE, Reading
from triage.testing.laws import LawBroken, hold
from triage.testing.subjects import Host

__all__ = ["LAWS", "Opening"]


class Opening(Reading):
    """A reader under test, with a file that it reads.

    Args:
        host: the plugin that implements the hook.
        sample: a file of its format that holds a few documents.
        options: what a user would say about the columns of the sample.
    """

    def __init__(self, host: Host, sample: Path, options: dict[str, str] | None = None) -> None:
        super().__init__(None, host, options)
        self.sample = sample

    def ask(self, location: str) -> Any:
        """Call the hook as the host does: with the arguments that it names."""
        hook = self.host.module.triage_open_corpus
        given = {"location": location, "options": dict(self.options)}
        return hook(**{name: given[name] for name in inspect.signature(hook).parameters})

    def open(self) -> Source:
        """Open the sample."""
        source: Source = self.ask(str(self.sample))
        hold(source is not None, f"it does not open {self.sample.name}")
        return source

    def altered(self, data: bytes) -> str:
        """Read the sample with other bytes in it; return what went wrong otherwise than it may, or ""."""
        with tempfile.TemporaryDirectory(prefix="triage-check-") as folder:
            path = Path(folder) / self.sample.name
            path.write_bytes(data)
            try:
                rows = list(self.ask(str(path)) or ())
            except TriageError:
                return ""
            except Exception as error:  # noqa: BLE001 - a reader may raise anything
                return f"{type(error).__name__}: only what derives from TriageError is shown to users"
            strange = [row for row in rows if not isinstance(row, Document | Quarantined)]
            return f"it yields {type(strange[0]).__name__}" if strange else ""


def it_leaves_names_that_are_no_files_to_others(it: Opening) -> None:
    """A plain word is a corpus' name: the reader returns None, so that another plugin is asked."""
    hold(it.ask("no-such-corpus-at-all") is None, "it opens a name that is no file")


def a_missing_file_is_said_to_be_missing(it: Opening) -> None:
    """Where there is nothing it returns None or raises a TriageError such as NoInput."""
    try:
        source = it.ask(f"no/such/folder/{it.sample.name}")
        rows = [] if source is None else list(source)
    except TriageError:
        return
    except Exception as error:
        raise LawBroken(f"it raises {type(error).__name__}, not a TriageError") from error
    hold(not rows, "it yields rows of a file that is not there")


def a_folder_is_no_file(it: Opening) -> None:
    """For a folder whose name looks like a file it returns None or raises a TriageError."""
    with tempfile.TemporaryDirectory(prefix="triage-check-") as folder:
        path = Path(folder) / it.sample.name
        path.mkdir()
        try:
            list(it.ask(str(path)) or ())
        except TriageError:
            return
        except Exception as error:
            raise LawBroken(f"it raises {type(error).__name__}, not a TriageError") from error


def an_empty_file_is_told_from_a_bug(it: Opening) -> None:
    """Of a file without a byte there is nothing to read, or a TriageError says so."""
    found = it.altered(b"")
    hold(not found, found)


def a_file_that_breaks_off_is_told_from_a_bug(it: Opening) -> None:
    """Of a file cut in the middle, rows are read or quarantined, or a TriageError says what is wrong."""
    data = it.sample.read_bytes()
    for share in (3, 2):
        found = it.altered(data[: len(data) // share])
        hold(not found, found)


def foreign_bytes_are_told_from_a_bug(it: Opening) -> None:
    """Bytes that are no text of any kind are quarantined, or a TriageError says what is wrong."""
    data = it.sample.read_bytes()
    found = it.altered(data[: len(data) // 2] + bytes(range(256)) + data[len(data) // 2 :])
    hold(not found, found)


def the_file_is_left_untouched(it: Opening) -> None:
    """Reading changes no byte of the file."""
    before = it.sample.read_bytes()
    list(it.open())
    hold(it.sample.read_bytes() == before, "the file was changed")


LAWS = (
    *SOURCE,
    it_leaves_names_that_are_no_files_to_others,
    a_missing_file_is_said_to_be_missing,
    a_folder_is_no_file,
    an_empty_file_is_told_from_a_bug,
    a_file_that_breaks_off_is_told_from_a_bug,
    foreign_bytes_are_told_from_a_bug,
    the_file_is_left_untouched,
)
"""In the order in which they are checked."""

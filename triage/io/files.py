"""The user's files: one function opens them, one writes them, one pair makes cells safe for spreadsheets.

Nothing else in triage opens a file that a user named. Reading refuses what could block, grow without end
or change under the reader; writing leaves the old file or the new one, never neither.
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import hashlib
import io
import itertools
import os
import re
import secrets
import stat
import unicodedata
import zlib
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from triage.errors import CannotWrite, DataError, NoInput, TriageError

try:
    import fcntl
except ImportError:  # pragma: no cover - not on this system: leftovers are then not swept
    fcntl = None  # type: ignore[assignment]

__all__ = [
    "CSV_MARK",
    "AtomicWriter",
    "Input",
    "csv_cell",
    "csv_line",
    "csv_uncell",
    "open_input",
    "quote_path",
    "write_file",
]

CSV_MARK = "triage_escaped"
"""The last column of a CSV file whose cells went through `csv_cell`: the reader undoes it only there."""

CHUNK = 1 << 18
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# DEFLATE reaches 1032:1 on nothing but repetition. Prose stays under 10:1, machine logs under 100:1; so a
# stream beyond 200:1 is no text. The first 64 MB are free: small files of few distinct lines may reach it.
_RATIO, _FREE = 200, 64 << 20
_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def quote_path(path: str | os.PathLike[str]) -> str:
    """Return `path` for a message: quoted, without control characters, cut to 200 characters."""
    text = os.fspath(path)
    clean = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text[:500])
    return "'" + (clean if len(clean) <= 200 else f"{clean[:80]}…{clean[-110:]}") + "'"


class Input(io.BufferedReader):
    """A regular file open for reading, unpacked where it is gzip.

    Attributes:
        stamp: inode, size and time of change when it was opened.
        compressed: whether it is gzip; if not, it is seekable.
    """

    def __init__(self, file: _Watched, *, compressed: bool) -> None:
        self.stamp = file.stamp
        self.compressed = compressed
        self._file = file
        super().__init__(_Gunzip(file) if compressed else file, CHUNK)

    def verify(self) -> None:
        """Raise DataError if the file changed since it was opened; reading to the end does so by itself."""
        self._file.verify()


def open_input(path: str | os.PathLike[str], *, stamp: tuple[int, ...] | None = None) -> Input:
    """Open the user's file `path` for reading bytes; gzip is recognised by its first bytes and unpacked.

    Only regular files (or symbolic links to one) are opened, so that it never blocks. While it is read,
    memory stays under a few MB.

    Args:
        path: the file; "-" means nothing special here.
        stamp: `Input.stamp` of an earlier opening; the file must not have changed since.

    Raises:
        NoInput: there is no such file (near names are suggested), it may not be read, it is an address,
            a directory, a device or a pipe.
        DataError: here or while reading: the file changed, or its gzip stream is damaged, cut off, or
            unpacks to more than 200 times its size.
    """
    name = os.fspath(path)
    if _URL.match(name):
        raise NoInput(f"{quote_path(name)} is an address, and triage reads files only: download it first")
    try:
        _check_regular(name, os.stat(name).st_mode)  # noqa: PTH116 - a PathLike may be a str here
        # Without O_NONBLOCK, a pipe put there since the check would block.
        descriptor = os.open(name, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        raise NoInput(_why_not(name, error)) from None
    raw = io.FileIO(descriptor)
    try:
        _check_regular(name, os.fstat(descriptor).st_mode)
        watched = _Watched(raw, name)
        if stamp is not None and watched.stamp != stamp:
            raise _changed(name)
        magic = raw.read(2)
        raw.seek(0)
        return Input(watched, compressed=magic == b"\x1f\x8b")
    except OSError as error:
        raw.close()
        raise NoInput(_why_not(name, error)) from None
    except TriageError:
        raw.close()
        raise


def _check_regular(name: str, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = next((words for test, words in _KINDS if test(mode)), "no regular file")
        raise NoInput(f"{quote_path(name)} is {kind}: a regular file is needed; copy what it gives into one")


def _why_not(name: str, error: OSError | ValueError) -> str:
    if isinstance(error, PermissionError):
        return f"{quote_path(name)} may not be read: permission denied"
    if isinstance(error, FileNotFoundError):
        return f"there is no file {quote_path(name)}.{_near_files(name)}"
    return f"{quote_path(name)} cannot be opened: {_reason(error)}"


def _reason(error: OSError | ValueError) -> str:
    return (isinstance(error, OSError) and error.strerror) or "not a possible file name"


def _near_files(name: str) -> str:
    """Suggest what the same directory holds under a like name."""
    folder, last = os.path.split(name)
    try:
        with os.scandir(folder or ".") as entries:
            names = [entry.name for entry in itertools.islice(entries, 10_000)]
    except OSError:
        return f" There is no directory {quote_path(folder)} either." if folder else ""
    folded = {other.casefold(): other for other in names}
    close = difflib.get_close_matches(last.casefold(), folded, n=3, cutoff=0.6)
    return f" Did you mean {', '.join(quote_path(folded[match]) for match in close)}?" if close else ""


def _changed(name: str) -> DataError:
    return DataError(
        f"{quote_path(name)} changed while it was read: nothing of it can be relied on; read it again"
    )


class _Watched(io.RawIOBase):
    """A file that notices, at its end, that it is no longer what was opened."""

    def __init__(self, raw: io.FileIO, name: str) -> None:
        self.raw = raw
        self.path = name
        self.stamp = self._now()

    def _now(self) -> tuple[int, ...]:
        found = os.fstat(self.raw.fileno())
        return found.st_ino, found.st_size, found.st_mtime_ns

    def verify(self) -> None:
        if self._now() != self.stamp:
            raise _changed(self.path)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            count = self.raw.readinto(buffer) or 0
        except OSError as error:
            raise DataError(f"{quote_path(self.path)} cannot be read to its end: {error.strerror}") from None
        if not count:
            self.verify()
        return count

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self.raw.seek(offset, whence)

    def tell(self) -> int:
        return self.raw.tell()

    def close(self) -> None:
        self.raw.close()
        super().close()


class _Gunzip(io.RawIOBase):
    """The content of a gzip file of one or several members, unpacked as it is asked for."""

    def __init__(self, file: _Watched) -> None:
        self.file = file
        self.packed = b""
        self.taken = 0  # bytes of the file that were unpacked
        self.given = 0
        self.member = zlib.decompressobj(wbits=31)
        self.begun = False  # whether the member at hand has had a byte

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        room = len(buffer)
        while True:
            if self.member.eof and not self._next_member():
                return 0
            if not self.packed:
                self.packed = self.file.raw.read(CHUNK) or b""
                if not self.packed:
                    self.file.verify()
                    raise self._damaged("is cut off: the gzip stream ends early", self.taken)
            try:
                data = self.member.decompress(self.packed, room)
            except zlib.error:
                raise self._damaged("is damaged: its gzip stream cannot be unpacked", self.taken) from None
            rest = self.member.unused_data if self.member.eof else self.member.unconsumed_tail
            self.taken += len(self.packed) - len(rest)
            self.packed = rest
            self.given += len(data)
            if self.given > _FREE and self.given > _RATIO * self.taken:
                raise DataError(
                    f"{quote_path(self.file.path)} unpacks to more than {_RATIO} times its size after "
                    f"{self.given >> 20} MB: this is no text. If it is, unpack it with gunzip first"
                )
            if data:
                buffer[: len(data)] = data
                return len(data)

    def _next_member(self) -> bool:
        """Go on to the next member; zero bytes may pad the end, as tapes and block devices leave them."""
        while True:
            content = self.packed.lstrip(b"\0")
            self.taken += len(self.packed) - len(content)
            self.packed = content
            if content:
                break
            self.packed = self.file.raw.read(CHUNK) or b""
            if not self.packed:
                self.file.verify()
                return False
        self.packed += self.file.raw.read(2) or b""
        if not self.packed.startswith(b"\x1f\x8b"):
            raise self._damaged("holds something after its gzip stream that is not gzip", self.taken)
        self.member = zlib.decompressobj(wbits=31)
        return True

    def _damaged(self, what: str, offset: int) -> DataError:
        return DataError(
            f"{quote_path(self.file.path)} {what}, near byte {offset:,}; copy or export it again"
        )

    def close(self) -> None:
        self.file.close()
        super().close()


class AtomicWriter:
    """A file that appears under its name only when it is whole.

    A context: bytes given to `write` go to a hidden file beside `path`; leaving the context syncs and
    renames it, leaving it by an exception removes it. Permissions follow the umask. What an earlier
    writer of the same path left behind when it was killed is swept.

    Raises:
        CannotWrite: any step failed; what stood under `path` before still stands.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        try:
            # Through a symbolic link the file it points to is replaced, not the link.
            self.path = Path(os.path.realpath(path))
        except ValueError as error:
            self.path = Path(path)
            raise self._cannot(error) from None
        self._prefix = f".triage-{hashlib.sha256(os.fsencode(self.path.name)).hexdigest()[:12]}-"
        self._temporary = self.path
        self._descriptor = -1

    def __enter__(self) -> Self:
        try:
            if self.path.exists() and not self.path.is_file():
                raise CannotWrite(f"cannot write {quote_path(self.path)}: it is there and is no regular file")
            self._sweep()
            self._create()
        except (OSError, ValueError) as error:
            self._abandon()
            raise self._cannot(error) from None
        return self

    def write(self, data: bytes) -> None:
        """Append `data`."""
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError as error:
            self._abandon()
            raise self._cannot(error) from None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor < 0:
            return
        if error is not None:
            self._abandon()
            return
        try:
            os.fsync(self._descriptor)
            self._temporary.replace(self.path)
            self._temporary = self.path
            os.close(self._descriptor)
            self._descriptor = -1
            _sync_directory(self.path.parent)
        except OSError as failure:
            self._abandon()
            raise self._cannot(failure) from None

    def _create(self) -> None:
        while True:
            self._temporary = self.path.with_name(f"{self._prefix}{secrets.token_hex(6)}.tmp")
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            self._descriptor = os.open(self._temporary, flags, 0o666)
            if fcntl is None:  # pragma: no cover
                return
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return  # no locks on this file system: nobody sweeps there either
            if os.fstat(self._descriptor).st_nlink:
                return
            os.close(self._descriptor)  # swept by another writer before the lock was held

    def _sweep(self) -> None:
        """Remove what killed writers of this path left: the files that nobody holds a lock on."""
        if fcntl is None:  # pragma: no cover
            return
        for leftover in self.path.parent.glob(f"{self._prefix}*.tmp"):
            try:
                descriptor = os.open(leftover, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            except OSError:
                continue
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                leftover.unlink()
            except OSError:
                pass
            finally:
                os.close(descriptor)

    def _abandon(self) -> None:
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = -1
        if self._temporary != self.path:
            with contextlib.suppress(OSError):
                self._temporary.unlink()
            self._temporary = self.path

    def _cannot(self, error: OSError | ValueError) -> CannotWrite:
        code = error.errno if isinstance(error, OSError) else None
        remedy = {
            errno.ENOSPC: "; make room and run it again",
            errno.EDQUOT: "; make room and run it again",
            errno.ENOENT: f"; make the directory {quote_path(self.path.parent)} first",
            errno.EACCES: "; choose a place that you may write to",
            errno.EPERM: "; choose a place that you may write to",
            errno.EROFS: "; choose a place that you may write to",
        }.get(code or 0, "; choose another place")
        reason = (
            error.strerror if isinstance(error, OSError) and error.strerror else "not a possible file name"
        )
        return CannotWrite(f"cannot write {quote_path(self.path)}: {reason}{remedy}")


def _sync_directory(folder: Path) -> None:
    """Make a rename last through a power cut, where the system can."""
    if os.name == "nt":  # pragma: no cover
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def write_file(path: str | os.PathLike[str], data: bytes | Iterable[bytes]) -> None:
    """Write `data` under `path` at once: afterwards the old file stands there or the whole new one.

    Raises:
        CannotWrite: any step failed; nothing partial is left.
    """
    with AtomicWriter(path) as file:
        for piece in (data,) if isinstance(data, bytes) else data:
            file.write(piece)


def csv_cell(text: str) -> str:
    """Return `text` as a cell that no spreadsheet takes for a formula; `csv_uncell` gives it back exactly.

    A cell whose first visible character is = + - @ (or looks like one: full-width and small forms, the
    minus sign), or that begins with a tab or a line break, gets an apostrophe in front; so does one that
    begins with an apostrophe already, which keeps the two apart. See OWASP, "CSV Injection". A file
    whose cells went through this says so by `CSV_MARK`, the name of its last column.
    """
    return f"'{text}" if _dangerous(text) else text


def csv_line(cells: Iterable[object], *, end: str = "\r\n") -> str:
    """Return one line of CSV, every cell of it in quotes and safe for spreadsheets; None is an empty cell."""
    texts = ("" if cell is None else csv_cell(str(cell)) for cell in cells)
    return ",".join('"' + text.replace('"', '""') + '"' for text in texts) + end


def csv_uncell(cell: str) -> str:
    """Return the text that `csv_cell` made `cell` of."""
    return cell[1:] if cell.startswith("'") and _dangerous(cell[1:]) else cell


def _dangerous(text: str) -> bool:
    if not text:
        return False
    if text[0] in "'\t\r\n":
        return True
    # Importers trim blanks and drop invisible characters before they look for a formula.
    for character in text:
        if character.isalnum():
            return False
        if character.isspace() or unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp"):
            continue
        return unicodedata.normalize("NFKC", character)[:1] in ("=", "+", "-", "@", "\u2212")
    return False

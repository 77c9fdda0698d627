"""Who may write where: one writer at a time, and only in place of a model."""

from __future__ import annotations

import contextlib
import datetime
import errno
import json
import os
import platform
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from triage.errors import CannotWrite
from triage.io.files import quote_path
from triage.models.bundle.exactjson import Damaged
from triage.models.bundle.manifest import MANIFEST, MAX_MANIFEST, NO_FOLLOW, PRIVATE, bytes_of, parse
from triage.models.bundle.paths import Place, find

if sys.platform == "win32":  # pragma: no cover - the other branch is the one under test
    import msvcrt

    def _try_to_lock(descriptor: int) -> None:
        # Far behind the content, because nobody else may read what is locked here.
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _try_to_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


__all__ = ["Lock", "cannot_write", "check_replaceable", "lock"]

_ATTEMPTS = 100
_MAX_HOLDER = 1024
_TAKEN = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)  # the last two from Windows
_REMEDIES = {
    errno.ENOSPC: "Make room and run it again",
    errno.EDQUOT: "Make room and run it again",
    errno.EACCES: "Choose a place that you may write to",
    errno.EPERM: "Choose a place that you may write to",
    errno.EROFS: "Choose a place that you may write to",
    errno.EBUSY: "A mount point cannot be replaced: choose a directory in it",
}


class Lock:
    """The right to write one model, while it is held; what `lock` gives."""

    def __init__(self, place: Place, descriptor: int) -> None:
        self.place = place
        self._descriptor = descriptor

    @property
    def held(self) -> bool:
        """Whether it still is."""
        return self._descriptor >= 0

    def named(self) -> bool:
        """Tell whether the lock file still has its name: else somebody else may lock another."""
        try:
            return os.path.samestat(os.fstat(self._descriptor), self.place.lock.stat())
        except FileNotFoundError:
            return False

    def sign(self) -> None:
        """Write into the lock file who holds it."""
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        record = {"pid": os.getpid(), "host": platform.node(), "since": now}
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        os.write(self._descriptor, json.dumps(record).encode("ascii"))

    def release(self) -> None:
        """Let go. The file is removed while it is still locked, so never a file that another one holds."""
        with contextlib.suppress(OSError):  # where it cannot be removed, the next holder takes it as it is
            if self.named():
                self.place.lock.unlink()
        descriptor, self._descriptor = self._descriptor, -1
        with contextlib.suppress(OSError):
            os.close(descriptor)


@contextlib.contextmanager
def lock(path: str | os.PathLike[str]) -> Iterator[Lock]:
    """Hold the model at `path` for writing, from before a training to after its `write`.

    Directories above it are made. A process that dies releases the lock. All that would keep `write` from
    writing is said here, so that a long training fails at its beginning and not at its end.

    Raises:
        CannotWrite: another process (or thread) holds it, with who and since when; the lock cannot be
            written there; or what stands at `path` may not be replaced.
    """
    with cannot_write(path):
        place = find(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        held = _taken(place)
    try:
        with cannot_write(path):
            held.sign()
            check_replaceable(place, place.model)
        yield held
    finally:
        held.release()


@contextlib.contextmanager
def cannot_write(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn an OSError into CannotWrite with the path, the reason and a remedy."""
    try:
        yield
    except OSError as error:
        remedy = _REMEDIES.get(error.errno or 0, "Choose another place")
        reason = error.strerror or type(error).__name__
        raise CannotWrite(f"cannot write the model {quote_path(path)}: {reason}. {remedy}") from error


def check_replaceable(place: Place, folder: Path) -> None:
    """Check that nothing but a model, or an empty directory, would be lost with `folder`.

    Hidden files in a model's directory go with it: file managers leave them there.

    Raises:
        CannotWrite: something else stands there; it is named and left alone.
        OSError: it cannot be looked at.
    """
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except FileNotFoundError:
        return
    except NotADirectoryError:
        raise CannotWrite(
            f"cannot write the model {quote_path(place.asked)}: {quote_path(folder)} is a file. "
            "Choose another path, or move it away"
        ) from None
    listed = _listed(folder)
    strange = [
        name for name in names if name not in listed and not (listed and _is_hidden_file(folder, name))
    ]
    if strange:
        raise CannotWrite(
            f"cannot write the model {quote_path(place.asked)}: {quote_path(folder)} holds {quote_path(strange[0])}, "
            "which is not part of a model that triage knows. Choose another path, or move it away"
        )


def _listed(folder: Path) -> set[str]:
    """Return the names of the files that belong to the model in `folder`: none if it is no model."""
    try:
        return {MANIFEST, *parse(bytes_of(folder, MANIFEST, most=MAX_MANIFEST))}
    except Damaged:
        return set()


def _is_hidden_file(folder: Path, name: str) -> bool:
    return name.startswith(".") and stat.S_ISREG((folder / name).lstat().st_mode)


def _taken(place: Place) -> Lock:
    for _ in range(_ATTEMPTS):
        descriptor = os.open(place.lock, os.O_RDWR | os.O_CREAT | NO_FOLLOW | PRIVATE, 0o666)
        try:
            _try_to_lock(descriptor)
        except OSError as error:
            who = _holder(descriptor)
            os.close(descriptor)
            if error.errno not in _TAKEN:
                raise
            raise CannotWrite(
                f"the model {quote_path(place.asked)} is being written by {who}. "
                "Wait for it, or choose another path"
            ) from None
        held = Lock(place, descriptor)
        try:
            if held.named():
                return held
        except BaseException:
            held.release()
            raise
        # Between the opening and the locking the last holder removed the file: it locks nobody out.
        held.release()
    raise OSError(errno.EAGAIN, "its lock changes hands all the time")


def _holder(descriptor: int) -> str:
    """Return who holds the lock, in words; the file may be half written, or anybody's."""
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        record = json.loads(os.read(descriptor, _MAX_HOLDER))
        pid, host = int(record["pid"]), str(record["host"])
        since = datetime.datetime.fromisoformat(record["since"]).isoformat()
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
    return f"process {pid} on {quote_path(host)} since {since}"

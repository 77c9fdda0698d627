"""Write a model: afterwards the old one stands there, whole, or the new one, whole."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from pathlib import Path

from triage.errors import CannotWrite
from triage.io.files import quote_path
from triage.models.bundle.content import Bundle, to_files
from triage.models.bundle.exactjson import Damaged
from triage.models.bundle.locks import Lock, cannot_write, check_replaceable, lock
from triage.models.bundle.manifest import MANIFEST, PRIVATE, manifest_of
from triage.models.bundle.paths import Place, find

__all__ = ["write"]


def write(path: str | os.PathLike[str], bundle: Bundle, *, held: Lock | None = None) -> str:
    """Write `bundle` as the directory `path`, in place of a model that stands there.

    Everything is encoded first, then written into a directory beside `path` with the manifest last, synced,
    and renamed. What earlier writers left behind when they were killed is swept.

    Args:
        path: the model's directory; directories above it are made. Permissions follow the umask.
        bundle: what to write.
        held: the lock on `path`, where the caller has it; else it is taken for the time of the writing.

    Returns:
        The SHA-256 of the manifest: the same bundle gives the same.

    Raises:
        TypeError: a value that cannot be stored; its key is named.
        ValueError: golden answers or names that cannot be, or a lock on another path.
        Diverged: a number outside an array that is not finite.
        CannotWrite: any step failed, another writer is at work, or `path` holds something that is not a
            model. What stood there before still stands, and nothing half-written is left.
    """
    files = to_files(bundle)
    try:
        files[MANIFEST] = manifest_of(files)  # the last of them, and so the last to be written
    except Damaged as damage:
        raise CannotWrite(f"cannot write the model {quote_path(path)}: {damage}") from None
    if held is None:
        with lock(path) as taken:
            _replace(taken.place, files)
    else:
        with cannot_write(path):
            place = find(path)
        if not held.held or held.place.model != place.model:
            raise ValueError("the lock is not held, or is on another path")
        _replace(place, files)
    return hashlib.sha256(files[MANIFEST]).hexdigest()


def _replace(place: Place, files: dict[str, bytes]) -> None:
    with cannot_write(place.asked):
        check_replaceable(place, place.model)
        _recover(place)
        new = place.scratch("new")
        try:
            new.mkdir()
            for name, data in files.items():
                _write_file(new / name, data)
            _sync(new)
            _exchange(place, new)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        _discard(place)


def _recover(place: Place) -> None:
    """Finish what a killed writer began: no leftover survives, and no model is lost."""
    if os.path.lexists(place.previous):
        check_replaceable(place, place.previous)
        if os.path.lexists(place.model):
            _discard(place)
        else:
            place.previous.rename(place.model)
            _sync(place.parent)
    for entry in place.parent.iterdir():
        if place.is_scratch(entry.name):
            shutil.rmtree(entry, ignore_errors=True)


def _exchange(place: Place, new: Path) -> None:
    """Put the directory `new` where the model is, and the model, where there is one, aside."""
    try:
        with contextlib.suppress(FileNotFoundError):
            place.model.rename(place.previous)
        new.rename(place.model)
        _sync(place.parent)
    except BaseException:
        # What was done is read from the disk: an interrupt may have come after any of the steps.
        with contextlib.suppress(OSError):
            if not os.path.lexists(new):
                place.model.rename(new)
        with contextlib.suppress(OSError):
            if not os.path.lexists(place.model):
                place.previous.rename(place.model)
        raise


def _discard(place: Place) -> None:
    """Remove the previous model, if there is one.

    It is renamed first: under its own name a reader could take it for a model while its files go.
    """
    old = place.scratch("old")
    with contextlib.suppress(OSError):
        place.previous.rename(old)
        shutil.rmtree(old, ignore_errors=True)


def _write_file(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | PRIVATE, 0o666)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    """Make what was created and renamed in `folder` last through a power cut, where the system can."""
    if os.name == "nt":  # pragma: no cover - a directory cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY | PRIVATE)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some file systems have no such thing
            raise
    finally:
        os.close(descriptor)

"""Read a model: nothing is used before its size and its hash are what the manifest says."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from triage.errors import NoInput, Refused
from triage.io.files import quote_path
from triage.models.bundle.content import Bundle, from_files
from triage.models.bundle.exactjson import Damaged
from triage.models.bundle.manifest import MANIFEST, MAX_MANIFEST, PRIVATE, bytes_of, parse
from triage.models.bundle.paths import find

__all__ = ["read"]

_ATTEMPTS = 20
_KINDS = (
    (b"\x80", "a pickle, which can run anything when it is opened"),
    (b"\x89HDF", "an HDF5 file, such as Keras' .h5"),
    (b"PK\x03\x04", "a zip archive, such as a .keras file"),
    (b"\x1f\x8b", "a gzip file"),
)
_WHAT = "A model is a directory that `triage train CORPUS --model MODEL` wrote; nothing else is opened as one"


def read(path: str | os.PathLike[str]) -> Bundle:
    """Read the model at `path`; what is read while it is replaced is the old one or the new one.

    Raises:
        NoInput: there is no such directory, or it may not be read.
        Refused: it is something else than a model, or any byte of it is not what its manifest says;
            the file is named.
    """
    try:
        place = find(path)
        for attempt in range(_ATTEMPTS):
            for folder in (place.model, place.previous):
                try:
                    before = folder.stat()
                except FileNotFoundError:
                    continue
                if not stat.S_ISDIR(before.st_mode):
                    raise Refused(
                        f"{quote_path(path)} is {_kind(folder, before.st_mode)}, and no model. {_WHAT}"
                    )
                try:
                    return _read(folder)
                except Damaged as damage:
                    if attempt == _ATTEMPTS - 1 or _same(folder, before):
                        raise Refused(
                            f"the model {quote_path(path)} is refused: {damage}. {damage.remedy}"
                        ) from damage
                    break  # a writer exchanged the directory meanwhile
    except OSError as error:
        raise NoInput(f"the model {quote_path(path)} cannot be read: {error.strerror}") from error
    raise NoInput(
        f"there is no model {quote_path(path)}. Make one: triage train CORPUS --model {quote_path(path)}"
    )


def _read(folder: Path) -> Bundle:
    names = _listed(folder)
    if MANIFEST not in names:
        raise Damaged(MANIFEST, "missing", remedy=_WHAT)
    manifest = bytes_of(folder, MANIFEST, most=MAX_MANIFEST)
    entries = parse(manifest)
    for name in names:
        if name != MANIFEST and name not in entries and not name.startswith("."):
            raise Damaged(
                quote_path(name), "not one of the files that the manifest lists", remedy="Move it away"
            )
    files = {}
    for name, (size, sha256) in entries.items():
        files[name] = bytes_of(folder, name, most=size, exactly=True)
        if hashlib.sha256(files[name]).hexdigest() != sha256:
            raise Damaged(name, "its SHA-256 is not the manifest's")
    return from_files(files, sha256=hashlib.sha256(manifest).hexdigest())


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except FileNotFoundError:
        raise Damaged(MANIFEST, "missing") from None


def _same(folder: Path, before: os.stat_result) -> bool:
    try:
        now = folder.stat()
    except FileNotFoundError:
        return False
    # The time too: a later directory may be given the inode of one that is gone.
    return os.path.samestat(now, before) and now.st_mtime_ns == before.st_mtime_ns


def _kind(path: Path, mode: int) -> str:
    """Return what a file is that was offered as a model; at most its first bytes are read."""
    if not stat.S_ISREG(mode):
        return "a pipe or a device"
    descriptor = os.open(path, os.O_RDONLY | PRIVATE | getattr(os, "O_NONBLOCK", 0))
    try:
        start = os.read(descriptor, 8)
    finally:
        os.close(descriptor)
    if path.suffix == ".onnx":
        return "an ONNX file"
    return next((kind for magic, kind in _KINDS if start.startswith(magic)), "a file")

"""The manifest: which files a model consists of, with the size and the hash of each."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from triage.models.bundle.exactjson import Damaged, decode, encode

__all__ = [
    "MANIFEST",
    "MAX_MANIFEST",
    "NO_FOLLOW",
    "PRIVATE",
    "SCHEMA",
    "bytes_of",
    "check_sizes",
    "manifest_of",
    "parse",
]

MANIFEST = "MANIFEST.json"
MAX_MANIFEST = 1 << 20
SCHEMA = 1

# Flags that not every system has.
PRIVATE = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)

_MAX_FILES = 100
_MAX_TOTAL = 4 << 30
_MAX_VOCABULARY = 512 << 20
_MAX_JSON = 64 << 20
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*\.[a-z]+")


def manifest_of(files: Mapping[str, bytes]) -> bytes:
    """Return the manifest of `files`: the same files give the same bytes.

    Raises:
        Damaged: more, or larger, files than `parse` would allow.
    """
    check_sizes({name: len(data) for name, data in files.items()})
    entries = {
        name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()
    }
    return _canonical({"files": entries, "schema": SCHEMA})


def parse(data: bytes | bytearray) -> dict[str, tuple[int, str]]:
    """Return the size and the SHA-256 of each file by name.

    Raises:
        Damaged: not a manifest that `manifest_of` can have written, or one of another schema version.
    """
    record = decode(data, MANIFEST)
    if not isinstance(record, dict) or type(schema := record.get("schema")) is not int:
        raise Damaged(MANIFEST, "not a manifest")
    if schema > SCHEMA:
        raise Damaged(
            MANIFEST,
            f"of schema version {schema}, and this triage knows version {SCHEMA}",
            remedy="Get a newer one: pip install --upgrade nlp-triage",
        )
    if schema < SCHEMA:
        raise Damaged(
            MANIFEST,
            f"of schema version {schema}, which this triage does not read",
            remedy="Learn it anew from the same corpus: triage train CORPUS --model MODEL",
        )
    files = record.get("files")
    if set(record) != {"schema", "files"} or not isinstance(files, dict):
        raise Damaged(MANIFEST, "not a manifest")
    for name, entry in files.items():
        if not _FILE.fullmatch(name) or name == MANIFEST:
            raise Damaged(MANIFEST, "lists a file that cannot be part of a model")
        if (
            not isinstance(entry, dict)
            or set(entry) != {"bytes", "sha256"}
            or type(entry["bytes"]) is not int
            or entry["bytes"] < 0
            or not isinstance(entry["sha256"], str)
        ):
            raise Damaged(MANIFEST, f"does not give the size and the hash of {name}")
    # Only one spelling is accepted, so that one model has one digest.
    if _canonical(record) != data:
        raise Damaged(MANIFEST, "not spelled as triage spells it")
    check_sizes({name: entry["bytes"] for name, entry in files.items()})
    return {name: (entry["bytes"], entry["sha256"]) for name, entry in files.items()}


def check_sizes(sizes: Mapping[str, int]) -> None:
    """Check that reading files of these sizes takes a memory that can be borne.

    Raises:
        Damaged: one is too large, or all together are, or there are too many.
    """
    for name, size in sizes.items():
        most = _MAX_JSON if name.endswith(".json") else _MAX_TOTAL
        if name == "vocabulary.json":
            most = _MAX_VOCABULARY
        if size > most:
            raise Damaged(name, f"{size:,} bytes; at most {most:,} are allowed")
    if len(sizes) > _MAX_FILES or sum(sizes.values()) > _MAX_TOTAL:
        raise Damaged(
            MANIFEST,
            f"{len(sizes)} files of {sum(sizes.values()):,} bytes; at most {_MAX_FILES} of {_MAX_TOTAL:,}",
        )


def bytes_of(folder: Path, name: str, *, most: int, exactly: bool = False) -> bytearray:
    """Return the content of a regular file, whose size is checked before memory is taken.

    Every file of a bundle is read by this function.

    Args:
        folder: the bundle.
        name: of the file in it.
        most: how many bytes it may have.
        exactly: whether it must have as many.

    Raises:
        Damaged: it is missing, a link, a pipe or a directory, of another size, or cannot be read to its end.
        PermissionError: it may not be read.
    """
    try:
        # Non-blocking, so that a named pipe does not hold us up before it is recognised.
        flags = os.O_RDONLY | NO_FOLLOW | PRIVATE | getattr(os, "O_NONBLOCK", 0)
        descriptor = os.open(folder / name, flags)
        with io.FileIO(descriptor) as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise Damaged(name, "not a regular file")
            size = found.st_size
            if size > most or (exactly and size != most):
                raise Damaged(name, f"{size:,} bytes and not {'' if exactly else 'at most '}{most:,}")
            content = bytearray(size)
            rest = memoryview(content)
            while rest:
                count = file.readinto(rest)
                if not count:
                    raise Damaged(name, "became shorter while it was read")
                rest = rest[count:]
    except FileNotFoundError:
        raise Damaged(name, "missing") from None
    except PermissionError:
        raise
    except MemoryError:
        raise Damaged(name, "does not fit into memory", remedy="Read it on a larger machine") from None
    except OSError as error:
        link = error.errno == errno.ELOOP
        reason = "a symbolic link; a model consists of regular files" if link else error.strerror
        raise Damaged(name, reason or type(error).__name__) from error
    return content


def _canonical(manifest: Mapping[str, Any]) -> bytes:
    return encode({"files": dict(sorted(manifest["files"].items())), "schema": manifest["schema"]}, indent=1)

"""Read CSV, JSON Lines, Parquet and Excel files, gzip or not, and the CFPB export by its header."""

from __future__ import annotations

import os
from typing import Any

import triage
from triage.plugin_api import Source

__all__ = ["triage_open_corpus"]


@triage.hookimpl
def triage_open_corpus(location: str, options: dict[str, Any]) -> Source | None:
    """Open `location` where it is a file or looks like one; leave other names to other plugins."""
    if not os.path.lexists(location) and not _looks_like_path(location):
        return None
    from triage_readers._formats import open_file

    return open_file(location, options)


def _looks_like_path(location: str) -> bool:
    return any(sign in location for sign in ("/", os.sep, ".", "\0"))

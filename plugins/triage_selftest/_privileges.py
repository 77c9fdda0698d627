"""Run triage as a user to whom permissions apply, even where the battery runs as root."""

from __future__ import annotations

import os

from triage_selftest._place import Done, Place

__all__ = ["NO_PRIVILEGES", "PLAIN_USER", "triage_as_plain_user"]

NO_PRIVILEGES = 111
"""The exit code where the privileges of root cannot be given up."""

# Root without capabilities is asked for permissions like anybody else (capabilities(7)).
PLAIN_USER = f"""
import ctypes, os, runpy, sys
if hasattr(os, "geteuid") and os.geteuid() == 0:
    try:
        header, nothing = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
        given_up = ctypes.CDLL(None).capset(header, nothing) == 0
    except (AttributeError, OSError):
        given_up = False
    if not given_up:
        sys.exit({NO_PRIVILEGES})
"""
"""Python that gives up what root may do beyond others, or ends with `NO_PRIVILEGES`."""
_RUN = 'runpy.run_module("triage", run_name="__main__", alter_sys=True)'


def triage_as_plain_user(place: Place, *words: str | os.PathLike[str], **how: object) -> Done:
    """Run `triage WORDS` as `Place.triage` does, without what root may do beyond others."""
    return place.python(PLAIN_USER + _RUN, *words, **how)  # type: ignore[arg-type]

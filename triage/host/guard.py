"""What plugins do besides their work: what they print goes to stderr; one that never loads is given up."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
import types
from collections.abc import Iterator

from triage.io.terminal import safe_text

__all__ = ["SECONDS", "TookTooLong", "aside", "seconds_to_load", "within"]

SECONDS = 60.0
"""How long loading a plugin may take: the heaviest imports take ten on a slow disk."""

_LONGEST = 4000


class TookTooLong(BaseException):
    """Raised in the midst of what takes too long; no Exception, so that no `except Exception` keeps it."""


class _Aside(io.TextIOBase):
    """A stand-in for stdout: each whole line goes to stderr, safe for a terminal."""

    def __init__(self) -> None:
        super().__init__()
        self._begun = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._begun = (self._begun + str(text)).split("\n")
        for line in lines:
            self._say(line)
        if len(self._begun) > _LONGEST:
            self.end()
        return len(text)

    def _say(self, line: str) -> None:
        if line.strip() and sys.stderr is not None:
            cut = line if len(line) <= _LONGEST else line[:_LONGEST] + "…"
            sys.stderr.write(safe_text(cut) + "\n")

    def end(self) -> None:
        """Say what was printed without a line end."""
        line, self._begun = self._begun, ""
        self._say(line)


@contextlib.contextmanager
def aside() -> Iterator[None]:
    """Let nothing that is printed in this context reach stdout, which is for data: it goes to stderr."""
    stand_in = _Aside()
    before = sys.stdout
    if isinstance(before, _Aside):  # a plugin within a plugin
        yield
        return
    sys.stdout = stand_in
    try:
        yield
    finally:
        sys.stdout = before
        stand_in.end()


def seconds_to_load() -> float:
    """Return how long loading a plugin may take: `TRIAGE_PLUGIN_SECONDS`, or 60."""
    try:
        asked = float(os.environ.get("TRIAGE_PLUGIN_SECONDS", ""))
    except ValueError:
        return SECONDS
    return asked if 0 < asked < 1e6 else SECONDS


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise `TookTooLong` in this context after `seconds`, and again until it ends.

    Only in the main thread of a system that has timers, and only where nobody else uses the timer; elsewhere
    nothing is limited. A call into compiled code that never returns is not ended.
    """
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
        or signal.getitimer(signal.ITIMER_REAL)[0]
        or signal.getsignal(signal.SIGALRM) not in (signal.SIG_DFL, signal.SIG_IGN)
    ):
        yield
        return

    def ring(number: int, frame: types.FrameType | None) -> None:  # noqa: ARG001 - as signal calls it
        raise TookTooLong(f"it took longer than {seconds:g} s and was given up")

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

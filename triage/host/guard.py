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
from contextvars import ContextVar
from typing import Any, TextIO, cast

from triage.errors import TriageError
from triage.io.terminal import safe_text

__all__ = ["SECONDS", "TookTooLong", "aside", "ends_a_plugin", "name_of_error", "seconds_to_load", "within"]

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


class _ByContext(io.TextIOBase):
    """A stdout that sends what a plugin prints to stderr, and what all other threads print to where it belongs.

    No file descriptor is touched: a process may have other threads that print data.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self.stream = stream
        self.users = 0

    @property
    def meant(self) -> TextIO:
        """The stream that this context prints to."""
        return cast("TextIO", _stand_in.get() or self.stream)

    def write(self, text: str) -> int:
        return self.meant.write(text)

    def flush(self) -> None:
        if _stand_in.get() is None:
            self.stream.flush()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return _stand_in.get() is None and self.stream.isatty()

    def fileno(self) -> int:
        if _stand_in.get() is not None:
            raise io.UnsupportedOperation("a plugin's stdout has no file descriptor")
        return self.stream.fileno()

    def __getattr__(self, name: str) -> Any:
        # buffer, encoding, errors: those of the stream that is meant
        return getattr(self.meant, name)


_stand_in: ContextVar[_Aside | None] = ContextVar("triage_stand_in", default=None)
_lock = threading.Lock()


@contextlib.contextmanager
def aside() -> Iterator[None]:
    """Let nothing that is printed in this context reach stdout, which is for data: it goes to stderr.

    Other threads print as before.
    """
    if _stand_in.get() is not None:  # a plugin within a plugin
        yield
        return
    stand_in = _Aside()
    token = _stand_in.set(stand_in)
    with _lock:
        now: object = sys.stdout
        shared = now if isinstance(now, _ByContext) else _ByContext(sys.stdout)
        sys.stdout = cast("TextIO", shared)
        shared.users += 1
    try:
        yield
    finally:
        _stand_in.reset(token)
        with _lock:
            shared.users -= 1
            if not shared.users and cast("object", sys.stdout) is shared:
                sys.stdout = shared.stream
        stand_in.end()


def ends_a_plugin(error: BaseException) -> bool:
    """Return whether an exception is a plugin's failure: everything but Ctrl-C, and what triage itself raises."""
    return not isinstance(
        error, TriageError | KeyboardInterrupt | MemoryError | GeneratorExit | BrokenPipeError
    )


def name_of_error(error: BaseException) -> str:
    """Return what a plugin did, for a message: never the error's own text, which may quote a document."""
    return "SystemExit (it called sys.exit)" if isinstance(error, SystemExit) else type(error).__name__


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

"""uvicorn with our signals: the first one stops gracefully, the second at once."""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from triage import CannotWrite

__all__ = ["Server", "listening"]

_GRACE = 15
"""Seconds in which requests that were taken are answered after a signal to stop."""


class Server(uvicorn.Server):
    """Serves one application.

    uvicorn raises a signal again once it has stopped, which would end the process before the scoring
    processes and the database are closed; so the signals are handled here.

    Args:
        app: what answers.
        tls: certificate and key, or None.
        on_ready: called when connections are accepted.
        on_stop: called as soon as a signal asks to stop.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        tls: tuple[str, str] | None = None,
        on_ready: Callable[[], None] = lambda: None,
        on_stop: Callable[[], None] = lambda: None,
    ) -> None:
        certificate, key = tls or (None, None)
        options: dict[str, Any] = {"lifespan": "off", "ws": "none", "loop": "asyncio", "log_config": None}
        options |= {
            "access_log": False,
            "server_header": False,
            "proxy_headers": False,
            "log_level": "warning",
        }
        super().__init__(
            uvicorn.Config(
                app,
                timeout_keep_alive=30,
                timeout_graceful_shutdown=_GRACE,
                backlog=512,
                ssl_certfile=certificate,
                ssl_keyfile=key,
                **options,
            )
        )
        self._on_ready = on_ready
        self._on_stop = on_stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections."""
        await super().startup(sockets)
        self._on_ready()

    def stop(self) -> None:
        """Stop gracefully; at once where that was asked before."""
        self.force_exit = self.should_exit
        self.should_exit = True
        self._on_stop()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGINT and SIGTERM."""
        signals = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, lambda *_: self.stop()) for number in signals}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def listening(bind: tuple[str, int]) -> socket.socket:
    """Return a socket that is bound to `bind`.

    Raises:
        CannotWrite: the address is in use, or not this machine's.
    """
    family = socket.AF_INET6 if ":" in bind[0] else socket.AF_INET
    # Named, because asyncio turns Nagle's algorithm off only where it sees that the protocol is TCP.
    found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind(bind)
    except OSError as error:
        found.close()
        raise CannotWrite(
            f"cannot listen at {bind[0]}:{bind[1]}: {error.strerror}; give another --bind"
        ) from error
    return found

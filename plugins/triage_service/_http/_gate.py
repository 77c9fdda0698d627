"""What stands around every request: its number, the host check, headers, errors as JSON, and figures.

Pure ASGI: `BaseHTTPMiddleware` costs time and breaks context variables. It is the one place where a reply is
an error, and no error holds any part of a request. Nothing is logged but method, route, status and time.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from triage import CannotWrite, TriageError
from triage_service._http._body import json_reply
from triage_service._http._problems import Problem
from triage_service._scoring._pool import Late
from triage_service._scoring._queue import Full

__all__ = ["Gate", "refused"]

_log = logging.getLogger("triage_service")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

Observe = Callable[[str, str, int, float], None]
"""Told method, route, status and seconds of each request."""


class Gate:
    """The outermost middleware.

    Args:
        app: what it stands around.
        hosts: the values of `Host` that are answered, without a port; empty for any.
        observe: told of each request.
    """

    def __init__(self, app: ASGIApp, *, hosts: Collection[str], observe: Observe) -> None:
        self.app = app
        self.hosts = frozenset(host.lower() for host in hosts)
        self.observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope["request_id"] = request_id
        started = time.perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                headers.setdefault("Cache-Control", "no-store")
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            self._check_host(scope)
            await self.app(scope, receive, send_with_headers)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets JSON and the log gets a name
            problem = _problem_of(error)
            if problem.status == 500:
                _log.error("request %s failed: %s", request_id, _where(error))
            if status:  # the reply has begun: the only honest end is to break it off
                raise ConnectionError from None
            await _response(problem, request_id)(scope, receive, send_with_headers)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            self.observe(scope["method"], route, status, time.perf_counter() - started)

    def _check_host(self, scope: Scope) -> None:
        """Refuse other host names: a page of another origin may have been pointed here (DNS rebinding).

        The probes are asked by address, and say nothing that anybody may not know.
        """
        if not self.hosts or scope["path"] in ("/healthz", "/readyz"):
            return
        host = Headers(scope=scope).get("host", "").lower()
        name = host[: host.rindex("]") + 1] if host.startswith("[") and "]" in host else host.split(":")[0]
        if name not in self.hosts:
            raise Problem(400, "the Host header must name this service; see `triage serve --host`")


async def refused(request: Request, error: Exception) -> Response:
    """Return Starlette's own refusals, such as a path that is not there, in our form."""
    return _response(_problem_of(error), request.scope["request_id"])


def _problem_of(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, HTTPException):
        words = {404: "there is nothing at this path", 405: "this path has no such method"}
        return Problem(
            error.status_code, words.get(error.status_code, "the request was refused"), headers=error.headers
        )
    if isinstance(error, CannotWrite):
        return Problem(507, "the database cannot be written; nothing was stored")
    if isinstance(error, TriageError) and isinstance(status := getattr(error, "status", None), int):
        return Problem(status, str(error))  # a refusal of the store: its words hold no text
    if isinstance(error, Full):
        return Problem(
            429,
            "too many texts are waiting; try again later",
            headers={"Retry-After": str(error.retry_after)},
        )
    if isinstance(error, Late):
        return Problem(504, "the deadline passed before every text was scored; nothing was decided")
    return Problem(500, "the service failed; its log names the place by this request's number")


def _where(error: BaseException) -> str:
    """Return the type of an error and the line that raised it; never its message, which may quote a text."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {trace.tb_frame.f_code.co_name}:{trace.tb_lineno}" if trace is not None else ""
    return f"{type(error).__name__}{place}"


def _response(problem: Problem, request_id: str) -> Response:
    body = {"error": problem.error, "detail": problem.detail, "request": request_id}
    return Response(json_reply(body), problem.status, problem.headers, "application/json")

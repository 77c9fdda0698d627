"""Who asks, and what they may do: default deny.

A token in `Authorization: Bearer`, or a session cookie, or a name that a trusted proxy states. Requests that
change anything by cookie must come from a page of this service (`Sec-Fetch-Site`, else `Origin`).
"""

from __future__ import annotations

import hashlib
import ipaddress
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from starlette.requests import Request

from triage_service._http._problems import Problem
from triage_service._settings import Settings

if TYPE_CHECKING:
    from triage_service._store import Principal

__all__ = ["Access", "cookie_name", "digest_of"]

_KEPT_SECONDS = 5.0
_KEPT_MOST = 4096
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="triage"'}
_SAFE = ("GET", "HEAD")


def digest_of(secret: str) -> str:
    """Return the SHA-256 of a token: a digest is what is stored and looked up, so its comparison leaks nothing."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def cookie_name(settings: Settings) -> str:
    """Return the session cookie's name; `__Host-` needs TLS, which a desk on loopback does not have."""
    return "__Host-triage" if settings.secure else "triage"


class Access:
    """Lets requests in.

    Args:
        settings: of the service.
        lookup: returns the principal for ("token" | "session" | "name", key), or None.
    """

    def __init__(self, settings: Settings, lookup: Callable[[str, str], Awaitable[Principal | None]]) -> None:
        self._settings = settings
        self._lookup = lookup
        self._kept: dict[tuple[str, str], tuple[float, Principal]] = {}
        self._cookie = cookie_name(settings)

    async def principal(self, request: Request, *, role: str) -> Principal:
        """Return who asks, if they have `role`; any principal for "".

        Raises:
            Problem: 400 a name stated by an untrusted peer, 401 nobody known, 403 not allowed.
        """
        who = await self.known(request)
        if who is None:
            raise Problem(401, "a valid token or session is needed", headers=_CHALLENGE)
        if role and role not in who.roles:
            raise Problem(403, f"the role {role!r} is needed")
        return who

    def forget(self) -> None:
        """Drop what is remembered, after a token, a session or a person has changed."""
        self._kept.clear()

    async def known(self, request: Request) -> Principal | None:
        """Return who asks, or None; 400 and 403 as in `principal`."""
        header = self._settings.user_header
        if header and (name := request.headers.get(header)) is not None:
            self._check_peer(request)
            self._check_site(request)
            return await self._known("name", name)
        authorization = request.headers.get("authorization", "")
        if authorization:
            kind, _, token = authorization.partition(" ")
            if kind.lower() != "bearer" or not token:
                return None
            return await self._known("token", digest_of(token.strip()))
        if secret := request.cookies.get(self._cookie):
            self._check_site(request)
            return await self._known("session", digest_of(secret))
        return None

    async def _known(self, kind: str, key: str) -> Principal | None:
        now = time.monotonic()
        until, who = self._kept.get((kind, key), (0.0, None))
        if who is not None and now < until:
            return who
        found = await self._lookup(kind, key)
        if found is not None:
            if len(self._kept) >= _KEPT_MOST:
                self._kept.clear()
            self._kept[kind, key] = (now + _KEPT_SECONDS, found)
        return found

    def _check_peer(self, request: Request) -> None:
        host = request.client.host if request.client else ""
        try:
            peer = ipaddress.ip_address(host)
        except ValueError:
            peer = None  # a Unix socket has no address: reached only by whom the file system lets
        if peer is None or not any(peer in network for network in self._settings.trusted):
            raise Problem(400, "the header that names a person is accepted from the trusted proxy only")

    def _check_site(self, request: Request) -> None:
        """Refuse a change that a page of another origin asked for (CSRF)."""
        if request.method in _SAFE:
            return
        site = request.headers.get("sec-fetch-site")
        if site is None:
            origin = request.headers.get("origin", "")
            site = "same-origin" if origin.partition("://")[2] == request.headers.get("host") else "unknown"
        if site != "same-origin":
            raise Problem(403, "a change must come from a page of this service, or carry a token")

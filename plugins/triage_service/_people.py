"""Who may sign in: people, sessions, tokens; and what administrators keep: webhooks, the log."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from triage_service._http._access import digest_of
from triage_service._http._problems import Problem
from triage_service._store import ROLES

if TYPE_CHECKING:
    from triage_service._http._endpoints import Call
    from triage_service._settings import Settings
    from triage_service._store import Principal, Store

__all__ = ["People"]

_SESSION_SECONDS = 12 * 3600.0
_TRIES = 5
_LOCKED_SECONDS = 60.0
_LATEST = 50


class People:
    """The people and programs of one service.

    Args:
        store: the database; its refusals reach the client with their own status.
        settings: of the service.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self._settings = settings
        self._once = secrets.token_urlsafe(32)
        self._failures: defaultdict[str, list[float]] = defaultdict(list)

    async def principal(self, kind: str, key: str) -> Principal | None:
        """Return the principal of a token's or a session's digest, or of a name; None where nobody is known."""
        return await asyncio.to_thread(self.store.principal, kind, key)

    def welcome(self, url: str) -> list[str]:
        """Return what to say at the start: where nobody can sign in yet, a link that works once."""
        if not self._settings.desk or self.store.users():
            return []
        return [f"nobody can sign in yet; this link works once: {url}/#once={self._once}"]

    async def sign_in(self, body: Mapping[str, str]) -> tuple[str, Principal]:
        """Return the secret of a new session and its principal.

        Raises:
            Problem: 401 wrong, 429 too many tries for this name.
        """
        if once := body.get("once"):
            name = await self._first_administrator(once)
        else:
            name = body["name"]
            await self._check_password(name, body["password"])
        secret = secrets.token_urlsafe(32)
        await asyncio.wrap_future(self.store.add_session(digest_of(secret), name, seconds=_SESSION_SECONDS))
        who = await self.principal("session", digest_of(secret))
        if who is None:
            raise Problem(401, "name or password is wrong")
        return secret, who

    async def _first_administrator(self, once: str) -> str:
        """Use up the link of the first start.

        Raises:
            Problem: 401, it was used, or there are people already.
        """
        given, self._once = self._once, self._once
        if not given or not secrets.compare_digest(once.encode(), given.encode()):
            raise Problem(401, "this link has been used, or is of an earlier start")
        self._once = ""
        if await asyncio.to_thread(self.store.users):
            raise Problem(401, "there are people already; sign in by name")
        await asyncio.wrap_future(self.store.add_user("admin", "", ROLES, who="the first start"))
        return "admin"

    async def _check_password(self, name: str, password: str) -> None:
        """Check a password; five wrong ones lock the name for a minute, so that guessing takes years.

        Raises:
            Problem: 401 wrong, 429 locked.
        """
        now = time.monotonic()
        recent = [at for at in self._failures[name] if now - at < _LOCKED_SECONDS]
        if len(recent) >= _TRIES:
            raise Problem(429, "too many tries; wait a minute", headers={"Retry-After": "60"})
        if len(self._failures) > 10_000:
            self._failures.clear()
        self._failures[name] = [*recent, now]
        if not await asyncio.to_thread(self.store.password_holds, name, password):
            raise Problem(401, "name or password is wrong")
        del self._failures[name]

    async def sign_out(self, secret: str) -> None:
        """End a session."""
        await asyncio.wrap_future(self.store.end_session(digest_of(secret)))

    async def users(self) -> list[dict[str, Any]]:
        """Return the people."""
        return await asyncio.to_thread(self.store.users)

    async def add_user(self, call: Call, body: Mapping[str, Any]) -> dict[str, Any]:
        """Add a person."""
        await asyncio.wrap_future(
            self.store.add_user(
                body["name"],
                body["password"],
                body["roles"],
                who=call.name,
                queues=tuple(body.get("queues", ())),
            )
        )
        return {"name": body["name"]}

    async def remove_user(self, call: Call, name: str) -> None:
        """Remove a person; 404 where there is none, 409 for oneself."""
        if name == call.name:
            raise Problem(409, "nobody can remove themselves")
        if not await asyncio.wrap_future(self.store.remove_user(name, who=call.name)):
            raise Problem(404, "there is no such person")

    async def tokens(self) -> list[dict[str, Any]]:
        """Return the tokens without their secrets."""
        return await asyncio.to_thread(self.store.tokens)

    async def add_token(self, call: Call, body: Mapping[str, Any]) -> dict[str, Any]:
        """Make a token."""
        made = self.store.add_token(body["name"], body["roles"], who=call.name, days=body.get("days"))
        return {"token": await asyncio.wrap_future(made)}

    async def revoke_token(self, call: Call, token: str) -> None:
        """Revoke a token; 404 where there is none."""
        if not await asyncio.wrap_future(self.store.revoke_token(token, who=call.name)):
            raise Problem(404, "there is no such token")

    async def webhooks(self) -> list[str]:
        """Return the URLs that decisions are sent to."""
        return list(await asyncio.to_thread(self.store.webhooks))

    async def set_webhook(self, call: Call, url: str) -> dict[str, Any]:
        """Send decisions to a URL, under a new secret."""
        secret = secrets.token_urlsafe(32)
        await asyncio.wrap_future(self.store.set_webhook(url, secret, who=call.name))
        return {"url": url, "secret": secret}

    async def remove_webhook(self, call: Call, url: str) -> None:
        """Send no more decisions to a URL; 404 where there is no such webhook."""
        if not await asyncio.wrap_future(self.store.remove_webhook(url, who=call.name)):
            raise Problem(404, "no webhook has this URL")

    async def log(self) -> list[dict[str, Any]]:
        """Return the latest events, newest first."""
        return await asyncio.to_thread(self.store.last_events, _LATEST)

"""The desk: sessions, the next item, decisions, the board."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse

from triage_service._http._access import cookie_name
from triage_service._http._body import json_reply
from triage_service._http._endpoints import Call, Endpoint, reply
from triage_service._http._problems import Problem
from triage_service._http._schema import Schema

__all__ = ["ENDPOINTS"]

_STREAM_SECONDS = 2.0
_SESSION_SECONDS = 12 * 3600

_LABEL = {"type": "string", "minLength": 1, "maxLength": 512}
_NUMBER = {"type": "integer", "minimum": 0, "maximum": 2**53 - 1}


def _body(required: tuple[str, ...] = (), **properties: object) -> Schema:
    return {
        "type": "object",
        "required": list(required),
        "additionalProperties": False,
        "properties": properties,
    }


SIGN_IN = _body(
    name={"type": "string", "maxLength": 128},
    password={"type": "string", "maxLength": 1024},
    once={"type": "string", "maxLength": 256},
)
NEXT = _body(
    kinds={
        "type": "array",
        "maxItems": 3,
        "items": {"type": "string", "enum": ["review", "audit", "second"]},
    },
    queues={"type": "array", "maxItems": 256, "items": _LABEL},
)
LEASE = _body(("token",), token=_NUMBER)
SKIP = _body(("token", "reason"), token=_NUMBER, reason={"type": "string", "minLength": 1, "maxLength": 200})
DECIDE = _body(
    ("token", "label"),
    token=_NUMBER,
    label=_LABEL,
    key={"type": "string", "maxLength": 64, "description": "Makes a repeated request safe."},
    ms={"type": "integer", "minimum": 0, "maximum": 86_400_000},
    second={"type": "boolean", "description": "Ask for a second opinion."},
    note={"type": "string", "maxLength": 2000},
)
UNDO = _body(("event",), event=_NUMBER)


async def sign_in(call: Call) -> Response:
    """Start a session by name and password, or by a link that works once."""
    body = call.body
    if not body.get("once") and not (body.get("name") and body.get("password")):
        raise Problem(422, "the body must have name and password, or once")
    site = call.request.headers.get("sec-fetch-site", "same-origin")
    if site != "same-origin":
        raise Problem(403, "signing in must come from a page of this service")
    secret, who = await call.service.people.sign_in(body)
    answer = reply({"name": who.name, "roles": sorted(who.roles)})
    answer.set_cookie(
        cookie_name(call.service.settings), secret, max_age=_SESSION_SECONDS, path="/",
        secure=call.service.settings.secure, httponly=True, samesite="strict",
    )  # fmt: skip
    return answer


async def session(call: Call) -> Response:
    """Say who is signed in; nobody is no error, so that a page may ask."""
    who = await call.service.access.known(call.request)
    return reply({"name": who.name if who else None, "roles": sorted(who.roles) if who else []})


async def sign_out(call: Call) -> Response:
    """End the session."""
    settings = call.service.settings
    await call.service.people.sign_out(call.request.cookies.get(cookie_name(settings), ""))
    call.service.access.forget()
    answer = reply({})
    answer.delete_cookie(
        cookie_name(settings), path="/", secure=settings.secure, httponly=True, samesite="strict"
    )
    return answer


async def following(call: Call) -> Response:
    """Lease the next item."""
    found = await call.service.desk.next(call, call.body)
    return Response(status_code=204) if found is None else reply(found)


async def renew(call: Call) -> Response:
    """Keep a lease."""
    return reply(await call.service.desk.renew(call, call.path("id"), call.body["token"]))


async def release(call: Call) -> Response:
    """Give an item back."""
    return reply(await call.service.desk.release(call, call.path("id"), call.body["token"]))


async def skip(call: Call) -> Response:
    """Give an item back and say why; it is not given to the same person again."""
    return reply(await call.service.desk.skip(call, call.path("id"), call.body))


async def decide(call: Call) -> Response:
    """Record a person's answer."""
    return reply(await call.service.desk.decide(call, call.path("id"), call.body))


async def decide_family(call: Call) -> Response:
    """Record one answer for an item and its near-duplicates that wait; audits are left out."""
    return reply(await call.service.desk.decide(call, call.path("id"), call.body, family=True))


async def undo(call: Call) -> Response:
    """Take one's own decision back."""
    return reply(await call.service.desk.undo(call, call.body["event"]))


async def board(call: Call) -> Response:
    """Return the figures of the board."""
    return reply(await call.service.desk.board())


async def board_stream(call: Call) -> Response:
    """Send the figures again whenever they change (server-sent events)."""

    async def figures() -> AsyncIterator[bytes]:
        last = b""
        while not call.service.stopping:
            current = json_reply(await call.service.desk.board())
            yield b"data: " + current + b"\n\n" if current != last else b": unchanged\n\n"
            last = current
            await asyncio.sleep(_STREAM_SECONDS)

    return StreamingResponse(figures(), media_type="text/event-stream")


async def bound(call: Call) -> Response:
    """Return the realised error of what was routed automatically and what the audits prove of it."""
    return reply(await call.service.desk.bound())


_LOST = {200: "done", 404: "there is no such item", 409: "the lease is somebody else's, or it has ended"}
_ITEM = "/v1/desk/items/{id}"

ENDPOINTS = (
    Endpoint("POST", "/v1/desk/next", following, "Lease the next item", "review", NEXT,
             replies={200: "An item and its lease", 204: "Nothing waits"}),
    Endpoint("POST", _ITEM + "/decide", decide, "Record an answer", "review", DECIDE,
             replies={**_LOST, 409: "The lease was lost; the answer is kept as a further opinion"}),
    Endpoint("POST", _ITEM + "/renew", renew, "Keep a lease", "review", LEASE, replies=_LOST),
    Endpoint("POST", _ITEM + "/release", release, "Give an item back", "review", LEASE, replies=_LOST),
    Endpoint("POST", _ITEM + "/skip", skip, "Give an item back, with a reason", "review", SKIP, replies=_LOST),
    Endpoint("POST", "/v1/desk/families/{id}/decide", decide_family, "One answer for near-duplicates",
             "review", DECIDE, replies=_LOST),
    Endpoint("POST", "/v1/desk/undo", undo, "Take a decision back", "review", UNDO, replies=_LOST),
    Endpoint("POST", "/v1/session", sign_in, "Sign in", None, SIGN_IN,
             replies={200: "Signed in", 401: "Name or password is wrong", 403: "Of another site",
                      429: "Too many tries; see Retry-After"}),
    Endpoint("GET", "/v1/session", session, "Who is signed in, or null", None),
    Endpoint("DELETE", "/v1/session", sign_out, "Sign out", ""),
    Endpoint("GET", "/v1/board", board, "Figures of the desk", "review"),
    Endpoint("GET", "/v1/board/stream", board_stream, "The figures as they change", "review"),
    Endpoint("GET", "/v1/audit/bound", bound, "The error of what was routed automatically", "review"),
)  # fmt: skip

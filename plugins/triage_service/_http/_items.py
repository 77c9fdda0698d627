"""Items: texts that are stored, routed and queued; search; the history of one."""

from __future__ import annotations

import hashlib
import re

from starlette.responses import Response

from triage_service._http._body import json_reply, storable
from triage_service._http._endpoints import Call, Endpoint, reply
from triage_service._http._problems import Problem
from triage_service._http._schema import Schema
from triage_service._http._texts import DOCUMENTS, rows_of

__all__ = ["ENDPOINTS"]

BODY: Schema = {
    "type": "object",
    "required": ["documents"],
    "additionalProperties": False,
    "properties": {
        "documents": DOCUMENTS,
        "source": {
            "type": "string",
            "maxLength": 64,
            "description": "Where they come from; ids are unique in it.",
        },
    },
}
_FILTERS = ("q", "state", "queue", "kind", "model", "cursor")


async def add(call: Call) -> Response:
    """Decide on documents, store and queue them: durable before it is answered.

    An `Idempotency-Key` makes a repeated request safe: the stored answer comes again, with status 200.
    """
    desk = call.service.desk
    key = call.request.headers.get("idempotency-key", "")
    if len(key) > 256:
        raise Problem(422, "Idempotency-Key must have at most 256 characters")
    rows = rows_of(call.body["documents"])
    call.service.rates.take(call.name, len(rows))
    digest = hashlib.sha256(json_reply(call.body)).hexdigest()
    async with desk.once(call.name, key, digest) as stored:
        if stored is not None:
            return Response(stored, 200, media_type="application/json")
        answer, model, lines = await call.service.intake(
            call.name, rows, source=call.body.get("source", ""), key=key, digest=digest
        )
    call.service.count(model, lines)
    return Response(answer, 201, media_type="application/json")


async def find(call: Call) -> Response:
    """Return a page of items, newest first, and the cursor of the next."""
    query = call.request.query_params
    if any(len(query.get(name, "")) > 256 for name in _FILTERS):
        raise Problem(422, "a filter must have at most 256 characters")
    if not re.fullmatch(r"[0-9]{0,15}", query.get("cursor", "")):
        raise Problem(422, "cursor must be the `next` of an earlier page")
    return reply(await call.service.desk.find({name: storable(query.get(name, "")) for name in _FILTERS}))


async def show(call: Call) -> Response:
    """Return one item with its masked text and its history."""
    return reply(await call.service.desk.show(call.path("id")))


async def unmask(call: Call) -> Response:
    """Return the text of an item unmasked; that it was asked for is an event."""
    return reply(await call.service.desk.unmask(call, call.path("id")))


async def give_opinion(call: Call) -> Response:
    """Record a label for an item that was found by searching; how likely it was to be found is not known."""
    desk = call.service.desk
    return reply(await desk.volunteer(call, call.path("id"), call.body), 201)


_TEXT = {"type": "string", "maxLength": 256}
_QUERY = {**dict.fromkeys(_FILTERS, _TEXT), "cursor": {"type": "string", "pattern": "^[0-9]{0,15}$"}}
OPINION: Schema = {
    "type": "object",
    "required": ["label"],
    "additionalProperties": False,
    "properties": {
        "label": {"type": "string", "minLength": 1, "maxLength": 512},
        "note": {"type": "string", "maxLength": 2000},
    },
}

ENDPOINTS = (
    Endpoint(
        "POST", "/v1/items", add, "Store, route and queue texts", "route", BODY,
        replies={200: "The answer that was stored under this Idempotency-Key", 201: "Stored and routed",
                 409: "A request with this key is in progress", 429: "Too many texts wait; see Retry-After",
                 504: "Not every text was scored in time; nothing was stored", 507: "The storage is full"},
        scores=True,
    ),
    Endpoint("GET", "/v1/items", find, "Search items", "review", query=_QUERY),
    Endpoint("GET", "/v1/items/{id}", show, "One item and its history", "review"),
    Endpoint("POST", "/v1/items/{id}/opinion", give_opinion, "Label an item without a lease", "review", OPINION,
             replies={201: "recorded", 409: "it waits for a blind answer"}),
    Endpoint("POST", "/v1/items/{id}/unmask", unmask, "Show masked personal data; logged", "review"),
)  # fmt: skip

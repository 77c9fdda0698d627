"""`POST /v1/route`: decide on texts and keep nothing."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import Response

from triage_service._http._endpoints import Call, Endpoint
from triage_service._http._schema import Schema
from triage_service._http._texts import DOCUMENTS, decide, rows_of

__all__ = ["ENDPOINTS"]

BODY: Schema = {
    "type": "object",
    "required": ["documents"],
    "additionalProperties": False,
    "properties": {
        "documents": DOCUMENTS,
        "explain": {"type": "boolean", "description": "Add the terms that decided."},
    },
}


def decisions_reply(lines: Sequence[bytes]) -> Response:
    """Return `{"decisions": [...]}` of lines that are JSON already."""
    return Response(b'{"decisions": [' + b", ".join(lines) + b"]}", media_type="application/json")


async def route(call: Call) -> Response:
    """Decide on every document, in order."""
    rows = rows_of(call.body["documents"])
    call.service.rates.take(call.name, len(rows))
    digest, lines = await decide(call.service.models, rows, explain=call.body.get("explain", False))
    call.service.count(digest, lines)
    return decisions_reply(lines)


ENDPOINTS = (
    Endpoint(
        "POST", "/v1/route", route, "Decide where texts go; nothing is stored", "route", BODY,
        replies={200: "One decision a document, in order, as `triage route --format jsonl` prints it",
                 429: "Too many texts wait; see Retry-After", 504: "Not every text was scored in time"},
        scores=True,
    ),
)  # fmt: skip

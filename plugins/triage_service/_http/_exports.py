"""Streams of everything: events and labels, as lines of JSON that end with a count and a digest.

A reader that does not see the last line knows that something is missing.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import islice
from typing import Any

from starlette.responses import Response, StreamingResponse

from triage_service._http._body import json_reply
from triage_service._http._endpoints import Call, Endpoint
from triage_service._http._problems import Problem

__all__ = ["ENDPOINTS"]

_USES = ("train", "calibrate", "audit")


async def _lines(records: Iterator[Mapping[str, Any]]) -> AsyncIterator[bytes]:
    digest, count = hashlib.sha256(), 0
    while (batch := await asyncio.to_thread(_some, records)) is not None:
        for record in batch:
            line = json_reply(record) + b"\n"
            digest.update(line)
            count += 1
            yield line
    yield json_reply({"count": count, "sha256": digest.hexdigest()}) + b"\n"


def _some(records: Iterator[Mapping[str, Any]]) -> list[Mapping[str, Any]] | None:
    return list(islice(records, 256)) or None


async def events(call: Call) -> Response:
    """Return the log after a number, oldest first."""
    after = call.request.query_params.get("after", "0")
    if not after.isdecimal() or len(after) > 18:
        raise Problem(422, "after must be the number of an event")
    return StreamingResponse(_lines(call.service.desk.events(int(after))), media_type="application/x-ndjson")


async def labels(call: Call) -> Response:
    """Return people's labels: how each text came to be looked at, and with which probability."""
    use = call.request.query_params.get("for", "train")
    if use not in _USES:
        raise Problem(422, f"for must be one of {', '.join(_USES)}")
    return StreamingResponse(_lines(call.service.desk.labels(use)), media_type="application/x-ndjson")


_ENDS = "Lines of JSON; the last one holds count and sha256 of the lines before it"

ENDPOINTS = (
    Endpoint("GET", "/v1/events", events, "The log", "audit", replies={200: _ENDS},
             query={"after": {"type": "integer", "minimum": 0}}),
    Endpoint("GET", "/v1/labels", labels, "The labels, for training or for proofs", "audit", replies={200: _ENDS},
             query={"for": {"type": "string", "enum": list(_USES)}}),
)  # fmt: skip

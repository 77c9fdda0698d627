"""Read a body as it arrives, and stop as soon as it is too long or too slow."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from starlette.requests import ClientDisconnect, Request

from triage_service._http._problems import Problem
from triage_service._http._schema import Schema, check

__all__ = ["MAX_BODY", "json_body", "json_reply", "storable"]

MAX_BODY = 1 << 20
_SECONDS = 10.0
_CLOSE = {"Connection": "close"}  # the rest of the body is not read


async def json_body(request: Request, schema: Schema | None = None, *, limit: int = MAX_BODY) -> Any:
    """Return the JSON value of a request, checked against `schema`.

    Raises:
        Problem: 400 no JSON, 408 too slow, 413 longer than `limit` bytes, 422 not what the schema asks for.
    """
    body = await _read(request, limit)
    if not body and schema is not None and not schema.get("required"):
        body = b"{}"
    try:
        value = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Problem(400, "the body must be JSON in UTF-8") from None
    if schema is not None:
        check(value, schema)
    return value


async def _read(request: Request, limit: int) -> bytes:
    too_large = Problem(413, f"the body must be at most {limit:,} bytes", headers=_CLOSE)
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated[:20]) > limit:
        raise too_large
    parts, total = [], 0
    try:
        async with asyncio.timeout(_SECONDS):
            async for part in request.stream():
                total += len(part)
                if total > limit:
                    raise too_large
                parts.append(part)
    except TimeoutError:
        raise Problem(408, f"the body must arrive within {_SECONDS:.0f} seconds", headers=_CLOSE) from None
    except ClientDisconnect:
        raise Problem(400, "the client went away") from None
    return b"".join(parts)


def storable(value: Any) -> Any:
    """Return a JSON value in which every string can be stored: NUL and lone surrogates become U+FFFD."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {storable(name): storable(item) for name, item in value.items()}
    return value


def _no_constant(_: str) -> Any:
    raise ValueError


_encode = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode


def json_reply(value: Any) -> bytes:
    """Return `value` as JSON; ASCII only, so that half a surrogate pair cannot break a reply."""
    return _encode(value).encode("ascii")

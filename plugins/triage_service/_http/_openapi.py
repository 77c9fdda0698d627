"""The OpenAPI document, made of the same records as the routes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import triage
from triage_service._http._endpoints import Endpoint

__all__ = ["document"]

_ALWAYS = {400: "not understood", 413: "the body is too large", 422: "not what the schema asks for"}
_GUARDED = {401: "no valid token or session", 403: "the role is missing, or the request is of another site"}
_ERROR = {
    "type": "object",
    "required": ["error", "detail", "request"],
    "properties": {name: {"type": "string"} for name in ("error", "detail", "request")},
}


def document(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """Return the OpenAPI 3.1 description of `endpoints`."""
    paths: dict[str, Any] = {}
    for each in endpoints:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "triage",
            "version": triage.__version__,
            "description": "Decide where texts go, and let people decide the rest.",
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": _ERROR},
        },
        "paths": paths,
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    replies = dict(endpoint.replies)
    for status, words in {**_ALWAYS, **({} if endpoint.role is None else _GUARDED)}.items():
        replies.setdefault(status, words)
    if "{" in endpoint.path:
        replies.setdefault(404, "there is no such thing")
    found: dict[str, Any] = {
        "summary": endpoint.summary,
        "operationId": re.sub(r"\W+", "_", f"{endpoint.method.lower()}_{endpoint.path}").strip("_"),
        "security": [] if endpoint.role is None else [{"token": []}],
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"{(\w+)}", endpoint.path)
        ]
        + [{"name": name, "in": "query", "schema": schema} for name, schema in endpoint.query.items()],
        "responses": {str(status): _reply(status, words) for status, words in sorted(replies.items())},
    }
    if endpoint.role:
        found["description"] = f"Needs the role `{endpoint.role}`."
    if endpoint.body is not None:
        found["requestBody"] = {
            "required": bool(endpoint.body.get("required")),
            "content": {"application/json": {"schema": endpoint.body}},
        }
    return found


def _reply(status: int, words: str) -> dict[str, Any]:
    if status < 400:
        return {"description": words}
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": words, "content": {"application/json": {"schema": schema}}}

"""Models: the registry of digests, a shadow, promotion and rollback."""

from __future__ import annotations

from starlette.responses import Response

from triage_service._http._endpoints import Call, Endpoint, reply
from triage_service._http._schema import Schema

__all__ = ["ENDPOINTS"]

ADD: Schema = {
    "type": "object",
    "required": ["path"],
    "additionalProperties": False,
    "properties": {
        "path": {"type": "string", "minLength": 1, "maxLength": 255, "description": "In the folder --models."}
    },
}
CHANGE: Schema = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "reason": {"type": "string", "maxLength": 2000},
        "force": {"type": "boolean", "description": "Promote without the proof; needs a reason."},
    },
}


async def models(call: Call) -> Response:
    """List the models that are known, and which of them runs how."""
    return reply({"models": await call.service.registry.list()})


async def add(call: Call) -> Response:
    """Register a bundle of the folder of models, after it has been loaded once."""
    return reply({"digest": await call.service.registry.add(call.body["path"], call.name)}, 201)


async def shadow(call: Call) -> Response:
    """Let a model decide in the shadow of the active one."""
    return reply(await call.service.registry.shadow(call.path("digest"), call.name))


async def promote(call: Call) -> Response:
    """Make a model the active one, on proof or with force and a reason."""
    return reply(await call.service.registry.promote(call.path("digest"), call.name, **call.body))


async def rollback(call: Call) -> Response:
    """Go back to the previous model; it needs no proof."""
    return reply(await call.service.registry.rollback(call.path("digest"), call.name, **call.body))


_CHANGED = {
    200: "done",
    404: "no model of this digest is registered",
    409: "the proof or the reason is missing",
}

ENDPOINTS = (
    Endpoint("GET", "/v1/models", models, "The models", "admin"),
    Endpoint("POST", "/v1/models", add, "Register a model", "admin", ADD, replies={201: "registered"}),
    Endpoint("POST", "/v1/models/{digest}/shadow", shadow, "Compare a model with the active one", "admin", CHANGE,
             replies=_CHANGED),
    Endpoint("POST", "/v1/models/{digest}/promote", promote, "Make a model the active one", "admin", CHANGE,
             replies=_CHANGED),
    Endpoint("POST", "/v1/models/{digest}/rollback", rollback, "Go back to the previous model", "admin", CHANGE,
             replies=_CHANGED),
)  # fmt: skip

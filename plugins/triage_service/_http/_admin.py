"""Administration: people, tokens, models, the log."""

from __future__ import annotations

from starlette.responses import Response

from triage_service._http._endpoints import Call, Endpoint, reply
from triage_service._http._schema import Schema

__all__ = ["ENDPOINTS"]

ROLES = ("route", "review", "audit", "admin", "metrics")
_NAME = {"type": "string", "minLength": 1, "maxLength": 128}
_ROLES = {
    "type": "array",
    "minItems": 1,
    "maxItems": len(ROLES),
    "items": {"type": "string", "enum": list(ROLES)},
}


def _body(required: tuple[str, ...], **properties: object) -> Schema:
    return {
        "type": "object",
        "required": list(required),
        "additionalProperties": False,
        "properties": properties,
    }


USER = _body(
    ("name", "password", "roles"),
    name=_NAME,
    password={"type": "string", "minLength": 12, "maxLength": 1024},
    roles=_ROLES,
)
TOKEN = _body(
    ("name", "roles"), name=_NAME, roles=_ROLES, days={"type": "number", "minimum": 0.001, "maximum": 3650}
)
MODEL = _body(("path",), path={"type": "string", "minLength": 1, "maxLength": 255})
CHANGE = _body((), reason={"type": "string", "maxLength": 2000}, force={"type": "boolean"})


WEBHOOK = _body(
    ("url",), url={"type": "string", "minLength": 8, "maxLength": 1024, "pattern": "^https?://[!-~]+$"}
)


async def users(call: Call) -> Response:
    """List the people."""
    return reply({"users": await call.service.people.users()})


async def add_user(call: Call) -> Response:
    """Add a person."""
    return reply(await call.service.people.add_user(call, call.body), 201)


async def remove_user(call: Call) -> Response:
    """Remove a person and end their sessions."""
    await call.service.people.remove_user(call, call.path("name"))
    call.service.access.forget()
    return reply({})


async def tokens(call: Call) -> Response:
    """List the tokens, without their secrets."""
    return reply({"tokens": await call.service.people.tokens()})


async def add_token(call: Call) -> Response:
    """Make a token; its secret is in this reply and nowhere else."""
    return reply(await call.service.people.add_token(call, call.body), 201)


async def revoke_token(call: Call) -> Response:
    """Revoke a token."""
    await call.service.people.revoke_token(call, call.path("id"))
    call.service.access.forget()
    return reply({})


async def webhooks(call: Call) -> Response:
    """List the URLs that decisions are sent to, without their secrets."""
    return reply({"webhooks": await call.service.people.webhooks()})


async def set_webhook(call: Call) -> Response:
    """Send decisions to a URL; the secret signs them and is in this reply and nowhere else."""
    return reply(await call.service.people.set_webhook(call, call.body["url"]), 201)


async def remove_webhook(call: Call) -> Response:
    """Send no more decisions to a URL."""
    await call.service.people.remove_webhook(call, call.body["url"])
    return reply({})


async def log(call: Call) -> Response:
    """Return the latest events."""
    return reply({"events": await call.service.people.log()})


ENDPOINTS = (
    Endpoint("GET", "/v1/admin/users", users, "The people", "admin"),
    Endpoint("POST", "/v1/admin/users", add_user, "Add a person", "admin", USER,
             replies={201: "added", 409: "the name is taken"}),
    Endpoint("DELETE", "/v1/admin/users/{name}", remove_user, "Remove a person", "admin",
             replies={200: "removed", 409: "nobody can remove themselves"}),
    Endpoint("GET", "/v1/admin/tokens", tokens, "The tokens", "admin"),
    Endpoint("POST", "/v1/admin/tokens", add_token, "Make a token", "admin", TOKEN, replies={201: "made"}),
    Endpoint("DELETE", "/v1/admin/tokens/{id}", revoke_token, "Revoke a token", "admin"),
    Endpoint("GET", "/v1/admin/webhooks", webhooks, "The webhooks", "admin"),
    Endpoint("POST", "/v1/admin/webhooks", set_webhook, "Send decisions to a URL", "admin", WEBHOOK,
             replies={201: "set"}),
    Endpoint("DELETE", "/v1/admin/webhooks", remove_webhook, "Send no more decisions to a URL", "admin", WEBHOOK,
             replies={200: "removed", 404: "no webhook has this URL"}),
    Endpoint("GET", "/v1/admin/log", log, "The latest events", "admin"),
)  # fmt: skip

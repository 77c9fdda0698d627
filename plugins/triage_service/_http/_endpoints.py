"""An endpoint as one record: routing, access, checking and the OpenAPI document are all made of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from triage_service._http._body import MAX_BODY, json_body, json_reply, storable

if TYPE_CHECKING:
    from triage_service._http._schema import Schema
    from triage_service._service import Service
    from triage_service._store import Principal

__all__ = ["Call", "Endpoint", "Handler", "reply", "routes"]


@dataclass(frozen=True, slots=True)
class Call:
    """One request, let in and checked.

    Attributes:
        service: what answers.
        request: as it came.
        who: the principal, or None on an endpoint that is open to all.
        body: the checked JSON body; None where the endpoint takes none.
    """

    service: Service
    request: Request
    who: Principal | None
    body: Any = None

    def path(self, name: str) -> str:
        """Return a parameter of the path."""
        return str(storable(self.request.path_params[name]))

    @property
    def name(self) -> str:
        """The principal's name, for records of who did what."""
        assert self.who is not None
        return self.who.name


Handler = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path.

    Attributes:
        method: "GET", "POST" or "DELETE".
        path: with parameters in braces.
        handle: makes the reply.
        summary: one line for the document.
        role: who may use it: any principal with this role; "" for any principal, None for everybody.
        body: the schema of the JSON body, or None where there is none.
        limit: the most bytes of a body.
        replies: status: what it means; errors that every endpoint has need not be listed.
        query: name: schema of each query parameter.
        scores: whether texts are scored; then a full line is answered before the body is read.
    """

    method: str
    path: str
    handle: Handler
    summary: str
    role: str | None
    body: Schema | None = None
    limit: int = MAX_BODY
    replies: Mapping[int, str] = field(default_factory=lambda: {200: "done"})
    query: Mapping[str, Any] = field(default_factory=dict)
    scores: bool = False


def routes(service: Service, endpoints: tuple[Endpoint, ...]) -> list[Route]:
    """Return Starlette's routes for `endpoints`."""
    return [
        Route(each.path, _handler(service, each), methods=[each.method], include_in_schema=False)
        for each in endpoints
    ]


def _handler(service: Service, endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        who = None
        if endpoint.role is not None:
            who = await service.access.principal(request, role=endpoint.role)
        body = None
        if endpoint.scores:
            service.models.active.check()
        if endpoint.body is not None:
            body = await json_body(request, endpoint.body, limit=endpoint.limit)
            if endpoint.role != "route":  # texts are scored as they came; what is stored is made fit for it
                body = storable(body)
        return await endpoint.handle(Call(service, request, who, body))

    return handle


def reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return `value` as a JSON response."""
    return Response(json_reply(value), status, dict(headers or {}), "application/json")

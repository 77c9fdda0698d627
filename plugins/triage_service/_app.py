"""The ASGI application of a service."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from triage_service._http import _kserve, _operations, _route
from triage_service._http._endpoints import Endpoint, routes
from triage_service._http._gate import Gate, refused
from triage_service._http._page import page_routes
from triage_service._service import Service
from triage_service._settings import Settings

__all__ = ["application", "endpoints_of"]


def endpoints_of(settings: Settings) -> tuple[Endpoint, ...]:
    """Return what is served; without the desk, only what routes and what machines ask."""
    found = (*_route.ENDPOINTS, *_operations.ENDPOINTS, *_kserve.ENDPOINTS)
    if not settings.desk:
        return found
    from triage_service._http import _admin, _desk, _exports, _items, _models

    return (
        *found,
        *_items.ENDPOINTS,
        *_desk.ENDPOINTS,
        *_admin.ENDPOINTS,
        *_models.ENDPOINTS,
        *_exports.ENDPOINTS,
    )


def application(service: Service) -> Starlette:
    """Return the application that answers for `service`."""
    gate = Middleware(Gate, hosts=service.settings.answered_hosts, observe=service.metrics.observe_request)
    found = routes(service, service.endpoints)
    if service.settings.desk:
        found += page_routes()
    return Starlette(routes=found, middleware=[gate], exception_handlers={HTTPException: refused})

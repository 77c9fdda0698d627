"""What machines ask: alive, ready, figures, the interface's description."""

from __future__ import annotations

from starlette.responses import Response

from triage_service._http._endpoints import Call, Endpoint, reply
from triage_service._http._openapi import document
from triage_service._http._problems import Problem
from triage_service._metrics import CONTENT_TYPE

__all__ = ["ENDPOINTS"]


async def healthz(_: Call) -> Response:
    """The event loop turns: no more is asked, so that a full queue or a dead worker restarts nothing."""
    return reply({"status": "alive"})


async def readyz(call: Call) -> Response:
    """Say whether requests should be sent here."""
    if problem := call.service.not_ready():
        raise Problem(503, problem)
    return reply({"status": "ready"})


async def metrics(call: Call) -> Response:
    """Return the figures in Prometheus' text format."""
    return Response(call.service.metrics.text(), headers={"Content-Type": CONTENT_TYPE})


async def openapi(call: Call) -> Response:
    """Return the description of every endpoint."""
    return reply(document(call.service.endpoints))


ENDPOINTS = (
    Endpoint("GET", "/healthz", healthz, "Whether the process is alive", None),
    Endpoint("GET", "/readyz", readyz, "Whether requests should be sent here", None,
             replies={200: "ready", 503: "not ready, and why"}),
    Endpoint("GET", "/metrics", metrics, "Figures for Prometheus", "metrics"),
    Endpoint("GET", "/openapi.json", openapi, "This document", ""),
)  # fmt: skip

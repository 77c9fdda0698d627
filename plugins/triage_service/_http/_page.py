"""The desk page: a static shell, its style and its modules, read once at the start."""

from __future__ import annotations

import hashlib
from importlib import resources

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

__all__ = ["page_routes"]

_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


def page_routes() -> list[Route]:
    """Return a route for each file of the page; `/` is the shell. They hold no data, so anybody may have them."""
    found = []
    for file in sorted((resources.files("triage_service") / "_page").iterdir(), key=lambda file: file.name):
        kind = _KINDS.get("." + file.name.rpartition(".")[2])
        if kind:
            path = "/" if file.name == "index.html" else f"/desk/{file.name}"
            found.append(Route(path, _static(file.read_bytes(), kind), methods=["GET"]))
    return found


def _static(content: bytes, kind: str):  # type: ignore[no-untyped-def]
    etag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}

    async def answer(request: Request) -> Response:
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return Response(
            content, media_type=kind.split(";", maxsplit=1)[0], headers={**headers, "Content-Type": kind}
        )

    return answer

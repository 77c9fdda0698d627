"""What a request may be refused with: a status, a word for programs and a sentence for people, never the input."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Problem"]

_WORDS = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "timeout",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
    500: "internal_error",
    503: "unavailable",
    504: "deadline_exceeded",
    507: "storage_full",
}


class Problem(Exception):
    """A request that is answered with an error.

    Args:
        status: the HTTP status.
        detail: what was wrong and what to do, without any part of the request.
        headers: of the reply.
    """

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})

    @property
    def error(self) -> str:
        """The word for programs."""
        return _WORDS.get(self.status, "error")

"""Decide by a service that runs already (`triage serve`), for `triage route --server URL`."""

from __future__ import annotations

import datetime
import http.client
import json
import os
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from typing import Any

from triage.errors import Unavailable, UsageError
from triage.records import Decision, Document, Quarantined

__all__ = ["RemoteRouter"]

_MAX_DOCUMENTS = 512
_MAX_BYTES = 1_000_000
_PATIENCE = 120.0
"""Seconds for which a busy service is asked again."""


class RemoteRouter:
    """Decides as `triage.routing.router.Router` does, by `POST /v1/route`.

    The token is read from the environment variable TRIAGE_TOKEN: a command line can be read by others.

    Args:
        url: of the service, such as `http://127.0.0.1:8088`.
        explain: whether a decision names the terms that decided.

    Attributes:
        stamp: model and policy of the decisions that were returned last.
        timed_out_: always empty: the service does not say it.

    Raises:
        UsageError: `url` is not http or https.
    """

    def __init__(self, url: str, *, explain: bool = False) -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError("--server must be a URL such as http://127.0.0.1:8088")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=30)
        self._path = parts.path.rstrip("/") + "/v1/route"
        self._explain = explain
        self.stamp: dict[str, Any] = {}
        self.timed_out_: dict[str, int] = {}

    def decide_batch(self, rows: Sequence[Document | Quarantined]) -> Iterator[Decision]:
        """Yield one decision for each of `rows`, in order; `stamp` is that of the decision just yielded.

        Raises:
            Unavailable: the service cannot be reached, refuses the token, or stays busy.
        """
        for part in _parts(rows):
            documents = [row for row in part if isinstance(row, Document)]
            decided = iter(self._asked(documents) if documents else ())
            for row in part:
                if isinstance(row, Document):
                    yield _decision(next(decided), row)
                else:
                    yield Decision(row.row, "", "review", None, None, None, None, ("unreadable_row",))

    def _asked(self, documents: Sequence[Document]) -> list[dict[str, Any]]:
        body = json.dumps({"documents": list(map(_sent, documents)), "explain": self._explain})
        decisions: list[dict[str, Any]] = self._posted(body.encode("ascii"))["decisions"]
        if len(decisions) != len(documents):
            raise Unavailable(f"the service gave {len(decisions)} decisions on {len(documents)} texts")
        self.stamp.update(model=decisions[0]["model"], policy=decisions[0]["policy"])
        return decisions

    def _posted(self, body: bytes) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if token := os.environ.get("TRIAGE_TOKEN"):
            headers["Authorization"] = f"Bearer {token}"
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                self._connection.request("POST", self._path, body, headers)
                response = self._connection.getresponse()
                content = response.read()
                found: dict[str, Any] = json.loads(content)
            except (OSError, http.client.HTTPException, ValueError) as error:
                self._connection.close()
                raise Unavailable(
                    f"the service at {self._connection.host} cannot be used ({type(error).__name__}); "
                    "start one with `triage serve`"
                ) from error
            if response.status == 200:
                return found
            if response.status not in (429, 503, 504) or time.monotonic() > until:
                raise _refused(response.status, found)
            time.sleep(min(30.0, float(response.headers.get("Retry-After") or 1)))


def _refused(status: int, found: dict[str, Any]) -> Unavailable:
    hint = "; set TRIAGE_TOKEN to a token with the role route" if status in (401, 403) else ""
    return Unavailable(f"the service answered {status}: {found.get('detail', 'no reason given')}{hint}")


def _parts(rows: Sequence[Document | Quarantined]) -> Iterator[list[Document | Quarantined]]:
    """Yield rows in parts that one request may hold; a text that none may hold counts as unreadable."""
    part: list[Document | Quarantined] = []
    size = 0
    for row in rows:
        own = len(json.dumps(_sent(row))) + 2 if isinstance(row, Document) else 0
        if own > _MAX_BYTES:
            row, own = Quarantined(row.row, 0, "longer than a request may be"), 0
        if part and (size + own > _MAX_BYTES or len(part) == _MAX_DOCUMENTS):
            yield part
            part, size = [], 0
        part.append(row)
        size += own
    if part:
        yield part


def _sent(document: Document) -> dict[str, Any]:
    """Return what the service gets of a document: no id, which the service does not need."""
    sent: dict[str, Any] = {"text": document.text}
    return sent if document.date is None else {**sent, "date": document.date.isoformat()}


def _decision(found: dict[str, Any], row: Document) -> Decision:
    date = found["date"]
    return Decision(
        row=row.row,
        id=row.id,
        action=found["action"],
        queue=found["queue"],
        label=found["label"],
        confidence=found["confidence"],
        threshold=found["threshold"],
        reasons=tuple(found["reasons"]),
        alternatives=tuple((each["label"], each["probability"]) for each in found["alternatives"]),
        terms=tuple((each["term"], each["weight"]) for each in found.get("terms", ())),
        familiarity=found["familiarity"],
        date=None if date is None else datetime.date.fromisoformat(date),
    )

"""Texts to decide on: what a request may hold, and rows as the scoring processes take them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from triage_service._http._problems import Problem
from triage_service._http._schema import Schema
from triage_service._scoring._models import Mirrored, Models
from triage_service._scoring._queue import Row

__all__ = ["DOCUMENTS", "MAX_DOCUMENTS", "MAX_TEXT", "decide", "rows_of"]

MAX_DOCUMENTS = 512
MAX_TEXT = 64 << 10
"""Characters of a text that is scored; a longer one goes to a person."""

DOCUMENT: Schema = {
    "type": "object",
    "required": ["text"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "maxLength": 256, "description": "The sender's own id; comes back."},
        "text": {"type": "string", "description": "As it was written; longer than 65,536: review."},
        "date": {"type": ["string", "null"], "maxLength": 10, "description": "The day received, YYYY-MM-DD."},
    },
}
DOCUMENTS: Schema = {"type": "array", "minItems": 1, "maxItems": MAX_DOCUMENTS, "items": DOCUMENT}


def rows_of(documents: Sequence[dict[str, Any]]) -> list[Row]:
    """Return rows for documents that keep to `DOCUMENTS`.

    Raises:
        Problem: 422, an invalid date; its position is named.
    """
    return [
        (number, document.get("id", ""), document["text"], _date(document.get("date"), number - 1))
        for number, document in enumerate(documents, start=1)
    ]


def _date(written: str | None, position: int) -> str | None:
    if not written:
        return None
    try:
        return datetime.date.fromisoformat(written).isoformat()
    except ValueError:
        raise Problem(422, f"documents[{position}].date must be a day such as 2026-01-31") from None


async def decide(
    models: Models, rows: Sequence[Row], *, explain: bool = False, mirrored: Mirrored | None = None
) -> tuple[str, list[bytes]]:
    """Return the deciding model's digest and one decision a row; a text that is too long is not scored.

    Args:
        models: what decides.
        rows: the texts.
        explain: whether decisions name the terms that decided.
        mirrored: told what the shadow model says, where there is one and every text is scored.

    Raises:
        Full, Late: the service is busy; nothing was decided.
    """
    short = [row for row in rows if len(row[2]) <= MAX_TEXT]
    if len(short) == len(rows):
        return await models.score(rows, explain=explain, mirrored=mirrored)
    pool = models.active
    digest, lines = await models.score(short, explain=explain) if short else (pool.digest, [])
    scored = iter(lines)
    return digest, [
        next(scored) if len(row[2]) <= MAX_TEXT else pool.reviewed(row, "unreadable_row") for row in rows
    ]

"""What the desk shows: one item with its history, searches, the figures of the board, the log."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from triage_service._store import _schema as t
from triage_service._store._chain import item_mac
from triage_service._store._intake import decision_of
from triage_service._store._records import Found, Item, seconds

__all__ = ["board", "events", "find", "item", "last_events"]

_PAGE = 1000
_HOUR = 3_600_000_000


def item(connection: sa.Connection, name: str) -> Item | None:
    """Return all that is known of an item, or None."""
    row = connection.execute(sa.select(t.item).where(t.item.c.id == name)).first()
    if row is None:
        return None
    texts = connection.execute(
        sa.select(t.body.c.part, t.body.c.text).where(t.body.c.item == name).order_by(t.body.c.seq)
    ).all()
    key = connection.execute(sa.select(t.setting.c.value).where(t.setting.c.name == "mac_key")).scalar_one()
    mine = t.event.c.item == item_mac(bytes.fromhex(key), name)
    history = connection.execute(sa.select(t.event).where(mine).order_by(t.event.c.seq))
    return Item(
        id=row.id,
        text=next((found.text for found in texts if found.part == "text"), ""),
        state=row.state,
        kind=row.kind,
        label=row.final,
        queue=row.queue,
        source=row.source,
        received=seconds(row.received),
        due=None if row.due is None else seconds(row.due),
        model=row.model,
        decision=decision_of(connection, name),
        blind=row.state == "open" and row.kind != "review",
        notes=tuple(found.text for found in texts if found.part == "note"),
        history=tuple(
            {**json.loads(e.json), "seq": e.seq, "at": seconds(e.at), "who": e.who, "what": e.what}
            for e in history
        ),
    )


def find(
    connection: sa.Connection, *, text: str, before: int | None, limit: int, **equal: str
) -> list[Found]:
    """Return items that match, newest first; see `Store.find`."""
    texts = t.body.alias()
    query = sa.select(t.item, texts.c.text).outerjoin(
        texts, (texts.c.item == t.item.c.id) & (texts.c.part == "text")
    )
    for name, value in equal.items():
        if value:
            query = query.where(t.item.c[name] == value)
    if before is not None:
        query = query.where(t.item.c.seq < before)
    if text:
        matching = _matching(connection.dialect.name, text)
        if matching is None:
            return []
        query = query.where(t.item.c.id.in_(matching))
    rows = connection.execute(query.order_by(t.item.c.seq.desc()).limit(limit))
    return [
        Found(
            seq=row.seq,
            id=row.id,
            text=row.text or "",
            state=row.state,
            kind=row.kind,
            label=row.final,
            suggested=None if row.state == "open" and row.kind != "review" else row.label,
            queue=row.queue,
            received=seconds(row.received),
        )
        for row in rows
    ]


def _matching(dialect: str, text: str) -> sa.Select[Any] | None:
    """Return a query for the ids of items whose text holds every word, the last one as a beginning."""
    words = ["".join(c for c in word if c.isalnum() or c == "_") for word in text.split()]
    words = [word for word in words if word][:16]
    if not words:
        return None
    found = sa.select(t.body.c.item).where(t.body.c.part == "text")
    if dialect == "sqlite":
        query = " ".join(f'"{word}"' for word in words) + "*"
        hits = sa.text("body.seq IN (SELECT rowid FROM body_search WHERE body_search MATCH :query)")
        return found.where(hits.bindparams(query=query))
    query = " & ".join(words) + ":*"
    hits = sa.text("to_tsvector('simple', body.text) @@ to_tsquery('simple', :query)")
    return found.where(hits.bindparams(query=query))


def board(connection: sa.Connection, now: int) -> dict[str, Any]:
    """Return what waits, what was decided, and the same for each queue."""
    day = now - now % (24 * _HOUR)
    i = t.item.c

    def count(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.count(sa.case((condition, 1)))

    open_ = i.state == "open"
    figures = [
        count(open_).label("waiting"),
        count(open_ & (i.lease_until >= now)).label("leased"),
        count(i.received >= day).label("received_today"),
        count((i.action == "route") & (i.state != "erased")).label("routed"),
        count((i.action == "review") & (i.state != "erased")).label("reviewed"),
        sa.func.min(sa.case((open_, i.received))).label("oldest"),
    ]
    found: dict[str, Any] = dict(connection.execute(sa.select(*figures)).one()._mapping)  # noqa: SLF001
    since = sa.select(sa.func.count()).where(t.opinion.c.retracts.is_(None))
    found["decided_today"] = connection.execute(since.where(t.opinion.c.at >= day)).scalar_one()
    found["per_hour"] = connection.execute(since.where(t.opinion.c.at >= now - _HOUR)).scalar_one()
    queues = sa.select(
        i.queue, count(open_).label("waiting"), count(i.action == "route").label("routed"),
        count(i.state == "decided").label("decided"), sa.func.min(sa.case((open_, i.received))).label("oldest"),
    )  # fmt: skip
    rows = connection.execute(queues.group_by(i.queue).order_by(sa.text("waiting DESC"), i.queue))
    found["queues"] = [_in_seconds(dict(row._mapping)) for row in rows]  # noqa: SLF001
    return _in_seconds(found)


def _in_seconds(found: dict[str, Any]) -> dict[str, Any]:
    return {**found, "oldest": None if found["oldest"] is None else seconds(found["oldest"])}


def events(engine: sa.Engine, after: int, limit: int | None) -> Iterator[Mapping[str, Any]]:
    """Yield the log after event `after`, oldest first; each page is read by itself, so no transaction stays open."""
    left = limit if limit is not None else 1 << 62
    while left > 0:
        query = sa.select(t.event).where(t.event.c.seq > after).order_by(t.event.c.seq)
        with engine.connect() as connection:
            rows = connection.execute(query.limit(min(_PAGE, left))).all()
        if not rows:
            return
        for row in rows:
            yield {**row._mapping, "at": seconds(row.at), "json": json.loads(row.json)}  # noqa: SLF001
        after, left = rows[-1].seq, left - len(rows)


def last_events(connection: sa.Connection, limit: int) -> list[dict[str, Any]]:
    """Return the latest events, newest first, without their facts."""
    e = t.event.c
    rows = connection.execute(sa.select(e.seq, e.at, e.who, e.what).order_by(e.seq.desc()).limit(limit))
    return [{**row._mapping, "at": seconds(row.at)} for row in rows]  # noqa: SLF001

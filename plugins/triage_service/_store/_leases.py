"""Exclusive leases: one statement claims an item, and a token that only grows fences off a slow holder.

Whether a lease has ended is decided within the claim, never by a job. A holder whose lease has ended keeps the item
until somebody else claims it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from triage_service._store import _schema as t
from triage_service._store._chain import append
from triage_service._store._errors import LeaseLost, NotSkippable, UnknownItem
from triage_service._store._intake import add_note, assembled
from triage_service._store._records import Claimed, micros, seconds
from triage_service._store._writer import Transaction

__all__ = ["COUNTED", "alike", "claim", "claimed", "held", "release", "renew", "skip"]

_AUDIT_SHARE = 0.2
_SKIP_HIDES = 3_600_000_000
_FAMILY = 500
COUNTED = ("review", "audit", "second")
"""The kinds of opinions that decide; a further one or a volunteer's does not."""


def _given() -> sa.ColumnElement[bool]:
    """Return the condition that :who gave an opinion on an item that counts and was not taken back."""
    o, back = t.opinion.alias(), t.opinion.alias()
    taken_back = sa.exists().where(back.c.retracts == o.c.id)
    mine = (o.c.item == t.item.c.id) & (o.c.who == sa.bindparam("who"))
    return sa.exists().where(mine, o.c.kind.in_(COUNTED), ~taken_back)


def free(now: Any) -> sa.ColumnElement[bool]:
    """Return the condition that nobody holds an item."""
    return sa.or_(t.item.c.lease_until.is_(None), t.item.c.lease_until < now)


def _claim_statement(*conditions: sa.ColumnElement[bool]) -> sa.Executable:
    now = sa.bindparam("now", type_=sa.BigInteger)
    mine = (t.skip.c.item == t.item.c.id) & (t.skip.c.who == sa.bindparam("who"))
    candidates = sa.select(t.item.c.seq).where(
        sa.text("state = 'open'"),  # as the partial index says it
        t.item.c.kind == sa.bindparam("asked"),  # one at a time, or the index gives no order
        free(now),
        ~_given(),
        ~sa.exists().where(mine, t.skip.c.until > now),
        *conditions,
    )
    first = candidates.order_by(t.item.c.rank, t.item.c.seq).limit(1).with_for_update(skip_locked=True)
    until = sa.bindparam("until", type_=sa.BigInteger)
    lease = {"holder": sa.bindparam("who"), "lease_token": t.item.c.lease_token + 1, "lease_until": until}
    where = t.item.c.seq == first.scalar_subquery()
    return sa.update(t.item).where(where).values(**lease).returning(t.item.c.id)


def _item_statement() -> sa.Select[Any]:
    text, terms, given = t.body.alias(), t.body.alias(), t.decision
    joined = (
        sa.join(t.item, given, (given.c.item == t.item.c.id) & ~given.c.shadow)
        .outerjoin(text, (text.c.item == t.item.c.id) & (text.c.part == "text"))
        .outerjoin(terms, (terms.c.item == t.item.c.id) & (terms.c.part == "terms"))
    )
    columns = (t.item, text.c.text.label("text"), terms.c.text.label("terms"), given.c.json)
    return sa.select(*columns).select_from(joined).where(t.item.c.id == sa.bindparam("item"))


# Building a statement takes longer than running it, so the hottest ones are built once.
_CLAIM = _claim_statement()
_CLAIM_IN_QUEUES = _claim_statement(t.item.c.queue.in_(sa.bindparam("queues", expanding=True)))
_ITEM = _item_statement()


def claim(
    tx: Transaction, who: str, *, lease: float, kinds: Sequence[str], queues: Sequence[str]
) -> Claimed | None:
    """Lease the next item to `who`; None where nothing waits for them.

    Second opinions come before new items. One claim in five looks among the audits first, so that they are neither
    left to the end nor done in one go.
    """
    order = ("audit", "second", "review") if random.random() < _AUDIT_SHARE else ("second", "review", "audit")
    values = {"who": who, "now": tx.now, "until": tx.now + micros(lease)}
    statement = _CLAIM
    if queues:
        statement, values["queues"] = _CLAIM_IN_QUEUES, list(queues)
    for kind in order:
        row = tx.first(statement, {**values, "asked": kind}) if kind in kinds else None
        if row is not None:
            return claimed(tx, row.id)
    return None


def claimed(tx: Transaction, item: str) -> Claimed:
    """Return an item with the lease that it has."""
    row = tx.rows(_ITEM, {"item": item})[0]
    near = 0
    if row.kind == "review" and row.family:
        near = len(tx.rows(_ALIKE, _alike_values(tx, row)))
    return Claimed(
        id=row.id,
        text=row.text or "",
        kind=row.kind,
        queue=row.queue,
        source=row.source,
        received=seconds(row.received),
        due=None if row.due is None else seconds(row.due),
        model=row.model,
        decision=assembled(row),
        alike=1 + near,
        token=row.lease_token,
        until=seconds(row.lease_until or tx.now),
    )


def _alike_statement(*columns: Any) -> sa.Select[Any]:
    query = sa.select(*columns).where(
        t.item.c.family == sa.bindparam("family"),
        t.item.c.seq != sa.bindparam("seq"),
        t.item.c.state == "open",
        t.item.c.how == "review",
        t.item.c.kind == "review",
        t.item.c.queue.is_not_distinct_from(sa.bindparam("queue", type_=sa.Text)),
        free(sa.bindparam("now", type_=sa.BigInteger)),
    )
    return query.order_by(t.item.c.seq).limit(_FAMILY)


_ALIKE = _alike_statement(t.item.c.seq)


def _alike_values(tx: Transaction, row: sa.Row[Any]) -> dict[str, Any]:
    return {"family": row.family, "seq": row.seq, "queue": row.queue, "now": tx.now}


def alike(tx: Transaction, row: sa.Row[Any]) -> list[sa.Row[Any]]:
    """Return the open near-duplicates of an item that a decision on it may decide too, locked; never an audit."""
    if not row.family:
        return []
    locked = _alike_statement(t.item).with_for_update(skip_locked=True)
    return tx.rows(locked, _alike_values(tx, row))


def held(who: str, item: str, token: int) -> sa.ColumnElement[bool]:
    """Return the condition that `who` has the lease with this token, be it only because nobody took it since."""
    return (
        (t.item.c.id == item)
        & (t.item.c.holder == who)
        & (t.item.c.lease_token == token)
        & (t.item.c.state == "open")
    )


def renew(tx: Transaction, item: str, who: str, token: int, *, lease: float) -> float:
    """Prolong a lease and return when it ends.

    Raises:
        LeaseLost, UnknownItem.
    """
    until = tx.now + micros(lease)
    _change(tx, item, who, token, lease_until=until)
    return seconds(until)


def release(tx: Transaction, item: str, who: str, token: int) -> None:
    """Give an item back.

    Raises:
        LeaseLost, UnknownItem.
    """
    _change(tx, item, who, token, holder=None, lease_until=None)


def skip(tx: Transaction, item: str, who: str, token: int, *, reason: str) -> None:
    """Give an item back and hide it from `who` for an hour.

    Raises:
        LeaseLost, UnknownItem.
        NotSkippable: it is an audit.
    """
    audit = tx.first(sa.select(t.item.c.id).where(t.item.c.id == item, t.item.c.how == "audit"))
    if audit is not None:
        raise NotSkippable("an audit must be answered; where the text does not tell, answer 'unresolvable'")
    _change(tx, item, who, token, holder=None, lease_until=None)
    tx.run(sa.delete(t.skip).where(t.skip.c.item == item, t.skip.c.who == who))
    tx.run(sa.insert(t.skip), [{"item": item, "who": who, "until": tx.now + _SKIP_HIDES}])
    add_note(tx, item, reason)
    append(tx, who, "skipped", item)


def _change(tx: Transaction, item: str, who: str, token: int, **values: object) -> None:
    if not tx.run(sa.update(t.item).where(held(who, item, token)).values(**values)).rowcount:
        if tx.first(sa.select(t.item.c.id).where(t.item.c.id == item)) is None:
            raise UnknownItem("no item has this id")
        raise LeaseLost("the lease on this item is somebody else's, or the item is decided")

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
from triage_service._store._intake import add_note, decision_of
from triage_service._store._records import Claimed, micros, seconds
from triage_service._store._writer import Transaction

__all__ = ["COUNTED", "alike", "claim", "claimed", "free", "given_by", "held", "release", "renew", "skip"]

_AUDIT_SHARE = 0.2
_SKIP_HIDES = 3_600_000_000
_FAMILY = 500
COUNTED = ("review", "audit", "second")
"""The kinds of opinions that decide; a further one or a volunteer's does not."""


def given_by(who: str | None = None) -> sa.ColumnElement[bool]:
    """Return the condition that an item has an opinion that counts and was not taken back."""
    o, back = t.opinion.alias(), t.opinion.alias()
    taken_back = sa.exists().where(back.c.retracts == o.c.id)
    found = sa.exists().where(o.c.item == t.item.c.id, o.c.kind.in_(COUNTED), ~taken_back)
    return found if who is None else found.where(o.c.who == who)


def free(now: int) -> sa.ColumnElement[bool]:
    """Return the condition that nobody holds an item."""
    return t.item.c.lease_until.is_(None) | (t.item.c.lease_until < now)


def claim(
    tx: Transaction, who: str, *, lease: float, kinds: Sequence[str], queues: Sequence[str]
) -> Claimed | None:
    """Lease the next item to `who`; None where nothing waits for them.

    One claim in five looks among the audits first, so that they are neither left to the end nor done in one go.
    """
    audits, others = [k for k in kinds if k == "audit"], [k for k in kinds if k != "audit"]
    order = [audits, others] if random.random() < _AUDIT_SHARE else [others, audits]
    for chosen in order:
        row = _claim_one(tx, who, lease, chosen, queues) if chosen else None
        if row is not None:
            return claimed(tx, row.id)
    return None


def _claim_one(
    tx: Transaction, who: str, lease: float, kinds: Sequence[str], queues: Sequence[str]
) -> sa.Row[Any] | None:
    hidden = sa.exists().where(t.skip.c.item == t.item.c.id, t.skip.c.who == who, t.skip.c.until > tx.now)
    query = sa.select(t.item.c.seq).where(
        sa.text("state = 'open'"),  # as the partial index says it
        t.item.c.kind.in_(kinds),
        free(tx.now),
        ~given_by(who),
        ~hidden,
    )
    if queues:
        query = query.where(t.item.c.queue.in_(queues))
    next_one = query.order_by(t.item.c.rank, t.item.c.seq).limit(1).with_for_update(skip_locked=True)
    lease_it = (
        sa.update(t.item)
        .where(t.item.c.seq == next_one.scalar_subquery())
        .values(holder=who, lease_token=t.item.c.lease_token + 1, lease_until=tx.now + micros(lease))
        .returning(t.item.c.id)
    )
    return tx.first(lease_it)


def claimed(tx: Transaction, item: str) -> Claimed:
    """Return an item with the lease that it has."""
    row = tx.rows(sa.select(t.item).where(t.item.c.id == item))[0]
    texts = sa.select(t.body.c.text).where(t.body.c.item == item, t.body.c.part == "text")
    return Claimed(
        id=row.id,
        text=str(tx.connection.execute(texts).scalar() or ""),
        kind=row.kind,
        queue=row.queue,
        source=row.source,
        received=seconds(row.received),
        due=None if row.due is None else seconds(row.due),
        model=row.model,
        decision=decision_of(tx.connection, item),
        alike=1 + len(alike(tx, row)) if row.kind == "review" else 1,
        token=row.lease_token,
        until=seconds(row.lease_until or tx.now),
    )


def alike(tx: Transaction, row: sa.Row[Any], *, lock: bool = False) -> list[sa.Row[Any]]:
    """Return the open near-duplicates of an item that a decision on it may decide too; never an audit."""
    if not row.family:
        return []
    query = sa.select(t.item).where(
        t.item.c.family == row.family,
        t.item.c.seq != row.seq,
        t.item.c.state == "open",
        t.item.c.how == "review",
        t.item.c.kind == "review",
        t.item.c.queue.is_not_distinct_from(row.queue),
        free(tx.now),
    )
    query = query.order_by(t.item.c.seq).limit(_FAMILY)
    return tx.rows(query.with_for_update(skip_locked=True) if lock else query)


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

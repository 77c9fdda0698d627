"""People's answers: decide, families together, second opinions, undo. Opinions are only ever added."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from triage_service._store import _schema as t
from triage_service._store._chain import append
from triage_service._store._errors import CannotUndo, UnknownItem
from triage_service._store._intake import add_note
from triage_service._store._leases import COUNTED, alike, claimed
from triage_service._store._records import Claimed, Decided, micros
from triage_service._store._writer import Transaction

__all__ = ["UNRESOLVABLE", "decide", "standing", "undo", "volunteer"]

UNRESOLVABLE = "unresolvable"
"""The label of an item whose text does not tell where it belongs."""

_MOST_WANTED = 3


def standing(tx: Transaction, item: str) -> list[sa.Row[Any]]:
    """Return the opinions on an item that count and were not taken back, oldest first."""
    return tx.rows(_STANDING, {"item": item})


def _standing_statement() -> sa.Select[Any]:
    back = t.opinion.alias()
    mine = (t.opinion.c.item == sa.bindparam("item")) & t.opinion.c.kind.in_(COUNTED)
    kept = ~sa.exists().where(back.c.retracts == t.opinion.c.id)
    return sa.select(t.opinion).where(mine, kept).order_by(t.opinion.c.id)


_STANDING = _standing_statement()
_LOCKED = sa.select(t.item).where(t.item.c.id == sa.bindparam("item")).with_for_update()
_REPEATED = sa.select(t.opinion).where(
    t.opinion.c.who == sa.bindparam("who"), t.opinion.c.key == sa.bindparam("key")
)


def decide(
    tx: Transaction,
    item: str,
    who: str,
    token: int,
    label: str,
    *,
    key: str,
    ms: int | None,
    note: str,
    second: bool,
    family: bool,
    second_rate: float,
) -> Decided:
    """Record an answer; see `Store.decide`."""
    if key and (again := _repeated(tx, who, key)) is not None:
        return again
    row = _row(tx, item)
    held = row.holder == who and row.lease_token == token and row.state == "open"
    kind = row.kind if held else "further"
    event = append(tx, who, "decided" if held else "further opinion", item, label=label, kind=row.kind)
    _add(tx, row, who, label, kind=kind, key=key, ms=ms, event=event, batch=event)
    add_note(tx, item, note)
    if not held:
        return _result(event, row, (), lost=True, kind=row.kind, state=row.state)
    wanted = max(row.wanted, 2 if second or _second_wanted(tx, row, second_rate) else 1)
    state = _settle(tx, row, wanted)
    done = [item] if state == "decided" else []
    if family and row.kind == "review":
        for other in alike(tx, row):
            other_event = append(tx, who, "decided", other.id, label=label, kind=other.kind, family=event)
            _add(tx, other, who, label, kind=other.kind, key="", ms=None, event=other_event, batch=event)
            done += [other.id] if _settle(tx, other, other.wanted) == "decided" else []
    return _result(event, row, done, lost=False, kind=row.kind, state=state)


def volunteer(tx: Transaction, item: str, who: str, label: str, *, note: str) -> int:
    """Record what somebody says of an item that nobody asked about, and return the event's number.

    Raises:
        UnknownItem.
    """
    row = _row(tx, item)
    event = append(tx, who, "volunteered", item, label=label)
    _add(tx, row, who, label, kind="volunteer", key="", ms=None, event=event, batch=event)
    add_note(tx, item, note)
    return event


def undo(tx: Transaction, event: int, who: str, *, lease: float, within: float) -> Claimed:
    """Take one's own decision back, with the family that it decided, and lease the item again.

    Raises:
        CannotUndo.
    """
    mine = tx.first(sa.select(t.opinion).where(t.opinion.c.event == event, t.opinion.c.retracts.is_(None)))
    if mine is None or mine.who != who or mine.kind not in COUNTED or mine.at < tx.now - micros(within):
        raise CannotUndo("only one's own decision of the last minutes can be taken back")
    row = _row(tx, mine.item)
    if not _can_undo(tx, row, mine):
        raise CannotUndo(
            "this decision was taken back before, or a second opinion was given or is being given"
        )
    _take_back(tx, row, mine, lease=lease)
    batch = sa.select(t.opinion).where(t.opinion.c.batch == event, t.opinion.c.retracts.is_(None))
    for other in tx.rows(batch.where(t.opinion.c.id != mine.id)):
        near = _row(tx, other.item)
        if _can_undo(tx, near, other):
            _take_back(tx, near, other, lease=None)
    return claimed(tx, mine.item)


def _can_undo(tx: Transaction, row: sa.Row[Any], mine: sa.Row[Any]) -> bool:
    counted = standing(tx, row.id)
    last = bool(counted) and counted[-1].id == mine.id
    free = row.holder is None or row.lease_until is None or row.lease_until < tx.now
    return last and row.erased is None and (row.state == "decided" or free)


def _take_back(tx: Transaction, row: sa.Row[Any], mine: sa.Row[Any], *, lease: float | None) -> None:
    event = append(tx, mine.who, "undone", row.id, of=mine.event)
    _add(
        tx,
        row,
        mine.who,
        None,
        kind="retraction",
        key="",
        ms=None,
        event=event,
        batch=event,
        retracts=mine.id,
    )
    left = standing(tx, row.id)
    tx.run(
        sa.update(t.item)
        .where(t.item.c.id == row.id)
        .values(
            state="open",
            final=None,
            decided=None,
            kind="second" if left else row.how,
            wanted=min(row.wanted, len(left) + 1),
            holder=mine.who if lease is not None else None,
            lease_token=t.item.c.lease_token + 1,
            lease_until=None if lease is None else tx.now + micros(lease),
        )
    )


def _row(tx: Transaction, item: str) -> sa.Row[Any]:
    row = tx.first(_LOCKED, {"item": item})
    if row is None:
        raise UnknownItem("no item has this id")
    return row


def _repeated(tx: Transaction, who: str, key: str) -> Decided | None:
    """Return the first result of an answer that was sent again."""
    first = tx.first(_REPEATED, {"who": who, "key": key})
    if first is None:
        return None
    row = _row(tx, first.item)
    lost = first.kind not in COUNTED
    batch = tx.rows(
        sa.select(t.opinion.c.item).where(t.opinion.c.batch == first.batch, t.opinion.c.retracts.is_(None))
    )
    items = () if lost else tuple(found.item for found in batch)
    kind = row.kind if lost else first.kind
    return _result(first.event, row, items, lost=lost, kind=kind, state=row.state)


def _result(
    event: int, row: sa.Row[Any], items: Sequence[str], *, lost: bool, kind: str, state: str
) -> Decided:
    return Decided(
        event=event,
        lost=lost,
        kind=kind,
        suggested=row.label,
        decided=len(items),
        items=tuple(items),
        state=state,
    )


def _second_wanted(tx: Transaction, row: sa.Row[Any], rate: float) -> bool:
    """Throw the coin of a second opinion, where there is anybody else to give it."""
    if row.wanted > 1 or random.random() >= rate:
        return False
    people = {
        found.name
        for found in tx.rows(sa.select(t.principal.c.name, t.principal.c.roles))
        if "review" in found.roles
    }
    programs = {
        found.name for found in tx.rows(sa.select(t.token.c.name, t.token.c.roles)) if "review" in found.roles
    }
    return len(people | programs) > 1


def _settle(tx: Transaction, row: sa.Row[Any], wanted: int) -> str:
    """Decide the item, or put it back for another opinion; return its state."""
    labels = [given.label for given in standing(tx, row.id)]
    if len(labels) >= wanted and wanted < _MOST_WANTED and len(set(labels)) > 1:
        wanted = _MOST_WANTED
    if len(labels) < wanted:
        values: dict[str, object] = {"state": "open", "kind": "second", "final": None}
    else:
        values = {"state": "decided", "final": _majority(labels), "decided": tx.now}
    tx.run(
        sa.update(t.item)
        .where(t.item.c.id == row.id)
        .values(holder=None, lease_until=None, wanted=wanted, **values)
    )
    return str(values["state"])


def _majority(labels: Sequence[str]) -> str:
    (label, most), *others = Counter(labels).most_common()
    return UNRESOLVABLE if others and others[0][1] == most else label


def _add(
    tx: Transaction,
    row: sa.Row[Any],
    who: str,
    label: str | None,
    *,
    kind: str,
    key: str,
    ms: int | None,
    event: int,
    batch: int,
    retracts: int | None = None,
) -> None:
    blind = row.kind != "review"
    given = {
        "item": row.id,
        "who": who,
        "at": tx.now,
        "kind": kind,
        "label": label,
        "blind": blind,
        "saw_label": None if blind else row.label,
        "ms": ms,
        "key": key or None,
        "event": event,
        "batch": batch,
        "retracts": retracts,
    }
    tx.run(sa.insert(t.opinion), [given])

"""Store routed documents: items, texts, the coin of the audit, families of near-duplicates, idempotency keys."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from triage_service._store import _schema as t
from triage_service._store._chain import append, canonical
from triage_service._store._errors import KeyInProgress, KeyReused
from triage_service._store._records import Entry, Stored, micros
from triage_service._store._writer import Transaction

__all__ = ["add", "add_note", "add_shadow", "assembled", "clean", "decision_of", "reserve", "unreserve"]

_DAY = 86_400_000_000
_RESERVED = 60_000_000
_ALIKE = 2  # of the 8 keys of two sketches
Keys = tuple[int, ...]


def clean(text: str) -> str:
    """Return the text with what no database stores, lone surrogates and NUL, replaced by U+FFFD."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").replace("\0", "\ufffd")


def reserve(tx: Transaction, who: str, key: str, digest: str) -> list[Stored] | None:
    """Take an idempotency key, or return what was stored under it.

    Raises:
        KeyReused: it came with another body; this is looked at first.
        KeyInProgress: its first request has no answer yet.
    """
    row = tx.first(sa.select(t.idempotency).where(t.idempotency.c.who == who, t.idempotency.c.key == key))
    if row is not None:
        if row.digest != digest:
            raise KeyReused(
                "this idempotency key came with another body before: use a new key for each request"
            )
        if row.answer is not None:
            return _stored(tx, row.answer)
        if row.at > tx.now - _RESERVED:
            raise KeyInProgress("the first request with this idempotency key is in progress: ask again later")
        unreserve(tx, who, key)
    tx.run(
        sa.insert(t.idempotency), [{"who": who, "key": key, "digest": digest, "at": tx.now, "answer": None}]
    )
    return None


def unreserve(tx: Transaction, who: str, key: str) -> None:
    """Free a key whose request came to nothing; one with an answer stays."""
    mine = (t.idempotency.c.who == who) & (t.idempotency.c.key == key)
    tx.run(sa.delete(t.idempotency).where(mine, t.idempotency.c.answer.is_(None)))


def add(
    tx: Transaction,
    entries: Sequence[tuple[Entry, Keys]],
    *,
    source: str,
    who: str,
    audit_rate: float,
    answer: Callable[[Sequence[Stored]], bytes],
    key: str,
    digest: str,
    review_all: bool,
) -> bytes:
    """Store entries and return the answer to them, kept under `key`; see `Store.add_items`."""
    if key:
        found = tx.first(
            sa.select(t.idempotency.c.answer, t.idempotency.c.digest).where(
                t.idempotency.c.who == who, t.idempotency.c.key == key
            )
        )
        if found is not None and found.digest != digest:
            raise KeyReused(
                "this idempotency key came with another body before: use a new key for each request"
            )
        if found is not None and found.answer is not None:
            return answer(_stored(tx, found.answer))
        unreserve(tx, who, key)
    stored = [
        _known(tx, source, entry) or _insert(tx, entry, keys, source, who, audit_rate, review_all=review_all)
        for entry, keys in entries
    ]
    if key:
        # Ids, not the reply: that holds what customers wrote.
        kept = canonical([[each.id, each.state, each.new] for each in stored]).encode()
        row = {"who": who, "key": key, "digest": digest, "at": tx.now, "answer": kept}
        tx.run(sa.insert(t.idempotency), [row])
    return answer(stored)


def _stored(tx: Transaction, kept: bytes) -> list[Stored]:
    """Return the entries that a request stored, as they were then."""
    rows = json.loads(kept)
    return [Stored(item, state, decision_of(tx.connection, item), new=new) for item, state, new in rows]


def _known(tx: Transaction, source: str, entry: Entry) -> Stored | None:
    """Return the item that the source's identifier names already."""
    if not entry.ext_id:
        return None
    where = (t.item.c.source == clean(source)) & (t.item.c.ext_id == clean(entry.ext_id))
    row = tx.first(sa.select(t.item.c.id, t.item.c.state).where(where))
    return None if row is None else Stored(row.id, row.state, decision_of(tx.connection, row.id), new=False)


def _insert(
    tx: Transaction, entry: Entry, keys: Keys, source: str, who: str, audit_rate: float, *, review_all: bool
) -> Stored:
    decision = entry.decision
    routed = decision["action"] == "route" and not review_all
    audited = routed and secrets.randbelow(1 << 53) < audit_rate * (1 << 53)
    how = "audit" if audited else "none" if routed else "review"
    item = secrets.token_hex(8)
    due = None if entry.due is None else micros(entry.due)
    rank = tx.now - round(_DAY * entry.priority)
    row = {
        "id": item,
        "source": clean(source),
        "ext_id": clean(entry.ext_id) or None,
        "family": entry.family or _family(tx, item, keys),
        "received": tx.now,
        "due": due,
        "rank": rank if due is None else min(rank, due - _DAY),
        "state": "routed" if how == "none" else "open",
        "how": how,
        "kind": "audit" if audited else "review",
        "action": decision["action"],
        "queue": decision.get("queue"),
        "label": decision.get("label"),
        "model": decision["model"],
        "covered": routed and _covered(decision.get("reasons", ())),
        "pi": audit_rate if routed else 1.0,
        "wanted": 1,
        "lease_token": 0,
    }
    tx.run(sa.insert(t.item), [row])
    _write_texts(tx, item, entry)
    if keys and not entry.family:
        rows = [{"key": key, "item": item, "family": row["family"]} for key in keys]
        tx.run(sa.insert(t.sketch), rows)
    what = {"none": "routed", "audit": "sampled", "review": "queued"}[how]
    append(tx, who, what, item, model=row["model"], queue=row["queue"], pi=row["pi"])
    return Stored(item, str(row["state"]), decision_of(tx.connection, item))


def _covered(reasons: Sequence[str]) -> bool:
    return not any(reason == "over_capacity" or reason.startswith("rule:") for reason in reasons)


def _write_texts(tx: Transaction, item: str, entry: Entry) -> None:
    """Write the text and the decision; its terms are the customer's words, so they go with the text."""
    kept = {name: value for name, value in entry.decision.items() if name not in ("terms", "id")}
    parts = [{"item": item, "part": "text", "text": clean(entry.text)}]
    if terms := entry.decision.get("terms"):
        parts.append({"item": item, "part": "terms", "text": canonical(terms)})
    tx.run(sa.insert(t.body), parts)
    made = {"item": item, "model": kept["model"], "shadow": False, "queue": kept.get("queue")}
    tx.run(sa.insert(t.decision), [{**made, "json": json.dumps(kept)}])


def add_note(tx: Transaction, item: str, note: str) -> None:
    """Keep a reviewer's words beside the customer's, whom they may quote; nothing for ""."""
    if note:
        tx.run(sa.insert(t.body), [{"item": item, "part": "note", "text": clean(note)}])


def _family(tx: Transaction, item: str, keys: Keys) -> str:
    """Return the family with the most keys in common, or a new one; "" for a text without a word."""
    if not keys:
        return ""
    row = tx.first(_FAMILY, {"keys": keys})
    return item if row is None else str(row.family)


def _family_statement() -> sa.Select[Any]:
    same = sa.func.count(t.sketch.c.key.distinct())
    keys: sa.BindParameter[Any] = sa.bindparam("keys", expanding=True)
    query = sa.select(t.sketch.c.family).where(t.sketch.c.key.in_(keys)).group_by(t.sketch.c.family)
    return query.having(same >= _ALIKE).order_by(same.desc(), t.sketch.c.family).limit(1)


_FAMILY = _family_statement()


def add_shadow(tx: Transaction, pairs: Sequence[tuple[str, Mapping[str, Any]]]) -> int:
    """Store what a shadow model said of stored items; an item that it was asked about before is left alone."""
    done = 0
    for item, decision in pairs:
        key = (t.decision.c.item == item) & (t.decision.c.model == decision["model"]) & t.decision.c.shadow
        known = tx.first(sa.select(t.item.c.id).where(t.item.c.id == item))
        if known is None or tx.first(sa.select(t.decision.c.item).where(key)) is not None:
            continue
        kept = {name: value for name, value in decision.items() if name not in ("terms", "id")}
        row = {"item": item, "model": kept["model"], "shadow": True, "queue": kept.get("queue")}
        tx.run(sa.insert(t.decision), [{**row, "json": canonical(kept)}])
        done += 1
    return done


def decision_of(connection: sa.Connection, item: str) -> dict[str, Any]:
    """Return the decision on an item as it was given, without what was erased since."""
    row = connection.execute(_DECISION, {"item": item}).one()
    return assembled(row)


def assembled(row: sa.Row[Any]) -> dict[str, Any]:
    """Return a decision of its parts: `json`, and what is kept apart to be erased, `terms` and `ext_id`."""
    return {**json.loads(row.json), "terms": json.loads(row.terms or "[]"), "id": row.ext_id or ""}


def _decision_statement() -> sa.Select[Any]:
    terms = (t.body.c.item == t.item.c.id) & (t.body.c.part == "terms")
    joined = sa.join(t.item, t.decision, (t.decision.c.item == t.item.c.id) & ~t.decision.c.shadow)
    query = sa.select(t.decision.c.json, t.body.c.text.label("terms"), t.item.c.ext_id)
    return query.select_from(joined.outerjoin(t.body, terms)).where(t.item.c.id == sa.bindparam("item"))


_DECISION = _decision_statement()

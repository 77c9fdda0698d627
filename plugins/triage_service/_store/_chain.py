"""The log: each event holds the hash of the one before, so a change anywhere is found.

What is hashed is what is stored: whole microseconds and the canonical JSON text. The item is named by an HMAC, so
that the event of an erasure tells nothing about whom it was.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from triage_service._store import _schema as t
from triage_service._store._writer import Transaction

__all__ = ["GENESIS", "append", "broken_links", "canonical", "item_mac", "mac_key"]

GENESIS = "0" * 64


def canonical(facts: Any) -> str:
    """Return the one JSON text of `facts`: sorted keys, no spaces, ASCII."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def append(tx: Transaction, who: str, what: str, item: str = "", **facts: Any) -> int:
    """Append an event and return its number; it also goes into the outbox of every webhook."""
    if "chain" not in tx.facts:
        end = tx.first(sa.select(t.event.c.seq, t.event.c.hash).order_by(t.event.c.seq.desc()).limit(1))
        tx.facts["chain"] = (0, GENESIS) if end is None else (end.seq, end.hash)
        tx.facts["hooks"] = [row.url for row in tx.rows(sa.select(t.webhook.c.url))]
        tx.facts["mac"] = mac_key(tx)
    seq, prev = tx.facts["chain"]
    row = {
        "seq": seq + 1,
        "at": tx.now,
        "who": who,
        "what": what,
        "item": item_mac(tx.facts["mac"], item) if item else None,
        "json": canonical(facts),
        "prev": prev,
    }
    row["hash"] = digest_of(row)
    tx.run(sa.insert(t.event), [row])
    tx.facts["chain"] = (row["seq"], row["hash"])
    for url in tx.facts["hooks"]:
        shown = {**row, "item": item or None, "json": facts}
        waiting = {"url": url, "event": row["seq"], "item": item or None, "body": canonical(shown)}
        tx.run(sa.insert(t.outbox), [{**waiting, "tries": 0, "due": tx.now}])
    number: int = seq + 1
    return number


def digest_of(row: Any) -> str:
    """Return the hash of an event, over every column but itself."""
    columns = [row[name] for name in ("seq", "at", "who", "what", "item", "json", "prev")]
    return hashlib.sha256(canonical(columns).encode()).hexdigest()


def item_mac(key: bytes, item: str) -> str:
    """Return what names an item in the log."""
    return hmac.new(key, item.encode(), hashlib.sha256).hexdigest()


def mac_key(tx: Transaction) -> bytes:
    """Return the key of this database's HMACs, made at the first use."""
    where = t.setting.c.name == "mac_key"
    found = tx.first(sa.select(t.setting.c.value).where(where))
    if found is None:
        made = secrets.token_hex(32)
        tx.run(sa.insert(t.setting), [{"name": "mac_key", "value": made}])
        return bytes.fromhex(made)
    return bytes.fromhex(found.value)


def broken_links(events: Iterable[sa.Row[Any]]) -> tuple[int, str, list[str]]:
    """Return how many events there are, the last hash, and what is wrong with the first bad ones.

    Args:
        events: all of them, in order.
    """
    count, head = 0, GENESIS
    problems: list[str] = []
    for event in events:
        count += 1
        row = event._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
        if row["seq"] != count:
            problems.append(f"event {count} is missing: the next is {row['seq']}")
        elif row["prev"] != head:
            problems.append(f"event {count} does not follow the one before")
        elif row["hash"] != digest_of(row):
            problems.append(f"event {count} was changed")
        if len(problems) >= 10:
            break
        head, count = row["hash"], row["seq"]
    return count, head, problems

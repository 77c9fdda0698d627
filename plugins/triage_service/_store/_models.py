"""The registry of models, webhooks and their outbox, settings: the small tables."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

import sqlalchemy as sa

from triage_service._store import _schema as t
from triage_service._store._chain import append
from triage_service._store._errors import StoreRefusal
from triage_service._store._records import Message, ModelRow, micros, seconds
from triage_service._store._writer import Transaction

__all__ = [
    "PROOF",
    "STATES",
    "change",
    "evidence",
    "models",
    "outbox_done",
    "outbox_due",
    "outbox_failed",
    "remove_webhook",
    "set_setting",
    "set_webhook",
]

STATES = ("known", "shadow", "active", "previous")
PROOF = 20.0
"""The evidence that a promotion needs: a worse model reaches it with a chance of at most 1 in 20, at any time."""


def evidence(better: int, worse: int) -> float:
    """Return the evidence that a shadow is better, from audited texts on which exactly one of two was right.

    It is the likelihood of the counts under a chance of "better" drawn evenly from (1/2, 1], over that under
    1/2: an e-process, so it may be looked at after every audit (Waudby-Smith and Ramdas 2024, section 4).

    Args:
        better: texts on which only the shadow was right.
        worse: texts on which only the active model was right.

    >>> evidence(0, 0)
    1.0
    >>> evidence(10, 0) > PROOF > evidence(10, 5)
    True
    """
    total = better + worse
    tail = sum(math.comb(total + 1, successes) for successes in range(better + 1))
    return tail / ((total + 1) * math.comb(total, better))


def models(connection: sa.Connection) -> list[ModelRow]:
    """Return the registered models, the latest change first."""
    rows = connection.execute(sa.select(t.model).order_by(t.model.c.since.desc(), t.model.c.digest))
    return [ModelRow(row.digest, row.path, row.state, seconds(row.since), row.promise) for row in rows]


def change(
    tx: Transaction,
    digest: str,
    state: str,
    *,
    who: str,
    path: str,
    reason: str,
    promise: float | None,
    queues: Mapping[str, str] | None,
) -> None:
    """Enter how a model is used from now on; see `Store.model_changed`."""
    known = tx.first(sa.select(t.model).where(t.model.c.digest == digest))
    if known is None and not path:
        raise StoreRefusal("no model of this digest is registered")
    former = {"active": "previous", "shadow": "known"}.get(state)
    if former:
        others = (t.model.c.state == state) & (t.model.c.digest != digest)
        if state == "active" and tx.first(sa.select(t.model.c.digest).where(others)) is not None:
            earlier = (t.model.c.state == "previous") & (t.model.c.digest != digest)
            tx.run(sa.update(t.model).where(earlier).values(state="known"))
        tx.run(sa.update(t.model).where(others).values(state=former, since=tx.now))
    values: dict[str, object] = {"state": state, "since": tx.now}
    values |= {"path": path} if path else {}
    values |= {"promise": promise} if promise is not None else {}
    values |= {"queues": json.dumps(dict(queues))} if queues is not None else {}
    if known is None:
        tx.run(sa.insert(t.model), [{"digest": digest, "promise": None, "queues": "{}", **values}])
    elif (known.state, known.path) == (state, path or known.path):
        values.pop("since")
        tx.run(sa.update(t.model).where(t.model.c.digest == digest).values(**values))
        return  # a restart with the same model is no change
    else:
        tx.run(sa.update(t.model).where(t.model.c.digest == digest).values(**values))
    append(tx, who, f"model {state}", digest=digest, **({"reason": reason} if reason else {}))


def set_setting(tx: Transaction, name: str, value: str) -> None:
    """Keep a value under a name."""
    tx.run(sa.delete(t.setting).where(t.setting.c.name == name))
    tx.run(sa.insert(t.setting), [{"name": name, "value": value}])


def set_webhook(tx: Transaction, url: str, secret: str, who: str) -> None:
    """Send every further event to `url`, signed with `secret`."""
    tx.run(sa.delete(t.webhook).where(t.webhook.c.url == url))
    tx.run(sa.insert(t.webhook), [{"url": url, "secret": secret}])
    tx.facts.pop("chain", None)  # so that the next event sees the new list
    append(tx, who, "webhook set")


def remove_webhook(tx: Transaction, url: str, who: str) -> bool:
    """Send no further event to `url`; what waits for it is dropped."""
    tx.run(sa.delete(t.outbox).where(t.outbox.c.url == url))
    if not tx.run(sa.delete(t.webhook).where(t.webhook.c.url == url)).rowcount:
        return False
    tx.facts.pop("chain", None)
    append(tx, who, "webhook removed")
    return True


def outbox_due(connection: sa.Connection, now: int, limit: int) -> list[Message]:
    """Return messages that are due, oldest first."""
    joined = sa.join(t.outbox, t.webhook, t.outbox.c.url == t.webhook.c.url)
    query = sa.select(t.outbox, t.webhook.c.secret).select_from(joined).where(t.outbox.c.due <= now)
    rows = connection.execute(query.order_by(t.outbox.c.due, t.outbox.c.id).limit(limit))
    return [Message(row.id, row.url, row.secret, row.body.encode(), row.tries) for row in rows]


def outbox_done(tx: Transaction, message: int) -> None:
    """Remove a message that has arrived."""
    tx.run(sa.delete(t.outbox).where(t.outbox.c.id == message))


def outbox_failed(tx: Transaction, message: int, retry: float) -> None:
    """Try a message again after `retry` seconds."""
    again = {"tries": t.outbox.c.tries + 1, "due": tx.now + micros(retry)}
    tx.run(sa.update(t.outbox).where(t.outbox.c.id == message).values(**again))

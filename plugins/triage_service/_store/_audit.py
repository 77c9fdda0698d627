"""The realised error of what was routed automatically, and people's labels with how they came about."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import sqlalchemy as sa

from triage.plugin_api import AuditedCase, audit_bound, outcomes_in_order
from triage_service._store import _schema as t
from triage_service._store._errors import StoreRefusal
from triage_service._store._opinions import UNRESOLVABLE
from triage_service._store._records import seconds

__all__ = ["USES", "Bound", "bound", "labels", "paired"]

USES = ("train", "calibrate", "audit")
_DAY = 86_400_000_000
_PAGE = 1000
_ALARM = (
    "the promise is broken: more than {promise:.1%} of what went out automatically went wrong. Send everything to "
    "people (--on-alarm review) until the cause is found, then train and promise again on recent documents"
)


@dataclass(frozen=True, slots=True)
class Bound:
    """What the audits show about what a model routed automatically.

    Attributes:
        model: the digest of the model whose decisions were audited, or None.
        promise: the bound that it promised, or None.
        error: the share of wrong routes among the answered audits, or None.
        lower: a lower bound on the error, valid at every look; open and unresolvable audits count as right.
        upper: an upper bound, valid at every look; late and unresolvable audits count as wrong.
        audits: how many cases the bounds rest on; near-duplicates count once.
        open: audits without an answer.
        oldest_open: when the oldest of these was routed, or None.
        needed: about how many more audits until the promise is confirmed, or None where that is not to be seen.
        verdict: "kept" and "broken" are proven; "open" is neither; "no_promise" where there is none.
        alarm: what to do where it is broken, else "".
        level: the chance of a wrong "broken", over all looks together; the same of a wrong "kept".
    """

    model: str | None
    promise: float | None
    error: float | None
    lower: float
    upper: float
    audits: int
    open: int
    oldest_open: float | None
    needed: int | None
    verdict: Literal["kept", "broken", "open", "no_promise"]
    alarm: str
    level: float

    def to_json(self) -> dict[str, Any]:
        """Return the fields."""
        return asdict(self)


def bound(
    connection: sa.Connection,
    now: int,
    *,
    max_error: float | None,
    model: str | None,
    level: float,
    late_days: float,
) -> Bound:
    """Return the realised error of a model's automatic routes; see `Store.bound`."""
    which = t.model.c.state == "active" if model is None else t.model.c.digest == model
    row = connection.execute(sa.select(t.model).where(which)).first()
    digest = model if model is not None else None if row is None else row.digest
    promise = max_error if max_error is not None else None if row is None else row.promise
    queues = {} if row is None else json.loads(row.queues)
    cases: list[AuditedCase] = []
    open_: list[int] = []
    for found in connection.execute(_audits(digest)):
        answer = found.final or found.first
        late = found.received < now - late_days * _DAY
        if found.final is None and found.erased is None:
            open_.append(found.received)
        answered = found.final is not None or found.erased is not None or (late and answer is not None)
        wrong = None if answer in (None, UNRESOLVABLE) else queues.get(answer, answer) != found.queue
        at = seconds(found.received)
        cases.append(
            AuditedCase(
                at=at, wrong=wrong if answered else None, pending=not (answered or late), family=found.family
            )
        )
    outcomes = outcomes_in_order(cases)
    found_bound = audit_bound(outcomes, promise, level=level)
    broken = found_bound.verdict == "broken"
    return Bound(
        model=digest,
        promise=promise,
        error=found_bound.error,
        lower=found_bound.lower,
        upper=found_bound.upper,
        audits=found_bound.audits,
        open=len(open_),
        oldest_open=seconds(min(open_)) if open_ else None,
        needed=found_bound.needed,
        verdict=found_bound.verdict,
        alarm=_ALARM.format(promise=promise) if broken else "",
        level=level,
    )


def _audits(model: str | None) -> sa.Select[Any]:
    """Return a query for the audits of a model's promise in the order of sampling, with the first answer to each."""
    back = t.opinion.alias()
    counted = (t.opinion.c.item == t.item.c.id) & (t.opinion.c.kind == "audit")
    standing = sa.select(t.opinion.c.label).where(
        counted, ~sa.exists().where(back.c.retracts == t.opinion.c.id)
    )
    first = standing.order_by(t.opinion.c.id).limit(1).correlate(t.item).scalar_subquery().label("first")
    i = t.item.c
    query = sa.select(i.id, i.received, i.family, i.queue, i.final, i.erased, first).where(
        sa.text("how = 'audit'"), i.covered, i.model == model
    )
    return query.order_by(i.seq)


def paired(connection: sa.Connection, active: str, shadow: str) -> tuple[int, int]:
    """Return on how many audited items only the shadow was right, and only the active model; see `Store.paired`."""
    row = connection.execute(sa.select(t.model.c.queues).where(t.model.c.digest == active)).first()
    queues = {} if row is None else json.loads(row.queues)
    i, d = t.item.c, t.decision.c
    other = sa.join(t.item, t.decision, (d.item == i.id) & d.shadow & (d.model == shadow))
    query = sa.select(i.queue, i.family, i.id, i.final, d.queue.label("other")).select_from(other)
    query = query.where(
        sa.text("how = 'audit'"), i.model == active, i.state == "decided", i.final != UNRESOLVABLE
    )
    counts = {True: 0, False: 0}
    seen: set[str] = set()
    for found in connection.execute(query.order_by(i.seq)):
        true = queues.get(found.final, found.final)
        right, shadow_right = found.queue == true, found.other == true
        if (found.family or found.id) in seen:
            continue
        seen.add(found.family or found.id)
        if right != shadow_right:
            counts[shadow_right] += 1
    return counts[True], counts[False]


def labels(engine: sa.Engine, use: str, now: int, *, late_days: float = 7) -> Iterator[Mapping[str, Any]]:
    """Yield people's labels for a use, in the order in which the items came; see `Store.labels`."""
    if use not in USES:
        raise StoreRefusal(f"labels are for {', '.join(USES)}")
    until = _frontier(engine, now, late_days) if use != "train" else None
    after = 0
    while True:
        with engine.connect() as connection:
            rows = connection.execute(_labels(use, after, until)).all()
        for row in rows:
            yield _label(row, use)
        if len(rows) < _PAGE:
            break
        after = rows[-1].seq
    if use == "train":
        with engine.connect() as connection:
            given = connection.execute(_volunteered()).all()
        for row in given:
            yield _label(row, use)


def _frontier(engine: sa.Engine, now: int, late_days: float) -> int | None:
    """Return the first item that still waits for its answer and is not late: easy ones are answered first."""
    i = t.item.c
    with engine.connect() as connection:
        query = sa.select(sa.func.min(i.seq)).where(
            i.state == "open", i.received >= now - round(late_days * _DAY)
        )
        found: int | None = connection.execute(query).scalar()
        return found


def _labels(use: str, after: int, until: int | None) -> sa.Select[Any]:
    i = t.item.c
    texts = (t.body.c.item == i.id) & (t.body.c.part == "text")
    last = (
        sa.select(t.opinion.c.who)
        .where(
            t.opinion.c.item == i.id,
            t.opinion.c.kind.in_(("review", "audit", "second")),
            t.opinion.c.label == i.final,
        )
        .order_by(t.opinion.c.id.desc())
        .limit(1)
        .correlate(t.item)
        .scalar_subquery()
    )
    query = sa.select(
        i.seq, i.id, i.ext_id, t.body.c.text, i.final.label("label"), i.how, i.pi, last.label("who"),
        i.decided.label("at"), i.queue, i.model, i.covered,
    ).select_from(sa.join(t.item, t.body, texts))  # fmt: skip
    query = query.where(i.state == "decided", i.erased.is_(None), i.seq > after)
    query = query.where(i.how == "audit" if use == "audit" else i.final != UNRESOLVABLE)
    if until is not None:
        query = query.where(i.seq < until)
    return query.order_by(i.seq).limit(_PAGE)


def _volunteered() -> sa.Select[Any]:
    """Return a query for labels that nobody asked for, of items that have no other."""
    i, o, back = t.item.c, t.opinion.c, t.opinion.alias()
    later = t.opinion.alias()
    texts = (t.body.c.item == i.id) & (t.body.c.part == "text")
    joined = sa.join(sa.join(t.item, t.body, texts), t.opinion, o.item == i.id)
    query = sa.select(
        i.seq, i.id, i.ext_id, t.body.c.text, o.label, sa.literal("volunteer").label("how"),
        sa.null().label("pi"), o.who, o.at, i.queue, i.model, i.covered,
    ).select_from(joined)  # fmt: skip
    return query.where(
        o.kind.in_(("volunteer", "further")),
        o.label != UNRESOLVABLE,
        i.final.is_(None),
        i.erased.is_(None),
        ~sa.exists().where(back.c.retracts == o.id),
        ~sa.exists().where(
            later.c.item == i.id, later.c.kind.in_(("volunteer", "further")), later.c.id > o.id
        ),
    ).order_by(i.seq)


def _label(row: sa.Row[Any], use: str) -> dict[str, Any]:
    found = {
        "id": row.ext_id or row.id,
        "text": row.text,
        "label": row.label,
        "how": row.how,
        "probability": row.pi,
        "who": row.who,
        "at": seconds(row.at),
    }
    if use == "audit":
        found |= {"queue": row.queue, "model": row.model, "promised": row.covered, "seq": row.seq}
    return found

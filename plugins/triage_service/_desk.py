"""What people do at the desk, between HTTP and the store: masking, blindness, sign-in, and who sees what."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from triage import Plugins
from triage_service._http._body import json_reply, storable
from triage_service._http._problems import Problem
from triage_service._store import Entry, Stored, open_store

if TYPE_CHECKING:
    from triage_service._http._endpoints import Call
    from triage_service._scoring._queue import Row
    from triage_service._settings import Settings
    from triage_service._store import Claimed, Item, Store

__all__ = ["Desk", "open_desk"]

_log = logging.getLogger("triage_service")

LEASE_SECONDS = 300.0
_EXCERPT = 240
_PAGE = 50
_ALARM_SECONDS = 10.0
_SHOWN = ("label", "confidence", "reasons", "alternatives", "terms")


class Desk:
    """The desk of one service.

    Args:
        store: the database; its refusals reach the client with their own status.
        settings: of the service.
        mask: replaces personal data in a text.
    """

    def __init__(self, store: Store, settings: Settings, mask: Callable[[str], str]) -> None:
        self.store = store
        self._settings = settings
        self._mask = mask
        self._alarm = ""

    def not_ready(self) -> str:
        """Return why the database cannot take a write, or ""."""
        return self.store.not_ready()

    # --- items

    @contextlib.asynccontextmanager
    async def once(self, who: str, key: str, digest: str) -> AsyncIterator[bytes | None]:
        """Hold an idempotency key while its request runs; yield the stored answer where there is one."""
        stored = await asyncio.wrap_future(self.store.reserve(who, key, digest)) if key else None
        try:
            yield None if stored is None else _items_reply(stored)
        except BaseException:
            if key and stored is None:
                await asyncio.wrap_future(self.store.unreserve(who, key))
            raise

    async def add(
        self,
        who: str,
        rows: Sequence[Row],
        lines: Sequence[bytes],
        *,
        source: str,
        key: str = "",
        digest: str = "",
    ) -> tuple[bytes, list[str]]:
        """Store decided rows; return the answer, durable before it is returned, and the items' ids."""
        ids: list[str] = []

        def answer(stored: Sequence[Stored]) -> bytes:
            ids[:] = [each.id for each in stored]
            return _items_reply(stored)

        entries = [
            _entry(storable(row[1]), storable(row[2]), storable(json.loads(line)))
            for row, line in zip(rows, lines, strict=True)
        ]
        written = await asyncio.wrap_future(
            self.store.add_items(
                entries,
                source=source,
                who=who,
                audit_rate=self._settings.audit_rate,
                answer=answer,
                key=key,
                digest=digest,
                review_all=bool(self._alarm) and self._settings.on_alarm == "review",
            )
        )
        return written, ids

    async def add_shadow(self, ids: Sequence[str], lines: Sequence[bytes]) -> None:
        """Store what the shadow model said of stored items."""
        pairs = [(item, json.loads(line)) for item, line in zip(ids, lines, strict=True)]
        await asyncio.wrap_future(self.store.add_shadow(pairs))

    async def find(self, filters: Mapping[str, str]) -> dict[str, Any]:
        """Return a page of items that match, newest first, and the cursor of the next page."""
        before = int(filters["cursor"]) if filters["cursor"] else None
        rows = await asyncio.to_thread(
            self.store.find,
            text=filters["q"],
            state=filters["state"],
            queue=filters["queue"],
            kind=filters["kind"],
            model=filters["model"],
            before=before,
            limit=_PAGE + 1,
        )
        items = [
            {
                "id": row.id,
                "state": row.state,
                "kind": row.kind,
                "label": row.label,
                "suggested": None if row.state == "open" and row.kind != "review" else row.suggested,
                "queue": None if row.state == "open" and row.kind != "review" else row.queue,
                "received": row.received,
                "excerpt": self._mask(row.text)[:_EXCERPT],
            }
            for row in rows[:_PAGE]
        ]
        return {"items": items, "next": str(rows[_PAGE - 1].seq) if len(rows) > _PAGE else None}

    async def show(self, item: str) -> dict[str, Any]:
        """Return one item with its masked text and its history; 404 where there is none."""
        found = await self._item(item)
        text = self._mask(found.text)
        return {
            "id": found.id,
            "state": found.state,
            "kind": found.kind,
            "label": found.label,
            "text": text,
            "masked": text != found.text,
            "suggestion": None if found.blind else {name: found.decision.get(name, []) for name in _SHOWN},
            "history": [] if found.blind else list(found.history),
        }

    async def unmask(self, call: Call, item: str) -> dict[str, Any]:
        """Return the whole text of an item and log that it was shown."""
        found = await self._item(item)
        await asyncio.wrap_future(self.store.log(call.name, "unmasked", found.id))
        return {"text": found.text}

    async def _item(self, item: str) -> Item:
        found = await asyncio.to_thread(self.store.item, item)
        if found is None:
            raise Problem(404, "there is no such item")
        return found

    # --- leases and decisions

    async def next(self, call: Call, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """Lease the next item for the caller; None where nothing waits."""
        assert call.who is not None
        own = call.who.queues
        asked = tuple(body.get("queues", ()))
        queues = tuple(name for name in asked if name in own) if own and asked else asked or own
        if asked and not queues:
            return None
        kinds = tuple(body.get("kinds", ("review", "audit", "second")))
        found = await asyncio.wrap_future(
            self.store.claim(call.name, seconds=LEASE_SECONDS, kinds=kinds, queues=queues)
        )
        return None if found is None else self._shown(found, call)

    def _shown(self, found: Claimed, call: Call) -> dict[str, Any]:
        """Return an item as the page shows it: masked, without the suggestion where the answer is blind."""
        text = self._mask(found.text)
        item: dict[str, Any] = {
            "id": found.id,
            "text": text,
            "masked": text != found.text,
            "kind": found.kind,
            "labels": list(call.service.models.active.facts["classes"]),
            "received": found.received,
            "due": found.due,
            "source": found.source,
            "alike": found.alike if found.kind == "review" else 1,
        }
        if found.kind == "review":
            item["suggestion"] = {name: found.decision.get(name, []) for name in _SHOWN}
        return {"item": item, "lease": {"token": found.token, "until": found.until}}

    async def renew(self, call: Call, item: str, token: int) -> dict[str, Any]:
        """Keep a lease."""
        until = await asyncio.wrap_future(self.store.renew(item, call.name, token, seconds=LEASE_SECONDS))
        return {"lease": {"token": token, "until": until}}

    async def release(self, call: Call, item: str, token: int) -> dict[str, Any]:
        """Give an item back."""
        await asyncio.wrap_future(self.store.release(item, call.name, token))
        return {}

    async def skip(self, call: Call, item: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Give an item back with a reason."""
        await asyncio.wrap_future(self.store.skip(item, call.name, body["token"], body["reason"]))
        return {}

    async def decide(
        self, call: Call, item: str, body: Mapping[str, Any], *, family: bool = False
    ) -> dict[str, Any]:
        """Record an answer; what the model said is told where it was hidden before.

        Raises:
            Problem: 409 the lease was lost (the answer is kept), 422 no label of the model.
        """
        label = _label(call, body)
        more = {name: body[name] for name in ("key", "ms", "note", "second") if name in body}
        done = await asyncio.wrap_future(
            self.store.decide(item, call.name, body["token"], label, family=family, **more)
        )
        if done.lost:
            raise Problem(409, "somebody else holds this item; the answer is kept as a further opinion")
        answer = {"event": done.event, "decided": done.decided, "state": done.state}
        return answer if done.kind == "review" else {**answer, "suggested": done.suggested}

    async def volunteer(self, call: Call, item: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Record a label for an item that was found by searching; 409 where a blind answer is still to come."""
        label = _label(call, body)
        if (await self._item(item)).blind:
            raise Problem(409, "this item waits for a blind answer; it comes up in the queue")
        event = self.store.volunteer(item, call.name, label, note=body.get("note", ""))
        return {"event": await asyncio.wrap_future(event)}

    async def undo(self, call: Call, event: int) -> dict[str, Any]:
        """Take the caller's own decision back within a quarter of an hour, and lease the item again."""
        found = await asyncio.wrap_future(self.store.undo(event, call.name, seconds=LEASE_SECONDS))
        return self._shown(found, call)

    # --- figures and streams

    async def board(self) -> dict[str, Any]:
        """Return the figures of the board."""
        found = await asyncio.to_thread(self.store.board)
        bound = await self.bound()
        return {**found, "audit": bound, "alarm": bound["alarm"]}

    async def bound(self) -> dict[str, Any]:
        """Return the realised error of what was routed automatically, with a bound valid at every look."""
        found = await asyncio.to_thread(self.store.bound)
        self._alarm = found.alarm
        result: dict[str, Any] = found.to_json()
        return result

    async def watch_alarm(self) -> None:
        """Ask for the bound from time to time, for ever, so that an alarm is known without anybody looking."""
        while True:
            before = self._alarm
            if (await self.bound())["alarm"] != before:
                _log.warning("%s", self._alarm or "the alarm on the promise has ended")
            await asyncio.sleep(_ALARM_SECONDS)

    def events(self, after: int) -> Iterator[Mapping[str, Any]]:
        """Return the log after event number `after`, oldest first."""
        return self.store.events(after)

    def labels(self, use: str) -> Iterator[Mapping[str, Any]]:
        """Return people's labels that may be used for `use`: "train", "calibrate" or "audit"."""
        return self.store.labels(use)


def _label(call: Call, body: Mapping[str, Any]) -> str:
    """Return the label of a request.

    Raises:
        Problem: 422, it is none of the model's.
    """
    label = str(body["label"])
    if label != "unresolvable" and label not in call.service.models.active.facts["classes"]:
        raise Problem(422, "label must be one of the model's labels, or unresolvable")
    return label


def _items_reply(stored: Sequence[Stored]) -> bytes:
    items = [{"id": each.id, "state": each.state, "decision": each.decision} for each in stored]
    return json_reply({"items": items})


def _entry(ext_id: str, text: str, decision: Mapping[str, Any]) -> Entry:
    """Return what is stored of a decided text; rules go first, then what the model is least sure of."""
    by_rule = any(reason.startswith("rule:") for reason in decision["reasons"])
    priority = 1.0 if by_rule else 0.5 * (1 - (decision["confidence"] or 0.0))
    return Entry(text=text, decision=decision, ext_id=ext_id, priority=priority)


@contextlib.contextmanager
def open_desk(url: str, settings: Settings, *, second_rate: float) -> Iterator[Desk]:
    """Open the database for a server and yield the desk.

    Args:
        url: of the database.
        settings: of the service.
        second_rate: the chance that a second person also answers.

    Raises:
        CannotWrite: another server uses this SQLite file, or it lies on a network file system.
        UsageError, Unavailable: the URL, or what the database needs, is not there.
    """
    plugins = Plugins.discover()
    store = open_store(url, server=True, second_rate=second_rate)
    try:
        yield Desk(store, settings, plugins.build(plugins.cleaner("secrets"), {}))
    finally:
        store.close()

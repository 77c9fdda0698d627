"""The store: everything that the service and the commands do with the database, as methods of one class."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

import sqlalchemy as sa

from triage import TriageError, Unavailable
from triage.plugin_api import sketch
from triage_service._store import (
    _audit,
    _chain,
    _intake,
    _keeping,
    _leases,
    _models,
    _opinions,
    _people,
    _reading,
)
from triage_service._store import _schema as t
from triage_service._store._engine import Engines, connect, lock_server, migrate
from triage_service._store._errors import StoreFailed
from triage_service._store._records import (
    Claimed,
    Decided,
    Entry,
    Found,
    Item,
    Message,
    ModelRow,
    Principal,
    Stored,
    Verified,
)
from triage_service._store._writer import Clock, Writer, failure_of

__all__ = ["LEASE_SECONDS", "Store", "open_store"]

T = TypeVar("T")
LEASE_SECONDS = 300.0
"""How long a claimed item is one's own; the page renews it while somebody reads."""


def open_store(
    url: str, *, server: bool = False, second_rate: float = 0.05, clock: Callable[[], int] | None = None
) -> Store:
    """Open a database, bring its schema up to date and return the store.

    Args:
        url: `sqlite:///PATH` or `postgresql://USER@HOST/NAME`.
        server: take the lock of the one server that an SQLite file may have.
        second_rate: the chance that a second person is asked too.
        clock: microseconds since the epoch, for SQLite; PostgreSQL is asked for its own time.

    Raises:
        UsageError: another kind of URL.
        CannotWrite: a second server on one SQLite file, a network file system, a newer schema.
        Unavailable: the database cannot be reached.
    """
    engines = connect(url)
    with ExitStack() as lock:
        if server:
            lock.enter_context(lock_server(engines.file))
        try:
            migrate(engines)
        except sa.exc.OperationalError as error:
            engines.dispose()
            raise Unavailable(f"the database cannot be opened: {failure_of(error)}") from None
        except TriageError:
            engines.dispose()
            raise
        return Store(url, engines, lock.pop_all(), second_rate=second_rate, clock=clock or Clock())


class Store:
    """One database, as one process uses it.

    Methods that write return a future, which resolves once what they wrote is durable; `asyncio.wrap_future` awaits
    it. Methods that read block. Times are seconds since the epoch. An error never holds what a customer wrote.
    """

    def __init__(
        self, url: str, engines: Engines, lock: ExitStack, *, second_rate: float, clock: Callable[[], int]
    ) -> None:
        self.url = url
        self.engines = engines
        self._lock = lock
        self._second_rate = second_rate
        self._clock = clock
        self._writer = Writer(engines.writer, clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Commit what waits, close every connection, and give the lock back."""
        self._writer.close()
        self.engines.dispose()
        self._lock.close()

    def not_ready(self) -> str:
        """Return why the database cannot take a write, or ""; after a failure one is tried."""
        if self._writer.alive and self._writer.failed:
            probe = self._writer.submit(lambda tx: _models.set_setting(tx, "probe", str(tx.now)), log=False)
            with suppress(StoreFailed, TimeoutError):
                probe.result(timeout=2)
        return self._writer.failed if self._writer.alive else "the database is closed"

    def _read(self, query: Callable[[sa.Connection], T]) -> T:
        try:
            with self.engines.reader.connect() as connection:
                return query(connection)
        except sa.exc.SQLAlchemyError as error:
            raise failure_of(error) from None

    def _now(self) -> int:
        if self.engines.file is not None:
            return self._clock()
        now = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
        return int(self._read(lambda connection: connection.exec_driver_sql(now).scalar_one()))

    # Intake

    def reserve(self, who: str, key: str, digest: str) -> Future[list[Stored] | None]:
        """Take an idempotency key before the work, or return what its first request stored.

        A reservation ends after 60 seconds, or by `unreserve`, or as the key of the stored answer.

        Raises:
            KeyReused: it came with another body; this is looked at first.
            KeyInProgress: its first request has no answer yet.
        """
        return self._writer.submit(partial(_intake.reserve, who=who, key=key, digest=digest), log=False)

    def unreserve(self, who: str, key: str) -> Future[None]:
        """Free a key whose request came to nothing."""
        return self._writer.submit(partial(_intake.unreserve, who=who, key=key), log=False)

    def add_items(
        self,
        entries: Sequence[Entry],
        *,
        source: str,
        who: str,
        audit_rate: float,
        answer: Callable[[Sequence[Stored]], bytes],
        key: str = "",
        digest: str = "",
        review_all: bool = False,
    ) -> Future[bytes]:
        """Store routed documents in one commit: items, texts, decisions, the audit's coin, events, the answer.

        Args:
            entries: the documents with their decisions.
            source: where they come from; with an entry's `ext_id` it names an item once.
            who: who sent them.
            audit_rate: the chance that a person also looks at a document that went out automatically.
            answer: makes the reply of what was stored.
            key: the idempotency key, or "".
            digest: of the request's body.
            review_all: hold every document for review, whatever was decided.

        Raises:
            KeyReused: the key came with another body before.
        """
        work = partial(
            _intake.add,
            entries=[(entry, () if entry.family else sketch(entry.text)) for entry in entries],
            source=source,
            who=who,
            audit_rate=audit_rate,
            answer=answer,
            key=key,
            digest=digest,
            review_all=review_all,
        )
        return self._writer.submit(work)

    def add_shadow(self, pairs: Sequence[tuple[str, Mapping[str, Any]]]) -> Future[int]:
        """Store what the shadow model decided on stored items, each once; return how many were new."""
        return self._writer.submit(partial(_intake.add_shadow, pairs=pairs), log=False)

    # Leases and answers

    def claim(
        self,
        who: str,
        *,
        seconds: float = LEASE_SECONDS,
        kinds: Sequence[str] = ("review", "audit", "second"),
        queues: Sequence[str] = (),
    ) -> Future[Claimed | None]:
        """Lease the next item to `who`, whom nobody else can then hold it beside; None where nothing waits.

        Args:
            who: has given no opinion on it yet.
            seconds: after which somebody else may claim it.
            kinds: what to look for.
            queues: only items that the model would have sent there; () for all.
        """
        work = partial(_leases.claim, who=who, lease=seconds, kinds=kinds, queues=queues)
        return self._writer.submit(work, log=False)

    def renew(self, item: str, who: str, token: int, *, seconds: float = LEASE_SECONDS) -> Future[float]:
        """Prolong a lease and return when it ends.

        Raises:
            LeaseLost: it is somebody else's.
            UnknownItem: no item has this id.
        """
        return self._writer.submit(
            partial(_leases.renew, item=item, who=who, token=token, lease=seconds), log=False
        )

    def release(self, item: str, who: str, token: int) -> Future[None]:
        """Give an item back; raises as `renew` does."""
        return self._writer.submit(partial(_leases.release, item=item, who=who, token=token), log=False)

    def skip(self, item: str, who: str, token: int, reason: str) -> Future[None]:
        """Give an item back with a reason, and hide it from `who` for an hour; raises as `renew` does.

        Raises:
            NotSkippable: an audit must be answered.
        """
        return self._writer.submit(partial(_leases.skip, item=item, who=who, token=token, reason=reason))

    def decide(
        self,
        item: str,
        who: str,
        token: int,
        label: str,
        *,
        key: str = "",
        ms: int | None = None,
        note: str = "",
        second: bool = False,
        family: bool = False,
    ) -> Future[Decided]:
        """Record an answer. Where the lease is lost it is kept as a further opinion, and `Decided.lost` is True.

        Args:
            item: its id.
            who: the holder of the lease.
            token: of the lease.
            label: one of the model's, or "unresolvable".
            key: makes sending the answer again safe: the first result is returned.
            ms: how long the person looked.
            note: kept with the text, and erased with it.
            second: ask another person too.
            family: decide its open near-duplicates with it; never audits.

        Raises:
            UnknownItem: no item has this id.
        """
        work = partial(
            _opinions.decide,
            item=item,
            who=who,
            token=token,
            label=label,
            key=key,
            ms=ms,
            note=note,
            second=second,
            family=family,
            second_rate=self._second_rate,
        )
        return self._writer.submit(work)

    def volunteer(self, item: str, who: str, label: str, *, note: str = "") -> Future[int]:
        """Record a label that nobody asked for, and return its event; its probability is unknown.

        Raises:
            UnknownItem: no item has this id.
        """
        return self._writer.submit(partial(_opinions.volunteer, item=item, who=who, label=label, note=note))

    def undo(
        self, event: int, who: str, *, seconds: float = LEASE_SECONDS, within: float = 900
    ) -> Future[Claimed]:
        """Take one's own decision back, with the near-duplicates decided by it, and lease the item again.

        Args:
            event: the number that `decide` returned.
            who: its author.
            seconds: of the new lease.
            within: how old the decision may be.

        Raises:
            CannotUndo: it is somebody else's or too old, or a second opinion was or is being given.
        """
        work = partial(_opinions.undo, event=event, who=who, lease=seconds, within=within)
        return self._writer.submit(work)

    # Reading

    def item(self, item: str) -> Item | None:
        """Return all that is known of an item, or None."""
        return self._read(lambda connection: _reading.item(connection, item))

    def find(
        self,
        *,
        text: str = "",
        state: str = "",
        queue: str = "",
        kind: str = "",
        model: str = "",
        before: int | None = None,
        limit: int = 50,
    ) -> list[Found]:
        """Return items that match, newest first.

        Args:
            text: words that must all be in the text; the last one may be a beginning.
            state: "open", "decided", "routed" or "erased".
            queue: that the model chose.
            kind: "review", "audit" or "second".
            model: a digest.
            before: the `seq` of the last row of the page before.
            limit: at most so many.
        """
        return self._read(
            lambda connection: _reading.find(
                connection,
                text=text,
                before=before,
                limit=limit,
                state=state,
                queue=queue,
                kind=kind,
                model=model,
            )
        )

    def ids_of(self, source: str, ext_ids: Sequence[str]) -> list[str]:
        """Return the ids of the items that a source names so; unknown names are left out."""
        where = (t.item.c.source == source) & t.item.c.ext_id.in_(ext_ids)
        query = sa.select(t.item.c.id).where(where)
        return self._read(lambda connection: list(connection.execute(query).scalars()))

    def board(self) -> dict[str, Any]:
        """Return waiting, leased, oldest, received_today, decided_today, per_hour, routed, reviewed and queues."""
        now = self._now()
        return self._read(lambda connection: _reading.board(connection, now))

    def bound(
        self,
        *,
        max_error: float | None = None,
        model: str | None = None,
        level: float = 0.05,
        late_days: float = 7,
    ) -> _audit.Bound:
        """Return the realised error of what was routed automatically, with bounds that hold at every look.

        Args:
            max_error: the promise; None for the model's own.
            model: a digest; None for the active model.
            level: the chance that a bound is ever wrong.
            late_days: after how many days an open audit counts as wrong in the upper bound.
        """
        now = self._now()
        return self._read(
            lambda connection: _audit.bound(
                connection, now, max_error=max_error, model=model, level=level, late_days=late_days
            )
        )

    def events(self, after: int = 0, limit: int | None = None) -> Iterator[Mapping[str, Any]]:
        """Yield the log after event number `after`, oldest first."""
        return _reading.events(self.engines.reader, after, limit)

    def last_events(self, limit: int) -> list[dict[str, Any]]:
        """Return the latest events, newest first: seq, at, who, what."""
        return self._read(lambda connection: _reading.last_events(connection, limit))

    def labels(self, use: str) -> Iterator[Mapping[str, Any]]:
        """Yield people's labels: id, text, label, how, probability, who and at.

        Args:
            use: "train" for all, also those that somebody volunteered, whose probability is None; "calibrate" for
                those drawn with a known probability, up to the first item that still waits; "audit" for the audits.

        Raises:
            StoreRefusal: another use.
        """
        return _audit.labels(self.engines.reader, use, self._now())

    def log(self, who: str, what: str, item: str = "", **facts: Any) -> Future[int]:
        """Append an event, which must hold no text of a customer, and return its number."""
        return self._writer.submit(lambda tx: _chain.append(tx, who, what, item, **facts))

    # People

    def principal(self, kind: str, key: str) -> Principal | None:
        """Return who has a "token" or a "session" (by its SHA-256) or a "name"; None where unknown or expired."""
        now = self._now()
        return self._read(lambda connection: _people.find(connection, now, kind, key))

    def add_user(
        self, name: str, password: str, roles: Sequence[str], *, who: str, queues: Sequence[str] = ()
    ) -> Future[None]:
        """Add a person; without a password only a proxy or a link can sign them in.

        Raises:
            UsageError: a role that there is not.
            NameTaken: there is a person of this name.
        """
        _people.check_roles(roles)
        hashed = _people.scrypt(password)
        return self._writer.submit(lambda tx: _people.add_user(tx, name, hashed, roles, queues, who))

    def remove_user(self, name: str, *, who: str) -> Future[bool]:
        """Remove a person and end their sessions; False where there is none."""
        return self._writer.submit(lambda tx: _people.remove_user(tx, name, who))

    def password_holds(self, name: str, password: str) -> bool:
        """Return whether a password is right, in a time that does not tell whether the name is known."""
        return self._read(lambda connection: _people.password_holds(connection, name, password))

    def users(self) -> list[dict[str, Any]]:
        """Return the people: name, roles, queues, created."""
        return self._read(_people.users)

    def add_token(
        self,
        name: str,
        roles: Sequence[str],
        *,
        who: str,
        days: float | None = None,
        queues: Sequence[str] = (),
    ) -> Future[str]:
        """Add a token and return its secret, which is stored nowhere.

        Raises:
            UsageError: a role that there is not.
        """
        _people.check_roles(roles)
        secret = secrets.token_urlsafe(32)

        def work(tx: Any) -> str:
            _people.add_token(tx, secret, name, roles, queues, days, who)
            return secret

        return self._writer.submit(work)

    def revoke_token(self, token: str, *, who: str) -> Future[bool]:
        """Remove a token by its id; False where there is none."""
        return self._writer.submit(lambda tx: _people.revoke_token(tx, token, who))

    def tokens(self) -> list[dict[str, Any]]:
        """Return the tokens without their secrets: id, name, roles, queues, created, expires."""
        return self._read(_people.tokens)

    def add_session(self, digest: str, name: str, *, seconds: float) -> Future[None]:
        """Start a session of a person; `digest` is the SHA-256 of its secret."""
        return self._writer.submit(lambda tx: _people.add_session(tx, digest, name, seconds), log=False)

    def end_session(self, digest: str) -> Future[None]:
        """End a session."""
        return self._writer.submit(lambda tx: _people.end_session(tx, digest), log=False)

    # Models, settings, webhooks

    def models(self) -> list[ModelRow]:
        """Return the registered models, the latest change first."""
        return self._read(_models.models)

    def model_changed(
        self,
        digest: str,
        state: str,
        *,
        who: str,
        path: str = "",
        reason: str = "",
        promise: float | None = None,
        queues: Mapping[str, str] | None = None,
    ) -> Future[None]:
        """Enter how a model is used: "known", "shadow", "active" or "previous".

        A new "active" model makes the former one "previous", a new "shadow" the former one "known".

        Args:
            digest: of its bundle.
            state: from now on.
            who: changed it.
            path: where its bundle is; needed the first time.
            reason: for the log.
            promise: the bound that it promises on the share of wrong routes.
            queues: the queue of each label; audits are judged by it.

        Raises:
            StoreRefusal: an unknown digest without a path.
        """
        work = partial(
            _models.change,
            digest=digest, state=state, who=who, path=path, reason=reason, promise=promise, queues=queues,
        )  # fmt: skip
        return self._writer.submit(work)

    def paired(self, active: str, shadow: str) -> tuple[int, int]:
        """Return on how many audited items only the shadow was right, and only the active model.

        Near-duplicates count once. `evidence` makes a proof of the two.
        """
        return self._read(lambda connection: _audit.paired(connection, active, shadow))

    def get_setting(self, name: str) -> str | None:
        """Return the value kept under a name, or None."""
        query = sa.select(t.setting.c.value).where(t.setting.c.name == name)
        found: str | None = self._read(lambda connection: connection.execute(query).scalar())
        return found

    def set_setting(self, name: str, value: str) -> Future[None]:
        """Keep a value under a name."""
        return self._writer.submit(lambda tx: _models.set_setting(tx, name, value), log=False)

    def webhooks(self) -> list[str]:
        """Return the addresses that every event is sent to."""
        query = sa.select(t.webhook.c.url).order_by(t.webhook.c.url)
        return self._read(lambda connection: list(connection.execute(query).scalars()))

    def set_webhook(self, url: str, secret: str, *, who: str) -> Future[None]:
        """Send every further event to `url`, signed with `secret`."""
        return self._writer.submit(lambda tx: _models.set_webhook(tx, url, secret, who))

    def remove_webhook(self, url: str, *, who: str) -> Future[bool]:
        """Send no further event to `url`; False where it is not known."""
        return self._writer.submit(lambda tx: _models.remove_webhook(tx, url, who))

    def outbox_due(self, limit: int = 100) -> list[Message]:
        """Return messages that are due, oldest first; each was written in the commit of its event."""
        now = self._now()
        return self._read(lambda connection: _models.outbox_due(connection, now, limit))

    def outbox_done(self, message: int) -> Future[None]:
        """Remove a message that has arrived."""
        return self._writer.submit(partial(_models.outbox_done, message=message), log=False)

    def outbox_failed(self, message: int, retry_seconds: float) -> Future[None]:
        """Try a message again later."""
        return self._writer.submit(lambda tx: _models.outbox_failed(tx, message, retry_seconds), log=False)

    # Keeping

    def erase(self, items: Sequence[str], *, who: str) -> Future[int]:
        """Remove what customers wrote in these items and return how many there were; then call `scrub`."""
        return self._writer.submit(lambda tx: _keeping.erase(tx, items, who))

    def retain(self, days: float, *, who: str) -> Future[int]:
        """Erase decided and routed items that came more than `days` ago; return how many."""
        return self._writer.submit(
            lambda tx: _keeping.erase(tx, _keeping.expired(tx.connection, tx.now, days), who)
        )

    def scrub(self) -> None:
        """Clear what was erased from the search index, the log and free pages.

        Raises:
            CannotWrite: readers kept the SQLite log from being cleared.
        """
        _keeping.scrub(self.engines)

    def verify(self) -> Verified:
        """Check the chain of events and the counts that belong together."""
        return self._read(_keeping.verify)

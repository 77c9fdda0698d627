"""Make the tables."""

from typing import Any

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeEngine

revision = "0001"
down_revision = None

Number = BigInteger().with_variant(Integer, "sqlite")


def _must(name: str, kind: type[TypeEngine[Any]] = Text) -> Column[Any]:
    return Column(name, kind, nullable=False)


def _item() -> Column[str]:
    return Column("item", Text, ForeignKey("item.id"), nullable=False)


def _key(name: str, kind: type[TypeEngine[Any]] = Text) -> Column[Any]:
    return Column(name, kind, primary_key=True)


def _count(name: str) -> Column[int]:
    return Column(name, Number, primary_key=True, autoincrement=True)


def _index(table: str, name: str, *columns: str, where: str = "") -> None:
    some = text(where) if where else None
    op.create_index(f"{table}_{name}", table, list(columns), sqlite_where=some, postgresql_where=some)


def upgrade() -> None:
    """Make items and what belongs to them, then the log, then people and models."""
    _items()
    _opinions()
    _log()
    _people()


def _items() -> None:
    op.create_table(
        "item", _count("seq"), Column("id", Text, nullable=False, unique=True), _must("source"), Column("ext_id", Text),
        _must("family"), _must("received", BigInteger), Column("due", BigInteger), _must("rank", BigInteger),
        _must("state"), _must("how"), _must("kind"), _must("action"), Column("queue", Text), Column("label", Text),
        _must("model"), _must("covered", Boolean), _must("pi", Float), _must("wanted", Integer), Column("final", Text),
        Column("decided", BigInteger), Column("holder", Text), _must("lease_token", BigInteger),
        Column("lease_until", BigInteger), Column("erased", BigInteger),
        UniqueConstraint("source", "ext_id", name="item_source_ext_id"),
    )  # fmt: skip
    _index("item", "open", "kind", "rank", "seq", where="state = 'open'")
    _index("item", "family", "family")
    _index("item", "audit", "model", "seq", where="how = 'audit'")
    _index("item", "received", "received")
    op.create_table("body", _count("seq"), _item(), _must("part"), _must("text"))
    _index("body", "item", "item")
    op.create_table(
        "sketch", _key("key", BigInteger), Column("item", Text, ForeignKey("item.id"), primary_key=True),
        _must("family"),
    )  # fmt: skip
    _index("sketch", "item", "item")
    op.create_table(
        "decision", Column("item", Text, ForeignKey("item.id"), primary_key=True), _key("model"),
        _key("shadow", Boolean), Column("queue", Text), _must("json"),
    )  # fmt: skip


def _opinions() -> None:
    op.create_table(
        "opinion", _count("id"), _item(), _must("who"), _must("at", BigInteger), _must("kind"), Column("label", Text),
        _must("blind", Boolean), Column("saw_label", Text), Column("ms", Integer), Column("key", Text),
        _must("event", BigInteger), _must("batch", BigInteger), Column("retracts", BigInteger, unique=True),
        UniqueConstraint("who", "key", name="opinion_who_key"),
    )  # fmt: skip
    _index("opinion", "item", "item", "who")
    _index("opinion", "event", "event")
    _index("opinion", "batch", "batch")
    _index("opinion", "at", "at")
    op.create_table(
        "skip", Column("item", Text, ForeignKey("item.id"), primary_key=True), _key("who"),
        _must("until", BigInteger),
    )  # fmt: skip


def _log() -> None:
    op.create_table(
        "event", Column("seq", BigInteger, primary_key=True, autoincrement=False), _must("at", BigInteger),
        _must("who"), _must("what"), Column("item", Text), _must("json"),
        Column("prev", Text, nullable=False, unique=True), _must("hash"),
    )  # fmt: skip
    _index("event", "item", "item")
    op.create_table(
        "idempotency", _key("who"), _key("key"), _must("digest"), _must("at", BigInteger),
        Column("answer", LargeBinary),
    )  # fmt: skip
    op.create_table("webhook", _key("url"), _must("secret"))
    op.create_table(
        "outbox", _count("id"), _must("url"), _must("event", BigInteger), Column("item", Text), _must("body"),
        _must("tries", Integer), _must("due", BigInteger),
    )  # fmt: skip
    _index("outbox", "due", "due")


def _people() -> None:
    op.create_table(
        "principal",
        _key("name"),
        _must("password"),
        _must("roles"),
        _must("queues"),
        _must("created", BigInteger),
    )
    op.create_table(
        "token", _key("id"), Column("digest", Text, nullable=False, unique=True), _must("name"), _must("roles"),
        _must("queues"), _must("created", BigInteger), Column("expires", BigInteger),
    )  # fmt: skip
    op.create_table("session", _key("digest"), _must("name"), _must("expires", BigInteger))
    op.create_table(
        "model", _key("digest"), _must("path"), _must("state"), _must("since", BigInteger), Column("promise", Float),
        _must("queues"),
    )  # fmt: skip
    op.create_table("setting", _key("name"), _must("value"))

"""The tables, as SQLAlchemy Core sees them; `_migrations` makes them, and a test holds the two equal.

Times are microseconds since the epoch, in UTC. What a customer wrote is in `body` only: the text, the terms that
decided, and reviewers' notes. `opinion` and `event` are only ever added to: triggers refuse the rest.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

__all__ = ["APPEND_ONLY", "metadata"]

metadata = MetaData()
Number = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER counts up by itself in SQLite

APPEND_ONLY = ("opinion", "event")

item = Table(
    "item",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("ext_id", Text),
    Column(
        "family", Text, nullable=False
    ),  # the id of its first near-duplicate; "" for a text without a word
    Column("received", BigInteger, nullable=False),
    Column("due", BigInteger),
    Column("rank", BigInteger, nullable=False),  # the order in which items are given out, smallest first
    Column("state", Text, nullable=False),  # open, decided, routed, erased
    Column("how", Text, nullable=False),  # how it came to be looked at: review, audit, none
    Column("kind", Text, nullable=False),  # what is asked next: review, audit, second
    Column("action", Text, nullable=False),
    Column("queue", Text),
    Column("label", Text),
    Column("model", Text, nullable=False),
    Column("covered", Boolean, nullable=False),  # by the model's promise: routed on its word, by no rule
    Column("pi", Float, nullable=False),  # the probability of being looked at
    Column("wanted", Integer, nullable=False),  # how many independent opinions
    Column("final", Text),
    Column("decided", BigInteger),
    Column("holder", Text),
    Column("lease_token", BigInteger, nullable=False),
    Column("lease_until", BigInteger),
    Column("erased", BigInteger),
    UniqueConstraint("source", "ext_id", name="item_source_ext_id"),
    Index(
        "item_open",
        "kind",
        "rank",
        "seq",
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
    Index("item_family", "family"),
    Index(
        "item_audit",
        "model",
        "seq",
        sqlite_where=text("how = 'audit'"),
        postgresql_where=text("how = 'audit'"),
    ),
    Index("item_received", "received"),
)

body = Table(
    "body",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=True),
    Column("item", Text, ForeignKey("item.id"), nullable=False),
    Column("part", Text, nullable=False),  # text, terms, note
    Column("text", Text, nullable=False),
    Index("body_item", "item"),
)

sketch = Table(
    "sketch",
    metadata,
    Column("key", BigInteger, primary_key=True),
    Column("item", Text, ForeignKey("item.id"), primary_key=True),
    Column("family", Text, nullable=False),
    Index("sketch_item", "item"),
)

decision = Table(
    "decision",
    metadata,
    Column("item", Text, ForeignKey("item.id"), primary_key=True),
    Column("model", Text, primary_key=True),
    Column("shadow", Boolean, primary_key=True),
    Column("queue", Text),
    Column("json", Text, nullable=False),
)

opinion = Table(
    "opinion",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("item", Text, ForeignKey("item.id"), nullable=False),
    Column("who", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),  # review, audit, second; further, volunteer; retraction
    Column("label", Text),
    Column("blind", Boolean, nullable=False),
    Column("saw_label", Text),
    Column("ms", Integer),
    Column("key", Text),
    Column("event", BigInteger, nullable=False),
    Column("batch", BigInteger, nullable=False),  # the event of the decision that this one belongs to
    Column("retracts", BigInteger, unique=True),
    UniqueConstraint("who", "key", name="opinion_who_key"),
    Index("opinion_item", "item", "who"),
    Index("opinion_event", "event"),
    Index("opinion_batch", "batch"),
    Index("opinion_at", "at"),
)

skip = Table(
    "skip",
    metadata,
    Column("item", Text, ForeignKey("item.id"), primary_key=True),
    Column("who", Text, primary_key=True),
    Column("until", BigInteger, nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("item", Text),  # an HMAC of the item's id: the log of an erasure names nobody
    Column("json", Text, nullable=False),
    Column("prev", Text, nullable=False, unique=True),
    Column("hash", Text, nullable=False),
    Index("event_item", "item"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("who", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("answer", LargeBinary),
)

webhook = Table(
    "webhook",
    metadata,
    Column("url", Text, primary_key=True),
    Column("secret", Text, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("url", Text, nullable=False),
    Column("event", BigInteger, nullable=False),
    Column("item", Text),
    Column("body", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("due", BigInteger, nullable=False),
    Index("outbox_due", "due"),
)

principal = Table(
    "principal",
    metadata,
    Column("name", Text, primary_key=True),
    Column("password", Text, nullable=False),  # scrypt; "" for no password
    Column("roles", Text, nullable=False),
    Column("queues", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
)

token = Table(
    "token",
    metadata,
    Column("id", Text, primary_key=True),
    Column("digest", Text, nullable=False, unique=True),  # SHA-256 of 256 random bits
    Column("name", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("queues", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger),
)

session = Table(
    "session",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("expires", BigInteger, nullable=False),
)

model = Table(
    "model",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("path", Text, nullable=False),
    Column("state", Text, nullable=False),  # known, shadow, active, previous
    Column("since", BigInteger, nullable=False),
    Column("promise", Float),
    Column("queues", Text, nullable=False),
)

setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

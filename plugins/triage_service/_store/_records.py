"""What goes into the store and comes out of it. Times are seconds since the epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = [
    "Claimed",
    "Decided",
    "Entry",
    "Found",
    "Item",
    "Message",
    "ModelRow",
    "Principal",
    "Stored",
    "Verified",
    "micros",
    "seconds",
]


def micros(value: float) -> int:
    """Return seconds as whole microseconds."""
    return round(value * 1_000_000)


def seconds(value: int) -> float:
    """Return microseconds as seconds."""
    return value / 1_000_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A routed document to store.

    Attributes:
        text: as the customer wrote it.
        decision: as `triage route --format jsonl` prints it.
        ext_id: the source's identifier; two entries of one source and one identifier are one item.
        due: when it must be decided, or None.
        priority: 0 to 1; an item of priority 1 is given out before one of 0 that came up to a day earlier.
        family: what names its near-duplicates; "" looks for them in the database.
    """

    text: str
    decision: Mapping[str, Any]
    ext_id: str = ""
    due: float | None = None
    priority: float = 0.0
    family: str = ""


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as it was stored.

    Attributes:
        id: of the item.
        state: "open" waits for a person, "routed" went out automatically, "decided", "erased".
        decision: the one that counts; where the item was stored before, that of then.
        new: False where the source's identifier was stored before.
    """

    id: str
    state: str
    decision: Mapping[str, Any]
    new: bool = True


@dataclass(frozen=True, slots=True)
class Claimed:
    """An item and the lease on it.

    Attributes:
        kind: "review" shows the suggestion; "audit" and "second" are answered blind.
        alike: how many open near-duplicates there are, itself included: what a family decision decides.
        token: the fencing token; it grows with each lease of the item.
        until: when somebody else may claim it.
    """

    id: str
    text: str
    kind: str
    queue: str | None
    source: str
    received: float
    due: float | None
    model: str
    decision: Mapping[str, Any]
    alike: int
    token: int
    until: float


@dataclass(frozen=True, slots=True)
class Decided:
    """What an answer did.

    Attributes:
        event: its number in the log.
        lost: the lease was somebody else's; the answer is kept as a further opinion and decides nothing.
        kind: what was asked: "review", "audit" or "second".
        suggested: the model's label.
        decided: how many items the answer decided, near-duplicates included.
        items: their ids.
        state: of the item: "open" where another opinion is wanted, else "decided".
    """

    event: int
    lost: bool
    kind: str
    suggested: str | None
    decided: int
    items: tuple[str, ...]
    state: str


@dataclass(frozen=True, slots=True)
class Item:
    """All that is known of an item.

    Attributes:
        label: people's, once it is decided.
        blind: whether the next reviewer must not see the suggestion or the history.
        history: its events: seq, at, who, what and the event's facts.
    """

    id: str
    text: str
    state: str
    kind: str
    label: str | None
    queue: str | None
    source: str
    received: float
    due: float | None
    model: str
    decision: Mapping[str, Any]
    blind: bool
    notes: Sequence[str] = ()
    history: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """One row of a search; `seq` is the cursor of what is older."""

    seq: int
    id: str
    text: str
    state: str
    kind: str
    label: str | None
    suggested: str | None
    queue: str | None
    received: float


@dataclass(frozen=True, slots=True)
class Principal:
    """A person or a program that may do something.

    Attributes:
        name: as the log names it.
        roles: of `route`, `review`, `audit`, `admin` and `metrics`.
        queues: that it may review; () for all.
    """

    name: str
    roles: tuple[str, ...]
    queues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A registered model: its digest, where its bundle is, and how it is used since when.

    Attributes:
        state: "known", "shadow", "active" or "previous".
        promise: the bound that it promises on the share of wrong routes, or None.
    """

    digest: str
    path: str
    state: str
    since: float
    promise: float | None


@dataclass(frozen=True, slots=True)
class Message:
    """An event on its way to a webhook; `id` is the same at every try."""

    id: int
    url: str
    secret: str = field(repr=False)
    body: bytes = field(repr=False)
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check of the whole database found; `problems` is empty where it holds."""

    events: int
    items: int
    opinions: int
    head: str
    problems: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the fields."""
        return asdict(self)

"""What the store refuses, each with the HTTP status that fits."""

from __future__ import annotations

from triage import TriageError

__all__ = [
    "CannotUndo",
    "KeyInProgress",
    "KeyReused",
    "LeaseLost",
    "NameTaken",
    "NotSkippable",
    "StoreFailed",
    "StoreRefusal",
    "UnknownItem",
]


class StoreFailed(TriageError):
    """The database failed: the disk is full, the connection is gone, a lock was not free in time.

    Attributes:
        status: 507 where there is no room, else 503.
    """

    exit_code = 73

    def __init__(self, message: str, *, status: int = 503) -> None:
        """Keep the HTTP status that fits."""
        super().__init__(message)
        self.status = status


class StoreRefusal(TriageError):
    """A request that the state of the desk does not allow; nothing was changed unless its text says so."""

    exit_code = 1
    status = 409


class UnknownItem(StoreRefusal):
    """No item has this id."""

    status = 404


class LeaseLost(StoreRefusal):
    """The lease is somebody else's, or the item is decided."""


class CannotUndo(StoreRefusal):
    """The decision is not one's own, is too old, or a second opinion was given on it."""


class NotSkippable(StoreRefusal):
    """An audit must be answered: leaving out the hard ones would flatter the figure."""


class KeyReused(StoreRefusal):
    """The idempotency key came with another body before."""

    status = 422


class KeyInProgress(StoreRefusal):
    """The first request with this idempotency key has no answer yet."""


class NameTaken(StoreRefusal):
    """There is a person of this name."""

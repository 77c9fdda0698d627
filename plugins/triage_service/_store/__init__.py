"""The database of the desk: items, leases, opinions, the log, audits. It knows nothing of HTTP.

`open_store` returns the one class that the service and the commands use; statements are the same for SQLite and
PostgreSQL.
"""

from triage_service._store._audit import USES, Bound
from triage_service._store._errors import (
    CannotUndo,
    KeyInProgress,
    KeyReused,
    LeaseLost,
    NameTaken,
    NotSkippable,
    StoreFailed,
    StoreRefusal,
    UnknownItem,
)
from triage_service._store._models import PROOF, evidence
from triage_service._store._people import ROLES, digest_of
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
from triage_service._store._store import LEASE_SECONDS, Store, open_store

__all__ = [
    "LEASE_SECONDS",
    "PROOF",
    "ROLES",
    "USES",
    "Bound",
    "CannotUndo",
    "Claimed",
    "Decided",
    "Entry",
    "Found",
    "Item",
    "KeyInProgress",
    "KeyReused",
    "LeaseLost",
    "Message",
    "ModelRow",
    "NameTaken",
    "NotSkippable",
    "Principal",
    "Store",
    "StoreFailed",
    "StoreRefusal",
    "Stored",
    "UnknownItem",
    "Verified",
    "digest_of",
    "evidence",
    "open_store",
]

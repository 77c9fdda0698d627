"""Who may do what: people with passwords, tokens of programs, sessions. Secrets are stored as digests only."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from triage import UsageError
from triage_service._store import _schema as t
from triage_service._store._chain import append
from triage_service._store._errors import NameTaken
from triage_service._store._records import Principal, micros, seconds
from triage_service._store._writer import Transaction

__all__ = [
    "ROLES",
    "add_session",
    "add_token",
    "add_user",
    "check_roles",
    "digest_of",
    "end_session",
    "find",
    "password_holds",
    "remove_user",
    "revoke_token",
    "scrypt",
    "tokens",
    "users",
]

ROLES = ("route", "review", "audit", "admin", "metrics")

_DAY = 86_400


def digest_of(secret: str) -> str:
    """Return the SHA-256 of a token or a session's secret, which has 256 random bits and needs no salt."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def scrypt(password: str, salt: bytes | None = None) -> str:
    """Return the salt and the scrypt hash of a password, or "" for no password."""
    if not password:
        return ""
    salt = secrets.token_bytes(16) if salt is None else salt
    found = hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"), salt=salt, n=1 << 14, r=8, p=1, dklen=32
    )
    return f"{salt.hex()}${found.hex()}"


def check_roles(roles: Sequence[str]) -> None:
    """Check names of roles.

    Raises:
        UsageError: none, or one that there is not.
    """
    unknown = [role for role in roles if role not in ROLES]
    if unknown or not roles:
        raise UsageError(
            f"a role must be one of {', '.join(ROLES)}, got {unknown[0]!r}" if unknown else "give a role"
        )


def find(connection: sa.Connection, now: int, kind: str, key: str) -> Principal | None:
    """Return who has a token or a session (by digest) or a name; None where unknown or expired.

    The database compares the digests of secrets; the last comparison, in constant time, is of what it found.
    """
    if kind == "name":
        query = sa.select(t.principal).where(t.principal.c.name == key)
    elif kind == "token":
        expires = t.token.c.expires
        query = sa.select(t.token).where(t.token.c.digest == key, expires.is_(None) | (expires > now))
    else:
        who = sa.join(t.session, t.principal, t.session.c.name == t.principal.c.name)
        query = sa.select(t.principal, t.session.c.digest).select_from(who)
        query = query.where(t.session.c.digest == key, t.session.c.expires > now)
    row = connection.execute(query).first()
    if row is None or (kind != "name" and not hmac.compare_digest(row.digest, key)):
        return None
    return Principal(row.name, tuple(json.loads(row.roles)), tuple(json.loads(row.queues)))


def add_user(
    tx: Transaction, name: str, hashed: str, roles: Sequence[str], queues: Sequence[str], who: str
) -> None:
    """Add a person.

    Raises:
        NameTaken.
    """
    if tx.first(sa.select(t.principal.c.name).where(t.principal.c.name == name)) is not None:
        raise NameTaken("there is a person of this name")
    row = {
        "name": name,
        "password": hashed,
        "roles": json.dumps(list(roles)),
        "queues": json.dumps(list(queues)),
    }
    tx.run(sa.insert(t.principal), [{**row, "created": tx.now}])
    append(tx, who, "user added", name=name, roles=list(roles))


def remove_user(tx: Transaction, name: str, who: str) -> bool:
    """Remove a person and their sessions; False where there is none."""
    tx.run(sa.delete(t.session).where(t.session.c.name == name))
    if not tx.run(sa.delete(t.principal).where(t.principal.c.name == name)).rowcount:
        return False
    append(tx, who, "user removed", name=name)
    return True


def password_holds(connection: sa.Connection, name: str, password: str) -> bool:
    """Return whether a password is right; an unknown name takes as long as a known one."""
    row = connection.execute(sa.select(t.principal.c.password).where(t.principal.c.name == name)).first()
    stored = row.password if row is not None and row.password else scrypt("nobody", bytes(16))
    holds = hmac.compare_digest(scrypt(password or "-", bytes.fromhex(stored.partition("$")[0])), stored)
    return holds and row is not None and bool(row.password) and bool(password)


def users(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return the people, by name."""
    rows = connection.execute(sa.select(t.principal).order_by(t.principal.c.name))
    return [
        {
            "name": row.name,
            "roles": json.loads(row.roles),
            "queues": json.loads(row.queues),
            "created": seconds(row.created),
        }
        for row in rows
    ]


def add_token(
    tx: Transaction,
    secret: str,
    name: str,
    roles: Sequence[str],
    queues: Sequence[str],
    days: float | None,
    who: str,
) -> None:
    """Add a token whose secret is `secret`."""
    row = {
        "id": secrets.token_hex(6),
        "digest": digest_of(secret),
        "name": name,
        "roles": json.dumps(list(roles)),
        "queues": json.dumps(list(queues)),
        "created": tx.now,
        "expires": None if days is None else tx.now + micros(days * _DAY),
    }
    tx.run(sa.insert(t.token), [row])
    append(tx, who, "token added", name=name, roles=list(roles), token=row["id"])


def revoke_token(tx: Transaction, token: str, who: str) -> bool:
    """Remove a token by its id; False where there is none."""
    if not tx.run(sa.delete(t.token).where(t.token.c.id == token)).rowcount:
        return False
    append(tx, who, "token revoked", token=token)
    return True


def tokens(connection: sa.Connection) -> list[dict[str, Any]]:
    """Return the tokens without their secrets, by name."""
    rows = connection.execute(sa.select(t.token).order_by(t.token.c.name, t.token.c.id))
    return [
        {
            "id": row.id,
            "name": row.name,
            "roles": json.loads(row.roles),
            "queues": json.loads(row.queues),
            "created": seconds(row.created),
            "expires": None if row.expires is None else seconds(row.expires),
        }
        for row in rows
    ]


def add_session(tx: Transaction, digest: str, name: str, lasts: float) -> None:
    """Start a session; those that have ended are removed."""
    tx.run(sa.delete(t.session).where(t.session.c.expires <= tx.now))
    tx.run(sa.insert(t.session), [{"digest": digest, "name": name, "expires": tx.now + micros(lasts)}])


def end_session(tx: Transaction, digest: str) -> None:
    """End a session."""
    tx.run(sa.delete(t.session).where(t.session.c.digest == digest))

"""`triage desk`: people, tokens, and what keeps the database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from triage import CheckFailed, NoInput
from triage.plugin_api import (
    AtomicWriter,
    Talk,
    json_option,
    print_json,
    quiet_option,
    quote_path,
    write_data,
)
from triage_service._commands._people import token, user
from triage_service._commands._shared import opened, operator, with_database

__all__ = ["desk"]


@click.group()
@with_database
@click.pass_context
def desk(context: click.Context, db: str) -> None:
    """Keep the review desk: people, tokens, backups, erasure, labels for training.

    A server may run meanwhile, except for `restore`.

    \b
    Examples:
      triage desk --db sqlite:///desk.db token add crm --role route
      triage desk user add ada --role review,audit
      triage desk export --for train --out labels.jsonl
      triage desk backup desk-2026-11-28.db
    """
    context.obj = db


desk.add_command(user)
desk.add_command(token)


@desk.command()
@click.argument("out", type=click.Path(path_type=Path))
@quiet_option
@click.pass_obj
def backup(db: str, *, out: Path, quiet: bool) -> None:
    """Copy an SQLite database to OUT while it is in use; for PostgreSQL there is pg_dump."""
    from triage_service._store import _keeping

    with opened(db) as store:
        digest = _keeping.backup(store.engines, out)
    Talk(quiet=quiet).say(f"wrote {quote_path(out)}, sha256 {digest}")


@desk.command()
@click.argument("file", type=click.Path(path_type=Path))
@quiet_option
@click.pass_obj
def restore(db: str, *, file: Path, quiet: bool) -> None:
    """Put the backup FILE in the place of the database, which stays beside it as NAME.before.

    The backup is verified first; exit code 1 where it does not hold. No server may run.
    """
    from triage_service._store import _keeping

    found = _keeping.restore(file, db)
    Talk(quiet=quiet).say(
        f"restored {found.items:,} items, {found.opinions:,} opinions, {found.events:,} events"
    )


@desk.command()
@click.argument("target", metavar="URL")
@json_option
@quiet_option
@click.pass_obj
def move(db: str, *, target: str, as_json: bool, quiet: bool) -> None:
    """Copy the whole database to URL, which must be empty, and check that every table is equal row for row.

    Stop the server first; then start it with --db URL. The old database is not changed.
    """
    from triage_service._store import _keeping
    from triage_service._store._engine import connect, lock_server

    with opened(db) as store, lock_server(store.engines.file):
        other = connect(target)
        try:
            digests = _keeping.move(store.engines, other)
        finally:
            other.dispose()
    if as_json:
        print_json({name: {"rows": count, "sha256": digest} for name, (count, digest) in digests.items()})
    total = sum(count for count, _ in digests.values())
    Talk(quiet=quiet).say(f"moved {total:,} rows in {len(digests)} tables; each is equal row for row")


@desk.command()
@json_option
@quiet_option
@click.pass_obj
def verify(db: str, *, as_json: bool, quiet: bool) -> None:
    """Check the chain of events and the counts that belong together; exit code 1 where they do not hold.

    Keep the printed head of the chain elsewhere: a later log that does not contain it was rewritten.
    """
    with opened(db) as store:
        found = store.verify()
    if as_json:
        print_json(found.to_json())
    talk = Talk(quiet=quiet)
    talk.say(
        f"{found.events:,} events, {found.items:,} items, {found.opinions:,} opinions; head {found.head}"
    )
    if found.problems:
        raise CheckFailed("; ".join(found.problems))


@desk.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--source", metavar="NAME", help="The IDs are those of this source, not the desk's own.")
@quiet_option
@click.pass_obj
def erase(db: str, *, ids: tuple[str, ...], source: str | None, quiet: bool) -> None:
    """Erase what customers wrote in these items: text, terms, notes, identifiers, search index, log file.

    Decisions stay, without words, so counts and bounds do not change; the log says that something was erased, not
    what. Backups made before still hold the words. Exit code 66 where an ID is not known or was erased before.
    """
    with opened(db) as store:
        wanted = store.ids_of(source, ids) if source is not None else list(ids)
        done = store.erase(wanted, who=operator()).result()
        store.scrub()
    Talk(quiet=quiet).say(f"erased {done:,} items")
    if done < len(ids):
        raise NoInput(f"{len(ids) - done:,} of {len(ids):,} ids are not known, or were erased before")


@desk.command()
@click.option("--days", type=click.FloatRange(0, min_open=True), required=True, help="Keep texts this long.")
@quiet_option
@click.pass_obj
def retain(db: str, *, days: float, quiet: bool) -> None:
    """Erase decided and automatically routed items that came more than DAYS days ago; run it daily."""
    with opened(db) as store:
        done = store.retain(days, who=operator()).result()
        if done:
            store.scrub()
    Talk(quiet=quiet).say(f"erased {done:,} items older than {days:g} days")


@desk.command()
@click.option(
    "--for",
    "use",
    type=click.Choice(["train", "calibrate", "audit", "events"]),
    required=True,
    help="train: all labels. calibrate: those of known probability. audit: the audits. events: the log.",
)
@click.option("--format", "form", type=click.Choice(["jsonl"]), default="jsonl", help="JSON Lines.")
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), help="Write there, not to stdout.")
@quiet_option
@click.pass_obj
def export(db: str, *, use: str, form: str, out: Path | None, quiet: bool) -> None:  # noqa: ARG001
    """Write people's labels, one JSON object a line, with how each came about and with which probability.

    `probability` is the chance with which the item was drawn for a look: 1 for reviews, the audit rate for audits,
    null for labels that somebody volunteered. Weigh by its inverse wherever figures are made: only --for train has
    labels of unknown probability. --for calibrate and audit end before the first item that still waits, because easy
    ones are answered first. The count and a digest are said on stderr.
    """
    digest, count = hashlib.sha256(), 0

    def lines(records: Iterator[Mapping[str, Any]]) -> Iterator[str]:
        nonlocal count
        for record in records:
            line = json.dumps(record, ensure_ascii=False) + "\n"
            digest.update(line.encode())
            count += 1
            yield line

    with opened(db) as store:
        found = lines(store.events() if use == "events" else store.labels(use))
        if out is None:
            write_data(found)
        else:
            with AtomicWriter(out) as file:
                for line in found:
                    file.write(line.encode())
    Talk(quiet=quiet).say(
        f"{count:,} {'events' if use == 'events' else 'labels'}, sha256 {digest.hexdigest()}"
    )

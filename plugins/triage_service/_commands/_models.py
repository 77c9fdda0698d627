"""`triage models`: which models a desk knows, and which of them decides."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from triage import CheckFailed, NoInput, UsageError
from triage.plugin_api import Talk, json_option, print_json, quiet_option, write_data
from triage_service._commands._shared import opened, operator, with_database

if TYPE_CHECKING:
    from triage_service._store import ModelRow, Store

__all__ = ["models"]


@click.group()
def models() -> None:
    """Change the model that a desk decides with.

    The registry keeps digests, not copies. A server that runs is told through its API (POST /v1/models/...); what
    these commands enter takes effect when it starts.

    \b
    Examples:
      triage models shadow ./next --db sqlite:///desk.db
      triage models promote 3fa9c1 --db sqlite:///desk.db
    """


@models.command("list")
@with_database
@json_option
def list_models(*, db: str, as_json: bool) -> None:
    """List the known models: digest, state, promise and path."""
    from dataclasses import asdict

    with opened(db) as store:
        rows = store.models()
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    promised = {row.digest: "" if row.promise is None else f"{row.promise:.1%}" for row in rows}
    write_data(f"{row.digest[:12]}\t{row.state}\t{promised[row.digest]}\t{row.path}\n" for row in rows)


@models.command()
@click.argument("model")
@with_database
@quiet_option
def shadow(*, model: str, db: str, quiet: bool) -> None:
    """Let MODEL, a bundle's directory or a digest, decide beside the active one without effect."""
    with opened(db, must_exist=False) as store:
        row = _resolve(store, model)
        if row.state == "active":
            raise UsageError("the active model cannot be its own shadow")
        store.model_changed(row.digest, "shadow", who=operator()).result()
    Talk(quiet=quiet).say(f"model {row.digest[:12]} is the shadow")


@models.command()
@click.argument("model")
@with_database
@click.option("--force", is_flag=True, help="Without the proof; needs --reason.")
@click.option("--reason", default="", help="Why; it goes into the log.")
@quiet_option
def promote(*, model: str, db: str, force: bool, reason: str, quiet: bool) -> None:
    """Make MODEL the active one, where audited items prove that it is better; exit code 1 where they do not.

    The proof is a paired test on audited items, near-duplicates counted once, that may be looked at at any time.
    """
    from triage_service._store import PROOF, evidence

    if force and not reason:
        raise UsageError("--force needs --reason")
    with opened(db, must_exist=False) as store:
        row = _resolve(store, model)
        active = _of_state(store, "active")
        if row.state == "active":
            raise UsageError("this model is active already")
        if active is not None and not force:
            better, worse = store.paired(active.digest, row.digest)
            found = evidence(better, worse)
            if found < PROOF:
                raise CheckFailed(
                    f"not proven: on {better:,} audited items only it was right, on {worse:,} only the active model; "
                    f"evidence {found:.2g}, {PROOF:g} is needed. Audit more, or use --force with --reason"
                )
            reason = reason or f"{better} better, {worse} worse, evidence {found:.3g}"
        store.model_changed(row.digest, "active", who=operator(), reason=reason).result()
    Talk(quiet=quiet).say(f"model {row.digest[:12]} is active from the next start of the server")


@models.command()
@with_database
@click.option("--reason", default="", help="Why; it goes into the log.")
@quiet_option
def rollback(*, db: str, reason: str, quiet: bool) -> None:
    """Make the previous model active again; it needs no proof."""
    with opened(db) as store:
        row = _of_state(store, "previous")
        if row is None:
            raise NoInput("there is no previous model")
        store.model_changed(row.digest, "active", who=operator(), reason=reason or "rollback").result()
    Talk(quiet=quiet).say(f"model {row.digest[:12]} is active from the next start of the server")


def _of_state(store: Store, state: str) -> ModelRow | None:
    return next((row for row in store.models() if row.state == state), None)


def _resolve(store: Store, name: str) -> ModelRow:
    """Return the model of a digest's beginning, or register the bundle in a directory.

    Raises:
        NoInput: neither.
        UsageError: a beginning that several digests have.
    """
    if Path(name).is_dir():
        return _register(store, name)
    found = [row for row in store.models() if row.digest.startswith(name)] if len(name) >= 6 else []
    if len(found) > 1:
        raise UsageError(f"{len(found)} models begin like this: give more of the digest")
    if not found:
        raise NoInput(
            "MODEL must be a bundle's directory, or the first 6 characters or more of a known digest"
        )
    return found[0]


def _register(store: Store, path: str) -> ModelRow:
    from triage import Plugins, load_model
    from triage.plugin_api import Promise

    model = load_model(path, Plugins.discover())
    known = next((row for row in store.models() if row.digest == model.sha256), None)
    promise = Promise.from_json(model.extra["promise"]).max_error if "promise" in model.extra else None
    store.model_changed(
        model.sha256,
        "known" if known is None else known.state,
        who=operator(),
        path=str(Path(path).resolve()),
        promise=promise,
        queues=dict(model.queues),
    ).result()
    return next(row for row in store.models() if row.digest == model.sha256)

"""`triage desk user` and `triage desk token`."""

from __future__ import annotations

import datetime
import sys

import click

from triage import NoInput, UsageError
from triage.plugin_api import Talk, json_option, print_json, quiet_option, write_data
from triage_service._commands._shared import opened, operator

__all__ = ["token", "user"]

role_option = click.option(
    "--role", "roles", metavar="A,B", required=True, help="Of route, review, audit, admin, metrics."
)
queue_option = click.option(
    "--queue", "queues", metavar="NAME", multiple=True, help="May review this queue alone; repeatable. [all]"
)


def _split(roles: str) -> list[str]:
    return [role.strip() for role in roles.split(",") if role.strip()]


def _day(value: float | None) -> str:
    if value is None:
        return "never"
    return datetime.datetime.fromtimestamp(value, datetime.UTC).date().isoformat()


@click.group()
def user() -> None:
    """Add, list and remove people."""


@user.command("add")
@click.argument("name")
@role_option
@queue_option
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin.")
@click.option("--no-password", is_flag=True, help="A proxy signs this person in.")
@quiet_option
@click.pass_obj
def add_user(
    db: str,
    *,
    name: str,
    roles: str,
    queues: tuple[str, ...],
    password_stdin: bool,
    no_password: bool,
    quiet: bool,
) -> None:
    """Add the person NAME; the password is asked for, and stored as an scrypt hash."""
    if password_stdin and no_password:
        raise UsageError("--password-stdin and --no-password cannot both be")
    if no_password:
        password = ""
    elif password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    if not no_password and len(password) < 8:
        raise UsageError(f"a password must have at least 8 characters, got {len(password)}")
    with opened(db, must_exist=False) as store:
        store.add_user(name, password, _split(roles), who=operator(), queues=queues).result()
    Talk(quiet=quiet).say("added")


@user.command("list")
@json_option
@click.pass_obj
def list_users(db: str, *, as_json: bool) -> None:
    """List people with their roles."""
    with opened(db) as store:
        users = store.users()
    if as_json:
        print_json(users)
    else:
        write_data(f"{row['name']}\t{','.join(row['roles'])}\t{_day(row['created'])}\n" for row in users)


@user.command("remove")
@click.argument("name")
@quiet_option
@click.pass_obj
def remove_user(db: str, *, name: str, quiet: bool) -> None:
    """Remove the person NAME and end their sessions; what they decided stays."""
    with opened(db) as store:
        if not store.remove_user(name, who=operator()).result():
            raise NoInput("there is no person of this name")
    Talk(quiet=quiet).say("removed")


@click.group()
def token() -> None:
    """Add, list and revoke tokens of programs."""


@token.command("add")
@click.argument("name")
@role_option
@queue_option
@click.option("--days", type=click.FloatRange(0, min_open=True), help="How long it is valid. [for ever]")
@click.pass_obj
def add_token(db: str, *, name: str, roles: str, queues: tuple[str, ...], days: float | None) -> None:
    """Make a token for NAME and print it alone on stdout; it is shown once and stored as a digest."""
    with opened(db, must_exist=False) as store:
        made = store.add_token(name, _split(roles), who=operator(), days=days, queues=queues).result()
    write_data([made + "\n"])


@token.command("list")
@json_option
@click.pass_obj
def list_tokens(db: str, *, as_json: bool) -> None:
    """List tokens by their ids, without their secrets."""
    with opened(db) as store:
        tokens = store.tokens()
    if as_json:
        print_json(tokens)
    else:
        write_data(
            f"{row['id']}\t{row['name']}\t{','.join(row['roles'])}\t{_day(row['expires'])}\n"
            for row in tokens
        )


@token.command("revoke")
@click.argument("token_id", metavar="ID")
@quiet_option
@click.pass_obj
def revoke_token(db: str, *, token_id: str, quiet: bool) -> None:
    """Revoke the token ID."""
    with opened(db) as store:
        if not store.revoke_token(token_id, who=operator()).result():
            raise NoInput("there is no token of this id")
    Talk(quiet=quiet).say("revoked")

"""`triage plugins`: what is installed, and the options of each."""

from __future__ import annotations

import inspect
from typing import Any

import click

from triage.cli.common import json_option, print_json
from triage.errors import UnknownName
from triage.options import options_of
from triage.plugins import Plugins, Registered


def _all_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    return sorted(
        {each.extension.name for each in Plugins.discover() if each.extension.name.startswith(incomplete)}
    )


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """List what the installed plugins offer, and which of them failed and why.

    \b
    Examples:
      triage plugins
      triage plugins --json
      triage plugins describe tfidf

    TRIAGE_DISABLE=a,b skips those plugins; TRIAGE_STRICT=1 stops at the first that fails.
    """
    if ctx.invoked_subcommand is not None:
        return
    plugins = Plugins.discover()
    rows = [_row(plugins, each) for each in plugins]
    failed = [
        {
            "name": failure.origin.plugin,
            "kind": "plugin",
            "version": failure.origin.version,
            "distribution": failure.origin.distribution,
            "state": "failed",
            "missing": [],
            "summary": failure.reason,
        }
        for failure in plugins.failures
    ]
    if as_json:
        print_json(rows + failed)
        return
    _table(rows + failed)


def _row(plugins: Plugins, each: Registered) -> dict[str, Any]:
    clash = sum(
        1
        for other in plugins
        if other.extension.name == each.extension.name and other.extension.kind == each.extension.kind
    )
    state = "clash" if clash > 1 else "missing" if each.missing else "ready"
    return {
        "name": each.extension.name,
        "kind": each.extension.kind,
        "version": each.origin.version,
        "distribution": each.origin.distribution or each.origin.module,
        "state": state,
        "missing": list(each.missing),
        "summary": each.extension.summary,
    }


def _table(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from triage.terminal import cell, console, safe_text

    colours = {"ready": "green", "missing": "yellow", "clash": "red", "failed": "red"}
    table = Table(box=None, pad_edge=False)
    for column in ("kind", "name", "state", "from", "what it does"):
        table.add_column(column, overflow="fold")
    for row in rows:
        missing = f" (needs {', '.join(row['missing'])})" if row["missing"] else ""
        table.add_row(
            cell(row["kind"]),
            cell(row["name"], style="bold"),
            cell(row["state"], style=colours[row["state"]]),
            cell(f"{row['distribution']} {row['version']}".strip(), style="dim"),
            safe_text(row["summary"] + missing),
        )
    console().print(table)


@command.command()
@click.argument("name", shell_complete=_all_names)
@json_option
def describe(*, name: str, as_json: bool) -> None:
    """Show what NAME is and its options, with types, defaults and help.

    \b
    Examples:
      triage plugins describe tfidf
      triage plugins describe threshold --json
    """
    plugins = Plugins.discover()
    found = [each for each in plugins if each.extension.name == name]
    if not found:
        names = {each.extension.name for each in plugins}
        raise UnknownName("plugin", name, names, remedy="See `triage plugins`.")
    records = [_describe(plugins, each) for each in found]
    if as_json:
        print_json(records)
        return
    for record in records:
        _page(record)


def _describe(plugins: Plugins, each: Registered) -> dict[str, Any]:
    build = each.extension.build
    return {
        **_row(plugins, each),
        "description": inspect.getdoc(build) or "",
        "steps": [
            step if isinstance(step, str) else step[0] for step in getattr(each.extension, "steps", ())
        ],
        "options": [
            {
                "name": option.name,
                "type": option.type_name,
                "default": None if option.required else _shown(option.default),
                "required": option.required,
                "help": option.help,
            }
            for option in options_of(build).values()
        ],
    }


def _shown(default: Any) -> Any:
    return (
        list(default)
        if isinstance(default, tuple)
        else dict(default)
        if isinstance(default, dict)
        else default
    )


def _page(record: dict[str, Any]) -> None:
    from rich.table import Table

    from triage.terminal import cell, console, safe_text

    out = console()
    out.print(cell(f"{record['name']}: {record['summary']}", style="bold"))
    out.print(
        cell(
            f"a {record['kind']} of {record['distribution']} {record['version']}, {record['state']}",
            style="dim",
        )
    )
    if record["missing"]:
        out.print(cell(f"needs {', '.join(record['missing'])}, not installed here", style="yellow"))
    if record["steps"]:
        out.print(safe_text("stands for: " + ", ".join(record["steps"])))
    elif record["description"]:
        out.print()
        for line in record["description"].splitlines():
            out.print(safe_text(line))
    out.print()
    if not record["options"]:
        out.print(cell("It has no options."))
        return
    table = Table(box=None, pad_edge=False)
    for column in ("option", "type", "default", "help"):
        table.add_column(column, overflow="fold")
    for option in record["options"]:
        default = "must be given" if option["required"] else _word(option["default"])
        table.add_row(
            cell(option["name"], style="bold"), *map(safe_text, (option["type"], default, option["help"]))
        )
    out.print(table)


def _word(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value) if value != {} else "none"

"""`triage plugins`: what is installed, the options of each, and how to check one or begin one."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from triage.cli.common import Talk, json_option, print_json, tell
from triage.errors import CheckFailed, UnknownName, UsageError
from triage.host.manager import Plugins, Registered
from triage.host.options import options_of, parse_settings

if TYPE_CHECKING:
    from triage.testing import Card


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
      triage plugins new my-idea --kind backend
      triage plugins check my_idea

    TRIAGE_DISABLE=a,b skips those plugins; TRIAGE_STRICT=1 stops at the first that fails. One that takes
    longer than 60 s to load is left out; TRIAGE_PLUGIN_SECONDS=N allows more, or less.
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

    from triage.io.terminal import cell, console, safe_text

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

    from triage.io.terminal import cell, console, safe_text

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


@command.command()
@click.argument("name")
@click.option(
    "--kind",
    metavar="KIND",
    default="backend",
    show_default=True,
    help="What it adds: backend, keras, corpus, cleaner, policy, report, reader, or a kind of a plugin.",
)
@click.option("--out", metavar="DIR", help="The directory to write. [NAME]")
def new(*, name: str, kind: str, out: str | None) -> None:
    """Begin a plugin: write a small distribution NAME that installs, passes every check and can be changed.

    \b
    Examples:
      triage plugins new my-idea
      triage plugins new my-network --kind keras
      cd my-idea && pip install -e . && triage plugins check my_idea
    """
    from triage.testing.scaffold import write_plugin

    folder = Path(out or name)
    for path in write_plugin(name, kind, folder, plugins=Plugins.discover()):
        tell(str(path))
    Talk().say(f"next: cd {folder} && pip install -e . && triage plugins")


@command.command()
@click.argument("module")
@click.option("--sample", metavar="FILE", help="A file that the plugin's reader reads.")
@click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, help="An option of what has it.")
@click.option(
    "--expect",
    "expected",
    metavar="NAME:LAW=REASON",
    multiple=True,
    help="A law that NAME breaks on purpose.",
)
@json_option
def check(
    *, module: str, sample: str | None, settings: tuple[str, ...], expected: tuple[str, ...], as_json: bool
) -> None:
    """Hold everything that the plugin MODULE offers to the laws of its kind; exit 1 where one is broken.

    MODULE is a module's name or a file. All laws are run, and the number of checks is printed.

    \b
    Examples:
      triage plugins check my_idea
      triage plugins check ./my_idea.py --set epochs=1 --json
      triage plugins check triage_readers --sample past.csv
      triage plugins check triage_majority \\
        --expect "majority:it_beats_the_floor_on_what_can_be_told_apart=it is the floor"
    """
    import sys

    from triage.testing import run_checks
    from triage.testing.subjects import Host

    path = Path(module)
    if path.suffix == ".py":
        sys.path.insert(0, str(path.resolve().parent))
        module = path.stem
    else:
        sys.path.insert(0, str(Path.cwd()))
    host = Host(module)
    given = parse_settings(settings)
    options = {
        each.name: {key: value for key, value in given.items() if key in options_of(each.build)}
        for each in host.extensions
    }
    unused = set(given) - {key for chosen in options.values() for key in chosen}
    if unused:
        raise UsageError(f"nothing that {module} offers has an option {', '.join(sorted(unused))}")
    cards = run_checks(
        host.module,
        sample=sample,
        options={name: chosen for name, chosen in options.items() if chosen},
        expected_failures=_expected(expected),
        tell=None if as_json else _show,
    )
    if as_json:
        print_json([_card(card) for card in cards])
    broken = sum(len(card.broken) for card in cards)
    run = sum(len(card.outcomes) for card in cards)
    if broken:
        raise CheckFailed(f"{module} breaks {broken} of {run} checks")
    if not as_json:
        tell(f"{module} keeps the contract: {run} checks run")


def _expected(words: tuple[str, ...]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for word in words:
        law, equals, reason = word.partition("=")
        name, colon, law = law.partition(":")
        if not (equals and colon):
            raise UsageError(f"--expect takes NAME:LAW=REASON, not {word!r}")
        found.setdefault(name, {})[law] = reason
    return found


def _card(card: Card) -> dict[str, Any]:
    return {
        "kind": card.kind,
        "name": card.name,
        "checks": len(card.outcomes),
        "broken": len(card.broken),
        "seconds": card.seconds,
        "laws": [
            {
                "law": outcome.law,
                "states": outcome.states,
                "state": outcome.state,
                "reason": outcome.reason,
                "seconds": outcome.seconds,
            }
            for outcome in card.outcomes
        ],
    }


def _show(card: Card) -> None:
    """Print a report card: a line for each law, and in the end the number of checks."""
    from triage.io.terminal import cell, console, safe_text

    out = console()
    colours = {"kept": "green", "broken": "red", "expected": "yellow"}
    for outcome in card.outcomes:
        line = cell(f"{outcome.state:8}", style=colours[outcome.state])
        line.append(f"  {safe_text(outcome.states)}")
        line.no_wrap = False
        out.print(line, end="\n")
        if outcome.state != "kept":
            out.print(cell(f"          {outcome.reason}", style="bold"), end="\n")
    out.print(cell(str(card), style="bold"), end="\n\n")

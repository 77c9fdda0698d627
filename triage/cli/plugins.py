"""`triage plugins`: list what is installed, describe its options, check a plugin, write a new one."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from triage.cli.common import Talk, json_option, print_json, tell
from triage.errors import CheckFailed, UnknownName, UsageError
from triage.host.manager import Plugins, Registered
from triage.host.options import options_of, parse_settings, resolve

if TYPE_CHECKING:
    from triage.testing import Card
    from triage.testing.targets import Target


def _all_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
    return sorted(
        {each.extension.name for each in Plugins.discover() if each.extension.name.startswith(incomplete)}
    )


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """List what the installed plugins offer, which of them failed, and why.

    \b
    Examples:
      triage plugins
      triage plugins --json
      triage plugins describe tfidf
      triage plugins new my-idea --kind backend
      triage plugins check my_idea

    TRIAGE_DISABLE=a,b skips those plugins; TRIAGE_STRICT=1 stops at the first that fails. A plugin that takes
    longer than 60 s to load is skipped; TRIAGE_PLUGIN_SECONDS=N changes the limit.
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
    """Describe the extension NAME and its options: types, defaults and help.

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
        out.print(safe_text("a preset of: " + ", ".join(record["steps"])))
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
        default = "(required)" if option["required"] else _word(option["default"])
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
    help="What it adds: backend, keras, corpus, cleaner, policy, report, reader, or a kind that a plugin adds.",
)
@click.option("--out", metavar="DIR", help="The directory to write. [NAME]")
def new(*, name: str, kind: str, out: str | None) -> None:
    """Write a new plugin: a small distribution NAME that installs, passes every check and is yours to change.

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
@click.argument("name")
@click.option("--sample", metavar="FILE", help="A file that the plugin's reader reads.")
@click.option("--set", "settings", metavar="KEY=VALUE", multiple=True, help="An option of an extension.")
@click.option(
    "--expect",
    "expected",
    metavar="NAME:LAW=REASON",
    multiple=True,
    help="A law that the extension NAME is known to break, and why.",
)
@click.option("--verbose", is_flag=True, help="List the laws that are kept too, with their names.")
@json_option
def check(
    *,
    name: str,
    sample: str | None,
    settings: tuple[str, ...],
    expected: tuple[str, ...],
    verbose: bool,
    as_json: bool,
) -> None:
    """Check what the plugin NAME offers against the laws of its kind; exit 1 if one is broken.

    NAME is a file (./my_idea.py), a module, an extension (tfidf) or a distribution. A broken law is shown
    with what was found and what usually causes it; laws that depend on it are skipped.

    \b
    Examples:
      triage plugins check my_idea
      triage plugins check ./my_idea.py --set epochs=1 --json
      triage plugins check tfidf --verbose
      triage plugins check triage_readers --sample past.csv
      triage plugins check my_idea \\
        --expect "my-idea:the_same_seed_gives_the_same_probabilities=it asks a service"
    """
    from triage.testing.kit import run_checks
    from triage.testing.targets import find_target

    target = find_target(name, Plugins.discover())
    options = _options_for(target, parse_settings(settings))
    reasons = _expected(expected)
    cards: list[Card] = []
    for module, chosen in options.items():
        cards += run_checks(
            module,
            sample=sample,
            options=chosen,
            expected_failures=reasons,
            only=target.only,
            tell=None if as_json else lambda card: _show(card, verbose=verbose),
        )
    if as_json:
        print_json([_card(card) for card in cards])
    broken = sum(len(card.broken) for card in cards)
    run = sum(len(card.outcomes) for card in cards)
    if broken:
        raise CheckFailed(f"{name} breaks {broken} of {run} checks")
    if not as_json:
        tell(f"{name} keeps the contract: {run} checks run")


def _options_for(target: Target, given: dict[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    """Return for each module the options of each of its extensions.

    Raises:
        UsageError: an option that none of them has, or a value that it cannot have.
    """
    from triage.testing.subjects import Host

    found: dict[str, dict[str, dict[str, Any]]] = {module: {} for module in target.modules}
    used: set[str] = set()
    for module in target.modules:
        for each in Host(module).extensions:
            chosen = {key: value for key, value in given.items() if key in options_of(each.build)}
            if chosen and target.only in ("", each.name):
                resolve(each.build, chosen, owner=each.name)
                found[module][each.name] = chosen
                used |= set(chosen)
    if unused := set(given) - used:
        names = target.only or ", ".join(target.modules)
        raise UsageError(f"no extension of {names} has an option {', '.join(sorted(unused))}")
    return found


def _expected(words: tuple[str, ...]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for word in words:
        law, equals, reason = word.partition("=")
        name, colon, law = law.partition(":")
        if not (equals and colon):
            raise UsageError(f"--expect must be NAME:LAW=REASON, got {word!r}")
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
                "cause": outcome.cause,
                "seconds": outcome.seconds,
            }
            for outcome in card.outcomes
        ],
    }


def _show(card: Card, *, verbose: bool) -> None:
    """Print a report card: the laws that are not kept (all of them if verbose), then the counts."""
    from rich.padding import Padding

    from triage.io.terminal import cell, console, safe_text

    out = console()
    colours = {"kept": "green", "broken": "red", "expected": "yellow", "skipped": "dim"}
    for outcome in card.outcomes:
        if not verbose and outcome.state in ("kept", "skipped"):
            continue
        line = cell(f"{outcome.state:8}", style=colours[outcome.state])
        line.append(f"  {safe_text(outcome.law)}")
        out.print(line)
        for text in (outcome.states, outcome.reason, outcome.cause):
            if text:
                words = cell(text, style="bold" if text == outcome.reason else "")
                words.no_wrap, words.overflow = False, "fold"
                out.print(Padding(words, (0, 0, 0, 10), expand=False))
    out.print(cell(str(card), style="bold"), end="\n\n")

"""What holds for every command, those of plugins too: no option twice, no output that is an input."""

from __future__ import annotations

import os
import tomllib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import click

from triage.cli.plugin_option import plugin_option
from triage.errors import TriageError, UsageError
from triage.io.outputs import check_outputs
from triage.io.text_tables import read_whole

__all__ = ["hold"]

_OUTPUTS = ("out", "svg", "html", "csv", "runs", "model", "study", "save")
_HELD = "_triage_conventions"
_MOST_BYTES = 1 << 20
_MAX_NUMBER = 1 << 62


def hold(command: click.Command) -> click.Command:
    """Make a command, and those below it, check how it is called before it runs."""
    if getattr(command, _HELD, False):
        return command
    setattr(command, _HELD, True)
    if not any("--plugin" in param.opts for param in command.params):
        command.params.append(plugin_option())
    parse = command.parse_args

    def parse_args(ctx: click.Context, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing:
            _check_repeated(command, ctx, list(args))
        rest = parse(ctx, args)
        if not ctx.resilient_parsing:
            _check_numbers(command, ctx.params)
            check_outputs(_outputs(command, ctx.params), _inputs(command, ctx.params))
        return rest

    command.parse_args = parse_args  # type: ignore[method-assign]
    for below in command.commands.values() if isinstance(command, click.Group) else ():
        hold(below)
    return command


def _check_repeated(command: click.Command, ctx: click.Context, args: list[str]) -> None:
    """Refuse an option that is given twice and takes one value: the last would win without a word.

    Raises:
        UsageError: such an option.
    """
    _, _, order = command.make_parser(ctx).parse_args(args=args)
    counts = Counter(
        each
        for each in order
        if isinstance(each, click.Option)
        and not each.multiple
        and not each.count
        and (not each.is_flag or each.secondary_opts)
    )
    for option, count in counts.items():
        if count > 1:
            raise UsageError(f"{max(option.opts, key=len)} must be given once, got {count} times")


def _check_numbers(command: click.Command, given: dict[str, Any]) -> None:
    """Refuse numbers that no machine can count to.

    Raises:
        UsageError: an option that is not finite, or beyond what fits in 62 bits.
    """
    for param in command.params:
        value = given.get(param.name or "")
        if isinstance(value, int | float) and not abs(value) < _MAX_NUMBER:  # not a number is not below it
            raise UsageError(f"{max(param.opts, key=len)} must be a finite number below 2^62, got {value}")


def _is_output(param: click.Parameter) -> bool:
    return isinstance(param, click.Option) and param.name in _OUTPUTS and not param.is_flag


def _outputs(command: click.Command, given: dict[str, Any]) -> dict[str, str]:
    return {
        max(param.opts, key=len): given[param.name]
        for param in command.params
        if param.name is not None and _is_output(param) and isinstance(given.get(param.name), str)
    }


def _inputs(command: click.Command, given: dict[str, Any]) -> Iterator[str]:
    """Yield everything that could be the path of something that is read."""
    for param in command.params:
        if param.name is None or _is_output(param):
            continue
        for word in _words(given.get(param.name)):
            yield "/dev/stdin" if word == "-" else word
            yield word.partition("=")[2] or word
            if param.name == "config":
                yield from _words(_content(word))


def _content(path: str) -> Any:
    try:
        return tomllib.loads(read_whole(path, most=_MOST_BYTES).decode("utf-8-sig"))
    except (TriageError, ValueError, RecursionError):
        return None  # the command says what is wrong with it


def _words(value: Any) -> Iterator[str]:
    """Yield the texts in a value that lists and tables may nest."""
    if isinstance(value, str | os.PathLike):
        yield os.fspath(value)
    elif isinstance(value, dict | list | tuple):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _words(each)

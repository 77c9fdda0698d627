"""The command line: a lazy group with one command in each file.

Belongs here: parse, call one public function, show. Does not: any loop over documents.
"""

from __future__ import annotations

import functools
import importlib

import click

from triage import __version__
from triage.cli.conventions import hold
from triage.cli.plugin_option import plugin_option
from triage.errors import PluginFailed, UnknownName
from triage.host.extensions import Command
from triage.host.manager import Plugins

__all__ = ["cli"]

# name: what `triage --help` says. The module triage.cli.NAME holds a click command called `command`.
_COMMANDS = {
    "demo": "The whole tour on the embedded complaints, in about a minute",
    "corpora": "What there is to learn from, and what is in it",
    "train": "Learn from a corpus and write a model",
    "evaluate": "Measure how good backends are on a corpus",
    "compare": "Which backend is better, by how much, and is it real",
    "report": "Show evaluations again",
    "route": "Decide where new texts go",
    "stream": "Decide while a text is still being written",
    "export": "Write a model for ONNX Runtime, TensorFlow Serving or LiteRT",
    "promise": "Prove how much may be routed automatically",
    "monitor": "Has the data drifted since training, is the promise still kept",
    "plugins": "What is installed, and the options of each",
}


class _LazyGroup(click.Group):
    """Imports a command when it is used, not when it is listed; commands of plugins come after the core's."""

    @functools.cached_property
    def _plugins(self) -> Plugins:
        return Plugins.discover()

    def _summaries(self) -> dict[str, str]:
        """What each command does, by name."""
        found = dict(_COMMANDS)
        for name in self._plugins.names(Command):
            found.setdefault(name, self._plugins.summary(Command, name))
        return found

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self._summaries())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name in _COMMANDS:
            command: click.Command = importlib.import_module(f"triage.cli.{cmd_name}").command
            return hold(command)
        record = self._plugins.extension(Command, cmd_name)
        built = self._plugins.build(record)
        if not isinstance(built, click.Command):
            raise PluginFailed(f"{cmd_name}: build must return a click.Command, got {type(built).__name__}")
        return hold(built)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if not name.startswith("-") and name not in _COMMANDS and name not in self._plugins.names(Command):
            raise UnknownName("command", name, self._summaries(), remedy="See `triage --help`.")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(self._summaries().items()))


@click.group(
    cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="triage")
def cli() -> None:
    """Learn which label a text belongs to, and decide where it goes: into a queue or to a person.

    \b
    Start here:
      triage demo                                        see it work
      triage corpora describe complaints.csv             look at your data
      triage evaluate complaints.csv --backend tfidf     measure
      triage train complaints.csv --model model          learn
      triage route model new.csv --format jsonl          decide

    Exit codes: 0 done, 1 a check failed, 2 usage, 65 unusable data, 66 no such input, 69 something is not
    installed, 70 training diverged or a bug, 73 cannot write, 77 model refused, 130 interrupted.
    """


cli.params.append(plugin_option())

"""The command line: a lazy group, one command a file, so that help and routing import only what they need."""

from __future__ import annotations

import importlib

import click

from triage import __version__

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
    "promise": "Prove how much may be routed by itself",
    "monitor": "Has the world moved since training, is the promise still kept",
    "forecast": "How many documents each queue will get",
    "bench": "Backends beside scikit-learn, fastText, Vowpal Wabbit, spaCy and the tutorials' LSTM",
    "selftest": "Do on purpose what goes wrong in the field, and see that it holds",
    "plugins": "What is installed, and the options of each",
}


class _LazyGroup(click.Group):
    """Imports a command's module when the command is used, not when it is listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"triage.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            from triage.errors import UnknownName

            raise UnknownName("command", args[0], _COMMANDS, remedy="See `triage --help`.")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(
    cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="triage")
def cli() -> None:
    """Learn which label a text belongs to, and decide where it goes: into a queue by itself, or to a person.

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

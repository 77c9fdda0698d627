"""What the commands share: options, the plugins, and talk on stderr."""

from __future__ import annotations

import functools
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from triage.config import SETTINGS, Experiment, load_experiment
from triage.host.extensions import Backend, Corpus, Extension, Policy
from triage.host.manager import Plugins
from triage.host.options import Between, Option
from triage.io.terminal import safe_text

if TYPE_CHECKING:
    from rich.console import Console

    from triage.records import Dataset

__all__ = [
    "Talk",
    "columns_options",
    "experiment_options",
    "names_of",
    "print_json",
    "quiet_option",
    "read",
    "tell",
]

F = TypeVar("F", bound=Callable[..., Any])

LONGEST = 4000
"""Characters that one line of talk may have: a few screens."""

quiet_option = click.option("--quiet", "-q", is_flag=True, help="Say nothing on stderr but errors.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print facts as JSON.")


class Talk:
    """What is said to the person at the terminal, on stderr; data goes to stdout.

    Args:
        quiet: say nothing.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet

    @functools.cached_property
    def console(self) -> Console:
        """A console on stderr."""
        from triage.io.terminal import console

        return console(stderr=True)

    def say(self, line: str) -> None:
        """Write one line; a name of megabytes in it is cut."""
        if not self.quiet:
            line = line if len(line) <= LONGEST else line[:LONGEST] + "…"
            sys.stderr.write(safe_text(line) + "\n")

    @contextmanager
    def stage(self, doing: str) -> Iterator[Callable[[str], None]]:
        """Show what is going on: a spinner with the time on a terminal, plain lines elsewhere.

        Yields:
            A function that changes the words.
        """
        if self.quiet:
            yield lambda _: None
            return
        if not self.console.is_terminal:
            started = time.perf_counter()
            yield lambda _: None
            seconds = time.perf_counter() - started
            if seconds > 2:
                self.say(f"{doing}: {seconds:.1f} s")
            return
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        with Progress(*columns, console=self.console, transient=True) as progress:
            task = progress.add_task(safe_text(doing), total=None)
            yield lambda words: progress.update(task, description=safe_text(words))


def names_of(kind: type[Extension]) -> Callable[..., list[str]]:
    """Return a completion that offers the names of one kind of extension, after commas too."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:  # noqa: ARG001
        before, comma, last = incomplete.rpartition(",")
        return [f"{before}{comma}{name}" for name in Plugins.discover().names(kind) if name.startswith(last)]

    return complete


def columns_options(command: F) -> F:
    """Add what a user may say about the columns and the encoding of a file."""
    for flag, words in (
        ("--delimiter", "What separates the columns of a CSV file, where it cannot be told."),
        ("--encoding", "The file's encoding, where it is not UTF-8."),
        ("--id-column", "The column that identifies a document."),
        ("--date-column", "The column that holds the date."),
        ("--label-column", "The column that holds the label."),
        ("--sheet", "The sheet of an Excel workbook that holds several."),
        ("--date-format", "How dates are written, such as %d/%m/%Y."),
    ):
        command = click.option(flag, metavar="NAME", help=words)(command)
    command = click.option(
        "--day-first/--month-first",
        default=None,
        help="What 03/04/2024 is, where the dates of the column do not tell it.",
    )(command)
    return click.option(
        "--text-column",
        metavar="NAME",
        multiple=True,
        help="The column that holds the text; repeatable, then the cells are joined.",
    )(command)


def _setting_option(setting: Option) -> Callable[[F], F]:
    """Return the command-line option of a setting of the experiment: None where it is not given."""
    flag, kind = f"--{setting.name}", setting.type
    words = setting.help if setting.default is None else f"{setting.help} [{setting.default}]"
    if setting.choices:
        return click.option(flag, type=click.Choice([str(choice) for choice in setting.choices]), help=words)
    if kind is bool:
        words = f"{setting.help} [{'yes' if setting.default else 'no'}]"
        return click.option(f"{flag}/--no-{setting.name}", default=None, help=words)
    if kind in (int, float):
        between = setting.between or Between(-math.inf)
        low, high = (None if math.isinf(limit) else kind(limit) for limit in (between.low, between.high))
        range_of = click.IntRange if kind is int else click.FloatRange
        return click.option(flag, type=range_of(min=low, max=high), help=words)
    return click.option(flag, metavar="NAME", help=words)


def experiment_options(command: F) -> F:
    """Add what decides how a model is learned; `read_experiment` takes them."""
    for option in (
        click.option("--config", metavar="FILE", help="An experiment file (TOML); flags win over it."),
        *map(_setting_option, SETTINGS.values()),
        click.option(
            "--corrections",
            metavar="FILE",
            help="Labels that a person has changed; see `triage corpora check --labels`.",
        ),
        click.option(
            "--false-alarms",
            type=click.FloatRange(0, 1, max_open=True),
            help="Share of in-scope texts sent to a person as out of scope; 0 for no guard. [0.05]",
        ),
        click.option(
            "--cleaners", metavar="A,B", help="Cleaning steps or a preset; see `triage plugins`. [by backend]"
        ),
        click.option(
            "--set",
            "settings",
            metavar="KEY=VALUE",
            multiple=True,
            help="An option of the backend; repeatable.",
        ),
    ):
        command = option(command)
    return columns_options(command)


def read_experiment(
    location: str | None, backend: str | None, settings: Sequence[str], given: dict[str, Any]
) -> Experiment:
    """Return the experiment that the flags and the experiment file describe together."""
    from triage.host.options import parse_settings

    config = given.pop("config", None)
    experiment = load_experiment(config) if config else Experiment()
    cleaners = given.pop("cleaners", None)
    columns = {name: value for name, value in columns_of(given).items() if value}
    return experiment.changed(
        location=location,
        backend=backend,
        options={**experiment.options, **parse_settings(settings)} if settings else None,
        cleaners=tuple((name.strip(), {}) for name in cleaners.split(",")) if cleaners else None,
        columns={**experiment.columns, **columns} if columns else None,
        **given,
    )


def columns_of(given: dict[str, Any]) -> dict[str, Any]:
    """Take the column flags out of `given` and return those that were set."""
    names = ("label_column", "date_column", "id_column", "encoding", "delimiter", "sheet", "date_format")
    taken = {name: given.pop(name, None) for name in names}
    texts: tuple[str, ...] = given.pop("text_column", None) or ()
    taken["text_column"] = texts[0] if len(texts) == 1 else tuple(texts)
    day_first = given.pop("day_first", None)
    taken["day_first"] = None if day_first is None else "yes" if day_first else "no"
    return {name: value for name, value in taken.items() if value}


def read(
    talk: Talk,
    plugins: Plugins,
    location: str,
    columns: dict[str, Any],
    *,
    strict: bool = False,
    labelled: bool = False,
    corrections: str = "",
    learned: Mapping[str, Any] | None = None,
) -> Dataset:
    """Read a corpus and say how many rows came in, were kept and were quarantined."""
    from triage.data.checks import dataset_warnings
    from triage.data.corrections import correct
    from triage.data.sources import gather, open_source, summary

    with talk.stage(f"reading {location}"):
        source = open_source(plugins, location, options=columns, learned=learned or {})
        dataset = gather(plugins, source, location=location, strict=strict, labelled=labelled)
    talk.say(summary(dataset))
    for note in getattr(source, "notes", ()):
        talk.say(f"  {note}")
    undated = getattr(source, "bad_dates", 0)
    if undated and not hasattr(source, "notes"):
        talk.say(f"  {undated:,} dates could not be read")
    for row in dataset.quarantined[:5]:
        talk.say(f"  quarantined row {row.row}, line {row.line}: {row.reason}")
    if len(dataset.quarantined) > 5:
        talk.say(f"  and {len(dataset.quarantined) - 5} more")
    if corrections:
        dataset, changed = correct(dataset, corrections)
        talk.say(f"{changed:,} labels changed by {corrections}")
    for doubt in dataset_warnings(dataset) if labelled else ():
        talk.say(doubt)
    return dataset


def tell(line: str) -> None:
    """Write one line for a person on stdout, safe for a terminal; what the locale lacks comes out as `?`."""
    from triage.io.terminal import console

    console().print(safe_text(line), soft_wrap=True)


def print_json(value: Any) -> None:
    """Print `value` as JSON on stdout."""
    from triage.evaluation.runs import to_json

    sys.stdout.write(to_json(value))


CORPUS = names_of(Corpus)
BACKEND = names_of(Backend)
POLICY = names_of(Policy)

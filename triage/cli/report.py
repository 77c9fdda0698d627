"""`triage report`: show evaluations again."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from triage.cli.common import Talk, names_of, quiet_option
from triage.errors import NoInput
from triage.extensions import Report
from triage.plugins import Plugins
from triage.values import Evaluation


@click.command()
@click.argument("run", metavar="RUN")
@click.option(
    "--format",
    "-f",
    "name",
    default="terminal",
    show_default=True,
    metavar="NAME",
    shell_complete=names_of(Report),
)
@click.option("--out", metavar="FILE", help="Write there instead of to stdout.")
@quiet_option
def command(*, run: str, name: str, out: str | None, quiet: bool) -> None:
    """Show the run directory RUN, or all runs in it.

    \b
    Examples:
      triage report runs
      triage report runs/complaints-tfidf-grouped-s42-0a1b2c3d
      triage report runs --format json --out results.json
    """
    from triage.runs import find_runs, read_run

    folders = find_runs(Path(run))
    if not folders:
        raise NoInput(f"there is no finished run in {run!r}: `triage evaluate CORPUS --runs {run}` makes one")
    talk = Talk(quiet=quiet)
    plugins = Plugins.discover(warn=talk.say)
    plugins.report(name)
    show(plugins, name, [read_run(folder) for folder in folders], out=out)
    if out:
        talk.say(f"wrote {out}")


def show(plugins: Plugins, name: str, evaluations: Sequence[Evaluation], *, out: str | None = None) -> None:
    """Render `evaluations` with the report `name`, on stdout or into the file `out`.

    Raises:
        CannotWrite: `out` cannot be written.
        PluginFailed: the report raised.
    """
    import io

    from triage.files import write_file
    from triage.terminal import console

    report = plugins.report(name)
    render = plugins.build(report)
    page = io.StringIO()
    target = console() if out is None else console(file=page)
    with plugins.blame(report):
        text = render.render(evaluations, console=target)
    if out is not None:
        write_file(Path(out), (text if text is not None else page.getvalue()).encode("utf-8", "replace"))
    elif text is not None:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")

"""`triage report`: show evaluations again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from triage.cli.common import CORPUS, Talk, columns_of, columns_options, names_of, quiet_option, read
from triage.errors import DataError, NoInput, UsageError
from triage.host.extensions import Report
from triage.host.manager import Plugins
from triage.host.protocols import Quotes
from triage.records import Dataset, Evaluation


@click.command()
@click.argument("run", metavar="RUN")
@click.option(
    "--format",
    "-f",
    "name",
    metavar="NAME",
    shell_complete=names_of(Report),
    help="A report; see `triage plugins`.",
)
@click.option("--out", metavar="FILE", help="Write there instead of to stdout.")
@click.option(
    "--show-text",
    metavar="CORPUS",
    shell_complete=CORPUS,
    help="Show texts of mistakes too, read again from CORPUS: the one that was evaluated.",
)
@columns_options
@quiet_option
def command(
    *, run: str, name: str | None, out: str | None, show_text: str | None, quiet: bool, **given: Any
) -> None:
    """Show the run directory RUN, or all runs in it.

    \b
    Examples:
      triage report runs
      triage report runs/complaints-tfidf-grouped-s42-0a1b2c3d
      triage report runs --format json --out results.json
      triage report runs --format html --out report.html
      triage report runs --format html --out report.html --show-text past.csv
    """
    from triage.evaluation.runs import find_runs, read_run

    folders = find_runs(Path(run))
    if not folders:
        raise NoInput(f"there is no finished run in {run!r}: `triage evaluate CORPUS --runs {run}` makes one")
    talk = Talk(quiet=quiet)
    plugins = Plugins.discover(warn=talk.say)
    name = name or plugins.role(Report, "default")
    plugins.report(name)
    evaluations = [read_run(folder) for folder in folders]
    texts = None
    if show_text is not None:
        dataset = read(talk, plugins, show_text, columns_of(given), labelled=True)
        texts = _texts(dataset, evaluations)
        if missing := texts.count(None):
            talk.say(f"no text for {missing} of {len(texts)} runs: they were judged on something else")
    elif columns_of(given):
        raise UsageError("columns are those of --show-text CORPUS, which was not given")
    show(plugins, name, evaluations, out=out, texts=texts)
    if out:
        talk.say(f"wrote {out}")


def show(
    plugins: Plugins,
    name: str,
    evaluations: Sequence[Evaluation],
    *,
    out: str | None = None,
    texts: Sequence[Sequence[str] | None] | None = None,
) -> None:
    """Render `evaluations` with the report `name`, on stdout or into the file `out`.

    Args:
        plugins: where the report is.
        name: the report's.
        evaluations: what to show.
        out: a file, or None for stdout.
        texts: for each evaluation the texts of its test documents, where the user wants to see them.

    Raises:
        UsageError: texts for a report that shows none.
        CannotWrite: `out` cannot be written.
        PluginFailed: the report raised.
    """
    import io

    from triage.io.files import write_file
    from triage.io.terminal import console, write_data

    report = plugins.report(name)
    render = plugins.build(report)
    page = io.StringIO()
    target = console() if out is None else console(file=page)
    if texts is not None and not isinstance(render, Quotes):
        raise UsageError(f"the report {name!r} shows no texts: remove --show-text")
    with plugins.attribute_errors_to(report):
        if texts is not None:
            render.quote(texts)
        text = render.render(evaluations, console=target)
    if out is not None:
        write_file(Path(out), (text if text is not None else page.getvalue()).encode("utf-8", "replace"))
    elif text is not None:
        write_data((text if text.endswith("\n") else text + "\n").splitlines(keepends=True))


def _texts(dataset: Dataset, evaluations: Sequence[Evaluation]) -> list[list[str] | None]:
    """Return the texts that each evaluation was judged on, None for those judged on something else.

    Raises:
        DataError: none of them was judged on this dataset.
    """
    digest = dataset.sha256
    found: list[list[str] | None] = []
    for evaluation in evaluations:
        same = evaluation.metrics.get("corpus_sha256") == digest
        rows = evaluation.rows.tolist()
        # A run judged on a --test corpus has the digest of its training corpus, but other labels.
        labels = [evaluation.labels[code] for code in evaluation.codes.tolist()]
        if (
            same
            and max(rows, default=0) < len(dataset)
            and labels == [dataset.documents[r].label for r in rows]
        ):
            found.append([dataset.documents[row].text for row in rows])
        else:
            found.append(None)
    if not any(found):
        raise DataError(
            f"{dataset.name} is not what was evaluated: its digest is {digest[:12]}..., that of the runs "
            + ", ".join(sorted({str(run.metrics.get("corpus_sha256", "none"))[:12] for run in evaluations}))
            + "...; give the same corpus with the same columns"
        )
    return found

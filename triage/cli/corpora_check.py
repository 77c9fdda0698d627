"""`triage corpora check`: every problem of a corpus, or the labels that look wrong."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from triage.cli.common import (
    BACKEND,
    CORPUS,
    Talk,
    columns_of,
    columns_options,
    json_option,
    print_json,
    quiet_option,
    read,
    tell,
)
from triage.config import Experiment
from triage.errors import DataError
from triage.host.manager import Plugins
from triage.records import Dataset

__all__ = ["check"]


@click.command()
@click.argument("corpus", shell_complete=CORPUS)
@click.option("--min-per-class", type=click.IntRange(1), default=10, show_default=True)
@click.option("--strict", is_flag=True, help="A quarantined row is a problem too.")
@click.option("--labels", is_flag=True, help="List the labels that look wrong instead, best first.")
@click.option(
    "--out",
    "-o",
    metavar="FILE",
    help="Write the quarantined rows there, as CSV; with --labels the labels.",
)
@click.option(
    "--backend",
    "-b",
    metavar="NAME",
    shell_complete=BACKEND,
    help="What judges the labels; see `triage plugins`.",
)
@columns_options
@json_option
@quiet_option
def check(
    *,
    corpus: str,
    min_per_class: int,
    strict: bool,
    labels: bool,
    out: str | None,
    backend: str | None,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """List every problem found in CORPUS; exit 65 if nothing can be learned from it.

    With --labels: id, given label, suggested label and confidence of each label that looks wrong, the most
    suspicious first. Work through the file: delete the rows, or empty the suggestions, that you do not agree
    with, and give it to `triage train CORPUS --corrections FILE`.

    \b
    Examples:
      triage corpora check past.csv
      triage corpora check past.csv --strict --json
      triage corpora check past.csv --out quarantine.csv
      triage corpora check past.csv --labels --out suspects.csv
    """
    talk = Talk(quiet=quiet)
    plugins = Plugins.discover(warn=talk.say)
    dataset = read(talk, plugins, corpus, columns_of(given), strict=strict, labelled=labels)
    if labels:
        experiment = Experiment(backend=backend or "", min_per_class=min_per_class)
        _suspects(talk, plugins, dataset, experiment, out, as_json=as_json)
        return
    if out:
        from triage.data.sources import save_quarantine

        save_quarantine(dataset.quarantined, out, location=corpus)
        talk.say(f"wrote {len(dataset.quarantined):,} quarantined rows to {out}")
    from triage.data.describe import problems_of

    problems = problems_of(dataset, min_per_class=min_per_class)
    if as_json:
        print_json(problems)
    else:
        for problem in problems:
            tell(f"{problem['severity']:>7}  {problem['problem']}")
        if not problems:
            tell("no problem found")
    if any(problem["severity"] == "fatal" for problem in problems):
        raise DataError(f"{corpus}: it cannot be learned from; see the list above")


def _suspects(
    talk: Talk, plugins: Plugins, dataset: Dataset, experiment: Experiment, out: str | None, *, as_json: bool
) -> None:
    from triage.evaluation.label_errors import suspects, suspects_csv
    from triage.io.files import write_file
    from triage.io.terminal import write_data

    with talk.stage("judging every label by models that have not seen it"):
        found = suspects(dataset, experiment, plugins)
    if out:
        write_file(out, suspects_csv(found).encode("utf-8", "surrogatepass"))
        talk.say(f"wrote {len(found):,} suspicious labels of {len(dataset):,} documents to {out}")
    if as_json:
        print_json([asdict(each) for each in found])
    elif not out:
        write_data(suspects_csv(found).splitlines(keepends=True))

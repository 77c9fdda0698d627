"""`triage corpora`: what there is to learn from, and what is in it."""

from __future__ import annotations

from typing import Any

import click

from triage.cli.common import (
    CORPUS,
    Talk,
    columns_of,
    columns_options,
    json_option,
    print_json,
    quiet_option,
    read,
)
from triage.cli.corpora_check import check
from triage.data.checks import dataset_warnings
from triage.host.extensions import Corpus
from triage.host.manager import Plugins


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """List the corpora that plugins bring. Any .csv, .jsonl or .parquet file is a corpus too.

    \b
    Examples:
      triage corpora
      triage corpora describe complaints
      triage corpora check past.csv --label-column team
    """
    if ctx.invoked_subcommand is not None:
        return
    from triage.cli.corpora_view import show_list

    plugins = Plugins.discover()
    found = [each for each in plugins if isinstance(each.extension, Corpus)]
    if as_json:
        print_json(
            [
                {
                    "name": each.extension.name,
                    "summary": each.extension.summary,
                    "distribution": each.origin.distribution,
                }
                for each in found
            ]
        )
        return
    show_list(found)


@command.command()
@click.argument("corpus", shell_complete=CORPUS)
@click.option(
    "--sample", type=click.IntRange(0), default=0, metavar="N", help="Show N documents, with their text."
)
@columns_options
@json_option
@quiet_option
def describe(*, corpus: str, sample: int, as_json: bool, quiet: bool, **given: Any) -> None:
    """Show what is in CORPUS: labels, lengths, empty texts, copies and near-duplicates, dates.

    Near-duplicates, such as template letters with another name in them, share most of their word
    8-shingles. A naive split would test on what it trained on; the share that leaks is shown.

    \b
    Examples:
      triage corpora describe complaints
      triage corpora describe past.csv --label-column team --sample 5
    """
    from triage.cli.corpora_view import show, show_sample
    from triage.data.describe import describe_dataset, describe_families

    talk = Talk(quiet=quiet)
    dataset = read(talk, Plugins.discover(warn=talk.say), corpus, columns_of(given))
    for warning in dataset_warnings(dataset):
        talk.say(warning)
    facts = describe_dataset(dataset)
    with talk.stage("looking for near-duplicates") as change:
        facts["near_duplicates"] = describe_families(
            dataset,
            progress=lambda done: change(f"looking for near-duplicates: {done:,} of {len(dataset):,}"),
        )
    if as_json:
        print_json(facts)
        return
    show(facts)
    if sample:
        show_sample(dataset, sample)


command.add_command(check)

"""`triage corpora`: what there is to learn from, and what is in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
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
from triage.data.checks import contradictory, counted, dataset_warnings
from triage.errors import DataError
from triage.host.extensions import Corpus
from triage.host.manager import Plugins
from triage.records import Dataset

_SHOWN = 20_000
"""Characters of a sample's text that are shown: several screens, and nothing that a terminal chokes on."""


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
    from rich.table import Table

    from triage.io.terminal import cell, console

    table = Table(box=None, pad_edge=False)
    for column in ("corpus", "from", "what it is"):
        table.add_column(column, overflow="fold")
    for each in found:
        extension = each.extension
        table.add_row(
            cell(extension.name, style="bold"),
            cell(each.origin.distribution or each.origin.module, style="dim"),
            cell(extension.summary),
        )
    console().print(table)


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
    talk = Talk(quiet=quiet)
    dataset = read(talk, Plugins.discover(warn=talk.say), corpus, columns_of(given))
    facts = describe_dataset(dataset)
    with talk.stage("looking for near-duplicates") as change:
        facts["near_duplicates"] = describe_families(
            dataset,
            progress=lambda done: change(f"looking for near-duplicates: {done:,} of {len(dataset):,}"),
        )
    if as_json:
        print_json(facts)
        return
    _show(facts)
    if sample:
        _sample(dataset, sample)


@command.command()
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


def describe_dataset(dataset: Dataset) -> dict[str, Any]:
    """Return what is in a corpus as facts: counts, lengths in words, duplicates, dates."""
    lengths = sorted(len(document.text.split()) for document in dataset.documents)
    copies = Counter(" ".join(document.text.split()) for document in dataset.documents)
    dates = sorted(document.date for document in dataset.documents if document.date is not None)

    def quantile(share: float) -> int:
        return lengths[min(len(lengths) - 1, int(share * len(lengths)))] if lengths else 0

    weekdays = Counter(date.strftime("%a") for date in dates)
    return {
        "corpus": dataset.name,
        "sha256": dataset.sha256,
        "documents": len(dataset),
        "quarantined": len(dataset.quarantined),
        "unlabelled": sum(document.label is None for document in dataset.documents),
        "labels": dict(dataset.label_counts.most_common()),
        "words": {
            name: quantile(share) for name, share in (("min", 0), ("median", 0.5), ("p95", 0.95), ("max", 1))
        },
        "empty": sum(length == 0 for length in lengths),
        "exact_duplicates": sum(count - 1 for text, count in copies.items() if text),
        "contradictory": contradictory(dataset).total(),
        "dates": {
            "known": len(dates),
            "first": dates[0].isoformat() if dates else None,
            "last": dates[-1].isoformat() if dates else None,
            "weekdays": {day: weekdays[day] for day in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")},
        },
    }


def describe_families(dataset: Dataset, *, progress: Callable[[int], None] | None = None) -> dict[str, Any]:
    """Return the families of near-duplicates as facts, and what share of a naive test part they would leak.

    The naive split is the usual one with seed 42, over the labelled documents.
    """
    import numpy as np

    from triage.data.duplicates import near_duplicates, twins
    from triage.data.labels import Labels
    from triage.data.splitting import PARTS, split_stratified

    groups = near_duplicates(dataset.texts, progress=progress)
    families, sizes = np.unique(groups, return_counts=True)
    large = sorted(zip(sizes.tolist(), families.tolist(), strict=True), key=lambda pair: (-pair[0], pair[1]))
    labels = dataset.labels
    codes = Labels(tuple(sorted(dataset.label_counts))).encode(labels)
    labelled = np.flatnonzero(codes >= 0)
    parts = split_stratified(codes[labelled], np.arange(len(labelled)), seed=42)
    numbers = {name: number for number, name in enumerate(PARTS)}
    return {
        "share": float(sizes[sizes > 1].sum() / max(len(groups), 1)),
        "families": int((sizes > 1).sum()),
        "largest": [
            {"documents": size, "first_row": dataset.documents[first].row, "label": labels[first]}
            for size, first in large[:5]
            if size > 1
        ],
        "naive_test_with_twin": twins(groups[labelled], parts, train=numbers["train"], test=numbers["test"]),
    }


def problems_of(dataset: Dataset, *, min_per_class: int) -> list[dict[str, str]]:
    """Return every problem of a corpus, worst first, as {"severity": fatal | warning, "problem": ...}."""
    facts = describe_dataset(dataset)
    counts: dict[str, int] = facts["labels"]
    enough = [label for label, count in counts.items() if count >= min_per_class]
    few = {label: count for label, count in counts.items() if count < min_per_class}
    fatal = []
    if not len(dataset):
        fatal.append("there is no document in it")
    elif not counts:
        fatal.append("no document has a label; name the column with --label-column")
    elif len(enough) < 2:
        fatal.append(f"fewer than two labels have {min_per_class} documents: {counted(counts)}")
    if len(dataset) and facts["empty"] == len(dataset):
        fatal.append("every text is empty")
    warnings = [
        (few, f"labels with fewer than {min_per_class} documents are set aside: {counted(few)}"),
        (facts["unlabelled"], f"{facts['unlabelled']:,} documents have no label"),
        (facts["quarantined"], f"{facts['quarantined']:,} rows could not be read"),
        (facts["empty"], f"{facts['empty']:,} texts are empty"),
        (facts["exact_duplicates"], f"{facts['exact_duplicates']:,} texts are exact copies of another"),
    ]
    warnings += [(True, doubt) for doubt in dataset_warnings(dataset)]
    return [{"severity": "fatal", "problem": problem} for problem in fatal] + [
        {"severity": "warning", "problem": problem} for found, problem in warnings if found
    ]


def _show(facts: dict[str, Any]) -> None:
    from rich.table import Table

    from triage.io.terminal import cell, console, safe_text

    out = console()
    out.print(cell(f"{facts['corpus']}: {facts['documents']:,} documents", style="bold"))
    labels, documents = facts["labels"], max(facts["documents"], 1)
    if labels:
        table = Table(box=None, pad_edge=False, title_justify="left")
        table.add_column("label", overflow="fold", max_width=44)
        table.add_column("documents", justify="right")
        table.add_column("share", justify="right")
        table.add_column("", no_wrap=True)
        most = max(labels.values())
        for label, count in labels.items():
            bar = "█" * max(1, round(28 * count / most))
            table.add_row(cell(label), f"{count:,}", f"{count / documents:.1%}", cell(bar, style="cyan"))
        out.print(table)
    words, dates, near = facts["words"], facts["dates"], facts["near_duplicates"]
    lines = [
        f"words: {words['min']} to {words['max']:,}, median {words['median']}, 95% under {words['p95']:,}",
        (
            f"empty {facts['empty']:,}, exact copies {facts['exact_duplicates']:,}, "
            f"texts with contradictory labels {facts['contradictory']:,}, unlabelled {facts['unlabelled']:,}"
        ),
    ]
    if near["families"]:
        biggest = ", ".join(
            f"{each['documents']} like row {each['first_row']}" for each in near["largest"][:3]
        )
        lines.append(
            f"near-duplicates: {near['share']:.1%} of the documents, in {near['families']:,} families "
            f"(the biggest: {biggest}); {near['naive_test_with_twin']:.1%} of a naive test part would have a "
            "twin in training, so the default split keeps families together"
        )
    if dates["known"]:
        days = ", ".join(f"{day} {count:,}" for day, count in dates["weekdays"].items())
        lines.append(f"dates: {dates['first']} to {dates['last']}, known for {dates['known']:,}; {days}")
    for line in lines:
        out.print(safe_text(line))


def _sample(dataset: Dataset, n: int) -> None:
    """Show `n` documents spread evenly over the corpus."""
    from triage.io.terminal import cell, console, safe_text

    out = console()
    step = max(1, len(dataset) // n)
    for document in list(dataset.documents)[::step][:n]:
        out.print()
        out.print(cell(f"row {document.row}, {document.label or 'no label'}", style="bold"))
        out.print(safe_text(document.text[:_SHOWN]))
        if len(document.text) > _SHOWN:
            out.print(cell(f"… and {len(document.text) - _SHOWN:,} characters more", style="dim"), end="\n")

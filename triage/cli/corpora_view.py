"""Show what is in a corpus."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from triage.host.manager import Registered
    from triage.records import Dataset

__all__ = ["show", "show_list", "show_sample"]

MAX_CHARACTERS = 20_000
"""Characters of a sample's text that are shown: several screens."""


def show_list(corpora: Sequence[Registered]) -> None:
    """Print the corpora that plugins bring."""
    from rich.table import Table

    from triage.io.terminal import cell, console

    table = Table(box=None, pad_edge=False)
    for column in ("corpus", "from", "what it is"):
        table.add_column(column, overflow="fold")
    for each in corpora:
        extension = each.extension
        table.add_row(
            cell(extension.name, style="bold"),
            cell(each.origin.distribution or each.origin.module, style="dim"),
            cell(extension.summary),
        )
    console().print(table)


def show(facts: dict[str, Any]) -> None:
    """Print the facts of a corpus: its labels as a table, the rest in lines."""
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


def show_sample(dataset: Dataset, n: int) -> None:
    """Show `n` documents spread evenly over the corpus."""
    from triage.io.terminal import cell, console, safe_text

    out = console()
    step = max(1, len(dataset) // n)
    for document in list(dataset.documents)[::step][:n]:
        out.print()
        out.print(cell(f"row {document.row}, {document.label or 'no label'}", style="bold"))
        out.print(safe_text(document.text[:MAX_CHARACTERS]))
        if len(document.text) > MAX_CHARACTERS:
            out.print(
                cell(f"… and {len(document.text) - MAX_CHARACTERS:,} characters more", style="dim"), end="\n"
            )

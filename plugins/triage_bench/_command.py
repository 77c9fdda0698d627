"""`triage bench`: backends beside what one would use instead, measured side by side."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from triage import Backend, Plugins, TriageError, Unavailable
from triage.plugin_api import (
    BACKEND,
    CORPUS,
    Experiment,
    Talk,
    columns_of,
    columns_options,
    json_option,
    quiet_option,
    read,
)

if TYPE_CHECKING:
    from triage_bench._bench import Row

_HEADINGS = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "train_seconds": "train s",
    "train_cpu_seconds": "CPU s",
    "documents_per_second": "docs/s",
    "cold_ms": "cold ms",
    "warm_ms": "warm ms",
    "train_memory_mb": "fit MB",
    "cold_memory_mb": "cold MB",
    "disk_mb": "disk MB",
}
_WORDS = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "train_seconds": "training time",
    "train_cpu_seconds": "CPU time to train",
    "documents_per_second": "documents a second",
    "cold_ms": "cold answer",
    "warm_ms": "warm answer",
    "train_memory_mb": "memory to train",
    "cold_memory_mb": "memory to answer",
    "disk_mb": "size on disk",
}
_EVEN = 1.1
"""Costs within this factor of each other are called even: machines are noisy."""


@click.command()
@click.argument("corpus", default="complaints", shell_complete=CORPUS)
@click.option(
    "--backend",
    "-b",
    "backends",
    metavar="A,B",
    default="linear,tfidf,gru",
    show_default=True,
    shell_complete=BACKEND,
    help="What of triage is measured; the first is what all are held against.",
)
@click.option("--against", metavar="A,B", help="Which alternatives. [all]")
@click.option(
    "--repeats", type=click.IntRange(1), default=5, show_default=True, help="Of cold and warm answers."
)
@click.option(
    "--tutorial-epochs",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Of the tutorial's LSTM, which is slow.",
)
@click.option(
    "--all-labels", is_flag=True, help="Let the alternatives learn from the tune and calibrate parts too."
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=42, show_default=True)
@click.option(
    "--split", type=click.Choice(["grouped", "naive", "time"]), default="grouped", show_default=True
)
@click.option(
    "--out", "-o", metavar="FILE", help="Also write there: Markdown where it ends in .md, else JSON."
)
@columns_options
@json_option
@quiet_option
def command(
    *,
    corpus: str,
    backends: str,
    against: str | None,
    repeats: int,
    tutorial_epochs: int,
    all_labels: bool,
    seed: int,
    split: str,
    out: str | None,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Measure backends beside scikit-learn, fastText, Vowpal Wabbit, spaCy and the tutorials' LSTM.

    All learn from the same documents, cleaned or as they were written, and answer for the same held-out test
    part. Each is trained in a
    process of its own, saved, and asked by fresh processes in turns. An alternative that is not installed
    is skipped: pip install 'nlp-triage[bench]'. A cold answer is a whole process: start, load the saved
    model, answer one text. A warm one is one text in a running process.

    \b
    Examples:
      triage bench
      triage bench complaints.csv --against scikit-learn,fasttext --backend tfidf
      triage bench complaints.csv --all-labels --out bench.md
      triage bench reviews --json > bench.json
    """
    from triage.plugin_api import prepare, to_json, write_file
    from triage_bench._alternatives import ALTERNATIVES
    from triage_bench._bench import bench, check_names

    talk = Talk(quiet=quiet)
    names = _names(backends)
    others = _names(against) if against is not None else list(ALTERNATIVES)
    check_names(others)
    plugins = Plugins.discover(warn=talk.say)
    columns = columns_of(given)
    experiment = Experiment().changed(location=corpus, columns=columns or None, seed=seed, split=split)
    dataset = read(talk, plugins, corpus, columns, labelled=True)
    by_corpus = experiment.changed(
        backend=plugins.role(Backend, "baseline")
    )  # asks for no cleaning of its own
    with talk.stage("cleaning and dividing the corpus"):
        prepared = prepare(dataset, by_corpus, plugins)
    with talk.stage("measuring") as change:

        def tell(words: str) -> None:
            change(words)
            if not talk.console.is_terminal or not words.startswith("asking"):
                talk.say(words)

        facts = bench(
            prepared,
            experiment,
            plugins,
            backends=names,
            against=others,
            repeats=repeats,
            tutorial_epochs=tutorial_epochs,
            learned_from=("train", "tune", "calibrate") if all_labels else ("train",),
            tell=tell,
        )
    rows: list[Row] = facts.pop("rows")
    measured = [row for row in rows if row.state == "measured"]
    first = measured[0] if measured else None
    facts["command"] = _command(corpus, sys.argv)
    record = {**facts, "rows": [row.to_json(first) for row in rows]}
    if out:
        text = _markdown(facts, rows) if out.endswith(".md") else to_json(record)
        write_file(out, text.encode())
        talk.say(f"wrote {out}")
    if as_json:
        sys.stdout.write(to_json(record))
    else:
        _show(facts, rows)
    for row in rows:
        if row.backend and row.state == "failed":
            raise TriageError(f"{row.name} failed: {row.reason}")
    if not measured:
        raise Unavailable(
            "nothing could be measured: " + "; ".join(f"{row.name}: {row.reason}" for row in rows)
        )


def _names(given: str) -> list[str]:
    """The names between the commas, each once."""
    return list(dict.fromkeys(name.strip() for name in given.split(",") if name.strip()))


def _command(corpus: str, argv: Sequence[str]) -> str:
    """How to do it again."""
    import shlex

    words = list(argv[1:]) if len(argv) > 1 and argv[1] == "bench" else ["bench", corpus]
    return shlex.join(["triage", *words])


def _figure(row: Row, name: str) -> str:
    """A figure in few columns."""
    if name in row.scores:
        return f"{row.scores[name]:.3f}"
    return _short(row.costs[name])


def _short(value: float) -> str:
    """A number in at most five columns, up to a thousand million."""
    for above, divisor, unit in ((999_500, 1e6, "M"), (9_999.5, 1e3, "k")):
        if value >= above:
            return (
                f"{value / divisor:.0f}{unit}" if value >= 100 * divisor else f"{value / divisor:.1f}{unit}"
            )
    return f"{value:,.0f}" if value >= 99.95 else f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


def _against(row: Row, first: Row, name: str) -> str:
    """A figure of `row` against that of `first`: a difference for scores, a multiple for costs."""
    if name in row.scores:
        value, low, high = row.differences[name]
        return f"{value:+.3f}{'*' if low > 0 or high < 0 else ' '}"
    ratio = row.ratios(first).get(name)
    if ratio is None:
        return "-"
    return f"{_short(ratio)}x"


def _verdict(row: Row, first: Row) -> str:
    """A sentence on what `first` wins and loses against `row`."""
    from triage_bench._bench import MEASURES

    parts: dict[str, list[str]] = {"wins": [], "loses": [], "even": []}
    for name, (value, low, high) in row.differences.items():
        verdict = "wins" if high < 0 else "loses" if low > 0 else "even"
        parts[verdict].append(f"{_WORDS[name]}" + (f" ({-value:+.3f})" if verdict != "even" else ""))
    for name, ratio in row.ratios(first).items():
        better = ratio if MEASURES[name] == "less" else 1 / max(ratio, 1e-12)
        verdict = "wins" if better > _EVEN else "loses" if better < 1 / _EVEN else "even"
        times = max(better, 1 / max(better, 1e-12))
        parts[verdict].append(_WORDS[name] + (f" ({times:,.1f}x)" if verdict != "even" else ""))
    said = "; ".join(f"{verdict} {', '.join(each)}" for verdict, each in parts.items() if each)
    return f"{first.name} against {row.name}: {said}"


def _notes(facts: dict[str, Any], rows: Sequence[Row]) -> list[str]:
    """What one has to know to read the table."""
    documents, machine = facts["documents"], facts["machine"]
    learned = sum(documents[part] for part in facts["learned_from"])
    kept = documents["tune"] + documents["calibrate"]
    division = (
        f"{facts['corpus']}: {facts['classes']} classes, {facts['split']} split, seed {facts['seed']}; "
        f"the alternatives learn from {learned:,} documents, triage from {documents['train']:,} and keeps "
        f"{kept:,} to stop and to calibrate on; all answer for {documents['test']:,}."
    )
    conditions = (
        f"Trained once, asked in {facts['repeats']} turns (medians) on {machine['cpus']} CPUs; load "
        f"{machine['load_before']} before, {machine['load_after']} after. MB: peak of the process that fits "
        "and of the one that answers cold, and what is saved."
    )
    inputs = (
        f"All get the same documents, cleaned ({', '.join(facts['cleaning'])}) or, where it suits them better, "
        "as they were written; a cold answer of triage is `triage route` with all its checks, of the others a "
        "bare script."
    )
    notes = [division, conditions, inputs]
    notes += [
        f"{row.name} ({row.library}): {row.what}; its own preprocessing: {row.own}."
        for row in rows
        if row.state == "measured" and not row.backend
    ]
    return notes + [f"{row.name}: {row.state}, {row.reason}" for row in rows if row.state != "measured"]


_STAR = "Against the first row; * where the 95% interval of that one difference excludes 0:"


def _show(facts: dict[str, Any], rows: Sequence[Row]) -> None:
    """Print both tables, the verdicts and the notes."""
    from rich.table import Table

    from triage.plugin_api import cell, console, safe_text

    out = console()
    measured = [row for row in rows if row.state == "measured"]
    tables = []
    for against in (False, True):
        table = Table(box=None, pad_edge=False, collapse_padding=True)
        for column in ("", *_HEADINGS.values()):
            table.add_column(column, justify="right" if column else "left", no_wrap=True)
        for row in measured:
            figures = [
                _against(row, measured[0], name) if against else _figure(row, name) for name in _HEADINGS
            ]
            table.add_row(cell(row.name, width=18, style="bold" if row.backend else ""), *figures)
        tables.append(table)
    if measured:
        out.print(tables[0])
        out.print()
        if len(measured) > 1:
            out.print(_STAR, style="dim")
            out.print(tables[1])
            out.print()
            for row in measured[1:]:
                out.print(safe_text(_verdict(row, measured[0])))
            out.print()
    for note in _notes(facts, rows):
        out.print(safe_text(note), style="dim")


def _markdown(facts: dict[str, Any], rows: Sequence[Row]) -> str:
    """Return both tables, the verdicts, the notes and the command as Markdown."""
    measured = [row for row in rows if row.state == "measured"]
    lines = ["```", facts["command"], "```", ""]
    for against in (False, True) if len(measured) > 1 else (False,):
        lines += [
            "| " + " | ".join(("", *_HEADINGS.values())) + " |",
            "|---" + "|---:" * len(_HEADINGS) + "|",
        ]
        for row in measured:
            figures = [
                _against(row, measured[0], name).strip().replace("*", "\\*")
                if against
                else _figure(row, name)
                for name in _HEADINGS
            ]
            lines.append("| " + " | ".join((row.name, *figures)) + " |")
        lines += ["", _STAR.replace("*", "\\*"), ""] if not against and len(measured) > 1 else [""]
    lines += [f"- {_verdict(row, measured[0])}" for row in measured[1:]]
    return "\n".join([*lines, "", *(f"{note}  " for note in _notes(facts, rows)), ""])

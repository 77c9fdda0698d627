"""Texts, labels and names that would like to write on the terminal."""

from __future__ import annotations

import csv
import os
import pathlib
import re
from collections.abc import Iterator, Sequence

from triage_selftest._judging import HOSTILE, harmful, judged, plugin_path, rows_of, write_rows, write_table
from triage_selftest._place import Done, Place
from triage_selftest._trials import Fault, Trial

__all__ = ["FAULTS"]

_LONG = "a" * 10_000_000
_MARKS = "e" + "\u0301" * 50_000
_STAY = ("[/b] [bold] [link=https://evil.example]here[/link] [amount]", ":bomb: :warning:")
_COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
# Runs a command with a terminal as its stdout and stderr, and passes on what it writes there.
_ON_A_TERMINAL = """
import os, subprocess, sys
ours, its = os.openpty()
process = subprocess.Popen([sys.executable, "-P", "-m", "triage", *sys.argv[1:]], stdout=its, stderr=its)
os.close(its)
while True:
    try:
        data = os.read(ours, 65536)
    except OSError:
        break
    if not data:
        break
    sys.stdout.buffer.write(data)
sys.stdout.flush()
sys.exit(process.wait())
"""


def _texts(place: Place) -> Iterator[Trial]:
    texts = [*(f"{each} my credit card {each} was charged twice {each}" for each in HOSTILE), _LONG, _MARKS]
    rows = [{"id": text[:40], "text": text} for text in texts]
    file = write_rows(place.folder / "texts.jsonl", rows)
    for what, number in (("read as they are", 0), ("read from CSV as they are", 1)):
        yield _whole(what, place, texts, number)
    for explain in ((), ("--explain",)):
        words = ("route", place.model, file, *explain)
        yield judged(f"route as a table {' '.join(explain)}", place.triage(*words, "--format", "table"))
        done = place.triage(*words, "--format", "jsonl")
        yield judged(f"route as JSON Lines {' '.join(explain)}", done)
        yield _ids("every row decided on, every id whole", rows, [row["id"] for row in rows_of(done)])
        done = place.triage(*words, "--format", "csv")
        yield judged(f"route as CSV into a pipe {' '.join(explain)}", done, data=True)
    sample = place.triage("corpora", "describe", file, "--sample", str(len(texts)))
    yield judged("texts shown on request, markup and emoji codes as written", sample, shows=_STAY)
    for text in (*HOSTILE, _MARKS[:9]):
        if "\0" not in text and "\ud800" not in text:  # which no command line can hold
            yield judged(f"as an argument: {text[:20]!a}", place.triage("route", place.model, "--text", text))
    yield judged(
        "on stdin", place.triage("route", place.model, "-", stdin="\n".join(texts).encode("utf-8", "replace"))
    )
    yield from _on_a_terminal(place, file)


def _whole(what: str, place: Place, texts: Sequence[str], number: int) -> Trial:
    """Read the texts back in a process of its own: not a character may be lost on the way in."""
    rows = [(f"{row}", text) for row, text in enumerate(texts) if number == 0 or "\0" not in text]
    kept = [text for _, text in rows if number == 0 or "\ud800" not in text]
    if number:
        file = write_table(
            place.folder / "whole.csv", ("id", "text"), [row for row in rows if row[1] in kept]
        )
    else:
        file = write_rows(place.folder / "whole.jsonl", [{"id": key, "text": text} for key, text in rows])
    from triage import Plugins
    from triage.plugin_api import load

    dataset = load(Plugins.discover(), str(file))
    lost = sum(read != text for read, text in zip(dataset.texts, kept, strict=False))
    lost += abs(len(dataset.texts) - len(kept))
    return Trial(
        what=what, outcome="lost" if lost else "held", detail=f"{lost} texts changed" if lost else ""
    )


def _ids(what: str, rows: Sequence[dict[str, str]], found: Sequence[object]) -> Trial:
    if found == [row["id"] for row in rows]:
        return Trial(what=what)
    return Trial(what=what, outcome="lost", detail=f"{len(found)} of {len(rows)} rows, or other ids")


def _on_a_terminal(place: Place, file: pathlib.Path) -> Iterator[Trial]:
    """What a person sees, with and without colours: more is written there than into a pipe."""
    if not hasattr(os, "openpty") or not pathlib.Path("/dev/ptmx").exists():
        yield Trial(what="on a terminal", outcome="skipped", detail="there are no pseudo-terminals here")
        return
    commands: tuple[tuple[str | pathlib.Path, ...], ...] = (
        ("route", place.model, file),
        ("route", place.model, file, "--format", "jsonl"),
        ("route", place.model, file, "--format", "csv", "--explain"),
        ("corpora", "describe", file, "--sample", "14"),
    )
    for words in commands:
        for colours in (False, True):
            env = {"TERM": "xterm-256color", "COLUMNS": "100"} | ({} if colours else {"NO_COLOR": "1"})
            done = place.python(_ON_A_TERMINAL, *words, "--quiet", env=env)
            options = " ".join(word for word in words if isinstance(word, str))
            what = f"{options} on a terminal{' with colours' if colours else ''}"
            # The terminal itself turns line ends into two characters; colours are our own.
            out = done.out.replace(b"\r\n", b"\n")
            own = {sequence.decode("ascii") for sequence in _COLOUR.findall(out)} if colours else set()
            if found := harmful(out, own=own):
                yield Trial(what=what, outcome="let_in", detail=found)
            else:
                yield judged(what, Done(done.code, b"", done.err))


def _labelled(place: Place, name: str, labels: Sequence[str], columns: Sequence[str]) -> pathlib.Path:
    """Write the battery's corpus with other labels, and hostile words in its texts."""
    with place.corpus.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = dict(zip(sorted({row["label"] for row in rows}), labels, strict=True))
    words = [*HOSTILE, "plain"]
    return write_rows(
        place.folder / name,
        [
            {
                columns[0]: row["id"],
                columns[1]: f"{row['text']} {words[number % len(words)]}",
                columns[2]: names[row["label"]],
            }
            for number, row in enumerate(rows)
        ],
    )


def _names(place: Place) -> Iterator[Trial]:
    plain = ("id", "text", "label")
    sets = (HOSTILE[:4], HOSTILE[4:8], HOSTILE[8:12], (_LONG[:300_000], _MARKS, "b\x1b[1m", "c"))
    for number, labels in enumerate(sets):
        name = f"\x1b]0;owned\x07{number}\u202e.jsonl" if number != 2 else "[b]\x9b31m.jsonl"
        yield from _used(place, _labelled(place, name, labels, plain), number, short=number > 0)
    odd = ("i\x1b[31md", "t\x1b]0;x\x07ext\u202e", "\x9blabel[/b]")
    file = _labelled(place, "columns.jsonl", ("a", "b", "c", "d"), odd)
    given = ("--text-column", odd[1], "--label-column", odd[2], "--id-column", odd[0])
    yield judged("column names, used", place.triage("corpora", "check", file, *given))
    yield judged(
        "column names, listed", place.triage("corpora", "check", file), code=65, says=("--text-column",)
    )
    yield judged(
        "column names, suggested",
        place.triage("corpora", "check", file, "--text-column", "t\x1b]0;x\x07exx"),
        code=65,
        says=("no column",),
    )


def _used(place: Place, file: pathlib.Path, number: int, *, short: bool) -> Iterator[Trial]:
    """Work with a file whose name and labels are hostile, by every command that shows them."""
    model, runs, out = (
        place.folder / f"{word}{number}" for word in ("m\x1b[7m", "r\x1b[7m", "decided.jsonl")
    )
    told = f"labels and file names, set {number + 1}:"
    done = place.triage("train", file, "--model", model)
    yield judged(f"{told} train", done)
    for words in (("corpora", "describe", file), ("corpora", "check", file)):
        yield judged(f"{told} {words[1]}", place.triage(*words))
    done = place.triage("evaluate", file, "--backend", "majority", "--runs", runs)
    yield judged(f"{told} evaluate", done)
    yield judged(f"{told} report", place.triage("report", runs))
    done = place.triage("route", model, file, "--limit", "30", "--format", "table", "--explain")
    yield judged(f"{told} route as a table", done)
    if short:
        return
    done = place.triage("route", model, file, "--explain", "--out", out)
    yield judged(f"{told} route into a file", done)
    yield judged(f"{told} monitor", place.triage("monitor", model, out), code=(0, 1))
    yield judged(f"{told} compare", place.triage("compare", runs))
    yield judged(f"{told} report as JSON", place.triage("report", runs, "--format", "json"))
    done = place.triage("promise", model, "--max-error", "0.3", "--per-queue")
    yield judged(f"{told} promise", done, code=(0, 1))
    done = place.triage("corpora", "check", file, "--labels", "--json")
    yield judged(f"{told} suspicious labels as JSON", done)


def _errors(place: Place) -> Iterator[Trial]:
    for number, text in enumerate(HOSTILE):
        if "\0" in text:  # which no command line can hold
            continue
        word = text.replace("/", "-").replace("\ud800", "\udcff")  # a byte that is not UTF-8
        name, shown = place.folder / word[:60], ascii(text[:16])
        yield judged(f"no such file {shown}", place.triage("route", place.model, f"{name}.csv"), code=66)
        yield judged(f"no such model {shown}", place.triage("route", name, "--text", "x"), code=(66, 77))
        ways: tuple[tuple[str, tuple[str | pathlib.Path, ...]], ...] = (
            ("backend", ("train", place.corpus, "--model", name, "--backend", word)),
            ("option", ("route", place.model, "--text", "x", "--set", f"{word}=1")),
            ("flag", (f"--{word}",)),
            ("policy", ("route", place.model, "--text", "x", "--policy", word)),
        )
        for what, words in (ways[number % 4], ways[(number + 2) % 4]):
            yield judged(f"no such {what} {shown}", place.triage(*words), code=2)
    config = place.folder / "odd.toml"
    config.write_bytes(b'["\\u001b]0;owned\\u0007"]\n')
    yield judged(
        "an experiment file",
        place.triage("train", place.corpus, "--config", config, "--model", place.folder / "m"),
        code=2,
    )
    yield from _plugins(place)


def _plugins(place: Place) -> Iterator[Trial]:
    """Names, summaries, options and exceptions of plugins are written by strangers too."""
    bad = "\\x1b]0;owned\\x07 \\x9b31m [/b] \\u202e"
    backend = f'''
"""\x1b[31m docstring"""
from typing import Annotated
import triage
def build(*, size: Annotated[str, "{bad}"] = "{bad}"):
    """A {bad} backend."""
    raise ValueError("{bad}")
@triage.hookimpl
def triage_backends():
    yield triage.Backend(name="rogue", summary="{bad}", build=build)
@triage.hookimpl
def triage_run_finished(run, evaluation):
    raise ValueError("{bad}")
'''
    names = {"\x1b]0;own\x07": backend, "[b]\x9b1m": f'raise RuntimeError("{bad}")'}
    env = plugin_path(place.folder / "plugins", names)
    env = {**env, "PYTHONPATH": os.pathsep.join([env["PYTHONPATH"], os.environ.get("PYTHONPATH", "")])}
    model = place.folder / "model"
    for what, words, code in (
        ("listed", ("plugins",), 0),
        ("listed as JSON", ("plugins", "--json"), 0),
        ("described", ("plugins", "describe", "rogue"), 0),
        ("that cannot be built", ("train", place.corpus, "--model", model, "--backend", "rogue"), 69),
        ("beside a name that is not there", ("train", place.corpus, "--model", model, "--backend", "x"), 2),
        ("that fail as observers", ("evaluate", place.corpus, "--runs", place.folder / "runs"), 0),
    ):
        yield judged(f"plugins {what}", place.triage(*words, env=env), code=code)


FAULTS = (
    Fault(
        name="terminal-texts",
        does="Texts and ids with escapes, titles, links, C1, right-to-left, markup, 10 MB, 50,000 marks",
        must="No control character reaches the terminal, every text stays whole, exit code 0",
        trials=_texts,
    ),
    Fault(
        name="terminal-names",
        does="The same in labels, words, file names and column names, through every command",
        must="No control character reaches the terminal, exit code 0 or one clear message",
        trials=_names,
    ),
    Fault(
        name="terminal-errors",
        does="The same in names that are not there, options, and what plugins say of themselves",
        must="One clear message without a control character, and the right exit code",
        trials=_errors,
    ),
)

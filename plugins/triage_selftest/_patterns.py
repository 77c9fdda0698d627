"""Cleaning rules and routing rules that would search for ever."""

from __future__ import annotations

import csv
import itertools
import json
import time
from collections.abc import Iterator

from triage_selftest._judging import rows_of, write_table
from triage_selftest._place import Place
from triage_selftest._trials import Fault, Trial

__all__ = ["FAULTS"]

# A pattern, and a text on which trying every way takes longer than anybody waits.
_ENDLESS = (
    (r"^(a|aa)+$", "a" * 70 + "b"),
    (r"^(\d|\d\d|\d\d\d)+$", "1" * 70 + "z"),
    (r"^(\w|\w\w)*[!?]$", "w" * 70 + "."),
    (r"^(x|xx)*[yz]$", "x" * 70),
    (r"^(.*?,){11}[PQ]$", "1," * 40),
    (r"^((ab)|(a)|(b))+[!]?$", "ab" * 60 + "."),
)
_BUDGET = 0.1
_TOO_LARGE = (
    "((a{1000}){1000}){1000}",
    "(" * 4000 + ")" * 4000,
    "a" * 20_000,
    "(",
    "(?P<a>x)(?P<a",
    "a{2000000}",
)


def _patterns(place: Place) -> Iterator[Trial]:
    for pattern, text in _ENDLESS:
        yield from _ruled(place, pattern, text)
    for number, (pattern, text) in enumerate(_ENDLESS[:2]):
        yield from _cleaned(place, number, pattern, text)
    for number, pattern in enumerate(_TOO_LARGE):
        yield from _refused(place, number, pattern)


def _new(place: Place, text: str) -> tuple[str, int]:
    rows = [("1", "my credit card was charged twice"), ("2", text), ("3", "my mortgage escrow is wrong")]
    rows += [(f"{number}", f"{text} {number}") for number in range(4, 9)]
    write_table(place.folder / "new.csv", ("id", "text"), [*rows, ("9", "my credit card was charged twice")])
    return "new.csv", 9


def _ruled(place: Place, pattern: str, text: str) -> Iterator[Trial]:
    """The rule in a model's experiment: the first texts are never searched to the end."""
    what = f"a routing rule {pattern}"
    model = place.folder / "ruled"
    config = place.folder / "rules.toml"
    config.write_text(
        "".join(
            f"[rules.endless-{place_of}]\npattern = {json.dumps(each)}\nqueue = 'Never'\n"
            for place_of, (each, _) in enumerate(_ENDLESS)
        ),
        encoding="utf-8",
    )
    if not model.exists():
        done = place.triage("train", place.corpus, "--config", config, "--model", model)
        if done.code:
            yield Trial(what=what, outcome="silent", detail=f"exit code {done.code}: {done.said}")
            return
    file, rows = _new(place, text)
    began = time.perf_counter()
    done = place.triage("route", model, file, "--format", "jsonl", timeout=60)
    took = time.perf_counter() - began
    found = rows_of(done)
    if done.code or [row["row"] for row in found] != list(range(1, rows + 1)):
        yield Trial(what=what, outcome="silent", detail=f"exit code {done.code}: {done.said}")
        return
    most = _BUDGET * len(_ENDLESS) * (rows - 3) + 15
    bad = [row for row in found if row["row"] not in (1, 3, 9)]
    if any(row["action"] == "route" and row["queue"] == "Never" for row in bad):
        yield Trial(what=what, outcome="silent", detail="it matched what it does not")
    elif not all(row["reasons"][0].startswith("rule:endless-") for row in bad[:1]) or took > most:
        detail = f"{took:.0f} s, reasons {sorted({reason for row in bad for reason in row['reasons']})}"
        yield Trial(what=what, outcome="silent", detail=detail)
    elif any("rule:" in reason for row in found if row not in bad for reason in row["reasons"]):
        yield Trial(what=what, outcome="silent", detail="a sound text went to a person for it")
    else:
        yield Trial(what=what)


def _cleaned(place: Place, number: int, pattern: str, text: str) -> Iterator[Trial]:
    """The rule as a cleaning step: in training its documents are left out, in routing a person sees them."""
    what = f"a cleaning rule {pattern}"
    with place.corpus.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    for row in itertools.islice(rows, 1, None, 60):
        row[1] = text
    past = write_table(place.folder / "past.csv", rows[0], rows[1:])
    config = place.folder / "clean.toml"
    config.write_text(
        f'[pipeline]\ncleaners = [{{name = "regex", pattern = {json.dumps(pattern)}, seconds = {_BUDGET}}}, '
        '"general"]\n',
        encoding="utf-8",
    )
    model = place.folder / f"cleaned{number}"
    done = place.triage("train", past, "--config", config, "--model", model)
    said = done.err.decode("utf-8", "replace")
    if done.code or "10 documents left out" not in said or repr(pattern) not in said:
        yield Trial(
            what=f"{what}, in training", outcome="silent", detail=f"exit code {done.code}: {done.said}"
        )
        return
    yield Trial(what=f"{what}, in training")
    name, count = _new(place, text)
    done = place.triage("route", model, name, "--format", "jsonl", timeout=60)
    found = rows_of(done)
    late = [row["row"] for row in found if row["reasons"] == ["unreadable_row"]]
    fine = [row["row"] for row in found if row["row"] in (1, 3, 9) and row["reasons"] != ["unreadable_row"]]
    if done.code or len(found) != count or repr(pattern) not in done.err.decode("utf-8", "replace"):
        yield Trial(
            what=f"{what}, in routing", outcome="silent", detail=f"exit code {done.code}: {done.said}"
        )
    elif late[:1] != [2] or fine != [1, 3, 9]:
        yield Trial(
            what=f"{what}, in routing", outcome="silent", detail=f"rows {late} went to a person for it"
        )
    else:
        yield Trial(what=f"{what}, in routing")


def _refused(place: Place, number: int, pattern: str) -> Iterator[Trial]:
    """Patterns that cannot even be compiled in time."""
    for kind, lines in (
        ("routing", f"[rules.large]\npattern = {json.dumps(pattern)}\nqueue = 'Q'\n"),
        ("cleaning", f"[pipeline]\ncleaners = [{{name = 'regex', pattern = {json.dumps(pattern)}}}]\n"),
    ):
        what = f"a {kind} rule that cannot be compiled: {pattern[:24]}"
        config = place.folder / f"large{number}.toml"
        config.write_text(lines, encoding="utf-8")
        model = place.folder / "large"
        done = place.triage("train", place.corpus, "--config", config, "--model", model, timeout=30)
        named = "large" if kind == "routing" else "regex"
        if done.code != 2 or named not in done.said or model.exists():
            yield Trial(what=what, outcome="silent", detail=f"exit code {done.code}: {done.said}")
        else:
            yield Trial(what=what)


FAULTS = (
    Fault(
        name="endless-patterns",
        does="Cleaning rules and routing rules that would try every way to match, or cannot be compiled",
        must="The rule is named, its documents go to a person or are left out in time, the rest goes on",
        trials=_patterns,
    ),
)

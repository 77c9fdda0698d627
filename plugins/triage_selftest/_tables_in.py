"""Tables as old systems export them: in another encoding, cut off, with stray quotes and missing columns."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass

from triage import Document
from triage_selftest._judging import rows_of
from triage_selftest._place import Done, Place
from triage_selftest._trials import Fault, Trial

__all__ = ["FAULTS"]

_HEADER = "id,text,label,date\n"
_ROWS = tuple(
    f'c{i},"my credit card {i} was charged, twice",Credit card,2021-03-{i % 28 + 1:02d}\n'
    for i in range(1, 31)
)
_WHOLE = _HEADER + "".join(_ROWS)
_ALL = tuple(range(1, 31))


@dataclass(frozen=True, kw_only=True)
class _Case:
    """A file, and what must come of it.

    Attributes:
        data: its bytes.
        bad: the numbers of the rows that cannot be read, of `rows`.
        rows: how many rows there are.
        line: of the first bad row, or of what is wrong.
        refused: words of the message, where the whole file is refused.
        options: further words of the command.
    """

    data: bytes
    bad: tuple[int, ...] = ()
    rows: int = 30
    line: int = 0
    refused: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


def _with(number: int, row: str) -> str:
    """Return the table with another row of that number, from 1."""
    return _HEADER + "".join([*_ROWS[: number - 1], row, *_ROWS[number:]])


def _cases() -> Iterator[tuple[str, _Case]]:
    plain = _WHOLE.encode()
    accents = _WHOLE.replace("charged", "chargéd \u201ctwice\u201d")
    yield "as it should be", _Case(data=plain)
    yield (
        "a NUL byte in one row",
        _Case(data=_with(11, "c11,nul\0here,x,2021-01-01\n").encode(), bad=(11,), line=12),
    )
    yield "NUL bytes all over", _Case(data=_WHOLE.encode("utf-16-le"), refused=("utf-16-le",))
    yield "a byte order mark", _Case(data=b"\xef\xbb\xbf" + plain)
    yield "UTF-16, little end first", _Case(data=b"\xff\xfe" + accents.encode("utf-16-le"))
    yield "UTF-16, big end first", _Case(data=b"\xfe\xff" + accents.encode("utf-16-be"))
    yield (
        "UTF-16 cut in a character",
        _Case(data=b"\xff\xfe" + _WHOLE.encode("utf-16-le")[:-3], refused=("cut off",)),
    )
    yield "cp1252", _Case(data=accents.encode("cp1252"), refused=("line 2", "--encoding cp1252"))
    yield (
        "cp1252, said so",
        _Case(data=accents.encode("cp1252"), options=("--encoding", "cp1252")),
    )
    yield (
        "one byte that is not UTF-8",
        _Case(
            data=_with(20, "c20,\udcff,x,\n").encode("utf-8", "surrogateescape"),
            refused=("line 21", "not UTF-8"),
        ),
    )
    yield "line ends CR only", _Case(data=_WHOLE.replace("\n", "\r").encode())
    ends = ("\n", "\r\n", "\r")
    mixed = _HEADER + "".join(row.replace("\n", ends[number % 3]) for number, row in enumerate(_ROWS))
    yield "mixed line ends", _Case(data=mixed.encode())
    yield (
        "line breaks of all kinds in quotes",
        _Case(data=_with(5, 'c5,"two\r\nlines\rand\nmore",Credit card,\n').encode()),
    )
    yield (
        "the same header twice",
        _Case(data=plain.replace(b"id,text", b"text,text", 1), refused=("columns 1 and 2", "text")),
    )
    yield "no text column", _Case(data=plain.replace(b"text", b"foo", 1), refused=("--text-column", "foo"))
    yield (
        "a column that is not there",
        _Case(data=plain, options=("--text-column", "txt"), refused=("txt", "text")),
    )
    yield "a header only", _Case(data=_HEADER.encode(), refused=("no rows",))
    yield "an empty file", _Case(data=b"", refused=("empty",))
    yield "nothing but line ends", _Case(data=b"\n\r\n\n", refused=("empty",))
    yield "no final newline", _Case(data=plain[:-1])
    yield (
        "an unclosed quote",
        _Case(data=_with(12, 'c12,"never closed,Credit card,2021-01-01\n').encode(), bad=(12,), line=13),
    )
    yield (
        "an unclosed quote on the last row",
        _Case(data=_with(30, 'c30,"never closed,Credit card,2021-01-01\n').encode(), bad=(30,), line=31),
    )
    plain_rows = [row.replace('"', "").replace("charged, twice", "charged twice") for row in _ROWS]
    plain_rows[5] = 'c6,"stray here,Credit card,2021-03-07\n'
    plain_rows[19] = 'c20,there",Credit card,2021-03-21\n'
    swallowing = (_HEADER + "".join(plain_rows)).encode()
    yield "stray quotes that would swallow rows", _Case(data=swallowing, bad=(6,), line=7)
    stray = [*_ROWS]
    stray[5] = 'c6,"stray here,Credit card,2021-01-01\n'
    stray[19] = 'c20,stray" there,Credit card,2021-01-01\n'
    yield "stray quotes among quoted rows", _Case(data=(_HEADER + "".join(stray)).encode(), bad=(6,), line=7)
    yield (
        "text after a closing quote",
        _Case(data=_with(9, 'c9,"closed" too early,Credit card,\n').encode(), bad=(9,), line=10),
    )
    yield (
        "an extra comma on one row",
        _Case(data=_with(14, _ROWS[13][:-1] + ",\n").encode(), bad=(14,), line=15),
    )
    extra = _HEADER + "".join(row[:-1] + ",\n" for row in _ROWS)
    yield "an extra comma on every row", _Case(data=extra.encode())
    shifted = _HEADER + "".join("0," + row for row in _ROWS)
    yield "an extra cell on every row", _Case(data=shifted.encode(), bad=_ALL, line=2)
    yield "a short row", _Case(data=_with(18, "c18,short\n").encode(), bad=(18,), line=19)
    half = _HEADER + "".join(
        row if number % 2 else row.split(",")[0] + "\n" for number, row in enumerate(_ROWS)
    )
    yield "every other row short", _Case(data=half.encode(), bad=_ALL[::2], line=2)
    yield "cut within a quoted text", _Case(data=plain[: plain.rfind(b"twice")], bad=(30,), line=31)
    yield "cut between two cells", _Case(data=plain[: plain.rfind(b",2021")], bad=(30,), line=31)
    yield "an unquoted text cut after its first letters", _Case(data=b"text\n" + b"one\n" * 29 + b"tw")
    packed = gzip.compress(plain, mtime=0)
    yield "packed by gzip", _Case(data=packed)
    for kept in (3, 12, len(packed) // 2, len(packed) - 1):
        yield f"a gzip stream cut after {kept} bytes", _Case(data=packed[:kept], refused=("cut off",))
    damaged = bytearray(packed)
    damaged[len(packed) // 2] ^= 255
    yield "a damaged gzip stream", _Case(data=bytes(damaged), refused=("byte",))
    yield (
        "something after a gzip stream",
        _Case(data=packed + b"text,label\n", refused=("after its gzip stream",)),
    )


def _in(place: Place) -> Iterator[Trial]:
    for number, (what, case) in enumerate(_cases()):
        file = place.folder / f"table{number}.csv"
        file.write_bytes(case.data)
        yield _decided(place, what, case, file.name)
        if case.bad or case.refused:
            yield _strict(place, what, case, file.name)
    lines = "".join(json.dumps({"text": "my card", "label": "x"}) + "\n" for _ in range(9))
    file = place.folder / "cut.jsonl"
    file.write_text(lines[:-20], encoding="ascii")
    yield _decided(place, "JSON Lines cut in a record", _Case(data=b"", rows=9, bad=(9,), line=9), file.name)
    yield from _learned(place)


def _decided(place: Place, what: str, case: _Case, name: str) -> Trial:
    done = place.triage("route", place.model, name, "--format", "jsonl", *case.options)
    if case.refused:
        return _refused(what, done, name, case.refused)
    rows = rows_of(done)
    said = done.err.decode("utf-8", "replace")
    if done.code:
        return Trial(what=what, outcome="silent", detail=f"exit code {done.code}: {done.said}")
    if [row["row"] for row in rows] != list(range(1, case.rows + 1)):
        return Trial(what=what, outcome="lost", detail=f"{len(rows)} decisions on {case.rows} rows")
    bad = tuple(row["row"] for row in rows if row["reasons"] == ["unreadable_row"])
    if bad != case.bad:
        return Trial(
            what=what, outcome="lost", detail=f"the rows set aside are {bad[:5]}, not {case.bad[:5]}"
        )
    wrong = [row["row"] for row in rows if row["row"] not in bad and row["id"] not in ("", f"c{row['row']}")]
    if wrong:
        return Trial(what=what, outcome="silent", detail=f"row {wrong[0]} is not the row that was written")
    if number := _changed(place, case, name):
        return Trial(what=what, outcome="lost", detail=f"row {number} does not say what was written")
    count = f"{case.rows:,} rows in = {case.rows - len(bad):,} kept + {len(bad):,} quarantined"
    if count not in said or (bad and f"line {case.line}:" not in said):
        return Trial(what=what, outcome="silent", detail="the rows or the line are not told")
    return Trial(what=what)


def _changed(place: Place, case: _Case, name: str) -> int:
    """Return the first row whose text, label or day is not what was written, or 0."""
    from triage import Plugins
    from triage.plugin_api import load, open_source

    options = {"encoding": case.options[1]} if case.options[:1] == ("--encoding",) else {}
    plugins, path = Plugins.discover(), str(place.folder / name)
    if len(case.bad) == case.rows:
        return sum(isinstance(item, Document) for item in open_source(plugins, path, options=options))
    for document in load(plugins, path, options=options).documents:
        row = document.row
        if not document.text.startswith("my credit card"):
            continue  # a row with a fault in it, or of another table
        day = None if document.date is None else document.date.isoformat()
        text = document.text.replace("é", "e").replace(" \u201ctwice\u201d", "").replace(",", "")
        if text != f"my credit card {row} was charged twice":
            return row
        if document.label != "Credit card" or day not in (None, f"2021-03-{row % 28 + 1:02d}"):
            return row
    return 0


def _strict(place: Place, what: str, case: _Case, name: str) -> Trial:
    words = case.refused or (f"line {case.line}",)
    done = place.triage("route", place.model, name, "--strict", *case.options)
    return _refused(f"{what}, --strict", done, name, words)


def _refused(what: str, done: Done, name: str, words: tuple[str, ...]) -> Trial:
    if done.code != 65 or any(word not in done.said for word in (name, *words)):
        return Trial(what=what, outcome="silent", detail=f"exit code {done.code}: {done.said}")
    return Trial(what=what)


def _learned(place: Place) -> Iterator[Trial]:
    """Training sets bad rows aside and says so; with --strict it stops and writes nothing."""
    rows = place.corpus.read_bytes()
    file = place.folder / "past.csv"
    file.write_bytes(rows + b'x1,"never closed,Mortgage,\nx2,short\nx3,fine text,Mortgage,2021-01-01\n')
    model = place.folder / "model"
    done = place.triage("train", file, "--model", model, "--strict")
    if done.code != 65 or model.exists() or "past.csv" not in done.said or "line" not in done.said:
        yield Trial(what="learning from it, --strict", outcome="silent", detail=f"exit code {done.code}")
    else:
        yield Trial(what="learning from it, --strict")
    done = place.triage("train", file, "--model", model)
    if done.code or b"603 rows in = 601 kept + 2 quarantined" not in done.err:
        yield Trial(what="learning from it", outcome="silent", detail=f"exit code {done.code}: {done.said}")
    else:
        yield Trial(what="learning from it")


FAULTS = (
    Fault(
        name="broken-tables",
        does="NUL, byte order marks, UTF-16, cp1252, odd line ends, headers, quotes, commas, cut files",
        must="The right rows, or exit code 65 with file, line and reason; rows in = kept + quarantined",
        trials=_in,
    ),
)

"""The readers under fire: CSV, JSON Lines and Parquet."""

from __future__ import annotations

import datetime
import decimal
import gzip
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import triage
import triage_readers
from triage.io.files import csv_line

from .harness import CANARY
from .mutation import Program, change_bytes, change_tree, dumped

TEXT = (
    f"I was charged twice by the {CANARY} for one single transfer and nobody ever answers, not even on Monday"
)
_ENDS = re.compile("\r\n|\n|\r")


class Reader:
    """A format: samples, what damages them, and the law that every row comes out once."""

    name = ""
    suffix = ""
    options: Sequence[Mapping[str, str]] = ({},)

    def __init__(self, folder: Path) -> None:
        self.path = folder / f"fuzzed.{self.suffix}"
        self.samples = self.made()
        self.pieces = self.bits()

    def made(self) -> list[bytes]:
        """Valid files."""
        raise NotImplementedError

    def bits(self) -> list[bytes]:
        """What means something in the format."""
        raise NotImplementedError

    def changed(self, program: Program) -> bytes:
        """An input."""
        data = change_bytes(program, program.pick(self.samples), pieces=self.pieces, samples=self.samples)
        if program.byte() > 250:
            packed = gzip.compress(data, 1)
            data = change_bytes(
                program, packed, pieces=[b"\0", b"\x1f\x8b", packed], samples=[packed], most=2
            )
        return data

    def run(self, program: Program) -> str:
        """Read a changed file: every row is a document or quarantined, and none is lost."""
        data = self.changed(program)
        options = dict(program.pick(self.options))
        self.path.write_bytes(data)
        source = triage_readers.triage_open_corpus(str(self.path), options)
        assert source is not None
        rows = list(source)
        check_rows(rows, told=source.columns.text in TEXTS)
        self.count(data, rows, source)
        if program.byte() > 230:
            assert list(source) == rows, "read again, it gives other rows"
        lost = sum(isinstance(row, triage.Quarantined) for row in rows)
        return "read" if not lost else "read in part" if lost < len(rows) else "quarantined"

    def count(self, data: bytes, rows: Sequence[Any], source: Any) -> None:
        """Count the rows by other means, where that is possible."""


TEXTS = ("text", "Consumer complaint narrative", "message")
"""The names of the text columns in the samples: under another, a text may have become a name."""


def check_rows(rows: Sequence[Any], *, told: bool) -> None:
    """Hold rows to what every reader promises: numbered from 1, lines in order, reasons without texts."""
    line = 0
    for number, row in enumerate(rows, start=1):
        assert row.row == number, f"row {row.row} comes as number {number}"
        if isinstance(row, triage.Quarantined):
            assert row.reason, "quarantined without a reason"
            assert row.line == 0 or row.line >= line, "lines go back"
            line = max(line, row.line)
            assert not told or CANARY not in row.reason, "the reason quotes a text"
        else:
            assert type(row) is triage.Document
            assert isinstance(row.text, str)
            assert row.label is None or (isinstance(row.label, str) and row.label.strip())
            assert isinstance(row.id, str)
            assert row.date is None or type(row.date) is datetime.date


class Csv(Reader):
    """CSV files of every kind, and files that triage wrote."""

    name = "csv"
    suffix = "csv"
    options = (
        *({},) * 8,
        {"delimiter": ";"},
        {"encoding": "cp1252"},
        {"encoding": "utf-16"},
        {"encoding": "utf-7"},
        {"encoding": "shift-jis"},
        {"text_column": "label", "label_column": "text"},
        {"date_column": "date"},
    )

    def made(self) -> list[bytes]:
        rows = [("1", TEXT, "card", "2024-01-05"), ("2", f'no {CANARY}, "none" at all', "loan", "05/01/2024")]
        rows += [
            ("3", "several\nlines\r\nof it", "card", ""),
            ("4", "", "", "5 Jan 2024"),
            ("5", "short", "loan", "x"),
        ]
        header = ("id", "text", "label", "date")
        plain = "".join(",".join(cells) + "\n" for cells in (header, rows[0], rows[4], rows[0]))
        quoted = "".join(csv_line(cells, end="\n") for cells in (header, *rows))
        marked = "".join(csv_line((*cells, "")) for cells in ((*header[:4],), *rows)).replace(
            '"date",""', '"date","triage_escaped"', 1
        )
        cfpb = csv_line(("Date received", "Product", "Consumer complaint narrative", "Complaint ID"))
        cfpb += "".join(
            csv_line(("2023-04-05", product, TEXT, "7")) for product in ("Mortgage", "Virtual currency", "x")
        )
        texts = [plain, quoted, marked, cfpb, plain.replace(",", ";"), plain.replace(",", "\t")]
        texts += [
            plain.replace("\n", "\r"),
            quoted.replace("\n", "\r\n"),
            plain.replace("\n", ",\n"),
            "text\n" + TEXT + "\n",
        ]
        made = [text.encode() for text in texts] + [("\ufeff" + quoted).encode(), quoted.encode("utf-16")]
        return [*made, "id,text,label\n1,gebühr,größe\n".encode("cp1252"), gzip.compress(quoted.encode(), 1)]

    def bits(self) -> list[bytes]:
        bits = [
            '"',
            '""',
            ",",
            ";",
            "\t",
            "\n",
            "\r",
            "\r\n",
            '"\n',
            '\n"',
            ',"',
            '",',
            "\0",
            "\ufeff",
            "\u2028",
            "\x85",
        ]
        bits += [
            "\x1b[31m",
            "=1+1",
            "'=1",
            "'",
            "text",
            "label",
            "date",
            "id",
            "triage_escaped",
            "NA",
            "\x1a",
            " ",
        ]
        bits += [
            "2024-13-99",
            "99/99/99",
            "1 Jan 0000",
            "٣",
            "Consumer complaint narrative",
            "Product",
            CANARY,
            "|",
        ]
        made = [bit.encode() for bit in bits]
        return [
            *made,
            b"\xff",
            b"\xff\xfe",
            b"\xc3",
            b"\xed\xa0\x80",
            b"\x1f\x8b",
            b"PAR1",
            b"PK\x03\x04",
            b"\0a" * 20,
        ]

    def count(self, data: bytes, rows: Sequence[Any], source: Any) -> None:
        """Without a quote a line is a record, unless it is blank, repeats the header or stands above it."""
        text = _text(data, source)
        if text is None or '"' in text:
            return
        header, *rest = [line for line in _ENDS.split(text) if line]
        if any("above the header" in note or "two lines" in note for note in source.notes):
            assert len(rows) <= len(rest), f"{len(rows)} rows of {len(rest)}"
            return
        records = [line for line in rest if line != header]
        blank = sum(not line.strip(",;\t| ") for line in rest)
        assert len(records) - blank <= len(rows) <= len(records), f"{len(rows)} rows of {len(records)}"


def _text(data: bytes, source: Any) -> str | None:
    if data.startswith(b"\x1f\x8b"):
        return None
    return data.decode(source._codec, source._errors).removeprefix("\ufeff")


class JsonLines(Reader):
    """JSON Lines, changed as bytes and as trees."""

    name = "jsonl"
    suffix = "jsonl"
    options = (*({},) * 6, {"text_column": "label"}, {"label_column": "n"}, {"encoding": "utf-16-le"})

    def made(self) -> list[bytes]:
        self.records: list[Any] = [
            {"id": 1, "text": TEXT, "label": "card", "date": "2024-01-05"},
            {"id": "b", "text": "", "label": None, "date": None},
            {"text": f"{CANARY} \ud800 \0", "label": True, "n": 1.10},
            {"message": TEXT, "category": "loan"},
            {"text": "x", "label": "y", "text ": "z"},
        ]
        lines = [json.dumps(record).encode() + b"\n" for record in self.records]
        return [
            b"".join(lines),
            lines[0] * 3,
            lines[3],
            lines[1] + b"\n\n" + lines[2],
            b"\xef\xbb\xbf" + lines[0],
        ]

    def bits(self) -> list[bytes]:
        bits = [
            '"',
            "{",
            "}",
            "[",
            "]",
            ":",
            ",",
            "\\",
            "\\u",
            "\\ud800",
            "null",
            "NaN",
            "-Infinity",
            "1e999",
            "\n",
            "\r",
        ]
        bits += [
            "\0",
            "\ufeff",
            "{}",
            "[]",
            '"text":',
            '{"text":1}',
            "9" * 5000,
            "[" * 300,
            '{"a":' * 300,
            CANARY,
            "\x1b",
        ]
        return [*(bit.encode() for bit in bits), b"\xff", b"\xc3", b"\xed\xa0\x80", b"\x1f\x8b", b" \n"]

    def changed(self, program: Program) -> bytes:
        """An input: of whole trees as often as of bytes."""
        if program.byte() % 2:
            return super().changed(program)
        trees = [
            change_tree(program, program.pick(self.records), others=self.records, most=2) for _ in range(3)
        ]
        return b"".join(dumped(tree) + b"\n" for tree in trees)

    def count(self, data: bytes, rows: Sequence[Any], source: Any) -> None:
        """Every line that is not blank is a row."""
        text = _text(data, source)
        if text is not None:
            lines = [line for line in _ENDS.split(text) if line.strip()]
            assert len(rows) == len(lines), f"{len(rows)} rows of {len(lines)}"


class Parquet(Reader):
    """Parquet files of many types and packings; most changes damage their footer."""

    name = "parquet"
    suffix = "parquet"

    def made(self) -> list[bytes]:
        import pyarrow as pa
        import pyarrow.parquet as pq

        made = []
        for number, table in enumerate(_tables(pa)):
            for codec in ("none", "snappy", "gzip", "zstd", "lz4", "brotli")[number % 6 :: 5]:
                out = io.BytesIO()
                settings = {
                    "use_dictionary": number % 2 == 0,
                    "data_page_version": ("1.0", "2.0")[number % 2],
                }
                pq.write_table(table, out, compression=codec, row_group_size=2, **settings)
                made.append(out.getvalue())
        return made

    def bits(self) -> list[bytes]:
        numbers = (0, 1, 2, 2**31 - 1, 2**32 - 1, 2**62)
        made = [
            number.to_bytes(width, "little")
            for number in numbers
            for width in (1, 4, 8)
            if number < 1 << 8 * width
        ]
        return [
            *made,
            b"PAR1",
            b"PARE",
            b"\x15",
            b"\x18",
            b"\x19",
            b"\x1c",
            b"\xff" * 5,
            b"\x80\x80\x80\x80\x08",
            b"text",
        ]

    def count(self, data: bytes, rows: Sequence[Any], source: Any) -> None:
        """There are as many rows as the footer says."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        if not data.startswith(b"\x1f\x8b"):
            try:
                said = pq.ParquetFile(io.BytesIO(data)).metadata.num_rows
            except (pa.ArrowException, OSError):  # pragma: no cover - it was read a moment ago
                return
            assert len(rows) == said, f"{len(rows)} rows of {said}"


def _tables(pa: Any) -> Iterator[Any]:
    """Tables with a text and a column of every other kind."""
    texts = [TEXT, "", None, "\u2028 x", CANARY * 3]
    day = datetime.date(2024, 1, 5)
    moment = datetime.datetime(2024, 1, 5, 23, 30)  # noqa: DTZ001 - a column without a zone
    columns: list[Any] = [
        pa.array(["card", "loan", None, "card", " "]),
        pa.array([1, 2, None, 4, 5]),
        pa.array([True, False, None, True, False]),
        pa.array([0.5, float("nan"), None, 1e300, -0.0]),
        pa.array([day, None, day, day, day]),
        pa.array([moment] * 5, pa.timestamp("us", tz="America/New_York")),
        pa.array([moment, None] * 2 + [moment], pa.timestamp("ns")),
        pa.array([b"card", b"\xff", None, b"", b"x"]),
        pa.array([decimal.Decimal("1.10")] * 5),
        pa.array(["card", "loan", None, "card", "loan"]).dictionary_encode(),
        pa.array([["a"], [], None, ["b"], ["c"]]),
        pa.array([{"a": 1}] * 5),
        pa.nulls(5),
        pa.array([datetime.timedelta(1)] * 5),
        pa.array([datetime.time(1)] * 5),
        pa.array(["card"] * 5, pa.large_string()),
    ]
    for number, column in enumerate(columns):
        kind = (pa.string(), pa.large_string(), pa.binary())[number % 3]
        body = pa.array(texts).cast(kind)
        yield pa.table({"text": body, "label": column, "date": pa.array([day] * 5)})
        yield pa.table({"text": body, "date": column, "id": pa.array(range(5))})

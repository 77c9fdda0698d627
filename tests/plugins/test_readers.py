"""The readers: nothing misread in silence, and rows in = kept + quarantined whatever the file holds."""

import codecs
import contextlib
import csv
import datetime
import gzip
import io
import itertools
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tracemalloc

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import triage
import triage_readers
from triage.io import encoding as _encoding
from triage.io.dates import DateOrder, Days
from triage.io.files import CSV_MARK, csv_cell
from triage_readers import _cfpb, _csv, _records
from triage_readers._source import stem

HEADER = "text,label\n"


def put(folder, content, name="a.csv"):
    """Write a file and return its path as users give it."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    return str(path)


def opened(path, **options):
    return triage_readers.triage_open_corpus(path, options)


def read(path, **options):
    """Return the documents and what was quarantined; every row is one or the other, in order."""
    items = list(opened(path, **options))
    assert [item.row for item in items] == list(range(1, len(items) + 1))
    kept = [item for item in items if isinstance(item, triage.Document)]
    lost = [item for item in items if isinstance(item, triage.Quarantined)]
    assert len(kept) + len(lost) == len(items)
    return kept, lost


def pairs(kept):
    return [(document.text, document.label) for document in kept]


# --- what a cell says is what is read ---


def test_a_plain_file_is_read_in_order(tmp_path):
    kept, lost = read(put(tmp_path, "id,text,label\n7,lost card,card\n8,high rate,loan\n"))
    assert pairs(kept) == [("lost card", "card"), ("high rate", "loan")]
    assert [(document.row, document.id) for document in kept] == [(1, "7"), (2, "8")]
    assert lost == []


@pytest.mark.parametrize(
    "text", ["NA", "nan", "None", "null", "NULL", "#N/A", "007", "1e5", "TRUE", " padded "]
)
def test_words_that_other_readers_take_for_something_else_stay(tmp_path, text):
    kept, _ = read(put(tmp_path, f"{HEADER}{text},{text}\n"))
    assert pairs(kept) == [(text, text)]


def test_an_empty_text_is_kept_and_an_empty_label_is_none(tmp_path):
    kept, lost = read(put(tmp_path, HEADER + ',card\nx,\n,\n"",  \n'))
    assert pairs(kept) == [("", "card"), ("x", None), ("", None), ("", None)]
    assert lost == []


def test_quotes_commas_and_line_breaks_in_quotes_belong_to_the_text(tmp_path):
    kept, lost = read(put(tmp_path, HEADER + '"He said ""no"", twice\r\nand left\rfor good\n",card\n'))
    assert pairs(kept) == [('He said "no", twice\r\nand left\rfor good\n', "card")]
    assert lost == []


def test_a_quote_within_an_unquoted_cell_is_a_quote(tmp_path):
    kept, _ = read(put(tmp_path, HEADER + 'my 5" screen "broke",card\n'))
    assert pairs(kept) == [('my 5" screen "broke"', "card")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_ends_a_row_and_the_last_may_lack_it(tmp_path, end):
    rows = ["text,label", "a,x", '"b\nc",y', "d,z"]
    for last in ("", end):
        kept, lost = read(put(tmp_path, end.join(rows) + last))
        assert pairs(kept) == [("a", "x"), ("b\nc", "y"), ("d", "z")]
        assert lost == []


def test_a_last_line_without_an_end_is_read_and_said(tmp_path):
    whole = opened(put(tmp_path, b"text,label\none,x\ntwo,y\n"))
    cut = opened(put(tmp_path, b"text,label\none,x\ntwo,y", name="b.csv"))
    assert pairs(list(whole)) == pairs(list(cut)) == [("one", "x"), ("two", "y")]
    assert whole.notes == ()
    assert "the last line has no end" in cut.notes[0]


def test_mixed_line_ends_are_one_line_end_each(tmp_path):
    kept, lost = read(put(tmp_path, "text,label\r\na,x\rb,y\nc,z\r\r\n\n\rbad\n"))
    assert pairs(kept) == [("a", "x"), ("b", "y"), ("c", "z")]
    assert [(item.row, item.line) for item in lost] == [(4, 8)]


def test_separators_that_are_no_line_ends_stay_in_the_text(tmp_path):
    text = "a\u2028b\u2029c\x85d\x0be\x0cf\x1cg"
    kept, _ = read(put(tmp_path, f"{HEADER}{text},x\n"))
    assert pairs(kept) == [(text, "x")]


def test_empty_lines_are_no_rows(tmp_path):
    kept, lost = read(put(tmp_path, "\n\ntext,label\n\na,x\n\n\nbad\n\n"))
    assert pairs(kept) == [("a", "x")]
    assert [(item.row, item.line) for item in lost] == [(2, 8)]


# --- rows that cannot be read cost themselves and no other ---

GOOD = ["one,card", "two,loan", '"three, with a comma",card', '"four\nlines",loan', "five,card"]


def around(bad):
    """Put a bad row among good ones; good rows have 6 physical lines."""
    return HEADER + "\n".join([*GOOD[:3], bad, *GOOD[3:]]) + "\n"


GOOD_PAIRS = [
    ("one", "card"),
    ("two", "loan"),
    ("three, with a comma", "card"),
    ("four\nlines", "loan"),
    ("five", "card"),
]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("too,many,cells", "3 fields where the header has 2"),
        ("too few", "1 fields where the header has 2"),
        ("extra,comma,", "3 fields where the header has 2"),
        ('"text "after" a quote",card', "text follows a closing quote"),
        ('"never closed,card', "text follows a closing quote|never closed|swallows"),
        ("a NUL\0 byte,card", "NUL"),
        ('"quoted, NUL\0",card', "NUL"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_the_others_are_kept(tmp_path, bad, reason):
    kept, (lost,) = read(put(tmp_path, around(bad)))
    assert pairs(kept) == GOOD_PAIRS
    assert (lost.row, lost.line) == (4, 5)
    assert re.search(reason, lost.reason)


def test_the_line_is_the_physical_one(tmp_path):
    _, lost = read(put(tmp_path, HEADER + '"a\nb\r\nc\rd",x\nbad\n'))
    assert [(item.row, item.line) for item in lost] == [(2, 6)]


def test_a_quote_that_is_never_closed_loses_no_row_after_it(tmp_path):
    rows = [f"text {i},card" for i in range(50)]
    rows[10] = '"' + rows[10]
    kept, lost = read(put(tmp_path, HEADER + "\n".join(rows)))
    assert len(kept) == 49
    assert [(item.row, item.line, item.reason) for item in lost] == [
        (11, 12, "a quote is opened and never closed")
    ]


def test_a_stray_quote_at_each_of_two_rows_swallows_nothing_between_them(tmp_path):
    rows = [f"text {i},{'card' if i % 2 else 'loan'}" for i in range(50)]
    rows[10] = '"' + rows[10]
    rows[20] = 'text 20",loan'
    kept, lost = read(put(tmp_path, HEADER + "\n".join(rows)))
    assert len(kept) == 49
    assert [(item.row, item.line) for item in lost] == [(11, 12)]
    assert "swallows the rows after it" in lost[0].reason
    assert [document.text for document in kept][19] == 'text 20"'


@pytest.mark.parametrize("columns", ["id,text,label", "label,text,id"])
def test_swallowed_rows_are_found_wherever_the_label_stands(tmp_path, columns):
    def row(i, text):
        cells = {"id": str(i), "text": text, "label": "card" if i % 2 else "loan"}
        return ",".join(cells[name] for name in columns.split(","))

    rows = [row(i, f"text {i}") for i in range(30)]
    rows[5] = row(5, '"text 5')
    rows[9] = row(9, 'text 9"')
    kept, lost = read(put(tmp_path, "\n".join([columns, *rows])))
    assert [item.line for item in lost] == [7]
    assert len(kept) == 29


def test_swallowed_rows_show_by_a_wrong_number_of_fields_too(tmp_path):
    rows = [f"{i},text {i},card" for i in range(20)]
    rows[5] = '5,"text 5,card'
    rows[9] = '9,text 9,card"'
    kept, lost = read(put(tmp_path, "\n".join(["id,text,label", *rows])))
    assert [item.line for item in lost] == [7]
    assert len(kept) == 19


def test_swallowed_rows_are_found_without_labels_where_there_are_many_columns(tmp_path):
    rows = [f"{i},a,b,text {i}" for i in range(20)]
    rows[5] = '5,a,b,"text 5'
    rows[9] = '9,a,b,text 9"'
    kept, lost = read(put(tmp_path, "\n".join(["id,first,second,text", *rows])))
    assert [item.line for item in lost] == [7]
    assert len(kept) == 19


def test_swallowed_rows_are_found_without_labels_by_their_dates(tmp_path):
    rows = [f"2024-01-{i + 1:02},text {i}, again" for i in range(20)]
    rows[5] = '2024-01-06,"text 5, again'
    rows[9] = '2024-01-10,text 9", again'
    kept, lost = read(put(tmp_path, "\n".join(["date,text,more", *rows])))
    assert [item.line for item in lost] == [7]
    assert len(kept) == 19


def test_prose_over_several_lines_is_never_taken_for_rows(tmp_path):
    letters = [
        ("Dear Sir,\nI called, twice", "card"),
        ("Hello, card\nI want, loan\nthank you", "loan"),
        ("a,card\nb", "loan"),
        ("loan,\ncard,\n", "card"),
        ("My loan,\nyour card", "loan"),
    ]
    out = io.StringIO(newline="")
    csv.writer(out).writerows([("text", "label"), ("x", "card"), ("y", "loan"), *letters])
    kept, lost = read(put(tmp_path, out.getvalue()))
    assert pairs(kept)[2:] == letters
    assert lost == []


def test_a_damaged_row_of_several_lines_costs_none_of_the_rows_around_it(tmp_path):
    bad = '"He said "no" to me\nand that\nwas it",card'
    kept, lost = read(put(tmp_path, around(bad)))
    assert set(GOOD_PAIRS) <= set(pairs(kept))
    assert len(kept) + len(lost) == len(GOOD) + 3
    assert lost[0].line == 5


def test_a_record_of_endless_lines_is_given_up_and_the_rest_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(_records, "MOST_LINES", 100)
    rows = ['"open,card'] + [f"text {i},card" for i in range(500)]
    kept, lost = read(put(tmp_path, HEADER + "\n".join(rows)))
    assert len(kept) == 500
    assert [item.line for item in lost] == [2]
    assert "longer than 100 lines" in lost[0].reason


def test_a_text_of_ten_megabytes_is_kept_whole_and_a_longer_one_is_quarantined(tmp_path):
    whole, too_long = "x" * 10_500_000, "y" * (_encoding.LIMIT + 10)
    kept, lost = read(put(tmp_path, f'{HEADER}{whole},a\n{too_long},b\n"{too_long}",c\nlast,d\n'))
    assert [(len(document.text), document.label) for document in kept] == [(len(whole), "a"), (4, "d")]
    assert [(item.row, item.line) for item in lost] == [(2, 3), (3, 4)]
    assert all("longer than 16 million" in item.reason for item in lost)


def test_an_endless_line_takes_bounded_memory(tmp_path):
    path = tmp_path / "long.csv"
    with path.open("wb") as file:
        file.write(b"text,label\n")
        for _ in range(100):
            file.write(b"z" * 1_000_000)
        file.write(b",x\nlast,d\n")
    source = opened(str(path))
    tracemalloc.start()
    kept = lost = 0
    for item in source:
        kept += isinstance(item, triage.Document)
        lost += isinstance(item, triage.Quarantined)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (kept, lost) == (1, 1)
    assert peak < 80e6


def test_a_row_of_a_million_cells_is_quarantined_before_it_is_taken_apart(tmp_path):
    kept, lost = read(put(tmp_path, HEADER + "ab," * 1_100_000 + "\nlast,x\n"))
    assert pairs(kept) == [("last", "x")]
    assert "more than 1,000,000 fields" in lost[0].reason


def test_a_file_of_which_nothing_can_be_read_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(_csv, "_HOPELESS", 50)
    with pytest.raises(
        triage.DataError, match=r"51 of 52 rows cannot be read, the first on line 3: 1 fields"
    ):
        read(put(tmp_path, HEADER + "fine,x\n" + "bad\n" * 60))


# --- an extra delimiter ---


def test_an_extra_comma_on_some_rows_costs_those_rows(tmp_path):
    kept, lost = read(put(tmp_path, HEADER + "a,x,\nb,y\nc,z,\n"))
    assert pairs(kept) == [("b", "y")]
    assert [item.reason for item in lost] == ["3 fields where the header has 2"] * 2


def test_after_a_hundred_rows_with_an_extra_comma_a_row_without_it_is_quarantined(tmp_path):
    kept, lost = read(put(tmp_path, HEADER + "a,x,\n" * 200 + "b,y\nc,d,e\nf,z,\n"))
    assert len(kept) == 201
    assert [item.reason for item in lost] == [
        "2 fields where the header has 2 and every row one more",
        "3 fields where the header has 2 and every row one more",
    ]


def test_an_extra_comma_on_every_row_shifts_nothing_and_is_said(tmp_path):
    source = opened(put(tmp_path, HEADER + 'a,x,\n"b\nc",y,\n,,\n'))
    items = list(source)
    assert pairs(items) == [("a", "x"), ("b\nc", "y"), ("", None)]
    assert source.notes == ("every row ends in an extra delimiter, which is ignored",)


def test_an_unnamed_first_column_on_every_row_is_never_guessed_at(tmp_path):
    kept, lost = read(put(tmp_path, HEADER + "1,a,x\n2,b,y\n"))
    assert kept == []
    assert len(lost) == 2


def test_an_index_column_with_an_empty_name_is_a_column(tmp_path):
    kept, _ = read(put(tmp_path, ",text,label\n0,a,x\n1,b,y\n"))
    assert pairs(kept) == [("a", "x"), ("b", "y")]


# --- encodings ---

TEXT = "text,label\nnaïve café — “quote”,ärger\n"


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode("utf-8"),
        codecs.BOM_UTF8 + TEXT.encode("utf-8"),
        codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
    ],
    ids=["utf-8", "utf-8-bom", "utf-16-le", "utf-16-be"],
)
def test_unicode_is_recognised(tmp_path, content):
    for name, data in (("a.csv", content), ("a.csv.gz", gzip.compress(content))):
        kept, _ = read(put(tmp_path, data, name))
        assert pairs(kept) == [("naïve café — “quote”", "ärger")]


@pytest.mark.parametrize(
    "encoding", ["cp1252", "utf-16-le", "utf-16-be", "utf-16", "utf-32", "utf-8-sig", "UTF8"]
)
def test_the_encoding_that_is_asked_for_is_used(tmp_path, encoding):
    kept, _ = read(put(tmp_path, TEXT.encode(encoding)), encoding=encoding)
    assert pairs(kept) == [("naïve café — “quote”", "ärger")]


def test_a_byte_order_mark_is_dropped_even_where_the_encoding_is_given(tmp_path):
    kept, _ = read(put(tmp_path, codecs.BOM_UTF8 + TEXT.encode()), encoding="utf-8")
    assert kept


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("lines", [0, 7, 60_000])
def test_a_byte_that_is_not_utf8_stops_with_its_offset_and_the_remedy(tmp_path, packed, lines):
    before = HEADER.encode() + b"some text,x\n" * lines + b"caf"
    content = before + b"\xe9 noir,y\n"
    path = put(tmp_path, gzip.compress(content) if packed else content, "a.csv.gz" if packed else "a.csv")
    with pytest.raises(triage.DataError) as caught:
        read(path)
    assert f"byte {len(before):,} of" in str(caught.value)
    assert f"(line {lines + 2:,})" in str(caught.value)
    assert "--encoding cp1252" in str(caught.value)
    assert "noir" not in str(caught.value)
    kept, _ = read(path, encoding="cp1252")
    assert kept[-1].text == "café noir"


def test_a_byte_that_cp1252_lacks_suggests_latin_1(tmp_path):
    with pytest.raises(triage.DataError, match="--encoding latin-1"):
        read(put(tmp_path, b"text\ncaf\xe9 \x81\n"))


def test_a_file_cut_within_a_character_is_said(tmp_path):
    content = (HEADER + "café,x\ncafé").encode()[:-1]
    with pytest.raises(triage.DataError, match=rf"byte {len(content) - 1} of"):
        read(put(tmp_path, content))


def test_the_wrong_encoding_is_said(tmp_path):
    with pytest.raises(triage.DataError, match="is not ascii"):
        read(put(tmp_path, TEXT), encoding="ascii")
    with pytest.raises(triage.DataError, match=r"damaged or cut off"):
        read(put(tmp_path, codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le")[:-1]))


@pytest.mark.parametrize("encoding", ["no-such", "base64", "rot13", "idna\0"])
def test_an_encoding_that_is_none_is_an_option_error(tmp_path, encoding):
    with pytest.raises(triage.BadOption, match="not known"):
        opened(put(tmp_path, TEXT), encoding=encoding)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_guessed_aloud(tmp_path, codec):
    with pytest.raises(triage.DataError, match=f"--encoding {codec}"):
        opened(put(tmp_path, (HEADER * 50).encode(codec)))


def test_utf32_is_said(tmp_path):
    with pytest.raises(triage.DataError, match="--encoding utf-32"):
        opened(put(tmp_path, codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le")))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04" + bytes(100), "Excel"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "picture"),
        (b"%PDF-1.7\n", "PDF"),
        (b"SQLite format 3\0", "SQLite"),
        (gzip.compress(gzip.compress(b"text\n")), "twice"),
        (bytes(range(256)) * 4, "not text"),
        (bytes(1000), "not text"),
        (random.Random(7).randbytes(5000), "not text"),
    ],
    ids=["zip", "png", "pdf", "sqlite", "gzip twice", "all bytes", "zeros", "noise"],
)
def test_a_binary_file_is_no_text(tmp_path, content, words):
    for name in ("a.csv", "a.jsonl", "a"):
        with pytest.raises(triage.DataError, match=words):
            opened(put(tmp_path, content, name))


# --- headers ---


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_an_empty_file_is_said(tmp_path, content):
    for name in ("a.csv", "a.jsonl", "a.csv.gz", "a"):
        with pytest.raises(triage.DataError, match="empty"):
            opened(put(tmp_path, content, name))


@pytest.mark.parametrize("content", ["text,label", "text,label\n", "text,label\r\n\r\n"])
def test_a_header_without_rows_is_said(tmp_path, content):
    with pytest.raises(triage.DataError, match="a header and no rows"):
        opened(put(tmp_path, content))


def test_two_columns_of_one_name_are_refused(tmp_path):
    with pytest.raises(triage.DataError, match=r"columns 1 and 3 have the same name, .text."):
        opened(put(tmp_path, "text,label, text \na,b,c\n"))


def test_several_columns_without_a_name_are_columns(tmp_path):
    kept, _ = read(put(tmp_path, "text,,\na,b,c\n"))
    assert kept[0].text == "a"


def test_a_header_that_cannot_be_read_is_said(tmp_path):
    with pytest.raises(triage.DataError, match=r"line 1: the header cannot be read: .*never closed"):
        opened(put(tmp_path, '"text,label\na,b\n'))


def test_a_third_of_a_million_columns_are_refused(tmp_path):
    header = ",".join(f"c{i}" for i in range(300_000))
    with pytest.raises(triage.DataError, match="300,000 columns; at most 16,384"):
        opened(put(tmp_path, f"text,{header[3:]}\n" + "x\n"))


def test_a_column_that_is_not_there_suggests_the_near_ones(tmp_path):
    path = put(tmp_path, "complaint_text,product,when\na,b,c\n")
    for role, asked, near in (
        ("text", "complaint_txt", "complaint_text"),
        ("label", "prodct", "product"),
        ("date", "whn", "when"),
    ):
        with pytest.raises(triage.DataError, match=f"no column '{asked}'.*--{role}-column.*{near}"):
            opened(path, **{f"{role}_column": asked})


def test_a_given_column_is_found_whatever_its_case(tmp_path):
    kept, _ = read(
        put(tmp_path, "Was gesagt wurde,Art\nx,y\n"), text_column="was gesagt wurde", label_column="ART"
    )
    assert pairs(kept) == [("x", "y")]


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("text,category", ("text", "category", "", "")),
        ("Text , LABEL ", ("Text", "LABEL", "", "")),
        ("Ticket ID,Created,Message,Queue", ("Message", "Queue", "Created", "Ticket ID")),
        ("text,airline_sentiment,airline_sentiment_confidence,negativereason,airline,tweet_created",
         ("text", "airline_sentiment", "", "")),
        ("customer_review,star_rating", ("customer_review", "", "", "")),
        ("reviewText,reviewId,reviewDate", ("reviewText", "", "reviewDate", "reviewId")),
        ("text,description,label,category", ("text", "label", "", "")),
        ("narrative,date,date_received", ("narrative", "", "date", "")),
    ],
)  # fmt: skip
def test_columns_are_told_by_their_names(tmp_path, header, chosen):
    source = opened(put(tmp_path, header + "\n" + ",".join("x" for _ in header.split(","))))
    found = source.columns
    text, label, date, identifier = chosen
    assert (found.text, found.label, found.id) == ((text,), label, identifier)
    assert found.date == date or header.endswith("tweet_created")


def test_a_text_column_that_cannot_be_told_lists_the_columns_and_the_flag(tmp_path):
    with pytest.raises(triage.DataError, match=r"no name says so.*--text-column NAME.*columns are foo, bar"):
        opened(put(tmp_path, "foo,bar\na,b\n"))
    with pytest.raises(triage.DataError, match=r"message, body could each hold it.*--text-column"):
        opened(put(tmp_path, "message,body\na,b\n"))


def test_a_file_without_labels_can_be_read(tmp_path):
    source = opened(put(tmp_path, "text\na\nb\n"))
    assert pairs(source) == [("a", None), ("b", None)]
    assert "--label-column" in source.label_doubt
    assert source.label_candidates == ()


def test_two_possible_label_columns_are_named_and_neither_is_used(tmp_path):
    source = opened(put(tmp_path, "text,category,product\na,b,c\n"))
    assert pairs(source) == [("a", None)]
    assert source.label_candidates == ("category", "product")
    source = opened(put(tmp_path, "text,category,product\na,b,c\n"), label_column="product")
    assert pairs(source) == [("a", "c")]
    assert source.label_doubt == ""


def test_a_file_without_a_header_does_not_print_its_texts(tmp_path):
    text = "I told them nine times that this account of mine was closed"
    with pytest.raises(triage.DataError) as caught:
        opened(put(tmp_path, f"{text},x\n{text},y\n"))
    assert "nine times" not in str(caught.value)
    assert "(column 1)" in str(caught.value)


@pytest.mark.parametrize(
    ("delimiter", "name"), [(";", "a.csv"), ("\t", "a.tsv"), ("|", "a.csv"), ("\t", "a.csv")]
)
def test_the_delimiter_is_told_from_the_header_or_the_suffix(tmp_path, delimiter, name):
    rows = [["text", "label"], ["one, two", "x"], ["three", "y"]]
    kept, _ = read(put(tmp_path, "\n".join(delimiter.join(row) for row in rows), name))
    assert pairs(kept) == [("one, two", "x"), ("three", "y")]


def test_the_delimiter_that_is_asked_for_is_used(tmp_path):
    for asked, content in (
        ("~", "text~label\na,b~x\n"),
        ("tab", "text\tlabel\na,b\tx\n"),
        ("\\t", "text\tlabel\na,b\tx\n"),
    ):
        kept, _ = read(put(tmp_path, content), delimiter=asked)
        assert pairs(kept) == [("a,b", "x")]
    with pytest.raises(triage.BadOption, match="one character"):
        opened(put(tmp_path, HEADER), delimiter="::")


# --- formats ---


@pytest.mark.parametrize("name", ["a", "a.txt", "a.data.gz", "a.CSV", "A.CSV.GZ"])
def test_csv_is_recognised_by_name_or_content(tmp_path, name):
    content = (HEADER + "a,x\n").encode()
    path = put(tmp_path, gzip.compress(content) if name.casefold().endswith("gz") else content, name)
    assert pairs(opened(path)) == [("a", "x")]


def test_a_name_that_is_no_file_is_left_to_others(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert opened("complaints") is None
    with pytest.raises(triage.NoInput):
        opened("complaints.csv")
    with pytest.raises(triage.NoInput):
        opened("https://example.org/complaints")


def test_importing_the_readers_imports_nothing_heavy():
    program = "import sys, triage_readers, triage_readers._formats; print(sorted(sys.modules))"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert not {"pandas", "pyarrow", "sklearn", "nltk"} & set(eval(out))


def test_a_source_can_be_read_again_and_counts_anew(tmp_path):
    source = opened(put(tmp_path, "text,date\na,nonsense\nb,2024-01-02\n"))
    assert list(source) == list(source)
    assert source.bad_dates == 1


def test_a_file_that_changed_between_opening_and_reading_is_refused(tmp_path):
    path = put(tmp_path, HEADER + "a,x\n")
    source = opened(path)
    put(tmp_path, HEADER + "a,x\nb,y\n")
    with pytest.raises(triage.DataError, match="changed"):
        list(source)


def test_a_gzip_stream_that_is_cut_off_is_said(tmp_path):
    packed = gzip.compress(
        (HEADER + "".join(f"text {os.urandom(20).hex()},x\n" for _ in range(20_000))).encode()
    )
    source = opened(put(tmp_path, packed[:-2000], "a.csv.gz"))
    read = []
    with pytest.raises(triage.DataError, match="cut off"):
        read.extend(source)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/x/cfpb_complaints.csv.gz", "cfpb_complaints"),
        ("a.jsonl", "a"),
        ("dir/b.parquet", "b"),
        ("v1.2.csv", "v1.2"),
        ("odd \x1b[31m name.csv", "odd_31m_name"),
        (".csv", "corpus"),
        ("x" * 300, "x" * 80),
    ],
)
def test_a_source_is_named_after_its_file(path, name):
    assert stem(path) == name


# --- JSON Lines ---


def lines(*records):
    return "".join(
        json.dumps(record) + "\n" if not isinstance(record, str) else record + "\n" for record in records
    )


def test_json_lines_are_read_in_order(tmp_path):
    content = lines(
        {"id": 7, "text": "lost card", "label": "card"}, "", {"text": "rate", "label": None, "id": "8"}
    )
    for name, data in (
        ("a.jsonl", content.encode()),
        ("a.ndjson.gz", gzip.compress(content.encode())),
        ("a", content.encode()),
    ):
        kept, lost = read(put(tmp_path, data, name))
        assert [(d.text, d.label, d.id) for d in kept] == [("lost card", "card", "7"), ("rate", None, "8")]
        assert lost == []


@pytest.mark.parametrize("number", ["7", "1.10", "1e400", "-0", "123456789012345678901234567890", "9" * 5000])
def test_a_number_keeps_the_text_it_is_written_in(tmp_path, number):
    kept, _ = read(put(tmp_path, f'{{"text": "a", "label": {number}}}\n', "a.jsonl"))
    assert kept[0].label == number


def test_truth_is_a_word_and_null_is_nothing(tmp_path):
    kept, _ = read(
        put(tmp_path, lines({"text": None, "label": True}, {"text": "a", "label": False}), "a.jsonl")
    )
    assert pairs(kept) == [("", "true"), ("a", "false")]


def test_a_lone_surrogate_and_a_written_nul_are_kept(tmp_path):
    kept, _ = read(put(tmp_path, '{"text": "a\\ud800b\\u0000", "label": "x"}\n', "a.jsonl"))
    assert kept[0].text == "a\ud800b\0"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("{not json", "not JSON"),
        ('{"text": "cut of', "not JSON"),
        ('["text"]', "not a JSON object"),
        ('"text"', "not a JSON object"),
        ('{"label": "x"}', "no field 'text'"),
        ('{"text": ["a"], "label": "x"}', "holds an array"),
        ('{"text": "a", "label": {"b": 1}}', "holds an object"),
        ('{"text": "a", "text": "b"}', "the same key twice"),
        ('{"text": "a", "label": NaN}', "NaN is no JSON"),
        ('{"text": "a\tb"}', "not JSON"),
        ('{"text": "a\0b"}', "not JSON"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_a_bad_line_is_quarantined_and_the_others_are_kept(tmp_path, bad, reason):
    good = '{"text": "a", "label": "x"}'
    kept, (lost,) = read(put(tmp_path, f"{good}\n\n{bad}\n{good}\n", "a.jsonl"))
    assert pairs(kept) == [("a", "x")] * 2
    assert (lost.row, lost.line) == (2, 3)
    assert reason in lost.reason


def test_a_json_line_without_end_is_quarantined(tmp_path):
    long = '{"text": "' + "x" * (_encoding.LIMIT + 5) + '"}'
    kept, lost = read(put(tmp_path, f'{{"text": "a"}}\n{long}\n{{"text": "b"}}\n', "a.jsonl"))
    assert [document.text for document in kept] == ["a", "b"]
    assert [item.line for item in lost] == [2]


def test_one_json_array_is_said_with_the_remedy(tmp_path):
    with pytest.raises(triage.DataError, match="one JSON array; jq"):
        opened(put(tmp_path, '[{"text": "a"},\n {"text": "b"}]', "a.json"))


def test_a_json_file_with_no_objects_is_said(tmp_path):
    with pytest.raises(triage.DataError, match="none of the first 2 lines is a JSON object"):
        opened(put(tmp_path, "1\n2\n", "a.jsonl"))


def test_json_in_another_encoding_is_said(tmp_path):
    with pytest.raises(triage.DataError, match=r"byte 13 of .*--encoding cp1252"):
        opened(put(tmp_path, b'{"text": "caf\xe9"}\n', "a.jsonl"))


# --- Parquet ---

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


def table(folder, name="a.parquet", *, rows_per_group=None, **columns):
    path = folder / name
    made = pyarrow.table(columns)
    parquet.write_table(made, path, row_group_size=rows_per_group)
    return str(path)


def test_parquet_is_read_in_order(tmp_path):
    texts = [f"text {i}" for i in range(3000)]
    path = table(tmp_path, text=texts, label=["x", None, ""] * 1000, other=range(3000), rows_per_group=700)
    kept, lost = read(path)
    assert [document.text for document in kept] == texts
    assert [document.label for document in kept[:3]] == ["x", None, None]
    assert lost == []


def test_packed_or_nameless_parquet_is_read_too(tmp_path):
    path = table(tmp_path, text=["a"], label=["x"])
    content = (tmp_path / "a.parquet").read_bytes()
    for name, data in (
        ("b.parquet.gz", gzip.compress(content)),
        ("c", content),
        ("d.gz", gzip.compress(content)),
    ):
        assert pairs(opened(put(tmp_path, data, name))) == [("a", "x")]
    assert pairs(opened(path)) == [("a", "x")]


def test_parquet_cells_of_other_types_keep_their_text(tmp_path):
    day = datetime.datetime.fromisoformat("2024-03-01T23:30")
    path = table(
        tmp_path,
        text=pyarrow.array(["a", None]).dictionary_encode(),
        label=[7, 10],
        id=[True, False],
        date=pyarrow.array([day, None], pyarrow.timestamp("ns")),
    )
    kept, _ = read(path)
    assert [(d.text, d.label, d.id, d.date) for d in kept] == [
        ("a", "7", "true", datetime.date(2024, 3, 1)),
        ("", "10", "false", None),
    ]


def test_a_zoned_timestamp_gives_the_day_in_its_zone(tmp_path):
    moment = datetime.datetime(2024, 3, 1, 2, 30, tzinfo=datetime.UTC)
    path = table(tmp_path, text=["a"], date=pyarrow.array([moment], pyarrow.timestamp("us", "-08:00")))
    assert read(path)[0][0].date == datetime.date(2024, 2, 29)


def test_dates_written_as_text_in_parquet_are_read(tmp_path):
    source = opened(table(tmp_path, text=["a", "b"], date=["2024-03-01", "never"]))
    assert [document.date for document in source] == [datetime.date(2024, 3, 1), None]
    assert source.bad_dates == 1


def test_broken_utf8_in_parquet_is_quarantined(tmp_path):
    raw = pyarrow.array([b"fine", b"\xff"], pyarrow.binary())
    for name, column in (("a.parquet", raw), ("b.parquet", raw.view(pyarrow.string()))):
        kept, lost = read(table(tmp_path, name, text=column))
        assert [document.text for document in kept] == ["fine"]
        assert [(item.row, item.line, item.reason) for item in lost] == [(2, 0, "its text is not UTF-8")]


def test_parquet_that_cannot_be_used_is_said(tmp_path):
    with pytest.raises(triage.DataError, match="damaged or no Parquet"):
        opened(put(tmp_path, b"PAR1 and nothing else", "a.parquet"))
    with pytest.raises(triage.DataError, match="no rows"):
        opened(table(tmp_path, text=pyarrow.array([], pyarrow.string())))
    with pytest.raises(triage.DataError, match="must hold single values"):
        opened(table(tmp_path, text=[["a"], ["b"]]))
    with pytest.raises(triage.DataError, match="--text-column"):
        opened(table(tmp_path, foo=["a"]))
    with pytest.raises(triage.DataError, match="17 MB of 'text' in 1 rows, too large"):
        opened(table(tmp_path, text=[os.urandom(9_000_000).hex()]))


def test_a_huge_cell_in_parquet_is_quarantined(tmp_path):
    texts = ["a", None, "x" * 17_000_000, "b"]
    for name, column in (("a.parquet", texts), ("b.parquet", [text and text.encode() for text in texts])):
        kept, lost = read(table(tmp_path, name, text=column))
        assert [document.text for document in kept] == ["a", "", "b"]
        assert [(item.row, item.reason) for item in lost] == [(3, "longer than 16 million bytes")]


def test_a_large_cell_that_parquet_repeats_is_held_once(tmp_path):
    large = "x" * 1_000_000
    texts = pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * 3000, pyarrow.int32()), [large])
    source = opened(table(tmp_path, text=texts))
    before = pyarrow.total_allocated_bytes()
    documents = iter(source)
    assert len(next(documents).text) == 1_000_000
    assert pyarrow.total_allocated_bytes() - before < 50e6
    assert sum(1 for _ in documents) == 2999


def test_parquet_damaged_in_the_middle_is_said(tmp_path):
    path = table(tmp_path, text=[os.urandom(50).hex() for _ in range(5000)])
    content = bytearray((tmp_path / "a.parquet").read_bytes())
    content[4:60_000] = os.urandom(59_996)
    with pytest.raises(triage.DataError, match="damaged"):
        read(put(tmp_path, bytes(content), "a.parquet"))
    assert path


def test_parquet_without_pyarrow_names_the_remedy(tmp_path, monkeypatch):
    path = table(tmp_path, text=["a"])
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(triage.Unavailable, match=r"nlp-triage\[parquet\]"):
        opened(path)


# --- dates ---


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2015-02-24", (2015, 2, 24)),
        ("2015-02-24 11:35:52 -0800", (2015, 2, 24)),
        ("2015-02-24T23:59:59Z", (2015, 2, 24)),
        ("2015/2/4", (2015, 2, 4)),
        ("20150224", (2015, 2, 24)),
        ("02/24/2015", (2015, 2, 24)),
        ("2/4/15", (2015, 2, 4)),
        ("2/4/87 10:00 AM", (1987, 2, 4)),
        ("24.02.2015", (2015, 2, 24)),
        ("24 Feb 2015", (2015, 2, 24)),
        ("24-FEB-2015 10:00", (2015, 2, 24)),
        ("Tue, 24 February 2015 11:00:00 +0000", (2015, 2, 24)),
        ("February 24, 2015", (2015, 2, 24)),
        ("Sep. 1, 2015", (2015, 9, 1)),
        ("Tue Feb 24 11:35:52 +0000 2015", (2015, 2, 24)),
        (" 2015-02-24 ", (2015, 2, 24)),
    ],
)
def test_a_date_is_the_day_that_is_written(written, day):
    days = Days(DateOrder(full="mdy", short="mdy"))
    assert days.read(written) == datetime.date(*day)
    assert days.bad == 0


@pytest.mark.parametrize(
    "written",
    [
        "yesterday",
        "2015-13-01",
        "31/13/2015",
        "2015",
        "02/24",
        "1424806552",
        "2015-02-2499",
        "0000-00-00",
        "Foo 3, 2015",
    ],
)
def test_what_is_no_date_is_none_and_counted(written):
    days = Days()
    assert days.read(written) is None
    assert days.read(written) is None
    assert days.bad == 2


def test_a_blank_date_is_none_and_not_counted():
    days = Days()
    assert days.read("") is days.read("  ") is None
    assert days.bad == 0


@given(day=st.dates())
def test_an_iso_date_comes_back(day):
    assert Days().read(day.isoformat()) == day


@given(written=st.text(max_size=40))
def test_any_text_is_a_date_or_none(written):
    assert isinstance(Days().read(written), datetime.date | None)


def test_day_first_is_told_from_the_first_rows_and_said(tmp_path):
    source = opened(put(tmp_path, "text,date\na,03/04/2024\nb,31/01/2024\n"))
    assert [document.date for document in source] == [datetime.date(2024, 4, 3), datetime.date(2024, 1, 31)]
    assert any("day/month/year" in note for note in source.notes)


def test_where_the_rows_contradict_each_other_only_what_can_be_one_day_is_read(tmp_path):
    source = opened(put(tmp_path, "text,date\na,01/31/2024\nb,31/01/2024\nc,03/04/2024\n"))
    assert [document.date for document in source] == [
        datetime.date(2024, 1, 31),
        datetime.date(2024, 1, 31),
        None,
    ]
    assert any("do not agree" in note and "--day-first" in note for note in source.notes)


def dated(folder, *days, name="a.csv", **options):
    """The dates that are read of a column, and the notes."""
    source = opened(put(folder, "text,date\n" + "".join(f"t,{day}\n" for day in days), name), **options)
    return [document.date for document in source], " ".join(source.notes)


def test_the_order_of_day_and_month_is_told_from_the_whole_column(tmp_path):
    written = [f"{day:02}/03/2024" for day in range(1, 13) for _ in range(20)] + ["13/03/2024"]
    days, notes = dated(tmp_path, *written)
    assert set(days) == {datetime.date(2024, 3, day) for day in range(1, 14)}
    assert "day/month/year: 1 of 241" in notes


@pytest.mark.parametrize(
    "options", [{"day_first": "yes"}, {"date_format": "%d/%m/%Y"}, {"learned_date_order": "dmy"}]
)
def test_where_nothing_tells_the_order_it_is_asked_for_and_taken(tmp_path, options):
    days, notes = dated(tmp_path, "06/07/2024", "07/07/2024", "10/07/2024")
    assert days == [None, datetime.date(2024, 7, 7), None]
    assert "pass --day-first, --month-first or --date-format" in notes
    days, _ = dated(tmp_path, "06/07/2024", "07/07/2024", "10/07/2024", **options)
    assert days == [datetime.date(2024, 7, day) for day in (6, 7, 10)]


@pytest.mark.parametrize("written", ["24-03-01", "03/04/05", "01.02.03"])
def test_a_year_of_two_digits_that_could_be_a_day_is_not_guessed(tmp_path, written):
    days, notes = dated(tmp_path, written)
    assert days == [None]
    assert "could be several days" in notes


@pytest.mark.parametrize(
    ("written", "form", "day"),
    [
        ("24-03-01", "%y-%m-%d", (2024, 3, 1)),
        ("1 de marzo", "", None),
        ("03|2024|01", "%m|%Y|%d", (2024, 3, 1)),
    ],
)
def test_the_format_that_is_given_is_the_only_one(tmp_path, written, form, day):
    days, _ = dated(tmp_path, written, **({"date_format": form} if form else {}))
    assert days == [datetime.date(*day) if day else None]


def test_a_year_of_two_digits_is_read_where_the_column_tells_the_order(tmp_path):
    days, _ = dated(tmp_path, "2/24/15", "3/4/15")
    assert days == [datetime.date(2015, 2, 24), datetime.date(2015, 3, 4)]


@pytest.mark.parametrize("form", ["%d/%m", "never", "%Q", "%H:%M"])
def test_a_format_that_names_no_day_is_refused(tmp_path, form):
    with pytest.raises(triage.BadOption, match="must hold year, month and day"):
        dated(tmp_path, "2024-03-01", date_format=form)


def test_one_misspelt_date_does_not_turn_a_column(tmp_path):
    days, notes = dated(tmp_path, *(f"{day}/03/2024" for day in range(1, 29)), "03/29/2024")
    assert days[:28] == [datetime.date(2024, 3, day) for day in range(1, 29)]
    assert "1 do not fit" in notes


# --- the CFPB export ---

CFPB = "Date received,Product,Sub-product,Consumer complaint narrative,Complaint ID\n"


def test_the_cfpb_export_is_recognised_by_its_header(tmp_path):
    source = opened(put(tmp_path, CFPB + "03/01/2024,Credit card,Store card,They XXXX me,123\n"))
    (document,) = source
    assert (document.text, document.label, document.id) == (
        "They XXXX me",
        "Credit card or prepaid card",
        "123",
    )
    assert document.date == datetime.date(2024, 3, 1)
    assert source.cleaners == ("complaints",)
    assert source.notes == ()


def test_the_raw_product_is_there_for_the_asking(tmp_path):
    path = put(tmp_path, CFPB + "03/01/2024,Payday loan,,They XXXX me,123\n")
    assert [document.label for document in opened(path)] == ["Payday, title or personal loan"]
    assert [document.label for document in opened(path, label_column="Product")] == ["Payday loan"]
    assert [document.label for document in opened(path, label_column="Sub-product")] == [None]


def test_a_complaint_without_a_narrative_is_counted_not_learned_from(tmp_path):
    kept, lost = read(put(tmp_path, CFPB + ",Mortgage,,,1\n,Mortgage,,text,2\n"))
    assert [document.id for document in kept] == ["2"]
    assert [(item.row, item.line, item.reason) for item in lost] == [(1, 2, "no narrative")]


def test_an_unknown_product_keeps_its_name_and_is_said_once(tmp_path):
    source = opened(put(tmp_path, CFPB + ",Time machine,,a,1\n,Mortgage,,b,2\n,Time machine,,c,3\n,,,d,4\n"))
    assert [document.label for document in source] == ["Time machine", "Mortgage", "Time machine", None]
    assert len(source.notes) == 1
    assert "'Time machine'" in source.notes[0]


@pytest.mark.parametrize(
    ("product", "group"),
    [
        ("Bank account or service", "Checking or savings account"),
        ("Consumer Loan", "Consumer loan (pre-2017)"),
        ("Prepaid card", "Credit card or prepaid card"),
        ("Credit reporting or other personal consumer reports", "Credit reporting"),
        ("Debt or credit management", "Debt or credit management"),
        ("Virtual currency", "Money transfer"),
        ("Money transfer, virtual currency, or money service", "Money transfer"),
        ("Other financial service", "Other financial service"),
        ("Payday loan, title loan, personal loan, or advance loan", "Payday, title or personal loan"),
        ("  mortgage ", "Mortgage"),
        ("Crypto lending", None),
    ],
)
def test_products_of_every_taxonomy_fold_into_stable_groups(product, group):
    assert _cfpb.group_of(product) == group


def test_a_group_is_its_own_group():
    assert all(_cfpb.group_of(group) == group for group in _cfpb.GROUPS.values())


@pytest.mark.data
def test_the_groups_are_those_of_the_shared_table(real_data):
    with (real_data / "cfpb_product_groups.csv").open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            assert _cfpb.group_of(row["product"]) == row["group"]


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "rows", "labels"),
    [("cfpb_complaints", 6488, 11), ("airline_tweets", 10258, 3), ("banking77_train", 10003, 77)],
)
def test_real_files_are_read_whole(real_data, name, rows, labels):
    source = opened(str(real_data / f"{name}.csv.gz"))
    items = list(source)
    assert len(items) == rows
    assert all(isinstance(item, triage.Document) for item in items)
    assert len({item.label for item in items}) == labels
    assert source.notes == ()
    with gzip.open(real_data / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        texts = [row[source.columns.text[0]] for row in csv.DictReader(file)]
    assert [item.text for item in items] == texts


# --- laws ---

ANY = st.text(st.characters(exclude_categories=("Cs", "Cc")) | st.sampled_from('\r\n\t,;|"'), max_size=30)
CSV_ROWS = st.lists(st.tuples(ANY, ANY), min_size=1, max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=CSV_ROWS,
    # Python's writer leaves a line end of another kind than its own unquoted.
    quoted=st.sampled_from(
        [(csv.QUOTE_MINIMAL, "\r\n")] + [(csv.QUOTE_ALL, end) for end in ("\n", "\r\n", "\r")]
    ),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_csv_writes_is_read_back_exactly(tmp_path, rows, quoted, delimiter, codec):
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=quoted[0], lineterminator=quoted[1], delimiter=delimiter)
    writer.writerows([("text", "label"), *rows])
    kept, lost = read(put(tmp_path, out.getvalue().encode(codec)))
    expected = [(text, label if label.strip() else None) for text, label in rows]
    swallowed = [item for item in lost if "swallows" in item.reason]
    assert lost == swallowed
    if not swallowed:
        assert pairs(kept) == expected


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.text(st.sampled_from('ab,"\n\r\0'), max_size=60))
def test_no_content_breaks_the_identity(tmp_path, content):
    assume(4 * content.count("\0") < len(HEADER + content))  # more of them are not text
    path = put(tmp_path, HEADER + content)
    if not content.strip("\r\n"):
        with pytest.raises(triage.DataError, match="no rows"):
            read(path)
        return
    kept, lost = read(path)
    ends = content.count("\n") + content.count("\r") - content.count("\r\n")
    assert 1 <= len(kept) + len(lost) <= ends + 1
    assert all(2 <= item.line <= ends + 2 for item in lost)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200), name=st.sampled_from(["a", "a.csv", "a.jsonl", "a.tsv"]))
def test_no_bytes_do_anything_but_be_read_or_refused(tmp_path, content, name):
    path = put(tmp_path, content, name)
    with contextlib.suppress(triage.DataError):
        read(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    good=st.lists(st.text("abc ", min_size=1, max_size=5), min_size=3, max_size=12), place=st.integers(0, 11)
)
def test_one_stray_quote_costs_one_row(tmp_path, good, place):
    place %= len(good)
    rows = [f"{text},x" for text in good]
    rows[place] = '"' + rows[place]
    kept, lost = read(put(tmp_path, HEADER + "\n".join(rows) + "\n"))
    assert [item.line for item in lost] == [place + 2]
    assert [document.text for document in kept] == good[:place] + good[place + 1 :]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(st.text(st.characters(exclude_categories=())), st.text()), min_size=1, max_size=6)
)
def test_json_lines_come_back_exactly(tmp_path, rows):
    content = lines(*({"text": text, "label": label} for text, label in rows))
    kept, lost = read(put(tmp_path, content, "a.jsonl"))
    assert pairs(kept) == [(text, label if label.strip() else None) for text, label in rows]
    assert lost == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.text(st.characters(exclude_categories=()), max_size=20), min_size=1, max_size=6))
def test_files_that_triage_wrote_come_back_exactly(tmp_path, rows):
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(["text", CSV_MARK])
    writer.writerows([(csv_cell(text), "1") for text in rows])
    kept, lost = read(put(tmp_path, out.getvalue()))
    assert [document.text for document in kept] == rows
    assert lost == []


def test_other_peoples_apostrophes_stay(tmp_path):
    kept, _ = read(put(tmp_path, HEADER + "'=1,x\n'quoted',y\n"))
    assert [document.text for document in kept] == ["'=1", "'quoted'"]


@given(
    text=st.text(st.sampled_from("ab\r\n\u2028\x85"), max_size=40),
    cuts=st.lists(st.integers(0, 40), max_size=6),
)
def test_lines_do_not_depend_on_how_the_text_comes_in(text, cuts):
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [text[a:b] for a, b in itertools.pairwise(places)]
    assert list(_encoding.physical_lines(iter(pieces))) == list(io.StringIO(text, newline=""))


# --- what damaged Parquet files did to other readers ---


def test_a_parquet_file_that_gives_fewer_rows_than_it_says_is_said(tmp_path, monkeypatch):
    path = table(tmp_path, text=["a", "b", "c"])
    source = opened(path)
    cells = source._cells
    monkeypatch.setattr(source, "_cells", lambda file: itertools.islice(cells(file), 2))
    with pytest.raises(triage.DataError, match="it says that it has 3 rows, and 2 came out"):
        list(source)


def test_a_day_that_no_calendar_holds_costs_its_row_and_no_other(tmp_path):
    import pyarrow

    days = pyarrow.array([0, 2**31 - 1, 19000], pyarrow.int32()).cast(pyarrow.date32())
    kept, lost = read(table(tmp_path, text=["a", "b", "c"], date=days))
    assert [(document.row, document.date and document.date.year) for document in kept] == [
        (1, 1970),
        (3, 2022),
    ]
    assert [(item.row, item.reason) for item in lost] == [(2, "it holds a value that cannot be")]


def test_an_index_into_a_dictionary_that_is_too_short_costs_its_row_and_is_never_another_text(tmp_path):
    import pyarrow

    from triage_readers._parquet import _NO_VALUE, _values

    column = pyarrow.DictionaryArray.from_arrays(
        pyarrow.array([0, -1, 2, None, 1], pyarrow.int32()), pyarrow.array(["a", "b"]), safe=False
    )
    assert _values(column) == ["a", _NO_VALUE, _NO_VALUE, None, "b"]


def test_a_footer_that_contradicts_itself_ends_no_process(tmp_path):
    """Arrow throws where pyarrow does not catch it: this byte once ended the whole process."""
    import pyarrow
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(pyarrow.table({"text": ["a", None] * 5}), out, row_group_size=2)
    good = bytearray(out.getvalue())
    footer = len(good) - 8 - int.from_bytes(good[-8:-4], "little")
    code = (
        "import sys, triage, triage_readers\n"
        "for path in sys.argv[1:]:\n"
        "    try: list(triage_readers.triage_open_corpus(path, {}))\n"
        "    except triage.TriageError: pass\n"
    )
    paths = []
    for place in range(footer, len(good), 3):
        bad = good.copy()
        bad[place] ^= 1 << place % 8
        paths.append(put(tmp_path, bytes(bad), f"{place}.parquet"))
    done = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-500:]


def test_a_column_name_of_megabytes_takes_no_time(tmp_path):
    name = " " * 5_000_000 + "x"
    with pytest.raises(triage.DataError, match="cannot be told") as caught:
        read(put(tmp_path, json.dumps({name: "a"}), "a.jsonl"))
    assert len(str(caught.value)) < 1000


def thrift_number(number):
    """A whole number as Thrift's compact protocol writes it."""
    number, out = number << 1, b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def test_a_page_that_says_it_unpacks_to_a_gigabyte_is_refused_before_memory_is_taken(tmp_path):
    path = table(tmp_path, text=["a", "b"])
    good = pathlib.Path(path).read_bytes()
    assert good[4:7] == b"\x15\x04\x15"  # a dictionary page, and the bytes that it unpacks to
    bad = good[:7] + thrift_number(1_500_000_000) + good[8:]
    before = pyarrow.total_allocated_bytes()
    with pytest.raises(triage.DataError, match="1,430 MB of 'text' in 2 rows, too large"):
        read(put(tmp_path, bad, "a.parquet"))
    assert pyarrow.total_allocated_bytes() - before < 1e6


def test_the_sizes_of_pages_are_those_that_pyarrow_knows(tmp_path):
    from triage_readers._pages import sizes

    generator = random.Random(3)
    texts = ["".join(generator.choices("abcdef ", k=generator.randrange(900))) for _ in range(3000)]
    for number, (codec, version) in enumerate(itertools.product(("none", "snappy", "zstd"), ("1.0", "2.0"))):
        path = tmp_path / f"{number}.parquet"
        columns = {"text": texts, "label": ["x", None, "y"] * 1000, "n": range(3000)}
        settings = {"compression": codec, "data_page_version": version, "data_page_size": 5000}
        parquet.write_table(pyarrow.table(columns), path, row_group_size=1100, **settings)
        known = parquet.ParquetFile(path).metadata
        with path.open("rb") as file:
            found = sizes(file, ["label", "text"])
        assert len(found) == known.num_row_groups == 3
        for place, sums in enumerate(found):
            for column, name in enumerate(["text", "label"]):
                chunk = known.row_group(place).column(column)
                # The footer counts the headers of the pages too.
                assert 0.7 * chunk.total_uncompressed_size < sums[name] < chunk.total_uncompressed_size


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PAR1",
        b"PAR1" + b"\xff\xff\xff\x7f" + b"PAR1",
        b"PAR1" + b"\x19" + b"\x01\0\0\0" + b"PAR1",
        b"PAR1" + b"\x49\xfc\xff\xff\xff\xff\x0f" + b"\x07\0\0\0" + b"PAR1",
        b"PAR1" + b"\x1c" * 5000 + (5000).to_bytes(4, "little") + b"PAR1",
        b"PAR1" + b"\x15" + b"\xff" * 20 + b"\x15\0\0\0" + b"PAR1",
        b"PAR1" + b"\x1e\0" + b"\x02\0\0\0" + b"PAR1",
        b"PAR1" + b"\x45\x02\0" + b"\x03\0\0\0" + b"PAR1",
        b"PAR1" + b"\x49\x15\x02\0" + b"\x04\0\0\0" + b"PAR1",
    ],
)
def test_a_footer_that_is_none_is_said_to_be_that(content):
    from triage_readers._pages import NotParquet, sizes

    with pytest.raises(NotParquet):
        sizes(io.BytesIO(content), ["text"])


def test_utf16_that_is_asked_for_and_not_there_is_said(tmp_path):
    with pytest.raises(triage.DataError, match="is not utf-16, from its first bytes on: pass another"):
        read(put(tmp_path, HEADER + "a,b\n"), encoding="utf-16")


def test_characters_that_an_encoding_holds_back_to_the_end_are_kept(tmp_path):
    kept, _ = read(put(tmp_path, (HEADER + "a,\u4e2d").encode("utf-7").rstrip(b"-")), encoding="utf-7")
    assert pairs(kept) == [("a", "\u4e2d")]


@pytest.mark.parametrize("places", [{9: -5}, {9: 10**9}, {7: 10**9}, {7: -(10**9)}])
def test_pages_that_lie_outside_of_the_file_are_said_to_be_damage(tmp_path, monkeypatch, places):
    from triage_readers import _pages

    path = pathlib.Path(table(tmp_path, text=["a", "b"]))
    real = _pages._pages

    def moved(file, record, end):
        return real(file, {**record, 11: 0, **places}, end)

    monkeypatch.setattr(_pages, "_pages", moved)
    with pytest.raises(triage.DataError, match="is damaged or no Parquet file"):
        opened(str(path))


def test_a_page_header_that_is_longer_than_what_is_read_at_once_is_read_whole(tmp_path, monkeypatch):
    """Statistics may hold two whole texts."""
    from triage_readers import _pages

    monkeypatch.setattr(_pages, "_HEADER", 4)
    kept, lost = read(table(tmp_path, text=["a" * 300, "b" * 300]))
    assert ([document.text for document in kept], lost) == (["a" * 300, "b" * 300], [])


# --- tables as programs write them ---


@pytest.mark.parametrize(
    "content",
    [
        "text;label\nlost card;Cards\nlate fee;Loans\n",
        "sep=;\ntext;label\nlost card;Cards\nlate fee;Loans\n",
        "text, label\nlost card, Cards\nlate fee, Loans\n",
        'text, label\n"lost card", Cards\n"late fee", "Loans"\n',
        "Complaints of July\n\ntext,label\nlost card,Cards\nlate fee,Loans\n",
        "Export;;\nby the tracker, 3 May;;\nid;text;label\n1;lost card;Cards\n2;late fee;Loans\n;;\n;;\n",
        "text,label\nlost card,Cards\ntext,label\nlate fee,Loans\n",
        "\ufefftext,label\nlost card,Cards\n\ufefftext,label\nlate fee,Loans\n",
        'text,label,note,note\n"lost card",Cards,1,2\nlate fee,Loans,3,4\n',
        "Letter;;Handling;\nid;text;label;who\n1;lost card;Cards;x\n2;late fee;Loans;y\n",
        "text|label\nlost card|Cards\nlate fee|Loans\n",
    ],
)
def test_a_corpus_is_read_as_programs_write_it(tmp_path, content):
    kept, lost = read(put(tmp_path, content))
    assert pairs(kept) == [("lost card", "Cards"), ("late fee", "Loans")]
    assert not lost


def test_lines_above_the_header_and_repeated_headers_are_said(tmp_path):
    source = opened(put(tmp_path, "Title\ntext,label\na,x\ntext,label\n"))
    list(source)
    assert [note.split(" ", 1)[1] for note in source.notes] == [
        "lines above the header are not part of the table and are not read",
        "repeated headers are not rows",
    ]


def test_columns_of_one_name_are_told_apart_by_their_group(tmp_path):
    content = "Received;;Closed;\ndate;text;date;label\n2024-03-01;a;2024-04-01;x\n"
    ((document,), _) = read(put(tmp_path, content), date_column="Received date")
    assert (document.date, document.text, document.label) == (datetime.date(2024, 3, 1), "a", "x")


def test_a_header_with_its_columns_in_another_order_is_refused(tmp_path):
    with pytest.raises(triage.DataError, match="line 3: a header again, with the columns in another order"):
        read(put(tmp_path, "id,text,label\n1,a,x\ntext,label,id\nb,y,2\n"))


def test_a_text_that_spans_more_fields_is_still_set_aside_and_not_taken_for_the_header(tmp_path):
    kept, lost = read(put(tmp_path, "text,label\na, and b,x\nc, and d,y\ne,z\n"))
    assert (pairs(kept), len(lost)) == ([("e", "z")], 2)


# --- which columns are read ---


def test_several_text_columns_are_joined(tmp_path):
    path = put(tmp_path, "subject,body,label\nLost,my card,x\n,only this,y\n")
    source = opened(path, text_column=("subject", "body"))
    assert [document.text for document in source] == ["Lost\n\nmy card", "only this"]
    assert source.learned == {"text": ["subject", "body"], "label": "label"}


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.parquet", "a.xlsx"])
def test_what_was_learned_from_is_read_in_every_format(tmp_path, name):
    rows = [{"text": "automatic answer", "letter": "my card", "head": "Lost", "received": "06/07/2024"}]
    frame = __import__("pandas").DataFrame(rows)
    path = str(tmp_path / name)
    if name.endswith("jsonl"):
        frame.to_json(path, orient="records", lines=True)
    elif name.endswith("csv"):
        frame.to_csv(path, index=False)
    elif name.endswith("parquet"):
        frame.to_parquet(path)
    else:
        pytest.importorskip("openpyxl")
        frame.to_excel(path, index=False)
    learned = {"learned_text_column": ["head", "letter"], "learned_date_order": "dmy"}
    (document,) = opened(path, **learned)
    assert (document.text, document.date) == ("Lost\n\nmy card", datetime.date(2024, 7, 6))
    (document,) = opened(path, **learned, text_column="text")
    assert document.text == "automatic answer"


def test_another_column_than_was_learned_from_is_said(tmp_path):
    source = opened(put(tmp_path, "text,team\na,x\n"), learned_text_column=["letter"])
    assert "the text is read from 'text'; the model learned from 'letter'" in source.notes


def test_columns_that_could_hold_text_too_are_named(tmp_path):
    source = opened(put(tmp_path, "subject,body,team\na,b,x\n"))
    assert any("'subject' could hold text too" in note for note in source.notes)


@pytest.mark.parametrize(
    "header",
    ["my number is 4929 1823 7712", "They took my money. Twice!", "a letter of a great many words indeed"],
)
def test_a_file_without_a_header_is_refused_without_quoting_it(tmp_path, header):
    for column in ({}, {"text_column": "text"}):
        with pytest.raises(triage.DataError) as caught:
            read(put(tmp_path, f"{header};Cards\nsecond letter;Loans\n"), **column)
        assert header not in str(caught.value)


@pytest.mark.parametrize("encoding", ["PLAIN", "DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"])
@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd", "lz4", "brotli"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_parquet_is_read_in_every_encoding_that_others_write(tmp_path, encoding, compression, version):
    import decimal

    import pyarrow.parquet

    texts = [f"letter {number} about a card" for number in range(50)]
    content = pyarrow.table(
        {"text": texts, "label": ["a", "b"] * 25, "id": [decimal.Decimal(f"{n}.50") for n in range(50)]}
    )
    path = str(tmp_path / "a.parquet")
    pyarrow.parquet.write_table(
        content, path, compression=compression, data_page_version=version, use_dictionary=False,
        column_encoding={"text": encoding, "label": "PLAIN"},
    )  # fmt: skip
    kept, lost = read(path)
    assert [document.text for document in kept] == texts
    assert (kept[1].id, lost) == ("1.50", [])


def test_a_dictionary_column_of_parquet_is_text(tmp_path):
    import pyarrow.parquet

    path = str(tmp_path / "a.parquet")
    labels = pyarrow.array(["x", "y", "x"]).dictionary_encode()
    pyarrow.parquet.write_table(pyarrow.table({"text": ["a", "b", "c"], "label": labels}), path)
    assert [document.label for document in read(path)[0]] == ["x", "y", "x"]

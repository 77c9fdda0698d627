"""Small files of a person's: read whole or in rows, bounded, and never half."""

import datetime
import gzip
import os

import pytest

import triage
from triage.io import text_tables
from triage.io.files import csv_line
from triage.io.text_tables import read_lines, read_table, read_whole


def put(folder, content, name="a.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    return path


def table(path, **settings):
    return [(line, tuple(cells.items())) for line, cells in read_table(path, **settings)]


def test_a_file_is_read_whole_up_to_its_limit(tmp_path):
    assert read_whole(put(tmp_path, b"x" * 10), most=10) == b"x" * 10
    assert read_whole(put(tmp_path, gzip.compress(b"x" * 10)), most=10) == b"x" * 10
    with pytest.raises(triage.DataError, match="more than 9 bytes"):
        read_whole(put(tmp_path, b"x" * 10), most=9)


@pytest.mark.parametrize(
    "read", [lambda path: read_whole(path, most=9), table, lambda path: [*read_lines(path)]]
)
def test_what_cannot_be_opened_is_no_input(tmp_path, read):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "nothing", tmp_path, tmp_path / "pipe", "https://example.org/a.csv"):
        with pytest.raises(triage.NoInput):
            read(path)


def test_lines_keep_their_ends_and_lose_the_byte_order_mark(tmp_path):
    assert list(read_lines(put(tmp_path, "\ufeffa\r\nb\rc\n\ud800"))) == ["a\r\n", "b\r", "c\n", "\ud800"]


def test_a_line_without_end_and_bytes_that_are_no_text_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(text_tables, "LONGEST", 1 << 20)
    with pytest.raises(triage.DataError, match=r"line 2: longer than 1 million"):
        list(read_lines(put(tmp_path, b"a\n" + b"b" * (2 << 20))))
    with pytest.raises(triage.DataError, match="not UTF-8, on line 1"):
        list(read_lines(put(tmp_path, b"a\xff\n")))


def test_a_table_gives_cells_by_column_with_the_line_on_which_each_row_ends(tmp_path):
    rows = table(put(tmp_path, '\nid,label\n1,"two\nlines"\n\n2\n'))
    assert rows == [(4, (("id", "1"), ("label", "two\nlines"))), (6, (("id", "2"), ("label", "")))]


def test_cells_that_were_made_safe_come_back(tmp_path):
    cells = ["=1+1", "'quoted", '"', "-2", "\ud800", "a\r\nb"]
    written = csv_line(["a", "b", "c", "d", "e", "f"]) + csv_line(cells)
    assert table(put(tmp_path, written))[0][1] == tuple(zip("abcdef", cells, strict=True))


def test_a_number_and_nothing_are_cells_too():
    assert csv_line([1, None, 0.5, "x"], end="\n") == '"1","","0.5","x"\n'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("id,id\n1,2\n", "the same name"),
        ("id\n1,2\n", r"line 2: 2 cells where the header has 1"),
        ('id\n"1\n2\n', r"line 3: not CSV"),
        ('id\n"1"x\n', r"line 2: not CSV"),
        ("id\n1\n", "a file of cases must have a column 'label'"),
        ("", "a file of cases must have a column 'id'"),
    ],
)
def test_a_table_that_cannot_be_relied_on_is_refused_by_line(tmp_path, content, words):
    with pytest.raises(triage.DataError, match=words):
        table(
            put(tmp_path, content), needs=("id", "label") if "cases" in words else (), what="a file of cases"
        )


def test_columns_without_a_name_are_not_the_same_column(tmp_path):
    assert table(put(tmp_path, "id,,\n1,2,3\n")) == [(2, (("id", "1"), ("", "2")))]


@pytest.mark.parametrize(
    "content",
    [
        "id;label\n7;Card\n",
        "\ufeffid;label\r\n7;Card\r\n",
        "sep=;\nid;label\n7;Card\n",
        "id\tlabel\n7\tCard\n",
        "id|label\n7|Card\n",
        "id, label\n7, Card\n",
        'id, label\n7, "Card"\n',
        "Label;ID\nCard;7\n",
        "\n\nid,label\n\n7,Card\n,\n\n",
        "Judged in July\n\nid,label\n7,Card\n",
        "Judged in July, by me;\nid;label\n7;Card\n",
        "id;label;;\n7;Card;;\n;;;\n",
        "id,label\n7,Card,,\n",
        "id,label\n7,Card\nid,label\n",
        "id,label\n7,Card\n\ufeffid,label\n",
        "id,note,note,label\n7,a,b,Card\n",
        "\ufeffid;label\r\n7;Card\r\n".encode("utf-16"),
    ],
)
def test_a_table_is_read_as_programs_write_it(tmp_path, content):
    ((_, cells),) = read_table(put(tmp_path, content), needs=("id", "label"), what="a file of cases")
    assert (cells["id"], cells["label"]) == ("7", "Card")


@pytest.mark.parametrize(
    ("content", "number"),
    [
        ("a;b\n1;2,5\n", 2.5),
        ("a;b\n1;1.234,5\n", 1234.5),
        ("a\tb\n1\t-0,25\n", -0.25),
        ("a;b\n1;2.5\n", 2.5),
        ("a,b\n1,2.5\n", 2.5),
        ("a;b\n1;1e3\n", 1000.0),
    ],
)
def test_a_comma_is_a_decimal_sign_where_commas_do_not_divide_cells(tmp_path, content, number):
    table_ = read_table(put(tmp_path, content))
    ((_, cells),) = table_
    assert table_.number(cells["b"]) == number


def test_a_quoted_comma_between_commas_is_no_number(tmp_path):
    table_ = read_table(put(tmp_path, 'a,b\n1,"2,500"\n'))
    ((_, cells),) = table_
    with pytest.raises(ValueError, match="could not convert"):
        table_.number(cells["b"])


def test_another_encoding_is_named_as_the_remedy(tmp_path):
    with pytest.raises(triage.DataError, match=r"cp1252 .* save it as UTF-8"):
        table(put(tmp_path, "id;label\n7;Geb\u00fchr\n".encode("cp1252")))


def workbook(folder, **sheets):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(folder / "a.xlsx")
    return folder / "a.xlsx"


def test_a_sheet_of_a_workbook_is_a_table(tmp_path):
    rows = [["Costs of July"], [], ["label", "Card", "Loan"], ["Card", 0, 2.5], ["Loan", 7.0, None]]
    table_ = read_table(workbook(tmp_path, Costs=rows, Empty=[]))
    assert [tuple(cells.values()) for _, cells in table_] == [("Card", "0", "2.5"), ("Loan", "7", "")]


def test_days_of_a_workbook_are_days(tmp_path):
    path = workbook(
        tmp_path,
        Days=[["date"], [datetime.date(2024, 3, 1)], [datetime.datetime.fromisoformat("2024-03-01T05:00")]],
    )
    assert [cells["date"] for _, cells in read_table(path)] == ["2024-03-01", "2024-03-01T05:00:00"]


def test_a_workbook_that_cannot_be_relied_on_is_refused(tmp_path):
    with pytest.raises(triage.DataError, match="damaged or not an Excel workbook"):
        table(put(tmp_path, b"PK\x03\x04 nonsense", "b.xlsx"))
    with pytest.raises(triage.DataError, match="several sheets that hold rows"):
        table(workbook(tmp_path, One=[["a"], ["1"]], Two=[["a"], ["1"]]))
    with pytest.raises(triage.DataError, match="no visible sheet holds a row"):
        table(workbook(tmp_path, One=[]))

"""Small files of a person's: read whole or in rows, bounded, and never half."""

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
        ("id\n1\n", "a file of cases has a column 'label'"),
        ("", "a file of cases has a column 'id'"),
    ],
)
def test_a_table_that_cannot_be_relied_on_is_refused_by_line(tmp_path, content, words):
    with pytest.raises(triage.DataError, match=words):
        table(
            put(tmp_path, content), needs=("id", "label") if "cases" in words else (), what="a file of cases"
        )


def test_columns_without_a_name_are_not_the_same_column(tmp_path):
    assert table(put(tmp_path, "id,,\n1,2,3\n")) == [(2, (("id", "1"), ("", "3")))]

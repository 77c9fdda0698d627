"""Opening a corpus by name or path, and gathering it into memory."""

import csv

import pytest
from click.testing import CliRunner
from conftest import module_of
from hypothesis import given
from hypothesis import strategies as st

import triage
import triage_readers
from triage.cli import cli
from triage.data import sources
from triage.io.files import csv_uncell

THREE = """
import triage
class Three:
    name = "three"
    def __iter__(self):
        yield triage.Document(row=1, text="a", label="x")
        yield triage.Document(row=2, text="b", label="y")
        yield triage.Quarantined(row=3, line=0, reason="nothing in it")
@triage.hookimpl
def triage_corpora():
    yield triage.Corpus(name="three", summary="Three rows", build=Three, cleaners=("lower",))
"""

BROKEN = """
import triage
class Broken:
    name = "broken"
    def __iter__(self):
        yield triage.Document(row=1, text="my secret text", label="x")
        {fault}
@triage.hookimpl
def triage_open_corpus(location, options):
    return Broken() if location == "broken" else None
"""


@pytest.fixture
def host():
    """The readers and one small corpus."""
    plugins = triage.Plugins(strict=True)
    plugins.register(triage_readers)
    plugins.register(module_of(THREE, "three"))
    return plugins


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "my_export.csv"
    path.write_text("text,label\na,x\nb,y\n", encoding="utf-8")
    return str(path)


def test_a_corpus_is_opened_by_its_name(host):
    assert sources.open_source(host, "three").name == "three"
    dataset = sources.load(host, "three")
    assert (dataset.name, dataset.cleaners) == ("three", ("lower",))
    assert dataset.texts == ["a", "b"]
    assert sources.summary(dataset) == "3 rows in = 2 kept + 1 quarantined"


def test_a_file_is_opened_by_its_path(host, path):
    dataset = sources.load(host, path)
    assert (dataset.name, dataset.cleaners) == ("my_export", ())
    assert dataset.labels == ["x", "y"]
    assert sources.summary(dataset) == "2 rows in = 2 kept + 0 quarantined"


def test_the_options_reach_the_reader(host, path):
    assert sources.load(host, path, options={"text_column": "label", "label_column": "text"}).texts == [
        "x",
        "y",
    ]


def test_a_name_comes_before_a_file_of_that_name(host, path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "three").write_text("text,label\nfrom the file,x\n", encoding="utf-8")
    assert sources.load(host, "three").texts == ["a", "b"]
    assert sources.load(host, "./three").texts == ["from the file"]


def test_an_unknown_name_suggests_the_corpora_and_says_there_is_no_file(host):
    with pytest.raises(triage.UnknownName, match=r"no corpus 'thre'. Did you mean three\? There is no file"):
        sources.open_source(host, "thre")


@pytest.mark.parametrize("location", ["three.csv", "./three", "data/three", "https://example.org/a.csv"])
def test_what_looks_like_a_path_is_no_name(host, location):
    with pytest.raises(triage.NoInput):
        sources.open_source(host, location)


def test_without_readers_a_path_says_so(path):
    plugins = triage.Plugins()
    with pytest.raises(triage.Unavailable, match="no plugin reads"):
        sources.open_source(plugins, path)
    with pytest.raises(triage.NoInput, match="no file"):
        sources.open_source(plugins, path + ".gz")


def test_columns_of_a_corpus_cannot_be_chosen(host):
    with pytest.raises(triage.BadOption, match="remove --text-column"):
        sources.open_source(host, "three", options={"text_column": "text"})


def test_strict_sets_no_row_aside(host, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,label\na,x\nbad\n", encoding="utf-8")
    assert len(sources.load(host, str(path)).quarantined) == 1
    with pytest.raises(
        triage.DataError, match=r"a\.csv', line 3: 1 fields where the header has 2 \(--strict"
    ):
        sources.load(host, str(path), strict=True)
    with pytest.raises(triage.DataError, match=r"'three', row 3: nothing in it"):
        sources.load(host, "three", strict=True)


def test_a_file_of_bad_rows_only_is_an_error(host, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,label\nbad\nworse\n", encoding="utf-8")
    with pytest.raises(
        triage.DataError, match=r"none of the 2 rows could be read; the first: .*line 2: 1 fields"
    ):
        sources.load(host, str(path))


def test_labels_are_asked_for_where_they_are_needed(host, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,when\na,x\n", encoding="utf-8")
    assert sources.load(host, str(path)).labels == [None]
    with pytest.raises(triage.DataError, match=r"which column holds the label.*--label-column"):
        sources.load(host, str(path), labelled=True)


def test_two_possible_label_columns_are_always_asked_about(host, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,category,product\na,x,y\n", encoding="utf-8")
    with pytest.raises(triage.DataError, match=r"category, product could each hold it"):
        sources.load(host, str(path))
    assert sources.load(host, str(path), options={"label_column": "product"}).labels == ["y"]


@pytest.mark.parametrize(
    "fault", ["raise KeyError('my secret text')", "yield 'my secret text'", "yield None"]
)
def test_a_source_that_fails_is_blamed_without_its_text(fault):
    plugins = triage.Plugins(strict=True)
    plugins.register(module_of(BROKEN.format(fault=fault), "broken"))
    with pytest.raises(triage.PluginFailed, match="the source of 'broken'") as caught:
        sources.load(plugins, "broken")
    assert "secret" not in str(caught.value)


def test_errors_that_are_meant_pass_through(host):
    plugins = triage.Plugins(strict=True)
    plugins.register(module_of(BROKEN.format(fault="raise triage.DataError('as it is')"), "broken"))
    with pytest.raises(triage.DataError, match="as it is"):
        sources.load(plugins, "broken")


def test_the_quarantine_can_be_looked_at(tmp_path):
    rows = [
        triage.Quarantined(row=3, line=5, reason="2 fields where the header has 3"),
        triage.Quarantined(row=9, line=0, reason="=cmd()"),
    ]
    sources.save_quarantine(rows, tmp_path / "q.csv", location="=a.csv")
    with (tmp_path / "q.csv").open(encoding="utf-8", newline="") as file:
        header, *found = csv.reader(file)
    assert header == ["file", "line", "row", "reason"]
    assert found[0] == ["'=a.csv", "5", "3", "2 fields where the header has 3"]
    assert [csv_uncell(cell) for cell in found[1]] == ["=a.csv", "0", "9", "=cmd()"]


def test_a_frame_of_pandas_becomes_a_dataset_and_comes_back():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"body": ["a card", None, "NA"], "team": ["card", None, "007"]})
    dataset = triage.Dataset.from_frame(frame, text="body", label="team")
    assert [(d.row, d.text, d.label) for d in dataset.documents] == [
        (1, "a card", "card"),
        (2, "", None),
        (3, "NA", "007"),
    ]
    back = dataset.to_frame()
    assert back["text"].tolist() == ["a card", "", "NA"]
    again = triage.Dataset.from_frame(back)
    assert again.sha256 == dataset.sha256
    with pytest.raises(KeyError, match="text"):
        triage.Dataset.from_frame(frame)


def test_the_command_writes_the_quarantine_and_no_text(tmp_path):
    past, found = tmp_path / "past.csv", tmp_path / "quarantine.csv"
    rows = "".join(f"the card number {'x' * i} was lost,{'card' if i % 2 else 'loan'}\n" for i in range(30))
    past.write_text(f"text,label\n{rows}too,many,secret fields\n", encoding="utf-8")
    done = CliRunner().invoke(cli, ["corpora", "check", str(past), "--out", str(found)])
    assert done.exit_code == 0, done.output
    with found.open(encoding="utf-8", newline="") as file:
        header, row = csv.reader(file)
    assert header == ["file", "line", "row", "reason"]
    assert row[:2] == [str(past), "32"]
    assert "secret" not in found.read_text(encoding="utf-8")


@given(kept=st.integers(0, 10**7), lost=st.integers(0, 10**7))
def test_the_account_adds_up(kept, lost):
    total, _, rest = sources.row_counts(kept=kept, quarantined=lost).partition(" rows in = ")
    left, _, right = rest.partition(" + ")
    numbers = [int(part.split()[0].replace(",", "")) for part in (total, left, right)]
    assert numbers == [kept + lost, kept, lost]


@pytest.mark.data
def test_real_complaints_carry_the_groups_of_the_shared_table(host, real_data):
    dataset = sources.load(host, str(real_data / "cfpb_complaints.csv.gz"), strict=True)
    raw = sources.load(
        host, str(real_data / "cfpb_complaints.csv.gz"), options={"label_column": "Product"}, strict=True
    )
    with (real_data / "cfpb_product_groups.csv").open(encoding="utf-8", newline="") as rows:
        groups = {row["product"]: row["group"] for row in csv.DictReader(rows)}
    assert dataset.labels == [groups[label] for label in raw.labels]
    assert (dataset.name, dataset.cleaners) == ("cfpb_complaints", ("complaints",))
    assert sources.summary(dataset) == "6,488 rows in = 6,488 kept + 0 quarantined"

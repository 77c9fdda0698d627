"""What a model learned from is what is read again, and what is read is said."""

import csv
import json

import pytest
from click.testing import CliRunner

from triage.cli import cli
from triage.config import Experiment, load_experiment
from triage.evaluation.jobs import _work, job_of

RUNNER = CliRunner()
WORDS = {
    "Cards": "card declined till stolen wallet swipe chip pin cash machine",
    "Loans": "loan rate instalment interest repaid arrears lender balance offer",
    "App": "login password crash screen update phone button freeze version",
}
BACKGROUND = [
    "because",
    "when",
    "after",
    "then",
    "yesterday",
    "today",
    "letter",
    "branch",
    "call",
    "again",
    "week",
    "month",
    "answer",
    "nobody",
]


def rows_of(n, *, label=True):
    """Rows whose letter tells the label, and whose text is the same automatic answer."""
    for number in range(n):
        team = list(WORDS)[number % 3]
        words = WORDS[team].split()
        picked = [words[(number + i * 2) % len(words)] for i in range(5)]
        filler = [BACKGROUND[(number * 7 + i * i) % len(BACKGROUND)] for i in range(6)]
        letter = " ".join(w for pair in zip(picked, filler, strict=False) for w in pair)
        row = {"id": f"n{number}", "text": "Thank you for your letter", "letter": letter, "head": picked[0]}
        yield {**row, "team": team} if label else row


def write(path, rows):
    rows = list(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def triage(*words):
    return RUNNER.invoke(cli, [str(word) for word in words], catch_exceptions=False, standalone_mode=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("columns")
    write(where / "past.csv", rows_of(180))
    write(where / "new.csv", rows_of(30, label=False))
    columns = ["--text-column", "head", "--text-column", "letter", "--label-column", "team"]
    done = triage("train", where / "past.csv", *columns, "--model", where / "model", "-q")
    assert done.exception is None
    return where


def labels(done):
    assert done.exception is None, done.exception
    return [json.loads(line)["label"] for line in done.stdout.splitlines()]


def test_a_model_remembers_the_columns_that_it_learned_from(folder):
    record = json.loads(next((folder / "model").rglob("model.json")).read_text(encoding="utf-8"))
    assert record["trained"]["columns"] == {"text": ["head", "letter"], "label": "team", "id": "id"}


def test_routing_reads_the_columns_that_the_model_learned_from(folder):
    done = triage("route", folder / "model", folder / "new.csv", "--format", "jsonl")
    assert labels(done) == [list(WORDS)[number % 3] for number in range(30)]


def test_routing_says_where_it_reads_another_column(folder):
    done = triage("route", folder / "model", folder / "new.csv", "--format", "jsonl", "--text-column", "text")
    assert len(set(labels(done))) == 1
    assert "the text is read from 'text'; the model learned from 'head' and 'letter'" in done.stderr


def test_a_file_with_one_of_the_columns_is_read_from_that(folder, tmp_path):
    path = write(tmp_path / "a.csv", ({"letter": row["letter"], "text": "x"} for row in rows_of(6)))
    done = triage("route", folder / "model", path, "--format", "jsonl")
    assert labels(done) == ["Cards", "Loans", "App"] * 2
    assert "the text is read from 'letter'" in done.stderr


def test_text_columns_can_be_listed_in_an_experiment_file(tmp_path):
    path = tmp_path / "triage.toml"
    path.write_text(
        '[corpus]\ntext-column = ["head", "letter"]\nday-first = true\ndate-format = "%d.%m.%y"\nsheet = "A"\n'
    )
    experiment = load_experiment(str(path))
    assert experiment.columns == {
        "text_column": ("head", "letter"),
        "day_first": "yes",
        "date_format": "%d.%m.%y",
        "sheet": "A",
    }
    assert Experiment.from_json(json.loads(json.dumps(experiment.to_json()))) == experiment


def test_a_corpus_that_changes_between_the_jobs_of_an_evaluation_is_noticed(folder, plugins, tmp_path):
    from triage.data.sources import load
    from triage.errors import DataError

    path = write(tmp_path / "past.csv", rows_of(180))
    experiment = Experiment(
        backend="tfidf", location=path, columns={"text_column": "letter", "label_column": "team"}
    )
    dataset = load(plugins, path, options=experiment.columns, labelled=True)
    job = job_of(experiment, plugins, dataset, None, test_location=None, runs=str(tmp_path / "runs"))
    write(tmp_path / "past.csv", list(rows_of(180))[1:])
    with pytest.raises(DataError, match="has changed since the evaluation began"):
        _work(job, lambda event, **facts: None)

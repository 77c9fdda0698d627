"""Wrong labels: found where they were planted, listed for a person, and fed back."""

import csv
import io

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import dataset_of
from hypothesis import given
from hypothesis import strategies as st

import triage
from triage.cli import cli
from triage.config import Experiment
from triage.data.corrections import correct, identifiers, read_corrections
from triage.evaluation.label_errors import confident_errors, suspects, suspects_csv

PLUGINS = triage.Plugins.discover()
WORDS = {
    "card": "card charge limit statement",
    "loan": "loan rate term lender",
    "home": "house deed escrow roof",
}


def planted(wrong=6, n=40):
    """Texts whose words tell their class, `wrong` of which carry the label of the next class."""
    generator = np.random.default_rng(3)
    pairs = []
    names = list(WORDS)
    for position in range(3 * n):
        label = names[position % 3]
        words = (
            generator.choice(WORDS[label].split(), 3).tolist()
            + generator.choice([f"word{i}" for i in range(60)], 9).tolist()
        )
        given = names[(position + 1) % 3] if position < wrong else label
        pairs.append((given, " ".join(generator.permutation(words))))
    return dataset_of(*pairs)


def test_planted_labels_come_first():
    found = suspects(planted(), Experiment(min_per_class=3), PLUGINS)
    assert {each.id for each in found[:6]} == {f"#{row}" for row in range(1, 7)}
    confidence = [each.confidence for each in found]
    assert confidence == sorted(confidence, reverse=True)
    assert all(0.5 < each <= 1 for each in confidence)
    assert found[0].given != found[0].suggested


@pytest.mark.slow
def test_of_the_first_hundred_suspected_in_the_embedded_complaints_sixty_are_planted():
    from triage.data.sources import load

    dataset = load(PLUGINS, "complaints", labelled=True)
    wrong = {
        name
        for name, document in zip(identifiers(dataset.documents), dataset.documents, strict=True)
        if document.meta["wrong"]
    }
    found = suspects(dataset, Experiment(), PLUGINS)
    assert sum(each.id in wrong for each in found[:100]) >= 60


def test_a_family_of_near_duplicates_does_not_vouch_for_itself():
    letter = "card charge limit statement word1 word2 word3 word4 word5 card charge limit"
    documents = [("home", letter)] * 12
    dataset = planted(wrong=0)
    twice = dataset_of(*((d.label, d.text) for d in dataset.documents), *documents)
    found = suspects(twice, Experiment(min_per_class=3), PLUGINS)
    assert {f"#{row}" for row in range(121, 133)} <= {each.id for each in found}


@given(st.integers(0, 999), st.integers(1, 40))
def test_a_suggestion_is_always_likelier_than_the_label_that_was_given(seed, n):
    generator = np.random.default_rng(seed)
    probabilities, codes = generator.dirichlet(np.ones(4), size=n), generator.integers(4, size=n)
    chosen = confident_errors(codes, probabilities)
    rows = np.flatnonzero(chosen != codes)
    assert (probabilities[rows, chosen[rows]] > probabilities[rows, codes[rows]]).all()


def test_confident_learning_asks_more_of_a_class_that_is_always_said_with_confidence():
    # Class 0 is sure of its own (mean 0.9): 0.6 for it is no confident claim.
    probabilities = np.array([[0.95, 0.05], [0.85, 0.15], [0.6, 0.4], [0.1, 0.9]])
    assert confident_errors(np.array([0, 0, 1, 1]), probabilities).tolist() == [0, 0, 1, 1]
    probabilities[2] = [0.92, 0.08]
    assert confident_errors(np.array([0, 0, 1, 1]), probabilities).tolist() == [0, 0, 0, 1]


def test_corrections_change_the_labels_that_a_person_agreed_with(tmp_path):
    dataset = dataset_of(("card", "a"), ("loan", "b"), ("home", "c"))
    path = tmp_path / "worked.csv"
    path.write_text("id,given,suggested,confidence\n#1,card,loan,0.9\n#2,loan,,0.8\n#3,home,home,0.7\n")
    corrected, changed = correct(dataset, str(path))
    assert corrected.labels == ["loan", "loan", "home"]
    assert changed == 1
    assert corrected.sha256 != dataset.sha256
    assert correct(corrected, str(path)) == (corrected, 0)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("id,given\n", "suggested"),
        ("id,given,suggested\n#9,card,loan\n", "has not"),
        ("id,given,suggested\n#1,home,loan\n", "another corpus"),
        ("id,given,suggested\n#1,card,loan\n#1,card,home\n", "differently"),
    ],
)
def test_corrections_that_do_not_fit_are_refused(tmp_path, text, complaint):
    path = tmp_path / "worked.csv"
    path.write_text(text)
    with pytest.raises(triage.DataError, match=complaint):
        correct(dataset_of(("card", "a")), str(path))
    with pytest.raises(triage.NoInput):
        read_corrections(str(tmp_path / "nowhere.csv"))


def test_an_id_that_two_documents_share_names_neither():
    documents = [triage.Document(row=row, text="", id=name) for row, name in enumerate("aab", start=1)]
    assert identifiers(documents) == ["#1", "#2", "b"]


def test_the_command_writes_a_file_that_train_takes_back(tmp_path):
    corpus, out, model = (tmp_path / name for name in ("past.csv", "suspects.csv", "model"))
    with corpus.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "label", "text"])
        writer.writerows([f"c{d.row}", d.label, d.text] for d in planted().documents)
    runner = CliRunner()
    done = runner.invoke(
        cli, ["corpora", "check", str(corpus), "--labels", "--out", str(out), "--min-per-class", "3"]
    )
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert list(rows[0]) == ["id", "given", "suggested", "confidence"]
    assert {row["id"] for row in rows[:6]} == {f"c{i}" for i in range(1, 7)}
    done = runner.invoke(cli, ["train", str(corpus), "--corrections", str(out), "--model", str(model)])
    assert done.exit_code == 0, done.output
    assert f"{len(rows)} labels changed" in done.stderr


def test_a_label_that_looks_like_a_formula_is_written_safely_and_read_back(tmp_path):
    from triage.evaluation.label_errors import Suspect

    path = tmp_path / "s.csv"
    path.write_text(suspects_csv([Suspect("#1", "=card", "+loan", 0.9)]))
    assert "'=card" in path.read_text()
    (correction,) = read_corrections(str(path))
    assert (correction.given, correction.suggested) == ("=card", "+loan")

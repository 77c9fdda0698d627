"""The experiment file: every word known, every mistake named."""

import pytest

import triage
from triage.experiment import Experiment, load_experiment

FULL = """
[corpus]
location = "past.csv"
text-column = "body"
label-column = "team"
[pipeline]
cleaners = ["lower", {name = "stop-words", negations = "keep"}]
stopwords = "english"
keep = ["off"]
max-length = 100
min-per-class = 5
split = "time"
seed = 7
[backend]
name = "tfidf"
max-features = 1000
[policy]
name = "threshold"
confidence = 0.9
[queues]
"Credit card" = "Cards"
[rules]
fraud = {pattern = "fraud", review = true}
"""


def written(tmp_path, text):
    path = tmp_path / "triage.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_every_section_is_read(tmp_path):
    found = load_experiment(written(tmp_path, FULL))
    assert found.location == "past.csv"
    assert found.columns == {"text_column": "body", "label_column": "team"}
    assert found.cleaners == (("lower", {}), ("stop-words", {"negations": "keep"}))
    assert (found.max_length, found.min_per_class, found.split, found.seed) == (100, 5, "time", 7)
    assert (found.backend, found.options) == ("tfidf", {"max-features": 1000})
    assert found.chain == (("rules", {"rules": found.rules}), ("threshold", {"confidence": 0.9}))
    assert found.queues == {"Credit card": "Cards"}
    assert found.keep == ("off",)


def test_an_empty_file_is_the_default_experiment(tmp_path):
    assert load_experiment(written(tmp_path, "")) == Experiment()


def test_policies_keep_the_order_of_the_file(tmp_path):
    found = load_experiment(written(tmp_path, "[[policy]]\nname='b'\n[[policy]]\nname='a'\nx=1"))
    assert found.policies == (("b", {}), ("a", {"x": 1}))


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("[backend\nx = 1", triage.DataError, "line 1"),
        ("[pipline]\nseed = 1", triage.BadOption, "Did you mean pipeline"),
        ("[pipeline]\nsed = 1", triage.BadOption, "Did you mean seed"),
        ("[pipeline]\nseed = -1", triage.BadOption, "seed"),
        ("[pipeline]\nsplit = 'tiem'", triage.BadOption, "Did you mean time"),
        ("[pipeline]\nmax-length = 0", triage.BadOption, "max-length"),
        ("[pipeline]\nmin-per-class = 'many'", triage.BadOption, "min-per-class"),
        ("[pipeline]\ncleaners = 'lower'", triage.BadOption, "list"),
        ("[pipeline]\ncleaners = [7]", triage.BadOption, "cleaners"),
        ("policy = 7", triage.BadOption, "table"),
    ],
)
def test_a_mistake_is_named_with_its_remedy(tmp_path, text, error, words):
    with pytest.raises(error, match=words):
        load_experiment(written(tmp_path, text))


def test_no_such_file(tmp_path):
    with pytest.raises(triage.NoInput, match=r"nothing\.toml"):
        load_experiment(str(tmp_path / "nothing.toml"))

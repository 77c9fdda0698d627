"""The experiment file: every word known, every mistake named."""

import pytest

import triage
from triage.config import Experiment, load_experiment
from triage.data.defaults import policy_chain

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
    assert policy_chain(found, triage.Plugins.discover()) == (
        ("rules", {"rules": found.rules}),
        ("threshold", {"confidence": 0.9}),
    )
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


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("[backend]\nx = " + "[" * 20_000, triage.DataError, "not an experiment file"),
        ("[backend]\nx = " + "[" * 40 + "]" * 40, triage.DataError, "nested more than 32 deep"),
        ("[backend]\nx = " + "9" * 5000, triage.DataError, "not an experiment file"),
        ("a = 1\n" * 200_000, triage.DataError, "holds more than"),
        ("[corpus]\nlocation = 3", triage.BadOption, "location is a text, not int"),
        ("[corpus]\ncorrections = []", triage.BadOption, "corrections is a text, not a list"),
        (
            "[corpus]\ntext-column = 1979-05-27",
            triage.BadOption,
            "columns: 'text_column' is a text, not date",
        ),
        ("[pipeline]\nsplit = {}", triage.BadOption, "split is grouped . naive . time, not a dict"),
        ("[pipeline]\ncalibration = true", triage.BadOption, "calibration is temperature .*, not True"),
        ("[pipeline]\nstopwords = 1", triage.BadOption, "stopwords is text or none, not 1"),
        ("[pipeline]\nkeep = 'off'", triage.BadOption, "keep is a list of words"),
        ("[pipeline]\nkeep = [1]", triage.BadOption, "keep is a list of words"),
        ("[pipeline]\nfalse-alarms = []", triage.BadOption, "false-alarms"),
        ("[pipeline]\nfalse-alarms = true", triage.BadOption, "false-alarms"),
        ("[pipeline]\nfalse-alarms = nan", triage.BadOption, "false-alarms"),
        ("[pipeline]\nseed = true", triage.BadOption, "seed"),
        ("[backend]\nname = 7", triage.BadOption, "backend is a text"),
        ("[queues]\ncard = ['a']", triage.BadOption, "queues: 'card' is a text, not a list"),
        ("[rules]\nfraud = 'fraud'", triage.BadOption, "the rule 'fraud'"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, str) else None,
)
def test_a_value_of_another_kind_is_named_and_never_a_bug(tmp_path, text, error, words):
    with pytest.raises(error, match=words):
        load_experiment(written(tmp_path, text))


def test_a_number_where_a_name_is_expected_is_a_name(tmp_path):
    found = load_experiment(written(tmp_path, "[corpus]\nlabel-column = 3\n[queues]\ncard = 7"))
    assert (found.columns, found.queues) == ({"label_column": "3"}, {"card": "7"})


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    assert load_experiment(written(tmp_path, "\ufeff[pipeline]\nseed = 7")).seed == 7


def test_what_is_no_file_is_no_experiment(tmp_path):
    for path in (tmp_path, "https://example.org/triage.toml", "/dev/null"):
        with pytest.raises(triage.NoInput):
            load_experiment(str(path))
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(triage.DataError, match="not an experiment file"):
        load_experiment(str(tmp_path / "bytes.toml"))


@pytest.mark.parametrize("share", [0, 1.5, "all", True])
def test_a_share_of_the_training_part_is_a_number(share):
    with pytest.raises(triage.BadOption, match="train-share"):
        Experiment(train_share=share)

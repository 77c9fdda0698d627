"""A model on disk: what goes in comes out, and nothing else is let in or replaced."""

from __future__ import annotations

import enum
import errno
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest
from bundles.samples import digest, equal, forge, same, sample
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from triage.errors import CannotWrite, Diverged, NoInput, Refused, TriageError
from triage.models import bundle
from triage.models.bundle.content import from_files, to_files
from triage.models.bundle.exactjson import Damaged, decode, encode, plain
from triage.models.bundle.manifest import check_sizes, manifest_of, parse
from triage.models.bundle.paths import Place

BUNDLES = Path(__file__).parent / "bundles"

anything = st.text(st.characters(exclude_categories=()), max_size=20)  # lone surrogates too
numbers = (
    st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0.1, -0.0, 5e-324, 1.7976931348623157e308])
)
dtypes = st.sampled_from(list("?bBhHiIqQefd")).flatmap(
    lambda code: st.sampled_from([np.dtype(f"<{code}"), np.dtype(f">{code}")])
)
arrays = dtypes.flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
)
values = st.recursive(
    st.none() | st.booleans() | numbers | anything | arrays,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(anything, inner, max_size=4),
    max_leaves=12,
)
names = st.from_regex(r"[a-z][a-z0-9_]{0,10}_", fullmatch=True)
states = st.dictionaries(names, values, max_size=5) | st.builds(
    lambda state, blob, words: {**state, "network.onnx": blob, "vocabulary_": words},
    st.dictionaries(names, values, max_size=3),
    st.binary(max_size=50),
    st.lists(anything, max_size=10),
)


@pytest.fixture(autouse=True)
def unsynced(monkeypatch):
    """Only a power cut would show whether files were synced, and syncing takes most of the time."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def unpacked(written: bundle.Bundle) -> bundle.Bundle:
    files = {name: bytearray(data) for name, data in to_files(written).items()}
    return from_files(files, sha256="")


@settings(max_examples=300, deadline=None)
@given(states)
def test_a_state_comes_back_with_its_values_types_dtypes_shapes_and_order(state):
    read = unpacked(sample(state=state))
    assert list(read.state) == sorted(state)
    assert all(equal(read.state[key], state[key]) for key in state)


@settings(max_examples=200, deadline=None)
@given(st.lists(anything, max_size=30))
@example(
    [
        "a\u2028b",
        "c\u2029d",
        "e\x85f",
        "g\x0bh",
        "i\x0cj",
        "k\x1cl\x1d\x1e",
        "",
        "",
        "dup",
        "dup",
        "\r\n",
        "\x00",
    ]
)
@example(
    ["\ud800", "\udfff", "\ud83d\ude00", "\ud83d", "\ude00", "\U0001f600", "\ufeff", '"', "\\", "\\u2028"]
)
@example(["x" * 1_000_000, "$array", "\x7f", "\u0130", "\u0131"])
def test_a_vocabulary_comes_back_token_by_token(tokens):
    assert unpacked(sample(state={"vocabulary_": tokens})).state["vocabulary_"] == tokens


def test_a_bundle_comes_back_from_disk_with_the_digest_of_its_manifest(tmp_path):
    written = sample()
    sha256 = bundle.write(tmp_path / "model", written)
    read = bundle.read(tmp_path / "model")
    assert same(read, written)
    assert read.sha256 == sha256 == digest(tmp_path)["model/MANIFEST.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_what_was_read_can_be_written_again_and_is_the_same(tmp_path):
    first = bundle.write(tmp_path / "one", sample())
    assert bundle.write(tmp_path / "two", bundle.read(tmp_path / "one")) == first


def test_the_same_model_gives_the_same_bytes_whatever_the_order_of_its_parts(tmp_path):
    one = sample()
    two = sample(state=dict(reversed(one.state.items())), extra=dict(reversed(one.extra.items())))
    assert to_files(one) == to_files(two)
    assert manifest_of(to_files(one)) == manifest_of(dict(reversed(to_files(two).items())))


def test_restored_arrays_may_be_written_to(tmp_path):
    bundle.write(tmp_path / "model", sample())
    state = bundle.read(tmp_path / "model").state
    state["coef_"][0, 0] = 7
    assert state["coef_"][0, 0] == 7


def test_the_weights_are_a_file_that_safetensors_reads_too(tmp_path):
    from safetensors.numpy import load_file

    written = sample()
    bundle.write(tmp_path / "model", written)
    loaded = load_file(tmp_path / "model" / "weights.safetensors")
    assert set(loaded) == {"coef_", "idf_", "trees_/0", "trees_/1"}
    assert equal(loaded["coef_"], written.state["coef_"])


def test_arrays_of_any_layout_come_back_with_the_same_values(tmp_path):
    grid = np.arange(24.0).reshape(4, 6)
    mapped = np.memmap(tmp_path / "mapped", dtype=np.int16, mode="w+", shape=(3,))
    state = {
        "turned_": grid.T,
        "every_second_": grid[::2, ::-1],
        "mapped_": mapped,
        "fortran_": np.asfortranarray(grid),
    }
    read = unpacked(sample(state=state)).state
    assert all(np.array_equal(read[key], state[key]) for key in state)


def test_numpy_scalars_and_subclasses_become_plain_values():
    class Word(str):
        __slots__ = ()

        def __str__(self):
            return "something else"

    class Level(enum.IntEnum):
        HIGH = 3

    state = {
        "i_": np.int64(-5),
        "f_": np.float32(0.1),
        "h_": np.float16(0.5),
        "d_": np.float64(0.1),
        "b_": np.bool_(1),
        "s_": np.str_("word"),
        "w_": Word("kept"),
        "e_": Level.HIGH,
        "t_": (1, (2, 3)),
        "vocabulary_": (np.str_("a"), Word("b")),
    }
    read = unpacked(sample(state=state)).state
    assert read == {
        "i_": -5,
        "f_": float(np.float32(0.1)),
        "h_": 0.5,
        "d_": 0.1,
        "b_": True,
        "s_": "word",
        "w_": "kept",
        "e_": 3,
        "t_": [1, [2, 3]],
        "vocabulary_": ["a", "b"],
    }
    assert {type(value) for value in read.values()} <= {int, float, bool, str, list}


def test_bytes_are_kept_in_files_named_by_their_key(tmp_path):
    state = {"network.onnx": b"\x00graph", "table_": bytearray(b"rows"), "empty.bin": b""}
    bundle.write(tmp_path / "model", sample(state=state))
    assert (tmp_path / "model" / "table.bin").read_bytes() == b"rows"
    assert bundle.read(tmp_path / "model").state == {
        "network.onnx": b"\x00graph",
        "table_": b"rows",
        "empty.bin": b"",
    }


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("object_", np.array([{}, None], dtype=object)),
        ("strings_", np.array(["a", "b"])),
        ("complex_", np.zeros(2, dtype=np.complex64)),
        ("long_", np.zeros(2, dtype=np.longdouble)),
        ("records_", np.zeros(2, dtype=[("a", "i4")])),
        ("dates_", np.zeros(2, dtype="M8[D]")),
        ("masked_", np.ma.masked_array([1, 2], [True, False])),
        ("matrix_", np.ones((1,) * 33)),
        ("scalar_", np.longdouble(1)),
        ("nested_", [np.array(["a"])]),
        ("set_", {1, 2}),
        ("function_", print),
        ("class_", int),
        ("path_", Path()),
        ("complex_number_", 1j),
        ("huge_", [10**5000]),
        ("keys_", {1: "a"}),
        ("deeper_", [{"a": {None: 1}}]),
        ("bytes_in_a_list_", [b"a"]),
        ("network.exe", b"MZ"),
        ("network.py", b"import os"),
        ("_", b"nothing left"),
        ("coef/../../x", 1),
        ("..", 1),
        (".hidden", 1),
        ("a\\b", 1),
        ("", 1),
        ("a.b.c", 1),
        ("name\n", 1),
        ("__metadata__", np.zeros(1)),
        ("ñ_", 1),
        ("x" * 200, 1),
    ],
)
def test_what_cannot_be_stored_is_a_type_error_that_names_its_key(tmp_path, key, value):
    with pytest.raises(TypeError) as caught:
        bundle.write(tmp_path / "model", sample(state={"fine_": 1, key: value}))
    assert repr(key) in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_two_keys_that_would_be_one_file_are_refused_at_writing():
    with pytest.raises(TypeError, match=r"'Table_'.*'table_'|'table_'"):
        to_files(sample(state={"table_": b"1", "Table_": b"2"}))


def test_keys_that_are_no_strings_are_refused_at_writing():
    with pytest.raises(TypeError, match="keys are strings, not int"):
        to_files(sample(state={1: 2}))
    with pytest.raises(TypeError, match=r"model\.json: keys are strings, not int"):
        to_files(sample(model={1: 2}))


def test_nesting_is_bounded_where_it_can_still_be_read_back():
    def nested(depth):
        value: list = []
        for _ in range(depth - 1):
            value = [value]
        return value

    for extreme in (nested(63), [nested(62), "[" * 500], [{"[{": "]" * 70, "\\": '"' * 70}] * 100):
        assert unpacked(sample(state={"x_": extreme})).state["x_"] == extreme
    with pytest.raises(TypeError, match=r"'x_'.*nested more than 64 deep"):
        to_files(sample(state={"x_": nested(64)}))
    endless: list = []
    endless.append(endless)
    with pytest.raises(TypeError, match="nested"):
        to_files(sample(state={"x_": endless}))


def test_more_arrays_than_a_header_may_name_are_refused_at_writing(monkeypatch):
    monkeypatch.setattr("triage.models.bundle.tensors._MAX_HEADER", 1000)
    with pytest.raises(TypeError, match="30 arrays are too many"):
        to_files(sample(state={"x_": [np.zeros(1)] * 30}))


@pytest.mark.parametrize(
    "number", [float("nan"), float("inf"), -float("inf"), np.float32("nan"), np.float16("inf")]
)
def test_numbers_that_are_not_finite_are_not_kept(number):
    probabilities = np.array([[0.1, 0.2, float(number)], [0.1, 0.2, 0.7]])
    for changes in (
        {"state": {"x_": [1, number]}},
        {"calibration": {"temperature": number}},
        {"golden": bundle.Golden(("a", "b"), probabilities)},
    ):
        with pytest.raises(Diverged, match="not finite"):
            to_files(sample(**changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": {"schema": 1}}, "schema"),
        ({"golden": bundle.Golden((), np.empty((0, 3)))}, "at least one text"),
        ({"golden": bundle.Golden(("a",), np.ones((2, 3)))}, "1 texts"),
        ({"golden": bundle.Golden(("a",), np.ones((1, 4)))}, "one column for each class"),
        ({"golden": bundle.Golden(("a",), np.ones(3))}, "shape"),
        ({"golden": bundle.Golden(("a",), np.ones((1, 0)))}, "shape"),
        ({"golden": bundle.Golden((1,), np.ones((1, 3)))}, "golden"),
        ({"extra": {"model": {}}}, "'model'"),
        ({"extra": {"manifest": {}}}, "'manifest'"),
        ({"extra": {"vocabulary": {}}}, "'vocabulary'"),
        ({"extra": {"../x": {}}}, "x'"),
        ({"extra": {"Big": {}}}, "'Big'"),
        ({"extra": {1: {}}}, "1"),
    ],
)
def test_records_that_make_no_model_are_value_errors(changes, message):
    with pytest.raises(ValueError, match=message):
        to_files(sample(**changes))


def test_a_record_that_is_no_mapping_is_a_type_error():
    with pytest.raises(TypeError, match=r"certificate\.json: a mapping, not a list"):
        to_files(sample(extra={"certificate": [1]}))
    with pytest.raises(TypeError, match=r"model\.json: a ndarray cannot be stored"):
        to_files(sample(model={"weights": np.zeros(1)}))


def test_a_model_without_classes_may_have_any_number_of_columns():
    assert unpacked(sample(model={"backend": "x"})).model == {"backend": "x"}


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | numbers | anything, lambda v: st.lists(v) | st.dictionaries(anything, v)
    )
)
def test_json_comes_back_exactly(value):
    for indent in (None, 1):
        assert equal(decode(encode(plain(value, where="x"), indent=indent), "x"), value)


# --- golden answers


def golden() -> bundle.Golden:
    return bundle.Golden(("a", "b"), np.array([[0.2, 0.8], [0.5, 0.5]]))


def test_golden_answers_that_come_out_pass():
    bundle.check_golden(golden(), np.array([[0.2, 0.8 + 9e-7], [0.5, 0.5]]))
    bundle.check_golden(golden(), np.array([[0.25, 0.75], [0.5, 0.5]]), tolerance=0.1)


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([[0.2, 0.8], [0.5, 0.5 + 2e-6]], r"number 2 of 2 is off by 2e-06, and 1e-06 is allowed"),
        ([[0.2, 0.8], [np.nan, 0.5]], "number 2 of 2 is off by nan"),
        ([[np.inf, 0.8], [0.5, 0.5]], "number 1 of 2 is off by inf"),
        ([[0.2, 0.8]], r"shape \(1, 2\).*shape|in \(2, 2\)"),
        ([[0.2, 0.3, 0.5], [0.5, 0.5, 0]], r"\(2, 3\)"),
    ],
)
def test_golden_answers_that_do_not_come_out_are_refused_and_show_no_text(answers, message):
    with pytest.raises(Refused, match=message) as caught:
        bundle.check_golden(golden(), np.array(answers), path="some/model")
    assert "'some/model'" in str(caught.value)


# --- where it is written


def test_directories_above_a_model_are_made(tmp_path):
    bundle.write(tmp_path / "a" / "b" / "model", sample())
    assert same(bundle.read(tmp_path / "a" / "b" / "model"), sample())


def test_writing_replaces_a_model_and_whatever_hidden_file_lies_in_it(tmp_path):
    bundle.write(tmp_path / "model", sample(1))
    (tmp_path / "model" / ".DS_Store").write_bytes(b"x")
    assert same(bundle.read(tmp_path / "model"), sample(1))
    bundle.write(tmp_path / "model", sample(2))
    assert same(bundle.read(tmp_path / "model"), sample(2))
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert not (tmp_path / "model" / ".DS_Store").exists()


def test_writing_replaces_an_empty_directory(tmp_path):
    (tmp_path / "model").mkdir()
    bundle.write(tmp_path / "model", sample())
    assert same(bundle.read(tmp_path / "model"), sample())


def test_a_damaged_model_can_be_replaced_while_its_manifest_is_sound(tmp_path):
    bundle.write(tmp_path / "model", sample(1))
    (tmp_path / "model" / "weights.safetensors").write_bytes(b"")
    bundle.write(tmp_path / "model", sample(2))
    assert same(bundle.read(tmp_path / "model"), sample(2))


def something_else(folder: Path, what: str) -> None:
    if what == "a file":
        folder.write_bytes(b"precious")
        return
    if what.startswith("a model"):
        bundle.write(folder, sample())
    else:
        folder.mkdir()
    if what == "a model and a note":
        (folder / "notes.txt").write_text("precious")
    elif what == "a model and a repository":
        (folder / ".git").mkdir()
    elif what == "a model with a broken manifest":
        (folder / "MANIFEST.json").write_text("{}")
    elif what == "a hidden file":
        (folder / ".env").write_text("precious")
    elif what == "another program's manifest":
        (folder / "MANIFEST.json").write_text('{"name": "a browser extension", "version": 1}')
    elif what == "files":
        (folder / "thesis.tex").write_text("precious")


@pytest.mark.parametrize(
    "what",
    [
        "a file",
        "files",
        "a hidden file",
        "another program's manifest",
        "a model and a note",
        "a model and a repository",
        "a model with a broken manifest",
    ],
)
def test_something_else_at_its_path_is_left_alone(tmp_path, what):
    something_else(tmp_path / "model", what)
    before = digest(tmp_path)
    for attempt in (
        lambda: bundle.write(tmp_path / "model", sample(9)),
        bundle.lock(tmp_path / "model").__enter__,
    ):
        with pytest.raises(CannotWrite, match="move it away"):
            attempt()
    assert digest(tmp_path) == before


def test_something_else_under_a_hidden_name_is_left_alone(tmp_path):
    (tmp_path / ".model.previous").mkdir()
    (tmp_path / ".model.previous" / "thesis.tex").write_text("precious")
    with pytest.raises(CannotWrite, match=r"thesis\.tex"):
        bundle.write(tmp_path / "model", sample())
    assert (tmp_path / ".model.previous" / "thesis.tex").exists()


def test_a_symbolic_link_to_a_model_is_followed_at_both_ends(tmp_path):
    bundle.write(tmp_path / "v1", sample(1))
    (tmp_path / "current").symlink_to("v1")
    bundle.write(tmp_path / "current", sample(2))
    assert (tmp_path / "current").is_symlink()
    assert same(bundle.read(tmp_path / "v1"), sample(2))
    assert same(bundle.read(tmp_path / "current"), sample(2))


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "not a possible path"),
        ("/", "it is the root of the file system"),
        ("nul\0byte", "not a possible path"),
        ("lone\ud800surrogate", "not a possible path"),
        ("x" * 300, "File name too long"),
        ("/proc/nothing/model", ""),
    ],
)
def test_a_path_that_cannot_be_is_named_with_the_reason(path, reason):
    with pytest.raises(CannotWrite, match=f"cannot write the model .*: {reason}") as caught:
        bundle.write(path, sample())
    assert str(caught.value).isprintable()
    with pytest.raises(NoInput, match=f"model .*{reason}") as read:
        bundle.read(path)
    assert str(read.value).isprintable()


@given(st.from_regex(r"[a-z.*+\[\\]{1,9}", fullmatch=True), st.sampled_from(["new", "old"]))
def test_a_name_that_only_writers_use_is_known_again_and_others_are_not(name, kind):
    place = Place(Path("/models"), name, name)
    scratch = place.scratch(kind).name
    assert place.is_scratch(scratch)
    assert place.scratch(kind).name != scratch
    for other in (
        f"x{scratch}",
        f"{scratch}x",
        scratch[1:],
        scratch.replace(kind, "lock"),
        f".{name}.previous",
    ):
        assert not place.is_scratch(other)
    assert not Place(Path("/models"), f"{name}x", name).is_scratch(scratch)


def test_a_model_of_more_bytes_than_could_be_read_back_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr("triage.models.bundle.manifest._MAX_VOCABULARY", 100)
    with pytest.raises(CannotWrite, match=r"vocabulary\.json: .* at most 100"):
        bundle.write(tmp_path / "model", sample())
    monkeypatch.undo()
    monkeypatch.setattr("triage.models.bundle.manifest._MAX_FILES", 3)
    with pytest.raises(CannotWrite, match=r"8 files of"):
        bundle.write(tmp_path / "model", sample())


def test_no_model_is_no_input_and_says_how_to_make_one(tmp_path):
    with pytest.raises(NoInput, match="triage train CORPUS --model") as caught:
        bundle.read(tmp_path / "nowhere")
    assert caught.value.exit_code == 66


# --- what a killed writer leaves


def test_a_model_that_waits_aside_is_read_and_comes_back_with_the_next_write(tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    bundle.write(tmp_path / "model", sample(1))
    (tmp_path / "model").rename(tmp_path / ".model.previous")
    assert same(bundle.read(tmp_path / "model"), sample(1))
    with monkeypatch.context() as patch:
        patch.setattr(os, "mkdir", full)
        with pytest.raises(CannotWrite, match="No space"):
            bundle.write(tmp_path / "model", sample(2))
    assert same(bundle.read(tmp_path / "model"), sample(1))
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    (tmp_path / "model").rename(tmp_path / ".model.previous")
    bundle.write(tmp_path / "model", sample(2))
    assert same(bundle.read(tmp_path / "model"), sample(2))
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_leftovers_of_this_model_are_swept_and_those_of_others_are_not(tmp_path):
    bundle.write(tmp_path / "model", sample(1))
    bundle.write(tmp_path / ".model.previous", sample(0))
    for name in (
        ".model.0123abcd.new",
        ".model.0123abcd.old",
        ".other.0123abcd.new",
        ".model.notes.new",
        "modelx",
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "weights.safetensors").write_bytes(b"half")
    bundle.write(tmp_path / "model", sample(2))
    left = {".other.0123abcd.new", ".model.notes.new", "modelx"}
    assert {path.name for path in tmp_path.iterdir()} == {"model"} | left


# --- the lock


def test_a_second_writer_is_told_who_writes_since_when(tmp_path):
    with bundle.lock(tmp_path / "model") as held:
        assert held.held
        for attempt in (
            lambda: bundle.write(tmp_path / "model", sample(2)),
            bundle.lock(tmp_path / "model").__enter__,
        ):
            with pytest.raises(
                CannotWrite, match=rf"being written by process {os.getpid()} on '.*' since 20\d\d-"
            ):
                attempt()
        bundle.write(tmp_path / "model", sample(1), held=held)
        bundle.write(tmp_path / "other", sample(1))
    assert not held.held
    assert same(bundle.read(tmp_path / "model"), sample(1))
    bundle.write(tmp_path / "model", sample(2))
    assert {path.name for path in tmp_path.iterdir()} == {"model", "other"}


def test_a_lock_on_another_path_or_one_let_go_is_a_mistake(tmp_path):
    with bundle.lock(tmp_path / "one") as held, pytest.raises(ValueError, match="lock"):
        bundle.write(tmp_path / "two", sample(), held=held)
    with pytest.raises(ValueError, match="lock"):
        bundle.write(tmp_path / "one", sample(), held=held)
    assert list(tmp_path.iterdir()) == []


def test_what_appears_at_the_path_while_the_lock_is_held_is_left_alone(tmp_path):
    with bundle.lock(tmp_path / "model") as held:
        something_else(tmp_path / "model", "files")
        with pytest.raises(CannotWrite, match=r"thesis\.tex"):
            bundle.write(tmp_path / "model", sample(), held=held)
    assert (tmp_path / "model" / "thesis.tex").read_text() == "precious"


def test_a_lock_is_let_go_when_the_work_under_it_fails(tmp_path):
    with pytest.raises(KeyError), bundle.lock(tmp_path / "model"):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_a_lock_file_that_a_dead_process_left_stops_nobody(tmp_path):
    (tmp_path / ".model.lock").write_text('{"pid": 1, "host": "gone", "since": "2020-01-01T00:00:00+00:00"}')
    bundle.write(tmp_path / "model", sample())
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"pid": "\x1b[2J"}', b"\xff" * 5000, b'{"pid":1,"host":2,"since":3}']
)
def test_a_lock_file_that_says_nothing_still_locks(tmp_path, content):
    with bundle.lock(tmp_path / "model"):
        (tmp_path / ".model.lock").write_bytes(content)
        with pytest.raises(CannotWrite, match="being written by another process"):
            bundle.write(tmp_path / "model", sample())


def test_a_lock_file_that_was_removed_is_not_mistaken_for_the_next_ones(tmp_path):
    with bundle.lock(tmp_path / "model"):
        (tmp_path / ".model.lock").unlink()
        with bundle.lock(tmp_path / "model"):
            pass
        (tmp_path / ".model.lock").write_text("somebody else's")
    assert (tmp_path / ".model.lock").read_text() == "somebody else's"


def test_a_symbolic_link_for_a_lock_file_is_not_followed(tmp_path):
    (tmp_path / "precious").write_text("text")
    (tmp_path / ".model.lock").symlink_to("precious")
    with pytest.raises(CannotWrite, match="cannot write the model"):
        bundle.write(tmp_path / "model", sample())
    assert (tmp_path / "precious").read_text() == "text"


def test_locking_and_letting_go_by_many_threads_lets_one_in_at_a_time(tmp_path):
    inside, most, entered = [0], [0], [0]

    def work() -> None:
        for _ in range(50):
            try:
                with bundle.lock(tmp_path / "model"):
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                    entered[0] += 1
                    inside[0] -= 1
            except CannotWrite:
                pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 1
    assert entered[0] > 0
    assert list(tmp_path.iterdir()) == []


def test_readers_see_the_old_or_the_new_while_writers_write(tmp_path):
    two = [sample(1), sample(2)]
    digests = [bundle.write(tmp_path / "model", each) for each in two]
    done = threading.Event()
    wrong: list[object] = []
    seen = set()

    def look() -> None:
        while not done.is_set():
            try:
                seen.add(bundle.read(tmp_path / "model").sha256)
            except TriageError as error:
                wrong.append(error)

    readers = [threading.Thread(target=look) for _ in range(2)]
    for reader in readers:
        reader.start()
    for i in range(40):
        bundle.write(tmp_path / "model", two[i % 2])
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert seen == set(digests)


# --- schema versions


SCHEMAS = sorted(folder for folder in BUNDLES.glob("schema-*") if folder.is_dir())


@pytest.mark.parametrize("folder", SCHEMAS, ids=lambda folder: folder.name)
def test_a_bundle_of_every_schema_version_still_loads(folder):
    read = bundle.read(folder)
    expected = json.loads((BUNDLES / f"{folder.name}.expected.json").read_text(encoding="utf-8"))
    assert read.sha256 == expected["sha256"]
    assert read.state["vocabulary_"] == expected["vocabulary"]
    assert float(read.state["coef_"].sum()) == expected["sum of coef_"]
    assert read.golden.probabilities.tolist() == expected["golden"]


def test_this_version_writes_the_bundle_of_its_schema_byte_for_byte(tmp_path):
    assert (
        bundle.write(tmp_path / "again", bundle.read(BUNDLES / "schema-1"))
        == bundle.read(BUNDLES / "schema-1").sha256
    )


def test_a_newer_schema_is_refused_with_the_way_to_read_it(tmp_path):
    bundle.write(tmp_path / "model", sample())
    (tmp_path / "model" / "MANIFEST.json").write_text('{"files": [], "schema": 2, "signatures": "some day"}')
    with pytest.raises(Refused, match="pip install --upgrade nlp-triage"):
        bundle.read(tmp_path / "model")


def test_model_json_of_another_schema_than_the_manifest_is_refused(tmp_path):
    bundle.write(tmp_path / "model", sample())
    forge(tmp_path / "model", model={"schema": 2})
    with pytest.raises(Refused, match=r"model\.json: of another schema"):
        bundle.read(tmp_path / "model")


def test_a_manifest_is_read_only_as_it_is_written():
    data = manifest_of({"a.json": b"x"})
    assert parse(data)["a.json"][0] == 1


# --- odd places

WRITE = """
import os, sys
sys.path.insert(0, sys.argv[1])
from bundles.samples import sample
from triage.models import bundle
from triage.errors import TriageError
os.chdir(sys.argv[2])
if len(sys.argv) > 4:
    os.rmdir(sys.argv[2])
try:
    print(bundle.write(sys.argv[3], sample()))
    bundle.read(sys.argv[3])
except TriageError as error:
    print(error.exit_code, error)
"""


def run_writer(*arguments: object, **options: object) -> str:
    command = [sys.executable, "-W", "error", "-c", WRITE, str(Path(__file__).parent), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, check=True, **options)
    return done.stdout.decode("ascii")


@pytest.fixture
def plain_digest(tmp_path_factory) -> str:
    return bundle.write(tmp_path_factory.mktemp("plain") / "model", sample())


def test_the_bytes_do_not_depend_on_locale_home_time_zone_or_umask(tmp_path, plain_digest):
    environment = {
        "PATH": os.environ["PATH"],
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "HOME": "/nonexistent",
        "TZ": "Pacific/Apia",
        "PYTHONHASHSEED": "7",
    }
    printed = run_writer(tmp_path, tmp_path / "modèle", env=environment, umask=0o077)
    assert printed.strip() == plain_digest
    assert same(bundle.read(tmp_path / "modèle"), sample())
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "modèle").iterdir()}
    assert modes == {0o600}
    assert (tmp_path / "modèle").stat().st_mode & 0o777 == 0o700


def test_permissions_follow_the_umask(tmp_path):
    run_writer(tmp_path, tmp_path / "model", umask=0o002)
    assert (tmp_path / "model").stat().st_mode & 0o777 == 0o775
    assert (tmp_path / "model" / "MANIFEST.json").stat().st_mode & 0o777 == 0o664


def test_in_a_deleted_working_directory_an_absolute_path_works_and_a_relative_one_is_explained(
    tmp_path, plain_digest
):
    (tmp_path / "gone").mkdir()
    assert run_writer(tmp_path / "gone", tmp_path / "model", "delete").strip() == plain_digest
    (tmp_path / "gone").mkdir()
    printed = run_writer(tmp_path / "gone", "model", "delete")
    assert printed.startswith("73 ")
    assert "'model'" in printed
    assert "the working directory is gone: give an absolute path" in printed


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else"
)
def test_a_place_that_may_not_be_written_or_read_is_said_plainly():
    place = tempfile.TemporaryDirectory()  # tmp_path lies where nobody else may look
    path = str(Path(place.name) / "model")
    bundle.write(path, sample())
    Path(path).chmod(0o700)
    Path(place.name).chmod(0o755)

    def attempt(action: str) -> str:
        code = (
            "import os, sys\nfrom triage.models import bundle\nfrom triage.errors import TriageError\n"
            f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
            "from bundles.samples import sample\n"
            # What is imported on first use is imported now: nobody may not look into this environment either.
            f"bundle.read({path!r})\nimport tempfile\n"
            "with tempfile.TemporaryDirectory() as place: bundle.write(place + '/model', sample())\n"
            "os.setuid(65534)\n"
            f"try: {action}\nexcept TriageError as error: print(error.exit_code, error)"
        )
        return subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout

    with place:
        refusals = [attempt(f"bundle.write({path!r}, sample())"), attempt(f"bundle.read({path!r})")]
    assert refusals[0].startswith("73 ")
    assert "may write to" in refusals[0]
    assert refusals[1].startswith("66 ")
    assert "Permission denied" in refusals[1]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 90), st.booleans(), st.text('[]{}\\" a', max_size=6)), min_size=1, max_size=6
    )
)
def test_json_is_read_up_to_sixty_four_deep_whatever_stands_beside_it_and_in_its_strings(branches):
    parts = [
        (b'{"a": ' if table else b"[") * depth + json.dumps(text).encode() + (b"}" if table else b"]") * depth
        for depth, table, text in branches
    ]
    data = b"[" + b", ".join([b"[]"] * 70 + parts + [b"{}"] * 70) + b"]"
    if 1 + max(1, *(depth for depth, _, _ in branches)) <= 64:
        assert decode(data, "x.json") == json.loads(data)
    else:
        with pytest.raises(Damaged, match="nested more than 64 deep"):
            decode(data, "x.json")


@pytest.mark.parametrize(
    ("sizes", "named"),
    [
        ({"model.json": (64 << 20) + 1}, "model.json"),
        ({"vocabulary.json": (512 << 20) + 1}, "vocabulary.json"),
        ({"network.onnx": (4 << 30) + 1}, "network.onnx"),
        ({"a.bin": 3 << 30, "b.bin": (1 << 30) + 1}, "MANIFEST.json"),
        ({f"a{i}.bin": 1 for i in range(101)}, "MANIFEST.json"),
    ],
)
def test_sizes_are_allowed_up_to_what_can_be_borne_and_not_a_byte_more(sizes, named):
    with pytest.raises(Damaged, match=named):
        check_sizes(sizes)
    allowed = dict(list(sizes.items())[:100])
    allowed[max(allowed, key=allowed.get)] -= 1
    check_sizes(allowed)

"""Faults: whatever breaks while a model is written or read, nothing is lost, and nothing wrong is let in."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import pickle
import random
import shutil
import signal
import stat
import subprocess
import sys
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from bundles.samples import digest, forge, same, sample
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.errors import CannotWrite, NoInput, Refused
from triage.models import bundle
from triage.models.bundle.content import from_files, to_files
from triage.models.bundle.exactjson import Damaged
from triage_selftest._writers import failing

TESTS = Path(__file__).parent
KILLS = int(os.environ.get("TRIAGE_KILLS", "25"))
FLIPS = int(os.environ.get("TRIAGE_FLIPS", "1000"))
FUZZ = int(os.environ.get("TRIAGE_FUZZ", "300"))


@pytest.fixture(autouse=True)
def unsynced(monkeypatch):
    """Only a power cut would show whether files were synced, and syncing takes most of the time."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def model(tmp_path) -> Path:
    bundle.write(tmp_path / "model", sample())
    return tmp_path / "model"


# --- while it is written


def writers(folder: Path, *arguments: object) -> list[tuple[str, str, str]]:
    """What the battery's writers see with a small model: what was done, the outcome, what was found."""
    bundle.write(folder / "source", sample(weights=50))
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    words = [folder / "source", folder / "place", *arguments]
    command = [sys.executable, "-m", "triage_selftest._writers", *map(str, words)]
    out = subprocess.run(command, capture_output=True, check=True, env=environment).stdout
    return [tuple(json.loads(line)) for line in out.splitlines()]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("old", ["model", "none", "aside"])
def test_a_write_killed_before_any_of_its_system_calls_leaves_the_old_model_or_the_new(tmp_path, old):
    seen = writers(tmp_path, "every", old)
    assert len(seen) > 50
    assert {outcome for _, outcome, _ in seen} == {"held"}
    assert {found for _, _, found in seen} == {"as it was", "the new model"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_writer_killed_at_random_instants_leaves_a_whole_model(tmp_path):
    seen = writers(tmp_path, "random", KILLS, 7)
    assert len(seen) == KILLS + 1
    assert {outcome for _, outcome, _ in seen} == {"held"}


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES], ids=errno.errorcode.get)
@pytest.mark.parametrize("ever_after", [False, True], ids=["one call fails", "all later calls fail"])
@pytest.mark.parametrize("had", [True, False], ids=["over a model", "where nothing was"])
def test_whichever_system_call_fails_the_old_model_stands_or_the_new_one(tmp_path, code, ever_after, had):
    path, (old, new) = tmp_path / "model", (sample(1, weights=5), sample(2, weights=5))
    outcomes = set()
    for first in range(10_000):
        if had:
            bundle.write(path, old)
        error = None
        with failing(first, code=code, ever_after=ever_after) as calls:
            try:
                bundle.write(path, new)
            except CannotWrite as caught:
                error = caught
        try:
            found = bundle.read(path)
        except NoInput:
            assert not had
            found = None
        is_new = found is not None and same(found, new)
        assert is_new or (same(found, old) if had else found is None), (
            f"call {first}: neither the old nor the new"
        )
        if error is None:
            assert is_new, f"call {first}: no error, and not the new model"
        else:
            assert "model" in str(error)
            assert "anew" not in str(error)
            if not ever_after:
                assert not is_new, f"call {first}: an error, and yet the new model"
        assert {entry.name for entry in tmp_path.iterdir() if not entry.name.startswith(".")} <= {"model"}
        outcomes.add((error is None, is_new))
        bundle.write(path, old)
        assert [entry.name for entry in tmp_path.iterdir()] == ["model"], f"call {first}: not swept"
        if not had:
            shutil.rmtree(path)
        if calls[0] <= first:
            break
    assert first > 50
    assert outcomes >= {(True, True), (False, False)}


def test_an_interrupt_at_any_rename_leaves_the_old_model_and_nothing_else(tmp_path, monkeypatch):
    real = os.rename
    for when in ("before", "after"):
        for number in range(2):
            bundle.write(tmp_path / "model", sample(1))
            calls = [0]

            def rename(*args, number=number, when=when, calls=calls):
                calls[0] += 1
                if calls[0] != number + 1:
                    return real(*args)
                if when == "after":
                    real(*args)
                raise KeyboardInterrupt

            monkeypatch.setattr(os, "rename", rename)
            with pytest.raises(KeyboardInterrupt):
                bundle.write(tmp_path / "model", sample(2))
            monkeypatch.setattr(os, "rename", real)
            assert same(bundle.read(tmp_path / "model"), sample(1))
            assert [entry.name for entry in tmp_path.iterdir()] == ["model"]


def test_all_is_synced_before_it_gets_its_name_and_the_name_after_and_the_manifest_comes_last(
    tmp_path, monkeypatch
):
    bundle.write(tmp_path / "model", sample(1))
    paths, steps = {}, []
    real_open, real_rename = os.open, os.rename

    def opening(path, flags, *args):
        descriptor = real_open(path, flags, *args)
        paths[descriptor] = Path(path)
        return descriptor

    def renaming(source, target):
        real_rename(source, target)
        steps.append(f"{source.name.split('.')[-1]} becomes {target.name.split('.')[-1]}")

    monkeypatch.setattr(os, "open", opening)
    monkeypatch.setattr(os, "rename", renaming)
    monkeypatch.setattr(os, "fsync", lambda descriptor: steps.append(paths[descriptor]))
    bundle.write(tmp_path / "model", sample(2))
    monkeypatch.undo()

    (folder,) = {step.parent for step in steps if isinstance(step, Path) and step.suffix == ".json"}
    names = [step.name for step in steps if isinstance(step, Path) and step.parent == folder]
    assert sorted(names) == sorted(path.name for path in (tmp_path / "model").iterdir())
    assert names[-1] == "MANIFEST.json"
    assert steps[len(names) :] == [
        folder,
        "model becomes previous",
        "new becomes model",
        tmp_path,
        "previous becomes old",
    ]


def test_a_file_system_that_cannot_sync_directories_is_written_to_all_the_same(tmp_path, monkeypatch):
    def fsync(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not here")

    monkeypatch.setattr(os, "fsync", fsync)
    bundle.write(tmp_path / "model", sample())
    assert same(bundle.read(tmp_path / "model"), sample())


def test_a_write_that_takes_only_some_bytes_at_a_time_is_continued(tmp_path, monkeypatch):
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, bytes(data)[:7]))
    bundle.write(tmp_path / "model", sample())
    assert same(bundle.read(tmp_path / "model"), sample())


def test_a_file_system_without_locks_is_said_plainly(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def flock(descriptor, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(CannotWrite, match="No locks available"):
        bundle.write(tmp_path / "model", sample())


def test_a_lock_that_changes_hands_all_the_time_is_given_up(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    real = fcntl.flock

    def flock(descriptor, operation):
        real(descriptor, operation)
        (tmp_path / ".model.lock").unlink()

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(CannotWrite, match="changes hands"):
        bundle.write(tmp_path / "model", sample())


HOLD = """
import sys, time
from triage.models import bundle
with bundle.lock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def test_of_two_processes_one_writes_and_the_other_is_told_and_a_killed_one_holds_nothing(tmp_path):
    bundle.write(tmp_path / "model", sample(1))
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "model")], stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(CannotWrite, match=f"process {holder.pid} ") as caught:
            bundle.write(tmp_path / "model", sample(2))
        assert caught.value.exit_code == 73
        assert same(bundle.read(tmp_path / "model"), sample(1))
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        holder.stdout.close()
    bundle.write(tmp_path / "model", sample(2))
    assert same(bundle.read(tmp_path / "model"), sample(2))
    assert [entry.name for entry in tmp_path.iterdir()] == ["model"]


# --- while it is read


def refused(path: Path, match: str | None = None) -> str:
    with pytest.raises(Refused, match=match) as caught:
        bundle.read(path)
    assert caught.value.exit_code == 77
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_every_flipped_byte_is_refused_and_its_file_named(model):
    random_ = random.Random(3)
    files = sorted(model.iterdir())
    for _ in range(FLIPS):
        file = random_.choice(files)
        data = file.read_bytes()
        place = random_.randrange(len(data))
        flipped = bytearray(data)
        flipped[place] ^= random_.choice([1 << random_.randrange(8), random_.randrange(1, 256)])
        file.write_bytes(flipped)
        message = refused(model)
        # A flipped name or hash in the manifest shows in the file that it speaks of.
        assert file.name == "MANIFEST.json" or file.name in message
        file.write_bytes(data)
    assert same(bundle.read(model), sample())


def test_every_truncation_and_every_longer_file_is_refused_and_named(model):
    random_ = random.Random(4)
    for file in sorted(model.iterdir()):
        data = file.read_bytes()
        lengths = {0, len(data) - 1, *(random_.randrange(len(data)) for _ in range(12))}
        for changed in [data[:length] for length in lengths] + [data + b"\n", data * 2]:
            file.write_bytes(changed)
            assert file.name in refused(model)
        file.write_bytes(data)
    assert same(bundle.read(model), sample())


def test_a_missing_file_is_refused_and_named(model):
    for file in sorted(model.iterdir()):
        data = file.read_bytes()
        file.unlink()
        assert f"{file.name}: missing" in refused(model)
        file.write_bytes(data)


def test_files_swapped_between_bundles_are_refused(tmp_path, model):
    bundle.write(tmp_path / "other", sample(5))
    for file in sorted(model.iterdir()):
        mine, theirs = file.read_bytes(), (tmp_path / "other" / file.name).read_bytes()
        if mine == theirs:
            continue
        file.write_bytes(theirs)
        refused(model, r"weights|vocabulary|MANIFEST|\.json|\.onnx")
        file.write_bytes(mine)


def test_files_swapped_within_a_bundle_are_refused(model):
    one, two = model / "calibration.json", model / "certificate.json"
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    refused(model, r"calibration\.json")


@pytest.mark.parametrize("name", ["MANIFEST.json", "model.json", "weights.safetensors"])
def test_a_symbolic_link_in_a_bundle_is_refused_even_to_the_right_bytes(tmp_path, model, name):
    (model / name).rename(tmp_path / "outside")
    (model / name).symlink_to(tmp_path / "outside")
    refused(model, rf"{name}: a symbolic link")


@pytest.mark.parametrize("name", ["MANIFEST.json", "weights.safetensors"])
def test_a_pipe_or_a_directory_in_a_bundle_is_refused_and_nobody_waits(model, name):
    (model / name).unlink()
    os.mkfifo(model / name)
    refused(model, rf"{name}: not a regular file")
    (model / name).unlink()
    (model / name).mkdir()
    refused(model, name)


def test_a_file_that_the_manifest_does_not_list_is_refused(model):
    (model / "helper.py").write_text("raise SystemExit")
    refused(model, r"'helper\.py'.*Move it away")
    (model / "helper.py").rename(model / "\x1b]0;owned\x07")
    refused(model, "Move it away")


def test_a_file_that_shrinks_or_fails_while_it_is_read_is_refused(model, monkeypatch):
    class Shrinking(io.FileIO):
        def readinto(self, buffer):
            return super().readinto(buffer[:9]) if self.tell() < 9 else 0

    with monkeypatch.context() as patch:
        patch.setattr(io, "FileIO", Shrinking)
        refused(model, "became shorter")

    class Failing(io.FileIO):
        def readinto(self, buffer):
            raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(io, "FileIO", Failing)
        refused(model, r"MANIFEST\.json: Input/output error")

    class Starving(io.FileIO):
        def readinto(self, buffer):
            raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(io, "FileIO", Starving)
        refused(model, "larger machine")


def test_a_directory_that_vanishes_while_it_is_read_is_no_input(model, monkeypatch):
    def vanish(folder):
        shutil.rmtree(model, ignore_errors=True)
        raise FileNotFoundError

    monkeypatch.setattr(Path, "iterdir", vanish)
    with pytest.raises(NoInput, match="there is no model"):
        bundle.read(model)


def test_a_reader_that_is_overtaken_every_time_ends_with_a_refusal(model, monkeypatch):
    (model / "weights.safetensors").unlink()
    real, moments = os.stat, iter(range(1_000_000))

    def moving(path, *args, **kwargs):
        if Path(path) == model:
            os.utime(model, ns=(0, next(moments)))
        return real(path, *args, **kwargs)

    monkeypatch.setattr(os, "stat", moving)
    refused(model, r"weights\.safetensors: missing")


# --- bundles by somebody who knows the format: every manifest below holds


def header(entries: object, data: bytes = b"", *, length: int | None = None) -> bytes:
    text = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    text += b" " * (-len(text) % 8)
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def tensor(dtype: object = "F64", shape: object = (2,), offsets: object = (0, 16)) -> dict[str, object]:
    return {
        "dtype": dtype,
        "shape": list(shape) if isinstance(shape, tuple) else shape,
        "data_offsets": list(offsets),
    }  # type: ignore[call-overload]


TWO = b"\0" * 16
HOSTILE = {
    "weights": [
        (b"", "only 0 bytes"),
        (b"\1\0\0", "only 3 bytes"),
        (header({}, length=4 << 30), "a header of 4294967296 bytes"),
        (header({}, length=2**64 - 1), "a header of"),
        (header([]), "not an object"),
        (header(b"not json"), "JSON"),
        (header(b'{"x_": 1, "x_": 2}'), "JSON"),
        (header({"x_": 3}, TWO), "not described"),
        (header({"x_": {**tensor(), "more": 1}}, TWO), "not described"),
        (header({"x_": {"dtype": "F64", "shape": [2]}}, TWO), "not described"),
        (header({"__metadata__": {"a": "b"}, "x_": tensor()}, TWO), "not described"),
        (header({"x_": tensor("O")}, TWO), "dtype"),
        (header({"x_": tensor("BF16", (8,))}, TWO), "dtype"),
        (header({"x_": tensor(["F64"])}, TWO), "dtype"),
        (header({"x_": tensor(shape=(-2,), offsets=(0, 0))}), "no shape"),
        (header({"x_": tensor(shape=(2.0,))}, TWO), "no shape"),
        (header({"x_": tensor(shape=(True, 2))}, TWO), "no shape"),
        (header({"x_": tensor(shape=2)}, TWO), "no shape"),
        (header({"x_": tensor(shape=(1,) * 33, offsets=(0, 8))}, TWO[:8]), "no shape"),
        (header({"x_": tensor(shape=(3,))}, TWO), "another size"),
        (header({"x_": tensor(shape=(1,))}, TWO), "another size"),
        (header({"x_": tensor(shape=(1 << 29,), offsets=(0, 4 << 30))}, TWO), "declares 4294967"),
        (header({"x_": tensor(shape=(0, 1 << 62), offsets=(0, 0))}), "a shape that no array has"),
        (header({"x_": tensor(shape=(0, 1 << 80), offsets=(0, 0))}), "a shape that no array has"),
        (header({"x_": tensor(offsets=(-16, 0))}, TWO), "no place"),
        (header({"x_": tensor(offsets=(0, 16, 32))}, TWO), "no place"),
        (header({"x_": tensor(offsets=(8, 24))}, TWO + b"\0" * 8), "begins at byte 8"),
        (header({"x_": tensor(), "y_": tensor(offsets=(8, 24))}, TWO + b"\0" * 8), "begins at byte 8"),
        (header({"x_": tensor(), "y_": tensor()}, TWO), "begins at byte 0"),
        (header({"x_": tensor()}, TWO + b"hidden"), "declares"),
        (
            header({"w_": tensor("U8", (1,), (0, 1)), "x_": tensor(shape=(1,), offsets=(1, 9))}, TWO[:9]),
            "aligned",
        ),
        (header({"x_": tensor(), "unused_": tensor(offsets=(16, 32))}, TWO + TWO), "'unused_'"),
    ],
    "state": [
        (b"", "JSON"),
        (b"\xff", "JSON"),
        (b"[]", "not an object"),
        (b"{", "JSON"),
        (b'{"x_": NaN}', "JSON"),
        (b'{"x_": -Infinity}', "JSON"),
        (b'{"x_": 1e999}', "JSON"),
        (b'{"x_": ' + b"9" * 5000 + b"}", "JSON"),
        (b'{"x_": 1, "x_": 1}', "JSON"),
        (b"[" * 100_000, "64 deep"),
        (b'{"x_": ' + b"[" * 80 + b"]" * 80 + b"}", "64 deep"),
        (b'{"a": "' + b'\\"[' * 100_000 + b"\\", "JSON"),
        ({"x_": {"$array": "missing"}}, "an array that"),
        ({"x_": {"$array": ["x_"]}}, "an array that"),
        ({"x_": {"$array": "coef_"}, "y_": {"$array": "coef_"}}, "an array that"),
        ({"x_": {"$pickle": "x"}}, "something unknown"),
        ({"x_": {"$array": "coef_", "$file": "x"}}, "something unknown"),
        ({"x_": [{"$file": "network.onnx"}]}, "something unknown"),
        ({"missing_": {"$file": "missing.bin"}}, "there is none"),
        ({"x_": {"$file": "missing.bin"}}, "cannot be part"),
        ({"x_": {"$file": "../../outside.bin"}}, "cannot be part"),
        ({"network.exe": {"$file": "network.onnx"}}, "cannot be part"),
        ({"x_": {"$file": "vocabulary.json"}}, "cannot be part"),
        ({"x_": {"$file": "model.json"}}, "cannot be part"),
        ({"x_": {"$file": 3}}, "cannot be part"),
        ({"network.onnx": {"$file": "network.onnx"}, "x_": {"$file": "network.onnx"}}, "cannot be part"),
        ({"table_": {"$file": "table.bin"}, "table": {"$file": "table.bin"}}, "before"),
        ({"../x": 1}, "not a name"),
        ({"": 1}, "not a name"),
    ],
    "vocabulary": [
        (b"", "JSON"),
        (b"{}", "not a list of strings"),
        ([1, 2], "not a list of strings"),
        (["a", None], "not a list of strings"),
        ("text", "not a list of strings"),
        (b'["a"', "JSON"),
    ],
    "golden": [
        ({}, "not texts and"),
        ({"texts": [], "probabilities": []}, "0 texts"),
        ({"texts": ["a"], "probabilities": [[0.5, 0.5]]}, "of classes"),
        ({"texts": ["a"], "probabilities": [[0.1, 0.2, 0.7], [0.1, 0.2, 0.7]]}, "1 texts"),
        ({"texts": ["a", "b"], "probabilities": [[0.1, 0.2, 0.7], [0.1, 0.9]]}, "not texts and"),
        ({"texts": ["a"], "probabilities": [["0.1", "0.2", "0.7"]]}, "not texts and"),
        ({"texts": ["a"], "probabilities": [[True, False, False]]}, "not texts and"),
        ({"texts": [1], "probabilities": [[0.1, 0.2, 0.7]]}, "not texts and"),
        ({"texts": "a", "probabilities": [[0.1, 0.2, 0.7]]}, "not texts and"),
        ({"texts": ["a"], "probabilities": [0.1]}, "not texts and"),
        ({"texts": ["a"], "probabilities": "x"}, "not texts and"),
        ({"texts": ["a"], "probabilities": [[0.1, 0.2, 0.7]], "more": 1}, "not texts and"),
    ],
    "model": [
        (b"", "JSON"),
        ([], "not an object"),
        ({}, "another schema"),
        ({"schema": "1"}, "another schema"),
        ({"schema": 0}, "another schema"),
    ],
    "calibration": [(b"", "JSON"), ([], "not an object"), (3, "not an object")],
    "certificate": [(b"\0", "JSON"), ([], "not an object"), (b"null", "not an object")],
}


@pytest.mark.parametrize(
    ("stem", "content", "reason"),
    [
        pytest.param(stem, content, reason, id=f"{stem}-{number}")
        for stem, contents in HOSTILE.items()
        for number, (content, reason) in enumerate(contents)
    ],
)
def test_a_forged_file_is_refused_and_named_before_memory_and_time_are_taken(model, stem, content, reason):
    forge(model, **only_at_fault(stem, content))
    tracemalloc.start()
    begun = time.process_time()
    try:
        message = refused(model)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert f"{stem}." in message
    assert reason in message
    assert time.process_time() - begun < 5
    assert peak < 20 << 20


def only_at_fault(stem: str, content: object) -> dict[str, object]:
    """Give the other files what makes them sound beside this one, so that nothing else is refused."""
    files: dict[str, object] = {stem: content}
    if stem == "weights":
        files |= {"state": {"x_": {"$array": "x_"}}, "vocabulary": None, "network": None}
    if stem == "state":
        text = content if isinstance(content, bytes) else json.dumps(content).encode()
        files["vocabulary"] = None
        files["weights"] = header({"coef_": tensor()}, TWO) if b"coef_" in text else None
        if b"network.onnx" not in text:
            files["network"] = None
    return files


SOUND = to_files(sample(weights=4))
anything = st.text(st.characters(exclude_categories=()), max_size=8)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | anything
    | st.sampled_from(["coef_", "table.bin"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            anything
            | st.sampled_from(["$array", "$file", "schema", "texts", "probabilities", "dtype", "shape"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(max_examples=FUZZ, deadline=None)
@given(st.data())
def test_whatever_stands_in_its_files_a_bundle_is_read_or_refused_and_nothing_else(data):
    files = {name: bytearray(content) for name, content in SOUND.items()}
    for name in data.draw(st.lists(st.sampled_from(sorted(files)), min_size=1, max_size=3), label="files"):
        match data.draw(st.sampled_from(["bytes", "json", "gone", "header"]), label="how"):
            case "bytes":
                start = data.draw(st.integers(0, len(files.get(name, b""))), label="from")
                end = start + data.draw(st.integers(0, 8), label="length")
                files.setdefault(name, bytearray())[start:end] = data.draw(
                    st.binary(max_size=12), label="bytes"
                )
            case "json":
                files[name] = bytearray(json.dumps(data.draw(json_values, label="json")).encode())
            case "gone":
                files.pop(name, None)
            case "header":
                entry = st.fixed_dictionaries(
                    {
                        "dtype": st.sampled_from(["F64", "U8", "BOOL", "X"]),
                        "shape": st.lists(st.integers(-1, 4) | st.integers(0, 2**70), max_size=3),
                        "data_offsets": st.lists(st.integers(-1, 40), min_size=2, max_size=2),
                    }
                )
                entries = data.draw(
                    st.dictionaries(st.sampled_from(["coef_", "idf_", "x"]), entry), label="header"
                )
                files["weights.safetensors"] = bytearray(
                    header(entries, bytes(data.draw(st.integers(0, 40))))
                )
    message = "sound"
    try:
        from_files(files, sha256="")
    except Damaged as damage:
        message = str(damage)
    assert message.isprintable()


@pytest.mark.parametrize("stem", ["model", "calibration", "golden", "state"])
def test_a_bundle_without_a_file_that_every_model_has_is_refused(model, stem):
    forge(model, **{stem: None})
    refused(model, rf"{stem}\.json: missing")


def test_weights_for_another_number_of_classes_than_the_model_names_are_refused(model):
    forge(model, model={"schema": 1, "classes": ["only", "two"]})
    refused(model, r"golden\.json: .* of classes")


def test_a_file_that_nothing_refers_to_is_refused(model):
    forge(model, state={}, weights=None, network=None)
    refused(model, r"vocabulary\.json: nothing in state\.json refers to it")
    forge(model, vocabulary=None)
    assert bundle.read(model).state == {}
    (model / "payload.bin").write_bytes(b"x")
    forge(model)
    refused(model, r"payload\.bin: nothing in state\.json refers to it")


ENTRY = {"bytes": 0, "sha256": hashlib.sha256(b"").hexdigest()}
MANIFESTS = [
    (b"", "JSON"),
    (b" " * (1 << 20) + b"{}", "at most"),
    (None, "not a manifest"),
    ([], "not a manifest"),
    ({}, "not a manifest"),
    ({"files": {}, "schema": True}, "not a manifest"),
    ({"files": {}, "schema": "1"}, "not a manifest"),
    ({"files": {}, "schema": 0}, "does not read"),
    ({"files": {}, "schema": -1}, "does not read"),
    ({"schema": 1}, "not a manifest"),
    ({"files": [], "schema": 1}, "not a manifest"),
    ({"files": {}, "more": 1, "schema": 1}, "not a manifest"),
    ({"files": {"../x.json": ENTRY}, "schema": 1}, "cannot be part"),
    ({"files": {"/etc/passwd": ENTRY}, "schema": 1}, "cannot be part"),
    ({"files": {".x.json": ENTRY}, "schema": 1}, "cannot be part"),
    ({"files": {"MANIFEST.json": ENTRY}, "schema": 1}, "cannot be part"),
    ({"files": {"x.json": 3}, "schema": 1}, "x.json"),
    ({"files": {"x.json": {"bytes": 0}}, "schema": 1}, "x.json"),
    ({"files": {"x.json": {**ENTRY, "more": 1}}, "schema": 1}, "x.json"),
    ({"files": {"x.json": {**ENTRY, "bytes": -1}}, "schema": 1}, "x.json"),
    ({"files": {"x.json": {**ENTRY, "bytes": 1.5}}, "schema": 1}, "x.json"),
    ({"files": {"x.json": {**ENTRY, "bytes": True}}, "schema": 1}, "x.json"),
    ({"files": {"x.json": {**ENTRY, "sha256": 1}}, "schema": 1}, "x.json"),
    (
        {"files": {"a.bin": {**ENTRY, "bytes": 3 << 30}, "b.bin": {**ENTRY, "bytes": 3 << 30}}, "schema": 1},
        "2 files of",
    ),
]


@pytest.mark.parametrize(("content", "reason"), MANIFESTS, ids=range(len(MANIFESTS)))
def test_what_is_no_manifest_is_refused(model, content, reason):
    spelled = content if isinstance(content, bytes) else (json.dumps(content, indent=1) + "\n").encode()
    (model / "MANIFEST.json").write_bytes(spelled)
    message = refused(model, r"MANIFEST\.json: ")
    assert reason in message


def test_a_manifest_that_is_spelled_otherwise_is_refused_although_it_says_the_same(model):
    manifest = json.loads((model / "MANIFEST.json").read_text())
    (model / "MANIFEST.json").write_text(json.dumps(manifest))
    refused(model, "not spelled")


def declaring(model: Path, name: str, size: int) -> None:
    manifest = json.loads((model / "MANIFEST.json").read_text())
    manifest["files"][name] = {"bytes": size, "sha256": "0" * 64}
    manifest["files"] = dict(sorted(manifest["files"].items()))
    (model / "MANIFEST.json").write_text(json.dumps(manifest, indent=1) + "\n")


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("weights.safetensors", 4 << 30),
        ("weights.safetensors", 1 << 80),
        ("model.json", 1 << 30),
        ("vocabulary.json", 1 << 30),
        ("network.onnx", 3 << 30),
    ],
)
def test_a_declared_size_is_refused_before_memory_is_taken(model, name, size):
    declaring(model, name, size)
    tracemalloc.start()
    try:
        refused(model, rf"{name}|MANIFEST\.json")
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_too_many_files_are_refused(model):
    for number in range(100):
        declaring(model, f"x{number}.json", 0)
    refused(model, r"MANIFEST\.json: 108 files")


# --- other things offered as a model


class Canary:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self):
        return (os.mkdir, (self.path,))


def offered(folder: Path, what: str) -> Path:
    path = folder / f"model{what}"
    if what in (".pkl", ".joblib"):
        path.write_bytes(pickle.dumps(Canary(folder / "canary")))
    elif what == ".h5":
        path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    elif what == ".keras":
        with zipfile.ZipFile(path, "w") as archive:
            layer = {"class_name": "Lambda", "config": {"function": "import os; os.mkdir('canary')"}}
            archive.writestr("config.json", json.dumps(layer))
    elif what == ".gz":
        path.write_bytes(b"\x1f\x8b" + bytes(20))
    elif what == ".onnx":
        path.write_bytes(external_graph())
        (folder / "secret.bin").write_bytes(b"secret weights")
    elif what == "folder":
        path.mkdir()
        (path / "model.pkl").write_bytes(pickle.dumps(Canary(folder / "canary")))
    elif what == "empty folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    return path


def external_graph() -> bytes:
    onnx = pytest.importorskip("onnx")
    weights = onnx.TensorProto(name="w", data_type=onnx.TensorProto.FLOAT, dims=[1])
    weights.data_location = onnx.TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="../secret.bin")
    return onnx.helper.make_model(onnx.helper.make_graph([], "g", [], [], [weights])).SerializeToString()


OFFERED = [".pkl", ".joblib", ".h5", ".keras", ".gz", ".onnx", "folder", "empty folder", "pipe"]
WATCH = """
import sys
from triage.models import bundle
from triage.errors import TriageError
events = []
sys.addaudithook(lambda event, args: events.append((event, args)))
try:
    bundle.read(sys.argv[1])
except TriageError as error:
    code, message = error.exit_code, str(error)
opened = sorted({str(args[0]) for event, args in events if event == "open"})
risky = [event for event, _ in events if event.split(".")[0] in ("pickle", "subprocess", "socket", "ctypes", "exec", "compile", "import", "marshal")]
import json
print(json.dumps({"code": code, "message": message, "opened": opened, "risky": risky}))
"""


@pytest.mark.parametrize("what", OFFERED)
def test_anything_else_offered_as_a_model_is_refused_unopened(tmp_path, what):
    path = offered(tmp_path, what)
    before = digest(tmp_path) if what != "pipe" else {}
    seen = json.loads(
        subprocess.run(
            [sys.executable, "-c", WATCH, str(path)], capture_output=True, check=True, cwd=tmp_path
        ).stdout
    )
    assert seen["code"] == 77
    assert "triage train CORPUS --model" in seen["message"]
    assert seen["opened"] == ([str(path)] if path.is_file() else [])
    assert seen["risky"] == []
    assert not (tmp_path / "canary").exists()
    if what != "pipe":
        assert digest(tmp_path) == before


@pytest.mark.parametrize(
    ("what", "kind"),
    [(".pkl", "a pickle"), (".h5", "HDF5"), (".keras", "zip"), (".onnx", "an ONNX file"), ("pipe", "pipe")],
)
def test_the_refusal_says_what_was_offered(tmp_path, what, kind):
    refused(offered(tmp_path, what), kind)


def test_a_pickle_inside_a_sound_bundle_is_bytes_and_nothing_else(tmp_path):
    payload = pickle.dumps(Canary(tmp_path / "canary"))
    bundle.write(tmp_path / "model", sample(state={"x.bin": payload, "y_": np.frombuffer(payload, np.uint8)}))
    assert bundle.read(tmp_path / "model").state["x.bin"] == payload
    assert not (tmp_path / "canary").exists()


def test_reading_never_writes(model):
    before = {path: path.stat() for path in (model, *model.iterdir())}
    bundle.read(model)
    assert {path: path.stat().st_mtime_ns for path in before} == {
        path: found.st_mtime_ns for path, found in before.items()
    }
    assert [path.name for path in model.parent.iterdir()] == ["model"]

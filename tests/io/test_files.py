"""The user's files: opening refuses what could block or lie, writing leaves the old or the new."""

import contextlib
import csv
import errno
import gzip
import io
import os
import pathlib
import signal
import socket
import stat
import subprocess
import sys
import textwrap
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

import triage
from triage.io import files
from triage.io.files import AtomicWriter, csv_cell, csv_uncell, open_input, quote_path, write_file


def content(path, **settings):
    with open_input(path, **settings) as stream:
        return stream.read()


def leftovers(folder):
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


# --- opening ---


def test_a_file_is_read_as_it_is(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"text\r\nhello\0\xff\n")
    assert content(path) == content(str(path)) == b"text\r\nhello\0\xff\n"


def test_an_uncompressed_file_can_be_sought_in(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    with open_input(path) as stream:
        assert not stream.compressed
        assert stream.seek(-3, io.SEEK_END) == 7
        assert stream.read() == b"789"


def test_gzip_is_recognised_by_its_bytes_not_its_name(tmp_path):
    path = tmp_path / "plain.csv"
    path.write_bytes(gzip.compress(b"text\nhello\n"))
    with open_input(path) as stream:
        assert stream.compressed
        assert not stream.seekable()
        assert stream.read() == b"text\nhello\n"


def test_gzip_of_several_members_and_padding_is_read_to_its_end(tmp_path):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"one ") + gzip.compress(b"") + gzip.compress(b"two") + b"\0" * 5000)
    assert content(path) == b"one two"


@given(parts=st.lists(st.binary(max_size=400), min_size=1, max_size=4), padding=st.integers(0, 20))
def test_any_gzip_comes_out_as_it_went_in(tmp_path_factory, parts, padding):
    path = tmp_path_factory.getbasetemp() / "any.gz"
    path.write_bytes(b"".join(gzip.compress(part) for part in parts) + b"\0" * padding)
    assert content(path) == b"".join(parts)


def test_a_link_to_a_file_is_followed(tmp_path):
    (tmp_path / "real").write_bytes(b"x")
    (tmp_path / "link").symlink_to("real")
    assert content(tmp_path / "link") == b"x"


def test_a_missing_file_suggests_its_neighbours(tmp_path):
    (tmp_path / "complaints.csv").touch()
    with pytest.raises(triage.NoInput, match=r"no file .*complaint\.csv'.*Did you mean 'complaints\.csv'"):
        open_input(tmp_path / "complaint.csv")


def test_a_missing_directory_is_said(tmp_path):
    with pytest.raises(triage.NoInput, match="no directory"):
        open_input(tmp_path / "nowhere" / "a.csv")


@pytest.mark.parametrize("name", ["https://example.org/a.csv", "file:///etc/passwd", "s3://bucket/key"])
def test_an_address_is_no_path(name):
    with pytest.raises(triage.NoInput, match="is an address"):
        open_input(name)


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000, "", "\ud800"])
def test_an_impossible_name_is_refused(name):
    with pytest.raises(triage.NoInput):
        open_input(name)


def test_a_directory_is_refused(tmp_path):
    with pytest.raises(triage.NoInput, match="is a directory"):
        open_input(tmp_path)


def test_a_device_is_refused():
    with pytest.raises(triage.NoInput, match="is a device"):
        open_input("/dev/zero")


def test_a_pipe_that_nobody_writes_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    began = time.monotonic()
    with pytest.raises(triage.NoInput, match="is a named pipe"):
        open_input(tmp_path / "pipe")
    assert time.monotonic() - began < 5


def test_a_pipe_put_there_after_the_check_does_not_block_either(tmp_path, monkeypatch):
    path = tmp_path / "pipe"
    path.touch()
    regular = path.stat()
    path.unlink()
    os.mkfifo(path)
    monkeypatch.setattr(files.os, "stat", lambda name: regular)
    with pytest.raises(triage.NoInput, match="is a named pipe"):
        open_input(path)


def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind("sock")
        with pytest.raises(triage.NoInput, match="is a socket"):
            open_input("sock")


def test_a_file_that_may_not_be_read_is_said(tmp_path, monkeypatch):
    path = tmp_path / "secret.csv"
    path.touch()

    def denied(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(files.os, "open", denied)
    with pytest.raises(triage.NoInput, match="permission denied"):
        open_input(path)


def test_a_name_cannot_write_on_the_terminal(tmp_path):
    with pytest.raises(triage.NoInput) as caught:
        open_input(tmp_path / "\x1b]0;owned\x07\u202e.csv")
    assert str(caught.value).isprintable()
    assert len(quote_path("x" * 10_000)) < 210


def test_a_file_that_grows_while_it_is_read_is_noticed(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"x" * 600_000)
    with open_input(path) as stream:
        stream.read(10)
        with path.open("ab") as log:
            log.write(b"more")
        with pytest.raises(triage.DataError, match="changed while it was read"):
            stream.read()


def test_a_packed_file_that_changes_while_it_is_read_is_noticed(tmp_path):
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress(os.urandom(600_000)))
    with open_input(path) as stream:
        stream.read(10)
        with path.open("r+b") as log:
            log.truncate(400_000)
        with pytest.raises(triage.DataError, match="changed while it was read"):
            stream.read()


def test_a_file_that_changed_between_two_readings_is_noticed(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with open_input(path) as stream:
        stamp = stream.stamp
    assert content(path, stamp=stamp) == b"old"
    path.write_bytes(b"newer")
    with pytest.raises(triage.DataError, match="changed"):
        open_input(path, stamp=stamp)


def test_verify_notices_a_change_before_the_end(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with open_input(path) as stream:
        stream.verify()
        path.write_bytes(b"newer")
        with pytest.raises(triage.DataError, match="changed"):
            stream.verify()


@pytest.mark.parametrize("kept", [2, 5, 15, 60, -9, -1])
def test_a_gzip_stream_cut_anywhere_is_said_with_its_byte(tmp_path, kept):
    packed = gzip.compress(os.urandom(1000))
    path = tmp_path / "cut.gz"
    path.write_bytes(packed[:kept])
    with pytest.raises(triage.DataError, match=r"cut\.gz' is cut off.* near byte [\d,]+"):
        content(path)


def test_a_damaged_gzip_stream_is_said_with_its_byte(tmp_path):
    packed = bytearray(gzip.compress(b"some text that is there " * 100))
    packed[-6] ^= 1
    path = tmp_path / "bad.gz"
    path.write_bytes(packed)
    with pytest.raises(triage.DataError, match=r"bad\.gz' is damaged.* near byte [\d,]+"):
        content(path)


def test_rubbish_after_gzip_is_said(tmp_path):
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"text") + b"and more")
    with pytest.raises(triage.DataError, match="after its gzip stream"):
        content(path)


def test_a_gzip_bomb_is_refused_before_it_unfolds(tmp_path):
    path = tmp_path / "bomb.gz"
    with gzip.open(path, "wb", compresslevel=9) as bomb:
        for _ in range(128):
            bomb.write(bytes(1 << 20))
    with open_input(path) as stream:
        assert len(stream.read(64 << 20)) == 64 << 20
        with pytest.raises(triage.DataError, match="more than 200 times its size"):
            stream.read(1 << 20)


def test_a_small_file_that_packs_well_is_no_bomb(tmp_path):
    path = tmp_path / "dull.csv.gz"
    path.write_bytes(gzip.compress(b"text\n" + b"the same complaint again\n" * 400_000, 9))
    assert len(content(path)) > 9_000_000


def test_a_read_error_on_the_way_is_said(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_bytes(b"text")
    with open_input(path) as stream:

        class Broken(io.FileIO):
            def readinto(self, buffer):
                raise OSError(errno.EIO, "Input/output error")

        with Broken(path) as broken:
            monkeypatch.setattr(stream.raw, "raw", broken)
            with pytest.raises(triage.DataError, match="cannot be read to its end: Input/output error"):
                stream.read()
            monkeypatch.undo()


# --- writing ---


def test_what_is_written_is_there(tmp_path):
    path = tmp_path / "out.csv"
    write_file(path, b"one")
    write_file(path, (piece for piece in (b"tw", b"", b"o")))
    assert path.read_bytes() == b"two"
    assert leftovers(tmp_path) == []


def test_permissions_follow_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_file(tmp_path / "out", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o640


def test_nothing_stands_under_the_name_until_all_is_written(tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"old")
    with AtomicWriter(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
        assert len(leftovers(tmp_path)) == 1
    assert path.read_bytes() == b"new"


def test_an_exception_on_the_way_leaves_the_old(tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"old")

    def pieces():
        yield b"new"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_file(path, pieces())
    assert path.read_bytes() == b"old"
    assert leftovers(tmp_path) == []


def test_through_a_link_the_file_behind_it_is_replaced(tmp_path):
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    write_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


@pytest.mark.parametrize("target", ["/dev/null", "/dev/full"])
def test_a_device_is_never_replaced(target):
    with pytest.raises(triage.CannotWrite, match="no regular file"):
        write_file(target, b"x")
    assert pathlib.Path(target).is_char_device()


def test_a_directory_is_never_replaced(tmp_path):
    with pytest.raises(triage.CannotWrite, match="no regular file"):
        write_file(tmp_path, b"x")


def test_a_missing_directory_is_named_with_the_remedy(tmp_path):
    with pytest.raises(triage.CannotWrite, match=r"make the directory '.*nowhere' first"):
        write_file(tmp_path / "nowhere" / "out", b"x")


@pytest.mark.parametrize("name", ["a\0b", "x" * 300])
def test_an_impossible_name_cannot_be_written(tmp_path, name):
    with pytest.raises(triage.CannotWrite):
        write_file(tmp_path / name, b"x")
    assert leftovers(tmp_path) == []


class Fault:
    """Fails the k-th call of the system that writing makes."""

    CALLS = ("open", "write", "fsync", "close", "fstat")

    def __init__(self, monkeypatch, k, code):
        self.left = k
        self.code = code
        self.hit = ""
        for name in self.CALLS:
            monkeypatch.setattr(files.os, name, self.wrap(name, getattr(os, name)))
        monkeypatch.setattr(pathlib.Path, "replace", self.wrap("rename", pathlib.Path.replace))

    def wrap(self, name, call):
        def failing(*args, **settings):
            self.left -= 1
            if self.left == 0:
                self.hit = name
                raise OSError(self.code, os.strerror(self.code))
            return call(*args, **settings)

        return failing


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_whichever_call_fails_the_old_or_the_new_stands_and_nothing_else(tmp_path, code):
    path = tmp_path / "out"
    hits = []
    for k in range(1, 30):
        path.write_bytes(b"old")
        with pytest.MonkeyPatch.context() as patch:
            fault = Fault(patch, k, code)
            message = ""
            try:
                write_file(path, [b"ne", b"w"])
            except triage.CannotWrite as error:
                message = str(error)
        assert path.read_bytes() in ((b"old", b"new") if message else (b"new",))
        assert not message or str(path) in message
        assert leftovers(tmp_path) == []
        if not fault.hit:
            break
        hits.append(fault.hit)
    assert {"open", "write", "fsync", "rename"} <= set(hits)


def test_a_full_disk_names_the_remedy(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "write", full)
    with pytest.raises(triage.CannotWrite, match="No space left on device; make room"):
        write_file(tmp_path / "out", b"x")


def test_a_directory_that_cannot_be_synced_is_no_fault(tmp_path, monkeypatch):
    real = os.fsync

    def fsync(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        real(descriptor)

    monkeypatch.setattr(files.os, "fsync", fsync)
    write_file(tmp_path / "out", b"x")
    assert (tmp_path / "out").read_bytes() == b"x"


def killed_writer(path):
    """Start a writer of `path` and kill it in the middle."""
    program = """
        import sys, time
        from triage.io.files import AtomicWriter
        with AtomicWriter(sys.argv[1]) as file:
            file.write(b"half")
            print("ready", flush=True)
            time.sleep(60)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), str(path)], stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout.readline() == b"ready\n"
        yield
        process.send_signal(signal.SIGKILL)


def test_what_a_killed_writer_left_is_swept_by_the_next(tmp_path):
    path = tmp_path / "out"
    path.write_bytes(b"old")
    for _ in killed_writer(path):
        pass
    assert path.read_bytes() == b"old"
    assert len(leftovers(tmp_path)) == 1
    write_file(tmp_path / "other", b"")
    assert len(leftovers(tmp_path)) == 1, "another path's leftovers are not its business"
    write_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert leftovers(tmp_path) == []


def test_a_writer_at_work_is_not_swept(tmp_path):
    path = tmp_path / "out"
    with AtomicWriter(path) as slow:
        slow.write(b"slow")
        write_file(path, b"quick")
        assert path.read_bytes() == b"quick"
    assert path.read_bytes() == b"slow"


# --- cells ---

FULL_WIDTH = "\uff1d\uff0b\uff0d\uff20"
DANGEROUS = [
    *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u200b=1", "\ufeff@x", "\x00=1"),
    *(f"{sign}1" for sign in FULL_WIDTH + "\ufe66\u2212"),
    *("'=1", "'", "' = 1"),
]


@pytest.mark.parametrize("text", DANGEROUS)
def test_what_a_spreadsheet_would_calculate_gets_an_apostrophe(text):
    assert csv_cell(text) == "'" + text


@pytest.mark.parametrize(
    "text", ["", "My card", "5-1=4", "(=1)", "007", "é", "  indented", "{$120.00}", "😀"]
)
def test_what_is_harmless_stays_as_it_is(text):
    assert csv_cell(text) == csv_uncell(text) == text


@given(text=st.text(alphabet=st.characters(exclude_categories=())) | st.sampled_from(DANGEROUS))
def test_every_cell_is_safe_and_comes_back_exactly(text):
    cell = csv_cell(text)
    assert csv_uncell(cell) == text
    assert cell.lstrip(" \t\r\n\ufeff\u200b")[:1] not in tuple("=+-@" + FULL_WIDTH)


@given(left=st.text(), right=st.text())
def test_two_texts_never_share_a_cell(left, right):
    assert (csv_cell(left) == csv_cell(right)) == (left == right)


@given(cells=st.lists(st.text(), min_size=1, max_size=4))
def test_cells_survive_a_csv_file(cells):
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow([csv_cell(cell) for cell in cells])
    assert [csv_uncell(cell) for cell in next(csv.reader(io.StringIO(out.getvalue(), newline="")))] == cells

"""Files without measure: too long, too wide, without end, or no files at all."""

from __future__ import annotations

import gzip
import json
import os
import pathlib
import shutil
from collections.abc import Iterator, Sequence
from typing import IO

from triage_selftest._place import Done, Place
from triage_selftest._trials import Fault, Trial

__all__ = ["FAULTS"]

MOST_MB = 500
MOST_SECONDS = 60
_HEAD = b"id,text,label,date\n1,my credit card was charged twice,Credit card,2021-01-01\n"
_TAIL = b"3,my mortgage escrow is wrong,Mortgage,2021-01-01\n"
# Runs the command line in this process, and says on its last line of stderr how much memory it ever held.
_MEASURED = """
import runpy, sys
try:
    runpy.run_module("triage", run_name="__main__", alter_sys=True)
finally:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak = peak // 1024 if sys.platform == "darwin" else peak
    sys.stderr.write(f"\\npeak {peak}\\n")
    sys.stderr.flush()
"""
# Runs that, and changes the file once the first decisions are out: the pipe is full long before the last.
_CHANGED = """
import os, subprocess, sys
code, path = sys.argv[1:3]
process = subprocess.Popen([sys.executable, "-P", "-c", code, *sys.argv[3:]], stdout=subprocess.PIPE)
process.stdout.readline()
CHANGE
while process.stdout.read(65536):
    pass
sys.exit(process.wait())
"""


def _resources(place: Place) -> Iterator[Trial]:
    try:
        import resource  # noqa: F401
    except ImportError:
        yield Trial(what="memory", outcome="skipped", detail="this system does not say how much was used")
        return
    yield from _huge(place)
    yield from _wide(place)
    yield from _no_files(place)
    yield from _changing(place)


def _huge(place: Place) -> Iterator[Trial]:
    """A field of 1 GB: in CSV, quoted over many lines, in JSON Lines, on stdin, and packed."""
    if shutil.disk_usage(place.folder).free < 3 << 30:
        detail = "the temporary directory has less than 3 GB left"
        yield Trial(what="fields of 1 GB", outcome="skipped", detail=detail)
        return
    word = (b"abcdefgh " * 116_509)[: 1 << 20]

    def quoted(file: IO[bytes]) -> None:
        file.write(_HEAD + b'2,"')
        for _ in range(1024):
            file.write(word.replace(b" ", b"\n", 90))
        file.write(b'",Mortgage,\n' + _TAIL)

    def plain(file: IO[bytes]) -> None:
        file.write(_HEAD + b"2,")
        for _ in range(1024):
            file.write(word)
        file.write(b",Mortgage,\n" + _TAIL)

    def lines(file: IO[bytes]) -> None:
        file.write(b'{"text": "my card"}\n{"text": "')
        for _ in range(1024):
            file.write(word)
        file.write(b'"}\n{"text": "my mortgage"}\n')

    for what, name, make, rows in (
        ("a field of 1 GB", "field.csv", plain, 3),
        ("a field of 1 GB in JSON Lines", "field.jsonl", lines, 3),
    ):
        path = place.folder / name
        with path.open("wb") as file:
            make(file)
        yield _decided(what, _measured(place, "route", place.model, path, "--format", "jsonl"), rows)
        if path.suffix == ".csv":
            yield _ended(f"{what}, learned from", _measured(place, "corpora", "check", path), (65,))
            yield _stdin(place, path)
        path.unlink()
    path = place.folder / "quoted.csv"
    with path.open("wb") as file:
        quoted(file)
    yield _ended(
        "a quoted field of 1 GB and 90,000 lines", _measured(place, "route", place.model, path), (0, 65)
    )
    path.unlink()
    for what, size in (("1,000 times its size", 1 << 10), ("a bomb in a bomb", 1 << 8)):
        path = place.folder / "bomb.csv.gz"
        with gzip.open(path, "wb", 9) as packed:
            packed.write(_HEAD + b"2,")
            for _ in range(size):
                packed.write(bytes(1 << 20) if size > 256 else b"=" * (1 << 20))
        if size == 256:
            path.write_bytes(gzip.compress(path.read_bytes()))
        done = _measured(place, "route", place.model, path)
        yield _ended(f"gzip that unpacks to {what}", done, (65,), "bomb.csv.gz")


def _stdin(place: Place, path: pathlib.Path) -> Trial:
    """The same on stdin, by a process that reads the file there: nothing is held twice."""
    code = (
        "import os, sys\n"
        "os.dup2(os.open(sys.argv.pop(1), os.O_RDONLY), 0)\n"
        "sys.stdin = open(0, encoding='utf-8', closefd=False)\n" + _MEASURED
    )
    words = (path, "route", place.model, "-", "--format", "jsonl")
    return _decided("a line of 1 GB on stdin", place.python(code, *words, timeout=MOST_SECONDS), 4)


def _wide(place: Place) -> Iterator[Trial]:
    path = place.folder / "wide.csv"
    names = b",".join(b"c%d" % number for number in range(300_000))
    path.write_bytes(b"text,label," + names + b"\nmy card,x" + b",y" * 300_000 + b"\n")
    for command in (("route", place.model), ("corpora", "check")):
        done = _measured(place, *command, path)
        yield _ended(f"300,000 columns, {command[0]}", done, (65,), "300,002 columns")
    path.write_bytes(_HEAD + b"2,a" + b",y" * 300_000 + b"\n" + b"," * 3_000_000 + b"\n" + _TAIL)
    done = _measured(place, "route", place.model, path, "--format", "jsonl")
    yield _decided("rows of 300,000 and 3,000,000 cells", done, 4)
    path.write_bytes(b'{"text": "a"}\n' + b'{"text": ' + b"[" * 900_000 + b"\n" + b'{"text": "b"}\n')
    path = path.rename(path.with_suffix(".jsonl"))
    done = _measured(place, "route", place.model, path, "--format", "jsonl")
    yield _decided("JSON nested 900,000 deep", done, 3)


def _no_files(place: Place) -> Iterator[Trial]:
    """Devices, pipes, addresses and directories wherever a file is to be named."""
    fifo = place.folder / "pipe.csv"
    if hasattr(os, "mkfifo"):
        os.mkfifo(fifo)
    device = pathlib.Path("/dev/zero")
    things: list[tuple[str, str | pathlib.Path]] = [
        ("an address", "https://evil.example/new.csv"),
        ("a file address", "file:///etc/hostname"),
        ("a directory", place.folder),
        *([("a device", device)] if device.exists() else []),
        *([("a pipe that nobody writes", fifo)] if fifo.exists() else []),
    ]
    model, out = place.folder / "model", place.folder / "decisions.jsonl"
    place.triage("route", place.model, place.corpus, "--limit", "9", "--out", out)
    for what, thing in things:
        ways: Sequence[tuple[str, tuple[str | pathlib.Path, ...]]] = (
            ("to be routed", ("route", place.model, thing)),
            ("as a corpus", ("train", thing, "--model", model)),
            (
                "as a test corpus",
                ("evaluate", place.corpus, "--test", thing, "--runs", place.folder / "runs"),
            ),
            ("as an experiment", ("train", place.corpus, "--config", thing, "--model", model)),
            ("as corrections", ("train", place.corpus, "--corrections", thing, "--model", model)),
            ("as decisions", ("monitor", place.model, thing)),
            ("as audited cases", ("monitor", place.model, out, "--audited", thing)),
            (
                "as costs",
                ("route", place.model, "--text", "x", "--policy", "costs", "--set", f"matrix={thing}"),
            ),
        )
        for how, words in ways:
            done = _measured(place, *words, seconds=20)
            yield _ended(f"{what} {how}", done, (2, 65, 66, 69, 77))


def _changing(place: Place) -> Iterator[Trial]:
    """A file that grows, is cut, or is written anew while it is read."""
    for name, change in (
        ("grows", "open(path, 'ab').write(b'9,more,x,\\n')"),
        ("is cut", "os.truncate(path, os.path.getsize(path) // 2)"),
        ("is rewritten", "open(path, 'r+b').write(b'ID,TEXT')"),
    ):
        path = place.folder / "changing.csv"
        rows = place.corpus.read_bytes()
        path.write_bytes(rows + b"".join(rows.partition(b"\n")[2] for _ in range(20)))
        words = ("route", place.model, path, "--format", "jsonl")
        done = place.python(_CHANGED.replace("CHANGE", change), _MEASURED, path, *words)
        what = f"a file that {name} while it is read"
        yield _ended(what, done, (65,), "changed while it was read")


def _measured(place: Place, *words: str | pathlib.Path, seconds: float = MOST_SECONDS) -> Done:
    return place.python(_MEASURED, *words, timeout=seconds)


def _ended(what: str, done: Done, codes: Sequence[int], said: str = "") -> Trial:
    lines = done.err.decode("utf-8", "replace").splitlines()
    peaks = [int(line.split()[1]) for line in lines if line.startswith("peak ")]
    words = [line for line in lines if line.startswith("triage:")]
    if done.code == -1 or not peaks:
        return Trial(what=what, outcome="silent", detail="it did not end in time")
    if peaks[-1] > MOST_MB * 1024:
        return Trial(what=what, outcome="silent", detail=f"it took {peaks[-1] // 1024:,} MB of memory")
    if done.code not in codes:
        return Trial(what=what, outcome="silent", detail=f"exit code {done.code}: {''.join(words)[:200]}")
    if done.code and (len(words) != 1 or "a bug" in words[0] or said not in words[0]):
        return Trial(what=what, outcome="silent", detail=f"no clear message: {''.join(words)[:200]}")
    return Trial(what=what)


def _decided(what: str, done: Done, rows: int) -> Trial:
    """Whether every row was decided on, and those without measure sent to a person."""
    trial = _ended(what, done, (0,))
    if trial.outcome != "held":
        return trial
    found = [json.loads(line) for line in done.out.splitlines()]
    if len(found) != rows or not any(row["reasons"] == ["unreadable_row"] for row in found):
        return Trial(what=what, outcome="lost", detail=f"{len(found)} decisions on {rows} rows")
    return trial


FAULTS = (
    Fault(
        name="boundless-files",
        does="1 GB in a field, 300,000 columns, gzip 1:1000, devices, pipes, addresses, files that change",
        must=f"An answer or one clear message within {MOST_SECONDS} s and {MOST_MB} MB of memory",
        trials=_resources,
    ),
)

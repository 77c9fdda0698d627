"""What a machine may be like: locales, homes, time zones, permissions, working directories."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import pathlib
import stat
from collections.abc import Iterator, Mapping

from triage.plugin_api import MANIFEST
from triage_selftest._place import Done, Place, two_at_a_time
from triage_selftest._privileges import NO_PRIVILEGES, PLAIN_USER
from triage_selftest._trials import Fault, Trial

__all__ = ["FAULTS"]

_ROWS = 240
_RUN = "\nrunpy.run_module('triage', run_name='__main__', alter_sys=True)\n"
_IMPORTS = "import os, runpy, sys, tempfile\n"
_GONE = "folder = tempfile.mkdtemp()\nos.chdir(folder)\nos.rmdir(folder)\n"
_FAR_TEXT = "my cr\u00e9dit c\u00e4rd \u2026 was charg\u00e9d twice, \u4fe1\u7528\u5361"


@dataclasses.dataclass(frozen=True)
class Surrounding:
    """A machine that is unlike others.

    Attributes:
        env: its environment variables.
        first: Python that runs before triage does.
        may_fail: whether a clear 73 will do.
    """

    env: Mapping[str, str] = dataclasses.field(default_factory=dict)
    first: str = ""
    may_fail: bool = False


def _surroundings(home: pathlib.Path) -> dict[str, Surrounding]:
    unread = {"HOME": str(home), "XDG_CACHE_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    nowhere = {"HOME": "/dev/null/home", "XDG_CACHE_HOME": "/dev/null/cache"}
    return {
        "LC_ALL=C PYTHONUTF8=0": Surrounding({"LC_ALL": "C", "PYTHONUTF8": "0"}),
        "LC_ALL=POSIX PYTHONUTF8=0 PYTHONCOERCECLOCALE=0": Surrounding(
            {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        ),
        "LC_ALL=tr_TR.UTF-8": Surrounding({"LC_ALL": "tr_TR.UTF-8"}),
        "PYTHONIOENCODING=ascii:strict": Surrounding({"PYTHONIOENCODING": "ascii:strict"}),
        "a home that is read-only": Surrounding(unread, first=PLAIN_USER),
        "a home that cannot be": Surrounding(nowhere),
        "no home": Surrounding(first="os.environ.pop('HOME', None)"),
        "umask 077": Surrounding(first="os.umask(0o077)"),
        "umask 000": Surrounding(first="os.umask(0)"),
        "a working directory that was deleted": Surrounding(first=_GONE),
        "TZ=Pacific/Kiritimati": Surrounding({"TZ": "Pacific/Kiritimati"}),
        "TZ=America/St_Johns": Surrounding({"TZ": "America/St_Johns"}),
        "TZ=Nowhere/At_All": Surrounding({"TZ": "Nowhere/At_All"}),
        "no directory for temporary files": Surrounding({"TMPDIR": "/dev/null/tmp"}),
        "TERM=dumb COLUMNS=1 LINES=0": Surrounding({"TERM": "dumb", "COLUMNS": "1", "LINES": "0"}),
        "COLUMNS=many NO_COLOR=1": Surrounding({"COLUMNS": "many", "NO_COLOR": "1"}),
        "PYTHONOPTIMIZE=2": Surrounding({"PYTHONOPTIMIZE": "2"}),
        "PYTHONHASHSEED=1": Surrounding({"PYTHONHASHSEED": "1"}),
        "few open files": Surrounding(
            first="import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))", may_fail=True
        ),
    }


def _anywhere(place: Place) -> Iterator[Trial]:
    corpus, home = place.folder / "gr\u00f6\u00dfe.csv", place.folder / "home"
    _far_corpus(place.corpus, corpus)
    home.mkdir()
    home.chmod(0o555)
    wanted = _outputs(place, corpus, place.folder / "m\u00f6del", Surrounding())
    if failed := next((done for done, _ in wanted.values() if done.code), None):
        yield Trial(what="as it is here", outcome="silent", detail=f"exit code {failed.code}: {failed.said}")
        return
    machines = [
        (what, around, place.folder / f"m\u00f6del-{number}")
        for number, (what, around) in enumerate(_surroundings(home).items())
    ]
    outputs = two_at_a_time(lambda machine: _outputs(place, corpus, machine[2], machine[1]), machines)
    for (what, around, model), found in zip(machines, outputs, strict=True):
        for command, (done, digest) in found.items():
            yield _same(f"{what}: {command}", done, digest, wanted[command][1], may_fail=around.may_fail)
        if model.exists() and "umask" in around.first:
            yield _permissions(what, model, 0o077 if "77" in around.first else 0)
        if home.is_dir() and any(home.iterdir()):
            yield Trial(what=what, outcome="let_in", detail="something was written into the home")
    home.chmod(0o755)
    yield from _relative(place, corpus)


def _far_corpus(source: pathlib.Path, target: pathlib.Path) -> None:
    """Write a corpus whose labels and texts need more than ASCII."""
    names = ("Kreditk\u00e4rtchen", "\u4fe1\u7528 report", "na\u00efve d\u00e9bt \U0001f3e6", "plain")
    with (
        source.open(encoding="utf-8", newline="") as old,
        target.open("w", encoding="utf-8", newline="") as new,
    ):
        reader, writer = csv.reader(old), csv.writer(new)
        writer.writerow(next(reader))
        labels: dict[str, str] = {}
        for number, (identity, text, label, date) in enumerate(reader):
            if number < _ROWS:
                name = labels.setdefault(label, names[len(labels) % len(names)])
                writer.writerow([identity, f"{text} caf\u00e9 \u2026", name, date])


def _outputs(
    place: Place, corpus: pathlib.Path, model: pathlib.Path, around: Surrounding
) -> dict[str, tuple[Done, str]]:
    """Run commands in a surrounding; returns how each ended, and a digest of what it gave."""
    code = _IMPORTS + around.first + _RUN

    def run(*words: str | pathlib.Path) -> Done:
        return place.python(code, *words, env=around.env)

    trained = run("train", corpus, "--model", model, "--quiet")
    manifest = model / MANIFEST
    digest = hashlib.sha256(manifest.read_bytes()).hexdigest() if manifest.is_file() else ""
    found = {"train": (trained, digest)}
    for words in (
        ("route", model, corpus, "--format", "jsonl"),
        ("route", model, corpus, "--format", "csv"),
        ("route", model, "--text", _FAR_TEXT, "--explain"),
        ("corpora", "describe", corpus, "--json"),
    ):
        done = run(*words)
        name = " ".join(str(word) for word in words if word not in (model, corpus, _FAR_TEXT))
        found[name] = (done, hashlib.sha256(done.out).hexdigest())
    return found


def _same(what: str, done: Done, digest: str, wanted: str, *, may_fail: bool) -> Trial:
    if done.code == NO_PRIVILEGES:
        return Trial(what=what, outcome="skipped", detail="root may write everywhere")
    if done.code == 73 and may_fail and len(done.err.splitlines()) == 1:
        return Trial(what=what)
    if done.code:
        return Trial(what=what, outcome="silent", detail=f"exit code {done.code}: {done.said}")
    if digest != wanted:
        return Trial(what=what, outcome="silent", detail="other bytes came out")
    return Trial(what=what)


def _permissions(what: str, model: pathlib.Path, umask: int) -> Trial:
    for path in (model, *model.iterdir()):
        mode, most = stat.S_IMODE(path.stat().st_mode), 0o777 if path.is_dir() else 0o666
        if mode != most & ~umask:
            detail = f"{path.name} has permissions {mode:o}"
            return Trial(what=f"{what}: permissions", outcome="let_in", detail=detail)
    return Trial(what=f"{what}: permissions")


def _relative(place: Place, corpus: pathlib.Path) -> Iterator[Trial]:
    """Where the working directory is gone, a relative path means nothing: that must be said."""
    code = _IMPORTS + _GONE + _RUN
    for words, wanted in (
        (("train", corpus, "--model", "model"), (73,)),
        (("route", place.model, corpus, "--out", "out.jsonl"), (73,)),
        (("route", "model", "--text", "x"), (66,)),
        (("route", place.model, "new.csv"), (66,)),
        (("evaluate", corpus, "--backend", "majority", "--runs", "runs"), (73,)),
        (("corpora", "describe", "./new.csv"), (66,)),
    ):
        done = place.python(code, *words)
        what = f"a relative path in a working directory that was deleted: triage {words[0]} {words[-1]}"
        if done.code not in wanted or b"Traceback" in done.err:
            detail = f"exit code {done.code}: {done.said}"
            yield Trial(what=what, outcome="silent", detail=detail)
        else:
            yield Trial(what=what)


FAULTS = (
    Fault(
        name="odd-surroundings",
        does="Changes locale, home, umask, time zone, terminal; deletes the directory it works in",
        must="The same bytes come out, with permissions as the umask says, or a clear exit code 73",
        trials=_anywhere,
    ),
)

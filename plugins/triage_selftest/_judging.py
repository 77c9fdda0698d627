"""How what a command did is judged: its exit code, what it said, and what of it could touch a terminal."""

from __future__ import annotations

import json
import pathlib
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from triage_selftest._place import Done
from triage_selftest._trials import Trial

__all__ = ["HOSTILE", "harmful", "judged", "plugin_path", "rows_of", "write_rows", "write_table"]

HOSTILE = (
    "\x1b[2J\x1b[31mred",
    "\x1b]0;owned\x07",
    "\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x1bP+q544e\x1b\\ \x1bc \x1b[6n",
    "\x9b31m \x9d0;owned\x9c \x90q\x9c",
    "\u202egnp.exe\u202c \u2067right\u2069 \u200e\ufeff",
    "[/b] [bold] [link=https://evil.example]here[/link] [amount]",
    ":bomb: :warning:",
    "lone \ud800 half",
    "over\rwritten\x08\x08 \x00 \x7f \x0b\x0c",
    "two\u2028lines\u2029here\x85there",
    "e" + "\u0301" * 50,
)
"""What strangers write to get at a terminal, one kind each."""


def harmful(data: bytes, *, own: Collection[str] = ()) -> str:
    """Return what in `data` could do more to a terminal than show text, or "".

    Args:
        data: what was written to it.
        own: escape sequences of our own, which are no harm.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return f"byte {error.start} is not UTF-8"
    for sequence in own:
        text = text.replace(sequence, "")
    for character in sorted(set(text) - {"\n"}):
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
            return f"the character U+{ord(character):04X}"
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character)[0] == "M" else 0
        if marks > 4:
            return "more than four marks on one letter"
    return ""


def judged(
    what: str,
    done: Done,
    *,
    code: int | Collection[int] = 0,
    says: Iterable[str] = (),
    shows: Iterable[str] = (),
    data: bool = False,
) -> Trial:
    """Return the trial that a command was.

    Args:
        what: which variant.
        done: what the command did.
        code: the exit code, or those that it may be.
        says: words that must be on stderr.
        shows: words that must be on stdout.
        data: whether stdout is data for programs, which may hold anything.
    """
    codes = (code,) if isinstance(code, int) else code
    if done.code == -1:
        return Trial(what=what, outcome="silent", detail="it did not end")
    for name, written in (("stderr", done.err), *((("stdout", done.out),) if not data else ())):
        if found := harmful(written):
            return Trial(what=what, outcome="let_in", detail=f"{found} on {name}")
    if done.code not in codes:
        return Trial(what=what, outcome="silent", detail=f"exit code {done.code}: {done.said}")
    if b"Traceback" in done.err or b"a bug:" in done.err:
        return Trial(what=what, outcome="silent", detail=f"no clear message: {done.said}")
    error, out = done.err.decode("utf-8", "replace"), done.out.decode("utf-8", "replace")
    if missing := [words for words in says if words not in error]:
        return Trial(what=what, outcome="silent", detail=f"not said: {missing[0]}; said: {done.said}")
    if missing := [words for words in shows if words not in out]:
        return Trial(what=what, outcome="silent", detail=f"not shown: {missing[0]}")
    return Trial(what=what)


def rows_of(done: Done) -> list[dict[str, Any]]:
    """Return the decisions that `triage route --format jsonl` printed; [] where that is not what it is."""
    try:
        return [json.loads(line) for line in done.out.splitlines()]
    except ValueError:
        return []


def write_rows(path: pathlib.Path, rows: Iterable[Mapping[str, Any]]) -> pathlib.Path:
    """Write JSON Lines, and return the path."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="ascii")
    return path


def write_table(path: pathlib.Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> pathlib.Path:
    """Write CSV as other programs do, every cell in quotes, and return the path."""
    lines = [",".join('"' + str(cell).replace('"', '""') + '"' for cell in row) for row in (header, *rows)]
    path.write_bytes("".join(line + "\n" for line in lines).encode("utf-8", "surrogatepass"))
    return path


def plugin_path(folder: pathlib.Path, sources: Mapping[str, str]) -> dict[str, str]:
    """Install plugins in `folder` as pip would, and return the variables with which they are found.

    Args:
        folder: made where it is not there.
        sources: of each plugin, by the name of its entry point; its module is called `rogue_0` and so on.
    """
    info = folder / "rogues-1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    points = []
    for number, (name, source) in enumerate(sources.items()):
        (folder / f"rogue_{number}.py").write_text(source, encoding="utf-8")
        points.append(f"{name} = rogue_{number}\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rogues\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[triage]\n" + "".join(points), encoding="utf-8")
    return {"PYTHONPATH": str(folder)}

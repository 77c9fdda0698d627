"""Secrets in the texts: whatever is written, printed or stored, none of them is in it."""

from __future__ import annotations

import csv
import importlib.util
import pathlib
import re
from collections.abc import Iterator, Mapping, Sequence

from triage_selftest._forging import install
from triage_selftest._place import Done, Place, two_at_a_time
from triage_selftest._trials import Fault, Trial

__all__ = ["FAULTS", "NEEDLES", "leaks"]

# In two documents each: a word must stand in three to be stored. All are made up or published as examples.
_RARE = (
    "My name is Zbigniew Quarnholt",
    "write to z.quarnholt@privatpost.example",
    "card 4111 1111 1111 1111",
    "social security number 078-05-1120",
    "account no. 00931-7782-4415",
    "IBAN DE89 3704 0044 0532 0130 00",
    "call me at (212) 555-0187",
)
# In many documents: tokens with digits are not stored, however often they occur.
_OFTEN = ("card 4539578763621486", "social security number 219-09-9999", "account 8821334455667")
# In many documents, for the cleaner that masks: all that it knows.
_MASKED = (
    "write to hinterglass@kummerkasten.example",
    "card 5555-5555-5555-4444",
    "social security number 457-55-5462",
    "IBAN GB29 NWBK 6016 1331 9268 19",
    "call +1 (646) 555-0142",
    "account number 77120045518",
)


def _digits(number: str) -> str:
    return r"[^0-9a-z]{0,3}".join(number)


NEEDLES: Mapping[str, Sequence[str]] = {
    "a name": ("zbigniew", "quarnholt"),
    "an e-mail address": ("privatpost", "hinterglass", "kummerkasten"),
    "a card number": tuple(map(_digits, ("4111111111111111", "4539578763621486", "5555555555554444"))),
    "a social security number": tuple(map(_digits, ("078051120", "219099999", "457555462"))),
    "an account number": tuple(map(_digits, ("0093177824415", "8821334455667", "77120045518"))),
    "an IBAN": tuple(map(_digits, ("89370400440532013000", "60161331926819"))),
    "a phone number": tuple(map(_digits, ("2125550187", "6465550142"))),
}
_PATTERNS = {kind: re.compile("|".join(found).encode(), re.IGNORECASE) for kind, found in NEEDLES.items()}

# Plugins whose errors quote what they were working on.
_TELLTALES = """
import triage


class Telltale:
    def __init__(self, where):
        self._where = where

    def fit(self, train, tune, *, seed, watch):
        self.k_ = train.k
        if self._where == "fit":
            raise ValueError("cannot learn from " + " ".join(train.texts))

    def predict_proba(self, texts):
        raise RuntimeError("cannot judge " + " ".join(texts))


def clean(text):
    raise KeyError(text)


def learner(where):
    def build():
        return Telltale(where)

    return build


def cleaner():
    return clean


@triage.hookimpl
def triage_backends():
    for where in ("fit", "predict"):
        yield triage.Backend(name=f"telltale-{where}", summary="...", build=learner(where))


@triage.hookimpl
def triage_cleaners():
    yield triage.Cleaner(name="telltale", summary="...", build=cleaner)
"""


def leaks(data: bytes) -> list[str]:
    """Return the kinds of secrets that are in `data`."""
    return [kind for kind, pattern in _PATTERNS.items() if pattern.search(data)]


def _kept_secret(place: Place) -> Iterator[Trial]:
    corpus, masked = place.folder / "past.csv", place.folder / "masked.csv"
    _plant(place, corpus, rare=_RARE, often=_OFTEN)
    _plant(place, masked, rare=(), often=_MASKED)
    yield from _controls(place, corpus, masked)
    inputs = {corpus, masked, *_broken(place, corpus)}
    env = install(place.folder / "plugins", "triage_telltale", _TELLTALES)
    for stage in (_learning, _using, _failing):
        commands = stage(place, corpus, masked)

        def run(item: tuple[str, Sequence[str | pathlib.Path]]) -> tuple[str, Done]:
            return item[0], place.triage(*item[1], env=env, timeout=180)

        for what, done in two_at_a_time(run, commands.items()):
            yield _printed(f"triage {what}", done, fails=stage is _failing)
    yield from _written(place.folder, inputs)


def _plant(place: Place, path: pathlib.Path, *, rare: Sequence[str], often: Sequence[str]) -> None:
    """Write the battery's corpus with secrets in it: each rare one in 2 documents, the others in 12."""
    with place.corpus.open(encoding="utf-8", newline="") as source:
        header, *rows = csv.reader(source)
    wanted = [words for words in rare for _ in range(2)] + [words for words in often for _ in range(12)]
    for row, words in zip(place.random.sample(rows, len(wanted)), wanted, strict=True):
        row[1] = f"{row[1]} {words}. Please answer."
    with path.open("w", encoding="utf-8", newline="") as target:
        csv.writer(target).writerows([header, *rows])


def _controls(place: Place, *corpora: pathlib.Path) -> Iterator[Trial]:
    """See that the search finds what is there: in the corpora, and where the user asked for texts."""
    planted = {kind for path in corpora for kind in leaks(path.read_bytes())}
    shown = place.triage(
        "route", place.model, "--text", _RARE[0], "--format", "table", env={"COLUMNS": "200"}
    )
    for what, found in (
        ("the search finds what was planted", planted == set(NEEDLES)),
        ("a text that the user asked to see is shown", "a name" in leaks(shown.out)),
    ):
        yield Trial(what=what, outcome="held" if found else "silent", detail="" if found else "not found")


def _broken(place: Place, corpus: pathlib.Path) -> list[pathlib.Path]:
    """Write files with rows that cannot be read, each with a secret in it."""
    head = b"id,text,label,date\n"
    secret = f"{'. '.join(_RARE)}".encode()
    rows = corpus.read_bytes().split(b"\n", 1)[1]
    contents = {
        "commas.csv": head + b"1," + secret + b",a,b,c,d,e\n" + rows,
        "quotes.csv": head + b'1,"' + secret + b",Card,2024-01-01\n" + rows.replace(b'"', b""),
        "bytes.csv": head + b"1," + secret + b" \xff\xfe,Card,2024-01-01\n" + rows,
        "header.csv": secret + b"," + secret + b"\n1,2\n",
        "lines.jsonl": b'{"text": "' + secret + b'", "label": \n{"text": 1}\n',
        "nothing-kept.csv": head + (b"1," + secret + b"\n") * 20,
    }
    for name, content in contents.items():
        (place.folder / name).write_bytes(content)
    return [place.folder / name for name in contents]


Commands = Mapping[str, Sequence[str | pathlib.Path]]


def _learning(place: Place, corpus: pathlib.Path, masked: pathlib.Path) -> Commands:
    folder = place.folder
    commands: dict[str, Sequence[str | pathlib.Path]] = {
        f"train --backend {name}": ("train", corpus, "--backend", name, "--model", folder / f"model-{name}")
        for name in ("linear", "tfidf", "knn", "naive-bayes")
    }
    commands["train --cleaners secrets,general"] = (
        "train",
        masked,
        "--cleaners",
        "secrets,general",
        "--set",
        "digits=true",
        "--model",
        folder / "masked",
    )
    commands["evaluate"] = (
        "evaluate",
        corpus,
        "--backend",
        "tfidf,majority",
        "--seeds",
        "2",
        "--runs",
        folder / "runs",
    )
    if importlib.util.find_spec("tensorflow") and importlib.util.find_spec("onnx"):
        small = ("epochs=1", "units=4", "embedding-size=8", "distillation=0", "pairs=1000")
        settings = [word for setting in small for word in ("--set", setting)]
        commands["train --backend gru"] = (
            "train",
            corpus,
            "--backend",
            "gru",
            *settings,
            "--model",
            folder / "model-gru",
        )
    return commands


def _using(place: Place, corpus: pathlib.Path, masked: pathlib.Path) -> Commands:
    folder, model, runs = place.folder, place.folder / "model-tfidf", place.folder / "runs"
    return {
        "route --format jsonl --explain": (
            "route",
            model,
            corpus,
            "--explain",
            "--out",
            folder / "out.jsonl",
        ),
        "route --format csv --explain": ("route", model, corpus, "-f", "csv", "--explain"),
        "route, masked": ("route", folder / "masked", masked, "--explain", "--out", folder / "masked.jsonl"),
        "promise": ("promise", model, "--max-error", "0.3", "--confidence", "0.6", "--dry-run"),
        "monitor": ("monitor", model, folder / "out.jsonl"),
        "compare": ("compare", runs),
        "report": ("report", runs),
        "report --format json": ("report", runs, "--format", "json", "--out", folder / "report.json"),
        "report --format html": ("report", runs, "--format", "html", "--out", folder / "report.html"),
        "corpora describe": ("corpora", "describe", corpus),
        "corpora describe --json": ("corpora", "describe", corpus, "--json"),
        "corpora check": ("corpora", "check", corpus),
    }


def _failing(place: Place, corpus: pathlib.Path, masked: pathlib.Path) -> Commands:
    folder, model = place.folder, place.folder / "model-tfidf"
    commands: dict[str, Sequence[str | pathlib.Path]] = {}
    for path in _broken(place, corpus):
        commands |= {
            f"corpora check {path.name}": ("corpora", "check", path),
            f"train {path.name} --strict": ("train", path, "--strict", "--model", folder / "never"),
            f"route {path.name} --strict": ("route", model, path, "--strict"),
        }
    for name in ("fit", "predict"):
        backend = f"telltale-{name}"
        commands[f"train --backend {backend}"] = (
            "train",
            masked,
            "--backend",
            backend,
            "--model",
            folder / backend,
        )
        commands[f"evaluate --backend {backend}"] = (
            "evaluate",
            masked,
            "--backend",
            backend,
            "--runs",
            folder / f"runs-{name}",
        )
    commands["train --cleaners telltale"] = (
        "train",
        corpus,
        "--cleaners",
        "telltale",
        "--model",
        folder / "cleaned",
    )
    return commands


def _printed(what: str, done: Done, *, fails: bool) -> Trial:
    if found := leaks(done.out) + leaks(done.err):
        return Trial(what=what, outcome="let_in", detail=f"printed {', '.join(sorted(set(found)))}")
    clear = done.err.strip() and b"Traceback" not in done.err
    wrong = done.code == -1 or not clear if fails and done.code else done.code not in (0, 1)
    if wrong:
        return Trial(what=what, outcome="silent", detail=f"exit code {done.code}: {done.said}")
    return Trial(what=what)


def _written(folder: pathlib.Path, inputs: set[pathlib.Path]) -> Iterator[Trial]:
    """Search every file that any command left, hidden ones too."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path not in inputs:
            found = leaks(path.read_bytes())
            yield Trial(
                what=f"the file {path.relative_to(folder)}",
                outcome="let_in" if found else "held",
                detail=f"holds {', '.join(found)}" if found else "",
            )


FAULTS = (
    Fault(
        name="planted-secrets",
        does="Plants names, addresses, card, account and security numbers in texts, and uses all commands",
        must="No output, error, report or model holds any of them, except where the user asked for the text",
        trials=_kept_secret,
    ),
)

"""Labels that nothing can be learned from, that contradict each other, or that training never saw."""

from __future__ import annotations

import csv
import json
import pathlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from triage_selftest._judging import judged, rows_of, write_rows, write_table
from triage_selftest._place import Place
from triage_selftest._trials import Fault, Trial

__all__ = ["FAULTS"]

_LISTED = (
    "card loan mortgage payment fee bank letter call account charge refund dispute report score rate escrow "
    "transfer wire debt collector agency phone mail branch teller statement interest balance deposit fraud"
)
_WORDS = tuple(_LISTED.split())
_MANY = 10_000


def _text(place: Place, *, words: int = 12) -> str:
    return " ".join(place.random.choice(_WORDS) for _ in range(words))


def _learned(
    place: Place,
    what: str,
    rows: Sequence[tuple[str, str]],
    *,
    code: int,
    says: Sequence[str] = (),
    options: Sequence[str] = (),
    timeout: float = 60,
) -> Trial:
    """Train on (text, label) rows: it must end with that code, say those words, and write a model or none."""
    past = write_table(place.folder / "past.csv", ("text", "label"), rows)
    model = place.folder / "model"
    done = place.triage("train", past, "--model", model, *options, timeout=timeout)
    trial = judged(what, done, code=code, says=says)
    there = model.exists()
    if there:
        _remove(model)
    if trial.outcome == "held" and there == bool(code):
        return Trial(
            what=what,
            outcome="silent",
            detail=f"exit code {code}, and a model is{'' if there else ' not'} there",
        )
    return trial


def _remove(folder: pathlib.Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def _labels(place: Place) -> Iterator[Trial]:
    def some(label: str, n: int) -> list[tuple[str, str]]:
        return [(f"{label.split(maxsplit=1)[0].casefold()}word {_text(place)}", label) for _ in range(n)]

    yield _learned(place, "one class", some("only", 60), code=65, says=("two labels", "'only' (60)"))
    yield _learned(
        place, "no label at all", [(_text(place), "") for _ in range(30)], code=65, says=("found none",)
    )
    two = some("card", 60) + some("loan", 60)
    rare = [("one lonely mortgage", "rare")]
    yield _learned(place, "a class with one document", two + rare, code=0, says=("set aside", "'rare' (1)"))
    yield _learned(
        place,
        "a class with one document, to be learned",
        two + rare,
        code=0,
        says=("not judged", "'rare' (1)"),
        options=("--min-per-class", "1"),
    )
    pair = (("card", "loan") * 45)[:90]
    empty = [("*** !!! --- " * (number % 9), label) for number, label in enumerate(pair)]
    told: tuple[str, ...] = ("empty after cleaning", "'card' (45)", "'loan' (45)")
    yield _learned(place, "all texts empty after cleaning", empty, code=65, says=told)
    some_empty = two + [("!!!", "card") for _ in range(20)]
    yield _learned(place, "some texts empty after cleaning", some_empty, code=0, says=("'card' (20)",))
    same = [("the very same words about my card", label) for label in pair]
    told = ("near-duplicates of one another", "'card' (45)", "'loan' (45)")
    yield _learned(place, "all texts identical", same, code=65, says=told)
    texts = [f"{_text(place, words=8)} {_WORDS[number % 30]}" for number in range(60)]
    contrary = [(text, label) for text in texts for label in ("card", "loan")]
    told = ("more than one label", "'card' and 'loan' (60)")
    yield _learned(place, "contradictory labels", contrary, code=0, says=told)
    alike = [(text, label) for label in ("Card", "card", " Card ", "CARD") for text, _ in some("card", 30)]
    told = ("differ only in case or spaces", "'Card' (30)", "' Card ' (30)")
    yield _learned(
        place, "labels that differ only in case or spaces", alike + some("loan", 60), code=0, says=told
    )
    yield from _checked(place, {"contradictory": contrary, "alike": alike, "one class": some("only", 60)})
    yield from _very_many(place)


def _checked(place: Place, corpora: dict[str, list[tuple[str, str]]]) -> Iterator[Trial]:
    """The same, asked for beforehand."""
    for what, code, words in (
        ("contradictory", 0, "more than one label"),
        ("alike", 65, "differ only in case or spaces"),
        ("one class", 65, "'only' (60)"),
    ):
        rows = [row for row in corpora[what] if what != "alike" or row[1] == "Card"]
        rows += [(f"{text} x", "card") for text, _ in rows[:5]] if what == "alike" else []
        file = write_table(place.folder / "past.csv", ("text", "label"), rows)
        done = place.triage("corpora", "check", file)
        yield judged(f"corpora check: {what}", done, code=code, shows=(words,))


def _very_many(place: Place) -> Iterator[Trial]:
    """10,000 classes: with one document each, and with enough of them that a matrix would fill the memory."""
    names = [f"label {'abcdefghij'[n % 10]}{'abcdefghij'[n // 10 % 10]}{n}" for n in range(_MANY)]
    each = [(_text(place), name) for name in names]
    told = (f"and {_MANY - 5:,} more", "(1)")
    yield _learned(place, "10,000 classes of one document", each, code=65, says=told)
    ten = [(f"{name} {_text(place, words=3)}", name) for name in names for _ in range(10)]
    told = ("cannot be judged at once on 10,000 labels", "(10)")
    for backend in ("majority", "tfidf"):
        options = ("--backend", backend)
        what = f"10,000 classes of ten documents, {backend}"
        yield _learned(place, what, ten, code=65, says=told, options=options)
    file = write_table(place.folder / "past.csv", ("text", "label"), each)
    for what in ("describe", "check"):
        done = place.triage("corpora", what, file)
        yield judged(f"10,000 classes, corpora {what}", done, code=0 if what == "describe" else 65)


def _unseen(place: Place) -> Iterator[Trial]:
    """Labels and words at evaluation that are new: counted, listed, and each an error."""
    with place.corpus.open(encoding="utf-8", newline="") as file:
        known = list(csv.DictReader(file))
    new = [(f"zeppelin airship {_text(place)}", "Airships") for _ in range(7)]
    new += [(f"zeppelin number 4111{number} {_text(place)}", "Balloons") for number in range(3)]
    rows = [(row["text"], row["label"]) for row in known[:80]] + new
    later = write_rows(place.folder / "later.jsonl", [{"text": text, "label": label} for text, label in rows])
    runs = place.folder / "runs"
    done = place.triage(
        "evaluate", place.corpus, "--backend", "tfidf,majority", "--test", later, "--runs", runs, "--json"
    )
    yield judged("told on the way", done, says=("never saw", "'Airships' (7)", "'Balloons' (3)"))
    try:
        found = json.loads(done.out)
    except ValueError:
        yield Trial(what="as JSON", outcome="silent", detail="there is none")
        return
    for each in found:
        yield from _counted(each, len(rows), Counter(label for _, label in rows))
    for form, words in (
        ("terminal", ("never seen in training", "Airships 7", "zeppelin 10")),
        ("html", ("Airships", "zeppelin 10")),
    ):
        done = place.triage("report", runs, "--format", form)
        if form == "html" and done.code == 69:
            yield Trial(what="listed in the report html", outcome="skipped", detail=done.said)
        else:
            yield judged(f"listed in the report {form}", done, shows=words)
    yield from _routed(place, later, rows)


def _counted(each: dict[str, object], n: int, labels: Counter[str]) -> Iterator[Trial]:
    name = f"{each['backend']}:"
    words = each.get("unseen_words")
    matrix = each["confusion"]
    assert isinstance(matrix, dict)
    counted = sum(map(sum, matrix["matrix"]))
    rows = dict(zip(matrix["labels"], matrix["matrix"], strict=True))
    yield _held(f"{name} no document is dropped", {counted}, {n})
    yield _held(f"{name} the labels are counted", each["unseen"], {"Airships": 7, "Balloons": 3})
    yield _held(f"{name} each label has its row", {sum(rows.get(label, ())) for label in ("Airships",)}, {7})
    right = sum(rows.get(label, [0] * 9)[matrix["labels"].index(label)] for label in labels if label in rows)
    measured = each["accuracy"]
    assert isinstance(measured, float)
    yield _held(f"{name} the accuracy counts them as errors", round(right / n, 9), round(measured, 9))
    assert isinstance(words, dict)
    listed = {word["word"]: word["documents"] for word in words["commonest"]}
    yield _held(f"{name} new words are listed", listed.get("zeppelin"), 10)
    numbers = [word for word in listed if any(letter.isdigit() for letter in word)]
    yield Trial(what=f"{name} numbers are not", outcome="let_in" if numbers else "held")
    yield _held(f"{name} new words are counted", min(words["words"], 5), 5)


def _held(what: str, found: object, wanted: object) -> Trial:
    if found == wanted:
        return Trial(what=what)
    return Trial(what=what, outcome="lost", detail="the counts are others")


def _routed(place: Place, later: pathlib.Path, rows: Collection[object]) -> Iterator[Trial]:
    """New words in routing: every row is decided on, and texts of nothing but new words go to a person."""
    done = place.triage("route", place.model, later, "--format", "jsonl")
    found = rows_of(done)
    yield _held("routing decides on every row", len(found), len(rows))
    gibberish = "\n".join(f"qwxz{number} vbnm{number} plok{number} zzyx{number}" for number in range(20))
    done = place.triage("route", place.model, "-", "--format", "jsonl", stdin=gibberish.encode())
    sent = [row["action"] for row in rows_of(done)]
    bad = sent.count("route") + abs(20 - len(sent))
    detail = f"{bad} of 20 were routed or dropped" if bad else ""
    yield Trial(
        what="texts of new words only go to a person", outcome="silent" if bad else "held", detail=detail
    )


FAULTS = (
    Fault(
        name="hopeless-labels",
        does="One class, one document, empty, identical or contradictory texts, 10,000 classes, twin labels",
        must="Refused or learned with a clear message that names labels and their counts",
        trials=_labels,
    ),
    Fault(
        name="unseen-labels",
        does="Labels and words at evaluation that training never saw",
        must="Counted, listed and held against the model, never dropped",
        trials=_unseen,
    ),
)

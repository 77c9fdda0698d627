"""Complaints in disguise: letters that look like others, that cannot be seen, or that wear marks."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterator
from typing import Any

from triage_selftest._judging import rows_of, write_table
from triage_selftest._place import Place
from triage_selftest._trials import Fault, Trial

__all__ = ["FAULTS"]

_MANY = 200
_LEAST = 0.95
_CYRILLIC = str.maketrans("aceopxyijsABCEHIKMOPTXY", "асеорхуіјѕАВСЕНІКМОРТХУ")  # noqa: RUF001
_GREEK = str.maketrans("oivABEZHIKMNOPTYX", "οινΑΒΕΖΗΙΚΜΝΟΡΤΥΧ")  # noqa: RUF001
_UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u180e"
_MARKS = "\u0336\u0338\u0332\u0489\u20dd\u0330\u0301\u0308"
_SHARE = 0.3
Disguise = Callable[[str, random.Random], str]


def _mapped(table: dict[int, int]) -> Disguise:
    def disguise(text: str, chance: random.Random) -> str:
        return "".join(each.translate(table) if chance.random() < _SHARE else each for each in text)

    return disguise


def _wide(text: str, chance: random.Random) -> str:
    return "".join(
        chr(ord(each) + 0xFEE0) if "!" <= each <= "~" and chance.random() < _SHARE else each for each in text
    )


def _unseen(text: str, chance: random.Random) -> str:
    return "".join(each + (chance.choice(_UNSEEN) if chance.random() < _SHARE else "") for each in text)


def _marked(text: str, chance: random.Random) -> str:
    def marks() -> str:
        return "".join(chance.choice(_MARKS) for _ in range(chance.randint(1, 3)))

    return "".join(each + (marks() if each.isalpha() and chance.random() < _SHARE else "") for each in text)


def _mathematical(text: str, chance: random.Random) -> str:
    return "".join(
        chr(0x1D41A + ord(each) - 97) if "a" <= each <= "z" and chance.random() < _SHARE else each
        for each in text
    )


def _mixed(text: str, chance: random.Random) -> str:
    for disguise in (_mapped(_CYRILLIC), _wide, _unseen):
        text = disguise(text, chance)
    return text


_DISGUISES: dict[str, Disguise] = {
    "Cyrillic letters": _mapped(_CYRILLIC),
    "Greek letters": _mapped(_GREEK),
    "full-width letters": _wide,
    "zero-width characters": _unseen,
    "combining marks": _marked,
    "mathematical letters": _mathematical,
    "all of them": _mixed,
}


def _disguised(place: Place) -> Iterator[Trial]:
    with place.corpus.open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    place.random.shuffle(texts)
    texts = texts[:_MANY]
    plain = _decisions(place, texts)
    if len(plain) != _MANY or sum(row["action"] == "route" for row in plain) < _MANY // 2:
        yield Trial(
            what="the plain complaints", outcome="silent", detail="too few of them are routed to compare"
        )
        return
    yield Trial(what="the plain complaints")
    for what, disguise in _DISGUISES.items():
        found = _decisions(place, [disguise(text, place.random) for text in texts])
        if len(found) != _MANY:
            yield Trial(what=what, outcome="lost", detail=f"{len(found)} decisions on {_MANY} rows")
            continue
        elsewhere = sum(
            new["action"] == "route" and (new["queue"] != old["queue"] or old["action"] != "route")
            for new, old in zip(found, plain, strict=True)
        )
        if elsewhere > (1 - _LEAST) * _MANY:
            detail = f"{elsewhere} of {_MANY} are routed elsewhere than without the disguise"
            yield Trial(what=what, outcome="silent", detail=detail)
        else:
            yield Trial(what=what)


def _decisions(place: Place, texts: list[str]) -> list[dict[str, Any]]:
    file = write_table(place.folder / "new.csv", ("text",), [(text,) for text in texts])
    return rows_of(place.triage("route", place.model, file, "--format", "jsonl"))


FAULTS = (
    Fault(
        name="lookalike-letters",
        does=f"{_MANY} complaints in Cyrillic, Greek, full-width, zero-width and combining disguises",
        must=f"At least {_LEAST:.0%} get the same route as without it, or go to a person",
        trials=_disguised,
    ),
)

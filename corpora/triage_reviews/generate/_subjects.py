"""The hand-written fragments, read from the data files beside this module."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

__all__ = ["Fragments", "Subject", "Topic", "read_fragments"]


@dataclass(frozen=True)
class Topic:
    """One side of a thing that people judge, such as the bed of a hotel.

    Attributes:
        name: its key, unique within the subject.
        np: the noun phrase, such as "the bed".
        many: "yes" where the noun phrase is plural, else "".
        words: adjectives by side, "good" and "bad".
        clauses: whole clauses by kind: "good" and "bad" say it outright, "not_good" blames by denying
            something good, "not_bad" praises by denying something bad.
    """

    name: str
    np: str
    many: str
    words: Mapping[str, tuple[str, ...]]
    clauses: Mapping[str, tuple[str, ...]]

    def be(self, tense: str) -> str:
        """Return the form of "be" that goes with the noun phrase in the "past" or the "present"."""
        if tense == "past":
            return "were" if self.many else "was"
        return "are" if self.many else "is"


@dataclass(frozen=True)
class Subject:
    """A kind of thing that is reviewed.

    Attributes:
        name: the name of its data file.
        tense: "past" for what is over after the visit, "present" for what is still in the house.
        cash: the smallest and the largest sum that is named.
        words: single phrases by key: "thing", "it", "again", "had", "buyers".
        lists: fragments by key: "old", "contexts", "so_so", "woes", "doing", "ills", "perks",
            "turn_bad", "turn_good".
        overall: judgements of the whole, by kind as in `Topic.clauses`.
        topics: what there is to judge.
    """

    name: str
    tense: str
    cash: tuple[int, int]
    words: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]
    overall: Mapping[str, tuple[str, ...]]
    topics: tuple[Topic, ...]


@dataclass(frozen=True)
class Fragments:
    """Everything that was written by hand.

    Attributes:
        subjects: in the order of their names.
        shared: the other data files by name, as TOML tables.
    """

    subjects: tuple[Subject, ...]
    shared: Mapping[str, Any]

    @property
    def count(self) -> int:
        """How many hand-written phrases there are, single words and names of things left out."""
        return len({text for text in _strings([self.shared, *map(vars, self.subjects)]) if " " in text})


def read_fragments() -> Fragments:
    """Read all data files.

    Raises:
        KeyError: a subject without one of its keys.
    """
    root = files(__package__) / "fragments"
    shared = {
        entry.name.removesuffix(".toml"): tomllib.loads(entry.read_text("utf-8"))
        for entry in sorted(root.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    }
    subjects = sorted((root / "subjects").iterdir(), key=lambda entry: entry.name)
    return Fragments(
        tuple(
            _subject(entry.name.removesuffix(".toml"), tomllib.loads(entry.read_text("utf-8")))
            for entry in subjects
            if entry.name.endswith(".toml")
        ),
        shared,
    )


def _subject(name: str, table: Mapping[str, Any]) -> Subject:
    low, high = table["cash"]
    lists = ("old", "contexts", "so_so", "woes", "doing", "ills", "perks", "turn_bad", "turn_good")
    return Subject(
        name=name,
        tense=table["tense"],
        cash=(low, high),
        words={key: table[key] for key in ("thing", "it", "again", "had", "buyers")},
        lists={key: tuple(table[key]) for key in lists},
        overall=_clauses(table["overall"]),
        topics=tuple(
            Topic(
                name=key,
                np=topic["np"],
                many="yes" if topic.get("many") else "",
                words={side: tuple(topic[f"{side}_words"]) for side in ("good", "bad")},
                clauses=_clauses(topic),
            )
            for key, topic in table["topics"].items()
        ),
    )


def _clauses(table: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {kind: tuple(table[kind]) for kind in ("good", "bad", "not_good", "not_bad")}


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Topic):
        return _strings(vars(value))
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _strings(item)]
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in _strings(item)]
    return []

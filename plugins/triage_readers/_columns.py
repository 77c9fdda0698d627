"""Which column holds the text, the label, the date and the identifier, where nobody said."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import triage
from triage.plugin_api import did_you_mean, name_or_place, quote_path
from triage_readers import _cfpb

_LONGEST_NAME = 1000
_TITLES = ("subject", "title", "headline", "summary")
MOST_COLUMNS = 16_384  # as many as a spreadsheet can have

# Each role: the names that say it plainly, best first; then the words that a longer name may end in.
_ROLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "text": (
        ("text", "complaint text", "review text", "tweet text", "full text", "complaint", "narrative",
         "review", "message", "body", "content", "description", "tweet", "comment", "comments", "feedback",
         "utterance", "sentence", "document", "query", "question"),
        ("text", "narrative", "complaint", "review", "message", "comment", "body", "tweet", "description"),
    ),
    "label": (
        ("label", "labels", "category", "class", "queue", "product", "sentiment", "airline sentiment",
         "intent", "target", "topic", "department", "product group", "label text", "class name"),
        ("label", "category", "class", "queue", "sentiment", "intent", "topic"),
    ),
    "date": (
        ("date", "date received", "received", "received at", "created", "created at", "created on",
         "tweet created", "date created", "creation date", "timestamp", "datetime", "time", "submitted",
         "submitted at", "date submitted", "opened", "opened at", "date opened", "day"),
        ("date", "timestamp"),
    ),
    "id": (
        ("id", "complaint id", "ticket id", "tweet id", "case id", "review id", "message id", "document id",
         "uid", "uuid", "complaint number", "ticket number", "case number", "reference"),
        ("id",),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """The columns that are read, by name; "" where there is none.

    Attributes:
        text: one or several, whose cells are joined.
        label: the label, before any grouping.
        date: the day it was received.
        id: the source's identifier.
        grouped: whether labels are CFPB products, to be folded into stable groups.
        narrative: whether the text is the CFPB's narrative, which most of its rows lack.
        doubt: why no label column was chosen, or "".
        candidates: the columns that could each be the label, where there are several.
        notes: which columns are read where it is not plain, a line each.
    """

    text: tuple[str, ...]
    label: str = ""
    date: str = ""
    id: str = ""
    grouped: bool = False
    narrative: bool = False
    doubt: str = ""
    candidates: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """The columns that are read, each once."""
        return tuple(dict.fromkeys(name for name in (*self.text, self.label, self.date, self.id) if name))


def resolve(names: Sequence[str], options: Mapping[str, Any], path: str) -> Columns:
    """Choose among `names`: what the user said, what a model learned from, the CFPB's names, what names say.

    Raises:
        DataError: a column that is not there or is there twice, or a text column that cannot be told.
    """
    chosen = {
        role: _given(names, _listed(options[f"{role}_column"]), role, path)
        for role in _ROLES
        if options.get(f"{role}_column")
    }
    cfpb = _cfpb.recognised(names)
    learned = {role: _listed(options.get(f"learned_{role}_column")) for role in _ROLES}
    for role, wanted in learned.items():
        there = [name for name in wanted if name in names]
        if role not in chosen and there:
            chosen[role] = there
    if cfpb:
        known = _cfpb.COLUMNS.items()
        chosen = {role: [name] for role, name in known if name in names} | chosen
    doubt, candidates, others = "", tuple[str, ...](), tuple[str, ...]()
    for role in _ROLES:
        if role in chosen:
            continue
        taken = {name for each in chosen.values() for name in each}
        found = _guess([name for name in dict.fromkeys(names) if name not in taken], role)
        if len(found) == 1:
            chosen[role] = found
            others = _other_texts(names, found[0], taken) if role == "text" else others
        elif role == "text":
            raise triage.DataError(f"{quote_path(path)}: {_doubt(names, found, role)}")
        elif role == "label":
            doubt, candidates = _doubt(names, found, role), tuple(found)
    columns = Columns(
        text=tuple(chosen["text"]),
        label="".join(chosen.get("label", ())),
        date="".join(chosen.get("date", ())),
        id="".join(chosen.get("id", ())),
        grouped=cfpb and not options.get("label_column"),
        narrative=cfpb and tuple(chosen["text"]) == (_cfpb.COLUMNS["text"],),
        doubt=doubt,
        candidates=candidates,
        notes=(*_differing(names, chosen, learned), *_unread(names, chosen["text"], others)),
    )
    for name in columns.all:
        if names.count(name) > 1:
            first, second = [place for place, each in enumerate(names, start=1) if each == name][:2]
            raise triage.DataError(
                f"{quote_path(path)}: the columns {first} and {second} have the same name, "
                f"{name_or_place(name, first)}: rename one"
            )
    return columns


def _listed(given: Any) -> list[str]:
    return [given] if isinstance(given, str) and given else list(given or ())


def _differing(
    names: Sequence[str], chosen: Mapping[str, Sequence[str]], learned: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """Yield a line for each role that is read from other columns than a model learned from."""
    for role, wanted in learned.items():
        read = list(chosen.get(role, ()))
        if wanted and read and read != list(wanted):
            yield (
                f"the {role} is read from {_quoted(names, read)}; the model learned from {_quoted(names, wanted)}"
            )


def _unread(names: Sequence[str], text: Sequence[str], others: Sequence[str]) -> Iterator[str]:
    if others:
        flags = " ".join(f"--text-column {_quoted(names, [name])}" for name in (*others, *text))
        yield (
            f"the text is read from {_quoted(names, text)}; {_quoted(names, others)} could hold text too: "
            f"{flags} reads both"
        )


def _other_texts(names: Sequence[str], chosen: str, taken: Collection[str]) -> tuple[str, ...]:
    """Return the columns whose names say that they hold text too, such as a subject."""
    known, endings = _ROLES["text"]
    return tuple(
        name
        for name in dict.fromkeys(names)
        if name != chosen
        and name not in taken
        and (_plain(name) in (*known, *_TITLES) or _plain(name).rpartition(" ")[2] in (*endings, *_TITLES))
    )[:3]


def _quoted(names: Sequence[str], chosen: Sequence[str]) -> str:
    return " and ".join(name_or_place(name, names.index(name) + 1 if name in names else 0) for name in chosen)


def _given(names: Sequence[str], asked: Sequence[str], role: str, path: str) -> list[str]:
    return [_named(names, name, role, path) for name in dict.fromkeys(asked)]


def _named(names: Sequence[str], asked: str, role: str, path: str) -> str:
    if asked in names:
        return asked
    alike = [name for name in dict.fromkeys(names) if _plain(name) == _plain(asked)]
    if len(alike) == 1:
        return alike[0]
    listed = [name_or_place(name, place) for place, name in enumerate(names, start=1)]
    raise triage.DataError(
        f"{quote_path(path)} has no column {quote_path(asked)} (--{role}-column)."
        + did_you_mean(asked, [name.strip("'") for name in listed])
    )


def _guess(names: Sequence[str], role: str) -> list[str]:
    """Return the candidates of the first tier that has any: the plainest name, a known one, a last word."""
    known, endings = _ROLES[role]
    for matches in (
        [name for name in names if _plain(name) == role],
        [name for name in names if _plain(name) in known],
        [name for name in names if _plain(name).rpartition(" ")[2] in endings],
    ):
        if matches:
            return matches
    return []


def _plain(name: str) -> str:
    """Return a name as its words in small letters; what is far too long for one has none."""
    if len(name) > _LONGEST_NAME:
        return ""
    return re.sub(r"[\s_\-.]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)).strip().casefold()


def _doubt(names: Sequence[str], found: Sequence[str], role: str) -> str:
    listed = [name_or_place(name, place).strip("'") for place, name in enumerate(names, start=1)]
    more = f" and {len(listed) - 30} more" if len(listed) > 30 else ""
    several = [name_or_place(name, names.index(name) + 1).strip("'") for name in found[:5]]
    why = f"{', '.join(several)} could each hold it" if found else "no name says so"
    return (
        f"it cannot be told which column holds the {role} ({why}): pass --{role}-column NAME. "
        f"The columns are {', '.join(listed[:30])}{more}"
    )


def check_names(names: Sequence[str], path: str) -> None:
    """Raise DataError where a header has far too many columns, or none has a name."""
    if len(names) > MOST_COLUMNS:
        raise triage.DataError(
            f"{quote_path(path)} has {len(names):,} columns; at most {MOST_COLUMNS:,} are read"
        )
    if not any(names):
        raise triage.DataError(f"{quote_path(path)}: the first line holds no column names")


def is_known(options: Mapping[str, Any]) -> Callable[[str], bool]:
    """Return a function that tells whether a name is one that a column of a corpus has."""
    given = {
        name
        for role in _ROLES
        for key in ("", "learned_")
        for name in _listed(options.get(f"{key}{role}_column"))
    }
    plain = {_plain(name) for name in given} | {name for names, _ in _ROLES.values() for name in names}
    plain |= {_plain(name) for name in _cfpb.COLUMNS.values()}
    endings = {ending for _, words in _ROLES.values() for ending in words}

    def known(name: str) -> bool:
        return _plain(name) in plain or (
            name_or_place(name, 0) != "(column 0)" and _plain(name).rpartition(" ")[2] in endings
        )

    return known

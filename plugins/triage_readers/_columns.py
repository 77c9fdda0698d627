"""Which column holds the text, the label, the date and the identifier, where nobody said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import triage
from triage.errors import did_you_mean
from triage.io.files import quote_path
from triage_readers import _cfpb

_LONGEST_NAME = 1000
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
        text: always there.
        label: the label, before any grouping.
        date: the day it was received.
        id: the source's identifier.
        grouped: whether labels are CFPB products, to be folded into stable groups.
        narrative: whether the text is the CFPB's narrative, which most of its rows lack.
        doubt: why no label column was chosen, or "".
        candidates: the columns that could each be the label, where there are several.
    """

    text: str
    label: str = ""
    date: str = ""
    id: str = ""
    grouped: bool = False
    narrative: bool = False
    doubt: str = ""
    candidates: tuple[str, ...] = ()


def resolve(names: Sequence[str], options: Mapping[str, str], path: str) -> Columns:
    """Choose among `names`: what the user said, then the CFPB's names, then what the names say.

    Raises:
        DataError: a column that is not there, or a text column that cannot be told.
    """
    chosen = {role: _given(names, options, role, path) for role in _ROLES if options.get(f"{role}_column")}
    cfpb = _cfpb.recognised(names)
    if cfpb:
        known = _cfpb.COLUMNS.items()
        chosen = {role: name for role, name in known if name in names} | chosen
    doubt, candidates = "", tuple[str, ...]()
    for role in _ROLES:
        if role in chosen:
            continue
        found = _guess([name for name in names if name not in chosen.values()], role)
        if len(found) == 1:
            chosen[role] = found[0]
        elif role == "text":
            raise triage.DataError(f"{quote_path(path)}: {_doubt(names, found, role)}")
        elif role == "label":
            doubt, candidates = _doubt(names, found, role), tuple(found)
    return Columns(
        text=chosen["text"],
        label=chosen.get("label", ""),
        date=chosen.get("date", ""),
        id=chosen.get("id", ""),
        grouped=cfpb and not options.get("label_column"),
        narrative=cfpb and chosen["text"] == _cfpb.COLUMNS["text"],
        doubt=doubt,
        candidates=candidates,
    )


def _given(names: Sequence[str], options: Mapping[str, str], role: str, path: str) -> str:
    asked = options[f"{role}_column"]
    if asked in names:
        return asked
    alike = [name for name in names if _plain(name) == _plain(asked)]
    if len(alike) == 1:
        return alike[0]
    raise triage.DataError(
        f"{quote_path(path)} has no column {quote_path(asked)} (--{role}-column)."
        + did_you_mean(asked, [_safe(name, place) for place, name in enumerate(names, start=1)])
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
    listed = [_safe(name, place) for place, name in enumerate(names, start=1)]
    more = f" and {len(listed) - 30} more" if len(listed) > 30 else ""
    several = [_safe(name, names.index(name) + 1) for name in found[:5]]
    why = f"{', '.join(several)} could each hold it" if found else "no name says so"
    return (
        f"it cannot be told which column holds the {role} ({why}): pass --{role}-column NAME. "
        f"The columns are {', '.join(listed[:30])}{more}"
    )


def _safe(name: str, place: int) -> str:
    """Return a column's name for a message: a file without a header has texts in its place, not names."""
    if len(name) > 64 or name.count(" ") > 8 or not name.strip():
        return f"(column {place})"
    return quote_path(name)[1:-1]


def check_names(names: Sequence[str], path: str) -> None:
    """Raise DataError where a header cannot be told apart: the same name twice, or far too many."""
    if len(names) > MOST_COLUMNS:
        raise triage.DataError(
            f"{quote_path(path)} has {len(names):,} columns; at most {MOST_COLUMNS:,} are read"
        )
    seen: dict[str, int] = {}
    for place, name in enumerate(names, start=1):
        if name and name in seen:
            raise triage.DataError(
                f"{quote_path(path)}: the columns {seen[name]} and {place} have the same name, "
                f"{_safe(name, place)}: rename one"
            )
        seen[name] = place
    if not any(names):
        raise triage.DataError(f"{quote_path(path)}: the first line holds no column names")

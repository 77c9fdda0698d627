"""Write the reviews anew: `python -m triage_reviews.generate`. The same seed gives the same bytes."""

from __future__ import annotations

import csv
import datetime
import gzip
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from triage_reviews.generate._grammar import Chooser, capital
from triage_reviews.generate._styles import STYLES, write
from triage_reviews.generate._subjects import Fragments, read_fragments
from triage_reviews.generate._voice import draw_voice
from triage_reviews.generate._writer import Writer

__all__ = ["COLUMNS", "DATA", "Review", "csv_bytes", "generate"]

COLUMNS = ("id", "date", "text", "label", "style", "template", "true_label", "subject")
DATA = "reviews.csv.gz"

_SEED = "triage reviews 1"
_COUNT = 4000
_SHARES = {"negative": 0.45, "neutral": 0.20, "positive": 0.35}
_WRONG = 0.02
_FIRST_DAY = datetime.date(2022, 3, 1)
_DAYS = 730
_WEEKDAYS = (1.15, 1.0, 0.95, 0.9, 0.85, 0.95, 1.3)
_SHINGLE = 8
_SHARED_AT_MOST = 0.4
_MOODS = {"negative": "sad", "neutral": "wry", "positive": "glad"}


@dataclass(frozen=True)
class Review:
    """One row of the corpus; the fields are its columns."""

    id: str
    date: datetime.date
    text: str
    label: str
    style: str
    template: str
    true_label: str
    subject: str


def generate(fragments: Fragments | None = None) -> list[Review]:
    """Return all reviews, oldest first."""
    fragments = fragments or read_fragments()
    choose = Chooser(_SEED)
    reviews = [*_copied(fragments, choose), *_ordinary(fragments, choose)]
    reviews = _with_wrong_labels(reviews, choose)
    dates = _dates(choose, len(reviews))
    reviews = choose.some(reviews, len(reviews))
    return [
        replace(review, id=f"R{number:05d}", date=date)
        for number, (review, date) in enumerate(zip(reviews, dates, strict=True), start=1)
    ]


def csv_bytes(reviews: list[Review]) -> bytes:
    """Return the reviews as UTF-8 CSV with a header line."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([getattr(review, column) for column in COLUMNS] for review in reviews)
    return buffer.getvalue().encode("utf-8")


def main() -> None:
    """Rewrite the data file beside this module."""
    packed = gzip.compress(csv_bytes(generate()), compresslevel=9, mtime=0)
    Path(__file__).parents[1].joinpath(DATA).write_bytes(packed)


def _ordinary(fragments: Fragments, choose: Chooser) -> Iterator[Review]:
    copied = sum(family["count"] for family in fragments.shared["families"].values())
    seen: dict[tuple[str, ...], int] = {}
    whole: set[str] = set()
    styles = {label: {s: w[label] for s, w in STYLES.items() if label in w} for label in _SHARES}
    for number in range(_COUNT - copied):
        label = choose.weighted(_SHARES)
        style = choose.weighted(styles[label])
        while True:
            subject = choose.pick(fragments.subjects)
            text = _text(fragments, Writer(fragments, subject, choose), style, label)
            if _is_new(text, number, seen, whole):
                break
        yield Review("", _FIRST_DAY, text, label, style, "", label, subject.name)


def _text(fragments: Fragments, writer: Writer, style: str, label: str) -> str:
    choose, shared = writer.choose, fragments.shared
    sentences = write(writer, style, label)
    voice = draw_voice(choose, shared["spelling"], _MOODS[label])
    text = voice.type(sentences, choose, shared)
    if style != "short" and choose.chance(0.12):
        title = writer.say("small_talk", "titles")
        text = f"{title}{choose.pick((chr(10), chr(10) * 2, '. ', ': ', ' - '))}{text}"
    return text


def _copied(fragments: Fragments, choose: Chooser) -> Iterator[Review]:
    families: Mapping[str, Any] = fragments.shared["families"]
    for name, family in families.items():
        for _ in range(family["count"]):
            subject = choose.pick(fragments.subjects)
            text = Writer(fragments, subject, choose).fill(family["text"])
            sentences = re.split(r"(?<=[.!?]) ", text)
            if choose.chance(0.3):
                del sentences[choose.whole(1, len(sentences) - 1)]
            text = choose.pick((" ", " ", "\n")).join(capital(sentence) for sentence in sentences)
            label = family["label"]
            yield Review("", _FIRST_DAY, text, label, "template", name, label, subject.name)


def _is_new(text: str, number: int, seen: dict[tuple[str, ...], int], whole: set[str]) -> bool:
    words = re.findall(r"\w+", text.lower())
    if (key := " ".join(words)) in whole:
        return False
    shingles = [tuple(words[i : i + _SHINGLE]) for i in range(len(words) - _SHINGLE + 1)]
    shared: dict[int, int] = {}
    for shingle in shingles:
        if shingle in seen:
            shared[seen[shingle]] = shared.get(seen[shingle], 0) + 1
    if shared and max(shared.values()) > _SHARED_AT_MOST * len(shingles):
        return False
    whole.add(key)
    seen.update(dict.fromkeys(shingles, number))
    return True


def _with_wrong_labels(reviews: list[Review], choose: Chooser) -> list[Review]:
    labels = tuple(_SHARES)
    wrong = set(choose.some(range(len(reviews)), round(_WRONG * len(reviews))))
    return [
        replace(review, label=choose.pick([label for label in labels if label != review.label]))
        if number in wrong
        else review
        for number, review in enumerate(reviews)
    ]


def _dates(choose: Chooser, count: int) -> list[datetime.date]:
    days = [_FIRST_DAY + datetime.timedelta(days=day) for day in range(_DAYS)]
    weights = {
        day.isoformat(): _WEEKDAYS[day.weekday()] * (1 + 0.4 * at / _DAYS) * (1.5 if day.month == 1 else 1)
        for at, day in enumerate(days)
    }
    return sorted(datetime.date.fromisoformat(choose.weighted(weights)) for _ in range(count))


if __name__ == "__main__":
    main()

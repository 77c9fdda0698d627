"""One good corpus, and for every law one that breaks this law and no other, under the law's name."""

import datetime
import pathlib
import tempfile
import time
import wave  # required by one saboteur below, which must not be imported here
from dataclasses import replace

import triage

assert wave


class Good:
    """Twenty rows, one of which cannot be read."""

    name = "good"

    def rows(self):
        for row in range(1, 21):
            if row == 7:
                yield triage.Quarantined(row=row, line=row, reason="no label")
                continue
            word = ("card", "loan")[row % 2]
            yield triage.Document(
                row=row,
                text=f"the {word} with the number {row} was lost in the mail",
                label=word,
                id=f"id-{row}",
                date=datetime.date(2024, 1, row),
                meta={"state": "NY"},
            )

    def __iter__(self):
        return iter(list(self.rows()))


class Changed(Good):
    """Changes single rows."""

    def change(self, row):
        return row

    def rows(self):
        for row in super().rows():
            document = isinstance(row, triage.Document) and row.row == 9
            yield self.change(row) if document else row


def changed(**fields):
    class One(Changed):
        def change(self, row):
            return replace(row, **fields)

    return One


class Required(Good):
    def __init__(self, *, size: int):
        self.size = size


class WrongDefault(Good):
    def __init__(self, *, sizes: tuple[int, ...] = [1]):
        self.sizes = sizes


class Nameless(Good):
    name = "two\nlines"


class Slow(Good):
    def __iter__(self):
        stop = time.process_time() + 1.1
        while time.process_time() < stop:
            pass
        return super().__iter__()


class Tuples(Good):
    def rows(self):
        yield from super().rows()
        yield ("loan", "a text")


class Gap(Good):
    def rows(self):
        for row in super().rows():
            yield replace(row, row=row.row + (row.row > 12))


class OnceOnly(Good):
    read = False

    def __iter__(self):
        rows = list(self.rows())
        again, self.read = self.read, True
        return iter(rows + rows[:1] if again else rows)


class Random(Good):
    opened = 0

    def __init__(self):
        Random.opened += 1
        self.number = Random.opened

    def rows(self):
        for row in super().rows():
            yield replace(row, text=f"{row.text} {self.number}") if row.row == 9 else row


class Shared(Good):
    """Two iterations share one place."""

    def __init__(self):
        self.place = None

    def __iter__(self):
        if self.place is not None and self.place["at"] == 1:
            shared = self.place
        else:
            shared = self.place = {"at": 0}
        rows = list(self.rows())
        while shared["at"] < len(rows):
            shared["at"] += 1
            yield rows[shared["at"] - 1]
        self.place = None


class OneLabel(Good):
    def rows(self):
        for row in super().rows():
            yield replace(row, label="card") if isinstance(row, triage.Document) else row


class Quarantine(Good):
    reason = ""

    def rows(self):
        for row in super().rows():
            yield replace(row, reason=self.reason) if isinstance(row, triage.Quarantined) else row


class TwoLines(Quarantine):
    reason = "no label\nnor text"


class Quotes(Quarantine):
    reason = "cannot read 'the card with the number 8 was lost in the mail'"


class LeavesOpen(Good):
    left = []  # noqa: RUF012

    def __iter__(self):
        path = pathlib.Path(tempfile.gettempdir()) / "saboteur-left-open.txt"
        path.touch()
        LeavesOpen.left.append(path.open(encoding="utf-8"))
        return super().__iter__()


class Prints(Good):
    def __iter__(self):
        print("reading")
        return super().__iter__()


SABOTEURS = {
    "it_builds_with_no_options": Required,
    "its_defaults_are_values_of_its_options": WrongDefault,
    "listing_it_imports_nothing_that_it_requires": Good,
    "it_has_a_name": Nameless,
    "opening_it_is_quick": Slow,
    "it_yields_documents_and_quarantined_rows": Tuples,
    "rows_are_numbered_from_one": Gap,
    "reading_again_gives_the_same_rows": OnceOnly,
    "opening_again_gives_the_same_rows": Random,
    "two_readings_do_not_disturb_each_other": Shared,
    "texts_are_strings": changed(text=b"bytes"),
    "labels_are_names": changed(label=" "),
    "there_are_two_labels_to_tell_apart": OneLabel,
    "dates_are_dates": changed(date=datetime.datetime(2024, 1, 1, 12)),  # noqa: DTZ001
    "further_columns_are_strings": changed(meta={"state": 36}),
    "quarantine_says_why_in_one_line": TwoLines,
    "quarantine_quotes_no_text": Quotes,
    "stopping_half_way_leaves_nothing_open": LeavesOpen,
    "the_cleaning_it_asks_for_is_installed": Good,
    "it_says_nothing_while_it_reads": Prints,
}


@triage.hookimpl
def triage_corpora():
    yield triage.Corpus(name="good", summary="Keeps every law", build=Good, cleaners=("plain",))
    for law, build in SABOTEURS.items():
        yield triage.Corpus(
            name=law.replace("_", "-"),
            summary="Breaks one law",
            build=build,
            requires=("wave",) if law.startswith("listing") else (),
            cleaners=("no-such-cleaner",) if law.startswith("the_cleaning") else (),
        )

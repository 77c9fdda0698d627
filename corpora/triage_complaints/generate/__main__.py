"""Writes the corpus: ``python -m triage_complaints.generate.__main__`` gives the same rows every time."""

from __future__ import annotations

import datetime
from pathlib import Path

from triage_complaints._rows import FILE, Row, packed
from triage_complaints.generate._calendar import FIRST_DAY, LAST_DAY, arrivals
from triage_complaints.generate._compose import KINDS, Complaint, compose
from triage_complaints.generate._grammar import Chooser, Slot, expand
from triage_complaints.generate._letters import LETTERS, LISTED, OWN_WORDS, SWAPS, Letter
from triage_complaints.generate._products import PRODUCTS
from triage_complaints.generate._shingles import Crowd, shingles, words
from triage_complaints.generate._words import WORDS

SEED = "complaints 1"
WRONG = 0.032  # share of the rows with a wrong label
WRONG_LETTERS = 5  # how many of those are template letters
ALIKE = 0.16  # ordinary complaints share at most this much of their 8-shingles (Jaccard)
FAITHFUL = 0.7  # a template letter keeps at least this much of its family's first letter
COPIED = 0.1  # share of the template letters that are exact copies of an earlier one
_ATTEMPTS = 200


def generate(seed: str = SEED) -> list[Row]:
    """Every row of the corpus, in the order of their dates.

    Args:
        seed: Any text; the same text gives the same rows on every platform.

    Returns:
        The rows.

    Raises:
        RuntimeError: The grammar is too poor to write one more complaint unlike the others.
    """
    choose = Chooser(f"{seed}/plan")
    dates = arrivals(Chooser(f"{seed}/calendar"))
    letters = _place_letters(dates, Chooser(f"{seed}/letters"))
    crowd = Crowd(ALIKE)
    rows: list[Row] = []
    for _, letter in sorted(letters.items()):
        crowd.add(letter[1])
    number = 4_100_000
    shares = {name: product.share for name, product in PRODUCTS.items()}
    for at, date in enumerate(dates):
        number += choose.whole(1, 3900)
        if at in letters:
            family, text = letters[at]
            product = LETTERS[family].product
            told = Complaint(text, "Form letter", "letter", "", "letter")
            rows.append(_row(number, date, product, told, family))
            continue
        product, kind = choose.weighted(shares), choose.weighted(KINDS)
        for attempt in range(_ATTEMPTS):
            made = compose(product, date.year, kind, Chooser(f"{seed}/{at}/{attempt}"))
            if crowd.admit(made.text):
                break
        else:
            raise RuntimeError(f"no new complaint of kind {kind} in {_ATTEMPTS} attempts: add fragments")
        rows.append(_row(number, date, product, made, ""))
    return _mislabel(rows, Chooser(f"{seed}/labels"))


def _row(number: int, date: datetime.date, product: str, made: Complaint, family: str) -> Row:
    return Row(
        id=str(number),
        date=date.isoformat(),
        label=product,
        text=made.text,
        true_label=product,
        wrong="",
        template=family,
        issue=made.issue,
        voice=made.voice,
        mentions=made.mentions,
        kind=made.kind,
    )


def _place_letters(dates: list[datetime.date], choose: Chooser) -> dict[int, tuple[str, str]]:
    """Which places in the order of dates hold a template letter: family and text."""
    placed: dict[int, tuple[str, str]] = {}
    days = (LAST_DAY - FIRST_DAY).days
    for family, letter in LETTERS.items():
        first, last = (
            FIRST_DAY + datetime.timedelta(days=int(days * share)) for share in (letter.first, letter.last)
        )
        free = [at for at, date in enumerate(dates) if first <= date <= last and at not in placed]
        texts: list[str] = []
        for place in sorted(choose.some(free, letter.planted)):
            if texts and choose.chance(COPIED):
                texts.append(choose.pick(texts))
            else:
                texts.append(_letter(letter, dates[place].year, texts[0] if texts else "", choose))
            placed[place] = (family, texts[-1])
    return placed


def _letter(letter: Letter, year: int, first: str, choose: Chooser) -> str:
    for _ in range(_ATTEMPTS):
        text = _vary(letter, year, choose, changes=choose.pick((0, 1, 1, 2, 2, 3)) if first else 0)
        if not first or _similarity(text, first) >= FAITHFUL:
            return text
    raise RuntimeError("a template letter has too many choices to stay one")


def _vary(letter: Letter, year: int, choose: Chooser, *, changes: int) -> str:
    slots: dict[str, Slot] = {
        **WORDS,
        "creditors": LISTED,
        "listed": LISTED,
        "year": (str(year),),
        "date": ("XX/XX/<year>", "XX/XX/XXXX", "XX/XX/<year>"),
        "amount": lambda: f"{{${choose.whole(90, 9800)}.00}}",
    }
    body = [expand(sentence, slots, choose) for sentence in letter.body]
    for _ in range(changes):
        kind = choose.pick(("swap", "swap", "own", "drop"))
        if kind == "own":
            body.insert(choose.pick((0, len(body))), choose.pick(OWN_WORDS))
        elif kind == "drop":
            body.pop(choose.pick((0, len(body) - 1)))
        else:
            place = choose.whole(0, len(body) - 1)
            known = [word for word in SWAPS if f" {word} " in body[place]]
            if known:
                word = choose.pick(known)
                body[place] = body[place].replace(f" {word} ", f" {SWAPS[word]} ", 1)
    return choose.pick((" ", " ", "\n", "\n\n")).join(body)


def _similarity(one: str, other: str) -> float:
    a, b = shingles(words(one)), shingles(words(other))
    return len(a & b) / len(a | b)


def _mislabel(rows: list[Row], choose: Chooser) -> list[Row]:
    """The rows with about ``WRONG`` of the labels exchanged for one that a clerk may take by mistake."""
    clear = {"story", "told", "epic"}
    wrong: set[int] = set(choose.some([at for at, row in enumerate(rows) if row.template], WRONG_LETTERS))
    for product in PRODUCTS:
        own = [at for at, row in enumerate(rows) if row.label == product]
        fit = [
            at for at in own if rows[at].kind in clear or (rows[at].kind == "shared" and choose.chance(0.3))
        ]
        wrong.update(choose.some(fit, round(WRONG * len(own))))
    out: list[Row] = []
    for at, row in enumerate(rows):
        if at in wrong:
            mistaken = PRODUCTS[row.label].mistaken
            named = row.mentions in mistaken and choose.chance(0.15)
            row = row._replace(label=row.mentions if named else choose.weighted(mistaken), wrong="1")
        out.append(row)
    return out


def main() -> None:
    """Write the data file of the package anew."""
    Path(__file__).parents[1].joinpath(FILE).write_bytes(packed(generate()))


if __name__ == "__main__":
    main()

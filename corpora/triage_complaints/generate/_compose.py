"""One complaint: what is told, in which voice, in which order, and what the keyboard did to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from triage_complaints.generate import _noise
from triage_complaints.generate._asides import ASIDES, BUREAU_ASIDES, COLLECTOR_ASIDES, CONTRASTS, LEADS
from triage_complaints.generate._endings import CLOSINGS, CONSEQUENCES, DEMANDS
from triage_complaints.generate._frames import ANGRY_BITS, BLIND_OPENINGS, CONTACTS, HISTORIES, OPENINGS
from triage_complaints.generate._grammar import Chooser, Slot, expand
from triage_complaints.generate._issue import Issue
from triage_complaints.generate._products import PRODUCTS
from triage_complaints.generate._short import TOLD, UNTOLD
from triage_complaints.generate._stories_accounts import BANK_ACCOUNT, MONEY_TRANSFER
from triage_complaints.generate._stories_cards import CREDIT_CARD, PREPAID_CARD
from triage_complaints.generate._stories_credit import CREDIT_REPORTING, DEBT_COLLECTION
from triage_complaints.generate._stories_loans import MORTGAGE, PAYDAY_LOAN, STUDENT_LOAN, VEHICLE_LOAN
from triage_complaints.generate._stories_shared import SHARED, SHARED_BY
from triage_complaints.generate._words import WORDS

STORIES: dict[str, dict[str, Issue]] = {
    "Credit reporting": CREDIT_REPORTING, "Debt collection": DEBT_COLLECTION, "Credit card": CREDIT_CARD,
    "Bank account": BANK_ACCOUNT, "Mortgage": MORTGAGE, "Student loan": STUDENT_LOAN,
    "Money transfer": MONEY_TRANSFER, "Vehicle loan": VEHICLE_LOAN, "Payday loan": PAYDAY_LOAN,
    "Prepaid card": PREPAID_CARD,
}  # fmt: skip

# What a complaint is made of. "contrast" names two products and a trouble that both know.
KINDS = {"story": 52.0, "shared": 30.0, "contrast": 9.5, "told": 5.0, "untold": 1.9, "epic": 1.1}
VOICES = {"formal": 27.0, "plain": 38.0, "angry": 12.0, "rambling": 15.0, "terse": 8.0}
NOT_STATED = "Not stated"

_ABOUT = {"Credit reporting": BUREAU_ASIDES, "Debt collection": COLLECTOR_ASIDES}

_ON = re.compile(r"\b([Oo])n (late |the spring|XXXX (?:XXXX )?(?:19|20))")


class Complaint(NamedTuple):
    """A composed complaint.

    Attributes:
        text: What the person sent.
        issue: What went wrong.
        voice: How it is told.
        mentions: The other product that it names, or "".
        kind: One of ``KINDS``, or "squeezed" where the spaces are gone.
    """

    text: str
    issue: str
    voice: str
    mentions: str
    kind: str


class _Teller:
    """Holds what stays the same through one complaint: the product, the year, the habits of the hand."""

    def __init__(self, product: str, year: int, choose: Chooser) -> None:
        self.choose = choose
        self.product = product
        self.facts = PRODUCTS[product]
        self.other = choose.weighted(self.facts.aside)
        self.year = year
        self.then = year - (choose.chance(0.35) and choose.whole(1, 3))
        self.mentioned = False
        self.aside = ""
        self.plain_money = choose.chance(0.15)
        self.plain_dates = choose.chance(0.2)
        self.strong_again = 0.3
        self._used: set[str] = set()
        other = PRODUCTS[self.other]
        self.slots: dict[str, Slot] = {
            **WORDS,
            "thing": self._thing,
            "firm": self._firm,
            "weak_firm": self.facts.weak_firms,
            "new": self.facts.new,
            "topic": self.facts.topic,
            "topic_cap": [topic.capitalize() for topic in self.facts.topic],
            "item_noun": ("account", "debt", "card", "loan", "collection"),
            "other": lambda: self._aside(other.held or other.strong),
            "other_firm": lambda: self._aside(other.firms),
            "other_new": lambda: self._aside(other.new),
            "year": self._year,
            "date": self._date,
            "then": (f"XX/XX/{self.then}",),
            "later": (f"XX/XX/{year}",),
            "small": lambda: self._money(15, 480),
            "fee": lambda: self._money(12, 48),
            "mid": lambda: self._money(90, 950),
            "lots": lambda: self._money(1100, 4200),
            "income": lambda: self._money(17000, 46000),
            "big": lambda: self._money(500, 24000),
        }

    def say(self, pattern: str) -> str:
        """One sentence, its first letter a capital."""
        text = _ON.sub(_in, expand(pattern, self.slots, self.choose))
        return text[:1].upper() + text[1:]

    def tell(self, patterns: Sequence[str], count: int) -> list[str]:
        """Up to ``count`` sentences that were not told yet."""
        fresh = [pattern for pattern in patterns if pattern not in self._used]
        chosen = self.choose.some(fresh, count)
        self._used.update(chosen)
        return [self.say(pattern) for pattern in chosen]

    def _thing(self) -> str:
        first, self.mentioned = not self.mentioned, True
        strong = self.choose.chance(0.93 if first else self.strong_again)
        return self.choose.pick(self.facts.strong if strong else self.facts.weak)

    def _firm(self) -> str:
        strong = self.choose.chance(0.5)
        return self.choose.pick(self.facts.firms if strong else self.facts.weak_firms)

    def _aside(self, names: Sequence[str]) -> str:
        self.aside = self.other
        return self.choose.pick(names)

    def _year(self) -> str:
        return str(self.then if self.choose.chance(0.7) else self.year)

    def _date(self) -> str:
        if self.plain_dates:
            return self.choose.pick(
                ("XXXX <year>", "XXXX", "the spring of <year>", "XX/XX/XXXX", "late <year>")
            )
        return self.choose.pick(
            ("XX/XX/<year>", "XX/XX/<year>", "XX/XX/XXXX", "XX/XX/<year>", "XXXX XXXX <year>")
        )

    def _money(self, low: int, high: int) -> str:
        # Small sums are commoner than large ones: the square of a uniform number.
        amount = low + int((high - low) * self.choose.real() ** 2)
        if amount > 1000:
            amount -= amount % self.choose.pick((1, 10, 50, 100))
        if self.plain_money:
            return self.choose.pick((f"${amount}", f"${amount:,}", f"{amount} dollars"))
        return f"{{${amount}.{self.choose.pick(('00', '00', '00', '50', '99', '37', '12', '81'))}}}"


def _in(found: re.Match[str]) -> str:
    return f"{'I' if found[1] == 'O' else 'i'}n {found[2]}"


def compose(product: str, year: int, kind: str, choose: Chooser) -> Complaint:
    """One ordinary complaint about ``product``.

    Args:
        product: A key of ``PRODUCTS``.
        year: The year of the complaint: the dates in it lie in that year or shortly before.
        kind: A key of ``KINDS``.
        choose: The source of chance.

    Returns:
        The complaint; the same arguments give the same one.
    """
    teller = _Teller(product, year, choose)
    if kind in ("told", "untold"):
        text = teller.say(choose.pick(TOLD if kind == "told" else UNTOLD)) + choose.pick(
            (".", "", "!", "", ".")
        )
        text = _noise.misspell(text, 0.04, choose)
        cases: tuple[Callable[[str], str], ...] = (str, str, _noise.shout, _noise.whisper)
        text = choose.pick(cases)(text)
        return Complaint(text, NOT_STATED, "terse", "", kind)
    voice = "rambling" if kind == "epic" and choose.chance(0.7) else choose.weighted(VOICES)
    if kind == "epic" and voice == "terse":
        voice = "formal"
    issue, paragraphs = _outline(teller, kind, voice)
    text, kind = _write(paragraphs, voice, kind, choose)
    return Complaint(text, issue, voice, teller.aside, kind)


def _outline(teller: _Teller, kind: str, voice: str) -> tuple[str, list[list[str]]]:
    choose = teller.choose
    own = STORIES[teller.product]
    shared = [name for name, products in SHARED_BY.items() if teller.product in products]
    issue = choose.pick(list(own)) if kind in ("story", "epic") else choose.pick(shared)
    story = own[issue] if kind in ("story", "epic") else SHARED[issue]
    size = {"formal": 1.15, "plain": 0.9, "angry": 0.85, "rambling": 1.5, "terse": 0.3}[voice]
    size *= 5.2 if kind == "epic" else 0.13 + 1.95 * choose.real() ** 2

    def about(mean: float) -> int:
        return int(mean * size + choose.real())

    start: list[str] = []
    if kind == "contrast":
        teller.strong_again = 0.0
        start += teller.tell(CONTRASTS if choose.chance(0.8) else LEADS, 1)
    elif voice == "terse":
        start += teller.tell(OPENINGS[voice], 1) if choose.chance(0.4) else []
    elif choose.chance(0.6):
        start += teller.tell(OPENINGS[voice], 1)
    elif choose.chance(0.4):
        start += teller.tell(BLIND_OPENINGS, 1)
    start += teller.tell(HISTORIES, about(0.6))

    middle = teller.tell(story.lead, 1 + (voice != "terse" and choose.chance(0.12)))
    middle += teller.tell(story.more, about(1.3))
    if kind == "epic" or (kind == "story" and choose.chance(0.15)):
        middle += teller.tell(SHARED[choose.pick(shared)].lead, 1)
    if kind == "epic":
        second = own[choose.pick(list(own))]
        middle += teller.tell(second.lead, 1) + teller.tell(second.more, 4)
    after = teller.tell(CONTACTS, about(1.0)) + teller.tell(CONSEQUENCES, about(0.6))
    asides = {"story": 0.4, "shared": 0.5, "contrast": 0.1, "epic": 1.0}[kind]
    for _ in range(choose.chance(asides) + choose.chance(asides * size / 5)):
        place = choose.pick((start, middle, after, after))
        for aside in teller.tell(_ABOUT.get(teller.other, ASIDES), 1):
            place.insert(choose.whole(min(1, len(place)), len(place)), aside)
    if voice == "angry":
        after += teller.tell(ANGRY_BITS, 1 + choose.chance(0.5))
    end = teller.tell(DEMANDS, about(0.6))
    end += teller.tell(CLOSINGS[voice], 1) if choose.chance(0.5) else []
    if voice == "terse" and choose.chance(0.5):
        end = end[:1]
    return issue, [part for part in (start, middle, after, end) if part]


def _write(paragraphs: list[list[str]], voice: str, kind: str, choose: Chooser) -> tuple[str, str]:
    broken = choose.chance(
        {"formal": 0.6, "plain": 0.3, "angry": 0.3, "rambling": 0.12, "terse": 0.15}[voice]
    )
    gap = choose.pick(("\n", "\n\n", "\n\n")) if broken else " "
    within = choose.pick((" ", " ", " ", "\n", "  ")) if broken else choose.pick((" ",) * 9 + ("  ",))
    if voice == "angry" and choose.chance(0.5):
        paragraphs = [[_noise.shout(s) if choose.chance(0.25) else s for s in part] for part in paragraphs]
    text = gap.join(within.join(part) for part in paragraphs)
    text = _noise.contract(
        text, choose.pick((0.0, 0.3, 0.8, 1.0) if voice != "formal" else (0.0, 0.0, 0.3)), choose
    )
    habits: list[Callable[[str], str]] = []
    if voice == "rambling" or choose.chance(0.05):
        habits.append(lambda t: _noise.run_on(t, choose))
    if choose.chance(0.4 if voice == "rambling" else 0.06):
        habits.append(_noise.whisper)
    elif choose.chance(0.15 if voice == "angry" else 0.025):
        habits.append(_noise.shout)
    rate = choose.pick((0.0, 0.0, 0.0, 0.0, 0.006, 0.01, 0.02, 0.06 if voice != "formal" else 0.01))
    habits.append(lambda t: _noise.misspell(t, rate, choose))
    if choose.chance(0.25):
        habits.append(_noise.detach)
    elif choose.chance(0.1):
        habits.append(_noise.smart_quotes)
    if choose.chance(0.0035):
        kind = "squeezed"
        habits.append(_noise.squeeze)
    for habit in habits:
        text = habit(text)
    return text.strip(), kind

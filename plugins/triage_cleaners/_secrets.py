"""Secrets: addresses and numbers that belong to one person, each replaced by a word that names its kind.

The words are plain letters, so that no later step takes them apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

Clean = Callable[[str], str]

# Lengths of IBANs by country (SWIFT IBAN registry, release 99).
_IBAN: Final = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20
EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30
KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23
PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26
UA29 VA22 VG24 XK20 YE30
"""
# A list of numbers this long is not taken apart: a card number may be anywhere in it.
_MOST_GROUPS: Final = 64


def secrets(kinds: tuple[str, ...]) -> Clean:
    """Return a function that masks the `kinds` of secrets, in a fixed order: the surest first."""
    steps = [build() for kind, build in _BUILDERS.items() if kind in kinds]

    def clean(text: str) -> str:
        for step in steps:
            text = step(text)
        return text

    return clean


def _email() -> Clean:
    # The look-behind lets each run of letters be tried once: the time stays linear.
    pattern = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,254}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}")
    return lambda text: pattern.sub(" maskedemail ", text) if "@" in text else text


def _iban() -> Clean:
    pattern = re.compile(r"(?<![^\W_])([A-Za-z]{2})\d\d(?:[ -]?[A-Za-z0-9]){11,30}", re.ASCII)
    lengths = {entry[:2]: int(entry[2:]) for entry in _IBAN.split()}

    def clean(text: str) -> str:
        pieces = []
        done = 0
        found = pattern.search(text)
        while found:
            stop = _iban_end(text, found, lengths.get(found.group(1).upper(), 0))
            if stop:
                pieces += [text[done : found.start()], " maskediban "]
                done = stop
            found = pattern.search(text, stop or found.start() + 2)
        return "".join([*pieces, text[done:]])

    return clean


def _iban_end(text: str, found: re.Match[str], length: int) -> int:
    """Return where the account number at `found` ends, or 0 where its check digits are wrong."""
    kept = [place for place in range(*found.span()) if text[place].isalnum()]
    if not length or len(kept) < length:
        return 0
    number = "".join(text[place].upper() for place in (*kept[4:length], *kept[:4]))
    return kept[length - 1] + 1 if int("".join(str(int(sign, 36)) for sign in number)) % 97 == 1 else 0


def _card() -> Clean:
    groups = re.compile(r"(?<!\d)\d+(?:[ .-]\d+)*")
    group = re.compile(r"\d+")

    def masked(found: re.Match[str]) -> str:
        run = found.group()
        if len(run) < 13:
            return run
        spans = [part.span() for part in group.finditer(run)]
        if len(spans) > _MOST_GROUPS:
            return " maskedcard "
        pieces = []
        done = first = 0
        while first < len(spans):
            stop = _card_end(run, spans, first)
            if stop is None:
                first += 1
                continue
            pieces += [run[done : spans[first][0]], " maskedcard "]
            done = spans[stop][1]
            first = stop + 1
        return "".join([*pieces, run[done:]])

    return lambda text: groups.sub(masked, text)


def _card_end(run: str, spans: list[tuple[int, int]], first: int) -> int | None:
    """Return the last of the groups from `first` on that together are a card number, or None."""
    digits = ""
    found = None
    for last in range(first, len(spans)):
        start, stop = spans[last]
        if len(digits) + stop - start > 19:
            break
        digits += run[start:stop]
        if len(digits) >= 13 and _luhn(digits):
            found = last
    return found


def _luhn(digits: str) -> bool:
    """Whether the check digit is right (ISO/IEC 7812)."""
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def _ssn() -> Clean:
    pattern = re.compile(r"(?<![\w-])\d{3}([ -])\d{2}\1\d{4}(?![\w-])")
    return lambda text: pattern.sub(" maskedssn ", text)


def _phone() -> Clean:
    north_america = r"(?:\+?1[ .-]?)?(?:\(\d{3}\)[ .-]?|\d{3}[ .-])\d{3}[ .-]?\d{4}"
    abroad = r"(?:\+|00)[1-9]\d{0,2}(?:[ .()/-]{0,2}\d){6,12}"
    national = r"\(?0\d{2,4}\)?[ /-]\d{3,4}[ -]?\d{3,4}"
    pattern = re.compile(rf"(?<![\w+-])(?:{abroad}|{north_america}|{national})(?![\w-])")
    return lambda text: pattern.sub(" maskedphone ", text)


def _account() -> Clean:
    named = re.compile(
        r"\b(account|acct|a/c|loan|policy|member|membership|reference|ref|case|claim|customer|confirmation|"
        r"routing|sort code|passport|license|licence)"
        r"((?:\s?(?:number|no|num|nr|id|code|ending in|ending|is|was))*[\s.:#]{0,4})"
        r"(?=[A-Za-z-]{0,10}\d)[A-Za-z0-9-]{4,40}",
        re.IGNORECASE,
    )
    long = re.compile(r"(?<![\w$€£])[A-Za-z]{0,4}\d{8,}\w*")

    def clean(text: str) -> str:
        return long.sub(" maskedaccount ", named.sub(r"\1\2 maskedaccount ", text))

    return clean


_BUILDERS: Final[dict[str, Callable[[], Clean]]] = {
    "email": _email,
    "iban": _iban,
    "card": _card,
    "ssn": _ssn,
    "phone": _phone,
    "account": _account,
}

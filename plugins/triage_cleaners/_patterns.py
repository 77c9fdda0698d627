"""Patterns: masks, amounts, links, names, apostrophes, symbols, digits. Each takes linear time."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Callable, Iterable
from typing import Final

Clean = Callable[[str], str]

_ASCII: Final = "".join(map(chr, range(128)))


def masks(replace: str) -> Clean:
    """Return a function that replaces `XXXX`, `XX/XX/2021` and `XXXX XXXX`, each run of masks once.

    Four x in a row, or two before `/XX`, are a mask anywhere; other runs only where no letter or digit is
    beside them. Beside letters of other scripts no run is taken, so that no word is cut in two.
    """
    # Starting with two plain x, and looking back only then, is three times as fast as looking first.
    ascii_unit = r"[xX]{2}(?:[xX]{2,}|(?=/[xX]{2})|(?<![^\W_][xX]{2})[xX]?(?![^\W_]))"
    other_unit = r"(?<![^\W_])(?<![^\x00-\x7f\s])[xX]{2,}(?![^\W_])(?![^\x00-\x7f\s])"
    in_ascii, in_others = (
        _replacing(_run_of(unit + r"(?:/(?:\d{2,4}(?!\d)|year\b))?"), replace)
        for unit in (ascii_unit, other_unit)
    )
    return lambda text: in_ascii(text) if text.isascii() else in_others(text)


def _run_of(unit: str) -> re.Pattern[str]:
    return re.compile(rf"{unit}(?:[\s/.-]{{0,3}}{unit})*")


def amounts(replace: str) -> Clean:
    """Return a function that replaces amounts of money: `{$120.00}`, `$1,200`, `20 euros`."""
    number = r"\d[\d,]{0,20}(?:\.\d{1,4})?"
    before = rf"\{{?[$€£¥]\s?{number}\s?[kKmM]?\b\}}?"
    after = rf"(?<![\d,.]){number}\s?(?:[€£¥]|(?:dollars?|euros?|pounds?|usd|eur|gbp)\b)"
    return _replacing(re.compile(f"{before}|{after}", re.IGNORECASE), replace)


def urls(replace: str) -> Clean:
    """Return a function that replaces links: what starts with http://, https:// or www."""
    replaced = _replacing(re.compile(r"(?<!\w)(?:https?://|www\.)\S+", re.IGNORECASE), replace)
    # Most texts have none, and a plain search is ten times as fast.
    return lambda text: replaced(text) if "://" in text or "www." in text.lower() else text


def mentions(replace: str) -> Clean:
    """Return a function that replaces `@name`; the middle of an e-mail address is no mention."""
    # With the marks on its letters, which are neither \w nor ASCII.
    replaced = _replacing(re.compile(r"(?<![\w.@+-])@(?:\w|[^\x00-\x7f\s])+"), replace)
    return lambda text: replaced(text) if "@" in text else text


def digits(replace: str) -> Clean:
    """Return a function that deletes digits of any script, or replaces each run of them."""
    run = re.compile(r"\d+")
    if replace:
        return _replacing(run, replace)
    return _deleting(string.digits, run)


def symbols(characters: str) -> Clean:
    """Return a function that puts a space in the place of each of `characters`."""
    return _translating(dict.fromkeys(map(ord, characters), " "))


def bad_symbols(allow: str) -> Clean:
    """Return a function that deletes all but a to z, digits, white space and the characters of `allow`.

    White space stays, and so do two words on two lines.
    """
    good = frozenset(string.ascii_lowercase + string.digits + string.whitespace + allow)
    others = re.compile(f"[^{re.escape(''.join(sorted(good)))}\\s]+")
    return _deleting((character for character in _ASCII if character not in good), others)


def smileys() -> Clean:
    """Return a function that puts a word in the place of `:)`, `:-(` and `<3`."""
    good = _replacing(re.compile(r"(?<!\w)[:;=]['-]?[)\]*dDpP]{1,9}(?!\w)|<3(?!\w)"), "smileygood")
    bad = _replacing(re.compile(r"(?<!\w)[:;=]['-]?[(\[/|]{1,9}(?!\w)"), "smileybad")
    # Plain searches are quicker than patterns, and most texts have none of these.
    eyes = (":", ";", "=", "<3")
    return lambda text: bad(good(text)) if any(eye in text for eye in eyes) else text


def punctuation(allow: str, alone: str, emoji: str) -> Clean:
    """Return a function that puts a space in the place of all but letters, marks and digits of any script.

    Args:
        allow: characters that stay where they are.
        alone: characters that stay as words of their own.
        emoji: "keep" makes each a word of its own, "drop" a space.
    """
    table = _Table(allow + alone, emoji)
    apart = [(character, f" {character} ") for character in dict.fromkeys(alone)]

    def clean(text: str) -> str:
        # Not in the table: str.translate is fast only where one character becomes one.
        for character, spaced in apart:
            text = text.replace(character, spaced)
        return text.translate(table)

    return clean


class _Table(dict[int, str | int]):
    """What becomes of each character; filled as characters are met."""

    def __init__(self, allow: str, emoji: str) -> None:
        super().__init__({ord(character): character for character in allow})
        self[ord("\N{REPLACEMENT CHARACTER}")] = " "
        self._apart = {"So"} if emoji == "keep" else set()

    def __missing__(self, code: int) -> str | int:
        category = unicodedata.category(chr(code))
        value: str | int = " "
        if category[0] in "LMN":
            value = code
        elif category in self._apart:
            value = f" {chr(code)} "
        self[code] = value
        return value


def apostrophes(contractions: str) -> Clean:
    """Return a function that joins what was detached (`was n't`), with plain apostrophes.

    Args:
        contractions: "keep" leaves `wasn't`, "join" makes `wasnt`, "expand" makes `was not`.
    """
    curly = {ord(character): "'" for character in "\u2018\u2019\u201b\u02bc\u02b9\u00b4\u0060\u2032\uff07"}
    endings = r"(?:s|m|d|t|ve|re|ll)(?![^\W_])"
    # What is searched for first is a plain character; what stands before it is looked at only then.
    detached = re.compile(rf" (?<=[A-Za-z] )(n't(?![^\W_])|'{endings})", re.IGNORECASE)
    irregular = {"can't": "can not", "won't": "will not", "shan't": "shall not", "ain't": "is not"}
    negated = re.compile(r"\b(?:ca|wo|sha|ai)n't\b|(?<=[a-z])n't\b", re.IGNORECASE)
    # Not every apostrophe: l'eau and dell'arte are two words.
    inside = re.compile(rf"'(?<=[A-Za-z]')(?={endings})", re.IGNORECASE)

    def expanded(found: re.Match[str]) -> str:
        return irregular.get(found.group().lower(), " not")

    def clean(text: str) -> str:
        text = text.translate(curly) if not text.isascii() or "`" in text else text
        if "'" not in text:
            return text
        if " '" in text or " n'" in text or " N'" in text:
            text = detached.sub(r"\1", text)
        if contractions == "expand":
            text = negated.sub(expanded, text)
        return text if contractions == "keep" else inside.sub("", text)

    return clean


def _replacing(pattern: re.Pattern[str], replace: str) -> Clean:
    """Return a function that puts `replace`, between spaces, where the pattern matches."""
    by = f" {replace} " if replace else " "

    def clean(text: str) -> str:
        return pattern.sub(lambda _: by, text) if "\\" in by else pattern.sub(by, text)

    return clean


def _deleting(characters: Iterable[str], others: re.Pattern[str]) -> Clean:
    """Return a function that deletes ASCII `characters`; `others` finds them in texts that are not ASCII."""
    table = dict.fromkeys(map(ord, characters))

    def clean(text: str) -> str:
        # str.translate has a fast path for ASCII; beyond it a pattern is faster.
        return text.translate(table) if text.isascii() else others.sub("", text)

    return clean


def _translating(table: dict[int, str]) -> Clean:
    def clean(text: str) -> str:
        return text.translate(table)

    return clean

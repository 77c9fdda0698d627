"""What hands and machines do to a text: contractions, misspellings, shouting, lost spaces."""

from __future__ import annotations

import re

from triage_complaints.generate._grammar import Chooser
from triage_complaints.generate._misspellings import MISSPELLED

_CONTRACTIONS = (
    (r"\b([Dd]o|[Dd]oes|[Dd]id|[Ww]as|[Ww]ere|[Ii]s|[Aa]re|[Hh]as) not\b(?! to\b)", r"\1n't"),
    (r"\b([Hh]ave|[Hh]ad|[Cc]ould|[Ww]ould|[Ss]hould) not\b(?! to\b)", r"\1n't"),
    (r"\b([Ww])ill not\b", r"\1on't"),
    (r"\b([Cc])annot\b", r"\1an't"),
    (r"\bI am\b(?= [a-z])", "I'm"),
    (r"\bI have (?=been|called|asked|paid|tried|lost|had|told)", "I've "),
    (r"\bI would\b(?= [a-z])", "I'd"),
    (r"\bI will\b(?= [a-z])", "I'll"),
    (r"\b([Ii])t is\b(?= [a-z])", r"\1t's"),
    (r"\b([Tt])hat is\b(?= [a-z])", r"\1hat's"),
    (r"\b([Tt])hey are\b(?= [a-z])", r"\1hey're"),
    (r"\b([Tt])here is\b(?= [a-z])", r"\1here's"),
    (r"\b([Ww])e are\b(?= [a-z])", r"\1e're"),
)  # fmt: skip
_CONTRACT = tuple((re.compile(pattern), by) for pattern, by in _CONTRACTIONS)
_DETACH = (
    (re.compile(r"(\w)n't\b", re.IGNORECASE), r"\1 n't"),
    (re.compile(r"(\w)'(s|m|d|ll|re|ve)\b", re.IGNORECASE), r"\1 '\2"),
)
_WORD = re.compile(r"[A-Za-z]+")
_MASK = re.compile(r"X{2,}|\{\$[\d.,]+\}|\$[\d.,]+")
_LONG_ENOUGH = 4


def contract(text: str, share: float, choose: Chooser) -> str:
    """``text`` with about ``share`` of its "do not" written "don't", and the like."""
    for pattern, by in _CONTRACT:
        text = _some(pattern, by, text, share, choose)
    return text


def _some(pattern: re.Pattern[str], by: str, text: str, share: float, choose: Chooser) -> str:
    return pattern.sub(lambda found: found.expand(by) if choose.chance(share) else found[0], text)


def detach(text: str) -> str:
    """``text`` as a tokenizer left it: ``was n't``, ``bank 's``."""
    for pattern, by in _DETACH:
        text = pattern.sub(by, text)
    return text


def misspell(text: str, rate: float, choose: Chooser) -> str:
    """``text`` with about ``rate`` of its words misspelled; masks and amounts stay as they are."""

    def damage(found: re.Match[str]) -> str:
        word = found[0]
        if not choose.chance(rate) or set(word) == {"X"}:
            return word
        known = MISSPELLED.get(word.lower())
        if known and choose.chance(0.6):
            wrong = choose.pick(known)
            return wrong.capitalize() if word[0].isupper() and len(word) > 1 and not word.isupper() else wrong
        if len(word) < _LONG_ENOUGH:
            return word
        at = choose.whole(1, len(word) - 2)
        return choose.pick(
            (
                word[:at] + word[at + 1 :],  # a letter left out
                word[:at] + word[at] + word[at:],  # a letter struck twice
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],  # two letters swapped
            )
        )

    return _WORD.sub(damage, text)


def shout(text: str) -> str:
    """``text`` in capitals."""
    return text.upper()


def whisper(text: str) -> str:
    """``text`` without capitals; masks stay as they are."""
    out: list[str] = []
    at = 0
    for found in _MASK.finditer(text):
        out += (text[at : found.start()].lower(), found[0])
        at = found.end()
    return "".join(out) + text[at:].lower()


def run_on(text: str, choose: Chooser) -> str:
    """``text`` with some of its full stops and commas gone."""

    def join(found: re.Match[str]) -> str:
        by = choose.pick(("", "", " and", ",", "..", ".", " so"))
        first = found[1]
        if "." not in by and first != "I" and choose.chance(0.8):
            first = first[0].lower() + first[1:]
        return f"{by} {first}"

    text = re.sub(r",(?= )", lambda found: "" if choose.chance(0.7) else found[0], text)
    return re.sub(r"\. ([A-Z][a-z]*\b|I\b)", join, text)


def squeeze(text: str) -> str:
    """``text`` with every space removed, as some exports have it."""
    return re.sub(r"\s+", "", text)


def smart_quotes(text: str) -> str:
    """``text`` with the apostrophes of a telephone's keyboard."""
    return text.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}")

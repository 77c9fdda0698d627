"""Characters: HTML entities, Unicode normal forms, characters that show nothing."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable
from typing import Final, Literal, TypeAlias

__all__ = ["CONTROLS", "INVISIBLE", "Form", "entities", "normalizer"]

Clean = Callable[[str], str]
Form: TypeAlias = Literal["NFC", "NFD", "NFKC", "NFKD"]

# Characters that show nothing (Default_Ignorable_Code_Point of Unicode).
INVISIBLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
# Control characters that are no white space; a NUL between letters comes from a misread UTF-16 file.
CONTROLS: Final = "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
_VOICE_MARKS: Final = "\uff9e\uff9f"
_MOST_MARKS: Final = 30
_ROUNDS: Final = 4


def entities() -> Clean:
    """Return a function that turns HTML entities into characters, also those that were escaped twice."""
    ampersands = re.compile(r"&(?:amp;|#0{0,5}38;|#x0{0,5}26;)+", re.IGNORECASE)
    # Numbers are bounded: int() refuses thousands of digits.
    one = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,31});", re.IGNORECASE)

    def unescape(found: re.Match[str]) -> str:
        return html.unescape(found.group())

    def clean(text: str) -> str:
        for _ in range(_ROUNDS):
            if "&" not in text:
                break
            before = text
            text = one.sub(unescape, ampersands.sub("&", text))
            if text == before:
                break
        return text

    return clean


def normalizer(form: Form) -> Clean:
    """Return a function that brings a text into the Unicode normal `form`, in linear time.

    Of more than 30 combining marks in a row the first 30 stay: UAX #15 calls such a text stream-safe, and
    sorting longer runs takes a time that grows with the square of their length.
    """
    # Combining marks are neither letters nor spaces; the two half-width voice marks count as letters.
    crowd = re.compile(rf"(?:[^\w\s\x00-\x7f]|[{_VOICE_MARKS}]){{{_MOST_MARKS},}}")

    def clean(text: str) -> str:
        # Once more afterwards: a character may decompose into several marks.
        return crowd.sub(_thinned, unicodedata.normalize(form, crowd.sub(_thinned, text)))

    return clean


def _thinned(found: re.Match[str]) -> str:
    """Return the run with at most `_MOST_MARKS` combining marks after each other."""
    kept = []
    marks = 0
    for character in found.group():
        marks = marks + 1 if unicodedata.combining(character) or character in _VOICE_MARKS else 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)

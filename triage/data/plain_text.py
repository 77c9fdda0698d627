"""A text as a person reads it, for patterns that must never miss: one line, plain characters, nothing invisible."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from triage.data.characters import CONTROLS, INVISIBLE, Clean, entities, normalizer
from triage.data.lookalikes import Lookalikes

__all__ = ["plain_pattern", "readings"]

_INVISIBLE = re.compile(f"[{CONTROLS}{INVISIBLE}]+")
# What begins a quoted line of a mail, and what a text program puts in front of a comment or a list.
_QUOTED = re.compile(r"(?:^|(?<=[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]))[ \t\xa0]*(?:[>|»][ \t\xa0]?)+")
_HYPHENATED = re.compile(r"(?<=\w)(?:[-\u2010]|=)[ \t]*(?:\r\n|\n|\r)\s*(?=\w)|=\r?\n")
_INLINE_TAG = re.compile(
    r"</?(?:a|abbr|b|big|code|del|em|font|i|ins|mark|s|small|span|strong|sub|sup|tt|u|wbr)(?:\s[^<>]{0,2000})?/?>",
    re.IGNORECASE,
)
_TAG = re.compile(
    r"</?[a-z][a-z0-9:]{0,30}(?:\s[^<>]{0,2000})?/?>|<!--.{0,2000}?-->", re.IGNORECASE | re.DOTALL
)
_SPACE_OF_NO_WIDTH = re.compile("[\u200b\ufeff]")
_PUNCTUATION = str.maketrans(
    dict.fromkeys("\u2018\u2019\u201a\u201b\u02bc\u2032\u00b4\u0060", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033", '"')
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-")
)
_SPECIAL = frozenset(r"\.^$*+?{}[]|()#&-~")
_LITERAL_SPACES = re.compile(r"(?<!\\) {2,}")


def readings(text: str) -> list[str]:
    r"""Return `text` as it was written, and then the forms that it is read in, each once.

    In the plain form entities are characters, tags and quote marks at the beginning of a line (`> `) are
    gone, characters are in NFKC with plain quotation marks and dashes, look-alikes of Latin letters in Latin
    words are Latin, nothing is invisible, and every run of white space is one space. A second plain form
    joins words that a hyphen divides at the end of a line, and takes a zero-width space for a space; it is
    made only where there is one of these.

    Example:
        >>> readings("identity\n> theft")
        ['identity\n> theft', 'identity theft']
    """
    unescaped = _shared(entities)(text)
    forms = [text, _plain(unescaped)]
    if _HYPHENATED.search(unescaped) or _SPACE_OF_NO_WIDTH.search(unescaped):
        forms.append(_plain(_SPACE_OF_NO_WIDTH.sub(" ", _HYPHENATED.sub("", unescaped))))
    return list(dict.fromkeys(forms))


def _plain(text: str) -> str:
    text = _QUOTED.sub(" ", text)
    if "<" in text:
        text = _TAG.sub(" ", _INLINE_TAG.sub("", text))
    if not text.isascii():
        text = _shared(_nfkc)(_INVISIBLE.sub("", text)).translate(_PUNCTUATION)
        text = _shared(_latin)(text)
    else:
        text = _INVISIBLE.sub("", text).replace("`", "'")
    return " ".join(text.split())


def plain_pattern(pattern: str) -> str:
    """Return a regular expression in the form of the texts that `readings` makes.

    Literal characters are brought into NFKC; what would become special in a pattern is escaped. Several
    literal spaces in a row become one.

    Example:
        >>> plain_pattern("identity\\u3000theft")
        'identity theft'
    """
    composed = unicodedata.normalize("NFC", pattern)
    return _LITERAL_SPACES.sub(
        " ", "".join(character if character.isascii() else _literal(character) for character in composed)
    )


def _literal(character: str) -> str:
    if _INVISIBLE.match(character):
        return ""
    plain = unicodedata.normalize("NFKC", character).translate(_PUNCTUATION)
    return "".join(f"\\{each}" if each in _SPECIAL else each for each in plain)


def _nfkc() -> Clean:
    return normalizer("NFKC")


def _latin() -> Clean:
    return Lookalikes("keep", "keep")


@cache
def _shared(build: object) -> Clean:
    """Return the one function that `build` makes: compiling its patterns takes longer than most texts."""
    assert callable(build)
    made: Clean = build()
    return made

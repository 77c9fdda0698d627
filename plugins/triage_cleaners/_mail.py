"""What mail programs put around what a person wrote: markup, quoted mails, signatures. Each takes linear time.

A cleaner here returns the whole text where it would leave no word: a mail that is all quotation is still read.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Final

Clean = Callable[[str], str]

_BLOCKS: Final = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_SILENT: Final = frozenset(("head", "script", "style", "template", "title"))
_MARKUP = re.compile(r"<!--|<!doctype|</?[a-z][a-z0-9:]{0,20}(?:\s[^<>]{0,4000})?/?>", re.IGNORECASE)
_WORD = re.compile(r"\w")
_QUOTED = re.compile(r"[ \t\xa0]*[>|][^\n]*")
# "On Monday, 3 May 2024, A. B. <a@example.org> wrote:", in the languages that mail programs most often speak.
_WROTE = re.compile(
    r"[ \t]*(?:on|am|le|il|el|op|em|den|d.)\b[^\n]{3,200}?(?:wrote|schrieb|a \S{1,2}crit|ha scritto|escribi\S{1,2}|"
    r"schreef|escreveu|skrev)\b[^\n]{0,80}:[ \t]*",
    re.IGNORECASE,
)
_DIVIDER = re.compile(
    r"[ \t]*(?:-{2,}|_{2,}|={2,})[ \t]*(?:(?:original|forwarded|urspr\S{1,2}ngliche|weitergeleitete|message|messaggio|"
    r"mensaje|begin)\b[^\n]{0,60})(?:-{2,}|_{2,}|={2,})?[ \t]*",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"[ \t]*\*?(from|sent|to|cc|subject|date|von|gesendet|an|betreff|datum|de|envoy\S{1,2}|\S{1,2}|objet|da|inviato|"
    r"para|asunto|enviado|aan|onderwerp|verzonden)\*?[ \t]?:[^\n]*",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"[ \t]*(?:--[ \t\xa0]?|_{5,}|-{5,}|sent from my [^\n]{1,40}|von meinem [^\n]{1,40} gesendet|"
    r"get outlook for [^\n]{1,30}|envoy\S{1,2} de mon [^\n]{1,40})[ \t]*",
    re.IGNORECASE,
)


class _Text(HTMLParser):
    """Collects the text of a page, a line for each block."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if tag in _SILENT:
            self._silent += 1
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(data)


def html() -> Clean:
    """Return a function that takes tags, styles and scripts away; a text without markup stays as it is."""

    def clean(text: str) -> str:
        source = text
        if "<" not in text and "&lt;" in text:
            source = entities.unescape(text)  # escaped once too often
        if "<" not in source or not _MARKUP.search(source):
            return text
        page = _Text()
        page.feed(source)
        page.close()
        return _unless_empty("".join(page.pieces), text)

    return clean


def quotes() -> Clean:
    """Return a function that takes quoted mails away.

    Lines that begin with `>` go, and so does everything from a line such as `On ... wrote:`,
    `-----Original Message-----` or a block of `From:`, `Sent:`, `To:` on.
    """

    def clean(text: str) -> str:
        kept: list[str] = []
        lines = text.splitlines(keepends=True)
        skip = 0
        for number, line in enumerate(lines):
            bare = line.rstrip("\r\n")
            if skip:
                skip -= 1
                continue
            if _DIVIDER.fullmatch(bare) or _is_header(lines, number):
                break
            if taken := _introduces(lines, number):
                rest = [each for each in lines[number + taken :] if each.strip()]
                if not any(_QUOTED.fullmatch(each.rstrip("\r\n")) for each in rest[:3]):
                    break  # the quoted mail follows unmarked
                skip = taken - 1
                continue
            if not _QUOTED.fullmatch(bare):
                kept.append(line)
        return _unless_empty("".join(kept), text)

    return clean


def signature() -> Clean:
    """Return a function that takes the signature away: from a line `-- ` on."""

    def clean(text: str) -> str:
        lines = text.splitlines(keepends=True)
        for number, line in enumerate(lines):
            if number and _SIGNATURE.fullmatch(line.rstrip("\r\n")):
                return _unless_empty("".join(lines[:number]), text)
        return text

    return clean


def _introduces(lines: list[str], number: int) -> int:
    """Return on how many lines, one or two, a mail is introduced here (`On ... wrote:`); 0 for none."""
    bare = lines[number].rstrip("\r\n")
    if _WROTE.fullmatch(bare):
        return 1
    after = lines[number + 1].strip() if number + 1 < len(lines) else ""
    return 2 if after and _WROTE.fullmatch(f"{bare} {after}") else 0


def _is_header(lines: list[str], number: int) -> bool:
    """Return whether a block of at least two header lines of a mail begins on this line, below some text."""
    if not number:
        return False
    names = set()
    for line in lines[number : number + 4]:
        match = _HEADER.fullmatch(line.rstrip("\r\n"))
        if match is None:
            break
        names.add(match[1].casefold())
    return len(names) >= 2


def _unless_empty(cleaned: str, text: str) -> str:
    return cleaned if _WORD.search(cleaned) else text

"""What reaches a browser: the one function that makes any text safe for HTML, and elements built with it.

A page is made of `element`, which sends every text and every attribute through `safe_html`. `Markup` says
that a string is HTML already: no text of a user may be marked so before it went through `safe_html`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import TypeAlias

from triage.io.terminal import safe_text

__all__ = ["Child", "Markup", "element", "join", "safe_html"]

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9]*(-[a-zA-Z0-9]+)*")
_BREAK = re.compile(r"\r\n|[\n\r]")
_VOID = frozenset({"br", "col", "hr", "link", "meta", "wbr"})
_FORBIDDEN = frozenset({"base", "embed", "form", "frame", "iframe", "object", "script", "template"})
_FETCHING = frozenset({"action", "background", "data", "formaction", "poster", "src", "srcset", "srcdoc"})


Child: TypeAlias = str | Iterable["Child"] | None
"""A text, which is made safe; markup, which is taken as it is; None, which is left out; several of these."""


class Markup(str):
    """A string that is HTML already and is not escaped again."""

    __slots__ = ()


def safe_html(text: str, *, most: int | None = None, lines: bool = False) -> Markup:
    r"""Return `text` as HTML that can only be read: it opens no element, ends none, and moves nothing.

    It holds for the content of an element and for an attribute's value in double quotes; never put a text
    into a script, a style or a comment. Controls become pictures (ESC is `␛`), lone surrogates and C1
    controls become `�`, what is invisible is dropped (direction marks and zero-width characters), of many
    marks on one letter four stay; see `triage.io.terminal.safe_text`. Letters of every script stay, so let
    `<bdi>` or `dir="auto"` stand around a text that may run from right to left.

    Args:
        text: anything, of any length.
        most: the most columns that it may take, or characters with `lines`; what is longer ends in `…`.
        lines: whether line breaks stay; else they become spaces.
    """
    if not lines:
        return Markup(html.escape(safe_text(text, width=most)))
    head = text if most is None or len(text) <= most else text[:most] + "…"
    return Markup("\n".join(html.escape(safe_text(row)) for row in _BREAK.split(head)))


def element(name: str, *children: Child, **attributes: str | float | bool | None) -> Markup:
    """Return an HTML element; whatever is not `Markup` is made safe first.

    Args:
        name: of the element; none that runs or fetches anything.
        children: texts, markup, or iterables of them; None is left out.
        attributes: by name: a final `_` is dropped (`class_`), another becomes `-` (`aria_label`). None and
            False leave the attribute out, True gives it without a value.

    Raises:
        ValueError: an element that runs, an event handler, or an address that is not a `#fragment`.
    """
    if not _NAME.fullmatch(name) or name.lower() in _FORBIDDEN:
        raise ValueError(f"no element {name!r} in a page that only shows")
    opening = [name]
    for key, value in attributes.items():
        attribute = key.rstrip("_").replace("_", "-")
        if value is None or value is False:
            continue
        if not _NAME.fullmatch(attribute) or attribute.lower().startswith("on"):
            raise ValueError(f"no attribute {attribute!r} in a page that only shows")
        text = str(value)
        if attribute.lower() in _FETCHING or (attribute.lower() == "href" and text[:1] != "#"):
            raise ValueError(f"{attribute} leads out of the page")
        opening.append(attribute if value is True else f'{attribute}="{safe_html(text)}"')
    if name in _VOID:
        return Markup(f"<{' '.join(opening)}>")
    return Markup(f"<{' '.join(opening)}>{join(children)}</{name}>")


def join(children: Iterable[Child]) -> Markup:
    """Return the children one after the other, each made safe where it is not markup."""
    parts = (
        child if isinstance(child, Markup) else safe_html(child) if isinstance(child, str) else join(child)
        for child in children
        if child is not None
    )
    return Markup("".join(parts))

"""The cleaners of single characters: entities, Unicode normal forms, lower case."""

from __future__ import annotations

import re
from collections.abc import Callable

from triage.plugin_api import CONTROLS, INVISIBLE, Form, entities, normalizer

__all__ = ["entities", "lower", "unicode"]

Clean = Callable[[str], str]


def unicode(form: Form) -> Clean:
    """Return a function that brings a text into the Unicode normal `form` and drops what cannot be seen."""
    deleted = dict.fromkeys(code for code in range(128) if re.fullmatch(f"[{CONTROLS}]", chr(code)))
    unseen = re.compile(f"[{CONTROLS}{INVISIBLE}]+")
    surrogates = re.compile("[\ud800-\udfff]+")
    wide_spaces = re.compile(r"[^\S\x00-\x7f]+")
    normalized = normalizer(form)

    def clean(text: str) -> str:
        if text.isascii():
            return text.translate(deleted)
        text = surrogates.sub("\N{REPLACEMENT CHARACTER}", unseen.sub("", text))
        return wide_spaces.sub(" ", normalized(text))

    return clean


def lower() -> Clean:
    """Return a function that lower-cases; `lower`, not `casefold`, as stop word lists are written so."""
    normalized = normalizer("NFC")

    def clean(text: str) -> str:
        if text.isascii():
            return text.lower()
        # The Turkish capital is the one letter that would become two: i and a dot above it.
        return normalized(text.replace("\u0130", "i").lower())

    return clean

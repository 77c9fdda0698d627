"""Clean texts: characters, masks, amounts, links, symbols, digits, stop words, stems; and the presets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import triage
from triage.protocols import Clean
from triage_cleaners import _characters, _patterns, _stopwords

_Replace = Annotated[str, "What stands in its place, as a word of its own"]


def lower() -> Clean:
    """Lower-case every letter."""
    return _characters.lower()


def entities() -> Clean:
    """Turn `&amp;` and `&amp;lt;` into characters."""
    return _characters.entities()


def unicode(
    *, form: Annotated[Literal["NFKC", "NFC"], "NFKC also folds full-width letters and ligatures"] = "NFKC"
) -> Clean:
    """Bring characters into one form; drop those that cannot be seen."""
    return _characters.unicode(form)


def masks(*, replace: _Replace = "") -> Clean:
    """Replace `XXXX` and `XX/XX/2021`."""
    return _patterns.masks(replace)


def amounts(*, replace: _Replace = "") -> Clean:
    """Replace `{$120.00}` and `$1,200`."""
    return _patterns.amounts(replace)


def urls(*, replace: _Replace = "") -> Clean:
    """Replace links."""
    return _patterns.urls(replace)


def mentions(*, replace: _Replace = "") -> Clean:
    """Replace `@name`."""
    return _patterns.mentions(replace)


def apostrophes(
    *,
    contractions: Annotated[
        Literal["keep", "join", "expand"], "wasn't as wasn't, wasnt, or was not"
    ] = "keep",
) -> Clean:
    """Join detached apostrophes."""
    return _patterns.apostrophes(contractions)


def symbols(*, characters: Annotated[str, "What becomes a space"] = "/(){}[]|@,;") -> Clean:
    """Put a space in the place of symbols that stand between words."""
    return _patterns.symbols(characters)


def bad_symbols(*, keep: Annotated[str, "What stays beside a to z, digits and spaces"] = "#+_") -> Clean:
    """Delete everything but small Latin letters and digits; for texts in English."""
    return _patterns.bad_symbols(keep)


def punctuation(*, keep: Annotated[str, "What stays beside letters and digits"] = "#+_") -> Clean:
    """Put a space in the place of punctuation; letters of every script stay."""
    return _patterns.punctuation(keep)


def digits(*, replace: _Replace = "") -> Clean:
    """Delete digits."""
    return _patterns.digits(replace)


def stop_words(
    *,
    language: Annotated[str, "english, a language of NLTK's lists, or none"] = "english",
    negations: Annotated[Literal["keep", "drop"], "What to do with no, not, don't"] = "keep",
    keep: Annotated[tuple[str, ...], "Words of the list that stay"] = (),
    words: Annotated[tuple[str, ...], "More words to drop"] = (),
    folder: Annotated[str, "An NLTK data folder, to be searched instead of the usual ones"] = "",
) -> Clean:
    """Drop the words that say little by themselves."""
    listed = _stopwords.words_of(language, folder)
    if negations == "keep":
        listed = [word for word in listed if not _stopwords.is_negation(word, language)]
    return _stopwords.StopWords({*listed, *words}.difference(keep))


@triage.hookimpl
def triage_cleaners() -> Iterator[triage.Cleaner]:
    """Yield the steps and the presets."""
    step, preset = triage.Cleaner, triage.Cleaner.preset
    yield step(name="lower", summary="Lower-case letters", build=lower)
    yield step(name="entities", summary="HTML entities become characters", build=entities)
    yield step(name="unicode", summary="One form for each character, nothing invisible", build=unicode)
    yield step(name="masks", summary="Takes out XXXX and XX/XX/2021, never an x in a word", build=masks)
    yield step(name="amounts", summary="Takes out {$120.00} and $1,200", build=amounts)
    yield step(name="urls", summary="Takes out links", build=urls)
    yield step(name="mentions", summary="Takes out @name", build=mentions)
    yield step(name="apostrophes", summary="Joins was n't; plain apostrophes", build=apostrophes)
    yield step(name="symbols", summary="Brackets, slashes, commas become spaces", build=symbols)
    yield step(name="bad-symbols", summary="Keeps a to z, digits, # + _ only", build=bad_symbols)
    yield step(name="punctuation", summary="Keeps letters and digits of every script", build=punctuation)
    yield step(name="digits", summary="Takes out digits", build=digits)
    yield step(name="stop-words", summary="Drops words that say little", build=stop_words)
    yield preset(
        "complaints",
        "English complaints: letters only, no masks, no stop words",
        ("entities", "unicode", "lower", "symbols", "bad-symbols", "digits", "masks",
         ("stop-words", {"negations": "drop"})),
    )  # fmt: skip
    yield preset(
        "reviews",
        "English reviews and tweets: negations stay, links and names go",
        ("entities", "unicode", "lower", "urls", "mentions", ("apostrophes", {"contractions": "join"}),
         "symbols", "bad-symbols", "digits", "masks", "stop-words"),
    )  # fmt: skip
    yield preset(
        "general",
        "Any language: one form for each character, no links, no punctuation",
        ("entities", "unicode", "lower", "urls", "masks", "apostrophes", "punctuation"),
    )
    yield preset("plain", "The text as it is, without what cannot be seen", ("unicode",))

"""Clean texts: characters, masks, amounts, links, symbols, digits, stop words, stems; and the presets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Literal

import triage
from triage.plugin_api import Clean, lookalikes
from triage_cleaners import _characters, _mail, _patterns, _stopwords

# Each preset gives the same when it is applied again. So look-alikes are folded before anything is taken
# out between letters, and masks come last: digits and symbols that go may leave `xx` behind.
_COMPLAINTS: Final = (
    "entities",
    "unicode",
    ("confusables", {"accents": "strip", "alone": "fold"}),
    "lower",
    "symbols",
    "bad-symbols",
    "digits",
    "masks",
    "stop-words",
)
_GENERAL: Final = (
    "entities",
    "unicode",
    ("apostrophes", {"contractions": "join"}),
    "confusables",
    "lower",
    "urls",
    "punctuation",
    "masks",
)
_REVIEWS: Final = (
    "entities",
    "unicode",
    ("apostrophes", {"contractions": "join"}),
    "confusables",
    "lower",
    "urls",
    "mentions",
    "smileys",
    ("punctuation", {"alone": "!?", "emoji": "keep"}),
    "masks",
)

_WRITTEN: Final = ("entities", "unicode", "confusables")

_MAIL: Final = ("html", "quotes", "signature", *_GENERAL)

_Replace = Annotated[str, "What stands in its place, as a word of its own"]


def confusables(
    *,
    accents: Annotated[Literal["keep", "strip"], "strip makes cafe of café"] = "keep",
    alone: Annotated[
        Literal["keep", "fold"], "Words all of look-alikes, in a text that is mostly Latin"
    ] = "keep",
) -> Clean:
    """Fold Cyrillic, Greek and Armenian look-alikes in Latin words; drop marks that disguise."""
    return lookalikes.Lookalikes(accents, alone)


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


def bad_symbols(*, allow: Annotated[str, "What stays beside a to z, digits and spaces"] = "#+_") -> Clean:
    """Delete everything but small Latin letters and digits; for texts in English."""
    return _patterns.bad_symbols(allow)


def smileys() -> Clean:
    """Put a word in the place of a smiley."""
    return _patterns.smileys()


def punctuation(
    *,
    allow: Annotated[str, "What stays beside letters and digits"] = "#+_",
    alone: Annotated[str, "What stays as a word of its own, such as !?"] = "",
    emoji: Annotated[Literal["keep", "drop"], "Whether emoji stay, as words of their own"] = "drop",
) -> Clean:
    """Put a space in the place of punctuation; letters of every script stay."""
    return _patterns.punctuation(allow, alone, emoji)


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
        keep = (*keep, *_stopwords.negations(language).difference(words))
    return _stopwords.StopWords({*listed, *words}.difference(keep))


def stem(*, language: Annotated[str, "A language of the Snowball stemmers"] = "english") -> Clean:
    """Put the stem in the place of each word."""
    from triage_cleaners import _nltk

    return _nltk.stem(language)


def tweets(*, handles: Annotated[Literal["keep", "drop"], "What to do with @name"] = "keep") -> Clean:
    """Cut a tweet into tokens, smileys and hashtags whole."""
    from triage_cleaners import _nltk

    return _nltk.tweets(handles)


def regex(
    *,
    pattern: Annotated[str, "A regular expression of the regex package, such as (?i)ref\\. \\w+"],
    replace: Annotated[str, "What stands in its place; \\1 is the first group"] = " ",
    seconds: Annotated[float, "The most time that one document may take", triage.Between(0.001, 10)] = 1.0,
) -> Clean:
    """Replace what a pattern of your own matches, under a time budget."""
    from triage_cleaners import _budget

    return _budget.substitution(pattern, replace, seconds)


def secrets(
    *,
    kinds: Annotated[
        tuple[Literal["email", "iban", "card", "ssn", "phone", "account"], ...], "What to mask"
    ] = ("email", "iban", "card", "ssn", "phone", "account"),
) -> Clean:
    """Mask e-mail addresses, card and account numbers, phone and social security numbers."""
    from triage_cleaners import _secrets

    return _secrets.secrets(kinds)


_SETTINGS = {"language": "stopwords", "keep": "keep"}


def html() -> Clean:
    """Take HTML tags, styles and scripts away."""
    return _mail.html()


def quotes() -> Clean:
    """Take quoted mails away."""
    return _mail.quotes()


def signature() -> Clean:
    """Take the signature of a mail away."""
    return _mail.signature()


@triage.hookimpl
def triage_cleaners() -> Iterator[triage.Cleaner]:
    """Yield the steps and the presets."""
    step, preset = triage.Cleaner, triage.Cleaner.preset
    yield step(name="entities", summary="HTML entities become characters", build=entities)
    yield step(name="unicode", summary="One form for each character, nothing invisible", build=unicode)
    yield step(name="confusables", summary="Look-alikes of Latin letters become Latin", build=confusables)
    yield step(name="lower", summary="Lower-case letters", build=lower)
    yield step(name="masks", summary="Takes out XXXX and XX/XX/2021, never an x in a word", build=masks)
    yield step(name="amounts", summary="Takes out {$120.00} and $1,200", build=amounts)
    yield step(name="urls", summary="Takes out links", build=urls)
    yield step(name="mentions", summary="Takes out @name", build=mentions)
    yield step(name="secrets", summary="Masks addresses, card, account and phone numbers", build=secrets)
    yield step(name="apostrophes", summary="Joins was n't; plain apostrophes", build=apostrophes)
    yield step(name="smileys", summary="Smileys become words", build=smileys)
    yield step(name="symbols", summary="Brackets, slashes, commas become spaces", build=symbols)
    yield step(name="bad-symbols", summary="Keeps a to z, digits, # + _ only", build=bad_symbols)
    yield step(name="punctuation", summary="Keeps letters and digits of every script", build=punctuation)
    yield step(name="digits", summary="Takes out digits", build=digits)
    yield step(name="stop-words", summary="Drops words that say little", build=stop_words, settings=_SETTINGS)
    yield step(name="stem", summary="Snowball stems, by NLTK", build=stem, requires=("nltk",))
    yield step(name="tweets", summary="Tokens of a tweet, by NLTK", build=tweets, requires=("nltk",))
    yield step(name="regex", summary="A pattern of your own, under a time budget", build=regex)
    yield step(name="html", summary="Takes out HTML tags, styles and scripts", build=html)
    yield step(name="quotes", summary="Takes out quoted mails", build=quotes)
    yield step(name="signature", summary="Takes out what follows a line of --", build=signature)
    yield preset("complaints", "English complaints: letters only, no masks, no stop words", _COMPLAINTS)
    yield preset("reviews", "Reviews and tweets: negations, smileys and ! stay", _REVIEWS)
    yield preset(
        "general", "Any language: one form for each character, no punctuation", _GENERAL, roles=("default",)
    )
    yield preset("written", "The text as written, its characters in one form: nothing is taken out", _WRITTEN)
    yield preset("mail", "Mails: no markup, quoted mails or signatures, then as general", _MAIL)
    yield preset("plain", "The text as it is, without what cannot be seen", ("unicode",))

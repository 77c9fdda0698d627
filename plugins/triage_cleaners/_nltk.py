"""Steps that NLTK does: stems and tweets."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final

from triage import BadOption
from triage.plugin_api import did_you_mean

# No word is longer; some rules take time that grows with the square of the length.
_LONGEST: Final = 100
_REMEMBERED: Final = 100_000


def stem(language: str) -> Callable[[str], str]:
    """Return a function that puts the Snowball stem (Porter 2001) in the place of each word.

    Raises:
        BadOption: there is no stemmer for `language`.
    """
    from nltk.stem.snowball import SnowballStemmer

    if language not in SnowballStemmer.languages:
        raise BadOption(
            f"stem: there is no stemmer for {language!r}.{did_you_mean(language, SnowballStemmer.languages)}"
        )
    # Texts repeat their words: remembered stems are twenty times as fast.
    stem_of = lru_cache(_REMEMBERED)(SnowballStemmer(language).stem)

    def clean(text: str) -> str:
        return " ".join([stem_of(word) if len(word) <= _LONGEST else word for word in text.split()])

    return clean


def tweets(handles: str) -> Callable[[str], str]:
    """Return a function that cuts a tweet into tokens, smileys and hashtags whole, with spaces between."""
    from nltk.tokenize.casual import TweetTokenizer

    tokenizer = TweetTokenizer(preserve_case=True, reduce_len=True, strip_handles=handles == "drop")

    def clean(text: str) -> str:
        return " ".join(tokenizer.tokenize(text))

    return clean

"""Stop words: which words a language has, and the step that drops them."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from triage import BadOption, DataError, Unavailable
from triage.errors import near
from triage_cleaners._english import ENGLISH

NONE: Final = "none"
_MOST_BYTES: Final = 1_000_000
_LANGUAGE = re.compile(r"[a-z][a-z0-9_-]*")

# "don", "ain" and the like are what tokenizers leave of "don't" and "ain't".
_NEGATIONS: Final = {
    "english": "no nor not never none nobody nothing neither nowhere without cannot ain don t n't nt",
    "german": "nicht nichts kein keine keinem keinen keiner keines nie niemals ohne weder",
    "french": "ne n pas ni non sans jamais aucun aucune",
    "spanish": "no ni sin nada nunca nadie tampoco ninguno ninguna",
    "italian": "non né ne senza mai nessuno nessuna",
    "portuguese": "não nem sem nunca nada ninguém nenhum nenhuma",
    "dutch": "niet niets geen nooit zonder noch",
    "russian": "не ни нет без никогда ничего нельзя",
    "swedish": "inte ingen inga inget utan aldrig ej",
    "danish": "ikke ingen intet uden aldrig ej",
    "norwegian": "ikke ikkje ingen inga inkje intet uten utan aldri ei",
    "finnish": "ei en et emme ette eivät älä ilman",
}


class StopWords:
    """Drops the words of a set; words are what stands between spaces.

    Attributes:
        resolved: options that rebuild this step without a file.
    """

    def __init__(self, words: Iterable[str]) -> None:
        """Take the `words` to be dropped."""
        self.words = frozenset(words)
        self.resolved: dict[str, Any] = {"language": NONE, "words": sorted(self.words)}

    def __call__(self, text: str) -> str:
        """Return `text` without the words, with single spaces."""
        words = self.words
        return " ".join([word for word in text.split() if word not in words])


def is_negation(word: str, language: str) -> bool:
    """Whether `word` turns a sentence round: what a judgement of feelings must not lose."""
    if language in ("english", NONE) and (word.endswith("n't") or f"{word}'t" in _contractions()):
        return True
    return word in _NEGATIONS.get(language, _NEGATIONS["english"] if language == NONE else "").split()


def _contractions() -> frozenset[str]:
    return frozenset(ENGLISH.split())


def words_of(language: str, folder: str) -> list[str]:
    """Return the stop words of `language`: ours for English, else from an NLTK data folder.

    Args:
        language: a name such as "german"; "none" has no words.
        folder: an NLTK data folder, or "" to search where NLTK would.

    Raises:
        BadOption: `language` is not a name.
        Unavailable: there is no such list; the message says where to put it.
        DataError: the file is not a list of words in UTF-8.
    """
    if language == NONE:
        return []
    if language == "english" and not folder:
        return ENGLISH.split()
    if not _LANGUAGE.fullmatch(language):
        raise BadOption(f"stop-words: language is a name such as english or german, not {language!r}")
    roots = [Path(folder).expanduser()] if folder else _search_path()
    for root in roots:
        path = root / "corpora" / "stopwords" / language
        if path.is_file():
            return _read(path)
    raise Unavailable(_missing(language, roots))


def _read(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise DataError(f"{path} is no list of stop words: it is larger than {_MOST_BYTES:,} bytes")
        lines = unicodedata.normalize("NFKC", content.decode("utf-8-sig")).split("\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 at byte {error.start}") from None
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}") from None
    return [word for line in lines if (word := line.strip())]


def _search_path() -> list[Path]:
    """Return the folders in which NLTK looks for its data, in its order, without importing it."""
    named = [folder for folder in os.environ.get("NLTK_DATA", "").split(os.pathsep) if folder]
    home = Path("~").expanduser()
    if sys.platform == "win32":
        common = [Path(os.environ.get("APPDATA", "C:\\")) / "nltk_data", Path("C:/nltk_data")]
    else:
        common = [Path(f"{top}/nltk_data") for top in ("/usr/share", "/usr/local/share", "/usr/lib")]
    prefix = Path(sys.prefix)
    inside = [prefix / "nltk_data", prefix / "share" / "nltk_data", prefix / "lib" / "nltk_data"]
    return [*map(Path, named), home / "nltk_data", *inside, *common]


def _missing(language: str, roots: list[Path]) -> str:
    found = sorted(
        {
            path.name
            for root in roots
            if (lists := root / "corpora" / "stopwords").is_dir()
            for path in lists.iterdir()
            if path.name != "README" and path.is_file()
        }
    )
    place = roots[0] / "corpora" / "stopwords" / language
    return (
        f"there are no stop words for {language!r} here; nothing is downloaded. "
        f"Put NLTK's list, one word a line, at {place}, or name an NLTK data folder with "
        f"NLTK_DATA or the option folder.{near(language, found) if found else ''}"
    )

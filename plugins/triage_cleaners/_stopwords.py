"""Stop words: which words a language has, and the step that drops them."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Iterable
from itertools import filterfalse
from pathlib import Path
from typing import Any, Final

from triage import BadOption, DataError, NoInput, Unavailable
from triage.plugin_api import did_you_mean, quote_path, read_whole
from triage_cleaners._english import ENGLISH

NONE: Final = "none"
_PLACE: Final = Path("corpora/stopwords")
_MOST_BYTES: Final = 1_000_000

# What turns a sentence round, in NLTK's languages. Tokenizers leave "ain" of "ain't".
_NEGATIONS: Final = {
    "arabic": "لا لم لن ليس ليست ليسا ليسوا ما غير بلا",
    "azerbaijani": "yox deyil heç",
    "basque": "ez",
    "bengali": "না নয় নেই নাই",
    "catalan": "no ni sense mai res cap",
    "chinese": "不 没 没有 不是 不会 不能 别 无",
    "danish": "ikke ingen intet uden aldrig ej",
    "dutch": "niet niets geen nooit zonder noch",
    "english": "no nor not never none nobody nothing neither nowhere without cannot ain don t n't nt",
    "finnish": "ei en et emme ette eivät älä ilman",
    "french": "ne n pas ni non sans jamais aucun aucune",
    "german": "nicht nichts kein keine keinem keinen keiner keines nie niemals ohne weder",
    "greek": "δεν δε μη μην ουτε χωρις οχι",
    "hebrew": "לא אין בלי אל",
    "hinglish": "na nahi nahin nai mat no not nor never",
    "hungarian": "nem ne sem se nincs nélkül soha",
    "indonesian": "tidak tak bukan jangan belum tanpa",
    "italian": "non né ne senza mai nessuno nessuna",
    "kazakh": "жоқ емес",
    "nepali": "न नहीं छैन होइन हुँदैन",
    "norwegian": "ikke ikkje ingen inga inkje intet uten utan aldri ei",
    "portuguese": "não nem sem nunca nada ninguém nenhum nenhuma",
    "romanian": "nu nici fără niciun nicio niciodată",
    "russian": "не ни нет без никогда ничего нельзя",
    "slovene": "ne ni niso nisem nič nikoli brez",
    "spanish": "no ni sin nada nunca nadie tampoco ninguno ninguna",
    "swedish": "inte ingen inga inget utan aldrig ej",
    "tajik": "не на нест",
    "turkish": "değil yok hiç ne",
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
        return " ".join(filterfalse(self.words.__contains__, text.split()))


def negations(language: str) -> frozenset[str]:
    """Return the words of `language` that turn a sentence round; none where they are not known."""
    known = set(_NEGATIONS.get(language, "").split())
    if language == "english":
        short = {word for word in ENGLISH.split() if word.endswith("n't")}
        known |= short | {word.removesuffix("'t") for word in short}
    return frozenset(unicodedata.normalize("NFKC", word) for word in known)


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
    if not re.fullmatch("[a-z][a-z0-9_-]*", language):
        raise BadOption(f"stop-words: language is a name such as english or german, not {language!r}")
    roots = [Path(folder)] if folder else _search_path()
    for root in roots:
        path = root / _PLACE / language
        if _is_file(path):
            return _read(path)
    raise Unavailable(_missing(language, roots))


def _read(path: Path) -> list[str]:
    try:
        content = read_whole(path, most=_MOST_BYTES)
        lines = unicodedata.normalize("NFKC", content.decode("utf-8-sig")).split("\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{quote_path(path)} is not UTF-8 at byte {error.start}") from None
    except NoInput as error:
        raise Unavailable(str(error)) from None
    return [word for line in lines if (word := line.strip())]


def _search_path() -> list[Path]:
    """Return the folders in which NLTK looks for its data, in its order, without importing it."""
    named = [folder for folder in os.environ.get("NLTK_DATA", "").split(os.pathsep) if folder]
    try:
        home = [Path.home() / "nltk_data"]
    except RuntimeError:  # a user without a home
        home = []
    if sys.platform == "win32":
        common = [Path(os.environ.get("APPDATA", "C:\\")) / "nltk_data", Path("C:/nltk_data")]
    else:
        common = [Path(f"{top}/nltk_data") for top in ("/usr/share", "/usr/local/share", "/usr/lib")]
    prefix = Path(sys.prefix)
    inside = [prefix / "nltk_data", prefix / "share" / "nltk_data", prefix / "lib" / "nltk_data"]
    return [*map(Path, named), *home, *inside, *common]


def _missing(language: str, roots: list[Path]) -> str:
    found = {path.name for root in roots for path in _files(root / _PLACE)} - {"README"}
    return (
        f"there are no stop words for {language!r} here, and nothing is downloaded. Put NLTK's list, one "
        f"word a line, at {roots[0] / _PLACE / language}, or name the folder that holds {_PLACE} "
        f"with NLTK_DATA or the option folder.{did_you_mean(language, found)}"
    )


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # no permission to look
        return False


def _files(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_file()]
    except OSError:
        return []

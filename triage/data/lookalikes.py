"""Look-alikes: letters of other scripts that stand for Latin ones, and marks that disguise a word.

The pairs are those of Unicode's confusables (UTS #39) that people use to get past filters, no more: a
letter that is merely similar would damage words of other languages.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, Literal

from triage.data.characters import normalizer

_PAIRS: Final = (
    # Cyrillic, capital and small
    ("АаВвЕеЅѕІіЈјКкМмНнОоРрСсТтУуХхГгЬьѴѵӀӏԀԁҺһԚԛԜԝҮү", "AaBbEeSsIiJjKkMmHhOoPpCcTtYyXxRrBbVvLlDdHhQqWwYy"),
    # Greek; small eta looks like n, capital Eta like H
    ("ΑαΒβΕεΖζΗηΙιΚκΜΝνΟοΡρΤτΥυΧχͿϳ", "AaBbEeZzHnIiKkMNvOoPpTtYuXxJj"),
    # Armenian, capital and small
    ("ՕօՍսՈոՀհՑցՅյԶզ", "OoUuNnHhGgJjQq"),
)
# Small capitals and phonetic letters, which no language writes its words in.
_DRESSED: Final = ("ƦʀⱭɑꞬɡꞮɪʏʟɴʙʜɢᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢꜱꜰ", "RrAaGgIiylnbhgacdejkmoptuvwzsf")
# Letters of living languages that have no decomposition.
_STROKES: Final = ("ØøŁłĐđĦħŦŧƁɓƊɗıɩɛɔ", "OoLlDdHhTtBbDdiieo")
_LIGATURES: Final = {"Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "ß": "ss", "Þ": "Th", "þ": "th"}


class Lookalikes:
    """Folds look-alikes in words that are otherwise Latin, and drops marks that compose with no letter.

    Args:
        accents: "strip" takes the accents off Latin letters too.
        alone: "fold" also folds words all of look-alikes, in a text that is mostly Latin.
    """

    def __init__(self, accents: Literal["keep", "strip"], alone: Literal["keep", "fold"]) -> None:
        self._accents = accents
        self._alone = alone
        self._kinds = _Kinds()
        self._composed, self._apart = normalizer("NFC"), normalizer("NFD")
        self._words = re.compile("[lkom]+")
        self._dressed = str.maketrans(*_DRESSED)
        self._look = {code: latin for pair in _PAIRS for code, latin in str.maketrans(*pair).items()}
        self._bare = str.maketrans(*_STROKES) | str.maketrans(_LIGATURES)

    def __call__(self, text: str) -> str:
        """Return `text` with its disguised words in plain letters."""
        if text.isascii():
            return text
        kinds = text.translate(self._kinds)
        # Look-alikes count for neither side: what else there is tells the script of the text.
        alone = self._alone == "fold" and kinds.count("l") > kinds.count("o")
        pieces = []
        end = 0
        for found in self._words.finditer(kinds):
            start, stop = found.span()
            word = text[start:stop]
            if word.isascii() or "o" in (kind := found.group()):
                continue
            if "l" in kind or (alone and "k" in kind):
                pieces += [text[end:start], self._plain(word, disguised="k" in kind)]
                end = stop
        pieces.append(text[end:])
        return "".join(pieces)

    def _plain(self, word: str, *, disguised: bool) -> str:
        letters = word.translate(self._dressed)
        if self._accents == "strip" or disguised:
            letters = self._apart(letters).translate(self._look)
            if self._accents == "strip":
                letters = letters.translate(self._bare)
        else:
            letters = self._composed(letters)
        return "".join([letter for letter in letters if not _is_mark(letter)])


class _Kinds(dict[int, str]):
    """The kind of each character, by its base letter; filled as characters are met.

    l is a Latin letter, k a look-alike of one, o another letter, m a mark, a space anything else.
    """

    def __init__(self) -> None:
        super().__init__()
        self._look = frozenset("".join(pair[0] for pair in _PAIRS))

    def __missing__(self, code: int) -> str:
        character = chr(code)
        base = unicodedata.normalize("NFD", character)[0]
        if _is_mark(character):
            kind = "m"
        elif not character.isalpha():
            kind = " "
        elif base in self._look:
            kind = "k"
        else:
            # By the small letter: one capital Latin letter is named a Roman numeral.
            small = base.lower()
            kind = "l" if small.isascii() or unicodedata.name(small[0], "").startswith("LATIN ") else "o"
        self[code] = kind
        return kind


def _is_mark(character: str) -> bool:
    return unicodedata.category(character)[0] == "M"

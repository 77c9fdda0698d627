"""Small corpora that can be learned, and texts that nobody wishes to meet; all of it made up."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from triage.data.vocabulary import Vectorizer, tokens
from triage.records import Part

__all__ = [
    "CANARY",
    "HOSTILE",
    "UNSEEN_SCRIPT",
    "complaints",
    "fresh_texts",
    "part",
    "texts_of",
    "vectorizer",
]

CANARY = "zqvx"
"""What begins the one word of every training text that stands in no other: it must never be told."""

HOSTILE = (
    "\u202etxet\u202c \u200b\u200d\ufeff \u2066card\u2069",
    "\x00\x01\x1b[31m\x07\x7f\x80\x9b",
    "lone \ud800 half \udfff",
    "z\u0351\u0352\u0353" * 200,
    "line\nline\r\nline\u2028line\u2029line\x85line\x0b\x0c\x1c\x1d\x1e",
    "\ufb01ne \uff43\uff41\uff52\uff44 \u0130\u0131 \u1e9e\u00df \U0001d4d2",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308 \U0010ffff\ufffe",
    "%s {0} ${x} [/b] :bomb: <script>alert(1)</script> '; DROP TABLE",
    "\t \n \u00a0\u3000 ",
    "[UNK]  [PAD]",
)
"""Control characters, lone surrogates, overrides, piled-up marks, separators, markup."""

UNSEEN_SCRIPT = (
    "\u043c\u043e\u0439 \u0431\u0430\u043d\u043a",
    "\u4fe1\u7528\u5361\u88ab\u91cd\u590d\u6536\u8d39",
    "\u0628\u0637\u0627\u0642\u062a\u064a",
    "\u0915\u093e\u0930\u094d\u0921 \u0e1a\u0e31\u0e15\u0e23",
)

_COMMON = (
    "please",
    "help",
    "with",
    "this",
    "problem",
    "that",
    "was",
    "never",
    "solved",
    "by",
    "anyone",
    "my",
)
_OWN = {
    "card": ("card", "charge", "terminal", "swipe"),
    "escrow": ("escrow", "mortgage", "deed", "house"),
    "loan": ("loan", "tuition", "graduate", "repayment"),
    "transfer": ("transfer", "wire", "abroad", "recipient"),
}
_COUNTS = (18, 12, 8, 8)  # not equal, so that there is one commonest class


def _letters(number: int) -> str:
    return "".join("abcdefghij"[int(digit)] for digit in str(number))


def _words_of(k: int) -> dict[str, tuple[str, ...]]:
    """The words of k classes; their names stand in alphabetical order."""
    if k <= len(_OWN):
        return dict(list(_OWN.items())[:k])
    return {f"class {i:02}": tuple(f"w{letter}{_letters(i)}x" for letter in "pqrs") for i in range(k)}


def complaints(k: int = 4, *, each: int = 0, seed: int = 0, single: str = "") -> list[tuple[str, str]]:
    """Return (text, label) pairs that a simple model can learn; every text holds one word of its own.

    Args:
        k: the number of classes.
        each: documents of each class; 0 for 18, 12, 8, 8.
        seed: another one, other texts.
        single: a further class with one document.
    """
    draw = random.Random(seed)
    rows: list[tuple[str, str]] = []
    for i, (label, own) in enumerate(_words_of(k).items()):
        for _ in range(each or _COUNTS[i % 4]):
            words = draw.sample(own, 2) + draw.sample(_COMMON, 4)
            words.append(CANARY + _letters(seed) + "k" + _letters(len(rows)))
            draw.shuffle(words)
            rows.append((" ".join(words), label))
    draw.shuffle(rows)
    if single:
        rows.append((f"please help with my {single} problem", single))
    return rows


def texts_of(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Return the texts of pairs."""
    return [text for text, _ in rows]


def fresh_texts(k: int = 4) -> list[tuple[str, str]]:
    """Return pairs that were not trained on, sorted by text, each without a word of its own."""
    rows = complaints(k, each=6, seed=1)
    return sorted((" ".join(w for w in text.split() if CANARY not in w), label) for text, label in rows)


def vectorizer() -> Vectorizer:
    """Return the one vocabulary of all parts here, for backends that consume sequences."""
    rows = [
        *complaints(),
        *complaints(seed=2),
        *complaints(2, each=10, seed=3),
        *complaints(40, each=4),
        *complaints(single="parcel"),
    ]
    found = {token for text in texts_of(rows) for token in tokens(text)}
    return Vectorizer(("", "[UNK]", *sorted(found)), 250)


def part(
    rows: Sequence[tuple[str, str]], classes: Sequence[str] = (), *, vectorizer: Vectorizer | None = None
) -> Part:
    """Return pairs as a part of a corpus, every array and list a new one.

    Args:
        rows: (text, label) pairs.
        classes: in the order of the columns; by default the labels, sorted.
        vectorizer: for backends that consume token ids.
    """
    names = tuple(classes) or tuple(sorted({label for _, label in rows}))
    texts = texts_of(rows)
    return Part(
        texts=texts,
        codes=np.array([names.index(label) for _, label in rows], np.int64),
        classes=names,
        rows=np.arange(len(rows), dtype=np.int64),
        groups=np.arange(len(rows), dtype=np.int64),
        sequences=vectorizer(texts) if vectorizer else None,
        vocabulary=vectorizer.vocabulary if vectorizer else (),
    )

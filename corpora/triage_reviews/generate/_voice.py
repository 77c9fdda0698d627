"""How a person types: marks, capitals, slips, smiles and line breaks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from triage_reviews.generate._grammar import Chooser, capital

__all__ = ["Voice", "draw_voice"]

_WORD = re.compile(r"[a-z]{5,}")
_FULL = re.compile(r"(?!I\b)[A-Z+-]")
_END = (".", "!", "?", "\n", ":")


@dataclass(frozen=True)
class Voice:
    """The habits of one writer.

    Attributes:
        case: "usual", "lower" or "shout".
        contracts: how likely "do not" is to become "don't".
        slips: how likely a word is to be misspelt.
        apostrophes: "kept" or "dropped".
        excited: how likely a full stop is to become an exclamation mark.
        breaks: what stands between paragraphs of a long text, or "" for one block.
        run_on: how likely two clauses are to be joined by a comma.
        smile: a mark at the end, or "".
    """

    case: str
    contracts: float
    slips: float
    apostrophes: str
    excited: float
    breaks: str
    run_on: float
    smile: str

    def type(self, sentences: Sequence[str], choose: Chooser, shared: Mapping[str, Any]) -> str:
        """Return the text as this person would type it.

        Args:
            sentences: sentences and bare clauses, in order; a clause begins in lower case.
            choose: the source of chance.
            shared: the shared fragments by data file.
        """
        small, spelling = shared["small_talk"], shared["spelling"]
        typed: list[str] = []
        for position, sentence in enumerate(sentences):
            clause = not _FULL.match(sentence) and not sentence.endswith(_END)
            if clause and position and choose.chance(0.07):
                sentence = f"{choose.pick(small['leads'])} {sentence}"
            if not sentence.endswith(_END):
                if choose.chance(0.03):
                    sentence += choose.pick(small["tails"])
                sentence += "!" * choose.whole(1, 2) if choose.chance(self.excited) else "."
            if clause and typed and typed[-1].endswith(".") and choose.chance(self.run_on):
                typed[-1] = f"{typed[-1][:-1]}{choose.pick((',', ' and', ' -', ' ...', ';'))} {sentence}"
                continue
            typed.append(_capitals(sentence))
        if self.case == "usual" and len(typed) > 1 and choose.chance(0.06):
            shouted = choose.whole(0, len(typed) - 1)
            typed[shouted] = typed[shouted].upper()
        text = self._paragraphs(typed, choose)
        text = self._contract(text, choose, spelling["contractions"])
        text = self._misspell(text, choose, spelling["slips"])
        if self.apostrophes == "dropped":
            text = text.replace("'", "")
        if self.case == "shout":
            text = text.upper()
        elif self.case == "lower":
            text = text.lower().rstrip("." if choose.chance(0.4) else "")
        return f"{text} {self.smile}".strip()

    def _paragraphs(self, typed: Sequence[str], choose: Chooser) -> str:
        if len(typed) < 4 or not self.breaks:
            return re.sub(r"\n ", "\n", " ".join(typed)).strip()
        text = typed[0]
        for sentence in typed[1:]:
            text += (self.breaks if choose.chance(0.35) else " ") + sentence
        return re.sub(r"\n ", "\n", text).strip()

    def _contract(self, text: str, choose: Chooser, contractions: Mapping[str, str]) -> str:
        for long, brief in contractions.items():
            after = ",? \\w" if long.endswith("not") else " \\w"  # nobody writes "what it's" or "as it's."
            parts = re.split(rf"(?<!what )(?<!how )\b({long})\b(?={after})", text, flags=re.IGNORECASE)
            for at in range(1, len(parts), 2):
                if choose.chance(self.contracts):
                    parts[at] = _like(parts[at], brief)
            text = "".join(parts)
        return text

    def _misspell(self, text: str, choose: Chooser, slips: Mapping[str, str]) -> str:
        if not self.slips:
            return text
        for right, wrong in slips.items():
            if choose.chance(min(0.9, self.slips * 12)):
                text = re.sub(rf"\b{right}\b", wrong, text)
        return _WORD.sub(
            lambda found: _slip(found[0], choose) if choose.chance(self.slips) else found[0], text
        )


def draw_voice(choose: Chooser, marks: Mapping[str, Sequence[str]], mood: str) -> Voice:
    """Return the habits of one writer.

    Args:
        choose: the source of chance.
        marks: smiles by mood: "glad", "sad" and "wry".
        mood: the mood that most, but not all, smiles follow.
    """
    smile = ""
    if choose.chance(0.09):
        smile = choose.pick(marks[mood if choose.chance(0.6) else choose.pick(("glad", "sad", "wry"))])
    return Voice(
        case=choose.weighted({"usual": 0.83, "lower": 0.13, "shout": 0.04}),
        contracts=choose.pick((0.0, 0.5, 0.9, 0.9, 1.0)),
        slips=choose.pick((0.0, 0.0, 0.0, 0.0, 0.004, 0.01, 0.03)),
        apostrophes="dropped" if choose.chance(0.12) else "kept",
        excited=choose.pick((0.0, 0.0, 0.0, 0.05, 0.3)),
        breaks=choose.pick(("", "", "\n", "\n\n", "\n\n")),
        run_on=choose.pick((0.0, 0.0, 0.1, 0.3)),
        smile=smile,
    )


def _capitals(sentence: str) -> str:
    return re.sub(r"([.?!] |\n[-+]? ?)([a-z])", lambda found: found[1] + found[2].upper(), capital(sentence))


def _like(model: str, word: str) -> str:
    if len(model) > 2 and model.isupper():
        return word.upper()
    return capital(word) if model[:1].isupper() else word


def _slip(word: str, choose: Chooser) -> str:
    at = choose.whole(1, len(word) - 3)
    kind = choose.pick(("swap", "drop", "double"))
    if kind == "swap":
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == "drop":
        return word[:at] + word[at + 1 :]
    return word[:at] + word[at] + word[at:]

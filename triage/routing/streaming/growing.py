"""A text that is still being written: cleaned at its end alone, so that a word costs the same in any text.

Cleaning is defined on whole texts, and a cleaner may look at several words at once. So a window at the end is
cleaned again with every piece. It is cut where cutting changes nothing: what stands before the cut and what
stands behind it, each cleaned alone, give the words that both give together. What stands before is then
settled. Cleaners that look further than that (at which script most of a text is in, say) can still surprise:
the caller cleans the whole text at its end, and compares.
"""

from __future__ import annotations

import io
from collections.abc import Callable

from triage.data.cleaning import Cleaning, CleaningTimeout

__all__ = ["GrowingText"]

_KEEP = 12
"""Words, as they were written, that stay behind a cut."""

_LONGEST = 16 * _KEEP
"""Words in a window that is cut whether that changes something or not."""

_TRIES = 4


class GrowingText:
    """Collects pieces, and gives the clean words of what was written so far.

    The last word counts once something that is white space stands behind it: until then it may go on.

    Attributes:
        settled: how many clean words will not change with what is written next.
        window: the clean words behind them, which may.
        characters: how many were written.

    Args:
        cleaning: the steps.
        words_of: splits a clean text.
    """

    def __init__(self, cleaning: Cleaning, words_of: Callable[[str], list[str]]) -> None:
        self.settled = 0
        self.window: list[str] = []
        self.characters = 0
        self._cleaning = cleaning
        self._words_of = words_of
        self._written = io.StringIO(newline="")
        self._open = ""
        self._word: list[str] = []
        self._resting = False

    @property
    def text(self) -> str:
        """All that was written."""
        return self._written.getvalue()

    def feed(self, piece: str) -> None:
        """Take the next characters; `window` is then up to date."""
        self.characters += len(piece)
        self._written.write(piece)
        if self._resting:
            return
        end = _last_space(piece)
        if not end:
            self._word.append(piece)
            return
        self._open += "".join(self._word) + piece[:end]
        self._word = [piece[end:]]
        try:
            self.window = self._clean(self._open)
        except CleaningTimeout:
            self.rest()

    def settle(self) -> None:
        """Move words from the window to the settled ones, where there are many."""
        try:
            self._settle()
        except CleaningTimeout:
            self.rest()

    def rest(self) -> None:
        """Clean no more: nothing that comes can change what is read of this text before its end."""
        self._resting, self._open, self._word = True, "", []

    def _settle(self) -> None:
        words = len(self._open.split())
        if words < 2 * _KEEP:
            return
        cuts = [len(self._open.rsplit(None, keep)[0]) for keep in range(_KEEP, _KEEP + _TRIES)]
        for cut in cuts:
            before, behind = self._clean(self._open[:cut]), self._clean(self._open[cut:])
            if before + behind == self.window:
                self._cut(cut, before, behind)
                return
        if words > _LONGEST:
            self._cut(cuts[0], self._clean(self._open[: cuts[0]]), self._clean(self._open[cuts[0] :]))

    def _cut(self, place: int, before: list[str], behind: list[str]) -> None:
        self._open, self.window = self._open[place:], behind
        self.settled += len(before)

    def _clean(self, text: str) -> list[str]:
        return self._words_of(self._cleaning(text))


def _last_space(piece: str) -> int:
    """The place behind the last white space, or 0."""
    for place in range(len(piece), 0, -1):
        if piece[place - 1].isspace():
            return place
    return 0

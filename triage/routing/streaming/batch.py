"""Many texts that are written at the same time, in one batch of states."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.config import Step
from triage.data.cleaning import CleaningTimeout
from triage.errors import DataError, UsageError
from triage.host.manager import Plugins
from triage.models.model import Model
from triage.models.prefix_scores import pieces_of, words_of
from triage.records import Document
from triage.routing.early import EarlyPromise
from triage.routing.streaming.answers import StreamAnswer
from triage.routing.streaming.deciding import Deciding
from triage.routing.streaming.growing import GrowingText
from triage.routing.streaming.places import OpenText, Place, in_common
from triage.routing.streaming.readers import reader_of

__all__ = ["MOST_CHARACTERS", "StreamBatch"]

MOST_CHARACTERS = 1_000_000


class StreamBatch:
    """Many texts that are written at the same time, read in one batch of states.

    Args:
        model: its classifier keeps its place in a text (see `triage.host.protocols.Streams`).
        plugins: where the policies are looked up; by default those that are installed.
        reread: read all that was written of a text again with every piece, where the classifier cannot keep
            its place.
        most_characters: of one text. All characters are kept until it ends: cleaning is defined on whole
            texts, and what was read is compared with it then.

    Attributes:
        model: as given.
        most_characters: as given.
        ended: how many texts have ended.
        read_again: of how many of these some words had to be read again at the end, since the cleaning of the
            whole text changed words that had seemed settled.

    Raises:
        UsageError: the classifier cannot keep its place, and `reread` was not asked for.
    """

    def __init__(
        self,
        model: Model,
        plugins: Plugins | None = None,
        *,
        reread: bool = False,
        most_characters: int = MOST_CHARACTERS,
    ) -> None:
        self.model = model
        self.most_characters = most_characters
        self.ended = self.read_again = 0
        self._reader = reader_of(model, reread=reread)
        self._deciding = Deciding(model, plugins or Plugins.discover())
        self._limit = None if model.vectorizer is None else model.vectorizer.max_length
        self._texts: dict[str, OpenText] = {}
        self._begun = 0
        self._beginning = Place(0, _row(self._reader.start(1), 0), model.predict_raw([""])[0])

    @property
    def promise(self) -> EarlyPromise | None:
        """What was proven of early decisions, or None: then there are none before the end."""
        return self._deciding.promise

    @property
    def policy(self) -> Step:
        """The name and the options of the policy that decides at the end of a text."""
        promise = self.promise
        if promise is None:
            return self._deciding.policy
        return "early", {"max_error": promise.max_error, "confidence": promise.confidence}

    @property
    def open(self) -> tuple[str, ...]:
        """The texts that have begun and not ended."""
        return tuple(self._texts)

    def feed(self, pieces: Mapping[str, str]) -> dict[str, StreamAnswer]:
        """Read on in some texts; one that is not known begins.

        Args:
            pieces: what was written next, by text: any characters, joined to those before as they are.

        Returns:
            What is known of each now.

        Raises:
            DataError: a text gets too long; none of the pieces is taken.
            TypeError: a piece is not a str.
        """
        for name, piece in pieces.items():
            self._check(name, piece)
        texts = {name: self._text(name) for name in pieces}
        todo = []
        for name, text in texts.items():
            text.growing.feed(pieces[name])
            settled, window = text.growing.settled, text.growing.window
            if self._limit is not None:
                window = window[: max(0, self._limit - settled)]
            same = in_common(window, text.seen[settled:])
            todo.append((text, text.turn(settled + same, window[same:])))
        self._read(todo)
        for text in texts.values():
            text.growing.settle()
            if self._limit is not None and text.growing.settled >= self._limit:
                text.growing.rest()
            self._deciding.early(text)
        return self._answers(texts)

    def end(self, names: Iterable[str]) -> dict[str, StreamAnswer]:
        """End some texts and decide on them; they are forgotten.

        Raises:
            UsageError: one of them has not begun.
        """
        names = list(dict.fromkeys(names))
        if any(name not in self._texts for name in names):
            raise UsageError("a text cannot end before it has begun")
        texts = {name: self._texts[name] for name in names}
        cleaned, timed_out, todo = {}, set(), []
        for name, text in texts.items():
            try:
                cleaned[name] = self.model.cleaning(text.growing.text)
            except CleaningTimeout:
                cleaned[name] = ""
                timed_out.add(name)
            words = words_of(self.model, cleaned[name])[: self._limit]
            same = in_common(words, text.seen)
            self.read_again += same < min(text.growing.settled, len(text.seen))
            todo.append((text, text.turn(same, words[same:])))
        self._read(todo)
        answers = self._answers(texts)
        for name, text in texts.items():
            final = self._deciding.final(text, cleaned[name], timed_out=name in timed_out)
            answers[name] = replace(answers[name], decision=text.decision or final, ended=True, final=final)
            del self._texts[name]
        self.ended += len(texts)
        return answers

    def drop(self, name: str) -> None:
        """Forget a text, whether it has begun or not."""
        self._texts.pop(name, None)

    def room(self, name: str, characters: int) -> bool:
        """Whether so many characters may still be fed to a text."""
        text = self._texts.get(name)
        return (text.growing.characters if text else 0) + characters <= self.most_characters

    def _check(self, name: str, piece: str) -> None:
        if not isinstance(piece, str):
            raise TypeError(f"a piece is text, not {type(piece).__name__}")
        if not self.room(name, len(piece)):
            raise DataError(f"a text is longer than {self.most_characters:,} characters: end it, or drop it")

    def _text(self, name: str) -> OpenText:
        if name not in self._texts:
            self._begun += 1
            growing = GrowingText(self.model.cleaning, lambda cleaned: words_of(self.model, cleaned))
            document = Document(row=self._begun, text="", id=name)
            self._texts[name] = OpenText(document, growing, [self._beginning])
        return self._texts[name]

    def _read(self, todo: Sequence[tuple[OpenText, list[str]]]) -> None:
        """Read words, stopping at each length at which a text may be decided; several texts in one batch."""
        left = [(text, words) for text, words in todo if words]
        while left:
            pieces = [words[: self._stop(text, len(words))] for text, words in left]
            states = [text.place.states for text, _ in left]
            joined = (
                states[0] if len(left) == 1 else [np.concatenate(rows) for rows in zip(*states, strict=True)]
            )
            after, raw = self._reader.advance(joined, pieces_of(self.model, pieces))
            for row, ((text, words), piece) in enumerate(zip(left, pieces, strict=True)):
                place = Place(text.place.words + len(piece), _row(after, row), raw[row])
                text.seen += piece
                text.arrive(place)
                if place.words in self._deciding.lengths and text.decision is None:
                    text.looks[place.words] = place.raw
                del words[: len(piece)]
            left = [(text, words) for text, words in left if words]

    def _stop(self, text: OpenText, words: int) -> int:
        """How many of the next words are read at once."""
        if text.decision is not None:
            return words
        begun = text.place.words
        return min([length - begun for length in self._deciding.lengths if length > begun] + [words])

    def _answers(self, texts: Mapping[str, OpenText]) -> dict[str, StreamAnswer]:
        if not texts:
            return {}
        chances = self.model.calibration.apply(np.stack([text.place.raw for text in texts.values()]))
        answers = {}
        for (name, text), row in zip(texts.items(), chances, strict=True):
            told = bool(text.seen) and bool(np.isfinite(row).all())
            code = int(row.argmax()) if told else 0
            answers[name] = StreamAnswer(
                id=name,
                words=len(text.seen),
                probabilities=row,
                label=self.model.classes[code] if told else None,
                confidence=float(row[code]) if told else None,
                decision=text.decision,
                early=text.early,
            )
        return answers


def _row(states: Sequence[NDArray[Any]], row: int) -> tuple[NDArray[Any], ...]:
    # Copied: a row that is a view would keep the whole batch.
    return tuple(np.array(array[row : row + 1]) for array in states)

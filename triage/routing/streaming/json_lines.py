"""The protocol of `triage stream --json`: a line of JSON for each piece of a text, a line for each answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from triage.records import Decision
from triage.routing.decision_writer import record
from triage.routing.streaming.answers import StreamAnswer
from triage.routing.streaming.batch import StreamBatch
from triage.routing.streaming.pieces import CHUNK

__all__ = ["JsonLines", "read_json_lines"]

MAX_LINE = 1 << 24
"""Bytes that one line of JSON may have."""


def read_json_lines(stream: IO[bytes]) -> Iterator[list[bytes]]:
    """Yield the lines that arrive together; of one that is too long only the beginning."""
    read: Callable[[int], bytes] = stream.read1  # type: ignore[attr-defined] # as buffers have it
    rest, skipping = b"", False
    while chunk := read(CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        if lines and skipping:
            lines, skipping = lines[1:], False
        if len(rest) > MAX_LINE:
            if not skipping:
                lines.append(rest)
            rest, skipping = b"", True
        if lines:
            yield lines
    if rest and not skipping:
        yield [rest]


@dataclass(frozen=True)
class _Request:
    """What one line asks for."""

    id: str
    feed: str
    end: bool


class JsonLines:
    """Answer lines of JSON, each with a piece of a text, the end of one, or both.

    Args:
        batch: reads the texts.

    Attributes:
        errors: how many lines could not be used.
        early: how many texts were decided before their end.
    """

    def __init__(self, batch: StreamBatch) -> None:
        self.errors = self.early = 0
        self._batch = batch
        self._line = 0
        self._refused: set[str] = set()
        name, options = batch.policy
        policy = {"name": name, "options": dict(options)}
        self._stamp = {"model": batch.model.sha256, "policy": policy}

    def answer(self, lines: Sequence[bytes]) -> list[str]:
        """Return one line for each; those of different texts are read in one batch."""
        answers: list[dict[str, Any]] = []
        together: dict[str, _Request] = {}
        for line in lines:
            self._line += 1
            if not line.strip():
                continue
            try:
                request = _request(line)
            except ValueError as error:
                answers += self._flush(together)
                together = {}
                answers.append(self._error(str(error)))
                continue
            if request.id in together:
                answers += self._flush(together)
                together = {}
            together[request.id] = request
        answers += self._flush(together)
        return [json.dumps(answer, allow_nan=False) + "\n" for answer in answers]

    def close(self) -> list[str]:
        """Return the answers to the texts that have not ended."""
        ended = self._batch.end(self._batch.open)
        return [json.dumps(self._said(answer), allow_nan=False) + "\n" for answer in ended.values()]

    def _flush(self, requests: Mapping[str, _Request]) -> list[dict[str, Any]]:
        answers: dict[str, dict[str, Any]] = {}
        taken = {}
        for name, request in requests.items():
            if name in self._refused or not self._batch.room(name, len(request.feed)):
                answers[name] = self._refuse(name)
                (self._refused.discard if request.end else self._refused.add)(name)
            else:
                taken[name] = request
        fed = self._batch.feed({name: request.feed for name, request in taken.items()})
        fed |= self._batch.end([name for name, request in taken.items() if request.end])
        answers |= {name: self._said(answer) for name, answer in fed.items()}
        return [answers[name] for name in requests]

    def _refuse(self, name: str) -> dict[str, Any]:
        """Hold a text that is too long for review; what still arrives of it is dropped."""
        most = f"{self._batch.most_characters:,}"
        said = self._error(f"the text is longer than {most} characters; it is held for review", id=name)
        if name not in self._refused:
            decision = Decision(self._line, name, "review", None, None, None, None, ("unreadable_row",))
            said |= {"decision": record(decision, self._stamp), "ended": True}
        self._batch.drop(name)
        return said

    def _error(self, reason: str, **more: Any) -> dict[str, Any]:
        self.errors += 1
        return {**more, "line": self._line, "error": reason}

    def _said(self, answer: StreamAnswer) -> dict[str, Any]:
        finite = answer.label is not None
        said: dict[str, Any] = {
            "id": answer.id,
            "words": answer.words,
            "label": answer.label,
            "confidence": answer.confidence,
            "probabilities": dict(zip(self._batch.model.classes, answer.probabilities.tolist(), strict=True))
            if finite
            else None,
            "decision": answer.decision and record(answer.decision, self._stamp),
            "early": answer.early,
            "ended": answer.ended,
        }
        if answer.ended:
            self.early += answer.early is not None
            said["final"] = answer.final and record(answer.final, self._stamp)
        return said


def _request(line: bytes) -> _Request:
    """Understand one line.

    Raises:
        ValueError: it is not what it should be; the message does not quote it.
    """
    wanted = 'an object with an "id", and a text to "feed" or "end": true'
    if len(line) > MAX_LINE:
        raise ValueError(f"this line is longer than {MAX_LINE >> 20} million bytes")
    try:
        given = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError(f"this is not JSON; {wanted} is expected") from None
    if not _fits(given):
        raise ValueError(f"this is not {wanted}")
    return _Request(str(given.get("id", "")), given.get("feed", ""), given.get("end", False))


def _fits(given: Any) -> bool:
    kinds = {"id": (str, int), "feed": (str,), "end": (bool,)}
    return (
        isinstance(given, dict)
        and bool({"feed", "end"} & set(given))
        and all(name in kinds and type(value) in kinds[name] for name, value in given.items())
    )

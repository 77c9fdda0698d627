"""`triage stream`: decide on texts while they are being written."""

from __future__ import annotations

import codecs
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import click

from triage.cli.common import Talk, quiet_option
from triage.errors import DataError
from triage.host.manager import Plugins

if TYPE_CHECKING:
    from triage.routing.streaming import StreamAnswer, StreamBatch

_CHUNK = 1 << 16
_LONGEST = 1 << 24
"""Bytes that one line of JSON may have."""


@click.command()
@click.argument("model")
@click.option(
    "--reread", is_flag=True, help="Read all again with every piece, where the model cannot keep its place."
)
@click.option("--json", "as_json", is_flag=True, help="Lines of JSON in and out, many texts at once.")
@click.option(
    "--max-characters",
    type=click.IntRange(1),
    metavar="N",
    help="Most characters of one text; they are kept until it ends. [1000000]",
)
@quiet_option
def command(*, model: str, reread: bool, as_json: bool, max_characters: int | None, quiet: bool) -> None:
    """Read texts from stdin while they are being written, and decide before they end where that is proven.

    Every piece that arrives is read at once, and costs the same however long the text is. An empty line ends
    a text, and so does the end of the input. After each piece there are probabilities; at the end they are
    those of `triage route`, to 1e-5, however the text was cut. A decision comes at the end, or before it once
    `triage promise MODEL --early` has proven a rule for that; then the rule decides at the end too.

    A model reads forwards if its backend does: gru, lstm, stacked-lstm, simplernn. Others (bilstm, tfidf) say
    that they cannot; with --reread they read all that was written so far again with every piece.

    With --json each line that comes in is an object with an "id" and a piece to "feed", or "end": true, or
    both; each is answered by one line. A line that cannot be understood is answered by an "error".

    \b
    Examples:
      triage stream model < letter.txt
      while read line; do echo "$line"; sleep 1; done < letter.txt | triage stream model
      triage promise model --early --max-error 0.1 && triage stream model
      echo '{"id": "chat 7", "feed": "I was charged twice ", "end": true}' | triage stream model --json
      triage stream tfidf-model --reread < letter.txt
    """
    from triage.models.model import load_model
    from triage.routing.streaming import MOST_CHARACTERS, StreamBatch

    talk = Talk(quiet=quiet)
    plugins = Plugins.discover(warn=talk.say)
    loaded = load_model(model, plugins)
    batch = StreamBatch(loaded, plugins, reread=reread, most_characters=max_characters or MOST_CHARACTERS)
    talk.say(_about_early(batch, model))
    if as_json:
        from triage.io.terminal import write_data

        desk = _Desk(batch)
        for lines in _lines(sys.stdin.buffer):
            write_data(desk.answer(lines))
        write_data(desk.close())
        early, wrong = desk.early, desk.errors
    else:
        from triage.cli.streamview import show

        early, wrong = show(batch, _events(_chunks(sys.stdin.buffer))), 0
    ended = "1 text" if batch.ended == 1 else f"{batch.ended:,} texts"
    talk.say(f"{ended}, {early:,} decided before the end, {batch.read_again:,} read again at the end")
    if wrong:
        raise DataError(f"stdin: {wrong:,} lines could not be used; each was answered by an error")


def _about_early(batch: StreamBatch, model: str) -> str:
    """Say whether there are early decisions, what is promised of them, or how to get them."""
    promise = batch.promise
    if promise is not None:
        lengths = ", ".join(map(str, promise.lengths))
        return (
            f"decides after {lengths} words or at the end: of what is decided early, and of all, at most "
            f"{promise.max_error:.1%} goes to a wrong queue (confidence {promise.confidence:.0%})"
        )
    if not batch.model.prefix_scores:
        return (
            "early decisions are off: the model does not hold what it says of unfinished texts. A "
            "recurrent backend that reads forwards keeps it: train the model again with one (`triage plugins`)"
        )
    return (
        "early decisions are off: nothing is proven of them for this model. "
        f"`triage promise {model} --early --max-error 0.05` proves a rule"
    )


def _chunks(stream: IO[bytes]) -> Iterator[str]:
    """Yield what arrives, as soon as it does; bytes that are no UTF-8 become U+FFFD."""
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    read: Callable[[int], bytes] = stream.read1  # type: ignore[attr-defined] # as buffers have it
    while chunk := read(_CHUNK):
        if text := decode(chunk):
            yield text
    if text := decode(b"", final=True):
        yield text


def _events(chunks: Iterable[str]) -> Iterator[str | None]:
    """Yield pieces of texts, and None where one ends: at an empty line, and with the input."""
    blank = True  # so far, the line at hand
    begun = False
    for chunk in chunks:
        for piece in chunk.splitlines(keepends=True):
            blank = blank and not piece.strip()
            if not blank or begun:
                yield piece
            begun = begun or not blank
            if piece.endswith("\n"):
                if blank and begun:
                    yield None
                    begun = False
                blank = True
    if begun:
        yield None


def _lines(stream: IO[bytes]) -> Iterator[list[bytes]]:
    """Yield the lines that arrive together; of one that is too long only the beginning."""
    read: Callable[[int], bytes] = stream.read1  # type: ignore[attr-defined] # as buffers have it
    rest, skipping = b"", False
    while chunk := read(_CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        if lines and skipping:
            lines, skipping = lines[1:], False
        if len(rest) > _LONGEST:
            if not skipping:
                lines.append(rest)
            rest, skipping = b"", True
        if lines:
            yield lines
    if rest and not skipping:
        yield [rest]


@dataclass(frozen=True)
class _Order:
    """What one line asks for."""

    id: str
    feed: str
    end: bool


class _Desk:
    """Answers lines of JSON.

    Attributes:
        errors: how many lines could not be used.
        early: how many texts were decided before their end.
    """

    def __init__(self, batch: StreamBatch) -> None:
        from triage.routing.decision_writer import record

        self.errors = self.early = 0
        self._batch = batch
        self._line = 0
        self._refused: set[str] = set()
        name, options = batch.policy
        policy = {"name": name, "options": dict(options)}
        self._stamp = {"model": batch.model.sha256, "policy": policy}
        self._record = record

    def answer(self, lines: Sequence[bytes]) -> list[str]:
        """Return one line for each; those of different texts are read in one batch."""
        answers: list[dict[str, Any]] = []
        together: dict[str, _Order] = {}
        for line in lines:
            self._line += 1
            if not line.strip():
                continue
            try:
                order = _order(line)
            except ValueError as error:
                answers += self._flush(together)
                together = {}
                answers.append(self._error(str(error)))
                continue
            if order.id in together:
                answers += self._flush(together)
                together = {}
            together[order.id] = order
        answers += self._flush(together)
        return [json.dumps(answer, allow_nan=False) + "\n" for answer in answers]

    def close(self) -> list[str]:
        """Return the answers to the texts that have not ended."""
        ended = self._batch.end(self._batch.open)
        return [json.dumps(self._said(answer), allow_nan=False) + "\n" for answer in ended.values()]

    def _flush(self, orders: Mapping[str, _Order]) -> list[dict[str, Any]]:
        answers: dict[str, dict[str, Any]] = {}
        taken = {}
        for name, order in orders.items():
            if name in self._refused or not self._batch.room(name, len(order.feed)):
                answers[name] = self._refuse(name)
                (self._refused.discard if order.end else self._refused.add)(name)
            else:
                taken[name] = order
        fed = self._batch.feed({name: order.feed for name, order in taken.items()})
        fed |= self._batch.end([name for name, order in taken.items() if order.end])
        answers |= {name: self._said(answer) for name, answer in fed.items()}
        return [answers[name] for name in orders]

    def _refuse(self, name: str) -> dict[str, Any]:
        """Give a text that is too long to a person; what still comes of it is not taken."""
        from triage.records import Decision

        most = f"{self._batch.most_characters:,}"
        said = self._error(f"the text is longer than {most} characters; it goes to a person", id=name)
        if name not in self._refused:
            decision = Decision(self._line, name, "review", None, None, None, None, ("unreadable_row",))
            said |= {"decision": self._record(decision, self._stamp), "ended": True}
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
            "decision": answer.decision and self._record(answer.decision, self._stamp),
            "early": answer.early,
            "ended": answer.ended,
        }
        if answer.ended:
            self.early += answer.early is not None
            said["final"] = answer.final and self._record(answer.final, self._stamp)
        return said


def _order(line: bytes) -> _Order:
    """Understand one line.

    Raises:
        ValueError: it is not what it should be; the message does not quote it.
    """
    wanted = 'an object with an "id", and a text to "feed" or "end": true'
    if len(line) > _LONGEST:
        raise ValueError(f"this line is longer than {_LONGEST >> 20} million bytes")
    try:
        given = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError(f"this is not JSON; {wanted} is expected") from None
    if not _fits(given):
        raise ValueError(f"this is not {wanted}")
    return _Order(str(given.get("id", "")), given.get("feed", ""), given.get("end", False))


def _fits(given: Any) -> bool:
    kinds = {"id": (str, int), "feed": (str,), "end": (bool,)}
    return (
        isinstance(given, dict)
        and bool({"feed", "end"} & set(given))
        and all(name in kinds and type(value) in kinds[name] for name, value in given.items())
    )

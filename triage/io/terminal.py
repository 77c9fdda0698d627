"""What reaches a terminal: the one function that makes any text safe for it, and the console that prints.

Rich passes escape codes through everything, reads `[/b]` as markup and `:bomb:` as an emoji. A text, label,
name or message that somebody else wrote therefore goes through `safe_text` or `cell` before it is printed.
"""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.text import Text

    from triage.records import Decision

__all__ = ["cell", "console", "decisions_table", "safe_text", "write_data"]

_MARKS = 4  # marks that may stand on one letter: more than any living script needs, too few to climb a screen
_PIPE_WIDTH = 100
_BREAKS = frozenset("\t\n\v\f\r\x85\u2028\u2029")
_ASCII = {"…": "~", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "•": "*", "\u00a0": " "}  # noqa: RUF001
_INVISIBLE = (  # Default_Ignorable_Code_Point of Unicode, where the category is not Cf already
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0xE0000, 0xE0FFF),
)


def safe_text(text: str, *, width: int | None = None) -> str:
    r"""Return `text` as one line that a terminal can only show: it can move, colour or rename nothing.

    Controls become pictures (ESC is `␛`), breaks and tabs become spaces, lone surrogates and C1 controls
    become `�`; what is invisible (zero-width, direction overrides, byte order marks, variation selectors)
    is dropped; of many marks on one letter four stay. Printable text is returned as it is, `[/b]` and
    `:bomb:` too: markup is for `cell` and `console` to keep out. Takes time linear in the length.

    Args:
        text: anything, of any length.
        width: the most columns it may take; what is longer ends in `…`.
    """
    if width is None:
        return _safe(text)
    # A complaint can have 10 MB, a cell has 40 columns: look at its head first.
    head = text[: 8 * (width + 8)]
    safe = _safe(head)
    if len(head) < len(text) and _columns(safe) <= width:
        safe = _safe(text)
    return _cut(safe, width)


def cell(text: str, *, width: int | None = None, style: str = "", justify: str = "left") -> Text:
    """Return `text` made safe for a table: no markup, no emoji codes, one line, never wrapped.

    Args:
        text: anything.
        width: the most columns it may take; what is longer ends in `…`.
        style: a Rich style for the whole cell.
        justify: "left", "right" or "center".
    """
    from rich.text import Text

    return Text(
        safe_text(text, width=width),
        style=style,
        justify=justify,  # type: ignore[arg-type]  # Rich checks the word itself
        no_wrap=True,
        overflow="ellipsis",
        end="",
    )


def console(
    *, stderr: bool = False, width: int | None = None, quiet: bool = False, file: TextIO | None = None
) -> Console:
    """Return a Rich console on stdout or stderr as they are now; it reads no markup and no emoji codes.

    `NO_COLOR` and a pipe leave no escape code at all. What the stream's encoding lacks comes out as `?`,
    never as an error; Rich draws boxes in ASCII there.

    Args:
        stderr: print to stderr: talk and progress, not data.
        width: columns; by default the terminal's, and `COLUMNS` or 100 where there is none.
        quiet: print nothing.
        file: print there instead, such as into a page to be written.
    """
    from rich.console import Console

    class Quiet(Console):
        def on_broken_pipe(self) -> None:
            """Leave a closed pipe to the command line: Rich would end the process with code 1."""
            raise BrokenPipeError

    stream = file or (sys.stderr if stderr else getattr(sys.stdout, "meant", sys.stdout))
    plain = os.environ.get("NO_COLOR", "") != ""
    made = Quiet(
        # write, flush, isatty and encoding are all that Rich uses; there is no stream after `>&-`
        file=_Lenient(stream) if stream else None,  # type: ignore[arg-type]
        color_system=None if plain else "auto",
        no_color=plain,
        markup=False,
        emoji=False,
        highlight=False,
        quiet=quiet,
        width=width,
    )
    if width is None and not made.is_terminal and not os.environ.get("COLUMNS", "").isdigit():
        made.width = _PIPE_WIDTH
    return made


def write_data(lines: Iterable[str]) -> None:
    r"""Write lines of data, each with its end, to stdout: exact in a pipe or a file, safe on a terminal.

    Where a person sees them, each goes through `safe_text`. Elsewhere they are UTF-8 whatever the locale,
    with lone surrogates as they were, so that what reads them gets every character back.
    """
    stream = sys.stdout
    if stream.isatty():
        for line in lines:
            stream.write(safe_text(line.rstrip("\r\n")) + "\n")
            stream.flush()
        return
    binary = getattr(stream, "buffer", None)
    if binary is None:  # a stream of text that somebody put there
        for line in lines:
            stream.write(line)
        return
    stream.flush()
    for line in lines:
        binary.write(line.encode("utf-8", "surrogatepass"))
    binary.flush()


def decisions_table(decisions: Sequence[Decision], texts: Sequence[str]) -> RenderableType:
    """Return a table of routing decisions, one line each, as wide as the console that prints it.

    Args:
        decisions: n decisions.
        texts: the n texts they are about, as they were read; their first words are shown.

    Raises:
        ValueError: the lengths differ.
    """
    if len(decisions) != len(texts):
        raise ValueError(f"{len(decisions)} decisions and {len(texts)} texts")
    return _Decisions(decisions, texts)


class _Decisions:
    """Half of the width goes to the text, the rest to what was decided about it."""

    def __init__(self, decisions: Sequence[Decision], texts: Sequence[str]) -> None:
        self._decisions = decisions
        self._texts = texts

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        from rich import box
        from rich.table import Table

        share = max(options.max_width // (4 if options.max_width >= 100 else 5), 8)
        named = any(decision.id for decision in self._decisions)
        table = Table(box=box.SIMPLE_HEAD, expand=True, show_edge=False, padding=(0, 1, 0, 0), pad_edge=False)
        table.add_column("id" if named else "row", justify="right", no_wrap=True)
        table.add_column("text", ratio=1, no_wrap=True, overflow="ellipsis")
        for heading in ("action", "queue", "conf.", "reasons"):
            table.add_column(heading, no_wrap=True, justify="right" if heading == "conf." else "left")
        for decision, text in zip(self._decisions, self._texts, strict=True):
            routed, sure = decision.action == "route", decision.confidence
            table.add_row(
                cell(decision.id if named else str(decision.row), width=12, style="dim", justify="right"),
                cell(text, width=options.max_width),
                cell(decision.action, width=8, style="green" if routed else "bold yellow"),
                cell(decision.queue or "-", width=share, style="" if routed else "dim"),
                cell("-" if sure is None else f"{sure:.2f}", justify="right", style="" if routed else "dim"),
                cell(", ".join(decision.reasons), width=share + 1, style="dim" if routed else ""),
            )
        yield table


class _Lenient:
    """A stream that never fails on what its encoding lacks: ASCII stands for it, as wide as it was."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = getattr(stream, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except UnicodeEncodeError:
            poorer = {ord(character): self._poorer(character) for character in set(text)}
            return self._stream.write(text.translate(poorer))

    def _poorer(self, character: str) -> str:
        try:
            character.encode(self.encoding)
        except UnicodeEncodeError:
            return _ASCII.get(character, "?" * _columns(character))
        return character

    def flush(self) -> None:
        self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()


def _safe(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    # A few hundred distinct characters stand in even the longest text: decide once for each.
    distinct = set(text)
    table = {ord(character): _shown(character) for character in distinct if not _plain(character)}
    if "\r" in distinct:
        text = text.replace("\r\n", "\n")
    text = text.translate(table) if table else text
    marks = [mark for mark in distinct if unicodedata.category(mark)[0] == "M" and ord(mark) not in table]
    return _few_marks(text, marks) if marks else text


def _few_marks(text: str, marks: list[str]) -> str:
    """Return `text` with at most four of `marks` in a row."""
    # A character class of all of Unicode's marks is slow to match; one control, gone by now, stands for all.
    same_length = text.translate(dict.fromkeys(map(ord, marks), "\0"))
    kept, last = [], 0
    for run in re.finditer(f"\0{{{_MARKS + 1},}}", same_length):
        kept.append(text[last : run.start() + _MARKS])
        last = run.end()
    return "".join(kept) + text[last:]


def _plain(character: str) -> bool:
    """Whether the character is shown as it is."""
    code = ord(character)
    if 0x20 <= code < 0x7F:
        return True
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") or code & 0xFFFE == 0xFFFE:
        return False
    return not (any(low <= code <= high for low, high in _INVISIBLE) or 0xFDD0 <= code <= 0xFDEF)


def _shown(character: str) -> str:
    """What stands for a character that is not shown as it is."""
    code = ord(character)
    if character in _BREAKS:
        return " "
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if unicodedata.category(character) == "Cf" or any(low <= code <= high for low, high in _INVISIBLE):
        return ""
    return "\ufffd"


def _columns(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def _cut(text: str, width: int) -> str:
    """Return `text` in at most `width` columns."""
    from rich.cells import cell_len

    if (text.isascii() and len(text) <= width) or (len(text) < 8 * (width + 8) and cell_len(text) <= width):
        return text
    used, end, fits = 0, 0, True
    for index, character in enumerate(text):
        used += cell_len(character)
        if used <= width - 1:
            end = index + 1
        if used > width:
            fits = False
            break
    if fits:
        return text
    return text[:end].rstrip() + "…" if width > 0 else ""

"""What a person sees of a text that is being read: the likeliest label, how sure it is, and the decision."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.text import Text

    from triage.routing.streaming import StreamAnswer, StreamBatch

__all__ = ["show"]

_BAR = 20
_LABEL = 40


def show(batch: StreamBatch, events: Iterable[str | None]) -> int:
    """Read texts one after the other and show each answer; return how many were decided before their end.

    On a terminal one line lives, and stays as it is at the end of a text; elsewhere, and where somebody types
    into the same terminal, there is a line for each piece.

    Args:
        batch: reads.
        events: pieces, and None at the end of a text.
    """
    from triage.io.terminal import console

    out = console()
    live: Any = None
    early = number = 0
    with ExitStack() as stack:
        if out.is_terminal and not sys.stdin.isatty():
            from rich.live import Live

            live = stack.enter_context(Live(console=out, auto_refresh=False, transient=True))
        words = -1
        for piece in events:
            if piece is None:
                (answer,) = batch.end(batch.open).values()
                number += 1
                early += answer.early is not None
                if live is not None:
                    live.update("", refresh=True)
                out.print(_ended(answer, number), soft_wrap=True)
                words = -1
                continue
            answer = batch.feed({"": piece})[""]
            if live is not None:
                live.update(_so_far(answer), refresh=True)
            elif answer.words != words:
                out.print(_so_far(answer), soft_wrap=True)
            words = answer.words
    return early


def _so_far(answer: StreamAnswer) -> Text:
    from rich.text import Text

    line = Text(f"{_counted(answer.words):>11}  ", no_wrap=True, overflow="ellipsis")
    line.append_text(_sure(answer))
    if answer.early is not None:
        line.append(f"  routed after {_counted(answer.early)}", style="bold green")
    return line


def _ended(answer: StreamAnswer, number: int) -> Text:
    from rich.text import Text

    from triage.io.terminal import cell, safe_text

    decision, final = answer.decision, answer.final
    assert decision is not None
    assert final is not None
    line = Text(f"text {number:d}, {_counted(answer.words)}  ")
    line.append_text(_sure(answer))
    if decision.action == "route":
        when = f" after {_counted(answer.early)}" if answer.early is not None else ""
        line.append("  routed to ", style="bold green")
        line.append_text(cell(str(decision.queue), width=_LABEL, style="bold green"))
        line.append(when, style="bold green")
        if final.queue != decision.queue:
            line.append("; the whole text says ")
            line.append_text(cell(str(final.queue), width=_LABEL))
    else:
        line.append(safe_text(f"  held for review: {', '.join(decision.reasons)}"), style="bold yellow")
    return line


def _counted(words: int) -> str:
    return "1 word" if words == 1 else f"{words:,} words"


def _sure(answer: StreamAnswer) -> Text:
    from rich.text import Text

    from triage.io.terminal import cell

    if answer.label is None or answer.confidence is None:
        return Text(" " * _BAR + "   -  nothing to go by yet", style="dim")
    full = round(_BAR * answer.confidence)
    line = Text("█" * full, style="cyan")
    line.append("░" * (_BAR - full), style="dim")
    line.append(f" {answer.confidence:4.2f}  ")
    line.append_text(cell(answer.label, width=_LABEL, style="bold"))
    return line

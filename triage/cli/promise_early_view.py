"""Show a promise of early decisions: the rules that were tried, what was proven, and the test part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from triage.routing.early import EarlyPromise

__all__ = ["show"]

_MAX_FAILED = 3
"""How many rules are shown after the last one that was proven."""


def show(promise: EarlyPromise, realised: dict[str, Any] | None) -> None:
    """Print the rules that were tried, and what is promised in sentences."""
    from triage.io.terminal import cell, console, safe_text

    out = console()
    out.print(_table(promise))
    out.print()
    for sentence in _sentences(promise):
        out.print(safe_text(sentence))
    if realised is not None:
        shares = [
            "" if realised[name] is None else f", {realised[name]:.2%} of them wrong"
            for name in ("early_error", "error")
        ]
        summary = (
            f"On the test part: {realised['early']:,} of {realised['documents']:,} decided early{shares[0]}; "
            f"{realised['decided']:,} in all{shares[1]}."
        )
        out.print(cell(summary, style="bold"))


def _sentences(promise: EarlyPromise) -> list[str]:
    from triage.routing.early import bounds_of

    rule, bounds = promise.rule, bounds_of(promise)
    if rule is None:
        return [
            f"No promise of at most {promise.max_error:.1%} wrong at {promise.confidence:.0%} can be made."
        ]
    promised = (
        f"Promise: of the documents decided before their end at most {promise.max_error:.1%} go to a wrong "
        "queue, and of all that are routed, early or late, too. Both hold with probability "
        f"{promise.confidence:.0%}, as long as new ones are like those of the calibrate part."
    )
    proof = (
        f"Proof: of {promise.documents:,} calibrate documents {rule.early:,} are decided early, "
        f"{rule.early_errors:,} of them wrong (at most {bounds['early']:.2%}), and {rule.accepted:,} in all, "
        f"{rule.errors:,} of them wrong (at most {bounds['all']:.2%})."
    )
    return [promised, proof]


def _table(promise: EarlyPromise) -> Any:
    from rich.table import Table

    from triage.io.terminal import cell

    table = Table(
        box=None, pad_edge=False, title="least probability after so many words", title_justify="left"
    )
    columns = [*map(str, promise.lengths), "end", "early", "errors", "in all", "errors", "p", "proven"]
    for column in columns:
        table.add_column(cell(column), justify="right")
    proven = sum(step.proven for step in promise.table)
    for step in promise.table[: proven + _MAX_FAILED]:
        chosen = step == promise.rule
        style = "bold green" if chosen else "" if step.proven else "dim"
        counts = (step.early, step.early_errors, step.accepted, step.errors)
        words = (
            *("-" if least > 1 else f"{least:.2f}" for least in (*step.thresholds, step.final)),
            *(f"{count:,}" for count in counts),
            f"{step.p_value:.3f}",
            "the promise" if chosen else "yes" if step.proven else "no",
        )
        table.add_row(*(cell(word, style=style) for word in words))
    return table

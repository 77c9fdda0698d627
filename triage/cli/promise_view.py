"""Show a promise: the thresholds that were tried, what was proven, and how it does on the test part."""

from __future__ import annotations

from typing import Any

from triage.routing.promises import Certificate, Promise

__all__ = ["show"]


def show(promise: Promise, realised: dict[str, Any] | None) -> None:
    """Print the table of thresholds, and what is promised in sentences."""
    from triage.io.terminal import cell, console, safe_text

    out = console()
    if promise.overall is not None:
        out.print(_table(promise.overall))
        out.print()
        for sentence in _sentences(promise, promise.overall):
            out.print(safe_text(sentence))
    else:
        out.print(_queues(promise))
        out.print()
        together = (
            f"For each queue with a threshold: of what goes there, at most {promise.max_error:.1%} should "
            f"be elsewhere. All of these hold together with probability {promise.confidence:.0%}, as long as "
            "new documents are like those of the calibrate part."
        )
        out.print(safe_text(together))
    if realised is not None:
        error = "none was routed" if realised["error"] is None else f"{realised['error']:.2%} went wrong"
        out.print(
            cell(
                f"On the test part: {realised['routed']:,} of {realised['documents']:,} routed "
                f"({realised['coverage']:.1%}), of which {error}.",
                style="bold",
            )
        )


def _sentences(promise: Promise, certificate: Certificate) -> list[str]:
    if certificate.threshold is None:
        return [
            f"No promise of at most {promise.max_error:.1%} wrong at {promise.confidence:.0%} can be made."
        ]
    promised = (
        f"Promise: of the documents that are routed, at most {promise.max_error:.1%} go to a "
        f"wrong queue. This holds with probability {promise.confidence:.0%}, as long as new ones are like "
        "those of the calibrate part."
    )
    proof = (
        f"Proof: of {certificate.documents:,} calibrate documents, {certificate.accepted:,} "
        f"({certificate.coverage:.1%}) have a {promise.score} of at least {certificate.threshold:.4f}, and "
        f"{certificate.errors:,} of these are wrong."
    )
    return [promised, proof]


def _table(certificate: Certificate) -> Any:
    from rich.table import Table

    from triage.io.terminal import cell

    table = Table(box=None, pad_edge=False)
    for column in ("threshold", "coverage", "routed", "errors", "upper bound", "proven"):
        table.add_column(column, justify="right")
    for step in certificate.table:
        chosen = step.threshold == certificate.threshold
        style = "bold green" if chosen else "" if step.proven else "dim"
        words = (
            f"{step.threshold:.4f}",
            f"{step.coverage:.1%}",
            f"{step.accepted:,}",
            f"{step.errors:,}",
            f"{step.upper_bound:.2%}",
            "yes, the promise" if chosen else "yes" if step.proven else "no",
        )
        table.add_row(*(cell(word, style=style) for word in words))
    return table


def _queues(promise: Promise) -> Any:
    from rich.table import Table

    from triage.io.terminal import cell

    table = Table(box=None, pad_edge=False)
    for column in ("queue", "documents", "threshold", "routed", "errors", "upper bound", "promise"):
        table.add_column(column, justify="left" if column in ("queue", "promise") else "right")
    for queue, each in sorted(promise.queues.items(), key=lambda item: -item[1].documents):
        words = f"too few: about {each.needed:,} more needed" if each.threshold is None else "kept"
        bound = "" if each.upper_bound is None else f"{each.upper_bound:.2%}"
        threshold = "" if each.threshold is None else f"{each.threshold:.4f}"
        table.add_row(
            cell(queue),
            f"{each.documents:,}",
            threshold,
            f"{each.accepted:,}",
            f"{each.errors:,}",
            bound,
            cell(words),
        )
    return table

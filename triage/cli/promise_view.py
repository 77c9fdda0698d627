"""Show a promise: the thresholds that were tried, what was proven, and how it does on the test part."""

from __future__ import annotations

from typing import Any

from triage.routing.promises import Certificate, Promise

__all__ = ["compare", "promise_facts", "show"]


def promise_facts(promise: Promise) -> dict[str, Any]:
    """Return what `--json` prints of a promise."""
    facts = {**promise.to_json(), "kept": promise.kept}
    queues = {queue: _certificate_facts(each) for queue, each in promise.queues.items()}
    if promise.overall is not None:
        return {**facts, **_certificate_facts(promise.overall), "queues": queues}
    said = list(promise.queues.values())
    documents, accepted = sum(each.documents for each in said), sum(each.accepted for each in said)
    return {
        **facts,
        "queues": queues,
        "proof": said[0].proof if said else "folds",
        "documents": documents,
        "accepted": accepted,
        "errors": sum(each.errors for each in said),
        "coverage": accepted / documents if documents else 0.0,
        "threshold": None,
        "upper_bound": max((each.upper_bound for each in said if each.upper_bound is not None), default=None),
        "needed": min((each.needed for each in said if not each.kept and each.needed), default=0),
    }


def _certificate_facts(certificate: Certificate) -> dict[str, Any]:
    return {**certificate.to_json(), "kept": certificate.kept}


def compare(promises: list[Promise]) -> None:
    """Show one row for each promise that was asked for."""
    from rich.table import Table

    from triage.io.terminal import cell, console

    table = Table(box=None, pad_edge=False)
    for column in (
        "at most",
        "promise",
        "coverage",
        "routed",
        "errors",
        "threshold",
        "more documents needed",
    ):
        table.add_column(column, justify="left" if column == "promise" else "right")
    for promise in promises:
        facts = promise_facts(promise)
        needed = "" if promise.kept else f"{facts['needed']:,}" if facts["needed"] else "more do not help"
        threshold = "" if facts["threshold"] is None else f"{facts['threshold']:.4f}"
        table.add_row(
            f"{promise.max_error:.1%}",
            cell("kept" if promise.kept else "refused"),
            f"{facts['coverage']:.1%}",
            f"{facts['accepted']:,}",
            f"{facts['errors']:,}",
            threshold,
            cell(needed),
        )
    console().print(table)


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
            f"new documents are like those of the training. {assumption(promise.certificates[0])}"
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
        f"Promise: of the documents routed automatically, at most {promise.max_error:.1%} go to a "
        f"wrong queue. This holds with probability {promise.confidence:.0%}, as long as new ones are like "
        "those of the training."
    )
    proof = (
        f"Proof: of {certificate.documents:,} documents in {certificate.families:,} families, "
        f"{certificate.accepted:,} ({certificate.coverage:.1%}) would be routed, and {certificate.errors:,} of "
        f"these are wrong. {assumption(certificate)} The least {promise.score} that is routed is "
        f"{certificate.threshold:.4f}."
    )
    return [promised, proof]


def assumption(certificate: Certificate) -> str:
    """Return what a proof rests on."""
    if certificate.proof == "held-out":
        return "The proof uses documents that nothing was learned from."
    return (
        "The proof uses out-of-fold answers, and assumes that the model, which learned from all documents, errs no "
        f"more often than the models of the folds; its threshold is raised by {certificate.margin:.2f} log odds, "
        "since it is surer."
    )


def _table(certificate: Certificate) -> Any:
    from rich.table import Table

    from triage.io.terminal import cell

    table = Table(box=None, pad_edge=False)
    for column in ("threshold", "coverage", "routed", "errors", "upper bound", "proven"):
        table.add_column(column, justify="right")
    for step in certificate.table:
        chosen = certificate.kept and step.accepted == certificate.accepted
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
        missing = f"about {each.needed:,} more of these needed" if each.needed else "more do not help"
        words = missing if each.threshold is None else "kept"
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

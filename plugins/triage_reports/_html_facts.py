"""The words of the HTML report: what was evaluated, the headline, how to do it again, what the terms mean."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

import triage
from triage.plugin_api import Child, Markup, element
from triage_reports._html_standings import Interval, Standing
from triage_reports._tables import number, unseen_words

__all__ = ["TERMS", "bdi", "facts", "headline", "mean", "percent", "ranged", "sentence", "terms"]

_SPLITS = {
    "grouped": "at random, but near-duplicates (template letters) always on one side, so that the test "
    "holds nothing that was learned by heart",
    "naive": "at random, document by document; near-duplicates may be on both sides, which flatters scores",
    "time": "by date: learned from the past, tested on what came later",
}
_PARTS = {
    "train": "learned from",
    "tune": "chose the best epoch",
    "calibrate": "set how sure it may say it is",
    "test": "judged on, and used for nothing else",
    "quarantined": "could not be read",
}
TERMS = (
    ("Label", "What a document is about, as people filed it: the right answer that a backend tries to give."),
    ("Backend", "A way of learning labels from examples. Each saw the same documents."),
    ("Accuracy", "Of all test documents, the share that got the right label."),
    (
        "Precision and recall",
        (
            "Precision: of the documents said to have a label, the share that has it. "
            "Recall: of the documents that have it, the share that was found."
        ),
    ),
    (
        "F1, macro-F1",
        (
            "F1 joins precision and recall of one label in one number from 0 to 1. Macro-F1 is the plain "
            "mean over labels: a rare label counts as much as a common one."
        ),
    ),
    (
        "95% interval",
        (
            "Where the score would probably lie with other test documents of the same kind. It is found by "
            "drawing families of near-duplicates from the test part a thousand times."
        ),
    ),
    (
        "Calibrated",
        (
            "A backend says how sure it is. It is calibrated if, of the documents where it is 80% sure, 80% "
            "are right. The calibration error (ECE) is how far it is from that, on average."
        ),
    ),
    (
        "Coverage and risk",
        (
            "If only the documents above some confidence are sent by themselves, coverage is their share, "
            "and risk is the share of them that is wrong. The rest is for people."
        ),
    ),
    ("Seed", "The number that chance starts from. Another seed: other parts, another start of the training."),
)
"""The words of the field that the page uses, and what they mean."""


def bdi(text: str, *, most: int | None = None) -> Markup:
    """Return a stranger's name that keeps its direction of writing to itself."""
    from triage.plugin_api import safe_html

    return element("bdi", safe_html(text, most=most))


def percent(share: float, *, digits: int = 0) -> str:
    """Return a share in percent, or a dash where it is not known."""
    return f"{share:.{digits}%}" if math.isfinite(share) else "–"  # noqa: RUF001


def ranged(interval: Interval, *, share: bool = False) -> str:
    """Return the ends of an interval, or "" where there are none."""
    if not math.isfinite(interval.low):
        return ""
    if share:
        return f"{interval.low:.1%} to {interval.high:.1%}"
    return f"{interval.low:.3f} to {interval.high:.3f}"


def mean(runs: Sequence[triage.Evaluation], path: str) -> float:
    """Return the mean over runs of the metric at `path`, or NaN where none has it."""
    known = [value for run in runs if math.isfinite(value := number(run, path))]
    return sum(known) / len(known) if known else math.nan


def sentence(standings: Sequence[Standing]) -> Markup:
    """Return the main result in one sentence."""
    best = standings[0]
    run = best.runs[0]
    commonest = float(run.confusion.sum(axis=1).max(initial=0)) / max(int(run.confusion.sum()), 1)
    against = f", the best of {len(standings)} backends," if len(standings) > 1 else ""
    return element(
        "p",
        "Of documents it had never seen, ",
        element("strong", bdi(best.name, most=60)),
        f"{against} gave the right label to ",
        element("strong", f"{100 * best.accuracy.mean:.0f} of 100"),
        f". Always saying the commonest of the {len(run.labels)} labels would be right for "
        f"{100 * commonest:.0f} of 100.",
        class_="lead",
    )


def headline(best: Standing) -> Iterator[Markup]:
    """Yield the cards with the numbers that matter most, each with what it means."""
    runs = best.runs
    yield _card(
        "Accuracy",
        percent(best.accuracy.mean, digits=1),
        ranged(best.accuracy, share=True),
        "of the test documents got the right label.",
    )
    yield _card(
        "Macro-F1",
        f"{best.macro_f1.mean:.3f}",
        ranged(best.macro_f1),
        "how well labels are told apart, from 0 to 1; a rare label counts as much as a common one.",
    )
    routed, wrong = (mean(runs, f"routing/{key}") for key in ("coverage", "realised_error"))
    promised = mean(runs, "routing/max_error")
    if math.isfinite(routed):
        promise = (
            f" The promise was at most {percent(promised, digits=1)}." if math.isfinite(promised) else ""
        )
        errors = f"; {percent(wrong, digits=1)} of them wrongly" if math.isfinite(wrong) else ""
        yield _card(
            "Sent by itself",
            percent(routed),
            "",
            f"of the documents would go to a queue without a person{errors}.{promise}",
        )
    at95 = mean(runs, "coverage_at_accuracy/0.95")
    if math.isfinite(at95):
        yield _card(
            "Possible at 95% right",
            percent(at95),
            "",
            "could at most go by itself with 95% of it right: known with hindsight, so no promise.",
        )
    ece = mean(runs, "ece")
    if math.isfinite(ece):
        yield _card(
            "Calibration error",
            percent(ece, digits=1),
            "",
            "is how far what it says about its own confidence is from the truth, on average.",
        )


def _card(title: str, value: str, interval: str, words: str) -> Markup:
    return element(
        "div",
        element("h3", title),
        element("p", value, class_="value"),
        element("p", f"95% interval {interval}", class_="interval") if interval else None,
        element("p", words),
        class_="card",
    )


def facts(standings: Sequence[Standing]) -> Markup:
    """Return what was evaluated, as a list of terms."""
    runs = [run for standing in standings for run in standing.runs]
    first = runs[0]
    found = first.metrics
    rows: list[tuple[str, Child]] = [("Corpus", bdi(first.run.corpus))]
    if digest := found.get("corpus_sha256"):
        rows.append(("Its digest", [element("code", str(digest), class_="digest"), " (SHA-256)"]))
    rows.append(("Documents", _documents(first)))
    rows.append(("Labels", f"{len(first.labels):,}"))
    split = str(found.get("split", ""))
    if split:
        rows.append(("Split", [element("b", split), f": {_SPLITS[split]}" if split in _SPLITS else ""]))
    rows.append(("Backends", [_commas([bdi(standing.name) for standing in standings])]))
    seeds = sorted({run.run.seed for run in runs})
    rows.append(("Seeds", ", ".join(map(str, seeds))))
    warnings = dict.fromkeys(str(each) for run in runs for each in run.metrics.get("warnings") or ())
    rows += [("Warned", bdi(warning, most=300)) for warning in warnings]
    for title, key, words in (
        ("Set aside", "set_aside", "too few documents to learn from"),
        ("Unseen", "unseen", "in the test part but never in training; each counts as an error"),
    ):
        counts = found.get(key)
        if isinstance(counts, Mapping) and counts:
            names = [[bdi(str(name), most=60), f" ({count})"] for name, count in list(counts.items())[:12]]
            rest = f" and {len(counts) - 12:,} more" if len(counts) > 12 else ""
            rows.append((title, [_commas(names), rest, element("span", f" – {words}", class_="soft")]))  # noqa: RUF001
    if unknown := unseen_words(found):
        rows.append(("Unseen words", _commas([bdi(part, most=120) for part in unknown])))
    versions = {
        str(name): str(version)
        for run in runs
        for name, version in dict(run.metrics.get("versions") or {}).items()
    }
    if versions:
        rows.append(("Made with", ", ".join(f"{name} {versions[name]}" for name in sorted(versions))))
    return element(
        "dl",
        ([element("dt", title), element("dd", value)] for title, value in rows),
        class_="facts",
    )


def _documents(run: triage.Evaluation) -> Child:
    counts = run.metrics.get("documents")
    if not isinstance(counts, Mapping):
        return [f"{run.run.documents:,} learned from, {len(run.codes):,} judged on"]
    rows = [(part, counts[part]) for part in _PARTS if isinstance(counts.get(part), int | np.integer)]
    return [
        element(
            "ul",
            (
                element(
                    "li",
                    element("b", f"{count:,}"),
                    f" {part} ",
                    element("span", f"– {_PARTS[part]}", class_="soft"),  # noqa: RUF001
                )
                for part, count in rows
            ),
        )
    ]


def _commas(parts: Sequence[Child]) -> list[Child]:
    return [piece for place, part in enumerate(parts) for piece in ((", ", part) if place else (part,))]


def terms() -> Markup:
    """Return the glossary."""
    return element(
        "dl", ([element("dt", term), element("dd", words)] for term, words in TERMS), class_="terms"
    )

"""The laws of a report: what `triage.Report` and `triage.host.protocols.Render` promise, one by one."""

from __future__ import annotations

import copy
import io
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from triage.host.protocols import Quotes
from triage.io.terminal import console
from triage.records import Decision, Epoch, Evaluation, Run
from triage.stats import metrics
from triage.stats.calibration import quality
from triage.testing.laws import LawBroken, hold
from triage.testing.subjects import COMMON, Heard, Subject, listening, once

__all__ = ["LAWS", "SUBJECT", "Rendering", "evaluation"]

_ESCAPE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_HOSTILE = (
    "\x1b]0;owned\x07 card",
    "[/b] loan [link=https://a.example]",
    ":bomb:\u202etxet",
    "</td><script>x</script>",
)


def evaluation(
    k: int = 4,
    *,
    n: int = 80,
    seed: int = 42,
    backend: str = "some",
    labels: Sequence[str] = (),
    epochs: int = 0,
    decided: bool = True,
) -> Evaluation:
    """Return an evaluation as `triage evaluate` makes it, of a model that is mostly right."""
    draw = np.random.default_rng(seed)
    names = tuple(labels) or tuple(f"class {i:02}" for i in range(k))
    codes = np.arange(n) % k
    odds = draw.random((n, k))
    odds[np.arange(n), codes] += draw.random(n) * 2 * k
    probabilities = odds / odds.sum(axis=1, keepdims=True)
    likeliest, confidence = metrics.top_label(probabilities)
    routed = confidence >= np.median(confidence)
    decisions = [
        Decision(
            row=row,
            id="",
            action="route" if by_itself else "review",
            queue=names[code],
            label=names[code],
            confidence=float(sure),
            threshold=0.7,
            reasons=("confident",) if by_itself else ("below_threshold",),
        )
        for row, (code, sure, by_itself) in enumerate(
            zip(likeliest, confidence, routed, strict=True), start=1
        )
    ]
    documents = {"train": 6 * n, "tune": n, "calibrate": n, "test": n, "quarantined": 3}
    reliability = quality(codes, probabilities)
    found: dict[str, Any] = {
        "corpus": "made-up",
        "corpus_sha256": "0" * 64,
        "backend": backend,
        "options": {},
        "seed": seed,
        "split": "grouped",
        "train_share": 1.0,
        "documents": documents,
        "set_aside": {},
        "unseen": {},
        **metrics.score(codes, probabilities, names),
        "calibration": {"method": "none", "note": "not calibrated"},
        "reliability": {"before": reliability, "after": reliability},
        "routing": {
            "policy": "threshold",
            "max_error": None,
            "confidence": None,
            "coverage": float(routed.mean()) if decided else 0.0,
            "realised_error": float((likeliest != codes)[routed].mean()) if decided else None,
        },
        "seconds": {"prepare": 1.0, "fit": 2.0, "predict": 0.1},
        "epochs": epochs,
        "documents_per_second": {"fit": 100.0, "predict": 1000.0},
        "peak_memory_mb": 300.0,
        "versions": {"python": "3.11.0"},
        "run": f"made-up-{backend}-grouped-s{seed}-00000000",
    }
    return Evaluation(
        run=Run("made-up", backend, {}, seed, documents["train"]),
        metrics=found,
        labels=names,
        confusion=metrics.confusion(codes, likeliest, k),
        codes=codes,
        probabilities=probabilities,
        rows=np.arange(n),
        groups=np.arange(n),
        history=[
            Epoch(number, epochs, 2 / number, 2.5 / number, 0.5 + 0.02 * number, best=True)
            for number in range(1, epochs + 1)
        ],
        decisions=decisions if decided else (),
    )


class Rendering(Subject):
    """A report under test."""

    def render(self, *evaluations: Evaluation, width: int = 100) -> tuple[Any, str]:
        """Build it and render; returns what it returned and what it wrote on the console."""
        page = io.StringIO()
        report = self.make()
        returned = report.render(list(evaluations), console=console(file=page, width=width))
        return returned, page.getvalue()

    def shown(self, *evaluations: Evaluation, width: int = 100) -> str:
        """Return all that a reader of the report sees."""
        returned, page = self.render(*evaluations, width=width)
        return page if returned is None else f"{page}{returned}"

    @once
    def usual(self) -> tuple[Any, str, Heard]:
        """What it returned and wrote on one evaluation, and what it said beside."""
        with listening() as heard:
            returned, page = self.render(evaluation(epochs=4))
        return returned, page, heard


def it_returns_a_text_or_none(it: Rendering) -> None:
    """The whole report as a str, or None where it was printed on the console."""
    returned = it.usual[0]
    hold(returned is None or isinstance(returned, str), f"it returns {type(returned).__name__}")


def it_shows_something(it: Rendering) -> None:
    """On an evaluation there is something to show: on the console or in what is returned."""
    returned, page, _ = it.usual
    hold(page.strip() or returned is None or str(returned).strip(), "the report is empty")
    hold(page.strip() or returned is not None, "it prints nothing on the console and returns None")


def it_prints_on_the_console_it_is_given(it: Rendering) -> None:
    """Nothing goes to stdout or stderr beside the console: they may be a program's."""
    hold(not it.usual[2].printed, "it prints beside the console")


def it_can_be_written_as_utf_8(it: Rendering) -> None:
    """What it returns can be written into a file."""
    returned = it.usual[0]
    if isinstance(returned, str):
        try:
            returned.encode("utf-8")
        except UnicodeEncodeError:
            raise LawBroken("a lone surrogate stands in it") from None


def rendering_again_gives_the_same(it: Rendering) -> None:
    """The same evaluations give the same report: two reports can be compared."""
    returned, page, _ = it.usual
    hold(it.render(evaluation(epochs=4)) == (returned, page), "the second report is another")


def the_evaluations_are_left_untouched(it: Rendering) -> None:
    """Other reports are given the same evaluations."""
    given = evaluation(epochs=4)
    before = copy.deepcopy(given)
    it.render(given)
    for name in ("confusion", "codes", "probabilities", "rows", "groups"):
        hold(np.array_equal(getattr(given, name), getattr(before, name)), f"{name} was changed")
    hold(given.metrics == before.metrics, "the metrics were changed")


def two_classes_are_enough(it: Rendering) -> None:
    """It shows an evaluation of two classes."""
    it.render(evaluation(2))


def seventy_seven_classes_are_not_too_many(it: Rendering) -> None:
    """It shows an evaluation of seventy-seven classes."""
    it.render(evaluation(77, n=231))


def a_model_without_epochs_is_shown(it: Rendering) -> None:
    """Many backends have no epochs: the history is empty."""
    it.render(evaluation())


def a_single_epoch_is_shown(it: Rendering) -> None:
    """A history of one epoch has no line to draw."""
    it.render(evaluation(epochs=1))


def several_backends_and_seeds_are_shown(it: Rendering) -> None:
    """It is given several evaluations at once: of each backend each seed."""
    it.render(*(evaluation(seed=seed, backend=name) for name in ("some", "other") for seed in (42, 43)))


def an_evaluation_without_decisions_is_shown(it: Rendering) -> None:
    """Where nothing was decided there are no decisions, and no error of what was routed."""
    it.render(evaluation(decided=False))


def a_class_that_is_never_right_is_shown(it: Rendering) -> None:
    """Where a class has no hit its precision and recall are 0, and its row of the matrix has no diagonal."""
    given = evaluation()
    confusion = given.confusion.copy()
    confusion[0, 1] += confusion[0, 0]
    confusion[0, 0] = 0
    it.render(replace(given, confusion=confusion))


def hostile_labels_do_no_harm(it: Rendering) -> None:
    """A label is somebody's text: it moves no cursor, names no window, runs no script."""
    shown = it.shown(evaluation(labels=_HOSTILE))
    found = _ESCAPE.search(shown)
    hold(not found, f"the character {found.group()!r} of a label reaches the reader" if found else "")
    returned = it.usual[0]
    if isinstance(returned, str) and "<html" in returned.lower():
        hold("<script>x" not in shown, "the markup of a label becomes part of the page")


def there_are_no_escape_codes_in_a_file(it: Rendering) -> None:
    """On a console that is no terminal, and in what is returned, there are no colour codes."""
    returned, page, _ = it.usual
    hold("\x1b" not in f"{page}{returned}", "an escape code")


def a_narrow_console_is_wide_enough(it: Rendering) -> None:
    """It shows something on forty columns as well."""
    returned, page = it.render(evaluation(epochs=4), width=40)
    if returned is None:
        hold(page.strip(), "nothing is shown")


def texts_are_shown_only_where_they_are_asked_for(it: Rendering) -> None:
    """A report that can quote what people wrote does so after `quote` and never before."""
    report: Any = it.make()
    quotes = isinstance(report, Quotes)
    if not quotes:
        return
    quoted = "zqvxquoted what somebody wrote"
    given = evaluation()
    report.quote([[quoted] * len(given.codes)])
    page = io.StringIO()
    report.render([given], console=console(file=page, width=100))
    other: Any = it.make()
    page = io.StringIO()
    returned = other.render([given], console=console(file=page, width=100))
    hold(quoted not in f"{page.getvalue()}{returned}", "a new report shows the texts that another was given")


LAWS = (
    *COMMON,
    it_returns_a_text_or_none,
    it_shows_something,
    it_prints_on_the_console_it_is_given,
    it_can_be_written_as_utf_8,
    rendering_again_gives_the_same,
    the_evaluations_are_left_untouched,
    two_classes_are_enough,
    seventy_seven_classes_are_not_too_many,
    a_model_without_epochs_is_shown,
    a_single_epoch_is_shown,
    several_backends_and_seeds_are_shown,
    an_evaluation_without_decisions_is_shown,
    a_class_that_is_never_right_is_shown,
    hostile_labels_do_no_harm,
    there_are_no_escape_codes_in_a_file,
    a_narrow_console_is_wide_enough,
    texts_are_shown_only_where_they_are_asked_for,
)
"""In the order in which they are checked."""

SUBJECT = Rendering
"""What the laws are about."""

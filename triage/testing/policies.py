"""The laws of a policy: what `triage.Policy` and `triage.host.protocols.Decide` promise, one by one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.host.protocols import Adopts, Decide
from triage.records import Document, Prediction, Verdict
from triage.routing.router import REASONS
from triage.testing import samples
from triage.testing.laws import hold
from triage.testing.subjects import COMMON, Subject, listening

__all__ = ["LAWS", "SUBJECT", "Deciding"]

_RULE = re.compile(r"rule:[\w.-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Deciding(Subject):
    """A policy under test."""

    def policy(self, k: int) -> Decide:
        """Build it, and give it the records of a model of k classes where it asks for any."""
        policy: Decide = self.make()
        if isinstance(policy, Adopts):
            policy.adopt(_records(k))
        return policy

    def verdicts(self, prediction: Prediction, policy: Decide | None = None) -> list[Verdict | None]:
        """Return the verdicts of a new policy on a prediction."""
        return list((policy or self.policy(len(prediction.classes))).decide(prediction))


def _classes(k: int) -> tuple[str, ...]:
    return tuple(f"class {i:02}" for i in range(k))


def prediction(k: int = 4, n: int = 40, *, texts: Sequence[str] = ()) -> Prediction:
    """Return what a model might say about n documents: sure of some, in doubt about others."""
    draw = np.random.default_rng(5)
    texts = list(texts) or [text for text, _ in samples.complaints(4, each=max(n // 4, 1))][:n]
    sharp = draw.gumbel(size=(len(texts), k)) * np.linspace(0.2, 12, len(texts))[:, None]
    odds = np.exp(sharp - sharp.max(axis=1, keepdims=True))
    return Prediction(
        documents=[Document(row=row, text=text) for row, text in enumerate(texts, start=1)],
        texts=texts,
        probabilities=odds / odds.sum(axis=1, keepdims=True),
        classes=_classes(k),
        queues={label: label for label in _classes(k)},
    )


def _records(k: int) -> Mapping[str, Mapping[str, Any]]:
    """What is stored with a model on which something was promised."""
    from triage.models.held_out import HeldOut
    from triage.routing.promises import promise_of

    parts = []
    for seed in (1, 2):
        draw = np.random.default_rng(seed)
        codes = draw.integers(0, k, 400)
        chances: NDArray[np.float64] = np.full((400, k), 0.03 / k)
        chances[np.arange(400), codes] += 0.97
        parts.append(HeldOut(codes, chances))
    promise = promise_of(parts[0], parts[1], _classes(k), max_error=0.05, confidence=0.95)
    return {"promise": promise.to_json()}


def each_document_gets_one_verdict(it: Deciding) -> None:
    """As many verdicts as documents, each a Verdict, or None to leave it to the next policy."""
    found = it.verdicts(prediction())
    hold(len(found) == 40, f"{len(found)} verdicts on 40 documents")
    strange = [type(each).__name__ for each in found if each is not None and not isinstance(each, Verdict)]
    hold(not strange, f"{strange[:1]} is no verdict")


def verdicts_say_route_or_review(it: Deciding) -> None:
    """The action of a verdict is "route" or "review"."""
    for verdict in _said(it, prediction()):
        hold(verdict.action in ("route", "review"), f"the action {verdict.action!r}")


def reasons_are_of_the_closed_list(it: Deciding) -> None:
    """Every verdict has a reason, and each is a word of `triage.routing.router.REASONS` or `rule:NAME`."""
    for verdict in _said(it, prediction()):
        hold(verdict.reasons, "a verdict without a reason")
        for reason in verdict.reasons:
            hold(reason in REASONS or _RULE.fullmatch(reason), f"the reason {reason!r}")


def thresholds_are_probabilities(it: Deciding) -> None:
    """Where a verdict names the confidence that was asked for, it is from 0 to 1."""
    for verdict in _said(it, prediction()):
        if verdict.threshold is not None:
            hold(0 <= verdict.threshold <= 1, f"the threshold {verdict.threshold!r}")


def queues_are_names(it: Deciding) -> None:
    """Where a verdict names a queue, it is a text of one line that is not empty."""
    for verdict in _said(it, prediction()):
        if verdict.queue is not None:
            good = (
                isinstance(verdict.queue, str)
                and verdict.queue.strip()
                and not _CONTROL.search(verdict.queue)
            )
            hold(good, f"the queue {verdict.queue!r}")


def no_documents_get_no_verdicts(it: Deciding) -> None:
    """Asked about nothing it says nothing."""
    hold(it.verdicts(prediction().take([])) == [], "verdicts on no documents")


def two_classes_are_enough(it: Deciding) -> None:
    """It decides where there are two classes."""
    hold(len(it.verdicts(prediction(2))) == 40, "not one verdict for each document")


def forty_classes_are_not_too_many(it: Deciding) -> None:
    """It decides where there are forty classes."""
    hold(len(it.verdicts(prediction(40))) == 40, "not one verdict for each document")


def deciding_again_gives_the_same(it: Deciding) -> None:
    """It keeps no count: asked again, the same policy says the same."""
    policy, asked = it.policy(4), prediction()
    hold(it.verdicts(asked, policy) == it.verdicts(asked, policy), "the second answer is another")


def splitting_a_batch_changes_nothing(it: Deciding) -> None:
    """A document gets the same verdict alone as among others: batches are the host's affair."""
    asked, policy = prediction(), it.policy(4)
    alone = [verdict for i in range(len(asked)) for verdict in it.verdicts(asked.take([i]), policy)]
    hold(alone == it.verdicts(asked, policy), "a document alone gets another verdict")


def the_order_of_a_batch_changes_nothing(it: Deciding) -> None:
    """Turning a batch around turns its verdicts around."""
    asked = prediction()
    turned = asked.take(range(len(asked) - 1, -1, -1))
    hold(it.verdicts(turned)[::-1] == it.verdicts(asked), "in another order a document gets another verdict")


def the_prediction_is_left_untouched(it: Deciding) -> None:
    """Other policies are asked about the same prediction: its arrays and lists stay as they are."""
    asked, before = prediction(), prediction()
    it.verdicts(asked)
    hold(np.array_equal(asked.probabilities, before.probabilities), "the probabilities were changed")
    same = list(asked.texts) == list(before.texts) and list(asked.documents) == list(before.documents)
    hold(same, "the texts or documents were changed")


def more_certainty_takes_no_route_back(it: Deciding) -> None:
    """What it routes it also routes where the same label is likelier still."""
    asked = prediction()
    surer = prediction()
    top = surer.probabilities.argmax(axis=1)
    surer.probabilities[:] *= 0.5
    surer.probabilities[np.arange(len(top)), top] += 0.5
    pairs = zip(it.verdicts(asked), it.verdicts(surer), strict=True)
    lost = sum(_routes(before) and not _routes(after) for before, after in pairs)
    hold(not lost, f"{lost} of 40 documents are no longer routed when the model is surer")


def nothing_is_routed_on_numbers_that_are_not_finite(it: Deciding) -> None:
    """A policy that reads documents meets such numbers: it raises nothing, and a route names its queue."""
    if it.extension.reads != "documents":
        return  # the host asks it about nothing else than probabilities
    asked = prediction()
    asked.probabilities[::2] = np.nan
    for verdict in it.verdicts(asked)[::2]:
        if isinstance(verdict, Verdict) and verdict.action == "route":
            hold(verdict.queue, "it routes to the queue of a label that nobody knows")


def hostile_texts_are_decided_on(it: Deciding) -> None:
    """Controls, lone surrogates, empty and very long texts get verdicts as well."""
    texts = [*samples.HOSTILE, *samples.UNSEEN_SCRIPT, "", "a" * 100_000]
    found = it.verdicts(prediction(texts=texts))
    hold(len(found) == len(texts), "not one verdict for each document")


def it_says_nothing_while_it_decides(it: Deciding) -> None:
    """It neither prints nor logs: the decision is all there is to say."""
    with listening() as heard:
        it.verdicts(prediction())
    hold(not heard.printed, "it prints")
    hold(not heard.logged, "it logs")


def _said(it: Deciding, asked: Prediction) -> list[Verdict]:
    return [verdict for verdict in it.verdicts(asked) if isinstance(verdict, Verdict)]


def _routes(verdict: Verdict | None) -> bool:
    return isinstance(verdict, Verdict) and verdict.action == "route"


LAWS = (
    *COMMON,
    each_document_gets_one_verdict,
    verdicts_say_route_or_review,
    reasons_are_of_the_closed_list,
    thresholds_are_probabilities,
    queues_are_names,
    no_documents_get_no_verdicts,
    two_classes_are_enough,
    forty_classes_are_not_too_many,
    deciding_again_gives_the_same,
    splitting_a_batch_changes_nothing,
    the_order_of_a_batch_changes_nothing,
    the_prediction_is_left_untouched,
    more_certainty_takes_no_route_back,
    nothing_is_routed_on_numbers_that_are_not_finite,
    hostile_texts_are_decided_on,
    it_says_nothing_while_it_decides,
)
"""In the order in which they are checked."""

SUBJECT = Deciding
"""What the laws are about."""

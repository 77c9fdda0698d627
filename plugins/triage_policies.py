"""Policies: what goes to a queue by itself, what goes in front of a person."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

import numpy as np

import triage
from triage import Between, Prediction, Verdict
from triage.promises import Promise, scores_of


class Threshold:
    """Route what is likely enough and clear enough; the rest goes to a person."""

    def __init__(
        self,
        *,
        confidence: Annotated[
            float, "Least calibrated probability of the likeliest label", Between(0, 1)
        ] = 0.7,
        margin: Annotated[float, "Least distance to the probability of the runner-up", Between(0, 1)] = 0.1,
    ) -> None:
        self.confidence = confidence
        self.margin = margin

    def decide(self, prediction: Prediction) -> Sequence[Verdict]:
        """Return a verdict for each document; a higher confidence or margin never routes more."""
        two = np.sort(prediction.probabilities, axis=1)[:, -2:]
        confident = two[:, 1] >= self.confidence
        clear = two[:, 1] - two[:, 0] >= self.margin
        route = Verdict("route", ("confident",), threshold=self.confidence)
        low = Verdict("review", ("below_threshold",), threshold=self.confidence)
        ambiguous = Verdict("review", ("ambiguous",), threshold=self.confidence)
        both = Verdict("review", ("below_threshold", "ambiguous"), threshold=self.confidence)
        table = {(True, True): route, (False, True): low, (True, False): ambiguous, (False, False): both}
        return [table[pair] for pair in zip(confident.tolist(), clear.tolist(), strict=True)]


class Bounded:
    """Route only what the promise of `triage promise` covers; the rest goes to a person."""

    def __init__(
        self,
        *,
        max_error: Annotated[
            float, "Promised share of wrong routes among what is routed", Between(0, 1)
        ] = 0.05,
        confidence: Annotated[float, "Probability that the promise holds", Between(0, 1)] = 0.95,
    ) -> None:
        self.max_error = max_error
        self.confidence = confidence

    def adopt(self, records: Mapping[str, Mapping[str, Any]]) -> None:
        """Take the promise that is stored with the model.

        Raises:
            BadOption: there is none, or it promises less than is asked for.
        """
        remedy = (
            f"triage promise MODEL --max-error {self.max_error:g} --confidence {self.confidence:g} makes it"
        )
        if "promise" not in records:
            raise triage.BadOption(f"bounded: nothing is promised for this model yet; {remedy}")
        self._promise = Promise.from_json(records["promise"])
        if self._promise.max_error > self.max_error or self._promise.confidence < self.confidence:
            raise triage.BadOption(
                f"bounded: the model promises an error of at most {self._promise.max_error:g} "
                f"at {self._promise.confidence:g}, which is less than is asked for; {remedy}"
            )

    def decide(self, prediction: Prediction) -> Sequence[Verdict]:
        """Return a verdict for each document: a route where its score reaches its queue's threshold."""
        scores = scores_of(prediction.probabilities, self._promise.score).tolist()
        codes = prediction.probabilities.argmax(axis=1).tolist()
        verdicts = []
        for score, code in zip(scores, codes, strict=True):
            label = prediction.classes[code]
            threshold = self._promise.threshold(prediction.queues.get(label, label))
            if threshold is None:
                verdicts.append(Verdict("review", ("no_promise",)))
            elif score >= threshold:
                verdicts.append(Verdict("route", ("confident",), threshold=threshold))
            else:
                verdicts.append(Verdict("review", ("below_threshold",), threshold=threshold))
        return verdicts


class Rules:
    """Named patterns that always go to a queue or to a person, whatever the model says."""

    def __init__(
        self,
        *,
        rules: Annotated[Mapping[str, Any], "name = {pattern = ..., queue = ... or review = true}"] = {},
        budget: Annotated[float, "Seconds that one pattern may spend on one text", Between(0.001, 60)] = 0.1,
    ) -> None:
        """Compile the patterns.

        Raises:
            BadOption: a rule without a pattern, a pattern that does not compile, or neither queue nor review.
        """
        self.budget = budget
        self._rules = [_compiled(name, rule) for name, rule in rules.items()]

    def decide(self, prediction: Prediction) -> Sequence[Verdict | None]:
        """Return the verdict of the first rule that matches a text as it was written, or None.

        A pattern that runs out of its time budget sends the document to a person, in that rule's name.
        """
        return [self._first(document.text) for document in prediction.documents]

    def _first(self, text: str) -> Verdict | None:
        for name, pattern, verdict in self._rules:
            try:
                if pattern.search(text, timeout=self.budget, concurrent=False):
                    return verdict
            except TimeoutError:
                return Verdict("review", (f"rule:{name}",))
        return None


def _compiled(name: str, rule: Any) -> tuple[str, Any, Verdict]:
    import regex

    if not re.fullmatch(r"[\w.-]+", name):
        raise triage.BadOption(f"the rule's name {name!r} holds more than letters, digits, '-', '_' and '.'")
    if not isinstance(rule, Mapping) or not isinstance(rule.get("pattern"), str):
        raise triage.BadOption(f"the rule {name!r} has no pattern")
    queue, review = rule.get("queue"), rule.get("review", False)
    if bool(queue) == bool(review) or set(rule) - {"pattern", "queue", "review"}:
        raise triage.BadOption(
            f'the rule {name!r} takes a pattern and either queue = "NAME" or review = true'
        )
    try:
        pattern = regex.compile(rule["pattern"], regex.IGNORECASE | regex.V1)
    except regex.error as error:
        raise triage.BadOption(f"the pattern of the rule {name!r} does not compile: {error}") from error
    reasons = (f"rule:{name}",)
    return name, pattern, Verdict("route", reasons, queue=str(queue)) if queue else Verdict("review", reasons)


@triage.hookimpl
def triage_policies() -> Iterator[triage.Policy]:
    """The built-in policies."""
    yield triage.Policy(
        name="threshold",
        summary="Route what is likely and clear enough, by fixed thresholds",
        build=Threshold,
    )
    yield triage.Policy(
        name="bounded",
        summary="Route only what a proven bound on the error covers",
        build=Bounded,
    )
    yield triage.Policy(
        name="rules",
        summary="Named patterns that always go to a queue or to a person",
        build=Rules,
        requires=("regex",),
        reads="documents",
    )

"""Policies that compare how sure the model is with a threshold: a fixed one, or one that is proven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np

import triage
from triage import Between, Prediction, Verdict
from triage.plugin_api import Promise, scores_of

__all__ = ["Bounded", "Threshold"]


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

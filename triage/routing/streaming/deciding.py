"""From what is known of a text to a decision: early where that was promised, and at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from triage.config import Step
from triage.data.defaults import policy_chain
from triage.host.manager import Plugins
from triage.models.model import Model
from triage.models.prefix_scores import SETTLED
from triage.records import Decision, Prediction
from triage.routing.early import EarlyPromise, EarlyStep
from triage.routing.router import Router
from triage.routing.streaming.places import OpenText

__all__ = ["Deciding"]


class Deciding:
    """Decides with the model's policies; with a promise about early decisions the last gives way to it.

    What was proven is then what happens, at the end of a text too. Rules that are always asked first still
    are: what one claims waits for the end of the text.

    Attributes:
        promise: what was proven of early decisions, or None: then there are none before the end.
        policy: the last policy of the model, which a promise replaces.
    """

    def __init__(self, model: Model, plugins: Plugins) -> None:
        self._model = model
        self.promise = _promise(model)
        chain = policy_chain(model.experiment, plugins)
        self.policy: Step = chain[-1]
        steps: Sequence[Step] = chain if self.promise is None else chain[:-1]
        self._router = Router(model, steps, plugins)

    @property
    def lengths(self) -> tuple[int, ...]:
        """After how many words a text may be decided before its end."""
        return () if self.promise is None else self.promise.lengths

    def early(self, text: OpenText) -> bool:
        """Decide on a text at the first length that allows it; return whether one did."""
        rule = self._rule
        if rule is None or text.decision is not None:
            return False
        for length, threshold in zip(self.lengths, rule.thresholds, strict=True):
            if length not in text.looks or len(text.seen) < length + SETTLED:
                continue
            raw = text.looks.pop(length)[None]
            if not np.isfinite(raw).all() or self._model.calibration.apply(raw).max() < threshold:
                continue
            prediction = self._prediction(text, " ".join(text.seen[:length]), raw)
            if _outside(prediction):
                continue
            (decision,) = self._router.decide_prediction(prediction)
            if decision.reasons == ("no_promise",):
                text.decision, text.early = _routed(decision, threshold), length
                text.looks.clear()
                return True
        return False

    def final(self, text: OpenText, cleaned: str, *, timed_out: bool) -> Decision:
        """Decide on the whole of a text.

        Args:
            text: at its end.
            cleaned: all of it, clean.
            timed_out: whether a cleaning rule ran out of time on it.
        """
        prediction = self._prediction(text, cleaned, text.place.raw[None])
        (decision,) = self._router.decide_prediction(prediction, {0} if timed_out else ())
        rule = self._rule
        if rule is None or decision.reasons != ("no_promise",):
            return decision
        if _outside(prediction):
            return replace(decision, reasons=("out_of_scope",))
        if prediction.probabilities.max() >= rule.final:
            return _routed(decision, rule.final)
        return replace(decision, reasons=("below_threshold",), threshold=min(rule.final, 1.0))

    @property
    def _rule(self) -> EarlyStep | None:
        return None if self.promise is None else self.promise.rule

    def _prediction(self, text: OpenText, cleaned: str, raw: np.ndarray) -> Prediction:
        document = replace(text.document, text=text.growing.text)
        return self._model.prediction([document], [cleaned], raw=raw)


def _promise(model: Model) -> EarlyPromise | None:
    record = model.extra.get("early")
    promise = None if record is None else EarlyPromise.from_json(record)
    return promise if promise is not None and promise.kept else None


def _outside(prediction: Prediction) -> bool:
    return prediction.out_of_scope is not None and bool(prediction.out_of_scope[0])


def _routed(decision: Decision, threshold: float) -> Decision:
    return replace(decision, action="route", reasons=("confident",), threshold=threshold)

"""From probabilities to decisions: every row that is read gets exactly one, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from triage.config import Step
from triage.data.cleaning import CleaningTimeout
from triage.errors import PluginFailed
from triage.host.extensions import Policy
from triage.host.manager import Plugins
from triage.host.protocols import Adopts, Decide
from triage.models.model import Model
from triage.records import Decision, Document, Prediction, Quarantined, Verdict
from triage.routing.names import name_warnings

__all__ = ["REASONS", "Router"]

REASONS = (
    "confident",
    "below_threshold",
    "ambiguous",
    "empty_after_cleaning",
    "no_promise",
    "out_of_scope",
    "over_capacity",
    "costs",
    "not_finite",
    "unreadable_row",
    "engine_failed",
)
"""The closed list of reasons; besides them there is `rule:NAME`, with the name of a rule."""

BATCH = 512


class Router:
    """Decides where documents go.

    Args:
        model: what says how likely each label is.
        policies: asked in this order; the first that has a verdict on a document settles it.
        plugins: where the policies are looked up.
        alternatives: how many of the next likeliest labels a decision names.
        explain: whether a decision names the terms that decided.

    Attributes:
        warnings: names in the experiment and the policies that fit no label and no queue, a line each.
        timed_out_: how many documents a cleaning rule ran out of time on or the backend failed on, by what is to be
            said of it.

    Raises:
        UnknownName, BadOption, Unavailable: a policy that cannot be built.
    """

    def __init__(
        self,
        model: Model,
        policies: Sequence[Step],
        plugins: Plugins,
        *,
        alternatives: int = 3,
        explain: bool = False,
    ) -> None:
        self.model = model
        self.alternatives = alternatives
        self.explain = explain
        self._plugins = plugins
        self._policies: list[tuple[Policy, Decide]] = []
        self.timed_out_: Counter[str] = Counter()
        for name, options in policies:
            policy = plugins.policy(name)
            decide: Decide = plugins.build(policy, dict(options))
            if isinstance(decide, Adopts):
                decide.adopt(model.extra)
            self._policies.append((policy, decide))
        deciders = [decide for _, decide in self._policies]
        self.warnings = tuple(name_warnings(model.classes, model.experiment.queues, deciders))

    def decide(self, rows: Iterable[Document | Quarantined]) -> Iterator[Decision]:
        """Yield one decision for each row, in order, holding no more than a batch in memory."""
        rows = iter(rows)
        while batch := list(islice(rows, BATCH)):
            yield from self.decide_batch(batch)

    def decide_batch(self, rows: Sequence[Document | Quarantined]) -> list[Decision]:
        """Return one decision for each of `rows`, in order."""
        documents = [row for row in rows if isinstance(row, Document)]
        decided = iter(self._decide_documents(documents))
        return [_unreadable(row) if isinstance(row, Quarantined) else next(decided) for row in rows]

    def _decide_documents(self, documents: Sequence[Document]) -> list[Decision]:
        if not documents:
            return []
        prediction, timed_out = self._predict(documents)
        return self.decide_prediction(prediction, timed_out)

    def decide_prediction(self, prediction: Prediction, timed_out: Container[int] = ()) -> list[Decision]:
        """Return one decision for each document of a prediction, in order.

        Args:
            prediction: of at least one document.
            timed_out: positions of texts on which a cleaning rule ran out of time.
        """
        finite = np.asarray(np.isfinite(prediction.probabilities).all(axis=1))
        has_say = np.array([bool(text) for text in prediction.texts]) & finite
        verdicts = self._ask(prediction, has_say)
        for position, verdict in enumerate(verdicts):
            if position in timed_out:
                verdicts[position] = Verdict("review", ("unreadable_row",))
            elif verdict is None:
                reason = (
                    "empty_after_cleaning"
                    if not prediction.texts[position]
                    else "no_promise"
                    if finite[position]
                    else "not_finite"
                )
                verdicts[position] = Verdict("review", (reason,))
        return self._decisions(prediction, verdicts, has_say)

    def _predict(self, documents: Sequence[Document]) -> tuple[Prediction, set[int]]:
        """Predict; a text that a cleaning rule or the backend fails on costs its own row, and no other.

        Returns:
            The prediction, and the positions of those texts, which count as empty.

        Raises:
            PluginFailed: the backend fails on every text of the batch.
        """
        try:
            with self._plugins.attribute_errors_to(f"the backend {self.model.backend!r}"):
                return self.model.predict(documents), set()
        except (CleaningTimeout, PluginFailed) as error:
            failed = error
        texts, lost = [], set()
        for position, document in enumerate(documents):
            try:
                with self._plugins.attribute_errors_to(f"the backend {self.model.backend!r}"):
                    cleaned = self.model.cleaning(document.text)
                    if isinstance(failed, PluginFailed):
                        self.model.predict_raw([cleaned])
                texts.append(cleaned)
            except (CleaningTimeout, PluginFailed) as error:
                texts.append("")
                lost.add(position)
                self.timed_out_[str(error)] += 1
        if isinstance(failed, PluginFailed) and len(lost) == len(documents):
            raise failed
        with self._plugins.attribute_errors_to(f"the backend {self.model.backend!r}"):
            return self.model.prediction(documents, texts), lost

    def _ask(self, prediction: Prediction, has_say: NDArray[np.bool_]) -> list[Verdict | None]:
        """Ask the policies; before the first that reads probabilities, what is out of scope is settled."""
        verdicts: list[Verdict | None] = [None] * len(prediction)
        outside = has_say & False if prediction.out_of_scope is None else has_say & prediction.out_of_scope
        for policy, decide in self._policies:
            if policy.reads == "probabilities":
                for position in np.flatnonzero(outside).tolist():
                    verdicts[position] = verdicts[position] or Verdict("review", ("out_of_scope",))
            open_ = [
                position
                for position, verdict in enumerate(verdicts)
                if verdict is None and (policy.reads == "documents" or has_say[position])
            ]
            if not open_:
                continue
            with self._plugins.attribute_errors_to(policy):
                given = decide.decide(prediction if len(open_) == len(prediction) else prediction.take(open_))
            if len(given) != len(open_):
                raise PluginFailed(
                    f"the policy {policy.name!r} gave {len(given)} verdicts on {len(open_)} documents"
                )
            for position, verdict in zip(open_, given, strict=True):
                if verdict is not None:
                    _check(verdict, policy)
                verdicts[position] = verdict
        return verdicts

    def _decisions(
        self, prediction: Prediction, verdicts: Sequence[Verdict | None], has_say: NDArray[np.bool_]
    ) -> list[Decision]:
        classes, queues = prediction.classes, prediction.queues
        most = min(self.alternatives + 1, len(classes))
        # A stable order: of equal probabilities the earlier class comes first, as in argmax.
        order = np.argsort(-np.where(has_say[:, None], prediction.probabilities, 0), axis=1, kind="stable")
        top = order[:, :most]
        chances = np.take_along_axis(prediction.probabilities, top, axis=1).tolist()
        familiarity = None if prediction.familiarity is None else prediction.familiarity.tolist()
        terms: Sequence[Sequence[tuple[str, float]]] = [()] * len(prediction)
        if self.explain:
            with self._plugins.attribute_errors_to(f"the backend {self.model.backend!r}"):
                terms = self.model.explain_cleaned(prediction.texts, top[:, 0].tolist())
        decisions = []
        for position, (document, verdict, codes) in enumerate(
            zip(prediction.documents, verdicts, top.tolist(), strict=True)
        ):
            assert verdict is not None
            say = bool(has_say[position])
            label = classes[codes[0]] if say else None
            decisions.append(
                Decision(
                    row=document.row,
                    id=document.id,
                    action=verdict.action,
                    queue=verdict.queue or (queues.get(label, label) if label is not None else None),
                    label=label,
                    confidence=chances[position][0] if say else None,
                    threshold=verdict.threshold,
                    reasons=verdict.reasons,
                    alternatives=tuple(
                        (classes[code], chance)
                        for code, chance in zip(codes[1:], chances[position][1:], strict=True)
                    )
                    if say
                    else (),
                    terms=tuple(terms[position]) if say else (),
                    saves=verdict.saves,
                    familiarity=None if familiarity is None else familiarity[position],
                    date=document.date,
                )
            )
        return decisions


def _unreadable(row: Quarantined) -> Decision:
    return Decision(row.row, "", "review", None, None, None, None, ("unreadable_row",))


def _check(verdict: Verdict, policy: Policy) -> None:
    """Hold a policy to the closed list of reasons.

    Raises:
        PluginFailed: no verdict, an unknown action or reason, or a route without one.
    """
    if not isinstance(verdict, Verdict) or verdict.action not in ("route", "review") or not verdict.reasons:
        raise PluginFailed(f"the policy {policy.name!r} returned something that is not a verdict")
    for reason in verdict.reasons:
        if reason not in REASONS and not reason.startswith("rule:"):
            raise PluginFailed(
                f"the policy {policy.name!r} gave the reason {reason!r}, which is not in the list"
            )

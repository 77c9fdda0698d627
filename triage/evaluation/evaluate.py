"""Judge a fitted model on the test part: the numbers, the probabilities and the decisions."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.data.defaults import policy_chain
from triage.errors import DataError, Diverged
from triage.host.manager import Plugins
from triage.host.protocols import Adopts
from triage.models.held_out import HeldOut
from triage.models.model import Model
from triage.models.prefix_scores import prefix_scores_of
from triage.models.training import Fitted, Prepared
from triage.records import Decision, Document, Evaluation, Part, Prediction
from triage.routing.promises import asked_of, can_be_proven, prove
from triage.routing.router import Router
from triage.stats import metrics
from triage.stats.bootstrap import coverage_intervals, score_intervals
from triage.stats.calibration import quality
from triage.stats.oov import unseen_words

__all__ = ["COSTS", "evaluate", "with_held_out"]

COSTS = ("seconds", "documents_per_second", "peak_memory_mb")
"""The keys of `Evaluation.metrics` that two runs of one seed need not agree on."""

_TIMED = 2_000  # documents that the speed is measured on


def evaluate(
    fitted: Fitted,
    prepared: Prepared,
    plugins: Plugins,
    *,
    test_documents: Sequence[Document] | None = None,
) -> Evaluation:
    """Return how the model does on the test part, which is read here and nowhere else.

    Without a test part the out-of-fold answers are judged: each document by a model that has not seen it.

    Args:
        fitted: fresh from training.
        prepared: the parts it was trained on.
        plugins: whose observers are told.
        test_documents: where the test part's rows point to, when that is not the training corpus.

    Raises:
        DataError: the test part is empty.
        Diverged: a probability is not finite.
    """
    model = fitted.model
    test, prediction, raw, predict_seconds = _asked(fitted, prepared, plugins, test_documents)
    probabilities = prediction.probabilities
    if not np.isfinite(probabilities).all():
        raise Diverged(f"the backend {model.backend!r} answers with numbers that are not finite")

    decisions = Router(
        _promising(model, prepared, plugins), policy_chain(model.experiment, plugins), plugins
    ).decide_prediction(prediction)

    reliability = {
        when: quality(test.codes, _with_unseen(each, test.k))
        for when, each in (("before", raw), ("after", probabilities))
    }
    probabilities = _with_unseen(probabilities, test.k)
    scores = metrics.score(test.codes, probabilities, test.classes)
    splits = prepared.splits
    found: dict[str, Any] = {
        "corpus": prepared.dataset.name,
        "corpus_sha256": model.trained["corpus_sha256"],
        "backend": model.backend,
        "options": dict(model.options),
        "seed": model.experiment.seed,
        "split": model.experiment.split,
        "experiment": model.experiment.to_json(),
        "train_share": model.experiment.train_share,
        "folds": model.trained["folds"],
        "documents": {name: len(part) for name, part in splits.parts.items()}
        | {
            "quarantined": len(prepared.dataset.quarantined) + sum(prepared.timed_out.values()),
            "learned": len(splits.train),
            "judged": len(test),
            "twins": prepared.twins,
        },
        "cut": model.trained.get("cut"),
        "set_aside": dict(splits.set_aside),
        "unseen": dict(prepared.unseen),
        "unseen_words": _unseen_words(fitted, prepared),
        "timed_out": dict(prepared.timed_out),
        "lengths": _lengths(splits.train.texts),
        **scores,
        **_score_intervals(test.codes, probabilities, test.groups),
        "coverage_at_accuracy_interval": _coverage_intervals(test.codes, probabilities, test.groups),
        "calibration": _calibration(model),
        "reliability": reliability,
        "scope": {
            "false_alarms": model.scope.false_alarms if model.scope else None,
            "out_of_scope": None
            if prediction.out_of_scope is None
            else float(np.mean(prediction.out_of_scope)),
        },
        "routing": _routing(decisions, test.codes, test.classes, model.queues, model.experiment.policies[-1]),
        "seconds": {"prepare": prepared.seconds, "fit": fitted.seconds, "predict": predict_seconds},
        "epochs": len(fitted.history),
        "documents_per_second": {
            "fit": len(splits.train) / max(fitted.seconds, 1e-9),
            "predict": min(len(test), _TIMED) / max(predict_seconds, 1e-9),
        },
        "peak_memory_mb": peak_memory_mb(),
        "versions": dict(model.trained["versions"]),
    }
    evaluation = Evaluation(
        run=fitted.run,
        metrics=found,
        labels=test.classes,
        confusion=np.asarray(scores["confusion"]["matrix"], dtype=np.int64),
        codes=test.codes,
        probabilities=probabilities,
        rows=test.rows,
        groups=test.groups,
        history=fitted.history,
        decisions=decisions,
    )
    plugins.run_finished(fitted.run, evaluation)
    return evaluation


def _asked(
    fitted: Fitted, prepared: Prepared, plugins: Plugins, test_documents: Sequence[Document] | None
) -> tuple[Part, Prediction, NDArray[np.float64], float]:
    """Return what is judged: the documents, what is said of them, calibrated and raw, and the seconds it took.

    Raises:
        DataError: there is no document to judge on.
    """
    model, test, oof = fitted.model, prepared.splits.test, fitted.out_of_fold
    timed = (test.texts if len(test) else prepared.splits.train.texts)[:_TIMED]
    started = time.perf_counter()
    with plugins.attribute_errors_to(plugins.backend(model.backend)):
        head = model.predict_raw(timed)
    seconds = time.perf_counter() - started
    if len(test):
        raw = np.concatenate([head, model.predict_raw(test.texts[_TIMED:])])
        source = prepared.dataset.documents if test_documents is None else test_documents
        documents = [source[row] for row in test.rows.tolist()]
        return test, model.prediction(documents, test.texts, raw=raw), raw, seconds
    if oof is None or not len(oof.part):
        raise DataError(f"{prepared.dataset.name}: the test part is empty; give more documents, or --test")
    documents = [prepared.dataset.documents[row] for row in oof.part.rows.tolist()]
    held = oof.held_out
    prediction = Prediction(
        documents,
        oof.part.texts,
        held.probabilities,
        model.classes,
        model.queues,
        held.familiarity,
        held.out_of_scope,
    )
    return oof.part, prediction, oof.raw, seconds


def _unseen_words(fitted: Fitted, prepared: Prepared) -> Any:
    """Return `unseen_words` of the test part, or of the first fold where there is none."""
    oof, splits = fitted.out_of_fold, prepared.splits
    if len(splits.test) or oof is None:
        return unseen_words(splits.train.texts, splits.test.texts)
    inside = set(oof.part.rows[oof.folds == 0].tolist())
    texts = [
        (row in inside, text)
        for row, text in zip(splits.train.rows.tolist(), splits.train.texts, strict=True)
    ]
    return unseen_words([text for held, text in texts if not held], [text for held, text in texts if held])


def _score_intervals(
    codes: NDArray[np.int64], probabilities: NDArray[np.float64], groups: NDArray[np.int64]
) -> dict[str, list[float]]:
    """Return the 95% intervals of accuracy and macro-F1, over families."""
    predicted, _ = metrics.top_label(probabilities)
    accuracy, macro_f1 = score_intervals(codes, predicted, groups, k=probabilities.shape[1])
    return {"accuracy_interval": list(accuracy), "macro_f1_interval": list(macro_f1)}


def _coverage_intervals(
    codes: NDArray[np.int64], probabilities: NDArray[np.float64], groups: NDArray[np.int64]
) -> dict[str, list[float]]:
    """The 95% intervals of `coverage_at_accuracy`."""
    predicted, confidence = metrics.top_label(probabilities)
    found = coverage_intervals(confidence, predicted != codes, groups, least=metrics.ACCURACIES)
    return {f"{least:.2f}": list(interval) for least, interval in zip(metrics.ACCURACIES, found, strict=True)}


def _calibration(model: Model) -> dict[str, Any]:
    """How the model was calibrated, without the steps of its maps."""
    return {name: value for name, value in model.calibration.to_json().items() if name != "steps"}


def _promising(model: Model, prepared: Prepared, plugins: Plugins) -> Model:
    """Give the model a promise to be judged by, where one of its policies asks for what is stored with it."""
    asking = [
        options
        for name, options in policy_chain(model.experiment, plugins)
        if isinstance(plugins.build(plugins.policy(name), dict(options)), Adopts)
    ]
    held_out = with_held_out(model, prepared).held_out
    if not asking or not can_be_proven(held_out):
        return model
    promise = prove(replace(model, held_out=held_out), **asked_of(asking[-1]))
    return replace(model, extra={**model.extra, "promise": promise.to_json()})


def with_held_out(model: Model, prepared: Prepared) -> Model:
    """Return the model with what it says about the parts that it was not fitted on, and says early."""
    parts = {name: part for name, part in prepared.splits.parts.items() if name != "train" and len(part)}
    held_out = dict(model.held_out)
    for name, part in parts.items():
        raw = model.predict_raw(part.texts)
        familiarity, outside = model.scope_of(part.texts, raw)
        groups = part.groups if len(part.groups) else None
        held_out[name] = HeldOut(part.codes, model.calibration.apply(raw), familiarity, outside, groups)
    prefix_scores = dict(model.prefix_scores) | {
        name: scores
        for name, part in parts.items()
        if (scores := prefix_scores_of(model, part.texts)) is not None
    }
    return replace(model, held_out=held_out, prefix_scores=prefix_scores)


def _lengths(texts: Sequence[str]) -> dict[str, list[int]]:
    """A histogram of the training texts' lengths in words after cleaning; the last bin holds all above."""
    words = np.array([len(text.split()) for text in texts])
    width = max(1, int(np.ceil(np.quantile(words, 0.99) / 20)))
    edges = np.arange(21) * width
    counts, _ = np.histogram(np.minimum(words, edges[-1]), bins=edges)
    return {"edges": edges.tolist(), "counts": counts.tolist()}


def _routing(
    decisions: Sequence[Decision],
    codes: NDArray[np.int64],
    classes: Sequence[str],
    queues: dict[str, str],
    policy: tuple[str, Any],
) -> dict[str, Any]:
    """How much was routed by itself, and what share of that went to a wrong queue."""
    routed = [
        decision.queue != queues.get(classes[code], classes[code])
        for decision, code in zip(decisions, codes.tolist(), strict=True)
        if decision.action == "route"
    ]
    name, options = policy
    return {
        "policy": name,
        "max_error": options.get("max_error"),
        "confidence": options.get("confidence"),
        "coverage": len(routed) / len(decisions),
        "realised_error": sum(routed) / len(routed) if routed else None,
    }


def _with_unseen(probabilities: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """Give labels that training never saw a column of zeros: every one of them counts as an error."""
    missing = k - probabilities.shape[1]
    return np.pad(probabilities, ((0, 0), (0, missing))) if missing else probabilities


def peak_memory_mb() -> float:
    """Return the most memory that this process has held so far, in MB (10**6 bytes); 0 where unknown."""
    try:
        # On Linux ru_maxrss survives exec: a small child of a large parent would report the parent's peak.
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    except (OSError, ValueError):
        pass
    try:
        import resource
    except ImportError:  # not on Windows
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6

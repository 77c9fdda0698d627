"""The laws of a backend: what `triage.Backend` and `triage.host.protocols.Classifier` promise."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from triage.errors import NotFitted, TriageError
from triage.host.protocols import Explains
from triage.models.model import predict_raw
from triage.testing import samples, streams
from triage.testing.executables import executable
from triage.testing.laws import LawBroken, LawSkipped, hold
from triage.testing.learners import Trained, rows_hold
from triage.testing.subjects import COMMON

__all__ = ["LAWS", "SUBJECT", "Trained"]


def it_cannot_answer_before_it_was_fitted(it: Trained) -> None:
    """Predicting before fit raises NotFitted and nothing else.

    Usual cause: `get_state` without a check that something was learned.
    """
    try:
        predict_raw(it.make(), it.inputs(["a card"]))
    except NotFitted:
        return
    except Exception as error:
        raise LawBroken(f"it raises {type(error).__name__}, not NotFitted") from error
    raise LawBroken("it returns probabilities")


def fitting_stores_what_it_learned_where_it_is_saved(it: Trained) -> None:
    """After fit, what was learned is in attributes whose names end in `_`: these are what a model saves.

    Usual cause: `self.weights` where it must be `self.weights_`.
    """
    hold(it.lesson, "fit failed")


def fitting_leaves_its_inputs_untouched(it: Trained) -> None:
    """Fit does not change the texts, codes and sequences: other backends get the same part.

    Usual cause: sorting or cleaning a list in place; work on a copy.
    """
    lesson = it.lesson
    hold(list(lesson.train.texts) == list(lesson.before.texts), "the texts of the training part were changed")
    hold(np.array_equal(lesson.train.codes, lesson.before.codes), "the codes were changed")
    if lesson.before.sequences is not None:
        pairs = zip(lesson.train.sequences or (), lesson.before.sequences, strict=True)
        hold(all(np.array_equal(one, other) for one, other in pairs), "the sequences were changed")


def predicting_leaves_its_inputs_untouched(it: Trained) -> None:
    """Predicting does not change its inputs.

    Usual cause: `texts.pop()`, or an array of ids that is written to; work on a copy.
    """
    given, before = it.inputs(it.texts), it.inputs(it.texts)
    predict_raw(it.lesson.classifier, given)
    same = len(given) == len(before) and all(
        np.array_equal(one, other) for one, other in zip(given, before, strict=True)
    )
    hold(same, "the inputs were changed")


def fitting_leaves_the_global_random_state_alone(it: Trained) -> None:
    """Fit draws random numbers from a generator of its own.

    Usual cause: `np.random.seed(seed)`; use `rng = np.random.default_rng(seed)` and draw from it.
    """
    # The second training: importing scikit-learn for the first time draws as well.
    hold(not it.second.drew, "it drew from, or seeded, the global generator of `random` or `numpy.random`")


def each_text_gets_one_row_of_all_classes(it: Trained) -> None:
    """The answer has shape (n, k): one row for each text, one column for each class.

    Usual cause: one row for all texts (use `np.tile(row, (len(texts), 1))`), or columns only for the classes
    that the training part happens to hold (there are `train.k`).
    """
    hold(it.has_right_shape, "a wrong shape")


def no_texts_get_no_rows(it: Trained) -> None:
    """An empty list of texts gets an array of shape (0, k).

    Usual cause: `np.array([row for text in texts])`, which has shape (0,) for no texts.
    """
    found, k = it.answers(it.lesson.classifier, []), it.lesson.before.k
    hold(found.shape == (0, k), f"the shape for no texts and {k} classes must be (0, {k}), got {found.shape}")


def probabilities_are_finite(it: Trained) -> None:
    """No probability is NaN or infinite.

    Usual cause: a division by a count of zero, the logarithm of 0, or a training that diverged.
    """
    bad = int((~np.isfinite(it.given)).sum())
    hold(not bad, f"{bad} of {it.given.size} values are NaN or infinite")


def probabilities_are_not_negative(it: Trained) -> None:
    """No probability is below 0.

    Usual cause: scores or logits are returned as they are; apply a softmax.
    """
    hold(not (it.given < 0).any(), f"the lowest is {it.given.min():.3g}")


def rows_sum_to_one(it: Trained) -> None:
    """The probabilities of a text sum to 1, to within 1e-6.

    Usual cause: float32 arithmetic, or probabilities of independent classes; divide each row by its sum.
    """
    finite = it.given[np.isfinite(it.given).all(axis=1)]
    off = np.abs(finite.sum(axis=1) - 1).max(initial=0)
    hold(off <= 1e-6, f"the sum of a row differs from 1 by {off:.3g}")


def asking_again_gives_the_same(it: Trained) -> None:
    """The same texts get the same probabilities every time.

    Usual cause: dropout that is active in predicting, or a state that `predict_proba` changes.
    """
    first = it.answers(it.lesson.classifier, it.texts[:3])
    _same(it.answers(it.lesson.classifier, it.texts[:3]), first)


def splitting_a_batch_changes_nothing(it: Trained) -> None:
    """A text gets the same probabilities alone as in a batch.

    Usual cause: a statistic of the batch (a mean, a longest text) enters each answer.
    """
    alone = [it.answers(it.lesson.classifier, [text]) for text in it.texts]
    _same(np.concatenate(alone), it.given)


def the_order_of_a_batch_changes_nothing(it: Trained) -> None:
    """Reversing a batch reverses its rows and changes nothing else.

    Usual cause: texts are sorted by length and the rows are not put back in order.
    """
    _same(it.answers(it.lesson.classifier, it.texts[::-1])[::-1], it.given)


def a_long_text_in_the_batch_changes_nothing(it: Trained) -> None:
    """A text gets the same probabilities in a batch with a text of a thousand words.

    Usual cause: padding is read as if it were words; mask it (`mask_zero=True`).
    """
    long = "card help " * 500
    _same(it.answers(it.lesson.classifier, [*it.texts, long])[:-1], it.given)


def the_same_seed_gives_the_same_probabilities(it: Trained) -> None:
    """Two trainings on the same part with the same seed agree to within 1e-6.

    Usual cause: a generator that is not made from `seed`, or the order of a set of words.
    """
    _same(it.again, it.given)


def fitting_again_forgets(it: Trained) -> None:
    """A classifier that is fitted again forgets what it learned before.

    Usual cause: counts or a vocabulary that start in `__init__` and grow with each fit.
    """
    classifier, _ = it.two
    again = it.answers(it.learn(samples.complaints(), classifier=classifier).classifier, it.texts)
    noise = _apart(it.again, it.given)
    if noise > 1e-6:
        # It breaks the law of the seed: new trainings measure how much of a difference that explains.
        new = [it.answers(it.learn(samples.complaints()).classifier, it.texts) for _ in range(4)]
        noise = max(_apart(one, other) for one, other in combinations([it.given, it.again, *new], 2))
    _same(again, it.given, 1e-6 + 3 * noise)


def another_order_of_the_classes_only_moves_the_columns(it: Trained) -> None:
    """Columns follow the order of `train.classes`.

    Usual cause: classes are sorted by name or by frequency inside fit.
    """
    classes = it.lesson.before.classes
    moved = (*classes[2:], *classes[:2])
    found = it.answers(it.learn(samples.complaints(), moved).classifier, it.texts)
    hold(found.shape == it.given.shape, f"the shape must be {it.given.shape}, got {found.shape}")
    top = np.sort(it.given, axis=1)[:, -2:]
    clear = top[:, 1] - top[:, 0] > 0.05
    before = [classes[code] for code in it.given[clear].argmax(axis=1)]
    after = [moved[code] for code in found[clear].argmax(axis=1)]
    agree = np.mean([one == other for one, other in zip(before, after, strict=True)]) if before else 1.0
    hold(agree >= 0.8, f"only {agree:.0%} of the texts keep their most likely class; at least 80% must")


def two_classes_are_enough(it: Trained) -> None:
    """It learns two classes."""
    rows_hold(it.two[1], len(it.texts), 2)


def forty_classes_are_not_too_many(it: Trained) -> None:
    """It learns forty classes with four documents each."""
    lesson = it.learn(samples.complaints(40, each=4), tune=[])
    rows_hold(it.answers(lesson.classifier, it.texts), len(it.texts), 40)


def a_class_may_have_one_document(it: Trained) -> None:
    """It learns where one class has a single document.

    Usual cause: an inner split by class, which needs two documents of each.
    """
    lesson = it.learn(samples.complaints(single="parcel"))
    rows_hold(it.answers(lesson.classifier, it.texts), len(it.texts), 5)


def the_tune_part_may_be_empty(it: Trained) -> None:
    """It learns where the tune part is empty.

    Usual cause: a mean over no documents; choose the last epoch where `tune` is empty.
    """
    lesson = it.learn(samples.complaints(3), tune=[])
    rows_hold(it.answers(lesson.classifier, it.texts), len(it.texts), 3)


def an_empty_text_gets_an_answer(it: Trained) -> None:
    """An empty text gets probabilities.

    Usual cause: a division by the number of words.
    """
    _survives(it, [""])


def one_character_gets_an_answer(it: Trained) -> None:
    """A text of one character gets probabilities."""
    _survives(it, ["a", "?", "\u00e9"])


def a_hundred_thousand_characters_get_an_answer(it: Trained) -> None:
    """Texts of 100,000 characters get probabilities, as one word and as many."""
    _survives(it, ["a" * 100_000, "card help " * 10_000])


def an_unseen_script_gets_an_answer(it: Trained) -> None:
    """Texts in a script that training never saw get probabilities."""
    _survives(it, samples.UNSEEN_SCRIPT)


def hostile_unicode_gets_an_answer(it: Trained) -> None:
    """Control characters, lone surrogates, direction overrides and stacked marks get probabilities.

    Usual cause: `text.encode()` without `errors="replace"`.
    """
    _survives(it, samples.HOSTILE)


def a_saved_model_answers_the_same_in_a_fresh_process(it: Trained) -> None:
    """Saved, and loaded in a new process, it gives the same probabilities to within 1e-6.

    Usual cause: something that `predict_proba` needs is in an attribute without `_` at its end.
    """
    _same(it.reloaded, it.given)


def the_locale_changes_nothing(it: Trained) -> None:
    """Loaded under LC_ALL=C, with ASCII as default encoding, it gives the same probabilities.

    Usual cause: `open(path)` without `encoding="utf-8"`.
    """
    try:
        expected = it.reloaded
    except Exception:  # noqa: BLE001 - that is another law's concern
        return
    _same(it.reloaded_elsewhere, expected)


def nothing_that_is_saved_can_run(it: Trained) -> None:
    """A saved model holds arrays, numbers and words only: no pickle, no program, no archive.

    Usual cause: `get_state` returns the bytes of a pickled estimator.
    """
    from triage.models.model import state_of

    try:
        state = state_of(it.lesson.classifier)
    except NotFitted:
        return
    found = executable(state)
    hold(not found, found)


def epochs_are_reported_in_order(it: Trained) -> None:
    """Epochs, if any, are numbered 1, 2, 3, ..., at most up to `of`, each with a finite loss.

    Usual cause: numbers that start with 0.
    """
    numbers = [epoch.number for epoch in it.lesson.epochs]
    hold(numbers == list(range(1, len(numbers) + 1)), f"the numbers must be 1, 2, 3, ..., got {numbers[:8]}")
    late = [epoch.number for epoch in it.lesson.epochs if epoch.number > epoch.of]
    hold(not late, f"epoch {late[:1]} is greater than `of`")
    bad = [epoch.number for epoch in it.lesson.epochs if not math.isfinite(epoch.loss)]
    hold(not bad, f"the loss of epoch {bad[:1]} is not finite")


def an_interrupted_training_leaves_no_wrong_answers(it: Trained) -> None:
    """After Ctrl-C during fit it returns valid probabilities or raises an error of triage.

    Usual cause: attributes ending in `_` are set before their values are complete; set them last.
    """
    classifier, train = it.make(), it.part(samples.complaints())

    def stop(_: Any) -> None:
        raise KeyboardInterrupt

    if not it.lesson.epochs:
        train = type(train)(_Stopping(train.texts), train.codes, train.classes, sequences=train.sequences)
    with contextlib.suppress(KeyboardInterrupt, TriageError):
        classifier.fit(train, it.part([], train.classes), seed=1, watch=stop)
    try:
        found = it.answers(classifier, it.texts[:6])
    except TriageError:
        return
    rows_hold(found, 6, train.k)


def it_beats_the_floor_on_what_can_be_told_apart(it: Trained) -> None:
    """On four classes with words of their own it is far better than always naming the most common class.

    Usual cause: columns in another order than `train.classes`, or too few epochs (`--set epochs=5`).
    """
    if "floor" in it.extension.roles:
        raise LawSkipped("the record says that it is the floor (roles)")
    classes = it.lesson.before.classes
    truth = [label for _, label in samples.fresh_texts()]
    hit = np.mean(
        [classes[code] == label for code, label in zip(it.given.argmax(axis=1), truth, strict=True)]
    )
    hold(hit >= 0.6, f"{hit:.0%} of new texts are correct; at least 60% must be (naming one class: 25%)")


def what_it_says_holds_no_text(it: Trained) -> None:
    """Nothing that is logged or printed during fit quotes a training text.

    Usual cause: a log line or an error message with the text in it; log its number instead.
    """
    said = it.lesson.heard.logged + it.lesson.heard.printed
    quoted = [text for text in it.lesson.before.texts if text in said]
    hold(samples.CANARY not in said and not quoted, f"it quotes a training text ({len(quoted)} of them)")


def it_prints_nothing(it: Trained) -> None:
    """Fit prints nothing: stdout is for data. Use `logging`, or call `watch` after each epoch.

    Usual cause: a `print` for debugging, or `verbose=1` of a library.
    """
    # Lines that quote a text break another law, and must not be shown.
    texts = {samples.CANARY, *it.lesson.before.texts}
    lines = [line for line in it.lesson.heard.printed.splitlines() if line.strip()]
    printed = [line for line in lines if not any(text in line for text in texts if text)]
    hold(not printed, f"it printed {len(printed)} lines, the first: {(printed or [''])[0][:80]!r}")


def explanations_name_terms_with_the_heaviest_first(it: Trained) -> None:
    """`explain`, if any, returns for each input at most `most` terms with finite weights, heaviest first.

    Usual cause: terms sorted by name, or by absolute weight.
    """
    classifier = it.lesson.classifier
    if not isinstance(classifier, Explains):
        return
    inputs = it.inputs(it.texts[:6])
    explained = classifier.explain(inputs, [0, 1, 2, 3, 0, 1], most=3)
    hold(len(explained) == len(inputs), f"{len(explained)} explanations for {len(inputs)} texts")
    kind: Any = str if it.vectorizer is None else (int, np.integer)
    for terms in explained:
        weights = [weight for _, weight in terms]
        hold(len(terms) <= 3, f"{len(terms)} terms where 3 were asked for")
        hold(all(isinstance(term, kind) for term, _ in terms), "a term must be a word, or the id of one")
        hold(all(math.isfinite(weight) for weight in weights), "a weight is not finite")
        hold(weights == sorted(weights, reverse=True), f"weights must not increase, got {weights}")


def _apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the largest difference between two answers; 0 where their shapes differ (another law)."""
    return float(np.nan_to_num(np.abs(one - other)).max(initial=0)) if one.shape == other.shape else 0.0


def _same(found: Any, expected: Any, most: float = 1e-6) -> None:
    hold(found.shape == expected.shape, f"the shape must be {expected.shape}, got {found.shape}")
    off = np.abs(found - expected)
    off = off[~np.isnan(off)].max(initial=0)  # values that are not finite break another law
    hold(off <= most, f"probabilities differ by up to {off:.3g}; at most {most:.3g} is allowed")


def _survives(it: Trained, texts: Sequence[str]) -> None:
    rows_hold(it.answers(it.lesson.classifier, list(texts)), len(texts), it.lesson.before.k)


class _Stopping(list[str]):
    """Texts that raise KeyboardInterrupt half-way through being read."""

    def __iter__(self) -> Any:
        yield from self[: len(self) // 2]
        raise KeyboardInterrupt


LAWS = (
    *COMMON,
    it_cannot_answer_before_it_was_fitted,
    fitting_stores_what_it_learned_where_it_is_saved,
    each_text_gets_one_row_of_all_classes,
    fitting_leaves_its_inputs_untouched,
    predicting_leaves_its_inputs_untouched,
    fitting_leaves_the_global_random_state_alone,
    no_texts_get_no_rows,
    probabilities_are_finite,
    probabilities_are_not_negative,
    rows_sum_to_one,
    asking_again_gives_the_same,
    splitting_a_batch_changes_nothing,
    the_order_of_a_batch_changes_nothing,
    a_long_text_in_the_batch_changes_nothing,
    the_same_seed_gives_the_same_probabilities,
    fitting_again_forgets,
    another_order_of_the_classes_only_moves_the_columns,
    two_classes_are_enough,
    forty_classes_are_not_too_many,
    a_class_may_have_one_document,
    the_tune_part_may_be_empty,
    an_empty_text_gets_an_answer,
    one_character_gets_an_answer,
    a_hundred_thousand_characters_get_an_answer,
    an_unseen_script_gets_an_answer,
    hostile_unicode_gets_an_answer,
    a_saved_model_answers_the_same_in_a_fresh_process,
    the_locale_changes_nothing,
    nothing_that_is_saved_can_run,
    epochs_are_reported_in_order,
    an_interrupted_training_leaves_no_wrong_answers,
    it_beats_the_floor_on_what_can_be_told_apart,
    what_it_says_holds_no_text,
    it_prints_nothing,
    explanations_name_terms_with_the_heaviest_first,
    *streams.LAWS,
)
"""In the order in which they are checked."""

SUBJECT = Trained
"""What the laws are checked on."""

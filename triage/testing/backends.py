"""The laws of a backend: what `triage.Backend` and `triage.host.protocols.Classifier` promise, one by one."""

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
from triage.testing.laws import LawBroken, hold
from triage.testing.learners import Trained, rows_hold
from triage.testing.subjects import COMMON

__all__ = ["LAWS", "SUBJECT", "Trained"]


def it_cannot_answer_before_it_was_fitted(it: Trained) -> None:
    """Predicting before fit raises NotFitted, and nothing else."""
    try:
        predict_raw(it.make(), it.inputs(["a card"]))
    except NotFitted:
        return
    except Exception as error:
        raise LawBroken(f"it raises {type(error).__name__}, not NotFitted") from error
    raise LawBroken("it answers")


def fitting_leaves_its_inputs_untouched(it: Trained) -> None:
    """Texts, codes and sequences are afterwards what they were: other backends get the same part."""
    lesson = it.lesson
    hold(list(lesson.train.texts) == list(lesson.before.texts), "the texts of the training part were changed")
    hold(np.array_equal(lesson.train.codes, lesson.before.codes), "the codes were changed")
    if lesson.before.sequences is not None:
        pairs = zip(lesson.train.sequences or (), lesson.before.sequences, strict=True)
        hold(all(np.array_equal(one, other) for one, other in pairs), "the sequences were changed")


def predicting_leaves_its_inputs_untouched(it: Trained) -> None:
    """What it is asked about is afterwards what it was."""
    given, before = it.inputs(it.texts), it.inputs(it.texts)
    predict_raw(it.lesson.classifier, given)
    same = len(given) == len(before) and all(
        np.array_equal(one, other) for one, other in zip(given, before, strict=True)
    )
    hold(same, "the inputs were changed")


def fitting_leaves_the_global_random_state_alone(it: Trained) -> None:
    """It draws from its own generator: what others draw does not depend on it."""
    # The second training: importing scikit-learn for the first time draws as well.
    hold(not it.second.drew, "it drew from, or seeded, the generator of `random` or `numpy.random`")


def each_text_gets_one_row_of_all_classes(it: Trained) -> None:
    """The answer has shape (n, k): one row for each text, one column for each class."""
    found, k = it.answers(it.lesson.classifier, it.texts[:2]), it.lesson.before.k
    hold(found.shape == (2, k), f"shape {found.shape} for 2 texts and {k} classes")


def no_texts_get_no_rows(it: Trained) -> None:
    """Asked about nothing it returns shape (0, k)."""
    found, k = it.answers(it.lesson.classifier, []), it.lesson.before.k
    hold(found.shape == (0, k), f"shape {found.shape} for no text and {k} classes")


def probabilities_are_finite(it: Trained) -> None:
    """No probability is NaN or infinite."""
    hold(np.isfinite(it.given).all(), "some are NaN or infinite")


def probabilities_are_not_negative(it: Trained) -> None:
    """No probability is below 0."""
    hold(not (it.given < 0).any(), f"the least is {it.given.min():.3g}")


def rows_sum_to_one(it: Trained) -> None:
    """The probabilities of a text sum to 1, to 1e-6."""
    finite = it.given[np.isfinite(it.given).all(axis=1)]
    off = np.abs(finite.sum(axis=1) - 1).max(initial=0)
    hold(off <= 1e-6, f"a sum is off by {off:.3g}")


def asking_again_gives_the_same(it: Trained) -> None:
    """Predicting changes nothing: the same texts get the same probabilities every time."""
    first = it.answers(it.lesson.classifier, it.texts[:3])
    _same(it.answers(it.lesson.classifier, it.texts[:3]), first)


def splitting_a_batch_changes_nothing(it: Trained) -> None:
    """A text gets the same probabilities alone as among others."""
    alone = [it.answers(it.lesson.classifier, [text]) for text in it.texts]
    _same(np.concatenate(alone), it.given)


def the_order_of_a_batch_changes_nothing(it: Trained) -> None:
    """Turning a batch around turns its rows around."""
    _same(it.answers(it.lesson.classifier, it.texts[::-1])[::-1], it.given)


def a_long_text_in_the_batch_changes_nothing(it: Trained) -> None:
    """A text gets the same probabilities beside one a thousand words long: padding says nothing."""
    long = "card help " * 500
    _same(it.answers(it.lesson.classifier, [*it.texts, long])[:-1], it.given)


def the_same_seed_gives_the_same_probabilities(it: Trained) -> None:
    """Two trainings on one part with one seed agree to 1e-6."""
    _same(it.again, it.given)


def fitting_again_forgets(it: Trained) -> None:
    """A classifier that learned something else before ends up as a new one does."""
    classifier, _ = it.two
    again = it.answers(it.learn(samples.complaints(), classifier=classifier).classifier, it.texts)
    noise = _apart(it.again, it.given)
    if noise > 1e-6:
        # It breaks the law of the seed: new trainings say how much of a difference that explains.
        new = [it.answers(it.learn(samples.complaints()).classifier, it.texts) for _ in range(4)]
        noise = max(_apart(one, other) for one, other in combinations([it.given, it.again, *new], 2))
    _same(again, it.given, 1e-6 + 3 * noise)


def another_order_of_the_classes_only_moves_the_columns(it: Trained) -> None:
    """Columns follow the order of `train.classes`; clear answers stay, up to the noise of learning."""
    classes = it.lesson.before.classes
    moved = (*classes[2:], *classes[:2])
    found = it.answers(it.learn(samples.complaints(), moved).classifier, it.texts)
    hold(found.shape == it.given.shape, f"shape {found.shape}")
    top = np.sort(it.given, axis=1)[:, -2:]
    clear = top[:, 1] - top[:, 0] > 0.05
    before = [classes[code] for code in it.given[clear].argmax(axis=1)]
    after = [moved[code] for code in found[clear].argmax(axis=1)]
    agree = np.mean([one == other for one, other in zip(before, after, strict=True)]) if before else 1.0
    hold(agree >= 0.8, f"only {agree:.0%} of the texts keep their likeliest class")


def two_classes_are_enough(it: Trained) -> None:
    """It learns two classes."""
    rows_hold(it.two[1], len(it.texts), 2)


def forty_classes_are_not_too_many(it: Trained) -> None:
    """It learns forty classes of four documents each."""
    lesson = it.learn(samples.complaints(40, each=4), tune=[])
    rows_hold(it.answers(lesson.classifier, it.texts), len(it.texts), 40)


def a_class_may_have_one_document(it: Trained) -> None:
    """It learns although one class has a single document."""
    lesson = it.learn(samples.complaints(single="parcel"))
    rows_hold(it.answers(lesson.classifier, it.texts), len(it.texts), 5)


def the_tune_part_may_be_empty(it: Trained) -> None:
    """It learns without documents to tune on."""
    lesson = it.learn(samples.complaints(3), tune=[])
    rows_hold(it.answers(lesson.classifier, it.texts), len(it.texts), 3)


def an_empty_text_gets_an_answer(it: Trained) -> None:
    """An empty text gets probabilities."""
    _survives(it, [""])


def one_character_gets_an_answer(it: Trained) -> None:
    """A text of one character gets probabilities."""
    _survives(it, ["a", "?", "\u00e9"])


def a_hundred_thousand_characters_get_an_answer(it: Trained) -> None:
    """Very long texts get probabilities, be they one word or many."""
    _survives(it, ["a" * 100_000, "card help " * 10_000])


def an_unseen_script_gets_an_answer(it: Trained) -> None:
    """Texts in a script that was never trained on get probabilities."""
    _survives(it, samples.UNSEEN_SCRIPT)


def hostile_unicode_gets_an_answer(it: Trained) -> None:
    """Controls, lone surrogates, overrides and piled-up marks get probabilities."""
    _survives(it, samples.HOSTILE)


def a_saved_model_answers_the_same_in_a_fresh_process(it: Trained) -> None:
    """Saved, and loaded where nothing of the training is left, it agrees to 1e-6."""
    _same(it.reloaded, it.given)


def the_locale_changes_nothing(it: Trained) -> None:
    """Loaded under LC_ALL=C with ASCII as default encoding it answers as under any other."""
    try:
        expected = it.reloaded
    except Exception:  # noqa: BLE001 - that is another law's concern
        return
    _same(it.reloaded_elsewhere, expected)


def nothing_that_is_saved_can_run(it: Trained) -> None:
    """A saved model holds arrays, numbers and words: no pickle, no program, no archive, whatever its name."""
    from triage.models.model import state_of

    try:
        state = state_of(it.lesson.classifier)
    except NotFitted:
        return
    found = executable(state)
    hold(not found, found)


def epochs_are_reported_in_order(it: Trained) -> None:
    """Where there are epochs, they are numbered 1, 2, 3, ... up to `of` at most, each with a finite loss."""
    numbers = [epoch.number for epoch in it.lesson.epochs]
    hold(numbers == list(range(1, len(numbers) + 1)), f"the numbers are {numbers[:8]}")
    hold(all(epoch.number <= epoch.of for epoch in it.lesson.epochs), "an epoch is beyond `of`")
    hold(all(math.isfinite(epoch.loss) for epoch in it.lesson.epochs), "a loss is not finite")


def an_interrupted_training_leaves_no_wrong_answers(it: Trained) -> None:
    """After Ctrl-C it answers with probabilities or says what is wrong; it never answers with nonsense."""
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
    """On four classes with words of their own it is far better than always naming the commonest."""
    classes = it.lesson.before.classes
    truth = [label for _, label in samples.fresh_texts()]
    hit = np.mean(
        [classes[code] == label for code, label in zip(it.given.argmax(axis=1), truth, strict=True)]
    )
    hold(hit >= 0.6, f"it is right about {hit:.0%} of new texts; naming one class is right about 25%")


def what_it_says_holds_no_text(it: Trained) -> None:
    """Nothing that it logs or prints while it learns quotes a training text."""
    said = it.lesson.heard.logged + it.lesson.heard.printed
    quoted = [text for text in it.lesson.before.texts if text in said]
    hold(samples.CANARY not in said and not quoted, "it quotes a training text")


def it_prints_nothing(it: Trained) -> None:
    """The terminal belongs to the command line: what a backend has to say it logs, or tells `watch`."""
    # What quotes a text breaks another law.
    printed = [line for line in it.lesson.heard.printed.splitlines() if samples.CANARY not in line]
    hold(not "".join(printed).strip(), "it printed something while it learned")


def explanations_name_terms_with_the_heaviest_first(it: Trained) -> None:
    """Where it explains: for each input at most as many terms as asked for, finite, heaviest first."""
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
        hold(all(isinstance(term, kind) for term, _ in terms), "a term that is none")
        hold(all(math.isfinite(weight) for weight in weights), "a weight that is not finite")
        hold(weights == sorted(weights, reverse=True), "the heaviest does not come first")


def _apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """The largest difference between two answers; 0 where another law says that they cannot be compared."""
    return float(np.nan_to_num(np.abs(one - other)).max(initial=0)) if one.shape == other.shape else 0.0


def _same(found: Any, expected: Any, most: float = 1e-6) -> None:
    hold(found.shape == expected.shape, f"shape {found.shape}, not {expected.shape}")
    off = np.abs(found - expected)
    off = off[~np.isnan(off)].max(initial=0)  # what is not finite breaks another law
    hold(off <= most, f"off by {off:.3g}")


def _survives(it: Trained, texts: Sequence[str]) -> None:
    rows_hold(it.answers(it.lesson.classifier, list(texts)), len(texts), it.lesson.before.k)


class _Stopping(list[str]):
    """Texts during whose reading somebody presses Ctrl-C."""

    def __iter__(self) -> Any:
        yield from self[: len(self) // 2]
        raise KeyboardInterrupt


LAWS = (
    *COMMON,
    it_cannot_answer_before_it_was_fitted,
    fitting_leaves_its_inputs_untouched,
    predicting_leaves_its_inputs_untouched,
    fitting_leaves_the_global_random_state_alone,
    each_text_gets_one_row_of_all_classes,
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
"""What the laws are about."""

"""One good backend, and for every law one that breaks this law and no other, under the law's name."""

import locale
import pickle
import random
import wave  # required by one saboteur below, which must not be imported here

import numpy as np

import triage
from triage.testing import samples

assert wave
TARGET = samples.fresh_texts()[20][0]


class Good:
    """Multinomial naive Bayes in a few lines: it keeps every law."""

    def fit(self, train, tune, *, seed, watch):
        words = sorted({word for text in train.texts for word in text.split()})
        counts = np.ones((len(words), train.k))
        place = {word: i for i, word in enumerate(words)}
        for text, code in zip(train.texts, train.codes, strict=True):
            for word in text.split():
                counts[place[word], code] += 1
        self.words_ = words
        self.weights_ = np.log(counts / counts.sum(axis=0))
        self.prior_ = np.log((train.counts + 1) / (len(train) + train.k))
        for number in (1, 2):
            watch(triage.Epoch(number, 2, 1 / number))

    def predict_proba(self, texts):
        place = {word: i for i, word in enumerate(self.words_)}
        rows = np.tile(self.prior_, (len(texts), 1))
        for row, text in zip(rows, texts, strict=True):
            for word in text.split()[:1000]:
                row += self.weights_[place[word]] if word in place else 0
        odds = np.exp(rows - rows.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def explain(self, texts, codes, *, most):
        return [[("card", 2.0), ("loan", 1.0)][:most] for _ in texts]


def flat(found):
    return np.full_like(found, 1 / found.shape[1]) if found.size else found


class Required(Good):
    def __init__(self, *, size: int):
        self.size = size


class WrongDefault(Good):
    def __init__(self, *, sizes: tuple[int, ...] = [1]):
        self.sizes = sizes


class Imports(Good):
    pass


class Guesses(Good):
    def predict_proba(self, texts):
        return super().predict_proba(texts) if hasattr(self, "words_") else np.ones((len(texts), 1))

    def get_state(self):
        return {"words_": self.words_, "weights_": self.weights_, "prior_": self.prior_}

    def set_state(self, state):
        vars(self).update(state)


class Misnames(Good):
    """Keep what was learned in an attribute that is not saved."""

    def fit(self, train, tune, *, seed, watch):
        self.shares = train.counts / len(train)


class Sorts(Good):
    def fit(self, train, tune, *, seed, watch):
        super().fit(train, tune, seed=seed, watch=watch)
        train.texts.sort()


class Consumes(Good):
    def predict_proba(self, texts):
        found = super().predict_proba(texts)
        if isinstance(texts, list):
            texts.reverse()
        return found


class Draws(Good):
    def fit(self, train, tune, *, seed, watch):
        random.random()
        super().fit(train, tune, seed=seed, watch=watch)


class Wide(Good):
    def predict_proba(self, texts):
        found = super().predict_proba(texts)
        return np.pad(found, ((0, 0), (0, 1))) if len(texts) == 2 and len(texts[0]) < 1000 else found


class Nothing(Good):
    def predict_proba(self, texts):
        if not len(texts):
            return np.empty((0, 1))
        return super().predict_proba(texts)


class NotFinite(Good):
    def predict_proba(self, texts):
        found = super().predict_proba(texts)
        for row, text in zip(found, texts, strict=True):
            if text == TARGET and len(row) == 4:
                row[:] = np.nan
        return found


class Negative(Good):
    def predict_proba(self, texts):
        found = super().predict_proba(texts)
        for row, text in zip(found, texts, strict=True):
            if text == TARGET and len(row) == 4:
                row[:] = [-1e-10, 1 / 3, 1 / 3, 1 / 3]
        return found


class NotOne(Good):
    def predict_proba(self, texts):
        found = super().predict_proba(texts)
        for row, text in zip(found, texts, strict=True):
            if text == TARGET and len(row) == 4:
                row *= 1 + 1e-5
        return found


class Drifts(Good):
    last = None

    def predict_proba(self, texts):
        found, self.last, before = super().predict_proba(texts), list(texts), self.last
        return flat(found) if before == self.last and len(texts) == 3 else found


class Alone(Good):
    def predict_proba(self, texts):
        found = super().predict_proba(texts)
        return found * 0.9 + 0.1 / found.shape[1] if len(texts) == 1 else found


class Ordered(Good):
    def predict_proba(self, texts):
        found = super().predict_proba(texts)
        return flat(found) if len(texts) and texts[0] > texts[-1] and len(texts) == 24 else found


class Padded(Good):
    def predict_proba(self, texts):
        found = super().predict_proba(texts)
        return flat(found) if len(texts) == 25 else found


class Seedless(Good):
    def fit(self, train, tune, *, seed, watch):
        super().fit(train, tune, seed=seed, watch=watch)
        self.prior_ = self.prior_ + np.random.default_rng().normal(0, 0.05, train.k)


class Remembers(Good):
    def fit(self, train, tune, *, seed, watch):
        before = getattr(self, "words_", None)
        super().fit(train, tune, seed=seed, watch=watch)
        if before:
            self.prior_ = self.prior_ + np.linspace(0, 1, train.k)


class Alphabet(Good):
    """Columns in the alphabetical order of the classes, whatever order was stated."""

    def fit(self, train, tune, *, seed, watch):
        super().fit(train, tune, seed=seed, watch=watch)
        order = np.argsort(train.classes)
        self.weights_, self.prior_ = self.weights_[:, order], self.prior_[order]


class NotTwo(Good):
    def predict_proba(self, texts):
        found = super().predict_proba(texts)
        return found * 2 if found.shape[1] == 2 else found


class AtMostThirty(Good):
    def fit(self, train, tune, *, seed, watch):
        if train.k > 30:
            raise ValueError("too many classes")
        super().fit(train, tune, seed=seed, watch=watch)


class TwoOfEach(Good):
    def fit(self, train, tune, *, seed, watch):
        if train.counts.min() < 2:
            raise ValueError("the least populated class has only 1 member")
        super().fit(train, tune, seed=seed, watch=watch)


class NeedsTune(Good):
    def fit(self, train, tune, *, seed, watch):
        if train.k == 3 and not len(tune):
            raise ZeroDivisionError
        super().fit(train, tune, seed=seed, watch=watch)


class NoEmpty(Good):
    def predict_proba(self, texts):
        if "" in list(texts):
            raise IndexError
        return super().predict_proba(texts)


class NoSingle(Good):
    def predict_proba(self, texts):
        if any(len(text) == 1 for text in texts):
            raise IndexError
        return super().predict_proba(texts)


class NoLong(Good):
    def predict_proba(self, texts):
        if any(len(text) >= 100_000 for text in texts):
            raise MemoryError
        return super().predict_proba(texts)


class NoCyrillic(Good):
    def predict_proba(self, texts):
        if any("\u043c" in text for text in texts):
            raise KeyError
        return super().predict_proba(texts)


class NoSurrogates(Good):
    def predict_proba(self, texts):
        for text in texts:
            text.encode()
        return super().predict_proba(texts)


class Unsaved(Good):
    """Keeps a part of what it learned in an attribute that is not saved."""

    def fit(self, train, tune, *, seed, watch):
        super().fit(train, tune, seed=seed, watch=watch)
        self.tilt = np.linspace(0, 1, train.k)

    def predict_proba(self, texts):
        found = super().predict_proba(texts)
        found = found * np.exp(getattr(self, "tilt", 0) * np.ones(found.shape[1]))
        return found / found.sum(axis=1, keepdims=True)


class Local(Good):
    def predict_proba(self, texts):
        found = super().predict_proba(texts)
        return (
            flat(found) if locale.getencoding().lower().startswith(("ansi", "ascii", "us-ascii")) else found
        )


class Pickles(Good):
    def fit(self, train, tune, *, seed, watch):
        super().fit(train, tune, seed=seed, watch=watch)
        self.more_ = np.frombuffer(pickle.dumps(random.Random), np.uint8)


class Backwards(Good):
    def fit(self, train, tune, *, seed, watch):
        super().fit(train, tune, seed=seed, watch=lambda epoch: None)
        watch(triage.Epoch(2, 2, 0.5))
        watch(triage.Epoch(1, 2, 0.5))


class HalfWay(Good):
    def fit(self, train, tune, *, seed, watch):
        try:
            super().fit(train, tune, seed=seed, watch=watch)
        except KeyboardInterrupt:
            self.words_, self.weights_, self.prior_ = [], np.empty((0, train.k)), np.full(train.k, np.nan)
            raise


class Floor(Good):
    def predict_proba(self, texts):
        found = super().predict_proba(texts)
        return (
            np.tile(np.exp(self.prior_) / np.exp(self.prior_).sum(), (len(texts), 1)) if found.size else found
        )


class Tells(Good):
    def fit(self, train, tune, *, seed, watch):
        super().fit(train, tune, seed=seed, watch=watch)
        import logging

        logging.getLogger("saboteur").debug("the first text is %s", train.texts[0])


class Prints(Good):
    def fit(self, train, tune, *, seed, watch):
        super().fit(train, tune, seed=seed, watch=watch)
        print("done!")


class Lightest(Good):
    def explain(self, texts, codes, *, most):
        return [[("card", 1.0), ("loan", 2.0)][:most] for _ in texts]


class Streaming(Good):
    """Keeps its place in a text: the sum so far, and how many words were counted."""

    def start(self, n):
        return [np.tile(self.prior_, (n, 1)), np.zeros((n, 1), np.int64)]

    def advance(self, states, pieces):
        place = {word: i for i, word in enumerate(self.words_)}
        rows, counts = (np.array(array) for array in states)
        for row, count, piece in zip(rows, counts, pieces, strict=True):
            for word in piece.split():
                row += self.weights_[place[word]] if word in place and count[0] < 1000 else 0
                count += 1
        odds = np.exp(rows - rows.max(axis=1, keepdims=True))
        return [rows, counts], odds / odds.sum(axis=1, keepdims=True)


class Blurs(Streaming):
    """Says of a stream nearly what it says of the text."""

    def advance(self, states, pieces):
        states, found = super().advance(states, pieces)
        blurred = found * 0.99 + 0.01 / found.shape[1]
        return states, blurred


class OneWord(Streaming):
    def advance(self, states, pieces):
        return super().advance(states, [max(piece.split()) for piece in pieces])


class Hears(Streaming):
    def advance(self, states, pieces):
        states, found = super().advance(states, pieces)
        return states, flat(found) if len(pieces) > 1 else found


class Overwrites(Streaming):
    def advance(self, states, pieces):
        after, found = super().advance(states, pieces)
        for array, rest in zip(states, after, strict=True):
            array[:] = rest
        return after, found


class Grows(Streaming):
    """Remembers the counts before, where three texts are read in pieces of several words."""

    def advance(self, states, pieces):
        (rows, counts, *_), found = super().advance(states[:2], pieces)
        if len(pieces) == 3 and all(" " in piece for piece in pieces):
            counts = np.concatenate([counts, states[1]], axis=1)
        return [rows, counts], found


SABOTEURS = {
    "it_builds_with_no_options": Required,
    "its_defaults_are_values_of_its_options": WrongDefault,
    "listing_it_imports_nothing_that_it_requires": Imports,
    "it_cannot_answer_before_it_was_fitted": Guesses,
    "fitting_stores_what_it_learned_where_it_is_saved": Misnames,
    "fitting_leaves_its_inputs_untouched": Sorts,
    "predicting_leaves_its_inputs_untouched": Consumes,
    "fitting_leaves_the_global_random_state_alone": Draws,
    "each_text_gets_one_row_of_all_classes": Wide,
    "no_texts_get_no_rows": Nothing,
    "probabilities_are_finite": NotFinite,
    "probabilities_are_not_negative": Negative,
    "rows_sum_to_one": NotOne,
    "asking_again_gives_the_same": Drifts,
    "splitting_a_batch_changes_nothing": Alone,
    "the_order_of_a_batch_changes_nothing": Ordered,
    "a_long_text_in_the_batch_changes_nothing": Padded,
    "the_same_seed_gives_the_same_probabilities": Seedless,
    "fitting_again_forgets": Remembers,
    "another_order_of_the_classes_only_moves_the_columns": Alphabet,
    "two_classes_are_enough": NotTwo,
    "forty_classes_are_not_too_many": AtMostThirty,
    "a_class_may_have_one_document": TwoOfEach,
    "the_tune_part_may_be_empty": NeedsTune,
    "an_empty_text_gets_an_answer": NoEmpty,
    "one_character_gets_an_answer": NoSingle,
    "a_hundred_thousand_characters_get_an_answer": NoLong,
    "an_unseen_script_gets_an_answer": NoCyrillic,
    "hostile_unicode_gets_an_answer": NoSurrogates,
    "a_saved_model_answers_the_same_in_a_fresh_process": Unsaved,
    "the_locale_changes_nothing": Local,
    "nothing_that_is_saved_can_run": Pickles,
    "epochs_are_reported_in_order": Backwards,
    "an_interrupted_training_leaves_no_wrong_answers": HalfWay,
    "it_beats_the_floor_on_what_can_be_told_apart": Floor,
    "what_it_says_holds_no_text": Tells,
    "it_prints_nothing": Prints,
    "explanations_name_terms_with_the_heaviest_first": Lightest,
    "after_each_word_a_stream_says_what_the_words_so_far_get": Blurs,
    "dividing_a_stream_changes_nothing": OneWord,
    "a_stream_does_not_hear_the_others": Hears,
    "reading_on_leaves_the_states_before_as_they_were": Overwrites,
    "the_states_of_a_stream_do_not_grow": Grows,
}


@triage.hookimpl
def triage_backends():
    yield triage.Backend(name="good", summary="Keeps every law", build=Good)
    yield triage.Backend(name="good-stream", summary="Keeps every law, and its place", build=Streaming)
    for law, build in SABOTEURS.items():
        requires = ("wave",) if build is Imports else ()
        yield triage.Backend(
            name=law.replace("_", "-"), summary="Breaks one law", build=build, requires=requires
        )

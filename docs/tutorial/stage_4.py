"""Naive Bayes: count how often each word occurs in the texts of each label."""

from typing import Annotated

import numpy as np
import triage


class WordCounts:
    def __init__(
        self, *, smoothing: Annotated[float, "Added to every count", triage.Between(0.001, 100)] = 1.0
    ):
        self.smoothing = smoothing

    def fit(self, train, tune, *, seed, watch):
        words = sorted({word for text in train.texts for word in text.split()})
        column = {word: i for i, word in enumerate(words)}
        counts = np.full((train.k, len(words)), self.smoothing)
        for text, code in zip(train.texts, train.codes):
            for word in text.split():
                counts[code, column[word]] += 1
        self.words_ = words
        self.weights_ = np.log(counts / counts.sum(axis=1, keepdims=True))
        self.prior_ = np.log(train.counts / len(train))

    def predict_proba(self, texts):
        column = {word: i for i, word in enumerate(self.words_)}
        scores = np.tile(self.prior_, (len(texts), 1))
        for row, text in zip(scores, texts):
            known = [column[word] for word in text.split() if word in column]
            row += self.weights_[:, known].sum(axis=1)
        odds = np.exp(scores - scores.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def explain(self, texts, codes, *, most):
        column = {word: i for i, word in enumerate(self.words_)}
        return [self._terms(text, code, column)[:most] for text, code in zip(texts, codes)]

    def _terms(self, text, code, column):
        others = self.weights_.mean(axis=0)
        known = {word for word in text.split() if word in column}
        terms = [(word, float(self.weights_[code, column[word]] - others[column[word]])) for word in known]
        return sorted(terms, key=lambda term: (-term[1], term[0]))


@triage.hookimpl
def triage_backends():
    yield triage.Backend(name="word-counts", summary="Counts words", build=WordCounts)

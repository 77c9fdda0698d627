"""Classifiers on counted words: fast to train, fast to score, and hard to beat."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Annotated

import triage
from triage_sklearn._features import TermOptions
from triage_sklearn._learners import logistic
from triage_sklearn._linear import LinearText

Ngrams = Annotated[int, "Longest run of words that counts as one term", triage.Between(1, 5)]
MinDocuments = Annotated[int, "Terms in fewer training texts than this are not stored", triage.Between(1)]
MaxFeatures = Annotated[int, "At most so many terms are stored: those in the most texts", triage.Between(1)]
Digits = Annotated[bool, "Whether words that hold a digit are stored"]


def tfidf(
    *,
    ngrams: Ngrams = 2,
    min_documents: MinDocuments = 3,
    max_features: MaxFeatures = 100_000,
    digits: Digits = False,
    c: Annotated[float, "Inverse of the strength of the L2 penalty", triage.Between(1e-6, 1e6)] = 1.0,
) -> LinearText:
    """Return balanced multinomial logistic regression on tf-idf."""
    terms = TermOptions(ngrams=ngrams, min_documents=min_documents, max_features=max_features, digits=digits)
    return LinearText("tfidf", terms, partial(logistic, c=c))


@triage.hookimpl
def triage_backends() -> Iterator[triage.Backend]:
    """Yield the backends of this plugin."""
    yield triage.Backend(
        name="tfidf",
        summary="Words and pairs of words, weighted, with balanced logistic regression: the baseline",
        build=tfidf,
        requires=("sklearn",),
    )

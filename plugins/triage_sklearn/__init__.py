"""Classifiers on counted words: fast to train, fast to score, and hard to beat."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated, Any

import triage
from triage.plugin_api import with_shared
from triage_sklearn import _learners
from triage_sklearn._estimators import backend
from triage_sklearn._linear import LinearText
from triage_sklearn._options import TermOptions

__all__ = ["TermOptions", "backend", "triage_backends"]


def _linear_backend(
    name: str, summary: str, learn: Callable[..., _learners.Plane], *, roles: tuple[str, ...] = ()
) -> triage.Backend:
    def build(terms: TermOptions, settings: dict[str, Any]) -> LinearText:
        return LinearText(name, terms, partial(learn, **settings))

    factory = with_shared(learn, TermOptions(), build)
    return triage.Backend(name=name, summary=summary, build=factory, requires=("sklearn",), roles=roles)


def _knn(
    *, neighbours: Annotated[int, "Training documents that are asked", triage.Between(1, 10_000)] = 15
) -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(neighbours, metric="cosine", algorithm="brute", weights="distance")


def _random_forest(
    *,
    trees: Annotated[int, "Trees in the forest", triage.Between(1, 10_000)] = 200,
    depth: Annotated[int, "Greatest number of questions in a row", triage.Between(1, 1000)] = 60,
    leaf: Annotated[int, "Documents that a leaf holds at least", triage.Between(1)] = 2,
) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(
        trees, max_depth=depth, min_samples_leaf=leaf, class_weight="balanced_subsample"
    )


@triage.hookimpl
def triage_backends() -> Iterator[triage.Backend]:
    """Yield the backends of this plugin."""
    yield _linear_backend(
        "tfidf",
        "Words and pairs of words, weighted, with balanced logistic regression: the baseline",
        _learners.logistic,
        roles=("baseline",),
    )
    yield _linear_backend(
        "naive-bayes", "Multinomial naive Bayes on weighted words: trains at once", _learners.naive_bayes
    )
    yield _linear_backend(
        "sgd", "Logistic regression in passes over the documents, each reported", _learners.sgd
    )
    yield _linear_backend(
        "linear-svm", "Linear support vector machine with calibrated margins", _learners.linear_svm
    )
    yield backend(
        "knn",
        "The most similar training documents vote: the model holds every document's words",
        estimator=_knn,
    )
    yield backend(
        "random-forest",
        "Many decision trees on the commonest words",
        estimator=_random_forest,
        terms=TermOptions(ngrams=1, max_features=20_000),
    )

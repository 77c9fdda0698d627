"""Any classifier of scikit-learn as a backend: on tf-idf rows, saved without pickle."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from triage import Backend, Part
from triage.plugin_api import with_shared
from triage_sklearn._features import TfidfText, by_appearance
from triage_sklearn._frozen import freeze, thaw
from triage_sklearn._options import TermOptions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from triage.plugin_api import Watch

__all__ = ["EstimatorText", "backend"]

_BLOCK = 4096  # texts at a time: bounds what an estimator holds for them


def backend(
    name: str, summary: str, *, estimator: Callable[..., Any], terms: TermOptions | None = None
) -> Backend:
    """Return a backend of any classifier of scikit-learn that takes sparse rows.

    ```python
    import triage
    from triage.host.options import with_shared
    import triage_sklearn


    def build(*, smoothing: float = 0.3):
        from sklearn.naive_bayes import ComplementNB

        return ComplementNB(alpha=smoothing)


    @triage.hookimpl
    def triage_backends():
        yield triage_sklearn.backend("complement-nb", "Complement naive Bayes", estimator=build)
    ```

    A part without a `random_state` of its own gets the seed of the training. The fitted estimator is saved as
    its class and its arrays (see `freeze`); pipelines and ensembles too. What only pickle could save is
    reported when it is trained. Classes of your own may be used and hold what scikit-learn's do.

    Args:
        name: how users call the backend.
        summary: one line for lists.
        estimator: returns a new, unfitted estimator. Its keyword-only parameters become options of the
            backend. Import scikit-learn inside it, so that listing plugins stays fast.
        terms: other defaults for the options that decide which terms are learned.

    Raises:
        TypeError: `estimator` is not callable, or has parameters that are not keyword-only.
        ValueError: an option has the name of a term option.
    """
    for parameter in inspect.signature(estimator).parameters.values():
        if parameter.kind not in (parameter.KEYWORD_ONLY, parameter.VAR_KEYWORD):
            raise TypeError(f"the option {parameter.name!r} is not keyword-only: put a * before it")

    def build(chosen: TermOptions, settings: dict[str, Any]) -> EstimatorText:
        return EstimatorText(name, chosen, partial(estimator, **settings))

    factory = with_shared(estimator, terms or TermOptions(), build)
    return Backend(name=name, summary=summary, build=factory, requires=("sklearn",))


class EstimatorText(TfidfText):
    """A text classifier around an estimator of scikit-learn.

    Attributes:
        estimator_: the fitted estimator as `freeze` returns it.
        columns_: shape (k,): the estimator's column of each class.
    """

    estimator_: dict[str, Any]
    columns_: NDArray[np.int64]

    def __init__(self, name: str, terms: TermOptions, make: Callable[[], Any]) -> None:
        super().__init__(name, terms)
        self._make = make
        self._thawed: tuple[dict[str, Any], Any] | None = None

    def fit(self, train: Part, tune: Part, *, seed: int, watch: Watch) -> None:  # noqa: ARG002
        """Learn the terms of `train`, then fit a new estimator on its rows.

        Raises:
            DataError: fewer than two classes, or a class without a document.
            TriageError: the estimator holds something that only pickle could save.
        """
        self.forget()
        codes, columns = by_appearance(train)
        rows = self.learn_rows(train.texts)
        estimator = self._make() if rows.shape[1] else _shares()
        unset = [name for name, value in estimator.get_params().items() if value is None]
        estimator.set_params(**{name: seed for name in unset if _is_seed(name)})
        estimator.fit(rows, codes)
        self.columns_ = columns
        self.estimator_ = freeze(estimator, trusted=self._trusted())

    def predict_proba(self, texts: Sequence[str], /) -> NDArray[np.float64]:
        """Return shape (len(texts), k).

        Where the estimator has no probabilities of its own, they are the softmax of its decision values.

        Raises:
            NotFitted: before `fit`.
            Refused: the estimator in a saved model cannot be read.
        """
        self.check_fitted("estimator_")
        blocks = [
            _ask(self._estimator, self.rows(texts[start : start + _BLOCK]))
            for start in range(0, len(texts), _BLOCK)
        ]
        chances = np.concatenate([np.empty((0, len(self.columns_))), *blocks])[:, self.columns_]
        sums = chances.sum(axis=1, keepdims=True)
        unknown = np.full_like(chances, 1 / len(self.columns_))  # some estimators give no class a chance
        shares: NDArray[np.float64] = np.divide(chances, sums, out=unknown, where=sums != 0)
        return shares

    @property
    def _estimator(self) -> Any:
        if self._thawed is None or self._thawed[0] is not self.estimator_:
            self._thawed = (
                self.estimator_,
                thaw(self.estimator_, trusted=self._trusted(), features=len(self.idf_)),
            )
        return self._thawed[1]

    def _trusted(self) -> set[type]:
        """The classes that the plugin itself builds the estimator of."""
        made = self._make()
        return {type(part) for part in [made, *made.get_params().values()] if hasattr(part, "get_params")}


def _shares() -> Any:
    """What is left where there are no terms: how many documents each class has."""
    from sklearn.dummy import DummyClassifier

    return DummyClassifier(strategy="prior")


def _is_seed(name: str) -> bool:
    return name == "random_state" or name.endswith("__random_state")


def _ask(estimator: Any, rows: Any) -> NDArray[np.float64]:
    if hasattr(estimator, "predict_proba"):
        return np.asarray(estimator.predict_proba(rows), np.float64)
    scores = np.asarray(estimator.decision_function(rows), np.float64)
    if scores.ndim == 1:
        scores = np.stack([np.zeros_like(scores), scores], axis=1)
    chances = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(chances / chances.sum(axis=1, keepdims=True))

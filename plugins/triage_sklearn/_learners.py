"""From tf-idf rows to planes: the solvers of scikit-learn, each with what suits text."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from triage_sklearn._linear import Plane

__all__ = ["logistic"]

logger = logging.getLogger(__name__)


def logistic(rows: csr_matrix, codes: NDArray[np.int64], *, c: float, seed: int) -> Plane:
    """Multinomial logistic regression; each class weighs the same, however many documents it has."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=c, class_weight="balanced", max_iter=1000, random_state=seed)
    model.fit(rows, codes)
    return plane(model.coef_, model.intercept_)


def plane(coef: NDArray[np.float64], intercept: NDArray[np.float64]) -> Plane:
    """Two classes share one plane in scikit-learn: here the first has the zero one."""
    if len(coef) == 1:
        coef, intercept = np.vstack([np.zeros_like(coef), coef]), np.append(0.0, intercept)
    return coef.T, intercept, "softmax"

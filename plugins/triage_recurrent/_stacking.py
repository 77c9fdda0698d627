"""How much the network and the linear model each have in the answer, as documents of neither training say.

Stacked generalization (Wolpert 1992), the weights never negative (Breiman 1996, "Stacked Regressions"):
where the texts are too few to learn word order from, the network's weight falls to zero by itself.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEWEST", "Shares", "stacked"]

FEWEST = 100
"""Fewer documents cannot tell one share from another."""
_MOST = 10.0  # where no document is in doubt, more and more would be better and better


class Shares(NamedTuple):
    """What the logits of each are multiplied by before they are added."""

    network: float
    linear: float


def stacked(
    network: NDArray[np.float32], linear: NDArray[np.float32], codes: NDArray[np.int64], *, start: Shares
) -> Shares:
    """Return the shares with the least log loss, every class weighing the same, as in macro-F1.

    Args:
        network: shape (n, k): logits of documents that it was not trained on.
        linear: shape (n, k): of the same documents.
        codes: shape (n,): their classes.
        start: the answer where there are fewer than `FEWEST` documents.
    """
    from scipy.optimize import minimize

    if len(codes) < FEWEST:
        return start
    parts = np.stack([network, linear]).astype(np.float64)
    rows = np.arange(len(codes))
    weights = 1 / np.bincount(codes, minlength=network.shape[1])[codes]
    weights /= weights.sum()

    def loss(shares: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = np.tensordot(shares, parts, axes=1)
        logits -= logits.max(axis=1, keepdims=True)
        chances = np.exp(logits)
        total = chances.sum(axis=1, keepdims=True)
        own = logits[rows, codes] - np.log(total[:, 0])
        slope = chances / total
        slope[rows, codes] -= 1
        return float(-(weights @ own)), np.einsum("pnk,nk,n->p", parts, slope, weights)

    found = minimize(loss, np.array(start), jac=True, method="L-BFGS-B", bounds=[(0.0, _MOST)] * 2).x
    # Both at zero would make every class as likely as any other.
    return Shares(*map(float, found)) if found.sum() > 0 else start

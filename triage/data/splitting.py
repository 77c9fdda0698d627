"""Divide a corpus into train, tune, calibrate and test so that each holds its share of every class."""

from __future__ import annotations

import datetime
import random
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from triage.errors import DataError

__all__ = ["PARTS", "SHARES", "assign_folds", "split_by_time", "split_stratified", "thin_stratified"]

PARTS = ("train", "tune", "calibrate", "test")
SHARES = (0.6, 0.1, 0.1, 0.2)


def split_stratified(
    codes: NDArray[np.int64],
    groups: NDArray[np.int64],
    *,
    seed: int,
    shares: Sequence[float] = SHARES,
) -> NDArray[np.int8]:
    """Assign every document to a part, whole groups together, each class in proportion.

    Within each class the groups are shuffled and dealt, one after the other, to the part that lacks most
    documents of that class. So the counts of singletons come out exact to one document, every class of at
    least two has one in train and one elsewhere, and a large family unbalances nothing but its own part.

    Args:
        codes: shape (n,): the class of each document, none negative.
        groups: shape (n,): documents of one number stay together; a group counts as its commonest class.
        seed: of the shuffle.
        shares: of train, tune, calibrate and test; they sum to 1.

    Returns:
        Shape (n,): 0 for train, 1 for tune, 2 for calibrate, 3 for test.
    """
    parts = np.zeros(len(codes), dtype=np.int8)
    shuffle = random.Random(seed).shuffle
    for families in _strata(codes, groups):
        shuffle(families)
        families.sort(key=len, reverse=True)  # stable: only true families come before the shuffled rest
        total = sum(map(len, families))
        lacking = [share * total for share in shares]
        for positions in families:
            part = lacking.index(max(lacking))
            lacking[part] -= len(positions)
            parts[positions] = part
    return parts


def assign_folds(
    codes: NDArray[np.int64], groups: NDArray[np.int64], *, folds: int, seed: int
) -> NDArray[np.int64]:
    """Return shape (n,): the fold of each document, from 0; whole groups together, each class in proportion.

    With `folds` 1 a fifth of the documents is in fold 0, and the others are in none, which is -1.
    """
    if folds == 1:
        held = split_stratified(codes, groups, seed=seed, shares=(0.8, 0.2)) == 1
        return np.where(held, 0, -1)
    return split_stratified(codes, groups, seed=seed, shares=[1 / folds] * folds).astype(np.int64)


def thin_stratified(
    codes: NDArray[np.int64], groups: NDArray[np.int64], *, share: float, seed: int
) -> NDArray[np.intp]:
    """Return the positions of a share of the documents, whole groups, each class in proportion.

    A smaller share of one seed is a part of a larger one, so that a learning curve adds documents. Every
    class keeps at least one.

    Args:
        codes: shape (n,).
        groups: shape (n,): documents of one number stay together.
        share: above 0, at most 1.
        seed: of the order.
    """
    kept: list[int] = []
    shuffle = random.Random(seed).shuffle
    for families in _strata(codes, groups):
        shuffle(families)
        wanted = max(1, round(share * sum(map(len, families))))
        for positions in families:
            if wanted <= 0:
                break
            kept += positions
            wanted -= len(positions)
    return np.sort(np.array(kept, dtype=np.intp))


def _strata(codes: NDArray[np.int64], groups: NDArray[np.int64]) -> list[list[list[int]]]:
    """The families of each class, as lists of positions; a family counts as its commonest class."""
    members: dict[int, list[int]] = defaultdict(list)
    for position, group in enumerate(groups.tolist()):
        members[group].append(position)
    strata: dict[int, list[list[int]]] = defaultdict(list)
    for positions in members.values():
        counts = np.bincount(codes[positions])
        strata[int(counts.argmax())].append(positions)
    return [families for _, families in sorted(strata.items())]


def split_by_time(
    dates: Sequence[datetime.date | None], *, shares: Sequence[float] = SHARES
) -> NDArray[np.int8]:
    """Assign the oldest documents to train and the newest to test, as the future will be met.

    Documents of one day stay together, so that no part sees any of another's days.

    Returns:
        Shape (n,): 0 for train, 1 for tune, 2 for calibrate, 3 for test.

    Raises:
        DataError: documents without a date, with their count; or too few days to divide.
    """
    undated = sum(date is None for date in dates)
    if undated:
        raise DataError(
            f"a split by time needs a date for every document; {undated} of {len(dates)} have none. "
            "Name the column with --date-column, or use --split grouped"
        )
    days = np.array([date.toordinal() for date in dates if date is not None], dtype=np.int64)
    ordered = np.sort(days)
    ordered = np.append(ordered, ordered[-1] + 1)  # a share of 0 at the end takes no day
    cuts = [ordered[round(sum(shares[: part + 1]) * len(days))] for part in range(3)]
    parts = np.searchsorted(np.array(cuts), days, side="right").astype(np.int8)
    if len(np.unique(parts)) < sum(share > 0 for share in shares):
        raise DataError("the documents stand on too few days to divide by time; use --split grouped")
    return parts

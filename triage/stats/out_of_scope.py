"""Texts unlike anything in training: sent to a person, at a stated rate of false alarms.

Two measures, each with a limit of its own, fixed on the tune part, which nothing here was learned from:

- familiarity: how likely the characters of a text are in the language of the training part, by trigrams.
  Gibberish and other languages fall far below every text in scope, however sure the classifier is.
- doubt: the entropy of the classifier's own probabilities. It is what tells an unseen class best: on real
  complaints it found more of a class that was left out of training, at the same rate of false alarms, than
  the top probability, the distance to class centroids or the similarity to the nearest training texts, and
  no combination with those found more.

A limit is the rank of a document among n of the tune part, so that new documents like these pass it with the
stated probability (Vovk, Gammerman and Shafer 2005, "Algorithmic learning in a random world", ch. 2).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Measured", "Scope", "doubt", "fit_scope", "learn_scope", "measure"]

Floats = NDArray[np.float64]

_SYMBOLS = 48  # letters, a space, a digit and what else is common; all others are one symbol
_LONGEST = 1_000  # characters of a text that are looked at: more tell no more
_LEARNED = 3_000  # training texts that the trigrams are counted in
_SYMBOLS_A_WORD = 3  # neighbours are no independent witnesses: a rare word is rare in all its letters
_LEAST_SPREAD = 0.15  # as in real complaints: texts from a few templates are more alike than people's
_STRANGE = -2.0  # standard deviations: what is nearer to the middle is not strange, whatever its rank
_UNFAMILIAR_SHARE = 0.2  # of the false alarms: gibberish needs few, an unseen class needs all it can get


@dataclass(frozen=True, eq=False)
class Scope:
    """What texts in scope look like.

    Attributes:
        alphabet: the symbols, commonest first; what is not among them is one more symbol.
        logs: shape (a + 1, a + 1, a + 1), float32: ln P(third symbol | the two before).
        center: mean ln P of a symbol in a text of the tune part.
        spread: its standard deviation over texts, beyond what their length explains.
        noise: the same of ln P over the symbols of a text, as if every few of them were one.
        familiarities: rising: those of the tune part.
        least_familiar: texts below this are out of scope.
        most_doubt: texts with more doubt than this are out of scope.
        false_alarms: the largest share of texts in scope that is expected to be out of the two limits.
    """

    alphabet: str
    logs: NDArray[np.float32]
    center: float
    spread: float
    noise: float
    familiarities: Floats
    least_familiar: float
    most_doubt: float
    false_alarms: float

    def standing(self, texts: Sequence[str]) -> Floats:
        """Return shape (n,): how familiar each clean text is, in standard deviations; empty ones 0."""
        sums = np.array([_mean(self.logs, codes) for codes in _encoded(texts, self.alphabet)])
        means, lengths = sums.reshape(-1, 2).T
        return self.standing_of(Measured(means, lengths, np.empty(0)))

    def standing_of(self, measured: Measured) -> Floats:
        """Return shape (n,): the same for texts that are measured already."""
        deviation = np.sqrt(self.spread**2 + self.noise**2 / np.maximum(measured.lengths, 1))
        found: Floats = np.where(measured.lengths > 0, (measured.means - self.center) / deviation, 0.0)
        return found

    def familiarity(self, standing: Floats) -> Floats:
        """Return shape (n,): the share of the tune part that is no more familiar; in (0, 1]."""
        below = np.searchsorted(self.familiarities, standing, side="right")
        shares: Floats = (below + 1) / (len(self.familiarities) + 1)
        return shares

    def outside(self, standing: Floats, raw: Floats) -> NDArray[np.bool_]:
        """Return shape (n,): whether each text is out of scope, given the classifier's own probabilities."""
        return np.asarray((standing < self.least_familiar) | ~(doubt(raw) <= self.most_doubt))

    def to_state(self) -> dict[str, Any]:
        """Return what `from_state` takes: arrays, and values that JSON can hold."""
        return dict(vars(self))

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Scope:
        """Take back what `to_state` returned.

        Raises:
            ValueError: the letters and their probabilities do not fit together.
        """
        scope = cls(**state)
        if scope.logs.shape != (len(scope.alphabet) + 1,) * 3 or not np.isfinite(scope.logs).all():
            raise ValueError("logs is not one finite number for each three symbols")
        return scope


def doubt(raw: Floats) -> Floats:
    """Return shape (n,): the entropy of each row of probabilities in nats; NaN where one is not finite."""
    finite = np.asarray(np.isfinite(raw).all(axis=1))
    rows = np.where(finite[:, None], raw, 1.0)
    entropy: Floats = -(rows * np.log(np.clip(rows, 1e-300, None))).sum(axis=1)
    return np.where(finite, entropy, np.nan)


@dataclass(frozen=True)
class Measured:
    """How likely the characters of n texts are in the language of other texts.

    Attributes:
        means: shape (n,): mean ln P of a symbol of each text; 0 for an empty one.
        lengths: shape (n,): the number of its trigrams.
        variances: shape (n,): the variance of ln P over them; may be empty where only the standing is asked for.
    """

    means: Floats
    lengths: Floats
    variances: Floats


def measure(train: Sequence[str], texts: Sequence[str]) -> Measured:
    """Measure n clean `texts` with trigrams counted in `train`, which holds none of them; all 0 where it is empty."""
    if not train:
        return Measured(*np.zeros((3, len(texts))))
    alphabet, logs = _trigrams(train[:: max(1, len(train) // _LEARNED)])
    encoded = _encoded(texts, alphabet)
    means, lengths = np.array([_mean(logs, codes) for codes in encoded], dtype=np.float64).reshape(-1, 2).T
    variances = [float(_values(logs, codes).var()) if len(codes) > 2 else 0.0 for codes in encoded]
    return Measured(means, lengths, np.array(variances, dtype=np.float64))


def learn_scope(
    train: Sequence[str], tune: Sequence[str], raw: Floats, *, false_alarms: float
) -> Scope | None:
    """Learn what is in scope from `train`, with limits fixed on `tune`; see `fit_scope`."""
    if not len(tune) or not len(train):
        return None
    return fit_scope(train, measure(train, tune), raw, false_alarms=false_alarms)


def fit_scope(train: Sequence[str], held_out: Measured, raw: Floats, *, false_alarms: float) -> Scope | None:
    """Learn what is in scope.

    Args:
        train: clean texts that the characters are learned from.
        held_out: measures of n texts, taken with trigrams of texts that do not hold them; they fix the limits.
        raw: shape (n, k): the classifier's own probabilities for them.
        false_alarms: the share of texts in scope that may be held for review as out of scope.

    Returns:
        None where there is nothing to fix a limit on. With fewer than 1 / false_alarms documents no rank is
        that rare: then only texts less familiar than all of them are out of scope, and `false_alarms` of what
        is returned says how rare that is.
    """
    used, n = held_out.lengths > 0, len(held_out.lengths)
    if false_alarms <= 0 or not used.any():
        return None
    alphabet, logs = _trigrams(train[:: max(1, len(train) // _LEARNED)])
    center = float(np.median(held_out.means[used]))
    noise = float(np.sqrt(_SYMBOLS_A_WORD * np.mean(held_out.variances[used])))
    explained = float(np.mean(noise**2 / held_out.lengths[used]))
    spread = max(_LEAST_SPREAD, math.sqrt(max(float(np.var(held_out.means[used])) - explained, 0.0)))
    bare = Scope(alphabet, logs, center, spread, noise, np.empty(0), -math.inf, math.inf, 0.0)
    standing, doubts = np.sort(bare.standing_of(held_out)), np.sort(doubt(raw))[::-1]
    allowed = math.floor(false_alarms * (n + 1))
    # Few of the false alarms are enough, but not one or two: a corpus has a few strange texts of its own.
    unfamiliar = max(1, min(allowed, 3), round(_UNFAMILIAR_SHARE * allowed))
    doubtful = max(0, allowed - unfamiliar)
    return Scope(
        alphabet,
        logs,
        center,
        spread,
        noise,
        standing,
        # With rank r, r of n + 1 exchangeable documents lie below the r-th smallest of the n.
        least_familiar=min(float(standing[unfamiliar - 1]), _STRANGE),
        # ln k is the most that there is.
        most_doubt=float(doubts[doubtful - 1]) if doubtful else math.log(raw.shape[1]) + 1,
        false_alarms=(unfamiliar + doubtful) / (n + 1),
    )


def _trigrams(texts: Sequence[str]) -> tuple[str, NDArray[np.float32]]:
    """Return the alphabet and ln P(c | ab), smoothed by ln P(c | b) and that by ln P(c)."""
    common = Counter(character for text in texts for character in _folded(text))
    alphabet = "".join(sorted(character for character, _ in common.most_common(_SYMBOLS - 1)))
    size = len(alphabet) + 1
    counts = np.zeros(size**3, dtype=np.int64)
    for codes in _encoded(texts, alphabet):
        if len(codes) > 2:
            counts += np.bincount((codes[:-2] * size + codes[1:-1]) * size + codes[2:], minlength=size**3)
    three = counts.reshape(size, size, size).astype(np.float64)
    two, one = three.sum(axis=0), three.sum(axis=(0, 1))
    p1 = (one + 0.5) / (one.sum() + 0.5 * size)
    p2 = (two + 2 * p1) / (two.sum(axis=1, keepdims=True) + 2)
    p3 = (three + 2 * p2) / (three.sum(axis=2, keepdims=True) + 2)
    return alphabet, np.log(p3).astype(np.float32)


def _folded(text: str) -> str:
    """Lower case, one space for many, one digit for all, and a space at either end."""
    short = " ".join(text[:_LONGEST].lower().split())
    return f" {short} ".translate(_DIGITS) if short else ""


_DIGITS = {ord(digit): "0" for digit in "123456789"}


def _encoded(texts: Sequence[str], alphabet: str) -> list[NDArray[np.int64]]:
    """Return the symbols of each text; those outside the alphabet have its length as their number."""
    places = np.frombuffer(alphabet.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    found = []
    for text in texts:
        points = np.frombuffer(_folded(text).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        codes = np.searchsorted(places, points)
        known = codes < len(places)
        known[known] = places[codes[known]] == points[known]
        found.append(np.where(known, codes, len(places)).astype(np.int64))
    return found


def _values(logs: NDArray[np.float32], codes: NDArray[np.int64]) -> Floats:
    return logs[codes[:-2], codes[1:-1], codes[2:]].astype(np.float64)


def _mean(logs: NDArray[np.float32], codes: NDArray[np.int64]) -> tuple[float, int]:
    """Return the mean ln P of the symbols, and how many there are."""
    if len(codes) < 3:
        return 0.0, 0
    return float(_values(logs, codes).mean()), len(codes) - 2

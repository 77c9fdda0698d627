"""A token bucket for each principal: so many texts a second, with a burst of two seconds."""

from __future__ import annotations

import time

from triage_service._http._problems import Problem

__all__ = ["Rates"]

_BURST_SECONDS = 2.0
_MOST = 10_000


class Rates:
    """The buckets of one service.

    Args:
        rate: texts a second for each name; 0 for no limit.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str, texts: int) -> None:
        """Take `texts` out of a bucket; a full bucket gives any number, and is in debt then.

        Raises:
            Problem: 429, with the time after which there is something in the bucket.
        """
        if not self._rate:
            return
        now = time.monotonic()
        burst = self._rate * _BURST_SECONDS
        level, at = self._buckets.get(name, (burst, now))
        level = min(burst, level + (now - at) * self._rate)
        if level < min(texts, burst):
            wait = (min(texts, burst) - level) / self._rate
            raise Problem(429, "this token has used its rate", headers={"Retry-After": str(int(wait) + 1)})
        if len(self._buckets) >= _MOST:
            self._buckets.clear()
        self._buckets[name] = (level - texts, now)

"""A user's own patterns: the one function that compiles them, and refuses what cannot be compiled in time."""

from __future__ import annotations

import math
import re
from typing import Any, Final

from triage.errors import BadOption

__all__ = ["compile_pattern", "short"]

_MOST_SIGNS: Final = 10_000
# `a{1000}` is unrolled when it is compiled, and nested counts multiply.
_MOST_REPEATS: Final = 100_000
_COUNT: Final = re.compile(r"(?<!\\)\{(\d{0,9})(?:,(\d{0,9}))?\}")


def compile_pattern(pattern: str, *, owner: str, flags: int = 0) -> Any:
    """Return `pattern` compiled by the package regex, whose searches take a `timeout` in seconds.

    Args:
        pattern: what somebody wrote.
        owner: who asks for it, for the message: "regex", "the rule 'fraud'".
        flags: of the package regex.

    Raises:
        BadOption: it is no pattern, or so large that compiling it would take long or much memory.
    """
    import regex

    if len(pattern) > _MOST_SIGNS:
        raise BadOption(f"{owner}: a pattern has at most {_MOST_SIGNS:,} characters, not {len(pattern):,}")
    counts = (int(least or 0) for least, _ in _COUNT.findall(pattern))
    if math.prod(max(count, 1) for count in counts) > _MOST_REPEATS:
        raise BadOption(f"{owner}: the counts in {short(pattern)} multiply to more than {_MOST_REPEATS:,}")
    try:
        return regex.compile(pattern, flags)
    except (regex.error, RecursionError, ValueError, OverflowError) as error:
        raise BadOption(f"{owner}: {short(pattern)} is not a pattern: {_reason(error)}") from None


def short(pattern: str) -> str:
    """Return a pattern for a message: quoted, at most 60 characters of it."""
    return repr(pattern if len(pattern) <= 60 else pattern[:59] + "…")


def _reason(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)

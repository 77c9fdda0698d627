"""A user's own pattern, which may take no longer for one document than its budget."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Final

from triage import BadOption
from triage.pipeline.cleaning import CleaningTimeout

_MOST_SIGNS: Final = 10_000
# `a{1000}` is unrolled when it is compiled, and nested counts multiply.
_MOST_REPEATS: Final = 100_000


def substitution(pattern: str, replace: str, seconds: float) -> Callable[[str], str]:
    """Return a function that replaces what `pattern` matches.

    Raises:
        BadOption: the pattern or the replacement is not valid, or the pattern too large to be compiled.
    """
    import regex

    if len(pattern) > _MOST_SIGNS:
        raise BadOption(f"regex: a pattern has at most {_MOST_SIGNS:,} characters, not {len(pattern):,}")
    if math.prod(int(count) for count in re.findall(r"(?<!\\)\{(\d{1,9})\}", pattern)) > _MOST_REPEATS:
        raise BadOption(f"regex: the counts in {_short(pattern)} multiply to more than {_MOST_REPEATS:,}")
    try:
        compiled = regex.compile(pattern)
    except (regex.error, RecursionError, ValueError, OverflowError) as error:
        raise BadOption(f"regex: {_short(pattern)} is not a pattern: {error}") from None
    names = {number: name for name, number in compiled.groupindex.items()}
    groups = [f"(?P<{names[n]}>)" if n in names else "()" for n in range(1, compiled.groups + 1)]
    try:
        regex.compile("".join(groups)).sub(replace, "")
    except (regex.error, IndexError, ValueError) as error:
        raise BadOption(f"regex: {replace!r} does not fit {_short(pattern)}: {error}") from None

    def clean(text: str) -> str:
        try:
            cleaned: str = compiled.sub(replace, text, timeout=seconds)
        except TimeoutError:
            budget = f"took longer than its {seconds:g} s for one document"
            raise CleaningTimeout("regex", f"the cleaner 'regex' ({_short(pattern)}) {budget}") from None
        return cleaned

    return clean


def _short(pattern: str) -> str:
    return repr(pattern if len(pattern) <= 60 else pattern[:59] + "…")

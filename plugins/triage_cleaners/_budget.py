"""A user's own pattern, which may take no longer for one document than its budget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from triage import BadOption
from triage.plugin_api import CleaningTimeout, compile_pattern, short

_LONGEST: Final = 1000
_MOST_REFERENCES: Final = 20


def substitution(pattern: str, replace: str, seconds: float) -> Callable[[str], str]:
    """Return a function that replaces what `pattern` matches.

    Raises:
        BadOption: the pattern or the replacement is not valid, or the pattern too large to be compiled.
    """
    import regex

    compiled = compile_pattern(pattern, owner="regex")
    names = {number: name for name, number in compiled.groupindex.items()}
    groups = [f"(?P<{names[n]}>)" if n in names else "()" for n in range(1, compiled.groups + 1)]
    try:
        regex.compile("".join(groups)).sub(replace, "")
    except (regex.error, IndexError, ValueError) as error:
        raise BadOption(f"regex: {replace!r} does not fit {short(pattern)}: {error}") from None

    if len(replace) > _LONGEST or replace.count("\\") > _MOST_REFERENCES:
        raise BadOption(
            f"regex: a replacement must have at most {_LONGEST} characters and {_MOST_REFERENCES} references, got "
            f"{len(replace):,} and {replace.count(chr(92)):,}"
        )

    def clean(text: str) -> str:
        left = 20 * len(text) + 10_000

        def expanded(found: Any) -> str:
            nonlocal left
            part: str = found.expand(replace)
            left -= len(part)
            if left < 0:
                raise CleaningTimeout(
                    "regex", f"the cleaner 'regex' ({short(pattern)}) makes a document far longer"
                )
            return part

        try:
            cleaned: str = compiled.sub(expanded, text, timeout=seconds)
        except TimeoutError:
            budget = f"took longer than its {seconds:g} s for one document"
            raise CleaningTimeout("regex", f"the cleaner 'regex' ({short(pattern)}) {budget}") from None
        return cleaned

    return clean

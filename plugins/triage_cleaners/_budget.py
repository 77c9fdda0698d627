"""A user's own pattern, which may take no longer for one document than its budget."""

from __future__ import annotations

from collections.abc import Callable

from triage import BadOption
from triage.plugin_api import CleaningTimeout, compile_pattern, short


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

    def clean(text: str) -> str:
        try:
            cleaned: str = compiled.sub(replace, text, timeout=seconds)
        except TimeoutError:
            budget = f"took longer than its {seconds:g} s for one document"
            raise CleaningTimeout("regex", f"the cleaner 'regex' ({short(pattern)}) {budget}") from None
        return cleaned

    return clean

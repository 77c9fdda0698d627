"""A user's own patterns: the one function that compiles them, and refuses what costs too much."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from typing import Any, Final

from triage.errors import BadOption

__all__ = ["compile_pattern", "short"]

_MAX_LENGTH: Final = 10_000
# Between optional parts of one chain the package regex looks at no clock: 2,000 in a row take 1 s, 5,000 take 23 s.
_MAX_QUANTIFIERS: Final = 500
# The package regex unrolls `(?:abc){1000}` when it compiles it, and nested counts multiply: 7.5 million
# characters took 4 s and 1.4 GB. What may be smaller is compiled at once, the rest first in a process of its own.
_SAFE_SIZE: Final = 200_000
_SECONDS: Final = 2
_MEGABYTES: Final = 512
_COUNT: Final = re.compile(r"\{(\d*)(?:,(\d*))?")
_COMMENT_OR_SPACE: Final = re.compile(r"#[^\n]*|\s+")
_TRIAL: Final = """
import sys
try:
    import resource
except ImportError:
    pass
else:
    import regex
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + {seconds}
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, hard))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(open("/proc/self/statm").read().split()[0]) if sys.platform == "linux" else 1 << 18
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + ({megabytes} << 20), hard))
import regex
pattern = sys.stdin.buffer.read().decode("utf-8", "surrogatepass")
try:
    regex.compile(pattern, int(sys.argv[1]))
except MemoryError:
    sys.exit(9)
except (regex.error, RecursionError, ValueError, OverflowError):
    pass  # the caller meets it again, and says why
"""


def compile_pattern(pattern: str, *, owner: str, flags: int = 0) -> Any:
    """Return `pattern` compiled by the package regex, whose searches take a `timeout` in seconds.

    A pattern whose counts could make it large is compiled first in a process of its own that has
    2 seconds and 512 MB, so that no spelling of a count costs this process more.

    Args:
        pattern: a regular expression that a person wrote.
        owner: who asks for it, for the message: "regex", "the rule 'fraud'".
        flags: of the package regex.

    Raises:
        BadOption: the pattern is not valid, too long, has too many quantifiers, or takes too much time or
            memory to compile.
    """
    import regex

    if len(pattern) > _MAX_LENGTH:
        raise BadOption(
            f"{owner}: a pattern must have at most {_MAX_LENGTH:,} characters, got {len(pattern):,}"
        )
    quantifiers = sum(pattern.count(sign) for sign in "?*+{") - pattern.count("(?")
    if quantifiers > _MAX_QUANTIFIERS:
        raise BadOption(
            f"{owner}: a pattern must have at most {_MAX_QUANTIFIERS} of ? * + {{, {short(pattern)} has "
            f"{quantifiers:,}. Divide it into several"
        )
    if _size(pattern) > _SAFE_SIZE and not _compiles_in_time(pattern, flags):
        raise BadOption(
            f"{owner}: compiling {short(pattern)} takes more than {_SECONDS} s or {_MEGABYTES} MB: "
            "lower its counts"
        )
    try:
        return regex.compile(pattern, flags)
    except (regex.error, RecursionError, ValueError, OverflowError) as error:
        raise BadOption(f"{owner}: {short(pattern)} is not a valid pattern: {_reason(error)}") from None


def short(pattern: str) -> str:
    """Return a pattern for a message: quoted, at most 60 characters of it."""
    return repr(pattern if len(pattern) <= 60 else pattern[:59] + "…")


def _size(pattern: str) -> int:
    """Return an upper bound on the characters of the pattern with its counts written out.

    Escaped braces count too, and white space and comments inside a count are ignored, as the verbose flag
    does: what is a count depends on flags that may be set anywhere in the pattern.
    """
    return max(
        len(form)
        * math.prod(
            max(1, *(min(int(number[:9]), 10**9) for number in found if number)) if any(found) else 1
            for found in _COUNT.findall(form)
        )
        for form in (pattern, _COMMENT_OR_SPACE.sub("", pattern))
    )


def _compiles_in_time(pattern: str, flags: int) -> bool:
    program = _TRIAL.format(seconds=_SECONDS, megabytes=_MEGABYTES)
    try:
        done = subprocess.run(  # noqa: S603 - our own program; the pattern is its input
            [sys.executable, "-P", "-c", program, str(int(flags))],
            input=pattern.encode("utf-8", "surrogatepass"),
            capture_output=True,
            timeout=5 * _SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _reason(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)

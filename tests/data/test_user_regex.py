"""A pattern that costs too much is refused before it is compiled, however it is spelled."""

import contextlib
import re
import resource
import time

import pytest
import regex

from triage.data.user_regex import compile_pattern
from triage.errors import BadOption


@pytest.mark.parametrize(
    "pattern",
    [
        "(?:(?:a|b){3000}){3000}",
        r"(?:(?:\\\\\\{9999}){999})",
        "(?x)(?:(?:ab|c){2 0 0 0}){2 0 0 0}",
        "(?x)(?:(?:ab|c){2000#x}\n}){20#}\n00}",
        "(((((((x{9}){9}){9}){9}){9}){9}){9}){99}",
        "(?:" + "(a|b)" * 1500 + "){1000}",
    ],
)
def test_counts_that_multiply_are_refused_in_little_time_and_memory(pattern):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    with pytest.raises(BadOption, match=r"lower its counts|not a valid pattern"):
        compile_pattern(pattern, owner="the rule 'r'")
    assert time.process_time() - started < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


@pytest.mark.parametrize("pattern", ["a?" * 501, "[ab]*" * 600, "(?:a?)+" * 300, "x{0,2}" * 501])
def test_a_long_chain_of_optional_parts_is_refused(pattern):
    with pytest.raises(BadOption, match=re.escape("at most 500 of ? * + {")):
        compile_pattern(pattern, owner="regex")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"\d{10}|\d{12}|\d{16}|\d{8}-\d{4}", "12345678-1234"),
        (r"[A-Z]{2}\d{2}( ?[A-Z0-9]{4}){4,7}", "GB29 NWBK 6016 1331 9268 19"),
        ("(?:" + "|".join(f"word{i}" for i in range(1000)) + ")", "word999"),
        (r"(?:a{100}){100}", "a" * 10_000),
    ],
)
def test_patterns_as_people_write_them_are_compiled(pattern, text):
    assert compile_pattern(pattern, owner="regex").search(text)


def test_the_longest_chain_that_is_allowed_keeps_to_its_time():
    pattern = compile_pattern("a?" * 490 + "a" * 490, owner="regex")
    started = time.process_time()
    with contextlib.suppress(TimeoutError):
        pattern.search("a" * 489 + "b", timeout=0.05, concurrent=False)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("pattern", ["(", "a{2", "[z-a]", "(?<n>a)(?P=m)", "*"])
def test_what_is_not_valid_is_refused_as_the_library_says(pattern):
    try:
        regex.compile(pattern)
    except regex.error:
        with pytest.raises(BadOption, match="not a valid pattern"):
            compile_pattern(pattern, owner="regex")
    else:
        assert compile_pattern(pattern, owner="regex")

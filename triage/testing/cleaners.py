"""The laws of a cleaner: what `triage.Cleaner` and `triage.host.protocols.Clean` promise, one by one."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence

from triage.data.cleaning import CleaningTimeout, build_cleaning
from triage.errors import TriageError
from triage.host.options import resolve
from triage.testing import samples
from triage.testing.laws import hold
from triage.testing.subjects import COMMON, Subject, listening, once

__all__ = ["LAWS", "SUBJECT", "Cleaned"]

_ORDINARY = (
    "My card ending in XXXX was charged {$120.00} on XX/XX/2021, twice!",
    "I was n't told; see https://bank.example/a?b=c&amp;d=e or write to me@bank.example :-(",
    "Don't, won't, can't: the loan's 3.5% rate @bank #angry ... 'quoted' \"words\"",
)
_BREAKS = re.compile("[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Each is repeated: what a rule that looks back and forth would choke on.
_REPEATED = (
    "a",
    "aA1 ",
    " ",
    "x",
    "XX/",
    "{$1,",
    "(",
    "@a",
    "http://a",
    "&amp;",
    "'",
    "n't ",
    "!?",
    "1-",
    "\u0301",
)
_SIZES = (16, 18, 20, 22, 24, 26, 28, 30, 32, 64, 128, 512, 2048, 8192, 32768, 100_000)
_SECONDS = 2.0


class Cleaned(Subject):
    """A cleaner under test."""

    def make(self) -> Callable[[str], str]:
        """Build the function; a preset becomes the function of its steps in order."""
        if not self.preset:
            made: Callable[[str], str] = super().make()
            return made
        functions = build_cleaning(self.host.plugins, [(self.extension.name, self.options)]).functions

        def clean(text: str) -> str:
            for function in functions:
                text = function(text)
            return text

        return clean

    @once
    def clean(self) -> Callable[[str], str]:
        """The function that most laws ask."""
        return self.make()

    @property
    def texts(self) -> Sequence[str]:
        """Ordinary and other texts."""
        return (
            *_ORDINARY,
            *samples.texts_of(samples.complaints())[:8],
            *samples.UNSEEN_SCRIPT,
            *samples.HOSTILE,
        )


def every_text_becomes_a_text(it: Cleaned) -> None:
    """Whatever stands in a text, a str comes out; a rule may run out of its time, and nothing else."""
    for text in (*it.texts, "a", "?", "a" * 10_000):
        try:
            found: object = it.clean(text)
        except CleaningTimeout:
            continue
        hold(isinstance(found, str), f"it returns {type(found).__name__}")


def an_empty_text_stays_empty(it: Cleaned) -> None:
    """Nothing is made of nothing."""
    hold(not it.clean(""), "it makes something of an empty text")


def the_same_text_always_becomes_the_same(it: Cleaned) -> None:
    """It is a pure function: what it was asked before, and in which order, changes nothing."""
    texts = _told(it, it.texts)
    first = [it.clean(text) for text in texts]
    hold(
        [it.clean(text) for text in texts[::-1]] == first[::-1], "asked in another order it answers otherwise"
    )


def building_it_again_changes_nothing(it: Cleaned) -> None:
    """Two that were built with the same options do the same: a loaded model builds its cleaning anew."""
    texts = _told(it, it.texts)
    # Each is asked in the same order, so that what depends on the order breaks another law.
    one, other = it.make(), it.make()
    hold([one(text) for text in texts] == [other(text) for text in texts], "two of them differ")


def its_time_grows_with_the_length_and_no_faster(it: Cleaned) -> None:
    """A hundred thousand characters take less than two seconds, whatever is repeated in them."""
    for repeated in _REPEATED:
        for size in _SIZES:
            started = time.process_time()
            try:
                it.clean((repeated * (size // len(repeated) + 1))[:size] + "\u00df")
            except TriageError:
                break
            seconds = time.process_time() - started
            hold(seconds < _SECONDS, f"{size} characters of {repeated!r} repeated take {seconds:.1f} s")


def it_adds_no_line_breaks(it: Cleaned) -> None:
    """A text on one line stays on one line: separators would tear rows and tokens apart."""
    for text in _told(it, it.texts):
        if not _BREAKS.search(text):
            hold(not _BREAKS.search(it.clean(text)), "it makes a line or paragraph separator")


def it_adds_no_lone_surrogates(it: Cleaned) -> None:
    """What could be written as UTF-8 can still be written."""
    for text in _told(it, it.texts):
        if not _SURROGATE.search(text):
            hold(not _SURROGATE.search(it.clean(text)), "it makes a lone surrogate")


def a_preset_applied_again_changes_nothing(it: Cleaned) -> None:
    """What several steps made together, they leave as it is."""
    if not it.preset:
        return
    cleaning = build_cleaning(it.host.plugins, [(it.extension.name, it.options)])
    for text in _told(it, it.texts):
        once_cleaned = cleaning(text)
        hold(cleaning(once_cleaned) == once_cleaned, "cleaning what is clean changes it")


def its_resolved_options_rebuild_it(it: Cleaned) -> None:
    """Where it has `resolved`, a cleaner with those options does the same without what lies outside."""
    instead = getattr(it.clean, "resolved", None)
    if instead is None:
        return
    chosen = resolve(it.extension.build, instead, owner=it.extension.name)
    rebuilt = it.extension.build(**{name.replace("-", "_"): value for name, value in chosen.items()})
    for text in _told(it, it.texts):
        hold(rebuilt(text) == it.clean(text), "rebuilt from `resolved` it answers otherwise")


def it_says_nothing_while_it_cleans(it: Cleaned) -> None:
    """It neither prints nor logs: a line for each text would be the text's, or slow."""
    with listening() as heard:
        for text in _told(it, it.texts):
            it.clean(text)
    hold(not heard.printed, "it prints")
    hold(not heard.logged, "it logs")


def _told(it: Cleaned, texts: Sequence[str]) -> list[str]:
    """The texts on which no rule runs out of its time and that come out as text."""

    def fine(text: str) -> bool:
        try:
            return isinstance(it.clean(text), str)
        except Exception:  # noqa: BLE001 - that is another law's concern
            return False

    return [text for text in texts if fine(text)]


LAWS = (
    *COMMON,
    every_text_becomes_a_text,
    an_empty_text_stays_empty,
    the_same_text_always_becomes_the_same,
    building_it_again_changes_nothing,
    its_time_grows_with_the_length_and_no_faster,
    it_adds_no_line_breaks,
    it_adds_no_lone_surrogates,
    a_preset_applied_again_changes_nothing,
    its_resolved_options_rebuild_it,
    it_says_nothing_while_it_cleans,
)
"""In the order in which they are checked."""

SUBJECT = Cleaned
"""What the laws are about."""

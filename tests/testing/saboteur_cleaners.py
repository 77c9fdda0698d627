"""One good cleaner, and for every law one that breaks this law and no other, under the law's name."""

import logging
import time
import wave  # required by one saboteur below, which must not be imported here

import triage

assert wave


def good():
    return lambda text: text.casefold().replace("xxxx", " ")


def required(*, size: int):
    return good()


def wrong_default(*, sizes: tuple[int, ...] = [1]):
    return good()


def returns_bytes():
    return lambda text: text.encode() if text == "?" else text


def from_nothing():
    return lambda text: text or "empty"


def remembers():
    seen = []

    def clean(text):
        seen.append(text)
        return text + (" again" if seen[-2:-1] > [text] else "")

    return lambda text: clean(text) if text else ""


class Differs:
    built = 0

    def __init__(self):
        Differs.built += 1
        self.number = str(Differs.built)

    def __call__(self, text):
        return text and text + self.number


def quadratic():
    def clean(text):
        stop = time.process_time() + (len(text) / 20_000) ** 2
        while len(text) > 20_000 and time.process_time() < stop:
            pass
        return text

    return clean


def breaks():
    return lambda text: text.replace(". ", ".\u2028").replace("; ", ";\n")


def surrogates():
    return lambda text: text.replace("!", "\ud83d")


def doubles():
    return lambda text: text.replace("a", "aa")


class Unresolved:
    resolved = {"size": 2}  # noqa: RUF012

    def __init__(self, size):
        self.size = size

    def __call__(self, text):
        return text[self.size :]


def unresolved(*, size: int = 1):
    return Unresolved(size)


def logs():
    def clean(text):
        logging.getLogger("saboteur").info("cleaning")
        return text

    return clean


SABOTEURS = {
    "it_builds_with_no_options": required,
    "its_defaults_are_values_of_its_options": wrong_default,
    "listing_it_imports_nothing_that_it_requires": good,
    "every_text_becomes_a_text": returns_bytes,
    "an_empty_text_stays_empty": from_nothing,
    "the_same_text_always_becomes_the_same": remembers,
    "building_it_again_changes_nothing": Differs,
    "its_time_grows_with_the_length_and_no_faster": quadratic,
    "it_adds_no_line_breaks": breaks,
    "it_adds_no_lone_surrogates": surrogates,
    "its_resolved_options_rebuild_it": unresolved,
    "it_says_nothing_while_it_cleans": logs,
}


@triage.hookimpl
def triage_cleaners():
    yield triage.Cleaner(name="good", summary="Keeps every law", build=good)
    yield triage.Cleaner(name="doubles", summary="Doubles each a", build=doubles)
    yield triage.Cleaner.preset("a-preset-applied-again-changes-nothing", "Never the same", ("doubles",))
    for law, build in SABOTEURS.items():
        requires = ("wave",) if law.startswith("listing") else ()
        yield triage.Cleaner(
            name=law.replace("_", "-"), summary="Breaks one law", build=build, requires=requires
        )

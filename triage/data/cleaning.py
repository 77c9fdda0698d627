"""Cleaning: the steps that an experiment lists, applied in its order, from text to normalised text."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from triage.errors import BadOption, DataError, PluginFailed, UsageError, did_you_mean
from triage.host.guard import aside, ends_a_plugin, name_of_error
from triage.host.manager import Plugins
from triage.host.options import options_of, resolve
from triage.host.protocols import Clean

__all__ = ["Cleaning", "CleaningTimeout", "Step", "build_cleaning", "expanded"]

Step: TypeAlias = str | Mapping[str, Any] | Sequence[Any]
"""A cleaner's name, `(name, options)`, or `{"name": ..., option: ...}` as in TOML."""


_GROWTH, _FREE = 20, 10_000  # times as long, and characters, that cleaning may make a text
_SECONDS = 20  # for all steps on one text: 10 MB take a few
_SURROGATES = re.compile("[\ud800-\udfff]+")


class CleaningTimeout(DataError):
    """One document took a cleaner longer than its budget; the others can be cleaned all the same.

    Attributes:
        cleaner: the name of the step that ran out of time.
    """

    def __init__(self, cleaner: str, message: str) -> None:
        """Name the `cleaner`; `message` says what its budget was, and never what the text is."""
        self.cleaner = cleaner
        super().__init__(message)


@dataclass(frozen=True)
class Cleaning:
    """The steps from a text as it was read to the text that a backend sees.

    What it returns is normalised: no line or paragraph separator (U+2028, U+2029, U+0085, \\x0b, \\x0c,
    \\x1c to \\x1f), single spaces between words, none at the ends, and no lone surrogate, so that it can
    always be written as UTF-8.

    Attributes:
        steps: the name of each step with all its options: values that JSON can hold. `build_cleaning`
            makes an equal cleaning of them, with no file but the plugins.
    """

    steps: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    functions: tuple[Clean, ...] = field(default=(), repr=False, compare=False)

    def __call__(self, text: str) -> str:
        """Return `text` cleaned.

        Raises:
            CleaningTimeout: a step took longer than its budget.
            PluginFailed: a step raised, or returned something that is not text; the message names it.
            TypeError: `text` is not a str.
        """
        if not isinstance(text, str):
            raise TypeError(f"cleaning takes text, not {type(text).__name__}")
        longest, end = _GROWTH * len(text) + _FREE, time.monotonic() + _SECONDS
        for (name, _), clean in zip(self.steps, self.functions, strict=True):
            try:
                text = clean(text)
            except BaseException as error:
                if not ends_a_plugin(error):
                    raise
                # From None: the message of the first error may quote the text.
                raise PluginFailed(f"the cleaner {name!r} failed with {name_of_error(error)}") from None
            if not isinstance(text, str):
                raise PluginFailed(f"the cleaner {name!r} returned {type(text).__name__}, not text")
            if len(text) > longest:
                raise CleaningTimeout(
                    name, f"the cleaner {name!r} made a document more than {_GROWTH} times as long"
                )
            if time.monotonic() > end:
                raise CleaningTimeout(name, f"cleaning took longer than {_SECONDS} s for one document")
        return _normalised(text)

    def apply(self, texts: Iterable[str]) -> list[str]:
        """Return every text cleaned, in order; errors as for one text."""
        with aside():
            return [self(text) for text in texts]


def build_cleaning(plugins: Plugins, steps: Iterable[Step] | str) -> Cleaning:
    """Return the cleaning that `steps` describe; a preset is replaced by the steps that it stands for.

    Options that are given to a preset go to each of its steps that has such an option.

    Args:
        plugins: where the cleaners are looked up.
        steps: names, (name, options) or {"name": ..., option: ...}, in the order of application; one
            name alone is a list of one.

    Raises:
        UnknownName: no cleaner of that name.
        BadOption: an option that the cleaner, or no step of the preset, has.
        UsageError: a step of another form, or a preset that holds itself.
        Unavailable: a library or a word list that a step needs is missing.
        PluginFailed: a cleaner could not be built.
    """
    resolved: list[tuple[str, Mapping[str, Any]]] = []
    functions: list[Clean] = []
    for name, options in expanded(plugins, steps):
        extension = plugins.cleaner(name)
        chosen = resolve(extension.build, options, owner=name)
        clean = plugins.build(extension, chosen)
        if not callable(clean):
            raise PluginFailed(f"the cleaner {name!r} built {type(clean).__name__}, not a function")
        instead = getattr(clean, "resolved", None)
        if instead is not None:
            with plugins.attribute_errors_to(extension):
                chosen = resolve(extension.build, instead, owner=name)
        resolved.append((name, chosen))
        functions.append(clean)
    return Cleaning(steps=tuple(resolved), functions=tuple(functions))


def expanded(plugins: Plugins, steps: Iterable[Step] | str) -> list[tuple[str, dict[str, Any]]]:
    """Return the steps with every preset replaced by what it stands for; errors as in `build_cleaning`."""
    return [
        leaf
        for step in ([steps] if isinstance(steps, str) else steps)
        for leaf in _expand(plugins, *_parse(step), within=())
    ]


def _parse(step: Step) -> tuple[str, dict[str, Any]]:
    """Return the name and the options of a step, whatever its form."""
    if isinstance(step, str):
        return step, {}
    if isinstance(step, Mapping):
        options = dict(step)
        name = options.pop("name", None)
        if isinstance(name, str):
            return name, options
    elif isinstance(step, tuple | list) and len(step) == 2:
        name, given = step
        if isinstance(name, str) and isinstance(given, Mapping):
            return name, dict(given)
    raise UsageError(
        f"a cleaning step is a name, a pair of name and options, or a table with a name; not {step!r}"
    )


def _expand(
    plugins: Plugins, name: str, options: dict[str, Any], *, within: tuple[str, ...]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the step itself, or the steps that the preset `name` stands for."""
    extension = plugins.cleaner(name)
    if not extension.steps:
        yield name, options
        return
    if name in within:
        raise UsageError(f"the cleaning preset {name!r} holds itself: {' > '.join((*within, name))}")
    inner = [
        leaf for step in extension.steps for leaf in _expand(plugins, *_parse(step), within=(*within, name))
    ]
    chosen = {option.replace("_", "-"): value for option, value in options.items()}
    known = [set(options_of(plugins.cleaner(leaf).build)) for leaf, _ in inner]
    for option in chosen:
        if not any(option in names for names in known):
            raise BadOption(
                f"no step of the preset {name!r} has an option {option!r}.{did_you_mean(option, set().union(*known))}"
            )
    for (leaf, own), names in zip(inner, known, strict=True):
        yield leaf, own | {option: value for option, value in chosen.items() if option in names}


def _normalised(text: str) -> str:
    """Collapse white space, which includes every line and paragraph separator; replace surrogates."""
    if not text.isascii():
        text = _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)
    elif text.isprintable() and "  " not in text and text[:1] != " " != text[-1:]:
        return text  # the usual end of a cleaning, at a quarter of the time
    return " ".join(text.split())

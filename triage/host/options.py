"""A factory's signature is its schema: TOML, `--set` and `triage plugins describe` read that one line.

def build(*, units: Annotated[int, "Neurons in each direction", Between(1, 4096)] = 64): ...
"""

from __future__ import annotations

import inspect
import math
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, Union

from triage.errors import BadOption, did_you_mean

__all__ = [
    "Between",
    "Option",
    "Search",
    "build_with",
    "options_of",
    "parse_settings",
    "resolve",
    "with_shared",
]

S = TypeVar("S")
T = TypeVar("T")

_SCALARS: dict[type, str] = {bool: "yes or no", int: "a whole number", float: "a number", str: "text"}
_TRUE = {"yes", "true", "on", "1"}
_FALSE = {"no", "false", "off", "0"}


@dataclass(frozen=True, slots=True)
class Between:
    """The least and the greatest value that a number may take, both allowed."""

    low: float
    high: float = math.inf

    def __str__(self) -> str:
        """Return the range in words."""
        return f"at least {self.low:g}" if self.high == math.inf else f"{self.low:g} to {self.high:g}"


@dataclass(frozen=True, slots=True)
class Search:
    """Where `triage tune` searches for the value of an option; `Search()` means not at all.

    Attributes:
        low: the lowest value of a range.
        high: the highest value of a range.
        log: whether a range is searched on a logarithmic scale.
        values: what is chosen among, instead of a range.

    Raises:
        ValueError: a range without an end, or a logarithmic one that reaches zero.

    Example:
        >>> def build(*, rate: Annotated[float, "Step size", Search(1e-4, 1e-1, log=True)] = 1e-3): ...
    """

    low: float | None = None
    high: float | None = None
    log: bool = False
    values: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        """Check the range."""
        if (self.low is None) != (self.high is None):
            raise ValueError("Search must have both low and high, or neither")
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise ValueError(f"low must be below high, got {self.low:g} and {self.high:g}")
        if self.log and not (self.low or 0) > 0:
            raise ValueError("low must be above 0 on a logarithmic scale")


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a factory.

    Attributes:
        name: as users write it, with hyphens.
        parameter: the Python name.
        type: the annotation without help, such as int, `Literal["a", "b"]`, `tuple[str, ...]`, `int | None`.
        default: the value where nothing is said; `inspect.Parameter.empty` where one must be given.
        help: one line, or "".
        between: the range of a number, or None.
        search: where `triage tune` searches, or None for what follows from the type and the range.
    """

    name: str
    parameter: str
    type: Any
    default: Any
    help: str
    between: Between | None = None
    search: Search | None = None

    @property
    def required(self) -> bool:
        """Whether there is no default."""
        return self.default is inspect.Parameter.empty

    @property
    def choices(self) -> tuple[Any, ...]:
        """The values of a Literal, or ()."""
        return tuple(value for kind in _members(self.type) for value in _literals(kind))

    @property
    def type_name(self) -> str:
        """The type in words, for tables."""
        names = [_type_name(kind) for kind in _members(self.type)]
        return " or ".join(names) + (f", {self.between}" if self.between else "")

    def convert(self, value: Any, *, owner: str = "") -> Any:
        """Return `value`, from TOML, JSON or the command line, as this option's type.

        Raises:
            BadOption: it is of another type, not among the choices, or out of range.
        """
        for kind in _members(self.type):
            converted = _convert(kind, value)
            if converted is not _NO:
                break
        else:
            words = did_you_mean(value, map(str, self.choices)) if isinstance(value, str) else ""
            near = f".{words}" if "Did" in words else ""
            raise BadOption(f"{_of(owner)}{self.name} is {self.type_name}, not {_short(value)}{near}")
        number = isinstance(converted, int | float) and not isinstance(converted, bool)
        if self.between and number and not self.between.low <= converted <= self.between.high:
            raise BadOption(f"{_of(owner)}{self.name} is {self.between}, not {_short(converted)}")
        return converted

    def check(self, value: Any) -> None:
        """Check a value that comes from a file of typed values: a text of digits is not a number.

        Raises:
            BadOption: it is of another type, not among the choices, or out of range.
        """
        whole = isinstance(value, int) and not isinstance(value, bool)
        converted = self.convert(value)
        if type(converted) is not type(value) and not (whole and isinstance(converted, float)):
            raise BadOption(f"{self.name} is {self.type_name}, not {_short(value)}")


_NO = object()


def options_of(factory: Callable[..., Any]) -> dict[str, Option]:
    """Return the options of `factory` by name, in the order of its signature.

    Raises:
        TypeError: a parameter that a user could not set: positional without a default, or *args.
    """
    target = factory.__init__ if inspect.isclass(factory) else factory
    if target is object.__init__:
        return {}
    found: dict[str, Option] = {}
    parameters = list(inspect.signature(target).parameters.values())[inspect.isclass(factory) :]
    if not parameters:  # what is returned need not be importable yet
        return found
    hints = typing.get_type_hints(target, include_extras=True)
    for parameter in parameters:
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            raise TypeError(f"the option {parameter.name!r} is not keyword-only: put a * before it")
        annotation = hints.get(parameter.name, Any)
        notes: Sequence[Any] = ()
        if typing.get_origin(annotation) is typing.Annotated:
            annotation, *notes = typing.get_args(annotation)
        name = parameter.name.replace("_", "-")
        found[name] = Option(
            name=name,
            parameter=parameter.name,
            type=annotation,
            default=parameter.default,
            help=next((note for note in notes if isinstance(note, str)), ""),
            between=next((note for note in notes if isinstance(note, Between)), None),
            search=next((note for note in notes if isinstance(note, Search)), None),
        )
    return found


def resolve(factory: Callable[..., Any], settings: Mapping[str, Any], *, owner: str = "") -> dict[str, Any]:
    """Return every option of `factory` by its name with hyphens: as set, or its default.

    Raises:
        BadOption: an unknown name (the near ones are suggested), a wrong value, or one that is missing.
    """
    known = options_of(factory)
    chosen = {name.replace("_", "-"): value for name, value in settings.items()}
    for name in chosen:
        if name not in known:
            none = " It has none." if not known else did_you_mean(name, known)
            raise BadOption(f"{owner or 'this'} has no option {name!r}.{none}")
    missing = [name for name, option in known.items() if option.required and name not in chosen]
    if missing:
        raise BadOption(f"{_of(owner)}{', '.join(missing)} must be given: --set {missing[0]}=VALUE")
    return {
        name: option.convert(chosen[name], owner=owner) if name in chosen else option.default
        for name, option in known.items()
    }


def build_with(factory: Callable[..., Any], settings: Mapping[str, Any], *, owner: str = "") -> Any:
    """Call `factory` with `settings`, checked against its signature."""
    resolved = resolve(factory, settings, owner=owner)
    return factory(**{name.replace("-", "_"): value for name, value in resolved.items()})


def with_shared(
    own: Callable[..., Any], shared: S, build: Callable[[S, dict[str, Any]], T]
) -> Callable[..., T]:
    """Return a factory whose options are those of `own` and those that a family of backends shares.

    Args:
        own: its keyword-only parameters are the factory's own options, as annotated; one without an
            annotation is of the type of its default.
        shared: a dataclass; its annotated fields are the shared options, its values their defaults.
        build: called with the shared options and with the others as chosen.

    Raises:
        TypeError: `own` is not callable.
        ValueError: it has an option of a name that the family has.
    """
    kind = type(shared)
    hints = typing.get_type_hints(kind, include_extras=True)
    parameters = [_keyword(*each) for each in _keywords_of(own)]
    if clash := [parameter.name for parameter in parameters if parameter.name in hints]:
        raise ValueError(f"the option {clash[0]!r} has the name of an option that all backends here have")
    parameters += [_keyword(name, default, hints[name]) for name, default in vars(shared).items()]
    signature = inspect.Signature(parameters)

    def factory(**settings: Any) -> T:
        bound = signature.bind(**settings)
        bound.apply_defaults()
        chosen = dict(bound.arguments)
        return build(kind(**{name: chosen.pop(name) for name in hints}), chosen)

    factory.__signature__ = signature  # type: ignore[attr-defined]
    factory.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return factory


def parse_settings(words: Sequence[str]) -> dict[str, str]:
    """Read `KEY=VALUE` words of the command line.

    Raises:
        BadOption: a word without an equals sign, or the same key twice.
    """
    settings: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        key = key.strip().replace("_", "-")
        if not equals or not key:
            raise BadOption(f"--set takes KEY=VALUE, not {word!r}")
        if key in settings:
            raise BadOption(f"--set {key} is given twice")
        settings[key] = value
    return settings


def _keywords_of(own: Callable[..., Any]) -> Iterator[tuple[str, Any, Any]]:
    """Name, default and annotation of each keyword-only parameter."""
    hints = typing.get_type_hints(own, include_extras=True) if inspect.isfunction(own) else {}
    for parameter in inspect.signature(own).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY:
            default = parameter.default
            guessed = Any if default is None or default is parameter.empty else type(default)
            yield parameter.name, default, hints.get(parameter.name, guessed)


def _keyword(name: str, default: Any, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _short(value: Any) -> str:
    """Return a value for a message: what is long, or holds others, may be somebody's text."""
    if isinstance(value, list | tuple | set | Mapping):
        return f"a {type(value).__name__} of {len(value):,}"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:40]}…"


def _of(owner: str) -> str:
    return f"{owner}: " if owner else ""


def _members(kind: Any) -> tuple[Any, ...]:
    """The members of a union, the plain type alone otherwise."""
    if typing.get_origin(kind) in (Union, types.UnionType):
        return typing.get_args(kind)
    return (kind,)


def _literals(kind: Any) -> tuple[Any, ...]:
    return typing.get_args(kind) if typing.get_origin(kind) is Literal else ()


def _type_name(kind: Any) -> str:
    if kind is type(None) or kind is None:
        return "none"
    if literals := _literals(kind):
        return " | ".join(str(value) for value in literals)
    if typing.get_origin(kind) in (tuple, list, Sequence):
        return "a list of " + _type_name(typing.get_args(kind)[0])
    if typing.get_origin(kind) in (dict, Mapping):
        return "a table"
    return _SCALARS.get(kind, getattr(kind, "__name__", str(kind)))


def _convert(kind: Any, value: Any) -> Any:
    """`value` as `kind`, or _NO."""
    if kind is Any:
        return value
    if kind is type(None):
        return None if value is None or (isinstance(value, str) and value.casefold() == "none") else _NO
    if literals := _literals(kind):
        return next((choice for choice in literals if value == choice or str(choice) == str(value)), _NO)
    if typing.get_origin(kind) in (tuple, list, Sequence):
        inner = typing.get_args(kind)[0]
        items = (
            [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value
        )
        if not isinstance(items, list | tuple):
            return _NO
        converted = tuple(_convert(inner, item) for item in items)
        return _NO if _NO in converted else converted
    if typing.get_origin(kind) in (dict, Mapping):
        return dict(value) if isinstance(value, Mapping) else _NO
    return _scalar(kind, value)


def _scalar(kind: type, value: Any) -> Any:
    if kind is bool:
        if isinstance(value, bool):
            return value
        word = value.casefold() if isinstance(value, str) else ""
        return True if word in _TRUE else False if word in _FALSE else _NO
    if isinstance(value, bool):
        return _NO
    if kind in (int, float):
        if not isinstance(value, str | int | float):
            return _NO
        try:
            number = float(value)
        except (ValueError, OverflowError):
            return _NO
        if math.isnan(number):
            return _NO
        if kind is float:
            return number
        return int(number) if number.is_integer() else _NO
    if kind is str:
        return value if isinstance(value, str) else _NO
    return _NO

"""The options that all backends here share, and factories that take them beside their own."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Any, TypeVar

from triage import Between

__all__ = ["TermOptions", "with_terms"]

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class TermOptions:
    """Which terms are learned.

    What is in fewer than three texts may name a person: with `min_documents` below 3 a model may tell what
    single people wrote. It costs nothing on long texts and about a point of accuracy on very short ones.
    """

    ngrams: Annotated[int, "Longest run of words that counts as one term", Between(1, 5)] = 2
    min_documents: Annotated[int, "Terms in fewer training texts are not stored", Between(1)] = 3
    max_features: Annotated[int, "Terms to store at most: those in the most texts", Between(1)] = 100_000
    digits: Annotated[bool, "Whether words that hold a digit are stored"] = False


def with_terms(
    options: Callable[..., Any], terms: TermOptions, build: Callable[[TermOptions, dict[str, Any]], T]
) -> Callable[..., T]:
    """Return a factory whose options are those of `options` and those of `TermOptions`.

    Args:
        options: its keyword-only parameters are the factory's own options, as annotated; one without an
            annotation is of the type of its default.
        terms: the defaults of the shared options.
        build: called with the terms and the other options as chosen.

    Raises:
        TypeError: `options` is not callable.
        ValueError: it has an option of a name that all backends here have.
    """
    shared = typing.get_type_hints(TermOptions, include_extras=True)
    parameters = list(_own(options))
    if clash := [parameter.name for parameter in parameters if parameter.name in shared]:
        raise ValueError(f"the option {clash[0]!r} has the name of an option that all backends here have")
    for name, default in asdict(terms).items():
        parameters.append(_keyword(name, default, shared[name]))
    signature = inspect.Signature(parameters)

    def factory(**settings: Any) -> T:
        bound = signature.bind(**settings)
        bound.apply_defaults()
        chosen = dict(bound.arguments)
        return build(TermOptions(**{name: chosen.pop(name) for name in shared}), chosen)

    factory.__signature__ = signature  # type: ignore[attr-defined]
    factory.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return factory


def _own(options: Callable[..., Any]) -> Iterator[inspect.Parameter]:
    hints = typing.get_type_hints(options, include_extras=True) if inspect.isfunction(options) else {}
    for parameter in inspect.signature(options).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY:
            default = parameter.default
            guessed = Any if default is None or default is inspect.Parameter.empty else type(default)
            yield _keyword(parameter.name, default, hints.get(parameter.name, guessed))


def _keyword(name: str, default: Any, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)

"""How networks are trained: options that all backends here share, beside those of the network itself."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal, TypeVar

from triage import Between

__all__ = ["Training", "with_training"]

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Training:
    """What the trainer does, whatever the network is made of."""

    epochs: Annotated[int, "Passes over the training part at most", Between(1, 1000)] = 12
    patience: Annotated[int, "Epochs without a better log loss on the tune part", Between(1, 1000)] = 3
    batch: Annotated[int, "Documents in one step", Between(1, 4096)] = 64
    learning_rate: Annotated[float, "Step size of Adam at the start", Between(1e-9, 1e9)] = 3e-3
    clip_norm: Annotated[float, "Longest gradient that is followed; longer ones are cut", Between(1e-6)] = 1.0
    class_weights: Annotated[
        Literal["none", "sqrt", "balanced"], "How much the documents of small classes weigh more"
    ] = "sqrt"
    word_dropout: Annotated[float, "Share of the words left out, anew in each epoch", Between(0, 0.9)] = 0.2
    averaging: Annotated[
        float, "Weights judged and kept are a moving average with this decay; 0 for none", Between(0, 0.9999)
    ] = 0.98
    embeddings: Annotated[
        Literal["ppmi", "random"], "What word vectors start from: the training text itself, or chance"
    ] = "ppmi"
    linear_share: Annotated[
        float,
        "Share of a linear model of words and pairs in the answer; 0 for the network alone",
        Between(0, 0.99),
    ] = 0.6
    stacking: Annotated[
        bool, "Fit the shares of network and linear model to the tune part once the network is trained"
    ] = True
    linear_c: Annotated[float, "Inverse strength of the linear model's penalty", Between(1e-6, 1e6)] = 10.0
    pairs: Annotated[int, "Pairs of words that the linear model knows at most", Between(0, 1_000_000)] = (
        50_000
    )
    distillation: Annotated[
        float, "Share of the target that is the linear model's out-of-fold answer", Between(0, 1)
    ] = 0.5


def with_training(
    network: Callable[..., Any], training: Training, build: Callable[[Training, dict[str, Any]], T]
) -> Callable[..., T]:
    """Return a factory whose options are the keyword-only parameters of `network` and those of `Training`.

    Args:
        network: its keyword-only parameters are the network's own options, as annotated.
        training: the defaults of the shared options.
        build: called with the shared options and the others as chosen.

    Raises:
        TypeError: `network` is not callable.
        ValueError: it has an option of a name that all backends here have.
    """
    shared = typing.get_type_hints(Training, include_extras=True)
    parameters = list(_own(network))
    if clash := [parameter.name for parameter in parameters if parameter.name in shared]:
        raise ValueError(f"the option {clash[0]} is the name of an option that all backends here have")
    for name, default in asdict(training).items():
        parameters.append(_keyword(name, default, shared[name]))
    signature = inspect.Signature(parameters)

    def factory(**settings: Any) -> T:
        bound = signature.bind(**settings)
        bound.apply_defaults()
        chosen = dict(bound.arguments)
        return build(Training(**{name: chosen.pop(name) for name in shared}), chosen)

    factory.__signature__ = signature  # type: ignore[attr-defined]
    factory.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return factory


def _own(network: Callable[..., Any]) -> Iterator[inspect.Parameter]:
    hints = typing.get_type_hints(network, include_extras=True)
    for parameter in inspect.signature(network).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY:
            guessed = Any if parameter.default in (None, parameter.empty) else type(parameter.default)
            yield _keyword(parameter.name, parameter.default, hints.get(parameter.name, guessed))


def _keyword(name: str, default: Any, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)

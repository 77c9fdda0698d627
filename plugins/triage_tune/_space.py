"""The search space, read from the annotations of a backend's options."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import triage
from triage.plugin_api import Option

if TYPE_CHECKING:
    import optuna

__all__ = ["Dimension", "space_of"]

_AROUND = 8.0  # without a `triage.Search`, a number is searched from default / 8 to default * 8
_WIDE = 20.0  # a range this many times wider than its low end is searched on a logarithmic scale


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """One option that is searched.

    Attributes:
        name: the option, as users write it.
        default: its value without a search; trial 0 tries it.
        values: what is chosen among, or () for a range.
        low: the lowest value of a range.
        high: the highest value of a range.
        integer: whether a range holds whole numbers only.
        log: whether a range is searched on a logarithmic scale.
    """

    name: str
    default: Any
    values: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 0.0
    integer: bool = False
    log: bool = False

    def suggest(self, trial: optuna.Trial) -> Any:
        """Return the value that the sampler chooses for a trial."""
        if self.values:
            return trial.suggest_categorical(self.name, list(self.values))
        if self.integer:
            return trial.suggest_int(self.name, int(self.low), int(self.high), log=self.log)
        return trial.suggest_float(self.name, self.low, self.high, log=self.log)

    def __str__(self) -> str:
        """Return the dimension in words, for people."""
        if self.values:
            return ", ".join(map(str, self.values))
        return f"{self.low:g} to {self.high:g}" + (", log scale" if self.log else "")


def space_of(
    options: Mapping[str, Option], *, fixed: Iterable[str] = (), only: Iterable[str] = ()
) -> tuple[Dimension, ...]:
    """Return the dimensions of a backend's options, in the order of its signature.

    An option annotated with `triage.Search` is searched there. Without one, a yes-or-no option and a choice are
    searched whole, and a number with a `Between` from an eighth to eight times its default within the range.
    Lists, texts, and numbers without a range or a default are not searched.

    Args:
        options: as `triage.host.options.options_of` returns them.
        fixed: options that keep the value that the user set.
        only: the options to search; all that can be searched where none is named.

    Raises:
        UsageError: an option in `only` that cannot be searched.
    """
    chosen, kept = set(only), set(fixed)
    found = {
        name: dimension
        for name, option in options.items()
        if name not in kept and (dimension := _dimension(option)) is not None
    }
    if missing := sorted(chosen - set(found)):
        searchable = ", ".join(found) or "none"
        raise triage.UsageError(f"{missing[0]} cannot be searched; options that can: {searchable}")
    return tuple(dimension for name, dimension in found.items() if not chosen or name in chosen)


def _dimension(option: Option) -> Dimension | None:
    if option.search is not None:
        return _searched(option, option.search)
    if option.type is bool:
        return Dimension(name=option.name, default=option.default, values=(False, True))
    if option.choices:
        return Dimension(name=option.name, default=option.default, values=option.choices)
    if option.type in (int, float) and option.between is not None and not option.required:
        return _range(option)
    return None


def _searched(option: Option, search: triage.Search) -> Dimension | None:
    """Return the dimension that an annotation names, widened to the default: trial 0 tries it."""
    default = option.default
    if search.values:
        values = search.values if default in search.values else (default, *search.values)
        return Dimension(name=option.name, default=default, values=values)
    if search.low is None or search.high is None:
        return None
    return Dimension(
        name=option.name,
        default=default,
        low=min(search.low, default),
        high=max(search.high, default),
        integer=option.type is int,
        log=search.log and default > 0,
    )


def _range(option: Option) -> Dimension | None:
    """Return the range around a number's default, cut to what the option allows."""
    assert option.between is not None
    default = float(option.default)
    low, high = option.between.low, option.between.high
    if default > 0:
        low = max(low, default / _AROUND)
        high = min(high, default * _AROUND)
    if not math.isfinite(high) or not low < high:
        return None
    if option.type is int:
        low, high = math.ceil(low), math.floor(high)
    return Dimension(
        name=option.name,
        default=option.default,
        low=low,
        high=high,
        integer=option.type is int,
        log=low > 0 and high / low > _WIDE,
    )

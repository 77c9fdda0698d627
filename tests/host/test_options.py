"""A factory's signature is its schema."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import triage
from triage.host.options import Between, build_with, options_of, parse_settings, resolve


def build(
    *,
    units: Annotated[int, "Neurons in each direction", Between(1, 4096)] = 64,
    learning_rate: Annotated[float, "Step size", Between(0)] = 0.003,
    pooling: Annotated[Literal["max-mean", "attention"], "How states become one vector"] = "max-mean",
    masked: bool = True,
    ngrams: tuple[int, ...] = (1, 2),
    limit: int | None = None,
    table: Mapping[str, Any] = {},
):
    return locals()


def test_help_and_types_are_read_from_the_signature():
    options = options_of(build)
    assert options["units"].help == "Neurons in each direction"
    assert options["units"].type_name == "a whole number, 1 to 4096"
    assert options["pooling"].choices == ("max-mean", "attention")
    assert options["limit"].type_name == "a whole number or none"
    assert list(options)[:2] == ["units", "learning-rate"]


@pytest.mark.parametrize(
    ("name", "word", "value"),
    [
        ("units", "32", 32),
        ("units", "1e3", 1000),
        ("learning-rate", "1e-3", 0.001),
        ("learning_rate", 1, 1.0),
        ("pooling", "attention", "attention"),
        ("masked", "no", False),
        ("masked", True, True),
        ("ngrams", "1,3", (1, 3)),
        ("ngrams", [2], (2,)),
        ("limit", "none", None),
        ("limit", "5", 5),
        ("table", {"a": 1}, {"a": 1}),
    ],
)
def test_words_become_values(name, word, value):
    assert build_with(build, {name: word})[name.replace("-", "_")] == value


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("units", "0"),
        ("units", "many"),
        ("units", "2.5"),
        ("units", True),
        ("units", "nan"),
        ("learning-rate", "-1"),
        ("pooling", "sum"),
        ("masked", "perhaps"),
        ("ngrams", "1,two"),
        ("table", "a"),
    ],
)
def test_wrong_values_are_refused_by_name(name, word):
    with pytest.raises(triage.BadOption, match=name):
        build_with(build, {name: word})


def test_an_unknown_option_suggests_the_near_ones():
    with pytest.raises(triage.BadOption, match="Did you mean units"):
        build_with(build, {"unit": 3}, owner="gru")


def test_an_option_without_a_default_must_be_given():
    def needs(*, path: str):
        return path

    with pytest.raises(triage.BadOption, match="path must be given"):
        resolve(needs, {})
    assert build_with(needs, {"path": "x"}) == "x"


def test_positional_parameters_are_no_options():
    with pytest.raises(TypeError, match="not keyword-only"):
        options_of(lambda units: units)


def test_a_class_without_a_constructor_has_no_options():
    class Plain: ...

    assert options_of(Plain) == {}
    assert isinstance(build_with(Plain, {}), Plain)


@given(st.integers(1, 4096), st.floats(0, 1e6))
def test_what_is_resolved_resolves_to_itself(units, rate):
    once = resolve(build, {"units": str(units), "learning-rate": repr(rate)})
    assert resolve(build, once) == once
    assert once["learning-rate"] == rate


def test_settings_are_key_equals_value():
    assert parse_settings(["a_b=1", "c=x=y"]) == {"a-b": "1", "c": "x=y"}
    for bad in (["novalue"], ["=1"], ["a=1", "a=2"]):
        with pytest.raises(triage.BadOption):
            parse_settings(bad)


def test_a_value_that_is_long_or_holds_others_is_not_quoted():
    from triage.host.options import _short

    assert _short(["my card was charged twice"]) == "a list of 1"
    assert _short({"a": 1, "b": 2}) == "a dict of 2"
    assert len(_short("x" * 10_000)) < 50
    assert _short(0.5) == "0.5"

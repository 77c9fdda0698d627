"""Cleaning applies the steps of the experiment in its order and always ends normalised."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import triage
import triage_cleaners
from triage import BadOption, DataError, PluginFailed, Plugins, Unavailable, UnknownName, UsageError
from triage.data.cleaning import Cleaning, CleaningTimeout, build_cleaning

SEPARATORS = "\u2028\u2029\u0085\x0b\x0c\x1c\x1d\x1e\x1f\r\n\t\u00a0\u3000"


def upper() -> Callable[[str], str]:
    return str.upper


def replace(*, old: Annotated[str, "What goes"], new: str = "") -> Callable[[str], str]:
    return lambda text: text.replace(old, new)


class Listed:
    """Drops words that it reads from outside when it is built, and says which they were."""

    reads = 0

    def __init__(self, *, source: str = "", words: tuple[str, ...] = ()) -> None:
        if source:
            Listed.reads += 1
            words = tuple(source.split("+"))
        self.words = words
        self.resolved = {"words": list(words)}

    def __call__(self, text: str) -> str:
        return " ".join(word for word in text.split(" ") if word not in self.words)


def fails() -> Callable[[str], str]:
    known: dict[str, str] = {}
    return lambda text: known[text]


def numbers() -> Callable[[str], Any]:
    return len


def unfinished() -> None:
    return None


def slow() -> Callable[[str], str]:
    def clean(text: str) -> str:
        raise CleaningTimeout("slow", "the cleaner 'slow' took longer than its 1 s")

    return clean


class Small:
    """A plugin of small cleaners and of presets made of them."""

    @triage.hookimpl
    def triage_cleaners(self) -> Any:
        step, preset = triage.Cleaner, triage.Cleaner.preset
        small: dict[str, Callable[..., Any]] = {
            "upper": upper,
            "replace": replace,
            "listed": Listed,
            "fails": fails,
            "numbers": numbers,
            "unfinished": unfinished,
            "slow": slow,
        }
        for name, build in small.items():
            yield step(name=name, summary=f"Does {name}", build=build)
        yield step(
            name="absent", summary="Needs what is not there", build=upper, requires=("no_such_module",)
        )
        yield preset("loud", "Upper case without a", ("upper", ("replace", {"old": "A"})))
        yield preset("louder", "Loud, without b", ("loud", ("replace", {"old": "B", "new": "P"})))
        yield preset("snake", "Holds a preset that holds it", ("upper", "tail"))
        yield preset("tail", "Holds snake", ("snake",))


@pytest.fixture(scope="module")
def small() -> Plugins:
    found = Plugins(strict=True)
    found.register(Small())
    return found


def test_no_step_still_normalises(small: Plugins) -> None:
    assert build_cleaning(small, [])("  two\u2028words \r\n here\x85") == "two words here"
    assert Cleaning()("a\tb") == "a b"


def test_steps_apply_in_the_order_of_the_list_and_not_of_their_names(small: Plugins) -> None:
    first_upper = build_cleaning(small, ["upper", ("replace", {"old": "a"})])
    first_replace = build_cleaning(small, [("replace", {"old": "a"}), "upper"])
    assert (first_upper("bar"), first_replace("bar")) == ("BAR", "BR")


@pytest.mark.parametrize(
    "step",
    [
        ("replace", {"old": "a", "new": "o"}),
        ["replace", {"old": "a", "new": "o"}],
        {"name": "replace", "old": "a", "new": "o"},
    ],
)
def test_a_step_with_options_has_three_forms(small: Plugins, step: Any) -> None:
    assert build_cleaning(small, [step])("bar") == "bor"


def test_one_name_alone_is_a_list_of_one(small: Plugins) -> None:
    assert build_cleaning(small, "upper") == build_cleaning(small, ["upper"])


def test_apply_cleans_each_text_in_order(small: Plugins) -> None:
    assert build_cleaning(small, ["upper"]).apply(iter(["b", "", "a "])) == ["B", "", "A"]


def test_a_preset_stands_for_its_steps_and_presets_nest(small: Plugins) -> None:
    louder = build_cleaning(small, ["louder"])
    assert [name for name, _ in louder.steps] == ["upper", "replace", "replace"]
    assert louder("a bee") == "PEE"


def test_options_of_a_preset_reach_the_steps_that_have_them(small: Plugins) -> None:
    assert build_cleaning(small, [("louder", {"new": "*"})])("abc") == "**C"


def test_an_option_that_no_step_of_a_preset_has_is_refused_with_the_near_ones(small: Plugins) -> None:
    with pytest.raises(BadOption, match=r"preset 'loud' has an option 'odl'.*old"):
        build_cleaning(small, [("loud", {"odl": "x"})])


def test_a_preset_that_holds_itself_is_refused_and_the_circle_shown(small: Plugins) -> None:
    with pytest.raises(UsageError, match="snake > tail > snake"):
        build_cleaning(small, ["snake"])


@pytest.mark.parametrize("step", [3, None, ("upper",), ("upper", "x"), {"old": "a"}, {"name": 3}, (1, {})])
def test_a_step_of_another_form_is_refused(small: Plugins, step: Any) -> None:
    with pytest.raises(UsageError, match="a cleaning step is a name"):
        build_cleaning(small, [step])


def test_unknown_names_and_options_are_refused_with_the_near_ones(small: Plugins) -> None:
    with pytest.raises(UnknownName, match=r"uper.*upper"):
        build_cleaning(small, ["uper"])
    with pytest.raises(BadOption, match=r"replace has no option 'olb'.*old"):
        build_cleaning(small, [("replace", {"olb": "a"})])
    with pytest.raises(BadOption, match="old must be given"):
        build_cleaning(small, ["replace"])
    with pytest.raises(Unavailable, match="no_such_module"):
        build_cleaning(small, ["absent"])


def test_what_a_step_read_from_outside_is_in_its_options_and_not_read_again(small: Plugins) -> None:
    built = build_cleaning(small, [("listed", {"source": "a+b"})])
    assert built.steps == (("listed", {"source": "", "words": ("a", "b")}),)
    reads = Listed.reads
    again = build_cleaning(small, json.loads(json.dumps(built.steps)))
    assert (again.steps, again("a c b"), Listed.reads) == (built.steps, "c", reads)


def test_a_step_that_raises_is_named_and_the_text_is_not_told(small: Plugins) -> None:
    text = "".join(["se", "cret"])
    with pytest.raises(PluginFailed, match="the cleaner 'fails' failed with KeyError") as caught:
        build_cleaning(small, ["upper", "fails"])(text)
    assert text not in "".join(traceback.format_exception(caught.value)).lower()


def test_a_step_that_returns_no_text_is_named(small: Plugins) -> None:
    with pytest.raises(PluginFailed, match="the cleaner 'numbers' returned int, not text"):
        build_cleaning(small, ["numbers", "upper"])("words")


def test_a_factory_that_builds_nothing_is_named(small: Plugins) -> None:
    with pytest.raises(PluginFailed, match="the cleaner 'unfinished' built NoneType"):
        build_cleaning(small, ["unfinished"])


def test_a_step_out_of_time_can_be_caught_for_one_document(small: Plugins) -> None:
    with pytest.raises(CleaningTimeout) as caught:
        build_cleaning(small, ["slow"])("words")
    assert caught.value.cleaner == "slow"
    assert isinstance(caught.value, DataError)


def test_what_is_not_text_is_refused(small: Plugins) -> None:
    with pytest.raises(TypeError, match="takes text, not float"):
        build_cleaning(small, ["upper"])(float("nan"))  # type: ignore[arg-type]


@given(st.text(alphabet=st.characters() | st.sampled_from("ab \ud800" + SEPARATORS)))
def test_the_end_is_always_normalised(text: str) -> None:
    cleaned = Cleaning()(text)
    assert cleaned == " ".join(cleaned.split())
    assert not set(cleaned) & set(SEPARATORS)
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    assert Cleaning()(cleaned) == cleaned
    assert cleaned.split() == Cleaning()(f" {text}\u2028").split()


@given(st.text())
def test_words_are_never_lost_by_normalising(text: str) -> None:
    assert "".join(Cleaning()(text).split()) == "".join(text.split())


def test_the_built_in_steps_rebuild_from_json() -> None:
    found = Plugins(strict=True)
    found.register(triage_cleaners)
    for name in ("complaints", "reviews", "general", "plain"):
        built = build_cleaning(found, [name])
        assert build_cleaning(found, json.loads(json.dumps(built.steps))).steps == built.steps


@pytest.mark.parametrize(
    "steps",
    [
        [("regex", {"pattern": ".", "replace": "x" * 900})],
        [("regex", {"pattern": "(.+)", "replace": r"\1" * 20})] * 2,
        [("regex", {"pattern": ".", "replace": "xxxxxxx"})] * 9,
        [("mentions", {"replace": "y" * 100_000})],
    ],
)
def test_cleaning_does_not_make_a_text_grow_without_end(plugins, steps):
    from triage.data.cleaning import CleaningTimeout

    with pytest.raises(CleaningTimeout):
        build_cleaning(plugins, steps)("@ab " * 200)

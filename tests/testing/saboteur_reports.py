"""One good report, and for every law one that breaks this law and no other, under the law's name."""

import wave  # required by one saboteur below, which must not be imported here

import triage
from triage.io.terminal import safe_text

assert wave


class Good:
    """One line for each evaluation, one for each label."""

    def render(self, evaluations, *, console):
        lines = []
        for each in evaluations:
            lines.append(f"{each.run.backend} {each.metrics['macro_f1']:.3f}")
            lines += [f"  {safe_text(label)}" for label in each.labels]
        return "\n".join(lines) + "\n"


class Required(Good):
    def __init__(self, *, size: int):
        self.size = size


class WrongDefault(Good):
    def __init__(self, *, sizes: tuple[int, ...] = [1]):
        self.sizes = sizes


def unless(condition):
    """A report that fails where the condition holds of the evaluations."""

    class Fails(Good):
        def render(self, evaluations, *, console):
            if condition(evaluations):
                raise ZeroDivisionError
            return super().render(evaluations, console=console)

    return Fails


class Bytes(Good):
    def render(self, evaluations, *, console):
        return super().render(evaluations, console=console).encode()


class Empty(Good):
    def render(self, evaluations, *, console):
        return ""


class Prints(Good):
    def render(self, evaluations, *, console):
        print("here it is")
        return super().render(evaluations, console=console)


class Surrogate(Good):
    def render(self, evaluations, *, console):
        return super().render(evaluations, console=console) + "\ud83d"


class Counts(Good):
    count = 0

    def render(self, evaluations, *, console):
        Counts.count += 1
        return super().render(evaluations, console=console) + str(Counts.count)


class Changes(Good):
    def render(self, evaluations, *, console):
        for each in evaluations:
            each.confusion[:] = 0
        return super().render(evaluations, console=console)


class Raw(Good):
    def render(self, evaluations, *, console):
        return "\n".join(f"{label}\n" for each in evaluations for label in each.labels)


class Red(Good):
    def render(self, evaluations, *, console):
        usual = "class 00" in evaluations[0].labels
        return ("\x1b[31m" if usual else "") + super().render(evaluations, console=console)


class Wide(Good):
    def render(self, evaluations, *, console):
        if console.width > 60:
            console.print(super().render(evaluations, console=console))


class Leaks(Good):
    kept = []  # noqa: RUF012

    def quote(self, texts):
        Leaks.kept += [text for each in texts for text in each or ()]

    def render(self, evaluations, *, console):
        return super().render(evaluations, console=console) + "".join(self.kept[:1])


SABOTEURS = {
    "it_builds_with_no_options": Required,
    "its_defaults_are_values_of_its_options": WrongDefault,
    "listing_it_imports_nothing_that_it_requires": Good,
    "it_returns_a_text_or_none": Bytes,
    "it_shows_something": Empty,
    "it_prints_on_the_console_it_is_given": Prints,
    "it_can_be_written_as_utf_8": Surrogate,
    "rendering_again_gives_the_same": Counts,
    "the_evaluations_are_left_untouched": Changes,
    "two_classes_are_enough": unless(lambda found: len(found[0].labels) == 2),
    "seventy_seven_classes_are_not_too_many": unless(lambda found: len(found[0].labels) == 77),
    "a_model_without_epochs_is_shown": unless(
        lambda found: (
            len(found) == 1
            and not found[0].history
            and found[0].decisions
            and found[0].confusion[0, 0]
            and found[0].labels[:4] == ("class 00", "class 01", "class 02", "class 03")
            and len(found[0].labels) == 4
            and not Leaks.kept
        )
    ),
    "a_single_epoch_is_shown": unless(lambda found: len(found[0].history) == 1),
    "several_backends_and_seeds_are_shown": unless(lambda found: len(found) > 1),
    "an_evaluation_without_decisions_is_shown": unless(lambda found: not found[0].decisions),
    "a_class_that_is_never_right_is_shown": unless(lambda found: not found[0].confusion[0, 0]),
    "hostile_labels_do_no_harm": Raw,
    "there_are_no_escape_codes_in_a_file": Red,
    "a_narrow_console_is_wide_enough": Wide,
    "texts_are_shown_only_where_they_are_asked_for": Leaks,
}


@triage.hookimpl
def triage_reports():
    yield triage.Report(name="good", summary="Keeps every law", build=Good)
    for law, build in SABOTEURS.items():
        requires = ("wave",) if law.startswith("listing") else ()
        yield triage.Report(
            name=law.replace("_", "-"), summary="Breaks one law", build=build, requires=requires
        )

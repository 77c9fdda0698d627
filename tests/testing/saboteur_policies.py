"""One good policy, and for every law one that breaks this law and no other, under the law's name."""

import wave  # required by one saboteur below, which must not be imported here
from dataclasses import replace

import numpy as np

import triage

assert wave
ROUTE = triage.Verdict("route", ("confident",), threshold=0.7)
REVIEW = triage.Verdict("review", ("below_threshold",), threshold=0.7)


class Good:
    """Route what is likely enough."""

    def decide(self, prediction):
        return [ROUTE if row.max() >= 0.7 else REVIEW for row in prediction.probabilities]


class Required(Good):
    def __init__(self, *, size: int):
        self.size = size


class WrongDefault(Good):
    def __init__(self, *, sizes: tuple[int, ...] = [1]):
        self.sizes = sizes


class Changed(Good):
    """Changes the last of its verdicts on forty documents."""

    def last(self, verdict):
        return verdict

    def decide(self, prediction):
        found = super().decide(prediction)
        return [self.last(verdict) for verdict in found]


class Words(Changed):
    def last(self, verdict):
        return "review" if verdict.action == "review" else verdict


class Drops(Changed):
    def last(self, verdict):
        return replace(verdict, action="drop") if verdict.action == "review" else verdict


class NoReason(Changed):
    def last(self, verdict):
        return replace(verdict, reasons=("because",))


class Percent(Changed):
    def last(self, verdict):
        return replace(verdict, threshold=70.0)


class TwoLines(Changed):
    def last(self, verdict):
        return replace(verdict, queue="cards\nand loans")


class NeedsSome(Good):
    def decide(self, prediction):
        prediction.probabilities.max()
        return super().decide(prediction) if len(prediction) else [REVIEW]


class NotTwo(Good):
    def decide(self, prediction):
        third = prediction.probabilities[:, 2:].min(initial=1)
        return super().decide(prediction) if third < 1 else []


class NotForty(Good):
    def decide(self, prediction):
        return [] if len(prediction.classes) == 40 else super().decide(prediction)


class Counts(Good):
    last = None

    def decide(self, prediction):
        again, self.last = self.last is prediction, prediction
        return [None] * len(prediction) if again else super().decide(prediction)


class Alone(Good):
    def decide(self, prediction):
        return [None] if len(prediction) == 1 else super().decide(prediction)


class Ordered(Good):
    def decide(self, prediction):
        turned = len(prediction) == 40 and prediction.documents[0].row > prediction.documents[-1].row
        return [None] * 40 if turned else super().decide(prediction)


class Changes(Good):
    def decide(self, prediction):
        found = super().decide(prediction)
        prediction.texts[:1] = [""]
        return found


class Unsure(Good):
    def decide(self, prediction):
        return [REVIEW if row.max() >= 0.7 else ROUTE for row in prediction.probabilities]


class Blind(Good):
    def decide(self, prediction):
        return [
            ROUTE if not np.isfinite(row).all() else verdict
            for row, verdict in zip(prediction.probabilities, super().decide(prediction), strict=True)
        ]


class Encodes(Good):
    def decide(self, prediction):
        for text in prediction.texts:
            text.encode()
        return super().decide(prediction)


class Prints(Good):
    def decide(self, prediction):
        print("deciding")
        return super().decide(prediction)


SABOTEURS = {
    "it_builds_with_no_options": Required,
    "its_defaults_are_values_of_its_options": WrongDefault,
    "listing_it_imports_nothing_that_it_requires": Good,
    "each_document_gets_one_verdict": Words,
    "verdicts_say_route_or_review": Drops,
    "reasons_are_of_the_closed_list": NoReason,
    "thresholds_are_probabilities": Percent,
    "queues_are_names": TwoLines,
    "no_documents_get_no_verdicts": NeedsSome,
    "two_classes_are_enough": NotTwo,
    "forty_classes_are_not_too_many": NotForty,
    "deciding_again_gives_the_same": Counts,
    "splitting_a_batch_changes_nothing": Alone,
    "the_order_of_a_batch_changes_nothing": Ordered,
    "the_prediction_is_left_untouched": Changes,
    "more_certainty_takes_no_route_back": Unsure,
    "nothing_is_routed_on_numbers_that_are_not_finite": Blind,
    "hostile_texts_are_decided_on": Encodes,
    "it_says_nothing_while_it_decides": Prints,
}


@triage.hookimpl
def triage_policies():
    yield triage.Policy(name="good", summary="Keeps every law", build=Good)
    for law, build in SABOTEURS.items():
        yield triage.Policy(
            name=law.replace("_", "-"),
            summary="Breaks one law",
            build=build,
            requires=("wave",) if law.startswith("listing") else (),
            reads="documents" if build is Blind else "probabilities",
        )

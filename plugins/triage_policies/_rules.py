"""The policy `rules`: patterns that somebody wrote down."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import triage
from triage import Between, Prediction, Verdict
from triage.data.user_regex import compile_pattern

__all__ = ["Rules"]


class Rules:
    """Named patterns that always go to a queue or to a person, whatever the model says."""

    def __init__(
        self,
        *,
        rules: Annotated[Mapping[str, Any], "name = {pattern = ..., queue = ... or review = true}"] = {},
        budget: Annotated[float, "Seconds that one pattern may spend on one text", Between(0.001, 60)] = 0.1,
    ) -> None:
        """Compile the patterns.

        Raises:
            BadOption: a rule without a pattern, a pattern that does not compile, or neither queue nor review.
        """
        self.budget = budget
        self._rules = [_compiled(name, rule) for name, rule in rules.items()]

    def decide(self, prediction: Prediction) -> Sequence[Verdict | None]:
        """Return the verdict of the first rule that matches a text as it was written, or None.

        A pattern that runs out of its time budget sends the document to a person, in that rule's name.
        """
        return [self._first(document.text) for document in prediction.documents]

    def _first(self, text: str) -> Verdict | None:
        for name, pattern, verdict in self._rules:
            try:
                if pattern.search(text, timeout=self.budget, concurrent=False):
                    return verdict
            except TimeoutError:
                return Verdict("review", (f"rule:{name}",))
        return None


def _compiled(name: str, rule: Any) -> tuple[str, Any, Verdict]:
    import regex

    if not re.fullmatch(r"[\w.-]+", name):
        raise triage.BadOption(f"the rule's name {name!r} holds more than letters, digits, '-', '_' and '.'")
    if not isinstance(rule, Mapping) or not isinstance(rule.get("pattern"), str):
        raise triage.BadOption(f"the rule {name!r} has no pattern")
    queue, review = rule.get("queue"), rule.get("review", False)
    if bool(queue) == bool(review) or set(rule) - {"pattern", "queue", "review"}:
        raise triage.BadOption(
            f'the rule {name!r} takes a pattern and either queue = "NAME" or review = true'
        )
    pattern = compile_pattern(rule["pattern"], owner=f"the rule {name!r}", flags=regex.IGNORECASE | regex.V1)
    reasons = (f"rule:{name}",)
    return name, pattern, Verdict("route", reasons, queue=str(queue)) if queue else Verdict("review", reasons)

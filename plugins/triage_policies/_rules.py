"""The policy `rules`: patterns that somebody wrote down."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import triage
from triage import Between, Prediction, Verdict
from triage.plugin_api import compile_pattern, plain_pattern, readings

__all__ = ["Rules"]


class Rules:
    """Named patterns that always send a text to a queue or to a person, whatever the model predicts.

    Each pattern is tried on the text as it was written and on the text as a person reads it (see
    `triage.data.plain_text.readings`); a match in either counts. Case is ignored.
    """

    def __init__(
        self,
        *,
        rules: Annotated[Mapping[str, Any], "name = {pattern = ..., queue = ... or review = true}"] = {},
        budget: Annotated[float, "Seconds that one pattern may spend on one text", Between(0.001, 60)] = 0.1,
    ) -> None:
        """Compile the patterns.

        Raises:
            BadOption: a rule without a pattern, a pattern that is not valid, or neither queue nor review.
        """
        self.budget = budget
        self.queues = {
            f"the rule {name!r}": str(rule["queue"]) for name, rule in rules.items() if _names_queue(rule)
        }
        self._rules = [_compiled(name, rule) for name, rule in rules.items()]

    def decide(self, prediction: Prediction) -> Sequence[Verdict | None]:
        """Return for each document the verdict of the first rule that matches its text, or None.

        A pattern that exceeds its time budget sends the document to a person, with that rule's name.
        """
        return [self._first(document.text) for document in prediction.documents]

    def _first(self, text: str) -> Verdict | None:
        forms = readings(text) if self._rules else []
        for rule in self._rules:
            try:
                if rule.matches(forms, self.budget):
                    return rule.verdict
            except TimeoutError:
                return Verdict("review", rule.verdict.reasons)
        return None


@dataclass(frozen=True)
class _Rule:
    """A pattern for texts as written, the same for plain texts, and what a match means."""

    as_written: Any
    plain: Any
    verdict: Verdict

    def matches(self, forms: Sequence[str], budget: float) -> bool:
        """Return whether a form matches; raise TimeoutError where all of them take longer than `budget`."""
        end = time.monotonic() + budget
        for form in forms:
            for pattern in {self.as_written, self.plain}:
                left = max(end - time.monotonic(), 0.0005)
                if pattern.search(form, timeout=left, concurrent=False):
                    return True
        return False


def _names_queue(rule: Any) -> bool:
    return isinstance(rule, Mapping) and bool(rule.get("queue"))


def _compiled(name: str, rule: Any) -> _Rule:
    import regex

    if not re.fullmatch(r"[\w.-]+", name):
        raise triage.BadOption(
            f"a rule's name must hold only letters, digits, '-', '_' and '.', got {name!r}"
        )
    if not isinstance(rule, Mapping) or not isinstance(rule.get("pattern"), str):
        raise triage.BadOption(f"the rule {name!r} has no pattern")
    queue, review = rule.get("queue"), rule.get("review", False)
    if bool(queue) == bool(review) or set(rule) - {"pattern", "queue", "review"}:
        raise triage.BadOption(
            f'the rule {name!r} must have a pattern and either queue = "NAME" or review = true'
        )
    owner, flags = f"the rule {name!r}", regex.IGNORECASE | regex.V1
    pattern = compile_pattern(rule["pattern"], owner=owner, flags=flags)
    plain = plain_pattern(rule["pattern"])
    try:
        as_read = pattern if plain == rule["pattern"] else compile_pattern(plain, owner=owner, flags=flags)
    except triage.BadOption:
        as_read = pattern
    reasons = (f"rule:{name}",)
    verdict = Verdict("route", reasons, queue=str(queue)) if queue else Verdict("review", reasons)
    return _Rule(pattern, as_read, verdict)

"""One writer with one subject in mind: makes points for or against it without saying a thing twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

from triage_reviews.generate._grammar import Chooser, capital, expand
from triage_reviews.generate._subjects import Fragments, Subject, Topic

__all__ = ["Side", "Writer", "other"]

Side = Literal["good", "bad"]

_INTERRUPTED = 0.15  # how often a verdict is interrupted between its auxiliary and what it says
_AUXILIARY = re.compile(
    r"\b((?:would|will|can|could|am|was|were|do|did|does|is)(?:not| not| never)?)\b(?= \w)"
)
_OUTRIGHT = ("plain", "decoy", "far_plain")
_STRONG = 0.15  # how often such a word is one of those that are never denied
_GENERAL = 0.65  # how often a quality is named by a word that fits nearly everything
_CLAUSE = 0.4  # how often a point is a whole clause of its own rather than a quality


def other(side: Side) -> Side:
    """Return the opposite side."""
    return "bad" if side == "good" else "good"


class Writer:
    """Fills fragments for one review.

    Args:
        fragments: everything that was written by hand.
        subject: what the review is about.
        choose: the source of chance.
    """

    def __init__(self, fragments: Fragments, subject: Subject, choose: Chooser) -> None:
        self.subject = subject
        self.choose = choose
        self._shared = fragments.shared
        self._topics: list[Topic] = []
        self._used: set[str] = set()
        self._currency = choose.pick(("£", "$", "£", "$", "", "€"))

    def fill(self, pattern: str, **slots: str) -> str:
        """Return one text of `pattern`; `slots` come before the writer's own."""
        own = self._slots()
        return expand(pattern, {**own, **{k: _always(v) for k, v in slots.items()}}, self.choose)

    def say(self, *path: str, **slots: str) -> str:
        """Return one of the shared fragments under `path`, not used before where that can be."""
        found: Any = self._shared
        for key in path:
            found = found[key]
        return self.fill(self._fresh(found), **slots)

    def paired(self, side: Side, how: str) -> str:
        """Return a verdict that is one of a pair; `how` is "plain" for a thought of `side`, or "denied"."""
        pairs = self._shared["verdicts"]["pairs"][side]
        verdict = self._fresh([pair[how == "denied"] for pair in pairs])
        if self.choose.chance(_INTERRUPTED):
            pause = self.choose.pick(self._shared["verdicts"]["interruptions"])
            verdict = _AUXILIARY.sub(rf"\1, {pause},", verdict, count=1)
        return self.fill(verdict)

    def own(self, key: str) -> str:
        """Return one of the subject's own fragments, such as "contexts" or "turn_bad"."""
        return self.fill(self._fresh(self.subject.lists[key]))

    def overall(self, side: Side, *, denied: float = 0.45) -> str:
        """Return a judgement of the whole; with probability `denied` it denies the opposite."""
        kind = f"not_{other(side)}" if self.choose.chance(denied) else side
        return self.fill(self._fresh(self.subject.overall[kind]))

    def whole(self, side: Side, *, denied: float = 0.15) -> str:
        """Return a quality of the whole thing; with probability `denied` it denies the opposite."""
        if self.choose.chance(denied):
            return self.say("frames", "whole_denied", adj=self._general(other(side)))
        strength = "strong_" if self.choose.chance(_STRONG) else ""
        return self.say("frames", "whole", adj=self._general(side, strength))

    def point(self, side: Side, how: str = "any") -> str:
        """Return a clause that speaks for one side.

        Args:
            side: "good" praises, "bad" blames.
            how: "plain" says it outright, "not" denies the opposite, "far" denies it from a distance,
                "any" is one of the three; "clause" keeps to whole clauses.
        """
        if how == "any":
            how = self.choose.weighted({"plain": 0.8, "not": 0.17, "far": 0.03})
        topic = self.topic()
        opposite = other(side)
        if how == "clause":
            return self.fill(self._fresh(topic.clauses[self.choose.pick((side, f"not_{opposite}"))]))
        if how == "plain":
            if self.choose.chance(_CLAUSE):
                return self.fill(self._fresh(topic.clauses[side]))
            frame = self.choose.weighted({"plain": 0.75, "far_plain": 0.12, "decoy": 0.13})
            return self.quality(frame, side, topic)
        if how == "not":
            if self.choose.chance(_CLAUSE):
                return self.fill(self._fresh(topic.clauses[f"not_{opposite}"]))
            return self.quality("local", opposite, topic)
        return self.quality("far", opposite, topic)

    def quality(self, frame: str, side: Side, topic: Topic) -> str:
        """Return a frame of `frames.toml` about one quality of a topic; `side` is that of its words."""
        return self.framed(("frames", frame), topic, side)

    def framed(
        self, path: Sequence[str], topic: Topic | None = None, side: Side = "good", **slots: str
    ) -> str:
        """Return a shared fragment with its slots for one or two topics filled."""
        first = topic or self.topic()
        second = self.topic()
        tense = self.subject.tense
        # What is denied must not be a strong word: "not perfect" blames nobody.
        strength = "strong_" if path[-1] in _OUTRIGHT and self.choose.chance(_STRONG) else ""
        words: dict[str, str] = {}
        for name in ("good", "bad"):
            general = self._shared["frames"][f"{strength}{name}_words"]
            pool = general if self.choose.chance(_GENERAL) else first.words[name]
            words[name] = self.choose.pick(pool)
            words[f"{name}_b"] = self.choose.pick([w for w in first.words[name] if w != words[name]])
            pool = general if self.choose.chance(_GENERAL) else second.words[name]
            words[f"{name}2"] = self.choose.pick([word for word in pool if word != words[name]])
        return self.say(
            *path,
            np=first.np,
            np2=second.np,
            adj=words[side],
            adj2=words[f"{side}_b"],
            adjx=words[f"{side}2"],
            was=first.be("past"),
            was2=second.be("past"),
            Is=capital(first.be(tense)),
            is2=second.be(tense),
            **{"is": first.be(tense)},
            **words,
            **slots,
        )

    def _general(self, side: Side, strength: str = "") -> str:
        words: Sequence[str] = self._shared["frames"][f"{strength}{side}_words"]
        return self.choose.pick(words)

    def view(self, kind: str, label: str) -> str:
        """Return a fragment of `views.toml` or another table that speaks for a label."""
        return self.framed(("views", kind, label))

    def topic(self) -> Topic:
        """Return a topic not spoken of before, as long as there is one."""
        if not self._topics:
            self._topics = self.choose.some(self.subject.topics, len(self.subject.topics))
        return self._topics.pop()

    def _fresh(self, items: Sequence[str]) -> str:
        fresh = [item for item in items if item not in self._used] or list(items)
        chosen = self.choose.pick(fresh)
        self._used.add(chosen)
        return chosen

    def _slots(self) -> Mapping[str, Callable[[], str]]:
        small, lists = self._shared["small_talk"]["slots"], self.subject.lists
        pick = self.choose.pick
        slots: dict[str, Callable[[], str]] = {
            "span": lambda: pick(small["span"]),
            "span_cap": lambda: capital(pick(small["span"])),
            "day": lambda: pick(small["day"]),
            "month": lambda: pick(small["month"]),
            "who": lambda: pick(small["who"]),
            "who_cap": lambda: capital(pick(small["who"])),
            "who_s": lambda: f"{pick(small['who'])}'s",
            "who_bare": lambda: pick(("husband", "wife", "sister", "brother", "mother-in-law")),
            "cash": self._cash,
            "cash_cap": self._cash,
            "things": lambda: f"{self.subject.words['thing']}s",
            "event": lambda: self.own("turn_bad"),
            "woe": lambda: self.own("woes"),
            "doing": lambda: self.own("doing"),
            "old": lambda: pick(lists["old"]),
            "so_so": lambda: self.own("so_so"),
            "good_point": lambda: self.point("good"),
            "good_point2": lambda: self.point("good"),
            "good_point_cap": lambda: capital(self.point("good")),
            "bad_point": lambda: self.point("bad"),
            "bad_point2": lambda: self.point("bad"),
        }
        for key, value in self.subject.words.items():
            slots[key] = _always(value)
        for key, source in (("ill", "ills"), ("perk", "perks")):
            for number in ("", "2", "3"):
                slots[key + number] = partial(self.own, source)
        return slots

    def _cash(self) -> str:
        low, high = self.subject.cash
        sum_ = self.choose.whole(low, high)
        if sum_ > 60 and self.choose.chance(0.6):
            sum_ = round(sum_, -1)
        cents = self.choose.pick(("", "", "", ".99", ".50"))
        if not self._currency:
            return f"{sum_} {self.choose.pick(('quid', 'euros', 'pounds', 'dollars'))}"
        return f"{self._currency}{sum_}{cents if sum_ < 100 else ''}"


def _always(value: str) -> Callable[[], str]:
    return lambda: value

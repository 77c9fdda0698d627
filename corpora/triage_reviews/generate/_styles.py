"""The ways of saying it. Each style writes the sentences that decide; dressing adds what decides nothing."""

from __future__ import annotations

from collections.abc import Callable

from triage_reviews.generate._writer import Side, Writer, other

__all__ = ["STYLES", "write"]

# How often each style is drawn for a label. A style without a number cannot say that label.
STYLES: dict[str, dict[str, float]] = {
    "plain": {"negative": 30, "neutral": 14, "positive": 30},
    "negation": {"negative": 17, "neutral": 16, "positive": 17},
    "distant": {"negative": 5, "neutral": 5, "positive": 5},
    "contrast": {"negative": 12, "neutral": 6, "positive": 12},
    "turn": {"negative": 9, "neutral": 4, "positive": 9},
    "concession": {"negative": 5, "positive": 5},
    "sarcasm": {"negative": 7, "neutral": 4, "positive": 4},
    "mixed": {"negative": 2, "neutral": 20, "positive": 2},
    "comparison": {"negative": 4, "neutral": 5, "positive": 4},
    "hearsay": {"negative": 3, "neutral": 4, "positive": 3},
    "expectation": {"negative": 3, "neutral": 4, "positive": 3},
    "question": {"negative": 1.5, "neutral": 2, "positive": 1.5},
    "hedge": {"negative": 2, "neutral": 6, "positive": 2},
    "list": {"negative": 2, "neutral": 2, "positive": 2},
    "short": {"negative": 3, "neutral": 4, "positive": 3},
    "story": {"negative": 3, "neutral": 3, "positive": 3},
}

_SIDES: dict[str, Side] = {"negative": "bad", "positive": "good"}


def write(writer: Writer, style: str, label: str) -> list[str]:
    """Return the sentences of one review, in order, without marks at their ends where they are clauses.

    Args:
        writer: who writes, and about what.
        style: a key of `STYLES`.
        label: "negative", "neutral" or "positive"; one that the style can say.
    """
    deciding = _WRITE[style](writer, label)
    return deciding if style in ("short", "story") else _dress(writer, deciding, label)


def _plain(w: Writer, label: str) -> list[str]:
    if label == "neutral":
        return [w.own("so_so"), *(_lukewarm(w) for _ in range(w.choose.whole(0, 2)))]
    core = [w.point(_SIDES[label], "plain") for _ in range(w.choose.whole(1, 3))]
    if w.choose.chance(0.35):
        core.append(w.choose.pick((w.overall, w.whole))(_SIDES[label], denied=0))
    if w.choose.chance(0.5):
        core.append(w.say("verdicts", label, "plain"))
    return [*core, _paired(w, label, "plain")] if len(core) == 1 or w.choose.chance(0.3) else core


def _negation(w: Writer, label: str) -> list[str]:
    if label == "neutral":
        core = [w.say("verdicts", "neutral", "denied")]
        return [*core, _lukewarm(w)] if w.choose.chance(0.5) else [*core, w.own("so_so")]
    core = [w.point(_SIDES[label], "not") for _ in range(w.choose.whole(1, 3))]
    if w.choose.chance(0.35):
        core.append(w.choose.pick((w.overall, w.whole))(_SIDES[label], denied=1))
    return [*core, _paired(w, label, "denied")] if len(core) == 1 or w.choose.chance(0.5) else core


def _distant(w: Writer, label: str) -> list[str]:
    if label == "neutral":
        return [w.framed(("frames", "far_lukewarm"))]
    core = [w.point(_SIDES[label], "far")]
    if w.choose.chance(0.5):
        return [*core, w.point(_SIDES[label], "far")]
    # An understatement alone would not say enough: "I would not call it noisy" is faint praise.
    return [*core, w.overall(_SIDES[label])] if label == "positive" else core


def _contrast(w: Writer, label: str) -> list[str]:
    if label == "neutral":
        set_aside = w.point(w.choose.pick(("good", "bad")))
        meant = w.own("so_so") if w.choose.chance(0.4) else _verdict(w, label)
        return [w.say("joins", "last", a=set_aside, b=meant)]
    side = _SIDES[label]
    set_aside = w.point(other(side), "clause" if w.choose.chance(0.85) else "any")
    before = [w.point(other(side), "clause")] if w.choose.chance(0.35) else []
    meant = _heavy(w, label)
    if w.choose.chance(0.25):
        meant = f"{meant}, and {w.point(side, 'not')}"
    if w.choose.chance(0.65):
        return [*before, w.say("joins", "last", a=set_aside, b=meant)]
    return [w.say("joins", "first", a=set_aside, b=meant)]


def _turn(w: Writer, label: str) -> list[str]:
    if label == "neutral":
        return [_even_turn(w)]
    side = _SIDES[label]
    if w.choose.chance(0.45):
        core = [_until(w, side)]
        return [*core, _heavy(w, label)] if w.choose.chance(0.3) else core
    before = [w.say("joins", f"first_impressions_{other(side)}")] if w.choose.chance(0.5) else []
    before += [w.point(other(side), "clause") for _ in range(w.choose.whole(1, 2))]
    core = [*before, _pivot(w, side)]
    return [*core, _heavy(w, label)] if w.choose.chance(0.7) else core


def _concession(w: Writer, label: str) -> list[str]:
    side = _SIDES[label]
    points = [w.point(side) for _ in range(w.choose.whole(1, 2))]
    small = w.say("joins", f"but_for_{other(side)}", a=w.point(other(side), "clause"))
    return [small, *points] if w.choose.chance(0.3) else [*points, small]


def _sarcasm(w: Writer, label: str) -> list[str]:
    core = [w.framed(("irony", label))]
    if label == "negative" and w.choose.chance(0.35):
        core.append(w.framed(("irony", label)))
    return core


def _mixed(w: Writer, label: str) -> list[str]:
    if label != "neutral" or w.choose.chance(0.2):
        good, bad = (f"{w.point(side, 'clause')}, {w.point(side, 'clause')}" for side in ("good", "bad"))
        marks = w.choose.pick((("Pros:", "Cons:"), ("Good:", "Bad:"), ("+", "-"), ("Likes:", "Dislikes:")))
        lines = [f"{marks[0]} {good}", f"{marks[1]} {bad}"]
        if w.choose.chance(0.3):
            lines.reverse()
        return ["\n".join(lines) + "\n", _verdict(w, label)]
    good, bad = w.point("good"), w.point("bad")
    first, second = (good, bad) if w.choose.chance(0.5) else (bad, good)
    core = [w.say("joins", "both", a=first, b=second)]
    if w.choose.chance(0.25):
        core += [w.point("bad"), w.point("good")]
    return [*core, w.say("joins", "even")] if w.choose.chance(0.9) else core


def _view(kind: str) -> Callable[[Writer, str], list[str]]:
    def view(w: Writer, label: str) -> list[str]:
        core = [w.view(kind, label)]
        return [*core, w.view(kind, label)] if w.choose.chance(0.25) else core

    return view


def _list(w: Writer, label: str) -> list[str]:
    core = [w.framed(("lists", label))]
    return [*core, w.framed(("lists", label))] if w.choose.chance(0.25) else core


def _short(w: Writer, label: str) -> list[str]:
    return [w.say("short", label)]


def _story(w: Writer, label: str) -> list[str]:
    sentences = [w.say("small_talk", "openers"), w.own("contexts"), w.own("contexts")]
    more = w.choose.pick((0, 0, 0, 4, 9))
    if label == "neutral":
        body = [
            w.point("good"),
            w.point("bad"),
            w.own("so_so"),
            w.point("good"),
            w.point("bad"),
            _lukewarm(w),
        ]
        end = [w.say("joins", "even"), _verdict(w, label)]
    else:
        side = _SIDES[label]
        body = [
            w.point(other(side)),
            w.point(other(side)),
            w.say("joins", "pivot", event=w.own(f"turn_{side}")),
        ]
        body += [w.point(side) for _ in range(w.choose.whole(2, 3) + more)]
        if w.choose.chance(0.4):
            body = [w.point(side) for _ in range(w.choose.whole(4, 6) + more)]
            body.insert(2, w.say("joins", f"but_for_{other(side)}", a=w.point(other(side))))
        end = [w.overall(side), _verdict(w, label)]
    for _ in range(w.choose.whole(2, 4) + more // 3):
        body.insert(w.choose.whole(1, len(body)), w.say("small_talk", "asides"))
    return [*sentences, *body, *end, w.say("small_talk", "closers")]


def _dress(w: Writer, deciding: list[str], label: str) -> list[str]:
    length = w.choose.weighted({"terse": 0.3, "usual": 0.5, "chatty": 0.2})
    if length == "terse":
        return deciding
    before, after = [], []
    if w.choose.chance(0.15 if length == "usual" else 0.4):
        before.append(w.say("small_talk", "openers"))
    if w.choose.chance(0.35 if length == "usual" else 0.8):
        before.append(w.own("contexts"))
    if label in _SIDES and w.choose.chance(0.4 if length == "usual" else 0.6):
        after.append(w.point(_SIDES[label], "plain" if w.choose.chance(0.8) else "any"))
    if w.choose.chance(0.12 if length == "usual" else 0.5):
        after.append(w.say("small_talk", "asides"))
    if w.choose.chance(0.75):
        after.append(_verdict(w, label))
    if w.choose.chance(0.08 if length == "usual" else 0.25):
        after.append(w.say("small_talk", "closers"))
    return [*before, *deciding, *after]


def _verdict(w: Writer, label: str) -> str:
    how = "denied" if w.choose.chance(0.3) else "plain"
    return (
        _paired(w, label, how) if label in _SIDES and w.choose.chance(0.75) else w.say("verdicts", label, how)
    )


def _heavy(w: Writer, label: str) -> str:
    """Return a judgement of the whole that outweighs any one point."""
    kind = w.choose.weighted({"overall": 0.15, "whole": 0.4, "verdict": 0.45})
    if kind == "verdict":
        return _verdict(w, label)
    if kind == "overall":
        return w.overall(_SIDES[label])
    # "It is not awful" outweighs nothing; "it is not good" does.
    return w.whole(_SIDES[label], denied=0.3 if label == "negative" else 0)


def _paired(w: Writer, label: str, how: str) -> str:
    side = _SIDES[label]
    return w.paired(side if how == "plain" else other(side), how)


def _lukewarm(w: Writer) -> str:
    return w.framed(("frames", "lukewarm"))


def _until(w: Writer, side: Side) -> str:
    first, event = w.topic(), w.own(f"turn_{side}")
    return w.framed(("joins", f"until_{side}"), first, event=event)


def _pivot(w: Writer, side: Side) -> str:
    return w.say("joins", "pivot", event=w.own(f"turn_{side}"))


def _even_turn(w: Writer) -> str:
    return w.say("joins", "turn_even", until_bad=_until(w, "bad"), until_good=_until(w, "good"))


_WRITE: dict[str, Callable[[Writer, str], list[str]]] = {
    "plain": _plain,
    "negation": _negation,
    "distant": _distant,
    "contrast": _contrast,
    "turn": _turn,
    "concession": _concession,
    "sarcasm": _sarcasm,
    "mixed": _mixed,
    "comparison": _view("comparison"),
    "hearsay": _view("hearsay"),
    "expectation": _view("expectation"),
    "question": _view("question"),
    "hedge": _view("hedge"),
    "list": _list,
    "short": _short,
    "story": _story,
}

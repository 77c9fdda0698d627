"""Labels and queues that somebody wrote down and nobody has: a mistyped one sends letters to a queue of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from triage.errors import did_you_mean
from triage.io.files import quote_path

__all__ = ["name_warnings"]


def name_warnings(classes: Sequence[str], queues: Mapping[str, str], policies: Iterable[Any]) -> list[str]:
    """Return a line for each name that fits nothing, with what is near.

    Args:
        classes: the labels that the model knows.
        queues: the `[queues]` of the experiment: the queue of a label.
        policies: built policies; one that sends to queues by name has them in an attribute `queues`: a mapping
            from what names it, such as a rule, or a list of such pairs.
    """
    found = [
        f"[queues] names {quote_path(label)}, which is not a label of the model.{did_you_mean(label, classes)}"
        for label in queues
        if label not in classes
    ]
    known = {queues.get(label, label) for label in classes} | set(queues.values())
    for policy in policies:
        named = getattr(policy, "queues", ())
        pairs = list(named.items() if isinstance(named, Mapping) else named)
        found += [
            f"{owner} sends to the queue {quote_path(queue)}, to which no label goes.{did_you_mean(queue, known)}"
            for owner, queue in pairs
            if queue not in known
        ]
    return list(dict.fromkeys(found))

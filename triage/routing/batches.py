"""Route rows in batches: decide, count, hold rows that cannot be read for review, keep to a limit on reviews."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from triage.data.defaults import policy_chain
from triage.errors import BadOption, DataError
from triage.records import Decision, Document, Quarantined
from triage.routing.router import BATCH, Router

if TYPE_CHECKING:
    import datetime

    from triage.config import Step
    from triage.host.manager import Plugins
    from triage.models.model import Model
    from triage.routing.capacity import Capacity

__all__ = ["Decides", "RouteCounts", "policies_with", "route_rows", "router_for"]

Row = Document | Quarantined


class Decides(Protocol):
    """What makes decisions: the router of a model, or a service."""

    def decide_batch(self, rows: Sequence[Row]) -> Iterable[Decision]:
        """Return one decision for each row, in order."""


@dataclass
class RouteCounts:
    """What happened to the rows so far.

    Attributes:
        actions: decisions by action.
        queues: routed documents by queue.
        quarantined: rows that could not be read.
        over_capacity: documents that were routed because no reviewer had time for them.
    """

    actions: Counter[str] = field(default_factory=Counter)
    queues: Counter[str] = field(default_factory=Counter)
    quarantined: int = 0
    over_capacity: int = 0

    def add(self, decision: Decision) -> None:
        """Count one decision."""
        self.actions[decision.action] += 1
        self.over_capacity += "over_capacity" in decision.reasons
        if decision.action == "route":
            self.queues[str(decision.queue)] += 1


def policies_with(
    own: Sequence[Step],
    plugins: Plugins,
    *,
    policy: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> tuple[Step, ...]:
    """Return a model's policies with another last one, or with other options of it.

    Args:
        own: the model's policies, in the order in which they are asked.
        plugins: where policies are looked up.
        policy: the name of the policy that replaces the last; None for the same.
        options: options that replace those of the last.

    Raises:
        BadOption: options for a policy of rules, which belong in the experiment file.
    """
    *before, (name, known) = own
    if policy is not None and policy != name:
        name, known = policy, {}
    if options and "rules" in plugins.policy(name).roles:
        raise BadOption("rules must be given in the experiment file, not as options")
    return (*before, (name, {**known, **(options or {})}))


def router_for(
    model: Model,
    plugins: Plugins,
    *,
    policy: str | None = None,
    options: Mapping[str, Any] | None = None,
    explain: bool = False,
) -> tuple[Router, dict[str, Any]]:
    """Return the router of a model, and its model digest and policy as decisions are written with them.

    Raises:
        UnknownName, BadOption, Unavailable: a policy that cannot be built.
    """
    own = policy_chain(model.experiment, plugins)
    policies = policies_with(own, plugins, policy=policy, options=options)
    name, chosen = policies[-1]
    stamp = {"model": model.sha256, "policy": {"name": name, "options": dict(chosen)}}
    return Router(model, policies, plugins, explain=explain), stamp


def route_rows(
    router: Decides,
    rows: Iterable[Row],
    *,
    counts: RouteCounts | None = None,
    batch: int = BATCH,
    capacity: Capacity | None = None,
    strict: bool = False,
    source: str = "input",
    on_row: Callable[[Row], None] | None = None,
    on_batch: Callable[[int], None] | None = None,
) -> Iterator[Decision]:
    """Yield one decision for each row, in order, with no more than a batch of rows in memory.

    Args:
        router: decides.
        rows: documents, and rows that could not be read.
        counts: counts what is yielded.
        batch: how many rows are decided together; 1 decides on each row as it arrives.
        capacity: a limit on reviews; with one, all decisions are held until `rows` ends.
        strict: whether a row that cannot be read is an error.
        source: what errors call the input.
        on_row: called with every row before it is decided.
        on_batch: called with the number of rows decided so far.

    Raises:
        DataError: a row that cannot be read, with `strict`.
    """
    counts = RouteCounts() if counts is None else counts

    def dated() -> Iterator[tuple[datetime.date | None, Decision]]:
        remaining, done = iter(rows), 0
        while taken := list(islice(remaining, batch)):
            for row in taken:
                _check_row(row, counts, source, strict=strict)
                if on_row is not None:
                    on_row(row)
            days = [row.date if isinstance(row, Document) else None for row in taken]
            yield from zip(days, router.decide_batch(taken), strict=True)
            done += len(taken)
            if on_batch is not None:
                on_batch(done)

    pairs = dated()
    for decision in (each for _, each in pairs) if capacity is None else capacity.hold(pairs):
        counts.add(decision)
        yield decision


def _check_row(row: Row, counts: RouteCounts, source: str, *, strict: bool) -> None:
    if isinstance(row, Quarantined):
        counts.quarantined += 1
        if strict:
            raise DataError(
                f"{source}, row {row.row:,}, line {row.line:,}: {row.reason} (--strict allows no row to be set aside)"
            )

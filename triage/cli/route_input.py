"""What `triage route` decides with, and the rows that it decides on."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from triage.host.manager import Plugins

if TYPE_CHECKING:
    from triage.host.protocols import Source
    from triage.records import Document, Quarantined
    from triage.routing.capacity import Capacity

__all__ = ["open_router", "open_rows"]


def open_router(
    model: str | None, server: str | None, plugins: Plugins, changed: Mapping[str, Any], *, explain: bool
) -> tuple[Any, dict[str, Any], Capacity | None, Mapping[str, Any]]:
    """Return the router, what its decisions are stamped with, the limit on reviews, and the columns to read.

    Args:
        model: the path of a model, or None for the service at `server`.
        server: the URL of a service.
        plugins: where the model's parts are looked up.
        changed: `policy`, `settings`, `reviewers_per_day` and `max_review_share`, as given.
        explain: whether decisions name the terms that decided.
    """
    if model is None:
        from triage.cli.remote import RemoteRouter

        remote = RemoteRouter(str(server), explain=explain)
        return remote, remote.stamp, None, {}
    from triage.host.options import parse_settings
    from triage.models.model import load_model
    from triage.routing.batches import router_for
    from triage.routing.capacity import capacity_for

    loaded = load_model(model, plugins)
    options = parse_settings(changed["settings"])
    router, stamp = router_for(loaded, plugins, policy=changed["policy"], options=options, explain=explain)
    limit = capacity_for(loaded, per_day=changed["reviewers_per_day"], share=changed["max_review_share"])
    return router, stamp, limit, loaded.trained.get("columns", {})


def open_rows(
    plugins: Plugins,
    file: str | None,
    texts: tuple[str, ...],
    columns: dict[str, Any],
    learned: Mapping[str, Any],
) -> tuple[Iterable[Document | Quarantined], Source | None]:
    """Return the rows to decide on, and the source that they come from where there is one."""
    if file is None:
        from triage.records import Document

        return (Document(row=row, text=text) for row, text in enumerate(texts, start=1)), None
    if file == "-":
        from triage.data.lines import read_lines

        return read_lines(sys.stdin.buffer), None
    from triage.data.sources import checked, open_source

    source = open_source(plugins, file, options=columns, learned=learned)
    return checked(source, file), source

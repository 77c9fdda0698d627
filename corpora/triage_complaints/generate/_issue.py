"""What goes wrong: sentences that begin the story and sentences that carry it on."""

from __future__ import annotations

from typing import NamedTuple


class Issue(NamedTuple):
    """The sentences of one kind of trouble.

    Attributes:
        lead: Each tells the trouble so that it stands alone.
        more: Each adds to any lead, in any order.
    """

    lead: tuple[str, ...]
    more: tuple[str, ...]

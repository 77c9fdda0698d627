"""Stream a corpus into the desk at a human pace, so that somebody can try it without any data of their own."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

from triage import Document
from triage_service._scoring._pool import Late
from triage_service._scoring._queue import Full

if TYPE_CHECKING:
    from triage_service._service import Service

__all__ = ["feed", "read_corpus"]

_AT_ONCE = 120
_SECONDS = 3.0
"""The mean time between two texts after the first ones."""


def read_corpus(name: str) -> list[Document]:
    """Return the documents of a corpus, in an order that is the same each time and not that of the file."""
    from triage import Plugins
    from triage.plugin_api import gather, open_source

    plugins = Plugins.discover()
    dataset = gather(plugins, open_source(plugins, name, options={}), location=name)
    documents = list(dataset.documents)
    random.Random(42).shuffle(documents)
    return documents


async def feed(service: Service, documents: Sequence[Document]) -> None:
    """Store and route some documents at once, then one every few seconds, until they are used up."""
    pace = random.Random(42)
    for number, document in enumerate(documents):
        rows = [(1, f"demo-{number}", document.text, None)]
        try:
            _, model, lines = await service.intake("feed", rows, source="demo")
        except (Full, Late):
            await asyncio.sleep(1)
            continue
        service.count(model, lines)
        if number >= _AT_ONCE:
            await asyncio.sleep(pace.expovariate(1 / _SECONDS))

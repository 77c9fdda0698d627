"""One scoring process: load a model by its manifest, then answer micro-batches until the pipe closes.

Run as `python -m triage_service._scoring._worker`. The first frame on stdin is the configuration, each later
one a batch; replies go to stdout. What a plugin prints goes to stderr, so that it cannot damage a reply.
"""

from __future__ import annotations

import datetime
import json
import os
import signal
import sys
from typing import Any, BinaryIO

from triage import Decision, Document, Model, Plugins, TriageError, load_model
from triage.plugin_api import Router, json_lines, policy_chain
from triage_service._scoring._frames import read_frame, write_frame

__all__ = ["Scorer", "main"]


class Scorer:
    """A loaded model that turns a batch of rows into lines of JSON, as `triage route --format jsonl` does.

    Args:
        model: loaded, with its digest.
        plugins: where its policies are looked up.
    """

    def __init__(self, model: Model, plugins: Plugins) -> None:
        chain = policy_chain(model.experiment, plugins)
        name, options = chain[-1]
        self.model = model
        self._routers = {explain: Router(model, chain, plugins, explain=explain) for explain in (False, True)}
        self._stamp = {"model": model.sha256, "policy": {"name": name, "options": dict(options)}}

    def facts(self) -> dict[str, Any]:
        """Return what the service needs to know of the model: digest, classes in order, queues, policy."""
        return {
            "sha256": self.model.sha256,
            "backend": self.model.backend,
            "classes": list(self.model.classes),
            "queues": self.model.queues,
            "policy": self._stamp["policy"],
            "extra": {name: dict(record) for name, record in self.model.extra.items()},
        }

    def score(self, rows: list[list[Any]], *, explain: bool) -> list[str]:
        """Return one line of JSON for each row `[row, id, text, date or None]`, in order."""
        documents = [
            Document(row, text, id=key, date=datetime.date.fromisoformat(date) if date else None)
            for row, key, text, date in rows
        ]
        decisions: list[Decision] = self._routers[explain].decide_batch(documents)
        return [line.rstrip("\n") for line in json_lines(decisions, self._stamp, explain=explain)]


def serve(scorer: Scorer, requests: BinaryIO, replies: BinaryIO) -> None:
    """Answer batches until the pipe is closed.

    A batch that raises is answered `{"failed": TYPE}`, never with the message: it may quote a text.
    """
    while (frame := read_frame(requests)) is not None:
        asked = json.loads(frame)
        try:
            lines = scorer.score(asked["rows"], explain=asked["explain"])
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything; the service decides what follows
            write_frame(replies, json.dumps({"failed": type(error).__name__}).encode())
            continue
        write_frame(replies, "\n".join(lines).encode("ascii"))


def main() -> None:
    """Load the model named by the first frame, say that it is ready, and serve."""
    for name in ("SIGINT", "SIGTERM"):  # the front process closes the pipe when it has drained the queue
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    config = json.loads(read_frame(requests) or b"{}")
    try:
        plugins = Plugins.discover()
        scorer = Scorer(load_model(config["model"], plugins), plugins)
    except TriageError as error:
        write_frame(replies, json.dumps({"error": str(error), "code": error.exit_code}).encode())
        sys.exit(error.exit_code)
    write_frame(replies, json.dumps(scorer.facts()).encode())
    serve(scorer, requests, replies)


if __name__ == "__main__":
    main()

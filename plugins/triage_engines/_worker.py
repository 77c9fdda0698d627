"""A worker process: reads tasks from stdin and writes results to stdout, one line of JSON each."""

from __future__ import annotations

import os
import signal
import sys

from triage_engines._task import run_task

__all__ = ["main"]


def main() -> None:
    """Run tasks until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the parent, which stops its workers
    # Results have stdout for themselves: what a plugin prints goes to stderr.
    results = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    for line in sys.stdin:
        results.write(run_task(line) + "\n")
        results.flush()


if __name__ == "__main__":
    main()

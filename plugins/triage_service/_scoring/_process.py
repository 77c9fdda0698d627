"""A scoring process as the front sees it: started, asked, closed or killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from triage import Refused, TriageError
from triage_service._scoring._frames import FrameError, packed, receive_frame

__all__ = ["BatchFailed", "ScoringProcess"]

# One thread for each process: K processes are the parallelism, and nested pools only get in each other's way.
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class BatchFailed(Exception):
    """The model raised an error on a batch; the process lives on."""


class ScoringProcess:
    """One worker process. Start it with `await ScoringProcess.start(model)`.

    Attributes:
        facts: digest, classes, queues and policy of the model that it has loaded.
    """

    def __init__(self, process: asyncio.subprocess.Process, facts: Mapping[str, Any]) -> None:
        self._process = process
        self.facts = facts

    @classmethod
    async def start(cls, model: str, *, seconds: float = 120) -> ScoringProcess:
        """Start a fresh interpreter and wait until it has loaded `model`.

        Raises:
            TriageError: the model cannot be loaded; the exit code is that of the reason.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "triage_service._scoring._worker",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=1 << 20,
            env={**os.environ, **_ONE_THREAD},
        )  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(packed(json.dumps({"model": model}).encode()))
        try:
            async with asyncio.timeout(seconds):
                facts = json.loads(await receive_frame(_out(process)))
        except (FrameError, OSError, TimeoutError) as error:
            await _killed(process)
            raise TriageError(
                f"a scoring process ended before it was ready ({type(error).__name__})"
            ) from None
        if "error" in facts:
            await process.wait()
            found = Refused(facts["error"])
            found.exit_code = facts["code"]
            raise found
        return cls(process, facts)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def ask(self, rows: Sequence[Sequence[Any]], *, explain: bool) -> list[bytes]:
        """Return one line of JSON for each row.

        Raises:
            BatchFailed: the model raised.
            ConnectionError: the process died.
        """
        assert self._process.stdin is not None
        asked = json.dumps({"rows": rows, "explain": explain}).encode()
        self._process.stdin.write(packed(asked))
        await self._process.stdin.drain()
        reply = await receive_frame(_out(self._process))
        if reply.startswith(b'{"failed"'):
            raise BatchFailed(json.loads(reply)["failed"])
        return reply.split(b"\n")

    async def close(self, *, seconds: float = 5) -> None:
        """Let the process end by closing its pipe; kill it where it does not."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(seconds):
                await self._process.wait()
        except TimeoutError:
            await _killed(self._process)

    async def kill(self) -> None:
        """End the process at once."""
        await _killed(self._process)


def _out(process: asyncio.subprocess.Process) -> asyncio.StreamReader:
    assert process.stdout is not None
    return process.stdout


async def _killed(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):  # it may end between the two lines
            process.kill()
    await process.wait()

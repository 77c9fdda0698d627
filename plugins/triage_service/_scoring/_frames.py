"""Frames over a pipe: four bytes of length, then that many bytes. JSON inside; nothing is ever unpickled."""

from __future__ import annotations

import asyncio
from typing import BinaryIO

__all__ = ["MAX_FRAME", "FrameError", "read_frame", "receive_frame", "write_frame"]

MAX_FRAME = 64 << 20


class FrameError(ConnectionError):
    """The other end closed the pipe, or sent a frame that is too long."""


def packed(payload: bytes) -> bytes:
    """Return `payload` with its length before it."""
    return len(payload).to_bytes(4, "big") + payload


def _length(header: bytes) -> int:
    length = int.from_bytes(header, "big")
    if length > MAX_FRAME:
        raise FrameError(f"a frame must be at most {MAX_FRAME} bytes, got {length}")
    return length


def read_frame(pipe: BinaryIO) -> bytes | None:
    """Read one frame; None where the other end has closed the pipe.

    Raises:
        FrameError: the frame is too long, or ends early.
    """
    header = pipe.read(4)
    if not header:
        return None
    length = _length(header)
    payload = pipe.read(length)
    if len(payload) < length:
        raise FrameError("the pipe was closed inside a frame")
    return payload


def write_frame(pipe: BinaryIO, payload: bytes) -> None:
    """Write one frame and flush it."""
    pipe.write(packed(payload))
    pipe.flush()


async def receive_frame(stream: asyncio.StreamReader) -> bytes:
    """Read one frame from an asyncio stream.

    Raises:
        FrameError: the other end has closed the pipe, or the frame is too long.
    """
    try:
        return await stream.readexactly(_length(await stream.readexactly(4)))
    except asyncio.IncompleteReadError as error:
        raise FrameError("the pipe was closed") from error

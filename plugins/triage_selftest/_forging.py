"""Models damaged and forged on purpose, and plugins as a stranger would ship them."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from triage.plugin_api import MANIFEST, manifest_of

__all__ = ["field", "forge", "install", "onnx_with_external_data", "tensors", "varint"]


def forge(folder: pathlib.Path, files: Mapping[str, Any]) -> None:
    """Change files of a model as somebody would who knows the format: with a manifest that holds.

    Args:
        folder: the model.
        files: by name; bytes stand as they are, None removes the file, anything else becomes JSON.
    """
    for name, content in files.items():
        path = folder / name
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    kept = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != MANIFEST}
    (folder / MANIFEST).write_bytes(manifest_of(kept))


def tensors(header: Mapping[str, Any], data: bytes = b"", *, length: int | None = None) -> bytes:
    """Return a safetensors file of this header, which may declare what it likes, even another `length`."""
    text = json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def varint(number: int) -> bytes:
    """Return a number as protocol buffers write it."""
    parts = []
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def field(number: int, content: bytes | int) -> bytes:
    """Return a field of a protocol buffer: a number, or bytes."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def onnx_with_external_data(location: str) -> bytes:
    """Return an ONNX model that takes its only weights out of the file `location`.

    The numbers are those of onnx.proto: a model holds a graph (7), that holds a tensor (5), whose data are
    external (14) at a location (13). The graph gives the weights back as its output.
    """
    entry = field(1, b"location") + field(2, location.encode())
    tensor = field(1, 4) + field(2, 1) + field(8, b"w") + field(13, entry) + field(14, 1)
    node = field(1, b"w") + field(2, b"y") + field(4, b"Identity")
    kind = field(1, field(1, 1) + field(2, field(1, field(1, 4))))
    output = field(1, b"y") + field(2, kind)
    graph = field(1, node) + field(2, b"g") + field(5, tensor) + field(12, output)
    return field(1, 9) + field(7, graph) + field(8, field(1, b"") + field(2, 17))


def install(folder: pathlib.Path, name: str, source: str, *, uses: Sequence[str] = ()) -> dict[str, str]:
    """Install a plugin in `folder` as pip would, and return the environment in which it is found.

    Args:
        folder: where; several plugins may share it.
        name: of its module and its entry point.
        source: of its module.
        uses: further directories to be searched for modules.
    """
    import os

    meta = folder / f"{name}-1.0.dist-info"
    meta.mkdir(parents=True)
    (folder / f"{name}.py").write_text(source, encoding="utf-8")
    (meta / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    (meta / "entry_points.txt").write_text(f"[triage]\n{name} = {name}\n", encoding="utf-8")
    before = os.environ.get("PYTHONPATH", "")
    searched = [str(folder), *uses, *([before] if before else [])]
    return {"PYTHONPATH": os.pathsep.join(searched)}

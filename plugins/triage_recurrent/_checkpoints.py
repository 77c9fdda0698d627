"""The progress of a training on disk, after every epoch, replaced whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from triage import DataError
from triage.plugin_api import write_file

__all__ = ["Checkpoint"]

_FILE = "progress.safetensors"


class Checkpoint:
    """One file in `folder`: arrays, and the counters and the history as its metadata."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / _FILE

    def save(self, trainer: Any) -> None:
        """Keep what the next epoch of `trainer` depends on.

        Raises:
            CannotWrite: it cannot be written; what stood there still stands.
        """
        import safetensors.numpy

        arrays, values = trainer.state()
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_file(self.path, safetensors.numpy.save(arrays, metadata={"progress": json.dumps(values)}))

    def restore(self, trainer: Any) -> bool:
        """Give `trainer` what was kept; False where there is nothing.

        Raises:
            DataError: what is there is damaged, or of another network.
        """
        if not self.path.is_file():
            return False
        import safetensors

        try:
            with safetensors.safe_open(self.path, "numpy") as file:
                values = json.loads(file.metadata()["progress"])
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
            trainer.restore(arrays, values)
        except (safetensors.SafetensorError, KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"the progress in {str(self.path)!r} does not belong to this training "
                f"({type(error).__name__}): start anew"
            ) from error
        return True

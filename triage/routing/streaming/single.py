"""One text after the other."""

from __future__ import annotations

from triage.errors import UsageError
from triage.host.manager import Plugins
from triage.models.model import Model
from triage.routing.early import EarlyPromise
from triage.routing.streaming.answers import StreamAnswer
from triage.routing.streaming.batch import MOST_CHARACTERS, StreamBatch

__all__ = ["Stream"]


class Stream:
    """One text after the other, each read while it is being written.

    ```python
    model = triage.load_model("model", triage.Plugins.discover())
    stream = triage.Stream(model)
    answer = stream.feed("I was charged tw")
    answer = stream.feed("ice for one transfer ")
    answer.label, answer.confidence, answer.decision
    answer = stream.end()
    stream.reset()
    ```

    Arguments, attributes and errors are those of `StreamBatch`, whose only text this is.
    """

    def __init__(
        self,
        model: Model,
        plugins: Plugins | None = None,
        *,
        reread: bool = False,
        most_characters: int = MOST_CHARACTERS,
    ) -> None:
        self.batch = StreamBatch(model, plugins, reread=reread, most_characters=most_characters)
        self._ended = False

    @property
    def promise(self) -> EarlyPromise | None:
        """What was proven of early decisions, or None: then there are none before the end."""
        return self.batch.promise

    def feed(self, text: str) -> StreamAnswer:
        """Read on, and return what is known now.

        Args:
            text: what was written next: any characters, joined to those before as they are.

        Raises:
            DataError: the text gets too long; nothing of the piece is taken.
            UsageError: the text has ended.
        """
        self._check()
        return self.batch.feed({"": text})[""]

    def end(self) -> StreamAnswer:
        """End the text, decide on it, and return what is known.

        Raises:
            UsageError: it has ended already.
        """
        self._check()
        if not self.batch.open:
            self.batch.feed({"": ""})
        self._ended = True
        return self.batch.end([""])[""]

    def reset(self) -> None:
        """Begin the next text."""
        self.batch.drop("")
        self._ended = False

    def _check(self) -> None:
        if self._ended:
            raise UsageError("this text has ended: reset() begins the next one")

"""What the `build` of each extension must return. Duck typing: nothing here needs to be inherited."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias, runtime_checkable

from triage.records import Document, Epoch, Evaluation, Part, Prediction, Quarantined, TaskResult, Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rich.console import Console

__all__ = [
    "Adopts",
    "Classifier",
    "Clean",
    "Decide",
    "Explains",
    "Exports",
    "Quotes",
    "Refits",
    "Remembers",
    "Render",
    "Resumes",
    "Source",
    "Streams",
    "Watch",
    "Workers",
]

Watch: TypeAlias = Callable[[Epoch], None]
"""Called by a backend after each epoch, with what it measured."""


@runtime_checkable
class Classifier(Protocol):
    """What the `build` of a `Backend` returns.

    Everything learned lives in attributes whose names end in `_`: arrays, numbers, strings, and lists
    and dicts of those. A bundle saves exactly these, so a classifier needs no code for saving. One with
    other needs has `get_state` and `set_state` (see `Remembers`).
    """

    def fit(self, train: Part, tune: Part, *, seed: int, watch: Watch) -> object:
        """Learn from `train`; `tune` may choose the best epoch. What is returned is ignored.

        Args:
            train: at least one document of each class; `train.inputs` is what the backend consumes.
            tune: may be empty, and may lack classes.
            seed: the same seed and the same parts give the same probabilities.
            watch: to be called after each epoch, where there are epochs.
        """
        ...

    def predict_proba(self, inputs: Sequence[Any], /) -> NDArray[np.float64]:
        """Return shape (len(inputs), k): rows sum to 1, columns in the order of `train.classes`.

        Raises:
            NotFitted: before `fit`. Where nothing was learned, triage raises it by itself.
        """
        ...


@runtime_checkable
class Remembers(Protocol):
    """A classifier that says by itself what is to be saved."""

    def get_state(self) -> Mapping[str, Any]:
        """Return what was learned: numpy arrays, bytes, and values that JSON can hold, by name."""
        ...

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Take back what `get_state` returned; afterwards `predict_proba` gives the same probabilities."""
        ...


@runtime_checkable
class Explains(Protocol):
    """A classifier that can say which terms decided."""

    def explain(
        self, inputs: Sequence[Any], codes: Sequence[int], *, most: int
    ) -> list[list[tuple[Any, float]]]:
        """Return for each input the terms that spoke for class `codes[i]`: at most `most`, heaviest first.

        A term is a string, or a token id where the backend consumes sequences.
        """
        ...


@runtime_checkable
class Resumes(Protocol):
    """A classifier whose training can be stopped and resumed."""

    def keep_progress(self, folder: Path) -> None:
        """Keep the progress of the next `fit` in `folder`, and begin it with what stands there.

        In the end the classifier is the same as after a training that was not stopped. Only progress of
        the same parts, options and seed ever stands in `folder`; it may not exist yet.
        """
        ...


@runtime_checkable
class Refits(Protocol):
    """A classifier that can learn again from more documents, with what an earlier `fit` chose on its tune part."""

    def chosen(self) -> Mapping[str, Any]:
        """Return what `fit` chose on its tune part, such as the number of epochs: values that JSON can hold."""
        ...

    def refit(self, train: Part, chosen: Sequence[Mapping[str, Any]], *, seed: int, watch: Watch) -> object:
        """Learn from all of `train`, with no tune part.

        Args:
            train: as for `fit`.
            chosen: what `chosen` of one or more classifiers returned, each fitted on a share of `train`.
            seed: as for `fit`.
            watch: as for `fit`.
        """
        ...


@runtime_checkable
class Exports(Protocol):
    """A classifier that can be written for other runtimes."""

    def export(self, form: str, folder: Path, *, samples: Sequence[Any], max_length: int) -> float:
        """Write into the directory `folder`, which exists, and load what was written.

        Args:
            form: "onnx", "savedmodel" or "tflite".
            folder: where to write.
            samples: inputs as `predict_proba` takes them.
            max_length: no input has more tokens.

        Returns:
            The largest difference between the probabilities of what was written and the classifier's own,
            over `samples`.

        Raises:
            UsageError: it cannot be written in this form; the message says why.
        """
        ...


@runtime_checkable
class Streams(Protocol):
    """A classifier that reads forwards and keeps its place, so that a new word costs one step.

    The states of n texts are arrays with one row for each text, so the caller picks rows out and
    joins them as rows of arrays. How large a row is does not depend on how much was read.
    """

    def start(self, n: int) -> Sequence[NDArray[Any]]:
        """Return the states of n texts of which nothing was read yet.

        Raises:
            NotFitted: before `fit`.
            UsageError: what was learned cannot keep its place; the message says why.
        """
        ...

    def advance(
        self, states: Sequence[NDArray[Any]], pieces: Sequence[Any]
    ) -> tuple[Sequence[NDArray[Any]], NDArray[np.float64]]:
        """Read on in n texts.

        Args:
            states: of n texts; they are left as they are, so that one can go back to them.
            pieces: what comes next in each text: token ids, at least one, or clean text of at least one word,
                between whose words and those before a space is meant.

        Returns:
            The states after it, and shape (n, k): what `predict_proba` says of all that was read of each
            text, to 1e-5, however it was divided into pieces and whatever else is in the batch.
        """
        ...


@runtime_checkable
class Source(Protocol):
    """What the `build` of a `Corpus` and the hook `triage_open_corpus` return: documents, read in order.

    Each iteration starts at the first row again. Nothing is held in memory but the row at hand.
    """

    name: str

    def __iter__(self) -> Iterator[Document | Quarantined]:
        """Yield every row of the source exactly once, in order."""
        ...


Clean: TypeAlias = Callable[[str], str]
"""What the `build` of a `Cleaner` returns: a pure function from text to text. Where its options refer to
something outside (a word list on disk), it has an attribute `resolved`: options that rebuild it without."""


@runtime_checkable
class Decide(Protocol):
    """What the `build` of a `Policy` returns."""

    def decide(self, prediction: Prediction) -> Sequence[Verdict | None]:
        """Return one verdict for each document, or None to leave it to the next policy."""
        ...


@runtime_checkable
class Adopts(Protocol):
    """A policy that needs what was stored with the model, such as a certificate."""

    def adopt(self, records: Mapping[str, Mapping[str, Any]]) -> None:
        """Take the model's further records, by name, before the first `decide`.

        Raises:
            BadOption: what it needs is not among them; the message says which command makes it.
        """
        ...


@runtime_checkable
class Render(Protocol):
    """What the `build` of a `Report` returns."""

    def render(self, evaluations: Sequence[Evaluation], *, console: Console) -> str | None:
        """Print on `console` and return None, or return the whole report as a text to be written."""
        ...


@runtime_checkable
class Quotes(Protocol):
    """A report that can show what people wrote; it does so only after `quote` was called."""

    def quote(self, texts: Sequence[Sequence[str] | None]) -> None:
        """Take the texts as they were written, before `render`: the user asked for them.

        Args:
            texts: for each evaluation that `render` will be given the texts of its test documents, in
                order; None where they are not at hand.
        """
        ...


@runtime_checkable
class Workers(Protocol):
    """What the `build` of an `Engine` returns: a context manager that runs tasks on worker processes.

    A task is the name of a function, "module:name", and a payload of JSON values; no object that carries code is
    sent. A worker process runs one task at a time, and many after each other.
    """

    slots: int
    """How many tasks run at once."""

    def __enter__(self) -> Self:
        """Start the workers."""
        ...

    def __exit__(self, *exception: object) -> None:
        """Stop the workers, also those that are busy."""
        ...

    def submit(self, number: int, function: str, payload: Mapping[str, Any]) -> None:
        """Hand in a task; at most `slots` tasks may be open.

        Args:
            number: the caller's number of the task.
            function: "module:name" of a function of one mapping that returns a JSON value.
            payload: JSON values.
        """
        ...

    def next(self) -> TaskResult:
        """Wait for one of the open tasks and return its result.

        A worker that dies is replaced, and its task is returned with `died`; it is not run again.
        """
        ...

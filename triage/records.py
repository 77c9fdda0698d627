"""What flows from one step to the next: plain frozen records that know no plugin and no file."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    import datetime

    import pandas as pd
    from numpy.typing import NDArray

__all__ = [
    "Dataset",
    "Decision",
    "Document",
    "Epoch",
    "Evaluation",
    "Part",
    "Prediction",
    "Quarantined",
    "Run",
    "Splits",
    "Verdict",
]

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Document:
    """One text that somebody wrote, and what is known about it.

    Attributes:
        row: its number in the source, from 1, counting quarantined rows too.
        text: as written, before any cleaning.
        label: the label given to it, or None where there is none.
        id: the source's own identifier, or "".
        date: the day it was received, or None.
        meta: further columns by name. Embedded corpora keep their hidden truth here; nothing is ever
            learned from it.
    """

    row: int
    text: str
    label: str | None = None
    id: str = ""
    date: datetime.date | None = None
    meta: Mapping[str, str] = field(default_factory=lambda: NOTHING)  # only Python 3.12 takes it as it is


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A row that could not be read. It is counted and named, never dropped in silence.

    Attributes:
        row: its number in the source, from 1.
        line: the physical line of the file on which the row begins, from 1; 0 where there are no lines.
        reason: why, in words; never the text itself.
    """

    row: int
    line: int
    reason: str


@dataclass(frozen=True)
class Dataset:
    """All documents of one corpus in memory, with what was quarantined on the way.

    Attributes:
        name: how the corpus is called in tables and run directories.
        documents: in the order of the source.
        quarantined: rows that could not be read; rows in = len(documents) + len(quarantined).
        cleaners: the cleaning that the corpus asks for, or () for the default.
        columns: of which columns of a file the text, label, date and id were read, and how its dates are
            written; a model remembers it, so that routing reads the same.
    """

    name: str
    documents: Sequence[Document]
    quarantined: Sequence[Quarantined] = ()
    cleaners: tuple[str, ...] = ()
    columns: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.documents)

    @property
    def texts(self) -> list[str]:
        """The texts, in order."""
        return [document.text for document in self.documents]

    @property
    def labels(self) -> list[str | None]:
        """The labels, in order; None where there is none."""
        return [document.label for document in self.documents]

    @property
    def label_counts(self) -> Counter[str]:
        """How many documents carry each label."""
        return Counter(document.label for document in self.documents if document.label is not None)

    @property
    def sha256(self) -> str:
        """A digest of every label and text in order: two datasets that differ in one letter differ here."""
        digest = hashlib.sha256()
        for document in self.documents:
            for value in (document.label or "", document.text):
                encoded = value.encode("utf-8", "surrogatepass")
                digest.update(len(encoded).to_bytes(8, "little"))
                digest.update(encoded)
        return digest.hexdigest()

    def to_frame(self) -> pd.DataFrame:
        """Return a pandas frame with columns row, id, date, label, text and one for each meta column."""
        import pandas as pd

        return pd.DataFrame(
            [
                {"row": d.row, "id": d.id, "date": d.date, "label": d.label, "text": d.text, **d.meta}
                for d in self.documents
            ]
        )

    @classmethod
    def from_frame(
        cls, frame: pd.DataFrame, *, text: str = "text", label: str | None = "label", name: str = "frame"
    ) -> Dataset:
        """Make a dataset of a pandas frame's columns `text` and `label`.

        Missing labels become None and missing texts empty, which routing sends to a person.

        Raises:
            KeyError: a column that the frame does not have.
        """
        texts = frame[text].fillna("").astype(str)
        labels = [None] * len(frame) if label is None else frame[label].tolist()
        return cls(
            name=name,
            documents=tuple(
                Document(row=row, text=body, label=None if value is None or value != value else str(value))
                for row, (body, value) in enumerate(zip(texts, labels, strict=True), start=1)
            ),
        )


@dataclass(frozen=True)
class Part:
    """A part of a corpus as a backend sees it: cleaned texts and encoded labels.

    Attributes:
        texts: n cleaned texts.
        codes: shape (n,), int64: the position of each document's label in `classes`.
        classes: the k class names, in the order of the columns of `predict_proba`.
        rows: shape (n,), int64: where each document stands in the dataset.
        sequences: n int32 arrays of token ids, for backends that consume sequences; else None.
        groups: shape (n,), int64: documents with one number are near-duplicates of each other.
        vocabulary: the token of each id, for backends that consume sequences: "" pads, "[UNK]" is unknown.
    """

    texts: Sequence[str]
    codes: NDArray[np.int64]
    classes: tuple[str, ...]
    rows: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    sequences: Sequence[NDArray[np.int32]] | None = None
    groups: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    vocabulary: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def k(self) -> int:
        """The number of classes."""
        return len(self.classes)

    @property
    def inputs(self) -> Sequence[Any]:
        """What the backend consumes: the sequences where there are any, else the texts."""
        return self.texts if self.sequences is None else self.sequences

    @property
    def counts(self) -> NDArray[np.int64]:
        """Shape (k,): how many documents each class has in this part."""
        return np.bincount(self.codes, minlength=self.k)


@dataclass(frozen=True)
class Splits:
    """The four parts: fitted on, stopped on, promised on, and judged on.

    Attributes:
        train: everything that is fitted is fitted on this.
        tune: chooses the best epoch; may choose options.
        calibrate: fits the temperature and proves the promises, nothing else.
        test: read once.
        set_aside: labels with too few documents to learn, with their counts.
        unlabelled: how many documents had no label.
    """

    train: Part
    tune: Part
    calibrate: Part
    test: Part
    set_aside: Mapping[str, int] = field(default_factory=dict)
    unlabelled: int = 0

    @property
    def parts(self) -> dict[str, Part]:
        """The four parts by name."""
        return {"train": self.train, "tune": self.tune, "calibrate": self.calibrate, "test": self.test}


@dataclass(frozen=True)
class Epoch:
    """What a backend tells after each pass over the training part.

    Attributes:
        number: from 1, rising.
        of: how many there will be at most.
        loss: mean training loss, in nats.
        tune_loss: log loss on the tune part, in nats, or None.
        tune_macro_f1: macro-F1 on the tune part, or None.
        learning_rate: the rate of this epoch, or None.
        documents_per_second: training speed of this epoch, or None.
        gradient_norms: the mean norm of the gradient of each layer, by name.
        best: whether this is the best epoch so far.
    """

    number: int
    of: int
    loss: float
    tune_loss: float | None = None
    tune_macro_f1: float | None = None
    learning_rate: float | None = None
    documents_per_second: float | None = None
    gradient_norms: Mapping[str, float] = field(default_factory=dict)
    best: bool = False


@dataclass(frozen=True)
class Run:
    """One training of one backend on one corpus, as observers see it."""

    corpus: str
    backend: str
    options: Mapping[str, Any]
    seed: int
    documents: int


@dataclass(frozen=True)
class Prediction:
    """What a model says about a batch of documents, before anything is decided.

    Attributes:
        documents: n documents as they were read.
        texts: n texts after cleaning.
        probabilities: shape (n, k), float64, calibrated.
        classes: the k class names, in column order.
        queues: the queue of each class; a class without one is its own queue.
        familiarity: shape (n,), as in `Decision`, or None.
        out_of_scope: shape (n,): texts unlike anything in training, or None where nobody can say.
    """

    documents: Sequence[Document]
    texts: Sequence[str]
    probabilities: NDArray[np.float64]
    classes: tuple[str, ...]
    queues: Mapping[str, str] = field(default_factory=dict)
    familiarity: NDArray[np.float64] | None = None
    out_of_scope: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.documents)

    @property
    def labels(self) -> list[str]:
        """The likeliest label of each document."""
        return [self.classes[code] for code in self.probabilities.argmax(axis=1).tolist()]

    def take(self, positions: Sequence[int]) -> Prediction:
        """Return the prediction for the documents at `positions`, in that order."""
        rows = np.asarray(positions, dtype=np.intp)
        return replace(
            self,
            documents=[self.documents[i] for i in positions],
            texts=[self.texts[i] for i in positions],
            probabilities=self.probabilities[rows],
            familiarity=None if self.familiarity is None else self.familiarity[rows],
            out_of_scope=None if self.out_of_scope is None else self.out_of_scope[rows],
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one policy says about one document.

    Attributes:
        action: "route" sends it to a queue automatically, "review" holds it for review.
        reasons: words of the closed list in `triage.routing.router.REASONS`.
        queue: where to send it, when that is not the queue of the likeliest label.
        threshold: the confidence that was asked for, where one was.
        saves: what a person's look at it is expected to save, in the policy's own unit; None where it does
            not say.
    """

    action: Literal["route", "review"]
    reasons: tuple[str, ...]
    queue: str | None = None
    threshold: float | None = None
    saves: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Where one document goes, and why: one for every row that was read, in order.

    Each field is a column of JSON, CSV and Parquet; see `triage.routing.decision_columns` for the metadata.

    Attributes:
        row: the row of the source, from 1.
        id: the source's identifier, or "".
        action: "route" or "review".
        queue: the queue it goes to; for a review, the queue that the model would have chosen, or None.
        label: the likeliest label, or None where the model has no say.
        confidence: calibrated probability of `label`, in [0, 1], or None.
        threshold: the confidence that was asked for, or None.
        reasons: words of the closed list in `triage.routing.router.REASONS`.
        alternatives: the next likeliest labels with their probabilities, best first.
        terms: the terms that decided, with their weights, largest first; only when asked for.
        saves: what a person's look at it is expected to save, as the policy says, or None.
        familiarity: the share of documents like those of the training that are no more familiar than this
            one, by its characters, or None where the model has no such measure.
        date: the day on which the document was received, or None.
    """

    row: int
    id: str
    action: Literal["route", "review"]
    queue: str | None
    label: str | None
    confidence: float | None = field(metadata={"share": True})
    threshold: float | None
    reasons: tuple[str, ...]
    alternatives: tuple[tuple[str, float], ...] = field(
        default=(), metadata={"pair": ("label", "probability")}
    )
    terms: tuple[tuple[str, float], ...] = field(
        default=(), metadata={"pair": ("term", "weight"), "explain": True}
    )
    saves: float | None = field(default=None, metadata={"column": False})
    familiarity: float | None = field(default=None, metadata={"share": True})
    date: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class TaskResult:
    """How a task of an engine ended.

    Attributes:
        number: the caller's number of the task.
        value: what the function returned; None unless it returned.
        error: why the function raised, without any text of a document, or "".
        exit_code: of the error; 0 without one.
        died: whether the worker process ended before the function did.
    """

    number: int
    value: Any = None
    error: str = ""
    exit_code: int = 0
    died: bool = False


@dataclass(frozen=True)
class Evaluation:
    """How one backend did on the test part of one corpus.

    Attributes:
        run: what was trained.
        metrics: numbers by name, as `triage evaluate --json` prints them.
        labels: the class names, in the order of the confusion matrix.
        confusion: shape (k, k), int64: row = true label, column = predicted label.
        codes: shape (n,), int64: the true label of each test document.
        probabilities: shape (n, k), float64: calibrated.
        rows: shape (n,), int64: which documents of the dataset these are.
        groups: shape (n,), int64: near-duplicate families.
        history: one record for each epoch, for backends that have any.
        decisions: the routing decision for each test document.
    """

    run: Run
    metrics: Mapping[str, Any]
    labels: tuple[str, ...]
    confusion: NDArray[np.int64]
    codes: NDArray[np.int64]
    probabilities: NDArray[np.float64]
    rows: NDArray[np.int64]
    groups: NDArray[np.int64]
    history: Sequence[Epoch] = ()
    decisions: Sequence[Decision] = ()

"""Clean, encode and divide a corpus: the same parts for every backend."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from triage.data.checks import check_size, check_texts
from triage.data.cleaning import Cleaning, CleaningTimeout, build_cleaning
from triage.data.defaults import cleaning_steps
from triage.data.duplicates import near_duplicates
from triage.data.labels import UNKNOWN, Labels, learn_labels
from triage.data.splitting import PARTS, SHARES, split_by_time, split_stratified, thin_stratified
from triage.errors import DataError
from triage.host.guard import aside
from triage.records import Dataset, Part, Splits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from triage.config import Experiment
    from triage.host.manager import Plugins

__all__ = ["Prepared", "prepare"]

_TEST = 0.2
_PROOF = 0.2  # of what is not tested on, with proof "held-out"


@dataclass(frozen=True)
class Prepared:
    """A corpus ready for any backend: the same parts for each of them.

    Attributes:
        dataset: what was read.
        cleaning: the steps as resolved.
        labels: the classes, and the labels that were set aside.
        splits: the four parts. With folds everything but the test part is in `train`, and `tune` and `calibrate`
            are empty. `test` may hold labels that training never saw, with codes from k on.
        unseen: labels of the test part that training never saw, with their counts; code k is the first.
        timed_out: the number of documents that each cleaning rule ran out of its time budget on, by the message
            to show; they are left out.
        twins: the number of documents of a test corpus that were left out because the training corpus holds a
            near-duplicate.
        seconds: how long preparing took.
    """

    dataset: Dataset
    cleaning: Cleaning
    labels: Labels
    splits: Splits
    unseen: Mapping[str, int] = field(default_factory=dict)
    timed_out: Mapping[str, int] = field(default_factory=dict)
    twins: int = 0
    seconds: float = 0.0


def prepare(
    dataset: Dataset,
    experiment: Experiment,
    plugins: Plugins,
    *,
    test: Dataset | None = None,
    test_share: float = _TEST,
) -> Prepared:
    """Clean, encode and divide a corpus.

    Args:
        dataset: what to learn from.
        experiment: says how.
        plugins: where cleaners are looked up.
        test: judged on instead of a share of `dataset`; its documents with a near-duplicate in `dataset` are left
            out.
        test_share: the share of `dataset` that is kept for testing, where there is no `test`; 0 to learn from
            everything.

    Raises:
        DataError: no labelled document, fewer than two classes, a split that cannot be made, or no document of
            `test` without a near-duplicate.
    """
    started = time.perf_counter()
    if not len(dataset):
        raise DataError(f"{dataset.name}: there is no document in it")
    cleaning = build_cleaning(plugins, cleaning_steps(experiment, dataset.cleaners, plugins))
    labels = learn_labels(dataset.labels, min_per_class=experiment.min_per_class)
    codes = labels.encode(dataset.labels)
    shares = _shares(experiment, 0.0 if test is not None else test_share)
    judged = len(dataset) if experiment.folds != 0 else int(max(shares[1:]) * len(dataset))
    check_size(dataset, labels.classes, judged=max(judged, len(test or ())))
    with aside():
        texts, timed_out, slow = _clean(dataset, cleaning)
    usable = np.flatnonzero((codes != UNKNOWN) & ~timed_out)
    codes = codes[usable]
    cleaned = [texts[row] for row in usable.tolist()]
    # Families are found even where they are not kept together: intervals are drawn over them. With a test
    # corpus they are found over both.
    written = [dataset.documents[row].text for row in usable.tolist()]
    families = near_duplicates([*written, *(test.texts if test else ())])
    groups = families[: len(usable)]
    kept = Counter(labels.classes[code] for code in codes.tolist())
    steps = [step for step, _ in cleaning.steps]
    check_texts(dataset.name, kept, cleaned, steps, groups if experiment.split == "grouped" else None)
    if experiment.split == "time":
        assigned = split_by_time([dataset.documents[row].date for row in usable.tolist()], shares=shares)
    else:
        together = groups if experiment.split == "grouped" else np.arange(len(usable), dtype=np.int64)
        assigned = split_stratified(codes, together, seed=experiment.seed, shares=shares)

    def part(number: int) -> Part:
        chosen = np.flatnonzero(assigned == number)
        if number == 0 and experiment.train_share < 1:
            share, seed = experiment.train_share, experiment.seed
            chosen = chosen[thin_stratified(codes[chosen], groups[chosen], share=share, seed=seed)]
        return Part(
            texts=tuple(cleaned[position] for position in chosen.tolist()),
            codes=codes[chosen],
            classes=labels.classes,
            rows=usable[chosen],
            groups=groups[chosen],
        )

    parts = {name: part(number) for number, name in enumerate(PARTS)}
    unseen: dict[str, int] = {}
    twins = 0
    if test is not None:
        alike = np.isin(families[len(usable) :], groups)
        parts["test"], unseen, late, twins = _test_part(
            test, cleaning, labels, families[len(usable) :], alike=alike
        )
        slow.update(late)
    splits = Splits(
        **parts,
        set_aside=labels.set_aside,
        unlabelled=sum(label is None for label in dataset.labels),
    )
    seconds = time.perf_counter() - started
    return Prepared(dataset, cleaning, labels, splits, unseen, dict(slow), twins, seconds)


def _shares(experiment: Experiment, test: float) -> tuple[float, ...]:
    """Return the shares of train, tune, calibrate and test."""
    if experiment.folds == 0:
        rest = 1 - SHARES[3] if test else 1.0
        train = SHARES[0] if test else 0.75
        return (train, (rest - train) / 2, (rest - train) / 2, test and SHARES[3])
    proof = _PROOF * (1 - test) if experiment.proof == "held-out" else 0.0
    return (1 - test - proof, 0.0, proof, test)


def _clean(dataset: Dataset, cleaning: Cleaning) -> tuple[list[str], NDArray[np.bool_], Counter[str]]:
    """Clean all texts; those on which a rule runs out of time are marked and counted, not raised."""
    timed_out = np.zeros(len(dataset), dtype=bool)
    slow: Counter[str] = Counter()
    texts = []
    for position, document in enumerate(dataset.documents):
        try:
            texts.append(cleaning(document.text))
        except CleaningTimeout as late:
            texts.append("")
            timed_out[position] = True
            slow[str(late)] += 1
    return texts, timed_out, slow


def _test_part(
    test: Dataset,
    cleaning: Cleaning,
    labels: Labels,
    groups: NDArray[np.int64],
    *,
    alike: NDArray[np.bool_],
) -> tuple[Part, dict[str, int], Counter[str], int]:
    """Return a test part of its own, the labels that training never saw, time-outs, and the number of twins.

    Labels that training never saw get codes of their own, so that their documents count as errors.
    """
    counts = Counter(
        document.label
        for document, twin in zip(test.documents, alike.tolist(), strict=True)
        if document.label is not None and not twin
    )
    unseen = {label: counts[label] for label in sorted(set(counts) - set(labels.classes))}
    classes = labels.classes + tuple(unseen)
    codes = Labels(classes).encode(test.labels)
    with aside():
        texts, timed_out, slow = _clean(test, cleaning)
    labelled = np.array([label is not None for label in test.labels], dtype=bool)
    if not labelled.any():
        raise DataError(f"{test.name}: there is no labelled document in it to judge on")
    twins = int((labelled & alike).sum())
    usable = np.flatnonzero((codes != UNKNOWN) & ~timed_out & ~alike)
    if not len(usable):
        raise DataError(
            f"{test.name}: {twins:,} of its {int(labelled.sum()):,} labelled documents have a near-duplicate among "
            "the documents that are learned from, and none is left to judge on; give a test file of other documents"
        )
    part = Part(
        texts=tuple(texts[row] for row in usable.tolist()),
        codes=codes[usable],
        classes=classes,
        rows=usable,
        groups=groups[usable],
    )
    return part, unseen, slow, twins

"""The library: load, train, evaluate, compare, promise and route, each one call; `triage` exports them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from triage.config import Experiment
from triage.data import sources
from triage.data.defaults import with_defaults
from triage.data.frames import dataset_of_frame, is_frame, list_of_texts
from triage.errors import BadOption, CheckFailed, did_you_mean
from triage.host.extensions import Backend
from triage.host.manager import Plugins
from triage.models.model import Model, load_model
from triage.records import Dataset, Decision, Document, Epoch, Evaluation, Quarantined

if TYPE_CHECKING:
    import pandas as pd

    from triage.routing.promises import Score
    from triage.stats.comparison import Comparison

__all__ = ["compare", "evaluate", "load", "promise", "route", "train"]

Location: TypeAlias = str | os.PathLike[str]


def load(
    data: Location | pd.DataFrame,
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    date_column: str | None = None,
    id_column: str | None = None,
    plugins: Plugins | None = None,
    **options: Any,
) -> Dataset:
    """Return documents to learn from or to route.

    Args:
        data: a path (.csv, .jsonl, .parquet and what else plugins read), a corpus plugin's name, or a pandas
            DataFrame.
        text_column: the texts; of a file several names, whose cells are joined.
        label_column: the labels.
        date_column: the dates.
        id_column: the identifiers.
        plugins: where corpora and readers are looked up; None for the installed plugins.
        options: further reading options of files: `encoding`, `delimiter`, `sheet`, `day_first`, `date_format`.

    Raises:
        NoInput, UnknownName: there is no such file or corpus.
        DataError: the file cannot be used, or no row of it can be read.
        BadOption: a column that is not there.
        TypeError: `data` is none of these.

    >>> import triage
    >>> data = triage.load("complaints")
    >>> len(data), len(data.label_counts)
    (4476, 10)
    """
    columns = {
        "text_column": text_column,
        "label_column": label_column,
        "date_column": date_column,
        "id_column": id_column,
    }
    if is_frame(data):
        if options:
            raise BadOption(f"{', '.join(options)}: an option of files, not of a DataFrame")
        return dataset_of_frame(data, **columns)  # type: ignore[arg-type]
    if not isinstance(data, str | os.PathLike):
        raise TypeError(f"data must be a path, a corpus name or a DataFrame, got a {type(data).__name__}")
    given = {name: value for name, value in {**columns, **options}.items() if value is not None}
    return sources.load(plugins or Plugins.discover(), os.fspath(data), options=given)


def train(
    data: Dataset | Location | pd.DataFrame,
    *,
    backend: str | None = None,
    options: Mapping[str, Any] | None = None,
    max_error: float | None = None,
    confidence: float = 0.95,
    experiment: Experiment | None = None,
    watch: Callable[[Epoch], None] | None = None,
    plugins: Plugins | None = None,
    **settings: Any,
) -> Model:
    """Learn from labelled documents and return the model, not saved yet.

    Args:
        data: what `load` returns or takes.
        backend: what learns; None for the experiment's.
        options: of the backend.
        max_error: promise at most this share of wrong routes, as `promise` does; None for no promise.
        confidence: that the promise holds.
        experiment: everything else that decides what is learned; None for the defaults.
        watch: called after every epoch.
        plugins: where backends and cleaners are looked up; None for the installed plugins.
        settings: fields of `Experiment`, such as `seed=7`, `split="time"` or `queues={"cards": "Cards EU"}`.

    Raises:
        DataError: nothing labelled, or too few documents or classes.
        UnknownName, BadOption, Unavailable: a backend, an option or a setting that does not exist.
        Diverged: the training ended in numbers that are not finite.
        CheckFailed: `max_error` cannot be proven.

    >>> import triage
    >>> model = triage.train("complaints", backend="naive-bayes", seed=7)
    >>> model.backend, len(model.classes)
    ('naive-bayes', 10)
    """
    from triage.evaluation.evaluate import with_held_out
    from triage.models.training import fit, prepare

    plugins = plugins or Plugins.discover()
    chosen = _experiment(experiment, {**settings, "backend": backend, "options": options}, plugins)
    share = 0.2 if chosen.folds == 0 else 0.0
    prepared = prepare(_dataset(data, plugins), chosen, plugins, test_share=share)
    model = with_held_out(fit(prepared, chosen, plugins, watch=watch).model, prepared)
    if max_error is None:
        return model
    return promise(model, max_error=max_error, confidence=confidence, plugins=plugins)


def evaluate(
    data: Dataset | Location | pd.DataFrame,
    *,
    backends: Sequence[str] | str | None = None,
    seeds: int = 1,
    test: Dataset | Location | pd.DataFrame | None = None,
    options: Mapping[str, Any] | None = None,
    experiment: Experiment | None = None,
    plugins: Plugins | None = None,
    **settings: Any,
) -> list[Evaluation]:
    """Train backends and judge each on the same documents that it has not seen, in this process.

    `triage evaluate` runs each in a process of its own and keeps the runs: its times and its memory are
    those of one backend, here the memory is that of the whole process.

    Args:
        data: what `load` returns or takes.
        backends: their names; None for the experiment's.
        seeds: how many, from the experiment's seed up.
        test: judge on this, not on a share of `data`.
        options: of the backends; each takes those that it has.
        experiment: everything else; None for the defaults.
        plugins: where backends and cleaners are looked up; None for the installed plugins.
        settings: fields of `Experiment`, as in `train`.

    Returns:
        One evaluation for each seed and backend, seeds first.

    Raises:
        DataError, UnknownName, BadOption, Unavailable, Diverged: as in `train`.

    >>> import triage
    >>> [judged] = triage.evaluate("complaints", backends=["majority"])
    >>> judged.run.backend, judged.metrics["documents"]["test"] > 100
    ('majority', True)
    """
    from triage.evaluation.evaluate import evaluate as judge
    from triage.evaluation.jobs import options_of_each
    from triage.models.training import fit, prepare

    plugins = plugins or Plugins.discover()
    chosen = _experiment(experiment, {**settings, "options": options}, plugins)
    names = [chosen.backend] if backends is None else [backends] if isinstance(backends, str) else backends
    each_options = options_of_each(plugins, names, chosen.options)
    dataset = _dataset(data, plugins)
    judged = None if test is None else _dataset(test, plugins)
    found = []
    for seed in range(chosen.seed, chosen.seed + seeds):
        for name in names:
            one = chosen.changed(seed=seed, backend=name, options=each_options[name])
            prepared = prepare(dataset, one, plugins, test=judged)
            fitted = fit(prepared, one, plugins)
            documents = None if judged is None else judged.documents
            found.append(judge(fitted, prepared, plugins, test_documents=documents))
    return found


def compare(
    evaluations: Sequence[Evaluation] | Location, *, plugins: Plugins | None = None
) -> list[Comparison]:
    """Return which backend is better, by how much, and whether the difference is real.

    Args:
        evaluations: what `evaluate` returned, or a directory of runs that `triage evaluate` wrote.
        plugins: where the baseline is looked up; None for the installed plugins.

    Returns:
        One comparison for each corpus and split; `verdicts()` says it in sentences.

    Raises:
        NoInput: there is no finished run in the directory.
        DataError: a run is damaged.

    >>> import triage
    >>> runs = triage.evaluate("complaints", backends=["majority", "naive-bayes"])
    >>> [best, floor] = triage.compare(runs)[0].standings
    >>> best.backend
    'naive-bayes'
    """
    from triage.evaluation.runs import read_runs
    from triage.stats import comparison

    if isinstance(evaluations, str | os.PathLike):
        evaluations = read_runs(os.fspath(evaluations))
    baseline = (plugins or Plugins.discover()).role(Backend, "baseline")
    return comparison.compare(evaluations, baseline=baseline)


def promise(
    model: Model,
    *,
    max_error: float = 0.05,
    confidence: float = 0.95,
    score: Score = "probability",
    per_queue: bool = False,
    plugins: Plugins | None = None,
) -> Model:
    """Return the model with a proven bound on its wrong routes, and the policy that keeps it.

    Of what the returned model routes, at most the share `max_error` goes to a wrong queue, with probability
    `confidence`, as long as new texts are like those of the training. What was proven is in
    `model.extra["promise"]`.

    Args:
        model: as `train` returns it or `load_model` reads it.
        max_error: the largest share of wrong routes, between 0 and 1.
        confidence: the probability that the promise holds, between 0 and 1.
        score: what is compared with the threshold: "probability", "margin" or "entropy".
        per_queue: whether each queue gets a promise of its own.
        plugins: where the policy that keeps promises is looked up; None for the installed plugins.

    Raises:
        CheckFailed: it cannot be proven; the message says how many more documents it takes.
        DataError: the model was trained without documents to prove anything with.
        BadOption: a bound or a confidence out of range.

    >>> import triage
    >>> model = triage.promise(triage.train("complaints", backend="naive-bayes"), max_error=0.2)
    >>> model.extra["promise"]["overall"]["coverage"] > 0.5
    True
    """
    from triage.routing.promises import not_proven, promising, prove

    proven = prove(model, max_error=max_error, confidence=confidence, score=score, per_queue=per_queue)
    if not proven.kept:
        raise CheckFailed(not_proven(proven))
    return promising(model, proven, plugins or Plugins.discover())


@overload
def route(
    model: Model | Location,
    source: Location | Sequence[str] | Dataset,
    *,
    policy: str | None = ...,
    options: Mapping[str, Any] | None = ...,
    explain: bool = ...,
    plugins: Plugins | None = ...,
    **columns: Any,
) -> Iterator[Decision]: ...
@overload
def route(
    model: Model | Location,
    source: pd.DataFrame,
    *,
    policy: str | None = ...,
    options: Mapping[str, Any] | None = ...,
    explain: bool = ...,
    plugins: Plugins | None = ...,
    **columns: Any,
) -> pd.DataFrame: ...
def route(
    model: Model | Location,
    source: Any,
    *,
    policy: str | None = None,
    options: Mapping[str, Any] | None = None,
    explain: bool = False,
    plugins: Plugins | None = None,
    **columns: Any,
) -> Any:
    """Decide where texts go: into a queue, or to a reviewer.

    Args:
        model: a model, or its path.
        source: a path or a corpus plugin's name; a list of texts; a Dataset; or a pandas DataFrame.
        policy: the policy that decides; None for the model's own.
        options: of that policy.
        explain: whether decisions name the terms that decided.
        plugins: where policies and readers are looked up; None for the installed plugins.
        columns: `text_column`, `id_column` and so on, as in `load`; by default the columns that the model
            learned from.

    Returns:
        An iterator of decisions, one for each row, in order. For a DataFrame of n rows: a DataFrame with the
        same index and the columns id, action, queue, label, confidence, threshold and reasons.

    Raises:
        NoInput, UnknownName, DataError, BadOption: as in `load`.
        TypeError: a text instead of a list of texts, a mapping, or a list that holds something else than str.

    >>> import triage
    >>> model = triage.train("complaints", backend="naive-bayes", max_error=0.2)
    >>> [decision] = triage.route(model, ["a stranger opened a loan in my name"])
    >>> decision.action in ("route", "review"), len(decision.reasons) > 0
    (True, True)
    """
    from triage.routing.batches import route_rows, router_for

    plugins = plugins or Plugins.discover()
    model = model if isinstance(model, Model) else load_model(model, plugins)
    router, _ = router_for(model, plugins, policy=policy, options=options, explain=explain)
    decisions = route_rows(router, _rows(source, model, plugins, columns))
    return _frame(decisions, source, explain=explain) if is_frame(source) else decisions


def _rows(
    source: Any, model: Model, plugins: Plugins, columns: Mapping[str, Any]
) -> Iterable[Document | Quarantined]:
    """Return the rows of whatever `route` takes."""
    learned = model.trained.get("columns", {})
    if is_frame(source):
        return dataset_of_frame(source, learned=learned, **columns).documents
    if isinstance(source, str | os.PathLike):
        location = os.fspath(source)
        # Only a file's name may be quoted in an error; a text may not.
        if not os.path.lexists(location) and (" " in location.strip() or "\n" in location):
            raise TypeError(
                "source must be a path, a corpus name or a list of texts, got a str that is not a file"
            )
        opened = sources.open_source(plugins, location, options=columns, learned=learned)
        return sources.checked(opened, location)
    if columns:
        raise BadOption(f"{', '.join(columns)}: only a file or a DataFrame has columns")
    if isinstance(source, Dataset):
        return sorted((*source.documents, *source.quarantined), key=lambda each: each.row)
    return [Document(row, text) for row, text in enumerate(list_of_texts(source), start=1)]


def _frame(decisions: Iterator[Decision], source: pd.DataFrame, *, explain: bool) -> pd.DataFrame:
    """Return decisions as a DataFrame with the index of the frame that was routed."""
    import pandas as pd

    names = ["id", "action", "queue", "label", "confidence", "threshold", "reasons"]
    names += ["terms"] if explain else []
    rows = [[getattr(decision, name) for name in names] for decision in decisions]
    return pd.DataFrame(rows, columns=names, index=source.index)


def _dataset(data: Dataset | Location | pd.DataFrame, plugins: Plugins) -> Dataset:
    return data if isinstance(data, Dataset) else load(data, plugins=plugins)


def _experiment(experiment: Experiment | None, settings: Mapping[str, Any], plugins: Plugins) -> Experiment:
    """Return the experiment with these settings, leaving alone those that are None.

    Raises:
        BadOption: a setting that it does not have, or a value that cannot be.
    """
    known = [each.name for each in fields(Experiment)]
    for name in settings:
        if name not in known:
            raise BadOption(f"an experiment has no setting {name!r}.{did_you_mean(name, known)}")
    return with_defaults((experiment or Experiment()).changed(**settings), plugins)

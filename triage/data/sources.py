"""Open a corpus by its name or its path, and gather it into memory where a whole is needed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from triage.errors import BadOption, DataError, NoInput, PluginFailed, Unavailable, UnknownName
from triage.host.extensions import Corpus
from triage.host.guard import aside, ends_a_plugin, name_of_error
from triage.host.manager import Plugins
from triage.host.protocols import Source
from triage.io.files import csv_line, quote_path, write_file
from triage.records import Dataset, Document, Quarantined

__all__ = ["gather", "load", "open_source", "row_counts", "save_quarantine", "summary"]

_END = object()
_NONE: Mapping[str, Any] = MappingProxyType({})


def open_source(
    plugins: Plugins,
    location: str,
    *,
    options: Mapping[str, Any] = _NONE,
    learned: Mapping[str, Any] = _NONE,
) -> Source:
    """Return the documents of `location`: a corpus plugin's name, else a path for the readers.

    Args:
        plugins: where the corpora and the readers are.
        location: such as `complaints` or `exports/2024.csv.gz`; write `./complaints` for a file of that name.
        options: for paths: `text_column` (one name or several), `label_column`, `date_column`, `id_column`,
            `encoding`, `delimiter`, `sheet`, `day_first` ("yes" or "no") and `date_format`, each only where it
            was given.
        learned: what a model learned from, as `Dataset.columns` or its `trained["columns"]` say it: read again
            where `options` say nothing else and the file has it.

    Raises:
        UnknownName: neither a corpus nor a file has this name.
        NoInput: it looks like a path, and there is no such file, or nothing that may be read.
        DataError: the file cannot be used.
        BadOption: options for a corpus that knows its own columns.
        PluginFailed: the corpus or the reader failed.
    """
    names = plugins.names(Corpus)
    if location in names:
        if options:
            given = ", ".join(f"--{name.replace('_', '-')}" for name in options)
            raise BadOption(f"the corpus {location!r} has its own columns: remove {given}")
        source: Source = plugins.build(plugins.corpus(location))
        return source
    opened = plugins.open_corpus(location, {**_learned_options(learned), **options})
    if opened is not None:
        return opened
    if os.path.lexists(location):
        raise Unavailable(
            f"no plugin reads {quote_path(location)}: see `triage plugins` for what failed to load"
        )
    if "/" in location or os.sep in location or os.path.splitext(location)[1]:  # noqa: PTH122
        raise NoInput(f"there is no file {quote_path(location)}")
    raise UnknownName("corpus", location, names, remedy="There is no file of that name either.")


def _learned_options(learned: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a model learned from as options that readers take: they hold where nothing was given."""
    found = {
        f"learned_{role}_column": learned[role]
        for role in ("text", "label", "date", "id")
        if learned.get(role)
    }
    return found | {
        f"learned_{name}": learned[name] for name in ("date_order", "date_format") if learned.get(name)
    }


def load(
    plugins: Plugins,
    location: str,
    *,
    options: Mapping[str, Any] = _NONE,
    learned: Mapping[str, Any] = _NONE,
    strict: bool = False,
    labelled: bool = False,
) -> Dataset:
    """Return all documents of `location`, with the cleaning that it asks for.

    Args:
        plugins: where the corpora and the readers are.
        location: as in `open_source`.
        options: as in `open_source`.
        learned: as in `open_source`.
        strict: whether one quarantined row is an error.
        labelled: whether a file without a label column is an error.

    Raises:
        DataError: as above, or no row of it could be read; also where several columns could be the label.
        UnknownName, NoInput, BadOption, PluginFailed: as in `open_source`.
    """
    return gather(
        plugins,
        open_source(plugins, location, options=options, learned=learned),
        location=location,
        strict=strict,
        labelled=labelled,
    )


def gather(
    plugins: Plugins, source: Source, *, location: str, strict: bool = False, labelled: bool = False
) -> Dataset:
    """Return the documents of an open source; arguments and errors as in `load`."""
    doubt = getattr(source, "label_doubt", "")
    if doubt and (labelled or getattr(source, "label_candidates", ())):
        raise DataError(doubt)
    corpus = plugins.corpus(location) if location in plugins.names(Corpus) else None
    documents: list[Document] = []
    quarantined: list[Quarantined] = []
    for item in checked(source, location):
        if isinstance(item, Document):
            documents.append(item)
            continue
        if strict:
            raise DataError(
                f"{_where(location, item)}: {item.reason} (--strict allows no row to be set aside)"
            )
        quarantined.append(item)
    if quarantined and not documents:
        raise DataError(
            f"none of the {len(quarantined):,} rows could be read; the first: "
            f"{_where(location, quarantined[0])}: {quarantined[0].reason}"
        )
    return Dataset(
        name=corpus.name if corpus else source.name,
        documents=tuple(documents),
        quarantined=tuple(quarantined),
        cleaners=corpus.cleaners if corpus else tuple(getattr(source, "cleaners", ())),
        columns=dict(getattr(source, "learned", {})),
    )


def checked(source: Source, location: str) -> Iterator[Document | Quarantined]:
    """Yield what `source` yields; what goes wrong in it is blamed on it.

    Raises:
        PluginFailed: the source raised something, or yielded neither a Document nor a Quarantined.
    """
    try:
        with aside():
            items = iter(source)
        while True:
            with aside():
                item = next(items, _END)
            if item is _END:
                return
            if not isinstance(item, Document | Quarantined):
                raise PluginFailed(  # noqa: TRY301 - it passes the handlers below as it is
                    f"the source of {quote_path(location)} yields {type(item).__name__}, not Document"
                )
            yield item
    except BaseException as error:
        if not ends_a_plugin(error):
            raise
        # Only the type is named: a message may quote the text that it failed on.
        raise PluginFailed(
            f"the source of {quote_path(location)} failed with {name_of_error(error)}"
        ) from error


def _where(location: str, item: Quarantined) -> str:
    return (
        f"{quote_path(location)}, line {item.line:,}"
        if item.line
        else f"{quote_path(location)}, row {item.row:,}"
    )


def summary(dataset: Dataset) -> str:
    """Return the line that is always printed: nothing was dropped in silence."""
    return row_counts(kept=len(dataset.documents), quarantined=len(dataset.quarantined))


def row_counts(*, kept: int, quarantined: int) -> str:
    """Return `rows in = kept + quarantined` with its numbers."""
    return f"{kept + quarantined:,} rows in = {kept:,} kept + {quarantined:,} quarantined"


def save_quarantine(rows: Iterable[Quarantined], path: str | os.PathLike[str], *, location: str) -> None:
    """Write a CSV file with columns file, line, row, reason: what to look at, and never a text.

    Raises:
        CannotWrite: `path` cannot be written.
    """
    cells = ((location, row.line, row.row, row.reason) for row in rows)
    lines = (csv_line(each, end="\n") for each in (("file", "line", "row", "reason"), *cells))
    write_file(path, (line.encode("utf-8", "surrogatepass") for line in lines))

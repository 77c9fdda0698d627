"""Route large inputs on an engine: in shards, each a pure function of its rows and the model, merged in order.

A shard is a range of rows of one input file. Its decisions are written atomically to a part file beside the output and
entered in a record; a shard whose worker dies is done again with the same bytes. A shard that ends three workers is
halved, down to the row, which is held for review with the reason `engine_failed`. Only file names, ranges and digests
travel to the workers.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from triage.errors import DataError, Refused, TriageError, UsageError
from triage.host.protocols import Workers
from triage.io.files import AtomicWriter, open_input, quote_path, write_file
from triage.io.text_tables import read_whole
from triage.records import Decision, Document, Quarantined
from triage.routing.router import BATCH

__all__ = ["Progress", "ShardJob", "Summary", "route_shard", "route_shards"]

SHARD_ROWS = 16 * BATCH
"""Rows of a shard: a multiple of the router's batch, so that a shard has the batches of one process."""
_LONGEST_RECORD = 16 << 20  # bytes of the facts of one part
_ATTEMPTS = 3  # workers that a shard may end before it is halved


@dataclass(frozen=True)
class ShardJob:
    """What is the same for all shards of a run.

    Attributes:
        model: the path of the model, and `model_sha256`, the digest that it must have.
        model_sha256: of the model's manifest.
        inputs: the paths of the input files, each with its size in bytes and its time of change in ns.
        options: what the user said about the columns.
        policies: the policies in the order in which they are asked.
        format: "jsonl" or "csv".
        explain: whether decisions name the terms that decided.
    """

    model: str
    model_sha256: str
    inputs: tuple[tuple[str, int, int], ...]
    options: Mapping[str, str]
    policies: tuple[tuple[str, Mapping[str, Any]], ...]
    format: str
    explain: bool = False

    @property
    def digest(self) -> str:
        """A digest of everything that decides the output."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, order=True)
class Range:
    """Rows of one input: `start` is the first, counted from 0."""

    file: int
    start: int
    rows: int

    @property
    def name(self) -> str:
        """The name of the part file; names sort as the rows do."""
        return f"{self.file:05}-{self.start:012}"


@dataclass
class Summary:
    """Exact counts over the whole output.

    Attributes:
        rows: how many decisions there are.
        actions: how many for each action.
        queues: how many documents were routed to each queue.
        quarantined: how many rows could not be read.
        failed: how many rows ended the workers that decided on them.
        notes: what rules and readers said, with counts.
    """

    rows: int = 0
    actions: Counter[str] = field(default_factory=Counter)
    queues: Counter[str] = field(default_factory=Counter)
    quarantined: int = 0
    failed: int = 0
    notes: Counter[str] = field(default_factory=Counter)

    def add(self, part: Mapping[str, Any]) -> None:
        """Add the counts of one part."""
        self.rows += part["rows"]
        self.actions.update(part["actions"])
        self.queues.update(part["queues"])
        self.quarantined += part["quarantined"]
        self.failed += part.get("failed", 0)
        self.notes.update(part["notes"])


@dataclass(frozen=True)
class Progress:
    """Where a run is: rows decided, workers, shards of which a worker died."""

    rows: int
    workers: int
    deaths: int


def route_shards(
    job: ShardJob,
    workers: Workers,
    out: Path,
    *,
    resume: bool = False,
    notify: Callable[[Progress], None] = lambda _: None,
    shard_rows: int = SHARD_ROWS,
) -> Summary:
    """Route all inputs in shards and write the decisions to `out`, in order.

    The bytes equal those of one process, whatever the number of workers and whichever of them die.

    Args:
        job: the model, the inputs and how they are decided on.
        workers: not started yet.
        out: the output file; parts are kept in `out` + ".parts" until it is written.
        resume: take the parts that a killed run left.
        notify: told of progress after each shard.
        shard_rows: rows of a shard, a multiple of the router's batch.

    Raises:
        UsageError: parts of another run are there, or parts and not `resume`.
        DataError: a shard cannot be read.
        CannotWrite: a part or the output cannot be written.
    """
    if shard_rows % BATCH:
        raise UsageError(f"shard_rows must be a multiple of {BATCH}, got {shard_rows}")
    folder = out.with_name(out.name + ".parts")
    _open_parts(folder, job, resume=resume)
    run = _Run(job, workers, folder, shard_rows, notify)
    with workers:
        parts = run.parts()
    summary = Summary()
    with AtomicWriter(out) as file:
        for number, part in enumerate(sorted(parts)):
            summary.add(parts[part])
            for piece in _pieces(folder / part.name, header=number == 0 or job.format != "csv"):
                file.write(piece)
    for path in sorted(folder.iterdir()):
        path.unlink()
    folder.rmdir()
    return summary


def _open_parts(folder: Path, job: ShardJob, *, resume: bool) -> None:
    """Make the folder for the parts, or hold the one that is there to this job."""
    record = folder / "job.json"
    if not folder.exists():
        folder.mkdir(parents=True)
        write_file(record, json.dumps({"digest": job.digest}).encode())
        return
    if not resume:
        raise UsageError(
            f"{quote_path(folder)} holds the parts of a run that was stopped: pass --resume, or remove it"
        )
    if (
        not record.exists()
        or json.loads(read_whole(record, most=_LONGEST_RECORD)).get("digest") != job.digest
    ):
        raise UsageError(
            f"{quote_path(folder)} holds the parts of another run (another model, input or option): remove it"
        )


def _pieces(path: Path, *, header: bool) -> Iterator[bytes]:
    """Yield the bytes of a part, without the header of a CSV file where another part has it already."""
    with open_input(path) as file:
        if not header:
            file.readline()
        while piece := file.read(1 << 20):
            yield piece


class _Run:
    """The shards of one run: which are done, which are open, and what to do when a worker dies."""

    def __init__(
        self,
        job: ShardJob,
        workers: Workers,
        folder: Path,
        shard_rows: int,
        notify: Callable[[Progress], None],
    ) -> None:
        self.job, self.workers, self.folder = job, workers, folder
        self.shard_rows, self.notify = shard_rows, notify
        self.done: dict[Range, dict[str, Any]] = {}
        self.again: list[Range] = []
        self.attempts: Counter[Range] = Counter()
        self.ended: set[int] = set()  # files of which the last row is known
        self.deaths = 0

    def parts(self) -> dict[Range, dict[str, Any]]:
        """Run all shards; return the facts of each part."""
        fresh = self._fresh()
        running: dict[int, Range] = {}
        number = 0
        while True:
            while len(running) < self.workers.slots:
                shard = self.again.pop() if self.again else next(fresh, None)
                if shard is None:
                    break
                if (known := self._known(shard)) is not None:
                    self._finish(shard, known)
                    continue
                number += 1
                running[number] = shard
                payload = {"job": asdict(self.job), "range": asdict(shard), "folder": str(self.folder)}
                self.workers.submit(number, "triage.routing.shards:route_shard", payload)
            if not running:
                return {shard: facts for shard, facts in self.done.items() if facts["rows"]}
            result = self.workers.next()
            shard = running.pop(result.number)
            if result.died:
                self._died(shard)
            elif result.error:
                raise _ShardFailed(result.error, result.exit_code)
            else:
                self._finish(shard, result.value)

    def _fresh(self) -> Iterator[Range]:
        """Yield the shards of each file until its end is known; a shard past the end has no rows."""
        for file in range(len(self.job.inputs)):
            start = 0
            while file not in self.ended:
                yield Range(file, start, self.shard_rows)
                start += self.shard_rows

    def _known(self, shard: Range) -> dict[str, Any] | None:
        """Return the facts of a part that a former run wrote whole, or None."""
        record = self.folder / f"{shard.name}.json"
        if not record.exists():
            return None
        facts: dict[str, Any] = json.loads(read_whole(record, most=_LONGEST_RECORD))
        return (
            facts
            if facts["asked"] == shard.rows and facts["sha256"] == _sha256(record.with_suffix(""))
            else None
        )

    def _finish(self, shard: Range, facts: dict[str, Any]) -> None:
        self.done[shard] = facts
        if facts["rows"] < shard.rows and not shard.rows % self.shard_rows:
            self.ended.add(shard.file)
        rows = sum(each["rows"] for each in self.done.values())
        self.notify(Progress(rows, self.workers.slots, self.deaths))

    def _died(self, shard: Range) -> None:
        """Do a shard again; halve one that ended three workers; give a row up that did."""
        self.deaths += 1
        self.attempts[shard] += 1
        if self.attempts[shard] < _ATTEMPTS:
            self.again.append(shard)
        elif shard.rows > 1:
            half = shard.rows // 2
            self.again += [
                Range(shard.file, shard.start + half, shard.rows - half),
                Range(shard.file, shard.start, half),
            ]
        else:
            payload = {"job": asdict(self.job), "range": asdict(shard), "folder": str(self.folder)}
            self._finish(shard, route_shard({**payload, "give_up": True}))


class _ShardFailed(TriageError):
    """A shard ended with an error; it carries the exit code of what a worker raised."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def route_shard(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Decide on the rows of one range and write the part file; run by a worker.

    Args:
        payload: `job`, a `ShardJob`; `range`; `folder`, where the part goes; `give_up`, whether the rows are held for
            review without asking the model.

    Returns:
        The facts of the part: rows, counts and the SHA-256 of its bytes.

    Raises:
        Refused: the model is another than that of the job.
        DataError: the input has changed since the run began.
    """
    shard = Range(**payload["range"])
    path = Path(payload["folder"]) / shard.name
    worker = _worker_of(json.dumps(payload["job"], sort_keys=True))
    decide = _give_up if payload.get("give_up") else worker.router.decide_batch
    worker.router.timed_out_.clear()
    part = _Part()
    with AtomicWriter(path) as file:
        for line in worker.lines(part.count(_decided(worker.rows(shard), decide))):
            data = line.encode("utf-8", "surrogatepass")
            part.sha256.update(data)
            file.write(data)
    facts = {
        "asked": shard.rows,
        "rows": part.rows,
        "actions": part.actions,
        "queues": part.queues,
        "quarantined": part.quarantined,
        "failed": part.rows if payload.get("give_up") else 0,
        "notes": dict(worker.router.timed_out_),
        "sha256": part.sha256.hexdigest(),
    }
    write_file(path.with_name(f"{path.name}.json"), json.dumps(facts).encode())
    return facts


def _decided(
    rows: Iterator[Document | Quarantined],
    decide: Callable[[Sequence[Document | Quarantined]], list[Decision]],
) -> Iterator[tuple[Document | Quarantined, Decision]]:
    while batch := list(islice(rows, BATCH)):
        yield from zip(batch, decide(batch), strict=True)


def _give_up(rows: Sequence[Document | Quarantined]) -> list[Decision]:
    """Hold rows for review that end every worker that decides on them."""
    return [
        Decision(
            row=row.row,
            id=row.id if isinstance(row, Document) else "",
            action="review",
            queue=None,
            label=None,
            confidence=None,
            threshold=None,
            reasons=("engine_failed",),
        )
        for row in rows
    ]


@dataclass
class _Part:
    """The counts of one part."""

    rows: int = 0
    actions: Counter[str] = field(default_factory=Counter)
    queues: Counter[str] = field(default_factory=Counter)
    quarantined: int = 0
    sha256: Any = field(default_factory=hashlib.sha256)

    def count(self, decided: Iterator[tuple[Document | Quarantined, Decision]]) -> Iterator[Decision]:
        """Yield the decisions, counting them."""
        for row, decision in decided:
            self.rows += 1
            self.actions[decision.action] += 1
            self.quarantined += isinstance(row, Quarantined)
            if decision.action == "route":
                self.queues[str(decision.queue)] += 1
            yield decision


class _Worker:
    """What a worker process keeps between shards: the model, and the input that it reads, at its place."""

    def __init__(self, job: ShardJob) -> None:
        from triage.host.manager import Plugins
        from triage.models.model import load_model
        from triage.routing.router import Router

        self.job = job
        self.plugins = Plugins.discover()
        model = load_model(job.model, self.plugins)
        if model.sha256 != job.model_sha256:
            raise Refused(f"the model {quote_path(job.model)} is not the one that the run began with")
        policies = [(name, dict(options)) for name, options in job.policies]
        self.router = Router(model, policies, self.plugins, explain=job.explain)
        self._open: tuple[int, int, Iterator[Document | Quarantined]] | None = None

    def lines(self, decisions: Iterator[Decision]) -> Iterator[str]:
        """Yield the lines of a part."""
        from triage.routing.decision_writer import csv_lines, json_lines

        name, options = self.job.policies[-1]
        stamp = {"model": self.job.model_sha256, "policy": {"name": name, "options": dict(options)}}
        write = csv_lines if self.job.format == "csv" else json_lines
        return write(decisions, stamp, explain=self.job.explain)

    def rows(self, shard: Range) -> Iterator[Document | Quarantined]:
        """Return the rows of a range. A worker's ranges rise, so an input is read once, not from its start."""
        file, at, rows = self._open or (-1, 0, iter(()))
        if file != shard.file or at > shard.start:
            file, at, rows = shard.file, 0, self._source(shard.file)
        for _ in islice(rows, shard.start - at):
            pass
        self._open = file, shard.start + shard.rows, rows
        return islice(rows, shard.rows)

    def _source(self, file: int) -> Iterator[Document | Quarantined]:
        from triage.data.sources import checked, open_source

        path, size, changed = self.job.inputs[file]
        found = Path(path).stat()
        if (found.st_size, found.st_mtime_ns) != (size, changed):
            raise DataError(f"{quote_path(path)} has changed since the run began: begin again")
        learned = self.router.model.trained.get("columns", {})
        source = open_source(self.plugins, path, options=self.job.options, learned=learned)
        return iter(checked(source, path))


@functools.lru_cache(maxsize=1)
def _worker_of(job: str) -> _Worker:
    """Return the worker of a job, as JSON; it is made once in each process."""
    return _Worker(ShardJob(**json.loads(job)))


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with open_input(path) as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()

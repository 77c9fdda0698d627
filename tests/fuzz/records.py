"""Experiment files, decisions, judged cases, corrections, cost matrices and runs under fire."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

import triage
from triage.config import Experiment, load_experiment
from triage.data.cleaning import build_cleaning
from triage.data.corrections import Correction, correct, read_corrections
from triage.data.defaults import cleaning_steps, policy_chain, with_defaults
from triage.evaluation.runs import read_run, write_run
from triage.host.options import resolve
from triage.io.files import csv_line
from triage.models.held_out import HeldOut
from triage.models.model import Model
from triage.routing.decision_reader import read_audits, read_decisions
from triage.routing.decision_writer import csv_lines, json_lines
from triage.routing.monitoring import look

from .harness import CANARY
from .mutation import Program, change_bytes, change_tree, dumped

CLASSES = ("card", "loan", "mortgage")


class Experiments:
    """Experiment files: read, built of plugins, and kept as JSON."""

    name = "experiment"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "fuzzed.toml"
        self.plugins = triage.Plugins.discover()
        (folder / "costs.csv").write_text("label,card\ncard,0\n", encoding="utf-8")
        texts = [
            (
                '[corpus]\nlocation = "past.csv"\ntext-column = "body"\nlabel-column = "team"\ndelimiter = ";"\n'
                '[pipeline]\ncleaners = ["lower", {name = "stop-words", negations = "keep"}]\nstopwords = "english"\n'
                'keep = ["off"]\nmax-length = 100\nmax-tokens = 50\nmin-per-class = 5\nsplit = "time"\nseed = 7\n'
                'calibration = "isotonic"\nfalse-alarms = 0.1\n[backend]\nname = "tfidf"\nfeatures = 1000\n'
                '[policy]\nname = "threshold"\nconfidence = 0.9\n[queues]\n"Credit card" = "Cards"\n'
                '[rules]\nfraud = {pattern = "fraud", review = true}\nvip = {pattern = "(?i)vip", queue = "Q"}\n'
            ),
            (
                '[[policy]]\nname = "rules"\n[policy.rules]\na = {pattern = "a+", queue = "b"}\n[[policy]]\n'
                'name = "costs"\nreview = 2\n[policy.matrix]\ncard = {Cards = 0, Loans = 2.5}\nloan = {Cards = 1, Loans = 0}\n'
            ),
            (
                '[pipeline]\ncleaners = ["complaints", {name = "replace", pattern = "x+", by = ""}]\n'
                '[backend]\nname = "sgd"\n[policy]\nname = "bounded"\nmax-error = 0.1\n'
            ),
            '[policy]\nname = "threshold"\nmargin = 0.0\n',
        ]
        self.samples = [text.encode() for text in texts]
        bits = [
            "[",
            "]",
            "[[",
            "]]",
            "{",
            "}",
            "=",
            '"',
            "'",
            '"""',
            "'''",
            "#",
            ".",
            ",",
            "\n",
            "\\",
            "\\u0000",
            "\\ud800",
        ]
        bits += [
            "true",
            "1",
            "-1",
            "0.5",
            "nan",
            "inf",
            "1e400",
            "9" * 5000,
            "0x10",
            "1979-05-27",
            "07:32:00",
            "9999-99-99",
        ]
        bits += [
            '["a"]',
            "[]",
            "{}",
            '""',
            '"a"',
            '{name = "lower"}',
            "[1, 'a']",
            "[[[]]]",
            "[" * 300,
            "{a=" * 300,
        ]
        bits += [
            "corpus",
            "pipeline",
            "backend",
            "policy",
            "queues",
            "rules",
            "name",
            "pattern",
            "review",
            "queue",
        ]
        bits += [
            '"(a|aa)+$"',
            '"("',
            '"' + "a?" * 40 + '"',
            "options",
            "keep",
            "seed",
            "\x00",
            "\ufeff",
            "\x1b",
        ]
        self.pieces = [
            *(bit.encode() for bit in bits),
            b"\xff",
            b"\r",
            b"\r\n",
            b"a.b.c.d = 1\n",
            b"a=1\na=2\n",
        ]

    def run(self, program: Program) -> str:
        """Read a changed file, keep it as JSON, and build all that it names."""
        data = change_bytes(program, program.pick(self.samples), pieces=self.pieces, samples=self.samples)
        self.path.write_bytes(data)
        found = with_defaults(load_experiment(str(self.path)), self.plugins)
        self.holds(found)
        for name, options in policy_chain(found, self.plugins):
            self.plugins.build(self.plugins.policy(name), dict(options))
        backend = self.plugins.backend(found.backend)
        resolve(backend.build, found.options, owner=backend.name)
        build_cleaning(self.plugins, cleaning_steps(found, (), self.plugins))
        return "built"

    def holds(self, found: Experiment) -> None:
        """What is read is what its fields say, and it comes back from JSON."""
        for name in ("location", "split", "calibration", "backend", "corrections"):
            assert isinstance(getattr(found, name), str), name
        assert all(isinstance(word, str) for word in found.keep)
        assert all(isinstance(name, str) for name, _ in policy_chain(found, self.plugins))
        try:
            record = json.loads(json.dumps(found.to_json()))
        except TypeError:  # a date among the options: nobody asked for one, and the plugin says so
            return
        again = Experiment.from_json(record)
        assert json.dumps(again.to_json(), sort_keys=True) == json.dumps(found.to_json(), sort_keys=True)


def model_of(**changes: Any) -> Model:
    """A model of which only what it said about its held-out parts matters."""
    generator = np.random.default_rng(1)
    part = HeldOut(generator.integers(3, size=60), generator.dirichlet(np.ones(3), 60), generator.random(60))
    cleaning = build_cleaning(triage.Plugins.discover(), ["lower"])
    classifier: Any = None
    return Model(Experiment(), {}, CLASSES, cleaning, classifier, held_out={"test": part}, **changes)


class Decided:
    """Decisions and judged cases, as `triage monitor` reads them and what it then says."""

    name = "decisions"

    def __init__(self, folder: Path) -> None:
        self.path, self.judged = folder / "fuzzed.jsonl", folder / "judged.csv"
        promise = {
            "max_error": 0.05,
            "confidence": 0.95,
            "score": "probability",
            "overall": None,
            "queues": {},
        }
        self.model = model_of(extra={"promise": promise})
        stamp = {"model": "ab", "policy": {"name": "threshold", "options": {}}}
        generator = np.random.default_rng(2)
        decided = [
            triage.Decision(
                row, f"c{row}", ("route", "review")[row % 4 == 0], label, label, float(generator.random()), 0.7,
                ("confident",) if row % 4 else ("below_threshold", "rule:vip"), (("loan", 0.1),),
                familiarity=float(generator.random()),
            )
            for row, label in enumerate(CLASSES * 8, start=1)
        ]  # fmt: skip
        decided.append(triage.Decision(25, "", "review", None, None, None, None, ("unreadable_row",)))
        self.samples = ["".join(form(decided, stamp)).encode() for form in (json_lines, csv_lines)]
        self.cases = ["id,label\n" + "".join(f"c{row},loan\n" for row in range(1, 30))]
        self.cases += [
            "row,queue,note\n1,card,x\n2,loan,\n",
            '{"row": 3, "label": "card"}\n{"id": "c1", "queue": "loan"}\n',
        ]
        self.records = [json.loads(line) for line in self.samples[0].splitlines()]
        bits = [
            '"',
            ",",
            "\n",
            "\r",
            "{",
            "}",
            "[",
            "]",
            ":",
            "null",
            "true",
            "NaN",
            "Infinity",
            "1e999",
            "-1",
            "2",
            "0.5",
        ]
        bits += [
            "9" * 5000,
            "[" * 5000,
            "route",
            "review",
            "'=1",
            "confident",
            "rule:",
            "row",
            "id",
            "card",
            "\0",
            "\ufeff",
        ]
        self.pieces = [*(bit.encode() for bit in bits), b"\xff", b"\xed\xa0\x80", b"\x1f\x8b", b'{"row":1}\n']

    def run(self, program: Program) -> str:
        """Read changed decisions and judged cases, and look at them."""
        if program.byte() % 2:
            data = change_bytes(program, program.pick(self.samples), pieces=self.pieces, samples=self.samples)
        else:
            data = b"".join(dumped(line) + b"\n" for line in self.lines(program))
        self.path.write_bytes(data)
        stream, models = read_decisions(str(self.path))
        assert stream
        assert all(isinstance(model, str) for model in models)
        cases = [each.encode() for each in self.cases]
        self.judged.write_bytes(
            change_bytes(program, program.pick(cases), pieces=self.pieces, samples=cases, most=2)
        )
        audits, others = read_audits(str(self.judged), stream, self.model.queues)
        assert others >= 0
        for finding in look(self.model, stream, audits):
            assert 0 <= finding.p_value <= 1, finding.what
            assert np.isfinite(finding.size), finding.what
        return "looked at"

    def lines(self, program: Program) -> list[Any]:
        """Every line, one or two of them changed as trees."""
        lines: list[Any] = list(self.records)
        for _ in range(1 + program.byte() % 2):
            place = program.below(len(lines))
            lines[place] = change_tree(program, lines[place], others=self.records[:3], most=2)
        return lines


class Corrections:
    """Files of corrections, and what they do to a corpus."""

    name = "corrections"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "fuzzed.csv"
        rows = [("c1", "card", "loan", "0.9"), ("#2", "loan", "", "0.8"), ("c3", "=card", "'loan", "0.7")]
        header = ("id", "given", "suggested", "confidence")
        written = "".join(csv_line(cells, end="\n") for cells in (header, *rows))
        plain = "".join(",".join(cells) + "\r\n" for cells in (header, *rows))
        self.samples = [
            written.encode(),
            plain.encode(),
            ("\ufeff" + plain).encode(),
            b"id,given,suggested\nc1,card,loan\n",
        ]
        bits = [
            '"',
            ",",
            "\n",
            "\r",
            "'",
            "=",
            "\0",
            "id",
            "given",
            "suggested",
            "c1",
            "#2",
            "card",
            '""',
            ";",
            "\ufeff",
        ]
        self.pieces = [*(bit.encode() for bit in bits), b"\xff", b"\xed\xa0\x80", b"\x1f\x8b"]
        documents = [
            triage.Document(row=row, text=f"{CANARY} {row}", label=label, id=name)
            for row, (name, label) in enumerate(
                [("c1", "card"), ("", "loan"), ("c3", "=card"), ("c4", "loan")], start=1
            )
        ]
        self.dataset = triage.Dataset(name="tiny", documents=documents)

    def run(self, program: Program) -> str:
        """Read a changed file and apply it: only labels change, and as many as it says."""
        data = change_bytes(program, program.pick(self.samples), pieces=self.pieces, samples=self.samples)
        self.path.write_bytes(data)
        found = read_corrections(str(self.path))
        assert all(type(each) is Correction and each.suggested.strip() for each in found)
        changed, count = correct(self.dataset, str(self.path))
        differing = sum(a != b for a, b in zip(changed.labels, self.dataset.labels, strict=True))
        assert differing == count <= len(found)
        assert changed.texts == self.dataset.texts
        return "applied" if count else "nothing to apply"


class Costs:
    """Cost matrices."""

    name = "costs"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "fuzzed.csv"
        self.plugins = triage.Plugins.discover()
        self.samples = [
            b"label,North,South\ncard,0,3\nloan,2,0\nmortgage,4,1\n",
            b'"label","a","b"\r\n"card","1e3","0.5"\r\n"loan","-1","2"\r\n"mortgage","0","0"\r\n',
        ]
        bits = [
            '"',
            ",",
            "\n",
            "\r",
            "nan",
            "inf",
            "1e999",
            "-0",
            "x",
            "",
            " ",
            "card",
            "label",
            "1_0",
            "\u0663",
            "\ufeff",
            "\0",
        ]
        self.pieces = [*(bit.encode() for bit in bits), b"\xff", b"\x1f\x8b"]

    def run(self, program: Program) -> str:
        """Read a changed matrix: finite costs of every class, or an error."""
        data = change_bytes(program, program.pick(self.samples), pieces=self.pieces, samples=self.samples)
        self.path.write_bytes(data)
        policy = self.plugins.build(self.plugins.policy("costs"), {"matrix": str(self.path)})
        assert np.isfinite(policy.table(CLASSES)).all()
        return "built"


class Runs:
    """Finished runs, as `triage compare` and `triage report` read them."""

    name = "runs"

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "run"
        codes = np.array([0, 1, 1])
        write_run(
            self.folder,
            triage.Evaluation(
                run=triage.Run("tiny", "majority", {}, 42, 9),
                metrics={
                    "corpus": "tiny", "backend": "majority", "options": {}, "seed": 42, "accuracy": 1 / 3,
                    "confusion": {"labels": ["card", "loan"], "matrix": [[1, 0], [2, 0]]},
                    "seconds": {}, "documents_per_second": {}, "peak_memory_mb": 1.0,
                },
                labels=("card", "loan"), confusion=np.array([[1, 0], [2, 0]]), codes=codes,
                probabilities=np.array([[0.9, 0.1]] * 3), rows=np.arange(3), groups=np.arange(3),
                decisions=[
                    triage.Decision(row, "", "route", "a", "card", 0.9, 0.7, ("confident",), (("loan", 0.1),))
                    for row in range(1, 4)
                ],
            ),
        )  # fmt: skip
        names = ("metrics.json", "costs.json", "history.json", "predictions.npz", "decisions.jsonl")
        self.files = {name: (self.folder / name).read_bytes() for name in names}
        self.trees = [json.loads(self.files[name]) for name in names[:3]]
        self.trees += [json.loads(line) for line in self.files["decisions.jsonl"].splitlines()]

    def run(self, program: Program) -> str:
        """Read a run one file of which was changed: its parts fit each other, or it is damaged."""
        name = program.pick(list(self.files))
        samples = list(self.files.values())
        if name.endswith("npz") or program.byte() % 2:
            pieces = [
                b"\0",
                b"PK\x03\x04",
                b"\xff\xff\xff\x7f",
                b"{",
                b"[",
                b'"',
                b"NaN",
                b"descr",
                b"(3,)",
                b"(9999999,)",
            ]
            data = change_bytes(program, self.files[name], pieces=pieces, samples=samples)
        else:
            lines = [json.loads(line) for line in self.files[name].splitlines()] if name.endswith("l") else []
            tree = lines[0] if lines else json.loads(self.files[name])
            changed = dumped(change_tree(program, tree, others=self.trees))
            data = b"\n".join([changed, *map(dumped, lines[1:])])
        path = self.folder / name
        path.write_bytes(data)
        try:
            found = read_run(self.folder)
        finally:
            path.write_bytes(self.files[name])
        n, k = len(found.codes), len(found.labels)
        assert found.confusion.shape == (k, k)
        assert len(found.probabilities) == len(found.rows) == n
        assert len(found.decisions) in (0, n)
        return "read"

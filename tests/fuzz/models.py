"""Model bundles under fire: as bytes on disk, and forged by somebody who knows the format."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

import triage
from triage.config import Experiment
from triage.models import bundle
from triage.models.bundle.content import from_files, to_files
from triage.models.bundle.manifest import manifest_of
from triage.models.model import load_model, save_model

from .harness import CANARY
from .mutation import Program, change_bytes, change_tree, dumped

WEIGHTS = "weights.safetensors"
MANIFEST = "MANIFEST.json"


class Forger:
    """A bundle on disk, and ways to change it.

    Args:
        folder: where it lies.
        name: of its directory.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = {path.name: path.read_bytes() for path in folder.iterdir()}
        self.trees = {
            name: json.loads(data)
            for name, data in self.files.items()
            if name.endswith(".json") and name != MANIFEST
        }
        length = int.from_bytes(self.files[WEIGHTS][:8], "little")
        self.header = json.loads(self.files[WEIGHTS][8 : 8 + length])
        self.tensors = self.files[WEIGHTS][8 + length :]
        self.written: set[str] = set()

    def forge(self, program: Program) -> str:
        """Change some files of the bundle; return "sound" where the manifest was made to fit, else "damaged"."""
        files = {name: data for name, data in self.files.items() if name != MANIFEST}
        for _ in range(1 + program.byte() % 2):
            name = program.pick(sorted(files) or ["model.json"])
            changed = self._changed(program, name, files.get(name, b""))
            if changed is None:
                files.pop(name, None)
            else:
                files[name] = changed
        how = program.byte()
        manifest = self.files[MANIFEST]
        if how < 216:
            manifest = _manifest(files)
        elif how < 240:
            manifest = dumped(change_tree(program, json.loads(_manifest(files)), others=[]))
        elif how < 250:
            manifest = change_bytes(program, _manifest(files), pieces=[b"0", b'"', b"{"], samples=[manifest])
        self.put({**files, MANIFEST: manifest})
        return "sound" if manifest == _manifest(files) else "damaged"

    def put(self, files: Mapping[str, bytes]) -> None:
        """Make the directory hold these files; only what differs is written."""
        for name in self.written | set(files) | set(self.files):
            path = self.folder / name
            if name not in files:
                path.unlink(missing_ok=True)
                self.written.add(name)
            elif name in self.written or files[name] != self.files.get(name):
                path.write_bytes(files[name])
                self.written.add(name)
        self.written = {name for name in self.written if files.get(name) != self.files.get(name)}

    def _changed(self, program: Program, name: str, data: bytes) -> bytes | None:
        how = program.byte()
        if how > 250:
            return None
        if name == WEIGHTS and how < 160:
            header = dumped(change_tree(program, self.header, others=[self.header]))
            header += b" " * (-len(header) % 8)
            length = len(header) + (program.byte() - 128 if program.byte() > 240 else 0)
            return max(length, 0).to_bytes(8, "little") + header + self.tensors
        if name in self.trees and how < 200:
            return dumped(change_tree(program, self.trees[name], others=list(self.trees.values())))
        pieces = [
            b"\0",
            b"\xff" * 4,
            b"{",
            b'"',
            b"[",
            b"NaN",
            b"\xed\xa0\x80",
            b"$array",
            (1 << 40).to_bytes(8, "little"),
        ]
        return change_bytes(program, data, pieces=pieces, samples=list(self.files.values()))


def _manifest(files: Mapping[str, bytes]) -> bytes:
    entries = {
        name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()
    }
    return json.dumps({"files": dict(sorted(entries.items())), "schema": 1}, indent=1).encode() + b"\n"


def sample() -> bundle.Bundle:
    """A bundle with something of every kind in it."""
    random = np.random.default_rng(0)
    return bundle.Bundle(
        model={"backend": "tfidf", "classes": ["card", "loan", "other"], "options": {"c": 0.1}, "seed": 1},
        state={
            "coef_": random.normal(size=(3, 4)),
            "idf_": random.random(4).astype(np.float32),
            "vocabulary_": ["word", "\u2028", "\ud800", ""],
            "trees_": [
                {"left": np.arange(5, dtype=np.int32), "depth": 3},
                {"left": np.arange(2), "depth": 1},
            ],
            "flags_": np.array([True, False]),
            "network.onnx": random.bytes(60),
            "offset_": 0.5,
        },
        calibration={"method": "temperature", "temperature": 1.25},
        golden=bundle.Golden(("a made-up text", ""), random.dirichlet(np.ones(3), size=2)),
        extra={"certificate": {"max-error": 0.05}},
    )


class Bundles:
    """`triage.models.bundle.read`: whole bundles, one or two files of which were changed."""

    name = "bundle"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "model"
        bundle.write(self.path, sample())
        self.forger = Forger(self.path)

    def run(self, program: Program) -> str:
        """Read a forged bundle: what is read can be written again and is the same."""
        how = self.forger.forge(program)
        found = bundle.read(self.path)
        assert how == "sound", "a damaged bundle was read"
        files = to_files(found)
        assert manifest_of(files)
        again = from_files({name: bytearray(data) for name, data in files.items()}, sha256="")
        assert to_files(again) == files, "written again, it is another bundle"
        return "read"


class Models:
    """`triage.models.model.load_model`: a trained model, forged; where it loads, it answers with probabilities."""

    name = "model"

    def __init__(self, folder: Path) -> None:
        from triage.evaluation.evaluate import with_held_out
        from triage.models.training import fit, prepare

        self.path = folder / "trained"
        self.plugins = triage.Plugins.discover()
        words = {"card": "card charge limit plastic", "loan": "loan rate term lender"}
        documents = [
            triage.Document(
                row=row, text=f"{words[label]} word{row % 7} word{row % 11} {CANARY}", label=label
            )
            for row, label in enumerate(["card", "loan"] * 60, start=1)
        ]
        experiment = Experiment(min_per_class=2, cleaners=(("lower", {}),), split="naive")
        prepared = prepare(triage.Dataset(name="tiny", documents=documents), experiment, self.plugins)
        fitted = fit(prepared, experiment, self.plugins)
        save_model(str(self.path), with_held_out(fitted.model, prepared))
        self.forger = Forger(self.path)

    def run(self, program: Program) -> str:
        """Load a forged model and ask it."""
        self.forger.forge(program)
        model = load_model(str(self.path), self.plugins)
        answers = model.predict_proba(["card charge", ""])
        assert answers.shape == (2, len(model.classes))
        assert (np.isfinite(answers) | np.isnan(answers)).all()
        finite = answers[np.isfinite(answers).all(axis=1)]
        assert ((finite >= -1e-9) & (finite <= 1 + 1e-4)).all()
        return "loaded"


class Networks:
    """The network of a recurrent model: nothing but what we write reaches ONNX Runtime, and nothing ends it.

    It takes TensorFlow to make one, so only the long mode has it.
    """

    name = "network"

    def __init__(self, folder: Path) -> None:
        import onnx

        sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "plugins"))
        from small_sequences import SIZE, TRAIN, build, fitted

        self.onnx, self.build, self.size, self.asked = onnx, build, SIZE, list(TRAIN.inputs[:3])
        self.samples = [
            fitted(name, epochs=1).get_state()["network.onnx"] for name in ("gru", "lstm", "simplernn")
        ]
        self.models = [onnx.load_from_string(sample) for sample in self.samples]
        self.operators = sorted({node.op_type for model in self.models for node in model.graph.node})
        self.names = sorted(
            {name for model in self.models for node in model.graph.node for name in node.input}
        )

    def run(self, program: Program) -> str:
        """Load a changed network, and ask it where it loads."""
        if program.byte() % 4 == 0:
            pieces = [b"\0", b"\xff\xff\xff\xff\x0f", b"\x12", b"Loop", b"If", b"tokens"]
            data = change_bytes(program, program.pick(self.samples), pieces=pieces, samples=self.samples)
        else:
            data = self.changed(program)
        classifier = self.build("gru")
        classifier.set_state({"vocabulary_size": self.size, "classes": 3, "network.onnx": data})
        try:
            answers = classifier.predict_proba(self.asked)
        except triage.TriageError:
            raise
        except Exception as error:  # noqa: BLE001 - ONNX Runtime has its own
            # `load_model` asks for the golden answers, and refuses a model that fails at that.
            return f"fails when asked ({type(error).__name__})"
        assert answers.shape == (3, 3)
        return "answers"

    def changed(self, program: Program) -> bytes:
        """A network some parts of which were exchanged by somebody who knows the format."""
        model = self.onnx.ModelProto()
        model.CopyFrom(program.pick(self.models))
        graph = model.graph
        for _ in range(1 + program.byte() % 3):
            node = graph.node[program.below(len(graph.node))]
            tensor = graph.initializer[program.below(len(graph.initializer))]
            match program.byte() % 9:
                case 0:
                    node.op_type = program.pick(self.operators)
                case 1 if node.input:
                    node.input[program.below(len(node.input))] = program.pick(self.names)
                case 2:
                    graph.node.remove(node)
                case 3 if tensor.dims:
                    tensor.dims[program.below(len(tensor.dims))] = program.pick((0, 1, -1, 2**31, 2**62, 7))
                case 4:
                    tensor.raw_data = tensor.raw_data[: program.below(len(tensor.raw_data) + 1)]
                case 5 if node.attribute:
                    node.attribute[0].i = program.pick((0, -1, 2**31, 2**62, 100))
                case 6:
                    tensor.data_type = 1 + program.byte() % 16
                case 7:
                    graph.node.add().CopyFrom(node)
                case _:
                    graph.initializer.remove(tensor)
        return model.SerializeToString()

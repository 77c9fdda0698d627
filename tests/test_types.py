"""The types that plugin authors lean on: what mypy itself says about right and wrong plugins."""

import importlib.resources
import subprocess
import sys

import pytest

GOOD = """
from collections.abc import Iterator, Sequence
import numpy as np
from numpy.typing import NDArray
import triage
import triage_forecast
from triage.host.protocols import Watch


class Fine:
    def fit(self, train: triage.Part, tune: triage.Part, *, seed: int, watch: Watch) -> None:
        self.k_ = train.k

    def predict_proba(self, texts: Sequence[str], /) -> NDArray[np.float64]:
        return np.full((len(texts), self.k_), 1 / self.k_)


def build(*, size: int = 3) -> Fine:
    return Fine()


@triage.hookimpl
def triage_backends() -> Iterator[triage.Backend]:
    yield triage.Backend(name="fine", summary="Fine", build=build)
"""
WRONG = {
    "a build that returns no classifier": ("def wrong() -> str: return 'x'\n", 'triage.Backend(name="a", summary="b", build=wrong)'),
    "a classifier without predict_proba": ("class Half:\n    def fit(self, train: triage.Part, tune: triage.Part, *, seed: int, watch: Watch) -> None: ...\n", 'triage.Backend(name="a", summary="b", build=Half)'),
    "a fit without a seed": ("class Old(Fine):\n    def fit(self, train: triage.Part, tune: triage.Part) -> None: ...  # type: ignore[override]\n", 'triage.Backend(name="a", summary="b", build=Old)'),
    "a cleaner that returns bytes": ("def wrong() -> Callable[[str], bytes]: return str.encode\n", 'triage.Cleaner(name="a", summary="b", build=wrong)'),
    "a policy that gives words": ("class Words:\n    def decide(self, prediction: triage.Prediction) -> list[str]: return []\n", 'triage.Policy(name="a", summary="b", build=Words)'),
    "a corpus without a name": ("class Rows:\n    def __iter__(self) -> Iterator[triage.Document]: yield triage.Document(row=1, text='')\n", 'triage.Corpus(name="a", summary="b", build=Rows)'),
    "a report without a console": ("class Plain:\n    def render(self, evaluations: Sequence[triage.Evaluation]) -> str: return ''\n", 'triage.Report(name="a", summary="b", build=Plain)'),
    "a forecaster that only fits": ("class Fits:\n    def fit(self, history: triage_forecast.History, *, horizon: int, seed: int, watch: Watch) -> None: ...\n", 'triage_forecast.Forecaster(name="a", summary="b", build=Fits)'),
    "a backend that consumes images": ("", 'triage.Backend(name="a", summary="b", build=Fine, consumes="images")'),
    "an action that is none": ("", 'triage.Verdict(action="drop", reasons=("confident",))'),
}  # fmt: skip


def test_types_are_shipped():
    assert (importlib.resources.files("triage") / "py.typed").is_file()


def test_mypy_takes_a_right_plugin_and_rejects_each_wrong_one(tmp_path):
    pytest.importorskip("mypy")
    (tmp_path / "fine.py").write_text(GOOD, encoding="utf-8")
    for number, (setup, use) in enumerate(WRONG.values()):
        source = f"from collections.abc import Callable\n{GOOD}\n{setup}\nWRONG = {use}\n"
        (tmp_path / f"wrong_{number}.py").write_text(source, encoding="utf-8")
    config = tmp_path / "mypy.ini"
    config.write_text("[mypy]\nstrict = True\nimplicit_reexport = True\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(config), "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    mine = [line for line in done.stdout.splitlines() if line.startswith(("fine.py", "wrong_"))]
    errors = {line.split(":")[0]: line for line in mine if ": error:" in line}
    assert "fine.py" not in errors, errors["fine.py"]
    for number, name in enumerate(WRONG):
        assert f"wrong_{number}.py" in errors, f"mypy lets pass {name}"
        assert "[arg-type]" in errors[f"wrong_{number}.py"], errors[f"wrong_{number}.py"]

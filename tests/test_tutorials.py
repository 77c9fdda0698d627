"""The page on what the tutorials teach: every line of it runs, and ends as it says."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "plugins" / "triage_recurrent" / "README.md"
SUBJECTS = ["out of the vocabulary", "padding and masking", "three cells", "stacking", "both ways", "spatialdropout1d", "early stopping",
            "checkpoints", "plateau", "plots of the history", "exploding and vanishing", "six signs", "stateful prediction", "forecasting by windows",
            "attention", "export for serving"]  # fmt: skip
WRAPPER = """#!{python}
import os, sys
words = [{small!r} if word == "complaints" else word for word in sys.argv[1:]]
if words[0] in ("train", "evaluate") and "epochs" not in " ".join(words):
    words += ["--set", "epochs=2"]
os.execv({python!r}, [{python!r}, "-m", "triage", *words])
"""

pytestmark = pytest.mark.skipif(not PAGE.is_file(), reason="the page lies beside the sources")


def blocks():
    return re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_what_the_tutorials_teach_is_on_the_page(subject):
    assert subject in " ".join(PAGE.read_text(encoding="utf-8").lower().split())


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A few hundred embedded complaints of 200 days, so that every line takes seconds."""
    from triage import Plugins
    from triage.data.sources import load

    documents = [each for each in load(Plugins.discover(), "complaints").documents if each.label][:600]
    path = tmp_path_factory.mktemp("small") / "small.csv"
    rows = [f'"{each.text.replace(chr(34), "")}",{each.label},{each.date}' for each in documents]
    path.write_text("text,label,date\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="the lines are for a shell")
def test_every_line_of_the_page_runs(small, tmp_path):
    pytest.importorskip("tensorflow")
    tools, work = tmp_path / "bin", tmp_path / "work"
    tools.mkdir()
    work.mkdir()
    wrapper = tools / "triage"
    wrapper.write_text(WRAPPER.format(python=sys.executable, small=str(small)), encoding="utf-8")
    wrapper.chmod(0o755)
    # Bash ends at the first line that fails, and says which it was.
    script = "set -e\ntrap 'echo \"this line failed: $BASH_COMMAND\" >&2' ERR\n" + "".join(blocks())
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=work,
        env={**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    left = {path.name for path in work.iterdir()}
    assert {"model", "runs", "onnx", "history.html"} <= left
    assert "exploding gradients" in done.stderr

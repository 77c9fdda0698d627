"""The example that a newcomer reads first runs as it is."""

import pathlib
import subprocess
import sys

EXAMPLE = pathlib.Path(__file__).resolve().parents[1] / "examples" / "newcomer.py"


def test_the_newcomers_script_has_ten_lines_and_runs(tmp_path):
    assert len(EXAMPLE.read_text(encoding="utf-8").splitlines()) == 10
    done = subprocess.run([sys.executable, EXAMPLE], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    first, header, *rows = done.stdout.splitlines()
    assert first.startswith("accuracy 0.")
    assert header.split() == ["label", "action", "queue", "confidence"]
    assert len(rows) == 20
    assert (tmp_path / "model" / "MANIFEST.json").is_file()

"""What holds for every command: one value for an option, no output that is an input."""

import pathlib

import click
import pytest
from click.testing import CliRunner

from triage.cli import cli
from triage.cli.conventions import hold
from triage.errors import UsageError

RUNNER = CliRunner()


def refused(*words):
    done = RUNNER.invoke(cli, [str(word) for word in words], standalone_mode=False)
    assert isinstance(done.exception, UsageError), done.exception
    return str(done.exception)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("past.csv", "costs.csv", "fixes.csv", "days.csv", "mine.py", "model/MANIFEST.json"):
        pathlib.Path(name).parent.mkdir(exist_ok=True)
        pathlib.Path(name).write_text("kept", encoding="utf-8")
    pathlib.Path("triage.toml").write_text(
        '[corpus]\nlocation = "past.csv"\ncorrections = "fixes.csv"\n'
        '[[policy]]\nname = "costs"\nmatrix = "costs.csv"\n',
        encoding="utf-8",
    )
    yield tmp_path
    assert all(path.read_text(encoding="utf-8") == "kept" for path in tmp_path.glob("*.csv"))


@pytest.mark.parametrize(
    "words",
    [
        "corpora check past.csv --out past.csv",
        "corpora check past.csv --labels -o ./past.csv",
        "route model past.csv --format csv --out past.csv",
        "route model new.csv --format csv --out model/golden.json",
        "route model new.csv --policy costs --set matrix=costs.csv --out costs.csv",
        "forecast past.csv --svg past.csv",
        "forecast past.csv --holidays days.csv --svg days.csv",
        "train past.csv --model past.csv",
        "train --config triage.toml --model costs.csv",
        "train --config triage.toml --model triage.toml",
        "train past.csv --corrections fixes.csv --model fixes.csv",
        "evaluate past.csv --runs past.csv",
        "evaluate past.csv --test new.csv --runs model/../past.csv",
        "evaluate --config triage.toml --runs fixes.csv",
        "export model --format onnx --out model",
        "export model --format onnx --out model/onnx",
    ],
)
def test_an_output_that_the_command_reads_is_refused_before_anything_is_written(place, words):
    assert "which is read" in refused(*words.split())


@pytest.mark.parametrize(
    "words",
    [
        "train past.csv --model a --model b",
        "train past.csv --seed 1 --model a --seed=2",
        "route model past.csv -f csv --format jsonl",
        "corpora describe past.csv --day-first --month-first",
        "evaluate past.csv --backend tfidf -b majority",
    ],
)
def test_an_option_that_takes_one_value_is_refused_twice(place, words):
    assert "must be given once, got 2 times" in refused(*words.split())


def test_what_may_be_repeated_may_be_repeated():
    @click.command()
    @click.option("--set", "settings", multiple=True)
    @click.option("--quiet", "-q", is_flag=True)
    def command(*, settings, quiet):
        click.echo(" ".join(settings))

    done = RUNNER.invoke(hold(command), ["--set", "a", "-q", "--set", "b", "-q"])
    assert done.output == "a b\n"


def test_what_stands_on_stdin_is_read_too(place):
    import subprocess
    import sys

    words = [sys.executable, "-m", "triage", "route", "model", "-", "--format", "csv", "--out", "past.csv"]
    with pathlib.Path("past.csv").open("rb") as stdin:
        done = subprocess.run(words, stdin=stdin, capture_output=True, text=True)
    assert (done.returncode, "which is read" in done.stderr) == (2, True), done.stderr


@pytest.mark.parametrize("words", [("--plugin", "{}", "plugins"), ("plugins", "--plugin", "{}")])
def test_a_file_is_a_plugin_for_one_call_wherever_the_option_is(words, tmp_path, capsys):
    path = tmp_path / f"silent_{words.index('--plugin')}.py"  # a module of this name is loaded once
    path.write_text(
        "import triage\n@triage.hookimpl\ndef triage_policies():\n"
        "    yield triage.Policy(name='my-silent', summary='Says nothing', build=lambda: None)\n"
    )
    cli.main([word.format(path) for word in words], standalone_mode=False)
    assert "my-silent" in capsys.readouterr().out
    cli.main(["plugins"], standalone_mode=False)
    assert "my-silent" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        "forecast past.csv --per-person-per-day nan",
        "forecast past.csv --per-person-per-day inf",
        "route model past.csv --limit 9223372036854775808",
        "train past.csv --model m --time-limit inf",
        "evaluate past.csv --time-limit nan",
        "route model past.csv --max-review-share nan",
        "evaluate past.csv --seeds 99999999999999999999",
    ],
)
def test_a_number_that_nothing_counts_to_is_refused(place, words):
    done = RUNNER.invoke(cli, words.split(), standalone_mode=False)
    assert isinstance(done.exception, UsageError | click.UsageError), done.exception


@pytest.mark.parametrize("words", ["plugins", "corpora describe complaints", "corpora --json", "--help"])
def test_a_reader_that_closes_the_pipe_is_no_error(words):
    import subprocess
    import sys

    command = [sys.executable, "-m", "triage", *words.split()]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    started.stdout.close()
    said = started.stderr.read()
    started.stderr.close()
    assert started.wait() == 0, said
    assert b"triage:" not in said

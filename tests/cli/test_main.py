"""The process around the command line: streams that are closed or full, and arguments in any locale."""

import os
import pathlib
import subprocess
import sys

import pytest

MODEL = str(pathlib.Path(__file__).parents[2] / "plugins" / "triage_selftest" / "models" / "schema-1")
ROUTE = ("route", MODEL, "--text", "my card was declined", "--quiet")


def triage(*words, shell="", **environment):
    """Run the command line as a shell would, with redirections."""
    command = f'exec "$0" -P -m triage "$@" {shell}'
    return subprocess.run(
        ["sh", "-c", command, sys.executable, *words],
        capture_output=True,
        env={**os.environ, **environment},
        check=False,
    )


def test_without_stdout_what_has_data_to_write_says_so():
    done = triage(*ROUTE, shell=">&-")
    assert done.returncode == 73
    assert b"stdout is closed" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_without_stdin_and_stderr_the_data_is_written_all_the_same():
    wanted = triage(*ROUTE).stdout
    assert wanted.startswith(b'{"row": 1')
    assert triage(*ROUTE, shell="<&- 2>&-").stdout == wanted


def test_an_error_without_stderr_still_has_its_exit_code():
    assert triage("route", "nowhere", "--text", "x", shell="2>&-").returncode == 66


full = pytest.mark.skipif(
    not pathlib.Path("/dev/full").exists(), reason="this system has no device that is full"
)


@full
@pytest.mark.parametrize(
    "words", [ROUTE, ("plugins",), ("--help",), ("corpora",)], ids=lambda words: words[0]
)
def test_a_full_disk_behind_stdout_is_said_in_one_line(words):
    done = triage(*words, shell="> /dev/full")
    assert done.returncode == 73
    assert done.stderr.startswith(b"triage: cannot write the output: ")
    assert done.stderr.count(b"\n") == 1


@full
def test_a_full_disk_behind_stderr_costs_neither_the_data_nor_the_exit_code():
    words = (*ROUTE[:-1],)
    assert triage(*words, shell="2> /dev/full").stdout == triage(*words).stdout
    assert triage(*words, shell="2> /dev/full").returncode == 0
    assert triage("route", "nowhere", "--text", "x", shell="2> /dev/full").returncode == 66


def test_a_reader_that_has_seen_enough_is_no_error():
    done = triage("plugins", "--json", shell="| head -c 1")
    assert done.stdout == b"["
    assert done.stderr == b""


def test_an_argument_means_the_same_in_a_locale_of_ascii():
    words = ("route", MODEL, "--quiet", "--text", "my c\u00e4rd \u2026 was d\u00e9clined caf\u00e9")
    assert triage(*words, LC_ALL="C", PYTHONUTF8="0").stdout == triage(*words, PYTHONUTF8="1").stdout

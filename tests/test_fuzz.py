"""A short run of every fuzzer, and proof that each law is noticed when it is broken."""

from __future__ import annotations

import time

import pytest
from fuzz import harness
from fuzz.__main__ import main
from fuzz.harness import CANARY, EACH, Hang, check_message, fuzz, run, timed
from fuzz.mutation import Program, change_bytes, change_tree
from fuzz.readers import Csv, check_rows
from fuzz.targets import TARGETS

import triage
import triage_readers

# `python -m tests.fuzz --executions 100000` is the long mode.
EXECUTIONS = {"model": 160, "decisions": 240, "bundle": 240}


@pytest.mark.parametrize("name", sorted(set(TARGETS) - {"network"}))  # it takes TensorFlow to make one
def test_whatever_is_done_to_its_input_each_reader_gives_a_right_result_or_an_error(tmp_path, name):
    wanted = EXECUTIONS.get(name, 400)
    tally = fuzz(TARGETS[name](tmp_path), wanted, start=len(name))
    assert tally.executions >= wanted
    # Deep: a good part is read and not refused at the first byte.
    errors = sum(count for outcome, count in tally.outcomes.items() if outcome[0].isupper())
    assert 0.05 < errors / tally.executions < 0.95


def test_a_program_of_zeros_changes_nothing_and_one_program_always_does_the_same():
    assert change_bytes(Program(bytes(40)), b"a,b\n", pieces=[b"x"], samples=[b"y"]) == b"a,b\n"
    assert change_tree(Program(b""), {"a": [1]}, others=[]) == {"a": [1]}
    data = bytes(range(3, 43))
    twice = [change_bytes(Program(data), b"a,b\n" * 9, pieces=[b"x"], samples=[b"y"]) for _ in range(2)]
    assert twice[0] == twice[1] != b"a,b\n" * 9


def test_a_change_leaves_the_original_alone():
    tree = {"a": [1, {"b": "c"}]}
    for first in range(256):
        change_tree(Program(bytes([first]) * 40), tree, others=[tree])
    assert tree == {"a": [1, {"b": "c"}]}


# --- saboteurs: what breaks the law of the readers is found within a short run


@pytest.fixture
def csv(tmp_path):
    return Csv(tmp_path)


def sabotaged(monkeypatch, change):
    """Let the reader of CSV do something else with the rows that it gives."""
    real = triage_readers.triage_open_corpus

    def open_corpus(path, options):
        source = real(path, options)
        rows = type(source)._rows
        monkeypatch.setattr(source, "_rows", lambda: change(rows(source)))
        return source

    monkeypatch.setattr(triage_readers, "triage_open_corpus", open_corpus)


def dropped(rows):
    return (row for row in rows if row.row != 2)


def dropped_and_renumbered(rows):
    kept = [row for row in rows if not isinstance(row, triage.Quarantined)]
    return (
        triage.Document(number, row.text, row.label, row.id, row.date)
        for number, row in enumerate(kept, start=1)
    )


def dropped_at_the_end(rows):
    return iter(list(rows)[:-1])


def quoting(rows):
    return (
        triage.Quarantined(row.row, 0, row.text)
        if isinstance(row, triage.Document) and CANARY in row.text
        else row
        for row in rows
    )


def failing(rows):
    for row in rows:
        if isinstance(row, triage.Quarantined):
            raise KeyError(row.row)
        yield row


@pytest.mark.parametrize("change", [dropped, dropped_and_renumbered, dropped_at_the_end, quoting, failing])
def test_a_reader_that_breaks_the_law_is_found(csv, monkeypatch, change):
    sabotaged(monkeypatch, change)
    with pytest.raises((AssertionError, KeyError)):
        fuzz(csv, 400)


def test_an_execution_that_does_not_end_is_ended(csv, monkeypatch):
    def endless(rows):
        began = time.process_time()
        while time.process_time() - began < 30:
            pass
        return rows

    sabotaged(monkeypatch, endless)
    monkeypatch.setattr(harness, "SECONDS", 0.05)
    with timed(), pytest.raises(Hang):
        list(run(csv, bytes(EACH)))


def test_a_message_that_quotes_a_text_is_found():
    with pytest.raises(AssertionError, match="quotes a text"):
        check_message(triage.DataError(f"cannot read {CANARY}"))
    with pytest.raises(AssertionError, match="says nothing"):
        check_message(triage.DataError(""))
    check_message(triage.DataError(f"the columns are {CANARY}"))


def test_rows_out_of_order_are_found():
    with pytest.raises(AssertionError, match="comes as number 1"):
        check_rows([triage.Document(2, "a")], told=True)
    with pytest.raises(AssertionError, match="lines go back"):
        check_rows([triage.Quarantined(1, 9, "short"), triage.Quarantined(2, 3, "short")], told=True)


def test_the_command_runs_a_target_in_a_process_of_its_own_and_says_what_came_of_it(capsys):
    assert main(["costs", "--executions", "80"]) == 0
    out = capsys.readouterr().out
    assert "costs" in out
    assert "nothing was found" in out
    assert main(["--replay", "costs", "00" * harness.SIZE]) == 0
    with pytest.raises(SystemExit):
        main(["nothing"])


def test_an_error_that_holds_a_name_of_megabytes_is_cut_where_it_is_shown(capsys):
    from triage.__main__ import _say

    assert _say("x" * 5_000_000, 65) == 65
    assert len(capsys.readouterr().err) < 5000

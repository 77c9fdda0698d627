"""The laws of an engine: what `triage.Engine` and `triage.host.protocols.Workers` promise, one by one."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from typing import Any

from triage.errors import DataError
from triage.host.protocols import Workers
from triage.records import TaskResult
from triage.testing.laws import hold
from triage.testing.subjects import COMMON, Subject, once

__all__ = ["LAWS", "SUBJECT", "Running"]

_HERE = __name__
TASKS = 12


def double(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return twice the number: a task for the laws."""
    return {"twice": 2 * payload["number"], "process": os.getpid()}


def fail(payload: Mapping[str, Any]) -> None:
    """Raise an error whose message may be shown, or one that quotes a text."""
    if payload["expected"]:
        raise DataError("line 3 cannot be read")
    raise ValueError("my card number is 1234")


def die(payload: Mapping[str, Any]) -> None:
    """End the process as a crash in compiled code would."""
    del payload
    os.kill(os.getpid(), signal.SIGKILL)


class Running(Subject):
    """An engine under test."""

    @once
    def workers(self) -> Workers:
        """The workers, as built; not started."""
        workers: Workers = self.make()
        return workers

    @once
    def results(self) -> list[TaskResult]:
        """The results of `TASKS` tasks, in the order in which they came."""
        return self.run([(number, "double", {"number": number}) for number in range(TASKS)])

    def run(self, tasks: list[tuple[int, str, dict[str, Any]]]) -> list[TaskResult]:
        """Run tasks on workers of their own and return the results as they come."""
        found = []
        with self.make() as workers:
            waiting, running = list(tasks), 0
            while waiting or running:
                while waiting and running < workers.slots:
                    number, name, payload = waiting.pop(0)
                    workers.submit(number, f"{_HERE}:{name}", payload)
                    running += 1
                found.append(workers.next())
                running -= 1
        return found


def it_builds_workers(it: Running) -> None:
    """`build` returns something with `slots`, `submit` and `next` that can be entered."""
    hold(isinstance(it.workers, Workers), f"build returned {type(it.workers).__name__}")


def it_has_at_least_one_slot(it: Running) -> None:
    """Once started, `slots` says how many tasks run at once: a number of at least 1."""
    with it.make() as workers:
        hold(isinstance(workers.slots, int) and workers.slots >= 1, f"slots is {workers.slots!r}")


def every_task_is_returned_once(it: Running) -> None:
    """Every task that was submitted comes back exactly once, under its number, in any order."""
    numbers = sorted(result.number for result in it.results)
    hold(numbers == list(range(TASKS)), f"the numbers that came back are {numbers}")


def a_result_is_what_the_function_returned(it: Running) -> None:
    """The value of a task is what its function returned for its payload."""
    wrong = [
        result.number
        for result in it.results
        if not result.error and (result.value or {}).get("twice") != 2 * result.number
    ]
    hold(not wrong, f"task {wrong[0]} has another value" if wrong else "")


def an_error_is_reported_and_ends_no_worker(it: Running) -> None:
    """An error of triage comes back with its message and exit code, and the next task runs."""
    failed, fine = it.run([(1, "fail", {"expected": True}), (2, "double", {"number": 2})])
    if failed.number == 2:
        failed, fine = fine, failed
    hold(not failed.died, "the worker is reported as dead")
    hold(failed.error == "line 3 cannot be read", f"the error is {failed.error!r}")
    hold(failed.exit_code == DataError.exit_code, f"the exit code is {failed.exit_code}")
    hold((fine.value or {}).get("twice") == 4, "the next task has no value")


def no_message_of_another_error_is_passed_on(it: Running) -> None:
    """The message of an unexpected error may quote a document: only its type is passed on."""
    (failed,) = it.run([(1, "fail", {"expected": False})])
    hold(failed.error and failed.value is None, "it is not reported as an error")
    hold("1234" not in failed.error, "its message is passed on")


def a_worker_that_dies_is_reported_and_replaced(it: Running) -> None:
    """A task whose worker ended comes back with `died`, and the tasks after it run."""
    results = it.run([(0, "die", {}), *((n, "double", {"number": n}) for n in range(1, 5))])
    dead = [result.number for result in results if result.died]
    hold(dead == [0], f"reported as died: {dead or 'none'}")
    values = sorted(result.value["twice"] for result in results if result.value)
    hold(values == [2, 4, 6, 8], f"the other tasks returned {values}")


LAWS = (
    *COMMON,
    it_builds_workers,
    it_has_at_least_one_slot,
    every_task_is_returned_once,
    a_result_is_what_the_function_returned,
    an_error_is_reported_and_ends_no_worker,
    no_message_of_another_error_is_passed_on,
    a_worker_that_dies_is_reported_and_replaced,
)

SUBJECT = Running
"""What the laws are about."""

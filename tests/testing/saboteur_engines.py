"""One good engine, and for every law one that breaks this law and no other, under the law's name."""

import importlib
import json
import wave  # required by one saboteur below, which must not be imported here
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from multiprocessing import get_context

import triage
from triage.testing.engines import TASKS

assert wave
SPAWN = get_context("spawn")


def run(function, payload):
    module, _, name = function.partition(":")
    try:
        return {"value": getattr(importlib.import_module(module), name)(json.loads(payload))}
    except triage.TriageError as error:
        return {"error": str(error), "exit_code": error.exit_code}
    except Exception as error:  # noqa: BLE001
        return {"error": type(error).__name__, "exit_code": 70}


def run_and_tell(function, payload):
    module, _, name = function.partition(":")
    try:
        return {"value": getattr(importlib.import_module(module), name)(json.loads(payload))}
    except triage.TriageError as error:
        return {"error": str(error), "exit_code": error.exit_code}
    except Exception as error:  # noqa: BLE001
        return {"error": str(error), "exit_code": 70}


class Good:
    """One pool of one process for each slot."""

    task = staticmethod(run)

    def __init__(self, *, workers: int = 2):
        self.slots = workers

    def __enter__(self):
        self._idle = [ProcessPoolExecutor(1, SPAWN) for _ in range(2)]
        self._open = {}
        return self

    def __exit__(self, *exception):
        for pool in [*self._idle, *(pool for _, pool in self._open.values())]:
            pool.shutdown(wait=True, cancel_futures=True)

    def submit(self, number, function, payload):
        pool = self._idle.pop()
        self._open[pool.submit(self.task, function, json.dumps(payload))] = number, pool

    def next(self):
        done = next(iter(wait(self._open, return_when=FIRST_COMPLETED).done))
        number, pool = self._open.pop(done)
        try:
            result = triage.TaskResult(number, **done.result())
        except BrokenProcessPool:
            pool, result = ProcessPoolExecutor(1, SPAWN), triage.TaskResult(number, died=True)
        self._idle.append(pool)
        return self.last(result)

    def last(self, result):
        return result


class Required(Good):
    def __init__(self, *, size: int):
        super().__init__()


class WrongDefault(Good):
    def __init__(self, *, sizes: tuple[int, ...] = [1]):
        super().__init__()


class Late(Good):
    """Has no slots before it is entered."""

    def __init__(self, *, workers: int = 2):
        self.later = workers

    def __enter__(self):
        self.slots = self.later
        return super().__enter__()


class Fraction(Good):
    def __enter__(self):
        self.slots = 2.0
        return super().__enter__()


class Renumbers(Good):
    def last(self, result):
        if result.number == TASKS - 1:
            return replace(result, number=TASKS, value={"twice": 2 * TASKS})
        return result


class Forgets(Good):
    def last(self, result):
        return replace(result, value={"twice": 0}) if result.number == 7 else result


class Vague(Good):
    def last(self, result):
        return replace(result, error="it failed") if result.exit_code == 65 else result


class Tells(Good):
    task = staticmethod(run_and_tell)


class NoDeath(Good):
    def last(self, result):
        return replace(result, died=False, error="it failed", exit_code=70) if result.died else result


SABOTEURS = {
    "it_builds_with_no_options": Required,
    "its_defaults_are_values_of_its_options": WrongDefault,
    "listing_it_imports_nothing_that_it_requires": Good,
    "it_builds_workers": Late,
    "it_has_at_least_one_slot": Fraction,
    "every_task_is_returned_once": Renumbers,
    "a_result_is_what_the_function_returned": Forgets,
    "an_error_is_reported_and_ends_no_worker": Vague,
    "no_message_of_another_error_is_passed_on": Tells,
    "a_worker_that_dies_is_reported_and_replaced": NoDeath,
}


@triage.hookimpl
def triage_engines():
    yield triage.Engine(name="good", summary="Keeps every law", build=Good)
    for law, build in SABOTEURS.items():
        yield triage.Engine(
            name=law.replace("_", "-"),
            summary="Breaks one law",
            build=build,
            requires=("wave",) if law.startswith("listing") else (),
        )

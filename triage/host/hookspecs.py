"""Every hook. The docstring of each is a complete small plugin, and the tests run it.

The collecting hooks differ only in what they yield. Each is called once, when the plugins are gathered; what
it yields is checked and kept by name. `build` is called when the thing is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pluggy

from triage.host.extensions import Backend, Cleaner, Command, Corpus, Engine, Kind, Policy, Report
from triage.host.protocols import Source
from triage.records import Epoch, Evaluation, Run

__all__ = ["hookimpl", "hookspec"]

hookspec = pluggy.HookspecMarker("triage")
hookimpl = pluggy.HookimplMarker("triage")


@hookspec
def triage_backends() -> Iterable[Backend]:
    '''Yield the backends that this plugin adds.

    ```python
    """Answer with the commonest label of the training part."""
    import numpy as np
    import triage


    class Commonest:
        def fit(self, train, tune, *, seed, watch):
            self.shares_ = train.counts / len(train)

        def predict_proba(self, texts):
            return np.tile(self.shares_, (len(texts), 1))


    @triage.hookimpl
    def triage_backends():
        yield triage.Backend(name="commonest", summary="Always the commonest label", build=Commonest)
    ```
    '''
    raise NotImplementedError


@hookspec
def triage_corpora() -> Iterable[Corpus]:
    '''Yield the corpora that this plugin adds.

    ```python
    """Three complaints, to try things on."""
    import triage


    class Three:
        name = "three"

        def __iter__(self):
            pairs = [("my card was lost", "card"), ("the rate rose", "loan"), ("a fee on my card", "card")]
            for row, (text, label) in enumerate(pairs, start=1):
                yield triage.Document(row=row, text=text, label=label)


    @triage.hookimpl
    def triage_corpora():
        yield triage.Corpus(name="three", summary="Three complaints, to try things on", build=Three)
    ```
    '''
    raise NotImplementedError


@hookspec
def triage_cleaners() -> Iterable[Cleaner]:
    '''Yield the cleaning steps that this plugin adds; they apply in the order that the experiment lists.

    ```python
    """Drop what stands in square brackets."""
    import re
    import triage


    def build():
        brackets = re.compile(r"\\[[^\\]]*\\]")
        return lambda text: brackets.sub(" ", text)


    @triage.hookimpl
    def triage_cleaners():
        yield triage.Cleaner(name="brackets", summary="Drops what stands in square brackets", build=build)
    ```
    '''
    raise NotImplementedError


@hookspec
def triage_policies() -> Iterable[Policy]:
    '''Yield the policies that this plugin adds. They are asked in the order that the experiment lists them.

    ```python
    """Nobody is written to by a machine on the strength of three words."""
    from typing import Annotated
    import triage


    class Short:
        def __init__(self, *, words: Annotated[int, "Texts with fewer words go to a person"] = 4):
            self.words = words

        def decide(self, prediction):
            short = triage.Verdict(action="review", reasons=("ambiguous",))
            return [short if len(text.split()) < self.words else None for text in prediction.texts]


    @triage.hookimpl
    def triage_policies():
        yield triage.Policy(name="short", summary="Very short texts go to a person", build=Short)
    ```
    '''
    raise NotImplementedError


@hookspec
def triage_reports() -> Iterable[Report]:
    '''Yield the reports that this plugin adds.

    ```python
    """One line for each evaluation."""
    import triage


    class Lines:
        def render(self, evaluations, *, console):
            return "\\n".join(f"{e.run.backend} {e.metrics['accuracy']:.3f}" for e in evaluations)


    @triage.hookimpl
    def triage_reports():
        yield triage.Report(name="lines", summary="One line for each evaluation", build=Lines)
    ```
    '''
    raise NotImplementedError


@hookspec
def triage_commands() -> Iterable[Command]:
    '''Yield the commands that this plugin adds to `triage`; `build` imports and returns a click command.

    ```python
    """Add `triage hello`."""
    import triage


    def build():
        import click

        @click.command()
        def hello():
            """Say hello."""
            click.echo("hello")

        return hello


    @triage.hookimpl
    def triage_commands():
        yield triage.Command(name="hello", summary="Say hello", build=build)
    ```
    '''
    raise NotImplementedError


@hookspec
def triage_engines() -> Iterable[Engine]:
    '''Yield the engines that this plugin adds: what runs tasks on worker processes.

    ```python
    """Run each task in a process of its own."""
    import json
    import subprocess
    import sys
    import triage

    CODE = """
    import importlib, json, sys, triage
    task = json.loads(sys.stdin.read())
    module, _, name = task["function"].partition(":")
    try:
        print(json.dumps({"value": getattr(importlib.import_module(module), name)(task["payload"])}))
    except triage.TriageError as error:
        print(json.dumps({"error": str(error), "exit_code": error.exit_code}))
    except Exception as error:
        print(json.dumps({"error": type(error).__name__, "exit_code": 70}))
    """


    class OneByOne:
        slots = 1

        def __enter__(self):
            return self

        def __exit__(self, *exception):
            pass

        def submit(self, number, function, payload):
            task = json.dumps({"function": function, "payload": payload})
            done = subprocess.run([sys.executable, "-c", CODE], input=task, capture_output=True, text=True)
            self.result = number, done

        def next(self):
            number, done = self.result
            if done.returncode:
                return triage.TaskResult(number, died=True)
            return triage.TaskResult(number, **json.loads(done.stdout))


    @triage.hookimpl
    def triage_engines():
        yield triage.Engine(name="one-by-one", summary="A process for each task", build=OneByOne)
    ```
    '''
    raise NotImplementedError


@hookspec
def triage_kinds() -> Iterable[Kind]:
    '''Yield the kinds of extension that this plugin adds: a record, and the hook that collects it.

    ```python
    """Let plugins offer greetings."""
    from collections.abc import Callable, Iterable
    from dataclasses import dataclass
    from typing import ClassVar
    import triage


    @dataclass(frozen=True, kw_only=True)
    class Greeting(triage.Extension):
        kind: ClassVar[str] = "greeting"
        build: Callable[..., str]


    @triage.hookspec
    def triage_greetings() -> Iterable[Greeting]:
        """Yield the greetings that this plugin adds."""


    @triage.hookimpl
    def triage_kinds():
        yield triage.Kind(record=Greeting, hook=triage_greetings)
    ```
    '''
    raise NotImplementedError


@hookspec(firstresult=True)
def triage_open_corpus(location: str, options: dict[str, Any]) -> Source | None:
    '''Open `location`, or return None to leave it to the next plugin. The built-in readers come last.

    `options` holds what the user said about the columns: `text_column` (a name, or a tuple of several),
    `label_column`, `date_column`, `id_column`, `encoding`, `delimiter`, `sheet`, `day_first` ("yes" or "no") and
    `date_format`, each only where it was given. What a model learned from comes as `learned_text_column` and so
    on: it is read where nothing else was given. A source that says in an attribute `learned` what it reads
    (`{"text": [...], "label": ...}`) gets that back at routing.

    ```python
    """Read `.lines` files: a label, a tab, a text."""
    import triage


    class Lines:
        def __init__(self, location):
            self.name = location

        def __iter__(self):
            with open(self.name, encoding="utf-8") as lines:
                for row, line in enumerate(lines, start=1):
                    label, tab, text = line.rstrip("\\n").partition("\\t")
                    if tab:
                        yield triage.Document(row=row, text=text, label=label)
                    else:
                        yield triage.Quarantined(row=row, line=row, reason="no tab")


    @triage.hookimpl
    def triage_open_corpus(location, options):
        return Lines(location) if location.endswith(".lines") else None
    ```
    '''


@hookspec
def triage_epoch_finished(run: Run, epoch: Epoch) -> None:
    '''Look on after each epoch of a training. What an observer raises is reported once and stops nothing.

    ```python
    """Write the loss of each epoch into a file."""
    import pathlib
    import triage


    @triage.hookimpl
    def triage_epoch_finished(run, epoch):
        with pathlib.Path(f"{run.backend}.losses").open("a", encoding="utf-8") as losses:
            losses.write(f"{epoch.number}\\t{epoch.loss}\\n")
    ```
    '''


@hookspec
def triage_run_finished(run: Run, evaluation: Evaluation) -> None:
    '''Look on after each evaluation. What an observer raises is reported once and stops nothing.

    ```python
    """Keep a list of all results."""
    import pathlib
    import triage


    @triage.hookimpl
    def triage_run_finished(run, evaluation):
        with pathlib.Path("results.txt").open("a", encoding="utf-8") as results:
            results.write(f"{run.corpus} {run.backend} {evaluation.metrics['macro_f1']:.3f}\\n")
    ```
    '''

"""The network cut off: every command works, and none tries to reach anything."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pathlib
import shutil
from collections.abc import Container, Iterator, Mapping, Sequence

from triage_selftest._place import Place, two_at_a_time
from triage_selftest._trials import Fault, Trial

__all__ = ["FAULTS"]

# Comes first on the module path of every process that triage starts. A `sitecustomize` that the machine has
# already is run too, as it would be without this one.
_CUT = """
import importlib.machinery, importlib.util, os, sys

_here = os.path.dirname(os.path.abspath(__file__))
_next = importlib.machinery.PathFinder.find_spec("sitecustomize", [p for p in sys.path if p != _here])
if _next is not None and _next.loader is not None:
    _next.loader.exec_module(importlib.util.module_from_spec(_next))
_log = os.environ["TRIAGE_NETWORK_LOG"]
_asks = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo")
_sends = ("socket.connect", "socket.sendto", "socket.sendmsg")

def _watch(event, args):
    if event in _asks or (event in _sends and getattr(args[0], "family", 0) != 1):  # 1: AF_UNIX
        descriptor = os.open(_log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(descriptor, f"{event} in {' '.join(sys.argv[:2])}\\n".encode())
        os.close(descriptor)
        raise OSError(101, "Network is unreachable")

sys.addaudithook(_watch)
"""
_PROBE = "import socket; socket.create_connection(('localhost', 9), timeout=2)"
_TEXT = "I was charged twice for one transfer"

Words = Sequence[str | pathlib.Path]
Commands = Mapping[str, tuple[Words, tuple[int, ...]]]


def _cut(place: Place) -> Iterator[Trial]:
    site = place.folder / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(_CUT, encoding="utf-8")
    before = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([str(site), *([before] if before else [])])
    log = place.folder / "probe.log"
    place.python(_PROBE, env={"PYTHONPATH": path, "TRIAGE_NETWORK_LOG": str(log)})
    yield Trial(
        what="the cut itself: a connection is seen and fails",
        outcome="held" if log.exists() else "silent",
        detail="" if log.exists() else "a connection went unseen, so nothing here can be relied on",
    )
    model = place.folder / "model"
    shutil.copytree(place.model, model)
    tried: set[str] = set()
    # The second look up what the first have made.
    for stage in (_first, _second, None):
        commands = _others(tried) if stage is None else stage(place, model)
        tried |= {what.split()[0] for what in commands}
        yield from two_at_a_time(lambda item: _run(place, path, *item), commands.items())


def _others(tried: Container[str]) -> Commands:
    """Return the commands that were not tried: at least their help is asked for."""
    import click

    from triage.plugin_api import cli

    names = cli.list_commands(click.Context(cli))
    return {f"{name} --help": ((name, "--help"), (0,)) for name in names if name not in tried}


def _run(place: Place, path: str, what: str, how: tuple[Words, tuple[int, ...]]) -> Trial:
    words, codes = how
    log = place.folder / f"{hashlib.sha256(what.encode()).hexdigest()[:12]}.log"
    env = {"PYTHONPATH": path, "TRIAGE_NETWORK_LOG": str(log)}
    done = place.triage(*words, env=env, timeout=120)
    if log.exists():
        reached = log.read_text(encoding="utf-8", errors="replace").splitlines()[0]
        return Trial(what=f"triage {what}", outcome="let_in", detail=reached)
    if done.code not in codes or b"Traceback" in done.err:
        return Trial(what=f"triage {what}", outcome="silent", detail=f"exit code {done.code}: {done.said}")
    return Trial(what=f"triage {what}")


def _first(place: Place, model: pathlib.Path) -> Commands:
    """Return what can be run at once: what is shown, the words, and the exit codes that are right."""
    folder, corpus = place.folder, place.corpus
    runs = folder / "runs"
    commands: dict[str, tuple[Words, tuple[int, ...]]] = {
        "demo": (("demo",), (0,)),
        "corpora": (("corpora",), (0,)),
        "corpora describe": (("corpora", "describe", corpus), (0,)),
        "corpora check": (("corpora", "check", corpus), (0,)),
        "corpora describe https://…": (("corpora", "describe", "https://example.org/complaints.csv"), (66,)),
        "train https://…": (("train", "https://example.org/a.csv", "--model", folder / "m"), (66,)),
        "evaluate": (("evaluate", corpus, "--backend", "majority,tfidf", "--runs", runs), (0,)),
        "route": (("route", model, corpus, "--explain", "--out", folder / "decisions.jsonl"), (0,)),
        "promise": (("promise", model, "--max-error", "0.3", "--confidence", "0.6"), (0, 1)),
        "plugins": (("plugins",), (0,)),
        "plugins describe": (("plugins", "describe", "tfidf"), (0,)),
        "plugins check": (("plugins", "check", "majority"), (0, 2, 66, 69)),
        "selftest --list": (("selftest", "--list"), (0,)),
        "bench --help": (("bench", "--help"), (0,)),
    }
    for language in ("german", "english", "klingon"):
        config = folder / f"{language}.toml"
        config.write_text(
            f'[pipeline]\ncleaners = ["lower", "stop-words"]\nstopwords = "{language}"\n', encoding="utf-8"
        )
        commands[f"train, stop words: {language}"] = (
            ("train", corpus, "--config", config, "--backend", "majority", "--model", folder / language),
            (0, 2, 65, 66, 69),
        )
    for steps in ("lower,stem", "tweets", "reviews", "complaints,secrets"):
        commands[f"train --cleaners {steps}"] = (
            ("train", corpus, "--cleaners", steps, "--backend", "majority", "--model", folder / steps),
            (0, 69),
        )
    if all(importlib.util.find_spec(module) for module in ("tensorflow", "onnx", "onnxruntime")):
        small = ("epochs=1", "units=4", "embedding-size=8", "distillation=0", "pairs=100")
        settings = [word for setting in small for word in ("--set", setting)]
        commands["train --backend gru"] = (
            ("train", corpus, "--backend", "gru", *settings, "--model", folder / "gru"),
            (0,),
        )
    return commands


def _second(place: Place, model: pathlib.Path) -> Commands:
    """Return what needs what the first ones made."""
    folder = place.folder
    runs = folder / "runs"
    commands: dict[str, tuple[Words, tuple[int, ...]]] = {
        "compare": (("compare", runs), (0,)),
        "report --format terminal": (("report", runs), (0,)),
        "report --format json": (("report", runs, "--format", "json"), (0,)),
        "report --format html": (("report", runs, "--format", "html", "--out", folder / "report.html"), (0,)),
        "monitor": (("monitor", model, folder / "decisions.jsonl"), (0, 1)),
        "route --text": (("route", model, "--text", _TEXT), (0,)),
    }
    if (folder / "gru").exists():
        out = folder / "exported"
        commands["export --format onnx"] = (("export", folder / "gru", "--out", out), (0,))
        commands["route, a recurrent model"] = (("route", folder / "gru", "--text", _TEXT), (0,))
    return commands


FAULTS = (
    Fault(
        name="no-network",
        does="Cuts the network off and runs every command",
        must="Each works, or says what is missing; none looks a name up or connects",
        trials=_cut,
    ),
)

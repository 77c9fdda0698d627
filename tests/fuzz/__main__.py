"""Fuzz for long: `python -m tests.fuzz --executions 100000`, or some targets by name.

Each target runs in a process of its own, so that what ends a process is a finding like any other. The exit code
is 1 where anything was found; `--replay TARGET HEX` runs what was found again.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from .harness import SIZE, fuzz, run, timed
from .targets import TARGETS

MEMORY = 6 << 30
"""Bytes of address space that a target's process may take."""


def main(argv: list[str] | None = None) -> int:
    """Run what the command line asks for, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all by default"
    )
    parser.add_argument("--executions", type=int, default=100_000, help="of each target [100000]")
    parser.add_argument("--seed", type=int, default=0, help="another one gives other inputs [0]")
    parser.add_argument("--replay", nargs=2, metavar=("TARGET", "HEX"), help="run what was found again")
    parser.add_argument("--inside", metavar="FOLDER", help=argparse.SUPPRESS)
    asked = parser.parse_args(argv)
    if unknown := sorted({*asked.targets, *(asked.replay or ())[:1]} - set(TARGETS)):
        parser.error(f"there is no target {unknown[0]!r}; there are {', '.join(TARGETS)}")
    if asked.replay:
        return _replay(*asked.replay)
    if asked.inside:
        return _inside(asked.targets[0], Path(asked.inside), asked.executions, asked.seed)
    broken = [name for name in asked.targets or TARGETS if not _one(name, asked.executions, asked.seed)]
    print("nothing was found" if not broken else f"found something in: {', '.join(broken)}")
    return 1 if broken else 0


def _one(name: str, executions: int, seed: int) -> bool:
    """Fuzz one target in a process; print a line for it, and what was found."""
    with tempfile.TemporaryDirectory(prefix="triage-fuzz-", dir=_in_memory()) as folder:
        # As a module of its package, under whichever name this one was started.
        package = str(__package__)
        command = [sys.executable, "-m", package, name, "--inside", folder]
        command += ["--executions", str(executions), "--seed", str(seed)]
        root = Path(__file__).resolve().parents[package.count(".") + 1]
        searched = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
        done = subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": searched}
        )
        if done.returncode == 0:
            found = json.loads(done.stdout.splitlines()[-1])
            outcomes = ", ".join(f"{outcome} {count:,}" for outcome, count in found["outcomes"].items())
            print(
                f"{name:12} {found['executions']:>9,} executions in {found['seconds']:>6,.0f} s, slowest "
                f"{found['slowest']:.2f} s, peak {found['peak_mb']:,.0f} MB: {outcomes}",
                flush=True,
            )
            return True
        trace = Path(folder) / "trace"
        print(f"{name:12} FAILED with exit code {done.returncode}\n{done.stderr[-6000:]}", flush=True)
        if trace.exists():
            print(f"the last example: --replay {name} {trace.read_bytes().hex()}", flush=True)
        return False


def _in_memory() -> str | None:
    """Where files cost least."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _inside(name: str, folder: Path, executions: int, seed: int) -> int:
    import faulthandler

    faulthandler.enable()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    tally = fuzz(TARGETS[name](folder), executions, start=seed, trace=folder / "trace")
    facts = vars(tally) | {"outcomes": dict(tally.outcomes.most_common()), "executions": tally.executions}
    print(json.dumps({**facts, "slowest_program": tally.slowest_program.hex()}))
    return 0


def _replay(name: str, words: str) -> int:
    data = bytes.fromhex(words)
    with tempfile.TemporaryDirectory(prefix="triage-fuzz-", dir=_in_memory()) as folder, timed():
        for number, (outcome, seconds) in enumerate(run(TARGETS[name](Path(folder)), data)):
            print(f"{data[number * SIZE : (number + 1) * SIZE].hex()}: {outcome}, {seconds:.3f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())

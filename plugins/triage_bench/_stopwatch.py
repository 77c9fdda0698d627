"""Run a command and say how long it took and how much memory it held: `_stopwatch.py COMMAND...`.

The last line on stdout is JSON: exit_code, seconds, peak_memory_mb (10**6 bytes; 0 where unknown).

A file of its own that imports next to nothing: on Linux a process that is started inherits the peak of the
one that starts it, so the process that measures must be small itself.
"""

import json
import os
import subprocess
import sys
import time


def main() -> int:
    """Run what the arguments say; the command's output comes before the one line of this."""
    started = time.perf_counter()
    process = subprocess.Popen(sys.argv[1:])  # noqa: S603 - what it is for
    peak = 0
    if hasattr(os, "wait4"):
        _, status, usage = os.wait4(process.pid, 0)
        code, peak = os.waitstatus_to_exitcode(status), usage.ru_maxrss
        process.returncode = code
    else:  # Windows
        code = process.wait()
    seconds = time.perf_counter() - started
    megabytes = peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6
    line = {"exit_code": code, "seconds": seconds, "peak_memory_mb": megabytes}
    sys.stdout.write("\n" + json.dumps(line) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

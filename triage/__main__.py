"""`triage` and `python -m triage`: run the command line; an error becomes one line and an exit code."""

from __future__ import annotations

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit with the code of its outcome."""
    if not _debugging():
        _mute_libraries()
    sys.exit(_run())


def _debugging() -> bool:
    return os.environ.get("TRIAGE_DEBUG", "") not in ("", "0")


def _mute_libraries() -> None:
    """Keep what compiled libraries write to file descriptor 2 off the terminal.

    TensorFlow greets with a dozen lines that no setting of its own turns off. What Python writes, warnings
    and tracebacks included, still arrives: `sys.stderr` moves to a copy of the descriptor.
    """
    try:
        copy = os.dup(2)
        silence = os.open(os.devnull, os.O_WRONLY)
    except OSError:  # no stderr at all, as after `2>&-`
        return
    sys.stderr = open(copy, "w", encoding=sys.stderr.encoding, errors="backslashreplace", buffering=1)  # noqa: PTH123, SIM115
    os.dup2(silence, 2)
    os.close(silence)


def _run() -> int:
    import click

    from triage.cli import cli
    from triage.errors import TriageError

    try:
        code = cli.main(standalone_mode=False, prog_name="triage")
        sys.stdout.flush()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _say("interrupted", 130)
    except click.ClickException as error:
        hint = (
            f" (see `{error.ctx.command_path} --help`)"
            if isinstance(error, click.UsageError) and error.ctx
            else ""
        )
        return _say(error.format_message() + hint, 2)
    except TriageError as error:
        return _say(str(error), error.exit_code)
    except BrokenPipeError:
        # Whoever reads has seen enough; without this Python complains once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MemoryError:
        return _say("out of memory; try a smaller corpus or fewer features", 70)
    except Exception as error:  # the last resort: its message may quote somebody's text, so it is not shown
        if _debugging():
            raise
        kind = type(error).__name__
        return _say(f"a bug: {kind}. TRIAGE_DEBUG=1 shows where; that output may quote your data", 70)
    return code if isinstance(code, int) else 0


def _say(message: str, code: int) -> int:
    """Write one line to stderr, safe for a terminal."""
    from triage.terminal import safe_text

    sys.stderr.write(f"triage: {safe_text(message)}\n")
    return code


if __name__ == "__main__":
    main()

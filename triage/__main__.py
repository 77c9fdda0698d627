"""`triage` and `python -m triage`: run the command line; an error becomes one line and an exit code."""

from __future__ import annotations

import contextlib
import io
import os
import sys

__all__ = ["main"]

_LONGEST = 4000  # characters that an error may have: a few screens


def main() -> None:
    """Run the command line and exit with the code of its outcome."""
    _understand_utf8()
    _open_streams()
    if not _debugging():
        _mute_libraries()
    sys.exit(_flushed(_run()))


def _understand_utf8() -> None:
    """Start again in UTF-8 mode where Python was told that the system speaks ASCII only.

    There, as with `LC_ALL=C PYTHONUTF8=0`, an argument such as a text or a label comes in as bytes that
    belong to no character: it would be decided on as another text.
    """
    asked = os.environ.get("PYTHONUTF8") == "1" or sys.flags.ignore_environment
    if sys.getfilesystemencoding() == "ascii" and not asked:
        with contextlib.suppress(OSError):
            os.execve(sys.executable, sys.orig_argv, {**os.environ, "PYTHONUTF8": "1"})  # noqa: S606


class _Errors(io.TextIOWrapper):
    """A stderr that is lost where it cannot be written: what is said there must not cost the data."""

    def write(self, text: str, /) -> int:
        """Write `text`, or give it up."""
        with contextlib.suppress(OSError):
            return super().write(text)
        return len(text)


class _NoOutput(io.TextIOBase):
    """Stands for a stdout that was closed: whatever wants to write data there cannot."""

    encoding = "utf-8"

    @property
    def buffer(self) -> _NoOutput:
        """Itself: bytes find no way either."""
        return self

    def write(self, data: object, /) -> int:  # noqa: ARG002 - there is nowhere to put it
        """Refuse.

        Raises:
            CannotWrite: always.
        """
        from triage.errors import CannotWrite

        raise CannotWrite("cannot write the output: stdout is closed. Redirect it to a file, or to /dev/null")


def _open_streams() -> None:
    """Put something in place of streams that were closed before the start, as by `>&-` or by a daemon.

    Python has None for them; and the next file that is opened, such as a model, would get their descriptor.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest that is free: this one
    # The type checker thinks that they cannot be None.
    streams: dict[str, object] = {name: getattr(sys, name) for name in ("stdin", "stdout", "stderr")}
    if streams["stdin"] is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115
    if streams["stdout"] is None:
        sys.stdout = _NoOutput()
    if streams["stderr"] is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115


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
    raw = open(copy, "wb", buffering=0)  # noqa: PTH123, SIM115
    sys.stderr = _Errors(
        raw, sys.stderr.encoding, "backslashreplace", line_buffering=True, write_through=True
    )
    os.dup2(silence, 2)
    os.close(silence)


def _run() -> int:
    import click

    from triage.cli import cli
    from triage.errors import TriageError

    try:
        code = cli.main(standalone_mode=False, prog_name="triage")
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _say("interrupted", 130)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        hint = (
            f" (see `{error.ctx.command_path} --help`)"
            if isinstance(error, click.UsageError) and error.ctx
            else ""
        )
        return _say(error.format_message() + hint, 2)
    except TriageError as error:
        return _say(str(error), error.exit_code)
    except BrokenPipeError:  # the reader closed the pipe
        _drop_output()
        return 0
    except SystemExit:
        if type(sys.stdout).__name__.endswith(
            "PacifyFlushWrapper"
        ):  # as click leaves it where a reader closed the pipe
            _drop_output()
            return 0
        return _say("a plugin called sys.exit; `triage plugins` lists them", 69)
    except MemoryError:
        return _say("out of memory; try a smaller corpus or fewer features", 70)
    except OSError as error:
        if error.filename is not None:
            return _bug(error)
        return _no_output(error)  # whatever opens a file names it: this came from writing to stdout
    except Exception as error:  # noqa: BLE001 - the last resort
        return _bug(error)
    return code if isinstance(code, int) else 0


def _bug(error: Exception) -> int:
    """Name an error that nobody expected; its message may quote somebody's text, so it is not shown."""
    if _debugging():
        raise error
    kind = type(error).__name__
    return _say(f"a bug: {kind}. TRIAGE_DEBUG=1 shows where; that output may quote your data", 70)


def _flushed(code: int) -> int:
    """Write what stdout still holds, and return the exit code."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()
    except OSError as error:
        return _no_output(error)
    return code


def _no_output(error: OSError) -> int:
    """Say why nothing more can be written to stdout, such as a disk that is full."""
    _drop_output()
    return _say(f"cannot write the output: {error.strerror or type(error).__name__}", 73)


def _drop_output() -> None:
    """Let stdout end nowhere: else Python complains once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(message: str, code: int) -> int:
    """Write one line to stderr, safe for a terminal; a name of megabytes in it is cut."""
    from triage.io.terminal import safe_text

    line = message if len(message) <= _LONGEST else message[:_LONGEST] + "…"
    sys.stderr.write(f"triage: {safe_text(line)}\n")
    return code


if __name__ == "__main__":
    main()

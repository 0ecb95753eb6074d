"""Parse the command line, call one command and end with its exit code.

Imports take most of the time of a short run, so only the module of the named command is loaded, and all of them
where no command is named.
"""

import contextlib
import errno
import gc
import os
import signal
import sys
import threading
from importlib import import_module
from typing import Final, NoReturn

from poc_cli.errors import PocError
from poc_cli.exit_codes import ExitCode

MODULES: Final = {
    "run_commands": ("run", "check"),
    "report_commands": ("judge", "report", "compare", "explain"),
    "author_commands": ("list", "show", "lint", "schema", "init", "record"),
    "deploy_commands": ("deploy", "status", "destroy", "doctor"),
    "load_commands": ("load", "cost"),
}
"""The modules of this package and the commands in each."""

_CANNOT_WRITE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What a full disk, or a device that fails, says."""

_COLLECT_AFTER: Final = 100_000
"""New objects before the garbage collector checks the youngest generation; Python's default is 700. A short run creates
85,000 objects, nearly all of them modules, classes and functions that stay; checking them over and over took a tenth of
its CPU time (measured)."""


def main() -> NoReturn:
    """Run the command line. Errors are printed as sentences and end the process with their exit code."""
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _main()
    except KeyboardInterrupt:  # once more, while the first one was handled or the output written
        os._exit(ExitCode.INTERRUPTED)


def _main() -> NoReturn:
    gc.set_threshold(_COLLECT_AFTER)
    # Otherwise pydantic reads the metadata of every installed package to find plugins.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    _open_closed_streams()
    try:
        code = _code()
        _flush()
    except OSError as error:
        if error.filename is not None or error.errno not in _CANNOT_WRITE:
            raise
        code = _not_written(error)
    _end(code)


def _code() -> int:
    """Run the command that was named; return the exit code."""
    try:
        _run()
    except PocError as error:
        from poc_cli.commands.console import Console

        with contextlib.suppress(OSError):  # the exit code says it too
            Console().error(f"poc: {error}")
        return error.exit_code
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:  # typer reports misuse on stderr, which nobody reads
        from poc_cli.commands.console import abandon

        abandon(sys.stderr)
        return ExitCode.USAGE
    except SystemExit as ended:
        # Nobody reads the help or the version: typer ends with 1, which means a refuted claim here.
        if isinstance(ended.__context__, BrokenPipeError):
            return ExitCode.HELD
        if isinstance(ended.code, int):
            return ended.code
        raise
    return ExitCode.HELD


def _open_closed_streams() -> None:
    """Let streams lead nowhere that poc was started without."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - for as long as the process lasts
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123


def _flush() -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody reads any more
        sys.stdout.flush()


def _not_written(error: OSError) -> int:
    """Report that stdout or stderr cannot be written, if either still can; return the exit code."""
    from poc_cli.commands.console import Console, abandon

    abandon(sys.stdout)
    with contextlib.suppress(OSError):
        Console().error(f"poc: cannot write the output: {error.strerror}")
    abandon(sys.stderr)
    return ExitCode.FAILED


def _run() -> None:
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    named = [module for module, commands in MODULES.items() if word in commands]
    for module in named or MODULES:
        import_module(f"poc_cli.cli.{module}")
    from poc_cli.cli.app import app

    app()


def _end(code: int) -> NoReturn:
    """End the process with an exit code, immediately if no other thread runs.

    All files and processes have been closed by their owners. Without this the interpreter tears down every module and
    object, which took 5 % of a short run (measured); mypy ends in the same way.
    """
    if threading.active_count() == 1:
        with contextlib.suppress(OSError):  # nobody reads any more
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
    sys.exit(code)

"""The command line: parse, call the command, end with its exit code. What each command does is in `commands`.

Most of a short run is spent on imports, so only the module with the named command is loaded; without one, all are.
"""

import contextlib
import gc
import os
import sys
import threading
from importlib import import_module
from typing import Final, NoReturn

from poc_cli.errors import PocError
from poc_cli.exit_codes import ExitCode

MODULES: Final = {
    "run_commands": ("run", "check"),
    "report_commands": ("judge", "report", "compare", "explain"),
    "author_commands": ("list", "show", "lint", "init"),
    "deploy_commands": ("deploy", "status", "destroy", "doctor"),
    "load_commands": ("load", "cost"),
}
"""The modules of this package and the commands in each."""

_COLLECT_AFTER: Final = 100_000
"""New objects before the garbage collector checks the youngest generation; Python's default is 700. A short run creates
85,000 objects, nearly all of them modules, classes and functions that stay; checking them over and over took a tenth of
its CPU time (measured)."""


def main() -> NoReturn:
    """Run the command line. Errors are printed as sentences and end the process with their exit code."""
    gc.set_threshold(_COLLECT_AFTER)
    # Otherwise pydantic reads the metadata of every installed package to find plugins.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    try:
        _run()
    except PocError as error:
        from poc_cli.commands.console import Console

        Console().error(f"poc: {error}")
        _end(error.exit_code)
    except KeyboardInterrupt:
        _end(ExitCode.INTERRUPTED)
    except BrokenPipeError:  # typer reports misuse on stderr, which nobody reads
        from poc_cli.commands.console import abandon

        abandon(sys.stderr)
        _end(ExitCode.USAGE)
    except SystemExit as ended:
        # Nobody reads the help or the version: typer ends with 1, which means a refuted claim here.
        if isinstance(ended.__context__, BrokenPipeError):
            _end(ExitCode.HELD)
        if isinstance(ended.code, int):
            _end(ended.code)
        raise
    _end(ExitCode.HELD)


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

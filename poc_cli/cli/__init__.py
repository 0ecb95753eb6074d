"""The command line: parses, calls, and ends with an exit code.

Never holds logic of its own; each command has a file in `commands`.
"""

import sys
from typing import NoReturn

from poc_cli.cli import many, places, reading, running, writing
from poc_cli.cli.app import app
from poc_cli.commands.console import Console, abandon
from poc_cli.errors import PocError
from poc_cli.status import ExitCode

__all__ = ["app", "main", "many", "places", "reading", "running", "writing"]


def _fail(error: PocError) -> NoReturn:
    Console().error(f"poc: {error}")
    sys.exit(int(error.exit_code))


def main() -> None:
    """Run the command line; what goes wrong is told in sentences, with an exit code of its own."""
    try:
        app()
    except PocError as error:
        _fail(error)
    except KeyboardInterrupt:
        sys.exit(int(ExitCode.INTERRUPTED))
    except BrokenPipeError:  # typer tells misuse on stderr, and nobody reads that
        abandon(sys.stderr)
        sys.exit(int(ExitCode.USAGE))
    except SystemExit as ended:
        # The help or the version into a pipe that nobody reads: typer ends with 1, which is a refutation here.
        if isinstance(ended.__context__, BrokenPipeError):
            sys.exit(int(ExitCode.HELD))
        raise

"""The entry point of the `poc` command: Ctrl-C ends it without a traceback while the command line is being imported."""

import signal

signal.signal(signal.SIGINT, signal.SIG_DFL)  # until `main` catches it

from poc_cli.cli import main  # noqa: E402 - imported only after that

__all__ = ["main"]

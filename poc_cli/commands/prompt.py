"""Asks the person at the terminal; where there is none, nothing is asked."""

import os
import sys
from collections.abc import Callable

from poc_cli.commands.console import Console


def asker(console: Console) -> Callable[[str], bool] | None:
    """Return what asks a yes-or-no question; None where nobody can answer: no terminal, --quiet, CI."""
    if console.quiet or os.environ.get("CI") or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return lambda question: _asked(console, question)


def _asked(console: Console, question: str) -> bool:
    console.note(f"{question} [y/N]")
    return sys.stdin.readline().strip().lower() in {"y", "yes"}

"""Questions to the user at the terminal."""

import os
import sys
from collections.abc import Callable

from poc_cli.commands.console import Console


def asker(console: Console) -> Callable[[str], bool] | None:
    """Return a function that asks a yes-or-no question; None if nobody can answer: no terminal, quiet, or in CI."""
    if console.quiet or os.environ.get("CI") or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return lambda question: _asked(console, question)


def _asked(console: Console, question: str) -> bool:
    console.note(f"{question} [y/N]")
    return sys.stdin.readline().strip().lower() in {"y", "yes"}

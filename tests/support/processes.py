"""What is left of a run: the processes that it started, wherever they are now."""

import time
from collections.abc import Callable
from pathlib import Path

import psutil

PATIENCE_SECONDS = 120.0
"""For things that happen at once; a guard, not a measurement."""


def using(folder: Path) -> list[list[str]]:
    """Return the command lines of all processes that name a folder or work in it."""
    found: list[list[str]] = []
    for process in psutil.process_iter():
        try:
            command, working = process.cmdline(), process.cwd()
        except psutil.Error:
            continue
        if any(str(folder) in word for word in command) or working.startswith(str(folder)):
            found.append(command)
    return found


def children(pid: int, name: str) -> list[int]:
    """Return the processes below one whose program has a name; none where it has ended."""
    try:
        below = psutil.Process(pid).children(recursive=True)
        return [process.pid for process in below if process.name() == name]
    except psutil.NoSuchProcess:
        return []


def until(what: str, condition: Callable[[], bool]) -> None:
    """Look again and again until a condition holds; fail in words where it does not come to hold."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < give_up, f"in vain: {what}"
        time.sleep(0.02)

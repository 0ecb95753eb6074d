"""What every way of playing a run shares: its outcome, the `latest` link, and the limit on open files."""

import contextlib
import resource
from dataclasses import dataclass
from pathlib import Path

from poc_cli.commands.console import Console
from poc_cli.errors import PocError


@dataclass(frozen=True, slots=True)
class Played:
    """A run that was played, but not judged yet."""

    folder: Path
    interrupted: bool


def point_to(folder: Path, console: Console) -> None:
    """Point `latest` to a run; a failure is reported, and the run goes on."""
    from poc_cli.history.folder import point_latest

    try:
        point_latest(folder)
    except PocError as error:
        console.error(f"poc: {error}")


def raise_file_limit() -> None:
    """Take as many descriptors as allowed: workerd uses two for each WebSocket and ends when it runs out."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

"""What the command line asked of a run, and what is left of one: shared by all ways to play."""

import contextlib
import resource
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from poc_cli.commands.console import Console
from poc_cli.errors import PocError
from poc_cli.targets.destination import Destination


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for."""

    words: Sequence[str]
    everything: bool
    tags: Sequence[str]
    worker: Path | None
    sleep: Literal["idle", "evict"] | None
    jobs: int
    results: Path
    json: bool
    verbosity: int
    allow_unknown: bool
    date: str | None = None
    repeat: int = 1
    worker_rules: bool = False
    """Whether `worker` goes before the one that a scenario names."""

    target: Destination = field(default_factory=Destination)
    token_env: str | None = None
    header_env: Sequence[str] = ()
    """Headers for another's worker, as `Name=VARIABLE`."""

    origin: str | None = None
    """The address of an app that is deployed elsewhere, in place of the one that a scenario would start."""

    keep: bool = False
    """Whether what is deployed for the run stays after it."""

    loads: bool = False
    """Whether loads are played too, after everything else, as they are written."""


@dataclass(frozen=True, slots=True)
class Played:
    """A run that was played, but not judged yet."""

    folder: Path
    interrupted: bool


def point_to(folder: Path, console: Console) -> None:
    """Let `latest` point to a run; where that fails it is told, and the run is not lost by it."""
    from poc_cli.history.folder import point_latest

    try:
        point_latest(folder)
    except PocError as error:
        console.error(f"poc: {error}")


def raise_file_limit() -> None:
    """Take as many descriptors as we may: workerd uses two for each WebSocket and ends when it runs out."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

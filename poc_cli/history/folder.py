"""Create the folder of a run, and update the link to the latest run."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from poc_cli.errors import PocError
from poc_cli.history.redact import Redactor

RUN = "run"
"""The play name of events that concern the whole run."""


@dataclass(frozen=True, slots=True)
class Records:
    """Where the evidence of a run is written, and the redactor that keeps secrets out of it."""

    folder: Path
    redactor: Redactor
    thrown: Callable[[], str] = str
    """Returns exceptions of requests that are in no log of the runtime."""


def run_folder(results: Path, scenarios: Sequence[str], now: datetime) -> Path:
    """Create the folder (0700) for a run of these scenarios. Raises PocError if it cannot be created."""
    subject = scenarios[0] if len(scenarios) == 1 else f"{len(scenarios)}-scenarios"
    stem = f"{now:%Y%m%dT%H%M%SZ}-{subject}"
    try:
        results.mkdir(parents=True, exist_ok=True)
        for name in (stem, *(f"{stem}-{secrets.token_hex(2)}" for _ in range(8))):
            folder = results / name
            try:
                folder.mkdir(mode=0o700)
            except FileExistsError:
                continue
            return folder
    except OSError as error:
        raise PocError(
            f"cannot create a run folder in {results}: {error.strerror}", "choose another folder with --results"
        ) from error
    raise PocError(f"cannot find an unused name for a run folder in {results}")


def point_latest(folder: Path) -> None:
    """Point the `latest` link beside the run folder to it, atomically."""
    link = folder.parent / f".latest-{secrets.token_hex(4)}"
    try:
        link.symlink_to(folder.name)
        link.replace(folder.parent / "latest")
    except OSError as error:
        raise PocError(f"cannot point {folder.parent / 'latest'} to the run: {error.strerror}") from error

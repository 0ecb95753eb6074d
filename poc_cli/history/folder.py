"""The folder of a run: where it is, what is never written into it, and the link to the latest one."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from poc_cli.errors import PocError
from poc_cli.history.redact import Redactor

RUN = "run"
"""The play that events of the whole run belong to."""


@dataclass(frozen=True, slots=True)
class Records:
    """Where the evidence of a run goes, and what must never be in it."""

    folder: Path
    redactor: Redactor
    thrown: Callable[[], str] = str
    """Returns what requests have thrown that is in no log of the runtime's."""


def run_folder(results: Path, scenarios: Sequence[str], now: datetime) -> Path:
    """Make the folder of a run of the scenarios of these names, 0700. Raises PocError where it cannot be made."""
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
            f"cannot make a run folder in {results}: {error.strerror}", "choose another folder by --results"
        ) from error
    raise PocError(f"cannot find a free name for a run in {results}")


def point_latest(folder: Path) -> None:
    """Let `latest` beside the run folder point to it, in one step."""
    link = folder.parent / f".latest-{secrets.token_hex(4)}"
    try:
        link.symlink_to(folder.name)
        link.replace(folder.parent / "latest")
    except OSError as error:
        raise PocError(f"cannot point {folder.parent / 'latest'} to the run: {error.strerror}") from error

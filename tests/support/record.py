"""A run folder, read as it is on the disk, for tests to look into."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Event = dict[str, Any]


def latest(results: Path) -> Path:
    """Return the folder that `latest` points to."""
    return (results / "latest").resolve(strict=True)


def history(folder: Path) -> list[Event]:
    """Return all events; a line that is none fails."""
    lines = (folder / "history.ndjson").read_bytes().splitlines()
    return [json.loads(line) for line in lines]


def trace(folder: Path, process: int = 1) -> list[Event]:
    """Return the lines of the runtime's trace of one process."""
    lines = (folder / "trace" / f"{process}.jsonl").read_bytes().splitlines()
    return [json.loads(line) for line in lines]


def files(folder: Path) -> Iterator[Path]:
    """Return every file below a folder."""
    return (path for path in folder.rglob("*") if path.is_file())


def claims(document: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the claims of a judged run by `scenario/claim`."""
    return {f"{each['name']}/{claim['id']}": claim for each in document["scenarios"] for claim in each["claims"]}


def verdicts(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the verdicts of a judged run by `scenario/claim`."""
    return {name: str(claim["verdict"]) for name, claim in claims(document).items()}

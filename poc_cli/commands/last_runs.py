"""The last runs of the results folder with the same scenarios as a run, for the trend of its report."""

from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from pydantic_core import from_json

from poc_cli.judge.document_types import RunDocument
from poc_cli.report.html.view_model import EarlierRun
from poc_cli.report.target_summary import counts

SHOWN: Final = 12
"""Runs of the trend, this one included."""

_LOOKED_AT: Final = 40
"""Run folders that are read, 3 ms each."""

_UNREADABLE: Final = (OSError, ValueError, KeyError, TypeError, AttributeError)
"""What reading a run.json that is damaged or of another program raises."""


def last_runs(folder: Path, document: RunDocument) -> tuple[EarlierRun, ...]:
    """Return the last runs with the same scenarios up to this one, the latest first; none if there is only this one."""
    folder = folder.resolve()  # it may be given as `latest`
    names = _names(document)
    earlier = sorted((each for each in _folders(folder.parent) if each.name < folder.name), reverse=True)
    found = [_view(document, folder, is_this=True)]
    for each in islice(earlier, _LOOKED_AT):
        try:
            read: Any = from_json((each / "run.json").read_bytes())
            if read["schema"] == document["schema"] and _names(read) == names:
                found.append(_view(read, each, is_this=False))
        except _UNREADABLE:
            continue
        if len(found) == SHOWN:
            break
    return tuple(found) if len(found) > 1 else ()


def _folders(results: Path) -> list[Path]:
    try:
        return [each for each in results.iterdir() if each.is_dir() and not each.is_symlink()]
    except OSError:
        return []


def _names(document: RunDocument) -> frozenset[str]:
    return frozenset(str(scenario["name"]) for scenario in document["scenarios"])


def _view(document: RunDocument, folder: Path, *, is_this: bool) -> EarlierRun:
    wake = document["figures"].get("wake_ms")
    seconds = document["seconds"]
    has_page = not is_this and (folder / "report.html").is_file()
    return EarlierRun(
        name=folder.name,
        started=str(document["started"]).partition("+")[0].replace("T", " "),
        verdict=str(document["verdict"]),
        words=counts(document),
        seconds="" if seconds is None else f"{seconds:.1f} s",
        wake="" if wake is None else f"{wake['median']:.2f} ms",
        url=f"../{quote(folder.name)}/report.html" if has_page else None,
        is_this=is_this,
    )

"""Run a single load with its own history."""

from datetime import UTC, datetime
from typing import Any

from poc_cli import __version__
from poc_cli.history import event as kinds
from poc_cli.history.folder import RUN, Records
from poc_cli.history.writer import HistoryWriter
from poc_cli.load.load_player import Load, LoadProgress, play
from poc_cli.load.site import LoadTarget


async def run(load: Load, site: LoadTarget, records: Records, target: dict[str, Any], progress: LoadProgress) -> bool:
    """Run a load with its history in the run folder; return whether it was not interrupted.

    `target` is the description of the target for the history.
    """
    with HistoryWriter(records.folder / "history.ndjson", records.redactor) as history:
        history.add(
            RUN,
            "poc",
            kinds.RUN_START,
            format=kinds.FORMAT,
            poc=__version__,
            run=records.folder.name,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            named=True,
            sleep=None,
            repeat=1,
            target=target | {"oracle": "instance"},
        )
        if await play(load, site, history, progress) == "interrupted":
            return False
        history.add(RUN, "poc", kinds.RUN_END)
    return True

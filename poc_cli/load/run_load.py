"""A run that is one load: its history from the first line to the last."""

from datetime import UTC, datetime
from typing import Any

from poc_cli import __version__
from poc_cli.history import event as kinds
from poc_cli.history.folder import RUN, Records
from poc_cli.history.writer import HistoryWriter
from poc_cli.load.load_player import Load, Watcher, play
from poc_cli.load.site import LoadTarget


async def run(load: Load, site: LoadTarget, records: Records, target: dict[str, Any], watcher: Watcher) -> bool:
    """Play a load into the folder of the records; give whether it was not interrupted.

    `target` is the place as the beginning of a record tells it.
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
        if await play(load, site, history, watcher) == "interrupted":
            return False
        history.add(RUN, "poc", kinds.RUN_END)
    return True

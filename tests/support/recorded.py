"""Recorded runs of one scenario each, as real workerd played them: green ones, and some of broken workers.

`python -m tests.support.recorded RUN SCENARIO NAME` keeps a scenario of a run, with its controls, under a name.
"""

import gzip
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.history.reader import events_of
from tests.support.stretching import renumbered

FOLDER: Final = Path(__file__).parent.parent / "unit" / "judge" / "recorded"

_OF_ALL: Final = frozenset({kinds.RUN_START, kinds.RUN_END, kinds.LATE})


def names() -> list[str]:
    """Return the names of all that are kept."""
    return sorted(path.name.removesuffix(".ndjson.gz") for path in FOLDER.glob("*.ndjson.gz"))


def recorded(name: str) -> list[Event]:
    """Return one of them."""
    text = gzip.decompress((FOLDER / f"{name}.ndjson.gz").read_bytes()).decode()
    return [event for event in events_of(text) if event is not None]


def of_scenario(events: Iterable[Event | None], scenario: str) -> list[Event]:
    """Return the part of a run that is of one scenario, as a run of its own."""
    known = [event for event in events if event is not None]
    plays = {each.play for each in known if each.kind == kinds.PLAY_START and each.data["scenario"] == scenario}
    return renumbered(each for each in known if each.play in plays or each.kind in _OF_ALL)


def main(run: str, scenario: str, name: str) -> None:
    """Keep a scenario of a run."""
    events = of_scenario(events_of((Path(run) / "history.ndjson").read_text(encoding="utf-8")), scenario)
    text = "".join(event.line() + "\n" for event in events)
    for file in {str(each.data["file"]) for each in events if each.kind == kinds.PLAY_START}:
        # Where the project lay on somebody's machine is nobody's business.
        text = text.replace(file, file[file.rindex("scenarios/") :])
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{name}.ndjson.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    main(*sys.argv[1:])

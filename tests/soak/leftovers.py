"""Ends poc at random moments, in every way, and looks for what it left behind. `make soak` runs it; a minute or two."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from poc_cli.history.reader import read
from poc_cli.judge.run_document import document

POC = Path(sys.executable).parent / "poc"
LONGEST_SECONDS = 0.8
"""A forced run takes about half a second, so the signal meets every moment of it."""
GONE_WITHIN_SECONDS = 5.0


def main() -> None:
    """End poc again and again; exit 1 where anything was left."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    faults = 0
    with tempfile.TemporaryDirectory(prefix="poc-soak-") as name:
        for kind in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM):
            left = sum(bool(_left_after(Path(name), kind, random.Random(number))) for number in range(times))  # noqa: S311
            faults += left
            _say(f"{kind.name}: something was left behind {left} of {times} times")
        unreadable, held = _judged(Path(name) / "results")
        faults += unreadable
        _say(f"records that could not be judged: {unreadable}; cut-off records called held: {held}")
        faults += held
    sys.exit(1 if faults else 0)


def _left_after(folder: Path, kind: signal.Signals, chance: random.Random) -> list[str]:
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    command = [str(POC), "run", "hibernate", "crash", "--sleep", "evict", "-q", "--results", str(folder / "results")]
    with subprocess.Popen(
        command,
        env=os.environ | {"TMPDIR": str(temporary)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        time.sleep(chance.uniform(0.02, LONGEST_SECONDS))  # the moment is the subject
        process.send_signal(kind)
        process.wait()
    deadline = time.monotonic() + GONE_WITHIN_SECONDS
    while left := _left(temporary):
        if time.monotonic() > deadline:
            return left
        time.sleep(0.02)  # a polling interval
    return []


def _left(temporary: Path) -> list[str]:
    """Return the files and processes that are still there."""
    found = [str(each) for each in temporary.iterdir()]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            where = str((process / "cwd").readlink())
        except OSError:
            continue
        if str(temporary).encode() in command or where.startswith(str(temporary)):
            found.append(f"{process.name} {command[:80]!r}")
    return found


def _judged(results: Path) -> tuple[int, int]:
    """Return how many records could not be judged, and how many without an end came out as held."""
    unreadable = held = 0
    for folder in results.glob("2*"):
        try:
            events = read(folder / "history.ndjson")
            judged = document(events)
        except Exception as error:  # noqa: BLE001 - any is a fault here
            unreadable += (folder / "history.ndjson").exists()
            _say(f"{folder.name}: {error}")
            continue
        ended = any(event is not None and event.kind == "run_end" for event in events)
        held += judged["verdict"] == "held" and not ended
    return unreadable, held


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()

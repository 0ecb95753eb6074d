"""Clears up after us when we cannot: a shell that waits on a pipe and acts when we are gone, even by kill -9."""

import contextlib
import os
import subprocess
from pathlib import Path

# Reads "pid N" for each process group to kill and "end" when all is well; at the end of the pipe without "end" we are
# dead. The second rm is for files that a dying process has just written.
_SCRIPT = """
groups=
while read -r word group; do
  case $word in
    pid) groups="$groups $group" ;;
    end) exit 0 ;;
  esac
done
# dash knows no "kill -KILL -- GROUP"; both shells know this form (tried in dash and bash)
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
rm -rf -- "$1" 2>/dev/null || { sleep 1; rm -rf -- "$1"; }
"""


class Janitor:
    """One waiting shell for one folder and the processes that use it."""

    def __init__(self, folder: Path) -> None:
        """Start waiting."""
        reading, self._pipe = os.pipe()
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "poc-janitor", str(folder)],
            stdin=reading,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": "/usr/bin:/bin"},
            start_new_session=True,  # so that the terminal's Ctrl-C does not end it before its time
        )
        os.close(reading)
        self.waiting = True

    def watch(self, group: int) -> None:
        """Kill this process group too, should we die."""
        self._say(f"pid {group}")

    def dismiss(self) -> None:
        """End the wait: we have cleared up ourselves."""
        self.waiting = False
        self._say("end")
        os.close(self._pipe)
        self._shell.wait()

    def _say(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self._pipe, f"{line}\n".encode())

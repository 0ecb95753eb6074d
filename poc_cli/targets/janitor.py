"""Clean up after poc even if it is killed with -9: a shell waits on a pipe and acts when the pipe closes."""

import contextlib
import os
import subprocess
from pathlib import Path

# Reads "pid N" for each process group to kill, and "end" after a clean exit; if the pipe closes without "end", poc was
# killed. The second rm is for files that a dying process has just written.
_SCRIPT = """
groups=
while read -r word group; do
  case $word in
    pid) groups="$groups $group" ;;
    end) exit 0 ;;
  esac
done
# dash does not support "kill -KILL -- GROUP"; this form works in both (tested in dash and bash)
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
rm -rf -- "$1" 2>/dev/null || { sleep 1; rm -rf -- "$1"; }
"""


class Janitor:
    """A shell that guards one folder and the processes that use it."""

    def __init__(self, folder: Path) -> None:
        reading, self._pipe = os.pipe()
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "poc-janitor", str(folder)],
            stdin=reading,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": "/usr/bin:/bin"},
            start_new_session=True,  # so that Ctrl-C in the terminal does not end it early
        )
        os.close(reading)
        self.waiting = True

    def watch(self, group: int) -> None:
        """Kill this process group as well if poc dies."""
        self._send(f"pid {group}")

    def dismiss(self) -> None:
        """Stop the shell after a regular cleanup."""
        self.waiting = False
        self._send("end")
        os.close(self._pipe)
        self._shell.wait()

    def _send(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self._pipe, f"{line}\n".encode())

"""Start programs other than the runtime, with a minimal environment, and end them with poc."""

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from poc_cli.errors import TargetError
from poc_cli.targets.node_tools import network_settings, write_shims
from poc_cli.targets.npm import node
from poc_cli.targets.process import ends_with_poc, passed_on, signal_group
from poc_cli.targets.runtime_folder import base
from poc_cli.targets.scratch_folder import ScratchFolder

ENDS_WITHIN_SECONDS: Final = 2.0
"""How long a program may take to end after SIGTERM before it is killed."""


class ProgramFolder(ScratchFolder):
    """The folder for temporary files of a run's programs; its janitor ends them if poc is killed."""

    def __init__(self) -> None:
        """Create the folder (0700). Raises TargetError if that fails."""
        super().__init__(base(), "tmp", "bin")
        self._started: list[asyncio.subprocess.Process] = []
        with self.filling():
            write_shims(self.folder / "bin")

    def environment(self, *, network: bool = False) -> dict[str, str]:
        """Return the environment of every program; `network` adds what npm needs to reach its registry."""
        kept = network_settings() if network else {}
        path = os.pathsep.join((str(self.folder / "bin"), str(node().parent), os.environ.get("PATH", os.defpath)))
        return passed_on() | kept | {"PATH": path, "TMPDIR": str(self.folder / "tmp")}

    async def start(
        self, words: Sequence[str], folder: Path, environment: Mapping[str, str], *, joined: bool = False
    ) -> asyncio.subprocess.Process:
        """Start a program with pipes; `joined` merges stderr into stdout. Raises TargetError if that fails."""
        found = shutil.which(words[0], path=environment.get("PATH"))
        command, before_exec = ends_with_poc([found or words[0], *words[1:]])
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=folder,
                env=dict(environment),
                stdin=asyncio.subprocess.DEVNULL if joined else asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT if joined else asyncio.subprocess.PIPE,
                start_new_session=True,
                preexec_fn=before_exec,
            )
        except OSError as error:
            raise TargetError(f"{words[0]} cannot be started in {folder}: {error.strerror}") from error
        self.watch(process.pid)
        self._started.append(process)
        return process

    def close(self) -> None:
        """Kill what still runs and remove the folder."""
        for process in self._started:
            if process.returncode is None:
                signal_group(process.pid)
        self.remove()


async def end(process: asyncio.subprocess.Process, within: float = ENDS_WITHIN_SECONDS) -> None:
    """Send SIGTERM to a program and all that it has started, and SIGKILL after `within` seconds."""
    if process.returncode is None:
        signal_group(process.pid, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await process.wait()
    # Processes that the program has started may outlive it.
    signal_group(process.pid)
    await process.wait()

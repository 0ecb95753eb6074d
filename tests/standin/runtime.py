"""One workerd that serves one version of a Worker: its files, its process and the port it listens on."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from poc_cli.targets.janitor import Janitor
from poc_cli.targets.process import passed_on
from tests.standin.account import Version
from tests.standin.capnp import TAIL, config, file_name
from tests.standin.migrations import Class
from tests.standin.refusal import bad_upload

_TAIL_WORKER: Final = """\
// Passes on what the runtime tells of each piece of work that ended.
const plain = ({ name, message, level, timestamp }) => ({ name, message, level, timestamp });
export default {
  async tail(events, env) {
    const told = events.map((item) => ({
      outcome: item.outcome,
      entrypoint: item.entrypoint,
      executionModel: item.executionModel,
      durableObjectId: item.durableObjectId,
      exceptions: item.exceptions.map(plain),
      logs: item.logs.map(plain),
      eventTimestamp: item.eventTimestamp,
      event: item.event,
    }));
    await fetch(env.COLLECTOR, { method: "POST", body: JSON.stringify(told) });
  },
};
"""

LISTENS_WITHIN_SECONDS: Final = 30.0
"""A guard against a workerd that hangs; it takes 0.2 s."""


@dataclass(slots=True)
class Workerd:
    """One running workerd."""

    process: asyncio.subprocess.Process
    port: int
    janitor: Janitor

    @property
    def alive(self) -> bool:
        """Tell whether it has not ended."""
        return self.process.returncode is None

    async def end(self) -> None:
        """End it at once, as an update ends it: its sockets break without a close frame."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()
        if self.janitor.waiting:
            self.janitor.dismiss()


def write(folder: Path, version: Version, classes: Mapping[str, Class], disk: Path, collector: str) -> None:
    """Put a version's configuration and modules into a folder; it and `disk` are made where they are not there."""
    for each in (folder, disk):
        each.mkdir(parents=True, exist_ok=True)
    for number, module in enumerate(version.modules):
        (folder / file_name(number)).write_bytes(module.content)
    (folder / TAIL).write_text(_TAIL_WORKER, encoding="utf-8")
    (folder / "config.capnp").write_text(config(version, classes, str(disk), collector), encoding="utf-8")


async def start(binary: Path, folder: Path) -> Workerd:
    """Start workerd on what `write` put into a folder; gives it once it listens. Raises Refusal where it ends instead.

    What it says goes to `worker.log` in the folder.
    """
    log = folder / "worker.log"
    async with _control() as (reader, control_end):
        with log.open("ab") as said:
            process = await asyncio.create_subprocess_exec(
                *(binary, "serve", "config.capnp", "--experimental", f"--control-fd={control_end}"),
                cwd=folder,
                env=passed_on(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                pass_fds=[control_end],
                start_new_session=True,
            )
        # one for each process, so that none ever kills a number that has meanwhile become somebody else's
        janitor = Janitor(folder)
        janitor.watch(process.pid)
        os.close(control_end)
        port = await _port(reader)
    workerd = Workerd(process, port or 0, janitor)
    if port is None:
        await workerd.end()
        raise bad_upload(_why(log.read_text(encoding="utf-8", errors="replace")))
    return workerd


@asynccontextmanager
async def _control() -> AsyncIterator[tuple[asyncio.StreamReader, int]]:
    ours, theirs = os.pipe()
    reader = asyncio.StreamReader()
    pipe = os.fdopen(ours, "rb", buffering=0)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), pipe
    )
    try:
        yield reader, theirs
    finally:
        transport.close()


async def _port(reader: asyncio.StreamReader) -> int | None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LISTENS_WITHIN_SECONDS):
            while line := await reader.readline():
                event: dict[str, Any] = json.loads(line)
                if event.get("event") == "listen":
                    return int(event["port"])
    return None


def _why(said: str) -> str:
    lines = [line for line in said.splitlines() if "error:" in line.lower() or "Error" in line]
    return f"Script startup failed: {(lines or said.splitlines() or ['without a word'])[0]}"

"""What Cloudflare tells of a deployment while it works: `wrangler tail` read alongside, an event at a time."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, Final

from poc_cli.errors import PocError
from poc_cli.targets.cloudflare.api_relay import Relay
from poc_cli.targets.cloudflare.deployment import Deployment
from poc_cli.targets.cloudflare.wrangler import command
from poc_cli.targets.process import guard, signal_group

Listener = Callable[[dict[str, Any]], None]

BEGINS_WITHIN_SECONDS: Final = 10.0
"""How long is waited until Cloudflare has granted the tail; what happens before is not told by it."""

_ENDS_WITHIN_SECONDS: Final = 3.0
"""It ends 0.04 s after an interrupt (measured), and takes itself off the account."""

_LONGEST_LINE: Final = 1 << 20


class Events:
    """Finds the events in what wrangler prints: JSON objects, each on one line or over many; other lines are words."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._lines: list[str] = []

    def feed(self, line: str) -> Iterator[dict[str, Any]]:
        """Take one line, and give the event that it ends, if it ends one."""
        if not self._lines and not line.startswith("{"):
            return
        # wrangler indents what is inside of an event, so that only its end begins with a brace
        if self._lines and line.startswith("{"):
            self._lines.clear()
        self._lines.append(line)
        if len(self._lines) > 1 and not line.startswith("}"):
            return
        with contextlib.suppress(ValueError):
            event = json.loads("".join(self._lines))
            self._lines.clear()
            if isinstance(event, dict):
                yield event


class Tail:
    """One tail; `failure` says why it tells nothing, where that is known."""

    def __init__(self) -> None:
        """Begin with a tail that tells."""
        self.failure: str | None = None


@asynccontextmanager
async def tail(deployment: Deployment, listener: Listener) -> AsyncIterator[Tail]:
    """Call `listener` with each event of the deployment as long as the context lasts; to be used on the main thread."""
    told = Tail()
    uploader = deployment.uploader
    with Relay(uploader.account.api) as relay:
        variables = uploader.scratch.variables(relay.url, uploader.account.id, relay.token)
        try:
            child = await asyncio.create_subprocess_exec(
                *command(uploader.home),
                *("tail", deployment.name, "--format", "json"),
                cwd=uploader.scratch.folder,
                env=variables,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=_LONGEST_LINE,
                start_new_session=True,
                preexec_fn=guard(os.getpid()),
            )
        except (OSError, PocError) as error:
            told.failure = str(error)
            yield told
            return
        uploader.scratch.watch(child.pid)
        reading = asyncio.create_task(_read(child, listener))
        try:
            await _begun(child, relay, told)
            yield told
        finally:
            await _end(child)
            await reading


async def _begun(child: asyncio.subprocess.Process, relay: Relay, told: Tail) -> None:
    """Wait until it is granted; say so where it is not."""
    granted = asyncio.to_thread(relay.wait_for, "POST", "/tails", BEGINS_WITHIN_SECONDS)
    ended = asyncio.ensure_future(child.wait())
    asked = asyncio.ensure_future(granted)
    await asyncio.wait([ended, asked], return_when=asyncio.FIRST_COMPLETED)
    if ended.done():
        relay.give_up()
    if not await asked:
        told.failure = "wrangler tail was granted nothing" if relay.last is None else str(relay.last)
    ended.cancel()


async def _read(child: asyncio.subprocess.Process, listener: Listener) -> None:
    events = Events()
    while child.stdout is not None:
        try:
            line = await child.stdout.readline()
        except ValueError:  # longer than any event is; the rest of it is no event either
            continue
        if not line:
            return
        for event in events.feed(line.decode("utf-8", "replace")):
            listener(event)


async def _end(child: asyncio.subprocess.Process) -> None:
    """Interrupt it, as a person would, so that it ends the tail on the account; kill what is left of it."""
    with contextlib.suppress(ProcessLookupError):
        child.send_signal(signal.SIGINT)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(child.wait(), _ENDS_WITHIN_SECONDS)
    signal_group(child.pid)
    await child.wait()

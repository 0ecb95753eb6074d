"""Read the events of a deployment from `wrangler tail`."""

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
"""How long to wait until Cloudflare has started the tail; earlier events are not included."""

_ENDS_WITHIN_SECONDS: Final = 3.0
"""It ends 0.04 s after an interrupt (measured) and removes the tail from the account."""

_LONGEST_LINE: Final = 1 << 20


class Events:
    """Parses events from wrangler's output: JSON objects on one or several lines, between other text."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def feed(self, line: str) -> Iterator[dict[str, Any]]:
        """Process one line and yield the event that it completes, if any."""
        if not self._lines and not line.startswith("{"):
            return
        # wrangler indents the inside of an event, so that only its end starts with a brace
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
    """The state of a tail; `failure` says why there are no events, if known."""

    def __init__(self) -> None:
        self.failure: str | None = None


@asynccontextmanager
async def tail(deployment: Deployment, listener: Listener) -> AsyncIterator[Tail]:
    """Call `listener` with each event of the deployment while the context lasts; for the main thread only."""
    state = Tail()
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
            state.failure = str(error)
            yield state
            return
        uploader.scratch.watch(child.pid)
        reading = asyncio.create_task(_read(child, listener))
        try:
            await _started(child, relay, state)
            yield state
        finally:
            await _end(child)
            await reading


async def _started(child: asyncio.subprocess.Process, relay: Relay, state: Tail) -> None:
    """Wait until the tail has started; set `failure` if it has not."""
    granted = asyncio.to_thread(relay.wait_for, "POST", "/tails", BEGINS_WITHIN_SECONDS)
    ended = asyncio.ensure_future(child.wait())
    asked = asyncio.ensure_future(granted)
    await asyncio.wait([ended, asked], return_when=asyncio.FIRST_COMPLETED)
    if ended.done():
        relay.give_up()
    if not await asked:
        state.failure = "wrangler tail did not start" if relay.last is None else str(relay.last)
    ended.cancel()


async def _read(child: asyncio.subprocess.Process, listener: Listener) -> None:
    events = Events()
    while child.stdout is not None:
        try:
            line = await child.stdout.readline()
        except ValueError:  # longer than any event; skip the rest of it too
            continue
        if not line:
            return
        for event in events.feed(line.decode("utf-8", "replace")):
            listener(event)


async def _end(child: asyncio.subprocess.Process) -> None:
    """Interrupt it, so that it ends the tail on the account, and kill what is left."""
    with contextlib.suppress(ProcessLookupError):
        child.send_signal(signal.SIGINT)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(child.wait(), _ENDS_WITHIN_SECONDS)
    signal_group(child.pid)
    await child.wait()

"""Connect to workerd's inspector, which speaks the Chrome DevTools Protocol for one isolate.

Only runtimes that confirm a claim have an inspector; it listens on a free loopback port.
"""

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.protocol import State

from poc_cli.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

ANSWERS_WITHIN_SECONDS: Final = 30.0
"""A command takes under a millisecond; on a busy machine the isolate may take longer to respond."""

Result = dict[str, Any]


class InspectorError(TargetError):
    """The inspector rejected a command, or the connection was lost."""


class _JoiningConnection(ClientConnection):
    """A connection that writes the commands of one turn of the event loop at once.

    A reset of module state sends a hundred or more, and a write for each took two thirds of its time (measured).
    """

    _is_due = False

    def send_data(self) -> None:
        """Write what the protocol has queued, with what else is queued in this turn of the event loop."""
        if self.protocol.state is not State.OPEN:
            super().send_data()
        elif not self._is_due:
            self._is_due = True
            self.loop.call_soon(self._write)

    def _write(self) -> None:
        self._is_due = False
        if self.protocol.state is not State.OPEN or self.transport.is_closing():
            super().send_data()
        else:
            self.transport.write(b"".join(self.protocol.data_to_send()))


class Inspector:
    """The inspector of one isolate."""

    def __init__(self, connection: ClientConnection) -> None:
        """Take an open connection; see `open_inspector`."""
        self.scripts: dict[str, str] = {}
        """The names of the parsed scripts, by id."""
        self.context = 0
        self.paused: Callable[[Result], Coroutine[Any, Any, None]] | None = None
        self._connection = connection
        self._next = 0
        self._waiting: dict[int, asyncio.Future[Result]] = {}
        self._pauses: set[asyncio.Task[None]] = set()
        self._reader = asyncio.create_task(self._read())

    async def close(self) -> None:
        """Close the connection; pending calls raise InspectorError."""
        self._reader.cancel()
        for task in self._pauses:
            task.cancel()
        with suppress(WebSocketException, OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._connection.close()
        self._fail_pending("the inspector's connection was closed")

    async def call(self, method: str, **parameters: Any) -> Result:
        """Return the result of a command. Raises InspectorError."""
        self._next += 1
        number = self._next
        answer: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            async with asyncio.timeout(ANSWERS_WITHIN_SECONDS):
                await self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
                reply = await answer
        except TimeoutError:
            raise InspectorError(f"the inspector did not answer {method} within {ANSWERS_WITHIN_SECONDS:g} s") from None
        except (WebSocketException, OSError) as error:
            raise InspectorError(f"the inspector's connection broke: {error}") from error
        finally:
            self._waiting.pop(number, None)
        if "error" in reply:
            raise InspectorError(f"the inspector rejected {method}: {reply['error'].get('message')}")
        result: Result = reply.get("result", {})
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            text = details.get("exception", {}).get("description") or details.get("text")
            raise InspectorError(f"{method} threw: {text}")
        return result

    async def _read(self) -> None:
        try:
            async for message in self._connection:
                self._take(json.loads(message))
        except (WebSocketException, OSError, ValueError) as error:
            self._fail_pending(str(error))
        else:
            self._fail_pending("the runtime closed the inspector's connection")

    def _take(self, reply: Result) -> None:
        if "id" in reply:
            waiting = self._waiting.get(reply["id"])
            if waiting is not None and not waiting.done():
                waiting.set_result(reply)
            return
        parameters = reply.get("params", {})
        match reply.get("method"):
            case "Debugger.scriptParsed":
                self.scripts[parameters["scriptId"]] = parameters["url"]
            case "Runtime.executionContextCreated":
                self.context = parameters["context"]["id"]
            case "Debugger.paused" if self.paused is not None:
                task = asyncio.create_task(self.paused(parameters))
                self._pauses.add(task)
                task.add_done_callback(self._pauses.discard)

    def _fail_pending(self, reason: str) -> None:
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(InspectorError(f"the inspector is gone: {reason}"))


async def open_inspector(url: str) -> Inspector:
    """Connect to an isolate and turn its debugger on. Raises InspectorError."""
    try:
        async with asyncio.timeout(ANSWERS_WITHIN_SECONDS):
            connection = await connect(
                url,
                create_connection=_JoiningConnection,
                max_size=None,
                compression=None,
                ping_interval=None,
                proxy=None,
            )
    except (WebSocketException, OSError, TimeoutError) as error:
        raise InspectorError(f"cannot connect to the inspector: {error}") from error
    inspector = Inspector(connection)
    try:
        await inspector.call("Runtime.enable")
        await inspector.call("Debugger.enable")
    except BaseException:
        await inspector.close()
        raise
    return inspector

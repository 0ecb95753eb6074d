"""A client that is a page in a real browser: its WebSockets to the worker are observed."""

import asyncio
import base64
import contextlib
import json
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit

from poc_cli.clients.browser import Pages
from poc_cli.clients.client import CannotOpen, Ending, InTime, Observer, Payload, Sendable, in_seconds
from poc_cli.clients.inbox import Inbox
from poc_cli.clients.page_closings import CLOSE_SCRIPT, Closings
from poc_cli.errors import TargetError
from poc_cli.history import event as kinds

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, CDPSession, Page

MOST_LOG_LINES: Final = 1000
"""Console lines, errors and failed requests kept of a page, as many as of a program's stderr."""

_TEXT: Final = 1  # RFC 6455 11.8
_BINARY: Final = 2
_REFUSED: Final = "Unexpected response code: "
"""Chromium's text for a handshake with another status than 101; the status follows."""

_SWITCHING: Final = 101


@dataclass(frozen=True, slots=True)
class Visit:
    """The page's URL, when it counts as open, and the hosts of the worker."""

    url: str
    opens: Literal["socket", "load"]
    worker_hosts: Callable[[], Sequence[str]]


@dataclass(slots=True)
class _Socket:
    """One WebSocket from the page to the worker."""

    number: int
    url: str
    is_open: bool = False


class PageClient:
    """A page that takes part in a play."""

    records_openings = True

    def __init__(self, name: str, visit: Visit, pages: Pages, observer: Observer) -> None:
        """Initialize with the page to visit; opens nothing."""
        self.name = name
        self.inbox = Inbox()
        self._visit = visit
        self._pages = pages
        self._observer = observer
        self._context: BrowserContext | None = None
        self._page: Page | None = None
        self._session: CDPSession | None = None
        self._sockets: dict[str, _Socket] = {}
        self._closings = Closings()
        self._numbers = 0
        self._moved = asyncio.Event()
        self._refused: int | None = None
        self._failed: str | None = None
        self._opened = 0
        self._ended = 0
        self._ends_seen = 0
        self._gone: str | None = "it was never opened"
        self._by_us: str | None = None
        self._elsewhere: list[str] = []
        self._logged = 0
        self.first_sent: tuple[int, int] | None = None
        """The event id and time of the first message sent since this was last reset."""

    @property
    def is_open(self) -> bool:
        """Whether the page is open."""
        return self._gone is None

    @property
    def how_it_ended(self) -> str:
        """Why the page is no longer open, in a sentence."""
        return self._gone or "it is open"

    @property
    def page(self) -> "Page":
        """Return Playwright's page. Raises CannotOpen if it is gone."""
        if self._page is None or self._gone is not None:
            raise CannotOpen(self.how_it_ended)
        return self._page

    async def open(self, within: float) -> None:
        """Open the page and wait until it counts as open. Raises CannotOpen if it does not in time."""
        from playwright.async_api import Error

        try:
            async with asyncio.timeout(within):
                await self._load()
                while not self._is_decided():
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError as error:
            raise CannotOpen(self.missing(within), in_time=False) from error
        except Error as error:
            raise CannotOpen(_first_line(error)) from error
        except TargetError as error:
            raise CannotOpen(error.in_a_line) from error
        if self._refused is not None and not self._opened:
            raise CannotOpen(f"the server answered {self._refused}", self._refused)
        if self._failed is not None and not self._opened:
            raise CannotOpen(f"its WebSocket failed: {self._failed}")

    async def _load(self) -> None:
        self._context = await self._pages.context()
        self._page = await self._context.new_page()
        self._gone = None
        self._session = await self._context.new_cdp_session(self._page)
        self._listen(self._page, self._session)
        await self._page.expose_binding(CLOSE_SCRIPT.binding, self._close_reported)
        await self._page.add_init_script(CLOSE_SCRIPT.script)
        await self._session.send("Network.enable")
        await self._session.send("Page.enable")
        await self._page.goto(self._visit.url, wait_until="load" if self._visit.opens == "load" else "commit")

    def _is_decided(self) -> bool:
        if self._visit.opens == "load":
            return True
        return bool(self._opened) or self._refused is not None or self._failed is not None or self._gone is not None

    def missing(self, within: float) -> str:
        """Return what the page did not open in time, and what it opened instead."""
        if self._elsewhere:
            hosts = ", ".join(dict.fromkeys(self._elsewhere))
            return f"the page opened no WebSocket to the worker, only to {hosts}, within {within:g} s"
        what = "the page opened no WebSocket to the worker" if self._page is not None else "the browser gave no page"
        return f"{what} within {within:g} s"

    # --- events of the browser

    def _listen(self, page: "Page", session: "CDPSession") -> None:
        page.on("console", lambda line: self._log(kinds.CONSOLE, level=line.type, text=line.text))
        page.on("pageerror", lambda error: self._log(kinds.PAGE_ERROR, text=str(error)))
        page.on("requestfailed", lambda request: self._failed_request(request.method, request.url, request.failure))
        page.on("crash", lambda _: self._end("the page crashed"))
        page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.dismiss()))
        for name, handle in (
            ("Created", self._created),
            ("HandshakeResponseReceived", self._answered),
            ("FrameSent", lambda event: self._frame(kinds.SENT, event)),
            ("FrameReceived", lambda event: self._frame(kinds.RECEIVED, event)),
            ("FrameError", self._error),
            ("Closed", self._closed),
        ):
            session.on(f"Network.webSocket{name}", handle)
        session.on("Page.frameNavigated", self._navigated)

    def _failed_request(self, method: str, url: str, failure: str | None) -> None:
        self._log(kinds.REQUEST_FAILED, method=method, path=urlsplit(url).path, said=failure or "")

    def _log(self, kind: str, **data: Any) -> None:
        self._logged += 1
        if self._logged <= MOST_LOG_LINES:
            self._observer.note(kind, **data)
        elif self._logged == MOST_LOG_LINES + 1:
            message = f"(of the console, errors and failed requests the first {MOST_LOG_LINES} are kept)"
            self._observer.note(kinds.CONSOLE, level="warning", text=message)

    def _created(self, event: dict[str, Any]) -> None:
        host = urlsplit(event["url"]).netloc
        self._closings.created(event["requestId"], event["url"])
        if host not in self._visit.worker_hosts():
            self._elsewhere.append(host)
            return
        self._numbers += 1
        self._sockets[event["requestId"]] = _Socket(self._numbers, event["url"])

    def _answered(self, event: dict[str, Any]) -> None:
        socket = self._sockets.get(event["requestId"])
        if socket is None:
            return
        if event["response"]["status"] == _SWITCHING:
            socket.is_open = True
            self._opened += 1
            self._observer.opened(socket.number, socket.url)
        self._moved.set()

    def _frame(self, kind: str, event: dict[str, Any]) -> None:
        socket = self._sockets.get(event["requestId"])
        frame = event["response"]
        if socket is None or frame["opcode"] not in {_TEXT, _BINARY}:
            return
        text = frame["payloadData"]
        payload: Payload = text if frame["opcode"] == _TEXT else base64.b64decode(text)
        if kind == kinds.SENT:
            sent = self._observer.passed(kind, socket.number, payload)
            self.first_sent = self.first_sent or sent
        else:
            self._observer.received(payload, socket=socket.number)

    def _error(self, event: dict[str, Any]) -> None:
        socket = self._sockets.get(event["requestId"])
        said = event["errorMessage"]
        if socket is None or socket.is_open:
            return
        _, refused, status = said.partition(_REFUSED)
        if refused and status.strip().isdigit():
            self._refused = int(status)
        else:
            self._failed = said
        if self._opened:
            self._observer.note(kinds.OPEN_FAILED, said=said)
        self._moved.set()

    def _closed(self, event: dict[str, Any]) -> None:
        socket = self._sockets.pop(event["requestId"], None)
        if socket is not None and socket.is_open:
            self._closings.closed(event["requestId"], lambda ending: self._end_of(socket, ending))

    def _navigated(self, event: dict[str, Any]) -> None:
        """Handle a navigation: the WebSockets of the previous document ended with it, mostly without an event."""
        if event["frame"].get("parentId") is not None:
            return
        self._closings.left()
        sockets, self._sockets = self._sockets, {}
        for socket in sockets.values():
            if socket.is_open:
                self._end_of(socket, Ending("client", 1006, "", clean=False, description="the page was left"))

    def _close_reported(self, _: object, report: str) -> None:
        with contextlib.suppress(ValueError, LookupError, TypeError):  # the page's own scripts may call it too
            self._closings.reported(json.loads(report))

    def _end_of(self, socket: _Socket, ending: Ending) -> None:
        self._observer.ended(socket.number, ending)
        self._ended += 1
        self._moved.set()

    def _end(self, said: str) -> None:
        """Mark everything as ended, because the page can no longer report."""
        if self._gone is not None:
            return
        self._gone = said
        self._closings.flush(by_client=self._by_us is not None)
        sockets, self._sockets = self._sockets, {}
        for socket in sockets.values():
            if socket.is_open:
                by: Literal["client", "nobody"] = "nobody" if self._by_us is None else "client"
                self._end_of(socket, Ending(by, 1006, "", clean=False, description=said))
        self.inbox.end()
        self._moved.set()

    # --- actions

    async def send(self, payload: Sendable) -> None:  # noqa: ARG002 - lint rejects it earlier
        """Raise CannotOpen: a page sends through page actions."""
        raise CannotOpen("a page sends through page actions, not by send")

    async def close(self, code: int, reason: str, in_time: InTime) -> None:  # noqa: ARG002 - the browser chooses them
        """Navigate away, so that the browser closes the WebSockets in its own way, and close the page."""
        self._by_us = "the page was closed"
        if self._page is not None and self._gone is None:
            await _tried(self._page.goto("about:blank"), in_time)
        await self._finish("the page was closed", in_time)

    async def await_end(self, within: float) -> bool:
        """Wait until one more WebSocket has ended than steps have seen; return whether one did in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                while self._ended <= self._ends_seen:
                    self._moved.clear()
                    await self._moved.wait()
        found = self._ended > self._ends_seen
        self._ends_seen = self._ended
        return found

    async def kill(self, how: Literal["fin", "rst", "process"]) -> None:  # noqa: ARG002 - there is only one way
        """Close the page immediately."""
        self._by_us = "the page was ended"
        await self._finish("the page was ended", in_seconds(1.0))

    async def _finish(self, said: str, in_time: InTime) -> None:
        if self._context is not None:
            await _tried(self._context.close(), in_time)
        self._end(said)

    def stall(self) -> None:
        """Do nothing: lint rejects it earlier."""

    def release(self) -> None:
        """Do nothing: a browser always reads."""


async def _tried(action: Coroutine[Any, Any, object], in_time: InTime) -> None:
    """Run a browser action until it is done or out of time; ignore failures, as the page is closed anyway."""
    doing = asyncio.create_task(action)
    try:
        await in_time(doing)
    finally:
        doing.cancel()
        await asyncio.gather(doing, return_exceptions=True)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]

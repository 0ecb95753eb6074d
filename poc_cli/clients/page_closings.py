"""How the WebSockets of a page ended: a script in the page reports it, as DevTools only report that they did."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from poc_cli.clients.client import Ending

_REPORTED_WITHIN_SECONDS: Final = 0.5
"""How long to wait for the page's report after the browser's event; both come over one pipe, within a millisecond."""

_BROKEN: Final = 1006  # RFC 6455 7.1.5: no close frame came


@dataclass(frozen=True, slots=True)
class InjectedScript:
    """A script for the page, and the name of the binding through which it reports."""

    binding: str
    script: str


_BINDING: Final = "__pocSocketClosed"

_SCRIPT: Final = """(() => {
  const report = window.BINDING;
  const Native = window.WebSocket;
  const close = Native.prototype.close;
  const asked = new WeakSet();
  Native.prototype.close = function (...words) {
    asked.add(this);
    return close.apply(this, words);
  };
  window.WebSocket = new Proxy(Native, {
    construct(target, words, made) {
      const socket = Reflect.construct(target, words, made);
      socket.addEventListener("close", ({ code, reason, wasClean }) => {
        report(JSON.stringify({ url: socket.url, code, reason, clean: wasClean, asked: asked.has(socket) }));
      });
      return socket;
    },
  });
})();"""

CLOSE_SCRIPT: Final = InjectedScript(_BINDING, _SCRIPT.replace("BINDING", _BINDING))


@dataclass(slots=True)
class _Waiting:
    """A WebSocket that has ended, and the callback for how."""

    url: str
    on_end: Callable[[Ending], None]
    timer: asyncio.TimerHandle | None = None


class Closings:
    """Matches the browser's event that a WebSocket ended with the page's report how."""

    def __init__(self) -> None:
        self._urls: dict[str, str] = {}
        self._waiting: list[_Waiting] = []
        self._early: list[tuple[str, Ending]] = []
        self._left: set[str] = set()

    def created(self, request: str, url: str) -> None:
        """Record a WebSocket by the browser's request id and its URL."""
        self._urls[request] = url

    def closed(self, request: str, on_end: Callable[[Ending], None]) -> None:
        """Call `on_end` once the page has reported how it ended, or after a timeout without a report."""
        url = self._urls.pop(request, "")
        early = next((each for each in self._early if each[0] == url), None)
        if early is not None:
            self._early.remove(early)
            on_end(early[1])
            return
        if request in self._left:
            on_end(_unreported("client"))
            return
        waiting = _Waiting(url, on_end)
        waiting.timer = asyncio.get_running_loop().call_later(_REPORTED_WITHIN_SECONDS, self._expire, waiting)
        self._waiting.append(waiting)

    def reported(self, report: dict[str, Any]) -> None:
        """Handle the page's report. Raises LookupError or TypeError if it is not from the injected script."""
        ending = _ending(report)
        waiting = next((each for each in self._waiting if each.url == report["url"]), None)
        if waiting is None:
            self._early.append((report["url"], ending))
            return
        self._settle(waiting, ending)

    def left(self) -> None:
        """Handle a navigation: the document's WebSockets were closed by it and cannot be reported."""
        self._left |= self._urls.keys()
        self.flush(by_client=True)

    def flush(self, *, by_client: bool) -> None:
        """Report all pending WebSockets, because the page is gone."""
        for waiting in self._waiting[:]:
            self._settle(waiting, _unreported("client" if by_client else "nobody"))

    def _expire(self, waiting: _Waiting) -> None:
        if waiting in self._waiting:
            self._settle(waiting, _unreported("nobody"))

    def _settle(self, waiting: _Waiting, ending: Ending) -> None:
        if waiting.timer is not None:
            waiting.timer.cancel()
        self._waiting.remove(waiting)
        waiting.on_end(ending)


def _unreported(by: Literal["client", "nobody"]) -> Ending:
    return Ending(by, _BROKEN, "", clean=False, description="it ended, but the page did not report how")


def _ending(report: dict[str, Any]) -> Ending:
    code, reason, clean, asked = (
        int(report["code"]),
        str(report["reason"]),
        bool(report["clean"]),
        bool(report["asked"]),
    )
    by: Literal["client", "server", "nobody"] = "client" if asked else "server" if clean else "nobody"
    who = {"client": "the page closed it", "server": "the server closed it", "nobody": "it broke"}[by]
    return Ending(by, code, reason, clean=clean, description=f"{who}: {code} {reason}".strip())

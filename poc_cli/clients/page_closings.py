"""How the WebSockets of a page ended: the browser's own tool says only that they did, so the page is asked."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from poc_cli.clients.client import Ending

_TOLD_WITHIN_SECONDS: Final = 0.5
"""How long the page's own word may take after the browser's; both come over one pipe, within a millisecond."""

_BROKEN: Final = 1006  # RFC 6455 7.1.5: no close frame came


@dataclass(frozen=True, slots=True)
class Words:
    """What a page is given, to tell."""

    binding: str
    script: str


_BINDING: Final = "__pocSocketClosed"

_SCRIPT: Final = """(() => {
  const tell = window.BINDING;
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
        tell(JSON.stringify({ url: socket.url, code, reason, clean: wasClean, asked: asked.has(socket) }));
      });
      return socket;
    },
  });
})();"""

CLOSINGS: Final = Words(_BINDING, _SCRIPT.replace("BINDING", _BINDING))


@dataclass(slots=True)
class _Waiting:
    """A WebSocket that has ended, and who is to hear how."""

    url: str
    heard: Callable[[Ending], None]
    timer: asyncio.TimerHandle | None = None


class Closings:
    """Brings together the browser's word that a WebSocket ended and the page's word how."""

    def __init__(self) -> None:
        """Begin with none."""
        self._urls: dict[str, str] = {}
        self._waiting: list[_Waiting] = []
        self._early: list[tuple[str, Ending]] = []
        self._left: set[str] = set()

    def created(self, request: str, url: str) -> None:
        """Know a WebSocket by the browser's name for it and its address."""
        self._urls[request] = url

    def closed(self, request: str, heard: Callable[[Ending], None]) -> None:
        """Tell how it ended, once the page has said so, or that it broke where the page says nothing."""
        url = self._urls.pop(request, "")
        early = next((each for each in self._early if each[0] == url), None)
        if early is not None:
            self._early.remove(early)
            heard(early[1])
            return
        if request in self._left:
            heard(_unsaid("client"))
            return
        waiting = _Waiting(url, heard)
        waiting.timer = asyncio.get_running_loop().call_later(_TOLD_WITHIN_SECONDS, self._expire, waiting)
        self._waiting.append(waiting)

    def told(self, said: dict[str, Any]) -> None:
        """Hear the page's word. Raises LookupError or TypeError for what is none of ours."""
        ending = _ending(said)
        waiting = next((each for each in self._waiting if each.url == said["url"]), None)
        if waiting is None:
            self._early.append((said["url"], ending))
            return
        self._settle(waiting, ending)

    def left(self) -> None:
        """Know that the page has left its document: what ended with it was closed by it, and cannot say so."""
        self._left |= self._urls.keys()
        self.flush(by_client=True)

    def flush(self, *, by_client: bool) -> None:
        """Tell what still waits: the page is gone and says no more."""
        for waiting in self._waiting[:]:
            self._settle(waiting, _unsaid("client" if by_client else "nobody"))

    def _expire(self, waiting: _Waiting) -> None:
        if waiting in self._waiting:
            self._settle(waiting, _unsaid("nobody"))

    def _settle(self, waiting: _Waiting, ending: Ending) -> None:
        if waiting.timer is not None:
            waiting.timer.cancel()
        self._waiting.remove(waiting)
        waiting.heard(ending)


def _unsaid(by: Literal["client", "nobody"]) -> Ending:
    return Ending(by, _BROKEN, "", clean=False, description="it ended, and the page did not say how")


def _ending(said: dict[str, Any]) -> Ending:
    code, reason, clean, asked = int(said["code"]), str(said["reason"]), bool(said["clean"]), bool(said["asked"])
    by: Literal["client", "server", "nobody"] = "client" if asked else "server" if clean else "nobody"
    who = {"client": "the page closed it", "server": "the server closed it", "nobody": "it broke"}[by]
    return Ending(by, code, reason, clean=clean, description=f"{who}: {code} {reason}".strip())

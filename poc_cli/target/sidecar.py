"""Speaks to the side-car beside the worker: fences and evicts, over unix sockets that only we can open.

Never touches an object, other than to evict the one it is asked to.
"""

import asyncio
from pathlib import Path

import httpx

from poc_cli.target import patience
from poc_cli.target.base import EVICT_LINGERS_SECONDS, Eviction, TargetDropped, TargetHung
from poc_cli.target.edge import NO_TLS
from poc_cli.target.patience import Watch

LOOK_INTO_LOG = "its last words are in worker.log in the run folder"

# The runtime's own words, RUNTIME notes 4 and "evict on a not running object".
_NOT_RUNNING = "not currently running"


def _client(path: Path) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=str(path), verify=NO_TLS))


class Sidecar:
    """A client of the side-car; connections are kept, because building a client costs more than an evict."""

    def __init__(self, folder: Path, watch: Watch) -> None:
        """Take the folder with the sockets, and whom to ask whether it is only late."""
        self._watch = watch
        self._fence = _client(folder / "fence.sock")
        self._evict = _client(folder / "evict.sock")

    async def close(self) -> None:
        """Close all connections."""
        await self._fence.aclose()
        await self._evict.aclose()

    async def answer(self) -> None:
        """Return once the side-car has answered. Raises TargetHung, and TargetDropped for a connection that broke."""
        asked = asyncio.ensure_future(self._fence.post("http://sidecar/", json={}, timeout=None))
        if not await self._watch.answered(asked):
            raise TargetHung(
                f"the runtime did not answer within {patience.HANGS_AFTER_SECONDS:g} s",
                "an endless loop in one object stops them all; the worker's log is in the run folder",
            )
        try:
            asked.result().raise_for_status()
        except httpx.HTTPStatusError as error:
            raise TargetDropped(
                f"the runtime answered its own side-car with {error.response.status_code}", LOOK_INTO_LOG
            ) from error
        except httpx.HTTPError as error:
            raise TargetDropped(f"the runtime broke off the connection ({_told(error)})", LOOK_INTO_LOG) from error

    async def evict(self, class_name: str, object_id: str, *, close: bool) -> Eviction:
        """Have an object evicted; the runtime waits up to 30 s for work in progress."""
        asked = {"class": class_name, "id": object_id, "webSockets": "close" if close else "hibernate"}
        try:
            response = await self._evict.post("http://sidecar/", json=asked, timeout=EVICT_LINGERS_SECONDS)
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            return Eviction("no_answer", _told(error))
        if answer.get("ok"):
            return Eviction("evicted", "")
        said = str(answer.get("error"))
        return Eviction("not_running" if _NOT_RUNNING in said else "busy", said)


def _told(error: Exception) -> str:
    """Give what went wrong with a request; an error of the library's may have no words but its name."""
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__

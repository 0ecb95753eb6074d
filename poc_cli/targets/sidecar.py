"""Speaks to the side-car beside the worker: fences and evicts, over unix sockets that only we can open."""

import asyncio
import json
from http import HTTPStatus
from pathlib import Path

from poc_cli.targets import deadlines
from poc_cli.targets.base import EVICT_LINGERS_SECONDS, Eviction, TargetDropped, TargetHung
from poc_cli.targets.deadlines import Watch
from poc_cli.targets.unix_http import NoAnswer, UnixClient

LOOK_INTO_LOG = "its last words are in worker.log in the run folder"

# The runtime's own words for an evict of an object that is not in memory.
_NOT_RUNNING = "not currently running"


class Sidecar:
    """A client of the side-car; connections are kept, because opening one takes longer than a fence."""

    def __init__(self, folder: Path, watch: Watch) -> None:
        """Take the folder with the sockets, and whom to ask whether it is only late."""
        self._watch = watch
        self._fence = UnixClient(folder / "fence.sock")
        self._evict = UnixClient(folder / "evict.sock")

    async def close(self) -> None:
        """Close all connections."""
        await self._fence.close()
        await self._evict.close()

    async def answer(self) -> None:
        """Return once the side-car has answered. Raises TargetHung, and TargetDropped for a connection that broke."""
        asked = asyncio.ensure_future(self._fence.post(b"{}"))
        if not await self._watch.answered(asked):
            raise TargetHung(
                f"the runtime did not answer within {deadlines.HANGS_AFTER_SECONDS:g} s",
                "an endless loop in one object stops them all; the worker's log is in the run folder",
            )
        try:
            status = asked.result().status_code
        except NoAnswer as error:
            raise TargetDropped(f"the runtime broke off the connection ({error})", LOOK_INTO_LOG) from error
        if status != HTTPStatus.OK:
            raise TargetDropped(f"the runtime answered its own side-car with {status}", LOOK_INTO_LOG)

    async def evict(self, class_name: str, object_id: str, *, close: bool) -> Eviction:
        """Have an object evicted; the runtime waits up to 30 s for work in progress."""
        asked = {"class": class_name, "id": object_id, "webSockets": "close" if close else "hibernate"}
        try:
            async with asyncio.timeout(EVICT_LINGERS_SECONDS):
                response = await self._evict.post(json.dumps(asked).encode())
        except TimeoutError:
            return Eviction("no_answer", "no answer in time")
        except NoAnswer as error:
            return Eviction("no_answer", str(error))
        return _eviction(response.status_code, bytes(response.body))


def _eviction(status: int, body: bytes) -> Eviction:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        return Eviction("no_answer", f"status {status} without a JSON object")
    if answer.get("ok"):
        return Eviction("evicted", "")
    said = str(answer.get("error"))
    return Eviction("not_running" if _NOT_RUNNING in said else "busy", said)

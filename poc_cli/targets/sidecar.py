"""Send fences and evicts to the side-car of a runtime, over unix sockets that only poc can open."""

import asyncio
import json
import time
from http import HTTPStatus
from pathlib import Path

from poc_cli.residency import object_id
from poc_cli.targets import deadlines
from poc_cli.targets.base import EVICT_LINGERS_SECONDS, Eviction, TargetDropped, TargetHung
from poc_cli.targets.deadlines import Watch
from poc_cli.targets.unix_http import NoAnswer, UnixClient
from poc_cli.targets.workerd_config import YARDSTICK

LOOK_INTO_LOG = "see worker.log in the run folder"

# The runtime's error for evicting an object that is not in memory.
_NOT_RUNNING = "not currently running"


class Sidecar:
    """A client of the side-car; connections are reused, because opening one takes longer than a fence."""

    def __init__(self, folder: Path, watch: Watch) -> None:
        self._watch = watch
        self._fence = UnixClient(folder / "fence.sock")
        self._evict = UnixClient(folder / "evict.sock")

    async def close(self) -> None:
        """Close all connections."""
        await self._fence.close()
        await self._evict.close()

    async def answer(self) -> None:
        """Return once the side-car has answered. Raises TargetHung, and TargetDropped for a connection that broke."""
        request = asyncio.ensure_future(self._fence.post(b"{}"))
        if not await self._watch.answered(request):
            raise TargetHung(
                f"the runtime did not answer within {deadlines.HANGS_AFTER_SECONDS:g} s",
                "an endless loop in one object stops them all; the worker's log is in the run folder",
            )
        try:
            status = request.result().status_code
        except NoAnswer as error:
            raise TargetDropped(f"the runtime closed the connection ({error})", LOOK_INTO_LOG) from error
        if status != HTTPStatus.OK:
            raise TargetDropped(f"the side-car answered with status {status}", LOOK_INTO_LOG)

    async def evict(self, class_name: str, object_id: str, *, close: bool) -> Eviction:
        """Evict an object; the runtime waits up to 30 s for work in progress."""
        request = {"class": class_name, "id": object_id, "webSockets": "close" if close else "hibernate"}
        try:
            async with asyncio.timeout(EVICT_LINGERS_SECONDS):
                response = await self._evict.post(json.dumps(request).encode())
        except TimeoutError:
            return Eviction("no_answer", "no answer in time")
        except NoAnswer as error:
            return Eviction("no_answer", str(error))
        return _eviction(response.status_code, bytes(response.body))

    async def wake_yardstick(self) -> float | None:
        """Evict the side-car's own object, and return how many milliseconds it takes to wake; None without an answer.

        The first call only starts the object.
        """
        before = await self.evict(YARDSTICK, object_id(YARDSTICK, YARDSTICK), close=True)
        begun_ns = time.monotonic_ns()
        try:
            async with asyncio.timeout(EVICT_LINGERS_SECONDS):
                response = await self._evict.post(json.dumps({"yardstick": YARDSTICK}).encode())
        except (TimeoutError, NoAnswer):
            return None
        took_ms = (time.monotonic_ns() - begun_ns) / 1e6
        return took_ms if before.outcome == "evicted" and response.status_code == HTTPStatus.OK else None


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

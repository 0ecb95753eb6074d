"""Tails: what the runtimes tell of each piece of work goes, as JSON, to the WebSockets that follow its Worker."""

import contextlib
import json
from collections import Counter
from typing import Any, Final

from aiohttp import web

PROTOCOL: Final = "trace-v1"
"""The subprotocol that wrangler asks for."""


class Tails:
    """Everybody who listens."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._listening: dict[str, tuple[str, web.WebSocketResponse]] = {}
        self.told: Counter[str] = Counter()
        """How many events of each Worker were sent to somebody; by account and name."""

    @property
    def listening(self) -> list[str]:
        """Return the ids of tails that have an open WebSocket."""
        return sorted(self._listening)

    async def follow(self, tail: str, script: str, request: web.Request) -> web.WebSocketResponse:
        """Serve one listener until it goes."""
        socket = web.WebSocketResponse(protocols=(PROTOCOL,), timeout=1)
        await socket.prepare(request)
        self._listening[tail] = script, socket
        try:
            async for _ in socket:  # the first is {"debug": false}; filters are not known here
                pass
        finally:
            self._listening.pop(tail, None)
        return socket

    async def end(self, tail: str) -> None:
        """End a tail that was deleted."""
        if tail in self._listening:
            await self._listening[tail][1].close()

    async def tell(self, script: str, events: list[dict[str, Any]]) -> None:
        """Send events of a Worker to all that follow it."""
        for of, socket in list(self._listening.values()):
            if of == script:
                for event in events:
                    with contextlib.suppress(ConnectionError):
                        await socket.send_str(json.dumps({**event, "scriptName": script.rpartition("/")[2]}))
                        self.told[script] += 1

    async def close(self) -> None:
        """End all."""
        for tail in self.listening:
            await self.end(tail)

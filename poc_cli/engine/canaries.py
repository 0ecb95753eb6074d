"""Canary rooms: poc's own rooms, each left idle for a different time, that show when objects go to sleep there."""

import asyncio
import json
import secrets
import time
from dataclasses import asdict
from typing import Any, Final, Self

from websockets.exceptions import ConnectionClosed

from poc_cli.clients.client import CannotOpen, Listener, Payload, in_seconds
from poc_cli.clients.inbox import Received, Until
from poc_cli.clients.websocket import Handshake, SocketClient
from poc_cli.history import play_events
from poc_cli.history.writer import HistoryWriter
from poc_cli.residency.sleep_onset import (
    ANSWERS,
    ASLEEP_BY_SECONDS,
    LEFT_ALONE_SECONDS,
    LONGEST_WAIT_SECONDS,
    Canary,
    Onset,
    onset,
)
from poc_cli.scenario.matching import Message
from poc_cli.targets.base import Target

ANSWERS_WITHIN_SECONDS: Final = 5.0
"""The default time that a step waits for an answer."""

PULSES: Final = 10
"""Queries to a room that is awake, one after the other, to measure the round trip."""

RUN: Final = "run"


class _CanaryFailed(Exception):
    """A room did not open, or did not answer in poc's protocol."""


class Canaries:
    """The canary rooms of a run."""

    def __init__(self, target: Target, history: HistoryWriter, *, possible: bool) -> None:
        """Initialize without opening anything; `possible` says whether the worker implements poc's protocol."""
        self.is_over = False
        self.is_ours = possible
        self._target = target
        self._history = history
        self._nonce = f"sentinel-{secrets.token_hex(6)}"
        self._found: list[Canary] = []

    @property
    def onset(self) -> Onset | None:
        """The onset of sleep, None if it is not known yet."""
        return onset(self._found)

    @property
    def is_possible(self) -> bool:
        """Whether the onset can be measured: the worker implements poc's protocol, and not every room failed."""
        return self.is_ours and (bool(self._found) or not self.is_over)

    @property
    def asleep_by_seconds(self) -> float | None:
        """The silence after which an object that is still in memory does not sleep; None if not known yet."""
        if not self.is_possible:
            return ASLEEP_BY_SECONDS
        if self.onset is None:
            return LONGEST_WAIT_SECONDS if self.is_over else None
        return self.onset.asleep_by_seconds

    async def pulse(self) -> None:
        """Measure the round trip to one room and record it; a failure is recorded, not raised."""
        times: list[float] = []
        try:
            async with _Room(self._target, f"{self._nonce}-pulse") as room:
                for _ in range(PULSES):
                    _, answer_ms = await room.who()
                    times.append(round(answer_ms, 3))
                self._history.write(RUN, "poc", play_events.Pulse(round_trip_ms=times, colo=room.colo))
        except _CanaryFailed as error:
            self._history.write(RUN, "poc", play_events.Pulse(round_trip_ms=times, colo=None, failed=str(error)))

    async def sweep(self) -> None:
        """Leave all rooms idle until the onset of sleep is known, or the longest time has passed."""
        rooms = [asyncio.create_task(self._left_alone(seconds)) for seconds in LEFT_ALONE_SECONDS]
        try:
            for ended in asyncio.as_completed(rooms):
                await ended
                if self.onset is not None:
                    break
        finally:
            for room in rooms:
                room.cancel()
            await asyncio.gather(*rooms, return_exceptions=True)
            self.is_over = True

    async def _left_alone(self, seconds: float) -> None:
        fields: dict[str, Any] = {"left_alone_s": seconds}
        try:
            async with _Room(self._target, f"{self._nonce}-{seconds:g}") as room:
                before = [(await room.who())[0] for _ in range(ANSWERS)]
                silence = room.answered_ns
                await asyncio.sleep(seconds)
                asked_ns = time.monotonic_ns()
                first, answer_ms = await room.who()
                after = [first, *[(await room.who())[0] for _ in range(1, ANSWERS)]]
        except _CanaryFailed as error:
            self._history.write(RUN, "poc", play_events.Canary(**fields, failed=str(error)))
            return
        canary = Canary(seconds, round((asked_ns - silence) / 1e6, 3), round(answer_ms, 3), (*before,), (*after,))
        self._history.write(RUN, "poc", play_events.Canary(**asdict(canary)))
        self._found.append(canary)


class _Room:
    """One canary room with one socket, which must stay open."""

    def __init__(self, target: Target, name: str) -> None:
        self.answered_ns = 0
        self.colo: str | None = None
        self._client = SocketClient(
            name,
            Handshake(target.endpoint.socket(f"/room/{name}?name=sentinel"), target.headers),
            Listener(received=self._received, ended=lambda _: None, overflowed=lambda _: None),
        )

    async def __aenter__(self) -> Self:
        try:
            agreed = await self._client.open(ANSWERS_WITHIN_SECONDS)
        except CannotOpen as error:
            raise _CanaryFailed(f"it could not be opened: {error}") from error
        self.colo = agreed.get("colo")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close(1000, "", in_seconds(1.0))

    def _received(self, payload: Payload) -> None:
        message = Message(payload, None) if isinstance(payload, str) else Message(None, payload)
        self._client.inbox.put(Received(message, 0, time.monotonic_ns()))

    async def who(self) -> tuple[str, float]:
        """Return the room's instance id, and the round trip in milliseconds."""
        start, sent_ns = self._client.inbox.size, time.monotonic_ns()
        try:
            await self._client.send(json.dumps({"op": "who"}))
        except (ConnectionClosed, CannotOpen) as error:
            raise _CanaryFailed(f"it was closed: {error}") from error
        deadline = asyncio.get_running_loop().time() + ANSWERS_WITHIN_SECONDS
        taken = await self._client.inbox.take(start, lambda _: True, Until(deadline), very_next=False)
        if taken.match is None:
            raise _CanaryFailed("it was closed" if not self._client.is_open else "it did not answer")
        answer = taken.match.message.json
        instance = answer.get("instance") if isinstance(answer, dict) else None
        if not isinstance(instance, str):
            raise _CanaryFailed("it reported no instance")
        self.answered_ns = taken.match.t_ns
        return instance, (taken.match.t_ns - sent_ns) / 1e6

"""Put a session's objects to sleep between its steps, and wait at its end until nothing more arrives."""

import asyncio
from typing import Final

from poc_cli.engine.context import ObservedObject, PlayContext
from poc_cli.engine.hibernation_traced import TracedSleeper
from poc_cli.engine.module_state_play import ModuleStateResetter
from poc_cli.engine.pin_data import pins_data
from poc_cli.history import object_events

PAUSE_SECONDS: Final = 0.04
"""How long a slowed session pauses in each gap: an evict with its fences and a reset of module state takes as long
(measured: 5 and 28 ms)."""

QUIET_SECONDS: Final = 0.1
"""How long no message may arrive at the end of a session."""

_QUIET_WITHIN_SECONDS: Final = 3.0
"""The longest wait for that: a worker that pushes by a timer never falls silent."""


class GapSleeps:
    """What happens between the steps of a session."""

    def __init__(self, context: PlayContext, resetter: ModuleStateResetter | None) -> None:
        self._context = context
        self._play = context.play
        self._resetter = resetter
        if context.target.trace is None:
            raise ValueError("a session needs a target with a trace")
        self._sleeper = TracedSleeper(context, context.target.trace, "sleep")

    async def after(self, index: int) -> None:
        """Do what the gap after a step calls for. Raises TargetError."""
        if self._play.slowed:
            for witnessed in self._context.objects.values():
                await self._sleeper.await_work(witnessed)
            await asyncio.sleep(PAUSE_SECONDS)
        if index not in self._play.gaps:
            return
        for label, witnessed in self._context.objects.items():
            if not self._play.asleep or label in self._play.asleep:
                await self._sleep(witnessed)
        if self._resetter is not None:
            await self._resetter.reset()

    async def end(self) -> None:
        """Wait until no message has arrived for a while. Raises TargetError."""
        self._context.say("waiting for messages")
        await self._context.target.settled()
        window = self._context.window(_QUIET_WITHIN_SECONDS)
        while not await self._context.is_over(window):
            silent_s = (self._context.now_ns - self._context.last_activity_ns) / 1e9
            if silent_s >= QUIET_SECONDS:
                break
            await asyncio.sleep(QUIET_SECONDS - silent_s)

    async def _sleep(self, witnessed: ObservedObject) -> None:
        found = await self._sleeper.sleep_in_gap(witnessed)
        self._context.write(
            f"object:{witnessed.label}",
            object_events.Gap(outcome=found.outcome, pins=pins_data(found.pins), alarm_in_ms=found.alarm_in_ms),
        )

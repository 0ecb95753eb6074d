"""Lets objects sleep where nothing can be asked: sends nothing, and waits until they should be asleep."""

import asyncio
from typing import Final

from poc_cli.engine.black_box import BlackBox
from poc_cli.engine.context import ObservedObject, PlayContext
from poc_cli.engine.hibernation import Wanted, Way
from poc_cli.engine.step_failure import PlayError, StepFailed
from poc_cli.history import events
from poc_cli.residency.sleep_onset import LONGEST_WAIT_SECONDS

GIVES_UP_SECONDS: Final = LONGEST_WAIT_SECONDS + 40.0
"""Clients that hear something every few seconds give their objects no silence to sleep in; three idle windows more than
the longest wait are enough to say so."""

_LOOK_AGAIN_SECONDS: Final = 1.0


class InstanceSleeper:
    """Lets the objects of one play sleep, in a black box."""

    def __init__(self, context: PlayContext, box: BlackBox, *, expects_sleep: bool, is_long: bool) -> None:
        """Take the stage and what tells of sleep in the box; a long wait is one after which no sleep comes any more."""
        self._context = context
        self._box = box
        self._expects_sleep = expects_sleep
        self._is_long = is_long

    async def hibernate(self, witnessed: ObservedObject, way: Way, *, forced: bool = False) -> None:  # noqa: ARG002
        """Return once the play has been silent for long enough. Raises StepFailed where it does not become silent.

        The silence is counted from the last message of any client of the play, on this machine's clock. Where the
        object should stay it is asked afterwards, and StepFailed says that it did.
        """
        await self._box.ask([witnessed.label])
        begun, was_open = self._context.now_ns, self._is_any_open()
        while True:
            needed, silent = self._needed(), (self._context.now_ns - max(begun, self._context.stirred_ns)) / 1e9
            if needed is not None and silent >= needed:
                break
            if (self._context.now_ns - begun) / 1e9 >= GIVES_UP_SECONDS:
                message = "no silence was long enough to sleep in, because clients kept hearing things"
                raise StepFailed("no_sleep", f"for {GIVES_UP_SECONDS:g} s {message}")
            if was_open and not self._is_any_open():
                await self._context.target.settled()
                raise StepFailed("no_sleep", f"every client was closed while {witnessed.label} was left alone")
            limit = LONGEST_WAIT_SECONDS if needed is None else needed
            self._context.say(f"left alone {silent:.0f}/{limit:.0f} s")
            await asyncio.sleep(min(_LOOK_AGAIN_SECONDS, max(limit - silent, 0.01)))
        self._context.write(
            f"object:{witnessed.label}",
            events.Waited(silent_ms=round(silent * 1000, 3), needed_ms=round(needed * 1000, 3)),
        )
        if not self._expects_sleep:
            await self._box.ask([witnessed.label])
            stayed = self._box.still_there(witnessed.label)
            if stayed is not None:
                raise StepFailed("no_sleep", stayed)

    def _is_any_open(self) -> bool:
        return any(client.is_open for client in self._context.clients.values())

    def _needed(self) -> float | None:
        """Return how many seconds of silence it takes to sleep; None as long as the sentinels have not told."""
        watch = self._box.watch
        if watch.onset is None or self._is_long:
            return watch.asleep_by_seconds
        return watch.onset.awake_from_seconds

    async def probe(self, witnessed: ObservedObject, wanted: Wanted) -> None:  # noqa: ARG002
        """Raise PlayError: where there is no trace such a step is left out."""
        raise PlayError(f"whether {witnessed.label} is in memory can only be asked where the runtime's trace is read")

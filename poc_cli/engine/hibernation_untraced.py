"""Let objects sleep on a target without a trace: send nothing until they should be asleep."""

import asyncio
from typing import Final

from poc_cli.engine.black_box import BlackBox
from poc_cli.engine.context import ObservedObject, PlayContext
from poc_cli.engine.hibernation import Wanted, Way
from poc_cli.engine.step_failure import PlayError, StepFailed
from poc_cli.history import object_events
from poc_cli.residency.sleep_onset import LONGEST_WAIT_SECONDS

GIVES_UP_SECONDS: Final = LONGEST_WAIT_SECONDS + 40.0
"""The longest wait for silence: an object whose clients receive messages every few seconds never sleeps. It is the
longest idle time plus about three idle windows."""

_POLL_SECONDS: Final = 1.0


class UntracedSleeper:
    """Puts the objects of one play to sleep, as inferred from their instance ids."""

    def __init__(self, context: PlayContext, box: BlackBox, *, expects_sleep: bool, is_long: bool) -> None:
        """Initialize; `is_long` waits until an object that is still in memory is known not to sleep."""
        self._context = context
        self._box = box
        self._expects_sleep = expects_sleep
        self._is_long = is_long

    async def hibernate(self, witnessed: ObservedObject, way: Way, *, forced: bool = False) -> None:  # noqa: ARG002
        """Wait until the play has been silent for long enough. Raises StepFailed if it does not become silent.

        The silence is counted from the last message of any client of the play, on this machine's clock. An object that
        should stay awake is queried afterwards, and StepFailed says that it did.
        """
        await self._box.ask([witnessed.label])
        begun, was_open = self._context.now_ns, self._is_any_open()
        while True:
            needed, silent = self._needed(), (self._context.now_ns - max(begun, self._context.last_activity_ns)) / 1e9
            if needed is not None and silent >= needed:
                break
            if (self._context.now_ns - begun) / 1e9 >= GIVES_UP_SECONDS:
                message = "no silence was long enough for a sleep, because clients kept receiving messages"
                raise StepFailed("no_sleep", f"for {GIVES_UP_SECONDS:g} s {message}")
            if was_open and not self._is_any_open():
                await self._context.target.settled()
                how = ", ".join(f"{each.name}: {each.how_it_ended}" for each in self._context.clients.values())
                raise StepFailed("no_sleep", f"every client was closed while {witnessed.label} was idle ({how})")
            limit = LONGEST_WAIT_SECONDS if needed is None else needed
            self._context.say(f"idle {silent:.0f}/{limit:.0f} s")
            await asyncio.sleep(min(_POLL_SECONDS, max(limit - silent, 0.01)))
        self._context.write(
            f"object:{witnessed.label}",
            object_events.Waited(silent_ms=round(silent * 1000, 3), needed_ms=round(needed * 1000, 3)),
        )
        if not self._expects_sleep:
            await self._box.ask([witnessed.label])
            stayed = self._box.describe_latest_stay(witnessed.label)
            if stayed is not None:
                raise StepFailed("no_sleep", stayed)

    def _is_any_open(self) -> bool:
        return any(client.is_open for client in self._context.clients.values())

    def _needed(self) -> float | None:
        """Return how many seconds of silence a sleep takes; None until the canaries have shown it."""
        canaries = self._box.canaries
        if canaries.onset is None or self._is_long:
            return canaries.asleep_by_seconds
        return canaries.onset.awake_from_seconds

    async def probe(self, witnessed: ObservedObject, wanted: Wanted) -> None:  # noqa: ARG002
        """Raise PlayError: without a trace, `probe` steps are skipped."""
        raise PlayError(f"probing {witnessed.label} needs the runtime's trace, which this target does not have")

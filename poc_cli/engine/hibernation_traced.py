"""Put objects to sleep, by the idle timer or an evict, and check their state in the trace."""

import asyncio
from dataclasses import dataclass
from typing import Any, Literal

from poc_cli.engine.context import ObservedObject, PlayContext
from poc_cli.engine.hibernation import Wanted, Way
from poc_cli.engine.pin_data import describe_pins, pins_data
from poc_cli.engine.step_failure import StepFailed
from poc_cli.history import object_events
from poc_cli.residency import Pin
from poc_cli.targets.base import Trace

SECOND_NS = 1_000_000_000

SLEEPS_WITHIN_SECONDS = 13.0
"""The longest wait for a sleep, from the object's last event, or from its last work if nothing pins it. The idle timer
takes 10.00 s +-10 ms and restarts after a timer of the worker; 1 of 200 sleeps took more than 11 s (measured)."""

AWAKE_AFTER_SECONDS = 11.0
"""How long after its last event a pinned object that should stay awake is observed."""

PIN_AFTER_SECONDS = 1.0
"""Work that has been pending for this long pins an object (measured on eight kinds of work)."""

PIN_OF_CONTROL_AFTER_SECONDS = 0.1
"""The same for a control that should not sleep. Pins show at once, and objects without pending work show none
(measured). This shorter wait can only refuse a control its sleep; it cannot let a story pass."""

WATCHED_AT_MOST_SECONDS = 40.0
"""An object that keeps receiving events is never idle; this is more than three idle windows."""

IDLE_TIMER_SECONDS = 10.0
"""The runtime's idle timer (10.00 s, measured)."""

_LISTED = 5
"""Objects that a reason lists; all are in the trace."""

_POLL_SECONDS = 0.05
_SHORTEST_POLL_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class GapSleep:
    """What became of an object that was to sleep between two steps."""

    outcome: Literal["slept", "pinned", "absent", "stayed"]
    pins: tuple[Pin, ...] = ()
    alarm_in_ms: int | None = None
    """In how many milliseconds its alarm was due, if that was before the idle timer would have evicted it."""


class TracedSleeper:
    """Puts the objects of one play to sleep, as confirmed by the trace."""

    def __init__(self, context: PlayContext, trace: Trace, patience: Literal["sleep", "awake"]) -> None:
        """Initialize; `patience` says whether the object is expected to sleep or to stay awake."""
        self._context = context
        self._target = trace
        self._should_sleep = patience == "sleep"

    async def hibernate(self, witnessed: ObservedObject, way: Way, *, forced: bool = False) -> None:
        """Wait until the trace shows that the object left memory. Raises StepFailed if it does not.

        An evict replaces the idle timer. An object that the timer would not evict, because work pins it or because its
        alarm is due first, is not evicted but waited for; `forced` evicts it before its alarm as well.
        """
        now_ns = await self._target.fence()
        await self._present(witnessed)
        if witnessed.asleep:
            return
        if way == "evict":
            pins = await self._lasting_pins(witnessed, now_ns)
            alarm = None if pins or forced else self._alarm_before_sleep(witnessed, now_ns)
            if not pins and alarm is None:
                await self._evict(witnessed)
                if not witnessed.in_memory:
                    return
                # Some pins are not in the trace; waiting shows whether the object stays.
                if not self._should_sleep:
                    raise StepFailed("no_sleep", f"the evict did not end {witnessed.label}'s stay")
                await self._await_sleep(witnessed)
                return
            self._context.write(
                f"object:{witnessed.label}", object_events.Refused(pins=pins_data(pins), alarm_in_ms=alarm)
            )
            if not self._should_sleep and pins:
                raise StepFailed(
                    "no_sleep", f"the evict was refused: {witnessed.label} is pinned by {describe_pins(pins)}"
                )
        await self._await_sleep(witnessed)

    async def sleep_in_gap(self, witnessed: ObservedObject) -> GapSleep:
        """Evict an object between two steps, before its alarm too; a pinned one stays. Raises TargetError."""
        now_ns = await self._target.fence()
        if not witnessed.in_memory:
            return GapSleep("absent")
        pins = await self._lasting_pins(witnessed, now_ns)
        if pins:
            return GapSleep("pinned", pins)
        alarm_in_ms = self._alarm_before_sleep(witnessed, now_ns)
        eviction = await self._evict(witnessed)
        return GapSleep("slept" if eviction == "evicted" else "stayed", (), alarm_in_ms)

    async def await_work(self, witnessed: ObservedObject) -> None:
        """Wait as long as `sleep_in_gap` would for recent work to end, without a sleep. Raises TargetError."""
        now_ns = await self._target.fence()
        if witnessed.in_memory:
            await self._lasting_pins(witnessed, now_ns)

    async def _present(self, witnessed: ObservedObject) -> None:
        if witnessed.seen:
            return
        seen = self._target.seen()
        # The latest are this play's; concurrent plays may have added hundreds.
        latest = [f"{self._target.class_of(each) or 'unknown class'} {each}" for each in seen[-_LISTED:]]
        more = [f"{len(seen) - _LISTED} more"] if len(seen) > _LISTED else []
        others = ", ".join(latest + more)
        named = f'{witnessed.class_name} "{witnessed.name}"' if witnessed.name is not None else witnessed.class_name
        raise StepFailed(
            "wrong_object", f"{named} ({witnessed.id}) was never in memory; the trace shows {others or 'no objects'}"
        )

    async def _lasting_pins(self, witnessed: ObservedObject, now_ns: int) -> tuple[Pin, ...]:
        """Return the pins that remain after recent work has had time to finish."""
        while True:
            # Work that takes long because the runtime is late must not count as a pin, not even in a control.
            quickly = not self._should_sleep and not self._context.was_late(PIN_AFTER_SECONDS)
            patience = PIN_OF_CONTROL_AFTER_SECONDS if quickly else PIN_AFTER_SECONDS
            patience_ns = int(patience * SECOND_NS)
            pins = self._target.pins(witnessed.id, 0)
            lasting = self._target.pins(witnessed.id, patience_ns)
            if lasting or not pins:
                return lasting
            left = (pins[0].since_ns + patience_ns - now_ns) / SECOND_NS
            await asyncio.sleep(min(_POLL_SECONDS, max(left, _SHORTEST_POLL_SECONDS)))
            now_ns = await self._target.fence()

    def _alarm_before_sleep(self, witnessed: ObservedObject, now_ns: int) -> int | None:
        """Return the milliseconds until the object's alarm, None unless it is due before the idle timer."""
        due, stay = self._target.alarm_due_ns(witnessed.id), self._target.stay(witnessed.id)
        if due is None or stay is None or due > stay.last_event_ns + IDLE_TIMER_SECONDS * SECOND_NS:
            return None
        return round((due - now_ns) / 1e6)

    async def _evict(self, witnessed: ObservedObject) -> str:
        actor = f"object:{witnessed.label}"
        self._context.say("evicting")
        took_ms = await self._target.wake_yardstick() if self._context.measures else None
        measured = {} if took_ms is None else {"yardstick_ms": round(took_ms, 3)}
        self._context.write(actor, object_events.Evicting(**measured))
        eviction = await self._target.evict(witnessed.class_name, witnessed.id)
        self._context.write(actor, object_events.Evicted(outcome=eviction.outcome, said=eviction.message))
        await self._target.fence()
        return eviction.outcome

    async def _await_sleep(self, witnessed: ObservedObject) -> None:
        """Wait for the idle timer, on the trace's clock.

        The wait starts at the object's last event if work pins it, otherwise at its last work: a timer that has run
        only delays the sleep.
        """
        begun_ns = now_ns = await self._target.fence()
        while True:
            stay = self._target.stay(witnessed.id)
            if stay is None or not witnessed.in_memory:
                return
            pins = self._target.pins(witnessed.id, SECOND_NS)
            # If nothing pins it, the idle timer may still be late: 1 of 200 sleeps took more than 11 s (measured).
            limit = AWAKE_AFTER_SECONDS if pins and not self._should_sleep else SLEEPS_WITHIN_SECONDS
            # A runtime that does not run starts its timers late, so its lateness does not count as idle time.
            waiting_ns = now_ns - (stay.last_event_ns if pins else stay.last_activity_ns)
            late_ns = self._context.late_ns(waiting_ns)
            left = limit - (waiting_ns - late_ns) / SECOND_NS
            watched = (now_ns - begun_ns) / SECOND_NS
            if left <= 0 or watched >= WATCHED_AT_MOST_SECONDS:
                break
            self._context.say(f"idle {watched:.0f}/{limit:.0f} s")
            now_ns = await self._next(witnessed)
        self._context.write(
            f"object:{witnessed.label}",
            object_events.StillAwake(
                at_ns=now_ns,
                at_last_event_ns=stay.last_event_ns,
                at_last_activity_ns=stay.last_activity_ns,
                watched_ms=round(watched * 1000),
                late_ms=round(late_ns / 1e6, 3),
                pins=pins_data(pins),
            ),
        )
        idle = (now_ns - stay.last_event_ns) / SECOND_NS
        after = f"{idle:.1f} s after its last event, pinned by {describe_pins(pins)}"
        raise StepFailed(
            "no_sleep",
            f"{witnessed.label} was still in memory "
            + (after if pins or left <= 0 else f"after {watched:.0f} s in which the story sent nothing"),
        )

    async def _next(self, witnessed: ObservedObject) -> int:
        """Return the trace's clock at its next pulse, or as soon as the object's state changes."""
        witnessed.moved.clear()
        moved = asyncio.create_task(witnessed.moved.wait())
        pulse = asyncio.create_task(self._target.pulse())
        try:
            await asyncio.wait([moved, pulse], return_when=asyncio.FIRST_COMPLETED)
            return await pulse if pulse.done() else await self._target.fence()
        finally:
            moved.cancel()
            pulse.cancel()

    async def probe(self, witnessed: ObservedObject, wanted: Wanted) -> None:
        """Check the object's state in the trace. Raises StepFailed if it is not the wanted one."""
        now_ns = await self._target.fence()
        await self._present(witnessed)
        if wanted == "pinned":
            pins = await self._lasting_pins(witnessed, now_ns)
        else:
            pins = self._target.pins(witnessed.id, SECOND_NS)
        found = self._found(witnessed, pins)
        ok = found == wanted or (wanted == "awake" and found == "pinned")
        stay = self._target.stay(witnessed.id)
        times: dict[str, Any] = (
            {}
            if stay is None
            else {
                "at_ns": now_ns,
                "at_last_event_ns": stay.last_event_ns,
                "at_last_activity_ns": stay.last_activity_ns,
                "late_ms": round(self._context.late_ns(now_ns - stay.last_activity_ns) / 1e6, 3),
            }
        )
        actor = f"object:{witnessed.label}"
        self._context.write(
            actor, object_events.Probed(wanted=wanted, found=found, ok=ok, pins=pins_data(pins), **times)
        )
        if not ok:
            woken = f", woken by {witnessed.woken_by}" if wanted == "asleep" and witnessed.slept else ""
            because = f": {describe_pins(pins)}" if pins else woken
            raise StepFailed("probe", f"{witnessed.label} should be {wanted} and is {found}{because}")

    def _found(self, witnessed: ObservedObject, pins: tuple[Pin, ...]) -> str:
        if witnessed.in_memory:
            return "pinned" if pins else "awake"
        return "asleep" if witnessed.asleep else "gone"

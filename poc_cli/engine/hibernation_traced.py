"""Brings objects to sleep, by waiting or by force, and asks the trace where they are."""

import asyncio
from typing import Any, Literal

from poc_cli.engine.context import ObservedObject, PlayContext
from poc_cli.engine.hibernation import Wanted, Way
from poc_cli.engine.step_failure import StepFailed
from poc_cli.history import events
from poc_cli.residency import Pin
from poc_cli.targets.base import Trace

SECOND_NS = 1_000_000_000

SLEEPS_WITHIN_SECONDS = 13.0
"""After its last event, or after its last work where nothing pins it: the timer is 10.00 s +-10 ms and starts anew
when a timer of the worker's has run; one outlier in 200 was above 11 s (measured)."""

AWAKE_AFTER_SECONDS = 11.0
"""An object that should stay awake, and that work pins, is watched for this long after its last event."""

PIN_AFTER_SECONDS = 1.0
"""Work that has been pending for a second is what pins an object (measured on eight kinds of work)."""

PIN_OF_CONTROL_AFTER_SECONDS = 0.1
"""In a control that should not sleep. Pins show at once and healthy objects show none (measured); what this shorter
wait can get wrong is only that a control is refused its sleep, never that a story is granted one."""

WATCHED_AT_MOST_SECONDS = 40.0
"""An object that keeps getting events is never idle; three idle windows are enough to say so."""

IDLE_TIMER_SECONDS = 10.0
"""The runtime's own idle timer (measured; docs/design/sleep.md)."""

_LISTED = 5
"""Objects that a reason names; all are in the trace."""

_LOOK_AGAIN_SECONDS = 0.05
_LOOK_AGAIN_AT_LEAST_SECONDS = 0.001


def pins_data(pins: tuple[Pin, ...]) -> list[events.Pin]:
    """Return pins as the history keeps them."""
    return [
        {
            "kind": pin.kind,
            "name": pin.name,
            "what": pin.what,
            "script": pin.script,
            "line": pin.line,
            "at_ns": pin.since_ns,
        }
        for pin in pins
    ]


def told(pins: tuple[Pin, ...]) -> str:
    """Return pins in words: `setInterval (room.ts:12)`."""
    places = [pin.what + (f" ({pin.script}:{pin.line})" if pin.script else "") for pin in pins]
    return ", ".join(dict.fromkeys(places)) or "nothing that the trace shows"


class TracedSleeper:
    """Puts the objects of one play to sleep, and takes the trace's word for it."""

    def __init__(self, context: PlayContext, trace: Trace, patience: Literal["sleep", "awake"]) -> None:
        """Take the stage; `patience` says how long a sleep that does not come is waited for."""
        self._context = context
        self._target = trace
        self._should_sleep = patience == "sleep"

    async def hibernate(self, witnessed: ObservedObject, way: Way, *, forced: bool = False) -> None:
        """Return once the trace has shown the object leave memory. Raises StepFailed where it does not.

        An evict stands for the idle timer. An object that the timer would not strike, because work pins it or because
        an alarm of its own comes before, is not evicted but waited for; `forced` evicts it before its alarm too.
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
                # Not all that pins shows in the trace; what the evict waited for in vain is seen by watching on.
                if not self._should_sleep:
                    raise StepFailed("no_sleep", f"the evict did not end {witnessed.label}'s stay")
                await self._await_sleep(witnessed)
                return
            self._context.write(f"object:{witnessed.label}", events.Refused(pins=pins_data(pins), alarm_in_ms=alarm))
            if not self._should_sleep and pins:
                raise StepFailed("no_sleep", f"the evict was refused: {witnessed.label} is pinned by {told(pins)}")
        await self._await_sleep(witnessed)

    async def _present(self, witnessed: ObservedObject) -> None:
        if witnessed.seen:
            return
        seen = self._target.seen()
        # Of this play are the latest; plays beside it may have brought hundreds.
        told = [f"{self._target.class_of(each) or 'unknown class'} {each}" for each in seen[-_LISTED:]]
        more = [f"{len(seen) - _LISTED} more"] if len(seen) > _LISTED else []
        others = ", ".join(told + more)
        named = f'{witnessed.class_name} "{witnessed.name}"' if witnessed.name is not None else witnessed.class_name
        raise StepFailed(
            "wrong_object", f"{named} ({witnessed.id}) was never in memory; seen were: {others or 'no objects at all'}"
        )

    async def _lasting_pins(self, witnessed: ObservedObject, now_ns: int) -> tuple[Pin, ...]:
        """Return what still pins the object once young work has had its time to end."""
        while True:
            # What takes long only because the runtime is late must not pass for a pin, not even in a control.
            quickly = not self._should_sleep and not self._context.was_late(PIN_AFTER_SECONDS)
            patience = PIN_OF_CONTROL_AFTER_SECONDS if quickly else PIN_AFTER_SECONDS
            patience_ns = int(patience * SECOND_NS)
            pins = self._target.pins(witnessed.id, 0)
            lasting = self._target.pins(witnessed.id, patience_ns)
            if lasting or not pins:
                return lasting
            left = (pins[0].since_ns + patience_ns - now_ns) / SECOND_NS
            await asyncio.sleep(min(_LOOK_AGAIN_SECONDS, max(left, _LOOK_AGAIN_AT_LEAST_SECONDS)))
            now_ns = await self._target.fence()

    def _alarm_before_sleep(self, witnessed: ObservedObject, now_ns: int) -> int | None:
        """Return the milliseconds until the object's alarm, where that comes before the idle timer would strike."""
        due, stay = self._target.alarm_due_ns(witnessed.id), self._target.stay(witnessed.id)
        if due is None or stay is None or due > stay.last_event_ns + IDLE_TIMER_SECONDS * SECOND_NS:
            return None
        return round((due - now_ns) / 1e6)

    async def _evict(self, witnessed: ObservedObject) -> None:
        actor = f"object:{witnessed.label}"
        self._context.say("evicting")
        self._context.write(actor, events.Evicting())
        eviction = await self._target.evict(witnessed.class_name, witnessed.id)
        self._context.write(actor, events.Evicted(outcome=eviction.outcome, said=eviction.said))
        await self._target.fence()

    async def _await_sleep(self, witnessed: ObservedObject) -> None:
        """Wait for the idle timer, reckoning in the trace's clock.

        The reckoning starts at the object's last event where work pins it, and at its last work where none does: a
        timer that has run only puts the sleep off.
        """
        begun_ns = now_ns = await self._target.fence()
        while True:
            stay = self._target.stay(witnessed.id)
            if stay is None or not witnessed.in_memory:
                return
            pins = self._target.pins(witnessed.id, SECOND_NS)
            # Where nothing pins it, only the timer that strikes late would tell that it does not stay: one in 200 did.
            limit = AWAKE_AFTER_SECONDS if pins and not self._should_sleep else SLEEPS_WITHIN_SECONDS
            # A runtime that stands still starts its timers late; what it was late by is no time to sleep in.
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
            events.StillAwake(
                at_ns=now_ns,
                at_last_event_ns=stay.last_event_ns,
                at_last_activity_ns=stay.last_activity_ns,
                watched_ms=round(watched * 1000),
                late_ms=round(late_ns / 1e6, 3),
                pins=pins_data(pins),
            ),
        )
        idle = (now_ns - stay.last_event_ns) / SECOND_NS
        after = f"{idle:.1f} s after its last event, pinned by {told(pins)}"
        raise StepFailed(
            "no_sleep",
            f"{witnessed.label} was still in memory "
            + (after if pins or left <= 0 else f"after {watched:.0f} s in which the story sent nothing"),
        )

    async def _next(self, witnessed: ObservedObject) -> int:
        """Return the trace's clock at the next pulse, or at once when the object has moved."""
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
        """Ask the trace. Raises StepFailed where the object is not as wanted."""
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
        told_pins = pins_data(pins)
        actor = f"object:{witnessed.label}"
        self._context.write(actor, events.Probed(wanted=wanted, found=found, ok=ok, pins=told_pins, **times))
        if not ok:
            woken = f", woken by {witnessed.woken_by}" if wanted == "asleep" and witnessed.slept else ""
            because = f": {told(pins)}" if pins else woken
            raise StepFailed("probe", f"{witnessed.label} should be {wanted} and is {found}{because}")

    def _found(self, witnessed: ObservedObject, pins: tuple[Pin, ...]) -> str:
        if witnessed.in_memory:
            return "pinned" if pins else "awake"
        return "asleep" if witnessed.asleep else "gone"

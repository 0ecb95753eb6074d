"""Find from where a play is not evidence, because poc, the runtime or the machine was late.

Lateness decides no claim: neither what poc did late nor what the machine did to poc or the runtime can refute a claim
or make it hold. A play is cut at the first event that lateness may have changed; what was found before stands. What an
object does is never counted as lateness.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final, Protocol

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.history.late_stretch import Stretch
from poc_cli.residency.sleep_onset import ASLEEP_BY_SECONDS
from poc_cli.scenario.check_names import entry_of
from poc_cli.scenario.model import Alarm, Close, Connect, Hibernate, Http, Idle, On, Probe, Resume, Step
from poc_cli.scenario.plays import Play, patience
from poc_cli.scenario.step_bases import Exchange

LATE_NS: Final = 250_000_000
"""A step that begins this long after it was due is late. An event loop that is busy with hundreds of plays delays a
timer by up to 0.1 s; the shortest wait that a shipped story relies on is twice as long as this."""

IDLE_TIMER_NS: Final = 10_000_000_000
"""The runtime's idle timer: 10.00 s, measured, and
developers.cloudflare.com/durable-objects/concepts/durable-object-lifecycle."""

ASLEEP_BY_NS: Final = round(ASLEEP_BY_SECONDS * 1e9)
"""How long after its last event a pinned object is judged not to sleep."""

OWN_WORK: Final = 0.1
"""The share of a stretch for which the runtime's thread must have been on a processor to count as work of an object
that ran JavaScript without a pause. A spinning handler has 1.0 on an idle machine and 0.2 beside eight others; a
stopped runtime has 0 (measured). The time in which it did not run is not counted against the worker
(`Stretch.without_work`)."""

LONG_NS: Final = 3_000_000_000
"""Lateness of this much in all may change the outcome of any step: what a worker signs or remembers may expire."""

ALARM: Final = "alarm"
"""The trace's name for an alarm that reached an object."""

TOO_SLOW: Final = "this machine was too slow: "
"""The beginning of the reason of a play that was given up because of lateness."""

FOREVER_NS: Final = 1 << 62


class StepTimes(Protocol):
    """The parts of a step's record that lateness depends on."""

    @property
    def index(self) -> int:
        """Its place in the play."""

    @property
    def begun(self) -> Event:
        """The event with which it began."""

    @property
    def ended(self) -> Event | None:
        """The event with which it ended, None if the play broke off during it."""

    @property
    def ok(self) -> bool:
        """Whether it passed."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The first event that is not evidence, the step that it is in, and the reason."""

    event_id: int
    step: int | None
    reason: str


def cut_of(
    play: Play, steps: Sequence[StepTimes], events: Sequence[Event], stretches: Iterable[Stretch], *, traced: bool
) -> Cut | None:
    """Return where a play stops being evidence, None if no lateness matters.

    `events` are those of the play, `stretches` those of the run that concern it (`concerning`). `traced` says that the
    record shows which objects began something that takes its own time.
    """
    late = sorted(stretches, key=lambda each: each.from_ns)
    net = [each.without_work() if each.is_own_work else each for each in late]
    found = (
        _late_step(play, steps, events, late, traced=traced),
        _unplanned_sleep(play, steps, events, net),
        _sleep_after_pin(play, steps, events, late),
    )
    return min((cut for cut in found if cut is not None), key=lambda cut: cut.event_id, default=None)


def concerning(
    stretches: Iterable[Stretch], play_start: Event, events: Sequence[Event], until_ns: int
) -> tuple[Stretch, ...]:
    """Return the late stretches that concern a play: of its runtime, of poc and of the machine, but not its own work.

    A worker must not be able to make itself look late, nor a client of the play by what it reads. A stretch in which
    its worker was at work, and still did not run for long, is marked `is_own_work`.
    """
    runtime = play_start.data.get("runtime")
    near = [
        each
        for each in stretches
        if each.touches(play_start.t_ns, until_ns)
        and (each.runtime is None or each.runtime == runtime)
        and play_start.play not in each.reading
    ]
    if not near:
        return ()
    own = {(e.data.get("process"), e.data.get("ctx")) for e in events if e.kind == kinds.ENTERED}
    alone = bool(play_start.data.get("alone"))
    found = []
    for each in near:
        if not is_own_work(each, own, alone=alone):
            found.append(each)
        elif each.without_work().length_ns > LATE_NS:
            found.append(replace(each, is_own_work=True))
    return tuple(found)


def is_own_work(stretch: Stretch, own: AbstractSet[tuple[object, object]], *, alone: bool) -> bool:
    """Return whether the runtime was busy with the play's own objects, as it always is if the play has it `alone`.

    `own` are the stays of its objects, as process and context.
    """
    if stretch.who != "runtime" or stretch.ran is None or stretch.ran < OWN_WORK:
        return False
    return alone or any(each in own for each in stretch.busy)


def late_by_ns(step: StepTimes) -> int:
    """Return how long after it was due a step began, in nanoseconds; 0 for older histories, which do not record it."""
    late_ms = step.begun.data.get("late_ms", 0)
    return round(late_ms * 1e6) if isinstance(late_ms, int | float) else 0


def why_late(step: StepTimes, stretches: Sequence[Stretch]) -> str | None:
    """Return why a step is late, None if it is not."""
    late_ns = late_by_ns(step)
    if late_ns > LATE_NS:
        return f"the step at line {step.begun.data.get('line')} began {late_ns / 1e9:.1f} s late"
    return _overlapping(step, stretches)


def _overlapping(step: StepTimes, stretches: Sequence[Stretch]) -> str | None:
    end_ns = FOREVER_NS if step.ended is None else step.ended.t_ns
    stretch = next((each for each in stretches if each.touches(step.begun.t_ns, end_ns)), None)
    if stretch is None:
        return None
    return f"{_describe(stretch)} during the step at line {step.begun.data.get('line')}"


def _describe(stretch: Stretch) -> str:
    match stretch.who:
        case "machine":
            return "the machine was suspended"
        case "runtime":
            late = stretch.without_work() if stretch.is_own_work else stretch
            return f"the runtime did not run for up to {late.length_ns / 1e9:.1f} s"
    return f"poc itself was paused for up to {stretch.length_ns / 1e9:.1f} s"


def _late_step(
    play: Play, steps: Sequence[StepTimes], events: Sequence[Event], stretches: Sequence[Stretch], *, traced: bool
) -> Cut | None:
    """Return the first step whose outcome lateness may have changed, at or after the first late one."""
    at_work = [each for each in stretches if each.is_own_work]
    others = [each for each in stretches if not each.is_own_work]
    rules = _TimingRules(play, steps, events, others, traced=traced)
    why: str | None = None
    why_at_work: str | None = None
    for step in steps:
        late_now, late_at_work = why_late(step, others), _overlapping(step, at_work)
        if rules.is_quiescent(step):
            why = why_at_work = None  # after a sleep nothing is under way that a delay could have changed
            continue
        why = why or late_now
        if why is not None and rules.may_be_changed(step, is_late=late_now is not None):
            return Cut(step.begun.id, step.index, why)
        # The worker's own work in a stretch counts against it; the lateness was already taken off such times.
        if why_at_work is not None and rules.fails_for_time(step):
            return Cut(step.begun.id, step.index, why_at_work)
        why_at_work = why_at_work or late_at_work
        if late_at_work is not None and rules.measured_lateness(step, at_work):
            return Cut(step.begun.id, step.index, late_at_work)
    return None


class _TimingRules:
    """The steps of a play, and what lateness before or during each of them may have changed."""

    def __init__(
        self,
        play: Play,
        steps: Sequence[StepTimes],
        events: Sequence[Event],
        stretches: Sequence[Stretch],
        *,
        traced: bool,
    ) -> None:
        self._play = play
        self._events = events
        self._unclean = {e.step for e in events if e.kind == kinds.CLOSED and not e.data.get("clean", True)}
        self._has_alarms = any(e.kind == kinds.DELIVERED and e.data.get("name") == ALARM for e in events)
        self._timed = [e.id for e in events if e.kind == kinds.TIMED]
        self._traced = traced
        self._stretches = stretches
        self._begun_ns = steps[0].begun.t_ns if steps else 0
        waits = [step.index for step in steps if _waits(play.steps[step.index].step)]
        self._first_wait = waits[0] if waits else len(play.steps)
        self._rested_id = 0

    def is_quiescent(self, step: StepTimes) -> bool:
        """Return whether all objects slept in a step, so that lateness before it changes nothing after it."""
        if self._has_alarms or step.index > self._first_wait or not _is_quiescent(self._play, step, self._events):
            return False
        self._rested_id = step.begun.id
        return True

    def may_be_changed(self, step: StepTimes, *, is_late: bool) -> bool:
        """Return whether lateness before a step, or if `is_late` during it, may have changed its outcome."""
        placed = self._play.steps[step.index].step
        waited = step.index > self._first_wait
        if is_late and _overran(step, placed):
            return True
        match placed:
            case Probe() if is_late:
                return True
            case Resume() if is_late and _measures(self._play):
                return True
            case Close() if step.index in self._unclean:
                return True
        if _counts_time(placed) or (waited and _decides(placed)):
            return True
        return _fails(self._play, step, placed) and (waited or self._takes_time(step))

    def fails_for_time(self, step: StepTimes) -> bool:
        """Return whether a step measures time or order, or may have failed because a wait before it was longer."""
        placed = self._play.steps[step.index].step
        waited = step.index > self._first_wait and _decides(placed)
        return _counts_time(placed) or (waited and _fails(self._play, step, placed) and self._takes_time(step))

    def measured_lateness(self, step: StepTimes, stretches: Sequence[Stretch]) -> bool:
        """Return whether the part of these stretches that was not work may have decided the outcome of a step."""
        placed = self._play.steps[step.index].step
        if _counts_time(placed):
            return True
        wake_ms = None if step.ended is None else step.ended.data.get("wake_ms")
        if not isinstance(placed, Resume) or step.ended is None or not isinstance(wake_ms, int | float):
            return False
        touching = (each for each in stretches if each.touches(step.begun.t_ns, step.ended.t_ns))
        away_ms = sum(each.without_work().length_ns for each in touching) / 1e6
        measured = (claim for claim in self._play.scenario.document.claim if entry_of(claim.check).has_limit)
        limits = (claim.limit * 1000 for claim in measured if claim.limit is not None)
        return any(wake_ms - away_ms <= limit < wake_ms for limit in limits)

    def _takes_time(self, step: StepTimes) -> bool:
        """Return whether something that takes its own time may have been under way before the end of a step."""
        end = step.begun if step.ended is None else step.ended
        if not self._traced or self._has_alarms or any(self._rested_id < each < end.id for each in self._timed):
            return True
        return _within(self._stretches, self._begun_ns, end.t_ns) >= LONG_NS


def _waits(step: Step) -> bool:
    return isinstance(step, Idle) or (isinstance(step, On) and step.quiet is not None)


def _is_quiescent(play: Play, step: StepTimes, events: Sequence[Event]) -> bool:
    """Return whether all objects of the play slept in a step; then only alarms can still be under way."""
    if not isinstance(play.steps[step.index].step, Hibernate) or not step.ok or step.ended is None:
        return False
    slept = {
        event.actor
        for event in events
        if event.kind == kinds.LEFT
        and event.data.get("how") in {"idle", "evict"}
        and step.begun.id < event.id < step.ended.id
    }
    return bool(slept) and slept == {f"object:{label}" for label in play.objects}


def _fails(play: Play, step: StepTimes, placed: Step) -> bool:
    """Return whether a step failed, or an object slept in it that should stay awake; lateness may cause both.

    Lateness does not cause an object to stay: the trace shows that, with the late time of the runtime taken off.
    """
    if step.ended is None:
        return False
    if isinstance(placed, Hibernate):
        return step.ok and patience(play, placed) == "awake"
    return not step.ok


def _counts_time(step: Step) -> bool:
    """Return whether a step measures time or order, which any lateness before or during it may change."""
    return isinstance(step, Exchange) and (step.next or (isinstance(step, On) and step.quiet is not None))


def _decides(step: Step) -> bool:
    """Return whether a longer wait before a step may change its outcome."""
    return not isinstance(step, Idle | Hibernate)


def _overran(step: StepTimes, placed: Step) -> bool:
    """Return whether a step passed only because lateness extended its time limit."""
    if step.ended is None or not isinstance(placed, Alarm | Close | Connect | Exchange):
        return False
    return step.ok and step.ended.t_ns - step.begun.t_ns > placed.within * 1e9


def _measures(play: Play) -> bool:
    return any(entry_of(claim.check).has_limit for claim in play.scenario.document.claim)


def _unplanned_sleep(
    play: Play, steps: Sequence[StepTimes], events: Sequence[Event], stretches: Sequence[Stretch]
) -> Cut | None:
    """Return the first sleep by the idle timer that the story does not plan and that lateness made possible."""
    begins = [step.begun.id for step in steps]
    last_event: dict[str, Event] = {}
    for event in events:
        if event.kind in {kinds.ENTERED, kinds.DELIVERED}:
            last_event[event.actor] = event
        if event.kind != kinds.LEFT or event.data.get("how") != "idle" or event.actor not in last_event:
            continue
        position = bisect_right(begins, event.id) - 1
        if position < 0:
            continue
        step = steps[position]
        if isinstance(play.steps[step.index].step, Hibernate):
            continue  # planned, or during the story's wait for another object
        since_ns = last_event[event.actor].t_ns
        inside = [each for each in steps[: position + 1] if since_ns <= each.begun.t_ns <= event.t_ns]
        late_ns = max(_within(stretches, since_ns, event.t_ns), sum(map(late_by_ns, inside)))
        if late_ns < LATE_NS or _would_have_slept(play, step, since_ns, stretches):
            continue
        label = event.actor.removeprefix("object:")
        message = f"{label} was idle {late_ns / 1e9:.1f} s longer than the scenario says, and slept"
        return Cut(event.id, step.index, message)
    return None


def _within(stretches: Sequence[Stretch], from_ns: int, to_ns: int) -> int:
    return sum(each.overlap_ns(from_ns, to_ns) for each in stretches)


def _sleep_after_pin(
    play: Play, steps: Sequence[StepTimes], events: Sequence[Event], stretches: Sequence[Stretch]
) -> Cut | None:
    """Return the first planned sleep that may have come only because of lateness: work had put it off.

    An object that is pinned when it should sleep does not sleep. Work that began earlier in the stay ends sooner after
    the last event if somebody was late between the two. Late time during the wait does not count, but the work may have
    ended in it.
    """
    begins = [step.begun.id for step in steps]
    stays: dict[str, _Stay] = {}
    for event in events:
        if event.kind == kinds.ENTERED:
            stays[event.actor] = _Stay(event)
        stay = stays.get(event.actor)
        if stay is None or event.kind not in {kinds.ENTERED, kinds.DELIVERED, kinds.LEFT} or "at_ns" not in event.data:
            continue
        stay.read(event)
        position = bisect_right(begins, event.id) - 1
        if event.kind != kinds.LEFT or event.data.get("how") not in {"idle", "evict"} or position < 0:
            continue
        placed = play.steps[steps[position].index].step
        if not isinstance(placed, Hibernate) or patience(play, placed) != "sleep":
            continue
        entered_ns, event_ns = stay.entered_ns, stay.client_ns(event.data["at_last_event_ns"])
        inside = [each for each in steps[: position + 1] if entered_ns <= each.begun.t_ns]
        before_ns = max(_within(stretches, entered_ns, event_ns), sum(map(late_by_ns, inside)))
        if _kept_ns(event) + before_ns < ASLEEP_BY_NS:
            continue
        why = _late_in(stretches, inside, entered_ns if before_ns else event_ns, event.t_ns)
        if why is not None:
            label = event.actor.removeprefix("object:")
            why = f"{why} while {label} was pinned, and it slept after that"
            return Cut(steps[position].begun.id, steps[position].index, why)
    return None


class _Stay:
    """One stay of an object in memory, with the trace's times converted to the client's clock.

    The trace is read late, so the event that was read soonest gives the best estimate of the clocks' offset.
    """

    def __init__(self, entered: Event) -> None:
        self._entered_at_ns = entered.data.get("at_ns", 0)
        self._apart_ns = FOREVER_NS

    def read(self, event: Event) -> None:
        """Take an event of the stay."""
        self._apart_ns = min(self._apart_ns, event.t_ns - event.data["at_ns"])

    @property
    def entered_ns(self) -> int:
        """When the object came into memory."""
        return self.client_ns(self._entered_at_ns)

    def client_ns(self, at_ns: int) -> int:
        """Return a time of the trace in the client's clock."""
        return int(at_ns) + self._apart_ns


def _late_in(stretches: Sequence[Stretch], steps: Sequence[StepTimes], from_ns: int, to_ns: int) -> str | None:
    """Return in words who was late in a time, or which of these steps began late; None where nobody was."""
    stretch = next((each for each in stretches if each.touches(from_ns, to_ns)), None)
    if stretch is not None:
        return _describe(stretch)
    return next((why for step in steps if (why := why_late(step, ())) is not None), None)


def _kept_ns(left: Event) -> int:
    """Return how long after its last event work kept an object in memory; 0 where older histories do not say."""
    kept = left.data.get("at_last_activity_ns", 0) - left.data.get("at_last_event_ns", 0)
    return int(kept) if "at_ns" in left.data else 0


def _would_have_slept(play: Play, step: StepTimes, since_ns: int, stretches: Sequence[Stretch]) -> bool:
    """Return whether an object would have slept in this step without any lateness."""
    due_ns = step.begun.t_ns - late_by_ns(step)
    planned_ns = due_ns - _within(stretches, since_ns, due_ns) + round(_longest_wait(play.steps[step.index].step) * 1e9)
    return planned_ns >= since_ns + IDLE_TIMER_NS + LATE_NS


def _longest_wait(step: Step) -> float:
    """Return how many seconds a step may take as planned."""
    match step:
        case Idle():
            return step.idle
        case On() if step.quiet is not None:
            return step.quiet
        case Exchange() | Alarm() | Close() | Http():
            return step.within
    return 0.0

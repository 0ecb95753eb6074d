"""The performances of one session, without sleeps and with sleeps in some gaps: what differs, what to play next."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, Literal

from poc_cli.history import event as kinds
from poc_cli.record.client_view import ALARM, view_of
from poc_cli.record.module_resets import listed, variables, why_incomplete, woke_before_reset
from poc_cli.record.play_record import PlayRecord, StepRecord
from poc_cli.record.repetition import unrepeated
from poc_cli.record.transparency import Difference, Reference
from poc_cli.scenario.scenario import PlacedStep
from poc_cli.scenario.sessions import DISTURBED, UNDISTURBED, Sleeps

PERFORMANCES: Final = 5
"""How often a gap whose sleep makes a difference is played in all, and the session without a sleep likewise."""

OF_A_RARE_ONE: Final = 10
"""How often it is played without a sleep where a difference shows only in some plays with it: of a coin that is tossed,
five in a row come out alike once in 16 times."""

NEEDED: Final = 2
"""In how many of them the same difference must show."""

MOST_CONFIRMED: Final = 4
"""How many differing gaps are played again; one defect often shows in many."""

_MOST_OVERTAKEN: Final = 3
"""How often a performance is played that is overtaken by an alarm each time."""

_READ_AFTER_NS: Final = 300_000_000
"""How long after an alarm its line of the trace may be read: it is asked for four times a second."""

_LEAST_WAIT_NS: Final = 500_000_000
"""How long a step waits at least for an alarm that comes by time, not as the answer to what was just sent."""

Gaps = tuple[int, ...]
GapState = Literal["kept", "changed", "unsteady", "pinned", "stayed", "absent", "untested"]
"""`kept`: clients saw the same; `changed`: they did not; `unsteady`: they did not, but too seldom to count. No object
slept where it was `pinned` by work, where it `stayed` for an unknown reason and where it was `absent` from memory. No
performance with a sleep in an `untested` gap came to its end."""

_STATES: Final[Mapping[str, GapState]] = {"slept": "kept", "pinned": "pinned", "stayed": "stayed", "absent": "absent"}
"""The state of a gap by the best outcome of an object in it."""


@dataclass(frozen=True)
class Disturbed:
    """A performance with sleeps, and what its clients saw differently."""

    play: PlayRecord
    differences: tuple[Difference, ...]

    @property
    def sleeps(self) -> Sleeps:
        """Return in which gaps its objects were to sleep, and which."""
        return self.play.sleeps

    @cached_property
    def states(self) -> Mapping[int, tuple[Mapping[str, Any], ...]]:
        """Return what became of each object in each gap: the data of its `gap` event."""
        found: dict[int, list[Mapping[str, Any]]] = {}
        for event in self.play.of_kind(kinds.GAP):
            if event.step is not None:
                slept = event.data["outcome"] == "slept" and (event.step, event.actor) in self._left
                outcome = "stayed" if event.data["outcome"] == "slept" and not slept else event.data["outcome"]
                found.setdefault(event.step, []).append(event.data | {"outcome": outcome})
        return {gap: tuple(each) for gap, each in found.items()}

    @cached_property
    def _left(self) -> frozenset[tuple[int | None, str]]:
        """Return after which steps the trace shows which object leaving memory to sleep.

        One that woke before module state was reset may have found there what it had lost, so that proves nothing.
        """
        early = {event.id for event in woke_before_reset(self.play.events)} if self.resets else ()
        left = [event for event in self.play.of_kind(kinds.LEFT) if event.id not in early]
        return frozenset((event.step, event.actor) for event in left if event.data.get("how") in {"evict", "idle"})

    @property
    def resets(self) -> bool:
        """Whether module state was reset at each sleep."""
        return bool(self.play.start.data.get("resets"))

    @property
    def why_incomplete(self) -> str | None:
        """Return what kept state through its sleeps, beside attachments and storage; None if nothing did."""
        return why_incomplete(self.play.events) if self.resets else None

    @property
    def reset_in_part(self) -> str | None:
        """Return which variables a reset left as they were while it put others back; None if it did not.

        In production a new process has neither, so that what does not fit together may have made a difference.
        """
        resets = [each for each in self.play.of_kind(kinds.MODULE_STATE) if each.data["at"] == "sleep"]
        left = variables(resets, "left") if self.resets else []
        return listed(left) if left and variables(resets, "changed") else None

    @property
    def slept(self) -> Gaps:
        """Return the gaps in which an object slept."""
        return tuple(gap for gap, each in self.states.items() if any(one["outcome"] == "slept" for one in each))


@dataclass(frozen=True)
class Suspicion:
    """One difference and the sleeps that make it."""

    sleeps: Sleeps
    difference: Difference
    seen: int
    """In how many performances with these sleeps it showed."""

    of: int
    """How many performances with these sleeps there are."""

    disturbed: Disturbed
    """The first performance in which it showed."""

    only_alone: bool = False
    """Whether it does not show where the other objects sleep in the same gaps too."""

    @property
    def is_confirmed(self) -> bool:
        """Whether it showed often enough to count.

        A list in another order may be in a random order that happened to be the same in all plays without a sleep, so
        that has to show in each play with the sleep.
        """
        always = self.seen == self.of >= PERFORMANCES
        return always if self.difference.reordered is not None else self.seen >= NEEDED


class SessionRecord:
    """All performances of the session of one scenario."""

    def __init__(self, plays: Iterable[PlayRecord]) -> None:
        """Sort the plays of one scenario; those that are no evidence to their end are counted, not used."""
        known = [play for play in plays if play.start.data["role"] in {UNDISTURBED, DISTURBED}]
        self.undisturbed = [each for each in known if _is_usable(each, UNDISTURBED)]
        sleeping = [each for each in known if _is_usable(each, DISTURBED)]
        self.overtaken = [each for each in sleeping if _is_overtaken(each, self.undisturbed)]
        """Performances that were so slow that an alarm fired before steps that it follows without a sleep."""
        self._sleeping = [each for each in sleeping if each not in self.overtaken]
        self.unusable = [each for each in known if each.outcome != "done"]
        self.known = known

    @property
    def steps(self) -> tuple[PlacedStep, ...]:
        """Return the steps of the session."""
        return self.known[0].play.steps

    @property
    def gaps(self) -> Gaps:
        """Return the gaps between its steps, each by the number of the step before it."""
        return tuple(range(max(0, len(self.steps) - 1)))

    @cached_property
    def ignored(self) -> frozenset[str]:
        """Return the keys and paths that may differ: what the file and the command line ignore, and instance ids."""
        start, scenario = self.known[0].start, self.known[0].scenario
        instances = (each.instance for each in scenario.objects.values())
        return frozenset([*instances, *scenario.document.ignore, *(start.data.get("ignore") or ())])

    @cached_property
    def reference(self) -> Reference:
        """Return what the clients see without a sleep."""
        return Reference([view_of(play) for play in self.undisturbed], self.ignored)

    @cached_property
    def disturbed(self) -> list[Disturbed]:
        """Return the performances with sleeps."""
        return [Disturbed(play, self._differences(play)) for play in self._sleeping]

    def _differences(self, play: PlayRecord) -> tuple[Difference, ...]:
        """Return the differences of a play that count.

        Where a step fails without any sleep, it waits for longer than with one, so only other values count.
        """
        found = self.reference.differences(view_of(play))
        return tuple(each for each in found if self.broken_step is None or each.kind == "value")

    @cached_property
    def broken_step(self) -> StepRecord | None:
        """Return the first step that failed in every performance without a sleep."""
        always = {index for index, times in self._failures.items() if times == len(self.undisturbed)}
        return next((step for play in self.undisturbed for step in play.steps if step.index in always), None)

    @cached_property
    def unsteady_step(self) -> StepRecord | None:
        """Return the first step that waited in vain in some performances without a sleep, and not in others.

        Where another value came than was expected, what clients saw is compared all the same.
        """
        now_and_then = {index for index, times in self._failures.items() if times < len(self.undisturbed)}
        steps = (step for play in self.undisturbed for step in play.steps if step.index in now_and_then)
        failed = (step for step in steps if not step.ok and step.failure != "mismatch")
        return min(failed, key=lambda step: step.index, default=None)

    @cached_property
    def unrepeated(self) -> Difference | None:
        """Return what a client saw in one performance without a sleep and not in another, if it is always so."""
        return unrepeated([view_of(play) for play in self.undisturbed])

    @property
    def repeats(self) -> bool:
        """Whether it was played without a sleep, and always in the same way."""
        return bool(self.undisturbed) and self.unsteady_step is None and self.unrepeated is None

    @cached_property
    def _failures(self) -> Mapping[int, int]:
        """Return how often each step failed without a sleep."""
        return Counter(step.index for play in self.undisturbed for step in play.steps if not step.ok)

    @cached_property
    def suspicions(self) -> list[Suspicion]:
        """Return the fewest sleeps that make a difference, those that come first in the story first."""
        by_sleeps: dict[Sleeps, list[Disturbed]] = {}
        for each in self.disturbed:
            by_sleeps.setdefault(each.sleeps, []).append(each)
        found: list[Suspicion] = []
        for sleeps, performances in sorted(by_sleeps.items(), key=lambda pair: self._size(pair[0])):
            differing = [each for each in performances if each.differences]
            if differing and not any(each.sleeps.is_within(sleeps) for each in found):
                keys = Counter(each.differences[0].key for each in differing)
                key, seen = keys.most_common(1)[0]
                first = next(each for each in differing if each.differences[0].key == key)
                together = by_sleeps.get(Sleeps(sleeps.gaps), []) if sleeps.objects else []
                only_alone = bool(together) and not any(each.differences for each in together)
                found.append(Suspicion(sleeps, first.differences[0], seen, len(performances), first, only_alone))
        return sorted(found, key=lambda each: each.sleeps.gaps[0])

    def _size(self, sleeps: Sleeps) -> tuple[object, ...]:
        """Return what sorts sleeps: fewer gaps first, then fewer objects."""
        objects = sleeps.objects or self._labels
        return len(sleeps.gaps), len(objects), sleeps.gaps, objects, not sleeps.objects

    @property
    def _labels(self) -> tuple[str, ...]:
        return tuple(self.known[0].play.objects)

    def sleeps_of(self, each: Suspicion) -> Sleeps:
        """Return the sleeps of a suspicion; that all objects sleep is said by naming none."""
        return replace(each.sleeps, objects=()) if set(each.sleeps.objects) == {*self._labels} else each.sleeps

    @cached_property
    def to_confirm(self) -> list[Suspicion]:
        """Return the first suspicion of each family, those that come first in the story first."""
        found: dict[tuple[object, ...], Suspicion] = {}
        for each in sorted(self.suspicions, key=lambda one: (len(one.sleeps.gaps), one.sleeps.gaps)):
            found.setdefault(each.difference.family, each)
        return sorted(found.values(), key=lambda each: each.sleeps.gaps)[:MOST_CONFIRMED]

    @cached_property
    def confirmed(self) -> list[Suspicion]:
        """Return those that showed often enough to count."""
        return [each for each in self.to_confirm if each.is_confirmed]

    def state_of(self, gap: int) -> GapState:
        """Return what is known of a gap."""
        mine = [each for each in self.suspicions if gap in each.sleeps.gaps]
        families = {each.difference.family for each in self.confirmed}
        if any(each.difference.family in families for each in mine):
            return "changed"
        if mine:
            return "unsteady"
        outcomes = {one["outcome"] for each in self.disturbed for one in each.states.get(gap, ())}
        return next((state for outcome, state in _STATES.items() if outcome in outcomes), "untested")

    def next_sleeps(self) -> list[Sleeps]:
        """Return the sleeps to play next: halves of those that make a difference, then what confirms it.

        No gap at all stands for a performance without a sleep.
        """
        if not self.repeats:
            return []
        slow = Counter(each.sleeps for each in self.overtaken)
        usable = {each.sleeps for each in self.disturbed}
        again = [sleeps for sleeps, times in slow.items() if sleeps not in usable and times < _MOST_OVERTAKEN]
        if again:
            return again
        played = usable | {each.sleeps for each in [*self.unusable, *self.overtaken]}
        divided = [each for each in self._halves() if each not in played]
        if divided:
            return list(dict.fromkeys(divided))
        spoiled = Counter(each.sleeps for each in [*self.unusable, *self.overtaken])
        again = [
            each.sleeps
            for each in self.to_confirm
            if spoiled[each.sleeps] < PERFORMANCES
            for _ in range(each.of, PERFORMANCES)
        ]
        if not again:
            again = self._without_resets()
        wanted = PERFORMANCES if again else 0
        if not again and any(each.is_confirmed and each.seen < each.of for each in self.to_confirm):
            wanted = OF_A_RARE_ONE
        return again + [Sleeps()] * (wanted - len(self.undisturbed) if spoiled[Sleeps()] < PERFORMANCES else 0)

    def _without_resets(self) -> list[Sleeps]:
        """Return the sleeps whose difference may come of module state that was reset in part.

        Where the objects that sleep are named, module state is left alone.
        """
        doubted = [each for each in self.confirmed if each.disturbed.reset_in_part]
        wanted = [Sleeps(each.sleeps.gaps, self._labels) for each in doubted for _ in range(NEEDED)]
        played = {each.sleeps for each in self.known}
        return [each for each in wanted if each not in played]

    def _halves(self) -> Iterator[Sleeps]:
        """Yield the halves of the gaps of what differs, and of the objects where only one gap is left."""
        for each in self.suspicions[:MOST_CONFIRMED]:
            yield from each.sleeps.halves()
        for each in self.to_confirm:
            if len(each.sleeps.gaps) == 1:
                yield from each.sleeps.halves_by_object(self._labels)


def _is_overtaken(play: PlayRecord, undisturbed: Sequence[PlayRecord]) -> bool:
    """Return whether a step began later than an alarm that comes by time while that step waits, without a sleep."""
    begun = _begun_ns(play)
    waits = (wait for each in undisturbed[:1] for wait in _waits_for_alarms(each))
    return any(step in begun and begun[step] > due_ns for step, due_ns in waits)


def _waits_for_alarms(play: PlayRecord) -> Iterator[tuple[int, int]]:
    """Yield the step that waited for each alarm, and when the alarm fired at the earliest, since the first step."""
    begun = _begun_ns(play)
    first_ns = play.steps[0].begun.t_ns if play.steps else 0
    for event in play.of_kind(kinds.DELIVERED):
        due_ns = event.t_ns - first_ns - _READ_AFTER_NS
        step = max((index for index, at_ns in begun.items() if at_ns <= due_ns), default=None)
        if event.data.get("name") == ALARM and step is not None and due_ns - begun[step] >= _LEAST_WAIT_NS:
            yield step, due_ns


def _begun_ns(play: PlayRecord) -> dict[int, int]:
    """Return when each step began, since the first one did."""
    return {step.index: step.begun.t_ns - play.steps[0].begun.t_ns for step in play.steps}


def _is_usable(play: PlayRecord, role: str) -> bool:
    return play.start.data["role"] == role and play.outcome == "done"

"""Turn a story into a session to be played with sleeps between its steps: what clients do, without what it claims."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from poc_cli.scenario.matching import BINARY, looks_at_keys
from poc_cli.scenario.model import Hibernate, Idle, On, Probe, Resume, Step
from poc_cli.scenario.plays import Play
from poc_cli.scenario.scenario import PlacedStep
from poc_cli.scenario.step_bases import Exchange

UNDISTURBED: Final = "undisturbed"
"""The role of a session that is played without a sleep."""

DISTURBED: Final = "disturbed"
"""The role of a session whose objects are evicted in some of the gaps between its steps."""

_Element = TypeVar("_Element")

SESSIONS: Final = frozenset({UNDISTURBED, DISTURBED})

LONGEST_IDLE: Final = 8.0
"""The longest pause that is kept, in seconds: the idle timer puts objects to sleep after ten."""

LONGEST_WAIT: Final = 1.0
"""How long a step waits for each message, in seconds. What comes later still counts, as seen in a later step."""


@dataclass(frozen=True, slots=True)
class Sleeps:
    """In which gaps of a performance objects sleep, and which: all of them where `objects` is empty."""

    gaps: tuple[int, ...] = ()
    objects: tuple[str, ...] = ()

    def is_within(self, other: "Sleeps") -> bool:
        """Return whether these are some of the sleeps of another performance, not all of them."""
        gaps = set(self.gaps) <= set(other.gaps)
        objects = not other.objects or (bool(self.objects) and set(self.objects) <= set(other.objects))
        return self != other and gaps and objects

    def halves(self) -> tuple["Sleeps", ...]:
        """Return the two halves of the gaps, none of a single gap."""
        return tuple(replace(self, gaps=half) for half in _halves(self.gaps))

    def halves_by_object(self, labels: Sequence[str]) -> tuple["Sleeps", ...]:
        """Return the two halves of the objects, which are those in `labels` where all sleep; none of a single one."""
        return tuple(replace(self, objects=half) for half in _halves(self.objects or tuple(labels)))


@dataclass(frozen=True, slots=True)
class LeftOutStep:
    """A step of the story that the session does not have, and why."""

    line: int
    verb: str
    reason: str


def steps_of_session(story: Play) -> tuple[PlacedStep, ...]:
    """Return what the clients of a story do, without sleeps, claims and conditions.

    After a sleep that is left out the story may expect that something is lost, so from there on any message will do.
    """
    steps: list[PlacedStep] = []
    has_slept = False
    for placed in story.steps:
        if _reason(placed.step) is not None:
            has_slept |= not isinstance(placed.step, Probe)
        else:
            steps.append(replace(placed, step=_relaxed(placed.step, anything=has_slept)))
    return tuple(steps)


def left_out_of_session(story: Play) -> tuple[LeftOutStep, ...]:
    """Return the steps that the session leaves out, in order."""
    found = ((placed, _reason(placed.step)) for placed in story.steps)
    return tuple(
        LeftOutStep(placed.position.line, placed.step.verb, reason) for placed, reason in found if reason is not None
    )


def gaps_of(story: Play) -> int:
    """Return the number of gaps between the steps of a session."""
    return max(0, len(steps_of_session(story)) - 1)


def session(story: Play, number: int, sleeps: Sleeps = Sleeps(), *, slowed: bool = False, after_s: float = 0) -> Play:
    """Return a performance of the session of a story, with sleeps after some of its steps."""
    chosen = sleeps.gaps
    return replace(
        story,
        label=f"{story.scenario.document.name}!{number}",
        role=DISTURBED if chosen else UNDISTURBED,
        decides=(),
        expect=None,
        steps=_impatient(steps_of_session(story)) if chosen else steps_of_session(story),
        round=number,
        gaps=chosen,
        asleep=sleeps.objects,
        slowed=slowed,
        after_s=after_s,
    )


def first_sleeps(gaps: int, labels: Sequence[str] = (), one_by_one: int = 30) -> list[Sleeps]:
    """Return in which gaps which objects of the first performances sleep.

    All sleep together: up to `one_by_one` gaps, each has a performance of its own, every fourth gap shares one, for
    what only a second or third sleep shows, and one has them all. Of more gaps, groups share one: every eighth, and
    pairs of neighbors. Of several objects each also sleeps by itself, in every fourth gap and in all. What differs is
    divided by its halves.
    """
    together = [Sleeps(group) for group in _gap_groups(gaps, one_by_one)]
    if len(labels) <= 1 or not gaps:
        return together
    every = tuple(range(gaps))
    groups = dict.fromkeys([*_fourths(every), every])
    return together + [Sleeps(group, objects) for objects in _object_groups(labels) for group in groups]


def _object_groups(labels: Sequence[str], one_by_one: int = 4) -> list[tuple[str, ...]]:
    """Return which objects sleep while the others stay: each by itself.

    Of many objects, halves sleep: for any two objects there is one with the first and without the second.
    """
    if len(labels) <= one_by_one:
        return [(label,) for label in labels]
    bits = range((len(labels) - 1).bit_length())
    halves = [tuple(each for at, each in enumerate(labels) if at >> bit & 1 == side) for bit in bits for side in (0, 1)]
    return [half for half in halves if half]


def _fourths(every: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Return every fourth gap, four times."""
    return [every[first::4] for first in range(min(4, len(every)))]


def _gap_groups(number: int, one_by_one: int) -> list[tuple[int, ...]]:
    every = tuple(range(number))
    if number <= 1:
        return [every] if every else []
    if number <= one_by_one:
        return [*dict.fromkeys([*((gap,) for gap in every), *_fourths(every), every])]
    eighths = [every[first::8] for first in range(8)]
    neighbors = [tuple(gap for gap in every if gap % 4 in pair) for pair in ((0, 1), (2, 3))]
    return [every, *neighbors, *eighths]  # the longest begin first, or they end alone


def _halves(group: tuple[_Element, ...]) -> tuple[tuple[_Element, ...], ...]:
    middle = len(group) // 2
    return (group[:middle], group[middle:]) if middle else ()


def _impatient(steps: Iterable[PlacedStep]) -> tuple[PlacedStep, ...]:
    """Return the steps with short waits for messages, which may never come after a sleep."""
    return tuple(
        replace(placed, step=placed.step.model_copy(update={"within": min(placed.step.within, _longest(placed.step))}))
        if isinstance(placed.step, Exchange)
        else placed
        for placed in steps
    )


def _longest(step: Exchange) -> float:
    """Return how long a step waits for its messages, which may come by time, one after the other."""
    return LONGEST_WAIT * (len(step.expect) if isinstance(step.expect, list) and step.expect else 1)


def _reason(step: Step) -> str | None:
    if isinstance(step, Hibernate):
        return "it is a sleep of the story's own"
    if isinstance(step, Probe):
        return "it looks whether the object sleeps"
    if isinstance(step, Idle) and step.idle > LONGEST_IDLE:
        return "the object would sleep by itself in so long a pause"
    return None


def _relaxed(step: Step, *, anything: bool) -> Step:
    changes: dict[str, Any] = {"claim": None}
    if isinstance(step, Exchange):
        changes |= {"where": [], "exact": False, "next": False}
        if step.where and step.expect is None and not step.capture:
            changes["expect"] = _any_that_meets(step.where)
        if anything and isinstance(step.expect, dict | list):
            changes["expect"] = _anything(step.expect)
    if isinstance(step, Resume):
        kept = {name: value for name, value in vars(step).items() if name != "resume"}
        return On.model_construct(**(kept | {"on": [step.resume]} | changes))
    return step.model_copy(update=changes)


def _anything(expected: Any) -> Any:
    """Return an expectation of as many messages, whatever they are; plain texts are still expected as they are."""
    if isinstance(expected, list):
        return list(_each_anything(expected))
    if not isinstance(expected, dict):
        return expected
    return {} if looks_at_keys(expected) else _any_of_its_kind(expected)


def _any_that_meets(conditions: Iterable[str]) -> dict[str, Any]:
    """Return an expectation of any message of the kind that conditions are about: bytes, a text, or a JSON object."""
    heads = {condition.removeprefix("not ").split(" ")[0] for condition in conditions}
    if "@hex" in heads:
        return _any_of_its_kind({"hex": ""})
    return _any_of_its_kind({"text": ""}) if heads <= {"@text", "@prefix"} else {}


def _any_of_its_kind(form: dict[str, Any]) -> dict[str, Any]:
    """Return a pattern that every binary message matches, or every text, as a form such as `{ hex = … }` is for one."""
    return {"hex_match": "^"} if form.keys() & BINARY else {"match": ""}


def _each_anything(expected: Iterable[Any]) -> Iterator[Any]:
    for each in expected:
        yield _anything(each)

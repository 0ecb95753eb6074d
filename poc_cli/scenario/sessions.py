"""Turn a story into a session to be played with sleeps between its steps: what clients do, without what it claims."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from poc_cli.scenario.matching import BINARY, looks_at_keys
from poc_cli.scenario.model import Hibernate, Idle, On, Probe, Resume, Step
from poc_cli.scenario.plays import Play
from poc_cli.scenario.scenario import PlacedStep
from poc_cli.scenario.step_bases import Exchange

UNDISTURBED: Final = "undisturbed"
"""The role of a session that is played without a sleep."""

DISTURBED: Final = "disturbed"
"""The role of a session whose objects are evicted in some of the gaps between its steps."""

SESSIONS: Final = frozenset({UNDISTURBED, DISTURBED})

LONGEST_IDLE: Final = 8.0
"""The longest pause that is kept, in seconds: the idle timer puts objects to sleep after ten."""

LONGEST_WAIT: Final = 1.0
"""How long a step waits for a message, in seconds. What comes later still counts, as seen in a later step."""


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


def session(story: Play, number: int, gaps: Iterable[int] = (), *, slowed: bool = False, after_s: float = 0) -> Play:
    """Return a performance of the session of a story; `gaps` lists the steps after which its objects are evicted."""
    chosen = tuple(sorted(set(gaps)))
    return replace(
        story,
        label=f"{story.scenario.document.name}!{number}",
        role=DISTURBED if chosen else UNDISTURBED,
        decides=(),
        expect=None,
        steps=_impatient(steps_of_session(story)) if chosen else steps_of_session(story),
        round=number,
        gaps=chosen,
        slowed=slowed,
        after_s=after_s,
    )


def first_gaps(number: int, one_by_one: int = 30) -> list[tuple[int, ...]]:
    """Return in which gaps the objects of the first performances sleep.

    Up to `one_by_one` gaps, each has a performance of its own, and one has them all. Of more gaps, groups share one:
    every eighth, and pairs of neighbors. A group that differs is divided by `halves`.
    """
    every = tuple(range(number))
    if number <= 1:
        return [every] if every else []
    if number <= one_by_one:
        return [*((gap,) for gap in every), every]
    eighths = [every[first::8] for first in range(8)]
    neighbors = [tuple(gap for gap in every if gap % 4 in pair) for pair in ((0, 1), (2, 3))]
    return [*eighths, *neighbors, every]


def halves(gaps: Sequence[int]) -> list[tuple[int, ...]]:
    """Return the two halves of a group, none of a single gap."""
    if len(gaps) <= 1:
        return []
    middle = len(gaps) // 2
    return [tuple(gaps[:middle]), tuple(gaps[middle:])]


def _impatient(steps: Iterable[PlacedStep]) -> tuple[PlacedStep, ...]:
    """Return the steps with short waits for messages, which may never come after a sleep."""
    return tuple(
        replace(placed, step=placed.step.model_copy(update={"within": min(placed.step.within, LONGEST_WAIT)}))
        if isinstance(placed.step, Exchange)
        else placed
        for placed in steps
    )


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

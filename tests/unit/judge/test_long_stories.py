"""Judging grows with the length of a story and not with its square: ten thousand steps are judged in seconds.

Time is not measured. What is counted is how often the judge looks at an event or calls a function: twice as many steps
may take twice as many looks and calls, and no more.
"""

from collections.abc import Sequence
from cProfile import Profile
from typing import Any, ClassVar

import pytest

from poc_cli.history.event import Event
from poc_cli.judge.run_document import document
from poc_cli.scenario.model import Exchange
from poc_cli.scenario.templates import render
from tests.unit.judge.histories import Tale, claims, scenario, tale

SHORT = 5
"""Each of the two repeats of the shorter story has so many rounds; the longer one has four times as many steps."""

MOST_GROWTH = 4.1
"""Linear work grows 3.7 to 3.9 times. One look for each pair of steps makes it more than 4.2 times."""


class CountedEvent(Event):
    """An event that counts how often anything of it is read."""

    looks: ClassVar[int] = 0

    def __getattribute__(self, name: str) -> Any:
        CountedEvent.looks += 1
        return super().__getattribute__(name)


def work_of(told: Tale) -> int:
    """Judge a history and return how often the judge looked at an event or called a function."""
    events = told.history.events
    counted = [CountedEvent(*(getattr(each, name) for name in Event.__slots__)) for each in events]
    CountedEvent.looks = 0
    calls = Profile()  # counts in C: a function of ours for each call takes three times as long
    judged = calls.runcall(document, list(counted))
    work = CountedEvent.looks + sum(each.callcount for each in calls.getstats())
    assert claims(judged)["it"]["verdict"] == "held", claims(judged)["it"]["reason"]
    return work


def story(check: str, before: Sequence[str], after: Sequence[str], size: int) -> str:
    """Return a scenario that repeats some steps before a sleep and others after it, `size` times `size` times each."""
    steps = [
        '{ connect = ["ann", "bob"] }',
        repeated(before, size),
        '{ hibernate = "evict" }',
        repeated(after, size),
        '{ on = ["ann", "bob"], send = { op = "who" }, expect = { op = "who" } }',
    ]
    return scenario(check, steps, claim=MORE.get(check, ""))


def repeated(steps: Sequence[str], size: int) -> str:
    inner = f'{{ repeat = {size}, as = "j", steps = [ {", ".join(steps)} ] }}'
    return f'{{ repeat = {size}, as = "i", steps = [ {inner} ] }}'


def perform(text: str) -> Tale:
    """Let every step come out as it should."""
    told = tale(text)
    echoes = 0
    while told.next < len(told.play.steps):
        placed = told.play.steps[told.next]
        match placed.step.verb:
            case "connect":
                told.connect()
            case "hibernate":
                told.sleeps("evict")
            case _:
                assert isinstance(placed.step, Exchange)
                told.names |= dict(placed.bound)
                expected = placed.step.expect if isinstance(placed.step.expect, dict) else {}
                if expected.get("op") == "echo":
                    echoes += 1
                    expected = expected | {"id": render("{i}-{j}", told.names), "seq": echoes}
                told.says(expected if placed.step.expects else None)
    told.done()
    return told


ECHO = '{ on = "ann", send = { op = "echo", id = "{i}-{j}" }, expect = { op = "echo" } }'
SENDS = '{ on = "ann", send = { op = "quiet" } }'
CAPTURES = '{ on = "ann", send = { op = "echo" }, expect = { op = "echo" }, capture = { last = "seq" } }'
READS = '{ on = "ann", send = { op = "get" }, expect = { value = 1 } }'
READS_FOR_THE_CLAIM = '{ on = "ann", send = { op = "get" }, expect = { value = 1 }, claim = "it" }'
SLEEPS = '{ hibernate = "evict" }, { resume = "ann", send = { op = "who" }, expect = { op = "who" } }'

MORE = {"wake-under": 'limit = "1s"\n', "received-in-order": 'by = "seq"\n'}

STORIES = {
    "connections-survive": ([ECHO], [ECHO]),
    "connections-survive, many sleeps": ([ECHO], [SLEEPS, ECHO]),
    "connections-survive, steps that only send": ([SENDS], [SENDS]),
    "delivered-once": ([ECHO], [SENDS]),
    "delivered-in-order": ([ECHO], [SENDS]),
    "storage-survives": ([READS], [READS_FOR_THE_CLAIM]),
    "storage-survives, with captures": ([CAPTURES, READS], [CAPTURES, READS_FOR_THE_CLAIM]),
    "storage-survives, many sleeps": ([READS], [SLEEPS, READS_FOR_THE_CLAIM]),
    "sleeps": ([ECHO], [ECHO]),
    "sleeps, many": ([ECHO], [SLEEPS]),
    "wake-under": ([ECHO], [SLEEPS]),
    "received-in-order": ([ECHO], [ECHO]),
    "": ([ECHO], [READS_FOR_THE_CLAIM]),
}


@pytest.mark.parametrize("name", STORIES)
def test_four_times_as_many_steps_take_about_four_times_as_much_work(name: str) -> None:
    check = name.split(",", maxsplit=1)[0]
    short, long = (work_of(perform(story(check, *STORIES[name], size))) for size in (SHORT, 2 * SHORT))
    assert long <= MOST_GROWTH * short

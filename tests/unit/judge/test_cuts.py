"""A play that was cut off anywhere proves no more than the whole: lateness cuts a play where it begins to matter."""

from collections.abc import Iterator
from itertools import chain

import pytest

from poc_cli.judge.claims import judge_claim
from poc_cli.record.lateness import Cut
from poc_cli.record.play_record import PlayRecord
from poc_cli.record.run_record import record
from tests.unit.judge.histories import History, scenario
from tests.unit.judge.performing import hibernate_run

CONNECT = '{ connect = ["ann", "bob"] }'
SLEEP = '{ hibernate = "idle" }'
WHO = '{ on = "ann", send = "who", expect = "ann" }'
BOB = '{ on = "bob", send = "who", expect = "bob" }'
READ = '{ on = "ann", send = "who", expect = "ann", claim = "it" }'
CRASH = '{ restart = "crash" }'


def slept(check: str, *, named: bool = False, kicks: bool = False) -> History:
    """Let both speak after a sleep; the server may then close bob's connection, or the story does."""
    steps = [CONNECT, WHO, SLEEP, WHO, BOB.replace(" }", ', claim = "it" }') if named else BOB, '{ close = "ann" }']
    told = History().play(scenario(check, steps))
    told.connect()
    told.says("ann")
    told.sleeps()
    told.says("ann")
    told.says("bob")
    if kicks:
        told.closed("bob", code=4000)
    told.close("ann")
    return told.done()


def crashed(check: str) -> History:
    told = History().play(scenario(check, [CONNECT, WHO, CRASH, CONNECT, READ]))
    told.connect()
    told.says("ann")
    told.restart()
    told.connect()
    told.says("ann")
    return told.done()


def pinged(*, resumes: bool, wakes: bool) -> History:
    ping = '{ on = "bob", send = "ping", expect = "pong", claim = "it" }'
    last = '{ resume = "ann", send = "who", expect = "ann" }' if resumes else WHO
    told = History().play(scenario("no-wake", [CONNECT, SLEEP, ping, '{ idle = "1s" }', last]))
    told.connect()
    told.sleeps()
    told.says("pong", reached=int(wakes))
    told.idles()
    told.says("ann")
    return told.done()


def expected_close() -> History:
    steps = [CONNECT, WHO, BOB, SLEEP, WHO, BOB, '{ on = "bob", expect_code = 4001 }', WHO]
    told = History().play(scenario("connections-survive", steps))
    told.connect()
    told.says("ann")
    told.says("bob")
    told.sleeps()
    told.says("ann")
    told.says("bob")
    told.begins("on")
    told.closed("bob", code=4001)
    told.ends(closed={"bob": 4001})
    told.says("ann")
    return told.done()


def closes(*, clean: bool) -> History:
    told = History().play(scenario("close-handshake", [CONNECT, '{ close = ["ann", "bob"] }']))
    told.connect()
    told.begins("close")
    told.closed("ann", by="client", code=1000)
    told.closed("bob", by="client", clean=clean, code=1000)
    told.ends(closed={"ann": 1000, "bob": 1000})
    return told.done()


def watched(*, leaves: bool) -> History:
    told = History().play(scenario("stays-awake", [CONNECT, '{ hibernate = "idle", claim = "it" }', '{ idle = "5s" }']))
    told.connect()
    told.stays(11.0)
    told.begins("idle")
    if leaves:
        told.leaves("idle", 12.0)
    else:
        told.reaches(name="alarm")
    told.ends()
    return told.done()


def marked(check: str, *numbers: int) -> History:
    say = [f'{{ on = "ann", send = {{ id = {number} }}, expect = {{ id = {number} }} }}' for number in (1, 2, 3)]
    told = History().play(scenario(check, [CONNECT, *say]))
    told.connect()
    for number in numbers:
        told.says({"id": number})
        told.hears("bob", {"id": number})
    return told.done()


HISTORIES = {
    "connections": slept("connections-survive"),
    "connections, named": slept("connections-survive", named=True),
    "connections, one closed after it spoke": slept("connections-survive", kicks=True),
    "connections, closed after the claim was decided": slept("connections-survive", named=True, kicks=True),
    "connections, closed as expected": expected_close(),
    "sleeps": slept("sleeps"),
    "drop": crashed("connections-drop"),
    "storage": crashed("storage-survives"),
    "memory": crashed("memory-is-reset"),
    "after a loss": crashed("holds-after-loss"),
    "no wake": pinged(resumes=True, wakes=False),
    "a wake": pinged(resumes=True, wakes=True),
    "no wake, nobody resumes": pinged(resumes=False, wakes=False),
    "a wake, nobody resumes": pinged(resumes=False, wakes=True),
    "close": closes(clean=True),
    "no close": closes(clean=False),
    "stays": watched(leaves=False),
    "stays too briefly": watched(leaves=True),
    "once": marked("delivered-once", 1, 2, 3),
    "twice": marked("delivered-once", 1, 2, 2),
    "in order": marked("delivered-in-order", 1, 2, 3),
    "out of order": marked("delivered-in-order", 2, 1, 3),
    "numbered": marked("received-in-order", 1, 2, 3),
    "numbered with a gap": marked("received-in-order", 1, 2, 4),
    "the shipped scenario": hibernate_run(),
    "the shipped scenario, refuted": hibernate_run(wrong={"storage-survives-sleep", "attachments-survive-sleep"}),
}


def plays(history: History) -> list[PlayRecord]:
    return record(list(history.events)).plays


def cuts(play: PlayRecord) -> Iterator[PlayRecord]:
    """Yield the play cut off before each of its events, as lateness would."""
    for event in chain(play.events, [play.end] if play.end is not None else []):
        yield play.before(Cut(event.id, event.step, "this machine was too slow: it began 2.0 s late"))


@pytest.mark.parametrize("name", HISTORIES)
def test_a_cut_turns_a_verdict_into_unknown_and_into_no_other(name: str) -> None:
    for play in plays(HISTORIES[name]):
        for claim in play.scenario.document.claim:
            whole = judge_claim(play, claim)
            for cut in cuts(play):
                found = judge_claim(cut, claim)
                assert found.verdict in {"unknown", whole.verdict}, (claim.id, cut.end, found.reason, whole)


def test_the_histories_have_verdicts_to_lose() -> None:
    """Else the test above would show nothing: each check is held in one of them, and most are refuted in another."""
    found = {
        (claim.check, judge_claim(play, claim).verdict)
        for history in HISTORIES.values()
        for play in plays(history)
        for claim in play.scenario.document.claim
    }
    checks = {check for check, verdict in found if verdict == "held"}
    assert checks >= {
        "connections-survive",
        "connections-drop",
        "sleeps",
        "stays-awake",
        "no-wake",
        "memory-is-reset",
        "storage-survives",
        "attachments-survive",
        "holds-after-loss",
        "delivered-in-order",
        "delivered-once",
        "close-handshake",
    }
    assert {check for check, verdict in found if verdict == "refuted"} >= {
        "stays-awake",
        "no-wake",
        "storage-survives",
        "delivered-in-order",
        "delivered-once",
        "received-in-order",
        "close-handshake",
    }


def test_what_was_decided_before_the_cut_stands() -> None:
    (play,) = plays(HISTORIES["connections, named"])
    (claim,) = play.scenario.document.claim
    last = next(step for step in play.steps if step.claim == "it")
    assert last.ended is not None
    cut = play.before(Cut(last.ended.id + 1, last.index + 1, "this machine was too slow"))
    assert judge_claim(cut, claim).verdict == "held"

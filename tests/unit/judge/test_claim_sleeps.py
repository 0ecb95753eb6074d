"""A claim is about the sleep or fault that its steps come after, or that its `after` names, and about no other."""

import pytest

from poc_cli.errors import ScenarioError
from poc_cli.scenario.loader import parse
from tests.unit.judge.histories import FILE, Tale, finding, scenario, tale, verdicts
from tests.unit.judge.tales import PIN

CONNECT = '{ connect = ["ann"] }'
IDLE = '{ idle = "12s" }'
SLEEP = '{ hibernate = "idle" }'
WHO = '{ on = "ann", send = "who", expect = "ann" }'
PING = '{ on = "ann", send = "ping", expect = "pong", claim = "it" }'
PROBE = '{ probe = "asleep", claim = "it" }'
RESUME = '{ resume = "ann", send = "who", expect = "ann" }'
STAYS = '{ hibernate = "idle", claim = "it" }'


def connected(text: str) -> Tale:
    told = tale(text)
    told.connect()
    return told


def slept_while_idle(text: str) -> Tale:
    """Begin a story in which the object sleeps in an `idle` step and is woken by a message."""
    told = connected(text)
    told.begins("idle")
    told.leaves()
    told.slept = True
    told.ends()
    told.says("ann")
    return told


def test_a_sleep_while_the_story_idles_proves_no_sleep() -> None:
    told = slept_while_idle(scenario("sleeps", [CONNECT, IDLE, WHO]))
    found = finding(told.done())
    assert found["verdict"] == "unknown"
    assert "not in a hibernate step" in found["reason"]


@pytest.mark.parametrize("check", ["connections-survive", "storage-survives", "no-wake"])
def test_nor_does_it_prove_what_survives_one(check: str) -> None:
    told = slept_while_idle(scenario(check, [CONNECT, IDLE, WHO, WHO.replace(" }", ', claim = "it" }')]))
    told.says("ann")
    assert verdicts(told.done()) == {"it": "unknown"}


def test_a_room_that_is_pinned_later_is_refuted_whatever_sleep_came_by_itself() -> None:
    told = slept_while_idle(scenario("sleeps", [CONNECT, IDLE, WHO, SLEEP]))
    told.stays(13.0)
    assert verdicts(told.stops()) == {"it": "refuted"}


def test_no_wake_looks_at_the_sleep_that_its_steps_lie_in() -> None:
    told = slept_while_idle(scenario("no-wake", [CONNECT, IDLE, WHO, SLEEP, PING, PROBE, RESUME]))
    told.sleeps()
    told.says("pong", reached=0)
    told.probe("asleep")
    told.says("ann")
    assert verdicts(told.done()) == {"it": "held"}


def test_no_wake_leaves_out_a_sleep_that_the_story_ended_by_a_message() -> None:
    told = connected(scenario("no-wake", [CONNECT, SLEEP, WHO, SLEEP, PING.replace(', claim = "it"', ""), RESUME]))
    told.sleeps()
    told.says("ann")
    told.sleeps()
    told.says("pong", reached=0)
    told.says("ann")
    assert verdicts(told.done()) == {"it": "held"}


def test_no_wake_is_refuted_by_a_message_that_the_object_got_although_a_later_sleep_went_well() -> None:
    told = connected(scenario("no-wake", [CONNECT, SLEEP, PING, SLEEP, PING, PROBE]))
    told.sleeps()
    told.says("pong", reached=1)
    told.sleeps()
    told.says("pong", reached=0)
    told.probe("asleep")
    assert verdicts(told.done()) == {"it": "refuted"}


def test_without_a_resume_an_object_may_wake_once_the_claim_is_decided() -> None:
    told = connected(scenario("no-wake", [CONNECT, SLEEP, PING, PROBE, WHO]))
    told.sleeps()
    told.says("pong", reached=0)
    told.probe("asleep")
    told.says("ann")
    assert verdicts(told.done()) == {"it": "held"}


def test_a_message_that_nothing_shows_the_object_to_have_slept_through_proves_nothing() -> None:
    told = connected(scenario("no-wake", [CONNECT, SLEEP, '{ on = "ann", send = "x", claim = "it" }']))
    told.sleeps()
    told.says(reached=0)
    assert verdicts(told.done()) == {"it": "unknown"}


def test_stays_awake_is_not_refuted_by_an_earlier_sleep_of_the_story() -> None:
    told = connected(scenario("stays-awake", [CONNECT, SLEEP, RESUME, STAYS]))
    told.sleeps("evict", 0.2)
    told.says("ann")
    told.stays(11.0)
    assert verdicts(told.done()) == {"it": "held"}


def test_nor_by_the_sleep_that_comes_once_the_work_is_done() -> None:
    told = connected(scenario("stays-awake", [CONNECT, STAYS, SLEEP]))
    told.stays(11.0)
    told.begins("hibernate")
    told.leaves("idle", 23.004, worked=13.003)
    told.ends()
    assert verdicts(told.done()) == {"it": "held"}


def test_nor_by_a_sleep_long_after_the_timer_would_have_struck() -> None:
    told = connected(scenario("stays-awake", [CONNECT, STAYS, IDLE]))
    told.stays(11.0)
    told.begins("idle")
    told.leaves("idle", 20.5)
    told.ends()
    assert verdicts(told.done()) == {"it": "held"}


def test_what_was_asleep_before_it_was_watched_did_not_stay_awake() -> None:
    told = connected(scenario("stays-awake", [CONNECT, IDLE, STAYS]))
    told.begins("idle")
    told.leaves()
    told.ends()
    told.begins("hibernate")
    told.ends()
    assert verdicts(told.done()) == {"it": "refuted"}


def test_stays_awake_asks_for_thirteen_seconds_where_nothing_pins_the_object() -> None:
    for idle, verdict in ((11.0, "unknown"), (12.9, "unknown"), (13.0, "held")):
        told = connected(scenario("stays-awake", [CONNECT, STAYS]))
        told.stays(idle, pins=())
        assert verdicts(told.done()) == {"it": verdict}


NAP = '{ hibernate = "idle", id = "nap" }'


def test_after_names_the_sleep_that_a_claim_is_about() -> None:
    told = connected(scenario("sleeps", [CONNECT, NAP, RESUME, SLEEP], claim='after = "nap"'))
    told.sleeps()
    told.says("ann")
    told.stays(13.0, pins=(PIN,))
    assert verdicts(told.stops()) == {"it": "held"}
    told = connected(scenario("sleeps", [CONNECT, SLEEP, RESUME, NAP], claim='after = "nap"'))
    told.sleeps()
    told.says("ann")
    told.stays(13.0, pins=(PIN,))
    assert verdicts(told.stops()) == {"it": "refuted"}


@pytest.mark.parametrize(
    ("check", "steps", "said"),
    [
        ("sleeps", [CONNECT, SLEEP], 'no hibernate, restart or kill step of the story has the id "nap"'),
        ("sleeps", [CONNECT, NAP, NAP], 'there is already a step "nap"'),
        ("stays-awake", [CONNECT, NAP], '"stays-awake" is about the steps that name the claim'),
        ("sleeps", [CONNECT, PING, NAP], 'decides the claim comes before the step "nap"'),
    ],
)
def test_an_after_that_leads_nowhere_is_refused(check: str, steps: list[str], said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        parse(scenario(check, steps, claim='after = "nap"'), FILE)


TWO = 'objects = { room = { class = "Room", name = "{play}" }, log = { class = "Log", name = "log-{play}" } }'


def of_two(check: str, steps: list[str], claim: str = "") -> Tale:
    """Begin a play in which ann is in the room and bob at the log."""
    text = scenario(check, steps, claim=claim).replace("/room/{play}?name=bob", "/log/log-{play}")
    told = tale(text.replace('object = { class = "Room", name = "{play}" }', TWO))
    told.connect(enters=("room", "log"))
    return told


def test_a_claim_that_was_decided_stays_so_where_another_object_fails_to_sleep() -> None:
    read = '{ on = "ann", send = "who", expect = "ann", claim = "it" }'
    steps = ['{ connect = ["ann", "bob"] }', WHO, '{ hibernate = "idle", of = "room" }', read]
    for check in ("", "storage-survives"):
        told = of_two(check, [*steps, '{ hibernate = "idle", of = "log" }'])
        told.says("ann", label="room")
        told.sleeps(label="room")
        told.says("ann", label="room")
        told.stays(13.0, "log")
        assert verdicts(told.stops()) == {"it": "held"}, check


def test_a_sleep_that_does_not_come_refutes_the_claim_that_the_step_names() -> None:
    for idle, verdict in ((13.0, "refuted"), (12.0, "unknown")):
        told = connected(scenario("", [CONNECT, STAYS]))
        told.stays(idle)
        assert verdicts(told.done()) == {"it": verdict}

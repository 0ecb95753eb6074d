"""Does the object leave memory, does it stay, does it stay away? Residency decides, nothing else."""

import pytest

from tests.unit.judge.histories import PIN, Tale, finding, scenario, tale, verdicts

CONNECT = '{ connect = ["ann"] }'
SLEEP = '{ hibernate = "idle" }'
SLEEPS = scenario("sleeps", [CONNECT, SLEEP])


def connected(text: str) -> Tale:
    told = tale(text)
    told.connect()
    return told


def test_sleeps_is_held_by_a_proven_sleep() -> None:
    told = connected(SLEEPS)
    told.sleeps()
    found = finding(told.done())
    assert found["verdict"] == "held"
    assert found["reason"] == "object left memory 10.001 s after its last event with 1 socket open"


def test_sleeps_is_held_by_a_forced_one_and_says_so() -> None:
    told = connected(SLEEPS)
    told.sleeps("evict", 0.4)
    assert finding(told.done())["reason"] == "object left memory when it was evicted with 1 socket open"


@pytest.mark.parametrize(
    ("idle", "verdict"), [(10.5, "unknown"), (11.0, "unknown"), (12.999, "unknown"), (13.0, "refuted"), (40, "refuted")]
)
def test_sleeps_is_refuted_thirteen_seconds_after_the_last_event_and_not_before(idle: float, verdict: str) -> None:
    told = connected(SLEEPS)
    told.stays(idle)
    found = finding(told.stops())
    assert found["verdict"] == verdict
    assert f"still in memory {idle:.1f} s after its last event, pinned by setInterval (room.ts:12)" in found["reason"]


def test_a_sleep_that_work_put_off_is_a_sleep() -> None:
    told = connected(SLEEPS)
    told.begins("hibernate")
    told.leaves(idle=14.002, worked=4.001)
    told.ends()
    found = finding(told.done())
    assert found["verdict"] == "held"
    left = "object left memory 14.002 s after its last event, 10.001 s after its last work"
    assert found["reason"] == f"{left} with 1 socket open"


@pytest.mark.parametrize(("idle", "worked", "verdict"), [(16.9, 4, "unknown"), (17.0, 4, "refuted")])
def test_without_a_pin_the_thirteen_seconds_count_from_the_last_work(idle: float, worked: float, verdict: str) -> None:
    told = connected(SLEEPS)
    told.stays(idle, worked=worked, pins=())
    assert verdicts(told.stops()) == {"it": verdict}


def test_work_that_pins_counts_from_the_last_event() -> None:
    told = connected(SLEEPS)
    told.stays(13.0, worked=12.9)
    assert verdicts(told.stops()) == {"it": "refuted"}


@pytest.mark.parametrize(("watched", "verdict"), [(39.9, "unknown"), (40.0, "refuted")])
def test_an_object_that_its_own_alarms_keep_busy_never_sleeps(watched: float, verdict: str) -> None:
    told = connected(SLEEPS)
    told.begins("hibernate")
    told.at_ns += 5 * 10**9
    for _ in range(130):
        told.at_ns += 300 * 10**6
        told.reaches(name="alarm")
    told.is_still_awake(0.2, watched=watched, pins=())
    told.fails("no_sleep", "busy")
    found = finding(told.stops())
    assert found["verdict"] == verdict
    if verdict == "refuted":
        told_of = "object was still in memory after 40 s in which no client sent anything"
        assert found["reason"] == f"{told_of}, kept in memory by 130 x alarm"


def test_stays_awake_is_not_held_while_work_only_puts_the_sleep_off() -> None:
    told = connected(STAYS)
    told.stays(11.5, worked=4.0, pins=())
    assert verdicts(told.done()) == {"it": "unknown"}


def test_sleeps_without_any_word_of_the_trace_is_unknown() -> None:
    told = connected(SLEEPS)
    told.begins("hibernate")
    told.ends()
    assert verdicts(told.done()) == {"it": "unknown"}


def test_sleeps_is_about_every_sleep_that_was_asked_for() -> None:
    again = '{ on = "ann", send = "a", expect = "b" }'
    told = connected(scenario("sleeps", [CONNECT, SLEEP, again, SLEEP]))
    told.sleeps()
    told.says("b")
    told.begins("hibernate")
    told.fails("no_sleep", "the evict did not end object's stay: no reason given")
    found = finding(told.stops())
    assert found["verdict"] == "unknown"
    assert found["reason"].startswith("it slept, but not every time")


STAYS = scenario("stays-awake", [CONNECT, '{ hibernate = "idle", claim = "it" }'])


@pytest.mark.parametrize(("idle", "verdict"), [(10.999, "unknown"), (11.0, "held"), (13.2, "held")])
def test_stays_awake_is_held_from_eleven_seconds_on(idle: float, verdict: str) -> None:
    told = connected(STAYS)
    told.stays(idle)
    assert verdicts(told.done()) == {"it": verdict}


def test_stays_awake_is_held_where_the_sleep_is_a_precondition_that_fails() -> None:
    told = connected(scenario("stays-awake", [CONNECT, SLEEP]))
    told.stays(11.0)
    found = finding(told.stops())
    assert found["verdict"] == "held"
    told_of = "object was still in memory 11.0 s after its last event"
    assert found["reason"] == f"{told_of}, pinned by setInterval (room.ts:12)"


def test_stays_awake_is_refuted_by_a_sleep() -> None:
    told = connected(STAYS)
    told.sleeps()
    assert verdicts(told.done()) == {"it": "refuted"}


def test_stays_awake_is_refuted_by_a_timer_that_struck_late() -> None:
    told = connected(STAYS)
    told.begins("hibernate")
    told.is_still_awake(11.0)
    told.leaves(idle=11.3)
    told.fails("no_sleep", "still in memory")
    found = finding(told.done())
    assert found["verdict"] == "refuted"
    assert found["reason"] == "object left memory 11.300 s after its last event"


def test_stays_awake_looks_at_no_sleep_after_a_later_event() -> None:
    told = connected(STAYS)
    told.begins("hibernate")
    told.is_still_awake(11.0)
    told.fails("no_sleep", "still in memory")
    told.at_ns += 12 * 10**9
    told.reaches()
    told.leaves()
    assert verdicts(told.done()) == {"it": "held"}


@pytest.mark.parametrize("how", ["died", "dropped"])
def test_stays_awake_is_not_decided_by_an_object_that_was_killed(how: str) -> None:
    told = connected(scenario("stays-awake", [CONNECT, SLEEP]))
    told.begins("hibernate")
    told.leaves(how, 2)
    told.ends()
    assert verdicts(told.done()) == {"it": "unknown"}


def test_stays_awake_is_told_by_a_probe_too() -> None:
    told = connected(scenario("stays-awake", [CONNECT, '{ idle = "12s" }', '{ probe = "pinned" }']))
    told.idles()
    told.begins("probe")
    now = told.last_event_ns + 12 * 10**9
    times = {"at_ns": now, "at_last_event_ns": told.last_event_ns, "at_last_activity_ns": told.last_event_ns}
    told.add("object:object", "probed", step=2, wanted="pinned", found="pinned", ok=True, pins=[PIN], **times)
    told.ends()
    assert verdicts(told.done()) == {"it": "held"}


PING = '{ on = "ann", send = "ping", expect = "pong" }'
RESUME = '{ resume = "ann", send = "a", expect = "b" }'
NO_WAKE = scenario("no-wake", [CONNECT, SLEEP, PING, RESUME])


def test_no_wake_is_held_where_the_object_slept_on_through_a_message() -> None:
    told = connected(NO_WAKE)
    told.sleeps()
    told.says("pong", reached=0)
    told.says("b")
    found = finding(told.done())
    assert found["verdict"] == "held"
    assert found["reason"] == "object slept on through 1 message"


def test_no_wake_is_refuted_by_a_message_that_woke_it() -> None:
    told = connected(NO_WAKE)
    told.sleeps()
    told.says("pong")
    told.says(failure=("woken", "object was woken by hibernatable_websocket first"))
    found = finding(told.stops())
    assert found["verdict"] == "refuted"
    assert found["reason"] == "object was woken by hibernatable_websocket before it was resumed"


def test_no_wake_is_refuted_by_a_wake_that_the_trace_tells_only_within_the_resume() -> None:
    told = connected(NO_WAKE)
    told.sleeps()
    told.says("pong", reached=0)
    told.begins("resume")
    told.enters(why="alarm")
    told.fails("woken", "object was woken by alarm first")
    found = finding(told.stops())
    assert found["verdict"] == "refuted"
    assert found["reason"] == "object was woken by alarm before it was resumed"


def test_no_wake_is_unknown_where_nothing_was_sent() -> None:
    told = connected(scenario("no-wake", [CONNECT, SLEEP, RESUME]))
    told.sleeps()
    told.says("b")
    found = finding(told.done())
    assert (found["verdict"], found["reason"]) == ("unknown", "nothing was sent while object slept")


def test_no_wake_does_not_count_what_was_sent_on_a_dead_socket() -> None:
    told = tale(scenario("no-wake", ['{ connect = ["ann", "bob"] }', SLEEP, PING]))
    told.connect()
    told.sleeps()
    told.closed("ann", by="nobody", clean=False)
    told.is_closed()
    assert verdicts(told.stops()) == {"it": "unknown"}


def test_no_wake_without_a_sleep_is_unknown() -> None:
    told = connected(scenario("no-wake", [CONNECT, SLEEP, PING]))
    told.begins("hibernate")
    told.leaves("dropped", 1)
    told.ends()
    told.says("pong", reached=0)
    assert verdicts(told.done()) == {"it": "unknown"}


TWO = 'objects = { room = { class = "Room", name = "{play}" }, log = { class = "Log", name = "{play}" } }'


def of_two(check: str, steps: list[str]) -> Tale:
    text = scenario(check, steps, claim='of = ["room"]')
    told = tale(text.replace('object = { class = "Room", name = "{play}" }', TWO))
    told.connect(enters=("room", "log"))
    return told


def test_sleeps_is_about_the_objects_of_the_claim() -> None:
    told = of_two("sleeps", [CONNECT, SLEEP])
    told.begins("hibernate")
    told.leaves(label="room")
    told.is_still_awake(13.0, "log")
    told.fails("no_sleep", "log was still in memory")
    assert verdicts(told.stops()) == {"it": "held"}


def test_stays_awake_is_about_the_objects_of_the_claim() -> None:
    told = of_two("stays-awake", [CONNECT, SLEEP])
    told.begins("hibernate")
    told.is_still_awake(11.0, "log")
    told.fails("no_sleep", "log was still in memory")
    assert verdicts(told.stops()) == {"it": "unknown"}


def test_another_step_of_a_stays_awake_claim_still_counts() -> None:
    wrong = '{ on = "ann", send = "a", expect = "b", claim = "it" }'
    told = connected(scenario("stays-awake", [CONNECT, '{ hibernate = "idle", claim = "it" }', wrong]))
    told.stays(11.0)
    told.gets_wrong("c")
    assert verdicts(told.done()) == {"it": "refuted"}


def test_a_sleep_that_did_not_come_leaves_a_claim_of_that_step_open() -> None:
    for failure in ("no_sleep", "wrong_object"):
        told = connected(scenario("", [CONNECT, '{ hibernate = "idle", claim = "it" }']))
        told.begins("hibernate")
        told.fails(failure, "it did not sleep")
        found = finding(told.done())
        assert (found["verdict"], found["reason"]) == ("unknown", "it did not sleep")


def test_without_an_object_no_sleep_is_proven() -> None:
    text = scenario("sleeps", [CONNECT]).replace('object = { class = "Room", name = "{play}" }\n', "")
    told = tale(text)
    told.connect(enters=())
    assert verdicts(told.done()) == {"it": "unknown"}


def addressed(ann: str, room: str) -> Tale:
    """Begin a play of a room and a log in which ann's address is this one and bob's names the log."""
    objects = f'objects = {{ room = {room}, log = {{ class = "Log", name = "log-{{play}}" }} }}'
    text = scenario("sleeps", ['{ connect = ["ann", "bob"] }', '{ hibernate = "idle" }'], claim='of = ["room"]')
    text = text.replace('object = { class = "Room", name = "{play}" }', objects)
    text = text.replace("/room/{play}?name=ann", ann).replace("/room/{play}?name=bob", "/log/log-{play}")
    told = tale(text)
    told.connect(enters=("room", "log"))
    told.begins("hibernate")
    told.leaves(label="room")
    told.ends()
    return told


BY_NAME = '{ class = "Room", name = "{play}" }'


@pytest.mark.parametrize(
    ("ann", "room", "verdict"),
    [
        ("/room/{play}", BY_NAME, "held"),
        ("/connect?room={play}", BY_NAME, "held"),
        ("/log/log-{play}", BY_NAME, "unknown"),
        ("/elsewhere", BY_NAME, "unknown"),
        ("/by-id/" + "a" * 64, f'{{ class = "Room", id = "{"a" * 64}" }}', "held"),
        ("/by-id/" + "b" * 64, f'{{ class = "Room", id = "{"a" * 64}" }}', "unknown"),
    ],
)
def test_only_a_socket_that_leads_to_the_object_counts_as_open_through_its_sleep(
    ann: str, room: str, verdict: str
) -> None:
    assert verdicts(addressed(ann, room).done()) == {"it": verdict}

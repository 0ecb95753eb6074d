"""Why an object did not sleep, told on literal histories: what kept it, what was asked of it, what to change."""

from typing import Any

import pytest

from poc_cli.history import event as kinds
from poc_cli.record.run_record import record
from poc_cli.report.advice import NOTHING_SEEN
from poc_cli.report.sleep_explanation import ObjectInPlay, explain, in_a_line
from poc_cli.report.styled import plain
from tests.unit.judge.histories import FILE, PIN, History, Tale, scenario, tale
from tests.unit.report.hostile import TEXTS

CONNECT = '{ connect = "*" }'
SLEEP = '{ hibernate = "idle" }'
ASK = '{ resume = "ann", send = { op = "who" }, expect = { sockets = 2 } }'
PINS: list[dict[str, Any]] = [
    {"kind": "timer", "name": "setInterval", "what": "setInterval", "script": "room.ts", "line": 12, "at_ns": 1},
    {"kind": "operation", "name": "fetch", "what": "fetch", "script": "room.ts", "line": 30, "at_ns": 1},
    {"kind": "awaitJs", "name": "", "what": "waitUntil", "script": None, "line": None, "at_ns": 1},
]


def resident(history: History, label: str = "object") -> ObjectInPlay:
    run = record(list(history.events))
    return ObjectInPlay(run.plays[0], label)


def told(history: History, label: str = "object") -> list[str]:
    return [plain(line) for line in explain(resident(history, label))]


def section(lines: list[str], title: str) -> list[str]:
    """Return the lines below a heading."""
    if f"  {title}" not in lines:
        return []
    rest = lines[lines.index(f"  {title}") + 1 :]
    return [line.strip() for line in rest[: rest.index("") if "" in rest else len(rest)]]


def story(*steps: str) -> Tale:
    return tale(scenario("sleeps", steps))


def awake(*pins: dict[str, Any], **how: Any) -> History:
    told_so_far = story(CONNECT, SLEEP)
    told_so_far.connect()
    told_so_far.stays(pins=pins, **how)
    return told_so_far.stops()


# --- an object that slept


def slept() -> History:
    told_so_far = story(CONNECT, SLEEP, ASK)
    told_so_far.connect()
    told_so_far.sleeps()
    told_so_far.says({"sockets": 2})
    return told_so_far.done()


def test_a_sleep_is_told_with_its_length_and_what_ended_it() -> None:
    assert told(slept()) == [
        f"story/object  object of class Room, story of {FILE}",
        "  It slept: it left memory 10.001 s after its last event.",
        "  It was in memory for 91% of 11.0 s, woken once: 1 x websocket.",
        "",
        "  in memory   0.000 to 10.001 s       1 x fetch; left by its idle timer, 10.001 s after its last event",
        "  asleep      10.001 to 11.001 s      for 1.000 s, woken by a WebSocket event",
        "  in memory   11.001 s, never seen to leave; 1 x WebSocket event",
    ]


def test_in_a_line_it_says_the_same() -> None:
    assert plain(in_a_line(resident(slept()))) == (
        "story/object  It slept: it left memory 10.001 s after its last event."
    )


def test_work_of_its_own_that_put_the_sleep_off_is_told() -> None:
    told_so_far = story(CONNECT, SLEEP)
    told_so_far.connect()
    told_so_far.begins("hibernate")
    told_so_far.leaves(idle=13.0, worked=3.0)
    told_so_far.ends()
    (stay,) = [line for line in told(told_so_far.done()) if line.startswith("  in memory")]
    assert stay.endswith("left by its idle timer, 13.000 s after its last event, 10.000 s after its last work")


def test_many_sleeps_are_counted_and_the_middle_of_their_timeline_too() -> None:
    told_so_far = story(CONNECT, *([SLEEP, ASK] * 20))
    told_so_far.connect()
    for _ in range(20):
        told_so_far.sleeps()
        told_so_far.says({"sockets": 2})
    found = told(told_so_far.done())
    assert found[1] == "  It slept 20 times, at first: it left memory 10.001 s after its last event."
    assert found.count("  ... 9 more stays in memory ...") == 1
    assert sum(line.startswith("  in memory") for line in found) == 12


# --- an object that did not


def test_what_was_pending_is_told_with_its_place_its_age_and_what_to_do() -> None:
    pin = PIN | {"at_ns": 990 * 1_000_000_000}
    found = told(awake(pin))
    assert found[1] == (
        "  It did not sleep at line 7 (hibernate): "
        "setInterval (room.ts:12) was still pending 13.0 s after its last event."
    )
    assert section(found, "hibernate steps") == ["at line 7 (hibernate): to sleep: watched for 13.0 s, it did not"]
    assert section(found, "pending at that time") == ["setInterval (room.ts:12), for 24.0 s"]
    (advice,) = section(found, "what to change")
    assert advice.startswith("setInterval (room.ts:12): a pending timer keeps the object in memory;")
    assert "ctx.storage.setAlarm(time)" in advice
    assert found[-1].startswith("  the play ended early (stopped): ")


def test_equal_pins_are_counted_and_share_their_advice() -> None:
    found = told(awake(PINS[0], PINS[0], PINS[0] | {"line": 40}, PINS[1]))
    assert [line.partition(", for")[0] for line in section(found, "pending at that time")] == [
        "2 x setInterval (room.ts:12)",
        "setInterval (room.ts:40)",
        "fetch (room.ts:30)",
    ]
    advice = section(found, "what to change")
    assert advice[0].startswith("setInterval (room.ts:12), setInterval (room.ts:40): ")
    assert advice[1].startswith("fetch (room.ts:30): ")
    assert "AbortSignal.timeout(ms)" in advice[1]


def test_a_pin_without_a_place_is_told_without_one() -> None:
    (pending,) = section(told(awake(PINS[2])), "pending at that time")
    assert pending.startswith("waitUntil, for ")


def test_an_evict_that_was_refused_names_what_was_pending() -> None:
    told_so_far = story(CONNECT, SLEEP)
    told_so_far.connect()
    told_so_far.begins("hibernate")
    told_so_far.add("object:object", kinds.REFUSED, step=1, pins=[PINS[1]], alarm_in_ms=None)
    told_so_far.fails("no_sleep", "the evict was refused")
    found = told(told_so_far.stops())
    assert found[1] == (
        "  It did not sleep at line 7 (hibernate): it was not evicted, because fetch (room.ts:30) was pending."
    )
    assert section(found, "hibernate steps") == [
        "at line 7 (hibernate): to be evicted: not done, fetch (room.ts:30) pending"
    ]
    assert section(found, "pending at that time") == ["fetch (room.ts:30)"]


def test_an_alarm_that_comes_before_the_evict_is_no_failure_to_sleep() -> None:
    told_so_far = story(CONNECT, SLEEP)
    told_so_far.connect()
    told_so_far.begins("hibernate")
    told_so_far.add("object:object", kinds.REFUSED, step=1, pins=[], alarm_in_ms=4200)
    told_so_far.leaves()
    told_so_far.ends()
    found = told(told_so_far.done())
    assert found[1] == "  It slept: it left memory 10.001 s after its last event."
    assert section(found, "hibernate steps") == [
        "at line 7 (hibernate): to be evicted: not done, its alarm is due in 4.2 s, before it sleeps"
    ]
    assert section(found, "what to change") == []


def test_an_evict_that_failed_and_a_probe_are_told_as_they_were_answered() -> None:
    told_so_far = story(CONNECT, SLEEP, '{ probe = "asleep" }')
    told_so_far.connect()
    told_so_far.begins("hibernate")
    told_so_far.add("object:object", kinds.EVICTED, step=1, outcome="no_answer", said="no answer in 31 s")
    told_so_far.ends()
    told_so_far.probe("awake")
    assert section(told(told_so_far.stops()), "hibernate steps") == [
        "at line 7 (hibernate): to be evicted: no answer (no answer in 31 s)",
        "at line 8 (probe): to be asleep: it is awake",
    ]


def kept_busy(*names: str) -> History:
    """Return an object that nothing pins and to which these events came while it was watched, four seconds apart."""
    told_so_far = story(CONNECT, SLEEP)
    told_so_far.connect()
    for name in names:
        told_so_far.at_ns += 4_000_000_000
        told_so_far.reaches(name=name)
    told_so_far.stays(idle=1.0, watched=60.0, pins=())
    return told_so_far.stops()


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("alarm", "set the next one more than 10 s later"),
        ("hibernatable_websocket", "ctx.setWebSocketAutoResponse("),
        ("fetch", "requests keep it busy"),
        ("jsrpc", "calls keep it busy"),
        ("tail", "tail events keep it busy"),
    ],
)
def test_what_keeps_it_busy_is_counted_timed_and_answered(name: str, word: str) -> None:
    found = told(kept_busy(name, name, name))
    assert "it was still in memory after 60.0 s of waiting, kept busy by " in found[1]
    advice = section(found, "what to change")[-1]
    assert word in advice
    assert advice.endswith(" (they came every 4.0 s)")


def test_an_object_that_neither_pins_nor_events_explain_says_so() -> None:
    told_so_far = story(CONNECT, SLEEP)
    told_so_far.connect()
    told_so_far.stays(pins=(), idle=13.0, watched=12.0)
    found = told(told_so_far.stops())
    assert found[1].endswith("with nothing pending that the trace shows.")
    assert section(found, "what to change") == [NOTHING_SEEN]


def test_a_sleep_before_the_one_that_failed_is_told_with_it() -> None:
    told_so_far = story(CONNECT, SLEEP, ASK, SLEEP)
    told_so_far.connect()
    told_so_far.sleeps()
    told_so_far.says({"sockets": 2})
    told_so_far.stays()
    found = told(told_so_far.stops())
    assert found[1].startswith(
        "  It slept: it left memory 10.001 s after its last event; then it did not sleep at line 9 (hibernate): "
    )


# --- an object of which there is little to tell


def test_an_object_that_never_came_says_which_did() -> None:
    told_so_far = story(CONNECT, SLEEP)
    told_so_far.connect(enters=())
    told_so_far.begins("hibernate")
    told_so_far.fails("wrong_object", 'Room "nonce" (00ff) was never in memory; the trace shows Room 11aa')
    found = told(told_so_far.stops())
    assert found[1] == ('  It was never in memory: Room "nonce" (00ff) was never in memory; the trace shows Room 11aa.')


def test_a_story_without_a_sleep_says_that_nothing_was_asked() -> None:
    told_so_far = story(CONNECT)
    told_so_far.connect()
    assert told(told_so_far.done())[1] == ("  It did not sleep: the scenario has no hibernate step.")


def test_a_story_that_ended_before_its_sleep_says_where() -> None:
    told_so_far = story(CONNECT, SLEEP)
    told_so_far.connect()
    found = told(told_so_far.stops("connect failed"))
    assert found[1] == "  It did not sleep: the play ended before a hibernate step."
    assert found[-1] == "  the play ended early (stopped): connect failed"


@pytest.mark.parametrize(("how", "words"), [("died", "ended with its process"), ("dropped", "ended by itself")])
def test_leaving_otherwise_is_no_sleep(how: str, words: str) -> None:
    told_so_far = story(CONNECT, SLEEP)
    told_so_far.connect()
    told_so_far.begins("hibernate")
    told_so_far.leaves(how, idle=0.1)
    told_so_far.ends()
    found = told(told_so_far.done())
    assert found[1] == "  It did not sleep: it left memory, but not by a sleep."
    assert words in found[3]


def test_the_clocks_of_two_processes_are_never_set_off_against_each_other() -> None:
    told_so_far = story(CONNECT, SLEEP)
    told_so_far.connect()
    told_so_far.leaves("died", idle=0.5)
    told_so_far.add("object:object", kinds.ENTERED, process=2, ctx=1, at_ns=7)
    told_so_far.add("object:object", kinds.DELIVERED, name="fetch", at_ns=7)
    found = told(told_so_far.stops())
    assert "  process 2 of the runtime, with a new clock" in found
    assert "  in memory   0.000 s, never seen to leave; 1 x fetch" in found
    assert not any(line.startswith("  gone") for line in found)


@pytest.mark.parametrize("hostile", TEXTS)
def test_hostile_text_makes_no_line(hostile: str) -> None:
    pin = {"kind": hostile, "name": hostile, "what": hostile, "script": hostile, "line": hostile, "at_ns": hostile}
    found = told(awake(pin))
    assert len(found) == len(told(awake(PIN)))
    assert all("\x1b" not in line and "\n" not in line for line in found)

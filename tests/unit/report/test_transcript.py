"""The play by play: what each event is told as, and what of it is shown when."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.record.source_lines import AT_BLOCKING_LIMIT
from poc_cli.report.styled import plain
from poc_cli.report.transcript import transcript
from tests.unit.judge.histories import PIN, History, scenario, tale
from tests.unit.judge.performing import hibernate_run
from tests.unit.report.hostile import TEXTS

CONNECT = '{ connect = ["ann"] }'

THREW = {"name": "TypeError", "message": "no name", "handler": "alarm", "script": "src/room.ts", "line": 5}


def told(history: History, *, messages: bool = False) -> list[str]:
    return [plain(line) for line in transcript(history.events, messages=messages)]


RESUME = '{ resume = "ann", send = { op = "who" }, expect = "ann" }'
STORY = scenario("sleeps", [CONNECT, '{ hibernate = "idle" }', RESUME])


def slept() -> History:
    story = tale(STORY)
    story.connect()
    story.sleeps()
    story.says("ann", wake_ms=7.25)
    return story.done()


def test_steps_sleeps_and_wakes_in_their_order() -> None:
    assert told(slept()) == [
        "story  story, scenarios/story.toml, play nonce",
        '   0.001  line 6   { connect = ["ann"] }',
        "   0.003  -- object in memory --",
        '   0.006  line 7   { hibernate = "idle" }',
        "   0.007  -- object asleep 10.001 s after its last event --",
        '   0.009  line 8   { resume = "ann", send = { op = "who" }, expect = "ann" }',
        "   0.011  -- object back: woken by hibernatable_websocket --",
        "   0.020  answered after 7.25 ms",
        "   0.021  done",
    ]


def test_with_messages_every_frame_is_shown() -> None:
    found = told(slept(), messages=True)
    assert '   0.010  ann > {"op":"who"}' in found
    assert "   0.019  ann < ann" in found
    assert "   0.002  ann open" in found
    assert len(found) == len(told(slept())) + 3


def test_captures_are_shown_with_the_messages() -> None:
    story = tale(scenario("sleeps", [CONNECT, '{ on = "ann", send = "a", capture = { before = "instance" } }']))
    story.connect()
    story.says({"instance": 4})
    history = story.done()
    assert any(line.endswith("  before = 4") for line in told(history, messages=True))
    assert not any("before = 4" in line for line in told(history))


def test_each_play_has_its_heading_and_its_own_clock() -> None:
    found = told(hibernate_run())
    headings = [line for line in found if line.startswith("hibernate")]
    assert headings[0] == "hibernate  story, scenarios/story.toml, play nonce"
    assert headings[1].startswith("hibernate~idle-room-sleeps  control of idle-room-sleeps, ")
    assert "expected unknown" in headings[1]
    assert found.count("") == 2
    assert found[found.index(headings[2]) + 1].startswith("   0.001  line ")


def test_plays_side_by_side_are_told_one_after_the_other() -> None:
    history = History()
    one = history.play(STORY, label="one")
    two = history.play(STORY, label="two")
    one.connect()
    two.connect()
    one.ended("done")
    two.ended("done")
    found = told(history)
    assert [line.split()[0] for line in found if line.endswith("nonce")] == ["one", "two"]
    assert len(found) == 9


def test_failures_and_early_ends_are_told() -> None:
    story = tale(STORY)
    story.connect()
    story.stays()
    found = told(story.stops("hibernate failed at story.toml:7"))
    assert found[-3:] == [
        "   0.007  -- object still in memory 13.000 s after its last event, pinned by setInterval (room.ts:12) --",
        "   0.008  failed (no_sleep): object was still in memory 13.0 s after its last event",
        "   0.009  stopped: hibernate failed at story.toml:7",
    ]


def test_a_record_that_breaks_off_says_so() -> None:
    story = tale(STORY)
    story.connect()
    assert told(story.history)[-1] == "          the record breaks off"


def test_what_comes_after_the_end_of_a_play_is_not_told() -> None:
    history = slept()
    history.add("story", "ann", "closed", by="client", code=1000, reason="", clean=True, said="bye")
    assert told(history)[-1] == "   0.021  done"


@pytest.mark.parametrize(
    ("kind", "actor", "data", "line"),
    [
        ("closed", "ann", {"said": "received 1001", "clean": True}, "ann closed: received 1001"),
        ("closed", "ann", {"said": "no close frame", "code": 1006, "clean": False}, "ann closed: 1006, no close frame"),
        ("open_failed", "ann", {"said": "the server answered 503"}, "ann could not connect: the server answered 503"),
        ("unread", "ann", {"events": [4, 5]}, "ann never read events 4, 5"),
        ("refused", "object:room", {"pins": [PIN]}, "-- room not evicted: pinned by setInterval (room.ts:12) --"),
        ("probed", "object:room", {"found": "asleep", "ok": True}, "-- room is asleep --"),
        ("evicted", "object:room", {"outcome": "no_answer", "said": "x"}, "-- room: no reply to the evict: x --"),
        ("evicted", "object:room", {"outcome": "no_answer", "said": ""}, "-- room: no reply to the evict --"),
        (
            "evicted",
            "object:room",
            {"outcome": "busy", "said": "x"},
            "-- room: not evicted, because the runtime refused: x --",
        ),
        ("evicted", "object:room", {"outcome": "not_running"}, "-- room: not evicted, because it was not in memory --"),
        ("out", "object:room", {"how": "died"}, "-- room died with its process --"),
        ("out", "object:room", {"how": "dropped"}, "-- room left memory, but not by the idle timer or an evict --"),
        (
            "out",
            "object:room",
            {"how": "evict", "at_ns": 5 * 10**8, "at_last_event_ns": 0},
            "-- room asleep: evicted 0.500 s after its last event --",
        ),
        (
            "refused",
            "object:room",
            {"pins": [], "alarm_in_ms": 3800},
            "-- room not evicted: its alarm is due in 3.8 s, before it would sleep --",
        ),
        (
            "out",
            "object:room",
            {"how": "dropped", "at_ns": 30 * 10**9, "at_last_event_ns": 0},
            f"-- room left memory: {AT_BLOCKING_LIMIT} --",
        ),
        ("threw", "object:room", THREW, "-- alarm of room threw TypeError: no name (src/room.ts:5) --"),
        ("threw", "worker", THREW, "-- alarm of the Worker threw TypeError: no name (src/room.ts:5) --"),
        (
            "threw",
            "worker",
            THREW | {"object_class": "Lobby", "ago_ms": 2345, "script": ""},
            "-- alarm of Lobby threw TypeError: no name (2.3 s before, reported at the end of its event) --",
        ),
        ("fault", "poc", {"fault": "crash"}, "-- fault: crash --"),
        ("step_end", "poc", {"ok": False, "failure": "mismatch", "reason": "no"}, "failed (mismatch): no"),
    ],
)
def test_what_an_event_is_told_as(kind: str, actor: str, data: dict[str, Any], line: str) -> None:
    story = tale(STORY)
    story.add(actor, kind, step=0, **data)
    assert told(story.history)[1] == f"   0.001  {line}"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("evicted", {"outcome": "evicted", "said": ""}),
        ("evicted", {"outcome": "evicted", "said": None}),
        ("step_end", {"ok": True}),
    ],
)
def test_what_needs_no_line_gets_none(kind: str, data: dict[str, Any]) -> None:
    story = tale(STORY)
    story.add("poc", kind, step=0, **data)
    assert len(told(story.history)) == 2


def test_long_messages_are_cut_and_counted() -> None:
    story = tale(STORY)
    story.add("ann", kinds.SENT, text="a" * 5160, bytes=5160)
    story.add("ann", kinds.RECEIVED, text="b" * 65536, bytes=100_000, cut=True)
    story.add("ann", kinds.RECEIVED, hex="00" * 100, bytes=100)
    story.add("http", kinds.SENT, method="POST", path="/room/x", text="{}", bytes=2)
    story.add("http", kinds.RECEIVED, status=404, text="", bytes=0)
    assert told(story.history, messages=True)[1:6] == [
        f"   0.001  ann > {'a' * 160}… (5,000 characters more)",
        f"   0.002  ann < {'b' * 160}… (65,376 characters more) (100000 bytes in total)",
        f"   0.003  ann < 100 bytes {'0' * 160}… (40 characters more)",
        "   0.004  http > POST /room/x {}",
        "   0.005  http < 404",
    ]


def test_a_step_is_shown_without_its_comment() -> None:
    text = STORY.replace('{ connect = ["ann"] },', '{ connect = ["ann"] },   # both at once')
    story = tale(text.replace('{ hibernate = "idle" },', '{ hibernate = "idle" },  # it says "10 s" #'))
    story.connect()
    story.sleeps()
    found = told(story.history)
    assert found[1] == '   0.001  line 6   { connect = ["ann"] }'
    assert '"10 s"' in found[3]


def test_a_long_step_is_cut_and_counted() -> None:
    story = tale(STORY.replace('op = "who"', f'op = "{"w" * 200}"'))
    story.connect()
    story.sleeps()
    story.says("ann")
    assert max(map(len, told(story.history))) <= 150


def test_lines_that_cannot_be_read_and_scenarios_left_out_are_told() -> None:
    history = History()
    history.left_out("other", "its subject is the timer")
    found = [plain(line) for line in transcript([*history.events, None], messages=False)]
    assert found == ["other was left out: its subject is the timer", "line 3 of the history cannot be read"]


def test_nothing_is_told_of_nothing() -> None:
    assert transcript([], messages=True) == []


@pytest.mark.parametrize("hostile", TEXTS)
def test_hostile_text_moves_no_cursor(hostile: str) -> None:
    story = tale(STORY)
    story.add(hostile, kinds.SENT, text=hostile, bytes=1)
    story.add(hostile, kinds.CLOSED, said=hostile, clean=False)
    story.add("poc", kinds.CAPTURED, name=hostile, value={hostile: hostile})
    story.add("poc", kinds.STEP_END, ok=False, failure=hostile, reason=hostile)
    story.add(f"object:{hostile}", kinds.REFUSED, pins=[{"what": hostile, "script": hostile, "line": hostile}])
    for line in transcript(story.stops(hostile).events, messages=True):
        for character in plain(line):
            assert unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


KINDS = [value for name, value in vars(kinds).items() if name.isupper() and name != "FORMAT"]

values = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=3), max_size=2)
keys = st.sampled_from(["how", "text", "bytes", "pins", "events", "line", "ok", "at_ns", "said", "decides", "path"])
events = st.builds(
    Event,
    id=st.integers(0, 9),
    play=st.sampled_from(["a", "b"]),
    t_ns=st.integers(-(10**12), 10**12),
    actor=st.sampled_from(["poc", "ann", "object:room"]),
    kind=st.sampled_from(KINDS) | st.text(max_size=4),
    step=st.none() | st.integers(0, 3),
    data=st.dictionaries(keys, values, max_size=4),
)


@given(st.lists(st.none() | events, max_size=8), st.booleans())
def test_any_history_can_be_told(history: list[Event | None], messages: bool) -> None:  # noqa: FBT001 - drawn
    for line in transcript(history, messages=messages):
        assert "\n" not in plain(line)


def test_console_lines_are_shown_with_the_messages() -> None:
    story = tale(STORY)
    story.add("object:room", kinds.LOGGED, step=0, level="warn", text="so\nso")
    assert not any("console" in line for line in told(story.history))
    assert told(story.history, messages=True)[1] == r"   0.001  room console.warn: so\nso"

"""What a run used, from literal histories: with the trace, and without one."""

from decimal import Decimal
from typing import Any

import pytest

from poc_cli.cost.measured import Measured, run_usage
from poc_cli.cost.month import month_of_run
from poc_cli.cost.prices import shipped
from poc_cli.cost.usage_line import remote_usage_summary, usage_summary
from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from tests.support.numbers import numbers
from tests.unit.residency.lines import SECOND, ctx, ctx_end, init, request, settle, turn

MS = SECOND // 1000
SOCKET = "hibernatable_websocket"


class Run:
    """A history, written a second at a time."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.events: list[Event | None] = []

    def add(self, at: float, actor: str, kind: str, play: str = "story", **data: Any) -> "Run":
        """Write an event at a second."""
        event = Event(len(self.events) + 1, play, round(at * SECOND), actor, kind, None, data)
        self.events.append(event)
        return self

    def play(self, play: str = "story", role: str = "story", process: int = 1, number: int = 1) -> "Run":
        """Let one client connect, say two things that reach the object, and one that the runtime answers."""
        room = "object:room"
        self.add(0, "poc", kinds.PLAY_START, play, role=role)
        self.add(0, room, kinds.ENTERED, play, process=process, ctx=number, at_ns=0)
        self.add(0, room, kinds.DELIVERED, play, name="fetch", at_ns=1 * MS)
        self.add(1, "ann", kinds.OPENED, play)
        for text in ("a", "b", "ping"):
            self.add(2, "ann", kinds.SENT, play, text=text)
        for at in (2 * SECOND, 4 * SECOND):
            self.add(3, room, kinds.DELIVERED, play, name=SOCKET, at_ns=at)
        left = {"at_ns": 14 * SECOND, "at_last_activity_ns": 4 * SECOND, "how": "idle"}
        self.add(14, room, kinds.LEFT, play, process=process, ctx=number, **left)
        self.add(16, "ann", kinds.CLOSED, play)
        return self.add(20, "poc", kinds.PLAY_END, play, outcome="done")


TRACE = [
    ctx(at=0),
    request(1, at=1 * MS),
    turn(1, 2 * MS),
    settle(1, at=2 * MS),
    request(2, SOCKET, at=2 * SECOND),
    init(9, "operation", "durable_object_storage_put", 2, at=2 * SECOND + MS),
    settle(9, at=2 * SECOND + 2 * MS),
    turn(2, 2 * SECOND + 3 * MS),
    settle(2, at=2 * SECOND + 3 * MS),
    request(3, SOCKET, at=4 * SECOND),
    turn(3, 4 * SECOND + 5 * MS),
    settle(3, at=4 * SECOND + 5 * MS),
    ctx_end(at=14 * SECOND),
]


def with_trace(run: Run) -> Measured:
    return run_usage(run.events, {1: TRACE})


def test_without_a_trace_the_active_time_is_the_most_that_it_can_have_been() -> None:
    (play,) = run_usage(Run().play().events).plays
    assert (play.requests, play.messages, play.worker_requests, play.events) == (1, 2, 1, 3)
    assert numbers(play.active_seconds, play.at_most) == [4, True]
    assert numbers(play.resident_seconds, play.connected_seconds, play.seconds) == [14, 15, 20]
    assert run_usage(Run().play().events).handler_ms is None


def test_with_a_trace_it_is_what_the_object_worked() -> None:
    (play,) = with_trace(Run().play()).plays
    assert (play.requests, play.messages, play.at_most) == (1, 2, False)
    assert play.active_seconds == Decimal("0.009"), "1 ms for the connection, 3 and 5 for the messages"
    assert numbers(play.resident_seconds, play.writes, play.reads) == [14, 1, 0]


def test_a_worker_without_a_trace_and_without_residency_is_told_by_its_clients() -> None:
    run = Run().add(0, "poc", kinds.PLAY_START, role="story")
    run.add(1, "ann", kinds.OPENED).add(2, "bob", kinds.OPENED).add(3, "ann", kinds.SENT, text="a")
    run.add(4, "ann", kinds.CLOSED).add(6, "bob", kinds.CLOSED).add(7, "eve", kinds.OPENED)
    run.add(8, "poc", kinds.STEP, verb="http", line=1).add(9, "poc", kinds.PLAY_END)
    (play,) = run_usage(run.events).plays
    assert (play.requests, play.messages, play.worker_requests) == (4, 1, 4)
    assert numbers(play.active_seconds, play.at_most) == [5 + 2, True]
    assert usage_summary(run_usage(run.events), shipped()).startswith(
        "this run: 4.05 requests, at most 0.896 GB-s: at most "
    )


def test_what_poc_asks_of_a_black_box_is_counted_too() -> None:
    run = Run().add(0, "poc", kinds.PULSE, "run", round_trip_ms=[1.5, 2.0], colo="LAX")
    run.add(0, "poc", kinds.PLAY_START, role="story").add(1, "ann", kinds.OPENED).add(2, "ann", kinds.ASKED)
    run.add(3, "ann", kinds.TOLD).add(4, "ann", kinds.CLOSED)
    run.add(5, "poc", kinds.SENTINEL, "run", silent_ms=4500.5, before=["a", "a"], after=["b"])
    run.add(6, "poc", kinds.SENTINEL, "run", failed="it was closed").add(7, "poc", kinds.SENTINEL, "run", before="x")
    story, ours = run_usage(run.events).plays
    assert (story.messages, story.worker_requests) == (1, 1)
    assert (ours.role, ours.requests, ours.messages, ours.active_seconds) == ("other", 4, 5, Decimal("4.5005"))
    lines = remote_usage_summary(run_usage(run.events), shipped())
    assert lines[0].startswith("this run: 5.3 requests, at most ")
    assert lines[1].startswith("  counted from outside")
    assert remote_usage_summary(with_trace(Run().play()), shipped()) == [
        usage_summary(with_trace(Run().play()), shipped())
    ]


def test_with_a_trace_a_worker_without_objects_uses_none() -> None:
    run = Run().add(0, "poc", kinds.PLAY_START, role="story").add(1, "ann", kinds.OPENED)
    run.add(2, "ann", kinds.SENT, text="a").add(5, "poc", kinds.PLAY_END)
    (play,) = run_usage(run.events, {1: []}).plays
    assert numbers(play.active_seconds, play.at_most, play.requests, play.worker_requests) == [4, True, 1, 1], (
        "no trace at all"
    )
    (play,) = run_usage(run.events, {1: TRACE}).plays
    assert numbers(play.active_seconds, play.at_most, play.requests, play.worker_requests) == [0, False, 0, 1]


def test_messages_of_standard_sockets_are_those_that_were_sent() -> None:
    run = Run().play()
    run.events = [event for event in run.events if event is None or event.data.get("name") != SOCKET]
    (play,) = run_usage(run.events).plays
    assert play.messages == 3


def test_a_program_is_billed_by_its_frames_and_not_by_its_lines() -> None:
    run = Run()
    run.add(0, "poc", kinds.PLAY_START, role="story")
    run.add(0, "object:room", kinds.ENTERED, process=1, ctx=1, at_ns=0)
    run.add(1, "cli", kinds.STARTED).add(1, "cli", kinds.OPENED, socket=1)
    run.add(2, "cli", kinds.SENT, text="a line").add(2, "http", kinds.SENT, text="a request")
    for at in range(11):
        run.add(3 + at, "cli", kinds.FRAME_SENT, socket=1, text="beat")
        run.add(3 + at, "object:room", kinds.DELIVERED, name=SOCKET, at_ns=(3 + at) * SECOND)
    run.add(20, "poc", kinds.PLAY_END, outcome="done")
    assert run_usage(run.events).plays[0].messages == 11


def test_a_pinned_object_was_active_for_as_long_as_it_was_watched() -> None:
    run = Run().add(0, "poc", kinds.PLAY_START, role="control")
    run.add(0, "object:room", kinds.ENTERED, process=1, ctx=1, at_ns=0)
    run.add(11, "object:room", kinds.AWAKE, at_ns=11 * SECOND, pins=[{"what": "setInterval"}])
    (play,) = run_usage(run.events).plays
    assert play.active_seconds == 11
    assert play.role == "control"


def test_objects_that_no_play_names_are_counted_too() -> None:
    other = [ctx(2, actor="cd" * 32, at=0), request(5, at=1 * MS, number=2), turn(5, 2 * MS, number=2)]
    stranger = [ctx(3, actor="ef" * 32, at=0, worker="simulator"), request(6, at=1 * MS, number=3)]
    measured = run_usage(Run().play().events, {1: [*TRACE, *other, *stranger]})
    rest = measured.plays[-1]
    assert (rest.role, rest.rooms, rest.requests, rest.active_seconds) == ("other", 1, 1, Decimal("0.001"))
    assert measured.stories == measured.plays[:1]


def test_a_month_is_of_stories_alone_and_all_as_busy_as_in_their_play() -> None:
    run = Run().play().play("story~claim", role="control", number=7)
    usage = with_trace(run).month(times=10)
    month = Decimal(30 * 86_400)
    assert usage.requests == 10 * month / 20
    assert usage.messages == 2 * 10 * month / 20
    assert usage.rows_written == 10 * month / 20
    assert usage.active_seconds == Decimal("0.009") * 10 * month / 20
    assert with_trace(run).month(hibernating=False).active_seconds == 15 * month / 20
    found = month_of_run(with_trace(run), 10, shipped())
    assert found.title.startswith("10 rooms, as busy all month")
    assert found.awake.bill.total > found.hibernating.bill.total


def test_an_event_s_time_is_the_average_of_the_stories() -> None:
    run = Run().play().play("story~claim", role="control", process=2)
    assert run_usage(run.events, {1: TRACE}).handler_ms == 3


@pytest.mark.parametrize("events", [[], [None], [Event(1, "run", 0, "poc", kinds.RUN_START, None, {})]])
def test_nothing_was_used_where_nothing_was_recorded(events: list[Event | None]) -> None:
    assert usage_summary(run_usage(events), shipped()) == "this run: 0 requests, 0 GB-s: 0 % of the free plan's day"
    assert run_usage(events).month().requests == 0


def test_a_damaged_history_is_read_as_far_as_it_goes() -> None:
    run = Run().play()
    run.add(21, "object:room", kinds.ENTERED, process="x", ctx=None, at_ns=1)
    run.add(22, "object:room", kinds.LEFT).add(23, "ann", kinds.CLOSED).add(24, "object:room", kinds.DELIVERED)
    run.events.append(None)
    assert run_usage(run.events).plays[0].active_seconds == 4

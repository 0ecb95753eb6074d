"""What a worker throws and logs during a play: how it is recorded, and which failures it explains."""

import time

from poc_cli.engine.worker_reports import MOST_LOGGED, MOST_THROWN
from poc_cli.history import event as kinds
from poc_cli.residency.trace import Place
from poc_cli.targets.worker_output import LONGEST, Frame, Logged, Output, Threw
from tests.support.fake_run import IT, FakeTargetPool, Meddle, play, story
from tests.support.virtual import SECOND, World

OPEN = '{ connect = ["ann", "bob"] }'
SILENT = f'{{ on = "ann", send = {{ op = "slow", ms = 9000 }}, expect = {{ op = "slow" }}, within = "1s", {IT} }}'
IDLE = '{ idle = "1s" }'


def threw(message: str = "no name", handler: str | None = "webSocketMessage", ago_ms: int = 0) -> Threw:
    frames = (Frame("Room.webSocketMessage", Place("src/room.ts", 5, ("node_modules/y/y.js", 64))),)
    return Threw("TypeError", message, frames, "webSocketMessage", handler, round(time.time() * 1000) - ago_ms)


def reporting(at: float, *lines: Threw | Logged, other: bool = False) -> Meddle:
    """Let the object put out lines, so many seconds after the beginning of the run; or another object than it."""

    def meddle(world: World, pool: FakeTargetPool) -> None:
        def report() -> None:
            (target,) = pool.targets
            label = "ff" * 16 if other else target.seen()[0]
            target.outputs.report(Output("Lobby" if other else "Room", label, None, lines))

        world.at(world.now_ns + round(at * SECOND), report)

    return meddle


def reason(*steps: str, meddle: Meddle) -> str:
    """Return the reason of the step that failed."""
    played = play(story(*steps), meddle=meddle)
    (failed,) = (each for each in played.of(kinds.STEP_END) if not each.data["ok"])
    return str(failed.data["reason"])


def test_an_exception_is_recorded_with_its_object_step_and_lines() -> None:
    played = play(story(OPEN, SILENT), meddle=reporting(0.5, threw()))
    event = played.one(kinds.THREW)
    assert (event.actor, event.step) == ("object:object", 1)
    at_ns = event.data.pop("at_ns")
    assert abs(at_ns / 1e9 - time.time()) < 3600
    assert event.data == {
        "name": "TypeError",
        "message": "no name",
        "event": "webSocketMessage",
        "handler": "webSocketMessage",
        "stack": ["Room.webSocketMessage (src/room.ts:5)"],
        "script": "src/room.ts",
        "line": 5,
        "package": "node_modules/y/y.js",
        "package_line": 64,
    }


def test_a_step_that_got_nothing_says_what_was_thrown_in_it() -> None:
    told = "ann got nothing within 1 s: webSocketMessage threw TypeError: no name (y/y.js:64, from src/room.ts:5)"
    assert reason(OPEN, SILENT, meddle=reporting(0.5, threw())) == told


def test_what_was_thrown_before_the_step_is_told_as_that() -> None:
    found = reason(OPEN, IDLE, SILENT, meddle=reporting(0.5, threw(handler="alarm")))
    assert found.startswith("ann got nothing within 1 s; before this step alarm threw TypeError: no name")


def test_two_exceptions_are_told_and_the_rest_counted_each_once() -> None:
    lines = [threw("one"), threw("one"), threw("two"), threw("three"), threw("four")]
    found = reason(OPEN, SILENT, meddle=reporting(0.5, *lines))
    assert found.count("TypeError") == 2
    assert found.endswith("; and 2 more")


def test_of_those_before_the_step_the_last_is_told() -> None:
    found = reason(OPEN, IDLE, SILENT, meddle=reporting(0.5, threw("one"), threw("two"), threw("three")))
    told = "before this step webSocketMessage threw TypeError: three (y/y.js:64, from src/room.ts:5) (and 2 more)"
    assert found == f"ann got nothing within 1 s; {told}"


def test_an_exception_that_reached_the_caller_is_told_once() -> None:
    passed_on = Threw("TypeError", "no name", (), "fetch", "fetch", round(time.time() * 1000))
    assert reason(OPEN, SILENT, meddle=reporting(0.5, threw(), passed_on)).count("no name") == 1


def test_of_another_object_than_the_storys_the_class_is_told() -> None:
    found = reason(OPEN, SILENT, meddle=reporting(0.5, threw(), other=True))
    assert found.startswith("ann got nothing within 1 s: webSocketMessage of Lobby threw TypeError: no name")


def test_without_an_exception_it_is_said_that_the_runtime_answers() -> None:
    found = reason(OPEN, SILENT, meddle=reporting(0.5, Logged("log", "hello", 1)))
    assert found == "ann got nothing within 1 s, though the runtime answers"


def test_an_error_on_the_console_is_told() -> None:
    logged = Logged("error", "could not store\nat all", 1, Place("src/room.ts", 5))
    found = reason(OPEN, SILENT, meddle=reporting(0.5, logged, Logged("warn", "slow", 1)))
    told = "console.error: could not store (src/room.ts:5)"
    assert found == f"ann got nothing within 1 s, though the runtime answers; {told}"


def test_an_error_on_the_console_is_told_beside_an_exception_that_may_be_of_another_event() -> None:
    logged = Logged("error", "could not store", 1, Place("src/room.ts", 5))
    found = reason(OPEN, SILENT, meddle=reporting(0.5, threw("late"), logged))
    assert found.endswith(
        "threw TypeError: late (y/y.js:64, from src/room.ts:5); console.error: could not store (src/room.ts:5)"
    )


def test_an_error_on_the_console_before_the_step_is_not_told() -> None:
    found = reason(OPEN, IDLE, SILENT, meddle=reporting(0.5, Logged("error", "could not store", 1)))
    assert found == "ann got nothing within 1 s, though the runtime answers"


def test_an_exception_changes_no_verdict_of_a_step_that_is_met() -> None:
    played = play(story(OPEN, IDLE), meddle=reporting(0.5, threw()))
    assert played.failures() == []


def test_console_lines_are_recorded_until_there_are_too_many() -> None:
    many = [Logged("warn", "x" * (LONGEST + 9), round(time.time() * 1000) - 5000)]
    many += [Logged("log", "hello", round(time.time() * 1000))] * MOST_LOGGED
    played = play(story(OPEN, SILENT), meddle=reporting(0.5, *many))
    logged = played.of(kinds.LOGGED)
    assert len(logged) == MOST_LOGGED
    assert [each.data.get("last") for each in logged[-2:]] == [None, True]
    first = logged[0].data
    assert (first["level"], len(first["text"]), first["cut"]) == ("warn", LONGEST, True)
    assert first["ago_ms"] >= 5000
    assert "ago_ms" not in logged[1].data


def test_a_worker_that_throws_without_end_does_not_fill_the_history() -> None:
    played = play(story(OPEN, SILENT), meddle=reporting(0.5, *[threw()] * (MOST_THROWN + 9)))
    assert len(played.of(kinds.THREW)) == MOST_THROWN

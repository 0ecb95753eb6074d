"""The scheduler on fake runtimes: which play goes on when and where, and what is played again."""

import asyncio
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest

from poc_cli.engine import admission, scheduler
from poc_cli.engine.admission import Admission
from poc_cli.engine.pacing import LONGEST_HOLD_SECONDS
from poc_cli.engine.scheduler import (
    ATTEMPTS,
    LAST_BESIDE_OTHERS,
    LATE_IN_A_ROW,
    REPEAT_JOBS,
    WAITING_SESSIONS_AT_ONCE,
    waits,
)
from poc_cli.errors import PocError
from poc_cli.history import event as kinds
from poc_cli.history import writer
from poc_cli.scenario.plays import Play
from poc_cli.targets.cpu_pressure import Spent
from tests.support.fake_run import IT, FakeTargetPool, Played, Prepare, impossible, play, story
from tests.support.fake_target import FakeTarget
from tests.support.virtual import SECOND, World, run

OPEN = '{ connect = ["ann", "bob"] }'
QUIET = f'{{ on = "ann", quiet = "1s", {IT} }}'
WAITS = f'{{ on = "ann", send = {{ op = "slow", ms = 1500 }}, expect = {{ op = "slow" }}, {IT} }}'
HEAVY = 'tags = ["heavy"]\n'
MEASURES = "measures = true\n"


def plays_at_once(played: Played) -> int:
    """Return how many plays went on at the same time at most."""
    now = most = 0
    for event in played.of(kinds.PLAY_START, kinds.PLAY_END):
        now += 1 if event.kind == kinds.PLAY_START else -1
        most = max(most, now)
    return most


def begun(played: Played) -> list[str]:
    return [each.play for each in played.of(kinds.PLAY_START)]


def runtimes(played: Played) -> list[int]:
    """Return the runtimes of the attempts, in their order."""
    return [each.data["runtime"] for each in played.of(kinds.PLAY_START)]


def in_each(action: Callable[[FakeTarget, World], None], *, after: float = 0.5, times: int = 99) -> Prepare:
    """Do something with each runtime, the first so many times, so long after it was given out."""
    given: list[FakeTarget] = []

    def prepare(target: FakeTarget, own: Play | None, time: int) -> None:  # noqa: ARG001
        given.append(target)
        if len(given) <= times:
            asyncio.get_running_loop().call_later(after, lambda: action(target, target.world))

    return prepare


def hang(target: FakeTarget, _: World) -> None:
    target.hang()


def die(target: FakeTarget, _: World) -> None:
    target.die()


def stand_still(_: FakeTarget, world: World) -> None:
    world.stand_still(1.0)


# --- order and pace


def test_what_lets_the_most_time_pass_begins_first() -> None:
    names = ["short", "sleeps", "idles"]
    bodies = [[OPEN, QUIET], [OPEN, '{ hibernate = "idle" }', QUIET], [OPEN, '{ idle = "5s" }', QUIET]]
    played = play(*(story(*body, name=name) for name, body in zip(names, bodies, strict=True)))
    assert begun(played) == ["sleeps", "idles", "short"]


def test_no_more_go_on_at_once_than_jobs() -> None:
    texts = [story(OPEN, QUIET, name=f"story-{number}") for number in range(7)]
    assert plays_at_once(play(*texts, jobs=3)) == 3
    assert plays_at_once(play(*texts)) == 7


def test_a_loop_that_is_late_starts_a_few_plays_slowly_and_delays_none_that_has_begun() -> None:
    def meddle(world: World, pool: FakeTargetPool) -> None:  # noqa: ARG001
        loop = asyncio.get_running_loop()

        def again() -> None:
            world.stand_still(0.06)  # too little to be late
            loop.call_later(0.005, again)

        again()

    texts = [story(OPEN, '{ idle = "8s" }', QUIET, name=f"story-{number}") for number in range(3)]
    played = play(*texts, meddle=meddle)
    starts = [each.t_ns / SECOND for each in played.of(kinds.PLAY_START)]
    assert all(later - earlier >= LONGEST_HOLD_SECONDS for earlier, later in pairwise(starts))
    assert all(each.data["late_ms"] < 250 for each in played.of(kinds.STEP))
    assert set(played.ends().values()) == {"done"}


# --- sockets


def test_plays_whose_sockets_do_not_fit_wait_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "sockets_possible", lambda: 4)
    played = play(*(story(OPEN, QUIET, name=f"story-{number}") for number in range(5)))
    assert plays_at_once(played) == 2
    assert begun(played) == [f"story-{number}" for number in range(5)]


def test_a_play_that_never_fits_is_an_error_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "sockets_possible", lambda: 1)
    played = play(story(OPEN, QUIET))
    assert played.one(kinds.PLAY_END).data["outcome"] == "error"
    assert "the play needs 2 sockets" in played.one(kinds.PLAY_END).data["reason"]


def test_admission_gives_sockets_back_and_lets_in_what_is_larger_than_all() -> None:
    async def main(world: World) -> list[str]:  # noqa: ARG001
        admitted, told = Admission(3), list[str]()

        async def play_of(name: str, sockets: int) -> None:
            async with admitted.of(sockets):
                told.append(name)
                await asyncio.sleep(1)
                told.append(f"-{name}")

        await asyncio.gather(play_of("a", 2), play_of("b", 9), play_of("c", 1))
        return told

    told = run(main)
    assert told[0] == "a"
    assert told.index("b") > told.index("-a")
    assert sorted(told) == ["-a", "-b", "-c", "a", "b", "c"]


def test_one_that_is_cancelled_while_it_waits_for_sockets_takes_none() -> None:
    async def main(world: World) -> None:  # noqa: ARG001
        admitted = Admission(1)
        async with admitted.of(1):
            waiting = asyncio.create_task(admitted.of(1).__aenter__())
            await asyncio.sleep(0.1)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        async with asyncio.timeout(1), admitted.of(1):
            pass

    run(main)


# --- places


def test_so_many_runtimes_of_plays_that_need_their_own_run_at_once() -> None:
    texts = [story(OPEN, QUIET, name=f"story-{number}", more=HEAVY) for number in range(5)]
    played = play(*texts, apart_at_once=2)
    assert played.pool.most_own == 2
    assert sorted(runtimes(played)) == [1, 2, 3, 4, 5]
    assert [each.data["alone"] for each in played.of(kinds.PLAY_START)] == [True] * 5


def test_what_measures_goes_on_alone_after_all_others() -> None:
    texts = [
        story(OPEN, WAITS, name=name, more=more)
        for name, more in (("m1", MEASURES), ("m2", MEASURES), ("s", ""), ("h", HEAVY))
    ]
    played = play(*texts)
    assert begun(played)[2:] == ["m1", "m2"]
    ended = [each.play for each in played.of(kinds.PLAY_START, kinds.PLAY_END)][4:]
    assert ended == ["m1", "m1", "m2", "m2"]


def test_where_there_is_only_one_place_what_disturbs_comes_last() -> None:
    texts = [story(OPEN, WAITS, name=name, more=more) for name, more in (("h1", HEAVY), ("s", ""), ("h2", HEAVY))]
    played = play(*texts, apart_at_once=0)
    assert begun(played) == ["s", "h1", "h2"]
    assert plays_at_once(played) == 1


# --- attempts


def test_what_is_always_late_is_played_with_less_beside_then_alone_and_is_unknown() -> None:
    played = play(story(OPEN, QUIET), prepare=in_each(stand_still))
    assert begun(played) == ["story", *(f"story@{number}" for number in range(2, ATTEMPTS + 1))]
    assert played.pool.gave == [("shared", 1), ("shared", 2), ("story", 1), ("story", 2), ("story", 3)]
    assert [*played.ends().values()] == ["given_up"] * 4 + ["stopped"]
    assert "this machine was too slow" in played.of(kinds.PLAY_END)[-1].data["reason"]
    assert played.verdicts == {"it": "unknown"}
    assert impossible(played.events) == []


def test_third_attempts_overlap_in_runtimes_of_their_own_and_later_ones_are_alone() -> None:
    played = play(*(story(OPEN, QUIET, name=name) for name in ("a", "b")), prepare=in_each(stand_still))

    def sequence(attempt: int) -> list[str]:
        marks = played.of(kinds.PLAY_START, kinds.PLAY_END)
        return [each.kind for each in marks if each.play.endswith(f"@{attempt}")]

    assert [name for name, _ in played.pool.gave].count("shared") == LAST_BESIDE_OTHERS - 1
    assert sequence(LAST_BESIDE_OTHERS)[:2] == [kinds.PLAY_START, kinds.PLAY_START]
    assert sequence(LAST_BESIDE_OTHERS + 1) == [kinds.PLAY_START, kinds.PLAY_END] * 2


def test_what_was_late_once_is_decided_by_the_next_attempt() -> None:
    played = play(story(OPEN, QUIET), prepare=in_each(stand_still, times=1))
    assert played.ends() == {"story": "given_up", "story@2": "done"}
    assert played.verdicts == {"it": "held"}
    (told,) = played.judged["scenarios"]
    assert len(told["replayed"]) == 1


def test_only_what_was_spoiled_is_played_again() -> None:
    texts = [
        story(OPEN, QUIET, name="late"),
        story(OPEN, '{ on = "ann", send = { op = "echo" }, expect = { op = "echo" }, ' + IT + " }", name="quick"),
    ]
    played = play(*texts, prepare=in_each(stand_still, times=1))
    assert begun(played)[2:] == ["late@2"]


def test_a_repeat_has_less_beside_it() -> None:
    long = f'{{ on = "ann", quiet = "3s", {IT} }}'
    texts = [story(OPEN, long, name=f"story-{number}") for number in range(REPEAT_JOBS + 10)]
    played = play(*texts, prepare=in_each(stand_still, after=2.5, times=1))
    again = Played([each for each in played.events if "@2" in each.play], played.pool, 0.0)
    assert len(begun(again)) > REPEAT_JOBS
    assert plays_at_once(again) == REPEAT_JOBS


def test_a_runtime_that_hangs_alone_is_an_error_at_once() -> None:
    played = play(story(OPEN, WAITS, more=HEAVY), prepare=in_each(hang))
    assert played.ends() == {"story": "error"}


def test_where_a_shared_one_hangs_each_play_is_played_in_one_of_its_own() -> None:
    texts = [story(OPEN, WAITS, name=name) for name in ("a", "b")]
    played = play(*texts, prepare=in_each(hang, times=1))
    assert played.ends() == {"a": "given_up", "b": "given_up", "a@2": "done", "b@2": "done"}
    assert sorted(played.pool.gave) == [("a", 1), ("b", 1), ("shared", 1)]
    # Who made it hang is not known, so nobody is accused, and nobody is cleared who was waiting for it.
    assert all(each.data["suspect"] for each in played.of(kinds.PLAY_END)[:2])


def test_the_one_that_makes_its_own_hang_too_is_the_error() -> None:
    def prepare(target: FakeTarget, own: Play | None, time: int) -> None:  # noqa: ARG001
        if own is None or own.label == "a":
            asyncio.get_running_loop().call_later(0.5, target.hang)

    played = play(*(story(OPEN, WAITS, name=name) for name in ("a", "b")), prepare=prepare)
    assert played.ends() == {"a": "given_up", "b": "given_up", "a@2": "error", "b@2": "done"}
    assert {each["name"]: each["verdict"] for each in played.judged["scenarios"]} == {"a": "error", "b": "held"}


@pytest.mark.parametrize("more", ["", HEAVY])
def test_what_a_runtime_died_of_is_played_once_more(more: str) -> None:
    once = play(story(OPEN, WAITS, more=more), prepare=in_each(die, times=1))
    assert once.ends() == {"story": "given_up", "story@2": "done"}
    twice = play(story(OPEN, WAITS, more=more), prepare=in_each(die))
    assert twice.ends() == {"story": "given_up", "story@2": "error"}


# --- ends


@pytest.mark.parametrize("largest", range(2000, 5200, 400))
def test_a_record_that_cannot_be_written_ends_the_run_with_that_error(
    monkeypatch: pytest.MonkeyPatch, largest: int
) -> None:
    monkeypatch.setattr(writer, "LARGEST", largest)
    with pytest.raises(PocError, match="has reached the size limit of a history"):
        play(*(story(OPEN, WAITS, QUIET, name=name) for name in ("a", "b", "c")))


@pytest.mark.parametrize("after", [0.0001, 0.01, 0.3, 1.2, 3.0])
def test_an_interrupted_run_says_so_of_each_play_and_leaves_no_task(after: float) -> None:
    def meddle(world: World, pool: FakeTargetPool) -> None:  # noqa: ARG001
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().call_later(after, task.cancel)

    texts = [
        story(OPEN, WAITS, '{ idle = "2s" }', name=name, more=more)
        for name, more in (("a", ""), ("b", HEAVY), ("c", ""))
    ]
    played = play(*texts, meddle=meddle)
    assert played.was_cancelled
    assert played.left == 0
    assert played.ends().keys() == set(begun(played))
    assert set(played.ends().values()) <= {"interrupted"}
    assert played.of(kinds.RUN_END) == []


# --- what others may have stored


def share(target: FakeTarget, _: World) -> None:
    target.shared_object = "Lobby 12ab34cd"


def test_plays_that_reach_the_same_lobby_are_played_again_apart() -> None:
    played = play(*(story(OPEN, QUIET, name=name) for name in ("a", "b")), prepare=in_each(share, times=1))
    assert runtimes(played) == [1, 1, 2, 3]
    assert played.ends() == {"a": "given_up", "b": "given_up", "a@2": "done", "b@2": "done"}
    assert played.one(kinds.PLAY_END, "a").data["reason"] == (
        "Lobby 12ab34cd, which the scenario does not name, was used by another play too"
    )
    assert played.verdicts == {"it": "held"}


def test_what_failed_beside_others_in_that_lobby_refutes_nothing() -> None:
    asks = f'{{ on = "ann", send = {{ op = "count" }}, expect = {{ count = 2 }}, within = "1s", {IT} }}'

    def prepare(target: FakeTarget, own: Play | None, time: int) -> None:  # noqa: ARG001
        target.shared_object = "Lobby 12ab34cd" if own is None else None

    played = play(*(story(OPEN, asks, name=name) for name in ("a", "b")), prepare=prepare)
    assert {each.data["outcome"] for each in played.of(kinds.PLAY_END) if "@" not in each.play} == {"given_up"}
    assert {each.data["cut_step"] for each in played.of(kinds.PLAY_END) if "@" not in each.play} == {0}


def test_a_play_that_has_the_runtime_to_itself_shares_nothing() -> None:
    played = play(story(OPEN, QUIET), prepare=in_each(share))
    assert played.ends() == {"story": "done"}


def test_sessions_of_which_all_are_late_are_not_all_played_again() -> None:
    quiet = [f'{{ on = "ann", quiet = "{length}s" }}' for length in range(1, 9)]
    played = play(story(OPEN, *quiet), sleep="everywhere", prepare=in_each(stand_still))
    attempts = Counter(each.data["attempt"] for each in played.of(kinds.PLAY_START))
    assert attempts[1] > 10
    for attempt in range(2, ATTEMPTS + 1):
        assert LATE_IN_A_ROW <= attempts[attempt] < LATE_IN_A_ROW + WAITING_SESSIONS_AT_ONCE
    assert set(played.verdicts.values()) == {"unknown"}


@pytest.mark.parametrize(
    ("seconds", "ran", "waited", "does"),
    [(2.0, 0.1, 0.1, True), (0.5, 0.1, 0.1, False), (2.0, 0.5, 0.0, False), (2.0, 0.1, 0.6, False), (2.0, 0, 0, False)],
)
def test_a_session_waits_if_it_takes_long_and_poc_has_little_to_do(
    seconds: float, ran: float, waited: float, *, does: bool
) -> None:
    assert waits(Spent(round(seconds * SECOND), ran, waited, was_stopped=False)) is does

"""Where sleep begins, by rooms that were left alone for different times."""

from hypothesis import given
from hypothesis import strategies as st

from poc_cli.residency.sleep_onset import LEFT_ALONE_SECONDS, Canary, Onset, onset


def room(seconds: float, *, slept: bool, answer_ms: float = 10.0) -> Canary:
    return Canary(seconds, seconds * 1000, answer_ms, ("a", "a"), ("b", "b") if slept else ("a", "a"))


def rooms(begins: float) -> list[Canary]:
    return [room(seconds, slept=seconds >= begins) for seconds in LEFT_ALONE_SECONDS]


def test_sleep_begins_between_the_last_that_stayed_and_the_first_that_slept() -> None:
    assert onset(rooms(10.0)) == Onset(9_500, 10_010)


def test_one_room_that_slept_is_no_onset_yet() -> None:
    assert onset([room(9.5, slept=False), room(10, slept=True)]) is None
    assert onset([room(9.5, slept=False), room(10, slept=True), room(10.25, slept=True)]) is not None


def test_a_room_that_slept_early_alone_is_none() -> None:
    found = onset([room(6, slept=True), room(8, slept=False), room(10, slept=True), room(10.25, slept=True)])
    assert found == Onset(8_000, 10_010)


def test_where_nothing_sleeps_there_is_none() -> None:
    assert onset(rooms(1_000)) is None
    assert onset([]) is None


def test_where_everything_sleeps_the_beginning_is_unknown() -> None:
    assert onset(rooms(1)) == Onset(None, 6_010)


def test_rooms_that_told_too_little_or_two_things_say_nothing() -> None:
    assert Canary(10, 10_000, 1, ("a",), ("b", "b")).slept is None
    assert Canary(10, 10_000, 1, ("a", "a"), ("b", "c")).slept is None
    assert Canary(10, 10_000, 1, ("a", "b"), ("b", "b")).slept is None


def test_what_is_still_there_is_measured_from_the_onset_where_that_is_late() -> None:
    assert (Onset(9_500, 10_010).awake_from_seconds, Onset(9_500, 10_010).asleep_by_seconds) == (11.01, 13.01)
    assert (Onset(None, 6_000).awake_from_seconds, Onset(None, 6_000).asleep_by_seconds) == (11.0, 13.0)
    assert (Onset(20_000, 30_000).awake_from_seconds, Onset(20_000, 30_000).asleep_by_seconds) == (31.0, 33.0)


@given(st.sampled_from(LEFT_ALONE_SECONDS[:-1]), st.permutations(LEFT_ALONE_SECONDS))
def test_the_order_in_which_rooms_tell_does_not_matter(begins: float, order: list[float]) -> None:
    known = {each.left_alone_s: each for each in rooms(begins)}
    assert onset([known[seconds] for seconds in order]) == onset(known.values())
    found = onset(known.values())
    assert found is not None
    assert found.asleep_ms == begins * 1000 + 10

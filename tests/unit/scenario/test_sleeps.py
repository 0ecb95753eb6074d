"""In which gaps which objects of a session sleep: few performances, and nothing that only one of them would show."""

from itertools import permutations

from poc_cli.scenario.loader import parse
from poc_cli.scenario.plays import plays_of
from poc_cli.scenario.sessions import Sleeps, first_sleeps, session


def test_each_gap_and_all_of_a_single_object() -> None:
    assert first_sleeps(2, ["room"]) == [Sleeps((0,)), Sleeps((1,)), Sleeps((0, 1))]


def test_each_of_several_objects_sleeps_alone_too() -> None:
    alone = [each for each in first_sleeps(9, ["room", "lobby"]) if each.objects]
    assert {each.objects for each in alone} == {("room",), ("lobby",)}
    gaps = [each.gaps for each in alone if each.objects == ("room",)]
    assert gaps == [(0, 4, 8), (1, 5), (2, 6), (3, 7), tuple(range(9))]


def test_of_a_short_session_no_performance_is_played_twice() -> None:
    alone = [each for each in first_sleeps(1, ["room", "lobby"]) if each.objects]
    assert alone == [Sleeps((0,), ("room",)), Sleeps((0,), ("lobby",))]


def test_of_many_objects_any_one_sleeps_while_any_other_stays() -> None:
    labels = [f"room{number}" for number in range(21)]
    groups = {each.objects for each in first_sleeps(40, labels) if each.objects}
    assert len(groups) == 10
    for one, other in permutations(labels, 2):
        assert any(one in group and other not in group for group in groups)


def test_a_step_that_waits_for_several_messages_waits_for_each() -> None:
    """Of six that come by time, one after the other, fewer would come in the time of one: that is no loss."""
    steps = """[
      { connect = "ann" },
      { on = "ann", expect = [{ n = 1 }, { n = 2 }, { n = 3 }] },
      { on = "ann", expect = { n = 4 } },
    ]"""
    head = 'name = "s"\ntitle = "s"\nobject = { class = "Room", name = "{play}" }\nclients = { ann = "/room/{play}" }\n'
    story = plays_of(parse(f"{head}steps = {steps}\n", "s.toml"))[0]
    assert [getattr(each.step, "within", None) for each in session(story, 1, Sleeps((0,))).steps[1:]] == [3, 1]


def test_without_a_gap_nothing_sleeps() -> None:
    assert first_sleeps(0, ["room", "lobby"]) == []


def test_some_objects_in_some_gaps_are_within_all_of_them() -> None:
    every = Sleeps((1, 2))
    assert Sleeps((1,), ("room",)).is_within(every)
    assert Sleeps((1, 2), ("room",)).is_within(every)
    assert not every.is_within(Sleeps((1, 2), ("room",)))
    assert not Sleeps((1,)).is_within(Sleeps((1, 2), ("room",)))
    assert not Sleeps((3,), ("room",)).is_within(every)
    assert not every.is_within(every)


def test_gaps_are_halved_first_and_objects_then() -> None:
    assert Sleeps((1, 2, 5), ("room",)).halves() == (Sleeps((1,), ("room",)), Sleeps((2, 5), ("room",)))
    assert Sleeps((1,)).halves() == ()
    assert Sleeps((1,)).halves_by_object(["a", "b", "c"]) == (Sleeps((1,), ("a",)), Sleeps((1,), ("b", "c")))
    assert Sleeps((1,), ("a",)).halves_by_object(["a", "b"]) == ()
    assert Sleeps((1,)).halves_by_object(["a"]) == ()

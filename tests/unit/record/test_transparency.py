"""What clients see with sleeps is compared with what they see without; what differs by itself does not count."""

from collections.abc import Sequence
from typing import Any

import pytest

from poc_cli.record.client_view import Sight, SightKind, View
from poc_cli.record.repetition import unrepeated
from poc_cli.record.transparency import Reference
from tests.unit.record.views import UUIDS, first, same, step_of, value_of, view


def test_equal_views_are_the_same() -> None:
    said = [{"op": "who", "name": "ann"}, "pong", {"hex": "00ff", "bytes": 2}]
    assert same(said, said, kept=said) is None


def test_a_changed_value_is_found_with_its_path() -> None:
    was = {"op": "who", "user": {"name": "ann", "seat": 7}}
    now = {"op": "who", "user": {"name": None, "seat": 7}}
    found = same([was, was], [was, was], kept=[was, now])
    assert found is not None
    assert (found.kind, found.path, step_of(found.expected)) == ("value", ("user", "name"), 1)
    assert value_of(found.seen) == now


def test_one_and_true_are_different() -> None:
    assert same([{"ok": True}], [{"ok": True}], kept=[{"ok": 1}]) is not None


def test_a_value_that_differs_without_a_sleep_does_not_count() -> None:
    plays = [[{"op": "x", "ms": number}] for number in (3, 5, 4)]
    assert same(*plays, kept=[{"op": "x", "ms": 99}]) is None


def test_it_is_learned_by_message_not_by_path_alone() -> None:
    plays = [[{"data": number}, {"data": "kept"}] for number in (3, 5, 4)]
    found = same(*plays, kept=[{"data": 9}, {"data": None}])
    assert found is not None
    assert value_of(found.expected) == {"data": "kept"}


def test_an_id_may_be_another_in_each_play_but_must_stay_the_same_within_it() -> None:
    def play(*ids: int) -> list[Any]:
        return [{"id": UUIDS[number]} for number in ids]

    assert same(play(1, 1), play(2, 2), play(3, 3), kept=play(4, 4)) is None
    found = same(play(1, 1), play(2, 2), play(3, 3), kept=play(4, 5))
    assert found is not None
    assert found.new_id


def test_a_generated_name_must_stay_the_same_too() -> None:
    def play(*names: str) -> list[Any]:
        return [{"you": name} for name in names]

    plays = [play("Guest-11", "Guest-11"), play("Guest-52", "Guest-52"), play("Guest-37", "Guest-37")]
    assert same(*plays, kept=play("Guest-98", "Guest-98")) is None
    assert same(*plays, kept=play("Guest-98", "Guest-99")) is not None


def test_a_note_under_a_path_with_an_id_elsewhere_is_compared() -> None:
    def play(note: object, number: int) -> list[Any]:
        return [{"event": "who", "value": UUIDS[number]}, {"event": "note", "value": note}]

    plays = [play("milk", 1), play("milk", 2), play("milk", 3)]
    assert same(*plays, kept=play("milk", 4)) is None
    assert same(*plays, kept=play(None, 4)) is not None


def test_bytes_that_do_not_differ_are_compared_beside_those_that_do() -> None:
    def play(tick: int, clock: str) -> list[Any]:
        return [{"hex": f"08{tick:08x}{clock}", "bytes": 9}]

    plays = [play(5, "2e9e206d"), play(5, "2e9e3311"), play(5, "2e9e4127")]
    assert same(*plays, kept=play(5, "2e9e90ab")) is None
    found = same(*plays, kept=play(1, "2e9e90ab"))
    assert found is not None
    assert found.path == ("hex", "byte 4")


def test_a_log_inside_a_text_with_a_clock_is_compared() -> None:
    def play(log: str, second: int) -> list[Any]:
        return [f"09:12:{second:02} log: {log}"]

    plays = [play("a,b", 1), play("a,b", 2), play("a,b", 4)]
    assert same(*plays, kept=play("a,b", 7)) is None
    assert same(*plays, kept=play("", 7)) is not None


def test_a_list_in_random_order_is_compared_without_its_order() -> None:
    plays = [[{"users": ["ann", "bob", "cy"]}], [{"users": ["cy", "ann", "bob"]}], [{"users": ["bob", "ann", "cy"]}]]
    assert same(*plays, kept=[{"users": ["bob", "cy", "ann"]}]) is None
    assert same(*plays, kept=[{"users": ["bob"]}]) is not None
    assert same(*plays, kept=[{"users": ["bob", "cy", "bob"]}]) is not None


def test_words_of_a_text_that_do_not_differ_are_compared() -> None:
    plays = [[f"up {seconds} s in kitchen"] for seconds in ("3.1", "4.25", "17")]
    assert same(*plays, kept=["up 99.3 s in kitchen"]) is None
    assert same(*plays, kept=["up 99.3 s in nowhere"]) is not None


def test_an_id_among_words_must_stay_the_same() -> None:
    plays = [[f"welcome guest-{each}", f"bye guest-{each}"] for each in ("x1y2z", "a9b8c", "q7w6e")]
    assert same(*plays, kept=["welcome guest-m5n4b", "bye guest-m5n4b"]) is None
    assert same(*plays, kept=["welcome guest-m5n4b", "bye guest-v3c2x"]) is not None


def states(*names: str, lost: str = "") -> list[Any]:
    return [{"type": "state", "of": each, "score": 0 if each == lost else ord(each)} for each in names]


def test_messages_of_one_kind_in_any_order_are_compared_as_a_set() -> None:
    plays = [states("a", "b", "c"), states("c", "a", "b"), states("b", "a", "c")]
    assert same(*plays, kept=states("b", "c", "a")) is None
    assert same(*plays, kept=states("b", "c", "a", lost="b")) is not None
    assert same(*plays, kept=states("b", "c", "c")) is not None


def test_a_list_in_a_fixed_order_keeps_it() -> None:
    said = [{"log": ["a", "b"]}]
    assert same(said, said, kept=[{"log": ["b", "a"]}]) is not None


SAYS: list[Any] = [{"op": "joined"}, {"op": "said", "text": "a"}, {"op": "said", "text": "b"}, {"op": "left"}]


def test_a_missing_message_is_missing() -> None:
    found = same(SAYS, SAYS, kept=[SAYS[0], *SAYS[2:]])
    assert found is not None
    assert found.kind in {"missing", "value"}
    found = same(SAYS, SAYS, kept=SAYS[:3])
    assert found is not None
    assert (found.kind, value_of(found.expected)) == ("missing", {"op": "left"})


def test_a_message_that_comes_twice_is_doubled() -> None:
    found = same(SAYS, SAYS, kept=[*SAYS, SAYS[3]])
    assert found is not None
    assert (found.kind, value_of(found.seen)) == ("doubled", {"op": "left"})


def test_a_message_that_never_comes_otherwise_is_extra() -> None:
    found = same(SAYS, SAYS, kept=[{"op": "welcome"}, *SAYS])
    assert found is not None
    assert (found.kind, value_of(found.seen)) == ("extra", {"op": "welcome"})


def test_messages_in_another_order_are_out_of_order() -> None:
    found = same(SAYS, SAYS, kept=[SAYS[1], SAYS[0], SAYS[2], SAYS[3]])
    assert found is not None
    assert found.kind == "order"


def test_messages_whose_order_differs_by_itself_are_compared_by_kind() -> None:
    tick: dict[str, Any] = {"op": "tick"}
    plays = [[SAYS[0], tick, SAYS[1]], [tick, SAYS[0], SAYS[1]], [SAYS[0], SAYS[1], tick]]
    assert same(*plays, kept=[SAYS[1], SAYS[0], tick]) is None
    assert same(*plays, kept=[SAYS[0], tick]) is not None
    assert same(*plays, kept=[SAYS[0], tick, {"op": "said", "text": "x"}]) is not None


def test_pushes_by_a_timer_may_be_more_or_fewer_but_not_none() -> None:
    def play(ticks: int) -> list[Any]:
        return [{"op": "hi"}, *({"op": "tick", "n": number} for number in range(ticks))]

    plays = [play(3), play(5), play(4)]
    assert same(*plays, kept=play(2)) is None
    assert same(*plays, kept=play(7)) is None
    assert same(*plays, kept=[{"op": "hi"}]) is not None
    assert same(*plays, kept=[{"op": "hi"}, {"op": "tick", "n": 0}, {"op": "tick", "n": 0}]) is not None


@pytest.mark.parametrize(
    ("kind", "was", "now"),
    [
        ("closed", {"code": 1000, "reason": ""}, {"code": 1011, "reason": ""}),
        ("answer", {"status": 200, "body": {"n": 1}}, {"status": 500, "body": {"n": 1}}),
        ("answer", {"status": 200, "body": {"n": 1}}, {"status": 200, "body": {"n": 0}}),
        ("opened", {"subprotocol": "chat"}, {"subprotocol": None}),
    ],
)
def test_closes_answers_and_openings_are_compared(kind: SightKind, was: Any, now: Any) -> None:
    assert same([(kind, was)], [(kind, was)], kept=[(kind, was)]) is None
    assert same([(kind, was)], [(kind, was)], kept=[(kind, now)]) is not None


def ticking(*times: float, until: float = 10.0, by_time: bool = False) -> View:
    """Return a view of a client that asks at the beginning and at the end, and of ticks at some moments in between."""
    at = sorted([(0.0, "hello"), (until, "bye"), *((time, "tick") for time in times)])
    sights = (
        Sight("message", {"type": kind}, 0, n, int(time * 1e9), by_time and kind == "tick")
        for n, (time, kind) in enumerate(at)
    )
    return {"ann": tuple(sights)}


UNDISTURBED = [ticking(1, 2, 3, 4, 5, 6, 7, 8, 9), ticking(1, 2, 3, 4, 5, 6, 7, 8), ticking(2, 3, 4, 5, 6, 7, 8, 9)]


@pytest.mark.parametrize("lost", [ticking(1, 2), ticking(1, 2, 9), ticking(1, 2, 3, 4), ticking(1, until=4.5)])
def test_a_timer_that_a_sleep_ends_for_good_is_missed(lost: View) -> None:
    found = first(UNDISTURBED, lost)
    assert found is not None
    assert found.kind == "missing"
    assert found.too_few is not None
    assert found.too_few[0] <= found.too_few[1] / 2


@pytest.mark.parametrize("kept", [ticking(*range(1, 7)), ticking(1, until=3.5), ticking(*range(1, 15), until=16)])
def test_a_few_messages_more_or_fewer_are_not_lost(kept: View) -> None:
    assert first(UNDISTURBED, kept) is None


DICE = [{"type": "dice"}, {"type": "card"}, "try again"]


def test_of_messages_that_come_with_alarms_more_may_come_where_a_play_takes_longer() -> None:
    plays = [ticking(2, 4, 6, 8, by_time=True), ticking(2, 4, 7, 8, by_time=True), ticking(2, 4, 5, 8, by_time=True)]
    assert first(plays, ticking(2, 4, 6, 8, 10, 12, until=13, by_time=True)) is None
    assert first(plays, ticking(2, 4, 6, 8, 9, by_time=True)) is None
    assert first(plays, ticking(1, 2, 3, 4, 5, 6, 7, by_time=True)) is not None
    assert first(plays, ticking(2, by_time=True)) is not None
    answers = [ticking(2, 4, 6, 8), ticking(2, 4, 7, 8), ticking(2, 4, 5, 8)]
    assert first(answers, ticking(2, 4, 6, 8, 9)) is not None


def beating(*beats: tuple[int, int], until: float = 10.0) -> View:
    """Return a view of beats, each with a number and the step during which it came."""
    sights = [
        Sight("message", {"type": "beat", "n": n}, step, event, event * SECOND, by_time=True)
        for event, (n, step) in enumerate(beats)
    ]
    return {"ann": (*sights, Sight("message", {"type": "bye"}, 9, 99, int(until * SECOND)))}


SECOND = 1_000_000_000


def test_they_are_compared_by_content_and_order_not_by_moment() -> None:
    plays = [beating((2, 3), (3, 6))] * 3
    for slower in (
        [(2, 1), (2, 3), (3, 6)],
        [(2, 3), (2, 4), (3, 6)],
        [(2, 3), (3, 6), (2, 8)],
        [(2, 3), (1, 4), (3, 6)],
    ):
        assert first(plays, beating(*slower, until=13)) is None
    for lost in ([(3, 3), (2, 6)], [(2, 3), (0, 6)], [(0, 3), (3, 6)]):
        found = first(plays, beating(*lost))
        assert found is not None
        assert found.path == ("n",)


def test_a_client_that_gets_other_messages_each_time_is_no_evidence() -> None:
    found = unrepeated([view(ann=[DICE[n] for n in play]) for play in ([0, 1, 0], [1, 1, 2], [2, 0, 0])])
    assert found is not None
    assert (value_of(found.expected), value_of(found.seen)) == ({"type": "dice"}, {"type": "card"})


@pytest.mark.parametrize(
    "plays",
    [
        UNDISTURBED,
        [view(ann=[DICE[n] for n in play]) for play in ([0, 1, 2], [1, 0, 2], [2, 1, 0])],
        [view(ann=[{"type": "x", **more}, "bye"]) for more in ({}, {"late": 1}, {"early": 2})],
    ],
)
def test_a_timer_an_order_and_a_key_that_comes_or_not_are(plays: Sequence[View]) -> None:
    assert unrepeated(plays) is None


def test_a_client_that_is_closed_after_a_sleep_differs() -> None:
    closed = ("closed", {"code": 1006, "reason": ""})
    assert same(SAYS, SAYS, kept=[*SAYS[:2], closed]) is not None


def test_a_client_that_sees_nothing_any_more_differs() -> None:
    assert first([view(ann=SAYS), view(ann=SAYS)], view()) is not None


def test_a_client_that_sees_something_only_with_a_sleep_differs() -> None:
    assert first([view(), view()], view(bob=SAYS)) is not None


def test_what_is_ignored_does_not_count_by_key_or_by_path() -> None:
    def play(boots: int, seat: int) -> View:
        return view(ann=[{"boots": boots, "user": {"seat": seat}}])

    plays = [play(1, 7), play(1, 7)]
    assert first(plays, play(2, 7)) is not None
    assert first(plays, play(2, 7), "boots") is None
    assert first(plays, play(1, 8), "user.seat") is None
    assert first(plays, play(2, 8), "user.seat") is not None


def test_the_first_difference_in_the_story_comes_first() -> None:
    plays = [view(ann=["a", "b"], bob=["a", "b"])] * 2
    found = Reference(plays).differences(view(ann=["a", "x"], bob=["x", "b"]))
    assert [each.client for each in found] == ["bob", "ann"]


def test_it_says_for_how_long_it_stayed_wrong() -> None:
    said = [{"n": number} for number in range(4)]
    healed = same(said, said, kept=[said[0], {"n": 9}, *said[2:]])
    lasting = same(said, said, kept=[said[0], *({"n": 9} for _ in range(3))])
    assert healed is not None
    assert lasting is not None
    assert (healed.wrong, healed.of) == (1, 3)
    assert (lasting.wrong, lasting.of) == (3, 3)


def test_the_share_of_masked_values_is_told() -> None:
    plays = [view(ann=[{"ms": number, "a": 1, "b": 2, "c": 3}]) for number in (3, 4, 5)]
    assert Reference(plays).masked_share == pytest.approx(0.25)


def members(*order: int, ids: int = 0, status: str = "busy") -> dict[str, Any]:
    names = ("ann", "bob", "cy")
    found = [{"id": UUIDS[ids + n], "name": names[n], "status": status if n == 0 else "online"} for n in order]
    return {"type": "list", "users": found}


def test_a_list_of_members_in_any_order_is_compared_whatever_its_ids() -> None:
    plays = [[members(0, 1, ids=0)], [members(1, 0, ids=3)], [members(1, 0, ids=6)]]
    assert same(*plays, kept=[members(0, 1, ids=9)]) is None
    found = same(*plays, kept=[members(1, 0, ids=9, status="online")])
    assert found is not None
    assert found.path[-1] == "status"


def test_that_order_means_nothing_is_learned_by_the_path_of_the_list() -> None:
    # The second list came in the same order in all of them, by chance.
    plays = [[members(0, 1, ids=n), members(0, 1, 2, ids=n)] for n in (0, 3)] + [[members(1, 0), members(0, 1, 2)]]
    assert same(*plays, kept=[members(0, 1, ids=9), members(2, 0, 1, ids=9)]) is None


def strangers(*orders: str, says: str, nicks: Sequence[str]) -> list[Any]:
    """Return rosters, each in some order, of members all of whose fields are random, and what one of them says."""
    lists = [{"list": [{"nick": nicks[int(each)]} for each in order]} for order in orders]
    return [{"you": nicks[0]}, *lists, {"from": nicks[int(says)]}]


NICKS = [[f"{one} {two}" for two in ("otter", "heron", "stork")] for one in ("jolly", "quiet", "bold", "misty")]


def test_members_all_of_whose_fields_are_random_may_come_in_any_order() -> None:
    plays = [
        strangers("01", "012", says="1", nicks=NICKS[0]),
        strangers("10", "102", says="1", nicks=NICKS[1]),
        strangers("01", "210", says="1", nicks=NICKS[2]),
    ]
    assert same(*plays, kept=strangers("10", "021", says="1", nicks=NICKS[3])) is None
    assert same(*plays, kept=strangers("10", "021", says="0", nicks=NICKS[3])) is not None
    assert same(*plays, kept=strangers("10", "02", says="1", nicks=NICKS[3])) is not None
    two = [strangers("012", "201", says="2", nicks=each) for each in NICKS[:2]]
    other = [strangers("201", "102", says="2", nicks=NICKS[2]), strangers("120", "012", says="2", nicks=NICKS[3])]
    assert same(*two, other[0], kept=other[1]) is None


def test_an_id_that_changes_in_an_unordered_list_is_still_found() -> None:
    plays = [[members(0, 1, ids=n), members(1, 0, ids=n)] for n in (0, 3)] + [[members(1, 0), members(0, 1)]]
    changed = [members(0, 1, ids=9), members(0, 1, ids=9)]
    changed[1]["users"][0]["id"] = UUIDS[15]
    found = same(*plays, kept=changed)
    assert found is not None
    assert found.new_id


def test_a_list_that_is_only_reordered_says_so() -> None:
    plays = [[{"type": "list", "users": ["ann", "bob"]}]] * 2
    found = same(*plays, kept=[{"type": "list", "users": ["bob", "ann"]}])
    assert found is not None
    assert found.reordered == ("users",)


def test_moments_are_no_ids_so_it_does_not_matter_which_of_them_are_equal() -> None:
    def said(*moments: int) -> list[Any]:
        return [{"type": "tick", "at": 1_796_052_410_000 + each} for each in moments]

    assert same(said(0, 7), said(300, 309), said(600, 605), kept=said(900, 900)) is None
    assert same(said(0, 0), said(300, 300), said(600, 600), kept=said(900, 901)) is None

"""Did the sockets survive? Only those that spoke with the object itself after the wake, on the same connection."""

import pytest

from tests.unit.judge.histories import History, Tale, finding, scenario, tale, verdicts

STORY = scenario(
    "connections-survive",
    [
        '{ connect = ["ann", "bob"] }',
        '{ hibernate = "idle" }',
        '{ on = "ann", send = "who", expect = "ann" }',
        '{ on = "bob", send = "who", expect = "bob" }',
    ],
)


def asleep() -> Tale:
    told = tale(STORY)
    told.connect()
    told.sleeps()
    return told


def test_both_spoke_on_their_connections_after_the_wake() -> None:
    told = asleep()
    told.says("ann")
    told.says("bob")
    found = finding(told.done())
    assert found["verdict"] == "held"
    assert found["reason"].endswith("; ann, bob then spoke with it on the same connection")
    sent = {event.id for event in told.history.events if event.kind in {"sent", "received"}}
    assert sent <= set(found["evidence"])


def test_a_socket_that_was_not_exercised_is_unknown() -> None:
    told = asleep()
    told.says("ann")
    told.gets_nothing()
    found = finding(told.stops())
    assert found["verdict"] == "unknown"
    told_of = "bob was not used after object slept (line 7)"
    assert found["reason"] == f"{told_of}: nothing shows that a frame of object reached bob"


def test_a_pong_is_no_sign_of_life() -> None:
    told = asleep()
    told.says("ann")
    told.says("bob", reached=0)
    found = finding(told.done())
    assert found["verdict"] == "unknown"
    told_of = "nothing shows that a frame of bob reached object, or one of object reached bob"
    assert found["reason"] == f"bob was not used after object slept (line 7): {told_of}"


def test_a_pong_while_the_object_sleeps_on_is_none_either() -> None:
    told = asleep()
    told.says("ann", reached=0)
    told.says("bob", reached=0)
    assert verdicts(told.done()) == {"it": "unknown"}


def test_the_message_of_one_client_does_not_speak_for_another() -> None:
    text = STORY.replace('{ on = "ann", send = "who", expect = "ann" }', '{ on = "*", send = "who", expect = "ok" }')
    told = tale(text)
    told.connect()
    told.sleeps()
    told.says("ok", reached=1)
    told.says("bob", reached=0)
    assert verdicts(told.done()) == {"it": "unknown"}


def test_every_client_of_one_step_may_speak_at_once() -> None:
    text = STORY.replace('{ on = "ann", send = "who", expect = "ann" }', '{ on = "*", send = "who", expect = "ok" }')
    told = tale(text)
    told.connect()
    told.sleeps()
    told.says("ok")
    told.says("bob")
    assert verdicts(told.done()) == {"it": "held"}


def test_another_event_than_a_message_does_not_count_as_one() -> None:
    told = asleep()
    told.says("ann")
    told.begins("on")
    told.add("bob", "sent", step=3, text="who", bytes=3)
    told.reaches(name="alarm")
    told.add("bob", "received", step=3, text="bob", bytes=3)
    told.ends()
    assert verdicts(told.done()) == {"it": "unknown"}


def test_a_wrong_answer_came_over_a_living_connection() -> None:
    told = asleep()
    told.says("ann")
    told.gets_wrong("somebody")
    assert verdicts(told.stops()) == {"it": "held"}


def test_an_answer_before_the_wake_proves_nothing() -> None:
    text = scenario(
        "connections-survive",
        ['{ connect = ["ann"] }', '{ on = "ann", send = "who", expect = "ann" }', '{ hibernate = "idle" }'],
    )
    told = tale(text)
    told.connect()
    told.says("ann")
    told.sleeps()
    assert verdicts(told.done()) == {"it": "unknown"}


def test_closed_by_the_server_on_the_wake_is_refuted() -> None:
    told = asleep()
    told.begins("on")
    told.add("ann", "sent", step=2, text="who", bytes=3)
    told.enters(why="hibernatable_websocket")
    told.closed("ann", "bob")
    told.fails("closed", "ann was closed while it waited for an answer")
    found = finding(told.stops())
    assert found["verdict"] == "refuted"
    assert found["reason"] == "ann was closed after object slept: received 1006"
    assert told.history.events[found["evidence"][-1] - 1].kind == "closed"


def test_broken_without_a_word_is_refuted_too() -> None:
    told = asleep()
    told.closed("bob", by="nobody", clean=False)
    told.says("ann")
    told.is_closed()
    assert verdicts(told.stops()) == {"it": "refuted"}


def test_closed_by_its_own_client_is_unknown() -> None:
    told = asleep()
    told.closed("bob", by="client")
    told.says("ann")
    told.is_closed()
    assert verdicts(told.stops()) == {"it": "unknown"}


def test_closed_by_a_fault_is_not_closed_by_the_sleep() -> None:
    told = asleep()
    told.says("ann")
    told.leaves("died", 0.1)
    told.closed("ann", "bob", by="nobody", clean=False)
    told.is_closed()
    found = finding(told.stops())
    assert found["verdict"] == "unknown"
    assert found["reason"] == "bob was closed after a fault, not by the sleep (1006, no close frame received)"


def test_closed_because_the_object_ended_by_itself_is_refuted() -> None:
    told = asleep()
    told.begins("on")
    told.enters()
    told.leaves("dropped", 0)
    told.closed("ann", "bob", clean=False)
    told.fails("closed", "ann was closed while it waited for an answer")
    found = finding(told.stops())
    assert found["verdict"] == "refuted"
    assert "object ended by itself (ctx.abort(), or an exception)" in found["reason"]


def test_a_fault_of_ours_is_none_of_the_sleeps() -> None:
    told = asleep()
    told.says("ann")
    told.add("poc", "fault", fault="crash")
    told.closed("bob", by="nobody", clean=False)
    told.is_closed()
    assert verdicts(told.stops()) == {"it": "unknown"}


def test_closed_by_the_server_after_it_spoke_is_not_held() -> None:
    told = asleep()
    told.says("ann")
    told.says("bob")
    told.closed("bob")
    found = finding(told.done())
    assert found["verdict"] == "unknown"
    assert found["reason"].startswith("bob spoke with object after its sleep, then bob was closed")


@pytest.mark.parametrize(("code", "verdict"), [(4001, "held"), (4002, "refuted")])
def test_closed_by_the_server_as_the_story_expects_is_no_loss(code: int, verdict: str) -> None:
    steps = ['{ connect = ["ann"] }', '{ hibernate = "idle" }', '{ on = "ann", send = "a", expect = "b" }']
    told = tale(scenario("connections-survive", [*steps, '{ on = "ann", expect_code = 4001 }']))
    told.connect()
    told.sleeps()
    told.says("b")
    told.begins("on")
    told.closed("ann", code=code)
    if code == 4001:
        told.ends(closed={"ann": 4001})
        assert verdicts(told.done()) == {"it": verdict}
    else:
        told.fails("closed", "ann expected close code 4001")
        assert verdicts(told.stops()) == {"it": verdict}


@pytest.mark.parametrize(("comes_back", "verdict"), [(False, "held"), (True, "unknown")])
def test_a_close_may_come_before_the_step_that_expects_it(comes_back: bool, verdict: str) -> None:  # noqa: FBT001
    steps = ['{ connect = ["ann", "bob"] }', '{ hibernate = "idle" }']
    steps += ['{ on = ["ann", "bob"], send = "a", expect = "b" }', '{ on = "ann", send = "kick bob", expect = "c" }']
    steps += ['{ connect = ["bob"] }'] if comes_back else []
    told = tale(scenario("connections-survive", [*steps, '{ on = ["bob"], expect_code = 4001 }']))
    told.connect()
    told.sleeps()
    told.says("b")
    told.says("c")
    told.closed("bob", code=4001)
    if comes_back:
        told.connect()
        told.begins("on")
        told.closed("bob", code=4001)
    else:
        told.begins("on")
    told.ends(closed={"bob": 4001})
    found = finding(told.done())
    assert found["verdict"] == verdict, found


def test_a_new_connection_is_not_the_same_connection() -> None:
    text = scenario(
        "connections-survive",
        [
            '{ connect = ["ann"] }',
            '{ hibernate = "idle" }',
            '{ connect = ["ann"] }',
            '{ on = "ann", send = "who", expect = "ann" }',
        ],
    )
    told = tale(text)
    told.connect()
    told.sleeps()
    told.closed("ann")
    told.connect()
    told.says("ann")
    assert verdicts(told.done()) == {"it": "refuted"}


def test_every_sleep_is_judged_not_the_first_alone() -> None:
    text = scenario(
        "connections-survive",
        [
            '{ connect = ["ann"] }',
            '{ hibernate = "idle" }',
            '{ on = "ann", send = "who", expect = "ann" }',
            '{ hibernate = "evict" }',
            '{ on = "ann", send = "who", expect = "ann" }',
        ],
    )
    told = tale(text)
    told.connect()
    told.sleeps()
    told.says("ann")
    told.sleeps("evict", 0.5)
    told.is_closed()
    assert verdicts(told.stops()) == {"it": "unknown"}


def test_closed_right_after_the_answer_and_missed_by_a_later_step_is_refuted() -> None:
    told = asleep()
    told.says("ann")
    told.begins("on")
    told.add("bob", "sent", step=3, text="who", bytes=3)
    told.reaches()
    told.add("bob", "received", step=3, text="bob", bytes=3)
    told.closed("bob")
    told.fails("closed", "bob should receive nothing and was closed")
    found = finding(told.stops())
    assert found["verdict"] == "refuted"
    assert found["reason"] == "bob was closed after object slept: received 1006"


def test_what_the_object_says_unasked_after_the_wake_counts_too() -> None:
    told = asleep()
    told.says("ann")
    told.begins("on")
    told.add("bob", "received", step=3, text="news", bytes=4)
    told.add("bob", "sent", step=3, text="who", bytes=3)
    told.reaches()
    told.ends()
    assert verdicts(told.done()) == {"it": "held"}


def test_what_came_before_the_wake_does_not() -> None:
    told = asleep()
    told.add("bob", "received", step=1, text="news", bytes=4)
    told.says("ann")
    told.begins("on")
    told.add("bob", "sent", step=3, text="who", bytes=3)
    told.reaches()
    told.ends()
    found = finding(told.done())
    assert found["verdict"] == "unknown"
    assert found["reason"].endswith("nothing shows that a frame of object reached bob")


def test_the_two_frames_of_an_exchange_may_lie_in_different_steps() -> None:
    told = asleep()
    told.says("ann")
    told.begins("on")
    told.add("bob", "sent", step=3, text="who", bytes=3)
    told.reaches()
    told.ends()
    told.add("bob", "received", step=3, text="bob", bytes=3)
    assert verdicts(told.done()) == {"it": "held"}


def test_what_was_said_before_the_sleep_does_not_count_after_another_wake() -> None:
    steps = ['{ connect = ["ann"] }', '{ on = "ann", send = "who", expect = "ann" }', '{ hibernate = "idle" }']
    told = tale(scenario("connections-survive", steps))
    told.connect()
    told.says("ann")
    told.sleeps()
    told.enters(why="alarm")
    assert verdicts(told.done()) == {"it": "unknown"}


@pytest.mark.parametrize(("reached", "verdict"), [(1, "unknown"), (2, "held")])
def test_a_message_that_arrives_late_does_not_speak_for_the_next_step(reached: int, verdict: str) -> None:
    """A step that only sends is not waited for: what it sent may arrive while another client gets only a pong."""
    text = STORY.replace('{ on = "ann", send = "who", expect = "ann" }', '{ on = "ann", send = "who" }')
    text = text.replace(
        '{ on = "bob", send = "who", expect = "bob" }',
        '{ on = "bob", send = "who", expect = "bob" },\n{ on = "ann", send = "who", expect = "ann" }',
    )
    told = tale(text)
    told.connect()
    told.sleeps()
    told.says(reached=0)
    told.says("bob", reached=reached)
    told.says("ann")
    assert verdicts(told.done()) == {"it": verdict}


def test_a_farewell_that_is_read_after_an_evict_may_have_been_said_before_it() -> None:
    steps = ['{ connect = ["ann"] }', '{ hibernate = "evict" }', '{ on = "ann", send = "who", expect = "ann" }']
    told = tale(scenario("connections-survive", steps))
    told.connect()
    told.begins("hibernate")
    told.leaves("evict", 0.01)
    told.closed("ann", code=1000)
    told.ends()
    told.is_closed()
    found = finding(told.stops())
    assert found["verdict"] == "unknown"
    assert found["reason"] == "ann was closed as object slept (received 1000), and which came first is not known"


def twice(*, closes: bool, by: str = "server") -> History:
    """Tell of a story with two sleeps that ends after the first, at which its sockets may be closed."""
    ask = '{ on = "*", send = "who", expect = "you" }'
    last = '{ on = "*", send = "who", expect = "you", claim = "it" }'
    sleep = '{ hibernate = "evict" }'
    told = tale(scenario("connections-survive", ['{ connect = ["ann", "bob"] }', ask, sleep, ask, sleep, last]))
    told.connect()
    told.says("you")
    told.sleeps("evict", 0.1)
    if closes:
        told.closed("ann", "bob", by=by, code=1012)
    told.is_closed()
    return told.stops()


def test_a_socket_that_an_earlier_sleep_of_the_story_ended_did_not_survive() -> None:
    assert verdicts(twice(closes=True)) == {"it": "refuted"}


def test_a_story_that_stopped_before_its_sleep_is_unknown() -> None:
    assert verdicts(twice(closes=False)) == {"it": "unknown"}
    assert verdicts(twice(closes=True, by="client")) == {"it": "unknown"}

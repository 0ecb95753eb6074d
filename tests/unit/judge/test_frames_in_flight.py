"""What is still on its way, or answered later, is neither lost nor has it arrived; nor is what nobody can know held."""

import pytest

from tests.unit.judge.histories import Tale, finding, scenario, tale

CONNECT = '{ connect = ["ann", "bob"] }'
PING = '{ on = "ann", send = "ping" }'
RESUME = '{ resume = "bob", send = { op = "who" }, expect = { op = "who" } }'
WHO_OF_ANN = '{ on = "ann", send = { op = "who" }, expect = { op = "who" } }'
WHO = {"op": "who"}


def say(number: int, more: str = "") -> str:
    return f'{{ on = "ann", send = {{ id = {number} }}{more} }}'


def numbered(*numbers: int) -> list[dict[str, int]]:
    return [{"seq": number} for number in numbers]


def decided(told: Tale) -> tuple[str, str]:
    found = finding(told.done())
    return found["verdict"], found["reason"]


def two(*steps: str) -> Tale:
    told = tale(scenario("received-in-order", [CONNECT, *steps], claim='by = "seq"'))
    told.connect()
    for _ in steps:
        told.says(WHO if "expect" in steps[told.next - 1] else None)
    return told


# --- received-in-order


def test_one_message_of_three_may_be_all_that_a_client_was_to_get() -> None:
    told = two(PING)
    told.hears("ann", *numbered(1))
    told.hears("bob", *numbered(1, 2, 3), "pong")
    told.passes(2)
    told.hears("ann", "pong")
    told.closed("ann", "bob", by="nobody", clean=False)
    assert decided(told) == (
        "unknown",
        "ann did not get number 2 after 1, which bob got: nothing shows that both should get the same messages",
    )


def test_what_came_right_after_others_got_the_last_number_may_have_been_sent_before_it() -> None:
    told = two(PING)
    told.hears("ann", *numbered(1, 2))
    told.hears("bob", *numbered(1, 2, 3), "pong")
    told.hears("ann", "pong")
    assert decided(told) == ("unknown", "ann did not get number 3 after 2, which bob got: it may have been in flight")


def test_nothing_shows_whether_a_client_that_heard_nothing_more_was_to_get_the_last_number() -> None:
    told = two(WHO_OF_ANN)
    told.hears("ann", *numbered(1, 2), "pong")
    told.hears("bob", *numbered(1, 2, 3), "pong")
    told.passes(2)
    told.hears("bob", "pong")
    assert decided(told) == ("unknown", "ann did not get number 3 after 2, which bob got: it may have been in flight")


@pytest.mark.parametrize("speaks", [True, False])
def test_a_client_that_hears_nothing_on_its_new_connection_may_have_lost_all(*, speaks: bool) -> None:
    steps = [CONNECT, '{ connect = ["ann"] }', *([WHO_OF_ANN] if speaks else [])]
    told = tale(scenario("received-in-order", steps, claim='by = "seq"'))
    told.connect()
    told.hears("ann", *numbered(1, 2), "pong")
    told.hears("bob", *numbered(1, 2))
    told.closed("ann", by="client")
    told.connect()
    told.hears("bob", *numbered(3), "pong")
    if speaks:
        told.says(WHO)
    assert decided(told) == ("unknown", "ann got no number on its new connection, while bob got 3")


def test_what_a_client_asked_for_after_the_last_number_may_have_brought_one_that_all_lost() -> None:
    steps = [say(1), say(2), say(3), WHO_OF_ANN]
    told = tale(scenario("received-in-order", [CONNECT, *steps], claim='by = "seq"'))
    told.connect()
    told.says()
    told.says()
    told.hears("ann", *numbered(1, 2))
    told.says()
    told.says(WHO)
    verdict, reason = decided(told)
    assert verdict == "unknown"
    assert reason.startswith("ann got 2 messages without a gap, but nothing shows whether event ")


def test_of_a_burst_that_nobody_waited_for_the_last_number_may_be_lost() -> None:
    steps = [say(1), say(2), say(3), WHO_OF_ANN]
    told = tale(scenario("received-in-order", [CONNECT, *steps], claim='by = "seq"'))
    told.connect()
    for _ in range(3):
        told.says()
    told.hears("ann", *numbered(1, 2))
    told.says(WHO)
    assert decided(told)[0] == "unknown"


def test_a_number_that_a_step_waited_for_answers_nothing_else() -> None:
    awaited = '{ on = "ann", send = { op = "say", id = 1 }, expect = { seq = 1 } }'
    told = tale(scenario("received-in-order", [CONNECT, awaited, say(2), say(3), WHO_OF_ANN], claim='by = "seq"'))
    told.connect()
    told.says(numbered(1)[0])
    told.says()
    told.says()
    told.hears("ann", *numbered(2))
    told.says(WHO)
    assert decided(told)[0] == "unknown"


@pytest.mark.parametrize(("hears", "verdict"), [(False, "unknown"), (True, "held")])
def test_what_a_client_sent_before_it_heard_nothing_more_may_have_brought_a_number(
    hears: bool,  # noqa: FBT001
    verdict: str,
) -> None:
    told = two(say(1))
    told.hears("bob", *numbered(1, 2), "pong")
    if hears:
        told.hears("ann", "pong")
    assert decided(told)[0] == verdict


@pytest.mark.parametrize(("sends", "verdict"), [("say", "unknown"), ("put", "held")])
def test_a_client_that_asked_as_another_did_and_got_no_number_may_have_lost_one(sends: str, verdict: str) -> None:
    bob_asks = f'{{ on = "bob", send = {{ op = "{sends}", id = 1 }} }}'
    ann_asks = '{ on = "ann", send = { op = "say", id = 2 }, expect = { seq = 2 } }'
    who = '{ on = "bob", send = { op = "who" }, expect = { op = "who" } }'
    told = tale(scenario("received-in-order", [CONNECT, bob_asks, who, ann_asks, WHO_OF_ANN], claim='by = "seq"'))
    told.connect()
    told.says()
    told.hears("ann", *numbered(1))
    told.says(WHO)
    told.says(numbered(2)[0])
    told.says(WHO)
    assert decided(told)[0] == verdict


def test_what_came_to_others_once_a_client_had_gone_is_no_loss_of_its() -> None:
    told = two(WHO_OF_ANN)
    told.hears("ann", *numbered(1, 2), "pong")
    told.closed("ann", by="client")
    told.hears("bob", *numbered(1, 2, 3), "pong")
    assert decided(told)[0] == "held"


def test_an_answer_to_what_was_sent_after_others_got_the_last_number_shows_that_it_was_lost() -> None:
    told = tale(scenario("received-in-order", [CONNECT, WHO_OF_ANN], claim='by = "seq"'))
    told.connect()
    told.hears("ann", *numbered(1, 2))
    told.hears("bob", *numbered(1, 2, 3), "pong")
    told.says(WHO)
    assert decided(told) == ("refuted", "ann did not get number 3 after 2, which bob got")


# --- no-wake


def asleep(*steps: str) -> Tale:
    told = tale(scenario("no-wake", [CONNECT, WHO_OF_ANN, *steps]))
    told.connect()
    told.says(WHO)
    return told


def test_a_ping_that_nobody_waited_for_may_arrive_with_the_message_that_wakes() -> None:
    told = asleep('{ hibernate = "evict" }', PING, RESUME)
    told.sleeps("evict", 0.1)
    told.says(reached=0)
    told.says(WHO, reached=2)  # the ping too reached the object, and would have woken it
    verdict, reason = decided(told)
    assert (verdict, "nothing shows that object slept on after" in reason) == ("unknown", True)


def test_one_that_had_a_second_has_arrived() -> None:
    told = asleep('{ hibernate = "evict" }', PING, '{ idle = "1s" }', RESUME)
    told.sleeps("evict", 0.1)
    told.says(reached=0)
    told.idles()
    told.says(WHO)
    assert decided(told) == ("held", "object slept on through 1 message")


def test_one_that_was_answered_has_arrived() -> None:
    told = asleep('{ hibernate = "evict" }', '{ on = "ann", send = "ping", expect = "pong" }', RESUME)
    told.sleeps("evict", 0.1)
    told.says("pong", reached=0)
    told.says(WHO)
    assert decided(told) == ("held", "object slept on through 1 message")


def test_what_was_sent_before_the_sleep_is_no_wake_of_what_came_in_it() -> None:
    told = asleep(PING, '{ hibernate = "evict" }', '{ idle = "1s" }', RESUME)
    told.says(reached=0)
    told.begins("hibernate")
    told.leaves("evict", 0.1)
    told.enters(why="hibernatable_websocket")
    told.leaves("idle")
    told.ends()
    told.idles()
    told.says(WHO)
    verdict, reason = decided(told)
    assert (verdict, reason) == ("unknown", "object may have been woken by what ann had sent before it slept")


# --- delivered-once


def once(*steps: str) -> Tale:
    told = tale(scenario("delivered-once", [CONNECT, *steps], claim='by = "id"'))
    told.connect()
    return told


def test_what_a_client_sent_right_before_it_cut_its_connection_is_not_lost() -> None:
    told = once(say(1, ", expect = { id = 1 }"), say(2), '{ kill = "ann" }', '{ idle = "10s" }')
    told.says({"id": 1})
    told.says()
    told.begins("kill")
    told.closed("ann", by="client", clean=False)
    told.ends()
    told.idles()
    assert decided(told) == (
        "unknown",
        "1 of 2 messages were not answered, the first is 2, and the story ended without waiting for any of them",
    )


def test_a_worker_may_answer_a_later_message_first() -> None:
    told = once(say(1), say(2, ", expect = { id = 2 }"))
    told.says()
    told.says({"id": 2})
    assert decided(told)[0] == "unknown"
    told = once(say(1), say(2, ", expect = { id = 2 }"))
    told.says()
    told.says({"id": 2})
    told.passes(5)
    assert decided(told) == ("refuted", "1 of 2 messages were not answered, the first is 1")

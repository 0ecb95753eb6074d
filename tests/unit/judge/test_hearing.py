"""What one says, each of the others hears once, and in order."""

import pytest

from tests.unit.judge.histories import Tale, finding, scenario, tale, verdicts

CONNECT = '{ connect = ["ann", "bob"] }'


def sent(*numbers: int, sender: str = "ann") -> Tale:
    steps = [f'{{ on = "{sender}", send = {{ id = {number} }} }}' for number in numbers]
    told = tale(scenario("heard-by-all", [CONNECT, *steps]))
    told.connect()
    for _ in numbers:
        told.says()
    return told


def marked(*numbers: int) -> list[dict[str, object]]:
    return [{"id": number, "event": "said"} for number in numbers]


def test_heard_once_is_held() -> None:
    told = sent(1, 2)
    told.hears("ann", {"id": 1, "op": "say"}, {"id": 2, "op": "say"})
    told.hears("bob", *marked(1, 2))
    found = finding(told.done())
    assert (found["verdict"], found["reason"]) == ("held", "2 messages came once to each of the others, 2 in all")


@pytest.mark.parametrize(
    ("heard", "reason"),
    [
        ((1,), "bob did not get 1 of 2 messages of the others"),
        ((), "bob did not get 2 of 2 messages of the others"),
        ((1, 2, 1), "bob got the message 1 2 times"),
        ((2, 1), "bob got ann's messages out of order"),
    ],
)
def test_lost_doubled_or_out_of_order_is_refuted(heard: tuple[int, ...], reason: str) -> None:
    told = sent(1, 2)
    told.hears("ann", {"id": 1, "op": "say"}, {"id": 2, "op": "say"})
    told.hears("bob", *marked(*heard))
    told.passes(5)
    found = finding(told.done())
    assert (found["verdict"], found["reason"]) == ("refuted", reason)


def test_what_was_not_waited_for_may_be_on_its_way() -> None:
    told = sent(1, 2)
    told.hears("bob", *marked(1))
    found = finding(told.done())
    assert found["verdict"] == "unknown"
    assert found["reason"].endswith("the story ended without waiting for any of them")


def test_an_answer_to_the_sender_alone_is_not_heard() -> None:
    told = sent(1)
    told.hears("ann", *marked(1))
    told.passes(5)
    assert verdicts(told.done()) == {"it": "refuted"}


def test_who_was_not_connected_need_not_hear() -> None:
    told = sent(1, 2)
    told.hears("bob", *marked(1, 2))
    told.closed("bob", by="client")
    assert verdicts(told.done()) == {"it": "held"}


def test_what_is_lost_with_a_connection_decides_nothing() -> None:
    told = sent(1, 2)
    told.hears("bob", *marked(1))
    told.closed("bob", clean=False)
    told.passes(5)
    assert verdicts(told.done()) == {"it": "unknown"}


def test_a_message_that_was_not_kept_whole_may_be_the_missing_one() -> None:
    told = sent(1, 2)
    told.hears("bob", *marked(1))
    told.add("bob", "received", text='{"id":2,"', bytes=70000, cut=True)
    told.passes(5)
    assert verdicts(told.done()) == {"it": "unknown"}


def test_a_story_that_stopped_has_not_shown_it() -> None:
    told = sent(1, 2)
    told.hears("bob", *marked(1, 2))
    assert verdicts(told.stops()) == {"it": "unknown"}


def test_without_marks_nothing_is_shown() -> None:
    told = tale(scenario("heard-by-all", [CONNECT, '{ on = "ann", send = "plain" }']))
    told.connect()
    told.says()
    told.hears("bob", "plain")
    assert verdicts(told.done()) == {"it": "unknown"}


def test_nobody_else_is_no_proof() -> None:
    told = sent(1)
    told.closed("bob", by="client")
    assert verdicts(told.done()) == {"it": "unknown"}

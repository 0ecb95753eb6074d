"""Every message, once, in order: told by the marks that the messages carry."""

from tests.unit.judge.histories import Tale, finding, scenario, tale, verdicts

CONNECT = '{ connect = ["ann", "bob"] }'


def say(number: int, client: str = "ann") -> str:
    return f'{{ on = "{client}", send = {{ id = {number} }} }}'


def sent(check: str, *numbers: int, claim: str = "") -> Tale:
    told = tale(scenario(check, [CONNECT, *map(say, numbers)], claim=claim))
    told.connect()
    for _ in numbers:
        told.says()
    return told


def marked(*numbers: int) -> list[dict[str, int]]:
    return [{"id": number} for number in numbers]


def test_in_order_is_held() -> None:
    told = sent("delivered-in-order", 1, 2, 3)
    told.hears("bob", *marked(1, 2, 3))
    found = finding(told.done())
    assert found["verdict"] == "held"
    assert found["reason"] == "3 messages arrived in the order in which they were sent"
    assert len(found["evidence"]) == 3


def test_the_other_way_round_is_refuted() -> None:
    told = sent("delivered-in-order", 1, 2, 3)
    told.hears("ann", *marked(1, 2, 3))
    told.hears("bob", *marked(1, 3, 2))
    found = finding(told.done())
    assert found["verdict"] == "refuted"
    assert found["reason"] == "bob got ann's messages out of order"


def test_a_gap_is_no_disorder() -> None:
    told = sent("delivered-in-order", 1, 2, 3)
    told.hears("bob", *marked(1, 3))
    assert verdicts(told.done()) == {"it": "held"}


def test_two_senders_have_no_order_between_them() -> None:
    told = tale(scenario("delivered-in-order", [CONNECT, say(1), say(2, "bob"), say(3)]))
    told.connect()
    for _ in range(3):
        told.says()
    told.hears("bob", *marked(2, 1, 3))
    assert verdicts(told.done()) == {"it": "held"}


def test_a_single_message_has_no_order() -> None:
    told = sent("delivered-in-order", 1, 2)
    told.hears("ann", *marked(1))
    told.hears("bob", *marked(2))
    assert verdicts(told.done()) == {"it": "unknown"}


def test_in_order_so_far_is_not_in_order() -> None:
    told = sent("delivered-in-order", 1, 2)
    told.hears("bob", *marked(1, 2))
    assert verdicts(told.stops()) == {"it": "unknown"}


def test_disorder_so_far_is_disorder() -> None:
    told = sent("delivered-in-order", 1, 2)
    told.hears("bob", *marked(2, 1))
    assert verdicts(told.stops()) == {"it": "refuted"}


def test_the_mark_stands_where_the_claim_says() -> None:
    told = tale(scenario("delivered-in-order", [CONNECT, '{ on = "ann", send = { op = { no = 1 } } }'] * 1))
    told.connect()
    told.says()
    assert "no message with a mark" in finding(told.done())["reason"]
    steps = [CONNECT, *(f'{{ on = "ann", send = {{ op = {{ no = {number} }} }} }}' for number in (1, 2))]
    told = tale(scenario("delivered-in-order", steps, claim='by = "op.no"'))
    told.connect()
    told.says()
    told.says()
    told.hears("bob", {"op": {"no": 2}}, {"op": {"no": 1}})
    assert verdicts(told.done()) == {"it": "refuted"}


def test_once_is_held() -> None:
    told = sent("delivered-once", 1, 2)
    told.hears("bob", *marked(1, 2))
    found = finding(told.done())
    assert (found["verdict"], found["reason"]) == ("held", "2 messages arrived exactly once")


def test_twice_is_refuted() -> None:
    told = sent("delivered-once", 1, 2)
    told.hears("ann", *marked(1, 2))
    told.hears("bob", *marked(1, 2, 1))
    found = finding(told.done())
    assert (found["verdict"], found["reason"]) == ("refuted", "bob got the message 1 2 times")
    texts = [told.history.events[number - 1].data["text"] for number in found["evidence"]]
    assert texts == ['{"id":1}', '{"id":1}']


def test_never_is_refuted_once_the_play_went_to_its_end() -> None:
    told = sent("delivered-once", 1, 2)
    told.hears("bob", *marked(2))
    told.passes(5)
    found = finding(told.done())
    assert found["verdict"] == "refuted"
    assert found["reason"] == "1 of 2 messages were not answered, the first is 1"


def test_what_the_story_did_not_wait_for_may_be_on_its_way() -> None:
    told = sent("delivered-once", 1, 2)
    told.hears("bob", *marked(1))
    found = finding(told.done())
    assert found["verdict"] == "unknown"
    assert found["reason"].endswith("2, and the story ended without waiting for any of them")


def test_a_story_that_went_on_for_long_enough_has_waited() -> None:
    told = sent("delivered-once", 1, 2)
    told.hears("bob", *marked(1))
    told.history.t_ns += 5 * 10**9
    assert verdicts(told.done()) == {"it": "refuted"}


def test_so_has_one_whose_step_waited_for_the_answer() -> None:
    asked = '{ on = "ann", send = { id = 1 }, expect = { id = 1 }, claim = "other" }'
    text = scenario("delivered-once", [CONNECT, asked], more='[[claim]]\nid = "other"\nsays = "It answers."\n')
    told = tale(text)
    told.connect()
    told.gets_nothing()
    assert verdicts(told.done()) == {"it": "refuted", "other": "refuted"}


def test_an_acknowledgement_and_a_broadcast_are_two_messages() -> None:
    told = sent("delivered-once", 7)
    told.hears("ann", {"id": 7, "event": "said"}, {"id": 7, "op": "say", "ok": True})
    assert verdicts(told.done()) == {"it": "held"}
    told = sent("delivered-once", 7)
    told.hears("ann", {"id": 7, "type": "said"}, {"id": 7, "type": "ack"})
    assert verdicts(told.done()) == {"it": "held"}
    told = sent("delivered-once", 7)
    told.hears("ann", {"id": 7, "type": "said", "seq": 1}, {"id": 7, "type": "said", "seq": 2})
    assert verdicts(told.done()) == {"it": "refuted"}


def test_javascript_has_one_kind_of_number() -> None:
    told = tale(scenario("delivered-once", [CONNECT, '{ on = "ann", send = { id = 1.0 }, expect = { id = 1 } }']))
    told.connect()
    told.says({"id": 1})
    assert verdicts(told.done()) == {"it": "held"}


def test_never_is_unknown_while_the_play_did_not_go_to_its_end() -> None:
    told = sent("delivered-once", 1, 2)
    told.hears("bob", *marked(1))
    assert verdicts(told.stops()) == {"it": "unknown"}


def test_once_so_far_is_not_once() -> None:
    told = sent("delivered-once", 1, 2)
    told.hears("bob", *marked(1, 2))
    assert verdicts(told.stops()) == {"it": "unknown"}


def test_a_message_that_was_not_kept_whole_may_be_the_missing_one() -> None:
    told = sent("delivered-once", 1, 2)
    told.hears("bob", *marked(1))
    told.add("bob", "received", text='{"id":2,"', bytes=70000, cut=True)
    assert verdicts(told.done()) == {"it": "unknown"}


def test_a_mark_that_was_sent_twice_tells_nothing() -> None:
    for check in ("delivered-once", "delivered-in-order"):
        told = sent(check, 1, 2, 1)
        told.hears("bob", *marked(1, 2, 1))
        found = finding(told.done())
        assert found["verdict"] == "unknown"
        assert found["reason"] == "the mark 1 was sent 2 times, so it does not identify a message"
        texts = [told.history.events[number - 1].data["text"] for number in found["evidence"]]
        assert texts == ['{"id":1}', '{"id":1}']


def test_no_marks_are_no_messages() -> None:
    told = tale(scenario("delivered-once", [CONNECT, '{ on = "ann", send = "plain" }']))
    told.connect()
    told.says()
    told.hears("bob", "plain")
    assert verdicts(told.done()) == {"it": "unknown"}


def test_rule_one_speaks_where_a_sleep_was_asked_for() -> None:
    for check in ("delivered-once", "delivered-in-order"):
        for slept, expected in ((True, "held"), (False, "unknown")):
            told = tale(scenario(check, [CONNECT, '{ hibernate = "idle" }', say(1), say(2)]))
            told.connect()
            if slept:
                told.sleeps()
            else:
                told.begins("hibernate")
                told.leaves("dropped", 0.1)
                told.ends()
            told.says()
            told.says()
            told.hears("bob", *marked(1, 2))
            assert verdicts(told.done()) == {"it": expected}


def test_what_a_broken_connection_took_with_it_was_not_lost_in_delivery() -> None:
    told = sent("delivered-once", 1, 2)
    told.hears("ann", *marked(1))
    told.closed("ann", clean=False)
    found = finding(told.done())
    assert found["verdict"] == "unknown"
    assert found["reason"].endswith("but ann was closed: 1006, no close frame received")


def test_another_connection_that_broke_excuses_nothing() -> None:
    told = sent("delivered-once", 1, 2)
    told.hears("ann", *marked(2))
    told.closed("bob", clean=False)
    told.passes(5)
    assert verdicts(told.done()) == {"it": "refuted"}

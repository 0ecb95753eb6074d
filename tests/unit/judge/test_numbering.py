"""What the worker numbered comes to each client without a gap, a repeat or a step back."""

import pytest

from tests.unit.judge.histories import Tale, finding, scenario, tale, verdicts

CONNECT = '{ connect = ["ann", "bob"] }'
ASK = '{ on = "ann", send = "go" }'


END = {"op": "that was all"}


def heard(*numbers: object, claim: str = 'by = "seq"') -> Tale:
    told = tale(scenario("received-in-order", [CONNECT, ASK], claim=claim))
    told.connect()
    told.says()
    told.hears("ann", *({"seq": number} for number in numbers), END)
    return told


def test_one_after_the_other_is_held() -> None:
    found = finding(heard(7, 8, 9).done())
    assert (found["verdict"], found["reason"]) == ("held", "ann got 3 messages without a gap")


@pytest.mark.parametrize("numbers", [(1, 3), (1, 1), (2, 1), (1, 2, 4)])
def test_a_gap_a_repeat_or_a_step_back_is_refuted(numbers: tuple[int, ...]) -> None:
    assert verdicts(heard(*numbers).done()) == {"it": "refuted"}
    assert verdicts(heard(*numbers).stops()) == {"it": "refuted"}


def test_each_client_has_its_own_order() -> None:
    told = heard(1, 2)
    told.hears("bob", *({"seq": number, "to": "bob"} for number in (1, 2, 3)), END)
    assert verdicts(told.done()) == {"it": "held"}
    told = heard(1, 2)
    told.hears("bob", {"seq": 5}, {"seq": 6}, END)
    assert verdicts(told.done()) == {"it": "unknown"}  # ann may have been to get them too
    told = heard(1, 2)
    told.hears("bob", {"seq": 5}, {"seq": 7})
    assert verdicts(told.done()) == {"it": "refuted"}


@pytest.mark.parametrize("numbers", [(), (1,), ("1", "2"), (True, False), (1.5, 2.5)])
def test_fewer_than_two_numbers_have_no_order(numbers: tuple[object, ...]) -> None:
    assert verdicts(heard(*numbers).done()) == {"it": "unknown"}


def test_in_order_so_far_is_not_in_order() -> None:
    assert verdicts(heard(1, 2).stops()) == {"it": "unknown"}


def test_after_a_sleep_it_needs_the_sleep() -> None:
    for slept, expected in ((True, "held"), (False, "unknown")):
        told = tale(scenario("received-in-order", [CONNECT, '{ hibernate = "idle" }', ASK], claim='by = "seq"'))
        told.connect()
        if slept:
            told.sleeps()
        else:
            told.begins("hibernate")
            told.ends()
        told.says()
        told.hears("ann", {"seq": 1}, {"seq": 2}, END)
        assert verdicts(told.done()) == {"it": expected}


def test_where_nothing_came_after_the_last_number_more_may_have_been_lost() -> None:
    told = tale(scenario("received-in-order", [CONNECT, ASK], claim='by = "seq"'))
    told.connect()
    told.says()
    told.hears("ann", {"seq": 1}, {"seq": 2}, {"seq": 3})
    judged = finding(told.done())
    assert judged["verdict"] == "unknown"
    assert judged["reason"].endswith("but nothing came after 3 to ann, so more may have been lost")


def shared(*, later: bool, text: str = "x") -> Tale:
    """Let ann and bob get the same messages, ann two of three."""
    told = tale(scenario("received-in-order", [CONNECT, ASK], claim='by = "seq"'))
    told.connect()
    told.says()
    told.hears("ann", {"seq": 1, "text": "x"}, {"seq": 2, "text": "x"})
    told.hears("bob", {"seq": 1, "text": text}, {"seq": 2, "text": text}, {"seq": 3, "text": text}, END)
    told.passes(1)
    told.hears("ann", *([END] if later else []))
    return told


def test_a_tail_that_others_got_was_lost() -> None:
    judged = finding(shared(later=True).done())
    assert (judged["verdict"], judged["reason"]) == ("refuted", "ann did not get number 3 after 2, which bob got")
    assert verdicts(shared(later=True).stops()) == {"it": "unknown"}
    assert verdicts(shared(later=False).done()) == {"it": "unknown"}  # it may have been on its way
    assert verdicts(shared(later=True, text="y").done()) == {"it": "held"}  # other messages, numbered for bob


@pytest.mark.parametrize(
    ("numbers", "verdict"), [((1, 2), "held"), ((3, 4), "held"), ((4, 5), "refuted"), ((2, 3), "refuted")]
)
def test_a_new_connection_goes_on_or_begins_anew(numbers: tuple[int, ...], verdict: str) -> None:
    told = tale(
        scenario("received-in-order", ['{ connect = ["ann"] }', ASK, '{ connect = ["ann"] }'], claim='by = "seq"')
    )
    told.connect()
    told.says()
    told.hears("ann", {"seq": 1}, {"seq": 2}, END)
    told.closed("ann")
    told.connect()
    told.hears("ann", *({"seq": number} for number in numbers), END)
    assert verdicts(told.done()) == {"it": verdict}

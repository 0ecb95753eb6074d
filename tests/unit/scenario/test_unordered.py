"""Messages in any order: each stands for one that was expected, and no order of arrival makes that fail."""

import json
from itertools import permutations
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from poc_cli.scenario.expected_message import Expected
from poc_cli.scenario.matching import Message
from poc_cli.scenario.unordered import AnyOrder


def message(value: object) -> Message:
    return Message(text=json.dumps(value))


def test_each_expected_message_is_taken_once() -> None:
    order = AnyOrder([Expected({"a": 1}), Expected({"a": 2})])
    assert order.take(message({"a": 2}))
    assert not order.take(message({"a": 2}))
    assert not order.take(message({"a": 3}))
    assert order.missing == [Expected({"a": 1})]
    assert order.take(message({"a": 1, "b": 2}))
    assert order.missing == []
    assert not order.take(message({"a": 1}))


def test_two_alike_need_two() -> None:
    order = AnyOrder([Expected("x"), Expected("x")])
    assert order.take(Message(text="x"))
    assert order.missing == [Expected("x")]
    assert order.take(Message(text="x"))
    assert not order.take(Message(text="x"))


def test_exact() -> None:
    assert not AnyOrder([Expected({"a": 1}, exact=True)]).take(message({"a": 1, "b": 2}))


def test_a_message_that_fits_two_leaves_the_narrower_for_the_one_that_fits_only_that() -> None:
    expected = [{"a": 1}, {"a": 1, "b": 2}, {"a": 1, "b": 2, "c": 3}]
    for arrival in permutations(expected):
        order = AnyOrder(list(map(Expected, expected)))
        assert [order.take(message(each)) for each in arrival] == [True, True, True]
        assert order.missing == []


values = st.dictionaries(st.sampled_from("abc"), st.integers(0, 1), max_size=3)


@given(st.lists(values, max_size=6), st.randoms(use_true_random=False))
def test_what_is_expected_is_taken_in_every_order(expected: list[dict[str, int]], random: Random) -> None:
    arrival = list(expected)
    random.shuffle(arrival)
    order = AnyOrder(list(map(Expected, expected)))
    assert all(order.take(message(each)) for each in arrival)
    assert order.missing == []

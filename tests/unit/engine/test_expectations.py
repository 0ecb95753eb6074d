"""Patterns, overtaken messages, numbers of clients and new paths, played on a fake runtime and judged."""

from typing import Final

import pytest

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from tests.support.fake_run import IT, Played, play, story
from tests.support.fake_stories import OPEN

SLOW: Final = '{ on = "ann", send = { op = "slow", ms = 800 }, expect = { op = "slow" } }'
LATE: Final = '{ on = "ann", send = { op = "late", ms = 300 }, expect = { op = "late" } }'
PUSHED: Final = f'{{ on = "ann", expect = {{ event = "late" }}, within = "1s", {IT} }}'


def reason(played: Played) -> str:
    [failed] = (each for each in played.of(kinds.STEP_END) if not each.data["ok"])
    return str(failed.data["reason"])


def captured(played: Played) -> dict[str, object]:
    return {each.data["name"]: each.data["value"] for each in played.of(kinds.CAPTURED)}


def message(played: Played, what: str) -> Event:
    return next(each for each in played.of(kinds.RECEIVED) if what in each.data["text"])


def test_what_came_before_the_answer_is_named_and_decides_nothing() -> None:
    played = play(story(OPEN, LATE, SLOW, PUSHED))
    assert played.verdicts == {"it": "unknown"}
    assert played.failures() == ["overtaken"]
    push, answer = message(played, '"event": "late"'), message(played, '"op": "slow"')
    assert reason(played) == (
        f"ann got nothing within 1 s, though the runtime answers. But event {push.id} is as expected: it came before "
        f"event {answer.id}, for which the step at line 8 waited, and was passed over. If either may come first, "
        'expect both in one step: expect = [ …, … ], order = "any"'
    )


def test_that_advice_helps() -> None:
    both = f'{SLOW[: SLOW.index("expect")]}expect = [{{ op = "slow" }}, {{ event = "late" }}], order = "any", {IT} }}'
    assert play(story(OPEN, LATE, both)).verdicts == {"it": "held"}


@pytest.mark.parametrize(
    "between",
    [
        '{ idle = "10ms" }',
        '{ on = "bob", send = { op = "echo", n = 1 }, expect = { n = 1 } }',
        '{ on = "ann", send = { op = "echo", n = 1 }, expect = { n = 1 } }',
    ],
)
def test_after_another_cause_what_came_before_it_is_no_excuse(between: str) -> None:
    played = play(story(OPEN, LATE, SLOW, between, PUSHED))
    assert played.failures() == ["silence"]
    assert played.verdicts == {"it": "refuted"}


def test_a_step_that_only_reads_does_not_hide_what_came_before() -> None:
    played = play(story(OPEN, LATE, SLOW, '{ on = "bob", quiet = "50ms" }', PUSHED))
    assert played.failures() == ["overtaken"]


def test_another_message_than_the_one_that_is_missing_is_no_excuse() -> None:
    played = play(story(OPEN, LATE, SLOW, PUSHED.replace('event = "late"', 'event = "other"')))
    assert played.failures() == ["silence"]
    assert played.verdicts == {"it": "refuted"}


def test_the_very_next_message_cannot_have_come_before() -> None:
    played = play(story(OPEN, LATE, SLOW, PUSHED.replace("within", "next = true, within")))
    assert played.failures() == ["silence"]


def test_groups_of_a_list_are_captured_from_their_own_messages() -> None:
    expect = """[{ match = '"event": "(?P<push>[a-z]+)"' }, { match = '"op": "(?P<answer>[a-z]+)"' }]"""
    read = f'expect = {expect}, order = "any", capture = {{ first = "push", second = "answer", last = "@text" }}'
    played = play(story(OPEN, LATE, f'{{ on = "ann", send = {{ op = "slow", ms = 800 }}, {read}, {IT} }}'))
    assert played.verdicts == {"it": "held"}
    assert captured(played) == {"first": "late", "second": "slow", "last": '{"op": "slow"}'}


def test_a_group_that_matched_nothing_cannot_be_captured() -> None:
    step = (
        """{ on = "ann", send = { op = "who" }, expect = { match = 'op(?P<it>nothing)?' }, capture = { a = "it" } }"""
    )
    played = play(story(OPEN, step, f'{{ on = "ann", quiet = "10ms", {IT} }}'))
    assert played.verdicts == {"it": "error"}
    assert played.ends() == {"story": "error"}


def test_each_client_of_a_group_expects_its_own_number() -> None:
    crowd = story(
        '{ connect = "*" }',
        '{ on = "crowd", send = { op = "echo", n = "{i}" }, expect = { n = "{i}" }, '
        f'where = ["n == {{i}}"], {IT} }}',
    ).replace("clients = {", 'clients = { crowd = { path = "/room/{play}?name=c{i}", count = 3 },')
    played = play(crowd)
    assert played.verdicts == {"it": "held"}
    texts = sorted(each.data["text"] for each in played.of(kinds.SENT))
    assert texts == ['{"op":"echo","n":1}', '{"op":"echo","n":2}', '{"op":"echo","n":3}']
    wrong = play(crowd.replace('expect = { n = "{i}" }', 'expect = { n = "{i}", op = "x{i}" }'))
    assert wrong.verdicts == {"it": "refuted"}


def test_a_counter_of_that_name_is_not_hidden_by_the_number() -> None:
    crowd = story(
        '{ connect = "*" }',
        '{ repeat = 2, as = "i", steps = ['
        '{ on = "crowd", send = { op = "echo", n = "{i}" }, expect = { n = "{i}" } }] }',
        f'{{ on = "ann", quiet = "10ms", {IT} }}',
    ).replace("clients = {", 'clients = { crowd = { path = "/room/{play}", count = 3 },')
    assert [each.data["text"][-2] for each in play(crowd).of(kinds.SENT)] == ["1"] * 3 + ["2"] * 3

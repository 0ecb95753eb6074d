"""Crowds, counters and their names: what leads somewhere, and what does not, at its place."""

import pytest

from poc_cli.errors import ScenarioError
from poc_cli.scenario.loader import parse
from poc_cli.scenario.plays import plays_of

TALE = """\
name = "tale"
title = "A tale."
clients = { ann = { path = "/room/{play}?n={i}", count = 3 }, bob = "/room/{play}" }
vars = { color = "blue" }
steps = [
  { idle = "1s" },
]

[[claim]]
id = "it"
says = "It does."
check = "delivered-once"
"""

SAY = '{ on = "bob", send = "{n}" }'
COUNT = '{ repeat = 2, as = "n", steps = [{ on = "bob", send = "{n}" }] }'


def tale(steps: str) -> str:
    return TALE.replace('{ idle = "1s" }', steps)


def refusal(text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        parse(text, "tale.toml")
    error = caught.value
    assert error.position is not None
    said = f"{error.position.line}:{error.position.column}: {error.message}"
    return said if error.advice is None else f"{said} -> {error.advice}"


@pytest.mark.parametrize(
    "steps",
    [
        '{ connect = "ann" }, { on = ["ann.1", "bob"], send = "x" }, { resume = "ann.2", send = "x", expect = "y" }',
        '{ connect = ["ann.3", "ann.1"] }, { on = "ann.3", send = "x", capture = { c = "c" } }',
        '{ stall = "*" }, { stall = "*", release = true }, { kill = "ann" }, { close = "ann.1" }',
        COUNT,
        f"{COUNT}, {COUNT}",
        '{ repeat = 2, as = "n", steps = [{ on = "bob", where = ["n == {n}"] }] }',
        '{ repeat = 2, as = "n", steps = [{ http = "/push/{n}", headers = { n = "{n}" }, send = "{n}" }] }',
        '{ repeat = 2, as = "n", steps = [{ repeat = 2, as = "m", steps = [{ on = "bob", send = "{n}{m}" }] }] }',
        '{ repeat = 2, steps = [{ on = "bob", capture = { seen = "n" } }] }, { on = "bob", send = "{seen}" }',
        '{ repeat = 2, steps = [{ on = "bob", capture = { seen = "n" } }, { on = "bob", send = "{seen}" }] }',
        '{ repeat = 2, steps = [{ on = "bob", send = "x", expect = "y", claim = "it" }] }',
        '{ repeat = 2, as = "i", steps = [{ connect = "*" }, { on = "bob", send = "{i}" }] }',
        '{ on = "bob", expect = ["a", { b = 1 }], order = "any" }',
        '{ http = "/", capture = { token = "t" } }, { on = "bob", send = "{token}" }',
    ],
)
def test_what_holds_together(steps: str) -> None:
    assert parse(tale(steps), "tale.toml").steps


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ('{ on = "ann.4", send = "x" }', '6:10: there is no client "ann.4" -> the last of them is "ann.3"'),
        ('{ on = "ann.0", send = "x" }', '6:10: there is no client "ann.0" -> did you mean "ann"?'),
        ('{ on = "ann.01", send = "x" }', '6:10: there is no client "ann.01" -> did you mean "ann"?'),
        ('{ on = "bob.1", send = "x" }', '6:10: there is no client "bob.1" -> "bob" has no count'),
        ('{ on = "eve.1", send = "x" }', '6:10: there is no client "eve.1" -> known here: ann, bob'),
        ('{ on = ["ann", "ann.2"], send = "x" }', '6:10: "ann.2" is part of "ann", which is named too'),
        ('{ on = ["ann.2", "ann.2"], send = "x" }', '6:10: "ann.2" is named 2 times'),
        (
            '{ resume = "ann", send = "x", expect = "y" }',
            '6:14: "resume" takes one client, and "ann" is 3 -> name one of them, like "ann.1"',
        ),
        (
            '{ on = "ann", send = "x", capture = { c = "c" } }',
            "6:29: a capture needs a step with exactly one client",
        ),
        (
            '{ on = ["ann.1", "bob"], send = "x", capture = { c = "c" } }',
            "6:40: a capture needs a step with exactly one client",
        ),
        (
            '{ on = "bob", send = "x", capture = { i = "c" } }',
            '6:41: "i" is already bound; capture it under another name',
        ),
        (
            f"{COUNT}, {SAY}",
            "6:90: {n} is not defined here -> known here: color, play (for literal braces, write {{n}})",
        ),
        (
            f"{SAY}, {COUNT}",
            "6:24: {n} is not defined here -> known here: color, play (for literal braces, write {{n}})",
        ),
        (
            '{ repeat = 2, steps = [{ on = "bob", send = "{seen}" }, { on = "bob", capture = { seen = "n" } }] }',
            "6:47: {seen} is not defined here -> known here: color, play (for literal braces, write {{seen}})",
        ),
        (
            f'{{ repeat = 2, as = "color", steps = [{SAY}] }}',
            '6:22: "color" is already bound; use another name',
        ),
        (
            f'{{ repeat = 2, as = "n", steps = [{COUNT}] }}',
            '6:55: "n" is already bound; use another name',
        ),
        (
            f'{COUNT}, {{ on = "bob", capture = {{ n = "n" }} }}',
            '6:22: "n" is already bound; use another name',
        ),
        (
            '{ repeat = 2, steps = [{ on = "bob", send = "x", claim = "that" }] }',
            '6:60: there is no claim "that" -> known here: it',
        ),
        (
            '{ repeat = 2, steps = [{ kill = "eve" }] }',
            '6:35: there is no client "eve" -> known here: ann, bob',
        ),
    ],
)
def test_what_leads_nowhere(steps: str, said: str) -> None:
    assert refusal(tale(steps)) == said


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (
            '"/room/{play}" }',
            '"/room/{i}" }',
            '3:63: {i} is the number of a client with a count, and "bob" has none -> add one, like count = 3',
        ),
        ("color =", "i =", '4:10: "i" is the number of a client with a count and cannot be a var'),
        (
            "count = 3 }",
            'count = 9999 }, eve = { path = "/", count = 2 }',
            '3:66: with "eve" there are 10001 clients; the limit is 10000',
        ),
    ],
)
def test_numbers_of_clients(right: str, wrong: str, said: str) -> None:
    assert right in TALE
    assert refusal(TALE.replace(right, wrong, 1)) == said


def test_the_number_may_have_any_name_where_nobody_has_a_count() -> None:
    text = TALE.replace(", count = 3", "").replace("color =", "i =")
    assert parse(text, "tale.toml").steps


def test_a_counter_in_a_path_is_bound_where_the_client_connects() -> None:
    text = TALE.replace('bob = "/room/{play}"', 'bob = "/room/{n}"')
    inside = '{ repeat = 2, as = "n", steps = [{ connect = "bob" }, { kill = "bob" }] }'
    assert parse(text.replace('{ idle = "1s" }', inside), "tale.toml").steps
    outside = f'{{ connect = "bob" }}, {inside}'
    assert refusal(text.replace('{ idle = "1s" }', outside)) == (
        '3:63: {n} is the counter of a repeat, but "bob" connects outside of it'
    )


def test_a_member_that_connects_before_its_capture_is_told_by_the_group() -> None:
    text = TALE.replace("n={i}", "n={seen}")
    steps = '{ connect = "ann.2" }, { on = "bob", capture = { seen = "n" } }'
    assert refusal(text.replace('{ idle = "1s" }', steps)) == (
        '3:28: {seen} is captured only after "ann" connects'
        ' -> to use it when "ann" connects again, give that step a path: { connect = "ann", path = "/…{seen}" }'
    )


def test_a_control_that_takes_the_count_away_takes_the_members_too() -> None:
    text = tale('{ on = "ann.2", send = "x" }') + 'control = { clients = { ann = "/one" } }\n'
    assert refusal(text) == '6:10: there is no client "ann.2" -> "ann" has no count'


def test_a_claim_that_only_a_repeated_step_names_is_decided() -> None:
    text = tale('{ repeat = 2, steps = [{ on = "bob", send = "x", claim = "it" }] }').replace("check =", "#check =")
    assert parse(text, "tale.toml").steps
    control = 'control = { steps = [{ repeat = 2, steps = [{ on = "bob", send = "y", claim = "it" }] }] }\n'
    assert len(plays_of(parse(text + control, "tale.toml"))) == 2


@pytest.mark.parametrize(
    "steps",
    [
        '{ connect = "bob", path = "/room/{play}?t={token}" }',
        '{ connect = "bob", subprotocol = "bearer.{token}" }',
        '{ http = "/room/{play}", headers = { Authorization = "Bearer {token.short}" } }',
    ],
)
def test_the_token_is_known_where_a_client_or_a_request_tries_to_get_in(steps: str) -> None:
    assert parse(tale(steps), "tale.toml").steps


def test_elsewhere_it_is_not_known() -> None:
    assert "{token} is not defined here" in refusal(tale('{ on = "bob", send = "{token}" }'))
    assert "{token.half} is not defined here" in refusal(tale('{ connect = "bob", path = "/{token.half}" }'))


def test_who_captures_a_token_means_that_one() -> None:
    capture = '{ on = "bob", expect = {}, capture = { token = "t" } }'
    again = '{ connect = "bob", path = "/room/{play}?t={token}" }'
    assert parse(tale(f"{capture},\n  {again}"), "tale.toml").steps
    assert "{token} is not defined here" in refusal(tale(f"{again},\n  {capture}"))


BOARD = """\
name = "board"
title = "A board that the worker names."
object = { class = "Board", %s }
clients = { ann = "/board/{code}" }
steps = [
  %s,
]

[[claim]]
id = "it"
says = "It does."
check = "sleeps"
"""

POST = '{ http = "/boards", method = "POST", capture = { code = "code" } }'
ONCE = '"code" tells which object is meant, so it can be captured only once -> capture this under another name'
REST = '{ connect = "ann" }, { hibernate = "evict" }'


@pytest.mark.parametrize("named", ['name = "{code}"', 'id = "{code}"', 'name = "{play}-{code}"'])
def test_an_object_is_named_by_what_a_step_captures_and_has_a_runtime_of_its_own(named: str) -> None:
    (play, *_) = plays_of(parse(BOARD % (named, f"{POST}, {REST}"), "board.toml"))
    assert play.captured_for("object") == {"code"}
    assert play.alone
    assert play.fixed_name is None


@pytest.mark.parametrize(
    ("named", "steps", "said"),
    [
        (
            'name = "{code}"',
            f'{{ probe = "awake" }}, {POST}, {REST}',
            '6:3: which object "object" is, {code} tells, and no step before this one captures it',
        ),
        (
            'name = "{room}"',
            f"{POST}, {REST}",
            "3:36: {room} is not defined here -> known here: code, play (for literal braces, write {{room}})",
        ),
        (
            'name = "{code}"',
            f"{POST}, {POST}, {REST}",
            f"6:120: {ONCE}",
        ),
        (
            'name = "{code}"',
            f"{{ repeat = 2, steps = [{POST}] }}, {REST}",
            f"6:75: {ONCE}",
        ),
    ],
)
def test_before_that_step_no_other_asks_for_the_object(named: str, steps: str, said: str) -> None:
    assert refusal(BOARD % (named, steps)) == said

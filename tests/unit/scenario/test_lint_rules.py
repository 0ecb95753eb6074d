"""What names lead nowhere and which claims decide nothing: each found at its place when the file is read."""

import pytest

from poc_cli.errors import ScenarioError
from poc_cli.scenario.client_tables import texts_of
from poc_cli.scenario.loader import parse

CONNECT = '{ connect = ["ann", "bob"] }'
CONTROL = 'control = { clients = { ann = "/room/{play}?name=ann&api=standard" } }'
OBJECT = 'object = { class = "Room", name = "{play}" }'
VARS = 'vars = { color = "blue" }'


@pytest.mark.parametrize(
    ("right", "wrong", "refusal"),
    [
        (
            'id = "sleeps"',
            'id = "no-secret-leaves"',
            (
                '16:6: "no-secret-leaves" is the claim that poc adds when a secret left the worker'
                " -> give it another name"
            ),
        ),
        (
            'name = "{play}" }',
            'name = "{pley}" }',
            '3:35: {pley} is not defined here -> did you mean "play"? (for literal braces, write {{pley}})',
        ),
        (
            'name = "{play}" }',
            'name = "x{play}{vars.color}" }',
            (
                "3:35: {vars.color} is not defined here"
                ' -> did you mean "color"? (for literal braces, write {{vars.color}})'
            ),
        ),
        (
            '"/room/{play}" }',
            '"/r?t={ticket}" }',
            (
                "4:59: {ticket} is not defined here"
                " -> known here: before, color, play (for literal braces, write {{ticket}})"
            ),
        ),
        (
            '"/room/{play}" }',
            '"/r?t={before}" }',
            (
                '4:59: {before} is captured only after "bob" connects'
                ' -> to use it when "bob" connects again, give that step a path: '
                '{ connect = "bob", path = "/…{before}" }'
            ),
        ),
        (VARS, 'vars = { play = "blue" }', '5:10: "play" is reserved for the play itself and cannot be a var'),
        (
            VARS,
            'vars = { color = "{x}" }',
            "5:18: {x} is not defined here -> known here: play (for literal braces, write {{x}})",
        ),
        (CONNECT, '{ connect = ["an", "bob"] }', '7:15: there is no client "an" -> did you mean "ann"?'),
        (CONNECT, '{ connect = ["*", "bob"] }', '7:15: "*" means every client, so it cannot be combined with others'),
        (CONNECT, '{ connect = ["bob", "bob"] }', '7:15: "bob" is named 2 times'),
        (
            'capture = { before = "instance" }',
            'capture = { before = "a..b" }',
            '8:87: "a..b" is not a path; write it like: name, rooms[0].name, or: "odd key".name',
        ),
        (
            'capture = { before = "instance" }',
            'capture = { color = "a" }',
            '8:78: "color" is already bound; capture it under another name',
        ),
        (
            'on = "ann", send = { op = "who" }',
            'on = "*", send = { op = "who" }',
            "8:64: a capture needs a step with exactly one client",
        ),
        (
            'send = { op = "who" }, expect = { sockets = 2 }, capture',
            'send = { hex = "zz" }, expect = { sockets = 2 }, capture',
            '8:32: "send": { hex = … } takes pairs of hex digits, not the text "zz"',
        ),
        (
            'send = { op = "who" }, expect = { sockets = 2 }, capture',
            "send = { text = 3 }, expect = { sockets = 2 }, capture",
            '8:33: "send": { text = … } takes text, not the number 3; as JSON: { json = { text = … } }',
        ),
        (
            'send = { op = "who" }, expect = { sockets = 2 }, capture',
            "send = [1], expect = { sockets = 2 }, capture",
            (
                '8:24: "send" is one message, not a list'
                " -> use one step per message; for one message that is a list, use { json = [...] }"
            ),
        ),
        ("expect = { sockets = 2 }, capture", "expect = [], capture", '8:49: "expect" is an empty list'),
        (
            "expect = { sockets = 2 }, capture",
            'expect = [{ json_text = "{" }], capture',
            '8:64: "expect": "{" is not JSON',
        ),
        (
            "expect = { sockets = 2 }, capture",
            "expect = { bytes = -1 }, capture",
            '8:59: "expect": { bytes = … } takes a number of bytes up to 67108864, not the number -1',
        ),
        (
            'hibernate = "idle"',
            'hibernate = "idle", of = "rom"',
            '9:30: there is no object "rom" -> known here: object',
        ),
        (
            "object = {",
            "#object = {",
            (
                '9:3: "hibernate" needs an object, but the scenario has none'
                ' -> add object = { class = "…", name = "{play}" } above the steps'
            ),
        ),
        (
            "object = {",
            'objects = { a = { class = "A", name = "{play}" } }\nobject = {',
            '3:1: use "object" for one object or "objects" for several, not both',
        ),
        ('resume = "bob"', 'resume = "*"', '10:14: "resume" takes one client, not all of them -> known here: ann, bob'),
        (
            "instance != {before}",
            "instance != {befor}",
            '10:79: {befor} is not defined here -> did you mean "before"? (for literal braces, write {{befor}})',
        ),
        (
            "instance != {before}",
            "instance != before",
            '10:79: "before" is neither JSON nor a {name}; text needs quotes: "before"',
        ),
        (
            "instance != {before}",
            "instance ~ 3",
            '10:79: "~" is not an operator; known here: !=, <, <=, ==, >, >=, contains, exists, matches',
        ),
        (
            '"instance != {before}"',
            "'instance != \"{before}\"'",
            '10:79: "{before}" is not replaced inside quotes -> remove the quotes: {before}',
        ),
        (
            '"instance != {before}"',
            "'instance matches \"(\"'",
            '10:79: "(" is not a valid RE2 pattern: missing ): (',
        ),
        (
            'within = "1s"',
            'reason = "{x}"',
            "12:40: {x} is not defined here -> known here: before, color, play (for literal braces, write {{x}})",
        ),
        ('id = "sleeps"', 'id = "storage"', '22:6: there is already a claim "storage"; ids must be unique'),
        ('check = "sleeps"', 'check = "sleep"', '18:9: "sleep" is not a check -> did you mean "sleeps"?'),
        (
            'check = "sleeps"',
            'check = "wake-under"',
            '18:9: "wake-under" needs a "limit" -> add one, like limit = "200ms"',
        ),
        (
            'check = "sleeps"',
            'check = "sleeps"\nlimit = "1s"',
            '19:1: "limit" requires check = "wake-under"',
        ),
        (
            'check = "sleeps"',
            'check = "wakes-at-most"\nmost = "20%"',
            '18:9: "wakes-at-most" needs a number as "most" -> add one, like most = 2',
        ),
        (
            'check = "sleeps"',
            'check = "in-memory-at-most"\nmost = "120%"',
            '18:9: "in-memory-at-most" needs a share as "most" -> add one, like most = "20%"',
        ),
        (
            'check = "sleeps"',
            'check = "in-memory-at-most"\nmost = "20%"\nwithin = "5s"',
            '20:1: "within" requires check = "wakes-at-most"',
        ),
        (
            'check = "sleeps"',
            'check = "sleeps"\nmost = 2',
            '19:1: "most" requires check = "wakes-at-most" or "in-memory-at-most"',
        ),
        (
            'check = "sleeps"',
            'check = "sleeps"\nof = ["room"]',
            '19:6: there is no object "room" -> known here: object',
        ),
        ('claim = "storage"', 'claim = "storag"', '11:80: there is no claim "storag" -> did you mean "storage"?'),
        (
            'claim = "storage"',
            "exact = true",
            '22:6: nothing decides the claim "storage" -> add a "check", or add claim = "storage" to a step',
        ),
        (
            "control = { clients = { ann",
            "control = { clients = { anna",
            '19:25: the control changes the client "anna", which the story does not have -> did you mean "ann"?',
        ),
        (
            "control = { clients = {",
            "control = { vars = { colour = 1 }, clients = {",
            '19:22: the control changes the var "colour", which the story does not have -> did you mean "color"?',
        ),
        (
            CONTROL,
            'control = { steps = [{ connect = "anne" }] }',
            '19:34: there is no client "anne" -> did you mean "ann"?',
        ),
        (
            CONTROL,
            'control = { clients = { ann = "/{plai}" } }',
            '19:25: {plai} is not defined here -> did you mean "play"? (for literal braces, write {{plai}})',
        ),
        (
            "matrix = {",
            'control = { steps = [{ connect = "ann" }] }\nmatrix = {',
            (
                '24:21: no step of the control names the claim "storage", so the control decides nothing'
                ' -> add claim = "storage" to a step of the control'
            ),
        ),
        (
            'hibernate = "idle"',
            'hibernate = "evict", forced = true, natural = false, of = ["object", "object"]',
            '9:63: "object" is named 2 times',
        ),
        (
            'op = "who" }, expect = { sockets = 2 }, capture',
            'op = "{before}" }, expect = { sockets = 2 }, capture',
            ("8:31: {before} is not defined here -> known here: color, play (for literal braces, write {{before}})"),
        ),
        (
            '"/room/{play}" }',
            '"/", headers = { x = "{y}" } }',
            "4:80: {y} is not defined here -> known here: before, color, play (for literal braces, write {{y}})",
        ),
        (
            CONTROL,
            'control = { clients = { ann = "/r?{before}" } }',
            (
                '19:25: {before} is captured only after "ann" connects'
                ' -> to use it when "ann" connects again, give that step a path: '
                '{ connect = "ann", path = "/…{before}" }'
            ),
        ),
        (
            CONTROL,
            'control = { vars = { color = "{sun}" } }',
            "19:30: {sun} is not defined here -> known here: play (for literal braces, write {{sun}})",
        ),
        (
            CONTROL,
            'control = { steps = [{ connect = "ann", claim = "sleep" }] }',
            '19:49: there is no claim "sleep" -> did you mean "sleeps"?',
        ),
        (
            OBJECT,
            'object = { class = "Room", name = "{late}-{play}" }',
            "3:35: {late} is not defined here -> known here: before, color, play (for literal braces, write {{late}})",
        ),
    ],
)
def test_what_does_not_hold_together(story: str, right: str, wrong: str, refusal: str) -> None:
    assert right in story
    with pytest.raises(ScenarioError) as caught:
        parse(story.replace(right, wrong, 1), "a.toml")
    error = caught.value
    assert error.position is not None
    said = f"{error.position.line}:{error.position.column}: {error.message}"
    assert (said if error.advice is None else f"{said} -> {error.advice}") == refusal


def test_a_client_path_need_not_name_the_play(story: str) -> None:
    clients = parse(story.replace("/room/{play}", "/lobby"), "a.toml").document.clients
    assert texts_of(clients["bob"])["path"] == "/lobby"


def test_a_capture_made_before_may_stand_in_a_later_path(story: str) -> None:
    later = story.replace('["ann", "bob"]', '["ann"]').replace('"/room/{play}" }', '"/room/{before}" }')
    assert parse(later.replace("{ hibernate", '{ connect = "bob" },\n  { hibernate'), "a.toml").steps

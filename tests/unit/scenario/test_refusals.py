"""What the models refuse: where it stands, what was expected, what was given."""

import pytest

from poc_cli.errors import ScenarioError
from poc_cli.scenario import validation_errors
from poc_cli.scenario.loader import parse
from poc_cli.scenario.model import VERBS, ScenarioFile
from poc_cli.scenario.values import leaves

CONNECT = '{ connect = ["ann", "bob"] }'
CONTROL = 'control = { clients = { ann = "/room/{play}?name=ann&api=standard" } }'
OBJECT = 'object = { class = "Room", name = "{play}" }'
VARS = 'vars = { color = "blue" }'


@pytest.mark.parametrize(
    ("right", "wrong", "refusal"),
    [
        ('name = "hib', 'nme = "hib', '1:1: "nme" is not a key of a scenario -> did you mean "name"?'),
        ('title = "An idle room sleeps."', "title = 3", '2:9: "title" must be text in quotes, not the number 3'),
        ('class = "Room"', 'klass = "Room"', '3:12: "klass" is not a key of an object -> did you mean "class"?'),
        (
            "bob = {",
            "Bob = {",
            '4:44: "Bob" is not a name of lowercase letters, digits, "_" and "-" that starts with a letter',
        ),
        (
            '"/room/{play}" }',
            '"room" }',
            '4:59: "path" must be a path that starts with "/", not the text "room" -> did you mean "/room"?',
        ),
        ('"/room/{play}" }', '"/room", pth = 1 }', '4:68: "pth" is not a key of a client -> did you mean "path"?'),
        (
            VARS,
            "vars = { color = 1979-05-27 }",
            "5:18: a date or time cannot be represented in JSON -> write it as text, in quotes",
        ),
        (
            VARS,
            "vars = { color = inf }",
            "5:18: the number Infinity cannot be represented in JSON -> write it as text, in quotes",
        ),
        (
            VARS,
            f'{VARS}\nsecret = ["API_KEY"]\npublic = ["API_KEY"]',
            '7:10: "API_KEY" is both secret and public -> remove it from one of the two',
        ),
        (
            VARS,
            f'{VARS}\nsecret = ["API KEY"]',
            (
                '6:11: element 1 of "secret" must be the name of a variable: letters, digits and "_",'
                ' not the text "API KEY"'
            ),
        ),
        ("vars = { color", 'title = "again"\nvars = { color', "5:16: not valid TOML: this key already has a value"),
        (CONNECT, '{ conect = ["ann", "bob"] }', '7:5: "conect" is not a verb -> did you mean "connect"?'),
        (
            CONNECT,
            '{ connect = "ann", close = "bob" }',
            '7:22: a step has one verb, but this has "connect" and "close" -> split it into two steps',
        ),
        (
            CONNECT,
            '{ send = "ann" }',
            '7:3: this step has no verb -> say who sends it: { on = "ann", send = … }',
        ),
        (CONNECT, "3", "7:3: a step must be a table with a verb, not the number 3"),
        (CONNECT, '{ connect = ["bob", 3] }', '7:23: element 2 of "connect" must be text in quotes, not the number 3'),
        (
            CONNECT,
            '{ connect = "bob", whithin = "1s" }',
            '7:22: "whithin" is not a key of "connect" -> did you mean "within"?',
        ),
        (
            'capture = { before = "instance" }',
            'capture = { Before = "a" }',
            '8:78: "Before" is not a name of lowercase letters, digits and "_" that starts with a letter',
        ),
        (
            'expect = { sockets = 2 }, capture = { before = "instance" }',
            'quiet = "1s", expect = 1',
            '8:3: "on": "quiet" and "expect" contradict each other in one step',
        ),
        (
            'expect = { sockets = 2 }, capture = { before = "instance" }',
            'like = { op = "who" }',
            '8:3: "on": "like" says what may not arrive during "quiet", so it requires "quiet"',
        ),
        (
            'expect = { sockets = 2 }, capture = { before = "instance" }',
            'quiet = "1s", like = ["a", "b"]',
            (
                '8:61: "like" is one message, not a list'
                " -> use one step per message; for one message that is a list, use { json = [...] }"
            ),
        ),
        (
            'expect = { sockets = 2 }, capture = { before = "instance" }',
            'quiet = "1s", like = { hex = "0" }',
            '8:69: "like": { hex = … } takes pairs of hex digits, not the text "0"',
        ),
        (
            'expect = { sockets = 2 }, capture = { before = "instance" }',
            'quiet = "1s", like = { op = "{colour}" }',
            '8:68: {colour} is not defined here -> did you mean "color"? (for literal braces, write {{colour}})',
        ),
        (
            'expect = { sockets = 2 }, capture = { before = "instance" }',
            'quiet = "1s", expect_code = 4001',
            '8:3: "on": "quiet" and an expected close contradict each other in one step',
        ),
        (
            'send = { op = "who" }, expect = { sockets = 2 }, capture = { before = "instance" }',
            'within = "1s"',
            '8:3: "on": does nothing: add "send", "expect", "where", "capture", "quiet" or "expect_code"',
        ),
        (
            'hibernate = "idle"',
            'hibernate = "idl"',
            '9:17: "hibernate" must be "idle" or "evict", not the text "idl" -> did you mean "idle"?',
        ),
        (
            'hibernate = "idle"',
            'hibernate = "idle", natural = "yes"',
            '9:35: "natural" must be true or false, not the text "yes"',
        ),
        (
            'hibernate = "idle"',
            'hibernate = "evict", natural = true',
            '9:3: "hibernate": "natural" means that the idle timer is the subject, so it requires hibernate = "idle"',
        ),
        (
            'hibernate = "idle"',
            'hibernate = "idle", forced = true',
            '9:3: "hibernate": "forced" means that evictions are the subject, so it requires hibernate = "evict"',
        ),
        ('resume = "bob"', 'resume = ["bob"]', '10:14: "resume" must be text in quotes, not a list'),
        ("code = 1000", "code = -9", '12:25: "code" must be at least 0, not the number -9'),
        (
            'within = "1s"',
            'within = "1 s"',
            '12:40: "within": a duration is written like "300ms", "1.5s" or "2m"; did you mean "1s"?',
        ),
        (
            'id = "sleeps"',
            'id = "Sleeps"',
            (
                '16:6: "id" must be a name of lowercase letters, digits, "_" and "-" that starts with a letter, not'
                ' the text "Sleeps" -> did you mean "sleeps"?'
            ),
        ),
        ('says = "It', 'sayz = "It', '17:1: "sayz" is not a key of a claim -> did you mean "says"?'),
        ('says = "It sleeps."\n', "", '15:1: a claim needs "says"'),
        (
            "control = { clients = {",
            'control = { expects = "x", clients = {',
            '19:13: "expects" is not a key of a control -> did you mean "expect"?',
        ),
        (CONTROL, "control = {}", '19:11: "control": changes nothing: add "clients", "vars", "steps" or "worker"'),
        (
            CONTROL,
            'control = { steps = [{ conect = "ann" }] }',
            '19:24: "conect" is not a verb -> did you mean "connect"?',
        ),
        (
            'row = "SQLite rows"',
            'row = "rows"',
            (
                '24:10: "matrix": "rows" is not a row of the matrix; known here: KV storage, SQLite rows, alarms,'
                " attachments, auto-response, connections, in-memory fields, module globals, secrets, tags,"
                " unsent messages"
            ),
        ),
        (
            'expects = "survives"',
            'expects = "survive"',
            (
                '24:43: "expects" must be "survives", "lost" or "reset", not the text "survive"'
                ' -> did you mean "survives"?'
            ),
        ),
        (
            "matrix = {",
            'matrix = { row = "SQLite rows", expects = "lost" }\nmatrix = {',
            "25:55: not valid TOML: this key already has a value",
        ),
        ('name = "hibernate"', 'name = "hibernate', "1:18: not valid TOML: the quotes are not closed on this line"),
        (
            CONNECT,
            '{ connect = "ann", send = "x" }',
            '7:22: "send" is not a key of "connect" -> known here: claim, connect, path, refused, subprotocol, within',
        ),
        (
            'hibernate = "idle"',
            'kil = "ann"',
            '9:5: "kil" is not a verb -> did you mean "kill"?',
        ),
        (
            '["instance != {before}"]',
            '"instance != {before}"',
            (
                '10:78: "where" must be a list, not the text "instance != {before}"'
                ' -> conditions stand in a list: where = ["instance != {before}"]'
            ),
        ),
        ('"instance != {before}"', "3", '10:79: element 1 of "where" must be text in quotes, not the number 3'),
        (
            'clients = { ann = "/room/{play}?name=ann", bob = { path = "/room/{play}" } }',
            "clients = {}",
            '4:11: "clients" must not be empty',
        ),
        (
            'clients = { ann = "/room/{play}?name=ann", bob = { path',
            "clients = { ann = 3, bob = { path",
            '4:19: "ann" must be a path in quotes or a table, not the number 3',
        ),
        (
            "control = { clients = {",
            'control = { says = "x", clients = {',
            '19:13: "says" is not a key of a control -> known here: clients, expect, failure, steps, vars, worker',
        ),
        (CONTROL, 'known = { local = "held" }', '19:19: "local" must be "refuted", not the text "held"'),
        (OBJECT, 'object = { class = "Room" }', '3:10: "object": an object needs either a "name" or an "id"'),
        (
            OBJECT,
            'object = { class = "Room", id = "12" }',
            '3:33: "id" must be an id of 64 hex digits, or the {name} of a captured one, not the text "12"',
        ),
    ],
)
def test_what_a_file_may_not_say(story: str, right: str, wrong: str, refusal: str) -> None:
    assert right in story
    with pytest.raises(ScenarioError) as caught:
        parse(story.replace(right, wrong, 1), "a.toml")
    error = caught.value
    assert error.position is not None
    said = f"{error.position.line}:{error.position.column}: {error.message}"
    assert (said if error.advice is None else f"{said} -> {error.advice}") == refusal


def test_every_pattern_of_the_models_has_words() -> None:
    schemas = [ScenarioFile.model_json_schema(), *(verb.model_json_schema() for verb in VERBS.values())]
    of_values = {leaf for way, leaf in leaves(schemas) if way[-1] == "pattern"}
    of_keys = {way[-2] for way, _ in leaves(schemas) if "patternProperties" in way[-3:-2]}
    assert of_values | of_keys == set(validation_errors._PATTERNS)


def test_a_field_goes_by_its_name_in_the_file_alone(story: str) -> None:
    with pytest.raises(ScenarioError, match=r'3:12: "class_" is not a key of an object'):
        parse(story.replace("class =", "class_ =", 1), "a.toml")


def test_a_key_that_looks_like_the_models_own_mark_is_a_key_like_any_other(story: str) -> None:
    with pytest.raises(ScenarioError, match=r'1:1: "\[key\]" is not a key of a scenario'):
        parse('"[key]" = 1\n' + story, "a.toml")


def test_an_error_shows_the_line_with_a_caret_and_the_advice(story: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse(story.replace("conne", "cone", 1), "scenarios/a.toml")
    assert str(caught.value) == (
        'scenarios/a.toml:7:5: "conect" is not a verb\n'
        '    7 |   { conect = ["ann", "bob"] },\n'
        "            ^\n"
        '  did you mean "connect"?'
    )


def test_the_first_problem_in_the_file_is_told(story: str) -> None:
    wrong = story.replace('says = "Rows come back."', "").replace("code = 1000", "code = 1").replace('"idle"', '"idl"')
    with pytest.raises(ScenarioError, match=r"a\.toml:9:17: "):
        parse(wrong, "a.toml")


def test_a_misspelt_key_is_told_rather_than_the_missing_one(story: str) -> None:
    with pytest.raises(ScenarioError, match="titel") as caught:
        parse(story.replace("title", "titel", 1), "a.toml")
    assert caught.value.advice == 'did you mean "title"?'


def test_of_a_line_that_would_wrap_the_part_around_the_place_is_shown(story: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse(story.replace('"An idle room sleeps."', "1 #" + "x" * 300), "a.toml")
    said, line, caret = str(caught.value).split("\n")
    assert said == 'a.toml:2:9: "title" must be text in quotes, not the number 1'
    assert line == f"    2 | title = 1 #{'x' * 48}…"
    assert caret == f"{' ' * 16}^"


def test_tabs_and_controls_do_not_shift_the_caret(story: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        parse(story.replace("title = ", "title\t=\t3 #"), "a.toml")
    assert str(caught.value).split("\n")[1:3] == ['    2 | title = 3 #"An idle room sleeps."', "                ^"]

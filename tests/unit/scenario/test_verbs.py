"""The verbs for faults, pushes and repetition: what each says where nothing is said, and what it may not say."""

import pytest

from poc_cli.errors import ScenarioError
from poc_cli.scenario.client_tables import ClientSpec
from poc_cli.scenario.loader import parse
from poc_cli.scenario.model import Alarm, Hibernate, Http, Kill, Repeat, Restart, Stall, Step, WorkerRef
from poc_cli.scenario.scenario import every

TALE = """\
name = "tale"
title = "A tale."
object = { class = "Room", name = "{play}" }
clients = { ann = { path = "/room/{play}?n={i}", count = 3 }, bob = "/room/{play}" }
vars = { color = "blue" }
steps = [
  { connect = "*" },
  { idle = "1s" },
]
"""


def tale(step: str) -> str:
    return TALE.replace('{ idle = "1s" }', step)


def step(written: str) -> Step:
    return parse(tale(written), "tale.toml").steps[1].step


def refusal(text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        parse(text, "tale.toml")
    error = caught.value
    assert error.position is not None
    said = f"{error.position.line}:{error.position.column}: {error.message}"
    return said if error.advice is None else f"{said} -> {error.advice}"


def test_kill() -> None:
    assert step('{ kill = "ann.2" }') == Kill(kill=["ann.2"], how="fin")
    assert step('{ kill = ["bob"], how = "rst" }') == Kill(kill=["bob"], how="rst")


def test_stall() -> None:
    assert step('{ stall = "*" }') == Stall(stall=["*"], release=False)
    assert step('{ stall = "bob", release = true }') == Stall(stall=["bob"], release=True)


def test_http() -> None:
    bare = step('{ http = "/push/{play}" }')
    assert isinstance(bare, Http)
    assert (bare.method, bare.headers, bare.status, bare.auth, bare.sends) == ("POST", {}, None, True, False)
    assert bare.within == 5.0
    full = step(
        '{ http = "/r", method = "GET", headers = { x = "{color}" }, status = 404, auth = false, send = { hex = "00" },'
        ' expect = { ok = true }, where = ["n == 1"], capture = { n = "n" }, within = "1s" }'
    )
    assert isinstance(full, Http)
    assert (full.method, full.status, full.auth, full.sends, full.within) == ("GET", 404, False, True, 1.0)


def test_a_header_is_no_message() -> None:
    assert step('{ http = "/r", headers = { hex = "zz" } }') == Http(http="/r", headers={"hex": "zz"})


def test_alarm() -> None:
    any_object = step('{ alarm = "fires" }')
    assert any_object == Alarm(alarm="fires", of=None)
    assert isinstance(any_object, Alarm)
    assert any_object.within == 15.0
    one = step('{ alarm = "fires", of = "object", within = "1s" }')
    assert isinstance(one, Alarm)
    assert (one.of, one.within) == (["object"], 1.0)


@pytest.mark.parametrize("kind", ["server", "crash", "deploy"])
def test_a_restart_of_the_runtime_needs_no_object(kind: str) -> None:
    text = tale(f'{{ restart = "{kind}" }}').replace("object =", "#object =")
    restart = parse(text, "tale.toml").steps[1].step
    assert isinstance(restart, Restart)
    assert (restart.restart, restart.of, restart.acts_on_objects) == (kind, None, False)


def test_repeat() -> None:
    text = tale('{ repeat = 2, as = "n", steps = [{ kill = "bob" }, { repeat = 3, steps = [{ connect = "bob" }] }] }')
    outer = parse(text, "tale.toml").steps[1]
    assert isinstance(outer.step, Repeat)
    assert (outer.step.repeat, outer.step.as_) == (2, "n")
    assert [placed.step.verb for placed in every([outer])] == ["repeat", "kill", "repeat", "connect"]
    assert [placed.position.column for placed in every([outer])] == [3, 36, 54, 77]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('{ kill = "bob", how = "ack" }', '8:25: "how" must be "fin", "rst" or "process", not the text "ack"'),
        ('{ kill = "eve" }', '8:12: there is no client "eve" -> known here: ann, bob'),
        (
            '{ stall = "bob", release = 1 }',
            '8:30: "release" must be true or false, not the number 1',
        ),
        (
            '{ http = "push" }',
            '8:12: "http" must be a path that starts with "/" or "{origin}/", not the text "push"',
        ),
        (
            '{ http = "/", method = "get" }',
            '8:26: "method" must be an HTTP method in uppercase letters, not the text "get"',
        ),
        ('{ http = "/", status = 99 }', '8:26: "status" must be at least 200, not the number 99'),
        ('{ http = "/", headers = { x = 1 } }', '8:33: "x" must be text in quotes, not the number 1'),
        (
            '{ http = "/", send = [1] }',
            (
                '8:24: "send" is one message, not a list'
                " -> use one step per message; for one message that is a list, use { json = [...] }"
            ),
        ),
        (
            '{ http = "/", expect = [{ a = 1 }] }',
            '8:3: "http": a request has one response; if it is a list, use expect = { json = [...] }',
        ),
        (
            '{ http = "/", next = true }',
            '8:3: "http": a request has one response, so "next" has no meaning here',
        ),
        (
            '{ http = "/{x}" }',
            "8:12: {x} is not defined here -> known here: color, play (for literal braces, write {{x}})",
        ),
        (
            '{ http = "/", headers = { y = "{x}" } }',
            "8:33: {x} is not defined here -> known here: color, play (for literal braces, write {{x}})",
        ),
        (
            '{ http = "/", send = { json_text = "{" } }',
            '8:38: "send": "{" is not JSON',
        ),
        (
            '{ http = "/", capture = { color = "a" } }',
            '8:29: "color" is already bound; capture it under another name',
        ),
        ('{ alarm = "rings" }', '8:13: "alarm" must be "fires", not the text "rings"'),
        ('{ alarm = "fires", of = "log" }', '8:27: there is no object "log" -> known here: object'),
        (
            '{ restart = "kill" }',
            '8:15: "restart" must be "object", "server", "crash", "deploy" or "deploy-deferred", not the text "kill"',
        ),
        ('{ restart = "object", of = "log" }', '8:30: there is no object "log" -> known here: object'),
        (
            '{ restart = "crash", of = "object" }',
            '8:24: "of" names objects, but restart = "crash" restarts the whole runtime -> remove "of"',
        ),
        (
            '{ on = "bob", send = "x", expect = "y", order = "any" }',
            '8:3: "on": order = "any" requires a list of messages in "expect"',
        ),
        (
            '{ resume = "bob", send = "x", expect = ["y"], order = "some" }',
            '8:57: "order" must be "given" or "any", not the text "some"',
        ),
        ('{ repeat = 0, steps = [{ idle = "1s" }] }', '8:14: "repeat" must be at least 1, not the number 0'),
        ('{ repeat = 1001, steps = [{ idle = "1s" }] }', '8:14: "repeat" must be at most 1000, not the number 1001'),
        ("{ repeat = 2 }", '8:3: "repeat" needs "steps"'),
        ("{ repeat = 2, steps = [] }", '8:25: "steps" must not be empty'),
        ('{ repeat = 2, steps = "x" }', '8:25: "steps" must be a list, not the text "x"'),
        ('{ repeat = 2, steps = ["x"] }', '8:26: a step must be a table with a verb, not the text "x"'),
        ('{ repeat = 2, steps = [{ idel = "1s" }] }', '8:28: "idel" is not a verb -> did you mean "idle"?'),
        (
            '{ repeat = 2, as_ = "n", steps = [{ idle = "1s" }] }',
            '8:17: "as_" is not a key of "repeat" -> did you mean "as"?',
        ),
        (
            '{ repeat = 2, as = "N", steps = [{ idle = "1s" }] }',
            (
                '8:22: "as" must be a name of lowercase letters, digits and "_"'
                ' that starts with a letter, not the text "N" -> did you mean "n"?'
            ),
        ),
        (
            '{ repeat = 2, claim = "it", steps = [{ idle = "1s" }] }',
            '8:25: "claim": a repeat decides no claim; name the claim in one of its steps',
        ),
        (
            "{ repeat = 1, steps = [{ repeat = 1, steps = [{ repeat = 1, steps = [{ repeat = 1, steps = [] }] }] }] }",
            "8:74: repeats can be nested at most 3 deep -> expand the innermost repeat by hand",
        ),
        ('{ as = "n", idle = "1s" }', '8:5: "as" is not a key of "idle" -> known here: claim, idle'),
    ],
)
def test_what_a_step_may_not_say(written: str, said: str) -> None:
    assert refusal(tale(written)) == said


@pytest.mark.parametrize("written", ['{ alarm = "fires" }', '{ restart = "object" }'])
def test_what_acts_on_an_object_needs_one(written: str) -> None:
    verb = written.split()[1]
    assert refusal(tale(written).replace("object =", "#object =")) == (
        f'8:3: "{verb}" needs an object, but the scenario has none'
        ' -> add object = { class = "…", name = "{play}" } above the steps'
    )


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("count = 3", "count = 0", '4:58: "count" must be at least 1, not the number 0'),
        ("count = 3", "count = 10001", '4:58: "count" must be at most 10000, not the number 10001'),
        ("count = 3", 'ping = "0s", count = 3', '4:57: "ping": the interval of pings must be at least "1ms"'),
        ("vars =", 'measures = "yes"\nvars =', '5:12: "measures" must be true or false, not the text "yes"'),
        (
            "vars =",
            'needs = ["sleep"]\nvars =',
            (
                '5:10: element 1 of "needs" must be "trace", "evict", "crash", "restart", "deploy", "deferred", "api", '
                '"environment" or "itself", not the text "sleep"'
            ),
        ),
        (
            "vars =",
            'worker = "/etc"\nvars =',
            '5:10: "worker" must be a folder relative to the file, not the text "/etc"',
        ),
        ("vars =", 'worker = ""\nvars =', '5:10: "worker" must be a folder relative to the file, not the text ""'),
        (
            "vars =",
            'worker = "a\\u0000b"\nvars =',
            '5:10: "worker" must be a folder relative to the file, not the text "a\\u0000b"',
        ),
    ],
)
def test_what_a_file_may_not_say(right: str, wrong: str, said: str) -> None:
    assert right in TALE
    assert refusal(TALE.replace(right, wrong, 1)) == said


def test_what_a_file_may_say() -> None:
    more = 'worker = "../other"\nmeasures = true\nneeds = ["crash", "trace"]\nvars ='
    document = parse(TALE.replace("vars =", more).replace("count = 3", 'count = 3, ping = "2s"'), "tale.toml").document
    assert (document.worker, document.measures, document.needs) == (
        WorkerRef(dir="../other"),
        True,
        ["crash", "trace"],
    )
    ann, bob = document.clients["ann"], document.clients["bob"]
    assert isinstance(ann, ClientSpec)
    assert isinstance(bob, ClientSpec)
    assert (ann.count, ann.ping) == (3, 2.0)
    assert (bob.count, bob.ping) == (None, None)


def test_the_timer_or_the_evictions_may_be_the_subject() -> None:
    assert step('{ hibernate = "idle", natural = true }') == Hibernate(hibernate="idle", natural=True)
    assert step('{ hibernate = "evict", forced = true }') == Hibernate(hibernate="evict", forced=True)


def test_a_defect_may_be_known_on_any_target_by_whatever_name() -> None:
    known = 'known = { local = "refuted", "https://rooms.example" = "refuted" }'
    claim = f'[[claim]]\nid = "it"\nsays = "It does."\ncheck = "delivered-once"\n{known}\n'
    document = parse(TALE + claim, "tale.toml").document
    assert document.claim[0].known == {"local": "refuted", "https://rooms.example": "refuted"}


def test_a_worker_is_a_folder_or_says_more() -> None:
    more = 'worker = { dir = "../app", config = ["a.toml", "b.toml"], env = "staging" }\nvars ='
    worker = parse(TALE.replace("vars =", more), "tale.toml").document.worker
    assert worker == WorkerRef(dir="../app", config=["a.toml", "b.toml"], env=["staging"])
    assert refusal(TALE.replace("vars =", 'worker = { folder = "../app" }\nvars =')).startswith(
        '5:12: "folder" is not a key of a worker'
    )
    assert refusal(TALE.replace("vars =", "worker = 3\nvars =")) == (
        '5:10: "worker" must be a folder in quotes or a table, not the number 3'
    )

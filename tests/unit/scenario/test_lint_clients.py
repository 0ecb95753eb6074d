"""Programs, pages and app servers in a file: what is refused, where, and how they are told."""

import pytest

from poc_cli.errors import ScenarioError
from poc_cli.scenario.describe import tell
from poc_cli.scenario.loader import parse
from poc_cli.scenario.model import ClientSpec, CommandSpec, PageSpec
from poc_cli.scenario.plays import plays_of

HEAD = """\
name    = "story"
title   = "A story."
object  = { class = "Room", name = "{play}" }
secrets = ["KEY"]
origin  = { dir = "app", start = "run {port}", ready = "/up", env = { W = "{worker}", O = "{origin}" } }
worker  = { dir = "w", build = "npm ci", vars = { O = "{origin}" } }

[clients]
ann  = "/room/{play}"
cli  = { command = ["node", "c.mjs", "{url}/{play}"], env = { U = "{url}" }, secrets = ["KEY"], dir = "app" }
page = { browser = "{origin}/room/{play}" }
"""

STEPS = """
[[steps]]
connect = "*"
"""


def refusal(text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        parse(text, "a.toml")
    error = caught.value
    place = f"{error.position.line}:{error.position.column}: " if error.position is not None else ""
    return place + error.message + ("" if error.advice is None else f" -> {error.advice}")


def test_each_kind_is_known_by_its_key() -> None:
    clients = parse(HEAD + STEPS, "a.toml").document.clients
    assert [type(client) for client in clients.values()] == [ClientSpec, CommandSpec, PageSpec]
    (play,) = plays_of(parse(HEAD + STEPS, "a.toml"))
    assert isinstance(play.clients["cli"], CommandSpec)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (
            'dir = "app" }',
            'dri = "app" }',
            '10:97: "dri" is not a key of a client with a command -> did you mean "dir"?',
        ),
        (
            "page = { browser",
            "page = { open = 1, browser",
            '11:10: "open" is not a key of a client in a browser -> did you mean "opens"?',
        ),
        (
            '"{origin}/room/{play}" }',
            '"/room/{play}" }',
            '11:20: "browser" must be the address of a page, like "{origin}/room/{play}", not the text "/room/{play}"',
        ),
        (
            '["node", "c.mjs", "{url}/{play}"]',
            '"node c.mjs"',
            (
                '10:20: "command" must be a list, not the text "node c.mjs"'
                ' -> write it in brackets: command = ["node", "c.mjs"]'
            ),
        ),
        ('["node", "c.mjs", "{url}/{play}"]', "[]", '10:20: "command" must not be empty'),
        (
            'secrets = ["KEY"], dir',
            'secrets = ["KEI"], dir',
            '10:89: the scenario has no secret "KEI" -> did you mean "KEY"?',
        ),
        (
            '/room/{play}"\ncli',
            '/room/{url}"\ncli',
            (
                "9:1: {url} is not defined here -> known here: origin, origin.foreign, play"
                " (for literal braces, write {{url}})"
            ),
        ),
        (
            "{origin}/room",
            "{orign}/room",
            (
                '11:20: "browser" must be the address of a page, like "{origin}/room/{play}",'
                ' not the text "{orign}/room/{play}"'
            ),
        ),
        ('"run {port}"', '"run {prot}"', '5:34: {prot} is not defined here -> did you mean "port"?'),
        (
            'W = "{worker}"',
            'W = "{play}"',
            "5:75: {play} is not defined here -> known here: origin, origin.foreign, port, worker",
        ),
        ('vars = { O = "{origin}" }', 'vars = { KEY = "x" }', '6:51: "KEY" is already a secret of the scenario'),
        ('vars = { O = "{origin}" }', 'vars = { POC_TOKEN = "x" }', '6:51: "POC_TOKEN" is set by poc itself'),
        (
            'vars = { O = "{origin}" }',
            'vars = { O = "{worker}" }',
            "6:55: {worker} is not defined here -> known here: origin, origin.foreign",
        ),
        (
            'secrets = ["KEY"]\norigin',
            'secrets = ["POC_TOKEN"]\norigin',
            '4:11: "POC_TOKEN" is set by poc itself -> choose another name for the secret',
        ),
        (
            'secrets = ["KEY"]\norigin',
            'secrets = ["key"]\norigin',
            (
                '4:12: element 1 of "secrets" must be the name of a secret:'
                ' uppercase letters, digits and "_", not the text "key"'
            ),
        ),
        ("start = ", "strat = ", '5:26: "strat" is not a key of an origin -> did you mean "start"?'),
        ("[clients]", "[vars]\norigin = 1\n[clients]", '9:1: "origin" is reserved by poc here and cannot be a var'),
        ("[clients]", "[vars]\nurl = 1\n[clients]", '9:1: "url" is reserved by poc here and cannot be a var'),
    ],
)
def test_what_the_top_may_not_say(right: str, wrong: str, said: str) -> None:
    assert HEAD.count(right) == 1
    assert refusal(HEAD.replace(right, wrong) + STEPS) == said


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (
            'on = "page"\nsend = "x"',
            '17:1: "page" is a page, which sends only as a result of actions on it -> use "click", "fill" or "eval"',
        ),
        (
            'on = "ann"\nclick = "#x"',
            (
                '17:1: "click" requires a page, and "ann" is a plain client'
                ' -> for a page, use clients.ann = { browser = "{origin}/…" }'
            ),
        ),
        ('on = ["page", "cli"]\neval = "1"', '17:1: "eval" requires a page, and "cli" is a program'),
        (
            'kill = "ann"\nhow = "process"',
            '17:7: "ann" is not a program, so it has no process to kill -> remove "how"',
        ),
        ('kill = "page"\nhow = "rst"', '17:7: "page" is a page, which can only be ended as a whole -> remove "how"'),
        ('stall = "page"', '15:1: "page" is a page, and a browser cannot be made to stop reading'),
        ('resume = "page"\nclick = "#x"', '15:1: "resume": must "send" something and "expect" the answer'),
        (
            'on = "page"\nexpect_text = { selector = "x" }',
            '17:15: "expect_text": requires one of "text", "contains" and "texts"',
        ),
        (
            'on = "page"\nexpect_text = { selektor = "x" }',
            '17:17: "selektor" is not a key of "expect_text" -> did you mean "selector"?',
        ),
        ('on = "page"\nfill = { selector = "x", text = "{nobody}" }', "17:33: {nobody} is not defined here"),
        ('on = "page"\neval = "f({nobody})"', "17:8: {nobody} is not defined here"),
        ('origin = "slow"', 'origin = "slow" requires a delay in "by", and no other value allows it'),
        (
            'origin = "down"\nexpect = 1',
            'origin = "called" requires "expect" or "where", and no other value allows them',
        ),
        ('origin = "called"', 'origin = "called" requires "expect" or "where", and no other value allows them'),
        ('origin = "up"\nsend = 1', "is not available here"),
        ('origin = "gone"', '"origin" must be "up", "down", "slow" or "called", not the text "gone"'),
    ],
)
def test_what_a_step_may_not_say(step: str, said: str) -> None:
    assert said in refusal(f"{HEAD}{STEPS}[[steps]]\n{step}\n")


def test_an_origin_step_needs_an_origin() -> None:
    text = (
        'name = "a"\ntitle = "A."\nclients = { a = "/" }\nsteps = [\n  { connect = "a" },\n  { origin = "down" },\n]\n'
    )
    assert refusal(text) == '6:3: the scenario has no origin -> add origin = { dir = "…", start = "…" } above the steps'


def test_it_is_told_in_english() -> None:
    steps = """
[[steps]]
connect = "*"
[[steps]]
on = "page"
fill = { selector = "#text", text = "hi" }
click = "#send"
expect_text = { selector = "li", texts = ["hi"] }
[[steps]]
on = "page"
eval = "1 + 1"
expect = 2
[[steps]]
origin = "slow"
by = "3s"
[[steps]]
origin = "called"
expect = { path = "/x" }
[[steps]]
kill = "cli"
how = "process"
"""
    told = " ".join(" ".join(tell(parse(HEAD + steps.replace("expect = 2", 'expect = "2"'), "a.toml"))).split())
    for each in (
        "the program node c.mjs {url}/{play} in the folder app, which reads and writes lines",
        "the page {origin}/room/{play} in a browser",
        "the app server in the folder app, started by run {port}",
        "the worker in the folder w, with O = {origin}, built by npm ci",
        "KEY: random, the same for worker and origin",
        'page types "hi" into #text and clicks #send',
        'li must be "hi"',
        "the origin delays each response in this play by 3s",
        'the origin must have been called with {"path": "/x"}',
        "the process of cli is killed (kill -9)",
    ):
        assert each in told, each

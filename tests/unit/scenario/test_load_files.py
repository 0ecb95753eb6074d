"""What a load scenario may say and may not, where an error points, and how it is told."""

import json
from pathlib import Path

import pytest
import tomli
from jsonschema import Draft7Validator

from poc_cli.commands import generate_docs
from poc_cli.errors import ScenarioError
from poc_cli.scenario import load_schema
from poc_cli.scenario.describe import tell
from poc_cli.scenario.lint_load import stages_of
from poc_cli.scenario.load_model import LoadFile
from poc_cli.scenario.loader import parse, read
from poc_cli.shipped import shipped

SHIPPED = sorted((shipped("scenarios") / "load").glob("*.toml"))
SCHEMA = load_schema.schema()

GOOD = """
name   = "crowd"
title  = "A crowd."
tags   = ["load"]
object = { class = "Room", name = "{play}-{room}" }

[load]
sockets  = 10
rooms    = 2
rounds   = 2
path     = "/room/{play}-{room}?name={i}"
headers  = { X-Room = "{room}" }
exchange = { op = "echo", text = "{mark}" }
who      = { op = "who", id = "{mark}" }
instance = "self.instance"
stages   = [
  { ramp = "1s" },
  { idle = "2s" },
  { chat = "3s", rate = 6, to = "room", slow = 1, within = "4s" },
  { churn = "3s", rate = 1.5 },
  { sleep = "natural", wait = "14s" },
  { storm = "staggered", over = "5s", slow = 2 },
  { sleep = "evict" },
  { storm = "broadcast" },
]

[[claim]]
id    = "sleeps"
says  = "It sleeps."
check = "load-sleeps"
"""


def test_everything_that_the_language_has_is_taken() -> None:
    scenario = parse(GOOD, "crowd.toml")
    assert isinstance(scenario.document, LoadFile)
    assert [stage.verb for stage in stages_of(scenario.document.load)] == [
        "ramp", "idle", "chat", "churn", "sleep", "storm", "sleep", "storm",
    ]  # fmt: skip
    assert list(Draft7Validator(SCHEMA).iter_errors(tomli.loads(GOOD))) == []


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("sockets  = 10", "sokets = 10", '"sokets" is not a key of [load]'),
        ("sockets  = 10", "sockets = 0", '"sockets" must be at least 1'),
        ("rooms    = 2", "rooms = 11", "10 sockets are not enough for 11 rooms"),
        ('path     = "/room', 'path = "room', '"path" must be a path that starts with "/"'),
        ("?name={i}", "?name={j}", "{j} is not defined here"),
        ('X-Room = "{room}"', 'X-Room = "{j}"', "{j} is not defined here"),
        ('text = "{mark}"', 'text = "mark"', "the message must contain {mark} exactly once, but contains it 0 times"),
        ('id = "{mark}"', 'id = "{mark}{mark}"', "but contains it 2 times"),
        ('{ ramp = "1s" },', "", "the first stage must be a ramp, and no other stage may be one"),
        ('{ idle = "2s" }', '{ ramp = "2s" }', "the first stage must be a ramp, and no other stage may be one"),
        ('{ idle = "2s" }', '{ idel = "2s" }', '"idel" is not a stage'),
        ('{ idle = "2s" }', '{ idle = "2s", sleep = "evict" }', "a stage has one verb"),
        ('{ idle = "2s" }', '{ within = "2s" }', "this stage has no verb"),
        ('{ idle = "2s" }', '"idle"', "a stage must be a table with a verb"),
        ('{ idle = "2s" }', '{ idle = "2" }', 'a duration is written like "300ms"'),
        ('"staggered"', '"slowly"', '"storm" must be "all", "staggered" or "broadcast"'),
        ("rate = 1.5", "rate = 0", '"rate"'),
        ('"{play}-{room}" }', '"{play}" }', '"{play}" would be the same for several rooms or plays'),
        ('"{play}-{room}" }', '"{room}" }', '"{room}" would be the same for several rooms or plays'),
        ('check = "load-sleeps"', 'check = "sleeps"', '"sleeps" is not a check for load scenarios'),
        ('check = "load-sleeps"', "", 'nothing decides the claim "sleeps"'),
        (
            'check = "load-sleeps"',
            'check = "load-sleeps"\nlimit = "1s"',
            '"limit" is not available for claims of a load scenario',
        ),
        ("[load]", 'needs = ["crash"]\n[load]', '"needs" is not available in a load scenario'),
        ("[load]", "measures = true\n[load]", '"measures" is not available in a load scenario'),
        ("[load]", 'steps = [{ idle = "1s" }]\n[load]', '"steps" is not available in a load scenario'),
        ("[load]", 'clients = { ann = "/" }\n[load]', '"clients" is not available in a load scenario'),
    ],
)
def test_what_is_wrong_is_refused_at_its_place(before: str, after: str, said: str) -> None:
    assert before in GOOD
    with pytest.raises(ScenarioError) as refused:
        parse(GOOD.replace(before, after, 1), "crowd.toml")
    assert said in str(refused.value)
    assert refused.value.position is not None
    assert refused.value.position.line > 1


def test_one_room_needs_no_room_in_its_name() -> None:
    text = GOOD.replace("rooms    = 2", "").replace('"{play}-{room}" }', '"{play}" }')
    assert parse(text, "crowd.toml").document.name == "crowd"


def test_claims_stand_once() -> None:
    again = '\n[[claim]]\nid = "sleeps"\nsays = "Again."\ncheck = "load-opens"\n'
    with pytest.raises(ScenarioError, match='there is already a claim "sleeps"'):
        parse(GOOD + again, "crowd.toml")


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_the_schema_takes_every_shipped_load(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert [error.message for error in Draft7Validator(SCHEMA).iter_errors(tomli.loads(text))] == []
    assert text.startswith("#:schema ../../docs/load.schema.json\n")


@pytest.mark.parametrize("key", ['clients = { ann = "/" }', 'steps = [{ idle = "1s" }]', "nme = 1"])
def test_the_schema_refuses_what_no_load_has(key: str) -> None:
    assert list(Draft7Validator(SCHEMA).iter_errors(tomli.loads(GOOD.replace("[load]", f"{key}\n[load]"))))


def test_the_schema_is_current() -> None:
    stored = (shipped("scenarios").parent / "docs" / "load.schema.json").read_text(encoding="utf-8")
    assert stored == generate_docs.PAGES["load.schema.json"](), "run make docs"
    Draft7Validator.check_schema(json.loads(stored))


def test_it_is_told_as_a_story() -> None:
    told = tell(parse(GOOD, "crowd.toml"))
    text = "\n".join(told)
    assert max(map(len, told)) <= 80
    for words in (
        "10 in 2 rooms",
        "all clients connect, spread evenly over 1s",
        "each client sends 6 messages per minute to everyone in its room; meanwhile, reading is paused on 1 of",
        "1.5 clients per second leave and are replaced",
        "nothing is sent for 14s",
        "one after the other over 5s",
        "every room is evicted",
        "one client wakes each room",
        "run 2 times",
        "Claim sleeps",
    ):
        assert words in " ".join(text.split()), words


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_every_shipped_load_can_be_told(file: Path) -> None:
    assert tell(read(file))[0].startswith(file.stem)

"""Plays: the story first, then each distinct control with its one change."""

import pytest

from poc_cli.scenario.loader import parse
from poc_cli.scenario.plays import Play, patience, plays_of

HEAD = """\
name = "hibernate"
title = "An idle room sleeps."
object = { class = "Room", name = "{play}" }
clients = { ann = "/ann/{play}", bob = "/bob/{play}" }
vars = { color = "blue", room = "r-{play}" }
steps = [{ connect = "*" }, { on = "ann", send = "hi", claim = "echoes" }]
"""


def plays(claims: str) -> tuple[Play, ...]:
    return plays_of(parse(HEAD + claims, "hibernate.toml"))


def claim(identifier: str, check: str | None, control: str | None = None) -> str:
    lines = ["[[claim]]", f'id = "{identifier}"', 'says = "It does."']
    lines += [f'check = "{check}"'] if check else []
    lines += [f"control = {{ {control} }}"] if control else []
    return "\n".join(lines) + "\n"


ECHOES = claim("echoes", None)


def test_the_story_decides_every_claim_and_expects_nothing() -> None:
    (story,) = plays(ECHOES + claim("sleeps", "sleeps"))
    assert (story.label, story.role, story.decides, story.expect) == ("hibernate", "story", ("echoes", "sleeps"), None)
    assert story.steps == story.scenario.steps


def test_a_control_replaces_clients_and_vars_by_name() -> None:
    control = 'clients = { ann = "/pinned/{play}" }, vars = { color = "red" }, expect = "unknown"'
    story, changed = plays(ECHOES + claim("sleeps", "sleeps", control))
    assert (changed.label, changed.role, changed.decides) == ("hibernate~sleeps", "control", ("sleeps",))
    assert changed.expect == "unknown"
    assert {name: client.path for name, client in changed.clients.items()} == {
        "ann": "/pinned/{play}",
        "bob": "/bob/{play}",
    }
    assert changed.vars == {"color": "red", "room": "r-{play}"}
    assert changed.steps == story.steps
    assert story.clients["ann"].path == "/ann/{play}"


def test_a_control_replaces_the_steps_whole() -> None:
    _, changed = plays(claim("echoes", None, 'steps = [{ on = "bob", send = "x", claim = "echoes" }]'))
    assert [placed.step.verb for placed in changed.steps] == ["on"]
    assert changed.steps[0].position.line == 10


def test_the_same_change_is_played_once_for_all_its_claims() -> None:
    control = 'clients = { ann = "/x", bob = "/y" }'
    turned = 'clients = { bob = "/y", ann = "/x" }'
    claims = ECHOES + claim("sleeps", "sleeps", control) + claim("resets", "memory-is-reset", turned)
    assert [play.decides for play in plays(claims)[1:]] == [("sleeps", "resets")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('clients = { ann = "/x" }', 'clients = { ann = "/x" }, expect = "unknown"'),
        ('clients = { ann = "/x" }', 'clients = { bob = "/x" }'),
        ("vars = { color = 1 }", "vars = { color = true }"),
        ("vars = { color = 1 }", "vars = { color = 1.0 }"),
    ],
)
def test_controls_that_differ_are_plays_of_their_own(one: str, other: str) -> None:
    claims = ECHOES + claim("sleeps", "sleeps", one) + claim("resets", "memory-is-reset", other)
    assert [play.label for play in plays(claims)] == ["hibernate", "hibernate~sleeps", "hibernate~resets"]


def test_names_bound_at_the_start() -> None:
    (story,) = plays(ECHOES)
    assert story.names("p7") == {"play": "p7", "color": "blue", "room": "r-p7"}


CHANGE = 'clients = { ann = "/x" }'


@pytest.mark.parametrize(
    ("check", "expect", "story", "control"),
    [
        ("sleeps", "refuted", "sleep", "sleep"),
        ("sleeps", "unknown", "sleep", "awake"),
        ("connections-survive", "refuted", "sleep", "awake"),
        ("connections-survive", "unknown", "sleep", "awake"),
        ("stays-awake", "refuted", "awake", "sleep"),
        ("stays-awake", "unknown", "awake", "awake"),
    ],
)
def test_patience(check: str, expect: str, story: str, control: str) -> None:
    both = plays(ECHOES + claim("it", check, f'{CHANGE}, expect = "{expect}"'))
    assert [patience(play) for play in both] == [story, control]


def test_the_control_of_another_claim_waits_for_sleep_where_the_story_stays_awake() -> None:
    claims = ECHOES + claim("awake", "stays-awake") + claim("kept", "storage-survives", CHANGE)
    assert [patience(play) for play in plays(claims)] == ["awake", "sleep"]


def test_a_shared_control_waits_for_sleep_when_one_of_its_claims_needs_it() -> None:
    claims = ECHOES + claim("kept", "connections-survive", CHANGE) + claim("sleeps", "sleeps", CHANGE)
    assert [patience(play) for play in plays(claims)] == ["sleep", "sleep"]

"""Plays: the story first, then each distinct control with its one change."""

import pytest

from poc_cli.errors import ScenarioError
from poc_cli.scenario.client_tables import texts_of
from poc_cli.scenario.loader import parse
from poc_cli.scenario.model import On, WorkerRef
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
CHANGE = 'clients = { ann = "/x" }'


def test_the_story_decides_every_claim_and_expects_nothing() -> None:
    (story,) = plays(ECHOES + claim("sleeps", "sleeps"))
    assert (story.label, story.role, story.decides, story.expect) == ("hibernate", "story", ("echoes", "sleeps"), None)
    assert story.steps == story.scenario.steps


def test_a_control_replaces_clients_and_vars_by_name() -> None:
    control = 'clients = { ann = "/pinned/{play}" }, vars = { color = "red" }, expect = "unknown"'
    story, changed = plays(ECHOES + claim("sleeps", "sleeps", control))
    assert (changed.label, changed.role, changed.decides) == ("hibernate~sleeps", "control", ("sleeps",))
    assert changed.expect == "unknown"
    assert {name: texts_of(client)["path"] for name, client in changed.clients.items()} == {
        "ann": "/pinned/{play}",
        "bob": "/bob/{play}",
    }
    assert changed.vars == {"color": "red", "room": "r-{play}"}
    assert changed.steps == story.steps
    assert texts_of(story.clients["ann"])["path"] == "/ann/{play}"


def test_a_control_replaces_the_steps_whole() -> None:
    _, changed = plays(claim("echoes", None, 'steps = [{ on = "bob", send = "x", claim = "echoes" }]'))
    assert [placed.step.verb for placed in changed.steps] == ["on"]
    assert changed.steps[0].position.line == 10


def test_a_control_must_be_refuted_unless_it_says_otherwise() -> None:
    assert plays(ECHOES + claim("sleeps", "sleeps", CHANGE))[1].expect == "refuted"


def test_a_control_replaces_the_worker_whole_and_nothing_else() -> None:
    story, changed = plays_of(
        parse('worker = "../ours"\n' + HEAD + claim("echoes", None, 'worker = "../theirs"'), "hibernate.toml")
    )
    assert (story.worker, changed.worker) == (WorkerRef(dir="../ours"), WorkerRef(dir="../theirs"))
    assert (changed.clients, changed.vars, changed.steps) == (story.clients, story.vars, story.steps)
    assert [play.worker for play in plays(ECHOES + claim("sleeps", "sleeps", CHANGE))] == [None, None]


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


def test_a_var_is_any_value_and_knows_the_play_at_any_depth() -> None:
    values = 'n = 3, f = 1.5, yes = true, list = ["{play}", [1]], table = { a = { b = "r-{play}" } }, none = ""'
    story = plays_of(parse(HEAD.replace('color = "blue"', values) + ECHOES, "hibernate.toml"))[0]
    names = story.names("p7")
    assert (names["n"], names["f"], names["yes"], names["none"]) == (3, 1.5, True, "")
    assert (names["list"], names["table"]) == (["p7", [1]], {"a": {"b": "r-p7"}})


def test_names_bound_at_the_start() -> None:
    (story,) = plays(ECHOES)
    assert story.names("p7") == {"play": "p7", "color": "blue", "room": "r-p7"}


@pytest.mark.parametrize(
    ("check", "expect", "story", "control"),
    [
        ("sleeps", "refuted", "sleep", "sleep"),
        ("sleeps", "unknown", "sleep", "awake"),
        ("connections-survive", "refuted", "sleep", "sleep"),
        ("connections-survive", "unknown", "sleep", "awake"),
        ("stays-awake", "refuted", "awake", "sleep"),
        ("stays-awake", "unknown", "awake", "awake"),
    ],
)
def test_patience(check: str, expect: str, story: str, control: str) -> None:
    both = plays(ECHOES + claim("it", check, f'{CHANGE}, expect = "{expect}"'))
    assert [patience(play, play.steps[0].step) for play in both] == [story, control]


def test_the_control_of_another_claim_waits_for_sleep_where_the_story_stays_awake() -> None:
    claims = ECHOES + claim("awake", "stays-awake") + claim("kept", "storage-survives", CHANGE)
    assert [patience(play, play.steps[0].step) for play in plays(claims)] == ["awake", "sleep"]


def test_the_step_that_names_a_stays_awake_claim_waits_for_it_and_no_other() -> None:
    steps = '{ connect = "*" }, { hibernate = "idle", claim = "pinned" }, { hibernate = "idle" }'
    story = played(steps, claim("pinned", "stays-awake"))
    assert [patience(story, placed.step) for placed in story.steps] == ["sleep", "awake", "sleep"]


def played(steps: str, claims: str = "", more: str = "") -> Play:
    head = HEAD.replace('{ connect = "*" }, { on = "ann", send = "hi", claim = "echoes" }', steps)
    return plays_of(parse(more + head + claims, "hibernate.toml"))[0]


def test_a_repeat_is_written_out_with_its_counter() -> None:
    inner = '{ repeat = 2, as = "m", steps = [{ on = "bob", send = "{n}{m}" }] }'
    play = played(f'{{ repeat = 2, as = "n", steps = [{{ on = "ann", send = "{{n}}" }}, {inner}] }}, {{ idle = "1s" }}')
    assert [placed.step.verb for placed in play.steps] == ["on"] * 6 + ["idle"]
    assert [dict(placed.bound) for placed in play.steps] == [
        {"n": 1},
        {"n": 1, "m": 1},
        {"n": 1, "m": 2},
        {"n": 2},
        {"n": 2, "m": 1},
        {"n": 2, "m": 2},
        {},
    ]
    assert all(not placed.inner for placed in play.steps)
    assert [placed.step for placed in play.steps[:1]] == [On(on=["ann"], send="{n}")]


def test_a_repeat_without_a_counter_binds_nothing() -> None:
    assert [dict(placed.bound) for placed in played('{ repeat = 3, steps = [{ idle = "1s" }] }').steps] == [{}] * 3


def test_the_longest_story_and_one_step_more() -> None:
    whole = '{ repeat = 1000, steps = [{ repeat = 20, steps = [{ idle = "1s" }] }] }'
    assert len(played(whole).steps) == 20_000
    with pytest.raises(ScenarioError, match="with this step, the story has 20001 steps") as caught:
        played(f'{whole}, {{ idle = "1s" }}')
    assert caught.value.position is not None
    assert caught.value.position.column == 12 + len(whole)


def test_the_steps_of_controls_count_too() -> None:
    whole = '{ repeat = 1000, steps = [{ repeat = 20, steps = [{ idle = "1s", claim = "echoes" }] }] }'
    with pytest.raises(ScenarioError, match="with this step, the story has 20002 steps"):
        plays(claim("echoes", None, f"steps = [{whole}]"))


CROWD = """\
name = "crowd"
title = "Many."
clients = { ann = { path = "/r?n={i}", count = 3 }, bob = "/r", eve = { path = "/r", count = 1 } }
steps = [{ connect = "*" }]
"""


def test_a_client_with_a_count_is_so_many_clients() -> None:
    (play,) = plays_of(parse(CROWD, "crowd.toml"))
    assert list(play.clients) == ["ann.1", "ann.2", "ann.3", "bob", "eve.1"]
    assert len(play.clients) == 5
    assert {name: texts_of(client)["path"] for name, client in play.clients.items()}["ann.2"] == "/r?n={i}"
    assert [
        name for name in ("ann", "ann.0", "ann.4", "ann.01", "ann.x", "bob.1", "eve", "*") if name in play.clients
    ] == []


def test_a_name_in_a_step_means_its_members() -> None:
    (play,) = plays_of(parse(CROWD, "crowd.toml"))
    assert play.members("ann") == ("ann.1", "ann.2", "ann.3")
    assert play.members("ann.2") == ("ann.2",)
    assert play.members("bob") == ("bob",)
    assert play.members("eve") == ("eve.1",)
    assert play.members("*") == tuple(play.clients)
    for name in ("zoe", "ann.4", "bob.1"):
        with pytest.raises(KeyError):
            play.members(name)


def test_a_member_knows_its_number_and_nobody_else_has_one() -> None:
    (play,) = plays_of(parse(CROWD, "crowd.toml"))
    assert play.client_bound("ann.3") == {"i": 3}
    assert play.client_bound("eve.1") == {"i": 1}
    assert play.client_bound("bob") == {}


@pytest.mark.parametrize(
    ("step", "alone"),
    [
        ('{ idle = "1s" }', False),
        ('{ hibernate = "evict", forced = true }', False),
        ('{ restart = "object" }', False),
        ('{ restart = "server" }', True),
        ('{ restart = "crash" }', True),
        ('{ restart = "deploy" }', True),
        ('{ repeat = 2, steps = [{ repeat = 2, steps = [{ restart = "crash" }] }] }', True),
    ],
)
def test_a_play_that_ends_its_runtime_is_played_alone(step: str, alone: bool) -> None:  # noqa: FBT001
    assert played(step).alone is alone


def test_a_play_that_measures_is_played_alone() -> None:
    assert played('{ idle = "1s" }', more="measures = true\n").alone is True


def test_each_play_is_alone_for_its_own_steps() -> None:
    both = plays(claim("echoes", None, 'steps = [{ restart = "crash" }, { on = "bob", send = "x", claim = "echoes" }]'))
    assert [play.alone for play in both] == [False, True]


@pytest.mark.parametrize(
    ("object_", "fixed"),
    [
        ('name = "{play}"', None),
        ('name = "{room}"', None),  # a var that has {play}
        ('name = "foo"', "foo"),
        ('name = "{color}"', "{color}"),
        ('name = "{{play}}"', "{{play}}"),
        (f'id = "{"0" * 64}"', None),
    ],
)
def test_a_play_whose_object_others_would_share_is_played_alone(object_: str, fixed: str | None) -> None:
    story = plays_of(parse(HEAD.replace('name = "{play}"', object_) + ECHOES, "hibernate.toml"))[0]
    assert story.fixed_name == fixed
    assert story.alone is (fixed is not None or object_.startswith("id"))

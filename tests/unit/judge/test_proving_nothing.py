"""Steps that show nothing decide no claim and fill no cell: the loss lies before the read, and its object came back."""

from pathlib import Path

import pytest

from poc_cli.errors import ScenarioError
from poc_cli.scenario.loader import read
from tests.unit.judge.histories import History, Tale, finding, scenario, tale, verdicts

CONNECT = '{ connect = ["ann"] }'
SLEEP = '{ hibernate = "idle" }'
CRASH = '{ restart = "crash" }'
READ = '{ on = "ann", send = "get", expect = { n = 1 }, claim = "it" }'
LOOK = '{ on = "ann", send = "get", expect = { op = "get" } }'
ROWS = 'matrix = { row = "SQLite rows", expects = "survives" }'
FIELDS = 'matrix = { row = "in-memory fields", expects = "survives" }'
CHECK = 'check = "holds-after-loss"\n'


def cells(history: History) -> list[tuple[str, str, str]]:
    found = history.judged()["matrix"]
    return [(each["row"], each["column"], each["value"]) for each in found if each["claims"]]


def connected(text: str) -> Tale:
    told = tale(text)
    told.connect()
    return told


@pytest.mark.parametrize("check", ["", CHECK, 'check = "storage-survives"\n'])
def test_a_read_before_the_sleep_shows_nothing_of_it(check: str) -> None:
    told = connected(scenario("", [CONNECT, READ, SLEEP], claim=check + ROWS))
    told.says({"n": 1})
    told.sleeps()
    history = told.done()
    assert verdicts(history) == {"it": "unknown"}
    assert cells(history) == []


@pytest.mark.parametrize("step", ['{ idle = "10ms", claim = "it" }', '{ connect = ["ann"], claim = "it" }'])
def test_a_step_that_only_lets_something_happen_decides_no_claim(step: str) -> None:
    told = connected(scenario("", [CONNECT, SLEEP, step]))
    told.sleeps()
    told.begins("idle", "connect")
    told.ends()
    found = finding(told.done())
    assert (found["verdict"], found["reason"]) == ("unknown", "none of its steps expects anything")


@pytest.mark.parametrize(
    ("steps", "claim", "said"),
    [
        ([CONNECT, SLEEP, READ], ROWS, "add a check to the claim"),
        ([CONNECT, '{ idle = "10ms", claim = "it" }'], "", "no idle step shows anything by itself"),
        ([CONNECT, '{ kill = "ann", claim = "it" }'], "", "no kill step shows anything by itself"),
        (['{ connect = "ann", claim = "it" }'], "", "no connect step shows anything by itself"),
    ],
)
def test_such_a_claim_is_refused_in_a_file(tmp_path: Path, steps: list[str], claim: str, said: str) -> None:
    file = tmp_path / "story.toml"
    file.write_text(scenario("", steps, claim=claim))
    with pytest.raises(ScenarioError) as caught:
        read(file)
    assert said in str(caught.value) + str(caught.value.advice)


def test_a_connection_that_is_refused_does_show_something(tmp_path: Path) -> None:
    file = tmp_path / "story.toml"
    file.write_text(scenario("", ['{ connect = "ann", refused = 401, claim = "it" }']))
    read(file)


@pytest.mark.parametrize("check", ["", CHECK, 'check = "storage-survives"\n'])
@pytest.mark.parametrize("before", [[2], [1], []])
def test_a_field_that_is_as_new_after_a_crash_was_not_kept(check: str, before: list[int]) -> None:
    """One that was 2 and is 1 again, that was 1 and is 1, or that nobody had looked at."""
    steps = [CONNECT, *[LOOK] * len(before), CRASH, CONNECT, READ]
    told = connected(scenario("", steps, claim=check + FIELDS))
    for number in before:
        told.says({"op": "get", "n": number} if number == 1 else {"op": "get", "n": 1, "twice": 2})
    told.restart()
    told.connect()
    told.says({"n": 1})
    history = told.done()
    assert verdicts(history) == {"it": "unknown"}
    assert cells(history) == []


def test_a_field_that_goes_on_through_a_drop_was_kept() -> None:
    read = READ.replace("n = 1", "n = 3")
    steps = ['{ connect = ["ann", "bob"] }', LOOK, LOOK, '{ kill = "bob" }', read]
    told = connected(scenario("", steps, claim=CHECK + FIELDS))
    told.says({"op": "get", "n": 1})
    told.says({"op": "get", "n": 2})
    told.begins("kill")
    told.add("bob", "fault", step=3, fault="drop")
    told.closed("bob", by="client", clean=False)
    told.ends()
    told.says({"n": 3})
    history = told.done()
    assert verdicts(history) == {"it": "held"}
    assert cells(history) == [("in-memory fields", "network drop", "survived")]


def test_what_holds_after_a_loss_fills_the_cell_of_that_loss() -> None:
    told = connected(scenario("", [CONNECT, CRASH, CONNECT, READ, SLEEP], claim=CHECK + ROWS))
    told.restart()
    told.connect()
    told.says({"n": 1})
    told.sleeps()
    history = told.done()
    assert verdicts(history) == {"it": "held"}
    assert cells(history) == [("SQLite rows", "crash", "survived")]


def test_an_object_that_did_not_come_back_for_the_read_shows_nothing() -> None:
    told = connected(scenario("", [CONNECT, SLEEP, READ], claim=CHECK + ROWS))
    told.sleeps()
    told.says({"n": 1}, reached=0)
    history = told.done()
    assert verdicts(history) == {"it": "unknown"}
    assert cells(history) == []


def test_the_loss_of_another_object_is_none_of_the_claims() -> None:
    two = 'objects = { room = { class = "Room", name = "{play}" }, log = { class = "Log", name = "log-{play}" } }'
    steps = ['{ connect = ["ann", "bob"] }', '{ hibernate = "idle", of = "log" }', READ]
    text = scenario("", steps, claim=f'of = ["room"]\n{CHECK}{ROWS}')
    text = text.replace('object = { class = "Room", name = "{play}" }', two).replace(
        "room/{play}?name=bob", "l/log-{play}"
    )
    told = tale(text)
    told.connect(enters=("room", "log"))
    told.sleeps(label="log")
    told.says({"n": 1}, label="room")
    history = told.done()
    assert verdicts(history) == {"it": "unknown"}
    assert cells(history) == []

"""The survival matrix: columns from what happened, values from the verdicts, nothing from what was expected."""

from typing import Any

import pytest

from poc_cli.report.styled import plain
from poc_cli.report.text import lines
from tests.unit.judge.histories import History, scenario, tale

CONNECT = '{ connect = ["ann"] }'
WITNESS = '{ on = "ann", send = "read", expect = "blue" }'
SLEEP = '{ hibernate = "idle" }'
READ = '{ on = "ann", send = "read", expect = "blue", claim = "it" }'


def story(expects: str = "survives", name: str = "story") -> str:
    matrix = f'matrix = {{ row = "SQLite rows", expects = "{expects}" }}'
    text = scenario("storage-survives", [CONNECT, WITNESS, SLEEP, READ], claim=matrix)
    return text.replace('name = "story"', f'name = "{name}"', 1)


def played(history: History, text: str, *, how: str = "idle", kept: bool = True) -> None:
    told = history.play(text)
    told.connect()
    told.says("blue")
    told.sleeps(how, 10.001 if how == "idle" else 0.3)
    if kept:
        told.says("blue")
    else:
        told.gets_wrong("nothing")
    told.ended("done")


def filled(history: History) -> dict[tuple[str, str], dict[str, Any]]:
    cells = history.judged()["matrix"]
    assert len(cells) == 11 * 7
    return {(cell["row"], cell["column"]): cell for cell in cells if cell["value"] != "not tested"}


@pytest.mark.parametrize(("how", "column"), [("idle", "idle sleep"), ("evict", "forced eviction")])
def test_the_column_comes_from_what_happened_not_from_the_step(how: str, column: str) -> None:
    history = History()
    played(history, story(), how=how)
    assert list(filled(history.end())) == [("SQLite rows", column)]


@pytest.mark.parametrize(
    ("expects", "kept", "value"),
    [
        ("survives", True, "survived"),
        ("survives", False, "lost"),
        ("lost", True, "lost"),
        ("lost", False, "survived"),
        ("reset", True, "reset"),
        ("reset", False, "survived"),
    ],
)
def test_the_value_comes_from_the_verdict(expects: str, kept: bool, value: str) -> None:  # noqa: FBT001 - a table
    history = History()
    played(history, story(expects), kept=kept)
    (cell,) = filled(history.end()).values()
    assert (cell["value"], cell["as_documented"]) == (value, kept)
    assert cell["claims"] == ["story/it"]


def awake(history: History, name: str = "story") -> None:
    told = history.play(story(name=name))
    told.connect()
    told.says("blue")
    told.stays()
    told.ended("stopped", "hibernate failed")


def test_a_cell_whose_only_claim_is_unknown_is_unknown() -> None:
    history = History()
    awake(history)
    (cell,) = filled(history.end()).values()
    assert (cell["row"], cell["column"]) == ("SQLite rows", "idle sleep")
    assert (cell["value"], cell["as_documented"]) == ("unknown", None)
    assert (cell["claims"], cell["unknown"]) == ([], ["story/it"])


def test_a_claim_that_is_unknown_is_named_in_the_cell_that_another_fills() -> None:
    history = History()
    played(history, story(name="one"))
    awake(history, "two")
    (cell,) = filled(history.end()).values()
    assert (cell["value"], cell["claims"], cell["unknown"]) == ("survived", ["one/it"], ["two/it"])
    told = [plain(line) for line in lines(history.judged(), "run")]
    assert "SQLite rows  survived (1 of 2; 1 unknown)" in told


def test_a_claim_that_is_unknown_after_a_sleep_is_named_in_the_column_of_that_sleep() -> None:
    history = History()
    played(history, story(name="one"), how="evict")
    told = history.play(story(name="two"))
    told.connect()
    told.gets_wrong("red")  # the value was not there before the sleep either
    told.sleeps("evict", 0.3)
    told.says("blue")
    told.ended("done")
    (cell,) = filled(history.end()).values()
    assert (cell["column"], cell["value"], cell["unknown"]) == ("forced eviction", "survived", ["two/it"])


def test_a_mixture_of_sleeps_fills_no_column() -> None:
    matrix = 'matrix = { row = "SQLite rows", expects = "survives" }'
    steps = [CONNECT, WITNESS, SLEEP, READ, SLEEP, READ]
    told = tale(scenario("storage-survives", steps, claim=matrix))
    told.connect()
    told.says("blue")
    told.sleeps()
    told.says("blue")
    told.sleeps("evict", 0.2)
    told.says("blue")
    history = told.done()
    assert history.judged()["verdict"] == "held"
    assert filled(history) == {}


@pytest.mark.parametrize("order", [("good", "bad"), ("bad", "good")])
def test_of_two_claims_on_one_cell_the_worse_shows_and_both_are_named(order: tuple[str, str]) -> None:
    history = History()
    for name in order:
        played(history, story(name=name), kept=name == "good")
    (cell,) = filled(history.end()).values()
    assert (cell["value"], cell["as_documented"]) == ("lost", False)
    assert sorted(cell["claims"]) == ["bad/it", "good/it"]


def test_each_column_is_its_own() -> None:
    history = History()
    played(history, story(name="one"))
    played(history, story(name="two"), how="evict", kept=False)
    found = filled(history.end())
    assert found["SQLite rows", "idle sleep"]["value"] == "survived"
    assert found["SQLite rows", "forced eviction"]["value"] == "lost"


def test_a_claim_of_steps_alone_has_the_column_of_the_one_sleep_there_was() -> None:
    matrix = 'matrix = { row = "tags", expects = "survives" }'
    told = tale(scenario("", [CONNECT, SLEEP, READ], claim=matrix))
    told.connect()
    told.sleeps()
    told.says("blue")
    assert list(filled(told.done())) == [("tags", "idle sleep")]


def rests_on(history: History) -> list[tuple[str, str, int | None]]:
    (scenario_,) = history.judged()["scenarios"]
    return [(each["object"], each["way"], each["line"]) for each in scenario_["claims"][0]["rests_on"]]


def test_a_claim_names_the_sleeps_that_it_rests_on() -> None:
    history = History()
    played(history, story())
    ((label, way, line),) = rests_on(history.end())
    assert (label, way) == ("object", "idle")
    assert line is not None
    assert story().splitlines()[line - 1].strip(", ") == SLEEP


def test_a_claim_of_steps_alone_rests_on_the_sleep_before_them() -> None:
    told = tale(scenario("", [CONNECT, SLEEP, READ]))
    told.connect()
    told.sleeps()
    told.says("blue")
    assert [way for _, way, _ in rests_on(told.done())] == ["idle"]


def test_a_claim_without_a_sleep_rests_on_none() -> None:
    told = tale(scenario("", [CONNECT, READ]))
    told.connect()
    told.says("blue")
    assert rests_on(told.done()) == []

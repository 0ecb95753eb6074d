"""What a run plays and leaves out, and the worker that its scenarios bring in common."""

from poc_cli.engine.run_plan import plan_run
from poc_cli.run_options import RunOptions
from poc_cli.scenario.capabilities import Place
from poc_cli.scenario.loader import parse
from poc_cli.scenario.scenario import Scenario
from poc_cli.shipped import shipped

PLACE = Place("cloudflare", "instance", frozenset({"idle", "deploy", "environment", "worker"}))
TEXT = """\
name = "{name}"
title = "A story."
object = {{ class = "Room", name = "{{play}}" }}
clients = {{ ann = "/room/{{play}}" }}
{more}
steps = [ {{ connect = "ann" }}, {{ on = "ann", send = "x", claim = "it" }}{step} ]
[[claim]]
id = "it"
says = "It is so."
"""


def scenario(more: str = "", file: str = "stories/one.toml", step: str = "", name: str = "story") -> Scenario:
    return parse(TEXT.format(name=name, more=more, step=step), file)


def folder_of(*scenarios: Scenario) -> str | None:
    play = plan_run(scenarios, RunOptions(), PLACE).common_worker()
    return None if play is None or play.worker is None else play.worker.dir


def test_one_that_all_bring_is_taken() -> None:
    assert folder_of(scenario('worker = "hall"')) == "hall"
    assert folder_of(scenario('worker = "hall"'), scenario('worker = "hall"', "stories/two.toml")) == "hall"
    elsewhere = scenario('worker = "../stories/hall"', "others/two.toml")
    assert folder_of(scenario('worker = "hall"'), elsewhere) == "hall"


def test_none_is_taken_where_they_differ_or_one_brings_none() -> None:
    hall = scenario('worker = "hall"')
    assert folder_of() is None
    assert folder_of(scenario()) is None
    assert folder_of(hall, scenario()) is None
    assert folder_of(hall, scenario('worker = "other"')) is None
    assert folder_of(hall, scenario('worker = "hall"', "others/two.toml")) is None
    assert folder_of(hall, scenario('worker = { dir = "hall", env = "test" }')) is None
    assert folder_of(hall, scenario('worker = "hall"\nsecrets = ["APP_KEY"]')) is None


def test_what_cannot_be_played_there_has_no_say() -> None:
    crash = scenario(step=', { restart = "crash" }', name="crash")
    assert folder_of(scenario('worker = "hall"'), crash) == "hall"


def test_what_is_played_and_what_is_left_out_and_why() -> None:
    here, crash, missing = scenario(name="here"), scenario(step=', { restart = "crash" }', name="crash"), scenario()
    plan = plan_run([here, crash, missing], RunOptions(repeat=2), PLACE, {"story": "no browser"})
    assert [play.label for play in plan.stories] == ["here", "here#2"]
    assert plan.played == [here]
    assert plan.left_out == {"crash": "it kills the runtime; not available on cloudflare", "story": "no browser"}


def test_the_shipped_worker_is_called_that_however_a_scenario_names_it() -> None:
    own = scenario('worker = { dir = "../worker", vars = { A = "b" } }', str(shipped("scenarios") / "own.toml"))
    stories = [scenario(), own, scenario('worker = "hall"', "/stories/one.toml", name="hall")]
    assert plan_run(stories, RunOptions(), PLACE).workers(RunOptions()) == ["the shipped worker", "/stories/hall"]

"""How far a run is: which scenarios have ended, and what is said when one has."""

from poc_cli.commands.tally import Tally
from poc_cli.engine.step_failure import STEP_FAILED
from poc_cli.scenario.loader import parse
from poc_cli.scenario.plays import Play, plays_of

TEXT = """\
name = "{name}"
title = "A room."
object = {{ class = "Room", name = "{{play}}" }}
clients = {{ ann = "/room/{{play}}?name=ann" }}
steps = [{{ connect = "ann" }}, {{ hibernate = "idle" }}, {{ resume = "ann", send = "a", expect = "b", claim = "it" }}]

[[claim]]
id = "it"
says = "It holds."
control = {{ clients = {{ ann = "/room/{{play}}?api=standard" }}, expect = "unknown" }}
"""


def plays(*names: str) -> list[Play]:
    return [play for name in names for play in plays_of(parse(TEXT.format(name=name), f"{name}.toml"))]


def test_a_scenario_has_ended_with_the_last_of_its_plays() -> None:
    tally = Tally(plays("a", "b"))
    assert tally.headline() == "0 of 2 scenarios, about 15 s left"
    assert tally.update("a", "connecting") is None
    assert tally.update("a", "done") is None
    assert tally.update("a~it", "given_up") is None
    assert tally.update("a~it", "stopped") == "a: done (1 of 2)"
    assert tally.update("a~it", "stopped") is None
    assert tally.headline().startswith("1 of 2 scenarios")


def test_a_step_that_failed_is_counted_at_once_and_told_at_the_end() -> None:
    tally = Tally(plays("a"))
    assert tally.update("a", STEP_FAILED) is None
    assert ", 1 with a failed step, " in tally.headline()
    assert tally.update("a~it", STEP_FAILED) is None
    tally.update("a", "stopped")
    assert tally.update("a~it", "done") == "a: a step failed (1 of 1)"
    assert tally.headline() == "1 of 1 scenario, 1 with a failed step"


def test_plays_that_confirm_a_story_belong_to_no_scenario() -> None:
    tally = Tally(plays("a"))
    assert tally.update("a!modules", "done") is None
    assert tally.ended == 0

"""Every claim can fail: a control that comes out wrong, was not played or could not be played shows in the verdict."""

from dataclasses import replace
from typing import NoReturn

import pytest

from poc_cli.errors import ScenarioError
from poc_cli.judge.checks import CHECKS
from poc_cli.scenario.loader import parse
from tests.unit.judge.histories import FILE, History, Tale, claims, finding, scenario, verdicts

CONNECT = '{ connect = ["ann"] }'
READ = '{ on = "ann", send = "read", expect = "blue", claim = "it" }'
WITNESS = '{ on = "ann", send = "read", expect = "blue" }'
SLEEP = '{ hibernate = "idle" }'


def text(expect: str) -> str:
    control = f'control = {{ clients = {{ ann = "/room/{{play}}?broken" }}, expect = "{expect}" }}'
    return scenario("storage-survives", [CONNECT, WITNESS, SLEEP, READ], claim=control)


def surviving(told: Tale) -> Tale:
    told.connect()
    told.says("blue")
    told.sleeps()
    told.says("blue")
    told.ended("done")
    return told


def losing(told: Tale) -> Tale:
    told.connect()
    told.says("blue")
    told.sleeps()
    told.gets_wrong("nothing")
    told.ended("done")
    return told


def losing_and_stopping(told: Tale) -> Tale:
    told.connect()
    told.says("blue")
    told.sleeps()
    told.gets_wrong("nothing")
    told.ended("stopped", "a later step failed")
    return told


def sleepless(told: Tale) -> Tale:
    told.connect()
    told.says("blue")
    told.stays()
    told.ended("stopped", "hibernate failed")
    return told


@pytest.mark.parametrize(
    ("expect", "control", "verdict"),
    [
        ("refuted", losing, "held"),
        ("refuted", surviving, "unknown"),
        ("refuted", sleepless, "unknown"),
        ("refuted", losing_and_stopping, "held"),
        ("unknown", sleepless, "held"),
        ("unknown", losing, "unknown"),
        ("unknown", surviving, "unknown"),
        ("held", surviving, "held"),
        ("held", losing, "unknown"),
    ],
)
def test_a_claim_holds_only_where_its_control_came_out_as_it_should(
    expect: str, control: "object", verdict: str
) -> None:
    history = History()
    surviving(history.play(text(expect)))
    assert callable(control)
    control(history.play(text(expect), 1))
    assert verdicts(history.end()) == {"it": verdict}


def test_a_control_that_did_not_fail_says_so() -> None:
    history = History()
    surviving(history.play(text("refuted")))
    surviving(history.play(text("refuted"), 1))
    found = finding(history.end())
    assert found["reason"].startswith(
        "the control did not fail as it should: expected refuted, got held (object left memory"
    )
    assert found["control"]["as_expected"] is False
    assert history.judged()["exit_code"] == 4


def test_a_refutation_needs_no_control() -> None:
    history = History()
    losing(history.play(text("refuted")))
    surviving(history.play(text("refuted"), 1))
    assert verdicts(history.end()) == {"it": "refuted"}


@pytest.mark.parametrize("outcome", ["error", "interrupted"])
def test_a_control_that_could_not_be_played_is_an_error(outcome: str) -> None:
    history = History()
    surviving(history.play(text("refuted")))
    history.play(text("refuted"), 1).ended(outcome, "the side-car did not answer within 2 s")
    found = finding(history.end())
    assert found["verdict"] == "error"
    assert "the side-car did not answer within 2 s" in found["reason"]
    assert history.judged()["exit_code"] == 3


def test_a_control_that_broke_off_is_an_error() -> None:
    history = History()
    surviving(history.play(text("refuted")))
    history.play(text("refuted"), 1).connect()
    assert verdicts(history.end()) == {"it": "error"}


def test_a_claim_whose_control_was_not_played_does_not_hold() -> None:
    history = History()
    surviving(history.play(text("refuted")))
    found = finding(history.end())
    assert (found["verdict"], found["control"]["verdict"]) == ("unknown", "not run")
    assert found["reason"] == "it held, but its control was not played, which would show that it can fail"


def test_a_claim_is_refuted_without_its_control() -> None:
    history = History()
    losing(history.play(text("refuted")))
    assert finding(history.end())["verdict"] == "refuted"


def test_a_control_that_may_be_what_the_record_lacks_is_an_error() -> None:
    history = History()
    surviving(history.play(text("refuted")))
    assert verdicts(history) == {"it": "error"}


def test_a_control_decides_only_its_own_claims() -> None:
    more = '[[claim]]\nid = "other"\nsays = "It sleeps."\ncheck = "sleeps"\n'
    both = scenario(
        "storage-survives",
        [CONNECT, WITNESS, SLEEP, READ],
        claim='control = { clients = { ann = "/room/{play}?broken" } }',
        more=more,
    )
    history = History()
    surviving(history.play(both))
    losing(history.play(both, 1))
    found = claims(history.end().judged())
    assert {name: claim["verdict"] for name, claim in found.items()} == {"it": "held", "other": "held"}
    assert found["other"]["control"] is None


def test_a_control_of_another_scenario_decides_nothing() -> None:
    history = History()
    surviving(history.play(text("refuted")))
    other = text("refuted").replace('name = "story"', 'name = "other"', 1)
    losing(history.play(other, 1))
    assert finding(history.end())["control"]["verdict"] == "not run"


def test_a_check_that_throws_is_an_error_and_never_a_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> NoReturn:
        raise ZeroDivisionError("no numbers today")

    history = History()
    surviving(history.play(text("refuted")))
    losing(history.play(text("refuted"), 1))
    history.end()
    monkeypatch.setitem(CHECKS, "storage-survives", replace(CHECKS["storage-survives"], function=broken))
    found = finding(history)
    assert found["verdict"] == "error"
    assert "the check itself failed: ZeroDivisionError: no numbers today" in found["reason"]
    assert history.judged()["exit_code"] == 3


def test_a_check_and_the_steps_that_name_the_claim_decide_it_together() -> None:
    ping = '{ on = "ann", send = "ping", expect = "pong", claim = "it" }'
    good = History().play(scenario("sleeps", [CONNECT, SLEEP, ping]))
    good.connect()
    good.sleeps()
    good.says("pong", reached=0)
    assert verdicts(good.done()) == {"it": "held"}
    bad = History().play(scenario("sleeps", [CONNECT, SLEEP, ping]))
    bad.connect()
    bad.sleeps()
    bad.gets_wrong("gnop")
    assert verdicts(bad.done()) == {"it": "refuted"}


def test_a_control_that_stumbled_before_its_point_shows_nothing() -> None:
    history = History()
    surviving(history.play(text("unknown")))
    control = history.play(text("unknown"), 1)
    control.connect()
    control.gets_nothing()
    control.ended("stopped", "on failed: got nothing")
    found = finding(history.end())
    assert found["verdict"] == "unknown"
    assert found["reason"].startswith("the control ended before its change had an effect")


ASK = '{ on = "ann", send = "x", expect = "y", claim = "it" }'


def answers(failure: str = "", *, step: str = ASK, check: str = "") -> str:
    """Return a scenario whose control changes a client; `failure` is how its claim must fail then."""
    way = f"failure = {failure}, " if failure else ""
    return scenario(check, [CONNECT, step], claim=f'control = {{ {way}clients = {{ ann = "/room/{{play}}?broken" }} }}')


@pytest.mark.parametrize(
    ("failure", "came", "verdict"),
    [
        ("", "mismatch", "held"),
        ("", "silence", "unknown"),
        ("", "refused", "unknown"),
        ('"silence"', "silence", "held"),
        ('"silence"', "mismatch", "unknown"),
        ('["silence", "mismatch"]', "mismatch", "held"),
        ('"mismatch"', "silence", "unknown"),
        ('"closed"', "mismatch", "unknown"),
    ],
)
def test_a_control_counts_only_if_it_failed_for_the_reason_that_it_was_written_for(
    failure: str, came: str, verdict: str
) -> None:
    history = History()
    story = history.play(answers(failure))
    story.connect()
    story.says("y")
    story.ended("done")
    control = history.play(answers(failure), 1)
    control.connect()
    control.says(failure=(came, "it came otherwise"))
    control.ended("done")
    found = finding(history.end())
    assert found["verdict"] == verdict
    if verdict == "unknown":
        assert found["reason"].startswith("the control failed for another reason than its change: ")


@pytest.mark.parametrize("expect", ["refuted", "unknown"])
@pytest.mark.parametrize("watched", [11.0, 13.0])
def test_a_control_whose_object_did_not_sleep_may_be_refuted_or_unknown(expect: str, watched: float) -> None:
    change = f'control = {{ clients = {{ ann = "/room/{{play}}?pinned" }}, expect = "{expect}" }}'
    file = scenario("sleeps", [CONNECT, SLEEP], claim=change)
    history = History()
    story = history.play(file)
    story.connect()
    story.sleeps()
    story.ended("done")
    control = history.play(file, 1)
    control.connect()
    control.stays(watched)
    control.ended("stopped", "hibernate failed: it was still in memory")
    assert verdicts(history.end()) == {"it": "held"}


def test_a_failure_goes_with_a_control_that_is_refuted() -> None:
    with pytest.raises(ScenarioError, match='"failure" says how the claim is refuted'):
        parse(answers().replace("control = {", 'control = { expect = "unknown", failure = "silence",'), FILE)
    with pytest.raises(ScenarioError, match="must be"):
        parse(answers('"lateness"'), FILE)

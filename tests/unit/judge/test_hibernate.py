"""The shipped scenario as each of its mutant workers would play it: red for its own claim, green for the others."""

import pytest

from poc_cli.scenario.loader import parse
from poc_cli.scenario.model import Exchange
from tests.unit.judge.histories import FILE, History, claims, verdicts
from tests.unit.judge.performing import HIBERNATE, hibernate_run, perform, reply, sleepless

EVERY = [claim.id for claim in parse(HIBERNATE, FILE).document.claim]


def test_the_healthy_worker_holds_every_claim() -> None:
    judged = hibernate_run().judged()
    assert {name: claim["verdict"] for name, claim in claims(judged).items()} == dict.fromkeys(EVERY, "held")
    assert judged["exit_code"] == 0
    assert all(claim["evidence"] for claim in claims(judged).values())


def test_a_control_that_holds_takes_the_claims_that_it_decides() -> None:
    found = verdicts(hibernate_run(broken_controls=True))
    assert found == dict.fromkeys(EVERY, "unknown") | {"ping-does-not-wake": "held"}


@pytest.mark.parametrize(
    "claim",
    ["attachments-survive-sleep", "storage-survives-sleep", "tags-survive-sleep", "memory-is-reset-by-sleep"],
)
def test_a_wrong_answer_after_the_sleep_refutes_its_claim_and_no_other(claim: str) -> None:
    assert verdicts(hibernate_run(wrong={claim})) == dict.fromkeys(EVERY, "held") | {claim: "refuted"}


def test_a_worker_that_cannot_sleep_is_red_and_not_merely_unknown() -> None:
    history = History()
    sleepless(history.play(HIBERNATE))
    sleepless(history.play(HIBERNATE, 1))
    perform(history.play(HIBERNATE, 2))
    judged = history.end().judged()
    found = {name: claim["verdict"] for name, claim in claims(judged).items()}
    assert found == dict.fromkeys(EVERY, "unknown") | {"idle-room-sleeps": "refuted"}
    assert judged["exit_code"] == 1


def test_a_worker_that_closes_on_wake_loses_its_sockets_and_nothing_else() -> None:
    history = History()
    told = history.play(HIBERNATE)
    while (step := told.play.steps[told.next].step).verb != "resume":
        if step.verb == "connect":
            told.connect()
        elif step.verb == "hibernate":
            told.sleeps()
        elif step.verb == "probe":
            told.probe("asleep")
        elif isinstance(step, Exchange):
            told.says(reply(told, step), reached=0 if step.send == "ping" else None)
    told.begins("resume")
    told.add("bob", "sent", step=told.next - 1, text="{}", bytes=2)
    told.enters(why="hibernatable_websocket")
    told.closed("ann", "bob", code=1011)
    told.fails("closed", "bob was closed while it waited for an answer")
    while told.next < len(told.play.steps):
        if told.play.steps[told.next].step.verb == "idle":
            told.idles()
        else:
            told.is_closed()
    told.ended("done")
    sleepless(history.play(HIBERNATE, 1))
    perform(history.play(HIBERNATE, 2))
    found = verdicts(history.end())
    assert found["sockets-survive-sleep"] == "refuted"
    assert [name for name, verdict in found.items() if verdict == "refuted"] == ["sockets-survive-sleep"]
    assert found["storage-survives-sleep"] == "unknown"
    assert found["idle-room-sleeps"] == "held"

"""What was given up and played again stands beside the verdicts, and changes none."""

from typing import Any

from poc_cli.history.event import Event
from poc_cli.judge.document import Document, document
from tests.unit.judge.histories import History, scenario

CONTROL = 'control = { clients = { ann = "/room/{play}?name=ann&api=standard" }, expect = "unknown" }\n'
TEXT = scenario("sleeps", ['{ connect = ["ann"] }', '{ hibernate = "idle" }'], claim=CONTROL)

HUNG = "the runtime did not answer within 2 s"


def attempted(history: History, play: int, number: int, outcome: str) -> None:
    label = "story~it" if play else "story"
    told = history.play(TEXT, play, label=label if number == 1 else f"{label}@{number}")
    history.events[-1].data["attempt"] = number
    told.connect()
    if outcome == "done":
        told.sleeps()
    told.ended(outcome, "" if outcome == "done" else HUNG)


def replayed(judged: Document) -> list[list[dict[str, Any]]]:
    return [scenario["replayed"] for scenario in judged["scenarios"]]


def test_a_run_without_a_mishap_has_none() -> None:
    history = History()
    attempted(history, 0, 1, "done")
    history.left_out("other", "its subject is the timer")
    assert replayed(history.end().judged()) == [[], []]


def test_a_story_and_a_control_that_were_played_again() -> None:
    history = History()
    attempted(history, 0, 1, "given_up")
    attempted(history, 1, 1, "given_up")
    attempted(history, 0, 2, "done")
    attempted(history, 1, 2, "done")
    found = history.end().judged()
    assert replayed(found) == [[{"play": "story", "reason": HUNG}, {"play": "story~it", "reason": HUNG}]]


def test_what_was_given_up_and_never_played_again_was_not() -> None:
    history = History()
    attempted(history, 0, 1, "given_up")
    attempted(history, 1, 1, "done")
    found = history.end().judged()
    assert replayed(found) == [[]]
    assert found["exit_code"] == 3


def test_what_is_damaged_is_no_crash() -> None:
    history = History()
    attempted(history, 0, 1, "given_up")
    attempted(history, 0, 2, "done")
    whole = history.end().events
    for index, event in enumerate(whole):
        bare = Event(event.id, event.play, event.t_ns, event.actor, event.kind, event.step, {})
        for instead in (bare, None):
            lines: list[Event | None] = [*whole[:index], instead, *whole[index + 1 :]]
            assert all(isinstance(scenario["replayed"], list) for scenario in document(lines)["scenarios"])

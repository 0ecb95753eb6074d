"""Histories whose records of steps were edited."""

from collections.abc import Callable
from typing import Any

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.run_document import document
from tests.unit.judge.histories import History, claims, scenario, tale

MILLISECOND = 1_000_000


CONNECT = '{ connect = ["ann"] }'


ASK = '{ on = "ann", send = { op = "who" }, expect = { n = 1 }, within = "5s", claim = "it" }'


def judged(history: History) -> Any:
    return document(list(history.events))


def misfit(history: History) -> str | None:
    """Judge a history; return what does not fit together in it, None where everything does."""
    reasons: list[str] = [claim["reason"] for claim in claims(judged(history)).values()]
    told = [reason for reason in reasons if "the record is inconsistent" in reason]
    if not told:
        return None
    assert len(told) == len(reasons)
    assert judged(history)["exit_code"] == 3
    return told[0].partition("the record is inconsistent: ")[2]


def edit(history: History, wanted: Callable[[Event], bool], **changes: Any) -> History:
    """Change the data of the events that are wanted."""
    assert any(map(wanted, history.events))
    history.events = [with_data(each, **changes) if wanted(each) else each for each in history.events]
    return history


def with_data(event: Event, **changes: Any) -> Event:
    return Event(event.id, event.play, event.t_ns, event.actor, event.kind, event.step, {**event.data, **changes})


def end_of(step: int) -> Callable[[Event], bool]:
    return lambda event: event.kind == kinds.STEP_END and event.step == step


def turned(history: History, step: int, failure: str = "mismatch") -> History:
    """Say of a step the opposite of what it says of itself."""
    [end] = filter(end_of(step), history.events)
    opposite = {"ok": False, "failure": failure, "reason": "so"} if end.data["ok"] else {"ok": True}
    return edit(history, end_of(step), **opposite)


def asked(step: str = ASK, *, reply: object = None, failure: tuple[str, str] | None = None) -> History:
    told = tale(scenario("", [CONNECT, step]))
    told.connect()
    told.says({"n": 1} if reply is None else reply, failure=failure)
    return told.done()


QUIET = '{ on = "ann", quiet = "1s", claim = "it" }'

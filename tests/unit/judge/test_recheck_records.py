"""What the record of a step or a run must contain, and what is believed."""

from collections.abc import Iterable
from typing import Any

import pytest

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from tests.unit.judge.histories import History, claims, scenario, tale
from tests.unit.judge.performing import hibernate_run
from tests.unit.judge.rechecking import (
    ASK,
    CONNECT,
    MILLISECOND,
    QUIET,
    asked,
    edit,
    end_of,
    judged,
    misfit,
    turned,
    with_data,
)


def at(history: History, event: Event, t_ns: int) -> History:
    """Return an event another time."""
    moved = Event(event.id, event.play, t_ns, event.actor, event.kind, event.step, event.data)
    history.events = [moved if each is event else each for each in history.events]
    return history


def only(history: History, kind: str) -> Event:
    [event] = (each for each in history.events if each.kind == kind)
    return event


# --- what a step's end says must be there


def test_an_answer_must_be_the_first_that_meets_the_expectation() -> None:
    told = tale(scenario("", [CONNECT, ASK]))
    told.connect()
    told.says({"n": 1})
    history = told.done()
    again = History()
    for event in history.events:
        again.t_ns = event.t_ns - MILLISECOND
        if event.kind == kinds.STEP_END and event.step == 1:
            again.add("story", "ann", kinds.RECEIVED, step=1, text='{"n":1}', bytes=7)
            again.add("story", "poc", kinds.STEP_END, step=1, **event.data)
        elif event.kind != kinds.RUN_START:
            again.add(event.play, event.actor, event.kind, step=event.step, **event.data)
    assert misfit(again) is None
    answer = next(event.id for event in again.events if event.kind == kinds.RECEIVED)
    told_of = edit(again, end_of(1), answered={"ann": {"event": answer + 1, "after_ns": MILLISECOND}})
    assert (
        misfit(told_of) == f"step 2 (line 7) names event {answer + 1} as its answer, and event {answer} was one before"
    )


@pytest.mark.parametrize("event", [1, 2, 4, 9, 1000])
def test_an_answer_must_be_a_message_of_the_client(event: int) -> None:
    history = edit(asked(), end_of(1), answered={"ann": {"event": event, "after_ns": MILLISECOND}})
    assert misfit(history) == f"step 2 (line 7) names event {event}, which ann did not get"


def test_what_was_sent_must_be_what_the_client_sent() -> None:
    assert misfit(edit(asked(), end_of(1), sent={"ann": 2})) == "step 2 (line 7) names event 2 as what ann sent"


@pytest.mark.parametrize("after_ns", [-MILLISECOND, 3 * MILLISECOND, 10_000 * MILLISECOND])
def test_an_answer_came_when_it_came(after_ns: int) -> None:
    history = asked()
    answer = only(history, kinds.RECEIVED)
    told = misfit(edit(history, end_of(1), answered={"ann": {"event": answer.id, "after_ns": after_ns}}))
    fits = 0 <= after_ns <= answer.t_ns - only(history, kinds.SENT).t_ns + MILLISECOND
    assert (told is None) == (fits or after_ns < 0)


def test_a_wake_cannot_be_made_shorter() -> None:
    resume = '{ resume = "ann", send = "a", expect = { n = 1 }, claim = "it" }'
    told = tale(scenario("wake-under", [CONNECT, '{ hibernate = "idle" }', resume], claim='limit = "1s"'))
    told.connect()
    told.sleeps()
    told.says({"n": 1}, wake_ms=2000)
    history = told.done()
    assert misfit(history) is None
    assert "says that its wake took 3.0 ms" in str(misfit(edit(history, end_of(2), wake_ms=3.0)))
    answered = {"ann": {"event": history.events[-4].id, "after_ns": 3 * MILLISECOND}}
    assert history.events[-4].kind == kinds.RECEIVED
    shorter = edit(history, end_of(2), wake_ms=3.0, answered=answered)
    assert "came after 3.000 ms, but it came 2002.000 ms after event" in str(misfit(shorter))


def test_lateness_between_a_send_and_its_clock_is_allowed_for() -> None:
    history = asked()
    answer, sent = only(history, kinds.RECEIVED), only(history, kinds.SENT)
    at(history, answer, answer.t_ns + 3_000 * MILLISECOND)
    for event in history.events[answer.id :]:
        at(history, event, event.t_ns + 3_000 * MILLISECOND)
    assert misfit(history) is not None
    until_ns = sent.t_ns + 2_900 * MILLISECOND
    end = history.events.pop()
    history.add("run", "poc", kinds.LATE, who="poc", from_ns=sent.t_ns, to_ns=until_ns)
    history.add("run", "poc", end.kind, **end.data)
    assert misfit(history) is None


def test_a_value_that_was_captured_is_in_the_answer() -> None:
    capture = '{ on = "ann", send = "a", capture = { mark = "n" } }'
    told = tale(scenario("", [CONNECT, capture, '{ on = "ann", send = "b", where = ["n == {mark}"], claim = "it" }']))
    told.connect()
    told.says({"n": 1})
    told.says({"n": 2}, failure=("mismatch", "none as expected"))
    history = told.done()
    assert misfit(history) is None
    lied = edit(turned(history, 2), lambda event: event.kind == kinds.CAPTURED, value=2)
    assert misfit(lied) == "step 2 (line 7) captured a value for mark that its answer does not have at n"


# --- what cannot have happened


def test_nothing_is_received_or_sent_on_a_socket_that_is_not_open() -> None:
    told = tale(scenario("", [CONNECT, QUIET]))
    told.connect()
    told.begins("on")
    told.closed("ann")
    told.hears("ann", "late")
    told.fails("closed", "ann was closed")
    assert misfit(told.done()) == "ann received event 10 while it had no connection"
    told = tale(scenario("", [CONNECT, QUIET]))
    told.hears("ann", "early")
    told.connect()
    told.is_quiet()
    assert misfit(told.done()) == "ann received event 3 while it had no connection"


def test_what_comes_at_once_may_be_written_down_before_the_opening() -> None:
    told = tale(scenario("", ['{ connect = ["ann"] }', '{ on = "ann", expect = { n = 1 }, claim = "it" }']))
    told.begins("connect")
    told.hears("ann", {"n": 1})
    told.add("ann", kinds.OPENED, step=0, subprotocol=None, compression=False)
    told.ends()
    told.begins("on")
    told.ends(answered={"ann": {"event": 4, "after_ns": 0}})
    assert rechecked(told.done())
    told = tale(scenario("", ['{ connect = ["ann"] }', '{ on = "ann", expect_code = 4000, claim = "it" }']))
    told.begins("connect")
    told.closed("ann", code=4000)
    told.add("ann", kinds.OPENED, step=0, subprotocol=None, compression=False)
    told.ends()
    told.begins("on")
    told.ends(closed={"ann": 4000})
    assert rechecked(told.done())


def test_what_a_socket_got_that_was_replaced_while_it_was_open_is_believed() -> None:
    told = tale(scenario("", [CONNECT, '{ connect = ["ann"] }', ASK]))
    told.connect()
    told.connect(enters=())
    told.closed("ann")
    told.says({"n": 1})
    history = told.done()
    assert misfit(history) is None
    assert claims(judged(history))["it"]["rechecked"] is False


def test_times_do_not_run_backwards() -> None:
    history = asked()
    sent = only(history, kinds.SENT)
    history.t_ns += 10_000 * MILLISECOND
    assert (
        misfit(at(history, sent, sent.t_ns + 2_000 * MILLISECOND))
        == f"event {sent.id + 1} is earlier than those before it"
    )
    told = tale(scenario("sleeps", [CONNECT, '{ hibernate = "idle" }']))
    told.connect()
    told.at_ns -= 5_000 * MILLISECOND
    told.enters()
    told.sleeps()
    assert "at_ns is earlier than in the events before" in str(misfit(told.done()))


def test_steps_come_in_the_scenarios_order() -> None:
    history = asked()
    assert "begins a step that the scenario does not have there" in str(
        misfit(edit(history, lambda event: event.kind == kinds.STEP and event.step == 1, claim=None))
    )
    told = tale(scenario("", [CONNECT, ASK]))
    told.connect()
    told.begins("on")
    assert "has no end" in str(misfit(told.ended("done").end()))


def test_a_story_does_not_go_on_after_a_precondition_failed() -> None:
    told = tale(scenario("", [CONNECT, '{ on = "ann", send = "a", expect = "b" }', ASK]))
    told.connect()
    told.says("c", failure=("mismatch", "none as expected"))
    told.says({"n": 1})
    assert misfit(told.done()) == "event 13 begins a step after step 2 (line 7) failed"


# --- what is believed


def rechecked(history: History) -> bool:
    assert misfit(history) is None
    found: bool = claims(judged(history))["it"]["rechecked"]
    return found


def test_a_claim_whose_steps_were_recomputed_says_so() -> None:
    assert rechecked(asked())


@pytest.mark.parametrize(
    "changes",
    [{"cut": True, "text": '{"n":1'}, {"text": '{"n":"[secret]"}'}, {"text": "[secret]"}, {"text": "", "hex": "?"}],
)
def test_a_message_that_was_not_kept_whole_is_believed(changes: dict[str, Any]) -> None:
    history = edit(asked(), lambda event: event.kind == kinds.RECEIVED, **changes)
    if "hex" in changes:
        del only(history, kinds.RECEIVED).data["text"]
    assert not rechecked(history)
    assert not rechecked(turned(history, 1))


def test_an_expectation_that_held_a_secret_is_believed() -> None:
    step = ASK.replace("n = 1", 'n = "[secret]"')
    assert rechecked(asked(step, reply={"n": "[secret]"})) is False
    # The record could keep what the scenario's text does not show.
    assert rechecked(asked(step, reply={"n": "c2VjcmV0"})) is False


def test_a_message_that_does_not_concern_the_step_may_be_cut() -> None:
    told = tale(scenario("", [CONNECT, ASK]))
    told.connect()
    told.add("ann", kinds.RECEIVED, step=0, text="aaa", cut=True)
    told.says({"n": 1})
    assert rechecked(told.done())


def test_another_claim_of_the_same_story_stays_rechecked() -> None:
    other = '[[claim]]\nid = "other"\nsays = "It is so."\n'
    told = tale(scenario("", [CONNECT, ASK, ASK.replace('"it"', '"other"')], more=other))
    told.connect()
    told.says({"n": 1})
    told.says({"n": 1})
    history = told.done()
    last = [event for event in history.events if event.kind == kinds.RECEIVED][-1]
    edit(history, lambda event: event is last, cut=True)
    found = claims(judged(history))
    assert (found["it"]["rechecked"], found["other"]["rechecked"]) == (True, False)


@pytest.mark.parametrize("damaged", [{"target": 1}, {"decides": ["nothing"]}, {"nonce": None}, {"text": "name ="}])
def test_a_play_that_cannot_be_read_breaks_nothing(damaged: dict[str, Any]) -> None:
    history = edit(asked(), lambda event: event.kind == kinds.PLAY_START, **damaged)
    assert judged(history)["exit_code"] in {0, 3}


def test_an_older_record_that_names_no_answer_is_read_all_the_same() -> None:
    history = edit(asked(), end_of(1), answered={})
    assert misfit(history) is None
    wrong = asked(reply={"n": 2}, failure=("mismatch", "none as expected"))
    assert misfit(turned(wrong, 1)) is not None


# --- whole runs


def steps_of(history: History) -> Iterable[int]:
    return (index for index, event in enumerate(history.events) if event.kind == kinds.STEP_END)


def test_a_run_as_it_was_written_fits_together() -> None:
    found = judged(hibernate_run())
    assert (found["exit_code"], found["counts"]["held"]) == (0, 7)
    assert all(claim["rechecked"] for claim in claims(found).values())
    assert judged(hibernate_run(wrong={"storage-survives-sleep"}))["exit_code"] == 1


def test_no_step_of_a_run_can_be_turned_round() -> None:
    for index in steps_of(hibernate_run()):
        history = hibernate_run()
        end = history.events[index]
        opposite = {"ok": False, "failure": "mismatch", "reason": "so"} if end.data["ok"] else {"ok": True}
        history.events[index] = with_data(end, **opposite)
        found = judged(history)
        assert found["exit_code"] == 3, end


def test_no_refuted_step_of_a_run_can_be_made_to_hold() -> None:
    wrong = {"storage-survives-sleep", "attachments-survive-sleep"}
    failed = [
        index
        for index in steps_of(hibernate_run(wrong=wrong))
        if not hibernate_run(wrong=wrong).events[index].data["ok"]
    ]
    assert failed
    for index in failed:
        history = hibernate_run(wrong=wrong)
        history.events[index] = with_data(history.events[index], ok=True)
        assert judged(history)["exit_code"] == 3


# --- patterns, their groups, and what had come before


MATCHED = (
    """{ on = "ann", send = "who", expect = { match = "^i=(?P<it>[a-z]+)" }, capture = { a = "it" }, claim = "it" }"""
)


def matched(step: str = MATCHED, *, text: str = "i=abc", value: str = "abc") -> History:
    """Return a run whose answer is a text."""
    told = tale(scenario("", [CONNECT, step]))
    told.connect()
    told.begins("on")
    told.add("ann", kinds.SENT, step=1, text="who", bytes=3)
    answer = told.add("ann", kinds.RECEIVED, step=1, text=text, bytes=len(text))
    told.add("poc", kinds.CAPTURED, step=1, name="a", value=value)
    told.ends(answered={"ann": {"event": answer.id, "after_ns": MILLISECOND}}, sent={"ann": answer.id - 1})
    return told.done()


def test_a_group_is_captured_from_the_answer() -> None:
    assert misfit(matched()) is None
    assert misfit(matched(value="abd")) == "step 2 (line 7) captured a value for a that its answer does not have at it"
    assert misfit(matched(value="[secret]")) is None


def test_a_text_that_does_not_match_is_no_answer() -> None:
    told = misfit(matched(text="j=abc"))
    assert told == "step 2 (line 7) is ok, but no recorded message meets its expectation"


def test_a_secret_in_a_matched_text_is_believed() -> None:
    history = matched(text="[secret]", value="[secret]")
    assert misfit(history) is None
    [claim] = claims(judged(history)).values()
    assert claim["rechecked"] is False


def overtaken(pushed: object, *, failure: str = "overtaken") -> History:
    """Return a run in which a push came before the answer, and the next step expects it."""
    asks = '{ on = "ann", send = { op = "who" }, expect = { n = 1 } }'
    told = tale(scenario("", [CONNECT, asks, '{ on = "ann", expect = { event = "x" }, within = "1s", claim = "it" }']))
    told.connect()
    told.begins("on")
    sent = told.add("ann", kinds.SENT, step=1, text='{"op":"who"}', bytes=12)
    told.hears("ann", pushed, {"n": 1})
    answer = told.history.events[-1]
    took = answer.t_ns - sent.t_ns
    told.ends(
        answered={"ann": {"event": answer.id, "after_ns": took}},
        sent={"ann": sent.id},
        passed_over={"ann": [sent.id + 1]},
    )
    told.begins("on")
    told.passes(1)
    told.fails(failure, "ann got nothing within 1 s")
    return told.done()


def test_what_was_overtaken_decides_nothing() -> None:
    history = overtaken({"event": "x"})
    assert misfit(history) is None
    assert claims(judged(history))["it"]["verdict"] == "unknown"


def test_a_loss_that_was_made_an_overtaking_is_an_error() -> None:
    told = misfit(overtaken({"event": "y"}))
    assert told == "step 3 (line 8) failed (overtaken), but no message before it is as it expects"


def test_an_older_record_calls_it_a_silence() -> None:
    history = overtaken({"event": "x"}, failure="silence")
    assert misfit(history) is None
    assert claims(judged(history))["it"]["verdict"] == "refuted"

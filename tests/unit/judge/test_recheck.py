"""The judge recomputes what a step came to: an edited record is an error, and a record as it was written never is."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.run_document import Document, document
from tests.unit.judge.histories import History, Tale, claims, scenario, tale
from tests.unit.judge.performing import hibernate_run

MILLISECOND = 1_000_000
CONNECT = '{ connect = ["ann"] }'
ASK = '{ on = "ann", send = { op = "who" }, expect = { n = 1 }, within = "5s", claim = "it" }'


def judged(history: History) -> Document:
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


def at(history: History, event: Event, t_ns: int) -> History:
    """Return an event another time."""
    moved = Event(event.id, event.play, t_ns, event.actor, event.kind, event.step, event.data)
    history.events = [moved if each is event else each for each in history.events]
    return history


def end_of(step: int) -> Callable[[Event], bool]:
    return lambda event: event.kind == kinds.STEP_END and event.step == step


def turned(history: History, step: int, failure: str = "mismatch") -> History:
    """Say of a step the opposite of what it says of itself."""
    [end] = filter(end_of(step), history.events)
    opposite = {"ok": False, "failure": failure, "reason": "so"} if end.data["ok"] else {"ok": True}
    return edit(history, end_of(step), **opposite)


def only(history: History, kind: str) -> Event:
    [event] = (each for each in history.events if each.kind == kind)
    return event


def asked(step: str = ASK, *, reply: object = None, failure: tuple[str, str] | None = None) -> History:
    told = tale(scenario("", [CONNECT, step]))
    told.connect()
    told.says({"n": 1} if reply is None else reply, failure=failure)
    return told.done()


# --- a step that is ok must be met, one that failed must not


def test_a_failed_expectation_that_was_made_ok_is_an_error() -> None:
    history = asked(reply={"n": 2}, failure=("mismatch", "got 1 message(s), none as expected"))
    assert misfit(history) is None
    assert claims(judged(history))["it"]["verdict"] == "refuted"
    told = misfit(turned(history, 1))
    assert told == "step 2 (line 7) is ok, but no recorded message meets its expectation"


def test_a_silence_that_was_made_ok_is_an_error() -> None:
    told = tale(scenario("", [CONNECT, ASK]))
    told.connect()
    told.gets_nothing()
    history = told.done()
    assert misfit(history) is None
    assert misfit(turned(history, 1)) == "step 2 (line 7) is ok, but no recorded message meets its expectation"


@pytest.mark.parametrize("failure", ["mismatch", "silence"])
def test_an_answer_that_was_denied_is_an_error(failure: str) -> None:
    history = asked()
    assert misfit(history) is None
    told = misfit(turned(history, 1, failure))
    assert told == f"step 2 (line 7) failed ({failure}), but the recorded messages meet its expectation"


def late(answer_ns: int) -> History:
    """Return a run whose answer came so long after the question, and was not waited for any more."""
    told = tale(scenario("", [CONNECT, ASK]))
    told.connect()
    told.begins("on")
    told.add("ann", kinds.SENT, step=1, text='{"op":"who"}', bytes=12)
    told.history.t_ns += answer_ns
    told.hears("ann", {"n": 1})
    told.fails("silence", "ann got nothing within 5 s, though the runtime answers")
    return told.done()


def test_an_answer_that_came_when_the_time_was_over_is_none() -> None:
    assert misfit(late(5_100 * MILLISECOND)) is None
    assert misfit(late(4_900 * MILLISECOND)) is None  # the engine's clock and the record's may differ a little
    assert misfit(late(4_000 * MILLISECOND)) is not None


def test_what_came_before_the_question_does_not_answer_it() -> None:
    told = tale(scenario("", [CONNECT, ASK]))
    told.connect()
    told.hears("ann", {"n": 1})
    told.gets_nothing()
    history = told.done()
    assert misfit(history) is None
    assert misfit(turned(history, 1)) is not None


def test_a_step_that_does_not_send_takes_on_where_the_last_reading_stopped() -> None:
    hear = '{ on = "ann", expect = { n = 2 } }'
    told = tale(scenario("", [CONNECT, ASK, hear, '{ on = "ann", expect = { n = 2 }, claim = "it" }']))
    told.connect()
    told.says({"n": 1})
    told.hears("ann", {"n": 2})
    told.begins("on")
    told.ends(answered={"ann": {"event": told.history.events[-2].id, "after_ns": 0}})
    told.gets_nothing()
    history = told.done()
    assert misfit(history) is None
    assert misfit(turned(history, 3)) is not None


@pytest.mark.parametrize(
    ("keys", "replies", "is_met"),
    [
        ('expect = { n = 1 }, where = ["m > 2"]', [{"n": 1, "m": 2}, {"n": 1, "m": 3}], True),
        ('expect = { n = 1 }, where = ["m > 2"]', [{"n": 1, "m": 2}], False),
        ("expect = { n = 1 }, exact = true", [{"n": 1, "m": 2}], False),
        ("expect = { n = 1 }, next = true", [{"n": 2}, {"n": 1}], False),
        ("expect = [{ n = 1 }, { n = 2 }]", [{"n": 1}, {"n": 3}, {"n": 2}], True),
        ("expect = [{ n = 1 }, { n = 2 }]", [{"n": 2}, {"n": 1}], False),
        ('expect = [{ n = 1 }, { n = 2 }], order = "any"', [{"n": 2}, {"n": 1}], True),
        ('expect = [{ n = 1 }, { n = 2 }], order = "any"', [{"n": 2}, {"n": 2}], False),
        ('expect = { text = "a" }', ["a"], True),
        ('expect = { text = "a" }', ["b"], False),
        ("expect = { bytes = 2 }", [b"ab"], True),
        ("expect = { bytes = 2 }", [b"abc"], False),
        ('expect = { hex = "6162" }', [b"ab"], True),
    ],
)
def test_an_expectation_is_read_as_the_engine_reads_it(keys: str, replies: list[object], *, is_met: bool) -> None:
    told = tale(scenario("", [CONNECT, f'{{ on = "ann", send = "a", {keys}, claim = "it" }}']))
    told.connect()
    told.begins("on")
    sent = told.add("ann", kinds.SENT, step=1, text="a", bytes=1)
    for reply in replies:
        content = {"hex": reply.hex()} if isinstance(reply, bytes) else None
        if content is None:
            told.hears("ann", reply)
        else:
            told.add("ann", kinds.RECEIVED, step=1, **content)
    answer = {"event": told.history.events[-1].id, "after_ns": 0}
    if is_met:
        told.ends(sent={"ann": sent.id}, answered={"ann": answer})
    else:
        told.passes(5)
        told.fails("mismatch", "none as expected")
    history = told.done()
    assert misfit(history) is None
    assert misfit(turned(history, 1)) is not None


QUIET = '{ on = "ann", quiet = "1s", claim = "it" }'


def test_a_silence_that_was_broken_is_none() -> None:
    told = tale(scenario("", [CONNECT, QUIET]))
    told.connect()
    told.begins("on")
    told.passes(0.3)
    told.hears("ann", "boo")
    told.fails("noise", "ann should receive nothing")
    history = told.done()
    assert misfit(history) is None
    assert misfit(turned(history, 1)) is not None


def test_a_silence_that_was_kept_was_not_broken() -> None:
    told = tale(scenario("", [CONNECT, QUIET]))
    told.connect()
    told.is_quiet()
    history = told.done()
    assert misfit(history) is None
    assert misfit(turned(history, 1, "noise")) is not None


def test_what_came_after_a_silence_did_not_break_it() -> None:
    told = tale(scenario("", [CONNECT, QUIET]))
    told.connect()
    told.begins("on")
    told.passes(1.1)
    told.hears("ann", "boo")
    told.ends()
    assert misfit(told.done()) is None


def test_in_a_silence_of_some_kind_only_that_kind_counts() -> None:
    told = tale(scenario("", [CONNECT, '{ on = "ann", quiet = "1s", like = { n = 1 }, claim = "it" }']))
    told.connect()
    told.begins("on")
    told.passes(0.3)
    told.hears("ann", {"n": 2})
    told.passes(0.8)
    told.ends()
    history = told.done()
    assert misfit(history) is None
    assert misfit(edit(history, lambda event: event.kind == kinds.RECEIVED, text='{"n":1}')) is not None


def closed_by(by: str, code: int, step: str, **seen: Any) -> Tale:
    told = tale(scenario("", [CONNECT, step]))
    told.connect()
    told.begins("on", "close")
    told.closed("ann", by=by, code=code)
    if seen:
        told.ends(**seen)
    return told


def test_a_close_with_another_code_is_not_the_expected_one() -> None:
    step = '{ on = "ann", expect_code = 4000, claim = "it" }'
    told = closed_by("server", 4001, step)
    told.fails("mismatch", "ann expected close code 4000")
    history = told.done()
    assert misfit(history) is None
    assert misfit(edit(turned(history, 1), end_of(1), closed={"ann": 4001})) is not None
    assert misfit(closed_by("server", 4000, step, closed={"ann": 4000}).done()) is None
    assert misfit(turned(closed_by("server", 4000, step, closed={"ann": 4000}).done(), 1)) is not None
    assert misfit(closed_by("client", 4000, step, closed={"ann": 4000}).done()) is not None


def test_a_close_of_ours_answered_with_another_code_is_not_the_expected_one() -> None:
    step = '{ close = ["ann"], expect_code = 1000, claim = "it" }'
    assert misfit(closed_by("client", 1000, step, closed={"ann": 1000}).done()) is None
    assert misfit(closed_by("client", 1001, step, closed={"ann": 1001}).done()) is not None


def test_a_client_that_was_let_in_was_not_refused() -> None:
    told = tale(scenario("", ['{ connect = ["ann"], refused = 401, claim = "it" }', '{ idle = "1s" }']))
    told.begins("connect")
    told.add("ann", kinds.OPENED, step=0, subprotocol=None, compression=False)
    told.fails("refused", "ann was connected and should be refused with 401")
    told.idles()
    history = told.done()
    assert misfit(history) is None
    assert misfit(turned(history, 0)) is not None


def test_a_client_that_was_refused_was_not_let_in() -> None:
    told = tale(scenario("", ['{ connect = ["ann"], refused = 401, claim = "it" }', '{ idle = "1s" }']))
    told.begins("connect")
    told.add("ann", kinds.OPEN_FAILED, step=0, said="the server answered 401 no", late=False)
    told.ends()
    told.idles()
    history = told.done()
    assert misfit(history) is None
    assert misfit(turned(history, 0, "refused")) is not None


def got(status: int, text: str = '{"n":1}', **end: Any) -> History:
    step = '{ http = "/r/{play}", status = 200, expect = { n = 1 }, claim = "it" }'
    told = tale(scenario("", [CONNECT, step]))
    told.connect()
    told.begins("http")
    sent = told.add("http", kinds.SENT, step=1, method="POST", path="/r/nonce", text="")
    answer = told.add("http", kinds.RECEIVED, step=1, status=status, text=text)
    if end:
        told.fails(**end)
    else:
        told.ends(sent={"http": sent.id}, answered={"http": {"event": answer.id, "after_ns": MILLISECOND}})
    return told.done()


def test_an_answer_over_http_is_compared_too() -> None:
    mismatch = {"failure": "mismatch", "reason": "so"}
    assert misfit(got(200)) is None
    assert misfit(got(500)) is not None
    assert misfit(got(200, '{"n":2}')) is not None
    assert misfit(got(500, **mismatch)) is None
    assert misfit(got(200, '{"n":2}', **mismatch)) is None
    assert misfit(got(200, **mismatch)) is not None


def test_a_sleep_that_did_not_come_was_none() -> None:
    told = tale(scenario("sleeps", [CONNECT, '{ hibernate = "idle", claim = "it" }']))
    told.connect()
    told.stays()
    history = told.done()
    assert misfit(history) is None
    assert misfit(turned(history, 1)) == "step 2 (line 7) is ok, but its object did not leave memory"


def test_a_sleep_that_came_was_one() -> None:
    told = tale(scenario("sleeps", [CONNECT, '{ hibernate = "idle", claim = "it" }']))
    told.connect()
    told.sleeps()
    history = told.done()
    assert misfit(history) is None
    assert misfit(turned(history, 1, "no_sleep")) is not None


def test_an_object_that_something_woke_at_once_did_not_sleep() -> None:
    told = tale(scenario("stays-awake", [CONNECT, '{ hibernate = "evict", claim = "it" }']))
    told.connect()
    told.begins("hibernate")
    told.add("object:object", kinds.EVICTING, step=1)
    told.leaves("evict", 0.1)
    told.enters(why="hibernatable_websocket")
    told.passes(1)
    told.fails("no_sleep", "the evict did not end object's stay")
    assert misfit(told.done()) is None


def test_an_object_is_where_its_comings_and_goings_say() -> None:
    told = tale(scenario("", [CONNECT, '{ hibernate = "idle" }', '{ probe = "asleep", claim = "it" }']))
    told.connect()
    told.sleeps()
    told.probe("asleep")
    history = told.done()
    assert misfit(history) is None
    awake = edit(history, lambda event: event.kind == kinds.PROBED, found="awake", ok=False)
    assert misfit(turned(awake, 2, "probe")) == "event 12 found its object awake, but it was asleep"


def test_an_object_that_was_awake_already_was_not_resumed() -> None:
    resume = '{ resume = "ann", send = "a", expect = { n = 1 }, claim = "it" }'
    told = tale(scenario("", [CONNECT, '{ hibernate = "idle" }', resume]))
    told.connect()
    told.sleeps()
    told.enters()
    told.begins("resume")
    told.fails("woken", "object was woken by fetch first")
    history = told.done()
    assert misfit(history) is None
    told = tale(scenario("", [CONNECT, '{ hibernate = "idle" }', resume]))
    told.connect()
    told.sleeps()
    told.enters()
    told.says({"n": 1})
    assert misfit(told.done()) == "step 3 (line 8) is ok, but object was awake already when it was resumed"


def alarmed(*, fires: bool) -> Tale:
    told = tale(scenario("", [CONNECT, '{ alarm = "fires", claim = "it" }']))
    told.connect()
    told.begins("alarm")
    if fires:
        told.reaches(name="alarm")
    return told


def test_an_alarm_fires_where_the_trace_says_so() -> None:
    fired = alarmed(fires=True)
    fired.ends()
    history = fired.done()
    assert misfit(history) is None
    assert misfit(turned(history, 1, "silence")) is not None
    silent = alarmed(fires=False)
    silent.passes(15)
    silent.fails("silence", "no alarm reached object within 15 s")
    history = silent.done()
    assert misfit(history) is None
    assert misfit(turned(history, 1)) is not None


def test_time_that_a_step_lets_pass_must_have_passed() -> None:
    told = tale(scenario("", [CONNECT, '{ idle = "5s", claim = "it" }']))
    told.connect()
    told.begins("idle")
    told.passes(4)
    told.ends()
    history = told.done()
    assert misfit(history) == "step 2 (line 7) is ok, but less time passed"
    # It is counted from when the step was due.
    assert misfit(edit(history, lambda event: event.kind == kinds.STEP and event.step == 1, late_ms=900.0)) is None


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

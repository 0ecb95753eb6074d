"""The judge recomputes what a step came to: an edited record is an error, and a record as it was written never is."""

from typing import Any

import pytest

from poc_cli.history import event as kinds
from tests.unit.judge.histories import History, Tale, claims, scenario, tale
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
)

# --- a step that is ok must be met, one that failed must not


def test_a_failed_expectation_that_was_made_ok_is_an_error() -> None:
    history = asked(reply={"n": 2}, failure=("mismatch", "got 1 message, not as expected"))
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


@pytest.mark.parametrize(("answer_ms", "fits"), [(5_100, True), (4_000, False)])
def test_a_pattern_that_was_met_when_the_time_was_over_is_not_met(answer_ms: int, *, fits: bool) -> None:
    step = """{ on = "ann", send = "who", expect = { match = "^i=" }, within = "5s", claim = "it" }"""
    told = tale(scenario("", [CONNECT, step]))
    told.connect()
    told.begins("on")
    told.add("ann", kinds.SENT, step=1, text="who", bytes=3)
    told.history.t_ns += answer_ms * MILLISECOND
    told.add("ann", kinds.RECEIVED, step=1, text="i=abc", bytes=5)
    told.fails("silence", "ann got nothing within 5 s, though the runtime answers")
    assert (misfit(told.done()) is None) is fits

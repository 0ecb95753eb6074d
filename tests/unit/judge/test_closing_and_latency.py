"""The close handshake, and how long a sleeping object takes to answer."""

from tests.unit.judge.histories import Tale, finding, scenario, tale, verdicts

CONNECT = '{ connect = ["ann", "bob"] }'
CLOSE = '{ close = "*" }'
SLEEP = '{ hibernate = "idle" }'


def connected(text: str) -> Tale:
    told = tale(text)
    told.connect()
    return told


def test_closes_that_were_answered() -> None:
    told = connected(scenario("close-handshake", [CONNECT, CLOSE]))
    told.close("ann", "bob")
    found = finding(told.done())
    assert (found["verdict"], found["reason"]) == ("held", "2 closes were answered")


def test_a_close_that_was_not_answered_is_refuted() -> None:
    told = connected(scenario("close-handshake", [CONNECT, '{ close = "ann" }', '{ close = "bob" }']))
    told.close("ann")
    told.close("bob", clean=False)
    found = finding(told.done())
    assert found["verdict"] == "refuted"
    assert found["reason"] == "bob closed and got no close frame back: no close frame received"


def test_nobody_closing_is_unknown() -> None:
    told = connected(scenario("close-handshake", [CONNECT, CLOSE]))
    found = finding(told.stops("on failed"))
    assert (found["verdict"], found["reason"]) == ("unknown", "no client closed a connection (on failed)")


def test_a_close_by_the_server_is_not_the_one_that_was_asked_for() -> None:
    told = connected(scenario("close-handshake", [CONNECT, CLOSE]))
    told.begins("close")
    told.closed("ann", "bob", by="server")
    told.ends()
    assert verdicts(told.done()) == {"it": "unknown"}


def test_a_close_after_the_play_is_not_the_stories() -> None:
    told = connected(scenario("close-handshake", [CONNECT]))
    told.ended("done")
    told.add("ann", "closed", by="client", code=1000, reason="", clean=True, said="")
    assert verdicts(told.history.end()) == {"it": "unknown"}


def test_closes_that_could_not_be_carried_out_leave_it_open() -> None:
    steps = [CONNECT, '{ idle = "1s" }', '{ idle = "1s" }', '{ close = "ann" }', '{ close = "bob" }']
    told = connected(scenario("close-handshake", steps))
    told.idles()
    told.idles()
    told.close("ann")
    told.begins("close")
    told.fails("closed", "bob was closed before the step")
    found = finding(told.stops())
    assert (found["verdict"], found["reason"]) == ("unknown", "only 1 of 2 close steps were carried out")


def test_a_close_after_a_sleep_needs_the_sleep() -> None:
    for slept, expected in ((True, "held"), (False, "unknown")):
        told = connected(scenario("close-handshake", [CONNECT, SLEEP, CLOSE]))
        if slept:
            told.sleeps()
        else:
            told.begins("hibernate")
            told.ends()
        told.close("ann", "bob")
        assert verdicts(told.done()) == {"it": expected}


RESUME = '{ resume = "ann", send = "a", expect = "b" }'
WAKE = scenario("wake-under", [CONNECT, SLEEP, RESUME, SLEEP, RESUME], claim='limit = "200ms"')


def woken(*wakes: float) -> Tale:
    told = connected(WAKE)
    for wake in wakes:
        told.sleeps()
        told.says("b", wake_ms=wake)
    return told


def test_wakes_below_the_limit() -> None:
    found = finding(woken(12.5, 199.9).done())
    assert found["verdict"] == "held"
    assert found["reason"] == "the slowest of 2 wakes took 199.9 ms, the limit is 200 ms"


def test_the_limit_itself_is_below_the_limit() -> None:
    assert verdicts(woken(200.0, 1.0).done()) == {"it": "held"}


def test_one_wake_above_the_limit_is_refuted() -> None:
    assert verdicts(woken(12.5, 200.1).done()) == {"it": "refuted"}
    assert verdicts(woken(300.0).stops()) == {"it": "refuted"}


def test_a_wake_that_did_not_come_to_pass_leaves_it_open() -> None:
    told = woken(12.5)
    told.sleeps()
    told.gets_nothing()
    found = finding(told.stops("resume failed"))
    assert found["verdict"] == "unknown"
    assert found["reason"] == "1 of 2 resume steps woke a sleeping object and got an answer (resume failed)"


def test_an_object_that_was_awake_measures_no_wake() -> None:
    told = connected(scenario("wake-under", [CONNECT, RESUME, SLEEP], claim='limit = "200ms"'))
    told.says("b", wake_ms=1.0)
    told.sleeps()
    assert verdicts(told.done()) == {"it": "unknown"}


def test_without_a_sleep_there_is_no_wake() -> None:
    told = connected(scenario("wake-under", [CONNECT, SLEEP, RESUME], claim='limit = "200ms"'))
    told.begins("hibernate")
    told.ends()
    told.says("b", wake_ms=1.0)
    assert verdicts(told.done()) == {"it": "unknown"}

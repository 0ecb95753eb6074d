"""What a fault takes, by the trace's word: the object was in memory, the fault ended that stay, it came back anew."""

import pytest

from tests.unit.judge.histories import Tale, finding, scenario, tale, verdicts

CONNECT = '{ connect = ["ann", "bob"] }'
WITNESS = '{ on = "ann", send = "read", expect = "blue" }'
READ = '{ on = "ann", send = "read", expect = "blue", claim = "it" }'
MATRIX = 'matrix = { row = "SQLite rows", expects = "survives" }'


def story(how: str) -> Tale:
    steps = [CONNECT, WITNESS, f'{{ restart = "{how}" }}', CONNECT, READ]
    told = tale(scenario("storage-survives", steps, claim=MATRIX))
    told.connect()
    told.says("blue")
    return told


HOWS = [("crash", "crash"), ("server", "restart"), ("deploy", "redeploy (immediate)"), ("object", "restart")]


@pytest.mark.parametrize(("how", "column"), HOWS)
def test_state_that_is_there_after_a_fault_survived_it(how: str, column: str) -> None:
    told = story(how)
    told.restart(object_="object" if how == "object" else None)
    told.connect()
    told.says("blue")
    history = told.done()
    assert verdicts(history) == {"it": "held"}
    tested = [cell for cell in history.judged()["matrix"] if cell["value"] != "not tested"]
    assert [(cell["column"], cell["value"]) for cell in tested] == [(column, "survived")]


def test_state_that_is_not_was_lost() -> None:
    told = story("crash")
    told.restart()
    told.connect()
    told.gets_wrong("nothing")
    assert verdicts(told.done()) == {"it": "refuted"}


def test_a_fault_that_found_the_object_asleep_took_nothing_from_memory() -> None:
    steps = [CONNECT, WITNESS, '{ idle = "11s" }', '{ restart = "crash" }', CONNECT, READ]
    told = tale(scenario("storage-survives", steps, claim=MATRIX))
    told.connect()
    told.says("blue")
    told.idles()
    told.leaves()
    told.restart()
    told.connect()
    told.says("blue")
    found = finding(told.done())
    assert found["verdict"] == "unknown"


def test_a_fault_that_did_not_end_the_stay_proves_nothing() -> None:
    told = story("object")
    told.restart(object_="object", dies=False)
    told.connect()
    told.says("blue")
    assert verdicts(told.done()) == {"it": "unknown"}


def test_a_fault_of_another_object_is_not_this_ones() -> None:
    told = story("object")
    told.restart(object_="other", dies=False)
    told.connect()
    told.says("blue")
    assert verdicts(told.done()) == {"it": "unknown"}


def test_an_object_that_did_not_come_back_shows_nothing() -> None:
    told = story("crash")
    told.restart()
    told.connect(enters=())
    told.says("blue", reached=0)
    assert verdicts(told.done()) == {"it": "unknown"}


def test_without_a_witness_there_was_nothing_to_lose() -> None:
    told = tale(scenario("storage-survives", [CONNECT, '{ restart = "crash" }', CONNECT, READ]))
    told.connect()
    told.restart()
    told.connect()
    told.says("blue")
    assert verdicts(told.done()) == {"it": "unknown"}


def test_a_fault_is_no_sleep() -> None:
    told = tale(scenario("sleeps", [CONNECT, '{ restart = "crash" }']))
    told.connect()
    told.restart()
    assert verdicts(told.done()) == {"it": "unknown"}


DROPS = scenario("connections-drop", [CONNECT, '{ restart = "crash" }', '{ idle = "1s" }'])


def test_connections_that_broke_with_the_fault_dropped() -> None:
    told = tale(DROPS)
    told.connect()
    told.restart()
    told.idles()
    found = finding(told.done())
    assert found["verdict"] == "held"
    assert "2 connections broke with it" in found["reason"]


def test_a_connection_that_stayed_open_did_not() -> None:
    told = tale(DROPS)
    told.connect()
    told.begins("restart")
    told.add("poc", "fault", step=1, fault="crash")
    told.leaves("died", 0.1)
    told.closed("ann", by="nobody", clean=False)
    told.ends()
    told.idles()
    found = finding(told.done())
    assert (found["verdict"], found["reason"]) == ("refuted", "bob was still open at the end of the play")


def test_a_connection_that_its_client_closed_later_did_not() -> None:
    told = tale(DROPS)
    told.connect()
    told.begins("restart")
    told.add("poc", "fault", step=1, fault="crash")
    told.leaves("died", 0.1)
    told.closed("ann", by="nobody", clean=False)
    told.ends()
    told.idles()
    told.closed("bob", by="client")
    found = finding(told.done())
    assert (found["verdict"], found["reason"]) == ("refuted", "bob stayed open until it closed itself")


def test_without_a_fault_nothing_could_drop() -> None:
    told = tale(scenario("connections-drop", [CONNECT]))
    told.connect()
    assert verdicts(told.done()) == {"it": "unknown"}


def test_an_object_without_sockets_had_none_to_drop() -> None:
    told = tale(DROPS)
    told.connect()
    told.closed("ann", "bob", by="client")
    told.begins("restart")
    told.add("poc", "fault", step=1, fault="crash")
    told.leaves("died", 0.1)
    told.ends()
    told.idles()
    found = finding(told.done())
    assert (found["verdict"], found["reason"]) == ("unknown", "no fault ended an object with a socket open")


def test_rule_one_speaks_where_both_a_sleep_and_a_fault_were_asked_for() -> None:
    steps = [CONNECT, WITNESS, '{ hibernate = "idle" }', '{ restart = "crash" }', CONNECT, READ]
    told = tale(scenario("storage-survives", steps))
    told.connect()
    told.says("blue")
    told.begins("hibernate")
    told.ends()
    told.restart()
    told.connect()
    told.says("blue")
    assert verdicts(told.done()) == {"it": "unknown"}


KILLED = [CONNECT, '{ kill = "ann" }', '{ on = "bob", send = "read", expect = "blue", claim = "it" }']


def kill(told: Tale) -> None:
    told.begins("kill")
    told.add("ann", "fault", step=told.next - 1, fault="drop")
    told.closed("ann", by="nobody", clean=False)
    told.ends()


def test_a_dropped_connection_has_a_column_of_its_own() -> None:
    told = tale(scenario("", KILLED, claim=MATRIX))
    told.connect()
    kill(told)
    told.says("blue")
    tested = [cell for cell in told.done().judged()["matrix"] if cell["value"] != "not tested"]
    assert [(cell["column"], cell["value"]) for cell in tested] == [("network drop", "survived")]


def test_without_any_fault_there_is_no_column() -> None:
    told = tale(scenario("", [CONNECT, READ], claim=MATRIX))
    told.connect()
    told.says("blue")
    history = told.done()
    assert verdicts(history) == {"it": "held"}
    assert all(cell["value"] == "not tested" for cell in history.judged()["matrix"])


def test_a_dropped_connection_takes_nothing_from_a_sleep_beside_it() -> None:
    steps = [CONNECT, WITNESS.replace("ann", "bob"), '{ kill = "ann" }', '{ hibernate = "idle" }']
    told = tale(scenario("storage-survives", [*steps, READ.replace("ann", "bob")], claim=MATRIX))
    told.connect()
    told.says("blue")
    kill(told)
    told.sleeps()
    told.says("blue")
    tested = [cell for cell in told.done().judged()["matrix"] if cell["value"] != "not tested"]
    assert [(cell["column"], cell["value"]) for cell in tested] == [("idle sleep", "survived")]


def test_every_object_of_the_claim_must_have_been_struck() -> None:
    objects = 'objects = { room = { class = "Room", name = "{play}" }, log = { class = "Log", name = "{play}" } }'
    text = scenario("storage-survives", [CONNECT, WITNESS, '{ restart = "crash" }', CONNECT, READ])
    told = tale(text.replace('object = { class = "Room", name = "{play}" }', objects))
    told.connect(enters=("room",))
    told.says("blue", label="room")
    told.restart()
    told.connect(enters=("room",))
    told.says("blue", label="room")
    found = finding(told.done())
    assert found["verdict"] == "unknown"
    assert found["reason"] == "log was not in memory before the fault, so nothing could be lost"

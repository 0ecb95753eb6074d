"""A socket is an object's only when a frame of it has reached that object, or the object itself accepted it."""

from typing import Any

import pytest

from poc_cli.history import event as kinds
from tests.unit.judge.histories import Tale, finding, scenario, tale

CONNECT = '{ connect = ["ann", "bob"] }'
SLEEP = '{ hibernate = "idle" }'
WHO = '{ on = "ann", send = "who", expect = "ann" }'
RESUME = '{ resume = "ann", send = "who", expect = "ann" }'

ID = "ab" * 32
GATE = {"worker": "main", "class": "Gate", "object": ID, "open": True}
STANDARD = {"what": "a standard-API WebSocket", "script": "index.js", "line": 62}
WORKER: dict[str, Any] = {"worker": "main", "class": None, "object": None, "open": True, "pins": []}


def gateway(check: str, steps: list[str], callers: list[dict[str, Any]] | None, why: str = "jsrpc") -> Any:
    """Judge a play in which the sockets are another's, which calls the object for each message."""
    told = tale(scenario(check, [CONNECT, *steps]))
    told.connect(enters=())
    for step in steps:
        if step == SLEEP:
            told.begins("hibernate")
            sleeps(told, callers)
            told.ends()
            continue
        if "object" not in told.in_memory:
            told.enters(why=why)
        else:
            told.reaches(name=why)
        told.says("ann", reached=0)
    return finding(told.done())


def sleeps(told: Tale, callers: list[dict[str, Any]] | None) -> None:
    """Let the object leave memory; `callers` is what the trace tells of those who called it."""
    told.leaves()
    told.slept = True
    if callers is not None:
        told.history.events[-1].data["callers"] = callers


@pytest.mark.parametrize("check", ["sleeps", "connections-survive", "no-wake"])
@pytest.mark.parametrize("callers", [None, [], [{**GATE, "pins": [STANDARD]}], [WORKER]])
def test_a_socket_that_another_holds_is_none_of_the_objects(check: str, callers: list[dict[str, Any]] | None) -> None:
    judged = gateway(check, [WHO, SLEEP, RESUME], callers)
    assert judged["verdict"] == "unknown"
    assert "no frame of ann ever reached object" in judged["reason"]


def test_it_is_said_who_holds_it_and_that_it_is_billed_there() -> None:
    judged = gateway("sleeps", [WHO, SLEEP, RESUME], [{**GATE, "pins": [STANDARD]}])
    assert f"held by another object (Gate {'ab' * 32}), which stays in memory" in judged["reason"]
    assert "pinned by a standard-API WebSocket (index.js:62), and is billed there" in judged["reason"]
    judged = gateway("sleeps", [WHO, SLEEP, RESUME], [WORKER])
    assert "held by the Worker in front (main), which stays in memory" in judged["reason"]
    judged = gateway("sleeps", [WHO, SLEEP, RESUME], [{**GATE, "open": False, "pins": []}])
    assert "called it and may hold the socket" in judged["reason"]


def test_a_request_that_a_gateway_makes_for_a_listening_client_is_not_its_upgrade() -> None:
    assert gateway("sleeps", [WHO, SLEEP, RESUME], [WORKER], why="fetch")["verdict"] == "unknown"


def piped(callers: list[dict[str, Any]], *calls: str | None) -> Any:
    """Judge a play in which frames reach the object over its own sockets; the calls of it, each with who made it."""
    told = tale(scenario("sleeps", [CONNECT, WHO, SLEEP]))
    told.connect(enters=())
    told.enters()
    told.history.events.pop()
    for caller in calls:
        told.add("object:object", "event", name="fetch", at_ns=told.at_ns, caller=caller)
    told.says("ann")
    told.begins("hibernate")
    sleeps(told, callers)
    told.ends()
    return finding(told.done())


def test_a_gateway_that_pipes_frames_into_a_socket_of_its_own_holds_the_clients_socket() -> None:
    gate = {**GATE, "pins": [STANDARD]}
    judged = piped([gate], ID, ID)
    assert judged["verdict"] == "unknown"
    assert "frames of ann may reach object over a gateway's socket" in judged["reason"]
    assert "which stays in memory, pinned by a standard-API WebSocket (index.js:62)" in judged["reason"]
    assert piped([gate], ID)["verdict"] == "unknown"  # one socket of the gateway's for both clients
    assert piped([gate], None)["verdict"] == "unknown"


def test_so_may_a_worker_in_front_that_has_not_ended() -> None:
    judged = piped([WORKER], None, None)
    assert judged["verdict"] == "unknown"
    assert "held by the Worker in front (main)" in judged["reason"]


def test_an_object_that_is_pinned_and_had_no_part_in_the_handshake_holds_no_client_s_socket() -> None:
    assert piped([{**GATE, "pins": [STANDARD]}], None, None)["verdict"] == "held"
    assert piped([{**GATE, "pins": []}], ID, None)["verdict"] == "held"  # nothing is held there
    assert piped([{**GATE, "pins": [], "open": False}], None)["verdict"] == "held"


def beside_a_holder(requests: int, fetches: int, *calls: str | None) -> Any:
    """Judge a story with a second object that is pinned and calls the first one, and that was itself called."""
    text = scenario("sleeps", [CONNECT, *['{ http = "/room/{play}-2", expect = {} }'] * requests, WHO, SLEEP])
    objects = (
        'objects = { object = { class = "Room", name = "{play}" }, holder = { class = "Room", name = "{play}-2" } }'
    )
    text = text.replace('object = { class = "Room", name = "{play}" }', objects)
    text = text.replace('check = "sleeps"', 'check = "sleeps"\nof = ["object"]').replace(
        '"evict"', '"evict", of = "object"'
    )
    told = tale(text)
    told.connect(enters=())
    told.enters()
    told.history.events.pop()
    for caller in calls:
        told.add("object:object", "event", name="fetch", at_ns=told.at_ns, caller=caller)
    for _ in range(requests):
        told.begins("http")
        told.add("http", "sent", method="GET", path=f"/room/{told.names['play']}-2", text="", bytes=0)
        told.add("http", "received", status=200, text="{}", bytes=2)
        told.ends()
    told.enters("holder")
    told.history.events.pop()
    for _ in range(fetches):
        told.add("object:holder", "event", name="fetch", at_ns=told.at_ns, caller=None)
    told.says("ann")
    told.begins("hibernate")
    sleeps(told, [{**GATE, "label": "holder", "pins": [STANDARD]}])
    told.ends()
    return finding(told.done())


def test_an_object_that_got_nothing_but_the_story_s_requests_holds_no_client_s_socket() -> None:
    assert beside_a_holder(1, 1, ID, None, None)["verdict"] == "held"
    assert beside_a_holder(2, 2, ID)["verdict"] == "held"
    assert beside_a_holder(1, 2, ID, None, None)["verdict"] == "unknown"  # the second may be a client's handshake


def listening(
    callers: list[dict[str, Any]] | None, upgrades: int = 2, beside: list[dict[str, Any]] | None = None
) -> Any:
    """Judge a play whose clients never send anything."""
    told = tale(scenario("sleeps", [CONNECT, SLEEP]))
    told.connect()
    for _ in range(upgrades - 1):
        told.reaches(name="fetch")
    if callers is not None:
        for event in told.history.events:
            if event.kind == kinds.DELIVERED:
                event.data["caller"] = None
    told.begins("hibernate")
    sleeps(told, callers)
    told.history.events[-1].data["beside"] = beside or []
    told.ends()
    return finding(told.done())


def test_the_upgrade_shows_that_a_listening_clients_socket_is_the_objects() -> None:
    assert listening([])["verdict"] == "held"
    assert listening(None, upgrades=1)["verdict"] == "held"  # a record of before, which does not tell the callers


def test_where_fewer_upgrades_than_clients_reached_it_that_is_not_known() -> None:
    assert listening([], upgrades=1)["verdict"] == "unknown"


def test_nor_where_somebody_else_may_have_kept_the_socket() -> None:
    assert listening([WORKER])["verdict"] == "unknown"
    judged = listening([], beside=[{"label": None, "class": "Lobby", "object": ID}])
    assert judged["verdict"] == "unknown"
    assert f"the Worker also called another object (Lobby {ID}), which may hold the socket" in judged["reason"]


def test_whoever_has_no_socket_of_its_own_holds_none_of_a_client_s() -> None:
    """A Worker may be kept open by `waitUntil`, and an object pinned by a timer may call the room."""
    timer = {"what": "setInterval", "script": "index.js", "line": 49}
    assert piped([{**WORKER, "pins": [timer], "sockets": False}], None, None)["verdict"] == "held"
    assert piped([{**GATE, "pins": [timer], "sockets": False}], ID, None)["verdict"] == "held"
    assert piped([{**WORKER, "pins": [STANDARD], "sockets": True}], None, None)["verdict"] == "unknown"
    assert listening([{**WORKER, "pins": [timer], "sockets": False}])["verdict"] == "held"


@pytest.mark.parametrize("holder", [GATE, WORKER])
def test_a_gateway_may_reach_the_object_over_the_network(holder: dict[str, Any]) -> None:
    """The call that reaches the object then comes from a request of its own, by no other object."""
    judged = piped([{**holder, "pins": [STANDARD], "sockets": True, "network": True}], None, None)
    assert judged["verdict"] == "unknown"
    assert "which reaches it over the network, stays in memory, pinned by" in judged["reason"]


def pinged(*, closes: bool, same_step: bool) -> Any:
    """Judge a play in which ann only pings after the sleep, while bob's close reaches the object."""
    steps = ['{ connect = ["ann"] }', WHO, SLEEP, '{ connect = ["bob"] }', '{ kill = "bob" }']
    told = tale(scenario("connections-survive", [*steps, '{ on = "ann", send = "ping", expect = "pong" }']))
    told.connect()
    told.says("ann")
    told.sleeps()
    told.connect()
    told.begins("kill")
    told.closed("bob", by="client", clean=False)
    if not same_step:
        told.reaches()
    told.ends()
    told.says("pong", reached=int(closes and same_step))
    return finding(told.done())


@pytest.mark.parametrize("same_step", [True, False])
def test_the_close_of_another_client_makes_no_pong_a_sign_of_life(*, same_step: bool) -> None:
    judged = pinged(closes=True, same_step=same_step)
    assert judged["verdict"] == "unknown"
    assert judged["reason"].startswith("ann was not used after object slept (line 8)")


def test_nor_does_a_kick_by_the_server_in_the_very_step() -> None:
    steps = [CONNECT, WHO, SLEEP, RESUME.replace("ann", "bob"), '{ on = "ann", send = "ping", expect = "pong" }']
    told = tale(scenario("connections-survive", steps))
    told.connect()
    told.says("ann")
    told.sleeps()
    told.says("bob")
    told.begins("on")
    told.add("ann", "sent", step=4, text="ping", bytes=4)
    told.reaches()
    told.closed("bob", code=4000)
    told.add("ann", "received", step=4, text="pong", bytes=4)
    told.ends()
    assert finding(told.done())["verdict"] == "unknown"

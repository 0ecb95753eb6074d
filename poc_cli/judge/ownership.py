"""Determine which connections are sockets of the object itself, and not of a Worker or object that calls it.

A Worker or another object may hold the sockets and call the object by RPC. The object then sleeps with no socket at
all, and the holder is kept in memory and billed. So a URL proves nothing: a frame of the connection must have reached
the object, or the object must have accepted it.
"""

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.judge.fences import fences_of, step_of
from poc_cli.judge.frame_arrival import reach_of
from poc_cli.judge.sleeps import Sleep, sleeps_of
from poc_cli.record.instances import answers_of
from poc_cli.record.play_record import FOREVER, Connection, PlayRecord
from poc_cli.record.source_lines import pin_words
from poc_cli.residency import CALLS
from poc_cli.scenario.conditions import lookup
from poc_cli.scenario.values import MISSING
from poc_cli.scenario.wording import several

_OWN_PATH = "sockets"
"""The path of the number of sockets in the answers of poc's own worker."""


def sockets_of(play: PlayRecord, sleep: Sleep) -> tuple[Connection, ...]:
    """Return the connections that were open at a sleep and are shown to be the object's own."""
    return tuple(each for each in sleep.sockets if is_own(play, sleep.label, each))


def unproven_sockets_of(play: PlayRecord, sleep: Sleep) -> tuple[Connection, ...]:
    """Return the connections to the object that were open at a sleep and may be held by a caller of the object."""
    return tuple(each for each in sleep.sockets if not is_own(play, sleep.label, each))


def is_own(play: PlayRecord, label: str, connection: Connection) -> bool:
    """Return whether a connection is shown to be a socket of the object itself."""
    known: dict[tuple[str, int], bool] = play.memo.setdefault("own sockets", {})
    key = label, connection.opened.id
    if key not in known:
        known[key] = _is_own(play, label, connection)
    return known[key]


def _is_own(play: PlayRecord, label: str, connection: Connection) -> bool:
    if _left_with_gateway(play, label, connection) is not None:
        return False
    if _is_counted(play, label, connection):
        return True
    if not play.place.has_trace:
        # Without a reported number a loss counts; what held is unknown (`has_reported_sockets`).
        reported = any(connection.is_open_at(event_id) for event_id, _, _ in _reported_counts(play, label))
        return play.play.objects[label].sockets is None and not reported
    if reach_of(play, label).first_that_reached(connection) is not None:
        return True
    return _was_accepted(play, label, connection)


def _is_counted(play: PlayRecord, label: str, connection: Connection) -> bool:
    """Return whether the object answered, while the connection was open, that it holds every socket opened to it."""
    return any(
        connection.is_open_at(event_id) and count >= opened for event_id, count, opened in _reported_counts(play, label)
    )


def has_reported_sockets(play: PlayRecord, sleep: Sleep) -> bool:
    """Return whether the object answered that it held the sockets that were open at a sleep."""
    return any(_is_counted(play, sleep.label, each) for each in sleep.sockets)


def _reported_counts(play: PlayRecord, label: str) -> list[tuple[int, int, int]]:
    """Return the answers of an object with its number of sockets: event id, that number, and how many lead to it.

    Our own worker reports it in each answer to a query of poc (`told` events).
    """
    known: dict[str, list[tuple[int, int, int]]] = play.memo.setdefault("told sockets", {})
    if label not in known:
        given = play.play.objects[label].sockets
        path = _OWN_PATH if given is None else given
        answers = answers_of(play, label)
        found = known[label] = []
        for event in answers if given is not None else (each for each in answers if each.kind == kinds.TOLD):
            message = play.message(event.id)
            count = lookup(event.data.get("fields") if message is None else message.json, path)
            if count is not MISSING and isinstance(count, int) and not isinstance(count, bool):
                opened = sum(each.is_open_at(event.id) and play.belongs(each, label) for each in play.connections)
                found.append((event.id, count, opened))
    return known[label]


def _was_accepted(play: PlayRecord, label: str, connection: Connection) -> bool:
    """Return whether the request that opened a connection reached the object, and no caller can have kept its socket.

    This is for clients that only listen. The object must have slept with the connection open, which it cannot do with a
    socket that it accepted by the standard API. Where the request reached another object too, that one may have
    accepted the socket.
    """
    slept = next((s for s in sleeps_of(play) if s.label == label and connection.is_open_at(s.left.id)), None)
    if slept is None:
        return False
    if slept.left.data.get("callers") is None:  # older records do not have callers
        return any(event.data["name"] == "fetch" for event in _calls_at_handshake(play, label, connection))
    if slept.left.data.get("beside") or any(_may_hold(each) for each in _callers(slept.left)):
        return False
    return _was_called_directly(play, label, connection)


def _left_with_gateway(play: PlayRecord, label: str, connection: Connection) -> Event | None:
    """Return the `out` event of an object at which a gateway may have held a client's socket, None without one.

    A gateway holds the client's socket by the standard API and copies its frames to its own socket to the object. The
    frames reach the object, whose sockets hibernate, but the client's socket pins the gateway, where it is billed. So
    if another object that called it has a socket, the trace must show that the client's handshake did not go through
    that object; if a Worker that called it has one, or a caller over the network, nothing can show that. An object of
    the story that was called only for `http` steps got no handshake, so it holds no client's socket.
    """
    for left in play.of_actor(f"object:{label}"):
        if left.kind != kinds.LEFT or not connection.is_open_at(left.id):
            continue
        holders = [each for each in _callers(left) if _may_hold(each)]
        holders = [each for each in holders if not _got_only_requests(play, each.get("label"), left)]
        is_between = any(_is_worker(each) or each.get("network") for each in holders)
        if is_between or (holders and not _was_called_directly(play, label, connection)):
            return left
    return None


def _got_only_requests(play: PlayRecord, label: object, left: Event) -> bool:
    """Return whether an object of the story was called only as often as `http` steps asked for it, up to an event."""
    if label not in play.play.objects:
        return False
    calls = [e for e in play.of_actor(f"object:{label}") if e.kind == kinds.DELIVERED and e.id <= left.id]
    calls = [each for each in calls if each.data["name"] in CALLS]
    if not calls or any(each.data["name"] != "fetch" or each.data.get("caller", "unknown") for each in calls):
        return False
    requests = [e for e in play.of_actor("http") if e.kind == kinds.SENT and e.id <= left.id]
    asked = [each for each in requests if label in (play.addresses.of_request(str(each.data.get("path"))) or ())]
    return len(calls) <= len(asked)


def _was_called_directly(play: PlayRecord, label: str, connection: Connection) -> bool:
    """Return whether an object was called directly for each handshake at the time, and by no other object."""
    first, last = _handshake(play, connection)
    calls = _calls_at_handshake(play, label, connection)
    direct = [each for each in calls if each.data["name"] == "fetch" and each.data.get("caller", "unknown") is None]
    opened = sum(first < each.opened.id <= last and play.belongs(each, label) for each in play.connections)
    return len(direct) >= opened and all(each.data.get("caller", "unknown") is None for each in calls)


def _calls_at_handshake(play: PlayRecord, label: str, connection: Connection) -> list[Event]:
    """Return the calls that reached an object while a connection was opened."""
    first, last = _handshake(play, connection)
    reached = (e for e in play.of_kind(kinds.DELIVERED) if e.actor == f"object:{label}" and first < e.id <= last)
    return [each for each in reached if each.data["name"] in CALLS]


def _handshake(play: PlayRecord, connection: Connection) -> tuple[int, int]:
    """Return the ids of the events between which the trace shows the request that opened a connection."""
    step = step_of(play, connection.opened)
    fences = fences_of(play)
    number = bisect_right(fences, connection.opened.id)
    return (0 if step is None else step.begun.id), (fences[number] if number < len(fences) else FOREVER)


def _may_hold(caller: Mapping[str, Any]) -> bool:
    """Return whether a caller has sockets of its own, by which it may forward a client's frames.

    Older records only have what pins an object.
    """
    if not caller.get("open"):
        return False
    sockets = caller.get("sockets")
    return bool(sockets) if isinstance(sockets, bool) else _is_worker(caller) or bool(caller.get("pins"))


def _is_worker(caller: Mapping[str, Any]) -> bool:
    return caller.get("object") is None


def why_not_owned(play: PlayRecord, sleep: Sleep, connection: Connection) -> str:
    """Return why a connection is not shown to be the object's own, and which caller may hold it."""
    label, client = sleep.label, connection.client
    between = _left_with_gateway(play, label, connection)
    if between is not None and reach_of(play, label).first_that_reached(connection) is not None:
        return f"frames of {client} may reach {label} over a gateway's socket: {_holder(between)}"
    if not play.place.has_trace or play.play.objects[label].sockets is not None:
        counts = [each for each in _reported_counts(play, label) if connection.is_open_at(each[0])]
        if counts:
            _, count, opened = counts[-1]
            return f"{label} said it holds {count} of {several(opened, 'socket')} to it: {client} may not be among them"
        if not play.place.has_trace:
            path = play.play.objects[label].sockets
            return f'no answer of {label} has its number of sockets at "{path}" while {client} was connected'
    reason = f"no frame of {client} ever reached {label}"
    holder = _holder(sleep.left) or _neighbor(sleep.left)
    return reason if holder is None else f"{reason}: {holder}"


def _holder(left: Event) -> str | None:
    for caller in sorted(_callers(left), key=lambda each: (not _may_hold(each), not each.get("open"))):
        name = _name(caller)
        pins = [pin_words(pin) for pin in caller.get("pins") or [] if isinstance(pin, dict)]
        if not caller.get("open"):
            return f"{name} called it and may hold the socket"
        pinned = f", pinned by {', '.join(dict.fromkeys(pins))}" if pins else ""
        way = ", which reaches it over the network," if caller.get("network") else ", which"
        return f"the socket is held by {name}{way} stays in memory{pinned}, and is billed there while it is open"
    return None


def _neighbor(left: Event) -> str | None:
    """Return that a request to the Worker also reached another object, None if none did."""
    beside = left.data.get("beside")
    if not isinstance(beside, list) or not beside or not isinstance(beside[0], dict):
        return None
    return f"the Worker also called {_name(beside[0])}, which may hold the socket"


def _callers(left: Event) -> list[dict[str, Any]]:
    callers = left.data.get("callers")
    return [each for each in callers if isinstance(each, dict)] if isinstance(callers, list) else []


def _name(caller: Mapping[str, Any]) -> str:
    if caller.get("object") is None:
        return f"the Worker in front ({caller.get('worker')})"
    return f"another object ({caller.get('class') or 'of an unknown class'} {caller.get('object')})"

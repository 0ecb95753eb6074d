"""Describe unfinished work in the terms of the Workers API (timer, fetch handler, WebSocket)."""

from dataclasses import dataclass
from typing import Final, Literal

from poc_cli.residency.trace import Began, Place, in_package, joined

PinKind = Literal["timer", "operation", "awaitJs"]

_ACCEPTED = "a standard-API WebSocket"
_OUTGOING = "an outgoing WebSocket"
_TCP_SOCKET = "a TCP socket"

_HANDLERS = {
    "alarm": "an unfinished alarm handler",
    "fetch": "an unfinished fetch handler",
    "hibernatable_websocket": "an unfinished WebSocket handler",
    "jsrpc": "an unfinished RPC method",
}

RESPONSE_BODY: Final = "an open response body"

_OPERATIONS = {
    "connect": _TCP_SOCKET,
    "durable_object_storage_transaction": "a storage transaction",
    "jsRpcCall": "an RPC call",
    "socket_connect": _TCP_SOCKET,
    "socket_disconnect": _TCP_SOCKET,
    "stream_pipe": "a stream",
    "stream_read": "a stream",
    "stream_write": "a stream",
    "websocket_open": _OUTGOING,
}

SOCKETS = frozenset({_ACCEPTED, _OUTGOING, _TCP_SOCKET})
"""Descriptions of sockets that a context holds itself."""


@dataclass(slots=True)
class Work:
    """A piece of work that has begun.

    `own` is the source location of its own stack, `place` the same or an ancestor's, `event` the root event's name.
    `answered` means that an operation got an HTTP response, or that a handler returned one.
    """

    began: Began
    own: Place | None
    place: Place | None
    event: str
    since_ns: int
    pin: PinKind | None = None
    what: str = ""
    answered: bool = False


def work_of(began: Began, own: Place | None, parent: Work | None, before: Work | None) -> Work:
    """Return the work that began; `parent` triggered it, `before` began just before it in the same object."""
    inherited = parent.place if parent is not None else None
    place = own or inherited
    if own is not None and inherited is not None and in_package(own.script) and not in_package(inherited.script):
        place = joined(inherited, own)
    event = parent.event if parent is not None else ""
    work = Work(began, own, place, began.name if began.kind == "request" else event, began.at)
    work.pin = _pin_kind(began, parent)
    if parent is not None and _rearms(work, parent):
        work.since_ns = parent.since_ns
    if work.pin is not None:
        work.what = _describe(work, parent, before)
    return work


def _pin_kind(began: Began, parent: Work | None) -> PinKind | None:
    match began.kind:
        case "timer":
            return "timer"
        case "js_to_kj":
            return "awaitJs"
        case "operation":
            return None if _is_served_call(began, parent) else "operation"
        case _:
            return None


def _is_served_call(began: Began, parent: Work | None) -> bool:
    # The callee's side of an RPC call. Its end is written only with the object's next event, so an object that has
    # already answered would look busy. Whatever its method waits for has trace lines of its own.
    return (
        began.name == "jsRpcCall"
        and began.stack is None
        and parent is not None
        and parent.began.kind == "request"
        and parent.began.name == "jsrpc"
    )


def _rearms(work: Work, parent: Work) -> bool:
    # A wait that its own end starts again at the same location: a loop of short waits counts as one long wait.
    # (An awaited timer also has a `kj_to_js`, which continues the chain.)
    waits = ("timer", "kj_to_js")
    return work.began.kind in waits and parent.began.kind in waits and work.own is not None and work.own == parent.own


def _describe(work: Work, parent: Work | None, before: Work | None) -> str:
    if work.pin == "timer":
        return work.began.name
    if work.pin == "operation":
        return _OPERATIONS.get(work.began.name, work.began.name)
    if _is_socket(work, parent, before):
        return _OUTGOING if _is_outgoing(work, parent) else _ACCEPTED
    if work.began.stack is not None:
        return "waitUntil"
    if work.event == "fetch" and parent is not None and parent.began.kind == "request" and parent.answered:
        return RESPONSE_BODY
    return _HANDLERS.get(work.event, "an unfinished handler")


def is_wait_for_handler(began: Began) -> bool:
    """Return whether this is the runtime's wait for a handler, which has no stack; of a body it is the same."""
    return began.kind == "js_to_kj" and began.stack is None


def is_response(began: Began) -> bool:
    """Return whether a handler hands over its response: the only wait of the runtime's own that is without a stack."""
    return began.kind == "kj_to_js" and began.stack is None


def _is_socket(work: Work, parent: Work | None, before: Work | None) -> bool:
    # Reading from a socket begins with two waits at one location: for the next frame, and for the loop that reads it.
    if before is None or before.began.kind != "kj_to_js" or before.began.trigger != work.began.trigger:
        return False
    if before.began.stack != work.began.stack:
        return False
    return work.began.stack is not None or (parent is not None and parent.began.name == "websocket_open")


def _is_outgoing(work: Work, parent: Work | None) -> bool:
    # Incoming sockets only arrive with a fetch event. There, a fetch without an HTTP response became a WebSocket.
    if work.event != "fetch":
        return True
    if parent is None:
        return False
    return parent.began.name == "websocket_open" or (
        parent.began.kind == "operation" and parent.began.name == "fetch" and not parent.answered
    )

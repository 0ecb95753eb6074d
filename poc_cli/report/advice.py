"""What to change in a worker so that its objects can sleep: a few words for each thing that keeps one in memory."""

from typing import Final

IDLE_SECONDS: Final = 10
"""The runtime's idle timer, measured; every event that reaches an object starts it anew."""

_TIMER: Final = (
    "a pending timer keeps the object in memory; let an alarm do the work: ctx.storage.setAlarm(time) is kept on disk "
    "and wakes the object"
)
_HANDLER: Final = (
    "something that it waits for never settles; settle or reject it after a time, and let "
    "ctx.setHibernatableWebSocketEventTimeout(ms) end WebSocket handlers that hang"
)

_BY_WHAT: Final = {
    "a standard-API WebSocket": "a socket taken in by accept() lives in the object's memory; take it in by "
    "ctx.acceptWebSocket(socket) and move its listeners to webSocketMessage and webSocketClose",
    "an outgoing WebSocket": "a socket that the object has opened itself cannot hibernate; close it while nothing is "
    "to be done, or let another object hold it",
    "fetch": "an answer is still awaited; give the request an end: fetch(url, { signal: AbortSignal.timeout(ms) })",
    "waitUntil": "a promise given to waitUntil has not settled; " + _HANDLER,
    "an unfinished alarm handler": "the alarm handler has not ended: something that it waits for never settles; "
    "settle or reject it after a time",
    "an unfinished fetch handler": "the fetch handler has not ended: something that it waits for never settles; "
    "settle or reject it after a time",
    "an unfinished WebSocket handler": "the handler has not ended: " + _HANDLER,
    "an unfinished RPC method": "the method has not ended: something that it waits for never settles; settle or reject "
    "it after a time",
    "an RPC call": "a call to another object or Worker has not been answered; race it against a time-out",
    "a TCP socket": "a connection that the object has opened itself cannot hibernate; close it while nothing is to be "
    "done",
    "a stream": "a stream is neither at its end nor cancelled; read it to its end, or cancel() it",
    "a storage transaction": "a transaction has not ended; do not await other work inside it",
}

_BY_KIND: Final = {
    "timer": _TIMER,
    "awaitJs": "a handler has not ended: " + _HANDLER,
    "operation": "an operation has not ended; give it an end, by an AbortSignal or a time-out of yours",
}

_BUSY: Final = {
    "alarm": f"alarms keep it busy: each starts the idle timer anew; set the next one more than {IDLE_SECONDS} s later",
    "hibernatable_websocket": "messages keep it busy: let the runtime answer the regular ones by "
    "ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(request, response)); the text must match exactly, "
    "to the last blank",
    "fetch": f"requests keep it busy; whoever sends them must leave it alone for more than {IDLE_SECONDS} s",
    "jsrpc": f"calls keep it busy; whoever makes them must leave it alone for more than {IDLE_SECONDS} s",
}

NOTHING_SEEN: Final = (
    "the trace shows nothing pending and no event; look for work that begins again and again in less than a second, "
    "such as a chain of short timers"
)


def against_pin(kind: str, what: str) -> str:
    """Return what to do about a pin, by what it is in words, else by its kind."""
    return _BY_WHAT.get(what) or _BY_KIND.get(kind) or "find out what it waits for, and give that an end"


def against_events(name: str) -> str:
    """Return what to do about events that come more often than the idle timer can strike."""
    return _BUSY.get(name, f"{name} events keep it busy; let them come less often than every {IDLE_SECONDS} s")

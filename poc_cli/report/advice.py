"""What to change in a worker so that its objects can sleep: advice for each thing that keeps an object in memory."""

from typing import Final

from poc_cli.residency import RESPONSE_BODY

IDLE_SECONDS: Final = 10
"""The runtime's idle timer, measured; every event that reaches an object restarts it."""

_TIMER: Final = (
    "a pending timer keeps the object in memory; use an alarm instead: ctx.storage.setAlarm(time) is stored on disk "
    "and wakes the object"
)
_HANDLER: Final = (
    "a promise that it awaits never settles; resolve or reject it after a timeout, and let "
    "ctx.setHibernatableWebSocketEventTimeout(ms) end WebSocket handlers that hang"
)

_BY_WHAT: Final = {
    "a standard-API WebSocket": "a socket accepted with accept() lives in the object's memory; accept it with "
    "ctx.acceptWebSocket(socket) and move its listeners to webSocketMessage and webSocketClose",
    "an outgoing WebSocket": "a socket that the object opened itself cannot hibernate; close it while there is "
    "nothing to do, or let another object hold it",
    "fetch": "the response has not come yet; set a timeout: fetch(url, { signal: AbortSignal.timeout(ms) })",
    "waitUntil": "a promise given to waitUntil has not settled; " + _HANDLER,
    "an unfinished alarm handler": "the alarm handler has not returned: a promise that it awaits never settles; "
    "resolve or reject it after a timeout",
    "an unfinished fetch handler": "the fetch handler has not returned: a promise that it awaits never settles; "
    "resolve or reject it after a timeout",
    RESPONSE_BODY: "a response is still being sent, such as an event stream: an object cannot leave memory while a "
    "client reads from it; send events over a hibernatable WebSocket, or end the stream and let the client ask again",
    "an unfinished WebSocket handler": "the handler has not returned: " + _HANDLER,
    "an unfinished RPC method": "the method has not returned: a promise that it awaits never settles; resolve or "
    "reject it after a timeout",
    "an RPC call": "a call to another object or Worker has not returned; race it against a timeout",
    "a TCP socket": "a connection that the object opened itself cannot hibernate; close it while there is "
    "nothing to do",
    "a stream": "a stream is neither read to its end nor canceled; read it to its end or cancel() it",
    "a storage transaction": "a transaction has not ended; do not await other work inside it",
}

_BY_KIND: Final = {
    "timer": _TIMER,
    "awaitJs": "a handler has not returned: " + _HANDLER,
    "operation": "an operation has not ended; end it with an AbortSignal or a timeout",
}

_BUSY: Final = {
    "alarm": f"alarms keep it busy: each restarts the idle timer; set the next one more than {IDLE_SECONDS} s later",
    "hibernatable_websocket": "messages keep it busy: let the runtime answer keep-alives with "
    "ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(request, response)); the text must match exactly, "
    "including white space",
    "fetch": f"requests keep it busy; the sender must pause for more than {IDLE_SECONDS} s",
    "jsrpc": f"calls keep it busy; the caller must pause for more than {IDLE_SECONDS} s",
}

NOTHING_SEEN: Final = (
    "the trace shows nothing pending and no event; look for work that restarts within less than a second, "
    "such as a chain of short timers"
)


def advice_on_pin(kind: str, what: str) -> str:
    """Return what to do about a pin, by its description, else by its kind."""
    return _BY_WHAT.get(what) or _BY_KIND.get(kind) or "find out what it waits for and end that after a timeout"


def advice_on_events(name: str) -> str:
    """Return what to do about events that come more often than the idle timer allows."""
    return _BUSY.get(name, f"{name} events keep it busy; send them less often than every {IDLE_SECONDS} s")

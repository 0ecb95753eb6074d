"""How long Cloudflare keeps an object in memory for each thing that pins it; a local runtime keeps it without end.

The pages were read on 2026-11-30. One is contradicted: docs/claims.md says where.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MOST_SECONDS: Final = 15 * 60
"""The longest that one operation keeps an object; the next one may keep it for as long again."""

_WORK_SINCE: Final = "2026-10-01"
"""The compatibility date from which timers, waitUntil and calls keep an object that has no client."""

_CHANGES: Final = "https://developers.cloudflare.com/changelog/post"
_SOCKETS_PAGE: Final = f"{_CHANGES}/2026-06-19-outbound-connections-keep-dos-alive/"
_WORK_PAGE: Final = f"{_CHANGES}/2026-10-01-pending-io-keep-alive/"
_WEBSOCKETS_PAGE: Final = "https://developers.cloudflare.com/durable-objects/best-practices/websockets/"
_LIFECYCLE_PAGE: Final = "https://developers.cloudflare.com/durable-objects/concepts/durable-object-lifecycle/"

_SOCKETS: Final = frozenset({"an outgoing WebSocket", "a TCP socket"})
_WORK: Final = frozenset({"waitUntil", "an RPC call", "durable_object_subrequest", "jsRpcSession", "subrequest"})


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long a pin lasts on Cloudflare, in words, and the page that says so."""

    says: str
    source: str


def on_cloudflare(pin: Mapping[str, object], date: str | None) -> Lasting:
    """Return how long a recorded pin lasts there, with this compatibility date; without one, with a current one."""
    kind, what = str(pin.get("kind")), str(pin.get("what"))
    if what in _SOCKETS:
        return Lasting("keeps the object for at most 15 minutes, billed; it does not end by itself then", _SOCKETS_PAGE)
    if what == "a standard-API WebSocket":
        return Lasting("keeps the object for as long as the client is connected, billed", _WEBSOCKETS_PAGE)
    if what == "fetch":
        return Lasting("keeps the object for at most 15 minutes, billed, or not at all: two pages differ", _WORK_PAGE)
    if kind == "timer" or what in _WORK:
        if date is None or date >= _WORK_SINCE:
            return Lasting("keeps the object for at most 15 minutes each time it is begun, billed", _WORK_PAGE)
        words = (
            f"with a compatibility date before {_WORK_SINCE} the object is shut down 70 to 140 s after its last event"
        )
        return Lasting(f"{words}, and the work is lost; it is billed until then", _WORK_PAGE)
    words = "keeps the object while its client is connected, billed; without one it is shut down after 70 to 140 s"
    return Lasting(words, _LIFECYCLE_PAGE)

"""Name lines of the worker's source, and the work that was begun there, in words."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

_PACKAGES: Final = "node_modules/"

LONGEST_MESSAGE: Final = 200
"""Characters of an exception's message in a sentence; the history has more."""

AT_BLOCKING_LIMIT: Final = "blockConcurrencyWhile() reached its limit of 30 s, so the runtime reset the object"

_BLOCKED_TOO_LONG: Final = "A call to blockConcurrencyWhile() in a Durable Object waited for too long"
"""How workerd's message about that begins."""

NOTHING: Final = "nothing that the trace shows"


def place_words(data: Mapping[str, Any]) -> str:
    """Return `src/room.ts:29`, with a package's line before it if it led there; empty without a script."""
    if not data.get("script"):
        return ""
    own = f"{_short(str(data['script']))}:{data.get('line')}"
    if not data.get("package"):
        return own
    return f"{_short(str(data['package']))}:{data.get('package_line')}, from {own}"


def pin_words(pin: Mapping[str, Any]) -> str:
    """Return `setInterval (src/room.ts:29)`, or `setInterval in PACKAGE/FILE:64, from src/room.ts:29`."""
    place = place_words(pin)
    if not place:
        return str(pin.get("what"))
    return f"{pin.get('what')} in {place}" if pin.get("package") else f"{pin.get('what')} ({place})"


def pins_words(pins: Iterable[Mapping[str, Any]]) -> str:
    """Return what pins an object, each kind of work once."""
    return ", ".join(dict.fromkeys(pin_words(each) for each in pins)) or NOTHING


def threw_words(data: Mapping[str, Any], whose: str = "") -> str:
    """Return `webSocketMessage threw TypeError: no name (src/room.ts:5)`; `whose` names the object, if given."""
    message = str(data.get("message")).partition("\n")[0]
    if message.startswith(_BLOCKED_TOO_LONG):
        return AT_BLOCKING_LIMIT
    cut = message if len(message) <= LONGEST_MESSAGE else f"{message[:LONGEST_MESSAGE]}…"
    what = f"{data.get('name')}: {cut}"
    place = place_words(data)
    at = f" ({place})" if place else ""
    of = f" of {whose}" if whose else ""
    if data.get("handler"):
        return f"{data['handler']}{of} threw {what}{at}"
    return f"{what} was thrown during {data.get('event') or 'an event'}{of}{at}"


def logged_words(data: Mapping[str, Any], whose: str = "") -> str:
    """Return `console.error: no name (src/room.ts:5)`; `whose` names the object, if given."""
    text = str(data.get("text")).partition("\n")[0]
    cut = text if len(text) <= LONGEST_MESSAGE else f"{text[:LONGEST_MESSAGE]}…"
    place = place_words(data)
    of = f" of {whose}" if whose else ""
    return f"console.{data.get('level')}{of}: {cut}" + (f" ({place})" if place else "")


def refused_words(data: Mapping[str, Any]) -> str:
    """Return why an object was not evicted: `its alarm is due in 3.8 s`, or what pinned it."""
    due_ms = data.get("alarm_in_ms")
    if not pins_of(data) and isinstance(due_ms, int):
        return f"its alarm is due in {due_ms / 1000:.1f} s, before it would sleep"
    return f"pinned by {pins_words(pins_of(data))}"


def pins_of(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the recorded pins of an event, without those that were damaged."""
    pins = data.get("pins")
    return [pin for pin in pins if isinstance(pin, dict)] if isinstance(pins, list) else []


def _short(script: str) -> str:
    """Return a script's name without the folders that packages are installed in."""
    return script.rpartition(_PACKAGES)[2]

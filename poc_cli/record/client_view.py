"""What each client of a play saw: its messages, refusals, closes and the answers to requests, in order."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.record.play_record import PlayRecord
from poc_cli.scenario.matching import text_message
from poc_cli.scenario.values import MISSING

SightKind = Literal["opened", "refused", "message", "answer", "closed"]

PLAY: Final = "{play}"
"""What replaces the unique part of the names in a play."""

ALARM: Final = "alarm"
"""How the trace names the event of an alarm."""

_CLOSED_BY_ITSELF: Final = "client"

_ACTIONS: Final = frozenset({kinds.SENT, kinds.OPENED, kinds.CLOSED, kinds.FRAME_SENT})

_ALONE_NS: Final = 100_000_000
"""A message that comes as long after the last action of a client is hardly an answer to it."""

_BEFORE_NS: Final = 100_000_000
_AFTER_NS: Final = 300_000_000
"""How long before and after a message the trace may be read that has the alarm it came with."""


@dataclass(frozen=True, slots=True)
class Sight:
    """One thing that a client saw.

    `value` is JSON where the text was JSON; other text is a string, and bytes are `{"hex": ...}`.
    """

    kind: SightKind
    value: Any
    step: int | None
    event: int
    at_ns: int = 0
    """When, by the play's clock."""

    by_time: bool = False
    """Whether it came with an alarm of an object, a while after all that clients did."""


View = Mapping[str, tuple[Sight, ...]]
"""What each client saw, by its name; requests of the story are the client `http`."""


def view_of(play: PlayRecord) -> View:
    """Return what the clients of a play saw until its end."""
    nonce = str(play.start.data["nonce"])
    alarms = [each.t_ns for each in play.of_kind(kinds.DELIVERED) if each.data.get("name") == ALARM]
    found: dict[str, list[Sight]] = {}
    acted_ns = 0
    for event in play.events:
        if event.kind in _ACTIONS:
            acted_ns = event.t_ns
        sight = _sight(event, nonce, play.programs)
        if sight is not None:
            if sight.kind == "message" and event.t_ns - acted_ns >= _ALONE_NS:
                sight = replace(sight, by_time=any(-_BEFORE_NS <= at - event.t_ns <= _AFTER_NS for at in alarms))
            found.setdefault(event.actor, []).append(sight)
    return {client: tuple(sights) for client, sights in found.items()}


def _sight(event: Event, nonce: str, programs: frozenset[str]) -> Sight | None:
    data = event.data
    if event.kind in {kinds.RECEIVED, kinds.FRAME_RECEIVED}:
        # A line that a program printed is nothing that it saw: its frames are.
        printed = event.kind == kinds.RECEIVED and event.actor in programs
        return None if printed else _received(event, nonce)
    if event.kind == kinds.OPENED:
        return Sight("opened", {"subprotocol": data.get("subprotocol")}, event.step, event.id, event.t_ns)
    if event.kind == kinds.OPEN_FAILED:
        return Sight("refused", _without(nonce, str(data.get("said"))), event.step, event.id, event.t_ns)
    if event.kind == kinds.CLOSED and data.get("by") != _CLOSED_BY_ITSELF:
        value = {"code": data.get("code"), "reason": _without(nonce, str(data.get("reason") or ""))}
        return Sight("closed", value, event.step, event.id, event.t_ns)
    return None


def _received(event: Event, nonce: str) -> Sight:
    value = _value(event, nonce)
    if "status" in event.data:
        return Sight("answer", {"status": event.data["status"], "body": value}, event.step, event.id, event.t_ns)
    return Sight("message", value, event.step, event.id, event.t_ns)


def _value(event: Event, nonce: str) -> Any:
    data = event.data
    if "text" not in data:
        return {"hex": data.get("hex", ""), "bytes": data.get("bytes")}
    text = _without(nonce, str(data["text"]))
    value = MISSING if data.get("cut") else text_message(text).json
    return text if value is MISSING else value


def _without(nonce: str, text: str) -> str:
    return text.replace(nonce, PLAY)

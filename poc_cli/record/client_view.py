"""What each client of a play saw: its messages, refusals, closes and the answers to requests, in order."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from poc_cli.record.play_record import PlayRecord
from poc_cli.scenario.matching import text_message
from poc_cli.scenario.values import MISSING

SightKind = Literal["opened", "refused", "message", "answer", "closed"]

PLAY: Final = "{play}"
"""What replaces the unique part of the names in a play."""

_CLOSED_BY_ITSELF: Final = "client"


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


View = Mapping[str, tuple[Sight, ...]]
"""What each client saw, by its name; requests of the story are the client `http`."""


def view_of(play: PlayRecord) -> View:
    """Return what the clients of a play saw until its end."""
    nonce = str(play.start.data["nonce"])
    found: dict[str, list[Sight]] = {}
    for event in play.events:
        sight = _sight(event, nonce, play.programs)
        if sight is not None:
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

"""What pins an object, as the history records it and in words."""

from poc_cli.history import object_events
from poc_cli.record.source_lines import pins_words
from poc_cli.residency import Pin


def pins_data(pins: tuple[Pin, ...]) -> list[object_events.Pin]:
    """Return pins as the history records them."""
    return [pin_data(pin) for pin in pins]


def pin_data(pin: Pin) -> object_events.Pin:
    """Return a pin as the history records it."""
    found: object_events.Pin = {
        "kind": pin.kind,
        "name": pin.name,
        "what": pin.what,
        "script": pin.script,
        "line": pin.line,
        "at_ns": pin.since_ns,
    }
    if pin.package is not None:
        found["package"], found["package_line"] = pin.package
    return found


def describe_pins(pins: tuple[Pin, ...]) -> str:
    """Describe pins in words: `setInterval (room.ts:12)`."""
    return pins_words(map(pin_data, pins))

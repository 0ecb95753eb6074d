"""Views of clients, and what differs between them."""

from collections.abc import Sequence
from typing import Any

from poc_cli.record.client_view import Sight, View
from poc_cli.record.transparency import Difference, Reference

UUIDS = [f"{number:08x}-2fa1-41d2-883f-0016d3cca427" for number in range(16)]


def _sight(said: Any, step: int, event: int) -> Sight:
    kind, value = said if isinstance(said, tuple) else ("message", said)
    return Sight(kind, value, step, event)


def view(**clients: Sequence[Any]) -> View:
    """Return a view of messages; a pair of a kind and a value is another sight."""
    events = iter(range(1, 10_000))
    return {
        name: tuple(_sight(each, step, next(events)) for step, each in enumerate(sights))
        for name, sights in clients.items()
    }


def first(undisturbed: Sequence[View], disturbed: View, *ignore: str) -> Difference | None:
    """Return the first difference."""
    found = Reference(undisturbed, ignore).differences(disturbed)
    return found[0] if found else None


def same(*plays: Sequence[Any], kept: Sequence[Any]) -> Difference | None:
    """Return the first difference of one client's messages to those of plays without a sleep."""
    return first([view(ann=each) for each in plays], view(ann=kept))


def value_of(sight: Sight | None) -> Any:
    assert sight is not None
    return sight.value


def step_of(sight: Sight | None) -> int | None:
    assert sight is not None
    return sight.step

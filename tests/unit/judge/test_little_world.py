"""The little world itself: what its object has under way ends with its memory."""

from random import Random
from typing import Literal

import pytest

from tests.support.truth.world import SECOND, Socket, World


def opened(world: World, client: str) -> Socket:
    """Return a new connection."""
    found: list[Socket] = []
    world.connect(client, found.append)
    world.run(world.now_ns + SECOND, lambda: bool(found))
    return found[0]


@pytest.mark.parametrize("end", ["crash", "nothing"])
def test_an_object_that_died_answers_nothing_that_it_was_asked_before(end: Literal["crash", "nothing"]) -> None:
    world = World("slow_wake", Random(1))  # noqa: S311 - no secret
    got: list[str] = []
    world.got = lambda socket, text: got.append(f"{socket.client}: {text}")
    first = opened(world, "ann")
    world.leave("evict")
    world.send(first, '{"op": "say", "id": 1}')
    world.run(world.now_ns + SECOND)
    if end == "crash":
        world.die()
    opened(world, "bob")
    world.run(world.now_ns + 9 * SECOND)
    assert (got == []) == (end == "crash")


def test_a_timer_of_a_stay_that_is_over_is_no_work_of_the_next() -> None:
    world = World("none", Random(1))  # noqa: S311 - no secret
    socket = opened(world, "ann")
    world.send(socket, '{"op": "pin", "ms": 5000}')
    world.run(world.now_ns + SECOND)
    world.die()
    opened(world, "ann")
    entered_ns = world.entered_ns
    world.run(world.now_ns + 9 * SECOND)
    assert world.last_activity_ns == entered_ns

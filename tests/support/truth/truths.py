"""What is true of each claim of a story: by what happened in the little world, not by what was written down of it.

Where a claim is decided by what its steps expect, it is what they came to: the player of the stories is no part of what
is tested.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from poc_cli.history import event as kinds
from poc_cli.history.event import Event
from tests.support.truth.world import MS, SECOND, Sleep, World

LIMIT_NS: Final = SECOND
"""The limit of every claim about the latency of a wake."""

HELD_ELSEWHERE: Final = frozenset({"gateway", "piped"})
"""Flaws with which no client's socket is the object's."""

_ABOUT_SLEEP: Final = frozenset({"", "sleeps", "no-wake", "connections-survive"})
"""Checks that need a sleep of the object with a socket of its own open."""


@dataclass(slots=True)
class Claim:
    """A claim of a story; without a check it is decided by its steps."""

    id: str
    check: str
    more: str = ""
    about: Any = None
    """What the claim is about: the number of its step, and for a state since when it was there."""


def truth(claim: Claim, claims: list[Claim], world: World, events: list[Event]) -> frozenset[str]:
    """Return the verdicts that are right for a claim beside `unknown`: none where nobody can know."""
    told = Told(claim, claims, world, events)
    found = frozenset(_TRUTHS[claim.check](claim, told))
    # What is decided by its steps alone has nothing to do with a sleep after them.
    last_ns = told.ends[-1].t_ns if told.ends and not claim.check else events[-1].t_ns
    asked = [each for each in told.events if each.kind == kinds.STEP and each.data["verb"] == "hibernate"]
    slept = any(each.step not in told.watches and each.t_ns < last_ns for each in asked)
    if world.flaw in HELD_ELSEWHERE and claim.check in _ABOUT_SLEEP and slept:
        # No socket of its own stayed open through a sleep, so that no sleep was a hibernation.
        return found - {"held"}
    return found


class Told:
    """What happened, and what the history says of the steps of one claim."""

    def __init__(self, claim: Claim, claims: list[Claim], world: World, events: list[Event]) -> None:
        """Take the claim and all others, what happened, and what was written down of it."""
        self.stays_awake = {each.id for each in claims if each.check == "stays-awake"}
        self.world = world
        self.events = events
        self.begun = [each for each in events if each.kind == kinds.STEP and each.data["claim"] == claim.id]
        steps = {each.step for each in self.begun}
        self.ends = [each for each in events if each.kind == kinds.STEP_END and each.step in steps]

    @property
    def watches(self) -> set[int | None]:
        """Return the steps that are there to show that the object stays awake."""
        begun = (each for each in self.events if each.kind == kinds.STEP)
        return {each.step for each in begun if each.data["claim"] in self.stays_awake}

    def begins(self, step: int) -> int:
        """Return when a step began."""
        return next(each.t_ns for each in self.events if each.kind == kinds.STEP and each.step == step)

    @property
    def outcomes(self) -> set[str]:
        """Return what its steps came to, as verdicts."""
        found = set()
        for end in self.ends:
            if end.data["ok"]:
                found.add("held")
            elif end.data["failure"] not in {"no_sleep", "wrong_object", "woken", "unbound"}:
                found.add("refuted")
        return {"refuted"} if "refuted" in found else found

    def arrived(self, key: str) -> dict[tuple[str, int], list[int]]:
        """Return the marks or numbers that each connection got, in order."""
        number: dict[str, int] = {}
        found: dict[tuple[str, int], list[int]] = {}
        for event in self.events:
            if event.kind == kinds.OPENED:
                number[event.actor] = number.get(event.actor, 0) + 1
            if event.kind == kinds.RECEIVED and event.data["text"].startswith("{"):
                message = json.loads(event.data["text"])
                if message["op"] == "said":
                    found.setdefault((event.actor, number[event.actor]), []).append(message[key])
        return found

    @property
    def sent(self) -> dict[int, tuple[str, int]]:
        """Return who sent each mark, by which of its connections."""
        number: dict[str, int] = {}
        found: dict[int, tuple[str, int]] = {}
        for event in self.events:
            if event.kind == kinds.OPENED:
                number[event.actor] = number.get(event.actor, 0) + 1
            if event.kind == kinds.SENT and '"say"' in event.data["text"]:
                found[json.loads(event.data["text"])["id"]] = event.actor, number[event.actor]
        return found


def _by_its_steps(_: Claim, told: Told) -> set[str]:
    return told.outcomes


def _state(claim: Claim, told: Told) -> set[str]:
    """What was read must have been there before memory was lost; only then it can be said to have survived."""
    if not told.begun or not told.ends:
        return set()
    since_ns, read_ns = told.begins(claim.about), told.begun[0].t_ns
    losses = [*(sleep.began_ns for sleep in told.world.sleeps if _is_hibernation(sleep)), *told.world.deaths]
    if not any(since_ns < loss < read_ns for loss in losses):
        return told.outcomes - {"held"}
    if told.world.flaw in HELD_ELSEWHERE and not any(since_ns < death < read_ns for death in told.world.deaths):
        return told.outcomes - {"held"}  # no socket of its own stayed open through a sleep
    return told.outcomes


def _is_hibernation(sleep: Sleep) -> bool:
    return bool(sleep.sockets)


def _sleeps(_: Claim, told: Told) -> set[str]:
    """A claim that names a `hibernate` step is about the sleep there, one that names none about each that was asked."""
    steps = {each.step for each in told.begun}
    awake = [each for each in told.events if each.kind == kinds.AWAKE and each.step not in told.watches]
    if any(not steps or each.step in steps for each in awake):
        return {"refuted"}
    # One that slept already, because the story let time pass before, is found asleep by the step.
    hibernates = {each.step for each in told.events if each.kind == kinds.STEP and each.data["verb"] == "hibernate"}
    ends = [each for each in told.events if each.kind == kinds.STEP_END and each.data["ok"] and each.step in hibernates]
    ends = [each for each in ends if not steps or each.step in steps]
    asleep = any(sleep.sockets and sleep.began_ns < end.t_ns for sleep in told.world.sleeps for end in ends)
    return {"held"} if asleep else set()


def _stays_awake(_: Claim, told: Told) -> set[str]:
    steps = {each.step for each in told.begun}
    awake = any(each.kind == kinds.AWAKE and each.step in steps for each in told.events)
    spans = [(begun.t_ns, end.t_ns) for begun, end in zip(told.begun, told.ends, strict=False)]
    left = any(first < sleep.began_ns < last for first, last in spans for sleep in told.world.sleeps)
    left |= any(end.data["ok"] for end in told.ends)
    return {"refuted"} if left else {"held"} if awake else set()


def _connections_survive(_: Claim, told: Told) -> set[str]:
    slept = [sleep for sleep in told.world.sleeps if sleep.sockets]
    if not slept:
        return set()
    if told.world.flaw == "deaf_after_wake":
        return {"refuted"}
    if told.world.flaw == "closes_on_wake" and any(sleep.woken_by is not None for sleep in slept):
        return {"refuted"}
    return {"held"}


def _no_wake(_: Claim, told: Told) -> set[str]:
    asked = [sleep for sleep in told.world.sleeps if sleep.sockets]
    if not asked:
        return set()
    if any(sleep.woken_by == "ping" for sleep in asked):
        return {"refuted"}
    others = any(sleep.woken_by is not None and not sleep.woken_by.startswith("{") for sleep in asked)
    return {"held", "refuted"} if others else {"held"}


def _delivered_once(_: Claim, told: Told) -> set[str]:
    arrived, sent = told.arrived("id"), told.sent
    if not sent:
        return set()
    if any(len(marks) != len(set(marks)) for marks in arrived.values()):
        return {"refuted"}
    came = {(client, mark) for (client, _), marks in arrived.items() for mark in marks}
    lost = [(mark, place) for mark, place in sent.items() if (place[0], mark) not in came]
    if not lost:
        # Of what was told twice the second may still be on its way.
        return {"held", "refuted"} if told.world.flaw == "doubled" else {"held"}
    # Who never gets back what it says itself is answered by what the others get.
    answered = {mark for marks in arrived.values() for mark in marks}
    got_own = {sent[mark][0] for (client, _), marks in arrived.items() for mark in marks if sent[mark][0] == client}
    alone = all(mark in answered and client not in got_own for mark, (client, _) in lost)
    found = {"held"} if alone else set()
    if told.world.flaw in {"dropped", "deaf_after_wake", "swapped", "closes_on_wake"}:
        found.add("refuted")
    return found


def _delivered_in_order(_: Claim, told: Told) -> set[str]:
    place = {mark: index for index, mark in enumerate(told.sent)}
    for marks in told.arrived("id").values():
        by_sender: dict[str, list[int]] = {}
        for mark in marks:
            by_sender.setdefault(told.sent[mark][0], []).append(place[mark])
        if any(ranks != sorted(ranks) for ranks in by_sender.values()):
            return {"refuted"}
    return {"held"}


def _received_in_order(_: Claim, told: Told) -> set[str]:
    """Within a connection there is no gap; what a client misses while it has none may count as one."""
    for numbers in told.arrived("seq").values():
        if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            return {"refuted"}
    # What was never told to one of them is a loss, whether the record can show it or not.
    lost = any(len(socket.due) > len({mark for mark, _ in socket.told}) for socket in told.world.all_sockets)
    if lost:
        return {"refuted"}
    several = len(told.arrived("seq")) > len({client for client, _ in told.arrived("seq")})
    return {"held", "refuted"} if several else {"held"}


def _wake_under(_: Claim, told: Told) -> set[str]:
    wakes = [each.data["wake_ms"] for each in told.events if each.kind == kinds.STEP_END and "wake_ms" in each.data]
    if not wakes:
        return set()
    return {"refuted"} if max(wakes) * MS > LIMIT_NS else {"held"}


def _close_handshake(_: Claim, told: Told) -> set[str]:
    closes = {each.step for each in told.events if each.kind == kinds.STEP and each.data["verb"] == "close"}
    ends = [
        each
        for each in told.events
        if each.kind == kinds.CLOSED and each.step in closes and each.data["by"] == "client"
    ]
    if not ends:
        return set()
    return {"held"} if all(each.data["clean"] for each in ends) else {"refuted"}


def _connections_drop(_: Claim, told: Told) -> set[str]:
    return {"held"} if told.world.deaths else set()


_TRUTHS: Final[dict[str, Callable[[Claim, Told], set[str]]]] = {
    "": _by_its_steps,
    "storage-survives": _state,
    "attachments-survive": _state,
    "memory-is-reset": _state,
    "sleeps": _sleeps,
    "stays-awake": _stays_awake,
    "connections-survive": _connections_survive,
    "no-wake": _no_wake,
    "delivered-once": _delivered_once,
    "delivered-in-order": _delivered_in_order,
    "received-in-order": _received_in_order,
    "wake-under": _wake_under,
    "close-handshake": _close_handshake,
    "connections-drop": _connections_drop,
}

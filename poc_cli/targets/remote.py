"""A worker that already runs somewhere: a black box that can be spoken to, and nothing else."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from poc_cli.errors import TargetError
from poc_cli.targets.base import Ability, Fault, Oracle, TargetHung
from poc_cli.targets.endpoint import Door
from poc_cli.targets.reachability import reached

ANSWERS_WITHIN_SECONDS: Final = 5.0
"""As long as a step of a story waits for an answer."""

Redeploy = Callable[[], Awaitable[None]]
"""Brings a new version into being and returns once it answers."""

Listener = Callable[[dict[str, Any]], None]
Tail = Callable[[Listener], AbstractAsyncContextManager[object]]
"""Calls a listener with what the place tells of the worker's events, for as long as the context lasts."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a worker answers and how it is spoken to; `secrets` must never be written down, by their names."""

    kind: str
    door: Door
    headers: dict[str, str] = field(default_factory=dict)
    secrets: tuple[tuple[str, str], ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    compatibility_date: str | None = None
    abilities: frozenset[Ability] = frozenset({"idle"})
    redeploy: Redeploy | None = None
    tail: Tail | None = None


class Remote:
    """The worker at an address."""

    oracle: Oracle = "instance"
    number: int | None = None

    def __init__(self, address: Address, probe: str) -> None:
        """Take where; `probe` is a path that may be asked whether anybody is there."""
        self.kind = address.kind
        self.url = address.door.url
        self.door = address.door
        more: frozenset[Ability] = frozenset() if address.redeploy is None else frozenset({"deploy"})
        self.abilities = address.abilities | more
        self.headers = address.headers
        self.versions = address.versions
        self.compatibility_date = address.compatibility_date
        self.tail = address.tail
        self._redeploy = address.redeploy
        self._probe = probe

    @property
    def trace(self) -> None:
        """Return None: nobody tells from inside what happens there."""
        return

    async def settled(self) -> None:
        """Return once the place has answered anything at all. Raises TargetHung where it does not.

        Silence of one room is that room's; of a place that answers nobody it is nobody's fault, and an error.
        """
        try:
            answer = await reached(self.door, self._probe, self.headers, ANSWERS_WITHIN_SECONDS)
        except TargetError as error:
            raise TargetHung(f"{self.url} does not answer any more: {error.in_a_line}") from error
        if answer.status_code >= HTTPStatus.BAD_GATEWAY:
            raise TargetHung(f"{self.url} does not answer any more: it says {answer.status_code}")

    async def restart(self, fault: Fault) -> None:
        """Deploy a new version. Raises TargetError where that cannot be done."""
        if fault != "deploy" or self._redeploy is None:
            raise TargetError(f"{self.url} cannot be restarted from here ({fault})")
        await self._redeploy()

"""A worker that already runs at an address: a black box without a trace."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from poc_cli.errors import TargetError
from poc_cli.scenario.abilities import Ability
from poc_cli.targets.base import Fault, Oracle, TargetHung
from poc_cli.targets.endpoint import Endpoint
from poc_cli.targets.reachability import reached

ANSWERS_WITHIN_SECONDS: Final = 5.0
"""The same as a step's default time limit."""

Redeploy = Callable[[Fault, float | None, bool], Awaitable[None]]
"""Deploys a new version and returns once it answers, to new objects where the update of others is deferred."""

Listener = Callable[[dict[str, Any]], None]
Tail = Callable[[Listener], AbstractAsyncContextManager[object]]
"""A context in which a listener gets the worker's events as the platform reports them."""


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a worker and how to call it; `secrets` are the names and values to mask."""

    kind: str
    endpoint: Endpoint
    headers: dict[str, str] = field(default_factory=dict)
    secrets: tuple[tuple[str, str], ...] = ()
    versions: dict[str, str] = field(default_factory=dict)
    compatibility_date: str | None = None
    abilities: frozenset[Ability] = frozenset({"idle"})
    redeploy: Redeploy | None = None
    tail: Tail | None = None


class Remote:
    """A worker at an address."""

    oracle: Oracle = "instance"
    number: int | None = None

    def __init__(self, address: Address, probe: str) -> None:
        """Take the address; `probe` is a path for checking that the worker answers."""
        self.kind = address.kind
        self.url = address.endpoint.url
        self.endpoint = address.endpoint
        self.abilities = address.abilities
        self.headers = address.headers
        self.versions = address.versions
        self.compatibility_date = address.compatibility_date
        self.tail = address.tail
        self._redeploy = address.redeploy
        self._probe = probe

    @property
    def trace(self) -> None:
        """Return None: a black box has no trace."""
        return

    async def settled(self) -> None:
        """Return once the worker has answered at all. Raises TargetHung if it does not.

        Silence of one room is a finding about that room; silence of the whole target is an error.
        """
        try:
            answer = await reached(self.endpoint, self._probe, self.headers, ANSWERS_WITHIN_SECONDS)
        except TargetError as error:
            raise TargetHung(f"{self.url} no longer answers: {error.in_a_line}") from error
        if answer.status_code >= HTTPStatus.BAD_GATEWAY:
            raise TargetHung(f"{self.url} no longer answers: status {answer.status_code}")

    async def restart(self, fault: Fault, max_delay: float | None = None, *, back: bool = False) -> None:
        """Deploy a new version. Raises TargetError if that is not possible."""
        if fault not in {"deploy", "deploy-deferred"} or self._redeploy is None:
            raise TargetError(f"{self.url} cannot be restarted by poc ({fault})")
        await self._redeploy(fault, max_delay, back)

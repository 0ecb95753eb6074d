"""What the chosen scenarios need beside clients and runtime, and which of them cannot be played for want of it."""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol
from urllib.parse import urlsplit

from poc_cli.commands.console import Console
from poc_cli.errors import TargetError, UsageError
from poc_cli.scenario.capabilities import Place, place_of
from poc_cli.scenario.lint_clients import ELSEWHERE
from poc_cli.scenario.model import Origin
from poc_cli.scenario.needs import brings_more, needs_pages
from poc_cli.scenario.scenario import Scenario, every
from poc_cli.scenario.templates import names_in
from poc_cli.targets.destination import CLOUDFLARE

if TYPE_CHECKING:
    from poc_cli.services.services import Services


HERE: Final = place_of({})
"""A runtime of our own, which offers everything."""


class Wanted(Protocol):
    """What of the command line concerns it."""

    @property
    def words(self) -> Sequence[str]:
        """Names, files and folders."""

    @property
    def sleep(self) -> Literal["idle", "evict"] | None:
        """How objects are brought to sleep, whatever the scenarios say."""

    @property
    def origin(self) -> str | None:
        """The address of an app that is deployed elsewhere."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run has beside, None where it needs nothing; which scenarios are played, and which cannot be, and why."""

    services: "Services | None"
    played: Sequence[Scenario]
    without: Mapping[str, str]

    @property
    def known(self) -> Mapping[str, str]:
        """Return the secrets that the worker is to have, by their names."""
        return {} if self.services is None else self.services.secrets

    @property
    def secrets(self) -> list[tuple[str, str]]:
        """Return the names and values of what must not be written down."""
        return list(self.known.items())


@contextlib.contextmanager
def surroundings(
    scenarios: Sequence[Scenario], wanted: Wanted, console: Console, token: str | None, place: Place
) -> Iterator[Surroundings]:
    """Yield what the scenarios need that can be played in a place; it ends with the context.

    `token` is what the worker there wants to be shown, if any.

    Raises TargetError where one that was named cannot be played, and UsageError for an origin that is no address, or
    whose secrets are not told although they are to be deployed.
    """
    elsewhere = None if wanted.origin is None else _address(wanted.origin)
    from poc_cli.engine.run_plays import reason_to_leave_out

    without = {each.document.name: why for each in scenarios if (why := _why_not(each, elsewhere, named=wanted.words))}
    possible = [each for each in scenarios if reason_to_leave_out(each, wanted.sleep, place) is None]
    played = [each for each in possible if each.document.name not in without]
    if elsewhere is not None and wanted.words and place.kind == CLOUDFLARE:
        _raise_if_untold(possible)
    foreign = [each for each in played if brings_more(each)]
    if not foreign:
        yield Surroundings(None, played, without)
        return
    from poc_cli.services.services import Services

    services = Services(foreign, console.note, token=token, elsewhere=elsewhere)
    try:
        yield Surroundings(services, played, without)
    finally:
        services.close()


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise UsageError(f'--origin "{text}" is no address of an app', "give it like https://my-app.vercel.app")
    return f"{parts.scheme}://{parts.netloc}"


def _why_not(scenario: Scenario, elsewhere: str | None, *, named: Sequence[str]) -> str | None:
    """Return why a scenario is left out. Raises TargetError instead where it was named and only a part is missing."""
    why = None
    if needs_pages([scenario]):
        from poc_cli.clients.chromium import why_no_pages

        why = why_no_pages()
    if why is not None and named:
        raise TargetError(*why)
    if why is not None:
        return f"{why[0]} ({why[1]})"
    return _why_not_elsewhere(scenario) if elsewhere is not None and scenario.document.origin is not None else None


def _untold(scenario: Scenario) -> list[str]:
    return [name for name in scenario.document.secrets if not os.environ.get(name)]


def _raise_if_untold(scenarios: Sequence[Scenario]) -> None:
    for scenario in scenarios:
        if scenario.document.origin is not None and (missing := _untold(scenario)):
            raise UsageError(
                f"{scenario.document.name}: the app behind --origin has its own {' and '.join(missing)},"
                " and the worker needs the same",
                "set the variables of these names to the app's values; they are deployed as secrets",
            )


def _why_not_elsewhere(scenario: Scenario) -> str | None:
    if any(isinstance(placed.step, Origin) for placed in every(scenario.steps)):
        return "it changes or watches its origin, which is only possible where poc runs it"
    if ELSEWHERE in names_in(scenario.document.model_dump(mode="json")):
        return f"it reaches its origin as {{{ELSEWHERE}}}, a name that only one has that poc runs"
    if missing := _untold(scenario):
        return f"the app elsewhere has its own {' and '.join(missing)}: set it in the environment of poc too"
    return None

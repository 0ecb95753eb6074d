"""The services that a run needs beside clients and runtime, and which scenarios cannot be played without them."""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from poc_cli.commands.console import Console
from poc_cli.errors import TargetError, UsageError
from poc_cli.run_options import RunOptions
from poc_cli.scenario.capabilities import Place
from poc_cli.scenario.lint_clients import ELSEWHERE
from poc_cli.scenario.model import Origin
from poc_cli.scenario.needs import brings_more, needs_pages
from poc_cli.scenario.scenario import Scenario, every
from poc_cli.scenario.templates import names_in
from poc_cli.targets.target_registry import TARGETS

if TYPE_CHECKING:
    from poc_cli.engine.run_plan import RunPlan
    from poc_cli.scenario.plays import Play
    from poc_cli.services.services import Services


@dataclass(frozen=True, slots=True)
class Prepared:
    """The plan of a run, and the services it needs: None if it needs none."""

    plan: "RunPlan"
    services: "Services | None" = None

    @property
    def secrets(self) -> Mapping[str, str]:
        """Return the secrets that the worker needs, by name."""
        return {} if self.services is None else self.services.secrets


@contextlib.contextmanager
def prepared(
    scenarios: Sequence[Scenario], options: RunOptions, console: Console, token: str | None, place: Place | None = None
) -> Iterator[Prepared]:
    """Plan a run on a target (default: local) and build the services of what is played; they end with the context.

    `token` is the one that the worker expects, if any.

    Raises TargetError if a named scenario cannot be played, and UsageError for an invalid origin, or one whose
    secrets are not set although they have to be deployed, or for --ignore where no session is compared.
    """
    from poc_cli.engine.run_plan import LOCAL, plan_run

    place = place or LOCAL

    elsewhere = None if options.origin is None else _address(options.origin)
    reasons = {each.document.name: _reason_to_leave_out(each, elsewhere, named=options.words) for each in scenarios}
    if elsewhere is not None and options.words and TARGETS[place.kind].deploys:
        _raise_if_unset(plan_run(scenarios, options, place).played)
    plan = plan_run(scenarios, options, place, {name: why for name, why in reasons.items() if why is not None})
    if options.ignore:
        _raise_if_nothing_is_compared(plan.plays, options)
    with_services = [each for each in plan.played if brings_more(each)]
    if not with_services:
        yield Prepared(plan)
        return
    from poc_cli.services.services import Services

    services = Services(with_services, console.note, token=token, elsewhere=elsewhere)
    try:
        yield Prepared(plan, services)
    finally:
        services.close()


def _raise_if_nothing_is_compared(plays: "Sequence[Play]", options: RunOptions) -> None:
    from poc_cli.engine.session_plays import to_play_everywhere

    if not to_play_everywhere(plays, options):
        raise UsageError("--ignore is only for sleeps everywhere", "add --sleep everywhere, or leave it out")


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
        raise UsageError(f'--origin "{text}" is not the address of an app', "write it as https://my-app.vercel.app")
    return f"{parts.scheme}://{parts.netloc}"


def _reason_to_leave_out(scenario: Scenario, elsewhere: str | None, *, named: Sequence[str]) -> str | None:
    """Return why a scenario is left out. Raises TargetError instead if it was named and a part is missing."""
    why = None
    if needs_pages([scenario]):
        from poc_cli.clients.chromium import why_no_pages

        why = why_no_pages()
    if why is not None and named:
        raise TargetError(*why)
    if why is not None:
        return f"{why[0]} ({why[1]})"
    return _reason_not_elsewhere(scenario) if elsewhere is not None and scenario.document.origin is not None else None


def _unset(scenario: Scenario) -> list[str]:
    return [name for name in scenario.document.secrets if not os.environ.get(name)]


def _raise_if_unset(scenarios: Sequence[Scenario]) -> None:
    for scenario in scenarios:
        if scenario.document.origin is not None and (missing := _unset(scenario)):
            raise UsageError(
                f"{scenario.document.name}: the app behind --origin has its own {' and '.join(missing)},"
                " and the worker needs the same",
                "set the variables of these names to the app's values; they are deployed as secrets",
            )


def _reason_not_elsewhere(scenario: Scenario) -> str | None:
    if any(isinstance(placed.step, Origin) for placed in every(scenario.steps)):
        return "it changes or watches its origin, which is only possible if poc runs it"
    if ELSEWHERE in names_in(scenario.document.model_dump(mode="json")):
        return f"it reaches its origin as {{{ELSEWHERE}}}, a name that exists only if poc runs it"
    if missing := _unset(scenario):
        return f"the app elsewhere has its own {' and '.join(missing)}: set it in the environment of poc too"
    return None

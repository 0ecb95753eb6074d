"""Plays on a worker that runs elsewhere: at an address, or on Cloudflare for as long as the run lasts.

Never decides a verdict, and never writes down a token: it goes into headers, and is taken out of everything else.
"""

import asyncio
import contextlib
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from poc_cli.commands.abroad import surroundings
from poc_cli.commands.choosing import chosen, files
from poc_cli.commands.console import Console
from poc_cli.commands.ending import finish
from poc_cli.commands.options import Options, Played, point_to, raise_file_limit
from poc_cli.engine.run import Records, Request, run, run_folder
from poc_cli.engine.troupe import Beside
from poc_cli.engine.venue import RemoteVenue
from poc_cli.errors import UsageError
from poc_cli.history.redact import Redactor
from poc_cli.scenario.fitting import place_of
from poc_cli.shipped import shipped
from poc_cli.target.address import ALLOWED_ORIGIN
from poc_cli.target.address import Address as Loopback
from poc_cli.target.api import Api
from poc_cli.target.base import Ability
from poc_cli.target.destination import CLOUDFLARE, given_headers, token_headers
from poc_cli.target.edge import door
from poc_cli.target.reaching import host
from poc_cli.target.remote import Address, Remote
from poc_cli.target.source import source

if TYPE_CHECKING:
    from poc_cli.scenario.story import Scenario

_OF_OURS: Final[frozenset[Ability]] = frozenset({"idle", "environment"})
"""What a worker offers that poc itself deploys: its variables are poc's, but it cannot reach this machine."""


def play_away(options: Options, console: Console) -> Played:
    """Play what was asked for into a new run folder. Raises PocError: nothing is played where nobody answers."""
    _raise_if_impossible(options)
    scenarios = chosen(files(options), options)
    if options.target.word == CLOUDFLARE:
        return _on_cloudflare(scenarios, options, console)
    address = address_of(options.target.url or "", options.token_env, options.header_env, os.environ)
    return _at(address, options.token_env, scenarios, options, console)


def _raise_if_impossible(options: Options) -> None:
    where = options.target.url or options.target.word
    if options.sleep == "evict":
        told = f"--sleep evict cannot be had on {where}: only a runtime that poc starts evicts on request"
        raise UsageError(told, "leave it out: objects sleep by the runtime's own timer there")
    if options.target.word == CLOUDFLARE:
        if options.token_env is not None:
            raise UsageError("--token-env is for an address", "a worker that poc deploys gets a fresh token")
        return
    if options.worker_rules:
        raise UsageError(f"--worker is deployed nowhere: {where} runs what it runs", "leave one of the two out")
    if options.date is not None:
        raise UsageError("--compat-date is for workers that poc starts or deploys", f"{where} has its own")
    if options.keep:
        raise UsageError("--keep is for workers that poc deploys", f"{where} stays anyway")


def address_of(url: str, token_env: str | None, header_env: Sequence[str], environment: Mapping[str, str]) -> Address:
    """Give a worker's address with what lets us in: by variables, else the token of what we deployed ourselves there.

    Raises UsageError for a variable that holds none.
    """
    headers = token_headers(token_env, environment)
    if not headers:
        from poc_cli.target.cloudflare.store import token_for

        kept = token_for(url)
        headers = {} if kept is None else {"Authorization": f"Bearer {kept}"}
    headers |= given_headers(header_env, environment)
    hidden = [part for value in headers.values() for part in (value, value.removeprefix("Bearer "))]
    return Address("url", door(url, environment), headers, tuple(hidden))


def _on_cloudflare(scenarios: "list[Scenario]", options: Options, console: Console) -> Played:
    """Deploy, play, and tear down whatever happened."""
    from poc_cli.target.cloudflare.deployment import Plan, deployed
    from poc_cli.target.cloudflare.tail import tail

    given = given_headers(options.header_env, os.environ)
    plan = Plan(
        source(options.worker or shipped("worker")),
        keep=options.keep,
        date=options.date,
        variables={"POC_ALLOWED_ORIGINS": ALLOWED_ORIGIN},
        secrets={"POC_API_KEY": secrets.token_urlsafe(32)},
    )
    abilities = _OF_OURS if plan.is_ours else frozenset[Ability]({"idle"})
    with Phases(console) as phases, deployed(plan, console.note, phases, asker(console)) as deployment:
        phases.close()
        address = Address(
            CLOUDFLARE,
            door(deployment.url, os.environ),
            deployment.headers | given,
            (*deployment.secrets, *given.values()),
            deployment.versions,
            deployment.compatibility_date,
            abilities,
            deployment.redeploy,
            partial(tail, deployment),
        )
        return _at(address, None, scenarios, options, console)


def _at(
    address: Address, token_from: str | None, scenarios: "list[Scenario]", options: Options, console: Console
) -> Played:
    raise_file_limit()
    probe = f"/room/probe-{secrets.token_hex(6)}"
    found = asyncio.run(host(address.door, probe, address.headers, token_from=token_from))
    folder = run_folder(options.results, scenarios, datetime.now(UTC))
    loopback = Loopback()
    with contextlib.ExitStack() as open_:
        open_.callback(loopback.close)
        bearer = address.headers.get("Authorization", "").removeprefix("Bearer ") or None
        if options.origin is not None:
            address = replace(address, abilities=address.abilities | {"origin"})
        venue = RemoteVenue(Remote(address, probe), is_ours=found.is_ours)
        place = place_of(venue.description())
        around = open_.enter_context(surroundings(scenarios, options, console, bearer, place))
        records = Records(folder, Redactor([*address.secrets, loopback.key, *around.secrets]))
        request = Request(scenarios, bool(options.words), options.sleep, options.jobs, options.repeat, around.without)
        with console.live() as progress:
            interrupted = not finish(run(request, venue, records, Beside(Api(loopback), around.abroad), progress))
    point_to(folder, console)
    return Played(folder, interrupted)

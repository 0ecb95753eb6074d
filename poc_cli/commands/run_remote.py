"""Play on a worker that poc does not run: at an address, or deployed to Cloudflare for the duration of the run."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from poc_cli.commands.console import Console, hide
from poc_cli.commands.environment_values import named, variables_of
from poc_cli.commands.loads_of_run import loads_of, remote_sites
from poc_cli.commands.played import Played, point_to, raise_file_limit
from poc_cli.commands.progress import Phases
from poc_cli.commands.prompt import asker
from poc_cli.commands.selection import chosen, files
from poc_cli.commands.signals import finish
from poc_cli.commands.start_services import Prepared, prepared
from poc_cli.engine.environment import RunEnvironment
from poc_cli.engine.run_plan import plan_run
from poc_cli.engine.run_plays import run
from poc_cli.engine.target_pool import RemoteTargetPool
from poc_cli.engine.target_pool import source_of as own_source
from poc_cli.errors import UsageError
from poc_cli.history.folder import Records, run_folder
from poc_cli.history.redact import Redactor
from poc_cli.run_options import EVERYWHERE, RunOptions
from poc_cli.scenario.abilities import Ability
from poc_cli.scenario.capabilities import Place, place_of
from poc_cli.shipped import shipped
from poc_cli.targets.api_address import ALLOWED_ORIGIN
from poc_cli.targets.api_address import Address as Loopback
from poc_cli.targets.destination import CLOUDFLARE, given_headers, token_headers
from poc_cli.targets.dev_script import as_started
from poc_cli.targets.endpoint import endpoint_of
from poc_cli.targets.local_api import Api
from poc_cli.targets.reachability import host
from poc_cli.targets.remote import Address, Remote
from poc_cli.targets.worker_source import source_or_shipped

if TYPE_CHECKING:
    from poc_cli.scenario.scenario import Scenario

_SHIPPED: Final[frozenset[Ability]] = frozenset({"idle", "environment"})
"""The abilities of the shipped worker on Cloudflare: poc sets its variables, but it cannot reach this machine."""

_OWN_WORKER: Final[frozenset[Ability]] = frozenset({"environment", "worker"})
"""The abilities of a worker that the scenarios bring."""


def play_remote(options: RunOptions, console: Console) -> Played:
    """Play into a new run folder. Raises PocError if the target does not answer."""
    _raise_if_impossible(options)
    scenarios = chosen(files(options), options)
    if options.target.word == CLOUDFLARE:
        return _on_cloudflare(scenarios, options, console)
    address = address_of(options.target.url or "", options.token_env, options.header_env, os.environ)
    return _at_address(address, options.token_env, scenarios, options, console)


def _raise_if_impossible(options: RunOptions) -> None:
    where = options.target.url or options.target.word
    if options.workerds:
        raise UsageError("--workerd is only for runtimes that poc starts", f"{where} has its own: leave it out")
    if options.sleep in {"evict", EVERYWHERE}:
        message = (
            f"--sleep {options.sleep} is not available on {where}: only a runtime that poc starts evicts on request"
        )
        raise UsageError(message, "leave it out: the idle timer puts objects to sleep there")
    if options.code_update is not None and options.target.word != CLOUDFLARE:
        raise UsageError(f"--code-update cannot be used with {where}: poc does not deploy there", "leave it out")
    if options.target.word == CLOUDFLARE:
        if options.token_env is not None:
            raise UsageError("--token-env is only for addresses", "a worker that poc deploys gets a fresh token")
        return
    if options.worker_option is not None:
        raise UsageError(
            f"{options.worker_option} cannot be used with {where}: poc does not deploy there",
            f"leave out {options.worker_option} or --target",
        )
    if options.compat_date is not None:
        raise UsageError("--compat-date is only for workers that poc starts or deploys", f"{where} has its own")
    if options.keep:
        raise UsageError("--keep is only for workers that poc deploys", f"poc does not remove {where} anyway")


def address_of(url: str, token_env: str | None, header_env: Sequence[str], environment: Mapping[str, str]) -> Address:
    """Return a worker's address with the headers that authorize us: from variables, else from `poc deploy`.

    Raises UsageError for a variable that is not set.
    """
    headers = token_headers(token_env, environment)
    if not headers:
        from poc_cli.targets.cloudflare.local_records import token_for

        kept = token_for(url)
        headers = {} if kept is None else {"Authorization": f"Bearer {kept}"}
    headers |= given_headers(header_env, environment)
    hidden = _named(headers, header_env, token_env)
    # A worker at workers.dev cannot fetch from there (Cloudflare error 1042).
    is_deployed = (urlsplit(url).hostname or "").endswith(".workers.dev")
    abilities = frozenset[Ability]({"idle"} if is_deployed else {"idle", "itself"})
    return Address("url", endpoint_of(url, environment), headers, tuple(hidden), abilities=abilities)


def _named(headers: Mapping[str, str], header_env: Sequence[str], token_env: str | None) -> list[tuple[str, str]]:
    """Return the values of headers with the names of the variables that hold them."""
    names = {"Authorization": token_env or "POC_TOKEN"}
    names |= {header: name for header, _, name in (pair.partition("=") for pair in header_env)}
    return [(names[header], value) for header, value in headers.items()]


def _on_cloudflare(scenarios: "list[Scenario]", options: RunOptions, console: Console) -> Played:
    """Deploy, play, and remove the deployment in any case."""
    from poc_cli.targets.cloudflare.code_update import IMMEDIATE, code_update
    from poc_cli.targets.cloudflare.credentials import TOKEN
    from poc_cli.targets.cloudflare.deployment import Plan, deployed
    from poc_cli.targets.cloudflare.tail import tail

    given = given_headers(options.header_env, os.environ)
    offered = frozenset[Ability]({"idle"} if options.origin is None else {"idle", "origin"})
    update = None if options.code_update is None else code_update(options.code_update)
    # Without a wish, stories of both modes are played.
    offered |= {"deploy"} if update is None or update.mode == "immediate" else frozenset()
    offered |= {"deferred"} if update is None or update.mode == "deferred" else frozenset()
    play = (
        None
        if options.overrides_worker
        else plan_run(scenarios, options, _place(offered | _OWN_WORKER)).common_worker()
    )
    is_ours = play is None and (options.worker is None or options.worker.path.resolve() == shipped("worker").resolve())
    abilities = offered | (_OWN_WORKER if play else _SHIPPED if is_ours else frozenset())
    with prepared(scenarios, options, console, None, _place(abilities)) as ready:
        subject = source_or_shipped(options.worker)
        if play is not None:
            subject = own_source(play) if ready.services is None else ready.services.source(play)
        subject, notes = as_started(subject)
        for note in notes:
            console.note(note)
        plan = Plan(
            subject,
            keep=options.keep,
            date=options.compat_date,
            variables={"POC_ALLOWED_ORIGINS": ALLOWED_ORIGIN, **dict(subject.variables)},
            secrets={"POC_API_KEY": secrets.token_urlsafe(32), **ready.secrets},
            update=update or IMMEDIATE,
        )
        account = [(TOKEN, token)] if (token := os.environ.get(TOKEN)) else []
        hide(Redactor([*plan.secrets.items(), *_named(given, options.header_env, None), *account]), console)
        with Phases(console) as phases, deployed(plan, console.note, phases, asker(console)) as deployment:
            phases.pause()  # the plays have their own live line
            address = Address(
                CLOUDFLARE,
                endpoint_of(deployment.url, os.environ),
                deployment.headers | given,
                (*deployment.secrets, *_named(given, options.header_env, None)),
                deployment.versions,
                deployment.compatibility_date,
                abilities,
                deployment.redeploy,
                partial(tail, deployment),
            )
            remote, is_ours = _connect(address, None)
            return _played(RemoteTargetPool(remote, is_ours=is_ours), ready, address.secrets, options, console)


def _place(abilities: frozenset[Ability]) -> Place:
    return Place(CLOUDFLARE, Remote.oracle, frozenset(abilities))


def _at_address(
    address: Address, token_from: str | None, scenarios: "list[Scenario]", options: RunOptions, console: Console
) -> Played:
    """Play on a worker that is already deployed; with --origin, it is the worker of that app."""
    if options.origin is not None:
        address = replace(address, abilities=address.abilities | {"origin", "worker"})
    remote, is_ours = _connect(address, token_from)
    pool = RemoteTargetPool(remote, is_ours=is_ours)
    bearer = address.headers.get("Authorization", "").removeprefix("Bearer ") or None
    with prepared(scenarios, options, console, bearer, place_of(pool.description())) as ready:
        return _played(pool, ready, address.secrets, options, console)


def _connect(address: Address, token_from: str | None) -> tuple[Remote, bool]:
    """Return the worker at an address, and whether it is the shipped one. Raises TargetError if none answers."""
    probe = f"/room/probe-{secrets.token_hex(6)}"
    found = asyncio.run(host(address.endpoint, probe, address.headers, token_from=token_from))
    return Remote(address, probe), found.is_ours


def _played(
    pool: RemoteTargetPool,
    ready: Prepared,
    hidden: Sequence[tuple[str, str]],
    options: RunOptions,
    console: Console,
) -> Played:
    scenarios = ready.plan.scenarios
    raise_file_limit()
    folder = run_folder(options.results, [each.document.name for each in scenarios], datetime.now(UTC))
    with contextlib.closing(Loopback()) as loopback:
        variables = variables_of(ready.plan.played, [])
        redactor = Redactor([*hidden, ("POC_API_KEY", loopback.key), *ready.secrets.items(), *named(variables)])
        hide(redactor, console)
        records = Records(folder, redactor)
        with console.live(ready.plan.stories) as progress:
            loads = loads_of(scenarios, remote_sites(pool.remote), progress, forced=False)
            environment = RunEnvironment(Api(loopback), ready.services, variables=variables)
            interrupted = not finish(run(ready.plan, options, pool, records, environment, progress, afterwards=loads))
    point_to(folder, console)
    return Played(folder, interrupted, len(ready.plan.played))

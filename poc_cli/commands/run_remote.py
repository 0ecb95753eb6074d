"""Play on a worker that poc does not run, wherever it is."""

import asyncio
import contextlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from poc_cli.commands.console import Console, hide
from poc_cli.commands.environment_values import named, variables_of
from poc_cli.commands.loads_of_run import loads_of, remote_sites
from poc_cli.commands.played import Played, point_to, raise_file_limit
from poc_cli.commands.signals import finish
from poc_cli.commands.start_services import Prepared
from poc_cli.engine.environment import RunEnvironment
from poc_cli.engine.run_plays import run
from poc_cli.engine.target_pool import RemoteTargetPool
from poc_cli.history.folder import Records, run_folder
from poc_cli.history.redact import Redactor
from poc_cli.run_options import RunOptions
from poc_cli.targets.api_address import Address as Loopback
from poc_cli.targets.local_api import Api
from poc_cli.targets.reachability import host
from poc_cli.targets.remote import Address, Remote


def connect(address: Address, token_from: str | None) -> tuple[Remote, bool]:
    """Return the worker at an address, and whether it is the shipped one. Raises TargetError if none answers."""
    probe = f"/room/probe-{secrets.token_hex(6)}"
    found = asyncio.run(host(address.endpoint, probe, address.headers, token_from=token_from))
    return Remote(address, probe), found.is_ours


def play_on(
    pool: RemoteTargetPool,
    ready: Prepared,
    hidden: Sequence[tuple[str, str]],
    options: RunOptions,
    console: Console,
) -> Played:
    """Play into a new run folder, and hide these secrets. Raises PocError."""
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


def named_headers(
    headers: Mapping[str, str], header_env: Sequence[str], token_env: str | None
) -> list[tuple[str, str]]:
    """Return the values of headers with the names of the variables that hold them."""
    names = {"Authorization": token_env or "POC_TOKEN"}
    names |= {header: name for header, _, name in (pair.partition("=") for pair in header_env)}
    return [(names[header], value) for header, value in headers.items()]

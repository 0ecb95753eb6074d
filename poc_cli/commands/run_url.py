"""Play on a worker that already runs at an address."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from poc_cli.commands.console import Console
from poc_cli.commands.played import Played
from poc_cli.commands.run_remote import connect, named_headers, play_on
from poc_cli.commands.selection import chosen, files
from poc_cli.commands.start_services import prepared
from poc_cli.engine.target_pool import RemoteTargetPool
from poc_cli.run_options import RunOptions
from poc_cli.scenario.abilities import Ability
from poc_cli.scenario.capabilities import place_of
from poc_cli.targets.destination import given_headers, token_headers
from poc_cli.targets.endpoint import endpoint_of
from poc_cli.targets.remote import Address
from poc_cli.targets.target_registry import URL


def play(options: RunOptions, console: Console) -> Played:
    """Play into a new run folder. Raises PocError if nothing answers at the address."""
    scenarios = chosen(files(options), options)
    address = address_of(options.target.url or "", options.token_env, options.header_env, os.environ)
    if options.origin is not None:  # it is the worker of that app
        address = replace(address, abilities=address.abilities | {"origin", "worker"})
    remote, is_ours = connect(address, options.token_env)
    pool = RemoteTargetPool(remote, is_ours=is_ours)
    bearer = address.headers.get("Authorization", "").removeprefix("Bearer ") or None
    with prepared(scenarios, options, console, bearer, place_of(pool.description())) as ready:
        return play_on(pool, ready, address.secrets, options, console)


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
    hidden = named_headers(headers, header_env, token_env)
    # A worker at workers.dev cannot fetch from there (Cloudflare error 1042).
    is_deployed = (urlsplit(url).hostname or "").endswith(".workers.dev")
    abilities = URL.abilities | frozenset[Ability](() if is_deployed else ("itself",))
    return Address(URL.name, endpoint_of(url, environment), headers, tuple(hidden), abilities=abilities)

"""Deploy to Cloudflare, play there, and remove the deployment."""

import os
import secrets
from functools import partial
from typing import Final

from poc_cli.commands.console import Console, hide
from poc_cli.commands.played import Played
from poc_cli.commands.progress import Phases
from poc_cli.commands.prompt import asker
from poc_cli.commands.run_remote import connect, named_headers, play_on
from poc_cli.commands.selection import chosen, files
from poc_cli.commands.start_services import prepared
from poc_cli.engine.run_plan import plan_run
from poc_cli.engine.target_pool import RemoteTargetPool
from poc_cli.engine.target_pool import source_of as own_source
from poc_cli.history.redact import Redactor
from poc_cli.run_options import RunOptions
from poc_cli.scenario.abilities import Ability
from poc_cli.scenario.capabilities import Place
from poc_cli.shipped import shipped
from poc_cli.targets.api_address import ALLOWED_ORIGIN
from poc_cli.targets.destination import given_headers
from poc_cli.targets.dev_script import as_started
from poc_cli.targets.endpoint import endpoint_of
from poc_cli.targets.remote import Address, Remote
from poc_cli.targets.target_registry import CLOUDFLARE
from poc_cli.targets.worker_source import source_or_shipped

_SHIPPED: Final[frozenset[Ability]] = frozenset({"idle", "environment"})
"""The abilities of the shipped worker on Cloudflare: poc sets its variables, but it cannot reach this machine."""

_OWN_WORKER: Final[frozenset[Ability]] = frozenset({"environment", "worker"})
"""The abilities of a worker that the scenarios bring."""


def play(options: RunOptions, console: Console) -> Played:
    """Deploy, play into a new run folder, and remove the deployment in any case. Raises PocError."""
    from poc_cli.targets.cloudflare.code_update import IMMEDIATE, code_update
    from poc_cli.targets.cloudflare.credentials import TOKEN
    from poc_cli.targets.cloudflare.deployment import Plan, deployed
    from poc_cli.targets.cloudflare.tail import tail

    scenarios = chosen(files(options), options)
    given = given_headers(options.header_env, os.environ)
    offered = CLOUDFLARE.abilities | frozenset[Ability](() if options.origin is None else ("origin",))
    update = None if options.code_update is None else code_update(options.code_update)
    # Without a wish, stories of both modes are played.
    offered |= {"deploy"} if update is None or update.mode == "immediate" else frozenset()
    offered |= {"deferred"} if update is None or update.mode == "deferred" else frozenset()
    brought = (
        None
        if options.overrides_worker
        else plan_run(scenarios, options, _place(offered | _OWN_WORKER)).common_worker()
    )
    is_ours = brought is None and (
        options.worker is None or options.worker.path.resolve() == shipped("worker").resolve()
    )
    abilities = offered | (_OWN_WORKER if brought else _SHIPPED if is_ours else frozenset())
    with prepared(scenarios, options, console, None, _place(abilities)) as ready:
        subject = source_or_shipped(options.worker)
        if brought is not None:
            subject = own_source(brought) if ready.services is None else ready.services.source(brought)
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
        hide(Redactor([*plan.secrets.items(), *named_headers(given, options.header_env, None), *account]), console)
        with Phases(console) as phases, deployed(plan, console.note, phases, asker(console)) as deployment:
            phases.pause()  # the plays have their own live line
            address = Address(
                CLOUDFLARE.name,
                endpoint_of(deployment.url, os.environ),
                deployment.headers | given,
                (*deployment.secrets, *named_headers(given, options.header_env, None)),
                deployment.versions,
                deployment.compatibility_date,
                abilities,
                deployment.redeploy,
                partial(tail, deployment),
            )
            remote, is_ours = connect(address, None)
            return play_on(RemoteTargetPool(remote, is_ours=is_ours), ready, address.secrets, options, console)


def _place(abilities: frozenset[Ability]) -> Place:
    return Place(CLOUDFLARE.name, Remote.oracle, frozenset(abilities))

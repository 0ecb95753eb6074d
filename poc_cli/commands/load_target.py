"""Where `poc load` goes: a runtime that is started for it, or a worker that runs at an address.

The address comes from the command line only, and the load may be split among the workers of a Dask scheduler.
"""

import asyncio
import contextlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from poc_cli.commands.console import Console, hide
from poc_cli.errors import UsageError
from poc_cli.load.capacity import limits, raise_if_too_many
from poc_cli.load.cluster.members import is_loopback, scheduler_address
from poc_cli.targets.api_address import Address as Loopback
from poc_cli.targets.installation import locate
from poc_cli.targets.runtime_version import RuntimeVersion
from poc_cli.targets.worker_source import source_or_shipped
from poc_cli.targets.workers import Workers

if TYPE_CHECKING:
    from poc_cli.commands.load import LoadOptions
    from poc_cli.history.folder import Records
    from poc_cli.load.load_player import Load
    from poc_cli.load.site import LoadTarget


@dataclass(frozen=True, slots=True)
class PreparedLoad:
    """The target of a load, its record, and the description of the target in the record."""

    site: "LoadTarget"
    records: "Records"
    target: dict[str, Any]


def raise_if_impossible(wanted: "Load", options: "LoadOptions") -> None:
    """Raise UsageError if the load cannot run on its target, before anything is started."""
    where = options.run.target.url
    if where is None:
        raise_if_too_many(wanted.plan, limits(), local=True)
        return
    if any(step.verb == "sleep" and step.how == "evict" for step in wanted.plan.stages):
        message = f"eviction is not available on {where}: only a runtime that poc starts evicts on request"
        raise UsageError(message, "let the idle timer put the rooms to sleep: --sleep natural")
    if options.run.worker_option is not None:
        raise UsageError(
            f"{options.run.worker_option} cannot be used with {where}: poc does not deploy there",
            f"leave out {options.run.worker_option} or --target",
        )
    if options.run.compat_date is not None or options.run.workerds or options.traced:
        message = "--compat-date, --workerd and --trace are only for runtimes that poc starts"
        raise UsageError(message, f"{where} has its own")
    if options.cluster is None:
        raise_if_too_many(wanted.plan, limits(), local=False)


@contextlib.contextmanager
def local_target(wanted: "Load", options: "LoadOptions", console: Console) -> Iterator[PreparedLoad]:
    """Start a runtime and create a run folder; the context ends the runtime. Raises PocError."""
    from poc_cli.history.folder import Records, run_folder
    from poc_cli.history.redact import Redactor
    from poc_cli.load.run_loads import worker_of
    from poc_cli.load.site import LocalLoadTarget
    from poc_cli.targets.runtime_context import RuntimeContext
    from poc_cli.targets.workerd import Workerd

    binary = locate(console.note, wanted=options.run.workerd)
    version = RuntimeVersion(binary)
    address, token = Loopback(), secrets.token_urlsafe(32)  # 256 bits, fresh each run
    with contextlib.ExitStack() as open_:
        open_.callback(address.close)
        workers = open_.enter_context(Workers(binary, options.run.compat_date, console.note, options.run.project))
        worker = workers.get(worker_of(wanted.scenario) or source_or_shipped(options.run.worker))
        folder = run_folder(options.run.results, [wanted.scenario.document.name], datetime.now(UTC))
        redactor = Redactor([("POC_TOKEN", token), ("POC_API_KEY", address.key), *workers.secrets])
        hide(redactor, console)
        versions = {"workerd": version.text()} | worker.tools
        ground = RuntimeContext(binary, worker, workers, folder, redactor, token, address, versions, count(1))
        site = LocalLoadTarget(ground, worker, traced=options.traced)
        open_.callback(site.close)
        target = {
            "kind": Workerd.kind,
            "url": None,
            "versions": versions,
            "compatibility_date": worker.compatibility_date,
            "abilities": sorted(Workerd.abilities),
        }
        yield PreparedLoad(site, Records(folder, redactor), target)


@contextlib.contextmanager
def remote_target(wanted: "Load", options: "LoadOptions", console: Console) -> Iterator[PreparedLoad]:
    """Connect to the worker at an address and create a run folder. Raises TargetError if nothing answers there."""
    from poc_cli.commands.run_url import address_of
    from poc_cli.engine.target_pool import RemoteTargetPool
    from poc_cli.history.folder import Records, run_folder
    from poc_cli.history.redact import Redactor
    from poc_cli.load.site import RemoteLoadTarget
    from poc_cli.targets.reachability import host
    from poc_cli.targets.remote import Remote

    address = address_of(options.run.target.url or "", options.run.token_env, options.run.header_env, os.environ)
    probe = f"/room/probe-{secrets.token_hex(6)}"
    found = asyncio.run(host(address.endpoint, probe, address.headers, token_from=options.run.token_env))
    remote = Remote(address, probe)
    folder = run_folder(options.run.results, [wanted.scenario.document.name], datetime.now(UTC))
    description = RemoteTargetPool(remote, is_ours=found.is_ours).description()
    redactor = Redactor(address.secrets)
    hide(redactor, console)
    yield PreparedLoad(RemoteLoadTarget(remote), Records(folder, redactor), description)


def on_cluster(load: "Load", scheduler: str, console: Console, *, runtime_is_here: bool) -> "Load":
    """Return the load as the workers of a scheduler carry it out. Raises PocError if they cannot."""
    address = scheduler_address(scheduler)
    if runtime_is_here and not is_loopback(address):
        message = f"the workers of {address} cannot reach the runtime that poc starts: it listens on loopback only"
        raise UsageError(
            message,
            "use a scheduler on this machine, or give the address of a worker that they can reach: --target URL",
        )
    from poc_cli.load.cluster.cluster_load import Cluster

    cluster = Cluster(address, console.note, runtime_is_here=runtime_is_here)
    asyncio.run(cluster.survey(load.plan))
    return replace(load, execute=cluster.execute_part)

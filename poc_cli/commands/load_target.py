"""Where `poc load` goes: a runtime that is started for it, or a worker that runs at an address."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from poc_cli.commands.console import Console, hide
from poc_cli.errors import UsageError
from poc_cli.load.capacity import limits, raise_if_too_many
from poc_cli.shipped import shipped
from poc_cli.targets.api_address import Address as Loopback
from poc_cli.targets.runtime_programs import WORKERD_VERSION, locate
from poc_cli.targets.worker_source import source
from poc_cli.targets.workers import Workers

if TYPE_CHECKING:
    from poc_cli.commands.load import Options
    from poc_cli.history.folder import Records
    from poc_cli.load.load_player import Load
    from poc_cli.load.site import LoadTarget


@dataclass(frozen=True, slots=True)
class Place:
    """Where a load goes, where it is written down, and the place as the beginning of a record tells it."""

    site: "LoadTarget"
    records: "Records"
    target: dict[str, Any]


def raise_if_impossible(wanted: "Load", options: "Options") -> None:
    """Raise UsageError where a load cannot be had at its place, before anything is started."""
    where = options.target.url
    if where is None:
        raise_if_too_many(wanted.plan, limits(), local=True)
        return
    if any(step.verb == "sleep" and step.how == "evict" for step in wanted.plan.stages):
        message = f"an evict cannot be had on {where}: only a runtime that poc starts evicts on request"
        raise UsageError(message, "let the rooms fall asleep by themselves: --sleep natural")
    if options.brought:
        raise UsageError(f"--worker is deployed nowhere: {where} runs what it runs", "leave one of the two out")
    if options.date is not None or options.traced:
        raise UsageError("--compat-date and --trace are for runtimes that poc starts", f"{where} has its own")
    if options.cluster is None:
        raise_if_too_many(wanted.plan, limits(), local=False)


@contextlib.contextmanager
def here(wanted: "Load", options: "Options", console: Console) -> Iterator[Place]:
    """Yield a runtime of our own and a new run folder. Raises PocError."""
    from poc_cli.history.folder import Records, run_folder
    from poc_cli.history.redact import Redactor
    from poc_cli.load.in_sequence import worker_of
    from poc_cli.load.site import LocalLoadTarget
    from poc_cli.targets.runtime_context import RuntimeContext
    from poc_cli.targets.workerd import Workerd

    binary = locate(console.note)
    address, token = Loopback(), secrets.token_urlsafe(32)  # 256 bits, fresh each run
    with contextlib.ExitStack() as open_:
        open_.callback(address.close)
        workers = open_.enter_context(Workers(binary, options.date, console.note))
        brought = None if options.worker is not None else worker_of(wanted.scenario)
        worker = workers.get(brought or source(options.worker or shipped("worker")))
        folder = run_folder(options.results, [wanted.scenario.document.name], datetime.now(UTC))
        redactor = Redactor([("POC_TOKEN", token), ("POC_API_KEY", address.key), *workers.secrets])
        hide(redactor, console)
        versions = {"workerd": WORKERD_VERSION} | worker.tools
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
        yield Place(site, Records(folder, redactor), target)


@contextlib.contextmanager
def elsewhere(wanted: "Load", options: "Options", console: Console) -> Iterator[Place]:
    """Yield the worker at an address and a new run folder. Raises TargetError where nobody answers there."""
    from poc_cli.commands.run_remote import address_of
    from poc_cli.engine.target_pool import RemoteTargetPool
    from poc_cli.history.folder import Records, run_folder
    from poc_cli.history.redact import Redactor
    from poc_cli.load.site import RemoteLoadTarget
    from poc_cli.targets.reachability import host
    from poc_cli.targets.remote import Remote

    address = address_of(options.target.url or "", options.token_env, options.header_env, os.environ)
    probe = f"/room/probe-{secrets.token_hex(6)}"
    found = asyncio.run(host(address.door, probe, address.headers, token_from=options.token_env))
    remote = Remote(address, probe)
    folder = run_folder(options.results, [wanted.scenario.document.name], datetime.now(UTC))
    description = RemoteTargetPool(remote, is_ours=found.is_ours).description()
    redactor = Redactor(address.secrets)
    hide(redactor, console)
    yield Place(RemoteLoadTarget(remote), Records(folder, redactor), description)

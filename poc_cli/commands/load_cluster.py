"""`poc load --cluster`: whether a scheduler and its workers can carry a load out, and how they are given it."""

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from poc_cli.commands.console import Console
from poc_cli.errors import UsageError
from poc_cli.load.cluster.members import is_loopback, scheduler_address

if TYPE_CHECKING:
    from poc_cli.load.load_player import Load


def shared(load: "Load", scheduler: str, console: Console, *, runtime_is_here: bool) -> "Load":
    """Return a load for a scheduler's workers; nothing is started. Raises PocError where they cannot run it."""
    address = scheduler_address(scheduler)
    if runtime_is_here and not is_loopback(address):
        message = f"the workers of {address} do not reach the runtime that poc starts: it listens on loopback only"
        raise UsageError(message, "use a scheduler on this machine, or name a worker that they reach: --target URL")
    from poc_cli.load.cluster.cluster_load import Cluster

    cluster = Cluster(address, console.note, runtime_is_here=runtime_is_here)
    asyncio.run(cluster.survey(load.plan))
    return replace(load, carry=cluster.carry_out)

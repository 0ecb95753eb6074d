"""The callbacks of a load that may run in other processes."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

from poc_cli.load.load_context import ShardSupervisor
from poc_cli.load.process_usage import Usage
from poc_cli.load.sharding import Shard
from poc_cli.record.load_stage import ShardResult


class LoadSupervisor(ShardSupervisor, Protocol):
    """A supervisor that writes the history."""

    def record(self, kind: str, **data: Any) -> None:
        """Write an event."""

    def set_client_usage(self, uses: Callable[[], dict[str, Usage]]) -> None:
        """Use these numbers instead of those measured here for processes of the same name."""


Execute = Callable[[Shard, str, Mapping[str, str], float, LoadSupervisor], Coroutine[Any, Any, ShardResult]]
"""Runs a whole load: the shard, the worker's URL, the headers, the start time and the supervisor."""

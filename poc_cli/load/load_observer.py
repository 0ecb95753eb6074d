"""Whoever leads a load that others may carry out: what it is told of, beside what a conductor hears."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

from poc_cli.load.load_context import Conductor
from poc_cli.load.process_usage import Use
from poc_cli.load.sharding import Shard
from poc_cli.record.load_stage import ShardResult


class Leader(Conductor, Protocol):
    """A conductor that keeps the record."""

    def tell(self, kind: str, **data: Any) -> None:
        """Write something down as it happens."""

    def count_in(self, uses: Callable[[], dict[str, Use]]) -> None:
        """Count what others take with what is looked up here, in place of what has the same name."""


Carry = Callable[[Shard, str, Mapping[str, str], float, Leader], Coroutine[Any, Any, ShardResult]]
"""Carries out a whole load: the shard, where its worker is, with which headers, when it begins, and for whom."""

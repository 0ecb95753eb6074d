"""What was used, or would be, before anything is priced."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Final

from poc_cli.cost.prices import Prices

ZERO: Final = Decimal(0)

DAYS_OF_A_MONTH: Final = Decimal(30)
"""The pricing page's own month."""

SECONDS_OF_A_DAY: Final = Decimal(86_400)


@dataclass(frozen=True, slots=True)
class Usage:
    """What is counted, over so many days.

    `requests` are those that reach objects: HTTP, a connection each, RPC, alarms. `messages` come in by WebSockets and
    are counted as sent, not as billed. `active_seconds` are of objects: running, or in memory and unable to hibernate.
    `stored_gb` is what lies there all the time. `worker_*` is the Worker in front.
    """

    days: Decimal
    requests: Decimal = ZERO
    messages: Decimal = ZERO
    active_seconds: Decimal = ZERO
    rows_read: Decimal = ZERO
    rows_written: Decimal = ZERO
    stored_gb: Decimal = ZERO
    worker_requests: Decimal = ZERO
    worker_cpu_ms: Decimal = ZERO

    def times(self, factor: Decimal) -> "Usage":
        """Return so many times as much in the same days."""
        grown = {name: getattr(self, name) * factor for name in _COUNTED}
        return replace(self, **grown)

    def plus(self, other: "Usage") -> "Usage":
        """Return both together, over the days of this one."""
        return replace(self, **{name: getattr(self, name) + getattr(other, name) for name in _COUNTED})

    def metered(self, prices: Prices) -> Mapping[str, Decimal]:
        """Return how much of each meter it is."""
        return {
            "requests": self.requests + self.messages / prices.messages_per_request,
            "duration": self.active_seconds * prices.memory_gb,
            "rows_read": self.rows_read,
            "rows_written": self.rows_written,
            "stored": self.stored_gb,
            "worker_requests": self.worker_requests,
            "worker_cpu": self.worker_cpu_ms,
        }


_COUNTED: Final = tuple(field.name for field in fields(Usage) if field.name != "days")

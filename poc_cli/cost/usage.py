"""Billable usage, before prices are applied."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Final

from poc_cli.cost.prices import Prices

ZERO: Final = Decimal(0)

DAYS_OF_A_MONTH: Final = Decimal(30)
"""The month that the pricing page uses."""

SECONDS_OF_A_DAY: Final = Decimal(86_400)


@dataclass(frozen=True, slots=True)
class Usage:
    """The usage over a number of days.

    `requests` are requests to objects: HTTP, new connections, RPC and alarms. `messages` are incoming WebSocket
    messages, counted one by one and not as billed. `active_seconds` is the time in which objects run, or are in memory
    and unable to hibernate. `stored_gb` is the average amount stored. `worker_*` is the Worker in front of the objects.
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
        """Return the usage multiplied by a factor, over the same days."""
        grown = {name: getattr(self, name) * factor for name in _COUNTED}
        return replace(self, **grown)

    def plus(self, other: "Usage") -> "Usage":
        """Return the sum of both, over the days of this one."""
        return replace(self, **{name: getattr(self, name) + getattr(other, name) for name in _COUNTED})

    def metered(self, prices: Prices) -> Mapping[str, Decimal]:
        """Return the amount used of each meter."""
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

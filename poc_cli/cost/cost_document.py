"""Write the bill as a JSON document that follows docs/cost.schema.json."""

from decimal import Decimal
from typing import Any, Final

from poc_cli.cost.bill import Bill, FreePlan
from poc_cli.cost.measured import Measured
from poc_cli.cost.month import Month, Side
from poc_cli.cost.prices import Prices
from poc_cli.cost.usage_line import day_of

SCHEMA: Final = "poc.cost/1"

Document = dict[str, Any]


def document(month: Month, profile: Document | None, measured: Measured | None) -> Document:
    """Return the document for a month, based on a profile, a run, or a profile with values measured in a run."""
    return {
        "schema": SCHEMA,
        "title": month.title,
        "notes": list(month.notes),
        "prices": _prices(month.prices),
        "profile": profile,
        "measured": None if measured is None else _measured(measured, month.prices),
        "api": month.api,
        "monthly_cost": _number(month.paid.bill.total),
        "saved": _number(month.saved),
        "with_hibernation": _side(month, month.hibernating),
        "without": _side(month, month.awake),
        "same_up_to_users": _optional(month.same_up_to),
        "never_rests_from_messages_per_minute": _optional(month.never_rests_from),
        "deliveries": _optional(month.deliveries),
        "as_it_grows": [
            {
                "times": each.times,
                "users": _optional(each.users),
                "with_hibernation": _number(each.hibernating),
                "without": _number(each.awake),
            }
            for each in month.grown()
        ],
    }


def _prices(prices: Prices) -> Document:
    pages = {name: {"url": page.url, "updated": page.updated} for name, page in prices.sources.items()}
    return {"read": prices.read, "currency": "USD", "sources": pages}


def _side(month: Month, side: Side) -> Document:
    return _bill(side.bill) | {"free_plan": _free(side.free) | {"up_to_users": _optional(month.free_up_to(side))}}


def _bill(bill: Bill) -> Document:
    dearest = bill.dominant
    return {
        "total": _number(bill.total),
        "without_rounding_up": _number(bill.exact),
        "base": _number(bill.base),
        "dominant": None if dearest is None else dearest.meter.name,
        "lines": [
            {
                "meter": line.meter.name,
                "unit": line.meter.noun,
                "used": _number(line.used),
                "included": _number(line.meter.included),
                "beyond": _number(line.beyond),
                "billed": _number(line.billed),
                "cost": _number(line.cost),
                "without_rounding_up": _number(line.exact),
            }
            for line in bill.lines
        ],
    }


def _free(free: FreePlan) -> Document:
    return {
        "suffices": free.suffices,
        "first_limit": free.tightest.meter.name,
        "limits": [
            {
                "meter": share.meter.name,
                "used": _number(share.used),
                "limit": _number(share.limit),
                "per": None if share.meter.free is None else share.meter.free.per,
                "part": _number(share.part),
            }
            for share in free.shares
        ],
    }


def _measured(measured: Measured, prices: Prices) -> Document:
    used = day_of(measured).metered(prices)
    return {
        "plays": len(measured.plays),
        "requests": _number(measured.total("requests")),
        "messages": _number(measured.total("messages")),
        "billed_requests": _number(used["requests"]),
        "gb_seconds": _number(used["duration"]),
        "active_seconds": _number(measured.total("active_seconds")),
        "pinned_seconds": _number(measured.total("pinned_seconds")),
        "resident_seconds": _number(measured.total("resident_seconds")),
        "connected_seconds": _number(measured.total("connected_seconds")),
        "worker_requests": _number(measured.total("worker_requests")),
        "storage_reads": _number(measured.total("reads")),
        "storage_writes": _number(measured.total("writes")),
        "handler_ms": _optional(measured.handler_ms),
        "active_at_most": measured.at_most,
    }


def _optional(value: Decimal | None) -> float | int | None:
    return None if value is None else _number(value)


def _number(value: Decimal) -> float | int:
    return int(value) if value == value.to_integral_value() else float(value)

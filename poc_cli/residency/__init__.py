"""Read from the runtime's trace when each Durable Object was in memory and what kept it there."""

from poc_cli.residency.calls import Caller
from poc_cli.residency.causes import RESPONSE_BODY
from poc_cli.residency.identity import namespaces, object_id
from poc_cli.residency.pins import Pin
from poc_cli.residency.stays import (
    CALLS,
    READS_CACHE,
    Change,
    Delivered,
    Entered,
    Left,
    Residency,
    Stay,
    Timed,
    WorkerContextEnded,
)

__all__ = [
    "CALLS",
    "READS_CACHE",
    "RESPONSE_BODY",
    "Caller",
    "Change",
    "Delivered",
    "Entered",
    "Left",
    "Pin",
    "Residency",
    "Stay",
    "Timed",
    "WorkerContextEnded",
    "namespaces",
    "object_id",
]

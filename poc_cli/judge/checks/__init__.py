"""The checks by their names, one function each: a play and a claim in, a finding out."""

from collections.abc import Callable

from poc_cli.judge.checks.closing import close_handshake
from poc_cli.judge.checks.connections import connections_drop, connections_survive
from poc_cli.judge.checks.delivery import delivered_in_order, delivered_once
from poc_cli.judge.checks.ordering import received_in_order
from poc_cli.judge.checks.residency import sleeps, stays_awake
from poc_cli.judge.checks.state import holds_after_loss, memory_is_reset, state_survives
from poc_cli.judge.checks.wake_latency import wake_under
from poc_cli.judge.checks.waking import no_wake
from poc_cli.judge.finding import Finding
from poc_cli.record.play_record import PlayRecord
from poc_cli.scenario.model import Claim

Check = Callable[[PlayRecord, Claim], Finding]

CHECKS: dict[str, Check] = {
    "connections-survive": connections_survive,
    "connections-drop": connections_drop,
    "sleeps": sleeps,
    "stays-awake": stays_awake,
    "no-wake": no_wake,
    "memory-is-reset": memory_is_reset,
    "storage-survives": state_survives,
    "attachments-survive": state_survives,
    "holds-after-loss": holds_after_loss,
    "delivered-in-order": delivered_in_order,
    "delivered-once": delivered_once,
    "received-in-order": received_in_order,
    "close-handshake": close_handshake,
    "wake-under": wake_under,
}

JUDGES_ITS_STEPS = frozenset({"memory-is-reset", "storage-survives", "attachments-survive"})
"""Checks that read the steps naming the claim themselves, with their witnesses."""

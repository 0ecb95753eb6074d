"""What each mutant must come out as, claim by claim, and in which scenarios it is played.

Never plays anything; a claim that is listed neither as refuted nor as unknown must hold.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli

from poc_cli.shipped import shipped

BASICS = ("hibernate", "resume", "connect")
"""What every mutant of the room's basics is played in, beside the scenarios that name it."""


def _read(file: Path) -> dict[str, Any]:
    return tomli.loads(file.read_text(encoding="utf-8"))


SHIPPED = {scenario["name"]: scenario for scenario in map(_read, sorted(shipped("scenarios").rglob("*.toml")))}

NAMED = [
    (f"{scenario['name']}/{claim['id']}", str(claim["mutant"]))
    for scenario in SHIPPED.values()
    for claim in scenario["claim"]
    if "mutant" in claim
]
"""Each shipped claim that names a mutant, with the mutant."""


def _all_claims(*scenarios: str) -> set[str]:
    return {f"{name}/{claim['id']}" for name in scenarios for claim in SHIPPED[name]["claim"]}


@dataclass(frozen=True, slots=True)
class Expected:
    """What a mutant must come out as: whatever is listed neither as refuted nor as unknown must hold."""

    refuted: set[str]
    unknown: set[str]
    played_in: tuple[str, ...]
    """Scenarios beside those that name it."""

    @property
    def code(self) -> int:
        """Give the exit code of the run: never that of a harness that failed."""
        return 1 if self.refuted else 4 if self.unknown else 0


def _basic(refuted: set[str], unknown: set[str] | None = None, also: str | None = None) -> Expected:
    """Give what is expected of a mutant that is played in the basic scenarios too, and maybe in one more."""
    return Expected(refuted, (unknown or set()) - refuted, BASICS if also is None else (*BASICS, also))


def _special(*refuted: str, unknown: set[str] | None = None) -> Expected:
    """Give what is expected of a mutant that is played only where it is named."""
    return Expected(set(refuted), unknown or set(), ())


_STATE = {f"hibernate/{state}-survive-sleep" for state in ("attachments", "tags")} | {
    "hibernate/storage-survives-sleep",
    "hibernate/memory-is-reset-by-sleep",
}
"""What is read of the room after its sleep."""

_BURST = {
    "resume/messages-come-once",
    "resume/messages-come-in-order",
    "resume/kv-survives-sleep",
    "resume/broadcast-reaches-all-after-a-wake",
}
"""What a burst of messages shows, where there is somebody left to answer it."""

_LOST_AT_THE_WAKE = _basic(
    {"hibernate/sockets-survive-sleep", "resume/message-wakes-the-room"},
    # nobody is left to read what survived
    _STATE | _BURST,
)

# In the order in which they are started: first what takes longest, because a sleep is waited for or much is done.
TABLE = {
    "alarm_busy": _basic(
        {"hibernate/idle-room-sleeps", "resume/room-sleeps-before-it-is-resumed"},
        # no sleep, no verdict
        _all_claims("hibernate", "resume"),
    ),
    "pending_interval": _basic(
        {
            "hibernate/idle-room-sleeps",
            "resume/room-sleeps-before-it-is-resumed",
            "alarm/room-with-alarm-sleeps",
            "broadcast/crowded-room-sleeps",
            "network-drop/room-sleeps-before-the-drop",
            "push-from-backend/room-sleeps-before-the-push",
        },
        # no sleep, no verdict
        _all_claims("hibernate", "resume", "alarm", "broadcast", "network-drop", "push-from-backend"),
    ),
    "slow_timer": _basic(set()),
    "write_after_the_reply": _special("crash-under-load/acknowledged-writes-survive"),
    "alarm_not_set": _special(
        "alarm/alarm-fires-after-sleep",
        # without an alarm nothing is known of its handler, nor of the sockets after it
        unknown={"alarm/alarm-reaches-the-clients", "alarm/sockets-survive-alarm-wake"},
    ),
    "alarm_says_nothing": _special("alarm/alarm-reaches-the-clients"),
    "close_on_wake": _basic(
        {
            "hibernate/sockets-survive-sleep",
            "resume/message-wakes-the-room",
            "alarm/alarm-reaches-the-clients",
            "alarm/sockets-survive-alarm-wake",
            "broadcast/broadcast-finds-all-after-sleep",
            "broadcast/crowd-survives-sleep",
            "push-from-backend/push-reaches-all",
            "push-from-backend/sockets-survive-the-push",
            "wake-latency/socket-survives-fifty-sleeps",
        },
        # nobody is left to read what survived
        _STATE | _BURST | {"wake-latency/wakes-are-quick"},
    ),
    "late_close_after_wake": _basic({"hibernate/sockets-survive-sleep", "resume/message-wakes-the-room"}),
    "ctor_throws_on_wake": _LOST_AT_THE_WAKE,
    "abort_on_wake": _LOST_AT_THE_WAKE,
    "standard_api": _basic(
        {
            "hibernate/idle-room-sleeps",
            "resume/room-sleeps-before-it-is-resumed",
            "auto-response/room-with-heartbeat-sleeps",
            "connect/sockets-are-hibernatable",
            "connect/broadcast-reaches-the-room",
        },
        # no sleep, no verdict; and where a broadcast reaches nobody, it shows nothing that it stays in its room
        _all_claims("hibernate", "resume", "auto-response") | {"connect/broadcast-stays-in-the-room"},
    ),
    "pong_itself": _basic(
        {"hibernate/ping-does-not-wake", "auto-response/heartbeat-does-not-wake"},
        # the message that should wake the room comes too late
        {"hibernate/attachments-survive-sleep", "auto-response/auto-response-survives-sleep"},
    ),
    "auto_unset_on_wake": _basic({"auto-response/auto-response-survives-sleep"}),
    "auto_late": _basic(set(), also="auto-response"),
    "debounce_timer": _basic(set()),
    "huge_reply": _basic(
        set(),
        # what a record does not keep cannot be compared
        _STATE | _BURST - {"resume/broadcast-reaches-all-after-a-wake"},
    ),
    "stale_instance": _basic({"hibernate/memory-is-reset-by-sleep"}),
    "tags_dropped": _basic({"hibernate/tags-survive-sleep"}),
    "attachment_not_restored": _basic({"hibernate/attachments-survive-sleep"}),
    "value_in_a_field": _basic(
        {
            "hibernate/storage-survives-sleep",
            "resume/kv-survives-sleep",
            "crash/rows-survive-crash",
            "redeploy/rows-survive-redeploy",
            "restart/rows-survive-restart",
        }
    ),
    "counter_in_storage": _basic(
        {
            "hibernate/memory-is-reset-by-sleep",
            "crash/fields-are-lost-in-crash",
            "redeploy/fields-are-lost-in-redeploy",
            "restart/fields-are-lost-in-restart",
        }
    ),
    "replies_reversed": _basic({"resume/messages-come-in-order", "echo/messages-in-order"}, also="echo"),
    "close_not_answered": _basic({"connect/close-is-answered"}),
    "close_wrong_code": _basic({"connect/close-is-answered"}),
    "sql_write_dropped": _basic(set(), {"hibernate/storage-survives-sleep"}),
    "ghost_sockets": _special("network-drop/no-ghosts-after-a-drop"),
    "broadcast_skips_one": _special(
        "broadcast/broadcast-finds-all-after-sleep",
        "push-from-backend/push-reaches-all",
        "resume/broadcast-reaches-all-after-a-wake",
    ),
    "replay_off_by_one": _special("reconnect-and-replay/missed-messages-come-once"),
    "slow_constructor": _special("wake-latency/wakes-are-quick"),
    "answers_twice": _special("echo/each-message-once", "resume/messages-come-once"),
    "answers_late": _special("echo/each-message-once", "echo/messages-in-order"),
    "flood_skips_one": _special("slow-reader/slow-reader-loses-nothing"),
    "token_not_checked": _special("push-from-backend/push-needs-the-token"),
}


def scenarios_of(mutant: str) -> list[str]:
    """Give the scenarios that a mutant is played in."""
    naming = [claim.partition("/")[0] for claim, name in NAMED if name == mutant]
    return list(dict.fromkeys([*TABLE[mutant].played_in, *naming]))


def real_scenarios() -> list[str]:
    """Give the scenarios that the real worker is played in beside the mutants: all of theirs that are not heavy."""
    played = {scenario for mutant in TABLE for scenario in scenarios_of(mutant)}
    return sorted(name for name in played if "heavy" not in SHIPPED[name].get("tags", []))

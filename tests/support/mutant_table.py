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
    basics: bool

    @property
    def code(self) -> int:
        """Give the exit code of the run: never that of a harness that failed."""
        return 1 if self.refuted else 4


def _basic(refuted: set[str], unknown: set[str] | None = None) -> Expected:
    """Give what is expected of a mutant that is played in the basic scenarios too."""
    return Expected(refuted, (unknown or set()) - refuted, basics=True)


def _special(*refuted: str) -> Expected:
    """Give what is expected of a mutant that is played only where it is named."""
    return Expected(set(refuted), set(), basics=False)


# In the order in which they are started: first what takes longest, because a sleep is waited for or much is done.
TABLE = {
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
    "write_after_the_reply": _special("crash-under-load/acknowledged-writes-survive"),
    "alarm_not_set": _special("alarm/alarm-fires-after-sleep", "alarm/alarm-reaches-the-clients"),
    "alarm_says_nothing": _special("alarm/alarm-reaches-the-clients"),
    "close_on_wake": _basic(
        {
            "hibernate/sockets-survive-sleep",
            "resume/message-wakes-the-room",
            "alarm/alarm-reaches-the-clients",
            "alarm/sockets-survive-alarm-wake",
            "broadcast/broadcast-finds-all-after-sleep",
            "broadcast/crowd-survives-sleep",
            "push-from-backend/push-wakes-the-room",
            "push-from-backend/push-reaches-all",
            "push-from-backend/sockets-survive-the-push",
            "wake-latency/socket-survives-fifty-sleeps",
        },
        # nobody is left to read what survived, nor to wait for the answer of a control
        _all_claims("hibernate", "resume") - {"hibernate/idle-room-sleeps", "resume/room-sleeps-before-it-is-resumed"}
        | {"push-from-backend/push-needs-the-token", "wake-latency/wakes-are-quick"},
    ),
    "standard_api": _basic(
        {
            "hibernate/idle-room-sleeps",
            "resume/room-sleeps-before-it-is-resumed",
            "auto-response/room-with-heartbeat-sleeps",
        },
        # no sleep, no verdict; and the first look in `connect` asks whether the runtime knows the socket at all
        _all_claims("hibernate", "resume", "auto-response", "connect"),
    ),
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
    "close_not_answered": _basic({"connect/close-is-answered"}),
    "sql_write_dropped": _basic(set(), _all_claims("hibernate")),
    "ghost_sockets": _special("network-drop/no-ghosts-after-a-drop", "network-drop/dropped-clients-come-back"),
    "broadcast_skips_one": _special("broadcast/broadcast-finds-all-after-sleep", "push-from-backend/push-reaches-all"),
    "replay_off_by_one": _special("reconnect-and-replay/missed-messages-come-once"),
    "slow_constructor": _special("wake-latency/wakes-are-quick"),
    "answers_twice": _special("echo/each-message-once"),
    "answers_late": _special("echo/each-message-once", "echo/messages-in-order"),
    "flood_skips_one": _special("slow-reader/slow-reader-loses-nothing"),
    "token_not_checked": _special("push-from-backend/push-needs-the-token"),
}


def scenarios_of(mutant: str) -> list[str]:
    """Give the scenarios that a mutant is played in."""
    naming = [claim.partition("/")[0] for claim, name in NAMED if name == mutant]
    return list(dict.fromkeys([*(BASICS if TABLE[mutant].basics else ()), *naming]))


def real_scenarios() -> list[str]:
    """Give the scenarios that the real worker is played in beside the mutants: all of theirs that are not heavy."""
    played = {scenario for mutant in TABLE for scenario in scenarios_of(mutant)}
    return sorted(name for name in played if "heavy" not in SHIPPED[name].get("tags", []))

"""What each mutant must come out as, claim by claim, and in which scenarios it is played."""

from tests.support.expected import NAMED, SHIPPED, Expected, all_claims, basic, merge, special
from tests.support.table_api import ROWS as API
from tests.support.table_delivery import ROWS as DELIVERY
from tests.support.table_lifecycle import ROWS as LIFECYCLE
from tests.support.table_platform import ROWS as PLATFORM
from tests.support.table_world import ROWS as WORLD

__all__ = ["NAMED", "SHIPPED", "TABLE", "Expected", "real_scenarios", "scenarios_of"]

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

_LOST_AT_THE_WAKE = basic(
    {"hibernate/sockets-survive-sleep", "resume/message-wakes-the-room"},
    # nobody is left to read what survived
    _STATE | _BURST,
)

# In the order in which they are started: first what takes longest, because a sleep is waited for or much is done.
TABLE: dict[str, Expected] = {
    "alarm_busy": special(
        "hibernate/idle-room-sleeps",
        "resume/room-sleeps-before-it-is-resumed",
        # no sleep, no verdict
        unknown=all_claims("hibernate", "resume")
        - {"hibernate/idle-room-sleeps", "resume/room-sleeps-before-it-is-resumed"},
        # not connect: its alarms tell everybody of themselves, and one may come where nothing should
        also=("hibernate", "resume"),
    ),
    "pending_interval": basic(
        {
            "hibernate/idle-room-sleeps",
            "resume/room-sleeps-before-it-is-resumed",
            "alarm/room-with-alarm-sleeps",
            "broadcast/crowded-room-sleeps",
            "network-drop/room-sleeps-before-the-drop",
            "push-from-backend/room-sleeps-before-the-push",
        },
        # no sleep, no verdict
        all_claims("hibernate", "resume", "alarm", "broadcast", "network-drop", "push-from-backend"),
    ),
    "slow_timer": basic(set()),
    "write_after_the_reply": special("crash-under-load/acknowledged-writes-survive"),
    # an alarm that is never set reaches no client either
    "alarm_not_set": special("alarm/alarm-fires-after-sleep", "alarm/alarm-reaches-the-clients"),
    "alarm_says_nothing": special("alarm/alarm-reaches-the-clients"),
    "close_on_wake": basic(
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
        # nobody is left to read what survived, or to be there through a second sleep
        _STATE | _BURST | {"wake-latency/wakes-are-quick", "room-tickets/spent-ticket-stays-spent"},
    ),
    "late_close_after_wake": basic({"resume/message-wakes-the-room"}),
    "ctor_throws_on_wake": _LOST_AT_THE_WAKE,
    "abort_on_wake": _LOST_AT_THE_WAKE,
    "standard_api": basic(
        {
            "hibernate/idle-room-sleeps",
            "resume/room-sleeps-before-it-is-resumed",
            "auto-response/room-with-heartbeat-sleeps",
            "connect/sockets-are-hibernatable",
            "connect/broadcast-reaches-the-room",
        },
        # no sleep, no verdict; and where a broadcast reaches nobody, it shows nothing that it stays in its room
        all_claims("hibernate", "resume", "auto-response") | {"connect/broadcast-stays-in-the-room"},
    ),
    "pong_itself": basic(
        {"hibernate/ping-does-not-wake", "auto-response/heartbeat-does-not-wake"},
        # the message that should wake the room comes too late
        {"hibernate/attachments-survive-sleep", "auto-response/auto-response-survives-sleep"},
    ),
    "auto_unset_on_wake": basic({"auto-response/auto-response-survives-sleep"}),
    "auto_late": basic(set(), also="auto-response"),
    "debounce_timer": basic(set()),
    "huge_reply": basic(
        set(),
        # what a record does not keep cannot be compared
        _STATE | _BURST - {"resume/broadcast-reaches-all-after-a-wake"},
    ),
    "stale_instance": basic({"hibernate/memory-is-reset-by-sleep"}),
    "tags_dropped": basic({"hibernate/tags-survive-sleep"}),
    "attachment_not_restored": basic({"hibernate/attachments-survive-sleep"}),
    "value_in_a_field": basic(
        {
            "hibernate/storage-survives-sleep",
            "resume/kv-survives-sleep",
            "crash/rows-survive-crash",
            "redeploy/rows-survive-redeploy",
            "restart/rows-survive-restart",
        }
    ),
    "counter_in_storage": basic(
        {
            "hibernate/memory-is-reset-by-sleep",
            "crash/fields-are-lost-in-crash",
            "redeploy/fields-are-lost-in-redeploy",
            "restart/fields-are-lost-in-restart",
        }
    ),
    "replies_reversed": basic({"resume/messages-come-in-order", "echo/messages-in-order"}, also="echo"),
    "close_not_answered": basic({"connect/close-is-answered"}),
    "close_wrong_code": basic({"connect/close-is-answered"}),
    "sql_write_dropped": basic(set(), {"hibernate/storage-survives-sleep"}),
    "ghost_sockets": special("network-drop/no-ghosts-after-a-drop"),
    "broadcast_skips_one": special(
        "broadcast/broadcast-finds-all-after-sleep",
        "push-from-backend/push-reaches-all",
        "resume/broadcast-reaches-all-after-a-wake",
    ),
    "replay_off_by_one": special("reconnect-and-replay/missed-messages-come-once"),
    "slow_constructor": special("wake-latency/wakes-are-quick"),
    "answers_twice": special("echo/each-message-once", "resume/messages-come-once"),
    "answers_late": special("echo/each-message-once", "echo/messages-in-order"),
    "flood_skips_one": special("slow-reader/slow-reader-loses-nothing"),
    "token_not_checked": special("push-from-backend/push-needs-the-token"),
}

# A theme's own mutants stand in a table of its own: tests/support/table_<theme>.py, which gives ROWS.
for _rows in (API, WORLD, LIFECYCLE, DELIVERY, PLATFORM):
    merge(TABLE, _rows)


def scenarios_of(mutant: str) -> list[str]:
    """Return the scenarios that a mutant is played in."""
    naming = [claim.partition("/")[0] for claim, name in NAMED if name == mutant]
    return list(dict.fromkeys([*TABLE[mutant].played_in, *naming]))


def real_scenarios() -> list[str]:
    """Return the scenarios that the real worker is played in beside the mutants: all of theirs that are not heavy."""
    played = {scenario for mutant in TABLE for scenario in scenarios_of(mutant)}
    return sorted(name for name in played if "heavy" not in SHIPPED[name].get("tags", []))

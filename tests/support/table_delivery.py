"""What the mutants of delivery, storage and faults must come out as, and what other mutants must in those stories."""

from tests.support.expected import Expected, special

ROWS: dict[str, Expected] = {
    "value_in_a_field": special(
        "abort/rows-survive-an-abort",
        "crash-state/kv-survives-in-crash",
        "crash-state/put-survives-in-crash",
        "redeploy-state/kv-survives-in-redeploy",
        "redeploy-state/put-survives-in-redeploy",
        "restart-state/kv-survives-in-restart",
        "restart-state/put-survives-in-restart",
        "constructor-rolls-back/rows-survive-a-throwing-constructor",
        "stored-through-evict/rows-survive-through-evict",
        "stored-through-evict/kv-survives-through-evict",
        "stored-through-evict/put-survives-through-evict",
        "stored-through-sleep/rows-survive-through-sleep",
        "stored-through-sleep/kv-survives-through-sleep",
        "stored-through-sleep/put-survives-through-sleep",
    ),
    "broadcast_skips_one": special("listeners/listeners-hear-after-sleep"),
    "strangers_closed": special("listeners/listeners-outlive-the-sleep"),
    "loads_without_a_lock": special(
        "burst-while-asleep/one-boot-for-a-burst",
        "crowd-while-asleep/one-boot-for-a-crowd",
    ),
    "answers_twice": special(
        "burst-while-asleep/burst-comes-once",
        "evicted-under-traffic/traffic-survives-evictions",
        "pings-among-sends/answers-among-pings-come-once",
        # what the room sends of itself comes twice as well
        "pings-among-sends/sends-among-pongs-stay-in-order",
    ),
    "replies_reversed": special(
        "burst-while-asleep/burst-comes-in-order",
        "evicted-under-traffic/traffic-stays-in-order",
        "pings-among-sends/answers-among-pings-stay-in-order",
    ),
    "close_on_wake": special(
        "crowd-while-asleep/each-of-a-crowd-is-answered",
        "evicted-under-traffic/each-eviction-wakes-once",
        "evict-state/sockets-survive-in-evict",
        # nobody is left to read what survived
        unknown={
            "crowd-while-asleep/one-boot-for-a-crowd",
            "evicted-under-traffic/traffic-survives-evictions",
            "evicted-under-traffic/traffic-stays-in-order",
            "evict-state/attachments-survive-in-evict",
            "evict-state/tags-survive-in-evict",
            "evict-state/fields-are-lost-in-evict",
            "evict-state/alarm-fires-in-evict",
            "evict-state/secret-survives-in-evict",
        },
    ),
    "auto_twice": special(
        "pings-among-sends/each-ping-is-answered",
    ),
    "flood_skips_one": special(
        "pings-among-sends/sends-among-pongs-stay-in-order",
        "slow-reader-evict/unsent-messages-survive-through-evict",
        "slow-reader-sleep/unsent-messages-survive-through-sleep",
    ),
    "alarm_as_timer": special(
        "alarm-after-crash/alarm-is-set-after-crash",
        "alarm-after-crash/alarm-fires-after-crash",
        "alarm-after-crash/alarm-wakes-a-room-after-a-crash",
        "alarm-after-redeploy/alarm-is-set-after-redeploy",
        "alarm-after-redeploy/alarm-fires-after-redeploy",
        "alarm-after-restart/alarm-is-set-after-restart",
        "alarm-after-restart/alarm-fires-after-restart",
    ),
    "constructor_never_recovers": special(
        "constructor-throws/clients-come-back-after-a-throw",
    ),
    "attachment_by_name": special(
        "crash-state/attachments-end-in-crash",
        "drop-state/attachments-end-with-a-drop",
        "redeploy-state/attachments-end-in-redeploy",
        "restart-state/attachments-end-in-restart",
    ),
    "tags_by_name": special(
        "crash-state/tags-end-in-crash",
        "drop-state/tags-end-with-a-drop",
        "redeploy-state/tags-end-in-redeploy",
        "restart-state/tags-end-in-restart",
    ),
    "secret_of_the_first_boot": special(
        "crash-state/secret-survives-in-crash",
        "evict-state/secret-survives-in-evict",
        "redeploy-state/secret-survives-in-redeploy",
        "restart-state/secret-survives-in-restart",
    ),
    "global_in_storage": special(
        "crash-state/globals-are-lost-in-crash",
        "redeploy-state/globals-are-lost-in-redeploy",
        "restart-state/globals-are-lost-in-restart",
    ),
    "sequence_in_a_field": special(
        "crash-state/numbers-go-on-in-crash",
        "redeploy-state/numbers-go-on-in-redeploy",
        "restart-state/numbers-go-on-in-restart",
        "stored-through-evict/numbers-go-on-through-evict",
        "stored-through-sleep/numbers-go-on-through-sleep",
    ),
    "rows_of_a_connection": special(
        "drop-state/rows-survive-a-drop",
        "drop-state/kv-survives-a-drop",
    ),
    "secret_of_a_connection": special(
        "drop-state/secret-survives-a-drop",
    ),
    "fields_reset_on_drop": special(
        "drop-state/fields-survive-a-drop",
    ),
    "alarm_not_set": special(
        "drop-state/alarm-fires-after-a-drop",
        "evict-state/alarm-fires-in-evict",
    ),
    "attachment_not_restored": special(
        "evict-state/attachments-survive-in-evict",
    ),
    "tags_dropped": special(
        "evict-state/tags-survive-in-evict",
    ),
    "counter_in_storage": special(
        "evict-state/fields-are-lost-in-evict",
    ),
    "replay_off_by_one": special(
        "redeploy-and-replay/missed-messages-come-once-after-a-redeploy",
    ),
    "aborts_on_errors": special(
        "uncaught/throw-in-a-handler-closes-nothing",
        "uncaught/throw-in-a-timer-closes-nothing",
        "uncaught/unhandled-rejection-closes-nothing",
    ),
}

"""What the mutants must come out as that do what real projects were seen to do."""

from tests.support.expected import Expected, special

_QUIET = ("quiet-room/quiet-room-is-left-alone", "quiet-room/quiet-room-is-out-of-memory")

ROWS: dict[str, Expected] = {
    "alarm_as_heartbeat": special(*_QUIET, "empty-room/nobody-wakes-an-empty-room", also=("empty-room",)),
    "ghost_keeps_the_alarm": special(*_QUIET, "empty-room/nobody-wakes-an-empty-room", also=("quiet-room",)),
    "subscribers_in_a_map": special(
        "subscribed-rooms/subscribers-survive-the-sleep",
        "subscribed-rooms/subscribers-survive-the-next-sleep",
        "subscribed-rooms/rpc-wakes-a-sleeping-subscriber",
        "subscribed-rooms/retried-call-runs-once",
    ),
    "sockets_from_messages": special(
        "subscribed-rooms/subscribers-survive-the-next-sleep",
        "subscribed-rooms/rpc-wakes-a-sleeping-subscriber",
        "subscribed-rooms/retried-call-runs-once",
        "first-event/request-may-come-first",
        "first-event/alarm-may-come-first",
    ),
    "never_unsubscribes": special("subscribed-rooms/nobody-is-woken-for-the-gone"),
    "runs_twice": special("subscribed-rooms/retried-call-runs-once"),
    "closes_of_strangers": special("first-event/close-may-come-first", "first-event/break-may-come-first"),
    "binary_type_set": special("binary-type/outgoing-sockets-get-a-blob"),
    "swept_by_memory": special(
        "liveness-sweep/sweep-finds-the-silent-one",
        "liveness-sweep/sweep-spares-who-was-answered-asleep",
    ),
    "writes_at_once": special(
        "debounced-write/debounce-keeps-the-object-awake",
        "debounced-write/debounced-write-is-lost-in-a-reset",
    ),
    "writes_later_in_a_field": special("debounced-write/debounced-write-survives-a-sleep"),
    "seats_by_list": special(
        "seats/closing-socket-keeps-no-seat",
        # who was refused is not counted, nor there to answer
        "seats/who-comes-back-is-there-once",
        "seats/all-that-were-left-are-closed",
    ),
    "there_twice": special("seats/who-comes-back-is-there-once", "seats/all-that-were-left-are-closed"),
    "kind_by_memory": special("binary-type/it-is-an-arraybuffer-after-a-sleep-too"),
    "close_on_wake": special("behind-a-binding/sockets-live-behind-a-binding"),
    "pending_interval": special(
        "behind-a-binding/room-behind-a-binding-sleeps",
        # no sleep, no verdict
        unknown={"behind-a-binding/sockets-live-behind-a-binding"},
    ),
}

"""What the mutants must come out as that do what real projects were seen to do."""

from tests.support.expected import Expected, special

_QUIET = ("quiet-room/quiet-room-is-left-alone", "quiet-room/quiet-room-is-out-of-memory")
_REACHED = "subscribed-rooms/subscribers-survive-the-sleep"

ROWS: dict[str, Expected] = {
    "alarm_as_heartbeat": special(*_QUIET, "empty-room/nobody-wakes-an-empty-room", also=("empty-room",)),
    "ghost_keeps_the_alarm": special(*_QUIET, "empty-room/nobody-wakes-an-empty-room", also=("quiet-room",)),
    "subscribers_in_a_map": special(
        "subscribed-rooms/subscribers-survive-the-sleep",
        "subscribed-rooms/rpc-wakes-a-sleeping-subscriber",
    ),
    # Two objects of one isolate sleep and wake each other, so that module state is not put back before both are awake.
    "sockets_from_messages": special("subscribed-rooms/rpc-wakes-a-sleeping-subscriber", unknown={_REACHED}),
    "never_unsubscribes": special(
        "subscribed-rooms/nobody-is-woken-for-the-gone",
        unknown={_REACHED, "subscribed-rooms/rpc-wakes-a-sleeping-subscriber"},
    ),
}

"""What the mutants of an object's life, and of what keeps it in memory, must come out as."""

from tests.support.expected import Expected, special

ROWS: dict[str, Expected] = {
    "never_settles": special(
        "fifty-connects/crowd-that-came-at-once-sleeps",
        "constructor/rooms-with-slow-constructors-sleep",
        "wake-is-not-restart/room-sleeps-before-it-wakes",
        # no sleep, no verdict
        unknown={
            "fifty-connects/crowd-survives",
            "constructor/message-waits-for-the-constructor",
            "constructor/request-waits-for-the-constructor",
            "constructor/wake-runs-the-constructor",
            "wake-is-not-restart/wake-finds-the-sockets",
            "wake-is-not-restart/restart-finds-none",
        },
    ),
    "thousand_seats": special(
        "full-house/full-house-fits",
        # refused in the room's own words
        "full-house/one-more-is-refused",
        "full-house/closing-one-frees-a-seat",
    ),
    "abort_signal_timeout": special("finished-fetch/finished-fetch-pins-nothing"),
    "room_per_client": special(
        "fifty-connects/one-object-for-fifty",
        # the object that the story names was never there
        unknown={
            "fifty-connects/crowd-that-came-at-once-sleeps",
            "fifty-connects/crowd-survives",
        },
    ),
    "cache_in_the_module": special("names-isolated/names-keep-rows-of-their-own"),
    "asks_the_room_first": special("first-request/nothing-runs-before-the-first-request"),
    "init_not_blocking": special(
        "constructor/message-waits-for-the-constructor", "constructor/request-waits-for-the-constructor"
    ),
    "init_in_fetch": special("constructor/wake-runs-the-constructor"),
    "sockets_in_a_field": special("wake-is-not-restart/wake-finds-the-sockets"),
    "roster_in_storage": special("wake-is-not-restart/restart-finds-none"),
}

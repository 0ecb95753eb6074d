"""What the mutants of the world outside, and of the two APIs side by side, must come out as."""

from tests.support.expected import Expected, special

_STAYS_IN = {"room-tickets/who-is-in-stays-in"}
"""Whom a mutant lets in wrongly nobody asks anything, so nothing is known of the connection."""

ROWS: dict[str, Expected] = {
    # first what waits for a sleep that does not come
    "api_polled": special(
        "api-call/room-sleeps-after-a-call",
        "api-fails/room-sleeps-after-failures",
        "origin-api/room-sleeps-after-the-call",
        # no sleep, no verdict
        unknown={
            "api-call/woken-room-has-the-key",
            "api-call/woken-room-calls-the-api",
            "origin-api/woken-room-asks-with-its-key",
            "origin-api/app-pushes-while-it-is-asked",
        },
    ),
    "pending_interval": special(
        "push/room-sleeps-before-the-push",
        "room-tickets/room-sleeps-with-its-guests",
        # no sleep, no verdict, and the story ends there
        unknown={
            "push/refused-push-does-not-wake-the-room",
            "push/signed-push-reaches-all",
            "push/replay-is-refused-after-a-sleep",
            "push/sockets-survive-the-push",
            "push/text-of-a-push-is-heard-as-it-is",
            "push/nothing-is-thrown",
            "room-tickets/refused-ticket-does-not-wake-the-room",
            "room-tickets/spent-ticket-stays-spent",
            "room-tickets/who-is-in-stays-in",
        },
    ),
    "hibernation_on_request": special(
        "two-apis/hibernating-room-sleeps",
        "two-apis/only-hibernatable-sockets-are-listed",
        # no sleep, no verdict, and the story ends there
        unknown={
            "two-apis/both-answer-alike",
            "two-apis/standard-socket-pins-its-room",
            "two-apis/hibernating-room-loses-its-memory",
            "two-apis/standard-room-keeps-its-memory",
        },
    ),
    # a handler that waits for ever keeps the room in memory
    "api_without_a_timeout": special("api-fails/silence-becomes-a-timeout", "api-fails/room-sleeps-after-failures"),
    "secret_of_the_first_boot": special(
        "api-call/woken-room-has-the-key",
        "api-call/woken-room-calls-the-api",
        "origin-api/woken-room-asks-with-its-key",
        # nor can the app be asked for the news
        "origin-api/app-pushes-while-it-is-asked",
        "crash-state/secret-survives-in-crash",
        "evict-state/secret-survives-in-evict",
        "redeploy-state/secret-survives-in-redeploy",
        "restart-state/secret-survives-in-restart",
    ),
    # what was never right cannot be shown to survive
    "key_not_sent": special(
        "api-call/message-calls-the-api",
        "origin-api/room-asks-with-its-key",
        # whom the app does not know it tells nothing, and does not send elsewhere
        "origin-api/redirect-is-not-followed",
        "origin-api/each-call-is-made-once",
        "origin-api/app-pushes-while-it-is-asked",
        unknown={"api-call/woken-room-calls-the-api", "origin-api/woken-room-asks-with-its-key"},
    ),
    "api_asked_twice": special("api-call/each-call-is-made-once", "origin-api/each-call-is-made-once"),
    "call_blocks_the_room": special(
        "api-call/room-answers-others-meanwhile", "origin-api/app-pushes-while-it-is-asked"
    ),
    "broadcast_skips_one": special("push/signed-push-reaches-all", "push/text-of-a-push-is-heard-as-it-is"),
    # nobody is left to hear it
    "close_on_wake": special(
        "push/sockets-survive-the-push",
        "push/signed-push-reaches-all",
        "push/text-of-a-push-is-heard-as-it-is",
        "room-tickets/who-is-in-stays-in",
    ),
    "push_unsigned": special("push/unsigned-push-is-refused"),
    "push_signature_not_compared": special("push/changed-push-is-refused", "push/unsigned-push-is-refused"),
    "push_stale": special("push/stale-push-is-refused"),
    "push_from_the_future": special("push/stale-push-is-refused", also=("push",)),
    "push_replayed": special("push/replay-is-refused", "push/replay-is-refused-after-a-sleep"),
    "push_nonces_in_memory": special("push/replay-is-refused-after-a-sleep"),
    "push_checked_in_the_object": special("push/refused-push-does-not-wake-the-room", "push/nothing-is-thrown"),
    "ticket_reused": special(
        "room-tickets/ticket-admits-once",
        "room-tickets/spent-ticket-stays-spent",
        "room-tickets/ticket-stays-spent-when-others-are-used",
        "room-tickets/each-ticket-admits-its-guest",
        unknown=_STAYS_IN,
    ),
    "ticket_spent_in_memory": special("room-tickets/spent-ticket-stays-spent"),
    "ticket_never_expires": special(
        "room-tickets/expired-ticket-is-refused", "room-tickets/ticket-for-too-long-is-refused", unknown=_STAYS_IN
    ),
    "ticket_any_room": special(
        "room-tickets/ticket-is-for-one-room", "room-tickets/token-does-not-mend-a-ticket", unknown=_STAYS_IN
    ),
    "ticket_forged": special("room-tickets/forged-ticket-is-refused", unknown=_STAYS_IN),
    "ticket_checked_in_the_object": special("room-tickets/refused-ticket-does-not-wake-the-room"),
    "api_status_thrown": special("api-fails/status-of-an-error-is-told"),
    "api_timeout_too_short": special("api-fails/slow-answer-is-waited-for"),
    "api_error_not_caught": special("api-fails/no-connection-is-told"),
    "api_error_closes": special("api-fails/no-failure-disconnects"),
    "key_in_the_error": special("key-untold/errors-do-not-tell-the-key", "key-untold/no-secret-leaves"),
    "secret_told": special("key-untold/its-length-and-digest-are-all", "key-untold/no-secret-leaves"),
    "origin_with_a_slash": special("origins/page-on-the-list-is-let-in"),
    "origin_demanded": special("origins/no-origin-goes-on-to-the-token"),
    "no_origin_is_trusted": special("origins/no-origin-goes-on-to-the-token", also=("origins",)),
    "origin_not_checked": special("origins/foreign-page-is-refused", "origins/lookalike-is-refused"),
    "origin_by_prefix": special("origins/lookalike-is-refused"),
    "origin_by_ending": special("origins/lookalike-is-refused", also=("origins",)),
    "long_names_cut": special("strange-names/long-name-is-refused"),
    "path_taken_loosely": special("strange-names/path-leads-nowhere-else"),
    "names_cleaned": special("strange-names/odd-name-is-a-room-of-its-own"),
    "junk_remembered_for_a_while": special("junk/room-sleeps-after-junk"),
    "op_by_any_name": special("junk/junk-gets-a-typed-error"),
    "junk_passed_on": special("junk/junk-is-heard-by-nobody-else"),
    "junk_counted": special("junk/junk-changes-nothing"),
    "junk_disconnects": special("junk/junk-disconnects-nobody"),
    # where nobody gets in, nobody sleeps
    "token_with_its_scheme": special("tokens/token-opens", unknown={"tokens/stranger-does-not-wake-the-room"}),
    "token_only_if_shown": special("tokens/without-a-token-401"),
    "subprotocol_not_compared": special("tokens/wrong-token-401"),
    "token_skipped_on_a_route": special("tokens/every-route-wants-the-token"),
    "token_checked_in_the_object": special("tokens/stranger-does-not-wake-the-room"),
    "standard_without_a_pong": special("two-apis/both-answer-alike"),
    "standard_taken_as_hibernatable": special(
        "two-apis/standard-socket-pins-its-room", "two-apis/only-hibernatable-sockets-are-listed"
    ),
    "counter_of_the_socket": special("two-apis/hibernating-room-loses-its-memory"),
    "standard_state_of_the_message": special("two-apis/standard-room-keeps-its-memory"),
    "stateless_forgets": special("stateless/connection-to-a-worker-has-its-own-state"),
    "stateless_shared": special("stateless/connections-to-a-worker-share-nothing"),
    # who is in a room of its own hears nobody
    "room_per_connection": special(
        "stateless/connections-to-a-room-share-it", "stateless/connections-to-a-room-hear-each-other"
    ),
    "said_to_oneself": special("stateless/connections-to-a-room-hear-each-other"),
}

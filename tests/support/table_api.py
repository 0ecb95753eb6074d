"""What the mutants of the WebSocket API must come out as."""

from tests.support.expected import Expected, special

_SLEEPING = {
    "attachments/room-with-attachments-sleeps",
    "attachment-limits/room-sleeps-after-refusals",
    "tags/room-with-tags-sleeps",
    "auto-response-pair/room-with-own-pair-sleeps",
    "close-codes/emptying-room-sleeps",
    "client-close/room-sleeps-before-the-close",
    "drop-while-asleep/room-sleeps-before-connections-break",
    "ghost-sockets/room-sleeps-before-its-clients-go",
    "event-timeout/room-with-event-timeout-sleeps",
    "frames/room-with-compressed-socket-sleeps",
}
"""The claim of each story that its room leaves memory."""

_AFTER_A_SLEEP = {
    "attachments/attachment-of-full-size-survives",
    "attachments/attachment-types-survive",
    "attachments/each-socket-has-its-own-attachment",
    "attachment-limits/refused-attachment-keeps-the-former",
    "attachment-limits/changes-after-serializing-are-not-kept",
    "tags/sockets-are-found-by-tag-after-sleep",
    "tags/own-tags-survive-sleep",
    "tags/closed-sockets-lose-their-tags",
    "auto-response-pair/own-pair-survives-sleep",
    "auto-response-pair/timestamp-is-null-before-the-first-answer",
    "auto-response-pair/timestamp-survives-sleep",
    "auto-response-pair/timestamp-moves-while-asleep",
    "close-codes/room-closes-after-sleep",
    "client-close/close-is-completed",
    "client-close/close-wakes-the-room",
    "client-close/code-and-reason-reach-a-sleeping-room",
    "client-close/attachment-can-be-read-at-the-close",
    "drop-while-asleep/drop-wakes-the-room",
    "drop-while-asleep/drop-is-told-as-unclean-close",
    "ghost-sockets/sockets-dropped-asleep-are-not-listed",
    "event-timeout/event-timeout-survives-sleep",
    "event-timeout/longer-handlers-are-cancelled",
    "frames/text-stays-text",
    "frames/binary-stays-binary",
    "frames/compressing-client-survives-sleep",
}
"""What the same stories show after their sleeps: no sleep, no verdict."""

ROWS: dict[str, Expected] = {
    "heartbeat_timer": special(*_SLEEPING, unknown=_AFTER_A_SLEEP),
    "attachment_spilled": special("attachments/attachment-of-full-size-survives"),
    "attachment_as_json": special("attachments/attachment-types-survive"),
    "attachment_of_another": special("attachments/each-socket-has-its-own-attachment"),
    "attachment_cleared_first": special("attachment-limits/refused-attachment-keeps-the-former"),
    "tags_by_prefix": special("tags/tags-filter-the-sockets"),
    "tags_in_a_map": special("tags/sockets-are-found-by-tag-after-sleep"),
    "tag_list_in_a_field": special("tags/own-tags-survive-sleep"),
    "tag_counter": special("tags/closed-sockets-lose-their-tags"),
    "tags_cut": special("tag-limits/ten-tags-fit"),
    "tags_refused_quietly": special(
        "tag-limits/eleven-tags-are-refused", "tag-limits/tag-of-257-characters-is-refused"
    ),
    "auto_set_at_each_start": special(
        "auto-response-pair/own-pair-survives-sleep",
        # a pair that is not answered any more moves nothing
        unknown={"auto-response-pair/timestamp-moves-while-asleep"},
    ),
    "timestamp_of_this_stay": special(
        "auto-response-pair/timestamp-survives-sleep", "auto-response-pair/timestamp-moves-while-asleep"
    ),
    "timestamp_asked_once": special("auto-response-pair/timestamp-moves-while-asleep"),
    "pong_lost_when_busy": special("pong-order/heartbeats-between-messages-are-answered"),
    "reason_in_ascii": special("close-codes/code-and-reason-reach-the-client"),
    "reason_cut": special("close-codes/reason-of-123-bytes-fits", "close-codes/reason-of-124-bytes-is-refused"),
    "only_strangers_told": special("close-codes/own-close-is-told-to-the-handler"),
    "closes_with_1000_after_sleep": special("close-codes/room-closes-after-sleep"),
    "close_only_recorded": special("client-close/close-is-completed"),
    "close_code_not_kept": special(
        "client-close/code-and-reason-reach-the-handler", "client-close/code-and-reason-reach-a-sleeping-room"
    ),
    "name_in_a_field": special("client-close/attachment-can-be-read-at-the-close"),
    "drop_taken_for_goodbye": special("drop-while-asleep/drop-is-told-as-unclean-close"),
    "only_the_open_listed": special("ghost-sockets/closing-sockets-are-listed"),
    "sends_to_closing": special("ghost-sockets/closing-sockets-are-skipped"),
    "ghosts_counted": special("ghost-sockets/sockets-dropped-asleep-are-not-listed"),
    "timeout_in_a_field": special("event-timeout/event-timeout-survives-sleep"),
    "text_in_latin1": special("frames/text-stays-text"),
    "binary_as_text": special("frames/binary-stays-binary", "patterns/a-number-in-bytes-comes-back"),
    "binary_cut": special("frames/room-sends-binary"),
    "strangers_closed": special("close-of-a-listener/other-listeners-stay"),
    "keeps_one_socket": special("frames/compressing-client-survives-sleep"),
}

"""The checks by name, each with the sentence that says when it holds."""

from typing import Final

MEANINGS: Final = {
    "connections-survive": (
        "On each connection that was open at the sleep, a frame of the client reached the object and a frame of the "
        "object reached the client, after the wake."
    ),
    "connections-drop": "A fault broke every connection that was open at it, and no client had closed it.",
    "sleeps": (
        "Each object left memory while a socket was open. Refuted when one is still there 13 s after its last event."
    ),
    "stays-awake": (
        "Each object was still in memory 11 s after its last event, 13 s where nothing pins it. Refuted when one has "
        "left."
    ),
    "no-wake": "Something was sent while the object slept, and it slept on until it was resumed.",
    "memory-is-reset": (
        "The steps that name the claim got the right answer, and the same message got another one before the sleep or "
        "fault."
    ),
    "storage-survives": (
        "The steps that name the claim got the right answer, and the same message got it before the sleep or fault "
        "too (the witness)."
    ),
    "attachments-survive": "As `storage-survives`, for what a socket's attachment holds.",
    "holds-after-loss": (
        "A sleep, fault or dropped connection is proven before each step that names the claim, its object came back by "
        "the end of the step, and the step came out as told. It asks for no witness, but for rows that are in memory."
    ),
    "delivered-in-order": (
        "No client got two messages of one sender the other way round; `by` is the path of the mark that tells them"
        " apart."
    ),
    "delivered-once": "Each message, told by the mark at `by`, was answered once: none was lost, none came twice."
    " The end of the story waits up to 5 s for answers.",
    "received-in-order": "What the worker numbered at `by` came to each client without a gap, a repeat or a step back.",
    "close-handshake": "Every close by a client was answered by a close frame.",
    "wake-under": "Every answer to a `resume` came within `limit` of its message.",
}
"""When each check holds, for a person who chooses one."""

LOAD_MEANINGS: Final = {
    "load-opens": "Every socket that was to open did.",
    "load-sleeps": (
        "Every room left memory at every sleep with its sockets open, by what its instance shows, or the evict that "
        "was answered. Refuted when the same instance answers 13 s after the last event."
    ),
    "load-sockets-survive": (
        "Each socket that was open at a sleep spoke with its room after the wake, on the same connection: a frame of "
        "the client reached the object and a frame of the object reached the client."
    ),
    "load-nothing-lost": "Every message came to everybody it was for; where rooms were to sleep, through the sleep.",
}
"""The checks of a load."""

NO_SECRET_LEAVES: Final = "no-secret-leaves"  # noqa: S105 - the name of a claim
"""The claim that is judged in every run, whatever its scenario claims."""

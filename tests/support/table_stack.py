"""What the mutants of the stack's worker may refute beside the claims that name them."""

from typing import Final

from tests.support.expected import SHIPPED

PREFIX: Final = "stack/"

NAMED: Final = [
    (f"{scenario['name']}/{claim['id']}", str(claim["mutant"]))
    for scenario in SHIPPED.values()
    for claim in scenario.get("claim", ())
    if str(claim.get("mutant", "")).startswith(PREFIX)
]
"""Each claim that names a mutant of the stack's worker, with the mutant."""

_COUNTED = {"tickets/others-are-not-disturbed"}
"""Who is let in where nobody should be is counted."""

_ALL_SAID = {"stack/pages-show-all-in-one-order"}
"""What was not said, or not heard, is missing in the end."""

ALSO: Final[dict[str, set[str]]] = {
    "admits_without_a_ticket": _COUNTED,
    "expiry_not_checked": _COUNTED | {"tickets/fresh-ticket-helps-the-client", "tickets/spent-ticket-stays-spent"},
    "room_not_checked": _COUNTED,
    "signature_not_checked": _COUNTED,
    "spent_in_memory": _COUNTED,
    "ticket_good_twice": _COUNTED | {"tickets/spent-ticket-stays-spent"},
    # every refusal is judged by its code
    "refusal_without_a_code": {
        "tickets/ticket-lets-in-once",
        "tickets/without-a-ticket-4401",
        "tickets/forged-ticket-4401",
        "tickets/expired-ticket-4401",
        "tickets/ticket-for-another-room-4403",
        "tickets/ticket-for-a-similar-name-4403",
        "tickets/spent-ticket-stays-spent",
    },
    "texts_normalized": {"replay/all-that-was-missed-is-replayed"},  # the step before has passed over all messages
    "app_key_not_sent": _ALL_SAID,
    "app_timeout_missing": {"app-fails/room-sleeps-after-failures"},  # a handler that waits keeps the room in memory
    "errors_close_the_socket": {"app-fails/dead-app-is-an-error", "app-fails/slow-app-is-a-timeout"},
    # who has lost the connection hears nothing until it is back
    "closes_on_wake": _ALL_SAID
    | {
        "stack/mutation-reaches-every-subscriber",
        "stack/subscriptions-survive-sleep",
        "stack/messages-survive-sleep",
        "stack/app-pushes-into-a-sleeping-room",
        "stack/woken-room-calls-the-app",
    },
    # the click that should wake the room finds it awake
    "keep_alive_wakes": _ALL_SAID
    | {"stack/mutation-reaches-every-subscriber", "stack/room-sleeps-while-pages-stay-open"},
    "messages_in_memory": _ALL_SAID,
    "push_only_stores": _ALL_SAID | {"stack/pages-get-each-message-once", "stack/program-gets-each-message-once"},
    "subscriptions_in_memory": {"stack/app-pushes-into-a-sleeping-room", "stack/pages-show-all-in-one-order"},
    "publish_twice": {"many-sleeps/no-wake-loses-a-message"},
    "one_ticket_for_each_user": {
        "reconnect/missed-in-a-crash-is-replayed",
        "reconnect/missed-in-a-deployment-is-replayed",
    },
    "one_subscription_a_topic": {"subscriptions/batch-wakes-the-room", "subscriptions/subscribed-while-asleep"},
    "two_of_a_batch": {
        "subscriptions/one-socket-carries-several",
        "subscriptions/unsubscribed-while-asleep",
        "subscriptions/subscribed-while-asleep",
    },
    "stop_ends_nothing": {"subscriptions/drop-in-the-middle-of-a-sleep"},
    "origin_not_checked": {
        "foreign-pages/lookalike-is-refused",
        "foreign-pages/refusal-does-not-wake",
        "foreign-pages/program-needs-no-origin",
    },
}


def named(mutant: str) -> set[str]:
    """Return the claims that name a mutant: all of them must be refuted."""
    return {claim for claim, name in NAMED if name == mutant}


def scenarios_of(mutant: str) -> list[str]:
    """Return the scenarios that it is played in: those that name it."""
    return sorted({claim.partition("/")[0] for claim in named(mutant)})


def may_refute(mutant: str) -> set[str]:
    """Return the claims that it may refute; any other would be about something else."""
    return named(mutant) | ALSO.get(mutant.removeprefix(PREFIX), set())

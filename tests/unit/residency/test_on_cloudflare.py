"""How long a pin lasts on Cloudflare: by what it is, and by the compatibility date."""

import pytest

from poc_cli.residency.on_cloudflare import on_cloudflare

MINUTES = "at most 15 minutes"


@pytest.mark.parametrize(
    ("kind", "what", "words", "page"),
    [
        ("timer", "setInterval", MINUTES, "2026-10-01"),
        ("awaitJs", "waitUntil", MINUTES, "2026-10-01"),
        ("operation", "an RPC call", MINUTES, "2026-10-01"),
        ("awaitJs", "an outgoing WebSocket", MINUTES, "2026-06-19"),
        ("operation", "a TCP socket", MINUTES, "2026-06-19"),
        ("operation", "fetch", "two pages differ", "2026-10-01"),
        ("awaitJs", "a standard-API WebSocket", "as long as the client is connected", "websockets"),
        ("awaitJs", "an unfinished WebSocket handler", "while its client is connected", "durable-object-lifecycle"),
        ("something new", "something new", "70 to 140 s", "durable-object-lifecycle"),
    ],
)
def test_each_kind_of_pin_has_its_time_and_a_page(kind: str, what: str, words: str, page: str) -> None:
    found = on_cloudflare({"kind": kind, "what": what}, "2026-10-01")
    assert words in found.says
    assert page in found.source


@pytest.mark.parametrize("date", ["2026-10-01", "2027-01-01", None])
def test_timers_keep_an_object_from_the_date_on(date: str | None) -> None:
    assert MINUTES in on_cloudflare({"kind": "timer", "what": "setTimeout"}, date).says


def test_before_that_date_a_timer_is_lost() -> None:
    assert "the work is lost" in on_cloudflare({"kind": "timer", "what": "setTimeout"}, "2026-09-30").says
    assert MINUTES in on_cloudflare({"kind": "awaitJs", "what": "an outgoing WebSocket"}, "2026-09-30").says

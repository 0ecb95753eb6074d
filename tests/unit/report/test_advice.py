"""What is advised against each thing that keeps an object in memory: the words that a person will search for."""

import pytest

from poc_cli.report.advice import advice_on_events, advice_on_pin


@pytest.mark.parametrize(
    ("kind", "what", "word"),
    [
        ("timer", "setInterval", "ctx.storage.setAlarm"),
        ("timer", "setTimeout", "ctx.storage.setAlarm"),
        ("timer", "scheduler.wait", "ctx.storage.setAlarm"),
        ("awaitJs", "a standard-API WebSocket", "ctx.acceptWebSocket"),
        ("awaitJs", "an outgoing WebSocket", "let another object hold it"),
        ("operation", "an outgoing WebSocket", "close it while there is nothing to do"),
        ("operation", "fetch", "AbortSignal.timeout"),
        ("awaitJs", "waitUntil", "setHibernatableWebSocketEventTimeout"),
        ("awaitJs", "an unfinished WebSocket handler", "setHibernatableWebSocketEventTimeout"),
        ("awaitJs", "an unfinished alarm handler", "resolve or reject"),
        ("awaitJs", "something new", "a handler has not returned"),
        ("operation", "something new", "an operation has not ended"),
        ("something new", "something new", "end that after a timeout"),
    ],
)
def test_there_is_advice_against_every_kind_of_pin(kind: str, what: str, word: str) -> None:
    assert word in advice_on_pin(kind, what)


def test_only_handlers_of_sockets_are_ended_by_their_time_out() -> None:
    for what in ("an unfinished fetch handler", "an unfinished alarm handler", "an unfinished RPC method"):
        assert "EventTimeout" not in advice_on_pin("awaitJs", what)
    assert "exactly" in advice_on_events("hibernatable_websocket")

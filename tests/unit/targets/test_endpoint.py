"""How addresses are reached, and that POC_EDGE leads only what is meant for workers.dev elsewhere."""

import pytest

from poc_cli.errors import UsageError
from poc_cli.targets.endpoint import endpoint_of

WORKER = "https://chat.me.workers.dev"
EDGE = {"POC_EDGE": "http://127.0.0.1:8787"}


def test_without_an_edge_an_address_is_where_it_says() -> None:
    found = endpoint_of(WORKER, {})
    assert found.request("/room/1") == (f"{WORKER}/room/1", {})
    dial = found.socket("/room/1?name=ann")
    assert dial.uri == "wss://chat.me.workers.dev/room/1?name=ann"
    assert "ssl" in dial.options


def test_plain_text_needs_no_certificates() -> None:
    assert endpoint_of("http://127.0.0.1:1", {}).socket("/x").options == {}


def test_the_edge_is_spoken_to_in_plain_text_with_the_workers_name() -> None:
    found = endpoint_of(WORKER, EDGE)
    assert found.request("/room/1") == ("http://127.0.0.1:8787/room/1", {"Host": "chat.me.workers.dev"})
    dial = found.socket("/room/1")
    assert (dial.uri, dial.options) == ("ws://chat.me.workers.dev/room/1", {"host": "127.0.0.1", "port": 8787})


@pytest.mark.parametrize("url", ["https://chat.example", "http://127.0.0.1:1", "https://workers.dev.example"])
def test_other_addresses_do_not_go_by_the_edge(url: str) -> None:
    assert endpoint_of(url, EDGE).edge is None


@pytest.mark.parametrize("edge", ["127.0.0.1:8787", "https://127.0.0.1", "http://"])
def test_an_edge_that_is_no_plain_address_is_refused(edge: str) -> None:
    with pytest.raises(UsageError, match="POC_EDGE"):
        endpoint_of(WORKER, {"POC_EDGE": edge})

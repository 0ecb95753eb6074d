"""The real wrangler tails a Worker, and hears what the runtime tells of it."""

import json
import signal
from typing import Any

import pytest

from tests.standin.public import ask, get, socket
from tests.standin.standin import StandIn
from tests.standin.wrangler import Wrangler
from tests.support.processes import until

pytestmark = pytest.mark.live


def _events(text: str) -> list[dict[str, Any]]:
    """Read JSON documents that follow each other."""
    decoder, found, place = json.JSONDecoder(), [], text.find("{")
    while place != -1:
        event, end = decoder.raw_decode(text, place)
        found.append(event)
        place = text.find("{", end)
    return found


def test_what_happens_is_told(cloud: StandIn, wrangler: Wrangler) -> None:
    assert wrangler.deploy().code == 0
    heard = 0
    with wrangler.start("tail", "sample", "--format", "json") as process:
        until("it listens", lambda: bool(cloud.listening))
        assert cloud.account.live_tails == ["sample"]
        get(cloud, "sample")
        with socket(cloud, "sample") as client:
            ask(client, "hello there")
            client.close(4001)
        until("all is told", lambda: cloud.told("sample") >= 5)  # two requests, by the object too; message; close
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
        heard = process.returncode
    assert heard == 0, err
    until("the tail is gone", lambda: cloud.account.live_tails == [] and cloud.listening == [])
    events = _events(out)
    assert {each["scriptName"] for each in events} == {"sample"}
    (message,) = [each for each in events if each["event"] == {"getWebSocketEvent": {"webSocketEventType": "message"}}]
    assert [each["message"] for each in message["logs"]] == [["heard", "hello there"]]
    assert message["executionModel"] == "durableObject"
    assert len(message["durableObjectId"]) == 64
    (closed,) = [
        each for each in events if each["event"].get("getWebSocketEvent", {}).get("webSocketEventType") == "close"
    ]
    assert closed["event"]["getWebSocketEvent"]["code"] == 4001
    requests = [each["event"]["request"]["url"] for each in events if "request" in each["event"]]
    assert f"https://{cloud.host('sample')}/about" in requests

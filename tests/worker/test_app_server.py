"""How an app server elsewhere speaks to the shipped worker: by pushes that it signs, and by tickets for its clients."""

import base64
import hashlib
import hmac
import json
import secrets
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.support.asking import PATIENCE_SECONDS, asked, joined
from tests.support.server import TOKEN, Server, serving

pytestmark = pytest.mark.live

PUSH, TICKET = secrets.token_urlsafe(32), secrets.token_urlsafe(32)

_numbers = count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Yield one running worker with both secrets for the tests of this file; each takes a room of its own."""
    with tempfile.TemporaryDirectory(prefix="poc-test-") as folder:
        bindings = {"POC_PUSH_SECRET": PUSH, "POC_TICKET_SECRET": TICKET, "POC_ALLOWED_ORIGINS": "https://one.example"}
        with serving(Path(folder), bindings) as running:
            yield running


@pytest.fixture
def room() -> str:
    """Return the name of a room that no other test uses."""
    return f"room {next(_numbers)}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _signature(secret: str, text: str) -> str:
    return _base64url(hmac.digest(secret.encode(), text.encode(), hashlib.sha256))


def _path(room: str) -> str:
    return f"/room/{room.replace(' ', '%20')}"


def _push(server: Server, room: str, body: str = '{"text":"hi"}', **changed: str) -> httpx.Response:
    """Push into a room, with something changed after it was signed; `age` and `secret` count before."""
    said = {"method": "POST", "path": f"{_path(room)}/push", "nonce": secrets.token_urlsafe(16)} | changed
    timestamp = str(int(time.time()) - int(changed.get("age", "0")))
    signed = "\n".join(["push", "POST", f"{_path(room)}/push", timestamp, said["nonce"], body])
    headers = {
        "X-Poc-Timestamp": changed.get("timestamp", timestamp),
        "X-Poc-Nonce": said["nonce"],
        "X-Poc-Signature": changed.get("signature", _signature(changed.get("secret", PUSH), signed)),
    }
    content = changed.get("instead", body)
    return httpx.request(said["method"], server.url + said["path"], headers=headers, content=content, trust_env=False)


def _ticket(room: str, seconds: float = 30, secret: str = TICKET, **changed: Any) -> str:
    said = {"room": room, "exp": int(time.time() + seconds), "jti": secrets.token_urlsafe(16)} | changed
    payload = _base64url(json.dumps(said).encode())
    return f"{payload}.{_signature(secret, f'ticket.{payload}')}"


@contextmanager
def _with(server: Server, room: str, *tickets: str, **options: Any) -> Iterator[ClientConnection]:
    """Connect to a room with tickets and nothing else."""
    offered = [Subprotocol(f"poc.ticket.{ticket}") for ticket in tickets]
    url = f"{server.sockets_url}{_path(room)}?name=guest"
    with connect(url, subprotocols=offered, proxy=None, compression=None, **options) as client:
        yield client


def _refusal(server: Server, room: str, *tickets: str, **options: Any) -> tuple[int, str]:
    """Return the status and the error with which tickets are refused."""
    with pytest.raises(InvalidStatus) as thrown, _with(server, room, *tickets, **options):
        pass
    answer = thrown.value.response
    return answer.status_code, json.loads(answer.body or b"")["error"]


# --- pushes


def test_a_push_is_kept_and_heard_by_all(server: Server, room: str) -> None:
    with joined(server, _path(room)) as ann, joined(server, _path(room)) as bob:
        answer = _push(server, room, '{"text":"hé\\n"}')
        assert answer.status_code == 200
        assert answer.json().items() >= {"op": "push", "ok": True, "seq": 1, "reached": 2}.items()
        for client in (ann, bob):
            said = json.loads(client.recv(timeout=PATIENCE_SECONDS))
            assert said.items() >= {"event": "said", "seq": 1, "text": "hé\n"}.items()
    with joined(server, f"{_path(room)}?since=0") as late:
        assert json.loads(late.recv(timeout=PATIENCE_SECONDS))["replayed"] is True


@pytest.mark.parametrize(
    "changed",
    [
        {"signature": ""},
        {"signature": "A" * 43},
        {"signature": "?"},
        pytest.param({"secret": TICKET}, id="the secret of tickets"),  # a random one names no test twice
        {"instead": '{"text":"ho"}'},
        {"path": "/room/another/push"},
        {"method": "PUT"},
        {"timestamp": "1"},
        {"nonce": "short"},
    ],
    ids=str,
)
def test_a_push_that_is_not_signed_as_it_came(server: Server, room: str, changed: dict[str, str]) -> None:
    answer = _push(server, room, **changed)
    assert (answer.status_code, answer.json()["error"]) == (401, "not_signed")


@pytest.mark.parametrize(("age", "status"), [("62", 401), ("-120", 401), ("55", 200), ("-55", 200)])
def test_the_minute_of_a_push(server: Server, room: str, age: str, status: int) -> None:
    answer = _push(server, room, age=age)
    assert (answer.status_code, answer.json().get("error")) == (status, None if status == 200 else "stale")


def test_a_push_that_came_before_is_refused_in_its_room_and_not_in_another(server: Server, room: str) -> None:
    nonce = secrets.token_urlsafe(16)
    with ThreadPoolExecutor(8) as places:
        pushed = list(places.map(lambda _: _push(server, room, nonce=nonce).status_code, range(8)))
    assert sorted(pushed) == [200] + [409] * 7
    assert _push(server, room, nonce=nonce).json()["error"] == "replayed"
    assert _push(server, f"{room}-2", nonce=nonce).status_code == 200


def test_what_a_push_may_say(server: Server, room: str) -> None:
    for body in ("", "{", "null", "[]", '{"text":1}', '{"op":"who"}'):
        answer = _push(server, room, body)
        assert (answer.status_code, answer.json()["error"]) == (400, "bad_field")
    big = _push(server, room, json.dumps({"text": "x" * 65_536}))
    assert (big.status_code, big.json()["error"]) == (413, "too_large")
    assert _push(server, room, json.dumps({"text": "x" * 65_000})).json()["seq"] == 1


def test_a_push_shows_the_token_in_vain_and_opens_nothing_else(server: Server, room: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    url = f"{server.url}{_path(room)}/push"
    assert httpx.post(url, headers=headers, content='{"text":"hi"}', trust_env=False).status_code == 401
    assert _push(server, room, path=_path(room)).json()["error"] == "unauthorized"
    assert httpx.post(url, headers={"Origin": "https://two.example"}, trust_env=False).status_code == 403


# --- tickets


def test_a_ticket_admits_one_client_and_is_echoed(server: Server, room: str) -> None:
    ticket = _ticket(room)
    with _with(server, room, ticket, origin="https://one.example") as guest:
        assert guest.subprotocol == f"poc.ticket.{ticket}"
        assert asked(guest, "who").items() >= {"name": "guest", "sockets": 1}.items()
        assert _refusal(server, room, ticket) == (409, "ticket_used")
        assert asked(guest, "who")["sockets"] == 1
    assert _refusal(server, room, ticket) == (409, "ticket_used")


def test_of_many_who_show_the_same_ticket_at_once_one_comes_in(server: Server, room: str) -> None:
    ticket = _ticket(room)

    def status(_: int) -> int:
        try:
            with _with(server, room, ticket):
                return 101
        except InvalidStatus as refused:
            return refused.response.status_code

    with ThreadPoolExecutor(8) as places:
        assert sorted(places.map(status, range(8))) == [101] + [409] * 7


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"seconds": 0}, (401, "ticket_expired")),
        ({"seconds": -1}, (401, "ticket_expired")),
        ({"seconds": 330}, (401, "ticket_lives_too_long")),
        ({"room": "another"}, (403, "ticket_for_another_room")),
        ({"room": ["another"]}, (401, "ticket_forged")),
        pytest.param({"secret": PUSH}, (401, "ticket_forged"), id="the secret of pushes"),
        ({"exp": "tomorrow"}, (401, "ticket_forged")),
        ({"exp": None}, (401, "ticket_forged")),
        ({"jti": ""}, (401, "ticket_forged")),
    ],
    ids=str,
)
def test_a_ticket_that_admits_nobody(
    server: Server, room: str, changed: dict[str, Any], refusal: tuple[int, str]
) -> None:
    assert _refusal(server, room, _ticket(**({"room": room} | changed))) == refusal


@pytest.mark.parametrize("change", ["{0}A", "A{0}", "{0}.", "{0}.{0}", "", ".", "AAAA", "bnVsbA.bnVsbA"])
def test_a_ticket_that_was_changed(server: Server, room: str, change: str) -> None:
    assert _refusal(server, room, change.format(_ticket(room))) == (401, "ticket_forged")


def test_the_first_ticket_counts_whatever_else_is_shown(server: Server, room: str) -> None:
    good, bad = _ticket(room), _ticket(room, 0)
    token = {"Authorization": f"Bearer {TOKEN}"}
    assert _refusal(server, room, bad, good, additional_headers=token) == (401, "ticket_expired")
    with _with(server, room, good, bad):
        pass


def test_a_ticket_is_for_a_room_and_a_websocket_from_a_page_on_the_list(server: Server, room: str) -> None:
    ticket = _ticket(room)
    assert _refusal(server, room, ticket, origin="https://two.example") == (403, "origin_not_allowed")
    for url in (f"{_path(room)}?ticket={ticket}", _path(room)):
        headers = {"Sec-WebSocket-Protocol": f"poc.ticket.{ticket}"}
        assert httpx.post(server.url + url, headers=headers, content="{}", trust_env=False).status_code == 401
    with pytest.raises(InvalidStatus), connect(f"{server.sockets_url}/stateless?ticket={ticket}", proxy=None):
        pass
    with _with(server, room, ticket):
        pass


def test_without_the_secrets_both_are_closed(tmp_path: Path, room: str) -> None:
    for number, bindings in enumerate(({}, {"POC_PUSH_SECRET": "", "POC_TICKET_SECRET": ""})):
        folder = tmp_path / str(number)
        folder.mkdir()
        with serving(folder, bindings) as closed:
            # HMAC itself would take no key at all for a key
            for secret in ("", "undefined", "null"):
                assert _push(closed, room, secret=secret).status_code == 401
                assert _refusal(closed, room, _ticket(room, secret=secret)) == (401, "ticket_forged")
            assert closed.objects() == []

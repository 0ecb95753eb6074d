"""A session becomes a scenario that a person could have written: names, secrets, captures, expectations and pauses."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
import tomli

from poc_cli.recorder.learning import Played, differing_paths, forms_of
from poc_cli.recorder.messages import Text
from poc_cli.recorder.object_names import MARK, FoundObject, find_objects, templates_of
from poc_cli.recorder.recording import recording_of
from poc_cli.recorder.scenario_text import Recording, Written, final_text, learning_text
from poc_cli.recorder.session import Ended, Happening, Opened, Payload, Received, Requested, Sent, Session
from poc_cli.recorder.toml_text import NotTomlError, string, toml
from poc_cli.residency.identity import object_id
from poc_cli.scenario.loader import parse
from poc_cli.scenario.templates import render_text

KEY = "unique"
ROOM = ("Room", object_id(KEY, "general"))
ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


def opened(at_s: float, socket: int = 1, address: str = "/rooms/general?nick=ann", **more: Any) -> Opened:
    return Opened(at_s, socket, address, **more)


def sent(at_s: float, value: Any, socket: int = 1) -> Sent:
    return Sent(at_s, socket, _payload(value))


def got(at_s: float, value: Any, socket: int = 1) -> Received:
    return Received(at_s, socket, _payload(value))


def _payload(value: Any) -> Payload:
    return value if isinstance(value, str | bytes) else json.dumps(value)


def recording(*happenings: Happening, objects: Iterable[tuple[str, str]] = (ROOM,), **more: Any) -> Recording:
    session = Session(happenings, tuple(objects))
    given: dict[str, Any] = {"name": "session", "worker": '"../app"', "unique_keys": {"Room": KEY, "Lobby": KEY}}
    return recording_of(session, **(given | {"sources": [], "secrets": []} | more))


def written(told: Recording, *played: Mapping[int, Any], ignore: Iterable[str] = ()) -> Written:
    """Return the scenario, given what came in some plays; without any, the same came."""
    forms = forms_of(told.story, [Played(values, None) for values in played], told.substitution, [*ignore])
    found = final_text(told, forms, (), [*ignore], claims=True)
    parse(found.text, "session.toml")  # which it has to be: a scenario
    return found


def steps(found: Written) -> list[Any]:
    return list(tomli.loads(found.text)["steps"])


def test_the_sleep_is_where_each_open_connection_speaks_again_before_it_ends() -> None:
    """A page that is loaded again opens another connection, which says nothing about the one before."""
    bob = opened(0.1, 2, "/rooms/general?nick=bob")
    first = (
        opened(0.0),
        bob,
        sent(0.2, {"op": 1}),
        got(0.3, {"op": 1}),
        sent(0.4, {"op": 2}, 2),
        got(0.5, {"op": 2}, 2),
    )
    again = (Ended(0.6, 1, "client", 1001), opened(0.7, 3), sent(0.8, {"op": 3}, 3), got(0.9, {"op": 3}, 3))
    found = steps(written(recording(*first, *again)))
    sleeps = next(index for index, each in enumerate(found) if "hibernate" in each)
    assert found[sleeps + 1]["send"] == {"op": 1}


CHAT = (
    opened(0),
    got(0.01, {"type": "welcome", "id": ID}),
    opened(0.2, 2, "/rooms/general?nick=bob"),
    got(0.21, {"type": "welcome", "id": "4f2504e0-4f89-41d3-9a0c-0305e82c3301"}, 2),
    sent(0.5, {"type": "say", "text": "hello"}),
    got(0.51, {"type": "said", "text": "hello", "at": 1764510000123}),
    got(0.52, {"type": "said", "text": "hello", "at": 1764510000123}, 2),
)


def test_a_chat_is_told_in_few_steps() -> None:
    found = tomli.loads(written(recording(*CHAT)).text)
    assert found["object"] == {"class": "Room", "name": "{play}"}
    assert found["clients"] == {"ann": "/rooms/{play}?nick=ann", "bob": "/rooms/{play}?nick=bob"}
    assert found["worker"] == "../app"
    assert found["steps"] == [
        {"connect": "ann"},
        {"on": "ann", "expect": {"type": "welcome"}},
        {"connect": "bob"},
        {"on": "bob", "expect": {"type": "welcome"}},
        {"hibernate": "idle"},
        {"resume": "ann", "send": {"type": "say", "text": "hello"}, "expect": {"type": "said", "text": "hello"}},
        {"on": "bob", "expect": {"type": "said", "text": "hello"}},
    ]
    # bob says nothing after the sleep, so nothing shows that his socket outlived it.
    assert [each["id"] for each in found["claim"]] == ["object-sleeps", "transparent-to-sleep"]


def test_sockets_are_claimed_where_every_client_speaks_later() -> None:
    more = (sent(1, {"type": "say", "text": "hi"}, 2), got(1.1, {"type": "said", "text": "hi"}, 2))
    found = tomli.loads(written(recording(*CHAT, *more)).text)
    assert [each["id"] for each in found["claim"]][1] == "sockets-survive-sleep"
    assert [next(iter(each)) for each in found["steps"]].index("hibernate") == 4


def test_the_learning_scenario_waits_for_each_message_whatever_it_is() -> None:
    found = learning_text(recording(*CHAT), ())
    parse(found.text, "session.toml")
    waits = [each for each in steps(found) if "where" in each]
    assert len(waits) == 4
    assert [each for each in found.awaited if each] == [(0,), (1,), (2,), (3,)]


def test_what_differs_in_a_play_is_not_expected() -> None:
    told = recording(opened(0), sent(1, {"op": "roll"}), got(1.1, {"op": "roll", "dice": 4, "all": [1, 2]}))
    same = written(told, {0: {"op": "roll", "dice": 4, "all": [1, 2]}})
    assert steps(same)[-1]["expect"] == {"op": "roll", "dice": 4, "all": [1, 2]}
    other = written(told, {0: {"op": "roll", "dice": 6, "all": [1, 3]}})
    assert steps(other)[-1]["expect"] == {"op": "roll"}


def test_paths_that_differ_wherever_they_are_may_be_ignored_but_no_ids() -> None:
    plays = [
        Played({0: {"n": 1, "dice": 4, "id": ID}, 1: {"n": 1}}, None),
        Played({0: {"n": 2, "dice": 5, "id": ID.replace("3", "5")}, 1: {"n": 1}}, None),
    ]
    assert differing_paths(plays) == ["dice"]  # n is the same in another message


def test_a_field_that_is_the_same_by_chance_in_messages_of_any_order_is_not_expected() -> None:
    scores = {name: {"type": "score", "name": name, "of": len(name)} for name in ("ann", "bob", "cyrus")}
    told = recording(
        opened(0.0),
        sent(0.1, {"op": "scores"}),
        got(0.2, {"type": "first"}),
        *(got(0.3 + n / 10, scores[name]) for n, name in enumerate(("cyrus", "ann", "bob"))),
    )
    orders = ("cyrus", "bob", "ann"), ("ann", "cyrus", "bob")
    plays = [{0: {"type": "first"}} | {n + 1: scores[name] for n, name in enumerate(order)} for order in orders]
    (asked,) = (each for each in steps(written(told, *plays)) if "send" in each)
    assert asked["expect"] == [{"type": "first"}, {"type": "score"}, {"type": "score"}, {"type": "score"}]


def test_random_keys_and_values_in_any_order_are_not_ignored() -> None:
    """Sleep everywhere compares them, and a loss under an ignored path would not be seen."""
    orders = (("ann", "bob"), ("bob", "ann"), ("ann", "bob"))
    plays = [
        Played({0: {"users": {f"k{n}x9a": "ann"}}, 1: {"name": one}, 2: {"name": other}}, None)
        for n, (one, other) in enumerate(orders)
    ]
    assert differing_paths(plays) == []


def test_random_ids_of_letters_alone_are_not_ignored_and_neither_are_names() -> None:
    plays = [
        Played({0: {"by": by, "nick": nick}, 1: {"n": 1}}, None)
        for by, nick in (("hwbk2tvj", "jolly otter"), ("qwertzui", "quiet heron"), ("asdfghjk", "bold stork"))
    ]
    assert differing_paths(plays) == []


def test_an_id_of_letters_alone_that_comes_back_is_captured() -> None:
    told = recording(
        opened(0),
        sent(1, {"op": "post", "mood": "cheerful"}),
        got(1.1, {"op": "posted", "message": {"id": "hwbkytvj", "tone": "friendly"}}),
        sent(2, {"op": "react", "id": "hwbkytvj", "tone": "friendly"}),
    )
    assert steps(written(told))[-1]["send"] == {"op": "react", "id": "{id}", "tone": "friendly"}


def test_a_value_of_the_worker_that_comes_back_is_captured() -> None:
    told = recording(
        opened(0),
        sent(1, {"op": "new"}),
        got(1.1, {"op": "new", "card": {"cardId": "c-8131"}}),
        sent(2, {"op": "move", "card": "c-8131"}),
        got(2.1, {"op": "moved", "card": "c-8131"}),
    )
    first, _, second = steps(written(told))[1:]
    assert first["capture"] == {"card_id": "card.cardId"}
    assert first["expect"]["op"] == "new"
    assert second["send"] == {"op": "move", "card": "{card_id}"}
    assert second["expect"] == {"op": "moved", "card": "{card_id}"}


def test_what_a_client_said_first_is_no_capture() -> None:
    told = recording(
        opened(0), sent(1, {"id": "my-own-17"}), got(1.1, {"id": "my-own-17"}), sent(2, {"id": "my-own-17"})
    )
    assert "capture" not in written(told).text


SECRETS = (
    ("Authorization", "Bearer s3cr3t-bearer-value"),
    ("Cookie", "sid=abcdefgh12345"),
    ("User-Agent", "node"),
    ("X-Tenant", "acme"),
)


def test_secrets_are_never_in_the_file() -> None:
    told = recording(
        opened(0, address="/rooms/general?nick=ann&token=q-secret-1", headers=SECRETS),
        sent(1, {"op": "login", "password": "hunter2-hunter2", "key": "dev-vars-secret"}),
        got(1.1, {"op": "ok", "key": "dev-vars-secret", "token": "given-secret"}),
        secrets=[("API_KEY", "dev-vars-secret")],
    )
    found = written(told)
    for each in ("s3cr3t-bearer", "abcdefgh12345", "q-secret-1", "hunter2", "dev-vars-secret", "given-secret"):
        assert each not in found.text
    ann = tomli.loads(found.text)["clients"]["ann"]
    assert ann["path"] == "/rooms/{play}?nick=ann&token={env.TOKEN}"
    assert ann["headers"] == {
        "Authorization": "Bearer {env.AUTHORIZATION}",
        "Cookie": "{env.COOKIE}",
        "X-Tenant": "acme",
    }
    assert {"op": "login", "password": "{env.PASSWORD}", "key": "{env.API_KEY}"} in [
        each.get("send", each) for each in steps(found)
    ]
    assert "TOKEN" in told.substitution.used
    assert "TOKEN, AUTHORIZATION, COOKIE, PASSWORD and API_KEY must be" in found.text


def test_bytes_and_long_messages_are_in_files_beside_it() -> None:
    long = {"blob": "x" * 1000}
    told = recording(
        opened(0), sent(1, b"\x01\x02"), got(1.1, b"\x03" * 9), sent(2, bytes(100)), sent(3, long), objects=()
    )
    found = written(told, {0: b"\x03" * 9})
    assert steps(found)[1:] == [
        {"on": "ann", "send": {"hex": "0102"}, "expect": {"hex": "03" * 9}},
        {"on": "ann", "send": {"file": "session/ann-1.bin"}},
        {"on": "ann", "send": {"file": "session/ann-2.json"}},
    ]
    assert found.files == {"session/ann-1.bin": bytes(100), "session/ann-2.json": json.dumps(long)}
    assert steps(written(told, {0: b"\x03\x03\x04"}))[1]["expect"] == {"hex_prefix": "03"}


def test_the_first_bytes_of_a_moment_are_not_expected() -> None:
    tick = bytes.fromhex("08 00000001 2e9e206d")
    told = recording(opened(0), sent(1, b"\x04"), got(1.1, tick), objects=())
    later = bytes.fromhex("08 00000001 2e9f1234")
    assert steps(written(told, {0: later}))[1]["expect"] == {"hex_prefix": "08"}


def test_a_message_that_comes_by_time_gets_a_pause_that_is_capped() -> None:
    told = recording(
        opened(0), sent(1, {"op": "start"}), got(3, {"op": "tick"}), got(40, {"op": "tock"}), sent(99, "bye")
    )
    found = steps(written(told))
    assert [each["idle"] for each in found if "idle" in each] == ["2s", "8s"]  # and none before "bye"


def test_ends_and_refusals_and_a_client_that_comes_back() -> None:
    told = recording(
        opened(0),
        Ended(1, 1, "client", 4001, "bye"),
        opened(2, 2),
        Ended(3, 2, "dropped", 1006),
        opened(4, 3, "/rooms/general?nick=ann&again=1"),
        Ended(5, 3, "server", 4000, "kicked"),
        opened(6, 4, "/private", refused=403),
    )
    assert steps(written(told)) == [
        {"connect": "ann"},
        {"close": "ann", "code": 4001, "reason": "bye"},
        {"connect": "ann"},
        {"kill": "ann"},
        {"connect": "ann", "path": "/rooms/{play}?nick=ann&again=1"},
        {"on": "ann", "expect_code": 4000, "expect_reason": "kicked"},
        {"connect": "bob", "refused": 403},
    ]


def test_requests_are_steps_and_pages_are_left_out() -> None:
    told = recording(
        Requested(0, "GET", "/", (), b"", 200, "text/html", b"<p>"),
        Requested(0.5, "GET", "/events", (), b"", 200, "text/event-stream", b"data: 1\n\n"),
        Requested(
            1, "POST", "/rooms/general", (("Content-Type", "application/json"),), b'{"a":1}', 201, "", b'{"n":5}'
        ),
        Requested(2, "GET", "/rooms/nothing", (), b"", 404, "text/plain", b"no such page"),
        opened(3),
    )
    found = written(told)
    assert steps(found)[:2] == [
        {
            "http": "/rooms/{play}",
            "headers": {"Content-Type": "application/json"},
            "send": {"a": 1},
            "expect": {"n": 5},
        },
        {"http": "/rooms/nothing", "method": "GET", "status": 404, "expect": "no such page"},
    ]
    assert "# 2 requests for pages, their parts or streams of events were left out." in found.text


@pytest.mark.parametrize(
    ("name", "address", "source", "expected"),
    [
        ("general", "/rooms/general?nick=ann", "", (MARK, "general")),
        ("a b", "/rooms/a%20b", "", (MARK, "a b")),
        ("general", "/chat?room=general", "", (MARK, "general")),
        ("room:general", "/rooms/general", "idFromName(`room:${name}`)", (f"room:{MARK}", "general")),
        ("room-general", "/rooms/general", "idFromName('room-' + name)", (f"room-{MARK}", "general")),
        ("acme/general", "/rooms/acme/general", "", (f"acme/{MARK}", "general")),
        ("/rooms/general", "/rooms/general", "", (f"/rooms/{MARK}", "general")),
        ("lobby", "/ws", 'getByName("lobby")', ("lobby", None)),
        ("nothing that is said", "/ws", "", (None, None)),
    ],
)
def test_the_part_that_names_the_object_is_computed(
    name: str, address: str, source: str, expected: tuple[str | None, str | None]
) -> None:
    session = Session((opened(0, address=address),), (("Room", object_id(KEY, name)),))
    (found,) = find_objects(session, {"Room": KEY}, [source])
    assert (found.name, found.part) == expected


def test_a_room_that_is_named_in_a_message_is_found() -> None:
    session = Session((opened(0, address="/ws"), sent(1, {"join": "general"})), (ROOM,))
    assert find_objects(session, {"Room": KEY}, [])[0].part == "general"


def test_several_rooms_have_names_of_their_own() -> None:
    objects = [FoundObject("Room", "0", MARK, part) for part in ("general", "Games & Co", "general")]
    assert templates_of(objects) == {"general": "{play}", "Games & Co": "{play}-games-co"}


def test_an_object_without_a_name_is_told() -> None:
    found = written(recording(opened(0), objects=[("Room", object_id(KEY, "?"))]))
    assert "class Room was in memory too" in found.text
    assert "hibernate" not in found.text


@pytest.mark.parametrize(
    "text", ["plain", "a {name} of", "{{x}}", "}}", "{", 'say "hi"', "it's", "tab\t", "é\x7f", "\\d"]
)
def test_texts_are_written_so_that_they_are_read_and_rendered_as_they_were(text: str) -> None:
    assert render_text(tomli.loads(f"x = {string(text)}")["x"], {}) == text


def test_values_that_toml_has_not_are_refused() -> None:
    for value in (None, 2**63, float("nan"), "\ud800"):
        with pytest.raises(NotTomlError):
            toml([value])


def test_json_with_null_is_sent_as_a_text() -> None:
    told = recording(opened(0), sent(1, {"op": "set", "value": None}))
    assert steps(written(told))[1] == {"on": "ann", "send": {"json_text": '{"op": "set", "value": null}'}}


def test_forms_of_the_language_are_wrapped() -> None:
    told = recording(opened(0), sent(1, {"text": "hi"}), got(1.1, {"file": "a"}), sent(2, [1, 2]), objects=())
    assert steps(written(told))[1:] == [
        {"on": "ann", "send": {"json": {"text": "hi"}}, "expect": {"json": {"file": "a"}}},
        {"on": "ann", "send": {"json": [1, 2]}},
    ]


def test_counters_of_starts_are_ignored_and_not_expected() -> None:
    told = recording(opened(0), sent(1, {"op": "who"}), got(1.1, {"op": "who", "boots": 1}), counters=("boots",))
    found = written(told, ignore=["boots"])
    assert tomli.loads(found.text)["ignore"] == ["boots", "boots"]
    assert steps(found)[-1]["expect"] == {"op": "who"}


def test_a_text_with_an_id_is_expected_by_its_beginning() -> None:
    told = recording(opened(0), sent(1, "hi"), got(1.1, f"[room] hi, from (you): {ID}, at 12:30"), objects=())
    assert steps(written(told))[1]["expect"] == {"match": r"^\[room\] hi, from \(you\): "}
    told = recording(opened(0), sent(1, "hi"), got(1.1, "n 17"), objects=())
    assert steps(written(told, {0: Text("n 18")}))[1]["where"] == ["@text exists"]
    told = recording(opened(0), sent(1, "hi"), got(1.1, "total 17"), objects=())
    assert steps(written(told, {0: Text("total 18")}))[1]["expect"] == {"match": "^total 1"}

"""A secret that the worker lets out refutes a claim that nobody has to write; an echo, or what is public, does not."""

from typing import Any

import pytest

from poc_cli.history import event as kinds
from poc_cli.judge.claim_diff import Kind, compare
from poc_cli.report.styled import plain
from poc_cli.report.text import lines
from tests.unit.judge.histories import Document, History, Tale, claims, scenario

STEPS = ['{ connect = ["ann", "bob"] }', '{ on = "ann", send = "hello", expect = "hi", claim = "it" }']
KEY: Any = {"masked": ["API_KEY"]}
PIN: Any = {"masked_weak": ["PIN"]}


def text(top: str = "", name: str = "story", **more: str) -> str:
    whole = scenario("", STEPS, **more).replace('name = "story"', f'name = "{name}"', 1)
    return whole.replace("clients = {", f"{top}\nclients = {{", 1)


def begun(top: str = "", name: str = "story") -> Tale:
    """Begin a run of a record that notes secrets, up to where ann has got her answer."""
    history = History()
    history.events[0].data["secrets"] = ["API_KEY", "PIN"]
    return plays(history, top, name)


def plays(history: History, top: str = "", name: str = "story") -> Tale:
    told = history.play(text(top, name))
    told.connect()
    told.says("hi")
    return told


def leak(told: Document) -> Document | None:
    found: Document | None = claims(told).get("no-secret-leaves")
    return found


def reply(told: Tale, client: str = "ann", kind: str = kinds.RECEIVED, **masked: Any) -> int:
    return told.add(client, kind, step=1, bytes=8, text="[secret]", **masked).id


def test_nothing_is_listed_where_no_secret_left() -> None:
    judged = begun().done().judged()
    assert leak(judged) is None
    assert (judged["verdict"], judged["exit_code"], judged["leaks"]) == ("held", 0, [])


def test_an_older_record_says_nothing_of_secrets() -> None:
    assert plays(History()).done().judged()["leaks"] is None


def test_a_secret_in_replies_and_in_the_log_refutes() -> None:
    told = begun()
    events = [reply(told, client, **KEY) for client in ("ann", "bob", "ann")]
    told.history.add("run", "worker.log", kinds.LEAKED, text="key [secret]", times=1, **KEY)
    judged = told.done().judged()
    found = leak(judged)
    assert found is not None
    assert found["verdict"] == "refuted"
    assert found["reason"] == f"API_KEY was in 3 replies and in the log, first at event {events[0]}"
    assert found["evidence"] == [*events, events[-1] + 1]
    assert (found["held_of"], found["control"], found["known"]) == ({"k": 0, "n": 1}, None, None)
    assert (judged["exit_code"], judged["counts"]["refuted"], judged["counts"]["held"]) == (1, 1, 1)
    assert judged["scenarios"][0]["verdict"] == "refuted"
    assert judged["leaks"] == [
        {
            "scenario": "story",
            "secret": "API_KEY",
            "where": {"reply": 3, "log": 1},
            "first": events[0],
            "counts": True,
            "public": False,
        }
    ]


PLACES: dict[str, tuple[str, str, Any, str]] = {
    "a header of the handshake": ("ann", kinds.OPENED, {"headers": KEY}, "1 header"),
    "the body of a refusal": (
        "ann",
        kinds.OPEN_FAILED,
        {"said": "the server answered 400 [secret]", **KEY},
        "1 refusal",
    ),
    "the reason of a close": (
        "ann",
        kinds.CLOSED,
        {"by": "server", "code": 4000, "reason": "[secret]", "clean": True, "said": "x", **KEY},
        "1 close",
    ),
    "the answer to a request": ("http", kinds.RECEIVED, {"text": "[secret]", "status": 200, **KEY}, "1 body"),
    "a header of the answer to a request": ("http", kinds.RECEIVED, {"text": "", "headers": KEY}, "1 header"),
    "a frame of a program's": ("ann", kinds.FRAME_RECEIVED, {"text": "[secret]", "socket": 1, **KEY}, "1 reply"),
}


@pytest.mark.parametrize("place", PLACES)
def test_each_place_counts(place: str) -> None:
    actor, kind, data, where = PLACES[place]
    told = begun()
    event = told.add(actor, kind, step=1, **data)
    found = leak(told.done().judged())
    assert found is not None
    assert found["reason"] == f"API_KEY was in {where}, first at event {event.id}"


@pytest.mark.parametrize("kind", [kinds.LEAKED, kinds.TAIL])
def test_a_secret_in_the_log_alone_refutes_the_story_that_was_at_work(kind: str) -> None:
    told = begun()
    told.ended("done")
    later = plays(told.history, name="later")
    told.history.add("run", "worker.log", kind, text="[secret]", times=100, **KEY)
    judged = later.done().judged()
    verdicts = {each["name"]: each["verdict"] for each in judged["scenarios"]}
    assert verdicts == {"story": "held", "later": "refuted"}
    assert judged["leaks"][0]["where"] == {"log": 100}


def test_a_secret_in_the_log_before_any_play_refutes_the_first_story() -> None:
    history = History()
    history.add("run", "worker.log", kinds.LEAKED, text="[secret]", times=1, **KEY)
    assert leak(plays(history).done().judged()) is not None


def test_a_client_that_sent_it_first_hears_an_echo() -> None:
    told = begun()
    told.add("ann", kinds.SENT, step=1, text="[secret]", bytes=8, **KEY)
    reply(told, **KEY)
    assert leak(told.done().judged()) is None


def test_a_client_that_showed_it_in_a_header_hears_an_echo() -> None:
    told = begun()
    told.add("ann", kinds.OPENED, step=0, subprotocol="[secret]", showed=["API_KEY"], **KEY)
    reply(told, **KEY)
    assert leak(told.done().judged()) is None


def test_what_one_client_sent_is_no_echo_to_another() -> None:
    told = begun()
    told.add("ann", kinds.SENT, step=1, text="[secret]", bytes=8, **KEY)
    reply(told, "bob", **KEY)
    assert leak(told.done().judged()) is not None


def test_what_a_program_says_of_itself_is_not_the_workers() -> None:
    told = begun()
    told.add("ann", kinds.STARTED, step=0, command=["node"])
    reply(told, **KEY)
    assert leak(told.done().judged()) is None


def test_calls_and_requests_to_others_do_not_count() -> None:
    told = begun()
    told.add("api", kinds.CALLED, method="GET", path="/[secret]", status=200, authorized=True, **KEY)
    assert leak(told.done().judged()) is None


def test_a_short_or_plain_secret_is_told_and_refutes_nothing() -> None:
    told = begun()
    event = reply(told, **PIN)
    judged = told.done().judged()
    assert leak(judged) is None
    assert judged["exit_code"] == 0
    (found,) = judged["leaks"]
    assert (found["secret"], found["first"], found["counts"]) == ("PIN", event, False)
    assert "PIN left the worker" in "".join(plain(line) for line in lines(judged, "folder"))


def test_a_short_secret_that_the_scenario_names_refutes() -> None:
    told = begun('secret = ["PIN"]')
    reply(told, **PIN)
    assert leak(told.done().judged()) is not None


def test_what_the_scenario_calls_public_refutes_nothing() -> None:
    told = begun('public = ["API_KEY"]')
    reply(told, **KEY)
    judged = told.done().judged()
    assert leak(judged) is None
    assert (judged["leaks"][0]["public"], judged["leaks"][0]["counts"]) == (True, False)
    assert "left the worker" not in "".join(plain(line) for line in lines(judged, "folder"))


def test_two_secrets_are_one_claim() -> None:
    told = begun('secret = ["PIN"]')
    first = reply(told, **KEY)
    second = reply(told, **PIN)
    found = leak(told.done().judged())
    assert found is not None
    wanted = f"API_KEY was in 1 reply, first at event {first}; PIN was in 1 reply, first at event {second}"
    assert found["reason"] == wanted


def test_the_question_of_a_scenario_is_not_answered_by_it() -> None:
    told = begun('question = "Does it answer?"')
    reply(told, **KEY)
    assert told.done().judged()["scenarios"][0]["question"]["answer"] == "yes"


def test_a_leak_in_a_performance_that_was_late_or_given_up_is_not_forgotten() -> None:
    told = begun()
    reply(told, **KEY)
    told.ended("given_up", "too busy")
    again = plays(told.history)
    assert leak(again.done().judged()) is not None


def test_a_comparison_takes_a_new_leak_for_worse_and_one_that_is_gone_for_better() -> None:
    clean, leaky = begun(), begun()
    reply(leaky, **KEY)
    good, bad = clean.done().judged(), leaky.done().judged()
    kinds_ = [
        {each.name: each.kind for each in compare(*runs).claims}["story/no-secret-leaves"]
        for runs in ((good, bad), (bad, good), (bad, bad))
    ]
    assert kinds_ == [Kind.worse, Kind.better, Kind.same]
    assert compare(good, bad).exit_code == 1
